"""Random arrays: every operator draws from the generator that it is given, never from torch's global one.

``_random_X`` takes its parameters as numbers and a shape, ``_random_X_like`` takes shape, dtype and device from an
array. For the operators whose parameters are arrays see ``multisampling``. No gradient flows to anything here.

float16 is drawn in float32 and rounded: half precision has too few steps to draw in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .attributes import DType
from .attributes import Shape as ShapeAttribute
from .creation import check_shape
from .registry import Shape, operator

Tensor = torch.Tensor
Known = Sequence[tuple[Shape, torch.dtype]]


# -- the distributions, drawn into a tensor's shape, dtype and device ------------------------------------------------
def _fill_uniform(out: Tensor, generator: torch.Generator, low: float, high: float) -> Tensor:
    if not low <= high:
        raise ValueError(f"low={low} and high={high}; expected low of at most high")
    return out.uniform_(low, high, generator=generator)


def _fill_normal(out: Tensor, generator: torch.Generator, loc: float, scale: float) -> Tensor:
    return out.normal_(loc, _positive(scale, "scale"), generator=generator)


def _fill_exponential(out: Tensor, generator: torch.Generator, lam: float) -> Tensor:
    return out.exponential_(_positive(lam, "lam"), generator=generator)


def _fill_gamma(out: Tensor, generator: torch.Generator, alpha: float, beta: float) -> Tensor:
    _positive(alpha, "alpha")
    _positive(beta, "beta")
    return standard_gamma(out.fill_(alpha), generator).mul_(beta)


def _fill_poisson(out: Tensor, generator: torch.Generator, lam: float) -> Tensor:
    return torch.poisson(out.fill_(_not_negative(lam, "lam")), generator=generator)


def _fill_negative_binomial(out: Tensor, generator: torch.Generator, k: int, p: float) -> Tensor:
    _not_negative(k, "k")
    _positive(p, "p")
    if k == 0 or p >= 1:
        return out.zero_()
    return torch.poisson(_fill_gamma(out, generator, k, (1 - p) / p), generator=generator)


def _fill_generalized(out: Tensor, generator: torch.Generator, mu: float, alpha: float) -> Tensor:
    _not_negative(mu, "mu")
    if _not_negative(alpha, "alpha") == 0 or mu == 0:
        return _fill_poisson(out, generator, mu)
    return torch.poisson(_fill_gamma(out, generator, 1 / alpha, mu * alpha), generator=generator)


def standard_gamma(shape: Tensor, generator: torch.Generator) -> Tensor:
    """Draw gamma values of scale 1, one for each shape parameter."""
    draw: Any = torch._standard_gamma  # type: ignore[reportPrivateImportUsage]  # all that takes a generator
    return draw(shape.contiguous(), generator=generator)


def _positive(value: float, name: str) -> float:
    if not 0 < value < math.inf:
        raise ValueError(f"{name}={value}; expected a positive number")
    return value


def _not_negative(value: float, name: str) -> float:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name}={value}; expected a number of at least 0")
    return value


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


# -- one array of a given shape --------------------------------------------------------------------------------------
def _drawn_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    return [(check_shape(attributes["shape"] or ()), float_dtype(attributes["dtype"]))]


def _empty(shape: Shape | None, dtype: torch.dtype | None, device: torch.device) -> Tensor:
    return torch.empty(check_shape(shape or ()), dtype=work_dtype(float_dtype(dtype)), device=device)


def _finish(drawn: Tensor, dtype: torch.dtype | None) -> Tensor:
    return drawn if dtype is None else drawn.to(dtype)


@operator("_random_uniform", aliases=("random_uniform", "uniform"), creates=True, random=True, shape=_drawn_shape)
def random_uniform(
    *,
    low: float = 0.0,
    high: float = 1.0,
    shape: ShapeAttribute | None = None,
    ctx: str = "",
    dtype: DType | None = None,
    generator: torch.Generator,
    device: torch.device,
) -> Tensor:
    """Uniform values in [low, high).

    Parameters
    ----------
    low, high : float
        Bounds, `low` of at most `high`.
    shape : tuple of int, optional
        Shape of the result; nothing stands for ``()``.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : dtype, optional
        float16, float32 (unless given) or float64.

    Returns
    -------
    `shape`

    Examples
    --------
    >>> mx.nd.random_uniform(3, 4, shape=(2, 2)).astype("int32").asnumpy().tolist()
    [[3, 3], [3, 3]]
    """
    return _finish(_fill_uniform(_empty(shape, dtype, device), generator, low, high), dtype)


@operator("_random_normal", aliases=("normal", "random_normal"), creates=True, random=True, shape=_drawn_shape)
def random_normal(
    *,
    loc: float = 0.0,
    scale: float = 1.0,
    shape: ShapeAttribute | None = None,
    ctx: str = "",
    dtype: DType | None = None,
    generator: torch.Generator,
    device: torch.device,
) -> Tensor:
    """Normal values with mean `loc` and standard deviation `scale`.

    Parameters
    ----------
    loc : float
        Mean.
    scale : float
        Standard deviation, positive.
    shape : tuple of int, optional
        Shape of the result; nothing stands for ``()``.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : dtype, optional
        float16, float32 (unless given) or float64.

    Returns
    -------
    `shape`

    Examples
    --------
    >>> mx.nd.random_normal(loc=1, scale=2, shape=(2, 3)).shape
    (2, 3)
    """
    return _finish(_fill_normal(_empty(shape, dtype, device), generator, loc, scale), dtype)


@operator("_random_gamma", aliases=("random_gamma",), creates=True, random=True, shape=_drawn_shape)
def random_gamma(
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    shape: ShapeAttribute | None = None,
    ctx: str = "",
    dtype: DType | None = None,
    generator: torch.Generator,
    device: torch.device,
) -> Tensor:
    """Gamma values of shape `alpha` and scale `beta`: density ``x**(alpha-1) exp(-x/beta)``, mean ``alpha * beta``.

    Parameters
    ----------
    alpha : float
        Shape parameter, positive.
    beta : float
        Scale parameter (not the rate), positive.
    shape : tuple of int, optional
        Shape of the result; nothing stands for ``()``.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : dtype, optional
        float16, float32 (unless given) or float64.

    Returns
    -------
    `shape`

    Examples
    --------
    >>> mx.nd.random_gamma(alpha=9, beta=0.5, shape=(2, 3)).shape
    (2, 3)
    """
    return _finish(_fill_gamma(_empty(shape, dtype, device), generator, alpha, beta), dtype)


@operator("_random_exponential", aliases=("random_exponential",), creates=True, random=True, shape=_drawn_shape)
def random_exponential(
    *,
    lam: float = 1.0,
    shape: ShapeAttribute | None = None,
    ctx: str = "",
    dtype: DType | None = None,
    generator: torch.Generator,
    device: torch.device,
) -> Tensor:
    """Exponential values of rate `lam`: density ``lam * exp(-lam * x)``, mean ``1 / lam``.

    Parameters
    ----------
    lam : float
        Rate, positive.
    shape : tuple of int, optional
        Shape of the result; nothing stands for ``()``.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : dtype, optional
        float16, float32 (unless given) or float64.

    Returns
    -------
    `shape`

    Examples
    --------
    >>> mx.nd.random_exponential(lam=4, shape=(2, 3)).shape
    (2, 3)
    """
    return _finish(_fill_exponential(_empty(shape, dtype, device), generator, lam), dtype)


@operator("_random_poisson", aliases=("random_poisson",), creates=True, random=True, shape=_drawn_shape)
def random_poisson(
    *,
    lam: float = 1.0,
    shape: ShapeAttribute | None = None,
    ctx: str = "",
    dtype: DType | None = None,
    generator: torch.Generator,
    device: torch.device,
) -> Tensor:
    """Poisson counts with mean `lam`, stored as floats.

    Parameters
    ----------
    lam : float
        Mean, at least 0.
    shape : tuple of int, optional
        Shape of the result; nothing stands for ``()``.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : dtype, optional
        float16, float32 (unless given) or float64.

    Returns
    -------
    `shape`

    Examples
    --------
    >>> mx.nd.random_poisson(lam=0, shape=(2,)).asnumpy().tolist()
    [0.0, 0.0]
    """
    return _finish(_fill_poisson(_empty(shape, dtype, device), generator, lam), dtype)


@operator(
    "_random_negative_binomial",
    aliases=("random_negative_binomial",),
    creates=True,
    random=True,
    shape=_drawn_shape,
)
def random_negative_binomial(
    *,
    k: int = 1,
    p: float = 1.0,
    shape: ShapeAttribute | None = None,
    ctx: str = "",
    dtype: DType | None = None,
    generator: torch.Generator,
    device: torch.device,
) -> Tensor:
    """Failures before the `k`-th success, each trial succeeding with probability `p`; mean ``k (1 - p) / p``.

    Parameters
    ----------
    k : int
        Number of successes, at least 0.
    p : float
        Probability of success, above 0; from 1 on there are no failures.
    shape : tuple of int, optional
        Shape of the result; nothing stands for ``()``.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : dtype, optional
        float16, float32 (unless given) or float64.

    Returns
    -------
    `shape`

    Examples
    --------
    >>> mx.nd.random_negative_binomial(k=3, p=1, shape=(2,)).asnumpy().tolist()
    [0.0, 0.0]
    """
    return _finish(_fill_negative_binomial(_empty(shape, dtype, device), generator, k, p), dtype)


@operator(
    "_random_generalized_negative_binomial",
    aliases=("random_generalized_negative_binomial",),
    creates=True,
    random=True,
    shape=_drawn_shape,
)
def random_generalized_negative_binomial(
    *,
    mu: float = 1.0,
    alpha: float = 1.0,
    shape: ShapeAttribute | None = None,
    ctx: str = "",
    dtype: DType | None = None,
    generator: torch.Generator,
    device: torch.device,
) -> Tensor:
    """Negative binomial counts with mean `mu` and variance ``mu + alpha * mu**2``; Poisson counts for `alpha` 0.

    Parameters
    ----------
    mu : float
        Mean, at least 0.
    alpha : float
        Dispersion, at least 0.
    shape : tuple of int, optional
        Shape of the result; nothing stands for ``()``.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : dtype, optional
        float16, float32 (unless given) or float64.

    Returns
    -------
    `shape`

    Examples
    --------
    >>> mx.nd.random_generalized_negative_binomial(mu=0, alpha=0.3, shape=(2,)).asnumpy().tolist()
    [0.0, 0.0]
    """
    return _finish(_fill_generalized(_empty(shape, dtype, device), generator, mu, alpha), dtype)


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
def _empty_like(data: Tensor) -> Tensor:
    if not data.is_floating_point():
        raise TypeError(f"data is {str(data.dtype)[6:]}; expected float16, float32 or float64")
    return torch.empty(data.shape, dtype=work_dtype(data.dtype), device=data.device)


@operator("_random_uniform_like", random=True, elementwise=True)
def random_uniform_like(data: Tensor, *, low: float = 0.0, high: float = 1.0, generator: torch.Generator) -> Tensor:
    """Uniform values in [low, high), of the shape, dtype and device of `data`. See `_random_uniform`.

    Examples
    --------
    >>> mx.nd.random.uniform_like(mx.nd.ones((2, 3))).shape
    (2, 3)
    """
    return _fill_uniform(_empty_like(data), generator, low, high).to(data.dtype)


@operator("_random_normal_like", random=True, elementwise=True)
def random_normal_like(data: Tensor, *, loc: float = 0.0, scale: float = 1.0, generator: torch.Generator) -> Tensor:
    """Normal values of the shape, dtype and device of `data`. See `_random_normal`.

    Examples
    --------
    >>> mx.nd.random.normal_like(mx.nd.ones((2, 3))).shape
    (2, 3)
    """
    return _fill_normal(_empty_like(data), generator, loc, scale).to(data.dtype)


@operator("_random_gamma_like", random=True, elementwise=True)
def random_gamma_like(data: Tensor, *, alpha: float = 1.0, beta: float = 1.0, generator: torch.Generator) -> Tensor:
    """Gamma values of the shape, dtype and device of `data`. See `_random_gamma`.

    Examples
    --------
    >>> mx.nd.random.gamma_like(mx.nd.ones((2, 3))).shape
    (2, 3)
    """
    return _fill_gamma(_empty_like(data), generator, alpha, beta).to(data.dtype)


@operator("_random_exponential_like", random=True, elementwise=True)
def random_exponential_like(data: Tensor, *, lam: float = 1.0, generator: torch.Generator) -> Tensor:
    """Exponential values of the shape, dtype and device of `data`. See `_random_exponential`.

    Examples
    --------
    >>> mx.nd.random.exponential_like(mx.nd.ones((2, 3))).shape
    (2, 3)
    """
    return _fill_exponential(_empty_like(data), generator, lam).to(data.dtype)


@operator("_random_poisson_like", random=True, elementwise=True)
def random_poisson_like(data: Tensor, *, lam: float = 1.0, generator: torch.Generator) -> Tensor:
    """Poisson counts of the shape, dtype and device of `data`. See `_random_poisson`.

    Examples
    --------
    >>> mx.nd.random.poisson_like(mx.nd.ones((2, 3))).shape
    (2, 3)
    """
    return _fill_poisson(_empty_like(data), generator, lam).to(data.dtype)


@operator("_random_negative_binomial_like", random=True, elementwise=True)
def random_negative_binomial_like(data: Tensor, *, k: int = 1, p: float = 1.0, generator: torch.Generator) -> Tensor:
    """Negative binomial counts of the shape, dtype and device of `data`. See `_random_negative_binomial`.

    Examples
    --------
    >>> mx.nd.random.negative_binomial_like(mx.nd.ones((2, 3))).shape
    (2, 3)
    """
    return _fill_negative_binomial(_empty_like(data), generator, k, p).to(data.dtype)


@operator("_random_generalized_negative_binomial_like", random=True, elementwise=True)
def random_generalized_negative_binomial_like(
    data: Tensor, *, mu: float = 1.0, alpha: float = 1.0, generator: torch.Generator
) -> Tensor:
    """Generalized negative binomial counts like `data`. See `_random_generalized_negative_binomial`.

    Examples
    --------
    >>> mx.nd.random.generalized_negative_binomial_like(mx.nd.ones((2, 3))).shape
    (2, 3)
    """
    return _fill_generalized(_empty_like(data), generator, mu, alpha).to(data.dtype)
