"""The tutorial's training step, batch 128: remx beside PyTorch eager and MXNet 1.9.1.

The executor of the tutorial asks for the gradient of its data too, which nobody reads. PyTorch computes no gradient of
the data unless it is told to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harness import Contestant, Row, by_part, compared, mxnet191, options, race
from report import Figure


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=80)
    figure = Figure(
        "The tutorial's training step",
        "python benchmarks/tutorial_step.py --mxnet191 PYTHON",
        "784-128-10, batch 128, images as uint8: `data[:] = batch_x / 255.`, `forward()`, `backward()`, and "
        "`weight[:] = weight - gradient * .001` for each parameter.",
    )
    ours = Contestant("remx", "tutorial_mxnet.py")
    torch = Contestant("PyTorch", "tutorial_torch.py")
    real = mxnet191(chosen.mxnet191, "tutorial_mxnet.py")
    _steps(figure, chosen.rounds, ours, torch, real)
    _parts(figure, chosen.rounds, ours, torch, real)
    _lines(figure, ours)
    for contestant in (ours, torch, *real):
        contestant.close()
    if not real:
        figure.notes.append("MXNet 1.9.1 was left out: no interpreter was given.")
    figure.notes.append(
        "The floor is the same arithmetic as hand-written torch calls with `out=` on memory that stands. In the rows "
        "'gradient of the data read', `grad_dict['data'].asnumpy()` follows, with its copy of 400 kB."
    )
    return figure.finish(chosen.json)


def _steps(figure: Figure, rounds: int, ours: Contestant, torch: Contestant, real: Sequence[Contestant]) -> None:
    step = "remx"
    rows = [
        Row(step, ours, "step"),
        Row("remx, gradient of the data read every step", ours, "step_reading"),
        Row("PyTorch eager, SGD, divided in torch", torch, "step"),
        Row("PyTorch eager, SGD, divided in NumPy", torch, "step_numpy"),
        Row("PyTorch eager, SGD, with the gradient of the data", torch, "step_data_gradient"),
        *(Row(peer.label, peer, "step") for peer in real),
        Row("floor: torch calls with out=", torch, "floor_step"),
        Row("remx, images as float32", ours, "step_float"),
        Row("PyTorch eager, SGD, images as float32", torch, "step_float"),
        *(Row(f"{peer.label}, images as float32", peer, "step_float") for peer in real),
    ]
    times = race(rows, rounds)
    figure.race("A step", times, "ms", base=step)
    best = min((times[peer.label] for peer in real), key=lambda taken: taken.median, default=None)
    found = compared(times[step], best) if best else None
    figure.target("step, over the better of MXNet 1.9.1's two", found, 0.6, " x")
    eager = times["PyTorch eager, SGD, divided in torch"]  # the faster way to write it
    figure.target("step, over PyTorch eager with torch.optim.SGD", compared(times[step], eager), 1.1, " x")
    same_work = compared(times[step], times["PyTorch eager, SGD, with the gradient of the data"])
    figure.notes.append(
        f"Over PyTorch eager that computes the gradient of the data as well: {same_work['median']:.2f} x "
        f"(minima {same_work['min']:.2f} x)."
    )


def _parts(figure: Figure, rounds: int, ours: Contestant, torch: Contestant, real: Sequence[Contestant]) -> None:
    copied, both, update = "copy of data and label", "forward and backward", "update of the four parameters"
    rows = [Row(f"{what}: {peer.label}", peer, case)
            for what, case in ((copied, "copy"), (both, "forward_backward"), (update, "update"))
            for peer in (ours, *real)]  # fmt: skip
    rows += [
        Row(f"{copied}: torch calls", torch, "floor_copy"),
        Row(f"{both}: remx, gradient of the data read", ours, "forward_backward_reading"),
        Row(f"{both}: torch autograd, gradients copied", torch, "autograd"),
        Row(f"{both}: torch calls with out=", torch, "floor"),
        Row(f"{both}: the same, no gradient of the data", torch, "floor_without"),
        Row(f"{both}: matrix products alone", torch, "products"),
        Row(f"{both}: matrix products alone, no gradient of the data", torch, "products_without"),
        Row(f"{update}: torch calls", torch, "floor_update"),
    ]
    figure.parts("Parts of a step", by_part(race(rows, rounds)), "ms")


def _lines(figure: Figure, ours: Contestant) -> None:
    """Show where the microseconds of remx's own forward and backward go, line by line of the plan."""
    found = ours.ask("where", arguments={"repetitions": 400})
    rows = []
    for half, line, seconds in found:
        targets, _, call = line.partition(" = ")
        name = re.sub(r"_\d+$", "", re.match(r"(?:through\()?(\w*)", call)[1])
        if seconds > 0.3e-6:
            rows.append([half, f"{targets.strip('()')} = {name}(...)", f"{seconds * 1e6:.1f}"])
    caption = "Forward and backward, line by line of the plan (each with a clock around it)"
    figure.table(caption, ["", "line", "median, µs"], rows)


if __name__ == "__main__":
    main()
