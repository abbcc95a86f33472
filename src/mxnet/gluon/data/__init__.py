"""Datasets, samplers that choose from them, and loaders that make batches; ``vision`` has data sets of images."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ..._graph.collector import held_back
from . import dataloader, dataset, sampler
from .dataloader import DataLoader
from .dataset import ArrayDataset, Dataset, RecordFileDataset, SimpleDataset
from .sampler import BatchSampler, FilterSampler, RandomSampler, Sampler, SequentialSampler

if TYPE_CHECKING:
    from . import vision as vision

__all__ = ["ArrayDataset", "BatchSampler", "DataLoader", "Dataset", "FilterSampler", "RandomSampler",
           "RecordFileDataset", "Sampler", "SequentialSampler", "SimpleDataset", "dataloader", "dataset", "sampler",
           "vision"]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load ``vision`` when a program asks for it, so that others start sooner."""
    if name != "vision":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with held_back():
        found = globals()[name] = importlib.import_module(f".{name}", __name__)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), "vision"})
