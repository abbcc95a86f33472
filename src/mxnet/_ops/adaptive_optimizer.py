"""Updates of one weight array whose steps are scaled by averages of squared gradients."""

# torch does not export the functions of its own optimizers, but keeps them
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch

from .attributes import single
from .optimizer import (
    advanced,
    average,
    average_of_squares,
    check_arrays,
    check_dtype,
    decayed,
    described_as,
    first_shape,
    scaled,
    updates,
)
from .registry import Shape, operator

Tensor = torch.Tensor
Attributes = Mapping[str, Any]

_INFINITY = float("inf")


@lru_cache(64)
def _no_bias(device: torch.device) -> Tensor:
    """Return the number of a step after which nothing is left of the averages' start."""
    return torch.full((), _INFINITY, device=device)


def adam_steps(
    weights: list[Tensor],
    grads: list[Tensor] | tuple[Tensor, ...],
    means: list[Tensor],
    variances: list[Tensor],
    *,
    lr: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    decay: float = 0.0,
    shrink: float = 0.0,
    skip: Tensor | None = None,
) -> None:
    """Change weights by ``-lr * mean / (sqrt(var) + epsilon)`` after updating the averages.

    `decay` times the weights is added to the gradients; the weights are first multiplied by ``1 - shrink``. Where
    `skip`, a float32 scalar, is 1, nothing changes.
    """
    fused = 0 <= beta1 < 1 and 0 <= beta2 < 1 and (lr != 0 or not shrink)
    if fused and weights[0].device.type in ("cpu", "cuda"):
        # torch's optimizers use these: one pass over memory instead of about ten
        run = torch._fused_adamw_ if shrink else torch._fused_adam_
        run(
            weights,
            grads,
            means,
            variances,
            [],
            [_no_bias(weights[0].device)] * len(weights),
            lr=lr,
            beta1=beta1,
            beta2=beta2,
            weight_decay=shrink / lr if shrink else decay,
            eps=epsilon,
            amsgrad=False,
            maximize=False,
            found_inf=skip,
        )
        return
    for arrays in zip(weights, grads, means, variances):
        weight, grad, mean, var = arrays if skip is None else [array.clone() for array in arrays]
        if decay:
            grad = torch.add(grad, weight, alpha=decay)
        average(mean, grad, beta1)
        average_of_squares(var, grad, beta2)
        weight.mul_(1 - shrink).addcdiv_(mean, var.sqrt().add_(epsilon), value=-lr)
        if skip is not None:
            for array, after in zip(arrays, (weight, grad, mean, var)):
                array.copy_(torch.where(skip == 1, array, after))


@updates(
    "adam_update",
    """
    >>> weight, grad, mean, var = mx.nd.ones((2,)), mx.nd.array([3, -3]), mx.nd.zeros((2,)), mx.nd.zeros((2,))
    >>> mx.nd.adam_update(weight, grad, mean, var, lr=0.5, beta1=0, beta2=0, out=weight).asnumpy().tolist()
    [0.5, 1.5]
    """,
    aliases=("_sparse_adam_update",),
    hidden=("lazy_update",),
    own={"clip_gradient": "float\n    Bound of the absolute values of g; none if negative."},
)
def adam_step(
    weight: Tensor,
    grad: Tensor,
    mean: Tensor,
    var: Tensor,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
) -> None:
    """Step of Adam, without the correction of the averages' start: the caller puts that into `lr`.

    With ``g = clip(rescale_grad * grad + wd * weight)``: ``mean = beta1 * mean + (1 - beta1) * g``,
    ``var = beta2 * var + (1 - beta2) * g**2``, then ``weight -= lr * mean / (sqrt(var) + epsilon)``.

    References
    ----------
    Kingma, Ba, "Adam: a method for stochastic optimization", 2015.
    """
    if clip_gradient >= 0:
        grad, wd = decayed(weight, grad, wd, rescale_grad, clip_gradient), 0.0
    else:
        grad = scaled(grad, rescale_grad, clip_gradient)
    adam_steps([weight], [grad], [mean], [var], lr=lr, beta1=beta1, beta2=beta2, epsilon=epsilon, decay=wd)


