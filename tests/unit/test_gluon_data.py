"""Datasets, samplers and loaders: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import itertools
import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet.gluon import data as gd
from mxnet.gluon.data import _seeds, dataloader
from tests.golden import programs

GROUP = "gluon_data"
linux = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


def numbers(count=12):
    return gd.SimpleDataset(list(range(count)))


def lists(loader):
    return [batch.asnumpy().tolist() for batch in loader]


def when(value, action):
    """Return a transformation that calls `action` for one sample."""

    def transform(sample):
        if sample == value:
            action()
        return sample

    return transform


# -- datasets and samplers ------------------------------------------------------------------------------------------


@given(st.integers(0, 50), st.integers(1, 12))
def test_shards_are_a_partition(length, count):
    shards = [list(numbers(length).shard(count, i)) for i in range(count)]
    assert [i for shard in shards for i in shard] == list(range(length))
    sizes = [len(shard) for shard in shards]
    assert max(sizes) - min(sizes) <= 1


@given(st.integers(0, 30), st.integers(1, 7), st.sampled_from(["keep", "discard", "rollover"]), st.integers(1, 4))
def test_len_of_a_batch_sampler_is_what_it_gives(length, size, last, epochs):
    sampler = gd.BatchSampler(gd.SequentialSampler(length), size, last)
    for _ in range(epochs):
        announced = len(sampler)
        batches = list(sampler)
        assert len(batches) == announced
        assert all(len(batch) == size for batch in batches[:-1])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: numbers().shard(2, 2), ["shard", "index is 2", "num_shards=2"]),
        (lambda: numbers().shard(0, 0), ["num_shards=0"]),
        (lambda: numbers().shard(2, -1), ["index is -1"]),
        (lambda: numbers().take(-1), ["take", "count is -1"]),
        (lambda: gd.ArrayDataset(), ["ArrayDataset", "at least one"]),
        (lambda: gd.ArrayDataset([1, 2], [1]), ["argument 0 has 2", "argument 1 has 1"]),
        (lambda: gd.BatchSampler(gd.SequentialSampler(3), 0), ["batch_size is 0", "at least 1"]),
        (lambda: gd.BatchSampler(gd.SequentialSampler(3), 2, "x"), ["'x'", "'rollover'"]),
        (lambda: gd.DataLoader(numbers(), -2), ["batch_size is -2"]),
        (lambda: gd.DataLoader(numbers(), 2, timeout=0), ["timeout is 0", "above 0"]),
    ],
)
def test_wrong_values(call, words):
    with pytest.raises(ValueError) as caught:
        call()
    assert isinstance(caught.value, mx.MXNetError)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gd.DataLoader(numbers(), "3"), ["batch_size is '3'"]),
        (lambda: gd.DataLoader(numbers(), 2.5), ["batch_size is 2.5"]),
        (lambda: gd.DataLoader(numbers(), 2, num_workers=1.5), ["num_workers is 1.5"]),
        (lambda: gd.DataLoader(numbers(), 2, timeout=None), ["timeout is None"]),
        (lambda: numbers().sample([1]), ["sampler is list", "gluon.data.Sampler"]),
    ],
)
def test_wrong_types(call, words):
    with pytest.raises(TypeError) as caught:
        call()
    assert isinstance(caught.value, mx.MXNetError)
    for word in words:
        assert word in str(caught.value)


def test_a_batch_size_of_a_division_is_taken():
    assert lists(gd.DataLoader(numbers(3), 4 / 2)) == [[0, 1], [2]]


def test_datasets_that_never_raise_indexerror_can_be_filtered():
    class Squares(gd.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, idx):
            return idx**2

    assert list(Squares().filter(lambda x: x > 0)) == [1, 4, 9]


def test_base_classes_say_what_is_missing():
    class Mine(gd.Dataset):
        pass

    with pytest.raises(NotImplementedError, match="Mine has no __len__"):
        len(Mine())


# -- batches --------------------------------------------------------------------------------------------------------
BATCHIFY = [dataloader.default_batchify_fn, dataloader.default_mp_batchify_fn]


@pytest.mark.parametrize("batchify", BATCHIFY)
@pytest.mark.parametrize(
    ("samples", "kind", "words"),
    [
        ([mx.nd.ones((2,)), mx.nd.ones((3,))], ValueError, ["(2,)", "sample 1 (3,)", "pad"]),
        ([mx.nd.ones((2,)), np.ones(2)], TypeError, ["sample 1 ndarray"]),
        ([np.ones(2), np.ones(3)], ValueError, ["(2,)", "(3,)", "batchify_fn"]),
        (["a", "b"], TypeError, ["str", "'a'"]),
        ([None, None], TypeError, ["NoneType"]),
        ([{"a": 1}, {"a": 2}], TypeError, ["dict"]),
        ([(1, 2), (1,)], ValueError, ["tuple of 2", "sample 1 a tuple of 1"]),
        ([(1, 2), 3], ValueError, ["sample 1 int"]),
    ],
)
def test_samples_that_make_no_batch(batchify, samples, kind, words):
    with pytest.raises(kind) as caught:
        batchify(samples)
    assert isinstance(caught.value, mx.MXNetError)
    for word in (batchify.__name__, *words):
        assert word in str(caught.value)


@pytest.mark.parametrize("batchify", BATCHIFY)
def test_a_batch_is_a_copy(batchify):
    first, second = mx.nd.ones((2,)), np.ones(2, "float32")
    batchify([first])[:] = 5
    batchify([second])[:] = 5
    assert first.asnumpy().tolist() == second.tolist() == [1, 1]


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,), (2, 3)])
@pytest.mark.parametrize("dtype", ["float32", "uint8", "int64", "float16", "bool"])
def test_a_batch_in_shared_memory_is_the_same(shape, dtype):
    samples = [np.full(shape, value, dtype) for value in (0, 1, 1)]
    plain, shared = (batchify(samples) for batchify in BATCHIFY)
    assert plain.dtype is shared.dtype
    np.testing.assert_array_equal(plain.asnumpy(), shared.asnumpy())
    if plain.size:
        assert shared._data.is_shared()


# -- workers --------------------------------------------------------------------------------------------------------


def worlds(count):
    """Return the arguments of loaders with processes and threads."""
    return pytest.mark.parametrize("workers", [{"num_workers": count}, {"num_workers": count, "thread_pool": True}],
                                   ids=["processes", "threads"])  # fmt: skip


@worlds(2)
@pytest.mark.parametrize("prefetch", [0, 1, 3, 100])
def test_order_is_the_samplers(workers, prefetch):
    data = numbers().transform(lambda x: (time.sleep(0.02 if x == 0 else 0), x)[1])
    loader = gd.DataLoader(data, 2, prefetch=prefetch, **workers)
    expected = [[2 * i, 2 * i + 1] for i in range(6)]
    assert lists(loader) == lists(loader) == expected


@worlds(1)
def test_prefetch_says_how_many_batches_are_made_ahead(workers):
    taken = []

    class Sampler(gd.Sampler):
        def __iter__(self):
            for i in range(10):
                taken.append(i)
                yield i

        def __len__(self):
            return 10

    iterator = iter(gd.DataLoader(numbers(), 1, sampler=Sampler(), prefetch=3, **workers))
    next(iterator)
    assert taken == [0, 1, 2, 3]
    next(iterator)
    assert taken == [0, 1, 2, 3, 4]


@worlds(2)
def test_nested_and_parallel_iteration(workers):
    loader = gd.DataLoader(numbers(4), 2, **workers)
    other = gd.DataLoader(numbers(4), 4, **workers)
    assert [(a, b) for a in lists(loader) for b in lists(loader)] == list(itertools.product([[0, 1], [2, 3]], repeat=2))
    pairs = [(a.asnumpy().tolist(), b.asnumpy().tolist()) for a, b in zip(loader, loader)]
    assert pairs == [([0, 1], [0, 1]), ([2, 3], [2, 3])]
    assert [len(list(zip(loader, other))) for _ in range(2)] == [1, 1]


@worlds(2)
def test_epochs_that_are_broken_off(workers):
    loader = gd.DataLoader(numbers(40), 2, **workers)
    for _ in range(5):
        for batch in loader:
            assert batch.asnumpy().tolist() == [0, 1]
            break
    assert len(lists(loader)) == 20


def _mapped(array):
    """Return what the memory of an array is a map of."""
    with open("/proc/self/maps") as file:
        for line in file:
            start, _, end = line.split()[0].partition("-")
            if int(start, 16) <= array._data.data_ptr() < int(end, 16):
                return line.split(maxsplit=5)[5].strip() if len(line.split()) > 5 else ""
    return ""


@linux
def test_large_batches_from_processes_are_in_shared_memory():
    data = gd.ArrayDataset(np.arange(40000.0).reshape(4, 10000), np.arange(4))
    batches = list(gd.DataLoader(data, 2, num_workers=1))
    for images, labels in batches:
        assert "memfd" in _mapped(images)
        assert "memfd" not in _mapped(labels)
        assert images.context == labels.context == mx.cpu()
        images[:] = 0  # they can be written to
    assert data[1][0][0] == 10000
    links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    assert not [link for link in links if os.path.lexists(link) and "memfd" in os.readlink(link)]


@linux
def test_idle_workers_hold_no_batch():
    """Memory that both have mapped is free only when both have given it up."""

    def maps(_):
        with open("/proc/self/maps") as file:
            return "memfd" in file.read()

    data = gd.ArrayDataset(np.zeros((3, 10000)), gd.SimpleDataset([0, 1, 2]).transform(maps))
    assert [float(seen.asscalar()) for _, seen in gd.DataLoader(data, 1, num_workers=1)] == [0, 0, 0]


@linux
def test_hundreds_of_arrays_in_a_batch():
    def batchify(samples):
        return [mx.nd.full((5000,), i) for i in range(450)]

    (batch,) = gd.DataLoader([0], 1, batchify_fn=batchify, num_workers=1)
    assert [float(array[-1].asscalar()) for array in batch] == list(range(450))


def test_all_kinds_of_objects_come_from_processes():
    def batchify(samples):
        return {
            "sparse": mx.nd.ones((2, 2)).tostype("csr"),
            "view": mx.nd.arange(1000)[10:20],
            "large": np.arange(1e4).reshape(100, 100).T,
            "records": np.zeros(5000, [("a", "i4"), ("b", "f8")]),
            "small": np.arange(3),
            "objects": np.array([{}, None], dtype=object),
            "text": ["a", b"b", None, 3],
            "large view": mx.nd.arange(50000)[10000:20000],
            "same": [mx.nd.ones((5000,))] * 2,
            "tensor": torch.arange(6000).reshape(2, 3000).T,
            "gradient": torch.ones(3, requires_grad=True),
            "half": mx.nd.ones((3,), dtype="float16"),
            "empty": mx.nd.array([]).reshape((0,)),
            "header": mx.recordio.IRHeader(0, 1.0, 2, 3),
        }

    (here,), (there,) = (list(gd.DataLoader([0], 1, batchify_fn=batchify, num_workers=n)) for n in (0, 1))
    assert here.keys() == there.keys()
    assert type(there["sparse"]) is type(here["sparse"])
    for name in ("sparse", "view", "large view", "half", "empty"):
        np.testing.assert_array_equal(here[name].asnumpy(), there[name].asnumpy())
        assert here[name].dtype is there[name].dtype
    for name in ("large", "records", "small"):
        np.testing.assert_array_equal(here[name], there[name])
        assert there[name].flags.writeable
        there[name][0] = there[name][1]
    assert there["same"][0] is there["same"][1]
    assert torch.equal(here["tensor"], there["tensor"])
    assert there["gradient"].requires_grad
    for name in ("text", "header"):
        assert here[name] == there[name]


def test_an_array_of_the_dataset_is_not_shared_with_the_batch():
    """A worker keeps its copy of the dataset: what the main process writes into a batch must not get there."""
    array = mx.nd.ones((30000,))
    loader = gd.DataLoader([array], 1, batchify_fn=lambda samples: samples[0], num_workers=1)
    for _ in range(2):
        (batch,) = loader
        assert batch.asnumpy().sum() == 30000
        batch[:] = 7


def test_lambdas_closures_and_open_files_reach_processes(tmp_path):
    (tmp_path / "text").write_bytes(b"abc")
    with open(tmp_path / "text", "rb", buffering=0) as file:
        data = numbers(3).transform(lambda i: os.pread(file.fileno(), 1, i)[0])
        assert lists(gd.DataLoader(data, 3, num_workers=1)) == [[97, 98, 99]]


def test_the_dataset_is_not_sent_with_each_batch():
    class Heavy(gd.SimpleDataset):
        def __reduce__(self):
            raise AssertionError("was pickled")

    if multiprocessing.get_start_method() == "fork" or sys.platform == "linux":
        assert len(lists(gd.DataLoader(Heavy(list(range(6))), 2, num_workers=1))) == 3


def test_workers_stay_for_the_next_epoch():
    data = numbers(4).transform(lambda x: os.getpid())
    loader = gd.DataLoader(data, 1, num_workers=1)
    first, second = lists(loader), lists(loader)
    assert first == second
    assert first[0][0] != os.getpid()


@worlds(2)
def test_a_loader_that_is_gone_leaves_nothing(workers):
    before, others = threading.active_count(), set(multiprocessing.active_children())
    loader = gd.DataLoader(numbers(), 2, **workers)
    lists(loader)
    seen = weakref.ref(loader)
    del loader
    assert seen() is None
    _eventually(lambda: set(multiprocessing.active_children()) <= others)
    _eventually(lambda: threading.active_count() == before)


@worlds(2)
def test_an_error_leaves_nothing(workers):
    def use():
        loader = gd.DataLoader(numbers().transform(when(4, lambda: [][0])), 2, **workers)
        with contextlib.suppress(IndexError):
            lists(loader)
        return weakref.ref(loader)

    others = set(multiprocessing.active_children())  # of compilers, in other tests
    gc.disable()
    try:
        assert use()() is None  # without the help of the garbage collector
    finally:
        gc.enable()
    _eventually(lambda: set(multiprocessing.active_children()) <= others)


def _eventually(true):
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# -- random numbers -------------------------------------------------------------------------------------------------


def drawn(*_):
    return (
        float(mx.nd.random.uniform().asscalar()),
        np.random.rand(),
        random.random(),
        float(torch.rand((), dtype=torch.float64)),
    )


def draws(workers, epochs=1, shuffle=False):
    loader = gd.DataLoader(numbers(8).transform(drawn), 2, shuffle=shuffle, num_workers=workers)
    return [[column.asnumpy().tolist() for column in batch] for _ in range(epochs) for batch in loader]


@pytest.fixture
def seeded():
    """Seed all generators, as often as called; put them back in the end."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()

    def seed(value):
        mx.random.seed(value)
        np.random.seed(value)
        random.seed(value)
        torch.manual_seed(value)

    yield seed
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])


