"""Recurrent layers: one ONNX node for each layer, of both directions."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._ops.recurrent_layers import Layout
from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value
from .projected import step_by_step

#: Where each gate of ONNX stands in MXNet's order: i, f, g, o become i, o, f, g; and r, z, n become z, r, n.
_ORDERS = {"lstm": [0, 3, 1, 2], "gru": [1, 0, 2], "rnn_tanh": [0], "rnn_relu": [0]}
_KINDS = {"lstm": "LSTM", "gru": "GRU", "rnn_tanh": "RNN", "rnn_relu": "RNN"}


@translates("RNN")
def rnn(
    graph: Graph,
    data: Value,
    parameters: Value,
    state: Value,
    *others: Value,
    state_size: int,
    num_layers: int,
    bidirectional: bool,
    mode: str,
    state_outputs: bool,
    projection_size: int | None,
    lstm_state_clip_min: float | None,
    lstm_state_clip_max: float | None,
    use_sequence_length: bool,
    node: Applied,
) -> list[Value]:
    features = data.axes[2]
    if not isinstance(features, int):
        raise CannotTranslate("the number of features changes with the inputs")
    directions = 2 if bidirectional else 1
    layout = Layout(mode, features, state_size, projection_size, num_layers, directions)
    bounds = (lstm_state_clip_min, lstm_state_clip_max)
    if projection_size is not None or (mode == "lstm" and bounds != (None, None)):
        made = step_by_step(graph, data, _pieces(graph, parameters, layout), [state, *others], layout, bounds)
        return made if state_outputs else made[:1]
    weights = _weights(graph, parameters, layout)
    lengths = _lengths(graph, others[-1], data) if use_sequence_length else None
    states = [state, *others[:1]] if mode == "lstm" else [state]
    last: list[list[Value]] = []
    for layer in range(num_layers):
        first = [_part(graph, value, layer * directions, directions, num_layers) for value in states]
        options: dict[str, Any] = {"hidden_size": state_size}
        if bidirectional:
            options["direction"] = "bidirectional"
        if mode == "gru":
            options["linear_before_reset"] = 1
        if mode == "rnn_relu":
            options["activations"] = ["Relu"] * directions
        found = graph.ops(
            _KINDS[mode], data, *weights[layer], lengths, *first, outputs=1 + len(states), dtype=data.dtype, **options
        )
        data = _joined(found[0], directions)
        last.append([_begun(graph, end, begin, lengths) for end, begin in zip(found[1:], first)])
    if not state_outputs:
        return [data]
    ends = [found[0] if len(found) == 1 else graph.op("Concat", *found, axis=0) for found in zip(*last)]
    return [data, *ends]


def _begun(graph: Graph, end: Value, begin: Value | None, lengths: Value | None) -> Value:
    """Return the state after the last step; for a sequence without steps the first one, where ONNX has 0."""
    if begin is None or lengths is None:
        return end
    return lengths.compare("Equal", 0).unsqueeze(0, 2).where_true(begin, end)


def _joined(output: Value, directions: int) -> Value:
    """Return (T, N, directions * H) from (T, directions, N, H)."""
    if directions == 1:
        return output.squeeze(1)
    return output.transpose(0, 2, 1, 3).reshape(0, 0, -1)


def _lengths(graph: Graph, lengths: Value, data: Value) -> Value:
    steps = graph.length(data.axes[0], data)
    most = np.array(steps, np.int64) if isinstance(steps, int) else steps.squeeze(0)
    return graph.op("Clip", lengths.cast(np.int64), np.array(0, np.int64), most).cast(np.int32)


def _part(graph: Graph, state: Value, first: int, count: int, layers: int) -> Value | None:
    """Return the states of one layer; None where they are 0, which ONNX takes then."""
    if is_zero(state):
        return None
    return state if layers == 1 else state.part(0, first, first + count)


def is_zero(value: Value) -> bool:
    """Return whether a value is known to be 0 everywhere."""
    if value.is_known:
        return value.array is not None and not value.array.any()
    draft = value.made_by
    if draft is None or draft.kind != "ConstantOfShape":
        return False
    from onnx import numpy_helper

    return not numpy_helper.to_array(draft.attributes["value"]).any()


def _weights(graph: Graph, parameters: Value, layout: Layout) -> list[tuple[Value, Value, Value]]:
    """Return W, R and B of each layer, of both directions and with ONNX's order of gates."""
    pieces = _pieces(graph, parameters, layout)
    each = layout.each()
    weights, biases = pieces[: 2 * len(each)], pieces[2 * len(each) :]
    order = _ORDERS[layout.mode]
    found: list[tuple[Value, Value, Value]] = []
    for layer in range(layout.layers):
        rows: list[list[Value]] = [[], [], []]
        for direction in range(layout.directions):
            number = layer * layout.directions + direction
            shapes = each[number]
            for kind in range(2):
                weight = _with_gates(graph, weights[2 * number + kind], order, shapes[kind])
                rows[kind].append(weight)
            both = [_with_gates(graph, biases[2 * number + kind], order, shapes[0][:1]) for kind in range(2)]
            rows[2].append(_together(graph, both, 0))
        found.append(tuple(_stacked(graph, values) for values in rows))  # type: ignore[arg-type]
    return found


def _pieces(graph: Graph, parameters: Value, layout: Layout) -> list[Value]:
    """Return the pieces of the vector of parameters, as constants if it is one."""
    bounds = np.cumsum([0, *layout.sizes()]).tolist()
    array = parameters.array if parameters.is_known else None
    if array is not None:
        return [graph.constant(array[a:b], name=f"{graph.scope}_piece") for a, b in itertools.pairwise(bounds)]
    return [parameters.part(0, a, b) for a, b in itertools.pairwise(bounds)]


def _with_gates(graph: Graph, piece: Value, order: Sequence[int], shape: Sequence[int]) -> Value:
    """Return one weight or bias with its gates in ONNX's order."""
    each = shape[0] // len(order)
    if piece.is_known and piece.array is not None:
        turned = piece.array.reshape(len(order), each, *shape[1:])[list(order)].reshape(shape)
        return graph.constant(turned, name=f"{graph.scope}_turned")
    apart = piece.reshape(len(order), each, *shape[1:])
    return graph.op("Gather", apart, np.array(order), axis=0).reshape(*shape)


def _together(graph: Graph, values: Sequence[Value], axis: int) -> Value:
    arrays = [value.array if value.is_known else None for value in values]
    known = [array for array in arrays if array is not None]
    if len(known) == len(values):
        return graph.constant(np.concatenate(known, axis), name=f"{graph.scope}_bias")
    return values[0] if len(values) == 1 else graph.op("Concat", *values, axis=axis)


def _stacked(graph: Graph, values: Sequence[Value]) -> Value:
    known = [value.array for value in values if value.is_known and value.array is not None]
    if len(known) == len(values):
        return graph.constant(np.stack(known), name=f"{graph.scope}_weight")
    return _together(graph, [value.unsqueeze(0) for value in values], 0)
