"""Recurrent layers: as MXNet's RNN where it computes the same, else step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .registry import reads

Activation = Callable[[Symbol], Symbol]

#: For each gate of MXNet, its number in ONNX.
_GATES = {"LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2], "RNN": [0]}
_USUAL = {"LSTM": ["sigmoid", "tanh", "tanh"], "GRU": ["sigmoid", "tanh"], "RNN": ["tanh"]}


class _Layer:
    """What a recurrent node says."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.kind = call.operator
        self.directions = call.length(0, 1)
        self.size = call.attribute("hidden_size", None) or call.length(2, 2)
        self.gates = len(_GATES[self.kind])
        self.is_reversed = call.text("direction", "forward") == "reverse"
        names = [n.decode() if isinstance(n, bytes) else n for n in call.attribute("activations", [])]
        usual = _USUAL[self.kind]
        self.activations = [name.lower() for name in names] or usual * self.directions
        self.batch_first = bool(call.attribute("layout", 0))
        self.x = sym.swapaxes(call[0], dim1=0, dim2=1) if self.batch_first else call[0]
        self.lengths = sym.Cast(call[4], dtype="int32") if call.has(4) else None

    @property
    def is_usual(self) -> bool:
        """Whether MXNet's RNN computes the same."""
        call = self.call
        known = self.activations == _USUAL[self.kind] * self.directions
        if self.kind == "RNN":
            known = self.activations in (["tanh"] * self.directions, ["relu"] * self.directions)
        if self.kind == "GRU":
            known = known and bool(call.attribute("linear_before_reset", 0))
        return known and "clip" not in call.attributes and not call.has(7) and not call.attribute("input_forget", 0)

    def state(self, index: int) -> Symbol:
        """Return an initial state (directions, batch, size), zeros if it is left out."""
        if self.call.has(index):
            found = self.call[index]
            return sym.swapaxes(found, dim1=0, dim2=1) if self.batch_first else found
        first = sym.zeros_like(sym.slice(self.x, begin=(0, None, 0), end=(1, None, 1)))
        return sym.broadcast_axis(first, axis=(0, 2), size=(self.directions, self.size))

    def turned(self, x: Symbol) -> Symbol:
        """Return sequences backwards, each within its own length."""
        if self.lengths is None:
            return sym.flip(x, axis=0)
        return sym.SequenceReverse(x, self.lengths, use_sequence_length=True)


@reads("LSTM", "GRU", "RNN")
def recurrent(call: Call) -> list[Symbol]:
    """Read a recurrent layer in one or both directions."""
    layer = _Layer(call)
    found = _fused(layer) if layer.is_usual else _stepwise(layer)
    if layer.batch_first:  # Y (batch, time, directions, size); states (batch, directions, size)
        outputs = [sym.transpose(found[0], axes=(2, 0, 1, 3))]
        return outputs + [sym.swapaxes(state, dim1=0, dim2=1) for state in found[1:]]
    return found


def _fused(layer: _Layer) -> list[Symbol]:
    x = layer.turned(layer.x) if layer.is_reversed else layer.x
    states = [layer.state(5)] + ([layer.state(6)] if layer.kind == "LSTM" else [])
    inputs = [x, _parameters(layer), *states]
    mode: Any = {"LSTM": "lstm", "GRU": "gru", "RNN": f"rnn_{layer.activations[0]}"}[layer.kind]
    extra: dict[str, Any] = {}
    if layer.lengths is not None:
        extra = {"sequence_length": layer.lengths, "use_sequence_length": True}
    made = sym.RNN(
        *inputs, state_size=layer.size, num_layers=1, bidirectional=layer.directions == 2, mode=mode,
        state_outputs=True, **extra,
    )  # fmt: skip
    y = layer.turned(made[0]) if layer.is_reversed else made[0]
    y = sym.reshape(y, shape=(0, 0, -4, layer.directions, -1))
    return [sym.transpose(y, axes=(0, 2, 1, 3)), *(made[k] for k in range(1, len(made)))]


