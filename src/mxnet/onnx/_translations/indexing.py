"""Elements, rows and pieces chosen by indices, and sequences of different lengths."""

from __future__ import annotations

import numpy as np

from .._lengths import Length
from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value, wrapped
from .shape import reshaped


def as_indices(graph: Graph, indices: Value, length: int | Value, mode: str = "clip") -> Value:
    """Return indices as int64 that lie within an axis: held there, or counted round it."""
    found = indices.cast(np.int64)
    if mode == "wrap":
        return graph.op("Mod", found, np.array(length) if isinstance(length, int) else length.squeeze(0))
    if mode == "raise":
        return found
    last = np.array(length - 1) if isinstance(length, int) else length.squeeze(0) - 1
    return graph.op("Clip", found, np.array(0), last)


@translates("Embedding", "_contrib_SparseEmbedding")
def embedding(graph: Graph, data: Value, weight: Value, *, input_dim: int) -> Value:
    return graph.op("Gather", weight, as_indices(graph, data, input_dim), axis=0, dtype=weight.dtype)


@translates("take")
def take(graph: Graph, a: Value, indices: Value, *, axis: int, mode: str) -> Value:
    length = graph.length(a.axes[axis], a)
    return graph.op("Gather", a, as_indices(graph, indices, length, mode), axis=axis)


@translates("batch_take")
def batch_take(graph: Graph, a: Value, indices: Value) -> Value:
    length = a.axes[-1]
    if not isinstance(length, int):
        raise CannotTranslate("the length of the last axis changes with the inputs")
    places = as_indices(graph, indices, length).reshape(-1, 1)
    found = graph.op("GatherElements", a.reshape(-1, length), places, axis=1)
    return graph.op("Reshape", found, graph.lengths(indices))


@translates("pick")
def pick(
    graph: Graph, data: Value, index: Value, *, axis: int | None, keepdims: bool, mode: str, node: Applied
) -> Value:
    if axis is None:
        size = graph.op("Size", data, dtype=np.int64).reshape(1)
        found = graph.op("Gather", data.reshape(-1), as_indices(graph, index, size, mode), axis=0)
        return graph.op("Reshape", found, graph.shape_like(node.shape))
    rank = len(data.axes)
    axis %= rank
    places = as_indices(graph, index, graph.length(data.axes[axis], data), mode)
    if len(index.axes) < rank:
        places = places.unsqueeze(axis)
    found = graph.op("GatherElements", data, places, axis=axis)
    if keepdims:
        return found
    return found.reshape(1) if rank == 1 else found.squeeze(axis)


@translates("gather_nd")
def gather_nd(graph: Graph, data: Value, indices: Value) -> Value:
    rank = len(indices.axes)
    places = indices.cast(np.int64)
    return graph.op("GatherND", data, places.transpose(*range(1, rank), 0))


@translates("scatter_nd")
def scatter_nd(graph: Graph, data: Value, indices: Value, *, shape: tuple[int, ...]) -> Value:
    rank = len(indices.axes)
    places = indices.cast(np.int64).transpose(*range(1, rank), 0)
    zeros = graph.filled(0, data.dtype, tuple(shape))
    return graph.op("ScatterND", zeros, places, data, dtype=data.dtype)


@translates("_scatter_set_nd")
def scatter_set_nd(graph: Graph, lhs: Value, rhs: Value, indices: Value) -> Value:
    rank = len(indices.axes)
    return graph.op("ScatterND", lhs, indices.cast(np.int64).transpose(*range(1, rank), 0), rhs)


@translates("_contrib_index_copy")
def index_copy(graph: Graph, old_tensor: Value, index_vector: Value, new_tensor: Value) -> Value:
    return graph.op("ScatterND", old_tensor, index_vector.cast(np.int64).unsqueeze(1), new_tensor)


@translates("fill_element_0index")
def fill_element(graph: Graph, lhs: Value, mhs: Value, rhs: Value) -> Value:
    chosen = rhs.cast(np.int64).unsqueeze(1).compare("Equal", step_numbers(graph, lhs, 1))
    return chosen.where_true(mhs.unsqueeze(1), lhs)


@translates("_contrib_boolean_mask")
def boolean_mask(graph: Graph, data: Value, index: Value, *, axis: int) -> Value:
    kept = list(data.axes)
    kept[axis] = Length((-1, id(index)))  # equal to no other length
    return graph.op("Compress", data, index.cast(bool), axis=axis, shape=tuple(kept))


