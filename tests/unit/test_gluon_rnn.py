"""Recurrent layers and cells of Gluon: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet.gluon import contrib, nn, rnn
from mxnet.gluon.contrib.rnn.rnn_cell import dynamic_unroll
from tests.golden import programs
from tests.tolerances import GRADIENT, OPERATOR, assert_close

GROUP = "gluon_rnn"
LAYERS = {"rnn_relu": rnn.RNN, "rnn_tanh": rnn.RNN, "lstm": rnn.LSTM, "gru": rnn.GRU}


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


def filled(block, seed=0):
    """Set all parameters."""
    generator = np.random.default_rng(seed)
    for parameter in block.collect_params().values():
        parameter.set_data(mx.nd.array(generator.uniform(-0.6, 0.6, parameter.shape), dtype=parameter.dtype))
    return block


def made(mode, **options):
    activation = {"activation": mode[4:]} if mode.startswith("rnn") else {}
    layer = LAYERS[mode](
        options.pop("hidden_size", 3), input_size=options.pop("input_size", 4), **activation, **options
    )
    layer.initialize()
    return filled(layer)


def data(*shape, seed=1, dtype="float32"):
    return mx.nd.array(np.random.default_rng(seed).uniform(-1, 1, shape), dtype=dtype)


def learnt(block, run):
    """Return outputs and gradients of parameters."""
    with mx.autograd.record():
        outputs = [x for part in run() for x in (part if isinstance(part, (list, tuple)) else [part])]
        total = sum((x * data(*x.shape, seed=9, dtype=x.dtype)).sum() for x in outputs)
    total.backward()
    gradients = [p.grad() for p in block.collect_params().values()]
    return [x.asnumpy() for x in (*outputs, *gradients)]


def all_close(actual, expected, table=GRADIENT):
    assert len(actual) == len(expected)
    for number, (one, other) in enumerate(zip(actual, expected)):
        assert_close(one, other, table, f"number {number}")


# -- layers and the cells in them -------------------------------------------------------------------------------------


layers = st.builds(
    made,
    st.sampled_from(sorted(LAYERS)),
    num_layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    hidden_size=st.integers(1, 4),
    use_sequence_length=st.booleans(),
)


@settings(max_examples=30, deadline=None)
@given(layer=layers, steps=st.integers(1, 4), batch=st.integers(1, 3), values=st.data())
def test_a_layer_equals_its_cells(layer, steps, batch, values):
    x = data(steps, batch, 4)
    states = [data(*state.shape, seed=2) for state in layer.begin_state(batch)]
    lengths = None
    if layer._use_sequence_length:
        drawn = values.draw(st.lists(st.integers(1, steps), min_size=batch, max_size=batch))
        lengths = mx.nd.array(drawn)

    def unfused():
        # the layer has all first states before all second ones, the cells those of each cell together
        given = [state[number] for number in range(states[0].shape[0]) for state in states]
        outputs, last = layer._unfuse().unroll(steps, x, given, layout="TNC", merge_outputs=True, valid_length=lengths)
        return outputs, [mx.nd.stack(*last[number :: len(states)]) for number in range(len(states))]

    all_close(learnt(layer, lambda: layer(x, states, lengths)), learnt(layer, unfused))


@pytest.mark.parametrize("mode", sorted(LAYERS))
@pytest.mark.parametrize("hybrid", [False, True])
def test_lengths_make_sequences_independent_of_what_follows(mode, hybrid):
    layer = made(mode, num_layers=2, bidirectional=True, use_sequence_length=True)
    layer.hybridize(hybrid)
    lengths, x = [3, 1, 4], data(4, 3, 4)
    output, states = layer(x, layer.begin_state(3), mx.nd.array(lengths))
    for number, length in enumerate(lengths):
        alone, last = layer(x[:length, number : number + 1], layer.begin_state(1), mx.nd.array([length]))
        assert_close(output[:length, number].asnumpy(), alone[:, 0].asnumpy(), OPERATOR, "output")
        assert (output[length:, number].asnumpy() == 0).all()
        for state, one in zip(states, last):
            assert_close(state[:, number].asnumpy(), one[:, 0].asnumpy(), OPERATOR, "state")


@pytest.mark.parametrize("mode", sorted(LAYERS))
@pytest.mark.parametrize("hybrid", [False, True])
def test_lengths_and_deferred_shapes(mode, hybrid):
    layer = LAYERS[mode](3, use_sequence_length=True, num_layers=2, bidirectional=True)
    layer.initialize()
    layer.hybridize(hybrid)
    assert layer(data(4, 2, 5), sequence_length=mx.nd.array([1, 4])).shape == (4, 2, 6)
    assert layer.l0_i2h_weight.shape[1] == layer.r0_i2h_weight.shape[1] == 5


@pytest.mark.parametrize("mode", sorted(LAYERS))
def test_a_hybridized_layer_may_be_called_with_states_and_without_in_turn(mode):
    layer = made(mode, num_layers=2)
    x = data(4, 2, 4)
    plain, states = layer(x, layer.begin_state(2))
    layer.hybridize()
    for _ in range(2):
        assert_close(layer(x).asnumpy(), plain.asnumpy(), OPERATOR, "without")
        output, last = layer(x, layer.begin_state(2))
        assert_close(output.asnumpy(), plain.asnumpy(), OPERATOR, "with")
        all_close([s.asnumpy() for s in last], [s.asnumpy() for s in states], OPERATOR)


def test_bounds_hold_the_memory():
    layer = made("lstm", num_layers=2, state_clip_min=-0.1, state_clip_max=0.2)
    _, (_, memory) = layer(data(5, 3, 4) * 9, layer.begin_state(3))
    assert memory.min().asscalar() >= np.float32(-0.1)
    assert memory.max().asscalar() <= np.float32(0.2)


def test_a_projection_equals_its_cell():
    layer = made("lstm", projection_size=2)
    cell = contrib.rnn.LSTMPCell(3, 2, input_size=4)
    cell.initialize()
    for name, parameter in cell._reg_params.items():
        parameter.set_data(getattr(layer, f"l0_{name}").data())
    x = data(4, 2, 4)
    begin = [data(1, 2, 2, seed=3), data(1, 2, 3, seed=4)]

    def stepped():
        outputs, states = cell.unroll(4, x, [s[0] for s in begin], layout="TNC", merge_outputs=True)
        return outputs, [s.expand_dims(0) for s in states]

    expected = learnt(cell, stepped)
    order = [list(cell._reg_params).index(name.removeprefix("l0_")) for name in layer._reg_params]
    found = learnt(layer, lambda: layer(x, begin))
    all_close(found[:3], expected[:3])
    all_close(found[3:], [expected[3:][number] for number in order])


def test_dropout_is_between_layers_and_only_while_training():
    layer = made("lstm", num_layers=2, dropout=0.5)
    x = data(6, 4, 4)
    assert (layer(x) == layer(x)).asnumpy().all()
    with mx.autograd.train_mode():
        assert (layer(x) != layer(x)).asnumpy().any()
    single = made("lstm", num_layers=1, dropout=0.5)
    with mx.autograd.train_mode():
        assert (single(x) == single(x)).asnumpy().all()


def test_gradients_of_states_and_of_the_input():
    layer = made("gru", layout="NTC")
    x, state = data(2, 5, 4), data(1, 2, 3)
    for array in (x, state):
        array.attach_grad()
    with mx.autograd.record():
        total = layer(x, state)[0][:, -1].sum()
    total.backward()
    step = np.float32(1e-2)
    for array, position in ((x, (1, 2, 3)), (state, (0, 1, 2))):
        found = []
        for sign in (1, -1):
            moved = [x.copy(), state.copy()]
            target = moved[0 if array is x else 1]
            target[position] = target[position] + sign * step
            found.append(layer(*moved)[0][:, -1].sum().asscalar())
        assert abs((found[0] - found[1]) / (2 * step) - array.grad[position].asscalar()) < 1e-3


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_layers_of_other_dtypes(dtype):
    layer = made("lstm", dtype=dtype, bidirectional=True)
    output, states = layer(data(4, 2, 4, dtype=dtype), layer.begin_state(2))
    assert {x.dtype for x in (output, *states)} == {np.dtype(dtype).type}
    reference = made("lstm", bidirectional=True)(data(4, 2, 4))
    np.testing.assert_allclose(output.asnumpy(), reference.asnumpy(), 1e-2, 5e-3)


def test_parameters_are_not_kept_from_call_to_call():
    layer, x = made("lstm"), data(4, 2, 4)
    for hybrid in (False, True):
        layer.hybridize(hybrid)
        before = layer(x)
        filled(layer, seed=5)
        after = layer(x)
        filled(layer, seed=0)
        assert (before != after).asnumpy().any()
        assert (before == layer(x)).asnumpy().all()


def test_graphs_with_the_vector_run_with_its_pieces(monkeypatch):
    """Pieces of other sizes than the parameters' make a vector all the same."""
    x, state = mx.sym.var("x"), mx.sym.zeros((1, 2, 3))
    whole = mx.sym.var("weights", shape=(9 * 4 + 9 * 3 + 9 + 9,))
    split = [mx.sym.slice_axis(whole, axis=0, begin=b, end=e) for b, e in ((0, 5), (5, 40), (40, 41), (41, 81))]
    vector = mx.sym._internal._rnn_param_concat(*split, dim=0)
    values = {"x": data(4, 2, 4), "weights": data(81)}
    found = []
    for net in (vector, whole):
        output = mx.sym.RNN(x, net, state, state_size=3, num_layers=1, mode="gru")
        found.append(output.bind(mx.cpu(), values).forward()[0].asnumpy())
    all_close(found[:1], found[1:], OPERATOR)

    layer = made("lstm", num_layers=2, bidirectional=True, prefix="a_")
    for without in ("", "rnn_apart"):
        monkeypatch.setenv("REMX_WITHOUT", without)
        layer.hybridize()
        found.append(learnt(layer, lambda: [layer(values["x"])]))
    all_close(found[2], found[3])


