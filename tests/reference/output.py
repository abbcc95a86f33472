"""References for mxnet/_ops/output.py. The gradients of these layers are compared with goldens."""

from __future__ import annotations

import itertools

import numpy as np

from . import bad, integers, normal, reference, sample, uniform

SCORES = normal(4, 3)
IMAGE = normal(2, 3, 2, 2)
ROWS = normal(2, 2, 3)
CLASSES = np.array([0, 2, 1, 2], "float32")
WIDE = normal(2, 70)


def classes(*shape, high=3, **more):
    return integers(*shape, high=high, dtype="float32", **more)


def _loss(*inputs, **options):
    """A sample whose gradient is not the derivative of its output."""
    return sample(*inputs, differentiable=False, **options)


WRONG_HEAD = "1.9.1 multiplies by its own output instead of the gradient from above"


@reference(
    "SoftmaxOutput",
    samples=[
        _loss(SCORES, CLASSES),
        _loss(SCORES, CLASSES, training=False),
        _loss(normal(1, 1), classes(1, high=1)),
        _loss(SCORES, np.array([5, -1, 1.7, -0.5], "float32")),
        _loss(SCORES, np.array([np.nan, 1, 2, 300], "float32")),
        _loss(WIDE, np.array([69, 70], "float32"), smooth_alpha=0.1),
        _loss(WIDE, np.array([-1, 17], "float32")),
        *(_loss(SCORES, CLASSES, grad_scale=2.0, normalization=n) for n in ("null", "batch", "valid")),
        *(
            _loss(SCORES, CLASSES, use_ignore=i, ignore_label=2.0, normalization=n)
            for i, n in itertools.product((True, False), ("null", "batch", "valid"))
        ),
        _loss(SCORES, np.array([-1, 0, -1, 1], "float32"), normalization="valid", use_ignore="True"),
        _loss(SCORES, np.full(4, 1, "float32"), normalization="valid", use_ignore=True, ignore_label=1),
        _loss(SCORES, CLASSES, smooth_alpha=0.3),
        _loss(SCORES, CLASSES, smooth_alpha=0.3, use_ignore=True, ignore_label=1, normalization="valid"),
        _loss(SCORES, uniform(4, 3)),
        _loss(SCORES, uniform(4, 3), grad_scale=0.5, normalization="batch"),
        *(
            _loss(IMAGE, classes(2, 4), multi_output=True, use_ignore=i, ignore_label=1, normalization=n)
            for i, n in itertools.product((True, False), ("null", "batch", "valid"))
        ),
        _loss(IMAGE, classes(2, 2, 2), multi_output=True, grad_scale=3.0),
        _loss(IMAGE, classes(2, 1, 2, 2), multi_output=True, smooth_alpha=0.2),
        _loss(IMAGE, uniform(2, 3, 2, 2), multi_output=True),
        _loss(SCORES, CLASSES, multi_output=True),
        _loss(SCORES, CLASSES.reshape(4, 1), multi_output=True),
        *(
            _loss(ROWS, classes(2, 2), preserve_shape=True, use_ignore=i, ignore_label=1, normalization=n)
            for i, n in itertools.product((True, False), ("null", "batch", "valid"))
        ),
        _loss(ROWS, classes(2, 2), preserve_shape=True, smooth_alpha=0.2),
        _loss(ROWS, classes(2, 2, high=6)),
        _loss(ROWS, classes(2, 2, high=6), normalization="batch"),
        _loss(ROWS, np.array([[0, 1], [1, 1]], "float32"), normalization="valid", ignore_label=1, use_ignore=True),
        _loss(ROWS, np.array([[0, 1], [0, 0]], "float32"), normalization="valid", ignore_label=0),
        _loss(ROWS, uniform(2, 2, 3)),
        _loss(SCORES.astype("float64"), CLASSES.astype("float64")),
        _loss(SCORES.astype("float16"), CLASSES.astype("float16")),
        _loss(SCORES, CLASSES, out_grad=True, golden_gradient=False, why=WRONG_HEAD),
        _loss(IMAGE, classes(2, 4), multi_output=True, out_grad=True, golden_gradient=False, why=WRONG_HEAD),
        _loss(ROWS, classes(2, high=6), golden=False, why="1.9.1 asks for (2, 2) labels and ignores the last two"),
    ],
    bad=[
        bad(SCORES, CLASSES[:3], match=r"label has shape \(3,\); expected \(4,\) or \(4, 3\)"),
        bad(SCORES, CLASSES.reshape(4, 1), match=r"label has shape \(4, 1\); expected \(4,\)"),
        bad(IMAGE, CLASSES, multi_output=True, match=r"label has shape \(4,\); expected \(2, 4\) or \(2, 2, 2\)"),
        bad(SCORES, CLASSES.astype("int32"), match="label is int32; expected float32"),
        bad(normal(3), classes(3), match=r"data has shape \(3,\); expected at least two axes"),
        bad(integers(4, 3), integers(4), match="data is int32; expected a floating dtype"),
        bad(SCORES, CLASSES, normalization="none", match="'normalization': expected one of"),
    ],
    benchmark=lambda: sample(normal(256, 1000), classes(256, high=1000)),
)
def softmax_output(data, label, *, multi_output=False, preserve_shape=False, **about_the_gradient):
    x = data.astype("float64")
    if multi_output:
        return _softmax(x, 1)
    if preserve_shape:
        return _softmax(x, -1)
    return _softmax(x.reshape(x.shape[0], -1), 1).reshape(x.shape)