@updates(
    "ftml_update",
    """
    >>> weight, grad = mx.nd.ones((2,)), mx.nd.array([3, -3])
    >>> d, v, z = mx.nd.zeros((2,)), mx.nd.zeros((2,)), mx.nd.zeros((2,))
    >>> mx.nd.ftml_update(weight, grad, d, v, z, lr=0.5, t=1, out=weight).asnumpy().round(3).tolist()
    [0.5, 1.5]
    """,
    own={
        "d": "{state}\n    Divisor of the last step; overwritten.",
        "v": "{state}\n    Moving average of the squares of g; overwritten.",
        "z": "{state}\n    Moving average that the weights follow from; overwritten.",
        "beta1": "float\n    Part of `z` and `d` that is kept.",
        "beta2": "float\n    Part of `v` that is kept.",
        "clip_grad": "float\n    Bound of the absolute values of g; none if negative.",
    },
)
def ftml_step(
    weight: Tensor,
    grad: Tensor,
    d: Tensor,
    v: Tensor,
    z: Tensor,
    *,
    lr: float,
    beta1: float = 0.6,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    t: int,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_grad: float = -1.0,
) -> None:
    """Step of follow the moving leader.

    With ``g = clip(rescale_grad * grad + wd * weight)``: ``v = beta2 * v + (1 - beta2) * g**2``,
    ``after = (1 - beta1**t) / lr * (sqrt(v / (1 - beta2**t)) + epsilon)``,
    ``z = beta1 * z + (1 - beta1) * g - (after - beta1 * d) * weight``, then ``d = after`` and ``weight = -z / d``.

    References
    ----------
    Zheng, Kwok, "Follow the moving leader in deep learning", 2017.
    """
    if t < 1 or not lr:
        raise ValueError(f"t is {t} and lr is {lr:g}; expected t of at least 1 and an lr that is not 0")
    grad = decayed(weight, grad, wd, rescale_grad, clip_grad)
    average_of_squares(v, grad, beta2)
    factor = (1 - beta1**t) / lr
    root = factor / (1 - beta2**t) ** 0.5 if beta2**t < 1 else _INFINITY
    after = v.sqrt().mul_(root).add_(factor * epsilon)
    average(z, grad, beta1).addcmul_(d.mul_(-beta1).add_(after), weight, value=-1)
    torch.div(z, d.copy_(after), out=weight).neg_()


