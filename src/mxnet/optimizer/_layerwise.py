"""Optimizers for large batches, whose rates follow the norms of whole layers."""

# torch does not export the functions of its own optimizers, but keeps them
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .. import base
from .._ops.attributes import single
from .._ops.decoupled_optimizer import lamb_ratio
from ..ndarray import NDArray
from ..ndarray.dispatch import wrap
from ._adaptive import _CountingOptimizer, average, average_of_squares
from ._base import Index, register
from ._descent import _MomentumOptimizer, aggregation_size, momentum_step, plain_step
from ._states import context_of, zeros_like
from ._stepping import SteppingOptimizer, Tensor, Tensors


@register
class LARS(_MomentumOptimizer):
    """Layer-wise adaptive rate scaling: `SGD` whose rate is scaled for each layer by the norms of weight and gradient.

    The rate is multiplied by ``eta * |weight| / (|g| + wd * |weight| + eps)``, where g is ``rescale_grad * grad``; not
    where one of the norms is 0, and not for parameters whose names end in ``gamma``, ``beta`` or ``bias``.

    Parameters
    ----------
    momentum : float
        Part of the last step that is added to the next.
    lazy_update : bool
        Whether the momentum of a row_sparse weight is row_sparse. A row_sparse gradient counts as a dense one.
    eta : float
        Trust coefficient.
    eps : float
        Keeps the divisor away from 0.
    momentum_correction : bool
        Multiply the momentum by the ratio of the present and the last learning rate, so that a change of the rate
        acts on past steps too.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    You, Gitman, Ginsburg, "Large batch training of convolutional networks", 2017.

    Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017: the correction.

    Examples
    --------
    >>> lars = mx.optimizer.LARS(learning_rate=1, eta=0.5)
    >>> weight = mx.nd.array([3, 4])
    >>> lars.update(0, weight, mx.nd.array([0, 10]), None)
    >>> weight.asnumpy().tolist()
    [3.0, 1.5]
    """

    _elementwise = False

    def _sparse_momentum(self) -> bool:
        return self.lazy_update

    #: The update that `cur_lr` belongs to. Optimizers that MXNet pickled do not have it.
    _rated_update: int | None = None

    def __init__(
        self,
        momentum: float = 0.0,
        lazy_update: bool = True,
        eta: float = 0.001,
        eps: float = 0,
        momentum_correction: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.momentum = momentum
        self.momentum_correction = momentum_correction
        self.lazy_update = lazy_update
        self.aggregate_num = aggregation_size(4)
        self.eta = eta
        self.eps = eps
        self.skip = 0
        self.last_lr: Any = None
        self.cur_lr: Any = None

    def set_wd_mult(self, args_wd_mult: Mapping[Index, float]) -> None:
        """Set the factors of the weight decay; those that were set before are forgotten.

        Parameters whose names do not end in ``_weight`` have the factor 0, unless the symbol given as `sym` or
        `args_wd_mult` has another.

        Parameters
        ----------
        args_wd_mult : dict of int or str to float
            Factors by name or index of the parameter; 1 for all others.
        """
        self.wd_mult = {**self._without_decay("_weight"), **self._in_symbol("__wd_mult__"), **args_wd_mult}

    def _get_lrs(self, indices: Sequence[Index]) -> list[Any]:
        rate = self.lr if self.lr_scheduler is None else self.lr_scheduler(self.num_update)
        # all parameters of an update have the same last rate, in however many calls they come
        if self._rated_update != self.num_update or self.cur_lr is None:
            self.last_lr = rate if self.cur_lr is None else self.cur_lr
            self._rated_update = self.num_update
        self.cur_lr = rate
        return self._multiplied(rate, indices, "lr_mult", self.lr_mult)

    def _detail(self, index: Index) -> bool:  # type: ignore[override]
        """Return whether a parameter has its rate scaled."""
        return not str(self.idx2name.get(index, index)).endswith(("gamma", "beta", "bias"))

    def _l2norm(self, v: NDArray, rescale: bool = False) -> Any:
        norm = v.astype("float32").norm().asnumpy()[0]
        return norm * self.rescale_grad if rescale else norm

    def _get_lars(self, i: Index, weight: NDArray, g: NDArray, lr: float, wd: float) -> float:
        """Return the scaled rate of a parameter."""
        if not self._detail(i):
            return lr
        of_weight, of_grad = self._l2norm(weight), self._l2norm(g, rescale=True)
        if of_weight > 0.0 and of_grad > 0.0:
            lr *= self.eta * of_weight / (of_grad + wd * of_weight + self.eps)
        return lr

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: bool
    ) -> None:
        momentum = self.momentum
        if self.momentum_correction and self.last_lr:
            momentum *= self.cur_lr / self.last_lr
        raw = grads
        grads, scale = self._folded(grads)
        if not detail:
            if states:
                momentum_step(weights, grads, states[0], lr, wd, momentum, scale)
            else:
                plain_step(weights, grads, lr, wd, scale)
            return
        rates = lr * self._ratios(weights, raw, wd)  # one for each layer; not read here: that would stop a GPU
        lengths = (rates * -scale).unbind()
        decays = (rates * -wd).unbind()
        if states:
            (moms,) = states
            torch._foreach_mul_(moms, momentum)
            torch._foreach_addcmul_(moms, grads, lengths)
            if wd:
                torch._foreach_addcmul_(moms, weights, decays)
            torch._foreach_add_(weights, moms)
        else:
            if wd:
                torch._foreach_mul_(weights, [1 + decay for decay in decays])
            torch._foreach_addcmul_(weights, grads, lengths)

    def _ratios(self, weights: Tensors, grads: Tensors, wd: float) -> Tensor:
        """Return what the rate is multiplied by, for each layer."""
        of_weights = torch.stack(list(torch._foreach_norm(weights)))
        of_grads = torch.stack(list(torch._foreach_norm(grads))) * self.rescale_grad
        ratios = self.eta * of_weights / (of_grads + wd * of_weights + self.eps)
        return torch.where((of_weights > 0) & (of_grads > 0), ratios, 1.0)


