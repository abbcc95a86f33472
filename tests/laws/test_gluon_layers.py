"""What is true of every layer of Gluon."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import mxnet as mx
from mxnet.gluon import Block, HybridBlock, SymbolBlock, loss, nn, rnn
from mxnet.gluon.contrib import cnn as contrib_cnn
from mxnet.gluon.contrib import nn as contrib_nn
from mxnet.gluon.contrib import rnn as contrib_rnn
from tests.laws.layers import LAYERS, LEFT_OUT, Layer
from tests.tolerances import GRADIENT, assert_close

HYBRID = [layer for layer in LAYERS if isinstance(layer.build(), HybridBlock)]
DEFERRED = [layer for layer in LAYERS if layer.given]
#: What is also called with states: these are inputs of its graph.
STATEFUL = (rnn.RNN, rnn.LSTM, rnn.GRU)
#: training, batch size, seed of weights: each step changes something
STEPS = [(True, 2, 0), (False, 2, 0), (False, 2, 1), (True, 2, 1), (True, 3, 1), (False, 3, 2), (True, 2, 0)]


def of(layers: list[Layer]) -> Any:
    return pytest.mark.parametrize("layer", layers, ids=str)


def flat(out: Any) -> list[mx.nd.NDArray]:
    if isinstance(out, (list, tuple)):
        return [array for part in out for array in flat(part)]
    return [out]


def initialized(layer: Layer, **more: Any) -> Any:
    """Return a layer whose parameters have shapes; the names are the same each time."""
    with mx.name.NameManager():
        block = layer.build(**more)
    block.initialize()
    block(*(one.make(2, 0) for one in layer.inputs))
    return block


def fill(block: Block, seed: int) -> None:
    """Set every parameter; names that end in 'var' are positive."""
    generator = np.random.default_rng(seed)
    for name, parameter in block.collect_params().items():
        values = generator.normal(size=parameter.shape) / 2
        parameter.set_data(mx.nd.array(values**2 + 0.5 if name.endswith("var") else values, dtype=parameter.dtype))


def outcome(
    block: Block, layer: Layer, training: bool = True, batch: int = 2, seed: int = 0, dtype: str = "float32"
) -> dict[str, np.ndarray]:
    """Return outputs, gradients and the state of parameters after one step."""
    fill(block, seed)
    inputs = [one.make(batch, number, dtype) for number, one in enumerate(layer.inputs)]
    wanted = [x for x, one in zip(inputs, layer.inputs) if one.differentiable]
    for x in wanted:
        x.attach_grad()
    mx.random.seed(7)
    with mx.autograd.record(train_mode=training):
        outputs = flat(block(*inputs))
    generator = np.random.default_rng(99)
    heads = [mx.nd.array(generator.normal(size=y.shape), dtype=y.dtype) for y in outputs]
    parameters = block.collect_params()
    learnt = {name: parameter for name, parameter in parameters.items() if parameter.grad_req != "null"}
    if wanted or learnt:
        mx.autograd.backward(outputs, heads)
    mx.nd.waitall()
    found = {f"output {i}": y for i, y in enumerate(outputs)}
    found |= {f"gradient of input {i}": x.grad for i, x in enumerate(wanted)}
    found |= {f"gradient of {name}": parameter.grad().tostype("default") for name, parameter in learnt.items()}
    found |= {name: parameter.data() for name, parameter in parameters.items()}
    return {name: array.asnumpy() for name, array in found.items()}


def assert_same(actual: dict[str, np.ndarray], expected: dict[str, np.ndarray], what: str) -> None:
    assert [*actual] == [*expected], what
    for name, values in expected.items():
        assert_close(actual[name], values, GRADIENT, f"{what}: {name}")


def test_every_layer_is_in_the_table():
    public = {
        kind
        for module in (nn, contrib_nn, contrib_cnn, rnn, contrib_rnn, loss)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, Block) and not name.startswith("_")
    }
    made = {kind for layer in LAYERS for kind in (type(layer.build()), *layer.covers)}
    left_out = {kind for kind in public if kind.__name__ in LEFT_OUT}
    assert public - made - left_out == set()
    assert left_out & made == set()
    assert len(left_out) == len(LEFT_OUT)


@pytest.mark.parametrize("options", [{}, {"static_alloc": True, "static_shape": True}], ids=["", "static"])
@of(HYBRID)
def test_hybridized_equals_not_hybridized(layer, options):
    plain, compiled = initialized(layer), initialized(layer)
    compiled.hybridize(**options)
    for training, batch, seed in STEPS:
        expected = outcome(plain, layer, training, batch, seed)
        assert all(np.isfinite(values).all() for values in expected.values())
        assert_same(outcome(compiled, layer, training, batch, seed), expected, f"{training=} {batch=} {seed=}")


@of(HYBRID)
def test_hybridizing_may_be_switched_off_and_on(layer):
    block = initialized(layer)
    found = []
    for active in (True, False, True):
        block.hybridize(active)
        found.append(outcome(block, layer))
    assert_same(found[1], found[0], "off")
    assert_same(found[2], found[0], "on again")


@of(HYBRID)
def test_prediction_without_recording(layer):
    """Graphs that only predict may be compiled in other ways than those with gradients."""
    plain, compiled = initialized(layer), initialized(layer)
    compiled.hybridize()
    for batch, seed in ((2, 0), (2, 0), (2, 1), (3, 1), (2, 2)):
        for block in (plain, compiled):
            fill(block, seed)
        inputs = [one.make(batch, number) for number, one in enumerate(layer.inputs)]
        for found, expected in zip(flat(compiled(*inputs)), flat(plain(*inputs)), strict=True):
            assert_close(found.asnumpy(), expected.asnumpy(), GRADIENT, f"{batch=} {seed=}")


@of(DEFERRED)
def test_deferred_shapes_equal_given_ones(layer):
    deferred = initialized(layer)
    with mx.name.NameManager():
        given = layer.build(**layer.given)
    given.initialize()
    for name, parameter in given.collect_params().items():  # there before the first call
        assert parameter.data().shape == deferred.collect_params()[name].shape, name
    assert repr(given) == repr(deferred)
    assert_same(outcome(given, layer), outcome(deferred, layer), "given")


@of(DEFERRED)
def test_deferred_shapes_are_found_by_a_recorded_call_of_a_graph(layer):
    with mx.name.NameManager():
        compiled = layer.build()
    compiled.initialize()
    compiled.hybridize()
    with mx.autograd.record():
        compiled(*(one.make(3, 0) for one in layer.inputs))
    assert_same(outcome(compiled, layer), outcome(initialized(layer), layer), "hybridized")


@of([layer for layer in DEFERRED if layer.make not in STATEFUL])
def test_deferred_shapes_are_found_by_infer_shape(layer):
    plain = initialized(layer)
    with mx.name.NameManager():
        told = layer.build()
    told.infer_shape(*(one.make(2, 0) for one in layer.inputs))
    for name, parameter in plain.collect_params().items():
        assert told.collect_params()[name].shape == parameter.shape, name


@of(LAYERS)
def test_parameters_are_saved_and_loaded(layer, tmp_path):
    block, other = initialized(layer), initialized(layer)
    fill(block, 3)
    fill(other, 4)
    path = str(tmp_path / "layer.params")
    block.save_parameters(path)
    other.load_parameters(path)
    for name, parameter in block.collect_params().items():
        assert_close(other.collect_params()[name].data().asnumpy(), parameter.data().asnumpy(), {}, name)
    with mx.name.NameManager():
        new = layer.build()
    new.load_parameters(path)  # shapes come from the file
    for name, parameter in block.collect_params().items():
        assert_close(new.collect_params()[name].data().asnumpy(), parameter.data().asnumpy(), {}, name)


@of(HYBRID)
def test_exported_and_imported_gives_the_same(layer, tmp_path):
    block = initialized(layer)
    fill(block, 5)
    inputs = [one.make(2, number) for number, one in enumerate(layer.inputs)]
    block.hybridize()
    expected = [y.asnumpy() for y in flat(block(*inputs))]
    path = str(tmp_path / "layer")
    block.export(path, epoch=3)
    if layer.make in STATEFUL:
        inputs += flat(block.begin_state(2))
    names = ["data"] if len(inputs) == 1 else [f"data{i}" for i in range(len(inputs))]
    imported = SymbolBlock.imports(f"{path}-symbol.json", names, f"{path}-0003.params")
    for active in (False, True):
        imported.hybridize(active)
        outputs = flat(imported(*inputs))
        assert len(outputs) == len(expected)
        for output, values in zip(outputs, expected):
            assert_close(output.asnumpy(), values, GRADIENT, f"{active=}")


@of(LAYERS)
def test_cast_to_float64_and_back(layer):
    block = initialized(layer)
    random = any(word in repr(block) for word in ("Dropout", "Zoneout"))  # the dtypes draw other numbers
    expected = outcome(block, layer, not random)
    block.cast("float64")
    double = outcome(block, layer, not random, dtype="float64")
    for name, values in expected.items():
        assert double[name].dtype == "float64", name
        assert_close(double[name].astype("float32"), values, {"float32": (1e-3, 1e-4)}, name)
    block.cast("float32")
    assert_same(outcome(block, layer, not random), expected, "back")


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda block: pickle.loads(pickle.dumps(block))], ids=["copy", "pickle"]
)
@of(LAYERS)
def test_copies_are_independent(layer, copied):
    block = initialized(layer)
    if isinstance(block, HybridBlock):
        block.hybridize()
    expected = outcome(block, layer)
    other = copied(block)
    assert repr(other) == repr(block)
    fill(block, 8)
    for name, parameter in other.collect_params().items():
        assert_close(parameter.data().asnumpy(), expected[name], {}, name)
    assert_same(outcome(other, layer), expected, "copy")


@of(HYBRID)
def test_shape_of_a_symbol(layer):
    """Composed with symbols, layers infer the shapes of outputs that arrays have."""
    block = initialized(layer)
    inputs = [one.make(2, 0) for one in layer.inputs]
    variables = [mx.sym.var(f"data{i}") for i in range(len(inputs))]
    symbol = mx.sym.Group(flat(block(*variables)))
    _, shapes, _ = symbol.infer_shape(**{f"data{i}": x.shape for i, x in enumerate(inputs)})
    assert shapes == [y.shape for y in flat(block(*inputs))]
