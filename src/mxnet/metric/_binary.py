"""Metrics from counts of outcomes: F1, and Matthews' correlation for two and for many classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import torch

from .. import base
from ._base import Arrays, EvalMetric, Tensor, added, pairs, register, tensor
from ._classification import check_sizes, classes

#: PCC counts its pairs when there are so many, whether or not someone looks.
MANY = 1 << 22


def count_outcomes(label: Tensor, pred: Tensor) -> Tensor:
    """Return how many true positives, false negatives, false positives and true negatives there are, shape (4,)."""
    outcome = (label == 1) * 2 + (pred == 1)
    return (outcome == torch.arange(3, -1, -1, device=outcome.device)[:, None]).sum(1)


def f1_of(counts: Tensor) -> Tensor:
    """Return the harmonic mean of precision and recall; 0 where there is no true positive."""
    tp, fn, fp, _ = counts.double()
    return 2 * tp / (2 * tp + fp + fn).clamp(min=1)


def mcc_of(counts: Tensor) -> Tensor:
    """Return Matthews' correlation coefficient; factors of its denominator that are 0 are left out."""
    tp, fn, fp, tn = counts.double()
    factors = torch.stack([tp + fp, tp + fn, tn + fp, tn + fn])
    return (tp * tn - fp * fn) / factors.clamp(min=1).prod().sqrt()


def _count(number: int, whole: bool = False) -> Any:
    """Return a property that reads one of the counts."""

    def read(self: _BinaryClassificationMetrics) -> int:
        counts = self._global if whole else self._local
        return 0 if counts is None else int(counts[number])

    return property(read)


class _BinaryClassificationMetrics:
    """Counts of the four outcomes, since the last local reset and since the last reset, kept on the device."""

    def __init__(self) -> None:
        self.reset_stats()

    def update_binary_stats(self, label: Any, pred: Any) -> None:
        """Count the outcomes of one batch.

        Parameters
        ----------
        label : NDArray
            Classes, N of them; class 1 is the positive one.
        pred : NDArray
            Scores of the classes, shape (N, C).
        """
        counts = count_outcomes(*self._classes(tensor(label), tensor(pred)))
        self._local = added(self._local, counts)
        self._global = added(self._global, counts)

    @staticmethod
    def _classes(label: Tensor, pred: Tensor) -> tuple[Tensor, Tensor]:
        if pred.dim() < 2 or pred.shape[0] != label.numel():
            raise base.ValueError(
                f"binary metric: the prediction has shape {tuple(pred.shape)} and the label {tuple(label.shape)}, "
                "expected (N, C) and N labels"
            )
        label = label.to(pred.device, non_blocking=True).reshape(-1).long()
        return label, pred.argmax(1)

    true_positives = _count(0)
    false_negatives = _count(1)
    false_positives = _count(2)
    true_negatives = _count(3)
    global_true_positives = _count(0, whole=True)
    global_false_negatives = _count(1, whole=True)
    global_false_positives = _count(2, whole=True)
    global_true_negatives = _count(3, whole=True)

    @property
    def precision(self) -> float:
        """Part of the predicted positives that are positive; 0 if there are none."""
        return _ratio(self.true_positives, self.false_positives)

    @property
    def global_precision(self) -> float:
        """Precision since the last reset."""
        return _ratio(self.global_true_positives, self.global_false_positives)

    @property
    def recall(self) -> float:
        """Part of the positives that are predicted so; 0 if there are none."""
        return _ratio(self.true_positives, self.false_negatives)

    @property
    def global_recall(self) -> float:
        """Recall since the last reset."""
        return _ratio(self.global_true_positives, self.global_false_negatives)

    @property
    def fscore(self) -> float:
        """Harmonic mean of precision and recall; 0 if both are 0."""
        return 0.0 if self._local is None else f1_of(self._local).item()

    @property
    def global_fscore(self) -> float:
        """F1 since the last reset."""
        return 0.0 if self._global is None else f1_of(self._global).item()

    def matthewscc(self, use_global: bool = False) -> float:
        """Return Matthews' correlation coefficient; 0 if nothing was counted."""
        counts = self._global if use_global else self._local
        return 0.0 if counts is None else mcc_of(counts).item()

    @property
    def total_examples(self) -> int:
        """Number of samples since the last local reset."""
        return 0 if self._local is None else int(self._local.sum())

    @property
    def global_total_examples(self) -> int:
        """Number of samples since the last reset."""
        return 0 if self._global is None else int(self._global.sum())

    def local_reset_stats(self) -> None:
        """Forget the counts but for the global ones."""
        self._local: Tensor | None = None

    def reset_stats(self) -> None:
        """Forget all counts."""
        self._local = None
        self._global: Tensor | None = None


