"""What all losses share: a factor, the axis of the batch, weights of samples."""

from __future__ import annotations

from typing import Any

from ... import base
from ...base import numeric_types
from ...ndarray import NDArray
from ..block import HybridBlock


def _apply_weighting(F: Any, loss: Any, weight: float | None = None, sample_weight: Any = None) -> Any:
    """Return the loss times a factor and times weights that broadcast to it, each where it is given."""
    if sample_weight is not None:
        loss = F.broadcast_mul(loss, sample_weight)
    if weight is not None:
        if not isinstance(weight, numeric_types):
            raise base.AssertionError(f"weight must be a number, got a {type(weight).__name__}")
        loss = loss * weight
    return loss


def _reshape_like(F: Any, x: Any, y: Any) -> Any:
    """Return `x` in the shape of `y`, which has as many elements."""
    if not isinstance(x, NDArray) or not isinstance(y, NDArray):
        return F.reshape_like(x, y)
    if x.shape == y.shape:
        return x
    if x.size != y.size:
        raise base.ValueError(
            f"loss: the label has shape {x.shape} and the prediction {y.shape}; expected as many elements"
        )
    return x.reshape(y.shape)


class Loss(HybridBlock):
    """What a loss derives from. A loss of your own defines ``hybrid_forward(self, F, pred, label, ...)``.

    Parameters
    ----------
    weight : float or None
        Factor on the loss.
    batch_axis : int
        Which axis counts the samples.
    prefix, params
        As of any block.

    Examples
    --------
    >>> class LogCosh(mx.gluon.loss.Loss):
    ...     def __init__(self, weight=None, batch_axis=0, **kwargs):
    ...         super().__init__(weight, batch_axis, **kwargs)
    ...     def hybrid_forward(self, F, pred, label):
    ...         return F.mean(F.log(F.cosh(pred - label)), axis=self._batch_axis, exclude=True)
    >>> print(LogCosh()(mx.nd.array([[1, 2], [3, 3]]), mx.nd.array([[1, 2], [2, 3]])).asnumpy().round(4))
    [0.     0.2169]
    """

    def __init__(self, weight: float | None, batch_axis: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._weight = weight
        self._batch_axis = batch_axis

    def __repr__(self) -> str:
        return f"{type(self).__name__}(batch_axis={self._batch_axis}, w={self._weight})"

    def hybrid_forward(self, F: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute the loss with the operators of `F`. To be overridden."""
        raise NotImplementedError(f"{type(self).__name__}.hybrid_forward: each loss overrides it")

    def _mean(self, F: Any, loss: Any, sample_weight: Any) -> Any:
        """Return the weighted loss's mean for each sample."""
        return F.mean(_apply_weighting(F, loss, self._weight, sample_weight), axis=self._batch_axis, exclude=True)
