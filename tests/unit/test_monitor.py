"""Monitor: against what MXNet 1.9.1 sees, and what is promised beyond it."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from tests.golden import programs

GROUP = "monitor"


@pytest.fixture
def executor():
    """exp(x) * 2 bound to (0, 1)."""
    net = mx.sym.elemwise_mul(mx.sym.exp(mx.sym.var("x"), name="e"), mx.sym.var("y"), name="m")
    return net.bind(mx.cpu(), {"x": mx.nd.array([0, 1]), "y": mx.nd.array([2, 2])})


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


def test_default_statistic_is_the_root_of_the_mean_of_squares(executor):
    monitor = mx.mon.Monitor(1)
    monitor.install(executor)
    monitor.tic()
    executor.forward()
    found = {name: float(text) for _, name, text in monitor.toc()}
    assert list(found) == ["e_output", "m_output", "x", "y"]
    np.testing.assert_allclose(found["e_output"], np.sqrt((1 + np.e**2) / 2), rtol=1e-6)


def test_statistics_see_the_values_of_their_step(executor):
    monitor = mx.mon.Monitor(1, lambda array: array.sum(), pattern="m_output")
    monitor.install(executor)
    sums = []
    for value in (0, 1, 2):
        executor.arg_dict["y"][:] = value
        monitor.tic()
        executor.forward()
        sums += monitor.toc()
    assert [step for step, _, _ in sums] == [1, 2, 3]
    np.testing.assert_allclose([float(text) for _, _, text in sums], [i * (1 + np.e) for i in (0, 1, 2)], rtol=1e-6)


def test_equal_names_keep_their_order_when_sorted(executor):
    monitor = mx.mon.Monitor(1, lambda array: array, sort=True, monitor_all=True)
    monitor.install(executor)
    monitor.install(executor)
    monitor.tic()
    executor.forward()
    names = [name for _, name, _ in monitor.toc()]
    assert names == sorted(names)
    assert names.count("x") == 3  # once in the forward pass, and an argument of two


def test_outputs_and_gradients_are_those_without_a_monitor():
    x = mx.sym.var("x")
    net = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(x, num_hidden=3, name="fc"), name="s")
    found = []
    for watched in (False, True):
        executor = net.simple_bind(mx.cpu(), x=(2, 4))
        for array in executor.arg_arrays:
            array[:] = mx.nd.arange(array.size).reshape(array.shape) / 7
        if watched:
            monitor = mx.mon.Monitor(1, monitor_all=True)
            monitor.install(executor)
            monitor.tic()
        executor.forward(is_train=True)
        executor.backward()
        if watched:
            assert monitor.toc()
        found.append([array.asnumpy() for array in (*executor.outputs, *executor.grad_arrays)])
    for one, other in zip(*found):
        np.testing.assert_array_equal(one, other)


def test_any_object_with_a_callback_can_be_watched():
    class Executor:
        _symbol = mx.sym.var("x")
        arg_arrays = [mx.nd.array([3])]  # noqa: RUF012
        aux_arrays = []  # noqa: RUF012

        def set_monitor_callback(self, callback, monitor_all=False):
            self.callback, self.all = callback, monitor_all

    executor = Executor()
    monitor = mx.mon.Monitor(1, lambda array: array, monitor_all=True)
    monitor.install(executor)
    assert executor.all is True
    executor.callback(b"before", mx.nd.array([1]))
    monitor.tic()
    executor.callback(b"seen", mx.nd.array([2]))
    executor.callback("text", mx.nd.array([2]))
    assert monitor.toc() == [(1, "seen", "2.0\t"), (1, "text", "2.0\t"), (1, "x", "3.0\t")]


def test_a_collection_with_a_module_like_replacement_of_the_helper(executor):
    """Programs replace `stat_helper` to print at once."""
    seen = []
    monitor = mx.mon.Monitor(1)
    monitor.stat_helper = lambda name, array: seen.append((name, array.shape))
    monitor.install(executor)
    monitor.tic()
    executor.forward()
    assert seen == [(b"e_output", (2,)), (b"m_output", (2,))]


@pytest.mark.parametrize("wrong", [3.5, None, "text", (1,), np.ones(2)])
def test_statistic_must_be_an_array(executor, wrong):
    monitor = mx.mon.Monitor(1, lambda array: wrong, pattern="m_output")
    monitor.install(executor)
    monitor.tic()
    executor.forward()
    with pytest.raises(TypeError, match=r"stat_func gave .* for m_output; expected an NDArray") as error:
        monitor.toc()
    assert isinstance(error.value, mx.MXNetError)
    assert not monitor.activated


def test_interval_must_not_be_zero():
    with pytest.raises(ValueError, match="Monitor: interval is 0"):
        mx.mon.Monitor(0)
