"""Helpers around Gluon: batches over devices, clipping, downloads from a server in this process, hooks, texts."""

from __future__ import annotations

import hashlib
import http.server
import os
import pickle
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet.gluon import utils

# -- batches over devices --------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 9), st.integers(1, 6), st.sampled_from([0, 1, -1, -2]), st.booleans())
def test_slices_are_numpys(size, count, axis, as_numpy):
    shape = (size, 3) if axis in (0, -2) else (3, size)
    data = np.arange(3.0 * size, dtype=np.float32).reshape(shape)
    if size == 0 and not as_numpy:
        return
    found = utils.split_data(data if as_numpy else mx.nd.array(data), count, axis, even_split=False)
    expected = np.array_split(data, count, axis)
    assert [part.shape for part in found] == [part.shape for part in expected]
    for part, wanted in zip(found, expected):
        np.testing.assert_array_equal(part if as_numpy else part.asnumpy(), wanted)


def test_slices_share_memory_and_one_slice_is_the_batch():
    batch = mx.nd.zeros((4, 2))
    utils.split_data(batch, 2)[1][:] = 1
    assert batch.asnumpy().sum() == 4
    assert utils.split_data(batch, 1)[0] is batch
    assert utils.split_and_load(batch, [mx.cpu(0)])[0] is batch


def test_split_and_load_of_anything_array_like():
    for data in ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]]), mx.nd.array([[1, 2], [3, 4]])):
        parts = utils.split_and_load(data, [mx.cpu(0), mx.cpu(1)])
        assert [part.context for part in parts] == [mx.cpu(0), mx.cpu(1)]
        assert [part.asnumpy().tolist() for part in parts] == [[[1, 2]], [[3, 4]]]
        assert parts[0].dtype == np.float32


def test_split_along_another_axis_and_unevenly():
    parts = utils.split_and_load(np.arange(6).reshape(2, 3), [mx.cpu(0), mx.cpu(1)], batch_axis=1, even_split=False)
    assert [part.asnumpy().tolist() for part in parts] == [[[0, 1], [3, 4]], [[2], [5]]]


def test_slices_are_recorded():
    x = mx.nd.ones((4,))
    x.attach_grad()
    with mx.autograd.record():
        total = sum((i + 1) * part.sum() for i, part in enumerate(utils.split_data(x, 2)))
    total.backward()
    assert x.grad.asnumpy().tolist() == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: utils.split_data(mx.nd.ones((5, 2)), 2), ValueError, ["(5, 2)", "2 slices", "axis 0", "even_split"]),
        (lambda: utils.split_data(mx.nd.ones((5, 2)), 0), ValueError, ["num_slice", "0"]),
        (lambda: utils.split_data(mx.nd.ones((5, 2)), 1, 2), IndexError, ["batch_axis", "2", "(5, 2)"]),
        (lambda: utils.split_and_load(mx.nd.ones((5, 2)), mx.cpu()), TypeError, ["ctx_list", "Context"]),
        (lambda: utils.split_and_load(mx.nd.ones((5, 2)), []), ValueError, ["ctx_list", "empty"]),
    ],
)
def test_message_of_splits(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert isinstance(caught.value, mx.MXNetError)
    assert all(word in str(caught.value) for word in words), str(caught.value)


# -- clipping --------------------------------------------------------------------------------------------------------


def clipped(values, limit, **options):
    arrays = [mx.nd.array(value) for value in values]
    return utils.clip_global_norm(arrays, limit, **options), [array.asnumpy().tolist() for array in arrays]


def test_clip_global_norm():
    norm, values = clipped([[3.0], [4.0]], 1)
    assert (type(norm), norm) == (np.float32, 5)
    np.testing.assert_allclose(values, [[0.6], [0.8]], rtol=1e-6)
    assert clipped([[3.0], [4.0]], 5.5) == (5, [[3], [4]])


def test_clip_without_waiting_returns_an_array():
    norm, values = clipped([[3.0], [4.0]], 1, check_isfinite=False)
    assert isinstance(norm, mx.nd.NDArray)
    assert (norm.shape, norm.asscalar()) == ((1,), 5)
    np.testing.assert_allclose(values, [[0.6], [0.8]], rtol=1e-6)
    assert clipped([[3.0, 4.0]], 7, check_isfinite=False)[1] == [[3, 4]]
    np.testing.assert_allclose(clipped([[3.0, 4.0]], mx.nd.array([1]), check_isfinite=False)[1], [[0.6, 0.8]], 1e-6)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_clip_warns_of_what_is_not_finite(bad):
    with pytest.warns(UserWarning, match="nan or inf is detected. Clipping results will be undefined."):
        norm, values = clipped([[bad], [1.0]], 1)
    assert not np.isfinite(norm)
    assert np.isnan(values[0])
    norm, _ = clipped([[bad], [1.0]], 1, check_isfinite=False)  # no warning
    assert not np.isfinite(norm.asscalar())


def test_clip_any_mixture():
    arrays = [
        mx.nd.array([60000, 60000], dtype="float16"),  # its norm is no float16
        mx.nd.array([3.0], ctx=mx.cpu(1)),
        mx.nd.array([4.0], dtype="float64"),
        mx.nd.sparse.row_sparse_array(([[2.0, 0.0]], [1]), shape=(3, 2)),
    ]
    norm = utils.clip_global_norm(arrays, 1.0)
    assert norm == pytest.approx(60000 * 2**0.5, rel=1e-4)
    assert [array.dtype for array in arrays] == [np.float16, np.float32, np.float64, np.float32]
    assert arrays[1].context == mx.cpu(1)
    assert arrays[3].stype == "row_sparse"
    np.testing.assert_allclose(arrays[0].asnumpy(), [0.5**0.5] * 2, rtol=2e-3)
    np.testing.assert_allclose(arrays[2].asnumpy(), 4 / norm, rtol=1e-5)
    np.testing.assert_allclose(arrays[3].asnumpy(), np.array([[0, 0], [2, 0], [0, 0]]) / norm, rtol=1e-5)


def test_clip_of_float64_is_exact():
    arrays = [mx.nd.array([1e-30, 1.0], dtype="float64"), mx.nd.array([1e-9], dtype="float64")]
    utils.clip_global_norm(arrays, 0.5)
    np.testing.assert_allclose(np.concatenate([a.asnumpy() for a in arrays]), [5e-31, 0.5, 5e-10], rtol=2e-8)


def test_clip_of_nothing():
    with pytest.raises(AssertionError, match="arrays is empty"):
        utils.clip_global_norm([], 1)


# -- downloads -------------------------------------------------------------------------------------------------------

CONTENT = b"hello" * 1000
SHA1 = hashlib.sha1(CONTENT).hexdigest()


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append(self.path)
        failing = self.path.startswith("/404") or (self.path.startswith("/late") and len(server.asked) < 3)
        self.send_response(404 if failing else 200)
        content = b"" if failing else CONTENT
        self.send_header("Content-Length", str(len(content) + 7 * self.path.startswith("/short")))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as found:
        found.asked = []
        found.url = f"http://127.0.0.1:{found.server_port}"
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.bin", "a.bin"),
        (None, "file.bin"),
        ("folder", os.path.join("folder", "file.bin")),
        (os.path.join("new", "sub", "b.bin"), os.path.join("new", "sub", "b.bin")),
        ("slash/", "slash/file.bin"),
        ("~/c.bin", "home/c.bin"),
    ],
)
def test_download_goes_where_it_should(server, at_home, path, expected, capsys):
    (at_home / "folder").mkdir()
    name = utils.download(f"{server.url}/ok/file.bin", path)
    assert name == (str(at_home / expected) if str(path).startswith("~") else expected)
    assert (at_home / expected).read_bytes() == CONTENT
    assert capsys.readouterr().out == f"Downloading {name} from {server.url}/ok/file.bin...\n"


