"""Transposed convolutions."""

from __future__ import annotations

from typing import Any

from ._checks import check_layout, lengths
from ._convolution import _Conv


class Conv1DTranspose(_Conv):
    """The transpose of `Conv1D`: what carries its gradient back, and makes longer series of shorter ones.

    Parameters
    ----------
    channels : int
        Channels of the output.
    kernel_size : int or tuple of int
        Length of the kernel.
    strides, padding, dilation : int or tuple of int
        Those of the convolution: the output grows by `strides`, and `padding` is cut off at both ends.
    output_padding : int or tuple of int
        What the output is longer by at its far end; smaller than `strides`.
    groups : int
        Channels and filters fall into so many groups that do not see each other.
    layout : {'NCW'}
        Order of the axes of data, output and, with its channels as N, the weight.
    activation : str, optional
        Name of an `Activation` of the output.
    use_bias : bool
        Whether something is added.
    weight_initializer, bias_initializer : str or Initializer, optional
        What `weight` (in_channels, channels / groups, width) and `bias` (channels,) are before training.
    in_channels : int
        Channels of the data; 0: those of the first data.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong type, length or value.

    References
    ----------
    Zeiler, Krishnan, Taylor, Fergus: Deconvolutional Networks. CVPR 2010.

    Examples
    --------
    >>> layer = mx.gluon.nn.Conv1DTranspose(channels=4, kernel_size=4, strides=2, padding=1)
    >>> layer.initialize()
    >>> layer(mx.nd.ones((2, 3, 10))).shape
    (2, 4, 20)
    """

    def __init__(
        self,
        channels: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        layout: str = "NCW",
        activation: str | None = None,
        use_bias: bool = True,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_channels: int = 0,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        check_layout(name, layout, ("NCW",))
        output_padding = lengths(name, "output_padding", output_padding, 1)
        super().__init__(
            channels,
            lengths(name, "kernel_size", kernel_size, 1),
            strides,
            padding,
            dilation,
            groups,
            layout,
            in_channels,
            activation,
            use_bias,
            weight_initializer,
            bias_initializer,
            op_name="Deconvolution",
            adj=output_padding,
            **kwargs,
        )
        self.outpad = output_padding


class Conv2DTranspose(_Conv):
    """The transpose of `Conv2D`: what carries its gradient back, and makes larger images of smaller ones.

    Parameters
    ----------
    channels : int
        Channels of the output.
    kernel_size : int or tuple of int
        Height and width of the kernel; one number stands for both.
    strides, padding, dilation : int or tuple of int
        Those of the convolution: the output grows by `strides`, and `padding` is cut off at both ends.
    output_padding : int or tuple of int
        What the output is longer by at its far end; smaller than `strides`.
    groups : int
        Channels and filters fall into so many groups that do not see each other.
    layout : {'NCHW', 'NHWC'}
        Order of the axes of data, output and, with its channels as N, the weight.
    activation : str, optional
        Name of an `Activation` of the output.
    use_bias : bool
        Whether something is added.
    weight_initializer, bias_initializer : str or Initializer, optional
        What `weight` (in_channels, channels / groups, height, width) and `bias` (channels,) are before training.
    in_channels : int
        Channels of the data; 0: those of the first data.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong type, length or value.

    References
    ----------
    Zeiler, Krishnan, Taylor, Fergus: Deconvolutional Networks. CVPR 2010.

    Examples
    --------
    >>> layer = mx.gluon.nn.Conv2DTranspose(channels=4, kernel_size=4, strides=2, padding=1)
    >>> layer.initialize()
    >>> layer(mx.nd.ones((2, 3, 8, 8))).shape
    (2, 4, 16, 16)
    """

    def __init__(
        self,
        channels: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = (0, 0),
        output_padding: Any = (0, 0),
        dilation: Any = (1, 1),
        groups: int = 1,
        layout: str = "NCHW",
        activation: str | None = None,
        use_bias: bool = True,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_channels: int = 0,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        check_layout(name, layout, ("NCHW", "NHWC"))
        output_padding = lengths(name, "output_padding", output_padding, 2)
        super().__init__(
            channels,
            lengths(name, "kernel_size", kernel_size, 2),
            strides,
            padding,
            dilation,
            groups,
            layout,
            in_channels,
            activation,
            use_bias,
            weight_initializer,
            bias_initializer,
            op_name="Deconvolution",
            adj=output_padding,
            **kwargs,
        )
        self.outpad = output_padding


class Conv3DTranspose(_Conv):
    """The transpose of `Conv3D`: what carries its gradient back, and makes larger volumes of smaller ones.

    Parameters
    ----------
    channels : int
        Channels of the output.
    kernel_size : int or tuple of int
        Depth, height and width of the kernel; one number stands for all three.
    strides, padding, dilation : int or tuple of int
        Those of the convolution: the output grows by `strides`, and `padding` is cut off at both ends.
    output_padding : int or tuple of int
        What the output is longer by at its far end; smaller than `strides`.
    groups : int
        Channels and filters fall into so many groups that do not see each other.
    layout : {'NCDHW', 'NDHWC'}
        Order of the axes of data, output and, with its channels as N, the weight.
    activation : str, optional
        Name of an `Activation` of the output.
    use_bias : bool
        Whether something is added.
    weight_initializer, bias_initializer : str or Initializer, optional
        What `weight` (in_channels, channels / groups, depth, height, width) and `bias` (channels,) are before training.
    in_channels : int
        Channels of the data; 0: those of the first data.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong type, length or value.

    References
    ----------
    Zeiler, Krishnan, Taylor, Fergus: Deconvolutional Networks. CVPR 2010.

    Examples
    --------
    >>> layer = mx.gluon.nn.Conv3DTranspose(channels=4, kernel_size=4, strides=2, padding=1)
    >>> layer.initialize()
    >>> layer(mx.nd.ones((2, 3, 3, 4, 5))).shape
    (2, 4, 6, 8, 10)
    """

    def __init__(
        self,
        channels: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: Any = (0, 0, 0),
        output_padding: Any = (0, 0, 0),
        dilation: Any = (1, 1, 1),
        groups: int = 1,
        layout: str = "NCDHW",
        activation: str | None = None,
        use_bias: bool = True,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_channels: int = 0,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        check_layout(name, layout, ("NCDHW", "NDHWC"))
        output_padding = lengths(name, "output_padding", output_padding, 3)
        super().__init__(
            channels,
            lengths(name, "kernel_size", kernel_size, 3),
            strides,
            padding,
            dilation,
            groups,
            layout,
            in_channels,
            activation,
            use_bias,
            weight_initializer,
            bias_initializer,
            op_name="Deconvolution",
            adj=output_padding,
            **kwargs,
        )
        self.outpad = output_padding
