"""Reading and writing at indices."""

from __future__ import annotations

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .lengths import is_open, marker
from .registry import reads
from .values import Shape, Value


@reads("Gather")
def gather(call: Call) -> Symbol:
    """Read slices at indices along an axis; negative indices count from the end."""
    axis = call.axis(0)
    number = call.value(1)
    if number.is_number and number.constant is not None:
        at = int(number.constant)
        part = sym.slice_axis(call[0], axis=axis, begin=at, end=at + 1 if at != -1 else None)
        return part if call.rank() == 1 else sym.squeeze(part, axis=axis)
    known = number.constant
    is_safe = known is not None and known.size and known.min() >= 0
    found = sym.take(call[0], call[1], axis=axis, mode="clip" if is_safe else "wrap")
    return sym.squeeze(found, axis=axis) if number.is_number and call.rank() > 1 else found


def positive(call: Call, index: int, length: int | None, axis: int) -> Symbol:
    """Return indices with negative ones counted from the end."""
    known = call.value(index).constant
    if known is not None and (not known.size or known.min() >= 0):
        return call[index]
    if length is not None:
        return sym.where(call[index] < 0, call[index] + length, call[index])
    size = sym.slice_axis(sym.shape_array(call[0]), axis=0, begin=axis, end=axis + 1)
    return sym.where(call[index] < 0, sym.broadcast_add(sym.Cast(call[index], dtype="int64"), size), call[index])


def _element_places(call: Call, index: int, axis: int) -> Symbol:
    """Return places (axes, elements...) that differ from those of the indices along one axis only."""
    rank = call.rank(index)
    chosen = sym.expand_dims(sym.Cast(positive(call, index, call.shape()[axis], axis), dtype="int64"), axis=0)
    if rank == 1:
        return chosen
    places = sym.transpose(sym.contrib.index_array(call[index]), axes=(rank, *range(rank)))
    parts = [sym.slice_axis(places, axis=0, begin=0, end=axis)] if axis else []
    parts.append(chosen)
    if axis + 1 < rank:
        parts.append(sym.slice_axis(places, axis=0, begin=axis + 1, end=None))
    return sym.concat(*parts, dim=0)


@reads("GatherElements")
def gather_elements(call: Call) -> Symbol:
    """Read single elements: the index replaces the place along one axis."""
    return sym.gather_nd(call[0], _element_places(call, 1, call.axis(0)))


@reads("GatherND")
def gather_nd(call: Call) -> Symbol:
    """Read elements or slices at places that stand along the last axis of the indices."""
    batch = call.attribute("batch_dims", 0)
    places = _places(call, 1, batch)
    if not batch:
        return sym.gather_nd(call[0], places)
    lead = call.rank(1) - 1
    grid = sym.contrib.index_array(sym.squeeze(sym.slice_axis(call[1], axis=-1, begin=0, end=1), axis=lead))
    grid = sym.slice_axis(sym.transpose(grid, axes=(lead, *range(lead))), axis=0, begin=0, end=batch)
    return sym.gather_nd(call[0], sym.concat(grid, places, dim=0))


def _places(call: Call, index: int, batch: int = 0) -> Symbol:
    """Return indices with their last axis in front, as MXNet has it."""
    rank = call.rank(index)
    depth = call.length(rank - 1, index)
    places = sym.Cast(call[index], dtype="int64")
    known = call.value(index).constant
    if known is None or (known.size and known.min() < 0):
        sizes = call.literal(np.array([call.length(batch + k) for k in range(depth)], np.int64))
        places = sym.where(places < 0, sym.broadcast_add(places, sizes), places)
    return places if rank == 1 else sym.transpose(places, axes=(rank - 1, *range(rank - 1)))


@reads("ScatterND")
def scatter_nd(call: Call) -> Symbol:
    """Read writing of elements or slices at places."""
    shape = call.static()
    places, updates = _places(call, 1), call[2]
    if call.rank(1) == 1:
        places, updates = sym.expand_dims(places, axis=1), sym.expand_dims(updates, axis=0)
    if call.value(2).is_number:
        updates = call[2]
    return _written(call, places, updates, shape, call.text("reduction", "none"))


@reads("ScatterElements", "Scatter")
def scatter_elements(call: Call) -> Symbol:
    """Read writing of single elements: the index replaces the place along one axis."""
    places = _element_places(call, 1, call.axis(0))
    return _written(call, places, call[2], call.static(), call.text("reduction", "none"))


