"""Functions of ``mx.nd`` that make arrays from shapes, numbers and other libraries' arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .. import base
from .._ops.attributes import torch_dtype
from .._ops.sharing import share_outside
from .._runtime import transfers
from .._runtime.device import is_pinned, torch_device
from ..context import Context, current_context
from . import _internal, _sparse_creation
from .dispatch import NDArrayBase, wrap
from .ndarray import NDArray, tensor_from

__all__ = ["arange", "array", "empty", "eye", "from_dlpack", "from_numpy", "full", "linspace", "ones",
           "to_dlpack_for_read", "to_dlpack_for_write", "zeros"]  # fmt: skip


def _dtype(value: Any, default: torch.dtype = torch.float32) -> torch.dtype:
    if value is None:
        return default
    try:
        return torch_dtype(value)
    except TypeError as error:
        raise base.TypeError(str(error)) from None


def array(source_array: Any, ctx: Context | None = None, dtype: Any = None) -> NDArray:
    """Return an array with a copy of the content of anything array-like.

    Parameters
    ----------
    source_array : array_like
        NumPy array, NDArray, number, or nested lists of numbers. A sparse array, or a ``scipy.sparse.csr_matrix``,
        gives a sparse array of its storage type and dtype.
    ctx : Context, optional
        Device; the current context when left out.
    dtype : str or numpy type, optional
        float32 when left out, or the dtype of an NDArray.

    Raises
    ------
    TypeError
        If the content is not numeric, or there is no such dtype.

    Examples
    --------
    >>> mx.nd.array([[1, 2], [3, 4]], dtype="int32")
    <BLANKLINE>
    [[1 2]
     [3 4]]
    <NDArray 2x2 @cpu(0)>
    """
    context = ctx or current_context()
    if isinstance(source_array, NDArrayBase):
        if source_array.is_sparse:
            return _sparse_creation.array(source_array, context, dtype)
        data = source_array._data
        wanted = _dtype(dtype, data.dtype)
    elif _sparse_creation.is_scipy_csr(source_array):
        return _sparse_creation.array(source_array, context, dtype)
    else:
        data = torch.tensor(float("nan")) if source_array is None else tensor_from(source_array, "array")
        wanted = _dtype(dtype)
    guarded = isinstance(source_array, NDArrayBase)
    data = transfers.moved(data, torch_device(context), wanted, copy=True, guarded=guarded)
    return wrap(NDArray, data.pin_memory() if is_pinned(context) else data, context)


def empty(
    shape: int | tuple[int, ...], ctx: Context | None = None, dtype: Any = None, stype: str | None = None
) -> NDArray:
    """Return an array whose content is arbitrary.

    Examples
    --------
    >>> mx.nd.empty((2, 3)).shape
    (2, 3)
    """
    if stype not in (None, "default"):
        return _sparse_creation.empty(stype, shape, ctx, dtype)
    context = ctx or current_context()
    data = torch.empty(shape, dtype=_dtype(dtype), device=torch_device(context))
    return wrap(NDArray, data.pin_memory() if is_pinned(context) else data, context)


def zeros(
    shape: int | tuple[int, ...], ctx: Context | None = None, dtype: Any = None, stype: str | None = None, **kwargs: Any
) -> NDArray:
    """Return an array of zeros.

    Parameters
    ----------
    shape : int or tuple of int
        Length of every axis.
    ctx : Context, optional
        Device; the current context when left out.
    dtype : str or numpy type, optional
        float32 when left out.
    stype : {'default', 'csr', 'row_sparse'}, optional
        Storage type: see `mx.nd.sparse`.
    out : NDArray, optional
        Array to fill instead of a new one.

    Examples
    --------
    >>> mx.nd.zeros((2,), dtype="int8").asnumpy().tolist()
    [0, 0]
    """
    if stype not in (None, "default"):
        return _sparse_creation.zeros(stype, shape, ctx, dtype, **kwargs)
    return _internal._zeros(shape=shape, ctx=ctx, dtype=_dtype(dtype), **kwargs)


def ones(shape: int | tuple[int, ...], ctx: Context | None = None, dtype: Any = None, **kwargs: Any) -> NDArray:
    """Return an array of ones; the parameters are those of `zeros`.

    Examples
    --------
    >>> mx.nd.ones((2, 2)).sum().asscalar()
    np.float32(4.0)
    """
    return _internal._ones(shape=shape, ctx=ctx, dtype=_dtype(dtype), **kwargs)


def full(
    shape: int | tuple[int, ...],
    val: float,
    ctx: Context | None = None,
    dtype: Any = np.float32,
    out: NDArray | None = None,
) -> NDArray:
    """Return an array in which every element is `val`.

    Examples
    --------
    >>> mx.nd.full((2,), 7).asnumpy().tolist()
    [7.0, 7.0]
    """
    if out is None:
        return _internal._full(shape=shape, ctx=ctx, dtype=_dtype(dtype), value=val)
    out[:] = val
    return out


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1.0,
    repeat: int = 1,
    infer_range: bool | None = None,
    ctx: Context | None = None,
    dtype: Any = np.float32,
) -> NDArray:
    """Return evenly spaced numbers from `start` up to, not including, `stop`.

    Parameters
    ----------
    start, stop : float
        The range; with one number it is 0 to that number.
    step : float
        Distance of two numbers.
    repeat : int
        How often each number appears.
    infer_range : bool, optional
        Has no effect here; a symbol finds its length by it.
    ctx, dtype
        As in `zeros`.

    Examples
    --------
    >>> mx.nd.arange(0, 6, 2, repeat=2).asnumpy().tolist()
    [0.0, 0.0, 2.0, 2.0, 4.0, 4.0]
    """
    if stop is None:
        start, stop = 0, start
    return _internal._arange(
        start=start, stop=stop, step=step, repeat=repeat, infer_range=False, ctx=ctx, dtype=_dtype(dtype)
    )


def linspace(
    start: float, stop: float, num: int, endpoint: bool = True, ctx: Context | None = None, dtype: Any = np.float32
) -> NDArray:
    """Return `num` evenly spaced numbers from `start` to `stop`, which is included with `endpoint`.

    Examples
    --------
    >>> mx.nd.linspace(0, 1, 5).asnumpy().tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    return _internal._linspace(start=start, stop=stop, num=num, endpoint=endpoint, ctx=ctx, dtype=_dtype(dtype))


