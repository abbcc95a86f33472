"""What all recurrent layers share: parameters, states, and the call of the operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ... import base, ndarray, symbol
from ..._ops.recurrent import APART, pieces
from ...ndarray.dispatch import invoke
from ..block import HybridBlock
from ..parameter import Parameter
from ._base import begun
from ._cells import GRUCell, LSTMCell, RNNCell
from ._sequences import Tensor, tensor_types
from ._stacks import BidirectionalCell, DropoutCell, HybridSequentialRNNCell

_GATES = {"rnn_relu": 1, "rnn_tanh": 1, "lstm": 4, "gru": 3}


class _RNNLayer(HybridBlock):  # pyright: ignore[reportUnusedClass]
    """What `RNN`, `LSTM` and `GRU` share; their parameters say what the arguments are."""

    skip_states: bool | None
    l0_i2h_weight: Parameter

    def __init__(
        self,
        hidden_size: int,
        num_layers: int,
        layout: str,
        dropout: float,
        bidirectional: bool,
        input_size: int,
        i2h_weight_initializer: Any,
        h2h_weight_initializer: Any,
        i2h_bias_initializer: Any,
        h2h_bias_initializer: Any,
        mode: str,
        projection_size: int | None,
        h2r_weight_initializer: Any,
        lstm_state_clip_min: float | None,
        lstm_state_clip_max: float | None,
        lstm_state_clip_nan: bool,
        dtype: Any,
        use_sequence_length: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if layout not in ("TNC", "NTC"):
            raise base.AssertionError(f"{type(self).__name__}: Invalid layout {layout}; must be one of 'TNC' or 'NTC'")
        self._hidden_size = hidden_size
        self._projection_size = projection_size
        self._num_layers = num_layers
        self._mode = mode
        self._layout = layout
        self._dropout = dropout
        self._dir = 2 if bidirectional else 1
        self._input_size = input_size
        self._i2h_weight_initializer = i2h_weight_initializer
        self._h2h_weight_initializer = h2h_weight_initializer
        self._i2h_bias_initializer = i2h_bias_initializer
        self._h2h_bias_initializer = h2h_bias_initializer
        self._h2r_weight_initializer = h2r_weight_initializer
        self._lstm_state_clip_min = lstm_state_clip_min
        self._lstm_state_clip_max = lstm_state_clip_max
        self._lstm_state_clip_nan = lstm_state_clip_nan
        self._dtype = dtype
        self._use_sequence_length = use_sequence_length
        self.skip_states = None
        self._gates = _GATES[mode]
        self._register_all(dtype)

    def _each(self) -> Iterator[str]:
        """Return l0, r0, l1 and so on: the directions of all layers."""
        return (f"{side}{layer}" for layer in range(self._num_layers) for side in ("l", "r")[: self._dir])

    def _register_all(self, dtype: Any) -> None:
        width = self._projection_size or self._hidden_size
        rows, inputs = self._gates * self._hidden_size, self._input_size
        for place in self._each():
            if place == "l1":
                inputs = width * self._dir
            elif place.startswith("l"):
                pass  # further layers have the inputs of the second
            register = self._register_param
            register(f"{place}_i2h_weight", (rows, inputs), self._i2h_weight_initializer, dtype)
            register(f"{place}_h2h_weight", (rows, width), self._h2h_weight_initializer, dtype)
            register(f"{place}_i2h_bias", (rows,), self._i2h_bias_initializer, dtype)
            register(f"{place}_h2h_bias", (rows,), self._h2h_bias_initializer, dtype)
            if self._projection_size:
                shape = (self._projection_size, self._hidden_size)
                register(f"{place}_h2r_weight", shape, self._h2r_weight_initializer, dtype)

    def _register_param(self, name: str, shape: tuple[int, ...], init: Any, dtype: Any) -> Parameter:
        found = self.params.get(name, shape=shape, init=init, allow_deferred_init=True, dtype=dtype)
        setattr(self, name, found)
        return found

    def _collect_params_with_prefix(self, prefix: str = "") -> dict[str, Parameter]:
        """Return parameters as files name them: after the cells that `_unfuse` makes, without dropout between them."""
        start = f"{prefix}." if prefix else ""
        found: dict[str, Parameter] = {}
        for name, parameter in self._reg_params.items():
            side, kind = name[0], name.split("_", 1)[1]
            layer = name[1 : name.index("_")]
            cell = f"{layer}.{side}_cell" if self._dir == 2 else layer
            found[f"{start}_unfused.{cell}.{kind}"] = parameter
        return found

    def __repr__(self) -> str:
        rows, columns = self.l0_i2h_weight.shape  # type: ignore[misc] - known but for zeros
        parts = [f"{columns or None} -> {rows // self._gates}", self._layout]
        if self._num_layers != 1:
            parts.append(f"num_layers={self._num_layers}")
        if self._dropout != 0:
            parts.append(f"dropout={self._dropout}")
        if self._dir == 2:
            parts.append("bidirectional")
        return f"{type(self).__name__}({', '.join(parts)})"

    def _state(self, batch_size: int, width: int) -> dict[str, Any]:
        """Return what `state_info` says of a state of this width."""
        shape = (self._num_layers * self._dir, batch_size, width)
        return {"shape": shape, "__layout__": "LNC", "dtype": self._dtype}

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape, layout and dtype of each state.

        Parameters
        ----------
        batch_size : int
            Length of the axis N.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what its states are; override state_info")

    def _unfuse(self) -> HybridSequentialRNNCell:
        """Return a stack of single cells with this layer's parameters, which computes the same."""
        refused = {
            "projection_size": self._projection_size,
            "state_clip_min": self._lstm_state_clip_min,
            "state_clip_max": self._lstm_state_clip_max,
        }
        for name, value in refused.items():
            if value is not None:
                raise base.AssertionError(f"{type(self).__name__}._unfuse: {name} is {value}, which no single cell has")
        stack = HybridSequentialRNNCell(prefix=self.prefix, params=self.params)
        with stack.name_scope():
            inputs = self.l0_i2h_weight.shape[1]  # type: ignore[index]
            for layer in range(self._num_layers):
                cell = self._cell(f"l{layer}_", inputs)
                if self._dir == 2:
                    cell = BidirectionalCell(cell, self._cell(f"r{layer}_", inputs))
                stack.add(cell)
                if self._dropout > 0 and layer != self._num_layers - 1:
                    stack.add(DropoutCell(self._dropout))
                inputs = self._hidden_size * self._dir
        return stack

    def _cell(self, prefix: str, input_size: int) -> Any:
        options: dict[str, Any] = {
            "input_size": input_size,
            "prefix": prefix,
            "i2h_weight_initializer": self._i2h_weight_initializer,
            "h2h_weight_initializer": self._h2h_weight_initializer,
            "i2h_bias_initializer": self._i2h_bias_initializer,
            "h2h_bias_initializer": self._h2h_bias_initializer,
        }
        if self._mode in ("lstm", "gru"):
            return (LSTMCell if self._mode == "lstm" else GRUCell)(self._hidden_size, **options)
        return RNNCell(self._hidden_size, activation=self._mode.removeprefix("rnn_"), **options)

    def cast(self, dtype: Any) -> None:
        """Cast all parameters, and make states of this dtype from now on.

        Parameters
        ----------
        dtype : str or numpy type
            The new dtype.
        """
        super().cast(dtype)
        self._dtype = dtype

    def begin_state(self, batch_size: int = 0, func: Callable[..., Any] = ndarray.zeros, **kwargs: Any) -> list[Any]:
        """Return new states for before the first step.

        Parameters
        ----------
        batch_size : int
            Number of sequences; needed where `func` makes arrays.
        func : function
            What makes them: `mx.nd.zeros`, `mx.nd.random.normal`, `mx.sym.var` and the like. It is called with
            ``name=``, and with ``shape=``, ``dtype=`` and ``__layout__=`` of `state_info`.
        **kwargs
            Passed on to `func`, such as ``ctx`` or ``dtype``.

        Returns
        -------
        list of NDArray or Symbol

        Examples
        --------
        >>> layer = mx.gluon.rnn.LSTM(4, num_layers=2)
        >>> [state.shape for state in layer.begin_state(batch_size=3)]
        [(2, 3, 4), (2, 3, 4)]
        """
        return [
            begun(self, func, f"{self._prefix}h0_{i}", {**(info or {}), **kwargs})
            for i, info in enumerate(self.state_info(batch_size))
        ]

    def __call__(  # type: ignore[override] - these and no others
        self, inputs: Tensor, states: Any = None, sequence_length: Tensor | None = None, **kwargs: Any
    ) -> Any:
        """Return the output for all steps, and the last states if states are given.

        Parameters
        ----------
        inputs : NDArray or Symbol of shape (T, N, C), or (N, T, C) with the layout 'NTC'
            The sequences.
        states : NDArray or Symbol, or list of them, optional
            States before the first step; zeros by default.
        sequence_length : NDArray or Symbol of shape (N,), optional
            With ``use_sequence_length=True``: how many steps of each sequence count. Outputs after them are zero, and
            the last states are those at the end.

        Returns
        -------
        output : NDArray or Symbol of shape (T, N, D * H), or (N, T, D * H)
        states : list of NDArray or Symbol
            Only if states are given.

        Raises
        ------
        ValueError
            If a state has another shape than `state_info` says.
        """
        self.skip_states = states is None
        if states is None:
            # A tuple, so that a hybridized layer traces calls without states apart from those with a list of them.
            states = tuple(self._first_states(inputs))
        elif isinstance(states, tensor_types):
            states = [states]
        return super().__call__(inputs, states, sequence_length, **kwargs)

    def _first_states(self, inputs: Tensor) -> list[Any]:
        if isinstance(inputs, symbol.Symbol):
            return self.begin_state(0, func=symbol.zeros)
        if not isinstance(inputs, ndarray.NDArray):
            raise base.TypeError(
                f"{type(self).__name__}: the input is a {type(inputs).__name__}; expected an NDArray or a Symbol"
            )
        batch_size = inputs.shape[self._layout.find("N")]
        return self.begin_state(batch_size, ctx=inputs.context, dtype=inputs.dtype)

    def hybrid_forward(  # type: ignore[override] - with the parameters by name, as in every block
        self, F: Any, inputs: Tensor, states: Sequence[Tensor], sequence_length: Tensor | None = None, **kwargs: Tensor
    ) -> Any:
        """Return what a call does; the parameters come by name."""
        if F is ndarray:
            self._check(inputs, states)
        if (sequence_length is not None) != self._use_sequence_length:
            self._wrong_lengths()
        output, states = self._forward_kernel(F, inputs, states, sequence_length, **kwargs)
        return output if self.skip_states else (output, states)

    def _check(self, inputs: Tensor, states: Sequence[Tensor]) -> None:
        """Refuse states of other shapes than they have."""
        expected = self.state_info(inputs.shape[self._layout.find("N")])
        if len(states) != len(expected):
            raise base.ValueError(
                f"{type(self).__name__}: {len(states)} states came; expected {len(expected)}, as begin_state() returns"
            )
        for state, info in zip(states, expected):
            if state.shape != info["shape"]:
                raise base.ValueError(
                    f"{type(self).__name__}: Invalid recurrent state shape. Expecting {info['shape']}, got "
                    f"{state.shape}."
                )

    def _wrong_lengths(self) -> None:
        if self._use_sequence_length:
            raise base.ValueError(
                f"{type(self).__name__}: made with use_sequence_length=True, but no sequence_length came; give one for "
                "each sequence"
            )
        raise base.ValueError(
            f"{type(self).__name__}: a sequence_length came; make the layer with use_sequence_length=True"
        )

    def _forward_kernel(
        self, F: Any, inputs: Tensor, states: Sequence[Tensor], sequence_length: Tensor | None, **kwargs: Tensor
    ) -> tuple[Tensor, list[Any]]:
        """Return the output and the last states from the parameters by name."""
        if self._layout == "NTC":
            inputs = F.swapaxes(inputs, dim1=0, dim2=1)
        attributes = {
            "state_size": self._hidden_size,
            "num_layers": self._num_layers,
            "bidirectional": self._dir == 2,
            "mode": self._mode,
            "p": self._dropout,
            "state_outputs": True,
            "projection_size": self._projection_size,
            "lstm_state_clip_min": self._lstm_state_clip_min,
            "lstm_state_clip_max": self._lstm_state_clip_max,
            "lstm_state_clip_nan": self._lstm_state_clip_nan,
            "use_sequence_length": self._use_sequence_length,
        }
        parameters = [kwargs[name] for name in pieces(attributes)]
        if F is ndarray:  # a vector of all parameters would be taken apart again
            further = () if sequence_length is None else (sequence_length,)
            found = invoke(APART, [inputs, *parameters, *states, *further], attributes)
        else:
            vector = F._internal._rnn_param_concat(*[one.reshape(-1) for one in parameters], dim=0)
            found = F.RNN(inputs, vector, *states, sequence_length=sequence_length, **attributes)
        output, *last = (found[i] for i in range(1 + len(states)))
        return (F.swapaxes(output, dim1=0, dim2=1) if self._layout == "NTC" else output), last
