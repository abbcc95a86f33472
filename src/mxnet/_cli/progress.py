"""A bar for work that takes a while: on stderr, and only where that is a terminal."""

from __future__ import annotations

import sys
from types import TracebackType


class Stages:
    """Shows which of several stages of a command runs.

    Parameters
    ----------
    names : str
        What is done, one after another.

    Examples
    --------
    >>> from mxnet._cli.progress import Stages
    >>> with Stages("reading", "writing") as stages:
    ...     stages.next()
    ...     stages.next()
    """

    def __init__(self, *names: str) -> None:
        from tqdm import tqdm

        self._names = list(names)
        self._bar = tqdm(
            total=len(names),
            leave=False,
            disable=None,
            file=sys.stderr,
            bar_format="{desc} |{bar}| {n_fmt} of {total_fmt}",
        )
        self._at = -1

    def __enter__(self) -> Stages:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.close()

    def next(self) -> None:
        """Go on to the next stage."""
        self._at += 1
        self._bar.set_description_str(self._names[self._at], refresh=False)
        self._bar.update(min(self._at, 1))
