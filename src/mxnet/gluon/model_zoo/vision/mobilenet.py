"""MobileNet, versions 1 and 2: convolutions of each channel by itself, and 1 x 1 convolutions between channels.

References
----------
A. Howard et al., MobileNets: efficient convolutional neural networks for mobile vision applications,
https://arxiv.org/abs/1704.04861.
M. Sandler et al., MobileNetV2: inverted residuals and linear bottlenecks, https://arxiv.org/abs/1801.04381.
"""

from __future__ import annotations

import os
from typing import Any

from .... import base
from ....context import Context, cpu
from ... import nn
from ...block import HybridBlock
from ..model_store import get_model_file

__all__ = ["MobileNet", "MobileNetV2", "mobilenet1_0", "mobilenet_v2_1_0", "mobilenet0_75", "mobilenet_v2_0_75",
           "mobilenet0_5", "mobilenet_v2_0_5", "mobilenet0_25", "mobilenet_v2_0_25", "get_mobilenet",
           "get_mobilenet_v2"]  # fmt: skip

#: Version 1, for each pair of convolutions: channels of its output, stride. Those of the input are the last ones.
_LAYERS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
#: Version 2, for each group of bottlenecks: expansion, channels of the output, how many, stride of the first.
_GROUPS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


class RELU6(HybridBlock):
    """Cut values at 0 and at 6.

    Examples
    --------
    >>> mx.gluon.model_zoo.vision.mobilenet.RELU6()(mx.nd.array([-1, 3, 9])).asnumpy().tolist()
    [0.0, 3.0, 6.0]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the values from 0 to 6."""
        return F.clip(x, 0, 6, name="relu6")


def _add_conv(
    out: nn.HybridSequential,
    channels: int = 1,
    kernel: int = 1,
    stride: int = 1,
    pad: int = 0,
    num_group: int = 1,
    active: bool = True,
    relu6: bool = False,
) -> None:
    """Add a convolution with batch normalization, and with relu if `active`."""
    out.add(nn.Conv2D(channels, kernel, stride, pad, groups=num_group, use_bias=False))
    out.add(nn.BatchNorm(scale=True))
    if active:
        out.add(RELU6() if relu6 else nn.Activation("relu"))


def _add_conv_dw(out: nn.HybridSequential, dw_channels: int, channels: int, stride: int, relu6: bool = False) -> None:
    """Add a 3 x 3 convolution of each of `dw_channels` channels by itself, and a 1 x 1 convolution."""
    _add_conv(out, dw_channels, kernel=3, stride=stride, pad=1, num_group=dw_channels, relu6=relu6)
    _add_conv(out, channels, relu6=relu6)


class LinearBottleneck(HybridBlock):
    """The block of version 2: expand, convolve each channel by itself, project to few channels.

    Parameters
    ----------
    in_channels : int
        Number of channels of the input.
    channels : int
        Number of channels of the output.
    t : int
        Expansion: within, there are ``t * in_channels`` channels.
    stride : int
        Stride of the 3 x 3 convolution, 1 or 2. With 1 and as many channels as before, the input is added.

    References
    ----------
    M. Sandler et al., MobileNetV2: inverted residuals and linear bottlenecks, https://arxiv.org/abs/1801.04381.

    Examples
    --------
    >>> block = mx.gluon.model_zoo.vision.mobilenet.LinearBottleneck(4, 8, 6, 2)
    >>> block.initialize()
    >>> block(mx.nd.ones((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

    def __init__(self, in_channels: int, channels: int, t: int, stride: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.use_shortcut = stride == 1 and in_channels == channels
        with self.name_scope():
            self.out = nn.HybridSequential()
            _add_conv(self.out, in_channels * t, relu6=True)
            _add_conv(self.out, in_channels * t, kernel=3, stride=stride, pad=1, num_group=in_channels * t, relu6=True)
            _add_conv(self.out, channels, active=False, relu6=True)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return feature maps (N, channels, H / stride, W / stride)."""
        out = self.out(x)
        return F.elemwise_add(out, x) if self.use_shortcut else out


