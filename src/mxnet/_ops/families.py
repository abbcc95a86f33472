"""One-line constructors for operators that differ in a single torch function.

MXNet never promotes: both operands have one dtype and the result keeps it. Comparisons answer 0 and 1 in that dtype,
and integers stay integers (``exp`` of int32 is int32), so what torch defines on floating tensors only is computed in
float64 and cut. bool has no arithmetic. A kernel's own checks are kept to a few attribute reads: ``a + b`` on small
arrays is mostly overhead, and every operator here pays for them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import torch

from .registry import GradientRule, Shape, operator

Tensor = torch.Tensor
Unary = Callable[[Tensor], Tensor]
Binary = Callable[[Tensor, Tensor], Tensor]
WithScalar = Callable[[Tensor, Any], Tensor]

_BOOL = torch.bool

#: Numbers up to this one are in the range of every floating dtype: the largest float16.
_EVERYWHERE = 65504.0


def unary(
    name: str,
    function: Unary,
    summary: str,
    *,
    aliases: Sequence[str] = (),
    gradient: GradientRule | None = None,
    integers: bool | Unary = False,
    widens: bool = False,
    onto: Unary | None = None,
    **traits: Any,
) -> None:
    """Register ``name(data)``, elementwise; `onto` writes its result over floating `data`.

    `integers` says what happens to integer tensors: computed in float64 and cut (False), given to `function` as they
    are (True), or given to another function. With `widens` their result is float32.
    """
    on_integers = function if integers is True else integers or cut(function)
    if widens:
        on_integers = lambda data: function(data.double()).float()  # noqa: E731

    def call(data: Tensor, *, reuse: str | None = None) -> Tensor:
        if data.is_floating_point():
            return onto(data) if reuse else function(data)  # type: ignore[misc] - reuse comes only where there is one
        if data.dtype is _BOOL:
            _refuse_bool()
        return on_integers(data)

    traits |= {"gradient": gradient, "output_dtypes": _widened if widens else None, "reuses": ("data",) if onto else ()}
    _register(name, call, summary, _UNARY, aliases=aliases, elementwise=True, **traits)


def _widened(dtypes: Sequence[torch.dtype | None], attributes: Mapping[str, Any]) -> list[torch.dtype | None]:
    (dtype,) = dtypes
    return [dtype if dtype is None or dtype.is_floating_point else torch.float32]


def _largest_exact(dtype: torch.dtype) -> float:
    """Return up to which integer a dtype holds them all."""
    if dtype.is_floating_point:
        return 2 / torch.finfo(dtype).eps
    return 1 if dtype is _BOOL else torch.iinfo(dtype).max


def index_dtype(dtype: torch.dtype, length: int) -> torch.dtype:
    """Return the dtype for indices below `length`: `dtype`, or a wider floating one if it does not hold them all."""
    if length - 1 <= _largest_exact(dtype):
        return dtype
    return torch.float32 if length - 1 <= 2**24 else torch.float64


def elementwise_binary(
    name: str,
    function: Binary,
    summary: str,
    *,
    aliases: Sequence[str] = (),
    gradient: GradientRule | None = None,
    onto: Binary | None = None,
    **traits: Any,
) -> None:
    """Register ``name(lhs, rhs)`` for two inputs of one shape and dtype.

    `onto`, for a function that does not mind the order of its inputs, writes the result over its first.
    """

    def call(lhs: Tensor, rhs: Tensor, *, reuse: str | None = None) -> Tensor:
        dtype = lhs.dtype
        if dtype is not rhs.dtype or dtype is _BOOL:
            check_arithmetic(lhs, rhs)
        if lhs.shape != rhs.shape:
            raise ValueError(
                f"lhs has shape {tuple(lhs.shape)} and rhs {tuple(rhs.shape)}; expected equal shapes "
                "(the broadcast_* operators broadcast)"
            )
        if reuse is None:
            return function(lhs, rhs)
        assert onto is not None
        return onto(lhs, rhs) if reuse == "lhs" else onto(rhs, lhs)

    traits |= {"gradient": gradient, "reuses": ("lhs", "rhs") if onto else ()}
    _register(name, call, summary, _BINARY, aliases=aliases, elementwise=True, **traits)


def broadcast_binary(
    name: str,
    function: Binary,
    summary: str,
    *,
    aliases: Sequence[str] = (),
    gradient: GradientRule | None = None,
) -> None:
    """Register ``name(lhs, rhs)`` with NumPy's broadcasting, both of one dtype."""

    def call(lhs: Tensor, rhs: Tensor) -> Tensor:
        dtype = lhs.dtype
        if dtype is not rhs.dtype or dtype is _BOOL:
            check_arithmetic(lhs, rhs)
        try:
            return function(lhs, rhs)
        except RuntimeError:
            broadcast_shape((tuple(lhs.shape), tuple(rhs.shape)), (dtype,), {})  # says what does not fit
            raise

    _register(name, call, summary, _BROADCAST, aliases=aliases, gradient=gradient, shape=broadcast_shape)


