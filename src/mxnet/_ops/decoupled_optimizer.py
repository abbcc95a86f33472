"""Updates of one weight array whose weight decay is no part of the averages: AdamW and LAMB."""

# torch does not export the functions of its own optimizers, but keeps them
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from .adaptive_optimizer import adam_steps
from .attributes import single
from .families import dtype_name
from .optimizer import (
    advanced,
    average,
    average_of_squares,
    check_arrays,
    check_dtype,
    described_as,
    first_dtype,
    first_shape,
    master_dtypes,
    master_update,
    scaled,
    update,
)
from .registry import Shape, operator

Tensor = torch.Tensor
Attributes = Mapping[str, Any]
Dtypes = list[torch.dtype | None]

WEIGHTS = ("weight", "grad", "mean", "var")
MASTERED = (*WEIGHTS, "weight32")

_SCALE = {
    "rescale_grad": "(1,), float32\n    Factor of the gradient. If it is 0, infinite or NaN, nothing changes.",
    "eta": "float\n    Factor of the whole step, from a schedule.",
}


def _with_scalars(arrays: int, scalars: int, *, masters: bool = False) -> Callable[..., list[Shape | None]]:
    """``complete=`` for arrays of one shape, then scalars, then one more array of that shape if `masters`."""

    def complete(shapes: list[Shape | None], attributes: Attributes) -> list[Shape | None]:
        known = next((shape for shape in (*shapes[:arrays], *shapes[arrays + scalars :]) if shape), None)
        return [known] * arrays + [(1,)] * scalars + [known] * masters

    return complete


def check_scalar(name: str, array: Tensor, dtype: torch.dtype) -> None:
    """Raise unless `array` has one element and the dtype."""
    check_dtype(name, array, dtype)
    if array.shape != (1,) and array.shape != ():
        raise ValueError(f"{name} has shape {tuple(array.shape)}; expected (1,)")


def adamw_steps(
    weights: list[Tensor],
    grads: list[Tensor] | tuple[Tensor, ...],
    means: list[Tensor],
    variances: list[Tensor],
    rescale_grad: Tensor,
    *,
    lr: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    wd: float,
    eta: float,
    clip_gradient: float,
) -> None:
    """Take a step of AdamW with arrays of one dtype, float32 or float64, in place."""
    scale = rescale_grad.view(())
    skip = (scale / scale).isnan().float()  # 0, infinite or NaN; not read here, which would stop a GPU's queue
    grads = torch._foreach_mul(grads, scale.to(weights[0].dtype))
    if clip_gradient >= 0:
        torch._foreach_clamp_max_(grads, clip_gradient)
        torch._foreach_clamp_min_(grads, -clip_gradient)
    adam_steps(
        weights,
        grads,
        means,
        variances,
        lr=eta * lr,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        shrink=eta * wd,
        skip=skip,
    )


def _adamw_step(
    weight: Tensor, grad: Tensor, mean: Tensor, var: Tensor, *, rescale_grad: Tensor, **attributes: float
) -> None:
    rounded = {name: single(value) for name, value in attributes.items()}
    adamw_steps([weight], [grad], [mean], [var], rescale_grad, **rounded)


@operator(
    "_adamw_update",
    complete=_with_scalars(4, 1),
    complete_dtypes=lambda dtypes, attributes: [next((d for d in dtypes[:4] if d), None)] * 4 + [torch.float32],
    shape=first_shape,
    mutates=("mean", "var"),
    updates=(0,),
)
@described_as(
    """
    >>> weight, grad, mean, var = mx.nd.ones((2,)), mx.nd.array([3, -3]), mx.nd.zeros((2,)), mx.nd.zeros((2,))
    >>> scale, options = mx.nd.array([0.5]), {'lr': 0.5, 'eta': 1, 'wd': 0.25, 'beta1': 0, 'beta2': 0}
    >>> mx.nd._internal._adamw_update(weight, grad, mean, var, scale, **options).asnumpy().tolist()
    [0.25, 1.25]
    """,
    _SCALE,
)
def adamw_update(
    weight: Tensor,
    grad: Tensor,
    mean: Tensor,
    var: Tensor,
    rescale_grad: Tensor,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    eta: float,
    clip_gradient: float = -1.0,
    inplace: bool = False,
) -> Tensor:
    """Step of AdamW: Adam with a weight decay of its own.

    With ``g = clip(rescale_grad * grad)``: ``mean = beta1 * mean + (1 - beta1) * g``,
    ``var = beta2 * var + (1 - beta2) * g**2``, then
    ``weight -= eta * (lr * mean / (sqrt(var) + epsilon) + wd * weight)``.

    References
    ----------
    Loshchilov, Hutter, "Decoupled weight decay regularization", 2019.
    """
    check_scalar("rescale_grad", rescale_grad, torch.float32)
    attributes = {"lr": lr, "beta1": beta1, "beta2": beta2, "epsilon": epsilon, "wd": wd, "eta": eta}
    attributes |= {"clip_gradient": clip_gradient, "rescale_grad": rescale_grad}
    return update(_adamw_step, WEIGHTS, (weight, grad, mean, var), inplace, attributes)


