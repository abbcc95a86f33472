"""A training step of LeNet through Module, batch 128: remx beside MXNet 1.9.1 and PyTorch eager."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import Contestant, Row, by_part, compared, mxnet191, options, race
from report import Figure

PARTS = {
    "forward and backward through Module": "forward_backward",
    "forward and backward of the executor alone": "executor_alone",
    "update of the eight parameters, SGD with momentum": "update",
    "update of the metric": "update_metric",
}


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=40)
    figure = Figure(
        "A training step of LeNet through Module",
        "python benchmarks/lenet_step.py --mxnet191 PYTHON",
        "Two convolutions and two dense layers on 28x28 images, batch 128: `forward_backward`, `update` (SGD with "
        "momentum) and `update_metric` (accuracy), as `fit` calls them.",
    )
    ours = Contestant("remx", "lenet_mxnet.py")
    torch = Contestant("PyTorch", "lenet_torch.py")
    real = mxnet191(chosen.mxnet191, "lenet_mxnet.py")
    rows = [
        Row("remx", ours, "step"),
        Row("PyTorch eager, torch.optim.SGD", torch, "step"),
        *(Row(peer.label, peer, "step") for peer in real),
    ]
    times = race(rows, chosen.rounds)
    figure.race("A step", times, "ms", base="remx")
    best = min((times[peer.label] for peer in real), key=lambda taken: taken.median, default=None)
    found = compared(times["remx"], best) if best else None
    figure.target("step, over the better of MXNet 1.9.1's two", found, 0.8, " x")
    parts = [Row(f"{what}: {peer.label}", peer, case) for what, case in PARTS.items() for peer in (ours, *real)]
    inference = [Row(f"inference: {peer.label}", peer, "inference") for peer in (ours, torch, *real)]
    found = race([*parts, *inference], chosen.rounds)
    figure.parts("Parts of a step, and inference", by_part(found), "ms")
    for contestant in (ours, torch, *real):
        contestant.close()
    if not real:
        figure.notes.append("MXNet 1.9.1 was left out: no interpreter was given.")
    return figure.finish(chosen.json)


if __name__ == "__main__":
    main()
