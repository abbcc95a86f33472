"""Metrics of numbers: errors, correlation, and losses as they are."""

from __future__ import annotations

import math
from typing import Any

import numpy

from .. import base
from ..ndarray.dispatch import NDArrayBase
from ._base import Arrays, EvalMetric, Tensor, alias, check_label_shapes, pairs, register, tensor
from ._classification import as_float


class _Error(EvalMetric):
    """Mean over batches of a mean over elements."""

    def __init__(self, name: str, output_names: list[str] | None = None, label_names: list[str] | None = None) -> None:
        super().__init__(name, output_names=output_names, label_names=label_names, has_global_stats=True)

    @staticmethod
    def _of(difference: Tensor) -> Tensor:
        """Return the error of a batch."""
        raise NotImplementedError

    def update(self, labels: Arrays, preds: Arrays) -> None:
        """Add the error of one batch.

        Parameters
        ----------
        labels, preds : list of NDArray
            What is compared, of one shape or of shapes that broadcast; (N,) stands for (N, 1).
        """
        for label, pred in pairs(labels, preds):
            label = label[:, None] if label.dim() == 1 else label
            pred = pred[:, None] if pred.dim() == 1 else pred
            try:
                difference = as_float(label) - as_float(pred)
            except RuntimeError:
                raise base.ValueError(
                    f"{self.__class__.__name__}.update: a label of shape {tuple(label.shape)} and a prediction of "
                    f"shape {tuple(pred.shape)} do not broadcast"
                ) from None
            self._add(self.__class__._of(difference), 1)


@register
class MAE(_Error):
    """Mean absolute error: the mean over batches of ``mean(|label - pred|)``.

    Parameters
    ----------
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.

    Examples
    --------
    >>> metric = mx.metric.MAE()
    >>> metric.update([mx.nd.array([3, -0.5, 2, 7])], [mx.nd.array([2.5, 0, 2, 8])])
    >>> metric.get()
    ('mae', 0.5)
    """

    def __init__(
        self, name: str = "mae", output_names: list[str] | None = None, label_names: list[str] | None = None
    ) -> None:
        super().__init__(name, output_names, label_names)

    @staticmethod
    def _of(difference: Tensor) -> Tensor:
        return difference.abs().mean()


@register
class MSE(_Error):
    """Mean squared error: the mean over batches of ``mean((label - pred)**2)``.

    Parameters
    ----------
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.

    Examples
    --------
    >>> metric = mx.metric.MSE()
    >>> metric.update([mx.nd.array([3, -0.5, 2, 7])], [mx.nd.array([2.5, 0, 2, 8])])
    >>> metric.get()
    ('mse', 0.375)
    """

    def __init__(
        self, name: str = "mse", output_names: list[str] | None = None, label_names: list[str] | None = None
    ) -> None:
        super().__init__(name, output_names, label_names)

    @staticmethod
    def _of(difference: Tensor) -> Tensor:
        return difference.square().mean()


@register
class RMSE(_Error):
    """Root mean squared error: the mean over batches of ``sqrt(mean((label - pred)**2))``.

    Parameters
    ----------
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.

    Examples
    --------
    >>> metric = mx.metric.RMSE()
    >>> metric.update([mx.nd.array([3, -0.5, 2, 7])], [mx.nd.array([2.5, 0, 2, 8])])
    >>> round(metric.get()[1], 4)
    0.6124
    """

    def __init__(
        self, name: str = "rmse", output_names: list[str] | None = None, label_names: list[str] | None = None
    ) -> None:
        super().__init__(name, output_names, label_names)

    @staticmethod
    def _of(difference: Tensor) -> Tensor:
        return difference.square().mean().sqrt()


#: Number of elements; means of labels and predictions; sums of their squared deviations; sum of the products of those.
Moments = tuple[int, Any, Any, Any, Any, Any]
NONE: Moments = (0, 0, 0, 0, 0, 0)


