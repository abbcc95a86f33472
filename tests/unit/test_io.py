"""Data iterators: against what MXNet 1.9.1 yields, and what is promised beyond it."""

from __future__ import annotations

import gc
import gzip
import hashlib
import logging
import os
import pathlib
import pickle
import subprocess
import sys
import textwrap
import threading
import types
import weakref
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet.io import _files
from mxnet.io._numbers import Scanner
from tests.golden import programs

GROUP = "iterators"
ROOT = pathlib.Path(__file__).parent.parent.parent
MNIST = (
    pathlib.Path(os.environ.get("MXNET_HOME", "~/.mxnet")).expanduser() / "datasets" / "mnist",
    ROOT.parent / "shared" / "data" / "mnist",
)


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


def values(batches):
    """Return the first array of data of each batch as a flat list."""
    return [batch.data[0].asnumpy().ravel().tolist() for batch in batches]


# -- descriptions and batches ----------------------------------------------------------------------------------------


def test_description_keeps_dtype_and_layout_when_replaced():
    desc = mx.io.DataDesc("data", (2, 3), "int8", "TN")._replace(shape=(4, 3))
    assert (desc.name, desc.shape, desc.dtype, desc.layout) == ("data", (4, 3), "int8", "TN")


@pytest.mark.parametrize("name", ["data", "label"])
def test_batch_wants_lists(name):
    arrays = {"data": None, "label": None, name: mx.nd.ones((2,))}
    with pytest.raises(TypeError, match=f"DataBatch: {name} is a NDArray; expected a list of NDArrays"):
        mx.io.DataBatch(**arrays)


def test_batch_without_data_prints():
    assert str(mx.io.DataBatch(None)) == "DataBatch: data shapes: None label shapes: None"


# -- NDArrayIter ------------------------------------------------------------------------------------------------------


def model(count, size, handle, epochs):
    """What NDArrayIter yields of 0 ... count - 1: the numbers and the pad of every batch."""
    found, kept = [], []
    for _ in range(epochs):
        left, epoch = kept + list(range(count)), []
        carried, kept = len(kept), []
        while len(left) >= size:
            epoch.append((left[:size], carried if handle == "roll_over" and not epoch else 0))
            left = left[size:]
        if left and handle == "pad":
            pad = size - len(left)
            epoch.append((left + [i % count for i in range(pad)], pad))
        if handle == "roll_over":
            kept = left
        found.append(epoch)
    return found


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 25), st.sampled_from(["pad", "discard", "roll_over"]))
def test_epochs_are_as_the_model_says(count, size, handle):
    it = mx.io.NDArrayIter(np.arange(count), np.arange(count), size, last_batch_handle=handle)
    for expected in model(count, size, handle, epochs=4):
        epoch = list(it)
        assert values(epoch) == [numbers for numbers, _ in expected]
        assert [batch.label[0].asnumpy().tolist() for batch in epoch] == [numbers for numbers, _ in expected]
        assert [batch.pad for batch in epoch] == [pad for _, pad in expected]
        it.reset()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.integers(1, 12), st.sampled_from(["pad", "roll_over"]))
def test_shuffled_epochs_use_everything(count, size, handle):
    it = mx.io.NDArrayIter(np.arange(count), np.arange(count) * 10, size, True, handle)
    used = []
    for _ in range(4):
        order = it.data[0][1].asnumpy().tolist()
        assert sorted(order) == list(range(count))
        for batch in it:
            data, label = batch.data[0].asnumpy(), batch.label[0].asnumpy()
            assert (label == data * 10).all()
            used += data[: size - batch.pad].tolist() if handle == "pad" else data.tolist()
        it.reset()
    everything = Counter(list(range(count)) * 4)
    assert not Counter(used) - everything
    # what rolls over last is still to come
    assert (everything - Counter(used)).total() == (0 if handle == "pad" else 4 * count % size)


def test_rolled_over_is_only_what_was_not_used():
    it = mx.io.NDArrayIter(np.arange(6), batch_size=3, last_batch_handle="roll_over")
    it.next()
    it.next()
    it.reset()
    assert values(it) == [[0, 1, 2], [3, 4, 5]]


