"""Operators on batches of sequences of different lengths.

Data is (T, N, ...), or (N, T, ...) where ``axis=1`` is allowed; ``sequence_length`` (N,) says how many of the T steps
belong to each sequence. It may have any dtype, and no gradient flows into it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .registry import Function, Shape, ShapeRule, operator
from .slicing import scalar_in

Tensor = torch.Tensor
Attributes = Mapping[str, Any]
Dtypes = Sequence[torch.dtype | None]
Outputs = list[tuple[Shape, torch.dtype]]


def _inputs(attributes: Attributes) -> tuple[str, ...]:
    return ("data", "sequence_length") if attributes["use_sequence_length"] else ("data",)


def _complete(shapes: list[Shape | None], attributes: Attributes) -> Sequence[Shape | None]:
    data = shapes[0]
    if len(shapes) == 2 and data is not None and len(data) > 1:
        shapes[1] = (data[1 - attributes["axis"]],)
    return shapes


def _output_dtypes(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    return dtypes[:1]


def _check(shape: Sequence[int], lengths: Sequence[int] | None, axis: int, highest_axis: int = 1) -> None:
    if not 0 <= axis <= highest_axis:
        raise ValueError(f"axis={axis}; expected {'0 or 1' if highest_axis else '0'}, the axis of steps")
    if len(shape) < 2:
        raise ValueError(f"data has shape {tuple(shape)}; expected at least two axes, (T, N, ...)")
    if lengths is not None and tuple(lengths) != (shape[1 - axis],):
        raise ValueError(
            f"sequence_length has shape {tuple(lengths)}; expected ({shape[1 - axis]},), one for each sequence of "
            f"data {tuple(shape)}"
        )


def _same_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    lengths = shapes[1] if attributes["use_sequence_length"] else None
    _check(shapes[0], lengths, attributes["axis"])
    return [(shapes[0], dtypes[0])]


def _last_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    ((shape, dtype),) = _same_shape(shapes, dtypes, attributes)
    return [(shape[1:] if attributes["axis"] == 0 else (shape[0], *shape[2:]), dtype)]


def _lengths(
    data: Tensor, sequence_length: Tensor | None, wanted: bool, axis: int, highest_axis: int = 1
) -> Tensor | None:
    """Return the lengths, or None where every sequence has all steps, once everything fits."""
    if wanted and sequence_length is None:
        raise ValueError("sequence_length is missing; expected it with use_sequence_length=True")
    lengths = sequence_length if wanted else None
    _check(data.shape, None if lengths is None else lengths.shape, axis, highest_axis)
    return lengths


def sequence_operator(
    name: str, shape: ShapeRule, *, aliases: Sequence[str] = (), view: bool = False
) -> Callable[[Function], Function]:
    """Register an operator on ``(data, sequence_length)``, the second of which `use_sequence_length` asks for."""
    return operator(
        name,
        aliases=aliases,
        inputs=_inputs,
        complete=_complete,
        output_dtypes=_output_dtypes,
        shape=shape,
        view=view,
    )


@sequence_operator("SequenceMask", _same_shape, aliases=("_npx_sequence_mask",), view=True)
def sequence_mask(
    data: Tensor,
    sequence_length: Tensor | None = None,
    *,
    use_sequence_length: bool = False,
    value: float = 0.0,
    axis: int = 0,
) -> Tensor:
    """The data with `value` in all steps after the end of each sequence.

    Parameters
    ----------
    data : (T, N, ...), or (N, T, ...) with ``axis=1``
        Input.
    sequence_length : (N,), optional
        Lengths; present with `use_sequence_length`.
    use_sequence_length : bool
        Take lengths from `sequence_length`; otherwise the data is returned as it is.
    value : float
        What the other steps become, in the dtype of `data`.
    axis : {0, 1}
        The axis of steps.

    Returns
    -------
    array of the shape and dtype of `data`

    Examples
    --------
    >>> x, lengths = mx.nd.ones((3, 2)), mx.nd.array([1, 3])
    >>> mx.nd.SequenceMask(x, lengths, use_sequence_length=True).asnumpy().tolist()
    [[1.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
    """
    lengths, shape = _lengths(data, sequence_length, use_sequence_length, axis), data.shape
    if lengths is None:
        return data
    steps = torch.arange(shape[axis], device=data.device)
    after = steps.unsqueeze(1 - axis) >= lengths.long().unsqueeze(axis)  # (T, N) or (N, T)
    value = scalar_in(value, data.dtype)
    if len(shape) == 2:
        return data.masked_fill(after, value)
    if data.is_cpu and data.numel():  # a mask that is repeated along the last axes is slow there
        rows = after.reshape(-1).nonzero().view(-1)
        return data.reshape(after.numel(), -1).index_fill(0, rows, value).view(shape)
    return data.masked_fill(after.reshape(*after.shape, *(1,) * (len(shape) - 2)), value)


@sequence_operator("SequenceLast", _last_shape, view=True)
def sequence_last(
    data: Tensor, sequence_length: Tensor | None = None, *, use_sequence_length: bool = False, axis: int = 0
) -> Tensor:
    """The last step of each sequence.

    Parameters
    ----------
    data : (T, N, ...), or (N, T, ...) with ``axis=1``
        Input.
    sequence_length : (N,), optional
        Lengths from 1 to T (others are moved there); present with `use_sequence_length`.
    use_sequence_length : bool
        Take lengths from `sequence_length`; otherwise every sequence has T steps.
    axis : {0, 1}
        The axis of steps.

    Returns
    -------
    (N, ...), of the dtype of `data`

    Examples
    --------
    >>> x = mx.nd.array([[1, 2], [3, 4], [5, 6]])
    >>> mx.nd.SequenceLast(x).asnumpy().tolist()
    [5.0, 6.0]
    >>> mx.nd.SequenceLast(x, mx.nd.array([1, 2]), use_sequence_length=True).asnumpy().tolist()
    [1.0, 4.0]
    """
    lengths, shape = _lengths(data, sequence_length, use_sequence_length, axis), data.shape
    if not shape[axis]:
        raise ValueError(f"data has shape {tuple(shape)}, so no steps; expected at least one along axis={axis}")
    if lengths is None:
        return data.select(axis, -1)
    steps, batch = shape[axis], shape[1 - axis]
    step = (lengths.long() - 1).clamp(0, steps - 1)
    number = torch.arange(batch, device=data.device)
    row = step * batch + number if axis == 0 else number * steps + step
    return data.reshape(steps * batch, *shape[2:]).index_select(0, row)


def _reverse_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    _check(shapes[0], shapes[1] if attributes["use_sequence_length"] else None, attributes["axis"], highest_axis=0)
    return [(shapes[0], dtypes[0])]


@sequence_operator("SequenceReverse", _reverse_shape)
def sequence_reverse(
    data: Tensor, sequence_length: Tensor | None = None, *, use_sequence_length: bool = False, axis: int = 0
) -> Tensor:
    """The steps of each sequence in reverse order; those after its end stay where they are.

    Parameters
    ----------
    data : (T, N, ...)
        Input.
    sequence_length : (N,), optional
        Lengths from 0 to T (others are moved there); present with `use_sequence_length`.
    use_sequence_length : bool
        Take lengths from `sequence_length`; otherwise every sequence has T steps.
    axis : {0}
        The axis of steps; only 0.

    Returns
    -------
    (T, N, ...), of the dtype of `data`

    Examples
    --------
    >>> x = mx.nd.array([[1, 2], [3, 4], [5, 6]])
    >>> mx.nd.SequenceReverse(x, mx.nd.array([2, 3]), use_sequence_length=True).asnumpy().tolist()
    [[3.0, 6.0], [1.0, 4.0], [5.0, 2.0]]
    """
    lengths, shape = _lengths(data, sequence_length, use_sequence_length, axis, highest_axis=0), data.shape
    if lengths is None:
        return data.flip(0)
    steps, batch = shape[:2]
    step = torch.arange(steps, device=data.device).unsqueeze(1)  # (T, 1)
    length = lengths.long().clamp(max=steps)  # (N,)
    source = torch.where(step < length, length - 1 - step, step)  # (T, N)
    row = source * batch + torch.arange(batch, device=data.device)
    return data.reshape(steps * batch, *shape[2:]).index_select(0, row.reshape(-1)).reshape(shape)
