"""Resident memory while the tutorial's network trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import Contestant, mxnet191, options
from report import Figure

WARM_UP, BLOCK, MIB = 500, 500, 2**20


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=8)
    figure = Figure(
        "Memory over training steps",
        "python benchmarks/memory.py --mxnet191 PYTHON",
        f"Resident memory of a process that trains the tutorial's network, after {WARM_UP} steps of warm-up.",
    )
    contestants = [Contestant("remx", "tutorial_mxnet.py"), Contestant("PyTorch eager, SGD", "tutorial_torch.py")]
    contestants += mxnet191(chosen.mxnet191, "tutorial_mxnet.py")[:1]
    columns = [
        "",
        "at first, MiB",
        f"{BLOCK:,} steps later",
        f"{BLOCK * chosen.rounds:,} steps later",
        "growth, KiB",
        "size / ours",
    ]
    rows, ours = [], 1.0
    for contestant in contestants:
        sizes = [contestant.ask("train", arguments={"steps": WARM_UP})]
        sizes += [contestant.ask("train", arguments={"steps": BLOCK}) for _ in range(chosen.rounds)]
        contestant.close()
        growth = sizes[-1] - sizes[0]
        figure.values[contestant.label] = {"bytes": sizes, "steps": BLOCK}
        ours = sizes[-1] if contestant.label == "remx" else ours
        found = [*(f"{sizes[i] / MIB:.1f}" for i in (0, 1, -1)), f"{growth / 1024:.0f}", f"{sizes[-1] / ours:.2f}"]
        rows.append([contestant.label, *found])
        if contestant.label == "remx":
            figure.target(f"growth over {BLOCK * chosen.rounds:,} steps", growth / MIB, 1, " MiB")
    figure.table("Resident memory", columns, rows)
    figure.notes.append(
        "No growth is asked for. One MiB is the grain of the measurement: an allocator may still touch a new page. "
        "A leak of one small tensor a step would show as several."
    )
    return figure.finish(chosen.json)


if __name__ == "__main__":
    main()
