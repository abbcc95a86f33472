"""Mixed precision: what is cast in arrays, symbols and converted networks, and training with a scaled loss."""

from __future__ import annotations

import gc
import logging

import numpy as np
import pytest

import mxnet as mx
from mxnet import autograd, gluon
from mxnet.contrib import amp
from mxnet.contrib.amp import _init
from tests.golden import programs

TARGETS = ("float16", "bfloat16")
GROUPS = ("amp_convert", "amp_float16", "amp_bfloat16", "amp_training")
CASES = [(group, name) for group in GROUPS for name in sorted(programs.answers(group))]


@pytest.fixture(autouse=True)
def switched_off():
    yield
    _init._off()


def name_of(array):
    return "bfloat16" if getattr(np.dtype(array.dtype), "names", None) else np.dtype(array.dtype).name


@pytest.mark.parametrize(("group", "name"), CASES, ids=[": ".join(case) for case in CASES])
def test_as_mxnet_answers(group, name):
    programs.check(group, name, mx)


# -- arrays ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.exp(),
        lambda x: mx.nd.softmax(x),
        lambda x: x.sum(),
        lambda x: x**2,
        lambda x: mx.nd.linalg.gemm2(x, x),
        lambda x: mx.nd.Activation(x, act_type="softrelu"),
        lambda x: mx.nd.LeakyReLU(x, act_type="selu"),
        lambda x: mx.nd.LayerNorm(x, mx.nd.ones((2,)), mx.nd.zeros((2,))),
        lambda x: mx.nd.concat(x, x.astype("float32"), dim=0),
    ],
)
def test_wide_operators_compute_in_float32(target, call):
    x = mx.nd.array([[0.5, 1.5], [-1, 0.25]]).astype(target)
    expected = call(x.astype("float32"))
    amp.init(target)
    found = call(x)
    assert name_of(found) == "float32"
    np.testing.assert_array_equal(found.asnumpy(), expected.asnumpy())


def test_nothing_is_cast_before_init():
    x = mx.nd.ones((2, 2), dtype="float16")
    assert name_of(x.exp()) == "float16"
    with pytest.raises(mx.MXNetError):
        x + mx.nd.ones((2, 2))


@pytest.mark.parametrize("target", TARGETS)
def test_both_narrow_dtypes_meet_in_float32(target):
    amp.init(target)
    assert name_of(mx.nd.ones((2,), dtype="float16") + mx.nd.ones((2,), dtype="bfloat16")) == "float32"


@pytest.mark.parametrize("target", TARGETS)
def test_gradients_have_the_dtype_of_their_arrays(target):
    amp.init(target)
    x, weight, bias = mx.nd.ones((2, 3)), mx.nd.ones((4, 3)) * 2, mx.nd.zeros((4,))
    for array in (x, weight, bias):
        array.attach_grad()
    with autograd.record():
        y = mx.nd.FullyConnected(x, weight, bias, num_hidden=4)
        loss = (y * y.astype("float32")).mean()
    loss.backward()
    assert [name_of(a.grad) for a in (x, weight, bias)] == ["float32"] * 3
    np.testing.assert_allclose(x.grad.asnumpy(), np.full((2, 3), 12.0), rtol=0.01)


def test_results_take_the_dtype_of_out():
    amp.init("float16")
    data, out = mx.nd.ones((2, 3)), mx.nd.zeros((2, 4))
    assert mx.nd.FullyConnected(data, mx.nd.ones((4, 3)), no_bias=True, num_hidden=4, out=out) is out
    assert name_of(out) == "float32"
    assert out.asnumpy().tolist() == [[3.0] * 4] * 2
    narrow = mx.nd.ones((2,), dtype="float16")
    narrow += mx.nd.ones((2,))
    assert name_of(narrow) == "float16"