def test_layers_in_a_group_of_contexts():
    with mx.AttrScope(ctx_group="other"):
        net = made("lstm", prefix="a_")(mx.sym.var("x"))
    executor = net.simple_bind(mx.cpu(), group2ctx={"other": mx.cpu(1)}, x=(4, 2, 4))
    assert executor.forward(is_train=True)[0].shape == (4, 2, 3)
    executor.backward(mx.nd.ones((4, 2, 3), ctx=mx.cpu(1)))


def test_layers_and_cells_can_be_pickled_and_copied():
    x = data(4, 2, 4)
    cell = rnn.ZoneoutCell(rnn.LSTMCell(3, input_size=4), 0.1)
    cell.initialize()
    for block, run in ((made("lstm"), lambda b: b(x)), (cell, lambda b: b.unroll(4, x, layout="TNC")[0][-1])):
        again = pickle.loads(pickle.dumps(block))
        assert (run(again) == run(block)).asnumpy().all()
    assert repr(copy.copy(made("gru"))) == repr(made("gru"))


def test_an_exported_layer_runs_without_it(tmp_path):
    layer = made("lstm", num_layers=2, prefix="a_")
    layer.hybridize()
    x = data(4, 2, 4)
    expected, _ = layer(x, layer.begin_state(2))
    layer.export(str(tmp_path / "net"))
    names = ["data0", "data1", "data2"]
    again = mx.gluon.SymbolBlock.imports(str(tmp_path / "net-symbol.json"), names, str(tmp_path / "net-0000.params"))
    assert_close(again(x, *layer.begin_state(2))[0].asnumpy(), expected.asnumpy(), OPERATOR, "imported")
    graph = json.loads((tmp_path / "net-symbol.json").read_text())
    assert {"RNN", "_rnn_param_concat"} <= {node["op"] for node in graph["nodes"]}


