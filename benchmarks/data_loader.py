"""One epoch of gluon's DataLoader, in this process and with workers, beside MXNet 1.9.1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import Contestant, Row, compared, mxnet191, options, race
from report import Figure

CASES = {
    "arrays_0": "images, transformed by operators",
    "arrays_2": "images, transformed by operators, 2 workers",
    "numpy_0": "images, transformed by NumPy",
    "numpy_2": "images, transformed by NumPy, 2 workers",
    "threads_2": "images, transformed by NumPy, 2 threads",
    "rows_0": "32 batches of 2 rows",
    "rows_2": "32 batches of 2 rows, 2 workers",
}


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=15, names="measure these cases: " + ", ".join(CASES))
    cases = {case: text for case, text in CASES.items() if not chosen.only or case in chosen.only}
    figure = Figure(
        "DataLoader",
        "python benchmarks/data_loader.py --mxnet191 PYTHON",
        "One epoch of 64 images of 224 x 224 x 3 bytes, which become float32 with channels first, in batches of 16. "
        "The rows are a data set with hardly any work, so that the loader's own time is seen.",
    )
    ours = Contestant("remx", "data_loader_mxnet.py")
    peers = mxnet191(chosen.mxnet191, "data_loader_mxnet.py")
    rows = [Row(f"{peer.label}: {text}", peer, case) for case, text in cases.items() for peer in (ours, *peers)]
    times = race(rows, chosen.rounds, seconds=0.1)
    count = ours.facts["images"]
    for contestant in (ours, *peers):
        contestant.close()
    for case, text in cases.items():
        figure.race(text, {peer.label: times[f"{peer.label}: {text}"] for peer in (ours, *peers)}, "ms", base="remx")
        mine = times[f"remx: {text}"]
        if not case.startswith("rows"):
            figure.notes.append(f"{text}: {count / mine.median:,.0f} images/s.")
        best = min((times[f"{peer.label}: {text}"] for peer in peers), key=lambda t: t.median, default=None)
        figure.target(f"{text}, over the better of MXNet 1.9.1's two", best and compared(mine, best), 1, " x")
    if not peers:
        figure.notes.append("MXNet 1.9.1 was left out: no interpreter was given.")
    return figure.finish(chosen.json)


if __name__ == "__main__":
    main()
