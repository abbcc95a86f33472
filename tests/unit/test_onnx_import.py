"""ONNX import: what comes back, open lengths, training further, and what is refused and how.

Every operator is tested in tests/models/test_onnx_import_models.py, by the cases of the onnx package.
"""

from __future__ import annotations

import contextlib
import json
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from mxnet.onnx._readers.lengths import reshape_codes  # noqa: E402

RANDOM = np.random.default_rng(7)


def model_of(text, weights=None, opset=17):
    """Return a model from ONNX's text form; `weights` become initializers."""
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : {opset}]>\n{text}')
    for name, value in (weights or {}).items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    return model


def normal(*shape):
    return RANDOM.normal(size=shape).astype("float32")


def evaluated(model, **inputs):
    """Run a model here; inputs are numpy arrays."""
    sym, arg_params, aux_params = mx.onnx.import_model(model)
    given = {name: mx.nd.array(value, dtype=value.dtype) for name, value in inputs.items()}
    arguments = {**arg_params, **{name: given[name] for name in given if name in sym.list_arguments()}}
    return [out.asnumpy() for out in sym.bind(mx.cpu(), arguments, aux_states=aux_params, grad_req="null").forward()]


def agree(model, **inputs):
    """Compare with onnxruntime."""
    expected = onnxruntime.InferenceSession(model.SerializeToString()).run(None, inputs)
    for found, wanted in zip(evaluated(model, **inputs), expected, strict=True):
        assert found.dtype == wanted.dtype
        assert found.shape == (wanted.shape or (1,))
        np.testing.assert_allclose(found.reshape(wanted.shape), wanted, 1e-4, 1e-5)


@pytest.fixture
def small():
    """A convolution with batch normalization and a classifier."""
    weights = {
        "w": normal(4, 3, 3, 3), "gamma": normal(4), "beta": normal(4), "mean": normal(4),
        "var": abs(normal(4)) + 0.5, "fc": normal(5, 4), "bias": normal(5),
    }  # fmt: skip
    text = """
        small (float[N, 3, 8, 8] x) => (float[N, 5] y) {
            a = Conv <pads = [1, 1, 1, 1]> (x, w)
            b = BatchNormalization <epsilon = 0.001> (a, gamma, beta, mean, var)
            c = Relu(b)
            d = GlobalAveragePool(c)
            e = Flatten(d)
            y = Gemm <transB = 1> (e, fc, bias)
        }"""
    return model_of(text, weights)


# -- what comes back -------------------------------------------------------------------------------------------------


def test_symbol_parameters_and_states(small):
    sym, arg_params, aux_params = mx.onnx.import_model(small)
    assert sym.list_arguments() == ["x", "w", "gamma", "beta", "fc", "bias"]
    assert sym.list_auxiliary_states() == ["mean", "var"]
    assert sorted(arg_params) == ["beta", "bias", "fc", "gamma", "w"]
    assert sorted(aux_params) == ["mean", "var"]
    assert all(isinstance(array, mx.nd.NDArray) for array in (*arg_params.values(), *aux_params.values()))
    operators = [node["op"] for node in json.loads(sym.tojson())["nodes"] if node["op"] != "null"]
    assert operators == ["Convolution", "BatchNorm", "relu", "Pooling", "Flatten", "FullyConnected"]


def test_values_for_any_batch(small):
    for batch in (1, 2, 5):
        agree(small, x=normal(batch, 3, 8, 8))


def test_files_paths_and_metadata(small, tmp_path):
    path = tmp_path / "small.onnx"
    onnx.save(small, path)
    assert mx.onnx.get_model_metadata(str(path)) == {
        "input_tensor_data": [("x", (0, 3, 8, 8))],
        "output_tensor_data": [("y", (0, 5))],
    }
    by_name, by_path = mx.onnx.import_model(str(path)), mx.onnx.import_model(path)
    assert by_name[0].tojson() == by_path[0].tojson()
    from mxnet.contrib import onnx as contrib

    assert contrib.import_model(str(path))[0].list_arguments() == by_name[0].list_arguments()


def test_initializers_that_are_inputs_too_are_parameters(small):
    small.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 3, 3, 3]))
    assert [name for name, _ in mx.onnx.get_model_metadata(small)["input_tensor_data"]] == ["x"]
    assert "w" in mx.onnx.import_model(small)[1]


