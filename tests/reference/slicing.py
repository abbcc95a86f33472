"""References for mxnet/_ops/slicing.py."""

from __future__ import annotations

import builtins

import numpy as np

from . import bad, integers, normal, reference, sample

_CRASH = "1.9.1 reads outside the array"
_EMPTY = "1.9.1 spoils its memory with results without elements"


def _picked(shape, begin, end, step):
    """Index vectors of the picked elements, one for each axis."""
    step = step or (None,) * len(begin)
    rows = [np.arange(n) for n in shape]
    return np.ix_(*(row[a:b:s] for row, a, b, s in zip(rows, begin, end, step)), *rows[len(begin) :])


@reference(
    "slice",
    samples=[
        sample(normal(3, 4), begin=(0, 1), end=(2, 3)),
        sample(normal(3, 4), begin=(1,), end=(3,)),
        sample(normal(3, 4), begin=(None, 1), end=(2, None)),
        sample(normal(3, 4), begin="(None, -3)", end="(None, -1)"),
        sample(normal(3, 4), begin=(-2, -3), end=(-1, -1)),
        sample(normal(3, 4), begin=(None,), end=(None,), step=(-1,)),
        sample(normal(3, 4), begin=(None, 3), end=(None, None), step=(1, -2)),
        sample(normal(3, 4), begin=(None, 3), end=(None, 0), step=(None, -2)),
        sample(normal(3, 4), begin=(2,), end=(-7,), step=(-1,)),
        sample(normal(3, 4), begin=(7,), end=(None,), step=(-1,)),
        sample(normal(3, 4), begin=(-1,), end=(-3,), step=(-1,)),
        sample(normal(3, 4), begin=(-1, -1), end=(-4, -5), step=(-1, -3)),
        sample(normal(7), begin=(0,), end=(7,), step=(3,)),
        sample(normal(3, 4), begin=(0,), end=(9,)),
        sample(normal(3, 4), begin=(-5,), end=(2,), step=(2,)),
        sample(normal(3, 4), begin=(-5,), end=(2,), golden=False, why=_CRASH),
        sample(normal(2, 3, 4), begin=(0, 1), end=(2, 2)),
        sample(normal(2, 3, 4), begin=(1, None, -2), end=(2, None, None), step=(1, 2, 1)),
        sample(integers(3, 4), begin=0, end=2),
        sample(normal(3, 4), begin=(), end=()),
        sample(normal(3, 4), begin=(1,), end=(1,), golden=False, why=_EMPTY),
        sample(normal(3, 4), begin=(2,), end=(1,), golden=False, why=_EMPTY),
        sample(normal(3, 4), begin=(0,), end=(2,), step=(-1,), golden=False, why=_EMPTY),
        sample(normal(1, dtype="float64"), begin=(0,), end=(1,)),
        sample(normal(2, 2, dtype="float16"), begin=(0, 1), end=(1, 2)),
    ],
    bad=[
        bad(normal(3, 4), begin=(0, 0), end=(2,), match="expected equal lengths of at most 2"),
        bad(normal(3, 4), begin=(0, 0, 0), end=(2, 1, 1), match="do not fit data"),
        bad(normal(3, 4), begin=(0, 0), end=(2, 2), step=(1,), match="do not fit data"),
        bad(normal(3, 4), begin=(0, 0), end=(2, 2), step=(0, 1), match="has a 0 at axis 0"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), begin=(None, None, 4, 4), end=(None, None, 52, 52)),
)
def slice(data, *, begin, end, step=()):
    return data[_picked(data.shape, begin, end, step)] if begin else data


@reference(
    "slice_axis",
    samples=[
        sample(normal(3, 4), axis=1, begin=1, end=3),
        sample(normal(3, 4), axis=-1, begin=-3, end=-1),
        sample(normal(3, 4), axis=0, begin=1, end=None),
        sample(normal(3, 4), axis=0, begin=-1, end="None"),
        sample(normal(3, 4), axis=0, begin=0, end=3),
        sample(normal(2, 3, 4), axis=1, begin=2, end=3),
        sample(normal(1), axis=0, begin=0, end=1),
        sample(integers(3, 4), axis=-2, begin=0, end=2),
    ],
    bad=[
        bad(normal(3, 4), axis=0, begin=1, end=1, match="begin=1, end=1 select nothing of axis 0"),
        bad(normal(3, 4), axis=0, begin=1, end=9, match="expected 0 <= begin < end <= 3"),
        bad(normal(3, 4), axis=0, begin=-4, end=2, match="begin=-4"),
        bad(normal(3, 4), axis=2, begin=0, end=1, match="axis=2 is out of range"),
        bad(normal(3, 4), axis=0, begin=None, end=1, match="begin"),
        bad(normal(3, 4), axis=0, begin=0, match="required attribute 'end'"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), axis=1, begin=0, end=32),
)
def slice_axis(data, *, axis, begin, end):
    return np.take(data, np.arange(data.shape[axis])[begin:end], axis)


