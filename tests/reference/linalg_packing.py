"""References for mxnet/_ops/linalg_packing.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample, uniform

_NO_AXES = "1.9.1 has arrays without axes under np shapes only"
_SQUARE = [
    bad(normal(2, 3), match=r"A has shape \(2, 3\); expected square matrices"),
    bad(normal(3), match="expected square matrices in the last two axes"),
    bad(normal(2, 2, dtype="float16"), match="A is float16; expected float32 or float64"),
]
_OFFSETS = [
    bad(normal(3, 3), offset=3, match="offset=3 and A has shape .* expected an offset from -2 to 2"),
    bad(normal(3, 3), offset=-3, match="expected an offset from -2 to 2"),
]


@reference(
    "_linalg_sumlogdiag",
    samples=[
        sample(uniform(3, 3, low=0.5, high=2)),
        sample(uniform(2, 2, 2, low=0.5, high=2)),
        sample(uniform(1, 2, 3, 3, low=0.5, high=2, dtype="float64")),
        sample(np.float32([[3]])),
        sample(np.float32([[0, 1], [1, 2]]), differentiable=False),
        sample(np.float32([[-1, 1], [1, 2]]), differentiable=False),
        sample(np.zeros((0, 3, 3), "float32")),
        sample(np.zeros((2, 0, 0), "float32")),
    ],
    bad=_SQUARE,
    benchmark=lambda: sample(uniform(512, 64, 64, low=0.5, high=2)),
)
def sumlogdiag(A):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.atleast_1d(np.log(np.einsum("...ii->...i", A)).sum(-1))


@reference(
    "_linalg_extractdiag",
    samples=[
        sample(normal(3, 3)),
        *(sample(normal(3, 3), offset=k) for k in (1, "-1", 2, -2)),
        sample(normal(2, 3, 3), offset=1),
        sample(normal(1, 2, 3, 3, dtype="float64"), offset=-1),
        sample(normal(1, 1)),
        sample(normal(0, 3, 3)),
    ],
    bad=[*_SQUARE, *_OFFSETS],
    benchmark=lambda: sample(normal(256, 64, 64)),
)
def extractdiag(A, *, offset=0):
    return np.diagonal(A, offset, -2, -1)


@reference(
    "_linalg_makediag",
    samples=[
        sample(normal(3)),
        *(sample(normal(3), offset=k) for k in (1, "-1", -2)),
        sample(normal(2, 3), offset=1),
        sample(normal(1, 2, 2, dtype="float64"), offset=-1),
        sample(normal(1)),
        sample(normal(2, 0)),
        sample(np.float32(2), offset=1, golden=False, why=_NO_AXES),
    ],
    bad=[bad(integers(3), match="A is int32; expected float32 or float64")],
    benchmark=lambda: sample(normal(256, 64)),
)
def makediag(A, *, offset=0):
    A = np.atleast_1d(A)
    size = A.shape[-1] + abs(offset)
    out = np.zeros((*A.shape[:-1], size, size), A.dtype)
    for i in range(A.shape[-1]):
        out[..., i + max(-offset, 0), i + max(offset, 0)] = A[..., i]
    return out


_CHOICES = [(0, True), (0, False), (1, True), (1, False), (-1, True), (-1, False), (2, True), (-2, False)]


def _triangle(size, offset, lower):
    """The places of a packed triangle in their order."""
    if offset > 0 or (offset == 0 and not lower):
        return [(i, j) for j in range(size) for i in range(size) if j - i >= offset]
    return [(i, j) for i in range(size) for j in range(size) if j - i <= offset]


@reference(
    "_linalg_extracttrian",
    samples=[
        *(sample(normal(4, 4), offset=k, lower=low) for k, low in _CHOICES),
        sample(normal(3, 3)),
        sample(normal(2, 3, 3), lower="False"),
        sample(normal(1, 2, 3, 3, dtype="float64"), offset="1"),
        sample(normal(1, 1)),
        sample(normal(0, 3, 3)),
    ],
    bad=[*_SQUARE, *_OFFSETS],
    benchmark=lambda: sample(normal(256, 64, 64)),
)
def extracttrian(A, *, offset=0, lower=True):
    places = _triangle(A.shape[-1], offset, lower)
    return np.stack([A[..., i, j] for i, j in places], -1)


@reference(
    "_linalg_maketrian",
    samples=[
        *(sample(normal(6), offset=k, lower=low) for k, low in _CHOICES),
        sample(normal(3)),
        sample(normal(2, 3), lower="False"),
        sample(normal(1, 2, 6, dtype="float64"), offset="1"),
        sample(normal(1), offset=-3),
        sample(np.float32(2), golden=False, why=_NO_AXES),
    ],
    bad=[
        bad(normal(4), match=r"A has shape \(4,\); expected a last axis that holds a triangle, of length 1, 3, 6"),
        bad(integers(3), match="A is int32; expected float32 or float64"),
    ],
    benchmark=lambda: sample(normal(256, 64 * 65 // 2)),
)
def maketrian(A, *, offset=0, lower=True):
    A = np.atleast_1d(A)
    size = next(n for n in range(99) if n * (n + 1) // 2 == A.shape[-1]) + abs(offset)
    out = np.zeros((*A.shape[:-1], size, size), A.dtype)
    for number, (i, j) in enumerate(_triangle(size, offset, lower)):
        out[..., i, j] = A[..., number]
    return out
