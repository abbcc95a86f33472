"""Parameters, constants and dictionaries of them: as MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, gluon, nd
from mxnet.gluon import Constant, Parameter, ParameterDict
from tests.golden import programs

GROUP = "gluon_parameters"


@pytest.mark.parametrize("name", sorted(programs.answers(GROUP)))
def test_as_mxnet_answers(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        programs.check(GROUP, name, mx)


def ready(shape=(2,), **kwargs):
    made = Parameter("weight", shape=shape, **kwargs)
    made.initialize("ones")
    return made


# -- messages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: Parameter("w", shape=(2,)).data(), RuntimeError, "'w' has not been initialized: call net.initialize"),
        (lambda: Parameter("w", shape=(2,)).set_data(nd.ones((2,))), AssertionError, "'w' has not been initialized"),
        (lambda: Parameter("w", shape=(0, 2)).initialize(), ValueError, r"'w' because it has invalid shape: \(0, 2\)"),
        (lambda: ready().data(mx.cpu(3)), RuntimeError, r"not initialized on context cpu\(3\).*only .* \[cpu\(0\)\]"),
        (
            lambda: ready(grad_req="null").grad(),
            RuntimeError,
            "gradient array for Parameter 'weight' because grad_req=",
        ),
        (lambda: Parameter("w", grad_req="sum"), AssertionError, "'write', 'add', or 'null', but got 'sum'"),
        (lambda: Parameter("w", stype="coo"), AssertionError, "stype for Parameter 'w' must be one of .* got 'coo'"),
        (lambda: Parameter("w", grad_stype="coo"), AssertionError, "grad_stype for Parameter 'w' must be one of"),
        (lambda: ready().set_data(nd.ones((3,))), AssertionError, r"'weight'.*\(3,\).*\(2,\)"),
        (
            lambda: Parameter("w", shape=(2,)).reset_ctx(mx.cpu(1)),
            ValueError,
            "'w' because it has not been initialized",
        ),
        (lambda: ready(stype="row_sparse").data(), RuntimeError, r"storage type is row_sparse.*row_sparse_data\(\)"),
        (lambda: ready().row_sparse_data(nd.array([0])), RuntimeError, r"storage type is default.*use data\(\)"),
        (
            lambda: ready(stype="row_sparse").row_sparse_data(nd.array([0], dtype="int64")),
            RuntimeError,
            "no Trainer is created",
        ),
    ],
)
def test_message(call, kind, message):
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, mx.MXNetError)


def test_deferred_initialization_has_its_own_error():
    weight = Parameter("fc_weight", shape=(3, 0), allow_deferred_init=True)
    weight.initialize()
    with pytest.raises(gluon.DeferredInitializationError, match=r"'fc_weight'.*\(3, 0\) is not known.*in_units"):
        weight.data()
    assert issubclass(gluon.DeferredInitializationError, RuntimeError)


def test_a_shape_that_does_not_come_can_come_later():
    weight = Parameter("weight", shape=(3, 0), allow_deferred_init=True)
    weight.initialize("ones")
    with pytest.raises(AssertionError, match=r"invalid shape: \(3, 0\)"):
        weight._finish_deferred_init()
    weight.shape = (3, 2)
    weight._finish_deferred_init()
    assert weight.data().shape == (3, 2)


# -- beyond 1.9.1 -----------------------------------------------------------------------------------------------------


def test_pinned_and_shared_memory_is_the_cpus():
    weight = Parameter("weight", shape=(2,))
    weight.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
    for kind in ("cpu_pinned", "cpu_shared"):
        for number in (0, 1):
            assert weight.data(mx.Context(kind, number)) is weight.list_data()[number]
            assert weight.grad(mx.Context(kind, number)) is weight.list_grad()[number]
    with pytest.raises(RuntimeError, match=r"gpu\(0\)"):
        weight.data(mx.gpu(0))


def test_integers_have_a_gradient_of_zeros():
    table = ready(dtype="int32")
    assert table.grad().asnumpy().tolist() == [0, 0]
    assert table.grad().dtype == np.int32
    with autograd.record():
        out = nd.array([1.0, 2.0]) * table.data().astype("float32")
    assert out.asnumpy().tolist() == [1, 2]
    table.cast("float32")
    with autograd.record():
        loss = (table.data() * 3).sum()
    loss.backward()
    assert table.grad().asnumpy().tolist() == [3, 3]


def test_mixed_initializers():
    found = ParameterDict("net_")
    for name in ("weight", "bias", "scale"):
        found.get(name, shape=(2,), init="zeros" if name == "scale" else None)
    found.initialize(mx.init.Mixed([".*bias", ".*"], [mx.init.One(), mx.init.Constant(5)]))
    assert [p.data().asnumpy().tolist() for p in found.values()] == [[5, 5], [1, 1], [0, 0]]
    found.get("other", shape=(1,))
    with pytest.raises(ValueError, match="'net_other' matches no pattern"):
        found["net_other"].initialize(mx.init.Mixed([".*bias"], [mx.init.One()]))


def test_constants_from_lists_are_compared():
    found = ParameterDict("net_")
    one = found.get_constant("one", [1, 2])
    assert found.get_constant("one", [1, 2]) is one
    with pytest.raises(AssertionError, match="Constant 'net_one' already exists but its value"):
        found.get_constant("one", [1, 3])


def test_a_constant_tells_graphs_its_value():
    factor = Constant("factor", [1, 2])
    block = gluon.SymbolBlock(factor.var() * mx.sym.var("x"), mx.sym.var("x"))
    block.initialize(mx.init.Xavier())
    assert block(nd.ones((2,))).asnumpy().tolist() == [1, 2]
    large = Constant("large", np.zeros(100_000))
    assert len(str(large.var().list_attr())) < 1000


def test_shapes_by_one_number():
    found = ParameterDict()
    assert found.get("bias", shape=3) is found.get("bias", shape=3)
    late = Parameter("late")
    late.shape = 3
    assert late.shape == (3,)


# -- copies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
@pytest.mark.parametrize("req", ["write", "add"])
def test_copies_have_gradients_of_their_own(duplicate, req):
    one = ready(grad_req=req)
    other = duplicate(one)
    for _ in range(2):
        with autograd.record():
            loss = (other.data() * 3).sum()
        loss.backward()
    assert other.grad().asnumpy().tolist() == ([6, 6] if req == "add" else [3, 3])
    assert one.grad().asnumpy().tolist() == [0, 0]
    assert other.data().asnumpy().tolist() == [1, 1]


def test_copies_of_parameters_on_two_contexts():
    one = Parameter("weight", shape=(2,))
    one.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
    assert pickle.loads(pickle.dumps(one)).list_ctx() == [mx.cpu(0), mx.cpu(1)]


# -- gradients --------------------------------------------------------------------------------------------------------


def test_zero_grad_of_many():
    found = ParameterDict()
    for name, dtype in (("a", "float32"), ("b", "float64"), ("c", "float16")):
        found.get(name, shape=(2,), dtype=dtype)
    found.get("d", shape=(2, 2), grad_stype="row_sparse")
    found.get("e", shape=(2,), grad_req="null")
    found.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    before = [id(g) for p in found.values() if p.grad_req != "null" for g in p.list_grad()]
    for parameter in found.values():
        for gradient in parameter.list_grad() if parameter.grad_req != "null" else ():
            gradient[:] = nd.ones(gradient.shape, dtype=gradient.dtype)
    found.zero_grad()
    after = [g for p in found.values() if p.grad_req != "null" for g in p.list_grad()]
    assert [id(g) for g in after] == before
    assert not any(g.asnumpy().any() for g in after)


def test_casting_keeps_training():
    weight = ready()
    for dtype in ("float16", "float64", "float32"):
        weight.cast(dtype)
        with autograd.record():
            loss = (weight.data() * 2).sum()
        loss.backward()
        assert weight.grad().dtype == np.dtype(dtype)
        assert weight.grad().asnumpy().tolist() == [2, 2]


def test_moving_keeps_values_and_training():
    weight = ready()
    weight.data()[:] = 4
    weight.reset_ctx([mx.cpu(1), mx.cpu(2)])
    for context in (mx.cpu(1), mx.cpu(2)):
        with autograd.record():
            loss = (weight.data(context) * 2).sum()
        loss.backward()
        assert weight.grad(context).asnumpy().tolist() == [2, 2]
        assert weight.data(context).asnumpy().tolist() == [4, 4]