@pytest.mark.parametrize("mode", sorted(LAYERS))
def test_unknown_input_sizes_are_found_backwards_through_a_network(mode):
    net = nn.HybridSequential()
    net.add(nn.Embedding(9, 5), LAYERS[mode](3, 2, bidirectional=True), LAYERS[mode](2), nn.Dense(2, flatten=False))
    net.initialize()
    net.hybridize()
    assert net(mx.nd.ones((4, 2))).shape == (4, 2, 2)
    assert [net[1].r0_i2h_weight.shape[1], net[2].l0_i2h_weight.shape[1]] == [5, 6]


# -- cells ------------------------------------------------------------------------------------------------------------


CELLS = {
    "RNNCell": lambda: rnn.RNNCell(4),
    "LSTMCell": lambda: rnn.LSTMCell(4),
    "GRUCell": lambda: rnn.GRUCell(4),
    "LSTMPCell": lambda: contrib.rnn.LSTMPCell(3, 4),
    "ZoneoutCell": lambda: rnn.ZoneoutCell(rnn.LSTMCell(4), 0.3, 0.3),
    "ResidualCell": lambda: rnn.ResidualCell(rnn.GRUCell(4)),
    "VariationalDropoutCell": lambda: contrib.rnn.VariationalDropoutCell(rnn.RNNCell(4), 0.2, 0.2, 0.2),
    "VariationalDropoutCell of both": lambda: contrib.rnn.VariationalDropoutCell(
        rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2)), 0.2, 0, 0.2
    ),
    "ResidualCell of both": lambda: rnn.ResidualCell(rnn.BidirectionalCell(rnn.RNNCell(2), rnn.LSTMCell(2))),
    "BidirectionalCell": lambda: rnn.BidirectionalCell(rnn.LSTMCell(2), rnn.GRUCell(2)),
    "SequentialRNNCell": lambda: stack(rnn.SequentialRNNCell(), rnn.LSTMCell(4), rnn.DropoutCell(0.2), rnn.GRUCell(4)),
    "HybridSequentialRNNCell": lambda: stack(
        rnn.HybridSequentialRNNCell(), rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2)), rnn.LSTMCell(4)
    ),
    "nested": lambda: stack(
        rnn.SequentialRNNCell(),
        rnn.ResidualCell(rnn.ZoneoutCell(rnn.LSTMCell(4), 0.2)),
        stack(rnn.HybridSequentialRNNCell(), rnn.GRUCell(4), rnn.ResidualCell(rnn.RNNCell(4))),
    ),
}