def test_optimizer_states_are_updated_in_place():
    amp.init("bfloat16")
    weight, gradient, momentum = (mx.nd.ones((2,), dtype="bfloat16") for _ in range(3))
    mx.nd.sgd_mom_update(weight, gradient, momentum, lr=0.5, momentum=0.5, out=weight)
    assert momentum.asnumpy().tolist() == [0.0, 0.0]
    assert weight.asnumpy().tolist() == [1.0, 1.0]


def test_moving_averages_stay_float32():
    amp.init("float16")
    data, mean = mx.nd.ones((4, 2), dtype="float16"), mx.nd.zeros((2,))
    ones = mx.nd.ones((2,))
    with autograd.train_mode():
        out = mx.nd.contrib.SyncBatchNorm(data, ones, ones, mean, ones.copy(), key="k")
    assert name_of(out) == name_of(mean) == "float32"


def test_sparse_arrays_are_not_cast():
    amp.init("float16")
    rows = mx.nd.array([[0, 1, 0], [2, 0, 0]]).tostype("csr")
    assert name_of(mx.nd.dot(rows, mx.nd.ones((3, 2)))) == "float32"


@pytest.mark.parametrize("target", TARGETS)
def test_recurrent_layers(target):
    layer = gluon.rnn.LSTM(4, input_size=3)
    layer.initialize(mx.init.Uniform(0.5))
    data = mx.nd.random.uniform(shape=(5, 2, 3))
    expected = layer(data).asnumpy()
    amp.init(target)
    eager = layer(data)
    layer.hybridize()
    hybrid = layer(data)
    assert name_of(eager) == name_of(hybrid) == ("float16" if target == "float16" else "float32")
    for found in (eager, hybrid):
        np.testing.assert_allclose(found.asnumpy(), expected, atol=0.005)


# -- symbols --------------------------------------------------------------------------------------------------------


def test_shapes_go_back_through_casts():
    amp.init("float16")
    x = mx.sym.var("x")
    dense = mx.sym.FullyConnected(x, num_hidden=3, name="fc") + mx.sym.var("y")
    shapes, outputs, _ = mx.sym.LayerNorm(dense, name="ln").infer_shape(x=(2, 5))
    assert dict(zip(["x", "fc_weight", "fc_bias", "y", "ln_gamma", "ln_beta"], shapes)) == {
        "x": (2, 5), "fc_weight": (3, 5), "fc_bias": (3,), "y": (2, 3), "ln_gamma": (3,), "ln_beta": (3,),
    }  # fmt: skip
    assert outputs == [(2, 3)]


def test_concat_takes_both_dtypes_in_bfloat16():
    amp.init("bfloat16")
    x = mx.sym.var("x")
    both = mx.sym.concat(mx.sym.FullyConnected(x, num_hidden=2), mx.sym.exp(x), dim=1)
    executor = both.simple_bind(mx.cpu(), x=(1, 2))
    assert name_of(executor.forward()[0]) == "float32"


def test_saved_symbols_load():
    made = network()
    found = amp.convert_symbol(made)
    assert mx.sym.load_json(found.tojson()).tojson() == made.tojson()
    kept = mx.sym.load_json(found.tojson(remove_amp_cast=False))
    assert kept.tojson(remove_amp_cast=False) == found.tojson(remove_amp_cast=False)


def network():
    sym = mx.sym
    data = sym.Convolution(sym.var("data"), kernel=(3, 3), num_filter=4, name="conv")
    data = sym.Activation(sym.BatchNorm(data, fix_gamma=False, name="bn"), act_type="relu", name="relu")
    data = sym.Pooling(data, kernel=(2, 2), stride=(2, 2), pool_type="max", name="pool")
    data = data + sym.Convolution(data, kernel=(1, 1), num_filter=4, name="conv2")
    return sym.SoftmaxOutput(sym.FullyConnected(data, num_hidden=4, name="fc"), name="softmax")


