"""ResNet-50 of Gluon's model zoo, in training and inference, beside other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import options
from networks import COMMON, Workload, measure
from report import Figure

WORKLOADS = (
    Workload("resnet50_training", "ResNet-50, training, batch 8, 224x224", over_torch=1.0),
    Workload("resnet50_inference", "ResNet-50, inference, batch 8, 224x224", over_torch=1.0),
)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=8, names=f"of {', '.join(workload.case for workload in WORKLOADS)}")
    figure = Figure("ResNet-50", "python benchmarks/resnet50.py --mxnet191 PYTHON", COMMON)
    measure(figure, WORKLOADS, chosen)
    return figure.finish(chosen.json)


if __name__ == "__main__":
    main()
