"""Training steps of an LSTM language model in buckets: layers as one operator, and as unrolled single cells.

The network is that of MXNet's own bucketing example: two layers of 200, 10,000 words, batches of 32 sentences.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from harness import Contestant, Row, compared, mxnet191, options, race
from report import Figure

LENGTHS = (10, 20, 40)
KINDS = {"fused": "layers as one operator", "single": "unrolled single cells"}
PARTS = ("unroll", "bind", "first run")


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=15)
    figure = Figure(
        "A language model in buckets",
        "python benchmarks/bucketing.py --mxnet191 PYTHON",
        "`BucketingModule` with two LSTM layers of 200, 10,000 words, 32 sentences of 10, 20 or 40 words: "
        "`forward_backward` and `update` with SGD.",
    )
    ours = Contestant("remx", "bucketing_mxnet.py")
    torch = Contestant("PyTorch", "bucketing_torch.py")
    real = mxnet191(chosen.mxnet191, "bucketing_mxnet.py")
    for kind, said in KINDS.items():
        for length in LENGTHS:
            case = f"{kind} {length}"
            rows = [Row("remx", ours, case), *(Row(peer.label, peer, case) for peer in real)]
            if kind == "fused":
                rows.append(Row("PyTorch eager", torch, case))
            times = race(rows, chosen.rounds)
            figure.race(f"A step, {said}, {length} words", times, "ms", base="remx")
            best = min((times[peer.label] for peer in real), key=lambda taken: taken.median, default=None)
            found = compared(times["remx"], best) if best else None
            figure.target(f"step, {said}, {length} words, over the better of MXNet 1.9.1's two", found, 1, " x")
    _starts(figure, max(3, chosen.rounds // 3), [ours, *real[1:]])
    for contestant in (ours, torch, *real):
        contestant.close()
    if not real:
        figure.notes.append("MXNet 1.9.1 was left out: no interpreter was given.")
    return figure.finish(chosen.json)


def _starts(figure: Figure, rounds: int, contestants: Sequence[Contestant]) -> None:
    """Time unrolling, binding and the first step of new graphs."""
    rows, ours = [], 1.0
    for kind, said in KINDS.items():
        for length in LENGTHS:
            for peer in contestants:
                asked = {"kind": kind, "length": length}
                runs = [peer.ask("start", arguments=asked) for _ in range(rounds + 1)][1:]
                medians = [statistics.median(run[part] for run in runs) for part in PARTS]
                total = statistics.median(sum(run.values()) for run in runs)
                cells = [f"{seconds * 1e3:.1f}" for seconds in (*medians, total)]
                ours = ours if peer.label != "remx" else total
                rows.append([peer.label, said, str(length), *cells, f"{total / ours:.2f}"])
                figure.values[f"{peer.label}, {kind}, {length}"] = {**dict(zip(PARTS, medians)), "median": total}
    columns = ["", "layers", "words", *(f"{part}, ms" for part in PARTS), "together, ms", "together / ours"]
    figure.table("Once for each length, in each bucket (medians)", columns, rows)


if __name__ == "__main__":
    main()
