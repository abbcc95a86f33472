"""Calls at the edge of what operators take: huge and tiny numbers, empty arrays, attributes that make no sense.

Users reported many of them to MXNet, which answers with NaN, with memory that nothing wrote, or dies.
"""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet._frontend.namespaces import place

HUGE = [1.4918449e38, 9.0072335e37, -1.3146734e38, 3.056893e38]  # finite in float32, their squares are not


def call(name, *inputs, **attributes):
    """Run a registered operator on arrays made of NumPy ones."""
    module, function = place(name)
    return getattr(getattr(mx.nd, module) if module != "op" else mx.nd.op, function)(
        *(mx.nd.array(x, dtype=x.dtype) for x in inputs), **attributes
    )


def ones(*shape, dtype="float32"):
    return np.ones(shape, dtype)


def zeros(*shape, dtype="float32"):
    return np.zeros(shape, dtype)


def standardized(values, eps):
    wide = np.asarray(values, "float64")
    return (wide - wide.mean()) / np.sqrt(wide.var() + eps)


# -- values ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("values", [HUGE, [1e20, 2e20, -1e20, 0.0], [1e4] * 4, [255.0] * 4, [1e-30, 2e-30, 0.0, 1e-30]])
def test_normalization_of_huge_and_constant_data(values):
    x, one, zero = np.float32(values).reshape(1, 1, 4, 1), ones(1), zeros(1)
    for result, eps in (
        (call("InstanceNorm", x, one, zero), 1e-3),
        (call("GroupNorm", x, one, zero), 1e-5),
        (call("LayerNorm", x.reshape(1, 4), ones(4), zeros(4)), 1e-5),
    ):
        np.testing.assert_allclose(result.asnumpy().ravel(), standardized(values, eps), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["InstanceNorm", "GroupNorm", "L2Normalization"])
def test_gradients_of_huge_data_are_finite(name):
    x = mx.nd.array(HUGE).reshape((1, 1, 4, 1))
    x.attach_grad()
    others = () if name == "L2Normalization" else (mx.nd.ones((1,)), mx.nd.zeros((1,)))
    with mx.autograd.record():
        y = getattr(mx.nd, name)(x, *others)
    y.backward(mx.nd.array([1, 2, 3, 4]).reshape(y.shape))
    assert np.isfinite(x.grad.asnumpy()).all()
    assert np.isfinite(y.asnumpy()).all()


@pytest.mark.parametrize("scale", [1e20, 1.0, 1e-20, 1e-30])
@pytest.mark.parametrize("axis", [None, 1])
def test_norm_neither_overflows_nor_vanishes(scale, axis):
    x = mx.nd.array(np.float32([[3, 4], [0, 0]]) * np.float32(scale))
    x.attach_grad()
    with mx.autograd.record():
        y = mx.nd.norm(x, axis=axis)
    y.backward()
    expected = [5 * scale] if axis is None else [5 * scale, 0]
    np.testing.assert_allclose(y.asnumpy(), np.float32(expected), rtol=1e-6)
    np.testing.assert_allclose(x.grad.asnumpy(), [[0.6, 0.8], [0, 0]], rtol=1e-6)


@pytest.mark.parametrize("sign", [1, -1])
def test_softmax_with_a_small_temperature(sign):
    x = mx.nd.array([-1e38, 0, 1e38])
    assert mx.nd.softmax(x, temperature=1e-3 * sign).asnumpy().tolist() == ([0, 0, 1] if sign > 0 else [1, 0, 0])
    assert mx.nd.softmin(x, temperature=1e-3 * sign).asnumpy().tolist() == ([1, 0, 0] if sign > 0 else [0, 0, 1])


def test_swish_and_leaky_relu_with_a_huge_slope():
    x = mx.nd.zeros((1,))
    assert (x * mx.nd.sigmoid(-1e307 * x)).asnumpy().tolist() == [0.0]
    slope = 3.40282346638e38
    assert mx.nd.LeakyReLU(mx.nd.array([0, 1, -1]), slope=slope).asnumpy().tolist() == [0, 1, np.float32(-slope)]


