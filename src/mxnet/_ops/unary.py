"""Mathematical functions of one array, element by element."""

from __future__ import annotations

from collections.abc import Callable

import torch

from . import derivatives
from .families import comparison, unary
from .registry import Backward

Tensor = torch.Tensor


def _cbrt(data: Tensor) -> Tensor:
    return torch.copysign(data.abs().pow(1 / 3), data)


def _cbrt_integers(data: Tensor) -> Tensor:
    return (_cbrt(data.double()) * (1 + 1e-12)).to(data.dtype)  # 64 ** (1 / 3) is just below 4


def _cbrt_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), (output,) = backward.head_gradients, backward.outputs
    return [None if head is None else head / (3 * output.square())]


def _rcbrt(data: Tensor) -> Tensor:
    return _cbrt(data).reciprocal()


def _rcbrt_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), (output,) = backward.head_gradients, backward.outputs
    return [None if head is None else head * output.square().square() / -3]


def _gamma(data: Tensor) -> Tensor:
    # Between negative integers the sign alternates; at them gamma has poles on both sides.
    below = data.floor()
    sign = torch.where(data < 0, 1 - 2 * torch.remainder(below, 2), torch.ones_like(data).copysign(data))
    sign = sign.masked_fill((data < 0) & (data == below), float("nan"))
    # In float64: exp would magnify the rounding of a large logarithm.
    return sign * torch.lgamma(data.double()).exp().to(data.dtype)


def _gamma_integers(data: Tensor) -> Tensor:
    return _gamma(data.double()).round().to(data.dtype)


