"""Python's operators on arrays, and the functions of the same meaning (``mx.nd.add``, ``mx.nd.maximum`` ...).

Two arrays broadcast and must have one dtype; a number is cast to the array's dtype first.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import base
from . import _internal, op
from .dispatch import NDArrayBase, check_writable

if TYPE_CHECKING:
    from .ndarray import NDArray

    Operand = NDArray | float

NUMBERS = (int, float, np.generic)


def _unsupported(what: str, value: Any) -> base.MXNetError:
    hint = "; mx.nd.array(...) makes an NDArray of it" if isinstance(value, (np.ndarray, list, tuple)) else ""
    return base.TypeError(f"{what}: type {type(value)} not supported, expected an NDArray or a number{hint}")


def _method(symbol: str, arrays: Any, scalar: Any) -> Callable[[Any, Any], Any]:
    """Return the method of ``x <symbol> other``, where `scalar` takes (x, number)."""

    def method(self: NDArray, other: Operand) -> NDArray:
        if isinstance(other, NDArrayBase):
            return arrays(self, other)
        if isinstance(other, NUMBERS):
            return scalar(self, float(other))
        raise _unsupported(f"x {symbol} other", other)

    return method


def _reflected(symbol: str, scalar: Any) -> Callable[[Any, Any], Any]:
    """Return the method of ``number <symbol> x``."""

    def method(self: NDArray, other: float) -> NDArray:
        if isinstance(other, NUMBERS):
            return scalar(self, float(other))
        raise _unsupported(f"other {symbol} x", other)

    return method


def _in_place(symbol: str, arrays: Any, scalar: Any) -> Callable[[Any, Any], Any]:
    """Return the method of ``x <symbol>= other``, which overwrites the array's memory."""

    def method(self: NDArray, other: Operand) -> NDArray:
        if isinstance(other, NDArrayBase):
            return arrays(self, other, out=self)
        if isinstance(other, NUMBERS):
            check_writable(f"x {symbol}= other", self)
            return scalar(self, float(other), out=self)
        raise _unsupported(f"x {symbol}= other", other)

    return method


#: symbol, method, function of arrays, function of array and number, the same with the number first
_BINARY = (
    ("+", "add", op.broadcast_add, _internal._plus_scalar, _internal._plus_scalar),
    ("-", "sub", op.broadcast_sub, _internal._minus_scalar, _internal._rminus_scalar),
    ("*", "mul", op.broadcast_mul, _internal._mul_scalar, _internal._mul_scalar),
    ("/", "truediv", op.broadcast_div, _internal._div_scalar, _internal._rdiv_scalar),
    ("%", "mod", op.broadcast_mod, _internal._mod_scalar, _internal._rmod_scalar),
    ("**", "pow", op.broadcast_power, _internal._power_scalar, _internal._rpower_scalar),
)
_COMPARISONS = (
    ("==", "eq", op.broadcast_equal, _internal._equal_scalar),
    ("!=", "ne", op.broadcast_not_equal, _internal._not_equal_scalar),
    (">", "gt", op.broadcast_greater, _internal._greater_scalar),
    (">=", "ge", op.broadcast_greater_equal, _internal._greater_equal_scalar),
    ("<", "lt", op.broadcast_lesser, _internal._lesser_scalar),
    ("<=", "le", op.broadcast_lesser_equal, _internal._lesser_equal_scalar),
)


def methods() -> dict[str, Any]:
    """Return the operator methods of NDArray by name."""
    found: dict[str, Any] = {}
    for symbol, name, arrays, scalar, reflected in _BINARY:
        found[f"__{name}__"] = _method(symbol, arrays, scalar)
        found[f"__r{name}__"] = _reflected(symbol, reflected)
        if name != "pow":
            found[f"__i{name}__"] = _in_place(symbol, arrays, scalar)
    for symbol, name, arrays, scalar in _COMPARISONS:
        found[f"__{name}__"] = _method(symbol, arrays, scalar)
    found["__neg__"] = lambda self: _internal._mul_scalar(self, -1.0)
    found["__abs__"] = op.abs
    for name in ("truediv", "rtruediv", "itruediv"):  # Python 2's names, which some programs call
        found[f"__{name.replace('true', '')}__"] = found[f"__{name}__"]
    found["__hash__"] = object.__hash__
    for name, method in found.items():
        if method.__name__ in ("method", "<lambda>"):
            method.__name__ = name
            method.__qualname__ = f"NDArray.{name}"
    return found


