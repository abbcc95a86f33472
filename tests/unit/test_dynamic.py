"""Operators whose outputs' shapes depend on values, inside graphs."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx


@pytest.fixture
def net():
    return mx.sym.relu(mx.sym.contrib.boolean_mask(mx.sym.var("x"), mx.sym.var("chosen"))) * 2


def test_shapes_stay_unknown(net):
    assert net.infer_shape_partial(x=(3, 2), chosen=(3,))[1] == [()]
    with pytest.warns(UserWarning, match="Cannot decide shape"):
        assert net.infer_shape(x=(3, 2), chosen=(3,)) == (None, None, None)


def test_outputs_follow_the_values(net):
    executor = net.simple_bind(mx.cpu(), grad_req={"x": "write"}, x=(3, 2), chosen=(3,))
    executor.arg_dict["x"][:] = [[1, 2], [3, 4], [-5, 6]]
    for chosen in ([1, 0, 1], [0, 1, 0], [1, 1, 1], [0, 0, 0]):
        executor.arg_dict["chosen"][:] = chosen
        rows = np.flatnonzero(chosen)
        values = executor.arg_dict["x"].asnumpy()[rows]
        (output,) = executor.forward(is_train=True)
        assert output.shape == values.shape
        np.testing.assert_array_equal(output.asnumpy(), np.maximum(values, 0) * 2)
        executor.backward(mx.nd.ones(output.shape))
        expected = np.zeros((3, 2))
        expected[rows] = 2 * (values > 0)
        np.testing.assert_array_equal(executor.grad_dict["x"].asnumpy(), expected)


def test_reduced_to_a_known_shape(net):
    total = mx.sym.sum(net)
    executor = total.bind(mx.cpu(), {"x": mx.nd.ones((3, 2)), "chosen": mx.nd.array([1, 0, 1])})
    assert executor.forward()[0].asscalar() == 8
