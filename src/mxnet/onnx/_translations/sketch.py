"""Fourier transforms, count sketch, histograms, and sparse arrays' operators on dense ones."""

from __future__ import annotations

import numpy as np

from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value
from .detection import count_of, numbers


def _transformed(graph: Graph, pairs: Value, inverse: bool) -> Value:
    """Return the transform of (..., D, 1 or 2): one number, or a real and an imaginary part."""
    if graph.opset >= 20:
        return graph.op("DFT", pairs, None, np.array(-2, np.int64), inverse=int(inverse))
    return graph.op("DFT", pairs, axis=1, inverse=int(inverse))


@translates("_contrib_fft")
def fft(graph: Graph, data: Value) -> Value:
    wide = data.cast(np.float32) if data.dtype.itemsize == 2 else data
    rows = graph.op("Reshape", wide, [-1, _last(data), 1])
    found = _transformed(graph, rows, inverse=False)
    target = graph.vector([graph.lengths(data, 0, len(data.axes) - 1), -1])
    return graph.op("Reshape", found, target).cast(data.dtype)


@translates("_contrib_ifft")
def ifft(graph: Graph, data: Value) -> Value:
    """The real part, not divided by the length."""
    wide = data.cast(np.float32) if data.dtype.itemsize == 2 else data
    length = _last(data) // 2
    found = _transformed(graph, graph.op("Reshape", wide, [-1, length, 2]), inverse=True)
    real = found.part(-1, 0, 1) * float(length)
    target = graph.vector([graph.lengths(data, 0, len(data.axes) - 1), -1])
    return graph.op("Reshape", real, target).cast(data.dtype)


def _last(data: Value) -> int:
    length = data.axes[-1]
    if not isinstance(length, int):
        raise CannotTranslate("the length of the last axis changes with the inputs")
    return length


@translates("_contrib_count_sketch")
def count_sketch(graph: Graph, data: Value, h: Value, s: Value, *, out_dim: int) -> Value:
    """Product with a matrix that has the signs at the elements' places."""
    places = h.cast(np.int64).transpose(1, 0).compare("Equal", graph.constant(np.arange(out_dim).reshape(1, -1)))
    return graph.op("MatMul", data * s.squeeze(0), places.cast(data.dtype))


@translates("_histogram")
def histogram(
    graph: Graph,
    data: Value,
    *bins: Value,
    bin_cnt: int | None,
    range: tuple[float, ...] | None,
    node: Applied,
) -> list[Value]:
    """Count the numbers from each edge to the next; the last edge belongs to the last bin."""
    if bins:
        edges = bins[0]
    else:
        assert range is not None
        assert bin_cnt is not None
        low, high = range if range[0] < range[1] else (range[0] - 0.5, range[1] + 0.5)
        steps = np.arange(bin_cnt + 1) * ((high - low) / bin_cnt) + low
        steps[-1] = high
        edges = graph.constant(steps.astype(data.dtype))
    flat = data.reshape(-1, 1)
    count = _bins(edges)
    above = flat.compare("GreaterOrEqual", edges.part(0, 0, count))
    below = flat.compare("Less", edges.part(0, 1, count + 1))
    at_end = flat.compare("Equal", edges.part(0, count, count + 1))
    last = graph.constant(np.arange(count) == count - 1)
    inside = graph.op("Or", graph.op("And", above, below), graph.op("And", at_end, last))
    counts = graph.reduce("ReduceSum", inside.cast(np.int64), [0])
    return [counts.cast(node.dtypes[0]), edges.cast(node.dtypes[1])]


def _bins(edges: Value) -> int:
    count = edges.axes[0]
    if not isinstance(count, int):
        raise CannotTranslate("the number of bins changes with the inputs")
    return count - 1


# -- what is for sparse arrays, of dense ones ------------------------------------------------------------------------


@translates("_sparse_retain")
def sparse_retain(graph: Graph, data: Value, indices: Value) -> Value:
    rows = numbers(graph, count_of(graph, data, 0)).unsqueeze(1)
    chosen = rows.compare("Equal", indices.cast(np.int64).unsqueeze(0)).cast(np.int32)
    kept = graph.reduce("ReduceMax", graph.op("Pad", chosen, [0, 0, 0, 1]), [1]).cast(bool)
    if len(data.axes) > 1:
        kept = kept.unsqueeze(*range(1, len(data.axes)))
    return kept.where_true(data, 0)


@translates("_contrib_getnnz")
def getnnz(graph: Graph, data: Value, *, axis: int | None) -> Value:
    found = graph.op("Not", data.compare("Equal", 0)).cast(np.int64)
    counts = graph.reduce("ReduceSum", found, None if axis is None else [axis])
    return counts.reshape(1) if axis is None else counts


@translates("_contrib_edge_id")
def edge_id(graph: Graph, data: Value, u: Value, v: Value) -> Value:
    places = graph.op("Concat", u.cast(np.int64).unsqueeze(1), v.cast(np.int64).unsqueeze(1), axis=1)
    found = graph.op("GatherND", data, places)
    return found.compare("Equal", 0).where_true(-1, found)
