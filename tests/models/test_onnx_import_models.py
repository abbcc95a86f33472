"""ONNX import against the test cases that come with the onnx package: every operator, in every version it covers.

What cannot be imported, or gives other numbers, stands in one table with its reason. A case of the table that begins
to work fails here, and has to leave the table.
"""

from __future__ import annotations

import fnmatch
import importlib
import pathlib
import pkgutil
import re
import warnings

import numpy as np
import pytest
import torch

import mxnet as mx

onnx = pytest.importorskip("onnx")

from onnx import numpy_helper  # noqa: E402

CASES = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "case" / "node"
DATA = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data"

#: Reason -> what the error says (None: other numbers), and the cases as patterns.
UNSUPPORTED: dict[str, tuple[str | None, str]] = {
    "arrays hold no 8-bit, 4-bit and 2-bit floats, no integers below 8 bits and no text": (
        "cannot hold",
        """test_cast*_*FLOAT8* test_cast*_*FLOAT4* test_cast*_*INT2* test_cast*_*INT4* test_*quantizelinear_e4m3fn*
        test_*quantizelinear_e5m2 test_*quantizelinear_float4e2m1 test_*quantizelinear_int[24]
        test_*quantizelinear_uint[24] test_equal_string* test_regex_full_match_* test_string_* test_strnorm*
        test_ai_onnx_ml_label_encoder_string* test_ai_onnx_ml_label_encoder_tensor_*""",
    ),
    "only tensors can be inputs of a symbol": (
        "only tensors can be inputs",
        """test_identity_opt test_identity_sequence test_loop13_seq test_loop16_seq_none test_optional_get_element_opt*
        test_optional_get_element_sequence test_optional_has_element_empty_optional_input
        test_optional_has_element_optional_input test_optional_has_element_tensor_input test_sequence_insert_at_*
        test_sequence_map_*""",
    ),
    "only tensors can be outputs of a symbol": (
        "is a sequence, not a tensor",
        "test_if_seq test_split_to_sequence_1 test_split_to_sequence_2 test_split_to_sequence_nokeepdims",
    ),
    "an optional value that is empty, chosen when the model runs": ("operator Optional", "test_if_opt"),
    "a symbol cannot have an output without elements": (
        "without elements",
        "test_slice_start_out_of_bounds test_causal_conv_with_state_kernel_size_one*",
    ),
    "the largest of no elements": ("no elements", "test_reduce_max_empty_set* test_reduce_min_empty_set"
                                   " test_reduce_log_sum_exp_empty_set"),
    "no operator does it": (
        "no operator expresses it",
        """test_adagrad* test_adam* test_momentum* test_nesterov_momentum test_gradient_of_* test_ai_onnx_ml_array_*
        test_ai_onnx_ml_binarizer test_ai_onnx_ml_tree_* test_bitcast_* test_bitwise_and_* test_bitwise_or_*
        test_bitwise_xor_* test_image_decoder_* test_tfidfvectorizer_* test_unique_*""",
    ),
    "arrays of these types are wider than ONNX's": (
        "shifts bits of",
        "test_bitshift_*_int16 test_bitshift_*_int64 test_bitshift_*_uint16 test_bitshift_*_uint32"
        " test_bitshift_*_uint64",
    ),
    "col2im has two axes": ("only 2 can be", "test_col2im_5d"),
    "BilinearSampler is linear and two-dimensional": (
        "operator GridSample",
        "test_gridsample_bicubic* test_gridsample_volumetric_*",
    ),
    "ROIAlign takes averages": ("only averages can be had", "test_roialign_mode_max"),
    "Scan had another form in operator set 8": ("sets from 9 on are read", "test_scan_sum"),
    "a loop whose number of steps depends on data has no known number of rows": (
        "collects outputs in a loop",
        "test_range_*_expanded",
    ),
    "the mask of dropout is not an output": ("mask of dropout", "test_training_dropout_default_mask"
                                             " test_training_dropout_mask"),
    "random numbers": (None, "test_bernoulli* test_training_dropout test_training_dropout_default"),
    "the remainder by infinity is that of MXNet": (None, "test_mod_float_edge_cases_fmod_0_*"),
    "as onnxruntime: aligned corners belong to the integer length": (
        None,
        "test_resize_downsample_scales_cubic_align_corners test_resize_downsample_scales_linear_align_corners",
    ),
}  # fmt: skip
#: Types that arrays do not have, and what they become.
WIDER = {"uint16": "int32", "int16": "int32", "uint32": "int64", "uint64": "int64"}


def reason_of(name):
    found = [
        reason
        for reason, (_, patterns) in UNSUPPORTED.items()
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns.split())
    ]
    assert len(found) < 2, (name, found)
    return found[0] if found else None


def as_numpy(value):
    return np.asarray(numpy_helper.to_array(value) if hasattr(value, "SerializeToString") else value)


