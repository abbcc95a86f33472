"""safetensors files: MXNet's names, kinds and symbols in them, read and written by others, and hostile ones."""

from __future__ import annotations

import json
import os
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet._runtime import safetensors
from mxnet.ndarray import NDArray

theirs = pytest.importorskip("safetensors.torch")


def _tensors():
    random = torch.Generator().manual_seed(0)
    return {
        str(dtype)[6:]: (torch.randn(3, 5, generator=random) * 10).to(dtype) for dtype in safetensors.DTYPES.values()
    }


def _same(one, other):
    return (
        one.dtype is other.dtype and one.shape == other.shape and one.view(torch.uint8).equal(other.view(torch.uint8))
    )


@pytest.mark.parametrize("mapped", [False, True])
def test_round_trips_are_exact(mapped, tmp_path):
    tensors = {**_tensors(), "empty": torch.zeros(0, 3), "number": torch.tensor(3.0)}
    path = tmp_path / "a.safetensors"
    safetensors.save(path, tensors, {"é": "ü\n"})
    found, metadata = safetensors.load(path, mapped)
    assert metadata == {"é": "ü\n"}
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        assert found[name].dtype is tensor.dtype
        assert torch.equal(found[name], tensor)


def test_the_format_is_that_of_others(tmp_path):
    tensors = _tensors()
    safetensors.save(tmp_path / "a", tensors, {})
    read = theirs.load_file(tmp_path / "a")
    theirs.save_file(tensors, tmp_path / "b")
    found, _ = safetensors.load(tmp_path / "b")
    for name, tensor in tensors.items():
        assert _same(read[name], tensor)
        assert _same(found[name], tensor)


@settings(max_examples=30, deadline=None)
@given(
    shapes=st.lists(st.lists(st.integers(0, 4), max_size=4), max_size=5),
    names=st.lists(st.text(min_size=1, max_size=8), min_size=5, max_size=5, unique=True),
)
def test_any_shapes_and_names(shapes, names, tmp_path_factory):
    names = [name for name in names if name != "__metadata__" and not any(0xD800 <= ord(c) < 0xE000 for c in name)]
    path = tmp_path_factory.mktemp("st") / "a"
    tensors = {name: torch.arange(np.prod(shape, dtype=int)).reshape(shape) for name, shape in zip(names, shapes)}
    safetensors.save(path, tensors, {})
    found, _ = safetensors.load(path)
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())


# -- networks ------------------------------------------------------------------------------------------------------


def _network():
    net = mx.sym.BatchNorm(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="fc"), name="bn")
    arg_params = {"fc_weight": mx.nd.ones((2, 3)), "fc_bias": mx.nd.array([1, 2], dtype="float16")}
    return net, arg_params, {"bn_moving_mean": mx.nd.array([5, 6])}


@pytest.mark.parametrize("with_symbol", [False, True])
@pytest.mark.parametrize("prefixed", [False, True])
def test_kinds_names_and_symbol_are_kept(with_symbol, prefixed, tmp_path):
    net, arg_params, aux_params = _network()
    path = str(tmp_path / "net.safetensors")
    if prefixed:
        both = {f"arg:{k}": v for k, v in arg_params.items()} | {f"aux:{k}": v for k, v in aux_params.items()}
        mx.save_safetensors(path, both, symbol=net if with_symbol else None)
    else:
        mx.save_safetensors(path, arg_params, aux_params, net if with_symbol else None)
    symbol, arguments, states = mx.load_safetensors(path)
    assert (symbol is None) is not with_symbol
    if symbol is not None:
        assert symbol.tojson() == net.tojson()
    assert list(arguments) == ["fc_weight", "fc_bias"]
    assert arguments["fc_bias"].dtype == np.float16
    assert arguments["fc_bias"].asnumpy().tolist() == [1, 2]
    assert states["bn_moving_mean"].asnumpy().tolist() == [5, 6]


def test_names_are_plain_for_others(tmp_path):
    _, arg_params, aux_params = _network()
    mx.save_safetensors(tmp_path / "net", arg_params, aux_params)
    assert sorted(theirs.load_file(tmp_path / "net")) == ["bn_moving_mean", "fc_bias", "fc_weight"]
    described, metadata = safetensors.metadata(tmp_path / "net")
    assert described["fc_bias"] == ("float16", (2,))
    assert metadata == {"format": "mxnet", "kind:bn_moving_mean": "aux"}


