"""Pooling, with MXNet's three conventions for the border."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value
from .convolution import channels_last, lengths_or, to_channels_first, to_channels_last


@translates("Pooling")
def pooling(
    graph: Graph,
    data: Value,
    *,
    kernel: tuple[int, ...],
    pool_type: str,
    global_pool: bool,
    pooling_convention: str,
    stride: tuple[int, ...],
    pad: tuple[int, ...],
    p_value: int | None,
    count_include_pad: bool | None,
    layout: str | None,
    node: Applied,
) -> Value:
    last = channels_last(layout)
    rank = len(data.axes)
    output = node.shape
    if last:
        data, output = to_channels_first(data), (output[0], output[-1], *output[1:-1])
    if global_pool:
        found = _global(graph, data, pool_type, p_value or 2)
    else:
        axes = len(kernel)
        pads, strides = lengths_or(pad, axes, 0), lengths_or(stride, axes, 1)
        ends = _ends(data, output[2:], kernel, strides, pads, pooling_convention)
        window = _Window(list(kernel), strides, pads, ends, pooling_convention)
        found = _pool(graph, data, window, pool_type, p_value or 2, count_include_pad is not False, output[2:])
    return to_channels_last(found, rank) if last else found


@translates("Pooling_v1")
def pooling_v1(
    graph: Graph,
    data: Value,
    *,
    kernel: tuple[int, ...],
    pool_type: str,
    global_pool: bool,
    pooling_convention: str,
    stride: tuple[int, ...],
    pad: tuple[int, ...],
    node: Applied,
) -> Value:
    """The first pooling: padding counts as zeros, for the maximum too, and a mean divides by the kernel's size."""
    if global_pool:
        return _global(graph, data, pool_type, 2)
    pads, strides = lengths_or(pad, 2, 0), lengths_or(stride, 2, 1)
    ends = _ends(data, node.shape[2:], kernel, strides, pads, pooling_convention)
    if pool_type != "max":
        window = _Window(list(kernel), strides, pads, ends, pooling_convention)
        mean = _average(graph, data, window, True)
        return mean if pool_type == "avg" else mean * float(np.prod(kernel))
    if ends is None:
        raise CannotTranslate("pooling_convention='full' of images whose size changes")
    if any(pads):
        data = graph.op("Pad", data, [0, 0, *pads] * 2, graph.of(0, data.dtype))
    beyond = [end - side for end, side in zip(ends, pads)]
    if any(beyond):
        data = graph.op("Pad", data, [0] * 6 + beyond, graph.of(-np.inf, data.dtype))
    return graph.op("MaxPool", data, kernel_shape=list(kernel), strides=strides)


class _Window:
    """Where windows lie: lengths of the spatial axes, and what is put around the data."""

    def __init__(
        self, kernel: list[int], strides: list[int], begins: list[int], ends: list[int] | None, convention: str
    ) -> None:
        self.kernel = kernel
        self.strides = strides
        self.begins = begins
        self.ends = ends  # None: not known before the model runs
        self.convention = convention


def _ends(
    data: Value, output: Sequence[object], kernel: Sequence[int], strides: Sequence[int], pads: Sequence[int],
    convention: str,
) -> list[int] | None:  # fmt: skip
    """Return what is put behind the data so that the last window ends there; None if the size is not known."""
    if convention == "valid":
        return list(pads)
    ends: list[int] = []
    for length, windows, k, s, p in zip(data.axes[2:], output, kernel, strides, pads):
        if not isinstance(length, int) or not isinstance(windows, int):
            return None
        ends.append(max(p, (windows - 1) * s + k - length - p))
    return ends


def _global(graph: Graph, data: Value, pool_type: str, power: int) -> Value:
    axes = list(range(2, len(data.axes)))
    if pool_type == "max":
        return graph.op("GlobalMaxPool", data)
    if pool_type == "avg":
        return graph.op("GlobalAveragePool", data)
    if pool_type == "sum" or power == 1:
        return graph.reduce("ReduceSum", data, axes, keepdims=True)
    return _root(graph, graph.reduce("ReduceSum", _power(data, power), axes, keepdims=True), power)


def _power(data: Value, power: int) -> Value:
    return data * data if power == 2 else data * data * data


def _root(graph: Graph, total: Value, power: int) -> Value:
    if power == 2:
        return graph.op("Sqrt", total)
    return graph.op("Sign", total) * graph.op("Pow", graph.op("Abs", total), 1 / power)


