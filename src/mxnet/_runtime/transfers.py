"""Copies from the host to a GPU that do not stop the program until the GPU has done everything before them.

The driver has read ordinary memory when the copying call returns: it goes through a buffer of the driver's. Page-locked
(pinned) memory is read later, by the GPU itself. So each such copy leaves an event here, and whoever writes to pinned
memory through an array waits for the copies that still read it. torch keeps freed pinned memory until they are done.
"""

from __future__ import annotations

from typing import Any

import torch

Tensor = torch.Tensor

#: Copies that may still read pinned memory: its address, and the event after the copy. Empty without pinned memory.
pending: list[tuple[int, Any]] = []
_MOST = 32  # so many are kept before finished ones are looked for


def is_upload(source: Tensor, device: torch.device) -> bool:
    """Return whether a copy of `source` to `device` goes from the host to a GPU."""
    return device.type == "cuda" and source.is_cpu


def moved(
    source: Tensor, device: torch.device, dtype: torch.dtype | None = None, copy: bool = False, guarded: bool = True
) -> Tensor:
    """Return a contiguous tensor on another device.

    Parameters
    ----------
    source : Tensor
    device : torch.device
    dtype : torch.dtype, optional
        That of the source unless said.
    copy : bool
        Whether it always has memory of its own.
    guarded : bool
        Whether the memory of `source` is written to through arrays only, which look whether a copy still reads it.
    """
    upload = is_upload(source, device)
    dtype = source.dtype if dtype is None else dtype
    found = source.to(device, dtype, non_blocking=upload, copy=copy, memory_format=torch.contiguous_format)
    if upload:
        _note(source, device, guarded)
    return found


def overwrite(target: Tensor, source: Tensor, guarded: bool = True) -> None:
    """Copy `source`, on the host, into `target` on a GPU; `guarded` as in `moved`."""
    target.copy_(source, non_blocking=True)
    _note(source, target.device, guarded)


def _note(source: Tensor, device: torch.device, guarded: bool) -> None:
    """Remember that a copy to `device` was just queued, if it reads pinned memory."""
    if not _is_pinned(source):
        return
    if not guarded:
        _event(device).synchronize()
        return
    if len(pending) >= _MOST:
        pending[:] = [(address, event) for address, event in pending if not event.query()]
    pending.append((_address(source), _event(device)))


def settle(target: Tensor) -> None:
    """Wait for copies that still read the memory of `target`; to be called before it is written to."""
    address = _address(target)
    for copy in [copy for copy in pending if copy[0] == address]:
        copy[1].synchronize()
        pending.remove(copy)


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _event(device: torch.device) -> Any:
    return torch.cuda.current_stream(device).record_event()


def _is_pinned(tensor: Tensor) -> bool:
    return tensor.is_pinned()
