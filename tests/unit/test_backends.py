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
