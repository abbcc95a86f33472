"""References for mxnet/_ops/pooling.py."""

from __future__ import annotations

import itertools
import math

import numpy as np

from . import bad, integers, normal, reference, sample

ROW = normal(1, 2, 5)
IMAGE = normal(1, 2, 5, 5)
OVERHANG = [  # kernel, stride, pad of windows that reach beyond the data in one convention or the other
    (2, 2, 0),
    (3, 2, 1),
    (2, 2, 1),
    (3, 3, 2),
    (4, 2, 0),
]
TIES = np.array([[[[1, 1, 0, 0], [1, 1, 0, 0]]]], "float32")
SAME_FAILS = "1.9.1 stops with an index error"


@reference(
    "Pooling",
    samples=[
        *(
            sample(ROW, kernel=(k,), stride=(s,), pad=(p,), pool_type=t, pooling_convention=c,
                   golden_gradient=(k, t, c) != (4, "avg", "full"),
                   why="1.9.1's gradient divides by the whole kernel where its output counts fewer elements")
            for (k, s, p), t, c in itertools.product(OVERHANG, ("max", "avg", "sum"), ("valid", "full"))
        ),
        *(
            sample(IMAGE, kernel=(3, 2), stride=(2, 3), pad=(1, 0), pool_type=t, count_include_pad=False,
                   pooling_convention=c)
            for t, c in itertools.product(("max", "avg", "sum"), ("valid", "full"))
        ),
        sample(IMAGE, kernel=(3, 3), stride=(3, 3), pad=(1, 1), pool_type="avg", pooling_convention="full",
               count_include_pad=False),
        sample(IMAGE, kernel=(3, 3), pad=(2, 2), pool_type="avg", count_include_pad=True),
        sample(IMAGE, kernel="(3, 3)", pad="(2, 2)"),
        sample(IMAGE, kernel=(2, 2)),
        sample(normal(1, 1, 3, 3, 3), kernel=(2, 2, 2), stride=(1, 1, 1), pool_type="avg"),
        sample(normal(1, 1, 3, 3, 3), kernel=(2, 2, 2), stride=(2, 2, 2), pooling_convention="full"),
        sample(normal(1, 1, 3, 3, 3), kernel=(2, 2, 2), stride=(2, 2, 2), pool_type="sum", pooling_convention="full"),
        *(sample(IMAGE, global_pool=True, pool_type=t, kernel=(2, 2), stride=(2, 2)) for t in ("max", "avg", "sum")),
        *(sample(ROW, global_pool=True, pool_type="lp", p_value=p) for p in (1, 2, 3)),
        *(sample(IMAGE, kernel=(2, 2), stride=(2, 2), pool_type="lp", p_value=p) for p in (1, 2, 3)),
        sample(ROW, kernel=(2,), stride=(2,), pad=(1,), pool_type="lp", p_value=2, pooling_convention="full"),
        sample(np.zeros((1, 1, 4), "float32"), kernel=(2,), pool_type="lp", p_value=2, differentiable=False),
        *(sample(normal(1, 5, 2), kernel=(2,), pool_type=t, layout="NWC") for t in ("max", "avg")),
        *(sample(normal(1, 4, 3, 2), kernel=(2, 2), pool_type=t, layout="NHWC") for t in ("max", "avg", "sum")),
        sample(normal(1, 2, 3, 3, 2), kernel=(2, 2, 2), layout="NDHWC"),
        sample(normal(1, 3, 3, 2), global_pool=True, pool_type="avg", layout="NHWC"),
        sample(normal(1, 2, 4, 4), kernel=(2, 2), layout="NCHW", cudnn_off=True),
        sample(TIES, kernel=(2, 2), stride=(2, 2), differentiable=False),
        sample(TIES, kernel=(2, 2), differentiable=False),
        sample(TIES, global_pool=True, differentiable=False),
        sample(normal(1, 1, 4, 4, dtype="float64"), kernel=(3, 3), stride=(2, 2), pooling_convention="full"),
        sample(normal(1, 1, 4, 4, dtype="float64"), kernel=(3, 3), pool_type="avg", pad=(1, 1)),
        *(
            sample(normal(1, 1, 4, 4, dtype="float16"), kernel=(2, 2), pool_type=t, differentiable=False)
            for t in ("max", "avg", "sum")
        ),
        *(
            sample(normal(1, 1, n), kernel=(k,), stride=(s,), pooling_convention="same", pool_type=t, golden=False,
                   why=SAME_FAILS)
            for (k, s, n), t in itertools.product([(2, 2, 5), (3, 2, 6), (1, 3, 5), (3, 1, 4)], ("max", "avg"))
        ),
        sample(np.array([[[1, np.nan, 0, 2]]], "float32"), kernel=(2,), differentiable=False, golden=False,
               why="1.9.1 skips NaN and so hides it"),
    ],
    bad=[
        bad(integers(1, 1, 4), kernel=(2,), match="data is int32; expected a floating dtype"),
        bad(IMAGE, kernel=(7, 7), match=r"kernel is \(7, 7\); expected at most the padded data"),
        bad(IMAGE, match=r"kernel is \(\); expected 2 numbers"),
        bad(IMAGE, kernel=(2, 2), stride=(2,), match=r"stride is \(2,\); expected 2 numbers"),
        bad(IMAGE, kernel=(2, 2), stride=(0, 1), match=r"stride is \(0, 1\); expected numbers of at least 1"),
        bad(IMAGE, kernel=(2, 2), pool_type="lp", match="p_value is None; expected 1, 2 or 3"),
        bad(IMAGE, kernel=(2, 2), layout="NCW", match="layout is 'NCW'; expected .*NCHW or NHWC"),
        bad(normal(3, 4), kernel=(2,), match=r"data has shape \(3, 4\)"),
        bad(ROW, kernel=(3,), pad=(1,), pooling_convention="same", match=r"pad is \(1,\); expected zeros"),
    ],
    benchmark=lambda: sample(normal(32, 64, 56, 56), kernel=(3, 3), stride=(2, 2), pad=(1, 1)),
)  # fmt: skip
def pooling(
    data, *, kernel=(), pool_type="max", global_pool=False, cudnn_off=False, pooling_convention="valid", stride=(),
    pad=(), p_value=None, count_include_pad=None, layout=None,
):  # fmt: skip
    last = layout is not None and layout.endswith("C")
    x = np.moveaxis(data, -1, 1) if last else data
    x = x.astype("float64")
    axes = x.ndim - 2
    if global_pool:
        kernel, stride, pad, pooling_convention = x.shape[2:], (), (), "valid"
    stride, pad = stride or (1,) * axes, pad or (0,) * axes
    counts = []
    for n, k, s, p in zip(x.shape[2:], kernel, stride, pad):
        steps = (n + 2 * p - k) / s
        counts.append({"valid": 1 + math.floor(steps), "full": 1 + math.ceil(steps), "same": math.ceil(n / s)}[
            pooling_convention])  # fmt: skip
    out = np.zeros((*x.shape[:2], *counts))
    for place in itertools.product(*map(range, counts)):
        starts = [i * s - p for i, s, p in zip(place, stride, pad)]
        inside = tuple(slice(max(a, 0), max(min(a + k, n), 0)) for a, k, n in zip(starts, kernel, x.shape[2:]))
        window = x[(slice(None), slice(None), *inside)].reshape(*x.shape[:2], -1)
        if count_include_pad is False:
            size = window.shape[-1]
        else:
            size = math.prod(min(a + k, n + p) - a for a, k, n, p in zip(starts, kernel, x.shape[2:], pad))
        if pool_type == "max":
            value = window.max(-1) if window.shape[-1] else np.finfo(data.dtype).min
        elif pool_type == "avg":
            value = window.sum(-1) / max(size, 1)
        elif pool_type == "sum":
            value = window.sum(-1)
        else:
            total = (window**p_value).sum(-1)
            value = np.sign(total) * np.abs(total) ** (1 / p_value)
        out[(slice(None), slice(None), *place)] = value
    return np.moveaxis(out, 1, -1) if last else out


