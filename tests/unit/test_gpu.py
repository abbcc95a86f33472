"""What only a CUDA device can show."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch

import mxnet as mx
import mxnet.cached_op
from mxnet._runtime import captures

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(mx.context.num_gpus() == 0, reason="this machine has no CUDA device"),
]


def network() -> mx.sym.Symbol:
    data = mx.sym.var("data")
    with mx.AttrScope(ctx_group="first"):
        hidden = mx.sym.FullyConnected(data, num_hidden=8, name="fc1")
        hidden = mx.sym.BatchNorm(mx.sym.Activation(hidden, act_type="relu"), fix_gamma=False, name="bn")
    with mx.AttrScope(ctx_group="second"):
        hidden = mx.sym.FullyConnected(hidden, num_hidden=3, name="fc2")
        return mx.sym.SoftmaxOutput(hidden, name="softmax")


def gradients(context: mx.Context, **options: object) -> dict[str, np.ndarray]:
    executor = network().simple_bind(context, data=(16, 5), softmax_label=(16,), **options)
    generator = np.random.default_rng(0)
    for name, array in executor.arg_dict.items():
        array[:] = (
            generator.integers(0, 3, array.shape) if name == "softmax_label" else generator.normal(size=array.shape)
        )
    executor.forward(is_train=True)
    executor.backward()
    found = {name: array.asnumpy() for name, array in executor.grad_dict.items()}
    return {**found, "output": executor.outputs[0].asnumpy(), **{n: a.asnumpy() for n, a in executor.aux_dict.items()}}


def test_a_network_computes_what_it_computes_on_the_cpu():
    expected, found = gradients(mx.cpu()), gradients(mx.gpu(0))
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-4, err_msg=name)


def test_groups_on_two_devices():
    expected = gradients(mx.cpu())
    found = gradients(mx.cpu(), group2ctx={"first": mx.gpu(0), "second": mx.cpu()})
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-4, err_msg=name)


def test_arrays_move_and_stay():
    x = mx.nd.array([[1, 2], [3, 4]], ctx=mx.gpu(0))
    assert x.context == mx.gpu(0)
    assert (x * 2).context == mx.gpu(0)
    assert x.as_in_context(mx.cpu()).context == mx.cpu()
    with mx.gpu(0):
        assert mx.nd.zeros((2,)).context == mx.gpu(0)
    x[0] = np.array([7, 8])
    assert x.asnumpy().tolist() == [[7, 8], [3, 4]]
    with pytest.raises(mx.MXNetError, match="device"):
        x + mx.nd.ones((2, 2))


def test_recording():
    x = mx.nd.array([1.0, 2.0], ctx=mx.gpu(0))
    x.attach_grad()
    with mx.autograd.record():
        y = (x * x).sum()
    y.backward()
    assert x.grad.context == mx.gpu(0)
    assert x.grad.asnumpy().tolist() == [2.0, 4.0]


def test_seeds():
    drawn = []
    for _ in range(2):
        mx.random.seed(3, ctx=mx.gpu(0))
        drawn.append(mx.nd.random.normal(shape=(100,), ctx=mx.gpu(0)).asnumpy())
    np.testing.assert_array_equal(*drawn)


def test_indices_out_of_range_are_refused_not_crashed():
    x = mx.nd.zeros((3, 2), ctx=mx.gpu(0))
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        x[mx.nd.array([0, 5], ctx=mx.gpu(0))]
    assert x.asnumpy().sum() == 0


def test_memory_info():
    free, total = mx.context.gpu_memory_info(0)
    assert 0 < free <= total
    mx.gpu(0).empty_cache()


# -- CUDA graphs -------------------------------------------------------------------------------------------------------


def trained(steps: int = 10, **options: object) -> tuple[list[np.ndarray], object]:
    """Train an executor; return what it computed, and the executor."""
    mx.random.seed(7, ctx=mx.gpu(0))
    data = mx.sym.Convolution(mx.sym.var("data"), kernel=(3, 3), num_filter=4, name="conv")
    data = mx.sym.Activation(mx.sym.BatchNorm(data, fix_gamma=False, name="bn"), act_type="relu")
    data = mx.sym.sin(mx.sym.FullyConnected(mx.sym.Dropout(data, p=0.3), num_hidden=3, name="fc"))
    symbol = mx.sym.SoftmaxOutput(data, name="softmax")
    executor = symbol.simple_bind(mx.gpu(0), data=(8, 2, 6, 6), softmax_label=(8,), **options)
    generator = np.random.default_rng(0)
    for array in executor.arg_arrays:
        array[:] = generator.normal(size=array.shape)
    found = []
    for _ in range(steps):
        batch = {"data": generator.normal(size=(8, 2, 6, 6)), "softmax_label": generator.integers(0, 3, 8)}
        executor.forward(is_train=True, **batch)
        executor.backward()
        for name, gradient in executor.grad_dict.items():
            if name not in batch:
                executor.arg_dict[name][:] -= 0.01 * gradient
        found += [executor.outputs[0].asnumpy(), *(array.asnumpy() for array in executor.arg_arrays)]
        found += [array.asnumpy() for array in executor.aux_arrays]
        found.append(executor.forward()[0].asnumpy())
    return found, executor


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MXNET_ENABLE_CUDA_GRAPHS", "1")


@pytest.mark.usefixtures("graphs")
def test_an_executor_trains_with_graphs_as_without(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    found, executor = trained()
    assert not caplog.records
    assert executor._steps[True]._forward._recent.backward[()]._recent is not None  # both halves were captured
    monkeypatch.setenv("MXNET_ENABLE_CUDA_GRAPHS", "0")
    expected, plain = trained()
    assert plain._graphs is None
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def gluon_net() -> mx.gluon.nn.HybridSequential:
    mx.random.seed(5)
    mx.random.seed(5, ctx=mx.gpu(0))
    np.random.seed(5)
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Conv2D(4, 3, in_channels=2, activation="relu"), mx.gluon.nn.BatchNorm(in_channels=4))
    net.add(mx.gluon.nn.Dropout(0.3), mx.gluon.nn.Flatten(), mx.gluon.nn.Dense(3, in_units=64))
    net.initialize(mx.init.Uniform(0.5), ctx=mx.gpu(0))
    net.hybridize(static_alloc=True, static_shape=True)
    return net


def gluon_trained() -> list[np.ndarray]:
    net, generator, found = gluon_net(), np.random.default_rng(0), []
    trainer = mx.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    for step in range(14):
        size = 4 if step % 3 else 2
        x = mx.nd.array(generator.normal(size=(size, 2, 6, 6)), ctx=mx.gpu(0))
        y = mx.nd.array(generator.integers(0, 3, size), ctx=mx.gpu(0))
        with mx.autograd.record():
            outputs = [net(x), net(x * 2)]  # two calls wait for one backward pass
            value = loss(outputs[0], y) + loss(outputs[1], y)
        value.backward()
        trainer.step(size)
        found += [value.asnumpy(), outputs[0].asnumpy(), net(x).asnumpy()]
        found += [parameter.data().asnumpy() for parameter in net.collect_params().values()]
    return found


@pytest.mark.usefixtures("graphs")
def test_a_block_trains_with_graphs_as_without(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    found = gluon_trained()
    assert not caplog.records
    monkeypatch.setenv("MXNET_ENABLE_CUDA_GRAPHS", "0")
    for one, other in zip(found, gluon_trained()):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.usefixtures("graphs")
def test_dropout_draws_the_same_numbers_in_a_graph(monkeypatch: pytest.MonkeyPatch):
    def drawn() -> list[np.ndarray]:
        executor = mx.sym.Dropout(mx.sym.var("x"), p=0.5).bind(mx.gpu(0), {"x": mx.nd.ones((1000,), ctx=mx.gpu(0))})
        mx.random.seed(3, ctx=mx.gpu(0))
        return [executor.forward(is_train=True)[0].asnumpy() for _ in range(6)]

    found = drawn()
    assert (found[4] != found[5]).any()
    monkeypatch.setenv("MXNET_ENABLE_CUDA_GRAPHS", "0")
    for one, other in zip(found, drawn()):
        np.testing.assert_array_equal(one, other)


@pytest.mark.usefixtures("graphs")
def test_a_capture_that_fails_leaves_the_device_usable(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(captures, "waits_for", lambda function, arguments, keywords: None)  # as if it had not been seen
    symbol = mx.sym.linalg.potrf(mx.sym.var("x"))  # asks the device whether there is a root
    executor = symbol.bind(mx.gpu(0), {"x": mx.nd.ones((1, 1), ctx=mx.gpu(0))})
    for step in range(1, 7):
        executor.arg_dict["x"][:] = step**2
        np.testing.assert_allclose(executor.forward()[0].asnumpy(), [[step]], rtol=1e-5)
    (record,) = caplog.records
    assert "capturing failed" in record.getMessage()
    found, _ = trained(5)  # others can still be captured
    assert len(caplog.records) == 1
    assert all(np.isfinite(array).all() for array in found)


@pytest.mark.usefixtures("graphs")
def test_threads_with_streams_of_their_own():
    op = mx.cached_op.CachedOp(
        mx.sym.dot(mx.sym.var("a"), mx.sym.var("b")), {"static_alloc": True, "static_shape": True}
    )
    weight, wrong = mx.nd.ones((64, 64), ctx=mx.gpu(0)), []
    for _ in range(3):
        op(mx.nd.zeros((64, 64), ctx=mx.gpu(0)), weight)

    def work(number: int) -> None:
        with torch.cuda.stream(torch.cuda.Stream()):
            for step in range(50):
                value = number * 50 + step
                found = op(mx.nd.ones((64, 64), ctx=mx.gpu(0)) * value, weight)
                if (found.asnumpy() != 64 * value).any():
                    wrong.append(value)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# -- copies that do not wait -------------------------------------------------------------------------------------------


def test_a_pinned_array_can_be_overwritten_at_once():
    source = mx.nd.zeros((1 << 22,), ctx=mx.cpu_pinned())
    for value in range(1, 20):
        source[:] = value
        copied = source.as_in_context(mx.gpu(0))
        source[:] = -1
        assert float(copied.min().asscalar()) == float(copied.max().asscalar()) == value


@pytest.fixture
def no_waiting() -> Iterator[None]:
    """Whatever stops the host is an error; torch says where."""
    yield
    torch.cuda.set_sync_debug_mode("default")


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "lamb", "lars"])
def test_a_modules_step_does_not_wait(optimizer: str):
    generator = np.random.default_rng(0)
    iterator = mx.io.NDArrayIter(generator.normal(size=(24, 5)), generator.integers(0, 3, 24), 4)
    module, metric = mx.mod.Module(network(), context=mx.gpu(0)), mx.metric.create(["acc", "ce"])
    module.bind(iterator.provide_data, iterator.provide_label)
    module.init_params()
    module.init_optimizer(optimizer=optimizer)
    for number, batch in enumerate(iterator):
        if number == 3:  # the first steps load libraries
            torch.cuda.set_sync_debug_mode("error")
        module.forward_backward(batch)
        module.update()
        module.update_metric(metric, batch.label)
    torch.cuda.set_sync_debug_mode("default")
    assert np.isfinite(metric.get()[1]).all()


@pytest.mark.usefixtures("no_waiting")
def test_a_trainers_step_does_not_wait():
    net, generator = gluon_net(), np.random.default_rng(0)
    trainer = mx.gluon.Trainer(net.collect_params(), "adam")
    loss, metric = mx.gluon.loss.SoftmaxCrossEntropyLoss(), mx.metric.Accuracy()
    data = mx.gluon.data.ArrayDataset(generator.normal(size=(24, 2, 6, 6)).astype("float32"), np.arange(24) % 3)
    for number, (images, labels) in enumerate(mx.gluon.data.DataLoader(data, 4, pin_memory=True)):
        if number == 3:
            torch.cuda.set_sync_debug_mode("error")
        x, y = (mx.gluon.utils.split_and_load(part, [mx.gpu(0)])[0] for part in (images, labels))
        with mx.autograd.record():
            out = net(x)
            value = loss(out, y)
        value.backward()
        trainer.step(4)
        metric.update(y, out)
    torch.cuda.set_sync_debug_mode("default")
    assert 0 <= metric.get()[1] <= 1
