"""Metrics made of other metrics, and of functions."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from .. import base
from ..ndarray.dispatch import NDArrayBase
from ..ndarray.ndarray import NDArray
from ._base import Arrays, EvalMetric, alias, check_label_shapes, class_name, create, register


@alias("composite")
@register
class CompositeEvalMetric(EvalMetric):
    """Several metrics at once.

    Parameters
    ----------
    metrics : list of EvalMetric, str or function, optional
        The metrics, or what `mx.metric.create` makes them of.
    name : str
        Its name in configurations.
    output_names, label_names : list of str, optional
        Outputs and labels that the metrics are given by `update_dict`; all when left out.

    Examples
    --------
    >>> metric = mx.metric.CompositeEvalMetric(["acc", "ce"])
    >>> metric.update([mx.nd.array([1, 0])], [mx.nd.array([[0.5, 0.5], [1, 0]])])
    >>> [(name, round(value, 4)) for name, value in metric.get_name_value()]
    [('accuracy', 0.5), ('cross-entropy', 0.3466)]
    """

    def __init__(
        self,
        metrics: Sequence[Any] | None = None,
        name: str = "composite",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ) -> None:
        self.metrics: list[EvalMetric] = []
        super().__init__(name, output_names=output_names, label_names=label_names, has_global_stats=True)
        self.metrics = [create(metric) for metric in metrics or []]

    def add(self, metric: Any) -> None:
        """Append a metric: an EvalMetric, or what `mx.metric.create` makes one of.

        Parameters
        ----------
        metric : EvalMetric, str, function or list
        """
        self.metrics.append(create(metric))

    def get_metric(self, index: int) -> EvalMetric:
        """Return one of the metrics.

        Parameters
        ----------
        index : int

        Raises
        ------
        ValueError
            If there is no metric with this index.
        """
        try:
            return self.metrics[index]
        except IndexError:
            raise base.ValueError(
                f"CompositeEvalMetric.get_metric: index is {index}, but there are {len(self.metrics)} metrics"
            ) from None

    def update_dict(  # pyright: ignore[reportIncompatibleMethodOverride] - MXNet's names
        self, labels: Mapping[str, Any], preds: Mapping[str, Any]
    ) -> None:
        """Update all metrics from arrays by name.

        Parameters
        ----------
        labels, preds : dict of str to NDArray
            Labels and outputs by name. Those that are not in `label_names` and `output_names` are left out.
        """
        if self.label_names is not None:
            labels = OrderedDict(item for item in labels.items() if item[0] in self.label_names)
        if self.output_names is not None:
            preds = OrderedDict(item for item in preds.items() if item[0] in self.output_names)
        for metric in self.metrics:
            metric.update_dict(labels, preds)

    def update(self, labels: Arrays, preds: Arrays) -> None:
        """Update all metrics with one batch.

        Parameters
        ----------
        labels, preds : list of NDArray
            Labels and outputs.
        """
        for metric in self.metrics:
            metric.update(labels, preds)

    def reset(self) -> None:
        """Reset all metrics."""
        for metric in self.metrics:
            metric.reset()

    def reset_local(self) -> None:
        """Reset all metrics but for their global sums."""
        for metric in self.metrics:
            metric.reset_local()

    def get(self) -> tuple[list[str], list[Any]]:
        """Return names and values of all metrics.

        Returns
        -------
        tuple of (list of str, list of float)
        """
        return _joined(metric.get() for metric in self.metrics)

    def get_global(self) -> tuple[list[str], list[Any]]:
        """Return names and global values of all metrics.

        Returns
        -------
        tuple of (list of str, list of float)
        """
        return _joined(metric.get_global() for metric in self.metrics)

    def get_config(self) -> dict[str, Any]:
        """Return what `mx.metric.create` needs to make this metric again; the metrics stand under 'metrics'."""
        return {**super().get_config(), "metrics": [metric.get_config() for metric in self.metrics]}


def _joined(results: Any) -> tuple[list[str], list[Any]]:
    """Return one list of names and one of values; a metric may have one of each, or lists."""
    names: list[str] = []
    values: list[Any] = []
    for name, value in results:
        names.extend(name if isinstance(name, list) else [name])
        values.extend(value if isinstance(value, list) else [value])
    return names, values


@register
class CustomMetric(EvalMetric):
    """A metric from a function.

    Parameters
    ----------
    feval : function of (label, pred)
        It is given NumPy arrays, and returns a number, or a tuple of a sum and a number of instances.
    name : str, optional
        The metric's name; the function's when left out.
    allow_extra_outputs : bool
        Whether there may be more predictions than labels, as in networks with further outputs; those are not used.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.

    Examples
    --------
    >>> metric = mx.metric.CustomMetric(lambda label, pred: np.abs(label - pred).max(), name="worst")
    >>> metric.update([mx.nd.array([1, 2, 3])], [mx.nd.array([1, 4, 4])])
    >>> metric.get()
    ('worst', np.float32(2.0))
    """

    def __init__(
        self,
        feval: Callable[[Any, Any], Any],
        name: str | None = None,
        allow_extra_outputs: bool = False,
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ) -> None:
        if name is None:
            name = class_name(feval)
            if "<" in name:  # a lambda
                name = f"custom({name})"
        super().__init__(
            name,
            output_names=output_names,
            label_names=label_names,
            has_global_stats=True,
            feval=feval,
            allow_extra_outputs=allow_extra_outputs,
        )
        self._feval = feval
        self._allow_extra_outputs = allow_extra_outputs

    def update(self, labels: Arrays, preds: Arrays) -> None:
        """Call the function with each pair of label and prediction.

        Parameters
        ----------
        labels, preds : list of NDArray
            Labels and outputs, in shapes that the function takes.
        """
        if self._allow_extra_outputs:
            labels = [labels] if isinstance(labels, (NDArrayBase, numpy.ndarray)) else labels
            preds = [preds] if isinstance(preds, (NDArrayBase, numpy.ndarray)) else preds
        else:
            labels, preds = check_label_shapes(labels, preds, wrap=True)
        for pred, label in zip(preds, labels):
            result = self._feval(_asnumpy(label), _asnumpy(pred))
            total, count = result if isinstance(result, tuple) else (result, 1)
            self.sum_metric += total
            self.global_sum_metric += total
            self.num_inst += count
            self.global_num_inst += count

    def get_config(self) -> dict[str, Any]:
        """Refuse: a function has no configuration."""
        raise NotImplementedError("CustomMetric.get_config: a function cannot be written into a configuration")


def _asnumpy(value: Any) -> numpy.ndarray:
    return value.asnumpy() if isinstance(value, NDArray) else numpy.asarray(value)


def np(
    numpy_feval: Callable[[Any, Any], Any], name: str | None = None, allow_extra_outputs: bool = False
) -> CustomMetric:
    """Make a metric from a function of NumPy arrays.

    Parameters
    ----------
    numpy_feval : function of (label, pred)
        It returns a number, or a tuple of a sum and a number of instances.
    name : str, optional
        The metric's name; the function's when left out.
    allow_extra_outputs : bool
        Whether there may be more predictions than labels; those are not used.

    Returns
    -------
    CustomMetric

    Examples
    --------
    >>> def count(label, pred):
    ...     return (label == pred).sum(), label.size
    >>> metric = mx.metric.np(count)
    >>> metric.update([mx.nd.array([1, 2, 3, 4])], [mx.nd.array([1, 2, 3, 5])])
    >>> metric.get_name_value()
    [('count', np.float64(0.75))]
    """

    def feval(label: Any, pred: Any) -> Any:
        return numpy_feval(label, pred)

    feval.__name__ = class_name(numpy_feval)
    return CustomMetric(feval, name, allow_extra_outputs)
