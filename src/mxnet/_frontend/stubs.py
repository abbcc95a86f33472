"""Writes the checked-in ``.pyi`` files, from which editors and type checkers know the generated functions.

python -m mxnet._frontend.stubs           # write them
python -m mxnet._frontend.stubs --check   # fail if they are not up to date
"""

from __future__ import annotations

import pathlib
import sys

from .. import _ops  # noqa: F401 - registers the operators
from .._ops.attributes import (
    REQUIRED,
    AttributeType,
    BoolType,
    DTypeType,
    EnumType,
    FloatTupleType,
    FloatType,
    IntTupleType,
    IntType,
    OptionalType,
)
from .._ops.registry import Operator, get
from .namespaces import FLUENT, PREFIXES, WRITTEN_BY_HAND, members, place

PACKAGE = pathlib.Path(__file__).parent.parent
NAMESPACES = ("op", "_internal", *dict.fromkeys(PREFIXES.values()))

_ARITHMETIC = ("add", "sub", "mul", "truediv", "mod", "pow")
_COMPARISONS = ("gt", "ge", "lt", "le")


def hint(kind: AttributeType) -> str:
    """Return the type annotation of an attribute, as a caller may give it."""
    if isinstance(kind, OptionalType):
        return f"{hint(kind.inner)} | None"
    if isinstance(kind, IntType):
        return "int"
    if isinstance(kind, FloatType):
        return "float"
    if isinstance(kind, BoolType):
        return "bool"
    if isinstance(kind, EnumType):
        return f"Literal[{', '.join(map(repr, kind.values))}]"
    if isinstance(kind, IntTupleType):
        return "Sequence[int | None] | int" if kind.optional_items else "Sequence[int] | int"
    if isinstance(kind, FloatTupleType):
        return "Sequence[float] | float"
    return "Any" if isinstance(kind, DTypeType) else "str"


def _function(public: str, entry: Operator, cls: str, *, method: bool = False) -> str:
    parameters: list[str] = []
    if entry.starred:
        parameters.append(f"*{entry.inputs[0].name}: {cls}")
    else:
        for position, item in enumerate(entry.inputs):
            if method and position == 0:
                parameters.append("self")
            elif item.optional or cls == "Symbol":
                parameters.append(f"{item.name}: {cls} | None = ...")
            else:
                parameters.append(f"{item.name}: {cls} = ...")
    for attribute in entry.attributes.values():
        kind = "Any" if attribute.name == "ctx" else hint(attribute.type)
        if attribute.name == entry.variadic:
            kind = "int | None"
        shown = attribute.default
        plain = shown is None or isinstance(shown, (bool, int, float, str))
        default = repr(shown) if plain and shown is not REQUIRED else "..."
        parameters.append(f"{attribute.name}: {kind} = {default}")
    if cls == "NDArray":
        parameters += ["out: Any = None", "name: str | None = None"]
    else:
        parameters += ["name: str | None = None", "attr: dict[str, str] | None = None", "out: Any = None"]
    parameters.append("**kwargs: Any")
    several = callable(entry.output_names) or callable(entry.visible)
    result = cls if cls == "Symbol" or not several else "Any"
    return f"def {public}({', '.join(parameters)}) -> {result}: ..."


_HEAD = "# Written by `make stubs` from the operator registry; do not edit.\n"


def module_stub(namespace: str, cls: str) -> str:
    """Return the stub of one generated submodule; `cls` is NDArray or Symbol."""
    source = "ndarray" if cls == "NDArray" else "symbol"
    lines = [_HEAD + "from collections.abc import Sequence", "from typing import Any, Literal", ""]
    lines += [f"from .{module} import *" for module in WRITTEN_BY_HAND.get((source, namespace), ())]
    lines += [f"from .{source} import {cls}", "", "__all__: list[str]", ""]
    lines += [
        _function(public, entry, cls) for public, _, entry in sorted(members(namespace), key=lambda member: member[0])
    ]
    return "\n".join(lines) + "\n"


def fluent_stub(cls: str) -> str:
    """Return the stub of the methods that a class gets from the registry."""
    source = "ndarray" if cls == "NDArray" else "symbol"
    lines = [_HEAD + "from collections.abc import Sequence", "from typing import Any, Literal", ""]
    lines += [f"from .{source} import {cls}", "", "class Fluent:"]
    for name in _ARITHMETIC:
        lines.append(f"    def __{name}__(self, other: {cls} | float) -> {cls}: ...")
        lines.append(f"    def __r{name}__(self, other: float) -> {cls}: ...")
    lines += [f"    def __{name}__(self, other: {cls} | float) -> {cls}: ..." for name in _COMPARISONS]
    lines += [f"    def __{name}__(self) -> {cls}: ..." for name in ("neg", "abs")]
    for name in FLUENT:
        if place(name) is not None and _exists(name):
            lines.append("    " + _function(name, get(name), cls, method=True))
    return "\n".join(lines) + "\n"


def _exists(name: str) -> bool:
    try:
        get(name)
    except KeyError:
        return False
    return True


def stubs() -> dict[pathlib.Path, str]:
    """Return the text of every stub by path."""
    found: dict[pathlib.Path, str] = {}
    for folder, cls in (("ndarray", "NDArray"), ("symbol", "Symbol")):
        for namespace in NAMESPACES:
            found[PACKAGE / folder / f"{namespace}.pyi"] = module_stub(namespace, cls)
        found[PACKAGE / folder / "_fluent.pyi"] = fluent_stub(cls)
    return found


def main(arguments: list[str]) -> int:
    """Write the stubs, or check them."""
    stale = [path for path, text in stubs().items() if not path.exists() or path.read_text() != text]
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(PACKAGE.parent)} is not up to date: run `make stubs`")
        return 1 if stale else 0
    for path in stale:
        path.write_text(stubs()[path])
    print(f"{len(stale)} stubs written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
