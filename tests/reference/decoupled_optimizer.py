"""References for mxnet/_ops/decoupled_optimizer.py."""

from __future__ import annotations

import numpy as np

from . import Sample, bad, normal, reference, sample
from .optimizer import CLIP, NO_ROOM, case, cases, result, scaled, single

_LAMB = (
    {"beta1": 0.8, "beta2": 0.5}, {"epsilon": 0.5}, {"t": 20}, {"bias_correction": False}, {"wd": 0.0}, CLIP, NO_ROOM,
)  # fmt: skip


@reference(
    "lamb_update_phase1",
    samples=cases("wgmv", *_LAMB, t=2, wd=0.1),
    bad=[
        bad(normal(2), normal(2), normal(2), normal(3), t=1, wd=0.0, match=r"var has shape \(3,\) and weight \(2,\)"),
        bad(*[normal(2)] * 4, t=1, match="required attribute 'wd'"),
    ],
    benchmark=lambda: case("wgmv", 1000, 1000, t=5, wd=1e-4, rescale_grad=1 / 32),
)
def lamb_update_phase1(
    weight, grad, mean, var, *, beta1=0.9, beta2=0.999, epsilon=1e-6, t, bias_correction=True, wd, rescale_grad=1.0,
    clip_gradient=-1.0,
):  # fmt: skip
    beta1, beta2 = single(beta1), single(beta2)
    grad = scaled(grad.astype("float64"), rescale_grad, clip_gradient)
    mean = beta1 * mean + (1 - beta1) * grad
    var = beta2 * var + (1 - beta2) * grad * grad
    if bias_correction:
        mean, var = mean / (1 - beta1**t), var / (1 - beta2**t)
    return result(mean / (np.sqrt(var) + single(epsilon)) + single(wd) * weight.astype("float64"), weight)


@reference(
    "mp_lamb_update_phase1",
    samples=[case("wgmvW", 5, dtype="float16", **{"t": 2, "wd": 0.1, **given}) for given in ({}, *_LAMB)],
    bad=[bad(*[normal(2)] * 5, t=1, wd=0.0, match="weight is float32; expected a 16-bit float")],
    benchmark=lambda: case("wgmvW", 200, 1000, dtype="float16", t=5, wd=1e-4, rescale_grad=1 / 32),
)
def mp_lamb_update_phase1(weight, grad, mean, var, weight32, **attributes):
    return lamb_update_phase1(weight32, grad, mean, var, **attributes)


def _phase2(*shape: int, r1: float = 1.5, r2: float = 0.7, dtype: str = "float32", master: bool = False, **given):
    wide = normal(*shape, seed=3)
    state = "float32" if master else dtype
    inputs = [wide.astype(dtype), normal(*shape, seed=4, dtype=state), np.array([r1], state), np.array([r2], state)]
    return sample(*inputs, *([wide] if master else []), differentiable=False, **given)


_PHASE2 = (
    {"lr": 0.1}, {"lr": 0.1, "lower_bound": 3.0}, {"lr": 0.1, "upper_bound": 0.5}, {"lr": 0.1, "lower_bound": 0.0},
    {"lr": 0.1, "upper_bound": 0.0}, {"lr": 0.1, "lower_bound": 2.0, "upper_bound": 1.0}, {"lr": 0.1, "r1": 0.0},
    {"lr": 0.1, "r2": 0.0}, {"lr": 0.1, "r1": 0.0, "lower_bound": 1.0}, {"lr": 0.1, "dtype": "float16"},
)  # fmt: skip


@reference(
    "lamb_update_phase2",
    samples=[
        *(_phase2(2, 3, **given) for given in _PHASE2),
        _phase2(4, dtype="float64", lr=0.1),
        _phase2(1, lr=0.1),
        _phase2(0, 2, lr=0.1),
    ],
    bad=[
        bad(normal(2), normal(3), normal(1), normal(1), lr=0.1, match=r"g has shape \(3,\) and weight \(2,\)"),
        bad(normal(2), normal(2), normal(2), normal(1), lr=0.1, match=r"r1 has shape \(2,\); expected \(1,\)"),
    ],
    benchmark=lambda: _phase2(1000, 1000, lr=0.1),
)
def lamb_update_phase2(weight, g, r1, r2, *, lr, lower_bound=-1.0, upper_bound=-1.0):
    ratio = float(r1[0])
    if lower_bound >= 0:
        ratio = max(ratio, single(lower_bound))
    if upper_bound >= 0:
        ratio = min(ratio, single(upper_bound))
    ratio = 1.0 if ratio == 0 or r2[0] == 0 else ratio / float(r2[0])
    return result(weight.astype("float64") - single(lr) * ratio * g, weight)


