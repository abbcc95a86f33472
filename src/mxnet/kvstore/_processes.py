"""What a store must know of the processes that train together."""

from __future__ import annotations

from ..ndarray.ndarray import NDArray


class OneProcess:
    """All that depends on how many processes train together: here it is one.

    A store over several processes needs another class with these members: `rank`, `size`, `first`, `total` and `wait`.

    Parameters
    ----------
    type : str
        Name of the kind of store.
    """

    rank = 0
    size = 1

    def __init__(self, type: str) -> None:
        self.type = type

    def first(self, value: NDArray) -> NDArray:
        """Return the first process's value."""
        return value

    def total(self, value: NDArray) -> NDArray:
        """Return the sum over all processes."""
        return value

    def wait(self) -> None:
        """Wait for all processes."""
