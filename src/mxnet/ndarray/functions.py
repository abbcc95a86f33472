"""Functions of ``mx.nd`` that are written in terms of operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import base
from .._runtime import tape
from .._runtime.device import wait_for_all
from .._runtime.tape import state
from . import _internal, op
from .dispatch import NDArrayBase, live_tensor

if TYPE_CHECKING:
    from .ndarray import NDArray

__all__ = ["cast_storage", "concatenate", "histogram", "moveaxis", "onehot_encode", "split_v2", "waitall"]


def waitall() -> None:
    """Block until every array's value is computed.

    Examples
    --------
    >>> mx.nd.waitall()
    """
    wait_for_all()


def concatenate(arrays: Sequence[NDArray], axis: int = 0, always_copy: bool = True) -> NDArray:
    """Join arrays along an axis.

    Parameters
    ----------
    arrays : list of NDArray
        Equal in every axis but `axis`.
    axis : int
        Where to join.
    always_copy : bool
        Copy even when there is a single array.

    Examples
    --------
    >>> mx.nd.concatenate([mx.nd.ones((2, 3)), mx.nd.zeros((1, 3))]).shape
    (3, 3)
    """
    if not arrays:
        raise base.ValueError("concatenate: expected at least one array")
    if len(arrays) == 1 and not always_copy:
        return arrays[0]
    return op.concat(*arrays, dim=axis)


def cast_storage(data: Any = None, stype: Any = None, out: Any = None, name: str | None = None, **kwargs: Any) -> Any:
    """Return a copy with another storage type.

    Parameters
    ----------
    data : NDArray
        A dense array for every `stype`, a sparse one for its own storage type and 'default'.
    stype : {'default', 'csr', 'row_sparse'}
        The storage type; 'csr' takes two axes.
    out : NDArray, optional
        Array to write to.

    Raises
    ------
    MXNetError
        If there is no such storage type; ValueError between 'csr' and 'row_sparse'.

    Examples
    --------
    >>> mx.nd.cast_storage(mx.nd.array([[0, 1], [0, 0]]), 'row_sparse').indices.asnumpy().tolist()
    [0]
    """
    from ._sparse_arrays import CLASSES  # made of arrays
    from ._sparse_base import from_dense

    if not isinstance(data, NDArrayBase) or data.is_sparse or stype not in ("csr", "row_sparse") or kwargs:
        return op.cast_storage(data, stype=stype, out=out, name=name, **kwargs)  # type: ignore[arg-type] - checked there
    live = live_tensor(data) if state.recording else data._data
    if stype == "csr" and live.dim() != 2:
        raise base.ValueError(f"cast_storage: a csr matrix has two axes; data has shape {tuple(live.shape)}")
    if live.requires_grad:
        with tape.grad_mode():
            live = live.clone()
    result = from_dense(CLASSES[stype], live, data._context)
    return result if out is None else result.copyto(out)


def sparse_zeros_like(data: NDArray, stype: str) -> NDArray:
    """Return a sparse array of zeros with the shape, dtype and device of `data`."""
    from . import _sparse_creation  # made of arrays

    return _sparse_creation.zeros(stype, data.shape, data.context, data.dtype)


def moveaxis(tensor: NDArray, source: int | Sequence[int], destination: int | Sequence[int]) -> NDArray:
    """Move axes to new places; the others keep their order.

    Examples
    --------
    >>> mx.nd.moveaxis(mx.nd.ones((1, 2, 3)), 0, 2).shape
    (2, 3, 1)
    """
    sources = _axes(source, tensor.ndim, "source")
    targets = _axes(destination, tensor.ndim, "destination")
    if len(sources) != len(targets):
        raise base.ValueError("moveaxis: source and destination have different numbers of axes")
    order = [axis for axis in range(tensor.ndim) if axis not in sources]
    for target, axis in sorted(zip(targets, sources)):
        order.insert(target, axis)
    return op.transpose(tensor, tuple(order))


def _axes(axes: int | Sequence[int], ndim: int, what: str) -> list[int]:
    found: list[int] = []
    for axis in (axes,) if isinstance(axes, int) else axes:
        if not -ndim <= axis < ndim:
            raise base.ValueError(f"moveaxis: {what} axis {axis} is out of bounds for an array with {ndim} axes")
        found.append(axis % ndim)
    return found


def onehot_encode(indices: NDArray, out: NDArray) -> NDArray:
    """Write one-hot rows into `out` (N, depth) for `indices` (N,), and return it.

    Examples
    --------
    >>> mx.nd.onehot_encode(mx.nd.array([0, 2]), mx.nd.zeros((2, 3))).asnumpy().tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    return _internal._onehot_encode(indices, out, out=out)


def split_v2(
    ary: NDArray, indices_or_sections: int | tuple[int, ...], axis: int = 0, squeeze_axis: bool = False
) -> Any:
    """Split an array along an axis, into equal sections or at indices.

    Parameters
    ----------
    ary : NDArray
        What to split.
    indices_or_sections : int or tuple of int
        Number of equal sections, or where each piece after the first begins.
    axis : int
        Along which to split.
    squeeze_axis : bool
        Drop `axis` from pieces of length one.

    Examples
    --------
    >>> [piece.shape for piece in mx.nd.split_v2(mx.nd.ones((4, 2)), (1, 3))]
    [(1, 2), (2, 2), (1, 2)]
    """
    if isinstance(indices_or_sections, int):
        return _internal._split_v2(ary, indices=(), axis=axis, squeeze_axis=squeeze_axis, sections=indices_or_sections)
    indices = (0, *indices_or_sections)
    return _internal._split_v2(ary, indices=indices, axis=axis, squeeze_axis=squeeze_axis)


def histogram(a: NDArray, bins: int | NDArray = 10, range: tuple[float, float] | None = None) -> Any:
    """Count elements in bins.

    Parameters
    ----------
    a : NDArray
        The elements.
    bins : int or NDArray
        Number of equal bins, or their rising edges.
    range : (float, float), optional
        Lower and upper bound for a number of bins; the array's own when left out.

    Returns
    -------
    [counts, edges]

    Examples
    --------
    >>> counts, edges = mx.nd.histogram(mx.nd.array([1, 2, 3, 4]), bins=2, range=(0, 4))
    >>> counts.asnumpy().tolist(), edges.asnumpy().tolist()
    ([1, 3], [0.0, 2.0, 4.0])
    """
    from . import creation
    from .ndarray import NDArray

    if isinstance(bins, NDArray):
        return _internal._histogram(a, bins)
    if range is None:  # as in MXNet, NumPy finds the bounds and counts, and the counts come as float32
        counts, edges = np.histogram(a.asnumpy(), bins)
        return creation.array(counts), creation.array(edges)
    return _internal._histogram(a, bin_cnt=bins, range=range)