def test_random_numbers_of_workers_differ(seeded):
    seeded(1)
    found = np.array(draws(2, epochs=2))  # (batch, generator, sample)
    for generator in range(4):
        assert len(np.unique(found[:, generator])) == found[:, generator].size


def test_random_numbers_of_workers_follow_from_the_seeds(seeded):
    found = []
    for workers in (1, 2, 1):
        seeded(2)
        found.append(draws(workers, epochs=2))
    assert found[0] == found[1] == found[2]
    seeded(3)
    other = np.array(draws(1, epochs=2))
    assert not np.isin(other, np.array(found[0])).any()


def test_each_generator_follows_from_its_own_seed(seeded):
    seeded(1)
    first = _seeds.Seeds.of_epoch(0)
    seeded(1)
    np.random.seed(5)
    second = _seeds.Seeds.of_epoch(0)
    assert first.numpy != second.numpy
    assert (first.python, first.arrays, first.torch) == (second.python, second.arrays, second.torch)


def test_workers_leave_the_draws_of_numpy_alone(seeded):
    """What a script draws after np.random.seed is what MXNet 1.9.1 draws."""
    seeded(4)
    expected = np.random.rand(3).tolist()
    seeded(4)
    lists(gd.DataLoader(numbers(4), 2, num_workers=1))
    assert np.random.rand(3).tolist() == expected


