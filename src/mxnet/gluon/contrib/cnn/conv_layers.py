"""Deformable convolutions: a first convolution of the data says where the second one looks."""

from __future__ import annotations

from typing import Any

from ...block import HybridBlock
from ...nn import Activation
from ...nn._checks import ArgumentError, check_layout, integer, lengths

__all__ = ["DeformableConvolution", "ModulatedDeformableConvolution"]


class _Deformable(HybridBlock):
    """What both layers share: parameters and attributes of two convolutions."""

    #: Numbers that the first convolution gives for each element of the kernel.
    _per_element = 2
    #: The order of parameters, which is that of files.
    _order = ("offset", "deformable_conv")

    offset_weight: Any
    offset_bias: Any
    deformable_conv_weight: Any
    deformable_conv_bias: Any
    act: Any

    def __init__(
        self,
        channels: int,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        dilation: Any,
        groups: int,
        num_deformable_group: int,
        layout: str,
        use_bias: bool,
        in_channels: int,
        activation: str | None,
        weight_initializer: Any,
        bias_initializer: Any,
        offset_weight_initializer: Any,
        offset_bias_initializer: Any,
        offset_use_bias: bool,
        op_name: str,
        adj: Any,
        prefix: str | None,
        params: Any,
    ) -> None:
        name = type(self).__name__
        check_layout(name, layout, ("NCHW",))
        if adj is not None:
            raise ArgumentError(f"{name}: adj is {adj!r}; no deformable convolution is transposed, leave it out")
        channels, groups = integer(name, "channels", channels, 1), integer(name, "groups", groups, 1)
        in_channels = integer(name, "in_channels", in_channels, 0)
        kernel = lengths(name, "kernel_size", kernel_size, 2)
        height, width = (integer(name, "kernel_size", size, 1) for size in kernel)
        parts = integer(name, "num_deformable_group", num_deformable_group, 1)
        offsets = self._per_element * height * width * parts
        if any(number % groups for number in (channels, in_channels, offsets)):
            raise ArgumentError(
                f"{name}: groups is {groups}; it must divide channels={channels}, in_channels={in_channels} and the "
                f"{offsets} numbers for the kernel's places"
            )
        super().__init__(prefix=prefix, params=params)
        self._channels = channels
        self._in_channels = in_channels
        self._op_name = op_name
        shared: dict[str, Any] = {
            "kernel": kernel,
            "stride": lengths(name, "strides", strides, 2),
            "dilate": lengths(name, "dilation", dilation, 2),
            "pad": lengths(name, "padding", padding, 2),
        }
        self._kwargs_offset: dict[str, Any] = {
            **shared,
            "num_filter": offsets,
            "num_group": groups,
            "no_bias": not offset_use_bias,
            "layout": layout,
        }
        self._kwargs_deformable_conv: dict[str, Any] = {
            **shared,
            "num_filter": channels,
            "num_group": groups,
            "num_deformable_group": parts,
            "no_bias": not use_bias,
            "layout": layout,
        }
        initializers = {
            "offset": (offset_weight_initializer, offset_bias_initializer),
            "deformable_conv": (weight_initializer, bias_initializer),
        }
        for which in self._order:
            made = self._kwargs_offset if which == "offset" else self._kwargs_deformable_conv
            filters, (weight_init, bias_init) = made["num_filter"], initializers[which]
            shape = (filters, in_channels // groups, height, width)
            weight = self.params.get(f"{which}_weight", shape=shape, init=weight_init, allow_deferred_init=True)
            setattr(self, f"{which}_weight", weight)
            bias = None
            if not made["no_bias"]:
                bias = self.params.get(f"{which}_bias", shape=(filters,), init=bias_init, allow_deferred_init=True)
            setattr(self, f"{which}_bias", bias)
        with self.name_scope():
            self.act = None if activation is None else Activation(activation, prefix=f"{activation}_")

    def _offsets(self, F: Any, x: Any, weight: Any, bias: Any) -> Any:
        inputs = (x, weight) if bias is None else (x, weight, bias)
        return F.Convolution(*inputs, cudnn_off=True, **self._kwargs_offset)

    def _convolved(self, F: Any, *inputs: Any) -> Any:
        if inputs[-1] is None:
            inputs = inputs[:-1]
        out = getattr(F.contrib, self._op_name)(*inputs, name="fwd", **self._kwargs_deformable_conv)
        return out if self.act is None else self.act(out)


class DeformableConvolution(_Deformable):
    """A convolution of images whose kernel looks at places that another convolution of the same data gives.

    Parameters
    ----------
    channels : int
        Channels of the output.
    kernel_size : int or tuple of int
        Height and width of both kernels.
    strides, padding, dilation : int or tuple of int
        The steps of the kernels, zeros added at both ends, and the distances of the kernels' elements.
    groups : int
        Channels and filters fall into so many groups that do not see each other.
    num_deformable_group : int
        Channels fall into so many groups that have places of their own.
    layout : {'NCHW'}
        Order of the axes.
    use_bias : bool
        Whether something is added to the output.
    in_channels : int
        Channels of the data; 0: those of the first data.
    activation : str, optional
        Name of an `Activation` of the output.
    weight_initializer, bias_initializer : str or Initializer, optional
        What `deformable_conv_weight` and `deformable_conv_bias` are before training.
    offset_weight_initializer, offset_bias_initializer : str or Initializer
        What `offset_weight` and `offset_bias` are before training; zeros make a plain convolution.
    offset_use_bias : bool
        Whether something is added to the places.
    op_name : str
        The operator of ``mx.nd.contrib``.
    adj : None
        Has no meaning.
    prefix : str, optional
        What the names of parameters begin with.
    params : ParameterDict, optional
        Parameters of another block to share.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong type, length or value.

    References
    ----------
    Dai et al.: Deformable Convolutional Networks. arXiv:1703.06211.

    Examples
    --------
    >>> layer = mx.gluon.contrib.cnn.DeformableConvolution(4, kernel_size=(3, 3), padding=(1, 1))
    >>> layer.initialize()
    >>> layer(mx.nd.ones((1, 2, 5, 5))).shape
    (1, 4, 5, 5)
    """

    def __init__(
        self,
        channels: int,
        kernel_size: Any = (1, 1),
        strides: Any = (1, 1),
        padding: Any = (0, 0),
        dilation: Any = (1, 1),
        groups: int = 1,
        num_deformable_group: int = 1,
        layout: str = "NCHW",
        use_bias: bool = True,
        in_channels: int = 0,
        activation: str | None = None,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        offset_weight_initializer: Any = "zeros",
        offset_bias_initializer: Any = "zeros",
        offset_use_bias: bool = True,
        op_name: str = "DeformableConvolution",
        adj: Any = None,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(
            channels,
            kernel_size,
            strides,
            padding,
            dilation,
            groups,
            num_deformable_group,
            layout,
            use_bias,
            in_channels,
            activation,
            weight_initializer,
            bias_initializer,
            offset_weight_initializer,
            offset_bias_initializer,
            offset_use_bias,
            op_name,
            adj,
            prefix,
            params,
        )

    def hybrid_forward(
        self,
        F: Any,
        x: Any,
        offset_weight: Any,
        deformable_conv_weight: Any,
        offset_bias: Any = None,
        deformable_conv_bias: Any = None,
    ) -> Any:
        """Return the convolution of `x` at the places that its first convolution gives."""
        offset = self._offsets(F, x, offset_weight, offset_bias)
        return self._convolved(F, x, offset, deformable_conv_weight, deformable_conv_bias)

    def _alias(self) -> str:
        return "deformable_conv"

    def __repr__(self) -> str:
        made, shape = self._kwargs_deformable_conv, self.deformable_conv_weight.shape
        shown = [f"{shape[1] or None} -> {shape[0]}", f"kernel_size={made['kernel']}", f"stride={made['stride']}"]
        if made["pad"] != (0, 0):
            shown.append(f"padding={made['pad']}")
        if made["dilate"] != (1, 1):
            shown.append(f"dilation={made['dilate']}")
        if made["num_group"] != 1:
            shown.append(f"groups={made['num_group']}")
        if self.deformable_conv_bias is None:
            shown.append("bias=False")
        if self.act is not None:
            shown.append(str(self.act))
        return f"{type(self).__name__}({', '.join(shown)})"


class ModulatedDeformableConvolution(_Deformable):
    """A deformable convolution that also weighs what it finds at each place.

    Parameters
    ----------
    channels, kernel_size, strides, padding, dilation, groups, num_deformable_group, layout, use_bias, in_channels, \
activation, weight_initializer, bias_initializer, op_name, adj, prefix, params
        As in `DeformableConvolution`.
    offset_weight_initializer, offset_bias_initializer : str or Initializer
        What `offset_weight` and `offset_bias` are before training; zeros make a plain convolution.
    offset_use_bias : bool
        Whether something is added to places and weights.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong type, length or value.

    References
    ----------
    Zhu, Hu, Lin, Dai: Deformable ConvNets v2. arXiv:1811.11168.

    Examples
    --------
    >>> layer = mx.gluon.contrib.cnn.ModulatedDeformableConvolution(4, kernel_size=(3, 3), padding=(1, 1))
    >>> layer.initialize()
    >>> layer(mx.nd.ones((1, 2, 5, 5))).shape
    (1, 4, 5, 5)
    """

    _per_element = 3
    _order = ("deformable_conv", "offset")

    def __init__(
        self,
        channels: int,
        kernel_size: Any = (1, 1),
        strides: Any = (1, 1),
        padding: Any = (0, 0),
        dilation: Any = (1, 1),
        groups: int = 1,
        num_deformable_group: int = 1,
        layout: str = "NCHW",
        use_bias: bool = True,
        in_channels: int = 0,
        activation: str | None = None,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        offset_weight_initializer: Any = "zeros",
        offset_bias_initializer: Any = "zeros",
        offset_use_bias: bool = True,
        op_name: str = "ModulatedDeformableConvolution",
        adj: Any = None,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(
            channels,
            kernel_size,
            strides,
            padding,
            dilation,
            groups,
            num_deformable_group,
            layout,
            use_bias,
            in_channels,
            activation,
            weight_initializer,
            bias_initializer,
            offset_weight_initializer,
            offset_bias_initializer,
            offset_use_bias,
            op_name,
            adj,
            prefix,
            params,
        )
        self.offset_split_index = self._kwargs_offset["num_filter"] // 3 * 2

    def hybrid_forward(
        self,
        F: Any,
        x: Any,
        offset_weight: Any,
        deformable_conv_weight: Any,
        offset_bias: Any = None,
        deformable_conv_bias: Any = None,
    ) -> Any:
        """Return the convolution of `x` at the places, and with the weights, that its first convolution gives."""
        found = self._offsets(F, x, offset_weight, offset_bias)
        offset = F.slice_axis(found, axis=1, begin=0, end=self.offset_split_index)
        mask = F.slice_axis(found, axis=1, begin=self.offset_split_index, end=None)
        mask = F.sigmoid(mask) * 2  # 1 where nothing was learnt
        return self._convolved(F, x, offset, mask, deformable_conv_weight, deformable_conv_bias)

    def _alias(self) -> str:
        return "modulated_deformable_conv"
