"""Metrics of classifiers: counts of hits, and logarithms of probabilities."""

from __future__ import annotations

import math
from typing import Any

import torch

from .. import base
from ._base import Arrays, EvalMetric, Tensor, alias, pairs, register


def classes(metric: EvalMetric, pred: Tensor, axis: int) -> Tensor:
    """Return the class with the largest score along `axis`; the first of equal ones."""
    if not -pred.dim() <= axis < pred.dim():
        raise base.ValueError(
            f"{metric.__class__.__name__}.update: axis is {axis}, but the prediction has shape {tuple(pred.shape)}"
        )
    return pred.max(axis).indices  # of images, three times as fast as argmax; it takes the first too


def check_sizes(metric: EvalMetric, label: Tensor, pred: Tensor, what: str = "predictions") -> None:
    """Refuse labels that are not as many as what they are compared with."""
    if label.numel() != pred.numel():
        raise base.ValueError(
            f"{metric.__class__.__name__}.update: {label.numel()} labels of shape {tuple(label.shape)} came with "
            f"{pred.numel()} {what} of shape {tuple(pred.shape)}; expected one label for each"
        )


def as_float(values: Tensor) -> Tensor:
    """Return values in float32 or float64; sums and logarithms are wrong in 16 bits."""
    if values.dtype is torch.float32 or values.dtype is torch.float64:
        return values
    return values.float() if values.is_floating_point() else values.double()


@alias("acc")
@register
class Accuracy(EvalMetric):
    """Part of the samples whose class is the predicted one.

    Parameters
    ----------
    axis : int
        The axis of the predictions that holds the scores of the classes.
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.

    Examples
    --------
    >>> metric = mx.metric.Accuracy()
    >>> metric.update([mx.nd.array([0, 1, 1])], [mx.nd.array([[0.3, 0.7], [0, 1], [0.4, 0.6]])])
    >>> metric.get()
    ('accuracy', 0.6666666666666666)
    """

    def __init__(
        self,
        axis: int = 1,
        name: str = "accuracy",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ) -> None:
        super().__init__(name, output_names=output_names, label_names=label_names, has_global_stats=True, axis=axis)
        self.axis = axis

    def update(self, labels: Arrays, preds: Arrays) -> None:
        """Count the hits of one batch.

        Parameters
        ----------
        labels : list of NDArray
            Classes, of any dtype; fractions are cut.
        preds : list of NDArray
            Classes in the shape of the labels, or scores with one axis more, at `axis`.
        """
        for label, pred in pairs(labels, preds):
            if pred.shape != label.shape:
                pred = classes(self, pred, self.axis)
            check_sizes(self, label, pred)
            self._add((pred.reshape(-1).long() == label.reshape(-1).long()).sum(), label.numel())


@alias("top_k_accuracy", "top_k_acc")
@register
class TopKAccuracy(EvalMetric):
    """Part of the samples whose class is among the `top_k` classes with the highest scores.

    Of equal scores, those of later classes count as higher.

    Parameters
    ----------
    top_k : int
        How many classes count; above 1.
    name : str
        The metric's name, to which ``_`` and `top_k` are appended.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.

    Raises
    ------
    ValueError
        If `top_k` is not above 1: `Accuracy` is for that.

    Examples
    --------
    >>> metric = mx.metric.TopKAccuracy(top_k=2)
    >>> metric.update([mx.nd.array([2, 0])], [mx.nd.array([[0.1, 0.5, 0.4], [0.2, 0.5, 0.3]])])
    >>> metric.get()
    ('top_k_accuracy_2', 0.5)
    """

    def __init__(
        self,
        top_k: int = 1,
        name: str = "top_k_accuracy",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ) -> None:
        super().__init__(name, output_names=output_names, label_names=label_names, has_global_stats=True, top_k=top_k)
        self.top_k = top_k
        if top_k <= 1:
            raise base.ValueError(f"TopKAccuracy: top_k is {top_k}, expected more than 1; use Accuracy for top_k=1")
        self.name += f"_{top_k}"

    def get_config(self) -> dict[str, Any]:
        """Return what `mx.metric.create` needs to make this metric again."""
        return {**super().get_config(), "name": self.name.removesuffix(f"_{self.top_k}")}

    def update(self, labels: Arrays, preds: Arrays) -> None:
        """Count the hits of one batch.

        Parameters
        ----------
        labels : list of NDArray
            Classes, shape (N,).
        preds : list of NDArray
            Scores, shape (N, C) with C at least `top_k`. An array of shape (N,) is ranked as a whole, and the places
            are compared with the labels.
        """
        for label, pred in pairs(labels, preds):
            if pred.dim() > 2:
                raise base.ValueError(
                    f"TopKAccuracy.update: the prediction has shape {tuple(pred.shape)}, expected at most 2 axes"
                )
            label = label.reshape(-1).long()
            if pred.dim() == 2:
                check_sizes(self, label, pred[:, 0], "rows of predictions")
                hits = self._hits(label, pred)
            else:
                check_sizes(self, label, pred)
                hits = pred.argsort() == label
            self._add(hits.sum(), label.numel())

    def _hits(self, label: Tensor, pred: Tensor) -> Tensor:
        """Return whether fewer than `top_k` scores of each row are above that of the label's class."""
        count = pred.shape[1]
        if self.top_k > count:
            raise base.ValueError(f"TopKAccuracy.update: top_k is {self.top_k}, but there are only {count} classes")
        column = label[:, None]
        scores = pred.nan_to_num(nan=torch.inf, posinf=torch.inf) if pred.is_floating_point() else pred  # NaN: highest
        own = scores.gather(1, column.clamp(0, count - 1))
        places = torch.arange(count, device=pred.device)
        above = (scores > own) | ((scores == own) & (places > column))
        exists = (label >= 0) & (label < count)
        return (above.sum(1) < self.top_k) & exists