def csr(dense):
    return mx.nd.array(dense).tostype("csr")


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("handle", ["pad", "discard", "roll_over"])
def test_csr_batches_are_csr_and_equal_the_dense_ones(handle, shuffle):
    dense = np.triu(np.arange(30, dtype="float32").reshape(10, 3)) % 7
    dense[4] = 0
    epochs = []
    for source in (mx.nd.array(dense), csr(dense)):
        np.random.seed(1)
        it = mx.io.NDArrayIter(source, np.arange(10), 4, shuffle, handle)
        epochs.append([])
        for _ in range(3):
            epochs[-1].append(list(it))
            it.reset()
    for plain, sparse in zip(*epochs):
        assert {batch.data[0].stype for batch in sparse} == {"csr"}
        assert values(sparse) == values(plain)
        assert [b.pad for b in sparse] == [b.pad for b in plain]
        for batch in sparse:
            batch.data[0].check_format()


def test_csr_batch_is_a_copy():
    source = csr(np.eye(4))
    batch = mx.io.NDArrayIter(source, batch_size=2).next().data[0]
    batch.data[:] = 9
    assert source.asnumpy().tolist() == np.eye(4).tolist()


def test_batch_axis_of_the_layout_is_cut():
    data, label = np.arange(12).reshape(3, 4, 1), np.arange(4)
    it = mx.io.NDArrayIter(data, {"one": label, "two": data[:, :, 0]}, 3, layout="TNC")
    assert it.num_data == 4
    assert [d.shape for d in it.provide_data + it.provide_label] == [(3, 3, 1), (3,), (3, 3)]
    first, last = it
    np.testing.assert_array_equal(first.data[0].asnumpy(), data[:, :3])
    np.testing.assert_array_equal(last.data[0].asnumpy(), data[:, [3, 0, 1]])
    np.testing.assert_array_equal(last.label[0].asnumpy(), [3, 0, 1])
    np.testing.assert_array_equal(last.label[1].asnumpy(), data[:, [3, 0, 1], 0])
    assert last.pad == 2


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "bool", "int8"])
def test_arrays_keep_their_dtype(dtype, shuffle):
    source = mx.nd.array([0, 1, 1, 0, 1]).astype(dtype)
    it = mx.io.NDArrayIter(source, batch_size=2, shuffle=shuffle)
    assert it.provide_data[0].dtype == source.dtype
    assert {batch.data[0].dtype for batch in it} == {source.dtype}
    it.reset()
    used = np.concatenate([batch.data[0].asnumpy()[: 2 - batch.pad] for batch in it])
    assert sorted(used.tolist()) == sorted(source.asnumpy().tolist())


def test_large_integers_stay_exact():
    source = mx.nd.array([2**24 + 1, 2**40 + 1], dtype="int64")
    assert mx.io.NDArrayIter(source).next().data[0].asnumpy().tolist() == [2**24 + 1]


class Dataset:
    """As much of an h5py.Dataset as the iterators use: it refuses indices that do not increase."""

    dtype = np.dtype("float64")

    def __init__(self, content):
        self.content = content
        self.shape = content.shape
        self.reads = 0

    def __getitem__(self, key):
        self.reads += 1
        rows = key[-1]
        if not isinstance(rows, slice):
            assert (np.diff(rows) > 0).all(), "h5py reads increasing indices"
        return self.content[key]


