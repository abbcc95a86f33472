"""Pictures of networks: against what MXNet 1.9.1 prints and draws, and where it counts or draws too little."""

from __future__ import annotations

import sys

import pytest

import mxnet as mx
from tests.golden import programs

pytest.importorskip("graphviz", reason="the drawings need the Python package graphviz")

GROUP = "visualization"
S = mx.sym


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


def rows(capsys, *args, **kwargs):
    """Return (layer, shape, count, layer before) of each line of the table, and the total."""
    mx.viz.print_summary(*args, **kwargs)
    lines = capsys.readouterr().out.splitlines()
    cells = [[line[a:b].strip() for a, b in ((0, 52), (52, 76), (76, 88), (88, 120))] for line in lines[3:-2]]
    return [tuple(row) for row in cells if row[0][:1] not in ("_", "=")], int(lines[-2].removeprefix("Total params: "))


# -- counts ------------------------------------------------------------------------------------------------------------


def count(capsys, symbol, **shapes):
    """Return the total of the table, which must be that of its rows."""
    found, total = rows(capsys, symbol, shapes)
    assert sum(int(row[2] or 0) for row in found) == total
    return total


@pytest.mark.parametrize(
    ("make", "shape", "expected"),
    [
        (lambda x: S.Deconvolution(x, kernel=(4, 4), num_filter=8, no_bias=False), (1, 3, 8, 8), 3 * 8 * 16 + 8),
        (lambda x: S.Convolution(x, kernel=(3, 3), num_filter=4, layout="NHWC"), (1, 8, 8, 3), 4 * 27 + 4),
        (lambda x: S.FullyConnected(x, num_hidden=4, flatten=False), (2, 7, 16), 4 * 16 + 4),
        (lambda x: S.FullyConnected(x, num_hidden=4), (2, 7, 16), 4 * 7 * 16 + 4),
        (lambda x: S.LeakyReLU(x, act_type="prelu", name="p"), (2, 8, 3), 8),
        (lambda x: S.LayerNorm(x), (2, 8, 3), 6),
        (lambda x: S.InstanceNorm(x), (2, 8, 3), 16),
        (lambda x: S.GroupNorm(x, num_groups=2), (2, 8, 3), 4),
        (lambda x: S.BatchNorm(x), (2, 8, 3), 16),
        (lambda x: S.RNN(x, mode="lstm", num_layers=1, state_size=4, name="r"), (3, 2, 5), 4 * 4 * (5 + 4) + 2 * 16),
        (lambda x: S.dot(x, S.var("my_weight", shape=(5, 7))), (3, 5), 35),
        (lambda x: S.dot(x, S.var("mine", shape=(5, 7), init=mx.init.Normal())), (3, 5), 35),
        (lambda x: S.dot(x, S.var("constant", shape=(5, 7))), (3, 5), 0),
        (lambda x: S.SoftmaxOutput(x), (3, 5), 0),
        (lambda x: S.LinearRegressionOutput(x, S.var("y")), (3, 5), 0),
    ],
)
def test_counts_of_operators_of_which_mxnet_knows_nothing(capsys, make, shape, expected):
    assert count(capsys, make(S.var("data")), data=shape) == expected


def test_shared_parameters_count_once(capsys):
    """MXNet 1.9.1 counts them for each layer."""
    weight = S.var("w_weight")
    first = S.FullyConnected(S.var("data"), weight, num_hidden=5, no_bias=True, name="one")
    net = S.FullyConnected(first, weight, num_hidden=5, no_bias=True, name="two")
    found, total = rows(capsys, net, {"data": (2, 5)})
    assert [row[2] for row in found] == ["0", "25", "0"]
    assert total == 25


def test_counts_equal_the_bound_arrays(capsys):
    net = S.var("data")
    for number in range(3):
        net = S.Convolution(net, kernel=(3, 3), num_filter=4 + number, name=f"c{number}", no_bias=number == 1)
        net = S.LeakyReLU(S.BatchNorm(net, name=f"b{number}"), act_type="prelu", name=f"p{number}")
    net = S.SoftmaxOutput(S.FullyConnected(net, num_hidden=3, name="fc"), name="softmax")
    executor = net.simple_bind(mx.cpu(), data=(2, 3, 12, 12))
    bound = sum(array.size for name, array in executor.arg_dict.items() if name not in ("data", "softmax_label"))
    assert count(capsys, net, data=(2, 3, 12, 12)) == bound


