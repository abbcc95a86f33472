"""What a pickle may make besides plain values: bytes, containers and NumPy's arrays, from arguments that are checked.

A pickle names the functions that made its values. Here each such name stands for a function of this module, which
takes nothing on trust: see `mxnet._runtime.pickles`.
"""

from __future__ import annotations

import collections
import math
import re
from collections.abc import Callable, Hashable
from typing import Any, NoReturn, cast

import numpy as np

_LARGEST_KEY = 2**60  # integers below it have hashes of their own


class Refused(Exception):
    """What is wrong with an instruction; the machine adds the place."""


class Maker:
    """A function that a pickle may name: what it does here to its checked arguments."""

    __slots__ = ("function", "name")

    def __init__(self, name: str, function: Callable[..., Any] | None = None) -> None:
        self.name = name
        self.function = function


def bytes_of(value: Any) -> bytes:
    """Return bytes; text is what Python 2 had as bytes."""
    if isinstance(value, str):
        return value.encode("latin-1")
    if not isinstance(value, (bytes, bytearray)):
        raise Refused(f"bytes are needed, it gives a {type(value).__name__}")
    return bytes(value)


def _make_bytes(*arguments: Any) -> bytes:
    if len(arguments) > 1 and arguments[1] not in ("latin1", "latin-1"):
        raise Refused("bytes are written as Latin-1 text, here is another encoding")
    return bytes_of(arguments[0]) if arguments else b""


def _make_list(items: Any = ()) -> list[Any]:
    if not isinstance(items, (list, tuple)):
        raise Refused(f"a list of items is needed, it gives a {type(items).__name__}")
    return list(cast("list[Any]", items))


def _make_set(items: Any = ()) -> set[Any]:
    return {key_of(item) for item in _make_list(items)}


def _make_ordered(items: Any = ()) -> collections.OrderedDict[Any, Any]:
    pairs = _make_list(items)
    if not all(isinstance(pair, (list, tuple)) and len(cast("list[Any]", pair)) == 2 for pair in pairs):
        raise Refused("an OrderedDict needs pairs")
    return collections.OrderedDict((key_of(key), value) for key, value in pairs)


def _make_default(factory: Any = None) -> collections.defaultdict[Any, Any]:
    if factory is not None and factory not in (int, float, list, dict, set, bool, str, tuple):
        raise Refused("a defaultdict makes builtin values only")
    return collections.defaultdict(factory)


def _make_complex(real: Any, imaginary: Any) -> complex:
    if not isinstance(real, (int, float)) or not isinstance(imaginary, (int, float)):
        raise Refused("a complex number needs two numbers")
    return complex(real, imaginary)


def _make_dtype(text: Any, *rest: Any) -> Any:
    if isinstance(text, (bytes, bytearray)):
        text = bytes(text).decode("latin-1")
    if not isinstance(text, str) or not re.fullmatch(r"[<>=|]?([?bBhHiIlLqQefdgFD]|[biufcSUV][0-9]{1,9})", text):
        raise Refused("NumPy arrays of numbers, truth values and text are read; this dtype is none")
    return np.dtype(text, copy=True)  # type: ignore[call-overload]


def check_dtype(dtype: Any) -> Any:
    if not isinstance(dtype, np.dtype) or not dtype.itemsize or (dtype.kind not in "biufcSU" and dtype != _BFLOAT16):
        raise Refused("NumPy arrays of numbers, truth values and text are read; this dtype is none")
    return cast("Any", dtype)


def _make_array(kind: Any, *_: Any) -> Any:
    if kind is not np.ndarray:
        raise Refused("only plain NumPy arrays are read")
    return np.ndarray((0,), np.int8)


def _make_scalar(dtype: Any, data: Any) -> Any:
    data = bytes_of(data)
    if len(data) != check_dtype(dtype).itemsize:
        raise Refused(f"{len(data)} bytes for one {dtype}")
    _check_text(dtype, data)
    return np.frombuffer(data, dtype)[0]


def _make_from_buffer(buffer: Any, dtype: Any, shape: Any, order: Any) -> Any:
    if not isinstance(buffer, (bytes, bytearray)) or order not in ("C", "F"):
        raise Refused("an array needs bytes and an order, C or F")
    _check_size(shape, check_dtype(dtype), len(buffer))
    _check_text(dtype, buffer)
    return np.frombuffer(buffer, dtype).reshape(shape, order=order)


def _check_text(dtype: Any, data: bytes | bytearray) -> None:
    """Refuse text of numbers that are no characters, which NumPy takes and then fails to print."""
    if (
        dtype.kind == "U"
        and data
        and np.frombuffer(data, np.dtype(np.uint32).newbyteorder(dtype.byteorder)).max() > 0x10FFFF
    ):
        raise Refused("text of numbers that are no characters")