@pytest.fixture
def h5py(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", types.SimpleNamespace(Dataset=Dataset))


@pytest.mark.usefixtures("h5py")
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("handle", ["pad", "discard", "roll_over"])
def test_data_sets_in_files_are_read_batch_by_batch(handle, shuffle):
    content = np.arange(20).reshape(10, 2)
    epochs = []
    for source in (content, Dataset(content)):
        np.random.seed(2)
        it = mx.io.NDArrayIter(source, np.arange(10), 4, shuffle, handle)
        epochs.append([values(it)])
        it.reset()
        epochs[-1].append(values(it))
        assert it.provide_data[0].dtype is np.float32
    assert epochs[0] == epochs[1]
    lazy = Dataset(content)
    mx.io.NDArrayIter(lazy, batch_size=4).next()
    assert lazy.reads == 1


def test_sources_can_be_replaced():
    it = mx.io.NDArrayIter(np.arange(4), np.arange(4), 2)
    it.data = [("data", mx.nd.arange(4) + 10)]
    assert values(it) == [[10, 11], [12, 13]]
    assert it.label[0][1].asnumpy().tolist() == [0, 1, 2, 3]


def test_a_subclass_changes_batches():
    class Doubled(mx.io.NDArrayIter):
        def getdata(self):
            return [array * 2 for array in super().getdata()]

    assert values(Doubled(np.arange(4), batch_size=2)) == [[0, 2], [4, 6]]


def test_shuffled_iterator_is_pickled_where_it_stands():
    it = mx.io.NDArrayIter(np.arange(10), batch_size=3, shuffle=True)
    it.next()
    assert values(pickle.loads(pickle.dumps(it))) == values(it)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0; expected at least 1"),
        ({"batch_size": 2.5}, "batch_size is 2.5; expected an integer"),
        ({"last_batch_handle": "rollover"}, "last_batch_handle is 'rollover'; expected one of pad, discard, roll_over"),
        ({"layout": "CHW"}, "layout 'CHW' has no 'N'"),
        ({"label": np.zeros(3)}, "array 'softmax_label' has 3 examples and 'data' has 4"),
        ({"data": np.array(1.0)}, r"array 'data' has shape \(\); expected axis 0 to hold examples"),
        ({"data": []}, "data: no array was given"),
        ({"data": {}}, "data: no array was given"),
        ({"data": {1, 2}}, "data is a set; expected an NDArray, a NumPy array"),
        ({"data": {"a": "text"}}, "array 'a' is a str that does not become a float32 array"),
    ],
)
def test_refused_arguments(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        mx.io.NDArrayIter(**{"data": np.zeros((4, 2)), **arguments})
    assert isinstance(caught.value, mx.MXNetError)


@pytest.mark.parametrize(("advance", "message"), [(0, "has not begun: call iter_next"), (2, "has ended: call reset")])
def test_no_batch_outside_of_an_epoch(advance, message):
    it = mx.io.NDArrayIter(np.zeros(4), batch_size=4)
    for _ in range(advance):
        it.iter_next()
    with pytest.raises(mx.MXNetError, match=message):
        it.getdata()


# -- iterators around iterators --------------------------------------------------------------------------------------


def test_resize_without_a_batch():
    with pytest.raises(mx.MXNetError, match=r"ResizeIter: there is no batch: call iter_next\(\) or next\(\) first"):
        mx.io.ResizeIter(mx.io.NDArrayIter(np.zeros(4)), 2).getdata()


class Scripted(mx.io.DataIter):
    """Yields what a list says: numbers become batches, exceptions are raised."""

    def __init__(self, script, **batch):
        super().__init__(1)
        self.script, self.batch, self.place = script, batch, 0
        self.provide_data = [("data", (1,))]
        self.provide_label = []

    def next(self):
        if self.place == len(self.script):
            raise StopIteration
        item = self.script[self.place]
        self.place += 1
        if isinstance(item, BaseException):
            raise item
        return mx.io.DataBatch([mx.nd.array([item])], **{"pad": 0, **self.batch})

    def reset(self):
        self.place = 0


def test_prefetching_raises_what_the_iterator_raises_and_goes_on():
    it = mx.io.PrefetchingIter([Scripted([1, ZeroDivisionError("boom"), 2]), Scripted([10, 20])])
    assert [array.asscalar() for array in it.next().data] == [1, 10]
    with pytest.raises(ZeroDivisionError, match="boom"):
        it.next()
    assert [array.asscalar() for array in it.next().data] == [2, 20]
    with pytest.raises(StopIteration):
        it.next()
    it.reset()
    assert it.next().data[0].asscalar() == 1


def test_prefetching_fetches_ahead():
    fetched = threading.Event()

    class Noted(Scripted):
        def next(self):
            if self.place == 1:
                fetched.set()
            return super().next()

    it = mx.io.PrefetchingIter(Noted([1, 2, 3]))
    it.next()
    assert fetched.wait(10), "the second batch is fetched before it is asked for"


def test_prefetching_reset_waits_for_a_batch_and_forgets_it():
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Scripted):
        def next(self):
            if self.place == 1:
                begun.set()
                assert go_on.wait(10)
            return super().next()

        def reset(self):
            assert self.place != 1, "reset while a batch is made"
            super().reset()

    it = mx.io.PrefetchingIter(Slow([1, 2, 3]))
    it.next()
    assert begun.wait(10)
    threading.Timer(0.05, go_on.set).start()
    it.reset()
    assert values(it) == [[1], [2], [3]]


