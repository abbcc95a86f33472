"""Gluon's Trainer: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, gluon
from tests.golden import programs

GROUP = "gluon_trainer"
TWO = [mx.cpu(0), mx.cpu(1)]


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


def parameter(name="w", ctx=None, shape=(2,), **options):
    found = gluon.Parameter(name, shape=shape, **options)
    found.initialize(init="ones", ctx=ctx)
    return found


def differentiate(*params):
    for param in params:
        for array in param.list_data():
            with autograd.record():
                total = array * 1
            total.backward()


def values(*params):
    return [[array.asnumpy().tolist() for array in param.list_data()] for param in params]


# -- stale gradients -------------------------------------------------------------------------------------------------


def test_a_step_that_stops_changes_nothing_and_forgets_nothing():
    """MXNet 1.9.1 forgets that the gradients before the stale one were fresh."""
    first, second = parameter("first"), parameter("second")
    trainer = gluon.Trainer([first, second], "sgd", {"learning_rate": 1})
    differentiate(first)
    with pytest.raises(UserWarning, match=r"Gradient of Parameter `second` on context cpu\(0\) has not been updated"):
        trainer.step(1)
    assert values(first, second) == [[[1, 1]], [[1, 1]]]
    trainer.step(1, ignore_stale_grad=True)
    assert values(first, second) == [[[0, 0]], [[1, 1]]]


@pytest.mark.parametrize("options", [{}, {"static_alloc": True}, {"static_alloc": True, "static_shape": True}])
def test_gradients_from_hybridized_blocks_are_fresh(options):
    net = gluon.nn.Dense(1, in_units=2)
    net.initialize(init="ones")
    net.hybridize(**options)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.5})
    for _ in range(3):
        with autograd.record():
            out = net(mx.nd.ones((1, 2)))
        out.backward()
        trainer.step(1)
    with pytest.raises(UserWarning):
        trainer.step(1)
    assert net.weight.data().asnumpy().tolist() == [[-0.5, -0.5]]


def test_gradients_delivered_in_another_thread_are_fresh():
    param = parameter()
    thread = threading.Thread(target=differentiate, args=(param,))
    thread.start()
    thread.join()
    gluon.Trainer([param], "sgd", {"learning_rate": 1}).step(1)
    assert values(param) == [[[0, 0]]]


@pytest.mark.parametrize("size", [2, 5000])  # small gradients are copied, large ones are taken over
@pytest.mark.parametrize("grad_req", ["write", "add"])
def test_fresh_however_a_gradient_arrives(size, grad_req):
    x = mx.nd.ones((size,))
    x.attach_grad(grad_req)
    for _ in range(2):
        assert not x._fresh_grad
        with autograd.record():
            y = x * 2
        y.backward()
        assert x._fresh_grad
        x._fresh_grad = False


def test_fresh_grad_of_arrays_without_gradient():
    x = mx.nd.ones((1,))
    with pytest.raises(mx.MXNetError, match="attach_grad"):
        x._fresh_grad = True
    x.attach_grad("null")
    assert x._fresh_grad is False


# -- stores ----------------------------------------------------------------------------------------------------------


def test_one_device_needs_no_store_even_if_the_optimizer_should_run_there():
    param = parameter()
    trainer = gluon.Trainer([param], "sgd", {"learning_rate": 1}, update_on_kvstore=True)
    differentiate(param)
    trainer.step(1)
    assert trainer._kvstore is None
    assert values(param) == [[[0, 0]]]


def test_nccl_is_a_store_of_one_machine():
    param = parameter(ctx=TWO)
    trainer = gluon.Trainer([param], "sgd", {"learning_rate": 0.25}, kvstore="nccl")
    differentiate(param)
    trainer.step(1)
    assert values(param) == [[[0.5, 0.5], [0.5, 0.5]]]


def test_one_device_copies_no_gradient():
    param = parameter()
    differentiate(param)
    memory = param.grad()._data.data_ptr()
    trainer = gluon.Trainer([param], "sgd")
    seen = []
    trainer._updaters = [lambda indices, gradients, arrays: seen.append(gradients[0]._data.data_ptr())]
    trainer.step(1)
    assert seen == [memory]


@pytest.mark.parametrize("update_on_kvstore", [True, False])
def test_devices_stay_alike(update_on_kvstore):
    params = [parameter(f"p{i}", TWO, (i + 1, 3)) for i in range(4)]
    trainer = gluon.Trainer(params, "adam", {"learning_rate": 0.1}, update_on_kvstore=update_on_kvstore)
    generator = np.random.default_rng(3)
    for _ in range(3):
        for param in params:
            for array in param.list_data():
                with autograd.record():
                    total = array * mx.nd.array(generator.normal(size=array.shape), ctx=array.context)
                total.backward()
        trainer.step(2)
    for param in params:
        assert values(param)[0][0] == values(param)[0][1]
        assert [array.context for array in param.list_data()] == TWO


def test_parameters_do_not_belong_to_a_trainer_that_was_not_made():
    param = gluon.Parameter("table", shape=(4, 2), stype="row_sparse", grad_stype="row_sparse")
    param.initialize()
    with pytest.raises(ValueError, match="nadamm"):
        gluon.Trainer([param], "nadamm")
    assert param._trainer is None
    assert gluon.Trainer([param], "sgd") is param._trainer


@pytest.mark.parametrize("old", [None, TWO, [mx.cpu(3)]])
@pytest.mark.parametrize("new", [[mx.cpu(2)], [mx.cpu(1), mx.cpu(2)], [mx.cpu(0), mx.cpu(1), mx.cpu(2)]])
@pytest.mark.parametrize("update_on_kvstore", [None, False])
def test_parameters_that_are_moved_before_the_first_step(old, new, update_on_kvstore):
    param = parameter(ctx=old)
    trainer = gluon.Trainer([param], "sgd", {"learning_rate": 0.25}, update_on_kvstore=update_on_kvstore)
    param.reset_ctx(new)
    differentiate(param)
    trainer.step(len(new))
    assert values(param) == [[[0.75, 0.75]] * len(new)]


def test_parameters_that_are_moved_to_more_devices_later():
    param = parameter()
    trainer = gluon.Trainer([param], "sgd", {"momentum": 0.5})
    differentiate(param)
    trainer.step(1)
    param.reset_ctx(TWO)
    differentiate(param)
    with pytest.raises(mx.MXNetError, match=r"moved from \[cpu\(0\)\] to \[cpu\(0\), cpu\(1\)\].*load_states"):
        trainer.step(1)


# -- precision -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ctx", [None, TWO])
def test_masters_of_float16(ctx):
    param = parameter(ctx=ctx, dtype="float16")
    trainer = gluon.Trainer([param], "sgd", {"learning_rate": 1e-4, "multi_precision": True})
    for _ in range(16):
        differentiate(param)
        trainer.step(len(ctx or [1]))
    expected = np.float16(1 - 16e-4)
    assert values(param)[0] == [[expected, expected]] * len(ctx or [1])


# -- states ----------------------------------------------------------------------------------------------------------


def test_training_goes_on_from_states(tmp_path):
    def train(param, trainer, steps):
        for _ in range(steps):
            differentiate(param)
            trainer.step(1)

    def options():
        return {"lr_scheduler": mx.lr_scheduler.FactorScheduler(2, 0.5, base_lr=0.1)}

    whole, half = parameter(), parameter()
    train(whole, gluon.Trainer([whole], "adam", options()), 6)
    first = gluon.Trainer([half], "adam", options())
    train(half, first, 3)
    first.save_states(str(tmp_path / "states"))
    second = gluon.Trainer([half], "adam")
    second.load_states(str(tmp_path / "states"))
    train(half, second, 3)
    assert values(half) == values(whole)
    assert second._optimizer.param_dict == {0: half}


def test_states_without_an_optimizer(tmp_path):
    """What a Module writes holds states only."""
    param = parameter()
    trainer = gluon.Trainer([param], "sgd", {"learning_rate": 1, "momentum": 0.5})
    differentiate(param)
    trainer.step(1)
    (tmp_path / "states").write_bytes(trainer._updaters[0].get_states(dump_optimizer=False))
    other = gluon.Trainer([param], "sgd", {"learning_rate": 1, "momentum": 0.5})
    other.load_states(str(tmp_path / "states"))
    differentiate(param)
    other.step(1)
    assert values(param) == [[[-1.5, -1.5]]]


def test_a_damaged_file_of_states(tmp_path):
    (tmp_path / "states").write_bytes(b"no pickle")
    with pytest.raises(mx.MXNetError):
        gluon.Trainer([parameter()], "sgd").load_states(str(tmp_path / "states"))


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    trainer = gluon.Trainer([parameter()], "sgd")
    name = tmp_path / "states"
    trainer.save_states(str(name))
    before = name.read_bytes()
    monkeypatch.setattr(type(trainer._updaters[0]), "get_states", lambda *args, **kwargs: None)
    with pytest.raises(TypeError):
        trainer.save_states(str(name))
    assert name.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["states"]


# -- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: gluon.Trainer([parameter()], "sgd", kvstore=3).save_states("x"), TypeError, ["kvstore", "int"]),
        (lambda: gluon.Trainer("x", "sgd"), ValueError, ["list or dict of Parameters", "str", "collect_params"]),
        (lambda: gluon.Trainer([1], "sgd"), ValueError, ["list of <class 'int'>"]),
        (lambda: gluon.Trainer([], "sgd"), TypeError, ["params is empty"]),
        (
            lambda: gluon.Trainer([parameter("a"), parameter("b", mx.cpu(1))], "sgd"),
            AssertionError,
            ["Parameter b", "[cpu(1)]", "[cpu(0)]"],
        ),
        (
            lambda: gluon.Trainer([parameter()], mx.optimizer.SGD(), {"momentum": 1}),
            AssertionError,
            ["optimizer_params", "momentum"],
        ),
        (
            lambda: gluon.Trainer([parameter()], "sgd", kvstore=None, update_on_kvstore=True).step(1),
            ValueError,
            ["update_on_kvstore=True", "kvstore=None"],
        ),
        (
            lambda: gluon.Trainer([parameter(ctx=TWO)], "sgd").update(1),
            AssertionError,
            ["update()", "`update_on_kvstore` to False"],
        ),
        (
            lambda: gluon.Trainer([parameter(ctx=TWO)], "sgd").allreduce_grads(),
            AssertionError,
            ["allreduce_grads()", "`update_on_kvstore` to False"],
        ),
        (
            lambda: gluon.Trainer([parameter(ctx=TWO)], "sgd", kvstore="teststore", update_on_kvstore=True).step(1),
            ValueError,
            ["update_on_kvstore=False", "TestStore"],
        ),
        (
            lambda: gluon.Trainer([parameter()], "sgd").set_learning_rate("x") or gluon.Trainer([parameter()], "x"),
            ValueError,
            ["Cannot find optimizer x"],
        ),
    ],
)
def test_message(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert isinstance(caught.value, mx.MXNetError)
    assert all(word in str(caught.value) for word in words), str(caught.value)
