"""What the machine can do: matrix products, convolutions and memory, as torch's kernels (oneDNN, MKL) reach them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import THREADS, Contestant, Row, Times, options, race
from report import Figure

#: What is looked for: the best of the cases whose names begin so, and the unit of the table.
KINDS = {
    "float32 product peak": "GFLOP/s",
    "bfloat16 product peak": "GFLOP/s",
    "float32 convolution peak": "GFLOP/s",
    "bfloat16 convolution peak": "GFLOP/s",
    "memory copy": "GB/s",
    "memory triad": "GB/s",
}

#: By what is looked for, operations or bytes in a second.
Peaks = dict[str, float]


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=20)
    figure = Figure(
        "What the machine can do",
        "python benchmarks/machine.py",
        "The other figures' shares of a peak are of these, measured anew for each of them. A multiplication and an "
        "addition are two operations. Memory: arrays of 256 MiB; a copy reads and writes, the triad a = b + s·c reads "
        "two and writes one, and what a cache reads before it is overwritten does not count.",
    )
    times, work = raced(chosen.rounds)
    found = best_of(times, work)
    rows = []
    for kind, unit in KINDS.items():
        case = _fastest(kind, times, work)
        said = f"{found[kind] / 1e9:,.1f} {unit}", f"{found[kind] / 1e9 / THREADS:,.1f} {unit}"
        rows.append([kind, *said, case.partition(": ")[2]])
    figure.table("Best rates", ["", "in all", f"for each of {THREADS} threads", "reached by"], rows)
    each = [[case, f"{work[case] / taken.median / 1e9:,.1f}", f"{work[case] / taken.least / 1e9:,.1f}"]
            for case, taken in times.items()]  # fmt: skip
    figure.table("Each case, in billions of operations or bytes a second", ["", "median", "best round"], each)
    figure.values.update({"peaks": found, "cases": {case: taken.to_json() for case, taken in times.items()}})
    return figure.finish(chosen.json)


def peaks(rounds: int = 8) -> Peaks:
    """Measure the peaks in a process of its own, in a few seconds."""
    return best_of(*raced(rounds))


def higher(one: Peaks, other: Peaks) -> Peaks:
    """Return the higher of two measurements of each kind."""
    return {kind: max(one[kind], other[kind]) for kind in one}


def raced(rounds: int) -> tuple[dict[str, Times], dict[str, float]]:
    """Return the times of all cases and the operations or bytes of a call of each."""
    torch = Contestant("torch", "machine_torch.py")
    times = race([Row(case, torch, case) for case in torch.facts["work"]], rounds, seconds=0.02)
    torch.close()
    return times, torch.facts["work"]


def best_of(times: dict[str, Times], work: dict[str, float]) -> Peaks:
    """Return the best rate of each kind: of the best round, as a peak is what was reached once."""
    return {kind: work[case] / times[case].least for kind in KINDS for case in [_fastest(kind, times, work)]}


def _fastest(kind: str, times: dict[str, Times], work: dict[str, float]) -> str:
    return max((case for case in times if case.startswith(kind)), key=lambda case: work[case] / times[case].least)


if __name__ == "__main__":
    main()
