"""Images as arrays of pixels: other sizes, borders, and other colours by given or random amounts."""

from __future__ import annotations

import numpy as np
import torch

from ..._ops.image_color import _GREY, _LIGHTS
from ..._ops.image_files import _CONSTANT, _ISOLATED, _colour, _filler, _outside
from ..._ops.image_resize import _NEAREST, _nearest, _taps, _wanted
from .._lengths import static
from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value

_CPU = torch.device("cpu")


def _image(data: Value) -> tuple[int, ...]:
    """Return the lengths of the last three axes: height, width and channels."""
    shape = static(data.axes[-3:])
    if shape is None:
        raise CannotTranslate("the size of the images changes with the inputs")
    return shape


def _work(data: Value) -> Value:
    return data if data.dtype == np.float64 else data.cast(np.float32)


def _stored(graph: Graph, result: Value, dtype: np.dtype) -> Value:
    """Return what was computed in the image's dtype: uint8 is limited, other integers wrap around."""
    if dtype == np.uint8:
        result = graph.op("Clip", result, 0.0, 255.0)
    elif dtype == np.int8:
        result = result.cast(np.int32)
    return result.cast(dtype)


# -- sizes -----------------------------------------------------------------------------------------------------------


@translates("_image_resize")
def image_resize(graph: Graph, data: Value, *, size: tuple[int, ...], keep_ratio: bool, interp: int) -> Value:
    stand_in = (1,) * (len(data.axes) - 3) + _image(data)
    height, width = _wanted(stand_in, size, keep_ratio)
    return _resized(graph, data, height, width, interp)


@translates("_cvimresize")
def imresize(graph: Graph, src: Value, *, w: int, h: int, interp: int) -> Value:
    return _resized(graph, src, h, w, interp)


def _resized(graph: Graph, data: Value, height: int, width: int, interp: int) -> Value:
    """Take pixels at computed places, or weigh their neighbours: products with two matrices."""
    rows, columns, _ = _image(data)
    if interp == _NEAREST:
        for axis, size, wanted in ((-3, rows, height), (-2, columns, width)):
            data = graph.op("Gather", data, _nearest(size, wanted, _CPU).numpy(), axis=axis)
        return data
    shrinks = height <= rows and width <= columns
    work, rank = _work(data), len(data.axes)
    to_front = (*range(rank - 3), rank - 1, rank - 3, rank - 2)
    to_back = (*range(rank - 3), rank - 2, rank - 1, rank - 3)
    planes = work.transpose(*to_front)
    planes = graph.op("MatMul", planes, _matrix(columns, width, interp, shrinks).T.astype(work.dtype))
    planes = graph.op("MatMul", _matrix(rows, height, interp, shrinks).astype(work.dtype), planes)
    result = planes.transpose(*to_back)
    if data.dtype == np.uint8:
        result = graph.op("Floor", result + 0.5)
    return _stored(graph, result, data.dtype)


def _matrix(size: int, wanted: int, interp: int, shrinks: bool) -> np.ndarray:
    """Return the weights (wanted, size) of the old pixels of an axis in the new ones."""
    index, weight = _taps(size, wanted, interp, shrinks, _CPU)
    found = torch.zeros((wanted, size), dtype=torch.float64)
    return found.scatter_add_(1, index, weight.double()).numpy()


@translates("_cvcopyMakeBorder")
def copy_make_border(
    graph: Graph,
    src: Value,
    *,
    top: int,
    bot: int,
    left: int,
    right: int,
    type: int,
    value: float,
    values: tuple[float, ...],
) -> Value:
    height, width, channels = _image(src)
    kind = type & ~_ISOLATED
    if kind != _CONSTANT:
        for axis, before, size, after in ((0, top, height, bot), (1, left, width, right)):
            src = graph.op("Gather", src, _outside(before, size, after, kind, _CPU).numpy(), axis=axis)
        return src
    colour = _colour(value, values, channels)
    like = torch.empty((1, 1, channels), dtype=torch.from_numpy(np.empty(0, src.dtype)).dtype)
    filler = _filler(colour, like).numpy()
    inside = np.zeros((top + height + bot, left + width + right, 1), bool)
    inside[top : top + height, left : left + width] = True
    padded = graph.op("Pad", src, [top, left, 0, bot, right, 0])
    return graph.constant(inside).where_true(padded, graph.constant(filler))


# -- colours ---------------------------------------------------------------------------------------------------------


def _amount(graph: Graph, low: float, high: float, work: Value) -> Value:
    return graph.draw("RandomUniform", work.dtype, shape=[1], low=float(low), high=float(high))


def _grey(graph: Graph, work: Value) -> Value:
    return graph.op("MatMul", work, np.array(_GREY, work.dtype).reshape(3, 1))


@translates("_image_random_brightness", "_image_random_contrast", "_image_random_saturation")
def random_factor(graph: Graph, data: Value, *, min_factor: float, max_factor: float, node: Applied) -> Value:
    """Go from something grey to the image and beyond: from black, from the mean, or from each pixel's grey."""
    assert node.node.operator is not None
    kind = node.node.operator.name.removeprefix("_image_random_")
    channels = _image(data)[2]
    if kind == "saturation" and channels == 1:
        return data
    work = _work(data)
    factor = _amount(graph, min_factor, max_factor, work)
    result = work * factor
    if kind != "brightness":
        grey = work if channels == 1 else _grey(graph, work)
        result = result + (grey if kind == "saturation" else graph.reduce("ReduceMean", grey, None)) * (1 - factor)
    return _stored(graph, result, data.dtype)


@translates("_image_random_flip_left_right", "_image_random_flip_top_bottom")
def random_flip(graph: Graph, data: Value, *, node: Applied) -> Value:
    assert node.node.operator is not None
    axis = 1 if node.node.operator.name.endswith("left_right") else 0
    turned = graph.op("Slice", data, [-1], [int(np.iinfo(np.int64).min) + 1], [axis], [-1])
    drawn = graph.draw("RandomUniform", np.dtype(np.float32), shape=[1])
    return drawn.compare("Less", 0.5).where_true(turned, data)


@translates("_image_adjust_lighting")
def adjust_lighting(graph: Graph, data: Value, *, alpha: tuple[float, ...]) -> Value:
    if _image(data)[2] == 1:
        return data
    work = _work(data)
    light = (np.array(_LIGHTS) * np.array(alpha)).sum(1)
    return _stored(graph, work + light.astype(work.dtype), data.dtype)


@translates("_image_random_lighting")
def random_lighting(graph: Graph, data: Value, *, alpha_std: float) -> Value:
    if _image(data)[2] == 1:
        return data
    work = _work(data)
    amounts = graph.draw("RandomNormal", work.dtype, shape=[3, 1], scale=float(alpha_std))
    light = graph.op("MatMul", graph.constant(np.array(_LIGHTS), work.dtype), amounts).reshape(3)
    return _stored(graph, work + light, data.dtype)
