"""Other shapes and orders of axes, joining, cutting and repeating."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from .._lengths import Axes, Length, static
from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value, wrapped


@translates("Reshape", "reshape_like")
def reshape(graph: Graph, data: Value, *others: Value, node: Applied) -> Value:
    return reshaped(graph, data, node.shape, *others)


def reshaped(graph: Graph, data: Value, target: Axes, *others: Value) -> Value:
    """Return data in another shape: lengths that change are kept (0) or inferred (-1) as far as possible."""
    codes: list[int | None] = []
    for axis, length in enumerate(target):
        same = axis < len(data.axes) and data.axes[axis] == length and length != 0
        keeps = same and (isinstance(length, Length) or (axis == 0 and len(target) > 1))
        codes.append(0 if keeps else length if isinstance(length, int) else None)
    if codes.count(None) == 1:
        codes[codes.index(None)] = -1
    if None not in codes:
        if 0 in target:
            return graph.op("Reshape", data, [n for n in target if isinstance(n, int)], allowzero=1)
        return graph.op("Reshape", data, [code for code in codes if code is not None])
    return graph.op("Reshape", data, graph.shape_like(target, data, *others))


@translates("Flatten")
def flatten(graph: Graph, data: Value) -> Value:
    return graph.op("Flatten", data, axis=1)


@translates("transpose")
def transpose(graph: Graph, data: Value, *, axes: tuple[int, ...]) -> Value:
    rank = len(data.axes)
    order = [axis % rank for axis in axes] or list(range(rank))[::-1]
    return graph.op("Transpose", data, perm=order)


@translates("SwapAxis")
def swap_axis(graph: Graph, data: Value, *, dim1: int, dim2: int) -> Value:
    order = list(range(len(data.axes)))
    order[dim1], order[dim2] = order[dim2], order[dim1]
    return graph.op("Transpose", data, perm=order)


@translates("expand_dims")
def expand_dims(graph: Graph, data: Value, *, axis: int) -> Value:
    return data.unsqueeze(axis)


@translates("squeeze")
def squeeze(graph: Graph, data: Value, *, axis: tuple[int, ...] | None, node: Applied) -> Value:
    if axis is None and static(data.axes) is None and len(node.shape) == len(data.axes):
        return graph.op("Identity", data)
    axes = [i for i, n in enumerate(data.axes) if n == 1] if axis is None else list(axis)
    if len(axes) == len(data.axes):
        return data.reshape(1)  # one axis is kept
    return data.squeeze(*axes) if axes else graph.op("Identity", data)


@translates("depth_to_space")
def depth_to_space(graph: Graph, data: Value, *, block_size: int) -> Value:
    return graph.op("DepthToSpace", data, blocksize=block_size, mode="DCR")


@translates("space_to_depth")
def space_to_depth(graph: Graph, data: Value, *, block_size: int) -> Value:
    return graph.op("SpaceToDepth", data, blocksize=block_size)


@translates("Concat", "_rnn_param_concat")
def concat(graph: Graph, *data: Value, dim: int) -> Value:
    if len(data) == 1:
        return graph.op("Identity", data[0])
    return graph.op("Concat", *data, axis=dim)


@translates("stack")
def stack(graph: Graph, *data: Value, axis: int) -> Value:
    axis %= len(data[0].axes) + 1
    return graph.op("Concat", *(value.unsqueeze(axis) for value in data), axis=axis)


@translates("SliceChannel")
def slice_channel(graph: Graph, data: Value, *, axis: int, squeeze_axis: bool, node: Applied) -> list[Value]:
    parts = _split(graph, data, axis, node, 0 if squeeze_axis else None)
    return [part.squeeze(axis) for part in parts] if squeeze_axis else parts


@translates("_split_v2")
def split_v2(graph: Graph, data: Value, *, indices: tuple[int, ...], axis: int, squeeze_axis: bool, sections: int,
             node: Applied) -> list[Value]:  # fmt: skip
    if sections:
        return slice_channel(graph, data, axis=axis, squeeze_axis=squeeze_axis, node=node)
    bounds = [*indices, _FAR]
    parts = [data.part(axis, begin, end) for begin, end in itertools.pairwise(bounds)]
    return [part.squeeze(axis) for part in parts] if squeeze_axis else parts


def _split(graph: Graph, data: Value, axis: int, node: Applied, squeezed: int | None) -> list[Value]:
    count = len(node.shapes)
    if count == 1:
        return [graph.op("Identity", data)]
    lengths = [1 if squeezed is not None else (shape or (None,) * 99)[axis] for shape in node.shapes]
    known = [n for n in lengths if isinstance(n, int)]
    if len(set(lengths)) > 1 and len(known) < count:
        raise CannotTranslate("parts of different lengths of an axis that changes with the inputs")
    if len(known) == count:
        return graph.ops("Split", data, known, outputs=count, axis=axis)
    if graph.opset >= 18:
        return graph.ops("Split", data, outputs=count, axis=axis, num_outputs=count)
    return graph.ops("Split", data, outputs=count, axis=axis)


_FAR = int(np.iinfo(np.int64).max)


def _bounds(
    shape: Axes, begin: Sequence[int | None], end: Sequence[int | None], step: Sequence[int | None]
) -> tuple[list[int], list[int], list[int]]:
    """Return begins, ends and steps of ONNX's Slice; an end before the first element is a very negative one."""
    begins, ends, steps = [], [], []
    for axis in range(len(begin)):
        pace = step[axis] if axis < len(step) and step[axis] else 1
        first, last = begin[axis], end[axis] if axis < len(end) else None
        assert pace is not None
        begins.append((0 if pace > 0 else _FAR) if first is None else first)
        ends.append((_FAR if pace > 0 else -_FAR) if last is None else last)
        if pace < 0 and last == -1 and isinstance(shape[axis], int):
            ends[-1] = -1
        steps.append(pace)
    return begins, ends, steps


