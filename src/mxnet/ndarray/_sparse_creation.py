"""Functions of ``mx.nd.sparse`` that make sparse arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .. import base
from .._ops.attributes import torch_dtype
from .._runtime.device import is_pinned, torch_device
from ..context import Context, current_context
from . import _sparse_layout as layout
from ._sparse_arrays import CSRNDArray, RowSparseNDArray
from ._sparse_base import BaseSparseNDArray, from_parts
from .dispatch import NDArrayBase
from .ndarray import tensor_from

__all__ = ["array", "csr_matrix", "empty", "row_sparse_array", "zeros"]

Tensor = torch.Tensor


def csr_matrix(
    arg1: Any, shape: tuple[int, int] | None = None, ctx: Context | None = None, dtype: Any = None
) -> CSRNDArray:
    """Return a csr matrix.

    Parameters
    ----------
    arg1 : array_like or tuple
        What it shall hold: a dense matrix (NDArray, NumPy array or nested lists), a csr matrix (of this library or
        ``scipy.sparse``), or a tuple: ``(data, indices, indptr)`` with the parts; ``(data, (row, col))`` with elements
        in any order, where those in one place are added up; ``(rows, columns)`` for a matrix of zeros. The parts have
        shapes (stored,), (stored,) and (rows + 1,); they are not checked, see `CSRNDArray.check_format`.
    shape : (int, int), optional
        Number of rows and columns; found from the indices when left out.
    ctx : Context, optional
        Device; the current context when left out.
    dtype : str or numpy type, optional
        Dtype of the data when left out; float32 for lists.

    Returns
    -------
    CSRNDArray

    Raises
    ------
    ValueError
        If `shape` is not the content's, or the content is no matrix; TypeError if it is not array-like.

    Examples
    --------
    >>> x = mx.nd.sparse.csr_matrix(([1, 2, 3], [0, 2, 1], [0, 1, 3]), shape=(2, 3))
    >>> x.asnumpy().tolist()
    [[1.0, 0.0, 0.0], [0.0, 3.0, 2.0]]
    >>> mx.nd.sparse.csr_matrix(([1.0, 2.0], ([1, 0], [2, 0])), shape=(2, 3)).indices.asnumpy().tolist()
    [0, 2]
    """
    context = ctx or current_context()
    if not isinstance(arg1, tuple):
        return _csr_of(arg1, shape, context, dtype)
    if len(arg1) == 2:
        if isinstance(arg1[1], tuple):
            data, (rows, columns) = arg1
            return _csr_of_elements(data, rows, columns, shape, context, dtype)
        if isinstance(arg1[1], (list, np.ndarray, NDArrayBase)):
            raise base.ValueError(
                "csr_matrix: (data, indices) are the parts of a row_sparse array; expected (data, indices, indptr), "
                "(data, (row, col)) or (rows, columns)"
            )
        _check_shape("csr_matrix", arg1, shape)
        return _zeros(CSRNDArray, arg1, context, dtype)
    if len(arg1) != 3:
        raise base.ValueError(f"Unexpected length of input tuple: {len(arg1)}; csr_matrix takes 2 or 3 parts")
    data, indices, indptr = arg1
    values = _values(data, "csr_matrix: data", context, dtype)
    columns = _indices(indices, "csr_matrix: indices", context)
    pointers = _indices(indptr, "csr_matrix: indptr", context)
    if values.dim() != 1 or columns.shape != values.shape or pointers.dim() != 1 or not pointers.numel():
        raise base.ValueError(
            f"csr_matrix: data has shape {tuple(values.shape)}, indices {tuple(columns.shape)} and indptr "
            f"{tuple(pointers.shape)}; expected (stored,), (stored,) and (rows + 1,)"
        )
    if shape is None:
        if not columns.numel():
            raise base.ValueError("csr_matrix: shape must be given where nothing is stored")
        shape = (pointers.numel() - 1, int(columns.max()) + 1)
    return from_parts(CSRNDArray, values, (pointers, columns), _pair(shape), context)


def _csr_of(source: Any, shape: Sequence[int] | None, context: Context, dtype: Any) -> CSRNDArray:
    if isinstance(source, CSRNDArray) or is_scipy_csr(source):
        _check_shape("csr_matrix", source.shape, shape)
        return array(source, context, dtype)
    if isinstance(source, BaseSparseNDArray):
        raise base.ValueError(f"Unexpected input type: {type(source).__name__}; x.tostype('default') makes it dense")
    dense = _values(source, "csr_matrix", context, dtype)
    if dense.dim() != 2:
        raise base.ValueError(
            f"To convert to a CSR, the NDArray should be 2 Dimensional. Current shape is {tuple(dense.shape)}"
        )
    _check_shape("csr_matrix", dense.shape, shape)
    return from_parts(CSRNDArray, *layout.csr_from_dense(dense), dense.shape, context)


def _csr_of_elements(
    data: Any, rows: Any, columns: Any, shape: Sequence[int] | None, context: Context, dtype: Any
) -> CSRNDArray:
    if not isinstance(data, NDArrayBase):
        data = np.asarray(data)  # unlike elsewhere, a list keeps the dtype that NumPy finds
    values = _values(data, "csr_matrix: data", context, dtype)
    row, column = _indices(rows, "csr_matrix: row", context), _indices(columns, "csr_matrix: col", context)
    if not values.shape == row.shape == column.shape or values.dim() != 1:
        raise base.ValueError(
            f"csr_matrix: data has shape {tuple(values.shape)}, row {tuple(row.shape)} and col {tuple(column.shape)}; "
            "expected one length"
        )
    if shape is None:
        if not row.numel():
            raise base.ValueError("csr_matrix: shape must be given where nothing is stored")
        shape = (int(row.max()) + 1, int(column.max()) + 1)
    shape = _pair(shape)
    for name, index, length in (("row", row, shape[0]), ("col", column, shape[1])):
        if index.numel() and (int(index.min()) < 0 or int(index.max()) >= length):
            raise base.ValueError(f"csr_matrix: {name} goes beyond shape {shape}; expected 0 to {length - 1}")
    return from_parts(CSRNDArray, *layout.csr_from_elements(values, row, column, shape), shape, context)


def row_sparse_array(
    arg1: Any, shape: tuple[int, ...] | None = None, ctx: Context | None = None, dtype: Any = None
) -> RowSparseNDArray:
    """Return a row_sparse array.

    Parameters
    ----------
    arg1 : array_like or tuple
        What it shall hold: a dense array (NDArray, NumPy array or nested lists), a row_sparse array, or a tuple:
        ``(data, indices)`` with the rows that are not zero and their numbers; or the shape of an array of zeros, with
        at least two axes. `data` has shape (stored, ...) and `indices` (stored,); they are not checked, see
        `RowSparseNDArray.check_format`.
    shape : tuple of int, optional
        Found from the indices when left out.
    ctx : Context, optional
        Device; the current context when left out.
    dtype : str or numpy type, optional
        Dtype of the data when left out; float32 for lists.

    Returns
    -------
    RowSparseNDArray

    Raises
    ------
    ValueError
        If `shape` is not the content's; TypeError if the content is not array-like.

    Examples
    --------
    >>> x = mx.nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [1, 3]), shape=(4, 2))
    >>> x.asnumpy().tolist()
    [[0.0, 0.0], [1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]
    """
    context = ctx or current_context()
    if not isinstance(arg1, tuple):
        return _rows_of(arg1, shape, context, dtype)
    if len(arg1) < 2:
        raise base.ValueError(f"Unexpected length of input tuple: {len(arg1)}; row_sparse_array takes 2 or more parts")
    if len(arg1) > 2 or isinstance(arg1[0], (int, np.integer)):
        _check_shape("row_sparse_array", arg1, shape)
        return _zeros(RowSparseNDArray, arg1, context, dtype)
    values = _values(arg1[0], "row_sparse_array: data", context, dtype)
    rows = _indices(arg1[1], "row_sparse_array: indices", context)
    if shape is None:
        if not rows.numel():
            raise base.ValueError("row_sparse_array: shape must be given where nothing is stored")
        shape = (int(rows.max()) + 1, *values.shape[1:])
    shape = tuple(int(n) for n in shape)
    if rows.dim() != 1 or tuple(values.shape) != (rows.numel(), *shape[1:]):
        raise base.ValueError(
            f"row_sparse_array: data has shape {tuple(values.shape)} and indices {tuple(rows.shape)} for an array of "
            f"shape {shape}; expected (stored, {', '.join(map(str, shape[1:]))}) and (stored,)"
        )
    return from_parts(RowSparseNDArray, values, (rows,), shape, context)


def _rows_of(source: Any, shape: Sequence[int] | None, context: Context, dtype: Any) -> RowSparseNDArray:
    if isinstance(source, RowSparseNDArray):
        _check_shape("row_sparse_array", source.shape, shape)
        return array(source, context, dtype)
    if isinstance(source, BaseSparseNDArray):
        raise base.ValueError(f"Unexpected input type: {type(source).__name__}; x.tostype('default') makes it dense")
    dense = _values(source, "row_sparse_array", context, dtype)
    if not dense.dim():
        raise base.ValueError("row_sparse_array: the content has no axes; expected at least one")
    _check_shape("row_sparse_array", dense.shape, shape)
    return from_parts(RowSparseNDArray, *layout.rows_from_dense(dense), dense.shape, context)


def array(source_array: Any, ctx: Context | None = None, dtype: Any = None) -> Any:
    """Return a copy of a sparse array.

    Parameters
    ----------
    source_array : CSRNDArray, RowSparseNDArray or scipy.sparse.csr_matrix
        What to copy. For dense arrays there are `mx.nd.array` and ``tostype``.
    ctx : Context, optional
        Device; the current context when left out.
    dtype : str or numpy type, optional
        Dtype of the source when left out.

    Raises
    ------
    ValueError
        If the source is not sparse; AssertionError for a dense NDArray.

    Examples
    --------
    >>> x = mx.nd.array([[0, 1]]).tostype('csr')
    >>> mx.nd.sparse.array(x, dtype='float64').dtype
    <class 'numpy.float64'>
    """
    context = ctx or current_context()
    if isinstance(source_array, BaseSparseNDArray):
        copied = source_array.as_in_context(context)
        wanted = source_array.dtype if dtype is None else dtype
        return copied.astype(wanted) if copied is source_array else copied.astype(wanted, copy=False)
    if isinstance(source_array, NDArrayBase):
        raise AssertionError("Please use `tostype` to create RowSparseNDArray or CSRNDArray from an NDArray")
    if is_scipy_csr(source_array):
        if not source_array.has_sorted_indices:
            source_array = source_array.sorted_indices()  # a copy: the caller's stays as it is
        parts = (source_array.data, source_array.indices, source_array.indptr)
        return csr_matrix(parts, source_array.shape, context, source_array.dtype if dtype is None else dtype)
    if isinstance(source_array, np.ndarray):
        raise base.ValueError("Please use mx.nd.array to create an NDArray with source_array of type numpy.ndarray")
    raise base.ValueError(
        f"Unexpected source_array type: {type(source_array)}; expected a sparse NDArray or a scipy.sparse.csr_matrix "
        "(x.tocsr() makes one of other scipy matrices)"
    )


def zeros(
    stype: str, shape: int | tuple[int, ...], ctx: Context | None = None, dtype: Any = None, **kwargs: Any
) -> Any:
    """Return an array of zeros.

    Parameters
    ----------
    stype : {'csr', 'row_sparse', 'default'}
        Storage type.
    shape : tuple of int
        Two axes for 'csr', at least one for 'row_sparse'.
    ctx : Context, optional
        Device; the current context when left out.
    dtype : str or numpy type, optional
        float32 when left out.
    out : NDArray, optional
        Array to fill instead of a new one.

    Raises
    ------
    ValueError
        If there is no such storage type, or the number of axes does not go with it.

    Examples
    --------
    >>> mx.nd.sparse.zeros('row_sparse', (1000000, 2)).indices.shape
    (0,)
    """
    if stype == "default" or kwargs:
        from .creation import zeros as dense_zeros  # it needs this module

        return dense_zeros(shape, ctx, dtype, stype="default" if stype == "default" else None, **kwargs)
    if stype not in _KINDS:
        raise base.ValueError(f"unknown storage type {stype!r}; expected 'csr', 'row_sparse' or 'default'")
    return _zeros(_KINDS[stype], shape, ctx or current_context(), dtype)


def empty(stype: str, shape: int | tuple[int, ...], ctx: Context | None = None, dtype: Any = None) -> Any:
    """Return a sparse array that stores nothing, which is one of zeros; the parameters are those of `zeros`.

    Raises
    ------
    ValueError
        If `stype` is not 'csr' or 'row_sparse'.

    Examples
    --------
    >>> mx.nd.sparse.empty('csr', (2, 3)).asnumpy().tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    if stype not in _KINDS:
        raise base.ValueError(f"unknown stype: {stype!r}; expected 'csr' or 'row_sparse'")
    return _zeros(_KINDS[stype], shape, ctx or current_context(), dtype)


_KINDS: dict[str, type[BaseSparseNDArray]] = {"csr": CSRNDArray, "row_sparse": RowSparseNDArray}


def _zeros(cls: type[Any], shape: Any, context: Context, dtype: Any) -> Any:
    lengths = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(int(n) for n in shape)
    if cls is CSRNDArray:
        lengths = _pair(lengths)
    if not lengths or min(lengths) < 0:
        raise base.ValueError(f"{cls.__name__}: shape {lengths}; expected at least one axis and no negative length")
    device = torch_device(context)
    values = torch.zeros(
        (0, *(lengths[1:] if cls is RowSparseNDArray else ())),
        dtype=_dtype(torch.float32 if dtype is None else dtype),
        device=device,
    )
    numbers = torch.zeros(0, dtype=torch.int64, device=device)
    if cls is RowSparseNDArray:
        return from_parts(cls, values, (numbers,), lengths, context)
    return from_parts(cls, values, (numbers.new_zeros(lengths[0] + 1), numbers), lengths, context)


def is_scipy_csr(value: Any) -> bool:
    """Return whether `value` is a csr matrix or csr array of scipy, without importing scipy."""
    kind = type(value)
    return kind.__module__.startswith("scipy.sparse") and kind.__name__ in ("csr_matrix", "csr_array")


def _dtype(value: Any) -> torch.dtype:
    try:
        return torch_dtype(value)
    except TypeError as error:
        raise base.TypeError(str(error)) from None


def _values(source: Any, what: str, context: Context, dtype: Any) -> Tensor:
    """Return a copy of array-like content; lists become float32 unless `dtype` says otherwise."""
    if isinstance(source, NDArrayBase):
        tensor = source._data
    else:
        tensor = tensor_from(source, what)
        if dtype is None and not hasattr(source, "dtype"):
            dtype = torch.float32
    wanted = _dtype(tensor.dtype if dtype is None else dtype)
    values = tensor.to(torch_device(context), wanted, copy=True)
    return values.pin_memory() if is_pinned(context) else values


def _indices(source: Any, what: str, context: Context) -> Tensor:
    tensor = source._data if isinstance(source, NDArrayBase) else tensor_from(source, what)
    return tensor.to(torch_device(context), torch.int64, copy=True)


def _pair(shape: Sequence[int]) -> tuple[int, int]:
    if len(shape) != 2:
        raise base.ValueError(f"a csr matrix has two axes; got shape {tuple(shape)}")
    return int(shape[0]), int(shape[1])


def _check_shape(what: str, have: Sequence[int], wanted: Sequence[int] | None) -> None:
    if wanted is not None and tuple(have) != tuple(wanted):
        raise base.ValueError(
            f"Shape mismatch detected. {tuple(have)} v.s. {tuple(wanted)} ({what}: content and shape=)"
        )
