"""Casts before a new node of a symbol, under automatic mixed precision."""

from __future__ import annotations

import logging

from .._frontend.casting import casts
from .._graph.node import HIDDEN_KEYS, Entry, Node, state_inputs
from .._ops.attributes import DTYPE_NAMES
from .._ops.registry import get
from ..attribute import AttrScope
from ..name import NameManager


def cast(node: Node) -> None:
    """Put the casts between a node and its inputs that the present rules ask for."""
    assert node.operator is not None
    rule = casts.get(node.operator.name)
    if rule is None or not node.operator.differentiable:
        return
    if rule.is_loss:
        logging.getLogger().warning(
            "%s %r: no gradient of its output comes in, so amp.scale_loss does not scale its gradient in a symbol or a "
            "hybridized block",
            node.operator.name,
            node.name,
        )
    found = rule.under(node.operator, node.values)
    if found is None:
        return
    count = len(node.inputs) - len(state_inputs(node))  # states come last, and stay what they are
    inputs, states = node.inputs[:count], node.inputs[count:]
    if found.dtype is not None:
        text = DTYPE_NAMES[found.dtype]
        inputs = [Entry(_node("amp_cast", {"dtype": text}, [entry]), 0) for entry in inputs]
    elif count > 1:
        several = _node("amp_multicast", {"num_outputs": str(count)}, inputs)
        inputs = [Entry(several, index) for index in range(count)]
    node.inputs = [*inputs, *states]


def _node(operator: str, attributes: dict[str, str], inputs: list[Entry]) -> Node:
    scope = AttrScope.current.get(None)
    hidden = {f"__{key}__" if key in HIDDEN_KEYS else key: value for key, value in scope.items()}
    return Node(get(operator), NameManager.current.get(None, operator), {**hidden, **attributes}, inputs)