ACTIVATIONS = [
    *(("Activation", {"act_type": kind}) for kind in ("relu", "sigmoid", "softrelu", "softsign", "tanh")),
    *(("LeakyReLU", {"act_type": kind}) for kind in ("elu", "gelu", "leaky", "selu")),
    *((name, {}) for name in ("sigmoid", "softsign", "tanh", "hard_sigmoid", "smooth_l1", "softmax", "log_softmax")),
]


@pytest.mark.parametrize(("name", "attributes"), ACTIVATIONS, ids=str)
def test_activations_of_huge_data_are_finite(name, attributes):
    x = mx.nd.array([-1e38, -1e4, -100, -88.8, -20, 0, 20, 88.8, 100, 1e4, 1e38][:: 1 if name != "log_softmax" else 2])
    if name == "log_softmax":
        x = x / 4  # a difference of two such numbers must be one, too
    x.attach_grad()
    with mx.autograd.record():
        y = getattr(mx.nd, name)(x, **attributes)
    y.backward()
    assert np.isfinite(y.asnumpy()).all()
    assert np.isfinite(x.grad.asnumpy()).all()


def test_numbers_beyond_a_dtype():
    x = mx.nd.array([-2, 0, 3], dtype="float16")
    assert mx.nd.clip(x, -1e10, 1e10).asnumpy().tolist() == [-2, 0, 3]
    assert mx.nd.clip(x, -1e10, 1).asnumpy().tolist() == [-2, 0, 1]
    assert mx.nd.maximum(x, 1e9).asnumpy().tolist() == [np.inf] * 3
    assert mx.nd.minimum(x, 1e9).asnumpy().tolist() == [-2, 0, 3]
    assert (x * 1e5).asnumpy().tolist() == [-np.inf, 0, np.inf]
    assert (x < 1e9).asnumpy().tolist() == [1, 1, 1]


def test_unsigned_division_by_255():
    x, y = np.uint8([100, 3, 255, 7]), np.uint8([255, 255, 255, 2])
    assert call("elemwise_div", x, y).asnumpy().tolist() == [0, 0, 1, 3]
    assert call("broadcast_div", x, y[:1]).asnumpy().tolist() == [0, 0, 1, 0]


def test_gammaln_of_integers_is_not_cut():
    for dtype in ("int32", "int64", "uint8"):
        found = mx.nd.gammaln(mx.nd.array([1, 2, 3, 5, 200], dtype=dtype))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found.asnumpy(), [0, 0, np.log(2), np.log(24), 857.933669825857], rtol=1e-6)
    assert mx.sym.gammaln(mx.sym.var("x")).infer_type(x="int32")[1] == [np.float32]


def test_other_functions_of_integers_are_cut():
    for dtype in ("int32", "int64", "uint8"):
        x = mx.nd.array([1, 2, 3, 5, 6], dtype=dtype)
        assert mx.nd.gamma(x).asnumpy().tolist() == [1, 1, 2, 24, 120]
        assert mx.nd.erf(x).asnumpy().tolist() == [0, 0, 0, 0, 1]
        assert mx.nd.gamma(x).dtype == np.dtype(dtype)


def test_gamma_of_large_numbers_is_exact():
    assert mx.nd.gamma(mx.nd.array([30.0])).asnumpy()[0] == np.float32(8.841761993739702e30)


# -- indices ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("dtype", "length", "widened"),
    [("float16", 2049, "float16"), ("float16", 2050, "float32"), ("float16", 70000, "float32"),
     ("bfloat16", 300, "float32"), ("uint8", 256, "uint8"), ("uint8", 300, "float32"), ("int8", 200, "float32")],
)  # fmt: skip
def test_indices_that_the_dtype_cannot_hold(dtype, length, widened):
    x = mx.nd.zeros((2, length), dtype=dtype)
    x[1, length - 1] = 1
    found = mx.nd.argmax(x, axis=1)
    assert str(np.dtype(found.dtype)) == widened
    assert found.asnumpy().tolist() == [0, length - 1]
    assert mx.nd.argmin(1 - x, axis=1).asnumpy().tolist() == [0, length - 1]
    assert mx.nd.argmax_channel(x).asnumpy().tolist() == [0, length - 1]
    assert mx.nd.argmax(x, axis=0).dtype == x.dtype
    if dtype != "int8":
        for indices in (mx.nd.topk(x, dtype=dtype, k=1), mx.nd.argsort(x, dtype=dtype, is_ascend=False)[:, :1]):
            assert indices.asnumpy()[1, 0] == length - 1


