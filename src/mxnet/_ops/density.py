"""Densities of probability distributions, at given samples.

The samples of one distribution stand together: parameters of shape (...) describe as many distributions, and the
samples (..., S1, S2, ...) of each follow on the axes after these. Nothing checks that a sample lies in the support or a
parameter in its range: what the formula gives there is the answer, as in MXNet. 16-bit inputs are computed in float32.
"""

from __future__ import annotations

import math

import torch

from .families import dtype_name
from .registry import operator

Tensor = torch.Tensor

_ROOT_TAU = math.sqrt(2 * math.pi)


def _check_dtypes(sample: Tensor, parameters: dict[str, Tensor]) -> None:
    if not sample.is_floating_point():
        raise TypeError(f"sample is {dtype_name(sample.dtype)}; expected a floating dtype: cast it with .astype")
    for name, parameter in parameters.items():
        if parameter.dtype is not sample.dtype:
            raise TypeError(
                f"sample is {dtype_name(sample.dtype)} and {name} is {dtype_name(parameter.dtype)}; expected one dtype "
                "for all inputs: cast with .astype"
            )


def _aligned(sample: Tensor, **parameters: Tensor) -> list[Tensor]:
    """Return samples and parameters as a formula takes them: of shapes that broadcast, in a dtype to compute in."""
    _check_dtypes(sample, parameters)
    shape = next(iter(parameters.values())).shape
    for name, parameter in parameters.items():
        if parameter.shape != shape or sample.shape[: len(shape)] != shape:
            raise ValueError(
                f"{name} has shape {tuple(parameter.shape)} and sample {tuple(sample.shape)}; expected one shape for "
                "all parameters, which the shape of sample begins with"
            )
    wide = sample.dtype.itemsize == 2
    later = (1,) * (sample.dim() - len(shape))
    aligned = [sample, *(p.reshape((*shape, *later)) if later else p for p in parameters.values())]
    return [value.float() for value in aligned] if wide else aligned


@operator("_random_pdf_uniform", aliases=("random_pdf_uniform",))
def pdf_uniform(sample: Tensor, low: Tensor, high: Tensor, *, is_log: bool = False) -> Tensor:
    """Density of uniform distributions: ``1 / (high - low)``, wherever the sample is.

    Parameters
    ----------
    sample : (..., S1, S2, ...), floating
        Where the density is wanted. Only its shape counts; its gradient is zero.
    low, high : (...), of the dtype of `sample`
        Bounds of each distribution.
    is_log : bool
        Return the logarithm of the density.

    Returns
    -------
    the shape and dtype of `sample`

    Examples
    --------
    >>> mx.nd.random_pdf_uniform(mx.nd.array([[1, 2, 3]]), mx.nd.array([0]), mx.nd.array([4])).asnumpy().tolist()
    [[0.25, 0.25, 0.25]]
    """
    _, a, b = _aligned(sample, low=low, high=high)
    width = b - a
    density = -width.log() if is_log else width.reciprocal()
    return density.to(sample.dtype).expand(sample.shape)


@operator("_random_pdf_normal", aliases=("random_pdf_normal",))
def pdf_normal(sample: Tensor, mu: Tensor, sigma: Tensor, *, is_log: bool = False) -> Tensor:
    """Density of normal distributions: ``exp(-((x - mu) / sigma)**2 / 2) / (sigma * sqrt(2 * pi))``.

    Parameters
    ----------
    sample : (..., S1, S2, ...), floating
        Where the density is wanted.
    mu : (...), of the dtype of `sample`
        Means.
    sigma : (...), of the dtype of `sample`
        Standard deviations, positive.
    is_log : bool
        Return the logarithm of the density.

    Returns
    -------
    the shape and dtype of `sample`

    Examples
    --------
    >>> density = mx.nd.random_pdf_normal(mx.nd.array([0, 1]), mx.nd.zeros(2), mx.nd.ones(2))
    >>> density.asnumpy().astype("float64").round(4).tolist()
    [0.3989, 0.242]
    """
    x, mean, deviation = _aligned(sample, mu=mu, sigma=sigma)
    exponent = ((x - mean) / deviation).square() * -0.5
    scale = deviation * _ROOT_TAU
    density = exponent - scale.log() if is_log else exponent.exp() / scale
    return density.to(sample.dtype)


