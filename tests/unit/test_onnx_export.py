"""Export to ONNX: what ONNX Runtime computes from an exported graph is what the executor computes."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet._ops.registry import get
from mxnet._ops.registry import operators as all_operators
from tests.laws.calls import symbol
from tests.laws.cases import REFERENCES
from tests.reference import Sample

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
runtime.set_default_logger_severity(4)

from mxnet.onnx._export import NEWEST, OLDEST, USUAL  # noqa: E402
from mxnet.onnx._model import draft_of  # noqa: E402
from mxnet.onnx._translating import translations  # noqa: E402
from mxnet.onnx._without import WITHOUT  # noqa: E402

TABLE = translations()

#: Samples that ONNX Runtime computes otherwise, or not: operator and number of the sample, or the reason for all.
KNOWN = {
    ("GroupNorm", 5): "numbers whose variance float32 cannot hold",
    ("GroupNorm", 6): "numbers whose squares float32 cannot hold",
    ("InstanceNorm", 4): "numbers whose variance float32 cannot hold",
    ("InstanceNorm", 5): "numbers whose variance float32 cannot hold",
    ("LayerNorm", 8): "numbers whose variance float32 cannot hold",
    ("L2Normalization", 6): "numbers whose squares float32 cannot hold",
    ("_linalg_slogdet", 10): "a determinant that float32 cannot hold",
    ("norm", 20): "numbers whose squares float32 cannot hold",
    ("norm", 21): "numbers whose squares float32 cannot hold",
    ("Pooling_v1", 38): "windows beyond the data: the lowest number in place of minus infinity",
    ("RNN", 22): "ONNX Runtime has no GRU of float64",
    ("RNN", 23): "ONNX Runtime has no LSTM of float64",
    ("ROIPooling", 3): "ONNX Runtime refuses regions of an image that is not there",
    ("ROIPooling", 7): "ONNX Runtime refuses a scale of 0",
    ("_contrib_ROIAlign", 6): "a region of negative size",
    ("_contrib_PSROIPooling", 9): "float16 places on an edge of a bin, which are rounded otherwise",
}


def model_of(*args: Any, **options: Any) -> Any:
    """Return what `export_model` writes, in memory."""
    return draft_of(*args, **options).complete()


def executed(net: mx.sym.Symbol, values: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Return what an executor gives."""
    arrays = {name: mx.nd.array(value, dtype=value.dtype) for name, value in values.items()}
    arguments = {name: arrays[name] for name in net.list_arguments() if name in arrays}
    states = {name: arrays[name] for name in net.list_auxiliary_states()}
    missing = [name for name in net.list_arguments() if name not in arrays]  # labels
    if missing:
        shapes, _, _ = net.infer_shape(**{name: array.shape for name, array in arguments.items()})
        arguments |= {n: mx.nd.zeros(s) for n, s in zip(net.list_arguments(), shapes) if n in missing}
    executor = net.bind(mx.cpu(), arguments, grad_req="null", aux_states=states)
    return [output.asnumpy() for output in executor.forward(is_train=False)]


