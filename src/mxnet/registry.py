"""Classes by name: how ``mx.init.register``, ``mx.metric.create("acc")`` and the like find them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from . import base
from ._warning import warn

__all__ = ["get_alias_func", "get_create_func", "get_register_func", "get_registry"]

Class = TypeVar("Class", bound=type)

_REGISTRY: dict[type, dict[str, type]] = {}


def get_registry(base_class: type) -> dict[str, type]:
    """Return a copy of the classes that are registered for `base_class`, by name in lower case.

    Parameters
    ----------
    base_class : type
        The class whose subclasses are registered.

    Returns
    -------
    dict of str to type

    Examples
    --------
    >>> mx.registry.get_registry(mx.init.Initializer)["xavier"].__name__
    'Xavier'
    """
    return _REGISTRY.setdefault(base_class, {}).copy()


def get_register_func(base_class: type, nickname: str) -> Callable[..., Any]:
    """Return a decorator ``register(klass, name=None)`` that registers subclasses of `base_class`.

    Parameters
    ----------
    base_class : type
        The class whose subclasses may be registered.
    nickname : str
        What messages call such a class.

    Returns
    -------
    function of (type, str)
        It keeps `klass` under `name`, or else under the name of the class, in lower case, and returns `klass`.
        A name that is taken is given to the new class, with a warning.

    Examples
    --------
    >>> class Animal: pass
    >>> register = mx.registry.get_register_func(Animal, "animal")
    >>> @register
    ... class Cat(Animal): pass
    >>> mx.registry.get_registry(Animal)["cat"] is Cat
    True
    """
    return _registering(base_class, nickname)


def _registering(base_class: type, nickname: str) -> Callable[..., Any]:
    classes = _REGISTRY.setdefault(base_class, {})

    def register(klass: Class, name: str | None = None) -> Class:
        if not isinstance(klass, type):
            raise base.TypeError(f"{nickname}.register: klass is {klass!r}, expected a class")
        if not issubclass(klass, base_class):
            raise base.TypeError(
                f"{nickname}.register: {klass.__module__}.{klass.__name__} is no subclass of {base_class.__name__}; "
                f"Can only register subclass of {base_class.__name__}"
            )
        if name is None:
            name = klass.__name__
        elif not isinstance(name, str):
            raise base.TypeError(f"{nickname}.register: name is {name!r}, expected a str")
        name = name.lower()
        before = classes.get(name)
        if before is not None:
            warn(
                f"New {nickname} {klass.__module__}.{klass.__name__} registered with name {name} is overriding "
                f"existing {nickname} {before.__module__}.{before.__name__}"
            )
        classes[name] = klass
        return klass

    register.__doc__ = f"Register a subclass of {base_class.__name__} as {nickname}, and return it."
    return register


def get_alias_func(base_class: type, nickname: str) -> Callable[..., Any]:
    """Return ``alias(*names)``, which makes a decorator that registers a class under several names.

    Parameters
    ----------
    base_class : type
        The class whose subclasses may be registered.
    nickname : str
        What messages call such a class.

    Returns
    -------
    function of (*str)

    Examples
    --------
    >>> class Animal: pass
    >>> alias = mx.registry.get_alias_func(Animal, "animal")
    >>> @alias("feline", "puss")
    ... class Cat(Animal): pass
    >>> sorted(mx.registry.get_registry(Animal))
    ['feline', 'puss']
    """
    register = _registering(base_class, nickname)

    def alias(*aliases: str) -> Callable[[Any], Any]:
        def decorate(klass: Class) -> Class:
            for name in aliases:
                register(klass, name)
            return klass

        return decorate

    alias.__doc__ = f"Register a subclass of {base_class.__name__} as {nickname} under each of the names."
    return alias


def get_create_func(base_class: type, nickname: str) -> Callable[..., Any]:
    """Return ``create(...)``, which makes an instance of a registered class.

    Parameters
    ----------
    base_class : type
        The class whose subclasses are registered.
    nickname : str
        What messages call such a class, and the keyword for its name.

    Returns
    -------
    function
        Its first argument, or its keyword `nickname`, is one of

        - a name in any case; the other arguments go to the class;
        - an instance of `base_class`, which is returned as it is;
        - JSON text ``'["name", {"argument": value}]'`` or ``'{"nickname": "name", "argument": value}'``;
        - a dict as in the latter.

    Examples
    --------
    >>> create = mx.registry.get_create_func(mx.init.Initializer, "initializer")
    >>> create("uniform", scale=0.5).scale
    0.5
    >>> create('["uniform", {"scale": 0.25}]').scale
    0.25
    """
    classes = _REGISTRY.setdefault(base_class, {})

    def create(*args: Any, **kwargs: Any) -> Any:
        if args:
            name, *rest = args
        elif nickname in kwargs:
            name, rest = kwargs.pop(nickname), []
        else:
            raise base.TypeError(f"{nickname}.create: no name given; registered are {_names(classes)}")
        if isinstance(name, (base_class, dict)) or (isinstance(name, str) and name.startswith(("[", "{"))):
            if rest or kwargs:
                what = f"already an instance of {type(name).__name__}" if isinstance(name, base_class) else repr(name)
                raise base.ValueError(
                    f"{nickname}.create: {nickname} is {what}. Additional arguments are invalid: "
                    f"{', '.join([*map(repr, rest), *kwargs])}"
                )
            if isinstance(name, base_class):
                return name
            if isinstance(name, dict):
                return create(**name)
            name, kwargs = _read(name, nickname)
        if not isinstance(name, str):
            raise base.TypeError(
                f"{nickname}.create: {nickname} is {name!r}, which must be of string type, or an instance of "
                f"{base_class.__name__}"
            )
        found = classes.get(name.lower())
        if found is None:
            raise base.ValueError(
                f"{nickname}.create: {name} is not registered. Register it with {nickname}.register first, or take "
                f"one of {_names(classes)}"
            )
        return found(*rest, **kwargs)

    create.__doc__ = f"Make a {nickname} from a name and its arguments, from JSON text, or from a dict."
    return create


def _names(classes: dict[str, type]) -> str:
    return ", ".join(sorted(classes)) or "nothing"


def _read(text: str, nickname: str) -> tuple[Any, dict[str, Any]]:
    """Return name and arguments from JSON text."""
    form = f'\'["name", {{"argument": value}}]\' or \'{{"{nickname}": "name", "argument": value}}\''
    try:
        value = json.loads(text)
    except ValueError as error:
        raise base.ValueError(f"{nickname}.create: {text!r} is no JSON ({error}); expected {form}") from None
    if isinstance(value, dict) and nickname in value:
        return value.pop(nickname), value
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict):
        return value[0], value[1]
    raise base.ValueError(f"{nickname}.create: {text!r}; expected {form}")
