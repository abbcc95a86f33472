"""``x[key]`` and ``x[key] = value``: as MXNet 1.9.1 answers, and as NumPy does for whatever key hypothesis finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mxnet import nd
from tests.golden.arrays import check, check_error, programs, snippets

SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, max_side=4)


def counted(shape):
    """An array in which every element differs."""
    return np.arange(np.prod(shape), dtype="float32").reshape(shape)


def same(array, expected):
    """Equal in shape and values; where NumPy has no axis, ``mx.nd`` has one."""
    np.testing.assert_array_equal(
        array.asnumpy(), expected if np.ndim(expected) else np.reshape(expected, 1), strict=True
    )


#: How an index array may come.
FORMS = (np.asarray, np.ndarray.tolist, nd.array, lambda index: nd.array(index, dtype="int32"))


def basic_keys(shape):
    return hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)


@st.composite
def advanced_keys(draw, shape):
    """Index arrays (lists, NumPy arrays or NDArrays, negative indices too) between integers and slices."""
    count = draw(st.integers(1, len(shape)))
    where = draw(st.integers(0, count - 1))
    together = draw(hnp.array_shapes(max_dims=2, max_side=3))
    parts = []
    for axis in range(count):
        length = shape[axis]
        kind = "array" if axis == where else draw(st.sampled_from(["array", "integer", "slice"]))
        if kind == "array":
            index = draw(hnp.arrays("int64", together, elements=st.integers(-length, length - 1)))
            parts.append((index, draw(st.sampled_from(FORMS))(index)))
        elif kind == "integer":
            parts.append((draw(st.integers(-length, length - 1)),) * 2)
        else:
            start, stop = draw(st.integers(0, length)), draw(st.integers(0, length))
            parts.append((slice(min(start, stop), max(start, stop), draw(st.sampled_from([None, 1, 2]))),) * 2)
    return tuple(part[0] for part in parts), tuple(part[1] for part in parts)


@st.composite
def with_key(draw, keys):
    shape = draw(SHAPES)
    return shape, draw(keys(shape))


@st.composite
def assignments(draw):
    """A shape, a basic key, and a value that broadcasts to what the key selects."""
    shape, key = draw(with_key(basic_keys))
    selected = np.zeros(shape)[key].shape
    value = draw(hnp.broadcastable_shapes(selected, max_dims=len(selected), max_side=4).filter(
        lambda found: np.broadcast_shapes(found, selected) == selected))  # fmt: skip
    return shape, key, counted(value) - 50


@programs("indexing")
def test_answers_of_mxnet(table, name):
    check(table, name)


@pytest.mark.parametrize("name", snippets.INDEX_ERRORS)
def test_refused_with_a_helpful_message(name):
    check_error("index_errors", name, *snippets.INDEX_ERRORS[name][1:])


class TestAgainstNumpy:
    @given(with_key(basic_keys))
    def test_basic_selection(self, case):
        shape, key = case
        same(nd.array(counted(shape))[key], counted(shape)[key])

    @given(with_key(advanced_keys))
    def test_advanced_selection(self, case):
        shape, (numpy_key, key) = case
        same(nd.array(counted(shape))[key], counted(shape)[numpy_key])

    @given(assignments(), st.sampled_from([nd.array, np.asarray]))
    def test_basic_assignment(self, case, form):
        shape, key, value = case
        x, expected = nd.array(counted(shape)), counted(shape)
        x[key] = form(value)
        expected[key] = value
        same(x, expected)

    @given(with_key(basic_keys), st.floats(-10, 10, width=32))
    def test_assignment_of_a_number(self, case, value):
        shape, key = case
        x, expected = nd.array(counted(shape)), counted(shape)
        x[key] = value
        expected[key] = value
        same(x, expected)

    @given(with_key(advanced_keys))
    def test_advanced_assignment_of_a_number(self, case):
        shape, (numpy_key, key) = case
        x, expected = nd.array(counted(shape)), counted(shape)
        x[key] = -1
        expected[numpy_key] = -1
        same(x, expected)

    @given(st.permutations(range(4)), st.integers(1, 4))
    def test_advanced_assignment_of_rows(self, order, count):
        x, expected, value = nd.array(counted((4, 3))), counted((4, 3)), -counted((count, 3)) - 1
        x[list(order[:count])] = nd.array(value)
        expected[list(order[:count])] = value
        same(x, expected)

    @given(with_key(basic_keys))
    def test_contiguous_selection_is_a_view_and_any_other_a_copy(self, case):
        shape, key = case
        source, expected = nd.array(counted(shape)), counted(shape)
        piece = expected[key]
        source[key][:] = -1
        if np.asarray(piece).flags.c_contiguous:
            expected[key] = -1
        same(source, expected)


class TestOurOwnRules:
    """Where MXNet 1.9.1 fails or contradicts itself, NumPy is followed."""

    @pytest.mark.parametrize("key", [slice(2, 1), [], np.zeros((0,), "int64")], ids=["slice", "list", "array"])
    def test_empty_selection_is_empty(self, key):
        x = nd.array(counted((3, 2)))
        assert x[key].shape == (0, 2)
        x[key] = 7
        same(x, counted((3, 2)))

    @pytest.mark.parametrize("form", [np.array, nd.array])
    def test_array_without_axes_is_an_integer(self, form):
        same(nd.array(counted((3, 2)))[form(1)], counted((3, 2))[1])

    def test_new_axis_after_an_index_array_stays_behind_it(self):
        same(nd.array(counted((3, 2)))[[0, 1], None], counted((3, 2))[[0, 1], None])

    def test_bools_are_integers(self):
        x = nd.array(counted((3, 2)))
        same(x[True], counted((3, 2))[1])
        same(x[True, False], counted((3, 2))[1, 0])
        x[True] = 7
        same(x, np.float32([[0, 1], [7, 7], [4, 5]]))

    def test_mask_is_refused_with_the_way_out(self):
        x = nd.array(counted((3, 2)))
        with pytest.raises(ValueError, match="boolean_mask"):
            x[nd.array([1, 0, 1], dtype="bool")]
        with pytest.raises(ValueError, match="boolean_mask"):
            x[nd.array([1, 0, 1], dtype="bool")] = 1

    def test_none_is_not_assigned(self):
        with pytest.raises(TypeError, match="NoneType"):
            nd.zeros((2,))[:] = None

    def test_reversed_slice_beside_an_index_array_is_refused(self):
        with pytest.raises(ValueError, match=r"mx\.nd\.flip"):
            nd.zeros((2, 3))[[0], ::-1]

    def test_failed_assignment_leaves_the_array(self):
        x = nd.array(counted((3, 2)))
        for key, value in ((5, 1), (0, [1, 2, 3]), (([0, 9],), 1)):
            with pytest.raises((IndexError, ValueError)):
                x[key] = value
        same(x, counted((3, 2)))

    @pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "float16", "float64", "bfloat16", "bool"])
    def test_every_dtype(self, dtype):
        x = nd.array([[1, 0, 1], [0, 1, 0]], dtype=dtype)
        x[0] = x[1]
        x[1, 1:] = [1, 1]
        assert x[[1, 0], 1:].dtype == x.dtype
        assert x.asnumpy().astype(int).tolist() == [[0, 1, 0], [0, 1, 1]]

    def test_overlapping_assignment_reads_first(self):
        x = nd.arange(6)
        x[1:] = x[:-1]
        assert x.asnumpy().tolist() == [0, 0, 1, 2, 3, 4]
        x[:] = x[::-1]
        assert x.asnumpy().tolist() == [4, 3, 2, 1, 0, 0]
