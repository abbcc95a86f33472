"""Runs every benchmark in a fresh process and writes results.json, docs/performance.md and its pictures.

python benchmarks/run.py                       # all figures
python benchmarks/run.py --only chain memory   # these again, the others stay
python benchmarks/run.py --page                # measure nothing; write page and pictures from results.json
python benchmarks/run.py --check               # are page and pictures what results.json says?
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

import plots
from report import markdown

HERE = pathlib.Path(__file__).parent
RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "performance.md"
PICTURES = PAGE.parent / "figures"
#: In the order of the page; each is a program in this folder.
NETWORKS = ("gluon_networks", "resnet50", "mobilenet", "ssd", "language_models", "bfloat16")
FIGURES = (
    "tutorial_step", "lenet_step", *NETWORKS, "compile_time", "bucketing", "imperative", "chain", "optimizers",
    "import_time", "memory", "peak_memory", "files", "data_loader", "operators", "machine",
)  # fmt: skip
OVERVIEW = "overview"
INTRODUCTION = """\
# Performance

<!-- Written by benchmarks/run.py from benchmarks/results.json. Do not edit. -->

Every figure comes from one program in `benchmarks/`, which runs remx and its peers side by side: each in a process of
its own, with the same number of threads, in interleaved rounds. Times are the median and the minimum over the rounds.
MXNet 1.9.1 is the real one, in its own interpreter with Python 3.8 and `MXNET_SUBGRAPH_BACKEND=NONE`.
`python benchmarks/run.py --mxnet191 PYTHON` runs them all, writes this page and draws its pictures.
"""


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=FIGURES, default=FIGURES, help="run these and keep the others")
    parser.add_argument("--check", action="store_true", help="run nothing; fail if the page differs from the results")
    parser.add_argument("--page", action="store_true", help="run nothing; write page and pictures from the results")
    parser.add_argument("--mxnet191", metavar="PYTHON", default=os.environ.get("MXNET191_PYTHON"))
    parser.add_argument("--rounds", type=int, help="interleaved repetitions, for all")
    chosen = parser.parse_args()
    if chosen.check:
        return check()
    if importlib.util.find_spec("matplotlib") is None:
        print("the pictures need matplotlib: pip install 'remx[demo]'", file=sys.stderr)
        return 1
    results = read()
    for name in () if chosen.page else chosen.only:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        begun = time.strftime("%Y-%m-%d")
        results[name] = {**measure(name, chosen.mxnet191, chosen.rounds), "day": begun, "load": load}
        write(results)
    if chosen.page:
        write(results)
    print(f"wrote {PAGE}, the pictures in {PICTURES}" + ("" if chosen.page else f", and {RESULTS}"))
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
    """Store the results, and the page and the pictures made from them."""
    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    if not RESULTS.exists() or RESULTS.read_text(encoding="utf-8") != text:
        RESULTS.write_text(text, encoding="utf-8")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(results), encoding="utf-8")
    wanted = drawn(results)
    for name, figure in wanted.items():
        plots.draw(figure, PICTURES / f"{name}.svg")
    for file in PICTURES.glob("*.svg"):
        if file.stem not in wanted:
            file.unlink()


def drawn(results: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what there is a picture of, by the name of the file: figures, and an overview of float32 networks."""
    found = {name: results[name] for name in FIGURES if name in results and plots.description(results[name])}
    networks = [table for name in NETWORKS if name in found for table in found[name]["tables"]]
    networks = [table for table in networks if any("share of the float32" in column for column in table["columns"])]
    if len(networks) > plots.PANELS:
        found[OVERVIEW] = {"title": "Networks at a glance", "tables": networks}
    return found


def page(results: dict[str, Any]) -> str:
    """Return the text of docs/performance.md."""
    sections, pictures = [INTRODUCTION], drawn(results)
    if OVERVIEW in pictures:
        title = pictures[OVERVIEW]["title"]
        sections.append(f"## {title}\n\n![How many times as long as remx each library takes](figures/{OVERVIEW}.svg)\n")
    for name in FIGURES:
        if name in results:
            figure = results[name]
            facts = ", ".join(f"{key} {value}" for key, value in figure["machine"].items())
            load = "" if figure["load"] is None else f"; load average at the start {figure['load']:.1f}"
            picture = f"figures/{name}.svg" if name in pictures else None
            sections.append(f"{markdown(figure, picture).rstrip()}\n\nMeasured {figure['day']}: {facts}{load}.\n")
    return "\n".join(sections)


def check() -> int:
    """Return 1, and say so, if page or pictures are not what the results make; needs no matplotlib."""
    again = "python benchmarks/run.py --page"
    if not RESULTS.exists() or not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page(read()):
        print(f"docs/performance.md was not generated from benchmarks/results.json: {again}")
        return 1
    wanted = drawn(read())
    wrong = [name for name, figure in wanted.items() if not plots.is_current(figure, PICTURES / f"{name}.svg")]
    wrong += [file.stem for file in PICTURES.glob("*.svg") if file.stem not in wanted]
    if wrong:
        print(f"not drawn from benchmarks/results.json, in docs/figures: {', '.join(sorted(wrong))}: {again}")
        return 1
    print("docs/performance.md and its pictures agree with benchmarks/results.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
