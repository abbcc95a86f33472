"""Plans write into memory that nobody needs any more, and let values go after their last use: nothing else changes."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet._graph.node import Entry, Node
from mxnet._ops import registry
from tests.tolerances import GRADIENT, OPERATOR, assert_close

SHAPE = (2, 6)

#: Ways from one array of SHAPE to another, most of which may overwrite or pass on what they are given.
ONE = {
    "Activation relu": lambda f, x: f.Activation(x, act_type="relu"),
    "Activation tanh": lambda f, x: f.Activation(x, act_type="tanh"),
    "Activation softrelu": lambda f, x: f.Activation(x, act_type="softrelu"),
    "Concat": lambda f, x: f.slice_axis(f.Concat(x, x * 2, dim=1), axis=1, begin=3, end=9),
    "Reshape": lambda f, x: f.Reshape(f.relu(f.Reshape(x, shape=(3, 4))), shape=SHAPE),
    "SliceChannel": lambda f, x: f.Concat(*list(f.SliceChannel(x, num_outputs=3))[::-1], dim=1),
    "SliceChannel, one part": lambda f, x: f.Concat(*[f.SliceChannel(x, num_outputs=2)[1]] * 2, dim=1),
    "SwapAxis": lambda f, x: f.SwapAxis(f.sigmoid(f.SwapAxis(x, dim1=0, dim2=1)), dim1=0, dim2=1),
    "clip": lambda f, x: f.clip(x, a_min=-0.5, a_max=0.5),
    "expand_dims": lambda f, x: f.Flatten(f.expand_dims(x, axis=2)),
    "minus": lambda f, x: 1 - x,
    "negative": lambda f, x: f.negative(x),
    "plus": lambda f, x: x + 3,
    "relu": lambda f, x: f.relu(x),
    "sigmoid": lambda f, x: f.sigmoid(x),
    "softmax": lambda f, x: f.softmax(x),
    "square": lambda f, x: f.square(x),
    "tanh": lambda f, x: f.tanh(x),
    "times": lambda f, x: x * 0.5,
    "transpose": lambda f, x: f.transpose(f.tanh(f.transpose(x))),
}
TWO = {
    "add": lambda f, x, y: f.elemwise_add(x, y),
    "broadcast": lambda f, x, y: f.broadcast_add(x, y),
    "divide": lambda f, x, y: f.elemwise_div(x, 2 + f.sigmoid(y)),
    "multiply": lambda f, x, y: f.elemwise_mul(x, y),
    "subtract": lambda f, x, y: f.elemwise_sub(x, y),
}


@st.composite
def graphs(draw):
    """Draw steps (name, positions of inputs) and which values are heads."""
    steps = []
    for i in range(draw(st.integers(2, 12))):
        recent = st.integers(max(0, i - 2), 1 + i)  # mostly chains with short branches, as networks are
        if draw(st.integers(0, 2)):
            steps.append((draw(st.sampled_from(sorted(ONE))), (draw(recent),)))
        else:
            steps.append((draw(st.sampled_from(sorted(TWO))), (draw(recent), draw(recent))))
    heads = draw(st.lists(st.integers(2, 1 + len(steps)), min_size=1, max_size=3, unique=True))
    return steps, heads


def build(space, values, graph):
    steps, heads = graph
    values = list(values)
    for name, positions in steps:
        values.append({**ONE, **TWO}[name](space, *(values[i] for i in positions)))
    return [values[i] + values[0] * values[1] for i in heads]  # every head leads to both variables


@settings(max_examples=150, deadline=None)
@given(graphs(), st.integers(0, 2**32 - 1))
def test_random_graphs_compute_what_recorded_operators_compute(graph, seed):
    random = np.random.default_rng(seed)
    count = len(graph[1])
    net = mx.sym.Group(build(mx.sym, [mx.sym.var("x"), mx.sym.var("y")], graph))
    arguments = {name: mx.nd.zeros(SHAPE, dtype="float64") for name in "xy"}
    gradients = {name: mx.nd.zeros(SHAPE, dtype="float64") for name in "xy"}
    executor = net.bind(mx.cpu(), arguments, gradients)
    block = mx.gluon.SymbolBlock(net, [mx.sym.var("x"), mx.sym.var("y")])
    block.hybridize()
    for step in range(3):  # what a step leaves behind must not be seen by the next
        given_ = [mx.nd.array(random.uniform(-1, 1, SHAPE), dtype="float64") for _ in "xy"]
        flows = [mx.nd.array(random.uniform(-1, 1, SHAPE), dtype="float64") for _ in range(count)]
        before = [flow.asnumpy() for flow in flows]
        eager = [a.copy() for a in given_]
        called = [a.copy() for a in given_]
        for a in (*eager, *called):
            a.attach_grad()
        with mx.autograd.record():
            expected = build(mx.nd, eager, graph)
        mx.autograd.backward(expected, flows)
        with mx.autograd.record():
            found = block(*called)
            found = found if isinstance(found, list) else [found]
        mx.autograd.backward(found, flows)
        for name, value in zip("xy", given_):
            arguments[name][:] = value
        executor.forward(is_train=True)
        executor.backward(flows)
        for flow, then in zip(flows, before):
            assert (flow.asnumpy() == then).all()
        for ours, of_block, wanted in zip(executor.outputs, found, expected, strict=True):
            assert_close(ours.asnumpy(), wanted.asnumpy(), OPERATOR, f"output in step {step}")
            assert_close(of_block.asnumpy(), wanted.asnumpy(), OPERATOR, f"output of the block in step {step}")
        for name, one, other in zip("xy", eager, called):
            assert_close(gradients[name].asnumpy(), one.grad.asnumpy(), GRADIENT, f"{name} in step {step}")
            assert_close(other.grad.asnumpy(), one.grad.asnumpy(), GRADIENT, f"{name} of the block in step {step}")


def residual():
    x = mx.sym.var("x")
    branch = mx.sym.BatchNorm(mx.sym.Convolution(x, num_filter=3, kernel=(3, 3), pad=(1, 1), name="c"), name="b")
    return mx.sym.Activation(branch + mx.sym.Convolution(x, num_filter=3, kernel=(1, 1), name="d"), act_type="relu")


def bound(net, **shapes):
    executor = net.simple_bind(mx.cpu(), **shapes)
    random = np.random.default_rng(0)
    for array in executor.arg_arrays:
        array[:] = random.uniform(-1, 1, array.shape)
    return executor


def test_the_switch_turns_it_off_and_changes_no_number(monkeypatch):
    found = []
    for without in ("", "reuse"):
        monkeypatch.setenv("REMX_WITHOUT", without)
        executor = bound(residual(), x=(2, 3, 8, 8))
        executor.forward(is_train=True)
        executor.backward(mx.nd.ones((2, 3, 8, 8)))
        found.append([executor.outputs[0].asnumpy(), *(grad.asnumpy() for grad in executor.grad_arrays)])
        assert ("reuse='" in executor._step.forward.source) == (not without)
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one, other)


def test_a_second_backward_pass_is_that_of_the_same_forward_pass():
    x = mx.sym.var("x")
    executor = bound(mx.sym.Dropout(mx.sym.FullyConnected(x, num_hidden=50, name="f"), p=0.5), x=(4, 5))
    executor.forward(is_train=True)
    first, second = mx.nd.ones((4, 50)), mx.nd.full((4, 50), 2)
    executor.backward(first)
    once = [grad.asnumpy() for grad in executor.grad_arrays]
    mask = executor.outputs[0].asnumpy() != 0
    executor.backward(second)
    assert all(np.array_equal(2 * then, grad.asnumpy()) for then, grad in zip(once, executor.grad_arrays))
    assert np.array_equal(executor.grad_dict["f_bias"].asnumpy(), 4 * mask.sum(0))
    drawn = mx.nd.random.uniform(shape=(3,)).asnumpy()
    mx.random.seed(3)
    executor.forward(is_train=True)
    executor.backward(first)
    executor.backward(first)
    after = mx.nd.random.uniform(shape=(3,)).asnumpy()
    mx.random.seed(3)
    executor.forward(is_train=True)
    assert np.array_equal(after, mx.nd.random.uniform(shape=(3,)).asnumpy()), "a second pass must not draw"
    assert not np.array_equal(after, drawn)


def test_a_second_backward_pass_after_an_update_is_refused():
    executor = bound(residual(), x=(2, 3, 8, 8))
    executor.forward(is_train=True)
    head = mx.nd.ones((2, 3, 8, 8))
    executor.backward(head)
    executor.arg_dict["c_weight"][:] = 0
    with pytest.raises(mx.MXNetError, match=r"second backward pass.*written to.*forward first"):
        executor.backward(head)
    executor.forward(is_train=True)
    executor.backward(head)


@pytest.fixture
def probe():
    """A symbol function like identity, and how many of its results were alive in each of its backward calls."""
    before, results, alive = dict(registry._OPERATORS), [], []

    def rule(backward):
        alive.append(sum(result() is not None for result in results))
        return [backward.head_gradients[0] * 1]

    @registry.operator("_test_probe", plan_gradient=rule, gradient_reads=("output",), gradient_memory="own")
    def test_probe(data: torch.Tensor) -> torch.Tensor:
        """Return a copy of `data`."""
        result = data * 1
        results.append(weakref.ref(result))
        return result

    def call(symbol):
        return mx.sym.Symbol([Entry(Node(registry.get("_test_probe"), "probe", {}, list(symbol._entries)), 0)])

    def counts():
        found = list(alive)
        alive.clear()
        results.clear()
        return found

    yield call, counts
    registry._OPERATORS.clear()
    registry._OPERATORS.update(before)


def deep(probe, depth):
    value = mx.sym.var("x")
    for _ in range(depth):
        value = probe(mx.sym.tanh(value))
    return value


def test_values_go_after_their_last_use_in_the_backward_pass(probe):
    call, counts = probe
    executor = bound(deep(call, 8), x=(7, 11))
    for _ in range(2):
        executor.forward(is_train=True)
        executor.backward(mx.nd.ones((7, 11)))
        first, *_, last = counts()
        assert (first, last) == (8, 2)  # the first output, which the executor shows, and that of the last call
    block = mx.gluon.SymbolBlock(deep(call, 8), [mx.sym.var("x")])
    block.hybridize()
    x = mx.nd.ones((7, 11))
    x.attach_grad()
    for retain, remaining in ((False, 2), (True, 8)):
        with mx.autograd.record():
            y = block(x)
        y.backward(retain_graph=retain)
        assert counts()[-1] == remaining