def test_nodes_have_onnx_names():
    model = model_of("g (float[2, 3] x) => (float[2, 3] y) { a = Relu(x) \n y = Softsign(a) }")
    model.graph.node[0].name = "first"
    sym, _, _ = mx.onnx.import_model(model)
    assert sym.list_outputs() == ["y_output"]
    assert sym.get_internals().list_outputs() == ["x", "first_output", "y_output"]


def test_clashing_names_are_kept_apart():
    model = model_of(
        "g (float[2, 2] x) => (float[2, 2] y) { a = MatMul(x, w) \n y = MatMul(a, w) }", {"w": normal(2, 2)}
    )
    model.graph.node[0].name = model.graph.node[1].name = "w"
    sym, arg_params, _ = mx.onnx.import_model(model)
    names = sym.get_internals().list_outputs()
    assert len(set(names)) == len(names) == 4
    w = arg_params["w"].asnumpy()
    x = normal(2, 2)
    np.testing.assert_allclose(evaluated(model, x=x)[0], x @ w @ w, 1e-4, 1e-5)


def test_a_number_has_one_axis():
    (found,) = evaluated(
        model_of("g (float[2, 3] x) => (float y) { y = ReduceSum<keepdims = 0>(x) }"), x=np.ones((2, 3), "f")
    )
    assert found.shape == (1,)
    assert found[0] == 6


def test_wider_types_keep_their_numbers():
    model = model_of("g (uint16[3] x) => (uint16[3] y) { y = Add(x, x) }")
    (found,) = evaluated(model, x=np.array([1, 2, 60_000], "int32"))
    assert found.dtype == np.int32
    assert found.tolist() == [2, 4, 120_000]


def test_integers_of_formulas_are_exact():
    large = np.array([2**24 + 1, -(2**40) - 1, 2**62 + 1])
    model = model_of("g (int64[3] x) => (int64[3] y) { y = Add(x, c) }", {"c": large})
    (found,) = evaluated(model, x=np.zeros(3, "int64"))
    assert found.tolist() == large.tolist()


def test_half_and_bfloat16_weights():
    import ml_dtypes

    for dtype, name in ((np.float16, "float16"), (ml_dtypes.bfloat16, "bfloat16")):
        model = model_of(
            f"g ({name}[2, 3] x) => ({name}[2, 2] y) {{ y = MatMul(x, w) }}", {"w": np.ones((3, 2), dtype)}
        )
        _, arg_params, _ = mx.onnx.import_model(model)
        assert str(arg_params["w"]._data.dtype) == f"torch.{name}"


# -- constants and shapes --------------------------------------------------------------------------------------------


def test_shape_computations_leave_no_trace():
    text = """
        g (float[N, 4, 6] x) => (float[N, 2, M] y) {
            shape = Shape(x)
            zero = Constant <value = int64 {0}> ()
            n = Gather <axis = 0> (shape, zero)
            axes = Constant <value = int64[1] {0}> ()
            first = Unsqueeze(n, axes)
            rest = Constant <value = int64[2] {2, -1}> ()
            wanted = Concat <axis = 0> (first, rest)
            y = Reshape(x, wanted)
        }"""
    sym, arg_params, _ = mx.onnx.import_model(model_of(text))
    assert not arg_params
    assert sym.attr("shape") == "(0, 2, 12)"
    agree(model_of(text), x=normal(3, 4, 6))


@pytest.mark.parametrize("rows", [4, 16, 512])
def test_positions_are_cut_to_the_length_at_hand(rows):
    """However short the table is, its end is not taken for the length at hand."""
    text = """
        g (int64[N, T] x) => (float[N, T, 4] y) {
            shape = Shape <start = 1, end = 2> (x)
            begin = Constant <value = int64[1] {0}> ()
            axes = Constant <value = int64[1] {1}> ()
            part = Slice(places, begin, shape, axes)
            place = Gather(table, part)
            word = Gather(words, x)
            y = Add(word, place)
        }"""
    weights = {"places": np.arange(rows)[None], "table": normal(rows, 4), "words": normal(9, 4)}
    for length in (1, 3, 4):
        agree(model_of(text, weights), x=RANDOM.integers(0, 9, (2, length)))


def test_ranges_and_masks_of_open_lengths():
    text = """
        g (float[N, T] x) => (float[T, T] y, int64[T] r) {
            s = Shape <start = 1, end = 2> (x)
            axis = Constant <value = int64[1] {0}> ()
            n = Squeeze(s, axis)
            zero = Constant <value = int64 {0}> ()
            one = Constant <value = int64 {1}> ()
            r = Range(zero, n, one)
            both = Concat <axis = 0> (s, s)
            ones = ConstantOfShape <value = float[1] {1.0}> (both)
            y = Trilu <upper = 0> (ones)
        }"""
    for length in (1, 4, 30):
        agree(model_of(text), x=normal(2, length))


