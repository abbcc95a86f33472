"""MXNet's programming model on current Python, NumPy and PyTorch: ``import mxnet as mx``.

``mx.nd`` holds arrays, ``mx.sym`` symbols, ``mx.executor`` what runs them, ``mx.autograd`` recording and gradients.
"""

from __future__ import annotations

from . import (
    attribute,
    autograd,
    base,
    callback,
    context,
    engine,
    error,
    executor,
    executor_manager,
    initializer,
    io,
    kvstore,
    log,
    lr_scheduler,
    metric,
    model,
    module,
    monitor,
    name,
    ndarray,
    operator,
    optimizer,
    random,
    registry,
    rnn,
    symbol,
    visualization,
)
from ._version import __version__
from .attribute import AttrScope
from .base import MXNetError
from .context import Context, cpu, cpu_pinned, current_context, gpu

init = initializer
kv = kvstore
mod = module
mon = monitor
viz = visualization
nd = ndarray
sym = symbol
rnd = random

__all__ = ["AttrScope", "Context", "MXNetError", "__version__", "attribute", "autograd", "base", "callback", "context",
           "cpu", "cpu_pinned", "current_context", "engine", "error", "executor", "executor_manager", "gpu", "init",
           "initializer", "io", "kv", "kvstore", "log", "lr_scheduler", "metric", "mod", "model", "module", "mon",
           "monitor", "name", "nd", "ndarray", "operator", "optimizer", "random", "registry", "rnd", "rnn", "sym",
           "symbol", "visualization", "viz"]  # fmt: skip