def _written(call: Call, places: Symbol, updates: Symbol, shape: Shape, reduction: str) -> Symbol:
    """Return the data with elements written, or combined with what is there, at places."""
    data = call[0]
    if reduction == "none":
        return sym._internal._scatter_set_nd(data, updates, places, shape=shape)
    depth = call.worlds_of(places)[0][0]
    flat = (int(np.prod(shape[:depth])), int(np.prod(shape[depth:])))
    rows = sym.reshape(data, shape=flat)
    where = sym.ravel_multi_index(
        sym.reshape(sym.Cast(places, dtype="float64"), shape=(depth, -1)), shape=shape[:depth]
    )
    new = sym.reshape(updates, shape=(-1, flat[1]))
    if reduction == "add":
        hot = sym.one_hot(where, depth=flat[0], dtype=call.dtype())
        return sym.reshape(rows + sym.dot(hot, new, transpose_a=True), shape=shape)
    combine = {"mul": sym.elemwise_mul, "max": sym._internal._maximum, "min": sym._internal._minimum}.get(reduction)
    if combine is None:
        call.refuse(f"combines elements by {reduction!r}")

    def step(update: list[Symbol], rows: Symbol) -> tuple[Symbol, Symbol]:
        at, row = sym.reshape(update[0], shape=(1,)), sym.reshape(update[1], shape=(1, -1))
        there = sym.take(rows, at)
        changed = sym._internal._scatter_set_nd(rows, combine(there, row), sym.reshape(at, shape=(1, 1)), shape=flat)
        return sym.zeros_like(at), changed

    _, found = sym.contrib.foreach(step, [sym.Cast(where, dtype="int64"), new], rows)
    return sym.reshape(found, shape=shape)


@reads("Slice")
def slices(call: Call) -> Symbol | Value:
    """Read parts of axes, with steps; lengths may be open."""
    rank = call.rank()
    if "starts" in call.attributes:
        starts, ends = (tuple(call.attribute(name)) for name in ("starts", "ends"))
        axes, steps = call.attribute("axes", list(range(len(starts)))), [1] * len(starts)
        edges = ((starts,) * 2, (ends,) * 2)
    else:
        edges = (call.lengths(1), call.lengths(2))
        count = len(edges[0][0])
        axes = call.constant(3).tolist() if call.has(3) else list(range(count))
        steps = call.constant(4).tolist() if call.has(4) else [1] * count
    found = call[0]
    begin: list[int | None] = [None] * rank
    end: list[int | None] = [None] * rank
    step: list[int | None] = [None] * rank
    worlds = call.worlds()
    for place, axis in enumerate(call.axes([int(axis) for axis in axes])):
        lows, highs = (tuple(world[place] for world in edge) for edge in edges)
        if is_open(lows) or is_open(highs):
            found = _open_slice(call, found, worlds, axis, lows, highs, steps[place])
            continue
        if all(len(range(*slice(lows[0], highs[0], int(steps[place])).indices(shape[axis]))) == 0 for shape in worlds):
            return call.empty(axis)
        begin[axis], end[axis] = _edges(int(lows[0]), int(highs[0]), int(steps[place]), worlds, axis)
        step[axis] = int(steps[place])
    if all(item is None for item in step):
        return found if found is not call[0] else sym.identity(found)
    if all(item in (None, 1) for item in step):
        for axis in range(rank):
            if step[axis] is not None:
                found = sym.slice_axis(found, axis=axis, begin=begin[axis] or 0, end=end[axis])
        return found
    return sym.slice(found, begin=tuple(begin), end=tuple(end), step=tuple(n or 1 for n in step))


def _edges(low: int, high: int, step: int, worlds: tuple[Shape, ...], axis: int) -> tuple[int | None, int | None]:
    """Return begin and end as MXNet takes them: within the axis where it is known, None for its ends."""
    lengths = [shape[axis] for shape in worlds]
    if step > 0:
        first: int | None = low if low else None
        last: int | None = None if high >= min(lengths) else high
        if not is_open(tuple(lengths)):
            length = lengths[0]
            first, last, _ = slice(low, high, step).indices(length)
            return first, None if last >= length else last
        if first is not None and -first >= min(lengths):
            first = None
        return first, last
    if not is_open(tuple(lengths)):
        length = lengths[0]
        first, last, _ = slice(low, high, step).indices(length)
        return first, None if last < 0 else last
    return (None if low >= min(lengths) or low == -1 else low), (None if -high > min(lengths) else high)


