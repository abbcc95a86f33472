"""Key-value stores: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet.kvstore._processes import OneProcess
from tests.golden import programs

GROUP = "kvstore"
KINDS = ["local", "device", "nccl", "local_update_cpu", "local_allreduce_cpu", "local_allreduce_device"]


def array(values, context=0, dtype="float32"):
    return mx.nd.array(values, ctx=mx.cpu(context), dtype=dtype)


def value(store, key, shape=(2,)):
    out = mx.nd.zeros(shape)
    store.pull(key, out=out)
    return out.asnumpy().tolist()


@pytest.fixture(params=KINDS)
def store(request):
    found = mx.kv.create(request.param)
    found.init("a", mx.nd.ones((2,)))
    return found


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.sampled_from(KINDS),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=50, deadline=None)
def test_sums_of_lists(counts, kind, names, seed):
    generator = np.random.default_rng(seed)
    keys = [f"k{i}" if names else i for i in range(len(counts))]
    numbers = [generator.integers(-9, 9, (count, 2, 3)) for count in counts]
    store = mx.kv.create(kind)
    store.init(keys, [mx.nd.zeros((2, 3)) for _ in keys])
    order = generator.permutation(len(keys))
    store.push([keys[i] for i in order], [[array(n, j) for j, n in enumerate(numbers[i])] for i in order])
    outs = [[mx.nd.zeros((2, 3), ctx=mx.cpu(j)) for j in range(count)] for count in counts]
    store.pull(keys, out=outs)
    for found, expected in zip(outs, numbers):
        for out in found:
            np.testing.assert_array_equal(out.asnumpy(), expected.sum(0))


@given(st.lists(st.lists(st.floats(-3, 3, width=32), min_size=4, max_size=4), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_compression_loses_nothing_in_the_long_run(gradients):
    """What was sent and what is kept add up to what came."""
    store = mx.kv.create("device")
    store.set_gradient_compression({"type": "2bit", "threshold": 0.5})
    store.init("g", mx.nd.zeros((4,)))
    sent = np.zeros(4)
    for gradient in gradients:
        store.push("g", array(gradient))
        step = np.array(value(store, "g", (4,)))
        assert set(np.unique(step)) <= {-0.5, 0, 0.5}
        sent += step
    kept = store._compression._residuals["g", 0].numpy()
    np.testing.assert_allclose(sent + kept, np.sum(gradients, 0), atol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_compression_of_other_dtypes(dtype):
    store = mx.kv.create("device")
    store.set_gradient_compression({"type": "2bit", "threshold": 0.5})
    store.init("g", mx.nd.zeros((3,), dtype=dtype))
    out = mx.nd.zeros((3,), dtype=dtype)
    for expected in ([0, 0.5, -0.5], [0.5, 0.5, -0.5]):
        store.pushpull("g", array([0.25, 0.75, -4], dtype=dtype), out=out)
        assert out.asnumpy().tolist() == expected


def test_compression_keeps_the_gradient():
    store = mx.kv.create("device")
    store.set_gradient_compression({"type": "2bit"})
    store.init("g", mx.nd.zeros((2,)))
    gradient = array([0.3, 7])
    store.push("g", gradient)
    assert gradient.asnumpy().tolist() == pytest.approx([0.3, 7])


# -- memory of its own -------------------------------------------------------------------------------------------------


def test_stored_values_are_copies(store):
    first, pushed = mx.nd.ones((2,)), array([3, 4])
    store.init("b", first)
    first[:] = 9
    assert value(store, "b") == [1, 1]
    store.push("b", pushed)
    pushed[:] = 9
    assert value(store, "b") == [3, 4]
    out = mx.nd.zeros((2,))
    store.pull("b", out=out)
    out[:] = 9
    assert value(store, "b") == [3, 4]


def test_pushed_arrays_stay_as_they_are(store):
    pushed = [array([1, 2]), array([3, 4], 1)]
    store.push("a", pushed)
    store.pushpull("a", pushed, out=mx.nd.zeros((2,)))
    assert [p.asnumpy().tolist() for p in pushed] == [[1, 2], [3, 4]]


def test_sparse_values_are_copies():
    store = mx.kv.create("local")
    first = mx.nd.ones((3, 2)).tostype("row_sparse")
    store.init("w", first)
    first[:] = 0
    assert value(store, "w", (3, 2)) == [[1, 1]] * 3


def test_stores_inside_record():
    store = mx.kv.create("local")
    x = array([1, 2])
    x.attach_grad()
    with mx.autograd.record():
        y = x * 3
        store.init("y", y)
        store.push("y", [y, y])
    y.backward()
    assert value(store, "y") == [6, 12]
    assert x.grad.asnumpy().tolist() == [3, 3]


# -- updaters ----------------------------------------------------------------------------------------------------------


def test_updaters_get_the_key_as_it_was_given(store):
    seen = []
    store._set_updater(lambda key, gradient, weight: seen.append((key, gradient.shape, weight.shape)))
    store.push("a", array([1, 2]))
    assert seen == [("a", (2,), (2,))]
    assert value(store, "a") == [1, 1]


def test_errors_of_an_updater_are_raised(store):
    def update(key, gradient, weight):
        raise ZeroDivisionError("mine")

    store._set_updater(update)
    with pytest.raises(ZeroDivisionError, match="mine"):
        store.push("a", array([1, 2]))


def test_an_updater_can_be_taken_away(store):
    store._set_updater(lambda key, gradient, weight: weight.__iadd__(gradient))
    store.push("a", array([1, 2]))
    store._set_updater(None)
    store.push("a", array([5, 6]))
    assert value(store, "a") == [5, 6]


def test_states_are_written_completely_or_not_at_all(store, tmp_path, monkeypatch):
    path = tmp_path / "states"
    store.set_optimizer(mx.optimizer.SGD(momentum=0.9))
    store.push("a", array([1, 2]))
    store.save_optimizer_states(str(path))
    before = path.read_bytes()
    monkeypatch.setattr(store._updater, "get_states", lambda dump: "not bytes")
    with pytest.raises(TypeError):
        store.save_optimizer_states(str(path))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["states"]


# -- sparse ------------------------------------------------------------------------------------------------------------


def test_a_skipped_pull_is_logged_once(caplog):
    store = mx.kv.create("local")
    store.init("w", mx.nd.ones((3, 2)).tostype("row_sparse"))
    out = mx.nd.sparse.zeros("row_sparse", (3, 2))
    with caplog.at_level(logging.WARNING):
        store.pull("w", out=out)
        store.pull("w", out=out)
    assert [record.getMessage() for record in caplog.records] == [
        "KVStore.pull: the value of key 'w' is sparse, and sparse arrays are left as they are; use row_sparse_pull, or "
        "ignore_sparse=False"
    ]


@given(st.lists(st.integers(0, 6), max_size=8), st.sets(st.integers(0, 6)))
@settings(max_examples=50, deadline=None)
def test_rows(wanted, stored):
    dense = np.zeros((7, 2), "float32")
    for row in stored:
        dense[row] = [row + 1, -row]
    store = mx.kv.create("local")
    store.init(0, mx.nd.array(dense).tostype("row_sparse"))
    out = mx.nd.sparse.zeros("row_sparse", (7, 2))
    store.row_sparse_pull(0, out=out, row_ids=mx.nd.array(wanted, dtype="int64"))
    assert out.indices.asnumpy().tolist() == sorted(set(wanted))
    expected = np.zeros_like(dense)
    expected[wanted] = dense[wanted]
    np.testing.assert_array_equal(out.asnumpy(), expected)


# -- kinds -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dist", "dist_sync", "dist_device_sync", "dist_async", "dist_sync_device", "P3"])
def test_several_machines_are_refused(name):
    with pytest.raises(mx.MXNetError, match="several machines, which this version cannot do yet"):
        mx.kv.create(name)


@pytest.mark.parametrize("name", ["horovod", "byteps"])
def test_stores_of_other_packages(name):
    with pytest.raises(mx.MXNetError, match="none has registered it"):
        mx.kv.create(name)


def test_a_registered_store_is_found_by_name(monkeypatch):
    monkeypatch.setattr(mx.kv.KVStoreBase, "kv_registry", {})

    @mx.kv.KVStoreBase.register
    class Horovod(mx.kv.KVStoreBase):
        pass

    assert type(mx.kv.create("horovod")) is Horovod
    with pytest.warns(UserWarning, match=r"New kvstore .*Horovod is overriding existing kvstore .*Horovod"):
        mx.kv.KVStoreBase.register(Horovod)


def test_a_store_of_several_processes_needs_one_class():
    """What `OneProcess` stands for: here another process always pushes the same."""

    class Two(OneProcess):
        rank, size = 1, 2
        waited = 0

        def first(self, value):
            return value * 10

        def total(self, value):
            return value * 2

        def wait(self):
            self.waited += 1

    store = mx.kv.KVStore(Two("dist_sync"))
    store.init("a", mx.nd.ones((2,)))
    assert value(store, "a") == [10, 10]
    store.push("a", [array([1, 2]), array([3, 4], 1)])
    assert value(store, "a") == [8, 12]
    store._barrier()
    assert (store.type, store.rank, store.num_workers, store.handle.waited) == ("dist_sync", 1, 2, 1)


def test_servers_are_refused():
    server = mx.kv.KVStoreServer(mx.kv.create("local"))
    with pytest.raises(mx.MXNetError, match="a 'local' store has no servers"):
        server.run()


# -- errors ------------------------------------------------------------------------------------------------------------

ONES = "mx.nd.ones((2,))"
WRONG = [
    ("mx.kv.create('locl')", mx.MXNetError, "there is no store 'locl'; expected one of 'local', 'device'"),
    ("mx.kv.create('')", mx.MXNetError, "there is no store ''"),
    ("mx.kv.create(None)", TypeError, "name must be a string, got NoneType"),
    ("mx.kv.KVStore(None)", TypeError, r"made by mx.kv.create\(name\)"),
    (f"s.init('a', {ONES})", mx.MXNetError, "KVStore.init: duplicate init of key 'a'"),
    (f"s.init(3, {ONES})", mx.MXNetError, "key 3 came, but the store has keys of str"),
    (f"s.init(['b', 3], [{ONES}] * 2)", TypeError, "keys are of int, str"),
    (f"s.init(['b', 3.5], [{ONES}] * 2)", TypeError, "keys are of float, str"),
    (f"s.init(3.5, {ONES})", TypeError, "key is a float"),
    (f"s.init(['b', 'c'], [{ONES}])", ValueError, "2 keys came with 1 values"),
    (f"s.init(['b'], {ONES})", ValueError, "1 keys came with a NDArray"),
    ("s.push('a', [1, 2])", TypeError, "KVStore.push: the list has a int"),
    ("s.push('a', np.ones(2))", TypeError, "KVStore.push: came ndarray"),
    ("s.push('a', [])", ValueError, "list of values of key 'a' is empty"),
    ("s.push('a', mx.nd.ones((3,)))", mx.MXNetError, r"key 'a' has shape \(2,\), but an array of shape \(3,\) came"),
    (f"s.push('b', {ONES})", mx.MXNetError, r"KVStore.push: key 'b' has no value; call init\('b', value\) first"),
    ("s.pull('a')", ValueError, "KVStore.pull: out is missing"),
    ("s.pull('a', out=mx.nd.ones((3,)))", mx.MXNetError, r"write to has shape \(3,\), but the value has \(2,\)"),
    (f"s.pull('b', out={ONES})", mx.MXNetError, "KVStore.pull: key 'b' has no value"),
    (f"s.pushpull('b', {ONES})", mx.MXNetError, "KVStore.pushpull: key 'b' has no value"),
    ("s.row_sparse_pull('a', row_ids=mx.nd.ones((1,)))", ValueError, "out is missing"),
    (f"s.row_sparse_pull('a', out={ONES})", ValueError, "row_ids is missing"),
    (f"s.row_sparse_pull('a', out={ONES}, row_ids={ONES})", mx.MXNetError, "the value is 'default', expected 'row_sp"),
    ("s.row_sparse_pull('w', out=mx.nd.ones((3, 2)), row_ids=mx.nd.ones((1,)))", mx.MXNetError, "the array in out is"),
    ("s.row_sparse_pull('w', out=w, row_ids=mx.nd.array([0, 3]))", IndexError, "rows 0 to 2, but row_ids has 0 to 3"),
    ("s.row_sparse_pull('w', out=[w, w], row_ids=[mx.nd.array([0])])", ValueError, "2 arrays in out and 1 row_ids"),
    ("s.save_optimizer_states('x')", mx.MXNetError, "call set_optimizer first"),
    ("s.load_optimizer_states('x')", mx.MXNetError, "call set_optimizer first"),
    ("s._set_updater(3)", TypeError, "updater is a int"),
    ("s.is_capable('flying')", ValueError, "unknown capability 'flying', expected 'optimizer'"),
    ("s.set_gradient_compression({'type': '2bit'})", mx.MXNetError, "not supported by 'local'"),
    ("d.set_gradient_compression(3)", TypeError, "is a int, expected a dict"),
    ("d.set_gradient_compression({'type': '1bit'})", mx.MXNetError, "unknown type '1bit', expected '2bit'"),
    ("d.set_gradient_compression({'threshold': 1})", mx.MXNetError, "'type' is missing"),
    ("d.set_gradient_compression({'type': '2bit', 'treshold': 1})", mx.MXNetError, "unknown parameters .*treshold"),
    ("d.set_gradient_compression({'type': '2bit', 'threshold': 'x'})", mx.MXNetError, "threshold is 'x'"),
    ("d.set_gradient_compression({'type': '2bit', 'threshold': float('inf')})", mx.MXNetError, "threshold is inf"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "kind", "message"), WRONG, ids=[row[0] for row in WRONG])
def test_errors(code, kind, message):
    scope = {"mx": mx, "np": np, "s": mx.kv.create("local"), "d": mx.kv.create("device")}
    scope["s"].init("a", mx.nd.ones((2,)))
    scope["s"].init("w", mx.nd.ones((3, 2)).tostype("row_sparse"))
    scope["w"] = mx.nd.sparse.zeros("row_sparse", (3, 2))
    with pytest.raises(kind, match=message) as raised:
        eval(code, scope)
    assert isinstance(raised.value, mx.MXNetError)
    assert value(scope["s"], "a") == [1, 1]


def test_integers_are_not_compressed():
    store = mx.kv.create("device")
    store.set_gradient_compression({"type": "2bit"})
    store.init("g", mx.nd.zeros((2,), dtype="int32"))
    with pytest.raises(mx.MXNetError, match="cannot be compressed, expected floats"):
        store.push("g", array([1, 2], dtype="int32"))