def _ratio(part: int, rest: int) -> float:
    return part / (part + rest) if part + rest else 0.0


class _BinaryMetric(EvalMetric):
    """A score of the four outcomes: the mean of those of batches ('macro'), or that of all samples (otherwise)."""

    _score: Callable[[Tensor], Tensor]
    _late_micro = False

    def _parts(self) -> tuple[_BinaryClassificationMetrics, str]:
        """Return the counts, and what is averaged."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return what `mx.metric.create` needs to make this metric again."""
        return {**super().get_config(), "average": self._parts()[1]}

    def update(self, labels: Arrays, preds: Arrays) -> None:
        """Count the outcomes of one batch.

        Parameters
        ----------
        labels : list of NDArray
            Classes, N of them and at most two different ones; class 1 is the positive one.
        preds : list of NDArray
            Scores of the classes, shape (N, C).

        Raises
        ------
        ValueError
            If there are three classes; on a GPU, when the metric is next looked at.
        """
        stats, average = self._parts()
        for label, pred in pairs(labels, preds):
            label = label.long()
            self._check_two(label)
            stats.update_binary_stats(label, pred)
        if average == "macro":
            if stats._local is not None:
                self._add(self.__class__._score(stats._local), 1)
            stats.reset_stats()
        else:
            self._waits = self._late_micro = True

    def _check_two(self, label: Tensor) -> None:
        if label.numel():
            low, high = label.aminmax()
            self._refuse(
                ((label != low) & (label != high)).any(), "the labels are of more than 2 classes, expected 0 and 1"
            )

    def _settle(self) -> None:
        micro, self._late_micro = self._late_micro, False
        super()._settle()
        if micro:
            stats, _ = self._parts()
            score = self.__class__._score
            for kind, counts in (("", stats._local), ("global_", stats._global)):
                total = 0 if counts is None else int(counts.sum())
                self.__dict__[f"{kind}num_inst"] = total
                self.__dict__[f"{kind}sum_metric"] = 0.0 if counts is None else score(counts).item() * total

    def reset(self) -> None:
        """Forget all batches."""
        self._late_micro = False
        super().reset()
        self._parts()[0].reset_stats()

    def reset_local(self) -> None:
        """Forget the batches since the last reset, but keep the counts over the whole epoch."""
        super().reset_local()
        self._parts()[0].local_reset_stats()


@register
class F1(_BinaryMetric):
    """F1 score of two classes: the harmonic mean of precision and recall, ``2 TP / (2 TP + FP + FN)``.

    Parameters
    ----------
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.
    average : {'macro', 'micro'}
        Whether to take the mean of the batches' scores, or the score of all samples together.

    Examples
    --------
    >>> metric = mx.metric.F1()
    >>> metric.update([mx.nd.array([0, 1, 1])], [mx.nd.array([[0.3, 0.7], [0, 1], [0.4, 0.6]])])
    >>> metric.get()
    ('f1', 0.8)
    """

    _score = staticmethod(f1_of)

    def __init__(
        self,
        name: str = "f1",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
        average: str = "macro",
    ) -> None:
        self.average = average
        self.metrics = _BinaryClassificationMetrics()
        super().__init__(name, output_names=output_names, label_names=label_names, has_global_stats=True)

    def _parts(self) -> tuple[_BinaryClassificationMetrics, str]:
        return self.metrics, self.average


@register
class MCC(_BinaryMetric):
    """Matthews' correlation coefficient of two classes.

    ``(TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN))``, where factors that are 0 are left out: 1 for
    perfect predictions, 0 for random ones, -1 for wrong ones.

    Parameters
    ----------
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.
    average : {'macro', 'micro'}
        Whether to take the mean of the batches' scores, or the score of all samples together.

    References
    ----------
    Matthews. "Comparison of the predicted and observed secondary structure of T4 phage lysozyme." 1975.

    Examples
    --------
    >>> metric = mx.metric.MCC()
    >>> metric.update([mx.nd.array([0, 1, 0])], [mx.nd.array([[0.3, 0.7], [0, 1], [0.6, 0.4]])])
    >>> metric.get()
    ('mcc', 0.5)
    """

    _score = staticmethod(mcc_of)

    def __init__(
        self,
        name: str = "mcc",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
        average: str = "macro",
    ) -> None:
        self._average = average
        self._metrics = _BinaryClassificationMetrics()
        super().__init__(name, output_names=output_names, label_names=label_names, has_global_stats=True)

    def _parts(self) -> tuple[_BinaryClassificationMetrics, str]:
        return self._metrics, self._average


