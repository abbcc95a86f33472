"""What one thread sets, another does not see, and both may compute at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, nd

#: Something that a ``with`` block sets -> how to enter it, and how to see it.
SCOPES = {
    "context": (lambda: mx.cpu(3), mx.current_context),
    "context of new arrays": (lambda: mx.cpu(3), lambda: nd.ones((1,)).context),
    "recording": (autograd.record, autograd.is_recording),
    "paused": (autograd.record, lambda: (autograd.is_recording(), autograd.is_training())),
    "training": (autograd.train_mode, autograd.is_training),
    "names": (lambda: mx.name.Prefix("net_"), lambda: mx.sym.relu(mx.sym.var("x"), name="act").name),
    "attributes": (lambda: mx.AttrScope(ctx_group="one"), lambda: mx.sym.var("x").attr("ctx_group")),
}  # fmt: skip


def in_another_thread(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


@pytest.mark.parametrize(("scope", "look"), SCOPES.values(), ids=SCOPES)
class TestScopes:
    def test_another_thread_does_not_see_it(self, scope, look):
        outside = look()
        with scope():
            assert look() != outside
            assert in_another_thread(look) == outside

    def test_another_thread_does_not_end_it(self, scope, look):
        def enter_and_leave():
            with scope():
                pass

        with scope():
            inside = look()
            in_another_thread(enter_and_leave)
            assert look() == inside

    def test_overlapping_blocks_of_two_threads_do_not_mix(self, scope, look):
        barrier, seen = threading.Barrier(2, timeout=30), {}

        def work(name):
            barrier.wait()
            with scope():
                barrier.wait()
                inside = look()
            barrier.wait()
            seen[name] = inside, look()

        outside = look()
        threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert seen["a"] == seen["b"]
        assert seen["a"][1] == outside != seen["a"][0]


def test_set_functions_are_local():
    autograd.set_recording(True)
    autograd.set_training(True)
    try:
        assert in_another_thread(lambda: (autograd.is_recording(), autograd.is_training())) == (False, False)
    finally:
        autograd.set_recording(False)
        autograd.set_training(False)


def test_automatic_names_count_for_each_thread():
    def names():
        return [mx.sym.relu(mx.sym.var("x")).name for _ in range(3)]

    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(lambda _: in_another_thread(names), range(4)):
            assert found == ["relu0", "relu1", "relu2"]


def test_threads_record_and_differentiate_at_once():
    barrier = threading.Barrier(4, timeout=30)

    def train(number):
        x = nd.array(np.arange(64.0), dtype="float64")
        x.attach_grad()
        barrier.wait()
        for step in range(30):
            with autograd.record():
                y = (x * x * number + nd.exp(x * 0.01)).sum()
            y.backward()
            expected = 2 * x.asnumpy() * number + 0.01 * np.exp(x.asnumpy() * 0.01)
            np.testing.assert_allclose(x.grad.asnumpy(), expected, 1e-12, err_msg=f"thread {number}, step {step}")
            x -= 0.001 * x.grad
        return number

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(train, range(4))) == [0, 1, 2, 3]


def test_graph_recorded_in_one_thread_is_differentiated_in_another():
    x = nd.array([1, 2, 3])
    x.attach_grad()
    with autograd.record():
        y = nd.SoftmaxOutput((x * 2).reshape((1, 3)), nd.array([1]))
    in_another_thread(y.backward)
    expected = 2 * (y.asnumpy()[0] - [0, 1, 0])
    np.testing.assert_allclose(x.grad.asnumpy(), expected, rtol=1e-6)


def test_backward_in_one_thread_leaves_the_graphs_of_others():
    x = nd.array([3])
    x.attach_grad()

    def backward_elsewhere():
        other = nd.array([1])
        other.attach_grad()
        with autograd.record():
            z = nd.exp(other)
        z.backward()

    with autograd.record():
        y = x * x
        in_another_thread(backward_elsewhere)
        y = y * x
    y.backward()
    assert x.grad.asscalar() == 27
