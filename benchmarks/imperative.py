"""Tiny imperative operators on 4x4 arrays: what a call costs beside its kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import Contestant, Row, compared, mxnet191, options, race
from report import Figure

CASES = {
    "add": "a + b",
    "relu": "nd.relu(a)",
    "assign": "a[:] = b",
    "recorded": "record, relu(x) * x, sum, backward",
}


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=60)
    figure = Figure(
        "Tiny imperative operators",
        "python benchmarks/imperative.py --mxnet191 PYTHON",
        "Float32 arrays of 4x4. The kernel takes a fraction of a microsecond; the rest is the way to it.",
    )
    ours = Contestant("remx", "imperative_mxnet.py")
    torch = Contestant("torch calls", "imperative_torch.py")
    peers = [torch, *mxnet191(chosen.mxnet191, "imperative_mxnet.py")]
    rows = [Row(f"{peer.label}: {CASES[case]}", peer, case) for case in CASES for peer in (ours, *peers)]
    times = race(rows, chosen.rounds, seconds=0.01)
    for contestant in (ours, *peers):
        contestant.close()
    for text in CASES.values():
        # each operator's table is compared with its own first row
        these = {peer.label: times[f"{peer.label}: {text}"] for peer in (ours, *peers)}
        figure.race(f"`{text}`", these, "µs", base="remx")
    for case in ("add", "relu"):
        taken = times[f"remx: {CASES[case]}"]
        figure.target(f"`{CASES[case]}`", {"median": taken.median * 1e6, "min": taken.least * 1e6}, 3, " µs")
    text = CASES["recorded"]
    found = compared(times[f"remx: {text}"], times[f"{torch.label}: {text}"])
    figure.target(f"{text}, over the bare torch calls", found, 1.3, " x")
    if len(peers) == 1:
        figure.notes.append("MXNet 1.9.1 was left out: no interpreter was given.")
    figure.notes.append("MXNet 1.9.1 returns before it has computed; its times include waiting for the last result.")
    return figure.finish(chosen.json)


if __name__ == "__main__":
    main()