def test_blocks(tmp_path):
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Dense(2, in_units=3), mx.gluon.nn.BatchNorm(in_channels=2))
    net.initialize()
    mx.save_safetensors(tmp_path / "net", net)
    _, arg_params, aux_params = mx.load_safetensors(tmp_path / "net")
    assert list(arg_params) == ["0.weight", "0.bias", "1.gamma", "1.beta"]
    assert list(aux_params) == ["1.running_mean", "1.running_var"]
    assert arg_params["0.weight"].asnumpy().tolist() == net[0].weight.data().asnumpy().tolist()


def test_files_of_others_are_arguments(tmp_path):
    theirs.save_file({"layer.weight": torch.ones(2), "aux:mean": torch.zeros(1)}, tmp_path / "a")
    symbol, arg_params, aux_params = mx.load_safetensors(tmp_path / "a")
    assert symbol is None
    assert (list(arg_params), list(aux_params)) == (["layer.weight"], ["mean"])


def test_writing_to_a_mapped_array_leaves_the_file_alone(tmp_path):
    path = tmp_path / "a"
    mx.save_safetensors(path, {"w": mx.nd.ones((4,))})
    before = path.read_bytes()
    _, params, _ = mx.load_safetensors(path)
    params["w"][:] = 7
    assert params["w"].asnumpy().tolist() == [7] * 4
    assert path.read_bytes() == before


def test_a_file_can_be_saved_over_while_it_is_mapped(tmp_path):
    path = tmp_path / "a"
    mx.save_safetensors(path, {"w": mx.nd.ones((4,))})
    _, params, _ = mx.load_safetensors(path)
    mx.save_safetensors(path, {"w": params["w"] * 2})
    assert params["w"].asnumpy().tolist() == [1] * 4
    assert mx.load_safetensors(path)[1]["w"].asnumpy().tolist() == [2] * 4


def test_tensors_that_are_not_aligned(tmp_path):
    """Other writers put tensors in any order."""
    header = {"a": {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]},
              "b": {"dtype": "F32", "shape": [2], "data_offsets": [3, 11]}}  # fmt: skip
    _write(tmp_path / "a", header, bytes([1, 2, 3]) + struct.pack("<2f", 0.5, -2))
    found, _ = safetensors.load(tmp_path / "a")
    assert found["b"].tolist() == [0.5, -2]
    assert found["b"].data_ptr() % 4 == 0


