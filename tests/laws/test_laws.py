"""The laws can fail: deliberately wrong rules are caught by them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet._graph.inference import output_shapes
from mxnet._ops import registry
from mxnet._ops.registry import Backward, operator
from mxnet.ndarray.dispatch import invoke
from tests.laws.calls import Result, array, head_gradient
from tests.laws.differences import check_gradient
from tests.tolerances import OPERATOR, assert_close


@pytest.fixture
def wrong():
    """Operators with one mistake each, registered for one test."""
    before = dict(registry._OPERATORS)

    def twice(backward: Backward):
        return (backward.head_gradients[0] * 3,)

    @operator("docs_wrong_gradient", gradient=twice)
    def wrong_gradient(data):
        return data * 2

    @operator("docs_wrong_shape", shape=lambda shapes, dtypes, attributes: [(shapes[0], dtypes[0])])
    def wrong_shape(data):
        return data.sum().reshape(1)

    @operator("docs_wrong_kink", elementwise=True)
    def wrong_kink(data):
        return torch.relu(data).detach()

    yield
    registry._OPERATORS.clear()
    registry._OPERATORS.update(before)


def recorded(name: str):
    def call(values):
        arrays = [array(x) for x in values]
        for a in arrays:
            a.attach_grad()
        with mx.autograd.record():
            output = invoke(registry.get(name), arrays, {})
        if output._trace is not None:
            output.backward(array(head_gradient(output.shape, output.dtype)))
        return Result([output.asnumpy()], [a.grad.asnumpy() for a in arrays], [])

    return call


@pytest.mark.usefixtures("wrong")
@pytest.mark.parametrize("name", ["docs_wrong_gradient", "docs_wrong_kink"])
def test_wrong_gradient_is_caught(name):
    with pytest.raises(AssertionError, match="differences give"):
        check_gradient(recorded(name), [np.array([1.0, 2.0])], name)


@pytest.mark.usefixtures("wrong")
def test_wrong_shape_rule_is_caught():
    real = invoke(registry.get("docs_wrong_shape"), [mx.nd.ones((2, 3))], {})
    said = output_shapes(registry.get("docs_wrong_shape"), [(2, 3)], [torch.float32], {})
    assert said[0][0] != real.shape


def test_wrong_value_is_caught():
    for value in (np.float32([1.001]), np.float64([1.0]), np.float32([1.0, 1.0])):
        with pytest.raises(AssertionError):
            assert_close(value, np.float32([1.0]), OPERATOR, "x")


def test_two_operators_of_one_name_are_refused():
    with pytest.raises(ValueError, match="'relu' is registered twice"):
        operator("relu")(lambda data: data)