def joined(one: Moments, other: Moments) -> Moments:
    """Return the moments of two sets together."""
    n, mean_l, mean_p, sse_l, sse_p, conv = one
    m, other_l, other_p, other_sse_l, other_sse_p, other_conv = other
    if not n or not m:
        return one if n else other
    shift_l, shift_p, weight = other_l - mean_l, other_p - mean_p, n * m / (n + m)
    return (
        n + m,
        mean_l + shift_l * m / (n + m),
        mean_p + shift_p * m / (n + m),
        sse_l + other_sse_l + shift_l**2 * weight,
        sse_p + other_sse_p + shift_p**2 * weight,
        conv + other_conv + shift_l * shift_p * weight,
    )


def correlation(moments: Moments) -> float:
    """Return Pearson's correlation; NaN if labels or predictions are constant."""
    *_, sse_l, sse_p, conv = moments
    scale = math.sqrt(sse_l) * math.sqrt(sse_p)
    return conv / scale if scale else float("nan")


@alias("pearsonr")
@register
class PearsonCorrelation(EvalMetric):
    """Pearson's correlation of labels and predictions.

    Parameters
    ----------
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.
    average : {'macro', 'micro'}
        Whether to take the mean of the batches' correlations, or the correlation of all elements together.

    References
    ----------
    Chan, Golub, LeVeque. "Updating formulae and a pairwise algorithm for computing sample variances." 1979.

    Examples
    --------
    >>> metric = mx.metric.PearsonCorrelation()
    >>> metric.update([mx.nd.array([1, 2, 3])], [mx.nd.array([2, 4, 7])])
    >>> round(metric.get()[1], 4)
    0.9934
    """

    def __init__(
        self,
        name: str = "pearsonr",
        output_names: list[str] | None = None,
        label_names: list[str] | None = None,
        average: str = "macro",
    ) -> None:
        if average not in ("macro", "micro"):
            raise base.ValueError(f"PearsonCorrelation: average is {average!r}, expected 'macro' or 'micro'")
        self.average = average
        super().__init__(name, output_names=output_names, label_names=label_names, has_global_stats=True)

    def get_config(self) -> dict[str, Any]:
        """Return what `mx.metric.create` needs to make this metric again."""
        return {**super().get_config(), "average": self.average}

    def update(self, labels: Arrays, preds: Arrays) -> None:
        """Add one batch.

        Parameters
        ----------
        labels, preds : list of NDArray
            What is compared, of one shape.
        """
        for label, pred in pairs(labels, preds):
            check_label_shapes(label, pred, shape=True)
            label, pred = label.reshape(-1).double(), pred.reshape(-1).double()
            if self.average == "macro":
                label, pred = label - label.mean(), pred - pred.mean()
                self._add((label @ pred) / ((label @ label).sqrt() * (pred @ pred).sqrt()), 1)
            else:
                self._add_moments(label, pred)

    def _add_moments(self, label: Tensor, pred: Tensor) -> None:
        held = self._conv.device if isinstance(self._conv, Tensor) else pred.device
        if held != pred.device and held.type != "cpu":  # another GPU
            label, pred = label.to(held), pred.to(held)
        # The products are right if they are taken from the labels' new mean and the predictions' old one.
        self._label_nums, self._mean_l, self._sse_l = self.update_variance(
            label, self._label_nums, self._mean_l, self._sse_l
        )
        self.update_cov(label, pred)
        self._pred_nums, self._mean_p, self._sse_p = self.update_variance(
            pred, self._pred_nums, self._mean_p, self._sse_p
        )
        self.__dict__["num_inst"] += 1
        self.__dict__["global_num_inst"] += 1
        self._waits = True

    def update_variance(self, new_values: Any, *aggregate: Any) -> tuple[int, Any, Any]:
        """Join values with a number of values, their mean, and the sum of their squared deviations from it.

        Parameters
        ----------
        new_values : array of one axis
            What is to be joined.
        *aggregate : int, float, float
            Number, mean and sum of squared deviations so far.

        Returns
        -------
        tuple of (int, float, float)
            The same three of all values.

        Examples
        --------
        >>> metric = mx.metric.PearsonCorrelation(average="micro")
        >>> count, mean, squares = metric.update_variance(np.array([1.0, 2.0, 6.0]), 0, 0, 0)
        >>> count, float(mean), float(squares)
        (3, 3.0, 14.0)
        """
        count, mean, squares = aggregate
        total = count + len(new_values)
        difference = new_values - mean
        shift = difference.sum() / total if total else 0
        return total, mean + shift, squares + (difference * (new_values - (mean + shift))).sum()

    def update_cov(self, label: Any, pred: Any) -> None:
        """Add the products of deviations from the present means.

        Parameters
        ----------
        label, pred : array of one axis
            The values of one batch.
        """
        self._conv = self._conv + ((label - self._mean_l) * (pred - self._mean_p)).sum()

    def _settle(self) -> None:
        super()._settle()
        if self.average == "micro":
            local = self._moments()
            for prefix, found in (("", local), ("global_", joined(self._earlier, local))):
                count = self.__dict__[f"{prefix}num_inst"]
                self.__dict__[f"{prefix}sum_metric"] = correlation(found) * count if count else 0.0

    def _moments(self) -> Moments:
        """Return the moments since the last reset as numbers, which they become."""
        values = (self._mean_l, self._mean_p, self._sse_l, self._sse_p, self._conv)
        self._mean_l, self._mean_p, self._sse_l, self._sse_p, self._conv = map(float, values)
        return (self._label_nums, self._mean_l, self._mean_p, self._sse_l, self._sse_p, self._conv)

    def reset_micro(self) -> None:
        """Forget the moments of all elements since the last reset."""
        self._label_nums, self._mean_l, self._mean_p, self._sse_l, self._sse_p, self._conv = NONE
        self._pred_nums = 0

    def reset(self) -> None:
        """Forget all batches."""
        super().reset()
        self._earlier = NONE
        self.reset_micro()

    def reset_local(self) -> None:
        """Forget the batches since the last reset, but keep the moments of the whole epoch."""
        super().reset_local()
        if self.average == "micro":
            self._earlier = joined(self._earlier, self._moments())
            self.reset_micro()


