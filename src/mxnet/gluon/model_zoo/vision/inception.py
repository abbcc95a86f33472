"""Inception version 3: modules whose branches see neighbourhoods of different sizes.

References
----------
C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, Rethinking the Inception architecture for computer vision,
https://arxiv.org/abs/1512.00567.
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

__all__ = ["Inception3", "inception_v3"]

_Size = int | tuple[int, int]
#: Channels, and kernel, stride and padding of a convolution (None: Conv2D's default).
_Convolution = tuple[int, _Size, "_Size | None", "_Size | None"]


def _make_basic_conv(**kwargs: Any) -> nn.HybridSequential:
    """Return a convolution with batch normalization and relu."""
    out = nn.HybridSequential(prefix="")
    out.add(nn.Conv2D(use_bias=False, **kwargs))
    out.add(nn.BatchNorm(epsilon=0.001))
    out.add(nn.Activation("relu"))
    return out


def _make_branch(use_pool: str | None, *conv_settings: _Convolution) -> nn.HybridSequential:
    """Return one path through a module: pooling ("avg", "max" or None), then convolutions."""
    out = nn.HybridSequential(prefix="")
    if use_pool == "avg":
        out.add(nn.AvgPool2D(pool_size=3, strides=1, padding=1))
    elif use_pool == "max":
        out.add(nn.MaxPool2D(pool_size=3, strides=2))
    for setting in conv_settings:
        named = zip(("channels", "kernel_size", "strides", "padding"), setting)
        out.add(_make_basic_conv(**{name: value for name, value in named if value is not None}))
    return out


def _make_module(prefix: str, *branches: tuple[Any, ...]) -> HybridConcurrent:
    """Return branches beside each other; each is what `_make_branch` takes."""
    out = HybridConcurrent(axis=1, prefix=prefix)
    with out.name_scope():
        for branch in branches:
            out.add(_make_branch(*branch))
    return out


def _make_A(pool_features: int, prefix: str) -> HybridConcurrent:
    """Return a module for maps of 35 x 35 (figure 5 of the paper)."""
    return _make_module(
        prefix,
        (None, (64, 1, None, None)),
        (None, (48, 1, None, None), (64, 5, None, 2)),
        (None, (64, 1, None, None), (96, 3, None, 1), (96, 3, None, 1)),
        ("avg", (pool_features, 1, None, None)),
    )


def _make_B(prefix: str) -> HybridConcurrent:
    """Return the module from 35 x 35 to 17 x 17."""
    return _make_module(
        prefix,
        (None, (384, 3, 2, None)),
        (None, (64, 1, None, None), (96, 3, None, 1), (96, 3, 2, None)),
        ("max",),
    )


def _make_C(channels_7x7: int, prefix: str) -> HybridConcurrent:
    """Return a module for maps of 17 x 17 (figure 6): convolutions of 7 x 7 as 1 x 7 and 7 x 1."""
    row, column = ((1, 7), None, (0, 3)), ((7, 1), None, (3, 0))
    narrow = channels_7x7
    return _make_module(
        prefix,
        (None, (192, 1, None, None)),
        (None, (narrow, 1, None, None), (narrow, *row), (192, *column)),
        (None, (narrow, 1, None, None), (narrow, *column), (narrow, *row), (narrow, *column), (192, *row)),
        ("avg", (192, 1, None, None)),
    )


def _make_D(prefix: str) -> HybridConcurrent:
    """Return the module from 17 x 17 to 8 x 8."""
    return _make_module(
        prefix,
        (None, (192, 1, None, None), (320, 3, 2, None)),
        (None, (192, 1, None, None), (192, (1, 7), None, (0, 3)), (192, (7, 1), None, (3, 0)), (192, 3, 2, None)),
        ("max",),
    )


def _make_E(prefix: str) -> HybridConcurrent:
    """Return a module for maps of 8 x 8 (figure 7): two of its branches end in two."""
    out = HybridConcurrent(axis=1, prefix=prefix)
    with out.name_scope():
        out.add(_make_branch(None, (320, 1, None, None)))
        out.add(_make_fork((384, 1, None, None)))
        out.add(_make_fork((448, 1, None, None), (384, 3, None, 1)))
        out.add(_make_branch("avg", (192, 1, None, None)))
    return out


def _make_fork(*conv_settings: _Convolution) -> nn.HybridSequential:
    """Return a branch that ends in a convolution of 1 x 3 and one of 3 x 1 beside each other."""
    out = nn.HybridSequential(prefix="")
    out.add(_make_branch(None, *conv_settings))
    ends = HybridConcurrent(axis=1, prefix="")
    ends.add(_make_branch(None, (384, (1, 3), None, (0, 1))))
    ends.add(_make_branch(None, (384, (3, 1), None, (1, 0))))
    out.add(ends)
    return out


def make_aux(classes: int) -> nn.HybridSequential:
    """Return the classifier that a training program may put beside the last maps of 17 x 17.

    Parameters
    ----------
    classes : int
        Number of outputs.

    Examples
    --------
    >>> aux = mx.gluon.model_zoo.vision.inception.make_aux(10)
    >>> aux.initialize()
    >>> aux(mx.nd.ones((2, 8, 17, 17))).shape
    (2, 10)
    """
    out = nn.HybridSequential(prefix="")
    out.add(nn.AvgPool2D(pool_size=5, strides=3))
    out.add(_make_basic_conv(channels=128, kernel_size=1))
    out.add(_make_basic_conv(channels=768, kernel_size=5))
    out.add(nn.Flatten())
    out.add(nn.Dense(classes))
    return out


class Inception3(HybridBlock):
    """Inception version 3, for images (N, 3, 299, 299).

    Parameters
    ----------
    classes : int
        Number of outputs.

    References
    ----------
    C. Szegedy et al., Rethinking the Inception architecture for computer vision, https://arxiv.org/abs/1512.00567.

    Examples
    --------
    >>> net = mx.gluon.model_zoo.vision.Inception3(classes=10)
    >>> len(net.features), net.output
    (20, Dense(None -> 10, linear))
    """

    def __init__(self, classes: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="")
            self.features.add(_make_basic_conv(channels=32, kernel_size=3, strides=2))
            self.features.add(_make_basic_conv(channels=32, kernel_size=3))
            self.features.add(_make_basic_conv(channels=64, kernel_size=3, padding=1))
            self.features.add(nn.MaxPool2D(pool_size=3, strides=2))
            self.features.add(_make_basic_conv(channels=80, kernel_size=1))
            self.features.add(_make_basic_conv(channels=192, kernel_size=3))
            self.features.add(nn.MaxPool2D(pool_size=3, strides=2))
            for i, pool_features in enumerate((32, 64, 64), start=1):
                self.features.add(_make_A(pool_features, f"A{i}_"))
            self.features.add(_make_B("B_"))
            for i, channels in enumerate((128, 160, 160, 192), start=1):
                self.features.add(_make_C(channels, f"C{i}_"))
            self.features.add(_make_D("D_"))
            for i in (1, 2):
                self.features.add(_make_E(f"E{i}_"))
            self.features.add(nn.AvgPool2D(pool_size=8))
            self.features.add(nn.Dropout(0.5))
            self.output = nn.Dense(classes)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return scores (N, classes) of images (N, 3, 299, 299)."""
        return self.output(self.features(x))


def inception_v3(
    pretrained: bool = False,
    ctx: Context | list[Context] = cpu(),  # noqa: B008
    root: str = os.path.join(base.data_dir(), "models"),
    **kwargs: Any,
) -> Inception3:
    """Return an Inception network of version 3.

    Parameters
    ----------
    pretrained : bool
        Load the parameters trained on ImageNet; see `mxnet.gluon.model_zoo.model_store.get_model_file`.
    ctx : Context or list of Context
        Where trained parameters are put.
    root : str
        Folder with files of trained parameters.
    **kwargs
        What `Inception3` takes.

    Examples
    --------
    >>> mx.gluon.model_zoo.vision.inception_v3(classes=10).output
    Dense(None -> 10, linear)
    """
    net = Inception3(**kwargs)
    if pretrained:
        net.load_parameters(get_model_file("inceptionv3", root=root), ctx=ctx)
    return net
