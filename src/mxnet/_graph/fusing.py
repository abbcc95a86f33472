"""The pass that fuses convolutions with what follows them, in graphs that only predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .._ops.fused_convolution import FUSED, Fused, available
from .node import Entry, Node, topological_order

#: Activations of `Activation` by oneDNN's names.
_ACTIVATIONS = {"relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh"}
_SUMS = frozenset({"elemwise_add"})


def fuse_convolutions(heads: list[Entry], origins: dict[int, Node]) -> list[Entry]:
    """Make one node of each Convolution and the BatchNorm, sum and activation after it that read nothing else.

    In `origins` is noted which node a new one, by its id, stands for.

    Examples
    --------
    data ──► Convolution ──► BatchNorm ──► elemwise_add ──► relu      becomes      data, other ──► one
                                other ──────┘
    """
    if not available():
        return heads
    order = topological_order(heads)
    users = _users(order, heads)
    chains = [chain for node in order if _is_convolution(node) for chain in _chain(node, users)]
    if not chains:
        return heads
    return _replaced(heads, order, _without_overlap(chains), origins)


class _Chain:
    """A convolution and the nodes after it that become one."""

    def __init__(self, convolution: Node) -> None:
        self.nodes = [convolution]
        self.norm: Node | None = None
        self.sum: Node | None = None
        self.other: Entry | None = None
        self.activation: tuple[str, list[float]] | None = None

    @property
    def last(self) -> Node:
        return self.nodes[-1]


def _users(order: Sequence[Node], heads: Sequence[Entry]) -> Mapping[tuple[int, int], list[Node | None]]:
    """Return who reads each value; None stands for a head."""
    users: dict[tuple[int, int], list[Node | None]] = {}
    for node in order:
        for entry in node.inputs:
            users.setdefault((id(entry.node), entry.index), []).append(node)
    for entry in heads:
        users.setdefault((id(entry.node), entry.index), []).append(None)
    return users


def _is_convolution(node: Node) -> bool:
    if node.operator is None or node.operator.name != "Convolution":
        return False
    return len(node.values["kernel"]) == 2 and node.values["layout"] in (None, "NCHW")


def _only_user(node: Node, users: Mapping[tuple[int, int], list[Node | None]]) -> Node | None:
    """Return the one node that reads a node's first output, if nothing else is read."""
    assert node.operator is not None
    if any((id(node), index) in users for index in range(1, len(node.operator.outputs(node.values)))):
        return None
    found = users.get((id(node), 0), [])
    return found[0] if len(found) == 1 else None


def _chain(node: Node, users: Mapping[tuple[int, int], list[Node | None]]) -> list[_Chain]:
    chain = _Chain(node)
    following = _only_user(node, users)
    if following is not None and _normalizes(following, node):
        chain.norm = following
        chain.nodes.append(following)
        following = _only_user(following, users)
    if following is not None and following.operator is not None and following.operator.name in _SUMS:
        others = [entry for entry in following.inputs if entry.node is not chain.last]
        if len(others) == 1:
            chain.sum, chain.other = following, others[0]
            chain.nodes.append(following)
            following = _only_user(following, users)
    activation = None if following is None else _activation(following)
    if following is not None and activation is not None and (chain.sum is None or activation[0] == "relu"):
        chain.activation = activation  # after a sum, oneDNN has no other
        chain.nodes.append(following)
    return [chain] if len(chain.nodes) > 1 else []


def _normalizes(node: Node, convolution: Node) -> bool:
    if node.operator is None or node.operator.name != "BatchNorm" or node.inputs[0].node is not convolution:
        return False
    return node.values["axis"] == 1 and not node.values["output_mean_var"]


def _activation(node: Node) -> tuple[str, list[float]] | None:
    """Return oneDNN's name and numbers of an activation, None if it has none."""
    assert node.operator is not None
    name, values = node.operator.name, node.values
    if name == "Activation":
        name = values["act_type"]
    if name in _ACTIVATIONS:
        return _ACTIVATIONS[name], []
    if name == "clip":
        return "hardtanh", [float(values["a_min"]), float(values["a_max"])]
    if name == "LeakyReLU" and values["act_type"] == "leaky":
        return "leaky_relu", [float(values["slope"])]
    return None


def _without_overlap(chains: Sequence[_Chain]) -> list[_Chain]:
    """Return chains of which no two have a node in common: of two convolutions that are added, one takes the sum."""
    taken: set[int] = set()
    found: list[_Chain] = []
    for chain in chains:
        if any(id(node) in taken for node in chain.nodes):
            short = [node for node in chain.nodes if id(node) not in taken]
            chain.nodes, chain.sum, chain.other, chain.activation = short, None, None, None
            if len(short) < 2:
                continue
        taken.update(map(id, chain.nodes))
        found.append(chain)
    return found


def _replaced(
    heads: Sequence[Entry], order: Sequence[Node], chains: Sequence[_Chain], origins: dict[int, Node]
) -> list[Entry]:
    by_last = {id(chain.last): chain for chain in chains}
    inside = {id(node) for chain in chains for node in chain.nodes}
    moved: dict[int, Node] = {}

    def place(entry: Entry) -> Entry:
        return Entry(moved.get(id(entry.node), entry.node), entry.index)

    for node in order:
        chain = by_last.get(id(node))
        if chain is not None:
            moved[id(node)] = _fused(chain, place)
        elif node.operator is not None and id(node) not in inside:
            inputs = [place(entry) for entry in node.inputs]
            if any(new.node is not old.node for new, old in zip(inputs, node.inputs)):
                moved[id(node)] = node.copy(inputs)
        if id(node) in moved:
            origins[id(moved[id(node)])] = origins.get(id(node), node)
    return [place(entry) for entry in heads]


def _fused(chain: _Chain, place: Any) -> Node:
    first = chain.nodes[0]
    cast = _cast(first)
    inputs = [place(first.inputs[0])]
    inputs += [place(entry if cast is None else entry.node.inputs[0]) for entry in first.inputs[1:]]
    if chain.norm is not None:
        inputs += [place(entry) for entry in chain.norm.inputs[1:]]
    if chain.other is not None:
        inputs.append(place(chain.other))
    after = None
    if chain.activation is not None:
        assert chain.last.operator is not None
        after = (chain.last.operator.function, dict(chain.last.values))
    spec = Fused(
        dict(first.values),
        None if chain.norm is None else dict(chain.norm.values),
        chain.sum is not None,
        chain.activation,
        after,
        cast,
    )
    node = Node(FUSED, first.name, {}, inputs)
    node._values = {"spec": spec}
    return node


def _cast(convolution: Node) -> torch.dtype | None:
    """Return the narrow dtype to which parameters are cast before a convolution, which then is done once."""
    casts = [entry.node for entry in convolution.inputs[1:]]
    if any(one.operator is None or one.operator.name != "amp_cast" or one.inputs[0].node.operator for one in casts):
        return None
    dtypes = {one.values["dtype"] for one in casts}
    return torch.bfloat16 if dtypes == {torch.bfloat16} else None