def ran(model: Any, values: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Return what ONNX Runtime gives."""
    session = runtime.InferenceSession(model if isinstance(model, str) else model.SerializeToString())
    return session.run(None, {item.name: values[item.name] for item in session.get_inputs()})


def assert_same(found: Sequence[np.ndarray], expected: Sequence[np.ndarray], tolerance: float = 1e-4) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        near = tolerance if other.dtype.itemsize > 2 else 2e-2
        np.testing.assert_allclose(one.astype("float64"), other.astype("float64"), rtol=near, atol=near)


def exported(net: mx.sym.Symbol, params: Mapping[str, Any], values: Mapping[str, np.ndarray], **options: Any) -> Any:
    """Export and let ONNX check the model, types and shapes included."""
    order = [name for name in net.list_inputs() if name in values and name not in params]
    model = model_of(net, params, [values[n].shape for n in order], [values[n].dtype for n in order], **options)
    onnx.checker.check_model(model, full_check=True)
    return model


def check(
    net: mx.sym.Symbol,
    values: Mapping[str, np.ndarray],
    params: Mapping[str, np.ndarray] | None = None,
    others: Sequence[Mapping[str, np.ndarray]] = (),
    tolerance: float = 1e-4,
    **options: Any,
) -> Any:
    """Compare ONNX Runtime with the executor, also on `others`, inputs of other shapes."""
    arrays = {name: mx.nd.array(value, dtype=value.dtype) for name, value in (params or {}).items()}
    model = exported(net, arrays, values, **options)
    for one in (values, *others):
        assert_same(ran(model, one), executed(net, {**one, **(params or {})}), tolerance)
    return model


# -- the law -----------------------------------------------------------------------------------------------------------


def finite(sample: Sample) -> bool:
    return all(x.size and (x.dtype.kind != "f" or np.isfinite(x).all()) for x in sample.inputs)


def spread(samples: list[tuple[int, Sample]], most: int) -> list[tuple[int, Sample]]:
    """Return some of the samples, from the first to the last."""
    return samples[:: max(1, -(-len(samples) // most))]


def cases(most: int = 1000) -> list[Any]:
    found = []
    for name, entry in sorted(REFERENCES.items()):
        operator = get(name)
        random = operator.random and name not in ("LeakyReLU", "Dropout", "RNN")
        if operator.name in TABLE and entry.deterministic and not random:
            samples = [(number, one) for number, one in enumerate(entry.samples) if finite(one)]
            if samples:
                chosen = samples if name.startswith("_contrib_MultiBox") else spread(samples, most)
                found.append(pytest.param(name, chosen, id=name))
    return found


@pytest.mark.parametrize(("name", "samples"), cases(5))
def test_law(name: str, samples: Sequence[tuple[int, Sample]]) -> None:
    """An exported operator computes what the executor computes, on every sample of the reference."""
    checked = 0
    for number, sample in samples:
        if (name, number) in KNOWN:
            continue
        net, names = symbol(name, sample.inputs, sample.attributes)
        values = dict(zip(names, sample.inputs))
        states = {n: mx.nd.array(values[n], dtype=values[n].dtype) for n in net.list_auxiliary_states()}
        try:
            model = exported(net, states, {n: v for n, v in values.items() if n not in states})
        except mx.MXNetError as error:
            if "no equivalent in ONNX" not in str(error):
                raise
            checked += 1
            continue
        try:
            found = ran(model, values)
        except runtime.capi.onnxruntime_pybind11_state.NotImplemented:
            if any(x.dtype == np.float32 for x in sample.inputs):
                raise
            checked += 1
            continue  # ONNX Runtime has few kernels for float64 and float16
        try:
            assert_same(found, executed(net, values))
        except AssertionError as error:
            raise AssertionError(f"sample {number}, {sample}: {error}") from None
        checked += 1
    assert checked


@pytest.mark.slow
@pytest.mark.parametrize("opset", [OLDEST, 18, 20, USUAL, NEWEST])
@pytest.mark.parametrize(("name", "samples"), cases())
def test_law_for_opsets(name: str, samples: Sequence[tuple[int, Sample]], opset: int) -> None:
    """The same in other versions of ONNX, where ONNX Runtime has the operator there."""
    for number, sample in samples:
        if (name, number) in KNOWN:
            continue
        net, names = symbol(name, sample.inputs, sample.attributes)
        values = dict(zip(names, sample.inputs))
        states = {n: mx.nd.array(values[n], dtype=values[n].dtype) for n in net.list_auxiliary_states()}
        try:
            found = ran(
                exported(net, states, {n: v for n, v in values.items() if n not in states}, opset=opset), values
            )
        except mx.MXNetError as error:
            if "no equivalent in ONNX" not in str(error):
                raise
        except runtime.capi.onnxruntime_pybind11_state.NotImplemented:
            continue
        else:
            assert_same(found, executed(net, values))


def _first_axis(names: Sequence[str], values: Mapping[str, np.ndarray]) -> list[tuple[Any, ...]]:
    """Let the first axis of the first input change."""
    return [((None if n == names[0] else values[n].shape[0]), *values[n].shape[1:]) for n in names]


@pytest.mark.parametrize(
    ("name", "samples"),
    [case for case in cases(3) if case.values[0] not in ("topk", "sort", "argsort")],  # type: ignore[attr-defined]
)
def test_law_for_other_batches(name: str, samples: Sequence[tuple[int, Sample]]) -> None:
    """Exported with a batch that may change, an operator computes another batch, or is refused."""
    for number, sample in samples:
        if (name, number) in KNOWN or not sample.inputs or not sample.inputs[0].ndim:
            continue
        net, names = symbol(name, sample.inputs, sample.attributes)
        values = dict(zip(names, sample.inputs))
        states = {n: mx.nd.array(values[n], dtype=values[n].dtype) for n in net.list_auxiliary_states()}
        data = {n: v for n, v in values.items() if n not in states}
        shapes = _first_axis(list(data), data)
        try:
            model = exported(net, states, data, dynamic=True, dynamic_input_shapes=shapes)
        except mx.MXNetError:
            continue  # the operator does not allow it
        twice = {**values, names[0]: np.concatenate([values[names[0]]] * 2)}
        try:
            expected = executed(net, twice)
            found = ran(model, twice)
        except (mx.MXNetError, runtime.capi.onnxruntime_pybind11_state.NotImplemented):
            continue
        try:
            assert_same(found, expected)
        except AssertionError as error:
            raise AssertionError(f"sample {number}, {sample}: {error}") from None


def test_known_samples_are_known_for_a_reason() -> None:
    for name, number in KNOWN:
        assert name in TABLE
        assert number < len(REFERENCES[name].samples)


def test_every_operator_has_a_translation_or_a_reason() -> None:
    names = {entry.name for entry in all_operators() if entry.name in REFERENCES or not entry.name.startswith("_test")}
    assert not set(TABLE) - names
    assert not set(TABLE) & set(WITHOUT)
    assert names == set(TABLE) | set(WITHOUT)


# -- networks ----------------------------------------------------------------------------------------------------------


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def parameters(net: mx.sym.Symbol, scale: float = 0.3, **data: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return random values for all that is not given as data or a label."""
    shapes, _, states = net.infer_shape(**data)
    found = {n: draw(*s, seed=i) * scale for i, (n, s) in enumerate(zip(net.list_arguments(), shapes))}
    found |= {n: np.abs(draw(*s)) + 0.5 for n, s in zip(net.list_auxiliary_states(), states)}
    return {n: v.astype("float32") for n, v in found.items() if n not in data and not n.endswith("label")}


def lenet() -> mx.sym.Symbol:
    net = mx.sym.Convolution(mx.sym.var("data"), kernel=(3, 3), num_filter=4, name="conv")
    net = mx.sym.BatchNorm(net, name="norm", fix_gamma=True)
    net = mx.sym.Pooling(mx.sym.Activation(net, act_type="relu"), kernel=(2, 2), stride=(2, 2), pool_type="max")
    net = mx.sym.Dropout(mx.sym.FullyConnected(mx.sym.Flatten(net), num_hidden=5, name="fc"), p=0.5)
    return mx.sym.SoftmaxOutput(net, name="softmax")


@pytest.mark.parametrize("opset", range(OLDEST, NEWEST + 1))
def test_a_small_network(opset: int) -> None:
    net = lenet()
    data = draw(2, 3, 10, 10)
    model = check(net, {"data": data}, parameters(net, data=data.shape), opset=opset)
    assert model.opset_import[0].version == opset
    assert [item.name for item in model.graph.input] == ["data"]  # the label is gone
    assert [item.name for item in model.graph.output] == ["softmax_output"]
    kept = {item.name for item in model.graph.initializer}
    assert {"conv_weight", "conv_bias", "norm_gamma", "norm_beta", "norm_moving_mean", "norm_moving_var"} <= kept
    assert {"conv", "norm", "fc", "softmax"} <= {node.name for node in model.graph.node}
    assert "Dropout" not in {node.op_type for node in model.graph.node}


def test_fix_gamma_writes_ones() -> None:
    net = lenet()
    model = exported(net, to_arrays(parameters(net, data=(2, 3, 10, 10))), {"data": draw(2, 3, 10, 10)})
    (gamma,) = [item for item in model.graph.initializer if item.name == "norm_gamma"]
    assert (onnx.numpy_helper.to_array(gamma) == 1).all()


def to_arrays(values: Mapping[str, np.ndarray]) -> dict[str, mx.nd.NDArray]:
    return {name: mx.nd.array(value, dtype=value.dtype) for name, value in values.items()}


def test_dynamic_batch() -> None:
    net = lenet()
    values = parameters(net, data=(2, 3, 10, 10))
    others = [{"data": draw(n, 3, 10, 10)} for n in (1, 5)]
    model = check(net, {"data": draw(2, 3, 10, 10)}, values, others, dynamic=True,
                  dynamic_input_shapes=[("batch", 3, 10, 10)])  # fmt: skip
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert model.graph.output[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_dynamic_image_size() -> None:
    net = mx.sym.Convolution(mx.sym.var("data"), kernel=(3, 3), num_filter=4, pad=(1, 1), name="conv")
    net = mx.sym.Pooling(net, kernel=(3, 3), stride=(2, 2), pad=(1, 1), pool_type="avg", pooling_convention="full")
    net = mx.sym.Pooling(mx.sym.UpSampling(net, scale=2, sample_type="nearest"), global_pool=True, kernel=(1, 1))
    values = parameters(net, data=(2, 3, 9, 8))
    others = [{"data": draw(1, 3, h, w)} for h, w in ((5, 5), (8, 13), (10, 7))]
    model = check(net, {"data": draw(2, 3, 9, 8)}, values, others, dynamic=True)
    lengths = model.graph.input[0].type.tensor_type.shape.dim
    assert [bool(n.dim_param) for n in lengths] == [True, False, True, True]  # the channels cannot change


def test_a_length_that_the_graph_fixes_cannot_change() -> None:
    net = mx.sym.FullyConnected(mx.sym.Reshape(mx.sym.var("data"), shape=(2, -1)), num_hidden=3, name="fc")
    params = to_arrays(parameters(net, data=(2, 4)))
    with pytest.raises(mx.MXNetError, match=r"other lengths.*fc.*dynamic_input_shapes"):
        model_of(net, params, [(2, 4)], dynamic=True, dynamic_input_shapes=[(None, 4)])


@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_reshape_codes(shape: list[int], seed: int) -> None:
    """All of MXNet's codes, with a batch of another length."""
    generator = np.random.default_rng(seed)
    menu = [(0, -1), (-1, 0), (-2,), (-3, -2), (0, -4, 1, -1, -2), (-1,), (1, -2), (0, -2), (0, 0, -1), (-3, -3)]
    codes = menu[generator.integers(len(menu))]
    net = mx.sym.Reshape(mx.sym.var("data"), shape=codes, reverse=bool(generator.integers(2)), name="out")
    values = {"data": draw(*shape)}
    try:
        executed(net, values)
    except mx.MXNetError:
        return
    check(net, values)
    free = [(None, *shape[1:])]
    try:
        model = exported(net, {}, values, dynamic=True, dynamic_input_shapes=free)
    except mx.MXNetError:
        return
    other = {"data": draw(shape[0] * 3, *shape[1:])}
    assert_same(ran(model, other), executed(net, other))


# -- loops and branches ------------------------------------------------------------------------------------------------


def test_foreach_becomes_scan() -> None:
    weight = mx.sym.var("weight")

    def step(row: mx.sym.Symbol, states: list[mx.sym.Symbol]) -> tuple[Any, list[mx.sym.Symbol]]:
        state = mx.sym.tanh(mx.sym.broadcast_mul(states[0], weight) + row)
        return [state * 2, row], [state]

    outputs, states = mx.sym.contrib.foreach(step, mx.sym.var("data"), [mx.sym.var("state")])
    net = mx.sym.Group([*outputs, *states])
    values = {"data": draw(5, 2, 3), "state": draw(2, 3)}
    model = check(net, values, {"weight": draw(3)})
    assert "Scan" in {node.op_type for node in model.graph.node}
    model = exported(net, to_arrays({"weight": draw(3)}), values, dynamic=True,
                     dynamic_input_shapes=[(None, 2, 3), (2, 3)])  # fmt: skip
    other = {"data": draw(8, 2, 3), "state": draw(2, 3)}
    assert_same(ran(model, other), executed(net, {**other, "weight": draw(3)}))


@pytest.mark.parametrize("start", [0.0, 3.0, 20.0])
def test_while_loop_becomes_loop(start: float) -> None:
    def condition(count: mx.sym.Symbol, total: mx.sym.Symbol) -> mx.sym.Symbol:
        return count < 6

    def body(count: mx.sym.Symbol, total: mx.sym.Symbol) -> tuple[Any, list[mx.sym.Symbol]]:
        return [total * count], [count + 1, total + count]

    outputs, states = mx.sym.contrib.while_loop(condition, body, [mx.sym.var("count"), mx.sym.var("total")],
                                                max_iterations=8)  # fmt: skip
    net = mx.sym.Group([*outputs, *states])
    values = {"count": np.array([start], "float32"), "total": np.array([1], "float32")}
    model = check(net, values)
    assert "Loop" in {node.op_type for node in model.graph.node}


@pytest.mark.parametrize("first", [1.0, 5.0])
def test_cond_becomes_if(first: float) -> None:
    a, b = mx.sym.var("a"), mx.sym.var("b")
    net = mx.sym.contrib.cond(a.sum() < 4, lambda: a + b, lambda: a * b - 1)
    net = net if isinstance(net, mx.sym.Symbol) else net[0]
    model = check(net, {"a": np.array([first, 1], "float32"), "b": draw(2)})
    assert "If" in {node.op_type for node in model.graph.node}


# -- random numbers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "mean", "spread"),
    [
        (mx.sym.random.uniform(low=2, high=4, shape=(4000,)), 3, 2 / 12**0.5),
        (mx.sym.random.normal(loc=-1, scale=2, shape=(4000,)), -1, 2),
        (mx.sym.random.exponential(scale=0.5, shape=(4000,)), 0.5, 0.5),
        (mx.sym.random.randint(low=0, high=9, shape=(4000,)), 4, (80 / 12) ** 0.5),
        (mx.sym._internal._sample_normal(mx.sym.var("m"), mx.sym.var("s"), shape=(4000,)), 3, 0.5),
        (mx.sym._internal._sample_multinomial(mx.sym.var("p"), shape=(4000,)), 0.75, 0.1875**0.5),
        (mx.sym.random.gamma(alpha=4, beta=0.5, shape=(4000,)), 2, 1),
        (mx.sym.random.poisson(lam=4, shape=(4000,)), 4, 2),
        (mx.sym.random.poisson(lam=144, shape=(4000,)), 144, 12),
        (mx.sym.random.negative_binomial(k=6, p=0.5, shape=(4000,)), 6, 12**0.5),
        (mx.sym.random.generalized_negative_binomial(mu=4, alpha=0.25, shape=(4000,)), 4, 8**0.5),
        (mx.sym._internal._sample_gamma(mx.sym.var("m"), mx.sym.var("s"), shape=(4000,)), 1.5, 0.75**0.5),
        (mx.sym._internal._sample_gamma(mx.sym.var("s"), mx.sym.var("m"), shape=(4000,)), 1.5, 4.5**0.5),
        (mx.sym._internal._sample_poisson(mx.sym.var("m"), shape=(4000,)), 3, 3**0.5),
        (mx.sym._internal._sample_negative_binomial(mx.sym.var("m"), mx.sym.var("s"), shape=(4000,)), 3, 6**0.5),
        (mx.sym._internal._sample_generalized_negative_binomial(mx.sym.var("m"), mx.sym.var("s"), shape=(4000,)),
         3, 7.5**0.5),
        (mx.sym.Dropout(mx.sym.ones((4000, 2)), p=0.2, axes=(1,), mode="always"), 1, 0.5),
    ],
    ids=["uniform", "normal", "exponential", "randint", "sample_normal", "multinomial", "gamma", "poisson",
         "poisson-144", "negative_binomial", "generalized", "sample_gamma", "sample_gamma-0.5", "sample_poisson",
         "sample_negative_binomial", "sample_generalized", "dropout"],
)  # fmt: skip
def test_random_numbers(net: mx.sym.Symbol, mean: float, spread: float) -> None:
    values = {"m": np.array([3], "float32"), "s": np.array([0.5], "float32"), "p": np.array([0.25, 0.75], "float32")}
    values = {name: values[name] for name in net.list_inputs()}
    (found,) = ran(exported(net, {}, values), values)
    assert found.dtype == executed(net, values)[0].dtype
    assert abs(found.mean() - mean) < 6 * spread / 4000**0.5
    assert abs(found.std() - spread) < 0.15 * spread


def test_draws_from_rows_of_several_axes() -> None:
    rows = np.eye(3, dtype="float32")[np.array([[0, 2], [1, 1]])]  # only one draw is possible in each
    net = mx.sym._internal._sample_multinomial(mx.sym.var("p"), shape=(2,), get_prob=True)
    check(net, {"p": rows}, dynamic=True, dynamic_input_shapes=[(None, 2, 3)], others=[{"p": rows[:1]}])


def _third_moment(values: np.ndarray) -> float:
    away = values - values.mean()
    return float((away**3).mean() / values.std() ** 3)


@pytest.mark.parametrize(
    ("net", "skew"),
    [
        (mx.sym.random.gamma(alpha=0.5, beta=2, shape=(20000,)), 2 / 0.5**0.5),
        (mx.sym.random.gamma(alpha=9, beta=2, shape=(20000,)), 2 / 3),
        (mx.sym.random.poisson(lam=0.5, shape=(20000,)), 2**0.5),
        (mx.sym.random.poisson(lam=12, shape=(20000,)), 12**-0.5),
    ],
)
def test_the_shape_of_distributions(net: mx.sym.Symbol, skew: float) -> None:
    """The third moment, which no other distribution of this mean and spread has."""
    found = ran(exported(net, {}, {}), {})[0].astype("float64")
    assert abs(_third_moment(found) - skew) < 0.15 + 0.1 * skew


def test_parameters_out_of_range_end_loops() -> None:
    """Nothing waits for numbers that are never accepted."""
    values = {"m": np.array([-1, 0, np.nan, 2], "float32"), "s": np.array([1, -1, np.nan, 0], "float32")}
    m, s = mx.sym.var("m"), mx.sym.var("s")
    internal = mx.sym._internal
    net = mx.sym.Group([internal._sample_gamma(m, s), internal._sample_poisson(m), internal._sample_poisson(s)])
    _, first, second = ran(exported(net, {}, values), values)
    assert first[0] == 0
    assert first[1] == 0
    assert second[1] == 0


def test_shuffled_rows_are_the_same_rows() -> None:
    net = mx.sym.shuffle(mx.sym.var("data"), name="mixed")
    data = draw(50, 2)
    model = exported(net, {}, {"data": data}, dynamic=True, dynamic_input_shapes=[(None, 2)])
    session = runtime.InferenceSession(model.SerializeToString())
    (one,), (other,) = (session.run(None, {"data": data}) for _ in range(2))
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal(one[np.argsort(one[:, 0])], data[np.argsort(data[:, 0])])
    assert ran(model, {"data": data[:7]})[0].shape == (7, 2)


@pytest.mark.parametrize("kind", ["brightness", "contrast", "saturation"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_colours_by_a_known_factor(kind: str, dtype: str) -> None:
    """What is drawn between two equal bounds is known."""
    data = np.random.default_rng(0).integers(0, 255, (5, 4, 3)).astype(dtype)
    operator = getattr(mx.sym.image, f"random_{kind}")
    net = operator(mx.sym.var("data"), min_factor=1.25, max_factor=1.25)
    found, expected = ran(exported(net, {}, {"data": data}), {"data": data}), executed(net, {"data": data})
    np.testing.assert_allclose(
        found[0].astype(float), expected[0].astype(float), atol=1.001 if dtype == "uint8" else 1e-3
    )


def test_images_are_flipped_in_half_of_the_runs() -> None:
    net = mx.sym.image.random_flip_left_right(mx.sym.var("data"))
    data = draw(2, 3, 1)
    model = runtime.InferenceSession(exported(net, {}, {"data": data}).SerializeToString())
    runs = [np.array_equal(model.run(None, {"data": data})[0], data) for _ in range(40)]
    assert 5 < sum(runs) < 35


# -- recurrent layers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "bidirectional", "layers"),
    list(itertools.product(["lstm", "gru", "rnn_tanh", "rnn_relu"], [False, True], [1, 2])),
)
def test_recurrent_layers(mode: Any, bidirectional: bool, layers: int) -> None:
    """Weights known at export become weights of ONNX, and are gathered there if they are not."""
    names = ["data", "weights", "state"] + (["cell"] if mode == "lstm" else [])
    net = mx.sym.RNN(*map(mx.sym.var, names), state_size=4, num_layers=layers, mode=mode, bidirectional=bidirectional,
                     state_outputs=True, name="rnn")  # fmt: skip
    shapes, _, _ = net.infer_shape(data=(5, 2, 3))
    values = {name: draw(*shape, seed=i) * 0.4 for i, (name, shape) in enumerate(zip(net.list_arguments(), shapes))}
    model = check(net, {n: v for n, v in values.items() if n != "weights"}, {"weights": values["weights"]})
    assert "Gather" not in {node.op_type for node in model.graph.node}
    check(net, values)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("options", [{"projection_size": 2}, {"lstm_state_clip_min": -0.2, "lstm_state_clip_max": 0.3},
                                     {"projection_size": 2, "use_sequence_length": True}])  # fmt: skip
def test_projected_and_clipped_layers(options: dict[str, Any], bidirectional: bool) -> None:
    names = ["data", "weights", "state", "cell"] + (["lengths"] if "use_sequence_length" in options else [])
    net = mx.sym.RNN(*map(mx.sym.var, names), state_size=4, num_layers=2, mode="lstm", bidirectional=bidirectional,
                     state_outputs=True, **options)  # fmt: skip
    shapes, _, _ = net.infer_shape(data=(5, 2, 3))
    values = {name: draw(*shape, seed=i) for i, (name, shape) in enumerate(zip(net.list_arguments(), shapes))}
    if "lengths" in values:
        values["lengths"] = np.array([3, 0], "float32")
    model = check(net, {n: v for n, v in values.items() if n != "weights"}, {"weights": values["weights"]})
    assert "Scan" in {node.op_type for node in model.graph.node}
    check(net, values)


# -- matrices ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opset", [OLDEST, USUAL])
@pytest.mark.parametrize("batch", [(), (3,), (2, 2)])
def test_factors_of_matrices(batch: tuple[int, ...], opset: int) -> None:
    """Batches of larger matrices, some of which need another pivot than the diagonal."""
    square, wide = draw(*batch, 6, 6), draw(*batch, 4, 6, seed=1)
    square[..., 0, 0] = 0
    a = mx.sym.var("a")
    net = mx.sym.Group([mx.sym.linalg.inverse(a), *mx.sym.linalg.gelqf(mx.sym.var("b"))])
    check(net, {"a": square, "b": wide}, opset=opset, tolerance=1e-3)
    positive = np.matmul(square, np.swapaxes(square, -1, -2)) + np.eye(6, dtype="float32")
    factor = mx.sym.linalg.potrf(mx.sym.var("a"))
    net = mx.sym.Group([factor, mx.sym.linalg.potri(factor)])
    check(net, {"a": positive}, opset=opset, tolerance=1e-3)


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("rightside", [False, True])
@pytest.mark.parametrize("transpose", [False, True])
def test_triangular_systems(lower: bool, rightside: bool, transpose: bool) -> None:
    """What stands in the other triangle is not read; the batch may change."""
    net = mx.sym.linalg.trsm(mx.sym.var("a"), mx.sym.var("b"), lower=lower, rightside=rightside, transpose=transpose,
                             alpha=0.5)  # fmt: skip
    a, b = draw(2, 4, 4) + 3 * np.eye(4, dtype="float32"), draw(2, *((3, 4) if rightside else (4, 3)), seed=1)
    others = [{"a": np.concatenate([a, a]), "b": np.concatenate([b, -b])}]
    check(net, {"a": a, "b": b}, others=others, dynamic=True,
          dynamic_input_shapes=[("n", 4, 4), ("n", *b.shape[1:])])  # fmt: skip


@pytest.mark.parametrize("options", [{"kernel_size": 3, "stride1": 2}, {"is_multiply": False},
                                     {"max_displacement": 4, "stride2": 2, "pad_size": 4}])  # fmt: skip
def test_correlation_of_any_batch(options: dict[str, Any]) -> None:
    net = mx.sym.Correlation(mx.sym.var("a"), mx.sym.var("b"), **options)
    values = {"a": draw(2, 3, 9, 8), "b": draw(2, 3, 9, 8, seed=1)}
    others = [{name: value[:1] for name, value in values.items()}]
    check(net, values, others=others, dynamic=True, dynamic_input_shapes=[("n", 3, 9, 8)] * 2)


@pytest.mark.parametrize("group_size", [0, 2])
def test_position_sensitive_pooling(group_size: int) -> None:
    """For any number of images and regions, some of which are of no image."""
    rois = np.array([[0, 0, 0, 7, 5], [1, 2, 1, 5, 8], [2, 0, 0, 3, 3], [0, -3, 4, 20, 5]], "float32")
    x, r = mx.sym.var("data"), mx.sym.var("rois")
    pooled = mx.sym.contrib.PSROIPooling(x, r, spatial_scale=0.7, output_dim=2, pooled_size=4, group_size=group_size)
    aligned = mx.sym.contrib.ROIAlign(x, r, pooled_size=(2, 4), spatial_scale=0.7, position_sensitive=True,
                                      sample_ratio=2)  # fmt: skip
    values = {"data": draw(2, 32, 9, 8), "rois": rois}
    others = [{"data": values["data"][:1], "rois": rois[[0, 3, 0]]}]
    check(mx.sym.Group([pooled, aligned]), values, others=others, dynamic=True,
          dynamic_input_shapes=[("n", 32, 9, 8), ("r", 5)])  # fmt: skip


@pytest.mark.parametrize("interp", range(5))
@pytest.mark.parametrize("size", [(5, 9), (13, 4), (20, 20)])
def test_images_of_another_size(interp: int, size: tuple[int, int]) -> None:
    net = mx.sym.image.resize(mx.sym.var("data"), size=size, interp=interp)
    check(net, {"data": draw(2, 8, 10, 3)}, dynamic=True, others=[{"data": draw(3, 8, 10, 3)}],
          dynamic_input_shapes=[(None, 8, 10, 3)])  # fmt: skip


@pytest.mark.parametrize("interp", [1, 2, 3])
def test_pixels_are_rounded(interp: int) -> None:
    """Within 1 of OpenCV's, which rounds weights too, and nearly all equal."""
    data = np.random.default_rng(0).integers(0, 256, (12, 10, 3)).astype("uint8")
    net = mx.sym.image.resize(mx.sym.var("data"), size=(7, 9), interp=interp)
    (found,), (expected,) = ran(exported(net, {}, {"data": data}), {"data": data}), executed(net, {"data": data})
    assert found.dtype == np.uint8
    apart = np.abs(found.astype(int) - expected.astype(int))
    assert apart.max() <= 1
    assert apart.mean() < 0.25  # half of them would differ without rounding


# -- one error for all that is wrong -----------------------------------------------------------------------------------


def test_operators_without_equivalent_are_listed_at_once() -> None:
    x = mx.sym.var("data")
    values, vectors = mx.sym.linalg.syevd(x, name="first")
    lossy = mx.sym.sgd_update(x, x, lr=1, name="second")
    net = mx.sym.Group([values, vectors, mx.sym.linalg.syevd(lossy, name="third")[0]])
    with pytest.raises(mx.MXNetError) as caught:
        model_of(net, {}, [(2, 2)])
    text = str(caught.value)
    for kind, name in (("_linalg_syevd", "first"), ("sgd_update", "second"), ("_linalg_syevd", "third")):
        assert f"{kind}, node {name!r}: {WITHOUT[kind]}" in text
    assert "3 nodes" in text


def test_attributes_without_equivalent_are_listed_at_once() -> None:
    x = mx.sym.var("data")
    net = mx.sym.Group([mx.sym.linalg.potrf(x, name="left"), mx.sym.linalg.inverse(x, name="right")])
    with pytest.raises(mx.MXNetError, match=r"(?s)'left': the size of the matrices.*'right': the size of the matrices"):
        model_of(net, {}, [(3, 3)], dynamic=True, dynamic_input_shapes=[("n", "n")])


def test_an_operator_in_python_is_named() -> None:
    class Double(mx.operator.CustomOp):
        def forward(self, is_train: Any, req: Any, in_data: Any, out_data: Any, aux: Any) -> None:
            self.assign(out_data[0], req[0], in_data[0] * 2)

    @mx.operator.register("test_onnx_double")
    class DoubleProp(mx.operator.CustomOpProp):
        def create_operator(self, ctx: Any, in_shapes: Any, in_dtypes: Any) -> Double:
            return Double()

    net = mx.sym.Custom(mx.sym.var("data"), op_type="test_onnx_double", name="mine")
    with pytest.raises(mx.MXNetError, match=r"test_onnx_double.*'mine'"):
        model_of(net, {}, [(2,)])


@pytest.mark.parametrize(
    ("call", "kind", "match"),
    [
        (lambda n, p: model_of(n, p, []), ValueError, r"in_shapes has 0 shapes; expected 1.*data"),
        (lambda n, p: model_of(n, p, None), ValueError, "in_shapes is None"),
        (lambda n, p: model_of(n, p, [(2, -1)]), ValueError, r"'data' is \(2, -1\)"),
        (lambda n, p: model_of(n, p, [(2, 3)], [np.float32] * 3), ValueError, "in_types has 3"),
        (lambda n, p: model_of(n, p, [(2, 3)], "float31"), TypeError, "in_types.*float31"),
        (lambda n, p: model_of(n, {}, [(2, 3)]), ValueError, r"expected 3.*data, fc_weight, fc_bias"),
        (lambda n, p: model_of(n, p, [(2, 4)]), mx.MXNetError, r"fc_weight is \(2, 3\), expected \(2, 4\)"),
        (lambda n, p: model_of(n, 5, [(2, 3)]), TypeError, "params is int"),
        (lambda n, p: model_of(p, p, [(2, 3)]), TypeError, "sym is dict"),
        (lambda n, p: model_of(n, p, [(2, 3)], opset=16), mx.MXNetError, "opset is 16; expected an int from 17"),
        (
            lambda n, p: model_of(n, p, [(2, 3)], dynamic=True, dynamic_input_shapes=[(None,)]),
            ValueError,
            "as many axes",
        ),
        (lambda n, p: model_of(n, p, [(2, 3)], dynamic=True, dynamic_input_shapes=[(None, 4)]), ValueError, "axis 1"),
        (lambda n, p: model_of(n, p, [(2, 3)], dynamic=True, dynamic_input_shapes=[]), ValueError, "has 0 shapes"),
    ],
)
def test_bad_arguments(call: Callable[..., Any], kind: type[Exception], match: str) -> None:
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="fc")
    params = {"fc_weight": mx.nd.ones((2, 3)), "fc_bias": mx.nd.zeros((2,))}
    with pytest.raises(kind, match=match) as caught:
        call(net, params)
    assert isinstance(caught.value, mx.MXNetError)


# -- files and the call of MXNet 1.9.1 ---------------------------------------------------------------------------------


def files(folder: Any) -> tuple[str, str, mx.sym.Symbol, dict[str, np.ndarray]]:
    net = lenet()
    values = parameters(net, data=(2, 3, 10, 10))
    states = net.list_auxiliary_states()
    arrays = to_arrays(values)
    prefix = os.path.join(folder, "lenet")
    mx.model.save_checkpoint(prefix, 3, net, {n: a for n, a in arrays.items() if n not in states},
                             {n: a for n, a in arrays.items() if n in states})  # fmt: skip
    return prefix + "-symbol.json", prefix + "-0003.params", net, values


def test_export_model_from_files(tmp_path: Any) -> None:
    symbol_file, params_file, net, values = files(tmp_path)
    path = str(tmp_path / "lenet.onnx")
    assert mx.onnx.export_model(symbol_file, params_file, [(2, 3, 10, 10)], np.float32, path) == path
    data = {"data": draw(2, 3, 10, 10)}
    assert_same(ran(path, data), executed(net, {**data, **values}))
    assert onnx.load(path).producer_name == "remx"


def test_export_model_as_before_1_9(tmp_path: Any) -> None:
    """The positional call of 1.3 to 1.8, its place and its keywords."""
    from mxnet.contrib import onnx as onnx_mxnet
    from mxnet.contrib.onnx.mx2onnx import export_model

    symbol_file, params_file, net, values = files(tmp_path)
    one, two = str(tmp_path / "one.onnx"), str(tmp_path / "two.onnx")
    onnx_mxnet.export_model(symbol_file, params_file, [(2, 3, 10, 10)], np.float32, one)
    export_model(net, to_arrays(values), input_shape=[(2, 3, 10, 10)], input_type=np.float32, onnx_file_path=two,
                 run_shape_inference=True)  # fmt: skip
    data = {"data": draw(2, 3, 10, 10)}
    assert_same(ran(one, data), ran(two, data))


def test_two_dicts_of_parameters(tmp_path: Any) -> None:
    symbol_file, params_file, _, _ = files(tmp_path)
    net, arguments, states = mx.model.load_checkpoint(symbol_file.removesuffix("-symbol.json"), 3)
    assert model_of(net, [arguments, states], [(2, 3, 10, 10)]) == model_of(symbol_file, params_file, [(2, 3, 10, 10)])


def test_verbose_says_what_was_written(tmp_path: Any, caplog: pytest.LogCaptureFixture) -> None:
    net = mx.sym.relu(mx.sym.var("data"), name="act")
    with caplog.at_level("INFO"):
        mx.onnx.export_model(net, {}, [(2,)], onnx_file_path=str(tmp_path / "a.onnx"), verbose=True)
    assert "Relu" in caplog.text
    assert "a.onnx" in caplog.text


def test_labels_may_be_given_shapes() -> None:
    net = lenet()
    params = to_arrays(parameters(net, data=(2, 3, 10, 10)))
    model = model_of(net, params, [(2, 3, 10, 10), (2,)])
    assert [item.name for item in model.graph.input] == ["data"]


def test_dtypes_that_do_not_go_together(tmp_path: Any) -> None:
    symbol_file, params_file, _, _ = files(tmp_path)
    path = str(tmp_path / "half.onnx")
    with pytest.raises(mx.MXNetError, match=r"in_types.*conv"):
        mx.onnx.export_model(symbol_file, params_file, [(2, 3, 10, 10)], np.float16, path)
    assert not os.path.exists(path)


def test_a_folder_that_is_not_there(tmp_path: Any) -> None:
    symbol_file, params_file, _, _ = files(tmp_path)
    with pytest.raises(mx.MXNetError, match=r"cannot write '.*nowhere.*net\.onnx': No such file"):
        mx.onnx.export_model(
            symbol_file, params_file, [(2, 3, 10, 10)], onnx_file_path=str(tmp_path / "nowhere/net.onnx")
        )


def test_large_models_have_a_second_file(tmp_path: Any, monkeypatch: Any, caplog: Any) -> None:
    import mxnet.onnx._draft as writing

    monkeypatch.setattr(writing, "MOST_BYTES", 100)
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=50, name="fc")
    net = mx.sym.FullyConnected(net, num_hidden=40, name="second")
    values = parameters(net, data=(2, 30))
    path = str(tmp_path / "large.onnx")
    mx.onnx.export_model(net, to_arrays(values), [(2, 30)], onnx_file_path=path)
    assert os.path.exists(path + ".data")
    assert "large.onnx.data holds them and has to stay beside it" in caplog.text
    data = {"data": draw(2, 30)}
    assert_same(ran(path, data), executed(net, {**data, **values}))
    _, arguments, _ = mx.onnx.import_model(path)
    for name, value in values.items():
        np.testing.assert_array_equal(arguments[name].asnumpy(), value)


