"""Samplers and text data sets of gluon.contrib.data."""

from __future__ import annotations

import hashlib
import itertools
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mxnet as mx
from mxnet.gluon.contrib import data
from tests.golden import programs

GROUP = "contrib_text"
NAMES = [name for name in sorted(programs.table(GROUP)) if name.startswith(("interval", "wikitext"))]
WORDS = " \n the cat sat \n on the mat .\n"


@pytest.mark.parametrize("name", NAMES)
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


@given(st.integers(1, 40).flatmap(lambda length: st.tuples(st.just(length), st.integers(1, length))), st.booleans())
def test_intervals_have_their_length(sizes, rollover):
    sampler = data.IntervalSampler(*sizes, rollover)
    indices = list(sampler)
    assert len(sampler) == len(indices) == len(set(indices))
    if rollover:
        assert sorted(indices) == list(range(sizes[0]))
    assert all(after - before == sizes[1] or after < sizes[1] for before, after in itertools.pairwise(indices))


@pytest.mark.parametrize("interval", [0, -1])
def test_intervals_are_positive(interval):
    with pytest.raises(AssertionError, match="expected at least 1"):
        data.IntervalSampler(5, interval)


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """The archive of a small WikiText-2, in its place."""
    folder = tmp_path / "root"
    folder.mkdir()
    path = folder / "wikitext-2-v1.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("wikitext-2/", "")
        packed.writestr("wikitext-2/wiki.train.tokens", WORDS)
    kind = data.text.WikiText2
    digest = hashlib.sha1(WORDS.encode()).hexdigest()
    monkeypatch.setattr(kind, "_archive_file", (path.name, hashlib.sha1(path.read_bytes()).hexdigest()), raising=False)
    monkeypatch.setattr(kind, "_data_file", {"train": ("wiki.train.tokens", digest)}, raising=False)
    return path


def test_an_archive_is_unpacked(archive):
    rows = data.text.WikiText2(str(archive.parent), seq_len=2)
    assert (archive.parent / "wiki.train.tokens").read_text() == WORDS
    vocabulary = rows.vocabulary
    read = [vocabulary.to_tokens(x.asnumpy().tolist()) for x, _ in rows]
    assert read == [["the", "cat"], ["sat", "<eos>"], ["on", "the"], ["mat", "."]]
    after = [vocabulary.to_tokens(y.asnumpy().tolist()) for _, y in rows]
    assert after == [["cat", "sat"], ["<eos>", "on"], ["the", "mat"], [".", "<eos>"]]
    archive.unlink()
    assert len(data.text.WikiText2(str(archive.parent), seq_len=4)) == 2  # the unpacked file is enough


def test_a_damaged_file_is_unpacked_again(archive):
    path = archive.parent / "wiki.train.tokens"
    path.write_text("half of i")
    data.text.WikiText2(str(archive.parent), seq_len=2)
    assert path.read_text() == WORDS


def test_loaders_take_it(archive):
    rows = data.text.WikiText2(str(archive.parent), seq_len=2)
    loader = mx.gluon.data.DataLoader(rows, batch_size=2, sampler=data.IntervalSampler(len(rows), 2))
    shapes = [(x.shape, y.shape, x.dtype) for x, y in loader]
    assert shapes == [((2, 2), (2, 2), mx.nd.array([0], dtype="int32").dtype)] * 2


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"segment": "val"}, KeyError, "expected one of 'train', 'validation', 'test'"),
        ({"seq_len": 0}, ValueError, "seq_len is 0"),
    ],
)
def test_wrong_arguments(tmp_path, arguments, error, message):
    with pytest.raises(error, match=message):
        data.text.WikiText2(str(tmp_path), **arguments)
