"""Saving and loading through the public functions: arrays of every storage, symbols, and checkpoints."""

from __future__ import annotations

import logging
import os
import pathlib
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet import _checkpoint as checkpoint

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "params"
ALL = sorted(path.name for path in GOLDEN.glob("*.params"))
#: These are written again to the byte: not older versions, nor NumPy shape semantics for arrays that have axes.
WRITTEN = [name for name in ALL if not name.startswith("version_") or name == "version_2.params"]


# -- arrays ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", WRITTEN)
def test_what_mxnet_wrote_is_written_again(name, tmp_path):
    found = mx.nd.load(str(GOLDEN / name))
    mx.nd.save(str(tmp_path / "again"), found)
    assert (tmp_path / "again").read_bytes() == (GOLDEN / name).read_bytes()
    buffer = mx.nd.load_frombuffer((GOLDEN / name).read_bytes())
    mx.nd.save(str(tmp_path / "again"), buffer)
    assert (tmp_path / "again").read_bytes() == (GOLDEN / name).read_bytes()


def test_sparse_arrays():
    found = mx.nd.load(str(GOLDEN / "sparse.params"))
    assert [type(found[name]) for name in found] == [
        mx.nd.NDArray, mx.nd.sparse.CSRNDArray, mx.nd.sparse.RowSparseNDArray
    ]  # fmt: skip
    csr, rows = found["arg:csr"], found["aux:rows"]
    assert csr.dtype is np.float64
    assert csr.indptr.asnumpy().tolist() == [0, 2, 2, 3]
    assert csr.asnumpy().tolist() == [[1, 0, 2, 0], [0, 0, 0, 0], [0, 3, 0, 0]]
    assert rows.indices.asnumpy().tolist() == [0, 3]
    assert rows.data.asnumpy().tolist() == [[1, 2], [3, 4]]
    rows.check_format()
    csr.check_format()


def test_sparse_arrays_of_every_kind(tmp_path):
    dense = mx.nd.array([[0, 1, 0], [0, 0, 0], [2, 0, 3]])
    for stype in ("default", "row_sparse", "csr"):
        mx.nd.save(str(tmp_path / "x"), {"x": dense.tostype(stype)})
        found = mx.nd.load(str(tmp_path / "x"))["x"]
        assert found.stype == stype
        assert found.asnumpy().tolist() == dense.asnumpy().tolist()


def test_names_and_paths(tmp_path):
    x = mx.nd.ones((1,))
    for path in ("name", "größe é.params", "-"):
        mx.nd.save(str(tmp_path / path), {"größe": x})
        assert list(mx.nd.load(str(tmp_path / path))) == ["größe"]
    mx.nd.save(tmp_path / "path", [x])  # 1.9.1 asks for a str
    assert len(mx.nd.load(tmp_path / "path")) == 1
    for wrong in (3, None, b"x"):
        with pytest.raises(TypeError, match="load: fname required to be a string"):
            mx.nd.load(wrong)
        with pytest.raises(TypeError, match="save: fname required to be a string"):
            mx.nd.save(wrong, x)
        with pytest.raises(TypeError, match="buf required to be bytes"):
            mx.nd.load_frombuffer(3)


def test_what_cannot_be_saved(tmp_path):
    path, x = str(tmp_path / "x"), mx.nd.ones((1,))
    for wrong in (3, None, "x", np.ones(2)):
        with pytest.raises(ValueError, match="expected an NDArray, a list of NDArray or a dict"):
            mx.nd.save(path, wrong)
    for wrong in ([x, 3], [np.ones(1)], {"x": None}, {1: x}):
        with pytest.raises(TypeError, match="save:"):
            mx.nd.save(path, wrong)
    with pytest.raises(mx.MXNetError, match=r"save: cannot write .*nowhere"):
        mx.nd.save(str(tmp_path / "nowhere" / "x"), x)
    with pytest.raises(mx.MXNetError, match=r"load: cannot read .*nowhere"):
        mx.nd.load(str(tmp_path / "nowhere"))
    with pytest.raises(mx.MXNetError, match=r"save: cannot write .*nowhere"):
        mx.sym.var("x").save(str(tmp_path / "nowhere" / "x"))
    assert list(tmp_path.iterdir()) == []


def test_arrays_that_are_views_or_recorded(tmp_path):
    x = mx.nd.array([[1, 2], [3, 4]])
    x.attach_grad()
    with mx.autograd.record():
        y = x * 2
    mx.nd.save(str(tmp_path / "x"), [x[1], y, x.T])
    assert [found.asnumpy().tolist() for found in mx.nd.load(str(tmp_path / "x"))] == [
        [3, 4], [[2, 4], [6, 8]], [[1, 3], [2, 4]]
    ]  # fmt: skip


