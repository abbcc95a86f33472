"""Random numbers that ONNX has no operator for: of gamma and Poisson distributions and what follows from them.

They are drawn until all are accepted. A parameter outside of its range gives 0 or NaN; no loop waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._lengths import static
from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value
from .loops import repeated, some
from .special import log_gamma

_MOST = 200  # steps of a loop: one in 20 numbers is refused in each


def _uniform(graph: Graph, like: Value) -> Value:
    """Return numbers from 0 to below 1 in the shape of a value."""
    return graph.draw("RandomUniformLike", like.dtype, like)


def drawn_gamma(graph: Graph, alpha: Value) -> Value:
    """Return numbers of gamma distributions with scale 1 (Marsaglia and Tsang, 2000)."""
    low = alpha.compare("Less", 1)
    shape = low.where_true(alpha + 1, alpha)
    d = shape - 1 / 3
    c = 1 / graph.op("Sqrt", d * 9)

    def step(body: Graph, number: Value, states: list[Value]) -> tuple[list[Value], Value]:
        found, waiting = states
        inside, factor = d.seen_from(body), c.seen_from(body)
        normal = body.draw("RandomNormalLike", found.dtype, found)
        v = normal * factor + 1
        v = v * v * v
        positive = v.compare("Greater", 0)
        kept = positive.where_true(v, 1)
        bound = normal * normal * 0.5 + inside * (1 - kept + body.op("Log", kept))
        near = body.op("Log", 1 - _uniform(body, found)).compare("Less", bound)
        accepted = body.op("And", waiting, body.op("And", positive, near))
        found = accepted.where_true(inside * kept, found)
        waiting = body.op("And", waiting, body.op("Not", accepted))
        return [found, waiting], some(body, waiting)

    found = repeated(graph, _MOST, [shape * 0, shape.compare("Greater", 0)], step)[0]
    power = graph.op("Exp", graph.op("Log", 1 - _uniform(graph, alpha)) / alpha)
    return low.where_true(found * power, found)


def drawn_poisson(graph: Graph, mean: Value) -> Value:
    """Return numbers of Poisson distributions; a mean that is not positive gives 0."""
    wide = mean.cast(np.float64)
    large = wide.compare("GreaterOrEqual", 10)
    few = _waiting_times(graph, large.where_true(0, wide))
    return large.where_true(_by_rejection(graph, large.where_true(wide, 10)), few).cast(mean.dtype)


def _waiting_times(graph: Graph, mean: Value) -> Value:
    """Count how many waiting times fit into the mean."""

    def step(body: Graph, number: Value, states: list[Value]) -> tuple[list[Value], Value]:
        total, count = states
        total = total - body.op("Log", 1 - _uniform(body, total))
        fits = total.compare("LessOrEqual", mean.seen_from(body))
        return [total, count + fits.cast(count.dtype)], some(body, fits)

    return repeated(graph, _MOST, [mean * 0, mean * 0], step)[1]


def _by_rejection(graph: Graph, mean: Value) -> Value:
    """Hormann's transformed rejection (PTRS, 1993), for means of at least 10."""
    b = graph.op("Sqrt", mean) * 2.53 + 0.931
    a = b * 0.02483 - 0.059
    inverse = graph.op("Log", 1.1328 / (b - 3.4) + 1.1239)

    def step(body: Graph, number: Value, states: list[Value]) -> tuple[list[Value], Value]:
        found, waiting = states
        lam, slope, width, factor = (value.seen_from(body) for value in (mean, a, b, inverse))
        u = _uniform(body, found) - 0.5
        margin = 0.5 - body.op("Abs", u)
        count = body.op("Floor", (slope * 2 / margin + width) * u + lam + 0.43)
        height = body.op("Log", 1 - _uniform(body, found)) + factor
        height = height - body.op("Log", slope / (margin * margin) + width)
        possible = body.op("Max", count, 0.0)
        bound = possible * body.op("Log", lam) - lam - log_gamma(body, possible + 1)
        accepted = body.op("And", height.compare("LessOrEqual", bound), count.compare("GreaterOrEqual", 0))
        accepted = body.op("And", accepted, waiting)
        waiting = body.op("And", waiting, body.op("Not", accepted))
        return [accepted.where_true(possible, found), waiting], some(body, waiting)

    return repeated(graph, _MOST, [mean * 0, mean.compare("Greater", 0)], step)[0]


def _negative_binomial(graph: Graph, successes: Value, odds: Value) -> Value:
    """Return Poisson numbers whose mean is drawn from a gamma distribution."""
    return drawn_poisson(graph, drawn_gamma(graph, successes) * odds)


def _generalized(graph: Graph, mean: Value, dispersion: Value) -> Value:
    varied = dispersion.compare("Greater", 0)  # without dispersion the counts are Poisson's
    safe = varied.where_true(dispersion, 1)
    return drawn_poisson(graph, varied.where_true(drawn_gamma(graph, 1 / safe) * (mean * safe), mean))


# -- by numbers, in a given shape ------------------------------------------------------------------------------------