@register
class PCC(EvalMetric):
    """Correlation of true and predicted classes: Matthews' coefficient for any number of classes.

    Parameters
    ----------
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.
    has_global_stats : bool
        Whether `get_global` is over local resets.

    References
    ----------
    Gorodkin. "Comparing two K-category assignments by a K-category correlation coefficient." 2004.

    Examples
    --------
    >>> metric = mx.metric.PCC()
    >>> metric.update([mx.nd.array([0, 1, 2, 2])], [mx.nd.array([0, 1, 2, 1])])
    >>> round(metric.get()[1], 4)
    0.7
    """

    def __init__(
        self,
        name: str = "pcc",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
        has_global_stats: bool = True,
    ) -> None:
        self._classes = 2
        self._pairs: list[Tensor] = []  # predicted and true classes that are not counted yet, shape (2, N)
        super().__init__(name, output_names=output_names, label_names=label_names, has_global_stats=has_global_stats)

    def get_config(self) -> dict[str, Any]:
        """Return what `mx.metric.create` needs to make this metric again."""
        return {**super().get_config(), "has_global_stats": self._has_global_stats}

    def update(self, labels: Arrays, preds: Arrays) -> None:
        """Take in one batch.

        Parameters
        ----------
        labels : list of NDArray
            Classes; a negative one counts from the last class.
        preds : list of NDArray
            Classes in the shape of the labels, or scores with one axis more, the second.
        """
        for label, pred in pairs(labels, preds):
            if pred.shape != label.shape:
                pred = classes(self, pred, 1)
            check_sizes(self, label, pred)
            # How many classes there are is not known before the labels are read: count them when someone looks.
            self._pairs.append(torch.stack([pred.reshape(-1).int(), label.reshape(-1).int()]))
            self._waiting += label.numel()
        self._waits = True
        self.__dict__["num_inst"] += 1
        self.__dict__["global_num_inst"] += 1
        if self._waiting > MANY:
            self._settle()

    def _settle(self) -> None:
        found, self._pairs, self._waiting = self._pairs, [], 0
        super()._settle()
        for device in {pair.device for pair in found}:
            guess, actual = torch.cat([pair for pair in found if pair.device == device], 1).long()
            if not guess.numel():
                continue
            highest = int(torch.maximum(guess, actual).max())
            if highest >= self._classes:
                self._grow(highest + 1 - self._classes)
            k = self._classes
            counts = torch.bincount(guess.remainder(k) * k + actual.remainder(k), minlength=k * k)
            matrix = counts.reshape(k, k).cpu().numpy()
            self._matrix += matrix
            self._global_matrix += matrix

    def _forget(self) -> None:
        super()._forget()
        self._pairs, self._waiting = [], 0

    def _grow(self, inc: int) -> None:
        self._matrix = numpy.pad(self._matrix, (0, inc))
        self._global_matrix = numpy.pad(self._global_matrix, (0, inc))
        self._classes += inc

    @property
    def k(self) -> int:
        """Number of classes so far."""
        return self._settled()._classes

    @property
    def lcm(self) -> numpy.ndarray:
        """Samples since the last reset by predicted class (rows) and true class (columns)."""
        return self._settled()._matrix

    @property
    def gcm(self) -> numpy.ndarray:
        """As `lcm`, over local resets."""
        return self._settled()._global_matrix

    def _settled(self) -> PCC:
        if self._waits:
            self._settle()
        return self

    @staticmethod
    def _calc_mcc(cmat: numpy.ndarray) -> float:
        """Return the correlation; NaN if all predictions, or all labels, are of one class."""
        total = cmat.sum()
        guesses, actuals = cmat.sum(1), cmat.sum(0)
        both = (guesses * (total - guesses)).sum() * (actuals * (total - actuals)).sum()
        if both == 0:
            return float("nan")
        return float((cmat.trace() * total - guesses @ actuals) / math.sqrt(both))

    @property
    def sum_metric(self) -> float:
        """The correlation since the last reset, times the number of batches."""
        return self._calc_mcc(self.lcm) * self.num_inst

    @property
    def global_sum_metric(self) -> float:
        """The correlation since the last `reset`, times the number of batches."""
        return self._calc_mcc(self.gcm) * self.global_num_inst

    def reset(self) -> None:
        """Forget all batches."""
        self._forget()
        self.num_inst = self.global_num_inst = 0.0
        self._matrix = numpy.zeros((self._classes, self._classes))
        self._global_matrix = numpy.zeros((self._classes, self._classes))

    def reset_local(self) -> None:
        """Forget the batches since the last reset, but keep the counts over the whole epoch."""
        self.num_inst = 0.0
        self._matrix = numpy.zeros((self._classes, self._classes))
