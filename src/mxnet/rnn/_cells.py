"""The cells that do the work of one layer: simple, LSTM, GRU, and dropout between layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import initializer, symbol
from ..base import numeric_types
from ..symbol import Symbol
from ._base import BaseRNNCell, RNNParams, Steps, _normalize_sequence


def vector_state(num_hidden: int) -> dict[str, Any]:
    """Return what `state_info` says of a state that is a vector for each sequence."""
    return {"shape": (0, num_hidden), "__layout__": "NC"}


class _DenseCell(BaseRNNCell):
    """A cell whose gates are affine in the input and in the state before."""

    _iW: Symbol  # noqa: N815 (MXNet's names)
    _iB: Symbol  # noqa: N815
    _hW: Symbol  # noqa: N815
    _hB: Symbol  # noqa: N815

    def _dense(self, inputs: Symbol, states: Sequence[Symbol], name: str) -> tuple[Symbol, Symbol]:
        """Return the gates' shares of the input and of the first state, stacked along the axis 1."""
        self._check_states(states)
        size = self._num_hidden * len(self._gate_names)
        i2h = symbol.FullyConnected(inputs, self._iW, self._iB, num_hidden=size, name=f"{name}i2h")
        h2h = symbol.FullyConnected(states[0], self._hW, self._hB, num_hidden=size, name=f"{name}h2h")
        return i2h, h2h


