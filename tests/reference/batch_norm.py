"""References for mxnet/_ops/batch_norm.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample, uniform


def _state(channels, dtype="float32"):
    """Gamma, beta, moving mean and moving variance."""
    return (
        normal(channels, seed=1, dtype=dtype),
        normal(channels, seed=2, dtype=dtype),
        normal(channels, seed=3, dtype=dtype),
        uniform(channels, low=0.5, high=2, seed=4, dtype=dtype),
    )


def _batch(*shape, axis=1, dtype="float32", state_dtype=None):
    return normal(*shape, dtype=dtype), *_state(shape[axis], state_dtype or dtype)


SINGLE = "1.9.1 takes float32 only"


@reference(
    "BatchNorm",
    samples=[
        sample(*_batch(2, 3, 2)),
        sample(*_batch(2, 3, 2, 3), fix_gamma=False),
        sample(*_batch(2, 3, 2, 3), fix_gamma=False, training=False),
        sample(*_batch(2, 3, 2, 3), training=False),
        sample(*_batch(2, 3, 2, 3), fix_gamma=False, use_global_stats=True),
        sample(*_batch(2, 3, 2, 3), use_global_stats=True, output_mean_var=True),
        sample(*_batch(2, 3, 2), fix_gamma=False, output_mean_var=True),
        sample(*_batch(2, 3, 2), fix_gamma=False, output_mean_var=True, training=False),
        sample(*_batch(4, 3), fix_gamma=False, momentum=0.5, eps=1e-5),
        sample(*_batch(1, 3), fix_gamma=False),
        sample(*_batch(2, 2, 3, axis=-1), fix_gamma=False, axis=-1),
        sample(*_batch(2, 2, 3, 4, axis=3), fix_gamma=False, axis=3),
        sample(*_batch(2, 2, 3, 4, axis=3), fix_gamma=False, axis=-1, training=False),
        sample(*_batch(3, 4, axis=0), fix_gamma=False, axis=0),
        sample(*_batch(2, 3, 2, 1, 2), fix_gamma="False", cudnn_off=True, min_calib_range=0.0, max_calib_range=1.0),
        sample(*_batch(2, 3, 4, dtype="float64"), fix_gamma=False, momentum=0.25),
        sample(*_batch(2, 3, 4, dtype="float16", state_dtype="float32"), fix_gamma=False, training=False,
               differentiable=False, golden_gradient=False, why="1.9.1 rounds the terms of its sums to float16"),
        sample(*_batch(2, 3, 4, dtype="float16", state_dtype="float32"), fix_gamma=False, differentiable=False,
               golden=False, why="1.9.1 rounds the terms of its sums to float16"),
        sample(np.full((2, 2, 3), 7.0, "float32"), *_state(2), fix_gamma=False, differentiable=False),
    ],
    bad=[
        bad(normal(2, 3, 2), *_state(4), match=r"gamma has shape \(4,\); expected \(3,\), axis 1"),
        bad(normal(2, 3, 2), *_state(3), axis=5, match="axis is 5; expected -3 to 2"),
        bad(*_batch(2, 3, 2, dtype="float16"), match="gamma is float16; expected float32 as data is float16"),
        bad(integers(2, 3), *_state(3), match="data is int32; expected a floating dtype"),
        bad(normal(3), *_state(3), match="expected at least two axes"),
    ],
    benchmark=lambda: sample(*_batch(32, 64, 56, 56), fix_gamma=False),
)  # fmt: skip
def batch_norm(
    data, gamma, beta, moving_mean, moving_var, *, eps=1e-3, momentum=0.9, fix_gamma=True, use_global_stats=False,
    output_mean_var=False, axis=1, cudnn_off=False, min_calib_range=None, max_calib_range=None, training=True,
):  # fmt: skip
    x = np.moveaxis(data.astype("float64"), axis, -1)
    rows = x.reshape(-1, x.shape[-1])
    if training and not use_global_stats:
        mean, variance = rows.mean(0), ((rows - rows.mean(0)) ** 2).mean(0)
    else:
        mean, variance = moving_mean.astype("float64"), moving_var.astype("float64")
    inverse = (variance + eps) ** -0.5
    out = np.moveaxis((x - mean) * inverse * (1.0 if fix_gamma else gamma) + beta, -1, axis)
    return (out, mean, inverse) if output_mean_var else out


ONEDNN = "1.9.1 takes float32 images on the CPU only"
UNSET = "1.9.1 returns unset memory as statistics"
UNSET_MASK = "1.9.1 reads unset memory to see where the ReLU was positive"


@reference(
    "_contrib_BatchNormWithReLU",
    samples=[
        sample(*_batch(2, 3, 2, 3)),
        sample(*_batch(2, 3, 2, 3), fix_gamma=False),
        sample(*_batch(2, 3, 2, 3), fix_gamma="False", training=False, golden_gradient=False, why=UNSET_MASK),
        sample(*_batch(2, 3, 2, 3), training=False, golden_gradient=False, why=UNSET_MASK),
        sample(*_batch(2, 3, 2, 3), fix_gamma=False, use_global_stats=True),
        sample(*_batch(2, 3, 2, 2), use_global_stats=True, output_mean_var=True),
        sample(*_batch(2, 3, 2, 2), fix_gamma=False, output_mean_var=True, momentum=0.5, eps=0.1),
        sample(*_batch(2, 3, 2, 2), fix_gamma=False, output_mean_var=True, training=False, golden_gradient=False,
               why=UNSET_MASK),
        sample(*_batch(2, 3, 2, 1), cudnn_off=True, min_calib_range=0.0, max_calib_range=1.0),
        sample(*_batch(2, 2, 3, 4, axis=3), fix_gamma=False, axis=-1, golden=False, why=ONEDNN),
        sample(*_batch(4, 3), fix_gamma=False, golden=False, why=ONEDNN),
        sample(*_batch(2, 3, 2, 2, dtype="float64"), fix_gamma=False, golden=False, why=ONEDNN),
        sample(*_batch(2, 3, 4, dtype="float16", state_dtype="float32"), fix_gamma=False, differentiable=False,
               golden=False, why=ONEDNN),
        sample(np.full((2, 2, 3, 1), 7.0, "float32"), np.ones(2, "float32"), np.zeros(2, "float32"), *_state(2)[2:],
               fix_gamma=False, differentiable=False),
    ],
    bad=[
        bad(normal(2, 3, 2, 2), *_state(4), match=r"gamma has shape \(4,\); expected \(3,\), axis 1"),
        bad(normal(2, 3, 2), *_state(3), axis=5, match="axis is 5; expected -3 to 2"),
        bad(integers(2, 3), *_state(3), match="data is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(*_batch(8, 32, 56, 56), fix_gamma=False),
)  # fmt: skip
def batch_norm_with_relu(*inputs, output_mean_var=False, training=True, **attributes):
    out, mean, inverse = batch_norm(*inputs, output_mean_var=True, training=training, **attributes)
    out = np.where(out > 0, out, 0)
    return (out, mean, inverse) if output_mean_var else out


KEYED = {"key": "statistics"}


@reference(
    "_contrib_SyncBatchNorm",
    samples=[
        sample(*_batch(2, 3, 2, 3), **KEYED),
        sample(*_batch(2, 3, 2, 3), fix_gamma=False, **KEYED),
        sample(*_batch(2, 3, 4), fix_gamma="False", training=False, **KEYED),
        sample(*_batch(2, 3, 2, 3), training=False, ndev=1, **KEYED),
        sample(*_batch(2, 3, 2, 3), fix_gamma=False, use_global_stats=True, **KEYED),
        sample(*_batch(2, 3, 2), fix_gamma=False, output_mean_var=True, momentum=0.5, eps=0.1, **KEYED),
        sample(*_batch(2, 3, 2), use_global_stats=True, output_mean_var=True, golden=False, why=UNSET, **KEYED),
        sample(*_batch(2, 3, 2), output_mean_var=True, training=False, golden=False, why=UNSET, **KEYED),
        sample(*_batch(4, 3), fix_gamma=False, **KEYED),
        sample(*_batch(2, 3, 2, 1, 2), fix_gamma=False, **KEYED),
        sample(*_batch(2, 3, 2, 2), fix_gamma=False, ndev=2, golden=False, why="1.9.1 waits for the other device",
               **KEYED),
        sample(*_batch(2, 3, 2, 2, dtype="float64"), fix_gamma=False, golden=False, why=SINGLE, **KEYED),
        sample(*_batch(2, 3, 4, dtype="float16", state_dtype="float32"), fix_gamma=False, differentiable=False,
               golden=False, why=SINGLE, **KEYED),
    ],
    bad=[
        bad(normal(2, 3, 2), *_state(4), match=r"gamma has shape \(4,\); expected \(3,\), axis 1", **KEYED),
        bad(normal(3), *_state(3), match="expected at least two axes", **KEYED),
        bad(integers(2, 3), *_state(3), match="data is int32; expected a floating dtype", **KEYED),
        bad(normal(2, 3, 2), *_state(3), match="required attribute 'key'"),
    ],
    benchmark=lambda: sample(*_batch(8, 32, 56, 56), fix_gamma=False, **KEYED),
)  # fmt: skip
def sync_batch_norm(*inputs, eps=1e-3, output_mean_var=False, training=True, ndev=1, key="", **attributes):
    out, mean, inverse = batch_norm(*inputs, eps=eps, output_mean_var=True, training=training, **attributes)
    return (out, mean, inverse**-2.0 - eps) if output_mean_var else out
