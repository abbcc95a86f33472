"""Executors: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import contextlib
import gc
import linecache
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from tests.golden import programs
from tests.tolerances import GRADIENT, OPERATOR, assert_close

GROUP = "executors"


def array(*values, dtype="float32"):
    return mx.nd.array(values, dtype=dtype)


def variables(names):
    return [mx.sym.var(name) for name in names]


@pytest.fixture
def product():
    """x * y + x bound to (1, 2, 3) and (4, 5, 6) with gradients."""
    x, y = variables("xy")
    return (x * y + x).bind(mx.cpu(), [array(1, 2, 3), array(4, 5, 6)], [array(0, 0, 0), array(0, 0, 0)])


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


# -- beyond MXNet's answers: where it crashes, is silent or silently wrong -------------------------------------------


def test_outputs_are_stable_objects(product):
    outputs = product.outputs
    first = outputs[0]
    assert product.forward() is product.outputs is outputs
    product.forward(is_train=True)
    assert product.outputs[0] is first
    assert product.output_dict[product._symbol.list_outputs()[0]] is first
    assert first.asnumpy().tolist() == [5, 12, 21]


def test_outputs_before_forward_have_their_shape():
    net = mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=3)
    (output,) = net.simple_bind(mx.cpu(), x=(2, 5)).outputs
    assert output.shape == (2, 3)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    "make", [lambda x: x, lambda x: mx.sym.Reshape(x, shape=(-1, 1)), mx.sym.BlockGrad, mx.sym.identity]
)
def test_outputs_do_not_alias_arguments(make, training):
    value = array(1, 2)
    gradient = array(0, 0)
    executor = make(mx.sym.var("x")).bind(mx.cpu(), [value], [gradient])
    (output,) = executor.forward(is_train=training)
    output[:] = 7
    assert value.asnumpy().tolist() == [1, 2]
    value[:] = 9
    assert output.asnumpy().reshape(-1).tolist() == [7, 7]


def test_outputs_do_not_alias_each_other():
    x = mx.sym.var("x")
    y = mx.sym.exp(x)
    first, second = mx.sym.Group([y, mx.sym.Reshape(y, shape=(1, 2))]).bind(mx.cpu(), [array(0, 0)]).forward()
    first[:] = 5
    assert second.asnumpy().tolist() == [[1, 1]]


def test_a_head_listed_twice_counts_twice():
    """MXNet 1.9.1 counts it once."""
    x = mx.sym.var("x")
    y = x * 3
    gradient = array(0, 0)
    executor = mx.sym.Group([y, y]).bind(mx.cpu(), [array(1, 2)], [gradient])
    executor.forward(is_train=True)
    executor.backward([array(1, 1), array(10, 100)])
    assert gradient.asnumpy().tolist() == [33, 303]


@pytest.mark.parametrize("steps", [1, 3])
def test_shared_weights_are_never_stale(steps):
    """An inference executor sees every update of the training executor's arrays, also after its first call."""
    x, w = variables("xw")
    net = mx.sym.FullyConnected(x, w, num_hidden=2, no_bias=True)
    train = net.simple_bind(mx.cpu(), x=(1, 2))
    test = net.bind(mx.cpu(), train.arg_arrays, grad_req="null")
    train.arg_dict["x"][:] = 1
    for step in range(steps):
        train.arg_dict["w"][:] = step
        assert test.forward()[0].asnumpy().tolist() == [[2 * step] * 2]
        train.arg_dict["w"][0] = step + 1
        assert test.forward()[0].asnumpy().tolist() == [[2 * step + 2, 2 * step]]


def test_batch_norm_at_inference_sees_new_parameters_and_states():
    net = mx.sym.BatchNorm(
        mx.sym.Convolution(mx.sym.var("x"), kernel=(1, 1), num_filter=1, no_bias=True, name="c"),
        eps=1e-3,
        fix_gamma=False,
        name="b",
    )
    executor = net.simple_bind(mx.cpu(), x=(1, 1, 1, 1), grad_req="null")
    found = []
    for value in (1, 2):
        for name, target in {**executor.arg_dict, **executor.aux_dict}.items():
            target[:] = value + (name == "b_moving_var")
        found.append(executor.forward()[0].asscalar())
    expected = [(v * v - v) / np.sqrt(v + 1 + 1e-3) * v + v for v in (1, 2)]
    np.testing.assert_allclose(found, expected, *OPERATOR["float32"])


