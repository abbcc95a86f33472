"""Graphs of tens of thousands of nodes: nothing here may recurse."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import weakref

import numpy as np
import pytest

import mxnet as mx

DEPTH = 12_000


def chain(depth=DEPTH):
    """x + 1 - 1 + 1 ...: the values stay small."""
    x = mx.sym.var("x")
    for i in range(depth):
        x = x + (1 if i % 2 == 0 else -1)
    return x


@pytest.fixture(scope="module")
def deep():
    return chain()


@pytest.fixture(scope="module")
def text(deep):
    return deep.tojson()


def test_the_chain_is_deeper_than_recursion_allows(deep):
    assert sys.getrecursionlimit() * 5 < DEPTH
    assert len(deep.get_internals()) == DEPTH + 1


def test_lists(deep):
    assert deep.list_arguments() == ["x"]
    assert len(deep.list_outputs()) == 1
    assert len(deep.attr_dict()) == DEPTH
    assert deep.debug_str().count("Op:_plus_scalar") == DEPTH


def test_inference(deep):
    assert deep.infer_shape(x=(2, 3))[1] == [(2, 3)]
    assert deep.infer_shape_partial(x=(2, 0))[1] == [(2, 0)]
    assert deep.infer_type(x="float64")[1] == [np.float64]


def test_inference_backwards_through_the_chain(deep):
    total = deep + mx.sym.var("y")
    assert total.infer_shape(y=(4,))[0] == [(4,), (4,)]


def test_text(text):
    assert mx.sym.load_json(text).tojson() == text


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_copies(deep, text, duplicate):
    assert duplicate(deep).tojson() == text


def test_composing(deep):
    assert deep(x=mx.sym.var("other")).list_arguments() == ["other"]


def test_deleting():
    symbol = chain(20_000)
    node = weakref.ref(symbol)
    del symbol
    gc.collect()
    assert node() is None


def test_forward_and_backward_of_traced_nodes():
    executor = chain().simple_bind(mx.cpu(), x=(2,))
    executor.arg_dict["x"][:] = 5
    assert executor.forward(is_train=True)[0].asnumpy().tolist() == [5, 5]
    executor.backward(mx.nd.array([1, 2]))
    assert executor.grad_arrays[0].asnumpy().tolist() == [1, 2]


def test_inference_executor(deep):
    executor = deep.bind(mx.cpu(), {"x": mx.nd.array([5, 6])})
    assert executor.forward()[0].asnumpy().tolist() == [5, 6]


def test_forward_and_backward_of_nodes_with_rules_of_their_own():
    x = mx.sym.var("x")
    y, w = x, mx.sym.var("w")
    for _ in range(2_000):
        y = mx.sym.FullyConnected(mx.sym.relu(y), w, num_hidden=2, no_bias=True)
    executor = y.bind(
        mx.cpu(), {"x": mx.nd.ones((1, 2)), "w": mx.nd.array([[0, 1], [1, 0]])}, {"x": mx.nd.zeros((1, 2))}
    )
    executor.forward(is_train=True)
    executor.backward(mx.nd.array([[3, 4]]))
    assert executor.grad_dict["x"].asnumpy().tolist() == [[3, 4]]


def test_wide_graphs():
    names = [f"v{i}" for i in range(3_000)]
    leaves = [mx.sym.var(name) for name in names]
    net = mx.sym.add_n(*[leaf * 2 for leaf in leaves])
    assert net.list_arguments() == names
    assert mx.sym.load_json(net.tojson()).tojson() == net.tojson()
    executor = net.simple_bind(mx.cpu(), **dict.fromkeys(names, (2,)))
    for i, array in enumerate(executor.arg_arrays):
        array[:] = i % 3
    assert executor.forward(is_train=True)[0].asnumpy().tolist() == [6000, 6000]
    executor.backward(mx.nd.array([1, 3]))
    assert all(array.asnumpy().tolist() == [2, 6] for array in executor.grad_arrays)


def test_a_value_used_thousands_of_times():
    x = mx.sym.var("x")
    once = mx.sym.square(x)
    total = once
    for _ in range(3_000):
        total = total + once
    executor = total.simple_bind(mx.cpu(), x=(1,))
    executor.arg_dict["x"][:] = 2
    assert executor.forward(is_train=True)[0].asscalar() == 4 * 3001
    executor.backward(mx.nd.ones((1,)))
    assert executor.grad_arrays[0].asscalar() == 4 * 3001