@updates(
    "ftrl_update",
    """
    >>> weight, grad, z, n = mx.nd.ones((2,)), mx.nd.array([3, -3]), mx.nd.array([4, 0]), mx.nd.zeros((2,))
    >>> mx.nd.ftrl_update(weight, grad, z, n, lr=1, lamda1=1, out=weight).asnumpy().round(2).tolist()
    [-0.75, 1.25]
    """,
    aliases=("_sparse_ftrl_update",),
    own={
        "z": "{state}\n    Sum of corrected gradients; overwritten.",
        "n": "{state}\n    Sum of squared gradients; overwritten.",
        "lamda1": "float\n    Weight of the L1 norm: weights whose z is not larger become 0.",
        "beta": "float\n    Keeps the first steps short.",
        "wd": "float\n    Weight of the L2 norm.",
    },
)
def ftrl_step(
    weight: Tensor,
    grad: Tensor,
    z: Tensor,
    n: Tensor,
    *,
    lr: float,
    lamda1: float = 0.01,
    beta: float = 1.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> None:
    """Step of follow the regularized leader, which makes many weights exactly 0.

    With ``g = clip(rescale_grad * grad)``: ``z += g - (sqrt(n + g**2) - sqrt(n)) * weight / lr``, ``n += g**2``, then
    ``weight = -sign(z) * max(abs(z) - lamda1, 0) / ((beta + sqrt(n)) / lr + wd)``.

    References
    ----------
    McMahan et al., "Ad click prediction: a view from the trenches", 2013.
    """
    if not lr:
        raise ValueError(f"lr is {lr}; expected another number than 0")
    if lamda1 < 0:
        raise ValueError(f"lamda1 is {lamda1:g}; expected at least 0")
    grad = scaled(grad, rescale_grad, clip_gradient)
    before = n.sqrt()
    root = n.addcmul_(grad, grad).sqrt()
    z.add_(grad).addcmul_(before.sub_(root), weight, value=1 / lr)
    divisor = root.add_(beta).div_(-lr).sub_(wd)
    torch.div(torch.nn.functional.softshrink(z, lamda1), divisor, out=weight)


_RMSPROP = {
    "n": "{state}\n    Moving average of the squares of s; overwritten.",
    "clip_gradient": "float\n    Bound of the absolute values of s; none if negative.",
    "g": "{state}\n    Moving average of s; overwritten.",
    "delta": "{state}\n    The last change of `weight`; overwritten.",
    "gamma2": "float\n    Part of `delta` that is kept.",
}


@updates(
    "rmsprop_update",
    """
    >>> weight, grad, n = mx.nd.ones((2,)), mx.nd.array([3, -3]), mx.nd.zeros((2,))
    >>> mx.nd.rmsprop_update(weight, grad, n, lr=0.5, gamma1=0, out=weight).asnumpy().tolist()
    [0.5, 1.5]
    """,
    own=_RMSPROP,
)
def rmsprop_step(
    weight: Tensor,
    grad: Tensor,
    n: Tensor,
    *,
    lr: float,
    gamma1: float = 0.95,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    clip_weights: float = -1.0,
) -> None:
    """Step of RMSProp.

    With ``s = clip(rescale_grad * grad + wd * weight)``: ``n = gamma1 * n + (1 - gamma1) * s**2``, then
    ``weight = clip_weights(weight - lr * s / sqrt(n + epsilon))``.

    References
    ----------
    Tieleman, Hinton, "Lecture 6.5: RMSProp", Coursera, 2012.
    """
    grad = decayed(weight, grad, wd, rescale_grad, clip_gradient)
    average_of_squares(n, grad, gamma1)
    weight.addcdiv_(grad, (n + epsilon).sqrt_(), value=-lr)
    if clip_weights >= 0:
        weight.clamp_(-clip_weights, clip_weights)


@updates(
    "rmspropalex_update",
    """
    >>> weight, grad, n = mx.nd.ones((2,)), mx.nd.array([3, -3]), mx.nd.zeros((2,))
    >>> g, delta = mx.nd.zeros((2,)), mx.nd.ones((2,))
    >>> mx.nd.rmspropalex_update(weight, grad, n, g, delta, lr=0, gamma2=0.5, out=weight).asnumpy().tolist()
    [1.5, 1.5]
    """,
    own=_RMSPROP,
)
def rmspropalex_step(
    weight: Tensor,
    grad: Tensor,
    n: Tensor,
    g: Tensor,
    delta: Tensor,
    *,
    lr: float,
    gamma1: float = 0.95,
    gamma2: float = 0.9,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    clip_weights: float = -1.0,
) -> None:
    """Step of RMSProp with momentum, divided by a standard deviation.

    With ``s = clip(rescale_grad * grad + wd * weight)``: ``n = gamma1 * n + (1 - gamma1) * s**2``,
    ``g = gamma1 * g + (1 - gamma1) * s``, ``delta = gamma2 * delta - lr * s / sqrt(n - g**2 + epsilon)``, then
    ``weight = clip_weights(weight + delta)``.

    References
    ----------
    Graves, "Generating sequences with recurrent neural networks", 2013.
    """
    grad = decayed(weight, grad, wd, rescale_grad, clip_gradient)
    average_of_squares(n, grad, gamma1)
    average(g, grad, gamma1)
    deviation = torch.addcmul(n, g, g, value=-1).add_(epsilon).sqrt_()
    weight.add_(delta.mul_(gamma2).addcdiv_(grad, deviation, value=-lr))
    if clip_weights >= 0:
        weight.clamp_(-clip_weights, clip_weights)


@updates(
    "_sparse_adagrad_update",
    """
    >>> weight, history = mx.nd.ones((3, 1)), mx.nd.zeros((3, 1))
    >>> grad = mx.nd.sparse.row_sparse_array(([[2]], [1]), shape=(3, 1))
    >>> mx.nd.sparse.adagrad_update(weight, grad, history, lr=0.5, out=weight).asnumpy().round(3).tolist()
    [[1.0], [0.5], [1.0]]
    """,
    own={
        "history": "the shape and dtype of `weight`\n    Sum of the squared gradients; overwritten.",
        "wd": "float\n    Only 0: rows that are not in a row_sparse gradient would have to decay too.",
    },
)
def adagrad_step(
    weight: Tensor,
    grad: Tensor,
    history: Tensor,
    *,
    lr: float,
    epsilon: float = 1e-7,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> None:
    """Step of AdaGrad; of a row_sparse gradient only the rows that it holds are looked at.

    With ``g = clip(rescale_grad * grad)``: ``history += g**2``, then ``weight -= lr * g / sqrt(history + epsilon)``.

    References
    ----------
    Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011.
    """
    if wd:
        raise ValueError(f"wd={wd}; expected 0: weight decay goes through mx.optimizer.AdaGrad")
    grad = scaled(grad, rescale_grad, clip_gradient)
    history.addcmul_(grad, grad)
    weight.addcdiv_(grad, (history + epsilon).sqrt_(), value=-lr)


def _history_shape(shapes: list[Shape | None], attributes: Attributes) -> list[Shape | None]:
    known = shapes[0] or shapes[1]
    if known:
        shapes[0] = shapes[1] = known
        shapes[2] = shapes[2] or (known[0], 1)
    return shapes


@operator(
    "_contrib_group_adagrad_update", complete=_history_shape, shape=first_shape, mutates=("history",), updates=(0,)
)
@described_as(
    """
    >>> weight, grad, history = mx.nd.ones((2, 2)), mx.nd.array([[3, 3], [0, 0]]), mx.nd.zeros((2, 1))
    >>> mx.nd.contrib.group_adagrad_update(weight, grad, history, lr=0.5, out=weight).asnumpy().round(3).tolist()
    [[0.5, 0.5], [1.0, 1.0]]
    """,
    {
        "weight": "(N, ...)\n    Weights, of a floating dtype; one group for each row.",
        "history": "(N, 1) or (N,), the dtype of `weight`\n    Sum of the rows' mean squares; overwritten.",
    },
)
def group_adagrad_update(
    weight: Tensor,
    grad: Tensor,
    history: Tensor,
    *,
    lr: float,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    epsilon: float = 1e-5,
    inplace: bool = False,
) -> Tensor:
    """Step of AdaGrad with one learning rate for each row, as for the rows of an embedding.

    With ``g = clip(rescale_grad * grad)``: ``history += mean(g**2)`` over each row, then
    ``weight -= lr * g / sqrt(history + epsilon)``.

    References
    ----------
    Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011.
    """
    check_arrays(("weight", "grad"), (weight, grad), (weight.dtype,) * 2)
    rows = weight.shape[:1]
    if weight.dim() < 2:
        raise ValueError(f"weight has shape {tuple(weight.shape)}; expected at least 2 axes: its rows are the groups")
    if history.shape != rows and history.shape != (*rows, 1):
        raise ValueError(f"history has shape {tuple(history.shape)}; expected {(*rows, 1)}")
    check_dtype("history", history, weight.dtype)
    if grad.dtype.itemsize == 2:
        grad = grad.float()
    grad = scaled(grad, single(rescale_grad), single(clip_gradient))
    history.add_(grad.square().flatten(1).mean(1).view(history.shape))
    total = history.to(grad.dtype).view(-1, *[1] * (weight.dim() - 1))
    return advanced(weight, grad * (total + single(epsilon)).rsqrt_().mul_(-single(lr)), inplace)