def test_forward_takes_numpy_arrays_and_numbers(product):
    assert product.forward(x=np.zeros(3), y=np.ones(3, "int64"))[0].asnumpy().tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match=r"x.*\(3,\).*\(2,\)"):
        product.forward(x=[1, 2])
    with pytest.raises(TypeError, match=r"wrong.*x, y"):
        product.forward(wrong=1)


def test_arguments_on_the_way_change_nothing_of_the_gradient_arrays_objects(product):
    held = list(product.grad_arrays)
    product.forward(is_train=True)
    product.backward(array(1, 1, 1))
    assert all(one is other for one, other in zip(held, product.grad_arrays))
    assert held[0].asnumpy().tolist() == [5, 6, 7]


@pytest.mark.parametrize("request_", ["write", "add"])
def test_backward_twice(product, request_):
    x, y = variables("xy")
    gradients = [array(1, 1, 1), array(1, 1, 1)]
    executor = (x * y).bind(mx.cpu(), [array(1, 2, 3), array(4, 5, 6)], gradients, request_)
    executor.forward(is_train=True)
    for _ in range(2):
        executor.backward(array(1, 1, 1))
    expected = [4, 5, 6] if request_ == "write" else [9, 11, 13]
    assert gradients[0].asnumpy().tolist() == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda x, w: mx.sym.FullyConnected(x, w, num_hidden=2, no_bias=True),
        lambda x, w: mx.sym.dot(x, w, transpose_b=True),
        lambda x, w: mx.sym.broadcast_mul(x, mx.sym.sum(w, axis=0, keepdims=True)),
    ],
)
def test_add_accumulates_on_what_is_there(make):
    net = make(*variables("xw"))
    written = net.simple_bind(mx.cpu(), x=(3, 2), w=(2, 2))
    added = net.bind(mx.cpu(), written.arg_arrays, [mx.nd.ones(a.shape) for a in written.arg_arrays], "add")
    for i, target in enumerate(written.arg_arrays):
        target[:] = mx.nd.arange(target.size).reshape(target.shape) + i
    for executor in (written, added):
        executor.forward(is_train=True)
        executor.backward(mx.nd.ones(executor.outputs[0].shape))
    for once, more in zip(written.grad_arrays, added.grad_arrays):
        assert_close(more.asnumpy(), once.asnumpy() + 1, GRADIENT, "added")


def test_unreached_argument_gets_zeros_when_written_and_nothing_when_added():
    x, y = variables("xy")
    for request, expected in (("write", [0, 0]), ("add", [7, 7])):
        gradients = [array(7, 7), array(7, 7)]
        executor = (x + mx.sym.BlockGrad(y)).bind(mx.cpu(), [array(1, 2), array(3, 4)], gradients, request)
        executor.forward(is_train=True)
        executor.backward(array(1, 1))
        assert gradients[1].asnumpy().tolist() == expected


def test_integer_arguments_have_no_gradient():
    net = mx.sym.Embedding(mx.sym.var("i"), mx.sym.var("w"), input_dim=4, output_dim=2)
    executor = net.simple_bind(mx.cpu(), i=(3,), type_dict={"i": "int32"})
    executor.arg_dict["i"][:] = array(3, 0, 3)
    executor.forward(is_train=True)
    executor.backward(mx.nd.ones((3, 2)))
    assert executor.grad_dict["w"].asnumpy().tolist() == [[1, 1], [0, 0], [0, 0], [2, 2]]
    assert executor.grad_dict["i"].asnumpy().tolist() == [0, 0, 0]


def test_empty_arrays():
    net = mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=3, name="fc")
    arrays = {"x": mx.nd.zeros((0, 5)), "fc_weight": mx.nd.ones((3, 5)), "fc_bias": mx.nd.ones((3,))}
    gradients = {name: mx.nd.ones(a.shape) for name, a in arrays.items()}
    executor = net.bind(mx.cpu(), arrays, gradients)
    assert executor.forward(is_train=True)[0].shape == (0, 3)
    executor.backward(mx.nd.zeros((0, 3)))
    assert executor.grad_dict["fc_bias"].asnumpy().tolist() == [0, 0, 0]


def test_a_group_of_losses_trains_with_missing_head_gradients_of_the_others():
    x = mx.sym.var("x")
    net = mx.sym.Group([mx.sym.MakeLoss(x * x), mx.sym.BlockGrad(x), mx.sym.argmax(x, axis=0), x > 1])
    gradient = array(0, 0)
    executor = net.bind(mx.cpu(), [array(1, 2)], [gradient])
    executor.forward(is_train=True)
    executor.backward()
    assert gradient.asnumpy().tolist() == [2, 4]


