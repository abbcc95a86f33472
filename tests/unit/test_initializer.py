"""Initializers: against what MXNet 1.9.1 answers, by their distributions, and what is promised beyond it."""

from __future__ import annotations

import copy
import logging
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from tests.golden import programs

GROUP = "initializers"
I = mx.init


def filled(init, shape, name="x_weight", dtype="float32", attrs=None):
    array = mx.nd.full(shape, 5, dtype=dtype)
    init(I.InitDesc(name, attrs), array)
    return array.asnumpy()


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


# -- distributions -----------------------------------------------------------------------------------------------------


def deviation(init, shape=(200, 300), dtype="float32"):
    """Return mean over standard error, standard deviation, and largest absolute value."""
    values = filled(init, shape, dtype=dtype).astype(np.float64)
    return values.mean() / values.std() * math.sqrt(values.size), values.std(), np.abs(values).max()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("scale", [0.07, 1, 3.5])
def test_uniform(scale, dtype):
    mean, std, largest = deviation(I.Uniform(scale), dtype=dtype)
    assert abs(mean) < 6
    np.testing.assert_allclose(std, scale / math.sqrt(3), rtol=0.02)
    assert 0.99 * scale < largest <= scale * 1.001


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("sigma", [0.01, 2])
def test_normal(sigma, dtype):
    mean, std, largest = deviation(I.Normal(sigma), dtype=dtype)
    assert abs(mean) < 6
    np.testing.assert_allclose(std, sigma, rtol=0.02)
    assert 3.5 * sigma < largest < 7 * sigma


@pytest.mark.parametrize("shape", [(200, 300), (60, 40, 5, 5), (30, 60, 3, 3, 3)])
@pytest.mark.parametrize("factor_type", ["avg", "in", "out"])
@pytest.mark.parametrize("rnd_type", ["uniform", "gaussian"])
def test_xavier(rnd_type, factor_type, shape):
    kernel = math.prod(shape[2:])
    fan_in, fan_out = shape[1] * kernel, shape[0] * kernel
    scale = math.sqrt(2.5 / {"avg": (fan_in + fan_out) / 2, "in": fan_in, "out": fan_out}[factor_type])
    mean, std, largest = deviation(I.Xavier(rnd_type, factor_type, 2.5), shape)
    assert abs(mean) < 6
    if rnd_type == "uniform":
        np.testing.assert_allclose(std, scale / math.sqrt(3), rtol=0.02)
        assert 0.99 * scale < largest <= scale * 1.001
    else:
        np.testing.assert_allclose(std, scale, rtol=0.02)
        assert largest > 3.5 * scale


@pytest.mark.parametrize("slope", [0, 0.25, 1])
def test_msra_prelu(slope):
    _, std, largest = deviation(I.MSRAPrelu("in", slope))
    np.testing.assert_allclose(std, math.sqrt(2 / (1 + slope**2) / 300), rtol=0.02)
    assert largest > 3.5 * std


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.floats(0.1, 5),
    st.sampled_from(["uniform", "normal"]),
    st.sampled_from(["float16", "float32", "float64"]),
)
def test_orthogonal(shape, scale, kind, dtype):
    matrix = filled(I.Orthogonal(scale, kind), shape, dtype=dtype).astype(np.float64).reshape(shape[0], -1)
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, scale**2 * np.eye(len(product)), atol=scale**2 * 5e-3)


def test_orthogonal_differs_from_call_to_call():
    assert not np.allclose(filled(I.Orthogonal(), (4, 4)), filled(I.Orthogonal(), (4, 4)))


def test_quantized_weights_are_random_integers():
    """MXNet 1.9.1 fills the array with one number."""
    for dtype in ("int8", "float32", "int32"):
        values = filled(I.Xavier(), (60, 60), "x_weight_quantize", dtype)
        assert values.dtype == dtype
        assert set(range(-127, 127)) == set(values.astype(int).ravel().tolist())