def stack(made_of, *cells):
    for cell in cells:
        made_of.add(cell)
    return made_of


def ready(cell):
    cell.initialize()
    cell.unroll(2, mx.nd.zeros((1, 2, 4)))
    return filled(cell)


@pytest.mark.parametrize("name", sorted(CELLS))
@pytest.mark.parametrize("layout", ["NTC", "TNC"])
@pytest.mark.parametrize("merged", [None, True, False])
@pytest.mark.parametrize("lengths", [None, [3, 1]])
def test_sequences_in_every_form_give_the_same(name, layout, merged, lengths):
    cell, x = ready(CELLS[name]()), data(3, 2, 4)
    whole = x if layout == "TNC" else x.swapaxes(0, 1)
    valid = None if lengths is None else mx.nd.array(lengths)
    expected, last = cell.unroll(3, list(x), merge_outputs=False, layout="TNC", valid_length=valid)
    for inputs in (whole, list(x), tuple(x)):
        outputs, states = cell.unroll(3, inputs, layout=layout, merge_outputs=merged, valid_length=valid)
        steps = outputs
        if isinstance(outputs, mx.nd.NDArray):
            assert merged is not False
            steps = list(outputs if layout == "TNC" else outputs.swapaxes(0, 1))
        else:
            assert merged is not True
        assert len(steps) == 3
        for pair in zip((*steps, *states), (*expected, *last)):
            assert_close(pair[0].asnumpy(), pair[1].asnumpy(), OPERATOR, name)


@pytest.mark.parametrize("name", sorted(CELLS))
def test_valid_lengths_make_sequences_independent_of_what_follows(name):
    cell, x = ready(CELLS[name]()), data(4, 3, 4)
    lengths = [2, 4, 1]
    outputs, states = cell.unroll(4, x, layout="TNC", merge_outputs=True, valid_length=mx.nd.array(lengths))
    for number, length in enumerate(lengths):
        alone, last = cell.unroll(length, list(x[:length, number : number + 1]), layout="TNC", merge_outputs=True)
        assert_close(outputs[:length, number].asnumpy(), alone[:, 0].asnumpy(), OPERATOR, "output")
        assert (outputs[length:, number].asnumpy() == 0).all()
        all_close([s[number].asnumpy() for s in states], [s[0].asnumpy() for s in last], OPERATOR)