@register
class LBSGD(SteppingOptimizer):
    """`SGD` for large batches: it sums gradients over several batches, and its rate rises in a warm-up.

    Every `batch_scale` updates the mean of the gradients since the last step is used; the others change nothing. The
    rate is multiplied by a factor that goes from 1 to `batch_scale` during the warm-up.

    Parameters
    ----------
    momentum : float
        Part of the last step that is added to the next.
    multi_precision : bool
        Keep float32 copies of float16 and bfloat16 weights and update those.
    warmup_strategy : {'linear', 'power2', 'sqrt', 'lars'}
        How the factor rises with the number of updates; 'lars' takes it from the norms of weight and gradient.
    warmup_epochs : int
        Length of the warm-up.
    batch_scale : int
        Number of batches that one step stands for.
    updates_per_epoch : int
        Number of batches in an epoch.
    begin_epoch : int
        Epoch that training begins with.
    num_epochs : int
        Kept for programs that give it; it has no effect.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017.

    You, Gitman, Ginsburg, "Large batch training of convolutional networks", 2017.

    Examples
    --------
    >>> lbsgd = mx.optimizer.LBSGD(learning_rate=0.5, batch_scale=2, warmup_epochs=0)
    >>> weight, grad = mx.nd.array([1, 2]), mx.nd.array([2, -2])
    >>> lbsgd.update(0, weight, grad, None)
    >>> weight.asnumpy().tolist()
    [1.0, 2.0]
    >>> lbsgd.update(0, weight, grad, None)
    >>> weight.asnumpy().tolist()
    [-1.0, 4.0]
    """

    _state_arrays = (0, 1)
    _elementwise = False
    _takes_lists = False
    _rate_first = True

    def __init__(
        self,
        momentum: float = 0.0,
        multi_precision: bool = False,
        warmup_strategy: str = "linear",
        warmup_epochs: int = 5,
        batch_scale: int = 1,
        updates_per_epoch: int = 32,
        begin_epoch: int = 0,
        num_epochs: int = 60,
        **kwargs: Any,
    ) -> None:
        super().__init__(multi_precision=multi_precision, **kwargs)
        logging.info("Running Large-Batch SGD Algorithm")
        logging.info(
            "(Batch_scale=%f, warmup_epochs=%d, warmup_strategy=%s, updates_per_epoch=%d)",
            batch_scale,
            warmup_epochs,
            warmup_strategy,
            updates_per_epoch,
        )
        self.momentum = momentum
        self.warmup_strategy = warmup_strategy
        self.warmup_epochs = warmup_epochs
        self.batch_scale = batch_scale
        self.updates_per_epoch = updates_per_epoch
        self.init_updates = begin_epoch * updates_per_epoch
        self.num_epochs = num_epochs
        self.lbmult: float = 1
        self.cumgrads: dict[Index, dict[str, Any]] = {}
        self.adaptive = False
        self.admult: float = 1

    def create_state(self, index: Index, weight: NDArray) -> NDArray | None:
        """Return zeros for the momentum, or None if there is none."""
        return zeros_like(weight, sparse=True) if self.momentum else None

    def _is_lazy(self, weight: NDArray) -> bool:
        return self.batch_scale == 1  # otherwise gradients of other rows are added

    def _get_lbmult(self, nup: int) -> float:
        """Return the factor of the rate after so many updates."""
        warmup = self.warmup_epochs * self.updates_per_epoch
        most = float(self.batch_scale)
        if nup >= warmup:
            return most
        if warmup <= 1:
            return 1.0
        part = float(nup) / warmup
        risen = {"linear": part, "power2": part * part, "sqrt": math.sqrt(part)}.get(self.warmup_strategy, 0.0)
        return 1.0 + (most - 1) * risen

    def _detail(self, index: Index) -> Index:  # type: ignore[override]
        return index

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Index
    ) -> None:
        ((weight,), (grad,)) = (weights, grads)
        before = self.cumgrads.get(detail)
        count = (before["num_cums"] if before and before["num_cums"] > 0 else self.init_updates) + 1
        so_far = before["cum_grad"] if before else 0
        total = grad if isinstance(so_far, int) else so_far._data.to(grad.device, grad.dtype).view_as(grad) + grad
        if count % self.batch_scale:
            kept = total.clone() if total is grad else total
            self.cumgrads[detail] = {"cum_grad": wrap(NDArray, kept, context_of(kept)), "num_cums": count}
            return
        self.cumgrads[detail] = {"cum_grad": 0, "num_cums": count}
        mean = total / self.batch_scale if self.batch_scale != 1 else total
        means, scale = self._folded([mean])
        momentum = single(self.momentum)
        if self.warmup_strategy == "lars":
            rate = lr * self._lars(weight, mean, wd)
            step = (means[0] * scale).add_(weight, alpha=wd).mul_(-rate)
            weight.add_(states[0][0].mul_(momentum).add_(step) if states else step)
            return
        lr *= self._get_lbmult(count)
        if states:
            momentum_step(weights, means, states[0], single(lr), single(wd), momentum, scale)
        else:
            plain_step(weights, means, single(lr), single(wd), scale)

    def _lars(self, weight: Tensor, grad: Tensor, wd: float) -> Tensor:
        """Return the factor of the rate that follows from the norms, without reading it."""
        of_weight, of_grad = weight.square().sum(), grad.square().sum()
        return (of_weight / (of_grad + wd * of_weight + 1e-18)).sqrt().clamp(0.01, 100)


