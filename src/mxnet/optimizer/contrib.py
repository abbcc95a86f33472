"""An optimizer whose behaviour may change in later versions of MXNet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .. import base
from ..ndarray import NDArray
from ..ndarray.dispatch import wrap
from ._base import Index, register
from ._stepping import SteppingOptimizer, Tensors

__all__ = ["GroupAdaGrad"]


@register
class GroupAdaGrad(SteppingOptimizer):
    """AdaGrad with one rate for each row of a matrix, as for the rows of an embedding.

    With ``g = clip(rescale_grad * grad)``: ``state += mean(g**2)`` over each row, then
    ``weight -= lr * g / sqrt(state + eps)``. There is no weight decay.

    A row_sparse gradient changes only its rows.

    Parameters
    ----------
    eps : float
        Keeps the divisor away from 0.
    **kwargs
        As for `Optimizer`; `wd` must be 0.

    References
    ----------
    Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011.

    Examples
    --------
    >>> group = mx.optimizer.contrib.GroupAdaGrad(learning_rate=0.5)
    >>> weight = mx.nd.ones((2, 2))
    >>> group.update(0, weight, mx.nd.array([[3, 3], [0, 0]]), group.create_state(0, weight))
    >>> weight.asnumpy().round(3).tolist()
    [[0.5, 0.5], [1.0, 1.0]]
    """

    _state_arrays = (1,)
    _elementwise = False
    _states_like_weight = False

    def __init__(self, eps: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.float_stable_eps = eps

    def create_state(self, index: Index, weight: NDArray) -> NDArray:
        """Return zeros: one for each row, in the shape (rows, 1)."""
        if len(weight.shape) != 2:
            raise base.ValueError(
                f"GroupAdaGrad: parameter {index!r} has shape {weight.shape}; expected 2 axes: its rows are the groups"
            )
        data = weight._data
        dtype = data.dtype if data.dtype is torch.float64 else torch.float32
        zeros = torch.zeros((weight.shape[0], 1), dtype=dtype, device=data.device)
        return wrap(NDArray, zeros, weight._context).tostype(weight.stype)

    def _is_lazy(self, weight: NDArray) -> bool:
        return True

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        if wd:
            raise base.ValueError(f"GroupAdaGrad: the weight decay is {wd:g}; expected 0: it is not supported")
        grads = self._clipped(grads)
        for weight, grad, history in zip(weights, grads, *states):
            history.add_(grad.square().mean(1, keepdim=True))
            weight.addcdiv_(grad, (history + self.float_stable_eps).sqrt_(), value=-lr)
