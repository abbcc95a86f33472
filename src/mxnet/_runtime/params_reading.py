"""Reading .params files: see `mxnet._runtime.params` for the format.

A file is not trusted: a length is believed only when the rest of the file can hold what it announces, and the indices
of a sparse array only after they were looked at.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple, NoReturn

import numpy as np
import torch

from .._graph.collector import held_back
from .._ops.attributes import DTYPE_NAMES, TYPE_FLAGS
from ..base import MXNetError

LIST_MAGIC = 0x112
V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
DENSE, ROW_SPARSE, CSR = 0, 1, 2
STORAGE = {DENSE: "default", ROW_SPARSE: "row_sparse", CSR: "csr"}

_UINT32, _UINT64, _INT32, _AUXILIARY = (struct.Struct(form) for form in ("<I", "<Q", "<i", "<iI"))
_MAX_RANK = 64  # of torch's kernels and of NumPy
_BLOCK = 1 << 26  # bytes in one call of read
_WINDOW = 1 << 16  # bytes of a file that are read at once, where that is not straight into an array
_SMALL = 1 << 15  # bytes up to which an array is copied out of the window
_HUGE = 1 << 24  # bytes from which on fresh memory on huge pages is faster than memory that was freed

#: What most records begin with: magic number, storage and rank; then sizes, context and dtype.
_HEAD = struct.Struct("<IiI")
_DESCRIBED = [struct.Struct(f"<{rank}qiii") for rank in range(9)]
_USUAL = _HEAD.size + _DESCRIBED[8].size

#: How NumPy reads a small array; bfloat16 and truth values go another way.
_NUMPY = {
    dtype: np.dtype(name).newbyteorder("<") for dtype, name in DTYPE_NAMES.items() if name not in ("bfloat16", "bool")
}

Tensor = torch.Tensor


class Sparse(NamedTuple):
    """A sparse array by its parts.

    Attributes
    ----------
    storage : str
        'row_sparse' or 'csr'.
    shape : tuple of int
        Shape of the whole array.
    data : Tensor
        row_sparse: (n, *shape[1:]), the rows that are kept; csr: (n,), the values that are kept.
    indices : Tensor
        int64, (n,): the number of each row, ascending; csr: the column of each value.
    indptr : Tensor or None
        csr: int64, (shape[0] + 1,): where in `data` each row starts, and the end.
    """

    storage: str
    shape: tuple[int, ...]
    data: Tensor
    indices: Tensor
    indptr: Tensor | None = None


Array = Tensor | Sparse


def memory(tensor: Tensor) -> memoryview:
    """Return the bytes of a tensor: its own memory if it is contiguous and on the CPU."""
    array: Any = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return memoryview(array)


def empty(shape: tuple[int, ...], dtype: torch.dtype, length: int) -> Tensor:
    """Memory to read into. Large memory is NumPy's: on huge pages it is filled four times as fast."""
    if length < _HUGE:
        return torch.empty(shape, dtype=dtype)
    array = np.empty(length + 64, np.uint8)
    start = -array.ctypes.data % 64  # as torch aligns its own
    return torch.from_numpy(array[start : start + length]).view(dtype).view(shape)


def _is_row_pointer(pointers: Tensor, count: int) -> bool:
    return int(pointers[0]) == 0 and int(pointers[-1]) == count and bool((pointers[1:] >= pointers[:-1]).all())


