"""The safetensors format: named tensors behind a JSON header, read by mapping the file into memory.

A file is::

    uint64 length of the header (little-endian), the header, the data

The header is a JSON object: ``__metadata__`` maps strings to strings, and every other key is the name of a tensor, with
``{"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}``, where the offsets count from the end of the header.
The tensors lie one after the other, little-endian, without gaps, and fill the file.

References
----------
The format's description: https://huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import stat
import struct
from collections.abc import Mapping
from typing import Any, NoReturn

import torch

from ..base import MXNetError
from .files import replacing
from .kinds import looks_like
from .params import _reserve as reserve
from .params_reading import memory

Tensor = torch.Tensor

DTYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "I32": torch.int32,
    "I64": torch.int64, "F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64,
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
_LONGEST_HEADER = 100_000_000  # bytes; the format's own limit
_BLOCK = 1 << 26  # bytes in one call of write


def save(path: str | os.PathLike[str], tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors; the file appears complete or not at all.

    Parameters
    ----------
    path : str
        Where to write.
    tensors : mapping from str to Tensor
        Dense, of any device.
    metadata : mapping from str to str
        What else to keep.

    Errors
    ------
    MXNetError for a dtype that the format does not have. OSError where the file cannot be written.

    Examples
    --------
    >>> import os, tempfile, torch
    >>> from mxnet._runtime import safetensors
    >>> path = os.path.join(tempfile.mkdtemp(), "net.safetensors")
    >>> safetensors.save(path, {"weight": torch.ones(2, 3)}, {"from": "here"})
    >>> tensors, metadata = safetensors.load(path)
    >>> tensors["weight"].shape, metadata
    (torch.Size([2, 3]), {'from': 'here'})
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    header.update(dict.fromkeys(tensors))
    # Wide dtypes come first, so that every tensor is aligned and can be mapped.
    order = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    end = 0
    for name in order:
        tensor = tensors[name]
        if tensor.dtype not in _NAMES or tensor.layout is not torch.strided:
            raise MXNetError(f"{os.fspath(path)}: array {name!r} is {_said(tensor)}; expected one of {_known()}")
        if name == "__metadata__":
            raise MXNetError(f"{os.fspath(path)}: no array can be called '__metadata__'")
        begin, end = end, end + tensor.nbytes
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > _LONGEST_HEADER:
        raise MXNetError(f"{os.fspath(path)}: a header of {len(text)} bytes; the format allows {_LONGEST_HEADER}")
    with replacing(path) as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            reserve(file.fileno(), 8 + len(text) + end)
        _write(file, struct.pack("<Q", len(text)) + text)
        for name in order:
            if tensors[name].numel():
                _write(file, memory(tensors[name]))


def _write(file: Any, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while len(view):
        view = view[file.write(view[:_BLOCK]) :]


def _said(tensor: Tensor) -> str:
    return "sparse" if tensor.layout is not torch.strided else str(tensor.dtype)[6:]


def _known() -> str:
    return ", ".join(str(dtype)[6:] for dtype in DTYPES.values())


def load(path: str | os.PathLike[str], mapped: bool = True) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a file: tensors on the CPU by name, in the order of the header, and the metadata.

    Mapped tensors are read when they are first looked at. Writing to one changes memory, never the file.

    Errors
    ------
    MXNetError naming the file, what is wrong and what was expected, for a file that is damaged, cut off or not of this
    format. OSError where the file cannot be opened.
    """
    name = os.fspath(path)
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        start, header = _header(name, file, size)
        places = _places(name, header, size - start)
        last = max((end for _, _, _, end in places.values()), default=0)
        data: Any = b""
        if last and mapped:
            data = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY)
        elif last:
            file.seek(0)
            data = bytearray(size)
            _read(name, file, memoryview(data))
    found = {key: _tensor(data, start, *place) for key, place in places.items()}
    return found, header.get("__metadata__", {})


def metadata(path: str | os.PathLike[str]) -> tuple[dict[str, tuple[str, tuple[int, ...]]], dict[str, str]]:
    """Read the header alone: dtype and shape of each tensor, and the metadata."""
    name = os.fspath(path)
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        start, header = _header(name, file, size)
    places = _places(name, header, size - start)
    return {key: (str(dtype)[6:], shape) for key, (dtype, shape, _, _) in places.items()}, header.get(
        "__metadata__", {}
    )


def _read(name: str, file: Any, target: memoryview) -> None:
    done = 0
    while done < len(target):
        got = file.readinto(target[done:])
        if not got:
            _fail(name, f"{len(target) - done} more bytes were there a moment ago; the file is being cut off")
        done += got


