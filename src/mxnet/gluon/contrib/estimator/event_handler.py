"""The event handlers that come with an estimator: stopping, metrics, validation, logging and updates.

Handlers that watch a metric and those that write checkpoints live in modules beside this one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .... import base
from ....metric import Loss as metric_loss  # noqa: N813 (handlers of other authors import it by this name)
from . import _checkpoint, _early_stopping
from ._events import (
    BatchBegin,
    BatchEnd,
    EpochBegin,
    EpochEnd,
    EventHandler,
    TrainBegin,
    TrainEnd,
    _check_event_handlers,  # noqa: F401 (kept where MXNet has it)
)
from .utils import _check_metrics

if TYPE_CHECKING:
    from .estimator import Estimator

__all__ = ["TrainBegin", "TrainEnd", "EpochBegin", "EpochEnd", "BatchBegin", "BatchEnd", "StoppingHandler",
           "MetricHandler", "ValidationHandler", "LoggingHandler", "CheckpointHandler", "EarlyStoppingHandler",
           "GradientUpdateHandler"]  # fmt: skip

CheckpointHandler = _checkpoint.CheckpointHandler
EarlyStoppingHandler = _early_stopping.EarlyStoppingHandler


class StoppingHandler(TrainBegin, BatchEnd, EpochEnd):
    """End training after a number of epochs or batches.

    An estimator adds one for the `epochs` or `batches` that `fit` is told; one of your own can only end it sooner.

    Parameters
    ----------
    max_epoch : int, optional
        Number of epochs.
    max_batch : int, optional
        Number of batches, counted over all epochs.

    Examples
    --------
    >>> handler = mx.gluon.contrib.estimator.StoppingHandler(max_epoch=10)
    >>> handler.max_epoch, handler.stop_training
    (10, False)
    """

    _own: tuple[int | None, int | None] = (None, None)

    def __init__(self, max_epoch: int | None = None, max_batch: int | None = None) -> None:
        self._own = (max_epoch, max_batch)
        self.max_epoch = max_epoch
        self.max_batch = max_batch
        self.current_batch = 0
        self.current_epoch = 0
        self.stop_training = False

    def train_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Take the lower of the own limits and those of the estimator, which a resumed run has lowered."""
        self.max_epoch = _lower(self._own[0], estimator.max_epoch)
        self.max_batch = _lower(self._own[1], estimator.max_batch)
        self.current_batch = 0
        self.current_epoch = 0
        self.stop_training = False

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Return whether the limit of batches is reached."""
        self.current_batch += 1
        if self.current_batch == self.max_batch:
            self.stop_training = True
        return self.stop_training

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Return whether a limit is reached."""
        self.current_epoch += 1
        if self.current_epoch == self.max_epoch:
            self.stop_training = True
        return self.stop_training


def _lower(own: int | None, given: int | None) -> int | None:
    return min((limit for limit in (own, given) if limit is not None), default=None)


class MetricHandler(EpochBegin, BatchEnd):
    """Reset metrics before each epoch, and update them after each batch.

    A metric that is a :class:`mxnet.metric.Loss` gets the losses, any other labels and predictions.

    Parameters
    ----------
    metrics : EvalMetric or list of EvalMetric
        Metrics of the estimator: its `train_metrics`, or for an evaluation its `val_metrics`.
    priority : number
        Smaller numbers are called first.

    Examples
    --------
    >>> accuracy = mx.metric.Accuracy()
    >>> handler = mx.gluon.contrib.estimator.MetricHandler(accuracy)
    >>> handler.epoch_begin(None)
    >>> handler.batch_end(None, pred=[mx.nd.array([[0.2, 0.8]])], label=[mx.nd.array([1])], loss=None)
    >>> accuracy.get()
    ('accuracy', 1.0)
    """

    def __init__(self, metrics: Any, priority: float = -1000) -> None:
        self.metrics = _check_metrics(metrics)
        # Metrics are computed before other handlers of the same moment look at them.
        self.priority = priority

    def epoch_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Reset the metrics."""
        for metric in self.metrics:
            metric.reset()

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Update the metrics with ``pred``, ``label`` and ``loss`` of `kwargs`."""
        pred, label, loss = kwargs["pred"], kwargs["label"], kwargs["loss"]
        for metric in self.metrics:
            if isinstance(metric, metric_loss):
                metric.update(0, loss)
            else:
                metric.update(label, pred)