def test_written_in_place_on_the_arrays_own_device():
    array = mx.nd.zeros((3, 4), ctx=mx.cpu(1))
    view = array[1:3]
    for init in (I.Xavier(), I.Orthogonal(), I.Normal(), I.Constant([1, 2, 3, 4]), I.Uniform()):
        array[:] = 0
        init(I.InitDesc("x_weight"), view)
        assert (array[1:3].asnumpy() == view.asnumpy()).all()
        assert abs(array[1:3].asnumpy()).min() > 0
        assert (array[0].asnumpy() == 0).all()
        assert array.context == view.context == mx.cpu(1)


def test_two_devices_follow_their_own_seeds():
    found = []
    for _ in range(2):
        mx.random.seed(5)
        arrays = [mx.nd.zeros((3,), ctx=mx.cpu(i)) for i in range(2)]
        for array in arrays:
            I.Uniform(1)(I.InitDesc("x_weight"), array)
        found.append([array.asnumpy().tolist() for array in arrays])
    assert found[0] == found[1]
    assert found[0][0] != found[0][1]


# -- beyond MXNet's answers --------------------------------------------------------------------------------------------


def test_deprecated_call_warns_at_the_caller():
    with pytest.warns(DeprecationWarning, match=r"init\(str, NDArray\)") as found:
        I.One()("x_weight", mx.nd.zeros((2,)))
    assert found[0].filename == __file__


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda a: I.Zero()(I.InitDesc("foo"), a),
            ValueError,
            r"pattern for foo.*Zero.*weight.*Variable\('foo', init=",
        ),
        (lambda a: I.Xavier()(I.InitDesc("x_weight"), a), ValueError, r"vector x_weight.*shape is \(6,\)"),
        (lambda a: I.Bilinear()(I.InitDesc("x_weight"), a), ValueError, r"x_weight has shape \(6,\).*four axes"),
        (lambda a: I.Orthogonal(1, "x")(I.InitDesc("x_weight"), a), ValueError, "rand_type is 'x', expected 'uniform'"),
        (lambda a: I.Xavier("x")(I.InitDesc("x_weight"), a.reshape((2, 3))), ValueError, "random type 'x', expected"),
        (
            lambda a: I.Xavier(factor_type="x")(I.InitDesc("x_weight"), a.reshape((2, 3))),
            ValueError,
            "type 'x', expected",
        ),
        (lambda a: I.Xavier(magnitude=-1)(I.InitDesc("x_weight"), a.reshape((2, 3))), ValueError, "magnitude is -1"),
        (lambda a: I.Zero()(I.InitDesc("x", {"__init__": "["}), a), ValueError, "is no JSON"),
        (lambda a: I.Zero()(I.InitDesc("x", {"__init__": "nope"}), a), ValueError, "nope is not registered"),
        (lambda a: I.Zero()._init_loc_bias("stn_loc_bias", a[:5]), ValueError, r"\(5,\); expected \(6,\)"),
        (lambda a: I.Mixed(["a"], []), ValueError, "1 patterns and 0 initializers"),
        (lambda a: I.Mixed(["b"], [I.Zero()])("a", a), ValueError, "name a did not match"),
        (lambda a: I.Load({})("w", a), ValueError, "Cannot Initialize w"),
        (lambda a: I.Load({"w": a[:2]})("w", a), ValueError, r"target \(6,\) vs loaded \(2,\)"),
        (lambda a: I.Load(3), TypeError, "param is 3"),
        (lambda a: I.Load([a]), TypeError, "expected a file or a dict"),
        (lambda a: I.FusedRNN(None, 1, 1, "lstm")(I.InitDesc("x_weight"), a), ValueError, "x_weight: init is None"),
        (lambda a: I.FusedRNN(3, 1, 1, "lstm"), TypeError, "initializer is 3"),
        (lambda a: I.register(int), TypeError, "no subclass of Initializer"),
    ],
)
def test_refuses(call, kind, message):
    with pytest.raises(kind, match=message) as error:
        call(mx.nd.ones((6,)))
    assert isinstance(error.value, mx.MXNetError)


