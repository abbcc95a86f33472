"""References for mxnet/_ops/adaptive_optimizer.py."""

from __future__ import annotations

import numpy as np

from . import Sample, bad, normal, reference, sample, uniform
from .optimizer import CLIP, NO_ROOM, case, cases, overflowed, result, scaled, single


@reference(
    "adam_update",
    samples=[
        *cases(
            "wgmv", {"beta1": 0.8, "beta2": 0.5}, {"beta1": 0.0, "beta2": 0.0}, {"beta1": 1.0, "beta2": 1.0},
            {"epsilon": 0.5}, {"wd": 0.1}, CLIP, NO_ROOM, {"lazy_update": False}, lr=0.1,
        ),
        overflowed("wgmv", lr=0.1),
    ],
    bad=[
        bad(normal(2), normal(2), normal(2), normal(3), lr=0.1, match=r"var has shape \(3,\) and weight \(2,\)"),
        bad(normal(2), normal(2), normal(2), lr=0.1, match="'var' is missing"),
    ],
    benchmark=lambda: case("wgmv", 1000, 1000, lr=0.1, wd=1e-4, rescale_grad=1 / 32),
)  # fmt: skip
def adam_update(
    weight, grad, mean, var, *, lr, beta1=0.9, beta2=0.999, epsilon=1e-8, wd=0.0, rescale_grad=1.0,
    clip_gradient=-1.0, lazy_update=True,
):  # fmt: skip
    weight64, (beta1, beta2) = weight.astype("float64"), map(single, (beta1, beta2))
    grad = grad.astype("float64") * single(rescale_grad) + single(wd) * weight64
    grad = scaled(grad, 1.0, clip_gradient)
    mean = beta1 * mean + (1 - beta1) * grad
    var = beta2 * var + (1 - beta2) * grad * grad
    with np.errstate(invalid="ignore"):
        return result(weight64 - single(lr) * mean / (np.sqrt(var) + single(epsilon)), weight)


def _without_half(samples: list[Sample]) -> list[Sample]:
    """Take no goldens in float16, where ``1 - beta2**t`` of 1.9.1 has few digits left."""
    for made in samples:
        if made.inputs[0].dtype == np.float16:
            made.golden, made.why = False, "1.9.1 computes 1 - beta2**t in float16"
    return samples


@reference(
    "ftml_update",
    samples=_without_half(cases(
        "wgvvm", {"beta1": 0.8, "beta2": 0.5}, {"epsilon": 0.5}, {"t": 20}, {"wd": 0.1},
        {"clip_grad": 0.3, "wd": 0.1, "rescale_grad": 2.0}, {"clip_grad": 0.0}, lr=0.1, t=3,
    )),
    bad=[
        bad(*[normal(2)] * 4, normal(3), lr=0.1, t=1, match=r"z has shape \(3,\) and weight \(2,\)"),
        bad(*[normal(2)] * 5, lr=0.1, t=0, match="t is 0 and lr is 0.1; expected t of at least 1"),
    ],
    benchmark=lambda: case("wgvvm", 400, 1000, lr=0.1, t=5, wd=1e-4, rescale_grad=1 / 32),
)  # fmt: skip
def ftml_update(
    weight, grad, d, v, z, *, lr, beta1=0.6, beta2=0.999, epsilon=1e-8, t, wd=0.0, rescale_grad=1.0, clip_grad=-1.0
):
    weight64, (lr, beta1, beta2) = weight.astype("float64"), map(single, (lr, beta1, beta2))
    grad = scaled(grad.astype("float64") * single(rescale_grad) + single(wd) * weight64, 1.0, clip_grad)
    v = beta2 * v + (1 - beta2) * grad * grad
    after = (1 - beta1**t) / lr * (np.sqrt(v / (1 - beta2**t)) + epsilon)
    z = beta1 * z + (1 - beta1) * grad - (after - beta1 * d) * weight64
    return result(-z / after, weight)


@reference(
    "ftrl_update",
    samples=[
        *cases("wgmv", {"lamda1": 0.5}, {"lamda1": 0.0}, {"beta": 0.2}, {"wd": 0.1}, CLIP, NO_ROOM, lr=0.1),
        case("wgmv", 5, lr=0.1, lamda1=9.0),
        overflowed("wgmv", lr=0.1),
    ],
    bad=[
        bad(normal(2), normal(2), normal(2), normal(3), lr=0.1, match=r"n has shape \(3,\) and weight \(2,\)"),
        bad(*[normal(2)] * 4, lr=0, match="lr is 0.0; expected another number than 0"),
        bad(*[normal(2)] * 4, lr=0.1, lamda1=-0.5, match="lamda1 is -0.5; expected at least 0"),
    ],
    benchmark=lambda: case("wgmv", 1000, 1000, lr=0.1, wd=1e-4, rescale_grad=1 / 32),
)
def ftrl_update(weight, grad, z, n, *, lr, lamda1=0.01, beta=1.0, wd=0.0, rescale_grad=1.0, clip_gradient=-1.0):
    weight64, lr, lamda1 = weight.astype("float64"), single(lr), single(lamda1)
    grad = scaled(grad.astype("float64"), rescale_grad, clip_gradient)
    after = n + grad * grad
    z = z + grad - (np.sqrt(after) - np.sqrt(n)) * weight64 / lr
    pulled = np.sign(z) * np.maximum(np.abs(z) - lamda1, 0)
    with np.errstate(invalid="ignore"):
        return result(-pulled / ((single(beta) + np.sqrt(after)) / lr + single(wd)), weight)