def test_files_are_what_onnx_writes(tmp_path: Any) -> None:
    """Parameters go into the file past the onnx package, and not a byte is another."""
    symbol_file, params_file, _, _ = files(tmp_path)
    shapes = [(2, 3, 10, 10)]
    for inferred in (False, True):
        path = mx.onnx.export_model(
            symbol_file, params_file, shapes, onnx_file_path=str(tmp_path / "a.onnx"), run_shape_inference=inferred
        )
        with open(path, "rb") as file:
            written = file.read()
        model = onnx.ModelProto.FromString(written)
        assert written == model.SerializeToString()
        whole = model_of(symbol_file, params_file, shapes)
        if inferred:
            whole = onnx.shape_inference.infer_shapes(whole, check_type=True, strict_mode=True)
        assert model == whole


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
def test_parameters_that_are_no_row_of_numbers(tmp_path: Any, dtype: str) -> None:
    """Transposed, of no elements, of one: what is written is what the array holds."""
    weight = mx.nd.array(draw(40, 60)).astype(dtype).T
    net = mx.sym.broadcast_mul(mx.sym.var("weight"), mx.sym.Cast(mx.sym.var("data"), dtype=dtype))
    path = mx.onnx.export_model(net, {"weight": weight}, [(1,)], onnx_file_path=str(tmp_path / "net.onnx"))
    (found,) = onnx.load(path).graph.initializer
    array = onnx.numpy_helper.to_array(found)
    assert array.dtype.name == dtype
    np.testing.assert_array_equal(array.astype("float32"), weight.astype("float32").asnumpy())