class RNNCell(_DenseCell):
    """A layer with ``h = f(W x + b + R h' + d)``, where h' is the output of the step before.

    Parameters
    ----------
    num_hidden : int
        Length of the output h, which is also the state.
    activation : str or function
        f: ``act_type`` of `mx.sym.Activation`, or a function of a symbol that takes ``name=``.
    prefix : str
        Put before all names; W is ``<prefix>i2h_weight``, R ``<prefix>h2h_weight``.
    params : RNNParams, optional
        Weights to share.

    References
    ----------
    Elman, Finding Structure in Time, 1990.

    Examples
    --------
    >>> outputs, states = mx.rnn.RNNCell(4).unroll(2, mx.sym.var("data"), merge_outputs=True)
    >>> outputs.infer_shape(data=(8, 2, 10))[1]
    [(8, 2, 4)]
    """

    def __init__(
        self,
        num_hidden: int,
        activation: str | Callable[..., Symbol] = "tanh",
        prefix: str = "rnn_",
        params: RNNParams | None = None,
    ) -> None:
        super().__init__(prefix=prefix, params=params)
        self._num_hidden = num_hidden
        self._activation = activation
        self._iW = self.params.get("i2h_weight")
        self._iB = self.params.get("i2h_bias")
        self._hW = self.params.get("h2h_weight")
        self._hB = self.params.get("h2h_bias")

    @property
    def state_info(self) -> list[Any]:
        """One state: the output."""
        return [vector_state(self._num_hidden)]

    @property
    def _gate_names(self) -> Sequence[str]:
        return ("",)

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the output and the states after one step; see `BaseRNNCell.__call__`."""
        self._counter += 1
        name = f"{self._prefix}t{self._counter}_"
        i2h, h2h = self._dense(inputs, states, name)
        output = self._get_activation(i2h + h2h, self._activation, name=f"{name}out")
        return output, [output]


class LSTMCell(_DenseCell):
    """A layer of long short-term memory.

    With h' and c' the states of the step before: ``i = sigmoid(W_i x + b_i + R_i h' + d_i)``, f and o likewise,
    ``g = tanh(W_c x + b_c + R_c h' + d_c)``, then ``c = f * c' + i * g`` and ``h = o * tanh(c)``. The rows of the
    weights stand in the order i, f, c, o.

    Parameters
    ----------
    num_hidden : int
        Length of h and c.
    prefix : str
        Put before all names.
    params : RNNParams, optional
        Weights to share.
    forget_bias : float
        What `mx.init.LSTMBias` puts into b_f at the start, so that the cell remembers at first.

    References
    ----------
    Hochreiter and Schmidhuber, Long Short-Term Memory, 1997. Jozefowicz et al., An Empirical Exploration of Recurrent
    Network Architectures, 2015 (the bias).

    Examples
    --------
    >>> cell = mx.rnn.LSTMCell(4)
    >>> output, (h, c) = cell(mx.sym.var("data"), cell.begin_state())
    >>> mx.sym.Group([output, c]).list_outputs()
    ['lstm_t0_out_output', 'lstm_t0_state_output']
    """

    def __init__(
        self, num_hidden: int, prefix: str = "lstm_", params: RNNParams | None = None, forget_bias: float = 1.0
    ) -> None:
        super().__init__(prefix=prefix, params=params)
        self._num_hidden = num_hidden
        self._iW = self.params.get("i2h_weight")
        self._hW = self.params.get("h2h_weight")
        self._iB = self.params.get("i2h_bias", init=initializer.LSTMBias(forget_bias=forget_bias))
        self._hB = self.params.get("h2h_bias")

    @property
    def state_info(self) -> list[Any]:
        """Two states: the output h and the memory c."""
        return [vector_state(self._num_hidden), vector_state(self._num_hidden)]

    @property
    def _gate_names(self) -> Sequence[str]:
        return ["_i", "_f", "_c", "_o"]

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the output and the states after one step; see `BaseRNNCell.__call__`."""
        self._counter += 1
        name = f"{self._prefix}t{self._counter}_"
        i2h, h2h = self._dense(inputs, states, name)
        gates = symbol.SliceChannel(i2h + h2h, num_outputs=4, name=f"{name}slice")
        return lstm_step(self, gates, states[1], "tanh", name)


def lstm_step(
    cell: BaseRNNCell, gates: Symbol, memory: Symbol, activation: str | Callable[..., Symbol], name: str
) -> tuple[Symbol, list[Any]]:
    """Return output and states of an LSTM from its four gates before their activations."""
    i = symbol.Activation(gates[0], act_type="sigmoid", name=f"{name}i")
    f = symbol.Activation(gates[1], act_type="sigmoid", name=f"{name}f")
    g = cell._get_activation(gates[2], activation, name=f"{name}c")
    o = symbol.Activation(gates[3], act_type="sigmoid", name=f"{name}o")
    c = symbol.elemwise_add(f * memory, i * g, name=f"{name}state")
    h = symbol.elemwise_mul(o, cell._get_activation(c, activation), name=f"{name}out")
    return h, [h, c]


class GRUCell(_DenseCell):
    """A layer of gated recurrent units.

    With h' the output of the step before: ``r = sigmoid(W_r x + b_r + R_r h' + d_r)``, z likewise,
    ``n = tanh(W_o x + b_o + r * (R_o h' + d_o))``, and ``h = (1 - z) * n + z * h'``. The rows of the weights stand in
    the order r, z, o. This is the variant that `mx.sym.RNN` computes.

    Parameters
    ----------
    num_hidden : int
        Length of the output h, which is also the state.
    prefix : str
        Put before all names.
    params : RNNParams, optional
        Weights to share.

    References
    ----------
    Cho et al., Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation, 2014.

    Examples
    --------
    >>> mx.rnn.GRUCell(4).unroll(2, mx.sym.var("data"))[0][1].list_arguments()
    ['data', 'gru_i2h_weight', 'gru_i2h_bias', 'gru_h2h_weight', 'gru_h2h_bias']
    """

    def __init__(self, num_hidden: int, prefix: str = "gru_", params: RNNParams | None = None) -> None:
        super().__init__(prefix=prefix, params=params)
        self._num_hidden = num_hidden
        self._iW = self.params.get("i2h_weight")
        self._iB = self.params.get("i2h_bias")
        self._hW = self.params.get("h2h_weight")
        self._hB = self.params.get("h2h_bias")

    @property
    def state_info(self) -> list[Any]:
        """One state: the output."""
        return [vector_state(self._num_hidden)]

    @property
    def _gate_names(self) -> Sequence[str]:
        return ["_r", "_z", "_o"]

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the output and the states after one step; see `BaseRNNCell.__call__`."""
        self._counter += 1
        name = f"{self._prefix}t{self._counter}_"
        i2h, h2h = self._dense(inputs, states, f"{name}_")
        i2h = symbol.SliceChannel(i2h, num_outputs=3, name=f"{name}_i2h_slice")
        h2h = symbol.SliceChannel(h2h, num_outputs=3, name=f"{name}_h2h_slice")
        return gru_step(self, i2h, h2h, states[0], "tanh", name)


def gru_step(
    cell: BaseRNNCell,
    i2h: Symbol,
    h2h: Symbol,
    before: Symbol,
    activation: str | Callable[..., Symbol],
    name: str,
) -> tuple[Symbol, list[Any]]:
    """Return output and states of a GRU from the shares of the input and the state in its three gates."""
    r = symbol.Activation(i2h[0] + h2h[0], act_type="sigmoid", name=f"{name}_r_act")
    z = symbol.Activation(i2h[1] + h2h[1], act_type="sigmoid", name=f"{name}_z_act")
    n = cell._get_activation(i2h[2] + r * h2h[2], activation, name=f"{name}_h_act")
    h = symbol.elemwise_add((1.0 - z) * n, z * before, name=f"{name}out")
    return h, [h]


class DropoutCell(BaseRNNCell):
    """Dropout of what goes from one layer to the next.

    Parameters
    ----------
    dropout : float from 0 to 1
        Probability with which an element becomes 0 while training; the others are divided by ``1 - dropout``.
    prefix : str
        Kept for MXNet's signature: there is nothing to name.
    params : RNNParams, optional
        Kept for MXNet's signature: there are no weights.

    Raises
    ------
    AssertionError
        If `dropout` is not a number.

    References
    ----------
    Zaremba et al., Recurrent Neural Network Regularization, 2014.

    Examples
    --------
    >>> stack = mx.rnn.SequentialRNNCell()
    >>> for cell in (mx.rnn.GRUCell(8, prefix="a_"), mx.rnn.DropoutCell(0.5), mx.rnn.GRUCell(8, prefix="b_")):
    ...     stack.add(cell)
    """

    def __init__(self, dropout: float, prefix: str = "dropout_", params: RNNParams | None = None) -> None:
        super().__init__(prefix, params)
        if not isinstance(dropout, numeric_types):
            raise AssertionError(f"DropoutCell: dropout is {dropout!r}; expected a number from 0 to 1")
        self.dropout = dropout

    @property
    def state_info(self) -> list[Any]:
        """No states."""
        return []

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the inputs with dropout, and `states`."""
        if self.dropout > 0:
            inputs = symbol.Dropout(inputs, p=self.dropout)
        return inputs, states  # type: ignore[return-value]

    def unroll(
        self,
        length: int,
        inputs: Steps,
        begin_state: Sequence[Symbol] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
    ) -> tuple[Steps, list[Any]]:
        """Return all steps with dropout; one symbol of all steps stays one. See `BaseRNNCell.unroll`."""
        self.reset()
        steps, _ = _normalize_sequence(length, inputs, layout, merge_outputs)
        if isinstance(steps, Symbol):
            return self(steps, [])
        return super().unroll(length, steps, begin_state=begin_state, layout=layout, merge_outputs=merge_outputs)
