"""Compilers of hybridized graphs."""

from __future__ import annotations

import logging
import shutil

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet._runtime import backends
from mxnet.gluon import HybridBlock, nn

needs_a_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")


class Small(HybridBlock):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.scale = self.params.get("scale", shape=(3,), init="ones")

    def hybrid_forward(self, F, x, scale):
        return F.tanh(F.broadcast_mul(x, scale)) + x


def trained(net, x):
    x = x.copy()
    x.attach_grad()
    with mx.autograd.record():
        y = net(x)
    y.backward()
    return [net(x).asnumpy(), y.asnumpy(), x.grad.asnumpy(), net.scale.grad().asnumpy()]


@needs_a_compiler
def test_inductor_computes_the_same():
    net, x = Small(), mx.nd.array(np.random.default_rng(0).normal(size=(2, 3)))
    net.initialize()
    expected = trained(net, x)
    net.hybridize(backend="inductor")
    for found, wanted in zip(trained(net, x), expected):
        np.testing.assert_allclose(found, wanted, 1e-5, 1e-6)
    net.scale.set_data(mx.nd.array([2, 2, 2]))  # the compiled code sees new weights
    np.testing.assert_allclose(net(x).asnumpy(), np.tanh(2 * x.asnumpy()) + x.asnumpy(), 1e-5)


def test_what_torch_cannot_compile_runs_as_it_is_and_is_logged_once(monkeypatch, caplog):
    def refuse(function, **options):
        def compiled(arguments):
            raise RuntimeError("no compiler here\nand more")

        return compiled

    monkeypatch.setattr(torch, "compile", refuse)
    net, x = Small(), mx.nd.ones((2, 3))
    net.initialize()
    expected = net(x).asnumpy()
    net.hybridize(backend="inductor")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            np.testing.assert_array_equal(net(x).asnumpy(), expected)
    assert [record.message for record in caplog.records].count(
        "inductor: running as it is, torch.compile failed: no compiler here"
    ) == 1


@pytest.mark.parametrize("call", ["hybridize", "optimize_for"])
def test_an_unknown_backend_is_refused(call):
    net = nn.Dense(3, in_units=2)
    net.initialize()
    arguments = () if call == "hybridize" else (mx.nd.ones((1, 2)),)
    with pytest.raises(mx.MXNetError, match="'nonsense' is not known; there are 'inductor'"):
        getattr(net, call)(*arguments, backend="nonsense")


@pytest.mark.parametrize("name", [None, "MKLDNN", "default"])
def test_names_of_what_plans_do_anyway(name):
    assert backends.backend_named(name) is None


def executor_results(symbol):
    generator = np.random.default_rng(0)
    executor = symbol.simple_bind(mx.cpu(), x=(4, 3), label=(4,))
    for name, array in {**executor.arg_dict, **executor.aux_dict}.items():
        low = 0 if name in ("label", "norm_moving_var") else -1
        array[:] = generator.integers(0, 2, array.shape) if name == "label" else generator.uniform(low, 1, array.shape)
    found = []
    for _ in range(2):
        executor.forward(is_train=True)
        executor.backward()
        found += [executor.outputs[0].asnumpy(), *(g.asnumpy() for g in executor.grad_arrays)]
        found += [a.asnumpy() for a in executor.aux_arrays]
    return [*found, executor.forward(is_train=False)[0].asnumpy()]


@needs_a_compiler
def test_an_executor_of_a_symbol_for_inductor_computes_the_same():
    x = mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=4, name="first")
    x = mx.sym.Activation(mx.sym.BatchNorm(x, name="norm", fix_gamma=False), act_type="tanh")
    symbol = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(x, num_hidden=2, name="second"), mx.sym.var("label"))
    for found, wanted in zip(executor_results(symbol.optimize_for("inductor")), executor_results(symbol), strict=True):
        np.testing.assert_allclose(found, wanted, 1e-4, 1e-5)


@needs_a_compiler
def test_gradients_that_need_nothing_of_the_forward_half():
    """The halves are compiled apart; each executor has code of its own."""
    x = mx.sym.var("x")
    for factor in range(12):  # more than torch keeps for one function
        symbol = mx.sym.Group([(x * factor + 1) * 2, mx.sym.BlockGrad(x) - 3])
        executor = symbol.optimize_for("inductor").simple_bind(mx.cpu(), x=(4,))
        executor.arg_dict["x"][:] = [1, 2, 3, 4]
        outputs = executor.forward(is_train=True)
        executor.backward([mx.nd.array([1, 2, 3, 4]), mx.nd.ones((4,))])
        assert outputs[0].asnumpy().tolist() == [2 + 2 * factor * i for i in (1, 2, 3, 4)]
        assert outputs[1].asnumpy().tolist() == [-2, -1, 0, 1]
        assert executor.grad_dict["x"].asnumpy().tolist() == [2 * factor * i for i in (1, 2, 3, 4)]


@needs_a_compiler
def test_other_shapes_and_dtypes_are_compiled_anew():
    net = Small()
    net.initialize()
    net.hybridize(backend="inductor")
    for shape in ((2, 3), (5, 3), (1, 3), (2, 3)):
        x = mx.nd.array(np.random.default_rng(0).normal(size=shape))
        np.testing.assert_allclose(net(x).asnumpy(), np.tanh(x.asnumpy()) + x.asnumpy(), 1e-5)
        assert net(x).shape == shape
    net.cast("float64")
    np.testing.assert_allclose(net(x.astype("float64")).asnumpy(), np.tanh(x.asnumpy()) + x.asnumpy(), 1e-6)
    assert net(x.astype("float64")).dtype == np.float64


@needs_a_compiler
def test_inductor_predicts_through_convolutions(caplog):
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3), nn.BatchNorm(), nn.Activation("relu"), nn.MaxPool2D(2), nn.Conv2D(4, 1), nn.Flatten())
    net.initialize()
    x = mx.nd.array(np.random.default_rng(0).normal(size=(2, 3, 8, 8)))
    expected = net(x).asnumpy()
    net.hybridize(backend="inductor")
    np.testing.assert_allclose(net(x).asnumpy(), expected, 1e-4, 1e-5)
    assert not [record for record in caplog.records if "running as it is" in record.getMessage()]
    net[0].weight.set_data(net[0].weight.data() * 2)
    np.testing.assert_allclose(
        net(x).asnumpy(), net[5](net[4](net[3](net[2](net[1](net[0](x)))))).asnumpy(), 1e-4, 1e-5
    )


def test_optimize_for_keeps_the_symbol_and_refuses_unknown_names():
    x = mx.sym.var("x") * 2
    assert x.optimize_for("inductor").tojson() == x.tojson()
    assert x.optimize_for("MKLDNN").bind(mx.cpu(), {"x": mx.nd.ones((1,))}).forward()[0].asscalar() == 2
    with pytest.raises(mx.MXNetError, match="'nonsense' is not known"):
        x.optimize_for("nonsense")
