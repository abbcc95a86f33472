"""Networks exported to ONNX: what ONNX Runtime computes is what MXNet computes, also for other batches and lengths."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mxnet as mx
from mxnet.gluon import HybridBlock, nn, rnn
from tests.golden import zoo

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
runtime.set_default_logger_severity(4)

#: Small ones, each of another family; all others take their time.
QUICK = ("mobilenet0.25", "mobilenetv2_0.25", "resnet18_v1", "resnet18_v2", "squeezenet1.1")
NAMES = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in sorted(zoo.SIZES)]
TRANSFORMER = Path(__file__).parents[2] / "examples" / "gluon" / "transformer.py"


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def near(found: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, 1e-4, 1e-4 * max(1.0, float(np.abs(other).max())))


def executed(net: mx.sym.Symbol, params: Mapping[str, Any], inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    names = [name for name in net.list_arguments() if name not in params and not name.endswith("label")]
    arrays = {**params, **{name: mx.nd.array(x) for name, x in zip(names, inputs)}}
    shapes, _, _ = net.infer_shape(**{name: x.shape for name, x in zip(names, inputs)})
    arrays |= {n: mx.nd.zeros(s) for n, s in zip(net.list_arguments(), shapes) if n not in arrays}
    states = {name: arrays[name] for name in net.list_auxiliary_states()}
    arguments = {name: arrays[name] for name in net.list_arguments()}
    executor = net.bind(mx.cpu(), arguments, grad_req="null", aux_states=states)
    return [output.asnumpy() for output in executor.forward()]


def check(
    folder: Path,
    net: Any,
    params: Mapping[str, Any],
    inputs: Sequence[np.ndarray],
    others: Sequence[Sequence[np.ndarray]] = (),
    free: Any = None,
) -> Any:
    """Export, and compare ONNX Runtime with an executor on the inputs and on others of other shapes."""
    path = str(folder / "net.onnx")
    mx.onnx.export_model(net, params, [x.shape for x in inputs], np.float32, path, dynamic=free is not None,
                         dynamic_input_shapes=free)  # fmt: skip
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    session = runtime.InferenceSession(path)
    names = [item.name for item in session.get_inputs()]
    assert [item.name for item in session.get_outputs()] == net.list_outputs()
    for given in (inputs, *others):
        near(session.run(None, dict(zip(names, given))), executed(net, params, given))
    return model


def of_block(folder: Path, block: HybridBlock, *inputs: np.ndarray) -> tuple[mx.sym.Symbol, dict[str, Any]]:
    """Return the symbol and the parameters that a block writes into files."""
    block.hybridize()
    block(*map(mx.nd.array, inputs))
    block.export(str(folder / "block"), 0)
    net, arguments, states = mx.model.load_checkpoint(str(folder / "block"), 0)
    return net, {**arguments, **states}


@pytest.mark.parametrize("name", NAMES)
def test_model_zoo(name: str, tmp_path: Path) -> None:
    net = zoo.build(mx, name)
    x = zoo.image(name)
    net.hybridize()
    expected = net(mx.nd.array(x)).asnumpy()
    prefix = str(tmp_path / "net")
    net.export(prefix, 0)
    files = (prefix + "-symbol.json", prefix + "-0000.params")
    free = [(None, *x.shape[1:])]
    path = prefix + ".onnx"
    mx.onnx.export_model(*files, [x.shape], np.float32, path, dynamic=True, dynamic_input_shapes=free)
    session = runtime.InferenceSession(path)
    near(session.run(None, {"data": x}), [expected])
    twice = np.concatenate([x, x])
    near(session.run(None, {"data": twice}), [np.concatenate([expected, expected])])
    kept = {item.name for item in onnx.load(path).graph.initializer}
    missing = {parameter.name for parameter in net.collect_params().values()} - kept
    assert not missing


class LanguageModel(HybridBlock):
    """Embedding, recurrent layers, scores of the next word: (T, N) to (T, N, words)."""

    def __init__(self, layer: Any, bidirectional: bool = False) -> None:
        super().__init__()
        with self.name_scope():
            self.embedding = nn.Embedding(20, 8)
            self.layers = layer(8, num_layers=2, bidirectional=bidirectional, input_size=8, dropout=0.2)
            self.decoder = nn.Dense(20, flatten=False, in_units=16 if bidirectional else 8)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return self.decoder(self.layers(self.embedding(x)))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layer", [rnn.LSTM, rnn.GRU, rnn.RNN])
def test_recurrent_language_model(layer: Any, bidirectional: bool, tmp_path: Path) -> None:
    """Steps and sequences of any number; the first states are zeros, which ONNX needs not be told."""
    block = LanguageModel(layer, bidirectional)
    block.initialize(mx.init.Xavier())
    words = np.random.default_rng(0).integers(0, 20, (7, 3)).astype("float32")
    net, params = of_block(tmp_path, block, words)
    others = [[words[:4, :2]], [np.concatenate([words, words], axis=1)], [words[:1, :1]]]
    model = check(tmp_path, net, params, [words], others, free=[("steps", "batch")])
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count(layer.__name__) == 2


def test_fused_cells_give_their_states(tmp_path: Path) -> None:
    cell = mx.rnn.FusedRNNCell(6, num_layers=2, mode="lstm", bidirectional=True, prefix="f_", get_next_state=True)
    outputs, states = cell.unroll(4, mx.sym.var("data"), layout="TNC", merge_outputs=True)
    assert isinstance(outputs, mx.sym.Symbol)
    net = mx.sym.Group([outputs, *states])
    shapes, _, _ = net.infer_shape(data=(4, 2, 5))
    params = {n: mx.nd.array(draw(*s)) * 0.3 for n, s in zip(net.list_arguments(), shapes) if n != "data"}
    check(tmp_path, net, params, [draw(4, 2, 5)], [[draw(3, 7, 5)]], free=[(None, None, 5)])


def test_unrolled_cells_and_a_loss(tmp_path: Path) -> None:
    cell = mx.rnn.SequentialRNNCell()
    cell.add(mx.rnn.LSTMCell(6, prefix="lstm_"))
    cell.add(mx.rnn.GRUCell(6, prefix="gru_"))
    outputs, _ = cell.unroll(4, mx.sym.var("data"), layout="NTC", merge_outputs=True)
    assert isinstance(outputs, mx.sym.Symbol)
    scores = mx.sym.FullyConnected(mx.sym.Reshape(outputs, shape=(-1, 6)), num_hidden=3, name="scores")
    net = mx.sym.SoftmaxOutput(scores, name="softmax")
    shapes, _, _ = net.infer_shape(data=(2, 4, 5))
    given = ("data", "softmax_label")
    params = {n: mx.nd.array(draw(*s)) * 0.3 for n, s in zip(net.list_arguments(), shapes) if n not in given}
    check(tmp_path, net, params, [draw(2, 4, 5)], [[draw(6, 4, 5)]], free=[(None, 4, 5)])


@pytest.mark.parametrize("attention", ["batch_dot", "interleaved"])
def test_transformer(attention: str, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("transformer", TRANSFORMER)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    block = example.Encoder(10, 6, attention=example.ATTENTIONS[attention])
    block.initialize(mx.init.Xavier())
    words = np.random.default_rng(0).integers(0, 10, (5, 6)).astype("float32")
    net, params = of_block(tmp_path, block, words[:3])
    check(tmp_path, net, params, [words[:3]], [[words]], free=[("batch", 6)])


def detector(last: str) -> mx.sym.Symbol:
    """Two feature maps with anchors, classes and offsets, as SSD has them, and suppression in one of two ways."""
    features = mx.sym.var("data")
    anchors, classes, offsets = [], [], []
    for i in range(2):
        features = mx.sym.Convolution(features, kernel=(3, 3), num_filter=8, pad=(1, 1), stride=(2, 2), name=f"c{i}")
        features = mx.sym.Activation(features, act_type="relu")
        anchors.append(mx.sym.contrib.MultiBoxPrior(features, sizes=(0.2 + 0.2 * i, 0.3), ratios=(1, 2)))
        for found, count, name in ((classes, 4, "class"), (offsets, 4, "offset")):
            maps = mx.sym.Convolution(features, kernel=(3, 3), pad=(1, 1), num_filter=3 * count, name=f"{name}{i}")
            found.append(mx.sym.Flatten(mx.sym.transpose(maps, axes=(0, 2, 3, 1))))
    scores = mx.sym.transpose(mx.sym.Reshape(mx.sym.Concat(*classes, dim=1), shape=(0, -1, 4)), axes=(0, 2, 1))
    probability = mx.sym.SoftmaxActivation(scores, mode="channel")
    offset, anchor = mx.sym.Concat(*offsets, dim=1), mx.sym.Concat(*anchors, dim=1)
    if last == "MultiBoxDetection":
        return mx.sym.contrib.MultiBoxDetection(probability, offset, anchor, nms_topk=40, name="detection")
    boxes = mx.sym.contrib.box_decode(mx.sym.Reshape(offset, shape=(0, -1, 4)), anchor, std0=0.1, std1=0.1, std2=0.2,
                                      std3=0.2, format="corner")  # fmt: skip
    objects = mx.sym.slice_axis(probability, axis=1, begin=1, end=None)
    kind = mx.sym.expand_dims(mx.sym.argmax(objects, axis=1), axis=2)
    score = mx.sym.expand_dims(mx.sym.max(objects, axis=1), axis=2)
    rows = mx.sym.Concat(kind, score, boxes, dim=2)
    return mx.sym.contrib.box_nms(rows, overlap_thresh=0.45, valid_thresh=0.01, topk=50, coord_start=2, score_index=1,
                                  id_index=0, name="detection")  # fmt: skip


@pytest.mark.parametrize("free", [None, (None, 3, 32, 32), (None, 3, None, None)], ids=["fixed", "batch", "size"])
@pytest.mark.parametrize("last", ["MultiBoxDetection", "box_nms"])
def test_detector(last: str, free: Any, tmp_path: Path) -> None:
    net = detector(last)
    shapes, _, _ = net.infer_shape(data=(2, 3, 32, 32))
    params = {
        n: mx.nd.array(draw(*s, seed=i)) * 0.1
        for i, (n, s) in enumerate(zip(net.list_arguments(), shapes))
        if n != "data"
    }
    others = [] if free is None else [[draw(5, 3, 32, 32)]] if free[2] else [[draw(3, 3, 48, 40)]]
    model = check(tmp_path, net, params, [draw(2, 3, 32, 32)], others, free=None if free is None else [free])
    assert "NonMaxSuppression" in {node.op_type for node in model.graph.node}
    values = executed(net, params, [draw(2, 3, 32, 32)])[0]
    assert 5 < (values[0, :, 0] >= 0).sum() < 50  # some boxes stay and some do not


def test_half_precision(tmp_path: Path) -> None:
    block = zoo.build(mx, "mobilenet0.25")
    block.cast("float16")
    x = zoo.image("mobilenet0.25").astype("float16")
    block.hybridize()
    expected = block(mx.nd.array(x, dtype="float16")).asnumpy()
    block.export(str(tmp_path / "net"), 0)
    path = mx.onnx.export_model(str(tmp_path / "net-symbol.json"), str(tmp_path / "net-0000.params"), [x.shape],
                                np.float16, str(tmp_path / "net.onnx"))  # fmt: skip
    (found,) = runtime.InferenceSession(path).run(None, {"data": x})
    assert found.dtype == np.float16
    scale = float(np.abs(expected.astype("float64")).max())
    np.testing.assert_allclose(found.astype("float64"), expected.astype("float64"), 0, 0.05 * scale)
