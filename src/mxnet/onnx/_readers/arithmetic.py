"""Functions of several tensors, element by element, with broadcasting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call, with_rank
from .registry import reads
from .values import Value

#: ONNX operator -> operators on tensors of one shape, on tensors that broadcast, and with a number on the right.
_BINARY: dict[str, tuple[Any, Any, Callable[[Any, float], Any]]] = {
    "Add": (sym.elemwise_add, sym.broadcast_add, lambda x, number: x + number),
    "Sub": (sym.elemwise_sub, sym.broadcast_sub, lambda x, number: x - number),
    "Mul": (sym.elemwise_mul, sym.broadcast_mul, lambda x, number: x * number),
    "Div": (sym.elemwise_div, sym.broadcast_div, lambda x, number: x / number),
}
_COMPARISONS: dict[str, tuple[Any, Callable[[Any, float], Any]]] = {
    "Equal": (sym.broadcast_equal, lambda x, number: x == number),
    "Greater": (sym.broadcast_greater, lambda x, number: x > number),
    "GreaterOrEqual": (sym.broadcast_greater_equal, lambda x, number: x >= number),
    "Less": (sym.broadcast_lesser, lambda x, number: x < number),
    "LessOrEqual": (sym.broadcast_lesser_equal, lambda x, number: x <= number),
}
_LOGICAL = {"And": sym.broadcast_logical_and, "Or": sym.broadcast_logical_or, "Xor": sym.broadcast_logical_xor}
_MOST_EXACT = 2**24


def number_of(value: Value) -> float | None:
    """Return what a tensor holds if it is one known number that an operator takes as an attribute."""
    array = value.constant
    if array is None or array.shape != () or array.dtype == bool:
        return None
    number = array.item()
    if isinstance(number, int) and abs(number) > _MOST_EXACT:
        return None
    return number


def _of_one_shape(call: Call) -> bool:
    first, second = call.value(0).shapes, call.value(1).shapes
    return first == second and None not in first


@reads(*_BINARY)
def binary(call: Call) -> Symbol:
    """Read arithmetic."""
    plain, broadcasting, scalar = _BINARY[call.operator]
    left, right = number_of(call.value(0)), number_of(call.value(1))
    if right is not None and not (call.operator == "Div" and "int" in call.dtype()):
        return scalar(call[0], right)
    if left is not None and call.operator in ("Add", "Mul"):
        return scalar(call[1], left)
    if left is not None and "int" not in call.dtype():
        return left - call[1] if call.operator == "Sub" else left / call[1]
    return plain(call[0], call[1]) if _of_one_shape(call) else broadcasting(call[0], call[1])


@reads(*_COMPARISONS)
def comparison(call: Call) -> Symbol:
    """Read comparisons."""
    broadcasting, scalar = _COMPARISONS[call.operator]
    right = number_of(call.value(1))
    return scalar(call[0], right) if right is not None else broadcasting(call[0], call[1])


@reads(*_LOGICAL)
def logical(call: Call) -> Symbol:
    """Read and, or, exclusive or; MXNet computes them in numbers."""
    left, right = (sym.Cast(call[index], dtype="uint8") for index in (0, 1))
    return _LOGICAL[call.operator](left, right)


@reads("Pow")
def power(call: Call) -> Symbol:
    """Read powers; the result has the type of the base."""
    exponent = number_of(call.value(1))
    if exponent is not None and "int" not in call.dtype():
        return sym.square(call[0]) if exponent == 2 else sym.sqrt(call[0]) if exponent == 0.5 else call[0] ** exponent
    base, power = call[0], call[1]
    if call.dtype(0) != call.dtype(1):
        wide = "float64" if "int" in call.dtype(0) or "64" in call.dtype(1) else call.dtype(0)
        base, power = sym.Cast(base, dtype=wide), sym.Cast(power, dtype=wide)
    return sym.Cast(sym.broadcast_power(base, power), dtype=call.dtype(0))


@reads("Mod")
def modulo(call: Call) -> Symbol:
    """Read the remainder with the divisor's sign, or with the dividend's (fmod)."""
    if not call.attribute("fmod", 0):
        return sym.broadcast_mod(call[0], call[1])
    whole = sym.broadcast_mod(sym.abs(call[0]), sym.abs(call[1]))
    return whole * sym.sign(call[0]) if _of_one_shape(call) else sym.broadcast_mul(whole, sym.sign(call[0]))


@reads("BitShift")
def bit_shift(call: Call) -> Symbol:
    """Read a shift of integers: a multiplication with, or a division by, a power of two."""
    width = {"int8": 8, "uint8": 8, "int32": 32}.get(call.dtype())
    if width is None or call.onnx_dtype(0) != call.dtype():
        call.refuse(f"shifts bits of {call.onnx_dtype(0)}; only those of int8, uint8 and int32 can be")
    value, count = sym.Cast(call[0], dtype="float64"), sym.Cast(call[1], dtype="float64")
    inside = sym.Cast((count >= 0) * (count < width), dtype="float64")
    if call.text("direction", "") == "RIGHT":  # beyond the width only the sign is left
        power = 2 ** (inside * count + (1 - inside) * width)
        return sym.Cast(sym.floor(sym.broadcast_div(value, power)), dtype=call.dtype())
    moved = sym.broadcast_mul(value, inside * 2 ** (inside * count))
    low = 0 if call.dtype() == "uint8" else 2.0 ** (width - 1)  # bits that are shifted out are lost
    wrapped = moved + low
    return sym.Cast(wrapped - 2.0**width * sym.floor(wrapped / 2.0**width) - low, dtype=call.dtype())


@reads("Max", "Min", "Sum", "Mean")
def several(call: Call) -> Symbol:
    """Read the largest, smallest, sum or mean of any number of tensors."""
    step = {"Max": sym.broadcast_maximum, "Min": sym.broadcast_minimum}.get(call.operator, sym.broadcast_add)
    count = len(call.inputs)
    if count == 1:
        return sym.identity(call[0])
    if call.operator in ("Sum", "Mean") and all(call.value(k).shapes == call.value(0).shapes for k in range(count)):
        found = sym.add_n(*(call[k] for k in range(count)))
    else:
        found = call[0]
        for number in range(1, count):
            found = step(found, call[number])
    return found / count if call.operator == "Mean" else found


@reads("Clip")
def clip(call: Call) -> Symbol:
    """Read limits: attributes before version 11, inputs since."""
    if all(not call.has(k) or call.value(k).constant is not None for k in (1, 2)):
        low, high = call.setting("min", 1, -np.inf), call.setting("max", 2, np.inf)
        return sym.clip(call[0], a_min=_number(low), a_max=_number(high))
    found = sym.broadcast_maximum(call[0], call[1]) if call.has(1) else call[0]
    return sym.broadcast_minimum(found, call[2]) if call.has(2) else found


def _number(value: Any) -> float:
    return float(np.asarray(value).reshape(-1)[0])


@reads("Where")
def where(call: Call) -> Symbol:
    """Read the choice between two tensors."""
    condition, one, other = spread(call, range(3))
    return sym.where(condition, one, other)


def spread(call: Call, indices: Sequence[int]) -> list[Symbol]:
    """Return inputs broadcast to their common shape."""
    values = [call.value(index) for index in indices]
    if all(value.shapes == values[0].shapes and None not in value.shapes for value in values):
        return [value.symbol for value in values]
    shapes = [value.shape for value in values]
    if all(shape is not None and None not in shape for shape in shapes):
        full = np.broadcast_shapes(*(shape or (1,) for shape in shapes))  # type: ignore[arg-type]
        found: list[Symbol] = []
        for value, shape in zip(values, shapes):
            symbol = with_rank(value.symbol, max(1, len(shape or ())), len(full))
            found.append(symbol if shape == full else sym.broadcast_to(symbol, shape=full))
        return found
    like = _plain_zeros(values[0].symbol)
    for value in values[1:]:  # zeros of the common shape, whatever it is when the model runs
        like = sym.broadcast_add(like, _plain_zeros(value.symbol))
    rank = max((len(shape) for shape in shapes if shape is not None), default=1)
    return [
        sym.broadcast_like(with_rank(value.symbol, max(1, len(shape)) if shape is not None else rank, rank), like)
        for value, shape in zip(values, shapes)
    ]


def _plain_zeros(symbol: Symbol) -> Symbol:
    return sym.Cast(sym.zeros_like(symbol), dtype="float32")
