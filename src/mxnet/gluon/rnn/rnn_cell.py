"""Recurrent cells: one step or a sequence. The classes live in modules by subject beside this one."""

from __future__ import annotations

from ._base import HybridRecurrentCell, RecurrentCell
from ._cells import GRUCell, LSTMCell, RNNCell
from ._modifiers import ModifierCell, ResidualCell, ZoneoutCell
from ._sequences import (  # noqa: F401 (cells of other authors import the helpers from here)
    _cells_begin_state,
    _cells_state_info,
    _format_sequence,
    _get_begin_state,
    _mask_sequence_variable_length,
    _reverse_sequences,
    tensor_types,
)
from ._stacks import BidirectionalCell, DropoutCell, HybridSequentialRNNCell, SequentialRNNCell

__all__ = ["BidirectionalCell", "DropoutCell", "GRUCell", "HybridRecurrentCell", "HybridSequentialRNNCell",
           "LSTMCell", "ModifierCell", "RNNCell", "RecurrentCell", "ResidualCell", "SequentialRNNCell",
           "ZoneoutCell"]  # fmt: skip

for _name in __all__:
    globals()[_name].__module__ = __name__  # where MXNet has them, and where pickles look for them