@pytest.mark.parametrize("name", sorted(CELLS))
def test_symbols_and_networks_compute_what_arrays_do(name):
    class Net(mx.gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            with self.name_scope():
                self.cell = CELLS[name]()

        def hybrid_forward(self, F, x, lengths):
            outputs, states = self.cell.unroll(3, x, merge_outputs=True, valid_length=lengths)
            return outputs, states

    if name in ("SequentialRNNCell", "nested"):
        pytest.skip("a SequentialRNNCell is no HybridBlock")
    net, x, lengths = Net(), data(2, 3, 4), mx.nd.array([3, 2])
    net.initialize()
    net(x, lengths)
    filled(net)
    plain = learnt_without_chance(net, x, lengths)
    net.hybridize()
    all_close(learnt_without_chance(net, x, lengths), plain)
    outputs, states = net(mx.sym.var("x"), mx.sym.var("lengths"))
    values = {p.name: p.data() for p in net.collect_params().values()}
    both = mx.sym.Group([outputs, *states])
    found = both.bind(mx.cpu(), {"x": x, "lengths": lengths, **values}).forward()
    all_close([f.asnumpy() for f in found], plain[: len(found)])


def learnt_without_chance(net, x, lengths):
    def run():
        return net(x, lengths)

    with mx.autograd.record(train_mode=False):
        outputs = [v for part in run() for v in (part if isinstance(part, (list, tuple)) else [part])]
        total = sum((v * data(*v.shape, seed=9)).sum() for v in outputs)
    total.backward()
    return [v.asnumpy() for v in (*outputs, *(p.grad() for p in net.collect_params().values()))]


def test_zoneout_keeps_what_was_there_before():
    cell = ready(rnn.ZoneoutCell(rnn.RNNCell(4), 0.0, 0.5))
    x, begin = data(200, 4), [mx.nd.ones((200, 4)) * 7]
    with mx.autograd.train_mode():
        output, (state,) = cell(x, begin)
    kept = state.asnumpy() == 7
    assert 0.4 < kept.mean() < 0.6
    np.testing.assert_array_equal(state.asnumpy()[~kept], output.asnumpy()[~kept])
    always = ready(rnn.ZoneoutCell(rnn.RNNCell(4), 1.0))
    with mx.autograd.train_mode():
        outputs, _ = always.unroll(3, data(2, 3, 4), merge_outputs=True)
    assert (outputs.asnumpy() == 0).all()


def test_variational_dropout_has_one_mask_for_a_sequence():
    for drop_states in (0, 0.01):
        cell = ready(contrib.rnn.VariationalDropoutCell(rnn.RNNCell(4), 0.5, drop_states, 0.5))
        with mx.autograd.train_mode():
            outputs, _ = cell.unroll(5, data(2, 5, 4), merge_outputs=True)
        dropped = outputs.asnumpy() == 0
        assert (dropped == dropped[:, :1]).all()
        assert 0 < dropped.mean() < 1


def test_what_a_trace_left_behind_is_no_value():
    for cell in (rnn.ZoneoutCell(rnn.RNNCell(4), 0.5, 0.5), CELLS["VariationalDropoutCell"]()):
        ready(cell)
        x, begin = data(2, 4), [mx.nd.ones((2, 4))]
        cell.reset()
        for active in (False, True, False):
            cell.hybridize(active)
            assert cell(x, begin)[0].shape == (2, 4)


def test_activations_of_every_kind():
    x, begin = data(3, 4), [mx.nd.zeros((3, 2))]
    results = []
    for activation in ("relu", nn.Activation("relu"), nn.LeakyReLU(0.0), lambda v, **_: mx.nd.relu(v)):
        cell = rnn.RNNCell(2, activation=activation, input_size=4)
        cell.initialize()
        results.append(filled(cell)(x, begin)[0].asnumpy())
        cell.unroll(1, [x])  # a block among its children has nothing to reset
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])
    lstm = rnn.LSTMCell(2, activation=nn.LeakyReLU(0.5), recurrent_activation=nn.Swish(), input_size=4)
    lstm.initialize()
    assert lstm.unroll(2, data(2, 2, 4), layout="TNC")[0][1].shape == (2, 2)


