"""Slices of an array, and assignment to a slice."""

from __future__ import annotations

import builtins
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .attributes import OptionalItems, Shape
from .families import check_same_dtype
from .registry import Shape as Sizes
from .registry import operator
from .shape import normal_axis

Tensor = torch.Tensor
Bounds = Sequence[int | None]
Attributes = Mapping[str, Any]

# `slice` is an operator here; the builtin goes by another name.
_slice = builtins.slice


def scalar_in(value: float, dtype: torch.dtype) -> float | int:
    """Return `value` as an array of `dtype` holds it: integers are cut and wrap around, floats overflow to infinity."""
    if dtype.is_floating_point:
        limit = torch.finfo(dtype).max
        return value if -limit <= value <= limit or math.isnan(value) else math.copysign(math.inf, value)
    if dtype is torch.bool:
        return bool(value)
    limits = torch.iinfo(dtype)
    if not math.isfinite(value):
        return limits.min
    number = int(value)
    if limits.min <= number <= limits.max:
        return number
    return (number - limits.min) % (1 << limits.bits) + limits.min


def _key(shape: Sequence[int], begin: Bounds, end: Bounds, step: Bounds) -> tuple[tuple[_slice, ...], list[int]]:
    """Return slices with positive steps, and the axes to flip because their step was negative."""
    if len(begin) != len(end) or len(begin) > len(shape) or (step and len(step) != len(begin)):
        raise ValueError(
            f"begin={tuple(begin)}, end={tuple(end)}, step={tuple(step)} do not fit data {tuple(shape)}; "
            f"expected equal lengths of at most {len(shape)}"
        )
    if not step:
        return tuple(map(_slice, begin, end)), []
    key: list[_slice] = []
    flipped: list[int] = []
    for axis, (first, last, stride) in enumerate(zip(begin, end, step)):
        if stride is None or stride > 0:
            key.append(_slice(first, last, stride))
        elif stride == 0:
            raise ValueError(f"step={tuple(step)} has a 0 at axis {axis}; expected a positive or negative int, or None")
        else:
            start, stop, _ = _slice(first, last, stride).indices(shape[axis])
            count = max(0, (start - stop - stride - 1) // -stride)
            lowest = start + (count - 1) * stride
            key.append(_slice(lowest, start + 1, -stride) if count else _slice(0, 0))
            flipped.append(axis)
    return tuple(key), flipped


@operator("slice", aliases=("_npi_slice", "_npx_slice", "_sparse_slice", "crop"), view=True)
def slice(data: Tensor, *, begin: OptionalItems, end: OptionalItems, step: OptionalItems = ()) -> Tensor:
    """The elements from `begin` up to, not including, `end` along the first axes, in steps of `step`.

    Bounds mean what they mean in Python's ``data[begin:end:step]``: negative ones count from the end, None leaves one
    out, and those outside the array are moved to its edge.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    begin, end : tuple of int or None
        Bounds of the first ``len(begin)`` axes.
    step : tuple of int or None
        Steps, not 0; 1 when left out. A negative step goes backwards.

    Returns
    -------
    array with as many axes as `data`

    Examples
    --------
    >>> x = mx.nd.arange(12).reshape((3, 4))
    >>> mx.nd.slice(x, begin=(0, 1), end=(2, 3)).asnumpy().tolist()
    [[1.0, 2.0], [5.0, 6.0]]
    >>> mx.nd.slice(x, begin=(None, None), end=(1, None), step=(1, -2)).asnumpy().tolist()
    [[3.0, 1.0]]
    """
    key, flipped = _key(data.shape, begin, end, step)
    result = data[key] if key else data
    return result.flip(flipped) if flipped else result


@operator("slice_axis", view=True)
def slice_axis(data: Tensor, *, axis: int, begin: int, end: int | None) -> Tensor:
    """The elements from `begin` up to, not including, `end` along one axis.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    axis : int
        The axis; a negative one counts from the end.
    begin : int
        First index; a negative one counts from the end.
    end : int or None
        One past the last index, beyond `begin`; None for the end of the axis.

    Returns
    -------
    array with ``end - begin`` elements along `axis`

    Examples
    --------
    >>> x = mx.nd.arange(12).reshape((3, 4))
    >>> mx.nd.slice_axis(x, axis=1, begin=-2, end=None).asnumpy().tolist()
    [[2.0, 3.0], [6.0, 7.0], [10.0, 11.0]]
    """
    axis = normal_axis(axis, data.dim())
    length = data.shape[axis]
    first = begin + length if begin < 0 else begin
    last = length if end is None else end + length if end < 0 else end
    if not length:
        return data
    if not 0 <= first < last <= length:
        raise ValueError(
            f"begin={begin}, end={end} select nothing of axis {axis}, which has length {length}; "
            f"expected 0 <= begin < end <= {length} (negative ones count from the end)"
        )
    return data.narrow(axis, first, last - first)


@operator("slice_like", view=True)
def slice_like(data: Tensor, shape_like: Tensor, *, axes: Shape = ()) -> Tensor:
    """The first elements of `data`, as many along each of `axes` as `shape_like` has.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    shape_like : any shape and dtype
        Only its shape counts; its gradient is zero.
    axes : tuple of int
        The axes to cut; all when empty, and then both inputs need the same number of axes.

    Returns
    -------
    array with as many axes as `data`

    Examples
    --------
    >>> x = mx.nd.arange(12).reshape((3, 4))
    >>> mx.nd.slice_like(x, mx.nd.zeros((2, 2))).asnumpy().tolist()
    [[0.0, 1.0], [4.0, 5.0]]
    >>> mx.nd.slice_like(x, mx.nd.zeros((2, 2)), axes=(0,)).shape
    (2, 4)
    """
    shape, like = data.shape, shape_like.shape
    if not axes:
        if len(shape) != len(like):
            raise ValueError(
                f"shape_like {tuple(like)} and data {tuple(shape)} differ in their number of axes; "
                "say which axes to cut with axes="
            )
        axes = tuple(range(len(shape)))
    key = [_slice(None)] * len(shape)
    for one in axes:
        axis, source = normal_axis(one, len(shape), "axes"), normal_axis(one, len(like), "axes")
        if like[source] > shape[axis]:
            raise ValueError(f"axis {axis} of data {tuple(shape)} is shorter than that of shape_like {tuple(like)}")
        key[axis] = _slice(like[source])
    return data[tuple(key)]


def _slice_complete(shapes: list[Sizes | None], attributes: Attributes) -> Sequence[Sizes | None]:
    data = shapes[0]
    if data is not None and all(data):
        key, _ = _key(data, *(attributes[name] for name in ("begin", "end", "step")))
        lengths = (len(range(*part.indices(length))) for part, length in zip(key, data))
        shapes[1] = (*lengths, *data[len(key) :])
    return shapes


@operator("_slice_assign", aliases=("_crop_assign", "_npi_slice_assign"), complete=_slice_complete)
def slice_assign(
    lhs: Tensor, rhs: Tensor, *, begin: OptionalItems, end: OptionalItems, step: OptionalItems = ()
) -> Tensor:
    """A copy of `lhs` in which the slice from `begin` to `end` is `rhs`.

    Parameters
    ----------
    lhs : any shape and dtype
        What the rest of the result is.
    rhs : shape of the slice, dtype of `lhs`
        What the slice becomes.
    begin, end, step : tuple of int or None
        As in `slice`.

    Returns
    -------
    array of the shape and dtype of `lhs`

    Examples
    --------
    >>> x = mx.nd.zeros((2, 3))
    >>> mx.nd._internal._slice_assign(x, mx.nd.ones((1, 2)), begin=(1, 0), end=(2, 2)).asnumpy().tolist()
    [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
    """
    check_same_dtype(lhs, rhs)
    key, flipped = _key(lhs.shape, begin, end, step)
    result = lhs.clone(memory_format=torch.contiguous_format)
    target = result[key] if key else result
    if target.shape != rhs.shape:
        raise ValueError(
            f"rhs has shape {tuple(rhs.shape)}; expected {tuple(target.shape)}, the shape of the slice "
            f"begin={tuple(begin)}, end={tuple(end)}, step={tuple(step)} of lhs {tuple(lhs.shape)}"
        )
    target.copy_(rhs.flip(flipped) if flipped else rhs)
    return result


@operator("_slice_assign_scalar", aliases=("_crop_assign_scalar", "_npi_slice_assign_scalar"))
def slice_assign_scalar(
    data: Tensor, *, scalar: float = 0.0, begin: OptionalItems, end: OptionalItems, step: OptionalItems = ()
) -> Tensor:
    """A copy of `data` in which the slice from `begin` to `end` is `scalar`.

    Parameters
    ----------
    data : any shape and dtype
        What the rest of the result is.
    scalar : float
        What the slice becomes, in the dtype of `data`.
    begin, end, step : tuple of int or None
        As in `slice`.

    Returns
    -------
    array of the shape and dtype of `data`

    Examples
    --------
    >>> mx.nd._internal._slice_assign_scalar(mx.nd.zeros((3,)), scalar=2, begin=(1,), end=(3,)).asnumpy().tolist()
    [0.0, 2.0, 2.0]
    """
    key, _ = _key(data.shape, begin, end, step)
    result = data.clone(memory_format=torch.contiguous_format)
    (result[key] if key else result).fill_(scalar_in(scalar, data.dtype))
    return result