def test_one_length_for_all_is_found():
    """A table shorter than the first lengths that are tried, and an image that is halved five times."""
    text = """
        g (float[N, 1, H, 8] x) => (float[N, 1, H2, 8] y) {
            p = MaxPool <kernel_shape = [2, 1], strides = [2, 1]> (x)
            y = Relu(p)
        }"""
    agree(model_of(text), x=normal(1, 1, 6, 8))


@given(
    st.lists(st.sampled_from([(2, 2), (3, 3), (4, 4), (7, 11), (13, 17)]), min_size=1, max_size=4, unique=True),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_reshape_codes_give_the_target(source, data):
    """Merge, split and keep axes at random; the codes have to give that shape for lengths never seen."""
    target, index = [], 0
    while index < len(source):
        if index + 1 < len(source) and data.draw(st.booleans()):
            target.append(tuple(a * b for a, b in zip(source[index], source[index + 1])))
            index += 2
        else:
            target.append(source[index])
            index += 1
    codes = reshape_codes(source, target)
    if codes is None:
        return
    for worlds in (0, 1):
        shape = tuple(lengths[worlds] for lengths in source)
        assert mx.nd.zeros(shape).reshape(codes).shape == tuple(lengths[worlds] for lengths in target)
    renamed = {(7, 11): 5, (13, 17): 6}
    other = tuple(renamed.get(lengths, lengths[0]) for lengths in source)
    assert np.prod(mx.nd.zeros(other).reshape(codes).shape) == np.prod(other)


# -- older operator sets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opset", [7, 9, 11, 13])
def test_attributes_of_older_sets(opset):
    softmax = "Softmax <axis = 1> (x)"
    if opset < 10:
        part = "part = Slice <axes = [2], starts = [1], ends = [3]> (s)"
    else:
        part = """a = Constant <value = int64[1] {1}> ()
                  b = Constant <value = int64[1] {3}> ()
                  c = Constant <value = int64[1] {2}> ()
                  part = Slice(s, a, b, c)"""
    clip = "Clip <min = 0.1, max = 0.3> (part)" if opset < 11 else "Clip(part, low, high)"
    weights = {} if opset < 11 else {"low": np.float32(0.1), "high": np.float32(0.3)}
    text = f"g (float[2, 3, 4] x) => (float[2, 3, 2] y) {{ s = {softmax}\n {part}\n y = {clip} }}"
    agree(model_of(text, weights, opset), x=normal(2, 3, 4))


def test_a_set_that_is_not_known_yet(small):
    small.opset_import[0].version = 999
    with pytest.raises(mx.MXNetError, match=r"operator set 999.*install a newer one"):
        mx.onnx.import_model(small)


# -- recurrent layers and control flow -------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(
    ("operator", "gates", "more"),
    [
        ("LSTM", 4, ""),
        ("LSTM", 4, ", clip = 0.5"),
        ("GRU", 3, ", linear_before_reset = 1"),
        ("GRU", 3, ""),
        ("RNN", 1, ""),
    ],
)
def test_recurrent_layers(operator, gates, more, direction):
    count = 2 if direction == "bidirectional" else 1
    text = f"""
        g (float[T, N, 3] x, int32[N] lengths) => (float[T, {count}, N, 4] y, float[{count}, N, 4] h) {{
            y, h = {operator} <hidden_size = 4, direction = "{direction}"{more}> (x, w, r, b, lengths)
        }}"""
    weights = {"w": normal(count, gates * 4, 3), "r": normal(count, gates * 4, 4), "b": normal(count, gates * 8)}
    model = model_of(text, weights)
    agree(model, x=normal(6, 3, 3), lengths=np.array([6, 2, 5], "int32"))
    agree(model, x=normal(4, 2, 3), lengths=np.array([1, 4], "int32"))


def test_a_branch_is_chosen_by_data():
    text = """
        g (float[2] x) => (float[2] y) {
            s = ReduceSum <keepdims = 0> (x)
            zero = Constant <value = float {0.0}> ()
            positive = Greater(s, zero)
            y = If (positive) <
                then_branch = yes () => (float[2] a) { a = Neg(x) },
                else_branch = no () => (float[2] b) { b = Mul(x, x) }
            >
        }"""
    for sign in (1, -1):
        agree(model_of(text), x=np.array([1, 3], "float32") * sign)