def test_a_cell_may_hold_layers():
    class Own(rnn.HybridRecurrentCell):
        def __init__(self):
            super().__init__()
            with self.name_scope():
                self.dense = nn.Dense(3)

        def state_info(self, batch_size=0):
            return [{"shape": (batch_size, 3)}]

        def hybrid_forward(self, F, inputs, states):
            output = self.dense(inputs) + states[0]
            return output, [output]

    cell = Own()
    cell.initialize()
    assert cell.unroll(2, data(2, 2, 4))[0][1].shape == (2, 3)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_cells_of_other_dtypes_begin_with_states_of_theirs(dtype):
    cell = CELLS["HybridSequentialRNNCell"]()
    cell.cast(dtype)
    cell.initialize()
    outputs, states = cell.unroll(3, data(2, 3, 4, dtype=dtype), merge_outputs=True)
    assert {x.dtype for x in (outputs, *states)} == {np.dtype(dtype).type}


def test_begin_states_of_modifiers_are_arrays_where_the_batch_is_known():
    cell = stack(rnn.SequentialRNNCell(), rnn.ZoneoutCell(rnn.LSTMCell(3)), rnn.ResidualCell(rnn.GRUCell(2)))
    assert [s.shape for s in cell.begin_state(batch_size=5)] == [(5, 3), (5, 3), (5, 2)]
    assert isinstance(cell[0].begin_state()[0], mx.sym.Symbol)


def test_stacks_are_sequences():
    cells = [rnn.RNNCell(2), rnn.LSTMCell(2)]
    made_of = stack(rnn.SequentialRNNCell(), *cells)
    assert list(made_of) == cells
    assert made_of[-1] is cells[1]
    with pytest.raises(IndexError):
        made_of[2]


def test_a_modifier_lets_go_of_its_cell_after_an_error():
    cell = rnn.ResidualCell(rnn.RNNCell(2))
    with pytest.raises(AssertionError):
        cell.unroll(3, [data(2, 2)])
    assert cell.base_cell._modified


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(["RNNCell", "LSTMCell", "ResidualCell", "nested"]),
    st.sampled_from(["TNC", "NTC"]),
    st.one_of(st.none(), st.lists(st.integers(1, 4), min_size=3, max_size=3)),
)
def test_a_loop_in_the_graph_computes_what_unroll_does(name, layout, lengths):
    cell, x = ready(CELLS[name]()), data(*((4, 3, 4) if layout == "TNC" else (3, 4, 4)))
    valid = None if lengths is None else mx.nd.array(lengths)
    begin = cell.begin_state(batch_size=3, func=mx.nd.ones)
    expected, states = cell.unroll(4, x, begin, layout, True, valid)
    found, last = dynamic_unroll(cell, x, begin, layout=layout, valid_length=valid)
    all_close([v.asnumpy() for v in (found, *last)], [v.asnumpy() for v in (expected, *states)], OPERATOR)


@pytest.mark.parametrize("layout", ["TNC", "NTC"])
def test_a_loop_in_the_graph_drops_the_same_of_each_step(layout):
    cell, x = ready(rnn.RNNCell(4)), mx.nd.ones((6, 6, 4))
    with mx.autograd.train_mode():
        outputs, _ = dynamic_unroll(cell, x, cell.begin_state(6), drop_outputs=0.5, layout=layout)
    dropped = (outputs if layout == "TNC" else outputs.swapaxes(0, 1)).asnumpy() == 0
    assert (dropped == dropped[:1]).all()
    assert (dropped != dropped[:, :1]).any()


def test_a_loop_in_the_graph_as_symbols():
    cell = ready(rnn.LSTMCell(4))
    begin = [mx.sym.var("h"), mx.sym.var("c")]
    outputs, states = dynamic_unroll(cell, mx.sym.var("x"), begin, valid_length=mx.sym.var("lengths"))
    values = {"x": data(3, 2, 4), "h": data(2, 4), "c": data(2, 4, seed=8), "lengths": mx.nd.array([1, 3])}
    expected, last = dynamic_unroll(cell, values["x"], [values["h"], values["c"]], valid_length=values["lengths"])
    values.update({p.name: p.data() for p in cell.collect_params().values()})
    found = mx.sym.Group([outputs, *states]).bind(mx.cpu(), values).forward()
    all_close([v.asnumpy() for v in found], [v.asnumpy() for v in (expected, *last)], OPERATOR)


