"""Pickles of optimizers: what MXNet 1.9.1 and we write is read, and nothing that a pickle says is run."""

from __future__ import annotations

import collections
import os
import pathlib
import pickle
import pickletools
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet._runtime import pickle_machine, pickles
from mxnet.lr_scheduler import LRScheduler
from mxnet.optimizer import Optimizer

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "pickles"
FILES = {path.stem: path.read_bytes() for path in sorted(GOLDEN.glob("*.pickle"))}
ALLOWED = pickles.subclasses_of(mx.nd.NDArray, Optimizer, LRScheduler)


def loads(data):
    return pickles.loads(data, ALLOWED, "file")


# -- what MXNet 1.9.1 wrote (see tests/golden/pickles/record.py) -----------------------------------------------------
@pytest.mark.parametrize("protocol", range(5))
def test_arrays_of_mxnet(protocol):
    found = loads(FILES[f"arrays_{protocol}"])
    assert list(found) == [0, "half", (1, "s")]
    assert found[0].asnumpy().tolist() == [[1, 2, 3]]
    assert found["half"].dtype is np.float16
    row_sparse, csr = found[1, "s"]
    assert (row_sparse.stype, csr.stype) == ("row_sparse", "csr")
    assert row_sparse.asnumpy().tolist() == [[1, 2], [0, 0], [0, 0], [3, 4], [0, 0]]
    assert csr.asnumpy().tolist() == [[1, 0, 2, 0], [0, 0, 0, 0], [0, 3, 0, 0]]
    found[0][:] = 5
    assert found[0].asnumpy().tolist() == [[5, 5, 5]]


def numpy_values():
    """What tests/golden/pickles/record.py writes."""
    return {
        "arrays": [np.arange(6.0).reshape(2, 3), np.asfortranarray([[1, 2], [3, 4]]), np.array([[]]), np.array(True)],
        "big": np.arange(3).astype(">i2"),
        "text": np.array(["a", "bcd"]),
        "scalars": (np.float32(0.1), np.int64(-5), np.bool_(True)),
        "types": [np.float32, np.dtype("float16"), float],
        "set": {1, 2},
        "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
        "default": collections.defaultdict(list, {1: [2]}),
        "numbers": [2**70, -1, 255, 65536, 1 + 2j, None, True],
        "bytes": [b"\x00\xff", bytearray(b"ab"), "ü"],
    }


