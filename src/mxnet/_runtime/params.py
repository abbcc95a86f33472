"""MXNet's .params files: named tensors in one binary file.

All numbers are little-endian. A file is ::

    uint64 0x112, uint64 0, uint64 count, the arrays, uint64 count of names, the names

with as many names as arrays, or none. A name is a uint64 length and UTF-8. An array is one of ::

    version 2 and 3   uint32 magic, int32 0,                 uint32 rank, int64 sizes, context, int32 dtype, data
    version 1         uint32 magic,                          uint32 rank, int64 sizes, context, int32 dtype, data
    the oldest                                               uint32 rank, uint32 sizes, context, int32 dtype, data

where the context is int32 device type, int32 device number (of the array when it was saved; arrays are loaded on the
CPU). Version 3 is what MXNet writes under NumPy shape semantics, where an array may have no axes; in version 2, rank 0
stands for an array that never got a value, and nothing follows it. A sparse array is ::

    uint32 magic of version 2, int32 storage (1 row_sparse, 2 csr), shape of the kept values, shape, context,
    int32 dtype, the parts (row_sparse: indices; csr: indptr, indices), data, data of the parts

where a shape is a uint32 rank and int64 sizes, and a part is an int32 dtype (6, int64) and its shape.

What MXNet 2 writes under the same name is a ZIP archive of NumPy's .npy files: that is read, too (`npz`).
"""

from __future__ import annotations

import errno
import io
import os
import stat
import struct
from collections.abc import Sequence
from typing import Any, NoReturn

import torch

from .._graph.collector import held_back
from .._ops.attributes import TYPE_FLAGS
from ..base import MXNetError
from . import npz
from .files import replacing
from .params_reading import (
    CSR,
    LIST_MAGIC,
    ROW_SPARSE,
    V2,
    V3,
    Array,
    FileReader,
    Reader,
    Sparse,
    Tensor,
    memory,
)  # fmt: skip

__all__ = ["Array", "Sparse", "dumps", "dumps_one", "load", "loads", "loads_one", "save"]

_FLAG_OF = {dtype: flag for flag, dtype in TYPE_FLAGS.items()}
_BLOCK = 1 << 26  # bytes in one call of write
_LARGE = 1 << 20  # bytes from which on data is written without a buffer
_LITTLE = 1 << 16  # bytes up to which an array's are copied
_CPU = 1