def array(value):
    value = as_numpy(value)
    if value.dtype.name in WIDER:
        value = value.astype(WIDER[value.dtype.name])
    shaped = value.reshape(value.shape or (1,))
    if value.dtype.name == "bfloat16":
        return mx.nd.array(shaped.astype("float32")).astype("bfloat16")
    return mx.nd.array(shaped, dtype=value.dtype)


def run(model, inputs):
    sym, arg_params, aux_params = mx.onnx.import_model(model)
    arrays = {name: array(value) for name, value in inputs.items() if name in sym.list_arguments()}
    executor = sym.bind(mx.cpu(), {**arg_params, **arrays}, aux_states=aux_params, grad_req="null")
    return executor.forward()


def run_with_constants(model, inputs):
    """Run a model; inputs that have to be known while it is read become initializers, as in models of real use."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    while True:
        fixed = {tensor.name for tensor in model.graph.initializer}
        try:
            return run(model, {name: value for name, value in inputs.items() if name not in fixed})
        except mx.MXNetError as error:
            asked = set(re.findall(r"input \d+ \('([^']*)'\)", str(error))) & set(inputs) - fixed
            if not asked and re.search("computed from data|computed while|depends on data", str(error)):
                asked = {name for name, value in inputs.items() if is_small_integer(value)} - fixed
            if not asked:
                raise
            for name in asked:
                model.graph.initializer.append(numpy_helper.from_array(as_numpy(inputs[name]), name))


def is_small_integer(value):
    found = as_numpy(value) if not isinstance(value, (list, type(None))) else np.zeros(1)
    return found.dtype.kind in "ib" and found.ndim < 2


def check(model, inputs, outputs, rtol, atol):
    got = run_with_constants(model, inputs)
    assert len(got) == len(outputs)
    for found, expected in zip(got, map(as_numpy, outputs)):
        half = expected.dtype.name in ("float16", "bfloat16")
        dtype = WIDER.get(expected.dtype.name, expected.dtype.name)
        assert found.shape == (expected.shape or (1,))
        if dtype != "bfloat16":  # NumPy has no such dtype
            assert np.dtype(found.dtype).name == dtype
        np.testing.assert_allclose(
            found.asnumpy().astype(float).reshape(expected.shape),
            expected.astype(float),
            rtol=max(rtol, 0.01 if half else 0),
            atol=max(atol, 0.005 if half else 1e-5),
        )


def wrong(name, *case):
    """Return what is wrong with a case: it fails and should not, or the table expects a failure of another kind."""
    reason = reason_of(name)
    try:
        check(*case)
    except Exception as error:
        if reason is None:
            return f"{name}: {type(error).__name__}: {error}"
        message = UNSUPPORTED[reason][0]
        if message is None:
            return None if isinstance(error, AssertionError) else f"{name}: {error}"
        if not isinstance(error, mx.MXNetError) or message not in str(error):
            return f"{name}: expected an MXNetError with {message!r}, got {type(error).__name__}: {error}"
        return None
    return f"{name} works now: take it out of the table" if reason is not None else None


def node_modules():
    return [item.name for item in pkgutil.iter_modules([str(CASES)]) if not item.name.startswith("_")]


_cases: dict[str, list] = {}


def cases_of(module):
    """Return the cases that one module of the onnx package makes when it is imported."""
    if module not in _cases:
        from onnx.backend.test.case import node

        known = len(node._NodeTestCases)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = importlib.import_module(f"{node.__name__}.{module}")
            for item in pkgutil.iter_modules(getattr(found, "__path__", [])):
                importlib.import_module(f"{found.__name__}.{item.name}")
        _cases[module] = node._NodeTestCases[known:]
    return _cases[module]


@pytest.mark.parametrize("module", node_modules())
def test_nodes(module):
    troubles = []
    for case in cases_of(module):
        fixed = {tensor.name for tensor in case.model.graph.initializer}
        names = [item.name for item in case.model.graph.input if item.name not in fixed]
        inputs, outputs = case.data_sets[0]
        troubles.append(wrong(case.name, case.model, dict(zip(names, inputs)), outputs, case.rtol, case.atol))
    assert not any(troubles), "\n".join(filter(None, troubles))


def stored(kind):
    return sorted(path.parent for path in (DATA / kind).glob("*/model.onnx"))


@pytest.mark.parametrize(
    "folder", [*stored("simple"), *stored("pytorch-converted"), *stored("pytorch-operator")], ids=lambda path: path.name
)
def test_stored_models(folder):
    model = onnx.load(str(folder / "model.onnx"))
    fixed = {tensor.name for tensor in model.graph.initializer}
    names = [item.name for item in model.graph.input if item.name not in fixed]
    inputs, outputs = (
        [
            onnx.TensorProto.FromString(path.read_bytes())
            for path in sorted(
                (folder / "test_data_set_0").glob(f"{kind}_*.pb"), key=lambda path: int(path.stem[len(kind) + 1 :])
            )
        ]
        for kind in ("input", "output")
    )
    trouble = wrong(folder.name, model, dict(zip(names, inputs)), outputs, 1e-3, 1e-6)
    assert trouble is None, trouble


def test_the_table_holds_no_pattern_without_a_case():
    names = {case.name for module in node_modules() for case in cases_of(module)}
    names |= {folder.name for kind in ("simple", "pytorch-converted", "pytorch-operator") for folder in stored(kind)}
    unused = [
        pattern
        for _, patterns in UNSUPPORTED.values()
        for pattern in patterns.split()
        if not fnmatch.filter(names, pattern)
    ]
    assert not unused


# -- networks that torch writes, with open lengths -------------------------------------------------------------------


class Encoder(torch.nn.Module):
    """Self-attention over words and positions, with a mask."""

    def __init__(self):
        super().__init__()
        self.words, self.places = torch.nn.Embedding(50, 16), torch.nn.Embedding(32, 16)
        self.norm, self.project, self.out = torch.nn.LayerNorm(16), torch.nn.Linear(16, 48), torch.nn.Linear(16, 5)
        self.register_buffer("numbers", torch.arange(32)[None])

    def forward(self, ids, mask):
        count, length = ids.shape
        x = self.norm(self.words(ids) + self.places(self.numbers[:, :length]))
        q, k, v = self.project(x).view(count, length, 3, 4, 4).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) / q.size(-1) ** 0.5 + (1 - mask[:, None, None, :].float()) * -1e4
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(count, length, 16))


class Decoder(torch.nn.Module):
    """Causal attention, with a stored mask and one that is computed."""

    def __init__(self):
        super().__init__()
        self.words, self.project = torch.nn.Embedding(50, 16), torch.nn.Linear(16, 48)
        self.register_buffer("past", torch.tril(torch.ones(32, 32)).bool()[None, None])

    def forward(self, ids):
        count, length = ids.shape
        x = self.words(ids) + torch.arange(length).float()[None, :, None] * 0.01
        q, k, v = (part.reshape(count, length, 4, 4).transpose(1, 2) for part in self.project(x).split(16, -1))
        scores = (q @ k.transpose(-1, -2)).masked_fill(~self.past[:, :, :length, :length], float("-inf"))
        scores = scores.masked_fill(torch.triu(torch.ones(length, length), 1).bool(), -1e9)
        return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)


class Halves(torch.nn.Module):
    """An image network that goes down and up again."""

    def __init__(self):
        super().__init__()
        self.down, self.low, self.up = (torch.nn.Conv2d(a, b, 3, padding=1) for a, b in ((3, 4), (4, 4), (8, 2)))

    def forward(self, x):
        high = self.down(x).relu()
        low = self.low(torch.nn.functional.max_pool2d(high, 2)).relu()
        low = torch.nn.functional.interpolate(low, size=high.shape[2:], mode="bilinear", align_corners=False)
        return self.up(torch.cat([high, low], 1))


class Recurrent(torch.nn.Module):
    """Two layers in both directions; the first state is zeros of the batch's length."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.LSTM(5, 6, 2, bidirectional=True)

    def forward(self, x):
        return self.layers(x)[0]


