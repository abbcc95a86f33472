"""Iterators over files: which files a name means, their lines in blocks, and batches of what was read."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple, Protocol

import numpy as np
import torch

from .. import base
from .._ops.attributes import AttributeType
from .._warning import warn
from ..context import cpu
from ..ndarray import NDArray
from ..ndarray.dispatch import wrap
from ._protocol import DataBatch, DataDesc, DataIter

__all__ = ["MXDataIter"]

#: Bytes that are read and parsed at a time. With twice as many, glibc returns and refetches the memory of each step.
BLOCK = 64 * 1024


class Loaded(NamedTuple):
    """One batch as a reader gives it: two arrays, how many examples only fill it up, and their numbers."""

    data: Any
    label: Any
    pad: int
    numbers: np.ndarray


class Reader(Protocol):
    """Where a `MXDataIter` takes its batches from."""

    def read(self) -> Loaded | None:
        """Return the next batch, or None at the end of the epoch."""
        ...

    def rewind(self) -> None:
        """Begin the next epoch."""
        ...


class MXDataIter(DataIter):
    """Yields the batches of a file; `CSVIter`, `LibSVMIter` and `MNISTIter` make it.

    Every batch has one array of data, one of labels, and arrays of its own, which may be kept and changed. Files are
    read as far as needed, in the thread that asks: `PrefetchingIter` puts that beside the work on the last batch.

    Parameters
    ----------
    handle : object
        What reads the file: ``read()`` returns the next batch or None, ``rewind()`` begins the next epoch.
    data_name, label_name : str
        Names of the two arrays.

    Attributes
    ----------
    provide_data, provide_label : list of DataDesc
        Description of the array of data and that of labels.
    first_batch : DataBatch or None
        The first batch, until it is used: it was read to know the shapes.

    Raises
    ------
    MXNetError
        If a file is missing or something in it is wrong; the message names file and place.

    Examples
    --------
    >>> import tempfile, os
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "data.csv")
    >>> np.savetxt(path, np.arange(6).reshape(3, 2), delimiter=",")
    >>> batches = mx.io.CSVIter(data_csv=path, data_shape=(2,), batch_size=2)
    >>> isinstance(batches, mx.io.MXDataIter)
    True
    >>> batches.provide_data
    [DataDesc[data,(2, 2),<class 'numpy.float32'>,NCHW]]
    >>> [batch.pad for batch in batches]
    [0, 1]
    >>> folder.cleanup()
    """

    __module__ = "mxnet.io.io"

    def __init__(self, handle: Any, data_name: str = "data", label_name: str = "softmax_label", **_: Any) -> None:
        super().__init__()
        self.handle: Reader = handle
        self._debug_skip_load = False
        self._debug_at_begin = True
        self._loaded: Loaded | None = None
        self.first_batch: DataBatch | None = None
        self._advance()
        if self._loaded is None:
            raise base.MXNetError("MXDataIter: handle has no batch; expected at least one, to know the shapes")
        self.first_batch = self._batch()
        data, label = self._loaded.data, self._loaded.label
        self.provide_data = [DataDesc(data_name, data.shape, data.dtype)]
        self.provide_label = [DataDesc(label_name, label.shape, label.dtype)]
        self.batch_size = data.shape[0]

    def debug_skip_load(self) -> None:
        """Yield the first batch again and again from now on, to time training without reading."""
        self._debug_skip_load = True
        logging.info("Set debug_skip_load to be true, will simply return first batch")

    def reset(self) -> None:
        """Begin the next epoch."""
        self._debug_at_begin = True
        if self.first_batch is None:
            self.handle.rewind()
            self._loaded = None

    def iter_next(self) -> bool:
        """Go on to the next batch and return whether there is one."""
        if self._debug_skip_load and not self._debug_at_begin:
            return True
        self._debug_at_begin = False
        if self.first_batch is not None:
            self.first_batch = None
            return True
        self._advance()
        return self._loaded is not None

    def next(self) -> DataBatch:
        """Return the next batch.

        Raises
        ------
        StopIteration
            If the epoch has ended.
        """
        first = self.first_batch
        if not self.iter_next():
            raise StopIteration
        return self._batch() if first is None else first

    def _advance(self) -> None:
        self._loaded = self.handle.read()

    def _present(self) -> Loaded:
        if self._loaded is None:
            raise base.MXNetError("MXDataIter: there is no batch: call iter_next() or next() first")
        return self._loaded

    def _batch(self) -> DataBatch:
        found = self._present()
        return DataBatch(data=[found.data], label=[found.label], pad=found.pad, index=found.numbers)

    def getdata(self) -> Any:
        """Return the array of data of the present batch."""
        return self._present().data

    def getlabel(self) -> Any:
        """Return the array of labels of the present batch."""
        return self._present().label

    def getindex(self) -> np.ndarray:
        """Return the numbers of the examples of the present batch, as uint64."""
        return self._present().numbers

    def getpad(self) -> int:
        """Return how many examples at the end of the present batch only fill it up."""
        return self._present().pad


# -- parameters -------------------------------------------------------------------------------------------------------


def parsed(iterator: str, name: str, kind: AttributeType, value: Any) -> Any:
    """Return a parameter's value, which may come as text; None is a required one that is missing."""
    if value is None:
        raise base.MXNetError(f"{iterator}: required parameter {name} ({kind.spelling}) is missing")
    try:
        return kind.parse(value)
    except ValueError as error:
        raise base.ValueError(f"{iterator}: {name}: {error}") from None


