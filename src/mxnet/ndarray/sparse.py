"""Sparse arrays, and the operators of ``mx.nd.sparse``, which are generated from the registry.

A csr matrix (`CSRNDArray`) stores the elements of a matrix that are not zero, a row_sparse array (`RowSparseNDArray`)
those rows of an array that are not zero. Operators that leave zeros at zero keep the storage type of their inputs; all
others give dense arrays.

Examples
--------
>>> x = mx.nd.array([[0, 2], [0, 0]]).tostype('csr')
>>> (x * 2).stype, (x + 2).stype
('csr', 'default')
>>> mx.nd.sparse.dot(x, mx.nd.ones((2, 3))).asnumpy().tolist()
[[2.0, 2.0, 2.0], [0.0, 0.0, 0.0]]
"""

from __future__ import annotations

from ..context import current_context
from . import _sparse_creation, _sparse_functions
from ._generate import fill
from ._sparse_arrays import CSRNDArray, RowSparseNDArray
from ._sparse_base import BaseSparseNDArray
from ._sparse_creation import *  # noqa: F403
from ._sparse_functions import *  # noqa: F403

_WRITTEN = ["BaseSparseNDArray", "CSRNDArray", "RowSparseNDArray", "current_context", *_sparse_creation.__all__,
            *_sparse_functions.__all__]  # fmt: skip
__all__ = [*_WRITTEN, *(name for name in fill(globals(), "sparse") if name not in _WRITTEN)]
_ = (BaseSparseNDArray, CSRNDArray, RowSparseNDArray, current_context)
