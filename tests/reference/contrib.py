"""References for mxnet/_ops/contrib.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample

INF, NAN = np.inf, np.nan


@reference(
    "_contrib_quadratic",
    samples=[
        sample(normal(2, 3), a=2.0, b=3.0, c=1.0),
        sample(normal(2, 3), a=-0.5),
        sample(normal(2, 3), b="1.5"),
        sample(normal(2, 3), c=2),
        sample(normal(2, 3)),
        sample(normal(1), a=1, b=1, c=1),
        sample(normal(3, dtype="float64"), a=0.5, b=0.25, c=-1),
        sample(normal(3, dtype="float16"), a=2, b=3, c=1),
        sample(np.array([INF, -INF, NAN], "float32"), a=1, b=2, c=3, differentiable=False),
        sample(integers(2, 3, low=-5), a=1.5, b=2, c=0.25),
        sample(integers(2, 3, low=-5, dtype="int64"), a=-0.5),
        sample(integers(3, low=-5, high=5, dtype="int8"), a=1, b=1, c=1),
        sample(integers(3, dtype="uint8"), a=1.5, b=2, c=0.5),
        sample(normal(0, 2), a=1),
    ],
    bad=[
        bad(normal(2), a="x", match="attribute 'a': expected float"),
        bad(integers(2, dtype="bool"), match="data is bool"),
    ],
    benchmark=lambda: sample(normal(1000, 1000), a=2.0, b=3.0, c=1.0),
)
def quadratic(data, *, a=0.0, b=0.0, c=0.0):
    x = data.astype("float64")
    return ((a * x + b) * x + c).astype(data.dtype)


def close(a, b, **options):
    return sample(np.array(a, options.pop("dtype", "float32")), np.array(b, options.pop("other", "float32")), **options)


INFINITE = {"golden": False, "why": "in 1.9.1 an infinite tolerance makes every number close to infinity"}


@reference(
    "_contrib_allclose",
    samples=[
        sample(normal(2, 3), normal(2, 3)),
        sample(normal(2, 3), normal(2, 3, seed=1)),
        close([1e10, 1e-7], [1.00001e10, 1e-8]),
        close([1e10, 1e-8], [1.00001e10, 1e-9]),
        close([1.0], [1.05], rtol=0.05),
        close([1.05], [1.0], rtol=0.04),
        close([1.0], [1.05], rtol=0, atol="0.06"),
        close([1.0, NAN], [1.0, NAN]),
        close([1.0, NAN], [1.0, NAN], equal_nan=False),
        close([1.0, NAN], [1.0, 1.0]),
        close([1.0, 1.0], [1.0, NAN]),
        close([INF, -INF], [INF, -INF]),
        close([INF], [1.0]),
        close([INF], [-INF], **INFINITE),
        close([1.0], [INF], **INFINITE),
        close([1.0, 2.0], [1.0, 2.0 + 1e-6], dtype="float64", other="float64"),
        close([1.0, 2.0], [1.0, 2.1], dtype="float64", other="float64"),
        close([1000.0], [1001.0], dtype="float16", other="float16", rtol=1e-3),
        close([100], [101], dtype="int32", other="int32", rtol=0.1),
        close([100], [-101], dtype="int8", other="int8", atol=150),
        close([100], [101], dtype="uint8", other="uint8", atol=1.5),
        sample(normal(0, 2), normal(0, 2)),
    ],
    bad=[
        bad(normal(2, 2), normal(2), match="expected equal shapes"),
        bad(normal(2), normal(2, dtype="float64"), match="expected one dtype"),
        bad(integers(2, dtype="bool"), integers(2, dtype="bool"), match="bool"),
    ],
    benchmark=lambda: sample(normal(1000, 1000), normal(1000, 1000)),
)
def allclose(a, b, *, rtol=1e-5, atol=1e-8, equal_nan=True):
    return np.uint8(np.allclose(a.astype("float64"), b.astype("float64"), rtol, atol, equal_nan))
