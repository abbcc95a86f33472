"""Optimizers that step along the gradient or its momentum."""

# torch does not export the functions of its own optimizers, but keeps them
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import torch

from .._ops.attributes import single
from .._runtime.random import generator
from ..ndarray import NDArray
from ..ndarray.dispatch import wrap
from ._base import Index, register
from ._states import context_of, zeros_like
from ._stepping import SteppingOptimizer, Tensor, Tensors

#: Devices for which torch has a whole step of its optimizers as one function.
FUSED = ("cpu", "cuda")
#: What is added to 1 must not lose its digits there.
_LEAST_RATE = 1e-8


def momentum_step(
    weights: Tensors, grads: Tensors, moms: Tensors, lr: float, wd: float, momentum: float, scale: float
) -> None:
    """``mom = momentum * mom - lr * (scale * grad + wd * weight)``, then ``weight += mom``."""
    if momentum and lr * scale > _LEAST_RATE and weights[0].device.type in FUSED:
        # torch's momentum has no rate in it: here the rate is in its dampening, and its own rate is -1
        torch._fused_sgd_(
            weights,
            grads,
            moms,
            weight_decay=wd / scale,
            momentum=momentum,
            lr=-1.0,
            dampening=1 + lr * scale,
            nesterov=False,
            maximize=False,
            is_first_step=False,
        )
        return
    torch._foreach_mul_(moms, momentum)
    torch._foreach_add_(moms, grads, alpha=-lr * scale)
    if wd:
        torch._foreach_add_(moms, weights, alpha=-lr * wd)
    torch._foreach_add_(weights, moms)


def plain_step(weights: Tensors, grads: Tensors, lr: float, wd: float, scale: float) -> None:
    """``weight -= lr * (scale * grad + wd * weight)``."""
    if wd:
        torch._foreach_mul_(weights, 1 - lr * wd)
    torch._foreach_add_(weights, grads, alpha=-lr * scale)


class _MomentumOptimizer(SteppingOptimizer):
    """An optimizer with a momentum for a state, or none if `momentum` is 0."""

    _master_first = False
    _state_arrays = (0, 1)
    #: What the warning about narrow weights calls it.
    _called = "SGD "
    momentum: float

    def create_state(self, index: Index, weight: NDArray) -> Any:
        """Return zeros for the momentum, or None if there is none."""
        return zeros_like(weight, self._sparse_momentum()) if self.momentum else None

    def _sparse_momentum(self) -> bool:
        """Return whether the momentum of a row_sparse weight is row_sparse."""
        return False

    def create_state_multi_precision(self, index: Index, weight: NDArray) -> Any:
        """Return the state; for a 16-bit weight with `multi_precision`: ``(momentum, float32 copy)``."""
        if self._has_master(weight):
            master = weight.astype("float32")
            return self.create_state(index, master), master
        self._warn_of_narrow(weight, self._called)
        return self.create_state(index, weight)


def aggregation_size(default: int) -> int:
    """Return how many parameters MXNet gives such an optimizer at once."""
    return int(os.environ.get("MXNET_OPTIMIZER_AGGREGATION_SIZE", default))


