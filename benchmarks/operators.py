"""Every operator on a size that real programs have, forward and with its gradient, beside MXNet 1.9.1.

The calls are the `benchmark=` ones of ``tests/reference``. What MXNet 1.9.1 cannot run is listed without a ratio.
"""

from __future__ import annotations

import json
import pathlib
import statistics
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from harness import Contestant, Row, Times, mxnet191, options, race
from report import Figure

ROOT = pathlib.Path(__file__).parent.parent
LIMIT, WORST = 0.6, 1.3

#: Why an operator takes more than `WORST` of MXNet's time.
REASONS: dict[str, str] = {
    "_contrib_boolean_mask": "the gradient goes back by index, MXNet's by position",
    "_contrib_hawkesll": "a parallel scan, for GPUs too, against one compiled loop",
    "_contrib_index_copy": "looks for indices that repeat, so that the last one counts",
    "_contrib_PSROIPooling": "sums by tables, in the same time for small and large boxes",
    "_histogram": "edges are compared exactly, also where rounding decides",
    "_image_random_flip_top_bottom": "MXNet does nothing half of the time",
    "_linalg_inverse": "time of torch's library",
    "_linalg_trsm": "time of torch's library",
    "_sample_unique_zipfian": "sorts, for GPUs too, against a hash table",
    "Crop": "the gradient is a copy among zeros, and one more copy in memory",
    "GridGenerator": "writes the same bytes in two passes",
    "LRN": "several passes against one compiled loop",
    "multi_lars": "a few microseconds a call",
    "Pooling": "torch lends oneDNN's pooling for copies only; in an executor it needs none",
    "SequenceMask": "looks up the masked rows by index",
    "transpose": "the gradient is copied by torch, in rows",
}

CASES = {"forward": "forward", "both": "forward and backward"}


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=5, names="operators to measure; all with a benchmark call if left out")
    figure = Figure(
        "Operators",
        "python benchmarks/operators.py --mxnet191 PYTHON",
        "Each operator once, on the benchmark call of its reference in `tests/reference`. Ratios are of medians, ours "
        "over the better of MXNet 1.9.1's two settings; below 1 ours is faster. A dash: MXNet 1.9.1 cannot run the "
        "case, or there is no gradient.",
    )
    ours = Contestant("remx", "operators_mxnet.py")
    peers = mxnet191(chosen.mxnet191, "operators_mxnet.py")
    rows: list[list[str]] = []
    ratios: dict[str, dict[str, float]] = {"forward": {}, "both": {}}
    for name, sample, inplace in calls(set(chosen.only)):
        times, told = measure(name, sample, inplace, [ours, *peers], chosen.rounds)
        row = [f"`{name}`", describe(sample)]
        for case in CASES:
            mine = times.get((case, ours.label))
            theirs = [t for (c, label), t in times.items() if c == case and label != ours.label]
            row.append("–" if mine is None else f"{mine.median * 1e3:.3f}")
            if mine is None or not theirs:
                row.append("–")
                continue
            ratio = ratios[case][name] = mine.median / min(t.median for t in theirs)
            row.append(f"{ratio:.2f}")
        row.append(REASONS.get(name, told))
        rows.append(row)
        print(" | ".join(row), file=sys.stderr, flush=True)
    for contestant in (ours, *peers):
        contestant.close()
    for case, text in CASES.items():
        found = ratios[case]
        middle = statistics.median(found.values()) if found else None
        figure.target(f"{text}, median over operators", middle, LIMIT, " x")
        slow = [name for name, ratio in found.items() if ratio > WORST and name not in REASONS]
        figure.target(f"{text}, operators over {WORST:g} x without a reason", float(len(slow)) if found else None, 0)
    columns = ["operator", "call", "forward, ms", "/ MXNet", "with gradient, ms", "/ MXNet", "remark"]
    figure.table(f"{len(rows)} operators", columns, rows)
    figure.values["ratios"] = ratios
    return figure.finish(chosen.json)


def calls(wanted: set[str]) -> list[tuple[str, Any, list[int] | None]]:
    """Return operator, sample and, for updates, the numbers of the inputs that are updated."""
    sys.path.insert(0, str(ROOT))
    from mxnet._ops.registry import get
    from tests.reference import load_all

    found: list[tuple[str, Any, list[int] | None]] = []
    for name, entry in sorted(load_all().items(), key=lambda item: (item[0].lower(), item[0])):
        if entry.benchmark is None or (wanted and name not in wanted):
            continue
        sample, operator = entry.benchmark(), get(name)
        values = operator.parse(
            {**sample.attributes, **({operator.variadic: len(sample.inputs)} if operator.variadic else {})}
        )
        updates = operator.updates(values) if callable(operator.updates) else operator.updates
        found.append((name, sample, list(updates) or None))
    return found


def measure(
    name: str, sample: Any, inplace: list[int] | None, contestants: Sequence[Contestant], rounds: int
) -> tuple[dict[tuple[str, str], Times], str]:
    """Return the times by case and contestant, and what a contestant said that could not run the call."""
    told = ""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "arrays.npz"
        np.savez(file, **{f"{i:03d}": x for i, x in enumerate(sample.inputs)})
        plain = {k: v if isinstance(v, (int, float, str)) else str(v) for k, v in sample.attributes.items()}
        attributes = json.dumps(plain)
        for contestant in contestants:
            request = {"name": name, "file": str(file), "attributes": attributes, "inplace": inplace}
            failed = contestant.ask("load", arguments=request)
            if "forward" in failed:
                told = f"{contestant.label.split(',')[0]} cannot: {failed['forward']}"[:80]
                continue
            differentiable = inplace is None and "both" not in failed
            rows += [Row(f"{c} {contestant.label}", contestant, c) for c in CASES if c == "forward" or differentiable]
    times = race(rows, rounds, seconds=0.02)
    return {(row.case, row.contestant.label): times[row.name] for row in rows}, told


def describe(sample: Any) -> str:
    """Return shapes and attributes of a call in a few words."""
    shapes = ", ".join("×".join(map(str, x.shape)) for x in sample.inputs[:3])
    shapes += " …" if len(sample.inputs) > 3 else ""
    given = ", ".join(f"{k}={v}" for k, v in sample.attributes.items())
    text = "; ".join(part for part in (shapes, given) if part)
    return text if len(text) <= 70 else text[:69] + "…"


if __name__ == "__main__":
    main()
