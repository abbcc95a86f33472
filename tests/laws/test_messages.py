"""A wrong call is refused with the promised message, which names the operator; by arrays and by symbols."""

from __future__ import annotations

import pytest

import mxnet as mx
from tests.laws.calls import array, function
from tests.laws.cases import bad_samples


@pytest.mark.parametrize(("name", "wrong"), bad_samples())
def test_arrays(name, wrong):
    with pytest.raises(mx.MXNetError, match=wrong.match) as caught:
        function(mx.nd, name)(*(array(x) for x in wrong.inputs), **wrong.attributes)
    assert name in str(caught.value)


@pytest.mark.parametrize(("name", "wrong"), bad_samples())
def test_symbols(name, wrong):
    with pytest.raises(mx.MXNetError) as caught:
        run_symbol(name, wrong)
    assert name in str(caught.value)


def run_symbol(name, wrong):
    """Compose, bind and run; inputs that were left out get an array of one element."""
    names = [f"in{i}" for i in range(len(wrong.inputs))]
    net = function(mx.sym, name)(*(mx.sym.var(n) for n in names), **wrong.attributes)
    table = {n: array(x) for n, x in zip(names, wrong.inputs)}
    one = mx.nd.ones((1,))
    arguments = {n: table.get(n, one) for n in net.list_arguments()}
    states = {n: table.get(n, one) for n in net.list_auxiliary_states()}
    net.bind(mx.cpu(), arguments, grad_req="null", aux_states=states).forward()


def test_unknown_attribute():
    with pytest.raises(mx.MXNetError, match=r"FullyConnected: no attribute 'num_hiden'; did you mean 'num_hidden'"):
        mx.nd.FullyConnected(mx.nd.ones((2, 3)), mx.nd.ones((4, 3)), num_hidden=4, num_hiden=4)
    with pytest.raises(mx.MXNetError, match=r"FullyConnected.*no attribute 'foo'"):
        mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=4, foo=4)


def test_missing_and_superfluous_inputs():
    x, w = mx.nd.ones((2, 3)), mx.nd.ones((4, 3))
    with pytest.raises(mx.MXNetError, match="FullyConnected: input 'bias' is missing"):
        mx.nd.FullyConnected(x, w, num_hidden=4)
    with pytest.raises(mx.MXNetError, match="input 'bias' came, but under these attributes it takes 2 inputs"):
        mx.nd.FullyConnected(x, w, mx.nd.ones((4,)), num_hidden=4, no_bias=True)
    with pytest.raises(mx.MXNetError, match="no input 'bias' under these attributes"):
        mx.sym.FullyConnected(mx.sym.var("x"), bias=mx.sym.var("b"), num_hidden=4, no_bias=True)


def test_wrong_kind_of_input():
    with pytest.raises(TypeError, match=r"relu: input 'data' is a builtins\.list, expected an NDArray"):
        mx.nd.relu([1.0])
    with pytest.raises(TypeError, match="relu: input data must be a Symbol"):
        mx.sym.relu(mx.nd.ones((1,)))


def test_out_of_another_shape_or_dtype():
    for out in (mx.nd.zeros((3,)), mx.nd.zeros((2,), dtype="float64")):
        with pytest.raises(mx.MXNetError, match=r"relu: out is .* the result is \(2,\) float32"):
            mx.nd.relu(mx.nd.ones((2,)), out=out)
