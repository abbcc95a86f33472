"""Training steps of an LSTM language model and of a transformer encoder, beside other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness import options
from networks import COMMON, Workload, measure
from report import Figure

WORKLOADS = (
    Workload(
        "lstm_training",
        "LSTM language model, training: 2 layers of 512, sequence 35, batch 32, vocabulary 10,000",
        work="product",
        over_torch=1.0,
        over_mxnet=1.0,
    ),
    Workload(
        "transformer_training",
        "Transformer encoder, training: 4 layers of 256, 8 heads, 128 tokens, batch 8, vocabulary 10,000",
        work="product",
        over_torch=1.0,
        over_mxnet=1 / 1.3,
    ),
)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=8, names=f"of {', '.join(workload.case for workload in WORKLOADS)}")
    figure = Figure("Language models", "python benchmarks/language_models.py --mxnet191 PYTHON", COMMON)
    measure(figure, WORKLOADS, chosen)
    return figure.finish(chosen.json)


if __name__ == "__main__":
    main()
