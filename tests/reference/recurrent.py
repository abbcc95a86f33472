"""References for mxnet/_ops/recurrent.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample

GATES = {"rnn_relu": 1, "rnn_tanh": 1, "gru": 3, "lstm": 4}
RELU = "1.9.1 computes the rectifier in float32"
CPU = "1.9.1 ignores it on a CPU"
HALF = "1.9.1 has no float16 on a CPU"
PROJECTION = "1.9.1 has no gradient with a projection on a CPU"


def _length(mode, inputs, size, layers, directions, width):
    """Number of parameters."""
    gates, total = GATES[mode] * size, 0
    for layer in range(layers):
        columns = width * directions if layer else inputs
        total += directions * (gates * (columns + width + 2) + (width * size if width != size else 0))
    return total


def _arrays(mode, steps, batch, inputs, size, layers=1, directions=1, width=None, dtype="float32", seed=0):
    width = width or size
    count = _length(mode, inputs, size, layers, directions, width)
    arrays = [
        normal(steps, batch, inputs, dtype=dtype, seed=seed),
        normal(count, dtype=dtype, seed=seed, scale=0.5),
        normal(layers * directions, batch, width, dtype=dtype, seed=seed + 1),
    ]
    return [*arrays, normal(layers * directions, batch, size, dtype=dtype, seed=seed + 2)][: 4 if mode == "lstm" else 3]


def _call(mode, *shape, layers=1, directions=1, width=None, dtype="float32", lengths=None, seed=0, **options):
    """A sample of steps, batch, inputs and size of the state."""
    arrays = _arrays(mode, *shape, layers, directions, width, dtype, seed)
    if directions == 2:
        options["bidirectional"] = True
    if width:
        options["projection_size"] = width
    if lengths is not None:
        arrays.append(np.array(lengths, dtype))
        options["use_sequence_length"] = True
    return sample(*arrays, mode=mode, state_size=shape[3], num_layers=layers, **options)


def _bad(mode, arrays, match, **options):
    return bad(*arrays, match=match, **{"mode": mode, "state_size": 2, "num_layers": 1, **options})


GOOD = _arrays("lstm", 3, 2, 2, 2)


@reference(
    "RNN",
    samples=[
        *(_call(mode, 3, 2, 3, 2, state_outputs=True) for mode in GATES),
        *(_call(mode, 3, 2, 3, 2) for mode in GATES),
        *(_call(mode, 4, 2, 2, 3, layers=2, directions=2, state_outputs=True) for mode in GATES),
        *(_call(mode, 1, 1, 1, 1, state_outputs="True") for mode in GATES),
        *(_call(mode, 2, 3, 2, 2, layers=3, state_outputs=True, training=False, p=0.5) for mode in GATES),
        *(_call(mode, 3, 2, 2, 2, directions=2, state_outputs=True, dtype="float64", golden=mode != "rnn_relu",
                why=RELU) for mode in GATES),
        *(_call(mode, 3, 2, 2, 2, layers=2, state_outputs=True, dtype="float16", golden=False, differentiable=False,
                why=HALF) for mode in GATES),
        *(_call(mode, 3, 0, 2, 2, state_outputs=True, golden=False, why="1.9.1 knows no arrays of size zero here")
          for mode in GATES),
        *(_call(mode, 0, 2, 2, 2, state_outputs=True, golden=False, why="1.9.1 knows no arrays of size zero here")
          for mode in GATES),
        _call("lstm", 3, 2, 3, 4, width=2, layers=2, directions=2, state_outputs=True, golden=False, why=PROJECTION),
        _call("lstm", 2, 1, 1, 2, width=3, golden=False, why=PROJECTION),
        _call("lstm", 4, 2, 2, 3, state_outputs=True, lstm_state_clip_min=-0.2, lstm_state_clip_max=0.3, golden=False,
              why=CPU),
        _call("lstm", 4, 2, 2, 3, layers=2, directions=2, width=2, lstm_state_clip_max=0.2, lstm_state_clip_nan=True,
              golden=False, why=CPU),
        _call("lstm", 4, 3, 2, 3, state_outputs=True, lengths=(2, 4, 0), golden=False, why=CPU),
        _call("lstm", 4, 3, 2, 3, lengths=(2, 4, 0), golden=False, why=CPU),
        _call("lstm", 4, 3, 2, 2, layers=2, directions=2, state_outputs=True, lengths=(1, 3, 4), golden=False, why=CPU),
        _call("lstm", 4, 3, 2, 2, directions=2, width=3, state_outputs=True, lengths=(1, 3, 7),
              lstm_state_clip_min=-0.1, golden=False, why=CPU),
    ],
    bad=[
        _bad("lstm", (normal(3, 2), *GOOD[1:]), r"data has shape \(3, 2\); expected \(T, N, C\)"),
        _bad("lstm", (GOOD[0], normal(39), *GOOD[2:]), r"parameters has shape \(39,\); expected \(48,\)"),
        _bad("lstm", (*GOOD[:2], normal(1, 1, 2), GOOD[3]), r"state has shape \(1, 1, 2\); expected \(1, 2, 2\)"),
        _bad("lstm", (*GOOD[:3], normal(1, 2, 3)), r"state_cell has shape \(1, 2, 3\); expected \(1, 2, 2\)"),
        _bad("lstm", (*GOOD, normal(3)), r"sequence_length has shape \(3,\); expected \(2,\)",
             use_sequence_length=True),
        _bad("lstm", GOOD[:3], "'state_cell' is missing"),
        _bad("lstm", (GOOD[0], GOOD[1].astype("float64"), *GOOD[2:]), "parameters is float64 and data float32"),
        _bad("lstm", [x.astype("int32") for x in GOOD], "data is int32; expected a floating dtype"),
        _bad("lstm", GOOD, "at least 1, got 0", num_layers=0),
        _bad("lstm", GOOD, "at least 1, got 0", state_size=0),
        _bad("lstm", GOOD, "from 0.0 to 1.0, got 1.5", p=1.5),
        _bad("lstm", GOOD, "projection_size is 0 with mode='lstm'", projection_size=0),
        _bad("gru", _arrays("gru", 3, 2, 2, 2), "projection_size is 2 with mode='gru'", projection_size=2),
        _bad("lstm", GOOD, "expected min <= max", lstm_state_clip_min=1.0, lstm_state_clip_max=0.0),
    ],
    benchmark=lambda: _call("lstm", 35, 32, 200, 200, layers=2, state_outputs=True),
)  # fmt: skip
def rnn(
    data, parameters, state, state_cell=None, sequence_length=None, *, state_size, num_layers, mode,
    bidirectional=False, p=0.0, state_outputs=False, projection_size=None, lstm_state_clip_min=None,
    lstm_state_clip_max=None, lstm_state_clip_nan=False, use_sequence_length=False,
):  # fmt: skip
    if mode == "lstm" and use_sequence_length is False:
        sequence_length = None
    steps, batch, _ = data.shape
    directions, width, rows = 2 if bidirectional else 1, projection_size or state_size, GATES[mode] * state_size
    vector = list(parameters.astype("float64"))

    def take(*shape):
        found = np.array(vector[: int(np.prod(shape))]).reshape(shape)
        del vector[: found.size]
        return found

    weights, columns = [], data.shape[2]
    for _ in range(num_layers):
        for _ in range(directions):
            found = [take(rows, columns), take(rows, width)]
            weights.append([*found, take(width, state_size) if projection_size else np.eye(state_size)])
        columns = width * directions
    biases = [(take(rows), take(rows)) for _ in weights]
    assert not vector
    low = -np.inf if lstm_state_clip_min is None else lstm_state_clip_min
    high = np.inf if lstm_state_clip_max is None else lstm_state_clip_max

    below, last_states, last_cells = data.astype("float64"), np.array(state, "float64"), None
    if mode == "lstm":
        last_cells = np.array(state_cell, "float64")
    for layer in range(num_layers):
        above = np.zeros((steps, batch, width * directions))
        for direction in range(directions):
            k = layer * directions + direction
            for n in range(batch):
                used = steps if sequence_length is None else min(int(sequence_length[n]), steps)
                h, c = last_states[k, n], None if last_cells is None else last_cells[k, n]
                for t in range(used) if direction == 0 else reversed(range(used)):
                    h, c = _cell(mode, below[t, n], h, c, *weights[k], *biases[k], low, high)
                    above[t, n, direction * width : (direction + 1) * width] = h
                last_states[k, n] = h
                if last_cells is not None:
                    last_cells[k, n] = c
        below = above
    if not state_outputs:
        return below
    return (below, last_states) if last_cells is None else (below, last_states, last_cells)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _cell(mode, x, h, c, input_weight, state_weight, projection, input_bias, state_bias, low, high):
    """One step of one sequence."""
    a, b = input_weight @ x + input_bias, state_weight @ h + state_bias
    if mode == "lstm":
        i, f, g, o = np.split(a + b, 4)
        c = np.clip(_sigmoid(f) * c + _sigmoid(i) * np.tanh(g), low, high)
        return projection @ (_sigmoid(o) * np.tanh(c)), c
    if mode == "gru":
        reset, update = (_sigmoid(x) for x in np.split(a + b, 3)[:2])
        new = np.tanh(np.split(a, 3)[2] + reset * np.split(b, 3)[2])
        return (1 - update) * new + update * h, None
    return (np.tanh(a + b) if mode == "rnn_tanh" else np.maximum(a + b, 0)), None


@reference(
    "_rnn_param_concat",
    samples=[
        sample(normal(3), normal(2), dim=0),
        sample(normal(3), dim=0),
        sample(normal(2, 3), normal(2, 1)),
        sample(normal(2, 3, 2), normal(2, 1, 2), normal(2, 2, 2), dim="-2"),
        sample(normal(3, dtype="float64"), normal(2, dtype="float64"), dim=0),
        sample(normal(3, dtype="float16"), normal(2, dtype="float16"), dim=0, differentiable=False),
        sample(integers(3), integers(2, seed=1), dim=0),
    ],
    bad=[
        bad(normal(2, 1), normal(3, 3), match=r"arg1 has shape \(3, 3\) and arg0 \(2, 1\)"),
        bad(normal(2), normal(3), match="dim"),
        bad(normal(2), normal(3, dtype="float64"), dim=0, match="arg0 is float32 and arg1 is float64"),
    ],
    benchmark=lambda: sample(*(normal(n, seed=n) for n in (160000, 160000, 800, 800)), dim=0),
)
def rnn_param_concat(*data, dim=1):
    return np.concatenate(data, axis=dim)