def patches():
    """Images of one bright quarter, and which one it is."""
    random = np.random.RandomState(0)
    labels = random.randint(0, 4, 16)
    images = random.randn(16, 1, 8, 8).astype("float32") * 0.3
    for image, label in zip(images, labels):
        row, column = 4 * (label // 2), 4 * (label % 2)
        image[0, row : row + 4, column : column + 4] += 1
    return images, labels


def fit(sym):
    mx.random.seed(1)
    np.random.seed(1)
    batches = mx.io.NDArrayIter(*patches(), 16, label_name="softmax_label")
    module = mx.mod.Module(sym)
    module.fit(batches, num_epoch=4, optimizer_params={"learning_rate": 0.2}, initializer=mx.init.Xavier())
    return module, dict(module.score(batches, "ce"))["cross-entropy"]


def predict(sym, arguments, states):
    batches = mx.io.NDArrayIter(*patches(), 16, label_name="softmax_label")
    module = mx.mod.Module(sym)
    module.bind(batches.provide_data, batches.provide_label, for_training=False)
    module.set_params(arguments, states)
    return module.predict(batches).asnumpy()


@pytest.mark.parametrize("target", TARGETS)
def test_modules_train_and_predict(target, caplog):
    caplog.set_level(logging.CRITICAL)
    tolerance = 0.002 if target == "float16" else 0.02
    module, expected = fit(network())
    parameters = module.get_params()
    probabilities = predict(network(), *parameters)
    assert fit(amp.convert_symbol(network(), target))[1] == pytest.approx(expected, abs=tolerance)
    for cast in (False, True):
        found = amp.convert_model(network(), *parameters, target, cast_optional_params=cast)
        assert name_of(found[1]["conv_weight"]) == (target if cast else "float32")
        assert name_of(found[1]["bn_gamma"]) == "float32"
        np.testing.assert_allclose(predict(*found), probabilities, atol=tolerance)
    amp.init(target)
    assert fit(network())[1] == pytest.approx(expected, abs=tolerance)


def test_a_narrow_parameter_is_cast_where_it_is_read_in_float32():
    x, weight = mx.sym.var("x"), mx.sym.var("w")
    both = mx.sym.Group([mx.sym.FullyConnected(x, weight, num_hidden=3, no_bias=True), mx.sym.exp(weight)])
    found = amp.convert_symbol(both, data_names=["x"], cast_optional_params=True)
    executor = found.simple_bind(mx.cpu(), x=(2, 4))
    assert name_of(executor.arg_dict["w"]) == "float16"
    assert [name_of(output) for output in executor.forward()] == ["float32", "float32"]


def test_a_converted_symbol_is_not_cast_again():
    found = amp.convert_symbol(network())
    assert len(amp.convert_symbol(found).get_internals()) == len(found.get_internals())


def test_float64_stays():
    x = mx.sym.var("x", dtype="float64")
    weight = mx.sym.var("w", dtype="float64")
    dense = mx.sym.FullyConnected(x, weight, num_hidden=2, no_bias=True, name="fc")
    assert amp.convert_symbol(dense).tojson(remove_amp_cast=False) == dense.tojson()


def test_loops_take_float32():
    data, state = mx.sym.var("x"), mx.sym.var("s")
    dense = mx.sym.FullyConnected(data, num_hidden=3, flatten=False, name="fc")
    out, _ = mx.sym.contrib.foreach(lambda one, s: (one + s, s), dense, state)
    executor = amp.convert_symbol(out).simple_bind(mx.cpu(), x=(4, 2, 3), s=(2, 3))
    assert name_of(executor.forward()[0]) == "float32"


def test_casts_are_in_the_group_of_what_they_cast():
    with mx.AttrScope(ctx_group="a"):
        dense = mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=2, no_bias=True, name="fc")
    found = amp.convert_symbol(dense).attr_dict()
    assert found["x_amp_cast_float16"]["__ctx_group__"] == found["fc_output_amp_cast_float32"]["__ctx_group__"] == "a"


