"""Regions of images, of which each place is read from channels of its own, and images compared at displacements."""

from __future__ import annotations

import numpy as np

from ..._ops.attributes import single
from .._lengths import static
from .._translating import CannotTranslate, translates
from .._writing import Graph, Value
from .detection import count_of, numbers
from .elementwise import round_ as rounded


@translates("_contrib_PSROIPooling")
def psroi_pooling(
    graph: Graph,
    data: Value,
    rois: Value,
    *,
    spatial_scale: float,
    output_dim: int,
    pooled_size: int,
    group_size: int,
) -> Value:
    """Averages over bins: products with matrices that have each pixel's share in them.

    The rows of all images stand in one matrix, from which a region takes those of its own: nothing is copied.
    """
    size = static(data.axes[1:])
    if size is None:
        raise CannotTranslate("the size of the images changes with the inputs")
    _, height, width = size
    bins, groups, scale = pooled_size, group_size or pooled_size, single(spatial_scale)
    corners = rounded(graph, rois.part(1, 1, 5))
    image = rois.part(1, 0, 1).cast(np.int64)  # cut towards 0
    own = image.compare("Equal", numbers(graph, count_of(graph, data, 0))).cast(data.dtype)  # (R, N)
    rows = _shares(graph, corners, 1, height, scale, bins).transpose(1, 0, 2).unsqueeze(2)  # (P, R, 1, H)
    rows = graph.op("Flatten", own.unsqueeze(2) * rows, axis=2)  # (P * R, N * H)
    rows = graph.op("Reshape", rows, graph.vector([bins, -1, graph.op("Mul", count_of(graph, data, 0), [height])]))
    columns = _shares(graph, corners, 0, width, scale, bins).unsqueeze(1)  # (R, 1, P, W)
    apart = data.part(1, 0, output_dim * groups * groups).reshape(-1, output_dim, groups, groups, height, width)
    table = apart.transpose(2, 0, 4, 1, 3, 5)
    table = table.reshape(groups, -1, output_dim * groups * width)  # (G, N * H, ...)
    group = np.arange(bins) * groups // bins
    read = graph.op("MatMul", rows, graph.op("Gather", table, group, axis=0)).reshape(
        bins, -1, output_dim, groups, width
    )
    pooled = graph.reduce("ReduceSum", graph.op("Gather", read, group, axis=3) * columns, [4])
    return pooled.transpose(1, 2, 0, 3)


def _shares(graph: Graph, corners: Value, axis: int, length: int, scale: float, bins: int) -> Value:
    """Return the share (R, bins, length) of each pixel in the average of each bin."""
    kind = corners.dtype
    start = corners.part(1, axis, axis + 1) * scale
    end = (corners.part(1, axis + 2, axis + 3) + 1) * scale
    step = graph.op("Max", end - start, 0.1) / bins
    number = graph.constant(np.arange(bins), kind)
    begin = _within(graph, graph.op("Floor", number * step + start), length).unsqueeze(-1)
    stop = _within(graph, graph.op("Ceil", (number + 1) * step + start), length).unsqueeze(-1)
    pixel = graph.constant(np.arange(length), kind)
    inside = graph.op("And", pixel.compare("GreaterOrEqual", begin), pixel.compare("Less", stop))
    return inside.cast(kind) / graph.op("Max", stop - begin, 1.0)


def _within(graph: Graph, places: Value, length: int) -> Value:
    return graph.op("Clip", places, 0.0, float(length))


@translates("Correlation")
def correlation(
    graph: Graph,
    data1: Value,
    data2: Value,
    *,
    kernel_size: int,
    max_displacement: int,
    stride1: int,
    stride2: int,
    pad_size: int,
    is_multiply: bool,
) -> Value:
    """Compare the first image with the second one, moved by each displacement."""
    size = static(data1.axes[1:])
    if size is None:
        raise CannotTranslate("the size of the images changes with the inputs")
    channels, *lengths = size
    reach, step = max_displacement, stride2
    every = stride1 if kernel_size == 1 else 1
    rows, columns = (n + 2 * pad_size - 2 * reach for n in lengths)
    pads = [0, 0, pad_size, pad_size] * 2
    first, second = (graph.op("Pad", data, pads) if pad_size else data for data in (data1, data2))

    def window(data: Value, down: int, right: int) -> Value:
        begin = [reach + down, reach + right]
        return graph.op("Slice", data, begin, [begin[0] + rows, begin[1] + columns], [2, 3], [every, every])

    patch, far = window(first, 0, 0), reach // step * step
    moves = [(down, right) for down in range(-far, far + 1, step) for right in range(-far, far + 1, step)]
    found: list[Value] = []
    for down, right in moves:
        other = window(second, down, right)
        compared = patch * other if is_multiply else graph.op("Abs", patch - other)
        found.append(graph.reduce("ReduceSum", compared, [1], keepdims=True))
    all_moves = found[0] if len(found) == 1 else graph.op("Concat", *found, axis=1)
    if kernel_size > 1:
        all_moves = graph.op(
            "AveragePool", all_moves, kernel_shape=[kernel_size] * 2, strides=[stride1] * 2
        )  # fmt: skip
    return all_moves / channels
