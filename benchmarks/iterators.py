"""One epoch of each data iterator, beside MXNet 1.9.1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import Contestant, Row, compared, mxnet191, options, race
from report import Figure

CASES = {
    "plain": "NDArrayIter, 60,000 x 784",
    "shuffled": "NDArrayIter, 60,000 x 784, shuffled at every reset",
    "mnist": "MNISTIter, 60,000 images",
    "csv_floats": "CSVIter, 20,000 lines of 50 numbers such as -1.2345",
    "csv_integers": "CSVIter, 4,000 lines of 784 integers up to 255",
    "csv_savetxt": "CSVIter, 4,000 lines of 50 numbers as numpy.savetxt writes them",
    "libsvm": "LibSVMIter, 10,000 lines of 30 features",
}
#: Which file a case reads, for megabytes per second.
FILES = {
    "csv_floats": "floats.csv",
    "csv_integers": "integers.csv",
    "csv_savetxt": "savetxt.csv",
    "libsvm": "rows.libsvm",
}


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=15, names="measure these cases: " + ", ".join(CASES))
    cases = {case: text for case, text in CASES.items() if not chosen.only or case in chosen.only}
    figure = Figure(
        "Data iterators",
        "python benchmarks/iterators.py --mxnet191 PYTHON",
        "One epoch in batches of 128. Files are in the page cache; MXNet 1.9.1 parses them in threads of its own.",
    )
    ours = Contestant("remx", "iterators_mxnet.py")
    peers = mxnet191(chosen.mxnet191, "iterators_mxnet.py")
    rows = [Row(f"{peer.label}: {text}", peer, case) for case, text in cases.items() for peer in (ours, *peers)]
    times = race(rows, chosen.rounds, seconds=0.1)
    sizes = ours.facts["megabytes"]
    for contestant in (ours, *peers):
        contestant.close()
    for case, text in cases.items():
        figure.race(text, {peer.label: times[f"{peer.label}: {text}"] for peer in (ours, *peers)}, "ms", base="remx")
        mine = times[f"remx: {text}"]
        if case in FILES:
            figure.notes.append(f"{text}: {sizes[FILES[case]] / mine.median:.0f} MB/s.")
        best = min((times[f"{peer.label}: {text}"] for peer in peers), key=lambda t: t.median, default=None)
        figure.target(f"{text}, over the better of MXNet 1.9.1's two", best and compared(mine, best), 1, " x")
    if not peers:
        figure.notes.append("MXNet 1.9.1 was left out: no interpreter was given.")
    return figure.finish(chosen.json)


if __name__ == "__main__":
    main()
