"""References for mxnet/_ops/sketch.py. MXNet 1.9.1 has these operators on GPUs only, so there are no goldens."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample

GPU = {"golden": False, "why": "runs on GPUs only in 1.9.1"}


def sketched(*shape, out_dim, dtype="float32", seed=0, shift=0.0, **options):
    """A sample of the count sketch; with `shift`, places are no whole numbers, so that steps do not move them."""
    width = shape[-1]
    h = integers(1, width, high=int(out_dim), seed=seed, dtype=dtype) + np.asarray(shift, dtype)
    s = integers(1, width, high=2, seed=seed, dtype=dtype) * 2 - 1
    return sample(normal(*shape, dtype=dtype), h, s, out_dim=out_dim, **options, **GPU)


@reference(
    "_contrib_count_sketch",
    samples=[
        sketched(3, 4, out_dim=5),
        sketched(3, 7, out_dim=2, shift=0.5),
        sketched(2, 2, 3, 4, out_dim="3"),
        sketched(1, 1, out_dim=1),
        sketched(3, 4, out_dim=5, processing_batch_size=1),
        sketched(3, 4, out_dim=5, dtype="float64"),
        sketched(3, 4, out_dim=2, dtype="float16"),
        sketched(0, 4, out_dim=2),
    ],
    bad=[
        bad(normal(3, 4), normal(4), normal(1, 4), out_dim=5, match=r"h has shape \(4,\); expected \(1, 4\)"),
        bad(normal(3, 4), np.ones((1, 4)), normal(1, 4), out_dim=5, match="expected one dtype"),
        bad(normal(3, 4), np.float32([[0, 1, 2, 5]]), normal(1, 4), out_dim=5, match="position 5 is out of bounds"),
        bad(normal(3, 4), np.float32([[0, 1, -2, 0]]), normal(1, 4), out_dim=5, match="position -2 is out of bounds"),
        bad(normal(3, 4), normal(1, 4), normal(1, 4), match="required attribute 'out_dim'"),
        bad(normal(3, 4), normal(1, 4), normal(1, 4), out_dim=0, match="at least 1, got 0"),
        bad(normal(2, 3, 4), normal(1, 4), normal(1, 4), out_dim=5, match="expected two axes"),
    ],
    benchmark=lambda: sketched(256, 512, out_dim=4096),
    constant=("h", "s"),
)
def count_sketch(data, h, s, *, out_dim, processing_batch_size=32):
    out = np.zeros((*data.shape[:-1], out_dim))
    for i, (place, sign) in enumerate(zip(h[0], s[0])):
        out[..., int(place)] += sign * data[..., i].astype("float64")
    return out


FLOATS = [bad(integers(2, 4), match="data is int32; expected floats"), bad(normal(2, 3, 4), match="expected two axes")]


@reference(
    "_contrib_fft",
    samples=[
        sample(normal(3, 4), **GPU),
        sample(normal(2, 7), **GPU),
        sample(normal(2, 2, 3, 5), compute_size=1, **GPU),
        sample(normal(1, 1), **GPU),
        sample(normal(2, 6, dtype="float64"), **GPU),
        sample(normal(2, 3, dtype="float16"), **GPU),
        sample(normal(0, 4), **GPU),
    ],
    bad=FLOATS,
    benchmark=lambda: sample(normal(256, 4096)),
)
def fft(data, *, compute_size=128):
    length = data.shape[-1]
    angles = 2 * np.pi * np.outer(np.arange(length), np.arange(length)) / length
    parts = [data.astype("float64") @ np.cos(angles), data.astype("float64") @ -np.sin(angles)]
    return np.stack(parts, -1).reshape(*data.shape[:-1], 2 * length)


@reference(
    "_contrib_ifft",
    samples=[
        sample(normal(3, 4), **GPU),
        sample(normal(2, 14), **GPU),
        sample(normal(2, 2, 3, 10), compute_size=1, **GPU),
        sample(normal(1, 2), **GPU),
        sample(normal(2, 6, dtype="float64"), **GPU),
        sample(normal(2, 6, dtype="float16"), **GPU),
        sample(normal(0, 4), **GPU),
    ],
    bad=[*FLOATS, bad(normal(2, 5), match="expected an even length of the last axis")],
    benchmark=lambda: sample(normal(256, 8192)),
)
def ifft(data, *, compute_size=128):
    length = data.shape[-1] // 2
    angles = 2 * np.pi * np.outer(np.arange(length), np.arange(length)) / length
    return data[..., ::2].astype("float64") @ np.cos(angles) - data[..., 1::2].astype("float64") @ np.sin(angles)
