"""The largest resident memory of training ResNet-18 and an LSTM, each in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import THREADS, Contestant, absent, options
from report import Figure

WORKLOADS = {
    "resnet18_training": "ResNet-18, training, batch 16, 224x224",
    "lstm_training": "LSTM language model, training: 2 layers of 512, sequence 35, batch 32, vocabulary 10,000",
}
MIB = 2**20


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=12)
    figure = Figure(
        "Peak memory of training",
        "python benchmarks/peak_memory.py --mxnet191 PYTHON",
        f"`VmHWM` of a fresh process, which is the most that it had resident at any time: with the library imported "
        f"and the network made, and after {chosen.rounds} training steps. Code that was read from libraries counts.",
    )
    for case, what in WORKLOADS.items():
        rows, ours = [], 0.0
        for label, program, options_ in _processes(chosen.mxnet191):
            peer = Contestant(label, program, **options_)
            before, after = peer.ask("peak", arguments={"name": case, "steps": chosen.rounds})
            peer.close()
            ours = ours or after
            peak, first, more = (f"{size / MIB:,.0f}" for size in (after, before, after - before))
            rows.append([label, peak, f"{after / ours:.2f}", first, more])
            figure.values.setdefault(what, {})[label] = {"before": before, "peak": after, "steps": chosen.rounds}
        columns = ["", "peak, MiB", "peak / ours", "before training, MiB", "difference, MiB"]
        figure.table(what, columns, rows)
        peaks = {label: found["peak"] for label, found in figure.values[what].items()}
        figure.target(f"{what}: peak over PyTorch eager", peaks["remx"] / peaks["PyTorch eager"], 1, " x")
        theirs = next((peaks[label] for label in peaks if label.startswith("MXNet")), None)
        figure.target(f"{what}: peak over MXNet 1.9.1", theirs and peaks["remx"] / theirs, 1, " x")
    figure.notes.append(
        "`REMX_KEEP_MEMORY=0` lets glibc give freed memory back to the system, which costs time in every step "
        "([why it is not so by default](decisions/0020-freed-memory-stays.md))."
    )
    figure.notes.extend(absent(chosen.mxnet191))
    return figure.finish(chosen.json)


def _processes(mxnet191: str | None) -> list[tuple[str, str, dict[str, Any]]]:
    """Return label, program and how it is started; ours first."""
    ours, real = "networks_mxnet.py", f"MXNet 1.9.1, OMP_NUM_THREADS={THREADS}"
    return [
        ("remx", ours, {}),
        ("remx, REMX_KEEP_MEMORY=0", ours, {"variables": {"REMX_KEEP_MEMORY": "0"}}),
        *([(real, ours, {"python": mxnet191})] if mxnet191 else []),
        ("PyTorch eager", "networks_torch.py", {}),
    ]


if __name__ == "__main__":
    main()