class Reader:
    """Walks through bytes, or through a file whose length is known.

    Attributes
    ----------
    view : memoryview
        The bytes themselves, or of a file the next few.
    at : int
        The place in `view` of what comes next.
    base : int
        The place in the file of the first byte of `view`.
    """

    def __init__(self, name: str, view: memoryview, size: int | None = None) -> None:
        self.name = name
        self.view = view
        self.at = self.base = 0
        self.size = len(view) if size is None else size

    @property
    def offset(self) -> int:
        """The place in the file of what comes next."""
        return self.base + self.at

    def fail(self, offset: int, problem: str) -> NoReturn:
        """Raise the error for what stands at `offset`."""
        raise MXNetError(f"{self.name} at byte {offset}: {problem}")

    def need(self, count: int, what: str) -> None:
        """Fail unless `count` more bytes are left."""
        left = self.size - self.offset
        if count > left:
            self.fail(self.offset, f"{what} takes {count} bytes and {left} are left; the file is cut off or damaged")

    def step(self, count: int, what: str) -> int:
        """Bring the next bytes, no more than `_WINDOW`, into view; step over them and return where they are."""
        at = self.at
        if at + count > len(self.view):
            self.need(count, what)
            self.refill(count)
            at = 0
        self.at = at + count
        return at

    def begins_with(self, starts: tuple[bytes, ...]) -> bool:
        """Return whether the file begins with one of `starts`, of four bytes each."""
        if self.size < 4:
            return False
        self.step(4, "the beginning")
        self.at = 0
        return bytes(self.view[:4]) in starts

    def refill(self, count: int) -> None:
        """Bring `count` bytes into view, which are known to be there: a file."""
        raise NotImplementedError

    def fill(self, target: memoryview) -> None:
        """Read as many bytes as `target` has, which are known to be there."""
        target[:] = self.view[self.at : self.at + len(target)]
        self.at += len(target)

    def numbers(self, form: struct.Struct, what: str) -> tuple[Any, ...]:
        """Read a few numbers."""
        at = self.step(form.size, what)
        return form.unpack_from(self.view, at)

    def number(self, form: struct.Struct, what: str) -> int:
        """Read one number."""
        return self.numbers(form, what)[0]

    def everything(self) -> tuple[list[Array], list[str]]:
        """Read the whole file."""
        magic = self.number(_UINT64, "the file's magic number")
        if magic != LIST_MAGIC:
            self.fail(0, f"magic number {magic:#x}, expected {LIST_MAGIC:#x}; this is no .params file of MXNet")
        self.number(_UINT64, "the reserved number")
        count = self.number(_UINT64, "the number of arrays")
        self.need(count * 16, f"a list of {count} arrays")  # no array takes less
        with held_back(count):
            arrays = [self.array(position) for position in range(count)]
        start = self.offset
        names = self.number(_UINT64, "the number of names")
        if names not in (0, count):
            self.fail(start, f"{names} names for {count} arrays; expected {count} or none")
        self.need(names * 8, f"a list of {names} names")
        return arrays, [self.text(position) for position in range(names)]

    def text(self, position: int) -> str:
        """Read one name."""
        what = f"name {position}"
        length = self.number(_UINT64, what)
        start, end = self.at, self.at + length
        offset = self.offset
        if end <= len(self.view):
            found = self.view[start:end]
            self.at = end
        else:
            self.need(length, what)
            found = memoryview(bytearray(length))
            self.fill(found)
        try:
            return str(found, "utf-8")
        except UnicodeDecodeError as error:
            self.fail(offset + error.start, f"{what} is not UTF-8")

    def array(self, position: int) -> Array:
        """Read one array."""
        what, start = f"array {position}", self.offset
        if self.at + _USUAL <= len(self.view):  # the usual record, in one go
            magic, storage, rank = _HEAD.unpack_from(self.view, self.at)
            if storage == DENSE and 0 < rank <= 8 and magic in (V2, V3):
                form = _DESCRIBED[rank]
                numbers = form.unpack_from(self.view, self.at + _HEAD.size)
                self.at += _HEAD.size + form.size
                return self.data(numbers[:rank], self.dtype(numbers[-1], what), what)
        magic = self.number(_UINT32, f"the magic number of {what}")
        if magic not in (V1, V2, V3):  # the oldest form: this is the rank
            return self.data(*self.described(magic, "I", what), what)
        storage = DENSE if magic == V1 else self.number(_INT32, f"the storage type of {what}")
        if storage in (ROW_SPARSE, CSR):
            return self.sparse(storage, what)
        if storage != DENSE:
            self.fail(self.offset - 4, f"{what} has storage type {storage}; expected 0 (dense), 1 or 2 (sparse)")
        rank = self.number(_UINT32, f"the rank of {what}")
        if rank == 0 and magic != V3:
            self.fail(start, f"{what} has no shape: it never got a value, or had no axes outside np_shape")
        return self.data(*self.described(rank, "q", what), what)

    def described(self, rank: int, letter: str, what: str) -> tuple[tuple[int, ...], torch.dtype]:
        """Read the shape of an array, of which the rank is known, its context and its dtype."""
        if rank > _MAX_RANK:
            self.fail(self.offset - 4, f"{what} has rank {rank}; expected a magic number or a rank up to {_MAX_RANK}")
        numbers = self.numbers(struct.Struct(f"<{rank}{letter}iii"), f"the shape and dtype of {what}")
        return numbers[:rank], self.dtype(numbers[-1], what)

    def dtype(self, flag: int, what: str) -> torch.dtype:
        """Return the dtype of a number that was just read."""
        if flag not in TYPE_FLAGS:
            self.fail(self.offset - 4, f"{what} has dtype number {flag}; expected one of {[*TYPE_FLAGS]}")
        return TYPE_FLAGS[flag]

    def sizes(self, what: str) -> tuple[int, ...]:
        """Read a rank and as many sizes."""
        rank = self.number(_UINT32, f"the rank of {what}")
        if rank > _MAX_RANK:
            self.fail(self.offset - 4, f"{what} has rank {rank}; expected a rank up to {_MAX_RANK}")
        return self.numbers(struct.Struct(f"<{rank}q"), f"the shape of {what}")

    def sparse(self, storage: int, what: str) -> Sparse:
        """Read a sparse array."""
        start, kind = self.offset, STORAGE[storage]
        kept = self.sizes(f"the kept values of {what}")
        shape = self.sizes(what)
        dtype = self.dtype(self.numbers(struct.Struct("<iii"), f"the context and dtype of {what}")[2], what)
        parts = [self.part(name, what) for name in (("indices",) if storage == ROW_SPARSE else ("indptr", "indices"))]
        self.check_shapes(storage, shape, kept, [length for length, _ in parts], start, what)
        data = self.data(kept, dtype, f"the kept values of {what}")
        start = self.offset
        found = [self.data((length,), kind, f"indices of {what}").long() for length, kind in parts]
        if storage == CSR and not _is_row_pointer(found[0], kept[0]):
            self.fail(start, f"the row pointers of {what} do not rise from 0 to {kept[0]}, the number of its values")
        indices = found[-1]
        most = shape[0] if storage == ROW_SPARSE else shape[1]
        if len(indices) and not (int(indices.min()) >= 0 and int(indices.max()) < most):
            self.fail(start, f"{what} is {kind} of shape {shape} and has an index outside of 0 to {most - 1}")
        if storage == CSR:
            return Sparse(kind, shape, data, indices, found[0])
        if len(indices) > 1 and not bool((indices[1:] > indices[:-1]).all()):
            indices, order = indices.sort()
            data = data[order]
            if not bool((indices[1:] > indices[:-1]).all()):
                self.fail(start, f"{what} is row_sparse and holds a row twice")
        return Sparse(kind, shape, data, indices)

    def part(self, name: str, what: str) -> tuple[int, torch.dtype]:
        """Read the dtype and length of the indices of a sparse array."""
        what = f"{name} of {what}"
        flag, rank = self.numbers(_AUXILIARY, what)
        if TYPE_FLAGS.get(flag) not in (torch.int64, torch.int32):
            self.fail(self.offset - 8, f"{what}: dtype number {flag}; expected 6 (int64) or 4 (int32)")
        if rank != 1:
            self.fail(self.offset - 4, f"{what}: rank {rank}; expected 1")
        return self.number(_UINT64, what), TYPE_FLAGS[flag]

    def check_shapes(
        self, storage: int, shape: tuple[int, ...], kept: tuple[int, ...], parts: list[int], start: int, what: str
    ) -> None:
        """Fail unless the shapes of the parts of a sparse array fit each other."""
        if any(not 0 <= size < 2**62 for size in shape):
            self.fail(start, f"{what} has shape {shape}; expected sizes from 0 to 2**62")
        if storage == CSR:
            right = len(shape) == 2 and len(kept) == 1 and parts == [shape[0] + 1, kept[0]]
        else:
            right = len(shape) >= 1 and len(kept) == len(shape) and kept[1:] == shape[1:] and parts == [kept[0]]
        if not right:
            self.fail(start, f"{what} is {STORAGE[storage]} of shape {shape}: kept values {kept}, indices {parts}")

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
        if length > self.size - self.offset:
            self.need(length, f"the data of {what}, {str(dtype)[6:]} of shape {shape},")
        kind = _NUMPY.get(dtype)
        if kind is not None and 0 < length <= _SMALL and len(shape) <= 32:
            at = self.step(length, what)
            return torch.from_numpy(np.ndarray(shape, kind, self.view, at).copy())
        out = empty(shape, torch.uint8 if dtype is torch.bool else dtype, length)
        if length:
            self.fill(memory(out))
        return out.ne_(0).view(torch.bool) if dtype is torch.bool else out  # any bits may stand in the file


class FileReader(Reader):
    """Reads from a file: large data straight into tensors, all else through a window."""

    def __init__(self, name: str, file: Any, size: int) -> None:
        super().__init__(name, memoryview(b""), size)
        self.file = file  # unbuffered

    def refill(self, count: int) -> None:
        """Bring `count` bytes into view, and what else one call reads."""
        rest = self.view[self.at :]
        found = bytearray(max(count, min(_WINDOW, self.size - self.offset)))
        found[: len(rest)] = rest
        self.base, self.at = self.offset, 0
        self.read(memoryview(found)[len(rest) :])
        self.view = memoryview(found)

    def fill(self, target: memoryview) -> None:
        known = min(len(target), len(self.view) - self.at)
        super().fill(target[:known])
        if known < len(target):
            self.read(target[known:])
            self.base, self.at, self.view = self.offset + len(target) - known, 0, memoryview(b"")

    def read(self, target: memoryview) -> None:
        """Read what comes after the window."""
        done = 0
        while done < len(target):
            got = self.file.readinto(target[done : done + _BLOCK])
            if not got:
                missing = len(target) - done
                self.fail(self.offset, f"{missing} more bytes were there a moment ago; the file is being cut off")
            done += got