def test_pickled_state_of_another_storage():
    state = mx.nd.ones((2,)).__getstate__()
    with pytest.raises(mx.MXNetError, match="NDArray: the pickle holds a CSRNDArray"):
        mx.nd.NDArray(None).__setstate__(mx.nd.sparse.zeros("csr", (2, 2)).__getstate__())
    with pytest.raises(mx.MXNetError, match="holds bytes under 'handle', here is a int"):
        mx.nd.NDArray(None).__setstate__({"handle": 10**12})
    array = mx.nd.NDArray(None)
    array.__setstate__(state)
    assert array.asnumpy().tolist() == [1, 1]


# -- checkpoints -------------------------------------------------------------------------------------------------------
NET = "mx.sym.BatchNorm(mx.sym.FullyConnected(mx.sym.var('data'), num_hidden=2, name='fc'), name='bn')"


@pytest.fixture
def net():
    return eval(NET)


ARGUMENTS = {"fc_weight": mx.nd.ones((2, 3)), "fc_bias": mx.nd.zeros((2,))}
STATES = {"bn_moving_mean": mx.nd.ones((2,))}


def test_a_checkpoint(net, tmp_path, caplog):
    prefix = str(tmp_path / "net")
    with caplog.at_level(logging.INFO):
        checkpoint.save_checkpoint(prefix, 7, net, ARGUMENTS, STATES)
    assert caplog.record_tuples == [("root", logging.INFO, f'Saved checkpoint to "{prefix}-0007.params"')]
    assert sorted(os.listdir(tmp_path)) == ["net-0007.params", "net-symbol.json"]
    assert list(mx.nd.load(f"{prefix}-0007.params")) == ["arg:fc_weight", "arg:fc_bias", "aux:bn_moving_mean"]
    symbol, arguments, states = checkpoint.load_checkpoint(prefix, 7)
    assert symbol.tojson() == net.tojson()
    assert list(arguments) == list(ARGUMENTS)
    assert arguments["fc_weight"].asnumpy().tolist() == [[1, 1, 1], [1, 1, 1]]
    assert states["bn_moving_mean"].asnumpy().tolist() == [1, 1]


@pytest.mark.parametrize(
    ("epoch", "name"), [(0, "0000"), (12345, "12345"), (-1, "-001"), (2.0, "0002"), (np.int64(3), "0003")]
)
def test_epochs(epoch, name, tmp_path):
    checkpoint.save_checkpoint(str(tmp_path / "n"), epoch, None, ARGUMENTS, None)
    assert os.listdir(tmp_path) == [f"n-{name}.params"]
    assert list(checkpoint.load_params(str(tmp_path / "n"), epoch)[0]) == list(ARGUMENTS)


def test_casts_of_mixed_precision(tmp_path):
    net = mx.sym.relu(mx.sym.amp_cast(mx.sym.var("x"), dtype="float16"))
    for remove, operators in ((True, ["relu"]), (False, ["amp_cast", "relu"])):
        checkpoint.save_checkpoint(str(tmp_path / "n"), 0, net, {}, {}, remove_amp_cast=remove)
        text = (tmp_path / "n-symbol.json").read_text()
        assert [name for name in ("amp_cast", "relu") if f'"op": "{name}"' in text] == operators


def test_sparse_parameters(tmp_path):
    rows = mx.nd.array([[0, 0], [1, 2]]).tostype("row_sparse")
    checkpoint.save_checkpoint(str(tmp_path / "n"), 0, None, {"embedding": rows}, {})
    assert checkpoint.load_params(str(tmp_path / "n"), 0)[0]["embedding"].stype == "row_sparse"


def test_nothing_saved(net, tmp_path, caplog):
    prefix = str(tmp_path / "n")
    checkpoint.save_checkpoint(prefix, 0, net, {}, {})
    assert checkpoint.load_checkpoint(prefix, 0)[1:] == ({}, {})
    assert f"Params file '{prefix}-0000.params' is empty" in caplog.text


def test_missing_checkpoints(net, tmp_path):
    prefix = str(tmp_path / "n[1]")
    with pytest.raises(mx.MXNetError, match=r"no file '.*n\[1\]-0003\.params'; there are no parameters of this prefix"):
        checkpoint.load_params(prefix, 3)
    with pytest.raises(mx.MXNetError, match=r"there is no folder '.*nowhere'"):
        checkpoint.load_params(str(tmp_path / "nowhere" / "n"), 3)
    for epoch in (1, 20, 3):
        checkpoint.save_checkpoint(prefix, epoch, None, ARGUMENTS, STATES)
    with pytest.raises(
        mx.MXNetError, match=r"no file '.*-symbol\.json'; .* epochs 1, 3, 20\. Parameters without a symbol"
    ):
        checkpoint.load_checkpoint(prefix, 1)
    net.save(f"{prefix}-symbol.json")
    with pytest.raises(mx.MXNetError, match=r"no file '.*-0002\.params'; of this prefix there are epochs 1, 3, 20$"):
        checkpoint.load_checkpoint(prefix, 2)
    for epoch in range(30, 60):
        checkpoint.save_checkpoint(prefix, epoch, None, {}, {})
    with pytest.raises(mx.MXNetError, match=r"the last of this prefix are epochs 40, .*, 59$"):
        checkpoint.load_params(prefix, 2)