@reference(
    "slice_like",
    samples=[
        sample(normal(3, 4), normal(2, 3)),
        sample(normal(3, 4), integers(2, 3)),
        sample(normal(3, 4), normal(2, 3), axes=(0,)),
        sample(normal(3, 4), normal(2, 3), axes=(-1,)),
        sample(normal(3, 4), normal(2, 2, 2), axes=(0, 1)),
        sample(normal(3, 4), normal(2), axes="(0,)"),
        sample(normal(3, 4), normal(3, 4)),
        sample(integers(3, 4), normal(1, 1)),
    ],
    bad=[
        bad(normal(3, 4), normal(2, 2, 2), match="differ in their number of axes"),
        bad(normal(3, 4), normal(5, 2), match="axis 0 of data .* is shorter than that of shape_like"),
        bad(normal(3, 4), normal(2, 3), axes=(2,), match="axes=2 is out of range"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), normal(1, 1, 48, 48), axes=(2, 3)),
)
def slice_like(data, shape_like, *, axes=()):
    for axis in axes or range(data.ndim):
        data = np.delete(data, np.s_[shape_like.shape[axis] :], axis)
    return data


@reference(
    "_slice_assign",
    samples=[
        sample(normal(3, 4), normal(1, 2), begin=(1, 1), end=(2, 3)),
        sample(normal(3, 4), normal(1, 2), begin=(1, 3), end=(2, 0), step=(1, -2)),
        sample(normal(3, 4), normal(3, 4), begin=(None,), end=(None,), step=(-1,)),
        sample(normal(3, 4), normal(2, 4), begin=(0,), end=(3,), step=(2,)),
        sample(normal(3, 4), normal(1, 4), begin=(-1,), end=(None,)),
        sample(integers(3, 4), integers(3, 1), begin=(None, 0), end=(None, 1)),
        sample(normal(1), normal(1), begin=(0,), end=(1,)),
    ],
    bad=[
        bad(normal(3, 4), normal(1, 1), begin=(1, 1), end=(2, 3), match=r"rhs has shape \(1, 1\); expected \(1, 2\)"),
        bad(normal(3, 4), normal(2), begin=(1, 1), end=(2, 3), match=r"rhs has shape \(2,\)"),
        bad(normal(3, 4), integers(1, 2), begin=(1, 1), end=(2, 3), match="float32 and rhs is int32"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), normal(16, 32, 56, 56), begin=(None, 16), end=(None, 48)),
)
def slice_assign(lhs, rhs, *, begin, end, step=()):
    out = lhs.copy()
    out[_picked(lhs.shape, begin, end, step)] = rhs
    return out


@reference(
    "_slice_assign_scalar",
    samples=[
        sample(normal(3, 4), scalar=7, begin=(1,), end=(2,)),
        sample(normal(3, 4), begin=(1, 0), end=(3, 2)),
        sample(normal(3, 4), scalar=-1.5, begin=(None, 3), end=(None, 0), step=(2, -1)),
        sample(normal(3, 4), scalar=7, begin=(2,), end=(2,)),
        sample(integers(3, 4), scalar=7.7, begin=(None, 1), end=(None, 2)),
        sample(integers(3, 4), scalar=-7.7, begin=(None, 1), end=(None, 2)),
        sample(integers(3, dtype="uint8"), scalar=-1, begin=(1,), end=(2,)),
        sample(integers(3, dtype="int8"), scalar=200, begin=(1,), end=(2,)),
        sample(normal(3, dtype="float16"), scalar=1e9, begin=(1,), end=(2,), differentiable=False),
        sample(normal(3, dtype="float16"), scalar=0.1, begin=(1,), end=(2,)),
        sample(normal(3), scalar="inf", begin=(1,), end=(2,), differentiable=False),
    ],
    bad=[bad(normal(3, 4), begin=(0,), end=(1, 2), match="expected equal lengths")],
    benchmark=lambda: sample(normal(16, 64, 56, 56), scalar=2.0, begin=(None, 16), end=(None, 48)),
)
def slice_assign_scalar(data, *, scalar=0.0, begin, end, step=()):
    out = data.copy()
    with np.errstate(over="ignore"):
        value = np.float64(scalar) if data.dtype.kind == "f" else np.int64(builtins.int(scalar))
        out[_picked(data.shape, begin, end, step)] = value.astype(data.dtype)
    return out
