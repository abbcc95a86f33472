"""Automatic names of symbols."""

from __future__ import annotations

import threading
from types import TracebackType

__all__ = ["NameManager", "Prefix"]


class _Current:
    """``NameManager.current``: the innermost ``with`` block's manager, for each thread by itself."""

    def __get__(self, instance: object, owner: type[NameManager]) -> NameManager:
        found = getattr(_local, "manager", None)
        if found is None:
            found = _local.manager = NameManager()
        return found

    def __set__(self, instance: object, value: NameManager) -> None:
        _local.manager = value


class NameManager:
    """Gives a symbol without a name the hint of its operator and a number: ``fullyconnected0``.

    Examples
    --------
    >>> with mx.name.NameManager():
    ...     print(mx.sym.relu(mx.sym.var("x")).name)
    relu0
    """

    current = _Current()

    def __init__(self) -> None:
        self._counter: dict[str, int] = {}
        self._outer: list[NameManager | None] = []

    def get(self, name: str | None, hint: str) -> str:
        """Return `name`, or the next unused name for `hint` when it is None or empty."""
        if name:
            return name
        number = self._counter.get(hint, 0)
        self._counter[hint] = number + 1
        return f"{hint}{number}"

    def __enter__(self) -> NameManager:
        self._outer.append(getattr(_local, "manager", None))
        _local.manager = self
        return self

    def __exit__(
        self, ptype: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        _local.manager = self._outer.pop()


_local = threading.local()


class Prefix(NameManager):
    """Puts `prefix` before every name, given or automatic.

    Examples
    --------
    >>> with mx.name.Prefix("net_"):
    ...     print(mx.sym.relu(mx.sym.var("x"), name="act").name)
    net_act
    """

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def get(self, name: str | None, hint: str) -> str:
        """Return the prefix and the name that NameManager gives."""
        return self._prefix + super().get(name, hint)
