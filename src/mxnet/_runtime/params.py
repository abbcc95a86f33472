"""MXNet's .params files: named tensors in one binary file.

All numbers are little-endian. A file is ::

    uint64 0x112, uint64 0, uint64 count, the arrays, uint64 count of names, the names

with as many names as arrays, or none. A name is a uint64 length and UTF-8. An array is one of ::

    version 2 and 3   uint32 magic, int32 storage (0 dense), uint32 rank, int64 sizes, context, int32 dtype, data
    version 1         uint32 magic,                          uint32 rank, int64 sizes, context, int32 dtype, data
    the oldest                                               uint32 rank, uint32 sizes, context, int32 dtype, data

where the context is int32 device type, int32 device number (of the array when it was saved; arrays are loaded on the
CPU). Version 3 is what MXNet writes under NumPy shape semantics, where an array may have no axes; in version 2, rank 0
stands for an array that never got a value, and nothing follows it.

A file is not trusted: a length is believed only when the rest of the file can hold what it announces.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
import torch

from .._ops.attributes import TYPE_FLAGS
from ..base import MXNetError
from .files import replacing

_LIST_MAGIC = 0x112
_V1, _V2, _V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
_STORAGE = {1: "row_sparse", 2: "csr"}
_UINT32, _UINT64, _STORAGE_AND_RANK = struct.Struct("<I"), struct.Struct("<Q"), struct.Struct("<iI")
_FLAG_OF = {dtype: flag for flag, dtype in TYPE_FLAGS.items()}
_MAX_RANK = 64  # of torch's kernels and of NumPy
_BLOCK = 1 << 26  # bytes in one call of write or read
_LARGE = 1 << 20  # bytes from which on data is read and written without a buffer
_HUGE = 1 << 22  # bytes from which on NumPy asks the system for huge pages
_BUFFER = 1 << 16
_CPU = 1

Tensor = torch.Tensor


# -- writing ---------------------------------------------------------------------------------------------------------
def save(
    path: str | os.PathLike[str], tensors: Sequence[Tensor], names: Sequence[str] = (), *, np_shape: bool = False
) -> None:
    """Write tensors, and their names if there are any, byte for byte as MXNet 1.9.1 does.

    The file appears complete or not at all: it is written beside `path` and then renamed.

    Parameters
    ----------
    path : str
        Where to write.
    tensors : sequence of tensors
        Of any device and of MXNet's dtypes.
    names : sequence of str
        As many as tensors, or none.
    np_shape : bool
        Write version 3, as MXNet does under NumPy shape semantics. It is also taken where a tensor has no axes, as
        version 2 cannot say that.

    Errors
    ------
    MXNetError for a tensor or a list of names that the format has no place for. OSError where the file cannot be
    written; an older file is then left as it was.

    Examples
    --------
    >>> import os, tempfile, torch
    >>> from mxnet._runtime import params
    >>> path = os.path.join(tempfile.mkdtemp(), "net.params")
    >>> params.save(path, [torch.ones(2, 3)], ["weight"])
    >>> tensors, names = params.load(path)
    >>> names, tensors[0].shape
    (['weight'], torch.Size([2, 3]))
    """
    pieces = _pieces(tensors, names, np_shape)
    with replacing(path) as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            _reserve(file.fileno(), sum(map(_length, pieces)))
        _write(file, pieces)


def dumps(tensors: Sequence[Tensor], names: Sequence[str] = (), *, np_shape: bool = False) -> bytes:
    """Return what `save` would write.

    Examples
    --------
    >>> import torch
    >>> from mxnet._runtime import params
    >>> len(params.dumps([torch.zeros(3)], ["a"]))
    85
    """
    return b"".join(
        piece if isinstance(piece, bytes) else _memory(piece) for piece in _pieces(tensors, names, np_shape)
    )


def _reserve(handle: int, length: int) -> None:
    """Give the file its blocks in one go: three times as fast on ext4, and a full disk is found out at once."""
    if length >= _LARGE and hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(handle, 0, length)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise  # any other: this file system cannot


def _write(file: Any, pieces: Sequence[bytes | Tensor]) -> None:
    small: list[bytes | memoryview] = []  # collected, so that a thousand small arrays are one call
    waiting = 0
    for piece in pieces:
        view = piece if isinstance(piece, bytes) else _memory(piece)
        small.append(view)
        waiting += len(view)
        if waiting >= _LARGE:
            _write_all(file, small)
            small, waiting = [], 0
    _write_all(file, small)


def _write_all(file: Any, views: list[bytes | memoryview]) -> None:
    large = views.pop() if views and len(views[-1]) >= _LARGE else b""
    for whole in (b"".join(views), large):
        view = memoryview(whole)
        while len(view):
            view = view[file.write(view[:_BLOCK]) :]


def _pieces(tensors: Sequence[Tensor], names: Sequence[str], np_shape: bool) -> list[bytes | Tensor]:
    """Return the file in pieces: bytes, and tensors that stand for their data."""
    if names and len(names) != len(tensors):
        raise MXNetError(f"{len(tensors)} arrays and {len(names)} names to save; expected as many names, or none")
    for position, tensor in enumerate(tensors):
        label = repr(names[position]) if names else f"number {position}"
        if tensor.dtype not in _FLAG_OF:
            known = ", ".join(str(dtype)[6:] for dtype in _FLAG_OF)
            raise MXNetError(f"array {label} is {str(tensor.dtype)[6:]}; .params files hold {known}")
        if tensor.layout is not torch.strided:
            raise MXNetError(f"array {label} is sparse, which .params files written here cannot hold yet")
        np_shape = np_shape or tensor.dim() == 0
    magic = _V3 if np_shape else _V2
    pieces: list[bytes | Tensor] = [struct.pack("<QQQ", _LIST_MAGIC, 0, len(tensors))]
    for tensor in tensors:
        shape = tensor.shape
        head = struct.pack(f"<IiI{len(shape)}q", magic, 0, len(shape), *shape)
        pieces += (head + struct.pack("<iii", _CPU, 0, _FLAG_OF[tensor.dtype]), tensor)
    encoded = [name.encode() for name in names]
    pieces.append(struct.pack("<Q", len(names)) + b"".join(struct.pack("<Q", len(name)) + name for name in encoded))
    return pieces


def _length(piece: bytes | Tensor) -> int:
    return len(piece) if isinstance(piece, bytes) else piece.numel() * piece.dtype.itemsize


def _memory(tensor: Tensor) -> memoryview:
    """Return the bytes of a tensor: its own memory if it is contiguous and on the CPU."""
    array: Any = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return memoryview(array)


# -- reading ---------------------------------------------------------------------------------------------------------
def load(path: str | os.PathLike[str]) -> tuple[list[Tensor], list[str]]:
    """Read a .params file of any version: tensors on the CPU and their names (none if the file has none).

    Errors
    ------
    MXNetError naming the file, the offset, what is there and what was expected, for a file that is damaged or cut off
    and for sparse arrays. OSError where the file cannot be opened.

    Examples
    --------
    >>> import os, tempfile, torch
    >>> from mxnet._runtime import params
    >>> path = os.path.join(tempfile.mkdtemp(), "net.params")
    >>> params.save(path, [torch.arange(3), torch.ones(1)])
    >>> params.load(path)
    ([tensor([0, 1, 2]), tensor([1.])], [])
    """
    with open(path, "rb", buffering=_BUFFER) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):  # a pipe does not say how long it is
            return loads(file.read(), os.fspath(path))
        return _FileReader(os.fspath(path), file, status.st_size).everything()


def loads(data: bytes | bytearray | memoryview, name: str = "buffer") -> tuple[list[Tensor], list[str]]:
    """Read the bytes of a .params file; `name` stands for the file in messages. The tensors are copies.

    Examples
    --------
    >>> import torch
    >>> from mxnet._runtime import params
    >>> params.loads(params.dumps([torch.zeros(2)], ["a"]))
    ([tensor([0., 0.])], ['a'])
    """
    return _BytesReader(name, memoryview(data).cast("B")).everything()


def _empty(shape: tuple[int, ...], dtype: torch.dtype, length: int) -> Tensor:
    """Memory to read into. Large memory is NumPy's: on huge pages it is filled four times as fast."""
    if length < _HUGE:
        return torch.empty(shape, dtype=dtype)
    array = np.empty(length + 64, np.uint8)
    start = -array.ctypes.data % 64  # as torch aligns its own
    return torch.from_numpy(array[start : start + length]).view(dtype).view(shape)


