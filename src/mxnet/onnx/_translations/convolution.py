"""Convolutions and what belongs to them: transposed, deformable, patches, upsampling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._lengths import Length, static
from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value


def lengths_or(given: Sequence[int], axes: int, default: int) -> list[int]:
    """Return one number for each spatial axis."""
    return list(given) if given else [default] * axes


def channels_last(layout: str | None) -> bool:
    return layout in ("NWC", "NHWC", "NDHWC")


def to_channels_first(data: Value) -> Value:
    rank = len(data.axes)
    moved = data.transpose(0, rank - 1, *range(1, rank - 1))
    moved.shape = (data.axes[0], data.axes[-1], *data.axes[1:-1])
    return moved


def to_channels_last(data: Value, rank: int) -> Value:
    return data.transpose(0, *range(2, rank), 1)


@translates("Convolution", "Convolution_v1")
def convolution(
    graph: Graph,
    data: Value,
    weight: Value,
    bias: Value | None = None,
    *,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilate: tuple[int, ...],
    pad: tuple[int, ...],
    num_group: int,
    layout: str | None,
) -> Value:
    axes = len(kernel)
    last = channels_last(layout)
    if last:
        data, weight = to_channels_first(data), to_channels_first(weight)
    pads = lengths_or(pad, axes, 0)
    found = graph.op(
        "Conv", data, weight, bias, kernel_shape=list(kernel), strides=lengths_or(stride, axes, 1),
        dilations=lengths_or(dilate, axes, 1), pads=pads * 2, group=num_group,
    )  # fmt: skip
    return to_channels_last(found, axes + 2) if last else found


@translates("Deconvolution")
def deconvolution(
    graph: Graph,
    data: Value,
    weight: Value,
    bias: Value | None = None,
    *,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilate: tuple[int, ...],
    pad: tuple[int, ...],
    adj: tuple[int, ...],
    target_shape: tuple[int, ...],
    num_group: int,
    layout: str | None,
    node: Applied,
) -> Value:
    axes = len(kernel)
    last = channels_last(layout)
    if last:
        data, weight = to_channels_first(data), to_channels_first(weight)
    strides, dilations = lengths_or(stride, axes, 1), lengths_or(dilate, axes, 1)
    pads, more = lengths_or(pad, axes, 0), lengths_or(adj, axes, 0)
    if any(target_shape):
        pads, more = _towards(target_shape, data, kernel, strides, dilations)
    # ONNX forbids an output padding of a stride or more: such rows see nothing but the bias, and are put on after.
    behind = [max(0, extra - (step - 1)) for extra, step in zip(more, strides)]
    inside = [extra - rest for extra, rest in zip(more, behind)]
    ends = [side - rest for side, rest in zip(pads, behind)]
    if min(ends, default=0) < 0:
        raise CannotTranslate(f"adj={adj} is too large for pad={pad}")
    found = graph.op(
        "ConvTranspose", data, weight, bias, kernel_shape=list(kernel), strides=strides, dilations=dilations,
        pads=[*pads, *ends], output_padding=inside, group=num_group,
    )  # fmt: skip
    return to_channels_last(found, axes + 2) if last else found


def _towards(
    target: Sequence[int], data: Value, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Return the padding and the output padding with which the output has the wanted size."""
    pads, more = [], []
    for size, length, k, s, d in zip(target, data.axes[2:], kernel, strides, dilations):
        if isinstance(length, Length):
            raise CannotTranslate("target_shape with images whose size changes")
        excess = s * (length - 1) + d * (k - 1) + 1 - size
        pads.append((excess + 1) // 2)
        more.append(excess % 2)
    return pads, more


@translates("_contrib_DeformableConvolution", since=19)
def deformable_convolution(
    graph: Graph,
    data: Value,
    offset: Value,
    weight: Value,
    bias: Value | None = None,
    *,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilate: tuple[int, ...],
    pad: tuple[int, ...],
    num_group: int,
    num_deformable_group: int,
    node: Applied,
) -> Value:
    offset = _held_inside(graph, data, offset, kernel, stride, dilate, pad, node)
    return _deformed(graph, (data, weight, offset, bias, None), kernel, stride, dilate, pad, num_group,
                     num_deformable_group)  # fmt: skip


def _held_inside(
    graph: Graph,
    data: Value,
    offset: Value,
    kernel: Sequence[int],
    stride: Sequence[int],
    dilate: Sequence[int],
    pad: Sequence[int],
    node: Applied,
) -> Value:
    """Move places as the first version reads them: 0 before the first pixel, the last one up to its far edge.

    ONNX fades from the outermost pixels to 0, as the modulated version does.
    """
    sizes, output = static(data.axes[2:]), static(node.shape[2:])
    if sizes is None or output is None:
        raise CannotTranslate("the size of the images changes with the inputs")
    steps, dilations, pads = lengths_or(stride, 2, 1), lengths_or(dilate, 2, 1), lengths_or(pad, 2, 0)
    starts = [np.arange(n) * s - p for n, s, p in zip(output, steps, pads)]
    rows = starts[0][None, :, None] + np.repeat(np.arange(kernel[0]) * dilations[0], kernel[1])[:, None, None]
    columns = starts[1][None, None, :] + np.tile(np.arange(kernel[1]) * dilations[1], kernel[0])[:, None, None]
    base = np.stack(np.broadcast_arrays(rows, columns), 1)[None].astype(data.dtype)  # (1, places, 2, H, W)
    length = np.array(sizes, data.dtype).reshape(1, 1, 2, 1, 1)
    apart = graph.op("Reshape", offset, [0, -1, *base.shape[1:]])
    place = apart + base[:, None]
    outside = graph.op("Or", place.compare("Less", 0), place.compare("GreaterOrEqual", length[None]))
    held = graph.op("Min", place, length[None] - 1)
    moved = outside.where_true(graph.of(-1e4, data.dtype), held) - base[:, None]
    return graph.op("Reshape", moved, graph.lengths(offset))


@translates("_contrib_ModulatedDeformableConvolution", since=19)
def modulated_deformable_convolution(
    graph: Graph,
    data: Value,
    offset: Value,
    mask: Value,
    weight: Value,
    bias: Value | None = None,
    *,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilate: tuple[int, ...],
    pad: tuple[int, ...],
    num_group: int,
    num_deformable_group: int,
) -> Value:
    return _deformed(graph, (data, weight, offset, bias, mask), kernel, stride, dilate, pad, num_group,
                     num_deformable_group)  # fmt: skip


def _deformed(
    graph: Graph,
    inputs: Sequence[Value | None],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilate: Sequence[int],
    pad: Sequence[int],
    groups: int,
    offset_groups: int,
) -> Value:
    axes = len(kernel)
    return graph.op(
        "DeformConv", *inputs, kernel_shape=list(kernel), strides=lengths_or(stride, axes, 1),
        dilations=lengths_or(dilate, axes, 1), pads=lengths_or(pad, axes, 0) * 2, group=groups,
        offset_group=offset_groups,
    )  # fmt: skip


@translates("UpSampling")
def up_sampling(
    graph: Graph, *data: Value, scale: int, sample_type: str, multi_input_mode: str, node: Applied
) -> Value:  # fmt: skip
    if sample_type == "bilinear":  # the second input is the kernel of a transposed convolution of each channel
        images, weight = data
        size = 2 * scale - scale % 2
        pad = scale // 2
        channels = images.axes[1]
        assert isinstance(channels, int)
        return graph.op(
            "ConvTranspose", images, weight, kernel_shape=[size] * 2, strides=[scale] * 2, pads=[pad] * 4,
            group=channels,
        )  # fmt: skip
    target = node.shape[2]
    grown = []
    for images in data:
        length = images.axes[2]
        factor = scale
        if isinstance(length, int) and isinstance(target, int):
            factor = target // length
        elif isinstance(length, Length) and isinstance(target, Length):
            factor = target.trials[0] // length.trials[0]
        scales = np.array([1, 1, factor, factor], np.float32)
        grown.append(
            images if factor == 1 else
            graph.op("Resize", images, None, scales, mode="nearest", coordinate_transformation_mode="asymmetric",
                     nearest_mode="floor")
        )  # fmt: skip
    if len(grown) == 1:
        return grown[0]
    return graph.op("Sum", *grown) if multi_input_mode == "sum" else graph.op("Concat", *grown, axis=1)


@translates("im2col")
def im2col(
    graph: Graph,
    data: Value,
    *,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilate: tuple[int, ...],
    pad: tuple[int, ...],
) -> Value:
    """Each place in a window is a filter of its own."""
    channels = data.axes[1]
    if not isinstance(channels, int):
        raise CannotTranslate("the number of channels changes with the inputs")
    places = int(np.prod(kernel))
    filters = np.tile(
        np.eye(places, dtype=data.dtype).reshape(places, 1, *kernel), (channels,) + (1,) * (len(kernel) + 1)
    )
    axes = len(kernel)
    found = graph.op(
        "Conv", data, filters, strides=lengths_or(stride, axes, 1), dilations=lengths_or(dilate, axes, 1),
        pads=lengths_or(pad, axes, 0) * 2, group=channels,
    )  # fmt: skip
    return graph.op("Reshape", found, [0, channels * places, -1])


@translates("col2im")
def col2im(
    graph: Graph,
    data: Value,
    *,
    output_size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilate: tuple[int, ...],
    pad: tuple[int, ...],
) -> Value:
    """Sums of windows; before ONNX had it, a transposed convolution in which each place is a filter."""
    axes = len(kernel)
    if graph.opset < 18:
        return _windows_added(graph, data, output_size, kernel, stride, dilate, pad)
    return graph.op(
        "Col2Im", data, list(output_size), list(kernel), strides=lengths_or(stride, axes, 1),
        dilations=lengths_or(dilate, axes, 1), pads=lengths_or(pad, axes, 0) * 2,
    )  # fmt: skip


def _windows_added(
    graph: Graph,
    data: Value,
    output_size: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilate: Sequence[int],
    pad: Sequence[int],
) -> Value:
    axes, places = len(kernel), int(np.prod(kernel))
    rows = data.axes[1]
    if not isinstance(rows, int):
        raise CannotTranslate("the number of channels changes with the inputs")
    steps, dilations, pads = lengths_or(stride, axes, 1), lengths_or(dilate, axes, 1), lengths_or(pad, axes, 0)
    reach = [n + 2 * p - d * (k - 1) - 1 for n, p, d, k in zip(output_size, pads, dilations, kernel)]
    counts = [r // s + 1 for r, s in zip(reach, steps)]
    more = [r - (n - 1) * s for r, n, s in zip(reach, counts, steps)]
    filters = np.tile(
        np.eye(places, dtype=data.dtype).reshape(places, 1, *kernel), (rows // places,) + (1,) * (axes + 1)
    )
    return graph.op(
        "ConvTranspose", graph.op("Reshape", data, [0, 0, *counts]), filters, strides=steps, dilations=dilations,
        pads=pads * 2, output_padding=more, group=rows // places,
    )  # fmt: skip


@translates("_contrib_BilinearResize2D")
def bilinear_resize(
    graph: Graph,
    data: Value,
    like: Value | None = None,
    *,
    align_corners: bool,
    scale_height: float | None,
    mode: str,
    node: Applied,
) -> Value:
    way = "align_corners" if align_corners else "half_pixel"
    height, width = node.shape[2:]
    if isinstance(height, int) and isinstance(width, int):
        if 1 in (height, width):  # a single row or column shows the first one
            data = data.part(2, 0, 1) if height == 1 else data
            data = data.part(3, 0, 1) if width == 1 else data
        size = graph.vector([graph.lengths(data, 0, 2), height, width])
    elif like is not None:
        size = graph.vector([graph.lengths(data, 0, 2), graph.lengths(like, 2, 4)])
    else:
        size = graph.shape_like(node.shape, data)
    return graph.op("Resize", data, None, None, size, mode="linear", coordinate_transformation_mode=way)


@translates("_contrib_AdaptiveAvgPooling2D")
def adaptive_average(graph: Graph, data: Value, *, output_size: tuple[int, ...], node: Applied) -> Value:
    """Two products with matrices that average, where the windows do not all have one size."""
    if node.shape[2:] == (1, 1):
        return graph.op("GlobalAveragePool", data)
    size, windows = static(data.axes[2:]), static(node.shape[2:])
    if size is None or windows is None:
        raise CannotTranslate("the size of the images changes with the inputs")
    if not any(length % count for length, count in zip(size, windows)):
        kernel = [length // count for length, count in zip(size, windows)]
        return graph.op("AveragePool", data, kernel_shape=kernel, strides=kernel)
    left, right = (_averages(count, length) for length, count in zip(size, windows))
    rows = graph.op("MatMul", graph.constant(left, data.dtype), data)
    return graph.op("MatMul", rows, graph.constant(right.T, data.dtype))


def _averages(windows: int, length: int) -> np.ndarray:
    matrix = np.zeros((windows, length))
    for i in range(windows):
        begin, end = i * length // windows, -(-(i + 1) * length // windows)
        matrix[i, begin:end] = 1 / (end - begin)
    return matrix
