"""Optimizers that divide each coordinate's step by sums or averages of its squared gradients, without counting."""

# torch does not export the functions of its own optimizers, but keeps them
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .._ops.adaptive_optimizer import ftrl_step
from .._ops.attributes import single
from ..ndarray import NDArray
from ._adaptive import average, average_of_squares
from ._base import Index, register
from ._states import single_zeros
from ._stepping import SteppingOptimizer, Tensors


@register
class AdaGrad(SteppingOptimizer):
    """AdaGrad: each coordinate's rate falls with the sum of its squared gradients.

    With ``g = clip(rescale_grad * grad)``: ``state += g**2``, then
    ``weight -= lr * (g / sqrt(state + eps) + wd * weight)``.

    A row_sparse gradient changes only its rows.

    Parameters
    ----------
    eps : float
        Keeps the divisor away from 0.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011.

    Examples
    --------
    >>> adagrad = mx.optimizer.AdaGrad(learning_rate=0.5)
    >>> weight = mx.nd.array([1, 2])
    >>> adagrad.update(0, weight, mx.nd.array([0.1, -7]), adagrad.create_state(0, weight))
    >>> weight.asnumpy().round(3).tolist()
    [0.5, 2.5]
    """

    _state_arrays = (1,)

    def __init__(self, eps: float = 1e-7, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.float_stable_eps = eps

    def create_state(self, index: Index, weight: NDArray) -> NDArray:
        """Return zeros for the sum of squares."""
        return single_zeros(weight, sparse=True)

    def _is_lazy(self, weight: NDArray) -> bool:
        return True

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        (history,) = states
        grads = self._clipped(grads)
        torch._foreach_addcmul_(history, grads, grads)
        roots = torch._foreach_add(history, self.float_stable_eps)
        torch._foreach_sqrt_(roots)
        if wd:
            torch._foreach_mul_(weights, 1 - lr * wd)
        torch._foreach_addcdiv_(weights, grads, roots, -lr)


@register
class RMSProp(SteppingOptimizer):
    """RMSProp: steps are divided by the root of an average of squared gradients.

    With ``g = clip(rescale_grad * grad + wd * weight)``: ``n = gamma1 * n + (1 - gamma1) * g**2``, then
    ``weight -= lr * g / sqrt(n + epsilon)``. With ``centered=True`` there is also an average s of g, and
    ``delta = gamma2 * delta - lr * g / sqrt(n - s**2 + epsilon)`` is added to the weights.

    Parameters
    ----------
    learning_rate : float
        Learning rate.
    gamma1 : float, from 0 to below 1
        Part of the averages that is kept.
    gamma2 : float
        Part of the last step that is added to the next, if centered.
    epsilon : float
        Keeps the divisor away from 0.
    centered : bool
        Divide by the standard deviation of the gradients, and use momentum.
    clip_weights : float, optional
        Bound of the new weights' absolute values.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Tieleman, Hinton, "Lecture 6.5: RMSProp", Coursera, 2012.

    Graves, "Generating sequences with recurrent neural networks", 2013: the centered form.

    Examples
    --------
    >>> rmsprop = mx.optimizer.RMSProp(learning_rate=0.5, gamma1=0)
    >>> weight = mx.nd.array([1, 2])
    >>> rmsprop.update(0, weight, mx.nd.array([0.1, -7]), rmsprop.create_state(0, weight))
    >>> weight.asnumpy().round(3).tolist()
    [0.5, 2.5]
    """

    _state_arrays = (1, 3)

    def __init__(
        self,
        learning_rate: float = 0.001,
        gamma1: float = 0.9,
        gamma2: float = 0.9,
        epsilon: float = 1e-8,
        centered: bool = False,
        clip_weights: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.gamma1 = gamma1
        self.gamma2 = gamma2
        self.centered = centered
        self.epsilon = epsilon
        self.clip_weights = clip_weights

    def create_state(self, index: Index, weight: NDArray) -> tuple[NDArray, ...]:
        """Return zeros: ``(n, s, delta)`` if centered, otherwise ``(n,)``."""
        return tuple([single_zeros(weight, sparse=True) for _ in range(3 if self.centered else 1)])

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        squares, *others = states
        lr, gamma1 = single(lr), single(self.gamma1)
        grads = self._decayed(weights, grads, single(wd))
        average_of_squares(squares, grads, gamma1)
        if others:
            means, deltas = others
            average(means, grads, gamma1)
            roots = torch._foreach_addcmul(squares, means, means, -1)
            torch._foreach_add_(roots, self.epsilon)
            torch._foreach_sqrt_(roots)
            torch._foreach_mul_(deltas, single(self.gamma2))
            torch._foreach_addcdiv_(deltas, grads, roots, -lr)
            torch._foreach_add_(weights, deltas)
        else:
            roots = torch._foreach_add(squares, self.epsilon)
            torch._foreach_sqrt_(roots)
            torch._foreach_addcdiv_(weights, grads, roots, -lr)
        if self.clip_weights and self.clip_weights > 0:
            torch._foreach_clamp_min_(weights, -self.clip_weights)
            torch._foreach_clamp_max_(weights, self.clip_weights)


@register
class AdaDelta(SteppingOptimizer):
    """AdaDelta: a step's size is the ratio of past steps to past gradients; there is no learning rate.

    With ``g = clip(rescale_grad * grad)``: ``n = rho * n + (1 - rho) * g**2``,
    ``step = sqrt(d + epsilon) / sqrt(n + epsilon) * g``, ``d = rho * d + (1 - rho) * step**2``, then
    ``weight -= step + wd * weight``.

    Parameters
    ----------
    rho : float, from 0 to below 1
        Part of the averages n and d that is kept.
    epsilon : float
        Lets the first steps begin.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Zeiler, "ADADELTA: an adaptive learning rate method", 2012.

    Examples
    --------
    >>> adadelta = mx.optimizer.AdaDelta(rho=0.25, epsilon=1)
    >>> weight = mx.nd.array([1, 2])
    >>> adadelta.update(0, weight, mx.nd.array([0, -2]), adadelta.create_state(0, weight))
    >>> weight.asnumpy().tolist()
    [1.0, 3.0]
    """

    _state_arrays = (2,)

    def __init__(self, rho: float = 0.90, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rho = rho
        self.epsilon = epsilon

    def create_state(self, index: Index, weight: NDArray) -> tuple[NDArray, NDArray]:
        """Return zeros for n and d."""
        return single_zeros(weight), single_zeros(weight)

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        squares, deltas = states
        grads = self._clipped(grads)
        average_of_squares(squares, grads, self.rho)
        steps = torch._foreach_add(deltas, self.epsilon)
        torch._foreach_div_(steps, torch._foreach_add(squares, self.epsilon))
        torch._foreach_sqrt_(steps)
        torch._foreach_mul_(steps, grads)
        average_of_squares(deltas, list(steps), self.rho)
        if wd:
            torch._foreach_mul_(weights, 1 - wd)
        torch._foreach_sub_(weights, steps)


@register
class Ftrl(SteppingOptimizer):
    """Follow the regularized leader, for sparse weights: many become exactly 0.

    With ``g = clip(rescale_grad * grad)``: ``z += g - (sqrt(n + g**2) - sqrt(n)) * weight / lr``, ``n += g**2``, then
    ``weight = -sign(z) * max(abs(z) - lamda1, 0) / ((beta + sqrt(n)) / lr + wd)``.

    A row_sparse gradient changes only its rows if the weight is row_sparse too.

    Parameters
    ----------
    lamda1 : float, at least 0
        Weight of the L1 norm.
    learning_rate : float
        Learning rate; not 0.
    beta : float
        Keeps the first steps short.
    **kwargs
        As for `Optimizer`; `wd` is the weight of the L2 norm.

    References
    ----------
    McMahan et al., "Ad click prediction: a view from the trenches", 2013.

    Examples
    --------
    >>> ftrl = mx.optimizer.Ftrl(lamda1=1, learning_rate=1)
    >>> weight = mx.nd.array([1, 2])
    >>> ftrl.update(0, weight, mx.nd.array([0.1, -7]), ftrl.create_state(0, weight))
    >>> weight.asnumpy().round(3).tolist() == [0, 2.5]
    True
    """

    _state_arrays = (2,)

    def __init__(self, lamda1: float = 0.01, learning_rate: float = 0.1, beta: float = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs, learning_rate=learning_rate)
        self.lamda1 = lamda1
        self.beta = beta

    def create_state(self, index: Index, weight: NDArray) -> tuple[NDArray, NDArray]:
        """Return zeros for z and n."""
        return single_zeros(weight, sparse=True), single_zeros(weight, sparse=True)

    def _is_lazy(self, weight: NDArray) -> bool:
        return weight.stype == "row_sparse"

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        if not lr:  # the end of a schedule: the formula divides by it
            return
        for arrays in zip(weights, grads, *states):
            ftrl_step(
                *arrays,
                lr=single(lr),
                lamda1=single(self.lamda1),
                beta=single(self.beta),
                wd=single(wd),
                rescale_grad=float(self.rescale_grad),
                clip_gradient=self._bound() or -1.0,
            )