_STUCK = {"golden": False, "why": "1.9.1 leaves the master weights as they were"}


@reference(
    "mp_lamb_update_phase2",
    samples=[_phase2(2, 3, master=True, **{"dtype": "float16", **_STUCK, **given}) for given in _PHASE2],
    bad=[
        bad(normal(2), *[normal(2)] + [normal(1)] * 2, normal(3), lr=0.1, match=r"weight32 has shape \(3,\) and"),
    ],
    benchmark=lambda: _phase2(1000, 1000, master=True, dtype="float16", lr=0.1),
)
def mp_lamb_update_phase2(weight, g, r1, r2, weight32, **attributes):
    return result(lamb_update_phase2(weight32, g, r1, r2, **attributes), weight)


def _adamw(kinds: str, *shape: int, scale: float = 0.5, **options) -> Sample:
    made = case(kinds, *shape, **{"lr": 0.1, "eta": 0.5, **options})
    made.inputs = (*made.inputs, np.float32([scale]))
    return made


_SKIPPED = {"golden": False, "why": "1.9.1 leaves an output that is not the weights unwritten"}
_OVERWRITTEN = {"golden": False, "why": "1.9.1 overwrites the gradient with the scaled and clipped one"}
_ADAMW = (
    {}, {"beta1": 0.8, "beta2": 0.5}, {"beta1": 1.0, "beta2": 1.0}, {"epsilon": 0.5}, {"wd": 0.1}, {"eta": 1.0},
    {"clip_gradient": 0.3, "wd": 0.1}, {"clip_gradient": 0.0}, {"lr": 0.0, "wd": 0.1}, {"dtype": "float16"},
    {"scale": -1.0}, {"scale": 0.0, **_SKIPPED}, {"scale": np.inf, **_SKIPPED}, {"scale": np.nan, **_SKIPPED},
)  # fmt: skip


@reference(
    "_adamw_update",
    samples=[
        *(_adamw("wgmv", 5, **{**_OVERWRITTEN, **given}) for given in _ADAMW),
        *(_adamw("wgmv", 5, scale=1.0, **given) for given in _ADAMW if not given.keys() & {"scale", "clip_gradient"}),
        _adamw("wgmv", 2, 2, scale=1.0, dtype="float64", wd=0.1),
        _adamw("wgmv", 1, scale=1.0),
        _adamw("wgmv", 0, 2),
    ],
    bad=[
        bad(*[normal(2)] * 4, normal(2), lr=0.1, eta=1.0, match=r"rescale_grad has shape \(2,\); expected \(1,\)"),
        bad(*[normal(2)] * 3, normal(3), normal(1), lr=0.1, eta=1.0, match=r"var has shape \(3,\) and weight \(2,\)"),
    ],
    benchmark=lambda: _adamw("wgmv", 1000, 1000, wd=1e-4),
)
def adamw_update(
    weight, grad, mean, var, rescale_grad, *, lr, beta1=0.9, beta2=0.999, epsilon=1e-8, wd=0.0, eta, clip_gradient=-1.0
):
    scale = float(np.ravel(rescale_grad)[0])
    if scale == 0 or not np.isfinite(scale):
        return weight
    weight64, (beta1, beta2) = weight.astype("float64"), map(single, (beta1, beta2))
    grad = scaled(grad.astype("float64"), scale, clip_gradient)
    mean = beta1 * mean + (1 - beta1) * grad
    var = beta2 * var + (1 - beta2) * grad * grad
    step = single(lr) * mean / (np.sqrt(var) + single(epsilon)) + single(wd) * weight64
    return result(weight64 - single(eta) * step, weight)


@reference(
    "_mp_adamw_update",
    samples=[
        *(_adamw("wgmvW", 5, **{"dtype": "float16", **given}) for given in _ADAMW),
        *(_adamw("wgmvW", 5, **given) for given in _ADAMW[:8]),
    ],
    bad=[bad(*[normal(2)] * 4, normal(3), normal(1), lr=0.1, eta=1.0, match=r"weight32 has shape \(3,\) and weight")],
    benchmark=lambda: _adamw("wgmvW", 400, 1000, dtype="float16", wd=1e-4),
)
def mp_adamw_update(weight, grad, mean, var, weight32, rescale_grad, **attributes):
    return result(adamw_update(weight32, grad, mean, var, rescale_grad, **attributes), weight)
