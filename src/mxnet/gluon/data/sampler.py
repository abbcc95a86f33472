"""Samplers: in which order a loader takes samples, and which of them make a batch."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import base

if TYPE_CHECKING:
    from .dataset import Dataset

__all__ = ["BatchSampler", "FilterSampler", "RandomSampler", "Sampler", "SequentialSampler"]


class Sampler:
    """An order of samples: iterating over it gives their indices, once. Subclasses say which.

    Examples
    --------
    >>> class Backwards(mx.gluon.data.Sampler):
    ...     def __init__(self, length):
    ...         self._length = length
    ...     def __iter__(self):
    ...         return iter(range(self._length - 1, -1, -1))
    ...     def __len__(self):
    ...         return self._length
    >>> list(Backwards(3))
    [2, 1, 0]
    """

    def __iter__(self) -> Iterator[Any]:
        """Return an iterator over indices."""
        raise NotImplementedError(f"{type(self).__name__} has no __iter__: a sampler must define it")

    def __len__(self) -> int:
        """Return how many indices one iteration gives."""
        raise NotImplementedError(f"{type(self).__name__} has no __len__: a sampler must define it")


class SequentialSampler(Sampler):
    """Samples one after another.

    Parameters
    ----------
    length : int
        How many.
    start : int
        The first one's index.

    Examples
    --------
    >>> list(mx.gluon.data.SequentialSampler(3, start=2))
    [2, 3, 4]
    """

    def __init__(self, length: int, start: int = 0) -> None:
        self._length = length
        self._start = start

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._start, self._start + self._length))

    def __len__(self) -> int:
        return self._length


class RandomSampler(Sampler):
    """Each sample once, in an order that NumPy draws anew for every iteration.

    After ``np.random.seed`` the order is MXNet 1.9.1's.

    Parameters
    ----------
    length : int
        How many samples there are.

    Examples
    --------
    >>> sorted(mx.gluon.data.RandomSampler(3)) == [0, 1, 2]
    True
    """

    def __init__(self, length: int) -> None:
        self._length = length

    def __iter__(self) -> Iterator[Any]:
        return iter(np.random.permutation(self._length))

    def __len__(self) -> int:
        return self._length


class FilterSampler(Sampler):
    """The samples for which a function is true. All samples are looked at once, when it is made.

    Parameters
    ----------
    fn : callable
        Is given a sample, and returns whether to take it.
    dataset : Dataset

    Examples
    --------
    >>> list(mx.gluon.data.FilterSampler(lambda x: x % 2, mx.gluon.data.SimpleDataset([4, 5, 6, 7])))
    [1, 3]
    """

    def __init__(self, fn: Callable[[Any], Any], dataset: Dataset) -> None:
        self._fn = fn
        self._dataset = dataset
        self._indices = [i for i in range(len(dataset)) if fn(dataset[i])]

    def __iter__(self) -> Iterator[int]:
        return iter(self._indices)

    def __len__(self) -> int:
        return len(self._indices)


class BatchSampler(Sampler):
    """Lists of indices, each for one batch.

    Parameters
    ----------
    sampler : Sampler or iterable of int
        Gives the indices.
    batch_size : int of at least 1
        Length of a list.
    last_batch : {'keep', 'discard', 'rollover'}
        What to do with indices that are left over: give a shorter list; drop them; or keep them for the next iteration,
        which begins with them.

    Raises
    ------
    ValueError
        If `batch_size` is below 1, or `last_batch` is something else.
    TypeError
        If `batch_size` is no integer.

    Examples
    --------
    >>> batches = mx.gluon.data.BatchSampler(mx.gluon.data.SequentialSampler(5), 2, last_batch="rollover")
    >>> list(batches), list(batches)
    ([[0, 1], [2, 3]], [[4, 0], [1, 2], [3, 4]])
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, last_batch: str = "keep") -> None:
        if last_batch not in ("keep", "discard", "rollover"):
            raise base.ValueError(
                f"BatchSampler: last_batch is {last_batch!r}; expected one of 'keep', 'discard' and 'rollover'"
            )
        self._sampler = sampler
        self._batch_size = _checked_size(batch_size)
        self._last_batch = last_batch
        self._prev: list[Any] = []

    def __iter__(self) -> Iterator[list[Any]]:
        batch, self._prev = self._prev, []
        for index in self._sampler:
            batch.append(index)
            if len(batch) == self._batch_size:
                yield batch
                batch = []
        if batch and self._last_batch == "keep":
            yield batch
        elif self._last_batch == "rollover":
            self._prev = batch

    def __len__(self) -> int:
        count = len(self._sampler)  # type: ignore[arg-type]  # only here must it be countable
        if self._last_batch == "keep":
            return -(-count // self._batch_size)
        return (count + len(self._prev)) // self._batch_size


def _checked_size(size: Any) -> int:
    """Return a batch size as an int; 256 / 4 is taken for one, since Python 2 gave one."""
    whole: Any = int(size) if isinstance(size, float) and size.is_integer() else size
    try:
        found: int = operator.index(whole)
    except TypeError:
        raise base.TypeError(f"BatchSampler: batch_size is {size!r}; expected an int of at least 1") from None
    if found < 1:
        raise base.ValueError(f"BatchSampler: batch_size is {size!r}; expected an int of at least 1")
    return found
