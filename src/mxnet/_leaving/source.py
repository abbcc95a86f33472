"""Pieces of Python source: a module's text, the helpers that it needs, and the names that a line reads."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch

from .._graph.node import Entry
from . import helpers, helpers_detection, helpers_loops

Tensor = torch.Tensor

INDENT = " " * 4
#: Functions and layers whose source goes into files that use them, in the order of the files.
HELPERS = {
    name: value
    for module in (helpers, helpers_detection, helpers_loops)
    for name, value in vars(module).items()
    if getattr(value, "__module__", "") == module.__name__
}


def module_source(
    name: str,
    arguments: Sequence[str],
    made: Sequence[str],
    body: Sequence[str],
    functions: Iterable[Any],
    operators: bool,
    methods: Sequence[str] = (),
) -> str:
    pieces = [textwrap.dedent(inspect.getsource(function)) for function in functions]
    start = ["super().__init__()", *made]
    forward = f"def forward({', '.join(['self', *arguments])}):"
    own = f"class {name}(nn.Module):\n{INDENT}def __init__(self):\n"
    own += "".join(f"{2 * INDENT}{line}\n" for line in start) + f"\n{INDENT}{forward}\n"
    own += "".join(f"{2 * INDENT}{line}\n" for line in body)
    own += "".join("\n" + textwrap.indent(method, INDENT) + "\n" for method in methods)
    pieces.append(own)
    text = "\n\n".join(piece.rstrip("\n") + "\n" for piece in pieces)
    imports = ["import torch"]
    if re.search(r"\bmath\.", text):
        imports = ["import math", "", *imports]
    if re.search(r"\bF\.", text):
        imports.append("import torch.nn.functional as F")
    imports.append("from torch import nn")
    needs = "remx for what begins with run_" if operators else "PyTorch only"
    said = f'"""{name}, written by remx from an MXNet network. It needs {needs}."""'
    return "\n".join([said, "", *imports]) + "\n\n\n" + text


def declared(name: str, value: Tensor, is_state: bool) -> str:
    shape = ", ".join(map(str, value.shape)) if value.dim() else "()"
    dtype = "" if value.dtype is torch.float32 else f", dtype={value.dtype}"
    if is_state:
        return f'self.register_buffer("{name}", torch.zeros({shape}{dtype}))'
    grad = "" if value.is_floating_point() else ", requires_grad=False"
    return f"self.{name} = nn.Parameter(torch.zeros({shape}{dtype}){grad})"


def needed(names: Iterable[str]) -> list[Any]:
    """Return helpers and those that they call, in the order of their file."""
    wanted, left = set(), list(names)
    while left:
        name = left.pop()
        if name not in wanted:
            wanted.add(name)
            left += [n for n in identifiers(textwrap.dedent(inspect.getsource(HELPERS[name]))) if n in HELPERS]
    return [value for name, value in HELPERS.items() if name in wanted]


def identifiers(source: str) -> set[str]:
    """Return names and attributes of ``self`` in source."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            found.add(f"self.{node.attr}")
    return found


def renamed(expression: str, names: Mapping[str, str]) -> str:
    """Return an expression with other names for its variables."""
    return re.sub(
        r"(?<![\w.\"'])[A-Za-z_]\w*(?![\w\"']|=(?!=))", lambda match: names.get(match[0], match[0]), expression
    )


def same_values(one: Mapping[str, Entry | Tensor], other: Mapping[str, Entry | Tensor]) -> bool:
    if one.keys() != other.keys():
        return False
    pairs = [(one[key], other[key]) for key in one]
    return any(isinstance(a, Entry) for a, _ in pairs) and all(
        isinstance(a, Entry) == isinstance(b, Entry)
        and (a.node is b.node if isinstance(a, Entry) and isinstance(b, Entry) else torch.equal(a, b))  # type: ignore[arg-type]
        for a, b in pairs
    )


def common_prefix(nodes: Sequence[str], parameters: Iterable[str]) -> str:
    """Return what all names begin with, up to an underscore: ``resnetv10_``."""
    names = [*nodes, *parameters]
    if len(names) < 2:
        return ""
    first, last = min(names), max(names)
    length = 0
    while length < min(len(first), len(last)) and first[length] == last[length]:
        length += 1
    return first[:length].rpartition("_")[0] + "_" if "_" in first[:length] else ""