# -- writing ---------------------------------------------------------------------------------------------------------
def save(
    path: str | os.PathLike[str], arrays: Sequence[Array], names: Sequence[str] = (), *, np_shape: bool = False
) -> None:
    """Write arrays, and their names if there are any, byte for byte as MXNet 1.9.1 does.

    The file appears complete or not at all: it is written beside `path` and then renamed.

    Parameters
    ----------
    path : str
        Where to write.
    arrays : sequence of Tensor or Sparse
        Of any device and of MXNet's dtypes.
    names : sequence of str
        As many as arrays, or none.
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
    with held_back(len(arrays)), replacing(path) as file:
        pieces = _pieces(arrays, names, np_shape)
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            _reserve(file.fileno(), sum(map(_length, pieces)))
        _write(file, pieces)


def dumps(arrays: Sequence[Array], names: Sequence[str] = (), *, np_shape: bool = False) -> bytes:
    """Return what `save` would write.

    Examples
    --------
    >>> import torch
    >>> from mxnet._runtime import params
    >>> len(params.dumps([torch.zeros(3)], ["a"]))
    85
    """
    pieces = _pieces(arrays, names, np_shape)
    return b"".join(piece if isinstance(piece, bytes) else _content(piece) for piece in pieces)


def dumps_one(array: Array) -> bytearray:
    """Return the record of one array without the list around it: what MXNet's pickles hold.

    Examples
    --------
    >>> import torch
    >>> from mxnet._runtime import params
    >>> params.loads_one(params.dumps_one(torch.arange(3)))
    tensor([0, 1, 2])
    """
    pieces = _pieces([array], (), False)[1:-1]
    return bytearray().join(piece if isinstance(piece, bytes) else _content(piece) for piece in pieces)


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
        view = piece if isinstance(piece, bytes) else _content(piece)
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


def _pieces(arrays: Sequence[Array], names: Sequence[str], np_shape: bool) -> list[bytes | Tensor]:
    """Return the file in pieces: bytes, and tensors that stand for their data."""
    if names and len(names) != len(arrays):
        raise MXNetError(f"{len(arrays)} arrays and {len(names)} names to save; expected as many names, or none")
    for position, array in enumerate(arrays):
        tensor = array.data if isinstance(array, Sparse) else array
        if tensor.dtype not in _FLAG_OF or tensor.layout is not torch.strided:
            _refuse(tensor, repr(names[position]) if names else f"number {position}")
        np_shape = np_shape or tensor.dim() == 0
    pieces: list[bytes | Tensor] = [struct.pack("<QQQ", LIST_MAGIC, 0, len(arrays))]
    for array in arrays:
        pieces += _sparse_pieces(array) if isinstance(array, Sparse) else _dense_pieces(array, V3 if np_shape else V2)
    encoded = [name.encode() for name in names]
    pieces.append(struct.pack("<Q", len(names)) + b"".join(struct.pack("<Q", len(name)) + name for name in encoded))
    return pieces


def _refuse(tensor: Tensor, label: str) -> NoReturn:
    if tensor.dtype not in _FLAG_OF:
        known = ", ".join(str(dtype)[6:] for dtype in _FLAG_OF)
        raise MXNetError(f"array {label} is {str(tensor.dtype)[6:]}; .params files hold {known}")
    raise MXNetError(f"array {label} is a sparse tensor of torch; expected a dense one, or `Sparse`")


def _shape(shape: Sequence[int]) -> bytes:
    return struct.pack(f"<I{len(shape)}q", len(shape), *shape)


def _dense_pieces(tensor: Tensor, magic: int) -> list[bytes | Tensor]:
    shape = tensor.shape
    form = f"<IiI{len(shape)}qiii"
    return [struct.pack(form, magic, 0, len(shape), *shape, _CPU, 0, _FLAG_OF[tensor.dtype]), tensor]


def _sparse_pieces(array: Sparse) -> list[bytes | Tensor]:
    """Return a sparse array; version 2 also under NumPy shape semantics, as there is no other."""
    parts = [array.indices] if array.indptr is None else [array.indptr, array.indices]
    parts = [part.long() for part in parts]
    head = struct.pack("<Ii", V2, ROW_SPARSE if array.indptr is None else CSR)
    head += _shape(array.data.shape) + _shape(array.shape)
    head += struct.pack("<iii", _CPU, 0, _FLAG_OF[array.data.dtype])
    head += b"".join(struct.pack("<i", _FLAG_OF[torch.int64]) + _shape(part.shape) for part in parts)
    return [head, array.data, *parts]


def _content(tensor: Tensor) -> bytes | memoryview:
    """Return the bytes of a tensor: a copy where that is faster than a view."""
    if 0 < tensor.nbytes <= _LITTLE and tensor.is_cpu and tensor.dtype is not torch.bfloat16:
        return (tensor.detach() if tensor.requires_grad else tensor).numpy().tobytes()
    return memory(tensor)


def _length(piece: bytes | Tensor) -> int:
    return len(piece) if isinstance(piece, bytes) else piece.nbytes


# -- reading ---------------------------------------------------------------------------------------------------------
def load(path: str | os.PathLike[str]) -> tuple[list[Array], list[str]]:
    """Read a .params file of any version: arrays on the CPU and their names (none if the file has none).

    Errors
    ------
    MXNetError naming the file, the offset, what is there and what was expected, for a file that is damaged or cut off.
    OSError where the file cannot be opened.

    Examples
    --------
    >>> import os, tempfile, torch
    >>> from mxnet._runtime import params
    >>> path = os.path.join(tempfile.mkdtemp(), "net.params")
    >>> params.save(path, [torch.arange(3), torch.ones(1)])
    >>> params.load(path)
    ([tensor([0, 1, 2]), tensor([1.])], [])
    """
    name = os.fspath(path)
    with open(path, "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):  # a pipe does not say how long it is
            return loads(file.read(), name)
        reader = FileReader(name, file, status.st_size)
        if reader.begins_with(npz.MAGIC):
            file.seek(0)
            return npz.load(file, name, status.st_size)
        return reader.everything()


def loads(data: bytes | bytearray | memoryview, name: str = "buffer") -> tuple[list[Array], list[str]]:
    """Read the bytes of a .params file; `name` stands for the file in messages. The arrays are copies.

    Examples
    --------
    >>> import torch
    >>> from mxnet._runtime import params
    >>> params.loads(params.dumps([torch.zeros(2)], ["a"]))
    ([tensor([0., 0.])], ['a'])
    """
    view = memoryview(data).cast("B")
    reader = Reader(name, view)
    if reader.begins_with(npz.MAGIC):
        return npz.load(io.BytesIO(view), name, len(view))
    return reader.everything()


def loads_one(data: bytes | bytearray | memoryview, name: str = "buffer") -> Array:
    """Read the record of one array; see `dumps_one`."""
    return Reader(name, memoryview(data).cast("B")).array(0)
