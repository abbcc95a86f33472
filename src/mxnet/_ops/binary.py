"""Arithmetic, comparisons and logic on two arrays of one shape, and the functions behind them.

``broadcast_*`` and the scalar forms use the same functions.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from . import derivatives
from .families import Binary, by_dtype, comparison, cut, elementwise_binary
from .registry import Backward, GradientRule

Tensor = torch.Tensor


def divide_integers(lhs: Tensor, rhs: Tensor) -> Tensor:
    """Quotient cut towards zero, as in C; 0 where `rhs` is 0."""
    # Processors trap on x / 0 and on (smallest int) / -1. Both have an easy answer: x * rhs.
    special = torch.logical_not(rhs)
    if rhs.dtype is not torch.uint8:  # in which -1 would mean 255
        special |= rhs == -1
    quotient = torch.div(lhs, rhs.masked_fill(special, 1), rounding_mode="trunc")
    return torch.where(special, lhs * rhs, quotient)


def _modulo_floating(lhs: Tensor, rhs: Tensor) -> Tensor:
    return torch.remainder(lhs, rhs).masked_fill(torch.logical_not(rhs), 0)


def _modulo_integers(lhs: Tensor, rhs: Tensor) -> Tensor:
    return torch.remainder(
        lhs, rhs.masked_fill(torch.logical_not(rhs), 1)
    )  # x mod 1 is the 0 that MXNet gives for x mod 0


def ordered_gradient(left: Callable[..., Tensor], right: Callable[..., Tensor]) -> GradientRule:
    """Gradient of a choice between two inputs: to `lhs` where ``left(lhs, rhs)``, to `rhs` where ``right(lhs, rhs)``.

    Where both are equal torch would halve it; MXNet gives all of it to `lhs`. NaN gets none.
    """

    def rule(backward: Backward) -> list[Tensor | None]:
        (head,) = backward.head_gradients
        lhs, rhs = backward.inputs
        gradients: list[Tensor | None] = []
        if head is None:
            return [None, None]
        for data, chosen, wanted in zip(backward.inputs, (left, right), backward.wanted):
            if not wanted:
                gradients.append(None)
                continue
            mask = chosen(lhs, rhs, out=torch.empty_like(head))  # a product with bool is 20 times as slow
            gradients.append(mask.mul_(head).sum_to_size(data.shape))
        return gradients

    return rule


def _difference_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), (left, right) = backward.head_gradients, backward.wanted
    assert head is not None
    return [head if left else None, torch.neg(head, out=backward.into[1]) if right else None]


def _product_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), (lhs, rhs) = backward.head_gradients, backward.inputs
    assert head is not None
    own = head if backward.reuse else None  # for the last product that reads it
    right = backward.wanted[1]
    left_into = backward.into[0] if backward.into[0] is not None or right else own
    left = torch.mul(head, rhs, out=left_into) if backward.wanted[0] else None
    right_into = backward.into[1] if backward.into[1] is not None else own
    return [left, torch.mul(head, lhs, out=right_into) if right else None]


def _quotient_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), rhs, output = backward.head_gradients, backward.inputs[1], backward.outputs[0]
    assert head is not None
    left = torch.div(head, rhs)
    right = torch.mul(left, output).neg_() if backward.wanted[1] else None
    return [left if backward.wanted[0] else None, right]


def _logic(combine: Binary) -> Binary:
    """Combine where two operands are not 0, as 0 and 1 in their dtype: torch's logical functions are slower there."""

    def function(lhs: Tensor, rhs: Tensor) -> Tensor:
        return combine(not_equal(lhs, 0), not_equal(rhs, 0))

    return function


