"""Loops and branches whose bodies are graphs.

A node of these operators holds its bodies as subgraphs. How their variables and outputs hang together with the node's
inputs and outputs stands in its attributes, as MXNet writes them, and is read by one ``wiring`` function for each
operator: inference and the functions here both go by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .attributes import NonNegativeInt, PositiveInt, Shape
from .registry import Wiring, operator

Tensor = torch.Tensor
Body = Callable[[Sequence[Tensor]], Sequence[Tensor]]


def _outputs(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    count = attributes["num_outputs"]
    return ("output",) if count == 1 else tuple(f"output{i}" for i in range(count))


def _own(values: Sequence[Tensor], data: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Copy what is memory of an input: a body may hand its variables through."""
    inputs = {array.untyped_storage().data_ptr() for array in data}
    return tuple(value.clone() if value.untyped_storage().data_ptr() in inputs else value for value in values)


def _foreach_wiring(attributes: Mapping[str, Any]) -> Sequence[Wiring]:
    data, states = attributes["in_data_locs"], attributes["in_state_locs"]
    places = [*data, *states, *attributes["remain_locs"]]  # the subgraph's variable for each input of the node
    if sorted(places) != list(range(len(places))):
        raise ValueError(f"in_data_locs, in_state_locs and remain_locs must number all variables once, got {places}")
    order = sorted(range(len(places)), key=places.__getitem__)
    count = attributes["num_out_data"]
    return [
        Wiring(
            [(number, number < len(data)) for number in order],
            [(i, 0 if i < count else None) for i in range(attributes["num_outputs"])],
        )
    ]


@operator(
    "_foreach",
    subgraphs=("fn",),
    wiring=_foreach_wiring,
    outputs=_outputs,
)
def foreach(
    *data: Tensor,
    num_outputs: PositiveInt,
    num_out_data: NonNegativeInt,
    in_state_locs: Shape,
    in_data_locs: Shape,
    remain_locs: Shape,
    subgraphs: Sequence[Body],
) -> Sequence[Tensor]:
    """Run a graph on each piece of the inputs' first axis, with states from step to step: ``mx.sym.contrib.foreach``.

    Parameters
    ----------
    *data : arrays
        What is cut into pieces, each (T, ...), then the first states, then what stays the same in every step.
    num_outputs : int
        Number of outputs: those that are stacked, and the states.
    num_out_data : int
        How many of the outputs are stacked over the steps.
    in_state_locs, in_data_locs, remain_locs : tuple of int
        Which variable of the graph each input stands for.

    Returns
    -------
    arrays (T, ...), stacked over the steps, then the last states
    """
    (body,) = subgraphs
    (wiring,) = _foreach_wiring(
        {"in_data_locs": in_data_locs, "in_state_locs": in_state_locs, "remain_locs": remain_locs,
         "num_outputs": num_outputs, "num_out_data": num_out_data}
    )  # fmt: skip
    cut = len(in_data_locs)
    steps = _steps(data[:cut])
    numbers = [number for number, _ in wiring.inputs]
    pieces = [torch.unbind(array) for array in data[:cut]]
    states = list(data[cut : cut + len(in_state_locs)])
    remaining = data[cut + len(in_state_locs) :]
    stacks: list[list[Tensor]] = [[] for _ in range(num_out_data)]
    for step in range(steps):
        values = [*(piece[step] for piece in pieces), *states, *remaining]
        found = body([values[number] for number in numbers])
        for stack, value in zip(stacks, found):
            stack.append(value)
        states = list(found[num_out_data:])
    return (*(torch.stack(stack) for stack in stacks), *_own(states, data))


def _steps(arrays: Sequence[Tensor]) -> int:
    """Return the length of the axis that is cut into pieces."""
    lengths = [array.shape[0] if array.dim() else 0 for array in arrays]
    if len(set(lengths)) != 1:
        raise ValueError(f"the first axes of the data have lengths {lengths}; expected one length")
    if lengths[0] == 0:
        raise ValueError("the data's first axis is empty: there is no step to run, so no output to stack")
    return lengths[0]


