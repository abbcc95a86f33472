"""The language model in examples/bucketing: it learns, and its curve is that of MXNet 1.9.1.

The curves below are what the same program printed under MXNet 1.9.1:

    MXNET_SUBGRAPH_BACKEND=NONE PYTHON examples/bucketing/train.py --quick --mode MODE [--fused] --output FILE
"""

from __future__ import annotations

import importlib.util
import json
import pathlib
import sys

import numpy as np
import pytest
import torch

import mxnet as mx

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "examples" / "bucketing"
#: Perplexity on what is trained on, and on what is held out, after each epoch.
CURVES = {
    ("lstm", False): ([27.20135, 10.72715, 8.84942, 8.57377], [15.05081, 9.19889, 8.39375, 8.58079]),
    ("lstm", True): ([27.20135, 10.72718, 8.84941, 8.57365], [15.05081, 9.19899, 8.39367, 8.57589]),
    ("gru", False): ([20.87316, 9.38411, 7.86284, 7.4076], [12.04752, 8.60085, 7.39824, 7.33312]),
    ("gru", True): ([20.87316, 9.38411, 7.86285, 7.40756], [12.04752, 8.60087, 7.39837, 7.33238]),
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """The matrices are small: a second thread costs more than it brings."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def example():
    """The example's module train, under a name of its own."""
    sys.path.insert(0, str(FOLDER))
    try:
        spec = importlib.util.spec_from_file_location("bucketing_train", FOLDER / "train.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(FOLDER))
        sys.modules.pop("sentences", None)


@pytest.mark.parametrize(("mode", "fused"), CURVES)
def test_learns_as_with_mxnet(example, mode, fused, capsys, tmp_path):
    output = tmp_path / "curve.json"
    example.main(["--quick", "--mode", mode, *(["--fused"] if fused else []), "--output", str(output)])
    curve = json.loads(output.read_text())
    for name, expected in zip(("train", "held_out"), CURVES[mode, fused]):
        np.testing.assert_allclose(curve[name][:3], expected[:3], rtol=1e-3, err_msg=name)
        np.testing.assert_allclose(curve[name], expected, rtol=1e-2, err_msg=name)
    assert curve["best"] < curve["held_out"][-1] < 1.5 * curve["best"]
    shown = capsys.readouterr()
    assert shown.err == ""
    lines = shown.out.splitlines()
    assert lines[:2] == ["WARNING: discarded 0 sentences longer than the largest bucket."] * 2
    assert lines[2].startswith("1000 sentences, 48 words, ")
    assert [line.split()[:2] for line in lines[3:7]] == [["epoch", str(i)] for i in range(1, 5)]
    assert len(lines) == 12  # five sentences


def test_curves_of_operator_and_cells_agree():
    for mode in ("lstm", "gru"):
        for cells, operator in zip(CURVES[mode, False], CURVES[mode, True]):
            np.testing.assert_allclose(cells, operator, rtol=2e-3)


def test_checkpoint_of_the_operator_is_one_of_single_cells(example, tmp_path):
    """Weights of the operator, loaded into single cells, write the same sentences."""
    arguments = ["--quick", "--sentences", "200", "--epochs", "1", "--fused", "--save", str(tmp_path / "net")]
    options = example.parse(arguments)
    options.sentences, options.epochs = 200, 1
    example.train(options)
    _, _, words, _ = example.read(options)
    fused = example.recurrent(options)
    options.fused = False
    stack = example.recurrent(options)
    _, of_fused, _ = mx.rnn.load_rnn_checkpoint(fused, str(tmp_path / "net"), 1)
    _, of_stack, _ = mx.rnn.load_rnn_checkpoint(stack, str(tmp_path / "net"), 1)
    assert "layers_parameters" in of_fused
    assert "layers_l1_h2h_weight" in of_stack
    found = example.write(stack, options, of_stack, words, 3)
    options.fused = True
    assert found == example.write(fused, options, of_fused, words, 3)


def test_dropout_trains(example, capsys):
    options = example.parse(["--quick", "--dropout", "0.2", "--write", "0"])
    options.epochs = 2
    curve = example.train(options)
    assert curve["held_out"][1] < curve["held_out"][0]


def test_the_grammar_knows_its_perplexity(example):
    """By counting: how often each word follows the whole beginning of a sentence, where that is frequent."""
    from sentences import Grammar

    grammar = Grammar(seed=3)
    sentences = [grammar.sentence() for _ in range(30000)]
    counts: dict[tuple[str, ...], dict[str, int]] = {}
    for sentence in sentences:
        following = counts.setdefault(tuple(sentence[:3]), {})
        following[sentence[3]] = following.get(sentence[3], 0) + 1
    nouns = counts["<s>", "a", "old"]
    share = nouns["dog"] / sum(nouns.values())
    assert share == pytest.approx(0.75 / 8, rel=0.2)
    verbs = counts["<s>", "some", "dogs"]
    assert "that" in verbs
    assert "sleep" in verbs
    assert "sleeps" not in verbs
    assert grammar.perplexity == pytest.approx(6.1, rel=0.02)


def test_the_same_seed_makes_the_same_sentences(example):
    from sentences import corpus

    assert corpus(20, seed=5) == corpus(20, seed=5)
    assert corpus(20, seed=5) != corpus(20, seed=6)