@register
class Loss(EvalMetric):
    """Mean of all elements of the outputs, as they are: for networks that compute their own loss.

    Parameters
    ----------
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.

    Examples
    --------
    >>> metric = mx.metric.Loss()
    >>> metric.update(None, [mx.nd.array([1, 2, 6])])
    >>> metric.get()
    ('loss', 3.0)
    """

    def __init__(
        self, name: str = "loss", output_names: list[str] | None = None, label_names: list[str] | None = None
    ) -> None:
        super().__init__(name, output_names=output_names, label_names=label_names, has_global_stats=True)

    def update(self, _: Any, preds: Arrays) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - MXNet's name
        """Add the elements of one batch.

        Parameters
        ----------
        _ : object
            Labels, which are not used.
        preds : list of NDArray, or NDArray
            Losses.
        """
        for pred in [preds] if isinstance(preds, (NDArrayBase, numpy.ndarray)) else preds:
            values = tensor(pred)
            self._add(as_float(values).sum(), values.numel())


@register
class Torch(Loss):
    """`Loss` under the name that programs for Torch's criteria used.

    Parameters
    ----------
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.

    Examples
    --------
    >>> mx.metric.create("torch").name
    'torch'
    """

    def __init__(
        self, name: str = "torch", output_names: list[str] | None = None, label_names: list[str] | None = None
    ) -> None:
        super().__init__(name, output_names, label_names)


@register
class Caffe(Loss):
    """`Loss` under the name that programs for Caffe's layers used.

    Parameters
    ----------
    name : str
        The metric's name.
    output_names, label_names : list of str, optional
        Outputs and labels that `update_dict` takes; all when left out.

    Examples
    --------
    >>> mx.metric.create("caffe").name
    'caffe'
    """

    def __init__(
        self, name: str = "caffe", output_names: list[str] | None = None, label_names: list[str] | None = None
    ) -> None:
        super().__init__(name, output_names, label_names)