divide = by_dtype(torch.div, divide_integers)
modulo = by_dtype(_modulo_floating, _modulo_integers)
hypotenuse = by_dtype(torch.hypot, cut(lambda lhs, rhs: torch.hypot(lhs, rhs.double())))
maximum_gradient = ordered_gradient(torch.ge, torch.lt)
minimum_gradient = ordered_gradient(torch.le, torch.gt)
equal = comparison(torch.eq)
not_equal = comparison(torch.ne)
greater = comparison(torch.gt)
greater_equal = comparison(torch.ge)
lesser = comparison(torch.lt)
lesser_equal = comparison(torch.le)
logical_and = _logic(torch.mul)
logical_or = _logic(torch.maximum)
logical_xor = _logic(not_equal)


elementwise_binary(
    "elemwise_add",
    torch.add,
    "Sum ``lhs + rhs`` of two arrays of one shape.",
    aliases=("_Plus", "_add", "_plus", "_sparse_elemwise_add"),
    onto=Tensor.add_,
    **derivatives.PASSES,
)
elementwise_binary(
    "elemwise_sub",
    torch.sub,
    "Difference ``lhs - rhs`` of two arrays of one shape.",
    aliases=("_Minus", "_minus", "_sparse_elemwise_sub", "_sub"),
    plan_gradient=_difference_gradient,
    gradient_reads=(),
    gradient_memory="head",
)
elementwise_binary(
    "elemwise_mul",
    torch.mul,
    "Product ``lhs * rhs`` of two arrays of one shape.",
    aliases=("_Mul", "_mul", "_sparse_elemwise_mul"),
    plan_gradient=_product_gradient,
    gradient_memory="own",
)
elementwise_binary(
    "elemwise_div",
    divide,
    "Quotient ``lhs / rhs`` of two arrays of one shape; integers are cut towards zero, and x / 0 is 0.",
    aliases=("_Div", "_div", "_sparse_elemwise_div"),
    plan_gradient=_quotient_gradient,
    gradient_reads=("rhs", "output"),
    gradient_memory="own",
)
elementwise_binary("_grad_add", torch.add, "Sum of two gradients of one array.", onto=Tensor.add_, **derivatives.PASSES)
elementwise_binary(
    "_maximum",
    torch.maximum,
    "Larger of two arrays; NaN if either is. Where both are equal the gradient goes to `lhs`.",
    aliases=("_Maximum",),
    gradient=maximum_gradient,
)
elementwise_binary(
    "_minimum",
    torch.minimum,
    "Smaller of two arrays; NaN if either is. Where both are equal the gradient goes to `lhs`.",
    aliases=("_Minimum",),
    gradient=minimum_gradient,
)
elementwise_binary("_power", torch.pow, "``lhs`` to the power of ``rhs``.", aliases=("_Power",))
elementwise_binary(
    "_mod", modulo, "Remainder of ``lhs / rhs`` with the sign of `rhs`, as in Python; x mod 0 is 0.", aliases=("_Mod",)
)
elementwise_binary("_hypot", hypotenuse, "``sqrt(lhs**2 + rhs**2)``, without overflow.", aliases=("_Hypot",))
elementwise_binary("_equal", equal, "1 where ``lhs == rhs``, else 0.", aliases=("_Equal",))
elementwise_binary("_not_equal", not_equal, "1 where ``lhs != rhs``, else 0.", aliases=("_Not_Equal",))
elementwise_binary("_greater", greater, "1 where ``lhs > rhs``, else 0.", aliases=("_Greater",))
elementwise_binary("_greater_equal", greater_equal, "1 where ``lhs >= rhs``, else 0.", aliases=("_Greater_Equal",))
elementwise_binary("_lesser", lesser, "1 where ``lhs < rhs``, else 0.", aliases=("_Lesser",))
elementwise_binary("_lesser_equal", lesser_equal, "1 where ``lhs <= rhs``, else 0.", aliases=("_Lesser_Equal",))
elementwise_binary("_logical_and", logical_and, "1 where neither operand is 0, else 0.", aliases=("_Logical_And",))
elementwise_binary("_logical_or", logical_or, "1 where an operand is not 0, else 0.", aliases=("_Logical_Or",))
elementwise_binary("_logical_xor", logical_xor, "1 where exactly one operand is not 0.", aliases=("_Logical_Xor",))
