"""MXNet's JSON form of a graph: written as MXNet 1.9.1 writes it, to the character, and read back.

Layout: ``nodes`` in topological order, each with ``op`` (``null`` for a variable), ``name``, ``attrs`` (sorted) and
``inputs`` as ``[node, output, version]``; ``arg_nodes`` (all variables), ``node_row_ptr`` (running count of outputs),
``heads`` and the version that wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from .._ops.registry import get
from ..base import MXNetError
from .node import HIDDEN_KEYS, Entry, Node, topological_order

#: A file may not claim more outputs of one node than this.
_MOST_OUTPUTS = 100_000

_VERSION = 10901  # the MXNet release whose format this is


def dump(heads: Sequence[Entry]) -> str:
    """Return the JSON text of the graph with these heads."""
    order = topological_order(heads)
    number = {id(node): i for i, node in enumerate(order)}
    written: dict[int, int] = {}  # auxiliary state -> how many operators so far write to it, its "version"
    rows = [0]
    nodes: list[str] = []
    for node in order:
        lines = [f'"op": {_quote(node.operator.name if node.operator else "null")}', f'"name": {_quote(node.name)}']
        if node.attributes:
            lines.append(f'"attrs": {_dump_attributes(node.attributes)}')
        _count_writes(node, written)
        inputs = [f"[{number[id(e.node)]}, {e.index}, {written.get(id(e.node), 0)}]" for e in node.inputs]
        lines.append(f'"inputs": {_dump_list(inputs, indent=6)}')
        nodes.append("    {\n      " + ", \n      ".join(lines) + "\n    }")
        rows.append(rows[-1] + _written_outputs(node))
    parts = {
        "nodes": "[\n" + ", \n".join(nodes) + "\n  ]",
        "arg_nodes": _dump_list([str(i) for i, node in enumerate(order) if node.operator is None]),
        "node_row_ptr": _dump_list([str(row) for row in rows]),
        "heads": _dump_list([f"[{number[id(e.node)]}, {e.index}, {written.get(id(e.node), 0)}]" for e in heads]),
        "attrs": f'{{"mxnet_version": ["int", {_VERSION}]}}',
    }
    return "{\n  " + ", \n  ".join(f'"{key}": {text}' for key, text in parts.items()) + "\n}"


#: Operators for which MXNet counts outputs that nobody sees and that are not computed here: masks, indices, statistics.
_WRITTEN_OUTPUTS = {"BilinearSampler": 2, "CTCLoss": 2, "Correlation": 3, "Dropout": 2, "GridGenerator": 2,
                    "GroupNorm": 3, "InstanceNorm": 3, "L2Normalization": 2, "LRN": 2, "LayerNorm": 3,
                    "SpatialTransformer": 3, "_contrib_DeformablePSROIPooling": 2, "_contrib_MultiProposal": 2,
                    "_contrib_Proposal": 2, "_contrib_box_nms": 2, "_linalg_det": 3, "_linalg_slogdet": 4,
                    "sort": 2}  # fmt: skip


def _written_outputs(node: Node) -> int:
    """Return how many outputs MXNet counts for a node."""
    if node.operator is None:
        return 1
    name, values = node.operator.name, node.values
    if name == "Pooling" and values["pool_type"] == "max" and values.get("layout") in (None, "NCW", "NCHW", "NCDHW"):
        return 2
    if name == "topk" and values["ret_typ"] == "value":
        return 2
    return _WRITTEN_OUTPUTS.get(name) or len(node.operator.outputs(values))


def _count_writes(node: Node, written: dict[int, int]) -> None:
    if node.operator is not None and node.operator.auxiliary:
        for name, entry in zip(node.input_names(), node.inputs):
            if name in node.operator.auxiliary:
                written[id(entry.node)] = written.get(id(entry.node), 0) + 1


def _quote(text: str) -> str:
    return '"' + text.translate(_ESCAPES) + '"'


_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})


def _dump_list(items: list[str], indent: int = 2) -> str:
    """MXNet's writer gives every item of a list of more than ten a line of its own."""
    if len(items) <= 10:
        return "[" + ", ".join(items) + "]"
    margin = " " * indent
    return f"[\n{margin}  " + f", \n{margin}  ".join(items) + f"\n{margin}]"


def _dump_attributes(attributes: dict[str, str]) -> str:
    pairs = [f"{_quote(key)}: {_quote(attributes[key])}" for key in sorted(attributes)]
    if len(pairs) == 1:
        return "{" + pairs[0] + "}"
    return "{\n        " + ", \n        ".join(pairs) + "\n      }"


