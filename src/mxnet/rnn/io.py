"""Sentences as numbers, in batches of about equal length."""

from __future__ import annotations

import bisect
import random
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np

from .. import base, ndarray
from ..io import DataBatch, DataDesc, DataIter
from ..ndarray import NDArray

__all__ = ["BucketSentenceIter", "encode_sentences"]

Vocabulary = dict[Any, int]


def encode_sentences(
    sentences: Iterable[Iterable[Hashable]],
    vocab: Vocabulary | None = None,
    invalid_label: int = -1,
    invalid_key: Hashable = "\n",
    start_label: int = 0,
    unknown_token: Hashable | None = None,
) -> tuple[list[list[int]], Vocabulary]:
    """Replace words by numbers.

    Parameters
    ----------
    sentences : list of list of str
        The words; any hashable objects will do.
    vocab : dict of str to int, optional
        Number of each word. By default one is made: words are numbered as they come.
    invalid_label : int
        Number of `invalid_key`, which no other word of a new vocabulary gets.
    invalid_key : str
        What fills sentences up. It is put into a new vocabulary.
    start_label : int
        First number of a new vocabulary.
    unknown_token : str, optional
        What stands for words that a given vocabulary does not have. Where the vocabulary does not have this one
        either, it gets the next number that is free.

    Returns
    -------
    sentences : list of list of int
    vocab : dict of str to int
        The new vocabulary, or the given one.

    Raises
    ------
    AssertionError
        If a given vocabulary does not have a word, and there is no `unknown_token`.

    Examples
    --------
    >>> mx.rnn.encode_sentences([["a", "cat"], ["a", "dog"]], start_label=1, invalid_label=0)
    ([[1, 2], [1, 3]], {'\\n': 0, 'a': 1, 'cat': 2, 'dog': 3})
    """
    new = vocab is None
    found: Vocabulary = {invalid_key: invalid_label} if vocab is None else vocab
    taken = {invalid_label, *found.values()}
    number = start_label

    def add(word: Hashable) -> None:
        nonlocal number
        while number in taken:
            number += 1
        found[word] = number
        taken.add(number)

    encoded: list[list[int]] = []
    for sentence in sentences:
        row: list[int] = []
        for word in sentence:
            if word not in found:
                if not new:
                    if unknown_token is None:
                        raise AssertionError(
                            f"encode_sentences: Unknown token {word!r}, which is not in vocab; give unknown_token"
                        )
                    word = unknown_token
                if word not in found:
                    add(word)
            row.append(found[word])
        encoded.append(row)
    if new and unknown_token is not None and unknown_token not in found:
        add(unknown_token)  # so that other sentences can be encoded with this vocabulary
    return encoded, found


