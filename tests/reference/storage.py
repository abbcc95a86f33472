"""References for mxnet/_ops/storage.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample

ANY = [
    sample(normal(2, 3), stype="default"),
    sample(normal(1), stype="default"),
    sample(normal(2, 1, 2, dtype="float64"), stype="default"),
    sample(normal(3, dtype="float16"), stype="default"),
    sample(integers(3), stype="default"),
]


@reference(
    "cast_storage",
    samples=ANY,
    bad=[
        bad(normal(2, 3), stype="dense", match="one of 'csr', 'default', 'row_sparse', got 'dense'"),
        bad(normal(2, 3), match="required attribute 'stype'"),
    ],
    benchmark=lambda: sample(normal(1000, 1000), stype="default"),
)
def cast_storage(data, *, stype):
    return data


def rows(*values, dtype="float32"):
    return np.array(values, dtype)


SPARSE_GRADIENT = {"golden_gradient": False, "why": "1.9.1 asks for a gradient of storage type row_sparse"}
SIZE = {"input_dim": 3, "output_dim": 2}


@reference(
    "_contrib_SparseEmbedding",
    samples=[
        sample(rows(0, 2, 7, -1), normal(3, 2), **SIZE, differentiable=False, **SPARSE_GRADIENT),
        sample(rows([1, 1], [0, 2], dtype="int32"), normal(3, 2), **SIZE, **SPARSE_GRADIENT),
        sample(rows(1.7, 0.2), normal(3, 2), **SIZE, **SPARSE_GRADIENT),
        sample(rows(1, dtype="int32"), normal(1, 1), input_dim="1", output_dim=1, **SPARSE_GRADIENT),
        sample(rows(1, 2, dtype="int64"), normal(3, 2, dtype="float64"), **SIZE, dtype="float64", **SPARSE_GRADIENT),
        sample(rows(1, 2), normal(3, 2, dtype="float16"), **SIZE, differentiable=False, **SPARSE_GRADIENT),
        sample(
            rows(1, 2, dtype="int32"),
            normal(3, 2),
            **SIZE,
            deterministic=True,
            golden=False,
            why="1.9.1 does not have the attribute that its description lists",
        ),
        sample(rows(1, 2), integers(3, 2), **SIZE),
    ],
    bad=[
        bad(rows(0, 1), normal(2, 3), **SIZE, match=r"weight has shape \(2, 3\); expected \(input_dim, output_dim\)="),
        bad(rows(0, 1), normal(3, 2), input_dim=0, output_dim=2, match="at least 1, got 0"),
    ],
    benchmark=lambda: sample(
        integers(64, 200, high=10000, dtype="float32"), normal(10000, 64), input_dim=10000, output_dim=64
    ),
)
def sparse_embedding(data, weight, *, input_dim, output_dim, dtype="float32", deterministic=False):
    places = [min(max(int(i), 0), input_dim - 1) for i in data.ravel()]
    return np.stack([weight[i] for i in places]).reshape(*data.shape, output_dim)


def holes(*shape, dtype="float32"):
    return integers(*shape, low=-1, high=2, dtype=dtype)


DENSE = {"golden": False, "why": "1.9.1 takes csr matrices only"}


@reference(
    "_contrib_getnnz",
    samples=[
        sample(holes(3, 4), **DENSE),
        sample(holes(3, 4), axis=1, **DENSE),
        sample(holes(3, 4), axis="0", **DENSE),
        sample(holes(3, 4), axis=None, **DENSE),
        sample(np.array([[np.nan, np.inf, -0.0]], "float64"), axis=1, **DENSE),
        sample(holes(3, 4, dtype="float16"), **DENSE),
        sample(holes(3, 4, dtype="int32"), **DENSE),
        sample(np.array([[True, False]]), **DENSE),
        sample(np.zeros((0, 2), "float32"), axis=0, **DENSE),
    ],
    bad=[
        bad(normal(3), match=r"data has shape \(3,\); expected two axes"),
        bad(normal(3, 2), axis=2, match="axis=2; expected None, 0 or 1"),
        bad(normal(3, 2), axis=-1, match="axis=-1; expected None, 0 or 1"),
    ],
    benchmark=lambda: sample(holes(1000, 1000), axis=1),
)
def getnnz(data, *, axis=None):
    return np.array((data != 0).sum(axis), "int64").reshape(-1)


EDGES = {"differentiable": False, **DENSE}


@reference(
    "_contrib_edge_id",
    samples=[
        sample(rows([1, 0], [2, 3]), rows(0, 0, 1, 1), rows(0, 1, 0, 1), **EDGES),
        sample(rows([1, 0], [2, 3]), rows(0.9, 1.2), rows(0.4, 0.1), **EDGES),
        sample(rows([1, 0], [2, 3], dtype="int64"), rows(0, 1, dtype="int64"), rows(1, 1, dtype="int64"), **EDGES),
        sample(rows([1, 0], [2, 3], dtype="float64"), rows(0, 1, dtype="int32"), rows(1, 1), **EDGES),
        sample(rows([5.0]), rows(0), rows(0), **EDGES),
        sample(rows([1, 0], [2, 3]), rows(), rows(), **EDGES),
    ],
    bad=[
        bad(rows([1, 0], [2, 3]), rows(0, 1), rows(0), match=r"u has shape \(2,\) and v \(1,\); expected \(K,\)"),
        bad(rows([1, 0], [2, 3]), rows(2), rows(0), match="u: vertex 2 is out of bounds; expected 0 to 1"),
        bad(rows([1, 0], [2, 3]), rows(0), rows(-1), match="v: vertex -1 is out of bounds; expected 0 to 1"),
        bad(rows(1, 2), rows(0), rows(0), match="expected two axes"),
    ],
    benchmark=lambda: sample(holes(1000, 1000), integers(10000, high=1000), integers(10000, high=1000)),
)
def edge_id(data, u, v):
    return np.array([data[int(i), int(j)] or -1 for i, j in zip(u, v)], data.dtype)


KEPT = {"golden": False, "why": "1.9.1 takes row_sparse arrays only"}


@reference(
    "_sparse_retain",
    samples=[
        sample(normal(4, 2), rows(0, 3), **KEPT),
        sample(normal(4, 2), rows(2, dtype="int32"), **KEPT),
        sample(normal(3), rows(1.7, 0), **KEPT),
        sample(normal(3, 2, 2, dtype="float64"), rows(2, 0, dtype="int64"), **KEPT),
        sample(normal(2, 2, dtype="float16"), rows(1), **KEPT),
        sample(integers(3, 2), rows(1), **KEPT),
    ],
    bad=[
        bad(normal(3, 2), rows(3), match="indices: row 3 is out of bounds; expected 0 to 2"),
        bad(normal(3, 2), rows([1]), match=r"indices \(1, 1\); expected"),
    ],
)
def sparse_retain(data, indices):
    found = np.zeros_like(data)
    for row in indices.astype(int):
        found[row] = data[row]
    return found
