"""References for mxnet/_ops/unary.py."""

from __future__ import annotations

import math
import statistics

import numpy as np

from . import bad, integers, reference, sample, uniform

#: Not the end of a domain for every function, but nothing has a surprise elsewhere.
EDGES = np.array([np.nan, np.inf, -np.inf, 0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3.2], "float32")
BOOL = np.array([True, False])


def unary(name, function, low, high, *, ints=(1, 6), edges=EDGES, differentiable=True, more=(), doubles="", cut=""):
    """Register `function` with samples in (low, high), integers in `ints` and the special values `edges`.

    `doubles` says why 1.9.1 is wrong in float64, `cut` why it is wrong for integers.
    """

    def silent(data):
        if data.dtype.kind in "iu" and name not in ("negative", "square"):  # they wrap around
            data = data.astype("float64")
        with np.errstate(all="ignore"):
            return function(data)

    smooth = {"differentiable": differentiable}
    exact = {"golden": not doubles, "why": doubles, **smooth}
    whole = {"golden": not cut, "why": cut}
    samples = [
        sample(uniform(2, 3, low=low, high=high), **smooth),
        sample(uniform(2, 1, 4, low=low, high=high, dtype="float64"), **exact),
        sample(uniform(5, low=low, high=high, dtype="float16"), **smooth),
        sample(uniform(1, low=low, high=high), **smooth),
        sample(np.zeros((0, 2), "float32")),
        *(
            sample(integers(5, low=ints[0], high=ints[1], dtype=k), **whole)
            for k in ("int32", "int8", "uint8", "int64")
        ),
        *more,
    ]
    if edges is not None:
        samples.append(sample(edges, differentiable=False, golden_gradient=False, why="differs at NaN and infinities"))
    reference(
        name,
        samples=samples,
        bad=[bad(BOOL, match="data is bool.*cast it")],
        benchmark=lambda: sample(uniform(1000, 1000, low=low, high=high)),
    )(silent)


def elementwise(function):
    """Apply a function of one Python float; NaN where it is not defined."""

    def call(data):
        values = [function(float(x)) for x in data.ravel()]
        return np.array(values, "float64").reshape(data.shape)

    return call


def gamma(x):
    if math.isnan(x) or x == -math.inf or (x < 0 and x == math.floor(x)):
        return math.nan
    if x == 0:
        return math.copysign(math.inf, x)
    return math.gamma(x)


def gammaln(x):
    if math.isnan(x):
        return x
    return math.inf if math.isinf(x) or (x <= 0 and x == math.floor(x)) else math.lgamma(x)


def erfinv(x):
    if abs(x) >= 1 or math.isnan(x):
        return math.copysign(math.inf, x) if abs(x) == 1 else math.nan
    y = statistics.NormalDist().inv_cdf((x + 1) / 2) / math.sqrt(2)
    return y - (math.erf(y) - x) * math.sqrt(math.pi) / 2 * math.exp(y * y)  # one Newton step


def rint(x):
    return np.where(np.isfinite(x), np.ceil(x.astype("float64") - 0.5), x)


def half_away(x):
    return np.where(np.isfinite(x), np.sign(x) * np.floor(np.abs(x.astype("float64")) + 0.5), x)


def sign(x):
    return np.where(x > 0, 1, np.where(x < 0, -1, 0))


def tie(*values):
    return sample(np.array(values, "float32"), differentiable=False)


LARGE = tie(8388609.0, -8388609.0, 0.49999997, -0.49999997, 16777216.0)
SINGLE = "1.9.1 multiplies by a float32 constant"
CUBES = sample(np.array([8, 27, 64, 125, 216, 1000], "int32"))

