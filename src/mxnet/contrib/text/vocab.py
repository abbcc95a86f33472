"""Vocabularies: tokens and their indices."""

from __future__ import annotations

import operator
from collections import Counter
from typing import Any

from ... import base


class Vocabulary:
    """Tokens with indices: the unknown token first, then reserved ones, then others from frequent to rare.

    Tokens of one frequency are sorted. Whatever has no index of its own has that of the unknown token, 0.

    Parameters
    ----------
    counter : collections.Counter, optional
        How often each token was seen.
    most_freq_count : int, optional
        At most this many tokens of `counter` are taken, without the unknown and reserved ones; a negative number
        takes all.
    min_freq : int
        Tokens that were seen less often are not taken.
    unknown_token : hashable
        What stands for all other tokens.
    reserved_tokens : list of hashable, optional
        Tokens that are taken in any case.

    Raises
    ------
    AssertionError
        If `counter` is no Counter, `min_freq` is not positive, or a reserved token is there twice or is the unknown
        one.

    Examples
    --------
    >>> from collections import Counter
    >>> counts = Counter(["a", "b", "b", "c", "c", "c", "d"])
    >>> words = mx.contrib.text.vocab.Vocabulary(counts, min_freq=2, reserved_tokens=["<pad>"])
    >>> words.idx_to_token
    ['<unk>', '<pad>', 'c', 'b']
    >>> words.to_indices(["b", "d"])
    [3, 0]
    """

    def __init__(
        self,
        counter: Any = None,
        most_freq_count: int | None = None,
        min_freq: int = 1,
        unknown_token: Any = "<unk>",
        reserved_tokens: Any = None,
    ) -> None:
        if not min_freq > 0:
            raise base.AssertionError(f"Vocabulary: `min_freq` must be set to a positive value, but is {min_freq!r}.")
        if reserved_tokens is not None:
            if unknown_token in reserved_tokens:
                raise base.AssertionError(
                    f"Vocabulary: `reserved_tokens` cannot contain `unknown_token`, {unknown_token!r}."
                )
            twice = [token for token, count in Counter(reserved_tokens).items() if count > 1]
            if twice:
                raise base.AssertionError(
                    f"Vocabulary: `reserved_tokens` cannot contain duplicate reserved tokens, such as {twice[0]!r}."
                )
        self._index_unknown_and_reserved_tokens(unknown_token, reserved_tokens)
        if counter is not None:
            self._index_counter_keys(counter, unknown_token, reserved_tokens, most_freq_count, min_freq)

    def _index_unknown_and_reserved_tokens(self, unknown_token: Any, reserved_tokens: Any) -> None:
        self._unknown_token = unknown_token
        self._idx_to_token = [unknown_token]
        self._reserved_tokens = None if reserved_tokens is None else reserved_tokens[:]
        if reserved_tokens is not None:
            self._idx_to_token.extend(reserved_tokens)
        self._token_to_idx = {token: index for index, token in enumerate(self._idx_to_token)}

    def _index_counter_keys(
        self, counter: Any, unknown_token: Any, reserved_tokens: Any, most_freq_count: int | None, min_freq: int
    ) -> None:
        if not isinstance(counter, Counter):
            raise base.AssertionError(
                f"Vocabulary: `counter` must be an instance of collections.Counter, but is a {type(counter).__name__}."
            )
        try:
            tokens = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
        except TypeError as error:
            raise base.TypeError(
                f"Vocabulary: the tokens of `counter` cannot be sorted ({error}); let them be of one type"
            ) from None
        # Tokens that have an index already do not count against the limit.
        limit = len(counter) if most_freq_count is None or most_freq_count < 0 else most_freq_count
        for token, count in tokens:
            if count < min_freq or limit == 0:
                break
            if token not in self._token_to_idx:
                self._token_to_idx[token] = len(self._idx_to_token)
                self._idx_to_token.append(token)
                limit -= 1

    def __len__(self) -> int:
        return len(self.idx_to_token)

    @property
    def token_to_idx(self) -> dict[Any, int]:
        """Index of each token."""
        return self._token_to_idx

    @property
    def idx_to_token(self) -> list[Any]:
        """Token of each index."""
        return self._idx_to_token

    @property
    def unknown_token(self) -> Any:
        """What stands for all tokens that have no index of their own."""
        return self._unknown_token

    @property
    def reserved_tokens(self) -> Any:
        """The reserved tokens, or None."""
        return self._reserved_tokens

    def to_indices(self, tokens: Any) -> Any:
        """Return the index of a token, or a list of indices for a list of tokens.

        Parameters
        ----------
        tokens : hashable or list of hashable
            One token, or a list; a tuple is one token.

        Returns
        -------
        int or list of int
        """
        if not isinstance(tokens, list):
            return self._token_to_idx.get(tokens, 0)
        find = self._token_to_idx.get
        return [find(token, 0) for token in tokens]

    def to_tokens(self, indices: Any) -> Any:
        """Return the token of an index, or a list of tokens for a list of indices.

        Parameters
        ----------
        indices : int or list of int
            Negative ones count from the end.

        Returns
        -------
        token or list of tokens

        Raises
        ------
        ValueError
            If there is no such index, or it is no integer.
        """
        if isinstance(indices, list):
            return [self._token(index) for index in indices]
        return self._token(indices)

    def _token(self, index: Any) -> Any:
        try:
            return self._idx_to_token[operator.index(index)]
        except IndexError:
            raise base.ValueError(
                f"Vocabulary.to_tokens: Token index {index} in the provided `indices` is invalid; the vocabulary has "
                f"{len(self)} tokens."
            ) from None
        except TypeError:
            raise base.ValueError(
                f"Vocabulary.to_tokens: Token index {index!r} in the provided `indices` is invalid: it is of "
                f"{type(index).__name__}, expected an int"
            ) from None