def _check_size(shape: Any, dtype: Any, length: int) -> None:
    sizes = cast("tuple[int, ...]", shape) if isinstance(shape, tuple) else (-1,)
    if len(sizes) > 32 or not all(type(size) is int and 0 <= size < 2**62 for size in sizes):
        raise Refused("the shape of an array is a tuple of up to 32 lengths")
    if math.prod(sizes) * dtype.itemsize != length:
        raise Refused(f"{length} bytes for an array {dtype} of shape {sizes}")


_BFLOAT16 = np.dtype([("bfloat16", np.uint16)])


def key_of(value: Any) -> Hashable:
    """Return a key of a dict or an item of a set, whose hash is quick to find and its own."""
    if isinstance(value, tuple):
        items = cast("tuple[Any, ...]", value)
        if len(items) <= 32:
            return tuple(key_of(item) if not isinstance(item, tuple) else _wrong_key(item) for item in items)
    elif type(value) is int:
        if -_LARGEST_KEY < value < _LARGEST_KEY:
            return value
    elif value is None or isinstance(value, (str, bytes, bool, float, np.generic, type)):
        return value
    return _wrong_key(value)


def _wrong_key(value: Any) -> NoReturn:
    raise Refused(f"a {type(value).__name__} as a key; text, numbers and short tuples of them are read")


_MAKERS: dict[str, Callable[..., Any]] = {
    "_codecs.encode": _make_bytes,
    "builtins.bytearray": lambda *items: bytearray(_make_bytes(*items)),
    "builtins.bytes": _make_bytes,
    "builtins.complex": _make_complex,
    "builtins.frozenset": lambda items=(): frozenset(_make_set(items)),
    "builtins.list": _make_list,
    "builtins.set": _make_set,
    "builtins.tuple": lambda items=(): tuple(_make_list(items)),
    "collections.OrderedDict": _make_ordered,
    "collections.defaultdict": _make_default,
    "numpy.core.multiarray._reconstruct": _make_array,
    "numpy.core.multiarray.scalar": _make_scalar,
    "numpy.core.numeric._frombuffer": _make_from_buffer,
    "numpy.dtype": _make_dtype,
}

#: Builtin types and NumPy's are values, too: a defaultdict holds one.
_TYPES: dict[str, type] = {
    f"builtins.{kind.__name__}": kind
    for kind in (bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, object)
}
_TYPES["numpy.ndarray"] = np.ndarray
for _name in ("bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
              "float64", "complex64", "complex128"):  # fmt: skip
    _TYPES[f"numpy.{_name}"] = getattr(np, _name)
_OLD_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
_OLD_NAMES = {"builtins.unicode": "builtins.str", "builtins.long": "builtins.int", "numpy.bool": "numpy.bool_"}


def find(module: str, name: str) -> Maker | type | None:
    """Return what a global of Python or NumPy stands for: something to make values with, a type, or None."""
    module = _OLD_MODULES.get(module, module)
    if module.startswith("numpy._core"):
        module = module.replace("numpy._core", "numpy.core", 1)
    full = _OLD_NAMES.get(f"{module}.{name}", f"{module}.{name}")
    if full in _TYPES:
        return _TYPES[full]
    return Maker(full, _MAKERS[full]) if full in _MAKERS else None


def make(what: Any, arguments: tuple[Any, ...]) -> Any:
    """Return what a global makes of its arguments; Refused if it makes nothing."""
    if isinstance(what, type):
        found = _MAKERS.get(f"{what.__module__}.{what.__name__}")
    else:
        found = what.function if isinstance(what, Maker) else None
    if found is None:
        raise Refused(f"it calls {what.__qualname__ if isinstance(what, type) else 'what is no function'}")
    return found(*arguments)


def fill_dtype(dtype: Any, state: Any) -> None:
    """Set the byte order of a dtype, or the field of a bfloat16."""
    if state[3:5] == (("bfloat16",), {"bfloat16": (np.dtype(np.uint16), 0)}) and dtype == np.dtype("V2"):
        dtype.__setstate__(_BFLOAT16.__reduce__()[2])
        return
    if state[1] not in ("<", ">", "|", "=") or any(item is not None for item in state[2:5]):
        raise Refused("NumPy arrays of numbers, truth values and text are read; this dtype is none")
    dtype.__setstate__(dtype.newbyteorder(state[1]).__reduce__()[2])


def fill_array(array: Any, state: Any) -> None:
    """Give an array its shape, dtype and values."""
    _, shape, dtype, fortran, data = state if len(state) == 5 else (1, *state)
    data = bytes_of(data)
    _check_size(shape, check_dtype(dtype), len(data))
    _check_text(dtype, data)
    array.__setstate__((1, shape, dtype, fortran is True or fortran == 1, data))
