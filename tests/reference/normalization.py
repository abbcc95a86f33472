"""References for mxnet/_ops/normalization.py."""

from __future__ import annotations

import math

import numpy as np

from . import bad, integers, normal, reference, sample

CHANNELS = normal(2, 3, 4)
SINGLE = "1.9.1 takes float32 only"


def _normalized(x, axes, eps):
    mean = x.mean(axes, keepdims=True)
    std = np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + eps)
    return (x - mean) / std, mean, std


@reference(
    "LayerNorm",
    samples=[
        sample(normal(2, 3), normal(3), normal(3, seed=1)),
        sample(CHANNELS, normal(4), normal(4, seed=1), eps=0.1),
        sample(CHANNELS, normal(3), normal(3, seed=1), axis=1),
        sample(normal(4, 2, 3), normal(4), normal(4, seed=1), axis=-3),
        sample(CHANNELS, normal(4), normal(4, seed=1), output_mean_var=True),
        sample(CHANNELS, normal(3), normal(3, seed=1), axis=1, output_mean_var=True),
        sample(normal(5), normal(5, seed=1), normal(5, seed=2)),
        sample(normal(3, 1), normal(1), normal(1, seed=1), golden_gradient=False, why="rounding around a zero"),
        sample(normal(2, 3, scale=1e38), normal(3), normal(3, seed=1), differentiable=False, golden=False,
               why="1.9.1's squares overflow"),
        sample(normal(2, 3, dtype="float64"), normal(3, dtype="float64"), normal(3, seed=1, dtype="float64")),
        sample(normal(2, 8, dtype="float16"), normal(8, dtype="float16"), normal(8, seed=1, dtype="float16"),
               differentiable=False),
        sample(normal(2, 8, dtype="float16"), normal(8, dtype="float16"), normal(8, seed=1, dtype="float16"),
               output_mean_var=True, differentiable=False),
    ],
    bad=[
        bad(normal(2, 3), normal(2), normal(3), match=r"gamma has shape \(2,\); expected \(3,\), axis 1"),
        bad(normal(2, 3), normal(3), normal(2), match=r"beta has shape \(2,\); expected \(3,\)"),
        bad(normal(2, 3, dtype="float16"), normal(3), normal(3), match="gamma is float32; expected float16"),
        bad(normal(2, 3), normal(3), normal(3), axis=2, match="axis is 2; expected -2 to 1"),
        bad(integers(2, 3), integers(3), integers(3), match="data is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(normal(32, 128, 768), normal(768), normal(768, seed=1)),
)  # fmt: skip
def layer_norm(data, gamma, beta, *, axis=-1, eps=1e-5, output_mean_var=False):
    out, mean, std = _normalized(data.astype("float64"), axis, eps)
    shape = [1] * data.ndim
    shape[axis] = -1
    out = out * gamma.reshape(shape) + beta.reshape(shape)
    return (out, mean, std) if output_mean_var else out


@reference(
    "InstanceNorm",
    samples=[
        sample(CHANNELS, normal(3), normal(3, seed=1)),
        sample(normal(2, 3, 2, 2), normal(3), normal(3, seed=1), eps=0.1),
        sample(normal(1, 2, 2, 1, 2), normal(2), normal(2, seed=1)),
        sample(normal(2, 3, 1), normal(3), normal(3, seed=1)),
        sample(np.full((1, 2, 3), 1e4, "float32"), normal(2), normal(2, seed=1), differentiable=False),
        sample(normal(2, 2, 3, scale=1e38), normal(2), normal(2, seed=1), differentiable=False, golden=False,
               why="1.9.1's squares overflow"),
        sample(normal(2, 3, 4, dtype="float64"), normal(3, dtype="float64"), normal(3, dtype="float64"), golden=False,
               why=SINGLE),
        sample(normal(2, 3, 8, dtype="float16"), normal(3, dtype="float16"), normal(3, dtype="float16"), golden=False,
               why=SINGLE, differentiable=False),
    ],
    bad=[
        bad(normal(2, 3), normal(3), normal(3), match=r"data has shape \(2, 3\); expected at least three axes"),
        bad(CHANNELS, normal(4), normal(3), match=r"gamma has shape \(4,\); expected \(3,\), axis 1"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), normal(64), normal(64, seed=1)),
)  # fmt: skip
def instance_norm(data, gamma, beta, *, eps=1e-3):
    out, _, _ = _normalized(data.astype("float64"), tuple(range(2, data.ndim)), eps)
    shape = (-1, *(1,) * (data.ndim - 2))
    return out * gamma.reshape(shape) + beta.reshape(shape)


@reference(
    "GroupNorm",
    samples=[
        sample(normal(2, 4, 3), normal(1), normal(1, seed=1)),
        sample(normal(2, 4, 3), normal(2), normal(2, seed=1), num_groups=2),
        sample(normal(2, 4, 2, 2), normal(4), normal(4, seed=1), num_groups="4", eps=0.1),
        sample(normal(2, 4, 3), normal(2), normal(2, seed=1), num_groups=2, output_mean_var=True),
        sample(normal(2, 4, 3), normal(1), normal(1, seed=1), output_mean_var=True),
        sample(np.full((1, 2, 3), 1e4, "float32"), normal(1), normal(1, seed=1), differentiable=False),
        sample(normal(1, 2, 3, scale=1e38), normal(1), normal(1, seed=1), differentiable=False, golden=False,
               why="1.9.1's squares overflow"),
        sample(normal(2, 4, 3, dtype="float64"), normal(2, dtype="float64"), normal(2, dtype="float64"), num_groups=2),
        sample(normal(2, 4, 4, dtype="float16"), normal(2, dtype="float16"), normal(2, dtype="float16"), num_groups=2,
               differentiable=False),
    ],
    bad=[
        bad(CHANNELS, normal(2), normal(2), num_groups=2, match="num_groups is 2; expected a divisor of the 3"),
        bad(normal(2, 4, 3), normal(4), normal(4), num_groups=2, match=r"gamma has shape \(4,\); expected \(2,\)"),
        bad(normal(2, 4), normal(1), normal(1), match=r"data has shape \(2, 4\); expected at least three axes"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), normal(32), normal(32, seed=1), num_groups=32),
)  # fmt: skip
def group_norm(data, gamma, beta, *, num_groups=1, eps=1e-5, output_mean_var=False):
    x = data.astype("float64").reshape(data.shape[0], num_groups, -1)
    out, mean, std = _normalized(x, 2, eps)
    out = (out * gamma[:, None] + beta[:, None]).reshape(data.shape)
    return (out, mean[..., 0], std[..., 0]) if output_mean_var else out


@reference(
    "L2Normalization",
    samples=[
        sample(normal(2, 3)),
        sample(normal(2, 3, 2)),
        sample(normal(2, 3, 2), mode="channel"),
        sample(normal(2, 3, 2, 2), mode="spatial", eps=0.5),
        sample(normal(4)),
        sample(np.zeros((2, 2), "float32"), differentiable=False),
        sample(normal(2, 3, scale=1e38), differentiable=False, golden=False, why="1.9.1's squares overflow"),
        sample(normal(2, 3, 2, dtype="float64"), mode="channel"),
        sample(normal(2, 3, dtype="float16"), differentiable=False),
    ],
    bad=[
        bad(normal(2, 3), mode="channel", match=r"data has shape \(2, 3\); expected at least three axes"),
        bad(integers(2, 3), match="data is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), mode="channel"),
)
def l2_normalization(data, *, eps=1e-10, mode="instance"):
    x = data.astype("float64")
    axes = {"instance": tuple(range(1, x.ndim)), "channel": (1,), "spatial": tuple(range(2, x.ndim))}[mode]
    return x / np.sqrt((x * x).sum(axes, keepdims=True) + eps)


@reference(
    "LRN",
    samples=[
        sample(normal(1, 6, 2, 2), nsize=3),
        *(sample(normal(1, 6, 2, 1), nsize=n, alpha=0.5, beta=0.6, knorm=1.5) for n in (1, 2, 3, 4, 5)),
        sample(normal(2, 2, 2, 2), nsize="5", alpha=1.0),
        sample(normal(1, 6, 2, 2, dtype="float64"), nsize=3, alpha=0.5, golden=False, why=SINGLE),
        sample(normal(1, 6, 2, 2, dtype="float16"), nsize=3, alpha=0.5, golden=False, why=SINGLE, differentiable=False),
        sample(normal(2, 6), nsize=3, alpha=0.5, golden=False, why="1.9.1 has its gradient for four axes only"),
    ],
    bad=[
        bad(normal(1, 6, 2, 2), match="required attribute 'nsize'"),
        bad(normal(1, 6, 2, 2), nsize=0, match="nsize is 0; expected at least 1"),
        bad(integers(1, 6, 2, 2), nsize=3, match="data is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(normal(16, 64, 28, 28), nsize=5),
)  # fmt: skip
def lrn(data, *, nsize, alpha=1e-4, beta=0.75, knorm=2.0):
    x = data.astype("float64")
    reach = math.ceil(nsize / 2) - 1
    total = np.stack([(x[:, max(c - reach, 0) : c + reach + 1] ** 2).sum(1) for c in range(x.shape[1])], 1)
    return x / (knorm + alpha * total / nsize) ** beta
