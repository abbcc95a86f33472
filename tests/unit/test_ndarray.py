"""The array of ``mx.nd``: as MXNet 1.9.1 answers (see ``tests/golden/arrays``), and what is new here."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import mxnet as mx
from mxnet import nd
from tests.golden.arrays import FOLDER, check, check_error, programs, snippets

DTYPES = ("float32", "float64", "float16", "int8", "uint8", "int32", "int64", "bool")


def matrix(dtype="float32"):
    return nd.array([[0, 1, 2], [3, 4, 5]], dtype=dtype)


def same(array, expected):
    """Equal in shape, dtype and values."""
    expected = np.asarray(expected)
    found = array.asnumpy()
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected, strict=True)


@programs("sharing", "inplace", "creation", "properties", "arithmetic")
def test_answers_of_mxnet(table, name):
    check(table, name)


@pytest.mark.parametrize("name", snippets.ERRORS)
def test_refused_with_a_helpful_message(name):
    check_error("errors", name, *snippets.ERRORS[name][1:])


class TestConversions:
    @pytest.mark.parametrize("convert", [float, int, bool])
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_one_element_is_a_python_number(self, convert, dtype):
        found = convert(nd.array([[1]], dtype=dtype))
        assert found == 1
        assert type(found) is convert

    @pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
    def test_integer_is_an_index(self, dtype):
        assert [10, 11, 12][nd.array([2], dtype=dtype)] == 12
        assert list(range(nd.array([2], dtype=dtype))) == [0, 1]

    def test_empty_array_is_false(self):
        assert not nd.array([])

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_numpy_sees_content_and_dtype(self, dtype):
        same(matrix(dtype), np.asarray(matrix(dtype)))
        assert np.array(matrix(dtype), dtype="float64").dtype == np.float64
        assert np.stack([matrix(dtype), matrix(dtype)]).shape == (2, 2, 3)

    def test_numpy_gets_a_copy(self):
        x = matrix()
        np.asarray(x)[:] = 9
        same(x, matrix().asnumpy())

    def test_numpy_cannot_ask_for_no_copy(self):
        with pytest.raises(ValueError, match="from_dlpack"):
            np.asarray(matrix(), copy=False)

    def test_list_of_arrays_becomes_an_array(self):
        same(nd.array([nd.array([1, 2]), nd.array([3, 4])]), np.float32([[1, 2], [3, 4]]))

    def test_comparison_with_none_is_refused_as_in_mxnet(self):
        with pytest.raises(TypeError, match="NoneType"):
            matrix() == None  # noqa: B015, E711

    def test_arrays_without_axes_have_no_length(self):
        with pytest.raises(IndexError, match="without axes"):
            len(nd.array(3))

    def test_source_is_not_changed_by_array(self):
        source = np.zeros(3, "float32")
        nd.array(source)[:] = 5
        assert source.sum() == 0

    def test_class_does_not_take_lists(self):
        with pytest.raises(TypeError, match=r"mx\.nd\.array"):
            nd.NDArray([1, 2])


class TestBfloat16:
    def test_numpy_gets_float32(self):
        same(nd.array([1, 2.5], dtype="bfloat16"), np.float32([1, 2.5]))

    def test_has_its_own_dtype(self):
        x = nd.ones((2,), dtype="bfloat16")
        assert x.dtype == np.dtype([("bfloat16", np.uint16)])
        assert nd.zeros((1,), dtype=x.dtype).dtype == x.dtype

    def test_rounds_to_eight_bits(self):
        assert nd.array([257.0]).astype("bfloat16").astype("float32").asscalar() == 256

    def test_computes(self):
        x = nd.array([1, 2], dtype="bfloat16")
        assert ((x + x) * 3).dtype == x.dtype
        same((x + x) * 3, np.float32([6, 12]))

    def test_prints(self):
        assert repr(nd.array([1.5], dtype="bfloat16")) == "\n[1.5]\n<NDArray 1 @cpu(0)>"

    def test_survives_file_and_pickle(self, tmp_path):
        x = nd.array([1, -2.5], dtype="bfloat16")
        nd.save(str(tmp_path / "x"), [x])
        for y in (nd.load(str(tmp_path / "x"))[0], pickle.loads(pickle.dumps(x))):
            assert y.dtype == x.dtype
            same(y, x.asnumpy())

    def test_differentiates(self):
        x = nd.array([3], dtype="bfloat16")
        x.attach_grad()
        with mx.autograd.record():
            y = x * x
        y.backward()
        same(x.grad, np.float32([6]))


class TestPickle:
    def test_reads_what_mxnet_wrote(self):
        expected = {"float32": np.arange(6, dtype="float32").reshape(2, 3), "int8": np.int8([-1, 2]),
                    "bool": np.array([True, False]), "cpu1": np.float32([1.5])}  # fmt: skip
        for name, value in expected.items():
            same(pickle.loads((FOLDER / f"{name}.pickle").read_bytes()), value)

    def test_reads_a_structure_that_mxnet_wrote(self):
        state = pickle.loads((FOLDER / "state.pickle").read_bytes())
        assert (state["n"], state["ctx"]) == (3, mx.cpu(1))
        same(state["w"], np.arange(6, dtype="float32").reshape(2, 3))

    def test_names_the_class_as_mxnet_does(self):
        assert b"mxnet.ndarray.ndarray" in pickle.dumps(matrix(), protocol=0)

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_round_trip(self, dtype, protocol):
        x = matrix(dtype)[1:]
        found = pickle.loads(pickle.dumps(x, protocol))
        assert type(found) is nd.NDArray
        same(found, x.asnumpy())

    def test_attached_array_comes_back_without_gradient(self):
        x = matrix()
        x.attach_grad()
        assert pickle.loads(pickle.dumps(x)).grad is None

    def test_copies_are_independent(self):
        x = matrix()
        for y in (copy.copy(x), copy.deepcopy(x), copy.deepcopy([x])[0]):
            y += 1
        same(x, matrix().asnumpy())


class TestDlpack:
    def test_torch_shares_memory(self):
        x = matrix()
        torch.from_dlpack(x)[0, 0] = 7
        assert x[0, 0].asscalar() == 7

    def test_numpy_shares_memory(self):
        x = matrix()
        view = np.from_dlpack(x)
        x[1, 2] = 8
        assert view[1, 2] == 8

    def test_array_shares_memory_of_torch(self):
        source = torch.zeros(3)
        nd.from_dlpack(source)[:] = 2
        assert source.tolist() == [2, 2, 2]

    def test_array_shares_memory_of_numpy(self):
        source = np.zeros(3, "int64")
        nd.from_dlpack(source)[:] = 2
        assert source.tolist() == [2, 2, 2]

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_capsule_round_trip_keeps_dtype(self, dtype):
        x = matrix(dtype)
        same(nd.from_dlpack(x.to_dlpack_for_read()), x.asnumpy())

    def test_capsule_goes_to_torch(self):
        x = matrix()
        torch.from_dlpack(x.to_dlpack_for_write()).mul_(2)
        same(x, 2 * matrix().asnumpy())

    def test_unknown_dtype_is_refused(self):
        with pytest.raises(TypeError, match="complex64"):
            nd.from_dlpack(torch.zeros(2, dtype=torch.complex64))

    def test_from_numpy_of_read_only_memory_is_refused(self):
        source = np.zeros(3)
        source.flags.writeable = False
        with pytest.raises(ValueError, match="zero_copy=False"):
            nd.from_numpy(source)
        same(nd.from_numpy(source, zero_copy=False), source)

    def test_torch_tensor_underneath_is_shared(self):
        x = matrix()
        x.handle.zero_()
        assert x.sum().asscalar() == 0
        y = nd.NDArray(x.handle)
        y += 1
        assert x.sum().asscalar() == 6


#: method -> arguments, where there are any.
FLUENT = {
    **{name: {} for name in (
        "abs", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "argmax_channel", "argsort",
        "cbrt", "ceil", "cos", "cosh", "degrees", "exp", "expm1", "fix", "flatten", "floor", "log", "log10",
        "log1p", "log2", "log_softmax", "max", "mean", "min", "nansum", "norm", "ones_like", "radians",
        "rcbrt", "reciprocal", "relu", "rint", "round", "rsqrt", "shape_array", "sigmoid", "sign", "sin",
        "sinh", "size_array", "softmin", "sqrt", "square", "squeeze", "sum", "tan", "tanh", "transpose",
        "trunc", "zeros_like")},
    "argmax": {"axis": 1},
    "argmin": {"axis": 1},
    "broadcast_axes": {"axis": (), "size": ()},
    "broadcast_to": {"shape": (2, 3)},
    "clip": {"a_min": 0.2, "a_max": 0.5},
    "diag": {"k": 1},
    "expand_dims": {"axis": 1},
    "flip": {"axis": 0},
    "nanprod": {"axis": 1},
    "one_hot": {"depth": 6},
    "pick": {"index": nd.array([0, 2])},
    "prod": {"axis": 1},
    "repeat": {"repeats": 2},
    "reshape": {"shape": (-1, 2)},
    "reshape_like": {"rhs": nd.zeros((3, 2))},
    "slice": {"begin": (0, 1), "end": (2, 3)},
    "slice_axis": {"axis": 1, "begin": 0, "end": 2},
    "slice_like": {"shape_like": nd.zeros((1, 2))},
    "softmax": {"axis": 0},
    "sort": {"is_ascend": False},
    "split": {"num_outputs": 3, "axis": 1},
    "split_v2": {"indices_or_sections": 3, "axis": 1},
    "swapaxes": {"dim1": 0, "dim2": 1},
    "take": {"indices": nd.array([1])},
    "tile": {"reps": (2, 1)},
    "topk": {"k": 2},
}  # fmt: skip


class TestFluentMethods:
    @pytest.mark.parametrize("name", FLUENT)
    def test_agrees_with_the_function(self, name):
        x = nd.array([[0.1, 0.7, 0.3], [0.4, 0.2, 0.9]])
        method, function = getattr(x, name)(**FLUENT[name]), getattr(nd, name)(x, **FLUENT[name])
        for one, other in zip(*((r if isinstance(r, list) else [r]) for r in (method, function)), strict=True):
            same(one, other.asnumpy())

    @pytest.mark.parametrize(("name", "shape", "arguments"), [
        ("depth_to_space", (1, 4, 1, 1), {"block_size": 2}),
        ("space_to_depth", (1, 1, 2, 2), {"block_size": 2}),
        ("pad", (1, 1, 2, 2), {"mode": "edge", "pad_width": (0, 0, 0, 0, 1, 1, 1, 1)}),
    ])  # fmt: skip
    def test_agrees_with_the_function_on_images(self, name, shape, arguments):
        x = nd.arange(np.prod(shape)).reshape(shape)
        same(getattr(x, name)(**arguments), getattr(nd, name)(x, **arguments).asnumpy())


class TestFiles:
    @pytest.mark.parametrize("data", [
        [nd.array([1, 2]), nd.array([[3]], dtype="int8")],
        {"größe": nd.array([1.5]), "arg:w": nd.ones((2, 1), dtype="float64")},
        [],
    ], ids=["list", "dict", "nothing"])  # fmt: skip
    def test_round_trip(self, data, tmp_path):
        path = str(tmp_path / "x.params")
        nd.save(path, data)
        for found in (nd.load(path), nd.load_frombuffer((tmp_path / "x.params").read_bytes())):
            assert type(found) is type(data)
            if isinstance(data, dict):
                assert list(found) == list(data)
                found, expected = list(found.values()), list(data.values())
            else:
                expected = data
            assert len(found) == len(expected)
            for one, other in zip(found, expected):
                same(one, other.asnumpy())

    def test_single_array_loads_as_a_list(self, tmp_path):
        nd.save(str(tmp_path / "x"), nd.array([1, 2]))
        (found,) = nd.load(str(tmp_path / "x"))
        same(found, np.float32([1, 2]))

    def test_view_is_saved_alone(self, tmp_path):
        nd.save(str(tmp_path / "x"), [matrix()[1]])
        same(nd.load(str(tmp_path / "x"))[0], np.float32([3, 4, 5]))

    def test_bad_file_is_named(self, tmp_path):
        (tmp_path / "bad").write_bytes(b"not a parameter file at all")
        with pytest.raises(mx.MXNetError, match="bad"):
            nd.load(str(tmp_path / "bad"))


class TestCopying:
    def test_copy_to_itself_warns(self):
        x = matrix()
        with pytest.warns(RuntimeWarning, match="to itself"):
            x.copyto(x)

    def test_copyto_writes_through_a_view(self):
        x = matrix()
        nd.array([7, 8, 9]).copyto(x[1])
        same(x, np.float32([[0, 1, 2], [7, 8, 9]]))

    def test_in_place_on_views_of_one_memory(self):
        x = nd.zeros((4,))
        first, second = x[:2], x[1:3]
        first += 1
        second *= 5
        same(x, np.float32([1, 5, 0, 0]))

    def test_broadcast_to_keeps_axes_given_as_zero(self):
        same(nd.array([[1], [2]]).broadcast_to((0, 3)), np.float32([[1, 1, 1], [2, 2, 2]]))

    def test_out_gets_the_result_and_is_returned(self):
        out = nd.zeros((3,))
        assert nd.sum(matrix(), axis=0, out=out) is out
        same(out, np.float32([3, 5, 7]))

    def test_slots_refuse_unknown_attributes(self):
        with pytest.raises(AttributeError):
            matrix().gard = 1


FLOATS = st.floats(-100, 100, width=32)


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_dims=1, max_side=4), st.data())
def test_arithmetic_broadcasts_as_numpy(shapes, data):
    a, b = (data.draw(hnp.arrays("float64", shape, elements=FLOATS)) for shape in shapes.input_shapes)
    x, y = nd.array(a, dtype="float64"), nd.array(b, dtype="float64")
    same(x + y, a + b)
    same(x * y - y, a * b - b)
    same(nd.maximum(x, y), np.maximum(a, b))
    same(x > y, (a > b).astype("float64"))
    same(2 - x, 2 - a)


@given(hnp.arrays(st.sampled_from(DTYPES),
                  hnp.array_shapes(max_dims=4, max_side=4)))  # fmt: skip
def test_numpy_round_trip(value):
    x = nd.array(value, dtype=value.dtype)
    assert (x.shape, x.size, x.ndim, x.dtype) == (value.shape, value.size, value.ndim, value.dtype)
    same(x, value)
    same(pickle.loads(pickle.dumps(x)), value)


class TestFilledArrays:
    """Operators that write into ``out=`` whatever its dtype, as MXNet 1.9.1 answers."""

    @pytest.mark.parametrize(
        ("src", "dtype", "expected"),
        [
            (3.7, "float32", np.float32(3.7)),
            (3.7, "int32", 3),
            (-1.7, "int8", -1),
            (300, "uint8", 44),
            (-1.7, "uint8", 255),
        ],
    )
    def test_set_value(self, src, dtype, expected):
        x = nd.zeros((2, 3), dtype=dtype)
        assert nd._internal._set_value(src, out=x) is x
        same(x, np.full((2, 3), expected, dtype))

    def test_copyto(self):
        x = nd.zeros((2,), dtype="int32")
        assert nd._internal._copyto(nd.array([3.7, -1.2]), out=x) is x
        same(x, np.array([3, -1], "int32"))

    def test_refused(self):
        with pytest.raises(mx.MXNetError, match="_set_value: out=None; expected the array to write to"):
            nd._internal._set_value(3)
        with pytest.raises(mx.MXNetError, match=r"_copyto: out is \(2, 3\).*result has shape \(3,\)"):
            nd._internal._copyto(nd.ones((3,)), out=nd.zeros((2, 3)))
        x = nd.ones((2,))
        x.attach_grad()
        with mx.autograd.record(), pytest.raises(mx.MXNetError, match="part of a recorded graph"):
            nd._internal._set_value(3, out=x)


def test_positional_inputs_are_those_that_exist():
    data, label, lengths = mx.nd.ones((5, 2, 4)), mx.nd.array([[1, 2], [3, 0]]), mx.nd.array([2, 1])
    by_name = mx.nd.CTCLoss(data, label, label_lengths=lengths, use_label_lengths=True)
    by_place = mx.nd.CTCLoss(data, label, lengths, use_label_lengths=True)
    np.testing.assert_array_equal(by_name.asnumpy(), by_place.asnumpy())
