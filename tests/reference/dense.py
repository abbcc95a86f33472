"""References for mxnet/_ops/dense.py."""

from __future__ import annotations

from . import bad, normal, reference, sample


@reference(
    "FullyConnected",
    samples=[
        sample(normal(2, 3), normal(4, 3), normal(4), num_hidden=4),
        sample(normal(2, 3), normal(4, 3), num_hidden=4, no_bias=True),
        sample(normal(2, 3, 5), normal(4, 15), normal(4), num_hidden=4),
        sample(normal(2, 3, 5), normal(4, 5), normal(4), num_hidden=4, flatten=False),
        sample(normal(1, 1), normal(1, 1), normal(1), num_hidden="1"),
        sample(normal(2, 3, dtype="float64"), normal(4, 3, dtype="float64"), num_hidden=4, no_bias="True"),
    ],
    bad=[
        bad(normal(2, 3), normal(4, 4), normal(4), num_hidden=4, match=r"weight has shape \(4, 4\); expected \(4, 3\)"),
        bad(normal(2, 3), normal(4, 3), normal(5), num_hidden=4, match=r"bias has shape \(5,\); expected \(4,\)"),
        bad(normal(2, 3), normal(4, 3, dtype="float64"), normal(4), num_hidden=4, match="float32 and rhs is float64"),
        bad(normal(2, 3), normal(4, 3), normal(4), match="required attribute 'num_hidden'"),
        bad(normal(2, 3), normal(4, 3), normal(4), num_hidden=0, match="at least 1, got 0"),
    ],
    benchmark=lambda: sample(normal(256, 1024), normal(1024, 1024), normal(1024), num_hidden=1024),
)
def fully_connected(data, weight, bias=None, *, num_hidden, no_bias=False, flatten=True):
    if flatten:
        data = data.reshape(data.shape[0], -1)
    out = data @ weight.T
    return out if bias is None else out + bias
