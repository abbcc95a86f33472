"""References for mxnet/_ops/linalg_factors.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample


def _definite(*shape, seed=0, dtype="float32"):
    """Symmetric, positive definite matrices."""
    rows = normal(*shape, seed=seed, dtype="float64")
    return (rows @ np.swapaxes(rows, -1, -2) / shape[-1] + np.eye(shape[-1])).astype(dtype)


def _regular(*shape, seed=0, dtype="float32"):
    return (normal(*shape, seed=seed) * 0.5 + 1.5 * np.eye(shape[-1])).astype(dtype)


def _symmetric(*shape, seed=0, dtype="float32"):
    """Symmetric matrices whose eigenvalues lie apart."""
    rows = normal(*shape, seed=seed, dtype="float64")
    return (rows + np.swapaxes(rows, -1, -2) + 3 * np.diag(np.arange(shape[-1]))).astype(dtype)


_SQUARE = [
    bad(normal(2, 3), match=r"A has shape \(2, 3\); expected square matrices"),
    bad(normal(3), match="expected square matrices in the last two axes"),
    bad(normal(2, 2, dtype="float16"), match="A is float16; expected float32 or float64"),
    bad(integers(2, 2), match="A is int32; expected float32 or float64"),
]
_HALF_SEEN = "the gradient is symmetric, but only the lower triangle is read"


@reference(
    "_linalg_potrf",
    samples=[
        sample(_definite(3, 3), differentiable=False, why=_HALF_SEEN),
        sample(np.tril(_definite(3, 3)) + np.triu(normal(3, 3), 1), differentiable=False, why=_HALF_SEEN),
        sample(_definite(2, 2, 2), differentiable=False),
        sample(_definite(1, 2, 4, 4, dtype="float64"), differentiable=False),
        sample(_definite(1, 1)),
        sample(_definite(3, 1, 1)),
        sample(np.zeros((0, 2, 2), "float32")),
        sample(np.zeros((2, 0, 0), "float32")),
    ],
    bad=[
        *_SQUARE,
        bad(-_definite(2, 2), match="A is not positive definite; expected symmetric, positive definite matrices"),
        bad(np.stack([_definite(2, 2), np.zeros((2, 2), "float32")]), match="matrix 1 of the 2 in A is not positive"),
    ],
    benchmark=lambda: sample(_definite(4, 256, 256)),
)
def potrf(A):
    factor = np.zeros(A.shape)
    for i in range(A.shape[-1]):
        for j in range(i + 1):
            rest = A[..., i, j] - (factor[..., i, :j] * factor[..., j, :j]).sum(-1)
            factor[..., i, j] = np.sqrt(rest) if i == j else rest / factor[..., j, j]
    return factor


@reference(
    "_linalg_potri",
    samples=[
        sample(_regular(3, 3)),
        sample(np.tril(_regular(3, 3, seed=1))),
        sample(-_regular(2, 2, 2)),
        sample(_regular(1, 2, 3, 3, dtype="float64")),
        sample(_regular(1, 1)),
        sample(np.zeros((0, 2, 2), "float32")),
    ],
    bad=[
        *_SQUARE,
        bad(np.diag(np.float32([1, 0, 2])), match="A has a zero on a diagonal, so it is no Cholesky factor"),
    ],
    benchmark=lambda: sample(np.tril(_regular(4, 200, 200)).astype("float32")),
)
def potri(A):
    factor = np.tril(A).astype("float64")
    return np.linalg.inv(factor @ np.swapaxes(factor, -1, -2))


@reference(
    "_linalg_gelqf",
    samples=[
        sample(normal(2, 3)),
        sample(normal(3, 3)),
        sample(-_regular(3, 3)),
        sample(normal(1, 4)),
        sample(normal(1, 1)),
        sample(-np.eye(2, dtype="float32"), differentiable=False),
        sample(normal(2, 2, 4)),
        sample(normal(1, 2, 2, 3, dtype="float64")),
        sample(np.zeros((0, 2, 3), "float32")),
    ],
    bad=[
        bad(normal(3, 2), match="expected matrices with at least as many columns"),
        bad(normal(3), match="expected matrices with at least as many columns"),
        bad(normal(2, 3, dtype="float16"), match="A is float16; expected float32 or float64"),
    ],
    benchmark=lambda: sample(normal(4, 100, 200)),
)
def gelqf(A):
    *batch, m, n = A.shape
    q, lower = np.zeros((*batch, m, n)), np.zeros((*batch, m, m))
    for place in np.ndindex(*batch):
        rest, turn = A[place].astype("float64"), np.eye(n)
        for i in range(m):
            row = rest[i, i:]
            if np.any(row[1:]):  # reflect the row onto the axis i, to the side where it does not point
                normal_ = row.copy()
                normal_[0] += np.copysign(np.linalg.norm(row), row[0])
                mirror = np.eye(n)
                mirror[i:, i:] -= 2 * np.outer(normal_, normal_) / (normal_ @ normal_)
                rest, turn = rest @ mirror, turn @ mirror
        q[place], lower[place] = turn.T[:m], np.tril(rest[:, :m])
    return q, lower


@reference(
    "_linalg_syevd",
    samples=[
        sample(_symmetric(3, 3), differentiable=False, why=_HALF_SEEN),
        sample(np.tril(_symmetric(3, 3)) + np.triu(normal(3, 3), 1), differentiable=False, why=_HALF_SEEN),
        sample(_symmetric(2, 4, 4), differentiable=False),
        sample(_symmetric(1, 2, 5, 5, dtype="float64"), differentiable=False),
        sample(np.diag(np.float32([3, 1, 2])), differentiable=False),
        sample(np.float32([[-3]])),
        sample(np.eye(2, dtype="float32"), differentiable=False),
        sample(np.zeros((0, 2, 2), "float32")),
        sample(np.zeros((2, 0, 0), "float32"), golden=False, why="1.9.1 fails in LAPACK"),
    ],
    bad=[*_SQUARE, bad(np.full((4, 4), np.nan, "float32"), match="no eigenvalues were found")],
    benchmark=lambda: sample(_symmetric(100, 100)),
)
def syevd(A):
    values, columns = np.linalg.eigh(A.astype("float64"))
    rows = np.swapaxes(columns, -1, -2).copy()
    for place in np.ndindex(*rows.shape[:-1]):
        if rows[place][np.argmax(np.abs(rows[place]))] < 0:
            rows[place] *= -1
    return rows, values


@reference(
    "_linalg_inverse",
    samples=[
        sample(_regular(3, 3)),
        sample(np.float32([[0, 2], [1, 0]])),
        sample(_regular(2, 2, 2)),
        sample(_regular(1, 2, 4, 4, dtype="float64")),
        sample(np.float32([[-4]])),
        sample(np.zeros((0, 2, 2), "float32")),
        sample(np.zeros((2, 0, 0), "float32")),
    ],
    bad=[
        *_SQUARE,
        bad(np.ones((2, 2), "float32"), match="A is singular, it has no inverse"),
        bad(np.stack([np.eye(2), np.eye(2), np.ones((2, 2))]), match="matrix 2 of the 3 in A is singular"),
    ],
    benchmark=lambda: sample(_regular(4, 200, 200) + 8 * np.eye(200, dtype="float32")),
)
def inverse(A):
    return np.linalg.inv(A.astype("float64"))


_DETERMINANTS = [
    sample(_regular(3, 3)),
    sample(np.float32([[0, 2], [1, 0]])),
    sample(_regular(2, 2, 2)),
    sample(-_regular(1, 2, 3, 3, dtype="float64")),
    sample(np.float32([[-2]])),
    sample(np.float32([[[1, 2], [2, 4]], [[1, 2], [3, 4]]]), differentiable=False),
    sample(np.zeros((2, 2), "float32"), differentiable=False),
    sample(np.float32([[1, 2, 3], [2, 4, 6], [1, 0, 1]]), differentiable=False),
    sample(np.zeros((0, 2, 2), "float32")),
    sample(np.zeros((2, 0, 0), "float32"), golden=False, why="1.9.1 gives what stood in memory"),
]


@reference("_linalg_det", samples=_DETERMINANTS, bad=_SQUARE, benchmark=lambda: sample(_regular(4, 200, 200)))
def det(A):
    return np.atleast_1d(np.linalg.det(A.astype("float64")))


@reference(
    "_linalg_slogdet",
    samples=[*_DETERMINANTS, sample(np.diag(np.float32([1e-20, 1e-20, -1e-20])), differentiable=False)],
    bad=_SQUARE,
    benchmark=lambda: sample(_regular(4, 200, 200)),
)
def slogdet(A):
    sign, logarithm = np.linalg.slogdet(A.astype("float64"))
    return np.atleast_1d(sign), np.atleast_1d(logarithm)
