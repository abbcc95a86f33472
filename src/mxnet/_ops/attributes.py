"""The types that an operator's attributes can have: how each is read from a string, checked and printed.

An operator declares its attributes as keyword-only parameters of a Python function; the annotation selects the
type here. MXNet keeps attributes as strings (in symbols and in JSON files), so every type reads its own spelling
back: ``"(3, 3)"``, ``"True"``, ``"float32"``, ``"None"``.
"""

from __future__ import annotations

import ast
import ctypes
import operator
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import torch

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "<required>"})()

DTYPES: dict[str, torch.dtype] = {
    "float32": torch.float32,
    "float64": torch.float64,
    "float16": torch.float16,
    "uint8": torch.uint8,
    "int32": torch.int32,
    "int8": torch.int8,
    "int64": torch.int64,
    "bool": torch.bool,
    "bfloat16": torch.bfloat16,
}
DTYPE_NAMES: dict[torch.dtype, str] = {dtype: name for name, dtype in DTYPES.items()}

#: MXNet's numbers for dtypes, as they stand in ``__dtype__`` attributes and in .params files.
TYPE_FLAGS: dict[int, torch.dtype] = {
    0: torch.float32,
    1: torch.float64,
    2: torch.float16,
    3: torch.uint8,
    4: torch.int32,
    5: torch.int8,
    6: torch.int64,
    7: torch.bool,
    12: torch.bfloat16,
}


class AttributeType:
    """How one attribute is read, checked and printed."""

    #: What the type is called in messages and reference pages.
    spelling: str = "value"

    #: Source of a test that is true when ``{0}`` already has the final form (skips `parse` on the fast path).
    accepts_as_is: str | None = None

    def parse(self, value: Any) -> Any:
        """Return the Python value for what a user or a file gave; raise ValueError when it does not fit."""
        raise NotImplementedError

    def print(self, value: Any) -> str:
        """Return the string that MXNet stores for `value`, as the user wrote it."""
        return str(value)

    def _misfit(self, value: Any) -> ValueError:
        return ValueError(f"expected {self.spelling}, got {value!r}")


@dataclass(frozen=True)
class IntType(AttributeType):
    minimum: int | None = None
    maximum: int | None = None

    @property
    def spelling(self) -> str:  # type: ignore[override]
        if self.minimum is None and self.maximum is None:
            return "int"
        if self.maximum is None:
            return f"int of at least {self.minimum}"
        return f"int from {self.minimum} to {self.maximum}"

    @property
    def accepts_as_is(self) -> str:  # type: ignore[override]
        test = "{0}.__class__ is int"
        if self.minimum is not None:
            test += f" and {{0}} >= {self.minimum}"
        if self.maximum is not None:
            test += f" and {{0}} <= {self.maximum}"
        return test

    def parse(self, value: Any) -> int:
        if isinstance(value, str):
            text = value.strip()
            if text in ("True", "False"):  # a bool that passed through a string
                return int(text == "True")
            try:
                number = int(text[:-1] if text.endswith("L") else text)
            except ValueError:
                raise self._misfit(value) from None
        else:
            try:
                number = value.__index__()
            except (AttributeError, TypeError):
                raise self._misfit(value) from None
        if (self.minimum is not None and number < self.minimum) or (self.maximum is not None and number > self.maximum):
            raise self._misfit(value)
        return number


@dataclass(frozen=True)
class FloatType(AttributeType):
    minimum: float | None = None
    maximum: float | None = None

    @property
    def spelling(self) -> str:  # type: ignore[override]
        if self.minimum is None and self.maximum is None:
            return "float"
        if self.maximum is None:
            return f"float of at least {self.minimum:g}"
        if self.minimum is None:
            return f"float of at most {self.maximum:g}"
        return f"float from {self.minimum} to {self.maximum}"

    @property
    def accepts_as_is(self) -> str:  # type: ignore[override]
        test = "{0}.__class__ is float"
        if self.minimum is not None:
            test += f" and {{0}} >= {self.minimum}"
        if self.maximum is not None:
            test += f" and {{0}} <= {self.maximum}"
        return test

    def parse(self, value: Any) -> float:
        if isinstance(value, (list, tuple, dict, type(None))):
            raise self._misfit(value)
        try:
            number = float(value) if value not in ("True", "False") else float(value == "True")
        except (TypeError, ValueError):
            raise self._misfit(value) from None
        if (self.minimum is not None and number < self.minimum) or (self.maximum is not None and number > self.maximum):
            raise self._misfit(value)
        return number


@dataclass(frozen=True)
class BoolType(AttributeType):
    spelling = "boolean"
    accepts_as_is = "{0}.__class__ is bool"

    def parse(self, value: Any) -> bool:
        if isinstance(value, str):
            text = value.strip().lower()
            if text in ("true", "1"):
                return True
            if text in ("false", "0"):
                return False
        elif isinstance(value, (bool, np.bool_)) or (isinstance(value, (int, np.integer)) and value in (0, 1)):
            return bool(value)
        raise self._misfit(value)


