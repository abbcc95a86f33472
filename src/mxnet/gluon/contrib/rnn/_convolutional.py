"""What the convolutional cells compute, for any number of axes of space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .... import base
from ...parameter import ParameterDict
from ...rnn._base import Activation
from ...rnn._sequences import Tensor
from ...rnn.rnn_cell import HybridRecurrentCell

#: A length for all axes of space, or one for each.
Lengths = int | Sequence[int]


def _get_conv_out_size(
    dimensions: Sequence[int], kernels: Sequence[int], paddings: Sequence[int], dilations: Sequence[int]
) -> tuple[int, ...]:
    """Return what a convolution makes of lengths; unknown ones (0) stay so."""
    return tuple(
        length + 2 * pad - dilation * (kernel - 1) if length else 0
        for length, kernel, pad, dilation in zip(dimensions, kernels, paddings, dilations)
    )


class _BaseConvRNNCell(HybridRecurrentCell):
    """What the convolutional cells share; `Conv2DRNNCell` says what the parameters are."""

    def __init__(
        self,
        input_shape: Sequence[int],
        hidden_channels: int,
        i2h_kernel: Lengths,
        h2h_kernel: Lengths,
        i2h_pad: Lengths,
        i2h_dilate: Lengths,
        h2h_dilate: Lengths,
        i2h_weight_initializer: Any,
        h2h_weight_initializer: Any,
        i2h_bias_initializer: Any,
        h2h_bias_initializer: Any,
        dims: int,
        conv_layout: str,
        activation: Activation,
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(prefix=prefix, params=params)
        self._hidden_channels = hidden_channels
        self._input_shape = tuple(input_shape)
        self._conv_layout = conv_layout
        self._activation = activation
        self._stride = (1,) * dims
        self._i2h_kernel = self._lengths("i2h_kernel", i2h_kernel)
        self._i2h_pad = self._lengths("i2h_pad", i2h_pad)
        self._i2h_dilate = self._lengths("i2h_dilate", i2h_dilate)
        self._h2h_kernel = self._lengths("h2h_kernel", h2h_kernel)
        self._h2h_dilate = self._lengths("h2h_dilate", h2h_dilate)
        if any(length % 2 == 0 for length in self._h2h_kernel):
            raise base.AssertionError(
                f"{type(self).__name__}: Only support odd number, get h2h_kernel= {h2h_kernel}: a state keeps its size"
            )
        self._channel_axis, self._in_channels, i2h_shape, h2h_shape = self._decide_shapes()
        rows = (hidden_channels * self._num_gates,)

        def get(name: str, shape: tuple[int, ...], init: Any) -> Any:
            return self.params.get(name, shape=shape, init=init, allow_deferred_init=True)

        self.i2h_weight = get("i2h_weight", i2h_shape, i2h_weight_initializer)
        self.h2h_weight = get("h2h_weight", h2h_shape, h2h_weight_initializer)
        self.i2h_bias = get("i2h_bias", rows, i2h_bias_initializer)
        self.h2h_bias = get("h2h_bias", rows, h2h_bias_initializer)

    def _lengths(self, name: str, value: Lengths) -> tuple[int, ...]:
        """Return one length for each axis of space."""
        dims = len(self._stride)
        lengths = (value,) * dims if isinstance(value, int) else tuple(value)
        if len(lengths) != dims:
            raise base.AssertionError(
                f"{type(self).__name__}: For {dims}D convolution, the convolution settings can only be either int or "
                f"list/tuple of length {dims}; {name} is {value}"
            )
        return lengths

    def _decide_shapes(self) -> tuple[int, int, tuple[int, ...], tuple[int, ...]]:
        """Return the axis and number of channels that come in, and the shapes of both weights; set what states need."""
        layout, dims = self._conv_layout, len(self._stride)
        axis = layout.find("C")
        if axis not in (1, dims + 1) or len(layout) != dims + 2:
            wanted = "NCDHW"[: 2 + dims] if dims == 3 else ("NCW", "NCHW")[dims - 1]
            raise base.ValueError(
                f"{type(self).__name__}: conv_layout is {layout!r}; expected {wanted!r}, or the same with C at the end"
            )
        if len(self._input_shape) != dims + 1:
            raise base.ValueError(
                f"{type(self).__name__}: input_shape is {self._input_shape}; expected the lengths of the axes "
                f"{layout[1:]} without that of the batch"
            )
        first = axis == 1
        channels = self._input_shape[0 if first else -1]
        space = self._input_shape[1:] if first else self._input_shape[:-1]
        space = _get_conv_out_size(space, self._i2h_kernel, self._i2h_pad, self._i2h_dilate)
        self._h2h_pad = tuple(d * (k - 1) // 2 for d, k in zip(self._h2h_dilate, self._h2h_kernel))
        hidden = self._hidden_channels
        self._state_shape = (hidden, *space) if first else (*space, hidden)
        rows = hidden * self._num_gates

        def weight(inputs: int, kernel: tuple[int, ...]) -> tuple[int, ...]:
            return (rows, inputs, *kernel) if first else (rows, *kernel, inputs)

        return axis, channels, weight(channels, self._i2h_kernel), weight(hidden, self._h2h_kernel)

    @property
    def _gate_names(self) -> Sequence[str]:
        raise NotImplementedError(f"{type(self).__name__} does not say what its gates are; override _gate_names")

    @property
    def _num_gates(self) -> int:
        return len(self._gate_names)

    def __repr__(self) -> str:
        shape = self.i2h_weight.shape
        return (
            f"{type(self).__name__}({shape[self._channel_axis] or None} -> {shape[0]}, {self._activation}, "
            f"{self._conv_layout})"
        )

    def _states(self, batch_size: int, count: int) -> list[Any]:
        """Return what `state_info` says of so many states."""
        shape = (batch_size, *self._state_shape)
        return [{"shape": shape, "__layout__": self._conv_layout} for _ in range(count)]

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape and layout of each state."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its states are; override state_info")

    def hybrid_forward(self, F: Any, inputs: Tensor, states: Sequence[Tensor]) -> Any:  # type: ignore[override]
        """Return the output and the states after one step; a subclass says how."""
        raise NotImplementedError(f"{type(self).__name__} does not say what one step is; override hybrid_forward")

    def _conv_forward(
        self,
        F: Any,
        inputs: Tensor,
        states: Sequence[Tensor],
        i2h_weight: Tensor,
        h2h_weight: Tensor,
        i2h_bias: Tensor,
        h2h_bias: Tensor,
        prefix: str,
    ) -> tuple[Tensor, Tensor]:
        """Return the gates' shares of the input and of the first state, side by side along the channels."""
        common = {
            "num_filter": self._hidden_channels * self._num_gates,
            "stride": self._stride,
            "layout": self._conv_layout,
        }
        i2h = F.Convolution(
            inputs, i2h_weight, i2h_bias, kernel=self._i2h_kernel, pad=self._i2h_pad, dilate=self._i2h_dilate,
            name=f"{prefix}i2h", **common,
        )  # fmt: skip
        h2h = F.Convolution(
            states[0], h2h_weight, h2h_bias, kernel=self._h2h_kernel, pad=self._h2h_pad, dilate=self._h2h_dilate,
            name=f"{prefix}h2h", **common,
        )  # fmt: skip
        return i2h, h2h


