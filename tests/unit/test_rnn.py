"""Recurrent cells: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from tests.golden import programs
from tests.tolerances import GRADIENT, OPERATOR

GROUP = "rnn_cells"
pytestmark = pytest.mark.filterwarnings("ignore:NTC layout detected")
rnn = mx.rnn
MODES = ("lstm", "gru", "rnn_tanh", "rnn_relu")


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


def bound(symbol, training=True, seed=0, **shapes):
    """Return an executor whose arrays are random."""
    executor = symbol.simple_bind(mx.cpu(), grad_req="write" if training else "null", **shapes)
    generator = np.random.default_rng(seed)
    for name in sorted(executor.arg_dict):
        executor.arg_dict[name][:] = generator.uniform(-1, 1, executor.arg_dict[name].shape)
    return executor


def stack(*cells):
    made = rnn.SequentialRNNCell()
    for cell in cells:
        made.add(cell)
    return made


# -- fused and single cells ------------------------------------------------------------------------------------------


fused_cells = st.builds(
    rnn.FusedRNNCell,
    st.integers(1, 4),
    num_layers=st.integers(1, 3),
    mode=st.sampled_from(MODES),
    bidirectional=st.booleans(),
    get_next_state=st.booleans(),
    prefix=st.sampled_from(["", "f_"]),
)


@settings(max_examples=25, deadline=None)
@given(cell=fused_cells, steps=st.integers(1, 4), batch=st.integers(1, 3), width=st.integers(1, 4), data=st.data())
def test_fused_equals_unfused(cell, steps, batch, width, data):
    layout = data.draw(st.sampled_from(["TNC", "NTC"]))
    shape = (steps, batch, width) if layout == "TNC" else (batch, steps, width)
    single = cell.unfuse()
    x = mx.sym.var("x")
    fused = bound(cell.unroll(steps, x, layout=layout, merge_outputs=True)[0], x=shape)
    unfused = bound(single.unroll(steps, x, layout=layout, merge_outputs=True)[0], x=shape)
    weights = {name: array for name, array in fused.arg_dict.items() if name != "x"}
    unfused.copy_params_from({"x": fused.arg_dict["x"], **single.pack_weights(cell.unpack_weights(weights))})
    (one,), (other,) = fused.forward(is_train=True), unfused.forward(is_train=True)
    np.testing.assert_allclose(one.asnumpy(), other.asnumpy(), *OPERATOR["float32"])
    fused.backward(one.ones_like())
    unfused.backward(one.ones_like())
    gradients = {name: array for name, array in unfused.grad_dict.items() if name != "x"}
    together = cell.pack_weights(single.unpack_weights(gradients))
    for name, gradient in {"x": unfused.grad_dict["x"], **together}.items():
        np.testing.assert_allclose(fused.grad_dict[name].asnumpy(), gradient.asnumpy(), *GRADIENT["float32"])


@settings(max_examples=25, deadline=None)
@given(cell=fused_cells, width=st.integers(1, 5))
def test_packing_is_the_inverse_of_unpacking(cell, width):
    vector = mx.nd.arange(cell._size(width))
    name = f"{cell._prefix}parameters"
    apart = cell.unpack_weights({name: vector, "other": vector})
    assert sum(array.size for array in apart.values()) == 2 * vector.size
    together = cell.pack_weights(apart)
    assert list(together) == ["other", name]
    assert (together[name].asnumpy() == vector.asnumpy()).all()
    single = cell.unfuse()
    again = single.unpack_weights(single.pack_weights(apart))
    assert {key: array.asnumpy().tolist() for key, array in again.items()} == {
        key: array.asnumpy().tolist() for key, array in apart.items()
    }


def test_unfused_cells_keep_the_forget_bias():
    """1.9.1 forgets it."""
    cell = rnn.FusedRNNCell(2, forget_bias=3.0, prefix="f_").unfuse()
    assert cell._cells[0]._iB.attr("__init__") == '["lstmbias", {"forget_bias": 3.0}]'


def test_dropout_between_the_layers_of_fused_cells_is_that_of_unfused_ones():
    fused = rnn.FusedRNNCell(3, num_layers=3, dropout=0.5)
    kinds = [type(cell).__name__ for cell in fused.unfuse()._cells]
    assert kinds == ["LSTMCell", "DropoutCell", "LSTMCell", "DropoutCell", "LSTMCell"]
    executor = bound(fused.unroll(2, mx.sym.var("x"))[0], x=(2, 2, 3))
    found = [executor.forward(is_train=True)[0].asnumpy() for _ in range(2)]
    assert (found[0] != found[1]).any()
    found = [executor.forward()[0].asnumpy() for _ in range(2)]
    assert (found[0] == found[1]).all()


# -- states whose batch is not known until binding -------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize(
    "make",
    [
        lambda: rnn.RNNCell(3),
        lambda: rnn.LSTMCell(3),
        lambda: rnn.GRUCell(3),
        lambda: rnn.ZoneoutCell(rnn.LSTMCell(3), 0.1, 0.1),
        lambda: rnn.ResidualCell(rnn.RNNCell(4)),
        lambda: rnn.BidirectionalCell(rnn.LSTMCell(3, "l_"), rnn.GRUCell(2, "r_")),
        lambda: rnn.FusedRNNCell(3, 2, "lstm", bidirectional=True),
        lambda: stack(rnn.LSTMCell(3), rnn.DropoutCell(0.1), rnn.RNNCell(2)),
    ],
)
def test_begin_states_take_the_batch_of_the_data(make, batch):
    outputs, _ = make().unroll(2, mx.sym.var("x"), merge_outputs=True)
    (found,) = bound(outputs, training=False, x=(batch, 2, 4)).forward()
    assert found.shape[:2] == (batch, 2)
    assert np.isfinite(found.asnumpy()).all()


@pytest.mark.parametrize(
    ("node", "shape"),
    [
        (lambda s: mx.sym.FullyConnected(s, num_hidden=3), (2, 3)),
        (lambda s: mx.sym.FullyConnected(mx.sym.relu(s), num_hidden=3), (2, 3)),
        (
            lambda s: mx.sym.Convolution(mx.sym.Reshape(s, shape=(-1, 4, 1, 1)), kernel=(1, 1), num_filter=3),
            (2, 3, 1, 1),
        ),
        (lambda s: mx.sym.SliceChannel(s, num_outputs=2)[1], (2, 2)),
        (lambda s: mx.sym.expand_dims(s, axis=0), (1, 2, 4)),
        (lambda s: mx.sym.transpose(s), (4, 2)),
    ],
)
def test_a_length_is_inferred_backwards_where_an_operator_hands_it_on(node, shape):
    found = mx.sym.elemwise_add(mx.sym.var("x", shape=shape), node(mx.sym.ones((0, 4))))
    assert bound(found, training=False).forward()[0].shape == shape


def test_a_length_is_not_inferred_where_the_operator_broadcasts():
    found = mx.sym.broadcast_add(mx.sym.zeros((0, 3), name="z"), mx.sym.var("x", shape=(2, 3)))
    shapes = dict(zip(found.get_internals().list_outputs(), found.get_internals().infer_shape_partial()[1]))
    assert shapes["z_output"] == (0, 3)


def test_shapes_that_cannot_be_known_end_the_search():
    outputs, _ = rnn.ZoneoutCell(rnn.LSTMCell(3), 0.1, 0.1).unroll(2, mx.sym.var("x"), merge_outputs=True)
    with pytest.warns(UserWarning, match="Cannot decide shape"):
        assert outputs.infer_shape() == (None, None, None)


def test_a_long_sequence_binds():
    outputs, _ = rnn.LSTMCell(4).unroll(300, mx.sym.var("x"), layout="TNC")
    assert bound(outputs[-1], x=(300, 1, 3)).forward()[0].shape == (1, 4)


# -- single cells ----------------------------------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_lstm_by_its_formulas():
    cell = rnn.LSTMCell(3)
    outputs, (h, c) = cell.unroll(4, mx.sym.var("x"), layout="TNC", merge_outputs=True)
    executor = bound(mx.sym.Group([outputs, h * 1, c]), x=(4, 2, 5))
    w, b, r, d = (executor.arg_dict[f"lstm_{part}"].asnumpy() for part in
                  ("i2h_weight", "i2h_bias", "h2h_weight", "h2h_bias"))  # fmt: skip
    hidden = memory = np.zeros((2, 3))
    expected = []
    for x in executor.arg_dict["x"].asnumpy():
        i, f, g, o = np.split(x @ w.T + b + hidden @ r.T + d, 4, axis=1)
        memory = sigmoid(f) * memory + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(memory)
        expected.append(hidden)
    for found, wanted in zip(executor.forward(), (np.stack(expected), hidden, memory)):
        np.testing.assert_allclose(found.asnumpy(), wanted, *OPERATOR["float32"])


def test_gru_by_its_formulas():
    outputs, _ = rnn.GRUCell(3).unroll(4, mx.sym.var("x"), layout="TNC", merge_outputs=True)
    executor = bound(outputs, x=(4, 2, 5))
    w, b, r, d = (executor.arg_dict[f"gru_{part}"].asnumpy() for part in
                  ("i2h_weight", "i2h_bias", "h2h_weight", "h2h_bias"))  # fmt: skip
    hidden = np.zeros((2, 3))
    expected = []
    for x in executor.arg_dict["x"].asnumpy():
        of_x, of_h = np.split(x @ w.T + b, 3, axis=1), np.split(hidden @ r.T + d, 3, axis=1)
        reset, update = sigmoid(of_x[0] + of_h[0]), sigmoid(of_x[1] + of_h[1])
        hidden = (1 - update) * np.tanh(of_x[2] + reset * of_h[2]) + update * hidden
        expected.append(hidden)
    np.testing.assert_allclose(executor.forward()[0].asnumpy(), np.stack(expected), *OPERATOR["float32"])


def test_zoneout_keeps_what_was_before():
    x = mx.sym.var("x")
    base = rnn.RNNCell(3)
    outputs, _ = rnn.ZoneoutCell(base, zoneout_states=0.999999).unroll(3, x, layout="TNC", merge_outputs=True)
    executor = bound(outputs, x=(3, 2, 4))
    found = executor.forward(is_train=True)[0].asnumpy()
    w, b, d = (executor.arg_dict[f"rnn_{part}"].asnumpy() for part in ("i2h_weight", "i2h_bias", "h2h_bias"))
    always_zero = np.tanh(executor.arg_dict["x"].asnumpy() @ w.T + b + d)  # the state never changes
    np.testing.assert_allclose(found, always_zero, *OPERATOR["float32"])
    assert (abs(executor.forward()[0].asnumpy() - always_zero) > 1e-3).any()  # in prediction it does


def test_zoneout_of_outputs_repeats_them():
    outputs, _ = rnn.ZoneoutCell(rnn.RNNCell(50), zoneout_outputs=0.5).unroll(
        2, mx.sym.var("x"), layout="TNC", merge_outputs=True
    )
    first, second = bound(outputs, x=(2, 20, 4)).forward(is_train=True)[0].asnumpy()
    assert 0.45 < (first == 0).mean() < 0.55
    assert 0.45 < (first == second).mean() < 0.55


def test_zoneout_of_a_stack():
    """1.9.1 refuses every stack, by an AttributeError."""
    cell = rnn.ZoneoutCell(stack(rnn.LSTMCell(3, "a_"), rnn.GRUCell(2, "b_")), 0.1, 0.1)
    outputs, states = cell.unroll(3, mx.sym.var("x"), merge_outputs=True)
    assert len(states) == 3
    assert bound(outputs, x=(2, 3, 4)).forward(is_train=True)[0].shape == (2, 3, 2)
    with pytest.raises(AssertionError, match="BidirectionalCell cannot be run step by step"):
        rnn.ZoneoutCell(stack(rnn.BidirectionalCell(rnn.RNNCell(3), rnn.RNNCell(3))))


def test_modifiers_take_func_as_other_cells_do():
    """1.9.1 raises TypeError, so that a stack with one of them has no begin_state(func=...)."""
    cell = stack(rnn.LSTMCell(3, "a_"), rnn.ResidualCell(rnn.GRUCell(3, "b_")))
    states = cell.begin_state(func=mx.sym.Variable)
    assert [state.name for state in states] == ["a_begin_state_0", "a_begin_state_1", "b_begin_state_0"]


def test_residual_cells_free_their_cell_after_an_error():
    cell = rnn.ResidualCell(rnn.RNNCell(3))
    with pytest.raises(AssertionError):
        cell.unroll(2, None)
    assert cell.base_cell._modified


def test_cells_are_pickled():
    cell = stack(rnn.LSTMCell(3, "a_"), rnn.FusedRNNCell(3, prefix="b_"), rnn.ResidualCell(rnn.GRUCell(3, "c_")))
    again = pickle.loads(pickle.dumps(cell))
    for found in (cell, again):
        found.reset()
    texts = []
    for found in (cell, again):
        with mx.name.NameManager():
            texts.append(found.unroll(2, mx.sym.var("x"), merge_outputs=True)[0].tojson())
    assert texts[0] == texts[1]


def test_rnn_unroll():
    """1.9.1 always fails."""
    with pytest.warns(UserWarning, match="deprecated"):
        outputs, _ = rnn.rnn_unroll(rnn.RNNCell(3), 2, input_prefix="in_")
    assert outputs[1].list_arguments()[0] == "in_t1_data"


# -- convolutional cells ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [rnn.ConvRNNCell, rnn.ConvLSTMCell, rnn.ConvGRUCell])
def test_channels_last_equals_channels_first(kind):
    """1.9.1 slices the gates of ConvGRUCell along the axis 1, whatever the layout."""
    first = bound(mx.sym.Group(kind((2, 2, 6, 5), 3).unroll(2, [mx.sym.var("x")] * 2)[0]), x=(2, 2, 6, 5))
    cell = kind((2, 6, 5, 2), 3, conv_layout="NHWC")
    assert cell.state_shape[0] == (0, 6, 5, 3)
    last = bound(mx.sym.Group(cell.unroll(2, [mx.sym.var("x")] * 2)[0]), x=(2, 6, 5, 2))
    for name, array in first.arg_dict.items():
        last.arg_dict[name][:] = array.transpose((0, 2, 3, 1)) if array.ndim == 4 else array
    for one, other in zip(first.forward(), last.forward()):
        np.testing.assert_allclose(one.asnumpy().transpose(0, 2, 3, 1), other.asnumpy(), *OPERATOR["float32"])


@pytest.mark.parametrize(("space", "layout"), [((7,), "NCW"), ((4, 5, 6), "NCDHW")])
@pytest.mark.parametrize("kind", [rnn.ConvRNNCell, rnn.ConvLSTMCell, rnn.ConvGRUCell])
def test_one_and_three_axes_of_space(kind, space, layout):
    """1.9.1 pads two axes only, and raises IndexError for one."""
    one, three = (1,) * len(space), (3,) * len(space)
    cell = kind((2, 2, *space), 3, three, one, three, one, one, one, conv_layout=layout)
    assert cell.state_shape[0] == (0, 3, *space)
    outputs, _ = cell.unroll(2, [mx.sym.var("x")] * 2)
    assert bound(outputs[1], x=(2, 2, *space)).forward()[0].shape == (2, 3, *space)


def test_conv_cells_need_no_batch():
    assert rnn.ConvRNNCell((0, 2, 6, 5), 3).state_shape == [(0, 3, 6, 5)]


def test_zoneout_of_images():
    """1.9.1 cannot infer the shape."""
    outputs, _ = rnn.ZoneoutCell(rnn.ConvRNNCell((2, 2, 6, 5), 3), 0.2, 0.2).unroll(2, [mx.sym.var("x")] * 2)
    assert bound(outputs[1], x=(2, 2, 6, 5)).forward(is_train=True)[0].shape == (2, 3, 6, 5)


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: rnn.RNNCell(3).unroll(2, x, layout="NC"), ValueError, r"layout 'NC' has no axis T"),
        (lambda x: rnn.RNNCell(3).unroll(2, "ab"), TypeError, r"inputs is a str; expected a symbol or a list"),
        (lambda x: rnn.RNNCell(3).unroll(3, [x]), AssertionError, r"1 inputs for 3 steps"),
        (lambda x: rnn.RNNCell(3).unroll(2, None), AssertionError, r"inputs is None; expected a symbol"),
        (lambda x: rnn.LSTMCell(3)(x, [x]), mx.MXNetError, r"LSTMCell: 1 states came; expected 2"),
        (lambda x: rnn.ConvLSTMCell((1, 1, 3, 3), 3)(x, [x]), mx.MXNetError, r"ConvLSTMCell: 1 states came"),
        (lambda x: rnn.FusedRNNCell(3, mode="x"), mx.MXNetError, r"mode is 'x'; expected one of 'rnn_relu'"),
        (lambda x: rnn.FusedRNNCell(3)(x, []), NotImplementedError, r"call unroll, or unfuse\(\)"),
        (lambda x: rnn.FusedRNNCell(3).unroll(2, x, layout="NCT"), AssertionError, r"layout 'NCT' is not supported"),
        (lambda x: rnn.ResidualCell(3), TypeError, r"ResidualCell: base_cell is a int; expected a cell"),
        (lambda x: rnn.SequentialRNNCell().add(x), TypeError, r"SequentialRNNCell.add: got a Symbol"),
        (lambda x: rnn.ConvRNNCell((1, 1, 3, 3), 3, h2h_kernel=3), TypeError, r"h2h_kernel is 3; expected a tuple"),
        (lambda x: rnn.ConvRNNCell(3, 3), TypeError, r"input_shape is 3; expected a tuple"),
        (lambda x: rnn.ConvRNNCell((1, 1, 3, 3), 3, (2, 3)), AssertionError, r"\(2, 3\); expected odd lengths"),
        (lambda x: rnn.DropoutCell("a"), AssertionError, r"dropout is 'a'; expected a number from 0 to 1"),
        (
            lambda x: rnn.LSTMCell(2).unpack_weights({"lstm_i2h_weight": mx.nd.ones((9, 2)), "lstm_i2h_bias": x}),
            ValueError,
            r"lstm_i2h_weight has shape \(9, 2\); expected 8 rows: 4 gates of 2",
        ),
        (
            lambda x: rnn.LSTMCell(2).pack_weights({"a": x}),
            KeyError,
            r"LSTMCell.pack_weights: no array 'lstm_i2h_i_weight'; there are: a",
        ),
        (
            lambda x: rnn.FusedRNNCell(2).unpack_weights({"lstm_parameters": mx.nd.ones((41,))}),
            ValueError,
            r"'lstm_parameters' has 41 elements; expected 32 and a multiple of 8",
        ),
    ],
)
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(mx.sym.var("x"))


# -- sentences -------------------------------------------------------------------------------------------------------


def test_unknown_words_take_the_number_of_the_token():
    """1.9.1 gives each of them a new number, from 0 on, and moves the token's."""
    encode = rnn.encode_sentences
    assert encode([list("abzq")], vocab={"a": 5, "b": 0, "?": 7}, unknown_token="?") == (
        [[5, 0, 7, 7]],
        {"a": 5, "b": 0, "?": 7},
    )
    assert encode([list("azq")], vocab={"a": 0, "b": 1}, unknown_token="?")[0] == [[0, 2, 2]]


