"""Recurrent cells: symbols for one step or a sequence. The classes live in modules by subject beside this one."""

from __future__ import annotations

from ._base import (  # noqa: F401 (cells of other authors import the helpers from here)
    BaseRNNCell,
    RNNParams,
    _cells_begin_state,
    _cells_pack_weights,
    _cells_state_info,
    _cells_state_shape,
    _cells_unpack_weights,
    _normalize_sequence,
)
from ._cells import DropoutCell, GRUCell, LSTMCell, RNNCell
from ._convolutional import BaseConvRNNCell, ConvGRUCell, ConvLSTMCell, ConvRNNCell
from ._fused import FusedRNNCell
from ._modifiers import ModifierCell, ResidualCell, ZoneoutCell
from ._stacks import BidirectionalCell, SequentialRNNCell

__all__ = ["BaseConvRNNCell", "BaseRNNCell", "BidirectionalCell", "ConvGRUCell", "ConvLSTMCell", "ConvRNNCell",
           "DropoutCell", "FusedRNNCell", "GRUCell", "LSTMCell", "ModifierCell", "RNNCell", "RNNParams",
           "ResidualCell", "SequentialRNNCell", "ZoneoutCell"]  # fmt: skip

for _name in __all__:
    globals()[_name].__module__ = __name__  # where MXNet has them, and where pickles look for them