@operator(
    "_mp_adamw_update",
    complete=_with_scalars(5, 1),
    complete_dtypes=master_dtypes,
    output_dtypes=first_dtype,
    shape=first_shape,
    mutates=("mean", "var", "weight32"),
    updates=(0,),
)
@described_as(
    """
    >>> master, mean, var = mx.nd.ones((2,)), mx.nd.zeros((2,)), mx.nd.zeros((2,))
    >>> weight, grad = master.astype('float16'), mx.nd.array([3, -3], dtype='float16')
    >>> scale, options = mx.nd.array([0.5]), {'lr': 0.5, 'eta': 1, 'wd': 0.25, 'beta1': 0, 'beta2': 0}
    >>> mx.nd._internal._mp_adamw_update(weight, grad, mean, var, master, scale, **options).asnumpy().tolist()
    [0.25, 1.25]
    """,
    _SCALE,
)
def mp_adamw_update(
    weight: Tensor,
    grad: Tensor,
    mean: Tensor,
    var: Tensor,
    weight32: Tensor,
    rescale_grad: Tensor,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    eta: float,
    clip_gradient: float = -1.0,
    inplace: bool = False,
) -> Tensor:
    """Step of AdamW with master weights.

    With ``g = clip(rescale_grad * grad)``: ``mean = beta1 * mean + (1 - beta1) * g``,
    ``var = beta2 * var + (1 - beta2) * g**2``, then
    ``weight32 -= eta * (lr * mean / (sqrt(var) + epsilon) + wd * weight32)``.

    References
    ----------
    Loshchilov, Hutter, "Decoupled weight decay regularization", 2019.
    """
    check_scalar("rescale_grad", rescale_grad, torch.float32)
    attributes = {"lr": lr, "beta1": beta1, "beta2": beta2, "epsilon": epsilon, "wd": wd, "eta": eta}
    attributes |= {"clip_gradient": clip_gradient, "rescale_grad": rescale_grad}
    return master_update(_adamw_step, MASTERED, (weight, grad, mean, var, weight32), inplace, attributes)


# -- LAMB --------------------------------------------------------------------------------------------------------


def lamb_direction(
    weight: Tensor,
    grad: Tensor,
    mean: Tensor,
    var: Tensor,
    *,
    beta1: float,
    beta2: float,
    epsilon: float,
    t: int,
    bias_correction: bool,
    wd: float,
    rescale_grad: float,
    clip_gradient: float,
) -> Tensor:
    """Update the averages and return the direction of a step, a new tensor. All arrays are float32 or float64."""
    grad = scaled(grad, rescale_grad, clip_gradient)
    average(mean, grad, beta1)
    average_of_squares(var, grad, beta2)
    root = var.sqrt()
    if bias_correction:
        if t < 1 or beta1**t == 1 or beta2**t == 1:
            raise ValueError(
                f"the averages of step {t} with beta1={beta1:g}, beta2={beta2:g} cannot be corrected; expected a step "
                "of at least 1 and betas below 1, or bias_correction=False"
            )
        # both corrections and epsilon, put into the divisor
        factor = 1 - beta1**t
        root.mul_(factor / (1 - beta2**t) ** 0.5)
        epsilon *= factor
    direction = torch.div(mean, root.add_(epsilon), out=root)
    return direction.add_(weight, alpha=wd) if wd else direction


