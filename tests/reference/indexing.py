"""References for mxnet/_ops/indexing.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample


def _place(index, length, mode):
    index = int(np.trunc(index))
    return index % length if mode == "wrap" else min(max(index, 0), length - 1)


def indices(*values, dtype="float32"):
    return np.array(values, dtype=dtype)


def indexed(*inputs, **options):
    """A sample whose last input holds indices: at whole floating numbers the function makes a step."""
    where = np.asarray(inputs[-1])
    whole = where.dtype.kind == "f" and bool((where == np.trunc(where)).any())
    return sample(*inputs, **{"differentiable": not whole, **options})


@reference(
    "take",
    samples=[
        indexed(normal(3, 2), indices(0, 2)),
        indexed(normal(3, 2), indices([0, 2], [1, 1])),
        indexed(normal(3, 2), indices(0, 0, 2, 9, -1)),
        indexed(normal(3, 2), indices(0, 0, 2, 9, -1), mode="wrap"),
        indexed(normal(3, 2), indices(-1, 5, 1.7, -0.5, -4, -1.5), mode="wrap"),
        indexed(normal(3, 2), indices(1.7, -0.5, 0.99)),
        indexed(normal(3, 2), indices(0, 2, 0, 7, dtype="int32")),
        indexed(normal(2, 3), indices([0, -1], [2, 2], dtype="int32"), axis=-1, mode="wrap"),
        indexed(normal(3, 2), indices(0, 2, 1), mode="raise"),
        indexed(normal(3, 2), indices([0, 0], [1, 9]), axis=1),
        indexed(normal(2, 3, 2), indices([0], [2], [2]), axis="1"),
        indexed(normal(2, 3, 2), indices(1, 0, 1), axis=-1, mode="wrap"),
        indexed(normal(3), indices(1)),
        indexed(normal(1, 1), indices(0, dtype="int32")),
        indexed(integers(3, 2), indices(0, 1, dtype="int64")),
        indexed(normal(3, 2, dtype="float64"), indices(0, 1, 1, dtype="uint8")),
        indexed(normal(3, 2, dtype="float16"), indices(2, 0, 2, dtype="float16")),
        indexed(normal(3, 2), np.zeros((0,), "float32")),
    ],
    bad=[
        bad(normal(3, 2), indices(-1, 1), mode="raise", match="index -1 is out of bounds; expected 0 to 2"),
        bad(normal(3, 2), indices(1, 3), mode="raise", match="index 3 is out of bounds; expected 0 to 2"),
        bad(normal(3, 2), indices(0), axis=2, match="axis=2 is out of range"),
        bad(normal(3, 2), indices(0), mode="cut", match="one of 'clip', 'raise', 'wrap'"),
        bad(normal(0, 2), indices(0), match="which has length 0"),
    ],
    benchmark=lambda: sample(normal(10000, 64), integers(64, 200, high=10000)),
)
def take(a, indices, *, axis=0, mode="clip"):
    places = [_place(index, a.shape[axis], mode) for index in indices.ravel()]
    axis %= a.ndim
    return np.take(a, np.array(places, int).reshape(indices.shape), axis)


@reference(
    "batch_take",
    samples=[
        indexed(normal(3, 2), indices(0, 1, 0, dtype="int32")),
        indexed(normal(3, 2), indices(5, -1, 0, dtype="int32")),
        indexed(normal(1, 1), indices(0, dtype="int32")),
        indexed(integers(3, 2), indices(0, 1, 0, dtype="int32")),
        indexed(normal(3, 2, dtype="float64"), indices(1, 1, 0, dtype="int32")),
        indexed(
            normal(3, 2, 2),
            indices([0, 1], [1, 0], [0, 0], dtype="int32"),
            golden=False,
            why="1.9.1 reads outside the array with more than two axes",
        ),
        indexed(normal(3, 2), indices(0, 1, 0), golden=False, why="1.9.1 takes int32 only"),
    ],
    bad=[
        bad(normal(3, 2), indices(0, 1, dtype="int32"), match=r"indices has shape \(2,\); expected \(3,\)"),
        bad(normal(3), indices(0, dtype="int32"), match="expected at least two axes"),
    ],
    benchmark=lambda: sample(normal(4096, 1000), integers(4096, high=1000)),
)
def batch_take(a, indices):
    rows = a.reshape(-1, a.shape[-1])
    return np.array([row[_place(i, len(row), "clip")] for row, i in zip(rows, indices.ravel())]).reshape(indices.shape)


@reference(
    "pick",
    samples=[
        indexed(normal(3, 2), indices(0, 1, 0)),
        indexed(normal(3, 2), indices(0, 1, 0), axis=1, keepdims=True),
        indexed(normal(3, 2), indices([0], [1], [0])),
        indexed(normal(3, 2), indices([0], [1], [0]), keepdims="True"),
        indexed(normal(3, 2), indices(2, -1), axis=0),
        indexed(normal(3, 2), indices(5, -1, 0)),
        indexed(normal(3, 2), indices(5, -1, -3), mode="wrap"),
        indexed(normal(3, 2), indices(1.7, 0.5, 0.99)),
        indexed(normal(3, 2), indices(0, 1, 0, dtype="int32")),
        indexed(integers(3, 2), indices(0, 1, 0)),
        indexed(normal(2, 3, 2), indices([0, 1], [2, 0]), axis=1),
        indexed(normal(2, 3, 2), indices([[0, 1]], [[2, 0]]), axis="-2", keepdims=True),
        indexed(normal(3), indices(1)),
        indexed(normal(3), indices(1), keepdims=True),
        indexed(normal(3, 2, dtype="float16"), indices(0, 1, 1)),
        indexed(normal(1, 1, dtype="float64"), indices(0)),
    ],
    bad=[
        bad(normal(3, 2), indices(0, 1), match=r"index has shape \(2,\); expected \(3,\) or \(3, 1\)"),
        bad(normal(3, 2), indices(0), axis=None, match="axis=None; expected an int"),
        bad(normal(3, 2), indices(0, 0, 0), axis=2, match="axis=2 is out of range"),
        bad(normal(3, 2), indices(0, 0, 0), mode="raise", match="one of 'clip', 'wrap'"),
    ],
    benchmark=lambda: sample(normal(4096, 1000), integers(4096, high=1000, dtype="float32")),
)
def pick(data, index, *, axis=-1, keepdims=False, mode="clip"):
    axis %= data.ndim
    kept = (*data.shape[:axis], 1, *data.shape[axis + 1 :])
    out = np.empty(kept, data.dtype)
    for place in np.ndindex(*kept):
        at = list(place)
        at[axis] = _place(index.reshape(kept)[place], data.shape[axis], mode)
        out[place] = data[tuple(at)]
    return out if keepdims or data.ndim == 1 else out.squeeze(axis)


@reference(
    "gather_nd",
    samples=[
        indexed(normal(3, 2), indices([0, 2], [1, 0])),
        indexed(normal(3, 2), indices([0, 2, 1])),
        indexed(normal(3, 2), indices([0, 0, 2], [1, 1, 0])),
        indexed(integers(3, 2), indices([-1, -3], [1, 0])),
        indexed(normal(3, 2), indices([-1, -3], [1, 0]), golden=False, why="its gradient writes outside the array"),
        indexed(normal(3, 2), indices([0.7, 1.9], [0, 0])),
        indexed(normal(3, 2), indices([[0, 1], [1, 2]], [[0, 1], [1, 0]])),
        indexed(normal(2, 3, 2), indices([0, 1], [2, 0], dtype="int64")),
        indexed(normal(2, 3, 2), indices([0, 1, 1], dtype="int32")),
        indexed(integers(3, 2), indices([0], [1], dtype="int32")),
        indexed(normal(3), indices([2, 2, 0], dtype="int32")),
        indexed(normal(3, 2, dtype="float64"), indices([2], [1], dtype="float64")),
    ],
    bad=[
        bad(normal(3, 2), indices([3, 0], [0, 0]), match="row 0: index 3 is out of bounds; expected -3 to 2"),
        bad(normal(3, 2), indices([0, 0], [0, -3]), match="row 1: index -3 is out of bounds"),
        bad(normal(3, 2), indices(0, 2), match="expected two axes or more"),
        bad(normal(3, 2), indices([0], [0], [0]), match="the first no longer than 2"),
    ],
    benchmark=lambda: sample(normal(128, 128, 64), integers(2, 10000, high=128)),
)
def gather_nd(data, indices):
    depth = len(indices)
    out = np.empty(indices.shape[1:] + data.shape[depth:], data.dtype)
    for place in np.ndindex(*indices.shape[1:]):
        out[place] = data[tuple(int(indices[(axis, *place)]) for axis in range(depth))]
    return out


def _scatter(out, values, indices):
    for place in np.ndindex(*indices.shape[1:]):
        out[tuple(int(indices[(axis, *place)]) for axis in range(len(indices)))] = values[place]
    return out


@reference(
    "scatter_nd",
    samples=[
        indexed(normal(3), indices([0, 1, 2], [1, 0, 1]), shape=(3, 2)),
        indexed(normal(3), indices([0, 1, 1], [1, 0, 0]), shape=(3, 2), differentiable=False),
        indexed(normal(2, 2), indices([0, 2]), shape="(3, 2)"),
        indexed(normal(3), indices([0, 1, 1.9], [1, 0, 1]), shape=(3, 2)),
        indexed(normal(3), indices([0, 1, -1], [1, 0, 1]), shape=(3, 2), golden=False, why="1.9.1 crashes"),
        indexed(normal(2, 2), indices([[0, 1], [1, 2]], [[0, 1], [1, 0]]), shape=(3, 2), differentiable=False),
        indexed(integers(3), indices([0, 1, 2], [1, 0, 1], dtype="int64"), shape=(3, 2)),
        indexed(normal(3), indices([0, 1, 2], [1, 0, 1], dtype="int32"), shape=(3, 2)),
        indexed(normal(1, dtype="float64"), indices([3], dtype="int32"), shape=(5,)),
    ],
    bad=[
        bad(normal(3), indices([0, 1, 3], [1, 0, 1]), shape=(3, 2), match="row 0: index 3 is out of bounds"),
        bad(normal(2), indices([0, 1, 2], [1, 0, 1]), shape=(3, 2), match=r"values have shape \(2,\); expected \(3,\)"),
        bad(normal(3), indices(0, 1, 2), shape=(3,), match="expected two axes or more"),
    ],
    benchmark=lambda: sample(normal(10000, 64), integers(2, 10000, high=128), shape=(128, 128, 64)),
)
def scatter_nd(data, indices, *, shape):
    return _scatter(np.zeros(shape, data.dtype), data, indices)


_IN_PLACE = "1.9.1 wants lhs itself as out="


@reference(
    "_scatter_set_nd",
    samples=[
        indexed(normal(3, 2), normal(2), indices([0, 2], [1, 0]), shape=(3, 2), golden=False, why=_IN_PLACE),
        indexed(
            normal(3, 2),
            normal(2),
            indices([0, 0], [1, 1]),
            shape=(3, 2),
            differentiable=False,
            golden=False,
            why=_IN_PLACE,
        ),
        indexed(normal(3, 2), normal(1, 2), indices([-1], dtype="int32"), shape="(3, 2)", golden=False, why=_IN_PLACE),
        indexed(
            integers(3, 2), integers(1), indices([0], [0], dtype="int64"), shape=(3, 2), golden=False, why=_IN_PLACE
        ),
    ],
    bad=[
        bad(normal(3, 2), normal(1), indices([0], [0]), shape=(9, 9), match=r"lhs has shape \(3, 2\); expected shape="),
        bad(normal(3, 2), integers(1), indices([0], [0]), shape=(3, 2), match="float32 and rhs is int32"),
        bad(normal(3, 2), normal(1), indices([0], [2]), shape=(3, 2), match="row 1: index 2 is out of bounds"),
    ],
    benchmark=lambda: sample(
        normal(128, 128, 64), normal(10000, 64), integers(2, 10000, high=128), shape=(128, 128, 64)
    ),
)
def scatter_set_nd(lhs, rhs, indices, *, shape):
    return _scatter(lhs.copy(), rhs, indices)


@reference(
    "where",
    samples=[
        sample(indices([1, 0], [0, 2]), normal(2, 2), normal(2, 2, seed=1), differentiable=False),
        sample(indices(1, 0), normal(2, 2), normal(2, 2, seed=1), differentiable=False),
        sample(indices(1, 0), normal(2, 2, 2), normal(2, 2, 2, seed=1), differentiable=False),
        sample(indices(np.nan, 0.5, 0, -1), normal(4), normal(4, seed=1), differentiable=False),
        sample(indices(1, 0, dtype="int32"), normal(2, 2), normal(2, 2, seed=1)),
        sample(indices(1, 0, dtype="uint8"), normal(2, dtype="float16"), normal(2, seed=1, dtype="float16")),
        sample(indices(1, 0), integers(2, 2), integers(2, 2, seed=1)),
        sample(indices([1, 0], dtype="int64"), normal(1, 2, dtype="float64"), normal(1, 2, seed=1, dtype="float64")),
        sample(indices(1, 0, dtype="int32"), indices(1, np.nan), indices(np.inf, 2)),
        sample(indices(0, dtype="bool"), normal(1), normal(1, seed=1), golden=False, why="1.9.1 refuses bool here"),
    ],
    bad=[
        bad(indices(1, 0), integers(2, 2), normal(2, 2), match="x is int32 and y is float32"),
        bad(indices(1, 0), normal(2, 2), normal(1, 2), match=r"x has shape \(2, 2\) and y \(1, 2\)"),
        bad(indices([1], [0]), normal(2, 2), normal(2, 2), match=r"condition has shape \(2, 1\); expected \(2, 2\)"),
        bad(indices(1, 0, 1), normal(2, 2), normal(2, 2), match=r"condition has shape \(3,\)"),
    ],
    benchmark=lambda: sample(
        integers(1000, 1000, high=2, dtype="float32"), normal(1000, 1000), normal(1000, 1000, seed=1)
    ),
)
def where(condition, x, y):
    out = y.copy()
    out[condition != 0] = x[condition != 0]
    return out