@register
class LAMB(_CountingOptimizer):
    """LAMB: `Adam` with a weight decay of its own, and steps whose length is a part of the layer's norm.

    With ``g = clip(rescale_grad * grad)`` and the averages m and v of `Adam`, divided by ``1 - beta1**t`` and
    ``1 - beta2**t`` in update t: ``step = m / (sqrt(v) + epsilon) + wd * weight``, then
    ``weight -= lr * |weight| / |step| * step``. The quotient is 1 where a norm is 0.

    Parameters
    ----------
    learning_rate : float
        Learning rate.
    beta1, beta2 : float, from 0 to below 1
        Part of the averages m and v that is kept.
    epsilon : float
        Keeps the divisor away from 0.
    lower_bound, upper_bound : float, optional
        Bounds of the weights' norm in the quotient.
    bias_correction : bool
        Divide the averages as said above, or do not.
    **kwargs
        As for `Optimizer`.

    References
    ----------
    You, Li, Reddi et al., "Large batch optimization for deep learning: training BERT in 76 minutes", 2020.

    Examples
    --------
    >>> lamb = mx.optimizer.LAMB(learning_rate=0.5)
    >>> weight = mx.nd.array([3, 4])
    >>> lamb.update(0, weight, mx.nd.array([2, 0]), lamb.create_state(0, weight))
    >>> weight.asnumpy().round(3).tolist()
    [0.5, 4.0]
    """

    _elementwise = False

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-6,
        lower_bound: float | None = None,
        upper_bound: float | None = None,
        bias_correction: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.lower_bound = lower_bound
        self.upper_bound = upper_bound
        self.bias_correction = bias_correction
        self.aggregate_num = min(45, aggregation_size(45))

    def _sparse_averages(self) -> bool:
        return True

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: int
    ) -> None:
        means, variances = states
        beta1, beta2, epsilon = single(self.beta1), single(self.beta2), single(self.epsilon)
        grads = self._clipped(grads)
        average(means, grads, beta1)
        average_of_squares(variances, grads, beta2)
        steps = list(torch._foreach_sqrt(variances))
        if self.bias_correction:  # both corrections and epsilon are put into the divisor
            left = 1 - beta1**detail, 1 - beta2**detail
            if not all(left):
                raise base.ValueError(f"LAMB: beta1 is {beta1:g} and beta2 {beta2:g}; expected less than 1")
            torch._foreach_mul_(steps, left[0] / left[1] ** 0.5)
            epsilon *= left[0]
        torch._foreach_add_(steps, epsilon)
        torch._foreach_reciprocal_(steps)
        torch._foreach_mul_(steps, means)
        if wd:
            torch._foreach_add_(steps, weights, alpha=single(wd))
        bounds = single(self.lower_bound or -1.0), single(self.upper_bound or -1.0)
        norms = [torch.stack(list(torch._foreach_norm(arrays))) for arrays in (weights, steps)]
        lengths = lamb_ratio(norms[0], norms[1], *bounds) * -single(lr)  # not read here: that would stop a GPU
        torch._foreach_addcmul_(weights, steps, lengths.unbind())
