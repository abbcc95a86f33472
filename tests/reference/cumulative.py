"""References for mxnet/_ops/cumulative.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample


@reference(
    "cumsum",
    samples=[
        sample(normal(2, 3)),
        sample(normal(2, 3), axis=0),
        sample(normal(2, 3, 4), axis="1"),
        sample(normal(2, 3, 4), axis=2, dtype="float64"),
        sample(normal(2, 3, 4), axis=-1, golden=False, why="1.9.1 refuses negative axes"),
        sample(normal(2, 3, dtype="float64"), axis=1),
        sample(normal(2, 3, dtype="float16"), axis=1),
        sample(integers(2, 3), axis=1),
        sample(integers(4, high=100, dtype="int8"), dtype="int32"),
        sample(integers(4, dtype="int64"), dtype="float32"),
        sample(normal(1)),
        sample(np.float32([1, np.inf, -np.inf, 2]), differentiable=False),
    ],
    bad=[bad(normal(2, 3), axis=2, match="axis=2 is out of range; expected -2 to 1")],
    benchmark=lambda: sample(normal(256, 4096), axis=1),
)
def cumsum(a, *, axis=None, dtype=None):
    kind = np.dtype(str(dtype).removeprefix("torch.")) if dtype is not None else a.dtype
    wide = np.float64 if kind.kind == "f" else kind
    with np.errstate(invalid="ignore"):
        return np.cumsum(a, axis, dtype=wide).astype(kind)
