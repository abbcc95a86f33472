"""LSTM layers with what ONNX's LSTM lacks, projected outputs and bounds for the cells: a Scan over the steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..._ops.recurrent_layers import Layout
from .._writing import Graph, Value
from .loops import own

Bounds = tuple[float | None, float | None]


def step_by_step(
    graph: Graph,
    data: Value,
    pieces: Sequence[Value],
    states: Sequence[Value],
    layout: Layout,
    bounds: Bounds,
) -> list[Value]:
    """Return outputs and last states of LSTM layers.

    Parameters
    ----------
    graph : Graph
    data : (T, N, C)
    pieces : sequence of Value
        Weights and biases, one after the other as the vector of parameters has them.
    states : (L * D, N, P), (L * D, N, H) and, where sequences differ, (N,)
        First outputs, first cells, and lengths.
    layout : Layout
    bounds : pair of float or None
        Between these cells are kept.
    """
    each = layout.each()
    count = sum(len(shapes) for shapes in each)
    biases = pieces[count:]
    first, cells, lengths = states[0], states[1], states[2] if len(states) > 2 else None
    last: list[list[Value]] = [[], []]
    place = 0
    for layer in range(layout.layers):
        outputs: list[Value] = []
        for direction in range(layout.directions):
            number = layer * layout.directions + direction
            shapes = each[number]
            weights = [graph.op("Reshape", pieces[place + i], list(shape)) for i, shape in enumerate(shapes)]
            place += len(shapes)
            bias = biases[2 * number] + biases[2 * number + 1]
            begin = [_at(graph, value, number) for value in (first, cells)]
            found = _layer(graph, data, weights, bias, begin, lengths, bounds, direction == 1)
            outputs.append(found[0])
            for kept, value in zip(last, found[1:]):
                kept.append(value.unsqueeze(0))
        data = outputs[0] if len(outputs) == 1 else graph.op("Concat", *outputs, axis=2)
    ends = [kept[0] if len(kept) == 1 else graph.op("Concat", *kept, axis=0) for kept in last]
    return [data, *ends]


def _at(graph: Graph, states: Value, number: int) -> Value:
    return graph.op("Gather", states, np.array(number), axis=0)


def _layer(
    graph: Graph,
    data: Value,
    weights: Sequence[Value],
    bias: Value,
    begin: Sequence[Value],
    lengths: Value | None,
    bounds: Bounds,
    backward: bool,
) -> list[Value]:
    """Return the outputs of one direction of one layer, its last output and its last cell."""
    gates = graph.op("MatMul", data, weights[0].transpose(1, 0)) + bias
    inputs = [gates]
    if lengths is not None:
        steps = graph.op("Range", np.int64(0), graph.lengths(data, 0, 1).squeeze(0), np.int64(1), dtype=np.int64)
        inputs.append(steps.unsqueeze(1, 2).compare("Less", lengths.cast(np.int64).unsqueeze(1)))
    body = Graph(graph.opset, graph)
    body.scope = graph.scope
    output, cell = (body.input(name, data.dtype, None) for name in ("output", "cell"))
    gate = body.input("gates", data.dtype, None)
    recurrent, *projection = (weight.seen_from(body).transpose(1, 0) for weight in weights[1:])
    total = gate + body.op("MatMul", output, recurrent)
    into, forget, new, out = body.ops("Split", total, outputs=4, axis=-1, num_outputs=4 if graph.opset >= 18 else None)
    kept = body.op("Sigmoid", forget) * cell + body.op("Sigmoid", into) * body.op("Tanh", new)
    if bounds != (None, None):
        low, high = (None if bound is None else body.of(bound, data.dtype) for bound in bounds)
        kept = body.op("Clip", kept, low, high)
    shown = body.op("Sigmoid", out) * body.op("Tanh", kept)
    if projection:
        shown = body.op("MatMul", shown, projection[0])
    given = shown
    if lengths is not None:  # after the end of a sequence its states stay, and outputs are 0
        alive = body.input("alive", bool, None)
        given = alive.where_true(shown, 0)
        shown, kept = alive.where_true(shown, output), alive.where_true(kept, cell)
    outputs = own(body, [shown, kept, given])
    found = graph.ops(
        "Scan", *begin, *inputs, outputs=3, num_scan_inputs=len(inputs), dtype=data.dtype,
        scan_input_directions=[int(backward)] * len(inputs), scan_output_directions=[int(backward)],
        body=body.body(f"{graph.scope}_step", outputs),
    )  # fmt: skip
    return [found[2], found[0], found[1]]