def test_a_loop_ends_by_data():
    text = """
        g (float[1] x, bool go) => (float[1] y) {
            n = Constant <value = int64 {50}> ()
            y = Loop (n, go, x) <
                body = step (int64 i, bool c, float[1] v) => (bool more, float[1] w) {
                    two = Constant <value = float {2.0}> ()
                    w = Mul(v, two)
                    limit = Constant <value = float {100.0}> ()
                    less = Less(w, limit)
                    none = Constant <value = int64[1] {0}> ()
                    more = Squeeze(less, none)
                }
            >
        }"""
    (found,) = evaluated(model_of(text), x=np.array([3], "float32"), go=np.array([True]))
    assert found.tolist() == [192]


def test_functions_of_a_model_are_written_out():
    text = """<ir_version: 8, opset_import: ["" : 17, "own" : 1]>
        g (float[3] x) => (float[3] y) { y = own.twice(x) }
        <domain: "own", opset_import: ["" : 17]> twice (a) => (b) { b = Add(a, a) }"""
    (found,) = evaluated(onnx.parser.parse_model(text), x=np.array([1, 2, 3], "float32"))
    assert found.tolist() == [2, 4, 6]


# -- training further ------------------------------------------------------------------------------------------------


def test_gradients_are_those_of_the_formula():
    model = model_of("g (float[N, 3] x) => (float[N, 2] y) { a = MatMul(x, w) \n y = Tanh(a) }", {"w": normal(3, 2)})
    sym, arg_params, _ = mx.onnx.import_model(model)
    x = normal(4, 3)
    gradient = mx.nd.zeros((3, 2))
    executor = sym.bind(mx.cpu(), {"x": mx.nd.array(x), **arg_params}, args_grad={"w": gradient})
    y = executor.forward(is_train=True)[0].asnumpy()
    executor.backward(mx.nd.ones((4, 2)))
    np.testing.assert_allclose(gradient.asnumpy(), x.T @ (1 - y**2), 1e-4, 1e-5)


def test_a_block_is_trained(small):
    block = mx.onnx.import_to_gluon(small, mx.cpu())
    x, wanted = mx.nd.array(normal(6, 3, 8, 8)), mx.nd.array(normal(6, 5))
    trainer = mx.gluon.Trainer(block.collect_params(), "adam", {"learning_rate": 0.05})
    mean = block.collect_params()["mean"].data().asnumpy()
    losses = []
    for _ in range(25):
        with mx.autograd.record():
            loss = ((block(x) - wanted) ** 2).mean()
        loss.backward()
        trainer.step(1)
        losses.append(loss.asscalar())
    assert losses[-1] < 0.5 * losses[0]
    assert not np.array_equal(mean, block.collect_params()["mean"].data().asnumpy())


def test_numbers_of_formulas_stay_in_training():
    """Cubic resizing is a product with a matrix, which neither gradients nor weight decay may change."""
    scales = np.array([1, 1, 2, 2], "float32")
    text = """g (float[N, 1, 4, 4] x) => (float[N, 1, 8, 8] y) {
        a = Conv <pads = [1, 1, 1, 1]> (x, w)
        y = Resize <mode = "cubic"> (a, , scales)
    }"""
    model = model_of(text, {"w": normal(1, 1, 3, 3), "scales": scales})
    sym, arg_params, aux_params = mx.onnx.import_model(model)
    module = mx.mod.Module(mx.sym.LinearRegressionOutput(sym, mx.sym.var("label")), ["x"], ["label"])
    module.bind([("x", (2, 1, 4, 4))], [("label", (2, 1, 8, 8))])
    module.set_params(arg_params, aux_params)
    module.init_optimizer(optimizer="sgd", optimizer_params={"learning_rate": 0.1, "wd": 0.1, "momentum": 0.9})
    for _ in range(3):
        module.forward_backward(mx.io.DataBatch([mx.nd.array(normal(2, 1, 4, 4))], [mx.nd.array(normal(2, 1, 8, 8))]))
        module.update()
    after, _ = module.get_params()
    assert not np.array_equal(after["w"].asnumpy(), arg_params["w"].asnumpy())
    others = sorted(set(arg_params) - {"w"})
    assert others
    for name in others:
        assert np.array_equal(after[name].asnumpy(), arg_params[name].asnumpy()), name
    block = mx.onnx.import_to_gluon(model, mx.cpu())
    assert {name: item.grad_req for name, item in block.collect_params().items()} == {
        "w": "write", **dict.fromkeys(others, "null")
    }  # fmt: skip


