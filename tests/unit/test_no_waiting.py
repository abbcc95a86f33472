"""Training steps never wait for the device.

In these tests ``mx.gpu(0)`` is torch's meta device: its tensors have no values, so that whatever wants to read one
(item, bool, nonzero, a copy to the host) is an error, as it would be a stop of the queue on a GPU.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet import autograd, gluon
from mxnet._runtime import device as devices
from mxnet._runtime import random as generators
from mxnet.gluon import nn


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[mx.Context]:
    monkeypatch.setattr(devices, "num_gpus", lambda: 1)
    fake = types.SimpleNamespace(device=lambda *which: torch.device("meta"), cuda=torch.cuda, backends=torch.backends)
    monkeypatch.setattr(devices, "torch", fake)
    monkeypatch.setitem(generators._generators, ("gpu", 0), torch.Generator())
    return mx.gpu(0)


def test_reading_fails_here(gpu: mx.Context):
    x = mx.nd.ones((2,), ctx=gpu)
    assert (x + 1).context == gpu
    for read in (x.asnumpy, x.sum().asscalar, lambda: bool(x[0] > 0), lambda: x.as_in_context(mx.cpu())):
        with pytest.raises((RuntimeError, mx.MXNetError, NotImplementedError)):
            read()


def network() -> mx.sym.Symbol:
    hidden = mx.sym.Convolution(mx.sym.var("data"), kernel=(3, 3), num_filter=4)
    hidden = mx.sym.Pooling(mx.sym.BatchNorm(hidden), kernel=(2, 2), pool_type="max")
    hidden = mx.sym.FullyConnected(mx.sym.Dropout(hidden), num_hidden=3)
    return mx.sym.SoftmaxOutput(hidden, name="softmax")


def batches() -> mx.io.NDArrayIter:
    generator = np.random.default_rng(0)
    return mx.io.NDArrayIter(generator.normal(size=(12, 2, 6, 6)), generator.integers(0, 3, 12), 4)


OPTIMIZERS = [name for name in sorted(mx.optimizer.Optimizer.opt_registry) if name not in ("test", "groupadagrad")]
METRICS = ["acc", "ce", "nll_loss", "mae", "rmse", "loss", mx.metric.TopKAccuracy(2), mx.metric.Perplexity(None)]


def metrics() -> Any:
    return mx.metric.create(["acc", "ce", "nll_loss", mx.metric.TopKAccuracy(2), mx.metric.Perplexity(None)])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_modules_step(optimizer: str, gpu: mx.Context):
    module, iterator, metric = mx.mod.Module(network(), context=gpu), batches(), metrics()
    module.bind(iterator.provide_data, iterator.provide_label)
    module.init_params()
    module.init_optimizer(optimizer=optimizer, optimizer_params={"wd": 0.1})
    for batch in iterator:
        module.forward_backward(batch)
        module.update()
        module.update_metric(metric, batch.label)
    assert module.get_outputs()[0].context == gpu


def test_fit_until_its_epoch_is_over(gpu: mx.Context):
    module, seen = mx.mod.Module(network(), context=gpu), []
    with pytest.raises(Exception, match="meta"):  # the metric of the epoch is logged
        module.fit(
            batches(),
            num_epoch=1,
            eval_metric=["acc", "ce"],
            batch_end_callback=[lambda param: seen.append(param.nbatch), mx.callback.Speedometer(4, frequent=50)],
        )
    assert seen == [0, 1]  # in the last batch the metric comes before the callbacks


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_trainers_step(optimizer: str, hybrid: bool, gpu: mx.Context):
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, in_channels=2, activation="relu"), nn.BatchNorm(in_channels=4), nn.Dropout(0.5))
    net.add(nn.GlobalAvgPool2D(), nn.Flatten(), nn.LayerNorm(in_channels=4), nn.Dense(3, in_units=4))
    net.initialize(ctx=gpu)
    if hybrid:
        net.hybridize(static_alloc=True, static_shape=True)
    trainer = gluon.Trainer(net.collect_params(), optimizer, {"wd": 0.1})
    losses = [gluon.loss.SoftmaxCrossEntropyLoss(), gluon.loss.L2Loss(), gluon.loss.HuberLoss()]
    metric = metrics()
    for batch in batches():
        (x,), (y,) = (gluon.utils.split_and_load(part[0], [gpu]) for part in (batch.data, batch.label))
        with autograd.record():
            out = net(x)
            total = losses[0](out, y) + losses[1](out, out * 0) + losses[2](out, out + 1)
        total.backward()
        gradients = [p.grad() for p in net.collect_params().values() if p.grad_req != "null"]
        gluon.utils.clip_global_norm(gradients, 1.0, check_isfinite=False)
        trainer.step(4)
        metric.update(y, out)


@pytest.mark.parametrize(
    ("metric", "shape"),
    [
        (mx.metric.F1(), (4, 2)),
        (mx.metric.MCC(), (4, 2)),
        (mx.metric.MAE(), (4,)),
        (mx.metric.MSE(), (4,)),
        (mx.metric.RMSE(), (4,)),
        (mx.metric.PearsonCorrelation(average="micro"), (4,)),
        (mx.metric.PCC(), (4, 3)),
        (mx.metric.Loss(), (4,)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, mx.metric.EvalMetric) else None,
)
def test_a_metric(metric: Any, shape: tuple[int, ...], gpu: mx.Context):
    for _ in range(2):
        metric.update([mx.nd.ones((4,))], [mx.nd.ones(shape, ctx=gpu)])
    with pytest.raises(Exception, match="meta"):
        metric.get()


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn_tanh"])
def test_a_recurrent_step(kind: str, gpu: mx.Context):
    layer = {"lstm": gluon.rnn.LSTM, "gru": gluon.rnn.GRU, "rnn_tanh": gluon.rnn.RNN}[kind](5, 2, input_size=3)
    layer.initialize(ctx=gpu)
    trainer = gluon.Trainer(layer.collect_params(), "adam")
    state = layer.begin_state(2, ctx=gpu)
    for _ in range(3):
        state = [part.detach() for part in (state if isinstance(state, list) else [state])]
        with autograd.record():
            out, state = layer(mx.nd.ones((4, 2, 3), ctx=gpu), state)
        out.backward()
        trainer.step(2)
