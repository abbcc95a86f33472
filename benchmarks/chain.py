"""A chain of N operators with a scalar: what a node costs to build, bind and run."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from harness import Contestant, Row, compared, mxnet191, options, race
from report import Figure

SIZES = (200, 2_000, 20_000)
COMPILED = (200, 2_000, 8_000)
PARTS = ("build", "bind", "first run")


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=15)
    figure = Figure(
        "A long chain of small operators",
        "python benchmarks/chain.py --mxnet191 PYTHON",
        "N alternating multiplications and additions of a scalar on an array of 10 float32: composed, bound with "
        "`simple_bind`, run forward and backward. Nothing is fused, but where it says inductor.",
    )
    ours = Contestant("remx", "chain_mxnet.py")
    torch = Contestant("torch", "chain_torch.py")
    real = mxnet191(chosen.mxnet191, "chain_mxnet.py")[1:]  # one thread does all the work: once is enough
    real = _that_survive(figure, real)
    _starts(figure, max(3, chosen.rounds // 3), [ours, *real])
    _steps(figure, chosen.rounds, ours, torch, real)
    _compiled(figure, chosen.rounds, ours, real)
    for contestant in (ours, torch, *real):
        contestant.close()
    if not chosen.mxnet191:
        figure.notes.append("MXNet 1.9.1 was left out: no interpreter was given.")
    figure.notes.append("Linear: the limit of 1.5 leaves room for caches that a longer chain no longer fits into.")
    return figure.finish(chosen.json)


def _starts(figure: Figure, rounds: int, contestants: Sequence[Contestant]) -> None:
    """Time building, binding and the first step, each round on a new symbol."""
    rows, totals = [], {}
    for n in SIZES:
        found: dict[str, list[dict[str, float]]] = {peer.label: [] for peer in contestants}
        repetitions = rounds * {200: 8, 2_000: 3}.get(n, 1)
        for number in range(repetitions + 1):
            for peer in contestants:
                seconds = peer.ask("start", arguments={"n": n})
                if number:  # the first warms up
                    found[peer.label].append(seconds)
        for label, runs in found.items():
            medians = [statistics.median(run[part] for run in runs) for part in PARTS]
            least = min(sum(run.values()) for run in runs)
            total = statistics.median(sum(run.values()) for run in runs)
            totals[label, n] = total / n
            cells = [f"{seconds / n * 1e6:.1f}" for seconds in (*medians, total, least)]
            rows.append([label, f"{n:,}", *cells, f"{totals[label, n] / totals['remx', n]:.2f}"])
            key = f"{label}, {n} operators"
            figure.values[key] = {**dict(zip(PARTS, medians)), "median": total, "min": least, "rounds": repetitions}
    columns = ["", "N", *(f"{part}, µs" for part in PARTS), "together, µs", "minimum, µs", "together / ours"]
    figure.table("Once for each graph, microseconds a node (medians)", columns, rows)
    for n in SIZES:
        figure.target(f"build, bind and first run, N = {n:,}, a node", totals["remx", n] * 1e6, 60, " µs")
    growth = totals["remx", SIZES[-1]] / totals["remx", SIZES[1]]
    figure.target(f"linear: cost of a node at N = {SIZES[-1]:,} over N = {SIZES[1]:,}", growth, 1.5, " x")


def _steps(figure: Figure, rounds: int, ours: Contestant, torch: Contestant, real: Sequence[Contestant]) -> None:
    for n in SIZES:
        for peer in (ours, torch, *real):
            peer.ask("start", arguments={"n": n})
        rows = [
            Row("remx", ours, "step"),
            Row("torch calls, autograd", torch, "autograd"),
            Row("torch calls, gradient by hand", torch, "by_hand"),
            *(Row(peer.label, peer, "step") for peer in real),
        ]
        times = race(rows, rounds)
        figure.race(f"A step forward and backward, N = {n:,}", times, "ms", base="remx")
        floor, by_hand = times["torch calls, autograd"], times["torch calls, gradient by hand"]
        figure.target(f"step, N = {n:,}, over the torch calls", compared(times["remx"], floor), 1.2, " x")
        figure.notes.append(
            f"N = {n:,}: the floor is {floor.median / n * 1e6:.2f} µs a node, the calls with torch's autograd; "
            f"remx takes {times['remx'].median / n * 1e6:.2f} µs. Without autograd, with the gradient written by hand "
            f"for this very chain, the calls take {by_hand.median / n * 1e6:.2f} µs: most of that is still the forward "
            "call, and only fusing the chain would be faster."
        )


def _compiled(figure: Figure, rounds: int, ours: Contestant, real: Sequence[Contestant]) -> None:
    """Time steps of executors that torch's compiler made, and say how long it took."""
    fused = Contestant('remx, optimize_for("inductor")', "chain_mxnet.py", arguments=["--inductor"])
    fused.ask("start", arguments={"n": 10})  # loads the compiler
    seconds = []
    for n in COMPILED:
        for peer in (ours, *real):
            peer.ask("start", arguments={"n": n})
        seconds.append(fused.ask("start", arguments={"n": n})["first run"])
        times = race([Row(peer.label, peer, "step") for peer in (fused, ours, *real)], rounds)
        figure.race(f"A step forward and backward through torch's compiler, N = {n:,}", times, "ms", base=fused.label)
        theirs = next((times[peer.label] for peer in real), None)
        ratio = None if theirs is None else compared(times[fused.label], theirs)
        figure.target(f"step through inductor, N = {n:,}, over MXNet 1.9.1", ratio, 0.5, " x")
    found = ", ".join(f"{took:.0f} s for N = {n:,}" for took, n in zip(seconds, COMPILED))
    figure.notes.append(f"The compiler took {found} (nothing of it in its cache on disk the first time).")
    fused.close()


def _that_survive(figure: Figure, contestants: Sequence[Contestant]) -> list[Contestant]:
    """Leave out a peer that cannot run the longest chain."""
    alive = []
    for peer in contestants:
        try:
            peer.ask("start", arguments={"n": SIZES[-1]})
            alive.append(peer)
        except SystemExit as problem:
            figure.notes.append(f"{str(problem).splitlines()[0]} on the chain of {SIZES[-1]:,}, and is left out.")
    return alive


if __name__ == "__main__":
    main()
