"""Fills the generated submodules of ``mx.sym``, and what every generated function calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import (
    _ops,  # noqa: F401 - registers the operators
    base,
)
from .._frontend import modules
from .._frontend.casting import casts
from .._frontend.source import NULL, Functions, symbol_source
from .._graph.node import HIDDEN_KEYS, Entry, Node, apply
from .._ops.registry import Operator
from ..attribute import AttrScope
from ..name import NameManager
from ._casting import cast
from .symbol import Symbol


def fill(module: dict[str, Any], namespace: str) -> list[str]:
    """Make the functions of one submodule attributes of it and return their names."""
    return modules.fill(module, Functions(namespace, module["__name__"], symbol_source, {"compose": compose}))


def compose(
    operator: Operator,
    hint: str,
    inputs: Mapping[str, Any] | Sequence[Any],
    given: Mapping[str, Any],
    name: str | None,
    attr: dict[str, str] | None,
    extra: Mapping[str, Any],
) -> Symbol:
    """Return the symbol of one application of an operator.

    `given` holds the attributes as the user wrote them, `extra` further keywords: hidden attributes, and inputs by name
    of a variadic operator.
    """
    attributes = AttrScope.current.get(attr)
    for key, value in attributes.items():
        if not isinstance(value, str):
            raise base.ValueError(f"operator {operator.name}: attr[{key!r}] is {value!r}, expected a string")
    if attributes:
        attributes = {f"__{key}__" if key in HIDDEN_KEYS else key: value for key, value in attributes.items()}
    named = operator.starred and operator.variadic is None  # the attributes say how many inputs there are
    by_name: dict[str, Any] = {}
    if named:
        by_name = {key: value for key, value in extra.items() if isinstance(value, Symbol)}
        extra = {key: value for key, value in extra.items() if key not in by_name}
    elif operator.starred and any(isinstance(value, Symbol) for value in extra.values()):
        inputs, extra = _by_keyword(operator, inputs, extra)
    for key, value in extra.items():
        if isinstance(value, Symbol):
            raise base.TypeError(f"operator {operator.name}: no input {key!r}")
        attributes[f"__{key}__" if key in HIDDEN_KEYS else key] = str(value)
    types = operator.attributes
    for key, value in given.items():
        if value is not NULL:
            attributes[key] = _printed(operator, types[key].type, key, value)
    if named:
        inputs = _under_names(operator, _flat(inputs), by_name, attributes)
    if operator.variadic is not None:
        entries: Any = [_entry(operator, f"{i}", value) for i, value in enumerate(_flat(inputs))]
    else:
        assert isinstance(inputs, Mapping)
        entries = {key: _entry(operator, key, value) for key, value in inputs.items() if value is not None}
    node = apply(operator, NameManager.current.get(name, hint), attributes, entries)
    if casts:
        cast(node)
    if node.output_count == 0:
        raise base.MXNetError(f"operator {operator.name}, node {node.name!r}: no outputs under {dict(node.attributes)}")
    return Symbol([Entry(node, index) for index in range(node.output_count)])


def _by_keyword(
    operator: Operator, inputs: Any, extra: Mapping[str, Any]
) -> tuple[Sequence[Symbol], Mapping[str, Any]]:
    """Take the inputs of a variadic operator from ``arg0=, arg1=, ...``; return them and the other keywords."""
    if inputs:
        raise base.TypeError(f"operator {operator.name}: inputs come by position or by keyword, not both")
    rest = dict(extra)
    found: list[Symbol] = []
    while f"arg{len(found)}" in rest:
        found.append(rest.pop(f"arg{len(found)}"))
    return found, rest


def _under_names(
    operator: Operator, inputs: Sequence[Any], by_name: Mapping[str, Any], attributes: dict[str, str]
) -> Mapping[str, Any]:
    """Return inputs that came by position and by keyword under the names that the attributes give them."""
    names = Node(operator, "", attributes).input_names()
    for key in by_name:
        if key not in names:
            raise base.TypeError(f"operator {operator.name}: no input {key!r}; it takes {', '.join(names)}")
    if len(inputs) > len(names):
        raise base.MXNetError(f"operator {operator.name}: {len(inputs)} inputs came, it takes {', '.join(names)}")
    both = [key for key in names[: len(inputs)] if key in by_name]
    if both:
        raise base.TypeError(f"operator {operator.name}: input {both[0]!r} came by position and by keyword")
    return {**dict(zip(names, inputs)), **by_name}


def _flat(inputs: Any) -> Sequence[Any]:
    return inputs[0] if len(inputs) == 1 and isinstance(inputs[0], (list, tuple)) else inputs


def _printed(operator: Operator, kind: Any, key: str, value: Any) -> str:
    try:
        return kind.print(value)
    except (TypeError, KeyError):
        raise base.TypeError(
            f"operator {operator.name}: attribute {key!r}: expected {kind.spelling}, got {value!r}"
        ) from None


def _entry(operator: Operator, name: str, value: Any) -> Entry:
    if not isinstance(value, Symbol):
        raise base.TypeError(
            f"operator {operator.name}: input {name} must be a Symbol, got {type(value).__module__}."
            f"{type(value).__name__} (mx.nd.{operator.name} takes arrays)"
        )
    return value._single(f"operator {operator.name}: input {name}")