def same(one, other):
    """Equal in type and value, all the way down."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype or one.dtype == other.dtype.newbyteorder("=")
        assert one.shape == other.shape
        assert (one == other).all()
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            same(one[key], other[key])
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for pair in zip(one, other):
            same(*pair)
    else:
        assert one == other


@pytest.mark.parametrize("protocol", range(5))
def test_numpy_of_mxnet(protocol):
    found, expected = loads(FILES[f"numpy_{protocol}"]), numpy_values()
    same(found, expected)
    assert found["default"].default_factory is list
    assert found["arrays"][1].flags.f_contiguous
    found["arrays"][0] += 1


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_numpy_of_this_version(protocol):
    same(loads(pickle.dumps(numpy_values(), protocol)), numpy_values())


def test_states_of_mxnet():
    states = loads(FILES["sgd_states"])
    assert list(states) == [0, "fc_bias"]
    np.testing.assert_allclose(states["fc_bias"].asnumpy(), np.full((2, 3), -0.2), 1e-6)
    states = loads(FILES["adam_states"])
    assert [type(part).__name__ for part in states[0]] == ["NDArray", "NDArray"]


@pytest.mark.parametrize("file", ["sgd_optimizer", "sgd_alone"])
def test_optimizers_of_mxnet(file):
    found = loads(FILES[file])
    optimizer = found[1] if isinstance(found, tuple) else found
    assert type(optimizer) is mx.optimizer.SGD
    assert optimizer.momentum == 0.9
    assert optimizer.idx2name == {0: "fc_weight"}
    assert optimizer._all_index_update_counts[0] is optimizer._index_update_count
    schedule = optimizer.lr_scheduler
    assert type(schedule) is mx.lr_scheduler.MultiFactorScheduler
    assert (schedule.step, schedule.base_lr) == ([2, 5], 0.2)


def test_an_optimizer_of_mxnet_trains_on():
    updater = mx.optimizer.get_updater(mx.optimizer.SGD())
    updater.set_states(FILES["sgd_optimizer"])
    weight = mx.nd.ones((2, 3))
    updater(0, mx.nd.ones((2, 3)), weight)
    np.testing.assert_allclose(weight.asnumpy(), np.full((2, 3), 1 - 0.2 * 0.9 - 0.2), 1e-6)


@pytest.mark.parametrize("make", [lambda: mx.optimizer.SGD(momentum=0.9), lambda: mx.optimizer.Adam()])
@pytest.mark.parametrize("dump_optimizer", [False, True])
def test_states_of_ours(make, dump_optimizer):
    one = mx.optimizer.get_updater(make())
    weight = mx.nd.ones((2, 3))
    one(0, weight, weight.copy())
    other = mx.optimizer.get_updater(make())
    other.set_states(one.get_states(dump_optimizer))
    a, b = mx.nd.ones((2, 3)), mx.nd.ones((2, 3))
    if dump_optimizer:
        one(0, weight, a)
        other(0, weight, b)
        assert a.asnumpy().tolist() == b.asnumpy().tolist()
    assert type(other.states[0]) is type(one.states[0])


# -- what we write -----------------------------------------------------------------------------------------------------
def globals_of(data):
    """The names that a pickle of protocol 4 asks for."""
    names, texts = [], []
    for code, argument, _ in pickletools.genops(data):
        if code.name.endswith("UNICODE"):
            texts.append(argument)
        elif code.name == "STACK_GLOBAL":
            names.append(".".join(texts[-2:]))
        assert code.proto <= pickles.PROTOCOL
    return names


def test_the_bytes_are_those_of_mxnet():
    schedule = mx.lr_scheduler.MultiFactorScheduler([2, 5], factor=0.5, base_lr=0.2)
    sgd = mx.optimizer.SGD(momentum=0.9, learning_rate=0.2, lr_scheduler=schedule, param_idx2name={0: "fc_weight"})
    updater = mx.optimizer.get_updater(sgd)
    for index in (0, "fc_bias"):
        updater(index, mx.nd.ones((2, 3)), mx.nd.ones((2, 3)) * 2)
    assert updater.get_states() == FILES["sgd_states"]
    assert updater.get_states(dump_optimizer=True) == FILES["sgd_optimizer"]
    assert pickles.dumps(loads(FILES["adam_states"])) == FILES["adam_states"]


def test_numpy_is_written_for_older_numpy():
    data = pickles.dumps(numpy_values())
    assert not any("numpy._core" in name for name in globals_of(data))
    same(pickle.loads(data), numpy_values())
    same(loads(data), numpy_values())


# -- Python 2 ----------------------------------------------------------------------------------------------------------
RECORD = struct.pack("<IiIqiii", 0xF993FAC9, 0, 1, 2, 1, 0, 0) + np.array([1.5, 2], "float32").tobytes()


def python2(module, text, encoding):
    """The pickle of {0: NDArray} as Python 2 writes it in protocol 2."""
    array = b"c" + module + b"\nNDArray\nN\x85R}U\x06handlec__builtin__\nbytearray\n" + text + encoding
    return b"\x80\x02}K\x00" + array + b"\x86Rsbs."


@pytest.mark.parametrize("module", [b"mxnet.ndarray", b"mxnet.ndarray.ndarray"])
@pytest.mark.parametrize("encoding", [b"U\x07latin-1", b"X\x06\0\0\0latin1"])
def test_arrays_of_python_2(module, encoding):
    text = RECORD.decode("latin-1").encode()
    found = loads(python2(module, b"X" + struct.pack("<I", len(text)) + text, encoding))
    assert found[0].asnumpy().tolist() == [1.5, 2]


def test_strings_of_python_2():
    assert loads(b"S'a\\xfc\\n\"'\n.") == 'aü\n"'
    assert loads(b'S"it\'s"\n.') == "it's"
    assert loads(b"U\x02\xfc\x00.") == "ü\0"
    assert loads(b"T\x02\0\0\0\xfc\x00.") == "ü\0"
    assert loads(b"(I1\nL-12L\nI01\nI00\nF1.5\nV\\u00fc\nt.") == (1, -12, True, False, 1.5, "ü")
    scalar = b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'f4'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
    assert loads(scalar + b"S'\\x00\\x00\\x80?'\ntR.") == 1


# -- classes -----------------------------------------------------------------------------------------------------------
class Mine(Optimizer):
    """A user's optimizer."""

    def __init__(self, **options):
        super().__init__(**options)
        self.notes = {"a": [1, 2]}

    def create_state(self, index, weight):
        return None

    def update(self, index, weight, grad, state):
        weight[:] = weight - grad