def test_large_files_are_not_read_before_they_are_used(tmp_path):
    """Three gigabytes of nothing, in a file with a hole."""
    size = 3 << 30
    header = {"a": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]},
              "b": {"dtype": "I64", "shape": [1], "data_offsets": [size, size + 8]}}  # fmt: skip
    path = tmp_path / "a"
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.seek(size, os.SEEK_CUR)
        file.write(struct.pack("<q", 42))
    _, params, _ = mx.load_safetensors(path)
    assert params["b"].asnumpy().tolist() == [42]
    assert params["a"].shape == (size // 4,)
    assert params["a"][-1].asscalar() == 0


# -- damaged and hostile files ------------------------------------------------------------------------------------


def _write(path, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def _entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


HOSTILE = {
    "no object": (b"[1, 2]", b"", "the header is a list"),
    "no JSON": (b"{", b"", "no JSON object"),
    "not UTF-8": (b'{"\xff": 1}', b"", "no JSON object"),
    "a name twice": (b'{"a": 1, "a": 2}', b"", "a name comes twice"),
    "NaN": (b'{"a": NaN}', b"", "NaN is no number"),
    "deep": (b'{"a":' + b"[" * 100000, b"", "no JSON object"),
    "metadata": ({"__metadata__": {"a": 1}}, b"", "not an object of strings"),
    "no entry": ({"a": 3}, b"", "expected dtype, shape and data_offsets"),
    "lacks shape": ({"a": {"dtype": "F32", "data_offsets": [0, 4]}}, bytes(4), "expected dtype, shape"),
    "dtype": ({"a": _entry("F8_E4M3")}, bytes(4), "dtype 'F8_E4M3'; expected one of BOOL"),
    "dtype of another type": ({"a": _entry(["F32"])}, bytes(4), "has dtype"),
    "negative": ({"a": _entry(shape=(-1,))}, bytes(4), r"shape \[-1\]"),
    "truth value": ({"a": _entry(shape=(True,))}, bytes(4), r"shape \[True\]"),
    "huge": ({"a": _entry(shape=(2**40, 2**40))}, bytes(4), "takes"),
    "huge beside 0": ({"a": _entry(shape=(2**61, 2**61, 0), offsets=(0, 0))}, b"", "takes 0 bytes"),
    "many axes": ({"a": _entry(shape=[1] * 65)}, bytes(4), "up to 64 lengths"),
    "beyond the end": ({"a": _entry(shape=(2,), offsets=(0, 8))}, bytes(4), "two numbers from 0 to 4"),
    "backwards": ({"a": _entry(offsets=(4, 0))}, bytes(4), "two numbers from 0 to 4"),
    "wrong length": ({"a": _entry(shape=(2,), offsets=(0, 4))}, bytes(4), "takes 8 bytes"),
    "overlap": ({"a": _entry(), "b": _entry()}, bytes(4), "begins at byte 0 of the data; expected 4"),
    "gap": ({"a": _entry(), "b": _entry(offsets=(8, 12))}, bytes(12), "begins at byte 8 of the data; expected 4"),
    "data left over": ({"a": _entry()}, bytes(8), "fill 4 bytes and 8 are there"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name, tmp_path):
    header, data, match = HOSTILE[name]
    _write(tmp_path / "bad.safetensors", header, data)
    with pytest.raises(mx.MXNetError, match=match) as caught:
        mx.load_safetensors(tmp_path / "bad.safetensors")
    assert "bad.safetensors" in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 10**9, 100])
def test_headers_that_claim_too_much(length, tmp_path):
    (tmp_path / "bad").write_bytes(struct.pack("<Q", length) + b"{}")
    with pytest.raises(mx.MXNetError, match=f"a header of {length} bytes"):
        mx.load_safetensors(tmp_path / "bad")


def test_files_cut_off_anywhere(tmp_path):
    mx.save_safetensors(tmp_path / "good", {"w": mx.nd.ones((3,)), "b": mx.nd.ones((2,), dtype="int8")})
    data = (tmp_path / "good").read_bytes()
    for length in range(len(data)):
        (tmp_path / "bad").write_bytes(data[:length])
        with pytest.raises(mx.MXNetError, match="bad"):
            mx.load_safetensors(tmp_path / "bad")


def test_bad_calls(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(mx.MXNetError, match=r"cannot read '.*missing'"):
        mx.load_safetensors(tmp_path / "missing")
    with pytest.raises(mx.MXNetError, match="cannot write"):
        mx.save_safetensors(tmp_path / "no" / "folder", {})
    with pytest.raises(TypeError, match="'w' is a ndarray, expected an NDArray"):
        mx.save_safetensors(path, {"w": np.ones(3)})
    with pytest.raises(mx.MXNetError, match="'w' is csr, and the format holds dense arrays only"):
        mx.save_safetensors(path, {"w": mx.nd.ones((2, 2)).tostype("csr")})
    with pytest.raises(ValueError, match="two arrays are called 'w'"):
        mx.save_safetensors(path, {"w": mx.nd.ones((1,))}, {"w": mx.nd.ones((1,))})
    with pytest.raises(mx.MXNetError, match="array 'c' is complex64; expected one of bool, uint8"):
        safetensors.save(path, {"c": torch.zeros(1, dtype=torch.complex64)}, {})
    assert not list(tmp_path.iterdir())


def test_a_failing_save_keeps_the_old_file(tmp_path):
    path = tmp_path / "a"
    mx.save_safetensors(path, {"w": mx.nd.ones((1,))})
    with pytest.raises(mx.MXNetError):
        safetensors.save(path, {"w": torch.ones(1), "c": torch.zeros(1, dtype=torch.complex64)}, {})
    assert mx.load_safetensors(path)[1]["w"].asscalar() == 1


def test_arrays_of_numpys_shapes(tmp_path):
    """A number without axes keeps its shape."""
    mx.save_safetensors(tmp_path / "a", {"w": NDArray(torch.tensor(2.0))})
    assert mx.load_safetensors(tmp_path / "a")[1]["w"].shape == ()