def _open_slice(
    call: Call, x: Symbol, worlds: tuple[Shape, ...], axis: int, lows: Shape, highs: Shape, step: int
) -> Symbol:
    """Return a part whose end is an open length."""
    if step != 1:
        call.refuse("has a step and an end that is open")
    spans: list[tuple[int, int]] = []
    for low, high, shape in zip(lows, highs, worlds):  # a table is taken to be long enough for any length
        length = max(high, shape[axis]) if is_open(highs) else shape[axis]
        spans.append(slice(low, high).indices(length)[:2])
    counts = tuple(max(0, last - first) for first, last in spans)
    firsts = tuple(first for first, _ in spans)
    lengths = tuple(shape[axis] for shape in worlds)
    if counts == lengths:
        return x
    if not is_open(counts) and tuple(last for _, last in spans) == lengths:
        return sym.slice_axis(x, axis=axis, begin=-counts[0], end=None)
    if is_open(firsts):
        call.refuse("begins at an open place")
    if firsts[0]:
        x = sym.slice_axis(x, axis=axis, begin=firsts[0], end=None)
    if tuple(last for _, last in spans) == lengths:
        return x
    if is_open(lengths):
        backwards = {last - length for (_, last), length in zip(spans, lengths)}
        if len(backwards) == 1:
            return sym.slice_axis(x, axis=axis, begin=0, end=backwards.pop())
    rank = len(worlds[0])
    return sym.slice_like(x, marker(call, counts, axis, rank), axes=(axis,))


@reads("Compress")
def compress(call: Call) -> Symbol:
    """Read the slices along an axis, or the elements, that a mask selects."""
    mask = sym.Cast(call[1], dtype="int32")
    x = call[0]
    if "axis" not in call.attributes:
        x = sym.reshape(x, shape=(-1,))
        length, axis = int(np.prod(call.static())), 0
    else:
        axis = call.axis()
        length = call.length(axis)
    missing = length - call.length(0, 1)
    if missing > 0:
        mask = sym.concat(mask, call.literal(np.zeros(missing, np.int32)), dim=0)
    x = sym.swapaxes(x, dim1=0, dim2=axis) if axis else x
    found = sym.contrib.boolean_mask(x, mask)
    return sym.swapaxes(found, dim1=0, dim2=axis) if axis else found


@reads("NonZero")
def non_zero(call: Call) -> Symbol:
    """Read the places of elements that are not 0."""
    places = sym.reshape(sym.contrib.index_array(call[0]), shape=(-1, max(1, call.rank())))
    mask = sym.Cast(sym._internal._not_equal_scalar(call[0], scalar=0), dtype="int32")
    return sym.transpose(sym.contrib.boolean_mask(places, sym.reshape(mask, shape=(-1,))))


@reads("ReverseSequence")
def reverse_sequence(call: Call) -> Symbol:
    """Read reversal of the first steps of every sequence."""
    time, batch = call.attribute("time_axis", 0), call.attribute("batch_axis", 1)
    x = call[0] if time == 0 else sym.swapaxes(call[0], dim1=0, dim2=1)
    if {time, batch} != {0, 1}:
        call.refuse(f"has time on axis {time} and the batch on axis {batch}; they have to be the first two")
    found = sym.SequenceReverse(x, sym.Cast(call[1], dtype="int32"), use_sequence_length=True)
    return found if time == 0 else sym.swapaxes(found, dim1=0, dim2=1)


@reads("TensorScatter")
def tensor_scatter(call: Call) -> Symbol:
    """Read writing of steps into a cache at each sequence's own place."""
    axis = call.axis(-2)
    shape, steps = call.static(), call.length(axis, 1)
    length = shape[axis]
    starts = sym.Cast(call[2], dtype="int64") if call.has(2) else sym.zeros((shape[0],), dtype="int64")
    count = call.literal(np.arange(steps).reshape(1, -1))
    at = sym.broadcast_add(sym.reshape(starts, shape=(-1, 1)), count)
    if call.text("mode", "linear") == "circular":
        at = sym.broadcast_mod(at, sym.full((1, 1), length, dtype="int64"))
    order = [0, axis, *(k for k in range(1, len(shape)) if k != axis)]
    back = tuple(int(k) for k in np.argsort(order))
    batch = sym.broadcast_like(call.literal(np.arange(shape[0]).reshape(-1, 1)), at)
    places = sym.stack(batch, at, axis=0)
    new_shape = tuple(shape[k] for k in order)
    found = sym._internal._scatter_set_nd(
        sym.transpose(call[0], axes=order), sym.transpose(call[1], axes=order), places, shape=new_shape
    )
    return sym.transpose(found, axes=back)