def test_a_new_vocabulary_has_the_unknown_token():
    sentences, words = rnn.encode_sentences([list("ab")], unknown_token="?")
    assert sentences == [[0, 1]]
    assert rnn.encode_sentences([list("ax")], vocab=words, unknown_token="?")[0] == [[0, words["?"]]]


words = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6), max_size=8)


@given(words, st.integers(-2, 4), st.integers(0, 3))
def test_words_have_numbers_of_their_own(sentences, invalid, start):
    encoded, vocabulary = rnn.encode_sentences(sentences, invalid_label=invalid, start_label=start)
    assert len(set(vocabulary.values())) == len(vocabulary)
    back = {number: word for word, number in vocabulary.items()}
    assert [[back[number] for number in row] for row in encoded] == sentences


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(1, 9), max_size=7), min_size=6, max_size=30),
    st.integers(1, 3),
    st.sampled_from(["NT", "TN"]),
)
def test_batches_hold_the_sentences(sentences, size, layout):
    batches = rnn.BucketSentenceIter(sentences, size, buckets=[2, 4, 7], invalid_label=0, layout=layout)
    assert sum(map(len, batches.data)) == len(sentences)
    seen = []
    for batch in batches:
        data, label = (array.asnumpy() for array in (*batch.data, *batch.label))
        if layout == "TN":
            data, label = data.T, label.T
        assert data.shape == (size, batch.bucket_key)
        assert (label[:, :-1] == data[:, 1:]).all()
        assert (label[:, -1] == 0).all()
        seen += [[int(word) for word in row if word] for row in data]
    assert len(seen) == size * len(batches.idx)
    left = list(map(list, sentences))
    for row in seen:
        left.remove(row)
    assert len(left) < size * len(batches.buckets)