def test_dropout_uses_one_mask_for_a_step():
    executor = mx.sym.Dropout(mx.sym.var("x"), p=0.5).simple_bind(mx.cpu(), x=(1000,))
    executor.arg_dict["x"][:] = 1
    masks = []
    for _ in range(2):
        kept = executor.forward(is_train=True)[0].asnumpy()
        executor.backward(mx.nd.ones((1000,)))
        np.testing.assert_array_equal(executor.grad_arrays[0].asnumpy(), kept)
        assert set(kept.tolist()) == {0, 2}
        masks.append(kept)
    assert (masks[0] != masks[1]).any()
    assert (executor.forward(is_train=False)[0].asnumpy() == 1).all()


def test_random_symbols_draw_anew_and_follow_the_seed():
    executor = mx.sym.random.uniform(0, 1, shape=(100,)).bind(mx.cpu(), {})
    mx.random.seed(3)
    first, second = executor.forward()[0].asnumpy().copy(), executor.forward()[0].asnumpy().copy()
    assert (first != second).any()
    mx.random.seed(3)
    np.testing.assert_array_equal(executor.forward()[0].asnumpy(), first)


def test_replacing_an_entry_of_a_dict_rebinds_nothing(product):
    product.arg_dict["x"] = array(0, 0, 0)
    product.grad_dict["x"] = None
    product.forward(is_train=True)
    product.backward(array(1, 1, 1))
    assert product.outputs[0].asnumpy().tolist() == [5, 12, 21]
    assert product.grad_arrays[0].asnumpy().tolist() == [5, 6, 7]


def test_executors_are_freed():
    x = mx.sym.var("x")
    executor = mx.sym.exp(x).simple_bind(mx.cpu(), x=(2,))
    executor.forward(is_train=True)
    executor.backward(mx.nd.ones((2,)))
    gone = weakref.ref(executor)
    del executor
    gc.collect()
    assert gone() is None


def test_changing_an_argument_between_forward_and_backward_never_mixes_values():
    """The gradient is that of the values of forward or of those of backward, or there is a clear error."""
    value, gradient = array(1, 2), array(0, 0)
    executor = mx.sym.square(mx.sym.var("x")).bind(mx.cpu(), [value], [gradient])
    executor.forward(is_train=True)
    value[:] = 5
    message = ""
    with contextlib.suppress(mx.MXNetError):
        executor.backward(array(1, 1))
        message = str(gradient.asnumpy().tolist())
    assert message in ("", "[2.0, 4.0]", "[10.0, 10.0]")


@pytest.mark.parametrize("everything", [False, True])
def test_monitor_shows_values_and_can_be_taken_away(everything):
    x = mx.sym.var("x")
    executor = mx.sym.sqrt(x * x, name="root").bind(mx.cpu(), [array(3, 4)])
    seen = {}
    executor.set_monitor_callback(lambda name, value: seen.update({name: value.asnumpy().tolist()}), everything)
    assert executor.forward()[0].asnumpy().tolist() == [3, 4]
    assert seen[b"root_output"] == [3, 4]
    assert (b"x" in seen) is everything
    seen.clear()
    executor.set_monitor_callback(None)
    executor.forward()
    assert not seen


def test_monitored_training_has_the_same_gradients(product):
    product.set_monitor_callback(lambda name, value: None, True)
    product.forward(is_train=True)
    product.backward(array(1, 1, 1))
    assert product.grad_arrays[0].asnumpy().tolist() == [5, 6, 7]


def test_reshape_shares_parameters_and_their_gradients():
    net = mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=2, name="fc")
    large = net.simple_bind(mx.cpu(), x=(4, 3))
    small = large.reshape(x=(2, 3))
    assert small.arg_dict["fc_weight"] is large.arg_dict["fc_weight"]
    assert small.grad_dict["fc_weight"] is large.grad_dict["fc_weight"]
    small.arg_dict["x"][:] = 7
    assert large.arg_dict["x"].asnumpy()[:2].tolist() == [[7] * 3] * 2
    assert large.arg_dict["x"].asnumpy()[2:].tolist() == [[0] * 3] * 2


def test_simple_bind_shares_with_an_executor_and_a_buffer():
    net = mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=2, name="fc")
    first = net.simple_bind(mx.cpu(), x=(4, 3))
    second = net.simple_bind(mx.cpu(), x=(2, 3), shared_exec=first, shared_arg_names=["fc_weight", "fc_bias"])
    assert second.arg_dict["fc_weight"] is first.arg_dict["fc_weight"]
    buffer = {}
    third = net.simple_bind(mx.cpu(), x=(4, 3), shared_buffer=buffer)
    fourth = net.simple_bind(mx.cpu(), x=(4, 3), shared_buffer=buffer)
    assert third.arg_dict["x"] is fourth.arg_dict["x"]


