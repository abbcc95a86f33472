"""Gradient rules that several operators share: derivatives that torch takes too, written out for plans.

Each is called with a head gradient only, and writes into memory that the plan says is free: see `Backward`.
"""

from __future__ import annotations

from typing import Any

import torch

from .registry import Backward, GradientRule

Tensor = torch.Tensor


def result_of(backward: Backward) -> Tensor | None:
    """Return where the gradient of the first input may be written, where that is of the head gradient's shape."""
    if backward.into[0] is not None:
        return backward.into[0]
    return backward.head_gradients[0] if backward.reuse else None


def ordered_as(like: Tensor, head: Tensor) -> Tensor:
    """Return `head` in the memory order of `like`: where they differ, torch's kernels take up to ten times as long.

    They do behind a Flatten: its gradient has the order that MXNet's arrays have, and what was flattened another one.
    """
    if head.stride() == like.stride():
        return head
    return torch.empty_like(like, dtype=head.dtype).copy_(head)


def of_elements(backward: Backward, like: Tensor) -> tuple[Tensor, Tensor | None]:
    """Return the head gradient in the memory order of `like`, and where the result may be written: see `result_of`."""
    head = backward.head_gradients[0]
    assert head is not None
    ordered = ordered_as(like, head)
    if ordered is head:
        return head, result_of(backward)
    return ordered, ordered if backward.into[0] is None else backward.into[0]


def of_output(function: Any) -> GradientRule:
    """Gradient that torch's `function` finds from the head gradient and the output."""

    def rule(backward: Backward) -> list[Tensor | None]:
        (output,) = backward.outputs
        head, into = of_elements(backward, output)
        if into is None:
            return [function(head, output)]
        return [function.grad_input(head, output, grad_input=into)]

    return rule


sigmoid = of_output(torch.ops.aten.sigmoid_backward)
tanh = of_output(torch.ops.aten.tanh_backward)


def relu(backward: Backward) -> list[Tensor | None]:
    (output,), threshold = backward.outputs, torch.ops.aten.threshold_backward
    head, into = of_elements(backward, output)
    return [threshold(head, output, 0) if into is None else threshold.grad_input(head, output, 0, grad_input=into)]


def negated(backward: Backward) -> list[Tensor | None]:
    (head,) = backward.head_gradients
    assert head is not None
    return [torch.neg(head, out=result_of(backward))]


def passed(backward: Backward) -> list[Tensor | None]:
    """Gradient of a sum: all of the head gradient to each input."""
    (head,) = backward.head_gradients
    return [head if wanted else None for wanted in backward.wanted]


def reshaped(backward: Backward) -> list[Tensor | None]:
    """Gradient of the same elements in another shape; reads the shape of the input."""
    (head,) = backward.head_gradients
    assert head is not None
    return [head.reshape(backward.inputs[0])]  # type: ignore[arg-type] - a shape


#: Traits of operators with these rules.
OF_OUTPUT: dict[str, Any] = {"gradient_reads": ("output",), "gradient_memory": "own"}
OF_DATA: dict[str, Any] = {"gradient_reads": ("data",), "gradient_memory": "own"}
OF_NOTHING: dict[str, Any] = {"gradient_reads": (), "gradient_memory": "own"}
PASSES: dict[str, Any] = {"plan_gradient": passed, "gradient_reads": (), "gradient_memory": "head"}
RESHAPES: dict[str, Any] = {"plan_gradient": reshaped, "gradient_reads": ("data.shape",), "gradient_memory": "head"}
