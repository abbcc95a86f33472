"""References for mxnet/_ops/encoding.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample
from .indexing import indexed, indices


@reference(
    "one_hot",
    samples=[
        indexed(indices(1, 0, 2, 0), depth=3),
        indexed(indices([1, 0], [2, 0]), depth=3, on_value=8, off_value=1.5, dtype="int32"),
        indexed(indices(1.7, -1, 3, 5, -0.5), depth="3"),
        indexed(indices(np.nan, np.inf), depth=2),
        indexed(indices(1, dtype="int32"), depth=3, dtype="float16"),
        indexed(indices(1, dtype="int64"), depth=3, dtype="float64", off_value=-0.5),
        indexed(indices(1, dtype="uint8"), depth=2, dtype="uint8", on_value=300, off_value=-1),
        indexed(indices(0), depth=2, dtype="float16", off_value=70000),
        indexed(indices(0), depth=1, dtype="int8"),
        indexed(indices(0, 1), depth=2, dtype="int64", on_value=-3.9),
        indexed(indices(1, dtype="int32"), depth=0, golden=False, why="1.9.1 spoils its memory with no elements"),
    ],
    bad=[
        bad(indices(1), depth=-1, match="at least 0, got -1"),
        bad(indices(1), match="required attribute 'depth'"),
    ],
    benchmark=lambda: sample(integers(1024, high=1000, dtype="float32"), depth=1000),
)
def one_hot(indices, *, depth, on_value=1.0, off_value=0.0, dtype=None):
    name = "float32" if dtype is None else str(dtype).split(".")[-1]

    def cut(value):
        with np.errstate(over="ignore"):
            return np.float64(value).astype(name) if name.startswith("f") else np.int64(int(value)).astype(name)

    out = np.full((*indices.shape, depth), cut(off_value), name)
    for place in np.ndindex(*indices.shape):
        index = float(indices[place])
        if np.isfinite(index) and 0 <= int(index) < depth:
            out[(*place, int(index))] = cut(on_value)
    return out


@reference(
    "Embedding",
    samples=[
        sample(indices(0, 2), normal(3, 2), input_dim=3, output_dim=2, differentiable=False),
        sample(indices([0, 0], [2, 9], [-1, 1], dtype="int32"), normal(3, 2), input_dim=3, output_dim=2),
        sample(indices(1.7, 0.2, -0.5, -1.7), normal(3, 2), input_dim="3", output_dim="2"),
        sample(
            indices(0, 2, 2, dtype="int32"), normal(3, 2, dtype="float64"), input_dim=3, output_dim=2, dtype="float64"
        ),
        sample(
            indices(0, 0, 2, dtype="int64"), normal(3, 2, dtype="float16"), input_dim=3, output_dim=2, dtype="float16"
        ),
        sample(indices(0, 2), integers(3, 2), input_dim=3, output_dim=2, dtype="int32"),
        sample(indices([[1]], dtype="uint8"), normal(3, 2), input_dim=3, output_dim=2, sparse_grad=False),
        sample(indices(0, dtype="int32"), normal(1, 1), input_dim=1, output_dim=1),
    ],
    bad=[
        bad(
            indices(0), normal(3, 2), input_dim=4, output_dim=2, match=r"weight has shape \(3, 2\); expected .*\(4, 2\)"
        ),
        bad(indices(0), normal(3, 2, 1), input_dim=3, output_dim=2, match=r"weight has shape \(3, 2, 1\)"),
        bad(indices(0), normal(3, 2), input_dim=0, output_dim=2, match="at least 1, got 0"),
        bad(indices(0), normal(3, 2), input_dim=3, match="required attribute 'output_dim'"),
    ],
    benchmark=lambda: sample(integers(64, 200, high=10000), normal(10000, 64), input_dim=10000, output_dim=64),
)
def embedding(data, weight, *, input_dim, output_dim, dtype=None, sparse_grad=False):
    hits = np.clip(np.trunc(data), 0, input_dim - 1)[..., None] == np.arange(input_dim)
    return hits.astype(weight.dtype) @ weight


@reference(
    "_ravel_multi_index",
    samples=[
        indexed(indices([3, 6, 6], [4, 5, 1]), shape=(7, 6)),
        indexed(indices([3, 6, 6], [4, 5, 1], dtype="int64"), shape="(7, 6)"),
        indexed(indices([3, 6], [4, 5], [1, 1], dtype="int32"), shape=(7, 6, 2)),
        indexed(indices([3, 6], [4, 5]), shape=(-1, 6)),
        indexed(indices([3, 9, -1], [4, 9, 1]), shape=(7, 6)),
        indexed(indices([1.7, 2.7], [1.2, 0.2]), shape=(7, 6)),
        indexed(indices([3, 1], dtype="float64"), shape=(5,)),
    ],
    bad=[
        bad(indices(3, 4), shape=(7, 6), match=r"data has shape \(2,\); expected \(2, K\)"),
        bad(indices([3], [4]), shape=(7, 6, 2), match=r"expected \(3, K\)"),
        bad(indices([3], [4]), match="shape is missing"),
    ],
    benchmark=lambda: sample(integers(2, 200000, high=1000), shape=(1000, 1000)),
)
def ravel_multi_index(data, *, shape):
    weights = np.append(np.cumprod(shape[:0:-1])[::-1], 1)
    return weights @ np.trunc(data).astype("int64")


@reference(
    "_unravel_index",
    samples=[
        indexed(indices(22, 41, 37), shape=(7, 6)),
        indexed(indices(22, 41, 37, dtype="int32"), shape="(7, 6)"),
        indexed(indices(22, 42, 100, -1), shape=(7, 6)),
        indexed(indices(-1, -7, -50, dtype="int64"), shape=(7, 6)),
        indexed(indices(22, 42), shape=(-1, 6)),
        indexed(indices(1.7, 5.9), shape=(7, 6)),
        indexed(indices(83, 0, 11), shape=(7, 6, 2)),
        indexed(indices([22], [41], dtype="int64"), shape=(7, 6)),
        indexed(indices(3), shape=(5,)),
    ],
    bad=[
        bad(indices([22, 1], [41, 2]), shape=(7, 6), match=r"data has shape \(2, 2\); expected \(K,\)"),
        bad(indices(22), match="shape is missing"),
    ],
    benchmark=lambda: sample(integers(200000, high=1000000), shape=(1000, 1000)),
)
def unravel_index(data, *, shape):
    columns = []
    for index in data.ravel():
        index, column = int(index), []
        for length in shape[:0:-1]:
            quotient = int(index / length)  # towards zero
            column.insert(0, index - quotient * length)
            index = quotient
        columns.append([index, *column])
    return np.array(columns).T


@reference(
    "fill_element_0index",
    samples=[
        sample(normal(2, 3), normal(2), indices(0, 2), differentiable=False),
        sample(normal(2, 3), normal(2), indices(0.9, 5), differentiable=False),
        sample(normal(2, 3), normal(2), indices(-1, 1), differentiable=False, golden=False, why="1.9.1 crashes"),
        sample(normal(1, 1), normal(1), indices(0), differentiable=False),
        sample(integers(2, 3), integers(2), indices(0, 1), golden=False, why="1.9.1 takes float32 only"),
    ],
    bad=[
        bad(normal(2, 3), normal(1), indices(0), match=r"expected \(N, K\), \(N,\), \(N,\)"),
        bad(normal(2, 3), integers(2), indices(0, 1), match="lhs is float32 and mhs is int32"),
    ],
    benchmark=lambda: sample(normal(1024, 1000), normal(1024), integers(1024, high=1000, dtype="float32")),
)
def fill_element_0index(lhs, mhs, rhs):
    out = lhs.copy()
    for i, index in enumerate(rhs):
        if 0 <= int(index) < lhs.shape[1]:
            out[i, int(index)] = mhs[i]
    return out


@reference(
    "_onehot_encode",
    samples=[
        sample(indices(0, 1), np.zeros((2, 3), "float32"), differentiable=False),
        sample(indices(0, 1.9), np.ones((2, 3), "float32"), differentiable=False),
        sample(indices(5, -1), np.ones((2, 3), "float32"), differentiable=False),
        sample(indices(0), np.ones((1, 1), "float32"), differentiable=False),
        sample(indices(1, dtype="int32"), np.ones((1, 2), "int32"), golden=False, why="1.9.1 takes float32 only"),
    ],
    bad=[bad(indices(0, 1, 2), normal(2, 3), match=r"\(3,\) and \(2, 3\); expected \(N,\) and \(N, K\)")],
    benchmark=lambda: sample(integers(1024, high=1000, dtype="float32"), normal(1024, 1000)),
)
def onehot_encode(lhs, rhs):
    return (np.trunc(lhs)[:, None] == np.arange(rhs.shape[1])).astype(rhs.dtype)
