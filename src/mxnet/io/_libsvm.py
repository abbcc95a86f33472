"""Batches of the lines of files in LibSVM's format: sparse examples with labels."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
import torch

from .. import base
from .._ops.attributes import BoolType, IntTupleType, IntType
from ..context import cpu
from ..ndarray._sparse_base import from_parts
from ..ndarray.sparse import CSRNDArray
from ._files import Block, Loaded, MXDataIter, RoundRobin, blocks, files, ignore, on_cpu, parsed, part_of
from ._numbers import Scanner, as_number

__all__ = ["LibSVMIter"]

_COMMENT = re.compile(rb"#[^\n]*")


def LibSVMIter(
    *,
    data_libsvm: Any = None,
    data_shape: Any = None,
    label_libsvm: Any = "NULL",
    label_shape: Any = (1,),
    num_parts: Any = 1,
    part_index: Any = 0,
    batch_size: Any = None,
    round_batch: Any = True,
    prefetch_buffer: Any = 4,
    ctx: Any = "gpu",
    dtype: Any = "float32",
    data_name: str = "data",
    label_name: str = "softmax_label",
    **kwargs: Any,
) -> MXDataIter:
    """Return an iterator over the lines of a LibSVM file, which is read as far as needed.

    A line is an example: ``label index:value index:value ...``. Indices begin with 0, a value that is left out is 1,
    the values of an index that stands twice are added, and what follows a ``#`` is a comment. Data is a csr array.

    Parameters
    ----------
    data_libsvm : str
        File of the data. ``a;b`` are two files, a folder means all files in it, and the last part of a path may be a
        regular expression.
    data_shape : tuple of one int
        Number of features.
    label_libsvm : str, optional
        File of sparse labels in the same format, with a line for each example. Its features are the label; the number
        that begins each line is not used.
    label_shape : tuple of one int, default (1,)
        Number of labels of an example: 1 without `label_libsvm`, more with it.
    num_parts, part_index : int
        Of `num_parts` parts with about as many bytes, only part `part_index` is read.
    batch_size : int
        Number of examples in a batch.
    round_batch : bool, default True
        Must be True: a last batch with too few examples is filled with the first ones, ``pad`` says with how many, and
        the next epoch begins after them.
    prefetch_buffer, ctx
        Without effect: batches are made when they are asked for, on the CPU.
    dtype : {'float32'}
        Dtype of data and labels.
    data_name, label_name : str
        Names of the arrays.

    Returns
    -------
    MXDataIter

    Raises
    ------
    MXNetError
        If a parameter or a file is missing, or a line is malformed; the message names file, line and column.

    References
    ----------
    C.-C. Chang, C.-J. Lin: LIBSVM: a library for support vector machines (the format of its data sets).

    Examples
    --------
    >>> import tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "data.libsvm")
    ...     with open(path, "w") as file:
    ...         _ = file.write("1 0:0.5 2:1.5\\n0 1:2\\n")
    ...     batch = mx.io.LibSVMIter(data_libsvm=path, data_shape=(3,), batch_size=2).next()
    >>> batch.data[0].asnumpy().tolist(), batch.label[0].asnumpy().tolist()
    ([[0.5, 0.0, 1.5], [0.0, 2.0, 0.0]], [1.0, 0.0])
    """
    name = "LibSVMIter"
    ignore(name, kwargs, LibSVMIter.__kwdefaults__ or ())
    del prefetch_buffer, ctx
    size = parsed(name, "batch_size", IntType(minimum=1), batch_size)
    parts = parsed(name, "num_parts", IntType(), num_parts)
    part = parsed(name, "part_index", IntType(), part_index)
    part_of(name, parts, part)
    if not parsed(name, "round_batch", BoolType(), round_batch):
        raise base.ValueError(f"{name}: round_batch is False; expected True: a last batch is always filled")
    if dtype is not None and str(np.dtype(dtype)) != "float32":
        raise base.ValueError(f"{name}: dtype is {dtype!r}; expected 'float32'")
    if data_libsvm is None:
        raise base.MXNetError(f"{name}: required parameter data_libsvm (path of a file) is missing")
    width = _width("data_shape", data_shape)
    label_width = _width("label_shape", label_shape)
    data = _Table(files(name, "data_libsvm", data_libsvm), "data_shape", width, parts, part)
    label = None
    if label_libsvm is not None and str(label_libsvm) != "NULL":
        if label_width < 2:
            raise base.ValueError(
                f"{name}: label_shape is (1,); expected the number of labels in label_libsvm, above 1"
            )
        label = _Table(files(name, "label_libsvm", label_libsvm), "label_shape", label_width, parts, part)
    elif label_width != 1:
        raise base.ValueError(f"{name}: label_shape is ({label_width},); expected (1,) without label_libsvm")
    return MXDataIter(_LibSVMReader(data, label, size), data_name=data_name, label_name=label_name)


def _width(argument: str, shape: Any) -> int:
    found = parsed("LibSVMIter", argument, IntTupleType(), shape)
    if len(found) != 1 or found[0] < 1:
        raise base.ValueError(f"LibSVMIter: {argument} is {found}; expected one length of at least 1")
    return found[0]


class _Rows(NamedTuple):
    """Some examples: their labels, how many features each has, and the features one after the other."""

    labels: np.ndarray
    counts: np.ndarray
    indices: np.ndarray
    values: np.ndarray


class _Table:
    """The lines of LibSVM files."""

    def __init__(self, paths: list[str], argument: str, width: int, num_parts: int, part_index: int) -> None:
        self.paths = paths
        self.width = width
        self._argument = argument
        self._part = num_parts, part_index
        self._scanner = Scanner(b" :\n")
        self.rewind()

    def rewind(self) -> None:
        """Go back to the first line."""
        self._blocks: Generator[Block, None, None] = blocks(self.paths, *self._part)
        self._use(_Rows(*(np.empty(0, dtype) for dtype in (np.float32, np.int64, np.int64, np.float32))))

    def _use(self, rows: _Rows) -> None:
        self._rows = rows
        self._starts = np.concatenate([[0], np.cumsum(rows.counts)])
        self._place = 0

    def take(self, count: int) -> tuple[list[_Rows], int]:
        """Return the next `count` examples, or what is left, in pieces, and their number."""
        pieces: list[_Rows] = []
        left = count
        while left:
            begin, end = self._place, min(self._place + left, len(self._rows.labels))
            if begin == end:
                block = next(self._blocks, None)
                if block is None:
                    break
                self._use(self._parse(block))
                continue
            first, last = self._starts[begin], self._starts[end]
            rows = self._rows
            pieces.append(
                _Rows(rows.labels[begin:end], rows.counts[begin:end], rows.indices[first:last], rows.values[first:last])
            )
            self._place = end
            left -= end - begin
        return pieces, count - left

    def _parse(self, block: Block) -> _Rows:
        """Return the examples of a block; what is not as usual is read line by line."""
        found = self._scanner.read_tidied(block.text, _tidy)
        if found is None:
            return self._parse_slowly(block)
        separators = found.separators
        ends = np.flatnonzero(separators == 10)
        starts = np.concatenate([[0], ends[:-1] + 1])
        counts = (ends - starts) // 2
        # after its label, a line has index and value in turns: the rest of the fields of all lines is such pairs
        others = np.ones(separators.size, bool)
        others[starts] = False
        features = np.flatnonzero(others)
        marks = separators.take(features)
        pairs = marks.size % 2 == 0 and (marks[::2] == ord(":")).all() and not (marks[1::2] == ord(":")).any()
        if not pairs or (separators[starts] == ord(":")).any():
            return self._parse_slowly(block)
        numbers = found.values.take(features)
        indices = numbers[::2].astype(np.int64)
        whole = numbers.dtype.kind == "i" or (indices == numbers[::2]).all()
        if not whole or (indices.size and (indices.min() < 0 or indices.max() >= self.width)):
            return self._parse_slowly(block)
        with np.errstate(over="ignore"):  # too large for float32 is infinite
            labels, values = found.values[starts].astype(np.float32), numbers[1::2].astype(np.float32)
        return _sorted(_Rows(labels, counts, indices, values))

    def _parse_slowly(self, block: Block) -> _Rows:
        """Return the examples of a block line by line, or raise an error that says what is wrong where."""
        labels: list[float] = []
        counts: list[int] = []
        indices: list[int] = []
        values: list[float] = []
        for number, line in enumerate(block.text.split(b"\n")):
            words = [(found.start() + 1, found[0]) for found in re.finditer(rb"\S+", _COMMENT.sub(b"", line))]
            if not words:
                continue
            # a weight after the label, and the number of a query, are for other programs
            labels.append(self._number(block, number, words[0][0], words[0][1].partition(b":")[0], "a label"))
            features = [(column, word) for column, word in words[1:] if not word.startswith(b"qid:")]
            counts.append(len(features))
            for column, word in features:
                name, colon, text = word.partition(b":")
                indices.append(self._index(block, number, column, name))
                values.append(self._number(block, number, column, text, "index:value") if colon else 1.0)
        with np.errstate(over="ignore"):
            singles = np.array(labels, np.float32), np.array(values, np.float32)
        return _sorted(_Rows(singles[0], np.array(counts, np.int64), np.array(indices, np.int64), singles[1]))

    def _number(self, block: Block, line: int, column: int, text: bytes, expected: str) -> float:
        try:
            return as_number(text)
        except ValueError:
            raise self._wrong(block, line, column, text, f"{expected} that is a number") from None

    def _index(self, block: Block, line: int, column: int, text: bytes) -> int:
        if not text.isdigit():
            raise self._wrong(block, line, column, text, "index:value with an index of digits")
        index = int(text)
        if index >= self.width:
            raise self._wrong(
                block, line, column, text, f"an index below {self.width}, as {self._argument} is ({self.width},)"
            )
        return index

    def _wrong(self, block: Block, line: int, column: int, text: bytes, expected: str) -> base.MXNetError:
        shown = text.decode(errors="replace")
        return base.MXNetError(f"LibSVMIter: {block.line(line)}, column {column}: {shown!r}; expected {expected}")


def _sorted(rows: _Rows) -> _Rows:
    """Return examples with the features of each in the order of their indices, the values of equal ones summed."""
    rising = rows.indices[1:] > rows.indices[:-1]
    if rising.all():
        return rows
    example = np.repeat(np.arange(len(rows.counts)), rows.counts)
    same = example[1:] == example[:-1]
    if (rising | ~same).all():
        return rows
    order = np.lexsort((rows.indices, example))
    indices, values, example = rows.indices[order], rows.values[order], example[order]
    first = np.ones(len(indices), bool)
    first[1:] = (indices[1:] != indices[:-1]) | ~same
    begins = np.flatnonzero(first)
    counts = np.bincount(example[begins], minlength=len(rows.counts)).astype(np.int64)
    return _Rows(rows.labels, counts, indices[begins], np.add.reduceat(values, begins))


def _tidy(text: bytes) -> bytes:
    """Return a block with one space between fields and none at the end of a line."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    if b"#" in text:
        text = _COMMENT.sub(b"", text)
    if b"\t" in text:
        text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text.replace(b" \n", b"\n") if b" \n" in text else text


