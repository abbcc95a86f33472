"""References for mxnet/_ops/density.py."""

from __future__ import annotations

from math import lgamma

import numpy as np

from . import bad, integers, normal, reference, sample, uniform

_ENDS = "1.9.1 gives NaN or the wrong sign to slopes at the end of a parameter's range"
_DIGAMMA = "1.9.1 computes digamma to seven digits"
_ROUNDED = "1.9.1 computes the square root of 2 pi in float32"
_LGAMMA = np.vectorize(lgamma, otypes=["float64"])


def _log_gamma(x):
    """The logarithm of the gamma function, infinite where it has its poles."""
    x = np.asarray(x, "float64")
    pole = ((x <= 0) & (x == np.floor(x))) | np.isinf(x)
    with np.errstate(invalid="ignore"):
        return np.where(pole, np.inf, _LGAMMA(np.where(pole | np.isnan(x), 1.0, x)) + 0 * np.where(pole, 1, x))


def _positive(*shape, seed=0, dtype="float32"):
    return uniform(*shape, low=0.4, high=2.5, seed=seed, dtype=dtype)


def _counts(*shape, seed=0, dtype="float32"):
    return integers(*shape, high=6, seed=seed, dtype=dtype)


def _samples(draw, *parameters, edges=(), ends=(), golden64=True):
    """Shapes and dtypes for every distribution; `draw` and `parameters` make arrays of a shape, seed and dtype.

    `edges` and `ends` list points with the parameters of one distribution: samples outside the support or parameters
    outside their range, and parameters at the end of it.
    """

    def one(shape, of=1, dtype="float32", **options):
        given = [p(*shape[:of], seed=i + 1, dtype=dtype) for i, p in enumerate(parameters)]
        return sample(draw(*shape, dtype=dtype), *given, **options)

    double = {} if golden64 else {"golden": False, "why": _ROUNDED}
    return [
        one((3,)),
        one((3,), is_log=True),
        one((2, 4)),
        one((2, 4), is_log="True"),
        one((2, 3, 2)),
        one((2, 3, 2), of=2, is_log=True),
        one((2, 2), of=2),
        one((1,)),
        one((2, 3), dtype="float64", **double),
        one((2, 3), dtype="float64", is_log=True, **double),
        one((2, 3), dtype="float16", differentiable=False),
        one((2, 3), dtype="float16", is_log=True, differentiable=False),
        one((0, 3), golden=False, why="1.9.1 crashes"),
        one((3, 0), golden=False, why="1.9.1 crashes"),
        *(
            sample(np.float32([points]), *(np.float32([p]) for p in values), is_log=log, differentiable=False, **option)
            for found, option in ((edges, {}), (ends, {"golden_gradient": False, "why": _ENDS}))
            for points, *values in found
            for log in (False, True)
        ),
    ]  # fmt: skip


def _refusals(count):
    """Calls that no distribution with `count` parameters takes."""
    names = "expected one shape for all parameters, which the shape of sample begins with"
    return [
        bad(normal(3, 2), *[normal(2)] * count, match=names),
        bad(normal(3, 2), *[normal(3)] * (count - 1), normal(1), match=names),
        bad(normal(3), *[normal(3, 1)] * count, match=names),
        bad(normal(3), *[normal(3, dtype="float64")] * count, match="sample is float32 and .* is float64"),
        bad(integers(3), *[integers(3)] * count, match="sample is int32; expected a floating dtype"),
    ]


def _large(*parameters, draw=_positive):
    return lambda: sample(draw(100, 5000), *(p(100, seed=i + 1) for i, p in enumerate(parameters)))


def _like(sample, *parameters):
    """Samples and parameters in float64, the parameters with an axis of length 1 for each further axis."""
    shape = parameters[0].shape + (1,) * (sample.ndim - parameters[0].ndim)
    return [sample.astype("float64"), *(p.astype("float64").reshape(shape) for p in parameters)]


def _density(log, is_log):
    return log if is_log else np.exp(log)


_NAN, _INF = float("nan"), float("inf")


