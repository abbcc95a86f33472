"""Text that fits 80 columns: tables, numbers and sizes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

WIDTH = 80


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, right: str = "", width: int = WIDTH) -> list[str]:
    """Return the lines of a table.

    Columns take the width of what is in them. Where all are too wide, the widest text column gives way: what is cut
    off is marked by ``..`` in its middle.

    Parameters
    ----------
    heads : sequence of str
        Titles of the columns.
    rows : iterable of sequences
        Cells; None is empty.
    right : str
        One letter for each column: ``r`` sets it to the right.
    width : int
        Columns of the screen.

    Examples
    --------
    >>> from mxnet._cli.tables import table
    >>> print(*table(("Layer", "Size"), [("conv", 1200), ("fully_connected", 7)], right="lr"), sep="\\n")
    Layer            Size
    conv             1200
    fully_connected     7
    """
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(heads), *cells]) for i in range(len(heads))]
    right = right.ljust(len(heads), "l")
    gap = 2 if sum(widths) + 2 * (len(widths) - 1) <= width else 1
    while sum(widths) + gap * (len(widths) - 1) > width:
        texts = [i for i in range(len(widths)) if right[i] != "r" and widths[i] > 8]
        if not texts:
            break
        widths[max(texts, key=widths.__getitem__)] -= 1
    lines: list[str] = []
    for row in [list(heads), *cells]:
        fitted = [shortened(cell, size) for cell, size in zip(row, widths)]
        line = [
            cell.rjust(size) if side == "r" else cell.ljust(size) for cell, size, side in zip(fitted, widths, right)
        ]
        lines.append((" " * gap).join(line).rstrip())
    return lines


def shortened(text: str, width: int) -> str:
    """Return `text` in at most `width` characters: names differ at both ends, so the middle goes.

    Examples
    --------
    >>> from mxnet._cli.tables import shortened
    >>> shortened("stage1_unit1_conv1_weight", 15)
    'stage1_..weight'
    """
    if len(text) <= width:
        return text
    ahead = (width - 1) // 2
    return f"{text[:ahead]}..{text[len(text) - (width - 2 - ahead) :]}" if width > 4 else text[:width]


def facts(pairs: Iterable[tuple[str, Any]], *, width: int = WIDTH) -> list[str]:
    """Return lines of names and what they are, the texts in one column; long ones go on in the next line."""
    import textwrap

    known = [(name, str(value)) for name, value in pairs if value not in (None, "")]
    column = max((len(name) for name, _ in known), default=0) + 2
    lines: list[str] = []
    for name, value in known:
        folded = [
            line
            for part in value.split("\n")
            for line in textwrap.wrap(part, width - column, break_long_words=False, break_on_hyphens=False) or [""]
        ]
        lines.append(f"{name:<{column}}{folded[0]}".rstrip())
        lines += [" " * column + line for line in folded[1:]]
    return lines


def bullets(texts: Iterable[str], *, width: int = WIDTH) -> list[str]:
    """Return a list with one or more lines for each text."""
    import textwrap

    lines: list[str] = []
    for text in texts:
        lines += textwrap.wrap(
            text, width, initial_indent="- ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
    return lines


def shape(sizes: Sequence[int] | None) -> str:
    """Return a shape for reading; ``?`` where it is not known.

    Examples
    --------
    >>> from mxnet._cli.tables import shape
    >>> shape((1, 64, 0)), shape(None)
    ('1x64x?', '?')
    """
    if sizes is None:
        return "?"
    return "x".join(str(n) if n else "?" for n in sizes) if len(sizes) else "scalar"


def count(number: float) -> str:
    """Return a large number in four characters or so.

    Examples
    --------
    >>> from mxnet._cli.tables import count
    >>> count(999), count(25557032), count(3.9e9)
    ('999', '25.6 M', '3.90 G')
    """
    return _scaled(number, ("", " k", " M", " G", " T", " P"), 1000)


def size(count_of_bytes: float) -> str:
    """Return a size of a file or of memory.

    Examples
    --------
    >>> from mxnet._cli.tables import size
    >>> size(312), size(102_500_000)
    ('312 B', '102 MB')
    """
    return _scaled(count_of_bytes, (" B", " kB", " MB", " GB", " TB", " PB"), 1000)


def _scaled(number: float, units: Sequence[str], step: int) -> str:
    for place, unit in enumerate(units):
        if abs(number) < step * 0.9995 or place == len(units) - 1:
            if place == 0:
                return f"{number:.0f}{unit}"
            return f"{number:.{max(0, 2 - int(math.log10(max(abs(number), 1))))}f}{unit}"
        number /= step
    raise AssertionError


def print_json(value: Any) -> None:
    """Print what a program is to read: strict JSON, in which numbers that are none become null."""
    print(json.dumps(_plain(value), indent=2, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