def test_a_file_that_is_there_stays_unless_it_is_another(server, at_home):
    file, url = at_home / "x", f"{server.url}/ok"
    file.write_bytes(b"mine")
    assert utils.download(url, str(file)) == str(file)
    assert (file.read_bytes(), server.asked) == (b"mine", [])
    utils.download(url, str(file), sha1_hash=SHA1)
    assert (file.read_bytes(), len(server.asked)) == (CONTENT, 1)
    utils.download(url, str(file), sha1_hash=SHA1)
    assert len(server.asked) == 1
    file.write_bytes(b"mine")
    utils.download(url, file, overwrite=True)
    assert (file.read_bytes(), len(server.asked)) == (CONTENT, 2)


def test_wrong_content_is_told_and_nothing_is_left(server, at_home, capsys):
    with pytest.raises(UserWarning, match="content hash does not match") as caught:
        utils.download(f"{server.url}/ok", "x", sha1_hash="00" * 20, retries=3)
    assert isinstance(caught.value, mx.MXNetError)
    assert SHA1 in str(caught.value)
    assert (len(server.asked), os.listdir()) == (3, [])
    out = capsys.readouterr().out
    assert "retrying, 2 attempts left" in out
    assert "retrying, 1 attempt left" in out


def test_a_failure_leaves_the_old_file(server, at_home):
    (at_home / "x").write_bytes(b"mine")
    with pytest.raises(RuntimeError, match=r"Failed downloading url .*/404.*404 Not Found"):
        utils.download(f"{server.url}/404", "x", overwrite=True, retries=2)
    assert len(server.asked) == 2
    assert ((at_home / "x").read_bytes(), os.listdir()) == (b"mine", ["x"])


def test_a_server_that_recovers(server, at_home):
    utils.download(f"{server.url}/late", "x", retries=3)
    assert len(server.asked) == 3


def test_a_connection_that_breaks(server, at_home):
    with pytest.raises(RuntimeError, match="bytes"):
        utils.download(f"{server.url}/short", "x", retries=0)
    assert (len(server.asked), os.listdir()) == (1, [])


def test_no_server(at_home):
    with pytest.raises(OSError, match=r"Failed downloading url http://127.0.0.1:9/x.*put the file there yourself: x"):
        utils.download("http://127.0.0.1:9/x", retries=1)
    assert os.listdir() == []


