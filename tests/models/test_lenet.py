"""LeNet through Module.fit: it learns, and training that stops and goes on is training that did not stop."""

from __future__ import annotations

import importlib.util
import logging
import os
import pathlib
import re

import numpy as np
import pytest

import mxnet as mx

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = (
    pathlib.Path(os.environ.get("MXNET_HOME", "~/.mxnet")).expanduser() / "datasets" / "mnist",
    ROOT.parent / "shared" / "data" / "mnist",
)
pytestmark = pytest.mark.filterwarnings("ignore:Parameters already initialized")


@pytest.fixture(scope="module")
def lenet():
    spec = importlib.util.spec_from_file_location("lenet_train", ROOT / "examples" / "lenet" / "train.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def mnist(lenet):
    for folder in FOLDERS:
        if (folder / "train-images-idx3-ubyte.gz").exists() or (folder / "train-images-idx3-ubyte").exists():
            return lenet.load(folder, "train"), lenet.load(folder, "test")
    pytest.skip(f"MNIST is needed and was found in none of: {', '.join(map(str, FOLDERS))}")


@pytest.fixture(scope="module")
def patches():
    """Noise with a bright square, whose corner tells the class."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, 96)
    pictures = random.uniform(0, 0.3, (96, 1, 28, 28)).astype("float32")
    for picture, label in zip(pictures, labels):
        row, column = divmod(int(label), 2)
        picture[0, 14 * row + 3 : 14 * row + 11, 14 * column + 3 : 14 * column + 11] += 0.6
    return (pictures[:64], labels[:64].astype("float32")), (pictures[64:], labels[64:].astype("float32"))


def iterators(data, batch_size):
    return [mx.io.NDArrayIter(*part, batch_size) for part in data]


def curve(caplog):
    """Return what was logged of accuracy and loss, without times."""
    lines = [record.getMessage() for record in caplog.records if re.search("Train-|Validation-", record.getMessage())]
    caplog.clear()
    return lines


def check_resume(lenet, data, folder, caplog, **options):
    """Train three epochs, and one epoch and then two more: curves and parameters must be the same."""
    caplog.set_level(logging.INFO)
    options = {"batch_size": 16, "learning_rate": 0.05, **options}
    size, rate = options.pop("batch_size"), options.pop("learning_rate")

    def train(name, epochs, resume=None):
        mx.random.seed(3)
        np.random.seed(3)
        prefix = str(folder / name)
        return lenet.train(*iterators(data, size), epochs=epochs, prefix=prefix, resume=resume, learning_rate=rate)

    whole = train("whole", 3)
    expected = curve(caplog)
    train("parts", 1)
    resumed = train("parts", 3, resume=1)
    assert curve(caplog) == expected
    assert len(expected) == 3 * 4
    for one, two in zip(whole.get_params(), resumed.get_params()):
        for name in one:
            assert np.array_equal(one[name].asnumpy(), two[name].asnumpy()), name
    return whole


def test_resuming_changes_nothing(lenet, patches, tmp_path, caplog):
    check_resume(lenet, patches, tmp_path, caplog)


def test_it_learns(lenet, patches, tmp_path):
    mx.random.seed(0)
    np.random.seed(0)
    training, test = iterators(patches, 16)
    module = lenet.train(training, test, epochs=6, prefix=str(tmp_path / "net"), learning_rate=0.02)
    assert module.score(test, "acc")[0][1] > 0.9


def test_resuming_on_mnist_changes_nothing(lenet, mnist, tmp_path, caplog):
    few = [(pictures[:1024], labels[:1024]) for pictures, labels in mnist]
    module = check_resume(lenet, few, tmp_path, caplog, batch_size=32, learning_rate=0.02)
    assert module.score(iterators(few, 32)[1], "acc")[0][1] > 0.85


@pytest.mark.slow
def test_mnist(lenet, mnist, tmp_path):
    mx.random.seed(0)
    np.random.seed(0)
    training, test = iterators(mnist, 128)
    module = lenet.train(training, test, epochs=3, prefix=str(tmp_path / "net"))
    assert module.score(test, "acc")[0][1] >= 0.98
