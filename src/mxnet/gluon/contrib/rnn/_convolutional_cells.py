"""The convolutional cells by kind and by number of axes of space."""

from __future__ import annotations

from typing import Any

from ...parameter import ParameterDict
from ...rnn._base import Activation
from ._convolutional import Lengths, _ConvGRUCell, _ConvLSTMCell, _ConvRNNCell


class Conv1DRNNCell(_ConvRNNCell):
    """A simple recurrent cell whose gates are convolutions, on signals.

    Its parameters are those of `Conv2DRNNCell`, with one axis of space; the layout is 'NCW'.

    References
    ----------
    Shi et al., Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting, 2015.

    Examples
    --------
    >>> cell = mx.gluon.contrib.rnn.Conv1DRNNCell((3, 8), 4, i2h_kernel=3, h2h_kernel=3)
    >>> [state.shape for state in cell.begin_state(batch_size=2)]
    [(2, 4, 6)]
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        hidden_channels: int,
        i2h_kernel: Lengths,
        h2h_kernel: Lengths,
        i2h_pad: Lengths = (0,),
        i2h_dilate: Lengths = (1,),
        h2h_dilate: Lengths = (1,),
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        conv_layout: str = "NCW",
        activation: Activation = "tanh",
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(
            input_shape, hidden_channels, i2h_kernel, h2h_kernel, i2h_pad, i2h_dilate, h2h_dilate,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            1, conv_layout, activation, prefix, params,
        )  # fmt: skip


class Conv2DRNNCell(_ConvRNNCell):
    """A simple recurrent cell on images: ``h = f(W * x + b + R * h' + d)``, where ``*`` is a convolution.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of the input x at one step in the order of `conv_layout`, without the batch. An unknown number of channels
        may be 0.
    hidden_channels : int
        Number of channels of the output h, which is also the state.
    i2h_kernel : int or tuple of int
        Lengths of the kernel W.
    h2h_kernel : int or tuple of int
        Lengths of the kernel R; odd, so that a state keeps its size.
    i2h_pad, i2h_dilate : int or tuple of int
        Padding and dilation of the convolution of the input.
    h2h_dilate : int or tuple of int
        Dilation of the convolution of the state.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        How W and R start; by default as `initialize` says.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        How b and d start.
    conv_layout : str
        'NCHW', or 'NHWC' with the channels last.
    activation : str, Block or function
        f; see `RNNCell`.
    prefix : str, optional
        Put before all names.
    params : ParameterDict, optional
        Parameters to share with another cell.

    Raises
    ------
    AssertionError
        If a length of `h2h_kernel` is even, or a tuple has not one length for each axis of space.

    References
    ----------
    Shi et al., Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting, 2015.

    Examples
    --------
    >>> cell = mx.gluon.contrib.rnn.Conv2DRNNCell((3, 8, 8), 4, i2h_kernel=3, h2h_kernel=3, i2h_pad=1)
    >>> cell.initialize()
    >>> outputs, states = cell.unroll(2, mx.nd.ones((1, 2, 3, 8, 8)), merge_outputs=True)
    >>> outputs.shape
    (1, 2, 4, 8, 8)
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        hidden_channels: int,
        i2h_kernel: Lengths,
        h2h_kernel: Lengths,
        i2h_pad: Lengths = (0, 0),
        i2h_dilate: Lengths = (1, 1),
        h2h_dilate: Lengths = (1, 1),
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        conv_layout: str = "NCHW",
        activation: Activation = "tanh",
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(
            input_shape, hidden_channels, i2h_kernel, h2h_kernel, i2h_pad, i2h_dilate, h2h_dilate,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            2, conv_layout, activation, prefix, params,
        )  # fmt: skip


class Conv3DRNNCell(_ConvRNNCell):
    """A simple recurrent cell whose gates are convolutions, on volumes.

    Its parameters are those of `Conv2DRNNCell`, with three axes of space; layouts are 'NCDHW' or 'NDHWC'.

    References
    ----------
    Shi et al., Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting, 2015.

    Examples
    --------
    >>> cell = mx.gluon.contrib.rnn.Conv3DRNNCell((3, 8, 8, 8), 4, i2h_kernel=3, h2h_kernel=3)
    >>> [state.shape for state in cell.begin_state(batch_size=2)]
    [(2, 4, 6, 6, 6)]
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        hidden_channels: int,
        i2h_kernel: Lengths,
        h2h_kernel: Lengths,
        i2h_pad: Lengths = (0, 0, 0),
        i2h_dilate: Lengths = (1, 1, 1),
        h2h_dilate: Lengths = (1, 1, 1),
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        conv_layout: str = "NCDHW",
        activation: Activation = "tanh",
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(
            input_shape, hidden_channels, i2h_kernel, h2h_kernel, i2h_pad, i2h_dilate, h2h_dilate,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            3, conv_layout, activation, prefix, params,
        )  # fmt: skip


class Conv1DLSTMCell(_ConvLSTMCell):
    """A cell of long short-term memory whose gates are convolutions, on signals.

    Its parameters are those of `Conv2DRNNCell`, with one axis of space; the layout is 'NCW'.
    Its states are h and c, as in `LSTMCell`, with f for tanh.

    References
    ----------
    Shi et al., Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting, 2015.

    Examples
    --------
    >>> cell = mx.gluon.contrib.rnn.Conv1DLSTMCell((3, 8), 4, i2h_kernel=3, h2h_kernel=3)
    >>> [state.shape for state in cell.begin_state(batch_size=2)]
    [(2, 4, 6), (2, 4, 6)]
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        hidden_channels: int,
        i2h_kernel: Lengths,
        h2h_kernel: Lengths,
        i2h_pad: Lengths = (0,),
        i2h_dilate: Lengths = (1,),
        h2h_dilate: Lengths = (1,),
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        conv_layout: str = "NCW",
        activation: Activation = "tanh",
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(
            input_shape, hidden_channels, i2h_kernel, h2h_kernel, i2h_pad, i2h_dilate, h2h_dilate,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            1, conv_layout, activation, prefix, params,
        )  # fmt: skip


class Conv2DLSTMCell(_ConvLSTMCell):
    """A cell of long short-term memory whose gates are convolutions, on images.

    Its parameters are those of `Conv2DRNNCell`, with two axes of space; layouts are 'NCHW' or 'NHWC'.
    Its states are h and c, as in `LSTMCell`, with f for tanh.

    References
    ----------
    Shi et al., Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting, 2015.

    Examples
    --------
    >>> cell = mx.gluon.contrib.rnn.Conv2DLSTMCell((3, 8, 8), 4, i2h_kernel=3, h2h_kernel=3)
    >>> [state.shape for state in cell.begin_state(batch_size=2)]
    [(2, 4, 6, 6), (2, 4, 6, 6)]
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        hidden_channels: int,
        i2h_kernel: Lengths,
        h2h_kernel: Lengths,
        i2h_pad: Lengths = (0, 0),
        i2h_dilate: Lengths = (1, 1),
        h2h_dilate: Lengths = (1, 1),
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        conv_layout: str = "NCHW",
        activation: Activation = "tanh",
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(
            input_shape, hidden_channels, i2h_kernel, h2h_kernel, i2h_pad, i2h_dilate, h2h_dilate,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            2, conv_layout, activation, prefix, params,
        )  # fmt: skip


class Conv3DLSTMCell(_ConvLSTMCell):
    """A cell of long short-term memory whose gates are convolutions, on volumes.

    Its parameters are those of `Conv2DRNNCell`, with three axes of space; layouts are 'NCDHW' or 'NDHWC'.
    Its states are h and c, as in `LSTMCell`, with f for tanh.

    References
    ----------
    Shi et al., Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting, 2015.

    Examples
    --------
    >>> cell = mx.gluon.contrib.rnn.Conv3DLSTMCell((3, 8, 8, 8), 4, i2h_kernel=3, h2h_kernel=3)
    >>> [state.shape for state in cell.begin_state(batch_size=2)]
    [(2, 4, 6, 6, 6), (2, 4, 6, 6, 6)]
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        hidden_channels: int,
        i2h_kernel: Lengths,
        h2h_kernel: Lengths,
        i2h_pad: Lengths = (0, 0, 0),
        i2h_dilate: Lengths = (1, 1, 1),
        h2h_dilate: Lengths = (1, 1, 1),
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        conv_layout: str = "NCDHW",
        activation: Activation = "tanh",
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(
            input_shape, hidden_channels, i2h_kernel, h2h_kernel, i2h_pad, i2h_dilate, h2h_dilate,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            3, conv_layout, activation, prefix, params,
        )  # fmt: skip


class Conv1DGRUCell(_ConvGRUCell):
    """A cell of gated recurrent units whose gates are convolutions, on signals.

    Its parameters are those of `Conv2DRNNCell`, with one axis of space; the layout is 'NCW'.
    Its gates are those of `GRUCell`, with f for tanh.

    References
    ----------
    Ballas et al., Delving Deeper into Convolutional Networks for Learning Video Representations, 2016.

    Examples
    --------
    >>> cell = mx.gluon.contrib.rnn.Conv1DGRUCell((3, 8), 4, i2h_kernel=3, h2h_kernel=3)
    >>> [state.shape for state in cell.begin_state(batch_size=2)]
    [(2, 4, 6)]
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        hidden_channels: int,
        i2h_kernel: Lengths,
        h2h_kernel: Lengths,
        i2h_pad: Lengths = (0,),
        i2h_dilate: Lengths = (1,),
        h2h_dilate: Lengths = (1,),
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        conv_layout: str = "NCW",
        activation: Activation = "tanh",
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(
            input_shape, hidden_channels, i2h_kernel, h2h_kernel, i2h_pad, i2h_dilate, h2h_dilate,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            1, conv_layout, activation, prefix, params,
        )  # fmt: skip


class Conv2DGRUCell(_ConvGRUCell):
    """A cell of gated recurrent units whose gates are convolutions, on images.

    Its parameters are those of `Conv2DRNNCell`, with two axes of space; layouts are 'NCHW' or 'NHWC'.
    Its gates are those of `GRUCell`, with f for tanh.

    References
    ----------
    Ballas et al., Delving Deeper into Convolutional Networks for Learning Video Representations, 2016.

    Examples
    --------
    >>> cell = mx.gluon.contrib.rnn.Conv2DGRUCell((3, 8, 8), 4, i2h_kernel=3, h2h_kernel=3)
    >>> [state.shape for state in cell.begin_state(batch_size=2)]
    [(2, 4, 6, 6)]
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        hidden_channels: int,
        i2h_kernel: Lengths,
        h2h_kernel: Lengths,
        i2h_pad: Lengths = (0, 0),
        i2h_dilate: Lengths = (1, 1),
        h2h_dilate: Lengths = (1, 1),
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        conv_layout: str = "NCHW",
        activation: Activation = "tanh",
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(
            input_shape, hidden_channels, i2h_kernel, h2h_kernel, i2h_pad, i2h_dilate, h2h_dilate,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            2, conv_layout, activation, prefix, params,
        )  # fmt: skip


class Conv3DGRUCell(_ConvGRUCell):
    """A cell of gated recurrent units whose gates are convolutions, on volumes.

    Its parameters are those of `Conv2DRNNCell`, with three axes of space; layouts are 'NCDHW' or 'NDHWC'.
    Its gates are those of `GRUCell`, with f for tanh.

    References
    ----------
    Ballas et al., Delving Deeper into Convolutional Networks for Learning Video Representations, 2016.

    Examples
    --------
    >>> cell = mx.gluon.contrib.rnn.Conv3DGRUCell((3, 8, 8, 8), 4, i2h_kernel=3, h2h_kernel=3)
    >>> [state.shape for state in cell.begin_state(batch_size=2)]
    [(2, 4, 6, 6, 6)]
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        hidden_channels: int,
        i2h_kernel: Lengths,
        h2h_kernel: Lengths,
        i2h_pad: Lengths = (0, 0, 0),
        i2h_dilate: Lengths = (1, 1, 1),
        h2h_dilate: Lengths = (1, 1, 1),
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        conv_layout: str = "NCDHW",
        activation: Activation = "tanh",
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(
            input_shape, hidden_channels, i2h_kernel, h2h_kernel, i2h_pad, i2h_dilate, h2h_dilate,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            3, conv_layout, activation, prefix, params,
        )  # fmt: skip
