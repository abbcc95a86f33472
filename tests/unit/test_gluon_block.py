"""Blocks, and their files: as MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import copy
import json
import pathlib
import pickle
import warnings

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, gluon, nd
from mxnet.gluon import nn
from tests.golden import programs

FILES = pathlib.Path(__file__).parent.parent / "golden" / "gluon"
NAMES = [
    (group, name)
    for group in ("gluon_core", "gluon_files", "gluon_scripts")
    for name in sorted(programs.answers(group))
]


@pytest.mark.parametrize(("group", "name"), NAMES)
def test_as_mxnet_answers(group, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        programs.check(group, name, mx)


@pytest.fixture
def net():
    made = nn.HybridSequential(prefix="net_")
    with made.name_scope():
        made.add(nn.Dense(2, in_units=3), nn.BatchNorm(in_channels=2), nn.Dense(1, in_units=2))
    made.initialize(mx.init.Xavier())
    return made


@pytest.fixture
def x():
    return nd.array([[1, -2, 3], [4, 5, -6]])


# -- parts ------------------------------------------------------------------------------------------------------------


class Pair(gluon.Block):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.first = nn.Dense(2)
            self.second = nn.Dense(2)

    def forward(self, x):
        return self.second(self.first(x))


def test_a_container_is_told_each_time_parameters_are_collected():
    class Hidden(gluon.Block):
        def __init__(self):
            super().__init__()
            self.some = [nn.Dense(1)]
            self.more = {"a": (nn.Dense(1),)}

    for _ in range(2):
        with pytest.warns(UserWarning, match="unregistered container with Blocks") as told:
            Hidden().collect_params()
        assert [str(w.message).split(" is an")[0] for w in told] == ['"Hidden.some"', '"Hidden.more"']


def test_a_hook_may_remove_itself(x):
    block = nn.Flatten()
    seen = []

    def once(*_):
        seen.append("once")
        handle.detach()

    handle = block.register_forward_hook(once)
    block.register_forward_hook(lambda *_: seen.append("always"))
    block(x)
    block(x)
    assert seen == ["once", "always", "always"]


def test_a_hook_that_raises_stops_the_call(x):
    block = nn.Flatten()

    def wrong(*_):
        raise ZeroDivisionError("hook")

    with block.register_forward_pre_hook(wrong), pytest.raises(ZeroDivisionError, match="hook"):
        block(x)
    assert block(x).shape == (2, 3)


def test_name_scopes_survive_exceptions():
    pair = Pair(prefix="pair_")
    with pytest.raises(ZeroDivisionError), pair.name_scope():
        raise ZeroDivisionError
    assert not gluon.Block(prefix=None).prefix.startswith("pair_")
    assert not mx.sym.relu(mx.sym.var("x")).name.startswith("pair_")


def test_a_scope_within_itself():
    pair = Pair(prefix="pair_")
    with pair.name_scope():
        with pair.name_scope():
            inner = nn.Dense(1)
        outer = nn.Dense(1)
    assert (inner.prefix, outer.prefix) == ("pair_dense2_", "pair_dense3_")
    assert gluon.Block(prefix="free_").prefix == "free_"


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        (lambda b: setattr(b, "first", 3), TypeError, "Changing attribute type for first from .*Dense.* to .*int"),
        (
            lambda b: setattr(b.first, "weight", gluon.Parameter("w")),
            AssertionError,
            "Overriding Parameter attribute weight",
        ),
        (
            lambda b: nn.HybridSequential().add(b),
            ValueError,
            r"(?s)must also be HybridBlock, but Pair.*HybridSequential",
        ),
        (lambda b: gluon.Block()(nd.ones((1,))), NotImplementedError, "Block.forward must be overridden"),
        (lambda b: b(nd.ones((1, 2))), RuntimeError, r"'pair_dense0_\w+' has not been initialized: call net.init"),
    ],
)
def test_message(change, kind, message):
    with pytest.raises(kind, match=message):
        change(Pair(prefix="pair_"))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_are_independent(duplicate, x):
    pair = Pair()
    pair.initialize()
    before = pair(x)
    twin = duplicate(pair)
    assert (twin(x) == before).asnumpy().all()
    twin.first.weight.data()[:] = 0
    assert (pair(x) == before).asnumpy().all()
    with autograd.record():
        loss = twin(x).sum()
    loss.backward()
    assert twin.second.bias.grad().asnumpy().tolist() == [2, 2]
    assert pair.second.bias.grad().asnumpy().tolist() == [0, 0]


def test_operators_are_told_to_a_hook(net, x):
    seen = []
    net.register_op_hook(lambda name, operator, array: seen.append((name, operator, array.shape)))
    net(x)
    assert seen == []
    net.hybridize()
    with autograd.record():
        out = net(x)
    out.backward()
    assert seen[0] == (b"net_dense0_fwd_output", b"FullyConnected", (2, 2))
    assert seen[-1] == (b"net_dense1_fwd_output", b"FullyConnected", (2, 1))
    assert net[0].bias.grad().asnumpy().shape == (2,)
    assert net[2].bias.grad().asnumpy().tolist() == [2]
    seen.clear()
    net.register_op_hook(lambda name, operator, array: seen.append(name), monitor_all=True)
    net(x)
    assert seen[:4] == [
        b"net_dense0_fwd_data",
        b"net_dense0_fwd_weight",
        b"net_dense0_fwd_bias",
        b"net_dense0_fwd_output",
    ]


# -- files ------------------------------------------------------------------------------------------------------------


def values(net):
    return [p.data().asnumpy() for p in net.collect_params().values()]


def twin_of(net, prefix="net_"):
    other = nn.HybridSequential(prefix=prefix)
    with other.name_scope():
        other.add(nn.Dense(2), nn.BatchNorm(), nn.Dense(1))
    return other


def export(net, x, folder):
    net.hybridize()
    net(x)
    net.export(str(folder / "net"))
    return str(folder / "net-symbol.json"), str(folder / "net-0000.params")


@pytest.mark.parametrize("way", ["structure", "names", "names without prefix", "export"])
def test_every_file_can_be_loaded(net, x, tmp_path, way):
    path = str(tmp_path / "net.params")
    if way == "structure":
        net.save_parameters(path)
    elif way == "export":
        path = export(net, x, tmp_path)[1]
    else:
        net.collect_params().save(path, strip_prefix="net_" if way == "names without prefix" else "")
    for initialized in (False, True):
        other = twin_of(net)
        if initialized:
            other.initialize()
        other.load_parameters(path)
        for one, two in zip(values(net), values(other), strict=True):
            assert (one == two).all()
        assert (other(x) == net(x)).asnumpy().all()


def test_what_a_failed_load_says(net, x, tmp_path):
    path = str(tmp_path / "net.params")
    net.save_parameters(path)
    other = twin_of(net)
    other.add(nn.Dense(3))
    with pytest.raises(
        AssertionError, match=r"'3.weight' is missing in file '.*net.params'.*'0.weight'.*allow_missing"
    ):
        other.load_parameters(path)
    smaller = nn.Dense(2)
    nd.save(path, {"weight": nd.ones((2, 3)), "bias": nd.ones((2,)), "scale": nd.ones((1,))})
    with pytest.raises(ValueError, match=r"'scale' loaded from file .* not present in this block.*ignore_extra=True"):
        smaller.load_parameters(path)
    nd.save(path, {"weight": nd.ones((2, 3)), "bias": nd.ones((5,))})
    with pytest.raises(AssertionError, match=r"_bias' from file .*expected \(2,\) vs saved \(5,\)"):
        smaller.load_parameters(path)
    nd.save(path, {"weight": nd.ones((2, 3), dtype="float64"), "bias": nd.ones((2,))})
    with pytest.raises(AssertionError, match=r"dtype incompatible .*float32.*float64.*cast_dtype=True"):
        nn.Dense(2).load_parameters(path)
    nd.save(path, [nd.ones((2, 3))])
    with pytest.raises(ValueError, match=r"1 arrays in .* have no names"):
        nn.Dense(2).load_parameters(path)
    with pytest.raises((mx.MXNetError, OSError), match="nowhere"):
        nn.Dense(2).load_parameters(str(tmp_path / "nowhere.params"))


def test_a_failed_save_leaves_the_old_file(net, tmp_path):
    path = tmp_path / "net.params"
    net.save_parameters(str(path))
    before = path.read_bytes()
    net.add(nn.Dense(3))
    with pytest.raises(RuntimeError, match="has not been initialized"):
        net.save_parameters(str(path))
    assert path.read_bytes() == before


def test_deprecated_names_say_so(net, tmp_path):
    path = str(tmp_path / "net.params")
    with pytest.warns(UserWarning, match="save_params is deprecated. Please use save_parameters"):
        net.save_params(path)
    other = twin_of(net, "other_")
    with pytest.warns(UserWarning, match="load_params is deprecated. Please use load_parameters"):
        other.load_params(path)
    assert (values(other)[0] == values(net)[0]).all()


def test_an_export_runs_in_a_module(net, x, tmp_path):
    export(net, x, tmp_path)
    module = mx.mod.Module.load(str(tmp_path / "net"), 0, label_names=None)
    module.bind([("data", (2, 3))], for_training=False)
    module.forward(mx.io.DataBatch([x], None))
    np.testing.assert_allclose(module.get_outputs()[0].asnumpy(), net(x).asnumpy(), 1e-5)


def test_an_export_of_a_constant_needs_no_values(tmp_path):
    class Shifted(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.shift = self.params.get_constant("shift", [1, 2, 3])

        def hybrid_forward(self, F, x, shift):
            return F.broadcast_add(x, shift)

    net = Shifted()
    net.initialize()
    files = export(net, nd.zeros((1, 3)), tmp_path)
    assert gluon.SymbolBlock.imports(files[0], ["data"], files[1])(nd.zeros((1, 3))).asnumpy().tolist() == [[1, 2, 3]]
    fresh = gluon.SymbolBlock.imports(files[0], ["data"])
    fresh.initialize(mx.init.Xavier())
    assert fresh(nd.zeros((1, 3))).asnumpy().tolist() == [[1, 2, 3]]


def test_saving_takes_the_mean_of_contexts(tmp_path):
    net = nn.Dense(1, in_units=1)
    net.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
    net.weight.data(mx.cpu(1))[:] = 5
    net.save_parameters(str(tmp_path / "net.params"))
    assert nd.load(str(tmp_path / "net.params"))["weight"].asscalar() == 3


# -- files of 1.9.1 ---------------------------------------------------------------------------------------------------


def recorded(prefix="net_"):
    """The net of ``tests/golden/gluon/record.py``, not initialized."""
    net = nn.HybridSequential(prefix=prefix)
    with net.name_scope():
        net.add(nn.Conv2D(2, 3, activation="relu"), nn.BatchNorm(), nn.Flatten(), nn.Dense(3))
    return net


def answers_as_recorded(net):
    known = nd.load(str(FILES / "answer.params"))
    for _ in range(2):
        np.testing.assert_allclose(net(known["x"]).asnumpy(), known["y"].asnumpy(), 1e-5, 1e-6)
        net.hybridize()


@pytest.mark.parametrize("name", ["structure", "names", "export-0007"])
@pytest.mark.parametrize("initialized", [False, True])
def test_a_file_of_mxnet_is_loaded(name, initialized):
    net = recorded()
    if initialized:
        net.initialize()
    net.load_parameters(str(FILES / f"{name}.params"))
    answers_as_recorded(net)


def test_names_without_prefix_fit_any_prefix():
    net = recorded("other_")
    net.load_parameters(str(FILES / "stripped.params"))
    answers_as_recorded(net)
    net = recorded("third_")
    net.collect_params().load(str(FILES / "stripped.params"), restore_prefix="third_")
    answers_as_recorded(net)


def test_an_export_of_mxnet_is_imported():
    symbol_file, param_file = str(FILES / "export-symbol.json"), str(FILES / "export-0007.params")
    answers_as_recorded(gluon.SymbolBlock.imports(symbol_file, ["data"], param_file))
    known = nd.load(str(FILES / "answer.params"))
    module = mx.mod.Module.load(str(FILES / "export"), 7, label_names=None)
    module.bind([("data", (2, 1, 4, 4))], for_training=False)
    module.forward(mx.io.DataBatch([known["x"]], None))
    np.testing.assert_allclose(module.get_outputs()[0].asnumpy(), known["y"].asnumpy(), 1e-5, 1e-6)


def test_a_structure_of_mxnet_is_loaded():
    net = recorded("other_")
    net.load(str(FILES / "whole"))
    answers_as_recorded(net)


def test_tied_parameters_of_mxnet():
    one = nn.Dense(3, in_units=8)
    both = nn.Sequential()
    both.add(one, nn.Dense(3, in_units=8, params=one.params))
    for name in ("tied", "once"):
        both.load_parameters(str(FILES / f"{name}.params"))
    apart = nn.Sequential()
    apart.add(nn.Dense(3), nn.Dense(3))
    apart.load_parameters(str(FILES / "tied.params"))
    assert (apart[0].weight.data() == one.weight.data()).asnumpy().all()
    with pytest.raises(AssertionError, match=r"'0.weight' is missing"):
        apart.load_parameters(str(FILES / "once.params"))


def test_half_precision_of_mxnet():
    net = recorded()
    with pytest.raises(AssertionError, match=r"dtype incompatible"):
        net.load_parameters(str(FILES / "half.params"))
    net = recorded()
    net.load_parameters(str(FILES / "half.params"), cast_dtype=True)
    assert net[0].weight.data().dtype == np.float32
    net = recorded()
    net.load_parameters(str(FILES / "half.params"), cast_dtype=True, dtype_source="saved")
    assert net[0].weight.data().dtype == np.float16
    assert net[0].weight.dtype == np.float16


def test_files_are_written_byte_for_byte_as_mxnet_writes_them(tmp_path):
    net = recorded()
    net.load_parameters(str(FILES / "structure.params"))
    net.hybridize()
    net(nd.load(str(FILES / "answer.params"))["x"])
    net.save_parameters(str(tmp_path / "structure.params"))
    net.collect_params().save(str(tmp_path / "names.params"))
    net.collect_params().save(str(tmp_path / "stripped.params"), strip_prefix="net_")
    net.export(str(tmp_path / "export"), 7)
    both = nn.Sequential()
    both.add(net[3], nn.Dense(3, params=net[3].params))
    both.save_parameters(str(tmp_path / "tied.params"))
    both.save_parameters(str(tmp_path / "once.params"), deduplicate=True)
    for name in ("structure", "names", "stripped", "tied", "once", "export-0007"):
        assert (tmp_path / f"{name}.params").read_bytes() == (FILES / f"{name}.params").read_bytes(), name


def test_an_exported_graph_is_written_as_mxnet_writes_it(tmp_path):
    net = recorded()
    net.initialize()
    x = nd.load(str(FILES / "answer.params"))["x"]
    net(x)  # graphs tell what was known before the first call
    net.hybridize()
    net(x)
    net.export(str(tmp_path / "export"), 7)
    one = json.loads((tmp_path / "export-symbol.json").read_text())
    other = json.loads((FILES / "export-symbol.json").read_text())
    for graph in (one, other):  # in MXNet the third number tells how many graphs were made of a state before
        for node in graph["nodes"]:
            node["inputs"] = [entry[:2] for entry in node["inputs"]]
    assert one == other
