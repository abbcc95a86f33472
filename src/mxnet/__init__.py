"""MXNet's programming model on current Python, NumPy and PyTorch: ``import mxnet as mx``.

``mx.nd`` holds arrays, ``mx.sym`` symbols, ``mx.executor`` what runs them, ``mx.autograd`` recording and gradients;
``mx.mod`` trains symbols with ``mx.optimizer``, ``mx.metric``, ``mx.io``, ``mx.init`` and ``mx.kv``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._graph.collector import held_back

with held_back():
    from . import attribute, autograd, base, context, engine, error, executor, name, ndarray, operator, random, symbol
    from ._runtime import memory as _memory
    from ._version import __version__
    from .attribute import AttrScope
    from .base import MXNetError
    from .context import Context, cpu, cpu_pinned, current_context, gpu

if TYPE_CHECKING:
    from . import callback as callback
    from . import contrib as contrib
    from . import executor_manager as executor_manager
    from . import gluon as gluon
    from . import image as image
    from . import image as img
    from . import initializer as init
    from . import initializer as initializer
    from . import io as io
    from . import kvstore as kv
    from . import kvstore as kvstore
    from . import log as log
    from . import lr_scheduler as lr_scheduler
    from . import metric as metric
    from . import model as model
    from . import module as mod
    from . import module as module
    from . import monitor as mon
    from . import monitor as monitor
    from . import onnx as onnx
    from . import optimizer as optimizer
    from . import recordio as recordio
    from . import registry as registry
    from . import rnn as rnn
    from . import visualization as visualization
    from . import visualization as viz
    from ._leaving.from_torch import from_torch as from_torch
    from ._leaving.safetensors_files import load_safetensors as load_safetensors
    from ._leaving.safetensors_files import save_safetensors as save_safetensors
    from ._leaving.to_torch import to_torch as to_torch

_memory.keep_freed()

nd = ndarray
sym = symbol
rnd = random

#: Modules that are loaded when a program asks for them, so that others start sooner; and their second names.
_LATER = ("callback", "contrib", "executor_manager", "gluon", "image", "initializer", "io", "kvstore", "log",
          "lr_scheduler", "metric", "model", "module", "monitor", "onnx", "optimizer", "recordio", "registry", "rnn",
          "visualization")  # fmt: skip
_SHORT = {"img": "image", "init": "initializer", "kv": "kvstore", "mod": "module", "mon": "monitor",
          "viz": "visualization"}  # fmt: skip
#: Functions that are loaded so, with their modules.
_FUNCTIONS = {"from_torch": "_leaving.from_torch", "load_safetensors": "_leaving.safetensors_files",
              "save_safetensors": "_leaving.safetensors_files", "to_torch": "_leaving.to_torch"}  # fmt: skip

__all__ = ["AttrScope", "Context", "MXNetError", "__version__", "attribute", "autograd", "base", "context", "cpu",
           "cpu_pinned", "current_context", "engine", "error", "executor", "gpu", "name", "nd", "ndarray", "operator",
           "random", "rnd", "sym", "symbol", *_FUNCTIONS, *_LATER,
           *_SHORT]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a module or function that a program asks for the first time."""
    if name in _FUNCTIONS:
        with held_back():
            function = getattr(importlib.import_module(f".{_FUNCTIONS[name]}", __name__), name)
        globals()[name] = function
        return function
    module = _SHORT.get(name, name)
    if module not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with held_back():
        found = globals()[name] = importlib.import_module(f".{module}", __name__)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_FUNCTIONS, *_LATER, *_SHORT})
