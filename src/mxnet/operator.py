"""What operators there are, and what they take."""

from __future__ import annotations

from typing import NamedTuple

from . import _ops  # noqa: F401 - registers the operators
from ._ops import registry
from ._ops.attributes import REQUIRED
from .base import MXNetError

__all__ = ["OperatorArguments", "get_all_registered_operators", "get_operator_arguments"]


class OperatorArguments(NamedTuple):
    """Inputs and attributes of an operator: how many, their names, and their types with defaults."""

    narg: int
    names: list[str]
    types: list[str]


def get_all_registered_operators() -> list[str]:
    """Return the names of all operators, aliases included.

    Examples
    --------
    >>> "FullyConnected" in mx.operator.get_all_registered_operators()
    True
    """
    return sorted(registry.names())


def get_operator_arguments(op_name: str) -> OperatorArguments:
    """Return inputs and attributes of an operator.

    Raises
    ------
    MXNetError
        If there is no such operator.

    Examples
    --------
    >>> mx.operator.get_operator_arguments("FullyConnected").names
    ['data', 'weight', 'bias', 'num_hidden', 'no_bias', 'flatten']
    """
    try:
        entry = registry.get(op_name)
    except KeyError as error:
        raise MXNetError(error.args[0]) from None
    kind = "NDArray-or-Symbol[]" if entry.variadic else "NDArray-or-Symbol"
    names = [item.name for item in entry.inputs]
    types = [kind] * len(names)
    for attribute in entry.attributes.values():
        names.append(attribute.name)
        if attribute.default is REQUIRED:
            types.append(f"{attribute.type.spelling}, required")
        else:
            types.append(f"{attribute.type.spelling}, optional, default={attribute.type.print(attribute.default)}")
    return OperatorArguments(len(names), names, types)
