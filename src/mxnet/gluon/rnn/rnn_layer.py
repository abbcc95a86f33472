"""Recurrent layers: whole sequences through one operator."""

from __future__ import annotations

from ._layer import _RNNLayer
from ._layers import GRU, LSTM, RNN

__all__ = ["GRU", "LSTM", "RNN"]

for _kind in (GRU, LSTM, RNN, _RNNLayer):
    _kind.__module__ = __name__  # where MXNet has them, and where pickles look for them
