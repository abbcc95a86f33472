"""Initializers: what a parameter holds before training, ``mx.init``."""

from __future__ import annotations

from .. import registry
from ._base import InitDesc, Initializer, alias, create, register
from ._combining import Load, Mixed
from ._values import (
    Bilinear,
    Constant,
    FusedRNN,
    LSTMBias,
    MSRAPrelu,
    Normal,
    One,
    Orthogonal,
    Uniform,
    Xavier,
    Zero,
)

__all__ = ["Bilinear", "Constant", "FusedRNN", "InitDesc", "Initializer", "LSTMBias", "Load", "MSRAPrelu", "Mixed",
           "Normal", "One", "Orthogonal", "Uniform", "Xavier", "Zero", "alias", "create", "register"]  # fmt: skip

# Pickles and logs name the classes as MXNet's single module does.
for _kind in (*registry.get_registry(Initializer).values(), Initializer, InitDesc, Load, Mixed):
    _kind.__module__ = __name__
