"""Blocks made from symbols: as MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn
from tests.golden import programs

GROUP = "gluon_symbol_blocks"


@pytest.mark.parametrize("name", sorted(programs.answers(GROUP)))
def test_as_mxnet_answers(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        programs.check(GROUP, name, mx)


@pytest.fixture
def x():
    return nd.array([[1, -2, 3], [4, 5, -6]])


@pytest.fixture
def data():
    return mx.sym.var("data")


def layer(data, **kwargs):
    return mx.sym.FullyConnected(data, num_hidden=2, name="fc", **kwargs)


def test_what_variables_say_is_kept(data, x):
    weight = mx.sym.var("w", shape=(2, 3), lr_mult=2, wd_mult=0.5, init=mx.init.Constant(4))
    block = gluon.SymbolBlock(mx.sym.FullyConnected(data, weight, mx.sym.var("b", init="ones"), num_hidden=2), data)
    params = block.collect_params()
    assert (params["w"].lr_mult, params["w"].wd_mult) == (2, 0.5)
    assert (params["b"].lr_mult, params["b"].wd_mult) == (1, 1)
    block.initialize(mx.init.Zero())
    assert block(x).asnumpy().tolist() == [[9, 9], [13, 13]]


def test_dtypes_of_variables_are_kept(data):
    table = mx.sym.var("table", shape=(3,), dtype="int8")
    block = gluon.SymbolBlock(mx.sym.cast(table, "float32") + data, data)
    block.initialize("ones")
    assert block(nd.zeros((3,))).asnumpy().tolist() == [1, 1, 1]
    assert block.collect_params()["table"].data().dtype == np.int8


def test_an_exported_net_of_another_dtype(x, tmp_path):
    net = nn.Dense(2)
    net.cast("float64")
    net.initialize()
    net.hybridize()
    expected = net(x.astype("float64"))
    net.export(str(tmp_path / "net"))
    block = gluon.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), "data", str(tmp_path / "net-0000.params"))
    assert {np.dtype(p.dtype).name for p in block.collect_params().values()} == {"float64"}
    assert (block(x.astype("float64")) == expected).asnumpy().all()


def test_fine_tuning(x):
    base = nn.HybridSequential(prefix="base_")
    with base.name_scope():
        base.add(nn.Dense(4, activation="relu"), nn.BatchNorm(), nn.Dense(10))
    base.initialize(mx.init.Xavier())
    base(x)
    data = mx.sym.var("data")
    internals = base(data).get_internals()
    features = gluon.SymbolBlock(internals["base_batchnorm0_fwd_output"], data, params=base.collect_params())
    net = nn.HybridSequential(prefix="tuned_")
    net.add(features, nn.Dense(2, prefix="head_"))
    net[1].initialize()
    features.collect_params().setattr("lr_mult", 0)
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    net(x)
    head, body = net[1].weight.data().copy(), base[0].weight.data().copy()
    for _ in range(2):
        with autograd.record():
            loss = (net(x) ** 2).sum()
        loss.backward()
        trainer.step(2)
    assert (base[0].weight.data() == body).asnumpy().all()
    assert (net[1].weight.data() != head).asnumpy().any()
    assert base[0].weight.grad().asnumpy().any()
    base[0].weight.data()[:] = 0  # shared
    assert (features(x) == base[1](base[0](x))).asnumpy().all()


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_are_independent(duplicate, data, x):
    block = gluon.SymbolBlock([layer(data), data * 2], data)
    block.initialize("ones")
    before = block(x)[0]
    twin = duplicate(block)
    twin.collect_params()["fc_weight"].data()[:] = 0
    assert twin(x)[0].asnumpy().tolist() == [[1, 1], [1, 1]]
    assert (block(x)[0] == before).asnumpy().all()


def test_export_needs_no_call_before(data, x, tmp_path):
    block = gluon.SymbolBlock(layer(data), data)
    block.collect_params().load_dict({"fc_weight": nd.ones((2, 3)), "fc_bias": nd.ones((2,))})
    block.export(str(tmp_path / "net"))
    again = gluon.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), ["data"], str(tmp_path / "net-0000.params"))
    assert (again(x) == block(x)).asnumpy().all()
    block.hybridize()
    block.export(str(tmp_path / "net"), 1)
    assert (tmp_path / "net-0001.params").read_bytes() == (tmp_path / "net-0000.params").read_bytes()


def test_symbols_come_out_as_they_went_in(data):
    block = gluon.SymbolBlock([layer(data), (data * 2, data * 3)], data)
    first, (second, third) = block(mx.sym.var("z"))
    assert first.list_arguments() == ["z", "fc_weight", "fc_bias"]
    assert second.list_arguments() == third.list_arguments() == ["z"]
    assert block._inputs[0].name == "data"


def test_a_symbol_block_within_symbols(data, x):
    block = gluon.SymbolBlock(layer(data), data)
    net = nn.HybridSequential()
    net.add(nn.Dense(3, in_units=3), block)
    net.initialize("ones")
    expected = net(x)
    net.hybridize()
    assert (net(x) == expected).asnumpy().all()
    executor = net(mx.sym.var("data")).simple_bind(mx.cpu(), data=(2, 3))
    executor.copy_params_from({name: p.data() for name, p in net.collect_params().items()})
    assert (executor.forward(data=x)[0] == expected).asnumpy().all()


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda d: gluon.SymbolBlock(layer(d), [mx.sym.relu(d)]), AssertionError, "Input symbols must be variable"),
        (
            lambda d: gluon.SymbolBlock(layer(d), d)(nd.ones((1, 3))),
            RuntimeError,
            "'fc_weight' has not been initialized",
        ),
        (
            lambda d: gluon.SymbolBlock(d + mx.sym.var("e"), [d, mx.sym.var("e")])(nd.ones((1,))),
            ValueError,
            "1 arrays came, the symbol has 2 inputs: data, e",
        ),
        (
            lambda d: gluon.SymbolBlock(mx.sym.dot(d, mx.sym.var("w", stype="row_sparse")), d),
            AssertionError,
            "SymbolBlock doesn't support Parameter 'w' because its storage type",
        ),
        (
            lambda d: gluon.SymbolBlock.imports("/nowhere/net-symbol.json", "data"),
            (mx.MXNetError, OSError),
            "nowhere/net-symbol.json",
        ),
    ],
)
def test_message(call, kind, message, data):
    with pytest.raises(kind, match=message):
        call(data)


def test_inputs_may_be_sparse():
    data = mx.sym.var("data", stype="csr")
    block = gluon.SymbolBlock(mx.sym.dot(data, mx.sym.var("w")), data)
    block.collect_params().load_dict({"w": nd.ones((3, 2))})
    assert block(nd.array([[1, 0, 2]]).tostype("csr")).asnumpy().tolist() == [[3, 3]]


def test_an_input_of_another_name(data, tmp_path):
    layer(data).save(str(tmp_path / "net-symbol.json"))
    with pytest.raises(ValueError, match="has no input 'image'; its variables: data, fc_weight, fc_bias"):
        gluon.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), ["image"])


def test_a_wrong_shape_names_node_and_parameter(data):
    block = gluon.SymbolBlock(layer(data), data)
    block.initialize()
    block(nd.ones((1, 3)))
    with pytest.raises(mx.MXNetError, match=r"node 'fc'.*'fc_weight'.*\(2, 3\)|node 'fc'.*weight from 'fc_weight'"):
        block(nd.ones((1, 4)))