def test_buckets_may_come_in_any_form_and_stay_as_they_were(capsys):
    given_ = [9, 2]
    for buckets in (given_, (9, 2), np.array([9, 2])):
        found = rnn.BucketSentenceIter(([1] * n for n in (2, 2, 5, 12)), 1, buckets=buckets)
        assert list(found.buckets) == [2, 9]
        assert capsys.readouterr().out == "WARNING: discarded 1 sentences longer than the largest bucket.\n"
    assert given_ == [9, 2]


def test_empty_sentences_make_no_bucket():
    """1.9.1 makes one of length 0 of them, and fails."""
    found = rnn.BucketSentenceIter([[], [], [1], [2]], 2)
    assert found.buckets == [1]


def test_no_sentences_are_refused():
    with pytest.raises(ValueError, match="no bucket has a sentence: 1 sentences came"):
        rnn.BucketSentenceIter([[1, 2]], 2)
    with pytest.raises(ValueError, match="batch_size is 0; expected at least 1"):
        rnn.BucketSentenceIter([[1, 2]], 0)
    with pytest.raises(ValueError, match="Invalid layout XY"):
        rnn.BucketSentenceIter([[1, 2]], 1, layout="XY")


# -- in a module -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fused", [False, True])
def test_initializers_of_the_cells_reach_the_weights(fused):
    cell = rnn.FusedRNNCell(4, forget_bias=2.0, prefix="f_")
    cell = cell if fused else cell.unfuse()
    outputs, _ = cell.unroll(2, mx.sym.var("data"), layout="TNC", merge_outputs=True)
    module = mx.mod.Module(outputs, label_names=None)
    module.bind([("data", (2, 3, 5))], for_training=False)
    module.init_params(mx.init.One())
    apart = cell.unpack_weights(module.get_params()[0])
    assert (apart["f_l0_i2h_f_bias"].asnumpy() == 2).all()
    assert (apart["f_l0_i2h_i_bias"].asnumpy() == 0).all()
    assert (apart["f_l0_h2h_o_weight"].asnumpy() == 1).all()
