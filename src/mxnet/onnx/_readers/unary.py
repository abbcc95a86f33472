"""Functions of one tensor, element by element, and casts."""

from __future__ import annotations

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .registry import reads

_SAME = {
    "Abs": sym.abs, "Acos": sym.arccos, "Acosh": sym.arccosh, "Asin": sym.arcsin, "Asinh": sym.arcsinh,
    "Atan": sym.arctan, "Atanh": sym.arctanh, "Ceil": sym.ceil, "Cos": sym.cos, "Cosh": sym.cosh, "Erf": sym.erf,
    "Exp": sym.exp, "Floor": sym.floor, "Identity": sym.identity, "Log": sym.log, "Neg": sym.negative,
    "Reciprocal": sym.reciprocal, "Sign": sym.sign, "Sin": sym.sin, "Sinh": sym.sinh,
    "Sqrt": sym.sqrt, "Tan": sym.tan,
}  # fmt: skip


@reads(*_SAME)
def same(call: Call) -> object:
    """Read a function that MXNet has, too."""
    if call.operator == "Identity" and call.value(0).items is not None:
        return call.value(0)
    return _SAME[call.operator](call[0])


@reads("Round")
def rounded(call: Call) -> Symbol:
    """Read rounding with halves to even numbers."""
    return to_even(call[0])


def to_even(x: Symbol) -> Symbol:
    """Return `x` rounded, with halves to even numbers."""
    up = sym.floor(x + 0.5)
    is_half = sym._internal._equal_scalar(up - x, scalar=0.5)
    return up - is_half * sym._internal._not_equal(up / 2, sym.floor(up / 2))


@reads("Not")
def negation(call: Call) -> Symbol:
    """Read logical not; MXNet computes it in numbers."""
    return sym.logical_not(sym.Cast(call[0], dtype="uint8"))


@reads("IsNaN")
def is_nan(call: Call) -> Symbol:
    """Read the test for NaN, which is unequal to itself."""
    return sym.broadcast_not_equal(call[0], call[0])


@reads("IsInf")
def is_infinite(call: Call) -> Symbol:
    """Read the test for infinity of either sign."""
    positive, negative = call.attribute("detect_positive", 1), call.attribute("detect_negative", 1)
    if positive and negative:
        return sym._internal._equal_scalar(sym.abs(call[0]), scalar=np.inf)
    if not positive and not negative:
        return sym.zeros_like(call[0])
    return sym._internal._equal_scalar(call[0], scalar=np.inf if positive else -np.inf)


@reads("Cast")
def cast(call: Call) -> Symbol:
    """Read a cast to another type."""
    return sym.Cast(call[0], dtype=call.element_type(call.attribute("to")))


@reads("CastLike")
def cast_like(call: Call) -> Symbol:
    """Read a cast to another tensor's type."""
    return sym.Cast(call[0], dtype=call.dtype(1))


@reads("BitwiseNot")
def bitwise_not(call: Call) -> Symbol:
    """Read the complement of all bits: -x - 1, in unsigned types 255 - x."""
    most = {"uint8": 2**8 - 1, "uint16": 2**16 - 1, "uint32": 2**32 - 1}.get(call.onnx_dtype(), -1)
    if call.onnx_dtype() == "uint64":
        call.refuse("turns the bits of uint64, which arrays cannot hold")
    return most - call[0]


@reads("Det")
def determinant(call: Call) -> Symbol:
    """Read the determinant of matrices."""
    return sym.linalg.det(call[0])