# -- errors ---------------------------------------------------------------------------------------------------------


def _bound(**changes):
    x, y = variables("xy")
    options = {"args": [array(1, 2), array(3, 4)], "args_grad": [array(0, 0), array(0, 0)], **changes}
    return mx.sym.elemwise_add(x, y, name="plus").bind(mx.cpu(), **options)


def _ran(**changes):
    executor = _bound(**changes)
    executor.forward(is_train=True)
    return executor


ERRORS = {
    "shapes": (
        lambda: _bound(args=[array(1, 2), array(1, 2, 3)], args_grad=None),
        mx.MXNetError,
        r"bind.*plus.*\(3,\).*\(2,\)",
    ),
    "dtypes": (
        lambda: _bound(args=[array(1, 2), array(1, 2, dtype="int32")], args_grad=None),
        mx.MXNetError,
        "bind.*plus.*int32.*float32",
    ),
    "missing": (lambda: _bound(args={"x": array(1, 2)}), ValueError, "`y`.*`args`"),
    "count": (lambda: _bound(args=[array(1, 2)]), ValueError, "args.*1 came for x, y"),
    "kind": (lambda: _bound(args=[array(1, 2), 3]), TypeError, r"args\['y'\].*int.*NDArray"),
    "gradient shape": (lambda: _bound(args_grad={"y": array(1)}), ValueError, r"args_grad\['y'\].*\(1,\).*\(2,\)"),
    "gradient dtype": (
        lambda: _bound(args_grad={"y": array(1, 1, dtype="float64")}),
        TypeError,
        "'y'.*float64.*float32",
    ),
    "request": (lambda: _bound(grad_req="wirte"), ValueError, "write.*wirte"),
    "request of an unknown name": (lambda: _bound(grad_req={"z": "write"}), ValueError, "'z'.*x, y"),
    "requests count": (lambda: _bound(grad_req=["write"]), ValueError, "1 entries for 2"),
    "request kind": (lambda: _bound(grad_req=3), TypeError, "grad_req.*int"),
    "context": (lambda: mx.sym.var("x").bind("cpu", [array(1)]), TypeError, "ctx.*str.*mx.cpu"),
    "backward first": (lambda: _bound().backward(array(1, 1)), mx.MXNetError, "forward first"),
    "backward without gradients": (
        lambda: _ran(args_grad=None).backward(array(1, 1)),
        mx.MXNetError,
        "without gradients",
    ),
    "no head gradient": (lambda: _ran().backward(), mx.MXNetError, "plus_output.*not a loss.*out_grads"),
    "head gradient count": (
        lambda: _ran().backward([array(1, 1)] * 2),
        mx.MXNetError,
        "2 head gradients for 1 outputs",
    ),
    "head gradient shape": (lambda: _ran().backward(array(1)), mx.MXNetError, r"\(1,\).*plus_output.*\(2,\)"),
    "head gradient kind": (lambda: _ran().backward([3]), TypeError, "head gradient 0.*int.*NDArray"),
    "head gradient name": (lambda: _ran().backward({"minus": array(1, 1)}), mx.MXNetError, "'minus'.*plus_output"),
    "unknown shapes": (
        lambda: mx.sym.exp(mx.sym.var("x")).simple_bind(mx.cpu()),
        mx.MXNetError,
        "simple_bind.*cannot be found: x",
    ),
    "shape kind": (lambda: mx.sym.var("x").simple_bind(mx.cpu(), x="a"), TypeError, "'x'.*'a'.*tuple of int"),
    "type kind": (
        lambda: mx.sym.var("x").simple_bind(mx.cpu(), x=(2,), type_dict={"x": "floaty"}),
        TypeError,
        "floaty",
    ),
    "reshape name": (lambda: _bound().reshape(z=(2,)), mx.MXNetError, "reshape.*'z'.*x, y"),
    "reshape up": (
        lambda: _bound().reshape(x=(3,), y=(3,)),
        mx.MXNetError,
        r"'x' grows.*\(2,\).*\(3,\).*allow_up_sizing",
    ),
    "copy unknown": (lambda: _bound().copy_params_from({"z": array(1)}), ValueError, '"z".*arguments'),
    "copy shape": (lambda: _bound().copy_params_from({"x": array(1)}), ValueError, r"'x'.*\(1,\).*\(2,\)"),
}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_error_says_what_came_and_what_was_expected(name):
    call, kind, match = ERRORS[name]
    with pytest.raises(kind, match=match) as caught:
        call()
    assert isinstance(caught.value, mx.MXNetError)