def words(count, length):
    return torch.randint(0, 50, (count, length))


TORCH = {
    "encoder": (Encoder, {0: "n", 1: "t"}, lambda n, t: (words(n, t), (torch.rand(n, t) > 0.3).long())),
    "decoder": (Decoder, {0: "n", 1: "t"}, lambda n, t: (words(n, t),)),
    "halves": (Halves, {0: "n", 2: "h", 3: "w"}, lambda n, t: (torch.randn(n, 3, 4 * t, 2 * t),)),
    "recurrent": (Recurrent, {0: "t", 1: "n"}, lambda n, t: (torch.randn(t, n, 5),)),
}


@pytest.mark.parametrize("opset", [17, 20])
@pytest.mark.parametrize("name", sorted(TORCH))
def test_networks_of_torch_with_open_lengths(name, opset, tmp_path):
    make, axes, inputs_of = TORCH[name]
    torch.manual_seed(1)
    net, example = make().eval(), inputs_of(2, 6)
    names = [f"input{number}" for number in range(len(example))]
    path = str(tmp_path / "net.onnx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                net, example, path, input_names=names, dynamic_axes=dict.fromkeys(names, axes), opset_version=opset,
                dynamo=False,
            )  # fmt: skip
        except Exception as error:
            pytest.skip(f"torch cannot write this model here: {error}")
    sym, arg_params, aux_params = mx.onnx.import_model(path)
    for lengths in ((2, 6), (3, 9), (1, 1), (4, 32)):
        inputs = inputs_of(*lengths)
        arrays = {key: array(value.numpy()) for key, value in zip(names, inputs)}
        found = sym.bind(mx.cpu(), {**arg_params, **arrays}, aux_states=aux_params, grad_req="null").forward()[0]
        with torch.no_grad():
            expected = net(*inputs).numpy()
        assert found.shape == expected.shape
        np.testing.assert_allclose(found.asnumpy(), expected, 1e-4, 1e-5)
