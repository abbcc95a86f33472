"""References for mxnet/_ops/broadcast.py."""

from __future__ import annotations

import numpy as np

from . import bad, normal, reference, sample
from .binary import ARITHMETIC, FUNCTIONS, MIXED, operands, silent, whole

FIRST = np.array([[1, 2, 2], [3, 0, -1]], "float32")

for name, function in FUNCTIONS.items():
    smooth = {"differentiable": name in ARITHMETIC}
    lhs, rhs = operands(name, 3, 3)
    kinds = [kind for kind in ("int32", "uint8", "int64", "int8") if (name, kind) != ("power", "int8")]
    samples = [
        sample(lhs, rhs, **smooth),
        sample(lhs, rhs[:1], **smooth),
        sample(lhs[:, :1], rhs[:1], **smooth) if name != "mod" else sample(lhs[:, :1], rhs[:1], differentiable=False),
        sample(lhs[:1], rhs, **smooth) if name != "mod" else sample(lhs[:1], rhs, differentiable=False),
        sample(lhs, rhs[0], **smooth),
        *(
            sample(x, y, differentiable=smooth["differentiable"] and name != "mod")
            for kind in ("float64", "float16")
            for x, y in [(operands(name, 2, 3, dtype=kind)[0], operands(name, 2, 1, dtype=kind, seed=5)[1])]
        ),
        sample(np.zeros((2, 1), "float32"), np.zeros((1, 0), "float32")),
        *(
            sample(whole(2, 3, dtype=kind), whole(2, 1, dtype=kind, seed=1, low=1 if name == "power" else -7))
            for kind in kinds
        ),
    ]
    if name in ("maximum", "minimum"):
        samples.append(sample(FIRST, FIRST[:1], differentiable=False))
        samples.append(sample(FIRST[:, :1], FIRST, differentiable=False))
        nan = np.array([[np.nan, 1, np.inf]], "float32")
        samples.append(sample(nan, FIRST, differentiable=False))
    if name == "mod":
        samples.append(sample(np.array([[5], [-7]], "int32"), np.array([[0, 3]], "int32")))
    if name == "div":
        zero = np.array([[5], [-7]], "int32"), np.array([[0, 3]], "int32")
        samples.append(sample(*zero, golden=False, why="1.9.1 dies of integer division by zero"))
    apart = bad(normal(2, 3), normal(2, 2), match=r"shapes \(2, 3\) and \(2, 2\) do not broadcast")
    reference(
        f"broadcast_{name}",
        samples=samples,
        bad=[*MIXED, apart],
        benchmark=lambda name=name: sample(operands(name, 32, 64, 28, 28)[0], operands(name, 1, 64, 1, 1, seed=5)[1]),
    )(silent(function))

ONE_COLUMN = normal(2, 1)


@reference(
    "broadcast_to",
    samples=[
        sample(ONE_COLUMN, shape=(2, 4)),
        sample(ONE_COLUMN, shape="(0, 4)"),
        sample(ONE_COLUMN, shape=(2, 0)),
        sample(ONE_COLUMN, shape=(0, 0)),
        sample(normal(1, 2, 1, dtype="float64"), shape=(3, 2, 2)),
        sample(normal(1, dtype="float16"), shape=3),
        sample(np.array([[1, 2, 3]], "int32"), shape=(2, 3)),
        sample(np.array([True]), shape=(2,)),
    ],
    bad=[
        bad(ONE_COLUMN, shape=(3, 2, 4), match=r"shape is \(3, 2, 4\) and data has shape \(2, 1\); expected 2 lengths"),
        bad(ONE_COLUMN, match="expected 2 lengths"),
        bad(ONE_COLUMN, shape=(3, 4), match=r"\(2, 1\) does not broadcast to \(3, 4\)"),
        bad(ONE_COLUMN, shape=(-1, 4), match="expected lengths of at least 0"),
    ],
    benchmark=lambda: sample(normal(1, 64, 1, 1), shape=(32, 64, 28, 28)),
)
def broadcast_to(data, *, shape=()):
    return np.broadcast_to(data, [n or m for n, m in zip(shape, data.shape, strict=True)])


@reference(
    "broadcast_axis",
    samples=[
        sample(ONE_COLUMN, axis=1, size=4),
        sample(normal(1, 1), axis=(0, 1), size=(2, 3)),
        sample(normal(1, 2, 1, dtype="float64"), axis="(2, 0)", size="(2, 3)"),
        sample(ONE_COLUMN),
        sample(ONE_COLUMN, axis=-1, size=2, golden=False, why="1.9.1 does not count from the last axis here"),
        sample(np.array([[True], [False]]), axis=1, size=2, golden=False, why="1.9.1 has it for numbers only"),
        sample(np.array([[1], [2]], "int64"), axis=1, size=2),
    ],
    bad=[
        bad(ONE_COLUMN, axis=0, size=2, match=r"axis 0 of data \(2, 1\) has length 2; only axes of length 1"),
        bad(ONE_COLUMN, axis=2, size=2, match="axis 2 is outside of data"),
        bad(ONE_COLUMN, axis=(0, 1), size=2, match="expected one size for each axis"),
        bad(ONE_COLUMN, axis=(1, 1), size=(2, 2), match="each once"),
    ],
    benchmark=lambda: sample(normal(32, 1, 784), axis=1, size=64),
)
def broadcast_axis(data, *, axis=(), size=()):
    for one, length in zip(axis, size):
        data = np.repeat(data, length, axis=one)
    return data


@reference(
    "broadcast_like",
    samples=[
        sample(ONE_COLUMN, normal(2, 3)),
        sample(normal(1, 3), normal(2, 6), lhs_axes=0, rhs_axes=1),
        sample(normal(1, 3), normal(2, 1, 4), lhs_axes=(0,), rhs_axes=(-1,)),
        sample(normal(1, 1), normal(2, 1, 4), lhs_axes="(0, -1)", rhs_axes="(2, 0)"),
        sample(normal(1, 3, dtype="float64"), np.zeros((2, 2), "int32"), lhs_axes=(0,), rhs_axes=(0,)),
        sample(np.array([[1, 2]], "int32"), normal(3, 2)),
    ],
    bad=[
        bad(normal(1, 3), normal(2, 3, 4), match=r"lhs has shape \(1, 3\) and rhs \(2, 3, 4\); expected as many axes"),
        bad(normal(1, 3), normal(2, 2), match=r"axis 1 of lhs \(1, 3\) does not broadcast to axis 1 of rhs"),
        bad(normal(1, 3), normal(2, 2), lhs_axes=(0, 1), rhs_axes=(0,), match="expected as many in both"),
        bad(normal(1, 3), normal(2, 2), lhs_axes=2, rhs_axes=0, match="does not exist"),
    ],
    benchmark=lambda: sample(normal(32, 64, 1, 1), normal(32, 64, 28, 28)),
)
def broadcast_like(lhs, rhs, *, lhs_axes=None, rhs_axes=None):
    if lhs_axes is None:
        return lhs + np.zeros(rhs.shape, lhs.dtype)
    for to, origin in zip(lhs_axes, rhs_axes, strict=True):
        lhs = np.repeat(lhs, rhs.shape[origin], axis=to) if lhs.shape[to] == 1 else lhs
    return lhs
