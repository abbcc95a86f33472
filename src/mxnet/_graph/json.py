"""MXNet's JSON form of a graph: written as MXNet 1.9.1 writes it, to the character, and read back.

Layout: ``nodes`` in topological order, each with ``op`` (``null`` for a variable), ``name``, ``attrs`` (sorted) and
``inputs`` as ``[node, output, version]``; ``arg_nodes`` (all variables), ``node_row_ptr`` (running count of outputs),
``heads`` and the version that wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from .._ops.registry import get
from ..base import MXNetError
from .node import HIDDEN_KEYS, Entry, Node, state_inputs, topological_order

#: A file may not claim more outputs of one node than this.
_MOST_OUTPUTS = 100_000

#: Nor may graphs of control flow lie deeper inside each other.
_MOST_DEPTH = 50

_VERSION = 10901  # the MXNet release whose format this is


def dump(heads: Sequence[Entry]) -> str:
    """Return the JSON text of the graph with these heads."""
    parts = _dump_graph(heads, {})
    parts["attrs"] = f'{{"mxnet_version": ["int", {_VERSION}]}}'
    return _dump_parts(parts)


def _dump_parts(parts: Mapping[str, str]) -> str:
    return "{\n  " + ", \n  ".join(f'"{key}": {text}' for key, text in parts.items()) + "\n}"


def _dump_graph(heads: Sequence[Entry], written: dict[int, int]) -> dict[str, str]:
    """Return the parts of a graph; `written` counts, for each state, how many operators so far write to it."""
    order = topological_order(heads)
    number = {id(node): i for i, node in enumerate(order)}
    rows = [0]
    nodes: list[str] = []
    for node in order:
        lines = [f'"op": {_quote(node.operator.name if node.operator else "null")}', f'"name": {_quote(node.name)}']
        if node.attributes:
            lines.append(f'"attrs": {_dump_attributes(node.attributes)}')
        _count_writes(node, written)
        subgraphs = _dump_subgraphs(node, written)
        inputs = [f"[{number[id(e.node)]}, {e.index}, {written.get(id(e.node), 0)}]" for e in node.inputs]
        lines.append(f'"inputs": {_dump_list(inputs, indent=6)}')
        if subgraphs:
            text = ", \n".join(subgraphs).replace("\n", "\n        ")
            lines.append(f'"subgraphs": [\n        {text}\n      ]')
        nodes.append("    {\n      " + ", \n      ".join(lines) + "\n    }")
        rows.append(rows[-1] + _written_outputs(node))
    return {
        "nodes": "[\n" + ", \n".join(nodes) + "\n  ]",
        "arg_nodes": _dump_list([str(i) for i, node in enumerate(order) if node.operator is None]),
        "node_row_ptr": _dump_list([str(row) for row in rows]),
        "heads": _dump_list([f"[{number[id(e.node)]}, {e.index}, {written.get(id(e.node), 0)}]" for e in heads]),
    }


def _dump_subgraphs(node: Node, written: dict[int, int]) -> list[str]:
    """Return the text of a node's subgraphs; what they write to counts for the node's inputs."""
    if not node.subgraphs:
        return []
    assert node.operator is not None
    assert node.operator.wiring is not None
    texts: list[str] = []
    for graph, wiring in zip(node.subgraphs, node.operator.wiring(node.values)):
        inside = dict(written)
        texts.append(_dump_parts(_dump_graph(graph, inside)))
        variables = [below for below in topological_order(graph) if below.operator is None]
        for variable, (number, _) in zip(variables, wiring.inputs):
            if id(variable) in inside:
                written[id(node.inputs[number].node)] = inside[id(variable)]
    return texts


#: Operators for which MXNet counts outputs that nobody sees and that are not computed here: masks, indices, statistics.
_WRITTEN_OUTPUTS = {"BilinearSampler": 2, "CTCLoss": 2, "Correlation": 3, "Dropout": 2, "GridGenerator": 2,
                    "GroupNorm": 3, "InstanceNorm": 3, "L2Normalization": 2, "LRN": 2, "LayerNorm": 3,
                    "SpatialTransformer": 3, "_contrib_BatchNormWithReLU": 4, "_contrib_DeformablePSROIPooling": 2,
                    "_contrib_MultiProposal": 2, "_contrib_Proposal": 2, "_contrib_box_nms": 2, "_linalg_det": 3,
                    "_linalg_slogdet": 4, "sort": 2}  # fmt: skip


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
    for entry in state_inputs(node):
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
    return _load_graph(graph, source, 0)


def _load_graph(graph: Any, source: str, depth: int) -> list[Entry]:
    if depth > _MOST_DEPTH:
        raise MXNetError(f"{source}: more than {_MOST_DEPTH} graphs inside each other")
    if not isinstance(graph, dict) or not isinstance(graph.get("nodes"), list) or "heads" not in graph:
        raise MXNetError(f"{source}: not a symbol file: expected an object with 'nodes' and 'heads'")
    graph = cast("dict[str, Any]", graph)
    if not isinstance(graph["heads"], list):
        raise MXNetError(f"{source}: 'heads' is {str(graph['heads'])[:80]}, expected a list")
    nodes: list[Node] = []
    for position, record in enumerate(graph["nodes"]):
        nodes.append(_load_node(record, nodes, f"{source}: node {position}", depth))
    heads = [_entry(head, nodes, f"{source}: head {i}") for i, head in enumerate(graph["heads"])]
    if not heads:
        raise MXNetError(f"{source}: the graph has no heads")
    return heads


def _load_node(record: Any, nodes: list[Node], place: str, depth: int) -> Node:
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
    found = record.get("subgraphs", [])
    if not isinstance(found, list) or len(found) != len(operator.subgraphs):
        raise MXNetError(
            f"{place} ({name!r}): operator {operator.name} holds {len(operator.subgraphs)} subgraphs, "
            f"'subgraphs' is {str(found)[:80]}"
        )
    subgraphs = [
        _load_graph(graph, f"{place} ({name!r}): {inner}", depth + 1) for inner, graph in zip(operator.subgraphs, found)
    ]
    node = Node(operator, name, attributes, entries, subgraphs)
    for key in ("num_outputs", "sections", "num_weights"):  # outputs are counted out one by one
        if key in operator.attributes and node.values[key] > _MOST_OUTPUTS:
            raise MXNetError(f"{place} ({name!r}): {key} is {node.values[key]}; at most {_MOST_OUTPUTS} are read")
    if operator.variadic is not None and node.values[operator.variadic] != len(entries) + len(subgraphs):
        raise MXNetError(
            f"{place} ({name!r}): {operator.variadic} is {node.values[operator.variadic]}, "
            f"the file gives {len(entries)} inputs" + (f" and {len(subgraphs)} subgraphs" if subgraphs else "")
        )
    if operator.wiring is not None:
        _check_wiring(node, f"{place} ({name!r})")
    expected = len(node.input_names())
    if len(entries) != expected:
        raise MXNetError(
            f"{place} ({name!r}): operator {operator.name} takes {expected} inputs "
            f"({', '.join(node.input_names())}), the file gives {len(entries)}"
        )
    return node


def _check_wiring(node: Node, place: str) -> None:
    """Refuse numbers that point outside a node's inputs and outputs or its subgraphs' variables and outputs."""
    assert node.operator is not None
    assert node.operator.wiring is not None
    try:
        wirings = node.operator.wiring(node.values)
    except (ValueError, IndexError) as error:
        raise MXNetError(f"{place}: {error}") from None
    outputs = len(node.operator.outputs(node.values))
    for name, graph, wiring in zip(node.operator.subgraphs, node.subgraphs, wirings):
        variables = sum(below.operator is None for below in topological_order(graph))
        right = len(wiring.inputs) == variables and len(wiring.outputs) <= len(graph)
        right = right and all(0 <= number < len(node.inputs) for number, _ in wiring.inputs)
        if not right or not all(0 <= number < outputs for number, _ in wiring.outputs):
            raise MXNetError(
                f"{place}: subgraph {name!r} has {variables} variables and {len(graph)} outputs, the node "
                f"{len(node.inputs)} inputs and {outputs} outputs; its attributes do not fit: {node.attributes}"
            )


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