def test_prefetching_keeps_buckets():
    inner = Scripted([1], bucket_key=7, provide_data=[("data", (5,))], label=[mx.nd.zeros((1,))])
    inner.default_bucket_key = 9
    it = mx.io.PrefetchingIter(inner)
    batch = it.next()
    assert (it.default_bucket_key, batch.bucket_key, batch.provide_data) == (9, 7, [("data", (5,))])


def test_prefetching_batches_without_labels():
    assert mx.io.PrefetchingIter(Scripted([1])).next().label == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mx.io.PrefetchingIter([]), "iters is empty"),
        (lambda: mx.io.PrefetchingIter([Scripted([1])], rename_data=[]), "rename_data has 0 dicts for 1 iterators"),
        (
            lambda: mx.io.PrefetchingIter([Scripted([1])], rename_data=[{"x": "y"}]),
            r"rename_data\[0\] has no new name for 'data'; it has \['x'\]",
        ),
        (
            lambda: list(mx.io.PrefetchingIter([Scripted([1, 2]), Scripted([1])])),
            r"iterators \[1\] of 2 have ended and the others have not",
        ),
        (
            lambda: mx.io.PrefetchingIter([Scripted([1]), Scripted([1], pad=3)]).next(),
            r"the batches have pad \[0, 3\]; expected the same",
        ),
        (lambda: mx.io.PrefetchingIter(Scripted([1])).getdata(), "there is no batch: call iter_next"),
    ],
)
def test_prefetching_refuses(make, message):
    with pytest.raises(mx.MXNetError, match=message):
        make()


def prefetching_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("PrefetchingIter")]


def test_prefetching_threads_end_with_the_iterator():
    gc.collect()
    before = prefetching_threads()
    it = mx.io.PrefetchingIter([Scripted([1, 2, 3]), Scripted([1, 2, 3])])
    it.next()
    mine = [thread for thread in prefetching_threads() if thread not in before]
    assert len(mine) == 2
    gone = weakref.ref(it)
    del it
    gc.collect()
    assert gone() is None
    for thread in mine:
        thread.join(10)
        assert not thread.is_alive()


