"""Every operator computes on a CUDA device what it computes on the CPU, recorded and in an executor."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import mxnet as mx
from tests.laws.calls import eager, executed, operator_of
from tests.laws.cases import samples

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(mx.context.num_gpus() == 0, reason="this machine has no CUDA device"),
]

#: dtype -> (relative, absolute): kernels of two devices add up in another order.
CLOSE = {"float64": (1e-7, 1e-8), "float32": (2e-3, 2e-4), "float16": (2e-2, 1e-2)}


@pytest.fixture(autouse=True)
def whole_products():
    """Products in full float32 instead of TF32."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


def compare(name, found, expected):
    for what in ("outputs", "gradients", "after"):
        for number, (one, other) in enumerate(zip(getattr(found, what), getattr(expected, what), strict=True)):
            if other is None:
                assert one is None
                continue
            assert (one.shape, one.dtype) == (other.shape, other.dtype), f"{name}: {what} {number}"
            if operator_of(name).random and what != "after":
                continue  # another generator
            relative, absolute = CLOSE.get(other.dtype.name, (0, 0))
            np.testing.assert_allclose(
                one.astype("float64"), other.astype("float64"), relative, absolute, err_msg=f"{name}: {what} {number}"
            )


@pytest.mark.parametrize(("entry", "sample"), samples())
def test_recorded(entry, sample):
    expected = eager(entry.name, sample.inputs, sample.attributes, sample.training)
    with mx.gpu(0):
        found = eager(entry.name, sample.inputs, sample.attributes, sample.training)
    compare(entry.name, found, expected)


@pytest.mark.parametrize(("entry", "sample"), samples())
def test_in_an_executor(entry, sample):
    if operator_of(entry.name).dynamic or not sample.inputs:
        pytest.skip("shapes that depend on values, or nothing to bind")
    expected = executed(entry.name, sample)
    with mx.gpu(0):
        found = executed(entry.name, sample)
    compare(entry.name, found, expected)