@settings(max_examples=50)
@given(st.integers(0, 2**64 - 1), st.integers(0, 10**6))
def test_seeds_of_batches_are_64_bits(value, number):
    found = _seeds.Seeds(value, value, value, value).of_batch(number)
    assert 0 <= found.python < 2**64
    assert found != _seeds.Seeds(value, value, value, value).of_batch(number + 1)


def test_workers_work_on_the_cpu_without_recording():
    def state(_):
        return (mx.current_context() == mx.cpu(), mx.autograd.is_recording(), torch.get_num_threads())

    with mx.Context("cpu", 3), mx.autograd.record():
        loader = gd.DataLoader(numbers(1).transform(state), 1, num_workers=1)
        found = [column.asnumpy().tolist() for batch in loader for column in batch]
    assert found == [[True], [False], [1]]


def test_torch_works_in_a_worker_after_it_worked_here():
    """OpenMP's threads do not survive a fork, and whoever waited for them would wait for ever."""
    x = mx.nd.random.uniform(shape=(600, 600))
    mx.nd.dot(x, x).wait_to_read()
    data = numbers(4).transform(lambda i: mx.nd.dot(x, x) * i)
    batches = list(gd.DataLoader(data, 2, num_workers=2, timeout=30))
    np.testing.assert_allclose(batches[1].asnumpy()[1], 3 * mx.nd.dot(x, x).asnumpy(), rtol=1e-5)


