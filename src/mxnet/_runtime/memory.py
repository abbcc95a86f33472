"""Freed memory stays in the process, as long as it is not mostly holes.

glibc gives large freed blocks back to the system, or not, depending on what was freed before. Memory that comes back
has no pages yet, and making them takes up to a fifth of a training step. But before version 2.38 it does not find the
hole that an aligned block left for the next one of the same size, and torch's blocks are aligned: from step to step
memory grows by blocks between holes. See decision 20.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from typing import Any

_STATM = "/proc/self/statm"
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of glibc's mallopt
_NEVER = 2**31 - 1
_ON_ITS_OWN = 2**30  # bytes from which on a block is mapped by itself, and given back
_LARGE = 2**25  # bytes of values from which on it is worth looking for holes
_EVERY = 8  # backward passes between two looks
_GROWN = 1.25  # so many times the memory of the last time


def keep_freed() -> bool:
    """Ask glibc to keep freed memory; return whether it will.

    Nothing is changed where there is no glibc, where the environment sets glibc's thresholds itself, and where
    ``REMX_KEEP_MEMORY`` is 0.

    Examples
    --------
    >>> from mxnet._runtime import memory
    >>> memory.keep_freed() in (True, False)
    True
    """
    own = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")
    if sys.platform != "linux" or os.environ.get("REMX_KEEP_MEMORY") == "0" or any(name in os.environ for name in own):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return False
    if not (library.mallopt(_TRIM_THRESHOLD, _NEVER) and library.mallopt(_MMAP_THRESHOLD, _ON_ITS_OWN)):
        return False
    global holes
    holes = Holes(library) if hasattr(library, "mallinfo2") and os.path.exists(_STATM) else None
    return True


class _Information(ctypes.Structure):
    """glibc's ``struct mallinfo2``."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in _names.split()]


class Holes:
    """Gives the pages of holes between blocks back to the system once they are half as much as the blocks.

    It looks when a backward pass begins: memory is nearly fullest then, so what lies free between blocks is not needed.
    As that costs a tenth of a step or more, it is done again only when the process has grown since.
    """

    def __init__(self, library: Any) -> None:
        self._information, self._trim, self._count = library.mallinfo2, library.malloc_trim, 0
        self._information.restype = _Information
        self._level: int | None = 0  # pages of the process, some passes after the last time; None until then

    def look(self, values: Sequence[Any]) -> None:
        """Look for holes at every eighth backward pass of large `values`."""
        self._count += 1
        if self._count % _EVERY or sum(getattr(value, "nbytes", 0) for value in values) < _LARGE:
            return
        pages = _resident()
        if self._level is None:
            self._level = pages
        elif pages > _GROWN * self._level:
            found = self._information()
            if 2 * (found.fordblks - found.keepcost) > found.uordblks:  # (the end of the heap is no hole)
                self._trim(0)
                self._level = None


def _resident() -> int:
    """Return how many pages of the process are in memory."""
    with open(_STATM) as file:
        return int(file.read().split()[1])


#: Who gives holes back; None where freed memory is not kept, and where glibc (before 2.33) or the system does not tell.
holes: Holes | None = None
