"""Nested lists, as the loop functions take and return them: flattened, and put together again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

#: The form of a nested list: None for one item, else the forms of the parts.
Form = Any


def flatten(value: Any, kind: type, what: str) -> tuple[list[Any], Form]:
    """Return the items of a nested list and its form; AssertionError when something else is in it."""
    if isinstance(value, kind):
        return [value], None
    if not isinstance(value, (list, tuple)):
        raise AssertionError(f"{what} must be (nested) list of {kind.__name__}, but got {value} of type {type(value)}")
    items: list[Any] = []
    forms: list[Form] = []
    for part in value:
        found, form = flatten(part, kind, what)
        items += found
        forms.append(form)
    return items, forms


def restore(items: Sequence[Any], form: Form) -> Any:
    """Return `items` in the form of a nested list."""
    return _take(iter(items), form)


def _take(items: Iterator[Any], form: Form) -> Any:
    return next(items) if form is None else [_take(items, part) for part in form]
