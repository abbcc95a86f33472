"""References for mxnet/_ops/mixed_precision.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample, uniform

_MKLDNN = "1.9.1 refuses dtypes other than float32 here"


@reference(
    "multi_sum_sq",
    samples=[
        sample(normal(2, 3), normal(4, seed=1), normal(1), num_arrays=3, differentiable=False),
        sample(normal(5), num_arrays="1", differentiable=False),
        sample(normal(0, 2), normal(3), num_arrays=2, differentiable=False),
        sample(normal(2, 3, dtype="float64"), normal(4, dtype="float64"), num_arrays=2, differentiable=False),
        sample(
            normal(2, 3, dtype="float16"), normal(4, dtype="float16"), num_arrays=2, differentiable=False,
            golden=False, why="1.9.1 adds in float16",
        ),
        sample(np.float32([np.nan, 1]), np.float32([np.inf]), num_arrays=2, differentiable=False),
        sample(
            np.full(4, 300, "float16"), num_arrays=1, differentiable=False, golden=False,
            why="1.9.1 squares in float16, which gives infinity",
        ),
    ],
    bad=[
        bad(integers(2), num_arrays=1, match="array 0 is int32 and array 0 int32; expected one floating dtype"),
        bad(normal(2), normal(2, dtype="float64"), num_arrays=2, match="array 1 is float64 and array 0 float32"),
    ],
    benchmark=lambda: sample(*[normal(50, 1000)] * 20, num_arrays=20),
)  # fmt: skip
def multi_sum_sq(*data, num_arrays):
    return np.array([np.sum(np.square(x.astype("float64"))) for x in data], "float32")


@reference(
    "multi_all_finite",
    samples=[
        sample(normal(2, 3), normal(4), num_arrays=2, differentiable=False),
        sample(normal(2, 3), np.float32([1, np.inf]), num_arrays=2, differentiable=False),
        sample(np.float32([1, -np.inf]), normal(2, 3), num_arrays=2, differentiable=False),
        sample(np.float32([np.nan, 2]), num_arrays=1, init_output=True, differentiable=False),
        sample(np.float32([3e38, -3e38]), num_arrays=1, differentiable=False),
        sample(np.float16([6e4, 1]), normal(3, dtype="float16"), num_arrays=2, differentiable=False),
        sample(np.float16([np.inf, 1]), num_arrays=1, differentiable=False),
        sample(normal(0, 2), num_arrays=1, differentiable=False),
        sample(normal(0, 2), normal(1), num_arrays=2, differentiable=False),
        sample(
            np.array([1e300]), num_arrays=1, differentiable=False, golden=False,
            why="1.9.1 takes float64 for float32 here, and large numbers for infinite",
        ),
    ],
    bad=[
        bad(integers(2), num_arrays=1, match="array 0 is int32"),
        bad(normal(2), num_arrays=1, init_output=False, match="init_output is False; only True is possible"),
    ],
    benchmark=lambda: sample(*[normal(50, 1000)] * 20, num_arrays=20),
)  # fmt: skip
def multi_all_finite(*data, num_arrays=1, init_output=True):
    return np.array([float(all(np.isfinite(x).all() for x in data))], "float32")


_NOTHING = "gives nothing back"


@reference(
    "reset_arrays",
    samples=[
        sample(normal(2, 3), normal(4), num_arrays=2, differentiable=False, golden=False, why=_NOTHING),
        sample(np.float32([np.nan]), num_arrays=1, differentiable=False, golden=False, why=_NOTHING),
        sample(normal(2, dtype="float16"), num_arrays=1, differentiable=False, golden=False, why=_NOTHING),
    ],
    bad=[bad(normal(2), integers(2), num_arrays=2, match="array 1 is int32; expected a floating dtype")],
)
def reset_arrays(*data, num_arrays):
    return []


_LARS = (np.float32([0.1, 0.2, 0.3, 0.4]), np.float32([4, 0, 4, 2]), np.float32([1, 1, 0, 3]), np.float32([0.1] * 4))


@reference(
    "multi_lars",
    samples=[
        sample(*_LARS, eta=0.5, eps=1e-3, differentiable=False),
        sample(*_LARS, eta="0.01", eps=0.5, rescale_grad=2.0, differentiable=False),
        sample(*(np.float32([x]) for x in (0.1, np.nan, 1, 0.1)), eta=0.5, eps=0.0, differentiable=False),
        sample(*(np.float32([x]) for x in (0.1, 1, np.inf, 0.1)), eta=0.5, eps=0.0, differentiable=False),
        sample(*(x.reshape(2, 2) for x in _LARS), eta=0.5, eps=1e-3, differentiable=False),
    ],
    bad=[
        bad(normal(2), normal(3), normal(2), normal(2), eta=0.1, eps=0.0, match=r"weights_sum_sq has shape \(3,\)"),
        bad(*[normal(2, dtype="float64")] * 4, eta=0.1, eps=0.0, match="lrs is float64; expected float32"),
        bad(*[normal(2)] * 4, eta=0.1, match="required attribute 'eps'"),
    ],
    benchmark=lambda: sample(*(uniform(160, seed=i) for i in range(4)), eta=0.001, eps=1e-8),
)
def multi_lars(lrs, weights_sum_sq, grads_sum_sq, wds, *, eta, eps, rescale_grad=1.0):
    found = []
    for lr, weight, grad, wd in zip(*(x.ravel().astype("float64") for x in (lrs, weights_sum_sq, grads_sum_sq, wds))):
        if weight > 0 and grad > 0:
            weight, grad = np.sqrt(weight), np.sqrt(grad)
            lr = lr * eta * weight / (grad * rescale_grad + wd * weight + eps)
        found.append(lr)
    return np.array(found, "float32").reshape(lrs.shape)


@reference(
    "amp_multicast",
    samples=[
        sample(normal(2, 3), normal(4), num_outputs=2),
        sample(normal(2, 3), num_outputs="1"),
        sample(normal(2), normal(1), num_outputs=2, cast_narrow=True),
        sample(normal(2), normal(0, 2), num_outputs=2, golden=False, why="1.9.1 has no results without elements here"),
        sample(normal(2, dtype="float16"), normal(3), num_outputs=2, differentiable=False, golden=False, why=_MKLDNN),
        sample(
            normal(2, dtype="float16"), normal(3), num_outputs=2, cast_narrow=True,
            differentiable=False, golden=False, why=_MKLDNN,
        ),
        sample(
            normal(2), normal(2, dtype="float64"), integers(3), normal(1, dtype="float16"), num_outputs=4,
            differentiable=False, golden=False, why=_MKLDNN,
        ),
        sample(normal(2, dtype="float64"), integers(3), num_outputs=2, golden=False, why=_MKLDNN),
    ],
    benchmark=lambda: sample(*[normal(1000, 1000)] * 2, num_outputs=2),
)  # fmt: skip
def amp_multicast(*data, num_outputs, cast_narrow=False):
    found = {x.dtype for x in data if x.dtype in (np.float16, np.float32)}
    if not found:
        return list(data)
    target = sorted(found, key=lambda dtype: dtype.itemsize)[0 if cast_narrow else -1]
    return [x.astype(target) if x.dtype in found else x for x in data]


@reference(
    "_scatter_elemwise_div",
    samples=[
        sample(normal(2, 3), uniform(2, 3, low=0.5)),
        sample(normal(3), np.float32([0, 1, np.inf]), differentiable=False),
        sample(integers(5, low=-9), integers(5, low=1, seed=1)),
        sample(normal(2, 3, dtype="float64"), uniform(2, 3, low=0.5, dtype="float64")),
        sample(normal(4, dtype="float16"), uniform(4, low=0.5, dtype="float16")),
        sample(normal(1), uniform(1, low=0.5)),
        sample(normal(0, 3), normal(0, 3)),
    ],
    bad=[bad(normal(2), normal(3), match=r"lhs has shape \(2,\) and rhs \(3,\)")],
    benchmark=lambda: sample(normal(1000, 1000), uniform(1000, 1000, low=0.5)),
)
def scatter_elemwise_div(lhs, rhs):
    with np.errstate(divide="ignore", invalid="ignore"):
        return (lhs / rhs).astype(lhs.dtype)


def _plus(sign: int):
    def add(data, *, scalar=1.0, is_int=True):
        return (data + sign * scalar).astype(data.dtype)

    return add


for _name, _sign in (("_scatter_plus_scalar", 1), ("_scatter_minus_scalar", -1)):
    reference(
        _name,
        samples=[
            sample(normal(2, 3), scalar=2.5),
            sample(normal(2, 3)),
            sample(integers(4), scalar=3),
            sample(normal(4, dtype="float64"), scalar=0.1),
            sample(normal(4, dtype="float16"), scalar=-2.0, is_int=False),
            sample(normal(1), scalar="4"),
            sample(normal(0, 3), scalar=1.0),
        ],
        benchmark=lambda: sample(normal(1000, 1000), scalar=2.5),
    )(_plus(_sign))
