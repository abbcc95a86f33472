"""Gamma functions, the inverse of the error function, and densities of probability distributions."""

from __future__ import annotations

import math

import numpy as np

from .._translating import Applied, translates
from .._writing import Graph, Value
from .elementwise import log1p

#: Lanczos' series for g = 7 with nine terms, good to 15 digits.
_LANCZOS = (
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
)  # fmt: skip

#: Giles, Approximating the erfinv function, 2010: near 0, and beyond.
_NEAR = (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
         -0.00417768164, 0.246640727, 1.50140941)  # fmt: skip
_FAR = (-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
        0.00943887047, 1.00167406, 2.83297682)  # fmt: skip


def log_gamma(graph: Graph, data: Value) -> Value:
    """Return the logarithm of the size of gamma, computed in float64."""
    x = data.cast(np.float64)
    left = x.compare("Less", 0.5)
    z = left.where_true(-x, x - 1)  # gamma(x) gamma(1 - x) is pi / sin(pi x)
    total = z * 0 + _LANCZOS[0]
    for number, factor in enumerate(_LANCZOS[1:], start=1):
        total = total + factor / (z + number)
    t = z + 7.5
    found = (z + 0.5) * graph.op("Log", t) - t + graph.op("Log", total) + math.log(2 * math.pi) / 2
    part = x - graph.op("Floor", x)
    sine = graph.op("Sin", part * math.pi)
    found = left.where_true(math.log(math.pi) - graph.op("Log", sine) - found, found)
    endless = graph.op("IsInf", x, dtype=bool)
    return endless.where_true(math.inf, found).cast(data.dtype)


@translates("gammaln")
def gammaln(graph: Graph, data: Value, *, node: Applied) -> Value:
    return log_gamma(graph, data.cast(np.float64)).cast(node.dtype)


@translates("gamma")
def gamma(graph: Graph, data: Value) -> Value:
    """Between negative integers the sign alternates; at them there is no value."""
    x = data.cast(np.float64)
    below = graph.op("Floor", x)
    odd = graph.op("Mod", below, 2.0, fmod=1).compare("Equal", 0)
    sign = graph.op("Or", odd, x.compare("Greater", 0)).where_true(graph.of(1.0, np.float64), -1.0)
    found = sign * graph.op("Exp", log_gamma(graph, x))
    pole = graph.op("And", x.compare("Less", 0), x.compare("Equal", below))
    found = x.compare("Equal", 0).where_true(1 / x, pole.where_true(graph.of(math.nan, np.float64), found))
    return (found if data.is_float else graph.op("Round", found)).cast(data.dtype)


def _polynomial(x: Value, factors: tuple[float, ...]) -> Value:
    found = x * factors[0] + factors[1]
    for factor in factors[2:]:
        found = found * x + factor
    return found


@translates("erfinv")
def erfinv(graph: Graph, data: Value, *, node: Applied) -> Value:
    x = data if data.is_float and data.dtype.itemsize > 2 else data.cast(np.float32)
    w = -graph.op("Log", (1 - x) * (1 + x))
    near = w.compare("Less", 5)
    inner = near.where_true(w - 2.5, graph.op("Sqrt", near.where_true(5, w)) - 3)
    found = near.where_true(_polynomial(inner, _NEAR), _polynomial(inner, _FAR)) * x
    end = graph.op("Abs", x).compare("Equal", 1)
    return end.where_true(x * math.inf, found).cast(node.dtype)


# -- densities -------------------------------------------------------------------------------------------------------


def _aligned(sample: Value, *parameters: Value) -> list[Value]:
    """Return all in a dtype to compute in, parameters with axes for their samples."""
    rank, first = len(sample.axes), len(parameters[0].axes)
    values = [sample, *(p.unsqueeze(*range(first, rank)) if rank > first else p for p in parameters)]
    return [value.cast(np.float32) if value.dtype.itemsize == 2 else value for value in values]


def _density(graph: Graph, logarithm: Value, is_log: bool, sample: Value) -> Value:
    return (logarithm if is_log else graph.op("Exp", logarithm)).cast(sample.dtype)