def _function(name: str, meaning: str, arrays: Any, scalar: Any, reflected: Any, numbers: Any) -> Any:
    """Return ``mx.nd.<name>(lhs, rhs)`` for arrays and numbers on either side."""

    def function(lhs: Operand, rhs: Operand) -> Any:
        left, right = isinstance(lhs, NDArrayBase), isinstance(rhs, NDArrayBase)
        if left and right:
            return arrays(lhs, rhs)
        if left and isinstance(rhs, NUMBERS):
            return scalar(lhs, float(rhs))
        if right and isinstance(lhs, NUMBERS):
            return reflected(rhs, float(lhs))
        if isinstance(lhs, NUMBERS) and isinstance(rhs, NUMBERS):
            return numbers(lhs, rhs)
        raise _unsupported(name, rhs if left or isinstance(lhs, NUMBERS) else lhs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{meaning}, element by element with broadcasting; two numbers give a number.

    Parameters
    ----------
    lhs, rhs : NDArray or number
        Arrays of one dtype whose shapes broadcast, or numbers.

    Returns
    -------
    NDArray, or a number for two numbers

    Raises
    ------
    MXNetError
        If shapes do not broadcast or dtypes differ; TypeError for anything else than arrays and numbers.
    """
    return function


def _renamed(power: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Give ``power`` the names of parameters that MXNet's has."""

    def function(base: Operand, exp: Operand) -> Any:
        return power(base, exp)

    function.__name__ = function.__qualname__ = "power"
    function.__doc__ = (power.__doc__ or "").replace("lhs, rhs", "base, exp")
    return function


def functions() -> dict[str, Any]:
    """Return the functions of ``mx.nd`` by name."""
    names = {
        "add": ("add", "Sum", lambda a, b: a + b),
        "sub": ("subtract", "Difference", lambda a, b: a - b),
        "mul": ("multiply", "Product", lambda a, b: a * b),
        "truediv": ("divide", "Quotient", lambda a, b: a / b),
        "mod": ("modulo", "Remainder with the sign of the divisor", lambda a, b: a % b),
        "pow": ("power", "First operand to the power of the second", lambda a, b: a**b),
    }
    comparisons = {
        "eq": ("equal", "1 where equal, else 0", _internal._equal_scalar),
        "ne": ("not_equal", "1 where different, else 0", _internal._not_equal_scalar),
        "gt": ("greater", "1 where the first is greater, else 0", _internal._lesser_scalar),
        "ge": ("greater_equal", "1 where the first is greater or equal, else 0", _internal._lesser_equal_scalar),
        "lt": ("lesser", "1 where the first is less, else 0", _internal._greater_scalar),
        "le": ("lesser_equal", "1 where the first is less or equal, else 0", _internal._greater_equal_scalar),
    }
    found: dict[str, Any] = {}
    for _, name, arrays, scalar, reflected in _BINARY:
        public, meaning, numbers = names[name]
        found[public] = _function(public, meaning, arrays, scalar, reflected, numbers)
    found["true_divide"] = found["divide"]
    found["power"] = _renamed(found["power"])
    for symbol, name, arrays, scalar in _COMPARISONS:
        public, meaning, reflected = comparisons[name]
        compare = _python_comparison(symbol)
        found[public] = _function(public, meaning, arrays, scalar, reflected, compare)
    others = (
        ("maximum", "Larger of both", op.broadcast_maximum, _internal._maximum_scalar, builtins.max),
        ("minimum", "Smaller of both", op.broadcast_minimum, _internal._minimum_scalar, builtins.min),
        ("logical_and", "1 where both are nonzero, else 0", op.broadcast_logical_and, _internal._logical_and_scalar,
         lambda a, b: bool(a and b)),
        ("logical_or", "1 where any is nonzero, else 0", op.broadcast_logical_or, _internal._logical_or_scalar,
         lambda a, b: bool(a or b)),
        ("logical_xor", "1 where exactly one is nonzero, else 0", op.broadcast_logical_xor,
         _internal._logical_xor_scalar, lambda a, b: bool(a) != bool(b)),
    )  # fmt: skip
    for public, meaning, arrays, scalar, numbers in others:
        found[public] = _function(public, meaning, arrays, scalar, scalar, numbers)
    return found


def _python_comparison(symbol: str) -> Callable[[Any, Any], bool]:
    import operator

    return {"==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt,
            "<=": operator.le}[symbol]  # fmt: skip