class _Reader:
    """Walks through a file whose length is known."""

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self.offset = 0

    def take(self, count: int) -> bytes:
        """Read `count` bytes, which are known to be there."""
        raise NotImplementedError

    def fill(self, target: memoryview) -> None:
        """Read as many bytes as `target` has, which are known to be there."""
        raise NotImplementedError

    def fail(self, offset: int, problem: str) -> NoReturn:
        """Raise the error for what stands at `offset`."""
        raise MXNetError(f"{self.name} at byte {offset}: {problem}")

    def need(self, count: int, what: str) -> None:
        """Fail unless `count` more bytes are left."""
        left = self.size - self.offset
        if count > left:
            self.fail(self.offset, f"{what} takes {count} bytes and {left} are left; the file is cut off or damaged")

    def numbers(self, form: struct.Struct, what: str) -> tuple[Any, ...]:
        """Read a few numbers."""
        self.need(form.size, what)
        return form.unpack(self.take(form.size))

    def number(self, form: struct.Struct, what: str) -> int:
        """Read one number."""
        return self.numbers(form, what)[0]

    def everything(self) -> tuple[list[Tensor], list[str]]:
        """Read the whole file."""
        magic = self.number(_UINT64, "the file's magic number")
        if magic != _LIST_MAGIC:
            self.fail(0, f"magic number {magic:#x}, expected {_LIST_MAGIC:#x}; this is no .params file of MXNet")
        self.number(_UINT64, "the reserved number")
        count = self.number(_UINT64, "the number of arrays")
        self.need(count * 16, f"a list of {count} arrays")  # no array takes less
        tensors = [self.array(position) for position in range(count)]
        start = self.offset
        names = self.number(_UINT64, "the number of names")
        if names not in (0, count):
            self.fail(start, f"{names} names for {count} arrays; expected {count} or none")
        self.need(names * 8, f"a list of {names} names")
        return tensors, [self.text(position) for position in range(names)]

    def text(self, position: int) -> str:
        """Read one name."""
        what = f"name {position}"
        length = self.number(_UINT64, f"the length of {what}")
        self.need(length, what)
        start = self.offset
        try:
            return self.take(length).decode()
        except UnicodeDecodeError as error:
            self.fail(start + error.start, f"{what} is not UTF-8")

    def array(self, position: int) -> Tensor:
        """Read one array."""
        what, start = f"array {position}", self.offset
        rank = magic = self.number(_UINT32, f"the magic number of {what}")
        if magic in (_V2, _V3):
            storage, rank = self.numbers(_STORAGE_AND_RANK, f"the rank of {what}")
            self.dense_only(storage, start + 4, what)
        elif magic == _V1:
            rank = self.number(_UINT32, f"the rank of {what}")
        if rank == 0 and magic == _V2:
            self.fail(start, f"{what} has no shape: it never got a value, or had no axes outside np_shape")
        if rank > _MAX_RANK:
            self.fail(self.offset - 4, f"{what} has rank {rank}; expected a magic number or a rank up to {_MAX_RANK}")
        sizes = "q" if magic in (_V1, _V2, _V3) else "I"  # the oldest form starts with the rank
        numbers = self.numbers(struct.Struct(f"<{rank}{sizes}iii"), f"the shape and dtype of {what}")
        flag = numbers[-1]
        if flag not in TYPE_FLAGS:
            self.fail(self.offset - 4, f"{what} has dtype number {flag}; expected one of {[*TYPE_FLAGS]}")
        return self.data(numbers[:rank], TYPE_FLAGS[flag], what)

    def dense_only(self, storage: int, offset: int, what: str) -> None:
        """Fail for a storage type other than dense."""
        if storage in _STORAGE:
            self.fail(offset, f"{what} is {_STORAGE[storage]}; sparse arrays are not supported yet")
        if storage != 0:
            self.fail(offset, f"{what} has storage type {storage}; expected 0 (dense)")

    def data(self, shape: tuple[int, ...], dtype: torch.dtype, what: str) -> Tensor:
        """Read the values of an array."""
        length = dtype.itemsize
        for size in shape:
            if size < 0 or size >= 2**62:
                self.fail(self.offset, f"{what} has shape {shape}; expected sizes from 0 to 2**62")
            length *= size
        if length == 0 and any(shape):
            # Sizes beside a 0 are not held down by the file; torch multiplies them for its strides.
            extent = 1
            for size in shape:
                extent *= max(size, 1)
            if extent >= 2**62:
                self.fail(self.offset, f"{what} has shape {shape}, whose strides are too large")
        self.need(length, f"the data of {what}, {str(dtype)[6:]} of shape {shape},")
        out = _empty(shape, torch.uint8 if dtype is torch.bool else dtype, length)
        if length:
            self.fill(_memory(out))
        return out.ne_(0).view(torch.bool) if dtype is torch.bool else out  # any bits may stand in the file


class _FileReader(_Reader):
    """Reads from a file straight into tensors."""

    def __init__(self, name: str, file: Any, size: int) -> None:
        super().__init__(name, size)
        self.file = file

    def take(self, count: int) -> bytes:
        found = self.file.read(count)
        if len(found) < count:
            self.shortened(count - len(found))
        self.offset += count
        return found

    def fill(self, target: memoryview) -> None:
        done = 0
        while done < len(target):
            got = self.file.readinto(target[done : done + _BLOCK])
            if not got:
                self.shortened(len(target) - done)
            done += got
        self.offset += done

    def shortened(self, missing: int) -> NoReturn:
        """Fail for a file that is shorter than it was when it was opened."""
        self.fail(self.offset, f"{missing} more bytes were there a moment ago; the file is being cut off")


class _BytesReader(_Reader):
    """Reads from memory."""

    def __init__(self, name: str, view: memoryview) -> None:
        super().__init__(name, len(view))
        self.view = view

    def take(self, count: int) -> bytes:
        self.offset += count
        return bytes(self.view[self.offset - count : self.offset])

    def fill(self, target: memoryview) -> None:
        self.offset += len(target)
        target[:] = self.view[self.offset - len(target) : self.offset]
