"""What MXNet 1.9.1 changes in graphs that older versions wrote, found by asking it (tests/golden/programs/old_symbols).

| Written before | Change |
|---|---|
| 1.9.1 | ``lr_mult`` and the like become ``__lr_mult__``; ``weight_lr_mult`` of an operator moves to its weight |
| 0.9.5 | ``axis=-1`` of argmax and argmin meant no axis |
| 0.9.4 | variables learn from the operator how they are initialized, as ``__init__`` |
| 0.9.0 | inputs that are missing become variables: files had no auxiliary states |
| 0.9.0 | what a user had added to an operator (``mood``) gets underscores; 1.9.1 refuses such a file |

A file that does not name its version is of 0.8.0 or older.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from .._ops.registry import Operator
from ..base import MXNetError
from .node import Entry, Node, is_hidden, is_own

#: The MXNet release whose files are written here.
VERSION = 10901

_UNNAMED = 800  # the newest version that did not write its number

#: Keys that were written without underscores.
_PLAIN_KEYS = ("ctx_group", "lr_mult", "wd_mult", "force_mirroring", "mirror_stage")

_ARG = ("argmax", "argmin")


def version_of(graph: dict[str, Any], source: str) -> int:
    """Return the version of MXNet that wrote a graph: 10901 is 1.9.1."""
    found = graph.get("attrs", {})
    if not isinstance(found, dict):
        raise MXNetError(f"{source}: 'attrs' is {str(found)[:80]}, expected an object")
    pair = cast("dict[str, Any]", found).get("mxnet_version", ["int", _UNNAMED])
    if not isinstance(pair, list) or len(cast("list[Any]", pair)) != 2 or pair[0] != "int" or type(pair[1]) is not int:
        raise MXNetError(f"{source}: 'mxnet_version' is {str(pair)[:80]}, expected [\"int\", number]")
    return pair[1]


def upgrade_attributes(operator: Operator | None, attributes: dict[str, str], version: int, users: bool) -> None:
    """Bring the attributes of one node into today's form; `users`: what a user had added may be among them."""
    if version >= VERSION:
        return
    for key in _PLAIN_KEYS:
        if key in attributes:
            attributes[f"__{key}__"] = attributes.pop(key)
    if version < 905 and operator is not None and operator.name in _ARG and attributes.get("axis") == "-1":
        del attributes["axis"]
    if users and operator is not None and operator.attributes:  # MXNet 1.9.1 refuses such a file
        for key in [key for key in attributes if not is_own(operator, key) and not is_hidden(key)]:
            if not key.endswith(_PLAIN_KEYS):
                attributes[f"__{key}__"] = attributes.pop(key)


def upgrade_inputs(node: Node, version: int, most: int) -> int:
    """Give a node the inputs that its file leaves out, and these what the node's attributes say of them.

    At most `most` inputs are made. Returns how many were.
    """
    operator = node.operator
    if operator is None or version >= VERSION:
        return 0
    moved = _take_attributes_of_inputs(node)
    made = 0
    if version < 900:
        if operator.variadic is not None and node.values[operator.variadic] > len(node.inputs) + most:
            raise MXNetError(
                f"{operator.variadic} is {node.values[operator.variadic]}, the file gives {len(node.inputs)} inputs"
            )
        missing = node.input_names()[len(node.inputs) :]
        node.inputs += [Entry(Node(None, f"{node.name}_{name}", dict(node.attributes)), 0) for name in missing]
        made = len(missing)
    if not moved and (version >= 904 or not operator.input_init):
        return made
    for name, entry in zip(node.input_names(), node.inputs):
        if entry.node.operator is None:
            entry.node.attributes.update(moved.pop(name, {}))
            if version < 904 and name in operator.input_init:
                entry.node.attributes.setdefault("__init__", operator.input_init[name])
    for name, unused in moved.items():  # of an input that is no variable: they stay, and are refused later
        node.attributes.update({f"{name}{key[1:-2]}": value for key, value in unused.items()})
    return made


def _take_attributes_of_inputs(node: Node) -> dict[str, dict[str, str]]:
    """Remove attributes such as ``weight_lr_mult`` from a node; return them by input, as ``__lr_mult__``."""
    assert node.operator is not None
    taken: dict[str, dict[str, str]] = {}
    names: Sequence[str] | None = None
    for key in list(node.attributes):
        for plain in _PLAIN_KEYS:
            if key.endswith(f"_{plain}") and key not in node.operator.attributes:
                names = node.input_names() if names is None else names
                name = key[: -len(plain) - 1]
                if name in names:
                    taken.setdefault(name, {})[f"__{plain}__"] = node.attributes.pop(key)
    return taken
