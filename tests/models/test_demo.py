"""The demo program: it trains, leaves a picture and a model that loads, and says what is wrong with bad data."""

from __future__ import annotations

import gzip
import importlib.util
import os
import pathlib
import re
import struct
import subprocess
import sys

import numpy as np
import pytest

import mxnet as mx

TUTORIAL = pathlib.Path(__file__).parents[2] / "examples" / "tutorial"
PNG = b"\x89PNG\r\n\x1a\n"


def _module(name):
    spec = importlib.util.spec_from_file_location(f"tutorial_{name}", TUTORIAL / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


digits = _module("digits")


def run(*options, home):
    """Run the program as a user does, with an empty MXNET_HOME."""
    return subprocess.run(
        [sys.executable, "-W", "error", str(TUTORIAL / "train.py"), *map(str, options)],
        capture_output=True, text=True, timeout=300, check=False, env={**os.environ, "MXNET_HOME": str(home)},
    )  # fmt: skip


def accuracy(finished):
    return float(re.search(r"Accuracy on \d+ held-out images: ([\d.]+)", finished.stdout).group(1))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    output = folder / "made" / "by the demo"
    return run("--epochs", 2, "--output", output, home=folder), output


class TestBundledDigits:
    def test_trains(self, demo):
        finished, _ = demo
        assert finished.returncode == 0, finished.stderr
        assert "No MNIST in" in finished.stdout
        assert "scikit-learn" in finished.stdout
        assert len(re.findall(r"^epoch +\d+: loss [\d.]+, held out", finished.stdout, re.MULTILINE)) == 2
        assert "epoch  2" in finished.stderr  # the progress bar
        assert accuracy(finished) > 0.8

    def test_says_that_the_reloaded_model_agrees(self, demo):
        assert "Reloaded: 359 of 359 predictions are the same" in demo[0].stdout

    def test_picture(self, demo):
        assert (demo[1] / "curves.png").read_bytes().startswith(PNG)

    def test_the_model_loads_and_predicts(self, demo):
        finished, output = demo
        symbol = mx.sym.load(str(output / "digits-symbol.json"))
        parameters = mx.nd.load(str(output / "digits-0002.params"))
        names = [name for name in symbol.list_arguments() if name not in ("data", "softmax_label")]
        assert sorted(parameters) == sorted(f"arg:{name}" for name in names)
        found = digits.load_bundled()
        executor = symbol.simple_bind(mx.cpu(), grad_req="null", data=found.test_x.shape)
        executor.copy_params_from({name.removeprefix("arg:"): array for name, array in parameters.items()})
        probabilities = executor.forward(data=mx.nd.array(found.test_x / found.largest))[0].asnumpy()
        right = (probabilities.argmax(axis=1) == found.test_y).mean()
        assert right == pytest.approx(accuracy(finished), abs=1e-4)


def mnist(folder, images=40, compressed=False, size=(6, 5)):
    """Write four small files as MNIST has them: the label is the row that is inked."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, dimensions in zip(digits.FILES, (3, 1, 3, 1)):
        labels = np.arange(images, dtype=np.uint8) % size[0]
        pictures = np.zeros((images, *size), np.uint8)
        pictures[np.arange(images), labels] = 255
        path = folder / (f"{name}.gz" if compressed else name)
        digits.write_idx(path, pictures if dimensions == 3 else labels)
    return folder


class TestMnistFiles:
    @pytest.mark.parametrize("compressed", [False, True])
    def test_round_trip(self, tmp_path, compressed):
        found = digits.load_mnist(mnist(tmp_path / "mnist", compressed=compressed))
        assert found.train_x.shape == found.test_x.shape == (40, 30)
        assert found.size == (6, 5)
        assert found.largest == 255
        assert (found.train_x.reshape(40, 6, 5).argmax(axis=1)[:, 0] == found.train_y).all()
        assert not found.train_x[0, 5:].any()

    def test_in_mxnet_home(self, tmp_path):
        folder = mnist(tmp_path / "datasets" / "mnist")
        finished = run(
            "--epochs", 1, "--batch-size", 8, "--learning-rate", 0.05, "--seed", 3, "--output", tmp_path / "out",
            home=tmp_path,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr
        assert f"MNIST from {folder}: 40 images to train, 40 held out, 6x5 pixels" in finished.stdout
        assert (tmp_path / "out" / "digits-0001.params").exists()


HEADER = struct.pack(">2xBB3I", 8, 3, 2, 6, 5)
DAMAGE = {
    "empty": (b"", "not an IDX file"),
    "other_format": (b"\x1f\x8b" + bytes(20), "not an IDX file, it starts with 1f 8b 00 00"),
    "floats": (struct.pack(">2xBBI", 13, 1, 1) + bytes(4), "values of type 0x0d, expected 0x08"),
    "no_dimensions": (struct.pack(">2xBB", 8, 0), "header of 0 dimensions"),
    "header_cut": (HEADER[:9], "ends within its header of 3 dimensions"),
    "cut": (HEADER + bytes(59), r"\(2, 6, 5\), 60 values; the file holds only 59"),
    "too_long": (HEADER + bytes(61), r"60 values; the file holds more"),
    "boasting": (struct.pack(">2xBB3I", 8, 3, *[2**32 - 1] * 3) + bytes(9), "the file holds only 9"),
    "fewer_images": (HEADER + bytes(60), r"shape \(2, 6, 5\), its labels \(40,\)"),
    "labels": (struct.pack(">2xBBI", 8, 1, 40) + bytes(40), r"shape \(40,\), its labels \(40,\)"),
    "other_size": (struct.pack(">2xBB3I", 8, 3, 40, 2, 2) + bytes(160), "training images are"),
}


class TestBadData:
    @pytest.mark.parametrize("case", DAMAGE)
    def test_damaged_file(self, tmp_path, case):
        content, message = DAMAGE[case]
        (mnist(tmp_path) / digits.FILES[0]).write_bytes(content)
        with pytest.raises(digits.DataError, match=message):
            digits.load_mnist(tmp_path)

    @pytest.mark.parametrize(
        "damage",
        [lambda b: b[:-20], lambda b: b"plain" + b, lambda b: b[:-30] + b"\xff" * 9 + b[-21:]],
        ids=["cut", "not_gzip", "overwritten"],
    )
    def test_damaged_gzip(self, tmp_path, damage):
        path = mnist(tmp_path, compressed=True) / f"{digits.FILES[0]}.gz"
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(digits.DataError, match="a damaged gzip file"):
            digits.load_mnist(tmp_path)

    def test_boasting_gzip_allocates_little(self, tmp_path):
        path = mnist(tmp_path, compressed=True) / f"{digits.FILES[0]}.gz"
        path.write_bytes(gzip.compress(DAMAGE["boasting"][0]))
        with pytest.raises(digits.DataError, match="the file holds only 9"):
            digits.load_mnist(tmp_path)

    def test_label_out_of_range(self, tmp_path):
        digits.write_idx(mnist(tmp_path) / digits.FILES[1], np.full(40, 10, np.uint8))
        with pytest.raises(digits.DataError, match=r"a label of train-images-idx3-ubyte is 10, expected 0 to 9"):
            digits.load_mnist(tmp_path)

    def test_no_images(self, tmp_path):
        mnist(tmp_path, images=0)
        with pytest.raises(digits.DataError, match="holds no images"):
            digits.load_mnist(tmp_path)

    def test_missing_file(self, tmp_path):
        (mnist(tmp_path) / digits.FILES[3]).unlink()
        with pytest.raises(digits.DataError, match="not found: t10k-labels-idx1-ubyte"):
            digits.load_mnist(tmp_path)

    def test_the_program_says_so_and_fails(self, tmp_path):
        finished = run("--data", tmp_path / "nothing", home=tmp_path)
        assert finished.returncode == 1
        assert finished.stderr.startswith(f"train.py: {tmp_path / 'nothing'}: not found: train-images-idx3-ubyte")
        assert "Traceback" not in finished.stderr
