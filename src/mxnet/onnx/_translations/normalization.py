"""Normalization over batches, layers, instances and groups."""

from __future__ import annotations

import numpy as np

from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value


@translates("BatchNorm", "BatchNorm_v1", "_contrib_BatchNormWithReLU", "_contrib_SyncBatchNorm")
def batch_norm(
    graph: Graph,
    data: Value,
    gamma: Value,
    beta: Value,
    moving_mean: Value,
    moving_var: Value,
    *,
    eps: float,
    fix_gamma: bool,
    node: Applied,
) -> list[Value]:
    rank = len(data.axes)
    axis = node.node.values.get("axis", 1) % rank
    if fix_gamma:
        gamma = _ones(graph, gamma)
    parameters = (gamma, beta, moving_mean, moving_var)
    if rank == 1:
        raise CannotTranslate("data has one axis")
    order = list(range(rank))
    order.insert(1, order.pop(axis))  # the channels second
    if axis == 0:
        order = [1, 0, *range(2, rank)]
    data = data.transpose(*order)
    kinds = {value.dtype for value in parameters}
    wide = data.dtype.itemsize == 2 and kinds != {data.dtype}
    kind = data.dtype
    if wide:
        data = data.cast(np.float32)
    found = graph.op("BatchNormalization", data, *parameters, epsilon=eps).cast(kind)
    found = found.transpose(*np.argsort(order).tolist())
    assert node.node.operator is not None
    if node.node.operator.name == "_contrib_BatchNormWithReLU":
        found = graph.op("Relu", found)
    spread = moving_var
    if node.node.values["output_mean_var"] and node.node.operator.name in ("BatchNorm", "_contrib_BatchNormWithReLU"):
        spread = graph.op("Reciprocal", graph.op("Sqrt", moving_var + eps))
    return [found, moving_mean, spread][: len(node.shapes)]


def _ones(graph: Graph, gamma: Value) -> Value:
    """Return ones in place of a scale that does not count; under its own name, if it is a parameter."""
    (length,) = gamma.axes
    if not isinstance(length, int):
        raise CannotTranslate("the number of channels changes with the inputs")
    if gamma.is_parameter and gamma.name in graph.constants:
        return graph.constants[gamma.name].replaced_by(np.ones(length, gamma.dtype))
    return graph.constant(np.ones(length, gamma.dtype))


@translates("LayerNorm")
def layer_norm(
    graph: Graph,
    data: Value,
    gamma: Value,
    beta: Value,
    *,
    axis: int,
    eps: float,
    output_mean_var: bool,
    node: Applied,
) -> list[Value]:
    rank = len(data.axes)
    axis %= rank
    order = [*(i for i in range(rank) if i != axis), axis]
    moved = data.transpose(*order)
    found = graph.op("LayerNormalization", moved, gamma, beta, axis=-1, epsilon=eps)
    found = found.transpose(*np.argsort(order).tolist())
    if not output_mean_var:
        return [found]
    mean = graph.reduce("ReduceMean", data, [axis], keepdims=True)
    apart = data - mean
    spread = graph.op("Sqrt", graph.reduce("ReduceMean", apart * apart, [axis], keepdims=True) + eps)
    return [found, mean, spread]


@translates("InstanceNorm")
def instance_norm(graph: Graph, data: Value, gamma: Value, beta: Value, *, eps: float) -> Value:
    return graph.op("InstanceNormalization", data, gamma, beta, epsilon=eps)


@translates("GroupNorm")
def group_norm(
    graph: Graph,
    data: Value,
    gamma: Value,
    beta: Value,
    *,
    num_groups: int,
    eps: float,
    output_mean_var: bool,
    node: Applied,
) -> list[Value]:
    """Each group is one channel of an instance normalization; scale and shift have one number for a group."""
    grouped = graph.op("Reshape", data, [0, num_groups, -1])
    found = graph.op("InstanceNormalization", grouped, gamma, beta, epsilon=eps)
    found = graph.op("Reshape", found, graph.lengths(data))
    if not output_mean_var:
        return [found]
    mean = graph.reduce("ReduceMean", grouped, [2], keepdims=True)
    apart = grouped - mean
    spread = graph.op("Sqrt", graph.reduce("ReduceMean", apart * apart, [2]) + eps)
    return [found, mean.squeeze(2), spread]


@translates("L2Normalization")
def l2_normalization(graph: Graph, data: Value, *, eps: float, mode: str) -> Value:
    rank = len(data.axes)
    axes = {"instance": range(1, rank), "channel": (1,), "spatial": range(2, rank)}[mode]
    squares = graph.reduce("ReduceSum", data * data, list(axes), keepdims=True)
    return data / graph.op("Sqrt", squares + eps)


@translates("LRN")
def lrn(graph: Graph, data: Value, *, alpha: float, beta: float, knorm: float, nsize: int) -> Value:
    """An even number of channels counts as the odd one below, except in ``alpha / nsize``."""
    rank, size = len(data.axes), nsize - 1 + nsize % 2
    if rank < 4:
        data = data.unsqueeze(*range(rank, 4))
    found = graph.op("LRN", data, alpha=alpha * size / nsize, beta=beta, bias=knorm, size=size)
    return found.squeeze(*range(rank, 4)) if rank < 4 else found
