"""Operators that join, split, repeat and pad arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from .attributes import PositiveInt, Shape
from .registry import Backward, operator
from .registry import Shape as Sizes
from .shape import normal_axis
from .slicing import scalar_in

Tensor = torch.Tensor
Attributes = Mapping[str, Any]
Outputs = list[tuple[Sizes, torch.dtype]]


def _check_dtypes(data: Sequence[Tensor]) -> None:
    if not data:
        raise ValueError("no input; expected at least one array")
    dtype = data[0].dtype
    for number, item in enumerate(data):
        if item.dtype is not dtype:
            raise TypeError(
                f"arg0 is {str(dtype)[6:]} and arg{number} is {str(item.dtype)[6:]}; expected one dtype for all: "
                "cast with .astype"
            )


def _merge(shapes: Sequence[Sizes | None], free: int | None) -> list[Sizes | None]:
    """Fill unknown lengths of each shape from the others; `free` is an axis along which they may differ."""
    known = [shape for shape in shapes if shape is not None]
    if not known:
        return list(shapes)
    ndim = len(known[0])
    if any(len(shape) != ndim for shape in known):
        return list(shapes)
    common = tuple(next((shape[i] for shape in known if shape[i]), 0) for i in range(ndim))
    if free is not None and free < 0:
        free += ndim
    return [
        tuple(own if own or i == free else length for i, (own, length) in enumerate(zip(shape, common)))
        for shape in (shape if shape is not None else (0,) * ndim for shape in shapes)
    ]


def _concat_complete(shapes: list[Sizes | None], attributes: Attributes) -> Sequence[Sizes | None]:
    return _merge(shapes, attributes["dim"])


def _check_concat(shapes: Sequence[Sizes], dim: int) -> int:
    """Return the axis counted from the start; raise for shapes that cannot be joined along it."""
    first = shapes[0]
    axis = normal_axis(dim, len(first), "dim")
    for number, shape in enumerate(shapes):
        if len(shape) != len(first) or any(a != b for i, (a, b) in enumerate(zip(shape, first)) if i != axis):
            raise ValueError(
                f"arg{number} has shape {tuple(shape)} and arg0 {tuple(first)}; expected equal shapes "
                f"except along dim={dim}"
            )
    return axis


# Rules for shapes, as torch needs a second before it joins the first arrays on the meta device.


def concat_shape(shapes: Sequence[Sizes], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    """Return shape and dtype of arrays joined along an axis."""
    axis = _check_concat(shapes, attributes["dim"])
    total = sum(shape[axis] for shape in shapes)
    return [((*shapes[0][:axis], total, *shapes[0][axis + 1 :]), dtypes[0])]


def _stack_shape(shapes: Sequence[Sizes], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    axis = _check_stack(shapes, attributes["axis"])
    return [((*shapes[0][:axis], len(shapes), *shapes[0][axis:]), dtypes[0])]


def _check_stack(shapes: Sequence[Sizes], axis: int) -> int:
    for number, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ValueError(f"arg{number} has shape {tuple(shape)} and arg0 {tuple(shapes[0])}; expected equal shapes")
    return normal_axis(axis, len(shapes[0]) + 1)


def _shapes_of_all(attributes: Attributes) -> tuple[str, ...]:
    return tuple(f"arg{i}.shape" for i in range(attributes["num_args"]))


def _concat_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), dim = backward.head_gradients, backward.attributes["dim"]
    shapes: Any = backward.inputs
    assert head is not None
    parts = head.split_with_sizes([shape[dim] for shape in shapes], dim)
    return [part if wanted else None for part, wanted in zip(parts, backward.wanted)]


@operator(
    "Concat",
    aliases=("_sparse_concat", "concat"),
    complete=_concat_complete,
    shape=concat_shape,
    plan_gradient=_concat_gradient,
    gradient_reads=_shapes_of_all,
    gradient_memory="head",
)
def concat(*data: Tensor, dim: int = 1) -> Tensor:
    """The inputs one after the other along an axis that exists.

    Parameters
    ----------
    data : one or more arrays
        Of one dtype, and of one shape except along `dim`.
    dim : int
        The axis; a negative one counts from the end.
    num_args : int
        Number of inputs.

    Returns
    -------
    array whose length along `dim` is the sum of the inputs' lengths

    Examples
    --------
    >>> x, y = mx.nd.zeros((2, 3)), mx.nd.ones((2, 1))
    >>> mx.nd.concat(x, y, dim=1).asnumpy().tolist()
    [[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0]]
    """
    _check_dtypes(data)
    try:
        return torch.cat(data, dim)
    except (RuntimeError, IndexError):
        _check_concat([item.shape for item in data], dim)
        raise


def _stack_complete(shapes: list[Sizes | None], attributes: Attributes) -> Sequence[Sizes | None]:
    return _merge(shapes, None)


@operator("stack", complete=_stack_complete, shape=_stack_shape)
def stack(*data: Tensor, axis: int = 0) -> Tensor:
    """The inputs one after the other along a new axis.

    Parameters
    ----------
    data : one or more arrays
        Of one shape and dtype.
    axis : int
        Where the new axis stands in the result; a negative one counts from the end.
    num_args : int
        Number of inputs.

    Returns
    -------
    array with one axis more, as long as there are inputs

    Examples
    --------
    >>> mx.nd.stack(mx.nd.zeros((2,)), mx.nd.ones((2,)), axis=1).asnumpy().tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    _check_dtypes(data)
    try:
        return torch.stack(data, axis)
    except (RuntimeError, IndexError):
        _check_stack([item.shape for item in data], axis)
        raise


