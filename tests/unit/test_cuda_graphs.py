"""Captured CUDA graphs, with a stand-in for the device: everything around the capture itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet import autograd, gluon
from mxnet._graph.plan import Placement, Plan
from mxnet._runtime import captures, cuda_graphs, static_functions
from mxnet.gluon import nn

from .graph_stand_in import StandIn

WARM = static_functions.WARM_UPS


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The CPU as a device that captures."""
    stand_in = StandIn(torch.device("cpu"))
    monkeypatch.setenv("MXNET_ENABLE_CUDA_GRAPHS", "1")
    monkeypatch.setenv("REMX_WITHOUT", "fused_inference")  # it keeps something on CPUs
    monkeypatch.setitem(captures.KINDS, "cpu", lambda device: stand_in)
    monkeypatch.setattr(captures, "_recorders", {})
    return stand_in


def alike(program: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that a program gives the same to the last bit with and without graphs."""
    found = program()
    with monkeypatch.context() as patch:
        patch.setenv("MXNET_ENABLE_CUDA_GRAPHS", "0")
        expected = program()
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one, other)


def network() -> mx.sym.Symbol:
    data = mx.sym.var("data")
    hidden = mx.sym.Convolution(data, kernel=(3, 3), num_filter=4, name="conv")
    hidden = mx.sym.BatchNorm(hidden, fix_gamma=False, name="bn")
    hidden = mx.sym.Dropout(mx.sym.Activation(hidden, act_type="relu"), p=0.3)
    hidden = mx.sym.sin(mx.sym.FullyConnected(hidden, num_hidden=3, name="fc"))  # sin has no rule: torch traces it
    return mx.sym.SoftmaxOutput(hidden, name="softmax")


def train(bind: Callable[[], Any], steps: int = 2 * WARM + 4) -> list[np.ndarray]:
    """Train an executor of `network`; return all that it computed."""
    mx.random.seed(3)
    generator = np.random.default_rng(0)
    executor, found = bind(), []
    for array in executor.arg_arrays:
        array[:] = generator.normal(size=array.shape)
    for array in executor.aux_arrays:
        array[:] = 1
    shapes = {name: array.shape for name, array in executor.arg_dict.items()}
    for step in range(steps):
        data = generator.normal(size=shapes["data"])
        executor.forward(is_train=True, data=data, softmax_label=generator.integers(0, 3, shapes["softmax_label"]))
        executor.backward()
        found.append(executor.outputs[0].asnumpy())
        for name, gradient in executor.grad_dict.items():
            if gradient is not None and executor._reqs[executor._arg_names.index(name)] != "null":
                executor.arg_dict[name][:] -= 0.1 * gradient
                found.append(gradient.asnumpy())
        found += [array.asnumpy() for array in (*executor.arg_arrays, *executor.aux_arrays)]
        if step % 2:
            found.append(executor.forward()[0].asnumpy())
    return found


def bound(**requests: str) -> Any:
    executor = network().simple_bind(mx.cpu(), data=(4, 2, 6, 6), softmax_label=(4,), grad_req="write")
    if not requests:
        return executor
    grads = {name: array for name, array in executor.grad_dict.items() if requests.get(name) != "null"}
    requests = {name: requests.get(name, "write") for name in executor.arg_dict}
    return network().bind(mx.cpu(), executor.arg_dict, grads, requests, executor.aux_dict)


# -- executors ---------------------------------------------------------------------------------------------------------


def test_an_executor_computes_the_same_with_graphs(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    alike(lambda: train(bound), monkeypatch)
    assert len(device.recordings) == 3  # forward, backward, prediction
    assert device.asides == 3 * WARM
    assert device.replays > 6


def test_gradients_add_up_and_may_be_missing(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    requests = {"data": "null", "softmax_label": "null", "conv_weight": "add", "fc_bias": "add"}
    alike(lambda: train(lambda: bound(**requests)), monkeypatch)
    assert len(device.recordings) == 3


def test_a_graph_reads_nothing_but_bound_arrays_and_its_own_memory(device: StandIn):
    executors: list[Any] = []

    def bind() -> Any:
        executors.append(bound())
        return executors[0]

    train(bind)
    (executor,) = executors
    arrays = (*executor.arg_arrays, *executor.aux_arrays, *executor.grad_arrays)
    allowed = {captures.memory(array._data) for array in arrays}
    for recording in device.recordings:
        assert {captures.memory(tensor) for tensor in recording.outside} <= allowed


def test_a_head_gradient_may_come_or_not(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    x = mx.sym.var("x")
    both = mx.sym.Group([mx.sym.make_loss(mx.sym.square(x)), mx.sym.sin(x) * x])

    def program() -> list[np.ndarray]:
        executor = both.bind(mx.cpu(), {"x": mx.nd.array([1, 2])}, {"x": mx.nd.zeros((2,))})
        found: list[np.ndarray] = []
        for step in range(4 * WARM + 6):
            executor.arg_dict["x"][:] = step
            executor.forward(is_train=True)
            executor.backward([None, mx.nd.array([step, 1])] if step % 2 else [mx.nd.ones((2,)), mx.nd.ones((2,))])
            found.append(executor.grad_dict["x"].asnumpy())
        return found

    alike(program, monkeypatch)
    assert len(device.recordings) == 3  # one forward half, two backward halves


def test_outputs_that_a_user_keeps_stay(device: StandIn):
    executor = (mx.sym.var("x") * 2).bind(mx.cpu(), {"x": mx.nd.zeros((2,))})
    kept: list[Any] = []
    for step in range(WARM + 3):
        executor.arg_dict["x"][:] = step
        kept.append(executor.forward()[0].reshape((1, 2)))
    assert [array.asnumpy()[0, 0] for array in kept] == [2 * step for step in range(WARM + 3)]
    assert device.replays == 3
    assert executor.outputs[0] is executor.forward()[0]


def test_backward_twice_and_forward_without_backward(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    def program() -> list[np.ndarray]:
        x = mx.sym.var("x")
        executor = mx.sym.sin(x * x).bind(mx.cpu(), {"x": mx.nd.ones((2,))}, {"x": mx.nd.zeros((2,))})
        found: list[np.ndarray] = []
        for step in range(12):
            executor.forward(is_train=True, x=np.array([step, 1]))
            for _ in range(step % 3):
                executor.backward(mx.nd.array([1, step]))
                found.append(executor.grad_dict["x"].asnumpy())
        return found

    alike(program, monkeypatch)


def test_gradients_that_nobody_looks_at_are_computed(device: StandIn):
    x = mx.sym.var("x")
    executor = mx.sym.FullyConnected(x, num_hidden=2, no_bias=True, name="fc").simple_bind(mx.cpu(), x=(1, 2))
    executor.arg_dict["fc_weight"][:] = 3
    for step in range(2 * WARM + 2):
        executor.forward(is_train=True)
        executor.backward(mx.nd.ones((1, 2)) * step)
    executor.forward(is_train=True)  # a replay must not change the gradient of the pass before
    assert executor.grad_dict["x"].asnumpy().tolist() == [[6 * step, 6 * step]]


def test_a_monitor_sees_every_node(device: StandIn):
    executor = mx.sym.exp(mx.sym.var("x"), name="e").bind(mx.cpu(), {"x": mx.nd.zeros((1,))})
    for _ in range(WARM + 1):
        executor.forward()
    seen: list[bytes] = []
    executor.set_monitor_callback(lambda name, array: seen.append(name))
    executor.forward()
    executor.set_monitor_callback(None)
    assert seen == [b"e_output"]
    assert executor.forward()[0].asscalar() == 1
    assert device.replays == 2


def test_module_trains_the_same(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    def program() -> list[np.ndarray]:
        mx.random.seed(1)
        generator = np.random.default_rng(1)
        module = mx.mod.Module(network())
        iterator = mx.io.NDArrayIter(generator.normal(size=(24, 2, 6, 6)), generator.integers(0, 3, 24), 4)
        np.random.seed(0)
        module.fit(
            iterator,
            eval_data=iterator,
            num_epoch=2,
            optimizer="adam",
            initializer=mx.init.Uniform(0.5),
            eval_metric="acc",
        )
        arguments, states = module.get_params()
        predicted = module.predict(iterator).asnumpy()
        return [
            predicted,
            *(arguments[name].asnumpy() for name in sorted(arguments)),
            states["bn_moving_var"].asnumpy(),
        ]

    alike(program, monkeypatch)
    assert device.replays > 10


# -- what may change ---------------------------------------------------------------------------------------------------


def operation(**flags: bool) -> Any:
    a, b = mx.sym.var("a"), mx.sym.var("b")
    return mx.cached_op.CachedOp(a * b + mx.sym.sin(a), {"static_alloc": True, "static_shape": True, **flags})


def test_inputs_that_change_are_copied_and_those_that_stay_are_read(device: StandIn):
    op, weight = operation(), mx.nd.array([2.0])
    for step in range(WARM + 3):
        weight[:] = step
        assert op(mx.nd.array([3.0]), weight).asscalar() == pytest.approx(3 * step + np.sin(np.float32(3)), rel=1e-5)
    (recording,) = device.recordings
    assert captures.memory(weight._data) in {captures.memory(tensor) for tensor in recording.outside}
    assert len({captures.memory(tensor) for tensor in recording.outside}) == 2  # and one buffer


def test_a_replaced_parameter_is_captured_anew_and_then_copied(device: StandIn):
    op, counts = operation(), []
    for value in (1.0, 2.0, 3.0, 4.0):
        weight = mx.nd.array([value])
        for step in range(WARM + 2):
            x = mx.nd.array([step])
            assert op(x, weight).asscalar() == pytest.approx(step * value + np.sin(np.float32(step)), rel=1e-5)
        counts.append(len(device.recordings))
    assert counts == [1, 2, 3, 3]  # the third reads a copy


def test_memory_that_is_replaced_within_a_tensor_is_noticed(device: StandIn):
    op, weight = operation(), mx.nd.array([2.0])
    for _ in range(WARM + 1):
        op(mx.nd.zeros((1,)), weight)
    weight._data.data = torch.tensor([7.0])  # the same object, elsewhere
    assert op(mx.nd.ones((1,)), weight).asscalar() == pytest.approx(7 + np.sin(np.float32(1)), rel=1e-5)


def test_a_parameter_that_becomes_a_view_of_its_memory_is_noticed(device: StandIn):
    op, weight = operation(), mx.nd.array([[1, 2], [3, 4]])
    for _ in range(WARM + 1):
        op(mx.nd.zeros((2, 2)), weight)
    weight._data = weight._data.T  # the same address and shape
    expected = np.array([[1, 3], [2, 4]]) + np.sin(1)
    np.testing.assert_allclose(op(mx.nd.ones((2, 2)), weight).asnumpy(), expected, rtol=1e-5)


def test_memory_that_a_replay_wrote_to_counts_as_written(device: StandIn):
    x, gradient = mx.sym.var("x"), mx.nd.ones((2,))
    executor = (x * x).bind(mx.cpu(), {"x": mx.nd.ones((2,))}, {"x": gradient})
    for _ in range(2 * WARM + 2):
        executor.forward(is_train=True)
        executor.backward(mx.nd.ones((2,)))
    factor = mx.nd.ones((2,))
    factor.attach_grad()
    product = _recorded(lambda a, b: a * b, gradient, factor)  # its gradient needs the present gradient
    executor.backward(mx.nd.zeros((2,)))
    with pytest.raises(mx.MXNetError, match="written to"):
        product.backward()


def test_each_shape_has_its_graph_up_to_a_limit(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(static_functions, "SHAPES", 2)
    op = operation()
    for _ in range(WARM + 3):
        for length in (1, 2, 3):
            x = mx.nd.ones((length,)) * length
            expected = length * 2 + np.sin(np.full(length, length, np.float32))
            np.testing.assert_allclose(op(x, mx.nd.ones((length,)) * 2).asnumpy(), expected, rtol=1e-5)
    assert len(device.recordings) == 2
    assert device.replays == 2 * 3


def test_dtypes_and_strides_are_told_apart(device: StandIn):
    op = operation()
    for _ in range(WARM + 2):
        for dtype in ("float32", "float64"):
            found = op(mx.nd.ones((2, 2), dtype=dtype), mx.nd.ones((2, 2), dtype=dtype))
            assert found.dtype is np.dtype(dtype).type
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    for step in range(WARM + 3):  # same shape, but the memory in another order
        tensor = torch.from_numpy(x) if step % 2 else torch.from_numpy(x.T.copy()).T
        array = mx.nd.zeros((2, 3))
        array._data = tensor
        np.testing.assert_allclose(op(array, mx.nd.ones((2, 3))).asnumpy(), x + np.sin(x), rtol=1e-6)


def test_an_array_that_is_written_to_is_never_a_copy(device: StandIn, caplog: pytest.LogCaptureFixture):
    weight, grad = mx.sym.var("weight"), mx.sym.var("grad")
    state = mx.sym.var("state")
    update = mx.sym.sgd_mom_update(weight, grad, state, lr=0.5, momentum=0.5)
    op = mx.cached_op.CachedOp(update, {"static_alloc": True, "static_shape": True})
    momentum = [mx.nd.zeros((2,)) for _ in range(WARM + 3)]
    for array in momentum:
        op(mx.nd.ones((2,)), mx.nd.ones((2,)), array)
        assert array.asnumpy().tolist() == [-0.5, -0.5]
    assert not device.recordings
    assert "writes to an array that is another one at each call" in caplog.text


def test_seeds_give_the_same_numbers(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    def program() -> list[np.ndarray]:
        executor = mx.sym.Dropout(mx.sym.var("x"), p=0.5).bind(mx.cpu(), {"x": mx.nd.ones((50,))})
        found: list[np.ndarray] = []
        for step in range(8):
            if step in (0, 3, 6):
                mx.random.seed(step % 2)
            found.append(executor.forward(is_train=True)[0].asnumpy())
        return found

    alike(program, monkeypatch)
    assert device.replays == 8 - WARM
    found = program()
    np.testing.assert_array_equal(found[0], found[6])
    assert (found[6] != found[7]).any()


# -- Gluon -------------------------------------------------------------------------------------------------------------


def block() -> nn.HybridSequential:
    mx.random.seed(5)
    np.random.seed(5)
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(4, 3, activation="relu"),
        nn.BatchNorm(),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.Dense(3, activation="tanh"),
    )
    net.initialize(mx.init.Uniform(0.5))
    net.hybridize(static_alloc=True, static_shape=True)
    return net


def batch(generator: np.random.Generator, size: int = 4) -> tuple[Any, Any]:
    return mx.nd.array(generator.normal(size=(size, 2, 6, 6))), mx.nd.array(generator.integers(0, 3, size))


def weights(net: Any) -> list[np.ndarray]:
    return [parameter.data().asnumpy() for parameter in net.collect_params().values()]


def test_a_block_trains_the_same(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    def program() -> list[np.ndarray]:
        net, generator, found = block(), np.random.default_rng(0), []
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
        loss = gluon.loss.SoftmaxCrossEntropyLoss()
        for step in range(2 * WARM + 6):
            x, y = batch(generator, 4 if step % 3 else 2)
            with autograd.record():
                out = net(x)
                value = loss(out, y)
            value.backward()
            trainer.step(4)
            found += [out.asnumpy(), value.asnumpy(), net(x).asnumpy(), *weights(net)]
        return found

    alike(program, monkeypatch)
    assert len(device.recordings) >= 4
    assert device.replays > 8


def recorded_steps(step: Callable[[Any, int], list[np.ndarray]]) -> Callable[[], list[np.ndarray]]:
    def program() -> list[np.ndarray]:
        net = block()
        net(mx.nd.zeros((1, 2, 6, 6)))
        found: list[np.ndarray] = []
        for number in range(3 * WARM + 4):
            found += step(net, number)
            found += [p.grad().asnumpy() for p in net.collect_params().values() if p.grad_req != "null"]
        return found

    return program


def test_several_calls_wait_for_one_backward_pass(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    def step(net: Any, number: int) -> list[np.ndarray]:
        with autograd.record():
            outputs = [net(mx.nd.ones((2, 2, 6, 6)) * factor * number) for factor in (1, 2, 3)]
            loss = outputs[0] * outputs[1] + outputs[2]
        loss.backward()
        return [loss.asnumpy(), *(output.asnumpy() for output in outputs)]

    alike(recorded_steps(step), monkeypatch)
    assert sum(recording.replays > 0 for recording in device.recordings) >= 6


def test_more_calls_than_there_are_graphs(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(static_functions, "COPIES", 2)

    def step(net: Any, number: int) -> list[np.ndarray]:
        with autograd.record():
            state = mx.nd.ones((2, 2, 6, 6)) * number
            for _ in range(5):
                state = state * 0.5 + net(state).sum()
        state.backward()
        return [state.asnumpy()]

    alike(recorded_steps(step), monkeypatch)
    assert len(device.recordings) == 6  # the first call of each recording has an input without gradient


def test_a_recording_that_is_dropped_or_kept(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    def step(net: Any, number: int) -> list[np.ndarray]:
        x = mx.nd.ones((2, 2, 6, 6)) * number
        with autograd.record():
            net(x)  # nobody keeps it
            kept = net(x * 2)
        kept.backward(retain_graph=True)
        first = net.collect_params()[next(iter(net.collect_params()))].grad().asnumpy()
        with autograd.record():
            other = net(x * 3)
        kept.backward()
        other.backward()
        return [first, kept.asnumpy(), other.asnumpy()]

    alike(recorded_steps(step), monkeypatch)


def test_gradients_of_inputs_and_of_gradients(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    def program() -> list[np.ndarray]:
        op, found = operation(), []
        for step in range(2 * WARM + 3):
            a, b = mx.nd.array([step, 1.0]), mx.nd.array([2.0, step])
            a.attach_grad()
            b.attach_grad(grad_req="add")
            with autograd.record():
                out = op(a, b)
                first = autograd.grad(out, [a], create_graph=True, retain_graph=True)[0]
                total = (out + first * first).sum()
            total.backward()
            (again,) = autograd.grad(_recorded(op, a, b), [b])
            found += [out.asnumpy(), first.asnumpy(), a.grad.asnumpy(), b.grad.asnumpy(), again.asnumpy()]
        return found

    alike(program, monkeypatch)
    assert device.replays


def _recorded(op: Any, *arrays: Any) -> Any:
    with autograd.record():
        return op(*arrays)


def test_gradients_that_a_user_keeps_stay(device: StandIn):
    op, kept = operation(), []
    a = mx.nd.array([0.0])
    a.attach_grad()
    for step in range(2 * WARM + 3):
        kept.append(autograd.grad(_recorded(op, a, mx.nd.array([step])), [a])[0])
    assert [array.asscalar() for array in kept] == [step + 1 for step in range(2 * WARM + 3)]
    assert len(device.recordings) == 2


def test_weights_that_are_overwritten_before_backward_are_an_error(device: StandIn):
    op = operation()
    weight = mx.nd.array([1.0])
    weight.attach_grad()
    for _ in range(2 * WARM + 2):
        _recorded(op, mx.nd.ones((1,)), weight).backward()
    assert len(device.recordings) == 2
    x = mx.nd.array([3.0])
    x.attach_grad()
    for _ in range(2 * WARM + 2):
        _recorded(op, x, weight).backward()
    out = _recorded(op, x, weight)
    weight[:] = 5
    with pytest.raises(mx.MXNetError, match="written to"):
        out.backward()
    _recorded(op, x, weight).backward()
    assert x.grad.asscalar() == pytest.approx(5 + np.cos(np.float32(3)), rel=1e-5)


def test_a_graph_freed_by_backward_is_an_error(device: StandIn):
    op, x = operation(), mx.nd.array([3.0])
    x.attach_grad()
    for _ in range(2 * WARM + 2):
        out = _recorded(op, x, x)
        out.backward()
    with pytest.raises(mx.MXNetError, match="freed"):
        out.backward()


def test_threads_get_their_own_results(device: StandIn):
    op, weight, wrong = operation(), mx.nd.array([2.0]), []

    def work(number: int) -> None:
        for step in range(30):
            x = float(10 * number + step)
            if op(mx.nd.array([x]), weight).asscalar() != pytest.approx(2 * x + np.sin(x), rel=1e-5):
                wrong.append(x)

    for _ in range(WARM + 1):
        op(mx.nd.zeros((1,)), weight)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert device.replays == 4 * 30 + 1


def test_threads_that_begin_together(device: StandIn):
    """Who finds another thread warming up or recording goes on without."""
    op, weight, found = operation(), mx.nd.array([2.0]), []

    def slowly(function: Callable[[], Any]) -> Any:
        threads = [threading.Thread(target=lambda: found.append(op(mx.nd.ones((1,)), weight).asscalar()))]
        threads[0].start()
        threads[0].join()
        return function()

    device.aside = slowly  # type: ignore[method-assign]
    for _ in range(WARM):
        op(mx.nd.ones((1,)), weight)
    assert found == [pytest.approx(2 + np.sin(1))] * WARM
    assert not device.recordings


# -- the switch --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, "", "0"])
def test_graphs_are_off_unless_asked_for(value: str | None, device: StandIn, monkeypatch: pytest.MonkeyPatch):
    if value is None:
        monkeypatch.delenv("MXNET_ENABLE_CUDA_GRAPHS")
    else:
        monkeypatch.setenv("MXNET_ENABLE_CUDA_GRAPHS", value)
    train(bound)
    assert device.asides == 0


def test_a_value_that_means_nothing_is_refused(device: StandIn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MXNET_ENABLE_CUDA_GRAPHS", "yes")
    with pytest.raises(ValueError, match=r"MXNET_ENABLE_CUDA_GRAPHS=yes; expected 1 .* or 0"):
        bound()


@pytest.mark.parametrize("flag", ["static_alloc", "static_shape"])
def test_a_block_has_graphs_only_with_both_promises(flag: str, device: StandIn):
    op = operation(**{flag: False})
    for _ in range(WARM + 2):
        op(mx.nd.ones((1,)), mx.nd.ones((1,)))
    assert device.asides == 0


def test_devices_without_graphs_are_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MXNET_ENABLE_CUDA_GRAPHS", "1")
    assert bound()._graphs is None


# -- when there can be none --------------------------------------------------------------------------------------------


class _Twice(mx.operator.CustomOp):
    def forward(self, is_train: bool, req: Any, in_data: Any, out_data: Any, aux: Any) -> None:
        self.assign(out_data[0], req[0], in_data[0] * 2)

    def backward(self, req: Any, out_grad: Any, in_data: Any, out_data: Any, in_grad: Any, aux: Any) -> None:
        self.assign(in_grad[0], req[0], out_grad[0] * 2)


@mx.operator.register("cuda_graphs_twice")
class _TwiceProp(mx.operator.CustomOpProp):
    def create_operator(self, ctx: Any, in_shapes: Any, in_dtypes: Any) -> _Twice:
        return _Twice()


def _looped(x: mx.sym.Symbol) -> mx.sym.Symbol:
    _, last = mx.sym.contrib.while_loop(lambda s: mx.sym.sum(s) < 10, lambda s: ([], s * 2), x, max_iterations=6)
    return last[0] if isinstance(last, (list, tuple)) else last


IMPOSSIBLE = {
    "Python": (lambda x: mx.sym.Custom(x, op_type="cuda_graphs_twice"), "runs Python at each call"),
    "a loop": (_looped, "what it runs depends on values"),
    "a shape": (lambda x: mx.sym.contrib.boolean_mask(x, mx.sym.sum(x, axis=1) > 2), "depends on values"),
    "indices": (lambda x: mx.sym.take(x, x * 0, mode="raise"), "reads values back"),
    "a loop inside a loop": (
        lambda x: mx.sym.contrib.foreach(lambda row, state: (_looped(row), state), x, x)[0],
        "what it runs depends on values",
    ),
}


@pytest.mark.parametrize("name", list(IMPOSSIBLE))
def test_what_cannot_be_captured_runs_as_it_is(
    name: str, device: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    make, reason = IMPOSSIBLE[name]

    def program() -> list[np.ndarray]:
        executor = make(mx.sym.var("x")).bind(mx.cpu(), {"x": mx.nd.array([[1], [3]])})
        return [executor.forward(x=np.array([[2], [step]]))[0].asnumpy() for step in range(WARM + 4)]

    alike(program, monkeypatch)
    assert not device.attempts
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("CUDA graphs: the executor of ")
    assert "runs as it is" in record.getMessage()
    assert reason in record.getMessage()


def test_several_devices_run_as_they_are(
    device: StandIn, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    plan = Plan([], Placement(lambda node: torch.device("cpu"), lambda node: torch.Generator()))
    assert cuda_graphs.graphs_for("x", plan, [torch.device("cpu"), torch.device("meta")]) is None
    assert "it runs on several devices (cpu, meta)" in caplog.text


def test_a_capture_that_fails_changes_nothing(
    device: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    device.fails = "out of tape\nmore"
    alike(lambda: train(bound), monkeypatch)
    assert not device.recordings
    (record,) = caplog.records
    assert record.getMessage().endswith("runs as it is: capturing failed: out of tape")


def test_a_backward_half_that_fails_changes_nothing(
    device: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    class Failing(StandIn):
        def record(self, function: Any, pool: Any, generators: Any) -> Any:
            self.fails = "no more" if len(self.recordings) == 2 else None
            return super().record(function, pool, generators)

    failing = Failing(torch.device("cpu"))
    monkeypatch.setattr(captures, "_recorders", {torch.device("cpu"): failing})
    alike(lambda: train(bound), monkeypatch)
    assert len(failing.recordings) == 2
    assert len(caplog.records) == 1
    alike(lambda: recorded_steps(lambda net, number: [_trained(net, number)])(), monkeypatch)


def _trained(net: Any, number: int) -> np.ndarray:
    with autograd.record():
        out = net(mx.nd.ones((2, 2, 6, 6)) * number)
    out.backward()
    return out.asnumpy()


def test_an_error_of_the_user_is_told_as_ever(device: StandIn):
    a, b = mx.sym.var("a"), mx.sym.var("b")
    op = mx.cached_op.CachedOp(mx.sym.dot(a, b, name="product"), {"static_alloc": True, "static_shape": True})
    for _ in range(WARM + 2):
        with pytest.raises(mx.MXNetError, match="node 'product'"):
            op(mx.nd.ones((2, 3)), mx.nd.ones((2, 3)))
    for _ in range(WARM + 2):
        assert op(mx.nd.ones((2, 3)), mx.nd.ones((3, 2))).shape == (2, 2)
    assert device.replays == 2


# -- looking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (lambda x: x.sum().item(), "_local_scalar_dense reads values back"),
        (lambda x: bool(x.any()), "reads values back"),
        (lambda x: x.nonzero(), "nonzero reads values back"),
        (lambda x: x[x > 0], "an index of true and false"),
        (lambda x: x.masked_select(x > 0), "masked_select reads"),
        (lambda x: torch.unique(x), "reads values back"),
        (lambda x: torch.equal(x, x + 1), "reads values back"),
        (lambda x: x.to("meta"), "copies from one device to another"),
        (lambda x: x + OUTSIDE, "add reads an array that was kept from an earlier call"),
        (lambda x: x.add_(1).sin() + torch.zeros(3), None),
        (lambda x: torch.where(x > 0, x, torch.tensor(2.0)), None),
        (lambda x: x[torch.tensor([0, 1])], None),
    ],
)
def test_watching(work: Callable[[torch.Tensor], Any], reason: str | None):
    x = torch.arange(3.0)
    with captures.Watch([x], strict=True) as watch:
        work(x)
    assert watch.reason is None if reason is None else reason in (watch.reason or "")


OUTSIDE = torch.ones(3)


def test_watching_writes():
    x, y, generator = torch.zeros(3), torch.zeros(3), torch.Generator()
    with captures.Watch([x, y], strict=True) as watch:
        x.view(3)[1:].bernoulli_(0.5, generator=generator)
        (x + y).sum()
    assert watch.writes_to(x)
    assert not watch.writes_to(y)


def test_memory_comes_from_one_pool_that_is_entered_each_time(device: StandIn):
    op = operation()
    for _ in range(WARM + 4):
        op(mx.nd.ones((1,)), mx.nd.ones((1,)))
    (recording,) = device.recordings
    assert recording.pool.entered == recording.replays == 4