@reference(
    "_contrib_AdaptiveAvgPooling2D",
    samples=[
        sample(IMAGE),
        sample(IMAGE, output_size=1),
        sample(IMAGE, output_size=(2, 3)),
        sample(IMAGE, output_size=(3,)),
        sample(normal(1, 1, 3, 4), output_size=5),
        sample(normal(2, 1, 4, 3, dtype="float64"), output_size="(3, 2)"),
        sample(normal(2, 1, 4, 3, dtype="float16"), output_size=2, differentiable=False),
    ],
    bad=[
        bad(normal(2, 3, 4), output_size=2, match=r"data has shape \(2, 3, 4\); expected \(N, C, H, W\)"),
        bad(IMAGE, output_size=(2, 2, 2), match=r"output_size is \(2, 2, 2\)"),
        bad(integers(1, 1, 2, 2), match="data is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(normal(32, 64, 28, 28), output_size=7),
)
def adaptive_avg_pooling_2d(data, *, output_size=()):
    rows, columns = (tuple(output_size) or (1,)) * (2 if len(output_size) < 2 else 1)
    height, width = data.shape[2:]
    out = np.zeros((*data.shape[:2], rows, columns))
    for i, j in itertools.product(range(rows), range(columns)):
        top, bottom = i * height // rows, -(-(i + 1) * height // rows)
        left, right = j * width // columns, -(-(j + 1) * width // columns)
        out[:, :, i, j] = data[:, :, top:bottom, left:right].astype("float64").mean((2, 3))
    return out
