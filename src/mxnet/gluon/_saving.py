"""``Block.save`` and ``Block.load``: structure and compiled graphs as JSON, parameters beside it.

The structure file has one entry for each block, under a name that does not depend on other blocks of the program::

    {"net0": {"orig_name": ..., "hybridized": false, "children": {name of a child: key}, "dense1": {...}}}

A compiled block's entry also holds ``in_format``, ``out_format``, ``inputs`` and ``symbol``.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .. import base, symbol
from .._runtime.files import replacing
from ._hybrid_block import Graph, HybridBlock
from ._structure import as_lists, from_lists

if TYPE_CHECKING:
    from ._block import Block


def save(block: Block, prefix: str) -> None:
    """See `Block.save`."""
    root: dict[str, Any] = {}
    _describe(block, root, itertools.count())
    with replacing(f"{prefix}-model.json") as file:
        file.write(json.dumps(root).encode())
    block.save_parameters(f"{prefix}-model.params")


def _describe(block: Block, into: dict[str, Any], numbers: Iterator[int]) -> None:
    entry: dict[str, Any] = {"orig_name": block.name}
    into[f"{type(block).__name__.lower()}{next(numbers)}"] = entry
    if isinstance(block, HybridBlock) and block._graphs:
        form, graph = next(iter(block._graphs.items()))
        entry["in_format"] = as_lists(form)
        entry["out_format"] = as_lists(graph.form)
        entry["inputs"] = [variable.tojson() for variable in graph.inputs]
        entry["symbol"] = graph.output.tojson()
        entry["hybridized"] = True
    else:
        entry["hybridized"] = False
    entry["children"] = {child.name: key for key, child in block._children.items()}
    for child in block._children.values():
        _describe(child, entry, numbers)


def load(block: Block, prefix: str) -> None:
    """See `Block.load`."""
    path = f"{prefix}-model.json"
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError) as error:
        raise base.MXNetError(f"load: cannot read {path!r}: {error}") from None
    if not isinstance(found, dict) or len(found) != 1:
        raise base.ValueError(f"load: {path!r} does not hold the structure of one block, as Block.save writes it")
    _restore(block, next(iter(found.values())), path)
    block.load_parameters(f"{prefix}-model.params")


_OWN = ("orig_name", "in_format", "out_format", "inputs", "symbol", "hybridized", "children")


def _restore(block: Block, entry: Any, path: str) -> None:
    if not isinstance(entry, dict) or not isinstance(entry.get("children"), dict):
        raise base.ValueError(f"load: {path!r} is not what Block.save writes")
    names = list(entry["children"].items())
    parts = [value for key, value in entry.items() if key not in _OWN]
    if len(parts) != len(block._children) or any(key not in block._children for _, key in names):
        raise base.ValueError(
            f"load: {path!r} holds a block with {len(parts)} children, {block.name!r} has {len(block._children)}: "
            f"{', '.join(block._children)}; load into a block that the same code made"
        )
    renamed = {parameter.name: parameter for parameter in block.collect_params().values()}
    for child, part in zip(block._children.values(), parts):
        _restore(child, part, path)
    if entry.get("hybridized") and isinstance(block, HybridBlock):
        block._active = True
        graph = _graph(block, entry, renamed)
        if graph is not None:
            block._graphs[("tuple", *(from_lists(part) for part in entry["in_format"]))] = graph
            block._cached_graph = (graph.inputs, graph.output)


def _graph(block: HybridBlock, entry: dict[str, Any], parameters: dict[str, Any]) -> Graph | None:
    """Return the saved graph if its variables are this block's parameters; else the block is traced anew."""
    inputs = [symbol.load_json(text) for text in entry["inputs"]]
    output = symbol.load_json(entry["symbol"])
    known = {*parameters, *(variable.name for variable in inputs)}
    if any(name not in known for name in output.list_inputs()):
        return None
    return Graph(inputs, output, from_lists(entry["out_format"]))