def _full(graph: Graph, number: float, node: Applied) -> Value:
    shape = static(node.shape)
    if shape is None:
        raise CannotTranslate("the shape of the result changes with the inputs")
    dtype = node.dtype if node.dtype == np.float64 else np.dtype(np.float32)
    return graph.constant(np.full(shape, number, dtype), name=f"{graph.scope}_parameter")


def _full_like(graph: Graph, number: float, data: Value) -> Value:
    dtype = data.dtype if data.dtype == np.float64 else np.dtype(np.float32)
    return graph.op("Expand", graph.constant(number, dtype), graph.lengths(data), shape=data.shape)


@translates("_random_gamma")
def random_gamma(graph: Graph, *, alpha: float, beta: float, node: Applied) -> Value:
    return (drawn_gamma(graph, _full(graph, alpha, node)) * beta).cast(node.dtype)


@translates("_random_gamma_like")
def random_gamma_like(graph: Graph, data: Value, *, alpha: float, beta: float) -> Value:
    return (drawn_gamma(graph, _full_like(graph, alpha, data)) * beta).cast(data.dtype)


@translates("_random_poisson")
def random_poisson(graph: Graph, *, lam: float, node: Applied) -> Value:
    return drawn_poisson(graph, _full(graph, lam, node)).cast(node.dtype)


@translates("_random_poisson_like")
def random_poisson_like(graph: Graph, data: Value, *, lam: float) -> Value:
    return drawn_poisson(graph, _full_like(graph, lam, data)).cast(data.dtype)


@translates("_random_negative_binomial")
def random_negative_binomial(graph: Graph, *, k: int, p: float, node: Applied) -> Value:
    successes = _full(graph, k, node)
    if k == 0:
        return successes.cast(node.dtype)
    return _negative_binomial(graph, successes, graph.of((1 - p) / p, successes.dtype)).cast(node.dtype)


@translates("_random_negative_binomial_like")
def random_negative_binomial_like(graph: Graph, data: Value, *, k: int, p: float) -> Value:
    successes = _full_like(graph, k, data)
    if k == 0:
        return successes.cast(data.dtype)
    return _negative_binomial(graph, successes, graph.of((1 - p) / p, successes.dtype)).cast(data.dtype)


@translates("_random_generalized_negative_binomial")
def random_generalized(graph: Graph, *, mu: float, alpha: float, node: Applied) -> Value:
    mean = _full(graph, mu, node)
    return _generalized(graph, mean, _full(graph, alpha, node)).cast(node.dtype)


@translates("_random_generalized_negative_binomial_like")
def random_generalized_like(graph: Graph, data: Value, *, mu: float, alpha: float) -> Value:
    mean = _full_like(graph, mu, data)
    return _generalized(graph, mean, _full_like(graph, alpha, data)).cast(data.dtype)


# -- by arrays of parameters -----------------------------------------------------------------------------------------


def _spread(graph: Graph, parameters: Sequence[Value], shape: Sequence[int], node: Applied) -> list[Value]:
    """Return parameters in the shape of the draws, in a dtype to compute in."""
    if 0 in shape:
        raise CannotTranslate("a result without elements")
    dtype = node.dtype if node.dtype == np.float64 else np.dtype(np.float32)
    found: list[Value] = []
    for value in parameters:
        rank = len(value.axes)
        wide = value.cast(dtype)
        if shape:
            lengths = graph.vector([*([graph.lengths(value)] if rank else []), *shape])
            wide = graph.op("Expand", wide.unsqueeze(*range(rank, rank + len(shape))), lengths)
        found.append(wide)
    return found


@translates("_sample_gamma")
def sample_gamma(graph: Graph, alpha: Value, beta: Value, *, shape: tuple[int, ...], node: Applied) -> Value:
    a, b = _spread(graph, [alpha, beta], shape, node)
    return (drawn_gamma(graph, a) * b).cast(node.dtype)


@translates("_sample_poisson")
def sample_poisson(graph: Graph, lam: Value, *, shape: tuple[int, ...], node: Applied) -> Value:
    (mean,) = _spread(graph, [lam], shape, node)
    return drawn_poisson(graph, mean).cast(node.dtype)


@translates("_sample_negative_binomial")
def sample_negative_binomial(graph: Graph, k: Value, p: Value, *, shape: tuple[int, ...], node: Applied) -> Value:
    successes, share = _spread(graph, [k, p], shape, node)
    return _negative_binomial(graph, successes, (1 - share) / share).cast(node.dtype)


@translates("_sample_generalized_negative_binomial")
def sample_generalized(graph: Graph, mu: Value, alpha: Value, *, shape: tuple[int, ...], node: Applied) -> Value:
    mean, dispersion = _spread(graph, [mu, alpha], shape, node)
    return _generalized(graph, mean, dispersion).cast(node.dtype)


# -- orders ----------------------------------------------------------------------------------------------------------


@translates("_shuffle")
def shuffle(graph: Graph, data: Value) -> Value:
    """Put the rows in the order of random numbers."""
    if not data.axes:
        return data
    length = graph.lengths(data, 0, 1)
    parts = _uniform(graph, graph.op("Expand", graph.constant([0.0], np.float64), length))
    _, order = graph.ops("TopK", parts, length, axis=0, outputs=2)
    order.dtype = np.dtype(np.int64)
    return graph.op("Gather", data, order, axis=0)
