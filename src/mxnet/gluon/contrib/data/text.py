"""Text for language models: WikiText-2 and WikiText-103."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections import Counter
from typing import Any, ClassVar

import numpy as np

from .... import base
from .... import ndarray as nd
from ...._runtime.files import replacing
from ....contrib.text.utils import count_tokens_from_str
from ....contrib.text.vocab import Vocabulary
from ...data import dataset
from ...utils import _get_repo_file_url, check_sha1, download
from . import _constants as C  # noqa: N812

__all__ = ["WikiText103", "WikiText2"]

_HOME = os.path.join(base.data_dir(), "datasets")


class _LanguageModelDataset(dataset._DownloadedDataset):
    """A data set of words with a vocabulary."""

    def __init__(self, root: str, namespace: str, vocabulary: Vocabulary | None) -> None:
        self._vocab = vocabulary
        self._counter: Counter[str] | None = None
        self._namespace = namespace
        super().__init__(root, None)

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary that words are counted by: the given one, or that of this segment."""
        assert self._vocab is not None
        return self._vocab

    @property
    def frequencies(self) -> Counter[str]:
        """How often each word is in this segment, without ends of sentences."""
        assert self._counter is not None
        return self._counter

    def _build_vocab(self, content: str) -> None:
        """Count the words of `content`, and make a vocabulary of them unless one was given."""
        self._counter = count_tokens_from_str(content)
        if self._vocab is None:
            self._vocab = Vocabulary(counter=self._counter, reserved_tokens=[C.EOS_TOKEN])


class _WikiText(_LanguageModelDataset):
    """A segment of WikiText in rows of a fixed length, each with the same row one word later."""

    _archive_file: tuple[str, str]
    _data_file: ClassVar[dict[str, tuple[str, str]]]

    def __init__(self, root: str, namespace: str, segment: str, vocab: Vocabulary | None, seq_len: int) -> None:
        kind = type(self).__name__
        if segment not in self._data_file:
            known = ", ".join(repr(name) for name in self._data_file)
            raise KeyError(f"{kind}: segment is {segment!r}, expected one of {known}")
        if seq_len < 1:
            raise base.ValueError(f"{kind}: seq_len is {seq_len}, expected at least 1")
        self._segment = segment
        self._seq_len = seq_len
        super().__init__(root, namespace, vocab)

    def _read_batch(self, filename: str) -> tuple[np.ndarray, np.ndarray]:
        """Return all words but the last, and all but the first, as indices in the vocabulary."""
        with open(filename, encoding="utf8") as file:
            content = file.read()
        self._build_vocab(content)
        words: list[str] = []
        for line in content.splitlines():
            found = line.split()
            if found:
                words += found
                words.append(C.EOS_TOKEN)
        indices = np.array(self.vocabulary.to_indices(words), dtype=np.int32)
        return indices[:-1], indices[1:]

    def _get_data(self) -> None:
        """Find the segment's file, or unpack or download it, and keep its rows."""
        archive, archive_hash = self._archive_file
        name, data_hash = self._data_file[self._segment]
        path = os.path.join(self._root, name)
        if not os.path.exists(path) or not check_sha1(path, data_hash):
            url = _get_repo_file_url("gluon/dataset/" + self._namespace, archive)
            fetched = download(url, path=self._root, sha1_hash=archive_hash)
            with zipfile.ZipFile(fetched) as packed:
                for member in packed.namelist():
                    file = os.path.basename(member)
                    if file:
                        with packed.open(member) as source, replacing(os.path.join(self._root, file)) as target:
                            shutil.copyfileobj(source, target)
        data, label = self._read_batch(path)
        rows = len(data) // self._seq_len
        shape = (rows, self._seq_len)
        self._data = nd.array(data[: rows * self._seq_len].reshape(shape), dtype=np.int32)
        self._label = nd.array(label[: rows * self._seq_len].reshape(shape), dtype=np.int32)

    def __getitem__(self, idx: Any) -> tuple[nd.NDArray, nd.NDArray]:
        return self._data[idx], self._label[idx]

    def __len__(self) -> int:
        return len(self._label)


