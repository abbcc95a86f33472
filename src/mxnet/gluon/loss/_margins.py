"""Losses of two classes by margins: hinges, and the logistic loss."""

from __future__ import annotations

from typing import Any

from ... import base
from ._base import Loss, _reshape_like
from ._classification import softplus


class HingeLoss(Loss):
    r"""Mean of :math:`\max(0, m - pl)`: no loss from the margin on.

    Parameters
    ----------
    margin : float
        The margin :math:`m`.
    weight : float, optional
        Factor on the loss.
    batch_axis : int
        Which axis counts the samples.

    Notes
    -----
    Called with `pred` of any shape, `label` with as many elements that are -1 or 1, and if wanted `sample_weight` that
    broadcasts to `pred`. Returns the mean for each sample, of shape (N,).

    Examples
    --------
    >>> mx.gluon.loss.HingeLoss()(mx.nd.array([[3], [0.5], [3]]), mx.nd.array([[1], [1], [-1]])).asnumpy().tolist()
    [0.0, 0.5, 4.0]
    """

    def __init__(self, margin: float = 1, weight: float | None = None, batch_axis: int = 0, **kwargs: Any) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        """Compute the loss of each sample."""
        return self._mean(F, F.relu(self._margin - pred * _reshape_like(F, label, pred)), sample_weight)


class SquaredHingeLoss(Loss):
    r"""Mean of :math:`\max(0, m - pl)^2`.

    Parameters
    ----------
    margin : float
        The margin :math:`m`.
    weight : float, optional
        Factor on the loss.
    batch_axis : int
        Which axis counts the samples.

    Notes
    -----
    Called as `HingeLoss` is.

    Examples
    --------
    >>> loss = mx.gluon.loss.SquaredHingeLoss()
    >>> loss(mx.nd.array([[3], [0.5], [3]]), mx.nd.array([[1], [1], [-1]])).asnumpy().tolist()
    [0.0, 0.25, 16.0]
    """

    def __init__(self, margin: float = 1, weight: float | None = None, batch_axis: int = 0, **kwargs: Any) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        """Compute the loss of each sample."""
        return self._mean(F, F.square(F.relu(self._margin - pred * _reshape_like(F, label, pred))), sample_weight)


class LogisticLoss(Loss):
    r"""Mean of :math:`\log(1 + e^{-pl})`, for labels :math:`l` of -1 and 1.

    Parameters
    ----------
    weight : float, optional
        Factor on the loss.
    batch_axis : int
        Which axis counts the samples.
    label_format : {'signed', 'binary'}
        Whether labels are -1 and 1, or 0 and 1.

    Notes
    -----
    Called as `HingeLoss` is.

    Examples
    --------
    >>> loss = mx.gluon.loss.LogisticLoss()
    >>> print(loss(mx.nd.array([[0], [200], [200]]), mx.nd.array([[1], [1], [-1]])).asnumpy().round(4))
    [  0.6931   0.     200.    ]
    """

    def __init__(
        self, weight: float | None = None, batch_axis: int = 0, label_format: str = "signed", **kwargs: Any
    ) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._label_format = label_format
        if label_format not in ("signed", "binary"):
            raise base.ValueError(f"LogisticLoss: label_format can only be signed or binary, received {label_format}.")

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        """Compute the loss of each sample."""
        label = _reshape_like(F, label, pred)
        if self._label_format == "signed":
            label = (label + 1.0) / 2.0
        return self._mean(F, softplus(F, -pred) * label + softplus(F, pred) * (1.0 - label), sample_weight)
