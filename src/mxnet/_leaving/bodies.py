"""Graphs inside of nodes, made ready for writing: what is a parameter of the module outside is it inside, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .._graph.node import Entry, Node, topological_order


@dataclass
class Body:
    """One graph inside of a node.

    Attributes
    ----------
    kind : str
        What it is for the operator: ``step``, ``condition``, ``then`` ...
    heads : list of Entry
        Its outputs.
    order : list of Node
        Its nodes, inputs first.
    variables : list of Node or None
        Its variables; None for one that is a parameter of the module.
    originals : dict of int to Node
        The node of the operator's own graph for each node of this one, by id.
    """

    kind: str
    heads: list[Entry]
    order: list[Node]
    variables: list[Node | None]
    originals: dict[int, Node]


_KINDS = {"_foreach": ("step",), "_while_loop": ("condition", "step"), "_cond": ("condition", "then", "otherwise")}


def bodies_of(node: Node, parameters: Mapping[str, Node]) -> list[Body]:
    """Return copies of the graphs inside of a node, which read the module's parameters themselves.

    Parameters
    ----------
    node : Node
        A loop or a branch.
    parameters : mapping from name to Node
        The variables that are parameters of the module.
    """
    assert node.operator is not None
    kinds = _KINDS[node.operator.name]
    return [
        _copied(kind, graph, [node.inputs[place].node for place in places], parameters)
        for kind, graph, places in zip(kinds, node.subgraphs, _places(node))
    ]


def _places(node: Node) -> list[list[int]]:
    """Return for each graph the inputs of the node that its variables are."""
    assert node.operator is not None
    assert node.operator.wiring is not None
    return [[number for number, _ in wiring.inputs] for wiring in node.operator.wiring(node.values)]


def _copied(kind: str, heads: Sequence[Entry], given: Sequence[Node], parameters: Mapping[str, Node]) -> Body:
    copies: dict[int, Node] = {}
    originals: dict[int, Node] = {}
    variables: list[Node | None] = []
    outside = iter(given)
    for node in topological_order(heads):
        if node.operator is None:
            other = next(outside)
            known = parameters.get(other.name) is other
            copy = other if known else Node(None, node.name, node.attributes)
            variables.append(None if known else copy)
        else:
            copy = node.copy([Entry(copies[id(entry.node)], entry.index) for entry in node.inputs])
        copies[id(node)] = copy
        if copy.operator is not None or variables[-1] is copy:
            originals[id(copy)] = node
    inside = [Entry(copies[id(entry.node)], entry.index) for entry in heads]
    return Body(kind, inside, topological_order(inside), variables, originals)
