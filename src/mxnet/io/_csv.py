"""Batches of the lines of CSV files."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np

from .. import base
from .._ops.attributes import BoolType, EnumType, IntTupleType, IntType
from ._files import Block, Loaded, MXDataIter, RoundRobin, blocks, files, ignore, on_cpu, parsed
from ._numbers import Scanner, as_number

__all__ = ["CSVIter"]

_DTYPES = {"float32": np.float32, "int32": np.int32, "int64": np.int64}


def CSVIter(
    *,
    data_csv: Any = None,
    data_shape: Any = None,
    label_csv: Any = "NULL",
    label_shape: Any = (1,),
    batch_size: Any = None,
    round_batch: Any = True,
    prefetch_buffer: Any = 4,
    ctx: Any = "gpu",
    dtype: Any = "float32",
    data_name: str = "data",
    label_name: str = "softmax_label",
    **kwargs: Any,
) -> MXDataIter:
    """Return an iterator over the lines of a CSV file, which is read as far as needed.

    A line is an example: numbers separated by commas. Spaces around numbers, empty lines and a comma at the end of a
    line are left out. There is no header.

    Parameters
    ----------
    data_csv : str
        File of the data. ``a.csv;b.csv`` are two files, a folder means all files in it, and the last part of a path
        may be a regular expression.
    data_shape : tuple of int
        Shape of an example; the product is the number of columns.
    label_csv : str, optional
        File of the labels, with a line for each example; without one labels are 0.
    label_shape : tuple of int, default (1,)
        Shape of a label; labels of shape (1,) make an array of shape (batch_size,).
    batch_size : int
        Number of examples in a batch.
    round_batch : bool, default True
        A last batch with too few examples is filled with the first ones, and ``pad`` says with how many. If True, the
        next epoch begins after them, so that all examples are used equally often; if False, with the first one.
    prefetch_buffer, ctx
        Without effect: batches are made when they are asked for, on the CPU.
    dtype : {'float32', 'int32', 'int64'}, default 'float32'
        Dtype of data and labels; integers are exact, fractions are cut towards 0.
    data_name, label_name : str
        Names of the arrays.

    Returns
    -------
    MXDataIter

    Raises
    ------
    MXNetError
        If a parameter or a file is missing, or a field is not a number; the message names file, line and column.

    Examples
    --------
    >>> import tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "data.csv")
    ...     with open(path, "w") as file:
    ...         _ = file.write("1,2.5\\n3,4\\n5,-6e-1\\n")
    ...     for batch in mx.io.CSVIter(data_csv=path, data_shape=(2,), batch_size=2):
    ...         print(batch.data[0].asnumpy().tolist(), batch.pad, batch.index)
    [[1.0, 2.5], [3.0, 4.0]] 0 [0 1]
    [[5.0, -0.6000000238418579], [1.0, 2.5]] 1 [2 0]
    """
    name = "CSVIter"
    ignore(name, kwargs, CSVIter.__kwdefaults__ or ())
    del prefetch_buffer, ctx
    shape = parsed(name, "data_shape", IntTupleType(), data_shape)
    labels = parsed(name, "label_shape", IntTupleType(), label_shape)
    size = parsed(name, "batch_size", IntType(minimum=1), batch_size)
    kind = _DTYPES[parsed(name, "dtype", EnumType(tuple(_DTYPES)), _dtype_name(dtype))]
    if data_csv is None:
        raise base.MXNetError(f"{name}: required parameter data_csv (path of a file) is missing")
    data = _Table(name, files(name, "data_csv", data_csv), "data_shape", shape, kind)
    label = None
    if label_csv is not None and str(label_csv) != "NULL":
        label = _Table(name, files(name, "label_csv", label_csv), "label_shape", labels, kind)
    turns = parsed(name, "round_batch", BoolType(), round_batch)
    return MXDataIter(_CSVReader(data, label, size, turns), data_name=data_name, label_name=label_name)


def _dtype_name(dtype: Any) -> str:
    if dtype is None:
        return "float32"
    if isinstance(dtype, str):
        return dtype
    try:
        return np.dtype(dtype).name
    except TypeError:
        return repr(dtype)


class _Table:
    """The lines of CSV files as rows of numbers."""

    def __init__(self, name: str, paths: list[str], argument: str, shape: tuple[int, ...], dtype: Any) -> None:
        self.name = name
        self.paths = paths
        self.shape = shape
        self.columns = math.prod(shape)
        if self.columns < 1:
            raise base.ValueError(f"{name}: {argument} is {shape}; expected lengths of at least 1")
        self.dtype = dtype
        self._argument = argument
        self._scanner = Scanner(b",\n")
        self.rewind()

    def rewind(self) -> None:
        """Go back to the first line."""
        self._blocks: Generator[Block, None, None] = blocks(self.paths)
        self._rows = np.empty((0, self.columns), self.dtype)
        self._place = 0

    def take(self, count: int) -> tuple[list[np.ndarray], int]:
        """Return the next `count` rows, or what is left, in pieces, and their number."""
        pieces: list[np.ndarray] = []
        left = count
        while left:
            if self._place == len(self._rows):
                block = next(self._blocks, None)
                if block is None:
                    break
                self._rows, self._place = self._parse(block), 0
                continue
            piece = self._rows[self._place : self._place + left]
            self._place += len(piece)
            left -= len(piece)
            pieces.append(piece)
        return pieces, count - left

    def _parse(self, block: Block) -> np.ndarray:
        found = self._scanner.read_tidied(block.text, _tidy)
        if found is not None and found.values.size % self.columns == 0:
            rows = found.separators.reshape(-1, self.columns)
            exact = self.dtype is np.float32 or found.values.dtype.kind == "i"
            if exact and (rows[:, -1] == 10).all() and np.count_nonzero(found.separators == 10) == len(rows):
                values = found.values.reshape(-1, self.columns)
                if self.dtype is not np.int32 or values.size == 0 or np.abs(values).max() < 2**31:
                    with np.errstate(over="ignore"):  # too large for float32 is infinite
                        return values.astype(self.dtype, copy=False)
        return self._parse_slowly(block)

    def _parse_slowly(self, block: Block) -> np.ndarray:
        """Return the rows of a block line by line, or raise an error that says what is wrong where."""
        rows: list[list[float | int]] = []
        for number, line in enumerate(block.text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")):
            fields = line.split(b",")
            if not fields[-1].strip():
                fields.pop()
            if not fields:
                continue
            if len(fields) != self.columns:
                raise base.MXNetError(
                    f"{self.name}: {block.line(number)}: {len(fields)} columns; expected {self.columns}, "
                    f"as {self._argument} is {self.shape}"
                )
            rows.append([self._number(block, number, column, field) for column, field in enumerate(fields)])
        with np.errstate(over="ignore"):
            return np.array(rows, self.dtype).reshape(-1, self.columns)

    def _number(self, block: Block, line: int, column: int, field: bytes) -> float | int:
        """Return the value of one field."""
        kind = np.dtype(self.dtype)
        try:
            if kind.kind == "f":
                return as_number(field)
            try:
                value = int(field)
            except ValueError:
                value = int(as_number(field))
            limits = np.iinfo(kind)
            if b"_" not in field and limits.min <= value <= limits.max:
                return value
        except (ValueError, OverflowError):
            pass
        raise base.MXNetError(
            f"{self.name}: {block.line(line)}, column {column + 1}: {field.decode(errors='replace')!r}; "
            f"expected a number of dtype {kind.name}"
            + (" (there must be no header)" if line == block.offset == 0 and field.strip(b' "')[:1].isalpha() else "")
        )


def _tidy(text: bytes) -> bytes:
    """Return a block without what may stand around numbers; what is not as usual stays, and is read line by line."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    if b" " in text:
        text = text.replace(b", ", b",").replace(b" ,", b",").replace(b" \n", b"\n").replace(b"\n ", b"\n")
    if b",\n" in text:
        text = text.replace(b",\n", b"\n")
    return text