def run(source):
    command = [sys.executable, "-c", textwrap.dedent(source)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_interpreter_ends_while_a_batch_is_computed():
    found = run("""
        import atexit, threading
        def left():
            print([t.name for t in threading.enumerate() if t.name.startswith("PrefetchingIter")])
        atexit.register(left)
        import mxnet as mx
        class Slow(mx.io.DataIter):
            provide_data, provide_label = [("data", (500, 500))], []
            def next(self):
                x = mx.nd.ones((500, 500))
                for _ in range(30):
                    x = mx.nd.dot(x, x) * 0
                return mx.io.DataBatch([x], pad=0)
        it = mx.io.PrefetchingIter([Slow(), Slow()])
        it.next()
        print("done")
    """)
    assert (found.returncode, found.stdout, found.stderr) == (0, "done\n[]\n", "")


# -- numbers ----------------------------------------------------------------------------------------------------------


@st.composite
def spelled(draw):
    """A number as programs write it."""
    number = draw(st.floats(-1e30, 1e30) | st.floats(-10, 10) | st.integers(-(10**17), 10**17).map(float))
    return draw(st.sampled_from(["%r", "%.18e", "%.3f", "%g", "%d", "%+.7G", "%.0f"])) % number


def as_read(numbers):
    """What remains of numbers that float32 does not hold."""
    numbers = np.asarray(numbers, dtype="float64")
    size = np.abs(numbers)
    return np.where(size > 1e200, np.copysign(np.inf, numbers), np.where(size < 1e-200, 0, numbers))


@settings(max_examples=200, deadline=None)
@given(st.lists(spelled() | st.sampled_from(["nan", "inf", "-inf", ".5", "5.", "-.25E-3", "1e400"]), min_size=1))
def test_numbers_are_read_as_python_reads_them(fields):
    found = Scanner(b",\n").read((",".join(fields) + "\n").encode())
    assert found is not None
    np.testing.assert_allclose(as_read(found.values), as_read([float(field) for field in fields]), rtol=2e-15)
    assert found.separators.tolist() == [ord(",")] * (len(fields) - 1) + [ord("\n")]


@given(st.lists(st.integers(-(10**18) + 1, 10**18 - 1), min_size=1))
def test_integers_are_exact(numbers):
    found = Scanner(b",\n").read((",".join(map(str, numbers)) + "\n").encode())
    assert found is not None
    assert found.values.astype(np.int64).tolist() == numbers


@given(st.text("0123456789+-.eE _xn", max_size=8))
def test_what_is_no_number_is_refused(field):
    text = field.encode()
    found = Scanner(b",\n").read(b"1," + text + b",2\n")
    try:
        expected = float("x" if "_" in field else field)
    except ValueError:
        assert found is None
    else:
        assert found is not None
        np.testing.assert_allclose(as_read(found.values), as_read([1, expected, 2]), rtol=2e-15)


# -- CSV --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a file and returns its path."""

    def write(text, name="file"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_csv_yields_every_row_in_turn(tmp_path_factory, data):
    columns = data.draw(st.integers(1, 4))
    count = data.draw(st.integers(1, 12))
    size = data.draw(st.integers(1, 9))
    block = data.draw(st.integers(1, 40))
    rows = np.random.default_rng(data.draw(st.integers(0, 99))).normal(size=(count, columns)).astype("float32")
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    np.savetxt(path, rows, fmt=data.draw(st.sampled_from(["%.9g", "%.18e", "%.9g "])), delimiter=",")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_files, "BLOCK", block)
        it = mx.io.CSVIter(data_csv=path, data_shape=(columns,), batch_size=size)
        start = 0
        for _ in range(4):
            batches = list(it)
            numbers = [i for batch in batches for i in batch.index.tolist()]
            # one epoch goes on where what filled the last batch ended
            assert numbers == [i % count for i in range(start, start + len(numbers))]
            assert start + len(numbers) - batches[-1].pad == count
            assert all(batch.pad == 0 for batch in batches[:-1])
            assert batches[-1].pad < size
            np.testing.assert_array_equal(np.concatenate([b.data[0].asnumpy() for b in batches]), rows[numbers])
            start = numbers[-1] + 1 if batches[-1].pad else 0
            start %= count
            it.reset()


def test_csv_batches_are_fresh(written):
    it = mx.io.CSVIter(data_csv=written("1\n2\n3\n"), data_shape=(1,), batch_size=1)
    kept = [batch.data[0] for batch in it]
    kept[0][:] = 9
    it.reset()
    assert values(it) == [[1], [2], [3]]
    assert [array.asscalar() for array in kept] == [9, 2, 3]


def test_csv_is_read_as_far_as_needed(written):
    it = mx.io.CSVIter(data_csv=written("1,2\n" * 50_000 + "1,x\n"), data_shape=(2,), batch_size=100)
    for _ in range(100):
        it.next()
    with pytest.raises(mx.MXNetError, match="line 50001, column 2: 'x'; expected a number"):
        list(it)


def test_csv_reset_before_the_first_batch(written):
    it = mx.io.CSVIter(data_csv=written("1\n2\n3\n"), data_shape=(1,), batch_size=2)
    it.reset()
    assert values(it) == [[1, 2], [3, 1]]
    it.reset()
    it.next()
    it.reset()
    assert values(it) == [[1, 2], [3, 1]], "a reset within an epoch begins with the first row"


def test_csv_file_as_long_as_what_fills_the_batch(written):
    it = mx.io.CSVIter(data_csv=written("1\n2\n"), data_shape=(1,), batch_size=4)
    for _ in range(3):
        assert values(it) == [[1, 2, 1, 2]]
        it.reset()


def test_csv_getters(written):
    it = mx.io.CSVIter(data_csv=written("1\n2\n3\n"), data_shape=(1,), batch_size=2)
    found = []
    while it.iter_next():
        found.append((it.getdata().asnumpy().ravel().tolist(), it.getpad(), it.getindex().tolist()))
    assert found == [([1, 2], 0, [0, 1]), ([3, 1], 1, [2, 0])]
    with pytest.raises(mx.MXNetError, match="there is no batch"):
        it.getdata()


def test_csv_folder_and_pattern(written, tmp_path):
    for name in ("b.csv", "a.csv", "c.txt"):
        written(f"{ord(name[0])}\n", name)
    read = [
        values(mx.io.CSVIter(data_csv=path, data_shape=(1,), batch_size=1))
        for path in (tmp_path, tmp_path / r".*\.csv")
    ]
    assert read == [[[97], [98], [99]], [[97], [98]]]


@pytest.mark.parametrize(
    ("text", "dtype", "message"),
    [
        ("1,2\n3\n", "float32", r"file, line 2: 1 columns; expected 2, as data_shape is \(2,\)"),
        ("1,2\n\n3,4,5\n", "float32", "file, line 3: 3 columns; expected 2"),
        (
            "a,b\n1,2\n",
            "float32",
            r"line 1, column 1: 'a'; expected a number of dtype float32 \(there must be no header",
        ),
        ("1,2\n1,1_0\n", "float32", "line 2, column 2: '1_0'; expected a number of dtype float32$"),
        ("1,\n", "float32", "line 1: 1 columns"),
        ("1,2\n,3\n", "float32", "line 2, column 1: ''; expected a number"),
        ("1,2147483648\n", "int32", "column 2: '2147483648'; expected a number of dtype int32"),
        ("1,9223372036854775808\n", "int64", "column 2: '9223372036854775808'; expected a number of dtype int64"),
        ("1,nan\n", "int64", "column 2: 'nan'; expected a number of dtype int64"),
        ("1,1e99\n", "int64", "column 2: '1e99'"),
        ("", "float32", "file: there is no example in it"),
        ("\n\n", "float32", "file: there is no example in it"),
    ],
)
def test_csv_says_what_is_wrong_where(written, text, dtype, message):
    with pytest.raises(mx.MXNetError, match=message):
        list(mx.io.CSVIter(data_csv=written(text), data_shape=(2,), batch_size=1, dtype=dtype))


def test_csv_numbers_beyond_float32_are_infinite(written):
    it = mx.io.CSVIter(data_csv=written("1e39,-1e39\n1e39, nan \n"), data_shape=(2,), batch_size=2)
    np.testing.assert_array_equal(it.next().data[0].asnumpy(), [[np.inf, -np.inf], [np.inf, np.nan]])


@pytest.mark.parametrize("dtype", [np.int32, np.dtype("int32"), "int32"])
def test_csv_dtypes(written, dtype):
    it = mx.io.CSVIter(data_csv=written("1,-2\n"), data_shape=(2,), batch_size=1, dtype=dtype)
    assert it.next().data[0].dtype is np.int32
    assert it.provide_label[0].dtype is np.int32


def test_unknown_parameters_are_ignored_with_a_warning(written):
    with pytest.warns(UserWarning, match="CSVIter has no parameter 'round_batches', which is ignored; did you mean"):
        mx.io.CSVIter(data_csv=written("1\n"), data_shape=(1,), batch_size=1, round_batches=False)


def test_remote_files_are_refused():
    with pytest.raises(mx.MXNetError, match=r"data_csv is 's3://bucket/a.csv'; expected a local file"):
        mx.io.CSVIter(data_csv="s3://bucket/a.csv", data_shape=(1,), batch_size=1)


def test_skipping_to_load_is_logged(written, caplog):
    it = mx.io.CSVIter(data_csv=written("1\n2\n"), data_shape=(1,), batch_size=1)
    with caplog.at_level(logging.INFO):
        it.debug_skip_load()
    assert caplog.messages == ["Set debug_skip_load to be true, will simply return first batch"]
    assert [it.next().data[0].asscalar() for _ in range(4)] == [1, 1, 1, 1]


# -- LibSVM -----------------------------------------------------------------------------------------------------------


def libsvm(path, width, size=1, **further):
    return mx.io.LibSVMIter(data_libsvm=path, data_shape=(width,), batch_size=size, **further)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_libsvm_reads_what_was_written(tmp_path_factory, data):
    count, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 6))
    generator = np.random.default_rng(data.draw(st.integers(0, 99)))
    dense = (generator.normal(size=(count, width)) * (generator.random((count, width)) < 0.4)).astype("float32")
    form = data.draw(st.sampled_from(["%d:%.9g", "%d:%.9e", "%d:%+.9g"]))
    gap = data.draw(st.sampled_from([" ", "  ", "\t"]))
    lines = []
    for i, row in enumerate(dense):
        columns = np.flatnonzero(row)
        if data.draw(st.booleans()):
            columns = columns[::-1]
        lines.append(gap.join([str(i - 3), *(form % (j, row[j]) for j in columns)]))
    end = data.draw(st.sampled_from(["\n", "\r\n", " \n", "\n\n"]))
    path = tmp_path_factory.mktemp("libsvm") / "rows"
    path.write_bytes((end.join(lines) + end).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_files, "BLOCK", data.draw(st.integers(1, 60)))
        batches = list(libsvm(path, width))
    for i, batch in enumerate(batches):
        batch.data[0].check_format()
        np.testing.assert_array_equal(batch.data[0].asnumpy(), dense[i : i + 1])
        assert batch.label[0].asnumpy().tolist() == [i - 3]
    assert len(batches) == count


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12), st.integers(1, 6), st.booleans())
def test_libsvm_parts_have_every_line_once(tmp_path_factory, numbers, parts, two_files):
    folder = tmp_path_factory.mktemp("parts")
    lines = [f"{n} 0:1\n" for n in numbers]
    cut = len(lines) // 2 if two_files and len(lines) > 1 else 0
    paths = []
    for name, some in (("a", lines[:cut]), ("b", lines[cut:])):
        if some:
            (folder / name).write_text("".join(some))
            paths.append(str(folder / name))
    found = []
    for part in range(parts):
        try:
            it = libsvm(";".join(paths), 1, num_parts=parts, part_index=part)
        except mx.MXNetError as error:
            assert "there is no example in it" in str(error)  # noqa: PT017 (a part may be empty)
            continue
        found += [batch.label[0].asscalar() for batch in it]
    assert found == numbers