def test_dropout_is_active_in_training_only():
    model = model_of("g (float[64] x) => (float[64] y) { y = Dropout(x) }")
    block = mx.onnx.import_to_gluon(model, mx.cpu())
    x = mx.nd.ones(64)
    assert block(x).asnumpy().tolist() == [1] * 64
    with mx.autograd.record():
        assert set(block(x).asnumpy().tolist()) == {0, 2}


# -- Fourier transforms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [6, 5, 9])
@pytest.mark.parametrize("one_sided", [0, 1])
@pytest.mark.parametrize("parts", [1, 2])
def test_transforms_of_another_length(length, one_sided, parts):
    """Cut off or filled up with zeros, along an axis in the middle, for any batch."""
    if one_sided and parts == 2:
        return
    text = f"g (float[N, 6, 2, {parts}] x, float[N, 6, 2, 2] w) => (float[N, A, 2, 2] y, float[N, B, 2, 2] z)"
    text += f" {{ y = DFT <onesided = {one_sided}> (x, n, a) \n z = DFT <inverse = 1> (w, n, a) }}"
    model = model_of(text, {"n": np.int64(length), "a": np.int64(1)}, opset=20)
    for batch in (1, 3):
        agree(model, x=normal(batch, 6, 2, parts), w=normal(batch, 6, 2, 2))


@pytest.mark.parametrize("window", [False, True])
@pytest.mark.parametrize("one_sided", [0, 1])
def test_transforms_of_frames(window, one_sided):
    given = "x, step, w, size" if window else "x, step, , size"
    text = f"g (float[N, 20, 1] x) => (float[N, A, B, 2] y) {{ y = STFT <onesided = {one_sided}> ({given}) }}"
    weights = {"step": np.int64(3), "size": np.int64(8), **({"w": abs(normal(8))} if window else {})}
    agree(model_of(text, weights), x=normal(2, 20, 1))


# -- what is refused -------------------------------------------------------------------------------------------------


def test_all_nodes_that_cannot_be_read_are_listed():
    text = """
        g (float[4] x) => (float[n] y, float[4] z, float[4] v) {
            y, i, j, k = Unique(x)
            a = Relu(x)
            m = other.Strange(a)
            z = Neg(m)
            v = Sigmoid(a)
        }"""
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17, "other" : 1]>\n{text}')
    with pytest.raises(mx.MXNetError) as caught:
        mx.onnx.import_model(model)
    lines = str(caught.value).splitlines()
    assert lines[0] == "the model: 2 nodes of this ONNX model cannot be imported:"
    assert lines[1:] == [
        "  node 'y', operator Unique: no operator expresses it",
        "  node 'm', operator other.Strange: no operator expresses it",
    ]


def test_what_has_to_be_constant_is_named():
    model = model_of("g (float[2, 3] x, int64[2] p) => (float[a, b] y) { y = Tile(x, p) }")
    with pytest.raises(mx.MXNetError, match=r"node 'y', operator Tile: input 1 \('p'\) has to be a constant"):
        mx.onnx.import_model(model)


def test_lengths_that_have_to_be_given():
    text = "g (float[N, 3] x, float[N, 3] u, int64[N, 1] i) => (float[N, 3] y) { y = ScatterElements(x, i, u) }"
    message = r"needs the shape of input 0 \('x'\), which is \(\?, 3\); give the model fixed input shapes"
    with pytest.raises(mx.MXNetError, match=message):
        mx.onnx.import_model(model_of(text))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        (b"", "holds no graph"),
        (b"no protocol buffer at all", "is no ONNX model"),
        ("folder", "a folder, not a file"),
    ],
)
def test_bad_files(tmp_path, content, message):
    path = tmp_path / "model.onnx"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    for function in (mx.onnx.import_model, mx.onnx.get_model_metadata):
        with pytest.raises(mx.MXNetError, match=message) as caught:
            function(str(path))
        assert "model.onnx" in str(caught.value)