class MobileNet(HybridBlock):
    """MobileNet, for images (N, 3, H, W).

    Parameters
    ----------
    multiplier : float
        Factor of all numbers of channels.
    classes : int
        Number of outputs.

    References
    ----------
    A. Howard et al., MobileNets: efficient convolutional neural networks for mobile vision applications,
    https://arxiv.org/abs/1704.04861.

    Examples
    --------
    >>> net = mx.gluon.model_zoo.vision.MobileNet(0.25, classes=10)
    >>> net.initialize()
    >>> net(mx.nd.ones((1, 3, 32, 32))).shape
    (1, 10)
    """

    def __init__(self, multiplier: float = 1.0, classes: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            with self.features.name_scope():
                last = int(32 * multiplier)
                _add_conv(self.features, channels=last, kernel=3, pad=1, stride=2)
                for count, stride in _LAYERS:
                    channels = int(count * multiplier)
                    _add_conv_dw(self.features, dw_channels=last, channels=channels, stride=stride)
                    last = channels
                self.features.add(nn.GlobalAvgPool2D())
                self.features.add(nn.Flatten())
            self.output = nn.Dense(classes)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return scores (N, classes) of images (N, 3, H, W)."""
        return self.output(self.features(x))


class MobileNetV2(HybridBlock):
    """MobileNet of version 2, for images (N, 3, H, W).

    Parameters
    ----------
    multiplier : float
        Factor of numbers of channels.
    classes : int
        Number of outputs.

    References
    ----------
    M. Sandler et al., MobileNetV2: inverted residuals and linear bottlenecks, https://arxiv.org/abs/1801.04381.

    Examples
    --------
    >>> net = mx.gluon.model_zoo.vision.MobileNetV2(0.25, classes=10)
    >>> net.initialize()
    >>> net(mx.nd.ones((1, 3, 32, 32))).shape
    (1, 10)
    """

    def __init__(self, multiplier: float = 1.0, classes: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="features_")
            with self.features.name_scope():
                last = int(32 * multiplier)
                _add_conv(self.features, last, kernel=3, stride=2, pad=1, relu6=True)
                for expansion, count, repeats, first_stride in _GROUPS:
                    channels = int(count * multiplier)
                    for i in range(repeats):
                        stride = first_stride if i == 0 else 1
                        self.features.add(LinearBottleneck(last, channels, expansion, stride))
                        last = channels
                _add_conv(self.features, int(1280 * multiplier) if multiplier > 1 else 1280, relu6=True)
                self.features.add(nn.GlobalAvgPool2D())

            self.output = nn.HybridSequential(prefix="output_")
            with self.output.name_scope():
                self.output.add(nn.Conv2D(classes, 1, use_bias=False, prefix="pred_"))
                self.output.add(nn.Flatten())

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return scores (N, classes) of images (N, 3, H, W)."""
        return self.output(self.features(x))


def _suffix(multiplier: float) -> str:
    """Return a multiplier as names of models have it: 1.0, 0.75, 0.5."""
    text = f"{multiplier:.2f}"
    return text[:-1] if text in ("1.00", "0.50") else text


def get_mobilenet(
    multiplier: float,
    pretrained: bool = False,
    ctx: Context | list[Context] = cpu(),  # noqa: B008
    root: str = os.path.join(base.data_dir(), "models"),
    **kwargs: Any,
) -> MobileNet:
    """Return a MobileNet.

    Parameters
    ----------
    multiplier : float
        Factor of all numbers of channels. Trained parameters are there for 0.25, 0.5, 0.75 and 1.
    pretrained : bool
        Load the parameters trained on ImageNet; see `mxnet.gluon.model_zoo.model_store.get_model_file`.
    ctx : Context or list of Context
        Where trained parameters are put.
    root : str
        Folder with files of trained parameters.
    **kwargs
        What `MobileNet` takes.

    Examples
    --------
    >>> mx.gluon.model_zoo.vision.get_mobilenet(0.25, classes=10).output
    Dense(None -> 10, linear)
    """
    net = MobileNet(multiplier, **kwargs)
    if pretrained:
        net.load_parameters(get_model_file(f"mobilenet{_suffix(multiplier)}", root=root), ctx=ctx)
    return net


def get_mobilenet_v2(
    multiplier: float,
    pretrained: bool = False,
    ctx: Context | list[Context] = cpu(),  # noqa: B008
    root: str = os.path.join(base.data_dir(), "models"),
    **kwargs: Any,
) -> MobileNetV2:
    """Return a MobileNet of version 2.

    Parameters
    ----------
    multiplier : float
        Factor of numbers of channels. Trained parameters are there for 0.25, 0.5, 0.75 and 1.
    pretrained : bool
        Load the parameters trained on ImageNet; see `mxnet.gluon.model_zoo.model_store.get_model_file`.
    ctx : Context or list of Context
        Where trained parameters are put.
    root : str
        Folder with files of trained parameters.
    **kwargs
        What `MobileNetV2` takes.

    Examples
    --------
    >>> net = mx.gluon.model_zoo.vision.get_mobilenet_v2(0.25, classes=10)
    >>> net.output[0]
    Conv2D(None -> 10, kernel_size=(1, 1), stride=(1, 1), bias=False)
    """
    net = MobileNetV2(multiplier, **kwargs)
    if pretrained:
        net.load_parameters(get_model_file(f"mobilenetv2_{_suffix(multiplier)}", root=root), ctx=ctx)
    return net


def mobilenet1_0(**kwargs: Any) -> MobileNet:
    """MobileNet with all channels; takes what `get_mobilenet` and `MobileNet` take."""
    return get_mobilenet(1.0, **kwargs)


def mobilenet_v2_1_0(**kwargs: Any) -> MobileNetV2:
    """MobileNet version 2 with all channels; takes what `get_mobilenet_v2` and `MobileNetV2` take."""
    return get_mobilenet_v2(1.0, **kwargs)


def mobilenet0_75(**kwargs: Any) -> MobileNet:
    """MobileNet with 0.75 of the channels; takes what `get_mobilenet` and `MobileNet` take."""
    return get_mobilenet(0.75, **kwargs)


def mobilenet_v2_0_75(**kwargs: Any) -> MobileNetV2:
    """MobileNet version 2 with 0.75 of the channels; takes what `get_mobilenet_v2` and `MobileNetV2` take."""
    return get_mobilenet_v2(0.75, **kwargs)


def mobilenet0_5(**kwargs: Any) -> MobileNet:
    """MobileNet with half the channels; takes what `get_mobilenet` and `MobileNet` take."""
    return get_mobilenet(0.5, **kwargs)


def mobilenet_v2_0_5(**kwargs: Any) -> MobileNetV2:
    """MobileNet version 2 with half the channels; takes what `get_mobilenet_v2` and `MobileNetV2` take."""
    return get_mobilenet_v2(0.5, **kwargs)


def mobilenet0_25(**kwargs: Any) -> MobileNet:
    """MobileNet with a quarter of the channels; takes what `get_mobilenet` and `MobileNet` take."""
    return get_mobilenet(0.25, **kwargs)


def mobilenet_v2_0_25(**kwargs: Any) -> MobileNetV2:
    """MobileNet version 2 with a quarter of the channels; takes what `get_mobilenet_v2` and `MobileNetV2` take."""
    return get_mobilenet_v2(0.25, **kwargs)