def test_libsvm_adds_what_stands_twice(written):
    batch = libsvm(written("1 2:1 0:5 2:3\n0 1:1\n"), 3, size=2).next()
    assert batch.data[0].asnumpy().tolist() == [[5, 0, 4], [0, 1, 0]]
    assert batch.data[0].indptr.asnumpy().tolist() == [0, 2, 3]


def test_libsvm_leaves_out_values_weights_and_queries(written):
    batch = libsvm(written("1:0.5 0 2:3\n0 qid:7 1\n"), 3, size=2).next()
    assert batch.data[0].asnumpy().tolist() == [[1, 0, 3], [0, 1, 0]]
    assert batch.label[0].asnumpy().tolist() == [1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 0:1\n0 3:1\n", r"file, line 2, column 3: '3'; expected an index below 3, as data_shape is \(3,\)"),
        ("1 0:1 x:2\n", "line 1, column 7: 'x'; expected index:value with an index of digits"),
        ("1 0:1\n1 -1:2\n", "line 2, column 3: '-1'; expected index:value with an index of digits"),
        ("1 1.5:2\n", "line 1, column 3: '1.5'; expected index:value"),
        ("1 1:2x\n", "line 1, column 3: '2x'; expected index:value that is a number"),
        ("one 1:2\n", "line 1, column 1: 'one'; expected a label that is a number"),
        ("1,2 1:2\n", "line 1, column 1: '1,2'; expected a label"),
        ("", "file: there is no example in it"),
    ],
)
def test_libsvm_says_what_is_wrong_where(written, text, message):
    with pytest.raises(mx.MXNetError, match=message):
        list(libsvm(written(text), 3))