def test_a_chain_of_many_nodes():
    x = mx.sym.var("x")
    for number in range(3000):
        x = mx.sym.relu(x, name=f"relu{number}")
    assert len(amp.convert_symbol(x).get_internals()) == 3002


# -- blocks ---------------------------------------------------------------------------------------------------------


def block():
    mx.random.seed(3)
    np.random.seed(3)
    net = gluon.nn.HybridSequential()
    net.add(gluon.nn.Conv2D(4, 3, padding=1), gluon.nn.BatchNorm(), gluon.nn.Activation("relu"), gluon.nn.MaxPool2D(),
            gluon.nn.Flatten(), gluon.nn.Dense(16, activation="relu"), gluon.nn.Dense(4))  # fmt: skip
    net.initialize(mx.init.Xavier())
    return net


def train(steps, options=None, scaled=False):
    """Train a small network and return its losses."""
    net, loss_of = block(), gluon.loss.SoftmaxCrossEntropyLoss()
    if options is not None:
        net.hybridize(**options)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    if scaled:
        amp.init_trainer(trainer)
        trainer._amp_loss_scaler._loss_scale = 512.0  # at which nothing overflows
    images, labels = map(mx.nd.array, patches())
    losses = []
    for _ in range(steps):
        with autograd.record():
            loss = loss_of(net(images), labels)
            if scaled:
                with amp.scale_loss(loss, trainer) as more:
                    more.backward()
            else:
                loss.backward()
        trainer.step(16)
        assert name_of(loss) == "float32"
        losses.append(loss.mean().asscalar())
    assert {name_of(parameter.data()) for parameter in net.collect_params().values()} == {"float32"}
    return losses


