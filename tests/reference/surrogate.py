"""References for mxnet/_ops/surrogate.py. Their gradients are not derivatives: goldens hold them."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample

HALVES = np.array([0.5, -0.5, 1.5, -1.5, 2.5, -0.2, 0.0, -0.0, np.nan, np.inf, -np.inf, 0.49999997, 8388609], "float32")


def estimator(*inputs, **options):
    return sample(*inputs, differentiable=False, **options)


ESTIMATORS = [
    estimator(normal(2, 3, scale=3)),
    estimator(HALVES),
    estimator(normal(3, dtype="float64", scale=3)),
    estimator(normal(1, dtype="float16", scale=3)),
    estimator(np.array([0.5, -2.5, 0, 7], "float16")),
    estimator(integers(2, 3, low=-5)),
    estimator(integers(3, dtype="uint8")),
    estimator(integers(3, low=-5, dtype="int64")),
    estimator(normal(0, 2)),
]
NOT_BOOL = [bad(integers(2, dtype="bool"), match="data is bool")]


@reference("_contrib_round_ste", samples=ESTIMATORS, bad=NOT_BOOL, benchmark=lambda: sample(normal(1000, 1000)))
def round_ste(data):
    if data.dtype.kind != "f":
        return data
    size = np.abs(data)
    whole = np.floor(size)
    with np.errstate(invalid="ignore"):
        return np.copysign(whole + (size - whole >= 0.5), data).astype(data.dtype)


@reference("_contrib_sign_ste", samples=ESTIMATORS, bad=NOT_BOOL, benchmark=lambda: sample(normal(1000, 1000)))
def sign_ste(data):
    return (data > 0).astype(data.dtype) - (data < 0).astype(data.dtype)


SCALED = [
    estimator(normal(2, 3), scalar=-0.5),
    estimator(normal(2, 3)),
    estimator(normal(2, 3), scalar=2.5, is_int=True),
    estimator(normal(3, dtype="float64"), scalar="0.1", is_int=False),
    estimator(normal(1, dtype="float16"), scalar=3.0),
    estimator(np.array([np.nan, np.inf, 1], "float32"), scalar=0.0),
    estimator(integers(2, 3), scalar=2),
    estimator(integers(2, 3, dtype="bool"), scalar=2),
    estimator(normal(0, 2), scalar=2),
]
NO_NUMBER = [bad(normal(2), scalar="x", match="attribute 'scalar': expected float, got 'x'")]


@reference(
    "_contrib_gradientmultiplier",
    samples=[*SCALED, estimator(integers(3, dtype="uint8"), scalar=2.5, is_int=False)],
    bad=NO_NUMBER,
    benchmark=lambda: sample(normal(1000, 1000), scalar=0.5),
)
def gradient_multiplier(data, *, scalar=1.0, is_int=True):
    return data


@reference(
    "_contrib_backward_gradientmultiplier",
    samples=[*SCALED, estimator(integers(2, 3), scalar=2.5, is_int=False), estimator(integers(2, 3), scalar=2.5)],
    bad=NO_NUMBER,
    benchmark=lambda: sample(normal(1000, 1000), scalar=0.5),
)
def backward_gradient_multiplier(data, *, scalar=1.0, is_int=True):
    if data.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            return (data * scalar).astype(data.dtype)
    if not is_int:
        return data * np.float64(scalar)
    return data.astype("int64" if data.dtype == "bool" else data.dtype) * int(scalar)
