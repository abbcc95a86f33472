"""Modules: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import importlib.util
import pathlib
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet.executor_manager import _split_input_slice
from tests.golden import programs

GROUP = "modules"
CHECKPOINTS = pathlib.Path(__file__).resolve().parents[1] / "golden" / "checkpoints"
DATA, LABEL = [("data", (8, 5))], [("softmax_label", (8,))]


@pytest.mark.parametrize("name", sorted(name for name in programs.table(GROUP) if "buckets" not in name))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


def network(bn=False):
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=4, name="fc1")
    net = mx.sym.BatchNorm(net, name="bn") if bn else net
    net = mx.sym.Activation(net, act_type="tanh", name="act")
    return mx.sym.SoftmaxOutput(mx.sym.FullyConnected(net, num_hidden=3, name="fc2"), name="softmax")


def ready(net=None, bind=None, optimizer=None, **kwargs):
    module = mx.mod.Module(network() if net is None else net, **kwargs)
    module.bind(DATA, LABEL if module.label_names else None, **(bind or {}))
    module.init_params(mx.init.Uniform(0.5))
    if optimizer is not None:
        module.init_optimizer(optimizer_params=optimizer)
    return module


def batch(size=8, number=0):
    random = np.random.default_rng(number)
    data = mx.nd.array(random.normal(size=(size, 5)))
    return mx.io.DataBatch([data], [mx.nd.array(random.integers(0, 3, size))])


def step(module, given):
    module.forward_backward(given)
    module.update()


def numbers(module):
    return {name: array.asnumpy() for params in module.get_params() for name, array in params.items()}


def same(one, other, relative=1e-5):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=relative, atol=1e-6, err_msg=name)


# -- checkpoints of MXNet 1.9.1 --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorder():
    spec = importlib.util.spec_from_file_location("record_checkpoints", CHECKPOINTS / "record.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("case", ["momentum", "adam", "store"])
def test_training_goes_on_from_a_checkpoint_of_mxnet(recorder, case):
    arguments, states = recorder.go_on(case, str(CHECKPOINTS)).get_params()
    found = {**{f"arg:{k}": v for k, v in arguments.items()}, **{f"aux:{k}": v for k, v in states.items()}}
    expected = mx.nd.load(str(CHECKPOINTS / f"{case}-after.params"))
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_allclose(found[name].asnumpy(), array.asnumpy(), rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("case", ["momentum", "adam", "store"])
def test_training_goes_on_from_our_checkpoint_as_if_it_had_not_stopped(recorder, case, tmp_path):
    recorder.write(case, str(tmp_path))
    stopped = recorder.go_on(case, str(tmp_path))
    loaded = mx.mod.Module.load(str(tmp_path / case), 3, load_optimizer_states=True, context=recorder.CASES[case][0])
    recorder.train(recorder.prepared(case, loaded), 3, 6)
    same(numbers(stopped), numbers(loaded), relative=0)


# -- devices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loads", [[1, 1], [1, 3], [2, 1, 1]])
@pytest.mark.parametrize("kvstore", ["local", "device"])
def test_several_devices_learn_what_one_does(loads, kvstore):
    contexts = [mx.cpu(i) for i in range(len(loads))]
    one, several = ready(optimizer={"momentum": 0.9}), ready(context=contexts, work_load_list=loads)
    several.set_params(*one.get_params())
    several.init_optimizer(kvstore=kvstore, optimizer_params={"momentum": 0.9})
    for number in range(4):
        step(one, batch(number=number))
        step(several, batch(number=number))
        np.testing.assert_allclose(several.get_outputs()[0].asnumpy(), one.get_outputs()[0].asnumpy(), atol=1e-5)
    same(numbers(several), numbers(one))


@given(size=st.integers(1, 300), loads=st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_slices_cover_the_batch_once(size, loads):
    try:
        slices = _split_input_slice(size, loads)
    except mx.MXNetError:
        assert min(loads) * size < len(loads) * sum(loads)  # rounding takes less than one from each device's share
        return
    covered = [i for part in slices for i in range(size)[part]]
    assert covered == list(range(size))
    assert len(slices) == len(loads)


def test_the_bias_of_a_fixed_weight_learns():
    module, free = ready(fixed_param_names=["fc1_weight"], optimizer={}), ready(optimizer={})
    module.set_params(*free.get_params())
    before = numbers(module)
    step(module, batch())
    step(free, batch())
    assert np.array_equal(numbers(module)["fc1_weight"], before["fc1_weight"])
    np.testing.assert_allclose(numbers(module)["fc1_bias"], numbers(free)["fc1_bias"], atol=1e-7)


# -- shapes of batches -----------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_batches_of_any_size(sizes):
    module = ready()
    weights = numbers(module)
    for number, size in enumerate(sizes):
        given = batch(size, number)
        module.forward(given, is_train=False)
        hidden = np.tanh(given.data[0].asnumpy() @ weights["fc1_weight"].T + weights["fc1_bias"])
        scores = np.exp(hidden @ weights["fc2_weight"].T + weights["fc2_bias"])
        expected = scores / scores.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(module.get_outputs()[0].asnumpy(), expected, rtol=1e-4)
        assert module.data_shapes[0].shape == (size, 5)
        assert module.label_shapes[0].shape == (size,)


def test_batches_without_labels_predict():
    module = ready()
    expected = module.predict(mx.nd.ones((8, 5))).asnumpy()
    for size in (3, 20, 8):
        found = module.predict(np.ones((size, 5), "float32"))
        np.testing.assert_allclose(found.asnumpy(), np.broadcast_to(expected[:1], (size, 3)), rtol=1e-5)
    module.forward_backward(batch())  # labels come back with the next batch that has them
    assert module.label_shapes[0].shape == (8,)


def test_labels_that_come_later_are_used():
    module = mx.mod.Module(network())
    with pytest.warns(UserWarning, match="label"):
        module.bind(DATA)
    module.init_params()
    module.forward_backward(batch(number=1))
    other = ready()
    other.set_params(*module.get_params())
    other.forward_backward(batch(number=1))
    for one, two in zip(module._exec_group.grad_arrays, other._exec_group.grad_arrays):
        np.testing.assert_allclose(one[0].asnumpy(), two[0].asnumpy(), rtol=1e-5)


def test_a_network_without_labels_ignores_them():
    features = network().get_internals()["act_output"]
    with pytest.warns(UserWarning, match="softmax_label"):
        module = mx.mod.Module(features)  # label_names as they are by default
    with pytest.warns(UserWarning, match="label"):
        module.bind(DATA, for_training=False)
    module.init_params()
    for size in (8, 3):
        module.forward(batch(size))
        assert module.get_outputs()[0].shape == (size, 4)


def test_labels_of_another_shape_reshape():
    net = mx.sym.LinearRegressionOutput(mx.sym.var("data"), mx.sym.var("softmax_label"))
    module = mx.mod.Module(net)
    module.bind([("data", (2, 3))], [("softmax_label", (2, 3))])
    module.init_params()
    module.forward(mx.io.DataBatch([mx.nd.ones((4, 3))], [mx.nd.ones((4, 3))]))
    assert module.get_outputs()[0].shape == (4, 3)


def test_a_reshape_that_fails_changes_nothing():
    module = ready()
    with pytest.raises(mx.MXNetError, match="fc1_weight"):
        module.forward(mx.io.DataBatch([mx.nd.ones((8, 6))], [mx.nd.ones((8,))]))
    module.forward(batch(4))
    assert module.get_outputs()[0].shape == (4, 3)


def test_inputs_are_copied():
    module = ready()
    given = batch()
    module.forward(given, is_train=True)
    expected = module.get_outputs()[0].asnumpy()
    given.data[0][:] = 100
    module.backward()
    assert np.array_equal(module.get_outputs()[0].asnumpy(), expected)
    assert abs(module._exec_group.grad_arrays[0][0].asnumpy()).max() < 10


def test_predictions_are_not_overwritten():
    module = ready()
    data = mx.io.NDArrayIter(np.random.default_rng(0).normal(size=(20, 5)).astype("float32"), batch_size=8)
    with pytest.warns(UserWarning, match="label"):
        module.reshape(data.provide_data)
    parts = [outputs[0] for outputs, _, _ in module.iter_predict(data)]
    joined = np.concatenate([part.asnumpy() for part in parts])
    assert np.array_equal(joined, module.predict(data).asnumpy())


# -- parameters ------------------------------------------------------------------------------------------------------


def test_rebinding_keeps_what_was_learnt():
    module = ready(optimizer={"learning_rate": 1})
    step(module, batch())
    learnt = module._exec_group.param_arrays[0][0].asnumpy()
    module.bind(DATA, LABEL, force_rebind=True)
    assert np.array_equal(module._exec_group.param_arrays[0][0].asnumpy(), learnt)
    step(module, batch())
    module = mx.mod.Module(network())
    module.bind(DATA, LABEL)
    module.bind(DATA, LABEL, force_rebind=True)  # before there are parameters
    module.init_params()


def test_shared_modules_share_memory():
    module = ready(optimizer={"momentum": 0.9})
    other = mx.mod.Module(network())
    other.bind([("data", (4, 5))], [("softmax_label", (4,))], shared_module=module)
    one, two = module._exec_group.execs[0], other._exec_group.execs[0]
    for name in ("fc1_weight", "fc2_bias"):
        assert one.arg_dict[name]._data.data_ptr() == two.arg_dict[name]._data.data_ptr()
        assert one.grad_dict[name]._data.data_ptr() == two.grad_dict[name]._data.data_ptr()
    assert one.arg_dict["data"]._data.data_ptr() == two.arg_dict["data"]._data.data_ptr()


def test_a_borrowed_optimizer_knows_parameters_by_their_names():
    """A module with some of the parameters updates the momenta of just these."""

    def net(both):
        layer = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=5, name="fc0") if both else mx.sym.var("data")
        return mx.sym.SoftmaxOutput(mx.sym.FullyConnected(layer, num_hidden=3, name="fc1"), name="softmax")

    module = ready(net=net(True), optimizer={"learning_rate": 0.1, "momentum": 0.9})
    step(module, batch())
    other = mx.mod.Module(net(False))
    other.bind(DATA, LABEL, shared_module=module)
    before = {i: state.asnumpy().copy() for i, state in module._updater.states.items()}
    step(other, batch())
    changed = [i for i, state in module._updater.states.items() if not np.array_equal(before[i], state.asnumpy())]
    assert [module._param_names[i] for i in changed] == ["fc1_weight", "fc1_bias"]


def test_gradients_of_data_are_not_computed_unless_wanted():
    module = ready()
    assert module._exec_group.execs[0].grad_dict["data"] is None
    assert ready(bind={"inputs_need_grad": True})._exec_group.execs[0].grad_dict["data"] is not None


def test_parameters_are_updated_in_one_call():
    module = ready(optimizer={})
    calls = []
    module._updater = lambda index, grad, weight: calls.append((index, len(grad), len(weight)))
    step(module, batch())
    assert calls == [([0, 1, 2, 3], 4, 4)]


def test_an_old_parameter_array_is_not_changed():
    module = ready()
    given = {name: mx.nd.ones(array.shape) for name, array in module.get_params()[0].items()}
    module.set_params(given, {})
    module.init_optimizer()
    step(module, batch())
    module.get_params()
    assert all((array.asnumpy() == 1).all() for array in given.values())


# -- stores ----------------------------------------------------------------------------------------------------------


class Averaging(mx.kvstore.KVStoreBase):
    """A store of a third party that can broadcast and add up, and no more."""

    type, rank, num_workers = "averaging", 0, 1

    def __init__(self):
        self.calls = []

    @staticmethod
    def is_capable(capability):
        return False

    def broadcast(self, key, value, out, priority=0):
        self.calls.append(key)
        for array in out:
            array[:] = value

    def pushpull(self, key, value, out=None, priority=0):
        total = sum(array.asnumpy() for array in value)
        for array in value if out is None else out:
            array[:] = total


def test_a_store_of_a_third_party():
    store = Averaging()
    contexts = [mx.cpu(0), mx.cpu(1)]
    one, several = ready(optimizer={}), ready(context=contexts)
    several.set_params(*one.get_params())
    several.init_optimizer(kvstore=store)
    assert store.calls == several._param_names
    assert several._updater is not None
    for number in range(3):
        step(one, batch(number=number))
        step(several, batch(number=number))
    same(numbers(one), numbers(several))


# -- derived classes -------------------------------------------------------------------------------------------------


def test_a_module_of_a_third_party():
    """A module that holds another one, as programs for detection have them."""

    class Holding(mx.mod.BaseModule):
        def __init__(self, symbol):
            super().__init__()
            self._inner = mx.mod.Module(symbol)

        data_names = property(lambda self: self._inner.data_names)
        output_names = property(lambda self: self._inner.output_names)
        data_shapes = property(lambda self: self._inner.data_shapes)
        label_shapes = property(lambda self: self._inner.label_shapes)
        output_shapes = property(lambda self: self._inner.output_shapes)

        def bind(self, *args, **kwargs):
            self._inner.bind(*args, **kwargs)
            self.binded = True

        def init_params(self, *args, **kwargs):
            self._inner.init_params(*args, **kwargs)
            self.params_initialized = True

        def init_optimizer(self, *args, **kwargs):
            self._inner.init_optimizer(*args, **kwargs)
            self.optimizer_initialized = True

        def get_params(self):
            return self._inner.get_params()

        def forward(self, data_batch, is_train=None):
            self._inner.forward(data_batch, is_train)

        def backward(self, out_grads=None):
            self._inner.backward(out_grads)

        def update(self):
            self._inner.update()

        def get_outputs(self, merge_multi_context=True):
            return self._inner.get_outputs(merge_multi_context)

        def update_metric(self, eval_metric, labels, pre_sliced=False):
            self._inner.update_metric(eval_metric, labels, pre_sliced)

    random = np.random.default_rng(0)
    x = random.normal(size=(64, 5)).astype("float32")
    data = mx.io.NDArrayIter(x, (x[:, 0] > 0).astype("float32"), 8)
    module = Holding(network())
    module.fit(data, num_epoch=15, optimizer_params={"learning_rate": 0.5}, initializer=mx.init.Xavier())
    assert module.score(data, "acc")[0][1] > 0.95
    assert module.predict(data).shape == (64, 3)


def test_callbacks_are_told_what_they_can_pickle():
    told = []
    random = np.random.default_rng(0)
    data = mx.io.NDArrayIter(random.normal(size=(16, 5)).astype("float32"), np.zeros(16), 8)
    ready().score(data, "acc", batch_end_callback=told.append)
    assert [param.nbatch for param in told] == [0, 1]
    assert told[0].locals["eval_batch"] is not None
    assert mx.model.BatchEndParam(1, 2, None, None) == (1, 2, None, None)
    assert pickle.loads(pickle.dumps(mx.model.BatchEndParam(1, 2, None, None))) == (1, 2, None, None)


# -- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: mx.mod.Module(network(), data_names=["dat"]),
            ValueError,
            "'dat' is not found.*\n\tdata\n\tsoftmax_la",
        ),
        (lambda: mx.mod.Module(network(), context="cpu"), TypeError, "expected a Context such as mx.cpu"),
        (lambda: mx.mod.Module(network(), work_load_list=[1, 2]), AssertionError, "2 entries in work_load_list for 1"),
        (
            lambda: mx.mod.Module(network()).bind({"data": 3}),
            ValueError,
            r"expected a list of DataDesc or of \(name, sh",
        ),
        (lambda: mx.mod.Module(network()).forward(batch()), AssertionError, "forward: call bind and init_params first"),
        (lambda: mx.mod.Module(network()).init_params(), AssertionError, "call bind before initializing"),
        (lambda: ready().update(), AssertionError, "call bind, init_params and init_optimizer first"),
        (lambda: ready().set_params({}, {}), RuntimeError, "fc1_bias is not presented.*pass allow_missing=True"),
        (lambda: ready().set_params(None, None), TypeError, "neither values nor an initializer"),
        (
            lambda: ready().init_params(arg_params={"fc1_bias": np.ones(4)}, allow_missing=True, force_init=True),
            TypeError,
            "fc1_bias is a ndarray, expected an NDArray",
        ),
        (lambda: ready().init_optimizer(optimizer=3), AssertionError, "optimizer is a int, expected a name"),
        (lambda: ready().init_optimizer(kvstore=3), TypeError, "kvstore must be KVStore, str or None; it is a int"),
        (lambda: ready(bind={"grad_req": ["write"]}), ValueError, "grad_req: 1 entries for the 6 arguments"),
        (lambda: ready().predict(3), ValueError, "NDArray or DataIter; it is a int"),
        (lambda: mx.mod.Module.load("nothing", 1), mx.MXNetError, "nothing-symbol.json"),
        (lambda: ready(context=[mx.cpu(i) for i in range(9)]), ValueError, "Too many slices.*a batch of 8 for 9 dev"),
        (
            lambda: ready().forward(mx.io.DataBatch([mx.nd.ones((8, 6))], [mx.nd.ones((8,))])),
            mx.MXNetError,
            r"data \(8, 6\) came, the module is bound for data \(8, 5\).*fc1_weight.*bind again",
        ),
        (lambda: mx.mod.Module(network(), context=3), TypeError, "context is 3, expected a Context"),
        (
            lambda: ready().forward(mx.io.DataBatch([], [])),
            ValueError,
            "has 0 data arrays, the module is bound for 1: d",
        ),
    ],
)
def test_message(call, kind, message):
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, mx.MXNetError)


def test_fit_says_that_there_is_no_data():
    class Empty(mx.io.DataIter):
        provide_data, provide_label = DATA, LABEL

        def next(self):
            raise StopIteration

    with pytest.raises(mx.MXNetError, match="train_data has no batch in epoch 0"):
        mx.mod.Module(network()).fit(Empty(8), num_epoch=1)


def test_nothing_is_recorded_or_changed_in_torch():
    enabled = torch.is_grad_enabled()
    module = ready(optimizer={})
    step(module, batch())
    assert torch.is_grad_enabled() is enabled
    assert not any(array._data.requires_grad for array in module.get_params()[0].values())
