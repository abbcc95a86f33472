"""The old training interface: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from tests.golden import programs

GROUP = "feedforward"


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


@pytest.fixture
def clouds():
    """Two clouds of points that a line separates."""
    random = np.random.default_rng(0)
    x = random.normal(size=(60, 2)).astype("float32")
    return x, (x[:, 0] > x[:, 1]).astype("float32")


def network():
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="fc")
    return mx.sym.SoftmaxOutput(net, name="softmax")


def model(**kwargs):
    with pytest.warns(DeprecationWarning, match=r"Please use mxnet\.mod\.Module"):
        return mx.model.FeedForward(network(), **{"num_epoch": 10, "numpy_batch_size": 16, **kwargs})


def test_arrays_are_learnt(clouds, tmp_path):
    x, y = clouds
    made = model(learning_rate=1)
    made.fit(x, y, eval_data=(x, y))
    assert (made.predict(x).argmax(axis=1) == y).mean() > 0.95
    assert made.score(mx.io.NDArrayIter(x, y, 16)) > 0.95
    made.save(str(tmp_path / "net"))
    with pytest.warns(DeprecationWarning, match="FeedForward"):
        loaded = mx.model.FeedForward.load(str(tmp_path / "net"), 10)
    assert np.array_equal(loaded.predict(x), made.predict(x))
    assert loaded.begin_epoch == 10


def test_predictions_follow_the_parameters(clouds):
    made = model(learning_rate=1, num_epoch=1)
    made.fit(*clouds)
    before = made.predict(clouds[0])
    made.arg_params["fc_bias"][:] = [50, -50]
    assert not np.array_equal(before, made.predict(clouds[0]))
    assert (made.predict(clouds[0]).argmax(axis=1) == 0).all()


def test_two_devices(clouds):
    x, y = clouds
    found = []
    for contexts in (mx.cpu(), [mx.cpu(0), mx.cpu(1)]):
        made = model(ctx=contexts, num_epoch=2, initializer=mx.init.One(), momentum=0.9)
        made.fit(mx.io.NDArrayIter(x, y, 20), kvstore="device")
        found.append(made.arg_params["fc_weight"].asnumpy())
    np.testing.assert_allclose(*found, rtol=1e-4)


def test_a_generator_of_networks():
    class Buckets(mx.io.DataIter):
        default_bucket_key, at = 6, 0
        provide_data, provide_label = [("data", (4, 6))], [("softmax_label", (4,))]

        def reset(self):
            self.at = 0

        def next(self):
            if self.at == 3:
                raise StopIteration
            self.at += 1
            key = (3, 6, 3)[self.at - 1]
            data, label = mx.nd.ones((4, key)), mx.nd.ones((4,))
            return mx.io.DataBatch([data], [label], 0, None, key, [("data", (4, key))], self.provide_label)

    def generate(key):
        return mx.sym.SoftmaxOutput(
            mx.sym.FullyConnected(mx.sym.sum(mx.sym.var("data"), axis=1, keepdims=True), num_hidden=2, name="fc"),
            name="softmax",
        )

    with pytest.warns(DeprecationWarning, match="FeedForward"):
        made = mx.model.FeedForward(generate, num_epoch=5, learning_rate=0.1)
    made.fit(Buckets(4))
    assert made.arg_params["fc_bias"].asnumpy().argmax() == 1


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda m, x, y: m.fit(x), ValueError, "y must be specified when X is numpy.ndarray"),
        (lambda m, x, y: m.fit(x, y[:3]), ValueError, r"X has shape \(60, 2\), y \(3,\)"),
        (lambda m, x, y: m.predict(3), TypeError, "X must be DataIter, NDArray or numpy.ndarray; it is a int"),
        (lambda m, x, y: m.predict(x), mx.MXNetError, "no parameters yet; call fit"),
        (lambda m, x, y: m.save("never"), mx.MXNetError, "no parameters yet; call fit"),
    ],
)
def test_message(clouds, call, kind, message):
    with pytest.raises(kind, match=message):
        call(model(), *clouds)
