"""Of which storage types the arrays of ``simple_bind`` are. What an executor computes with them is dense."""

from __future__ import annotations

from collections.abc import Mapping

from ._graph.node import Node
from .base import MXNetError

_NAMES = {"0": "default", "1": "row_sparse", "2": "csr"}  # of what variables keep as an attribute


def argument_types(nodes: Mapping[str, Node], given: Mapping[str, str]) -> dict[str, str]:
    """Return the storage type of each variable: the one given, or that of ``mx.sym.var(stype=)``, or 'default'."""
    for name, stype in given.items():
        if name not in nodes:
            raise MXNetError(f"simple_bind: stype_dict: no argument {name!r}; there are: {', '.join(nodes)}")
        if stype not in _NAMES.values():
            raise MXNetError(
                f"simple_bind: stype_dict: {name!r} is {stype!r}; expected 'default', 'csr' or 'row_sparse'"
            )
    found = {name: _NAMES.get(node.attributes.get("__storage_type__", "0"), "default") for name, node in nodes.items()}
    return {**found, **given}


def gradient_types(order: list[Node], arguments: Mapping[str, str]) -> dict[str, str]:
    """Return the storage type of each variable's gradient, as MXNet 1.9.1 finds it.

    It is 'row_sparse' for a row_sparse variable, and for a weight that is only used where its gradient has few rows: as
    the weight of an embedding that asks for it, or on the right of a product with a csr matrix.
    """
    uses: dict[str, list[bool]] = {}
    for node in order:
        for position, entry in enumerate(node.inputs):
            if entry.node.operator is None:
                uses.setdefault(entry.node.name, []).append(_has_few_rows(node, position, arguments))
    rows = {name for name, found in uses.items() if all(found)}
    rows.update(name for name, stype in arguments.items() if stype == "row_sparse")
    return {name: "row_sparse" if name in rows else "default" for name in arguments}


def _has_few_rows(node: Node, position: int, arguments: Mapping[str, str]) -> bool:
    """Return whether the gradient of one input of a node is row_sparse by itself."""
    assert node.operator is not None
    if position != 1:
        return False
    if node.operator.name == "dot":
        left = node.inputs[0].node
        plain = not (node.values["transpose_a"] or node.values["transpose_b"])
        return plain and left.operator is None and arguments.get(left.name) == "csr"
    return node.operator.name == "_contrib_SparseEmbedding" or (
        node.operator.name == "Embedding" and bool(node.values["sparse_grad"])
    )