def test_libsvm_wants_a_line_of_labels_for_each_line(written):
    data, label = written("1 0:1\n" * 3, "data"), written("1 0:1\n", "label")
    with pytest.raises(mx.MXNetError, match=r"label ends before .*data; expected a line of labels for each line"):
        libsvm(data, 3, 2, label_libsvm=label, label_shape=(2,))


# -- MNIST ------------------------------------------------------------------------------------------------------------


def idx(magic, shape, content):
    return np.array((magic, *shape), ">i4").tobytes() + bytes(content)


@pytest.fixture
def digits(written):
    images = written(idx(2051, (10, 2, 3), [i * 7 % 256 for i in range(60)]), "images")
    return {"image": images, "label": written(idx(2049, (10,), range(10)), "labels"), "silent": True}


def test_mnist_shuffles_by_seed(digits):
    def order(seed):
        it = mx.io.MNISTIter(batch_size=10, seed=seed, **digits)
        batch = it.next()
        np.testing.assert_array_equal(batch.index, batch.label[0].asnumpy())
        expected = (batch.index[:, None] * 42 + np.arange(6) * 7) % 256 / 256
        np.testing.assert_array_equal(batch.data[0].asnumpy().reshape(10, 6), expected)
        return batch.index.tolist()

    assert order(1) == order(1) != order(2)


