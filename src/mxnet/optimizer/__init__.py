"""Optimizers: what changes the weights by their gradients.

``mx.optimizer.create("sgd", learning_rate=0.1, momentum=0.9)`` makes one; `get_updater` keeps the states of all
parameters for it.
"""

from __future__ import annotations

from . import contrib, optimizer
from .optimizer import (
    DCASGD,
    FTML,
    LAMB,
    LARS,
    LBSGD,
    NAG,
    SGD,
    SGLD,
    AdaDelta,
    AdaGrad,
    Adam,
    Adamax,
    Ftrl,
    Nadam,
    NDabs,
    Optimizer,
    RMSProp,
    Signum,
    Test,
    Updater,
    ccSGD,
    create,
    get_updater,
    register,
)

__all__ = [*optimizer.__all__, "contrib"]
