"""Hybridized blocks compute what they compute operator by operator, whatever changes in between."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import warnings
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn
from tests.tolerances import GRADIENT, OPERATOR, assert_close


def close(actual, expected, table=OPERATOR):
    """Compare arrays, of either library."""
    one, other = (
        value.asnumpy() if isinstance(value, nd.NDArray) else np.asarray(value) for value in (actual, expected)
    )
    assert_close(one, other.astype(one.dtype) if isinstance(expected, np.ndarray) else other, table, "result")


class Dense(gluon.HybridBlock):
    """A layer whose input length the first data tells."""

    def __init__(self, units, in_units=0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        with self.name_scope():
            self.weight = self.params.get("weight", shape=(units, in_units), allow_deferred_init=True)
            self.bias = self.params.get("bias", shape=(units,), init="zeros")

    def hybrid_forward(self, F, x, weight, bias):
        return F.FullyConnected(x, weight, bias, num_hidden=self.units)


class Net(gluon.HybridBlock):
    """Two layers with a function between them that can be exchanged."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.first = Dense(4)
            self.act = nn.Activation("relu")
            self.second = Dense(3)

    def hybrid_forward(self, F, x):
        return self.second(self.act(self.first(x)))


class Lambda(gluon.HybridBlock):
    """``function(F, *inputs)`` as a block."""

    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def hybrid_forward(self, F, *inputs):
        return self.function(F, *inputs)


def hybridized(function, **kwargs):
    block = Lambda(function)
    block.hybridize(**kwargs)
    return block


def numbers(*shape, dtype="float32"):
    count = int(np.prod(shape))
    return nd.array(np.sin(np.arange(1, count + 1)).reshape(shape), dtype=dtype)


@pytest.fixture
def x():
    return numbers(2, 5)


@pytest.fixture
def net(x):
    """A hybridized net that ran once."""
    made = Net()
    made.initialize(mx.init.Xavier())
    made.hybridize()
    made(x)
    return made


def plain(net, *inputs):
    """Return what a net computes operator by operator; it is hybridized afterwards as before."""
    twin = copy.deepcopy(net)
    twin.hybridize(False)
    return twin(*inputs)


def same(net, *inputs):
    """Check outputs and gradients of a hybridized net against the net operator by operator."""
    net(*inputs)  # makes parameters whose shape was not known
    twin = copy.deepcopy(net)
    twin.hybridize(False)
    found = []
    for block in (net, twin):
        block.collect_params().zero_grad()
        arrays = [array.copy() for array in inputs]
        for array in arrays:
            array.attach_grad()
        with autograd.record():
            out = block(*arrays)
            loss = (out * out).sum()
        loss.backward()
        gradients = [p.grad() for p in block.collect_params().values() if p.grad_req != "null"]
        found.append([out, *gradients, *(array.grad for array in arrays)])
    for one, other in zip(*found, strict=True):
        close(one, other, GRADIENT)
    close(net(*inputs), twin(*inputs))


# -- the law, after every kind of change ------------------------------------------------------------------------------


def test_a_net_computes_the_same(net, x):
    same(net, x)


@pytest.mark.parametrize("rows", [1, 3, 7])
def test_batches_of_other_sizes(net, rows):
    same(net, numbers(rows, 5))


def change_set_data(net):
    net.first.weight.set_data(numbers(4, 5) * 2)


def change_slice(net):
    net.first.weight.data()[:] = 3


def change_part(net):
    net.first.weight.data()[1:4] = numbers(3, 5) * 3


def change_reinit(net):
    net.initialize(mx.init.Normal(2), force_reinit=True)


def change_load(net):
    values = {name: p.data() * 2 + 1 for name, p in net.collect_params().items()}
    net.collect_params().load_dict(values)


def change_activation(net):
    net.act = nn.Activation("tanh")


def change_layer(net):
    net.second = Dense(6)
    net.second.initialize()


def change_child_hybrid(net):
    net.first.hybridize()


def change_child_plain(net):
    net.first.hybridize(False)


def change_flags(net):
    net.hybridize(static_alloc=True, static_shape=True)


def change_grad_req(net):
    net.first.collect_params().setattr("grad_req", "null")


def change_inner_cast(net):
    net.cast("float32")


