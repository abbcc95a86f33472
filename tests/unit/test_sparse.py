"""Sparse arrays: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import doctest
import gc
import pickle
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import mxnet as mx
from tests.golden import programs

GROUP = "sparse"
sp = mx.nd.sparse
DENSE = np.array([[0, 1, 0], [2, 0, 0], [0, 0, 0], [0, 3, 4]], "float32")
STYPES = ("csr", "row_sparse")


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


@pytest.fixture(params=STYPES)
def array(request):
    return mx.nd.array(DENSE).tostype(request.param)


def few(least=0):
    """Matrices with many zeros and at least `least` rows."""
    shapes = st.tuples(st.integers(least, 6), st.integers(1, 5))
    return shapes.flatmap(lambda s: arrays.arrays("float32", s, elements=st.sampled_from([0, 0, 0, 1, -2, 0.5])))


def equal(array, expected):
    np.testing.assert_allclose(array.asnumpy(), expected, rtol=1e-5, atol=1e-6)


# -- what they hold ------------------------------------------------------------------------------------------------


@given(few())
@settings(max_examples=60, deadline=None)
def test_there_and_back(value):
    dense = mx.nd.array(value)
    for stype in STYPES:
        array = dense.tostype(stype)
        array.check_format()
        equal(array, value)
        equal(array.tostype("default"), value)
    assert dense.tostype("csr").data.shape == (np.count_nonzero(value),)
    assert dense.tostype("row_sparse").indices.asnumpy().tolist() == np.flatnonzero(value.any(1)).tolist()


@pytest.mark.parametrize("stype", STYPES)
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_without_elements(stype, shape):
    for array in (sp.zeros(stype, shape), mx.nd.zeros(shape).tostype(stype)):
        array.check_format()
        assert array.asnumpy().shape == array.shape == shape
        assert (array + array).shape == (array * 2).copy().shape == shape


@pytest.mark.parametrize("dtype", ["float16", "float64", "int32", "int64", "uint8", "int8", "bool", "bfloat16"])
def test_dtypes(dtype):
    dense = mx.nd.array(DENSE).astype(dtype)
    for stype in STYPES:
        array = dense.tostype(stype)
        assert array.dtype == array.data.dtype == dense.dtype
        assert (array.asnumpy() == dense.asnumpy()).all()
        assert (pickle.loads(pickle.dumps(array)).asnumpy() == dense.asnumpy()).all()


def test_size_and_scalars(array):
    assert array.size == 12
    one = sp.csr_matrix(([5.0], [0], [0, 1]), shape=(1, 1))
    assert one.asscalar() == float(one) == 5
    assert bool(one)
    assert not sp.zeros("csr", (1, 1))
    with pytest.raises(mx.MXNetError, match="ambiguous"):
        bool(array)


def test_iterating_over_rows():
    """MXNet 1.9.1 never stops."""
    rows = list(mx.nd.array(DENSE).tostype("csr"))
    assert [row.stype for row in rows] == ["csr"] * 4
    assert [row.asnumpy()[0].tolist() for row in rows] == DENSE.tolist()


@pytest.mark.parametrize("row", [4, -5, np.int64(9)])
def test_rows_out_of_bounds(row):
    with pytest.raises(IndexError, match=f"row {row} is out of bounds for an array of 4 rows"):
        mx.nd.array(DENSE).tostype("csr")[row]


@given(few(), st.slices(6))
def test_ranges_of_rows(value, key):
    key = slice(key.start, key.stop)
    part = mx.nd.array(value).tostype("csr")[key]
    part.check_format()
    equal(part, value[key])


@given(few(1), st.data())
@settings(deadline=None)
def test_slice_and_take(value, data):
    array = mx.nd.array(value).tostype("csr")
    begin = tuple(data.draw(st.integers(0, n - 1)) for n in value.shape)
    end = tuple(data.draw(st.integers(b + 1, n)) for b, n in zip(begin, value.shape))
    part = array.slice(begin, end)
    part.check_format()
    equal(part, value[begin[0] : end[0], begin[1] : end[1]])
    rows = data.draw(st.lists(st.integers(0, value.shape[0] - 1), max_size=8))
    if rows:
        taken = mx.nd.take(array, mx.nd.array(rows))
        taken.check_format()
        equal(taken, value[rows])


def test_scipy():
    scipy = pytest.importorskip("scipy.sparse")
    matrix = mx.nd.array(DENSE).tostype("csr").asscipy()
    assert isinstance(matrix, scipy.csr_matrix)
    assert (matrix.toarray() == DENSE).all()
    for source in (matrix, scipy.csr_array(DENSE)):
        for made in (mx.nd.array(source), sp.array(source), sp.csr_matrix(source)):
            assert made.stype == "csr"
            equal(made, DENSE)
    assert mx.nd.array(matrix.astype("float64")).dtype is np.float64
    assert sp.array(matrix, dtype="int32").dtype is np.int32
    unsorted = scipy.csr_matrix((np.array([1.0, 2, 3]), np.array([2, 0, 1]), np.array([0, 2, 3])), shape=(2, 3))
    sp.array(unsorted).check_format()
    assert not unsorted.has_sorted_indices
    for other in (matrix.tocoo(), matrix.tocsc()):
        with pytest.raises(mx.base.ValueError, match=r"x\.tocsr\(\)"):
            sp.array(other)
        with pytest.raises(TypeError):
            mx.nd.array(other)


def test_elements_in_any_order():
    made = sp.csr_matrix((np.array([1, 2, 3], "float32"), ([2, 0, 2], [1, 4, 1])), shape=(3, 5))
    made.check_format()
    assert made.data.asnumpy().tolist() == [2, 4]
    assert made.indices.asnumpy().tolist() == [4, 1]
    assert sp.csr_matrix(([1, 2], ([0, 1], [2, 3]))).shape == (2, 4)
    for coordinates in (([0, 3], [0, 1]), ([0, 1], [0, 5]), ([0, -1], [0, 1])):
        with pytest.raises(ValueError, match=r"goes beyond shape \(3, 5\)"):
            sp.csr_matrix(([1, 2], coordinates), shape=(3, 5))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sp.csr_matrix(([1, 2], [0], [0, 1, 2])), r"data has shape \(2,\), indices \(1,\)"),
        (lambda: sp.csr_matrix((np.ones(2), [0, 1])), r"\(data, indices\) are the parts of a row_sparse array"),
        (lambda: sp.csr_matrix(([], [], [0, 0])), "shape must be given"),
        (lambda: sp.row_sparse_array((np.ones((2, 2)), [0]), shape=(4, 2)), r"indices \(1,\)"),
        (lambda: sp.row_sparse_array((np.ones((1, 2)), [0]), shape=(4, 3)), r"expected \(stored, 3\)"),
        (lambda: sp.row_sparse_array(3), "no axes"),
        (lambda: sp.zeros("csr", (2, 3, 4)), r"two axes; got shape \(2, 3, 4\)"),
        (lambda: sp.zeros("csr", (2, -3)), "no negative length"),
        (lambda: sp.zeros("coo", (2, 3)), "unknown storage type 'coo'; expected 'csr'"),
        (lambda: mx.nd.empty((2, 3), stype="coo"), "'coo'"),
        (lambda: mx.nd.ones((2, 3, 4)).tostype("csr"), r"two axes; data has shape \(2, 3, 4\)"),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert isinstance(caught.value, mx.MXNetError)


@pytest.mark.parametrize(
    "broken",
    [
        lambda: sp.csr_matrix(([1, 2], [0, 7], [0, 1, 2]), shape=(2, 4)),
        lambda: sp.row_sparse_array(([[1], [2]], [0, 7]), shape=(4, 1)),
    ],
)
def test_indices_out_of_bounds_are_not_read(broken):
    """MXNet 1.9.1 writes outside of the dense array."""
    array = broken()
    with pytest.raises(mx.MXNetError, match="indices go from 0 to 7; expected 0 to 3"):
        array.asnumpy()
    with pytest.raises(mx.MXNetError, match="indices go from 0 to 7"):
        mx.nd.exp(array)


@pytest.mark.parametrize("name", ["to_dlpack_for_read", "to_dlpack_for_write"])
def test_no_shared_memory(array, name):
    with pytest.raises(mx.base.NotSupportedForSparseNDArray, match=name):
        getattr(array, name)()


# -- everything that reads or writes a dense array reads or writes a sparse one --------------------------------------


def test_writes_to_the_dense_tensor_are_seen(array):
    array._data[2, 0] = 9
    expected = DENSE.copy()
    expected[2, 0] = 9
    equal(array, expected)
    assert 9 in array.data.asnumpy()
    array.check_format()
    tensor = array._data
    array[:] = mx.nd.array(DENSE)  # and whoever holds the tensor sees writes to the array
    assert tensor.tolist() == DENSE.tolist()
    tensor.view(-1)[11] = 5
    assert array.asnumpy()[3, 2] == 5
    assert array.copy().asnumpy()[3, 2] == 5


def test_writes_in_inference_mode(array):
    with torch.inference_mode():
        array[:] = mx.nd.array(DENSE * 2)
        tensor = array._data
        equal(array, DENSE * 2)
        tensor.zero_()
    assert array.data.shape[0] == 0
    equal(array, DENSE * 0)


def test_reading_keeps_no_dense_tensor(array):
    """A result that is dense by nature needs a dense copy only while it is computed."""
    mx.nd.exp(array).asnumpy()
    array.asnumpy()
    array.copyto(mx.nd.zeros((4, 3)))
    assert array._dense is None


@pytest.mark.parametrize("stype", STYPES)
def test_parts_are_released(stype):
    array = mx.nd.array(DENSE).tostype(stype)
    stored = weakref.ref(array._compressed()[0])
    array[:] = mx.nd.array(DENSE * 2)
    gc.collect()
    assert stored() is None


def test_copies_share_nothing(array):
    for copy in (array.copy(), array.astype("float32"), array.as_in_context(mx.cpu(1)), sp.array(array)):
        copy *= 3
        equal(array, DENSE)
        copy._data.zero_()
        equal(array, DENSE)


@pytest.mark.parametrize("kind", STYPES)
def test_results_into_any_kind_of_array(array, kind):
    """What is computed does not depend on where it goes."""
    expected = mx.nd.array(DENSE).square().asnumpy()
    for out in (mx.nd.zeros((4, 3)), sp.zeros(kind, (4, 3)), mx.nd.ones((4, 3)).tostype(kind)):
        assert mx.nd.square(array, out=out) is out
        equal(out, expected)
        assert mx.nd.cos(mx.nd.array(DENSE), out=out) is out
        equal(out, np.cos(DENSE))


def test_into_an_array_of_another_shape(array):
    with pytest.raises(mx.MXNetError, match=r"\(2, 3\)"):
        mx.nd.square(array, out=sp.zeros(array.stype, (2, 3)))


def test_dense_arrays_take_sparse_values(array):
    """MXNet 1.9.1 refuses it."""
    dense = mx.nd.ones((4, 3))
    dense[:] = array
    equal(dense, DENSE)
    dense[1:3] = array.tostype("default")[0:2]
    equal(dense, DENSE[[0, 0, 1, 3]])


# -- what is computed ----------------------------------------------------------------------------------------------

BINARY = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply}


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("stype", STYPES)
@given(values=few(1).flatmap(lambda v: st.tuples(st.just(v), st.permutations(v.reshape(-1).tolist()))))
@settings(max_examples=30, deadline=None)
def test_arithmetic(name, stype, values):
    left, right = values[0], np.array(values[1], "float32").reshape(values[0].shape)
    a, b = mx.nd.array(left).tostype(stype), mx.nd.array(right).tostype(stype)
    result = getattr(sp, name)(a, b)
    assert result.stype == stype
    result.check_format()
    equal(result, BINARY[name](left, right))
    equal(getattr(sp, name)(a, mx.nd.array(right)), BINARY[name](left, right))
    equal(getattr(sp, name)(mx.nd.array(left), b), BINARY[name](left, right))


def test_a_number_on_the_left():
    """MXNet 1.9.1 takes subtract(2, x) and divide(2, x) of sparse arrays the other way round."""
    x = mx.nd.array(DENSE + 1).tostype("csr")
    equal(sp.subtract(2, x), 2 - (DENSE + 1))
    equal(sp.divide(2, x), 2 / (DENSE + 1))


@given(few(1), st.integers(1, 4), st.sampled_from(["float32", "float64"]))
@settings(max_examples=40, deadline=None)
def test_products(value, width, dtype):
    value = np.round(value).astype(dtype)
    rows, columns = value.shape
    x = mx.nd.array(value, dtype=dtype).tostype("csr")
    generator = np.random.default_rng(rows * columns)
    right, tall = (generator.integers(-3, 4, (n, width)).astype(dtype) for n in (columns, rows))
    equal(sp.dot(x, mx.nd.array(right, dtype=dtype)), value @ right)
    turned = sp.dot(x, mx.nd.array(tall, dtype=dtype), transpose_a=True)
    turned.check_format()
    assert turned.stype == "row_sparse"
    equal(turned, value.T @ tall)
    equal(sp.dot(mx.nd.array(tall.T.copy(), dtype=dtype), x), tall.T @ value)
    equal(sp.dot(mx.nd.array(right.T.copy(), dtype=dtype), x, transpose_b=True), right.T @ value.T)
    equal(sp.dot(x, mx.nd.array(right[:, 0], dtype=dtype)), value @ right[:, 0])


def test_wide_products_stay_sparse():
    """A matrix of a million columns is never made dense: it would take 4 GB."""
    columns = 10**6
    generator = np.random.default_rng(0)
    indices = np.sort(generator.choice(columns, 4000, replace=False)).reshape(1, -1).repeat(1000, 0)[:, :4]
    x = sp.csr_matrix((np.ones(4000, "float32"), indices.reshape(-1), np.arange(0, 4001, 4)), shape=(1000, columns))
    w = mx.nd.ones((columns, 1))
    w.attach_grad(stype="row_sparse")
    with mx.autograd.record():
        y = sp.dot(x, w)
    y.backward()
    assert set(y.asnumpy().reshape(-1)) == {4}
    assert w.grad.indices.asnumpy().tolist() == indices[0].tolist()
    assert (w.grad.data.asnumpy() == 1000).all()
    assert sp.dot(x, mx.nd.ones((1000, 2)), transpose_a=True).data.shape == (4, 2)
    equal((x * 2 + x)[0].data, [3] * 4)


# -- recording -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stype", [None, "row_sparse", "csr"])
@pytest.mark.parametrize("req", ["write", "add"])
def test_gradients_do_not_depend_on_their_storage(stype, req):
    x = mx.nd.array(DENSE)
    x.attach_grad(req, stype)
    for _ in range(2):
        with mx.autograd.record():
            y = mx.nd.sin(x) * x
        y.backward()
    expected = np.cos(DENSE) * DENSE + np.sin(DENSE)
    equal(x.grad, expected * (2 if req == "add" else 1))
    assert x.grad.stype == (stype or "default")
    x.grad[:] = mx.nd.zeros((4, 3))
    with mx.autograd.record():
        y = x * 3
    y.backward()
    equal(x.grad, np.full((4, 3), 3))


def test_large_gradients():
    """Those that are taken over instead of copied."""
    w = mx.nd.ones((200, 50))
    w.attach_grad(stype="row_sparse")
    for row in (3, 7):
        with mx.autograd.record():
            y = mx.nd.Embedding(mx.nd.array([row]), w, input_dim=200, output_dim=50, sparse_grad=True) * 2
        y.backward()
        assert w.grad.indices.asnumpy().tolist() == [row]
        assert (w.grad.data.asnumpy() == 2).all()


def test_second_derivative_of_a_product():
    w = mx.nd.array([[1.0], [2], [3]])
    w.attach_grad()
    x = mx.nd.array(DENSE).tostype("csr")
    with mx.autograd.record():
        (first,) = mx.autograd.grad((sp.dot(x, w) ** 2).sum(), [w], create_graph=True)
    first.backward()
    equal(w.grad, (2 * DENSE.T @ DENSE).sum(0, keepdims=True).T)


def test_writes_to_recorded_arrays_are_refused(array):
    array.attach_grad()
    with mx.autograd.record():
        array * 2
        for write in (lambda: array.__imul__(2), lambda: array.__setitem__(slice(None), mx.nd.ones((4, 3)))):
            with pytest.raises(mx.MXNetError, match=r"inside autograd\.record\(\)"):
                write()


def test_recorded_values_into_sparse_arrays(array):
    x, target = mx.nd.array(DENSE), mx.nd.zeros((4, 3)).tostype(array.stype)
    x.attach_grad()
    with mx.autograd.record():
        target[:] = x * 3
        y = target * 2
    y.backward()
    equal(y, DENSE * 6)
    equal(x.grad, np.full((4, 3), 6))


def test_updates_of_attached_arrays_are_seen():
    w = mx.nd.array(DENSE).tostype("row_sparse")
    w.attach_grad()
    for scale in (1, 2):
        w[:] = mx.nd.array(DENSE * scale)
        with mx.autograd.record():
            y = sp.square(w)
        y.backward()
        equal(w.grad, 2 * DENSE * scale)


# -- executors -------------------------------------------------------------------------------------------------------


def test_stype_dict():
    net = mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=2, no_bias=True, name="f")
    executor = net.simple_bind(mx.cpu(), x=(4, 3), stype_dict={"x": "csr"})
    assert executor.arg_dict["x"].stype == "csr"
    assert executor.grad_dict["x"].stype == executor.grad_dict["f_weight"].stype == "default"
    executor.arg_dict["f_weight"][:] = 1
    for scale in (1, 2):
        x = mx.nd.array(DENSE * scale).tostype("csr")
        (output,) = executor.forward(is_train=True, x=x)
        equal(output, np.repeat(DENSE.sum(1, keepdims=True), 2, 1) * scale)
        executor.backward(mx.nd.ones((4, 2)))
        equal(executor.grad_dict["f_weight"], np.repeat(DENSE.sum(0, keepdims=True), 2, 0) * scale)
    with pytest.raises(mx.MXNetError, match="no argument 'y'; there are: x, f_weight"):
        net.simple_bind(mx.cpu(), x=(4, 3), stype_dict={"y": "csr"})
    with pytest.raises(mx.MXNetError, match="'x' is 'coo'; expected 'default'"):
        net.simple_bind(mx.cpu(), x=(4, 3), stype_dict={"x": "coo"})


@pytest.mark.parametrize("request_", ["write", "add"])
def test_gradient_arrays_of_executors(request_):
    net = mx.sym.sparse.dot(mx.sym.var("x", stype="csr"), mx.sym.var("w", stype="row_sparse"))
    executor = net.simple_bind(mx.cpu(), x=(4, 3), w=(3, 1), grad_req={"x": "null", "w": request_})
    executor.arg_dict["x"][:] = mx.nd.array(DENSE)
    gradient = executor.grad_dict["w"]
    for count in (1, 2):
        executor.forward(is_train=True)
        executor.backward(mx.nd.ones((4, 1)))
        equal(gradient, DENSE.sum(0)[:, None] * (count if request_ == "add" else 1))
    gradient[:] = 0
    executor.backward(mx.nd.ones((4, 1)))
    equal(gradient, DENSE.sum(0)[:, None])
    assert gradient.stype == "row_sparse"


def test_weights_of_executors_are_updated_lazily():
    net = mx.sym.Embedding(mx.sym.var("i"), mx.sym.var("w"), input_dim=5, output_dim=2, sparse_grad=True)
    executor = net.simple_bind(mx.cpu(), i=(2,), grad_req={"w": "write"})
    weight, gradient = executor.arg_dict["w"], executor.grad_dict["w"]
    weight[:] = 1
    executor.arg_dict["i"][:] = mx.nd.array([1, 3])
    executor.forward(is_train=True)
    executor.backward(mx.nd.ones((2, 2)))
    mx.nd.sgd_update(weight, gradient, lr=0.5, wd=0.1, out=weight)
    equal(weight, [[1, 1], [0.45, 0.45], [1, 1], [0.45, 0.45], [1, 1]])
    equal(executor.forward()[0], np.full((2, 2), 0.45))


# -- updates ---------------------------------------------------------------------------------------------------------


def test_updates_without_out_leave_the_weights():
    w, g = mx.nd.ones((3, 2)), mx.nd.array([[0, 0], [1, 1], [0, 0]]).tostype("row_sparse")
    new = mx.nd.sgd_update(w, g, lr=0.5, wd=1.0)
    equal(w, np.ones((3, 2)))
    equal(new, [[1, 1], [0, 0], [1, 1]])
    other = mx.nd.zeros((3, 2))
    assert mx.nd.sgd_update(w, g, lr=0.5, out=other) is other
    equal(other, [[1, 1], [0.5, 0.5], [1, 1]])


def test_updates_of_other_shapes_are_refused():
    grad = sp.zeros("row_sparse", (4, 2))
    with pytest.raises(mx.MXNetError, match=r"grad has shape \(4, 2\) and weight \(3, 2\)"):
        mx.nd.sgd_update(mx.nd.ones((3, 2)), grad, lr=0.5)


def test_retain_is_a_method_and_a_symbol():
    rows = mx.nd.array(DENSE).tostype("row_sparse")
    equal(rows.retain(mx.nd.array([3])), DENSE * [[0], [0], [0], [1]])
    with pytest.raises(IndexError, match="expected rows 0 to 3"):
        rows.retain(mx.nd.array([4]))
    net = mx.sym.sparse.retain(mx.sym.var("x"), mx.sym.var("i"))
    executor = net.bind(mx.cpu(), {"x": rows, "i": mx.nd.array([3])})
    equal(executor.forward()[0], DENSE * [[0], [0], [0], [1]])


def test_pickles_of_another_kind_are_refused():
    csr = mx.nd.array(DENSE).tostype("csr")
    rows = csr.tostype("default").tostype("row_sparse")
    with pytest.raises(mx.MXNetError, match="the pickle holds a RowSparseNDArray"):
        csr.__setstate__(rows.__getstate__())


@pytest.mark.parametrize("cls", [sp.BaseSparseNDArray, sp.CSRNDArray, sp.RowSparseNDArray])
def test_examples(cls):
    """tests/laws runs those of modules; these classes say that they are of the generated module."""
    for name, member in [(cls.__name__, cls), *vars(cls).items()]:
        text = getattr(member, "__doc__", None)
        if isinstance(text, str) and not name.startswith("__"):
            runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
            runner.run(doctest.DocTestParser().get_doctest(text, {"mx": mx, "np": np}, name, None, None))
            assert runner.failures == 0
    test = doctest.DocTestFinder().find(sp, "sparse", extraglobs={"mx": mx, "np": np})[0]
    assert doctest.DocTestRunner().run(test).failed == 0
