"""Sums, means, extrema, norms, and what finds or orders elements."""

from __future__ import annotations

import numpy as np

from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value

_KINDS = {"sum": "ReduceSum", "mean": "ReduceMean", "prod": "ReduceProd", "max": "ReduceMax", "min": "ReduceMin",
          "nansum": "ReduceSum", "nanprod": "ReduceProd", "_square_sum": "ReduceSum"}  # fmt: skip


def chosen_axes(data: Value, axis: tuple[int, ...] | None, exclude: bool = False) -> list[int]:
    rank = len(data.axes)
    axes = [a % rank for a in axis] if axis else list(range(rank)) if not exclude or axis is None else []
    if exclude and axis is not None:
        axes = [a for a in range(rank) if a not in axes]
    return sorted(axes)


@translates(*_KINDS)
def reduction(
    graph: Graph, data: Value, *, axis: tuple[int, ...] | None, keepdims: bool, exclude: bool, node: Applied
) -> Value:
    assert node.node.operator is not None
    name = node.node.operator.name
    axes, shape = chosen_axes(data, axis, exclude), data.axes
    if name == "_square_sum":
        data = data * data
    elif name.startswith("nan") and data.is_float:
        nan = graph.op("IsNaN", data, dtype=bool)
        data = nan.where_true(0 if name == "nansum" else 1, data)
    data.shape = shape
    return reduced(graph, _KINDS[name], data, axes, keepdims, node)


def reduced(graph: Graph, kind: str, data: Value, axes: list[int], keepdims: bool, node: Applied) -> Value:
    """Reduce; a result without axes gets one, as in MXNet."""
    everything = len(axes) == len(data.axes) if data.shape is not None else False
    if not axes:
        return graph.op("Identity", data)
    dtype = data.dtype
    if kind == "ReduceMean" and not data.is_float:
        data = data.cast(np.float64)
    elif dtype.kind in "iub" and dtype.name not in ("int32", "int64"):
        data = data.cast(np.int64)  # few functions of ONNX take narrow integers
    found = graph.reduce(kind, data, axes, keepdims).cast(node.dtype)
    return found.reshape(1) if everything and not keepdims else found


@translates("norm")
def norm(graph: Graph, data: Value, *, ord: int, axis: tuple[int, ...] | None, keepdims: bool, node: Applied) -> Value:
    axes, shape = chosen_axes(data, axis), data.axes
    if not data.is_float or data.dtype.itemsize < node.dtype.itemsize:
        data = data.cast(node.dtype if np.dtype(node.dtype).kind == "f" else np.float32)
    if ord not in (1, 2):
        raise CannotTranslate(f"ord is {ord}")
    found = graph.reduce("ReduceL1" if ord == 1 else "ReduceL2", data, axes, keepdims).cast(node.dtype)
    return found.reshape(1) if not keepdims and len(axes) == len(shape) else found


@translates("moments")
def moments(graph: Graph, data: Value, *, axes: tuple[int, ...] | None, keepdims: bool, node: Applied) -> list[Value]:
    chosen = chosen_axes(data, axes)
    mean = graph.reduce("ReduceMean", data, chosen, keepdims=True)
    apart = data - mean
    variance = graph.reduce("ReduceMean", apart * apart, chosen, keepdims=True)
    if keepdims:
        return [mean, variance]
    found = [mean.squeeze(*chosen), variance.squeeze(*chosen)]
    return [value.reshape(1) for value in found] if len(chosen) == len(data.axes) else found


@translates("argmax", "argmin")
def extremum(graph: Graph, data: Value, *, axis: int | None, keepdims: bool, node: Applied) -> Value:
    """The index of the first of equal elements, as a float."""
    assert node.node.operator is not None
    kind = "ArgMax" if node.node.operator.name == "argmax" else "ArgMin"
    rank = len(data.axes)
    if axis is None:
        found = graph.op(kind, data.reshape(-1), axis=0, keepdims=1, dtype=np.int64)
        return found.reshape(*[1] * rank).cast(node.dtype) if keepdims else found.cast(node.dtype)
    if not data.is_float and data.dtype.name != "int32":
        data = data.cast(np.float64)
    found = graph.op(kind, data, axis=axis, keepdims=int(keepdims or rank == 1), dtype=np.int64)
    return found.cast(node.dtype)


@translates("argmax_channel")
def argmax_channel(graph: Graph, data: Value, *, node: Applied) -> Value:
    return graph.op("ArgMax", data, axis=1, keepdims=0, dtype=np.int64).cast(node.dtype)


def ordered(graph: Graph, data: Value, axis: int, count: int | Value, largest: bool) -> tuple[Value, Value]:
    """Return the first elements in order, and their indices."""
    kind = data.dtype
    if not data.is_float and kind.name not in ("int32", "int64"):
        data = data.cast(np.int64)
    k = graph.constant([count], np.int64) if isinstance(count, int) else count
    found = graph.ops("TopK", data, k, outputs=2, axis=axis, largest=int(largest), sorted=1)
    found[1].dtype = np.dtype(np.int64)
    return found[0].cast(kind), found[1]


def _line(graph: Graph, data: Value, axis: int | None) -> tuple[Value, int, int | Value]:
    """Return data, the axis to order along, and its length."""
    if axis is None:
        lengths = [n for n in data.axes if isinstance(n, int)]
        known = len(lengths) == len(data.axes)
        size = int(np.prod(lengths)) if known else graph.op("Size", data, dtype=np.int64).reshape(1)
        return data.reshape(-1), 0, size
    return data, axis, graph.length(data.axes[axis], data)


@translates("topk")
def topk(
    graph: Graph, data: Value, *, axis: int | None, k: int, ret_typ: str, is_ascend: bool, node: Applied
) -> list[Value]:
    line, where, length = _line(graph, data, axis)
    values, indices = ordered(graph, line, where, k if k > 0 else length, not is_ascend)
    if ret_typ == "indices":
        return [indices.cast(node.dtype)]
    if ret_typ == "mask":
        zeros = graph.op("Mul", line, 0)
        ones = graph.op("Add", graph.op("Mul", values, 0), 1)
        mask = graph.op("ScatterElements", zeros, indices, ones, axis=where)
        return [mask if axis is not None else graph.op("Reshape", mask, graph.lengths(data))]
    return [values, indices.cast(node.dtypes[1])]


@translates("sort")
def sort(graph: Graph, data: Value, *, axis: int | None, is_ascend: bool, node: Applied) -> list[Value]:
    line, where, length = _line(graph, data, axis)
    values, indices = ordered(graph, line, where, length, not is_ascend)
    return [values, indices.cast(node.dtypes[1])]


@translates("argsort")
def argsort(graph: Graph, data: Value, *, axis: int | None, is_ascend: bool, node: Applied) -> Value:
    line, where, length = _line(graph, data, axis)
    return ordered(graph, line, where, length, not is_ascend)[1].cast(node.dtype)


@translates("_np_cumsum")
def cumsum(graph: Graph, data: Value, *, axis: int | None, node: Applied) -> Value:
    data = data.cast(node.dtype)
    if axis is None:
        data, axis = data.reshape(-1), 0
    return graph.op("CumSum", data, graph.constant(axis, np.int64))


@translates("multi_sum_sq")
def multi_sum_sq(graph: Graph, *data: Value, node: Applied) -> Value:
    sums = [graph.reduce("ReduceSumSquare", value.cast(node.dtype), None).reshape(1) for value in data]
    return sums[0] if len(sums) == 1 else graph.op("Concat", *sums, axis=0)
