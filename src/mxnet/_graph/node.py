"""The graph of a symbol: nodes that hold an operator and refer to the outputs of other nodes.

Every walk here is iterative: graphs of tens of thousands of nodes in a row are ordinary (unrolled recurrent nets).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .._ops.registry import Operator
from ..base import MXNetError

#: Attributes that MXNet keeps as ``__key__`` and that are not an operator's own.
HIDDEN_KEYS = ("ctx_group", "lr_mult", "wd_mult", "force_mirroring", "mirror_stage", "profiler_scope")


#: No operator makes more input variables of its own than this: `num_args` may come from an untrusted file.
_MOST_VARIABLES = 10_000


class Node:
    """A variable (`operator` is None) or one application of an operator.

    `attributes` holds the strings a user wrote, hidden ``__key__`` ones included; `values` the parsed attributes of the
    operator, made when first asked for. `subgraphs` holds the heads of the graphs that a node of control flow runs.
    """

    __slots__ = ("_values", "attributes", "inputs", "name", "operator", "subgraphs")

    def __init__(
        self,
        operator: Operator | None,
        name: str,
        attributes: dict[str, str],
        inputs: list[Entry] | None = None,
        subgraphs: Sequence[Sequence[Entry]] = (),
    ) -> None:
        self.operator = operator
        self.name = name
        self.attributes = attributes
        self.inputs: list[Entry] = inputs if inputs is not None else []
        self.subgraphs = subgraphs
        self._values: dict[str, Any] | None = None

    def copy(self, inputs: list[Entry], attributes: dict[str, str] | None = None) -> Node:
        """Return a node like this one on other inputs, with other attributes if they are given."""
        if attributes is not None:
            return Node(self.operator, self.name, attributes, inputs, self.subgraphs)
        found = Node(self.operator, self.name, self.attributes, inputs, self.subgraphs)
        found._values = self._values  # those of a node that a pass made do not follow from its attributes
        return found

    @property
    def values(self) -> dict[str, Any]:
        """The operator's parsed attributes."""
        if self._values is None:
            self._values = self.parse()
        return self._values

    def parse(self) -> dict[str, Any]:
        """Parse the attributes; MXNetError names the operator and the node."""
        assert self.operator is not None
        own = {key: text for key, text in self.attributes.items() if is_own(self.operator, key)}
        try:
            return self.operator.parse(own)
        except ValueError as error:
            raise MXNetError(f"operator {self.operator.name}, node {self.name!r}: {error}") from None

    @property
    def output_count(self) -> int:
        """How many outputs a user sees."""
        return 1 if self.operator is None else self.operator.visible_outputs(self.values)

    def output_name(self, index: int) -> str:
        """Return MXNet's name of one output: ``fc1_output``; a variable's own name."""
        if self.operator is None:
            return self.name
        return f"{self.name}_{self.operator.outputs(self.values)[index]}"

    def input_names(self) -> tuple[str, ...]:
        """Return the names of the inputs that exist under this node's attributes."""
        assert self.operator is not None
        return self.operator.input_names(self.values)

    def __repr__(self) -> str:
        return f"<Node {self.name}: {self.operator.name if self.operator else 'variable'}>"


class Entry(NamedTuple):
    """One output of a node."""

    node: Node
    index: int  # pyright: ignore[reportIncompatibleMethodOverride] - tuple.index is not used


def is_hidden(key: str) -> bool:
    """Return whether an attribute is for MXNet or the user, not for the operator."""
    return key.startswith("__") and key.endswith("__")


def is_own(operator: Operator, key: str) -> bool:
    """Return whether an attribute belongs to an operator."""
    return key in operator.attributes or (operator.open_attributes and not is_hidden(key))


def check_attributes(node: Node) -> None:
    """Refuse attributes that are neither the operator's nor hidden (``__anything__``)."""
    assert node.operator is not None
    for key in node.attributes:
        if not is_own(node.operator, key) and not is_hidden(key):
            raise MXNetError(
                f"operator {node.operator.name}, node {node.name!r}: {node.operator.unknown_attribute(key)}"
            )


