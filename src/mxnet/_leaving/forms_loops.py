"""Loops and branches: their bodies become methods of the module, which helpers call."""

from __future__ import annotations

from collections.abc import Sequence

from . import helpers_loops as helpers
from .forms import Call, form


def _lambda(call: Call, number: int, names: Sequence[str], given: Sequence[str]) -> str:
    """Return a function of `names` that calls a body; `given` holds what each of its variables is."""
    method = call.writer.method(call.node, number)
    passed = [text for text, place in zip(given, call.writer.passed(call.node, number)) if place is not None]
    if passed == list(names):
        return method
    return f"lambda {', '.join(names)}: {method}({', '.join(passed)})"


def _unpacked(call: Call) -> None:
    """Take the result apart, which is a tuple of one here, too."""
    if call.count == 1:
        call.pattern = "({0},)"


def _tuple(values: Sequence[str]) -> str:
    return f"({', '.join(values)}{',' if len(values) == 1 else ''})"


@form("_foreach")
def foreach(call: Call) -> str:
    _unpacked(call)
    cut, count = len(call["in_data_locs"]), len(call["in_state_locs"])
    places = (*call["in_data_locs"], *call["in_state_locs"])
    names = [*_names(call, "row", cut), *_names(call, "state", count)]
    given = [""] * len(call.inputs)
    for place, name in zip(places, names):
        given[place] = name
    for place, value in zip(call["remain_locs"], call.inputs[cut + count :]):
        given[place] = value
    step = _lambda(call, 0, names, given)
    data, states = _tuple(call.inputs[:cut]), _tuple(call.inputs[cut : cut + count])
    return f"{call.helper(helpers.foreach)}({step}, {data}, {states}, {call['num_out_data']})"


@form("_while_loop")
def while_loop(call: Call) -> str:
    _unpacked(call)
    inside = call["func_input_locs"]
    changing = [inside[place] for place in call["func_var_locs"]]
    names = _names(call, "state", len(changing))
    values = list(call.inputs)
    for number, name in zip(changing, names):
        values[number] = name
    condition = _lambda(call, 0, names, [values[i] for i in call["cond_input_locs"]])
    step = _lambda(call, 1, names, [values[i] for i in inside])
    starts = _tuple([call.inputs[number] for number in changing])
    most, outputs = call["max_iterations"], call["num_out_data"]
    return f"{call.helper(helpers.while_loop)}({condition}, {step}, {starts}, {most}, {outputs})"


@form("_cond")
def cond(call: Call) -> str:
    _unpacked(call)
    calls: list[str] = []
    for number, places in enumerate(("cond_input_locs", "then_input_locs", "else_input_locs")):
        method = call.writer.method(call.node, number)
        given = zip(call[places], call.writer.passed(call.node, number))
        calls.append(f"{method}({', '.join(call.inputs[i] for i, place in given if place is not None)})")
    condition, then, otherwise = calls
    return f"{call.helper(helpers.branch)}({condition}[0], lambda: {then}, lambda: {otherwise})"


def _names(call: Call, name: str, count: int) -> list[str]:
    return [call.writer.local(name if count == 1 else f"{name}{number}") for number in range(count)]
