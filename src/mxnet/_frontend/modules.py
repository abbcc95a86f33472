"""Generated functions as attributes of modules and classes, made at the first look at each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .source import Functions


def fill(module: dict[str, Any], functions: Functions) -> list[str]:
    """Make `functions` attributes of a module, given its globals, and return the names for its ``__all__``."""
    names = functions.names()

    def look_up(name: str) -> Any:
        try:
            function = functions.get(name)
        except KeyError:
            raise AttributeError(f"module {module['__name__']!r} has no attribute {name!r}") from None
        module[name] = function
        return function

    module["__getattr__"] = look_up
    module["__dir__"] = lambda: sorted({*module, *names})
    return names


def delegate(package: dict[str, Any], module: Any, own: list[str]) -> list[str]:
    """Let a package show the functions of its submodule `module`, and return the names for its ``__all__``."""

    def look_up(name: str) -> Any:
        if name not in module.__all__:
            raise AttributeError(f"module {package['__name__']!r} has no attribute {name!r}")
        function = package[name] = getattr(module, name)
        return function

    package["__getattr__"] = look_up
    package["__dir__"] = lambda: sorted({*package, *module.__all__})
    return [*own, *(name for name in module.__all__ if name not in own)]


class Method:
    """A generated function as a method: the function itself takes this object's place when first used."""

    def __init__(self, owner: type, name: str, look_up: Callable[[str], Any]) -> None:
        self._owner, self._name, self._look_up = owner, name, look_up

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        function = self._look_up(self._name)
        setattr(self._owner, self._name, function)
        return function if instance is None else function.__get__(instance, owner)


def add_methods(owner: type, names: tuple[str, ...], module: Any) -> None:
    """Make functions of a generated module methods of a class, where it has none of the name."""
    for name in names:
        if name in module.__all__ and not hasattr(owner, name):
            setattr(owner, name, Method(owner, name, lambda name: getattr(module, name)))
