"""Training of ResNet-18 in bfloat16, beside MXNet 1.9.1's and PyTorch's mixed precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import Row, absent, compared, options, race
from machine import higher, peaks
from networks import OURS, Library, Workload, best, operations, same_parameters
from report import Figure

CASE = "resnet18_training"
CAPTION = "ResNet-18, training in bfloat16, batch 16, 224x224"


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=8)
    figure = Figure(
        "ResNet-18 in bfloat16",
        "python benchmarks/bfloat16.py --mxnet191 PYTHON",
        '`net.cast("bfloat16")` and `Trainer(..., {"multi_precision": True})`, which updates float32 copies of the '
        "weights; batch normalization keeps its parameters in float32. MXNet 1.9.1: `contrib.amp` in bfloat16. "
        "PyTorch: autocast, which keeps the weights in float32, and the whole network in bfloat16.",
    )
    library = Library(chosen.mxnet191)
    limits = peaks()
    rows = _rows(library)
    same_parameters(rows)
    times = race(rows, chosen.rounds)
    work = operations(library, Workload(CASE, CAPTION))
    library.close()
    limits = higher(limits, peaks())
    kind = "bfloat16 convolution peak"
    figure.race(CAPTION, times, "ms", base=OURS, share=(kind, work / limits[kind]))
    figure.values[CAPTION]["work"] = {"operations": work, kind: limits[kind]}
    found = best(times, [name for name in times if name.startswith("PyTorch")])
    figure.target(f"{CAPTION}, over PyTorch eager's best", found and compared(times[OURS], found), 1, " x")
    figure.target(f"{CAPTION}, over remx in float32", compared(times[OURS], times["remx, float32"]), 1, " x")
    figure.notes.extend(absent(chosen.mxnet191))
    return figure.finish(chosen.json)


def _rows(library: Library) -> list[Row]:
    ours, torch, compiled = (library.one(name) for name in ("remx", "torch", "compiled"))
    return [
        Row(OURS, ours, "resnet18_bfloat16"),
        Row("remx, float32", ours, CASE),
        Row("PyTorch eager, autocast", torch, "resnet18_autocast"),
        Row("PyTorch eager, autocast, channels_last", torch, "resnet18_autocast_last"),
        Row("PyTorch eager, all in bfloat16, channels_last", torch, "resnet18_bfloat16_last"),
        Row("torch.compile, autocast, channels_last", compiled, "resnet18_autocast_last"),
        *(Row(f"{peer.label}, amp", peer, CASE) for peer in library.get("mxnet191 amp")),
    ]


if __name__ == "__main__":
    main()
