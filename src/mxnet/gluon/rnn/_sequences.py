"""Sequences as one array or one array for each step, and what follows from their lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ... import base, ndarray, symbol
from ...ndarray import NDArray
from ...symbol import Symbol

if TYPE_CHECKING:
    from ._base import RecurrentCell

#: An array or a symbol; what a cell is given tells which.
Tensor = Any
#: One tensor of all steps, or one for each step.
Steps = Any

tensor_types = (NDArray, Symbol)


def _time_axis(layout: str) -> int:
    axis = layout.find("T")
    if axis < 0:
        raise base.AssertionError(f"unroll: layout {layout!r} has no axis T; expected one such as 'NTC' or 'TNC'")
    return axis


def _space(value: Tensor) -> Any:
    """Return the module of functions for an array or a symbol."""
    return symbol if isinstance(value, Symbol) else ndarray


def _split(space: Any, steps: Tensor, length: int, axis: int) -> list[Tensor]:
    """Return the steps, also where there is only one."""
    found = space.split(steps, axis=axis, num_outputs=length, squeeze_axis=1)
    return list(found) if isinstance(found, list) or space is symbol else [found]


def _format_sequence(
    length: int | None, inputs: Steps, layout: str, merge: bool | None, in_layout: str | None = None
) -> tuple[Steps, int, Any, int]:
    """Return the steps as one tensor (`merge` True), as a list (False), or as they come (None).

    Parameters
    ----------
    length : int, optional
        Number of steps; by default as many as come.
    inputs : NDArray, Symbol or list of them
        The steps.
    layout : str
        Axes of a tensor of all steps, such as 'NTC'.
    merge : bool, optional
        What to return.
    in_layout : str, optional
        Axes of `inputs`, where they are not those of `layout`.

    Returns
    -------
    steps : NDArray, Symbol or list of them
    axis : int
        That of the steps in `layout`.
    F : module
        `mx.nd` or `mx.sym`.
    batch_size : int
        0 for symbols.
    """
    if inputs is None:
        raise base.AssertionError(
            "unroll: inputs is None; expected an array or a symbol, or a list of one for each step"
        )
    axis = layout.find("T")
    if isinstance(inputs, tensor_types):
        return _format_whole(length, inputs, layout, merge, in_layout or layout)
    if not isinstance(inputs, Sequence) or isinstance(inputs, str):
        raise base.TypeError(
            f"unroll: inputs is a {type(inputs).__name__}; expected an array, a symbol, or a list of one for each step"
        )
    if not inputs or length not in (None, len(inputs)):
        raise base.AssertionError(
            f"unroll: {len(inputs)} inputs came for {length or 'some'} steps; expected one for each"
        )
    space: Any = _space(inputs[0])
    batch_size = 0
    if space is ndarray:
        batch_size = inputs[0].shape[layout.replace("T", "").find("N")]
    if merge is not True:
        return inputs, axis, space, batch_size
    return space.stack(*inputs, axis=_time_axis(layout)), axis, space, batch_size


def _format_whole(
    length: int | None, inputs: Tensor, layout: str, merge: bool | None, in_layout: str
) -> tuple[Steps, int, Any, int]:
    """Return what `_format_sequence` does for a tensor of all steps."""
    axis, in_axis = layout.find("T"), in_layout.find("T")
    space: Any = _space(inputs)
    batch_size = 0
    if space is ndarray:
        batch_size = inputs.shape[in_layout.find("N")]
    if merge is not False:
        return (inputs if axis == in_axis else space.swapaxes(inputs, axis, in_axis)), axis, space, batch_size
    in_axis = _time_axis(in_layout)
    if space is ndarray:
        steps = inputs.shape[in_axis]
        if length not in (None, steps):
            raise base.AssertionError(
                f"unroll: inputs of shape {inputs.shape} have {steps} steps along axis {in_axis} (layout "
                f"{in_layout!r}); expected {length}"
            )
        return _split(space, inputs, steps, in_axis), axis, space, batch_size
    if len(inputs.list_outputs()) != 1:
        raise base.AssertionError(
            "unroll: inputs is a symbol with several outputs; pass list(inputs), or one symbol of all steps"
        )
    if length is None:
        raise base.MXNetError("unroll: the number of steps of a symbol is not known; give length")
    return _split(space, inputs, length, in_axis), axis, space, batch_size


def _get_begin_state(cell: RecurrentCell, F: Any, begin_state: Any, inputs: Steps, batch_size: int) -> list[Any]:
    """Return the states before the first step: the given ones, or zeros where and as the inputs are."""
    if begin_state is not None:
        return begin_state
    if F is symbol:
        return cell.begin_state(func=symbol.zeros, batch_size=batch_size)
    first = inputs if isinstance(inputs, NDArray) else inputs[0]
    # float32 is what states are anyway, and begin_state of other authors need not know dtype
    kind = {"dtype": first.dtype} if first._data.is_floating_point() and first._data.itemsize != 4 else {}
    with first.context:
        return cell.begin_state(func=ndarray.zeros, batch_size=batch_size, **kind)


def _mask_sequence_variable_length(
    F: Any, data: Steps, length: int, valid_length: Tensor, time_axis: int, merge: bool | None
) -> Steps:
    """Return the steps with zeros after the end of each sequence, as one tensor if `merge`, else as a list."""
    whole = data if isinstance(data, tensor_types) else F.stack(*data, axis=time_axis)
    masked = F.SequenceMask(whole, sequence_length=valid_length, use_sequence_length=True, axis=time_axis)
    if merge:
        return masked
    steps = F.split(masked, num_outputs=length, axis=time_axis, squeeze_axis=True)
    return list(steps) if isinstance(steps, list) or F is symbol else [steps]


def _reverse_sequences(
    sequences: Sequence[Tensor], unroll_step: int, valid_length: Tensor | None = None
) -> list[Tensor]:
    """Return the steps in reverse order; those of each sequence up to its end, where `valid_length` says where."""
    if valid_length is None:
        return list(reversed(sequences))
    F: Any = _space(sequences[0])
    whole = F.SequenceReverse(F.stack(*sequences, axis=0), sequence_length=valid_length, use_sequence_length=True)
    if unroll_step == 1 and F is ndarray:
        return [whole[0]]
    return list(F.split(whole, axis=0, num_outputs=unroll_step, squeeze_axis=True))


def _cells_state_info(cells: Sequence[RecurrentCell], batch_size: int) -> list[Any]:
    return [info for cell in cells for info in cell.state_info(batch_size)]


def _cells_begin_state(cells: Sequence[RecurrentCell], **kwargs: Any) -> list[Any]:
    return [state for cell in cells for state in cell.begin_state(**kwargs)]