def _parameters(layer: _Layer) -> Symbol:
    """Return all weights and biases as the one vector that RNN takes."""
    call, size, order = layer.call, layer.size, _GATES[layer.kind]
    count, rows = layer.directions, len(order) * layer.size
    constants = [call.value(k).constant for k in (1, 2)] + [call.value(3).constant if call.has(3) else None]
    if constants[0] is not None and constants[1] is not None and (constants[2] is not None or not call.has(3)):
        bias = constants[2] if constants[2] is not None else np.zeros((count, 2 * rows), constants[0].dtype)
        parts: list[np.ndarray] = []
        for d in range(count):
            parts += [
                matrix[d].reshape(len(order), size, -1)[order].reshape(-1)
                for matrix in constants[:2]
                if matrix is not None
            ]
        for d in range(count):
            parts += [half.reshape(len(order), size)[order].reshape(-1) for half in np.split(bias[d], 2)]
        return call.parameter("parameters", np.concatenate(parts))
    gates = call.literal(np.array(order, np.int64))
    pieces: list[Symbol] = []
    for d in range(count):
        for index in (1, 2):
            matrix = sym.slice_axis(call[index], axis=0, begin=d, end=d + 1)
            pieces.append(_flat(sym.take(sym.reshape(matrix, shape=(len(order), size, -1)), gates, axis=0)))
    for d in range(count):
        if not call.has(3):
            pieces.append(sym.zeros((2 * rows,), dtype=call.dtype()))
            continue
        bias = sym.reshape(sym.slice_axis(call[3], axis=0, begin=d, end=d + 1), shape=(2, len(order), size))
        pieces.append(_flat(sym.take(bias, gates, axis=1)))
    return sym.concat(*pieces, dim=0)


def _flat(x: Symbol) -> Symbol:
    return sym.reshape(x, shape=(-1,))


# -- step by step ------------------------------------------------------------------------------------------------


def _stepwise(layer: _Layer) -> list[Symbol]:
    """Return the outputs of a layer whose cell MXNet's RNN does not have."""
    outputs: list[Symbol] = []
    last: list[list[Symbol]] = []
    for d in range(layer.directions):
        backwards = layer.is_reversed or d == 1
        x = layer.turned(layer.x) if backwards else layer.x
        begin = [_of_direction(layer.state(5), d)]
        if layer.kind == "LSTM":
            begin.append(_of_direction(layer.state(6), d))
        y, states = sym.contrib.foreach(_step(layer, d), [x, sym.contrib.arange_like(x, axis=0)], begin)
        outputs.append(sym.expand_dims(layer.turned(y) if backwards else y, axis=1))
        last.append(states if isinstance(states, list) else [states])
    joined = outputs[0] if len(outputs) == 1 else sym.concat(*outputs, dim=1)
    states = [sym.stack(*(found[k] for found in last), axis=0) for k in range(len(last[0]))]
    return [joined, *states]


def _of_direction(x: Symbol, d: int) -> Symbol:
    return sym.squeeze(sym.slice_axis(x, axis=0, begin=d, end=d + 1), axis=0)


def _step(layer: _Layer, d: int) -> Callable[[list[Symbol], list[Symbol]], tuple[Symbol, list[Symbol]]]:
    """Return one step of a cell in one direction."""
    call, size = layer.call, layer.size
    w, r = _of_direction(call[1], d), _of_direction(call[2], d)
    rows = layer.gates * size
    biases: list[Symbol | None] = [None, None]
    if call.has(3):
        bias = _of_direction(call[3], d)
        biases = [sym.slice_axis(bias, axis=0, begin=k * rows, end=(k + 1) * rows) for k in (0, 1)]
    peepholes = list(sym.split(_of_direction(call[7], d), num_outputs=3, axis=0)) if call.has(7) else None
    functions = _functions(layer, d)
    cell = {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}[layer.kind]

    def step(data: list[Symbol], states: list[Symbol]) -> tuple[Symbol, list[Symbol]]:
        new = cell(layer, data[0], states, (w, r), biases, peepholes, functions)
        output = new[0]
        if layer.lengths is not None:
            running = sym.broadcast_greater(sym.Cast(layer.lengths, dtype="float32"), sym.reshape(data[1], shape=(1,)))
            mask = sym.broadcast_like(sym.expand_dims(running, axis=1), states[0])
            new = [sym.where(mask, now, before) for now, before in zip(new, states)]
            output = sym.where(mask, output, sym.zeros_like(output))
        else:
            output = sym.broadcast_add(output, 0 * sym.Cast(sym.reshape(data[1], shape=(1, 1)), dtype=call.dtype()))
        return output, new

    return step


def _affine(x: Symbol, weight: Symbol, bias: Symbol | None) -> Symbol:
    found = sym.dot(x, weight, transpose_b=True)
    return found if bias is None else sym.broadcast_add(found, bias)


def _limited(layer: _Layer, x: Symbol) -> Symbol:
    clip = layer.call.attribute("clip", None)
    return x if clip is None else sym.clip(x, a_min=-clip, a_max=clip)


