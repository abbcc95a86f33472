"""Layers of gluon.contrib.nn and gluon.contrib.cnn, beyond MXNet's answers (those are in test_gluon_nn.py)."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet.gluon import nn
from mxnet.gluon.contrib import cnn as contrib_cnn
from mxnet.gluon.contrib import nn as contrib_nn
from tests.tolerances import GRADIENT, OPERATOR, assert_close


def values(*shape, seed=0, dtype="float32"):
    return mx.nd.array(np.random.default_rng(seed).normal(size=shape), dtype=dtype)


@pytest.mark.parametrize(
    ("source", "kind", "said"),
    [
        ("nn.PixelShuffle1D(0)", ValueError, ["PixelShuffle1D", "factor", "0"]),
        ("nn.PixelShuffle1D((2,))", TypeError, ["PixelShuffle1D", "factor", "(2,)"]),
        ("nn.PixelShuffle2D((2, 3, 4))", AssertionError, ["PixelShuffle2D", "2 of them", "(2, 3, 4)"]),
        ("nn.PixelShuffle3D((2, 2))", AssertionError, ["PixelShuffle3D", "3 of them", "(2, 2)"]),
        ("nn.SparseEmbedding(0, 1)", ValueError, ["SparseEmbedding", "input_dim", "0"]),
        ("nn.SyncBatchNorm(num_devices='a')", TypeError, ["SyncBatchNorm", "num_devices", "'a'"]),
        ("nn.HybridConcurrent().add(nn.Concurrent())", ValueError, ["HybridBlock", "Concurrent"]),
        ("nn.SparseEmbedding(3, 1)(mx.nd.ones((1,)))", RuntimeError, ["row_sparse", "Trainer"]),
        ("cnn.DeformableConvolution(3, (2,))", ValueError, ["DeformableConvolution", "kernel_size", "(2,)"]),
        ("cnn.DeformableConvolution(3, layout='NHWC')", ValueError, ["DeformableConvolution", "'NHWC'", "'NCHW'"]),
        ("cnn.DeformableConvolution(3, adj=1)", ValueError, ["DeformableConvolution", "adj", "leave it out"]),
        ("cnn.DeformableConvolution(3, groups=2)", ValueError, ["groups is 2", "channels=3"]),
        ("cnn.ModulatedDeformableConvolution(4, groups=2)", ValueError, ["groups is 2", "3 numbers"]),
        ("cnn.ModulatedDeformableConvolution(0)", ValueError, ["ModulatedDeformableConvolution", "channels", "0"]),
    ],
)
def test_wrong_arguments_are_refused(source, kind, said):
    with pytest.raises(mx.MXNetError) as caught:
        eval(source, {"nn": contrib_nn, "cnn": contrib_cnn, "mx": mx})
    assert isinstance(caught.value, kind)
    for part in said:
        assert part in str(caught.value)


@settings(max_examples=20, deadline=None)
@given(factors=st.lists(st.integers(1, 3), min_size=1, max_size=3), channels=st.integers(1, 3), hybrid=st.booleans())
def test_pixel_shuffle_moves_channels_into_places(factors, channels, hybrid):
    axes = len(factors)
    size = tuple(range(2, 2 + axes))
    x = values(2, channels * int(np.prod(factors)), *size)
    kind = (contrib_nn.PixelShuffle1D, contrib_nn.PixelShuffle2D, contrib_nn.PixelShuffle3D)[axes - 1]
    layer = kind(factors[0] if axes == 1 else tuple(factors))
    layer.hybridize(hybrid)
    split = x.asnumpy().reshape(2, channels, *factors, *size)
    order = [0, 1, *(axis for i in range(axes) for axis in (2 + axes + i, 2 + i))]
    expected = split.transpose(order).reshape(2, channels, *(n * f for n, f in zip(size, factors)))
    assert_close(layer(x).asnumpy(), expected, OPERATOR, repr(layer))


@pytest.mark.parametrize("options", [{}, {"strides": (2, 1), "dilation": (1, 2), "num_deformable_group": 2}])
@pytest.mark.parametrize("kind", [contrib_cnn.DeformableConvolution, contrib_cnn.ModulatedDeformableConvolution])
def test_without_offsets_it_is_a_convolution(kind, options):
    """What the first convolution is initialized with: no offset, and all weights 1."""
    x = values(2, 4, 6, 5)
    layer = kind(3, (3, 3), padding=(1, 1), activation="relu", **options)
    layer.initialize(mx.init.Normal(1))
    plain = nn.Conv2D(3, 3, padding=1, strides=options.get("strides", 1), dilation=options.get("dilation", 1))
    plain.initialize()
    plain(x)
    expected = layer(x)
    plain.weight.set_data(layer.deformable_conv_weight.data())
    plain.bias.set_data(layer.deformable_conv_bias.data())
    assert_close(expected.asnumpy(), mx.nd.relu(plain(x)).asnumpy(), GRADIENT, kind.__name__)


@pytest.mark.parametrize("kind", [contrib_cnn.DeformableConvolution, contrib_cnn.ModulatedDeformableConvolution])
def test_places_are_learnt(kind):
    x = values(2, 4, 6, 5)
    layer = kind(3, (3, 3), padding=(1, 1), offset_weight_initializer=mx.init.Normal(0.1), in_channels=4)
    layer.initialize(mx.init.Normal(1))
    layer.hybridize()
    with mx.autograd.record():
        y = (layer(x) ** 2).sum()
    y.backward()
    for name, parameter in layer.collect_params().items():
        assert parameter.grad().abs().sum().asscalar() > 0, name


def test_channels_given_are_there_before_the_first_call():
    """MXNet 1.9.1 finds those of the second convolution at the first call only."""
    layer = contrib_cnn.DeformableConvolution(4, (3, 3), in_channels=2)
    layer.initialize()
    assert layer.deformable_conv_weight.data().shape == (4, 2, 3, 3)


def test_sync_batch_norm_asks_for_the_number_of_devices():
    with pytest.warns(UserWarning, match="SyncBatchNorm") as caught:
        layer = contrib_nn.SyncBatchNorm()
    assert "Caution using SyncBatchNorm" in str(caught[0].message)
    assert caught[0].filename == __file__
    assert layer._kwargs["ndev"] == max(1, mx.context.num_gpus())


def test_sync_batch_norm_says_that_devices_are_on_their_own():
    with pytest.warns(UserWarning, match="SyncBatchNorm: each of the 2 devices") as caught:
        layer = contrib_nn.SyncBatchNorm(in_channels=3, num_devices=2)
    assert caught[0].filename == __file__
    assert layer._kwargs["ndev"] == 2
    contexts = [mx.cpu(0), mx.cpu(1)]
    layer.initialize(ctx=contexts)
    with mx.autograd.record():
        outputs = [layer(values(5, 3, seed=i).as_in_context(ctx)) for i, ctx in enumerate(contexts)]
    for output in outputs:
        np.testing.assert_allclose(output.asnumpy().mean(axis=0), 0, atol=1e-5)


@pytest.mark.parametrize("hybrid", [False, True])
def test_sync_batch_norm_on_one_device_is_batch_norm(hybrid):
    x = values(4, 3, 5)
    found = []
    for layer in (nn.BatchNorm(), contrib_nn.SyncBatchNorm(num_devices=1)):
        layer.initialize()
        layer.hybridize(hybrid)
        x.attach_grad()
        with mx.autograd.record():
            y = layer(x)
        y.backward(values(4, 3, 5, seed=1))
        found.append([y, x.grad, layer.running_mean.data(), layer.running_var.data(), layer(x)])
    for one, other in zip(*found):
        assert_close(one.asnumpy(), other.asnumpy(), GRADIENT, "SyncBatchNorm")


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_sparse_embedding_moves_only_the_rows_of_a_batch(optimizer):
    layer = contrib_nn.SparseEmbedding(6, 2)
    layer.initialize(mx.init.One())
    store = mx.kv.create("local")
    trainer = mx.gluon.Trainer(layer.collect_params(), optimizer, {"learning_rate": 0.5}, kvstore=store)
    for _ in range(2):
        with mx.autograd.record():
            y = layer(mx.nd.array([[1, 3], [3, 3]]))
        y.backward()
        trainer.step(1)
    rows = layer.weight.row_sparse_data(mx.nd.arange(6)).tostype("default").asnumpy()
    assert np.flatnonzero((rows != 1).any(axis=1)).tolist() == [1, 3]


def test_parts_are_loaded_when_they_are_asked_for():
    code = (
        "import sys, mxnet as mx; mx.gluon.contrib; before = 'mxnet.gluon.contrib.cnn' in sys.modules;"
        "mx.gluon.contrib.cnn.DeformableConvolution; print(before, 'mxnet.gluon.contrib.cnn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
    assert {"cnn", "data", "estimator", "nn", "rnn"} <= set(dir(mx.gluon.contrib))
    with pytest.raises(AttributeError, match="bogus"):
        _ = mx.gluon.contrib.bogus