def _in_float32(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Compute 16-bit floats in float32, where intermediate results need the digits or torch has no kernel."""

    def wider(data: Tensor) -> Tensor:
        return function(data.float()).to(data.dtype) if data.itemsize == 2 else function(data)

    return wider


def _trunc(data: Tensor) -> Tensor:
    return torch.div(data, 1, rounding_mode="trunc")  # 40 times as fast as torch.trunc on a CPU with AVX-512


def _rint(data: Tensor) -> Tensor:
    whole = data.round()  # halves go to the even one
    return whole.sub_((whole - data).eq_(0.5))


def _round(data: Tensor) -> Tensor:
    size = data.abs()
    whole = size.floor()
    return whole.add_(size.sub_(whole).ge_(0.5)).copysign_(data)


def _no_gradient(backward: Backward) -> list[Tensor | None]:
    return [None]


def _softsign(data: Tensor) -> Tensor:
    return data / (1 + data.abs())


def _softsign_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), (data,) = backward.head_gradients, backward.inputs
    return [None if head is None else head / (1 + data.abs()).square()]


def _exp_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), (output,) = backward.head_gradients, backward.outputs
    assert head is not None
    return [torch.mul(head, output, out=derivatives.result_of(backward))]


def _square_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), (data,) = backward.head_gradients, backward.inputs
    assert head is not None
    return [torch.mul(head, data, out=derivatives.result_of(backward)).mul_(2)]


def _logical_not(data: Tensor) -> Tensor:
    return _is(data, 0)


_is = comparison(torch.eq)

unary("abs", torch.abs, "Absolute value.", aliases=("_sparse_abs",), integers=True)
unary("arccos", torch.acos, "Inverse cosine, in [0, pi]; NaN outside of [-1, 1].", aliases=("_sparse_arccos",))
unary("arccosh", torch.acosh, "Inverse hyperbolic cosine; NaN below 1.", aliases=("_sparse_arccosh",))
unary("arcsin", torch.asin, "Inverse sine, in [-pi/2, pi/2]; NaN outside of [-1, 1].", aliases=("_sparse_arcsin",))
unary("arcsinh", torch.asinh, "Inverse hyperbolic sine.", aliases=("_sparse_arcsinh",))
unary("arctan", torch.atan, "Inverse tangent, in [-pi/2, pi/2].", aliases=("_sparse_arctan",))
unary("arctanh", torch.atanh, "Inverse hyperbolic tangent; NaN outside of [-1, 1].", aliases=("_sparse_arctanh",))
unary(
    "cbrt",
    _cbrt,
    "Cube root, negative for negative numbers.",
    aliases=("_sparse_cbrt",),
    gradient=_cbrt_gradient,
    integers=_cbrt_integers,
)
unary("ceil", torch.ceil, "Smallest integer not below each element.", aliases=("_sparse_ceil",), integers=True)
unary("cos", torch.cos, "Cosine of angles in radians.", aliases=("_sparse_cos",))
unary("cosh", torch.cosh, "Hyperbolic cosine.", aliases=("_sparse_cosh",))
unary("degrees", torch.rad2deg, "Radians to degrees: ``180 / pi * data``.", aliases=("_sparse_degrees",))
unary(
    "erf", torch.erf, "Error function: ``2 / sqrt(pi)`` times the integral of exp(-t**2) from 0.", aliases=("_npx_erf",)
)
unary("erfinv", _in_float32(torch.erfinv), "Inverse of the error function, on (-1, 1).", aliases=("_npx_erfinv",))
unary(
    "exp",
    torch.exp,
    "Exponential ``e ** data``.",
    aliases=("_sparse_exp",),
    onto=torch.exp_,
    plan_gradient=_exp_gradient,
    **derivatives.OF_OUTPUT,
)
unary("expm1", torch.expm1, "``exp(data) - 1``, precise near 0.", aliases=("_sparse_expm1",))
unary("fix", _trunc, "Nearest integer towards 0.", aliases=("_sparse_fix",), integers=torch.clone)
unary("floor", torch.floor, "Largest integer not above each element.", aliases=("_sparse_floor",), integers=True)
unary(
    "gamma",
    _in_float32(_gamma),
    "Gamma function; ``gamma(n + 1)`` is the factorial of n.",
    aliases=("_npx_gamma", "_sparse_gamma"),
    integers=_gamma_integers,
)
unary(
    "gammaln",
    _in_float32(torch.lgamma),
    "Logarithm of the absolute value of the gamma function; of integers in float32.",
    aliases=("_npx_gammaln", "_sparse_gammaln"),
    widens=True,
)
unary("log", torch.log, "Natural logarithm; NaN below 0.", aliases=("_sparse_log",))
unary("log10", torch.log10, "Logarithm to base 10; NaN below 0.", aliases=("_sparse_log10",))
unary("log1p", torch.log1p, "``log(1 + data)``, precise near 0.", aliases=("_sparse_log1p",))
unary("log2", torch.log2, "Logarithm to base 2; NaN below 0.", aliases=("_sparse_log2",))
unary("logical_not", _logical_not, "1 where an element is 0, else 0.", integers=True)
unary(
    "negative",
    torch.neg,
    "Negative ``-data``.",
    aliases=("_sparse_negative",),
    integers=True,
    onto=torch.neg_,
    plan_gradient=derivatives.negated,
    **derivatives.OF_NOTHING,
)
unary("radians", torch.deg2rad, "Degrees to radians: ``pi / 180 * data``.", aliases=("_sparse_radians",))
unary("rcbrt", _rcbrt, "Reciprocal of the cube root.", gradient=_rcbrt_gradient)
unary("reciprocal", torch.reciprocal, "``1 / data``.")
unary(
    "relu",
    torch.relu,
    "``max(data, 0)``; the gradient at 0 is 0.",
    aliases=("_sparse_relu",),
    integers=True,
    onto=torch.relu_,
    plan_gradient=derivatives.relu,
    **derivatives.OF_OUTPUT,
)
unary(
    "rint",
    _rint,
    "Nearest integer; the lower one of two.",
    aliases=("_sparse_rint",),
    gradient=_no_gradient,
    integers=torch.clone,
)
unary(
    "round",
    _round,
    "Nearest integer; halves away from 0.",
    aliases=("_sparse_round",),
    gradient=_no_gradient,
    integers=torch.clone,
)
unary("rsqrt", torch.rsqrt, "``1 / sqrt(data)``; NaN below 0.", aliases=("_sparse_rsqrt",))
unary(
    "sigmoid",
    torch.sigmoid,
    "Logistic function ``1 / (1 + exp(-data))``.",
    aliases=("_sparse_sigmoid",),
    onto=torch.sigmoid_,
    plan_gradient=derivatives.sigmoid,
    **derivatives.OF_OUTPUT,
)
unary(
    "sign", torch.sign, "-1, 0 or 1 with the sign of each element; 0 for NaN.", aliases=("_sparse_sign",), integers=True
)
unary("sin", torch.sin, "Sine of angles in radians.", aliases=("_sparse_sin",))
unary("sinh", torch.sinh, "Hyperbolic sine.", aliases=("_sparse_sinh",))
unary("softsign", _softsign, "``data / (1 + abs(data))``.", gradient=_softsign_gradient)
unary("sqrt", torch.sqrt, "Square root; NaN below 0.", aliases=("_sparse_sqrt",))
unary(
    "square",
    torch.square,
    "``data ** 2``.",
    aliases=("_sparse_square",),
    integers=True,
    plan_gradient=_square_gradient,
    **derivatives.OF_DATA,
)
unary("tan", torch.tan, "Tangent of angles in radians.", aliases=("_sparse_tan",))
unary(
    "tanh",
    torch.tanh,
    "Hyperbolic tangent.",
    aliases=("_sparse_tanh",),
    onto=torch.tanh_,
    plan_gradient=derivatives.tanh,
    **derivatives.OF_OUTPUT,
)
unary("trunc", _trunc, "Nearest integer towards 0.", aliases=("_sparse_trunc",), integers=torch.clone)
