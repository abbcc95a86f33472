"""References for mxnet/_ops/linalg.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample


def _triangle(*shape, seed=0, dtype="float32"):
    """Matrices whose triangles are both far from singular."""
    return (normal(*shape, seed=seed) * 0.5 + 2 * np.eye(shape[-1])).astype(dtype)


@reference(
    "_linalg_gemm",
    samples=[
        sample(normal(2, 3), normal(3, 4), normal(2, 4)),
        sample(normal(3, 2), normal(3, 4), normal(2, 4), transpose_a=True, alpha=2.0, beta=-0.5),
        sample(normal(2, 3), normal(4, 3), normal(2, 4), transpose_b="True", alpha="0.5"),
        sample(normal(3, 2), normal(4, 3), normal(2, 4), transpose_a=True, transpose_b=True, beta="3"),
        sample(normal(2, 2, 3), normal(2, 3, 2), normal(2, 2, 2), alpha=1.5),
        sample(normal(2, 1, 2, 3), normal(2, 1, 3, 2), normal(2, 1, 2, 2), beta=2.0),
        sample(normal(2, 4, 3), normal(3, 4, 2), normal(2, 4, 2), axis=0, alpha=0.5, beta=2.0),
        sample(normal(2, 3, 2, 2), normal(2, 2, 2, 3), normal(2, 3, 2, 3), axis="-3"),
        sample(normal(2, 2, 3), normal(3, 2, 2), normal(3, 2, 3), axis=-3, transpose_a=True, transpose_b=True),
        sample(normal(1, 1), normal(1, 1, seed=1), normal(1, 1, seed=2)),
        sample(normal(2, 3, dtype="float64"), normal(3, 2, dtype="float64"), normal(2, 2, dtype="float64"), alpha=2),
        sample(normal(2, 3), normal(3, 2), np.full((2, 2), np.nan, "float32"), beta=0.0, differentiable=False),
        sample(normal(2, 3, 0), normal(2, 0, 2), normal(2, 3, 2)),
        sample(normal(0, 2, 3), normal(0, 3, 2), normal(0, 2, 2)),
    ],
    bad=[
        bad(normal(2, 3), normal(4, 2), normal(2, 2), match="as many columns in the first factor"),
        bad(normal(2, 3), normal(3, 2), normal(1, 2), match=r"C has shape \(1, 2\); expected \(2, 2\)"),
        bad(normal(2, 3), normal(3, 2), normal(2, 2, dtype="float64"), match="A is float32 and C is float64"),
        bad(normal(2, 3), normal(3, 2), normal(2, 2), axis=1, match="axis=1; expected 0 to 0 or -2 to -2"),
        bad(normal(2, 3, dtype="float16"), normal(3, 2, dtype="float16"), normal(2, 2, dtype="float16"),
            match="A is float16; expected float32 or float64"),
    ],
    benchmark=lambda: sample(normal(400, 400), normal(400, 400, seed=1), normal(400, 400, seed=2), alpha=2.0, beta=0.5),
)  # fmt: skip
def gemm(A, B, C, *, transpose_a=False, transpose_b=False, alpha=1.0, beta=1.0, axis=-2):
    return gemm2(A, B, transpose_a=transpose_a, transpose_b=transpose_b, alpha=alpha, axis=axis) + (
        beta * C if beta else 0
    )


@reference(
    "_linalg_gemm2",
    samples=[
        sample(normal(2, 3), normal(3, 4)),
        sample(normal(3, 2), normal(3, 4), transpose_a="True"),
        sample(normal(2, 3), normal(4, 3), transpose_b=True, alpha=-2.0),
        sample(normal(3, 2), normal(4, 3), transpose_a=True, transpose_b=True),
        sample(normal(2, 2, 3), normal(2, 3, 2), alpha="0.5"),
        sample(normal(2, 1, 2, 3), normal(2, 1, 3, 2)),
        sample(normal(2, 4, 3), normal(3, 4, 2), axis=0),
        sample(normal(3, 4, 2), normal(3, 4, 5), axis=0, transpose_a=True),
        sample(normal(2, 3, 2, 2), normal(2, 2, 2, 3), axis="-3", alpha=2),
        sample(normal(1, 1), normal(1, 1, seed=1)),
        sample(normal(2, 3), normal(3, 2), axis=0),
        sample(normal(2, 3, dtype="float64"), normal(3, 2, dtype="float64")),
        sample(normal(2, 3, 0), normal(2, 0, 2)),
        sample(normal(0, 2, 3), normal(0, 3, 2)),
    ],
    bad=[
        bad(normal(2, 3), normal(4, 2), match=r"A has shape \(2, 3\) and B \(4, 2\); expected equal batch axes, and"),
        bad(normal(1, 2, 3), normal(2, 3, 2), match="expected equal batch axes"),
        bad(normal(2, 2, 3), normal(3, 2), match="expected equally many axes"),
        bad(normal(3), normal(3), match="at least two"),
        bad(normal(2, 2, 3), normal(2, 3, 2), axis=-1, match="rows may be on any axis but the last"),
        bad(integers(2, 3), integers(3, 2), match="A is int32; expected float32 or float64"),
    ],
    benchmark=lambda: sample(normal(32, 128, 128), normal(32, 128, 128, seed=1), transpose_b=True),
)
def gemm2(A, B, *, transpose_a=False, transpose_b=False, alpha=1.0, axis=-2):
    A, B = np.moveaxis(A, axis, -2), np.moveaxis(B, axis, -2)
    left, right = ("...ki" if transpose_a else "...ik"), ("...jk" if transpose_b else "...kj")
    return alpha * np.moveaxis(np.einsum(f"{left},{right}->...ij", A, B), -2, axis)


@reference(
    "_linalg_syrk",
    samples=[
        sample(normal(2, 3)),
        sample(normal(2, 3), transpose=True),
        sample(normal(3, 1), alpha=2.5),
        sample(normal(2, 2, 3), transpose="True", alpha="-1"),
        sample(normal(1, 2, 3, 2)),
        sample(normal(1, 1)),
        sample(normal(2, 3, dtype="float64"), alpha=2),
        sample(normal(0, 2, 3)),
    ],
    bad=[
        bad(normal(3), match="expected matrices in the last two axes"),
        bad(normal(2, 3, dtype="float16"), match="A is float16; expected float32 or float64"),
    ],
    benchmark=lambda: sample(normal(400, 800)),
)
def syrk(A, *, transpose=False, alpha=1.0):
    return alpha * np.einsum("...ki,...kj->...ij" if transpose else "...ik,...jk->...ij", A, A)


_SIDES = [
    bad(normal(2, 3), normal(3, 2), match=r"A has shape \(2, 3\); expected square matrices"),
    bad(normal(2, 2), normal(3, 2), match=r"expected equal batch axes, and 2 rows \(axis -2\) in B"),
    bad(normal(2, 2), normal(2, 3), rightside=True, match=r"2 columns \(axis -1\) in B"),
    bad(normal(2, 2, 2), normal(2, 2), match="expected equal batch axes"),
    bad(normal(2), normal(2), match="expected square matrices"),
    bad(normal(2, 2), normal(2, 2, dtype="float64"), match="A is float32 and B is float64"),
    bad(normal(2, 2, dtype="float16"), normal(2, 2, dtype="float16"), match="expected float32 or float64"),
]


def _sides():
    """Every combination of the three choices, and other shapes, dtypes and factors."""
    flags = [(t, r, low) for t in (False, True) for r in (False, True) for low in (True, False)]
    return [
        *(sample(_triangle(3, 3), normal(*((2, 3) if r else (3, 2))), transpose=t, rightside=r, lower=low, alpha=1.5)
          for t, r, low in flags),
        sample(_triangle(3, 3), normal(3, 2)),
        sample(_triangle(2, 2, 2), normal(2, 2, 3), alpha="-2", lower="False"),
        sample(_triangle(1, 2, 2, 2), normal(1, 2, 1, 2), transpose="True", rightside="True"),
        sample(_triangle(1, 1), normal(1, 1)),
        sample(_triangle(3, 3, dtype="float64"), normal(3, 2, dtype="float64"), alpha=2),
        sample(normal(0, 2, 2), normal(0, 2, 3)),
    ]  # fmt: skip


@reference(
    "_linalg_trmm",
    samples=_sides(),
    bad=_SIDES,
    benchmark=lambda: sample(_triangle(16, 128, 128), normal(16, 128, 128)),
)
def trmm(A, B, *, transpose=False, rightside=False, lower=True, alpha=1.0):
    triangle = np.tril(A) if lower else np.triu(A)
    if transpose:
        triangle = np.swapaxes(triangle, -1, -2)
    return alpha * (B @ triangle if rightside else triangle @ B)


@reference(
    "_linalg_trsm",
    samples=[
        *_sides(),
        sample(_triangle(2, 2), normal(2, 0), golden=False, why="1.9.1 hands BLAS an illegal size"),
    ],
    bad=_SIDES,
    benchmark=lambda: sample(_triangle(400, 400) * 5, normal(400, 400)),
)
def trsm(A, B, *, transpose=False, rightside=False, lower=True, alpha=1.0):
    triangle = (np.tril(A) if lower else np.triu(A)).astype("float64")
    if transpose:
        triangle = np.swapaxes(triangle, -1, -2)
    if rightside:
        return alpha * np.swapaxes(np.linalg.solve(np.swapaxes(triangle, -1, -2), np.swapaxes(B, -1, -2)), -1, -2)
    return alpha * np.linalg.solve(triangle, B)
