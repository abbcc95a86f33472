"""A small single-shot detector on ResNet-18, in training and inference, beside other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import options
from networks import COMMON, Workload, measure
from report import Figure

WORKLOADS = (
    Workload("ssd_training", "SSD on ResNet-18, training, batch 8, 256x256, 1,360 boxes", over_torch=1.0),
    Workload("ssd_inference", "SSD on ResNet-18, inference, batch 8, 256x256", over_torch=1.0),
)
#: Suppression of overlapping boxes stays out: PyTorch has it in another package.
ABOUT = (
    "ResNet-18 and two smaller grids, with `MultiBoxPrior` boxes; the loss matches boxes and objects with "
    "`MultiBoxTarget`, which the other libraries' programs write out in their own operators. Inference ends with the "
    f"scores and offsets of boxes. {COMMON}"
)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=8, names=f"of {', '.join(workload.case for workload in WORKLOADS)}")
    figure = Figure("A detector", "python benchmarks/ssd.py --mxnet191 PYTHON", ABOUT)
    measure(figure, WORKLOADS, chosen)
    return figure.finish(chosen.json)


if __name__ == "__main__":
    main()
