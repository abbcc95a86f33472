"""The two halves of a lowered step, and what their printed code calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .._ops.derivatives import ordered_as
from .._ops.registry import Backward, GradientRule
from . import engine
from .node import Node

Tensor = torch.Tensor


@dataclass(frozen=True)
class Training:
    """The two halves of a step.

    ``forward(arguments) -> (outputs, saved, watched)`` and ``backward(saved, head_gradients, into) -> gradients``, one
    for each wanted variable: a tensor, a `Later`, or None where nothing flows. A tensor in `into` may be written and
    returned. The list `saved` is emptied, so that each of its values gives its memory back after its last use.
    """

    forward: Callable[[Sequence[Tensor]], tuple[tuple[Tensor, ...], Any, tuple[Tensor, ...]]]
    backward: Callable[[Any, Sequence[Tensor | None], Sequence[Tensor | None]], tuple[Tensor | Later | None, ...]]
    deferred: frozenset[int] = frozenset()  # which of the wanted variables get a `Later` instead of a gradient
    shapes: frozenset[int] = frozenset()  # which of the saved values are shapes, not tensors
    saves: bool = True  # whether the forward half hands anything to the backward half
    noted: tuple[tuple[Node, int], ...] = ()  # nodes and inputs whose gradients `backward` returns behind the others


@dataclass(slots=True)
class Later:
    """A gradient that was put off, with all that it follows from."""

    rule: GradientRule
    backward: Backward

    def compute(self) -> Tensor | None:
        """Return the gradient; None where nothing flowed in."""
        if all(head is None for head in self.backward.head_gradients):
            return None
        return self.rule(self.backward)[self.backward.wanted.index(True)]


def leaf(tensor: Tensor) -> Tensor:
    """Start a region: an alias that torch's autograd differentiates to."""
    return tensor.detach().requires_grad_() if tensor.is_floating_point() else tensor


def add(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    """Return the sum of two gradients in new memory."""
    if one is None or other is None:
        found = other if one is None else one
        return None if found is None else found.clone()
    return one + other


def add_to(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    """Add where nobody else needs the memory of `one`."""
    if one is None or other is None or one.dtype is not other.dtype:
        return add(one, other)
    return one.add_(other)


def through(
    rule: GradientRule,
    head: Tensor | None,
    data: Tensor | None,
    output: Tensor | None,
    attributes: Mapping[str, Any],
    reuse: bool = False,
) -> Tensor | None:
    """Return what flows back through a node of one input and one output (spelt out, it takes long to compile)."""
    if head is None:
        return None
    return rule(Backward((head,), (data,), (output,), attributes, (True,), (None,), reuse))[0]  # type: ignore[arg-type]


class Memory:
    """Memory for one copy, used again from step to step."""

    __slots__ = ("_tensor",)

    def __init__(self) -> None:
        self._tensor: Tensor | None = None

    def copy(self, source: Tensor | None) -> Tensor | None:
        if source is None:
            return None
        if self._tensor is None or self._tensor.shape != source.shape or self._tensor.dtype is not source.dtype:
            self._tensor = torch.empty_like(source)
        return self._tensor.copy_(source)


def copied(tensor: Tensor) -> Tensor:
    return tensor.clone(memory_format=torch.contiguous_format)


def only(result: Any) -> Tensor:
    return result[0] if isinstance(result, (tuple, list)) else result


def _in_order(output: Tensor, gradient: Tensor) -> Tensor:
    """Return the gradient of an output that has its channels last in the same order, as torch's kernels want it."""
    last = output.dim() == 4 and output.is_contiguous(memory_format=torch.channels_last)
    return ordered_as(output, gradient) if last else gradient


def region(
    outputs: Sequence[Tensor], gradients: Sequence[Tensor | None], leaves: Sequence[Tensor]
) -> Sequence[Tensor | None]:
    """Run torch's backward pass through one region; it may be asked again until the next forward pass."""
    pairs = [(o, g) for o, g in zip(outputs, gradients) if g is not None and o.requires_grad]
    sources = [leaf for leaf in leaves if leaf.requires_grad]
    if not pairs or not sources:
        return (None,) * len(leaves)
    heads = tuple(_in_order(o, g) for o, g in pairs)
    found = engine.gradients(tuple(o for o, _ in pairs), tuple(sources), heads, keep_graph=True)
    if len(sources) == len(leaves):
        return found
    queue = iter(found)
    return [next(queue) if leaf.requires_grad else None for leaf in leaves]