@operator("_random_pdf_gamma", aliases=("random_pdf_gamma",))
def pdf_gamma(sample: Tensor, alpha: Tensor, beta: Tensor, *, is_log: bool = False) -> Tensor:
    """Density of gamma distributions: ``beta**alpha * x**(alpha - 1) * exp(-beta * x) / gamma(alpha)``.

    Parameters
    ----------
    sample : (..., S1, S2, ...), floating
        Where the density is wanted: positive numbers. Negative ones give NaN.
    alpha : (...), of the dtype of `sample`
        Shapes, positive.
    beta : (...), of the dtype of `sample`
        Rates, positive: one over the scale that ``mx.nd.random.gamma`` calls beta.
    is_log : bool
        Return the logarithm of the density.

    Returns
    -------
    the shape and dtype of `sample`

    Examples
    --------
    >>> one = mx.nd.ones(1)
    >>> mx.nd.random_pdf_gamma(mx.nd.array([[1, 2]]), one, one, is_log=True).asnumpy().tolist()
    [[-1.0, -2.0]]
    """
    x, shape, rate = _aligned(sample, alpha=alpha, beta=beta)
    log = (shape - 1) * x.log() - rate * x + (shape * rate.log() - shape.lgamma())
    return (log if is_log else log.exp()).to(sample.dtype)


@operator("_random_pdf_exponential", aliases=("random_pdf_exponential",))
def pdf_exponential(sample: Tensor, lam: Tensor, *, is_log: bool = False) -> Tensor:
    """Density of exponential distributions: ``lam * exp(-lam * x)``, for negative samples too.

    Parameters
    ----------
    sample : (..., S1, S2, ...), floating
        Where the density is wanted.
    lam : (...), of the dtype of `sample`
        Rates, positive.
    is_log : bool
        Return the logarithm of the density.

    Returns
    -------
    the shape and dtype of `sample`

    Examples
    --------
    >>> mx.nd.random_pdf_exponential(mx.nd.array([[0, 2]]), mx.nd.ones(1), is_log=True).asnumpy().tolist()
    [[0.0, -2.0]]
    """
    x, rate = _aligned(sample, lam=lam)
    density = rate.log() - rate * x if is_log else rate * (-rate * x).exp()
    return density.to(sample.dtype)


@operator("_random_pdf_poisson", aliases=("random_pdf_poisson",))
def pdf_poisson(sample: Tensor, lam: Tensor, *, is_log: bool = False) -> Tensor:
    """Probability in Poisson distributions: ``lam**x * exp(-lam) / x!``.

    Parameters
    ----------
    sample : (..., S1, S2, ...), floating
        Counts whose probability is wanted; ``x!`` of a fraction is ``gamma(x + 1)``. Their gradient is zero.
    lam : (...), of the dtype of `sample`
        Means, positive.
    is_log : bool
        Return the logarithm of the probability.

    Returns
    -------
    the shape and dtype of `sample`

    Examples
    --------
    >>> mx.nd.random_pdf_poisson(mx.nd.array([[0, 1]]), mx.nd.ones(1), is_log=True).asnumpy().tolist()
    [[-1.0, -1.0]]
    """
    x, mean = _aligned(sample.detach(), lam=lam)
    log = x * mean.log() - (x + 1).lgamma() - mean
    return (log if is_log else log.exp()).to(sample.dtype)


def _log_negative_binomial(x: Tensor, k: Tensor, log_success: Tensor, log_failure: Tensor) -> Tensor:
    return (x + k).lgamma() - (x + 1).lgamma() + x * log_failure + (k * log_success - k.lgamma())


@operator("_random_pdf_negative_binomial", aliases=("random_pdf_negative_binomial",))
def pdf_negative_binomial(sample: Tensor, k: Tensor, p: Tensor, *, is_log: bool = False) -> Tensor:
    """Probability in negative binomial distributions: ``binomial(x + k - 1, x) * p**k * (1 - p)**x``.

    It is the probability of `x` failures before success number `k`. Binomials are written with gamma functions, so `k`
    need not be an integer.

    Parameters
    ----------
    sample : (..., S1, S2, ...), floating
        Counts whose probability is wanted. Their gradient is zero.
    k : (...), of the dtype of `sample`
        Numbers of successes, positive.
    p : (...), of the dtype of `sample`
        Probabilities of one success, between 0 and 1.
    is_log : bool
        Return the logarithm of the probability.

    Returns
    -------
    the shape and dtype of `sample`

    Examples
    --------
    >>> x, k, p = mx.nd.array([[0, 1, 2]]), mx.nd.array([1]), mx.nd.array([0.5])
    >>> mx.nd.random_pdf_negative_binomial(x, k, p).asnumpy().round(4).tolist()
    [[0.5, 0.25, 0.125]]
    """
    x, successes, probability = _aligned(sample.detach(), k=k, p=p)
    log = _log_negative_binomial(x, successes, probability.log(), (1 - probability).log())
    return (log if is_log else log.exp()).to(sample.dtype)