def load(text: str, source: str = "JSON text") -> list[Entry]:
    """Return the heads of the graph written in `text`.

    Raises
    ------
    MXNetError
        If it is no JSON, no graph, names an unknown operator or refers to a node that does not come earlier; the
        message names `source` and the place.
    """
    try:
        graph = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of thousands of digits
        raise MXNetError(f"{source}: not a symbol file: {error}") from None
    if not isinstance(graph, dict) or not isinstance(graph.get("nodes"), list) or "heads" not in graph:
        raise MXNetError(f"{source}: not a symbol file: expected an object with 'nodes' and 'heads'")
    graph = cast("dict[str, Any]", graph)
    if not isinstance(graph["heads"], list):
        raise MXNetError(f"{source}: 'heads' is {str(graph['heads'])[:80]}, expected a list")
    nodes: list[Node] = []
    for position, record in enumerate(graph["nodes"]):
        nodes.append(_load_node(record, nodes, f"{source}: node {position}"))
    heads = [_entry(head, nodes, f"{source}: head {i}") for i, head in enumerate(graph["heads"])]
    if not heads:
        raise MXNetError(f"{source}: the graph has no heads")
    return heads


def _load_node(record: Any, nodes: list[Node], place: str) -> Node:
    if not isinstance(record, dict) or not isinstance(record.get("op"), str) or not isinstance(record.get("name"), str):
        raise MXNetError(f"{place}: expected an object with the strings 'op' and 'name', found {str(record)[:80]}")
    record = cast("dict[str, Any]", record)
    name = record["name"]
    attributes = _load_attributes(record, place)
    inputs = record.get("inputs", [])
    if not isinstance(inputs, list):
        raise MXNetError(f"{place} ({name!r}): 'inputs' is {str(inputs)[:80]}, expected a list")
    entries = [_entry(item, nodes, f"{place} ({name!r})") for item in inputs]
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        raise MXNetError(f"{place}: the name {name!a} is no Unicode text")
    if record["op"] == "null":
        if entries:
            raise MXNetError(f"{place} ({name!r}): a variable has no inputs, the file gives {len(entries)}")
        return Node(None, name, attributes, entries)
    try:
        operator = get(record["op"])
    except KeyError as error:
        raise MXNetError(f"{place} ({name!r}): {error.args[0]}") from None
    node = Node(operator, name, attributes, entries)
    for key in ("num_outputs", "sections", "num_weights"):  # outputs are counted out one by one
        if key in operator.attributes and node.values[key] > _MOST_OUTPUTS:
            raise MXNetError(f"{place} ({name!r}): {key} is {node.values[key]}; at most {_MOST_OUTPUTS} are read")
    if operator.variadic is not None and node.values[operator.variadic] != len(entries):
        raise MXNetError(
            f"{place} ({name!r}): {operator.variadic} is {node.values[operator.variadic]}, "
            f"the file gives {len(entries)} inputs"
        )
    expected = len(node.input_names())
    if len(entries) != expected:
        raise MXNetError(
            f"{place} ({name!r}): operator {operator.name} takes {expected} inputs "
            f"({', '.join(node.input_names())}), the file gives {len(entries)}"
        )
    return node


def _load_attributes(record: dict[str, Any], place: str) -> dict[str, str]:
    """Older versions wrote ``attr`` (hidden keys) and ``param`` (the operator's own) apart."""
    attributes: dict[str, str] = {}
    for section in ("param", "attr", "attrs"):
        found = record.get(section) or {}
        if not isinstance(found, dict):
            raise MXNetError(f"{place}: {section!r} is {str(found)[:80]}, expected an object of strings")
        for key, value in cast("dict[str, Any]", found).items():
            if not isinstance(value, str):
                raise MXNetError(f"{place}: attribute {key!r} is {str(value)[:80]}, expected a string")
            attributes[f"__{key}__" if key in HIDDEN_KEYS else key] = value
    return attributes


def _entry(item: Any, nodes: list[Node], place: str) -> Entry:
    numbers = cast("list[Any]", item)
    if not isinstance(item, list) or not 2 <= len(numbers) <= 3 or not all(type(n) is int for n in numbers):
        raise MXNetError(f"{place}: expected [node, output, version], found {str(item)[:80]}")
    if not 0 <= numbers[0] < len(nodes):
        raise MXNetError(f"{place}: refers to node {numbers[0]}, but only nodes 0 to {len(nodes) - 1} come before it")
    node = nodes[numbers[0]]
    count = 1 if node.operator is None else len(node.operator.outputs(node.values))
    if not 0 <= numbers[1] < count:
        raise MXNetError(f"{place}: refers to output {numbers[1]} of node {node.name!r}, which has {count}")
    return Entry(node, numbers[1])
