"""Random arrays: every operator draws from the generator that it is given, never from torch's global one.

``_random_X`` takes its parameters as numbers and a shape, ``_random_X_like`` takes shape, dtype and device from an
array. For the operators whose parameters are arrays see ``multisampling``. No gradient flows to anything here.

float16 is drawn in float32 and rounded: half precision has too few steps to draw in.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from . import draws
from .attributes import DType
from .attributes import Shape as ShapeAttribute
from .creation import check_shape
from .families import documented
from .registry import Function, Shape, operator

Tensor = torch.Tensor
Known = Sequence[tuple[Shape, torch.dtype]]

_INPUT, _KEYWORD = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY


def work_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype to draw in for a result of `dtype`."""
    return torch.float32 if dtype.itemsize == 2 else dtype


def float_dtype(dtype: torch.dtype | None) -> torch.dtype:
    """Return the dtype of the result for the attribute ``dtype``; TypeError for integers."""
    if dtype is None:
        return torch.float32
    if not dtype.is_floating_point:
        raise TypeError(f"dtype is {str(dtype)[6:]}; expected float16, float32 or float64")
    return dtype


# -- operators from a function that draws ----------------------------------------------------------------------------
def parameters_of(function: Callable[..., Any], kind: object) -> list[inspect.Parameter]:
    """Return the parameters of `function` that are of this kind."""
    return [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.kind is kind]


def present(call: Any, name: str, documentation: str, parameters: Sequence[inspect.Parameter]) -> None:
    """Give `call`, which passes starred parameters on, a name, a docstring and the signature that it stands for."""
    call.__name__ = call.__qualname__ = name
    call.__doc__ = documentation
    call.__signature__ = inspect.Signature(parameters, return_annotation=Tensor)


_DRAWN = """\
shape : tuple of int, optional
    Shape of the result; nothing stands for ``()``.
ctx : str
    Device, such as ``"cpu(0)"``.
dtype : dtype, optional
    float16, float32 (unless given) or float64.

Returns
-------
`shape`
"""


def _drawn_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    return [(check_shape(attributes["shape"] or ()), float_dtype(attributes["dtype"]))]


def distribution(name: str, *, aliases: Sequence[str] = ()) -> Callable[[Function], Function]:
    """Register ``_random_{name}`` from ``draw(out, generator, **parameters)``.

    `draw` fills a tensor, or returns another one like it. Its keyword-only parameters are attributes of the operator,
    which also takes shape and dtype; the docstring is that of `draw` and `_DRAWN`.
    """

    def register(draw: Function) -> Function:
        def call(
            *,
            shape: ShapeAttribute | None = None,
            ctx: str = "",
            dtype: DType | None = None,
            generator: torch.Generator,
            device: torch.device,
            **parameters: Any,
        ) -> Tensor:
            out = torch.empty(check_shape(shape or ()), dtype=work_dtype(float_dtype(dtype)), device=device)
            drawn = draw(out, generator, **parameters)
            return drawn if dtype is None else drawn.to(dtype)

        schema = parameters_of(draw, _KEYWORD) + parameters_of(call, _KEYWORD)
        present(call, f"random_{name}", documented(draw, _DRAWN), schema)
        operator(f"_random_{name}", aliases=aliases, creates=True, random=True, shape=_drawn_shape)(call)
        return draw

    return register


def _positive(value: float, name: str) -> float:
    if not 0 < value < math.inf:
        raise ValueError(f"{name}={value}; expected a positive number")
    return value


def _not_negative(value: float, name: str) -> float:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name}={value}; expected a number of at least 0")
    return value


