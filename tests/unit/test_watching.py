"""Gradients that an executor tells to its monitor callback."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx


def told(symbol, req="write", **shapes):
    """Return the executor after a watched step, and what its backward pass told."""
    executor = symbol.simple_bind(mx.cpu(), grad_req=req, **shapes)
    for number, array in enumerate(executor.arg_arrays):
        array[:] = mx.nd.arange(array.size).reshape(array.shape) / (7 + number) - 0.3
    seen = {}
    executor.set_monitor_callback(lambda name, array: seen.__setitem__(name.decode(), array.asnumpy()))
    executor.forward(is_train=True)
    seen.clear()
    executor.backward([mx.nd.ones(output.shape) for output in executor.outputs])
    return executor, seen


def test_names_follow_the_nodes_backwards():
    fc = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, name="fc")
    net = mx.sym.elemwise_mul(mx.sym.exp(fc, name="e"), mx.sym.relu(fc, name="r"), name="m")
    executor, seen = told(net, data=(2, 4))
    assert list(seen) == ["m_backward_output0", "m_backward_output1", "r_backward_output", "e_backward_output",
                          "fc_backward_output0", "fc_backward_output1", "fc_backward_output2"]  # fmt: skip
    for number, name in enumerate(("data", "fc_weight", "fc_bias")):
        np.testing.assert_allclose(seen[f"fc_backward_output{number}"], executor.grad_dict[name].asnumpy(), rtol=1e-6)
    total = seen["r_backward_output"] + seen["e_backward_output"]
    np.testing.assert_allclose(total.sum(axis=0), executor.grad_dict["fc_bias"].asnumpy(), rtol=1e-5)


def test_only_wanted_gradients_are_told():
    fc = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, name="fc")
    _, seen = told(mx.sym.Activation(fc, act_type="relu", name="r"), {"fc_weight": "write"}, data=(2, 4))
    assert list(seen) == ["r_backward_output", "fc_backward_output1"]


def test_states_are_no_gradients():
    bn = mx.sym.BatchNorm(mx.sym.exp(mx.sym.var("data"), name="e"), name="bn", fix_gamma=False)
    _, seen = told(bn, data=(5, 2))
    assert list(seen) == ["bn_backward_output0", "bn_backward_output1", "bn_backward_output2", "e_backward_output"]


@pytest.mark.parametrize("req", ["write", "add"])
def test_gradients_are_those_without_watching(req):
    x = mx.sym.var("data")
    net = mx.sym.Convolution(x, kernel=(3, 3), num_filter=4, name="c1")
    net = mx.sym.Activation(mx.sym.BatchNorm(net, name="bn"), act_type="relu") + net * 2
    net = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(mx.sym.Pooling(net, kernel=(2, 2)), num_hidden=3), name="s")
    found = []
    for watch in (False, True, None):  # None: watched at first, then no longer
        executor = net.simple_bind(mx.cpu(), data=(2, 3, 8, 8), grad_req=req)
        for number, array in enumerate(executor.arg_arrays):
            array[:] = np.sin(np.arange(array.size) + number).reshape(array.shape)
        for array in executor.grad_arrays:
            array[:] = 1
        for step in range(2):
            executor.set_monitor_callback((lambda *_: None) if watch or (watch is None and not step) else None)
            executor.forward(is_train=True)
            executor.backward()
        found.append([array.asnumpy() for array in (*executor.outputs, *executor.grad_arrays, *executor.aux_arrays)])
    for one, other, third in zip(*found):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(one, third, rtol=1e-5, atol=1e-6)
