"""References for mxnet/_ops/activation.py."""

from __future__ import annotations

import math

import numpy as np

from . import bad, integers, normal, reference, sample, without_reference

SINGLE = "1.9.1 computes this in float32 whatever the dtype"
WRONG_SELU = "below zero 1.9.1 takes the slope to be scale * (output + alpha), where it is output + scale * alpha"
KINKS = np.array([-2, -0.5, 0, 0.5, 1, 30, -30], "float32")


@reference(
    "Activation",
    samples=[
        *(sample(normal(3, 4, scale=2.0), act_type=a) for a in ("relu", "sigmoid", "softrelu", "softsign", "tanh")),
        *(
            sample(KINKS, act_type=a, differentiable=False)
            for a in ("relu", "sigmoid", "softrelu", "softsign", "tanh")
        ),
        *(sample(normal(2, 3, dtype="float64"), act_type=a) for a in ("softrelu", "softsign", "tanh")),
        sample(np.array([19.5, 25.0, 45.0, 800.0]), act_type="softrelu"),
        *(sample(normal(2, 3, dtype="float16"), act_type=a, differentiable=False) for a in ("relu", "sigmoid", "tanh")),
        sample(normal(1), act_type="sigmoid"),
        sample(np.array([np.inf, -np.inf], "float32"), act_type="tanh", differentiable=False),
        sample(np.array([np.nan], "float32"), act_type="relu", differentiable=False, golden=False,
               why="1.9.1 turns NaN into 0 here and so hides it"),
    ],
    bad=[
        bad(integers(2, 3), act_type="relu", match="data is int32; expected a floating dtype"),
        bad(normal(2, 3), act_type="rely", match="'act_type': expected one of .*got 'rely'"),
        bad(normal(2, 3), match="required attribute 'act_type'"),
    ],
    benchmark=lambda: sample(normal(1000, 1000), act_type="relu"),
)  # fmt: skip
def activation(data, *, act_type):
    x = data.astype("float64")
    if act_type == "relu":
        return np.where(x < 0, 0, x)
    if act_type == "sigmoid":
        return 0.5 * (1 + np.tanh(0.5 * x))
    if act_type == "tanh":
        return np.tanh(x)
    if act_type == "softrelu":
        return np.logaddexp(0, x)
    return x / (1 + np.abs(x))


@reference(
    "LeakyReLU",
    samples=[
        sample(normal(3, 4)),
        sample(normal(3, 4), slope=0.1),
        sample(KINKS, slope=-1.0, differentiable=False),
        *(sample(normal(3, 4), act_type=a) for a in ("elu", "gelu")),
        *(sample(KINKS, act_type=a, differentiable=False) for a in ("leaky", "elu", "gelu")),
        sample(normal(3, 4, dtype="float64"), act_type="elu"),
        sample(normal(3, 4), act_type="selu", golden_gradient=False, why=WRONG_SELU),
        sample(KINKS, act_type="selu", differentiable=False, golden_gradient=False, why=WRONG_SELU),
        *(sample(normal(3, 4, dtype="float64"), act_type=a, golden=False, why=SINGLE) for a in ("selu", "gelu")),
        sample(normal(3, 4), act_type="elu", slope=2.0),
        sample(normal(2, 3, dtype="float16"), act_type="leaky", differentiable=False),
        sample(normal(2, 3), normal(3), act_type="prelu"),
        sample(normal(2, 3), normal(1), act_type="prelu"),
        sample(normal(2, 3, 2), normal(3), act_type="prelu"),
        sample(
            normal(2, 3, 2, 2, dtype="float64"), normal(3, dtype="float64"), act_type="prelu", golden=False, why=SINGLE
        ),
        sample(normal(2, 3, 2), normal(2), act_type="prelu"),
        sample(normal(3), normal(3), act_type="prelu"),
        sample(np.zeros((2, 2), "float32"), normal(2), act_type="prelu", differentiable=False),
        sample(normal(3, 4), act_type="rrelu", training=False, golden=False,
               why="1.9.1 returns memory that nothing wrote as the slopes, and takes the gradient from it"),
        sample(normal(3, 4), act_type="rrelu", lower_bound=0.3, upper_bound=0.3, golden=False,
               why="1.9.1 crashes here while training"),
    ],
    bad=[
        bad(integers(2, 3), match="data is int32; expected a floating dtype"),
        bad(normal(2, 3), normal(4), act_type="prelu", match=r"gamma has shape \(4,\); expected"),
        bad(normal(2, 3), normal(3, dtype="float64"), act_type="prelu", match="gamma is float64; expected float32"),
    ],
    benchmark=lambda: sample(normal(1000, 1000)),
)  # fmt: skip
def leaky_relu(data, gamma=None, *, act_type="leaky", slope=0.25, lower_bound=0.125, upper_bound=0.334):
    x = data.astype("float64")
    below, above = np.minimum(x, 0), np.maximum(x, 0)
    if act_type == "leaky":
        return above + slope * below
    if act_type == "prelu":
        shape = [1] * x.ndim
        shape[1 if x.ndim > 1 and gamma.size == x.shape[1] else 0] = gamma.size
        return above + gamma.reshape(shape) * below
    if act_type == "rrelu":
        slopes = np.where(x > 0, 1, (lower_bound + upper_bound) / 2)
        return x * slopes, slopes
    if act_type == "elu":
        return above + slope * np.expm1(below)
    if act_type == "selu":
        return 1.0507009873554805 * (above + 1.6732632423543772 * np.expm1(below))
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


