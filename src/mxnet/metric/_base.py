"""What every metric shares: the running sums, names, configuration and the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy
import torch

from .. import base, registry
from ..ndarray.dispatch import NDArrayBase

#: What `update` takes: arrays of several outputs, or a single one.
Arrays = Any

Tensor = torch.Tensor


def check_label_shapes(
    labels: Arrays, preds: Arrays, wrap: bool = False, shape: bool = False
) -> tuple[Sequence[Any], Sequence[Any]]:
    """Check that there are as many labels as predictions.

    Parameters
    ----------
    labels, preds : list of NDArray, or NDArray
        What is compared: two lists, or two arrays.
    wrap : bool
        Return an array that stands alone as a list of one.
    shape : bool
        Compare the shapes of two arrays, not only their lengths.

    Returns
    -------
    tuple
        `labels` and `preds`.

    Raises
    ------
    ValueError
        If the numbers, or the shapes, differ.

    Examples
    --------
    >>> labels, preds = mx.metric.check_label_shapes(mx.nd.ones((2,)), mx.nd.ones((2, 3)), wrap=True)
    >>> len(labels), len(preds)
    (1, 1)
    """
    for name, value in (("labels", labels), ("preds", preds)):
        if not hasattr(value, "__len__"):
            raise base.TypeError(f"metric: {name} is {value!r}, expected an NDArray or a list of them")
    lengths = (tuple(labels.shape), tuple(preds.shape)) if shape else (len(labels), len(preds))
    if lengths[0] != lengths[1]:
        raise base.ValueError(
            f"Shape of labels {lengths[0]} does not match shape of predictions {lengths[1]}"
            + ("" if shape else ": expected as many labels as predictions")
        )
    if wrap:
        labels = [labels] if isinstance(labels, (NDArrayBase, numpy.ndarray)) else labels
        preds = [preds] if isinstance(preds, (NDArrayBase, numpy.ndarray)) else preds
    return labels, preds


def tensor(value: Any) -> Tensor:
    """Return the tensor of an NDArray without a copy, or make one of numbers."""
    if isinstance(value, NDArrayBase):
        return value._data
    if isinstance(value, Tensor):
        return value.detach()
    found = numpy.ascontiguousarray(value)
    if found.dtype.kind not in "biuf":
        raise base.TypeError(f"metric: {type(value).__name__} of dtype {found.dtype}, expected an array of numbers")
    return torch.from_numpy(found if found.flags.writeable else found.copy())


def pairs(labels: Arrays, preds: Arrays) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield each label and prediction as tensors on the prediction's device."""
    labels, preds = check_label_shapes(labels, preds, wrap=True)
    for label, pred in zip(labels, preds):
        found = tensor(pred)
        yield tensor(label).to(found.device, non_blocking=True), found


def added(held: Tensor | None, piece: Tensor) -> Tensor:
    """Return the float64 sum of what is held and a new piece, on a GPU if one of them is: moving there never waits."""
    if held is None:
        return piece.to(torch.float64)
    if held.device != piece.device:
        if held.is_cpu:
            held = held.to(piece.device)
        else:
            piece = piece.to(held.device)
    return held.add_(piece)


def _number(name: str, doc: str) -> Any:
    """Return a property that is a plain number to whoever looks, and collects what waits on a device first."""

    def read(self: EvalMetric) -> Any:
        if self._waits:
            self._settle()
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(f"{self.__class__.__name__}.{name} is not set; call reset() first") from None

    def write(self: EvalMetric, value: Any) -> None:
        if self._waits:
            self._settle()
        self.__dict__[name] = value

    return property(read, write, doc=doc)


