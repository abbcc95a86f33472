"""References for mxnet/_ops/attention.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample

ONE_DTYPE = {"golden": False, "why": "1.9.1 computes float32 only on the CPU"}


def _head(data, heads, parts, part, sequence, head):
    """The rows (T, D) of one projection of one head, as the layout says."""
    depth = data.shape[2] // (heads * parts)
    start = (head * parts + part) * depth
    return data[:, sequence, start : start + depth].astype("float64")


def _scores(queries, keys, heads, batch):
    """`queries` and `keys` give (T, D) for a sequence and a head."""
    return np.stack(
        [
            queries(n, h) @ keys(n, h).T / np.sqrt(max(keys(n, h).shape[1], 1))
            for n in range(batch)
            for h in range(heads)
        ]
    )


def _weighted(attention, values, heads, batch):
    columns = [
        np.concatenate([attention[n * heads + h].astype("float64") @ values(n, h) for h in range(heads)], 1)
        for n in range(batch)
    ]
    return np.stack(columns, 1)


@reference(
    "_contrib_interleaved_matmul_selfatt_qk",
    samples=[
        sample(normal(3, 2, 12), heads=2),
        sample(normal(4, 1, 15), heads=1),
        sample(normal(2, 2, 9), heads="3"),
        sample(normal(1, 1, 3), heads=1),
        sample(normal(3, 2, 12, dtype="float64"), heads=2, **ONE_DTYPE),
        sample(normal(3, 2, 12, dtype="float16"), heads=1, **ONE_DTYPE),
        sample(normal(0, 2, 12), heads=2),
    ],
    bad=[
        bad(normal(3, 2, 12), heads=0, match="at least 1, got 0"),
        bad(normal(3, 2, 12), match="required attribute 'heads'"),
        bad(normal(3, 12), heads=2, match=r"has shape \(3, 12\); expected \(T, N, 3 \* heads \* D\)"),
        bad(normal(3, 2, 12), heads=3, match=r"a last axis that 3 \* heads=9 divides"),
        bad(integers(3, 2, 12), heads=2, match="queries_keys_values is int32; expected floats"),
    ],
    benchmark=lambda: sample(normal(128, 16, 3 * 768), heads=12),
)
def interleaved_matmul_selfatt_qk(queries_keys_values, *, heads):
    def part(number):
        return lambda n, h: _head(queries_keys_values, heads, 3, number, n, h)

    return _scores(part(0), part(1), heads, queries_keys_values.shape[1])


@reference(
    "_contrib_interleaved_matmul_selfatt_valatt",
    samples=[
        sample(normal(3, 2, 12), normal(4, 3, 3), heads=2),
        sample(normal(4, 1, 15), normal(1, 4, 4), heads=1),
        sample(normal(2, 2, 9), normal(6, 2, 2), heads="3"),
        sample(normal(1, 1, 3), normal(1, 1, 1), heads=1),
        sample(normal(3, 2, 12, dtype="float64"), normal(4, 3, 3, dtype="float64"), heads=2, **ONE_DTYPE),
        sample(normal(3, 2, 12, dtype="float16"), normal(2, 3, 3, dtype="float16"), heads=1, **ONE_DTYPE),
    ],
    bad=[
        bad(normal(3, 2, 12), normal(4, 3, 3), heads=-1, match="at least 1, got -1"),
        bad(normal(3, 2, 12), normal(6, 3, 3), heads=2, match=r"attention has shape \(6, 3, 3\); expected \(4, T, 3\)"),
        bad(normal(3, 2, 12), normal(4, 5, 3), heads=2, match="attention has length 5 on axis 1; expected 3"),
        bad(normal(3, 2, 12), normal(4, 3, 3, dtype="float64"), heads=2, match="expected one dtype"),
    ],
    benchmark=lambda: sample(normal(128, 16, 3 * 768), normal(16 * 12, 128, 128), heads=12),
)
def interleaved_matmul_selfatt_valatt(queries_keys_values, attention, *, heads):
    def values(n, h):
        return _head(queries_keys_values, heads, 3, 2, n, h)

    return _weighted(attention, values, heads, queries_keys_values.shape[1])


@reference(
    "_contrib_interleaved_matmul_encdec_qk",
    samples=[
        sample(normal(3, 2, 4), normal(5, 2, 8), heads=2),
        sample(normal(4, 1, 5), normal(2, 1, 10), heads=1),
        sample(normal(2, 2, 6), normal(3, 2, 12), heads="3"),
        sample(normal(1, 1, 1), normal(1, 1, 2), heads=1),
        sample(normal(3, 2, 4, dtype="float64"), normal(5, 2, 8, dtype="float64"), heads=2, **ONE_DTYPE),
        sample(normal(3, 2, 4, dtype="float16"), normal(5, 2, 8, dtype="float16"), heads=1, **ONE_DTYPE),
    ],
    bad=[
        bad(normal(3, 2, 4), normal(5, 2, 8), heads=0, match="at least 1, got 0"),
        bad(normal(3, 2, 4), normal(5, 3, 8), heads=2, match="keys_values has length 3 on axis 1; expected 2"),
        bad(normal(3, 2, 4), normal(5, 2, 12), heads=2, match="keys_values has length 12 on axis 2; expected 8"),
        bad(normal(3, 2, 5), normal(5, 2, 8), heads=2, match="a last axis that heads=2 divides"),
        bad(normal(3, 2, 4), normal(5, 2, 8, dtype="float64"), heads=2, match="expected one dtype"),
    ],
    benchmark=lambda: sample(normal(128, 16, 768), normal(100, 16, 2 * 768), heads=12),
)
def interleaved_matmul_encdec_qk(queries, keys_values, *, heads):
    return _scores(
        lambda n, h: _head(queries, heads, 1, 0, n, h),
        lambda n, h: _head(keys_values, heads, 2, 0, n, h),
        heads,
        queries.shape[1],
    )


@reference(
    "_contrib_interleaved_matmul_encdec_valatt",
    samples=[
        sample(normal(5, 2, 8), normal(4, 3, 5), heads=2),
        sample(normal(2, 1, 10), normal(1, 4, 2), heads=1),
        sample(normal(3, 2, 12), normal(6, 2, 3), heads="3"),
        sample(normal(1, 1, 2), normal(1, 1, 1), heads=1),
        sample(normal(5, 2, 8, dtype="float64"), normal(4, 3, 5, dtype="float64"), heads=2, **ONE_DTYPE),
        sample(normal(5, 2, 8, dtype="float16"), normal(2, 3, 5, dtype="float16"), heads=1, **ONE_DTYPE),
    ],
    bad=[
        bad(normal(5, 2, 8), normal(4, 3, 5), heads=0, match="at least 1, got 0"),
        bad(normal(5, 2, 8), normal(4, 3, 4), heads=2, match=r"attention has shape \(4, 3, 4\); expected \(4, T, 5\)"),
        bad(normal(5, 2, 8), normal(4, 15), heads=2, match=r"expected \(4, T, 5\)"),
    ],
    benchmark=lambda: sample(normal(100, 16, 2 * 768), normal(16 * 12, 128, 100), heads=12),
)
def interleaved_matmul_encdec_valatt(keys_values, attention, *, heads):
    return _weighted(attention, lambda n, h: _head(keys_values, heads, 2, 1, n, h), heads, keys_values.shape[1])


@reference(
    "_contrib_div_sqrt_dim",
    samples=[
        sample(normal(2, 3)),
        sample(normal(2, 2, 5)),
        sample(normal(4)),
        sample(normal(1, 1)),
        sample(normal(2, 7, dtype="float64")),
        sample(normal(2, 3, dtype="float16")),
        sample(np.array([[np.inf, -np.inf, np.nan]], "float32"), differentiable=False),
        sample(integers(2, 3, low=-100, high=100)),
        sample(integers(2, 5, low=-100, high=100, dtype="int8")),
        sample(integers(2, 7, high=250, dtype="uint8")),
        sample(integers(2, 10, low=-100, high=100, dtype="int64")),
        sample(normal(0, 3)),
    ],
    bad=[bad(np.float32(2), match="data has no axes"), bad(integers(2, 3, dtype="bool"), match="data is bool")],
    benchmark=lambda: sample(normal(192, 128, 128)),
)
def div_sqrt_dim(data):
    if data.dtype.kind == "f":
        return data / np.sqrt(np.asarray(data.shape[-1], data.dtype))
    return np.trunc(data / np.trunc(np.sqrt(data.shape[-1]))).astype(data.dtype)
