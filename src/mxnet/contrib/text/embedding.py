"""Vectors of tokens that others have trained: GloVe, fastText, files of one's own, and combinations."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ... import base, registry
from ... import ndarray as nd
from . import _constants as C  # noqa: N812
from . import vocab
from ._token_embedding import _check_vocabulary, _TokenEmbedding

_ROOT = os.path.join(base.data_dir(), "embeddings")


def register(embedding_cls: type) -> type:
    """Register a subclass of :class:`_TokenEmbedding` under its name in lower case, for `create`.

    Parameters
    ----------
    embedding_cls : type
        The class; its `pretrained_file_name_sha1` is a dictionary whose keys name the files that it can load.

    Returns
    -------
    type
        The same class.

    Examples
    --------
    >>> @mx.contrib.text.embedding.register
    ... class Ours(mx.contrib.text.embedding._TokenEmbedding):
    ...     pretrained_file_name_sha1 = {"ours.txt": "0" * 40}
    >>> mx.contrib.text.embedding.get_pretrained_file_names("ours")
    ['ours.txt']
    """
    return _register(embedding_cls)


def create(embedding_name: str, **kwargs: Any) -> _TokenEmbedding:
    """Make an embedding of a registered class.

    Parameters
    ----------
    embedding_name : str
        ``'glove'``, ``'fasttext'`` or the name of a class of your own, in any case.
    **kwargs
        Arguments of the class.

    Returns
    -------
    _TokenEmbedding

    Raises
    ------
    KeyError
        If the class has no file of the given `pretrained_file_name`.
    ValueError
        If there is no such class.

    Examples
    --------
    >>> mx.contrib.text.embedding.create("glove", pretrained_file_name="none.txt")
    Traceback (most recent call last):
    KeyError: 'Cannot find pretrained file none.txt for token embedding glove. Valid pretrained files for ...
    """
    return _create(embedding_name, **kwargs)


def get_pretrained_file_names(embedding_name: str | None = None) -> Any:
    """Return the names of the files that can be loaded.

    Parameters
    ----------
    embedding_name : str, optional
        Name of a registered class, in lower case.

    Returns
    -------
    list of str, or dict of such lists
        The files of that class, or unless one is named, those of every class by its name.

    Raises
    ------
    KeyError
        If there is no such class.

    Examples
    --------
    >>> "glove.6B.50d.txt" in mx.contrib.text.embedding.get_pretrained_file_names("glove")
    True
    """
    files = {
        name: list(kind.pretrained_file_name_sha1) for name, kind in registry.get_registry(_TokenEmbedding).items()
    }
    if embedding_name is None:
        return files
    if embedding_name not in files:
        raise KeyError(
            f"Cannot find `embedding_name` {embedding_name}. Use `get_pretrained_file_names(embedding_name=None)"
            f".keys()` to get all the valid embedding names: {', '.join(files)}."
        )
    return files[embedding_name]


_register = registry.get_register_func(_TokenEmbedding, "token embedding")
_create = registry.get_create_func(_TokenEmbedding, "token embedding")

_TokenEmbedding.__module__ = __name__  # where MXNet has it, and where pickles look for it


@register
class GloVe(_TokenEmbedding):
    """GloVe vectors: from how often words occur together.

    Parameters
    ----------
    pretrained_file_name : str
        One of ``get_pretrained_file_names("glove")``.
    embedding_root : str
        Folder of the files, which are downloaded to its folder ``glove`` unless they are there. The default is
        ``embeddings`` in the folder that MXNET_HOME names.
    init_unknown_vec : function
        Called with ``shape``; its result is the unknown token's vector, unless the file has one.
    vocabulary : Vocabulary, optional
        If given, only its tokens are kept, with its indices.
    **kwargs
        Arguments of :class:`mxnet.contrib.text.vocab.Vocabulary`.

    Raises
    ------
    KeyError
        If there is no such file.

    References
    ----------
    Pennington, Socher, Manning: GloVe: Global Vectors for Word Representation (2014).

    Examples
    --------
    >>> len(mx.contrib.text.embedding.GloVe.pretrained_file_name_sha1)
    10
    """

    pretrained_archive_name_sha1 = C.GLOVE_ARCHIVE_SHA1
    pretrained_file_name_sha1 = C.GLOVE_FILE_SHA1

    def __init__(
        self,
        pretrained_file_name: str = "glove.840B.300d.txt",
        embedding_root: str = _ROOT,
        init_unknown_vec: Callable[..., nd.NDArray] = nd.zeros,
        vocabulary: vocab.Vocabulary | None = None,
        **kwargs: Any,
    ) -> None:
        self._check_pretrained_file_names(pretrained_file_name)
        super().__init__(**kwargs)
        path = self._get_pretrained_file(embedding_root, pretrained_file_name)
        self._load_embedding(path, " ", init_unknown_vec)
        self._build_embedding_for_vocabulary(vocabulary)

    @classmethod
    def _get_download_file_name(cls, pretrained_file_name: str) -> str:
        """Return the name of the archive that has a file: those of 6B and twitter hold several."""
        for archive in cls.pretrained_archive_name_sha1:
            if pretrained_file_name.startswith(archive.removesuffix("zip")):
                return archive
        return os.path.splitext(pretrained_file_name)[0] + ".zip"


@register
class FastText(_TokenEmbedding):
    """FastText vectors: of words as sums of their parts, in many languages.

    Parameters
    ----------
    pretrained_file_name : str
        One of ``get_pretrained_file_names("fasttext")``.
    embedding_root : str
        Folder of the files, which are downloaded to its folder ``fasttext`` unless they are there. The default is
        ``embeddings`` in the folder that MXNET_HOME names.
    init_unknown_vec : function
        Called with ``shape``; its result is the unknown token's vector, unless the file has one.
    vocabulary : Vocabulary, optional
        If given, only its tokens are kept, with its indices.
    **kwargs
        Arguments of :class:`mxnet.contrib.text.vocab.Vocabulary`.

    Raises
    ------
    KeyError
        If there is no such file.

    References
    ----------
    Bojanowski, Grave, Joulin, Mikolov: Enriching Word Vectors with Subword Information (2017), arXiv:1607.04606.

    Examples
    --------
    >>> len(mx.contrib.text.embedding.FastText.pretrained_file_name_sha1)
    327
    """

    pretrained_archive_name_sha1 = C.FAST_TEXT_ARCHIVE_SHA1
    pretrained_file_name_sha1 = C.FAST_TEXT_FILE_SHA1

    def __init__(
        self,
        pretrained_file_name: str = "wiki.simple.vec",
        embedding_root: str = _ROOT,
        init_unknown_vec: Callable[..., nd.NDArray] = nd.zeros,
        vocabulary: vocab.Vocabulary | None = None,
        **kwargs: Any,
    ) -> None:
        self._check_pretrained_file_names(pretrained_file_name)
        super().__init__(**kwargs)
        path = self._get_pretrained_file(embedding_root, pretrained_file_name)
        self._load_embedding(path, " ", init_unknown_vec)
        self._build_embedding_for_vocabulary(vocabulary)

    @classmethod
    def _get_download_file_name(cls, pretrained_file_name: str) -> str:
        return os.path.splitext(pretrained_file_name)[0] + ".zip"


class CustomEmbedding(_TokenEmbedding):
    """Vectors from a text file: on each line a token and its numbers.

    Parameters
    ----------
    pretrained_file_path : str
        The file. A first line with one number after the token counts as a header; a token that comes twice keeps its
        first vector.
    elem_delim : str
        What stands between tokens and numbers.
    encoding : str
        The file's encoding.
    init_unknown_vec : function
        Called with ``shape``; its result is the unknown token's vector, unless the file has one.
    vocabulary : Vocabulary, optional
        If given, only its tokens are kept, with its indices.
    **kwargs
        Arguments of :class:`mxnet.contrib.text.vocab.Vocabulary`.

    Raises
    ------
    ValueError
        If there is no such file, it has no vector, or something in it is no number.
    AssertionError
        If vectors differ in length, or a line has no number.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "vectors.txt")
    >>> with open(path, "w") as file:
    ...     _ = file.write("hello 1 2\\nworld 3 4\\n")
    >>> words = mx.contrib.text.embedding.CustomEmbedding(path)
    >>> words.idx_to_token
    ['<unk>', 'hello', 'world']
    >>> words.get_vecs_by_tokens(["world", "nowhere"]).asnumpy().tolist()
    [[3.0, 4.0], [0.0, 0.0]]
    """

    def __init__(
        self,
        pretrained_file_path: str,
        elem_delim: str = " ",
        encoding: str = "utf8",
        init_unknown_vec: Callable[..., nd.NDArray] = nd.zeros,
        vocabulary: vocab.Vocabulary | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._load_embedding(pretrained_file_path, elem_delim, init_unknown_vec, encoding)
        self._build_embedding_for_vocabulary(vocabulary)


class CompositeEmbedding(_TokenEmbedding):
    """The vectors of several embeddings, one after another, for the tokens of a vocabulary.

    Parameters
    ----------
    vocabulary : Vocabulary
        The tokens, with their indices.
    token_embeddings : _TokenEmbedding or list of _TokenEmbedding
        Where vectors come from.

    Raises
    ------
    AssertionError
        If an argument is something else.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "vectors.txt")
    >>> with open(path, "w") as file:
    ...     _ = file.write("hello 1 2\\nworld 3 4\\n")
    >>> from mxnet.contrib import text
    >>> vectors = text.embedding.CustomEmbedding(path)
    >>> vocabulary = text.vocab.Vocabulary(text.utils.count_tokens_from_str("world"))
    >>> text.embedding.CompositeEmbedding(vocabulary, [vectors, vectors]).idx_to_vec.asnumpy().tolist()
    [[0.0, 0.0, 0.0, 0.0], [3.0, 4.0, 3.0, 4.0]]
    """

    def __init__(self, vocabulary: vocab.Vocabulary, token_embeddings: Any) -> None:
        _check_vocabulary(vocabulary)
        embeddings = token_embeddings if isinstance(token_embeddings, list) else [token_embeddings]
        if not embeddings or not all(isinstance(embedding, _TokenEmbedding) for embedding in embeddings):
            raise base.AssertionError(
                f"CompositeEmbedding: `token_embeddings` is {token_embeddings!r}, but must be a token embedding "
                "(such as a CustomEmbedding) or a list of them"
            )
        self._index_tokens_from_vocabulary(vocabulary)
        self._set_idx_to_vec_by_embeddings(embeddings, len(self), self.idx_to_token)
