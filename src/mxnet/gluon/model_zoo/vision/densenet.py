"""DenseNet: each layer sees the feature maps of all before it in its block.

References
----------
G. Huang, Z. Liu, L. van der Maaten and K. Weinberger, Densely connected convolutional networks,
https://arxiv.org/abs/1608.06993.
"""

from __future__ import annotations

import os
from typing import Any

from .... import base
from ....context import Context, cpu
from ... import nn
from ...block import HybridBlock
from ...contrib.nn import HybridConcurrent, Identity
from ..model_store import get_model_file

__all__ = ["DenseNet", "densenet121", "densenet161", "densenet169", "densenet201"]


def _make_dense_block(
    num_layers: int, bn_size: int, growth_rate: int, dropout: float, stage_index: int
) -> nn.HybridSequential:
    """Return a dense block."""
    out = nn.HybridSequential(prefix=f"stage{stage_index}_")
    with out.name_scope():
        for _ in range(num_layers):
            out.add(_make_dense_layer(growth_rate, bn_size, dropout))
    return out


def _make_dense_layer(growth_rate: int, bn_size: int, dropout: float) -> HybridConcurrent:
    """Return a layer: its input, joined with `growth_rate` new channels."""
    fresh = nn.HybridSequential(prefix="")
    fresh.add(nn.BatchNorm())
    fresh.add(nn.Activation("relu"))
    fresh.add(nn.Conv2D(bn_size * growth_rate, kernel_size=1, use_bias=False))
    fresh.add(nn.BatchNorm())
    fresh.add(nn.Activation("relu"))
    fresh.add(nn.Conv2D(growth_rate, kernel_size=3, padding=1, use_bias=False))
    if dropout:
        fresh.add(nn.Dropout(dropout))

    out = HybridConcurrent(axis=1, prefix="")
    out.add(Identity())
    out.add(fresh)
    return out


def _make_transition(num_output_features: int) -> nn.HybridSequential:
    """Return what stands between two blocks: fewer channels, half the size."""
    out = nn.HybridSequential(prefix="")
    out.add(nn.BatchNorm())
    out.add(nn.Activation("relu"))
    out.add(nn.Conv2D(num_output_features, kernel_size=1, use_bias=False))
    out.add(nn.AvgPool2D(pool_size=2, strides=2))
    return out


class DenseNet(HybridBlock):
    """A convolution, dense blocks with transitions between them, and a dense layer, for images (N, 3, 224, 224).

    Parameters
    ----------
    num_init_features : int
        Number of channels of the first convolution.
    growth_rate : int
        Number of channels that each layer adds.
    block_config : list of int
        Number of layers of each block.
    bn_size : int
        The 1 x 1 convolutions have ``bn_size * growth_rate`` channels.
    dropout : float
        Probability, from 0 to 1, that a new value is dropped.
    classes : int
        Number of outputs.

    References
    ----------
    G. Huang et al., Densely connected convolutional networks, https://arxiv.org/abs/1608.06993.

    Examples
    --------
    >>> net = mx.gluon.model_zoo.vision.DenseNet(8, 4, [2, 2], classes=10)
    >>> net.initialize()
    >>> net(mx.nd.ones((1, 3, 64, 64))).shape
    (1, 10)
    """

    def __init__(
        self,
        num_init_features: int,
        growth_rate: int,
        block_config: list[int],
        bn_size: int = 4,
        dropout: float = 0,
        classes: int = 1000,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            self.features.add(nn.Conv2D(num_init_features, kernel_size=7, strides=2, padding=3, use_bias=False))
            self.features.add(nn.BatchNorm())
            self.features.add(nn.Activation("relu"))
            self.features.add(nn.MaxPool2D(pool_size=3, strides=2, padding=1))
            channels = num_init_features
            for i, count in enumerate(block_config, start=1):
                self.features.add(_make_dense_block(count, bn_size, growth_rate, dropout, i))
                channels += count * growth_rate
                if i < len(block_config):
                    channels //= 2
                    self.features.add(_make_transition(channels))
            self.features.add(nn.BatchNorm())
            self.features.add(nn.Activation("relu"))
            self.features.add(nn.AvgPool2D(pool_size=7))
            self.features.add(nn.Flatten())
            self.output = nn.Dense(classes)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return scores (N, classes) of images (N, 3, 224, 224)."""
        return self.output(self.features(x))


#: Number of layers with weights -> channels at the beginning, growth rate, layers of each block.
densenet_spec = {
    121: (64, 32, [6, 12, 24, 16]),
    161: (96, 48, [6, 12, 36, 24]),
    169: (64, 32, [6, 12, 32, 32]),
    201: (64, 32, [6, 12, 48, 32]),
}


def get_densenet(
    num_layers: int,
    pretrained: bool = False,
    ctx: Context | list[Context] = cpu(),  # noqa: B008
    root: str = os.path.join(base.data_dir(), "models"),
    **kwargs: Any,
) -> DenseNet:
    """Return a DenseNet of the paper.

    Parameters
    ----------
    num_layers : int
        121, 161, 169 or 201.
    pretrained : bool
        Load the parameters trained on ImageNet; see `mxnet.gluon.model_zoo.model_store.get_model_file`.
    ctx : Context or list of Context
        Where trained parameters are put.
    root : str
        Folder with files of trained parameters.
    **kwargs
        What `DenseNet` takes.

    Raises
    ------
    ValueError
        There is no DenseNet of so many layers.

    Examples
    --------
    >>> net = mx.gluon.model_zoo.vision.densenet.get_densenet(121, classes=10)
    >>> net.output
    Dense(None -> 10, linear)
    """
    if num_layers not in densenet_spec:
        raise base.ValueError(f"get_densenet: num_layers is {num_layers!r}, expected one of {sorted(densenet_spec)}")
    num_init_features, growth_rate, block_config = densenet_spec[num_layers]
    net = DenseNet(num_init_features, growth_rate, block_config, **kwargs)
    if pretrained:
        net.load_parameters(get_model_file(f"densenet{num_layers}", root=root), ctx=ctx)
    return net


def densenet121(**kwargs: Any) -> DenseNet:
    """DenseNet-121; takes what `get_densenet` and `DenseNet` take."""
    return get_densenet(121, **kwargs)


def densenet161(**kwargs: Any) -> DenseNet:
    """DenseNet-161; takes what `get_densenet` and `DenseNet` take."""
    return get_densenet(161, **kwargs)


def densenet169(**kwargs: Any) -> DenseNet:
    """DenseNet-169; takes what `get_densenet` and `DenseNet` take."""
    return get_densenet(169, **kwargs)


def densenet201(**kwargs: Any) -> DenseNet:
    """DenseNet-201; takes what `get_densenet` and `DenseNet` take."""
    return get_densenet(201, **kwargs)
