"""Convolutions, poolings and padding. The classes live in modules by subject beside this one."""

from __future__ import annotations

from ._convolution import (
    Conv1D,
    Conv2D,
    Conv3D,
    _Conv,
    _infer_weight_shape,  # noqa: F401 (layers of other authors import it from here)
)
from ._global_pooling import (
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalAvgPool3D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    GlobalMaxPool3D,
)
from ._padding import ReflectionPad2D
from ._pooling import AvgPool1D, AvgPool2D, AvgPool3D, MaxPool1D, MaxPool2D, MaxPool3D, _Pooling
from ._transposed import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose

__all__ = ["AvgPool1D", "AvgPool2D", "AvgPool3D", "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D",
           "Conv3DTranspose", "GlobalAvgPool1D", "GlobalAvgPool2D", "GlobalAvgPool3D", "GlobalMaxPool1D",
           "GlobalMaxPool2D", "GlobalMaxPool3D", "MaxPool1D", "MaxPool2D", "MaxPool3D", "ReflectionPad2D"]  # fmt: skip

# Where MXNet has them, and where pickles look for them.
for _kind in (_Conv, _Pooling, *(globals()[_name] for _name in __all__)):
    _kind.__module__ = __name__