@dataclass(frozen=True)
class StringType(AttributeType):
    spelling = "string"
    accepts_as_is = "{0}.__class__ is str"

    def parse(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class EnumType(AttributeType):
    values: tuple[str, ...]

    @property
    def spelling(self) -> str:  # type: ignore[override]
        return "one of " + ", ".join(repr(value) for value in self.values)

    @property
    def accepts_as_is(self) -> str:  # type: ignore[override]
        return f"{{0}} in {self.values!r}"

    def parse(self, value: Any) -> str:
        text = str(value)
        if text not in self.values:
            raise self._misfit(value)
        return text


@dataclass(frozen=True)
class IntTupleType(AttributeType):
    """A tuple of ints; a single int stands for a tuple of one. With `optional_items`, None may stand in it."""

    optional_items: bool = False
    bare_int: bool = False  # keep a single int as an int (MXNet's "int or tuple")

    @property
    def spelling(self) -> str:  # type: ignore[override]
        items = "tuple of int or None" if self.optional_items else "tuple of int"
        return f"int or {items}" if self.bare_int else items

    def _item(self, item: Any) -> int | None:
        if self.optional_items and item is None:
            return None
        return operator.index(item)

    def parse(self, value: Any) -> tuple[int | None, ...] | int:
        if isinstance(value, str):
            value = _literal(value, self)
        if hasattr(value, "__index__"):
            number = value.__index__()
            return number if self.bare_int else (number,)
        try:
            return tuple(self._item(item) for item in value)
        except (AttributeError, TypeError):
            raise self._misfit(value) from None


@dataclass(frozen=True)
class FloatTupleType(AttributeType):
    spelling = "tuple of float"

    def parse(self, value: Any) -> tuple[float, ...]:
        if isinstance(value, str):
            value = _literal(value, self)
        if isinstance(value, (int, float)):
            return (float(value),)
        try:
            return tuple(float(item) for item in value)
        except (TypeError, ValueError):
            raise self._misfit(value) from None


@dataclass(frozen=True)
class DTypeType(AttributeType):
    spelling = "dtype (" + ", ".join(DTYPES) + ")"
    accepts_as_is = "{0}.__class__ is _torch_dtype"

    def parse(self, value: Any) -> torch.dtype:
        try:
            return torch_dtype(value)
        except TypeError:
            raise self._misfit(value) from None

    def print(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        return DTYPE_NAMES[torch_dtype(value)]


@dataclass(frozen=True)
class OptionalType(AttributeType):
    inner: AttributeType

    @property
    def spelling(self) -> str:  # type: ignore[override]
        return f"{self.inner.spelling} or None"

    @property
    def accepts_as_is(self) -> str | None:  # type: ignore[override]
        inner = self.inner.accepts_as_is
        return "{0} is None" if inner is None else f"{{0}} is None or ({inner})"

    def parse(self, value: Any) -> Any:
        if value is None or (isinstance(value, str) and value.strip() == "None"):
            return None
        return self.inner.parse(value)

    def print(self, value: Any) -> str:
        return "None" if value is None else self.inner.print(value)


def _literal(text: str, kind: AttributeType) -> Any:
    try:
        return ast.literal_eval(text.strip().replace("L", ""))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"expected {kind.spelling}, got {text!r}") from None


def single(value: float) -> float:
    """Return the float32 next to `value`: MXNet keeps most numbers among its attributes in single precision."""
    return ctypes.c_float(value).value


def torch_dtype(value: Any) -> torch.dtype:
    """Return the torch dtype for a name, a NumPy dtype or type, or a torch dtype; TypeError when there is none."""
    if isinstance(value, torch.dtype):
        found = value if value in DTYPE_NAMES else None
    elif isinstance(value, str) and value in DTYPES:
        found = DTYPES[value]
    elif getattr(value, "names", None) == ("bfloat16",):  # MXNet's NumPy spelling of bfloat16
        found = torch.bfloat16
    else:
        found = DTYPES.get(np.dtype(value).name)
    if found is None:
        raise TypeError(f"no such dtype: {value!r}; expected one of {', '.join(DTYPES)}")
    return found


# What operator signatures are written with. Type checkers see the first argument, the registry the second.
PositiveInt = Annotated[int, IntType(minimum=1)]
NonNegativeInt = Annotated[int, IntType(minimum=0)]
UnitFloat = Annotated[float, FloatType(minimum=0.0, maximum=1.0)]
Shape = Annotated[tuple[int, ...], IntTupleType()]
ShapeOrInt = Annotated[tuple[int, ...] | int, IntTupleType(bare_int=True)]
OptionalItems = Annotated[tuple[int | None, ...], IntTupleType(optional_items=True)]
Floats = Annotated[tuple[float, ...], FloatTupleType()]
DType = Annotated[torch.dtype, DTypeType()]

_PLAIN: dict[Any, Callable[[], AttributeType]] = {
    int: IntType,
    float: FloatType,
    bool: BoolType,
    str: StringType,
    torch.dtype: DTypeType,
}


def attribute_type(annotation: Any) -> AttributeType:
    """Return the attribute type that an annotation stands for."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]()
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        for extra in annotation.__metadata__:
            if isinstance(extra, AttributeType):
                return extra
        return attribute_type(annotation.__origin__)
    if origin is Literal:
        return EnumType(tuple(typing.get_args(annotation)))
    if origin in (typing.Union, types.UnionType):
        inner = [argument for argument in typing.get_args(annotation) if argument is not type(None)]
        if len(inner) == 1 and len(typing.get_args(annotation)) == 2:
            return OptionalType(attribute_type(inner[0]))
    raise TypeError(f"no attribute type for the annotation {annotation!r}; see mxnet/_ops/attributes.py")
