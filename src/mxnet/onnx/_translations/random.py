"""Random numbers, of the distributions that ONNX has or that follow from one of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .._lengths import static
from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value


def _fixed(node: Applied) -> list[int]:
    shape = static(node.shape)
    if shape is None:
        raise CannotTranslate("the shape of the result changes with the inputs")
    return list(shape)


def _floating(dtype: np.dtype) -> np.dtype:
    return np.dtype(dtype if dtype.kind == "f" else np.float32)


@translates("_random_uniform")
def random_uniform(graph: Graph, *, low: float, high: float, node: Applied) -> Value:
    return _drawn(graph, "RandomUniform", node, low=low, high=high)


@translates("_random_normal")
def random_normal(graph: Graph, *, loc: float, scale: float, node: Applied) -> Value:
    return _drawn(graph, "RandomNormal", node, mean=loc, scale=scale)


def _drawn(graph: Graph, kind: str, node: Applied, **options: float) -> Value:
    dtype = _floating(node.dtype)
    made = graph.draw(kind, dtype, shape=_fixed(node), **options)
    return made.cast(node.dtype)


@translates("_random_uniform_like")
def random_uniform_like(graph: Graph, data: Value, *, low: float, high: float) -> Value:
    return graph.draw("RandomUniformLike", data.dtype, data, low=low, high=high)


@translates("_random_normal_like")
def random_normal_like(graph: Graph, data: Value, *, loc: float, scale: float) -> Value:
    return graph.draw("RandomNormalLike", data.dtype, data, mean=loc, scale=scale)


def _exponential(graph: Graph, parts: Value) -> Value:
    """Return numbers of the exponential distribution from uniform ones, which are never 1."""
    return -graph.op("Log", 1 - parts)


@translates("_random_exponential")
def random_exponential(graph: Graph, *, lam: float, node: Applied) -> Value:
    return _exponential(graph, _drawn(graph, "RandomUniform", node)) / lam


@translates("_random_exponential_like")
def random_exponential_like(graph: Graph, data: Value, *, lam: float) -> Value:
    return _exponential(graph, graph.draw("RandomUniformLike", data.dtype, data)) / lam


@translates("_random_randint")
def random_randint(graph: Graph, *, low: int, high: int, node: Applied) -> Value:
    parts = graph.draw("RandomUniform", np.dtype(np.float64), shape=_fixed(node), low=float(low), high=float(high))
    return graph.op("Floor", parts).cast(node.dtype)


def _for_each(graph: Graph, value: Value, shape: Sequence[int]) -> Value:
    """Return a parameter of a distribution with axes for its draws."""
    if not shape:
        return value
    rank = len(value.axes)
    return value.unsqueeze(*range(rank, rank + len(shape)))


def _draws(graph: Graph, parameter: Value, shape: Sequence[int], kind: str) -> Value:
    """Return draws from a standard distribution for every element of a parameter."""
    counts = graph.vector([graph.lengths(parameter), *shape]) if shape else graph.lengths(parameter)
    return graph.draw(kind, parameter.dtype, graph.op("Expand", _for_each(graph, parameter, shape), counts))


@translates("_sample_uniform")
def sample_uniform(graph: Graph, low: Value, high: Value, *, shape: tuple[int, ...], node: Applied) -> Value:
    parts = _draws(graph, low, shape, "RandomUniformLike")
    least = _for_each(graph, low, shape)
    return (least + parts * (_for_each(graph, high, shape) - least)).cast(node.dtype)


@translates("_sample_normal")
def sample_normal(graph: Graph, mu: Value, sigma: Value, *, shape: tuple[int, ...], node: Applied) -> Value:
    parts = _draws(graph, mu, shape, "RandomNormalLike")
    return (_for_each(graph, mu, shape) + parts * _for_each(graph, sigma, shape)).cast(node.dtype)


@translates("_sample_exponential")
def sample_exponential(graph: Graph, lam: Value, *, shape: tuple[int, ...], node: Applied) -> Value:
    parts = _draws(graph, lam, shape, "RandomUniformLike")
    return (_exponential(graph, parts) / _for_each(graph, lam, shape)).cast(node.dtype)


@translates("_sample_multinomial")
def sample_multinomial(
    graph: Graph, data: Value, *, shape: tuple[int, ...], get_prob: bool, node: Applied
) -> list[Value]:
    rank, count = len(data.axes), math.prod(shape)
    if 0 in shape:
        raise CannotTranslate("a result without elements")
    rows = data if rank == 2 else graph.op("Reshape", data, graph.vector([-1, graph.lengths(data, rank - 1, rank)]))
    logarithms = graph.op("Log", rows)
    kind = np.dtype(np.int64 if node.dtype == np.int64 else np.int32)
    drawn = graph.draw("Multinomial", kind, logarithms, sample_size=count)
    leading = [graph.lengths(data, 0, rank - 1)] if rank > 1 else []
    target = graph.vector([*leading, *shape]) if leading or shape else graph.constant([1], np.int64)
    outputs = [graph.op("Reshape", drawn, target).cast(node.dtype)]
    if get_prob:
        chosen = graph.op("GatherElements", logarithms, drawn.cast(np.int64), axis=1)
        outputs.append(graph.op("Reshape", chosen, target))
    return outputs
