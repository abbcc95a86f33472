"""Convolutions."""

from __future__ import annotations

from typing import Any

from ... import symbol
from ..block import HybridBlock
from ._checks import ArgumentError, check_layout, integer, lengths
from .activations import Activation


def _infer_weight_shape(op_name: str, data_shape: tuple[int, ...], kwargs: dict[str, Any]) -> list[tuple[int, ...]]:
    """Return the shapes of data, weight and bias of an operator, with 0 for what is unknown."""
    operator = getattr(symbol, op_name)
    return operator(symbol.var("data", shape=data_shape), **kwargs).infer_shape_partial()[0]


class _Conv(HybridBlock):
    """What convolutions share: an operator `op_name` of data, `weight` and perhaps `bias`, and an activation."""

    weight: Any
    bias: Any
    act: Any

    def __init__(
        self,
        channels: int,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        dilation: Any,
        groups: int,
        layout: str,
        in_channels: int = 0,
        activation: str | None = None,
        use_bias: bool = True,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        op_name: str = "Convolution",
        adj: Any = None,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        name, axes = type(self).__name__, len(kernel_size)
        channels, groups = integer(name, "channels", channels, 1), integer(name, "groups", groups, 1)
        in_channels = integer(name, "in_channels", in_channels, 0)
        if channels % groups or in_channels % groups:
            raise ArgumentError(
                f"{name}: groups is {groups}; it must divide channels={channels} and in_channels={in_channels}"
            )
        for number in kernel_size:
            integer(name, "kernel_size", number, 1)
        super().__init__(prefix=prefix, params=params)
        self._channels = channels
        self._in_channels = in_channels
        self._op_name = op_name
        self._kwargs: dict[str, Any] = {
            "kernel": kernel_size,
            "stride": lengths(name, "strides", strides, axes),
            "dilate": lengths(name, "dilation", dilation, axes),
            "pad": lengths(name, "padding", padding, axes),
            "num_filter": channels,
            "num_group": groups,
            "no_bias": not use_bias,
            "layout": layout,
        }
        if adj is not None:
            self._kwargs["adj"] = lengths(name, "output_padding", adj, axes)
        with self.name_scope():
            self.weight = self.params.get(
                "weight", shape=self._weight_shape(), init=weight_initializer, allow_deferred_init=True
            )
            self.bias = None
            if use_bias:
                self.bias = self.params.get("bias", shape=(channels,), init=bias_initializer, allow_deferred_init=True)
            self.act = None if activation is None else Activation(activation, prefix=f"{activation}_")

    def _weight_shape(self) -> tuple[int, ...]:
        """Return the weight's shape: two axes of channels around or before those of the kernel."""
        made, channels_last = self._kwargs, self._kwargs["layout"].endswith("C")
        if self._op_name == "Convolution":
            first, second = self._channels, self._in_channels // made["num_group"]
        elif self._op_name == "Deconvolution":
            first, second = self._in_channels, self._channels // made["num_group"]
        else:  # an operator of a subclass
            data = [0] * (len(made["kernel"]) + 2)
            data[made["layout"].find("C")] = self._in_channels
            return _infer_weight_shape(self._op_name, tuple(data), made)[1]
        return (first, *made["kernel"], second) if channels_last else (first, second, *made["kernel"])

    def hybrid_forward(self, F: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        """Return the convolution of `x`, in its layout."""
        inputs = (x, weight) if bias is None else (x, weight, bias)
        out = getattr(F, self._op_name)(*inputs, name="fwd", **self._kwargs)
        return out if self.act is None else self.act(out)

    def _alias(self) -> str:
        return "conv"

    def __repr__(self) -> str:
        made, shape, axes = self._kwargs, self.weight.shape, len(self._kwargs["kernel"])
        shown = [f"{shape[1] or None} -> {shape[0]}", f"kernel_size={made['kernel']}", f"stride={made['stride']}"]
        if made["pad"] != (0,) * axes:
            shown.append(f"padding={made['pad']}")
        if made["dilate"] != (1,) * axes:
            shown.append(f"dilation={made['dilate']}")
        if made["num_group"] != 1:
            shown.append(f"groups={made['num_group']}")
        if self.bias is None:
            shown.append("bias=False")
        if self.act is not None:
            shown.append(str(self.act))
        return f"{type(self).__name__}({', '.join(shown)})"


class Conv1D(_Conv):
    """A convolution along one axis, as of time.

    Parameters
    ----------
    channels : int
        Channels of the output.
    kernel_size : int or tuple of int
        Length of the kernel.
    strides, padding, dilation : int or tuple of int
        The step of the kernel, zeros added at both ends, and the distance of the kernel's elements.
    groups : int
        Channels and filters fall into so many groups that do not see each other.
    layout : {'NCW'}
        Order of the axes.
    activation : str, optional
        Name of an `Activation` of the output.
    use_bias : bool
        Whether something is added.
    weight_initializer, bias_initializer : str or Initializer, optional
        What `weight` (channels, in_channels / groups, width) and `bias` (channels,) are before training.
    in_channels : int
        Channels of the data; 0: those of the first data.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong type, length or value.

    Examples
    --------
    >>> layer = mx.gluon.nn.Conv1D(channels=4, kernel_size=3)
    >>> layer.initialize()
    >>> layer(mx.nd.ones((2, 3, 10))).shape
    (2, 4, 8)
    """

    def __init__(
        self,
        channels: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = 0,
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
        check_layout(type(self).__name__, layout, ("NCW",))
        super().__init__(
            channels,
            lengths(type(self).__name__, "kernel_size", kernel_size, 1),
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
            **kwargs,
        )


class Conv2D(_Conv):
    """A convolution of images.

    Parameters
    ----------
    channels : int
        Channels of the output.
    kernel_size : int or tuple of int
        Height and width of the kernel; one number stands for both.
    strides, padding, dilation : int or tuple of int
        The steps of the kernel, zeros added at both ends, and the distances of the kernel's elements, along height
        and width.
    groups : int
        Channels and filters fall into so many groups that do not see each other.
    layout : {'NCHW', 'NHWC'}
        Order of the axes of data, output and, with its filters as N, the weight.
    activation : str, optional
        Name of an `Activation` of the output.
    use_bias : bool
        Whether something is added.
    weight_initializer, bias_initializer : str or Initializer, optional
        What `weight` (channels, in_channels / groups, height, width) and `bias` (channels,) are before training.
    in_channels : int
        Channels of the data; 0: those of the first data.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong type, length or value.

    Examples
    --------
    >>> layer = mx.gluon.nn.Conv2D(channels=4, kernel_size=3, padding=1, activation="relu")
    >>> layer.initialize()
    >>> layer(mx.nd.ones((2, 3, 8, 8))).shape
    (2, 4, 8, 8)
    """

    def __init__(
        self,
        channels: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = (0, 0),
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
        check_layout(type(self).__name__, layout, ("NCHW", "NHWC"))
        super().__init__(
            channels,
            lengths(type(self).__name__, "kernel_size", kernel_size, 2),
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
            **kwargs,
        )


class Conv3D(_Conv):
    """A convolution of volumes, or of images over time.

    Parameters
    ----------
    channels : int
        Channels of the output.
    kernel_size : int or tuple of int
        Depth, height and width of the kernel; one number stands for all three.
    strides, padding, dilation : int or tuple of int
        The steps of the kernel, zeros added at both ends, and the distances of the kernel's elements, along depth,
        height and width.
    groups : int
        Channels and filters fall into so many groups that do not see each other.
    layout : {'NCDHW', 'NDHWC'}
        Order of the axes of data, output and, with its filters as N, the weight.
    activation : str, optional
        Name of an `Activation` of the output.
    use_bias : bool
        Whether something is added.
    weight_initializer, bias_initializer : str or Initializer, optional
        What `weight` (channels, in_channels / groups, depth, height, width) and `bias` (channels,) are before training.
    in_channels : int
        Channels of the data; 0: those of the first data.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong type, length or value.

    Examples
    --------
    >>> layer = mx.gluon.nn.Conv3D(channels=4, kernel_size=3)
    >>> layer.initialize()
    >>> layer(mx.nd.ones((2, 3, 5, 6, 7))).shape
    (2, 4, 3, 4, 5)
    """

    def __init__(
        self,
        channels: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: Any = (0, 0, 0),
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
        check_layout(type(self).__name__, layout, ("NCDHW", "NDHWC"))
        super().__init__(
            channels,
            lengths(type(self).__name__, "kernel_size", kernel_size, 3),
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
            **kwargs,
        )
