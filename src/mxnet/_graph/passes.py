"""Small functions from graphs to graphs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence

from .._ops.pooling import MAX_WITH_PLACES as MAX
from .._ops.recurrent import APART, pieces
from .._ops.registry import get
from .node import Entry, Node, topological_order


def place(heads: Sequence[Entry], place_of: Callable[[Node], Hashable]) -> tuple[list[Entry], dict[int, Hashable]]:
    """Insert a ``_CrossDeviceCopy`` wherever a node and an input of it have different places.

    Returns
    -------
    heads : the heads of a new graph
    places : the place of every new node, by its id
    """
    copies: dict[int, Node] = {}
    crossings: dict[tuple[int, int, Hashable], Node] = {}
    places: dict[int, Hashable] = {}
    for node in topological_order(heads):
        here = place_of(node)
        inputs: list[Entry] = []
        for below, index in node.inputs:
            moved = copies[id(below)]
            if places[id(moved)] == here:
                inputs.append(Entry(moved, index))
                continue
            key = (id(below), index, here)
            if key not in crossings:
                crossing = Node(get("_CrossDeviceCopy"), f"{below.name}_copy", {}, [Entry(moved, index)])
                crossings[key] = crossing
                places[id(crossing)] = here
            inputs.append(Entry(crossings[key], 0))
        copy = copies[id(node)] = node.copy(inputs)
        places[id(copy)] = here
    return [Entry(copies[id(node)], index) for node, index in heads], places


#: What automatic mixed precision puts into a graph.
AMP_CASTS = frozenset({"amp_cast", "amp_multicast"})


def without_operators(entries: Sequence[Entry], names: Collection[str]) -> Sequence[Entry]:
    """Replace every output of the operators `names` by the input of the same number."""
    order = topological_order(entries)
    if not any(node.operator is not None and node.operator.name in names for node in order):
        return entries
    moved: dict[tuple[int, int], Entry] = {}

    def place(entry: Entry) -> Entry:
        return moved[(id(entry.node), entry.index)]

    for node in order:
        inputs = [place(entry) for entry in node.inputs]
        if node.operator is not None and node.operator.name in names:
            for index, entry in enumerate(inputs):
                moved[(id(node), index)] = entry
            continue
        copy = node.copy(inputs)
        for index in range(1 if node.operator is None else len(node.operator.outputs(node.values))):
            moved[(id(node), index)] = Entry(copy, index)
    return [place(entry) for entry in entries]


def has_open_shape(node: Node) -> bool:
    """Return whether a node makes an array whose shape it leaves to inference, such as ``zeros(shape=(0, 3))``."""
    if node.operator is None or not node.operator.creates or "shape" not in node.operator.attributes:
        return False
    shape = node.values["shape"]
    return not node.inputs and (not shape or 0 in shape)


def with_shapes(heads: Sequence[Entry], shape_of: Callable[[Entry], tuple[int, ...] | None]) -> list[Entry]:
    """Write the shapes that inference found into the nodes that left theirs open."""
    copies: dict[int, Node] = {}
    for node in topological_order(heads):
        inputs = [Entry(copies[id(below)], index) for below, index in node.inputs]
        attributes = node.attributes
        if has_open_shape(node):
            found = shape_of(Entry(node, 0))
            if found and 0 not in found:
                attributes = {**attributes, "shape": str(found)}
        copies[id(node)] = node.copy(inputs, attributes)
    return [Entry(copies[id(node)], index) for node, index in heads]


#: Activations that keep the order of numbers, whose gradient at equal results is the same for all of them.
_KEEPS_ORDER = frozenset({"relu", "sigmoid", "softrelu", "softsign", "tanh"})


def pool_first(heads: list[Entry], origins: dict[int, Node]) -> list[Entry]:
    """Swap an activation and a maximum over windows of it: fewer numbers are left for the activation.

    In `origins` is noted which node a new one, by its id, stands for.

    The order of numbers stays, so the largest stays the largest. Graphs of nodes that keep something from call to call
    are left alone: what they keep must not depend on who watches.
    """
    order = topological_order(heads)
    if not any(map(_is_maximum, order)) or any(node.operator is not None and node.operator.keeps for node in order):
        return heads
    uses = uses_of(heads, order)
    moved: dict[int, Node] = {}
    for node in order:
        inputs = [Entry(moved.get(id(entry.node), entry.node), entry.index) for entry in node.inputs]
        below = inputs[0].node if inputs else node
        if _is_maximum(node) and _is_activation(below) and uses[id(node.inputs[0].node)] == 1:
            pooled = node.copy(below.inputs)
            moved[id(node)] = below.copy([Entry(pooled, 0)])
            uses[id(moved[id(node)])] = uses[id(node)]
            origins[id(pooled)] = origins.get(id(node), node)
            origins[id(moved[id(node)])] = origins.get(id(below), below)
        elif any(new.node is not old.node for new, old in zip(inputs, node.inputs)):
            moved[id(node)] = node.copy(inputs)
            origins[id(moved[id(node)])] = origins.get(id(node), node)
    return [Entry(moved.get(id(node), node), index) for node, index in heads] if moved else heads


def uses_of(heads: Sequence[Entry], order: Sequence[Node]) -> dict[int, int]:
    """Return how often each node is read, by its id; a head counts, too."""
    uses: dict[int, int] = {}
    for entry in (*heads, *(entry for node in order for entry in node.inputs)):
        uses[id(entry.node)] = uses.get(id(entry.node), 0) + 1
    return uses


def _is_maximum(node: Node) -> bool:
    """Return whether a node takes the maximum of windows that all see some of its input."""
    if node.operator is None or node.operator.name != "Pooling" or node.values["pool_type"] != "max":
        return False
    inside = all(2 * pad <= kernel for pad, kernel in zip(node.values["pad"], node.values["kernel"]))
    return node.values["global_pool"] or (node.values["pooling_convention"] == "valid" and inside)


def _is_activation(node: Node) -> bool:
    if node.operator is None:
        return False
    if node.operator.name == "Activation":
        return node.values["act_type"] in _KEEPS_ORDER
    return node.operator.name in _KEEPS_ORDER


def pool_places(heads: list[Entry], origins: dict[int, Node]) -> list[Entry]:
    """Let poolings of the maxima of images note where these were: their gradient needs no more of the data."""
    return replaced(heads, origins, _pools_images, lambda node, inputs: Node(MAX, node.name, node.attributes, inputs))


def _pools_images(node: Node) -> bool:
    if node.operator is None or node.operator.name != "Pooling" or node.values["pool_type"] != "max":
        return False
    return (
        len(node.values["kernel"]) == 2 and not node.values["global_pool"] and node.values["layout"] in (None, "NCHW")
    )


def replaced(
    heads: list[Entry],
    origins: dict[int, Node],
    suits: Callable[[Node], bool],
    made: Callable[[Node, list[Entry]], Node],
) -> list[Entry]:
    """Put what `made` returns in the place of each node that `suits`."""
    order = topological_order(heads)
    if not any(suits(node) for node in order):
        return heads
    moved: dict[int, Node] = {}
    for node in order:
        inputs = [Entry(moved.get(id(entry.node), entry.node), entry.index) for entry in node.inputs]
        if suits(node):
            moved[id(node)] = made(node, inputs)
        elif any(new.node is not old.node for new, old in zip(inputs, node.inputs)):
            moved[id(node)] = node.copy(inputs)
        if id(node) in moved:
            origins[id(moved[id(node)])] = origins.get(id(node), node)
    return [Entry(moved.get(id(node), node), index) for node, index in heads] if moved else heads


def rnn_apart(heads: list[Entry], origins: dict[int, Node]) -> list[Entry]:
    """Hand recurrent layers the parameters that the graph puts into a vector: two copies of all of them less.

    In `origins` is noted which node a new one, by its id, stands for.
    """

    def made(node: Node, inputs: list[Entry]) -> Node:
        parts = [_unflattened(entry) for entry in inputs[1].node.inputs]
        return Node(APART, node.name, node.attributes, [inputs[0], *parts, *inputs[2:]])

    return replaced(heads, origins, _takes_vector, made)


def _takes_vector(node: Node) -> bool:
    """Return whether a node is recurrent layers on a vector that another node makes of as many pieces."""
    if node.operator is None or node.operator.name != "RNN" or len(node.inputs) < 3:
        return False
    below = node.inputs[1].node
    if below.operator is None or below.operator.name != "_rnn_param_concat":
        return False
    return below.values["dim"] == 0 and len(below.inputs) == len(pieces(node.values))


def _unflattened(entry: Entry) -> Entry:
    """Return what an entry is the vector of, if it is one."""
    node = entry.node
    if node.operator is None or node.operator.name != "Reshape" or tuple(node.values["shape"]) != (-1,):
        return entry
    return node.inputs[0]


def common(heads: list[Entry], origins: dict[int, Node]) -> list[Entry]:
    """Compute once what nodes with the same operator, attributes and inputs compute.

    Heads stay apart, as each is an array of its own; so does what draws, keeps something or writes to its inputs.
    """
    apart = {id(entry.node) for entry in heads}
    first: dict[Hashable, Node] = {}  # by operator and inputs
    groups: dict[Hashable, dict[Hashable, Node]] = {}  # where there are several: by attributes, too
    moved: dict[int, Node] = {}
    for node in topological_order(heads):
        inputs = [Entry(moved.get(id(entry.node), entry.node), entry.index) for entry in node.inputs]
        operator = node.operator
        if operator is not None and id(node) not in apart and _is_pure(node):
            key = (operator.name, *((id(entry.node), entry.index) for entry in inputs))
            if key in first:
                group = groups.get(key) or groups.setdefault(key, {_values_of(first[key]): first[key]})
                alike = group.get(_values_of(node))
                if alike is not None:
                    moved[id(node)] = alike
                    continue
        else:
            key = None
        if any(new.node is not old.node for new, old in zip(inputs, node.inputs)):
            moved[id(node)] = node.copy(inputs)
            origins[id(moved[id(node)])] = origins.get(id(node), node)
        if key is not None:
            kept = moved.get(id(node), node)
            if first.setdefault(key, kept) is not kept:
                groups[key][_values_of(kept)] = kept
    return [Entry(moved.get(id(node), node), index) for node, index in heads] if moved else heads


def _values_of(node: Node) -> Hashable:
    """Return attributes and place; the kind of a value counts, too, as 1 and 1.0 and True are equal."""
    values = tuple((name, type(value), repr(value)) for name, value in sorted(node.values.items()))
    return values, node.attributes.get("__ctx_group__")


def _is_pure(node: Node) -> bool:
    """Return whether a node's outputs follow from its inputs and attributes, and nothing else happens."""
    operator = node.operator
    assert operator is not None
    stateful = operator.random or operator.keeps or operator.mutates or operator.subgraphs or operator.creates
    return not stateful and not operator.auxiliary_names(node.values) and not operator.is_loss(node.values)
