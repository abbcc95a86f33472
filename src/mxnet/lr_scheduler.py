"""Learning rates that change while a network is trained.

A scheduler is called with the number of the present update and returns the learning rate for it. An optimizer takes one
as `lr_scheduler`.
"""

from __future__ import annotations

import logging
import operator
from math import cos, pi
from typing import Any

from . import base

__all__ = ["CosineScheduler", "FactorScheduler", "LRScheduler", "MultiFactorScheduler", "PolyScheduler"]


def _whole(owner: object, name: str, value: Any) -> int:
    """Return `value` as an int; TypeError unless it is an integer of Python or NumPy."""
    try:
        return operator.index(value)
    except TypeError:
        raise base.TypeError(
            f"{type(owner).__name__}: {name} is {value!r} of type {type(value).__name__}; expected an int"
        ) from None


class LRScheduler:
    """What all schedulers share: a base rate and a warm-up.

    A scheduler of your own overrides `__call__`. It may use `base_lr`, which an optimizer sets to its `learning_rate`,
    and `get_warmup_lr` as long as ``num_update < warmup_steps``.

    Parameters
    ----------
    base_lr : float
        Learning rate after the warm-up.
    warmup_steps : int, at least 0
        Number of updates of the warm-up; 0 for none.
    warmup_begin_lr : float, at most `base_lr`
        Learning rate of the first update.
    warmup_mode : {'linear', 'constant'}
        Rise to `base_lr` in equal steps, or keep `warmup_begin_lr` until the end of the warm-up.

    Raises
    ------
    ValueError
        If an argument is out of range.
    TypeError
        If `warmup_steps` is not an integer.

    References
    ----------
    Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017.

    Examples
    --------
    >>> class Inverse(mx.lr_scheduler.LRScheduler):
    ...     def __call__(self, num_update):
    ...         if num_update < self.warmup_steps:
    ...             return self.get_warmup_lr(num_update)
    ...         return self.base_lr / (1 + num_update - self.warmup_steps)
    >>> schedule = Inverse(base_lr=1, warmup_steps=2)
    >>> [schedule(n) for n in range(5)]
    [0.0, 0.5, 1.0, 0.5, 0.3333333333333333]
    """

    def __init__(
        self, base_lr: float = 0.01, warmup_steps: int = 0, warmup_begin_lr: float = 0, warmup_mode: str = "linear"
    ) -> None:
        name = type(self).__name__
        self.base_lr: float = base_lr
        self.warmup_steps = _whole(self, "warmup_steps", warmup_steps)
        self.warmup_final_lr: float = base_lr
        self.warmup_begin_lr: float = warmup_begin_lr
        self.warmup_mode = warmup_mode
        if warmup_begin_lr > base_lr:
            raise base.ValueError(
                f"{name}: Base lr has to be higher than warmup_begin_lr: base_lr is {base_lr:g} and warmup_begin_lr "
                f"{warmup_begin_lr:g}"
            )
        if self.warmup_steps < 0:
            raise base.ValueError(f"{name}: Warmup steps has to be positive or 0: warmup_steps is {warmup_steps}")
        if warmup_mode not in ("linear", "constant"):
            raise base.ValueError(
                f"{name}: Supports only linear and constant modes of warmup: warmup_mode is {warmup_mode!r}"
            )

    def get_warmup_lr(self, num_update: int) -> float:
        """Return the learning rate of an update of the warm-up.

        Parameters
        ----------
        num_update : int, below `warmup_steps`
            Number of the update.

        Raises
        ------
        ValueError
            If the warm-up has ended.
        """
        if num_update >= self.warmup_steps:
            raise base.ValueError(
                f"{type(self).__name__}.get_warmup_lr: num_update is {num_update}; expected less than warmup_steps, "
                f"which is {self.warmup_steps}"
            )
        if self.warmup_mode == "constant":
            return self.warmup_begin_lr
        rise = (self.warmup_final_lr - self.warmup_begin_lr) * float(num_update) / float(self.warmup_steps)
        return self.warmup_begin_lr + rise

    def __call__(self, num_update: int) -> float:
        """Return the learning rate of an update; each scheduler overrides this.

        Parameters
        ----------
        num_update : int
            Number of the update: the largest number of times that a parameter was updated.
        """
        raise NotImplementedError(f"{type(self).__name__}.__call__: must override this: it returns the learning rate")


def _check_factor(owner: object, factor: float) -> None:
    if factor > 1.0:
        raise base.ValueError(
            f"{type(owner).__name__}: Factor must be no more than 1 to make lr reduce: factor is {factor:g}"
        )