# -- convolutional cells ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("axes", [2, 3])
def test_channels_may_come_last(kind, axes):
    make = getattr(contrib.rnn, f"Conv{axes}D{kind}Cell")
    space = (6, 5, 4)[:axes]
    first = make((3, *space), 2, 3, 3, i2h_pad=1, prefix="a_")
    last = make((*space, 3), 2, 3, 3, i2h_pad=1, prefix="b_", conv_layout=f"N{'DHW'[3 - axes :]}C")
    for cell in (first, last):
        cell.initialize()
    filled(first)
    for name in ("i2h_weight", "h2h_weight", "i2h_bias", "h2h_bias"):
        values = getattr(first, name).data()
        order = [0, *range(2, values.ndim), 1] if values.ndim > 1 else [0]
        getattr(last, name).set_data(values.transpose(order))
    steps = [data(2, 3, *space, seed=seed) for seed in range(3)]
    order = [0, *range(2, axes + 2), 1]
    outputs, states = first.unroll(3, steps)
    found, found_states = last.unroll(3, [step.transpose(order) for step in steps])
    for one, other in zip((*outputs, *states), (*found, *found_states)):
        assert_close(other.asnumpy(), one.transpose(order).asnumpy(), OPERATOR, kind)


def test_a_convolution_of_one_point_is_a_dense_cell():
    dense = ready(rnn.LSTMCell(2, input_size=4))
    cell = contrib.rnn.Conv2DLSTMCell((4, 1, 1), 2, 1, 1)
    cell.initialize()
    for name in ("i2h_weight", "h2h_weight", "i2h_bias", "h2h_bias"):
        target = getattr(cell, name)
        target.set_data(getattr(dense, name).data().reshape(target.shape))
    x = data(3, 2, 4)
    expected = dense.unroll(3, x, layout="TNC", merge_outputs=True)[0]
    found = cell.unroll(3, x.reshape((3, 2, 4, 1, 1)), layout="TNCHW", merge_outputs=True)[0]
    assert_close(found.asnumpy().reshape(3, 2, 2), expected.asnumpy(), OPERATOR, "point")


# -- errors -----------------------------------------------------------------------------------------------------------

