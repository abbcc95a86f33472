"""VGG: stages of 3 x 3 convolutions, with or without batch normalization.

References
----------
K. Simonyan and A. Zisserman, Very deep convolutional networks for large-scale image recognition,
https://arxiv.org/abs/1409.1556.
"""

from __future__ import annotations

import os
from typing import Any

from .... import base
from ....context import Context, cpu
from ....initializer import Xavier
from ... import nn
from ...block import HybridBlock
from ..model_store import get_model_file

__all__ = ["VGG", "vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn", "get_vgg"]

#: Number of layers with weights -> convolutions of each stage, channels of each stage.
vgg_spec = {
    11: ([1, 1, 2, 2, 2], [64, 128, 256, 512, 512]),
    13: ([2, 2, 2, 2, 2], [64, 128, 256, 512, 512]),
    16: ([2, 2, 3, 3, 3], [64, 128, 256, 512, 512]),
    19: ([2, 2, 4, 4, 4], [64, 128, 256, 512, 512]),
}


class VGG(HybridBlock):
    """Stages of 3 x 3 convolutions with pooling after each, and three dense layers, for images (N, 3, 224, 224).

    Parameters
    ----------
    layers : list of int
        Number of convolutions of each stage.
    filters : list of int
        Number of channels of each stage.
    classes : int
        Number of outputs.
    batch_norm : bool
        Normalize after each convolution.

    References
    ----------
    K. Simonyan and A. Zisserman, Very deep convolutional networks for large-scale image recognition,
    https://arxiv.org/abs/1409.1556.

    Examples
    --------
    >>> net = mx.gluon.model_zoo.vision.VGG([1, 2], [8, 16], classes=10)
    >>> len(net.features), net.features[0]
    (12, Conv2D(None -> 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1)))
    """

    def __init__(
        self, layers: list[int], filters: list[int], classes: int = 1000, batch_norm: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if len(layers) != len(filters):
            raise base.AssertionError(
                f"VGG: layers has {len(layers)} items and filters has {len(filters)}; both need one for each stage"
            )
        with self.name_scope():
            self.features = self._make_features(layers, filters, batch_norm)
            for _ in range(2):
                self.features.add(nn.Dense(4096, activation="relu", weight_initializer="normal"))
                self.features.add(nn.Dropout(rate=0.5))
            self.output = nn.Dense(classes, weight_initializer="normal")

    def _make_features(self, layers: list[int], filters: list[int], batch_norm: bool) -> nn.HybridSequential:
        """Return the convolutions, with pooling after each stage."""
        featurizer = nn.HybridSequential(prefix="")
        for count, channels in zip(layers, filters):
            for _ in range(count):
                initializer = Xavier(rnd_type="gaussian", factor_type="out", magnitude=2)
                featurizer.add(nn.Conv2D(channels, kernel_size=3, padding=1, weight_initializer=initializer))
                if batch_norm:
                    featurizer.add(nn.BatchNorm())
                featurizer.add(nn.Activation("relu"))
            featurizer.add(nn.MaxPool2D(strides=2))
        return featurizer

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return scores (N, classes) of images (N, 3, 224, 224)."""
        return self.output(self.features(x))


def get_vgg(
    num_layers: int,
    pretrained: bool = False,
    ctx: Context | list[Context] = cpu(),  # noqa: B008
    root: str = os.path.join(base.data_dir(), "models"),
    **kwargs: Any,
) -> VGG:
    """Return a VGG network of the paper.

    Parameters
    ----------
    num_layers : int
        11, 13, 16 or 19.
    pretrained : bool
        Load the parameters trained on ImageNet; see `mxnet.gluon.model_zoo.model_store.get_model_file`.
    ctx : Context or list of Context
        Where trained parameters are put.
    root : str
        Folder with files of trained parameters.
    **kwargs
        What `VGG` takes.

    Raises
    ------
    ValueError
        There is no VGG of so many layers.

    Examples
    --------
    >>> mx.gluon.model_zoo.vision.get_vgg(11, classes=10, batch_norm=True).output
    Dense(None -> 10, linear)
    """
    if num_layers not in vgg_spec:
        raise base.ValueError(f"get_vgg: num_layers is {num_layers!r}, expected one of {sorted(vgg_spec)}")
    layers, filters = vgg_spec[num_layers]
    net = VGG(layers, filters, **kwargs)
    if pretrained:
        suffix = "_bn" if kwargs.get("batch_norm") else ""
        net.load_parameters(get_model_file(f"vgg{num_layers}{suffix}", root=root), ctx=ctx)
    return net


def vgg11(**kwargs: Any) -> VGG:
    """VGG-11; takes what `get_vgg` and `VGG` take."""
    return get_vgg(11, **kwargs)


def vgg13(**kwargs: Any) -> VGG:
    """VGG-13; takes what `get_vgg` and `VGG` take."""
    return get_vgg(13, **kwargs)


def vgg16(**kwargs: Any) -> VGG:
    """VGG-16; takes what `get_vgg` and `VGG` take."""
    return get_vgg(16, **kwargs)


def vgg19(**kwargs: Any) -> VGG:
    """VGG-19; takes what `get_vgg` and `VGG` take."""
    return get_vgg(19, **kwargs)


def vgg11_bn(**kwargs: Any) -> VGG:
    """VGG-11 with batch normalization; takes what `get_vgg` and `VGG` take."""
    kwargs["batch_norm"] = True
    return get_vgg(11, **kwargs)


def vgg13_bn(**kwargs: Any) -> VGG:
    """VGG-13 with batch normalization; takes what `get_vgg` and `VGG` take."""
    kwargs["batch_norm"] = True
    return get_vgg(13, **kwargs)


def vgg16_bn(**kwargs: Any) -> VGG:
    """VGG-16 with batch normalization; takes what `get_vgg` and `VGG` take."""
    kwargs["batch_norm"] = True
    return get_vgg(16, **kwargs)


def vgg19_bn(**kwargs: Any) -> VGG:
    """VGG-19 with batch normalization; takes what `get_vgg` and `VGG` take."""
    kwargs["batch_norm"] = True
    return get_vgg(19, **kwargs)
