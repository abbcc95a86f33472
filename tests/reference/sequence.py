"""References for mxnet/_ops/sequence.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample
from .indexing import indexed, indices

_SHAPES = [
    bad(normal(3), indices(1), use_sequence_length=True, match="expected at least two axes"),
    bad(normal(3, 2), indices(1, 2, 3), use_sequence_length=True, match=r"has shape \(3,\); expected \(2,\)"),
    bad(normal(3, 2), axis=-1, match="axis=-1; expected 0"),
]


def _long():
    lengths = integers(32, low=1, high=101, dtype="float32")
    return sample(normal(100, 32, 256), lengths, use_sequence_length=True)


@reference(
    "SequenceMask",
    samples=[
        indexed(normal(3, 2, 2)),
        indexed(normal(3, 2, 2), indices(1, 2), use_sequence_length=True),
        indexed(normal(3, 2, 2), indices(1, 2), use_sequence_length="True", value=-1),
        indexed(normal(2, 3), indices(1, 2, 0), use_sequence_length=True),
        indexed(normal(2, 3), indices(1, 2), use_sequence_length=True, axis=1),
        indexed(normal(2, 3, 2), indices(3, 0), use_sequence_length=True, axis="1", value=0.5),
        indexed(normal(2, 3), indices(1.7, 0.5, 2.1), use_sequence_length=True),
        indexed(normal(2, 3, 2), indices(3, 1, dtype="int32"), use_sequence_length=True, axis=1, value=2),
        indexed(normal(2, 3), indices(5, 3, 0), use_sequence_length=True),
        indexed(normal(2, 3), indices(-1, 1, 0), use_sequence_length=True, golden=False, why="1.9.1 crashes"),
        indexed(normal(2, 3), indices(1, 2, 0, dtype="int32"), use_sequence_length=True, value="-1"),
        indexed(integers(2, 3), indices(1, 2, 0, dtype="int32"), use_sequence_length=True, value=-1.5),
        indexed(integers(2, 2, dtype="uint8"), indices(1, 1), use_sequence_length=True, value=300),
        indexed(
            normal(2, 2, dtype="float16"),
            indices(1, 1, dtype="float16"),
            use_sequence_length=True,
            value=-1e9,
            differentiable=False,
        ),
        indexed(normal(2, 2, dtype="float64"), indices(1, 0, dtype="int64"), use_sequence_length=True),
        indexed(normal(3, 2, 2, 1), indices(1, 2), use_sequence_length=True),
        indexed(
            indices([np.nan, 1], [np.nan, np.inf]),
            indices(1, 1, dtype="int32"),
            use_sequence_length=True,
            differentiable=False,
        ),
        indexed(normal(1, 1), indices(0), use_sequence_length=True),
    ],
    bad=_SHAPES,
    benchmark=_long,
)
def sequence_mask(data, sequence_length=None, *, use_sequence_length=False, value=0.0, axis=0):
    if not use_sequence_length:
        return data
    out = (data if axis == 0 else data.swapaxes(0, 1)).copy()  # (T, N, ...)
    with np.errstate(over="ignore"):
        fill = np.float64(value).astype(data.dtype) if data.dtype.kind == "f" else np.int64(value).astype(data.dtype)
    for n, length in enumerate(sequence_length):
        out[max(int(length), 0) :, n] = fill
    return out if axis == 0 else out.swapaxes(0, 1)


_OUTSIDE = "1.9.1 reads outside the array"
_LAST = "the gradient of 1.9.1 writes outside the array"


@reference(
    "SequenceLast",
    samples=[
        indexed(normal(3, 2, 2), golden=False, why=_LAST),
        indexed(integers(3, 2, 2)),
        indexed(integers(2, 3), axis=1),
        indexed(integers(2, 3, 2), indices(1, 2, dtype="int32"), use_sequence_length=True, axis=1),
        indexed(normal(3, 2, 2), indices(1, 2, dtype="int32"), use_sequence_length=True),
        indexed(normal(3, 2), indices(1, 3), use_sequence_length="True"),
        indexed(normal(2, 3), indices(1, 2), use_sequence_length=True, axis=1),
        indexed(normal(2, 3), axis="1", golden=False, why=_LAST),
        indexed(normal(2, 3, 2), indices(1, 2), use_sequence_length=True, axis=1, golden=False, why=_LAST),
        indexed(normal(3, 2), indices(1.9, 2.9), use_sequence_length=True),
        indexed(normal(3, 2), indices(0, 7), use_sequence_length=True, golden=False, why=_OUTSIDE),
        indexed(integers(3, 2), indices(1, 2, dtype="int32"), use_sequence_length=True),
        indexed(normal(3, 2, dtype="float16"), indices(1, 2, dtype="int32"), use_sequence_length=True),
        indexed(normal(2, 2, 2, 2, dtype="float64"), indices(1, 2, dtype="int64"), use_sequence_length=True),
        indexed(normal(1, 1), indices(1), use_sequence_length=True),
    ],
    bad=_SHAPES,
    benchmark=_long,
)
def sequence_last(data, sequence_length=None, *, use_sequence_length=False, axis=0):
    steps = data if axis == 0 else data.swapaxes(0, 1)
    if not use_sequence_length:
        return steps[-1]
    return np.stack([steps[min(max(int(length), 1), len(steps)) - 1, n] for n, length in enumerate(sequence_length)])


@reference(
    "SequenceReverse",
    samples=[
        indexed(normal(3, 2, 2)),
        indexed(normal(3, 2)),
        indexed(normal(3, 2), indices(1, 2), use_sequence_length=True),
        indexed(normal(3, 2, 2), indices(3, 2), use_sequence_length="True"),
        indexed(normal(3, 2), indices(0, 2), use_sequence_length=True),
        indexed(normal(3, 2), indices(1.7, 2.5), use_sequence_length=True),
        indexed(normal(3, 2), indices(5, -1), use_sequence_length=True, golden=False, why=_OUTSIDE),
        indexed(normal(3, 2), indices(2, 3, dtype="int32"), use_sequence_length=True),
        indexed(integers(3, 2), indices(2, 3, dtype="int32"), use_sequence_length=True),
        indexed(normal(2, 2, 2, 2, dtype="float64"), indices(1, 2, dtype="float64"), use_sequence_length=True),
        indexed(normal(1, 1), indices(1), use_sequence_length=True),
    ],
    bad=[*_SHAPES, bad(normal(3, 2), axis=1, match="axis=1; expected 0")],
    benchmark=_long,
)
def sequence_reverse(data, sequence_length=None, *, use_sequence_length=False, axis=0):
    out = data.copy()
    for n in range(data.shape[1]):
        length = max(int(sequence_length[n]), 0) if use_sequence_length else len(data)
        out[:length, n] = data[:length, n][::-1]
    return out
