"""Writing files so that they appear complete or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable
from typing import Any

_BLOCK = 1 << 26  # bytes in one call of write


def write_atomically(path: str | os.PathLike[str], pieces: Iterable[bytes | memoryview]) -> None:
    """Write `pieces` one after another to a file beside `path` and rename it to `path`.

    After a failure an older file is as it was. A link stays a link; a pipe or a device is written to directly.
    """
    path = os.path.realpath(path)
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        with open(path, "wb", buffering=0) as file:
            _write(file, pieces)
        return
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name[:100]}.{secrets.token_hex(6)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with open(handle, "wb", buffering=0) as file:
            _write(file, pieces)
        if mode is not None:
            os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _write(file: Any, pieces: Iterable[bytes | memoryview]) -> None:
    for piece in pieces:
        view = memoryview(piece)
        while len(view):
            view = view[file.write(view[:_BLOCK]) :]