class _ConvRNNCell(_BaseConvRNNCell):  # pyright: ignore[reportUnusedClass]
    """``h = f(W * x + b + R * h' + d)``, where ``*`` is a convolution and h' the output before."""

    def _alias(self) -> str:
        return "conv_rnn"

    @property
    def _gate_names(self) -> Sequence[str]:
        return ("",)

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape and layout of the one state, which is the output."""
        return self._states(batch_size, 1)

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
        i2h, h2h = self._conv_forward(F, inputs, states, i2h_weight, h2h_weight, i2h_bias, h2h_bias, name)
        output = self._get_activation(F, i2h + h2h, self._activation, name=f"{name}out")
        return output, [output]


class _ConvLSTMCell(_BaseConvRNNCell):  # pyright: ignore[reportUnusedClass]
    """Long short-term memory whose gates are convolutions."""

    def _alias(self) -> str:
        return "conv_lstm"

    @property
    def _gate_names(self) -> Sequence[str]:
        return ["_i", "_f", "_c", "_o"]

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape and layout of the two states: the output h and the memory c."""
        return self._states(batch_size, 2)

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
        i2h, h2h = self._conv_forward(F, inputs, states, i2h_weight, h2h_weight, i2h_bias, h2h_bias, name)
        gates = F.SliceChannel(i2h + h2h, num_outputs=4, axis=self._channel_axis, name=f"{name}slice")
        enter = F.Activation(gates[0], act_type="sigmoid", name=f"{name}i")
        forget = F.Activation(gates[1], act_type="sigmoid", name=f"{name}f")
        new = self._get_activation(F, gates[2], self._activation, name=f"{name}c")
        leave = F.Activation(gates[3], act_type="sigmoid", name=f"{name}o")
        kept, added = forget * states[1], enter * new
        memory = F.elemwise_add(kept, added, name=f"{name}state")
        shown = self._get_activation(F, memory, self._activation)
        output = F.elemwise_mul(leave, shown, name=f"{name}out")
        return output, [output, memory]


class _ConvGRUCell(_BaseConvRNNCell):  # pyright: ignore[reportUnusedClass]
    """Gated recurrent units whose gates are convolutions."""

    def _alias(self) -> str:
        return "conv_gru"

    @property
    def _gate_names(self) -> Sequence[str]:
        return ["_r", "_z", "_o"]

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape and layout of the one state, which is the output."""
        return self._states(batch_size, 1)

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
        i2h, h2h = self._conv_forward(F, inputs, states, i2h_weight, h2h_weight, i2h_bias, h2h_bias, name)
        i2h = F.SliceChannel(i2h, num_outputs=3, axis=self._channel_axis, name=f"{name}i2h_slice")
        h2h = F.SliceChannel(h2h, num_outputs=3, axis=self._channel_axis, name=f"{name}h2h_slice")
        reset = F.Activation(i2h[0] + h2h[0], act_type="sigmoid", name=f"{name}r_act")
        update = F.Activation(i2h[1] + h2h[1], act_type="sigmoid", name=f"{name}z_act")
        new = self._get_activation(F, i2h[2] + reset * h2h[2], self._activation, name=f"{name}h_act")
        output = F.elemwise_add((1.0 - update) * new, update * states[0], name=f"{name}out")
        return output, [output]
