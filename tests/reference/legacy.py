"""References for mxnet/_ops/legacy.py."""

from __future__ import annotations

import itertools
import math

import numpy as np

from . import bad, integers, normal, reference, sample, uniform
from .batch_norm import sync_batch_norm
from .convolution import convolution


def _batch(*shape, dtype="float32", state_dtype=None):
    c, state_dtype = shape[1], state_dtype or dtype
    parameters = [normal(c, seed=i, dtype=state_dtype) for i in (1, 2, 3)]
    return normal(*shape, dtype=dtype), *parameters, uniform(c, low=0.5, high=2, dtype=state_dtype)


NO_ARRAYS = {"golden": False, "why": "1.9.1 has it for symbols only"}


@reference(
    "BatchNorm_v1",
    samples=[
        sample(*_batch(2, 3, 2, 3), **NO_ARRAYS),
        sample(*_batch(2, 3, 2, 3), fix_gamma=False, **NO_ARRAYS),
        sample(*_batch(2, 3, 2, 2), fix_gamma="False", training=False, **NO_ARRAYS),
        sample(*_batch(2, 3, 2, 2), training=False, output_mean_var=True, **NO_ARRAYS),
        sample(*_batch(2, 3, 2, 2), fix_gamma=False, use_global_stats=True, **NO_ARRAYS),
        sample(*_batch(2, 3, 2, 2), use_global_stats=True, output_mean_var=True, **NO_ARRAYS),
        sample(*_batch(2, 3, 2, 2), fix_gamma=False, output_mean_var=True, momentum=0.5, eps=0.1, **NO_ARRAYS),
        sample(*_batch(4, 3), fix_gamma=False, **NO_ARRAYS),
        sample(*_batch(2, 3, 4), fix_gamma=False, **NO_ARRAYS),
        sample(*_batch(2, 3, 2, 2, dtype="float64"), fix_gamma=False, **NO_ARRAYS),
        sample(*_batch(2, 3, 4, dtype="float16", state_dtype="float32"), fix_gamma=False, differentiable=False,
               **NO_ARRAYS),
    ],
    bad=[
        bad(normal(2, 3, 2), *_batch(1, 4)[1:], match=r"gamma has shape \(4,\); expected \(3,\), axis 1"),
        bad(normal(3), *_batch(1, 3)[1:], match="expected at least two axes"),
    ],
    benchmark=lambda: sample(*_batch(8, 32, 56, 56), fix_gamma=False),
)  # fmt: skip
def batch_norm_v1(*inputs, training=True, **attributes):
    return sync_batch_norm(*inputs, training=training, **attributes)


AXES = "1.9.1 has two spatial axes only"


@reference(
    "Convolution_v1",
    samples=[
        sample(normal(1, 2, 5, 5), normal(3, 2, 3, 3), normal(3), kernel=(3, 3), num_filter=3),
        sample(normal(2, 2, 4, 5), normal(3, 2, 2, 3), kernel="(2, 3)", num_filter="3", no_bias="True"),
        sample(normal(1, 2, 6, 5), normal(2, 2, 3, 3), normal(2), kernel=(3, 3), num_filter=2, stride=(2, 1),
               pad=(1, 2)),
        sample(normal(1, 1, 7, 7), normal(2, 1, 3, 3), normal(2), kernel=(3, 3), num_filter=2, dilate=(2, 3)),
        sample(normal(1, 1, 7, 7), normal(2, 1, 2, 2), normal(2), kernel=(2, 2), num_filter=2, dilate=(2, 2),
               stride=(2, 2), golden_gradient=False, why="1.9.1 mistakes stride and dilate together for the data"),
        sample(normal(1, 4, 4, 4), normal(6, 2, 3, 3), normal(6), kernel=(3, 3), num_filter=6, num_group=2),
        sample(normal(1, 3, 2, 2), normal(2, 3, 1, 1), normal(2), kernel=(1, 1), num_filter=2, workspace=256,
               cudnn_tune="off", cudnn_off=True, layout="NCHW"),
        sample(normal(1, 1, 1, 1), normal(1, 1, 1, 1), normal(1), kernel=(1, 1), num_filter=1),
        sample(normal(1, 2, 4, 4, dtype="float64"), normal(2, 2, 3, 3, dtype="float64"), kernel=(3, 3), num_filter=2,
               no_bias=True),
        sample(normal(1, 2, 4, 4, dtype="float16"), normal(2, 2, 3, 3, dtype="float16"), kernel=(3, 3), num_filter=2,
               no_bias=True, differentiable=False, golden=False, why="1.9.1 has no float16 convolution on the CPU"),
        sample(normal(1, 2, 4), normal(2, 2, 2), normal(2), kernel=(2,), num_filter=2, golden=False, why=AXES),
        sample(normal(1, 2, 3, 3, 3), normal(2, 2, 2, 2, 2), normal(2), kernel=(2, 2, 2), num_filter=2, golden=False,
               why=AXES),
        sample(normal(1, 5, 4, 2), normal(3, 3, 2, 2), normal(3), kernel=(3, 2), num_filter=3, layout="NHWC",
               golden=False, why="1.9.1 refuses channels last"),
    ],
    bad=[
        bad(normal(1, 4, 5, 5), normal(6, 2, 3, 3), normal(6), kernel=(3, 3), num_filter=6,
            match=r"weight has shape \(6, 2, 3, 3\); expected \(6, 4, 3, 3\)"),
        bad(normal(1, 2, 5, 5), normal(6, 2, 3, 3), normal(6), kernel=(3, 3), num_filter=6, stride=2,
            match=r"stride is \(2,\); expected 2 numbers"),
        bad(normal(1, 2, 5, 5), normal(6, 2, 3, 3), normal(6), kernel=(3, 3), num_filter=0, match="at least 1, got 0"),
        bad(normal(1, 2, 5, 5), normal(6, 2, 3, 3), normal(6), kernel=(3, 3), num_filter=6, layout="NCW",
            match="expected one of 'NCDHW'"),
    ],
    benchmark=lambda: sample(normal(4, 16, 56, 56), normal(32, 16, 3, 3), normal(32), kernel=(3, 3), num_filter=32,
                             pad=(1, 1)),
)  # fmt: skip
def convolution_v1(*inputs, **attributes):
    return convolution(*inputs, **attributes)


