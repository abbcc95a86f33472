"""Runs every benchmark in a fresh process and writes results.json and docs/performance.md.

python benchmarks/run.py                       # all figures
python benchmarks/run.py --only chain memory   # these again, the others stay
python benchmarks/run.py --check               # is docs/performance.md what results.json says?
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

from harness import markdown

HERE = pathlib.Path(__file__).parent
RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "performance.md"
FIGURES = ("tutorial_step", "lenet_step", "bucketing", "imperative", "chain", "optimizers", "import_time", "memory",
           "files", "operators")  # fmt: skip
INTRODUCTION = """\
# Performance

<!-- Written by benchmarks/run.py from benchmarks/results.json. Do not edit. -->

Every figure comes from one program in `benchmarks/`, which runs remx and its peers side by side: each in a process of
its own, with the same number of threads, in interleaved rounds. Times are the median and the minimum over the rounds.
MXNet 1.9.1 is the real one, in its own interpreter with Python 3.8 and `MXNET_SUBGRAPH_BACKEND=NONE`.
`python benchmarks/run.py --mxnet191 PYTHON` runs them all and writes this page.
"""


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=FIGURES, default=FIGURES, help="run these and keep the others")
    parser.add_argument("--check", action="store_true", help="run nothing; fail if the page differs from the results")
    parser.add_argument("--mxnet191", metavar="PYTHON", default=os.environ.get("MXNET191_PYTHON"))
    parser.add_argument("--rounds", type=int, help="interleaved repetitions, for all")
    chosen = parser.parse_args()
    if chosen.check:
        return check()
    results = read()
    for name in chosen.only:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        begun = time.strftime("%Y-%m-%d")
        results[name] = {**measure(name, chosen.mxnet191, chosen.rounds), "day": begun, "load": load}
        write(results)
    print(f"wrote {RESULTS} and {PAGE}")
    return 0


def measure(name: str, mxnet191: str | None, rounds: int | None) -> dict[str, Any]:
    """Run one benchmark in a fresh process and return its figure."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "figure.json"
        command = [sys.executable, str(HERE / f"{name}.py"), "--json", str(file)]
        command += ["--mxnet191", mxnet191] if mxnet191 else []
        command += ["--rounds", str(rounds)] if rounds else []
        subprocess.run(command, check=True)
        return json.loads(file.read_text(encoding="utf-8"))


def read() -> dict[str, Any]:
    """Return the stored results."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def write(results: dict[str, Any]) -> None:
    """Store the results and the page made from them."""
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(results), encoding="utf-8")


def page(results: dict[str, Any]) -> str:
    """Return the text of docs/performance.md."""
    sections = [INTRODUCTION]
    for name in FIGURES:
        if name in results:
            figure = results[name]
            facts = ", ".join(f"{key} {value}" for key, value in figure["machine"].items())
            load = "" if figure["load"] is None else f"; load average at the start {figure['load']:.1f}"
            sections.append(f"{markdown(figure).rstrip()}\n\nMeasured {figure['day']}: {facts}{load}.\n")
    return "\n".join(sections)


def check() -> int:
    """Return 1, and say so, if the page is not the one that the results make."""
    if not RESULTS.exists() or not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page(read()):
        print("docs/performance.md was not generated from benchmarks/results.json: python benchmarks/run.py")
        return 1
    print("docs/performance.md agrees with benchmarks/results.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
