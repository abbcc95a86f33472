"""References for mxnet/_ops/matrix.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample

_HALF = "1.9.1 multiplies float16 on a GPU only"


@reference(
    "dot",
    samples=[
        sample(normal(3), normal(3, seed=1)),
        sample(normal(2, 3), normal(3)),
        sample(normal(3), normal(3, 2)),
        sample(normal(2, 3), normal(3, 2)),
        sample(normal(2, 3), normal(2, 4), transpose_a=True),
        sample(normal(2, 3), normal(4, 3), transpose_b="True"),
        sample(normal(2, 3), normal(4, 2), transpose_a=True, transpose_b=True),
        sample(normal(3), normal(2, 3), transpose_b=True),
        sample(normal(3), normal(2, 3), transpose_a=True, transpose_b=True),
        sample(normal(2, 3), normal(2), transpose_a=True),
        sample(normal(2, 3), normal(3), transpose_b=True),
        sample(normal(2, 2, 3), normal(3, 2, 2)),
        sample(normal(2, 2, 3), normal(3)),
        sample(normal(3), normal(3, 2, 2)),
        sample(normal(3, 2, 4), normal(3, 2), transpose_a=True),
        sample(normal(2, 2, 3), normal(2, 3, 3), transpose_b=True),
        sample(normal(2, 2, 3), normal(2, 4, 2), transpose_a=True),
        sample(normal(2, 1, 3), normal(2, 3, 2), transpose_a=True, transpose_b=True),
        sample(normal(1), normal(1, seed=1)),
        sample(normal(1, 1), normal(1, 1, seed=1)),
        sample(normal(2, 3), normal(3, 2), forward_stype="default"),
        sample(normal(2, 3, dtype="float64"), normal(3, 2, dtype="float64")),
        sample(normal(2, 3, dtype="float16"), normal(3, 2, dtype="float16"), golden=False, why=_HALF),
        sample(normal(0, 3), normal(3, 2)),
        sample(normal(2, 0), normal(0, 2), golden=False, why="1.9.1 crashes"),
    ],
    bad=[
        bad(normal(2, 3), normal(4, 2), match=r"axis -1 of lhs \(2, 3\) has length 3, and axis 0 of rhs"),
        bad(normal(2, 3), normal(3, 2), transpose_a=True, match="axis 0 of lhs"),
        bad(normal(3), normal(2), match="expected equal lengths"),
        bad(normal(3), normal(3), transpose_a=True, match="no meaning for two vectors"),
        bad(normal(2, 3), normal(3, 2, dtype="float64"), match="float32 and rhs is float64"),
        bad(integers(2, 3), integers(3, 2), match="got int32; expected a floating dtype"),
        bad(np.float32(2), normal(3), match="at least one axis each"),
    ],
    benchmark=lambda: sample(normal(512, 512), normal(512, 512, seed=1)),
)
def dot(lhs, rhs, *, transpose_a=False, transpose_b=False, forward_stype=None):
    if transpose_a and lhs.ndim > 1:
        lhs = np.moveaxis(lhs, 0, -1)
    if transpose_b and rhs.ndim > 1:
        rhs = np.moveaxis(rhs, -1, 0)
    return np.atleast_1d(np.tensordot(lhs, rhs, 1))


@reference(
    "batch_dot",
    samples=[
        sample(normal(2, 1, 3), normal(2, 3, 2)),
        sample(normal(2, 3, 1), normal(2, 3, 2), transpose_a=True),
        sample(normal(2, 1, 3), normal(2, 2, 3), transpose_b="True"),
        sample(normal(2, 3, 2), normal(2, 4, 3), transpose_a=True, transpose_b=True),
        sample(normal(2, 2, 1, 3), normal(2, 2, 3, 2)),
        sample(normal(1, 2, 3, 1), normal(1, 2, 2, 3), transpose_a=True, transpose_b=True),
        sample(normal(1, 1, 1), normal(1, 1, 1, seed=1), forward_stype="default"),
        sample(normal(2, 1, 3, dtype="float64"), normal(2, 3, 2, dtype="float64")),
        sample(normal(2, 1, 3, dtype="float16"), normal(2, 3, 2, dtype="float16"), golden=False, why=_HALF),
    ],
    bad=[
        bad(normal(2, 1, 3), normal(1, 3, 2), match="with equal batch axes"),
        bad(normal(2, 2, 1, 3), normal(2, 1, 3, 2), match="with equal batch axes"),
        bad(normal(1, 3), normal(3, 2), match="three axes or more"),
        bad(normal(2, 1, 3), normal(3, 2), match="three axes or more"),
        bad(normal(2, 1, 3), normal(2, 4, 2), match="axes of lengths 3 and 4"),
        bad(normal(2, 1, 3), normal(2, 3, 2, dtype="float64"), match="float32 and rhs is float64"),
        bad(integers(2, 1, 3), integers(2, 3, 2), match="got int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(normal(32, 128, 128), normal(32, 128, 128, seed=1)),
)
def batch_dot(lhs, rhs, *, transpose_a=False, transpose_b=False, forward_stype=None):
    left, right = ("...ki" if transpose_a else "...ik"), ("...jk" if transpose_b else "...kj")
    return np.einsum(f"{left},{right}->...ij", lhs, rhs)


@reference(
    "khatri_rao",
    samples=[
        sample(normal(2, 2), normal(3, 2)),
        sample(normal(2, 2), normal(3, 2), normal(1, 2)),
        sample(normal(2, 3), normal(2, 3, seed=1), normal(2, 3, seed=2)),
        sample(normal(2, 2)),
        sample(normal(1, 1), normal(1, 1, seed=1)),
        sample(normal(2, 2, dtype="float64"), normal(3, 2, dtype="float64")),
        sample(normal(2, 2, dtype="float16"), normal(3, 2, dtype="float16"), golden=False, why="1.9.1 lacks float16"),
    ],
    bad=[
        bad(normal(2, 2), normal(3, 3), match=r"arg1 has shape \(3, 3\); expected a matrix with as many columns"),
        bad(normal(2), normal(3), match=r"arg0 has shape \(2,\); expected a matrix"),
        bad(normal(2, 2), normal(3, 2, dtype="float64"), match="arg0 is float32 and arg1 is float64"),
    ],
    benchmark=lambda: sample(normal(64, 256), normal(64, 256, seed=1)),
)
def khatri_rao(*args):
    columns = []
    for column in range(args[0].shape[1]):
        product = np.ones(1, args[0].dtype)
        for factor in args:
            product = np.kron(product, factor[:, column])
        columns.append(product)
    return np.stack(columns, 1)


@reference(
    "diag",
    samples=[
        sample(normal(3, 4)),
        sample(normal(3, 4), k=1),
        sample(normal(3, 4), k="-1"),
        sample(normal(3, 4), k=3),
        sample(normal(4, 3), k=-2),
        sample(normal(3)),
        sample(normal(3), k=1),
        sample(normal(3), k=-2),
        sample(normal(2, 3, 4)),
        sample(normal(2, 3, 4), axis1=1, axis2=2),
        sample(normal(2, 3, 4), axis1="-1", axis2="0", k=1),
        sample(normal(2, 3, 2, 2), axis1=1, axis2=-1, k=-1),
        sample(integers(2, 3)),
        sample(integers(2)),
        sample(normal(1, 1, dtype="float64")),
        sample(normal(3, 4), k=4, golden=False, why="1.9.1 refuses it under np shapes only"),
    ],
    bad=[
        bad(normal(2, 3, 4), axis1=1, axis2=1, match="expected two different axes"),
        bad(normal(2, 3), axis1=0, axis2=2, match="expected two different axes"),
    ],
    benchmark=lambda: sample(normal(128, 128, 128), axis1=1, axis2=2),
)
def diag(data, *, k=0, axis1=0, axis2=1):
    if data.ndim == 1:
        size = len(data) + abs(k)
        out = np.zeros((size, size), data.dtype)
        out[max(-k, 0) + np.arange(len(data)), max(k, 0) + np.arange(len(data))] = data
        return out
    return np.diagonal(data, k, axis1, axis2)
