"""What a benchmark reports: targets, tables and notes, as JSON and as a section of docs/performance.md."""

from __future__ import annotations

import json
import os
import pathlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness import THREADS, Times, compared


@dataclass
class Figure:
    """One figure of docs/performance.md.

    Attributes
    ----------
    targets : list of dict
        ``what``, ``limit`` and ``found``, as text, and whether it is ``met``.
    tables : list of dict
        ``caption``, ``columns`` and ``rows`` of text.
    values : dict
        The numbers behind the text.
    versions : dict
        Of libraries besides those that are always told.
    """

    title: str
    command: str
    about: str
    targets: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def target(self, what: str, found: Mapping[str, float] | float | None, limit: float, unit: str = "") -> None:
        """Record an aim and what was found: a number, or a median and a minimum; None if the peer was not there.

        The median decides.
        """
        if found is None:
            text, met = "not measured", None
        elif isinstance(found, Mapping):
            text, met = f"{found['median']:.2f}{unit} (minima {found['min']:.2f}{unit})", found["median"] <= limit
        else:
            text, met = f"{found:.2f}{unit}", found <= limit
        self.targets.append({"what": what, "limit": f"{limit:g}{unit}", "found": text, "met": met})

    def table(self, caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table."""
        self.tables.append({"caption": caption, "columns": list(columns), "rows": [list(row) for row in rows]})

    def race(
        self,
        caption: str,
        times: Mapping[str, Times],
        unit: str,
        base: str | None = None,
        share: tuple[str, float] | None = None,
    ) -> None:
        """Add a table of times.

        Parameters
        ----------
        caption
            Above the table.
        times
            By row.
        unit
            Of the times, ms or µs.
        base
            The row that is ours: two columns have the ratios to it.
        share
            Of what, and how many seconds the work would take at the machine's peak: a column has their share.
        """
        columns = ["", f"median, {unit}", f"minimum, {unit}", *(_RATIOS if base else ())]
        columns += [f"share of the {share[0]}"] if share else []
        rows = []
        for name, taken in times.items():
            row = [name, *_cells(taken, unit, times[base] if base else None)]
            rows.append([*row, f"{share[1] / taken.median:.0%}"] if share else row)
        self.table(caption, columns, rows)
        self.values[caption] = {name: taken.to_json() for name, taken in times.items()}

    def parts(self, caption: str, times: Mapping[str, Mapping[str, Times]], unit: str, base: str = "remx") -> None:
        """Add a table of several things by row each; ratios are to the row called `base` of the same thing."""
        columns = ["", "by", f"median, {unit}", f"minimum, {unit}", *_RATIOS]
        rows = [
            [what, name, *_cells(taken, unit, these.get(base))]
            for what, these in times.items()
            for name, taken in these.items()
        ]
        self.table(caption, columns, rows)
        self.values[caption] = {w: {name: t.to_json() for name, t in these.items()} for w, these in times.items()}

    def finish(self, file: pathlib.Path | None) -> dict[str, Any]:
        """Print the figure, write it where ``--json`` says, and return it."""
        figure = {**vars(self), "machine": {**machine(), **self.versions}}
        del figure["versions"]
        print(markdown(figure))
        if file:
            file.write_text(json.dumps(figure, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return figure


_RATIOS = ("median / ours", "minimum / ours")


def _cells(taken: Times, unit: str, ours: Times | None) -> list[str]:
    scale = {"ms": 1e3, "µs": 1e6}[unit]
    cells = [f"{taken.median * scale:.3f}", f"{taken.least * scale:.3f}"]
    return cells if ours is None else [*cells, *(f"{ratio:.2f}" for ratio in compared(taken, ours).values())]


def markdown(figure: Mapping[str, Any], picture: str | None = None) -> str:
    """Return one section of docs/performance.md, with the picture at that path."""
    lines = [f"## {figure['title']}", "", figure["about"], "", f"    {figure['command']}", ""]
    if picture:
        lines += [f"![{figure['title']}: the times of the tables below]({picture})", ""]
    if figure["targets"]:
        rows = [
            [t["what"], f"at most {t['limit']}", t["found"], {None: "", True: "met", False: "missed"}[t["met"]]]
            for t in figure["targets"]
        ]
        lines += [*_table(["target", "limit", "found", ""], rows), ""]
    for table in figure["tables"]:
        lines += [f"{table['caption']}:", "", *_table(table["columns"], table["rows"]), ""]
    lines += [line for note in figure["notes"] for line in (note, "")]
    return "\n".join(lines)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in (columns, *rows)) for i in range(len(columns))]
    ruler = ["-" * max(widths[0], 3), *("-" * (max(width, 3) - 1) + ":" for width in widths[1:])]
    body = [
        [row[0].ljust(max(widths[0], 3)), *(cell.rjust(max(w, 3)) for cell, w in zip(row[1:], widths[1:]))]
        for row in (columns, *rows)
    ]
    return [f"| {' | '.join(row)} |" for row in (body[0], ruler, *body[1:])]


# -- the machine ----------------------------------------------------------------------------------------------------


def machine() -> dict[str, str]:
    """Return what the numbers depend on."""
    import numpy
    import torch

    import mxnet

    return {
        "CPU": _cpu(),
        "cores used": f"{THREADS} of {os.cpu_count()}",
        "system": f"{platform.system()} {platform.machine()}, glibc {platform.libc_ver()[1]}",
        "Python": platform.python_version(),
        "remx": mxnet.__version__,
        "PyTorch": torch.__version__,
        "NumPy": numpy.__version__,
    }


def _cpu() -> str:
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    name = facts.get("model name", platform.processor() or "unknown")
    return f"{name} (family {facts['cpu family']}, model {facts['model']})" if "cpu family" in facts else name
