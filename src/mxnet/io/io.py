"""Iterators over batches of data, under the name by which pickles and scripts know them."""

from __future__ import annotations

from ._arrays import NDArrayIter
from ._csv import CSVIter
from ._files import MXDataIter
from ._libsvm import LibSVMIter
from ._mnist import MNISTIter
from ._protocol import DataBatch, DataDesc, DataIter
from ._wrappers import PrefetchingIter, ResizeIter

__all__ = ["CSVIter", "DataBatch", "DataDesc", "DataIter", "LibSVMIter", "MNISTIter", "MXDataIter", "NDArrayIter",
           "PrefetchingIter", "ResizeIter"]  # fmt: skip