@register
class SGD(_MomentumOptimizer):
    """Stochastic gradient descent, with momentum and weight decay.

    Without momentum, ``weight -= lr * (g + wd * weight)``, where ``g = clip(rescale_grad * grad)``. With it,
    ``state = momentum * state - lr * (g + wd * weight)``, then ``weight += state``.

    Parameters
    ----------
    momentum : float
        Part of the last step that is added to the next.
    lazy_update : bool
        Whether a row_sparse gradient changes only its rows: no decay, and no momentum, for the others.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.

    Examples
    --------
    >>> sgd = mx.optimizer.SGD(learning_rate=0.5, momentum=0.5)
    >>> weight, grad = mx.nd.array([1, 2]), mx.nd.array([2, -2])
    >>> state = sgd.create_state(0, weight)
    >>> for _ in range(2):
    ...     sgd.update(0, weight, grad, state)
    >>> weight.asnumpy().tolist()
    [-1.5, 4.5]
    """

    def __init__(self, momentum: float = 0.0, lazy_update: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = momentum
        self.lazy_update = lazy_update
        self.aggregate_num = aggregation_size(4)

    def _sparse_momentum(self) -> bool:
        return self.lazy_update

    def _is_lazy(self, weight: NDArray) -> bool:
        return self.lazy_update

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        grads, scale = self._folded(grads)
        lr, wd = single(lr), single(wd)
        if states:
            momentum_step(weights, grads, states[0], lr, wd, single(self.momentum), scale)
        else:
            plain_step(weights, grads, lr, wd, scale)


@register
class ccSGD(SGD):
    """Another name of `SGD`, kept for old programs.

    Parameters
    ----------
    *args, **kwargs
        As for `SGD`.

    Examples
    --------
    >>> mx.optimizer.create("ccsgd", momentum=0.9).momentum
    0.9
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


@register
class NAG(_MomentumOptimizer):
    """Nesterov's accelerated gradient: `SGD` with a momentum that looks ahead.

    With ``g = clip(rescale_grad * grad) + wd * weight``: ``state = momentum * state - lr * g``, then
    ``weight += momentum * state - lr * g``.

    Parameters
    ----------
    momentum : float
        Part of the last step that is added to the next.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep learning", 2013.

    Examples
    --------
    >>> nag = mx.optimizer.NAG(learning_rate=0.5, momentum=0.5)
    >>> weight = mx.nd.array([1, 2])
    >>> nag.update(0, weight, mx.nd.array([2, -2]), nag.create_state(0, weight))
    >>> weight.asnumpy().tolist()
    [-0.5, 3.5]
    """

    _called = "NAG "

    def __init__(self, momentum: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = momentum

    def _is_lazy(self, weight: NDArray) -> bool:
        return not self.momentum

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        grads, scale = self._folded(grads)
        lr, wd, momentum = single(lr), single(wd), single(self.momentum)
        if not states:
            plain_step(weights, grads, lr, wd, scale)
            return
        # MXNet keeps a momentum whose decay is that of the new weights
        (moms,) = states
        if wd:
            torch._foreach_mul_(weights, 1 - lr * wd * (1 + momentum))
        torch._foreach_add_(weights, grads, alpha=-lr * scale * (1 + momentum))
        torch._foreach_add_(weights, moms, alpha=momentum * momentum)
        torch._foreach_mul_(moms, momentum)
        torch._foreach_add_(moms, grads, alpha=-lr * scale)
        if wd:
            torch._foreach_add_(moms, weights, alpha=-lr * wd)


@register
class Signum(SteppingOptimizer):
    """Steps of one length along the sign of the gradient or of its momentum.

    Without momentum, ``weight = (1 - lr * wd) * weight - lr * sign(grad)``. With it,
    ``state = momentum * state - (1 - momentum) * (clip(rescale_grad * grad) + wd * weight)``, then
    ``weight = (1 - lr * wd_lh) * weight + lr * sign(state)``.

    Parameters
    ----------
    learning_rate : float
        Length of the step in each coordinate.
    momentum : float
        Part of the momentum that is kept.
    wd_lh : float
        Weight decay that is no part of the momentum.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Bernstein, Wang, Azizzadenesheli, Anandkumar, "signSGD: compressed optimisation for non-convex problems", 2018.

    Examples
    --------
    >>> signum = mx.optimizer.Signum(learning_rate=0.5)
    >>> weight = mx.nd.array([1, 2])
    >>> signum.update(0, weight, mx.nd.array([0.1, -7]), signum.create_state(0, weight))
    >>> weight.asnumpy().tolist()
    [0.5, 2.5]
    """

    _state_arrays = (0, 1)

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.9, wd_lh: float = 0.0, **kwargs: Any) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum
        self.wd_lh = wd_lh

    def create_state(self, index: Index, weight: NDArray) -> Any:
        """Return zeros for the momentum, or None if there is none."""
        return zeros_like(weight, sparse=True) if self.momentum else None

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        lr, wd, wd_lh = single(lr), single(wd), single(self.wd_lh)
        if not states:
            if wd or wd_lh:
                torch._foreach_mul_(weights, 1 - lr * (wd + wd_lh))
            torch._foreach_add_(weights, torch._foreach_sign(grads), alpha=-lr)
            return
        (moms,) = states
        grads, scale = self._folded(grads)
        momentum = single(self.momentum)
        torch._foreach_mul_(moms, momentum)
        torch._foreach_add_(moms, grads, alpha=(momentum - 1) * scale)
        if wd:
            torch._foreach_add_(moms, weights, alpha=(momentum - 1) * wd)
        if wd_lh:
            torch._foreach_mul_(weights, 1 - lr * wd_lh)
        torch._foreach_add_(weights, torch._foreach_sign(moms), alpha=lr)


@register
class SGLD(SteppingOptimizer):
    """Stochastic gradient Langevin dynamics: half a step down and noise, which draws weights from their posterior.

    ``weight += -lr / 2 * (clip(rescale_grad * grad) + wd * weight) + normal(0, sqrt(lr))``

    Parameters
    ----------
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Welling, Teh, "Bayesian learning via stochastic gradient Langevin dynamics", 2011.

    Examples
    --------
    >>> sgld = mx.optimizer.SGLD(learning_rate=0.01)
    >>> weight = mx.nd.zeros((10000,))
    >>> sgld.update(0, weight, mx.nd.zeros((10000,)), None)
    >>> bool(abs((weight**2).mean().asscalar() - 0.01) < 0.001)
    True
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def create_state(self, index: Index, weight: NDArray) -> None:
        """Return None: there is no state."""

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        grads, scale = self._folded(grads)
        plain_step(weights, grads, lr / 2, wd, scale)
        torch._foreach_add_(weights, [noise_like(weight) for weight in weights], alpha=lr**0.5)


def noise_like(weight: Tensor) -> Tensor:
    """Return a sample of the standard normal distribution, from the generator that `mx.random.seed` seeds."""
    return torch.empty_like(weight).normal_(generator=generator(context_of(weight)))


@register
class DCASGD(SteppingOptimizer):
    """Asynchronous SGD whose gradients are corrected for the age of the weights that they were computed with.

    With ``g = clip(rescale_grad * grad) + wd * weight`` the step is
    ``-lr * (g + lamda * g0**2 * (weight - previous))``, where g0 is g without the decay and `previous` the weights
    after the last update of this worker. With momentum, a part of the last step is added.

    Parameters
    ----------
    momentum : float
        Part of the last step that is added to the next.
    lamda : float
        How far gradients are corrected.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Zheng et al., "Asynchronous stochastic gradient descent with delay compensation", 2017.

    Examples
    --------
    >>> dcasgd = mx.optimizer.DCASGD(learning_rate=0.5)
    >>> weight = mx.nd.array([1, 2])
    >>> dcasgd.update(0, weight, mx.nd.array([2, -2]), dcasgd.create_state(0, weight))
    >>> weight.asnumpy().tolist()
    [0.0, 3.0]
    """

    _state_arrays = (1, 2)

    def __init__(self, momentum: float = 0.0, lamda: float = 0.04, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = momentum
        self.weight_previous: dict[Index, NDArray] = {}
        self.lamda = lamda

    def create_state(self, index: Index, weight: NDArray) -> tuple[NDArray | None, NDArray]:
        """Return ``(momentum or None, copy of the weight)``."""
        return zeros_like(weight) if self.momentum else None, weight.copy()

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        *moms, previous = states
        grads = self._clipped(grads)
        steps = list(torch._foreach_sub(weights, previous))
        torch._foreach_copy_(previous, weights)
        torch._foreach_mul_(steps, grads)
        torch._foreach_mul_(steps, grads)
        torch._foreach_mul_(steps, self.lamda)
        torch._foreach_add_(steps, grads)
        if wd:
            torch._foreach_add_(steps, weights, alpha=wd)
        torch._foreach_mul_(steps, -lr)
        if moms:
            torch._foreach_mul_(moms[0], self.momentum)
            torch._foreach_add_(moms[0], steps)
            steps = moms[0]
        torch._foreach_add_(weights, steps)


@register
class Test(SteppingOptimizer):
    """An optimizer for tests: ``weight += rescale_grad * grad``, and the state is a copy of the weight.

    Parameters
    ----------
    **kwargs
        As for `Optimizer`.

    Examples
    --------
    >>> test = mx.optimizer.Test()
    >>> weight = mx.nd.array([1, 2])
    >>> state = test.create_state(0, weight)
    >>> test.update(0, weight, mx.nd.array([2, -2]), state)
    >>> weight.asnumpy().tolist(), state.asnumpy().tolist()
    ([3.0, 0.0], [3.0, 0.0])
    """

    __test__ = False  # for pytest, which would take it for a class of tests
    _state_arrays = (1,)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def create_state(self, index: Index, weight: NDArray) -> NDArray:
        """Return zeros."""
        return wrap(NDArray, torch.zeros_like(weight._data, dtype=torch.float32), weight._context)

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        torch._foreach_add_(weights, grads, alpha=float(self.rescale_grad))
        torch._foreach_copy_(states[0], weights)