def _fail(name: str, problem: str) -> NoReturn:
    raise MXNetError(f"{name}: {problem}")


def _header(name: str, file: Any, size: int) -> tuple[int, dict[str, Any]]:
    """Return where the data starts, and the header as far as it is an object with metadata."""
    first = file.read(8)
    if len(first) < 8:
        _fail(name, f"{size} bytes are no safetensors file, which begins with the length of its header in 8 bytes")
    (length,) = struct.unpack("<Q", first)
    if length > min(size - 8, _LONGEST_HEADER):
        _fail(
            name,
            f"a header of {length} bytes in a file of {size}; it is cut off, or no safetensors file ({_seen(name)})",
        )
    text = file.read(length)
    if len(text) < length:
        _fail(name, "the header is cut off")
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError:
        _fail(name, f"the header is no JSON object: it is no text; {_seen(name)}")
    except (ValueError, RecursionError) as error:
        _fail(name, f"the header is no JSON object: {str(error)[:200]}")
    if not isinstance(header, dict):
        _fail(name, f"the header is a {type(header).__name__}; expected a JSON object")
    described = header.get("__metadata__", {})
    if not isinstance(described, dict) or not all(isinstance(value, str) for value in described.values()):
        _fail(name, "__metadata__ in the header is not an object of strings")
    return 8 + length, header


def _seen(name: str) -> str:
    kind = looks_like(name)
    return "the file is damaged" if "safetensors" in kind else f"it looks like {kind}"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


Place = tuple[torch.dtype, tuple[int, ...], int, int]


def _places(name: str, header: Mapping[str, Any], size: int) -> dict[str, Place]:
    """Return dtype, shape, begin and end of each tensor; they must fill the data without gaps."""
    found: dict[str, Place] = {}
    for key, entry in header.items():
        if key != "__metadata__":
            found[key] = _place(name, key, entry, size)
    at = 0
    for key, (_, _, begin, end) in sorted(found.items(), key=lambda item: item[1][2:]):
        if begin != at:
            _fail(name, f"tensor {key!r} begins at byte {begin} of the data; expected {at}, where the one before ends")
        at = end
    if at != size:
        _fail(name, f"the tensors fill {at} bytes and {size} are there; the file is cut off or damaged")
    return found


def _place(name: str, key: str, entry: Any, size: int) -> Place:
    if not isinstance(entry, dict) or not {"dtype", "shape", "data_offsets"} <= entry.keys():
        _fail(name, f"tensor {key!r}: expected dtype, shape and data_offsets")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in DTYPES:
        _fail(name, f"tensor {key!r} has dtype {kind!r}; expected one of {', '.join(DTYPES)}")
    if not isinstance(shape, list) or not all(type(n) is int and 0 <= n < 2**62 for n in shape) or len(shape) > 64:
        _fail(name, f"tensor {key!r} has shape {str(shape)[:100]}; expected up to 64 lengths")
    right = isinstance(offsets, list) and len(offsets) == 2 and all(type(n) is int for n in offsets)
    if not right or not 0 <= offsets[0] <= offsets[1] <= size:
        _fail(name, f"tensor {key!r} has data_offsets {str(offsets)[:100]}; expected two numbers from 0 to {size}")
    extent = math.prod(max(n, 1) for n in shape)  # sizes beside a 0 are in torch's strides
    length = math.prod(shape) * DTYPES[kind].itemsize
    if extent >= 2**62 or length != offsets[1] - offsets[0]:
        _fail(name, f"tensor {key!r}, {kind} of shape {tuple(shape)}, takes {length} bytes; its offsets {offsets}")
    return DTYPES[kind], tuple(shape), offsets[0], offsets[1]


def _tensor(data: Any, start: int, dtype: torch.dtype, shape: tuple[int, ...], begin: int, end: int) -> Tensor:
    if begin == end:
        return torch.empty(shape, dtype=dtype)
    if dtype is torch.bool:  # any bits may stand in the file
        raw = torch.frombuffer(data, dtype=torch.uint8, count=end - begin, offset=start + begin)
        return raw.ne(0).view(shape)
    count = (end - begin) // dtype.itemsize
    if (start + begin) % dtype.itemsize:  # not aligned: the file may be of other hands
        raw = torch.frombuffer(data, dtype=torch.uint8, count=end - begin, offset=start + begin)
        return raw.clone().view(dtype).view(shape)
    return torch.frombuffer(data, dtype=dtype, count=count, offset=start + begin).view(shape)