class Loud(LRScheduler):
    """One whose code must not run when it is read."""

    ran: list[str] = []  # noqa: RUF012

    def __new__(cls, *arguments):
        cls.ran.append("new")
        return super().__new__(cls)

    def __init__(self):
        self.ran.append("init")
        super().__init__()

    def __call__(self, num_update):
        return self.base_lr


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_optimizers_of_users(protocol):
    made = Mine(learning_rate=0.25, lr_scheduler=Loud())
    data = pickle.dumps(made, protocol)
    Loud.ran.clear()
    found = loads(data)
    assert type(found) is Mine
    assert (found.lr, found.notes) == (made.lr, {"a": [1, 2]})
    assert type(found.lr_scheduler) is Loud
    assert Loud.ran == []
    assert found.param_dict == {}  # from its __setstate__


def test_a_setstate_that_fails_is_named(monkeypatch):
    def refuse(self, state):
        raise KeyError("what")

    data = pickle.dumps(Mine())
    monkeypatch.setattr(Mine, "__setstate__", refuse)
    with pytest.raises(mx.MXNetError, match=r"file at byte \d+: Mine.__setstate__ refused its state: KeyError: 'what'"):
        loads(data)


def test_classes_that_are_not_allowed():
    with pytest.raises(
        mx.MXNetError, match=r"asks for .*test_pickles\.Mine, which is not allowed .* import its module"
    ):
        pickles.loads(pickle.dumps(Mine()), pickles.subclasses_of(mx.nd.NDArray))
    assert pickles.subclasses_of(Optimizer)(Mine.__module__, "Mine") is Mine
    assert pickles.subclasses_of(Optimizer)("mxnet.optimizer", "SGD") is mx.optimizer.SGD
    assert pickles.subclasses_of(Optimizer)("mxnet.opt", "SGD") is None


# -- hostile pickles ---------------------------------------------------------------------------------------------------
def call(name, *arguments):
    """A pickle that calls a function."""
    module, _, name = name.rpartition(".")
    body = b"".join(pickle.dumps(item, 2)[2:-1] for item in arguments)
    return b"\x80\x02c" + module.encode() + b"\n" + name.encode() + b"\n(" + body + b"tR."


def doubled(start, pair, times):
    """A value of which each level holds the one below twice."""
    return b"\x80\x04" + start + b"\x94" + b"".join(pair(n) for n in range(times)) + b"."


ARRAY = b"cmxnet.ndarray.ndarray\nNDArray\nN\x85R"
BIG = b"\x8e" + struct.pack("<Q", 1 << 20) + bytes(1 << 20) + b"\x94"


def state(record):
    return b"}X\x06\0\0\0handle" + record + b"sb"


def binary(data):
    return b"B" + struct.pack("<I", len(data)) + data