@translates("slice")
def slice_(
    graph: Graph,
    data: Value,
    *,
    begin: tuple[int | None, ...],
    end: tuple[int | None, ...],
    step: tuple[int | None, ...],
) -> Value:
    begins, ends, steps = _bounds(data.axes, begin, end, step)
    return graph.op("Slice", data, begins, ends, list(range(len(begins))), steps)


@translates("slice_axis")
def slice_axis(graph: Graph, data: Value, *, axis: int, begin: int, end: int | None) -> Value:
    return data.part(axis, begin, _FAR if end is None else end)


@translates("slice_like")
def slice_like(graph: Graph, data: Value, shape_like: Value, *, axes: tuple[int, ...], node: Applied) -> Value:
    chosen = sorted(axis % len(data.axes) for axis in axes) or list(range(len(data.axes)))
    ends = []
    for axis in chosen:
        length = node.shape[axis]
        changes = not isinstance(length, int)
        ends.append(graph.lengths(shape_like, axis, axis + 1) if changes else length)
    return graph.op("Slice", data, [0] * len(chosen), graph.vector(ends), chosen)


def _indices(node: Applied, data: Value) -> np.ndarray:
    """Return which elements of the flat data a slice with constant bounds takes."""
    shape = static(data.shape)
    if shape is None:
        raise CannotTranslate("the shape of data changes with the inputs")
    values = node.node.values
    step = values["step"] or (None,) * len(values["begin"])
    chosen = tuple(slice(b, e, s) for b, e, s in zip(values["begin"], values["end"], step))
    return np.arange(math.prod(shape)).reshape(shape)[chosen].reshape(-1, 1)


@translates("_slice_assign")
def slice_assign(graph: Graph, lhs: Value, rhs: Value, *, node: Applied) -> Value:
    return _written(graph, lhs, rhs.reshape(-1), node)


@translates("_slice_assign_scalar")
def slice_assign_scalar(graph: Graph, data: Value, *, scalar: float, node: Applied) -> Value:
    count = len(_indices(node, data))
    number = graph.of(wrapped(scalar, data.dtype), data.dtype).array
    assert number is not None
    return _written(graph, data, graph.constant(np.full(count, number)), node)


