"""Cells whose gates are convolutions, for sequences of images."""

from __future__ import annotations

from ._convolutional import (  # noqa: F401 (cells of other authors import these from here)
    _BaseConvRNNCell,
    _ConvGRUCell,
    _ConvLSTMCell,
    _ConvRNNCell,
    _get_conv_out_size,
)
from ._convolutional_cells import (
    Conv1DGRUCell,
    Conv1DLSTMCell,
    Conv1DRNNCell,
    Conv2DGRUCell,
    Conv2DLSTMCell,
    Conv2DRNNCell,
    Conv3DGRUCell,
    Conv3DLSTMCell,
    Conv3DRNNCell,
)

__all__ = ["Conv1DGRUCell", "Conv1DLSTMCell", "Conv1DRNNCell", "Conv2DGRUCell", "Conv2DLSTMCell", "Conv2DRNNCell",
           "Conv3DGRUCell", "Conv3DLSTMCell", "Conv3DRNNCell"]  # fmt: skip

for _name in (*__all__, "_BaseConvRNNCell", "_ConvGRUCell", "_ConvLSTMCell", "_ConvRNNCell", "_get_conv_out_size"):
    globals()[_name].__module__ = __name__  # where MXNet has them, and where pickles look for them
