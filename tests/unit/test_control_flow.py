"""Loops and branches: what MXNet 1.9.1 answers, and what they promise besides."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mxnet as mx
from tests.golden import programs


@pytest.mark.parametrize("name", sorted(programs.table("control_flow")))
def test_answers_as_mxnet(name):
    programs.check("control_flow", name, mx)


def step(piece, states):
    hidden = mx.sym.Activation(
        mx.sym.FullyConnected(piece, num_hidden=4, name="in")
        + mx.sym.FullyConnected(states[0], num_hidden=4, name="h"),
        act_type="tanh",
    )
    return hidden * 2, [hidden]


def recurrent():
    """A small recurrent net as a loop, and the same unrolled by hand."""
    data, first = mx.sym.var("data"), mx.sym.var("first")
    outputs, states = mx.sym.contrib.foreach(step, data, [first])
    loop = mx.sym.Group([outputs, states[0]])
    pieces = mx.sym.split(data, num_outputs=3, axis=0, squeeze_axis=True)
    shared = {n: mx.sym.var(n) for n in ("in_weight", "in_bias", "h_weight", "h_bias")}
    state, rows = first, []
    for piece in pieces:
        a = mx.sym.FullyConnected(piece, shared["in_weight"], shared["in_bias"], num_hidden=4)
        b = mx.sym.FullyConnected(state, shared["h_weight"], shared["h_bias"], num_hidden=4)
        state = mx.sym.tanh(a + b)
        rows.append(state * 2)
    return loop, mx.sym.Group([mx.sym.stack(*rows, axis=0), state])


def test_loop_equals_unrolled():
    results = []
    for net in recurrent():
        executor = net.simple_bind(mx.cpu(), data=(3, 2, 5), first=(2, 4))
        generator = np.random.default_rng(0)
        for name in sorted(executor.arg_dict):
            executor.arg_dict[name][:] = generator.normal(size=executor.arg_dict[name].shape)
        outputs = executor.forward(is_train=True)
        executor.backward([mx.nd.ones(o.shape) for o in outputs])
        gradients = {name: g.asnumpy() for name, g in executor.grad_dict.items()}
        results.append(([o.asnumpy() for o in outputs], gradients))
    for one, other in zip(results[0][0], results[1][0]):
        np.testing.assert_allclose(one, other, 1e-5, 1e-6)
    for name, gradient in results[0][1].items():
        np.testing.assert_allclose(gradient, results[1][1][name], 1e-5, 1e-6, err_msg=name)


def test_inference_keeps_up_with_new_weights():
    loop, _ = recurrent()
    executor = loop.simple_bind(mx.cpu(), grad_req="null", data=(3, 2, 5), first=(2, 4))
    assert not executor.forward()[0].asnumpy().any()
    executor.arg_dict["in_bias"][:] = 1
    assert executor.forward()[0].asnumpy().all()


def test_float64():
    loop, _ = recurrent()
    types = {"data": "float64", "first": "float64"}
    executor = loop.simple_bind(mx.cpu(), type_dict=types, data=(3, 2, 5), first=(2, 4))
    assert executor.arg_dict["h_weight"].dtype == np.float64
    assert executor.forward()[0].dtype == np.float64


def test_batch_norm_inside_a_loop_trains():
    def body(piece, state):
        return mx.sym.BatchNorm(piece, name="bn", momentum=0.5, fix_gamma=False), state + 1

    outputs, state = mx.sym.contrib.foreach(body, mx.sym.var("x"), mx.sym.var("s"))
    net = mx.sym.Group([outputs, state])
    reqs = {"x": "write", "bn_gamma": "write"}
    executor = net.simple_bind(mx.cpu(), grad_req=reqs, x=(2, 8, 3), s=(1,))
    executor.arg_dict["x"][:] = np.random.default_rng(0).normal(3, 2, (2, 8, 3))
    executor.arg_dict["bn_gamma"][:] = 1
    executor.arg_dict["bn_moving_var"][:] = 1
    out = executor.forward(is_train=True)[0].asnumpy()
    np.testing.assert_allclose(out.mean(axis=1), np.zeros((2, 3)), atol=1e-5)
    executor.backward([mx.nd.ones((2, 8, 3)), mx.nd.ones((1,))])
    means = executor.arg_dict["x"].asnumpy().mean(axis=1)
    moved = executor.arg_dict["bn_moving_mean"].asnumpy()
    # two updates of momentum 0.5, one for each step, in either order
    orders = [means[a] * 0.25 + means[b] * 0.5 for a, b in ((0, 1), (1, 0))]
    assert any(np.allclose(moved, expected, rtol=1e-4) for expected in orders)


def test_dropout_inside_a_loop_draws_anew():
    outputs, _ = mx.sym.contrib.foreach(
        lambda d, s: (mx.sym.Dropout(d, p=0.5), s + 1), mx.sym.var("x"), mx.sym.var("s")
    )
    executor = outputs.bind(mx.cpu(), {"x": mx.nd.ones((4, 50)), "s": mx.nd.zeros((1,))})
    rows = executor.forward(is_train=True)[0].asnumpy()
    assert set(np.unique(rows)) == {0.0, 2.0}
    assert len({row.tobytes() for row in rows}) == 4
    assert (executor.forward(is_train=False)[0].asnumpy() == 1).all()


def test_loop_that_takes_no_step_gives_zeros():
    i = mx.sym.var("i")
    rows, last = mx.sym.contrib.while_loop(lambda i: i < 3, lambda i: (i * 2, i + 1), i, max_iterations=4)
    executor = mx.sym.Group([rows, last]).bind(mx.cpu(), {"i": mx.nd.array([9])}, {"i": mx.nd.zeros((1,))})
    found = executor.forward(is_train=True)
    assert found[0].asnumpy().tolist() == [[0]] * 4
    assert found[1].asscalar() == 9
    executor.backward([mx.nd.ones((4, 1)), mx.nd.ones((1,))])
    assert executor.grad_dict["i"].asscalar() == 1


def test_outputs_do_not_share_memory_with_inputs():
    x = mx.nd.array([[1, 2], [3, 4]])
    state = mx.nd.array([5, 6])
    outputs, last = mx.sym.contrib.foreach(lambda d, s: (d, s), mx.sym.var("x"), mx.sym.var("s"))
    found = mx.sym.Group([outputs, last]).bind(mx.cpu(), {"x": x, "s": state}).forward()
    x[:], state[:] = 0, 0
    assert found[0].asnumpy().tolist() == [[1, 2], [3, 4]]
    assert found[1].asnumpy().tolist() == [5, 6]


def test_mistake_inside_names_the_inner_node():
    outputs, _ = mx.sym.contrib.foreach(lambda d, s: (mx.sym.dot(d, s, name="product"), s + 0), *map(mx.sym.var, "xs"))
    with pytest.raises(mx.MXNetError, match=r"dot, node 'product'"):
        outputs.bind(mx.cpu(), {"x": mx.nd.ones((2, 3, 4)), "s": mx.nd.ones((5, 4))}).forward()


def test_empty_first_axis_is_refused():
    with pytest.raises(ValueError, match="first axis is empty"):
        mx.nd.contrib.foreach(lambda d, s: (d, s), mx.nd.zeros((0, 2)), mx.nd.zeros((1,)))
    with pytest.raises(ValueError, match=r"lengths \[2, 3\]"):
        mx.nd.contrib.foreach(lambda d, s: (d[0], s), [mx.nd.zeros((2,)), mx.nd.zeros((3,))], mx.nd.zeros((1,)))


def test_condition_of_several_numbers_is_refused():
    net = mx.sym.contrib.cond(mx.sym.var("x"), lambda: mx.sym.var("y"), lambda: mx.sym.var("y") * 2)
    with pytest.raises(mx.MXNetError, match=r"_cond.*shape \(2,\); expected a single number"):
        net.bind(mx.cpu(), {"x": mx.nd.ones((2,)), "y": mx.nd.ones((2,))}).forward()


def loop_json():
    outputs, state = mx.sym.contrib.foreach(lambda d, s: (d + s, s * 2), mx.sym.var("x"), mx.sym.var("s"))
    return json.loads(mx.sym.Group([outputs, state]).tojson())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("in_data_locs", "[7]"),
        ("in_data_locs", "[0, 1]"),
        ("in_state_locs", "[-1]"),
        ("remain_locs", "[1]"),
        ("num_outputs", "9"),
        ("num_args", "4"),
        ("num_args", "1000000000"),
        ("num_outputs", "1000000000"),
        ("in_data_locs", "nothing"),
    ],
)
def test_files_with_wrong_numbers_are_refused(key, value):
    graph = loop_json()
    node = next(node for node in graph["nodes"] if node["op"] == "_foreach")
    node["attrs"][key] = value
    with pytest.raises(mx.MXNetError, match="_foreach"):
        mx.sym.load_json(json.dumps(graph)).infer_shape(x=(3, 2), s=(2,))


@pytest.mark.parametrize("subgraphs", [None, [], 3, [{}], [{"nodes": [], "heads": []}]])
def test_files_with_broken_subgraphs_are_refused(subgraphs):
    graph = loop_json()
    node = next(node for node in graph["nodes"] if node["op"] == "_foreach")
    node["subgraphs"] = subgraphs
    with pytest.raises(mx.MXNetError, match="_foreach"):
        mx.sym.load_json(json.dumps(graph))


def test_files_with_graphs_too_deep_are_refused():
    graph = loop_json()
    for _ in range(60):
        outer = loop_json()
        node = next(node for node in outer["nodes"] if node["op"] == "_foreach")
        inner = node["subgraphs"][0]
        place = next(i for i, n in enumerate(inner["nodes"]) if n["op"] == "elemwise_add")
        inner["nodes"][place] = next(n for n in graph["nodes"] if n["op"] == "_foreach")
        graph = outer
    with pytest.raises(mx.MXNetError, match="graphs inside each other"):
        mx.sym.load_json(json.dumps(graph))


def test_zipfian_classes():
    samples, true, expected = mx.nd.contrib.rand_zipfian(mx.nd.array([3]), 100_000, 5)
    counts = np.bincount(samples.asnumpy(), minlength=5) / 100_000
    probabilities = np.log((np.arange(5) + 2) / (np.arange(5) + 1)) / np.log(6)
    np.testing.assert_allclose(counts, probabilities, atol=0.01)
    np.testing.assert_allclose(true.asnumpy(), [probabilities[3] * 100_000])
    np.testing.assert_allclose(expected.asnumpy(), probabilities[samples.asnumpy()] * 100_000)