IMAGE = normal(1, 2, 5, 5)
BELOW = -np.abs(IMAGE)
OVERHANG = [  # kernel, stride, pad of windows that reach beyond the data in one convention or the other
    (2, 2, 0),
    (3, 2, 1),
    (2, 2, 1),
    (3, 3, 2),
    (4, 2, 0),
]
TIES = np.array([[[[1, 1, 0, 0], [1, 1, 0, 0]]]], "float32")


@reference(
    "Pooling_v1",
    samples=[
        *(
            sample(normal(1, 1, 5, 5), kernel=(k, k), stride=(s, s), pad=(p, p), pool_type=t, pooling_convention=c)
            for (k, s, p), t, c in itertools.product(OVERHANG, ("max", "avg", "sum"), ("valid", "full"))
        ),
        *(
            sample(IMAGE, kernel=(3, 2), stride=(2, 3), pad=(1, 0), pool_type=t, pooling_convention=c)
            for t, c in itertools.product(("max", "avg", "sum"), ("valid", "full"))
        ),
        sample(BELOW, kernel=(3, 3), pad=(1, 1)),
        sample(BELOW, kernel=(2, 2), stride=(2, 2), pooling_convention="full"),
        *(
            sample(BELOW, kernel=(1, 1), stride=(3, 3), pool_type=t, pooling_convention="full")
            for t in ("max", "avg", "sum")
        ),
        sample(IMAGE, kernel="(2, 2)", pad="(3, 2)"),
        sample(IMAGE, kernel=(6, 6), pad=(1, 1), pool_type="avg"),
        sample(IMAGE, kernel=(5, 5), stride=(2, 2)),
        *(
            sample(IMAGE, global_pool=True, pool_type=t, kernel=(2, 2), stride=(2, 2), pad=(1, 1))
            for t in ("max", "avg", "sum")
        ),
        sample(IMAGE, global_pool=True),
        sample(normal(1, 1, 1, 1), kernel=(1, 1)),
        sample(TIES, kernel=(2, 2), stride=(2, 2), differentiable=False),
        sample(TIES, kernel=(2, 2), differentiable=False),
        sample(TIES, kernel=(2, 2), pad=(1, 1), differentiable=False),
        sample(TIES, global_pool=True, differentiable=False),
        sample(np.array([[[[1, np.nan, 0, 2]]]], "float32"), kernel=(1, 2), differentiable=False),
        sample(np.full((1, 1, 2, 2), -np.inf, "float32"), kernel=(1, 2), differentiable=False),
        *(sample(normal(1, 1, 4, 4, dtype="float64"), kernel=(3, 3), pool_type=t) for t in ("max", "sum")),
        sample(normal(1, 1, 4, 4, dtype="float64"), kernel=(3, 3), pool_type="avg", golden=False,
               why="1.9.1 multiplies by 1 / 9 as a float32"),
        *(
            sample(normal(1, 1, 4, 4, dtype="float16"), kernel=(2, 2), pool_type=t, differentiable=False)
            for t in ("max", "avg", "sum")
        ),
    ],
    bad=[
        bad(integers(1, 1, 4, 4), kernel=(2, 2), match="data is int32; expected a floating dtype"),
        bad(IMAGE, kernel=(7, 7), match=r"kernel is \(7, 7\); expected at most the padded data"),
        bad(IMAGE, match=r"kernel is \(\); expected two numbers"),
        bad(IMAGE, kernel=(2, 2), stride=(2,), match=r"stride is \(2,\); expected two numbers"),
        bad(IMAGE, kernel=(2, 2), stride=(0, 1), match=r"stride is \(0, 1\); expected two numbers of at least 1"),
        bad(IMAGE[0], kernel=(2,), match=r"data has shape \(2, 5, 5\); expected four axes"),
        bad(IMAGE, kernel=(2, 2), pool_type="lp", match="expected one of 'avg', 'max', 'sum', got 'lp'"),
    ],
    benchmark=lambda: sample(normal(8, 32, 56, 56), kernel=(3, 3), stride=(2, 2), pad=(1, 1)),
)  # fmt: skip
def pooling_v1(data, *, kernel=(), pool_type="max", global_pool=False, pooling_convention="valid", stride=(), pad=()):
    if global_pool:
        kernel, stride, pad = data.shape[2:], (), ()
    stride, pad = stride or (1, 1), pad or (0, 0)
    x = np.pad(data.astype("float64"), [(0, 0), (0, 0), *((p, p) for p in pad)])
    cut = math.ceil if pooling_convention == "full" else math.floor
    counts = [1 + cut((n - k) / s) for n, k, s in zip(x.shape[2:], kernel, stride)]
    out = np.zeros((*x.shape[:2], *counts))
    for place in itertools.product(*map(range, counts)):
        window = x[(..., *(slice(i * s, i * s + k) for i, s, k in zip(place, stride, kernel)))]
        if pool_type == "max":
            out[(..., *place)] = window.max((2, 3), initial=-np.inf)
        else:
            out[(..., *place)] = window.sum((2, 3)) / (math.prod(kernel) if pool_type == "avg" else 1)
    return out
