"""Symbols: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import copy
import pickle
import threading
import warnings

import numpy as np
import pytest

import mxnet as mx
from tests.golden import programs

GROUP = "symbols"

#: Programs whose answer is "not known", which comes with a warning.
WARNS = ("infer shape unknown", "infer shape of zero", "infer type default")


@pytest.fixture
def net():
    return mx.sym.relu(mx.sym.var("x") + mx.sym.var("y"), name="r")


@pytest.fixture
def dense():
    with mx.name.NameManager():
        return mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=4, name="fc")


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    if name in WARNS:
        with pytest.warns(UserWarning, match="Cannot decide"):
            programs.check(GROUP, name, mx)
    else:
        programs.check(GROUP, name, mx)


# -- beyond MXNet's answers: where it crashes or is silently wrong ---------------------------------------------------


def test_composes_by_position(net):
    assert net(mx.sym.var("p"), mx.sym.var("q")).list_arguments() == ["p", "q"]


def test_infers_by_position(net):
    assert net.infer_shape((2, 3), None) == ([(2, 3), (2, 3)], [(2, 3)], [])
    assert net.infer_type("float64")[1] == [np.float64]


def test_a_list_is_a_shape(net):
    assert net.infer_shape(x=[2, 3])[1] == [(2, 3)]


def test_truth_values_are_stored_as_numbers():
    assert (mx.sym.var("x") * True).attr("scalar") == "1"


def test_partial_shapes_keep_what_is_known(dense):
    norm = mx.sym.BatchNorm(dense, name="bn")
    known = {"data": (0, 5), "fc_weight": (4, 5), "fc_bias": (4,), "bn_gamma": (4,), "bn_beta": (4,)}
    arguments, outputs, states = norm.infer_shape_partial(data=(0, 5))
    assert dict(zip(norm.list_arguments(), arguments)) == known
    assert (outputs, states) == ([(0, 4)], [(4,), (4,)])


PARTIAL = {
    "convolution": (lambda x: mx.sym.Convolution(x, kernel=(3, 3), num_filter=8), (0, 3, 10, 12), (0, 8, 8, 10)),
    "dense layer": (lambda x: mx.sym.FullyConnected(x, num_hidden=4, flatten=False), (2, 0, 3), (2, 0, 4)),
    "sum": (lambda x: mx.sym.sum(x, axis=1), (2, 0, 3), (2, 3)),
    "transpose": (lambda x: mx.sym.transpose(x, axes=(2, 0, 1)), (2, 0, 3), (3, 2, 0)),
    "embedding": (lambda x: mx.sym.Embedding(x, input_dim=9, output_dim=5), (0, 7), (0, 7, 5)),
    "slice of an unknown length": (lambda x: mx.sym.slice(x, begin=(0,), end=(5,)), (0, 3), None),
    "slice that must fit": (lambda x: mx.sym.slice_axis(x, axis=0, begin=2, end=5), (0, 3), (3, 3)),
    "convolution of an unknown length": (
        lambda x: mx.sym.Convolution(x, kernel=(3, 3), num_filter=4),
        (1, 2, 0, 5),
        (1, 4, 0, 3),
    ),
    "reshape": (lambda x: mx.sym.Reshape(x, shape=(0, -1)), (0, 3, 4), (0, 12)),
    "split": (lambda x: mx.sym.SliceChannel(x, num_outputs=2)[1], (0, 6), (0, 3)),
    "flatten": (mx.sym.Flatten, (2, 0, 3), (2, 0)),
    "activation": (lambda x: mx.sym.exp(mx.sym.tanh(x)), (0, 3), (0, 3)),
}


@pytest.mark.parametrize("name", sorted(PARTIAL))
def test_partial_shapes_go_forward(name):
    make, given, expected = PARTIAL[name]
    found = make(mx.sym.var("x")).infer_shape_partial(x=given)[1][0]
    if expected is None:  # nothing may be claimed of a length that depends on an unknown one
        assert found in ((), (0, 3))
    else:
        assert found == expected


def test_partial_guesses_never_contradict_real_shapes():
    """A clipped slice of an unknown length is decided by what comes later."""
    x = mx.sym.var("x")
    y = mx.sym.slice(x, begin=(0,), end=(50,)) + mx.sym.zeros((20, 3))
    assert y.infer_shape_partial(x=(0, 3))[1] == [(20, 3)]


def test_shapes_that_stay_unknown_are_named_in_the_warning(dense):
    with pytest.warns(UserWarning, match=r"fc_weight: \(4, 0\)"):
        assert dense.infer_shape() == (None, None, None)
    with pytest.warns(UserWarning, match="fc_weight: None"):
        assert dense.infer_type() == (None, None, None)


def test_inference_in_both_directions_meets_in_the_middle():
    x, y, z = (mx.sym.var(name) for name in "xyz")
    total = mx.sym.exp(x) * mx.sym.tanh(y) + z
    assert total.infer_shape(x=(2, 0, 0), y=(0, 3, 0), z=(0, 0, 4))[0] == [(2, 3, 4)] * 3


def test_default_weight_shape_follows_from_a_shared_weight():
    weight = mx.sym.var("w", shape=(4, 6))
    layer = mx.sym.FullyConnected(mx.sym.var("x"), weight, num_hidden=4, no_bias=True)
    assert layer.infer_shape(x=(2, 6))[0] == [(2, 6), (4, 6)]
    with pytest.raises(mx.MXNetError, match=r"weight.*\(4, 6\).*\(4, 5\)"):
        layer.infer_shape(x=(2, 5))


def test_inferring_leaves_no_trace(net):
    text = net.tojson()
    net.infer_shape(x=(2, 3))
    assert net.infer_shape(x=(5, 1))[1] == [(5, 1)]
    assert net.tojson() == text


def test_variadic_inputs_by_keyword():
    a, b = mx.sym.var("a"), mx.sym.var("b")
    by_name = mx.sym.Concat(arg1=b, arg0=a, num_args=2, dim=0, name="c")
    assert by_name.tojson() == mx.sym.Concat(a, b, dim=0, name="c").tojson()
    with pytest.raises(TypeError, match=r"Concat.*position or by keyword"):
        mx.sym.Concat(a, arg1=b, num_args=2)
    assert mx.sym.Concat([a, b], dim=0, name="c").list_arguments() == ["a", "b"]


def test_states_given_by_hand_get_their_initializers():
    mean, scale = mx.sym.var("m"), mx.sym.var("g", init="uniform")
    mx.sym.BatchNorm(mx.sym.var("x"), scale, moving_mean=mean)
    assert mean.attr("__init__") == '["zero", {}]'
    mx.sym.LeakyReLU(mx.sym.var("x"), scale, act_type="prelu")
    assert scale.attr("__init__") == "uniform"


# -- errors ---------------------------------------------------------------------------------------------------------

X = mx.sym.var("x")
ERRORS = {
    "unknown attribute": (
        lambda: mx.sym.FullyConnected(X, num_hiden=3),
        mx.MXNetError,
        r"FullyConnected.*num_hiden.*num_hidden",
    ),
    "attribute that is none": (lambda: mx.sym.relu(X, whatever=1), mx.MXNetError, "relu.*whatever"),
    "bad value": (
        lambda: mx.sym.FullyConnected(X, num_hidden="many"),
        mx.MXNetError,
        "FullyConnected.*num_hidden.*many",
    ),
    "missing attribute": (lambda: mx.sym.FullyConnected(X), mx.MXNetError, "FullyConnected.*num_hidden"),
    "bad choice": (lambda: mx.sym.Activation(X, act_type="rel"), mx.MXNetError, "Activation.*act_type.*rel.*relu"),
    "number for an input": (lambda: mx.sym.relu(3), TypeError, "relu.*data.*Symbol.*int"),
    "array for an input": (lambda: mx.sym.relu(mx.nd.ones((2,))), TypeError, r"relu.*NDArray.*mx\.nd\.relu"),
    "several outputs for an input": (
        lambda: mx.sym.relu(mx.sym.SliceChannel(X, num_outputs=2, name="s")),
        mx.MXNetError,
        r"relu.*2 outputs.*s_output0.*\[0\]",
    ),
    "input that attributes switch off": (
        lambda: mx.sym.FullyConnected(X, bias=X, num_hidden=2, no_bias=True),
        mx.MXNetError,
        "FullyConnected.*bias.*data, weight",
    ),
    "number of inputs": (lambda: mx.sym.Concat(X, X, num_args=1), mx.MXNetError, "Concat.*num_args=1.*2"),
    "unknown storage type": (
        lambda: mx.sym.var("v", stype="wrong"),
        ValueError,
        "'v'.*wrong.*default, row_sparse, csr",
    ),
    "unknown dtype": (lambda: mx.sym.var("v", dtype="float17"), TypeError, "'v'.*float17"),
    "shape of an unknown name": (lambda: X.infer_shape(z=(2,)), mx.MXNetError, "infer_shape.*'z'.*x"),
    "shape that is none": (lambda: X.infer_shape(x="ab"), TypeError, "infer_shape.*'x'.*'ab'.*tuple of int"),
    "too many shapes": (lambda: X.infer_shape((1,), (2,)), ValueError, "infer_shape.*2.*1"),
    "shapes that do not fit": (
        lambda: (X + mx.sym.var("y")).infer_shape(x=(2, 3), y=(3, 2)),
        mx.MXNetError,
        r"_plus.*\(3, 2\).*\(2, 3\)",
    ),
    "dtypes that do not fit": (
        lambda: (X + mx.sym.var("y")).infer_type(x="int32", y="float16"),
        mx.MXNetError,
        "_plus.*float16.*int32",
    ),
    "output name": (lambda: X["y"], ValueError, '"y".*x'),
    "output number": (lambda: X[1], IndexError, "output 1.*1 outputs"),
    "index by float": (lambda: X[0.5], TypeError, "int or str.*float"),
    "attributes of a group": (lambda: mx.sym.Group([X, mx.sym.var("y")]).list_attr(), mx.MXNetError, "group of 2"),
    "operand": (lambda: X + "a", TypeError, r"\+.*str.*Symbol or a number"),
    "truth": (lambda: bool(X), mx.base.NotImplementedForSymbol, "bool"),
    "backend": (lambda: X.optimize_for("nothing"), mx.MXNetError, "nothing"),
    "bad shape attribute": (
        lambda: mx.sym.var("v", __shape__="what").infer_shape(),
        mx.MXNetError,
        "'v'.*__shape__.*what",
    ),
    "hash": (lambda: {X: 1}, TypeError, "unhashable"),
    "random parameters of two kinds": (
        lambda: mx.sym.random.uniform(X, 1),
        TypeError,
        "uniform.*low: Symbol.*high: int",
    ),
    "compose unknown": (lambda: mx.sym.relu(X)(z=X), mx.MXNetError, "'z'.*x"),
}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_error_says_what_came_and_what_was_expected(name):
    call, kind, match = ERRORS[name]
    with pytest.raises(kind, match=match):
        call()


# -- managers and threads -------------------------------------------------------------------------------------------


def test_names_and_scopes_belong_to_a_thread():
    found = {}

    def other():
        found["name"] = mx.sym.relu(mx.sym.var("x")).name
        found["attributes"] = mx.sym.var("x").list_attr()

    with mx.name.Prefix("p_"), mx.AttrScope(__k__="v"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert found == {"name": "relu0", "attributes": {}}


def test_scopes_end_after_an_error():
    before = mx.name.NameManager.current, mx.AttrScope.current
    with pytest.raises(ZeroDivisionError), mx.name.Prefix("p_"), mx.AttrScope(__k__="v"):
        _ = 1 / 0
    assert before == (mx.name.NameManager.current, mx.AttrScope.current)


# -- copies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_copies_are_equal_and_apart(duplicate, net):
    other = duplicate(net)
    assert other.tojson() == net.tojson()
    other._set_attr(__k__="v")
    assert net.attr("__k__") is None


def test_composing_leaves_the_original_alone(net):
    text = net.tojson()
    other = net(x=mx.sym.var("z"), name="new")
    other._set_attr(__k__="v")
    assert net.tojson() == text


def test_composed_networks_compute():
    inner = mx.sym.var("a") * 2
    outer = inner(a=mx.sym.var("b") + 1)
    assert outer.eval(b=mx.nd.array([1, 2]))[0].asnumpy().tolist() == [4, 6]


def test_debug_string_names_every_node(dense):
    text = dense.debug_str()
    for piece in ("fc_weight", "fc_bias", "FullyConnected", "num_hidden=4", "output[0]=fc(0)"):
        assert piece in text


def test_every_operator_method_makes_the_operator():
    x = mx.sym.var("x", shape=(2, 3))
    for name in ("relu", "sqrt", "sum", "softmax", "transpose", "zeros_like", "flatten"):
        assert getattr(x, name)().get_children().list_outputs() == ["x"]


def test_no_warning_when_everything_is_known(net):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.infer_shape(x=(1, 2))
        net.infer_type(x="float32")