def test_load_refuses_a_file_without_names(tmp_path):
    name = str(tmp_path / "x.params")
    mx.nd.save(name, [mx.nd.ones((2,))])
    with pytest.raises(TypeError, match=r"x.params' has arrays without names"):
        I.Load(name)


@pytest.mark.parametrize("value", [3, 2.5, [1, 2], np.float32(2), np.array([1, 2]), mx.nd.array([1, 2])])
def test_constants_survive_their_text(value):
    init = I.Constant(value)
    expected = filled(init, (3, 2))
    assert (filled(I.create(init.dumps()), (3, 2)) == expected).all()
    assert (filled(I.Zero(), (3, 2), attrs={"__init__": init.dumps()}) == expected).all()
    assert init == I.Constant(value)
    assert init != I.Constant(7)


@pytest.mark.parametrize("init", [I.FusedRNN(I.Xavier(), 3, 2, "gru"), I.FusedRNN(None, 3, 2, "lstm", True, 2.0)])
def test_fused_survives_its_text(init):
    """MXNet 1.9.1 cannot read what it wrote."""
    again = I.create(init.dumps())
    assert again == init
    assert again.dumps() == init.dumps()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_pickles(copied):
    for init in (I.Xavier(magnitude=2), I.Constant(3), I.Orthogonal(), I.Mixed([".*"], [I.One()])):
        again = copied(init)
        assert type(again) is type(init)
        assert again == init or isinstance(init, I.Mixed)
    verbose = copied(I.One().set_verbosity(True))
    assert verbose._verbose
    assert verbose._print_func is not None
    desc = copied(I.InitDesc("x_weight", {"a": "b"}, I.Zero()))
    assert (desc, desc.attrs, desc.global_init) == ("x_weight", {"a": "b"}, I.Zero())


def test_classes_are_where_pickles_of_mxnet_look():
    for name in I.__all__:
        if isinstance(getattr(I, name), type):
            assert getattr(I, name).__module__ == "mxnet.initializer"


def test_verbose_initialization_does_not_change_values(caplog):
    with caplog.at_level(logging.INFO):
        mx.random.seed(1)
        quiet = filled(I.Uniform(), (5,))
        mx.random.seed(1)
        loud = filled(I.Uniform().set_verbosity(True), (5,))
    assert (quiet == loud).all()
    assert len(caplog.records) == 1
    printed = float(caplog.records[0].getMessage().removeprefix("Initialized x_weight as weight: "))
    np.testing.assert_allclose(printed, np.sqrt((quiet**2).mean()), rtol=1e-5)


def test_third_party_signatures_of_old_scripts():
    """Subclasses of 2016 name the parameters `_` and `arr`, and call what the base class has."""

    class Old(mx.initializer.Initializer):
        def __init__(self, scale):
            self.scale = scale
            super().__init__(scale=scale)

        def _init_weight(self, _, arr):
            mx.random.uniform(-self.scale, self.scale, out=arr)

        def _init_default(self, name, _):
            self._init_zero(name, _)

    values = filled(Old(0.5), (100,))
    assert 0.3 < abs(values).max() <= 0.5
    assert (filled(Old(0.5), (2,), "anything") == 0).all()
    assert Old(0.5).dumps() == '["old", {"scale": 0.5}]'


def test_a_symbol_keeps_its_initializer_through_json():
    weight = mx.sym.var("w", init=I.Normal(2.0))
    net = mx.sym.load_json(mx.sym.FullyConnected(mx.sym.var("data"), weight, num_hidden=2, name="fc").tojson())
    attrs = net.attr_dict()["w"]
    assert attrs["__init__"] == I.Normal(2.0).dumps()
    assert 1.8 < filled(I.Zero(), (100, 100), "w", attrs=attrs).std() < 2.2