def scalar_binary(
    name: str,
    function: WithScalar,
    summary: str,
    *,
    aliases: Sequence[str] = (),
    integers: WithScalar | None = None,
    **traits: Any,
) -> None:
    """Register ``name(data, scalar=...)``; `integers`, where given, takes integer tensors instead of `function`."""
    on_integers = integers or function

    def call(data: Tensor, *, scalar: float = 1.0, is_int: bool = True) -> Tensor:
        if data.is_floating_point():
            return function(data, scalar) if -_EVERYWHERE <= scalar <= _EVERYWHERE else in_range(function, data, scalar)
        if not is_int:
            return function(data.double(), scalar)
        if data.dtype is _BOOL:
            data = data.long()
        return on_integers(data, wrapped(scalar, data.dtype))

    # Both traits: integers may change their dtype, so the rule says what comes out; shapes are known both ways.
    _register(
        name,
        call,
        summary,
        _SCALAR,
        aliases=aliases,
        elementwise=True,
        shape=_scalar_result,
        output_dtypes=_scalar_dtypes,
        **traits,
    )


def comparison(predicate: Callable[..., Tensor]) -> WithScalar:
    """Make torch's ``predicate(lhs, rhs)`` answer 0 and 1 in the operands' dtype; `rhs` may be a number."""
    empty_like = torch.empty_like

    def compare(lhs: Tensor, rhs: Any) -> Tensor:
        # Written straight into the result's dtype where its shape is known: one pass instead of two.
        if rhs.__class__ is float or rhs.__class__ is int or lhs.shape == rhs.shape:
            return predicate(lhs, rhs, out=empty_like(lhs))
        return predicate(lhs, rhs).to(lhs.dtype)

    return compare


def by_dtype(floating: Binary, integers: Binary) -> Binary:
    """One function out of two: for floating operands and for integer ones."""

    def choose(lhs: Tensor, rhs: Tensor) -> Tensor:
        return floating(lhs, rhs) if lhs.is_floating_point() else integers(lhs, rhs)

    return choose


