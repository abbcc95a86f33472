"""Optimizers that divide each coordinate's step by a measure of its gradients: Adam and its relatives."""

# torch does not export the functions of its own optimizers, but keeps them
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from .._ops.adaptive_optimizer import adam_steps, ftml_step
from .._ops.attributes import single
from ..ndarray import NDArray
from ._base import Index, register
from ._states import zeros_like
from ._stepping import SteppingOptimizer, Tensors

_TINY = torch.finfo(torch.float32).tiny


def average(states: Tensors, values: Tensors, kept: float) -> None:
    """``state = kept * state + (1 - kept) * value``."""
    torch._foreach_mul_(states, kept)
    torch._foreach_add_(states, values, alpha=1 - kept)


def average_of_squares(states: Tensors, values: Tensors, kept: float) -> None:
    """``state = kept * state + (1 - kept) * value**2``."""
    torch._foreach_mul_(states, kept)
    torch._foreach_addcmul_(states, values, values, 1 - kept)


class _CountingOptimizer(SteppingOptimizer):
    """An optimizer whose step depends on how many updates there were, and whose state is two averages."""

    _state_arrays = (2,)

    def create_state(self, index: Index, weight: NDArray) -> tuple[NDArray, ...]:
        """Return zeros for the averages."""
        sparse = self._sparse_averages()
        return zeros_like(weight, sparse), zeros_like(weight, sparse)

    def _sparse_averages(self) -> bool:
        """Return whether the averages of a row_sparse weight are row_sparse."""
        return False

    def _detail(self, index: Index) -> int:  # type: ignore[override]
        return self._index_update_count[index]


