"""Convolutions that only predict are fused with what follows, and see every write to their weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet._graph import plan as plans
from mxnet._graph.fusing import fuse_convolutions
from mxnet._graph.node import topological_order
from mxnet._ops import fused_convolution
from mxnet.cached_op import CachedOp
from mxnet.contrib import amp

pytestmark = pytest.mark.skipif(not fused_convolution.available(), reason="this torch has no oneDNN kernels")


def conv(data, name, **options):
    options = {"kernel": (3, 3), "pad": (1, 1), "num_filter": 8, "no_bias": True, **options}
    return mx.sym.Convolution(data, name=name, **options)


def norm(data, name, **options):
    return mx.sym.BatchNorm(data, name=name, **{"fix_gamma": False, **options})


def relu(data):
    return mx.sym.Activation(data, act_type="relu")


X = mx.sym.var("x")


def residual(data, name, activation=True):
    found = norm(conv(relu(norm(conv(data, f"{name}_1"), f"{name}_n1")), f"{name}_2"), f"{name}_n2") + data
    return relu(found) if activation else found


#: name -> (symbol, number of fused convolutions, names of operators that are left)
GRAPHS = {
    "norm": (norm(conv(X, "c"), "n"), 1, []),
    "norm and relu": (relu(norm(conv(X, "c"), "n")), 1, []),
    "bias and fixed gamma": (relu(norm(conv(X, "c", no_bias=False), "n", fix_gamma=True)), 1, []),
    "global statistics": (norm(conv(X, "c"), "n", use_global_stats=True), 1, []),
    "no norm": (mx.sym.sigmoid(conv(X, "c", no_bias=False)), 1, []),
    "tanh": (mx.sym.Activation(conv(X, "c"), act_type="tanh"), 1, []),
    "clipped": (mx.sym.clip(norm(conv(X, "c"), "n"), a_min=0, a_max=6), 1, []),
    "leaky": (mx.sym.LeakyReLU(norm(conv(X, "c"), "n"), act_type="leaky", slope=0.1), 1, []),
    "groups": (relu(norm(conv(X, "c", num_group=4), "n")), 1, []),
    "each channel alone": (relu(norm(conv(X, "c", num_group=8), "n")), 1, []),
    "stride and dilation": (relu(norm(conv(X, "c", stride=(2, 1), dilate=(1, 2)), "n")), 1, []),
    "residual": (residual(X, "a"), 2, []),
    "residual without activation": (residual(X, "a", activation=False), 2, []),
    "two residuals": (residual(residual(X, "a"), "b"), 4, []),
    "sum of two convolutions": (relu(norm(conv(X, "c"), "n") + norm(conv(X, "d"), "m")), 2, []),
    "read twice": (mx.sym.Group([norm(conv(X, "c"), "n") * conv(X, "d")]), 1, ["Convolution", "elemwise_mul"]),
    "shown, too": (mx.sym.Group([relu(norm(conv(X, "c"), "n")), conv(X, "e")]), 1, ["Convolution"]),
    "shown itself": ((lambda c: mx.sym.Group([c, relu(c)]))(conv(X, "c")), 0, ["Convolution", "Activation"]),
    "above, twice the same": (relu(conv(mx.sym.tanh(X) + mx.sym.tanh(X), "c")), 1, ["tanh", "tanh", "elemwise_add"]),
    "twice the same": ((lambda c: c + c)(norm(conv(X, "c"), "n")), 1, ["elemwise_add"]),
    "mean is read": (norm(conv(X, "c"), "n", output_mean_var=True), 0, ["Convolution", "BatchNorm"]),
    "channels last": (
        norm(conv(X, "c", layout="NHWC"), "n", axis=3), 0, ["Convolution", "BatchNorm"],
    ),
    "one axis": (norm(conv(mx.sym.Flatten(X).reshape((2, 8, -1)), "c", kernel=(3,), pad=(1,)), "n"), 0,
                 ["Flatten", "Reshape", "Convolution", "BatchNorm"]),
    "broadcast": (mx.sym.broadcast_add(norm(conv(X, "c"), "n"), mx.sym.var("b", shape=(1, 8, 1, 1))), 1,
                  ["broadcast_add"]),
}  # fmt: skip


def executor(symbol, **options):
    bound = symbol.simple_bind(mx.cpu(), grad_req="null", x=(2, 8, 7, 6), **options)
    generator = np.random.default_rng(0)
    for name, array in {**bound.arg_dict, **bound.aux_dict}.items():
        low = 0.5 if name.endswith(("var", "gamma")) else -1
        array[:] = generator.uniform(low, 1.5, array.shape)
    return bound


def plain(symbol, bound):
    """What the same arrays give without the pass."""
    wished, plans._without = plans._without, lambda: frozenset({"fused_inference"})
    try:
        again = symbol.bind(mx.cpu(), bound.arg_dict, aux_states=bound.aux_dict, grad_req="null")
        return [output.asnumpy() for output in again.forward()]
    finally:
        plans._without = wished


def assert_equal(bound, symbol):
    for found, wanted in zip(bound.forward(), plain(symbol, bound), strict=True):
        np.testing.assert_allclose(found.asnumpy(), wanted, 1e-4, 1e-5)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_fused_graph_computes_the_same_with_fewer_nodes(name):
    symbol, count, left = GRAPHS[name]
    order = topological_order(fuse_convolutions(list(symbol._entries), {}))
    operators = [node.operator for node in order if node.operator is not None]
    assert operators.count(fused_convolution.FUSED) == count
    assert sorted(o.name for o in operators if o is not fused_convolution.FUSED) == sorted(left)
    assert_equal(executor(symbol), symbol)


T = mx.sym.tanh(X)

#: name -> (symbol, whether the sum may be written over what is added)
SUMS = {
    "only added": (relu(conv(X, "c") + T), True),
    "read before": (residual(T, "a"), True),
    "read before by several": (residual(T, "a") + conv(T, "c"), True),
    "made by a fused convolution": (residual(relu(conv(X, "c")), "a"), True),
    "read later": (residual(T, "a") * T, False),
    "shown": (mx.sym.Group([residual(T, "a"), T]), False),
    "an argument": (residual(X, "a"), False),
    "seen as another shape": (residual(T, "a") * mx.sym.reshape_like(mx.sym.Flatten(T), X), False),
    "another shape of it": (residual(mx.sym.Reshape(T, shape=(2, 8, 6, 7)), "a"), False),
    "its own data": ((lambda t: relu(conv(t, "c", kernel=(1, 1), pad=(0, 0)) + t))(T), False),
}


@pytest.mark.parametrize("name", SUMS)
def test_a_sum_is_written_over_what_nobody_needs(name, monkeypatch):
    monkeypatch.setenv("REMX_WITHOUT", "pieces")  # all of a plan in one function
    symbol, over = SUMS[name]
    bound = executor(symbol)
    before = bound.arg_dict["x"].asnumpy()
    for _ in range(2):
        assert_equal(bound, symbol)
    np.testing.assert_array_equal(bound.arg_dict["x"].asnumpy(), before)
    assert ("reuse='other'" in bound._plan.inference().source) == over


@pytest.mark.parametrize("name", ["c_weight", "n_gamma", "n_beta", "n_moving_mean", "n_moving_var", "c_bias"])
def test_every_write_is_seen(name):
    symbol = relu(norm(conv(X, "c", no_bias=False), "n"))
    bound = executor(symbol)
    arrays = {**bound.arg_dict, **bound.aux_dict}
    bound.forward()
    writes = [
        lambda a: a.__setitem__(slice(None), 2),
        lambda a: a[0].__setitem__(slice(None), 3),
        lambda a: a.__imul__(0.5),
        lambda a: mx.nd.sgd_update(a, mx.nd.ones(a.shape), lr=0.1, out=a),
        lambda a: a.reshape((-1,)).__setitem__(0, 1.25),
        lambda a: a._data.add_(0.25),
        lambda a: torch.from_dlpack(a).mul_(1.5),
        lambda a: np.from_dlpack(a).__imul__(1.5),
    ]
    shared = torch.from_dlpack(arrays[name])
    writes += [lambda a: shared.add_(0.5), lambda a: shared.mul_(0.5)]
    for number, write in enumerate(writes):
        before = bound.forward()[0].asnumpy()
        write(arrays[name])
        assert_equal(bound, symbol)
        if number != 8:
            assert np.abs(bound.outputs[0].asnumpy() - before).max() > 0, number


def test_memory_of_a_numpy_array_is_seen():
    symbol = norm(conv(X, "c"), "n")
    bound = executor(symbol)
    memory = np.ascontiguousarray(bound.arg_dict["c_weight"].asnumpy())
    arguments = {**bound.arg_dict, "c_weight": mx.nd.from_numpy(memory)}
    other = symbol.bind(mx.cpu(), arguments, aux_states=bound.aux_dict, grad_req="null")
    first = other.forward()[0].asnumpy()
    memory.flags.writeable = True
    memory *= 2
    assert np.abs(other.forward()[0].asnumpy() - first).max() > 0
    assert_equal(other, symbol)


def test_sizes_and_dtypes_may_change_from_call_to_call():
    symbol = relu(norm(conv(X, "c"), "n"))
    bound = executor(symbol)
    values = {**bound.arg_dict, **bound.aux_dict}
    operation = CachedOp(symbol)
    for size in [(2, 8, 7, 6), (1, 8, 9, 9), *((1, 8, n, 5) for n in range(3, 14)), (0, 8, 4, 4)]:
        values["x"] = mx.nd.ones(size)
        found = operation(*(values[name] for name in symbol.list_inputs()))
        if size[0]:
            again = symbol.bind(mx.cpu(), {n: values[n] for n in symbol.list_arguments()}, aux_states=bound.aux_dict)
            np.testing.assert_allclose(found.asnumpy(), plain(symbol, again)[0], 1e-4, 1e-5)
        assert found.shape == size
    doubles = [values[name].astype("float64") for name in symbol.list_inputs()]
    assert operation(*doubles).dtype is np.float64


def test_training_mode_is_not_fused():
    symbol = relu(norm(conv(X, "c"), "n"))
    bound = executor(symbol)
    before = bound.aux_dict["n_moving_mean"].asnumpy()
    training = bound.forward(is_train=True)[0].asnumpy()
    assert np.abs(training - bound.forward(is_train=False)[0].asnumpy()).max() > 1e-3
    np.testing.assert_array_equal(before, bound.aux_dict["n_moving_mean"].asnumpy())


def test_a_fused_gamma_is_written_as_by_the_operator():
    symbol = norm(conv(X, "c"), "n", fix_gamma=True)
    bound = executor(symbol)
    bound.forward()
    assert bound.arg_dict["n_gamma"].asnumpy().tolist() == [1] * 8


def test_wrong_data_is_told_by_the_convolution():
    symbol = relu(norm(conv(X, "c"), "n"))
    bound = executor(symbol)
    values = {**bound.arg_dict, **bound.aux_dict, "x": mx.nd.ones((2, 5, 7, 6))}
    with pytest.raises(mx.MXNetError, match="node 'c'"):
        CachedOp(symbol)(*(values[name] for name in symbol.list_inputs()))


@pytest.mark.parametrize(
    "name", ["norm and relu", "bias and fixed gamma", "clipped", "residual", "two residuals", "groups"]
)
@pytest.mark.parametrize("stored", [False, True], ids=["float32 weights", "bfloat16 weights"])
def test_bfloat16(name, stored):
    """As near to float32 as without the pass, and in bfloat16 in between."""
    net = GRAPHS[name][0]
    wide = executor(net)
    narrow = amp.convert_symbol(net, "bfloat16", data_names=["x"], cast_optional_params=stored)
    order = topological_order(fuse_convolutions(list(narrow._entries), {}))
    assert [node.operator for node in order].count(fused_convolution.FUSED) == GRAPHS[name][1]
    arguments = {n: wide.arg_dict[n] for n in narrow.list_arguments()}
    if stored:
        arguments |= {n: a.astype("bfloat16") for n, a in arguments.items() if n.endswith(("weight", "bias"))}
    bound = narrow.bind(mx.cpu(), arguments, aux_states=wide.aux_dict, grad_req="null")
    for number in range(2):
        exact = [output.asnumpy() for output in wide.forward()]
        apart = plain(narrow, bound)
        for found, unfused, wanted in zip(bound.forward(), apart, exact, strict=True):
            assert found.dtype == np.float32
            size = np.abs(wanted).max()
            assert np.abs(found.asnumpy() - wanted).max() < 0.02 * size
            assert np.abs(found.asnumpy() - wanted).max() < 2 * np.abs(unfused - wanted).max() + 0.002 * size
        weight = next(n for n in arguments if n.endswith("weight"))
        arguments[weight][:] *= -0.5  # and seen in the second round
        if stored:
            wide.arg_dict[weight][:] = arguments[weight].astype("float32")
        assert number or np.abs(bound.forward()[0].asnumpy() - exact[0]).max() > 0.02 * np.abs(exact[0]).max()


def test_casts_that_are_no_weights_alone_stay():
    data, weight = mx.sym.var("x"), mx.sym.tanh(mx.sym.var("w", shape=(8, 8, 3, 3)))
    net = amp.convert_symbol(relu(conv(data, "c", weight=weight)), "bfloat16")
    bound = executor(net)
    np.testing.assert_allclose(bound.forward()[0].asnumpy(), plain(net, bound)[0], 0.02, 0.02)
    bound.arg_dict["w"][:] *= -1
    np.testing.assert_allclose(bound.forward()[0].asnumpy(), plain(net, bound)[0], 0.02, 0.02)
