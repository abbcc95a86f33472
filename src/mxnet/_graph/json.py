"""MXNet's JSON form of a graph: written as MXNet 1.9.1 writes it, to the character, and read back.

Layout: ``nodes`` in topological order, each with ``op`` (``null`` for a variable), ``name``, ``attrs`` (sorted) and
``inputs`` as ``[node, output, version]``; ``arg_nodes`` (all variables), ``node_row_ptr`` (running count of outputs),
``heads`` and the version that wrote it. Older versions wrote less, and elsewhere: see `upgrades`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

from .._ops.registry import Operator, get, is_registered
from ..base import MXNetError
from .collector import held_back
from .node import Entry, Node, check_attributes, state_inputs, topological_order
from .upgrades import VERSION, upgrade_attributes, upgrade_inputs, version_of

#: A file may not claim more outputs of one node than this.
_MOST_OUTPUTS = 100_000

#: Attributes that say how many: these are counted out one by one.
_COUNTS = ("num_outputs", "sections", "num_weights")

#: Nor may graphs of control flow lie deeper inside each other.
_MOST_DEPTH = 50

#: How many inputs may be made in all for the nodes of an old file; BatchNorm lacks two, an RNN three.
_GRANT = 10_000

_MANY = 1000  # nodes, where it is not known how many there are
_MOST_SAID = 1000  # characters of a message that may quote the file

_log = logging.getLogger(__name__)


def dump(heads: Sequence[Entry]) -> str:
    """Return the JSON text of the graph with these heads."""
    with held_back(_MANY):
        parts = _dump_graph(heads, {}, topological_order(heads))
    parts["attrs"] = f'{{"mxnet_version": ["int", {VERSION}]}}'
    return _dump_parts(parts)


def _dump_parts(parts: Mapping[str, str]) -> str:
    return "{\n  " + ", \n  ".join(f'"{key}": {text}' for key, text in parts.items()) + "\n}"


def _dump_graph(heads: Sequence[Entry], written: dict[int, int], order: Sequence[Node]) -> dict[str, str]:
    """Return the parts of a graph; `written` counts, for each state, how many operators so far write to it."""
    number = {id(node): i for i, node in enumerate(order)}
    rows = [0]
    nodes: list[str] = []
    for node in order:
        if node.operator is not None and not is_registered(node.operator):
            raise MXNetError(
                f"node {node.name!r} runs {node.operator.name}, which lives in this process only: a file cannot hold it"
            )
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
        order = topological_order(graph)
        texts.append(_dump_parts(_dump_graph(graph, inside, order)))
        variables = [below for below in order if below.operator is None]
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
    with held_back(len(text) // 100):  # about as many characters stand for a node
        return _load(text, source)


def _load(text: str, source: str) -> list[Entry]:
    try:
        graph = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of thousands of digits
        raise MXNetError(f"{source}: not a symbol file: {error}") from None
    version = version_of(cast("dict[str, Any]", graph), source) if isinstance(graph, dict) else VERSION
    if version > VERSION:
        _log.warning(
            "%s: written by MXNet version %d, which is newer than the %d that is known here", source, version, VERSION
        )
    return _Loader(source, version).graph(graph, 0)


class _Loader:
    """Reads one file."""

    def __init__(self, source: str, version: int) -> None:
        self.source = source
        self.version = version
        self.made = _GRANT  # how many more inputs may be made for nodes that lack them
        self.counted = 0  # outputs of all nodes that others refer to

    def graph(self, graph: Any, depth: int, source: str | None = None) -> list[Entry]:
        """Return the heads of a graph."""
        source = source or self.source
        if depth > _MOST_DEPTH:
            raise MXNetError(f"{source}: more than {_MOST_DEPTH} graphs inside each other")
        if not isinstance(graph, dict) or not isinstance(graph.get("nodes"), list) or "heads" not in graph:
            raise MXNetError(f"{source}: not a symbol file: expected an object with 'nodes' and 'heads'")
        graph = cast("dict[str, Any]", graph)
        if not isinstance(graph["heads"], list):
            raise MXNetError(f"{source}: 'heads' is {str(graph['heads'])[:80]}, expected a list")
        nodes: list[Node] = []
        counts: list[int | None] = [None] * len(graph["nodes"])
        for position, record in enumerate(graph["nodes"]):
            nodes.append(self.node(record, nodes, counts, f"{source}: node {position}", depth))
        heads = [self.entry(head, nodes, counts, f"{source}: head {i}") for i, head in enumerate(graph["heads"])]
        if not heads:
            raise MXNetError(f"{source}: the graph has no heads")
        return heads

    def node(self, record: Any, nodes: list[Node], counts: list[int | None], place: str, depth: int) -> Node:
        """Return one node of a graph, of which the `nodes` before it are known."""
        kind, name = (record.get("op"), record.get("name")) if isinstance(record, dict) else (None, None)
        if not isinstance(kind, str) or not isinstance(name, str):
            raise MXNetError(f"{place}: expected an object with the strings 'op' and 'name', found {str(record)[:80]}")
        place = f"{place} ({name[:100]!r})"
        attributes, loose = _load_attributes(record, place)
        inputs = record.get("inputs", [])
        if not isinstance(inputs, list):
            raise MXNetError(f"{place}: 'inputs' is {str(inputs)[:80]}, expected a list")
        entries = [self.entry(item, nodes, counts, place) for item in inputs]
        if not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name):
            raise MXNetError(f"{place}: the name is no Unicode text")
        operator = None
        if kind != "null":
            try:
                operator = get(kind)
            except KeyError as error:
                raise MXNetError(f"{place}: {error.args[0]}") from None
        elif entries:
            raise MXNetError(f"{place}: a variable has no inputs, the file gives {len(entries)}")
        upgrade_attributes(operator, attributes, self.version, loose)
        node = Node(operator, name, attributes, entries)
        if operator is None:
            return node
        if operator.subgraphs or "subgraphs" in record:
            node.subgraphs = self.subgraphs(operator, record.get("subgraphs", []), place, depth)
        try:
            self.complete(node)
        except MXNetError as error:
            raise MXNetError(f"{place}: {str(error)[:_MOST_SAID]}") from None
        if operator.wiring is not None:
            _check_wiring(node, place)
        names = node.input_names()
        if len(node.inputs) != len(names):
            raise MXNetError(
                f"{place}: operator {operator.name} takes {len(names)} inputs "
                f"({', '.join(names)[:_MOST_SAID]}), the file gives {len(node.inputs)}"
            )
        return node

    def subgraphs(self, operator: Operator, found: Any, place: str, depth: int) -> list[list[Entry]]:
        """Return the graphs that a node of control flow holds."""
        if not isinstance(found, list) or len(cast("list[Any]", found)) != len(operator.subgraphs):
            raise MXNetError(
                f"{place}: operator {operator.name} holds {len(operator.subgraphs)} subgraphs, "
                f"'subgraphs' is {str(found)[:80]}"
            )
        return [self.graph(graph, depth + 1, f"{place}: {inner}") for inner, graph in zip(operator.subgraphs, found)]

    def complete(self, node: Node) -> None:
        """Check a node's attributes and give it the inputs that older files leave out."""
        operator = node.operator
        assert operator is not None
        values = node.values
        for key in _COUNTS:
            if key in operator.attributes and values[key] > _MOST_OUTPUTS:
                raise MXNetError(f"{key} is {values[key]}; at most {_MOST_OUTPUTS} are read")
        if operator.variadic is not None and values[operator.variadic] > len(node.inputs) + self.made:
            self.check_count(node)
        self.made -= upgrade_inputs(node, self.version, self.made)
        if operator.variadic is not None:
            self.check_count(node)
        if operator.attributes:  # MXNet does not look at those of an operator without any
            check_attributes(node)

    def check_count(self, node: Node) -> None:
        """Refuse a number of inputs that is not the one that an attribute says."""
        assert node.operator is not None
        assert node.operator.variadic is not None
        wanted = node.values[node.operator.variadic]
        if wanted != len(node.inputs) + len(node.subgraphs):
            raise MXNetError(
                f"{node.operator.variadic} is {wanted}, the file gives {len(node.inputs)} inputs"
                + (f" and {len(node.subgraphs)} subgraphs" if node.subgraphs else "")
            )

    def entry(self, item: Any, nodes: list[Node], counts: list[int | None], place: str) -> Entry:
        """Return what [node, output] or [node, output, version] refers to; `counts` are the outputs of nodes."""
        if not isinstance(item, list) or not 2 <= len(item) <= 3 or any(type(number) is not int for number in item):
            raise MXNetError(f"{place}: expected [node, output, version], found {str(item)[:80]}")
        number: int = item[0]
        index: int = item[1]
        if not 0 <= number < len(nodes):
            known = f"only nodes 0 to {len(nodes) - 1} come before it" if nodes else "no node comes before it"
            raise MXNetError(f"{place}: refers to node {number}, but {known}")
        node, count = nodes[number], counts[number]
        if count is None:
            counts[number] = count = 1 if node.operator is None else len(node.operator.outputs(node.values))
            self.counted += count
            if self.counted > 10 * _MOST_OUTPUTS + len(nodes):
                raise MXNetError(f"{place}: the nodes so far have {self.counted} outputs, more than any file needs")
        if not 0 <= index < count:
            raise MXNetError(f"{place}: refers to output {index} of node {node.name[:100]!r}, which has {count}")
        return Entry(node, index)


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


def _load_attributes(record: dict[str, Any], place: str) -> tuple[dict[str, str], bool]:
    """Return a node's attributes, and whether a user's own may be among them.

    They stand in ``attrs``. Versions before 1.0 called it ``attr``; those before 0.9 wrote there what a user had added,
    and the operator's own in ``param``.
    """
    attributes: dict[str, str] = {}
    for section in ("param", "attrs" if "attrs" in record else "attr"):
        found = record.get(section) or {}
        if not isinstance(found, dict):
            raise MXNetError(f"{place}: {section!r} is {str(found)[:80]}, expected an object of strings")
        for key, value in cast("dict[str, Any]", found).items():
            if not isinstance(value, str):
                raise MXNetError(f"{place}: attribute {key!r} is {str(value)[:80]}, expected a string")
            attributes[key] = value
    return attributes, "param" in record
