"""Bulk execution: here every operator runs at once, so these have no effect."""

from __future__ import annotations

from types import TracebackType

__all__ = ["bulk", "set_bulk_size"]

_size = 15


def set_bulk_size(size: int) -> int:
    """Set how many operators form a bulk, and return what it was. It has no effect on how anything runs."""
    global _size
    before, _size = _size, size
    return before


class _Bulk:
    def __init__(self, size: int) -> None:
        self._size = size

    def __enter__(self) -> None:
        self._size = set_bulk_size(self._size)

    def __exit__(
        self, ptype: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        set_bulk_size(self._size)


def bulk(size: int) -> _Bulk:
    """Return a ``with`` block with another bulk size.

    Examples
    --------
    >>> with mx.engine.bulk(10):
    ...     x = mx.nd.ones((2,)) + 1
    """
    return _Bulk(size)