class _Examples:
    """Rows of data with as many rows of labels."""

    def __init__(self, data: _Table, label: _Table | None) -> None:
        self._data = data
        self._label = label

    def take(self, count: int) -> tuple[tuple[list[np.ndarray], list[np.ndarray]], int]:
        """Return the next rows of data and labels, each in pieces, and their number."""
        data, found = self._data.take(count)
        if self._label is None:
            return (data, []), found
        labels, labelled = self._label.take(found)
        if labelled < found:
            raise base.MXNetError(
                f"{self._data.name}: {';'.join(self._label.paths)} ends before {';'.join(self._data.paths)}; "
                "expected a line of labels for each line of data"
            )
        return (data, labels), found

    def rewind(self) -> None:
        """Go back to the first lines."""
        self._data.rewind()
        if self._label is not None:
            self._label.rewind()


class _CSVReader:
    """Batches of a table, with labels from another one or 0."""

    def __init__(self, data: _Table, label: _Table | None, batch_size: int, round_batch: bool) -> None:
        self._data = data
        self._label = label
        self._size = batch_size
        self._batches = RoundRobin(
            f"{data.name}: {';'.join(data.paths)}", _Examples(data, label), batch_size, round_batch
        )

    def read(self) -> Loaded | None:
        """Return the next batch, or None at the end of the epoch."""
        found = self._batches.read()
        if found is None:
            return None
        pieces, pad, index = found
        data = np.concatenate([rows for piece, _ in pieces for rows in piece])
        label = np.zeros(self._size, self._data.dtype)
        if self._label is not None:
            label = np.concatenate([rows for _, piece in pieces for rows in piece])
            label = label.reshape(self._size, *(() if self._label.columns == 1 else self._label.shape))
        return Loaded(on_cpu(data.reshape(self._size, *self._data.shape)), on_cpu(label), pad, index)

    def rewind(self) -> None:
        """Begin the next epoch."""
        self._batches.rewind()