def _written(graph: Graph, data: Value, flat: Value, node: Applied) -> Value:
    places = _indices(node, data)
    if not len(places):
        return graph.op("Identity", data)
    found = graph.op("ScatterND", data.reshape(-1), places, flat)
    return graph.op("Reshape", found, graph.shape_like(data.axes, data))


@translates("Crop")
def crop(
    graph: Graph, data: Value, *like: Value, offset: tuple[int, ...], center_crop: bool, node: Applied
) -> Value:  # fmt: skip
    target = static(node.shape[2:])
    if target is None:
        raise CannotTranslate("the size of the images changes with the inputs")
    if center_crop:
        size = static(data.axes[2:])
        if size is None:
            raise CannotTranslate("the size of the images changes with the inputs")
        offset = tuple((have - want) // 2 for have, want in zip(size, target))
    ends = [begin + length for begin, length in zip(offset, target)]
    return graph.op("Slice", data, list(offset), ends, [2, 3])


@translates("tile")
def tile(graph: Graph, data: Value, *, reps: tuple[int, ...]) -> Value:
    rank = len(data.axes)
    counts = [1] * (rank - len(reps)) + list(reps)
    if len(reps) > rank:
        data = data.unsqueeze(*range(len(reps) - rank))
    return graph.op("Tile", data, counts)


@translates("repeat")
def repeat(graph: Graph, data: Value, *, repeats: int, axis: int | None, node: Applied) -> Value:
    if not repeats:
        return graph.filled(0, data.dtype, node.shape)
    if axis is None:
        data = data.reshape(-1)
        return graph.op("Expand", data.unsqueeze(1), [1, repeats]).reshape(-1)
    rank = len(data.axes)
    axis %= rank
    counts = [1] * (rank + 1)
    counts[axis + 1] = repeats
    grown = graph.op("Expand", data.unsqueeze(axis + 1), counts)
    before = [0] * axis
    if axis == rank - 1:
        return grown.reshape(*before, -1)
    ends = graph.vector([graph.constant([0] * axis + [-1], np.int64), graph.lengths(data, axis + 1)])
    return graph.op("Reshape", grown, ends)


@translates("reverse")
def reverse(graph: Graph, data: Value, *, axis: tuple[int, ...]) -> Value:
    axes = sorted({a % len(data.axes) for a in axis if axis.count(a) % 2})
    if not axes:
        return graph.op("Identity", data)
    count = len(axes)
    return graph.op("Slice", data, [-1] * count, [-_FAR] * count, axes, [-1] * count)


@translates("Pad")
def pad(graph: Graph, data: Value, *, mode: str, pad_width: tuple[int, ...], constant_value: float) -> Value:
    pads = [*pad_width[::2], *pad_width[1::2]]
    if mode == "constant":
        return graph.op("Pad", data, pads, graph.of(constant_value, data.dtype), mode=mode)
    return graph.op("Pad", data, pads, mode=mode)


@translates("broadcast_to", "broadcast_axis", "broadcast_like")
def broadcast(graph: Graph, data: Value, *others: Value, node: Applied) -> Value:
    """Lengths that stay as they are count as 1 for ONNX's Expand."""
    parts: list[int | Value] = []
    for have, want in zip(data.axes, node.shape[len(node.shape) - len(data.axes) :]):
        parts.append(1 if have == want else graph.length(want, *others))
    missing = node.shape[: len(node.shape) - len(data.axes)]
    return graph.op("Expand", data, graph.vector([*(graph.length(n, *others) for n in missing), *parts]))


@translates("zeros_like", "ones_like")
def filled_like(graph: Graph, data: Value, *, node: Applied) -> Value:
    assert node.node.operator is not None
    return graph.filled(0 if node.node.operator.name == "zeros_like" else 1, data.dtype, data.axes, data)


@translates("_zeros", "_ones", "_full", "_zeros_without_dtype")
def filled(graph: Graph, *, node: Applied) -> Value:
    assert node.node.operator is not None
    number = {"_ones": 1, "_full": node.node.values.get("value", 0)}.get(node.node.operator.name, 0)
    return graph.filled(number, node.dtype, node.shape)


@translates("shape_array")
def shape_array(graph: Graph, data: Value) -> Value:
    return graph.lengths(data)


@translates("size_array")
def size_array(graph: Graph, data: Value) -> Value:
    return graph.op("Size", data, dtype=np.int64).reshape(1)


@translates("diag")
def diag(graph: Graph, data: Value, *, k: int, axis1: int, axis2: int, node: Applied) -> Value:
    rank = len(data.axes)
    if rank == 1:
        length, size = data.axes[0], node.shape[0]
        if not isinstance(length, int) or not isinstance(size, int):
            raise CannotTranslate("the length of data changes with the inputs")
        source = np.full(size * size, length)
        rows = np.arange(length) + max(0, -k)
        source[rows * size + rows + k] = np.arange(length)
        padded = graph.op("Pad", data, [0, 1])
        return graph.op("Gather", padded, source.reshape(size, size), axis=0)
    axis1, axis2 = axis1 % rank, axis2 % rank
    height, width, length = data.axes[axis1], data.axes[axis2], node.shape[-1]
    if not isinstance(height, int) or not isinstance(width, int) or not isinstance(length, int):
        raise CannotTranslate("the size of the matrices changes with the inputs")
    rest = [axis for axis in range(rank) if axis not in (axis1, axis2)]
    moved = data.transpose(*rest, axis1, axis2)
    flat = graph.op("Reshape", moved, [*[0] * len(rest), height * width])
    rows = np.arange(length) + max(0, -k)
    return graph.op("Gather", flat, rows * width + rows + k, axis=-1)


@translates("_contrib_arange_like")
def arange_like(
    graph: Graph, data: Value, *, start: float, step: float, repeat: int, axis: int | None, node: Applied
) -> Value:
    length = graph.length(_length_of(data, axis), data)
    if isinstance(length, int):
        numbers = graph.constant(np.arange(-(-length // repeat), dtype=node.dtype))
    else:
        count = (length + (repeat - 1)) / repeat if repeat > 1 else length
        numbers = graph.op("Range", np.int64(0), count.squeeze(0), np.int64(1), dtype=np.int64).cast(node.dtype)
    if repeat > 1:
        numbers = graph.op("Expand", numbers.unsqueeze(1), [1, repeat]).reshape(-1)
        ends = length if isinstance(length, Value) else [length]
        numbers = graph.op("Slice", numbers, [0], ends, [0])
    numbers = numbers * step + start
    return numbers if axis is not None else graph.op("Reshape", numbers, graph.lengths(data))


def _length_of(data: Value, axis: int | None) -> int | Length:
    if axis is not None:
        return data.axes[axis]
    lengths = [(n,) * 3 if isinstance(n, int) else n.trials for n in data.axes]
    count = max((len(n.trials) for n in data.axes if isinstance(n, Length)), default=1)
    totals = tuple(math.prod(n[i] for n in lengths) for i in range(count))
    return totals[0] if len(set(totals)) == 1 else Length(totals)


@translates("_contrib_index_array")
def index_array(graph: Graph, data: Value, *, axes: tuple[int, ...] | None) -> Value:
    """The indices of every element, along a new last axis."""
    rank = len(data.axes)
    chosen = range(rank) if axes is None else [axis % rank for axis in axes]
    everywhere = graph.op("Expand", graph.constant(np.array(1, bool)), graph.lengths(data))
    indices = graph.op("NonZero", everywhere, dtype=np.int64).transpose(1, 0)
    picked = graph.op("Gather", indices, np.array(list(chosen), np.int64), axis=1)
    return graph.op("Reshape", picked, graph.vector([graph.lengths(data), len(list(chosen))]), allowzero=1)
