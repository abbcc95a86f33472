"""Record files: many byte strings in one file, read in order or by key, and the header of labelled images.

A file is a row of parts. A part is the magic number, a word with 3 bits of kind and 29 bits of length, the bytes, and
zeros up to a multiple of four. A record is one part, unless it holds the magic number at a multiple of four: there it
is cut, and the number itself is left out and put back by the reader. So the magic number always begins a part, and a
reader can start anywhere in a file.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable
from typing import IO, Any

from . import base
from ._image_records import _IR_FORMAT, _IR_SIZE, IRHeader, pack, pack_img, unpack, unpack_img  # noqa: F401
from .base import MXNetError

__all__ = ["IRHeader", "MXIndexedRecordIO", "MXRecordIO", "pack", "pack_img", "unpack", "unpack_img"]

_MAGIC = struct.pack("<I", 0xCED7230A)
_WORD = struct.Struct("<II")
_LIMIT = 1 << 29  # bytes of a record: its length has 29 bits
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)
_BELIEVED = 1 << 16  # longer parts are compared with the size of the file before memory is taken
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")  # by length modulo four


class _MissingFile(MXNetError, FileNotFoundError):
    """A file is not there; FileNotFoundError, as scripts expect."""


class MXRecordIO:
    """A record file, read or written from its beginning to its end.

    A reader that reaches another process through pickling starts at the beginning there.

    Parameters
    ----------
    uri : str
        Path of the file.
    flag : {'r', 'w'}
        Read, or write: a file that is there is emptied.

    Raises
    ------
    MXNetError
        If the file cannot be opened.
    ValueError
        If `flag` is neither 'r' nor 'w'.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "some.rec")
    >>> writer = mx.recordio.MXRecordIO(path, "w")
    >>> for word in (b"one", b"two"):
    ...     writer.write(word)
    >>> writer.close()
    >>> reader = mx.recordio.MXRecordIO(path, "r")
    >>> reader.read(), reader.read(), reader.read()
    (b'one', b'two', None)
    """

    def __init__(self, uri: str | os.PathLike[str], flag: str) -> None:
        self.is_open = False
        self.uri = os.fspath(uri)
        self.handle: IO[bytes] | None = None
        self.flag = flag
        self.open()

    def open(self) -> None:
        """Open the file, at its beginning."""
        if self.flag not in ("r", "w"):
            raise base.ValueError(f"{type(self).__name__}: flag is {self.flag!r}; expected 'r' to read or 'w' to write")
        self.writable = self.flag == "w"
        try:
            # Unbuffered writing: a forked process must not flush what its parent has buffered.
            self.handle = open(self.uri, "wb", 0) if self.writable else open(self.uri, "rb")  # noqa: SIM115
        except OSError as error:
            kind = _MissingFile if isinstance(error, FileNotFoundError) else MXNetError
            purpose = "written" if self.writable else "read"
            raise kind(f"{type(self).__name__}: {self.uri!r} cannot be {purpose}: {error.strerror}") from None
        self._lock = threading.Lock()  # threads may share a reader
        self.pid: int | None = os.getpid()
        self.is_open = True

    def __del__(self) -> None:
        if self.__dict__.get("is_open"):
            self.close()

    def __getstate__(self) -> dict[str, Any]:
        if self.is_open and self.writable:
            raise MXNetError(
                f"{type(self).__name__}: {self.uri!r} is being written and cannot be pickled; close it first"
            )
        state = {name: value for name, value in self.__dict__.items() if name not in ("handle", "_lock")}
        return {**state, "pid": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, handle=None, is_open=False)
        if state["is_open"]:
            self.open()

    def _check_pid(self, allow_reset: bool = False) -> None:
        """Refuse a file that a parent process opened, for its position is shared; or open it anew if `allow_reset`."""
        if self.pid == os.getpid():
            return
        if not allow_reset and self.pid is None:
            raise MXNetError(f"{type(self).__name__}: {self.uri!r} is closed; reset() opens it at its beginning")
        if not allow_reset:
            raise MXNetError(
                f"{type(self).__name__}: {self.uri!r} was opened by another process (pid {self.pid}); "
                "call reset() in this one, or open the file here"
            )
        self.reset()

    def close(self) -> None:
        """Close the file; once more does no harm."""
        if self.handle is not None:
            self.handle.close()
        self.is_open = False
        self.pid = None

    def reset(self) -> None:
        """Go back to the beginning; a file that is being written is emptied."""
        self.close()
        self.open()

    def write(self, buf: bytes) -> None:
        """Append a record.

        Parameters
        ----------
        buf : bytes
            Less than 512 MiB.

        Raises
        ------
        TypeError
            If `buf` is not bytes.
        MXNetError
            If it is too long, or the file is not open for writing in this process.
        """
        if not isinstance(buf, (bytes, bytearray, memoryview)):
            raise base.TypeError(f"{type(self).__name__}.write: buf is {type(buf).__name__}; expected bytes")
        if not self.writable:
            raise MXNetError(f"{type(self).__name__}.write: {self.uri!r} is open for reading; open it with flag 'w'")
        self._check_pid()
        content = bytes(buf)
        if len(content) >= _LIMIT:
            raise MXNetError(
                f"{type(self).__name__}.write: a record of {len(content):,} bytes; expected less than {_LIMIT:,}"
            )
        assert self.handle is not None
        rest = memoryview(_parts(content))
        with self._lock:
            while rest:
                rest = rest[self.handle.write(rest) :]

    def read(self) -> bytes | None:
        """Return the next record, or None at the end.

        Raises
        ------
        MXNetError
            If the file is damaged here, or not open for reading in this process.
        """
        self._check_reading("read")
        self._check_pid()
        with self._lock:
            return self._next()

    def _check_reading(self, method: str) -> None:
        if self.writable:
            raise MXNetError(f"{type(self).__name__}.{method}: {self.uri!r} is open for writing; open it with flag 'r'")

    def _next(self) -> bytes | None:
        kind, content = self._part(expected=(_WHOLE, _FIRST))
        if kind is None or kind == _WHOLE:
            return content
        parts = [content]
        while kind != _LAST:
            kind, content = self._part(expected=(_MIDDLE, _LAST))
            parts.append(content)
        return _MAGIC.join(parts)  # type: ignore[arg-type]  # only the first part can be None

    def _part(self, expected: tuple[int, int]) -> tuple[int | None, bytes | None]:
        """Return kind and content of the part that starts here; None twice at the end of the file."""
        assert self.handle is not None
        word = self.handle.read(8)
        if not word and _WHOLE in expected:
            return None, None
        if len(word) < 8:
            raise self._damaged(len(word), f"the file ends after {len(word)} of the 8 bytes that begin a part")
        magic, code = _WORD.unpack(word)
        kind, length = code >> 29, code & (_LIMIT - 1)
        if word[:4] != _MAGIC:
            raise self._damaged(8, f"no record starts here: found 0x{magic:08x}, expected 0xced7230a")
        if kind not in expected:
            why = "a part that goes on with a record" if _WHOLE in expected else "the start of another record"
            raise self._damaged(8, f"found {why} (kind {kind}), expected kind {expected[0]} or {expected[1]}")
        padded = length + len(_PADDING[length & 3])
        if padded > _BELIEVED and padded > (left := os.fstat(self.handle.fileno()).st_size - self.handle.tell()):
            raise self._damaged(8, f"a part of {length:,} bytes, where the file has {left:,} more")
        content = self.handle.read(padded)
        if len(content) < padded:
            raise self._damaged(
                8 + len(content), f"a part of {length:,} bytes, where the file has {len(content):,} more"
            )
        return kind, content if padded == length else content[:length]

    def _damaged(self, read: int, what: str) -> MXNetError:
        assert self.handle is not None
        place = self.handle.tell() - read
        return MXNetError(f"{self.uri!r} is damaged, or no record file: offset {place:,}: {what}")


def _parts(content: bytes) -> bytes:
    """Return a record as the bytes of its parts."""
    cuts: list[int] = []
    place = content.find(_MAGIC)
    while place >= 0:
        aligned = place % 4 == 0
        if aligned:
            cuts.append(place)
        place = content.find(_MAGIC, place + (4 if aligned else 1))
    if not cuts:
        return b"".join((_MAGIC, struct.pack("<I", len(content)), content, _PADDING[len(content) & 3]))
    pieces: list[bytes] = []
    for number, (start, end) in enumerate(zip([0, *(cut + 4 for cut in cuts)], [*cuts, len(content)])):
        kind = _FIRST if number == 0 else _LAST if number == len(cuts) else _MIDDLE
        length = end - start
        pieces += _MAGIC, struct.pack("<I", kind << 29 | length), content[start:end], _PADDING[length & 3]
    return b"".join(pieces)


class MXIndexedRecordIO(MXRecordIO):
    """A record file with a second file that says where each record begins.

    A line of the index holds a key, a tab and an offset. Threads may share a reader; another process opens its own.

    Parameters
    ----------
    idx_path : str
        Path of the index.
    uri : str
        Path of the record file.
    flag : {'r', 'w'}
        Read, or write.
    key_type : callable, default int
        Makes a key from what stands in the index, and from what `write_idx` is given.

    Attributes
    ----------
    keys : list
        Keys in the order of the index.
    idx : dict
        Offset by key.

    Raises
    ------
    MXNetError
        If a file cannot be opened.
    ValueError
        If the index is damaged.

    Examples
    --------
    >>> import os, tempfile
    >>> prefix = os.path.join(tempfile.mkdtemp(), "some")
    >>> writer = mx.recordio.MXIndexedRecordIO(prefix + ".idx", prefix + ".rec", "w")
    >>> for key in range(3):
    ...     writer.write_idx(key, b"record %d" % key)
    >>> writer.close()
    >>> mx.recordio.MXIndexedRecordIO(prefix + ".idx", prefix + ".rec", "r").read_idx(1)
    b'record 1'
    """

    def __init__(
        self,
        idx_path: str | os.PathLike[str],
        uri: str | os.PathLike[str],
        flag: str,
        key_type: Callable[[Any], Any] = int,
    ) -> None:
        if idx_path is None:
            raise base.TypeError(f"{type(self).__name__}: idx_path is None; expected the path of an index")
        self.idx_path = os.fspath(idx_path)
        self.idx: dict[Any, int] = {}
        self.keys: list[Any] = []
        self.key_type = key_type
        self.fidx: IO[str] | None = None
        super().__init__(uri, flag)

    def open(self) -> None:
        """Open both files, and read the index of a file that is there."""
        super().open()
        self.idx, self.keys = {}, []
        try:
            # By lines: see the unbuffered records.
            self.fidx = index = open(self.idx_path, self.flag, 1, encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            self.close()
            kind = _MissingFile if isinstance(error, FileNotFoundError) else MXNetError
            raise kind(
                f"{type(self).__name__}: the index {self.idx_path!r} of {self.uri!r} cannot be opened: {error.strerror}"
            ) from None
        if not self.writable:
            with index:
                self._read_index(index)

    def _read_index(self, lines: IO[str]) -> None:
        for number, line in enumerate(lines, start=1):
            key, tab, place = line.strip().partition("\t")
            try:
                if not tab:
                    raise ValueError("no tab")
                self.keys.append(self.key_type(key))
                self.idx[self.keys[-1]] = int(place.partition("\t")[0])
            except ValueError:
                self.close()
                raise base.ValueError(
                    f"{self.idx_path!r}, line {number}: found {line[:80]!r}; expected a key "
                    f"({getattr(self.key_type, '__name__', self.key_type)}), a tab and an offset"
                ) from None

    def close(self) -> None:
        """Close both files; once more does no harm."""
        super().close()
        if self.fidx is not None:
            self.fidx.close()

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "fidx": None}

    def seek(self, idx: Any) -> None:
        """Go to the record with the key `idx`; `read` returns it.

        Raises
        ------
        KeyError
            If there is no such key.
        MXNetError
            If the file is open for writing, or the index does not fit it.
        """
        self._check_reading("seek")
        self._check_pid(allow_reset=True)
        self._go(idx)

    def _go(self, idx: Any) -> None:
        try:
            place = self.idx[idx]
        except KeyError:
            count = len(self.idx)
            raise _NoSuchKey(
                f"{self.idx_path!r} has no key {idx!r} among {count:,} of type {_kinds(self.keys)}"
            ) from None
        if place < 0:
            raise MXNetError(f"{self.idx_path!r}: key {idx!r} has the offset {place}; expected at least 0")
        assert self.handle is not None
        self.handle.seek(place)

    def tell(self) -> int:
        """Return the offset at which the next record is written or read."""
        self._check_pid()
        assert self.handle is not None
        return self.handle.tell()

    def read_idx(self, idx: Any) -> bytes:
        """Return the record with the key `idx`.

        Raises
        ------
        KeyError
            If there is no such key.
        MXNetError
            If no record starts where the index says.
        """
        self._check_reading("read_idx")
        self._check_pid(allow_reset=True)
        with self._lock:
            self._go(idx)
            found = self._next()
        if found is None:
            raise MXNetError(
                f"{self.idx_path!r}: key {idx!r} has the offset {self.idx[idx]:,}, where {self.uri!r} has ended"
            )
        return found

    def write_idx(self, idx: Any, buf: bytes) -> None:
        """Append a record with the key `idx`.

        Raises
        ------
        ValueError
            If `key_type` makes no key of `idx`.
        """
        key = self.key_type(idx)
        place = self.tell()
        self.write(buf)
        assert self.fidx is not None
        self.fidx.write(f"{key}\t{place}\n")
        self.idx[key] = place
        self.keys.append(key)


class _NoSuchKey(MXNetError, KeyError):
    """A key is not in the index."""

    __str__ = RuntimeError.__str__  # KeyError would show it in quotes


def _kinds(keys: list[Any]) -> str:
    return type(keys[0]).__name__ if keys else "none"


for _name in __all__:
    globals()[_name].__module__ = __name__  # where MXNet has them, and where pickles look for them
