"""Steps that are repeated in a graph: ONNX's Loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .._writing import Graph, Value

#: What happens in a step: the graph inside, the step's number and the states become the new states and, if the loop
#: may end earlier, whether to go on.
Step = Callable[[Graph, Value, list[Value]], tuple[list[Value], Value | None]]


def repeated(graph: Graph, most: int, starts: Sequence[Value], step: Step) -> list[Value]:
    """Return the states after at most this many steps."""
    body = Graph(graph.opset, graph)
    body.scope = graph.scope
    number = body.input("number", np.int64, ())
    before = body.input("before", bool, ())
    states = [body.input("state", value.dtype, None) for value in starts]
    found, again = step(body, number, states)
    outputs = own(body, [before if again is None else again, *found])
    proto = body.body(f"{graph.scope}_body", outputs)
    results = graph.ops(
        "Loop", np.array(most, np.int64), graph.constant(True), *starts, outputs=len(starts), body=proto
    )
    for value, start in zip(results, starts):
        value.dtype, value.shape = start.dtype, start.shape
    return results


def own(graph: Graph, values: Sequence[Value]) -> list[Value]:
    """Return values that nodes of this graph make, each its own."""
    found: list[Value] = []
    for value in values:
        mine = value.made_by is not None and value.graph is graph and value not in found
        found.append(value if mine else graph.op("Identity", value, dtype=value.dtype))
    return found


def some(graph: Graph, truth: Value) -> Value:
    """Return whether anything is true."""
    return graph.reduce("ReduceMax", truth.cast(np.int32), None).cast(bool)