@translates("one_hot")
def one_hot(graph: Graph, indices: Value, *, depth: int, on_value: float, off_value: float, node: Applied) -> Value:
    """Indices outside of the depth have no place, while ONNX counts negative ones from the end."""
    places = indices.cast(np.int64).unsqueeze(len(indices.axes))
    numbers = np.arange(depth, dtype=np.int64)
    kind = node.dtype
    on, off = (graph.of(wrapped(number, kind), kind) for number in (on_value, off_value))
    return places.compare("Equal", numbers).where_true(on, off)


@translates("_onehot_encode")
def onehot_encode(graph: Graph, lhs: Value, rhs: Value) -> Value:
    places = lhs.cast(np.int64).unsqueeze(1)
    length = graph.length(rhs.axes[1], rhs)
    if not isinstance(length, int):
        raise CannotTranslate("the number of classes changes with the inputs")
    return places.compare("Equal", np.arange(length)).cast(rhs.dtype)


@translates("_ravel_multi_index")
def ravel_multi_index(graph: Graph, data: Value, *, shape: tuple[int, ...], node: Applied) -> Value:
    steps = np.cumprod([1, *shape[:0:-1]])[::-1].reshape(-1, *[1] * (len(data.axes) - 1))
    wide = data.cast(np.int64)
    return graph.reduce("ReduceSum", wide * np.ascontiguousarray(steps), [0]).cast(node.dtype)


@translates("_unravel_index")
def unravel_index(graph: Graph, data: Value, *, shape: tuple[int, ...], node: Applied) -> Value:
    left, found = data.cast(np.int64).reshape(-1), []
    for length in shape[:0:-1]:
        above = left / np.array(length)
        found.append(left - above * np.array(length))
        left = above
    found.append(left)
    joined = graph.op("Concat", *(value.unsqueeze(0) for value in found[::-1]), axis=0)
    joined.shape = (len(shape), Length((-1, id(joined))))
    return reshaped(graph, joined, node.shape).cast(node.dtype)


# -- sequences -------------------------------------------------------------------------------------------------------


def step_numbers(graph: Graph, data: Value, axis: int) -> Value:
    """Return 0, 1, 2 ... for an axis, as int64."""
    length = graph.length(data.axes[axis], data)
    if isinstance(length, int):
        return graph.constant(np.arange(length, dtype=np.int64))
    return graph.op("Range", np.int64(0), length.squeeze(0), np.int64(1), dtype=np.int64)


@translates("SequenceMask")
def sequence_mask(graph: Graph, data: Value, sequence_length: Value | None = None, *, value: float, axis: int) -> Value:
    if sequence_length is None:
        return data
    steps = step_numbers(graph, data, axis)
    lengths = sequence_length.cast(np.int64)
    inside = steps.unsqueeze(1 - axis).compare("Less", lengths.unsqueeze(axis))  # (T, N) or (N, T)
    rank = len(data.axes)
    if rank > 2:
        inside = inside.unsqueeze(*range(2, rank))
    return inside.where_true(data, graph.of(wrapped(value, data.dtype), data.dtype))


@translates("SequenceLast")
def sequence_last(graph: Graph, data: Value, sequence_length: Value | None = None, *, axis: int) -> Value:
    if sequence_length is None:
        return graph.op("Gather", data, np.array(-1), axis=axis)
    length = graph.length(data.axes[axis], data)
    places = as_indices(graph, sequence_length.cast(np.int64) - 1, length).unsqueeze(1)
    rank = len(data.axes)
    batch_first = data if axis == 1 else data.transpose(1, 0, *range(2, rank))
    return graph.op("GatherND", batch_first, places, batch_dims=1)


@translates("SequenceReverse")
def sequence_reverse(graph: Graph, data: Value, sequence_length: Value | None = None) -> Value:
    if sequence_length is None:
        return graph.op("Slice", data, [-1], [int(np.iinfo(np.int64).min) + 1], [0], [-1])
    steps = graph.length(data.axes[0], data)
    last = np.array(steps) if isinstance(steps, int) else steps.squeeze(0)
    lengths = graph.op("Clip", sequence_length.cast(np.int64), np.array(0), last)
    return graph.op("ReverseSequence", data, lengths, batch_axis=1, time_axis=0)
