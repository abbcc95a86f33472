"""Mixed precision: what dtype an operator computes in, and graphs in which every operator finds its inputs so."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import torch

from .._ops.attributes import DTYPE_NAMES
from .._ops.elementwise import AMP_DTYPES
from .._ops.registry import Operator, get
from .inference import dtype_code, own_dtype
from .node import Entry, Node, state_inputs, topological_order
from .passes import AMP_CASTS

Dtypes = list[torch.dtype | None]


class Rule(NamedTuple):
    """What the inputs of an operator are cast to.

    Only float32, float16 and bfloat16 are cast, to `dtype` or, where that is None, to the widest among the inputs.
    `conditions` come first: with one of these values of an attribute the operator computes in float32. With `is_loss`,
    the operator's gradient takes no head gradient, so that a scaled loss does not scale it.
    """

    dtype: torch.dtype | None = None
    casts: bool = True  # else only under a condition
    conditions: tuple[tuple[str, frozenset[str]], ...] = ()
    is_loss: bool = False

    def under(self, operator: Operator, values: Mapping[str, Any]) -> Rule | None:
        """Return what holds under an operator's parsed attributes, None when nothing is cast."""
        for name, texts in self.conditions:
            attribute = operator.attributes[name]
            if attribute.type.print(values.get(name, attribute.default)) in texts:
                return FLOAT32
        return self if self.casts else None


FLOAT32 = Rule(torch.float32)


def autocast(
    heads: Sequence[Entry],
    target: torch.dtype,
    rules: Mapping[str, Rule],
    excluded: Collection[str] = (),
    parameters: Collection[str] = (),
    cast_parameters: bool = False,
) -> list[Entry]:
    """Return the heads of a copied graph with the casts that the rules ask for; its outputs are float32 again.

    Nothing is assumed of dtypes of variables. An output is cast once for all nodes that read it.

    Parameters
    ----------
    heads : entries
        The graph.
    target : torch.dtype
        The narrow dtype.
    rules : mapping from operator name
        What is cast for each operator.
    excluded : names of nodes
        These compute in float32.
    parameters : names of variables
        These get the attribute ``__dtype__``.
    cast_parameters : bool
        Parameters that some operator reads in the target dtype have it, instead of being cast.
    """
    made = _Casts(target)
    order = topological_order(heads)
    chosen = {id(node): _rule(node, rules, excluded) for node in order}
    narrow: set[int] = set()
    if cast_parameters:
        for node in order:
            rule = chosen[id(node)]
            if rule is not None and rule.dtype is target:
                states = set(state_inputs(node))
                narrow.update(id(e.node) for e in node.inputs if e not in states and e.node.name in parameters)
    copies: dict[int, Node] = {}
    for node in order:
        rule = chosen[id(node)]
        inputs = [Entry(copies[id(below)], index) for below, index in node.inputs]
        if node.operator is None:
            copies[id(node)] = copy = node.copy([])
            copy.attributes = dict(node.attributes)
            if id(node) in narrow:
                copy.attributes["__dtype__"] = str(dtype_code(target))
            elif node.name in parameters:
                copy.attributes.setdefault("__dtype__", str(dtype_code(torch.float32)))
            made.known[id(copy)] = [_declared(copy)]
            continue
        held = len(state_inputs(node))  # states come last, and stay what they are
        count = len(inputs) - held
        cast = made.inputs(inputs[:count], rule) if rule is not None else inputs[:count]
        copies[id(node)] = copy = node.copy([*cast, *inputs[count:]], dict(node.attributes))
        made.known[id(copy)] = made.outputs(copy, rule)
    found_heads = [Entry(copies[id(node)], index) for node, index in heads]
    return [made.cast(head, torch.float32) if _may_be_narrow(made.dtype(head)) else head for head in found_heads]


def idle_casts(heads: list[Entry], origins: dict[int, Node]) -> list[Entry]:
    """Leave out casts of what a cast to the same dtype changes no more.

    That is what was cast before and went only through operators that keep the dtype of their first input: whatever
    comes, it is of that dtype then, or of one that these casts leave alone. In `origins` is noted which node a new one,
    by its id, stands for.
    """
    order = topological_order(heads)
    if not any(node.operator is not None and node.operator.name in AMP_CASTS for node in order):
        return heads
    settled: dict[tuple[int, int], torch.dtype] = {}
    moved: dict[tuple[int, int], Entry] = {}

    def place(entry: Entry) -> Entry:
        return moved.get((id(entry.node), entry.index), entry)

    for node in order:
        if node.operator is None:
            continue
        inputs = [place(entry) for entry in node.inputs]
        known = [settled.get((id(entry.node), entry.index)) for entry in inputs]
        cast = node.values["dtype"] if node.operator.name == "amp_cast" else None
        if node.operator.name in AMP_CASTS and None not in known and {*known, cast or known[0]} == {known[0]}:
            moved.update({(id(node), index): entry for index, entry in enumerate(inputs)})
            continue
        new = node
        if any(after is not before for after, before in zip(inputs, node.inputs)):
            new = node.copy(inputs)
            origins[id(new)] = origins.get(id(node), node)
            outputs = range(len(node.operator.outputs(node.values)))
            moved.update({(id(node), index): Entry(new, index) for index in outputs})
        dtype = cast or (known[0] if known and _keeps_dtype(node) else None)
        if dtype is not None:
            settled[(id(new), 0)] = dtype
    return [place(head) for head in heads]