class ValidationHandler(TrainBegin, BatchEnd, EpochEnd):
    """Evaluate every few epochs or batches.

    Parameters
    ----------
    val_data : DataLoader
        What is evaluated.
    eval_fn : function
        Called as ``eval_fn(val_data=..., batch_axis=..., event_handlers=...)``; most often ``estimator.evaluate``.
    epoch_period : int or None
        Number of epochs from one evaluation to the next; None evaluates at no epoch's end.
    batch_period : int or None
        The same in batches.
    priority : number
        Smaller numbers are called first.
    event_handlers : EventHandler or list of EventHandler, optional
        Handlers of the evaluation.

    Examples
    --------
    >>> seen = []
    >>> def evaluate(val_data, batch_axis, event_handlers):
    ...     seen.append(val_data)
    >>> class Trained:
    ...     batch_axis = 0
    >>> handler = mx.gluon.contrib.estimator.ValidationHandler("data", evaluate, epoch_period=2)
    >>> handler.epoch_end(Trained())
    >>> handler.epoch_end(Trained())
    >>> seen
    ['data']
    """

    def __init__(
        self,
        val_data: Any,
        eval_fn: Callable[..., Any],
        epoch_period: int | None = 1,
        batch_period: int | None = None,
        priority: float = -1000,
        event_handlers: Any = None,
    ) -> None:
        self.val_data = val_data
        self.eval_fn = eval_fn
        self.epoch_period = epoch_period
        self.batch_period = batch_period
        self.current_batch = 0
        self.current_epoch = 0
        # Evaluated before other handlers of the same moment look at the metrics.
        self.priority = priority
        self.event_handlers = event_handlers

    def train_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Count from zero."""
        self.current_batch = 0
        self.current_epoch = 0

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Evaluate if `batch_period` says so."""
        self.current_batch += 1
        if self.batch_period and self.current_batch % self.batch_period == 0:
            self.eval_fn(val_data=self.val_data, batch_axis=estimator.batch_axis, event_handlers=self.event_handlers)

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Evaluate if `epoch_period` says so."""
        self.current_epoch += 1
        if self.epoch_period and self.current_epoch % self.epoch_period == 0:
            self.eval_fn(val_data=self.val_data, batch_axis=estimator.batch_axis, event_handlers=self.event_handlers)


class LoggingHandler(TrainBegin, TrainEnd, EpochBegin, EpochEnd, BatchBegin, BatchEnd):
    """Log beginning and end of training and of its epochs, and some batches, with metrics, to ``estimator.logger``.

    Parameters
    ----------
    log_interval : 'epoch' or int
        ``'epoch'`` logs epochs; a number logs every so many batches, too.
    metrics : EvalMetric or list of EvalMetric, optional
        What is logged. Metrics with ``training`` in their name make this a log of training, others one of validation.
    priority : number
        Smaller numbers are called first; unless said, logging comes last.

    Raises
    ------
    ValueError
        If `log_interval` is neither, or 0.

    Examples
    --------
    >>> mx.gluon.contrib.estimator.LoggingHandler(log_interval=100).log_interval
    100
    """

    _trains = False

    def __init__(self, log_interval: int | str = "epoch", metrics: Any = None, priority: float = np.inf) -> None:
        if log_interval != "epoch" and (not isinstance(log_interval, int) or log_interval == 0):
            raise base.ValueError(
                f"LoggingHandler: log_interval is {log_interval!r}; log_interval must be either an integer or string "
                "'epoch', and the integer not 0"
            )
        self.metrics = _check_metrics(metrics)
        self.batch_index = 0
        self.current_epoch = 0
        self.processed_samples = 0
        self.priority = priority
        self.log_interval = log_interval
        self.log_interval_time = 0.0

    def train_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Log the optimizer, its learning rate, and for how long training goes."""
        self.train_start = time.time()
        trainer = estimator.trainer
        estimator.logger.info(
            "Training begin: using optimizer %s with current learning rate %.4f ",
            type(trainer.optimizer).__name__,
            trainer.learning_rate,
        )
        if estimator.max_epoch:
            estimator.logger.info("Train for %d epochs.", estimator.max_epoch)
        else:
            estimator.logger.info("Train for %d batches.", estimator.max_batch)
        self.current_epoch = 0
        self.batch_index = 0
        self.processed_samples = 0
        self.log_interval_time = 0.0
        self._trains = True

    def train_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Log time, epochs and metrics."""
        seconds = time.time() - self.train_start
        message = f"Train finished using total {int(seconds)}s with {self.current_epoch} epochs. "
        estimator.logger.info(self._with_values(message))
        self._trains = False

    def batch_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Start the clock of a batch."""
        if self.log_interval != "epoch":
            self.batch_start = time.time()

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Log a batch, if its turn has come."""
        if self.log_interval == "epoch":
            return
        self.log_interval_time += time.time() - self.batch_start
        self.processed_samples += kwargs["batch"][0].shape[getattr(estimator, "batch_axis", 0)]
        if self.batch_index % int(self.log_interval) == 0:
            message = (
                f"[Epoch {self.current_epoch}][Batch {self.batch_index}][Samples {self.processed_samples}] "
                f"time/interval: {self.log_interval_time:.3f}s "
            )
            self.log_interval_time = 0.0
            estimator.logger.info(self._with_values(message))
        self.batch_index += 1

    def epoch_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Log that an epoch, or a validation, begins."""
        training = any("training" in metric.name for metric in self.metrics)
        if training or (self._trains and not self.metrics):
            rate = estimator.trainer.learning_rate
            estimator.logger.info("[Epoch %d] Begin, current learning rate: %.4f", self.current_epoch, rate)
        else:
            estimator.logger.info("Validation Begin")
        self.epoch_start = time.time()

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Log time and metrics of an epoch or a validation."""
        seconds = time.time() - self.epoch_start
        message = f"[Epoch {self.current_epoch}] Finished in {seconds:.3f}s, "
        estimator.logger.info(self._with_values(message))
        self.current_epoch += 1
        self.batch_index = 0

    def _with_values(self, message: str) -> str:
        pairs = [pair for metric in self.metrics for pair in metric.get_name_value()]
        return (message + ", ".join(f"{name}: {value:.4f}" for name, value in pairs)).rstrip(", ")


class GradientUpdateHandler(BatchEnd):
    """Update the parameters after each batch, with gradients divided by the number of losses.

    Parameters
    ----------
    priority : number
        Smaller numbers are called first; unless said, the update comes before everything else.

    Examples
    --------
    >>> class Trainer:
    ...     def step(self, batch_size):
    ...         print(batch_size)
    >>> class Trained:
    ...     trainer = Trainer()
    >>> handler = mx.gluon.contrib.estimator.GradientUpdateHandler()
    >>> handler.batch_end(Trained(), loss=[mx.nd.ones((3,)), mx.nd.ones((2,))])
    5
    """

    def __init__(self, priority: float = -2000) -> None:
        self.priority = priority

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Call ``estimator.trainer.step`` with the number of samples in ``kwargs["loss"]``."""
        loss = kwargs["loss"]
        parts = loss if isinstance(loss, (list, tuple)) else [loss]
        estimator.trainer.step(sum(part.shape[0] if part.shape else 1 for part in parts))


# Pickles and messages name the classes as MXNet's single module does.
for _kind in (EventHandler, TrainBegin, TrainEnd, EpochBegin, EpochEnd, BatchBegin, BatchEnd, CheckpointHandler,
              EarlyStoppingHandler):  # fmt: skip
    _kind.__module__ = __name__