HOSTILE = {
    "system": (b"cposix\nsystem\n(S'touch %s'\ntR.", "asks for posix.system"),
    "eval": (call("builtins.eval", "1/0"), "asks for builtins.eval"),
    "getattr": (call("builtins.getattr", "a", "b"), "asks for builtins.getattr"),
    "import": (call("__builtin__.__import__", "os"), "asks for __builtin__.__import__"),
    "nested name": (b"\x80\x04\x8c\x05mxnet\x8c\x0and.NDArray\x93.", "asks for mxnet.nd.NDArray"),
    "a module of ours": (call("mxnet.nd.load", "/etc/passwd"), "asks for mxnet.nd.load"),
    "numpy's loader": (call("numpy.load", "x"), "asks for numpy.load"),
    "torch": (call("torch._utils._rebuild_tensor_v2"), "asks for torch"),
    "a persistent id": (b"Pid\n.", "persistent id"),
    "an extension": (b"\x82\x01.", "extension registry"),
    "an old-style class": (b"(imxnet.optimizer\nSGD\n.", "old-style class"),
    "a buffer apart": (b"\x80\x05\x97.", "sent apart"),
    "protocol 9": (b"\x80\x09N.", "protocol 9; 0 to 5"),
    "class called": (call("mxnet.optimizer.optimizer.SGD", 1), "makes a SGD with arguments"),
    "a method as state": (b"\x80\x02cmxnet.lr_scheduler\nLRScheduler\n)\x81]b.", "is a list, expected a dict"),
    "keys that are no names": (b"\x80\x02cmxnet.lr_scheduler\nLRScheduler\n)\x81}K\x01K\x02sb.", "expected a dict"),
    "attributes of a list": (b"]}b.", "sets attributes of a list"),
    "attributes of a class": (b"cmxnet.lr_scheduler\nLRScheduler\n}b.", "sets attributes of a type"),
    "another base": (
        b"ccopy_reg\n_reconstructor\n(cmxnet.lr_scheduler\nLRScheduler\nc__builtin__\nlist\nNtR.",
        "another base",
    ),
    "a function as value": (b"c_codecs\nencode\n.", "_codecs.encode is named as a value"),
    "a function in a list": (b"(c_codecs\nencode\nl.", "_codecs.encode is named as a value"),
    "another codec": (call("_codecs.encode", "a", "rot13"), "another encoding"),
    "bytes by their number": (call("builtins.bytearray", 10**12), "bytes are needed"),
    "builtin bytes by number": (call("builtins.bytes", 10**12), "bytes are needed"),
    "type as function": (call("builtins.int", "9" * 5000), "it calls int"),
    "long bytes": (b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.", "announced and 1 are left"),
    "long text": (b"\x80\x04\x8d" + b"\xff" * 7 + b"\x7f.", "announced and 1 are left"),
    "long bytearray": (b"\x80\x05\x96" + b"\xff" * 7 + b"\x7f.", "announced and 1 are left"),
    "negative string": (b"T\xff\xff\xff\xff.", "a string of -1 bytes"),
    "long frame": (b"\x80\x04\x95" + b"\xff" * 8 + b"N.", "a frame of"),
    "long number": (b"\x8b\xff\xff\xff\x7f.", "a number of 2147483647 bytes"),
    "number of many digits": (b"I" + b"9" * 5000 + b"\n.", "a number of 5000 digits"),
    "high memo": (b"Np99999999999999999999\n.", "keeps a value under number -1"),
    "unknown memo": (b"g7\n.", "nothing was kept under number 7"),
    "a list in itself": (b"]\x94h\x00a.", "a list contains itself"),
    "a tuple in itself": (b"]\x94h\x00\x85\x94a.", "contains itself"),
    "a dict in itself": (b"}\x94K\x00h\x00s.", "a dict contains itself"),
    "deep lists": (b"]" * 5000 + b"a" * 4999 + b".", "more than 100 containers"),
    "deep tuples": (b")" + b"\x85" * 50_000 + b".", "more than 100 containers"),
    "doubled tuples": (doubled(b")", lambda n: b"h" + bytes([n]) + b"\x86\x94", 90), "its length does not justify"),
    "doubled lists": (doubled(b"]", lambda n: b"0]h" + bytes([n]) + b"ah" + bytes([n]) + b"a\x94", 90), "not justify"),
    "doubled keys": (b"\x80\x04}" + doubled(b")", lambda n: b"\x86\x94h" + bytes([n]), 0)[2:-1] + b"h\x00\x86Ns.", ""),
    "tuples in keys": (b"}))\x86)\x86Ns.", "as a key"),
    "list as key": (b"}]Ns.", "a list as a key"),
    "keys with one hash": (
        b"}" + b"".join(pickle.dumps(n * (2**61 - 1), 2)[2:-1] + b"Ns" for n in (1, 2)) + b".",
        "key",
    ),
    "copies": (
        b"\x80\x04" + BIG + b"0c__builtin__\nbytearray\n\x940(" + b"h\x01h\x00\x85R" * 100 + b"l.",
        "it makes more than its length justifies",
    ),
    "one text often": (b"\x80\x04" + BIG + b"0(" + b"h\x00" * 100 + b"l.", "its length does not justify"),
    "array without memory": (ARRAY + b".", "a NDArray never got its state"),
    "array filled twice": (ARRAY + state(binary(RECORD)) + state(binary(RECORD))[:-1] + b"b.", "filled twice"),
    "states that are shared": (
        b"(" + ARRAY + b"}X\x06\0\0\0handle" + binary(RECORD) + b"sq\x05b" + ARRAY + b"h\x05bl.",
        "what another object was filled with",
    ),
    "one record often": (
        b"\x80\x04" + BIG + b"0(" + b"".join(ARRAY + state(b"h\x00") for _ in range(100)) + b"l.",
        "its length does not justify",
    ),
    "record of a number": (ARRAY + state(b"J\xff\xff\xff\x7f") + b".", "holds bytes under 'handle', here is a int"),
    "record of nothing": (ARRAY + b"}b.", "holds bytes under 'handle'"),
    "record cut off": (ARRAY + state(binary(RECORD[:-1])) + b".", "the state of a NDArray: pickled array at byte"),
    "record with large sizes": (
        ARRAY + state(binary(struct.pack("<IiIqiii", 0xF993FAC9, 0, 1, 2**62, 1, 0, 0))) + b".",
        "expected sizes from 0",
    ),
    "dense record of a sparse array": (
        b"cmxnet.ndarray.sparse\nCSRNDArray\nN\x85R" + state(binary(RECORD)) + b".",
        "the pickle holds a NDArray",
    ),
    "array of objects": (call("numpy.dtype", "O"), "this dtype is none"),
    "dtype of many fields": (call("numpy.dtype", "f4," * 1000), "this dtype is none"),
    "array of a large shape": (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR(K\x01(L999999999999L\nL99999L"
        b"\ntcnumpy\ndtype\n(U\x02i1K\x00K\x01tR\x89U\x00tb.",
        r"0 bytes for an array int8 of shape \(999999999999, 99999\)",
    ),
    "scalar of many bytes": (
        b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'f8'\nI0\nI1\ntRS'ab'\ntR.",
        "2 bytes for one float64",
    ),
    "nothing": (b"", "it is cut off"),
    "no end": (b"N", "it is cut off"),
    "two values": (b"NN.", "another number of values"),
    "no value": (b".", "another number of values"),
    "a mark at the end": (b"(N.", "another number of values"),
    "no mark": (b"Nt.", "there is no mark"),
    "no instruction": (b"\xffN.", "is unknown; it is damaged or no pickle"),
    "text": (b"hello world", "damaged|nothing|cut off"),
    "no text": (b"X\x01\0\0\0\xff.", "it is damaged"),
    "items of a number": (b"K\x01(K\x02e.", "appends to a int"),
    "odd items": (b"}(K\x01u.", "adds keys and values"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_pickles(name, tmp_path):
    data, match = HOSTILE[name]
    data = data.replace(b"%s", os.fsencode(tmp_path / "proof"))
    tracemalloc.start()
    try:
        with pytest.raises(mx.MXNetError, match=f"(?s)^file at byte .*{match}"):
            loads(data)
        assert tracemalloc.get_traced_memory()[1] < 1 << 21 | 40 * len(data)
    finally:
        tracemalloc.stop()
    assert list(tmp_path.iterdir()) == []


def test_no_more_steps_than_anyone_needs(monkeypatch):
    monkeypatch.setattr(pickle_machine, "_MOST_STEPS", 1000)
    assert len(loads(b"(" + b"N" * 900 + b"l.")) == 900
    with pytest.raises(mx.MXNetError, match="more than 1000 steps"):
        loads(b"(" + b"N" * 1100 + b"l.")


def loads_or_refuses(data):
    try:
        value = loads(data)
    except mx.MXNetError:
        return
    repr(value)  # whatever it is, it can be looked at


@pytest.mark.parametrize("name", sorted(FILES))
def test_cut_off_anywhere(name):
    data = FILES[name]
    for length in range(len(data)):
        with pytest.raises(mx.MXNetError):
            loads(data[:length])


@pytest.mark.parametrize("name", ["arrays_2", "numpy_0", "sgd_optimizer"])
def test_every_byte_changed(name):
    data = FILES[name]
    for position in range(len(data)):
        for change in (1, 0x80):
            loads_or_refuses(data[:position] + bytes([data[position] ^ change]) + data[position + 1 :])


LETTERS = [bytes([code]) for code in pickle_machine._TABLE]
PIECES = st.one_of(
    st.sampled_from(LETTERS),
    st.sampled_from(
        [b"h\x00", b"q\x00", b"q\x01", b"h\x01", b"K\x01", b"\x8c\x01a", b"C\x02ab", ARRAY, b"N\x85", b"))"]
    ),
    st.sampled_from([b"c__builtin__\nbytearray\n", b"c_codecs\nencode\n", b"cmxnet.lr_scheduler\nLRScheduler\n"]),
    st.sampled_from([b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\nscalar\n", b"U\x02f4", b"c__builtin__\nset\n"]),
    st.binary(max_size=3),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=40).map(b"".join))
def test_any_instructions(data):
    loads_or_refuses(data)
    loads_or_refuses(data + b".")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_files_put_together(name, draw):
    data = FILES[name]
    for _ in range(draw.draw(st.integers(1, 3))):
        start = draw.draw(st.integers(0, len(data)))
        end = start + draw.draw(st.integers(0, 5))
        data = data[:start] + draw.draw(PIECES) + data[end:]
    loads_or_refuses(data)


atoms = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.complex_numbers(allow_nan=False)
)
keys = st.one_of(st.integers(-(2**40), 2**40), st.text(), st.booleans(), st.tuples(st.text(), st.integers(0, 9)))
values = st.recursive(
    atoms,
    lambda below: st.one_of(st.lists(below), st.tuples(below, below), st.dictionaries(keys, below)),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(values, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_round_trip(value, protocol):
    assert repr(loads(pickle.dumps(value, protocol))) == repr(value)
    assert repr(pickle.loads(pickles.dumps(value))) == repr(value)
