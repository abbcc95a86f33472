"""Cells whose gates are convolutions, for sequences of images."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import base, symbol
from ..symbol import Symbol
from ._base import BaseRNNCell, RNNParams
from ._cells import gru_step, lstm_step

Activation = str | Callable[..., Symbol]
_LEAKY = functools.partial(symbol.LeakyReLU, act_type="leaky", slope=0.2)


class BaseConvRNNCell(BaseRNNCell):
    """What the convolutional cells share.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of the input at one step in the order of `conv_layout`; the length of the batch does not matter.
    num_hidden : int
        Number of channels of the output.
    h2h_kernel, h2h_dilate : tuple of int
        Kernel (odd lengths, so that the state keeps its size) and dilation of the convolution of the state.
    i2h_kernel, i2h_stride, i2h_pad, i2h_dilate : tuple of int
        The convolution of the input.
    i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        How the weights start; None for what the model's initializer does.
    activation : str or function
        As in `RNNCell`.
    prefix : str
        Put before all names.
    params : RNNParams, optional
        Weights to share.
    conv_layout : str
        'NCHW', 'NHWC' and so on.

    Raises
    ------
    AssertionError
        If a length of `h2h_kernel` is even.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_hidden: int,
        h2h_kernel: tuple[int, ...],
        h2h_dilate: tuple[int, ...],
        i2h_kernel: tuple[int, ...],
        i2h_stride: tuple[int, ...],
        i2h_pad: tuple[int, ...],
        i2h_dilate: tuple[int, ...],
        i2h_weight_initializer: Any,
        h2h_weight_initializer: Any,
        i2h_bias_initializer: Any,
        h2h_bias_initializer: Any,
        activation: Activation,
        prefix: str = "",
        params: RNNParams | None = None,
        conv_layout: str = "NCHW",
    ) -> None:
        super().__init__(prefix=prefix, params=params)
        if not isinstance(h2h_kernel, tuple):
            raise base.TypeError(f"{type(self).__name__}: h2h_kernel is {h2h_kernel!r}; expected a tuple of int")
        if any(length % 2 == 0 for length in h2h_kernel):
            raise AssertionError(
                f"{type(self).__name__}: h2h_kernel is {h2h_kernel}; expected odd lengths: a state keeps its size"
            )
        self._h2h_kernel = h2h_kernel
        self._h2h_pad = tuple(d * (k - 1) // 2 for d, k in zip(h2h_dilate, h2h_kernel))
        self._h2h_dilate = h2h_dilate
        self._i2h_kernel = i2h_kernel
        self._i2h_stride = i2h_stride
        self._i2h_pad = i2h_pad
        self._i2h_dilate = i2h_dilate
        self._num_hidden = num_hidden
        self._input_shape = input_shape
        self._conv_layout: Any = conv_layout
        self._activation = activation
        self._state_shape = self._inferred_state_shape()
        self._iW = self.params.get("i2h_weight", init=i2h_weight_initializer)
        self._hW = self.params.get("h2h_weight", init=h2h_weight_initializer)
        self._iB = self.params.get("i2h_bias", init=i2h_bias_initializer)
        self._hB = self.params.get("h2h_bias", init=h2h_bias_initializer)

    def _inferred_state_shape(self) -> tuple[int, ...]:
        """Return the shape of what the convolution makes of an input, with 0 where the batch is."""
        if not isinstance(self._input_shape, tuple):
            raise base.TypeError(
                f"{type(self).__name__}: input_shape is {self._input_shape!r}; expected a tuple such as (N, C, H, W)"
            )
        convolution = symbol.Convolution(
            symbol.Variable("data"),
            num_filter=self._num_hidden,
            kernel=self._i2h_kernel,
            stride=self._i2h_stride,
            pad=self._i2h_pad,
            dilate=self._i2h_dilate,
            layout=self._conv_layout,
        )
        _, outputs, _ = convolution.infer_shape(data=(1, *self._input_shape[1:]))
        return (0, *outputs[0][1:])

    @property
    def _num_gates(self) -> int:
        return len(self._gate_names)

    @property
    def state_info(self) -> list[Any]:
        """Two states of the shape of the output."""
        return [{"shape": self._state_shape, "__layout__": self._conv_layout} for _ in range(2)]

    def _conv_forward(self, inputs: Symbol, states: Sequence[Symbol], name: str) -> tuple[Symbol, Symbol]:
        """Return the gates' shares of the input and of the first state, stacked along the channels."""
        self._check_states(states)
        filters = self._num_hidden * self._num_gates
        i2h = symbol.Convolution(
            inputs,
            self._iW,
            self._iB,
            num_filter=filters,
            kernel=self._i2h_kernel,
            stride=self._i2h_stride,
            pad=self._i2h_pad,
            dilate=self._i2h_dilate,
            layout=self._conv_layout,
            name=f"{name}i2h",
        )
        h2h = symbol.Convolution(
            states[0],
            self._hW,
            self._hB,
            num_filter=filters,
            kernel=self._h2h_kernel,
            stride=(1,) * len(self._h2h_kernel),
            pad=self._h2h_pad,
            dilate=self._h2h_dilate,
            layout=self._conv_layout,
            name=f"{name}h2h",
        )
        return i2h, h2h

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the output and the states after one step; a subclass says how."""
        raise NotImplementedError(
            f"{type(self).__name__} does not say what one step is; override __call__, or take ConvRNNCell, "
            "ConvLSTMCell or ConvGRUCell"
        )


class ConvRNNCell(BaseConvRNNCell):
    """A layer with ``h = f(W * x + b + R * h' + d)``, where ``*`` is a convolution and h' the output before.

    Its parameters are those of `BaseConvRNNCell`. There may be one, two or three axes of space.

    References
    ----------
    Shi et al., Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting, 2015.

    Examples
    --------
    >>> cell = mx.rnn.ConvRNNCell(input_shape=(1, 3, 16, 16), num_hidden=8)
    >>> cell.unroll(2, mx.sym.var("data"))[0][1].infer_shape(data=(4, 2, 3, 16, 16))[1]
    [(4, 8, 16, 16)]
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_hidden: int,
        h2h_kernel: tuple[int, ...] = (3, 3),
        h2h_dilate: tuple[int, ...] = (1, 1),
        i2h_kernel: tuple[int, ...] = (3, 3),
        i2h_stride: tuple[int, ...] = (1, 1),
        i2h_pad: tuple[int, ...] = (1, 1),
        i2h_dilate: tuple[int, ...] = (1, 1),
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        activation: Activation = _LEAKY,
        prefix: str = "ConvRNN_",
        params: RNNParams | None = None,
        conv_layout: str = "NCHW",
    ) -> None:
        super().__init__(
            input_shape, num_hidden, h2h_kernel, h2h_dilate, i2h_kernel, i2h_stride, i2h_pad, i2h_dilate,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            activation, prefix, params, conv_layout,
        )  # fmt: skip

    @property
    def state_info(self) -> list[Any]:
        """One state: the output."""
        return super().state_info[:1]

    @property
    def _gate_names(self) -> Sequence[str]:
        return ("",)

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the output and the states after one step; see `BaseRNNCell.__call__`."""
        self._counter += 1
        name = f"{self._prefix}t{self._counter}_"
        i2h, h2h = self._conv_forward(inputs, states, name)
        output = self._get_activation(i2h + h2h, self._activation, name=f"{name}out")
        return output, [output]


class ConvLSTMCell(BaseConvRNNCell):
    """A layer of long short-term memory whose gates are convolutions; else as `LSTMCell`.

    Its parameters are those of `BaseConvRNNCell`; `activation` stands for tanh.

    References
    ----------
    Shi et al., Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting, 2015.

    Examples
    --------
    >>> cell = mx.rnn.ConvLSTMCell(input_shape=(1, 16, 16, 3), num_hidden=8, conv_layout="NHWC")
    >>> cell.state_shape
    [(0, 16, 16, 8), (0, 16, 16, 8)]
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_hidden: int,
        h2h_kernel: tuple[int, ...] = (3, 3),
        h2h_dilate: tuple[int, ...] = (1, 1),
        i2h_kernel: tuple[int, ...] = (3, 3),
        i2h_stride: tuple[int, ...] = (1, 1),
        i2h_pad: tuple[int, ...] = (1, 1),
        i2h_dilate: tuple[int, ...] = (1, 1),
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        activation: Activation = _LEAKY,
        prefix: str = "ConvLSTM_",
        params: RNNParams | None = None,
        conv_layout: str = "NCHW",
    ) -> None:
        super().__init__(
            input_shape, num_hidden, h2h_kernel, h2h_dilate, i2h_kernel, i2h_stride, i2h_pad, i2h_dilate,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            activation, prefix, params, conv_layout,
        )  # fmt: skip

    @property
    def _gate_names(self) -> Sequence[str]:
        return ["_i", "_f", "_c", "_o"]

    @property
    def state_info(self) -> list[Any]:
        """Two states: the output h and the memory c."""
        return super().state_info

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the output and the states after one step; see `BaseRNNCell.__call__`."""
        self._counter += 1
        name = f"{self._prefix}t{self._counter}_"
        i2h, h2h = self._conv_forward(inputs, states, name)
        axis = self._conv_layout.find("C")
        gates = symbol.SliceChannel(i2h + h2h, num_outputs=4, axis=axis, name=f"{name}slice")
        return lstm_step(self, gates, states[1], self._activation, name)


class ConvGRUCell(BaseConvRNNCell):
    """A layer of gated recurrent units whose gates are convolutions; else as `GRUCell`.

    Its parameters are those of `BaseConvRNNCell`; `activation` stands for tanh.

    References
    ----------
    Ballas et al., Delving Deeper into Convolutional Networks for Learning Video Representations, 2016.

    Examples
    --------
    >>> mx.rnn.ConvGRUCell(input_shape=(1, 3, 16, 16), num_hidden=8).state_shape
    [(0, 8, 16, 16)]
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_hidden: int,
        h2h_kernel: tuple[int, ...] = (3, 3),
        h2h_dilate: tuple[int, ...] = (1, 1),
        i2h_kernel: tuple[int, ...] = (3, 3),
        i2h_stride: tuple[int, ...] = (1, 1),
        i2h_pad: tuple[int, ...] = (1, 1),
        i2h_dilate: tuple[int, ...] = (1, 1),
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        activation: Activation = _LEAKY,
        prefix: str = "ConvGRU_",
        params: RNNParams | None = None,
        conv_layout: str = "NCHW",
    ) -> None:
        super().__init__(
            input_shape, num_hidden, h2h_kernel, h2h_dilate, i2h_kernel, i2h_stride, i2h_pad, i2h_dilate,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            activation, prefix, params, conv_layout,
        )  # fmt: skip

    @property
    def _gate_names(self) -> Sequence[str]:
        return ["_r", "_z", "_o"]

    @property
    def state_info(self) -> list[Any]:
        """One state: the output."""
        return super().state_info[:1]

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the output and the states after one step; see `BaseRNNCell.__call__`."""
        self._counter += 1
        name = f"{self._prefix}t{self._counter}_"
        i2h, h2h = self._conv_forward(inputs, states, name)
        axis = self._conv_layout.find("C")
        where: dict[str, Any] = {} if axis == 1 else {"axis": axis}  # 1.9.1 writes no axis into the graph
        i2h = symbol.SliceChannel(i2h, num_outputs=3, name=f"{name}_i2h_slice", **where)
        h2h = symbol.SliceChannel(h2h, num_outputs=3, name=f"{name}_h2h_slice", **where)
        return gru_step(self, i2h, h2h, states[0], self._activation, name)