# -- the distributions -----------------------------------------------------------------------------------------------
@distribution("uniform", aliases=("random_uniform", "uniform"))
def _uniform(out: Tensor, generator: torch.Generator, *, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Uniform values in [low, high).

    Parameters
    ----------
    low, high : float
        Bounds, `low` of at most `high`.

    Examples
    --------
    >>> mx.nd.random_uniform(3, 4, shape=(2, 2)).astype("int32").asnumpy().tolist()
    [[3, 3], [3, 3]]
    """
    if not low <= high:
        raise ValueError(f"low={low} and high={high}; expected low of at most high")
    return out.uniform_(low, high, generator=generator)


@distribution("normal", aliases=("normal", "random_normal"))
def _normal(out: Tensor, generator: torch.Generator, *, loc: float = 0.0, scale: float = 1.0) -> Tensor:
    """Normal values with mean `loc` and standard deviation `scale`.

    Parameters
    ----------
    loc : float
        Mean.
    scale : float
        Standard deviation, positive.

    Examples
    --------
    >>> mx.nd.random_normal(loc=1, scale=2, shape=(2, 3)).shape
    (2, 3)
    """
    return out.normal_(loc, _positive(scale, "scale"), generator=generator)


@distribution("gamma", aliases=("random_gamma",))
def _gamma(out: Tensor, generator: torch.Generator, *, alpha: float = 1.0, beta: float = 1.0) -> Tensor:
    """Gamma values of shape `alpha` and scale `beta`: density ``x**(alpha-1) exp(-x/beta)``, mean ``alpha * beta``.

    Parameters
    ----------
    alpha : float
        Shape parameter, positive.
    beta : float
        Scale parameter (not the rate), positive.

    Examples
    --------
    >>> mx.nd.random_gamma(alpha=9, beta=0.5, shape=(2, 3)).shape
    (2, 3)
    """
    _positive(alpha, "alpha")
    _positive(beta, "beta")
    return draws.gamma(out.fill_(alpha), generator).mul_(beta)


@distribution("exponential", aliases=("random_exponential",))
def _exponential(out: Tensor, generator: torch.Generator, *, lam: float = 1.0) -> Tensor:
    """Exponential values of rate `lam`: density ``lam * exp(-lam * x)``, mean ``1 / lam``.

    Parameters
    ----------
    lam : float
        Rate, positive.

    Examples
    --------
    >>> mx.nd.random_exponential(lam=4, shape=(2, 3)).shape
    (2, 3)
    """
    rate = _positive(lam, "lam")
    return draws.exponential(out, generator).div_(rate)


@distribution("poisson", aliases=("random_poisson",))
def _poisson(out: Tensor, generator: torch.Generator, *, lam: float = 1.0) -> Tensor:
    """Poisson counts with mean `lam`, stored as floats.

    Parameters
    ----------
    lam : float
        Mean, at least 0.

    Examples
    --------
    >>> mx.nd.random_poisson(lam=0, shape=(2,)).asnumpy().tolist()
    [0.0, 0.0]
    """
    return draws.poisson(out, generator, _not_negative(lam, "lam"))


@distribution("negative_binomial", aliases=("random_negative_binomial",))
def _negative_binomial(out: Tensor, generator: torch.Generator, *, k: int = 1, p: float = 1.0) -> Tensor:
    """Failures before the `k`-th success, each trial succeeding with probability `p`; mean ``k (1 - p) / p``.

    Parameters
    ----------
    k : int
        Number of successes, at least 0.
    p : float
        Probability of success, above 0; from 1 on there are no failures.

    Examples
    --------
    >>> mx.nd.random_negative_binomial(k=3, p=1, shape=(2,)).asnumpy().tolist()
    [0.0, 0.0]
    """
    _not_negative(k, "k")
    _positive(p, "p")
    if k == 0 or p >= 1:
        return out.zero_()
    return draws.negative_binomial(out, generator, k, (1 - p) / p)


@distribution("generalized_negative_binomial", aliases=("random_generalized_negative_binomial",))
def _generalized_negative_binomial(
    out: Tensor, generator: torch.Generator, *, mu: float = 1.0, alpha: float = 1.0
) -> Tensor:
    """Negative binomial counts with mean `mu` and variance ``mu + alpha * mu**2``; Poisson counts for `alpha` 0.

    Parameters
    ----------
    mu : float
        Mean, at least 0.
    alpha : float
        Dispersion, at least 0.

    Examples
    --------
    >>> mx.nd.random_generalized_negative_binomial(mu=0, alpha=0.3, shape=(2,)).asnumpy().tolist()
    [0.0, 0.0]
    """
    _not_negative(mu, "mu")
    if _not_negative(alpha, "alpha") == 0 or mu == 0:
        return _poisson(out, generator, lam=mu)
    return draws.negative_binomial(out, generator, 1 / alpha, mu * alpha)


def _int_dtype(dtype: torch.dtype | None) -> torch.dtype:
    if dtype not in (None, torch.int32, torch.int64):
        raise TypeError(f"dtype is {str(dtype)[6:]}; expected int32 or int64")
    return dtype or torch.int32


def _randint_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    return [(check_shape(attributes["shape"] or ()), _int_dtype(attributes["dtype"]))]


@operator(
    "_random_randint",
    aliases=("_npi_random_randint", "random_randint"),
    creates=True,
    random=True,
    shape=_randint_shape,
    output_dtypes=lambda dtypes, attributes: [_int_dtype(attributes["dtype"])],
)
def random_randint(
    *,
    low: int,
    high: int,
    shape: ShapeAttribute | None = None,
    ctx: str = "",
    dtype: DType | None = None,
    generator: torch.Generator,
    device: torch.device,
) -> Tensor:
    """Integers of [low, high), all equally likely.

    Parameters
    ----------
    low, high : int
        Bounds, `low` below `high`; all values must fit `dtype`.
    shape : tuple of int, optional
        Shape of the result; nothing stands for ``()``.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : dtype, optional
        int32 (unless given) or int64.

    Returns
    -------
    `shape`

    Examples
    --------
    >>> mx.nd.random_randint(5, 6, shape=(3,)).asnumpy().tolist()
    [5, 5, 5]
    """
    dtype = _int_dtype(dtype)
    if low >= high:
        raise ValueError(f"low={low} and high={high}; expected low below high")
    bits = dtype.itemsize * 8 - 1
    if low < -(2**bits) or high > 2**bits:
        raise ValueError(f"low={low} and high={high} do not fit {str(dtype)[6:]}; pass a wider dtype")
    return torch.randint(low, high, check_shape(shape or ()), generator=generator, dtype=dtype, device=device)


# -- arrays like another one -----------------------------------------------------------------------------------------
def like(name: str, draw: Callable[..., Tensor], values: str) -> None:
    """Register ``_random_{name}_like(data, **parameters)``; `draw` is what `distribution` got."""

    def call(data: Tensor, *, generator: torch.Generator, **parameters: Any) -> Tensor:
        if not data.is_floating_point():
            raise TypeError(f"data is {str(data.dtype)[6:]}; expected float16, float32 or float64")
        out = torch.empty(data.shape, dtype=work_dtype(data.dtype), device=data.device)
        return draw(out, generator, **parameters).to(data.dtype)

    schema = parameters_of(call, _INPUT) + parameters_of(draw, _KEYWORD) + parameters_of(call, _KEYWORD)
    present(call, f"random_{name}_like", _LIKE.format(values=values, name=name), schema)
    operator(f"_random_{name}_like", random=True, elementwise=True)(call)


_LIKE = """\
{values} of the shape, dtype and device of `data`. See `_random_{name}`.

Examples
--------
>>> mx.nd.random.{name}_like(mx.nd.ones((2, 3))).shape
(2, 3)
"""

like("uniform", _uniform, "Uniform values in [low, high),")
like("normal", _normal, "Normal values")
like("gamma", _gamma, "Gamma values")
like("exponential", _exponential, "Exponential values")
like("poisson", _poisson, "Poisson counts")
like("negative_binomial", _negative_binomial, "Negative binomial counts")
like("generalized_negative_binomial", _generalized_negative_binomial, "Generalized negative binomial counts")
