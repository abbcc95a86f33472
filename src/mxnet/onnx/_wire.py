"""ONNX files as protocol buffers: arrays go between file and memory one at a time, past the ``onnx`` package.

A message is a row of fields, each behind a tag (its number and how its length is told). Of a model, only the field
``graph`` is taken apart, and of the graph only ``initializer``: everything else stays as bytes.

References
----------
Encoding: https://protobuf.dev/programming-guides/encoding. Numbers of fields: ``onnx.proto3`` of https://onnx.ai.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from .._runtime.params import _reserve as reserve
from .._runtime.params_reading import empty

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx

#: Numbers of fields: of ModelProto, GraphProto and TensorProto.
_GRAPH, _INITIALIZER, _RAW_DATA = 7, 5, 9
#: Fields of TensorProto that hold its elements. Floats and doubles lie there as in raw_data.
_DATA = frozenset((4, 5, 6, 7, _RAW_DATA, 10, 11))
_FLOAT_DATA, _DOUBLE_DATA, _EXTERNAL = 4, 10, (13, 14)
#: Element types whose elements are whole bytes: float32 to bool, float16 to uint64, bfloat16.
WHOLE = frozenset((1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 16))
_LENGTH_DELIMITED = 2
_BLOCK = 1 << 26  # bytes in one call of write


class Damaged(ValueError):
    """Bytes that are no protocol buffer."""


class Stored(NamedTuple):
    """Where the elements of an initializer lie: bytes of a file."""

    begin: int
    length: int


# -- reading ---------------------------------------------------------------------------------------------------------


def without_arrays(data: Any, least: int) -> tuple[bytes, dict[int, Stored]]:
    """Return a model's bytes without the elements of initializers, and where those lie, by the initializer's number.

    Initializers of less than `least` bytes, and those that are kept in an unusual way, stay as they are.
    """
    view = memoryview(data)
    pieces: list[bytes] = []
    stored: dict[int, Stored] = {}
    count = 0
    for number, wire, tag, begin, end in _fields(view, 0, len(view)):
        if number != _GRAPH or wire != _LENGTH_DELIMITED:
            pieces.append(bytes(view[tag:end]))
            continue
        inner: list[bytes] = []
        for number, wire, tag, at, stop in _fields(view, begin, end):
            found = None
            if number == _INITIALIZER and wire == _LENGTH_DELIMITED:
                found = _elements(view, at, stop) if stop - at >= least else None
                if found is not None:
                    stored[count] = Stored(found[1], found[2] - found[1])
                    head = bytes(view[at : found[0]]) + bytes(view[found[2] : stop])
                    inner += (_tag(_INITIALIZER), _varint(len(head)), head)
                count += 1
            if found is None:
                inner.append(bytes(view[tag:stop]))
        pieces += (_tag(_GRAPH), _varint(sum(map(len, inner))), *inner)
    return b"".join(pieces), stored


def _elements(view: memoryview, begin: int, end: int) -> tuple[int, int, int] | None:
    """Return where the field with a tensor's elements begins, and the elements themselves; None if it is unusual."""
    found: list[tuple[int, int, int, int]] = []
    element = 0
    for number, wire, tag, at, stop in _fields(view, begin, end):
        if number == 2 and wire == 0:
            element = view[at]
        if number in _EXTERNAL:
            return None
        if number in _DATA:
            if wire != _LENGTH_DELIMITED:
                return None
            found.append((number, tag, at, stop))
    if len(found) != 1 or element not in WHOLE:
        return None
    number, tag, at, stop = found[0]
    if number != _RAW_DATA and (number, element) not in ((_FLOAT_DATA, 1), (_DOUBLE_DATA, 11)):
        return None
    return tag, at, stop