def test_shapes_of_variables_count_without_shapes_of_inputs(capsys):
    net = S.FullyConnected(S.var("data", shape=(2, 3)), num_hidden=4, name="fc")
    assert rows(capsys, net)[1] == 16


# -- rows --------------------------------------------------------------------------------------------------------------


def test_every_input_that_is_given_has_a_row(capsys):
    """MXNet 1.9.1 shows the first only."""
    a, b = S.var("a"), S.var("b")
    net = S.SoftmaxOutput(S.Concat(a, b, dim=1, name="cat"), name="softmax")
    found, _ = rows(capsys, net, {"a": (2, 3), "b": (2, 5), "softmax_label": (2,)})
    assert [row[0] for row in found] == ["a(null)", "b(null)", "cat(Concat)", "", "softmax(SoftmaxOutput)"]
    assert [row[3] for row in found] == ["", "", "a", "b", "cat"]


def test_several_outputs_show_the_first_ones_shape(capsys):
    halves = S.SliceChannel(S.var("data"), num_outputs=2, name="halves")
    found, _ = rows(capsys, S.Group([halves[0], halves[1]]), {"data": (2, 8)})
    assert found[-1][:2] == ("halves(SliceChannel)", "4")


def test_deep_networks(capsys):
    net = S.var("data")
    for number in range(3000):
        net = S.Activation(net, act_type="relu", name=f"a{number}")
    assert len(rows(capsys, net, {"data": (2, 3)})[0]) == 3001
    assert len(mx.viz.plot_network(net).body) == 6001


# -- drawings ----------------------------------------------------------------------------------------------------------


def test_weights_are_drawn_as_variables_when_asked():
    """MXNet 1.9.1 draws their edges only."""
    net = S.FullyConnected(S.var("data"), num_hidden=4, name="fc")
    lines = mx.viz.plot_network(net, hide_weights=False).source
    assert all(f'\t{name} [label={name} fillcolor="#8dd3c7"' in lines for name in ("data", "fc_weight", "fc_bias"))
    assert "fc -> fc_weight" in lines


def test_pooling_with_defaults():
    """MXNet 1.9.1 needs pool_type and kernel to be written out."""
    lines = mx.viz.plot_network(S.Pooling(S.Pooling(S.var("x"), kernel=(2, 3)), global_pool=True)).source
    assert "max, 2x3/1" in lines
    assert "max, global/1" in lines


def test_edges_tell_the_output_that_flows():
    """MXNet 1.9.1 tells the shape of the last output for each."""
    with mx.name.NameManager():
        parts = S.split_v2(S.var("x"), (1,), axis=1)
    name = parts.name
    lines = mx.viz.plot_network(S.Group([S.exp(parts[0], name="a"), S.exp(parts[1], name="b")]), shape={"x": (2, 4)})
    assert f"a -> {name} [label=1 " in lines.source
    assert f"b -> {name} [label=3 " in lines.source


def test_numbers_as_attributes():
    assert "height=2 " in mx.viz.plot_network(S.var("data"), node_attrs={"height": 2}).source


def test_attributes_are_not_kept():
    mx.viz.plot_network(S.var("data"), node_attrs={"shape": "box"})
    assert mx.viz.plot_network.__defaults__ == ("plot", "pdf", None, None, {}, True)


def test_without_graphviz(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(ImportError, match="pip install graphviz"):
        mx.viz.plot_network(S.var("data"))
    mx.viz.print_summary(S.var("data"))


@pytest.mark.parametrize("function", [mx.viz.print_summary, mx.viz.plot_network])
def test_refuses(function):
    net = S.FullyConnected(S.var("data"), num_hidden=4, name="fc")
    with pytest.raises(TypeError, match=f"{function.__name__}: symbol must be a Symbol, got int"):
        function(3)
    with pytest.raises(TypeError, match=f"{function.__name__}: shape is 3, expected a dict"):
        function(net, shape=3)
    with pytest.raises(mx.MXNetError, match="dat"):
        function(net, shape={"dat": (1, 2)})
    with (
        pytest.warns(UserWarning, match="Cannot decide shape"),
        pytest.raises(ValueError, match=r"Input shape is incomplete.*data, fc_weight"),
    ):
        function(net, shape={})


def test_refuses_wrong_dtypes():
    with pytest.raises(TypeError, match="dtype is 3, expected a dict"):
        mx.viz.plot_network(S.var("data"), dtype=3)