def test_indices_beyond_float32():
    x = mx.nd.zeros((2**24 + 3,))
    x[2**24 + 1] = 1
    assert mx.nd.argmax(x).asscalar() == 2**24 + 1
    for dtype in ("float32", "int32", "int64", "float64"):
        assert mx.nd.topk(x, dtype=dtype).asscalar() == 2**24 + 1


def test_nan_is_the_largest():
    nan = float("nan")
    x = mx.nd.array([3, nan, 1, nan, 5])
    assert mx.nd.topk(x, k=3).asnumpy().tolist() == [1, 3, 4]
    assert mx.nd.topk(x, k=2, is_ascend=True).asnumpy().tolist() == [2, 0]
    assert mx.nd.topk(x, k=2, ret_typ="mask").asnumpy().tolist() == [0, 1, 0, 1, 0]
    assert mx.nd.argsort(x).asnumpy().tolist() == [2, 0, 4, 1, 3]
    assert mx.nd.argsort(x, is_ascend=False).asnumpy().tolist() == [1, 3, 4, 0, 2]
    np.testing.assert_array_equal(mx.nd.sort(x).asnumpy(), [1, 3, 5, nan, nan])


def test_product_of_zeros_has_a_gradient():
    for values, expected in (([4, 0], [0, 4]), ([0, 0, 3], [0, 0, 0]), ([2, 0, 3], [0, 6, 0])):
        for name in ("prod", "nanprod"):
            x = mx.nd.array(values)
            x.attach_grad()
            with mx.autograd.record():
                y = getattr(mx.nd, name)(x)
            y.backward()
            assert x.grad.asnumpy().tolist() == expected


# -- empty arrays ----------------------------------------------------------------------------------------------------
ONE_FILTER = {"kernel": (1, 1), "num_filter": 1, "no_bias": True}
EMPTY = [
    ("InstanceNorm", [zeros(0, 1, 1), ones(1), zeros(1)], {}, (0, 1, 1)),
    ("InstanceNorm", [zeros(1, 0, 1), ones(0), zeros(0)], {}, (1, 0, 1)),
    ("InstanceNorm", [zeros(2, 3, 0), ones(3), zeros(3)], {}, (2, 3, 0)),
    ("GroupNorm", [zeros(0, 2, 2), ones(2), zeros(2)], {"num_groups": 2}, (0, 2, 2)),
    ("LayerNorm", [zeros(0, 2), ones(2), zeros(2)], {}, (0, 2)),
    ("BatchNorm", [zeros(0, 2), ones(2), zeros(2), zeros(2), ones(2)], {}, (0, 2)),
    ("LRN", [zeros(0, 2, 1, 1)], {"nsize": 3}, (0, 2, 1, 1)),
    ("LeakyReLU", [zeros(0, 1, 1)], {}, (0, 1, 1)),
    ("MakeLoss", [zeros(0, 1, 1, 0, 1)], {}, (0, 1, 1, 0, 1)),
    ("log_softmax", [zeros(0)], {}, (0,)),
    ("Pooling", [zeros(0, 1, 4, 4)], {"kernel": (2, 2)}, (0, 1, 3, 3)),
    ("Pooling", [zeros(1, 0, 4, 4)], {"kernel": (2, 2)}, (1, 0, 3, 3)),
    ("Convolution", [zeros(0, 1, 4, 4), ones(1, 1, 1, 1)], ONE_FILTER, (0, 1, 4, 4)),
    ("slice_like", [ones(1, 1, 1), zeros(0, 0, 1)], {}, (0, 0, 1)),
    ("slice_axis", [zeros(0, 4)], {"axis": 0, "begin": 0, "end": None}, (0, 4)),
    ("Reshape", [zeros(0, 3)], {"shape": (0, -1)}, (0, 3)),
    ("dot", [zeros(2, 0), zeros(0, 3)], {}, (2, 3)),
    ("take", [zeros(0, 2), zeros(0)], {}, (0, 2)),
    ("one_hot", [ones(2)], {"depth": 0}, (2, 0)),
    ("_linspace", [], {"start": 0, "stop": 1, "num": 0}, (0,)),
    ("repeat", [ones(2)], {"repeats": 0}, (0,)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "inputs", "attributes", "shape"), EMPTY, ids=lambda v: v if isinstance(v, str) else ""
)
def test_empty_arrays(name, inputs, attributes, shape):
    assert call(name, *inputs, **attributes).shape == shape