class FactorScheduler(LRScheduler):
    """Multiply the learning rate by a factor every so many updates.

    Parameters
    ----------
    step : int, at least 1
        Number of updates between two changes.
    factor : float, at most 1
        What the rate is multiplied by.
    stop_factor_lr : float
        The rate does not fall below this.
    base_lr, warmup_steps, warmup_begin_lr, warmup_mode
        As for `LRScheduler`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> schedule = mx.lr_scheduler.FactorScheduler(step=2, factor=0.5, base_lr=1.0)
    >>> [schedule(n) for n in range(1, 7)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    def __init__(
        self,
        step: int,
        factor: float = 1,
        stop_factor_lr: float = 1e-8,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ) -> None:
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        if step < 1:
            raise base.ValueError(
                f"{type(self).__name__}: Schedule step must be greater or equal than 1 round: step is {step}"
            )
        _check_factor(self, factor)
        self.step = step
        self.factor = factor
        self.stop_factor_lr = stop_factor_lr
        self.count = 0

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        # a run that goes on from a checkpoint catches up here
        while num_update > self.count + self.step:
            self.count += self.step
            self.base_lr *= self.factor
            if self.base_lr < self.stop_factor_lr:
                self.base_lr = self.stop_factor_lr
                logging.info(
                    "Update[%d]: now learning rate arrived at %0.5e, will not change in the future",
                    num_update,
                    self.base_lr,
                )
            else:
                logging.info("Update[%d]: Change learning rate to %0.5e", num_update, self.base_lr)
        return self.base_lr


class MultiFactorScheduler(LRScheduler):
    """Multiply the learning rate by a factor after given updates.

    Parameters
    ----------
    step : list of int
        Numbers of updates after which the rate changes, increasing, from 1 on.
    factor : float, at most 1
        What the rate is multiplied by.
    base_lr, warmup_steps, warmup_begin_lr, warmup_mode
        As for `LRScheduler`.

    Raises
    ------
    ValueError
        If an argument is out of range.
    TypeError
        If `step` is not a list.

    Examples
    --------
    >>> schedule = mx.lr_scheduler.MultiFactorScheduler(step=[1, 4], factor=0.5, base_lr=1.0)
    >>> [schedule(n) for n in range(1, 7)]
    [1.0, 0.5, 0.5, 0.5, 0.25, 0.25]
    """

    def __init__(
        self,
        step: list[int],
        factor: float = 1,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ) -> None:
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        name = type(self).__name__
        if not isinstance(step, list):
            raise base.TypeError(f"{name}: step is {step!r} of type {type(step).__name__}; expected a list of int")
        if not step:
            raise base.ValueError(f"{name}: step is an empty list; expected at least one number of updates")
        for before, after in zip([None, *step], step):
            if before is not None and after <= before:
                raise base.ValueError(f"{name}: Schedule step must be an increasing integer list: step is {step}")
            if after < 1:
                raise base.ValueError(f"{name}: Schedule step must be greater or equal than 1 round: step is {step}")
        _check_factor(self, factor)
        self.step = step
        self.cur_step_ind = 0
        self.factor = factor
        self.count = 0

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        while self.cur_step_ind < len(self.step) and num_update > self.step[self.cur_step_ind]:
            self.count = self.step[self.cur_step_ind]
            self.cur_step_ind += 1
            self.base_lr *= self.factor
            logging.info("Update[%d]: Change learning rate to %0.5e", num_update, self.base_lr)
        return self.base_lr


class _FallingScheduler(LRScheduler):
    """A rate that falls from `base_lr` after the warm-up to `final_lr` at `max_update`, along a curve."""

    def __init__(
        self,
        max_update: int,
        base_lr: float,
        final_lr: float,
        warmup_steps: int,
        warmup_begin_lr: float,
        warmup_mode: str,
    ) -> None:
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        max_update = _whole(self, "max_update", max_update)
        if max_update < 1:
            raise base.ValueError(
                f"{type(self).__name__}: maximum number of updates must be strictly positive: max_update is "
                f"{max_update}"
            )
        self.base_lr_orig = self.base_lr
        self.max_update = max_update
        self.final_lr = final_lr
        self.max_steps = self.max_update - self.warmup_steps

    def _left(self, progress: float) -> float:
        """Return what is left of the way to `final_lr`, from 1 to 0, after a part of it."""
        raise NotImplementedError

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        if num_update <= self.max_update:
            # a warm-up that lasts until max_update leaves nothing to fall along
            progress = float(num_update - self.warmup_steps) / float(self.max_steps) if self.max_steps else 0.0
            self.base_lr = self.final_lr + (self.base_lr_orig - self.final_lr) * self._left(progress)
        return self.base_lr


class PolyScheduler(_FallingScheduler):
    """Let the learning rate fall to a last value along a power of the updates that are left.

    Parameters
    ----------
    max_update : int, at least 1
        Number of the update after which the rate stays.
    base_lr : float
        Learning rate at the start, or after the warm-up.
    pwr : float
        The power; 1 is a straight line.
    final_lr : float
        Learning rate from `max_update` on.
    warmup_steps, warmup_begin_lr, warmup_mode
        As for `LRScheduler`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> schedule = mx.lr_scheduler.PolyScheduler(max_update=4, base_lr=1.0, pwr=2)
    >>> [schedule(n) for n in range(6)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    def __init__(
        self,
        max_update: int,
        base_lr: float = 0.01,
        pwr: float = 2,
        final_lr: float = 0,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ) -> None:
        super().__init__(max_update, base_lr, final_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        self.power = pwr

    def _left(self, progress: float) -> float:
        return pow(1 - progress, self.power)


class CosineScheduler(_FallingScheduler):
    """Let the learning rate fall to a last value along half a cosine wave.

    Parameters
    ----------
    max_update : int, at least 1
        Number of the update after which the rate stays.
    base_lr : float
        Learning rate at the start, or after the warm-up.
    final_lr : float
        Learning rate from `max_update` on.
    warmup_steps, warmup_begin_lr, warmup_mode
        As for `LRScheduler`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.

    Examples
    --------
    >>> schedule = mx.lr_scheduler.CosineScheduler(max_update=4, base_lr=1.0)
    >>> [round(schedule(n), 3) for n in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    def __init__(
        self,
        max_update: int,
        base_lr: float = 0.01,
        final_lr: float = 0,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ) -> None:
        super().__init__(max_update, base_lr, final_lr, warmup_steps, warmup_begin_lr, warmup_mode)

    def _left(self, progress: float) -> float:
        return (1 + cos(pi * progress)) / 2
