"""How arrays go from one process to another: through shared memory, not through pickled bytes.

A worker of a loader writes large arrays into files of memory that have no name, and hands over their descriptors. They
need no room in /dev/shm, nothing is left behind whoever dies, and no descriptor stays open. Elsewhere, as in a
``multiprocessing.Pool``, arrays are shared as torch shares its tensors.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import pickle
import sys
from collections.abc import Generator, Sequence
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import torch
import torch.multiprocessing  # it teaches ForkingPickler to send tensors as handles of shared memory

from ...context import Context
from ...ndarray import NDArray
from ...ndarray.dispatch import wrap

Tensor = torch.Tensor
_SMALL = 1 << 14  # bytes; smaller arrays are sent by value, which is quicker
_CPU = Context("cpu", 0)


# -- between workers of a loader and their main process ---------------------------------------------------------------


class Outbox:
    """Memory that a worker fills for the main process, for one answer."""

    def __init__(self) -> None:
        self.descriptors: list[int] = []
        self._numbers: dict[int, int] = {}  # by address
        self._tensors: list[Tensor] = []  # so that no other memory gets one of the addresses

    def empty(self, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """Return a tensor whose content is arbitrary."""
        size = math.prod(shape) * dtype.itemsize
        descriptor = os.memfd_create("batch")
        self.descriptors.append(descriptor)
        os.posix_fallocate(descriptor, 0, size)  # an error now, not a SIGBUS later, if there is no memory
        tensor = _mapped(descriptor, size).view(dtype).reshape(tuple(shape))
        self._numbers[tensor.data_ptr()] = len(self._tensors)
        self._tensors.append(tensor)
        return tensor

    def number(self, data: Tensor) -> int:
        """Return which descriptor is the memory of `data`; it is copied there if it is not there yet."""
        found = self._numbers.get(data.data_ptr())
        if found is None or not data.is_contiguous() or self._tensors[found].nbytes != data.nbytes:
            self.empty(data.shape, data.dtype).copy_(data)
            found = len(self._tensors) - 1
        return found

    def close(self) -> None:
        """Close the descriptors, which are on their way, and forget the memory."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self._tensors.clear()


_outbox: Outbox | None = None  # of the answer that a worker is making


@contextlib.contextmanager
def opened_outbox() -> Generator[Outbox | None, None, None]:
    """Let `shared_empty` take its memory from a new outbox; None where the system has no such memory."""
    global _outbox
    if sys.platform != "linux":
        yield None
        return
    _outbox = Outbox()
    try:
        yield _outbox
    finally:
        _outbox.close()
        _outbox = None


class _Piece:
    """A place in an answer where the content of a descriptor belongs."""

    def __init__(self, number: int) -> None:
        self.number = number


class _AnswerPickler(ForkingPickler):
    """Sends arrays as the descriptors of an outbox."""

    def __init__(self, file: io.BytesIO, outbox: Outbox) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._outbox = outbox

    def persistent_id(self, obj: Any) -> int | None:
        return obj.number if type(obj) is _Piece else None

    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if kind is NDArray and value._data.device.type == "cpu":
            return _made_array, (*self._sent(value._data.detach()), value._context)
        if kind is Tensor and value.device.type == "cpu" and value.layout is torch.strided and not value.requires_grad:
            return _made_tensor, self._sent(value)
        if kind is np.ndarray and value.nbytes >= _SMALL and not value.dtype.hasobject:
            content = torch.from_numpy(np.ascontiguousarray(value).reshape(-1).view(np.uint8))
            return _made_numpy, (_Piece(self._outbox.number(content)), value.dtype, value.shape)
        return NotImplemented

    def _sent(self, data: Tensor) -> tuple[Any, torch.dtype, tuple[int, ...]]:
        if data.nbytes < _SMALL:
            content = data.contiguous().reshape(-1).view(torch.uint8)
            return bytes(content.numpy()), data.dtype, tuple(data.shape)
        return _Piece(self._outbox.number(data)), data.dtype, tuple(data.shape)


class _AnswerUnpickler(pickle.Unpickler):
    def __init__(self, content: bytes, descriptors: Sequence[int]) -> None:
        super().__init__(io.BytesIO(content))
        self._descriptors = descriptors

    def persistent_load(self, pid: int) -> Tensor:
        descriptor = self._descriptors[pid]
        return _mapped(descriptor, os.fstat(descriptor).st_size)


def _mapped(descriptor: int, size: int) -> Tensor:
    """Return the bytes of a file; torch's map, unlike Python's, needs no descriptor of its own as long as it lives."""
    return torch.from_file(f"/proc/self/fd/{descriptor}", shared=True, size=size, dtype=torch.uint8)


def _made_tensor(content: Any, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    if isinstance(content, Tensor):
        return content.view(dtype).reshape(shape)
    return (
        torch.frombuffer(bytearray(content), dtype=dtype).reshape(shape) if content else torch.empty(shape, dtype=dtype)
    )


def _made_array(content: Any, dtype: torch.dtype, shape: tuple[int, ...], context: Context) -> NDArray:
    return rebuild_ndarray(_made_tensor(content, dtype, shape), context)


def _made_numpy(content: Tensor, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return content.numpy().view(dtype).reshape(shape)


def packed_answer(value: Any, outbox: Outbox | None) -> bytes:
    """Return `value` as bytes, without what goes into the outbox."""
    if outbox is None:
        return packed(value)
    buffer = io.BytesIO()
    _AnswerPickler(buffer, outbox).dump(value)
    return buffer.getvalue()


def unpacked_answer(content: bytes, descriptors: Sequence[int]) -> Any:
    """Return what `packed_answer` was given."""
    return _AnswerUnpickler(content, descriptors).load()


# -- between any processes --------------------------------------------------------------------------------------------


def shared_empty(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Return a tensor whose content is arbitrary, in memory that can be handed to another process."""
    size = math.prod(shape) * dtype.itemsize
    if not size or (_outbox is not None and size < _SMALL):
        return torch.empty(tuple(shape), dtype=dtype)
    if _outbox is not None:
        return _outbox.empty(shape, dtype)
    storage = torch.UntypedStorage._new_shared(size)
    return torch.empty(0, dtype=dtype).set_(storage, 0, tuple(shape))  # type: ignore[call-overload]


def reduce_ndarray(data: NDArray) -> tuple[Any, ...]:
    """Return how another process makes the same array; its memory is shared if it lies on the CPU."""
    if data._data.device.type != "cpu":
        return data.__reduce__()
    tensor = data._data.detach()
    if not tensor.is_shared() or tensor.untyped_storage().nbytes() != tensor.nbytes:
        tensor = shared_empty(tensor.shape, tensor.dtype).copy_(tensor)
    return rebuild_ndarray, (tensor, data._context)


def rebuild_ndarray(data: Tensor, context: Context) -> NDArray:
    """Return an array around memory that another process filled. It is on ``cpu(0)`` if it was on ``cpu_shared``."""
    return wrap(NDArray, data, _CPU if context.device_type == "cpu_shared" else context)


ForkingPickler.register(NDArray, reduce_ndarray)


def packed(value: Any) -> bytes:
    """Return `value` as bytes for another process of this machine, which must unpack them while this one lives."""
    return bytes(ForkingPickler.dumps(value))
