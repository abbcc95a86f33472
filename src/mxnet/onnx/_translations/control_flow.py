"""Loops and branches: their bodies become graphs inside of a node, which may read the values around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..._graph.node import Entry, topological_order
from .._lengths import Shapes
from .._translating import Applied, translates, translations
from .._writing import Graph, Value
from .loops import own


class _Body:
    """One graph inside of a node."""

    def __init__(self, graph: Graph, heads: Sequence[Entry], shapes: Shapes) -> None:
        self.graph = Graph(graph.opset, graph)
        self.graph.scope = graph.scope
        self.heads = heads
        self.order = topological_order(heads)
        self.variables = [node for node in self.order if node.operator is None]
        self.shapes = shapes

    def input(self, number: int) -> Value:
        """Add an input of the graph in place of one of its variables."""
        node = self.variables[number]
        entry = Entry(node, 0)
        return self.graph.input(node.name, self.shapes.dtype(entry), self.shapes.shape(entry))

    def outputs(self, variables: Sequence[Value], inside: Graph | None = None) -> list[Value]:
        """Translate, with these values for the variables, and return the outputs."""
        from .._export import walk  # the walk over nodes knows all translations, this one too

        target = inside or self.graph
        scope = target.scope
        seen = [value.seen_from(target) for value in variables]
        places = {(id(node), 0): value for node, value in zip(self.variables, seen)}
        walk(target, self.order, self.shapes, places, translations())
        target.scope = scope
        return [places[id(entry.node), entry.index] for entry in self.heads]


@translates("_foreach")
def foreach(
    graph: Graph,
    *data: Value,
    num_out_data: int,
    in_state_locs: tuple[int, ...],
    in_data_locs: tuple[int, ...],
    remain_locs: tuple[int, ...],
    node: Applied,
) -> list[Value]:
    body = _Body(graph, node.node.subgraphs[0], node.inner[0])
    cut, states = len(in_data_locs), len(in_state_locs)
    variables: list[Value | None] = [None] * len(body.variables)
    for place in (*in_state_locs, *in_data_locs):  # ONNX has the states first
        variables[place] = body.input(place)
    for place, value in zip(remain_locs, data[cut + states :]):
        variables[place] = value
    made = body.outputs([value for value in variables if value is not None])
    outputs = own(body.graph, [*made[num_out_data:], *made[:num_out_data]])
    proto = body.graph.body(f"{graph.scope}_body", outputs)
    found = graph.ops(
        "Scan", *data[cut : cut + states], *data[:cut], outputs=len(outputs), num_scan_inputs=cut, body=proto
    )
    for value, inner in zip(found, outputs):
        value.dtype = inner.dtype
    return [*found[states:], *found[:states]]


@translates("_while_loop")
def while_loop(
    graph: Graph,
    *data: Value,
    num_out_data: int,
    max_iterations: int,
    cond_input_locs: tuple[int, ...],
    func_input_locs: tuple[int, ...],
    func_var_locs: tuple[int, ...],
    node: Applied,
) -> list[Value]:
    condition, body = (_Body(graph, heads, inner) for heads, inner in zip(node.node.subgraphs, node.inner))
    changing = [func_input_locs[place] for place in func_var_locs]
    first = condition.outputs([data[i] for i in cond_input_locs], graph)[0].reshape().cast(bool)
    body.graph.input("iteration", np.int64, ())
    body.graph.input("condition", bool, ())
    values = list(data)
    variables: list[Value] = [values[i] for i in func_input_locs]
    for place, number in zip(func_var_locs, changing):
        values[number] = variables[place] = body.input(place)
    made = body.outputs(variables)
    for number, value in zip(changing, made[num_out_data:]):
        values[number] = value
    again = condition.outputs([values[i] for i in cond_input_locs], body.graph)[0].reshape().cast(bool)
    outputs = own(body.graph, [again, *made[num_out_data:], *made[:num_out_data]])
    proto = body.graph.body(f"{graph.scope}_body", outputs)
    starts = [data[number] for number in changing]
    found = graph.ops("Loop", np.array(max_iterations, np.int64), first, *starts, outputs=len(outputs) - 1, body=proto)
    for value, inner in zip(found, outputs[1:]):
        value.dtype = inner.dtype
    rows = [
        _padded(graph, value, max_iterations, len(node.shapes[i] or ())) for i, value in enumerate(found[len(starts) :])
    ]
    return [*rows, *found[: len(starts)]]


def _padded(graph: Graph, rows: Value, length: int, rank: int) -> Value:
    """Put rows of zeros behind those of the steps that were taken."""
    missing = graph.op("Sub", graph.constant([length], np.int64), graph.lengths(rows, 0, 1))
    return graph.op("Pad", rows, graph.vector([*[0] * rank, missing, *[0] * (rank - 1)]))


@translates("_cond")
def cond(
    graph: Graph,
    *data: Value,
    cond_input_locs: tuple[int, ...],
    then_input_locs: tuple[int, ...],
    else_input_locs: tuple[int, ...],
    node: Applied,
) -> list[Value]:
    condition, then, otherwise = (_Body(graph, heads, inner) for heads, inner in zip(node.node.subgraphs, node.inner))
    truth = condition.outputs([data[i] for i in cond_input_locs], graph)[0].reshape().cast(bool)
    branches = {}
    for name, body, places in (("then", then, then_input_locs), ("else", otherwise, else_input_locs)):
        outputs = own(body.graph, body.outputs([data[i] for i in places]))
        branches[f"{name}_branch"] = body.graph.body(f"{graph.scope}_{name}", outputs)
    found = graph.ops("If", truth, outputs=len(node.shapes), **branches)
    for value, dtype in zip(found, node.dtypes):
        value.dtype = dtype
    return found
