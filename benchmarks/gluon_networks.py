"""ResNet-18 of Gluon's model zoo in training and inference, and one small layer, beside other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import Row, options, race
from networks import COMMON, Library, Workload, measure
from report import Figure

WORKLOADS = (
    Workload("resnet18_training", "ResNet-18, training, batch 16, 224x224", over_torch=1.0),
    Workload("resnet18_inference_16", "ResNet-18, inference, batch 16", over_torch=1.0),
    Workload("resnet18_inference_1", "ResNet-18, inference, batch 1"),
)
CALL_LIMIT = 15.0  # microseconds


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    cases = ", ".join(workload.case for workload in WORKLOADS)
    chosen = options(__doc__, arguments, rounds=8, names=f"of {cases}, dense")
    figure = Figure(
        "ResNet-18, and calls of one layer", "python benchmarks/gluon_networks.py --mxnet191 PYTHON", COMMON
    )
    library = Library(chosen.mxnet191)
    if not chosen.only or "dense" in chosen.only:
        _calls(figure, library, 3 * chosen.rounds)
    measure(figure, WORKLOADS, chosen, library)
    return figure.finish(chosen.json)


def _calls(figure: Figure, library: Library, rounds: int) -> None:
    ours, torch = library.one("remx"), library.one("torch")
    rows = [
        Row("remx, hybridized", ours, "dense_hybridized"),
        Row("remx", ours, "dense"),
        Row("PyTorch, nn.Linear", torch, "dense"),
        *(Row(f"hybridized: {peer.label}", peer, "dense_hybridized") for peer in library.get("mxnet191")),
    ]
    times = race(rows, rounds)
    figure.race("A call of Dense(4 -> 4) on one row", times, "µs", base="remx, hybridized")
    found = {"median": times["remx, hybridized"].median * 1e6, "min": times["remx, hybridized"].least * 1e6}
    figure.target("a call of a hybridized Dense(4 -> 4)", found, CALL_LIMIT, " µs")


if __name__ == "__main__":
    main()
