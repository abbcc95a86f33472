"""Watching a metric: which direction is better, and stopping when it gets no better."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import base
from ...._warning import warn
from ....metric import EvalMetric
from ._events import EpochEnd, TrainBegin, TrainEnd

if TYPE_CHECKING:
    from .estimator import Estimator

#: A metric with one of these in its name is better when it is smaller.
_ERRORS = ("loss", "error", "mse", "mae", "perplexity", "ppl", "entropy", "nll", "likelihood")


def direction(handler: str, monitor: EvalMetric, mode: str) -> np.ufunc:
    """Return ``np.less`` or ``np.greater``: what a better value of a metric is, compared with a worse one."""
    if mode not in ("auto", "min", "max"):
        message = f"{handler}: mode {mode!r} is unknown, fallback to auto mode; expected 'auto', 'min' or 'max'"
        warn(message, RuntimeWarning)
        mode = "auto"
    if mode != "auto":
        return np.less if mode == "min" else np.greater
    name = str(monitor.get()[0])
    better = np.less if any(word in name.lower() for word in _ERRORS) else np.greater
    warn(
        f"`{better.__name__}` operator will be used to determine if {name} has improved. Please specify `mode='min'` "
        "to use the `less` operator. Specify `mode='max'` to use the `greater` operator and to disable this warning."
    )
    return better


def worst(better: np.ufunc) -> float:
    """Return the value that every other one is better than."""
    return math.inf if better is np.less else -math.inf


def value_of(handler: str, monitor: EvalMetric) -> tuple[str, Any]:
    """Return the name of a metric and its value, or None with a warning if nothing has updated it."""
    name, value = monitor.get()
    if not isinstance(value, (int, float, np.number)):
        raise base.ValueError(
            f"{handler}: monitor {name} has the value {value!r}; expected one number. Monitor one metric of a "
            "composite one, not all of them"
        )
    if not math.isnan(value):
        return name, value
    warn(
        f"{handler}: {name} is not updated, so it is not compared. Make sure you pass one of the metric objects "
        "estimator.train_metrics and estimator.val_metrics as monitor, and validation data for the latter",
        RuntimeWarning,
    )
    return name, None


class EarlyStoppingHandler(TrainBegin, EpochEnd, TrainEnd):
    """End training when a metric has not improved for some epochs.

    Parameters
    ----------
    monitor : EvalMetric
        One of the estimator's `train_metrics` or `val_metrics`.
    min_delta : float
        By how much a value must be better than the best one, to count as better.
    patience : int
        Number of epochs without improvement after which training ends.
    mode : {'auto', 'min', 'max'}
        Whether smaller or greater values are better. ``'auto'`` takes smaller ones for losses and errors, by the
        metric's name, and greater ones for all else; it warns which it is.
    baseline : float, optional
        The value that the first epochs must beat.

    Raises
    ------
    ValueError
        If `monitor` is no metric.

    Examples
    --------
    >>> accuracy = mx.metric.Accuracy()
    >>> handler = mx.gluon.contrib.estimator.EarlyStoppingHandler(accuracy, patience=3, mode="max")
    >>> handler.patience, handler.stop_training
    (3, False)
    """

    def __init__(
        self,
        monitor: EvalMetric,
        min_delta: float = 0,
        patience: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
    ) -> None:
        if not isinstance(monitor, EvalMetric):
            raise base.ValueError(
                f"EarlyStoppingHandler: monitor is {monitor!r}. Please provide one of the metric objects from "
                "estimator.train_metrics and estimator.val_metrics as monitor."
            )
        self.monitor = monitor
        self.baseline = baseline
        self.patience = patience
        self.min_delta = min_delta
        self.wait = 0
        self.stopped_epoch = 0
        self.current_epoch = 0
        self.stop_training = False
        self.monitor_op = direction("EarlyStoppingHandler", monitor, mode)
        if self.monitor_op is np.less:
            self.min_delta *= -1

    def train_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Forget earlier trainings."""
        self.wait = 0
        self.stopped_epoch = 0
        self.current_epoch = 0
        self.stop_training = False
        self.best = worst(self.monitor_op) if self.baseline is None else self.baseline

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Compare the metric's value with the best one, and return whether patience is over."""
        _, value = value_of("EarlyStoppingHandler", self.monitor)
        if value is not None:
            if self.monitor_op(value - self.min_delta, self.best):
                self.best = value
                self.wait = 0
            else:
                self.wait += 1
                if self.wait >= self.patience:
                    self.stopped_epoch = self.current_epoch
                    self.stop_training = True
        self.current_epoch += 1
        return self.stop_training

    def train_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Log that training has ended early."""
        if self.stop_training:
            # The name is misspelt in MXNet's logs, and programs look for it there.
            estimator.logger.info(
                "[Epoch %d] EarlyStoppingHanlder: early stopping due to %s not improving",
                self.stopped_epoch,
                self.monitor.get()[0],
            )