def _softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


REGRESSION = [
    _loss(normal(2, 3), normal(2, 3, seed=1)),
    _loss(normal(2, 3), normal(2, 3, seed=1), grad_scale=2.5),
    _loss(normal(3), normal(3, seed=1)),
    _loss(normal(3, 1), normal(3, seed=1)),
    _loss(normal(3), normal(3, 1, seed=1)),
    _loss(normal(2, 1, 1), normal(2, seed=1)),
    _loss(normal(2, 3, 2), normal(2, 3, 2, seed=1), training=False),
    _loss(np.ones((2, 2), "float32"), np.array([[1, 2], [0, 1]], "float32")),
    _loss(normal(2, 3, dtype="float64"), normal(2, 3, seed=1, dtype="float64")),
    _loss(normal(2, 3, dtype="float16"), normal(2, 3, seed=1, dtype="float16")),
]
REGRESSION_BAD = [
    bad(normal(2, 3), normal(2), match=r"label has shape \(2,\); expected \(2, 3\), the shape of data"),
    bad(normal(2, 3), normal(6), match=r"label has shape \(6,\); expected \(2, 3\)"),
    bad(normal(2, 1), normal(3), match=r"label has shape \(3,\); expected \(2, 1\), the shape of data, or \(2,\)"),
    bad(normal(2, 3), normal(2, 3, dtype="float64"), match="label is float64; expected float32"),
]


def _regression():
    return sample(normal(1000, 1000), normal(1000, 1000, seed=1))


@reference(
    "LinearRegressionOutput",
    "MAERegressionOutput",
    samples=REGRESSION,
    bad=REGRESSION_BAD,
    benchmark=_regression,
)
def linear_regression_output(data, label, *, grad_scale=1.0):
    return data


@reference("LogisticRegressionOutput", samples=REGRESSION, bad=REGRESSION_BAD, benchmark=_regression)
def logistic_regression_output(data, label, *, grad_scale=1.0):
    return 0.5 * (1 + np.tanh(0.5 * data.astype("float64")))


@reference(
    "SVMOutput",
    samples=[
        *(_loss(SCORES, CLASSES, use_linear=u) for u in (False, True)),
        *(
            _loss(SCORES, CLASSES, use_linear=u, margin=0.5, regularization_coefficient=0.25, training=False)
            for u in (False, True)
        ),
        *(_loss(np.array([[1, -1, 0, 2]], "float32"), classes(1, high=1), use_linear=u) for u in (False, True)),
        _loss(SCORES, np.array([7, -1, 0, 1.9], "float32")),
        _loss(ROWS, classes(2, 2)),
        _loss(SCORES.astype("float64"), CLASSES.astype("float64")),
        _loss(SCORES.astype("float16"), CLASSES.astype("float16")),
    ],
    bad=[
        bad(SCORES, CLASSES[:3], match=r"label has shape \(3,\); expected \(4,\)"),
        bad(SCORES, CLASSES.astype("int32"), match="label is int32; expected float32"),
    ],
    benchmark=lambda: sample(normal(256, 1000), classes(256, high=1000)),
)
def svm_output(data, label, *, margin=1.0, regularization_coefficient=1.0, use_linear=False):
    return data


@reference(
    "MakeLoss",
    samples=[
        _loss(SCORES),
        _loss(SCORES, grad_scale=2.0),
        _loss(SCORES, grad_scale=2.0, normalization="batch"),
        *(_loss(SCORES, grad_scale=2.0, normalization="valid", valid_thresh=t) for t in (0.0, 0.7, 99.0)),
        _loss(normal(5, dtype="float64"), normalization="batch", training=False),
        _loss(normal(2, 3, dtype="float16")),
    ],
    bad=[bad(integers(2, 3), match="data is int32; expected a floating dtype")],
    benchmark=lambda: sample(normal(1000, 1000)),
)
def make_loss_layer(data, *, grad_scale=1.0, valid_thresh=0.0, normalization="null"):
    return data


@reference(
    "make_loss",
    samples=[_loss(SCORES), _loss(normal(1)), _loss(normal(2, 3, dtype="float64"), training=False), _loss(integers(3))],
    benchmark=lambda: sample(normal(1000, 1000)),
)
def make_loss(data):
    return data


UNREACHABLE = "1.9.1 cannot be called with its moving average, only through a symbol"


@reference(
    "IdentityAttachKLSparseReg",
    samples=[
        _loss(uniform(2, 3), uniform(3, low=0.2, high=0.6), golden=False, why=UNREACHABLE),
        _loss(uniform(2, 3, 2), uniform(3, low=0.2, high=0.6), penalty=0.1, sparseness_target=0.2, momentum=0.5,
              golden=False, why=UNREACHABLE),
    ],
    bad=[bad(uniform(2, 3), uniform(2), match=r"moving_avg has shape \(2,\); expected \(3,\)")],
    benchmark=lambda: sample(uniform(256, 1000), uniform(1000, low=0.2, high=0.6)),
)  # fmt: skip
def identity_attach_kl_sparse_reg(data, moving_avg, *, sparseness_target=0.1, penalty=0.001, momentum=0.9):
    return data
