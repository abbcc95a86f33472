"""Graphs called like operators."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet import autograd, nd
from mxnet.cached_op import CachedOp


@pytest.fixture
def op():
    a, b = mx.sym.var("a"), mx.sym.var("b")
    return CachedOp(a * b + a)


def array(*values):
    return nd.array(values)


def test_one_output_is_an_array(op):
    out = op(array(2, 3), array(5, 7))
    assert isinstance(out, nd.NDArray)
    assert out.asnumpy().tolist() == [12, 24]


def test_several_outputs_are_a_list():
    a = mx.sym.var("a")
    outputs = CachedOp(mx.sym.Group([a + 1, a * 2]))(array(1, 2))
    assert [o.asnumpy().tolist() for o in outputs] == [[2, 3], [2, 4]]


def test_out(op):
    target = array(0, 0)
    assert op(array(2, 3), array(5, 7), out=target) is target
    assert target.asnumpy().tolist() == [12, 24]


@pytest.mark.parametrize("shape", [(2,), (3, 1), (4, 5, 6), (1,)])
def test_shapes_may_vary(op, shape):
    assert op(nd.ones((2,)), nd.ones((2,))).shape == (2,)
    assert op(nd.ones(shape), nd.ones(shape)).shape == shape


def test_arrays_made_inside_follow_the_inputs():
    a = mx.sym.var("a")
    op = CachedOp(mx.sym.elemwise_add(a, mx.sym.ones(shape=(0, 0))))
    for shape in ((2, 3), (4, 1), (2, 3)):
        assert op(nd.ones(shape)).asnumpy().tolist() == (np.ones(shape) * 2).tolist()


def test_gradients_flow_to_those_who_want_them(op):
    a, b = array(2, 3), array(5, 7)
    a.attach_grad()
    with autograd.record():
        out = op(a, b)
    out.backward()
    assert a.grad.asnumpy().tolist() == [6, 8]
    assert b.grad is None
    b.attach_grad("add")
    for _ in range(2):
        with autograd.record():
            out = op(a, b)
        out.backward()
    assert b.grad.asnumpy().tolist() == [4, 6]


def test_nothing_wants_a_gradient(op):
    with autograd.record():
        out = op(array(2, 3), array(5, 7))
    with pytest.raises(mx.MXNetError):
        out.backward()


def test_what_was_written_is_seen(op):
    a, b = array(2, 3), array(5, 7)
    op(a, b)
    b[:] = 0
    assert op(a, b).asnumpy().tolist() == [2, 3]


def test_states_change_in_training_only():
    op = CachedOp(mx.sym.BatchNorm(mx.sym.var("x"), name="bn", momentum=0.5))
    arrays = {"x": nd.array([[1.0], [3.0]]), "bn_gamma": nd.ones((1,)), "bn_beta": nd.zeros((1,)),
              "bn_moving_mean": nd.zeros((1,)), "bn_moving_var": nd.ones((1,))}  # fmt: skip
    inputs = [arrays[node.name] for node in op._inputs]
    op(*inputs)
    assert arrays["bn_moving_mean"].asscalar() == 0
    arrays["x"].attach_grad()
    with autograd.record():
        out = op(*inputs)
    out.backward()
    assert arrays["bn_moving_mean"].asscalar() == 1


def test_messages(op):
    with pytest.raises(mx.MXNetError, match="1 arrays for 2 inputs: a, b"):
        op(array(1))
    failing = CachedOp(mx.sym.dot(mx.sym.var("a"), mx.sym.var("b"), name="product"))
    for record in (False, True):
        a = nd.ones((2, 3))
        a.attach_grad()
        mode = autograd.record() if record else autograd.pause()
        with mode, pytest.raises(mx.MXNetError, match=r"operator dot, node 'product'.*lhs from 'a' \(2, 3\)"):
            failing(a, nd.ones((2, 3)))


def test_flags_are_kept():
    assert CachedOp(mx.sym.var("a") * 2, [("static_alloc", True)]).flags == {"static_alloc": True}


def test_contexts_are_told_apart(op):
    for number in (0, 1, 0, 2):
        context = mx.cpu(number)
        out = op(array(2).as_in_context(context), array(5).as_in_context(context))
        assert out.context == context


def test_recordings_hold_no_cycles(op):
    a, b = array(2, 3), array(5, 7)
    a.attach_grad()
    gc.collect()
    gc.disable()
    try:
        with autograd.record():
            out = op(a * 1, b)
        reference = weakref.ref(out)
        del out
        assert reference() is None
    finally:
        gc.enable()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["sigmoid", "tanh", "square", "relu", "softmax", "exp"]), min_size=1, max_size=5),
    st.booleans(),
    st.sampled_from(["write", "add"]),
)
def test_chains_equal_single_operators(names, training, req):
    symbol, data = mx.sym.var("x"), np.linspace(-1, 1, 12).reshape(3, 4)
    for name in names:
        symbol = getattr(mx.sym, name)(symbol)
    op, found = CachedOp(symbol), []
    for whole in (True, False):
        x = nd.array(data)
        x.attach_grad(req)
        for _ in range(2):
            with autograd.record(train_mode=training):
                out = op(x) if whole else x
                for name in () if whole else names:
                    out = getattr(nd, name)(out)
                loss = (out * out).sum()
            loss.backward()
        found.append((out.asnumpy(), x.grad.asnumpy()))
    for one, other in zip(*found):
        np.testing.assert_allclose(one, other, 1e-5, 1e-6)