def _slice_channel_outputs(attributes: Attributes) -> tuple[str, ...]:
    return tuple(f"output{i}" for i in range(attributes["num_outputs"]))


def _slice_channel_gradient(backward: Backward) -> list[Tensor | None]:
    of = backward.attributes
    present = next(head for head in backward.head_gradients if head is not None)
    heads = [torch.zeros_like(present) if head is None else head for head in backward.head_gradients]
    return [(torch.stack if of["squeeze_axis"] else torch.cat)(heads, of["axis"], out=backward.into[0])]


@operator(
    "SliceChannel",
    aliases=("split",),
    outputs=_slice_channel_outputs,
    view=True,
    plan_gradient=_slice_channel_gradient,
    gradient_reads=(),
    gradient_memory="own",
)
def slice_channel(
    data: Tensor, *, num_outputs: PositiveInt, axis: int = 1, squeeze_axis: bool = False
) -> tuple[Tensor, ...]:
    """Equal parts of an array along one axis.

    Parameters
    ----------
    data : any shape and dtype
        Input; its length along `axis` is a multiple of `num_outputs`.
    num_outputs : int of at least 1
        Number of parts.
    axis : int
        The axis; a negative one counts from the end.
    squeeze_axis : bool
        Remove `axis` from the parts, which must then have length 1.

    Returns
    -------
    `num_outputs` arrays

    Examples
    --------
    >>> x, y = mx.nd.split(mx.nd.arange(6).reshape((1, 6)), num_outputs=2)
    >>> y.asnumpy().tolist()
    [[3.0, 4.0, 5.0]]
    """
    axis = normal_axis(axis, data.dim())
    length = data.shape[axis]
    if squeeze_axis:
        if length != num_outputs:
            raise ValueError(
                f"axis {axis} of data {tuple(data.shape)} has length {length}; with squeeze_axis "
                f"expected num_outputs={num_outputs}"
            )
        return data.unbind(axis)
    if length % num_outputs:
        raise ValueError(
            f"axis {axis} of data {tuple(data.shape)} has length {length}; expected a multiple of "
            f"num_outputs={num_outputs}"
        )
    # Unlike that of tensor_split, its gradient is one concatenation.
    return data.split_with_sizes([length // num_outputs] * num_outputs, axis)


def _split_outputs(attributes: Attributes) -> tuple[str, ...]:
    count = attributes["sections"] if attributes["sections"] > 0 else len(attributes["indices"])
    return ("output",) if count == 1 else tuple(f"output{i}" for i in range(count))


@operator("_split_v2", aliases=("_npi_split",), outputs=_split_outputs, view=True)
def split_v2(
    data: Tensor, *, indices: Shape, axis: int = 1, squeeze_axis: bool = False, sections: int = 0
) -> tuple[Tensor, ...]:
    """Parts of an array along one axis, of the lengths that `indices` or `sections` say.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    indices : tuple of int
        Where each part begins, in increasing order; the first is 0. Not used with `sections`.
    axis : int
        The axis; a negative one counts from the end.
    squeeze_axis : bool
        Remove `axis` from the parts, which must then have length 1.
    sections : int
        When positive, the number of parts; they differ in length by at most one, longer ones first.

    Returns
    -------
    arrays, one for each part

    Examples
    --------
    >>> [part.shape for part in mx.nd.split_v2(mx.nd.zeros((2, 6)), (2, 3), axis=1)]
    [(2, 2), (2, 1), (2, 3)]
    """
    axis = normal_axis(axis, data.dim())
    length = data.shape[axis]
    if sections > 0:
        lengths = [length // sections + (part < length % sections) for part in range(sections)]
    else:
        if not indices or indices[0] != 0:
            raise ValueError(f"indices={tuple(indices)} say where each part begins; expected a first part at 0")
        if any(a > b for a, b in zip(indices, (*indices[1:], length))):
            raise ValueError(
                f"indices={tuple(indices)}; expected increasing ones of at most {length}, the length of axis {axis}"
            )
        lengths = [last - first for first, last in zip(indices, (*indices[1:], length))]
    parts = data.split_with_sizes(lengths, axis)
    if squeeze_axis:
        if any(part.shape[axis] != 1 for part in parts):
            raise ValueError(f"with squeeze_axis expected parts of length 1 along axis {axis}")
        parts = tuple(part.squeeze(axis) for part in parts)
    return parts


@operator("tile", aliases=("_npi_tile",))
def tile(data: Tensor, *, reps: Shape) -> Tensor:
    """The whole array repeated along each axis.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    reps : int or tuple of int
        Number of repeats, for the last ``len(reps)`` axes; `data` gains axes in front where it has too few.

    Returns
    -------
    array whose lengths are those of `data` times `reps`

    Examples
    --------
    >>> mx.nd.tile(mx.nd.array([1, 2]), reps=(2, 2)).asnumpy().tolist()
    [[1.0, 2.0, 1.0, 2.0], [1.0, 2.0, 1.0, 2.0]]
    """
    if reps and min(reps) < 0:
        raise ValueError(f"reps={tuple(reps)}; expected numbers of at least 0")
    return torch.tile(data, reps)


@operator("repeat", aliases=("_np_repeat",))
def repeat(data: Tensor, *, repeats: int, axis: int | None = None) -> Tensor:
    """Each element repeated.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    repeats : int of at least 0
        How often each element stands in the result.
    axis : int or None
        The axis along which elements are repeated; with None `data` is flattened first.

    Returns
    -------
    array that is `repeats` times as long along `axis`, or one axis of all elements

    Examples
    --------
    >>> mx.nd.repeat(mx.nd.array([[1, 2]]), repeats=2, axis=1).asnumpy().tolist()
    [[1.0, 1.0, 2.0, 2.0]]
    """
    if repeats < 0:
        raise ValueError(f"repeats={repeats}; expected at least 0")
    if axis is not None:
        axis = normal_axis(axis, data.dim())
    return torch.repeat_interleave(data, repeats, axis)


@operator("reverse", aliases=("flip",))
def reverse(data: Tensor, *, axis: Shape) -> Tensor:
    """The order of elements reversed along one or more axes.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    axis : int or tuple of int
        The axes; one that is named twice is reversed twice.

    Returns
    -------
    array of the shape and dtype of `data`

    Examples
    --------
    >>> mx.nd.reverse(mx.nd.array([[1, 2], [3, 4]]), axis=1).asnumpy().tolist()
    [[2.0, 1.0], [4.0, 3.0]]
    """
    axes = [normal_axis(one, data.dim()) for one in axis]
    return data.flip([one for one in set(axes) if axes.count(one) % 2] if len(axes) > 1 else axes)


@operator("Pad", aliases=("pad",))
def pad(
    data: Tensor,
    *,
    mode: Literal["constant", "edge", "reflect"],
    pad_width: Shape,
    constant_value: float = 0.0,
) -> Tensor:
    """Rows and columns added around the space axes of images or volumes.

    Parameters
    ----------
    data : (N, C, H, W) or (N, C, D, H, W), floating
        Input.
    mode : {'constant', 'edge', 'reflect'}
        What is added: `constant_value`; copies of the outermost elements; or the inside mirrored at the outermost
        elements, which are not repeated.
    pad_width : tuple of int
        Two numbers for each axis, before and after; the first four (batch and channel) are 0. Less than the length of
        the axis with ``mode='reflect'``.
    constant_value : float
        What is added with ``mode='constant'``.

    Returns
    -------
    array with longer space axes

    Examples
    --------
    >>> x = mx.nd.array([1, 2, 3]).reshape((1, 1, 1, 3))
    >>> mx.nd.pad(x, mode='reflect', pad_width=(0, 0, 0, 0, 0, 0, 2, 1)).asnumpy().tolist()
    [[[[3.0, 2.0, 1.0, 2.0, 3.0, 2.0]]]]
    """
    shape = data.shape
    if len(shape) not in (4, 5):
        raise ValueError(f"data has shape {tuple(shape)}; expected (N, C, H, W) or (N, C, D, H, W)")
    if len(pad_width) != 2 * len(shape) or any(pad_width[:4]):
        raise ValueError(
            f"pad_width={tuple(pad_width)}; expected {2 * len(shape)} numbers for data {tuple(shape)}, "
            "the first four 0: only the space axes are padded"
        )
    if not data.is_floating_point():
        raise TypeError(f"data is {str(data.dtype)[6:]}; expected a floating dtype: cast with .astype")
    backwards = [width for i in range(len(pad_width) - 2, 2, -2) for width in pad_width[i : i + 2]]
    if mode == "constant":
        return torch.nn.functional.pad(data, backwards, value=scalar_in(constant_value, data.dtype))
    if mode == "edge":
        return torch.nn.functional.pad(data, backwards, mode="replicate")
    if any(pad_width[2 * i] >= size or pad_width[2 * i + 1] >= size for i, size in enumerate(shape) if i > 1):
        raise ValueError(
            f"pad_width={tuple(pad_width)}; with mode='reflect' expected numbers below the lengths of "
            f"data {tuple(shape)}"
        )
    return torch.nn.functional.pad(data, backwards, mode="reflect")
