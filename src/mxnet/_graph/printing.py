"""Pieces of the source of printed functions, and making functions of it."""

from __future__ import annotations

import itertools
import linecache
import math
import traceback
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._ops.registry import GradientRule
from .node import Entry, Node

_numbers = itertools.count()

Value = tuple[int, int]  # id of a node and number of its output


def value_of(entry: Entry) -> Value:
    return (id(entry.node), entry.index)


def rule_of(node: Node) -> GradientRule | None:
    assert node.operator is not None
    return node.operator.gradient or node.operator.plan_gradient


def tuple_of(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def unpacked(names: Sequence[str], source: str) -> str:
    return f"{tuple_of(names)} = {source}" if names else "pass"


def same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and value == default


def literal(value: Any) -> str | None:
    if value is None or isinstance(value, (bool, int, str)):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else None
    if isinstance(value, tuple):
        items = [literal(item) for item in value]
        return None if None in items else tuple_of([item for item in items if item is not None])
    return None


class Registers:
    """Names of temporaries, reused once free, so that a value's memory is given back."""

    def __init__(self) -> None:
        self._free: list[str] = []
        self._count = 0

    def take(self) -> str:
        if self._free:
            return self._free.pop()
        self._count += 1
        return f"t{self._count}"

    def free(self, name: str) -> None:
        self._free.append(name)


def compiled(
    name: str,
    parameters: list[str],
    lines: list[str],
    constants: Mapping[str, Any],
    nodes: Mapping[str, dict[int, Node]],
) -> Callable[..., Any]:
    """Compile a printed function; its source shows in tracebacks and to `inspect.getsource`."""
    while _unused:
        linecache.cache.pop(_unused.pop(), None)
    source = f"def {name}({', '.join(parameters)}):\n    " + "\n    ".join(lines) + "\n"
    filename = f"<mxnet plan {next(_numbers)}: {name}>"
    namespace = dict(constants)
    exec(compile(source, filename, "exec"), namespace)
    function = namespace[name]
    function.source, function.filename = source, filename
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    _nodes_by_file[filename] = nodes[name]
    weakref.finalize(function, _nodes_by_file.pop, filename, None)
    weakref.finalize(function, _unused.append, filename)
    return function


_nodes_by_file: dict[str, dict[int, Node]] = {}
#: Sources of functions that are gone. They leave linecache when the next one comes: the collector may run while
#: somebody walks through linecache, which fails when entries vanish.
_unused: list[str] = []


def node_of(error: BaseException) -> Node | None:
    """Return the innermost node in whose line of a printed function an error arose."""
    found: Node | None = None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.lineno is not None:
            found = _nodes_by_file.get(frame.filename, {}).get(frame.lineno, found)
    return found
