"""Arithmetic, comparisons and logic of an array and a number.

``r`` in a name (reversed) means that the number is the left operand.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from . import binary, derivatives
from .families import cut, in_range, scalar_binary
from .registry import Backward, GradientRule

Tensor = torch.Tensor


def _divide_integers(data: Tensor, scalar: int) -> Tensor:
    if scalar in (0, -1):  # see divide_integers
        return data * scalar
    return torch.div(data, scalar, rounding_mode="trunc")


def _divide_into(data: Tensor, scalar: float) -> Tensor:
    return torch.div(scalar, data)  # a microsecond less than the operator


def _divide_integers_into(data: Tensor, scalar: int) -> Tensor:
    return binary.divide_integers(torch.full_like(data, scalar), data)


def _modulo(data: Tensor, scalar: float) -> Tensor:
    return torch.remainder(data, scalar) if scalar else torch.zeros_like(data)


def _modulo_into(data: Tensor, scalar: float) -> Tensor:
    return binary.modulo(torch.full_like(data, scalar), data)


def _integer_power(data: Tensor, scalar: int) -> Tensor:
    if scalar >= 0:
        return torch.pow(data, scalar)
    return cut(torch.pow)(data, scalar)


def _power_of(data: Tensor, scalar: float) -> Tensor:
    return torch.pow(scalar, data)


def _integer_power_of(data: Tensor, scalar: int) -> Tensor:
    return torch.pow(torch.full_like(data, scalar), data)


def _hypotenuse(data: Tensor, scalar: float) -> Tensor:
    return binary.hypotenuse(data, torch.full_like(data, scalar))


def _scaled_gradient(function: Callable[[Tensor, float], Tensor]) -> GradientRule:
    """Gradient of a product or quotient with a number: the same of the head gradient."""

    def rule(backward: Backward) -> list[Tensor | None]:
        (head,) = backward.head_gradients
        assert head is not None
        return [in_range(function, head, backward.attributes["scalar"])]

    return rule


def _logic(with_zero: Callable[[Tensor], Tensor], with_other: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    """A logical function of data and a known number: one function of data where that is 0, another where it is not."""

    def function(data: Tensor, scalar: float) -> Tensor:
        return with_other(data) if scalar else with_zero(data)

    return function


def _nonzero(data: Tensor) -> Tensor:
    return binary.not_equal(data, 0)


def _zero(data: Tensor) -> Tensor:
    return binary.equal(data, 0)


scalar_binary("_plus_scalar", torch.add, "Sum ``data + scalar``.", aliases=("_PlusScalar",), **derivatives.PASSES)
scalar_binary(
    "_minus_scalar", torch.sub, "Difference ``data - scalar``.", aliases=("_MinusScalar",), **derivatives.PASSES
)
scalar_binary(
    "_rminus_scalar",
    torch.rsub,
    "Difference ``scalar - data``.",
    aliases=("_RMinusScalar",),
    plan_gradient=derivatives.negated,
    **derivatives.OF_NOTHING,
)
scalar_binary(
    "_mul_scalar",
    torch.mul,
    "Product ``data * scalar``.",
    aliases=("_MulScalar",),
    plan_gradient=_scaled_gradient(torch.mul),
    **derivatives.OF_NOTHING,
)
scalar_binary(
    "_div_scalar",
    torch.div,
    "Quotient ``data / scalar``; integers are cut towards zero, and x / 0 is 0.",
    aliases=("_DivScalar",),
    plan_gradient=_scaled_gradient(torch.div),
    **derivatives.OF_NOTHING,
    integers=_divide_integers,
)
scalar_binary(
    "_rdiv_scalar",
    _divide_into,
    "Quotient ``scalar / data``; integers are cut towards zero, and x / 0 is 0.",
    aliases=("_RDivScalar",),
    integers=_divide_integers_into,
)
scalar_binary(
    "_mod_scalar",
    _modulo,
    "Remainder of ``data / scalar`` with the sign of the scalar, as in Python; x mod 0 is 0.",
    aliases=("_ModScalar",),
)
scalar_binary(
    "_rmod_scalar",
    _modulo_into,
    "Remainder of ``scalar / data`` with the sign of `data`, as in Python; x mod 0 is 0.",
    aliases=("_RModScalar",),
)
scalar_binary(
    "_power_scalar",
    torch.pow,
    "`data` to the power of `scalar`.",
    aliases=("_PowerScalar",),
    integers=_integer_power,
)
scalar_binary(
    "_rpower_scalar",
    _power_of,
    "`scalar` to the power of `data`.",
    aliases=("_RPowerScalar",),
    integers=_integer_power_of,
)
scalar_binary(
    "_maximum_scalar",
    torch.clamp_min,
    "Larger of `data` and `scalar`. Where both are equal the gradient goes to `data`.",
    aliases=("_MaximumScalar", "_npi_maximum_scalar"),
)
scalar_binary(
    "_minimum_scalar",
    torch.clamp_max,
    "Smaller of `data` and `scalar`. Where both are equal the gradient goes to `data`.",
    aliases=("_MinimumScalar", "_npi_minimum_scalar"),
)
scalar_binary(
    "_hypot_scalar",
    _hypotenuse,
    "``sqrt(data**2 + scalar**2)``, without overflow.",
    aliases=("_HypotScalar", "_npi_hypot_scalar"),
)
scalar_binary("_equal_scalar", binary.equal, "1 where ``data == scalar``, else 0.", aliases=("_EqualScalar",))
scalar_binary(
    "_not_equal_scalar", binary.not_equal, "1 where ``data != scalar``, else 0.", aliases=("_NotEqualScalar",)
)
scalar_binary("_greater_scalar", binary.greater, "1 where ``data > scalar``, else 0.", aliases=("_GreaterScalar",))
scalar_binary(
    "_greater_equal_scalar",
    binary.greater_equal,
    "1 where ``data >= scalar``, else 0.",
    aliases=("_GreaterEqualScalar",),
)
scalar_binary("_lesser_scalar", binary.lesser, "1 where ``data < scalar``, else 0.", aliases=("_LesserScalar",))
scalar_binary(
    "_lesser_equal_scalar",
    binary.lesser_equal,
    "1 where ``data <= scalar``, else 0.",
    aliases=("_LesserEqualScalar",),
)
scalar_binary(
    "_logical_and_scalar",
    _logic(torch.zeros_like, _nonzero),
    "1 where neither `data` nor `scalar` is 0, else 0.",
    aliases=("_LogicalAndScalar",),
)
scalar_binary(
    "_logical_or_scalar",
    _logic(_nonzero, torch.ones_like),
    "1 where `data` or `scalar` is not 0, else 0.",
    aliases=("_LogicalOrScalar",),
)
scalar_binary(
    "_logical_xor_scalar",
    _logic(_nonzero, _zero),
    "1 where exactly one of `data` and `scalar` is not 0.",
    aliases=("_LogicalXorScalar",),
)
