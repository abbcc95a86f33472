"""Layers of gluon.nn: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import copy
import functools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet.gluon import nn
from tests.golden import programs
from tests.tolerances import OPERATOR, assert_close

GROUP = "gluon_nn"


def values(*shape, seed=0, dtype="float32"):
    return mx.nd.array(np.random.default_rng(seed).normal(size=shape), dtype=dtype)


def filled(layer, *inputs):
    """Initialize a layer, give it shapes and random parameters."""
    layer.initialize()
    layer(*inputs)
    for number, (name, parameter) in enumerate(layer.collect_params().items()):
        drawn = values(*parameter.shape, seed=number + 1, dtype=parameter.dtype)
        parameter.set_data(drawn**2 + 0.5 if name.endswith("var") else drawn)
    return layer


def step(layer, x):
    """Return the output of a training step and the gradient of `x`."""
    x = x.copy()
    x.attach_grad()
    with mx.autograd.record():
        y = layer(x)
    y.backward(values(*y.shape, seed=9, dtype=y.dtype))
    return y.asnumpy(), x.grad.asnumpy()


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    loose = {"relative": 2e-3, "absolute": 2e-3} if "float16" in name else {}
    programs.check(GROUP, name, mx, **loose)


# -- beyond MXNet's answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "kind", "said"),
    [
        ("nn.Dense(0)", ValueError, ["Dense", "units", "at least 1", "0"]),
        ("nn.Dense(3.0)", TypeError, ["Dense", "units", "integer", "3.0 of float"]),
        ("nn.Dense('3')", TypeError, ["Dense", "units", "'3' of str"]),
        ("nn.Dense(3, in_units=-1)", ValueError, ["Dense", "in_units", "at least 0", "-1"]),
        ("nn.Dense(3, activation='leaky')", ValueError, ["Activation", "'leaky'", "'relu'", "'tanh'"]),
        ("nn.Dense(3, activation=mx.nd.relu)", TypeError, ["Activation", "must be one of"]),
        ("nn.Dense(3, 'relu', True, True, 'float32', 'bogus', in_units=2).initialize()", ValueError, ["bogus"]),
        ("nn.Dropout(1.5)", ValueError, ["Dropout", "rate", "1.5", "from 0 to 1"]),
        ("nn.Dropout(-0.5)", ValueError, ["Dropout", "rate", "-0.5"]),
        ("nn.Dropout('a')", TypeError, ["Dropout", "rate", "'a'"]),
        ("nn.Dropout(float('nan'))", ValueError, ["Dropout", "rate", "nan"]),
        ("nn.Embedding(0, 3)", ValueError, ["Embedding", "input_dim", "0"]),
        ("nn.Embedding(3, -1)", ValueError, ["Embedding", "output_dim", "-1"]),
        ("nn.Lambda(3)", ValueError, ["Lambda", "3", "callable"]),
        ("nn.Lambda('bogus')", AssertionError, ["Lambda", "bogus", "not found"]),
        ("nn.HybridLambda('bogus')", AssertionError, ["HybridLambda", "bogus", "not found"]),
        ("nn.LeakyReLU(-1)", AssertionError, ["LeakyReLU", "alpha", "-1"]),
        ("nn.PReLU(in_channels=-2)", ValueError, ["PReLU", "in_channels", "-2"]),
        ("nn.BatchNorm(in_channels=-1)", ValueError, ["BatchNorm", "in_channels", "-1"]),
        ("nn.LayerNorm(in_channels='3')", TypeError, ["LayerNorm", "in_channels", "'3'"]),
        ("nn.InstanceNorm(in_channels=2.5)", TypeError, ["InstanceNorm", "in_channels", "2.5"]),
        ("nn.GroupNorm(0)", ValueError, ["GroupNorm", "num_groups", "0"]),
        ("nn.Conv2D(3, (2,))", AssertionError, ["Conv2D", "kernel_size", "2 ints", "(2,)"]),
        ("nn.Conv2D(3, 2, strides=(1,))", ValueError, ["Conv2D", "strides", "2 ints", "(1,)"]),
        ("nn.Conv3D(3, 2, padding=(1, 1))", ValueError, ["Conv3D", "padding", "3 ints"]),
        ("nn.Conv1D(3, 2, dilation=(1, 1))", ValueError, ["Conv1D", "dilation", "1 ints"]),
        ("nn.Conv2D(3, 2.5)", TypeError, ["Conv2D", "kernel_size", "2.5"]),
        ("nn.Conv2D(3, 0)", ValueError, ["Conv2D", "kernel_size", "at least 1"]),
        ("nn.Conv2D(-1, 2)", ValueError, ["Conv2D", "channels", "-1"]),
        ("nn.Conv2D(4, 2, groups=0)", ValueError, ["Conv2D", "groups", "0"]),  # kills MXNet's process
        ("nn.Conv2D(4, 2, groups=3)", ValueError, ["Conv2D", "groups is 3", "channels=4"]),
        ("nn.Conv2D(4, 2, groups=2, in_channels=3)", ValueError, ["Conv2D", "groups is 2", "in_channels=3"]),
        ("nn.Conv2D(3, 2, layout='HWNC')", AssertionError, ["Conv2D", "'HWNC'", "'NCHW' and 'NHWC'"]),
        ("nn.Conv2DTranspose(3, 2, output_padding=(1,))", AssertionError, ["Conv2DTranspose", "output_padding"]),
        ("nn.MaxPool2D((2, 2, 2))", AssertionError, ["MaxPool2D", "pool_size", "(2, 2, 2)"]),
        ("nn.MaxPool2D(2, strides=(2,))", ValueError, ["MaxPool2D", "strides", "(2,)"]),
        ("nn.AvgPool1D(0)", ValueError, ["AvgPool1D", "pool_size", "at least 1"]),
        ("nn.GlobalAvgPool2D('NCW')", AssertionError, ["GlobalAvgPool2D", "'NCW'", "'NCHW' and 'NHWC'"]),
        ("nn.ReflectionPad2D((1, 1))", AssertionError, ["ReflectionPad2D", "padding", "(1, 1)"]),
        ("nn.HybridSequential().add(nn.Lambda('relu'))", ValueError, ["HybridBlock", "Lambda(relu)"]),
        ("nn.HybridSequential().add(3)", ValueError, ["HybridBlock", "3"]),
    ],
)
def test_wrong_arguments_are_refused(source, kind, said):
    with pytest.raises(mx.MXNetError) as caught:
        eval(source, {"nn": nn, "mx": mx})
    assert isinstance(caught.value, kind)
    for part in said:
        assert part in str(caught.value)


def test_wrong_data_is_refused_in_the_layers_name():
    layer = nn.Conv2D(3, 2, in_channels=4, prefix="stem_")
    layer.initialize()
    layer.hybridize()
    with pytest.raises(mx.MXNetError, match=r"stem_fwd.*\(1, 2, 5, 5\)"):
        layer(values(1, 2, 5, 5))


def test_numbers_of_numpy_are_taken():
    two = np.int64(2)
    assert nn.Dense(two, in_units=two).weight.shape == (2, 2)
    assert nn.Conv2D(two, (two, two), in_channels=two).weight.shape == (2, 2, 2, 2)
    assert nn.MaxPool2D(two)._kwargs["kernel"] == (2, 2)
    assert nn.Dropout(np.float32(0.5))(values(2)).shape == (2,)


def test_dropping_everything_gives_zeros():
    """MXNet 1.9.1: NaN."""
    y, gradient = step(nn.Dropout(1), values(3, 4))
    assert not y.any()
    assert not gradient.any()


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("options", [{"scale": False}, {"center": False}, {"scale": False, "center": False}])
def test_batch_norm_with_fixed_factors_trains_the_rest(options, hybrid):
    net = nn.HybridSequential()
    net.add(nn.Dense(4, use_bias=False), nn.BatchNorm(**options), nn.Dense(1))
    x = values(8, 3)
    filled(net, x)
    for name in ("gamma", "beta"):
        getattr(net[1], name).initialize(force_reinit=True)
    net.hybridize(hybrid)
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.05})
    before = {name: parameter.data().asnumpy() for name, parameter in net.collect_params().items()}
    losses = []
    for _ in range(20):
        with mx.autograd.record():
            loss = ((net(x) - x[:, :1]) ** 2).mean()
        loss.backward()
        trainer.step(1)
        losses.append(loss.asscalar())
    assert losses[-1] < losses[0] / 2
    after = {name: parameter.data().asnumpy() for name, parameter in net.collect_params().items()}
    still = {name.split("_", 1)[1] for name in before if (before[name] == after[name]).all()}
    fixed = {"gamma" if "scale" in options else "", "beta" if "center" in options else ""} - {""}
    assert still == fixed


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("options", [{}, {"scale": False}, {"use_global_stats": True}, {"axis": -1}])
def test_batch_norm_relu_is_both(options, hybrid):
    """MXNet 1.9.1 has it for some CPUs and shapes."""
    x = values(4, 3, 2, 5)
    plain, fused = filled(nn.BatchNorm(**options), x), filled(nn.BatchNormReLU(**options), x)
    both = nn.HybridSequential()
    both.add(plain, nn.Activation("relu"))
    both.hybridize(hybrid)
    fused.hybridize(hybrid)
    for found, expected in zip((*step(fused, x), fused(x).asnumpy()), (*step(both, x), both(x).asnumpy())):
        assert_close(found, expected, {"float32": (1e-4, 1e-5)}, str(options))
    for name in ("running_mean", "running_var"):
        assert_close(getattr(fused, name).data().asnumpy(), getattr(plain, name).data().asnumpy(), OPERATOR, name)


def test_half_precision_keeps_the_statistics_in_single_precision():
    for dtype in ("float16", np.float16, np.dtype("float16")):
        layer = nn.BatchNorm(in_channels=3)
        layer.cast(dtype)
        layer.initialize()
        assert {np.dtype(p.dtype).name for p in layer.collect_params().values()} == {"float32"}
        with mx.autograd.record():
            assert np.dtype(layer(values(4, 3, dtype="float16")).dtype).name == "float16"
    net = nn.HybridSequential()
    net.add(nn.Dense(3, in_units=3), layer)
    net.cast("float16")
    assert [np.dtype(p.dtype).name for p in net.collect_params().values()] == ["float16"] * 2 + ["float32"] * 4


@pytest.mark.parametrize("dtype", ["float16", "float64"])
@pytest.mark.parametrize(
    "layer",
    [nn.InstanceNorm(), nn.LayerNorm(), nn.GroupNorm(), nn.Dense(2), nn.Conv1D(2, 2), nn.Conv1DTranspose(2, 2),
     nn.PReLU(), nn.SELU(), nn.GELU(), nn.Swish(), nn.ELU(), nn.LeakyReLU(0.1), nn.AvgPool1D(), nn.MaxPool1D()],
    ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_other_dtypes(layer, dtype):
    """MXNet 1.9.1 has no InstanceNorm in them, and some more only on GPUs."""
    x = values(2, 3, 4)
    layer = filled(copy.deepcopy(layer), x)
    expected = layer(x).asnumpy()
    layer.cast(dtype)
    found = layer(x.astype(dtype))
    assert np.dtype(found.dtype).name == dtype
    assert_close(found.astype("float32").asnumpy(), expected, {"float32": (1e-2, 1e-2)}, dtype)


@pytest.mark.parametrize("hybrid", [False, True])
def test_channels_last_equals_channels_first(hybrid):
    """MXNet 1.9.1 has convolutions with channels last on GPUs only."""
    for make, axes in ((nn.Conv2D, 4), (nn.Conv3D, 5), (nn.Conv2DTranspose, 4), (nn.Conv3DTranspose, 5)):
        first_layout, last_layout = {4: ("NCHW", "NHWC"), 5: ("NCDHW", "NDHWC")}[axes]
        options = {"strides": 2, "padding": 1, "activation": "tanh", "groups": 2}
        x = values(2, 4, *(5, 6, 4)[: axes - 2])
        to_last = (0, *range(2, axes), 1)
        first = filled(make(6, 3, layout=first_layout, **options), x)
        last = filled(make(6, 3, layout=last_layout, **options), x.transpose(to_last))
        last.weight.set_data(first.weight.data().transpose(to_last))
        first.hybridize(hybrid)
        last.hybridize(hybrid)
        y = first(x)
        assert_close(last(x.transpose(to_last)).asnumpy(), y.transpose(to_last).asnumpy(), OPERATOR, make.__name__)


def test_transposed_convolution_in_groups_finds_its_channels():
    """MXNet 1.9.1 needs in_channels."""
    layer = filled(nn.Conv1DTranspose(4, 3, groups=2), values(1, 6, 5))
    assert layer.weight.shape == (6, 2, 3)


@pytest.mark.parametrize("hybrid", [False, True])
def test_embedding_with_sparse_gradients(hybrid):
    layer = nn.Embedding(1000, 3, sparse_grad=True)
    layer.initialize()
    layer.hybridize(hybrid)
    trainer = mx.gluon.Trainer(layer.collect_params(), "adam", {"learning_rate": 0.1})
    before = layer.weight.data().asnumpy()
    with mx.autograd.record():
        y = layer(mx.nd.array([5, 9, 5]))
    y.backward()
    gradient = layer.weight.grad()
    assert gradient.stype == "row_sparse"
    assert gradient.indices.asnumpy().tolist() == [5, 9]
    assert gradient.data.asnumpy().tolist() == [[2] * 3, [1] * 3]
    trainer.step(1)
    moved = (layer.weight.data().asnumpy() != before).any(axis=1)
    assert np.flatnonzero(moved).tolist() == [5, 9]


def test_functions_of_any_kind():
    class Doubled:
        def __call__(self, x):
            return x * 2

    class HybridDoubled:
        def __call__(self, F, x):
            return F.broadcast_add(x, x)

    x = values(2, 3)
    assert repr(nn.Lambda(Doubled())) == "Lambda(Doubled)"
    assert repr(nn.HybridLambda(HybridDoubled())) == "HybridLambda(HybridDoubled)"
    assert repr(nn.Lambda(functools.partial(mx.nd.clip, a_min=0, a_max=1))) == "Lambda(partial)"
    for layer in (nn.Lambda(Doubled()), nn.HybridLambda(HybridDoubled())):
        assert_close(layer(x).asnumpy(), 2 * x.asnumpy(), OPERATOR, repr(layer))
    two = nn.HybridLambda("broadcast_mul")
    for active in (False, True):
        two.hybridize(active)
        assert_close(two(x, x).asnumpy(), x.asnumpy() ** 2, OPERATOR, "two inputs")


@pytest.mark.parametrize("layer", [nn.Lambda("relu"), nn.HybridLambda("relu"), nn.Activation("tanh")], ids=repr)
def test_functions_by_name_are_pickled(layer):
    """MXNet 1.9.1 cannot."""
    other = pickle.loads(pickle.dumps(layer))
    assert repr(other) == repr(layer)
    assert_close(other(values(3)).asnumpy(), layer(values(3)).asnumpy(), OPERATOR, repr(layer))


def test_activation_of_a_subclass_may_have_other_names():
    class Own(nn.Activation):
        def hybrid_forward(self, F, x):
            return F.square(x) if self._act_type == "square" else super().hybrid_forward(F, x)

    with mx.name.NameManager():
        layer = Own("square")
    assert (layer.name, repr(layer)) == ("square0", "Own(square)")
    assert layer(mx.nd.array([3])).asscalar() == 9


def test_convolution_of_a_subclass_may_have_another_operator():
    class Own(nn.conv_layers._Conv):
        def __init__(self, channels, kernel_size, **kwargs):
            super().__init__(channels, (kernel_size,) * 2, (1, 1), 0, 1, 1, "NCHW", op_name="Convolution_v1", **kwargs)

    x = values(1, 4, 5, 5)
    plain, own = filled(nn.Conv2D(3, 2, in_channels=4), x), Own(3, 2, in_channels=4)
    assert own.weight.shape == (3, 4, 2, 2)
    assert_close(filled(own, x)(x).asnumpy(), plain(x).asnumpy(), OPERATOR, "Convolution_v1")


def test_hybridize_warns_where_it_is_called():
    net = nn.Sequential()
    net.add(nn.Dense(2))
    with pytest.warns(UserWarning, match="Consider using HybridSequential") as caught:
        net.hybridize()
    assert caught[0].filename == __file__
    assert net[0]._active


def test_slices_share_children():
    net = nn.HybridSequential()
    net.add(*(nn.Dense(3, in_units=3) for _ in range(4)))
    net.initialize()
    x = values(2, 3)
    assert_close(net[2:](net[:2](x)).asnumpy(), net(x).asnumpy(), OPERATOR, "slices")
    net.hybridize()
    assert_close(net[2:](net[:2](x)).asnumpy(), net(x).asnumpy(), OPERATOR, "hybridized")


def test_adding_a_child_after_a_call_counts():
    net = nn.HybridSequential()
    net.add(nn.Dense(3, in_units=3))
    net.initialize()
    net.hybridize()
    x = values(2, 3)
    before = net(x)
    net.add(nn.Activation("relu"))
    assert_close(net(x).asnumpy(), np.maximum(before.asnumpy(), 0), OPERATOR, "with relu")


# -- against NumPy ---------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    batch=st.integers(1, 4),
    axes=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    units=st.integers(1, 5),
    flatten=st.booleans(),
    use_bias=st.booleans(),
    hybrid=st.booleans(),
)
def test_dense_is_a_matrix_product(batch, axes, units, flatten, use_bias, hybrid):
    x = values(batch, *axes)
    layer = filled(nn.Dense(units, flatten=flatten, use_bias=use_bias), x)
    layer.hybridize(hybrid)
    data = x.asnumpy().reshape(batch, -1) if flatten else x.asnumpy()
    expected = data @ layer.weight.data().asnumpy().T + (layer.bias.data().asnumpy() if use_bias else 0)
    assert_close(layer(x).asnumpy(), expected, {"float32": (1e-4, 1e-5)}, "Dense")


@settings(max_examples=30, deadline=None)
@given(
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    size=st.tuples(st.integers(5, 8), st.integers(5, 8)),
)
def test_convolutions_have_the_published_sizes(kernel, strides, padding, dilation, size):
    x = values(1, 2, *size)
    along = list(zip(size, kernel, strides, padding, dilation))
    forward = filled(nn.Conv2D(3, kernel, strides, padding, dilation), x)
    assert forward(x).shape == (1, 3, *((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in along))
    if all((n - 1) * s + d * (k - 1) + 1 - 2 * p > 0 for n, k, s, p, d in along):
        back = filled(nn.Conv2DTranspose(3, kernel, strides, padding, dilation=dilation), x)
        assert back(x).shape == (1, 3, *((n - 1) * s + d * (k - 1) + 1 - 2 * p for n, k, s, p, d in along))


@settings(max_examples=30, deadline=None)
@given(shape=st.tuples(st.integers(1, 3), st.sampled_from([2, 4]), st.integers(2, 4)), axis=st.sampled_from([-1, 1, 2]))
def test_normalizations_by_their_formulas(shape, axis):
    x = values(*shape)
    data = x.asnumpy().astype("float64")

    def normalized(axes, among=data):
        return (among - among.mean(axes, keepdims=True)) / np.sqrt(among.var(axes, keepdims=True) + 1e-5)

    layer = nn.LayerNorm(axis=axis)
    layer.initialize()
    np.testing.assert_allclose(layer(x).asnumpy(), normalized(axis), 1e-3, 1e-4)
    layer = nn.InstanceNorm(axis=axis)
    layer.initialize()
    np.testing.assert_allclose(layer(x).asnumpy(), normalized(2 if axis == 1 else 1), 1e-3, 1e-4)
    layer = nn.GroupNorm(2)
    layer.initialize()
    grouped = data.reshape(shape[0], 2, -1)
    np.testing.assert_allclose(layer(x).asnumpy(), normalized(2, grouped).reshape(shape), 1e-3, 1e-4)
