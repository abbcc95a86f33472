"""References for mxnet/_ops/ordering.py."""

from __future__ import annotations

import itertools

import numpy as np

from . import bad, integers, normal, reference, sample

_TIES = np.array([[3, 1, 2, 3], [0, 5, 5, -1]], "float32")
_INFINITE = np.array([1, np.inf, 2, -np.inf], "float32")
_NANS = np.array([1, np.nan, 2, np.nan, np.inf, -np.inf], "float32")
_BY_LUCK = "1.9.1 compares NaN as it comes; its place depends on the order of the input"
_DEFAULT_AXIS = "the gradient of 1.9.1 fails when axis is left out"
_LONG = np.random.default_rng(5).permutation(48).reshape(2, 24).astype("float32")


def _name(dtype):
    return "float32" if dtype is None else str(dtype).split(".")[-1]


def _order(line, ascending):
    """Indices of one line in order: NaN above all numbers, equal elements by index."""
    sign = 1 if ascending else -1
    keys = [(sign if np.isnan(x) else 0, 0 if np.isnan(x) else sign * float(x)) for x in line]
    return sorted(range(len(line)), key=lambda i: (*keys[i], i))


def _ordered(data, axis, ascending):
    if axis is None:
        data, axis = data.ravel(), 0
    return data, axis, np.apply_along_axis(lambda line: np.array(_order(line, ascending), int), axis, data)


@reference(
    "topk",
    samples=[
        sample(normal(2, 4)),
        sample(normal(2, 4), k=2),
        sample(normal(2, 4), k=2, ret_typ="value"),
        sample(normal(2, 4), k=3, ret_typ="both", is_ascend=True),
        sample(normal(2, 4), k=2, ret_typ="mask"),
        sample(_TIES, k=2, differentiable=False),
        sample(_TIES, k=2, ret_typ="value", differentiable=False),
        sample(_TIES, k=2, ret_typ="both", differentiable=False),
        sample(_TIES, k=2, ret_typ="mask", differentiable=False),
        sample(_TIES, k=3, is_ascend="True", ret_typ="both", differentiable=False),
        sample(_TIES, k=0, differentiable=False),
        sample(_TIES, k=-1, ret_typ="both", differentiable=False),
        sample(_TIES, axis=0, k=1, ret_typ="both"),
        sample(_TIES, axis=0, ret_typ="mask"),
        sample(_TIES, axis="-2", k=2),
        sample(_TIES, axis=None, k=3, ret_typ="both", differentiable=False),
        sample(_TIES, axis="None", k=3, ret_typ="mask", differentiable=False),
        sample(np.full(5, 5.0, "float32"), k=3, ret_typ="both", differentiable=False),
        sample(_LONG, k=3, ret_typ="both"),
        sample(_LONG, k=3, ret_typ="mask", is_ascend=True),
        sample(_LONG, k=24, is_ascend=True, ret_typ="both"),
        sample(_LONG, k=2, axis=None, dtype="int64"),
        sample(_LONG.reshape(24, 2), k=2, axis=0, ret_typ="value"),
        sample(normal(2, 4), k=2, dtype="int32"),
        sample(normal(2, 4), k=2, dtype="int64", ret_typ="both"),
        sample(normal(2, 4), k=2, dtype="int64", ret_typ="mask"),
        sample(normal(2, 4), k=2, dtype="uint8"),
        sample(normal(2, 4, dtype="float16"), k=2, dtype="float16", ret_typ="both"),
        sample(normal(2, 4, dtype="float64"), k=2, dtype="float64", ret_typ="both"),
        sample(np.array([3, 1, 2], "int32"), k=2, ret_typ="both"),
        sample(np.array([3, 1, 2], "uint8"), k=2, ret_typ="both"),
        sample(np.array([3, -1, 2], "int64"), k=2, ret_typ="value"),
        sample(_INFINITE, k=3, ret_typ="both", differentiable=False),
        sample(_NANS, k=3, ret_typ="both", differentiable=False, golden=False, why=_BY_LUCK),
        sample(_NANS, k=3, is_ascend=True, differentiable=False, golden=False, why=_BY_LUCK),
        sample(normal(1, 1), ret_typ="both"),
    ],
    bad=[
        bad(normal(2, 4), k=5, match="k=5 is more than the 4 elements along axis=-1"),
        bad(normal(2, 4), axis=2, match="axis=2 is out of range"),
        bad(normal(2, 4), ret_typ="values", match="one of 'both', 'indices', 'mask', 'value'"),
    ],
    benchmark=lambda: sample(normal(256, 1000), k=5, ret_typ="value"),
)
def topk(data, *, axis=-1, k=1, ret_typ="indices", is_ascend=False, dtype=None):
    line, where, order = _ordered(data, axis, is_ascend)
    chosen = np.take(order, range(k if k > 0 else order.shape[where]), where)
    values = np.take_along_axis(line, chosen, where)
    if ret_typ == "mask":
        mask = np.zeros_like(line)
        np.put_along_axis(mask, chosen, 1, where)
        return mask.reshape(data.shape)
    indices = chosen.astype(_name(dtype))
    return {"indices": indices, "value": values, "both": [values, indices]}[ret_typ]


