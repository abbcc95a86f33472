"""Counting tokens, vocabularies and token embeddings."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mxnet as mx
from mxnet.contrib import text
from tests.golden import programs

GROUP = "contrib_text"
NAMES = [name for name in sorted(programs.table(GROUP)) if not name.startswith(("interval", "wikitext"))]
#: 1.9.1 says AssertionError for a class that is not registered; our registry says ValueError.
OTHERS = {"unknown class"}

words = st.lists(st.text("abcdefgh", min_size=1, max_size=3), max_size=30)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OTHERS])
@pytest.mark.filterwarnings("ignore:At line")
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


def file_of(folder, content):
    path = folder / "vectors.txt"
    path.write_text(content, encoding="utf8")
    return str(path)


# -- counting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", ["*", ".", "|", "+", "\\", "$", "("])
def test_single_characters_are_delimiters_as_they_are(delimiter):
    counts = text.utils.count_tokens_from_str(f"a{delimiter}b{delimiter}{delimiter}a", delimiter)
    assert counts == {"a": 2, "b": 1}


def test_delimiters_that_are_no_expression_are_meant_as_they_are():
    assert text.utils.count_tokens_from_str("a**b**a", "**") == {"a": 2, "b": 1}


@given(words)
def test_counts_are_those_of_the_tokens(tokens):
    assert text.utils.count_tokens_from_str(" ".join(tokens)) == Counter(tokens)


# -- vocabularies ---------------------------------------------------------------------------------------------------


@given(words, st.integers(1, 4), st.none() | st.integers(0, 10))
def test_vocabulary_keeps_the_most_frequent(tokens, least, most):
    counts = Counter(tokens)
    vocabulary = text.vocab.Vocabulary(counts, most, least)
    kept = vocabulary.idx_to_token[1:]
    enough = [token for token in counts if counts[token] >= least]
    assert len(kept) == (len(enough) if most is None else min(most, len(enough)))
    assert kept == sorted(kept, key=lambda token: (-counts[token], token))
    left = set(enough) - set(kept)
    assert not left or not kept or counts[kept[-1]] >= max(counts[token] for token in left)
    assert vocabulary.to_tokens(vocabulary.to_indices(kept)) == kept
    assert all(vocabulary.to_indices(token) == 0 for token in left)


def test_numpy_integers_are_indices():
    vocabulary = text.vocab.Vocabulary(Counter("ab"))
    assert vocabulary.to_tokens(np.int64(1)) == "a"
    assert vocabulary.to_tokens([np.int32(2), 0]) == ["b", "<unk>"]


def test_an_index_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"Token index -9 .* has 3 tokens"):
        text.vocab.Vocabulary(Counter("ab")).to_tokens(-9)


def test_tokens_that_cannot_be_sorted_are_refused():
    with pytest.raises(TypeError, match="cannot be sorted"):
        text.vocab.Vocabulary(Counter([1, "a"]))


# -- embeddings -----------------------------------------------------------------------------------------------------


def test_loading_is_logged_and_warns(tmp_path, caplog):
    path = file_of(tmp_path, "3 2\na 1 2\na 3 4\n<unk> 5 6\n<unk> 7 8\n")
    with caplog.at_level("INFO"), pytest.warns(UserWarning, match="At line") as warned:
        vectors = text.embedding.CustomEmbedding(path)
    assert caplog.messages == [f"Loading pre-trained token embedding vectors from {path}"]
    messages = [str(warning.message) for warning in warned]
    assert len(messages) == 3
    assert "line 1" in messages[0]
    assert "token 3 with 1-dimensional vector [2.0] is likely a header" in messages[0]
    assert "line 3" in messages[1]
    assert "line 5" in messages[2]
    assert vectors.idx_to_vec.asnumpy().tolist() == [[5, 6], [1, 2]]


def test_reserved_tokens_have_rows_of_their_own(tmp_path):
    path = file_of(tmp_path, "a 1 2\n<pad> 3 4\n")
    vectors = text.embedding.CustomEmbedding(path, reserved_tokens=["<bos>", "<pad>"])
    assert vectors.idx_to_token == ["<unk>", "<bos>", "<pad>", "a"]
    assert vectors.idx_to_vec.asnumpy().tolist() == [[0, 0], [0, 0], [3, 4], [1, 2]]


def test_counted_tokens_are_not_doubled(tmp_path):
    path = file_of(tmp_path, "a 1 2\nb 3 4\n")
    vectors = text.embedding.CustomEmbedding(path, counter=Counter("b"))
    assert vectors.idx_to_token == ["<unk>", "b", "a"]
    assert vectors.get_vecs_by_tokens(["a", "b"]).asnumpy().tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("content", ["", "a 1\n"])
@pytest.mark.filterwarnings("ignore:At line")
def test_a_file_without_vectors_is_refused(tmp_path, content):
    with pytest.raises(ValueError, match="has no vector of two or more numbers"):
        text.embedding.CustomEmbedding(file_of(tmp_path, content))


def test_a_bad_number_is_told_with_its_line(tmp_path):
    with pytest.raises(ValueError, match=r"At line 2 .*vectors\.txt: could not convert string to float: 'x'"):
        text.embedding.CustomEmbedding(file_of(tmp_path, "a 1 2\nb 3 x\n"))


def test_no_tokens_have_no_vectors(tmp_path):
    vectors = text.embedding.CustomEmbedding(file_of(tmp_path, "a 1 2\n"))
    assert vectors.get_vecs_by_tokens([]).shape == (0, 2)


def test_the_files_it_may_be_are_named():
    with pytest.raises(KeyError, match=r"glove\.6B\.50d\.txt"):
        text.embedding.GloVe("glove.6B.51d.txt")


def test_a_class_that_is_not_registered_is_refused():
    with pytest.raises(ValueError, match=r"foo is not registered.*glove"):
        text.embedding.create("foo")


def test_glove_from_its_folder(tmp_path, monkeypatch):
    content = b"the 1 2 3\nof 4 5 6\n"
    archive = tmp_path / "glove" / "glove.6B.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("glove.6B.50d.txt", content)
    kind = text.embedding.GloVe
    monkeypatch.setattr(kind, "pretrained_file_name_sha1", {"glove.6B.50d.txt": hashlib.sha1(content).hexdigest()})
    monkeypatch.setattr(
        kind, "pretrained_archive_name_sha1", {"glove.6B.zip": hashlib.sha1(archive.read_bytes()).hexdigest()}
    )
    vocabulary = text.vocab.Vocabulary(Counter(["of", "nothing"]))
    for _ in range(2):
        vectors = text.embedding.create(
            "glove", pretrained_file_name="glove.6B.50d.txt", embedding_root=str(tmp_path), vocabulary=vocabulary
        )
        assert vectors.idx_to_token == ["<unk>", "nothing", "of"]
        assert vectors.idx_to_vec.asnumpy().tolist() == [[0, 0, 0], [0, 0, 0], [4, 5, 6]]
        archive.unlink(missing_ok=True)  # the second time, the unpacked file is enough
