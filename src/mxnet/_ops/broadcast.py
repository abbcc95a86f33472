"""Arithmetic, comparisons and logic with broadcasting, and broadcasting itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from . import binary
from .attributes import Shape as ShapeAttribute
from .families import broadcast_binary
from .registry import Shape, operator

Tensor = torch.Tensor
ShapesAndDtypes = list[tuple[Shape, torch.dtype]]


broadcast_binary(
    "broadcast_add",
    torch.add,
    "Sum ``lhs + rhs``, with broadcasting.",
    aliases=("_sparse_broadcast_add", "_sparse_broadcast_plus", "broadcast_plus"),
)
broadcast_binary(
    "broadcast_sub",
    torch.sub,
    "Difference ``lhs - rhs``, with broadcasting.",
    aliases=("_sparse_broadcast_minus", "_sparse_broadcast_sub", "broadcast_minus"),
)
broadcast_binary(
    "broadcast_mul", torch.mul, "Product ``lhs * rhs``, with broadcasting.", aliases=("_sparse_broadcast_mul",)
)
broadcast_binary(
    "broadcast_div",
    binary.divide,
    "Quotient ``lhs / rhs``, with broadcasting; integers are cut towards zero, and x / 0 is 0.",
    aliases=("_sparse_broadcast_div",),
)
broadcast_binary(
    "broadcast_mod",
    binary.modulo,
    "Remainder of ``lhs / rhs`` with the sign of `rhs`, as in Python, with broadcasting; x mod 0 is 0.",
)
broadcast_binary("broadcast_power", torch.pow, "``lhs`` to the power of ``rhs``, with broadcasting.")
broadcast_binary(
    "broadcast_maximum",
    torch.maximum,
    "Larger of two arrays, with broadcasting; NaN if either is. Where both are equal the gradient goes to `lhs`.",
    aliases=("_npi_maximum",),
    gradient=binary.maximum_gradient,
)
broadcast_binary(
    "broadcast_minimum",
    torch.minimum,
    "Smaller of two arrays, with broadcasting; NaN if either is. Where both are equal the gradient goes to `lhs`.",
    aliases=("_npi_minimum",),
    gradient=binary.minimum_gradient,
)
broadcast_binary(
    "broadcast_hypot", binary.hypotenuse, "``sqrt(lhs**2 + rhs**2)``, without overflow, with broadcasting."
)
broadcast_binary("broadcast_equal", binary.equal, "1 where ``lhs == rhs``, else 0, with broadcasting.")
broadcast_binary("broadcast_not_equal", binary.not_equal, "1 where ``lhs != rhs``, else 0, with broadcasting.")
broadcast_binary("broadcast_greater", binary.greater, "1 where ``lhs > rhs``, else 0, with broadcasting.")
broadcast_binary("broadcast_greater_equal", binary.greater_equal, "1 where ``lhs >= rhs``, else 0, with broadcasting.")
broadcast_binary("broadcast_lesser", binary.lesser, "1 where ``lhs < rhs``, else 0, with broadcasting.")
broadcast_binary("broadcast_lesser_equal", binary.lesser_equal, "1 where ``lhs <= rhs``, else 0, with broadcasting.")
broadcast_binary("broadcast_logical_and", binary.logical_and, "1 where neither operand is 0, with broadcasting.")
broadcast_binary("broadcast_logical_or", binary.logical_or, "1 where an operand is not 0, with broadcasting.")
broadcast_binary(
    "broadcast_logical_xor", binary.logical_xor, "1 where exactly one operand is not 0, with broadcasting."
)


def _target_of_to(data: Shape, shape: Shape) -> Shape:
    if len(shape) != len(data):
        raise ValueError(
            f"shape is {shape} and data has shape {data}; expected {len(data)} lengths, 0 for an axis to keep"
        )
    if min(shape, default=0) < 0:
        raise ValueError(f"shape is {shape}; expected lengths of at least 0")
    target = tuple(new or old for old, new in zip(data, shape))
    if any(old not in (1, new) for old, new in zip(data, target)):
        raise ValueError(f"data {data} does not broadcast to {target}: only axes of length 1 can be repeated")
    return target


def _to_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> ShapesAndDtypes:
    return [(_target_of_to(shapes[0], attributes["shape"]), dtypes[0])]


@operator("broadcast_to", shape=_to_shape, view=True)
def broadcast_to(data: Tensor, *, shape: ShapeAttribute = ()) -> Tensor:
    """Repeat `data` along its axes of length 1 until it has the given shape.

    Parameters
    ----------
    data : any shape
        Input.
    shape : tuple of int
        One length for each axis of `data`; 0 keeps the axis as it is.

    Returns
    -------
    the shape `shape`

    Examples
    --------
    >>> mx.nd.broadcast_to(mx.nd.array([[1, 2]]), shape=(2, 0)).asnumpy().tolist()
    [[1.0, 2.0], [1.0, 2.0]]
    """
    return data.expand(_target_of_to(tuple(data.shape), shape))


def _target_of_axis(data: Shape, axis: Shape, size: Shape) -> Shape:
    if len(axis) != len(size):
        raise ValueError(f"axis is {axis} and size is {size}; expected one size for each axis")
    if min(size, default=0) < 0:
        raise ValueError(f"size is {size}; expected lengths of at least 0")
    target = list(data)
    for number, length in zip(axis, size):
        if not -len(data) <= number < len(data):
            raise IndexError(f"axis {number} is outside of data with shape {data}")
        if target[number] != 1:
            raise ValueError(
                f"axis {number} of data {data} has length {target[number]}; only axes of length 1 can be repeated, "
                "each once"
            )
        target[number] = length
    return tuple(target)


def _axis_shape(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> ShapesAndDtypes:
    return [(_target_of_axis(shapes[0], attributes["axis"], attributes["size"]), dtypes[0])]


@operator("broadcast_axis", aliases=("broadcast_axes",), shape=_axis_shape, view=True)
def broadcast_axis(data: Tensor, *, axis: ShapeAttribute = (), size: ShapeAttribute = ()) -> Tensor:
    """Repeat `data` along some of its axes, which must have length 1.

    Parameters
    ----------
    data : any shape
        Input.
    axis : tuple of int
        The axes to repeat.
    size : tuple of int
        Their new lengths, one for each of `axis`.

    Returns
    -------
    the shape of `data` with those axes replaced

    Examples
    --------
    >>> mx.nd.broadcast_axis(mx.nd.array([[1], [2]]), axis=1, size=3).asnumpy().tolist()
    [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]
    """
    return data.expand(_target_of_axis(tuple(data.shape), axis, size))


def _target_of_like(lhs: Shape, rhs: Shape, lhs_axes: Shape | None, rhs_axes: Shape | None) -> Shape:
    if lhs_axes is None or rhs_axes is None:
        if len(lhs) != len(rhs):
            raise ValueError(
                f"lhs has shape {lhs} and rhs {rhs}; expected as many axes in both, or lhs_axes and rhs_axes"
            )
        lhs_axes = rhs_axes = tuple(range(len(lhs)))
    if len(lhs_axes) != len(rhs_axes) or not lhs_axes:
        if lhs:
            raise ValueError(f"lhs_axes is {lhs_axes} and rhs_axes {rhs_axes}; expected as many in both, at least one")
        return lhs
    target = list(lhs)
    for to, origin in zip(lhs_axes, rhs_axes):
        if not (-len(lhs) <= to < len(lhs) and -len(rhs) <= origin < len(rhs)):
            raise IndexError(f"axis {to} of lhs {lhs} or axis {origin} of rhs {rhs} does not exist")
        if lhs[to] not in (1, rhs[origin]):
            raise ValueError(
                f"axis {to} of lhs {lhs} does not broadcast to axis {origin} of rhs {rhs}; expected a length of 1"
            )
        target[to] = rhs[origin]
    return tuple(target)


def _like_shape(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> ShapesAndDtypes:
    return [(_target_of_like(shapes[0], shapes[1], attributes["lhs_axes"], attributes["rhs_axes"]), dtypes[0])]


def _like_dtypes(dtypes: list[torch.dtype | None], attributes: Mapping[str, Any]) -> list[torch.dtype | None]:
    return [dtypes[0], dtypes[1] or dtypes[0]]  # rhs gives its shape only: nothing follows from its dtype


@operator("broadcast_like", shape=_like_shape, complete_dtypes=_like_dtypes, view=True)
def broadcast_like(
    lhs: Tensor, rhs: Tensor, *, lhs_axes: ShapeAttribute | None = None, rhs_axes: ShapeAttribute | None = None
) -> Tensor:
    """Repeat `lhs` along its axes of length 1 until it has the shape of `rhs`.

    Parameters
    ----------
    lhs : any shape
        Input.
    rhs : any shape
        Gives its shape only; its dtype does not matter, and its gradient is 0.
    lhs_axes, rhs_axes : tuple of int, optional
        Give axis ``lhs_axes[i]`` the length of axis ``rhs_axes[i]``, and keep the others. Without them, all axes.

    Returns
    -------
    the shape of `lhs` with those axes replaced, in its dtype

    Examples
    --------
    >>> mx.nd.broadcast_like(mx.nd.ones((1, 2)), mx.nd.ones((3, 2))).shape
    (3, 2)
    >>> mx.nd.broadcast_like(mx.nd.ones((1, 2)), mx.nd.ones((5, 6)), lhs_axes=0, rhs_axes=-1).shape
    (6, 2)
    """
    return lhs.expand(_target_of_like(tuple(lhs.shape), tuple(rhs.shape), lhs_axes, rhs_axes))
