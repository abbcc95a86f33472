"""Attributes for every symbol made inside a ``with`` block."""

from __future__ import annotations

import threading
from types import TracebackType

__all__ = ["AttrScope"]


class _Current:
    """``AttrScope.current``: the innermost ``with`` block's scope, for each thread by itself."""

    def __get__(self, instance: object, owner: type[AttrScope]) -> AttrScope:
        found = getattr(_local, "scope", None)
        if found is None:
            found = _local.scope = AttrScope()
        return found

    def __set__(self, instance: object, value: AttrScope) -> None:
        _local.scope = value


class AttrScope:
    """Attributes that every symbol made inside the ``with`` block gets.

    Parameters
    ----------
    **kwargs : str
        Attribute names and values. ``ctx_group`` places symbols for ``bind(group2ctx=...)``.

    Raises
    ------
    ValueError
        If a value is not a string.

    Examples
    --------
    >>> with mx.AttrScope(ctx_group="stage1"):
    ...     x = mx.sym.var("x")
    >>> x.attr("ctx_group")
    'stage1'
    """

    current = _Current()

    def __init__(self, **kwargs: str) -> None:
        for name, value in kwargs.items():
            if not isinstance(value, str):
                raise ValueError(f"AttrScope: attribute {name!r} is {value!r}; expected a string")
        self._attr = dict(kwargs)
        self._outer: list[tuple[AttrScope | None, dict[str, str]]] = []

    def get(self, attr: dict[str, str] | None) -> dict[str, str]:
        """Return the scope's attributes, overridden by `attr`."""
        if not self._attr:
            return dict(attr) if attr else {}
        return {**self._attr, **attr} if attr else dict(self._attr)

    def __enter__(self) -> AttrScope:
        outer = getattr(_local, "scope", None)
        self._outer.append((outer, self._attr))
        if outer is not None:
            self._attr = {**outer._attr, **self._attr}
        _local.scope = self
        return self

    def __exit__(
        self, ptype: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        _local.scope, self._attr = self._outer.pop()


_local = threading.local()