def topological_order(heads: Iterable[Entry]) -> list[Node]:
    """Return every node that the heads need, inputs first, in the depth-first order that MXNet numbers nodes in."""
    order: list[Node] = []
    seen: set[int] = set()
    for head in heads:
        if id(head.node) in seen:
            continue
        seen.add(id(head.node))
        stack: list[tuple[Node, int]] = [(head.node, 0)]
        while stack:
            node, position = stack.pop()
            inputs = node.inputs
            while position < len(inputs):
                below = inputs[position].node
                position += 1
                if id(below) not in seen:
                    seen.add(id(below))
                    stack.append((node, position))
                    stack.append((below, 0))
                    break
            else:
                order.append(node)
    return order


def state_inputs(node: Node) -> list[Entry]:
    """Return the inputs that the node's operator uses as auxiliary states."""
    if node.operator is None or not node.operator.auxiliary:
        return []
    states = node.operator.auxiliary_names(node.values)
    return [entry for name, entry in zip(node.input_names(), node.inputs) if name in states]


def auxiliary_nodes(order: Iterable[Node]) -> set[int]:
    """Return the ids of the variables that operators use as auxiliary states."""
    found: set[int] = set()
    for node in order:
        found.update(id(entry.node) for entry in state_inputs(node))
    return found


def copy_graph(
    heads: Sequence[Entry], replace: Callable[[Node], Entry | None] | Mapping[int, Entry] | None = None
) -> list[Entry]:
    """Return the heads of a copied graph; `replace` may give another entry for a variable."""
    if isinstance(replace, Mapping):
        table = replace
        replace = lambda node: table.get(id(node))  # noqa: E731
    copies: dict[int, Node | Entry] = {}

    def moved(entry: Entry) -> Entry:
        found = copies[id(entry.node)]
        return found if isinstance(found, Entry) else Entry(found, entry.index)

    for node in topological_order(heads):
        other = replace(node) if replace is not None and node.operator is None else None
        if other is not None:
            copies[id(node)] = other
            continue
        copies[id(node)] = node.copy([moved(e) for e in node.inputs], dict(node.attributes))
    return [moved(head) for head in heads]


def apply(
    operator: Operator,
    name: str,
    attributes: dict[str, str],
    inputs: Mapping[str, Entry] | Sequence[Entry],
) -> Node:
    """Return a new node. Inputs that are missing become variables called ``name_input``, as in MXNet.

    A variadic operator takes a sequence; every other one a mapping from input names.
    """
    node = Node(operator, name, attributes)
    check_attributes(node)
    if operator.variadic is not None:
        assert isinstance(inputs, Sequence)
        attributes.setdefault(operator.variadic, str(len(inputs)))
        wanted = node.values[operator.variadic]
        names = node.input_names() if wanted <= _MOST_VARIABLES else ()
        missing = names[len(inputs) :]
        node.inputs = [*inputs, *(Entry(Node(None, f"{name}_{m}", dict(attributes)), 0) for m in missing)]
        if len(names) != len(node.inputs):
            raise MXNetError(
                f"operator {operator.name}, node {name!r}: {operator.variadic}={wanted} but {len(inputs)} inputs came"
            )
        return node
    assert isinstance(inputs, Mapping)
    names = node.input_names()
    for given in inputs:
        if given not in names:
            raise MXNetError(
                f"operator {operator.name}, node {name!r}: no input {given!r} under these attributes; "
                f"it takes {', '.join(names) or 'none'}"
            )
    for wanted in names:
        entry = inputs.get(wanted)
        if entry is None:
            made = dict(attributes)
            entry = Entry(Node(None, f"{name}_{wanted}", made), 0)
        if wanted in operator.input_init and entry.node.operator is None:
            entry.node.attributes.setdefault("__init__", operator.input_init[wanted])
        node.inputs.append(entry)
    return node