CHANGES = [value for name, value in sorted(globals().items()) if name.startswith("change_")]


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change(net, x, change):
    before = net(x)
    change(net)
    same(net, x)
    if change in (change_set_data, change_slice, change_part, change_reinit, change_load):
        assert not np.allclose(net(x).asnumpy(), before.asnumpy())


def test_a_layer_added_deep_inside(x):
    inner = nn.HybridSequential()
    inner.add(Dense(4))
    outer = nn.HybridSequential()
    outer.add(inner, Dense(2))
    outer.initialize()
    outer.hybridize()
    outer(x)
    inner.add(nn.Activation("sigmoid"))
    same(outer, x)


def test_a_child_that_is_cast(x):
    net = Net()
    net.initialize()
    net.hybridize()
    net(x)
    net.first.cast("float64")
    net.second.cast("float64")
    assert net(x.astype("float64")).dtype == np.float64


def test_dtypes_of_inputs(net, x):
    net(x)
    net.cast("float64")
    out = net(x.astype("float64"))
    assert out.dtype == np.float64
    close(out, plain(net, x.astype("float64")))
    net.cast("float32")
    assert net(x).dtype == np.float32


def test_other_contexts(net, x):
    before = net(x)
    net.collect_params().reset_ctx([mx.cpu(1), mx.cpu(2)])
    for context in (mx.cpu(1), mx.cpu(2)):
        out = net(x.as_in_context(context))
        assert out.context == context
        close(out, before)
    with pytest.raises(mx.MXNetError, match=r"'net\d*_dense0_weight' was not initialized on context cpu\(0\)"):
        net(x)


def test_a_pinned_input_meets_parameters_of_the_cpu(net, x):
    pinned = x.as_in_context(mx.cpu_pinned())
    close(net(pinned), net(x))
    close(plain(net, pinned), net(x))


def test_gradients_on_two_contexts(x):
    net = Net()
    net.initialize(mx.init.Xavier(), ctx=[mx.cpu(0), mx.cpu(1)])
    net.hybridize()
    inputs = [x, x.as_in_context(mx.cpu(1)) * 2]
    with autograd.record():
        losses = [net(part).sum() for part in inputs]
    autograd.backward(losses)
    one, other = net.first.weight.list_grad()
    assert (one.context, other.context) == (mx.cpu(0), mx.cpu(1))
    net.hybridize(False)
    for part, gradient in zip(inputs, (one.copy(), other.copy())):
        with autograd.record():
            loss = net(part).sum()
        loss.backward()
        close(net.first.weight.grad(part.context), gradient, GRADIENT)


# -- structures of inputs and outputs ---------------------------------------------------------------------------------

STRUCTURES = {
    "list in": (lambda F, a: a[0] * a[1], lambda x: [[x, x + 1]]),
    "tuple in": (lambda F, a, b: a[0] * a[1] + b, lambda x: [(x, x + 1), x]),
    "nested in": (lambda F, a, b: a[0][0] * a[1] + b[0], lambda x: [[[x], x + 1], (x,)]),
    "None in": (lambda F, a, b, c: a + c if b is None else b, lambda x: [x, None, x * 2]),
    "None first": (lambda F, a, b: b * 2 if a is None else a, lambda x: [None, x]),
    "None inside": (lambda F, a: a[0] + a[2] if a[1] is None else a[1], lambda x: [[x, None, x]]),
    "list out": (lambda F, a: [a, a * 2], lambda x: [x]),
    "tuple out": (lambda F, a: (a, a * 2), lambda x: [x]),
    "nested out": (lambda F, a: (a, [a * 2, (a * 3, [a * 4])]), lambda x: [x]),
    "None out": (lambda F, a: (a, None, [None, a]), lambda x: [x]),
    "one in a list out": (lambda F, a: [a * 2], lambda x: [x]),
    "the input out": (lambda F, a: a, lambda x: [x]),
    "the input and more out": (lambda F, a: (a, a + 1, a), lambda x: [x]),
    "one array twice out": (lambda F, a: [a * 2] * 2, lambda x: [x]),
    "several outputs": (lambda F, a: F.split(a, num_outputs=5, axis=1), lambda x: [x]),
    "several outputs inside": (lambda F, a: (a, F.split(a, num_outputs=5, axis=1)), lambda x: [x]),
    "an array twice in": (lambda F, a, b: a * b, lambda x: [x, x]),
}