_RMS = ({"gamma1": 0.5}, {"epsilon": 0.5}, {"wd": 0.1}, CLIP, NO_ROOM, {"clip_weights": 0.4}, {"clip_weights": 0.0})


@reference(
    "rmsprop_update",
    samples=[*cases("wgv", *_RMS, lr=0.1), overflowed("wgv", lr=0.1)],
    bad=[bad(normal(2), normal(2), normal(3), lr=0.1, match=r"n has shape \(3,\) and weight \(2,\)")],
    benchmark=lambda: case("wgv", 1000, 1000, lr=0.1, wd=1e-4, rescale_grad=1 / 32),
)
def rmsprop_update(
    weight, grad, n, *, lr, gamma1=0.95, epsilon=1e-8, wd=0.0, rescale_grad=1.0, clip_gradient=-1.0, clip_weights=-1.0
):
    weight64, gamma1 = weight.astype("float64"), single(gamma1)
    grad = scaled(grad.astype("float64") * single(rescale_grad) + single(wd) * weight64, 1.0, clip_gradient)
    n = gamma1 * n + (1 - gamma1) * grad * grad
    with np.errstate(invalid="ignore"):
        return result(scaled(weight64 - single(lr) * grad / np.sqrt(n + single(epsilon)), 1.0, clip_weights), weight)


@reference(
    "rmspropalex_update",
    samples=cases("wgvmm", *_RMS, {"gamma2": 0.3}, lr=0.1),
    bad=[bad(*[normal(2)] * 4, normal(3), lr=0.1, match=r"delta has shape \(3,\) and weight \(2,\)")],
    benchmark=lambda: case("wgvmm", 400, 1000, lr=0.1, wd=1e-4, rescale_grad=1 / 32),
)
def rmspropalex_update(
    weight, grad, n, g, delta, *, lr, gamma1=0.95, gamma2=0.9, epsilon=1e-8, wd=0.0, rescale_grad=1.0,
    clip_gradient=-1.0, clip_weights=-1.0,
):  # fmt: skip
    weight64, gamma1 = weight.astype("float64"), single(gamma1)
    grad = scaled(grad.astype("float64") * single(rescale_grad) + single(wd) * weight64, 1.0, clip_gradient)
    n = gamma1 * n + (1 - gamma1) * grad * grad
    g = gamma1 * g + (1 - gamma1) * grad
    delta = single(gamma2) * delta - single(lr) * grad / np.sqrt(n - g * g + single(epsilon))
    return result(scaled(weight64 + delta, 1.0, clip_weights), weight)


def _rows(*shape: int, dtype: str = "float32", flat: bool = False, **given) -> Sample:
    history = uniform(shape[0], *([] if flat else [1]), low=0.5, high=2).astype(dtype)
    inputs = [normal(*shape, seed=3, dtype=dtype), normal(*shape, seed=4, dtype=dtype), history]
    why = "1.9.1 has it for row_sparse gradients only"
    return sample(*inputs, differentiable=False, golden=False, why=why, **{"lr": 0.1, **given})


@reference(
    "_contrib_group_adagrad_update",
    samples=[
        _rows(3, 4),
        _rows(3, 4, rescale_grad=2.0, clip_gradient=0.3),
        _rows(3, 4, epsilon=0.5),
        _rows(3, 2, 2),
        _rows(3, 4, flat=True),
        _rows(1, 1),
        _rows(0, 2),
        _rows(3, 4, dtype="float64", lr="0.5"),
        _rows(3, 4, dtype="float16"),
    ],
    bad=[
        bad(normal(2, 3), normal(2, 3), normal(3, 1), lr=0.1, match=r"history has shape \(3, 1\); expected \(2, 1\)"),
        bad(normal(2), normal(2), normal(2), lr=0.1, match=r"weight has shape \(2,\); expected at least 2 axes"),
    ],
)
def group_adagrad_update(weight, grad, history, *, lr, rescale_grad=1.0, clip_gradient=-1.0, epsilon=1e-5):
    grad = scaled(grad.astype("float64"), rescale_grad, clip_gradient)
    out = weight.astype("float64")
    for row in range(weight.shape[0]):
        total = float(np.ravel(history)[row]) + np.mean(grad[row] ** 2)
        out[row] -= single(lr) * grad[row] / np.sqrt(total + single(epsilon))
    return result(out, weight)


def _dense(samples: list[Sample]) -> list[Sample]:
    for made in samples:
        made.golden, made.why = False, "1.9.1 takes row_sparse arrays only"
    return samples


@reference(
    "_sparse_adagrad_update",
    samples=_dense(cases("wgv", {"epsilon": 0.5}, {"clip_gradient": 0.3, "rescale_grad": 2.0}, NO_ROOM, lr=0.1)),
    bad=[
        bad(normal(2), normal(2), normal(3), lr=0.1, match=r"history has shape \(3,\) and weight \(2,\)"),
        bad(normal(2), normal(2), normal(2), lr=0.1, wd=0.1, match="wd=0.1.*expected 0"),
    ],
    benchmark=lambda: case("wgv", 1000, 1000, lr=0.1, rescale_grad=1 / 32),
)
def adagrad_update(weight, grad, history, *, lr, epsilon=1e-7, wd=0.0, rescale_grad=1.0, clip_gradient=-1.0):
    grad = scaled(grad.astype("float64"), rescale_grad, clip_gradient)
    history = history + grad * grad
    return result(weight.astype("float64") - single(lr) * grad / np.sqrt(history + single(epsilon)), weight)