class BucketSentenceIter(DataIter):
    """Batches of sentences of about equal length, filled up to the length of their bucket.

    The label of each word is the word that follows it. Sentences and batches are shuffled at each `reset`, with the
    generators of ``random`` and ``numpy.random``. Sentences that do not make a full batch are left out, other ones
    each time.

    Parameters
    ----------
    sentences : list of list of int
        The sentences, as `encode_sentences` makes them.
    batch_size : int
        Sentences in a batch.
    buckets : list of int, optional
        Lengths of the buckets; a sentence goes into the shortest one that is long enough, and longer ones than the
        last are discarded. By default, all lengths that occur at least `batch_size` times.
    invalid_label : int
        What sentences are filled up with; also the label of the last word.
    data_name, label_name : str
        Names of the data and of the label.
    dtype : str or numpy type
        Dtype of both.
    layout : {'NT', 'TN'}
        Whether the batch or the time is the first axis.

    Raises
    ------
    ValueError
        If no bucket has a sentence, the layout is another one, or the batch size is not positive.

    Examples
    --------
    >>> sentences = [[1, 2, 3], [4, 5], [6, 7, 8], [9, 1]]
    >>> batches = mx.rnn.BucketSentenceIter(sentences, batch_size=2, buckets=[2, 4], invalid_label=0)
    WARNING: discarded 0 sentences longer than the largest bucket.
    >>> sorted((batch.bucket_key, batch.data[0].shape) for batch in batches)
    [(2, (2, 2)), (4, (2, 4))]
    """

    def __init__(
        self,
        sentences: Sequence[Sequence[int]],
        batch_size: int,
        buckets: Sequence[int] | None = None,
        invalid_label: int = -1,
        data_name: str = "data",
        label_name: str = "softmax_label",
        dtype: Any = "float32",
        layout: str = "NT",
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise base.ValueError(f"BucketSentenceIter: batch_size is {batch_size}; expected at least 1")
        sentences = list(sentences)
        if buckets is None or len(buckets) == 0:
            counts = np.bincount([len(sentence) for sentence in sentences]) if sentences else []
            buckets = [length for length, count in enumerate(counts) if length and count >= batch_size]
        self.data, self.buckets = _fill(sentences, sorted(buckets), invalid_label, dtype)
        self.batch_size = batch_size
        self.data_name = data_name
        self.label_name = label_name
        self.dtype = dtype
        self.invalid_label = invalid_label
        self.nddata: list[NDArray] = []
        self.ndlabel: list[NDArray] = []
        self.major_axis = layout.find("N")
        self.layout = layout
        if not self.buckets:
            raise base.ValueError(
                f"BucketSentenceIter: no bucket has a sentence: {len(sentences)} sentences came, buckets were "
                f"{list(buckets)}; give longer buckets, or a smaller batch_size so that some are found"
            )
        self.default_bucket_key = max(self.buckets)
        if self.major_axis not in (0, 1):
            raise base.ValueError(f"Invalid layout {layout}: Must be NT (batch major) or TN (time major)")
        lengths = (batch_size, self.default_bucket_key)
        shape = lengths if self.major_axis == 0 else lengths[::-1]
        self.provide_data = [DataDesc(name=data_name, shape=shape, layout=layout)]
        self.provide_label = [DataDesc(name=label_name, shape=shape, layout=layout)]
        self.idx = [
            (bucket, begin)
            for bucket, rows in enumerate(self.data)
            for begin in range(0, len(rows) - batch_size + 1, batch_size)
        ]
        self.curr_idx = 0
        self.reset()

    def reset(self) -> None:
        """Shuffle sentences and batches, and start with the first batch."""
        self.curr_idx = 0
        random.shuffle(self.idx)
        for rows in self.data:
            np.random.shuffle(rows)
        self.nddata = []
        self.ndlabel = []
        for rows in self.data:
            following = np.empty_like(rows)
            following[:, :-1] = rows[:, 1:]
            following[:, -1] = self.invalid_label
            self.nddata.append(ndarray.array(rows, dtype=self.dtype))
            self.ndlabel.append(ndarray.array(following, dtype=self.dtype))

    def next(self) -> DataBatch:
        """Return the next batch, whose `bucket_key` is the length of its bucket.

        Raises
        ------
        StopIteration
            If there is none.
        """
        if self.curr_idx == len(self.idx):
            raise StopIteration
        bucket, begin = self.idx[self.curr_idx]
        self.curr_idx += 1
        data = self.nddata[bucket][begin : begin + self.batch_size]
        label = self.ndlabel[bucket][begin : begin + self.batch_size]
        if self.major_axis == 1:
            data, label = data.T, label.T
        return DataBatch(
            [data],
            [label],
            pad=0,
            bucket_key=self.buckets[bucket],
            provide_data=[DataDesc(name=self.data_name, shape=data.shape, layout=self.layout)],
            provide_label=[DataDesc(name=self.label_name, shape=label.shape, layout=self.layout)],
        )


def _fill(
    sentences: Sequence[Sequence[int]], buckets: Sequence[int], invalid_label: int, dtype: Any
) -> tuple[list[np.ndarray], list[int]]:
    """Return the filled-up sentences of each bucket that has some, and the lengths of those buckets."""
    rows: list[list[np.ndarray]] = [[] for _ in buckets]
    discarded = 0
    for sentence in sentences:
        bucket = bisect.bisect_left(buckets, len(sentence))
        if bucket == len(buckets):
            discarded += 1
            continue
        row = np.full((buckets[bucket],), invalid_label, dtype=dtype)
        row[: len(sentence)] = sentence
        rows[bucket].append(row)
    print(f"WARNING: discarded {discarded} sentences longer than the largest bucket.")
    used = [(np.asarray(found, dtype=dtype), bucket) for found, bucket in zip(rows, buckets) if found]
    return [found for found, _ in used], [bucket for _, bucket in used]
