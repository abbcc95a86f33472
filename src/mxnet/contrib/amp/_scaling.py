"""Training with a scaled loss."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch

from ... import autograd, base
from ... import optimizer as opt
from ..._frontend.casting import casts, scaling
from ...gluon import Trainer
from .loss_scaler import LossScaler


def init_trainer(optimizer_or_trainer: Any) -> None:
    """Give a Trainer a `LossScaler`; from then on it leaves out steps whose gradients overflowed.

    Parameters
    ----------
    optimizer_or_trainer : gluon.Trainer
        What `scale_loss` will be given.

    Raises
    ------
    AssertionError
        If `init` was not called.
    TypeError
        If something else than a Trainer came; an Optimizer of its own cannot leave out steps.

    Examples
    --------
    >>> mx.contrib.amp.init("float16")
    >>> net = mx.gluon.nn.Dense(1, in_units=2)
    >>> net.initialize()
    >>> trainer = mx.gluon.Trainer(net.collect_params(), "sgd")
    >>> mx.contrib.amp.init_trainer(trainer)
    >>> with mx.autograd.record():
    ...     loss = net(mx.nd.ones((1, 2)))
    ...     with mx.contrib.amp.scale_loss(loss, trainer) as scaled:
    ...         scaled.backward()
    >>> trainer.step(1)
    """
    if not casts:
        raise base.AssertionError("amp.init_trainer: mixed precision is not on; call amp.init() first")
    trainer = _checked("init_trainer", optimizer_or_trainer)
    trainer._amp_loss_scaler = LossScaler()
    trainer._amp_original_scale = trainer._scale
    scaling.scaler = trainer._amp_loss_scaler


@contextmanager
def scale_loss(loss: Any, optimizer_or_trainer: Any) -> Generator[Any]:
    """Multiply a loss by the Trainer's scale, by which its next step divides the gradients.

    Parameters
    ----------
    loss : NDArray, or list or tuple of NDArray
        Made while recording. One in float16 is cast to float32 first: the scale itself may be beyond float16.
    optimizer_or_trainer : gluon.Trainer
        One that `init_trainer` was given.

    Yields
    ------
    NDArray, or list of NDArray
        To call ``backward`` of.

    Raises
    ------
    AssertionError
        If `init_trainer` was not called.

    Examples
    --------
    >>> mx.contrib.amp.init("float16")
    >>> weight = mx.gluon.Parameter("weight", shape=(1,))
    >>> weight.initialize(init="ones")
    >>> trainer = mx.gluon.Trainer([weight], "sgd", {"learning_rate": 0.5})
    >>> mx.contrib.amp.init_trainer(trainer)
    >>> with mx.autograd.record():
    ...     loss = weight.data() * 2
    ...     with mx.contrib.amp.scale_loss(loss, trainer) as scaled:
    ...         scaled.backward()
    >>> weight.grad().asnumpy().tolist()
    [131072.0]
    >>> trainer.step(1)
    >>> weight.data().asnumpy().tolist()
    [0.0]
    """
    trainer = _checked("scale_loss", optimizer_or_trainer)
    scaler = getattr(trainer, "_amp_loss_scaler", None)
    if scaler is None:
        raise base.AssertionError("amp.scale_loss: the Trainer has no scale; call amp.init_trainer(trainer) first")
    scale = scaler.loss_scale
    trainer._scale = trainer._amp_original_scale / scale
    if isinstance(loss, (list, tuple)):
        yield [_scaled(one, scale) for one in loss]
    else:
        yield _scaled(loss, scale)


def _scaled(loss: Any, scale: float) -> Any:
    return (loss.astype("float32") if loss._data.dtype is torch.float16 else loss) * scale


def unscale(optimizer_or_trainer: Any) -> None:
    """Divide the gradients by the scale now, before the step, so that they can be looked at or clipped.

    They are also multiplied by the optimizer's ``rescale_grad``, which the step then leaves out.

    Parameters
    ----------
    optimizer_or_trainer : gluon.Trainer
        One whose loss was scaled. Called again, it changes nothing.

    Raises
    ------
    TypeError
        If something else than a Trainer came.

    Examples
    --------
    >>> mx.contrib.amp.init("float16")
    >>> weight = mx.gluon.Parameter("weight", shape=(1,))
    >>> weight.initialize(init="ones")
    >>> trainer = mx.gluon.Trainer([weight], "sgd")
    >>> mx.contrib.amp.init_trainer(trainer)
    >>> with mx.autograd.record():
    ...     with mx.contrib.amp.scale_loss(weight.data() * 2, trainer) as scaled:
    ...         scaled.backward()
    >>> mx.contrib.amp.unscale(trainer)
    >>> weight.grad().asnumpy().tolist()
    [2.0]
    """
    trainer = _checked("unscale", optimizer_or_trainer)
    if not hasattr(trainer, "_amp_loss_scaler") or trainer._scale == 1:
        return
    factor, trainer._scale = trainer._scale, 1.0
    with autograd.pause():
        for param in trainer._params:
            if param.grad_req != "null" and param._grad is not None:
                for gradient in param.list_grad():
                    gradient *= factor


def _checked(function: str, trainer: Any) -> Any:
    if isinstance(trainer, Trainer):
        return trainer
    hint = ": an Optimizer alone cannot leave out steps" if isinstance(trainer, opt.Optimizer) else ""
    raise base.TypeError(f"amp.{function}: got {type(trainer)}; expected a gluon.Trainer{hint}")
