"""Reading the ZIP archives of NumPy arrays (.npz) that MXNet 2 writes as .params files.

An archive is not trusted: an array is read only if the file holds as many bytes as its shape announces. Arrays that
are compressed may therefore not be there.
"""

from __future__ import annotations

import ast
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, NoReturn, cast

import torch

from .._ops.attributes import DTYPES
from ..base import MXNetError
from .params_reading import Array, Tensor, empty, memory

#: How archives begin, and empty ones.
MAGIC = (b"PK\x03\x04", b"PK\x05\x06")

_MAGIC_OF_ARRAYS = b"\x93NUMPY"
_MOST_HEADER = 10_000  # bytes; NumPy's own limit
_KINDS = {"f2": "float16", "f4": "float32", "f8": "float64", "i1": "int8", "i4": "int32", "i8": "int64", "u1": "uint8",
          "b1": "bool"}  # fmt: skip
_BLOCK = 1 << 26

#: What a damaged archive makes `zipfile` raise.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, NotImplementedError, RuntimeError)


def load(file: BinaryIO, name: str, size: int) -> tuple[list[Array], list[str]]:
    """Read an archive of `size` bytes: tensors on the CPU and their names.

    Arrays that NumPy named, ``arr_0``, ``arr_1`` and so on, come without names.

    Errors
    ------
    MXNetError naming the file and the array, for a damaged archive and for arrays that MXNet does not have.

    Examples
    --------
    >>> import io
    >>> from mxnet._runtime import npz
    >>> file = io.BytesIO()
    >>> np.savez(file, w=np.arange(3.0))
    >>> npz.load(file, "net.params", len(file.getvalue()))
    ([tensor([0., 1., 2.], dtype=torch.float64)], ['w'])
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > size:
                raise MXNetError(f"{name}: the archive holds more than the file; arrays may not be compressed")
            names = [member.filename.removesuffix(".npy") for member in members]
            if len(set(names)) < len(names):
                raise MXNetError(f"{name}: two arrays have one name")
            tensors: list[Array] = [_read(archive, member, name) for member in members]
    except MXNetError:
        raise
    except _DAMAGE as error:
        raise MXNetError(f"{name}: a damaged archive: {str(error)[:200]}") from None
    return tensors, [] if names == [f"arr_{i}" for i in range(len(names))] else names


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> Tensor:
    """Return one array."""
    place = f"{name}, array {member.filename.removesuffix('.npy')!r}"

    def fail(problem: str) -> NoReturn:
        raise MXNetError(f"{place}: {problem}")

    if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
        fail("it is compressed or encrypted; expected an archive as numpy.savez writes it")
    with archive.open(member) as file:
        start = file.read(8)
        if start[:6] != _MAGIC_OF_ARRAYS or start[6:7] not in (b"\1", b"\2", b"\3"):
            fail(f"expected a NumPy array, found {start[:8]!r}")
        form = struct.Struct("<H" if start[6] == 1 else "<I")
        (length,) = form.unpack(file.read(form.size))
        if length > _MOST_HEADER:
            fail(f"a header of {length} bytes; expected up to {_MOST_HEADER}")
        dtype, shape, fortran = _described(file.read(length), fail)
        count = math.prod(shape) * dtype.itemsize
        left = member.file_size - 8 - form.size - length
        if count != left:
            fail(f"{str(dtype)[6:]} of shape {shape} takes {count} bytes and {left} are left")
        out = empty(shape[::-1] if fortran else shape, torch.uint8 if dtype is torch.bool else dtype, count)
        target = memory(out) if count else memoryview(b"")
        done = 0
        while done < count:
            got = cast("Any", file).readinto(target[done : done + _BLOCK])
            if not got:
                fail("it is cut off")
            done += got
        file.read(1)  # compares the checksum
    if fortran:
        out = out.permute(*range(len(shape) - 1, -1, -1)).contiguous()
    return out.ne_(0).view(torch.bool) if dtype is torch.bool else out


def _described(header: bytes, fail: Callable[[str], NoReturn]) -> tuple[torch.dtype, tuple[int, ...], bool]:
    """Return what the header of an array says: dtype, shape, and whether the first axis varies fastest."""
    try:
        found = ast.literal_eval(header.decode("latin-1").strip())
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        fail("its header is damaged")
    if not isinstance(found, dict) or set(cast("dict[Any, Any]", found)) != {"descr", "fortran_order", "shape"}:
        fail("its header is damaged")
    found = cast("dict[str, Any]", found)
    shape, descr = found["shape"], found["descr"]
    if not isinstance(shape, tuple) or len(cast("tuple[Any, ...]", shape)) > 64:
        fail(f"its shape is {str(shape)[:80]}")
    shape = cast("tuple[Any, ...]", shape)
    extent = 1
    for length in shape:
        if type(length) is not int or not 0 <= length < 2**62:
            fail(f"its shape is {str(shape)[:80]}")
        extent *= max(length, 1)
    if extent >= 2**62:
        fail(f"its shape is {str(shape)[:80]}")
    if descr in ([("bfloat16", "<u2")], [("bfloat16", "|u2")]):
        return torch.bfloat16, shape, bool(found["fortran_order"])
    if not isinstance(descr, str) or not re.fullmatch(r"[<|=]?[a-z][0-9]", descr) or descr[-2:] not in _KINDS:
        fail(f"its dtype is {str(descr)[:80]}; expected one of {', '.join(_KINDS.values())} or bfloat16")
    return DTYPES[_KINDS[descr[-2:]]], shape, bool(found["fortran_order"])