class _LogLikelihood(EvalMetric):
    """Mean of -log(p + eps), where p is the probability of the label's class."""

    def __init__(
        self, eps: float, name: str, output_names: list[str] | None = None, label_names: list[str] | None = None
    ) -> None:
        super().__init__(name, output_names=output_names, label_names=label_names, has_global_stats=True, eps=eps)
        self.eps = eps

    def update(self, labels: Arrays, preds: Arrays) -> None:
        """Add one batch.

        Parameters
        ----------
        labels : list of NDArray
            Classes, N of them; a negative one counts from the last class.
        preds : list of NDArray
            Probabilities, shape (N, C).

        Raises
        ------
        IndexError
            If a label is not among the C classes; on a GPU, when the metric is next looked at.
        """
        for label, pred in pairs(labels, preds):
            if pred.dim() != 2 or pred.shape[0] != label.numel():
                raise base.ValueError(
                    f"{self.__class__.__name__}.update: the prediction has shape {tuple(pred.shape)} and the label "
                    f"{tuple(label.shape)}, expected (N, C) and N labels"
                )
            count = pred.shape[1]
            label = label.reshape(-1).long()
            self._refuse(
                ((label >= count) | (label < -count)).any(),
                f"a label is not among the {count} classes (0 to {count - 1}) that the prediction has",
                base.IndexError,
            )
            chosen = as_float(pred.gather(1, label.remainder(count)[:, None]))
            self._add(-(chosen + self.eps).log().sum(), label.numel())


@alias("ce")
@register
class CrossEntropy(_LogLikelihood):
    """Cross entropy of the true classes and the predicted probabilities.

    The mean over samples of ``-log(p + eps)``, where p is the probability that was predicted for the label's class.

    Parameters
    ----------
    eps : float
        Keeps the logarithm finite where a probability is 0.
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.

    Examples
    --------
    >>> metric = mx.metric.CrossEntropy()
    >>> metric.update([mx.nd.array([0, 1])], [mx.nd.array([[0.5, 0.5], [0, 1]])])
    >>> round(metric.get()[1], 4)
    0.3466
    """

    def __init__(
        self,
        eps: float = 1e-12,
        name: str = "cross-entropy",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ) -> None:
        super().__init__(eps, name, output_names, label_names)


@alias("nll_loss")
@register
class NegativeLogLikelihood(_LogLikelihood):
    """Negative logarithm of the likelihood of the true classes: `CrossEntropy` by another name.

    Parameters
    ----------
    eps : float
        Keeps the logarithm finite where a probability is 0.
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.

    Examples
    --------
    >>> metric = mx.metric.NegativeLogLikelihood()
    >>> metric.update([mx.nd.array([0, 1])], [mx.nd.array([[0.5, 0.5], [0, 1]])])
    >>> metric.get()[0], round(metric.get()[1], 4)
    ('nll-loss', 0.3466)
    """

    def __init__(
        self,
        eps: float = 1e-12,
        name: str = "nll-loss",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ) -> None:
        super().__init__(eps, name, output_names, label_names)


@register
class Perplexity(EvalMetric):
    """Perplexity of a language model: exp of the mean of -log(p), p being the probability of the true word.

    Probabilities below 1e-10 count as 1e-10.

    Parameters
    ----------
    ignore_label : int or None
        Label that does not count, such as that of padding; None if all labels count.
    axis : int
        The axis of the predictions that holds the probabilities of the words.
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.

    References
    ----------
    Jelinek, Mercer, Bahl, Baker. "Perplexity: a measure of the difficulty of speech recognition tasks." 1977.

    Examples
    --------
    >>> metric = mx.metric.Perplexity(ignore_label=0)
    >>> metric.update([mx.nd.array([1, 2, 0])], [mx.nd.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [1, 0, 0]])])
    >>> round(metric.get()[1], 4)
    2.0
    """

    def __init__(
        self,
        ignore_label: int | None,
        axis: int = -1,
        name: str = "perplexity",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
    ) -> None:
        super().__init__(
            name,
            output_names=output_names,
            label_names=label_names,
            has_global_stats=True,
            ignore_label=ignore_label,
            axis=axis,
        )
        self.ignore_label = ignore_label
        self.axis = axis

    def update(self, labels: Arrays, preds: Arrays) -> None:
        """Add one batch.

        Parameters
        ----------
        labels : list of NDArray
            Words; one that does not exist counts as the nearest that does.
        preds : list of NDArray
            Probabilities, with one axis more than the labels, at `axis`; labels may be of any shape of that size.
        """
        for label, pred in pairs(labels, preds):
            if not -pred.dim() <= self.axis < pred.dim():
                raise base.ValueError(
                    f"Perplexity.update: axis is {self.axis}, but the prediction has shape {tuple(pred.shape)}"
                )
            pred = pred.movedim(self.axis, -1)
            count = pred.shape[-1]
            if label.numel() * count != pred.numel():
                raise base.ValueError(
                    f"Perplexity.update: {label.numel()} labels of shape {tuple(label.shape)} came with predictions "
                    f"of shape {tuple(pred.shape)} (the words last); expected one label for each of the others"
                )
            label = label.reshape(-1).long()
            chosen = as_float(pred.reshape(-1, count).gather(1, label.clamp(0, count - 1)[:, None])[:, 0])
            logs = chosen.clamp(min=1e-10).log()
            if self.ignore_label is None:
                self._add(-logs.sum(), label.numel())
            else:
                counts = label != self.ignore_label
                self._add(-(logs * counts).sum(), counts.sum())

    def _value(self, total: Any, count: Any) -> Any:
        return math.exp(total / count)
