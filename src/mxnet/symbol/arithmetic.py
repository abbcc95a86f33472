"""Python's operators on symbols, and the functions of the same meaning (``mx.sym.maximum`` ...)."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import base
from . import _internal, op

if TYPE_CHECKING:
    from .symbol import Symbol

    Operand = Symbol | float

NUMBERS = (int, float, np.generic)


def _is_symbol(value: Any) -> bool:
    from .symbol import Symbol

    return isinstance(value, Symbol)


def _method(symbol: str, symbols: Any, scalar: Any) -> Callable[[Any, Any], Any]:
    def method(self: Symbol, other: Operand) -> Symbol:
        if isinstance(other, NUMBERS):
            return scalar(
                self, scalar=int(other) if isinstance(other, bool) else other
            )  # "True" is no number in a file
        if symbols is not None and _is_symbol(other):
            return symbols(self, other)
        raise base.TypeError(f"symbol {symbol} other: type {type(other)} not supported, expected a Symbol or a number")

    return method


#: symbol, method, function of symbols, of symbol and number, of number and symbol
_BINARY = (
    ("+", "add", _internal._Plus, _internal._PlusScalar, _internal._PlusScalar),
    ("-", "sub", _internal._Minus, _internal._MinusScalar, _internal._RMinusScalar),
    ("*", "mul", _internal._Mul, _internal._MulScalar, _internal._MulScalar),
    ("/", "truediv", _internal._Div, _internal._DivScalar, _internal._RDivScalar),
    ("%", "mod", _internal._Mod, _internal._ModScalar, _internal._RModScalar),
    ("**", "pow", _internal._Power, _internal._PowerScalar, _internal._rpower_scalar),
)
_COMPARISONS = (
    ("==", "eq", _internal._equal, _internal._equal_scalar),
    ("!=", "ne", _internal._not_equal, _internal._not_equal_scalar),
    (">", "gt", _internal._greater, _internal._greater_scalar),
    (">=", "ge", _internal._greater_equal, _internal._greater_equal_scalar),
    ("<", "lt", _internal._lesser, _internal._lesser_scalar),
    ("<=", "le", _internal._lesser_equal, _internal._lesser_equal_scalar),
)


def methods() -> dict[str, Any]:
    """Return the operator methods of Symbol by name."""
    found: dict[str, Any] = {}
    for symbol, name, symbols, scalar, reflected in _BINARY:
        found[f"__{name}__"] = _method(symbol, symbols, scalar)
        found[f"__r{name}__"] = _method(symbol, None, reflected)
    for symbol, name, symbols, scalar in _COMPARISONS:
        found[f"__{name}__"] = _method(symbol, symbols, scalar)
    found["__neg__"] = lambda self: _internal._MulScalar(self, scalar=-1.0)
    found["__abs__"] = op.abs
    for name in ("add", "sub", "mul", "truediv", "mod", "pow"):
        found[f"__i{name}__"] = _refuse_in_place
    for name in ("truediv", "rtruediv"):  # Python 2's names, which some programs call
        found[f"__{name.replace('true', '')}__"] = found[f"__{name}__"]
    return found


def _refuse_in_place(self: Symbol, other: Any) -> Symbol:
    raise base.NotImplementedForSymbol("in-place arithmetic", "+=, -=, *=, /=, %=")


def _function(name: str, meaning: str, symbols: Any, scalar: Any, reflected: Any, numbers: Any) -> Any:
    def function(left: Operand, right: Operand) -> Any:
        if _is_symbol(left):
            if _is_symbol(right):
                return symbols(left, right)
            if isinstance(right, NUMBERS):
                return scalar(left, scalar=right)
        elif isinstance(left, NUMBERS):
            if _is_symbol(right):
                return reflected(right, scalar=left)
            if isinstance(right, NUMBERS):
                return numbers(left, right)
        raise base.TypeError(f"{name}: types ({type(left)}, {type(right)}) not supported, expected Symbols or numbers")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{meaning}, element by element; two numbers give a number.

    Parameters
    ----------
    left, right : Symbol or number
        Operands of one shape.

    Raises
    ------
    TypeError
        For anything else than symbols and numbers.
    """
    return function


def functions() -> dict[str, Any]:
    """Return the functions of ``mx.sym`` by name."""
    found = {
        "maximum": _function("maximum", "Larger of both", _internal._Maximum, _internal._MaximumScalar,
                             _internal._MaximumScalar, builtins.max),
        "minimum": _function("minimum", "Smaller of both", _internal._Minimum, _internal._MinimumScalar,
                             _internal._MinimumScalar, builtins.min),
        "hypot": _function("hypot", "Length of the hypotenuse", _internal._Hypot, _internal._HypotScalar,
                           _internal._HypotScalar, lambda a, b: float(np.hypot(a, b))),
    }  # fmt: skip

    def power(base: Operand, exp: Operand) -> Any:
        """First operand to the power of the second, element by element; two numbers give a number."""
        return _power(base, exp)

    _power = _function("power", "First operand to the power of the second", _internal._Power, _internal._PowerScalar,
                       _internal._RPowerScalar, lambda a, b: a**b)  # fmt: skip
    found["power"] = found["pow"] = power
    return found
