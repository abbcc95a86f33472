"""What the benchmarks share: contestants in processes of their own, interleaved rounds, tables.

Every contestant (remx, PyTorch, MXNet 1.9.1) is a program in ``programs/`` that waits for requests. A round asks each
of them in turn for some milliseconds of work, in an order that changes, so that a disturbance of the machine meets all
of them; between its turns a contestant is stopped. The median over the rounds and the minimum are reported.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import platform
import random
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PROGRAMS = pathlib.Path(__file__).parent / "programs"
THREADS = 2


# -- options --------------------------------------------------------------------------------------------------------


def options(
    description: str | None, arguments: Sequence[str] | None = None, rounds: int = 40, names: str = ""
) -> argparse.Namespace:
    """Read the options that all benchmarks have, and keep this process and its children on `THREADS` cores.

    `names` says what ``--only NAME ...`` chooses, in a benchmark that has it.
    """
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=rounds, help=f"interleaved repetitions ({rounds})")
    parser.add_argument(
        "--mxnet191",
        metavar="PYTHON",
        default=os.environ.get("MXNET191_PYTHON"),
        help="an interpreter with MXNet 1.9.1, to be measured beside (default: MXNET191_PYTHON; left out if unset)",
    )
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the figure here as well")
    if names:
        parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help=names)
    found = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    return found


# -- contestants ----------------------------------------------------------------------------------------------------


def environment(threads: int | None = THREADS) -> dict[str, str]:
    """Return this environment with the number of threads pinned, or left to the library's own choice."""
    kept = {k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONPATH")}
    return kept if threads is None else {**kept, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}


class Contestant:
    """A running program of ``programs/``."""

    def __init__(
        self,
        label: str,
        program: str,
        python: str = sys.executable,
        threads: int | None = THREADS,
        arguments: Sequence[str] = (),
    ) -> None:
        self.label = label
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (it lives as long as the process)
        self._process = subprocess.Popen(
            [python, str(PROGRAMS / program), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=tempfile.gettempdir(),
            env={**environment(threads), "MXNET_SUBGRAPH_BACKEND": "NONE"},
        )
        self.facts: dict[str, Any] = self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            raise SystemExit(f"{self.label} ended with {self._process.returncode}:\n{self._errors.read()[-2000:]}")
        return json.loads(line)

    def ask(self, name: str, **request: Any) -> Any:
        """Run a case ``count`` times, or a measure with ``arguments``; return what it found."""
        assert self._process.stdin is not None
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.write(json.dumps({"name": name, **request}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        # its idle OpenMP threads would go on spinning for up to 0.2 s, in the turns of the others
        self._process.send_signal(signal.SIGSTOP)
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()


def mxnet191(python: str | None, program: str) -> list[Contestant]:
    """Start MXNet 1.9.1 twice, with its own number of threads and with `THREADS`; nothing without an interpreter."""
    if not python:
        return []
    return [
        Contestant("MXNet 1.9.1, default threads", program, python, threads=None),
        Contestant(f"MXNet 1.9.1, OMP_NUM_THREADS={THREADS}", program, python),
    ]


# -- times ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One line of a table: a case of a contestant."""

    name: str
    contestant: Contestant
    case: str


@dataclass(frozen=True)
class Times:
    """Seconds for one call, by round."""

    rounds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def least(self) -> float:
        return min(self.rounds)

    def to_json(self) -> dict[str, Any]:
        return {"median": self.median, "min": self.least, "rounds": len(self.rounds)}


def race(rows: Sequence[Row], rounds: int, seconds: float = 0.015) -> dict[str, Times]:
    """Time every row in interleaved rounds of about `seconds` each, after a warm-up that also chooses the count."""
    counts: dict[str, int] = {}
    for row in rows:
        row.contestant.ask(row.case, count=3)
        count = 1
        while (one := row.contestant.ask(row.case, count=count)) * count < seconds / 2:
            count = max(count + 1, min(10 * count, int(seconds / max(one, 1e-9))))
        counts[row.name] = max(1, int(seconds / one))
    found: dict[str, list[float]] = {row.name: [] for row in rows}
    shuffled = list(rows)
    for _ in range(rounds):
        random.shuffle(shuffled)
        for row in shuffled:
            found[row.name].append(row.contestant.ask(row.case, count=counts[row.name]))
    return {name: Times(values) for name, values in found.items()}


def compared(one: Times, other: Times) -> dict[str, float]:
    """Return the ratio of the medians, and of the minima, which a busy machine disturbs less."""
    return {"median": one.median / other.median, "min": one.least / other.least}


# -- what a benchmark returns ---------------------------------------------------------------------------------------


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
    """

    title: str
    command: str
    about: str
    targets: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

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

    def race(self, caption: str, times: Mapping[str, Times], unit: str, base: str | None = None) -> None:
        """Add a table of times; the ratios are to the row called `base`."""
        scale = {"ms": 1e3, "µs": 1e6}[unit]
        columns = ["", f"median, {unit}", f"minimum, {unit}"]
        if base:
            columns += ["median / ours", "minimum / ours"]
        rows = []
        for name, taken in times.items():
            row = [name, f"{taken.median * scale:.3f}", f"{taken.least * scale:.3f}"]
            if base:
                ratio = compared(taken, times[base])
                row += [f"{ratio['median']:.2f}", f"{ratio['min']:.2f}"]
            rows.append(row)
        self.table(caption, columns, rows)
        self.values[caption] = {name: taken.to_json() for name, taken in times.items()}

    def finish(self, file: pathlib.Path | None) -> dict[str, Any]:
        """Print the figure, write it where ``--json`` says, and return it."""
        figure = {**vars(self), "machine": machine()}
        print(markdown(figure))
        if file:
            file.write_text(json.dumps(figure, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return figure


def markdown(figure: Mapping[str, Any]) -> str:
    """Return one section of docs/performance.md."""
    lines = [f"## {figure['title']}", "", figure["about"], "", f"    {figure['command']}", ""]
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
