"""References for mxnet/_ops/shape.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample


def _target(shape, codes, reverse):
    """MXNet's reshape codes by rewriting: special codes become lengths, from left to right."""
    if reverse:
        return _target(shape[::-1], codes[::-1], False)[::-1]
    left, out, codes = list(shape), [], list(codes)
    while codes:
        code = codes.pop(0)
        if code == -2:
            out, left = out + left, []
        elif code == -3:
            out.append(left.pop(0) * left.pop(0))
        elif code == -4:
            length, a, b = left.pop(0), codes.pop(0), codes.pop(0)
            out += [length // b if a == -1 else a, length // a if b == -1 else b]
        else:
            old = left.pop(0) if left else None
            out.append(old if code == 0 else code)
    return tuple(out)


@reference(
    "Reshape",
    samples=[
        sample(normal(2, 3, 4), shape=(4, 0, 2)),
        sample(normal(2, 3, 4), shape=(-1,)),
        sample(normal(2, 3, 4), shape="(0, -1)"),
        sample(normal(2, 3, 4), shape=(6, 1, -1)),
        sample(normal(2, 3, 4), shape=(-2,)),
        sample(normal(2, 3, 4), shape=(2, -2)),
        sample(normal(2, 3, 4), shape=(-2, 1, 1)),
        sample(normal(2, 3, 4), shape=(-3, 4)),
        sample(normal(2, 3, 4, 2), shape=(-3, -3)),
        sample(normal(2, 3, 4), shape=(0, -3)),
        sample(normal(2, 3, 4), shape=(-4, 1, 2, -2)),
        sample(normal(2, 3, 4), shape=(2, -4, -1, 3, -2)),
        sample(normal(2, 3, 4), shape=(-1, -4, 1, 3, 0)),
        sample(normal(2, 3, 4), shape=(-1, -4, 3, -1, 0)),
        sample(normal(6, 4, 4), shape=(-1, -4, 2, -1)),
        sample(normal(6, 4, 4), shape=(-4, 2, -1, -1), golden=False, why="1.9.1 infers a wrong length, or crashes"),
        sample(normal(2, 3, 4), shape=(0, 0, 0, 1)),
        sample(normal(5, 2, 4), shape=(-1, 0)),
        sample(normal(5, 2, 4), shape=(-1, 0), reverse=True),
        sample(normal(2, 3, 4), shape=(-1, -3), reverse="True"),
        sample(normal(4, 3, 2), shape=(-2, 0), reverse=True),
        sample(normal(8, 3, 2), shape=(2, -1, -4, 0, 0), reverse=True),
        sample(normal(2, 3, 8), shape=(0, 0, 2, -1, -4), reverse=True),
        sample(normal(2, 3, 4), target_shape=(4, 0)),
        sample(normal(2, 3, 4), target_shape=(0, 4)),
        sample(normal(2, 3, 4), target_shape=(6, 4)),
        sample(normal(2, 3, 4), target_shape=(0, 2, 0), keep_highest=True),
        sample(normal(2, 3, 4), target_shape=(9, 0), keep_highest=True),
        sample(normal(2, 3, 4), target_shape=(0, 12), shape=(4, 6)),
        sample(integers(2, 3), shape=(3, 2)),
        sample(normal(1, 1, dtype="float64"), shape=(1,)),
        sample(normal(2, 3, dtype="float16"), shape=(-1,)),
        sample(normal(0, 3), shape=(-1, 3), golden=False, why="1.9.1 fails on arrays without elements"),
    ],
    bad=[
        bad(normal(2, 3, 4), shape=(-1, -1), match="only one axis can be inferred"),
        bad(normal(2, 3, 4), shape=(5, -1), match="24 elements do not divide into 5"),
        bad(normal(2, 3, 4), shape=(2, 3), match=r"24 elements do not fit \(2, 3\)"),
        bad(normal(2, 3, 4), shape=(0, 0, 0, 0), match="ask for 4 axes or more of an array that has 3"),
        bad(normal(2, 3, 4), shape=(-4, 2, 2, -2), match=r"length 2 cannot be split into \(2, 2\)"),
        bad(normal(2, 3, 4), shape=(-4, -1, -1, -2), match="cannot be split"),
        bad(normal(2, 3, 4), shape=(-4, 2), match="-4 needs two lengths"),
        bad(normal(2, 3, 4), shape=(-5,), match="-5 is no code"),
        bad(normal(2, 3, 4), match="shape is missing"),
        bad(normal(2, 3, 4), target_shape=(0, 0), match="only one axis can be inferred"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), shape=(0, -1)),
)
def reshape(data, *, shape=(), reverse=False, target_shape=(), keep_highest=False):
    if shape:
        return data.reshape(_target(data.shape, shape, reverse))
    target = [length or -1 for length in target_shape]
    return data.reshape([data.shape[0], *target[1:]] if keep_highest else target)


@reference(
    "Flatten",
    samples=[
        sample(normal(2, 3, 4)),
        sample(normal(2, 3)),
        sample(normal(5)),
        sample(normal(1, 1, 1, 1)),
        sample(integers(2, 3, 2)),
        sample(normal(2, 2, 2, dtype="float16")),
        sample(normal(3, 0, 2), golden=False, why="1.9.1 fails on arrays without elements"),
    ],
    bad=[bad(np.float32(3), match="data has no axes")],
    benchmark=lambda: sample(normal(16, 64, 56, 56)),
)
def flatten(data):
    return np.stack([row.ravel() for row in data])


@reference(
    "transpose",
    samples=[
        sample(normal(2, 3)),
        sample(normal(2, 3, 4)),
        sample(normal(3)),
        sample(normal(2, 3, 4), axes=(0, 2, 1)),
        sample(normal(2, 3, 4), axes="(2, 0, 1)"),
        sample(normal(2, 1, 3, 2, 2), axes=(4, 0, 3, 1, 2)),
        sample(normal(2, 3, 4), axes=(0, 1, 2)),
        sample(integers(2, 3)),
        sample(normal(2, 3, dtype="float64")),
        sample(normal(0, 3)),
        sample(normal(2, 3, 4), axes=(0, -1, 1), golden=False, why="1.9.1 refuses negative axes"),
        sample(normal(1, 2, 1, 2, 1, 2, 1), golden=False, why="1.9.1 stops at six axes"),
    ],
    bad=[
        bad(normal(2, 3, 4), axes=(0, 2), match="no permutation of the 3 axes"),
        bad(normal(2, 3, 4), axes=(0, 0, 1), match="no permutation"),
        bad(normal(2, 3, 4), axes=(0, 1, 3), match="no permutation"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), axes=(0, 2, 3, 1)),
)
def transpose(data, *, axes=()):
    return np.einsum(data, list(range(data.ndim)), [axis % data.ndim for axis in axes] or list(range(data.ndim))[::-1])


@reference(
    "SwapAxis",
    samples=[
        sample(normal(2, 3, 4), dim1=0, dim2=2),
        sample(normal(2, 3, 4), dim1=1, dim2=-1),
        sample(normal(2, 3, 4)),
        sample(normal(2, 3), dim1=1),
        sample(normal(1), dim1=0, dim2=0),
        sample(integers(2, 3), dim1=0, dim2=1),
        sample(normal(2, 2, 3, 2, dtype="float64"), dim1=1, dim2=2),
    ],
    bad=[
        bad(normal(2, 3, 4), dim1=0, dim2=3, match="dim2=3 is out of range for 3 axes; expected -3 to 2"),
        bad(normal(2, 3, 4), dim1=-4, match="dim1=-4 is out of range"),
    ],
    benchmark=lambda: sample(normal(100, 32, 256), dim1=0, dim2=1),
)
def swap_axis(data, *, dim1=0, dim2=0):
    return np.swapaxes(data, dim1, dim2)


@reference(
    "expand_dims",
    samples=[
        sample(normal(2, 3), axis=0),
        sample(normal(2, 3), axis=1),
        sample(normal(2, 3), axis=2),
        sample(normal(2, 3), axis=-1),
        sample(normal(2, 3), axis=-3),
        sample(normal(1), axis=0),
        sample(integers(2, 3), axis=1),
    ],
    bad=[
        bad(normal(2, 3), axis=3, match="axis=3 is out of range"),
        bad(normal(2, 3), axis=-4, match="axis=-4 is out of range"),
        bad(normal(2, 3), match="required attribute 'axis'"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), axis=1),
)
def expand_dims(data, *, axis):
    return np.expand_dims(data, axis)


@reference(
    "squeeze",
    samples=[
        sample(normal(1, 2, 1, 3)),
        sample(normal(1, 2, 1, 3), axis=0),
        sample(normal(1, 2, 1, 3), axis=(0, -2)),
        sample(normal(2, 3)),
        sample(normal(1, 1)),
        sample(normal(1, 1), axis=(0, 1)),
        sample(normal(1, 2), axis=()),
        sample(integers(2, 1), axis="1"),
        sample(normal(1, 2), axis="None"),
    ],
    bad=[
        bad(normal(1, 2), axis=1, match="axis 1 of data .* has length 2"),
        bad(normal(1, 2), axis=5, match="axis=5 is out of range"),
        bad(normal(1, 2), axis=(0, 0), match="names an axis twice"),
    ],
    benchmark=lambda: sample(normal(16, 1, 64, 56, 56)),
)
def squeeze(data, *, axis=None):
    removed = range(data.ndim) if axis is None else [one % data.ndim for one in axis]
    shape = [n for i, n in enumerate(data.shape) if n != 1 or i not in removed]
    return data.reshape(shape or [1])


@reference(
    "reshape_like",
    samples=[
        sample(normal(2, 6), normal(3, 4)),
        sample(normal(2, 2), normal(4)),
        sample(normal(2, 6), integers(3, 4)),
        sample(normal(6, 2), normal(3, 2, 4), lhs_begin=0, lhs_end=1, rhs_begin=0, rhs_end=2),
        sample(normal(6, 2), normal(3, 2, 4), lhs_begin=-2, lhs_end=-1, rhs_begin=-3, rhs_end=-1),
        sample(normal(3, 12), normal(4, 2, 2, 3), lhs_begin=-1, lhs_end=None, rhs_begin=1, rhs_end="None"),
        sample(integers(2, 3), normal(6)),
    ],
    bad=[
        bad(normal(2, 6), normal(3, 5), match=r"lhs \(2, 6\) has 12 elements; the new shape \(3, 5\)"),
        bad(normal(2, 6), normal(3, 4), lhs_begin=1, lhs_end=1, match="lhs_begin=1, lhs_end=1 select no axes"),
        bad(normal(2, 6), normal(3, 4), rhs_begin=3, rhs_end=4, match="rhs_begin=3, rhs_end=4 select no axes"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), normal(16, 64, 3136)),
)
def reshape_like(lhs, rhs, *, lhs_begin=None, lhs_end=None, rhs_begin=None, rhs_end=None):
    axes = list(lhs.shape)
    axes[slice(lhs_begin, lhs_end)] = rhs.shape[slice(rhs_begin, rhs_end)]
    return lhs.reshape(axes)


@reference(
    "depth_to_space",
    samples=[
        sample(normal(1, 4, 2, 3), block_size=2),
        sample(normal(2, 8, 1, 2), block_size=2),
        sample(normal(1, 9, 1, 1), block_size="3"),
        sample(normal(1, 2, 2, 2), block_size=1),
        sample(integers(1, 8, 1, 1), block_size=2),
    ],
    bad=[
        bad(normal(1, 5, 2, 3), block_size=2, match="has 5 channels; expected a multiple of .* = 4"),
        bad(normal(1, 4, 3), block_size=2, match="expected four axes"),
        bad(normal(1, 4, 2, 3), block_size=0, match="at least 1, got 0"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), block_size=2),
)
def depth_to_space(data, *, block_size):
    n, c, h, w = data.shape
    b, depth = block_size, c // block_size**2
    out = np.zeros((n, depth, h * b, w * b), data.dtype)
    for i in range(b):
        for j in range(b):
            out[:, :, i::b, j::b] = data[:, (i * b + j) * depth : (i * b + j + 1) * depth]
    return out


@reference(
    "space_to_depth",
    samples=[
        sample(normal(1, 1, 4, 6), block_size=2),
        sample(normal(2, 2, 2, 2), block_size=2),
        sample(normal(1, 1, 3, 3), block_size="3"),
        sample(normal(1, 2, 2, 2), block_size=1),
        sample(integers(1, 2, 2, 4), block_size=2),
    ],
    bad=[
        bad(normal(1, 1, 4, 5), block_size=2, match="is 4 by 5; expected multiples of block_size=2"),
        bad(normal(4, 4), block_size=2, match="expected four axes"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), block_size=2),
)
def space_to_depth(data, *, block_size):
    b = block_size
    return np.concatenate([data[:, :, i::b, j::b] for i in range(b) for j in range(b)], axis=1)