def equal(one, other):
    """Check that two structures are the same, down to list or tuple."""
    assert type(one) is type(other)
    if isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for a, b in zip(one, other):
            equal(a, b)
    elif one is not None:
        close(one, other)


@pytest.mark.parametrize("name", sorted(STRUCTURES))
@pytest.mark.parametrize("record", [False, True])
def test_structure(name, record, x):
    function, inputs = STRUCTURES[name]
    expected = Lambda(function)(*inputs(x))
    block = hybridized(function)
    for _ in range(2):
        if record:
            x.attach_grad()
            with autograd.record():
                found = block(*inputs(x))
        else:
            found = block(*inputs(x))
        equal(found, expected)


def test_structures_may_vary_from_call_to_call(x):
    block = hybridized(lambda F, a, b=None: a if b is None else a * b)
    for _ in range(2):
        close(block(x, x), x * x)
        close(block(x), x)
        close(block(x, None), x)


def test_writing_to_an_output_does_not_change_the_input(x):
    before = x.asnumpy()
    out = hybridized(lambda F, a: a)(x)
    out[:] = 7
    close(x, before)


def test_writing_to_one_output_does_not_change_the_other(x):
    one, other = hybridized(lambda F, a: (a * 2, F.reshape(a * 2, shape=(-1,))))(x)
    one[:] = 5
    close(other, x.reshape(-1) * 2)