@reference(
    "_random_pdf_uniform",
    samples=_samples(
        normal,
        normal,
        lambda *shape, **options: _positive(*shape, **options) + 4,
        edges=[((-1, 0, 0.5, 1, 2, _NAN, _INF), 0, 1), ((0.5,), 1, 0)],
        ends=[((0.5,), 0.5, 0.5)],
    ),
    bad=_refusals(2),
    benchmark=_large(lambda *shape, seed: normal(*shape, seed=seed) - 9, _positive),
)
def pdf_uniform(sample, low, high, *, is_log=False):
    x, low, high = _like(sample, low, high)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = 0 * np.nan_to_num(x, posinf=0) + 1 / (high - low)
        return np.log(density) if is_log else density


@reference(
    "_random_pdf_normal",
    samples=_samples(
        normal,
        normal,
        _positive,
        edges=[((-1, 0, 0.5, _NAN, _INF), 0.5, 2), ((-1, 0, 0.5), 0.5, 0), ((-1, 0, 0.5), 0.5, -2)],
        golden64=False,
    ),
    bad=_refusals(2),
    benchmark=_large(normal, _positive, draw=normal),
)
def pdf_normal(sample, mu, sigma, *, is_log=False):
    x, mu, sigma = _like(sample, mu, sigma)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.exp(-((x - mu) ** 2) / (2 * sigma**2)) / np.sqrt(2 * np.pi) / sigma
        if not is_log:
            return density
        return -((x - mu) ** 2) / (2 * sigma**2) - 0.5 * np.log(2 * np.pi) - np.log(sigma)


@reference(
    "_random_pdf_gamma",
    samples=_samples(
        _positive,
        _positive,
        _positive,
        edges=[((-1, 0, 0.5, 3, _NAN, _INF), 2, 3), ((-1, 0, 0.5), 1, 3), ((-1, 0, 0.5), 0.5, 3), ((0.5,), 0.5, -3)],
    ),
    bad=_refusals(2),
    benchmark=_large(_positive, _positive),
)
def pdf_gamma(sample, alpha, beta, *, is_log=False):
    x, alpha, beta = _like(sample, alpha, beta)
    with np.errstate(divide="ignore", invalid="ignore"):
        log = alpha * np.log(beta) + (alpha - 1) * np.log(x) - beta * x - _log_gamma(alpha)
    return _density(log, is_log)


@reference(
    "_random_pdf_exponential",
    samples=_samples(
        _positive, _positive, edges=[((-1, 0, 0.5, _NAN, _INF), 2), ((-1, 0, 0.5), -2)], ends=[((-1, 0, 1), 0)]
    ),
    bad=_refusals(1),
    benchmark=_large(_positive),
)
def pdf_exponential(sample, lam, *, is_log=False):
    x, lam = _like(sample, lam)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(lam) - lam * x if is_log else lam * np.exp(-lam * x)


@reference(
    "_random_pdf_poisson",
    samples=_samples(
        _counts,
        _positive,
        edges=[((-1, 0, 0.5, 3, _NAN, _INF), 2), ((0, 1, 2), -1)],
        ends=[((0, 1, 2), 0)],
    ),
    constant=("sample",),
    bad=_refusals(1),
    benchmark=_large(_positive, draw=_counts),
)
def pdf_poisson(sample, lam, *, is_log=False):
    x, lam = _like(sample, lam)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _density(x * np.log(lam) - _log_gamma(x + 1) - lam, is_log)


def _negative_binomial(x, k, p):
    with np.errstate(divide="ignore", invalid="ignore"):
        ways = _log_gamma(x + k) - _log_gamma(x + 1) - _log_gamma(k)
        return ways + k * np.log(p) + x * np.log(1 - p)


def _probability(*shape, seed=0, dtype="float32"):
    return uniform(*shape, low=0.1, high=0.9, seed=seed, dtype=dtype)


@reference(
    "_random_pdf_negative_binomial",
    samples=_samples(
        _counts,
        _positive,
        _probability,
        edges=[((-1, 0, 0.5, 3, _NAN, _INF), 2, 0.25), ((0, 1), 2, 0), ((0, 1), 0, 0.75), ((0, 1), -1, 2)],
        ends=[((0, 1), 2, 1)],
    ),
    constant=("sample",),
    bad=_refusals(2),
    benchmark=_large(_positive, _probability, draw=_counts),
)
def pdf_negative_binomial(sample, k, p, *, is_log=False):
    return _density(_negative_binomial(*_like(sample, k, p)), is_log)


