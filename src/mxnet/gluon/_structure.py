"""The nested lists that blocks take and return: flattened, and put together again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .. import base
from ..ndarray.ndarray import NDArray
from ..symbol import Symbol

#: The form of a value: 0 for an array or symbol, -1 for None, else a tuple of 'list' or 'tuple' and the parts' forms.
Form = Any

LEAF, NOTHING = 0, -1


def flatten(value: Any, what: str) -> tuple[list[Any], Form]:
    """Return the arrays or symbols in a nested list, and its form; ValueError when something else is in it."""
    if isinstance(value, (NDArray, Symbol)):
        if isinstance(value, Symbol) and len(value._entries) > 1:
            return [value], len(value._entries)
        return [value], LEAF
    if value is None:
        return [], NOTHING
    if not isinstance(value, (list, tuple)):
        raise base.ValueError(
            f"When hybridized, the {what} of HybridBlock must be (nested) list of Symbol or NDArray, but got {value} "
            f"of type {type(value)}; keep other values as attributes of the block"
        )
    items: list[Any] = []
    forms: list[Form] = ["tuple" if isinstance(value, tuple) else "list"]
    for part in value:
        found, form = flatten(part, what)
        items += found
        forms.append(form)
    return items, tuple(forms)


def restore(items: Sequence[Any], form: Form) -> Any:
    """Return `items` in the form that `flatten` found."""
    return _take(iter(items), form)


def _take(items: Iterator[Any], form: Form) -> Any:
    if form == LEAF:
        return next(items)
    if form == NOTHING:
        return None
    if isinstance(form, int):  # a symbol with several outputs
        return [next(items) for _ in range(form)]
    parts = [_take(items, part) for part in form[1:]]
    return tuple(parts) if form[0] == "tuple" else parts


def as_lists(form: Form) -> Any:
    """Return a form as `Block.save` writes it: lists, without saying which of them were tuples."""
    return form if isinstance(form, int) else [as_lists(part) for part in form[1:]]


def from_lists(form: Any) -> Form:
    """Return the form that `as_lists` wrote."""
    return form if isinstance(form, int) else ("list", *(from_lists(part) for part in form))
