"""Gradients that simple_bind made and nobody has looked at are put off, and right whenever somebody looks."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import mxnet as mx

LOOKS = {
    "asnumpy": lambda g: g.asnumpy(),
    "view": lambda g: g[:].asnumpy(),
    "row": lambda g: np.stack([row.asnumpy() for row in g]),
    "reshape": lambda g: g.reshape((-1,)).reshape(g.shape).asnumpy(),
    "arithmetic": lambda g: (g * 1).asnumpy(),
    "reflected": lambda g: (0 + g).asnumpy(),
    "function": lambda g: mx.nd.identity(g).asnumpy(),
    "copyto": lambda g: g.copyto(mx.cpu(1)).asnumpy(),
    "into": lambda g: _copied_into(g),
    "numpy": lambda g: np.asarray(g),
    "pickle": lambda g: pickle.loads(pickle.dumps(g)).asnumpy(),
    "copy": lambda g: copy.copy(g).asnumpy(),
    "detach": lambda g: g.detach().asnumpy(),
    "dlpack": lambda g: np.from_dlpack(g),
    "shape first": lambda g: (g.shape, g.asnumpy())[1],
}


def _copied_into(gradient):
    target = mx.nd.zeros((4, 5))
    target[:] = gradient
    return target.asnumpy()


def executor_and_expected():
    """An executor after one step, and the gradient of its data by NumPy."""
    data, net = mx.sym.var("data"), None
    net = mx.sym.FullyConnected(data, num_hidden=3, name="fc")
    net = mx.sym.LinearRegressionOutput(net, name="loss")
    executor = net.simple_bind(mx.cpu(), data=(4, 5))
    generator = np.random.default_rng()
    for array in executor.arg_arrays:
        array[:] = generator.standard_normal(array.shape)
    x, w, b, y = (a.asnumpy() for a in executor.arg_arrays)
    executor.forward(is_train=True)
    executor.backward()
    return executor, ((x @ w.T + b - y) / 3) @ w


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_the_first_look_gives_the_gradient_of_the_last_backward(look):
    executor, expected = executor_and_expected()
    for array in executor.arg_arrays:
        array[:] = 0  # an update of the weights, and the next batch
    np.testing.assert_allclose(LOOKS[look](executor.grad_arrays[0]), expected, rtol=1e-5, atol=1e-6)
    assert type(executor.grad_arrays[0]) is mx.nd.NDArray


def test_every_later_step_writes_it():
    executor, _ = executor_and_expected()
    view = executor.grad_dict["data"][1:3]
    for _ in range(3):
        for array in executor.arg_arrays:
            array[:] = np.random.default_rng().standard_normal(array.shape)
        x, w, b, y = (a.asnumpy() for a in executor.arg_arrays)
        executor.forward()
        executor.backward()
        np.testing.assert_allclose(view.asnumpy(), (((x @ w.T + b - y) / 3) @ w)[1:3], rtol=1e-5, atol=1e-6)


def test_a_look_between_forward_and_backward():
    executor, expected = executor_and_expected()
    executor.forward()
    assert executor.grad_dict["data"].shape == (4, 5)
    executor.grad_dict["data"][:] = 7
    executor.backward()
    np.testing.assert_allclose(executor.grad_dict["data"].asnumpy(), expected, rtol=1e-5, atol=1e-6)


def test_head_gradients_may_change_afterwards():
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, no_bias=True, name="fc")
    executor = net.simple_bind(mx.cpu(), data=(2, 5))
    executor.arg_dict["fc_weight"][:] = 2
    executor.forward()
    head = mx.nd.ones((2, 3))
    executor.backward(head)
    head[:] = 100
    assert (executor.grad_dict["data"].asnumpy() == 6).all()


def test_before_any_backward_it_is_zero():
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, name="fc")
    executor = net.simple_bind(mx.cpu(), data=(2, 5))
    assert not executor.grad_dict["data"].asnumpy().any()


def test_arrays_of_the_caller_are_always_written():
    data = mx.sym.var("data")
    net = mx.sym.FullyConnected(data, num_hidden=3, no_bias=True, name="fc")
    gradients = {"data": mx.nd.zeros((2, 5)), "fc_weight": mx.nd.zeros((3, 5))}
    watched = gradients["data"]._data.numpy()
    executor = net.bind(mx.cpu(), {"data": mx.nd.ones((2, 5)), "fc_weight": mx.nd.ones((3, 5))}, args_grad=gradients)
    executor.forward()
    executor.backward(mx.nd.ones((2, 3)))
    assert (watched == 3).all()
