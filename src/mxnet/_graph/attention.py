"""The pass that makes one node of attention."""

from __future__ import annotations

import math
from typing import Any

from .._ops.fused_attention import SELF, SEPARATE
from .node import Entry, Node, topological_order
from .passes import replaced, uses_of

_QUERIES_KEYS = "_contrib_interleaved_matmul_selfatt_qk"
_VALUES = "_contrib_interleaved_matmul_selfatt_valatt"


def fuse_attention(heads: list[Entry], origins: dict[int, Node], predicts: bool = False) -> list[Entry]:
    """Make one node of the scores of queries and keys, their softmax, and its product with the values.

    Scores and weights are read by nothing else; with `predicts`, not by a gradient either. In `origins` is noted which
    node a new one, by its id, stands for.

    Examples
    --------
    queries, keys ──► batch_dot ──► _mul_scalar ──► softmax ──► batch_dot     becomes     queries, keys, values ──► one
                                                    values ───────┘
    """
    order = topological_order(heads)
    if not any(_is(node, "softmax") for node in order):
        return heads
    uses = uses_of(heads, order)

    def suits(node: Node) -> bool:
        if not (_is(node, _VALUES) or _is(node, "batch_dot", transpose_a=False, transpose_b=False)):
            return False
        between, _ = _down_to_scores(node)
        if not between or any(uses[id(one)] > 1 for one in between):
            return False
        scores = between[-1]
        if _is(node, _VALUES):
            same = scores.inputs[0] == node.inputs[0]
            return same and _is(scores, _QUERIES_KEYS, heads=node.values["heads"])
        return _is(scores, "batch_dot", transpose_a=False, transpose_b=True)

    def made(node: Node, inputs: list[Entry]) -> Node:
        if _is(node, _VALUES):
            fused = Node(SELF, node.name, node.attributes, inputs[:1])
            fused._values = {"heads": node.values["heads"], "weighs": not predicts}
            return fused
        between, scale = _down_to_scores(node.copy(inputs))
        fused = Node(SEPARATE, node.name, {}, [*between[-1].inputs, inputs[1]])
        fused._values = {"scale": scale, "weighs": not predicts}
        return fused

    return replaced(heads, origins, suits, made)


def _down_to_scores(node: Node) -> tuple[list[Node], float]:
    """Return the nodes from the softmax below `node` to what it is taken of, and the number that this is multiplied by.

    The list is empty if there is no softmax over the last axis, or no number to multiply by.
    """
    nothing: tuple[list[Node], float] = [], 1.0
    softmax = node.inputs[1 if _is(node, _VALUES) else 0].node
    if not _is(softmax, "softmax", axis=-1, dtype=None) or len(softmax.inputs) > 1:
        return nothing
    if softmax.values["temperature"] not in (None, 1.0):
        return nothing
    below = softmax.inputs[0].node
    if _is(node, _VALUES) or not (_is(below, "_mul_scalar") or _is(below, "_div_scalar")):
        return [softmax, below], 1.0
    scalar = float(below.values["scalar"])
    if not scalar or not math.isfinite(scalar):
        return nothing
    scale = scalar if _is(below, "_mul_scalar") else 1 / scalar
    return [softmax, below, below.inputs[0].node], scale


def _is(node: Node, name: str, **values: Any) -> bool:
    """Return whether a node is of the operator `name` with these values of attributes."""
    if node.operator is None or node.operator.name != name:
        return False
    return all(node.values[key] == value for key, value in values.items())