def _while_wiring(attributes: Mapping[str, Any]) -> Sequence[Wiring]:
    stacked, rows = attributes["num_out_data"], attributes["max_iterations"]
    return [
        Wiring([(number, False) for number in attributes["cond_input_locs"]], []),
        Wiring(
            [(number, False) for number in attributes["func_input_locs"]],
            [(i, rows if i < stacked else None) for i in range(attributes["num_outputs"])],
        ),
    ]


@operator(
    "_while_loop",
    subgraphs=("cond", "func"),
    wiring=_while_wiring,
    outputs=_outputs,
)
def while_loop(
    *data: Tensor,
    num_outputs: PositiveInt,
    num_out_data: NonNegativeInt,
    max_iterations: PositiveInt,
    cond_input_locs: Shape,
    func_input_locs: Shape,
    func_var_locs: Shape,
    subgraphs: Sequence[Body],
) -> Sequence[Tensor]:
    """Run a graph again and again while another one says so: ``mx.sym.contrib.while_loop``.

    Parameters
    ----------
    *data : arrays
        The first loop variables, and what stays the same in every step.
    num_outputs : int
        Number of outputs: those that are stacked, and the loop variables.
    num_out_data : int
        How many of the outputs are stacked over the steps.
    max_iterations : int of at least 1
        The most steps, and the length of the stacked outputs' first axis. Rows of steps that were not taken are 0.
    cond_input_locs, func_input_locs : tuple of int
        Which input each variable of the condition and of the body stands for.
    func_var_locs : tuple of int
        Which variables of the body are loop variables.

    Returns
    -------
    arrays (max_iterations, ...), stacked over the steps, then the last loop variables
    """
    condition, body = subgraphs
    values = list(data)
    changing = [func_input_locs[i] for i in func_var_locs]
    stacks: list[list[Tensor]] = [[] for _ in range(num_out_data)]
    for _ in range(max_iterations):
        if not _is_true(condition([values[i] for i in cond_input_locs])[0]):
            break
        found = body([values[i] for i in func_input_locs])
        for stack, value in zip(stacks, found):
            stack.append(value)
        for number, value in zip(changing, found[num_out_data:]):
            values[number] = value
    if stacks and not stacks[0]:  # no step was taken; one shows the outputs' shapes
        with torch.no_grad():
            found = body([values[i] for i in func_input_locs])
        rows = [value.new_zeros((max_iterations, *value.shape)) for value in found[:num_out_data]]
    else:
        rows = [_padded(torch.stack(stack), max_iterations) for stack in stacks]
    return (*rows, *_own([values[number] for number in changing], data))


def _padded(rows: Tensor, length: int) -> Tensor:
    missing = length - rows.shape[0]
    return torch.cat([rows, rows.new_zeros((missing, *rows.shape[1:]))]) if missing else rows


def _is_true(value: Tensor) -> bool:
    if value.numel() != 1:
        raise ValueError(f"the condition has shape {tuple(value.shape)}; expected a single number")
    return bool(value)


def _cond_wiring(attributes: Mapping[str, Any]) -> Sequence[Wiring]:
    outputs = [(i, None) for i in range(attributes["num_outputs"])]
    return [
        Wiring([(number, False) for number in attributes["cond_input_locs"]], []),
        Wiring([(number, False) for number in attributes["then_input_locs"]], outputs),
        Wiring([(number, False) for number in attributes["else_input_locs"]], outputs),
    ]


@operator(
    "_cond",
    subgraphs=("cond", "then_branch", "else_branch"),
    wiring=_cond_wiring,
    outputs=_outputs,
)
def cond(
    *data: Tensor,
    num_outputs: PositiveInt,
    cond_input_locs: Shape,
    then_input_locs: Shape,
    else_input_locs: Shape,
    subgraphs: Sequence[Body],
) -> Sequence[Tensor]:
    """Run one of two graphs, as a third one says: ``mx.sym.contrib.cond``.

    Parameters
    ----------
    *data : arrays
        What the graphs read.
    num_outputs : int
        Number of outputs of either branch.
    cond_input_locs, then_input_locs, else_input_locs : tuple of int
        Which input each variable of the condition and of the branches stands for.

    Returns
    -------
    arrays, the outputs of the branch that was taken
    """
    condition, then, otherwise = subgraphs
    if _is_true(condition([data[i] for i in cond_input_locs])[0]):
        return _own(then([data[i] for i in then_input_locs]), data)
    return _own(otherwise([data[i] for i in else_input_locs]), data)