def _log(value: Value) -> Value:
    return value.graph.op("Log", value)


@translates("_random_pdf_uniform")
def pdf_uniform(graph: Graph, sample: Value, low: Value, high: Value, *, is_log: bool) -> Value:
    _, a, b = _aligned(sample, low, high)
    width = b - a
    density = -_log(width) if is_log else graph.op("Reciprocal", width)
    return graph.op("Expand", density.cast(sample.dtype), graph.lengths(sample))


@translates("_random_pdf_normal")
def pdf_normal(graph: Graph, sample: Value, mu: Value, sigma: Value, *, is_log: bool) -> Value:
    x, mean, deviation = _aligned(sample, mu, sigma)
    away = (x - mean) / deviation
    exponent, scale = away * away * -0.5, deviation * math.sqrt(2 * math.pi)
    density = exponent - _log(scale) if is_log else graph.op("Exp", exponent) / scale
    return density.cast(sample.dtype)


@translates("_random_pdf_exponential")
def pdf_exponential(graph: Graph, sample: Value, lam: Value, *, is_log: bool) -> Value:
    x, rate = _aligned(sample, lam)
    density = _log(rate) - rate * x if is_log else rate * graph.op("Exp", -(rate * x))
    return density.cast(sample.dtype)


@translates("_random_pdf_gamma")
def pdf_gamma(graph: Graph, sample: Value, alpha: Value, beta: Value, *, is_log: bool) -> Value:
    x, shape, rate = _aligned(sample, alpha, beta)
    log = (shape - 1) * _log(x) - rate * x + (shape * _log(rate) - log_gamma(graph, shape))
    return _density(graph, log, is_log, sample)


@translates("_random_pdf_poisson")
def pdf_poisson(graph: Graph, sample: Value, lam: Value, *, is_log: bool) -> Value:
    x, mean = _aligned(sample, lam)
    log = x * _log(mean) - log_gamma(graph, x + 1) - mean
    return _density(graph, log, is_log, sample)


def _negative_binomial(graph: Graph, x: Value, k: Value, log_success: Value, log_failure: Value) -> Value:
    chosen = log_gamma(graph, x + k) - log_gamma(graph, x + 1)
    return chosen + x * log_failure + (k * log_success - log_gamma(graph, k))


@translates("_random_pdf_negative_binomial")
def pdf_negative_binomial(graph: Graph, sample: Value, k: Value, p: Value, *, is_log: bool) -> Value:
    x, successes, share = _aligned(sample, k, p)
    return _density(graph, _negative_binomial(graph, x, successes, _log(share), _log(1 - share)), is_log, sample)


@translates("_random_pdf_generalized_negative_binomial")
def pdf_generalized_negative_binomial(graph: Graph, sample: Value, mu: Value, alpha: Value, *, is_log: bool) -> Value:
    x, mean, dispersion = _aligned(sample, mu, alpha)
    ratio = dispersion * mean  # of failures to successes
    log_success = -log1p(graph, ratio)
    log = _negative_binomial(graph, x, 1 / dispersion, log_success, _log(ratio) + log_success)
    return _density(graph, log, is_log, sample)


@translates("_random_pdf_dirichlet")
def pdf_dirichlet(graph: Graph, sample: Value, alpha: Value, *, is_log: bool) -> Value:
    x, concentration = (v.cast(np.float32) if v.dtype.itemsize == 2 else v for v in (sample, alpha))
    first, last = len(alpha.axes) - 1, len(sample.axes) - 1
    norm = log_gamma(graph, graph.reduce("ReduceSum", concentration, [-1]))
    norm = norm - graph.reduce("ReduceSum", log_gamma(graph, concentration), [-1])
    powers = concentration - 1
    if last > first:
        powers, norm = powers.unsqueeze(*range(first, last)), norm.unsqueeze(*range(first, last))
    log = graph.reduce("ReduceSum", powers * _log(x), [-1]) + norm
    found = _density(graph, log, is_log, sample)
    return found if last else found.reshape(1)
