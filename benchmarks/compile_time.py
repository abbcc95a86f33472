"""What compiling costs and gains: remx's plans, its inductor backend, PyTorch eager and torch.compile."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any

from harness import Contestant, Row, Times, options, race
from programs.workloads import VISION
from report import Figure

WORKLOADS = {
    "resnet18_inference_16": "ResNet-18, inference, batch 16",
    "resnet18_training": "ResNet-18, training, batch 16, 224x224",
    "transformer_training": "Transformer encoder, training",
}
TORCH = "networks_torch.py"  # images with their channels last
#: Label, program, its arguments, and what it is compared with: the same program without a compiler.
WAYS = (
    ("remx", "networks_mxnet.py", [], None),
    ('remx, hybridize(backend="inductor")', "networks_mxnet.py", ["--inductor"], "remx"),
    ("PyTorch eager", TORCH, [], None),
    ("torch.compile", TORCH, ["--compiled"], "PyTorch eager"),
)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=6, names=f"of {', '.join(WORKLOADS)}")
    figure = Figure(
        "Compiling, and what it gains",
        "python benchmarks/compile_time.py",
        "The first step of a new network in a fresh process with no files of a compiler from before, and the steps "
        "after it. The gain is the time of a step over that of the same library without a compiler. Compiling has paid "
        "after so many steps as its first step is longer, in steps' gains.",
    )
    for case, what in WORKLOADS.items():
        if not chosen.only or case in chosen.only:
            _measure(figure, case, what, chosen.rounds)
    return figure.finish(chosen.json)


def _measure(figure: Figure, case: str, what: str, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as cache:
        variables = {"TORCHINDUCTOR_CACHE_DIR": cache, "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1"}
        peers = [Contestant(label, program, arguments=extra, variables=variables) for label, program, extra, _ in WAYS]
        images = case in VISION
        cases = [f"{case}_last" if images and program == TORCH else case for _, program, _, _ in WAYS]
        rows = [Row(peer.label, peer, its) for peer, its in zip(peers, cases)]
        first = {row.name: seconds for row in rows if (seconds := _first(figure, row, what)) is not None}
        rows = [row for row in rows if row.name in first]
        times = race(rows, rounds)
        for row in rows:
            row.contestant.close()
    ours = times["remx"].median
    cells = []
    for label, _, _, base in WAYS:
        if label not in times:
            continue
        step = times[label].median
        gain, paid = paying(first, times, label, base) if base else ("", "")
        cells.append([label, f"{step * 1e3:.1f}", f"{step / ours:.2f}", gain, f"{first[label]:.1f}", paid])
    columns = ["", "median, ms", "median / ours", "gain", "first step, s", "paid after, steps"]
    figure.table(what, columns, cells)
    figure.values[what] = {label: {"first": first[label], **times[label].to_json()} for label in times}


def _first(figure: Figure, row: Row, what: str) -> float | None:
    """Return the seconds of the first step; None, and a note, if the compiler cannot compile the network."""
    try:
        return row.contestant.ask("first", arguments={"name": row.case})
    except SystemExit as problem:
        figure.notes.append(f"{what}: {row.name} cannot: `{str(problem).strip().splitlines()[-1][:200]}`")
        return None


def paying(first: dict[str, float], times: dict[str, Times], label: str, base: str) -> tuple[str, str]:
    """Return the gain of a step over `base`, and after how many steps the longer first one has paid."""
    gained = times[base].median - times[label].median
    ratio = f"{times[base].median / times[label].median:.2f} x"
    return ratio, f"{(first[label] - first[base]) / gained:,.0f}" if gained > 0 else "never"


if __name__ == "__main__":
    main()