def test_a_parameter_as_an_output(x):
    class Own(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.scale = self.params.get("scale", shape=(3,), init="ones")

        def hybrid_forward(self, F, x, scale):
            return scale, x * 2

    net = Own()
    net.initialize()
    net.hybridize()
    with autograd.record():
        scale, _ = net(x)
        loss = (scale * scale).sum()
    loss.backward()
    assert net.scale.grad().asnumpy().tolist() == [2, 2, 2]
    scale, _ = net(x)
    scale[:] = 9
    assert net.scale.data().asnumpy().tolist() == [1, 1, 1]


def test_integers_in_and_out():
    block = hybridized(lambda F, i: (i + 1, F.one_hot(i, depth=4)))
    one, other = block(nd.array([1, 2], dtype="int32"))
    assert one.dtype == np.int32
    assert other.asnumpy().tolist() == [[0, 1, 0, 0], [0, 0, 1, 0]]


def test_an_embedding_trains():
    net = nn.Embedding(6, 3)
    net.initialize()
    net.hybridize()
    same_rows = nd.array([1, 1, 4], dtype="int32")
    with autograd.record():
        loss = net(same_rows).sum()
    loss.backward()
    assert net.weight.grad().asnumpy().sum(axis=1).tolist() == [0, 6, 0, 0, 3, 0]


def test_without_parameters(x):
    same_shape = hybridized(lambda F, a: F.broadcast_add(a, F.ones((1, 5))))
    close(same_shape(x), x + 1)


# -- recording --------------------------------------------------------------------------------------------------------


def gradients(net):
    return [p.grad().copy() for p in net.collect_params().values()]


def test_several_calls_in_one_recording(net, x):
    def step(block):
        with autograd.record():
            loss = (block(x) * block(x * 2)).sum() + block(x[:1]).sum()
        loss.backward()
        return gradients(block)

    found = step(net)
    net.hybridize(False)
    for one, other in zip(found, step(net)):
        close(one, other, GRADIENT)


def test_adding_gradients(net, x):
    net.collect_params().setattr("grad_req", "add")
    for _ in range(3):
        with autograd.record():
            loss = net(x).sum()
        loss.backward()
    thrice = gradients(net)
    net.collect_params().zero_grad()
    with autograd.record():
        loss = net(x).sum()
    loss.backward(retain_graph=True)
    once = gradients(net)
    for one, other in zip(thrice, once):
        close(one, other * 3, GRADIENT)
    loss.backward()
    for one, other in zip(gradients(net), once):
        close(one, other * 2, GRADIENT)


def test_a_graph_is_used_up_by_backward(net, x):
    with autograd.record():
        loss = net(x).sum()
    loss.backward()
    with pytest.raises(mx.MXNetError, match="retain_graph"):
        loss.backward()


def test_weights_written_between_record_and_backward(net, x):
    with autograd.record():
        loss = net(x).sum()
    net.second.weight.data()[:] = 0
    with pytest.raises(mx.MXNetError, match="written"):
        loss.backward()


def test_second_derivatives(x):
    block = hybridized(lambda F, a: F.exp(a) * a)
    x.attach_grad()
    with autograd.record():
        y = block(x)
        (first,) = autograd.grad(y, [x], create_graph=True, retain_graph=True)
        loss = (first * first).sum()
    loss.backward()
    a = x.asnumpy().astype("float64")
    slope, curve = np.exp(a) * (a + 1), np.exp(a) * (a + 2)
    close(first, slope, GRADIENT)
    close(x.grad, 2 * slope * curve, GRADIENT)


def test_gradients_of_chosen_arrays(net, x):
    with autograd.record():
        out = net(x)
    weight, bias = autograd.grad(out, [net.first.weight.data(), net.second.bias.data()])
    assert weight.shape == (4, 5)
    assert bias.asnumpy().tolist() == [2, 2, 2]


@pytest.mark.parametrize("kind", ["softmax", "linear", "logistic", "mae", "makeloss"])
def test_heads_with_their_own_gradient(kind, x):
    label = nd.array([0, 1]) if kind == "softmax" else numbers(2, 5)
    heads = {
        "softmax": lambda F, a, b: F.SoftmaxOutput(a, b),
        "linear": lambda F, a, b: F.LinearRegressionOutput(a, b),
        "logistic": lambda F, a, b: F.LogisticRegressionOutput(a, b),
        "mae": lambda F, a, b: F.MAERegressionOutput(a, b),
        "makeloss": lambda F, a, b: F.MakeLoss(F.square(a - b)),
    }
    found = []
    for block in (Lambda(heads[kind]), hybridized(heads[kind])):
        x.attach_grad()
        with autograd.record():
            out = block(x * 2, label)
        out.backward()
        found.append((out, x.grad.copy()))
    for one, other in zip(*found):
        close(one, other, GRADIENT)


def test_modes():
    block = hybridized(lambda F, a: F.Dropout(a, p=0.5))
    ones = nd.ones((50, 50))

    def drops():
        return bool((block(ones).asnumpy() == 0).any())

    assert not drops()
    with autograd.record():
        assert drops()
        with autograd.pause():
            assert not drops()
        with autograd.pause(train_mode=True):
            assert drops()
        with autograd.predict_mode():
            assert not drops()
    with autograd.record(train_mode=False):
        assert not drops()
    with autograd.train_mode():
        assert drops()


def test_seeds_decide_random_numbers():
    ones = nd.ones((20, 20))
    found = []
    for block in (Lambda(lambda F, a: F.Dropout(a, p=0.5)), hybridized(lambda F, a: F.Dropout(a, p=0.5))):
        mx.random.seed(3)
        with autograd.train_mode():
            found.append([block(ones).asnumpy(), block(ones).asnumpy()])
    assert (found[0][0] == found[1][0]).all()
    assert (found[0][1] == found[1][1]).all()
    assert (found[0][0] != found[0][1]).any()


def test_a_dropped_element_has_no_gradient():
    block = hybridized(lambda F, a: F.Dropout(a, p=0.5))
    ones = nd.ones((20, 20))
    ones.attach_grad()
    with autograd.record():
        out = block(ones)
    out.backward()
    assert (ones.grad.asnumpy() == out.asnumpy()).all()


@pytest.mark.parametrize("calls", [1, 2])
def test_batch_norm_statistics(calls, x):
    found = []
    for hybrid in (False, True):
        net = nn.HybridSequential()
        net.add(Dense(4), nn.BatchNorm(momentum=0.5), nn.Activation("relu"))
        net.initialize(mx.init.One())
        if hybrid:
            net.hybridize()
        net(x)
        with autograd.record():
            loss = sum(net(x + i).sum() for i in range(calls))
        loss.backward()
        norm = net[1]
        found.append(
            [loss, norm.running_mean.data(), norm.running_var.data(), norm.gamma.grad(), norm.beta.grad(), net(x)]
        )
    for one, other in zip(*found):
        close(one, other, GRADIENT)


# -- what a body may hold ---------------------------------------------------------------------------------------------


def scan(F, a):
    outputs, states = F.contrib.foreach(lambda item, state: (item * state[0], [state[0] + item]), a, [F.ones((5,))])
    return outputs, states[0]


def repeat(F, a):
    outputs, _ = F.contrib.while_loop(
        lambda i, s: i < 3, lambda i, s: (s, [i + 1, s * 2]), [F.zeros((1,)), a], max_iterations=4
    )
    return F.slice_axis(outputs[0] if isinstance(outputs, list) else outputs, axis=0, begin=0, end=3)


def choose(F, a):
    return F.contrib.cond(F.sum(a) > 0, lambda: a * 2, lambda: a * 3)


@pytest.mark.parametrize("function", [scan, repeat, choose])
def test_control_flow(function, x):
    found = []
    for block in (Lambda(function), hybridized(function)):
        x.attach_grad()
        with autograd.record():
            out = block(x)
            flat = out if isinstance(out, (list, tuple)) else [out]
            loss = sum((part * part).sum() for part in flat)
        loss.backward()
        found.append([*flat, x.grad.copy()])
    for one, other in zip(*found, strict=True):
        close(one, other, GRADIENT)


class Cube(mx.operator.CustomOp):
    def forward(self, is_train, req, in_data, out_data, aux):
        self.assign(out_data[0], req[0], in_data[0] ** 3)

    def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
        self.assign(in_grad[0], req[0], 3 * in_data[0] ** 2 * out_grad[0])


@mx.operator.register("hybrid_block_cube")
class CubeProp(mx.operator.CustomOpProp):
    def create_operator(self, ctx, shapes, dtypes):
        return Cube()


def test_an_operator_written_in_python(x):
    function = lambda F, a: F.Custom(a * 2, op_type="hybrid_block_cube") + a  # noqa: E731
    x.attach_grad()
    block = hybridized(function)
    for _ in range(2):
        with autograd.record():
            out = block(x)
        out.backward()
        a = x.asnumpy()
        close(out, 8 * a**3 + a, GRADIENT)
        close(x.grad, 24 * a**2 + 1, GRADIENT)


def test_sparse_inputs():
    dense = numbers(3, 4) * (numbers(3, 4) > 0)
    for sparse in (dense.tostype("csr"), dense.tostype("row_sparse")):
        block = hybridized(lambda F, a, w: F.dot(a, w))
        close(block(sparse, numbers(4, 2)), nd.dot(dense, numbers(4, 2)))


def test_children_called_several_times(x):
    class Twice(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.layer = Dense(5)

        def hybrid_forward(self, F, x):
            return self.layer(F.tanh(self.layer(x))) + self.layer(x)

    net = Twice()
    net.initialize(mx.init.Xavier())
    net.hybridize()
    same(net, x)


def test_forward_overridden(x):
    class Own(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.first, self.second = Dense(4), Dense(3)

        def forward(self, x, scale=2):
            return self.second(self.first(x) * scale)

    net = Own()
    net.initialize(mx.init.Xavier())
    net.hybridize()
    same(net, x)
    assert net.first._active
    close(net(x, 3), plain(net, x, 3))


def test_an_overridden_infer_shape(x):
    class Own(Dense):
        asked = 0

        def infer_shape(self, x):
            self.asked += 1
            self.weight.shape = (self.units, x.shape[1])

    for hybrid in (False, True):
        net = Own(3)
        net.initialize()
        net.hybridize(hybrid)
        assert net(x).shape == (2, 3)
        assert net.asked == 1


def test_arrays_made_inside_are_made_where_the_input_is(x):
    function = lambda F, a: F.broadcast_add(a, F.ones((1, 5)))  # noqa: E731
    for block in (Lambda(function), hybridized(function)):
        assert block(x.as_in_context(mx.cpu(1))).context == mx.cpu(1)


def test_constants(x):
    class Scaled(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.factor = self.params.get_constant("factor", [1, 2, 3, 4, 5])

        def hybrid_forward(self, F, x, factor):
            return F.broadcast_mul(x, factor)

    net = Scaled()
    net.initialize(mx.init.Xavier())
    net.hybridize()
    close(net(x), x.asnumpy() * np.arange(1, 6))
    x.attach_grad()
    with autograd.record():
        out = net(x)
    out.backward()
    assert x.grad.asnumpy()[0].tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("method", ["data", "_check_and_get"])
def test_parameters_of_other_classes_have_the_say(x, method):
    class Doubled(gluon.Parameter):
        pass

    def doubled(self, *args):
        return getattr(gluon.Parameter, method)(self, *args) * 2

    setattr(Doubled, method, doubled)
    net = Dense(2, in_units=5)
    own = Doubled(net.weight.name, shape=(2, 5))
    net.params._params[own.name] = net._reg_params["weight"] = own
    net.__dict__["weight"] = own
    net.initialize(mx.init.One())
    expected = net(x)
    assert_close(expected.asnumpy(), 2 * x.sum(axis=1, keepdims=True).asnumpy().repeat(2, 1), OPERATOR, "doubled")
    net.hybridize()
    for _ in range(2):
        close(net(x), expected)


# -- copies, threads --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_are_independent(net, x, duplicate):
    twin = duplicate(net)
    before = net(x)
    close(twin(x), before)
    twin.first.weight.data()[:] = 0
    close(net(x), before)
    same(twin, x)
    twin.act = nn.Activation("tanh")
    same(twin, x)
    assert list(twin.collect_params()) == list(net.collect_params())


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_notice_changes_deep_inside(x, duplicate):
    inner = nn.HybridSequential()
    inner.add(Dense(4))
    outer = nn.HybridSequential()
    outer.add(inner)
    outer.initialize()
    outer.hybridize()
    outer(x)
    twin = duplicate(outer)
    twin(x)
    twin[0].add(nn.Activation("sigmoid"))
    same(twin, x)
    assert twin(x).asnumpy().min() > 0


@pytest.mark.parametrize("record", [False, True])
@pytest.mark.parametrize("known", [False, True])
def test_threads_call_one_net(record, known, x):
    net = Net()
    net.initialize(mx.init.Xavier())
    net.hybridize()
    inputs = [x * i for i in range(1, 9)]
    if known:
        net(x)
    found = [None] * len(inputs)
    start = threading.Barrier(len(inputs))

    def work(number):
        start.wait()
        for _ in range(5):
            if record:
                with autograd.record():
                    found[number] = net(inputs[number])
            else:
                found[number] = net(inputs[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for array, out in zip(inputs, found):
        assert out is not None
        close(out, plain(net, array))


# -- memory -----------------------------------------------------------------------------------------------------------


def collect_all():
    """Collect until nothing is left: what torch's compiler made in other tests goes step by step."""
    while gc.collect():
        pass


def test_nothing_is_left_for_the_collector(net, x):
    def step(record):
        if record:
            with autograd.record():
                loss = net(x).sum()
            loss.backward()
        else:
            net(x)

    for record in (False, True):
        step(record)
        collect_all()
        gc.disable()
        try:
            for _ in range(3):
                step(record)
            assert gc.collect() == 0
        finally:
            gc.enable()


def test_a_recording_that_is_dropped_leaves_nothing(net, x):
    collect_all()
    gc.disable()
    try:
        with autograd.record():
            out = net(x)
        reference = weakref.ref(out)
        del out
        assert reference() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_activations_are_freed_by_backward():
    net = nn.HybridSequential()
    net.add(Dense(4), nn.Activation("tanh"), Dense(2))
    net.initialize()
    net.hybridize()
    data = numbers(2, 5)
    with autograd.record():
        out = net(data)
    reference = weakref.ref(data)
    del data
    assert reference() is not None, "backward needs the input"
    out.backward()
    assert reference() is None, "the recording is used up, but holds its input"


def test_a_net_that_is_dropped_is_freed(x):
    net = Net()
    net.initialize()
    net.hybridize()
    net(x)
    net.hybridize()
    net(x)
    reference = weakref.ref(net.first.weight.data())
    del net
    gc.collect()
    assert reference() is None


# -- errors -----------------------------------------------------------------------------------------------------------


def test_hybrid_forward_is_missing(x):
    for hybrid in (False, True):
        net = gluon.HybridBlock()
        net.hybridize(hybrid)
        with pytest.raises(NotImplementedError, match=r"HybridBlock\.hybrid_forward must be overridden"):
            net(x)


@pytest.mark.parametrize("hybrid", [False, True])
def test_not_initialized(hybrid, x):
    net = Net(prefix="net_")
    net.hybridize(hybrid)
    with pytest.raises(RuntimeError, match=r"'net_dense\d_\w+' has not been initialized: call net.initialize"):
        net(x)


@pytest.mark.parametrize("hybrid", [False, True])
def test_a_wrong_shape_names_the_layer(hybrid, x):
    net = Net(prefix="net_")
    net.initialize()
    net.hybridize(hybrid)
    net(x)
    with pytest.raises(mx.MXNetError, match=r"FullyConnected.*\(4, 5\)") as caught:
        net(numbers(2, 6))
    told = "node 'net_dense0_fullyconnected0'", "weight from 'net_dense0_weight'"
    for words in told if hybrid else ["[in Dense 'net_dense0']"]:
        assert words in str(caught.value)
    assert str(caught.value).count("[in ") <= 1


def test_a_wrong_shape_at_the_first_call_names_parameter_and_layer():
    net = Dense(3, in_units=4, prefix="fc_")
    net.bias._shape = (0,)
    net.bias._allow_deferred_init = True
    net.initialize()
    with pytest.raises(ValueError, match=r"fc_fullyconnected0.*'fc_weight'\) has shape \(3, 4\), expected \(3, 5\)"):
        net(numbers(2, 5))


def test_inputs_on_two_contexts(x):
    block = hybridized(lambda F, a, b: a + b)
    with pytest.raises(ValueError, match=r"one input context, but arrays came on cpu\(0\) and cpu\(1\)"):
        block(x, x.as_in_context(mx.cpu(1)))


def test_a_wrong_number_of_inputs(x):
    class One(gluon.HybridBlock):
        def hybrid_forward(self, F, x):
            return x * 2

    for hybrid in (False, True):
        net = One()
        net.hybridize(hybrid)
        with pytest.raises(TypeError, match="hybrid_forward"):
            net(x, x)
        with pytest.raises(TypeError):
            net()
        close(net(x), x * 2)


def test_numbers_are_no_inputs_of_graphs(x):
    block = hybridized(lambda F, a, b: a * b)
    with pytest.raises(ValueError, match="keep other values as attributes"):
        block(x, 3)
    with pytest.raises(ValueError, match="one NDArray or one Symbol"):
        block(3)


def test_a_return_is_missing(x):
    block = hybridized(lambda F, a: None)
    with pytest.raises(TypeError, match=r"Lambda\.hybrid_forward returned None, expected symbols"):
        block(x)


def test_no_conditions_on_values_in_a_graph(x):
    block = hybridized(lambda F, a: a * 2 if a.sum() > 0 else a)
    with pytest.raises((mx.MXNetError, TypeError, NotImplementedError)):
        block(x)


def test_a_failed_call_leaves_the_net_usable(net, x):
    before = net(x)
    for _ in range(2):
        with pytest.raises(mx.MXNetError):
            net(numbers(2, 6))
    close(net(x), before)
    same(net, x)


def test_a_failed_first_call_can_be_repeated():
    net = Net()
    net.initialize()
    net.hybridize()
    with pytest.raises(TypeError):
        net(numbers(2, 5), numbers(2, 5))
    with pytest.raises(mx.MXNetError):
        net([numbers(2, 5)])
    assert net(numbers(2, 5)).shape == (2, 3)


def test_unused_inputs_and_parameters_are_told():
    class Idle(gluon.HybridBlock):
        def __init__(self):
            super().__init__(prefix="idle_")
            with self.name_scope():
                self.scale = self.params.get("scale", shape=(2,))

        def hybrid_forward(self, F, x, y, scale):
            return x * 2

    net = Idle()
    net.initialize()
    net.hybridize()
    with pytest.warns(UserWarning, match="not used by any computation") as told:
        net(nd.ones((2,)), nd.ones((2,)))
    assert [str(warning.message) for warning in told] == [
        "The 1-th input to HybridBlock is not used by any computation. Is this intended?",
        "Parameter idle_scale is not used by any computation. Is this intended?",
    ]


def test_hooks_that_will_be_silent_are_told(net):
    net.first.register_forward_hook(lambda block, inputs, outputs: None)
    with pytest.warns(UserWarning, match="the hooks will not take effect"):
        net.hybridize()


def test_blocks_in_an_unregistered_list(x):
    class Hidden(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.layers = [Dense(2, in_units=5, prefix="lost_")]

        def hybrid_forward(self, F, x):
            return self.layers[0](x)

    net = Hidden()
    net.layers[0].initialize()
    net.hybridize()
    told = pytest.warns(UserWarning, match='"Hidden.layers" is an unregistered container with Blocks')
    with told, pytest.raises(mx.MXNetError, match="'lost_weight', which is neither an input nor a parameter"):
        net(x)


# -- any small net ----------------------------------------------------------------------------------------------------

UNARY = {
    "relu": lambda F, a: F.relu(a),
    "tanh": lambda F, a: F.tanh(a),
    "square": lambda F, a: a * a,
    "scale": lambda F, a: a * 0.5 + 1,
    "softmax": lambda F, a: F.softmax(a, axis=-1),
    "transposed": lambda F, a: F.transpose(F.transpose(a)),
    "layer norm": lambda F, a: F.broadcast_sub(a, F.mean(a, axis=1, keepdims=True)),
    "identity": lambda F, a: a,
    "split": lambda F, a: F.concat(*F.split(a, num_outputs=2, axis=1), dim=1),
}
BINARY = {
    "add": lambda F, a, b: a + b,
    "multiply": lambda F, a, b: a * b,
    "maximum": lambda F, a, b: F.broadcast_maximum(a, b),
    "left": lambda F, a, b: a - 0.1 * b,
}
WIDTH = 4


class Random(gluon.HybridBlock):
    """A graph of steps: each takes earlier values; the last ones come out, nested as `form` says."""

    def __init__(self, steps, form, count):
        super().__init__()
        self.steps, self.form, self.count = steps, form, count
        self.layers = nn.HybridSequential()
        for kind, *_ in steps:
            if kind == "dense":
                self.layers.add(nn.Dense(WIDTH))
            elif kind == "norm":
                self.layers.add(nn.BatchNorm())

    def hybrid_forward(self, F, inputs):
        values, layers = list(inputs), iter(self.layers._children.values())
        for kind, *where in self.steps:
            found = [values[i % len(values)] for i in where]
            if kind in ("dense", "norm"):
                values.append(next(layers)(found[0]))
            elif kind in UNARY:
                values.append(UNARY[kind](F, found[0]))
            else:
                values.append(BINARY[kind](F, *found))
        return self._nest(list(reversed(values)), self.form)

    def _nest(self, values, form):
        if form == 0:
            return values[0]
        return type(form)(self._nest(values[number:], part) for number, part in enumerate(form))


place = st.integers(0, 20)
step = st.one_of(
    st.tuples(st.sampled_from(["dense", "norm", *UNARY]), place),
    st.tuples(st.sampled_from(sorted(BINARY)), place, place),
)
form = st.recursive(
    st.just(0), lambda part: st.lists(part, min_size=1, max_size=2) | st.tuples(part, part), max_leaves=3
)


def leaves(value):
    return [leaf for part in value for leaf in leaves(part)] if isinstance(value, (list, tuple)) else [value]


@settings(max_examples=60, deadline=None)
@given(st.lists(step, min_size=2, max_size=7), form, st.integers(1, 3), st.data())
def test_any_net_computes_the_same(steps, form, count, data):
    net = Random(steps, form, count)
    net.initialize(mx.init.Xavier(), force_reinit=True)
    inputs = [numbers(3, WIDTH) * (i + 1) for i in range(count)]
    net(inputs)  # finds shapes
    twin = copy.deepcopy(net)
    twin.hybridize(static_alloc=data.draw(st.booleans()))
    found = []
    for block in (net, twin):
        for array in inputs:
            array.attach_grad()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*not used by any computation")
            before = block(inputs)
            with autograd.record():
                out = block(inputs)
                loss = sum((leaf * leaf).sum() for leaf in leaves(out)) + sum(array.sum() for array in inputs)
        loss.backward()
        parameters = block.collect_params().values()
        found.append(
            [leaves(before), leaves(out), [a.grad.copy() for a in inputs], [p.data() for p in parameters],
             [p.grad() for p in parameters if p.grad_req != "null"]]
        )  # fmt: skip
    for one, other in zip(*found, strict=True):
        for a, b in zip(one, other, strict=True):
            close(a, b, GRADIENT)