unary("abs", np.abs, 0.2, 3, ints=(0, 9), more=[tie(0, 1, -1), sample(integers(5, low=-9, high=9))])
unary("arccos", np.arccos, -0.9, 0.9, ints=(0, 2), edges=EDGES[3:8])
unary("arccosh", np.arccosh, 1.1, 4, edges=EDGES[:5])
unary("arcsin", np.arcsin, -0.9, 0.9, ints=(0, 2), edges=EDGES[3:8])
unary("arcsinh", np.arcsinh, -3, 3)
unary("arctan", np.arctan, -3, 3)
unary("arctanh", np.arctanh, -0.9, 0.9, ints=(0, 1), edges=EDGES[3:8])
unary("cbrt", np.cbrt, -3, 3, more=[CUBES])
unary("ceil", np.ceil, -3, 3, differentiable=False)
unary("cos", np.cos, -3, 3)
unary("cosh", np.cosh, -3, 3)
unary("degrees", lambda x: x * (180 / math.pi), -3, 3, ints=(0, 3), edges=EDGES[:6], doubles=SINGLE)
unary("erf", elementwise(math.erf), -2, 2)
unary("erfinv", elementwise(erfinv), -0.9, 0.9, ints=(0, 1), edges=EDGES[3:8])
unary("exp", np.exp, -3, 3, ints=(0, 5))
unary("expm1", np.expm1, -3, 3, ints=(0, 5), more=[sample(np.array([1e-6, -1e-7], "float32"))])
unary("fix", np.fix, -3, 3, differentiable=False)
unary("floor", np.floor, -3, 3, differentiable=False)
unary("gamma", elementwise(gamma), 0.3, 4, more=[sample(uniform(4, low=-0.9, high=-0.1)), tie(-1.5, -2.5, 8)])
CUT = "1.9.1 cuts the logarithm to an integer"
unary("gammaln", elementwise(gammaln), 0.3, 4, more=[sample(uniform(4, low=-0.9, high=-0.1)), tie(30, 100)], cut=CUT)
unary("log", np.log, 0.1, 9, edges=EDGES[:5])
unary("log10", np.log10, 0.1, 9, edges=EDGES[:5], more=[sample(np.array([10, 100, 1000, 100000], "int32"))])
unary("log1p", np.log1p, -0.9, 9, edges=EDGES[:6], more=[sample(np.array([1e-6, -1e-7], "float32"))])
unary("log2", np.log2, 0.1, 9, edges=EDGES[:5], more=[sample(np.array([8, 64, 1024], "int32"))])
unary("logical_not", lambda x: x == 0, -2, 2, ints=(0, 3), differentiable=False)
unary("negative", np.negative, -3, 3)
unary("radians", lambda x: x * (math.pi / 180), -300, 300, ints=(60, 120), edges=EDGES[:6], doubles=SINGLE)
unary("rcbrt", lambda x: 1 / np.cbrt(x), 0.2, 4, edges=EDGES[:6])
unary("reciprocal", lambda x: 1 / x.astype("float64"), 0.2, 4, edges=EDGES[:6])
unary("relu", lambda x: np.maximum(x, 0), 0.2, 3, more=[tie(0, 1, -1), sample(uniform(4, low=-3, high=-0.2))])
unary("rint", rint, -3, 3, differentiable=False, more=[LARGE])
unary("round", half_away, -3, 3, differentiable=False, more=[LARGE])
unary("rsqrt", lambda x: 1 / np.sqrt(x), 0.2, 4, edges=EDGES[:5])
unary("sigmoid", lambda x: 1 / (1 + np.exp(-x.astype("float64"))), -4, 4)
unary("sign", sign, -3, 3, differentiable=False, more=[sample(integers(5, low=-9, high=9))])
unary("sin", np.sin, -3, 3)
unary("sinh", np.sinh, -3, 3, ints=(0, 5))
unary("softsign", lambda x: x / (1 + np.abs(x.astype("float64"))), 0.1, 3, more=[sample(uniform(4, low=-3, high=-1))])
unary("sqrt", np.sqrt, 0.2, 9, edges=EDGES[:5])
unary("square", np.square, -3, 3)
unary("tan", np.tan, -1.4, 1.4)
unary("tanh", np.tanh, -3, 3)
unary("trunc", np.trunc, -3, 3, differentiable=False)
