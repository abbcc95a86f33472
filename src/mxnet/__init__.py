"""MXNet's programming model on current Python, NumPy and PyTorch: ``import mxnet as mx``.

``mx.nd`` holds arrays, ``mx.sym`` symbols, ``mx.executor`` what runs them, ``mx.autograd`` recording and gradients.
"""

from __future__ import annotations

from . import attribute, autograd, base, context, engine, error, executor, name, ndarray, operator, random, symbol
from ._version import __version__
from .attribute import AttrScope
from .base import MXNetError
from .context import Context, cpu, cpu_pinned, current_context, gpu

nd = ndarray
sym = symbol
rnd = random

__all__ = ["AttrScope", "Context", "MXNetError", "__version__", "attribute", "autograd", "base", "context", "cpu",
           "cpu_pinned", "current_context", "engine", "error", "executor", "gpu", "name", "nd", "ndarray", "operator",
           "random", "rnd", "sym", "symbol"]  # fmt: skip
