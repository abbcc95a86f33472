"""Operators that give an array another shape or order of axes and keep its elements."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from . import derivatives
from .attributes import PositiveInt, Shape
from .registry import Backward, operator

Tensor = torch.Tensor
Shapes = Sequence[tuple[int, ...]]
Outputs = list[tuple[tuple[int, ...], torch.dtype]]

_CODES = "0 (keep), -1 (infer), -2 (keep all remaining), -3 (merge two), -4 (split into the next two)"


def normal_axis(axis: int, ndim: int, name: str = "axis") -> int:
    """Return `axis` counted from the front; IndexError naming the argument when there is no such axis."""
    if not -ndim <= axis < ndim:
        raise IndexError(f"{name}={axis} is out of range for {ndim} axes; expected {-ndim} to {ndim - 1}")
    return axis + ndim if axis < 0 else axis


def reshape_target(shape: Sequence[int], codes: Sequence[int], reverse: bool = False) -> tuple[int, ...]:
    """Return the shape that MXNet's reshape codes stand for.

    Each code uses up axes of `shape` from the front (from the back with `reverse`):

    ===== =================================================================================
    n > 0 the new length; passes over one axis
    0     the length of the same axis
    -1    what is left over; at most once, passes over one axis
    -2    all remaining axes as they are
    -3    two axes merged into one
    -4    one axis split into the two lengths that follow, one of which may be -1
    ===== =================================================================================

    Parameters
    ----------
    shape : sequence of int
        The array's shape.
    codes : sequence of int
        The codes above.
    reverse : bool
        Match axes and codes from the right.

    Raises
    ------
    ValueError
        If the codes do not fit `shape`.

    Examples
    --------
    >>> from mxnet._ops.shape import reshape_target
    >>> reshape_target((2, 3, 4), (-4, 1, 2, -3))
    (1, 2, 12)
    >>> reshape_target((10, 5, 4), (-1, 0), reverse=True)
    (50, 4)
    """
    given = shape, codes
    if reverse:
        shape, codes = shape[::-1], codes[::-1]
    target: list[int] = []
    inferred = -1
    kept_empty = False
    axis = 0  # the next axis of `shape` to use up
    place = 0
    while place < len(codes):
        code = codes[place]
        place += 1
        if code > 0:
            target.append(code)
            axis += 1
        elif code == -1:
            if inferred >= 0:
                raise _misfit(given, "only one axis can be inferred with -1")
            inferred = len(target)
            target.append(1)
            axis += 1
        elif code == 0:
            _need_axes(given, axis + 1)
            target.append(shape[axis])
            kept_empty |= not shape[axis]
            axis += 1
        elif code == -2:
            target.extend(shape[axis:])
            axis = len(shape)
        elif code == -3:
            _need_axes(given, axis + 2)
            target.append(shape[axis] * shape[axis + 1])
            axis += 2
        elif code == -4:
            _need_axes(given, axis + 1)
            target.extend(_split(given, shape[axis], codes[place : place + 2]))
            axis += 1
            place += 2
        else:
            raise _misfit(given, f"{code} is no code; expected a length or {_CODES}")
    size = math.prod(shape)
    if inferred >= 0:
        rest = math.prod(target)
        if rest == 0 and kept_empty:  # the code 0 kept axes of length 0: what is inferred comes from the others
            size, rest = math.prod(length for length in shape if length), math.prod(n for n in target if n)
        if rest == 0 or size % rest:
            raise _misfit(given, f"{size} elements do not divide into {rest}")
        target[inferred] = size // rest
    elif math.prod(target) != size:
        raise _misfit(given, f"{size} elements do not fit {tuple(target[::-1] if reverse else target)}")
    return tuple(target[::-1] if reverse else target)


def _split(given: tuple[Sequence[int], Sequence[int]], length: int, parts: Sequence[int]) -> tuple[int, int]:
    if len(parts) < 2:
        raise _misfit(given, "-4 needs two lengths after it")
    first, second = parts
    if first == -1 and second > 0:
        first = length // second
    elif second == -1 and first > 0:
        second = length // first
    if first < 0 or second < 0 or first * second != length:
        raise _misfit(given, f"an axis of length {length} cannot be split into {tuple(parts)}")
    return first, second


def _need_axes(given: tuple[Sequence[int], Sequence[int]], count: int) -> None:
    if len(given[0]) < count:
        raise _misfit(given, f"the codes ask for {count} axes or more of an array that has {len(given[0])}")


def _misfit(given: tuple[Sequence[int], Sequence[int]], reason: str) -> ValueError:
    return ValueError(f"cannot reshape {tuple(given[0])} with shape={tuple(given[1])}: {reason}")


def _legacy_target(shape: Sequence[int], target_shape: Sequence[int], keep_highest: bool) -> tuple[int, ...]:
    """The shape that the attributes of MXNet before 0.7 stand for: 0 infers, `keep_highest` keeps the first axis."""
    codes = [-1 if length == 0 else length for length in target_shape]
    if keep_highest and codes and shape:
        codes[0] = shape[0]
    return reshape_target(shape, codes)


def _reshape_shape(shapes: Shapes, dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Outputs:
    if attributes["shape"]:
        return [(reshape_target(shapes[0], attributes["shape"], attributes["reverse"]), dtypes[0])]
    if not attributes["target_shape"]:
        raise ValueError("shape is missing: give the new shape, for example shape=(0, -1)")
    return [(_legacy_target(shapes[0], attributes["target_shape"], attributes["keep_highest"]), dtypes[0])]


def _reshape_complete(
    shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]
) -> Sequence[tuple[int, ...] | None]:
    """Find the one unknown length of the input where the result does not depend on it."""
    data, codes = shapes[0], attributes["shape"]
    if data is None or data.count(0) != 1 or not codes or -1 in codes or -4 in codes:
        return shapes
    axis, unknown = 0, data.index(0)
    if attributes["reverse"]:
        data, codes, unknown = data[::-1], codes[::-1], len(data) - 1 - unknown
    size = 1
    for code in codes:  # every axis that a code copies must be another one
        used = {-3: 2, -2: len(data) - axis}.get(code, 1)
        if code <= 0:
            if axis <= unknown < axis + used or axis + used > len(data):
                return shapes
            size *= math.prod(data[axis : axis + used])
        else:
            size *= code
        axis += used
    known = math.prod(length for length in data if length)
    if size and not size % known:
        shapes[0] = tuple(length or size // known for length in shapes[0] or ())
    return shapes


@operator(
    "Reshape",
    aliases=("reshape",),
    complete=_reshape_complete,
    shape=_reshape_shape,
    view=True,
    **derivatives.RESHAPES,
)
def reshape(
    data: Tensor,
    *,
    shape: Shape = (),
    reverse: bool = False,
    target_shape: Shape = (),
    keep_highest: bool = False,
) -> Tensor:
    """The same elements, in the same order, in another shape.

    A code in `shape` is a length, or ``0`` (keep this axis), ``-1`` (infer; at most once), ``-2`` (keep all remaining
    axes), ``-3`` (merge two axes) or ``-4`` (split an axis into the next two lengths, one of which may be ``-1``).

    Parameters
    ----------
    data : any shape and dtype
        Input.
    shape : tuple of int
        Lengths and codes.
    reverse : bool
        Match axes and codes from the right instead of from the left.
    target_shape : tuple of int
        What old files give instead of `shape`: lengths, with ``0`` for the one that is inferred.
    keep_highest : bool
        With `target_shape`: the first axis keeps its length.

    Returns
    -------
    array of the new shape and the dtype of `data`

    Examples
    --------
    >>> x = mx.nd.zeros((2, 3, 4))
    >>> mx.nd.reshape(x, shape=(-1, 0)).shape
    (8, 3)
    >>> mx.nd.reshape(x, shape=(-3, 0)).shape
    (6, 4)
    >>> mx.nd.reshape(x, shape=(-4, 1, 2, -2)).shape
    (1, 2, 3, 4)
    """
    if shape:
        if 0 not in shape and min(shape) >= -1:  # torch reads these the same way
            try:
                return data.reshape(shape)
            except RuntimeError:
                reshape_target(data.shape, shape, reverse)
                raise
        return data.reshape(reshape_target(data.shape, shape, reverse))
    if not target_shape:
        raise ValueError("shape is missing: give the new shape, for example shape=(0, -1)")
    return data.reshape(_legacy_target(data.shape, target_shape, keep_highest))


def _flatten_shape(shapes: Shapes, dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Outputs:
    return [((shapes[0][0], math.prod(shapes[0][1:])), dtypes[0])]


@operator("Flatten", aliases=("_npx_batch_flatten", "flatten"), shape=_flatten_shape, view=True, **derivatives.RESHAPES)
def flatten(data: Tensor) -> Tensor:
    """All axes but the first merged into one.

    Parameters
    ----------
    data : (N, ...)
        Input with at least one axis.

    Returns
    -------
    (N, product of the other lengths)

    Examples
    --------
    >>> mx.nd.flatten(mx.nd.zeros((2, 3, 4))).shape
    (2, 12)
    """
    if data.dim() == 0:
        raise ValueError("data has no axes; expected at least one")
    return data.reshape(data.shape[0], data.shape[1:].numel())


def _transpose_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), axes = backward.head_gradients, backward.attributes["axes"]
    assert head is not None
    order = [axis % len(axes) for axis in axes] or range(head.dim() - 1, -1, -1)
    return [head.permute([order.index(axis) for axis in range(head.dim())])]


@operator("transpose", view=True, plan_gradient=_transpose_gradient, gradient_reads=(), gradient_memory="head")
def transpose(data: Tensor, *, axes: Shape = ()) -> Tensor:
    """The axes in another order.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    axes : tuple of int
        Axis ``i`` of the result is axis ``axes[i]`` of `data`; the reverse order when empty.

    Returns
    -------
    array with permuted axes

    Examples
    --------
    >>> mx.nd.transpose(mx.nd.zeros((2, 3, 4))).shape
    (4, 3, 2)
    >>> mx.nd.transpose(mx.nd.zeros((2, 3, 4)), axes=(0, 2, 1)).shape
    (2, 4, 3)
    """
    if not axes:
        return data.permute(tuple(range(data.dim() - 1, -1, -1)))
    try:
        return data.permute(axes)
    except (RuntimeError, IndexError):
        raise ValueError(
            f"axes={tuple(axes)} is no permutation of the {data.dim()} axes of data {tuple(data.shape)}"
        ) from None


def _swap_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), of = backward.head_gradients, backward.attributes
    assert head is not None
    return [head.transpose(of["dim1"], of["dim2"])]


@operator(
    "SwapAxis",
    aliases=("_npi_swapaxes", "swapaxes"),
    view=True,
    plan_gradient=_swap_gradient,
    gradient_reads=(),
    gradient_memory="head",
)
def swap_axis(data: Tensor, *, dim1: int = 0, dim2: int = 0) -> Tensor:
    """Two axes exchanged.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    dim1, dim2 : int
        The axes; negative ones count from the end.

    Returns
    -------
    array with the two axes exchanged

    Examples
    --------
    >>> mx.nd.swapaxes(mx.nd.zeros((2, 3, 4)), dim1=0, dim2=2).shape
    (4, 3, 2)
    """
    try:
        return data.transpose(dim1, dim2)
    except IndexError:
        normal_axis(dim1, data.dim(), "dim1")
        normal_axis(dim2, data.dim(), "dim2")
        raise


@operator("expand_dims", aliases=("_npi_expand_dims",), view=True, **derivatives.RESHAPES)
def expand_dims(data: Tensor, *, axis: int) -> Tensor:
    """A new axis of length 1.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    axis : int from -ndim - 1 to ndim
        Where the new axis stands in the result.

    Returns
    -------
    array with one axis more

    Examples
    --------
    >>> mx.nd.expand_dims(mx.nd.zeros((2, 3)), axis=1).shape
    (2, 1, 3)
    """
    try:
        return data.unsqueeze(axis)
    except IndexError:
        normal_axis(axis, data.dim() + 1)
        raise


@operator("squeeze", view=True)
def squeeze(data: Tensor, *, axis: Shape | None = None) -> Tensor:
    """Axes of length 1 removed; one is kept when nothing else is left.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    axis : int, tuple of int or None
        The axes to remove; each must have length 1. None removes all such axes.

    Returns
    -------
    array with fewer axes, at least one

    Examples
    --------
    >>> mx.nd.squeeze(mx.nd.zeros((1, 2, 1))).shape
    (2,)
    >>> mx.nd.squeeze(mx.nd.zeros((1, 2, 1)), axis=0).shape
    (2, 1)
    """
    if axis is None:
        result = data.squeeze()
    else:
        shape = data.shape
        removed = {normal_axis(one, len(shape)) for one in axis}
        if len(removed) != len(axis):
            raise ValueError(f"axis={tuple(axis)} names an axis twice")
        for one in removed:
            if shape[one] != 1:
                raise ValueError(f"axis {one} of data {tuple(shape)} has length {shape[one]}; only length 1 is removed")
        result = data.squeeze(axis)
    return result if result.dim() else result.reshape(1)


def _interval(begin: int | None, end: int | None, ndim: int, side: str) -> tuple[int, int]:
    first = 0 if begin is None else begin + ndim if begin < 0 else begin
    last = ndim if end is None else end + ndim if end < 0 else end
    if not 0 <= first < last <= ndim:
        raise ValueError(
            f"{side}_begin={begin}, {side}_end={end} select no axes of {side}, which has {ndim}; "
            f"expected 0 <= begin < end <= {ndim}"
        )
    return first, last


@operator("reshape_like", aliases=("_npx_reshape_like",), view=True)
def reshape_like(
    lhs: Tensor,
    rhs: Tensor,
    *,
    lhs_begin: int | None = None,
    lhs_end: int | None = None,
    rhs_begin: int | None = None,
    rhs_end: int | None = None,
) -> Tensor:
    """`lhs` in the shape of `rhs`, or with some of its axes in the shape of some axes of `rhs`.

    Parameters
    ----------
    lhs : any shape and dtype
        Elements of the result.
    rhs : any shape and dtype
        Only its shape counts; its gradient is zero.
    lhs_begin, lhs_end : int or None
        Axes ``lhs_begin`` to ``lhs_end - 1`` of `lhs` are replaced; all when None.
    rhs_begin, rhs_end : int or None
        The axes of `rhs` that stand in their place; all when None.

    Returns
    -------
    array with the elements of `lhs`

    Examples
    --------
    >>> mx.nd.reshape_like(mx.nd.zeros((6,)), mx.nd.zeros((2, 3))).shape
    (2, 3)
    >>> mx.nd.reshape_like(mx.nd.zeros((6, 7)), mx.nd.zeros((2, 3, 4)), lhs_begin=0, lhs_end=1,
    ...                    rhs_begin=0, rhs_end=2).shape
    (2, 3, 7)
    """
    first, last = _interval(lhs_begin, lhs_end, lhs.dim(), "lhs")
    start, stop = _interval(rhs_begin, rhs_end, rhs.dim(), "rhs")
    target = (*lhs.shape[:first], *rhs.shape[start:stop], *lhs.shape[last:])
    if math.prod(target) != lhs.numel():
        raise ValueError(
            f"lhs {tuple(lhs.shape)} has {lhs.numel()} elements; the new shape {target} has another number"
        )
    return lhs.reshape(target)


def _need_blocks(data: Tensor, block_size: int) -> None:
    if data.dim() != 4:
        raise ValueError(f"data has shape {tuple(data.shape)}; expected four axes (N, C, H, W)")


@operator("depth_to_space")
def depth_to_space(data: Tensor, *, block_size: PositiveInt) -> Tensor:
    """Blocks of channels laid out in space: the inverse of `space_to_depth`.

    With ``b = block_size``, channel ``(i * b + j) * C' + c`` at ``(h, w)`` goes to channel ``c`` at
    ``(h * b + i, w * b + j)``.

    Parameters
    ----------
    data : (N, b * b * C', H, W)
        Input.
    block_size : int of at least 1
        Length of a block's side.

    Returns
    -------
    (N, C', H * b, W * b)

    Examples
    --------
    >>> mx.nd.depth_to_space(mx.nd.arange(4).reshape((1, 4, 1, 1)), block_size=2).asnumpy().tolist()
    [[[[0.0, 1.0], [2.0, 3.0]]]]
    """
    _need_blocks(data, block_size)
    batch, channels, height, width = data.shape
    if channels % (block_size * block_size):
        raise ValueError(
            f"data {tuple(data.shape)} has {channels} channels; expected a multiple of "
            f"block_size * block_size = {block_size * block_size}"
        )
    depth = channels // (block_size * block_size)
    blocks = data.reshape(batch, block_size, block_size, depth, height, width).permute(0, 3, 4, 1, 5, 2)
    blocks = blocks.clone(memory_format=torch.contiguous_format)
    return blocks.view(batch, depth, height * block_size, width * block_size)


@operator("space_to_depth")
def space_to_depth(data: Tensor, *, block_size: PositiveInt) -> Tensor:
    """Blocks of space laid out as channels: the inverse of `depth_to_space`.

    With ``b = block_size``, channel ``c`` at ``(h * b + i, w * b + j)`` goes to channel ``(i * b + j) * C + c`` at
    ``(h, w)``.

    Parameters
    ----------
    data : (N, C, H * b, W * b)
        Input.
    block_size : int of at least 1
        Length of a block's side.

    Returns
    -------
    (N, b * b * C, H, W)

    Examples
    --------
    >>> mx.nd.space_to_depth(mx.nd.arange(4).reshape((1, 1, 2, 2)), block_size=2).shape
    (1, 4, 1, 1)
    """
    _need_blocks(data, block_size)
    batch, channels, height, width = data.shape
    if height % block_size or width % block_size:
        raise ValueError(
            f"data {tuple(data.shape)} is {height} by {width}; expected multiples of block_size={block_size}"
        )
    rows, columns = height // block_size, width // block_size
    blocks = data.reshape(batch, channels, rows, block_size, columns, block_size).permute(0, 3, 5, 1, 2, 4)
    blocks = blocks.clone(memory_format=torch.contiguous_format)
    return blocks.view(batch, channels * block_size * block_size, rows, columns)
