"""Every operator's function on torch tensors equals its NumPy reference."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet._ops  # noqa: F401 - registers the operators
from mxnet._ops.registry import get
from tests.laws.kernels import run_kernel
from tests.reference import load_all
from tests.tolerances import OPERATOR, assert_close

CASES = [
    pytest.param(entry, sample, id=f"{name}-{i}-{sample}")
    for name, entry in sorted(load_all().items())
    for i, sample in enumerate(entry.samples)
]


@pytest.mark.parametrize(("entry", "sample"), CASES)
def test_equals_reference(entry, sample):
    operator = get(entry.name)
    values, _, _ = run_kernel(operator, sample.inputs, sample.attributes, sample.training)
    if entry.function is None:
        return
    attributes = operator.parse(
        {**sample.attributes, **({"num_args": len(sample.inputs)} if operator.variadic else {})}
    )
    given = {k: attributes[k] for k in sample.attributes}
    expected = entry.function(*sample.inputs, **given)
    expected = expected if isinstance(expected, (tuple, list)) else [expected]
    for i, (value, wanted) in enumerate(zip(values, expected, strict=True)):
        assert_close(value, np.asarray(wanted, dtype=value.dtype), OPERATOR, f"{entry.name} output {i}")
