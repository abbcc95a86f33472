"""Gluon: networks as Python objects, run operator by operator or, hybridized, as one compiled graph.

``gluon.nn`` and ``gluon.rnn`` hold layers, ``gluon.loss`` losses, ``gluon.data`` datasets and loaders,
``gluon.model_zoo`` well-known networks. ``Block`` and ``Parameter`` are what all of them are made of, and ``Trainer``
updates parameters.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .._graph.collector import held_back
from . import block, parameter
from .block import Block, HybridBlock, SymbolBlock
from .parameter import Constant, DeferredInitializationError, Parameter, ParameterDict

if TYPE_CHECKING:
    from . import contrib as contrib
    from . import data as data
    from . import loss as loss
    from . import model_zoo as model_zoo
    from . import nn as nn
    from . import rnn as rnn
    from . import torch_interop as torch_interop
    from . import trainer as trainer
    from . import utils as utils
    from .torch_interop import TorchBlock as TorchBlock
    from .torch_interop import TorchModule as TorchModule
    from .trainer import Trainer as Trainer

#: Loaded when a program asks for them, so that others start sooner.
_LATER = ("contrib", "data", "loss", "model_zoo", "nn", "rnn", "torch_interop", "trainer", "utils")
_CLASSES = {"TorchBlock": "torch_interop", "TorchModule": "torch_interop", "Trainer": "trainer"}

__all__ = ["Block", "Constant", "DeferredInitializationError", "HybridBlock", "Parameter", "ParameterDict",
           "SymbolBlock", "block", "parameter", *_CLASSES, *_LATER]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a part that a program asks for the first time."""
    if name in _CLASSES:
        found = globals()[name] = getattr(importlib.import_module(f".{_CLASSES[name]}", __name__), name)
        return found
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with held_back():
        found = globals()[name] = importlib.import_module(f".{name}", __name__)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *_CLASSES})
