"""Every operator answers as MXNet 1.9.1 does: outputs and gradients recorded in ``tests/golden/operators``."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest

import mxnet._ops  # noqa: F401 - registers the operators
from mxnet._ops.registry import get
from tests.laws.kernels import run_kernel
from tests.tolerances import GRADIENT, OPERATOR, assert_close

FOLDER = pathlib.Path(__file__).parent.parent / "golden" / "operators"
CASES = [
    pytest.param(path, call, id=f"{path.stem}-{call['number']}")
    for path in sorted(FOLDER.glob("*.npz"))
    for call in json.loads(str(np.load(path)["calls"]))
]


@pytest.mark.parametrize(("path", "call"), CASES)
def test_golden(path, call):
    arrays, key = np.load(path), call["number"]
    inputs = [arrays[f"{key}.input.{i}"] for i in range(call["inputs"])]
    values, gradients, after = run_kernel(get(path.stem), inputs, call["attributes"], call["training"])
    assert len(values) == call["outputs"]
    for i, value in enumerate(values):
        assert_close(value, arrays[f"{key}.output.{i}"], OPERATOR, f"{path.stem} {call['attributes']} output {i}")
    for i, gradient in enumerate(gradients):
        name = f"{key}.gradient.{i}"
        if name not in arrays:
            continue
        gradient = np.zeros_like(inputs[i]) if gradient is None else gradient
        assert_close(gradient, arrays[name], GRADIENT, f"{path.stem} {call['attributes']} gradient {i}")
    for i, tensor in enumerate(after):
        expected = arrays.get(f"{key}.after.{i}", inputs[i])
        assert_close(tensor.detach().numpy(), expected, OPERATOR, f"{path.stem} {call['attributes']} input {i} after")