@pytest.mark.parametrize(
    "options", [None, {}, {"static_alloc": True, "static_shape": True}], ids=["", "hybrid", "static"]
)
@pytest.mark.parametrize("target", TARGETS)
def test_networks_train_as_in_float32(target, options):
    expected = train(6)
    assert expected[-1] < expected[0] / 2
    amp.init(target)
    tolerance = 0.005 if target == "float16" else 0.03
    np.testing.assert_allclose(train(6, options, scaled=target == "float16"), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("cast", [False, True])
@pytest.mark.parametrize("target", TARGETS)
def test_converted_blocks(target, cast):
    net, images = block(), mx.nd.array(patches()[0])
    net.hybridize()
    expected = net(images).asnumpy()
    found = amp.convert_hybrid_block(net, target, ctx=[mx.cpu()], cast_optional_params=cast)
    tolerance = 0.003 if target == "float16" else 0.03
    for _ in range(2):
        outputs = found(images)
        assert name_of(outputs) == "float32"
        np.testing.assert_allclose(outputs.asnumpy(), expected, atol=tolerance)
        found.hybridize(static_alloc=True)
    with autograd.record():
        loss = found(images).sum()
    loss.backward()
    weights = found.collect_params(".*conv.*weight")
    assert {name_of(weight.grad()) for weight in weights.values()} == {target if cast else "float32"}
    before = images.copy()
    net.collect_params(".*dense.*weight").setattr("lr_mult", 0)
    for weight in weights.values():
        weight.data()[:] = 0
    np.testing.assert_allclose(net(before).asnumpy(), expected, rtol=1e-6)  # parameters are not shared


def test_blocks_with_several_inputs_and_outputs():
    class Both(gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            with self.name_scope():
                self.dense = gluon.nn.Dense(2)

        def hybrid_forward(self, F, x, y):
            return self.dense(x), y * 2

    net = Both()
    net.initialize()
    net.hybridize()
    x, y = mx.nd.ones((2, 3)), mx.nd.ones((1,))
    expected = net(x, y)
    found = amp.convert_hybrid_block(net, ctx=mx.cpu())(x, y)
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one.asnumpy(), other.asnumpy(), atol=0.002)


def test_converted_networks_leave_as_onnx(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    net, images = block(), patches()[0]
    net.hybridize()
    expected = net(mx.nd.array(images)).asnumpy()
    found = amp.convert_hybrid_block(net, ctx=mx.cpu())
    parameters = {parameter.name: parameter.data() for parameter in found.collect_params().values()}
    path = str(tmp_path / "net.onnx")
    mx.onnx.export_model(found._cached_graph[1], parameters, [images.shape], np.float32, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {session.get_inputs()[0].name: images})
    np.testing.assert_allclose(outputs[0], expected, atol=0.003)
    bfloat16 = amp.convert_hybrid_block(net, "bfloat16", ctx=mx.cpu())
    with pytest.raises(mx.MXNetError, match="ONNX refuses"):  # it has no convolutions in bfloat16
        mx.onnx.export_model(bfloat16._cached_graph[1], parameters, [images.shape], np.float32, path)


# -- the scale ------------------------------------------------------------------------------------------------------


def one_weight(contexts=None, **options):
    weight = gluon.Parameter("w", shape=(1,))
    weight.initialize(mx.init.One(), ctx=contexts)
    trainer = gluon.Trainer([weight], "sgd", {"learning_rate": 0.5}, **options)
    amp.init("float16")
    amp.init_trainer(trainer)
    return weight, trainer


def step(weight, trainer, factor=1.0):
    with autograd.record():
        losses = [weight.data(context) * factor for context in weight.list_ctx()]
        with amp.scale_loss(losses, trainer) as scaled:
            autograd.backward(scaled)
    trainer.step(1)
    return [weight.data(context).asscalar() for context in weight.list_ctx()]


def test_overflow_halves_the_scale_and_leaves_out_the_step():
    weight, trainer = one_weight()
    scaler = trainer._amp_loss_scaler
    assert step(weight, trainer, float("inf")) == [1.0]
    assert scaler.loss_scale == 2.0**15
    assert step(weight, trainer, float("nan")) == [1.0]
    assert scaler.loss_scale == 2.0**14
    assert step(weight, trainer) == [0.5]
    assert scaler.loss_scale == 2.0**14
    assert trainer._scale == 2.0**-14


def test_the_scale_doubles_up_to_a_bound():
    weight, trainer = one_weight()
    step(weight, trainer)
    scaler = trainer._amp_loss_scaler
    for begin, end in ((2.0**16, 2.0**17), (2.0**24, 2.0**24)):
        scaler._loss_scale, scaler._unskipped = begin, 1998
        assert not scaler.has_overflow([weight])
        assert scaler.loss_scale == begin
        assert not scaler.has_overflow([weight])
        assert scaler.loss_scale == end


def test_the_scale_never_becomes_zero():
    weight, _ = one_weight()
    weight.grad()[:] = float("nan")
    scaler = amp.loss_scaler.LossScaler()
    scaler._loss_scale = 2.0**-99
    for _ in range(3):
        assert scaler.has_overflow([weight])
    assert scaler.loss_scale == 2.0**-100


@pytest.mark.parametrize("options", [{}, {"update_on_kvstore": True}, {"update_on_kvstore": False}])
@pytest.mark.parametrize("at", [0, 1])
def test_overflow_on_any_device_leaves_out_the_step(options, at):
    weight, trainer = one_weight([mx.cpu(0), mx.cpu(1)], **options)
    assert step(weight, trainer) == [0.0, 0.0]
    with autograd.record():
        losses = [weight.data(context) * 1 for context in weight.list_ctx()]
        losses[at] = losses[at] * float("inf")
        with amp.scale_loss(losses, trainer) as scaled:
            autograd.backward(scaled)
    trainer.step(1)
    assert [weight.data(context).asscalar() for context in weight.list_ctx()] == [0.0, 0.0]
    assert trainer._amp_loss_scaler.loss_scale == 2.0**15


def test_sparse_gradients_overflow_too():
    layer = gluon.nn.Embedding(4, 2, sparse_grad=True)
    layer.initialize(mx.init.One())
    trainer = gluon.Trainer(layer.collect_params(), "sgd", {"learning_rate": 0.5})
    amp.init("float16")
    amp.init_trainer(trainer)
    for factor, expected in ((float("inf"), 1.0), (1.0, 0.5)):
        with autograd.record():
            loss = layer(mx.nd.array([1])) * factor
            with amp.scale_loss(loss, trainer) as scaled:
                scaled.backward()
        trainer.step(1)
        assert layer.weight.data()[1].asnumpy().tolist() == [expected] * 2


def test_clipping_after_unscale():
    weight, trainer = one_weight()
    with autograd.record(), amp.scale_loss(weight.data() * 4, trainer) as scaled:
        scaled.backward()
    amp.unscale(trainer)
    gluon.utils.clip_global_norm([weight.grad()], 1.0)
    trainer.step(1)
    assert weight.data().asscalar() == pytest.approx(0.5)


def test_a_loss_in_float16_is_scaled_in_float32():
    _, trainer = one_weight()
    with amp.scale_loss(mx.nd.ones((1,), dtype="float16"), trainer) as scaled:
        assert scaled.asscalar() == 2.0**16


def test_outputs_are_scaled_from_init_trainer_on():
    def gradient():
        data = mx.nd.array([[1, 2]])
        data.attach_grad()
        with autograd.record():
            out = mx.nd.SoftmaxOutput(data, mx.nd.array([0]))
        out.backward()
        return data.grad.asnumpy()

    expected = gradient()
    amp.init("float16")
    np.testing.assert_allclose(gradient(), expected, rtol=1e-3)
    _, trainer = one_weight()
    np.testing.assert_allclose(gradient(), expected * 2.0**16, rtol=1e-3)
    trainer._amp_loss_scaler._loss_scale = 4.0
    np.testing.assert_allclose(gradient(), expected * 4, rtol=1e-3)
    del trainer, _
    gc.collect()
    np.testing.assert_allclose(gradient(), expected, rtol=1e-3)


# -- what is said ---------------------------------------------------------------------------------------------------


def test_init_says_so_once(caplog):
    caplog.set_level(logging.INFO)
    amp.init()
    amp.init()
    assert [record.message for record in caplog.records] == ["Using AMP"]
    with pytest.warns(UserWarning, match="float16 is on already"):
        amp.init("bfloat16")
    mx.sym.SoftmaxOutput(mx.sym.var("x"), name="out")
    assert "SoftmaxOutput 'out'" in caplog.records[-1].message


@pytest.mark.parametrize("target", [np.float16, np.dtype("float16"), "float16"])
def test_spellings_of_float16(target):
    amp.init(target)
    assert amp.list_lp16_ops(target) == amp.list_lp16_ops("float16")
    assert (
        name_of(mx.nd.FullyConnected(mx.nd.ones((1, 2)), mx.nd.ones((1, 2)), no_bias=True, num_hidden=1)) == "float16"
    )


def test_lists_of_the_user():
    amp.init(
        "float16",
        target_precision_ops=["relu"],
        fp32_ops=["tanh", "_contrib_dgl_subgraph"],
        conditional_fp32_ops=[("Pooling", "pool_type", ["sum"]), ("Pooling", "global_pool", [True])],
    )
    x, narrow = mx.nd.ones((1, 1, 2, 2)), mx.nd.ones((1, 1, 2, 2), dtype="float16")
    assert name_of(mx.nd.relu(x)) == "float16"
    assert name_of(mx.nd.tanh(narrow)) == "float32"
    assert name_of(mx.nd.exp(narrow)) == "float16"
    assert name_of(mx.nd.Pooling(narrow, kernel=(1, 1), pool_type="sum")) == "float32"
    assert name_of(mx.nd.Pooling(narrow, global_pool=True)) == "float32"
    assert name_of(mx.nd.Pooling(narrow, kernel=(1, 1))) == "float16"
    assert name_of(mx.nd.SoftmaxOutput(narrow, mx.nd.ones((1, 2, 2)), multi_output=True)) == "float32"


def test_a_list_of_the_user_comes_before_the_others():
    dense = mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=2, no_bias=True, name="fc")
    assert amp.convert_symbol(dense, fp32_ops=["FullyConnected"]).tojson(remove_amp_cast=False) == dense.tojson()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: amp.init("int8"),
            AssertionError,
            "amp.init: target_dtype is 'int8'; expected 'float16' or 'bfloat16'",
        ),
        (lambda: amp.init(target_precision_ops="dot"), AssertionError, "target_precision_ops is 'dot'"),
        (lambda: amp.init(fp32_ops=["softmaxx"]), ValueError, "did you mean 'softmax'"),
        (
            lambda: amp.init(fp32_ops=["dot"], target_precision_ops=["dot"]),
            AssertionError,
            "'dot' is in target_precision_o",
        ),
        (lambda: amp.init(conditional_fp32_ops=["relu"]), ValueError, "expected .operator, attribute, list of values"),
        (
            lambda: amp.init(conditional_fp32_ops=[("relu", "a", "b")]),
            ValueError,
            "expected .operator, attribute, list",
        ),
        (
            lambda: amp.init(conditional_fp32_ops=[("Activation", "act_typ", ["relu"])]),
            ValueError,
            "Activation has no attribute 'act_typ'; did you mean 'act_type'",
        ),
        (lambda: amp.list_lp16_ops("float32"), AssertionError, "amp.list_lp16_ops: target_dtype is 'float32'"),
        (lambda: amp.list_lp16_ops(object()), AssertionError, "amp.list_lp16_ops: target_dtype"),
        (
            lambda: amp.convert_symbol(mx.sym.var("x"), data_names=["y"]),
            ValueError,
            "has 'y'; the symbol's variables are x",
        ),
        (lambda: amp.convert_model(mx.sym.var("x"), {"x": 3}, {}), AssertionError, "arg_params"),
        (lambda: amp.convert_hybrid_block(called(), ctx=mx.gpu(99)), RuntimeError, "pass ctx=mx.cpu()"),
        (lambda: amp.convert_hybrid_block(block(), ctx=mx.cpu()), RuntimeError, "call its hybridize"),
        (lambda: amp.init_trainer(trainer_of()), AssertionError, "call amp.init.. first"),
        (
            lambda: amp.init_trainer(mx.optimizer.SGD()) if amp.init() is None else None,
            TypeError,
            "cannot leave out steps",
        ),
        (
            lambda: amp.scale_loss(mx.nd.ones((1,)), trainer_of()).__enter__(),
            AssertionError,
            "amp.init_trainer.trainer",
        ),
        (lambda: amp.scale_loss(mx.nd.ones((1,)), 3).__enter__(), TypeError, "amp.scale_loss: got <class 'int'>"),
        (lambda: amp.unscale(None), TypeError, "expected a gluon.Trainer"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message) as found:
        call()
    assert isinstance(found.value, mx.MXNetError)


def called():
    net = gluon.nn.Dense(1)
    net.initialize()
    net.hybridize()
    net(mx.nd.ones((1, 1)))
    return net


def trainer_of():
    return gluon.Trainer(called().collect_params(), "sgd")


def test_a_distributed_store_cannot_leave_out_steps():
    weight, trainer = one_weight()
    trainer._init_kvstore()
    trainer._kvstore, trainer._update_on_kvstore, trainer._distributed = object(), True, True
    with pytest.raises(mx.MXNetError, match="update_on_kvstore=False"):
        trainer._has_overflow()
    assert weight.data().asscalar() == 1.0
