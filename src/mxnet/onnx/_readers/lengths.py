"""Shapes with open lengths: how a result gets a length that is known only when the model runs."""

from __future__ import annotations

from collections.abc import Sequence

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call, with_rank
from .registry import Unsupported
from .values import WORLDS, Shape, Value

Lengths = tuple[int, ...]


def turned(worlds: Sequence[Shape]) -> list[Lengths]:
    """Return for each axis its lengths in all worlds."""
    return list(zip(*worlds))


def is_open(lengths: Lengths) -> bool:
    """Return whether a length differs between worlds."""
    return len(set(lengths)) > 1


def axis_of(call: Call, lengths: Lengths) -> tuple[Symbol, int]:
    """Return a symbol and an axis that has an open length."""
    for value in (*call.graph.inputs, *call.graph.open_values):
        if value.shape is None:
            continue
        for axis, found in enumerate(turned(worlds_of(value))):
            if found == lengths:
                return value.symbol, axis
    raise Unsupported(
        "its result has an open length that no tensor before it has; give the model fixed input shapes "
        "(onnx.tools.update_model_dims)"
    )


def image_of(call: Call, height: Lengths, width: Lengths) -> Symbol | None:
    """Return images (N, C, H, W) with these lengths, None if there are none."""
    for value in (*call.graph.inputs, *call.graph.open_values):
        if value.shape is not None and len(value.shape) == 4 and turned(worlds_of(value))[2:] == [height, width]:
            return value.symbol
    return None


def counting(call: Call, lengths: Lengths, start: float = 0, step: float = 1) -> Symbol:
    """Return start, start + step, ... with an open number of elements, in float32."""
    source, axis = axis_of(call, lengths)
    return sym.contrib.arange_like(sym.Cast(source, dtype="float32"), axis=axis, start=start, step=step)


def marker(call: Call, lengths: Lengths, axis: int, rank: int) -> Symbol:
    """Return a tensor of `rank` axes whose axis `axis` has an open length, and whose others have length 1."""
    shape = [1] * rank
    shape[axis] = -1
    return sym.reshape(counting(call, lengths), shape=tuple(shape))


def expanded(call: Call, x: Symbol, present: Sequence[Shape], wanted: Sequence[Shape]) -> Symbol:
    """Return `x` broadcast to a shape whose lengths may be open; its axes of length 1 are repeated."""
    rank = len(wanted[0])
    x = with_rank(x, max(1, len(present[0])), rank)
    have = turned([(1,) * (rank - len(shape)) + tuple(shape) for shape in present])
    want = turned(wanted)
    fixed = tuple(0 if b == a or is_open(b) else b[0] for a, b in zip(have, want))
    if any(fixed):
        x = sym.broadcast_to(x, shape=fixed)
    for axis, (a, b) in enumerate(zip(have, want)):
        if is_open(b) and a != b:
            if set(a) != {1}:
                raise Unsupported("repeats an axis whose length is neither 1 nor the wanted one")
            x = sym.broadcast_like(x, marker(call, b, axis, rank), lhs_axes=(axis,), rhs_axes=(axis,))
    return x


def broadcast(one: Sequence[int], other: Sequence[int]) -> Shape:
    """Return the shape that two shapes broadcast to; a length of 1 gives way."""
    rank = max(len(one), len(other))
    one, other = (1,) * (rank - len(one)) + tuple(one), (1,) * (rank - len(other)) + tuple(other)
    if any(a != b and 1 not in (a, b) for a, b in zip(one, other)):
        raise Unsupported(f"shapes {one} and {other} do not broadcast")
    return tuple(b if a == 1 else a for a, b in zip(one, other))


def reshape_codes(source: Sequence[Lengths], target: Sequence[Lengths]) -> list[int] | None:
    """Return codes for `Reshape` that give the target's lengths whatever the open ones are, or None.

    Codes are lengths, 0 (as the source's axis here), -1 (the rest, once), -3 (two axes in one) and -4 (one in two).
    """
    stack: list[tuple[int, int, bool, list[int]]] = [(0, 0, False, [])]
    while stack:
        k, s, guessed, codes = stack.pop()
        if k == len(target):
            return codes
        options: list[tuple[int, int, bool, list[int]]] = []
        lengths = target[k]
        here = source[s] if s < len(source) else None
        if not is_open(lengths) and lengths[0] > 0:
            options.append((k + 1, s + 1, guessed, [*codes, lengths[0]]))
        elif here == lengths:
            options.append((k + 1, s + 1, guessed, [*codes, 0]))
        else:
            if s + 1 < len(source) and _product(source[s], source[s + 1]) == lengths:
                options.append((k + 1, s + 2, guessed, [*codes, -3]))
            if not guessed:
                options.append((k + 1, s + 1, True, [*codes, -1]))
        if here is not None and k + 1 < len(target) and is_open(here):
            pair = (target[k], target[k + 1])
            if _product(*pair) == here and not all(map(is_open, pair)):
                parts = [-1 if is_open(part) else part[0] for part in pair]
                options.append((k + 2, s + 1, guessed, [*codes, -4, *parts]))
        stack += options[::-1]
    return None


def _product(one: Lengths, other: Lengths) -> Lengths:
    return tuple(a * b for a, b in zip(one, other))


def worlds_of(value: Value) -> tuple[Shape, ...]:
    """Return the shape of a tensor in each world."""
    known = tuple(shape for shape in value.shapes if shape is not None)
    if len(known) < WORLDS:
        raise Unsupported(f"the shape of {value.name!r} is not known")
    return known
