"""Every operator's values equal its NumPy reference, and equal MXNet 1.9.1's answers in the goldens."""

from __future__ import annotations

import inspect
import json
import pathlib

import numpy as np
import pytest

from tests.laws.calls import eager, operator_of
from tests.laws.cases import samples
from tests.tolerances import GRADIENT, OPERATOR, assert_close

FOLDER = pathlib.Path(__file__).parent.parent / "golden" / "operators"
GOLDENS = [
    pytest.param(path, call, id=f"{path.stem}-{call['number']}")
    for path in sorted(FOLDER.glob("*.npz"))
    for call in json.loads(str(np.load(path)["calls"]))
]


@pytest.mark.parametrize(("entry", "sample"), samples())
def test_equals_reference(entry, sample):
    result = eager(entry.name, sample.inputs, sample.attributes, sample.training)
    if entry.function is None:
        return
    operator = operator_of(entry.name)
    counted = {operator.variadic: len(sample.inputs)} if operator.variadic else {}
    attributes = operator.parse({**sample.attributes, **counted})
    given = {k: attributes[k] for k in sample.attributes}
    if "training" in inspect.signature(entry.function).parameters:
        given["training"] = sample.training
    expected = entry.function(*sample.inputs, **given)
    expected = expected if isinstance(expected, (tuple, list)) else [expected]
    for i, (value, wanted) in enumerate(zip(result.outputs, expected, strict=True)):
        assert_close(value, np.asarray(wanted, dtype=value.dtype), OPERATOR, f"{entry.name} output {i}")


@pytest.mark.parametrize(("path", "call"), GOLDENS)
def test_equals_mxnet(path, call):
    arrays, key = np.load(path), call["number"]
    inputs = [arrays[f"{key}.input.{i}"] for i in range(call["inputs"])]
    result = eager(path.stem, inputs, call["attributes"], call["training"])
    what = f"{path.stem} {call['attributes']}"
    assert len(result.outputs) == call["outputs"]
    for i, value in enumerate(result.outputs):
        assert_close(value, arrays[f"{key}.output.{i}"], OPERATOR, f"{what} output {i}")
    for i, gradient in enumerate(result.gradients):
        if f"{key}.gradient.{i}" in arrays:
            assert gradient is not None
            assert_close(gradient, arrays[f"{key}.gradient.{i}"], GRADIENT, f"{what} gradient {i}")
    for i, value in enumerate(result.after):
        assert_close(value, arrays.get(f"{key}.after.{i}", inputs[i]), OPERATOR, f"{what} input {i} afterwards")
