"""ResNet-18 in bfloat16, beside the mixed precision of MXNet 1.9.1, PyTorch and OpenVINO."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import Row, absent, compared, options, race
from machine import higher, peaks
from networks import OURS, Library, Workload, best, operations, same_parameters
from report import Figure

TRAINING = Workload("resnet18_training", "ResNet-18, training in bfloat16, batch 16, 224x224")
INFERENCE = (
    Workload("resnet18_inference_16", "ResNet-18, inference in bfloat16, batch 16"),
    Workload("resnet18_inference_1", "ResNet-18, inference in bfloat16, batch 1"),
)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=8)
    figure = Figure(
        "ResNet-18 in bfloat16",
        "python benchmarks/bfloat16.py --mxnet191 PYTHON",
        'Training: `net.cast("bfloat16")` and `Trainer(..., {"multi_precision": True})`, which updates float32 copies '
        "of the weights, while batch normalization keeps its parameters in float32; and, in the rows 'amp', "
        '`mx.contrib.amp.init("bfloat16")` and nothing else, in remx and in MXNet 1.9.1. PyTorch: autocast, which '
        "keeps the weights in float32, and the whole network in bfloat16. Inference: "
        "`mx.contrib.amp.convert_hybrid_block` with `cast_optional_params=True` in both; OpenVINO with its hint for "
        "bfloat16.",
    )
    library = Library(chosen.mxnet191)
    limits = peaks()
    taken = {}
    for workload in (TRAINING, *INFERENCE):
        rows = _inference(library, workload.case) if workload.infers else _training(library)
        same_parameters(rows)
        taken[workload] = race(rows, chosen.rounds), operations(library, workload)
        library.forget()
    library.close()
    limits = higher(limits, peaks())
    kind = "bfloat16 convolution peak"
    for workload, (times, work) in taken.items():
        figure.race(workload.what, times, "ms", base=OURS, share=(kind, work / limits[kind]))
        figure.values[workload.what]["work"] = {"operations": work, kind: limits[kind]}
        found = best(times, [name for name in times if name.startswith("PyTorch")])
        figure.target(f"{workload.what}, over PyTorch eager's best", found and compared(times[OURS], found), 1, " x")
        figure.target(f"{workload.what}, over remx in float32", compared(times[OURS], times["remx, float32"]), 1, " x")
    figure.versions.update(library.versions)
    figure.notes.extend(absent(chosen.mxnet191))
    return figure.finish(chosen.json)


def _training(library: Library) -> list[Row]:
    ours, torch, compiled = (library.one(name) for name in ("remx", "torch", "compiled"))
    return [
        Row(OURS, ours, "resnet18_bfloat16"),
        Row("remx, amp", library.one("remx amp"), TRAINING.case),
        Row("remx, float32", ours, TRAINING.case),
        Row("PyTorch eager, autocast", torch, "resnet18_autocast"),
        Row("PyTorch eager, autocast, channels_last", torch, "resnet18_autocast_last"),
        Row("PyTorch eager, all in bfloat16, channels_last", torch, "resnet18_bfloat16_last"),
        Row("torch.compile, autocast, channels_last", compiled, "resnet18_autocast_last"),
        *(Row(f"{peer.label}, amp", peer, TRAINING.case) for peer in library.get("mxnet191 amp")),
    ]


def _inference(library: Library, case: str) -> list[Row]:
    ours, torch, compiled = (library.one(name) for name in ("remx", "torch", "compiled"))
    return [
        Row(OURS, ours, f"{case}_bfloat16"),
        Row("remx, float32", ours, case),
        Row("PyTorch eager, autocast, channels_last", torch, f"{case}_autocast_last"),
        Row("PyTorch eager, all in bfloat16, channels_last", torch, f"{case}_bfloat16_last"),
        Row("torch.compile, all in bfloat16, channels_last", compiled, f"{case}_bfloat16_last"),
        *(Row("OpenVINO", peer, f"{case}_openvino_bfloat16") for peer in library.get("onnx")),
        *(Row(peer.label, peer, f"{case}_bfloat16") for peer in library.get("mxnet191")),
    ]


if __name__ == "__main__":
    main()
