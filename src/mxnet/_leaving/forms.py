"""Operators written as plain torch: what `mx.to_torch` prints for each node of a graph.

A *form* is a function of one `Call` that returns a Python expression. It sees names of tensors and the operator's
attributes, may add layers to the module that is being written, and may ask for helpers of `mxnet._leaving.helpers`,
whose source goes into the file. Where an operator, or these attributes of it, cannot be said in plain torch, it raises
`NotPlain`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import torch

from .._graph.node import Entry, Node
from .._ops.registry import get

Tensor = torch.Tensor
Form = Callable[["Call"], str]
FORMS: dict[str, Form] = {}


class NotPlain(Exception):
    """This node has no plain form; the message says why."""


class Writer(Protocol):
    """What a form may ask of the module that is being written."""

    def layer(self, wanted: str, text: str, tensors: Mapping[str, Entry | Tensor]) -> str: ...
    def held(self, entry: Entry) -> Tensor | None: ...
    def helper(self, function: Any) -> str: ...
    def is_used(self, node: Node, index: int) -> bool: ...
    def shape(self, entry: Entry) -> tuple[int, ...] | None: ...
    def rank(self, entry: Entry) -> int | None: ...
    def dtype(self, entry: Entry) -> torch.dtype: ...
    def device(self) -> str: ...
    def only_broadcasts(self, node: Node) -> bool: ...
    def is_label(self, entry: Entry) -> bool: ...
    def fix(self, entry: Entry) -> None: ...
    def local(self, wanted: str) -> str: ...
    def method(self, node: Node, number: int) -> str: ...
    def passed(self, node: Node, number: int) -> list[int | None]: ...

    standalone: bool


class Call:
    """One node as a form sees it.

    Attributes
    ----------
    node : Node
        The node.
    inputs : list of str
        Names or other expressions that need no parentheses.
    writer : Writer
        The module that is being written.
    """

    def __init__(self, node: Node, inputs: Sequence[str], writer: Writer) -> None:
        self.node, self.inputs, self.writer = node, list(inputs), writer
        self.pattern: str | None = None  # what the expression is assigned to, with {0}, {1} ... for the outputs

    def __getitem__(self, name: str) -> Any:
        """Return an attribute."""
        return self.node.values[name]

    @property
    def x(self) -> str:
        """The first input."""
        return self.inputs[0]

    def held(self, position: int) -> Tensor | None:
        """Return the value of an input that is a parameter or state of the module."""
        return self.writer.held(self.node.inputs[position])

    def rank(self, position: int = 0) -> int | None:
        """Return how many axes an input has, if that is known."""
        return self.writer.rank(self.node.inputs[position])

    def dtype(self, position: int = 0) -> torch.dtype:
        """Return the dtype of an input, float32 where nothing is known."""
        return self.writer.dtype(self.node.inputs[position])

    def layer(self, text: str, **positions: int | Entry | Tensor) -> str:
        """Add a layer that takes over inputs of the node, or values, under torch's names; return ``self.name``."""
        tensors = {name: self.node.inputs[p] if isinstance(p, int) else p for name, p in positions.items()}
        return self.writer.layer(self.node.name, text, tensors)

    def helper(self, function: Any) -> str:
        """Have a helper's source in the file and return its name."""
        return self.writer.helper(function)

    @property
    def count(self) -> int:
        """How many outputs the operator has."""
        assert self.node.operator is not None
        return len(self.node.operator.outputs(self.node.values))

    def only_output(self) -> None:
        """Say that the expression gives the first output alone; refuse a node of which others are used."""
        self.pattern = "{0}"
        for index in range(1, self.count):
            if self.writer.is_used(self.node, index):
                raise NotPlain(f"its output {index} is used")

    def floating(self) -> None:
        """Refuse inputs of integers, where MXNet keeps the dtype and torch does not."""
        for position in range(len(self.inputs)):
            if not self.dtype(position).is_floating_point:
                raise NotPlain(f"input {position} is of {str(self.dtype(position))[6:]}")


def form(*names: str) -> Callable[[Form], Form]:
    """Register the plain form of operators."""

    def register(function: Form) -> Form:
        for name in names:
            FORMS[get(name).name] = function
        return function

    return register


def expression(template: str, *, integers: bool = False) -> Form:
    """Return a form that fills ``{0}``, ``{1}`` ... with inputs and ``{name}`` with attributes."""

    def fill(call: Call) -> str:
        call.only_output()
        if not integers:
            call.floating()
        texts = {name: text(value) for name, value in call.node.values.items()}
        return template.format(*call.inputs, **texts)

    return fill


def text(value: Any) -> str:
    """Return a value as Python source."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return f'float("{value}")'
        return repr(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, tuple) and len(value) == 1:
        return f"({text(value[0])},)"
    if isinstance(value, tuple):
        return f"({', '.join(map(text, value))})"
    return repr(value)


def axes_text(axes: Sequence[int]) -> str:
    """Return axes as torch takes them: one number, or a tuple."""
    return repr(axes[0]) if len(axes) == 1 else repr(tuple(axes))


def same(values: Sequence[int]) -> str:
    """Return a number for each axis as torch's layers take it: one where all are equal."""
    return repr(values[0]) if len(set(values)) == 1 else repr(tuple(values))


def arguments(*positional: str, **keywords: str | None) -> str:
    """Return the text between the parentheses of a call; keywords that are None are left out."""
    return ", ".join([*positional, *(f"{name}={value}" for name, value in keywords.items() if value is not None)])


def unless(value: Any, default: Any) -> str | None:
    """Return the source of a value that is not the default."""
    return None if value == default else text(value)