def test_an_error_of_a_kernel_names_the_node():
    net = mx.sym.take(mx.sym.var("x"), mx.sym.var("i"), mode="raise", name="pick")
    executor = net.bind(mx.cpu(), {"x": array(1, 2, 3), "i": array(7)})
    with pytest.raises(mx.MXNetError, match=r"take.*pick"):
        executor.forward()


# -- random small graphs against recorded eager code ------------------------------------------------------------------

UNARY = ("relu", "tanh", "square", "negative", "BlockGrad", "softmax", "identity", "sin")
BINARY = ("elemwise_add", "elemwise_mul", "broadcast_add", "elemwise_sub", "maximum", "dot")


@st.composite
def graphs(draw):
    """Draw steps (operator, positions of its inputs) over 3x3 matrices, and which values are heads."""
    steps = []
    for i in range(draw(st.integers(1, 8))):
        pick = st.integers(0, 1 + i)
        if draw(st.booleans()):
            steps.append((draw(st.sampled_from(UNARY)), (draw(pick),)))
        elif draw(st.integers(0, 5)):
            steps.append((draw(st.sampled_from(BINARY)), (draw(pick), draw(pick))))
        else:
            steps.append(("FullyConnected", (draw(pick), draw(pick))))
    heads = draw(st.lists(st.integers(2, 1 + len(steps)), min_size=1, max_size=3, unique=True))
    return steps, heads


def _build(space, values, steps):
    values = list(values)
    for operator, positions in steps:
        options = {"num_hidden": 3, "no_bias": True} if operator == "FullyConnected" else {}
        values.append(getattr(space, operator)(*(values[i] for i in positions), **options))
    return [value + values[0] * values[1] for value in values]  # every head leads to both variables


@settings(max_examples=80, deadline=None)
@given(graphs(), st.integers(0, 2**32 - 1), st.sampled_from(["write", "add"]))
def test_gradients_of_random_graphs_equal_recorded_ones(graph, seed, request_):
    steps, heads = graph
    random = np.random.default_rng(seed)
    arrays = [mx.nd.array(random.uniform(-1, 1, (3, 3)), dtype="float64") for _ in "xy"]
    flows = [mx.nd.array(random.uniform(-1, 1, (3, 3)), dtype="float64") for _ in heads]
    for a in arrays:
        a.attach_grad()
    with mx.autograd.record():
        values = _build(mx.nd, arrays, steps)
    mx.autograd.backward([values[i] for i in heads], flows)
    symbols = _build(mx.sym, variables("xy"), steps)
    net = mx.sym.Group([symbols[i] for i in heads])
    table = dict(zip("xy", arrays))
    names = net.list_arguments()
    gradients = {name: mx.nd.ones((3, 3), dtype="float64") for name in names}
    executor = net.bind(mx.cpu(), {name: table[name] for name in names}, gradients, request_)
    executor.forward(is_train=True)
    executor.backward(flows)
    for output, i in zip(executor.outputs, heads):
        assert_close(output.asnumpy(), values[i].asnumpy(), OPERATOR, f"output {i}")
    for name in names:
        expected = table[name].grad.asnumpy() + (request_ == "add")
        assert_close(gradients[name].asnumpy(), expected, GRADIENT, f"gradient of {name}")


def test_arrays_made_inside_take_the_shape_that_the_bound_arrays_tell():
    x = mx.sym.var("x")
    for made in (mx.sym.zeros((0, 3)), mx.sym.ones((0, 0)) - 1):
        executor = (made + x).simple_bind(mx.cpu(), x=(4, 3))
        executor.arg_dict["x"][:] = 5
        assert (executor.forward()[0].asnumpy() == np.full((4, 3), 5)).all()


def test_sources_of_plans_leave_linecache_when_the_next_one_comes():
    """Not when the collector runs: somebody may be walking through linecache then."""
    executor = (mx.sym.var("x") * 2).bind(mx.cpu(), {"x": mx.nd.ones((2,))})
    executor.forward()
    name = executor._plan.inference().filename
    assert name in linecache.cache
    del executor
    gc.collect()
    assert name in linecache.cache
    (mx.sym.var("x") * 3).bind(mx.cpu(), {"x": mx.nd.ones((2,))}).forward()
    assert name not in linecache.cache