def test_another_thing_than_a_path():
    with pytest.raises(TypeError, match="model_file is a int; expected the path"):
        mx.onnx.import_model(3)


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.99])
def test_truncated_files(small, tmp_path, part):
    path = tmp_path / "cut.onnx"
    whole = small.SerializeToString()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(mx.MXNetError, match=r"cut\.onnx"):
        mx.onnx.import_model(str(path))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_files_give_an_mxnet_error_or_a_model(data):
    whole = bytearray(model_of(
        "g (float[N, 3] x) => (float[N, 2] y) { a = MatMul(x, w) \n s = Constant <value = int64[2] {0, 2}> () \n"
        " y = Reshape(a, s) }", {"w": np.ones((3, 2), "float32")},
    ).SerializeToString())  # fmt: skip
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        model = onnx.ModelProto.FromString(bytes(whole))
    except Exception:
        return
    with contextlib.suppress(mx.MXNetError):  # any other error is a failure
        mx.onnx.import_model(model)


def test_a_parameter_that_is_too_short(small):
    small.graph.initializer[0].raw_data = small.graph.initializer[0].raw_data[:-4]
    with pytest.raises(mx.MXNetError, match=r"'w'|not a valid ONNX model|cannot be read"):
        mx.onnx.import_model(small)


def test_a_graph_with_a_missing_input(small):
    small.graph.node[0].input[1] = "nowhere"
    with pytest.raises(mx.MXNetError, match="nowhere"):
        mx.onnx.import_model(small)


def test_data_in_other_files(small, tmp_path):
    path = tmp_path / "large.onnx"
    onnx.save(small, path, save_as_external_data=True, location="large.bin", size_threshold=0)
    _, arg_params, _ = mx.onnx.import_model(str(path))
    wanted = numpy_helper.to_array(onnx.load(str(path)).graph.initializer[0])
    assert np.array_equal(arg_params["w"].asnumpy(), wanted)
    (tmp_path / "large.bin").unlink()
    with pytest.raises(mx.MXNetError, match="the data of its parameters cannot be read"):
        mx.onnx.import_model(str(path))


def test_data_outside_of_the_folder_is_not_read(small, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(10_000))
    folder = tmp_path / "model"
    folder.mkdir()
    onnx.save(small, folder / "m.onnx", save_as_external_data=True, location="m.bin", size_threshold=0)
    model = onnx.load(str(folder / "m.onnx"), load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = "../secret"
    (folder / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(mx.MXNetError, match="cannot be read"):
        mx.onnx.import_model(str(folder / "m.onnx"))


def test_small_constants_that_ask_for_very_much():
    """Nothing large is made while a model is read."""
    text = """g (float[2] x) => (float[n] y) {
        s = Constant <value = int64[1] {1000000000000}> ()
        zeros = ConstantOfShape(s)
        y = Tile(x, r)
    }"""
    sym, arg_params, _ = mx.onnx.import_model(model_of(text, {"r": np.array([10**12])}))
    assert not arg_params
    assert sym.attr("reps") == "(1000000000000,)"


def test_without_the_onnx_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(mx.MXNetError, match=r'pip install "remx\[onnx\]"'):
        mx.onnx.import_model("any.onnx")


# -- there and back --------------------------------------------------------------------------------------------------


def test_export_and_import_give_the_network_back(tmp_path):
    data = mx.sym.var("data")
    net = mx.sym.Convolution(data, kernel=(3, 3), num_filter=4, name="conv")
    net = mx.sym.BatchNorm(net, fix_gamma=False, name="bn")
    net = mx.sym.Activation(net, act_type="relu", name="act")
    net = mx.sym.FullyConnected(net, num_hidden=3, name="fc")
    arguments, _, states = net.infer_shape(data=(2, 3, 6, 6))
    known = dict(zip(net.list_arguments(), arguments))
    params = {name: mx.nd.array(normal(*shape)) for name, shape in known.items() if name != "data"}
    params |= {name: mx.nd.array(abs(normal(*shape))) for name, shape in zip(net.list_auxiliary_states(), states)}
    path = str(tmp_path / "net.onnx")
    mx.onnx.export_model(net, params, [(2, 3, 6, 6)], np.float32, path)
    sym, arg_params, aux_params = mx.onnx.import_model(path)
    assert sym.list_arguments() == net.list_arguments()
    assert sym.list_auxiliary_states() == net.list_auxiliary_states()
    x = mx.nd.array(normal(2, 3, 6, 6))
    states = {name: params[name] for name in net.list_auxiliary_states()}
    given = {name: array for name, array in params.items() if name not in states}
    expected = net.bind(mx.cpu(), {"data": x, **given}, aux_states=states).forward()[0]
    found = sym.bind(mx.cpu(), {"data": x, **arg_params}, aux_states=aux_params).forward()[0]
    np.testing.assert_allclose(found.asnumpy(), expected.asnumpy(), 1e-5, 1e-6)