class EvalMetric:
    """Base class of metrics: a sum over batches, divided by a number of instances.

    A metric of your own overrides `update`, and adds to `sum_metric` and `num_inst` there.

    Parameters
    ----------
    name : str
        The metric's name in logs.
    output_names : list of str, optional
        Outputs that `update_dict` takes, in this order; all when left out.
    label_names : list of str, optional
        Labels that `update_dict` takes, in this order; all when left out.
    **kwargs
        Further arguments of the subclass, which `get_config` repeats. ``has_global_stats=True`` says that the
        subclass also keeps the sums over the whole epoch: `global_sum_metric` and `global_num_inst`.

    Notes
    -----
    `sum_metric`, `num_inst` and their global fellows are numbers whenever they are read. The metrics of this library
    add to them on the device that holds the predictions. The sum is fetched when someone looks at it, so a batch never
    waits for its metric.

    Examples
    --------
    >>> class Positive(mx.metric.EvalMetric):
    ...     def update(self, labels, preds):
    ...         for pred in preds:
    ...             self.sum_metric += (pred > 0).sum().asscalar()
    ...             self.num_inst += pred.size
    >>> metric = Positive("positive")
    >>> metric.update(None, [mx.nd.array([-1, 2, 3, 4])])
    >>> print(*metric.get())
    positive 0.75
    """

    # Sums that wait on a device: of the metric, of its instances; and what was wrong there, by message.
    _waits = False
    _late_sum: Tensor | None = None
    _late_num: Tensor | None = None
    _late_wrong: dict[tuple[type[Exception], str], Tensor] | None = None

    num_inst = _number("num_inst", "Number of instances since the last reset.")
    sum_metric = _number("sum_metric", "Sum of the metric since the last reset.")
    global_num_inst = _number("global_num_inst", "Number of instances since the last `reset`, over local resets.")
    global_sum_metric = _number("global_sum_metric", "Sum of the metric since the last `reset`, over local resets.")

    def __init__(
        self, name: str, output_names: list[str] | None = None, label_names: list[str] | None = None, **kwargs: Any
    ) -> None:
        self.name: Any = str(name)
        self.output_names = output_names
        self.label_names = label_names
        self._has_global_stats = kwargs.pop("has_global_stats", False)
        self._kwargs = kwargs
        self.reset()

    def __str__(self) -> str:
        return f"EvalMetric: {dict(self.get_name_value())}"

    def __getstate__(self) -> dict[str, Any]:
        if self._waits:
            self._settle()
        return {name: value for name, value in self.__dict__.items() if name != "_waits" and name[:6] != "_late_"}

    def get_config(self) -> dict[str, Any]:
        """Return what `mx.metric.create` needs to make this metric again.

        Returns
        -------
        dict
            Name of the class, name, names of outputs and labels, and further arguments.

        Examples
        --------
        >>> mx.metric.Accuracy(axis=2).get_config()["axis"]
        2
        >>> mx.metric.create(**mx.metric.Accuracy(axis=2).get_config()).axis
        2
        """
        return {
            **self._kwargs,
            "metric": self.__class__.__name__,
            "name": self.name,
            "output_names": self.output_names,
            "label_names": self.label_names,
        }

    def update_dict(self, label: Mapping[str, Any], pred: Mapping[str, Any]) -> None:
        """Update from arrays by name.

        Parameters
        ----------
        label : dict of str to NDArray
            Labels by name.
        pred : dict of str to NDArray
            Outputs by name.

        Raises
        ------
        ValueError
            If a name in `output_names` or `label_names` is not there.

        Examples
        --------
        >>> metric = mx.metric.Loss(output_names=["loss_output"], label_names=[])
        >>> metric.update_dict({}, {"loss_output": mx.nd.array([1, 3]), "other_output": mx.nd.zeros((5,))})
        >>> metric.get()
        ('loss', 2.0)
        """
        self.update(
            self._chosen("label_names", self.label_names, label), self._chosen("output_names", self.output_names, pred)
        )

    def _chosen(self, what: str, names: list[str] | None, arrays: Mapping[str, Any]) -> list[Any]:
        if names is None:
            return list(arrays.values())
        missing = [name for name in names if name not in arrays]
        if missing:
            raise base.ValueError(
                f"{self.__class__.__name__}.update_dict: {what} has {missing}, but there are only {list(arrays)}"
            )
        return [arrays[name] for name in names]

    def update(self, labels: Arrays, preds: Arrays) -> None:
        """Take in one batch; every metric overrides this.

        Parameters
        ----------
        labels : list of NDArray
            Labels of each output.
        preds : list of NDArray
            Outputs of the network.
        """
        raise NotImplementedError(f"{self.__class__.__name__}.update(labels, preds) is not written")

    def reset(self) -> None:
        """Forget all batches."""
        self._forget()
        self.num_inst = 0
        self.sum_metric = 0.0
        self.global_num_inst = 0
        self.global_sum_metric = 0.0

    def reset_local(self) -> None:
        """Forget the batches since the last reset, but keep the sums over the whole epoch."""
        self.num_inst = 0
        self.sum_metric = 0.0

    def get(self) -> tuple[Any, Any]:
        """Return the metric since the last reset.

        Returns
        -------
        tuple of (str, float)
            Name and value; the value is NaN if there were no instances.
        """
        if self.num_inst == 0:
            return (self.name, float("nan"))
        return (self.name, self._value(self.sum_metric, self.num_inst))

    def get_global(self) -> tuple[Any, Any]:
        """Return the metric since the last `reset`, whatever `reset_local` did in between.

        Returns
        -------
        tuple of (str, float)
            Name and value. A metric that keeps no such sums returns what `get` does.
        """
        if not self._has_global_stats:
            return self.get()
        if self.global_num_inst == 0:
            return (self.name, float("nan"))
        return (self.name, self._value(self.global_sum_metric, self.global_num_inst))

    def get_name_value(self) -> list[tuple[str, Any]]:
        """Return pairs of name and value, as `get` has them."""
        return _zipped(*self.get())

    def get_global_name_value(self) -> list[tuple[str, Any]]:
        """Return pairs of name and value, as `get_global` has them."""
        return _zipped(*self.get_global()) if self._has_global_stats else self.get_name_value()

    def _value(self, total: Any, count: Any) -> Any:
        """Return the metric from a sum and a number of instances; Perplexity overrides it."""
        return total / count

    # -- sums that wait on a device --------------------------------------------------------------------------------

    def _add(self, total: Tensor, count: int | Tensor) -> None:
        """Add what one batch has, without waiting for it."""
        self._late_sum = added(self._late_sum, total)
        if isinstance(count, int):
            self.__dict__["num_inst"] += count
            self.__dict__["global_num_inst"] += count
        else:
            self._late_num = added(self._late_num, count)
        self._waits = True

    def _refuse(self, wrong: Tensor, message: str, kind: type[Exception] = base.ValueError) -> None:
        """Raise an error if `wrong` is true: at once on a CPU, and when someone looks at the sums on a GPU."""
        message = f"{self.__class__.__name__}.update: {message}"
        if wrong.is_cpu:
            if wrong:
                raise kind(message)
            return
        late = self._late_wrong = self._late_wrong or {}
        late[kind, message] = added(late.get((kind, message)), wrong)
        self._waits = True

    def _settle(self) -> None:
        """Bring what waits on the device into the numbers."""
        total, count, wrong = self._late_sum, self._late_num, self._late_wrong
        self._forget()
        for (error, message), flag in (wrong or {}).items():
            if flag:
                raise error(f"{message} (in one of the batches since the metric was last looked at)")
        for kind, late in (("sum_metric", total), ("num_inst", count)):
            if late is not None:
                number = late.item()
                self.__dict__[kind] += number
                self.__dict__[f"global_{kind}"] += number

    def _forget(self) -> None:
        self._waits = False
        self._late_sum = self._late_num = self._late_wrong = None


