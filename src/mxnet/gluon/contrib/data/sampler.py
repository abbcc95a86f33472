"""A sampler that walks over data in steps of some length."""

from __future__ import annotations

from collections.abc import Iterator

from .... import base
from ...data.sampler import Sampler

__all__ = ["IntervalSampler"]


class IntervalSampler(Sampler):
    """Every `interval`-th index; then, with `rollover`, again from the second one, and so on.

    Rows of one batch then follow each other in the data, which is how a recurrent network keeps its state.

    Parameters
    ----------
    length : int
        Number of samples.
    interval : int
        From one index to the next; at least 1 and at most `length`.
    rollover : bool
        Whether all indices are visited, or only 0, `interval`, 2 `interval` ....

    Raises
    ------
    AssertionError
        If `interval` is out of range.

    Examples
    --------
    >>> sampler = mx.gluon.contrib.data.IntervalSampler(13, interval=3)
    >>> list(sampler)
    [0, 3, 6, 9, 12, 1, 4, 7, 10, 2, 5, 8, 11]
    >>> sampler = mx.gluon.contrib.data.IntervalSampler(13, interval=3, rollover=False)
    >>> list(sampler), len(sampler)
    ([0, 3, 6, 9, 12], 5)
    """

    def __init__(self, length: int, interval: int, rollover: bool = True) -> None:
        if interval > length:
            raise base.AssertionError(
                f"IntervalSampler: Interval {interval} must be smaller than or equal to length {length}"
            )
        if interval < 1:
            raise base.AssertionError(f"IntervalSampler: interval is {interval}, expected at least 1")
        self._length = length
        self._interval = interval
        self._rollover = rollover

    def __iter__(self) -> Iterator[int]:
        for start in range(self._interval if self._rollover else 1):
            yield from range(start, self._length, self._interval)

    def __len__(self) -> int:
        return self._length if self._rollover else -(-self._length // self._interval)
