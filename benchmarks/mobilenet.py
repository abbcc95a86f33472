"""MobileNetV2 of Gluon's model zoo, in training and inference, beside other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import options
from networks import COMMON, Workload, measure
from report import Figure

WORKLOADS = (
    Workload("mobilenet_training", "MobileNetV2, training, batch 16, 224x224", over_torch=1.0),
    Workload("mobilenet_inference", "MobileNetV2, inference, batch 16, 224x224", over_torch=1.0),
)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=8, names=f"of {', '.join(workload.case for workload in WORKLOADS)}")
    figure = Figure("MobileNetV2", "python benchmarks/mobilenet.py --mxnet191 PYTHON", COMMON)
    measure(figure, WORKLOADS, chosen)
    return figure.finish(chosen.json)


if __name__ == "__main__":
    main()