def _zipped(name: Any, value: Any) -> list[tuple[str, Any]]:
    names = name if isinstance(name, list) else [name]
    return list(zip(names, value if isinstance(value, list) else [value]))


register = registry.get_register_func(EvalMetric, "metric")
alias = registry.get_alias_func(EvalMetric, "metric")
_create = registry.get_create_func(EvalMetric, "metric")


def create(metric: Any, *args: Any, **kwargs: Any) -> EvalMetric:
    """Make a metric from its name, a function, or a list of both.

    Parameters
    ----------
    metric : str, function, list, EvalMetric or type
        A name such as ``"acc"``; a function of label and prediction (NumPy arrays), see `CustomMetric`; a list, which
        becomes a `CompositeEvalMetric`; a metric, which is returned; or a class of metrics.
    *args, **kwargs
        Arguments for the metric.

    Returns
    -------
    EvalMetric

    Raises
    ------
    ValueError
        If there is no such metric; the message lists the names.

    Examples
    --------
    >>> mx.metric.create("top_k_accuracy", top_k=5).name
    'top_k_accuracy_5'
    >>> mx.metric.create(["acc", "ce"]).get()[0]
    ['accuracy', 'cross-entropy']
    >>> def largest_error(label, pred):
    ...     return abs(label - pred).max()
    >>> mx.metric.create(largest_error).name
    'largest_error'
    """
    from ._composite import CompositeEvalMetric, CustomMetric  # they are subclasses of what is above

    if isinstance(metric, type) and issubclass(metric, EvalMetric):
        return metric(*args, **kwargs)
    if callable(metric):
        return CustomMetric(metric, *args, **kwargs)
    if isinstance(metric, list):
        composite = CompositeEvalMetric()
        for child in metric:
            composite.add(create(child, *args, **kwargs))
        return composite
    return _create(metric, *args, **kwargs)


def class_name(function: Callable[..., Any]) -> str:
    """Return a function's name, or that of the class of a callable object."""
    return getattr(function, "__name__", type(function).__name__)
