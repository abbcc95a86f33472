"""Parameters to a file and back: a few large arrays, those of a ResNet-50, many small ones, optimizer states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import Contestant, Row, Times, compared, mxnet191, options, race
from report import Figure

PROGRAM = "files_mxnet.py"
SETS = {"large": "6 arrays of 4,096 x 4,096", "resnet": "about those of a ResNet-50", "small": "20,000 arrays of 100"}
CASES = {
    **{f"{what} {name}": f"{what}: {text}" for name, text in SETS.items() for what in ("save", "load")},
    "get_states": "Updater.get_states: Adam on the ResNet",
    "set_states": "Updater.set_states: the same",
}
MIB = 2**20


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=12)
    figure = Figure(
        "Files of parameters",
        "python benchmarks/files.py --mxnet191 PYTHON",
        "`mx.nd.save` over the file that is there, and `mx.nd.load` of a file that the system has in memory. "
        "remx writes each file anew and renames it when it is complete; MXNet 1.9.1 writes in place.",
    )
    ours = Contestant("remx", PROGRAM)
    peers = mxnet191(chosen.mxnet191, PROGRAM)
    sizes = {name: ours.ask("bytes_of", arguments={"name": name}) for name in (*SETS, "states")}
    for name in SETS:
        assert ours.ask("same", arguments={"name": name}), f"{name}: the file does not hold what was saved"
    rows = [Row(f"{peer.label}: {case}", peer, case) for case in CASES for peer in (ours, *peers)]
    times = race(rows, chosen.rounds, seconds=0.1)
    for contestant in (ours, *peers):
        contestant.close()
    for case, text in CASES.items():
        size = sizes["states" if case.endswith("states") else case.split()[1]]
        these = {peer.label: times[f"{peer.label}: {case}"] for peer in (ours, *peers)}
        figure.race(f"{text} ({size / MIB:.0f} MiB)", these, "ms", base="remx")
        figure.target(f"{text}, over the better of MXNet 1.9.1's two", _over_better(these), 1, " x")
    if not peers:
        figure.notes.append("MXNet 1.9.1 was left out: no interpreter was given.")
    figure.notes.append("MXNet 1.9.1 reads a pickle with Python's own module, which runs what stands in it.")
    return figure.finish(chosen.json)


def _over_better(these: dict[str, Times]) -> dict[str, float] | None:
    """Return the ratio of our time to the smaller of the peers'."""
    ours, *peers = these.values()
    return compared(ours, min(peers, key=lambda times: times.median)) if peers else None


if __name__ == "__main__":
    main()
