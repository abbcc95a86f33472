"""Layers that take a few images at a time compute what they compute of a whole batch."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet._graph import pieces

X = mx.sym.var("x")
IMAGE = (6, 9, 8)  # channels, rows, columns


def conv(data, name, filters=6, kernel=3, **options):
    options = {"kernel": (kernel, kernel), "pad": (kernel // 2,) * 2, "num_filter": filters, **options}
    return mx.sym.Convolution(data, name=name, **options)


def layer(data, name, **options):
    return mx.sym.relu(mx.sym.BatchNorm(conv(data, name, **options), name=f"{name}_norm", fix_gamma=False))


def residual(data, name):
    return mx.sym.relu(mx.sym.BatchNorm(conv(layer(data, f"{name}_1"), f"{name}_2"), name=f"{name}_norm") + data)


def pool(data, **options):
    return mx.sym.Pooling(data, **{"kernel": (2, 2), "stride": (2, 2), "pool_type": "max", **options})


T = mx.sym.tanh(X)

#: name -> (symbol, whether images go through some of it apart)
NETS = {
    "layers": (layer(layer(X, "a"), "b"), True),
    "residuals": (residual(residual(layer(X, "a"), "b"), "c"), True),
    "residual of the data": (residual(X, "a"), True),
    "branches": (mx.sym.Concat(layer(T, "a"), layer(T, "b", kernel=1), T, dim=1), True),
    "pooled": (mx.sym.FullyConnected(pool(layer(X, "a"), global_pool=True), num_hidden=3, name="f"), True),
    "shrinking": (layer(pool(layer(pool(layer(X, "a")), "b", filters=4), pool_type="avg"), "c"), True),
    "not fused": (mx.sym.LRN(mx.sym.BatchNorm(conv(X, "a", layout="NCHW"), name="n") * 2, nsize=3), True),
    "other activations": (mx.sym.LeakyReLU(mx.sym.clip(conv(X, "a"), a_min=-1, a_max=1), act_type="prelu"), True),
    "after what is not apart": (layer(mx.sym.broadcast_sub(X, mx.sym.mean(X, axis=0, keepdims=True)), "a"), True),
    "before what is not apart": (mx.sym.softmax(layer(layer(X, "a"), "b"), axis=0), True),
    "in between": (layer(mx.sym.softmax(layer(X, "a"), axis=0), "b"), True),
    "data read again": (layer(layer(X, "a"), "b") * X, True),
    "shown in between": ((lambda y: mx.sym.Group([y, layer(y, "b")]))(layer(X, "a")), True),
    "joined along the batch": (mx.sym.Concat(conv(X, "a"), conv(X, "b"), dim=0), True),  # what is joined
    "a computed weight": (conv(X, "a", weight=mx.sym.tanh(mx.sym.var("w", shape=(6, 6, 3, 3)))), False),
    "no convolution": (mx.sym.tanh(mx.sym.relu(X)), False),
    "sequences": (conv(mx.sym.reshape(X, shape=(0, 6, 72)), "a", kernel=3, filters=4).get_internals()[0], False),
}  # fmt: skip


def bound(net, count, without, monkeypatch):
    monkeypatch.setenv("REMX_WITHOUT", without)
    executor = net.simple_bind(mx.cpu(), grad_req="null", x=(count, *IMAGE))
    for number, array in enumerate((*executor.arg_arrays, *executor.aux_arrays)):
        array[:] = 0.75 + np.sin(np.arange(array.size) * 0.7 + number).reshape(array.shape) / 2
    return executor


def decided_of(executor):
    """Return what the chains of an executor's plan have decided for the size that came."""
    chains = executor._plan.inference().__globals__.values()
    return [decided for chain in chains if isinstance(chain, pieces.InPieces) for decided in chain._known.values()]


@pytest.fixture(autouse=True)
def a_small_cache(monkeypatch):
    monkeypatch.setattr(pieces, "_cache", lambda: 2 * 4 * int(np.prod(IMAGE)))
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("count", [1, 3, 4, 9])
@pytest.mark.parametrize("name", NETS)
def test_the_same_in_pieces(name, count, monkeypatch):
    net, apart = NETS[name]
    executor = bound(net, count, "", monkeypatch)
    expected = [o.asnumpy() for o in bound(net, count, "pieces", monkeypatch).forward()]
    before = executor.arg_dict["x"].asnumpy()
    for _ in range(3):  # the first time looks, the others follow
        for found, wanted in zip(executor.forward(), expected, strict=True):
            assert found.shape == wanted.shape
            np.testing.assert_allclose(found.asnumpy(), wanted, 1e-5, 1e-6)
    np.testing.assert_array_equal(executor.arg_dict["x"].asnumpy(), before)
    assert any(blocks for blocks, _ in decided_of(executor)) == (apart and count >= 4)