def eye(N: int, M: int = 0, k: int = 0, ctx: Context | None = None, dtype: Any = None, **kwargs: Any) -> NDArray:
    """Return a matrix of shape (N, M or N) with ones on its `k`-th diagonal.

    Examples
    --------
    >>> mx.nd.eye(2, 3, 1).asnumpy().tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    return _internal._eye(N=N, M=M, k=k, ctx=ctx, dtype=_dtype(dtype), **kwargs)


def from_numpy(ndarray: np.ndarray, zero_copy: bool = True, array_cls: type[NDArray] = NDArray) -> NDArray:
    """Return an array of a NumPy array's dtype that shares its memory.

    Parameters
    ----------
    ndarray : numpy.ndarray
        C-contiguous and writable. With `zero_copy` it becomes read-only: its memory belongs to the new array.
    zero_copy : bool
        Share the memory instead of copying it.
    array_cls : type
        Class of the result.

    Raises
    ------
    ValueError
        If the memory cannot be shared.

    Examples
    --------
    >>> mx.nd.from_numpy(np.zeros((2, 2), dtype="int32")).dtype
    <class 'numpy.int32'>
    """
    if not zero_copy:
        return array(ndarray, dtype=ndarray.dtype)
    if not ndarray.flags.c_contiguous:
        raise base.ValueError("from_numpy: only C-contiguous arrays are supported for zero-copy")
    if not ndarray.flags.writeable:
        raise base.ValueError("from_numpy: the array is read-only; pass zero_copy=False to copy it")
    _dtype(ndarray.dtype)
    data = share_outside(torch.from_numpy(ndarray))
    ndarray.flags.writeable = False
    return wrap(array_cls, data, Context("cpu", 0))


def from_dlpack(dlpack: Any) -> NDArray:
    """Return an array that shares the memory of a DLPack capsule or of any array that has ``__dlpack__``.

    Examples
    --------
    >>> import torch
    >>> t = torch.zeros(2)
    >>> x = mx.nd.from_dlpack(t)
    >>> x[:] = 3
    >>> t
    tensor([3., 3.])
    """
    data = share_outside(torch.from_dlpack(dlpack))
    _dtype(data.dtype)
    return NDArray(data)


def to_dlpack_for_read(data: NDArray) -> Any:
    """Return a DLPack capsule of an array's memory."""
    return data.to_dlpack_for_read()


def to_dlpack_for_write(data: NDArray) -> Any:
    """Return a DLPack capsule of an array's memory; what is written there is seen in the array."""
    return data.to_dlpack_for_write()
