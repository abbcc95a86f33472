"""Joining, splitting, repeating and padding."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call, with_rank
from .registry import reads


@reads("Concat")
def concat(call: Call) -> Symbol:
    """Read joining along an axis; parts of length 0 are left out."""
    axis = call.attribute("axis", 1)
    if axis < 0:
        axis += call.rank()
    values = [call.value(index) for index in range(len(call.inputs))]
    parts = [value for value in values if value.shape is None or value.shape[axis] != 0] or values
    if len(parts) == 1:
        return sym.identity(parts[0].symbol)
    return sym.concat(*(value.symbol for value in parts), dim=axis)


@reads("Split")
def split(call: Call) -> list[Any]:
    """Read splitting along an axis into parts of given or of equal lengths."""
    axis = call.axis(0)
    sizes = call.setting("split", 1)
    count = len(call.outputs)
    if sizes is None:
        length = call.length(axis)
        whole = -(-length // count)
        sizes = [whole] * (count - 1) + [length - whole * (count - 1)]
    edges = np.cumsum([0, *sizes]).tolist()
    if len(set(sizes)) == 1 and count > 1:
        return list(sym.split(call[0], num_outputs=count, axis=axis))
    return [
        call.empty(axis) if a == b else sym.slice_axis(call[0], axis=axis, begin=a, end=b)
        for a, b in itertools.pairwise(edges)
    ]


@reads("Tile")
def tile(call: Call) -> Symbol:
    """Read repetition along each axis."""
    return sym.tile(call[0], reps=tuple(int(n) for n in call.constant(1)))


@reads("Pad")
def pad(call: Call) -> Symbol:
    """Read padding with a number, the edge, a reflection or from the other end; negative padding cuts off."""
    mode = call.text("mode", "constant")
    pads = [int(n) for n in call.setting("pads", 1)]
    rank = call.rank()
    axes = list(call.axes([int(n) for n in call.constant(3)])) if call.has(3) else list(range(rank))
    width = [(0, 0)] * rank
    for place, axis in enumerate(axes):
        width[axis] = (pads[place], pads[place + len(axes)])
    if mode == "constant":
        if call.has(2) and call.value(2).constant is None:
            return _padded_with(call, width)
        value = float(np.asarray(call.setting("value", 2, 0.0)).reshape(-1)[0])
        return padded(call[0], width, value)
    return _repeated(call, width, mode)


def padded(x: Symbol, width: Sequence[tuple[int, int]], value: float) -> Symbol:
    """Return `x` with a number put before and after each axis, or with ends cut off where `width` is negative."""
    cut = [(max(0, -before), max(0, -after)) for before, after in width]
    added = [(max(0, before), max(0, after)) for before, after in width]
    for axis, (before, after) in enumerate(cut):
        if before or after:
            x = sym.slice_axis(x, axis=axis, begin=before, end=-after if after else None)
    if not any(map(any, added)):
        return x
    if len(width) in (4, 5) and not any(map(any, added[:2])) and abs(value) < 1e37:
        flat = tuple(n for pair in added for n in pair)
        return sym.Pad(x, mode="constant", pad_width=flat, constant_value=value)
    for axis, (before, after) in enumerate(added):
        if before or after:
            edge = sym.zeros_like(sym.slice_axis(x, axis=axis, begin=0, end=1)) + value
            x = _between(x, edge, edge, before, after, axis)
    return x


def _between(x: Symbol, first: Symbol, last: Symbol, before: int, after: int, axis: int) -> Symbol:
    """Return `x` between repetitions of two slices of length 1."""
    parts = [sym.repeat(first, repeats=before, axis=axis)] if before else []
    parts.append(x)
    if after:
        parts.append(sym.repeat(last, repeats=after, axis=axis))
    return sym.concat(*parts, dim=axis)


def _padded_with(call: Call, width: Sequence[tuple[int, int]]) -> Symbol:
    """Return the input padded with a number that is computed while the model runs."""
    x = call[0]
    inside = padded(sym.ones_like(x), width, 0.0)
    return sym.where(inside, padded(x, width, 0.0), sym.broadcast_like(with_rank(call[2], 1, len(width)), inside))


def _repeated(call: Call, width: Sequence[tuple[int, int]], mode: str) -> Symbol:
    """Return the input padded with parts of itself."""
    x = call[0]
    for axis, (before, after) in enumerate(width):
        if before < 0 or after < 0:
            x = sym.slice_axis(x, axis=axis, begin=max(0, -before), end=after if after < 0 else None)
        before, after = max(0, before), max(0, after)
        if not before and not after:
            continue
        if mode == "edge":
            first = sym.slice_axis(x, axis=axis, begin=0, end=1)
            x = _between(x, first, sym.slice_axis(x, axis=axis, begin=-1, end=None), before, after, axis)
            continue
        length = call.length(axis) + min(0, width[axis][0]) + min(0, width[axis][1])
        rule = {"reflect": "reflect", "wrap": "wrap"}.get(mode)
        if rule is None:
            call.refuse(f"pads in mode {mode!r}")
        order = np.pad(np.arange(length), (before, after), mode=rule)  # type: ignore[call-overload]
        x = sym.take(x, call.literal(order.astype(np.int64)), axis=axis)
    return x


@reads("DepthToSpace")
def depth_to_space(call: Call) -> Symbol:
    """Read moving of channels into blocks of pixels, in either order of the channels."""
    block = call.attribute("blocksize")
    if call.text("mode", "DCR") == "DCR":
        return sym.depth_to_space(call[0], block_size=block)
    x = sym.reshape(call[0], shape=(0, -4, -1, block * block, 0, 0))
    x = sym.reshape(x, shape=(0, 0, -4, block, block, 0, 0))
    x = sym.transpose(x, axes=(0, 1, 4, 2, 5, 3))
    return sym.reshape(x, shape=(0, 0, -3, -3))


@reads("SpaceToDepth")
def space_to_depth(call: Call) -> Symbol:
    """Read moving of blocks of pixels into channels, in either order of the channels."""
    block = call.attribute("blocksize")
    found = sym.space_to_depth(call[0], block_size=block)
    if call.text("mode", "DCR") == "DCR":
        return found
    found = sym.reshape(found, shape=(0, -4, block * block, -1, 0, 0))
    return sym.reshape(sym.swapaxes(found, dim1=1, dim2=2), shape=(0, -3, 0, 0))