@pytest.mark.parametrize(
    ("moved", "results", "expected"),
    [
        ([50, 50, 50], [9, 9, 9], (0, 0)),  # all fits
        ([900, 50, 50], [90, 9, 9], (2, 16)),  # the second block returns less
        ([900, 50, 50], [90, 90, 9], (1, 16)),
        ([50, 900, 10], [9, 9, 9], (2, 16)),  # a small one before a large one
        ([150, 900, 50, 50, 900], [9] * 5, (5, 16)),
        ([150, 10, 10, 10, 150], [9] * 5, (1, 4)),  # more would be lost than gained
        ([900], [9], (1, 16)),
        ([120], [9], (1, 3)),
    ],
)
def test_how_far(moved, results, expected):
    assert pieces.how_far(moved, results, 32, 2, 100) == expected


def test_each_thread_has_an_image():
    assert pieces.how_far([10_000], [9], 32, 8, 100) == (1, 4)
    assert pieces.how_far([10_000], [9], 32, 17, 100) == (0, 0)


def test_sizes_of_batches_may_vary(monkeypatch):
    net = mx.gluon.nn.HybridSequential()
    for _ in range(2):
        net.add(mx.gluon.nn.Conv2D(4, 3, activation="relu"))
    net.initialize()
    batches = [
        mx.nd.array(np.sin(np.arange(n * 3 * 8 * side)).reshape(n, 3, 8, side))
        for n in (4, 7, 2, 4)
        for side in (8, 11)
    ]
    expected = [net(batch).asnumpy() for batch in batches]
    monkeypatch.setattr(pieces, "_MOST_SIZES", 3)
    net.hybridize()
    for _ in range(2):
        for batch, wanted in zip(batches, expected):
            np.testing.assert_allclose(net(batch).asnumpy(), wanted, 1e-5, 1e-6)


def test_written_weights_are_seen(monkeypatch):
    net = NETS["residuals"][0]
    executor = bound(net, 6, "", monkeypatch)
    executor.forward()
    for name in ("a_weight", "c_2_weight", "b_norm_gamma"):
        executor.arg_dict[name][:] *= 1.5
        found = executor.forward()[0].asnumpy()
        other = bound(net, 6, "pieces", monkeypatch)
        other.copy_params_from(executor.arg_dict, executor.aux_dict)
        np.testing.assert_allclose(found, other.forward()[0].asnumpy(), 1e-5, 1e-6)


def test_an_error_names_its_layer():
    block = mx.gluon.SymbolBlock(NETS["layers"][0], X)
    block.initialize()
    block.hybridize()
    good = mx.nd.ones((4, *IMAGE))
    for _ in range(2):
        block(good)
    with pytest.raises(mx.MXNetError, match=r"operator Convolution, node 'a'.*\(4, 5, 9, 8\)"):
        block(mx.nd.ones((4, 5, 9, 8)))
    assert block(good).shape == good.shape


def test_threads_share_a_network(monkeypatch):
    net = NETS["shrinking"][0]
    executor = bound(net, 8, "", monkeypatch)
    block = mx.gluon.SymbolBlock(net, X)
    block.initialize()
    for name, parameter in block.collect_params().items():
        parameter.set_data({**executor.arg_dict, **executor.aux_dict}[name])
    block.hybridize()
    expected = {n: executor.reshape(x=(n, *IMAGE)).forward(x=mx.nd.ones((n, *IMAGE)))[0].asnumpy() for n in (4, 5, 8)}
    wrong = []

    def predict(count):
        for _ in range(5):
            if not np.allclose(block(mx.nd.ones((count, *IMAGE))).asnumpy(), expected[count], 1e-5, 1e-6):
                wrong.append(count)

    threads = [threading.Thread(target=predict, args=(n,)) for n in (4, 5, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