def cut(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Make a function of floating tensors take integer tensors: computed in float64, cut to their dtype."""

    def on_integers(data: Tensor, *others: Any) -> Tensor:
        return function(data.double(), *others).to(data.dtype)

    return on_integers


def in_range(function: WithScalar, data: Tensor, scalar: float) -> Tensor:
    """Return ``function(data, scalar)`` for floating `data`; in float64 where the number is beyond the dtype's range.

    torch refuses such a number, or takes it for infinite: 0 * 1e39 is 0 in float32, but 0 * inf is NaN.
    """
    if scalar - scalar != 0 or abs(scalar) <= torch.finfo(data.dtype).max:
        return function(data, scalar)
    return function(data.double(), scalar).to(data.dtype)


def wrapped(scalar: float, dtype: torch.dtype) -> int:
    """Return `scalar` cut to an int and wrapped around as a C cast to the integer `dtype` would."""
    if scalar - scalar != 0:  # infinite or NaN
        raise ValueError(
            f"scalar is {scalar}; expected a finite number for {dtype_name(dtype)}: cast data with .astype"
        )
    limits = torch.iinfo(dtype)
    number = int(scalar)
    if limits.min <= number <= limits.max:
        return number
    return (number - limits.min) % (1 << limits.bits) + limits.min


def dtype_name(dtype: torch.dtype) -> str:
    """Return a dtype as MXNet spells it: ``float32``."""
    return str(dtype)[6:]


def check_same_dtype(lhs: Tensor, rhs: Tensor) -> None:
    """Raise TypeError unless both have one dtype: MXNet never promotes, torch would."""
    if lhs.dtype is not rhs.dtype:
        raise TypeError(
            f"lhs is {dtype_name(lhs.dtype)} and rhs is {dtype_name(rhs.dtype)}; expected one dtype for both: "
            "cast one of them with .astype"
        )


def check_arithmetic(lhs: Tensor, rhs: Tensor) -> None:
    """Raise TypeError unless both have one dtype that has arithmetic."""
    check_same_dtype(lhs, rhs)
    if lhs.dtype is _BOOL:
        _refuse_bool()


def documented(function: Callable[..., Any], sections: str) -> str:
    """Return the docstring of `function` with `sections`, which all of its family share, put before its examples."""
    own, _, examples = inspect.cleandoc(function.__doc__ or "").partition("\n\nExamples\n")
    return f"{own}\n{sections}\nExamples\n{examples}\n"


def _refuse_bool() -> NoReturn:
    raise TypeError("data is bool, which has no arithmetic; expected floats or integers: cast it with .astype")


def broadcast_shape(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[Shape, torch.dtype]]:
    """Output shape and dtype of a broadcasting operator."""
    try:
        return [(tuple(torch.broadcast_shapes(*shapes)), dtypes[0])]
    except RuntimeError:
        raise ValueError(
            f"shapes {' and '.join(map(str, shapes))} do not broadcast; expected lengths that are equal or 1, from the "
            "last axis on"
        ) from None


def _scalar_dtypes(dtypes: Sequence[torch.dtype | None], attributes: Mapping[str, Any]) -> list[torch.dtype | None]:
    dtype = dtypes[0]
    if dtype is None or dtype.is_floating_point:
        return [dtype]
    if not attributes["is_int"]:
        return [torch.float64]
    return [torch.int64 if dtype is _BOOL else dtype]


def _scalar_result(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[Shape, torch.dtype]]:
    (dtype,) = _scalar_dtypes(dtypes, attributes)
    return [(shapes[0], dtype or dtypes[0])]


_UNARY = """
Parameters
----------
data : any shape
    Input, of a floating or integer dtype.

Returns
-------
the shape and dtype of `data`
"""

_BINARY = """
Parameters
----------
lhs, rhs : one shape
    Operands, of one floating or integer dtype.

Returns
-------
the shape and dtype of the operands
"""

_BROADCAST = """
Parameters
----------
lhs, rhs : shapes that broadcast
    Operands, of one floating or integer dtype. Axes are compared from the last; an axis of length 1 is repeated.

Returns
-------
the broadcast shape, in the operands' dtype
"""

_SCALAR = """
Parameters
----------
data : any shape
    Input. Integers stay integers: the scalar is cut to their dtype. bool counts as int64.
scalar : float
    The other operand.
is_int : bool
    Whether the scalar was written as an integer; if not, integer data become float64.

Returns
-------
the shape of `data`, in its dtype but for the two cases above
"""


def _register(name: str, call: Callable[..., Tensor], summary: str, sections: str, **traits: Any) -> None:
    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"{summary}\n{sections}"
    operator(name, **traits)(call)
