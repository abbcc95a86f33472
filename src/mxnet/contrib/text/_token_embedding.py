"""A vocabulary with a vector for each token: what all token embeddings inherit from."""

from __future__ import annotations

import array
import logging
import os
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from ... import base
from ... import ndarray as nd
from ..._warning import warn
from . import vocab


class _TokenEmbedding(vocab.Vocabulary):
    """A vocabulary with a vector for each token.

    Subclasses call `_load_embedding` with a file, and `_build_embedding_for_vocabulary` to keep only the tokens of a
    vocabulary. Tokens without a vector of their own have that of the unknown token.
    """

    #: Names of files with their SHA-1 checksums, and the same for the archives that hold them.
    pretrained_file_name_sha1: ClassVar[dict[str, str]] = {}
    pretrained_archive_name_sha1: ClassVar[dict[str, str]] = {}

    _vec_len: int
    _idx_to_vec: nd.NDArray

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    @classmethod
    def _get_download_file_name(cls, pretrained_file_name: str) -> str:
        """Return the name of the archive that has a file."""
        return pretrained_file_name

    @classmethod
    def _get_pretrained_file_url(cls, pretrained_file_name: str) -> str:
        repository = os.environ.get("MXNET_GLUON_REPO", "https://apache-mxnet.s3-accelerate.dualstack.amazonaws.com/")
        archive = cls._get_download_file_name(pretrained_file_name)
        return f"{repository.rstrip('/')}/gluon/embeddings/{cls.__name__.lower()}/{archive}"

    @classmethod
    def _get_pretrained_file(cls, embedding_root: str, pretrained_file_name: str) -> str:
        """Return the path of a file, which is unpacked or downloaded unless it is there and as it should be."""
        from ...gluon.utils import check_sha1, download  # Gluon, whose data sets of text import this package

        folder = os.path.join(os.path.expanduser(embedding_root), cls.__name__.lower())
        path = os.path.join(folder, pretrained_file_name)
        if os.path.exists(path) and check_sha1(path, cls.pretrained_file_name_sha1[pretrained_file_name]):
            return path
        os.makedirs(folder, exist_ok=True)
        name = cls._get_download_file_name(pretrained_file_name)
        expected = (cls.pretrained_archive_name_sha1 or cls.pretrained_file_name_sha1)[name]
        archive = os.path.join(folder, name)
        download(cls._get_pretrained_file_url(pretrained_file_name), archive, sha1_hash=expected)
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(folder)
        elif tarfile.is_tarfile(archive):
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
        return path

    @classmethod
    def _check_pretrained_file_names(cls, pretrained_file_name: str) -> None:
        """Refuse a file that the class does not know."""
        if pretrained_file_name not in cls.pretrained_file_name_sha1:
            name = cls.__name__.lower()
            raise KeyError(
                f"Cannot find pretrained file {pretrained_file_name} for token embedding {name}. Valid pretrained "
                f"files for embedding {name}: {', '.join(cls.pretrained_file_name_sha1)}"
            )

    def _load_embedding(
        self,
        pretrained_file_path: str,
        elem_delim: str,
        init_unknown_vec: Callable[..., nd.NDArray],
        encoding: str = "utf8",
    ) -> None:
        """Take tokens and vectors from a text file with a token and its numbers on each line."""
        path = os.path.expanduser(pretrained_file_path)
        if not os.path.isfile(path):
            raise base.ValueError(
                f"`pretrained_file_path` must be a valid path to the pre-trained token embedding file; {path!r} is not."
            )
        logging.info("Loading pre-trained token embedding vectors from %s", path)
        rows, unknown = self._read(path, elem_delim, encoding)
        if not rows:
            raise base.ValueError(
                f"{type(self).__name__}: {path!r} has no vector of two or more numbers, separated by {elem_delim!r}"
            )
        self._vec_len = len(next(iter(rows.values())))
        if unknown is None:
            unknown = init_unknown_vec(shape=self._vec_len).asnumpy()
        matrix = np.empty((len(self) + len(rows.keys() - self._token_to_idx.keys()), self._vec_len), np.float32)
        matrix[: len(self)] = unknown
        for token, numbers in rows.items():
            index = self._token_to_idx.setdefault(token, len(self._idx_to_token))
            if index == len(self._idx_to_token):
                self._idx_to_token.append(token)
            matrix[index] = numbers
        self._idx_to_vec = nd.array(matrix)

    def _read(self, path: str, elem_delim: str, encoding: str) -> tuple[dict[str, Any], Any]:
        """Return the vectors of a file by token, and that of the unknown token or None."""
        rows: dict[str, Any] = {}
        unknown: Any = None
        length: int | None = None
        with open(path, encoding=encoding) as file:
            for number, line in enumerate(file, start=1):
                where = f"At line {number} of the pre-trained text embedding file"
                token, *items = line.rstrip().split(elem_delim)
                if not items:
                    raise base.AssertionError(
                        f"{where}: the data format of the pre-trained token embedding file {path} is unexpected; "
                        f"expected a token and its numbers, separated by {elem_delim!r}."
                    )
                try:
                    vector = array.array("f", [float(item) for item in items])
                except ValueError as error:
                    raise base.ValueError(f"{where}, {path}: {error}") from None
                if token == self.unknown_token and unknown is None:
                    unknown = vector
                    length = length or len(vector)
                elif token in rows or token == self.unknown_token:
                    warn(f"{where}: the embedding vector for token {token} has been loaded and a duplicate embedding "
                          "for the same token is seen and skipped.")  # fmt: skip
                elif len(vector) == 1:
                    warn(f"{where}: token {token} with 1-dimensional vector {vector.tolist()} is likely a header and "
                          "is skipped.")  # fmt: skip
                else:
                    length = length or len(vector)
                    if len(vector) != length:
                        raise base.AssertionError(
                            f"{where}: the dimension of token {token} is {len(vector)} but the dimension of previous "
                            f"tokens is {length}. Dimensions of all the tokens must be the same."
                        )
                    rows[token] = vector
        return rows, unknown

    def _index_tokens_from_vocabulary(self, vocabulary: vocab.Vocabulary) -> None:
        """Take over the tokens and indices of a vocabulary."""
        self._token_to_idx = vocabulary.token_to_idx.copy()
        self._idx_to_token = vocabulary.idx_to_token[:]
        self._unknown_token = vocabulary.unknown_token
        reserved = vocabulary.reserved_tokens
        self._reserved_tokens = None if reserved is None else reserved[:]

    def _set_idx_to_vec_by_embeddings(
        self, token_embeddings: list[_TokenEmbedding], vocab_len: int, vocab_idx_to_token: list[Any]
    ) -> None:
        """Take the vectors of `vocab_len` tokens, one after another where there are several embeddings."""
        parts = [embedding.get_vecs_by_tokens(vocab_idx_to_token[:vocab_len]) for embedding in token_embeddings]
        self._vec_len = sum(embedding.vec_len for embedding in token_embeddings)
        self._idx_to_vec = nd.concat(*parts, dim=1)

    def _build_embedding_for_vocabulary(self, vocabulary: vocab.Vocabulary | None) -> None:
        """Keep the tokens of a vocabulary only, if there is one."""
        if vocabulary is None:
            return
        _check_vocabulary(vocabulary)
        self._set_idx_to_vec_by_embeddings([self], len(vocabulary), vocabulary.idx_to_token)
        self._index_tokens_from_vocabulary(vocabulary)

    @property
    def vec_len(self) -> int:
        """Length of each vector."""
        return self._vec_len

    @property
    def idx_to_vec(self) -> nd.NDArray:
        """The vectors, one row for each index: an array of shape (number of tokens, vec_len) and dtype float32."""
        return self._idx_to_vec

    def get_vecs_by_tokens(self, tokens: Any, lower_case_backup: bool = False) -> nd.NDArray:
        """Return the vectors of tokens.

        Parameters
        ----------
        tokens : str or list of str
            One token, or a list of N.
        lower_case_backup : bool
            Whether a token that is not there is also looked for in small letters.

        Returns
        -------
        NDArray
            Of shape (vec_len,), or (N, vec_len) for a list; unknown tokens have the unknown token's vector.
        """
        found = tokens if isinstance(tokens, list) else [tokens]
        if lower_case_backup:
            found = [token if token in self._token_to_idx else token.lower() for token in found]
        indices = nd.array(self.to_indices(found), dtype="int64", ctx=self._idx_to_vec.context)
        vectors = nd.take(self._idx_to_vec, indices)
        return vectors if isinstance(tokens, list) else vectors[0]

    def update_token_vectors(self, tokens: Any, new_vectors: nd.NDArray) -> None:
        """Give tokens other vectors.

        Parameters
        ----------
        tokens : str or list of str
            Tokens that are there; the unknown token must be named as such.
        new_vectors : NDArray
            Of shape (N, vec_len) for a list of N tokens; for one token also (vec_len,).

        Raises
        ------
        AssertionError
            If `new_vectors` is no NDArray or has another shape.
        ValueError
            If a token is not there.
        """
        named = tokens if isinstance(tokens, list) else [tokens]
        shape = (len(named), self.vec_len)
        if not isinstance(new_vectors, nd.NDArray):
            raise base.AssertionError(
                f"update_token_vectors: `new_vectors` is of {type(new_vectors).__name__}, expected an NDArray of shape "
                f"{shape}"
            )
        if new_vectors.shape != shape and not (len(named) == 1 and new_vectors.shape == shape[1:]):
            raise base.AssertionError(
                f"update_token_vectors: The length of new_vectors must be equal to the number of tokens and the width "
                f"of new_vectors must be equal to the dimension of embeddings: expected {shape}, got "
                f"{new_vectors.shape}."
            )
        for token in named:
            if token not in self._token_to_idx:
                raise base.ValueError(
                    f"update_token_vectors: Token {token} is unknown. To update the embedding vector for an unknown "
                    f"token, please specify it explicitly as the `unknown_token` {self.unknown_token} in `tokens`. "
                    "This is to avoid unintended updates."
                )
        for token, vector in zip(named, new_vectors.reshape(shape)):
            self._idx_to_vec[self._token_to_idx[token]] = vector


def _check_vocabulary(vocabulary: Any) -> None:
    if not isinstance(vocabulary, vocab.Vocabulary):
        raise base.AssertionError(
            f"The argument `vocabulary` is of {type(vocabulary).__name__}, but must be an instance of "
            "mxnet.contrib.text.vocab.Vocabulary."
        )
