"""SqueezeNet: modules that squeeze to few channels and expand again.

References
----------
F. Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size,
https://arxiv.org/abs/1602.07360.
"""

from __future__ import annotations

import os
from typing import Any

from .... import base
from ....context import Context, cpu
from ... import nn
from ...block import HybridBlock
from ...contrib.nn import HybridConcurrent
from ..model_store import get_model_file

__all__ = ["SqueezeNet", "squeezenet1_0", "squeezenet1_1"]

#: Version -> first convolution (channels, kernel), and then for each stage of fire modules their channels: those of
#: the squeezing convolution; each of the two expanding ones has four times as many.
_STAGES = {
    "1.0": ((96, 7), ((16, 16, 32), (32, 48, 48, 64), (64,))),
    "1.1": ((64, 3), ((16, 16), (32, 32), (48, 48, 64, 64))),
}


def _make_fire(squeeze_channels: int, expand1x1_channels: int, expand3x3_channels: int) -> nn.HybridSequential:
    """Return a fire module: one convolution that squeezes, two beside each other that expand."""
    out = nn.HybridSequential(prefix="")
    out.add(_make_fire_conv(squeeze_channels, 1))
    paths = HybridConcurrent(axis=1, prefix="")
    paths.add(_make_fire_conv(expand1x1_channels, 1))
    paths.add(_make_fire_conv(expand3x3_channels, 3, 1))
    out.add(paths)
    return out


def _make_fire_conv(channels: int, kernel_size: int, padding: int = 0) -> nn.HybridSequential:
    """Return a convolution with relu."""
    out = nn.HybridSequential(prefix="")
    out.add(nn.Conv2D(channels, kernel_size, padding=padding))
    out.add(nn.Activation("relu"))
    return out


class SqueezeNet(HybridBlock):
    """A convolution, eight fire modules and a convolution to the classes, for images (N, 3, 224, 224).

    Parameters
    ----------
    version : str
        ``"1.0"`` as in the paper, or ``"1.1"``, which computes less.
    classes : int
        Number of outputs.

    Raises
    ------
    AssertionError
        There is no such version.

    References
    ----------
    F. Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size,
    https://arxiv.org/abs/1602.07360.

    Examples
    --------
    >>> net = mx.gluon.model_zoo.vision.SqueezeNet("1.1", classes=10)
    >>> net.output[0]
    Conv2D(None -> 10, kernel_size=(1, 1), stride=(1, 1))
    """

    def __init__(self, version: str, classes: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if version not in _STAGES:
            raise base.AssertionError(
                f"SqueezeNet: Unsupported SqueezeNet version {version!r}: '1.0' or '1.1' expected"
            )
        (channels, kernel), stages = _STAGES[version]
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            self.features.add(nn.Conv2D(channels, kernel_size=kernel, strides=2))
            self.features.add(nn.Activation("relu"))
            for stage in stages:
                self.features.add(nn.MaxPool2D(pool_size=3, strides=2, ceil_mode=True))
                for squeezed in stage:
                    self.features.add(_make_fire(squeezed, 4 * squeezed, 4 * squeezed))
            self.features.add(nn.Dropout(0.5))

            self.output = nn.HybridSequential(prefix="")
            self.output.add(nn.Conv2D(classes, kernel_size=1))
            self.output.add(nn.Activation("relu"))
            self.output.add(nn.AvgPool2D(13))
            self.output.add(nn.Flatten())

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return scores (N, classes) of images (N, 3, 224, 224)."""
        return self.output(self.features(x))


def get_squeezenet(
    version: str,
    pretrained: bool = False,
    ctx: Context | list[Context] = cpu(),  # noqa: B008
    root: str = os.path.join(base.data_dir(), "models"),
    **kwargs: Any,
) -> SqueezeNet:
    """Return a SqueezeNet.

    Parameters
    ----------
    version : str
        ``"1.0"`` or ``"1.1"``.
    pretrained : bool
        Load the parameters trained on ImageNet; see `mxnet.gluon.model_zoo.model_store.get_model_file`.
    ctx : Context or list of Context
        Where trained parameters are put.
    root : str
        Folder with files of trained parameters.
    **kwargs
        What `SqueezeNet` takes.

    Raises
    ------
    AssertionError
        There is no such version.

    Examples
    --------
    >>> net = mx.gluon.model_zoo.vision.squeezenet.get_squeezenet("1.0")
    >>> net.features[0]
    Conv2D(None -> 96, kernel_size=(7, 7), stride=(2, 2))
    """
    net = SqueezeNet(version, **kwargs)
    if pretrained:
        net.load_parameters(get_model_file(f"squeezenet{version}", root=root), ctx=ctx)
    return net


def squeezenet1_0(**kwargs: Any) -> SqueezeNet:
    """SqueezeNet 1.0; takes what `get_squeezenet` and `SqueezeNet` take."""
    return get_squeezenet("1.0", **kwargs)


def squeezenet1_1(**kwargs: Any) -> SqueezeNet:
    """SqueezeNet 1.1; takes what `get_squeezenet` and `SqueezeNet` take."""
    return get_squeezenet("1.1", **kwargs)