def test_an_empty_batch_leaves_the_moving_averages():
    mean, variance = mx.nd.array([1, 2]), mx.nd.array([3, 4])
    x = mx.nd.zeros((0, 2))
    x.attach_grad()
    with mx.autograd.record():
        y = mx.nd.BatchNorm(x, mx.nd.ones((2,)), mx.nd.zeros((2,)), mean, variance)
    y.backward()
    np.testing.assert_allclose(mean.asnumpy(), [1, 2], rtol=1e-6)
    np.testing.assert_allclose(variance.asnumpy(), [3, 4], rtol=1e-5)


# -- attributes and inputs that make no sense -----------------------------------------------------------------------
IMAGE, FILTER = ones(1, 4, 4, 4), ones(1, 4, 1, 1)
REFUSED = [
    ("GroupNorm", [ones(1, 1, 1, 1, 1), ones(1), zeros(1)], {"num_groups": 0}, "num_groups is 0"),
    ("_contrib_arange_like", [ones(1)], {"repeat": 0}, "repeat=0"),
    ("SliceChannel", [ones(2, 4)], {"num_outputs": 0}, "'num_outputs'"),
    ("_split_v2", [ones(2, 4)], {"indices": (), "sections": 0, "axis": 1}, "indices"),
    ("tile", [ones(2)], {"reps": (-1,)}, "reps"),
    ("repeat", [ones(2)], {"repeats": -1}, "repeats=-1"),
    ("depth_to_space", [IMAGE], {"block_size": 0}, "'block_size'"),
    ("depth_to_space", [IMAGE], {"block_size": -2147483648}, "'block_size'"),
    ("space_to_depth", [IMAGE], {"block_size": -2}, "'block_size'"),
    ("Pooling", [IMAGE], {"kernel": (0, 0)}, "kernel is"),
    ("Pooling", [IMAGE], {"kernel": (2, 2), "stride": (0, 0)}, "stride is"),
    ("Convolution", [IMAGE, FILTER], {**ONE_FILTER, "num_group": 0}, "'num_group'"),
    ("Convolution", [IMAGE, FILTER], {**ONE_FILTER, "stride": (0, 0)}, "stride is"),
    ("Deconvolution", [IMAGE, ones(4, 1, 1, 1)], {**ONE_FILTER, "pad": (3, 3)}, "pad is"),
    ("UpSampling", [IMAGE], {"scale": 0, "sample_type": "nearest"}, "'scale'"),
    ("UpSampling", [zeros(1, 1, 0, 2)], {"scale": 2, "sample_type": "nearest"}, "data has shapes"),
    ("one_hot", [ones(2)], {"depth": -1}, "'depth'"),
    ("_linspace", [], {"start": 0, "stop": 1, "num": -1}, "num=-1"),
    ("_arange", [], {"start": 0, "stop": float("inf")}, "finite"),
    ("_arange", [], {"start": 0, "stop": 3, "step": 0}, "step=0"),
    ("topk", [zeros(0)], {"k": 1}, "k=1"),
    ("argmax", [zeros(0)], {}, "at least one element"),
    ("argmax", [zeros(2, 0)], {"axis": 1}, "at least one element"),
    ("SequenceLast", [zeros(0, 2)], {}, "no steps"),
    ("Embedding", [ones(2), ones(0, 3)], {"input_dim": 0, "output_dim": 3}, "'input_dim'"),
    ("take", [zeros(0, 1, 1, 1), ones(1, 1, 1, 1)], {}, "length 0"),
    ("pick", [ones(1, 1), zeros(0)], {}, "index has shape"),
    ("pick", [zeros(2, 0), zeros(2)], {}, "data has shape"),
    ("batch_take", [zeros(2, 0), zeros(2, dtype="int32")], {}, "a has shape"),
    ("scatter_nd", [ones(2, 2, 2), np.float32([[-1.5, 3], [0.2, 7]])], {"shape": (2, 2, 2, 2)}, "index 3"),
    ("scatter_nd", [ones(1), zeros(1, 1)], {"shape": (-2,)}, "shape is"),
    ("_unravel_index", [ones(4, 2, 2, 4)], {"shape": (10,)}, "data has shape"),
    ("broadcast_to", [ones(1, 2)], {"shape": (-1, 2)}, "shape is"),
    ("broadcast_axis", [ones(1, 2)], {"axis": 0, "size": -3}, "size is"),
    ("Reshape", [ones(1, 1, 1)], {"shape": (0, -4, -1, 0, 0)}, "cannot be split"),
    ("softmax", [ones(2, 3)], {"dtype": "int8"}, "dtype is int8"),
    ("clip", [ones(3, dtype="int32")], {"a_min": float("nan"), "a_max": 1}, "a_min=nan"),
    ("_sample_multinomial", [ones(1, 1, 1, 0)], {}, "data has shape"),
    ("_sample_normal", [ones(4), zeros(0)], {}, "equal shapes"),
    ("_random_randint", [], {"low": 5, "high": 5}, "low below high"),
    ("Concat", [], {}, "no input"),
    ("khatri_rao", [], {}, "no input"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "inputs", "attributes", "said"), REFUSED, ids=lambda v: v if isinstance(v, str) else ""
)
def test_refused(name, inputs, attributes, said):
    with pytest.raises(mx.MXNetError, match=said):
        call(name, *inputs, **attributes)