def test_memory_of_export_and_import(tmp_path: Any) -> None:
    """Neither holds the parameters a second time; the largest is a third of them."""
    if not os.path.exists("/proc/self/clear_refs"):
        pytest.skip("only Linux tells the peak of a process's memory")
    program = """
import pathlib
import mxnet as mx
def convert(width, layers):
    net, params = mx.sym.var("data"), {}
    for n in range(layers):
        net = mx.sym.FullyConnected(net, num_hidden=width, name=f"fc{n}", no_bias=True)
        params[f"fc{n}_weight"] = mx.nd.ones((width, width))
    start()
    path = mx.onnx.export_model(net, params, [(1, width)], onnx_file_path="net.onnx")
    exported = peak()
    params = None
    start()
    found = mx.onnx.import_model(path)
    return exported, peak()
def start():
    global before
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = high()
def high():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
def peak():
    return high() - before
convert(8, 3)
print(*(n / (4 * 2500**2 * 3) for n in convert(2500, 3)))
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True)
    exported, imported = map(float, found.stdout.split())
    assert exported < 0.3  # above the parameters that the caller has
    assert imported < 1.3


def test_blocks(tmp_path: Any) -> None:
    """A hybridized block that has run brings its graph and its parameters."""
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Dense(5, activation="relu"), mx.gluon.nn.BatchNorm(), mx.gluon.nn.Dense(2))
    net.initialize()
    path = str(tmp_path / "net.onnx")
    x = mx.nd.array(draw(3, 4))
    with pytest.raises(mx.MXNetError, match=r"HybridSequential .* no graph yet; call hybridize\(\)"):
        mx.onnx.export_model(net, None, [(3, 4)], onnx_file_path=path)
    net.hybridize()
    expected = net(x).asnumpy()
    mx.onnx.export_model(net, None, [(3, 4)], onnx_file_path=path)
    assert_same(ran(path, {"data": x.asnumpy()}), [expected])
    other = str(tmp_path / "other.onnx")
    mx.onnx.export_model(net, net.collect_params(), [(3, 4)], onnx_file_path=other)
    assert onnx.load(other) == onnx.load(path)
    with pytest.raises(mx.base.TypeError, match=r"Sequential .* is no HybridBlock"):
        mx.onnx.export_model(mx.gluon.nn.Sequential(), None, [(3, 4)])


def test_several_outputs_and_outputs_that_are_inputs() -> None:
    x = mx.sym.var("data")
    act = mx.sym.relu(x, name="act")
    net = mx.sym.Group([act, x, mx.sym.BlockGrad(act, name="stopped"), act, mx.sym.Dropout(x, name="drop")])
    model = check(net, {"data": draw(2, 3)})
    assert len({item.name for item in model.graph.output}) == 5


def test_parameters_of_other_dtypes() -> None:
    net = mx.sym.FullyConnected(mx.sym.Cast(mx.sym.var("data"), dtype="float16"), num_hidden=2, name="fc")
    values = {"fc_weight": draw(2, 3).astype("float16"), "fc_bias": draw(2).astype("float16")}
    check(net, {"data": draw(4, 3)}, values)


def test_shapes_that_variables_were_given() -> None:
    net = mx.sym.relu(mx.sym.var("data", shape=(2, 3)), name="act")
    model = model_of(net, {})
    assert [n.dim_value for n in model.graph.input[0].type.tensor_type.shape.dim] == [2, 3]


def test_constants_of_the_graph_are_folded() -> None:
    x = mx.sym.var("data")
    net = mx.sym.broadcast_add(x, mx.sym.arange(start=0, stop=6).reshape((1, 6)) * 2)
    model = check(
        net, {"data": draw(4, 6)}, dynamic=True, others=[{"data": draw(1, 6)}], dynamic_input_shapes=[(None, 6)]
    )
    assert [node.op_type for node in model.graph.node] == ["Add"]


def test_operator_support() -> None:
    names = mx.onnx.get_operator_support()
    assert {"Convolution", "FullyConnected", "RNN", "_foreach", "_contrib_box_nms"} <= set(names)
    assert "_contrib_DeformableConvolution" in mx.onnx.get_operator_support(USUAL)
    assert "_contrib_DeformableConvolution" not in mx.onnx.get_operator_support(17)
    assert mx.onnx.mx2onnx.get_operator_support() == names


def test_without_the_package(tmp_path: Any) -> None:
    """The message says what to install, and importing mxnet.onnx needs nothing."""
    program = (
        "import sys; sys.modules['onnx'] = None\n"
        "import mxnet as mx\n"
        "try: mx.onnx.export_model(mx.sym.var('x'), {}, [(1,)])\n"
        "except mx.MXNetError as error: print(error)\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert "remx[onnx]" in found.stdout