def lamb_ratio(r1: Tensor, r2: Tensor, lower_bound: float, upper_bound: float) -> Tensor:
    """Return the factor of the learning rate: the norm `r1` of the weights, bounded, over the norm `r2` of the step."""
    if lower_bound >= 0:
        r1 = r1.clamp_min(lower_bound)
    if upper_bound >= 0:
        r1 = r1.clamp_max(upper_bound)
    return torch.where(r1.logical_and(r2), r1 / r2, 1.0)


_PHASE1 = {
    "wd": "float\n    Weight decay, added to the direction.",
    "bias_correction": "bool\n    Divide `mean` by ``1 - beta1**t`` and `var` by ``1 - beta2**t``.",
}
_PHASE2 = {
    "g": "the shape of `weight`\n    Direction of the step, from the first phase.",
    "r1": "(1,), the dtype of `g`\n    Norm of the weights.",
    "r2": "(1,), the dtype of `g`\n    Norm of `g`.",
    "lower_bound": "float\n    Least value of `r1`; none if negative.",
    "upper_bound": "float\n    Greatest value of `r1`; none if negative.",
}


@operator("lamb_update_phase1", elementwise=True, mutates=("mean", "var"))
@described_as(
    """
    >>> weight, grad, mean, var = mx.nd.ones((2,)), mx.nd.array([3, -3]), mx.nd.zeros((2,)), mx.nd.zeros((2,))
    >>> mx.nd.lamb_update_phase1(weight, grad, mean, var, t=1, wd=0.5).asnumpy().round(3).tolist()
    [1.5, -0.5]
    """,
    _PHASE1,
    "the direction of the step, in the shape and dtype of `weight`",
)
def lamb_update_phase1(
    weight: Tensor,
    grad: Tensor,
    mean: Tensor,
    var: Tensor,
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-6,
    t: int,
    bias_correction: bool = True,
    wd: float,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> Tensor:
    """First half of a step of LAMB: its direction.

    With ``g = clip(rescale_grad * grad)``: ``mean = beta1 * mean + (1 - beta1) * g``,
    ``var = beta2 * var + (1 - beta2) * g**2``; the direction is ``mean / (sqrt(var) + epsilon) + wd * weight``, with
    corrected averages. Its norm and the weights' are then given to the second half, `lamb_update_phase2`.

    References
    ----------
    You, Li, Reddi et al., "Large batch optimization for deep learning: training BERT in 76 minutes", 2020.
    """
    check_arrays(WEIGHTS, (weight, grad, mean, var), (weight.dtype,) * 4)
    options: dict[str, Any] = {"t": t, "bias_correction": bias_correction}
    floats = {"beta1": beta1, "beta2": beta2, "epsilon": epsilon, "wd": wd}
    floats |= {"rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    options |= {name: single(value) for name, value in floats.items()}
    if weight.dtype.itemsize > 2:
        return lamb_direction(weight, grad, mean, var, **options)
    wide = mean.float(), var.float()
    direction = lamb_direction(weight.float(), grad.float(), *wide, **options)
    mean.copy_(wide[0])
    var.copy_(wide[1])
    return direction.to(weight.dtype)


@operator(
    "mp_lamb_update_phase1",
    elementwise=True,
    complete_dtypes=master_dtypes,
    output_dtypes=lambda dtypes, attributes: [torch.float32],
    mutates=("mean", "var"),
)
@described_as(
    """
    >>> master, mean, var = mx.nd.ones((2,)), mx.nd.zeros((2,)), mx.nd.zeros((2,))
    >>> weight, grad = master.astype('float16'), mx.nd.array([3, -3], dtype='float16')
    >>> mx.nd.mp_lamb_update_phase1(weight, grad, mean, var, master, t=1, wd=0.5).asnumpy().round(3).tolist()
    [1.5, -0.5]
    """,
    {
        **_PHASE1,
        "weight": "any shape\n    Weights, of a 16-bit dtype. Only `weight32` counts here.",
        "weight32": "the shape of `weight`, float32\n    Master weights.",
    },
    "the direction of the step, in the shape of `weight`, float32",
)
def mp_lamb_update_phase1(
    weight: Tensor,
    grad: Tensor,
    mean: Tensor,
    var: Tensor,
    weight32: Tensor,
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-6,
    t: int,
    bias_correction: bool = True,
    wd: float,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> Tensor:
    """First half of a step of LAMB with master weights: its direction.

    The formula is that of `lamb_update_phase1`, with `weight32` for the weights.

    References
    ----------
    You, Li, Reddi et al., "Large batch optimization for deep learning: training BERT in 76 minutes", 2020.
    """
    if weight.dtype.itemsize != 2 or not weight.is_floating_point():
        raise TypeError(
            f"weight is {dtype_name(weight.dtype)}; expected a 16-bit float (others need no master weights)"
        )
    check_arrays(MASTERED, (weight, grad, mean, var, weight32), (weight.dtype,) * 2 + (torch.float32,) * 3)
    floats = {"beta1": beta1, "beta2": beta2, "epsilon": epsilon, "wd": wd}
    floats |= {"rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    rounded: dict[str, Any] = {name: single(value) for name, value in floats.items()}
    return lamb_direction(weight32, grad.float(), mean, var, t=t, bias_correction=bias_correction, **rounded)


def _minus(lr: float, g: Tensor, r1: Tensor, r2: Tensor, lower_bound: float, upper_bound: float) -> Tensor:
    """Return the step that is added to the weights."""
    for name, norm in (("r1", r1), ("r2", r2)):
        check_scalar(name, norm, g.dtype)
    if g.dtype.itemsize == 2:
        g, r1, r2 = g.float(), r1.float(), r2.float()
    return g * lamb_ratio(r1, r2, single(lower_bound), single(upper_bound)).mul_(-single(lr))


@operator("lamb_update_phase2", complete=_with_scalars(2, 2), shape=first_shape, updates=(0,))
@described_as(
    """
    >>> weight, g = mx.nd.array([3, 4]), mx.nd.array([0, 2])
    >>> mx.nd.lamb_update_phase2(weight, g, weight.norm(), g.norm(), lr=0.5, out=weight).asnumpy().tolist()
    [3.0, 1.5]
    """,
    _PHASE2,
)
def lamb_update_phase2(
    weight: Tensor,
    g: Tensor,
    r1: Tensor,
    r2: Tensor,
    *,
    lr: float,
    lower_bound: float = -1.0,
    upper_bound: float = -1.0,
    inplace: bool = False,
) -> Tensor:
    """Second half of a step of LAMB: its length is a part of the weights' norm.

    ``weight -= lr * ratio * g``, where the ratio is ``r1 / r2``, with r1 bounded; 1 where one of them is 0.

    References
    ----------
    You, Li, Reddi et al., "Large batch optimization for deep learning: training BERT in 76 minutes", 2020.
    """
    check_arrays(("weight", "g"), (weight, g), (weight.dtype,) * 2)
    return advanced(weight, _minus(lr, g, r1, r2, lower_bound, upper_bound), inplace)


def _phase2_dtypes(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    return [dtypes[0], *[torch.float32] * 4]


@operator(
    "mp_lamb_update_phase2",
    complete=_with_scalars(2, 2, masters=True),
    complete_dtypes=_phase2_dtypes,
    output_dtypes=first_dtype,
    shape=first_shape,
    mutates=("weight32",),
    updates=(0,),
)
@described_as(
    """
    >>> master, g = mx.nd.array([3, 4]), mx.nd.array([0, 2])
    >>> weight = master.astype('float16')
    >>> mx.nd.mp_lamb_update_phase2(weight, g, master.norm(), g.norm(), master, lr=0.5).asnumpy().tolist()
    [3.0, 1.5]
    """,
    {**_PHASE2, "g": "the shape of `weight`, float32\n    Direction of the step, from the first phase."},
)
def mp_lamb_update_phase2(
    weight: Tensor,
    g: Tensor,
    r1: Tensor,
    r2: Tensor,
    weight32: Tensor,
    *,
    lr: float,
    lower_bound: float = -1.0,
    upper_bound: float = -1.0,
    inplace: bool = False,
) -> Tensor:
    """Second half of a step of LAMB with master weights.

    The formula is that of `lamb_update_phase2`, with `weight32` for the weights.

    References
    ----------
    You, Li, Reddi et al., "Large batch optimization for deep learning: training BERT in 76 minutes", 2020.
    """
    check_arrays(("weight", "g", "weight32"), (weight, g, weight32), (weight.dtype, torch.float32, torch.float32))
    weight32.add_(_minus(lr, g, r1, r2, lower_bound, upper_bound))
    return weight.copy_(weight32) if inplace else weight32.to(weight.dtype, copy=True)
