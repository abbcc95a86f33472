"""Attention in one node computes what its operators compute one by one."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, gluon

Q, K, V, P = (mx.sym.var(name) for name in ("q", "k", "v", "p"))


def separate(scale=lambda scores: scores, weights=lambda weights: weights, **softmax):
    scores = scale(mx.sym.batch_dot(Q, K, transpose_b=True))
    return mx.sym.batch_dot(weights(mx.sym.softmax(scores, **softmax)), V)


def interleaved(of_keys=P, of_values=P, heads=2):
    scores = mx.sym.contrib.interleaved_matmul_selfatt_qk(of_keys, heads=heads)
    return mx.sym.contrib.interleaved_matmul_selfatt_valatt(of_values, mx.sym.softmax(scores), heads=heads)


SHAPES = {"q": (3, 4, 5), "k": (3, 6, 5), "v": (3, 6, 2), "p": (7, 3, 2 * 3 * 4)}
FUSED = {
    "plain": separate(),
    "times a number": separate(lambda scores: scores * 0.25),
    "over a number": separate(lambda scores: scores / 8**0.5, temperature=1.0),
    "interleaved": interleaved(),
    "two of them": mx.sym.broadcast_add(separate(), mx.sym.sum(interleaved(), keepdims=True)),
}
SCORES = mx.sym.batch_dot(Q, K, transpose_b=True)
APART = {
    "scores read twice": mx.sym.Group([mx.sym.batch_dot(mx.sym.softmax(SCORES * 2), V), mx.sym.tanh(SCORES)]),
    "weights are a head": mx.sym.Group([separate(name="weights"), separate(name="weights").get_internals()[3]]),
    "another axis": separate(axis=1),
    "temperature": separate(temperature=2.0),
    "over zero": separate(lambda scores: scores / 0),
    "two factors": separate(lambda scores: scores * 2 * 3),
    "dropout": separate(weights=lambda weights: mx.sym.Dropout(weights, p=0.0)),
    "masked": separate(lambda scores: mx.sym.broadcast_add(scores, mx.sym.ones((1, 4, 6)))),
    "other projections": interleaved(P, mx.sym.tanh(P)),
}


def count(executor, name="softmax"):
    return [node.operator.name for node in executor._plan.improved[1] if node.operator is not None].count(name)


def steps(net, monkeypatch, dtype="float32", shapes=SHAPES, head=np.cos):
    """Return the executor, outputs and gradients as fused and as written; predictions come last among the outputs."""
    found = []
    for without in ("", "attention"):
        monkeypatch.setenv("REMX_WITHOUT", without)
        given = {name: shapes[name] for name in net.list_arguments()}
        executor = net.simple_bind(mx.cpu(), type_dict=dict.fromkeys(given, dtype), **given)
        for number, array in enumerate(executor.arg_arrays):
            array[:] = np.sin(np.arange(array.size) * 1.7 + number).reshape(array.shape)
        outputs = [o.asnumpy() for o in executor.forward(is_train=True)]
        executor.backward([mx.nd.array(head(np.arange(o.size)).reshape(o.shape), dtype=dtype) for o in outputs])
        gradients = [g.asnumpy() for g in executor.grad_arrays]
        found.append((executor, [*outputs, *(o.asnumpy() for o in executor.forward())], gradients))
    return found


def check_equal(found, tolerance=1e-5):
    (_, outputs, gradients), (_, expected, wanted) = found
    for one, other in zip((*outputs, *gradients), (*expected, *wanted), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5), ("float16", 5e-3)])
@pytest.mark.parametrize("net", FUSED.values(), ids=FUSED)
def test_it_is_the_same(net, dtype, tolerance, monkeypatch):
    found = steps(net, monkeypatch, dtype)
    assert count(found[0][0]) == 0
    assert count(found[1][0]) > 0
    check_equal(found, tolerance)


@pytest.mark.parametrize("net", APART.values(), ids=APART)
def test_what_differs_stays_as_written(net, monkeypatch):
    found = steps(net, monkeypatch)
    assert count(found[0][0]) > 0
    check_equal(found)


@pytest.mark.parametrize(
    "shapes",
    [
        {"q": (2, 3, 4, 5), "k": (2, 3, 6, 5), "v": (2, 3, 6, 2)},
        {"q": (3, 1, 5), "k": (3, 1, 5), "v": (3, 1, 1)},
        {"q": (1, 130, 64), "k": (1, 70, 64), "v": (1, 70, 32)},
        {"q": (2, 300, 8), "k": (2, 260, 8), "v": (2, 260, 8)},
        {"q": (1, 2, 260, 8), "k": (1, 2, 300, 8), "v": (1, 2, 300, 8)},
        {"q": (1, 300, 8), "k": (1, 300, 8), "v": (1, 300, 4)},
    ],
    ids=["four axes", "one of each", "large", "long", "long, four axes", "long, other values"],
)
def test_shapes(shapes, monkeypatch):
    check_equal(steps(FUSED["times a number"], monkeypatch, "float64", shapes), 1e-12)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5), ("float16", 5e-3)])
def test_long_sequences(dtype, tolerance, monkeypatch):
    check_equal(steps(interleaved(), monkeypatch, dtype, {"p": (260, 2, 2 * 3 * 4)}), tolerance)


def test_what_other_passes_change_above_it(monkeypatch):
    """Its number does not get lost when a node is put on other inputs."""
    pooled = mx.sym.Pooling(mx.sym.tanh(mx.sym.var("x")), kernel=(2, 2), stride=(2, 2), name="pool")
    queries = mx.sym.reshape(pooled, shape=(3, 4, 5))
    net = mx.sym.batch_dot(mx.sym.softmax(mx.sym.batch_dot(queries, K, transpose_b=True) * 0.125), V)
    found = steps(net, monkeypatch, "float64", {**SHAPES, "x": (3, 1, 8, 10)})
    assert count(found[0][0]) == 0
    assert count(found[0][0], "Pooling") == 1
    check_equal(found, 1e-12)


@pytest.mark.parametrize("wanted", ["q", "k", "v", "qk", "qv", "kv"])
def test_each_gradient_alone(wanted, monkeypatch):
    found = []
    for without in ("", "attention"):
        monkeypatch.setenv("REMX_WITHOUT", without)
        arrays = {n: mx.nd.array(np.sin(np.arange(np.prod(SHAPES[n]))).reshape(SHAPES[n])) for n in "qkv"}
        executor = FUSED["times a number"].bind(
            mx.cpu(),
            arrays,
            {name: mx.nd.zeros(SHAPES[name]) for name in wanted},
            {name: "write" if name in wanted else "null" for name in "qkv"},
        )
        executor.forward(is_train=True)
        executor.backward(mx.nd.array(np.cos(np.arange(24)).reshape(executor.outputs[0].shape)))
        found.append([executor.grad_dict[name].asnumpy() for name in wanted])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_only_some_gradients(monkeypatch):
    for without in ("", "attention"):
        monkeypatch.setenv("REMX_WITHOUT", without)
        net, arrays = FUSED["plain"], {name: mx.nd.ones(SHAPES[name]) for name in "qkv"}
        arrays["k"][:, 0] = 2
        gradient = mx.nd.zeros(SHAPES["v"])
        executor = net.bind(mx.cpu(), arrays, {"v": gradient}, {"q": "null", "k": "null", "v": "add"})
        for _ in range(2):
            executor.forward(is_train=True)
            executor.backward(mx.nd.ones(executor.outputs[0].shape))
        np.testing.assert_allclose(gradient.asnumpy().sum(), 2 * executor.outputs[0].size, rtol=1e-5)
        np.testing.assert_allclose(gradient[0, 1:].asnumpy(), gradient[0, 1, 0].asscalar(), rtol=1e-6)


def test_a_monitor_sees_scores_and_weights():
    executor = FUSED["plain"].simple_bind(mx.cpu(), **{name: SHAPES[name] for name in "qkv"})
    seen = []
    executor.set_monitor_callback(lambda name, array: seen.append(name.decode().rstrip("0123456789")))
    executor.forward(is_train=True)
    assert [name.split("_output")[0].rstrip("0123456789") for name in seen] == ["batch_dot", "softmax", "batch_dot"]


class Attention(gluon.HybridBlock):
    def hybrid_forward(self, F, q, k, v):
        return F.batch_dot(F.softmax(F.batch_dot(q, k, transpose_b=True) / 3), v)


def test_in_a_hybridized_block_gradients_can_be_differentiated_again():
    results = []
    for hybridized in (True, False):
        block = Attention()
        if hybridized:
            block.hybridize()
        arrays = [mx.nd.array(np.sin(np.arange(np.prod(SHAPES[n]))).reshape(SHAPES[n])) for n in "qkv"]
        for array in arrays:
            array.attach_grad()
        with autograd.record():
            first = autograd.grad(block(*arrays), arrays, create_graph=True)
            total = sum((g * g).sum() for g in first)
        total.backward()
        results.append([*first, *(array.grad for array in arrays)])
    for one, other in zip(*results):
        np.testing.assert_allclose(one.asnumpy(), other.asnumpy(), rtol=1e-4, atol=1e-5)


def test_wrong_inputs_are_told():
    block = Attention()
    block.hybridize()
    good = [mx.nd.ones(SHAPES[name]) for name in "qkv"]
    block(*good)
    for position, wrong, message in (
        (
            1,
            mx.nd.ones((3, 6, 4)),
            r"batch_dot.*lhs \(3, 4, 5\) and rhs \(3, 6, 4\).*lengths 5 and 4.*keys from .* \(3, 6, 4\)",
        ),
        (2, mx.nd.ones((2, 6, 2)), r"batch_dot.*: lhs has shape \(3, 4, 6\) and rhs \(2, 6, 2\); .*equal batch axes"),
        (2, mx.nd.ones((3, 6, 2), dtype="float64"), r"batch_dot.*: lhs is float32 and rhs is float64"),
        (0, mx.nd.ones((3, 4, 5), dtype="int32"), r"batch_dot.*: got int32; expected a floating dtype"),
    ):
        with pytest.raises(mx.MXNetError, match=message):
            block(*(wrong if i == position else array for i, array in enumerate(good)))
