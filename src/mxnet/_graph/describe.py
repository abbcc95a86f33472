"""A graph as text for reading."""

from __future__ import annotations

from collections.abc import Sequence

from .node import Entry, topological_order


def describe(entries: Sequence[Entry]) -> str:
    """Return outputs, variables and operators with their inputs and attributes, a line each."""
    lines = ["Symbol Outputs:"]
    lines += [f"\toutput[{i}]={entry.node.name}({entry.index})" for i, entry in enumerate(entries)]
    for node in topological_order(entries):
        if node.operator is None:
            lines.append(f"Variable:{node.name}")
            continue
        lines += ["--------------------", f"Op:{node.operator.name}, Name={node.name}", "Inputs:"]
        auxiliary = node.operator.auxiliary_names(node.values)
        for i, (name, entry) in enumerate(zip(node.input_names(), node.inputs)):
            version = " version=0" if entry.node.operator is None and name not in auxiliary else ""
            version = " version=1" if name in auxiliary else version
            lines.append(f"\targ[{i}]={entry.node.name}({entry.index}){version}")
        if node.attributes:
            lines.append("Attrs:")
            lines += [f"\t{key}={value}" for key, value in sorted(node.attributes.items())]
    return "\n".join(lines) + "\n"