@reference(
    "sort",
    samples=[
        sample(normal(2, 4), axis=-1),
        sample(normal(2, 4), axis=-1, is_ascend=False),
        sample(normal(2, 4), axis=0),
        sample(normal(2, 4), axis=None, is_ascend="False"),
        sample(normal(2, 2, 3), axis=1),
        sample(_TIES, axis=1, differentiable=False),
        sample(_TIES, axis=None, is_ascend=False, differentiable=False),
        sample(_TIES, differentiable=False, golden=False, why=_DEFAULT_AXIS),
        sample(integers(2, 4)),
        sample(_LONG, axis=-1),
        sample(_INFINITE, axis=-1, differentiable=False),
        sample(_NANS, differentiable=False, golden=False, why=_BY_LUCK),
        sample(np.array([3, 1, 2], "int32")),
        sample(normal(4, dtype="float16"), axis=0, golden=False, why="the gradient of 1.9.1 lacks float16"),
        sample(normal(4, dtype="float64"), axis=0),
        sample(normal(1), axis=0),
        sample(normal(0, 3), axis=-1),
    ],
    bad=[bad(normal(2, 4), axis=3, match="axis=3 is out of range")],
    benchmark=lambda: sample(normal(256, 1000), axis=-1),
)
def sort(data, *, axis=-1, is_ascend=True):
    line, where, order = _ordered(data, axis, is_ascend) if data.size else (data, 0, np.zeros(data.shape, int))
    return np.take_along_axis(line, order, where)


@reference(
    "argsort",
    samples=[
        sample(normal(2, 4)),
        sample(normal(2, 4), is_ascend=False),
        sample(normal(2, 4), axis=0),
        sample(normal(2, 4), axis="None", dtype="int64"),
        sample(_TIES, differentiable=False),
        sample(_TIES, is_ascend="False", differentiable=False),
        sample(_TIES, dtype="int32"),
        sample(_TIES, axis=0, dtype="uint8"),
        sample(_LONG, dtype="float16"),
        sample(_LONG, axis=None, dtype="float64"),
        sample(_INFINITE, differentiable=False),
        sample(_NANS, differentiable=False, golden=False, why=_BY_LUCK),
        sample(np.array([3, 1, 2], "int32")),
        sample(normal(1)),
    ],
    bad=[bad(normal(2, 4), axis=-3, match="axis=-3 is out of range")],
    benchmark=lambda: sample(normal(256, 1000)),
)
def argsort(data, *, axis=-1, is_ascend=True, dtype=None):
    return _ordered(data, axis, is_ascend)[2].astype(_name(dtype))


def _range(*values, dtype="float32"):
    return np.array(values, dtype)


@reference(
    "_histogram",
    samples=[
        sample(_range(0, 1, 2, 3, 4), _range(0, 1, 2, 3, 4), differentiable=False),
        sample(_range([0, 1, 2], [3, 4, 5]), _range(0, 1, 3), differentiable=False),
        sample(normal(20), _range(-1, -0.5, 0, 2), differentiable=False),
        sample(normal(20), bin_cnt=5, range=(-1, 1.5), differentiable=False),
        sample(_range(0.1, 0.2, 0.3, 0.7, 0.9, 1, -0.1), bin_cnt="10", range="(0, 1)", differentiable=False),
        sample(_range(0, 1, 2, 3, 4, 5), bin_cnt=3, range=(1, 4), differentiable=False),
        sample(_range(0, 1, 2), bin_cnt=2, range=(1, 1), differentiable=False),
        sample(_range(np.nan, np.inf, 1, 2), bin_cnt=2, range=(0, 4), differentiable=False),
        sample(_range(np.nan, -np.inf, 1, 3), _range(0, 1, 3), differentiable=False),
        sample(normal(20, dtype="float64"), bin_cnt=4, range=(-0.5, 2.1), differentiable=False),
        sample(integers(12, high=6), bin_cnt=3, range=(1, 4)),
        sample(integers(12, high=6), _range(0, 1, 3, dtype="int32")),
        sample(integers(12, high=6), bin_cnt=2, range=(0, 5)),
    ],
    bad=[
        bad(normal(5), _range(0), match="expected at least two edges"),
        bad(normal(5), _range([0, 1], [2, 3]), match="at least two edges on one axis"),
        bad(normal(5), bin_cnt=3, match="a positive bin_cnt together with range"),
        bad(normal(5), bin_cnt=0, range=(0, 1), match="a positive bin_cnt"),
        bad(normal(5), bin_cnt=3, range=(1, 0), match="expected low <= high"),
        bad(integers(5), _range(0, 1, 3), match="data is int32 and bins is float32"),
    ],
    benchmark=lambda: sample(normal(500, 1000), bin_cnt=100, range=(-3, 3)),
)
def histogram(data, bins=None, *, bin_cnt=None, range=None):
    if bins is None:
        low, high = range if range[0] < range[1] else (range[0] - 0.5, range[0] + 0.5)
        bins = np.linspace(low, high, bin_cnt + 1).astype(data.dtype)
    counts = [
        ((data >= left) & ((data < right) | ((data == right) & (i == len(bins) - 2)))).sum()
        for i, (left, right) in enumerate(itertools.pairwise(bins))
    ]
    return [np.array(counts, "int64"), bins]
