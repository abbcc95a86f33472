"""The cells that do the work of one layer: simple, LSTM, GRU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import base
from ..parameter import Parameter, ParameterDict
from ._base import Activation, HybridRecurrentCell
from ._sequences import Tensor


def vector_state(batch_size: int, size: int) -> dict[str, Any]:
    """Return what `state_info` says of a state that is a vector for each sequence."""
    return {"shape": (batch_size, size), "__layout__": "NC"}


class _DenseCell(HybridRecurrentCell):
    """A cell whose gates are affine in the input and in the state before."""

    _gates = 1
    _states = 1
    i2h_weight: Parameter
    h2h_weight: Parameter
    i2h_bias: Parameter
    h2h_bias: Parameter

    def _make_parameters(
        self, hidden_size: int, input_size: int, i2h_weight: Any, h2h_weight: Any, i2h_bias: Any, h2h_bias: Any
    ) -> None:
        """Make the four parameters with these initializers."""
        self._hidden_size = hidden_size
        self._input_size = input_size
        rows = self._gates * hidden_size
        get = self.params.get
        self.i2h_weight = get("i2h_weight", shape=(rows, input_size), init=i2h_weight, allow_deferred_init=True)
        self.h2h_weight = get("h2h_weight", shape=(rows, hidden_size), init=h2h_weight, allow_deferred_init=True)
        self.i2h_bias = get("i2h_bias", shape=(rows,), init=i2h_bias, allow_deferred_init=True)
        self.h2h_bias = get("h2h_bias", shape=(rows,), init=h2h_bias, allow_deferred_init=True)

    def _dense(
        self, F: Any, inputs: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor], name: str
    ) -> tuple[Tensor, Tensor]:
        """Return the gates' shares of the input and of the first state, side by side."""
        if len(states) < self._states:
            raise base.IndexError(
                f"{type(self).__name__}: {len(states)} states came; expected {self._states}, as begin_state() returns"
            )
        rows = self._gates * self._hidden_size
        i2h_weight, h2h_weight, i2h_bias, h2h_bias = weights
        i2h = F.FullyConnected(inputs, i2h_weight, i2h_bias, num_hidden=rows, name=f"{name}i2h")
        h2h = F.FullyConnected(states[0], h2h_weight, h2h_bias, num_hidden=rows, name=f"{name}h2h")
        return i2h, h2h

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape and layout of the one state, which is the output."""
        return [vector_state(batch_size, self._hidden_size)]

    def _sizes(self) -> str:
        rows, columns = self.i2h_weight.shape  # type: ignore[misc] - known but for zeros
        return f"{columns or None} -> {rows}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._sizes()})"


class RNNCell(_DenseCell):
    """A simple recurrent cell: ``h = f(W x + b + R h' + d)``, where h' is the output of the step before.

    Parameters
    ----------
    hidden_size : int
        Length of the output h, which is also the state.
    activation : str, Block or function
        f: 'tanh', 'relu' or another ``act_type`` of `mx.nd.Activation`, a block such as ``nn.LeakyReLU(0.1)``, or a
        function of an array or a symbol that takes ``name=``.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        How W and R start; by default as `initialize` says.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        How b and d start.
    input_size : int
        Length of the input x; 0 if the first input is to tell.
    prefix : str, optional
        Put before all names: W is ``<prefix>i2h_weight``, R ``<prefix>h2h_weight``.
    params : ParameterDict, optional
        Parameters to share with another cell.

    References
    ----------
    Elman, Finding Structure in Time, 1990.

    Examples
    --------
    >>> cell = mx.gluon.rnn.RNNCell(4)
    >>> cell.initialize()
    >>> output, states = cell(mx.nd.ones((2, 3)), cell.begin_state(batch_size=2))
    >>> cell
    RNNCell(3 -> 4, tanh)
    """

    def __init__(
        self,
        hidden_size: int,
        activation: Activation = "tanh",
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        input_size: int = 0,
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(prefix=prefix, params=params)
        self._activation = activation
        self._make_parameters(
            hidden_size, input_size,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
        )  # fmt: skip

    def _alias(self) -> str:
        return "rnn"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._sizes()}, {self._activation})"

    def hybrid_forward(  # type: ignore[override] - with the parameters by name, as in every block
        self,
        F: Any,
        inputs: Tensor,
        states: Sequence[Tensor],
        i2h_weight: Tensor,
        h2h_weight: Tensor,
        i2h_bias: Tensor,
        h2h_bias: Tensor,
    ) -> tuple[Tensor, list[Any]]:
        """Return the output and the states after one step; see `RecurrentCell.forward`."""
        name = f"t{self._counter}_"
        i2h, h2h = self._dense(F, inputs, states, (i2h_weight, h2h_weight, i2h_bias, h2h_bias), name)
        total = F.elemwise_add(i2h, h2h, name=f"{name}plus0")
        output = self._get_activation(F, total, self._activation, name=f"{name}out")
        return output, [output]


class LSTMCell(_DenseCell):
    """A cell of long short-term memory.

    With h' and c' the states of the step before: ``i = s(W_i x + b_i + R_i h' + d_i)``, f and o likewise,
    ``g = a(W_c x + b_c + R_c h' + d_c)``, then ``c = f * c' + i * g`` and ``h = o * a(c)``. The rows of the parameters
    stand in the order i, f, c, o.

    Parameters
    ----------
    hidden_size : int
        Length of h, which is the output and the first state, and of c, the second.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        How W and R start; by default as `initialize` says.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        How b and d start; ``mx.init.LSTMBias(1.0)`` lets the cell remember at first.
    input_size : int
        Length of the input x; 0 if the first input is to tell.
    prefix : str, optional
        Put before all names: W is ``<prefix>i2h_weight``, R ``<prefix>h2h_weight``.
    params : ParameterDict, optional
        Parameters to share with another cell.
    activation : str, Block or function
        a; see `RNNCell`.
    recurrent_activation : str, Block or function
        s.

    References
    ----------
    Hochreiter and Schmidhuber, Long Short-Term Memory, 1997.

    Examples
    --------
    >>> cell = mx.gluon.rnn.LSTMCell(4)
    >>> cell.initialize()
    >>> output, (h, c) = cell(mx.nd.ones((2, 3)), cell.begin_state(batch_size=2))
    >>> output.shape, h is output, c.shape
    ((2, 4), True, (2, 4))
    """

    _gates = 4
    _states = 2

    def __init__(
        self,
        hidden_size: int,
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        input_size: int = 0,
        prefix: str | None = None,
        params: ParameterDict | None = None,
        activation: Activation = "tanh",
        recurrent_activation: Activation = "sigmoid",
    ) -> None:
        super().__init__(prefix=prefix, params=params)
        self._make_parameters(
            hidden_size, input_size,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
        )  # fmt: skip
        self._activation = activation
        self._recurrent_activation = recurrent_activation

    def _alias(self) -> str:
        return "lstm"

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape and layout of the two states: the output h and the memory c."""
        return [vector_state(batch_size, self._hidden_size) for _ in range(2)]

    def hybrid_forward(  # type: ignore[override] - with the parameters by name, as in every block
        self,
        F: Any,
        inputs: Tensor,
        states: Sequence[Tensor],
        i2h_weight: Tensor,
        h2h_weight: Tensor,
        i2h_bias: Tensor,
        h2h_bias: Tensor,
    ) -> tuple[Tensor, list[Any]]:
        """Return the output and the states after one step; see `RecurrentCell.forward`."""
        name = f"t{self._counter}_"
        i2h, h2h = self._dense(F, inputs, states, (i2h_weight, h2h_weight, i2h_bias, h2h_bias), name)
        activate, outer, inner = self._get_activation, self._recurrent_activation, self._activation
        gates = F.elemwise_add(i2h, h2h, name=f"{name}plus0")
        gates = F.SliceChannel(gates, num_outputs=4, name=f"{name}slice")
        enter = activate(F, gates[0], outer, name=f"{name}i")
        forget = activate(F, gates[1], outer, name=f"{name}f")
        new = activate(F, gates[2], inner, name=f"{name}c")
        leave = activate(F, gates[3], outer, name=f"{name}o")
        kept = F.elemwise_mul(forget, states[1], name=f"{name}mul0")
        added = F.elemwise_mul(enter, new, name=f"{name}mul1")
        memory = F.elemwise_add(kept, added, name=f"{name}state")
        if isinstance(inner, str):
            shown = F.Activation(memory, act_type=inner, name=f"{name}activation0")
        else:
            shown = activate(F, memory, inner, name=f"{name}activation0")
        output = F.elemwise_mul(leave, shown, name=f"{name}out")
        return output, [output, memory]


class GRUCell(_DenseCell):
    """A cell of gated recurrent units.

    With h' the output of the step before: ``r = sigmoid(W_r x + b_r + R_r h' + d_r)``, z likewise,
    ``n = tanh(W_o x + b_o + r * (R_o h' + d_o))``, and ``h = (1 - z) * n + z * h'``. The rows of the parameters stand
    in the order r, z, o. This is the variant that the fused layer `GRU` computes.

    Parameters
    ----------
    hidden_size : int
        Length of the output h, which is also the state.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        How W and R start; by default as `initialize` says.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        How b and d start.
    input_size : int
        Length of the input x; 0 if the first input is to tell.
    prefix : str, optional
        Put before all names: W is ``<prefix>i2h_weight``, R ``<prefix>h2h_weight``.
    params : ParameterDict, optional
        Parameters to share with another cell.

    References
    ----------
    Cho et al., Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation, 2014.

    Examples
    --------
    >>> cell = mx.gluon.rnn.GRUCell(4, input_size=3)
    >>> cell.i2h_weight.shape
    (12, 3)
    """

    _gates = 3

    def __init__(
        self,
        hidden_size: int,
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        input_size: int = 0,
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(prefix=prefix, params=params)
        self._make_parameters(
            hidden_size, input_size,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
        )  # fmt: skip

    def _alias(self) -> str:
        return "gru"

    def hybrid_forward(  # type: ignore[override] - with the parameters by name, as in every block
        self,
        F: Any,
        inputs: Tensor,
        states: Sequence[Tensor],
        i2h_weight: Tensor,
        h2h_weight: Tensor,
        i2h_bias: Tensor,
        h2h_bias: Tensor,
    ) -> tuple[Tensor, list[Any]]:
        """Return the output and the states after one step; see `RecurrentCell.forward`."""
        name = f"t{self._counter}_"
        before = states[0]
        i2h, h2h = self._dense(F, inputs, states, (i2h_weight, h2h_weight, i2h_bias, h2h_bias), name)
        i2h = F.SliceChannel(i2h, num_outputs=3, name=f"{name}i2h_slice")
        h2h = F.SliceChannel(h2h, num_outputs=3, name=f"{name}h2h_slice")
        reset = F.elemwise_add(i2h[0], h2h[0], name=f"{name}plus0")
        reset = F.Activation(reset, act_type="sigmoid", name=f"{name}r_act")
        update = F.elemwise_add(i2h[1], h2h[1], name=f"{name}plus1")
        update = F.Activation(update, act_type="sigmoid", name=f"{name}z_act")
        new = F.elemwise_mul(reset, h2h[2], name=f"{name}mul0")
        new = F.elemwise_add(i2h[2], new, name=f"{name}plus2")
        new = F.Activation(new, act_type="tanh", name=f"{name}h_act")
        share = F.elemwise_sub(F.ones_like(update, name=f"{name}ones_like0"), update, name=f"{name}minus0")
        new = F.elemwise_mul(share, new, name=f"{name}mul1")
        kept = F.elemwise_mul(update, before, name=f"{name}mul20")
        output = F.elemwise_add(new, kept, name=f"{name}out")
        return output, [output]