def _fields(view: memoryview, begin: int, end: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield the fields of a message: number, wire type, and where its tag and its value begin and where it ends."""
    at = begin
    while at < end:
        tag = at
        key, at = _number(view, at, end)
        wire = key & 7
        if wire == _LENGTH_DELIMITED:
            length, at = _number(view, at, end)
            stop = at + length
        elif wire == 0:
            _, stop = _number(view, at, end)
        else:
            stop = at + (8 if wire == 1 else 4)
        if wire in (3, 4, 6, 7) or key < 8:
            raise Damaged(f"byte {tag} begins no field")
        if stop > end:
            raise Damaged(f"the field at byte {tag} goes on for {stop - at} bytes, and {end - at} are left")
        yield key >> 3, wire, tag, at, stop
        at = stop


def _number(view: memoryview, at: int, end: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        if at >= end or shift > 63:
            raise Damaged(f"the number that ends at byte {at} is cut off or too long")
        byte = view[at]
        at += 1
        found |= (byte & 127) << shift
        if byte < 128:
            return found, at
        shift += 7


def read_array(file: Any, place: Stored, dtype: np.dtype[Any], shape: Sequence[int]) -> np.ndarray:
    """Return an array of elements that lie in a file, in memory of its own."""
    wanted = dtype.itemsize * math.prod(shape)
    if place.length != wanted or min(shape, default=1) < 0:
        raise Damaged(f"{place.length} bytes of elements; {dtype} of shape {tuple(shape)} takes {wanted}")
    flat: Any = empty((wanted,), torch.uint8, wanted).numpy()
    file.seek(place.begin)
    rest = memoryview(flat)
    while len(rest):
        got = file.readinto(rest[:_BLOCK])
        if not got:
            raise Damaged(f"{len(rest)} bytes of elements are missing at the end of the file")
        rest = rest[got:]
    array = flat.view(dtype).reshape(shape)
    return flat.astype(bool).reshape(shape) if dtype.kind == "b" else array  # any bits may stand in the file


# -- writing ---------------------------------------------------------------------------------------------------------


class Array(NamedTuple):
    """An array to be written; `read` gives its elements when their turn has come."""

    name: str
    element: int
    shape: tuple[int, ...]
    length: int
    read: Callable[[], np.ndarray]


def write_model(file: Any, model: onnx.ModelProto, arrays: Sequence[Array]) -> None:
    """Write a model that has no initializers, with `arrays` as its initializers: the bytes that ``onnx`` would write.

    Parameters
    ----------
    file : unbuffered binary file
    model : onnx.ModelProto
    arrays : sequence of Array
    """
    outside = type(model)()
    outside.CopyFrom(model)
    outside.ClearField("graph")
    ahead, behind = _split(outside.SerializeToString(), _GRAPH)
    first, last = _split(model.graph.SerializeToString(), _INITIALIZER)
    heads = [_head(array) for array in arrays]
    length = len(first) + sum(len(head) + array.length for head, array in zip(heads, arrays)) + len(last)
    begin = ahead + _tag(_GRAPH) + _varint(length) + first
    reserve(file.fileno(), len(begin) + length - len(first) + len(behind))
    _write(file, begin)
    for head, array in zip(heads, arrays):
        _write_array(file, array, head)
    _write(file, last + behind)


def write_arrays(file: Any, arrays: Sequence[Array], alignment: int) -> list[int]:
    """Write the elements of arrays, each at a multiple of `alignment`; return where they begin."""
    places: list[int] = []
    at = 0
    for array in arrays:
        gap = -at % alignment
        places.append(at + gap)
        _write_array(file, array, b"\0" * gap)
        at += gap + array.length
    return places


def _head(array: Array) -> bytes:
    """Return what is ahead of the elements in the field of an initializer."""
    from onnx import TensorProto

    described = TensorProto(name=array.name, data_type=array.element, dims=array.shape).SerializeToString()
    described += _tag(_RAW_DATA) + _varint(array.length)
    return _tag(_INITIALIZER) + _varint(len(described) + array.length) + described


def _write_array(file: Any, array: Array, ahead: bytes) -> None:
    elements = np.ascontiguousarray(array.read()).reshape(-1)
    assert elements.nbytes == array.length
    if array.length < 1 << 16:
        _write(file, ahead + elements.tobytes())
        return
    _write(file, ahead)
    _write(file, elements.view(np.uint8))


def _write(file: Any, data: Any) -> None:
    rest = memoryview(data)
    while len(rest):
        rest = rest[file.write(rest[:_BLOCK]) :]


def _split(message: bytes, number: int) -> tuple[bytes, bytes]:
    """Return the fields of a message below a number, and those above it: the order in which they are written."""
    for found, _, tag, _, _ in _fields(memoryview(message), 0, len(message)):
        if found > number:
            return message[:tag], message[tag:]
    return message, b""


def _tag(number: int) -> bytes:
    return bytes((number << 3 | _LENGTH_DELIMITED,))


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)
