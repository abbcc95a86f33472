"""Checks of metrics, and the metric that goes with a loss."""

from __future__ import annotations

from typing import Any

from .... import base
from ....metric import Accuracy, CompositeEvalMetric, EvalMetric
from ...loss import SoftmaxCrossEntropyLoss


def _check_metrics(metrics: Any) -> list[EvalMetric]:
    """Return one metric, None or a sequence of metrics as a new list; a composite one becomes what it is made of."""
    if metrics is None:
        return []
    if isinstance(metrics, CompositeEvalMetric):
        return list(metrics.metrics)
    if isinstance(metrics, EvalMetric):
        return [metrics]
    try:
        found = list(metrics)
    except TypeError:
        raise base.TypeError(
            f"metrics is {metrics!r} of {type(metrics).__name__}; expected an EvalMetric or a list of them"
        ) from None
    for metric in found:
        if not isinstance(metric, EvalMetric):
            raise base.ValueError(
                f"metrics must be a Metric or a list of Metric, refer to mxnet.metric.EvalMetric: {metrics}; "
                f"{metric!r} is none. mx.metric.create makes one from a name"
            )
    return found


def _check_handler_metric_ref(handler: Any, known_metrics: list[EvalMetric]) -> None:
    """Refuse a handler that holds, in an attribute named after metrics, a metric that the estimator does not update."""
    for attribute in dir(handler):
        if "metric" not in attribute:
            continue
        held = getattr(handler, attribute)
        for metric in held if isinstance(held, (list, tuple)) else [held]:
            if isinstance(metric, EvalMetric):
                _check_metric_known(handler, metric, known_metrics)


def _check_metric_known(handler: Any, metric: Any, known_metrics: list[Any]) -> None:
    if not any(metric is known for known in known_metrics):
        raise base.ValueError(
            f"Event handler {type(handler).__name__} refers to a metric instance {metric} outside of the known "
            "training and validation metrics. Please use the metrics from estimator.train_metrics and "
            "estimator.val_metrics instead."
        )


def _suggest_metric_for_loss(loss: Any) -> EvalMetric | None:
    """Return accuracy for a classification loss, else None."""
    return Accuracy() if isinstance(loss, SoftmaxCrossEntropyLoss) else None