@register
class Adam(_CountingOptimizer):
    """Adam: steps along the average gradient, divided by the root of the average squared gradient.

    With ``g = clip(rescale_grad * grad + wd * weight)``: ``m = beta1 * m + (1 - beta1) * g``,
    ``v = beta2 * v + (1 - beta2) * g**2``, then
    ``weight -= lr * sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v) + epsilon)`` in update t.

    Parameters
    ----------
    learning_rate : float
        Learning rate.
    beta1, beta2 : float, from 0 to below 1
        Part of the averages m and v that is kept.
    epsilon : float
        Keeps the divisor away from 0.
    lazy_update : bool
        Whether a row_sparse gradient changes only its rows.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Kingma, Ba, "Adam: a method for stochastic optimization", 2015.

    Examples
    --------
    >>> adam = mx.optimizer.Adam(learning_rate=0.5)
    >>> weight = mx.nd.array([1, 2])
    >>> adam.update(0, weight, mx.nd.array([0.1, -7]), adam.create_state(0, weight))
    >>> weight.asnumpy().round(3).tolist()
    [0.5, 2.5]
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        lazy_update: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.lazy_update = lazy_update

    def _sparse_averages(self) -> bool:
        return self.lazy_update

    def _is_lazy(self, weight: NDArray) -> bool:
        return self.lazy_update

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: int
    ) -> None:
        lr *= math.sqrt(1.0 - self.beta2**detail) / (1.0 - self.beta1**detail)
        wd = single(wd)
        if self._bound():
            grads, wd = self._decayed(weights, grads, wd), 0.0
        else:
            grads = self._clipped(grads)
        adam_steps(
            weights,
            grads,
            *states,
            lr=single(lr),
            beta1=single(self.beta1),
            beta2=single(self.beta2),
            epsilon=single(self.epsilon),
            decay=wd,
        )


@register
class Adamax(_CountingOptimizer):
    """Adam with the largest gradient so far in place of the root of the average squared one.

    With ``g = clip(rescale_grad * grad + wd * weight)``: ``m = beta1 * m + (1 - beta1) * g``,
    ``u = max(beta2 * u, abs(g))``, then ``weight -= lr / (1 - beta1**t) * m / u`` in update t.

    Parameters
    ----------
    learning_rate : float
        Learning rate.
    beta1, beta2 : float, from 0 to below 1
        Part of m and u that is kept.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Kingma, Ba, "Adam: a method for stochastic optimization", 2015, section 7.1.

    Examples
    --------
    >>> adamax = mx.optimizer.Adamax(learning_rate=0.5)
    >>> weight = mx.nd.array([1, 2])
    >>> adamax.update(0, weight, mx.nd.array([0.1, -7]), adamax.create_state(0, weight))
    >>> weight.asnumpy().round(3).tolist()
    [0.5, 2.5]
    """

    def __init__(self, learning_rate: float = 0.002, beta1: float = 0.9, beta2: float = 0.999, **kwargs: Any) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta1 = beta1
        self.beta2 = beta2

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: int
    ) -> None:
        means, largest = states
        lr /= 1.0 - self.beta1**detail
        grads = self._decayed(weights, grads, wd)
        average(means, grads, self.beta1)
        torch._foreach_mul_(largest, self.beta2)
        torch._foreach_maximum_(largest, torch._foreach_abs(grads))
        # where all gradients were 0, the mean is too
        torch._foreach_addcdiv_(weights, means, torch._foreach_clamp_min(largest, _TINY), -lr)


@register
class Nadam(SteppingOptimizer):
    """Adam with Nesterov's momentum, whose decay follows a schedule.

    With ``g = clip(rescale_grad * grad + wd * weight)``, the averages m and v of `Adam` and, in update t,
    ``b(t) = beta1 * (1 - 0.5 * 0.96**(t * schedule_decay))``: the product s of all b so far is multiplied by b(t), then
    ``weight -= lr * ((1 - b(t)) * g / (1 - s) + b(t + 1) * m / (1 - s * b(t + 1))) / divisor``, where the divisor is
    ``sqrt(v / (1 - beta2**t)) + epsilon``.

    As in MXNet, there is one product for all parameters, and each update of each of them is a factor of it.

    Parameters
    ----------
    learning_rate : float
        Learning rate.
    beta1, beta2 : float, from 0 to below 1
        Part of the averages m and v that is kept.
    epsilon : float
        Keeps the divisor away from 0.
    schedule_decay : float
        How quickly the momentum's decay comes to beta1.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Dozat, "Incorporating Nesterov momentum into Adam", 2016.

    Examples
    --------
    >>> nadam = mx.optimizer.Nadam(learning_rate=0.5)
    >>> weight = mx.nd.array([1, 2])
    >>> nadam.update(0, weight, mx.nd.array([0.1, -7]), nadam.create_state(0, weight))
    >>> [round(x, 2) for x in weight.asnumpy().tolist()]
    [0.47, 2.53]
    """

    _state_arrays = (2,)

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        schedule_decay: float = 0.004,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.schedule_decay = schedule_decay
        self.m_schedule = 1.0

    def create_state(self, index: Index, weight: NDArray) -> tuple[NDArray, NDArray]:
        """Return zeros for the averages."""
        return zeros_like(weight), zeros_like(weight)

    def _detail(self, index: Index) -> tuple[float, ...]:  # type: ignore[override]
        """Return the factors of g and m, and the correction of v; called once in the order of the updates."""
        count = self._index_update_count[index]
        now = self.beta1 * (1.0 - 0.5 * pow(0.96, count * self.schedule_decay))
        then = self.beta1 * (1.0 - 0.5 * pow(0.96, (count + 1) * self.schedule_decay))
        self.m_schedule *= now
        factors = (1.0 - now) / (1.0 - self.m_schedule), then / (1.0 - self.m_schedule * then)
        return *factors, 1.0 - self.beta2**count

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        of_gradient, of_mean, correction = detail
        means, variances = states
        grads = self._decayed(weights, grads, wd)
        average(means, grads, self.beta1)
        average_of_squares(variances, grads, self.beta2)
        steps = torch._foreach_mul(grads, of_gradient)
        torch._foreach_add_(steps, means, alpha=of_mean)
        roots = torch._foreach_div(variances, correction)
        torch._foreach_sqrt_(roots)
        torch._foreach_add_(roots, self.epsilon)
        torch._foreach_addcdiv_(weights, steps, roots, -lr)


@register
class FTML(SteppingOptimizer):
    """Follow the moving leader: weights that minimize a moving average of past losses and regularizers.

    With ``g = clip(rescale_grad * grad + wd * weight)`` in update t: ``v = beta2 * v + (1 - beta2) * g**2``,
    ``after = (1 - beta1**t) / lr * (sqrt(v / (1 - beta2**t)) + epsilon)``,
    ``z = beta1 * z + (1 - beta1) * g - (after - beta1 * d) * weight``, then ``d = after`` and ``weight = -z / d``.

    Parameters
    ----------
    beta1, beta2 : float, from 0 to below 1
        Part of the averages z and v that is kept.
    epsilon : float
        Keeps d away from 0.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Zheng, Kwok, "Follow the moving leader in deep learning", 2017.

    Examples
    --------
    >>> ftml = mx.optimizer.FTML(learning_rate=0.5)
    >>> weight = mx.nd.array([1, 2])
    >>> ftml.update(0, weight, mx.nd.array([0.1, -7]), ftml.create_state(0, weight))
    >>> weight.asnumpy().round(3).tolist()
    [0.5, 2.5]
    """

    _state_arrays = (3,)

    def __init__(self, beta1: float = 0.6, beta2: float = 0.999, epsilon: float = 1e-8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon

    def create_state(self, index: Index, weight: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Return zeros for d, v and z."""
        return zeros_like(weight), zeros_like(weight), zeros_like(weight)

    def _detail(self, index: Index) -> int:  # type: ignore[override]
        return self._index_update_count[index]

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: int
    ) -> None:
        if not lr:  # the end of a schedule: the formula divides by it
            return
        for arrays in zip(weights, grads, *states):
            ftml_step(
                *arrays,
                lr=single(lr),
                beta1=single(self.beta1),
                beta2=single(self.beta2),
                epsilon=single(self.epsilon),
                t=detail,
                wd=single(wd),
                rescale_grad=float(self.rescale_grad),
                clip_grad=self._bound() or -1.0,
            )