X = data(4, 2, 4)
ERRORS = {
    "layout": (lambda: rnn.LSTM(3, layout="NCT"), AssertionError, "LSTM.*NCT.*'TNC' or 'NTC'"),
    "activation": (lambda: rnn.RNN(3, activation="sigmoid"), ValueError, "RNN.*sigmoid.*'relu' or 'tanh'"),
    "state shape": (
        lambda: made("gru")(X, mx.nd.zeros((1, 3, 3))),
        ValueError,
        r"GRU.*Expecting \(1, 2, 3\), got \(1, 3, 3\)",
    ),
    "state count": (lambda: made("lstm")(X, mx.nd.zeros((1, 2, 3))), ValueError, "LSTM: 1 states.*expected 2"),
    "lengths missing": (lambda: made("gru", use_sequence_length=True)(X), ValueError, "GRU.*no sequence_length came"),
    "lengths in vain": (
        lambda: made("gru")(X, sequence_length=mx.nd.ones(2)),
        ValueError,
        "GRU: a sequence_length came.*use_sequence_length=True",
    ),
    "input": (lambda: made("gru")(np.ones((4, 2, 4))), TypeError, "GRU: the input is a ndarray.*NDArray"),
    "batch size": (lambda: rnn.LSTM(3).begin_state(), mx.MXNetError, r"LSTM.begin_state.*\(1, 0, 3\).*batch_size"),
    "batch size of a cell": (lambda: rnn.GRUCell(3).begin_state(), mx.MXNetError, "GRUCell.begin_state.*batch_size"),
    "unfuse": (lambda: rnn.LSTM(3, projection_size=2)._unfuse(), AssertionError, "LSTM._unfuse: projection_size is 2"),
    "unfuse bounds": (lambda: rnn.LSTM(3, state_clip_max=2)._unfuse(), AssertionError, "state_clip_max is 2"),
    "steps": (
        lambda: rnn.RNNCell(3).unroll(3, X, layout="TNC"),
        AssertionError,
        r"\(4, 2, 4\) have 4 steps along axis 0.*'TNC'.*expected 3",
    ),
    "inputs": (lambda: rnn.RNNCell(3).unroll(3, [X[0]]), AssertionError, "1 inputs came for 3 steps"),
    "inputs None": (lambda: rnn.RNNCell(3).unroll(3, None), AssertionError, "inputs is None"),
    "inputs kind": (lambda: rnn.RNNCell(3).unroll(3, 5), TypeError, "inputs is a int"),
    "layout of a cell": (lambda: rnn.RNNCell(3).unroll(4, X, layout="NC"), AssertionError, "'NC' has no axis T"),
    "states of a cell": (lambda: ready(rnn.LSTMCell(4))(X[0], []), IndexError, "LSTMCell: 0 states came; expected 2"),
    "states of a stack": (
        lambda: ready(CELLS["SequentialRNNCell"]())(X[0], []),
        IndexError,
        "SequentialRNNCell: 0 states came; expected 3",
    ),
    "modified": (
        lambda: rnn.ResidualCell(rnn.RNNCell(3)).base_cell.begin_state(2),
        AssertionError,
        "RNNCell.begin_state.*modifier cell",
    ),
    "modified twice": (
        lambda: rnn.ZoneoutCell(rnn.ResidualCell(rnn.RNNCell(3, prefix="c_")).base_cell),
        AssertionError,
        "Cell c is already modified",
    ),
    "no cell": (lambda: rnn.ResidualCell(3), TypeError, "ResidualCell: base_cell is a int"),
    "a layer as cell": (lambda: rnn.ZoneoutCell(rnn.LSTM(3)), TypeError, "ZoneoutCell: base_cell is a LSTM"),
    "zoneout inside": (
        lambda: rnn.ZoneoutCell(stack(rnn.HybridSequentialRNNCell(), CELLS["BidirectionalCell"]())),
        AssertionError,
        "ZoneoutCell: a BidirectionalCell",
    ),
    "variational inside": (
        lambda: contrib.rnn.VariationalDropoutCell(
            stack(rnn.HybridSequentialRNNCell(), CELLS["BidirectionalCell"]()), 0, 0.1
        ),
        AssertionError,
        "VariationalDropoutCell: the states of a BidirectionalCell",
    ),
    "rate": (lambda: rnn.DropoutCell("a"), AssertionError, "DropoutCell: rate is 'a'"),
    "step of both": (lambda: CELLS["BidirectionalCell"]()(X[0], []), NotImplementedError, "call unroll"),
    "conv kernel": (
        lambda: contrib.rnn.Conv2DGRUCell((3, 5, 5), 2, (3,), 3),
        AssertionError,
        r"Conv2DGRUCell.*length 2; i2h_kernel is \(3,\)",
    ),
    "conv even": (lambda: contrib.rnn.Conv1DRNNCell((3, 5), 2, 3, 2), AssertionError, "odd number, get h2h_kernel= 2"),
    "conv layout": (
        lambda: contrib.rnn.Conv2DLSTMCell((3, 5, 5), 2, 3, 3, conv_layout="NCW"),
        ValueError,
        "Conv2DLSTMCell: conv_layout is 'NCW'; expected 'NCHW'",
    ),
    "conv shape": (
        lambda: contrib.rnn.Conv2DRNNCell((1, 3, 5, 5), 2, 3, 3),
        ValueError,
        r"Conv2DRNNCell: input_shape is \(1, 3, 5, 5\).*CHW",
    ),
    "loop layout": (
        lambda: dynamic_unroll(rnn.RNNCell(3), X, [X[0]], layout="NCT"),
        AssertionError,
        "dynamic_unroll: layout is 'NCT'",
    ),
    "loop states": (lambda: dynamic_unroll(rnn.RNNCell(3), X, None), AssertionError, "begin_state is None"),
}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_errors_say_what_came_and_what_was_expected(name):
    call, kind, match = ERRORS[name]
    with pytest.raises(kind, match=match) as caught:
        call()
    assert isinstance(caught.value, (mx.MXNetError, NotImplementedError))