#: What scripts pass along to `MNISTIter`, or to every iterator; it has no effect.
_WITHOUT_EFFECT = frozenset({"data_shape", "input_shape", "name"})


def ignore(iterator: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Warn of parameters that an iterator does not have; MXNet ignores them silently."""
    for name in given:
        if name not in _WITHOUT_EFFECT:
            import difflib  # only for the mistake

            near = difflib.get_close_matches(name, list(known), 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            warn(f"{iterator} has no parameter {name!r}, which is ignored{hint}")


def part_of(iterator: str, num_parts: int, part_index: int) -> None:
    """Refuse a part that does not exist."""
    if num_parts < 1 or not 0 <= part_index < num_parts:
        raise base.ValueError(
            f"{iterator}: part_index {part_index} of num_parts {num_parts} does not exist; "
            "expected 0 <= part_index < num_parts"
        )


# -- files ------------------------------------------------------------------------------------------------------------


def local(iterator: str, name: str, path: Any) -> str:
    """Return the path of a local file."""
    text = os.fspath(path) if isinstance(path, os.PathLike) else str(path)
    if text.startswith("file://"):
        text = text[len("file://") :]
    if "://" in text:
        raise base.ValueError(f"{iterator}: {name} is {text!r}; expected a local file: copy it to this machine first")
    return text


def files(iterator: str, name: str, path: Any) -> list[str]:
    """Return the files that a parameter means: ``a;b`` names two, a folder all in it, and a name may be a pattern."""
    found: list[str] = []
    for part in local(iterator, name, path).split(";"):
        text = local(iterator, name, part)
        if os.path.isfile(text):
            found.append(text)
            continue
        folder, pattern = (text, ".*") if os.path.isdir(text) else os.path.split(text)
        try:
            # a regular expression, as in MXNet, and not what a shell would take it for
            matching = re.compile(pattern)
            inside = sorted(entry for entry in os.listdir(folder or ".") if matching.fullmatch(entry))
        except (OSError, re.error):
            inside = []
        here = [os.path.join(folder, entry) for entry in inside]
        here = [entry for entry in here if os.path.isfile(entry)]
        if not here:
            raise base.MXNetError(f"{iterator}: {name}: there is no file {text!r}")
        found += here
    return found


class Block(NamedTuple):
    """Some whole lines of a file, each ended by a newline, and where they stand."""

    text: bytes
    path: str
    offset: int

    def line(self, number: int) -> str:
        """Return what to call line `number` of this block (from 0) in a message."""
        with open(self.path, "rb") as file:
            left, before = self.offset, 0
            while left and (piece := file.read(min(left, 1 << 20))):
                before += piece.count(b"\n")
                left -= len(piece)
        return f"{self.path}, line {before + number + 1}"


def blocks(paths: Sequence[str], num_parts: int = 1, part_index: int = 0) -> Generator[Block, None, None]:
    """Yield the lines of some files, or of one of several parts of about as many bytes.

    Where a part would begin, the line that is there still belongs to the part before.
    """
    sizes = [os.path.getsize(path) for path in paths]
    share = -(-sum(sizes) // num_parts)
    begin, end = share * part_index, min(share * (part_index + 1), sum(sizes))
    start = 0
    for path, size in zip(paths, sizes):
        first, last = max(begin - start, 0), min(end - start, size)
        start += size
        if first < last:
            yield from _lines(path, first, last)


def _lines(path: str, first: int, last: int) -> Generator[Block, None, None]:
    with open(path, "rb") as file:
        offset, last = _line_end(file, first), _line_end(file, last)
        file.seek(offset)
        while offset < last:
            text = file.read(min(BLOCK, last - offset))
            if not text.endswith(b"\n"):
                text += file.readline()
            read = len(text)
            if not offset and text.startswith(b"\xef\xbb\xbf"):  # what editors on Windows begin a file with
                text = text[3:]
            yield Block(text if text.endswith(b"\n") else text + b"\n", path, offset)
            offset += read


def _line_end(file: BinaryIO, place: int) -> int:
    """Return where the line at a place ends, but 0 for 0."""
    if not place:
        return 0
    file.seek(place)
    file.readline()
    return file.tell()


def on_cpu(values: np.ndarray) -> NDArray:
    """Return an array around the memory of a NumPy array."""
    return wrap(NDArray, torch.from_numpy(values), cpu())


# -- batches ----------------------------------------------------------------------------------------------------------


class Rows(Protocol):
    """Examples in the order of a file."""

    def take(self, count: int) -> tuple[Any, int]:
        """Return the next examples and how many they are: `count`, or what is left."""
        ...

    def rewind(self) -> None:
        """Go back to the first example."""
        ...


class RoundRobin:
    """Cuts the examples of a file into batches, and fills the last one with examples from the beginning.

    Parameters
    ----------
    name : str
        The iterator and its files, for messages.
    rows : Rows
        The examples.
    batch_size : int
        Number of examples in a batch.
    round_batch : bool
        Whether the next epoch goes on after the examples that filled the last batch.
    """

    def __init__(self, name: str, rows: Rows, batch_size: int, round_batch: bool) -> None:
        self._name = name
        self._rows = rows
        self._batch_size = batch_size
        self._round = round_batch
        self._place = 0
        self._ended = False
        #: Whether the examples stand after those that filled the last batch.
        self._wrapped = False
        self._begins = True

    def read(self) -> tuple[list[Any], int, np.ndarray] | None:
        """Return the pieces of the next batch, its pad and the numbers of its examples; None at the end."""
        if self._ended:
            return None
        piece, count = self._rows.take(self._batch_size)
        if not count and self._begins:
            if self._place:  # what filled the last batch went up to the last example
                self._place = 0
                self._rows.rewind()
                piece, count = self._rows.take(self._batch_size)
            if not count:
                raise base.MXNetError(f"{self._name}: there is no example in it")
        self._begins = False
        index = np.arange(self._place, self._place + count, dtype=np.uint64)
        self._place += count
        pad = missing = self._batch_size - count
        if not missing:
            return [piece], 0, index
        self._ended = True
        if not count:
            return None
        pieces, numbers = [piece], [index]
        while missing:
            self._rows.rewind()
            piece, count = self._rows.take(missing)
            if not count:
                raise base.MXNetError(f"{self._name}: the file has changed while it was read: it is empty now")
            pieces.append(piece)
            numbers.append(np.arange(count, dtype=np.uint64))
            self._place = count
            missing -= count
        self._wrapped = True
        return pieces, pad, np.concatenate(numbers)

    def rewind(self) -> None:
        """Begin the next epoch."""
        self._ended = False
        self._begins = True
        goes_on, self._wrapped = self._wrapped and self._round, False
        if not goes_on:
            self._place = 0
            self._rows.rewind()
