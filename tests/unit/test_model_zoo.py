"""The model zoo: all 34 networks look as in MXNet 1.9.1, refuse what they cannot do, and find trained parameters."""

from __future__ import annotations

import functools
import hashlib
import http.server
import importlib
import inspect
import logging
import os
import threading
import zipfile

import numpy as np
import pytest

import mxnet as mx
from mxnet.gluon.model_zoo import model_store, vision
from tests.golden import programs, zoo

GROUP = "gluon_zoo"
IMAGE = mx.nd.ones((1, 3, 32, 32))


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


# -- the 34 networks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(zoo.SIZES))
def test_network_is_mxnets(name):
    """Names, prefixes, shapes, initializers, texts, and the graph as JSON, node by node."""
    found = zoo.describe(mx, name)
    expected = zoo.facts()[name]
    assert found.keys() == expected.keys()
    for part, value in expected.items():
        assert found[part] == value, part


def test_every_network_is_recorded():
    assert set(zoo.SIZES) == set(vision._MODELS) == set(model_store._model_sha1)
    assert set(zoo.facts()) == set(zoo.outputs()) == set(zoo.SIZES)


def test_names_do_not_care_for_capitals():
    assert type(vision.get_model("MobileNet0.25")) is vision.MobileNet


# -- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: vision.get_model("resnet19_v1"), ValueError, ["resnet19_v1", "resnet18_v1", "vgg19_bn"]),
        (lambda: vision.get_resnet(3, 18), AssertionError, ["get_resnet", "version", "3", "1 and 2"]),
        (lambda: vision.get_resnet(1, 19), AssertionError, ["get_resnet", "19", "18", "152"]),
        (lambda: vision.get_vgg(12), ValueError, ["get_vgg", "12", "11", "19"]),
        (lambda: vision.densenet.get_densenet(120), ValueError, ["get_densenet", "120", "121"]),
        (lambda: vision.SqueezeNet("2.0"), AssertionError, ["SqueezeNet", "2.0", "1.0", "1.1"]),
        (lambda: vision.VGG([1, 2], [8]), AssertionError, ["VGG", "layers", "2", "filters", "1"]),
        (lambda: vision.ResNetV1(vision.BasicBlockV1, [1, 1], [8, 8]), AssertionError, ["ResNetV1", "channels"]),
        (lambda: vision.ResNetV2(vision.BasicBlockV2, [1], [8]), AssertionError, ["ResNetV2", "channels"]),
        (lambda: vision.get_mobilenet(0.3, pretrained=True), ValueError, ["mobilenet0.30", "mobilenet0.25"]),
        (lambda: model_store.get_model_file("resnet19_v1"), ValueError, ["resnet19_v1", "resnet18_v1"]),
    ],
)
def test_refused(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert isinstance(caught.value, mx.MXNetError)
    for word in words:
        assert word in str(caught.value)


# -- trained parameters ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(zoo.SIZES))
def test_each_network_asks_for_its_own_file(monkeypatch, name):
    asked = []

    def get_model_file(name, root):
        asked.append((name, root))
        raise InterruptedError

    for part in ("alexnet", "densenet", "inception", "mobilenet", "resnet", "squeezenet", "vgg"):
        module = importlib.import_module(f"mxnet.gluon.model_zoo.vision.{part}")
        monkeypatch.setattr(module, "get_model_file", get_model_file)
    with pytest.raises(InterruptedError):
        vision.get_model(name, pretrained=True, root="folder")
    assert asked == [(name, "folder")]


class Mirror:
    """A repository of models in a folder, and what is asked of it over HTTP."""

    def __init__(self, folder):
        self.folder = folder / "gluon" / "models"
        self.folder.mkdir(parents=True)
        self.asked = []

    def put(self, monkeypatch, name, content, inside=None, sha1=None):
        """Add a model's file, and let the store expect it."""
        monkeypatch.setitem(model_store._model_sha1, name, sha1 or hashlib.sha1(content).hexdigest())
        file_name = f"{name}-{model_store.short_hash(name)}"
        with zipfile.ZipFile(self.folder / f"{file_name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(inside or f"{file_name}.params", content)
        return f"{file_name}.params"


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    found = Mirror(tmp_path / "mirror")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            found.asked.append(self.path)

    handler = functools.partial(Handler, directory=tmp_path / "mirror")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("MXNET_GLUON_REPO", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield found
        server.shutdown()
        thread.join()


def saved(tmp_path):
    """Return the file of a filled MobileNet, and what it computes of ones."""
    net = vision.mobilenet0_25()
    net.initialize(mx.init.Zero())
    net(IMAGE)
    zoo.fill(mx, net)
    net.save_parameters(str(tmp_path / "net.params"))
    return (tmp_path / "net.params").read_bytes(), net(IMAGE).asnumpy()


def test_pretrained_networks_are_fetched_once(mirror, tmp_path, monkeypatch, caplog, capsys):
    caplog.set_level(logging.INFO)
    content, expected = saved(tmp_path)
    file_name = mirror.put(monkeypatch, "mobilenet0.25", content)
    root = tmp_path / "models"
    for _ in range(2):
        net = vision.mobilenet0_25(pretrained=True, root=str(root))
        np.testing.assert_array_equal(net(IMAGE).asnumpy(), expected)
    assert os.listdir(root) == [file_name]
    assert len(mirror.asked) == 1
    assert mirror.asked[0] == f"/gluon/models/{file_name[:-7]}.zip"
    logged = [record.getMessage() for record in caplog.records]
    assert f"Model file not found. Downloading to {root / file_name}." in logged


def test_a_folder_can_be_the_repository(mirror, tmp_path, monkeypatch):
    content, expected = saved(tmp_path)
    mirror.put(monkeypatch, "mobilenet0.25", content)
    monkeypatch.setenv("MXNET_GLUON_REPO", (tmp_path / "mirror").as_uri() + "/")
    net = vision.mobilenet0_25(pretrained=True, root=str(tmp_path / "models"))
    np.testing.assert_array_equal(net(IMAGE).asnumpy(), expected)
    assert mirror.asked == []


def test_a_damaged_file_is_fetched_again(mirror, tmp_path, monkeypatch, caplog):
    file_name = mirror.put(monkeypatch, "vgg11", b"parameters")
    root = tmp_path / "models"
    root.mkdir()
    (root / file_name).write_bytes(b"damaged")
    assert model_store.get_model_file("vgg11", root=str(root)) == str(root / file_name)
    assert (root / file_name).read_bytes() == b"parameters"
    assert "Mismatch in the content of model file detected. Downloading again." in caplog.text


def test_the_home_folder_may_be_abbreviated(mirror, tmp_path, monkeypatch):
    file_name = mirror.put(monkeypatch, "vgg11", b"parameters")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert model_store.get_model_file("vgg11", root="~/models") == str(tmp_path / "home" / "models" / file_name)
    model_store.purge("~/models")
    assert os.listdir(tmp_path / "home" / "models") == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sha1": "dd221b16" + 32 * "0"}, ["different hash", "dd221b16", hashlib.sha1(b"parameters").hexdigest()]),
        ({"inside": "other.params"}, ["no zip file that holds vgg11-"]),
    ],
)
def test_wrong_content_is_refused(mirror, tmp_path, monkeypatch, options, words):
    mirror.put(monkeypatch, "vgg11", b"parameters", **options)
    root = tmp_path / "models"
    with pytest.raises(ValueError) as caught:
        model_store.get_model_file("vgg11", root=str(root))
    for word in words:
        assert word in str(caught.value)
    assert os.listdir(root) == []


def test_what_is_no_zip_file_is_refused(mirror, tmp_path):
    (mirror.folder / "vgg11-dd221b16.zip").write_bytes(b"<html>Please log in</html>")
    with pytest.raises(ValueError, match=r"no zip file that holds vgg11-dd221b16\.params"):
        model_store.get_model_file("vgg11", root=str(tmp_path / "models"))
    assert os.listdir(tmp_path / "models") == []


@pytest.mark.parametrize("repository", ["http://127.0.0.1:9/", None])
def test_without_a_network_it_is_said_what_to_do(mirror, tmp_path, monkeypatch, repository, capsys):
    if repository:
        monkeypatch.setenv("MXNET_GLUON_REPO", repository)
    root = tmp_path / "models"
    with pytest.raises(mx.MXNetError) as caught:
        vision.resnet18_v1(pretrained=True, root=str(root))
    message = str(caught.value)
    for word in (
        "resnet18_v1",
        "gluon/models/resnet18_v1-a0666292.zip",
        str(root / "resnet18_v1-a0666292.params"),
        "a0666292f0a30ff61f857b0b66efc0228eb6a54b",
        "MXNET_GLUON_REPO",
    ):
        assert word in message
    assert os.listdir(root) == []


def test_other_classes_do_not_fit_trained_parameters(mirror, tmp_path, monkeypatch):
    content, _ = saved(tmp_path)
    mirror.put(monkeypatch, "mobilenet0.25", content)
    with pytest.raises(AssertionError, match="shape"):
        vision.mobilenet0_25(pretrained=True, root=str(tmp_path / "models"), classes=10)


def test_purge_keeps_other_files(tmp_path):
    for name in ("one.params", "two.params", "notes.txt"):
        (tmp_path / name).write_text("")
    model_store.purge(str(tmp_path))
    assert os.listdir(tmp_path) == ["notes.txt"]
    with pytest.raises(FileNotFoundError):
        model_store.purge(str(tmp_path / "absent"))


def test_the_cache_folder_is_in_mxnet_home(monkeypatch):
    for function in (model_store.get_model_file, model_store.purge, vision.get_resnet, vision.alexnet):
        default = inspect.signature(function).parameters["root"].default
        assert default == os.path.join(mx.base.data_dir(), "models")
    monkeypatch.setenv("MXNET_HOME", "/somewhere")
    assert mx.base.data_dir() == "/somewhere"
    monkeypatch.delenv("MXNET_HOME")
    assert mx.base.data_dir() == os.path.expanduser("~/.mxnet")
