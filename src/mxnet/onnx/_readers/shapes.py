"""Changes of shape."""

from __future__ import annotations

import math

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .lengths import broadcast, expanded, is_open, reshape_codes, turned
from .registry import reads
from .values import Shape


@reads("Reshape")
def reshape(call: Call) -> Symbol:
    """Read a new shape; lengths may follow from open ones."""
    wanted = call.attribute("shape", None)
    targets = call.lengths(1) if wanted is None else (tuple(wanted),) * 2
    if call.value(0).shape is None:
        if targets[0] != targets[-1] or call.attribute("allowzero", 0):
            call.refuse("its shape depends on a shape that is known only while the model runs")
        return sym.reshape(call[0], shape=targets[0])
    worlds = call.worlds()
    if targets[0] == targets[-1] and not (0 in targets[0] and call.attribute("allowzero", 0)):
        if len(targets[0]) == 0:
            return sym.reshape(call[0], shape=(1,))
        if not call.value(0).is_number or 0 not in targets[0]:
            return sym.reshape(call[0], shape=targets[0])
    full = [_filled(source, target, bool(call.attribute("allowzero", 0))) for source, target in zip(worlds, targets)]
    return to_worlds(call, call[0], worlds, tuple(full))


def to_worlds(call: Call, x: Symbol, source: tuple[Shape, ...], target: tuple[Shape, ...]) -> Symbol:
    """Return `x` in a shape that is given in each world."""
    codes = reshape_codes(turned(source), turned(target))
    if codes is not None:
        return sym.reshape(x, shape=tuple(codes))
    codes = reshape_codes(turned(source)[::-1], turned(target)[::-1])
    if codes is None or -4 in codes:
        call.refuse(
            f"more than one length of its result is open, in a way that Reshape cannot say (from {_shown(source)} to "
            f"{_shown(target)}); give the model fixed input shapes (onnx.tools.update_model_dims)"
        )
    return sym.reshape(x, shape=tuple(codes[::-1]), reverse=True)


def _filled(source: Shape, target: Shape, allow_zero: bool) -> Shape:
    """Return the lengths that 0 and -1 stand for."""
    lengths = [source[axis] if n == 0 and not allow_zero else n for axis, n in enumerate(target)]
    if -1 in lengths:
        rest = math.prod(n for n in lengths if n != -1)
        lengths[lengths.index(-1)] = math.prod(source) // rest if rest else 0
    return tuple(lengths)


def _shown(worlds: tuple[Shape, ...]) -> str:
    return "(" + ", ".join("?" if is_open(lengths) else str(lengths[0]) for lengths in turned(worlds)) + ")"


@reads("Flatten")
def flatten(call: Call) -> Symbol:
    """Read flattening to a matrix."""
    rank = call.rank()
    axis = call.attribute("axis", 1)
    axis = axis + rank if axis < 0 else axis
    if axis == 1:
        return sym.flatten(call[0])
    worlds = call.worlds()
    return to_worlds(call, call[0], worlds, tuple((math.prod(s[:axis]), math.prod(s[axis:])) for s in worlds))


@reads("Squeeze")
def squeeze(call: Call) -> Symbol:
    """Read removal of axes of length 1."""
    axes = call.setting("axes", 1)
    if axes is None:
        axes = [axis for axis, length in enumerate(call.shape()) if length == 1]
    if call.value(0).shape is not None:
        axes = call.axes([int(axis) for axis in axes])
        if len(axes) == call.rank():
            return sym.reshape(call[0], shape=(1,))
    return sym.squeeze(call[0], axis=tuple(axes)) if axes else sym.identity(call[0])


@reads("Unsqueeze")
def unsqueeze(call: Call) -> Symbol:
    """Read insertion of axes of length 1."""
    axes = [int(axis) for axis in call.setting("axes", 1)]
    if call.value(0).is_number:
        return sym.reshape(call[0], shape=(1,) * len(axes))
    rank = call.rank() + len(axes)
    found = call[0]
    for axis in sorted(axis % rank for axis in axes):
        found = sym.expand_dims(found, axis=axis)
    return found


@reads("Transpose")
def transpose(call: Call) -> Symbol:
    """Read an exchange of axes."""
    axes = call.attribute("perm", None)
    if axes is None and call.value(0).is_number:
        return sym.identity(call[0])
    if axes is not None and len(axes) == 0:
        return sym.identity(call[0])
    return sym.transpose(call[0]) if axes is None else sym.transpose(call[0], axes=tuple(axes))


@reads("Shape")
def shape(call: Call) -> Symbol:
    """Read the shape of a tensor, or a part of it."""
    found = sym.shape_array(call[0])
    start, end = call.attribute("start", 0), call.attribute("end", None)
    return found if not start and end is None else sym.slice_axis(found, axis=0, begin=start, end=end)


@reads("Size")
def size(call: Call) -> Symbol:
    """Read the number of elements."""
    return sym.size_array(call[0])


@reads("Expand")
def expand(call: Call) -> Symbol:
    """Read broadcasting to a shape."""
    worlds = call.worlds()
    target = tuple(broadcast(a, b) for a, b in zip(worlds, call.lengths(1)))
    if target == worlds:
        return sym.identity(call[0])
    return expanded(call, call[0], worlds, target)
