"""Recurrent layers, and the one vector that holds the parameters of all of them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from .activation import check_floating
from .attributes import DTYPE_NAMES, PositiveInt, UnitFloat
from .joining import concat, concat_shape
from .recurrent_layers import Bounds, Ends, Layout, Run
from .registry import Input, Shape, get, operator

Tensor = torch.Tensor
Attributes = Mapping[str, Any]


def _layout(attributes: Attributes, inputs: int) -> Layout:
    mode, projected = attributes["mode"], attributes["projection_size"]
    if projected is not None and (mode != "lstm" or projected < 1):
        raise ValueError(f"projection_size is {projected} with mode={mode!r}; expected a positive one, for 'lstm' only")
    directions = 2 if attributes["bidirectional"] else 1
    return Layout(mode, inputs, attributes["state_size"], projected, attributes["num_layers"], directions)


def _inputs(attributes: Attributes) -> tuple[str, ...]:
    cell = ("state_cell",) if attributes["mode"] == "lstm" else ()
    lengths = ("sequence_length",) if attributes["use_sequence_length"] else ()
    return ("data", "parameters", "state", *cell, *lengths)


def _outputs(attributes: Attributes) -> tuple[str, ...]:
    if not attributes["state_outputs"]:
        return ("output",)
    return ("output", "state_output", *(("statecell_output",) if attributes["mode"] == "lstm" else ()))


def _expected(data: Shape, attributes: Attributes) -> list[Shape]:
    """Return the shapes of all inputs that go with a shape of data."""
    layout = _layout(attributes, data[2])
    states = layout.layers * layout.directions
    shapes: list[Shape] = [data, (layout.total(),), (states, data[1], layout.width)]
    if attributes["mode"] == "lstm":
        shapes.append((states, data[1], layout.size))
    if attributes["use_sequence_length"]:
        shapes.append((data[1],))
    return shapes


def _complete(shapes: list[Shape | None], attributes: Attributes) -> Sequence[Shape | None]:
    data = shapes[0]
    if data is None or len(data) != 3:
        return shapes
    expected: list[Shape | None] = [*_expected(data, attributes)]
    if not data[2]:
        expected[1] = shapes[1]
    return expected


def _complete_dtypes(dtypes: list[torch.dtype | None], attributes: Attributes) -> Sequence[torch.dtype | None]:
    count = len(dtypes) - bool(attributes["use_sequence_length"])  # lengths may have any dtype, and tell nothing
    known = next((dtype for dtype in dtypes[:count] if dtype is not None), None)
    return [dtype or known for dtype in dtypes]


def _check(shapes: Sequence[Shape], attributes: Attributes) -> None:
    data, names = shapes[0], _inputs(attributes)
    if len(data) != 3:
        raise ValueError(f"data has shape {data}; expected (T, N, C): steps, sequences, features")
    if len(shapes) != len(names):
        raise ValueError(f"{len(shapes)} inputs came; expected {len(names)}: {', '.join(names)}")
    for name, shape, expected in zip(names, shapes, _expected(data, attributes)):
        if shape != expected:
            raise ValueError(f"{name} has shape {shape}; expected {expected} from data {data} and the attributes")


def _shape(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Attributes
) -> list[tuple[Shape, torch.dtype]]:
    _check([tuple(shape) for shape in shapes], attributes)
    steps, batch, _ = shapes[0]
    layout = _layout(attributes, shapes[0][2])
    results: list[Shape] = [(steps, batch, layout.directions * layout.width), *shapes[2:]]
    return [(tuple(shape), dtypes[0]) for shape, _ in zip(results, _outputs(attributes))]


def _bounds(mode: str, low: float | None, high: float | None, keep_nan: bool) -> Bounds | None:
    if mode != "lstm" or (low is None and high is None):
        return None
    bounds = Bounds(-math.inf if low is None else low, math.inf if high is None else high, keep_nan)
    if not bounds.low <= bounds.high:
        raise ValueError(f"lstm_state_clip_min is {low} and lstm_state_clip_max {high}; expected min <= max")
    return bounds


@operator(
    "RNN",
    aliases=("_npx_rnn",),
    inputs=_inputs,
    outputs=_outputs,
    complete=_complete,
    complete_dtypes=_complete_dtypes,
    shape=_shape,
    random=True,
    training=True,
)
def rnn(
    data: Tensor,
    parameters: Tensor,
    state: Tensor,
    state_cell: Tensor | None = None,
    sequence_length: Tensor | None = None,
    *,
    state_size: PositiveInt,
    num_layers: PositiveInt,
    bidirectional: bool = False,
    mode: Literal["gru", "lstm", "rnn_relu", "rnn_tanh"],
    p: UnitFloat = 0.0,
    state_outputs: bool = False,
    projection_size: int | None = None,
    lstm_state_clip_min: float | None = None,
    lstm_state_clip_max: float | None = None,
    lstm_state_clip_nan: bool = False,
    use_sequence_length: bool = False,
    training: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """Recurrent layers on top of each other, over all steps of a batch of sequences.

    With x the input of a layer at one step, h' its output and c' its cell at the step before:

    - ``rnn_relu`` and ``rnn_tanh``: ``h = f(W x + b + R h' + d)``.
    - ``gru``: ``r = sigmoid(W_r x + b_r + R_r h' + d_r)``, ``z`` likewise,
      ``n = tanh(W_n x + b_n + r * (R_n h' + d_n))``, ``h = (1 - z) * n + z * h'``.
    - ``lstm``: ``i = sigmoid(W_i x + b_i + R_i h' + d_i)``, ``f`` and ``o`` likewise,
      ``g = tanh(W_g x + b_g + R_g h' + d_g)``, ``c = f * c' + i * g``, ``h = o * tanh(c)``; with a projection,
      ``h = P (o * tanh(c))``.

    Parameters
    ----------
    data : (T, N, C)
        Input of the first layer, of a floating dtype. 16-bit floats are computed in float32 on a CPU.
    parameters : (number of parameters,)
        W and R (and P) of each layer and direction in turn, the weights of the first layer's forward direction first;
        then b and d of each in the same order. The rows of the gates stand in the order r, z, n or i, f, g, o.
    state : (num_layers * directions, N, H)
        Output before the first step, for each layer and direction. H is `projection_size` if given, else `state_size`.
    state_cell : (num_layers * directions, N, state_size), optional
        Cells before the first step, with ``mode='lstm'``.
    sequence_length : (N,), optional
        With `use_sequence_length`: how many steps of each sequence count, from 0 to T, in any dtype. Outputs after
        them are zero, last states are those at the end, and the backward direction starts there.
    state_size : int of at least 1
        Length of a cell.
    num_layers : int of at least 1
        Number of layers.
    bidirectional : bool
        Also run through the sequences from the end, with weights of their own; a layer's output is both directions'
        outputs, one after the other along the last axis.
    mode : {'gru', 'lstm', 'rnn_relu', 'rnn_tanh'}
        Kind of the cells.
    p : float from 0 to 1
        While training, the probability with which each output of a layer but the last becomes 0; the others are
        divided by ``1 - p``.
    state_outputs : bool
        Also return the states after the last step.
    projection_size : int, optional
        With ``mode='lstm'``: length of the outputs, which are a linear map P of what the cells give.
    lstm_state_clip_min, lstm_state_clip_max : float, optional
        Bounds of the cells c; they slow the layers down.
    lstm_state_clip_nan : bool
        Replace NaN in cells by the lower bound, where there are bounds.
    use_sequence_length : bool
        Whether there is an input `sequence_length`.

    Returns
    -------
    (T, N, directions * H); with `state_outputs` also the shape of `state` and that of `state_cell`, where there is one

    References
    ----------
    Hochreiter and Schmidhuber, Long Short-Term Memory, 1997. Cho et al., Learning Phrase Representations using RNN
    Encoder-Decoder for Statistical Machine Translation, 2014. Sak et al., Long Short-Term Memory Based Recurrent Neural
    Network Architectures for Large Vocabulary Speech Recognition, 2014 (projections).

    Examples
    --------
    >>> x, weights, h = mx.nd.ones((3, 1, 1)), mx.nd.array([1, 0.5, 0, 0]), mx.nd.zeros((1, 1, 1))
    >>> mx.nd.RNN(x, weights, h, mode='rnn_relu', state_size=1, num_layers=1).reshape(-1).asnumpy().tolist()
    [1.0, 1.5, 1.75]
    """
    attributes = {
        "state_size": state_size,
        "num_layers": num_layers,
        "bidirectional": bidirectional,
        "mode": mode,
        "projection_size": projection_size,
        "use_sequence_length": use_sequence_length,
    }
    # A graph gives the inputs that there are, one after the other.
    further = [given for given in (state_cell, sequence_length) if given is not None]
    inputs = [data, parameters, state, *further]
    _check([tuple(given.shape) for given in inputs], attributes)
    _check_dtypes(inputs, _inputs(attributes))
    bounds = _bounds(mode, lstm_state_clip_min, lstm_state_clip_max, not lstm_state_clip_nan)
    return _run(attributes, data, [parameters], inputs[2:], bounds, p if training else 0.0, generator, state_outputs)


def _run(
    attributes: Attributes,
    data: Tensor,
    parameters: Sequence[Tensor],
    states: Sequence[Tensor],
    bounds: Bounds | None,
    dropped: float,
    generator: torch.Generator | None,
    state_outputs: bool,
) -> Tensor | tuple[Tensor, ...]:
    """Run layers; `parameters` are the vector or its pieces, and `states` end with the lengths where there are some."""
    dtype, ends = data.dtype, None
    if attributes["use_sequence_length"]:
        *states, length = states
        ends = Ends.of(data.shape[0], length)
    narrow = data.is_cpu and dtype.itemsize == 2
    if narrow:
        data, parameters, states = data.float(), [x.float() for x in parameters], [x.float() for x in states]
    layout = _layout(attributes, data.shape[2])
    weights = layout.unpack(parameters[0]) if len(parameters) == 1 else layout.arrange(parameters)
    results = Run(layout, bounds, ends, dropped, generator)(data, weights, states)
    results = results[: 1 + len(states) * state_outputs]
    results = tuple(x.to(dtype) for x in results) if narrow else results
    return results if state_outputs else results[0]


def _check_dtypes(inputs: Sequence[Tensor], names: Sequence[str]) -> None:
    data = inputs[0]
    check_floating(data)
    for name, given in zip(names, inputs):
        if given.dtype is not data.dtype and name != "sequence_length":
            raise TypeError(
                f"{name} is {DTYPE_NAMES[given.dtype]} and data {DTYPE_NAMES[data.dtype]}; expected one dtype: "
                "cast one of them with .astype"
            )


@operator("_rnn_param_concat", aliases=("_npi_rnn_param_concat",), complete=get("Concat").complete, shape=concat_shape)
def rnn_param_concat(*data: Tensor, dim: int = 1) -> Tensor:
    """The parameters of recurrent layers one after the other, as ``RNN`` takes them.

    Parameters
    ----------
    data : one or more arrays
        Of one dtype, and of one shape except along `dim`.
    dim : int
        The axis; a negative one counts from the end. Parameters are vectors, which have the axis 0 only.
    num_args : int
        Number of inputs.

    Returns
    -------
    array whose length along `dim` is the sum of the inputs' lengths

    Examples
    --------
    >>> weight, bias = mx.nd.ones((2, 3)), mx.nd.zeros((2,))
    >>> mx.nd._internal._rnn_param_concat(weight.reshape(-1), bias, dim=0).shape
    (8,)
    """
    return concat(*data, dim=dim)


def pieces(attributes: Attributes) -> tuple[str, ...]:
    """Return the names of what the vector of parameters is made of, in its order."""
    kinds = ("i2h_weight", "h2h_weight", *(("h2r_weight",) if attributes["projection_size"] else ()))
    sides = ("l", "r") if attributes["bidirectional"] else ("l",)
    places = [f"{side}{layer}" for layer in range(attributes["num_layers"]) for side in sides]
    weights = [f"{place}_{kind}" for place in places for kind in kinds]
    return (*weights, *(f"{place}_{kind}" for place in places for kind in ("i2h_bias", "h2h_bias")))


def _inputs_apart(attributes: Attributes) -> tuple[str, ...]:
    data, _, *states = _inputs(attributes)
    return (data, *pieces(attributes), *states)


def _rnn_apart(
    *tensors: Tensor,
    state_size: int,
    num_layers: int,
    bidirectional: bool = False,
    mode: str,
    p: float = 0.0,
    state_outputs: bool = False,
    projection_size: int | None = None,
    lstm_state_clip_min: float | None = None,
    lstm_state_clip_max: float | None = None,
    lstm_state_clip_nan: bool = False,
    use_sequence_length: bool = False,
    training: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """Recurrent layers whose parameters come one by one, as vectors or in their shapes; else as ``RNN``.

    What `rnn` does of a vector that ``_rnn_param_concat`` made, without the copies into and out of it.
    """
    attributes = {
        "state_size": state_size,
        "num_layers": num_layers,
        "bidirectional": bidirectional,
        "mode": mode,
        "projection_size": projection_size,
        "use_sequence_length": use_sequence_length,
    }
    count = len(pieces(attributes))
    data, states = tensors[0], tensors[1 + count :]
    parameters = tensors[1 : 1 + count]
    size = sum(piece.numel() for piece in parameters)
    _check([tuple(data.shape), (size,), *(tuple(state.shape) for state in states)], attributes)
    _check_dtypes(tensors, _inputs_apart(attributes))
    if not data.is_cpu or not _layout(attributes, data.shape[2]).fits(parameters):  # cuDNN wants one vector
        parameters = [torch.cat([piece.flatten() for piece in parameters])]
    bounds = _bounds(mode, lstm_state_clip_min, lstm_state_clip_max, not lstm_state_clip_nan)
    return _run(attributes, data, parameters, states, bounds, p if training else 0.0, generator, state_outputs)


def _shape_apart(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Attributes
) -> list[tuple[Shape, torch.dtype]]:
    count = len(pieces(attributes))
    size = sum(math.prod(shape) for shape in shapes[1 : 1 + count])
    return _shape([shapes[0], (size,), *shapes[1 + count :]], dtypes, attributes)


#: For graphs that run and for Gluon's layers; no graph of a user's holds it, and it has no name to be found by.
APART = dataclasses.replace(
    get("RNN"),
    function=_rnn_apart,
    aliases=(),
    inputs=(Input("tensors", False),),
    starred=True,
    active=_inputs_apart,
    complete=None,
    complete_dtypes=None,
    shape=_shape_apart,
)
