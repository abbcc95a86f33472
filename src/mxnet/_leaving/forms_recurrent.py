"""The plain form of MXNet's fused recurrent layers: torch's own, which hold their parameters one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import torch

from .._graph.node import Entry, Node
from . import helpers
from .forms import Call, NotPlain, arguments, form, unless

Tensor = torch.Tensor


@form("RNN")
def rnn(call: Call) -> str:
    if call["lstm_state_clip_min"] is not None or call["lstm_state_clip_max"] is not None:
        raise NotPlain("its states are clipped")
    mode, size, projection = call["mode"], call["state_size"], call["projection_size"]
    if projection and (mode != "lstm" or projection >= size):
        raise NotPlain(f"projection_size is {projection} with mode {mode} and state_size {size}")
    kind = {"lstm": "LSTM", "gru": "GRU"}.get(mode, "RNN")
    width, tensors = _parameters(call)
    made = arguments(
        repr(width),
        repr(size),
        num_layers=unless(call["num_layers"], 1),
        nonlinearity='"relu"' if mode == "rnn_relu" else None,
        dropout=unless(call["p"], 0.0) if call["num_layers"] > 1 else None,
        bidirectional=unless(call["bidirectional"], False),
        proj_size=unless(projection or 0, 0),
    )
    layer = call.layer(f"nn.{kind}({made})", **tensors)
    count = 2 if mode == "lstm" else 1
    given = call.node.inputs[2 : 2 + count]
    state = None
    if not all(_is_zero(entry) for entry in given):
        state = call.inputs[2] if count == 1 else f"({call.inputs[2]}, {call.inputs[3]})"
    call.pattern = "{0}, ({1}, {2})" if count == 2 else "{0}, {1}"
    for index in range(call.count, 1 + count):
        call.pattern = call.pattern.replace(f"{{{index}}}", "_")
    if call["use_sequence_length"]:
        run = call.helper(helpers.recurrent_of_lengths)
        return f"{run}({arguments(layer, call.x, call.inputs[-1], *([] if state is None else [state]))})"
    return f"{layer}({arguments(call.x, *([] if state is None else [state]))})"


def _is_zero(entry: Entry) -> bool:
    node = entry.node
    return node.operator is not None and node.operator.name in ("_zeros", "_zeros_without_dtype")


def _parameters(call: Call) -> tuple[int, dict[str, Tensor | Entry]]:
    """Return the width of the data and torch's parameters: variables that are joined, or pieces of the one vector."""
    layers, sides = call["num_layers"], ("", "_reverse") if call["bidirectional"] else ("",)
    places = [f"l{layer}{side}" for layer in range(layers) for side in sides]
    kinds = ("weight_ih", "weight_hh", "weight_hr") if call["projection_size"] else ("weight_ih", "weight_hh")
    names = [f"{kind}_{place}" for place in places for kind in kinds]
    names += [f"{kind}_{place}" for place in places for kind in ("bias_ih", "bias_hh")]
    joined = list(_joined(call.node.inputs[1].node))
    if len(joined) == len(names) and all(entry.node.operator is None for entry in joined):
        values = [call.writer.held(entry) for entry in joined]
        if all(value is not None and value.dim() <= 2 for value in values):
            assert values[0] is not None
            return values[0].shape[1], dict(zip(names, joined))
    vector = call.held(1)
    if vector is None:
        raise NotPlain("its parameters are computed")
    return _pieces(call, names, vector)


def _joined(node: Node) -> Iterator[Entry]:
    """Yield the variables that a graph flattens and joins to the vector of parameters."""
    if node.operator is None or node.operator.name not in ("_rnn_param_concat", "Concat"):
        return
    for entry in node.inputs:
        below = entry.node
        while below.operator is not None and below.operator.name in ("Reshape", "Flatten") and len(below.inputs) == 1:
            entry = below.inputs[0]
            below = entry.node
        if re.fullmatch(r"Concat|_rnn_param_concat", below.operator.name if below.operator else ""):
            yield from _joined(below)
        else:
            yield entry


def _pieces(call: Call, names: list[str], vector: Tensor) -> tuple[int, dict[str, Tensor | Entry]]:
    gates = {"lstm": 4, "gru": 3}.get(call["mode"], 1)
    size, sides = call["state_size"], 2 if call["bidirectional"] else 1
    out = call["projection_size"] or size
    rows = gates * size
    fixed = 0
    shapes: dict[str, tuple[int, ...]] = {}
    for name in names:
        later = not re.search(r"_l0(_reverse)?$", name)
        if name.startswith("bias"):
            shapes[name] = (rows,)
        elif name.startswith("weight_hr"):
            shapes[name] = (out, size)
        elif name.startswith("weight_hh"):
            shapes[name] = (rows, out)
        else:
            shapes[name] = (rows, out * sides if later else 0)
        fixed += torch.Size(shapes[name]).numel()
    width, rest = divmod(vector.numel() - fixed, rows * sides)
    if rest or width < 1:
        raise NotPlain(f"its vector of {vector.numel()} parameters does not fit")
    found: dict[str, Tensor | Entry] = {}
    start = 0
    for name, shape in shapes.items():
        shape = tuple(n or width for n in shape)
        length = torch.Size(shape).numel()
        found[name] = vector[start : start + length].reshape(shape)
        start += length
    return width, found
