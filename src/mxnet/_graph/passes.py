"""Small functions from graphs to graphs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

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
        copy = copies[id(node)] = Node(node.operator, node.name, node.attributes, inputs)
        places[id(copy)] = here
    return [Entry(copies[id(node)], index) for node, index in heads], places