def test_many_at_once(server, at_home):
    def fetch(_):
        return utils.download(f"{server.url}/ok", "x", sha1_hash=SHA1)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(fetch, range(16))) == {"x"}
    assert ((at_home / "x").read_bytes(), os.listdir()) == (CONTENT, ["x"])


def test_files_of_a_disk(at_home):
    (at_home / "source").write_bytes(CONTENT)
    assert utils.download((at_home / "source").as_uri(), "copy", sha1_hash=SHA1) == "copy"
    assert (at_home / "copy").read_bytes() == CONTENT


def test_unverified_connections_are_told(server, at_home):
    with pytest.warns(UserWarning, match="verify_ssl=False"):
        utils.download(f"{server.url}/ok", "x", verify_ssl=False)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: utils.download("ok"), ValueError, ["'ok'", "https:"]),
        (lambda: utils.download("http://127.0.0.1:9/"), AssertionError, ["file-name", "path"]),
        (lambda: utils.download("http://127.0.0.1:9/x", retries=-1), AssertionError, ["retries", "-1"]),
    ],
)
def test_message_of_downloads(call, kind, words, at_home):
    with pytest.raises(kind) as caught:
        call()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_check_sha1(tmp_path):
    (tmp_path / "x").write_bytes(CONTENT)
    assert utils.check_sha1(str(tmp_path / "x"), SHA1)
    assert not utils.check_sha1(str(tmp_path / "x"), SHA1[:10])
    with pytest.raises(FileNotFoundError):
        utils.check_sha1(str(tmp_path / "none"), SHA1)


def test_replace_file(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"1")
    new.write_bytes(b"2")
    utils.replace_file(str(old), str(new))
    assert (new.read_bytes(), old.exists()) == (b"1", False)
    with pytest.raises(OSError, match="Moving downloaded temp file"):
        utils.replace_file(str(old), str(new))
    with pytest.raises(OSError, match="none"):
        utils.replace_file(str(new), str(tmp_path / "none" / "x"))
    assert not new.exists()


def test_repository(monkeypatch):
    assert utils._get_repo_url().endswith("/")
    for url in ("file:///mirror", "file:///mirror/"):
        monkeypatch.setenv("MXNET_GLUON_REPO", url)
        assert utils._get_repo_file_url("gluon/x", "f.zip") == "file:///mirror/gluon/x/f.zip"


# -- hooks, texts, shapes --------------------------------------------------------------------------------------------


def test_hook_handle():
    hooks, handle = OrderedDict(), utils.HookHandle()
    handle.attach(hooks, test_hook_handle)
    assert list(hooks.values()) == [test_hook_handle]
    with pytest.raises(AssertionError, match="twice"):
        handle.attach(hooks, test_hook_handle)
    handle.detach()
    handle.detach()
    assert not hooks


def test_hook_handle_in_a_with_block_and_without_its_dictionary():
    hooks = OrderedDict()
    with utils.HookHandle() as handle:
        handle.attach(hooks, print)
        assert hooks
    assert not hooks
    with utils.HookHandle() as handle:
        handle.attach(OrderedDict(), print)  # the dictionary is gone at once
    utils.HookHandle().detach()


def test_hook_handle_keeps_its_place_in_a_pickle():
    hooks, handle = OrderedDict(), utils.HookHandle()
    handle.attach(hooks, print)
    again_hooks, again = pickle.loads(pickle.dumps((hooks, handle)))
    assert again._id == handle._id
    again.detach()
    assert not again_hooks
    assert hooks


def test_indent():
    assert utils._indent("a\nb\n", 2) == "a\n  b\n  "


@pytest.mark.parametrize(
    ("count", "limit", "expected"),
    [(0, 7, ""), (2, 7, "'0', '1'"), (8, 7, "'0', '1', '2', ..., '4', '5', '6', '7'"), (5, 2, "'0', ..., '4'")],
)
def test_brief_print_list(count, limit, expected):
    assert utils._brief_print_list(range(count), limit) == expected


def test_shape_is_known():
    assert [utils.shape_is_known(s) for s in ((1, 2), None, (0, 2), ())] == [True, False, False, False]
    with pytest.raises(AssertionError, match="-1"):
        utils.shape_is_known((-1, 2))


def test_kinds_of_outputs():
    x = mx.sym.var("x")
    assert utils._check_same_symbol_type([x, x]) is mx.sym.Symbol
    with pytest.raises(TypeError, match="Symbol"):
        utils._check_same_symbol_type([x, 1])
    with pytest.raises(IndexError):
        utils._check_same_symbol_type([])
    utils._check_all_np_ndarrays([3, ()])
    for classic in (x, mx.nd.ones(1), [3, [mx.nd.ones(1)]]):
        with pytest.raises(TypeError, match=r"NDArray|Symbol"):
            utils._check_all_np_ndarrays(classic)


def test_functions_say_where_they_are():
    assert {getattr(utils, name).__module__ for name in utils.__all__} == {"mxnet.gluon.utils"}
