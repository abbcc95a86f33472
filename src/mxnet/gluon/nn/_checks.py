"""What layers are constructed with: checked, and shown."""

from __future__ import annotations

import operator
from typing import Any

from ... import base


class ArgumentError(base.ValueError, base.AssertionError):
    """A layer's argument has a wrong value: AssertionError, as MXNet 1.9.1 raises, and ValueError."""


def integer(layer: str, argument: str, value: Any, least: int) -> int:
    """Return `value` as an integer that is at least `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        message = f"{layer}: {argument} must be an integer, but is {value!r} of {type(value).__name__}"
        raise base.TypeError(message) from None
    if number < least:
        raise ArgumentError(f"{layer}: {argument} must be at least {least}, but is {value!r}")
    return number


def lengths(layer: str, argument: str, value: Any, count: int) -> Any:
    """Return one number `count` times, or a sequence of `count` numbers as it is."""
    if isinstance(value, base.numeric_types):
        return (value,) * count
    if isinstance(value, (tuple, list)) and len(value) == count:
        return value
    raise ArgumentError(f"{layer}: {argument} must be a number or a list of {count} ints, but is {value!r}")


def check_layout(layer: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a layout that the layer does not take."""
    if value not in known:
        names = " and ".join(repr(name) for name in known)
        raise ArgumentError(f"{layer}: layout is {value!r}; only {names} are supported")


def listed(made: dict[str, Any]) -> str:
    """Return keyword arguments as a layer shows them."""
    return ", ".join(f"{name}={value!r}" for name, value in made.items())
