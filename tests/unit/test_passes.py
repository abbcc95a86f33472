"""Graphs that plans improve compute what the graphs as written do."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx

IMAGE = (2, 3, 8, 8)


def operators(executor):
    return [node.operator.name for node in executor._plan.improved[1] if node.operator is not None]


def step(net, monkeypatch, without, **given):
    """Return the executor, outputs and gradients of a step with and without an improvement."""
    found = []
    for turned_off in ("", without):
        monkeypatch.setenv("REMX_WITHOUT", turned_off)
        executor = net.simple_bind(mx.cpu(), data=IMAGE)
        for number, name in enumerate(executor.arg_dict):
            array = executor.arg_dict[name]
            value = np.sin(np.arange(array.size) * 1.7 + number).reshape(array.shape)
            array[:] = given.get(name, value)
        outputs = [o.asnumpy() for o in executor.forward(is_train=True)]
        executor.backward([mx.nd.array(np.cos(np.arange(o.size)).reshape(o.shape)) for o in outputs])
        found.append((executor, outputs, [g.asnumpy() for g in executor.grad_arrays]))
    return found


def check_equal(found, tolerance=1e-5):
    (_, outputs, gradients), (_, expected, wanted) = found
    for one, other in zip((*outputs, *gradients), (*expected, *wanted)):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def activation(kind):
    return mx.sym.Activation(mx.sym.var("data"), act_type=kind, name="act")


def maximum(data, **attributes):
    return mx.sym.Pooling(data, **{"kernel": (2, 2), "stride": (2, 2), "name": "pool", **attributes})


@pytest.mark.parametrize("kind", ["relu", "sigmoid", "softrelu", "softsign", "tanh"])
@pytest.mark.parametrize(
    "window", [{}, {"kernel": (3, 3), "pad": (1, 1)}, {"global_pool": True}], ids=["2x2", "3x3", "global"]
)
def test_a_maximum_is_pooled_first(kind, window, monkeypatch):
    found = step(maximum(activation(kind), **window), monkeypatch, "pool_first")
    assert operators(found[0][0]) == ["Pooling", "Activation"]
    assert operators(found[1][0]) == ["Activation", "Pooling"]
    check_equal(found)


@pytest.mark.parametrize(
    "data",
    [
        np.zeros(IMAGE),
        np.full(IMAGE, -1.0),
        np.tile([1.0, 1.0, -2.0, -2.0], (2, 3, 8, 2)),
        np.where(np.arange(384).reshape(IMAGE) % 5, 0.3, np.inf),
        np.full(IMAGE, -np.inf),
    ],
    ids=["zeros", "negative", "ties", "infinite", "all -inf"],
)
def test_ties_and_infinities(data, monkeypatch):
    check_equal(step(maximum(activation("relu")), monkeypatch, "pool_first", data=data))


def test_through_several_layers(monkeypatch):
    net = mx.sym.var("data")
    for layer in range(2):
        net = mx.sym.Convolution(net, kernel=(3, 3), pad=(1, 1), num_filter=4, name=f"conv{layer}")
        net = maximum(mx.sym.tanh(net, name=f"tanh{layer}"), name=f"pool{layer}")
    found = step(net, monkeypatch, "pool_first")
    assert operators(found[0][0]) == ["Convolution", "Pooling", "tanh"] * 2
    check_equal(found)


@pytest.mark.parametrize(
    "net",
    [
        maximum(activation("tanh"), pool_type="avg"),
        maximum(activation("tanh"), kernel=(3, 3), pooling_convention="full"),
        maximum(mx.sym.LeakyReLU(mx.sym.var("data"), act_type="leaky", slope=-1.0)),
        maximum(mx.sym.abs(mx.sym.var("data"))),
    ],
    ids=["average", "full", "leaky", "abs"],
)
def test_left_alone_or_equal(net, monkeypatch):
    check_equal(step(net, monkeypatch, "pool_first"))


def test_an_activation_that_others_read_stays(monkeypatch):
    act = activation("tanh")
    for net in (mx.sym.Group([act, maximum(act)]), maximum(act) + maximum(act, kernel=(4, 4), pad=(1, 1))):
        found = step(net, monkeypatch, "pool_first")
        names = operators(found[0][0])
        assert names.index("Activation") < names.index("Pooling")
        check_equal(found)


def test_a_monitor_sees_the_graph_as_written():
    executor = maximum(activation("tanh")).simple_bind(mx.cpu(), data=IMAGE)
    seen = []
    executor.set_monitor_callback(lambda name, array: seen.append((name.decode(), array.shape)))
    executor.forward()
    assert seen == [("act_output", IMAGE), ("pool_output", (2, 3, 4, 4))]


def test_convolutions_with_channels_last(monkeypatch):
    net = mx.sym.Convolution(mx.sym.var("data"), kernel=(3, 3), num_filter=8, pad=(1, 1), name="c0")
    net = mx.sym.BatchNorm(net, fix_gamma=False, name="bn") + mx.sym.Convolution(net, kernel=(1, 1), num_filter=8)
    net = mx.sym.Convolution(mx.sym.relu(net), kernel=(3, 3), num_filter=6, num_group=2, name="c1")
    net = mx.sym.FullyConnected(mx.sym.Dropout(net, p=0.0), num_hidden=5, name="fc")
    monkeypatch.setattr("mxnet._ops.convolution._WORTH_IT", 1)
    check_equal(step(net, monkeypatch, "channels_last"), 2e-4)


def test_volumes_with_channels_last(monkeypatch):
    net = mx.sym.reshape(mx.sym.var("data"), shape=(2, 3, 4, 4, 4))
    net = mx.sym.Convolution(net, kernel=(3, 3, 3), num_filter=8, pad=(1, 1, 1), name="c0")
    net = mx.sym.relu(mx.sym.BatchNorm(net, fix_gamma=False, name="bn"))
    net = maximum(net, kernel=(2, 2, 2), stride=(2, 2, 2))
    net = mx.sym.Convolution(net, kernel=(1, 2, 2), num_filter=6, num_group=2, name="c1")
    net = mx.sym.Convolution(mx.sym.mean(net, axis=1, keepdims=True), kernel=(1, 1, 1), num_filter=2, name="c2")
    net = mx.sym.FullyConnected(net, num_hidden=5, name="fc")
    monkeypatch.setattr("mxnet._ops.convolution._WORTH_IT", 1)
    check_equal(step(net, monkeypatch, "channels_last"), 2e-4)


@pytest.mark.parametrize("axes", [2, 3])
def test_outputs_are_contiguous(axes, monkeypatch):
    monkeypatch.setattr("mxnet._ops.convolution._WORTH_IT", 1)
    data = mx.sym.var("data") if axes == 2 else mx.sym.reshape(mx.sym.var("data"), shape=(2, 3, 4, 4, 4))
    net = mx.sym.Convolution(data, kernel=(3,) * axes, num_filter=8)
    executor = net.simple_bind(mx.cpu(), data=IMAGE)
    assert executor.forward()[0]._data.is_contiguous()
    assert executor.forward(is_train=True)[0]._data.is_contiguous()


def test_all_can_be_turned_off(monkeypatch):
    data = mx.sym.var("data")
    found = step(maximum(mx.sym.tanh(data)) + maximum(mx.sym.tanh(data)), monkeypatch, "all")
    assert operators(found[0][0]) == ["Pooling", "tanh", "elemwise_add"]
    assert operators(found[1][0]) == ["tanh", "Pooling", "tanh", "Pooling", "elemwise_add"]
    check_equal(found)


def test_a_wrong_name_is_told(monkeypatch):
    monkeypatch.setenv("REMX_WITHOUT", "channels_last, pool_frist")
    names = (
        "attention, casts, channels_last, common, fused_inference, pieces, pool_first, pool_places, reuse, rnn_apart"
    )
    with pytest.raises(mx.MXNetError, match=f"pool_frist.*{names}"):
        activation("relu").simple_bind(mx.cpu(), data=IMAGE)


def test_what_is_computed_twice_is_computed_once(monkeypatch):
    data = mx.sym.var("data")

    def scaled():
        first, second = mx.sym.SliceChannel(mx.sym.tanh(data) * 2, num_outputs=2, axis=2)
        return first + mx.sym.sqrt(mx.sym.square(second) + 1)

    found = step(scaled() * mx.sym.exp(scaled()), monkeypatch, "common")
    assert operators(found[0][0]).count("tanh") == operators(found[0][0]).count("SliceChannel") == 1
    assert operators(found[1][0]).count("tanh") == operators(found[1][0]).count("SliceChannel") == 2
    check_equal(found)


def test_what_only_looks_alike_stays_apart(monkeypatch):
    data = mx.sym.var("data")
    heads = mx.sym.Group([mx.sym.tanh(data), mx.sym.tanh(data)])
    executor = step(heads, monkeypatch, "common")[0][0]
    first, second = executor.outputs
    first[:] = 5
    assert (second.asnumpy() < 2).all(), "each output is an array of its own"
    pairs = {
        "random": (mx.sym.Dropout(data), mx.sym.Dropout(data)),
        "attributes": (mx.sym.sum(data, axis=2, keepdims=True), mx.sym.sum(data, axis=3, keepdims=True)),
        "states": tuple(mx.sym.BatchNorm(data, name=name) for name in "ab"),
    }
    for one, other in pairs.values():
        name = one._entries[0].node.operator.name
        executor = mx.sym.broadcast_add(one, other * 2).simple_bind(mx.cpu(), data=IMAGE)
        assert operators(executor).count(name) == 2


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"kernel": (3, 3), "stride": (2, 2), "pad": (1, 1)},
        {"kernel": (3, 2), "stride": (2, 3), "pooling_convention": "full"},
        {"kernel": (3, 3), "stride": (3, 3), "pad": (1, 1), "pooling_convention": "full"},
        {"kernel": (3, 3), "stride": (2, 2), "pooling_convention": "same"},
        {"kernel": (2, 2), "stride": (1, 1), "pad": (2, 2)},
    ],
    ids=str,
)
@pytest.mark.parametrize("large", [False, True])
def test_maxima_are_found_again_by_their_places(window, large, monkeypatch):
    monkeypatch.setattr("mxnet._ops.pooling._WORTH_IT", 1 if large else 1 << 15)
    net = maximum(mx.sym.Convolution(mx.sym.var("data"), kernel=(3, 3), num_filter=4, name="conv"), **window)
    found = step(net, monkeypatch, "pool_places")
    pools = [executor._plan.improved[0][0].node for executor, _, _ in found]
    assert [pool.operator.outputs(pool.values) for pool in pools] == [("output", "places"), ("output",)]
    check_equal(found)
    check_equal(step(maximum(activation("relu"), **window), monkeypatch, "pool_places", data=np.ones(IMAGE)))


def test_places_of_nothing(monkeypatch):
    for shape in ((0, 3, 8, 8), (2, 0, 8, 8)):
        executor = maximum(mx.sym.var("data")).bind(mx.cpu(), [mx.nd.zeros(shape)], [mx.nd.ones(shape)])
        executor.forward(is_train=True)
        executor.backward(mx.nd.ones(executor.outputs[0].shape))
        assert executor.grad_arrays[0].shape == shape


def narrow(data, dtype="float16"):
    return mx.sym.amp_cast(data, dtype=dtype)


def squares(data):
    """A convolution of what is cast, with a cast weight."""
    return mx.sym.Convolution(narrow(data), narrow(WEIGHT), num_filter=3, kernel=(1, 1), no_bias=True)


def joined(one, other):
    both = mx.sym.amp_multicast(one, other, num_outputs=2)
    return both[0] + both[1]


DATA, WEIGHT = mx.sym.var("data"), mx.sym.var("w")

#: name -> (symbol, casts that are left, casts as written)
CASTS = {
    "of what was cast": (narrow(mx.sym.relu(narrow(squares(DATA)))), 2, 4),
    "of both": (joined(squares(DATA), mx.sym.relu(squares(mx.sym.tanh(DATA)))), 3, 5),
    "of one": (joined(squares(DATA), DATA), 3, 3),
    "to another dtype": (narrow(narrow(squares(DATA)), "bfloat16"), 3, 4),
    "after an explicit cast": (narrow(mx.sym.Cast(squares(DATA), dtype="float32")), 3, 3),
    "after one that has a dtype": (narrow(mx.sym.one_hot(squares(DATA), depth=2)), 3, 3),
    "after a loop": (narrow(mx.sym.contrib.foreach(lambda x, s: (x, s), squares(DATA), [mx.sym.sum(DATA)])[0]), 3, 3),
    "of parts": (narrow(mx.sym.split(squares(DATA), num_outputs=2, axis=2)[1]), 3, 3),
    "that is shown": (mx.sym.Group([mx.sym.square(narrow(squares(DATA))), narrow(DATA)]), 2, 4),
}


@pytest.mark.parametrize("name", CASTS)
def test_idle_casts(name, monkeypatch):
    net, left, written = CASTS[name]
    net = mx.sym.Group([mx.sym.amp_cast(output, dtype="float32") for output in net])
    found = step(net, monkeypatch, "casts,common")
    count = len(net.list_outputs())
    for (executor, *_), expected in zip(found, (left, written)):
        assert sum(operator in ("amp_cast", "amp_multicast") for operator in operators(executor)) == expected + count
    check_equal(found, 2e-3)


@pytest.mark.parametrize("dtype", ["float64", "float16", "int32"])
def test_idle_casts_of_other_dtypes(dtype, monkeypatch):
    net = narrow(mx.sym.relu(narrow(mx.sym.relu(narrow(DATA)) * 2)))
    found = []
    for without in ("", "casts"):
        monkeypatch.setenv("REMX_WITHOUT", without)
        executor = net.bind(mx.cpu(), {"data": mx.nd.array([-1, 3], dtype=dtype)}, grad_req="null")
        found.append(executor.forward()[0])
    assert found[0].dtype == found[1].dtype
    assert found[0].asnumpy().tolist() == found[1].asnumpy().tolist() == [0, 6]