def _pool(
    graph: Graph, data: Value, window: _Window, pool_type: str, power: int, include_pad: bool, output: Sequence[object]
) -> Value:
    if pool_type == "max":
        return _maximum(graph, data, window)
    if pool_type == "avg":
        plain = window.ends == window.begins
        if plain or (not include_pad and _inside(window)):
            return _average(graph, data, window, include_pad)
        total = _average(graph, data, window, True)
        if window.ends is None:
            return total / _computed_share(graph, data, window, include_pad)
        return total * _share(graph, data, window, output, include_pad)
    size = float(np.prod(window.kernel))
    if pool_type == "sum" or power == 1:
        return _average(graph, data, window, True) * size
    return _root(graph, _average(graph, _power(data, power), window, True) * size, power)


def _inside(window: _Window) -> bool:
    """Return whether the padding is known and no window lies in it, as ONNX wants it."""
    if window.ends is None:
        return False
    sides = [*zip(window.begins, window.kernel), *zip(window.ends, window.kernel)]
    return all(side < length for side, length in sides)


def _maximum(graph: Graph, data: Value, window: _Window) -> Value:
    pads = None
    if _inside(window):
        pads = [*window.begins, *(window.ends or ())]
    else:
        data = _bordered(graph, data, window, float(np.finfo(np.float32).min) if data.dtype != np.float16 else -65504.0)
    return graph.op("MaxPool", data, kernel_shape=window.kernel, strides=window.strides, pads=pads)


def _average(graph: Graph, data: Value, window: _Window, include_pad: bool) -> Value:
    """Return means; with `include_pad` of all numbers of a window, zeros beyond the padding too."""
    if _inside(window):
        return graph.op("AveragePool", data, count_include_pad=int(include_pad), kernel_shape=window.kernel,
                        strides=window.strides, pads=[*window.begins, *(window.ends or ())])  # fmt: skip
    data = _bordered(graph, data, window, 0.0)
    return graph.op("AveragePool", data, kernel_shape=window.kernel, strides=window.strides)


def _bordered(graph: Graph, data: Value, window: _Window, number: float) -> Value:
    """Return data with a number around, up to where the last window ends."""
    ends = window.ends or _computed_ends(graph, data, window)
    pads = graph.vector([0, 0, *window.begins, 0, 0, *ends])
    return graph.op("Pad", data, pads, graph.of(number, data.dtype))


def _computed_ends(graph: Graph, data: Value, window: _Window) -> list[int | Value]:
    """Return what is put behind data whose size is not known before the model runs."""
    ends: list[int | Value] = []
    for axis, (k, s, p) in enumerate(zip(window.kernel, window.strides, window.begins), 2):
        length = graph.lengths(data, axis, axis + 1)
        steps = (length + (s - 1)) / s - 1 if window.convention == "same" else (length + (2 * p - k + s - 1)) / s
        ends.append(graph.op("Max", steps * s + (k - p) - length, graph.constant([p], np.int64)))
    return ends


def _computed_share(graph: Graph, data: Value, window: _Window, include_pad: bool) -> Value:
    """Return which part of each window counts, by pooling ones."""
    axes = len(window.kernel)
    one = graph.constant(np.ones((1,) * (axes + 2), data.dtype))
    size = graph.vector([1, 1, graph.lengths(data, 2)])
    ones = graph.op("Expand", one, size)
    sides = [0, 0, *window.begins]
    ones = graph.op("Pad", ones, sides * 2, graph.of(float(include_pad), data.dtype))
    beyond: list[int | Value] = []
    for end, side in zip(_computed_ends(graph, data, window), window.begins):
        beyond.append(end - side)
    ones = graph.op("Pad", ones, graph.vector([0] * (axes + 4) + beyond), graph.of(0.0, data.dtype))
    share = graph.op("AveragePool", ones, kernel_shape=window.kernel, strides=window.strides)
    return graph.op("Max", share, 1 / float(np.prod(window.kernel)))  # where nothing counts, the sum is 0


def _share(graph: Graph, data: Value, window: _Window, output: Sequence[object], include_pad: bool) -> Value:
    """Return the kernel's size by how many elements count: those in the data and its padding, none beyond that."""
    share = np.ones((), data.dtype)
    for length, windows, k, s, p in zip(data.axes[2:], output, window.kernel, window.strides, window.begins):
        assert isinstance(length, int)
        assert isinstance(windows, int)
        starts = [i * s - p for i in range(windows)]
        if include_pad:
            counts = [max(1, min(start + k, length + p) - start) for start in starts]
        else:
            counts = [max(1, min(start + k, length) - max(start, 0)) for start in starts]
        share = share[..., None] * (k / np.array(counts, data.dtype))
    return graph.constant(share[None, None].astype(data.dtype))
