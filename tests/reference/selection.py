"""References for mxnet/_ops/selection.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample


def mask(*values, dtype="float32"):
    return np.array(values, dtype)


OTHER_AXIS = {"golden": False, "why": "1.9.1 takes axis 0 only"}
EMPTY = {"golden": False, "why": "1.9.1 crashes"}


@reference(
    "_contrib_boolean_mask",
    samples=[
        sample(normal(3, 2), mask(1, 0, 1)),
        sample(normal(3, 2), mask(0.5, -0.5, 0)),
        sample(normal(4), mask(0, 1, 1, 0, dtype="int32")),
        sample(normal(3, 2, 2), mask(0, 0, 7, dtype="uint8"), axis=0),
        sample(normal(3, 2), mask(True, False, True, dtype="bool")),
        sample(normal(3, 2, dtype="float64"), mask(-1, 0, 1, dtype="int64")),
        sample(normal(3, 2, dtype="float16"), mask(1, 1, 1, dtype="float16")),
        sample(integers(3, 2), mask(1, 0, 1)),
        sample(integers(3, 2, dtype="bool"), mask(1, 0, 1)),
        sample(normal(3, 2), mask(np.nan, 0, -0.0), differentiable=False),
        sample(normal(1, 1), mask(1)),
        sample(normal(3, 2), mask(0, 0, 0)),
        sample(normal(3, 2), mask(1, 0), axis=1, **OTHER_AXIS),
        sample(normal(2, 3, 2), mask(1, 0), axis="-1", **OTHER_AXIS),
        sample(normal(0, 2), mask(), **EMPTY),
        sample(normal(2, 0), mask(1, 0)),
    ],
    bad=[
        bad(normal(3, 2), mask(1, 0), match=r"index has shape \(2,\); expected \(3,\)"),
        bad(normal(3, 2), normal(3, 2), match=r"index has shape \(3, 2\); expected \(3,\)"),
        bad(normal(3, 2), mask(1, 0), axis=2, match="axis=2 is out of range"),
    ],
    benchmark=lambda: sample(normal(20000, 64), integers(20000, high=2, dtype="float32")),
)
def boolean_mask(data, index, *, axis=0):
    rows = [row for row, chosen in zip(np.moveaxis(data, axis, 0), index.tolist()) if chosen]
    shape = list(data.shape)
    shape[axis] = len(rows)
    return np.stack(rows, axis) if rows else np.zeros(shape, data.dtype)


@reference(
    "_contrib_index_copy",
    samples=[
        sample(normal(5, 2), mask(0, 4, dtype="int32"), normal(2, 2)),
        sample(normal(5, 2), mask(3, 1), normal(2, 2), differentiable=False),
        sample(normal(5, 2), mask(0.9, 3.7), normal(2, 2), differentiable=False),
        sample(normal(5, 2), mask(1, 2, 1, 2, 1, dtype="int32"), normal(5, 2), differentiable=False),
        sample(normal(3), mask(2, dtype="int64"), normal(1)),
        sample(normal(2, 3, 2), mask(1, dtype="uint8"), normal(1, 3, 2)),
        sample(normal(1, 1), mask(0, dtype="int32"), normal(1, 1, seed=1)),
        sample(normal(5, 2, dtype="float64"), mask(0, 4, dtype="int64"), normal(2, 2, dtype="float64")),
        sample(normal(5, 2, dtype="float16"), mask(0, 4, dtype="int8"), normal(2, 2, dtype="float16")),
        sample(integers(5, 2), mask(0, 4), integers(2, 2, low=20, high=30)),
        sample(normal(3, 2), mask(dtype="int32"), normal(0, 2), **EMPTY),
    ],
    bad=[
        bad(normal(5, 2), mask(0, 5, dtype="int32"), normal(2, 2), match="index 5 is out of bounds; expected 0 to 4"),
        bad(normal(5, 2), mask(0, -1, dtype="int32"), normal(2, 2), match="index -1 is out of bounds; expected 0 to 4"),
        bad(
            normal(5, 2), mask(0, dtype="int32"), normal(2, 2), match=r"new_tensor has shape \(2, 2\); expected \(1, 2"
        ),
        bad(normal(5, 2), mask([0, 1], dtype="int32"), normal(2, 2), match=r"index_vector has shape \(1, 2\)"),
        bad(normal(5, 2), mask(0, 4), normal(2, 2, dtype="float64"), match="expected one dtype"),
    ],
    benchmark=lambda: sample(normal(20000, 64), integers(5000, high=20000, dtype="int32"), normal(5000, 64)),
)
def index_copy(old_tensor, index_vector, new_tensor):
    result = old_tensor.copy()
    for place, row in zip(index_vector, new_tensor):
        result[int(place)] = row
    return result
