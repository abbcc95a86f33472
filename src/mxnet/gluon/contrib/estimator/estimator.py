"""The estimator: a network, a loss, metrics and a trainer, and the loop that trains."""

from __future__ import annotations

import copy
import logging
import sys
from typing import Any

from .... import base
from ...._warning import warn
from ....context import Context, cpu, gpu, num_gpus
from ....metric import EvalMetric
from ....metric import Loss as metric_loss  # noqa: N813
from ...data import DataLoader
from ...loss import Loss
from ...trainer import Trainer
from .batch_processor import BatchProcessor
from .event_handler import (
    BatchBegin,
    BatchEnd,
    EpochBegin,
    EpochEnd,
    GradientUpdateHandler,
    LoggingHandler,
    MetricHandler,
    StoppingHandler,
    TrainBegin,
    TrainEnd,
    ValidationHandler,
    _check_event_handlers,
)
from .utils import _check_handler_metric_ref, _check_metrics, _suggest_metric_for_loss

__all__ = ["Estimator"]


class Estimator:
    """Trains a network, and evaluates it, with event handlers for all that happens besides.

    `fit` adds the handlers that it is not given: updates of the parameters, metrics, validation, logging and the end.

    Parameters
    ----------
    net : Block
        The network.
    loss : gluon.loss.Loss
        Called with predictions and labels.
    train_metrics : EvalMetric or list of EvalMetric, optional
        Metrics of training; ``training`` is put before their names. Unless given they are the loss, and accuracy
        before it for `SoftmaxCrossEntropyLoss`.
    val_metrics : EvalMetric or list of EvalMetric, optional
        Metrics of validation, likewise; unless given they are copies of `train_metrics`.
    initializer : Initializer or str, optional
        What initializes the network, if it is not yet initialized.
    trainer : Trainer, optional
        Unless given, one with SGD and a learning rate of 0.001.
    context : Context or list of Context, optional
        Where batches are sent, a part of each to every context. Unless given, ``gpu(0)`` if there is one.
    val_net : Block, optional
        The network that is evaluated; most often it shares parameters with `net`. Unless given, `net`.
    val_loss : gluon.loss.Loss, optional
        The loss of evaluations. Unless given, `loss`.
    batch_processor : BatchProcessor, optional
        What is done with a batch.

    Raises
    ------
    ValueError
        If an argument is not of the class that is expected.
    AssertionError
        If a context is a GPU that this machine does not have.

    Examples
    --------
    >>> from mxnet import gluon
    >>> from mxnet.gluon.contrib.estimator import Estimator
    >>> net = gluon.nn.Dense(2)
    >>> net.initialize()
    >>> trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    >>> estimator = Estimator(net, gluon.loss.SoftmaxCrossEntropyLoss(), trainer=trainer, context=mx.cpu())
    >>> estimator.logger.setLevel("WARNING")
    >>> x = np.array([[0, 1], [1, 0]] * 4, dtype="float32")
    >>> data = gluon.data.DataLoader(gluon.data.ArrayDataset(x, x[:, 0]), batch_size=4)
    >>> estimator.fit(data, epochs=50)
    >>> estimator.train_metrics[0].get()
    ('training accuracy', 1.0)
    """

    logger: logging.Logger = None  # type: ignore[assignment] (each estimator makes one)

    def __init__(
        self,
        net: Any,
        loss: Loss,
        train_metrics: Any = None,
        val_metrics: Any = None,
        initializer: Any = None,
        trainer: Trainer | None = None,
        context: Context | list[Context] | None = None,
        val_net: Any = None,
        val_loss: Loss | None = None,
        batch_processor: BatchProcessor | None = None,
    ) -> None:
        self.net = net
        self.loss = self._check_loss(loss)
        self._train_metrics = _check_metrics(train_metrics)
        self._val_metrics = _check_metrics(val_metrics)
        self._add_default_training_metrics()
        self._add_validation_metrics()
        self.val_loss = self.loss if val_loss is None else self._check_loss(val_loss)
        self.val_net = self.net if val_net is None else val_net
        self.logger = logging.Logger(name="Estimator", level=logging.INFO)
        self.logger.addHandler(logging.StreamHandler(sys.stdout))
        self.context = self._check_context(context)
        self._initialize(initializer)
        self.trainer = self._check_trainer(trainer)
        self.batch_processor = self._check_batch_processor(batch_processor)

    def _check_loss(self, loss: Any) -> Loss:
        if not isinstance(loss, Loss):
            raise base.ValueError(f"Estimator: loss must be a Loss, refer to gluon.loss.Loss:{loss}")
        return loss

    def _check_context(self, context: Any) -> list[Context]:
        """Return a list of contexts that this machine has."""
        if not context:
            if num_gpus() > 1:
                warn(
                    "Estimator: You have multiple GPUs, gpu(0) will be used by default. To utilize all your GPUs, "
                    "specify context as a list of gpus, e.g. context=[mx.gpu(0), mx.gpu(1)]"
                )
            return [gpu(0) if num_gpus() else cpu()]
        contexts = [context] if isinstance(context, Context) else context
        if not isinstance(contexts, list) or not all(isinstance(ctx, Context) for ctx in contexts):
            raise base.ValueError(
                "Estimator: context must be a Context or a list of Context, for example mx.cpu() or "
                f"[mx.gpu(0), mx.gpu(1)], refer to mxnet.Context:{context}"
            )
        for ctx in contexts:
            if ctx.device_type == "gpu" and ctx.device_id >= num_gpus():
                have = ["mx.cpu()", *(f"mx.gpu({i})" for i in range(num_gpus()))]
                raise base.AssertionError(
                    f"Estimator: {ctx} is not available, please make sure your context is in one of: {', '.join(have)}"
                )
        return contexts

    def _check_batch_processor(self, batch_processor: Any) -> Any:
        if batch_processor is None:
            return BatchProcessor()
        if not (hasattr(batch_processor, "fit_batch") and hasattr(batch_processor, "evaluate_batch")):
            raise base.ValueError(
                "Estimator: Customized Batch Processor must contain fit_batch() and evaluate_batch() methods; "
                f"{batch_processor!r} does not"
            )
        return batch_processor

    def _initialize(self, initializer: Any) -> None:
        """Initialize the network, unless all its parameters are."""
        if not self._is_initialized():
            if initializer is None:
                self.net.initialize(ctx=self.context)
            else:
                self.net.initialize(init=initializer, ctx=self.context)
        elif initializer is not None:
            warn(
                "Estimator: Network already fully initialized, skipping initialization. You don't need to pass "
                "initializer if you already initialized your net. You can use "
                "net.initialize(init=your_initializer, force_reinit=True) to force re-initialize."
            )

    def _check_trainer(self, trainer: Any) -> Trainer:
        if trainer is None:
            warn("No trainer specified, default SGD optimizer with learning rate 0.001 is used.")
            return Trainer(self.net.collect_params(), "sgd", {"learning_rate": 0.001})
        if not isinstance(trainer, Trainer):
            raise base.ValueError(
                f"Estimator: Trainer must be a Gluon Trainer instance, refer to gluon.Trainer:{trainer}"
            )
        return trainer

    def _is_initialized(self) -> bool:
        """Return whether all parameters are initialized, or will be when their shapes are known."""
        for parameter in self.net.collect_params().values():
            try:
                parameter.list_ctx()
            except RuntimeError:
                return False
        return True

    def _get_data_and_label(self, batch: Any, ctx: list[Context], batch_axis: int = 0) -> Any:
        """Return the first and the second array of a batch, each split evenly over the contexts."""
        return BatchProcessor()._get_data_and_label(batch, ctx, batch_axis)

    def _add_default_training_metrics(self) -> None:
        if not self._train_metrics:
            suggested = _suggest_metric_for_loss(self.loss)
            if suggested is not None:
                self._train_metrics = [suggested]
            self._train_metrics.append(metric_loss(self.loss.name.rstrip("1234567890")))
        _rename(self._train_metrics, "training")

    def _add_validation_metrics(self) -> None:
        if not self._val_metrics:
            self._val_metrics = [copy.deepcopy(metric) for metric in self._train_metrics]
        _rename(self._val_metrics, "validation")

    @property
    def train_metrics(self) -> list[EvalMetric]:
        """The metrics of training: what handlers may refer to."""
        return self._train_metrics

    @property
    def val_metrics(self) -> list[EvalMetric]:
        """The metrics of validation: what handlers may refer to."""
        return self._val_metrics

    def evaluate(self, val_data: DataLoader, batch_axis: int = 0, event_handlers: Any = None) -> None:
        """Run `val_net` over data, and update `val_metrics`.

        Parameters
        ----------
        val_data : DataLoader
            Batches of data and label.
        batch_axis : int
            The axis that counts samples.
        event_handlers : EventHandler or list of EventHandler, optional
            Called at begin and end of the evaluation, as at those of an epoch, and of each batch. Unless there are
            some among them, one is added that updates `val_metrics`, and one that logs them.

        Raises
        ------
        ValueError
            If `val_data` is no DataLoader, or a handler refers to another metric.
        """
        if not isinstance(val_data, DataLoader):
            raise base.ValueError(_no_loader("evaluate", "val_data", val_data))
        handlers = self._prepare_default_validation_handlers(event_handlers)
        _, epoch_begin, batch_begin, batch_end, epoch_end, _ = self._categorize_handlers(handlers)
        for handler in epoch_begin:
            handler.epoch_begin(self)
        for batch in val_data:
            for handler in batch_begin:
                handler.batch_begin(self, batch=batch)
            _, label, pred, loss = self.batch_processor.evaluate_batch(self, batch, batch_axis)
            for handler in batch_end:
                handler.batch_end(self, batch=batch, pred=pred, label=label, loss=loss)
        for handler in epoch_end:
            handler.epoch_end(self)

    def fit(
        self,
        train_data: DataLoader,
        val_data: DataLoader | None = None,
        epochs: int | None = None,
        event_handlers: Any = None,
        batches: int | None = None,
        batch_axis: int = 0,
    ) -> None:
        """Train the network for a number of epochs, or for a number of batches.

        Parameters
        ----------
        train_data : DataLoader
            Batches of data and label.
        val_data : DataLoader, optional
            What is evaluated after each epoch.
        epochs, batches : int, optional
            For how long; one of the two must be given.
        event_handlers : EventHandler or list of EventHandler, optional
            Handlers, which are called in the order of their priorities. A handler for updates, metrics, validation
            or logging stands for the one that is added otherwise.
        batch_axis : int
            The axis that counts samples.

        Raises
        ------
        ValueError
            If not exactly one of `epochs` and `batches` is given, or it is negative; if `train_data` is no DataLoader,
            or has no batch and `batches` are to be trained; if a handler refers to a metric that is not the
            estimator's.
        """
        if not isinstance(train_data, DataLoader):
            raise base.ValueError(_no_loader("fit", "train_data", train_data))
        if bool(epochs) == bool(batches) or (epochs or batches or 0) < 0:
            raise base.ValueError(
                "Estimator.fit: Fit only support exactly one type of iteration, train by number of epochs or number of "
                "batches. Please specify one and only one of: epochs or batches, as a positive number; epochs is "
                f"{epochs!r} and batches is {batches!r}"
            )
        self.max_epoch = epochs
        self.max_batch = batches
        self.batch_axis = batch_axis
        handlers = self._prepare_default_handlers(val_data, event_handlers)
        train_begin, epoch_begin, batch_begin, batch_end, epoch_end, train_end = self._categorize_handlers(handlers)
        for handler in train_begin:
            handler.train_begin(self)
        while True:
            for handler in epoch_begin:
                handler.epoch_begin(self)
            batch = None
            for batch in train_data:
                for handler in batch_begin:
                    handler.batch_begin(self, batch=batch)
                _, label, pred, loss = self.batch_processor.fit_batch(self, batch, batch_axis)
                done = [h.batch_end(self, batch=batch, pred=pred, label=label, loss=loss) for h in batch_end]
                if any(done):
                    break
            if batch is None and self.max_batch:
                raise base.ValueError("Estimator.fit: train_data has no batch, so no number of batches is ever trained")
            done = [handler.epoch_end(self) for handler in epoch_end]
            if any(done):
                break
        for handler in train_end:
            handler.train_end(self)

    def _prepare_default_handlers(self, val_data: Any, event_handlers: Any) -> list[Any]:
        """Return the handlers of a training, with those that nobody has given, by priority."""
        handlers = _check_event_handlers(event_handlers)
        added: list[Any] = [StoppingHandler(self.max_epoch, self.max_batch)]
        if not _has(handlers, GradientUpdateHandler):
            added.append(GradientUpdateHandler())
        if not _has(handlers, MetricHandler):
            added.append(MetricHandler(self.train_metrics))
        if val_data and not _has(handlers, ValidationHandler):
            added.append(ValidationHandler(val_data, eval_fn=self.evaluate))
        if not _has(handlers, LoggingHandler):
            added.append(LoggingHandler(metrics=self.train_metrics))
        return _ordered([*handlers, *added], self.train_metrics + self.val_metrics)

    def _prepare_default_validation_handlers(self, event_handlers: Any) -> list[Any]:
        """Return the handlers of an evaluation, with those that nobody has given, by priority."""
        handlers = _check_event_handlers(event_handlers)
        added: list[Any] = []
        if not _has(handlers, MetricHandler):
            added.append(MetricHandler(self.val_metrics))
        if not _has(handlers, LoggingHandler):
            added.append(LoggingHandler(metrics=self.val_metrics))
        return _ordered([*handlers, *added], self.val_metrics)

    def _categorize_handlers(
        self, event_handlers: list[Any]
    ) -> tuple[list[TrainBegin], list[EpochBegin], list[BatchBegin], list[BatchEnd], list[EpochEnd], list[TrainEnd]]:
        """Return the handlers of each moment."""
        return (
            [handler for handler in event_handlers if isinstance(handler, TrainBegin)],
            [handler for handler in event_handlers if isinstance(handler, EpochBegin)],
            [handler for handler in event_handlers if isinstance(handler, BatchBegin)],
            [handler for handler in event_handlers if isinstance(handler, BatchEnd)],
            [handler for handler in event_handlers if isinstance(handler, EpochEnd)],
            [handler for handler in event_handlers if isinstance(handler, TrainEnd)],
        )


def _has(handlers: list[Any], kind: type) -> bool:
    return any(isinstance(handler, kind) for handler in handlers)


def _ordered(handlers: list[Any], metrics: list[EvalMetric]) -> list[Any]:
    for handler in handlers:
        _check_handler_metric_ref(handler, metrics)
    return sorted(handlers, key=lambda handler: getattr(handler, "priority", 0))


def _rename(metrics: list[EvalMetric], stage: str) -> None:
    """Put a stage before the metrics' names, in place of another one."""
    for metric in metrics:
        name = metric.name
        for known in ("training ", "validation "):
            name = name.removeprefix(known)
        metric.name = f"{stage} {name}"


def _no_loader(method: str, argument: str, value: Any) -> str:
    return (
        f"Estimator.{method}: {argument} is of {type(value).__name__}. Estimator only support input as Gluon "
        "DataLoader. Alternatively, you can transform your DataIter or any NDArray into Gluon DataLoader. Refer to "
        "gluon.data.DataLoader"
    )
