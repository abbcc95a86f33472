"""If, Loop and Scan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .graph import Scope, read_names
from .registry import Unsupported, reads
from .values import DTYPE_OF, Shapes, Value

#: A loop whose number of steps is known is written out up to this many steps.
_MOST_STEPS = 1000


class BodyUnread(Unsupported):
    """A graph inside a node has nodes that cannot be read; they are noted already."""


def read_body(call: Call, graph: Any, given: Mapping[str, Value]) -> list[Value]:
    """Return the outputs of a graph inside a node, read with these inputs."""
    from onnx import numpy_helper

    scope = Scope(call.scope, read_names(graph))
    scope.values.update(given)
    for tensor in graph.initializer:
        scope.values[tensor.name] = call.graph.constant(tensor.name, numpy_helper.to_array(tensor), trainable=True)
    known = len(call.graph.problems)
    call.graph.depth += 1
    try:
        call.graph.read(graph.node, scope)
    finally:
        call.graph.depth -= 1
    if len(call.graph.problems) > known:
        raise BodyUnread("a graph inside it cannot be read")
    found: list[Value] = []
    for item in graph.output:
        value = scope.find(item.name)
        if value is None:
            raise BodyUnread("a graph inside it cannot be read")
        found.append(value)
    return found


def placeholder(call: Call, name: str, symbol: Symbol, like: Value, shapes: Shapes | None = None) -> Value:
    """Return the tensor that a variable of a subgraph stands for."""
    shapes = like.shapes if shapes is None else shapes
    physical = tuple((1,) if shape == () else shape for shape in shapes)
    dtype = like.contents[0].dtype.name if like.contents is not None else _dtype_name(call, like)
    call.graph.facts.declare(symbol, physical, dtype)
    return Value(name, shapes, make=lambda: symbol)


def _dtype_name(call: Call, value: Value) -> str:
    dtype = call.graph.facts.of(value.symbol)[1]
    return "float32" if dtype is None else str(dtype)[6:]


def _result(call: Call, symbol: Symbol, like: Value) -> Value:
    """Return an output of a node of control flow, with what is known of it inside."""
    shapes = call.graph.facts.of(symbol)[0]
    if any(shape is None for shape in shapes):
        shapes = like.shapes
    return Value("", like.shapes if like.is_number else shapes, make=lambda: symbol)


@reads("If")
def conditional(call: Call) -> list[Any]:
    """Read a choice between two graphs: now, if the condition is known, else when the model runs."""
    branches = call.attribute("then_branch"), call.attribute("else_branch")
    known = call.value(0).constant
    if known is not None:
        return list(read_body(call, branches[0 if bool(known.reshape(-1)[0]) else 1], {}))
    made: list[list[Value]] = []

    def branch(graph: Any) -> list[Symbol]:
        made.append(read_body(call, graph, {}))
        return [value.symbol for value in made[-1]]

    condition = sym.Cast(call[0], dtype="float32")
    found = sym.contrib.cond(condition, lambda: branch(branches[0]), lambda: branch(branches[1]), name=call.name)
    symbols = found if isinstance(found, list) else [found]
    for first, second in zip(*made):
        if first.shape is not None and second.shape is not None and first.shape != second.shape:
            call.refuse(f"its branches make different shapes, {first.shape} and {second.shape}")
    return [_result(call, symbol, value) for symbol, value in zip(symbols, made[0])]


@reads("Loop")
def loop(call: Call) -> list[Any]:
    """Read a loop: written out if its end is known, else as a while_loop."""
    body = call.attribute("body")
    count = call.value(0).constant if call.has(0) else None
    if call.has(0) and count is None:
        return _while(call, body)
    start = call.value(1).constant if call.has(1) else np.array(True)
    if start is None:
        return _while(call, body)
    most = int(count.reshape(-1)[0]) if count is not None else _MOST_STEPS + 1
    state = [call.value(k) for k in range(2, len(call.inputs))]
    goes_on, rows = bool(start.reshape(-1)[0]), [[] for _ in body.output[1 + len(state) :]]
    names = [item.name for item in body.input]
    step = 0
    while goes_on and step < most:
        if step == _MOST_STEPS:
            call.refuse(f"takes more than {_MOST_STEPS} steps")
        given = [call.graph.constant(names[0], np.array(step)), call.graph.constant(names[1], np.array(True)), *state]
        found = read_body(call, body, dict(zip(names, given)))
        after = found[0].constant
        if after is None:
            return _while(call, body)
        goes_on, state = bool(after.reshape(-1)[0]), found[1 : 1 + len(state)]
        for row, value in zip(rows, found[1 + len(state) :]):
            row.append(value)
        step += 1
    return [*state, *(_stacked(call, row, item) for row, item in zip(rows, body.output[1 + len(state) :]))]


def _stacked(call: Call, row: list[Value], item: Any) -> Any:
    if not row:
        kind = item.type.tensor_type
        shape = (0, *(dimension.dim_value for dimension in kind.shape.dim))
        return call.graph.constant(item.name, np.zeros(shape, DTYPE_OF.get(kind.elem_type, "float32")))
    if all(value.constant is not None for value in row):
        return call.graph.constant(item.name, np.stack([np.asarray(value.constant) for value in row]))
    if row[0].is_number:
        return sym.concat(*(value.symbol for value in row), dim=0) if len(row) > 1 else row[0].symbol
    return sym.stack(*(value.symbol for value in row), axis=0)


def _while(call: Call, body: Any) -> list[Any]:
    """Read a loop whose end depends on data; what it collects step by step would have an open length."""
    state = [call.value(k) for k in range(2, len(call.inputs))]
    if len(body.output) > 1 + len(state):
        call.refuse("collects outputs in a loop whose number of steps depends on data")
    if any(value.items is not None for value in state):
        call.refuse("carries a sequence through a loop whose number of steps depends on data")
    names = [item.name for item in body.input]
    counter = call.graph.constant(names[0], np.array(0))
    goes_on = call.value(1) if call.has(1) else call.graph.constant(names[1], np.array(True))
    first = [_own(call, value) for value in (counter, goes_on, *state)]
    likes = [counter, goes_on, *state]
    limit = sym.Cast(call[0], dtype="float64") if call.has(0) else None
    inside: list[Value] = []

    def condition(step: Symbol, go: Symbol, *_: Symbol) -> Symbol:
        test = sym.Cast(go, dtype="float64")
        if limit is None:
            return test * (sym.Cast(step, dtype="float64") >= 0)
        return test * (sym.Cast(step, dtype="float64") < limit)

    def function(*variables: Symbol) -> tuple[list[Symbol], list[Symbol]]:
        given = [placeholder(call, name, var, like) for name, var, like in zip(names, variables, likes)]
        found = read_body(call, body, dict(zip(names, given)))
        inside[:] = found[1:]
        used = [value.symbol for value in found]
        both = sym.Cast(used[0], dtype="uint8") * sym.Cast(variables[1], dtype="uint8")
        used[0] = sym.Cast(both, dtype="bool")
        return [], [variables[0] + 1, *used]

    most = int(call.constant(0).reshape(-1)[0]) if call.has(0) and call.value(0).constant is not None else 2**31 - 1
    _, last = sym.contrib.while_loop(condition, function, first, max_iterations=max(1, most), name=call.name)
    return [_result(call, symbol, value) for symbol, value in zip(last[2:], inside)]


def _own(call: Call, value: Value) -> Symbol:
    """Return a symbol of its own for a loop variable."""
    if value.contents is not None:
        return call.literal(np.asarray(value.constant))
    return sym.identity(value.symbol)


@reads("Scan")
def scan(call: Call) -> list[Any]:
    """Read a function applied to the slices of tensors one after another."""
    body, count = call.attribute("body"), call.attribute("num_scan_inputs")
    if call.opset < 9:
        call.refuse("is of operator set 8; sets from 9 on are read")
    states = [call.value(k) for k in range(len(call.inputs) - count)]
    data = [call.value(k) for k in range(len(call.inputs) - count, len(call.inputs))]
    axes = call.attribute("scan_input_axes", [0] * count)
    backwards = call.attribute("scan_input_directions", [0] * count)
    names = [item.name for item in body.input]
    sliced = [_slices(value, axis, bool(back)) for value, axis, back in zip(data, axes, backwards)]
    made: list[Value] = []

    def step(slices: list[Symbol], variables: list[Symbol]) -> tuple[list[Symbol], list[Symbol]]:
        given = [placeholder(call, name, var, like) for name, var, like in zip(names, variables, states)]
        for name, var, value, axis in zip(names[len(states) :], slices, data, axes):
            shapes = tuple(_without(shape, axis) for shape in value.shapes)
            given.append(placeholder(call, name, var, value, shapes))
        found = read_body(call, body, dict(zip(names, given)))
        made[:] = found
        return [value.symbol for value in found[len(states) :]], [value.symbol for value in found[: len(states)]]

    outputs, last = sym.contrib.foreach(step, sliced, [_own(call, value) for value in states], name=call.name)
    turned = call.attribute("scan_output_directions", [0] * len(outputs))
    places = call.attribute("scan_output_axes", [0] * len(outputs))
    finished: list[Any] = [_result(call, symbol, value) for symbol, value in zip(last, made)]
    for symbol, value, back, axis in zip(outputs, made[len(states) :], turned, places):
        found = sym.reshape(symbol, shape=(-1,)) if value.is_number else symbol
        found = sym.flip(found, axis=0) if back else found
        if axis:
            rank = len(value.shape or ()) + 1
            order = list(range(1, rank))
            order.insert(axis % rank, 0)
            found = sym.transpose(found, axes=tuple(order))
        finished.append(found)
    return finished


def _slices(value: Value, axis: int, backwards: bool) -> Symbol:
    """Return a tensor with the axis that is walked along in front."""
    rank = len(value.shape or ())
    axis = axis % rank if rank else axis
    found = value.symbol
    if axis:
        found = sym.transpose(found, axes=(axis, *(k for k in range(rank) if k != axis)))
    if backwards:
        found = sym.flip(found, axis=0)
    return sym.expand_dims(found, axis=1) if rank == 1 else found


def _without(shape: tuple[int, ...] | None, axis: int) -> tuple[int, ...] | None:
    if shape is None:
        return None
    axis = axis % len(shape)
    return shape[:axis] + shape[axis + 1 :]
