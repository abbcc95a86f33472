"""Losses of numbers: squared, absolute, a mixture of both, and of counts."""

from __future__ import annotations

import math
from typing import Any

from ._base import Loss, _apply_weighting, _reshape_like


class L2Loss(Loss):
    r"""Half the mean squared difference of prediction and label, :math:`\frac{w}{2} \text{mean}(l - p)^2`.

    Parameters
    ----------
    weight : float
        Factor on the loss.
    batch_axis : int
        Which axis counts the samples.

    Notes
    -----
    Called with `pred` of any shape, `label` with as many elements and, if wanted, `sample_weight` that broadcasts to
    `pred`, such as (N, 1) for `pred` of shape (N, C). Returns the mean for each sample, of shape (N,).

    Examples
    --------
    >>> mx.gluon.loss.L2Loss()(mx.nd.array([[1, 2], [3, 4]]), mx.nd.array([[1, 4], [3, 4]])).asnumpy().tolist()
    [1.0, 0.0]
    """

    def __init__(self, weight: float | None = 1.0, batch_axis: int = 0, **kwargs: Any) -> None:
        super().__init__(weight, batch_axis, **kwargs)

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        """Compute the loss of each sample."""
        loss = F.square(_reshape_like(F, label, pred) - pred)
        loss = _apply_weighting(F, loss, 0.5 if self._weight is None else self._weight / 2, sample_weight)
        return F.mean(loss, axis=self._batch_axis, exclude=True)


class L1Loss(Loss):
    """Mean absolute difference of prediction and label.

    Parameters
    ----------
    weight : float, optional
        Factor on the loss.
    batch_axis : int
        Which axis counts the samples.

    Notes
    -----
    Called as `L2Loss` is.

    Examples
    --------
    >>> mx.gluon.loss.L1Loss()(mx.nd.array([[1, 2], [3, 4]]), mx.nd.array([[1, 4], [3, 4]])).asnumpy().tolist()
    [1.0, 0.0]
    """

    def __init__(self, weight: float | None = None, batch_axis: int = 0, **kwargs: Any) -> None:
        super().__init__(weight, batch_axis, **kwargs)

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        """Compute the loss of each sample."""
        return self._mean(F, F.abs(_reshape_like(F, label, pred) - pred), sample_weight)


class HuberLoss(Loss):
    r"""Squared difference where it is small, absolute where it is large: outliers weigh less.

    With :math:`d = |l - p|`, the mean of :math:`d^2 / 2\rho` where :math:`d \le \rho` and of :math:`d - \rho / 2`
    elsewhere.

    Parameters
    ----------
    rho : float
        Where one becomes the other, above 0.
    weight : float, optional
        Factor on the loss.
    batch_axis : int
        Which axis counts the samples.

    Notes
    -----
    Called as `L2Loss` is.

    References
    ----------
    P. J. Huber, Robust Estimation of a Location Parameter, 1964.

    Examples
    --------
    >>> mx.gluon.loss.HuberLoss()(mx.nd.array([[1], [5]]), mx.nd.array([[2], [1]])).asnumpy().tolist()
    [0.5, 3.5]
    """

    def __init__(self, rho: float = 1, weight: float | None = None, batch_axis: int = 0, **kwargs: Any) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._rho = rho

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        """Compute the loss of each sample."""
        distance = F.abs(_reshape_like(F, label, pred) - pred)
        far = distance - 0.5 * self._rho
        near = (0.5 / self._rho) * F.square(distance)
        return self._mean(F, F.where(distance > self._rho, far, near), sample_weight)


class PoissonNLLLoss(Loss):
    r"""Negative log-likelihood of counts that follow Poisson distributions.

    With the logarithm :math:`p` of the rate predicted, :math:`e^p - tp`; with the rate itself, :math:`p - t \log p`.

    Parameters
    ----------
    weight : float, optional
        Factor on the loss.
    from_logits : bool
        Whether `pred` is the logarithm of the rate.
    batch_axis : int
        Kept for MXNet's signature: the mean is taken over all axes.
    compute_full : bool
        Whether to add :math:`\log t!`, by Stirling's formula :math:`t \log t - t + \frac{1}{2} \log 2\pi t` where the
        target is above 1.

    Notes
    -----
    Called with `pred`, `target` with as many elements, `sample_weight` that broadcasts to them, and `epsilon`, which
    is added to a rate before its logarithm is taken. Returns one number, of shape (1,).

    Examples
    --------
    >>> loss = mx.gluon.loss.PoissonNLLLoss(from_logits=False)
    >>> loss(mx.nd.array([1, 2]), mx.nd.array([0, 0])).asnumpy().tolist()
    [1.5]
    """

    def __init__(
        self,
        weight: float | None = None,
        from_logits: bool = True,
        batch_axis: int = 0,
        compute_full: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._from_logits = from_logits
        self._compute_full = compute_full

    def hybrid_forward(self, F: Any, pred: Any, target: Any, sample_weight: Any = None, epsilon: float = 1e-08) -> Any:
        """Compute the mean loss."""
        target = _reshape_like(F, target, pred)
        loss = F.exp(pred) - target * pred if self._from_logits else pred - target * F.log(pred + epsilon)
        if self._compute_full:
            count = F.maximum(target, 1)  # so that no logarithm is infinite where the formula is not used
            stirling = count * F.log(count) - count + 0.5 * F.log(2 * math.pi * count)
            loss = loss + F.where(target > 1, stirling, F.zeros_like(target))
        return F.mean(_apply_weighting(F, loss, self._weight, sample_weight))
