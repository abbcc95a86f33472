"""The arrays of ``mx.nd.sparse``: csr matrices and row_sparse arrays. See `_sparse_base` for what they share."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .. import base
from . import _sparse_layout as layout
from . import op
from ._sparse_base import BaseSparseNDArray, from_parts
from .dispatch import check_writable, wrap
from .ndarray import NDArray

__all__ = ["CLASSES", "CSRNDArray", "RowSparseNDArray", "from_parts"]

Tensor = torch.Tensor
_ALL = slice(None)


class CSRNDArray(BaseSparseNDArray):
    """A matrix that stores, row by row, the columns and values of its elements that are not zero.

    Made by `csr_matrix`, ``x.tostype('csr')`` and iterators such as `mx.io.LibSVMIter`.

    Examples
    --------
    >>> x = mx.nd.array([[0, 1, 0], [2, 0, 3]]).tostype('csr')
    >>> x
    <BLANKLINE>
    <CSRNDArray 2x3 @cpu(0)>
    >>> x.data.asnumpy().tolist(), x.indices.asnumpy().tolist(), x.indptr.asnumpy().tolist()
    ([1.0, 2.0, 3.0], [1, 0, 2], [0, 1, 3])
    >>> x[1].asnumpy().tolist()
    [[2.0, 0.0, 3.0]]
    """

    __module__ = "mxnet.ndarray.sparse"
    __slots__ = ()
    _parts = ("indptr", "indices")

    @property
    def stype(self) -> str:
        """Storage type: 'csr'."""
        return "csr"

    @property
    def indptr(self) -> NDArray:
        """A copy of the places in `data` where each row begins, and of its length; int64."""
        return self._dense_part(self._compressed()[1][0])

    @staticmethod
    def _compress(dense: Tensor) -> layout.Parts:
        if dense.dim() != 2:
            raise base.ValueError(f"CSRNDArray: the content has shape {tuple(dense.shape)}; expected two axes")
        return layout.csr_from_dense(dense)

    def _expand(self, parts: layout.Parts) -> Tensor:
        return layout.csr_to_dense(parts, self._shape)

    def _problem(self, full: bool) -> str | None:
        return layout.csr_problem(self._compressed(), self._shape, full)

    def asscipy(self) -> Any:
        """Return a copy as a ``scipy.sparse.csr_matrix``.

        Examples
        --------
        >>> mx.nd.array([[0, 1]]).tostype('csr').asscipy().nnz
        1
        """
        from scipy.sparse import csr_matrix  # pyright: ignore[reportMissingImports]  # only used here

        values, (indptr, indices) = self._compressed()
        parts = (wrap(NDArray, part, self._context).asnumpy() for part in (values, indices, indptr))
        return csr_matrix(tuple(parts), shape=self._shape, dtype=self.dtype)

    def __getitem__(self, key: Any) -> CSRNDArray:
        """Return a row, as a matrix of one row, or a range of rows. The content is copied; ``x[:]`` is the array.

        Parameters
        ----------
        key : int or slice
            A row, or rows without a step.

        Raises
        ------
        IndexError
            If there is no such row; ValueError for any other key.

        Examples
        --------
        >>> x = mx.nd.sparse.csr_matrix(([1, 2, 3], [0, 2, 1], [0, 1, 2, 3]), shape=(3, 3))
        >>> x[1:].asnumpy().tolist()
        [[0.0, 0.0, 2.0], [0.0, 3.0, 0.0]]
        """
        rows = self._shape[0]
        if isinstance(key, tuple):
            raise base.ValueError("Multi-dimension indexing is not supported")
        if isinstance(key, (int, np.integer)):
            if not -rows <= key < rows:
                raise base.IndexError(f"CSRNDArray: row {key} is out of bounds for an array of {rows} rows")
            start = int(key) % rows
            stop = start + 1
        elif isinstance(key, slice):
            if key.step is not None:
                raise base.ValueError("CSRNDArray only supports continuous slicing on axis 0")
            if key.start is None and key.stop is None:
                return self
            start, stop, _ = key.indices(rows)
            stop = max(start, stop)
        else:
            raise base.ValueError(f"Undefined behaviour for {key}: a CSRNDArray takes an int or a slice of rows")
        return op.slice(self, begin=(start,), end=(stop,))  # type: ignore[return-value] - it stays csr

    def __setitem__(self, key: Any, value: Any) -> None:
        """Replace the whole content: ``x[:] = value``.

        Parameters
        ----------
        key : slice
            Only ``[:]``.
        value : NDArray or numpy.ndarray
            Of the same shape: a dense array, or a csr matrix.

        Raises
        ------
        ValueError
            For numbers and parts of the array; TypeError for other values and storage types.
        """
        if not isinstance(key, slice):
            raise base.TypeError("CSRNDArray only supports [:] for assignment")
        if key != _ALL:
            raise base.ValueError("Assignment with slice for CSRNDArray is not implemented yet.")
        if isinstance(value, base.numeric_types):
            raise base.ValueError("Assigning numeric types to CSRNDArray is not implemented yet.")
        self._set_all(value)


class RowSparseNDArray(BaseSparseNDArray):
    """An array that stores only some of its rows; all others are zero. Gradients of embeddings are such arrays.

    Made by `row_sparse_array`, ``x.tostype('row_sparse')`` and backward passes.

    Examples
    --------
    >>> x = mx.nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [0, 3]), shape=(5, 2))
    >>> x
    <BLANKLINE>
    <RowSparseNDArray 5x2 @cpu(0)>
    >>> x.indices.asnumpy().tolist()
    [0, 3]
    >>> x.retain(mx.nd.array([3])).asnumpy().tolist()
    [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [3.0, 4.0], [0.0, 0.0]]
    """

    __module__ = "mxnet.ndarray.sparse"
    __slots__ = ()
    _parts = ("indices",)

    @property
    def stype(self) -> str:
        """Storage type: 'row_sparse'."""
        return "row_sparse"

    @staticmethod
    def _compress(dense: Tensor) -> layout.Parts:
        return layout.rows_from_dense(dense)

    def _expand(self, parts: layout.Parts) -> Tensor:
        return layout.rows_to_dense(parts, self._shape)

    def _problem(self, full: bool) -> str | None:
        return layout.rows_problem(self._compressed(), self._shape, full)

    def retain(self, *args: Any, **kwargs: Any) -> RowSparseNDArray:
        """Return an array of only some of the rows: see `mx.nd.sparse.retain`."""
        from . import sparse  # its functions are generated, and it shows this class

        return sparse.retain(self, *args, **kwargs)  # type: ignore[return-value] - it stays row_sparse

    def __getitem__(self, key: Any) -> RowSparseNDArray:
        """Return the array for ``x[:]``; other keys are not supported: ValueError, TypeError for an int."""
        if isinstance(key, (int, np.integer)):
            raise base.TypeError("__getitem__ with int key is not implemented for RowSparseNDArray yet")
        if isinstance(key, slice):
            if key != _ALL:
                raise base.ValueError("RowSparseNDArray only supports [:] for __getitem__")
            return self
        if isinstance(key, tuple):
            raise base.ValueError("Multi-dimension indexing is not supported")
        raise base.ValueError(f"Undefined behaviour for {key}: a RowSparseNDArray only takes [:]")

    def __setitem__(self, key: Any, value: Any) -> None:
        """Replace the whole content: ``x[:] = value``.

        Parameters
        ----------
        key : slice
            Only ``[:]``.
        value : NDArray, numpy.ndarray or number
            Of the same shape: a dense array, or a row_sparse one; or a number for all elements.

        Raises
        ------
        ValueError
            For parts of the array; TypeError for other keys, values and storage types.
        """
        if not isinstance(key, slice):
            raise base.TypeError("RowSparseNDArray only supports [:] for assignment")
        if key != _ALL:
            raise base.ValueError("Assignment with slice for RowSparseNDArray is not implemented yet.")
        if not isinstance(value, base.numeric_types):
            self._set_all(value)
            return
        check_writable("x[:] = value", self)
        rows = torch.arange(self._shape[0] if value != 0 else 0, device=self._device())
        values = torch.full((rows.numel(), *self._shape[1:]), float(value), dtype=self._dtype, device=self._device())
        self._set_parts(values, (rows,), self._shape)


#: The class of each storage type.
CLASSES: dict[str, type[NDArray]] = {"default": NDArray, "csr": CSRNDArray, "row_sparse": RowSparseNDArray}