class WikiText2(_WikiText):
    """WikiText-2: two million words of good and featured articles of Wikipedia, with rare words as ``<unk>``.

    Each item is a row of `seq_len` indices, and the same row one word later. Each line ends with ``<eos>``.

    Parameters
    ----------
    root : str
        Folder of the files, which are downloaded to it unless they are there. The default is ``datasets/wikitext-2``
        in the folder that MXNET_HOME names.
    segment : {'train', 'validation', 'test'}
        Which part.
    vocab : mxnet.contrib.text.vocab.Vocabulary, optional
        The vocabulary of the indices. Unless given, one is made of this segment; see `vocabulary`.
    seq_len : int
        Length of a row.

    Raises
    ------
    KeyError
        If there is no such segment.

    References
    ----------
    Merity, Xiong, Bradbury, Socher: Pointer Sentinel Mixture Models (2016), arXiv:1609.07843.

    Examples
    --------
    >>> mx.gluon.contrib.data.text.WikiText2(segment="val")
    Traceback (most recent call last):
    KeyError: "WikiText2: segment is 'val', expected one of 'train', 'validation', 'test'"
    """

    _archive_file = ("wikitext-2-v1.zip", "3c914d17d80b1459be871a5039ac23e752a53cbe")
    _data_file: ClassVar = {
        "train": ("wiki.train.tokens", "863f29c46ef9d167fff4940ec821195882fe29d1"),
        "validation": ("wiki.valid.tokens", "0418625c8b4da6e4b5c7a0b9e78d4ae8f7ee5422"),
        "test": ("wiki.test.tokens", "c7b8ce0aa086fb34dab808c5c49224211eb2b172"),
    }

    def __init__(
        self,
        root: str = os.path.join(_HOME, "wikitext-2"),
        segment: str = "train",
        vocab: Vocabulary | None = None,
        seq_len: int = 35,
    ) -> None:
        super().__init__(root, "wikitext-2", segment, vocab, seq_len)


class WikiText103(_WikiText):
    """WikiText-103: a hundred million words of good and featured articles of Wikipedia, with rare words as ``<unk>``.

    Each item is a row of `seq_len` indices, and the same row one word later. Each line ends with ``<eos>``.

    Parameters
    ----------
    root : str
        Folder of the files, which are downloaded to it unless they are there. The default is
        ``datasets/wikitext-103`` in the folder that MXNET_HOME names.
    segment : {'train', 'validation', 'test'}
        Which part.
    vocab : mxnet.contrib.text.vocab.Vocabulary, optional
        The vocabulary of the indices. Unless given, one is made of this segment; see `vocabulary`.
    seq_len : int
        Length of a row.

    Raises
    ------
    KeyError
        If there is no such segment.

    References
    ----------
    Merity, Xiong, Bradbury, Socher: Pointer Sentinel Mixture Models (2016), arXiv:1609.07843.

    Examples
    --------
    >>> mx.gluon.contrib.data.text.WikiText103(segment="val")
    Traceback (most recent call last):
    KeyError: "WikiText103: segment is 'val', expected one of 'train', 'validation', 'test'"
    """

    _archive_file = ("wikitext-103-v1.zip", "0aec09a7537b58d4bb65362fee27650eeaba625a")
    _data_file: ClassVar = {
        "train": ("wiki.train.tokens", "b7497e2dfe77e72cfef5e3dbc61b7b53712ac211"),
        "validation": ("wiki.valid.tokens", "c326ac59dc587676d58c422eb8a03e119582f92b"),
        "test": ("wiki.test.tokens", "8a5befc548865cec54ed4273cf87dbbad60d1e47"),
    }

    def __init__(
        self,
        root: str = os.path.join(_HOME, "wikitext-103"),
        segment: str = "train",
        vocab: Vocabulary | None = None,
        seq_len: int = 35,
    ) -> None:
        super().__init__(root, "wikitext-103", segment, vocab, seq_len)