def _keeps_dtype(node: Node) -> bool:
    """Return whether a node's first output has the dtype of its first input."""
    operator = node.operator
    assert operator is not None
    if operator.subgraphs or operator.keeps or operator.output_dtypes is not None:
        return False
    return not isinstance(node.values.get("dtype"), torch.dtype)


def _rule(node: Node, rules: Mapping[str, Rule], excluded: Collection[str]) -> Rule | None:
    if node.operator is None:
        return None
    if node.name in excluded or node.operator.subgraphs:  # graphs inside a node stay as they are
        return FLOAT32
    rule = rules.get(node.operator.name)
    return None if rule is None else rule.under(node.operator, node.values)


def _declared(variable: Node) -> torch.dtype | None:
    """Return the dtype that stands at a variable; float32 is only what most of them begin with."""
    found = own_dtype(variable)
    return None if found is torch.float32 else found


def _may_be_narrow(dtype: torch.dtype | None) -> bool:
    return dtype is None or (dtype in AMP_DTYPES and dtype is not torch.float32)


_NEVER_CAST = frozenset(DTYPE_NAMES) - AMP_DTYPES


class _Casts:
    """The casts that were put into a graph, and what is known of the dtypes of its entries."""

    def __init__(self, target: torch.dtype) -> None:
        self.known: dict[int, Dtypes] = {}
        self._target = target
        self._made: dict[tuple[int, int, torch.dtype], Entry] = {}

    def dtype(self, entry: Entry) -> torch.dtype | None:
        """Return the dtype of an entry where it is known."""
        found = self.known[id(entry.node)]
        return found[entry.index] if entry.index < len(found) else None

    def cast(self, entry: Entry, dtype: torch.dtype) -> Entry:
        """Return an entry in another dtype."""
        key = (id(entry.node), entry.index, dtype)
        if key not in self._made:
            text = DTYPE_NAMES[dtype]
            node = self._node("amp_cast", f"amp_cast_{text}", {"dtype": text}, [entry])
            self.known[id(node)] = [dtype]
            self._made[key] = Entry(node, 0)
        return self._made[key]

    def inputs(self, inputs: list[Entry], rule: Rule) -> list[Entry]:
        """Return a node's inputs in the dtypes that the rule asks for."""
        found = [self.dtype(entry) for entry in inputs]
        if rule.dtype is self._target:
            done = (self._target, *_NEVER_CAST)
            return [e if d in done else self.cast(e, self._target) for e, d in zip(inputs, found)]
        if rule.dtype is not None:
            # a variable of which nothing is known takes float32 from its reader
            return [
                e if not _may_be_narrow(d) or (d is None and e.node.operator is None) else self.cast(e, rule.dtype)
                for e, d in zip(inputs, found)
            ]
        floats = {dtype for dtype in found if dtype in AMP_DTYPES}
        if len(inputs) < 2 or (len(floats) < 2 and None not in found):
            return inputs
        if None not in found:
            return [self.cast(e, torch.float32) if _may_be_narrow(d) else e for e, d in zip(inputs, found)]
        node = self._node("amp_multicast", "amp_multicast", {"num_outputs": str(len(inputs))}, inputs)
        self.known[id(node)] = [None] * len(inputs)
        return [Entry(node, index) for index in range(len(inputs))]

    def outputs(self, node: Node, rule: Rule | None) -> Dtypes:
        """Return what is known of the dtypes of a node's outputs."""
        operator, values = node.operator, node.values
        assert operator is not None
        count = len(operator.outputs(values))
        unknown: Dtypes = [None] * count
        if operator.name == "amp_cast":
            return [values["dtype"]]
        found = [self.dtype(entry) for entry in node.inputs]
        if operator.output_dtypes is None and isinstance(values.get("dtype"), torch.dtype):
            return [values["dtype"]] * count
        first = next((dtype for dtype in found if dtype in AMP_DTYPES), None)
        if rule is not None and rule.dtype is not None and not set(found) <= _NEVER_CAST:
            first = rule.dtype
        elif not found or None in (found if rule is not None else found[:1]):
            return unknown
        if operator.output_dtypes is not None:
            said = list(operator.output_dtypes([dtype or first for dtype in found], values))
            return said if len(said) == count else said * count
        return [(first if rule is not None else None) or found[0]] * count

    @staticmethod
    def _node(operator: str, ending: str, attributes: dict[str, str], inputs: list[Entry]) -> Node:
        below, index = inputs[0]
        if "__ctx_group__" in below.attributes:
            attributes = {"__ctx_group__": below.attributes["__ctx_group__"], **attributes}
        return Node(get(operator), f"{below.output_name(index)}_{ending}", attributes, inputs)
