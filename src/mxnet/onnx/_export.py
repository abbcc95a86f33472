"""Export: walk over a symbol's graph and write what each node computes as ONNX nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from .._graph.node import Entry, Node, topological_order
from ..base import MXNetError
from ._folding import foldable, folded
from ._lengths import Shapes, numpy_dtype
from ._loading import onnx_package
from ._translating import Applied, CannotTranslate, Translation, translations
from ._without import WITHOUT
from ._writing import Graph, Value

#: The oldest opset that is written, the one that is written unless said, and the newest. From 22 on ONNX Runtime
#: lacks some operators (RoiAlign, MaxRoiPool, Multinomial).
OLDEST, USUAL, NEWEST = 17, 21, 28


def checked_opset(opset: int | None) -> int:
    """Return the opset to write; MXNetError for one that cannot be written."""
    newest = min(NEWEST, onnx_package().defs.onnx_opset_version())
    if opset is None:
        return min(USUAL, newest)
    if not isinstance(opset, int) or isinstance(opset, bool) or not OLDEST <= opset <= newest:
        raise MXNetError(f"onnx: opset is {opset!r}; expected an int from {OLDEST} to {newest}")
    return opset


class Exporter:
    """One export.

    Parameters
    ----------
    heads : entries
        The graph's outputs.
    params : mapping from name to NDArray
        Parameters and auxiliary states.
    opset : int
    """

    def __init__(self, heads: Sequence[Entry], params: Mapping[str, Any], opset: int) -> None:
        self.heads = list(heads)
        self.order = topological_order(heads)
        self.params = params
        self.graph = Graph(opset)
        self.table = translations()
        self.variables = [node for node in self.order if node.operator is None]
        self.free = [node for node in self.variables if node.name not in params]
        self._refuse_unknown()

    def inputs(self) -> tuple[list[str], list[str]]:
        """Return the names of the inputs: data, and labels that only training needs."""
        labels: set[int] = set()
        data: set[int] = {id(head.node) for head in self.heads}
        for node in self.order:
            if node.operator is None:
                continue
            translation = self.table.get(node.operator.name)
            only_training = translation.labels if translation else frozenset[str]()
            for name, entry in zip(node.input_names(), node.inputs):
                (labels if name in only_training else data).add(id(entry.node))
        names = [node.name for node in self.free if id(node) in data or id(node) not in labels]
        return names, [node.name for node in self.free if id(node) in labels and id(node) not in data]

    def translate(self, shapes: Shapes) -> list[Value]:
        """Translate the whole graph and return its outputs."""
        data, _ = self.inputs()
        places: dict[tuple[int, int], Value] = {}
        for node in self.variables:
            entry = Entry(node, 0)
            if node.name in self.params:
                places[id(node), 0] = self._parameter(node)
            elif node.name in data:
                places[id(node), 0] = self.graph.input(node.name, shapes.dtype(entry), shapes.shape(entry))
        walk(self.graph, self.order, shapes, places, self.table)
        return self._finished(places)

    def _parameter(self, node: Node) -> Value:
        array = self.params[node.name]
        dtype = np.dtype(array.dtype) if not hasattr(array, "_data") else _dtype_of(array)
        value = Value(self.graph, self.graph.unused_name(node.name), dtype, tuple(array.shape), lambda: _numpy(array))
        value.is_parameter = True
        self.graph.constants[value.name] = value
        return value

    def _finished(self, places: Mapping[tuple[int, int], Value]) -> list[Value]:
        """Return the outputs under the names that the symbol gives them."""
        graph, outputs = self.graph, []
        taken: set[int] = set()
        for entry in self.heads:
            value = places[id(entry.node), entry.index]
            wanted = entry.node.output_name(entry.index)
            if value.made_by is None or id(value) in taken or value.name != wanted:
                graph.scope = f"{wanted}_copy"
                shape = value.shape
                value = graph.op("Identity", value, dtype=value.dtype, shape=shape)
                value.name = graph.unused_name(wanted)
            taken.add(id(value))
            outputs.append(value)
        return outputs

    def _refuse_unknown(self) -> None:
        """Raise if there are operators that nobody can translate: all of them at once."""
        nodes = _with_inner(self.order)
        known = known_nodes(self.order, self.params)
        missing = [
            node
            for node in nodes
            if node.operator is not None and node.operator.name not in self.table and id(node) not in known
        ]
        if missing:
            raise untranslatable([(node, "") for node in missing])


def known_nodes(order: Sequence[Node], params: Mapping[str, Any]) -> set[int]:
    """Return the ids of the nodes whose values are known when the graph is exported."""
    known: set[int] = set()
    for node in order:
        if node.operator is None:
            is_known = node.name in params
        else:
            is_known = foldable(node.operator) and all(id(entry.node) in known for entry in node.inputs)
        if is_known:
            known.add(id(node))
    return known


def untranslatable(problems: Sequence[tuple[Node, str]]) -> MXNetError:
    """Return the error that lists nodes which have no equivalent in ONNX."""
    lines = []
    for node, why in problems:
        assert node.operator is not None
        kind = node.operator.name
        if kind == "Custom":
            kind = f"Custom (op_type {node.values['op_type']!r}, written in Python)"
        why = why or WITHOUT.get(node.operator.name, "")
        lines.append(f"  {kind}, node {node.name!r}" + (f": {why}" if why else ""))
    which = "this node has" if len(lines) == 1 else f"these {len(lines)} nodes have"
    return MXNetError(
        f"onnx: {which} no equivalent in ONNX:\n" + "\n".join(lines) + "\nReplace them in the network, or export only "
        "the part before them (symbol.get_internals()['name_output'])"
    )


def _with_inner(order: Sequence[Node]) -> list[Node]:
    """Return nodes and those of the graphs inside them."""
    found: list[Node] = []
    left = list(order)
    while left:
        node = left.pop(0)
        found.append(node)
        for graph in node.subgraphs:
            left.extend(topological_order(graph))
    return found


def walk(
    graph: Graph,
    order: Sequence[Node],
    shapes: Shapes,
    places: dict[tuple[int, int], Value],
    table: Mapping[str, Translation],
) -> None:
    """Translate nodes in their order; `places` holds the values of entries and is added to.

    Raises
    ------
    MXNetError
        Lists every node that cannot be translated.
    """
    problems: list[tuple[Node, str]] = []
    broken: set[int] = set()
    for node in order:
        operator = node.operator
        if operator is None:
            continue
        if any(id(entry.node) in broken for entry in node.inputs):
            broken.add(id(node))
            continue
        count = len(operator.outputs(node.values))
        entries = [Entry(node, index) for index in range(count)]
        inner = shapes.inner(node) if node.subgraphs else []
        applied = Applied(node, [shapes.shape(e) for e in entries], [shapes.dtype(e) for e in entries], inner)
        translation = table.get(operator.name)
        labels = translation.labels if translation else frozenset[str]()
        names = node.input_names()
        inputs = [places[id(e.node), e.index] for e, name in zip(node.inputs, names) if name not in labels]
        graph.scope = node.name
        before = len(graph.nodes)
        try:
            made = folded(graph, node, inputs, applied, translation is None)
            if made is None:
                if translation is None:
                    raise CannotTranslate("")
                if None in applied.shapes[: node.output_count] and not operator.dynamic:
                    raise CannotTranslate("the number of axes of its output is not known, or changes with the inputs")
                if graph.opset < translation.since:
                    raise CannotTranslate(f"opset {translation.since} is the first that has it, this is {graph.opset}")
                made = translation(graph, inputs, applied)
        except CannotTranslate as error:
            problems.append((node, str(error)))
            broken.add(id(node))
            continue
        _name_outputs(graph, node, made, applied, before)
        for index, value in enumerate(made):
            places[id(node), index] = value
    if problems:
        raise untranslatable(problems)


def _name_outputs(graph: Graph, node: Node, made: Sequence[Value], applied: Applied, before: int) -> None:
    """Give the values that a node's translation made the names that MXNet gives its outputs."""
    new = {id(draft) for draft in graph.nodes[before:]}
    for index, value in enumerate(made[: node.output_count]):
        draft = value.made_by
        if draft is None or id(draft) not in new:
            continue
        wanted = node.output_name(index)
        if applied.shapes[index] is not None:
            value.shape = applied.shapes[index]
        if wanted not in graph._names:
            value.name = graph.unused_name(wanted)
        if node.name not in graph._names:
            draft.name = graph.unused_name(node.name)


def _numpy(array: Any) -> np.ndarray:
    if hasattr(array, "asnumpy"):
        data = array._data.detach().cpu() if hasattr(array, "_data") else None
        if data is not None and data.dtype is torch.bfloat16:
            import ml_dtypes

            return data.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
        return array.asnumpy() if data is None else data.numpy()
    return np.asarray(array)


def _dtype_of(array: Any) -> np.dtype:
    return numpy_dtype(array._data.dtype)