@operator(
    "_random_pdf_generalized_negative_binomial",
    aliases=("random_pdf_generalized_negative_binomial",),
)
def pdf_generalized_negative_binomial(sample: Tensor, mu: Tensor, alpha: Tensor, *, is_log: bool = False) -> Tensor:
    """Probability in negative binomial distributions of a given mean and dispersion.

    They are those with ``k = 1 / alpha`` and ``p = 1 / (1 + alpha * mu)``; the variance is ``mu + alpha * mu**2``.

    Parameters
    ----------
    sample : (..., S1, S2, ...), floating
        Counts whose probability is wanted. Their gradient is zero.
    mu : (...), of the dtype of `sample`
        Means, positive.
    alpha : (...), of the dtype of `sample`
        Dispersions, positive.
    is_log : bool
        Return the logarithm of the probability.

    Returns
    -------
    the shape and dtype of `sample`

    Examples
    --------
    >>> x, one = mx.nd.array([[0, 1, 2]]), mx.nd.ones(1)
    >>> mx.nd.random_pdf_generalized_negative_binomial(x, one, one).asnumpy().round(4).tolist()
    [[0.5, 0.25, 0.125]]
    """
    x, mean, dispersion = _aligned(sample.detach(), mu=mu, alpha=alpha)
    ratio = dispersion * mean  # of failures to successes
    log_success = -ratio.log1p()
    log = _log_negative_binomial(x, dispersion.reciprocal(), log_success, ratio.log() + log_success)
    return (log if is_log else log.exp()).to(sample.dtype)


@operator("_random_pdf_dirichlet", aliases=("random_pdf_dirichlet",))
def pdf_dirichlet(sample: Tensor, alpha: Tensor, *, is_log: bool = False) -> Tensor:
    """Density of Dirichlet distributions: ``gamma(sum(alpha)) * prod(x_i**(alpha_i - 1) / gamma(alpha_i))``.

    Parameters
    ----------
    sample : (..., S1, S2, ..., K), floating
        Where the density is wanted: K positive numbers whose sum is 1 on the last axis. The sum is not checked.
    alpha : (..., K), of the dtype of `sample`
        Concentrations, positive.
    is_log : bool
        Return the logarithm of the density.

    Returns
    -------
    the shape of `sample` without its last axis, (1,) if no axis is left; in its dtype

    Examples
    --------
    >>> x, alpha = mx.nd.array([[0.5, 0.5], [0.25, 0.75]]), mx.nd.array([2, 1])
    >>> mx.nd.random_pdf_dirichlet(x, alpha).asnumpy().round(4).tolist()
    [1.0, 0.5]
    """
    _check_dtypes(sample, {"alpha": alpha})
    first = alpha.shape[:-1]
    fits = 0 < alpha.dim() <= sample.dim() and sample.shape[: len(first)] == first
    if not fits or sample.shape[-1] != alpha.shape[-1]:
        raise ValueError(
            f"alpha has shape {tuple(alpha.shape)} and sample {tuple(sample.shape)}; expected a last axis of equal "
            "lengths, and all other axes of alpha to be the first ones of sample"
        )
    x, concentration = (sample.float(), alpha.float()) if sample.dtype.itemsize == 2 else (sample, alpha)
    norm = concentration.sum(-1).lgamma() - concentration.lgamma().sum(-1)
    later = (1,) * (sample.dim() - alpha.dim())
    powers = (concentration - 1).reshape((*first, *later, alpha.shape[-1]))
    log = (powers * x.log()).sum(-1) + norm.reshape((*first, *later))
    density = (log if is_log else log.exp()).to(sample.dtype)
    return density if density.dim() else density.reshape(1)