class _Examples:
    """Lines of data with as many lines of labels."""

    def __init__(self, data: _Table, label: _Table | None) -> None:
        self._data = data
        self._label = label

    def take(self, count: int) -> tuple[tuple[list[_Rows], list[_Rows]], int]:
        """Return the next examples and labels, each in pieces, and their number."""
        data, found = self._data.take(count)
        if self._label is None:
            return (data, []), found
        labels, labelled = self._label.take(found)
        if labelled < found:
            raise base.MXNetError(
                f"LibSVMIter: {';'.join(self._label.paths)} ends before {';'.join(self._data.paths)}; "
                "expected a line of labels for each line of data"
            )
        return (data, labels), found

    def rewind(self) -> None:
        """Go back to the first lines."""
        self._data.rewind()
        if self._label is not None:
            self._label.rewind()


class _LibSVMReader:
    """Batches of examples, with labels from the same lines or from another file."""

    def __init__(self, data: _Table, label: _Table | None, batch_size: int) -> None:
        self._data = data
        self._label = label
        self._size = batch_size
        self._batches = RoundRobin(f"LibSVMIter: {';'.join(data.paths)}", _Examples(data, label), batch_size, True)

    def read(self) -> Loaded | None:
        """Return the next batch, or None at the end of the epoch."""
        found = self._batches.read()
        if found is None:
            return None
        pieces, pad, index = found
        rows = [rows for piece, _ in pieces for rows in piece]
        data = _csr(rows, self._data.width)
        if self._label is None:
            label = on_cpu(np.concatenate([piece.labels for piece in rows]))
        else:
            label = _csr([rows for _, piece in pieces for rows in piece], self._label.width)
        return Loaded(data, label, pad, index)

    def rewind(self) -> None:
        """Begin the next epoch."""
        self._batches.rewind()


def _csr(pieces: list[_Rows], width: int) -> CSRNDArray:
    """Return examples as a csr array of shape (number of examples, width)."""
    counts = np.concatenate([piece.counts for piece in pieces])
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    indices = np.concatenate([piece.indices for piece in pieces])
    values = torch.from_numpy(np.concatenate([piece.values for piece in pieces]))
    places = torch.from_numpy(starts), torch.from_numpy(indices)
    return from_parts(CSRNDArray, values, places, (len(counts), width), cpu())
