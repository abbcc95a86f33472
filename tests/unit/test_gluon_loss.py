"""Gluon's losses: against what MXNet 1.9.1 answers, against formulas in float64, and what is promised beyond both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import mxnet as mx
from mxnet import autograd, gluon
from tests.golden import programs

GROUP = "gluon_loss"
L = gluon.loss


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


# -- formulas in float64 ---------------------------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def log_softmax(x):
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def huber(p, l):
    d = abs(p - l)
    return np.where(d > 1, d - 0.5, d * d / 2)


def poisson(p, l):
    stirling = np.where(l > 1, l * np.log(np.maximum(l, 1)) - l + 0.5 * np.log(2 * np.pi * np.maximum(l, 1)), 0)
    return np.array([(np.exp(p) - l * p + stirling).mean()])


def cosine(p, l):
    cos = (p * l).sum(-1) / np.maximum(np.linalg.norm(p, axis=-1) * np.linalg.norm(l, axis=-1), 1e-12)
    return np.where(np.arange(len(p)) % 2, np.maximum(cos, 0), 1 - cos)[:, None]


def alternating(loss):
    return lambda p, l: loss(p, l, mx.nd.array([(-1) ** i for i in range(len(p))], dtype="int32"))


#: name -> (loss, formula, how labels are made of any numbers).
FORMULAS = {
    "L2Loss": (L.L2Loss(), lambda p, l: ((p - l) ** 2).mean(-1) / 2, lambda x: x),
    "L1Loss": (L.L1Loss(), lambda p, l: abs(p - l).mean(-1), lambda x: x),
    "HuberLoss": (L.HuberLoss(), lambda p, l: huber(p, l).mean(-1), lambda x: x),
    "HingeLoss": (L.HingeLoss(), lambda p, l: np.maximum(0, 1 - p * l).mean(-1), lambda x: np.where(x > 0, 1.0, -1.0)),
    "LogisticLoss": (
        L.LogisticLoss(),
        lambda p, l: np.log1p(np.exp(-p * l)).mean(-1),
        lambda x: np.where(x > 0, 1.0, -1.0),
    ),
    "SigmoidBCELoss": (
        L.SigmoidBCELoss(),
        lambda p, l: -(l * np.log(sigmoid(p)) + (1 - l) * np.log(sigmoid(-p))).mean(-1),
        sigmoid,
    ),
    "SoftmaxCELoss": (
        L.SoftmaxCELoss(sparse_label=False),
        lambda p, l: -(l * log_softmax(p)).sum(-1),
        lambda x: np.exp(log_softmax(x)),
    ),
    "KLDivLoss": (
        L.KLDivLoss(from_logits=False),
        lambda p, l: (l * (np.log(l + 1e-12) - log_softmax(p))).sum(-1),
        lambda x: np.exp(log_softmax(x)),
    ),
    "PoissonNLLLoss": (L.PoissonNLLLoss(compute_full=True), poisson, lambda x: np.floor(abs(x))),
    "TripletLoss": (
        lambda p, l: L.TripletLoss()(p, l, l * 2),
        lambda p, l: np.maximum(0, ((p - l) ** 2 - (p - 2 * l) ** 2).sum(-1) + 1),
        lambda x: x,
    ),
    "CosineEmbeddingLoss": (alternating(L.CosineEmbeddingLoss()), cosine, lambda x: x + 0.5),
}
TABLES = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.floats(-8, 8))


@pytest.mark.parametrize("name", FORMULAS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_float64_is_exact(name, data):
    loss, formula, labels = FORMULAS[name]
    pred = data.draw(TABLES) + 0.25
    label = labels(data.draw(arrays(np.float64, pred.shape, elements=st.floats(-8, 8))))
    out = loss(mx.nd.array(pred, dtype="float64"), mx.nd.array(label, dtype="float64"))
    assert out.dtype == np.float64
    np.testing.assert_allclose(out.asnumpy(), formula(pred, label), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", FORMULAS)
def test_gradient_is_the_formulas_slope(name):
    loss, formula, labels = FORMULAS[name]
    generator = np.random.default_rng(7)
    pred, label = generator.normal(size=(3, 4)), labels(generator.normal(size=(3, 4)))
    x = mx.nd.array(pred, dtype="float64")
    x.attach_grad()
    with autograd.record():
        out = loss(x, mx.nd.array(label, dtype="float64"))
    out.backward()
    slopes = np.zeros_like(pred)
    for place in np.ndindex(*pred.shape):
        step = np.zeros_like(pred)
        step[place] = 1e-6
        slopes[place] = (formula(pred + step, label) - formula(pred - step, label)).sum() / 2e-6
    np.testing.assert_allclose(x.grad.asnumpy(), slopes, rtol=1e-6, atol=1e-8)


# -- better than MXNet's answers -------------------------------------------------------------------------------------


def gradient_of(loss, pred, label):
    x = mx.nd.array(pred)
    x.attach_grad()
    with autograd.record():
        out = loss(x, mx.nd.array(label))
    out.backward()
    return x.grad.asnumpy()


@pytest.mark.parametrize("loss", [L.SigmoidBCELoss(), L.LogisticLoss(label_format="binary")], ids=repr)
def test_slope_at_zero_is_that_of_the_sigmoid(loss):
    assert gradient_of(loss, [[0], [0], [0]], [[1], [0], [0.5]]).tolist() == [[-0.5], [0.5], [0.0]]


@pytest.mark.parametrize("hybridize", [False, True])
def test_confident_predictions_keep_their_small_losses(hybridize):
    loss = L.SigmoidBCELoss()
    if hybridize:
        loss.hybridize()
    pred, label = mx.nd.array([[15], [-15], [40], [1000]]), mx.nd.array([[1], [0], [1], [0]])
    np.testing.assert_allclose(
        loss(pred, label).asnumpy(), [np.log1p(np.exp(-15))] * 2 + [np.exp(-40), 1000], rtol=1e-6
    )


@pytest.mark.parametrize("hybridize", [False, True])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_no_probability_makes_nan(dtype, hybridize):
    bce, kl, cos = L.SigmoidBCELoss(from_sigmoid=True), L.KLDivLoss(), L.CosineEmbeddingLoss()
    if hybridize:
        for loss in (bce, kl, cos):
            loss.hybridize()
    ends = mx.nd.array([[0, 1], [1, 0]]).astype(dtype)
    assert bce(ends, ends).asnumpy().round(3).tolist() == [0, 0]
    assert np.isfinite(bce(ends, 1 - ends).asnumpy()).all()
    found = kl(mx.nd.array([[-1, -2]]).astype(dtype), mx.nd.array([[1, 0]]).astype(dtype)).asnumpy()
    np.testing.assert_allclose(found, [1], atol=1e-9)
    zero, one = mx.nd.zeros((1, 2)).astype(dtype), mx.nd.ones((1,)).astype(dtype)
    assert cos(zero, zero, one).asnumpy().tolist() == [[1]]


def test_poisson_of_no_events_is_finite_and_recordable():
    loss = L.PoissonNLLLoss(compute_full=True)
    assert np.isfinite(gradient_of(loss, [[0.5, 1]], [[0, 3]])).all()
    assert loss(mx.nd.zeros((1, 1)), mx.nd.zeros((1, 1))).asnumpy().tolist() == [1]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_cosine_of_zeros_has_no_gradient(dtype):
    x = mx.nd.array([[0, 0]], dtype=dtype)
    x.attach_grad()
    with autograd.record():
        out = L.CosineEmbeddingLoss()(x, mx.nd.array([[1, 2]], dtype=dtype), mx.nd.array([1]))
    out.backward()
    assert out.asnumpy().tolist() == [[1]]
    assert x.grad.asnumpy().tolist() == [[0, 0]]


def test_cosine_of_nan_is_nan():
    loss = L.CosineEmbeddingLoss()
    assert np.isnan(loss(mx.nd.array([[np.nan, 1]]), mx.nd.ones((1, 2)), mx.nd.array([1])).asnumpy())


def test_sdml_hybridized_and_as_symbol_is_the_eager_one():
    x, y = mx.nd.array(np.sin(np.arange(12)).reshape(3, 4)), mx.nd.array(np.cos(np.arange(12)).reshape(3, 4))
    loss = L.SDMLLoss(smoothing_parameter=0.2, weight=0.5)
    expected = loss(x, y).asnumpy()
    loss.hybridize()
    for count in (3, 2, 1):  # another number of pairs, too
        plain = L.SDMLLoss(smoothing_parameter=0.2, weight=0.5)
        np.testing.assert_allclose(loss(x[:count], y[:count]).asnumpy(), plain(x[:count], y[:count]).asnumpy(), 1e-5)
    symbol = L.SDMLLoss(smoothing_parameter=0.2, weight=0.5)(mx.sym.var("x"), mx.sym.var("y"))
    np.testing.assert_allclose(symbol.eval(x=x, y=y)[0].asnumpy(), expected, 1e-5)


def test_sdml_weighs_one_pair_and_other_dtypes():
    x = mx.nd.array([[1, 2], [3, 4]], dtype="float64")
    twice, once = L.SDMLLoss(weight=2)(x, x * 2), L.SDMLLoss()(x, x * 2)
    assert twice.dtype == np.float64
    np.testing.assert_allclose(twice.asnumpy(), 2 * once.asnumpy())
    np.testing.assert_allclose(L.SDMLLoss()(x[:1], x[:1] * 2).asnumpy(), [0], atol=1e-9)


def test_sparse_labels_make_no_one_hot_matrix():
    symbol = L.SoftmaxCELoss()(mx.sym.var("p"), mx.sym.var("l"))
    operators = [node.split("(")[0] for node in symbol.debug_str().splitlines() if "Op:" in node]
    assert "one_hot" not in str(operators)
    assert "pick" in str(operators)


@pytest.mark.parametrize("name", [n for n in L.__all__ if n not in ("Loss", "CTCLoss", "TripletLoss", "SDMLLoss")])
def test_stays_on_the_device(name):
    there = mx.cpu(1)
    pred, label = mx.nd.ones((2, 3), ctx=there), mx.nd.ones((2, 3), ctx=there)
    if name in ("SoftmaxCELoss", "SoftmaxCrossEntropyLoss"):
        label = mx.nd.ones((2,), ctx=there)
    arrays = (pred, label, mx.nd.ones((2,), ctx=there)) if name == "CosineEmbeddingLoss" else (pred, label)
    for hybridize in (False, True):
        loss = getattr(L, name)()
        if hybridize:
            loss.hybridize()
        assert loss(*arrays).context == there


def test_sdml_stays_on_the_device():
    x = mx.nd.array([[1, 2], [3, 4]], ctx=mx.cpu(1))
    assert L.SDMLLoss()(x, x).context == mx.cpu(1)


# -- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: L.L2Loss()(mx.nd.ones((2, 3)), mx.nd.ones((4,))), ValueError, ["label", "(4,)", "(2, 3)"]),
        (lambda: L.L1Loss(weight="2")(mx.nd.ones(1), mx.nd.ones(1)), AssertionError, ["weight", "number", "str"]),
        (lambda: L.CTCLoss(layout="NCT"), AssertionError, ["CTCLoss", "NTC", "TNC", "NCT"]),
        (lambda: L.CTCLoss(label_layout="N"), AssertionError, ["'NT'", "'TN'", "label"]),
        (lambda: L.LogisticLoss(label_format="x"), ValueError, ["signed", "binary", "x"]),
        (lambda: L.SDMLLoss()(mx.nd.ones((2, 3)), mx.nd.ones((1, 3))), AssertionError, ["SDMLLoss", "(1, 3)"]),
        (lambda: L.SDMLLoss()(mx.nd.ones((1, 2, 3)), mx.nd.ones((1, 2, 3))), ValueError, ["SDMLLoss", "(N, C)"]),
        (lambda: L.Loss(None, 0)(mx.nd.ones(1)), NotImplementedError, ["Loss.hybrid_forward"]),
    ],
)
def test_message(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert all(word in str(caught.value) for word in words), str(caught.value)