@reference(
    "_random_pdf_generalized_negative_binomial",
    samples=_samples(
        _counts,
        _positive,
        _positive,
        edges=[((-1, 0, 0.5, 3, _NAN, _INF), 2, 0.25), ((0, 1), 2, 0), ((0, 1), -1, 0.5)],
        ends=[((0, 1), 0, 1)],
    ),
    constant=("sample",),
    bad=_refusals(2),
    benchmark=_large(_positive, _positive, draw=_counts),
)
def pdf_generalized_negative_binomial(sample, mu, alpha, *, is_log=False):
    x, mu, alpha = _like(sample, mu, alpha)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _density(_negative_binomial(x, 1 / alpha, 1 / (1 + alpha * mu)), is_log)


def _shares(*shape, seed=0, dtype="float32"):
    parts = uniform(*shape, low=0.2, seed=seed, dtype="float64")
    return (parts / parts.sum(-1, keepdims=True)).astype(dtype)


def _edge(rows, alpha):
    return [sample(np.float32(rows), np.float32(alpha), is_log=log, differentiable=False) for log in (False, True)]


_MISFIT = "expected a last axis of equal lengths, and all other axes of alpha to be the first ones of sample"


@reference(
    "_random_pdf_dirichlet",
    samples=[
        sample(_shares(3), _positive(3)),
        sample(_shares(2, 3), _positive(3), is_log=True),
        sample(_shares(2, 3), _positive(2, 3), is_log="True"),
        sample(_shares(2, 4, 3), _positive(2, 3)),
        sample(_shares(2, 4, 3), _positive(3)),
        sample(_shares(2, 2, 2, 3), _positive(2, 3), is_log=True),
        sample(_shares(2, 2, 3), _positive(2, 2, 3)),
        sample(_shares(2, 1), _positive(1)),
        sample(_positive(2, 3), _positive(3)),
        sample(_shares(2, 3, dtype="float64"), _positive(3, dtype="float64"), golden_gradient=False, why=_DIGAMMA),
        sample(
            _shares(2, 3, dtype="float64"),
            _positive(2, 3, dtype="float64"),
            is_log=True,
            golden_gradient=False,
            why=_DIGAMMA,
        ),
        sample(_shares(2, 3, dtype="float16"), _positive(3, dtype="float16"), differentiable=False),
        sample(_shares(2, 3, dtype="float16"), _positive(3, dtype="float16"), is_log=True, differentiable=False),
        sample(np.zeros((0, 3), "float32"), np.ones((0, 3), "float32"), golden=False, why="1.9.1 crashes"),
        *_edge([[0.25, 0.25, 0.5], [0, 0.5, 0.5], [1, 2, 3]], [2, 3, 0.5]),
        *_edge([[0.25, 0.25, 0.5], [0, 0.5, 0.5], [-1, 2, 3]], [1, 1, 1]),
    ],
    bad=[
        bad(_shares(2, 3), _positive(2), match=_MISFIT),
        bad(_shares(4, 3), _positive(1, 3), match=_MISFIT),
        bad(_shares(3), _positive(2, 3), match=_MISFIT),
        bad(_shares(3), _positive(3, dtype="float64"), match="sample is float32 and alpha is float64"),
        bad(integers(3), integers(3), match="sample is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(_shares(50, 2000, 8), _positive(50, 8)),
)
def pdf_dirichlet(sample, alpha, *, is_log=False):
    sample, alpha = sample.astype("float64"), alpha.astype("float64")
    alpha = alpha.reshape(*alpha.shape[:-1], *[1] * (sample.ndim - alpha.ndim), alpha.shape[-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        log = _log_gamma(alpha.sum(-1)) + ((alpha - 1) * np.log(sample) - _log_gamma(alpha)).sum(-1)
    return np.atleast_1d(_density(log, is_log))
