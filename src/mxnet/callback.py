"""Callbacks: what a training loop calls after each batch or epoch, to log and to save."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import base

if TYPE_CHECKING:
    from .ndarray import NDArray
    from .symbol import Symbol

__all__ = ["LogValidationMetricsCallback", "ProgressBar", "Speedometer", "do_checkpoint", "log_train_metric",
           "module_checkpoint"]  # fmt: skip


def module_checkpoint(
    mod: Any, prefix: str, period: int = 1, save_optimizer_states: bool = False
) -> Callable[..., None]:
    """Return an epoch callback that saves a module after every `period` epochs.

    Parameters
    ----------
    mod : BaseModule
        What is saved: its ``save_checkpoint(prefix, epoch, save_optimizer_states)`` is called.
    prefix : str
        Beginning of the files' names.
    period : int
        Epochs from one checkpoint to the next; what is below 1 counts as 1.
    save_optimizer_states : bool
        Save what the optimizer keeps, too, so that training can go on.

    Returns
    -------
    function of (iter_no, sym, arg, aux)
        For `epoch_end_callback` of ``fit``.

    Examples
    --------
    >>> class Module:
    ...     def save_checkpoint(self, prefix, epoch, save_optimizer_states):
    ...         print(prefix, epoch)
    >>> callback = mx.callback.module_checkpoint(Module(), "model", period=2)
    >>> for epoch in range(4):
    ...     callback(epoch)
    model 2
    model 4
    """
    period = int(max(1, period))

    def _callback(iter_no: int, sym: Any = None, arg: Any = None, aux: Any = None) -> None:
        if (iter_no + 1) % period == 0:
            mod.save_checkpoint(prefix, iter_no + 1, save_optimizer_states)

    return _callback


def do_checkpoint(prefix: str, period: int = 1) -> Callable[..., None]:
    """Return an epoch callback that saves symbol and parameters after every `period` epochs.

    Parameters
    ----------
    prefix : str
        Beginning of the files' names: ``prefix-symbol.json`` and ``prefix-0001.params``, ``prefix-0002.params`` ...
    period : int
        Epochs from one checkpoint to the next; what is below 1 counts as 1.

    Returns
    -------
    function of (iter_no, sym, arg, aux)
        For `epoch_end_callback` of ``fit``.

    Examples
    --------
    >>> callback = mx.callback.do_checkpoint("model", period=10)
    """
    period = int(max(1, period))

    def _callback(iter_no: int, sym: Symbol, arg: dict[str, NDArray], aux: dict[str, NDArray]) -> None:
        if (iter_no + 1) % period == 0:
            from .model import save_checkpoint  # models stand above callbacks

            save_checkpoint(prefix, iter_no + 1, sym, arg, aux)

    return _callback


def log_train_metric(period: int, auto_reset: bool = False) -> Callable[[Any], None]:
    """Return a batch callback that logs the training metric at every `period`-th batch.

    Parameters
    ----------
    period : int
        Batches from one line to the next.
    auto_reset : bool
        Start the metric anew after each line (`reset_local`).

    Returns
    -------
    function of (BatchEndParam)
        For `batch_end_callback` of ``fit``.

    Examples
    --------
    >>> callback = mx.callback.log_train_metric(100)
    """

    def _callback(param: Any) -> None:
        if param.nbatch % period == 0 and param.eval_metric is not None:
            for name, value in param.eval_metric.get_name_value():
                logging.info("Iter[%d] Batch[%d] Train-%s=%f", param.epoch, param.nbatch, name, value)
            if auto_reset:
                param.eval_metric.reset_local()

    return _callback


class Speedometer:
    """Batch callback that logs samples per second and the training metric at every `frequent`-th batch.

    Parameters
    ----------
    batch_size : int
        Samples in a batch.
    frequent : int
        Batches from one line to the next.
    auto_reset : bool
        Start the metric anew after each line (`reset_local`), so that a line tells of its own batches only.

    Examples
    --------
    >>> callback = mx.callback.Speedometer(batch_size=128, frequent=50)
    """

    def __init__(self, batch_size: int, frequent: int = 50, auto_reset: bool = True) -> None:
        if frequent == 0:
            raise base.ValueError(
                "Speedometer: frequent is 0, expected the number of batches from one line to the next"
            )
        self.batch_size = batch_size
        self.frequent = frequent
        self.init = False
        self.tic = 0
        self.last_count = 0
        self.auto_reset = auto_reset

    def __call__(self, param: Any) -> None:
        """Count a batch.

        Parameters
        ----------
        param : BatchEndParam
            `epoch`, `nbatch` and `eval_metric` of the training loop. The first batch of an epoch starts the clock.
        """
        count = param.nbatch
        if self.last_count > count:
            self.init = False
        self.last_count = count
        if not self.init:
            self.init = True
            self.tic = time.time()
        elif count % self.frequent == 0:
            seconds = time.time() - self.tic
            self._log(param, self.frequent * self.batch_size / seconds if seconds else float("inf"))
            self.tic = time.time()

    def _log(self, param: Any, speed: float) -> None:
        count = param.nbatch
        if param.eval_metric is None:
            logging.info("Iter[%d] Batch [%d]\tSpeed: %.2f samples/sec", param.epoch, count, speed)
            return
        found = param.eval_metric.get_name_value()
        if self.auto_reset:
            param.eval_metric.reset_local()
        first = count - self.frequent if self.auto_reset else 0
        logging.info(
            "Epoch[%d] Batch [%d-%d]\tSpeed: %.2f samples/sec" + "\t%s=%f" * len(found),
            *(param.epoch, first, count, speed),
            *(part for pair in found for part in pair),
        )


class ProgressBar:
    """Batch callback that logs a bar of the batches that are done.

    Parameters
    ----------
    total : int
        Batches in an epoch.
    length : int
        Characters of the whole bar.

    Examples
    --------
    >>> callback = mx.callback.ProgressBar(total=100, length=40)
    """

    def __init__(self, total: int, length: int = 80) -> None:
        self.bar_len = length
        self.total = total

    def __call__(self, param: Any) -> None:
        """Log the bar for `param.nbatch` batches."""
        if not self.total:
            raise base.ValueError("ProgressBar: total is 0, expected the number of batches in an epoch")
        count = param.nbatch
        done = round(self.bar_len * count / float(self.total))
        bar = "=" * done + "-" * (self.bar_len - done)
        logging.info("[%s] %s%s\r", bar, math.ceil(100.0 * count / float(self.total)), "%")


class LogValidationMetricsCallback:
    """Epoch callback that logs the metric at the end of a validation.

    Examples
    --------
    >>> callback = mx.callback.LogValidationMetricsCallback()
    """

    def __call__(self, param: Any) -> None:
        """Log each value of `param.eval_metric`."""
        if not param.eval_metric:
            return
        for name, value in param.eval_metric.get_name_value():
            logging.info("Epoch[%d] Validation-%s=%f", param.epoch, name, value)
