"""One-line constructors for operators that differ in a single torch function.

Integers: MXNet computes every elementwise function in the input's own dtype (``exp`` of int32 is int32), so a function
that torch defines on floating tensors only goes through `floating`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .registry import GradientRule, operator

Tensor = torch.Tensor


def floating(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Make a function of floating tensors accept integers: computed in float64, cut to the integer dtype."""

    def on_any_dtype(data: Tensor) -> Tensor:
        if data.is_floating_point():
            return function(data)
        return function(data.double()).to(data.dtype)

    return on_any_dtype


def unary(
    name: str,
    function: Callable[[Tensor], Tensor],
    summary: str,
    *,
    aliases: Sequence[str] = (),
    gradient: GradientRule | None = None,
    integers: bool = False,
    view: bool = False,
) -> None:
    """Register ``name(data)``, elementwise. With `integers`, `function` takes integer tensors as it is."""
    kernel = function if integers else floating(function)

    def call(data: Tensor) -> Tensor:
        return kernel(data)

    _register(name, call, summary, aliases=aliases, gradient=gradient, elementwise=True, view=view)


def check_same_dtype(lhs: Tensor, rhs: Tensor) -> None:
    """Raise TypeError unless both have one dtype: MXNet never promotes, torch would."""
    if lhs.dtype is not rhs.dtype:
        raise TypeError(
            f"lhs is {str(lhs.dtype)[6:]} and rhs is {str(rhs.dtype)[6:]}; expected one dtype for both: "
            "cast one of them with .astype"
        )


def elementwise_binary(
    name: str,
    function: Callable[[Tensor, Tensor], Tensor],
    summary: str,
    *,
    aliases: Sequence[str] = (),
) -> None:
    """Register ``name(lhs, rhs)`` for two inputs of one shape and dtype."""

    def call(lhs: Tensor, rhs: Tensor) -> Tensor:
        check_same_dtype(lhs, rhs)
        if lhs.shape != rhs.shape:
            raise ValueError(
                f"lhs has shape {tuple(lhs.shape)} and rhs {tuple(rhs.shape)}; expected equal shapes "
                "(the broadcast_* operators broadcast)"
            )
        return function(lhs, rhs)

    _register(name, call, summary, aliases=aliases, elementwise=True)


def broadcast_binary(
    name: str,
    function: Callable[[Tensor, Tensor], Tensor],
    summary: str,
    *,
    aliases: Sequence[str] = (),
) -> None:
    """Register ``name(lhs, rhs)`` with NumPy's broadcasting, both of one dtype."""

    def call(lhs: Tensor, rhs: Tensor) -> Tensor:
        check_same_dtype(lhs, rhs)
        return function(lhs, rhs)

    _register(name, call, summary, aliases=aliases, shape=broadcast_shape)


def broadcast_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Any
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    """Output shape and dtype of a broadcasting operator."""
    try:
        return [(tuple(torch.broadcast_shapes(*shapes)), dtypes[0])]
    except RuntimeError:
        raise ValueError(f"shapes {' and '.join(map(str, shapes))} do not broadcast") from None


def scalar_binary(
    name: str,
    function: Callable[[Tensor, Any], Tensor],
    summary: str,
    *,
    aliases: Sequence[str] = (),
) -> None:
    """Register ``name(data, scalar=...)``; `function` gets the scalar in the tensor's own dtype class."""

    def call(data: Tensor, *, scalar: float = 1.0, is_int: bool = True) -> Tensor:
        return function(data, scalar if data.is_floating_point() else int(scalar))

    _register(name, call, summary, aliases=aliases, elementwise=True)


def _register(name: str, call: Callable[..., Tensor], summary: str, **traits: Any) -> None:
    call.__name__ = call.__qualname__ = name
    call.__doc__ = summary
    operator(name, **traits)(call)
