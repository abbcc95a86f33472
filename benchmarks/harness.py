"""What the benchmarks share: options, contestants in processes of their own, interleaved rounds.

Every contestant (remx, PyTorch, MXNet 1.9.1) is a program in ``programs/`` that waits for requests. A round asks each
of them in turn for some milliseconds of work, in an order that changes, so that a disturbance of the machine meets all
of them; between its turns a contestant is stopped. The median over the rounds and the minimum are reported.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        variables: Mapping[str, str] | None = None,
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
            env={**environment(threads), "MXNET_SUBGRAPH_BACKEND": "NONE", **(variables or {})},
        )
        self.facts: dict[str, Any] = self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            said = self._errors.read()[-2000:]
            self._close_files()
            raise SystemExit(f"{self.label} ended with {self._process.returncode}:\n{said}")
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
        self._close_files()

    def _close_files(self) -> None:
        for file in (self._process.stdin, self._process.stdout, self._errors):
            assert file is not None
            file.close()


def mxnet191(python: str | None, program: str, arguments: Sequence[str] = ()) -> list[Contestant]:
    """Start MXNet 1.9.1 twice, with its own number of threads and with `THREADS`; nothing without an interpreter."""
    if not python:
        return []
    return [
        Contestant("MXNet 1.9.1, default threads", program, python, threads=None, arguments=arguments),
        Contestant(f"MXNet 1.9.1, OMP_NUM_THREADS={THREADS}", program, python, arguments=arguments),
    ]


def installed(module: str) -> bool:
    """Return whether a peer can be measured."""
    return importlib.util.find_spec(module) is not None


def absent(mxnet191: str | None, modules: Mapping[str, str] | None = None) -> list[str]:
    """Return a line for each peer that is left out; `modules` has the module of each peer besides MXNet 1.9.1."""
    lines = [] if mxnet191 else ["MXNet 1.9.1 was left out: no interpreter was given."]
    missing = [name for name, module in (modules or {}).items() if not installed(module)]
    return lines + [f"{name} was left out: it is not installed." for name in missing]


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


LONG = 0.2  # seconds: so long a call finds its caches by itself
LIMIT = 20.0  # seconds in all for one row: slow ones get fewer rounds, but at least three


def race(rows: Sequence[Row], rounds: int, seconds: float = 0.015) -> dict[str, Times]:
    """Time every row in interleaved rounds of about `seconds` each, after a warm-up that also chooses the count."""
    counts, turns = {}, {}
    for row in rows:
        counts[row.name], one = _warmed_up(row, seconds)
        turns[row.name] = max(min(3, rounds), min(rounds, int(LIMIT / one)))
    found: dict[str, list[float]] = {row.name: [] for row in rows}
    shuffled = list(rows)
    for number in range(rounds):
        random.shuffle(shuffled)
        for row in shuffled:
            # those with fewer turns have them evenly in between
            if (number + 1) * turns[row.name] // rounds > number * turns[row.name] // rounds:
                count, least = counts[row.name], min(found[row.name], default=0.0)
                warm = {"warm": 0} if least > LONG else {}
                found[row.name].append(row.contestant.ask(row.case, count=count, **warm))
    return {name: Times(values) for name, values in found.items()}


def _warmed_up(row: Row, seconds: float) -> tuple[int, float]:
    """Return how many calls of a case make a turn, and the seconds of one."""
    one = row.contestant.ask(row.case, count=1, warm=2)
    if one > LONG:
        return 1, one
    row.contestant.ask(row.case, count=2)
    count = 1
    while (one := row.contestant.ask(row.case, count=count)) * count < seconds / 2:
        count = max(count + 1, min(10 * count, int(seconds / max(one, 1e-9))))
    return max(1, int(seconds / one)), one


def by_part(times: Mapping[str, Times]) -> dict[str, dict[str, Times]]:
    """Return the times of rows called ``part: contestant`` by part and contestant."""
    found: dict[str, dict[str, Times]] = {}
    for name, taken in times.items():
        part, _, label = name.partition(": ")
        found.setdefault(part, {})[label] = taken
    return found


def compared(one: Times, other: Times) -> dict[str, float]:
    """Return the ratio of the medians, and of the minima, which a busy machine disturbs less."""
    return {"median": one.median / other.median, "min": one.least / other.least}
