"""Residual networks, version 1 (normalize after convolutions) and version 2 (normalize before them).

References
----------
K. He, X. Zhang, S. Ren and J. Sun, Deep residual learning for image recognition, https://arxiv.org/abs/1512.03385.
K. He, X. Zhang, S. Ren and J. Sun, Identity mappings in deep residual networks, https://arxiv.org/abs/1603.05027.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .... import base
from ....context import Context, cpu
from ... import nn
from ...block import HybridBlock
from ..model_store import get_model_file

__all__ = ["ResNetV1", "ResNetV2", "BasicBlockV1", "BasicBlockV2", "BottleneckV1", "BottleneckV2", "resnet18_v1",
           "resnet34_v1", "resnet50_v1", "resnet101_v1", "resnet152_v1", "resnet18_v2", "resnet34_v2", "resnet50_v2",
           "resnet101_v2", "resnet152_v2", "get_resnet"]  # fmt: skip


def _conv3x3(channels: int, stride: int, in_channels: int) -> nn.Conv2D:
    """Return a 3 x 3 convolution that keeps the size but for its stride."""
    return nn.Conv2D(channels, kernel_size=3, strides=stride, padding=1, use_bias=False, in_channels=in_channels)


class BasicBlockV1(HybridBlock):
    """Two 3 x 3 convolutions beside a shortcut: the block of ResNet-18 and ResNet-34, version 1.

    Parameters
    ----------
    channels : int
        Number of channels of the output.
    stride : int
        Stride of the first convolution.
    downsample : bool
        Put a 1 x 1 convolution into the shortcut. It is needed where the stride is not 1, or channels change.
    in_channels : int
        Number of channels of the input; 0 finds it out.

    References
    ----------
    K. He et al., Deep residual learning for image recognition, https://arxiv.org/abs/1512.03385.

    Examples
    --------
    >>> block = mx.gluon.model_zoo.vision.BasicBlockV1(8, 2, downsample=True)
    >>> block.initialize()
    >>> block(mx.nd.ones((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

    def __init__(
        self, channels: int, stride: int, downsample: bool = False, in_channels: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.body = nn.HybridSequential(prefix="")
        self.body.add(_conv3x3(channels, stride, in_channels))
        self.body.add(nn.BatchNorm())
        self.body.add(nn.Activation("relu"))
        self.body.add(_conv3x3(channels, 1, channels))
        self.body.add(nn.BatchNorm())
        self.downsample = _projection(channels, stride, in_channels) if downsample else None

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return feature maps (N, channels, H / stride, W / stride)."""
        changed = self.body(x)
        shortcut = self.downsample(x) if self.downsample else x
        return F.Activation(shortcut + changed, act_type="relu")


class BottleneckV1(HybridBlock):
    """Convolutions 1 x 1, 3 x 3 and 1 x 1 beside a shortcut: the block of ResNet-50 and deeper, version 1.

    The stride is that of the first convolution, as in the paper.

    Parameters
    ----------
    channels : int
        Number of channels of the output; a quarter of them within.
    stride : int
        Stride of the first convolution.
    downsample : bool
        Put a 1 x 1 convolution into the shortcut. It is needed where the stride is not 1, or channels change.
    in_channels : int
        Number of channels of the input; 0 finds it out.

    References
    ----------
    K. He et al., Deep residual learning for image recognition, https://arxiv.org/abs/1512.03385.

    Examples
    --------
    >>> block = mx.gluon.model_zoo.vision.BottleneckV1(8, 2, downsample=True)
    >>> block.initialize()
    >>> block(mx.nd.ones((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

    def __init__(
        self, channels: int, stride: int, downsample: bool = False, in_channels: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        narrow = channels // 4
        self.body = nn.HybridSequential(prefix="")
        self.body.add(nn.Conv2D(narrow, kernel_size=1, strides=stride))
        self.body.add(nn.BatchNorm())
        self.body.add(nn.Activation("relu"))
        self.body.add(_conv3x3(narrow, 1, narrow))
        self.body.add(nn.BatchNorm())
        self.body.add(nn.Activation("relu"))
        self.body.add(nn.Conv2D(channels, kernel_size=1, strides=1))
        self.body.add(nn.BatchNorm())
        self.downsample = _projection(channels, stride, in_channels) if downsample else None

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return feature maps (N, channels, H / stride, W / stride)."""
        changed = self.body(x)
        shortcut = self.downsample(x) if self.downsample else x
        return F.Activation(changed + shortcut, act_type="relu")


def _projection(channels: int, stride: int, in_channels: int) -> nn.HybridSequential:
    """Return the shortcut of a block that changes size or channels."""
    projection = nn.HybridSequential(prefix="")
    projection.add(nn.Conv2D(channels, kernel_size=1, strides=stride, use_bias=False, in_channels=in_channels))
    projection.add(nn.BatchNorm())
    return projection


class BasicBlockV2(HybridBlock):
    """Two 3 x 3 convolutions, normalized before, beside a shortcut: the block of ResNet-18 and ResNet-34, version 2.

    Parameters
    ----------
    channels : int
        Number of channels of the output.
    stride : int
        Stride of the first convolution.
    downsample : bool
        Put a 1 x 1 convolution into the shortcut. It is needed where the stride is not 1, or channels change.
    in_channels : int
        Number of channels of the input; 0 finds it out.

    References
    ----------
    K. He et al., Identity mappings in deep residual networks, https://arxiv.org/abs/1603.05027.

    Examples
    --------
    >>> block = mx.gluon.model_zoo.vision.BasicBlockV2(8, 2, downsample=True)
    >>> block.initialize()
    >>> block(mx.nd.ones((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

    def __init__(
        self, channels: int, stride: int, downsample: bool = False, in_channels: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.bn1 = nn.BatchNorm()
        self.conv1 = _conv3x3(channels, stride, in_channels)
        self.bn2 = nn.BatchNorm()
        self.conv2 = _conv3x3(channels, 1, channels)
        self.downsample = (
            nn.Conv2D(channels, 1, stride, use_bias=False, in_channels=in_channels) if downsample else None
        )

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return feature maps (N, channels, H / stride, W / stride)."""
        shortcut = x
        x = F.Activation(self.bn1(x), act_type="relu")
        if self.downsample:
            shortcut = self.downsample(x)
        x = self.conv1(x)
        x = F.Activation(self.bn2(x), act_type="relu")
        return self.conv2(x) + shortcut


class BottleneckV2(HybridBlock):
    """Convolutions 1 x 1, 3 x 3 and 1 x 1, normalized before, beside a shortcut: ResNet-50 and deeper, version 2.

    Parameters
    ----------
    channels : int
        Number of channels of the output; a quarter of them within.
    stride : int
        Stride of the 3 x 3 convolution.
    downsample : bool
        Put a 1 x 1 convolution into the shortcut. It is needed where the stride is not 1, or channels change.
    in_channels : int
        Number of channels of the input; 0 finds it out.

    References
    ----------
    K. He et al., Identity mappings in deep residual networks, https://arxiv.org/abs/1603.05027.

    Examples
    --------
    >>> block = mx.gluon.model_zoo.vision.BottleneckV2(8, 2, downsample=True)
    >>> block.initialize()
    >>> block(mx.nd.ones((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

    def __init__(
        self, channels: int, stride: int, downsample: bool = False, in_channels: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        narrow = channels // 4
        self.bn1 = nn.BatchNorm()
        self.conv1 = nn.Conv2D(narrow, kernel_size=1, strides=1, use_bias=False)
        self.bn2 = nn.BatchNorm()
        self.conv2 = _conv3x3(narrow, stride, narrow)
        self.bn3 = nn.BatchNorm()
        self.conv3 = nn.Conv2D(channels, kernel_size=1, strides=1, use_bias=False)
        self.downsample = (
            nn.Conv2D(channels, 1, stride, use_bias=False, in_channels=in_channels) if downsample else None
        )

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return feature maps (N, channels, H / stride, W / stride)."""
        shortcut = x
        x = F.Activation(self.bn1(x), act_type="relu")
        if self.downsample:
            shortcut = self.downsample(x)
        x = self.conv1(x)
        x = F.Activation(self.bn2(x), act_type="relu")
        x = self.conv2(x)
        x = F.Activation(self.bn3(x), act_type="relu")
        return self.conv3(x) + shortcut


def _check_stages(name: str, layers: list[int], channels: list[int]) -> None:
    if len(layers) != len(channels) - 1:
        raise base.AssertionError(
            f"{name}: layers has {len(layers)} items and channels has {len(channels)}; channels needs one more than "
            "layers: that of the first convolution, and one for each stage"
        )


class ResNetV1(HybridBlock):
    """A residual network of version 1, for images (N, 3, H, W).

    Parameters
    ----------
    block : type of HybridBlock
        Class of the blocks, as `BasicBlockV1` or `BottleneckV1`.
    layers : list of int
        Number of blocks of each stage.
    channels : list of int
        Number of channels after the first convolution, and of each stage.
    classes : int
        Number of outputs.
    thumbnail : bool
        For small images, as of 32 x 32: begin with a 3 x 3 convolution, and no pooling.

    References
    ----------
    K. He et al., Deep residual learning for image recognition, https://arxiv.org/abs/1512.03385.

    Examples
    --------
    >>> zoo = mx.gluon.model_zoo.vision
    >>> net = zoo.ResNetV1(zoo.BasicBlockV1, [1, 1], [8, 8, 16], classes=10, thumbnail=True)
    >>> net.initialize()
    >>> net(mx.nd.ones((2, 3, 32, 32))).shape
    (2, 10)
    """

    def __init__(
        self,
        block: Callable[..., HybridBlock],
        layers: list[int],
        channels: list[int],
        classes: int = 1000,
        thumbnail: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_stages("ResNetV1", layers, channels)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            if thumbnail:
                self.features.add(_conv3x3(channels[0], 1, 0))
            else:
                self.features.add(nn.Conv2D(channels[0], 7, 2, 3, use_bias=False))
                self.features.add(nn.BatchNorm())
                self.features.add(nn.Activation("relu"))
                self.features.add(nn.MaxPool2D(3, 2, 1))
            for i, count in enumerate(layers):
                stride = 1 if i == 0 else 2
                self.features.add(
                    self._make_layer(block, count, channels[i + 1], stride, i + 1, in_channels=channels[i])
                )
            self.features.add(nn.GlobalAvgPool2D())
            self.output = nn.Dense(classes, in_units=channels[-1])

    def _make_layer(
        self,
        block: Callable[..., HybridBlock],
        layers: int,
        channels: int,
        stride: int,
        stage_index: int,
        in_channels: int = 0,
    ) -> nn.HybridSequential:
        """Return a stage: blocks of one size."""
        layer = nn.HybridSequential(prefix=f"stage{stage_index}_")
        with layer.name_scope():
            layer.add(block(channels, stride, channels != in_channels, in_channels=in_channels, prefix=""))
            for _ in range(layers - 1):
                layer.add(block(channels, 1, False, in_channels=channels, prefix=""))
        return layer

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return scores (N, classes) of images (N, 3, H, W)."""
        return self.output(self.features(x))


class ResNetV2(HybridBlock):
    """A residual network of version 2, for images (N, 3, H, W).

    Parameters
    ----------
    block : type of HybridBlock
        Class of the blocks, as `BasicBlockV2` or `BottleneckV2`.
    layers : list of int
        Number of blocks of each stage.
    channels : list of int
        Number of channels after the first convolution, and of each stage.
    classes : int
        Number of outputs.
    thumbnail : bool
        For small images, as of 32 x 32: begin with a 3 x 3 convolution, and no pooling.

    References
    ----------
    K. He et al., Identity mappings in deep residual networks, https://arxiv.org/abs/1603.05027.

    Examples
    --------
    >>> zoo = mx.gluon.model_zoo.vision
    >>> net = zoo.ResNetV2(zoo.BasicBlockV2, [1, 1], [8, 8, 16], classes=10, thumbnail=True)
    >>> net.initialize()
    >>> net(mx.nd.ones((2, 3, 32, 32))).shape
    (2, 10)
    """

    def __init__(
        self,
        block: Callable[..., HybridBlock],
        layers: list[int],
        channels: list[int],
        classes: int = 1000,
        thumbnail: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_stages("ResNetV2", layers, channels)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            self.features.add(nn.BatchNorm(scale=False, center=False))  # brings the images themselves to one scale
            if thumbnail:
                self.features.add(_conv3x3(channels[0], 1, 0))
            else:
                self.features.add(nn.Conv2D(channels[0], 7, 2, 3, use_bias=False))
                self.features.add(nn.BatchNorm())
                self.features.add(nn.Activation("relu"))
                self.features.add(nn.MaxPool2D(3, 2, 1))
            for i, count in enumerate(layers):
                stride = 1 if i == 0 else 2
                self.features.add(
                    self._make_layer(block, count, channels[i + 1], stride, i + 1, in_channels=channels[i])
                )
            self.features.add(nn.BatchNorm())
            self.features.add(nn.Activation("relu"))
            self.features.add(nn.GlobalAvgPool2D())
            self.features.add(nn.Flatten())
            self.output = nn.Dense(classes, in_units=channels[-1])

    def _make_layer(
        self,
        block: Callable[..., HybridBlock],
        layers: int,
        channels: int,
        stride: int,
        stage_index: int,
        in_channels: int = 0,
    ) -> nn.HybridSequential:
        """Return a stage: blocks of one size."""
        layer = nn.HybridSequential(prefix=f"stage{stage_index}_")
        with layer.name_scope():
            layer.add(block(channels, stride, channels != in_channels, in_channels=in_channels, prefix=""))
            for _ in range(layers - 1):
                layer.add(block(channels, 1, False, in_channels=channels, prefix=""))
        return layer

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return scores (N, classes) of images (N, 3, H, W)."""
        return self.output(self.features(x))


#: Number of layers with weights -> kind of block, blocks of each stage, channels at the beginning and of each stage.
resnet_spec = {
    18: ("basic_block", [2, 2, 2, 2], [64, 64, 128, 256, 512]),
    34: ("basic_block", [3, 4, 6, 3], [64, 64, 128, 256, 512]),
    50: ("bottle_neck", [3, 4, 6, 3], [64, 256, 512, 1024, 2048]),
    101: ("bottle_neck", [3, 4, 23, 3], [64, 256, 512, 1024, 2048]),
    152: ("bottle_neck", [3, 8, 36, 3], [64, 256, 512, 1024, 2048]),
}

#: The classes of versions 1 and 2.
resnet_net_versions = [ResNetV1, ResNetV2]
resnet_block_versions = [
    {"basic_block": BasicBlockV1, "bottle_neck": BottleneckV1},
    {"basic_block": BasicBlockV2, "bottle_neck": BottleneckV2},
]


def get_resnet(
    version: int,
    num_layers: int,
    pretrained: bool = False,
    ctx: Context | list[Context] = cpu(),  # noqa: B008
    root: str = os.path.join(base.data_dir(), "models"),
    **kwargs: Any,
) -> ResNetV1 | ResNetV2:
    """Return a residual network of the papers.

    Parameters
    ----------
    version : int
        1 or 2.
    num_layers : int
        18, 34, 50, 101 or 152.
    pretrained : bool
        Load the parameters trained on ImageNet; see `mxnet.gluon.model_zoo.model_store.get_model_file`.
    ctx : Context or list of Context
        Where trained parameters are put.
    root : str
        Folder with files of trained parameters.
    **kwargs
        What `ResNetV1` or `ResNetV2` takes.

    Raises
    ------
    AssertionError
        There is no such version, or no network of so many layers.

    Examples
    --------
    >>> mx.gluon.model_zoo.vision.get_resnet(1, 18, classes=10).output
    Dense(512 -> 10, linear)
    """
    if num_layers not in resnet_spec:
        raise base.AssertionError(
            f"get_resnet: Invalid number of layers: {num_layers!r}. Options are {sorted(resnet_spec)}"
        )
    if version not in (1, 2):
        raise base.AssertionError(f"get_resnet: Invalid resnet version: {version!r}. Options are 1 and 2.")
    kind, layers, channels = resnet_spec[num_layers]
    block = resnet_block_versions[version - 1][kind]
    net = resnet_net_versions[version - 1](block, layers, channels, **kwargs)
    if pretrained:
        net.load_parameters(get_model_file(f"resnet{num_layers}_v{version}", root=root), ctx=ctx)
    return net


def resnet18_v1(**kwargs: Any) -> ResNetV1 | ResNetV2:
    """ResNet-18, version 1; takes what `get_resnet` and `ResNetV1` take."""
    return get_resnet(1, 18, **kwargs)


def resnet34_v1(**kwargs: Any) -> ResNetV1 | ResNetV2:
    """ResNet-34, version 1; takes what `get_resnet` and `ResNetV1` take."""
    return get_resnet(1, 34, **kwargs)


def resnet50_v1(**kwargs: Any) -> ResNetV1 | ResNetV2:
    """ResNet-50, version 1; takes what `get_resnet` and `ResNetV1` take."""
    return get_resnet(1, 50, **kwargs)


def resnet101_v1(**kwargs: Any) -> ResNetV1 | ResNetV2:
    """ResNet-101, version 1; takes what `get_resnet` and `ResNetV1` take."""
    return get_resnet(1, 101, **kwargs)


def resnet152_v1(**kwargs: Any) -> ResNetV1 | ResNetV2:
    """ResNet-152, version 1; takes what `get_resnet` and `ResNetV1` take."""
    return get_resnet(1, 152, **kwargs)


def resnet18_v2(**kwargs: Any) -> ResNetV1 | ResNetV2:
    """ResNet-18, version 2; takes what `get_resnet` and `ResNetV2` take."""
    return get_resnet(2, 18, **kwargs)


def resnet34_v2(**kwargs: Any) -> ResNetV1 | ResNetV2:
    """ResNet-34, version 2; takes what `get_resnet` and `ResNetV2` take."""
    return get_resnet(2, 34, **kwargs)


def resnet50_v2(**kwargs: Any) -> ResNetV1 | ResNetV2:
    """ResNet-50, version 2; takes what `get_resnet` and `ResNetV2` take."""
    return get_resnet(2, 50, **kwargs)


def resnet101_v2(**kwargs: Any) -> ResNetV1 | ResNetV2:
    """ResNet-101, version 2; takes what `get_resnet` and `ResNetV2` take."""
    return get_resnet(2, 101, **kwargs)


def resnet152_v2(**kwargs: Any) -> ResNetV1 | ResNetV2:
    """ResNet-152, version 2; takes what `get_resnet` and `ResNetV2` take."""
    return get_resnet(2, 152, **kwargs)
