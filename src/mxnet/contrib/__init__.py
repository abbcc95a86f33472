"""Parts that MXNet calls contributed: ``amp`` is mixed precision, ``text`` has vocabularies and token embeddings, and
``onnx`` is `mxnet.onnx`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .._graph.collector import held_back

if TYPE_CHECKING:
    from . import amp as amp
    from . import onnx as onnx
    from . import text as text

#: Loaded when a program asks for them, so that others start sooner.
_LATER = ("amp", "onnx", "text")

__all__ = [*_LATER]


def __getattr__(name: str) -> Any:
    """Load a part that a program asks for the first time."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with held_back():
        found = globals()[name] = importlib.import_module(f".{name}", __name__)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
