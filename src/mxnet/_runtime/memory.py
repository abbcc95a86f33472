"""Freed memory stays in the process.

glibc gives large freed blocks back to the system, or not, depending on what was freed before. Memory that comes back
has no pages yet, and making them takes up to a fifth of a training step. See decision 20.
"""

from __future__ import annotations

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of glibc's mallopt
_NEVER = 2**31 - 1
_ON_ITS_OWN = 2**30  # bytes from which on a block is mapped by itself, and given back


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
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_TRIM_THRESHOLD, _NEVER)) and bool(mallopt(_MMAP_THRESHOLD, _ON_ITS_OWN))
