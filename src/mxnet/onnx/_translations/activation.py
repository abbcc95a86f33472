"""Activations, softmax and what only training does."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .._translating import Applied, translates
from .._writing import Graph, Value
from .indexing import step_numbers


@translates("Activation")
def activation(graph: Graph, data: Value, *, act_type: str) -> Value:
    kinds = {"relu": "Relu", "sigmoid": "Sigmoid", "softrelu": "Softplus", "softsign": "Softsign", "tanh": "Tanh"}
    if act_type == "softrelu" and data.dtype.itemsize == 2:  # whose exponential overflows early
        return graph.op("Softplus", data.cast(np.float32)).cast(data.dtype)
    if act_type == "softrelu" and data.dtype == np.float64:  # ONNX Runtime has no kernel that does not overflow
        beyond = graph.op("Log", graph.op("Exp", -graph.op("Abs", data)) + 1)
        return graph.op("Relu", data) + beyond
    return graph.op(kinds[act_type], data)


@translates("LeakyReLU")
def leaky_relu(
    graph: Graph,
    data: Value,
    gamma: Value | None = None,
    *,
    act_type: str,
    slope: float,
    lower_bound: float,
    upper_bound: float,
    node: Applied,
) -> list[Value]:
    mean = (lower_bound + upper_bound) / 2
    found = _rectified(graph, data, gamma, act_type, slope, mean)
    if len(node.shapes) == 1:
        return [found]
    return [found, data.compare("Greater", 0).where_true(graph.of(1, data.dtype), graph.of(mean, data.dtype))]


def _rectified(graph: Graph, data: Value, gamma: Value | None, kind: str, slope: float, mean: float) -> Value:
    if kind == "leaky":
        return graph.op("LeakyRelu", data, alpha=slope)
    if kind == "rrelu":  # in prediction the slope is the middle of its range
        return graph.op("LeakyRelu", data, alpha=mean)
    if kind == "elu":
        return graph.op("Elu", data, alpha=slope)
    if kind == "selu":
        return graph.op("Selu", data)
    if kind == "gelu":
        if graph.opset >= 20:
            return graph.op("Gelu", data)
        return data * 0.5 * (graph.op("Erf", data / math.sqrt(2)) + 1)
    assert gamma is not None
    rank = len(data.axes)
    if len(gamma.axes) != 1:  # it lines up with the first axes
        gamma = gamma.unsqueeze(*range(len(gamma.axes), rank)) if len(gamma.axes) < rank else gamma
    elif (
        gamma.axes[0] != 1 and rank > 1 and (gamma.axes[0] == data.axes[1] or not isinstance(data.axes[1], int))
    ):  # a slope for each channel
        gamma = gamma.unsqueeze(*range(1, rank - 1)) if rank > 2 else gamma
    elif rank > 1:
        gamma = gamma.unsqueeze(*range(1, rank))
    return graph.op("PRelu", data, gamma)


def by_temperature(data: Value, temperature: float | None, axis: int) -> Value:
    """Divide by the temperature; the largest quotient becomes 0 first, so that none overflows."""
    if temperature is None or temperature == 1.0:
        return data
    kind = "ReduceMax" if temperature > 0 else "ReduceMin"
    return (data - data.graph.reduce(kind, data, [axis], keepdims=True)) / temperature


@translates("softmax")
def softmax(
    graph: Graph,
    data: Value,
    length: Value | None = None,
    *,
    axis: int,
    temperature: float | None,
    node: Applied,
) -> Value:
    data = data.cast(node.dtype) if node.dtype.itemsize > data.dtype.itemsize else data
    data = by_temperature(data, temperature, axis)
    if length is None:
        return graph.op("Softmax", data, axis=axis).cast(node.dtype)
    rank = len(node.shape)
    axis %= rank
    place = _places(graph, node, axis)
    inside = place.compare("Less", length.cast(np.int64).unsqueeze(axis))
    masked = inside.where_true(data, float(np.finfo(np.float32).min) if data.dtype != np.float16 else -65504.0)
    return inside.where_true(graph.op("Softmax", masked, axis=axis), 0.0).cast(node.dtype)


def _places(graph: Graph, node: Applied, axis: int) -> Value:
    """Return 0, 1, 2 ... along an axis, shaped so that it broadcasts."""
    length = graph.length(node.shape[axis])
    shape = [1] * len(node.shape)
    shape[axis] = -1
    if isinstance(length, int):
        return graph.constant(np.arange(length, dtype=np.int64).reshape(shape))
    return graph.op("Range", np.int64(0), length.reshape(), np.int64(1), dtype=np.int64).reshape(*shape)


@translates("softmin")
def softmin(graph: Graph, data: Value, *, axis: int, temperature: float | None, node: Applied) -> Value:
    return graph.op("Softmax", -by_temperature(data.cast(node.dtype), temperature, axis), axis=axis)


@translates("log_softmax")
def log_softmax(graph: Graph, data: Value, *, axis: int, temperature: float | None, node: Applied) -> Value:
    return graph.op("LogSoftmax", by_temperature(data.cast(node.dtype), temperature, axis), axis=axis)


@translates("SoftmaxActivation")
def softmax_activation(graph: Graph, data: Value, *, mode: str) -> Value:
    if mode == "channel":
        return graph.op("Softmax", data, axis=1)
    return graph.op("Softmax", data, axis=-1)


def over_rows(graph: Graph, data: Value, function: Callable[[Value], Value]) -> Value:
    """Apply a function to data as a matrix, with all axes after the first as one."""
    if len(data.axes) == 2:
        return function(data)
    return graph.op("Reshape", function(graph.op("Flatten", data, axis=1)), graph.lengths(data))


@translates("Dropout")
def dropout(graph: Graph, data: Value, *, p: float, mode: str, axes: tuple[int, ...]) -> Value:
    if mode == "training" or p == 0:
        return data
    if axes:  # one decision for all elements along these axes
        rank = len(data.axes)
        lengths = graph.vector([1 if a in axes else graph.lengths(data, a, a + 1) for a in range(rank)])
        parts = graph.draw(
            "RandomUniformLike", np.dtype(np.float32), graph.op("Expand", graph.constant(0.0, np.float32), lengths)
        )
        kept = parts.compare("Less", 1 - p).cast(data.dtype)
        return data * (kept if p == 1 else kept / (1 - p))
    return graph.op("Dropout", data, graph.constant(p, np.float32), graph.constant(True))


@translates("SoftmaxOutput", labels=("label",))
def softmax_output(graph: Graph, data: Value, *, multi_output: bool, preserve_shape: bool) -> Value:
    if preserve_shape:
        return graph.op("Softmax", data, axis=-1)
    if multi_output:
        return graph.op("Softmax", data, axis=1)
    return over_rows(graph, data, lambda rows: graph.op("Softmax", rows, axis=1))


@translates("LinearRegressionOutput", "MAERegressionOutput", "SVMOutput", labels=("label",))
def regression_output(graph: Graph, data: Value) -> Value:
    return data


@translates("LogisticRegressionOutput", labels=("label",))
def logistic_output(graph: Graph, data: Value) -> Value:
    return graph.op("Sigmoid", data)


@translates("MakeLoss")
def make_loss(graph: Graph, data: Value) -> Value:
    return data


@translates("softmax_cross_entropy")
def softmax_cross_entropy(graph: Graph, data: Value, label: Value) -> Value:
    """Probabilities count as at least 1e-8."""
    logarithms = graph.op("Log", graph.op("Max", graph.op("Softmax", data, axis=1), 1e-8))
    classes = step_numbers(graph, data, 1)
    chosen = label.cast(np.int64).unsqueeze(1).compare("Equal", classes)
    picked = chosen.where_true(logarithms, 0.0)
    return -graph.reduce("ReduceSum", picked, None).reshape(1)
