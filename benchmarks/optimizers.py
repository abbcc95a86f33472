"""Steps of optimizers over the parameters of a ResNet-18 and of a LeNet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import Contestant, Row, compared, mxnet191, options, race
from report import Figure

NETWORKS = ("ResNet-18", "LeNet")
OURS = ("SGD", "SGD scaled", "Adam", "Adam scaled", "NAG", "RMSProp", "AdaGrad", "LAMB")
TORCH = {"SGD": True, "Adam": True, "NAG": True, "RMSProp": False, "AdaGrad": True}  # is there a fused one?


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=20, names="optimizers to measure; all if left out")
    figure = Figure(
        "Optimizers",
        "python benchmarks/optimizers.py --mxnet191 PYTHON",
        "One step over all parameters in float32, given to an updater at once: the 62 of a ResNet-18 (11.7 million "
        "numbers) and the 8 of a LeNet (431,080). SGD has momentum and weight decay. Scaled: `rescale_grad=1/64`, as "
        "in most programs; torch's optimizers have no such factor.",
    )
    names = [name for name in OURS if not chosen.only or name.split()[0] in chosen.only]
    ours = Contestant("remx", "optimizers_mxnet.py")
    torch = Contestant("torch.optim", "optimizers_torch.py")
    peers = mxnet191(chosen.mxnet191, "optimizers_mxnet.py")
    cases: dict[str, list[Row]] = {}
    for name in names:
        for network in NETWORKS:
            case = f"{name} {network}"
            rows = [Row(f"{one.label}: {case}", one, case) for one in (ours, *peers)]
            plain = name.split()[0]
            if plain in TORCH:
                kinds = ("foreach", "fused") if TORCH[plain] else ("foreach",)
                rows += [Row(f"torch.optim, {k}: {case}", torch, f"{plain} {network} {k}") for k in kinds]
            cases[case] = rows
    times = race([row for rows in cases.values() for row in rows], chosen.rounds)
    for contestant in (ours, torch, *peers):
        contestant.close()
    for case, rows in cases.items():
        these = {row.name.split(":")[0]: times[row.name] for row in rows}
        figure.race(f"`{case}`", these, "µs", base="remx")
        if case.split()[0] in ("SGD", "Adam"):
            for label in these:
                if label.startswith(("torch.optim, foreach", "MXNet 1.9.1, OMP")):
                    figure.target(f"{case}, over {label}", compared(these["remx"], these[label]), 1, " x")
    if not peers:
        figure.notes.append("MXNet 1.9.1 was left out: no interpreter was given.")
    return figure.finish(chosen.json)


if __name__ == "__main__":
    main()
