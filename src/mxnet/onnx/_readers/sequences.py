"""Sequences of tensors and optional ones: lists that are followed while the graph is read."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ... import symbol as sym
from .call import Call
from .control_flow import read_body
from .registry import reads
from .values import WORLDS, Value


def _items(call: Call, index: int = 0) -> list[Value]:
    found = call.value(index).items
    if found is None:
        call.refuse(f"input {index} is no sequence")
    return found


def _sequence(items: list[Value]) -> Value:
    return Value("", (None,) * WORLDS, items=items)


def _place(call: Call, index: int) -> int:
    return int(call.constant(index).reshape(-1)[0])


@reads("SequenceConstruct")
def construct(call: Call) -> Value:
    """Read a sequence of tensors."""
    return _sequence([call.value(k) for k in range(len(call.inputs))])


@reads("SequenceEmpty")
def empty(call: Call) -> Value:
    """Read an empty sequence."""
    return _sequence([])


@reads("SequenceAt")
def at(call: Call) -> Value:
    """Read one tensor of a sequence."""
    return _items(call)[_place(call, 1)]


@reads("SequenceInsert")
def insert(call: Call) -> Value:
    """Read a sequence with one tensor more."""
    items = list(_items(call))
    place = _place(call, 2) if call.has(2) else len(items)
    items.insert(place, call.value(1))
    return _sequence(items)


@reads("SequenceErase")
def erase(call: Call) -> Value:
    """Read a sequence with one tensor less."""
    items = list(_items(call))
    del items[_place(call, 1) if call.has(1) else -1]
    return _sequence(items)


@reads("SequenceLength")
def length(call: Call) -> Value:
    """Read the number of tensors."""
    return call.graph.constant(call.outputs[0], np.array(len(_items(call))))


@reads("SplitToSequence")
def split(call: Call) -> Value:
    """Read a tensor cut into a sequence along an axis."""
    axis = call.axis(0)
    total = call.length(axis)
    keep = True
    if not call.has(1):
        sizes, keep = [1] * total, bool(call.attribute("keepdims", 1))
    elif call.value(1).is_number:
        size = _place(call, 1)
        sizes = [min(size, total - start) for start in range(0, total, size)]
    else:
        sizes = call.constant(1).tolist()
    edges = np.cumsum([0, *sizes]).tolist()
    items: list[Value] = []
    for begin, end in itertools.pairwise(edges):
        part = sym.slice_axis(call[0], axis=axis, begin=begin, end=end)
        part = part if keep else sym.squeeze(part, axis=axis)
        items.append(_of(call, part))
    return _sequence(items)


def _of(call: Call, symbol: Any) -> Value:
    return Value("", call.graph.facts.of(symbol)[0], make=lambda: symbol)


@reads("ConcatFromSequence")
def concat(call: Call) -> Any:
    """Read the tensors of a sequence joined along an axis, or along a new one."""
    items = [value.symbol for value in _items(call)]
    axis = call.attribute("axis")
    rank = len(_items(call)[0].shape or ())
    if call.attribute("new_axis", 0):
        return sym.stack(*items, axis=axis + rank + 1 if axis < 0 else axis)
    return sym.concat(*items, dim=axis + rank if axis < 0 else axis)


@reads("SequenceMap")
def map_body(call: Call) -> list[Value]:
    """Read a graph applied to every tensor of a sequence."""
    body = call.attribute("body")
    names = [item.name for item in body.input]
    rows: list[list[Value]] = [[] for _ in body.output]
    for number in range(len(_items(call))):
        given = [value.items[number] if value and value.items is not None else value for value in call.inputs]
        for row, value in zip(rows, read_body(call, body, dict(zip(names, given)))):  # type: ignore[arg-type]
            row.append(value)
    return [_sequence(row) for row in rows]


@reads("Optional")
def optional(call: Call) -> Value:
    """Read a tensor or sequence that may be missing."""
    return call.value(0)


@reads("OptionalGetElement")
def get_element(call: Call) -> Value:
    """Read what an optional value holds."""
    return call.value(0)


@reads("OptionalHasElement")
def has_element(call: Call) -> Value:
    """Read whether an optional value is there."""
    return call.graph.constant(call.outputs[0], np.array(call.has(0)))
