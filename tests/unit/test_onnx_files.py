"""ONNX files as bytes: parameters are read past the onnx package, and are what it reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx

onnx = pytest.importorskip("onnx")

from mxnet.onnx._loading import LARGE, load  # noqa: E402
from mxnet.onnx._wire import Damaged, without_arrays  # noqa: E402


def model_of(**weights: Any) -> Any:
    """Return a model that adds up its weights; they are arrays or tensors."""
    names = [*weights]
    nodes = [onnx.helper.make_node("Sum", ["x", *names], ["y"])]
    sides = [onnx.helper.make_tensor_value_info(name, 1, (50, 60)) for name in "xy"]
    tensors = []
    for name, value in weights.items():
        made = onnx.numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        made.name = name
        tensors.append(made)
    graph = onnx.helper.make_graph(nodes, "g", [sides[0]], [sides[1]], tensors)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape).astype("float32")


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "float16", "bfloat16", "int8", "uint8", "int32", "int64", "uint16", "bool"]
)
@pytest.mark.parametrize("raw", [True, False])
def test_all_dtypes_in_both_forms(tmp_path: Any, dtype: str, raw: bool) -> None:
    """Elements lie in raw_data, or in fields of their types, as MXNet itself wrote them."""
    import ml_dtypes

    kind = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    array = (np.arange(3000) % 2 if dtype == "bool" else np.arange(3000) % 100).reshape(50, 60).astype(kind)
    element = onnx.helper.np_dtype_to_tensor_dtype(kind)
    given = array.tobytes() if raw else array.reshape(-1).tolist()
    model = model_of(w=onnx.helper.make_tensor("w", element, array.shape, given, raw=raw))
    path = str(tmp_path / "net.onnx")
    onnx.save(model, path)
    loaded = load(path)
    assert bool(loaded.arrays) == (array.nbytes >= LARGE and (raw or dtype in ("float32", "float64")))
    for found in loaded.arrays.values():
        assert found.dtype == kind
        np.testing.assert_array_equal(found, array)
    if not loaded.arrays:
        np.testing.assert_array_equal(onnx.numpy_helper.to_array(loaded.model.graph.initializer[0]), array)


def test_the_rest_of_the_file_is_the_same(tmp_path: Any) -> None:
    weights = {"a": draw(50, 60), "b": draw(60), "c": draw(3, 50, 60)[0]}
    model = model_of(**weights)
    model.graph.doc_string, model.producer_name = "words", "somebody"
    model.metadata_props.add(key="k", value="v")
    path = str(tmp_path / "net.onnx")
    onnx.save(model, path)
    loaded = load(path)
    assert sorted(loaded.arrays) == [0, 2]
    for number, array in loaded.arrays.items():
        loaded.model.graph.initializer[number].raw_data = array.tobytes()
    assert loaded.model == model
    assert load(path, values=False).arrays == {}


def test_arrays_are_apart(tmp_path: Any) -> None:
    """What one reads of an imported model can be written to, and no other array changes."""
    array = draw(50, 60)
    net = model_of(a=array, b=array.copy())
    path = str(tmp_path / "net.onnx")
    onnx.save(net, path)
    _, params, _ = mx.onnx.import_model(path)
    _, again, _ = mx.onnx.import_model(path)
    params["a"][:] = 0
    np.testing.assert_array_equal(params["b"].asnumpy(), array)
    np.testing.assert_array_equal(again["a"].asnumpy(), array)


def test_a_parameter_that_is_read_in_several_forms(tmp_path: Any) -> None:
    """As it is, and in another shape: parameters that do not share memory."""
    text = """<ir_version: 8, opset_import: ["" : 17]>
    g (float[60, 60] x) => (float[60, 60] y, float[3600] z)
    { a = MatMul(x, w) \n y = Add(a, w) \n r = Reshape(w, s) \n f = Reshape(x, s) \n z = Mul(f, r) }"""
    model = onnx.parser.parse_model(text)
    array = draw(60, 60)
    model.graph.initializer.append(onnx.numpy_helper.from_array(array, "w"))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([-1]), "s"))
    path = str(tmp_path / "net.onnx")
    onnx.save(model, path)
    symbol, params, _ = mx.onnx.import_model(path)
    assert len(params) == 2
    x = draw(60, 60)[::-1].copy()
    executor = symbol.bind(mx.cpu(), {**params, "x": mx.nd.array(x)}, grad_req="null")
    y, z = executor.forward()
    np.testing.assert_allclose(y.asnumpy(), x @ array + array, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(z.asnumpy(), (x * array).reshape(-1), rtol=1e-4)
    for name, one in params.items():
        others = {other: array.asnumpy() for other, array in params.items() if other != name}
        one[:] = len(name)
        for other, before in others.items():
            np.testing.assert_array_equal(params[other].asnumpy(), before)


def test_data_in_another_file(tmp_path: Any) -> None:
    arrays = {"a": draw(50, 60), "b": draw(60)}
    path = str(tmp_path / "net.onnx")
    onnx.save_model(
        model_of(**arrays), path, save_as_external_data=True, all_tensors_to_one_file=True, location="net.data",
        size_threshold=0,
    )  # fmt: skip
    _, params, _ = mx.onnx.import_model(path)
    for name, array in arrays.items():
        np.testing.assert_array_equal(params[name].asnumpy().reshape(array.shape), array)
    (tmp_path / "net.data").write_bytes((tmp_path / "net.data").read_bytes()[:5000])
    with pytest.raises(mx.MXNetError, match=r"net\.onnx.*parameter"):
        mx.onnx.import_model(path)
    (tmp_path / "net.data").unlink()
    with pytest.raises(mx.MXNetError, match=r"net\.onnx.*cannot be read"):
        mx.onnx.import_model(path)


@pytest.mark.parametrize("location", ["../secret", "/etc/hostname", "link"])
def test_data_in_files_that_are_not_the_model_s(tmp_path: Any, location: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(12000))
    (folder / "link").symlink_to(tmp_path / "secret")
    tensor = onnx.TensorProto(data_type=1, dims=(50, 60), data_location=onnx.TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", "0"), ("length", "12000")):
        tensor.external_data.add(key=key, value=value)
    path = folder / "net.onnx"
    path.write_bytes(model_of(w=tensor).SerializeToString())
    with pytest.raises(mx.MXNetError, match=r"net\.onnx.*cannot be read"):
        mx.onnx.import_model(str(path))


def test_elements_that_do_not_fit_the_shape(tmp_path: Any) -> None:
    model = model_of(w=draw(50, 60))
    model.graph.initializer[0].dims[0] = 51
    path = str(tmp_path / "net.onnx")
    onnx.save(model, path)
    with pytest.raises(mx.MXNetError, match=r"parameter 'w': 12000 bytes of elements; float32 of shape \(51, 60\)"):
        mx.onnx.import_model(path)


def test_two_parameters_of_one_name(tmp_path: Any) -> None:
    model = model_of(w=draw(50, 60))
    for more in (draw(50, 60), draw(60)):
        twice = onnx.ModelProto()
        twice.CopyFrom(model)
        twice.graph.initializer.append(onnx.numpy_helper.from_array(more, "w"))
        path = str(tmp_path / "net.onnx")
        onnx.save(twice, path)
        with pytest.raises(mx.MXNetError, match="two parameters are called 'w'"):
            mx.onnx.import_model(path)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Bytes are refused, or taken apart as protocol buffers takes them."""
    try:
        rest, places = without_arrays(data, 8)
    except Damaged:
        return
    for begin, length in places.values():
        assert 0 <= begin <= begin + length <= len(data)
    if not places:
        try:
            model = onnx.ModelProto.FromString(data)
        except Exception:  # protocol buffers refuses more
            return
        assert onnx.ModelProto.FromString(rest).SerializeToString() == model.SerializeToString()


def test_every_cut(tmp_path: Any) -> None:
    data = model_of(a=draw(50, 60)).SerializeToString()
    for length in (*range(80), *range(len(data) - 12000, len(data), 397)):
        path = tmp_path / "net.onnx"
        path.write_bytes(data[:length])
        with pytest.raises(mx.MXNetError, match=r"net\.onnx"):
            mx.onnx.import_model(str(path))