# -- what goes wrong in workers -------------------------------------------------------------------------------------


class Odd(Exception):
    """Pickles, but does not unpickle."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def _raise(error):
    raise error


@worlds(2)
def test_an_exception_keeps_its_class_and_says_where(workers):
    loader = gd.DataLoader(numbers().transform(when(4, lambda: {}["missing"])), 2, **workers)
    seen = []
    with pytest.raises(KeyError) as caught:
        seen.extend(batch.asnumpy().tolist() for batch in loader)
    assert caught.value.args == ("missing",)
    assert caught.type is KeyError
    if "thread_pool" not in workers:
        text = str(caught.value.__cause__)
        assert __file__ in text
        assert "action()" in text
        assert "worker process" in text
        assert "task 2" in text
    # the loader goes on to work
    assert next(iter(loader)).asnumpy().tolist() == [0, 1]


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda: _raise(Odd(1, 2)), ["Odd", "1 and 2"]),
        (lambda: _raise(StopIteration()), ["StopIteration"]),
        (lambda: sys.exit(3), ["SystemExit(3)"]),
    ],
    ids=["unpicklable", "stop", "exit"],
)
def test_exceptions_that_cannot_travel(action, words):
    with pytest.raises(mx.MXNetError) as caught:
        lists(gd.DataLoader(numbers().transform(when(4, action)), 2, num_workers=1))
    for word in words:
        assert word in str(caught.value)
    assert "action()" in str(caught.value.__cause__)


def test_stopiteration_in_a_thread_does_not_end_the_epoch():
    data = numbers().transform(when(4, lambda: _raise(StopIteration())))
    with pytest.raises(mx.MXNetError, match="StopIteration"):
        lists(gd.DataLoader(data, 2, num_workers=1, thread_pool=True))


def test_a_batch_that_cannot_be_pickled():
    with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
        list(gd.DataLoader(numbers(), 2, batchify_fn=lambda samples: lambda: 0, num_workers=1))


class Vanishing:
    """Pickles in the worker and cannot be made again."""

    def __reduce__(self):
        return _raise, (ValueError("no way back"),)


def test_a_batch_that_cannot_be_unpickled():
    with pytest.raises(mx.MXNetError, match="no way back"):
        list(gd.DataLoader(numbers(), 2, batchify_fn=lambda samples: Vanishing(), num_workers=1))


def _die(number):
    faulthandler.disable()  # pytest's
    os.kill(os.getpid(), number)


@linux
@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda: os._exit(0), "exited with 0"),
        (lambda: os._exit(3), "exited with 3"),
        (lambda: _die(signal.SIGKILL), "SIGKILL: perhaps the system had no memory left"),
        (lambda: _die(signal.SIGBUS), "SIGBUS: perhaps no shared memory was left"),
        (lambda: _die(signal.SIGSEGV), "SIGSEGV"),
    ],
    ids=["exit0", "exit3", "kill", "bus", "segv"],
)
def test_a_worker_that_dies(action, words):
    loader = gd.DataLoader(numbers().transform(when(4, action)), 2, num_workers=2)
    start = time.monotonic()
    with pytest.raises(mx.MXNetError) as caught:
        lists(loader)
    assert words in str(caught.value)
    assert "pid" in str(caught.value)
    assert time.monotonic() - start < 10  # where the timeout is 120 s
    assert next(iter(loader)).asnumpy().tolist() == [0, 1]  # with new workers


@linux
def test_an_idle_worker_that_dies_is_replaced():
    loader = gd.DataLoader(numbers(4), 2, num_workers=2)
    assert len(lists(loader)) == 2
    loader._worker_pool._workers[1].process.kill()
    _eventually(lambda: loader._worker_pool.failure)
    assert lists(loader) == [[0, 1], [2, 3]]


@worlds(2)
def test_a_timeout_is_kept(workers):
    stop = threading.Event()
    loader = gd.DataLoader(numbers(8).transform(when(2, lambda: stop.wait(60))), 2, timeout=0.5, **workers)
    start = time.monotonic()
    iterator = iter(loader)
    assert next(iterator).asnumpy().tolist() == [0, 1]
    with pytest.raises(multiprocessing.TimeoutError) as caught:
        next(iterator)
    assert isinstance(caught.value, mx.MXNetError)
    assert "batch 1 was not there after 0.5 seconds" in str(caught.value)
    assert time.monotonic() - start < 10
    assert next(iter(loader)).asnumpy().tolist() == [0, 1]
    stop.set()


@worlds(1)
def test_a_timeout_of_the_dataset_itself(workers):
    with pytest.raises(TimeoutError, match="mine"):
        lists(gd.DataLoader(numbers().transform(lambda x: _raise(TimeoutError("mine"))), 2, **workers))


def test_workers_cannot_have_workers():
    data = numbers(2).transform(lambda x: lists(gd.DataLoader(numbers(2), 1, num_workers=1)))
    with pytest.raises(mx.MXNetError, match="num_workers=0"):
        list(gd.DataLoader(data, 1, num_workers=1))


def test_workers_can_have_loaders():
    data = numbers(2).transform(lambda x: next(iter(gd.DataLoader(numbers(2), 2))))
    assert lists(gd.DataLoader(data, 2, num_workers=1)) == [[[0, 1], [0, 1]]]


# -- how programs end -----------------------------------------------------------------------------------------------
SCRIPT = """
import multiprocessing, os, signal, sys, time
import mxnet as mx
from mxnet.gluon import data as gd
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started the tests without
def slow(i):
    time.sleep(0.05)
    return mx.nd.full((100000,), i)