def _lstm(
    layer: _Layer, x: Any, states: Any, weights: Any, biases: Any, peepholes: Any, functions: Any
) -> list[Symbol]:
    h, c = states
    f, g, after = functions
    total = _affine(x, weights[0], biases[0]) + _affine(h, weights[1], biases[1])
    i, o, forget, new = sym.split(total, num_outputs=4, axis=1)
    if peepholes is not None:
        i = i + sym.broadcast_mul(c, peepholes[0])
        forget = forget + sym.broadcast_mul(c, peepholes[2])
    i = f(_limited(layer, i))
    forget = 1 - i if layer.call.attribute("input_forget", 0) else f(_limited(layer, forget))
    cell = forget * c + i * g(_limited(layer, new))
    if peepholes is not None:
        o = o + sym.broadcast_mul(cell, peepholes[1])
    return [f(_limited(layer, o)) * after(cell), cell]


def _gru(
    layer: _Layer, x: Any, states: Any, weights: Any, biases: Any, _peepholes: Any, functions: Any
) -> list[Symbol]:
    (h,) = states
    f, g = functions
    z, r, new = sym.split(_affine(x, weights[0], biases[0]), num_outputs=3, axis=1)
    size = layer.size
    gates = sym.slice_axis(weights[1], axis=0, begin=0, end=2 * size)
    last = sym.slice_axis(weights[1], axis=0, begin=2 * size, end=3 * size)
    bias = biases[1]
    gate_bias = None if bias is None else sym.slice_axis(bias, axis=0, begin=0, end=2 * size)
    last_bias = None if bias is None else sym.slice_axis(bias, axis=0, begin=2 * size, end=3 * size)
    hz, hr = sym.split(_affine(h, gates, gate_bias), num_outputs=2, axis=1)
    z, r = f(_limited(layer, z + hz)), f(_limited(layer, r + hr))
    if layer.call.attribute("linear_before_reset", 0):
        hidden = r * _affine(h, last, last_bias)
    else:
        hidden = _affine(r * h, last, last_bias)
    new = g(_limited(layer, new + hidden))
    return [(1 - z) * new + z * h]


def _rnn(
    layer: _Layer, x: Any, states: Any, weights: Any, biases: Any, _peepholes: Any, functions: Any
) -> list[Symbol]:
    total = _affine(x, weights[0], biases[0]) + _affine(states[0], weights[1], biases[1])
    return [functions[0](_limited(layer, total))]


def _functions(layer: _Layer, d: int) -> list[Activation]:
    """Return the activations of one direction; their numbers are handed out in the order of those that take some."""
    alphas, betas = (list(layer.call.attribute(name, [])) for name in ("activation_alpha", "activation_beta"))
    count = len(layer.activations) // layer.directions
    found = [_function(layer.call, name, alphas, betas) for name in layer.activations]
    return found[d * count : (d + 1) * count]


def _function(call: Call, name: str, alphas: list[float], betas: list[float]) -> Activation:
    def taken(numbers: list[float], usual: float) -> float:
        return numbers.pop(0) if numbers else usual

    simple: dict[str, Activation] = {
        "relu": sym.relu, "tanh": sym.tanh, "sigmoid": sym.sigmoid, "softsign": sym.softsign,
        "softplus": lambda x: sym.Activation(x, act_type="softrelu"),
    }  # fmt: skip
    if name in simple:
        return simple[name]
    usual = {"affine": (1.0, 0.0), "leakyrelu": (0.01, None), "thresholdedrelu": (1.0, None), "elu": (1.0, None),
             "scaledtanh": (1.0, 1.0), "hardsigmoid": (0.2, 0.5)}  # fmt: skip
    if name not in usual:
        call.refuse(f"uses the activation {name!r}")
    alpha = taken(alphas, usual[name][0])
    beta = 0.0 if usual[name][1] is None else taken(betas, usual[name][1] or 0.0)
    table: dict[str, Activation] = {
        "affine": lambda x: alpha * x + beta,
        "leakyrelu": lambda x: sym.LeakyReLU(x, act_type="leaky", slope=alpha),
        "thresholdedrelu": lambda x: sym.where(x > alpha, x, sym.zeros_like(x)),
        "elu": lambda x: sym.LeakyReLU(x, act_type="elu", slope=alpha),
        "scaledtanh": lambda x: alpha * sym.tanh(beta * x),
        "hardsigmoid": lambda x: sym.hard_sigmoid(x, alpha=alpha, beta=beta),
    }
    return table[name]