@pytest.mark.parametrize("shape", [(3,), (2, 2, 1), (1, 4)])
def test_head_gradient_of_another_shape(shape):
    x = mx.nd.ones((2, 2))
    x.attach_grad()
    with mx.autograd.record():
        y = x * 2
    with pytest.raises(mx.MXNetError, match="head gradient"):
        y.backward(mx.nd.ones(shape))
    net = mx.sym.var("x") * 2
    executor = net.bind(mx.cpu(), {"x": mx.nd.ones((2, 2))}, args_grad={"x": mx.nd.zeros((2, 2))})
    executor.forward(is_train=True)
    with pytest.raises(mx.MXNetError, match="head gradient"):
        executor.backward([mx.nd.ones(shape)])


# -- what programs rely on -------------------------------------------------------------------------------------------
def test_indices_outside_are_moved_to_the_end():
    x = np.float32([[1, 2, 3], [4, 5, 6]])
    assert call("pick", x, np.float32([5, -7])).asnumpy().tolist() == [3, 4]
    assert call("take", x, np.float32([5, -7])).asnumpy().tolist() == [[4, 5, 6], [1, 2, 3]]
    weight = np.float32([[1], [2], [3]])
    assert call("Embedding", np.float32([5, -1]), weight, input_dim=3, output_dim=1).asnumpy().tolist() == [[3], [1]]


def test_every_largest_element_gets_the_gradient():
    x = mx.nd.array([2, 3, 3])
    x.attach_grad()
    with mx.autograd.record():
        y = mx.nd.max(x)
    y.backward()
    assert x.grad.asnumpy().tolist() == [0, 1, 1]


# -- shapes found backwards ------------------------------------------------------------------------------------------
def test_shapes_of_inputs_that_follow():
    x, y = mx.sym.var("x"), mx.sym.var("y")
    assert mx.sym.reshape(x, shape=(4, 0, 2)).infer_shape(x=(0, 3, 4))[0] == [(2, 3, 4)]
    assert mx.sym.reshape(x, shape=(2, -2)).infer_shape(x=(0, 3, 4))[0] == [(2, 3, 4)]
    assert mx.sym.reshape(x, shape=(-3, 4), reverse=True).infer_shape(x=(2, 3, 0))[0] == [(2, 3, 4)]
    assert mx.sym.reshape(x, shape=(0, 12)).infer_shape_partial(x=(0, 3, 4))[0] == [(0, 3, 4)]
    assert mx.sym.pick(x, y).infer_shape(x=(3, 2), y=(0,))[0] == [(3, 2), (3,)]
    assert mx.sym.pick(x, y).infer_shape(x=(3, 2), y=(0, 1))[0] == [(3, 2), (3, 1)]
    assigned = mx.sym._internal._slice_assign(x, y, begin=(None, 1), end=(2, None), step=(None, 2))
    assert assigned.infer_shape(x=(3, 4))[0] == [(3, 4), (2, 2)]
