"""Gluon trains as MXNet 1.9.1 does: a residual network, a language model, a transformer, twenty updates each."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mxnet as mx
from tests.golden.zoo import training

#: Relative difference allowed between losses.
LOSSES = {"resnet_digits": 1e-8, "resnet_mnist": 1e-8}
#: Attention does not depend on the bias of the keys: its gradient is rounding, which Adam makes as large as others.
WITHOUT_MEANING = "query_key_value.bias"


@pytest.mark.parametrize("hybridize", [False, True], ids=["eager", "hybridized"])
@pytest.mark.parametrize("name", sorted(training.PROGRAMS))
def test_losses_and_parameters_are_mxnets(name, hybridize):
    if name == "resnet_mnist" and training.mnist_folder() is None:
        pytest.skip(f"MNIST is needed and was found in none of: {', '.join(map(str, training.MNIST))}")
    expected = training.answers()[name]
    actual = training.PROGRAMS[name](mx, hybridize)
    np.testing.assert_allclose(actual["losses"], expected["losses"], LOSSES.get(name, 1e-4))
    assert list(actual["parameters"]) == list(expected["parameters"])
    for key, found in actual["parameters"].items():
        wanted = expected["parameters"][key]
        assert found["shape"] == wanted["shape"], key
        if not key.endswith(WITHOUT_MEANING):
            scale = wanted["norm"] / math.sqrt(math.prod(wanted["shape"]))
            np.testing.assert_allclose(found["values"], wanted["values"], 1e-4, 1e-4 * scale + 1e-6, err_msg=key)
            np.testing.assert_allclose(found["norm"], wanted["norm"], 1e-4, 1e-6, err_msg=key)


@pytest.mark.parametrize("static", [False, True])
def test_hybridized_with_static_memory_trains_the_same(static, monkeypatch):
    start = training.start

    def begin(mx, net, hybridize, dtype="float32"):
        start(mx, net, False, dtype)
        net.hybridize(static_alloc=True, static_shape=static)

    monkeypatch.setattr(training, "start", begin)
    losses = training.PROGRAMS["transformer_batch_dot"](mx, True)["losses"]
    np.testing.assert_allclose(losses, training.answers()["transformer_batch_dot"]["losses"], 1e-4)


def test_both_attentions_are_one_function():
    module = training.example("transformer")
    x = mx.nd.random.uniform(-1, 1, (2, 5, 8))
    outputs = []
    for attention in module.ATTENTIONS.values():
        block = attention(8, 2)
        block.initialize(mx.init.Zero())
        training.fill(mx, block)
        outputs.append(block(x).asnumpy())
    np.testing.assert_allclose(outputs[0], outputs[1], 1e-5, 1e-6)


def test_the_rhyme_is_the_rhyme():
    verses = training.example("word_lm").rhyme().split("\n")
    assert verses[0] == "this is the house that Jack built ."
    assert verses[2] == "this is the rat that ate the malt that lay in the house that Jack built ."
    assert len(verses) == 12


def run(monkeypatch, capsys, name, *options):
    """Run an example as from the command line; return the lines that it prints."""
    monkeypatch.setattr("sys.argv", [f"{name}.py", *map(str, options)])
    training.example(name).main()
    return capsys.readouterr().out.splitlines()


def test_the_resnet_learns_digits(monkeypatch, capsys, tmp_path):
    pytest.importorskip("sklearn")
    path = tmp_path / "net.params"
    options = ("--epochs", 3, "--width", 8, "--batch-size", 32, "--save", path)
    lines = run(monkeypatch, capsys, "resnet_mnist", *options)
    assert len(lines) == 3
    assert float(lines[-1].split()[-1]) > 0.85
    again = training.example("resnet_mnist").network(8)
    again.load_parameters(str(path))


@pytest.mark.parametrize("options", [(), ("--eager",)])
def test_the_language_model_learns_the_rhyme(monkeypatch, capsys, options):
    lines = run(monkeypatch, capsys, "word_lm", "--epochs", 15, "--write", 5, *options)
    assert float(lines[-2].split()[-1]) < 12, lines
    assert len(lines[-1].split()) == 5


def test_the_language_model_reads_a_text(monkeypatch, capsys, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("one two three " * 40)
    lines = run(monkeypatch, capsys, "word_lm", "--text", path, "--epochs", 10)
    assert lines[0] == "120 words, 3 different ones"
    assert float(lines[-2].split()[-1]) < 1.5


@pytest.mark.parametrize("attention", ["batch_dot", "interleaved"])
def test_the_transformer_learns_to_sort(monkeypatch, capsys, attention):
    options = ("--attention", attention, "--epochs", 2, "--batches", 100, "--length", 4, "--tokens", 4)
    lines = run(monkeypatch, capsys, "transformer", *options, "--learning-rate", 0.01)
    assert float(lines[1].split()[-1]) > 0.8, lines


@pytest.mark.slow
def test_the_resnet_learns_mnist(monkeypatch, capsys):
    folder = training.mnist_folder()
    if folder is None:
        pytest.skip(f"MNIST is needed and was found in none of: {', '.join(map(str, training.MNIST))}")
    options = ("--data", folder, "--epochs", 1, "--images", 20000)
    assert float(run(monkeypatch, capsys, "resnet_mnist", *options)[-1].split()[-1]) > 0.97
