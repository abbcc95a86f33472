"""Helpers around Gluon: batches split over devices, gradient clipping, downloads."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any


class HookHandle:
    """A callable's place in a dictionary of hooks; `detach`, or the end of a ``with`` block, removes it.

    Examples
    --------
    >>> from collections import OrderedDict
    >>> hooks, handle = OrderedDict(), mx.gluon.utils.HookHandle()
    >>> handle.attach(hooks, print)
    >>> handle.detach()
    >>> len(hooks)
    0
    """

    def __init__(self) -> None:
        self._hooks_dict_ref: weakref.ref[Any] | None = None
        self._id: int | None = None

    def attach(self, hooks_dict: Any, hook: Any) -> None:
        """Put `hook` into `hooks_dict` (an OrderedDict), once for a handle."""
        if self._hooks_dict_ref is not None:
            raise AssertionError("HookHandle.attach: The same handle cannot be attached twice; make another HookHandle")
        self._id = id(hook)
        hooks_dict[self._id] = hook
        self._hooks_dict_ref = weakref.ref(hooks_dict)

    def detach(self) -> None:
        """Remove the hook; nothing happens when it, or its dictionary, is gone."""
        hooks = None if self._hooks_dict_ref is None else self._hooks_dict_ref()
        if hooks is not None:
            hooks.pop(self._id, None)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, ptype: Any, value: Any, trace: Any) -> None:
        self.detach()

    def __getstate__(self) -> tuple[Any, int | None]:
        return (None if self._hooks_dict_ref is None else self._hooks_dict_ref(), self._id)

    def __setstate__(self, state: tuple[Any, int | None]) -> None:
        self._hooks_dict_ref = None if state[0] is None else weakref.ref(state[0])
        self._id = state[1]


def _indent(s_: str, numSpaces: int) -> str:
    """Return the text with every line but the first moved to the right."""
    return s_.replace("\n", "\n" + " " * numSpaces)


def _brief_print_list(lst: Iterable[Any], limit: int = 7) -> str:
    """Return the items in quotes; the middle of a list of more than `limit` items becomes three dots."""
    items = list(lst)
    if len(items) <= limit:
        return ", ".join(f"'{item}'" for item in items)
    first, last = items[: limit // 2], items[-((limit + 1) // 2) :]
    return f"{_brief_print_list(first, limit)}, ..., {_brief_print_list(last, limit)}"