def test_files_that_are_no_checkpoint(net, tmp_path, caplog):
    prefix, x = str(tmp_path / "n"), mx.nd.ones((1,))
    path = f"{prefix}-0000.params"
    mx.nd.save(path, [x])
    with pytest.raises(ValueError, match=r"n-0000\.params' is no checkpoint: its 1 arrays have no names"):
        checkpoint.load_params(prefix, 0)
    mx.nd.save(path, {"arg:x": x, "weight": x})
    with pytest.raises(ValueError, match="an array is called 'weight', expected 'arg:weight' or 'aux:weight'"):
        checkpoint.load_params(prefix, 0)
    mx.nd.save(path, {"arg:a:b": x, "other:weight": x})
    assert [list(names) for names in checkpoint.load_params(prefix, 0)] == [["a:b"], []]
    assert "1 arrays are neither 'arg:' nor 'aux:' and are left out: ['other:weight']" in caplog.text
    pathlib.Path(path).write_bytes(b"hello, this is text")
    with pytest.raises(mx.MXNetError, match=r"n-0000\.params at byte 0: magic number"):
        checkpoint.load_params(prefix, 0)
    for wrong in ("1", None, [1]):
        with pytest.raises(TypeError, match=r"epoch is .*, expected an int such as 7"):
            checkpoint.save_checkpoint(prefix, wrong, net, {}, {})
        with pytest.raises(TypeError, match="load_params: epoch is"):
            checkpoint.load_params(prefix, wrong)


def test_a_failed_save_leaves_the_old_checkpoint(net, tmp_path, monkeypatch):
    prefix = str(tmp_path / "n")
    checkpoint.save_checkpoint(prefix, 0, net, ARGUMENTS, STATES)
    before = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    with pytest.raises(TypeError):
        checkpoint.save_checkpoint(prefix, 0, net, {"x": np.ones(1)}, {})
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(PermissionError("no")))
    with pytest.raises(mx.MXNetError, match="cannot write"):
        checkpoint.save_checkpoint(prefix, 0, mx.sym.var("other"), {}, {})
    assert {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)} == before


#: Saves one checkpoint again and again in child processes, kills each at some moment, and looks at what is there.
KILLING = f"""
import os, random, signal, sys, time
import mxnet as mx
from mxnet import _checkpoint as checkpoint

prefix, rounds = sys.argv[1], int(sys.argv[2])
net = {NET}
written = 0
interrupted = 0
for _ in range(rounds):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        number = written
        while True:
            number += 1
            arrays = {{str(i): mx.nd.full((100 + 40_000 * (i % 2),), number) for i in range(10)}}
            checkpoint.save_checkpoint(prefix, 0, net, arrays, {{"state": mx.nd.full((3,), number)}})
            os.write(writing, number.to_bytes(8, "little"))
    os.close(writing)
    first = os.read(reading, 8)
    time.sleep(random.random() / 30)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    said = first
    while more := os.read(reading, 1 << 16):
        said += more
    os.close(reading)
    written = int.from_bytes(said[-8:], "little")
    symbol, arguments, states = checkpoint.load_checkpoint(prefix, 0)
    assert symbol.tojson() == net.tojson()
    values = {{int(array[0].asscalar()) for array in arguments.values()}} | {{int(states["state"][0].asscalar())}}
    values |= {{int(array[-1].asscalar()) for array in arguments.values()}}
    assert len(arguments) == 10 and len(values) == 1, values
    written = values.pop() if written <= max(values) else sys.exit(f"lost: {{written}} was saved, {{values}} is there")
    interrupted += len(os.listdir(os.path.dirname(prefix))) > 2
    for name in os.listdir(os.path.dirname(prefix)):
        if name.startswith("."):
            os.unlink(os.path.join(os.path.dirname(prefix), name))
print(written, interrupted)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_process_leaves_the_last_checkpoint(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(KILLING), str(tmp_path / "net"), "40"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # a fork has no threads
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    written, interrupted = map(int, done.stdout.split())
    assert written > 40
    assert interrupted > 0, "no process was killed while it wrote: the test shows nothing"


# -- symbols and arrays together ---------------------------------------------------------------------------------------
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(names, st.integers(0, 3)), st.dictionaries(names, st.integers(0, 3)))
def test_any_names(tmp_path_factory, arguments, states):
    prefix = str(tmp_path_factory.getbasetemp() / "names")
    made = [{name: mx.nd.full((size + 1,), size) for name, size in part.items()} for part in (arguments, states)]
    checkpoint.save_checkpoint(prefix, 0, None, *made)
    found = checkpoint.load_params(prefix, 0)
    assert [{name: array.size - 1 for name, array in part.items()} for part in found] == [arguments, states]