def test_mnist_reads_compressed_files(digits, written):
    plain = list(mx.io.MNISTIter(batch_size=5, **digits))
    for name in ("image", "label"):
        content = pathlib.Path(digits[name]).read_bytes()
        digits[name] = written(gzip.compress(content), name + ".gz")
    assert values(mx.io.MNISTIter(batch_size=5, **digits)) == values(plain)


def test_mnist_says_what_it_read(digits, capsys):
    mx.io.MNISTIter(batch_size=4, **{**digits, "silent": False})
    assert capsys.readouterr().err == "MNISTIter: load 10 images, shuffle=1, shape=[4,1,2,3]\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("image", b"ab", "file: 2 bytes; expected a header of 16"),
        ("image", idx(2049, (10, 2, 3), range(60)), "file, byte 0: magic number 2049; expected 2051, an IDX file"),
        ("image", idx(2051, (10, 2, 3), range(50)), r"byte 16: 50 bytes follow; expected 60, .* \(10, 2, 3\)"),
        ("image", idx(2051, (2**31 - 1,) * 3, range(50)), "byte 16: 50 bytes follow; expected 99035203"),
        ("label", idx(2049, (10,), range(3)), "byte 8: 3 bytes follow; expected 10"),
        ("label", idx(2049, (3,), range(3)), "has 3 labels for the 10 images of"),
        ("image", gzip.compress(bytes(100), mtime=0)[:20], "image: cannot read .*file"),
    ],
)
def test_mnist_says_what_is_wrong_where(digits, written, name, content, message):
    with pytest.raises(mx.MXNetError, match=message):
        mx.io.MNISTIter(batch_size=1, **{**digits, name: written(content)})


def test_mnist_refuses_a_batch_that_it_cannot_fill(digits):
    with pytest.raises(ValueError, match="batch_size is 11; expected at most the number of images, 10"):
        mx.io.MNISTIter(batch_size=11, **digits)
    with pytest.raises(mx.MXNetError, match=r"image: there is no file '.*nothing'"):
        mx.io.MNISTIter(**{**digits, "image": "nothing"})


def test_mnist_itself_is_as_mxnet_reads_it():
    folder = next((f for f in MNIST if (f / "t10k-images-idx3-ubyte.gz").exists()), None)
    if folder is None:
        pytest.skip(f"no MNIST in any of {[str(f) for f in MNIST]}")
    it = mx.io.MNISTIter(
        image=folder / "t10k-images-idx3-ubyte.gz",
        label=folder / "t10k-labels-idx1-ubyte.gz",
        batch_size=100,
        shuffle=False,
        silent=True,
    )
    batches = list(it)
    images = np.concatenate([batch.data[0].asnumpy() for batch in batches])
    assert images.shape == (10000, 1, 28, 28)
    # the bytes of the arrays of MXNet 1.9.1
    found = hashlib.sha256(images.tobytes()).hexdigest()
    assert found == "0194b01ac10d2940c3823564d797c586e7bfd25ffac681a9577bfbbb62d0a81a"
    assert batches[0].label[0].asnumpy()[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