X23 = normal(2, 3)
SOFTMAX_SAMPLES = [
    sample(X23),
    sample(normal(2, 3, 4), axis=1),
    sample(normal(2, 3, 4), axis=-3),
    sample(normal(2, 3), axis=0),
    sample(normal(5)),
    sample(normal(2, 3, scale=50.0)),
    sample(X23, temperature=2.0),
    sample(X23, temperature=0.5, axis=0),
    sample(X23, temperature=-1.5),
    sample(X23, dtype="float64", golden=False, why=SINGLE),
    sample(normal(2, 3, dtype="float64")),
    sample(normal(2, 3, dtype="float64"), dtype="float32"),
    sample(normal(3, 1), axis=-1),
]
SOFTMAX_BAD = [
    bad(integers(2, 3), match="data is int32; expected a floating dtype"),
    bad(X23, axis=2, match="axis is 2; expected -2 to 1"),
]
WITHOUT_LENGTH = [*SOFTMAX_BAD, bad(X23, use_length=True, match="use_length is True; expected False")]
HALF = sample(normal(2, 40, dtype="float16"), differentiable=False)


def _softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


@reference(
    "softmax",
    samples=[
        *SOFTMAX_SAMPLES,
        HALF,
        sample(normal(2, 3, dtype="float16"), dtype="float32", differentiable=False, golden=False,
               why="1.9.1 sums in float16 unless MXNET_SAFE_ACCUMULATION is set"),
        sample(np.array([[1, -np.inf, 4]], "float32"), differentiable=False),
        sample(np.array([[-1e38, 0, 1e38]], "float32"), temperature=1e-3, differentiable=False),
        sample(normal(3, 4), np.array([2, 4, 0], "int32"), use_length=True),
        sample(normal(2, 3, 4), integers(2, 4, low=1, high=4), use_length=True, axis=1),
        sample(normal(2, 3), np.array([3, 1], "int64"), use_length="True", temperature=3.0),
        sample(normal(2, 3), np.array([5, -1], "int64"), use_length=True, golden=False,
               why="1.9.1 reads past the end where a length is too large"),
        sample(normal(2, 3), np.array([2, 0], "int32"), use_length=True, dtype="float64", golden=False, why=SINGLE),
    ],
    bad=[
        *SOFTMAX_BAD,
        bad(X23, normal(2), use_length=True, match="length is float32; expected int32 or int64"),
        bad(X23, integers(3), use_length=True, match=r"length has shape \(3,\); expected .* \(2,\)"),
    ],
    benchmark=lambda: sample(normal(32, 12, 128, 128)),
)  # fmt: skip
def softmax(data, length=None, *, axis=-1, temperature=None, dtype=None, use_length=False):
    data = data.astype("float64")
    x = data / temperature if temperature else data
    if not use_length:
        return _softmax(x, axis)
    out, axis = np.zeros_like(x), axis % x.ndim
    rows, results = np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis]), []
    for row, count in zip(rows, length.ravel()):
        result = np.zeros_like(row)
        if count > 0:
            result[:count] = _softmax(row[:count], 0)
        results.append(result)
    return np.moveaxis(np.reshape(results, np.moveaxis(out, axis, -1).shape), -1, axis)


@reference("softmin", samples=SOFTMAX_SAMPLES, bad=WITHOUT_LENGTH, benchmark=lambda: sample(normal(256, 1000)))
def softmin(data, *, axis=-1, temperature=None, dtype=None):
    return softmax(-data, axis=axis, temperature=temperature)


@reference(
    "log_softmax",
    samples=[*SOFTMAX_SAMPLES, HALF],
    bad=WITHOUT_LENGTH,
    benchmark=lambda: sample(normal(256, 1000)),
)
def log_softmax(data, *, axis=-1, temperature=None, dtype=None):
    x = data.astype("float64") / (temperature or 1)
    shifted = x - x.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


@reference(
    "SoftmaxActivation",
    samples=[
        sample(normal(2, 3)),
        sample(normal(2, 3, 2), golden_gradient=False,
               why="1.9.1's gradient is that of a softmax over axes 1 and 2, its output one over axis 2"),
        sample(normal(4)),
        sample(normal(2, 3, 2), mode="channel"),
        sample(normal(2, 3, 2, 2), mode="channel"),
        sample(normal(2, 3, 2, dtype="float64"), mode="instance", golden=False, why="1.9.1 fails on float64 here"),
    ],
    bad=[
        bad(normal(2, 3), mode="channel", match="mode='channel' expects at least three axes"),
        bad(integers(2, 3), match="data is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(normal(16, 21, 64, 64), mode="channel"),
)  # fmt: skip
def softmax_activation(data, *, mode="instance"):
    if mode == "channel":
        return _softmax(data, 1)
    return _softmax(data, data.ndim - 1)


without_reference(
    "Dropout",
    samples=[
        sample(normal(3, 4)),
        sample(normal(3, 4), p=0.2),
        sample(normal(3, 4), p=0.0),
        sample(normal(3, 4), p=1.0),
        sample(normal(3, 4), training=False),
        sample(normal(3, 4), mode="always", training=False),
        sample(normal(3, 4, 2), axes=(0, 2)),
        sample(normal(3, 4, dtype="float64"), axes="(1,)"),
        sample(normal(3, 4, dtype="float16"), cudnn_off=True, differentiable=False),
    ],
    bad=[
        bad(normal(3, 4), p=1.5, match="'p': expected float from 0.0 to 1.0, got 1.5"),
        bad(normal(3, 4), axes=(-1,), mode="always", match=r"axes is \(-1,\); expected axes from 0 to 1"),
        bad(integers(3, 4), match="data is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(normal(1000, 1000)),
)
