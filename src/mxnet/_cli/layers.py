"""The layers of a network as rows: what they put out, how many parameters they have, how much they compute."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._graph.inference import Inferred
from .._graph.node import Entry, Node, auxiliary_nodes

Shape = tuple[int, ...]


@dataclass
class Layer:
    """One operator of a network, or one of its inputs (`operator` is empty)."""

    node: Node
    name: str
    operator: str
    shapes: list[Shape | None]
    parameters: int
    work: int  # multiply-adds


def layers(inferred: Inferred, known: Mapping[str, Any]) -> list[Layer]:
    """Return a row for every input and operator, in the order of computation.

    A parameter that several layers share counts for the first. Auxiliary states do not count.

    Parameters
    ----------
    inferred : Inferred
        The shapes.
    known : dict of str to NDArray
        The parameters by name.
    """
    states = auxiliary_nodes(inferred.order)
    counted: set[int] = set(states)
    rows: list[Layer] = []
    for node in inferred.order:
        if node.operator is None:
            if node.name not in known and not _is_parameter(node, inferred):
                rows.append(Layer(node, node.name, "", [inferred.shape(Entry(node, 0))], 0, 0))
            continue
        own = 0
        for entry in node.inputs:
            below = entry.node
            if below.operator is None and id(below) not in counted and below.name in known:
                counted.add(id(below))
                own += math.prod(known[below.name].shape)
        shapes = [inferred.shape(Entry(node, i)) for i in range(node.output_count)]
        rows.append(Layer(node, node.name, kind(node), shapes, own, work(node, inferred)))
    return rows


def _is_parameter(node: Node, inferred: Inferred) -> bool:
    return "__init__" in node.attributes or node.name.endswith(("_weight", "_bias", "_gamma", "_beta", "_parameters",
                                                                "_moving_mean", "_moving_var", "_running_mean",
                                                                "_running_var"))  # fmt: skip


def kind(node: Node) -> str:
    """Return the operator's name, with what it is that makes several of one name: ``Activation relu``."""
    assert node.operator is not None
    if node.operator.name == "Custom":
        return f"Custom {node.values.get('op_type')}"
    return node.operator.name


# -- multiply-adds ---------------------------------------------------------------------------------------------------

Rule = Callable[[Sequence[Shape], Sequence[Shape], Mapping[str, Any]], int]


def work(node: Node, inferred: Inferred) -> int:
    """Return the multiply-adds of one node: those of convolutions and of products of matrices, 0 for all else."""
    assert node.operator is not None
    rule = _RULES.get(node.operator.name)
    if rule is None:
        return 0
    inputs = [inferred.shape(entry) for entry in node.inputs]
    outputs = [inferred.shape(Entry(node, i)) for i in range(node.output_count)]
    if any(shape is None or 0 in shape for shape in (*inputs, *outputs)):
        return 0
    return rule([s for s in inputs if s is not None], [s for s in outputs if s is not None], node.values)


def _convolution(inputs: Sequence[Shape], outputs: Sequence[Shape], values: Mapping[str, Any]) -> int:
    weight = next(shape for shape in inputs[1:] if len(shape) == len(inputs[0]))
    return math.prod(outputs[0]) * math.prod(weight) // values["num_filter"]


def _deconvolution(inputs: Sequence[Shape], outputs: Sequence[Shape], values: Mapping[str, Any]) -> int:
    return math.prod(inputs[0]) * math.prod(inputs[1]) // inputs[1][0]


def _dense(inputs: Sequence[Shape], outputs: Sequence[Shape], values: Mapping[str, Any]) -> int:
    return math.prod(outputs[0]) * inputs[1][-1]


def _product(inputs: Sequence[Shape], outputs: Sequence[Shape], values: Mapping[str, Any]) -> int:
    one = inputs[0]
    if not one or len(one) == 1:
        return math.prod(inputs[1])
    transposed = values.get("transpose_a", False)
    axis = -2 if transposed else -1
    return math.prod(outputs[0]) * (one[0] if transposed and len(one) > 2 and len(inputs[1]) < 3 else one[axis])


def _recurrent(inputs: Sequence[Shape], outputs: Sequence[Shape], values: Mapping[str, Any]) -> int:
    steps, batch, width = inputs[0]
    gates = {"lstm": 4, "gru": 3}.get(values["mode"], 1)
    hidden, ways = values["state_size"], 2 if values["bidirectional"] else 1
    total = 0
    for _ in range(values["num_layers"]):
        total += ways * gates * hidden * (width + hidden)
        width = ways * hidden
    return steps * batch * total


def _attention(parts: int, scores_are: str) -> Rule:
    """Return the rule of an attention product on (T, N, heads * parts * C), whose scores are an input or the output."""

    def rule(inputs: Sequence[Shape], outputs: Sequence[Shape], values: Mapping[str, Any]) -> int:
        scores = outputs[0] if scores_are == "output" else inputs[1]
        return math.prod(scores) * (inputs[0][-1] // (parts * values["heads"]))

    return rule


_RULES: dict[str, Rule] = {
    "Convolution": _convolution,
    "Convolution_v1": _convolution,
    "_contrib_DeformableConvolution": _convolution,
    "_contrib_ModulatedDeformableConvolution": _convolution,
    "Deconvolution": _deconvolution,
    "FullyConnected": _dense,
    "dot": _product,
    "batch_dot": _product,
    "_linalg_gemm": _product,
    "_linalg_gemm2": _product,
    "RNN": _recurrent,
    "_contrib_interleaved_matmul_selfatt_qk": _attention(3, "output"),
    "_contrib_interleaved_matmul_selfatt_valatt": _attention(3, "input"),
    "_contrib_interleaved_matmul_encdec_qk": _attention(1, "output"),
    "_contrib_interleaved_matmul_encdec_valatt": _attention(2, "input"),
}


def total(rows: Iterable[Layer]) -> tuple[int, int]:
    """Return the parameters and the multiply-adds of all layers."""
    listed = list(rows)
    return sum(row.parameters for row in listed), sum(row.work for row in listed)