threads = sys.argv[1] == "threads"
loaders = [gd.DataLoader(gd.SimpleDataset(list(range(4000))).transform(slow), 2, num_workers=2, thread_pool=threads)
           for _ in range(2)]
for batches in zip(*loaders):
    print("ready", *(child.pid for child in multiprocessing.active_children()), flush=True)
    {end}
"""
#: By name: what the script does when its workers are busy, what is sent to it, and how it is to end.
ENDS = {
    "end": ("break", None, 0),
    "threads": ("break", None, 0),
    "exception": ("raise SystemExit(3)", None, 3),
    "SIGINT": ("time.sleep(0.01)", signal.SIGINT, -signal.SIGINT),
    "SIGKILL": ("time.sleep(0.01)", signal.SIGKILL, -signal.SIGKILL),
}


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def ended():
    """Run all scripts at once; return exit code, error output, pids of workers and shared memory by name."""
    processes = {
        name: subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SCRIPT.format(end=end), name],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        for name, (end, _, _) in ENDS.items()
    }
    found = {}
    for name, process in processes.items():
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()[1:]]
        kind = ENDS[name][1]
        if kind == signal.SIGINT:
            os.killpg(process.pid, kind)  # as a terminal does
        elif kind:
            process.send_signal(kind)
        errors = process.communicate(timeout=60)[1]
        found[name] = process.returncode, errors, pids
    return found


@linux
@pytest.mark.parametrize("name", sorted(ENDS))
def test_programs_end_and_leave_nothing(ended, name):
    code, errors, pids = ended[name]
    assert code == ENDS[name][2], errors
    assert len(pids) == (0 if name == "threads" else 4)
    for pid in pids:
        _eventually(lambda pid=pid: not _alive(pid))
        assert not [file for file in os.listdir("/dev/shm") if f"_{pid}_" in file]
    if name in ("end", "threads", "exception"):
        assert not errors
