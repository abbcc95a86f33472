"""``mx.sym.random``: symbols of random numbers whose distributions' parameters are numbers or symbols."""

from __future__ import annotations

from typing import Any

from .. import base
from .._frontend.source import NULL
from . import _internal
from .symbol import Symbol

__all__ = ["exponential", "exponential_like", "gamma", "gamma_like", "generalized_negative_binomial",
           "generalized_negative_binomial_like", "multinomial", "negative_binomial", "negative_binomial_like", "normal",
           "normal_like", "poisson", "poisson_like", "randint", "randn", "shuffle", "uniform",
           "uniform_like"]  # fmt: skip


def _draw(name: str, parameters: dict[str, Any], shape: Any, dtype: Any, kwargs: dict[str, Any]) -> Symbol:
    symbols = [isinstance(value, Symbol) for value in parameters.values()]
    if all(symbols):
        return getattr(_internal, f"_sample_{name}")(*parameters.values(), shape=shape, dtype=dtype, **kwargs)
    if any(symbols):
        kinds = ", ".join(f"{key}: {type(value).__name__}" for key, value in parameters.items())
        raise base.TypeError(f"random.{name}: parameters must be all symbols or all numbers, got {kinds}")
    return getattr(_internal, f"_random_{name}")(**parameters, shape=shape, dtype=dtype, **kwargs)


def uniform(low: Any = 0, high: Any = 1, shape: Any = NULL, dtype: Any = NULL, **kwargs: Any) -> Symbol:
    """Return a symbol of uniform numbers; the parameters are those of `mx.nd.random.uniform`.

    Examples
    --------
    >>> mx.sym.random.uniform(0, 1, shape=(2, 3)).infer_shape()[1]
    [(2, 3)]
    """
    return _draw("uniform", {"low": low, "high": high}, shape, dtype, kwargs)


def normal(loc: Any = 0, scale: Any = 1, shape: Any = NULL, dtype: Any = NULL, **kwargs: Any) -> Symbol:
    """Return a symbol of normal numbers; see `mx.nd.random.normal`."""
    names = ("mu", "sigma") if isinstance(loc, Symbol) else ("loc", "scale")
    return _draw("normal", dict(zip(names, (loc, scale))), shape, dtype, kwargs)


def randn(*shape: int, **kwargs: Any) -> Symbol:
    """Return a symbol of normal numbers: ``randn(2, 3, loc=0, scale=1)``."""
    loc, scale = kwargs.pop("loc", 0), kwargs.pop("scale", 1)
    return normal(loc, scale, shape=shape or NULL, **kwargs)


def exponential(scale: Any = 1, shape: Any = NULL, dtype: Any = NULL, **kwargs: Any) -> Symbol:
    """Return a symbol of exponential numbers with mean `scale`."""
    return _draw("exponential", {"lam": 1.0 / scale}, shape, dtype, kwargs)


def gamma(alpha: Any = 1, beta: Any = 1, shape: Any = NULL, dtype: Any = NULL, **kwargs: Any) -> Symbol:
    """Return a symbol of gamma numbers with shape `alpha` and scale `beta`."""
    return _draw("gamma", {"alpha": alpha, "beta": beta}, shape, dtype, kwargs)


def poisson(lam: Any = 1, shape: Any = NULL, dtype: Any = NULL, **kwargs: Any) -> Symbol:
    """Return a symbol of Poisson numbers with mean `lam`."""
    return _draw("poisson", {"lam": lam}, shape, dtype, kwargs)


def negative_binomial(k: Any = 1, p: Any = 1, shape: Any = NULL, dtype: Any = NULL, **kwargs: Any) -> Symbol:
    """Return a symbol of the number of failures before `k` successes of probability `p`."""
    return _draw("negative_binomial", {"k": k, "p": p}, shape, dtype, kwargs)


def generalized_negative_binomial(
    mu: Any = 1, alpha: Any = 1, shape: Any = NULL, dtype: Any = NULL, **kwargs: Any
) -> Symbol:
    """Return a symbol of negative binomial numbers with mean `mu` and dispersion `alpha`."""
    return _draw("generalized_negative_binomial", {"mu": mu, "alpha": alpha}, shape, dtype, kwargs)


def randint(low: Any, high: Any, shape: Any = NULL, dtype: Any = NULL, **kwargs: Any) -> Symbol:
    """Return a symbol of integers from [low, high)."""
    return _draw("randint", {"low": low, "high": high}, shape, dtype, kwargs)


def multinomial(data: Symbol, shape: Any = NULL, get_prob: bool = True, dtype: Any = "int32", **kwargs: Any) -> Symbol:
    """Return a symbol of indices drawn with the probabilities in the last axis of `data`."""
    return _internal._sample_multinomial(data, shape, get_prob, dtype=dtype, **kwargs)


def shuffle(data: Symbol, **kwargs: Any) -> Symbol:
    """Return a symbol of `data` with its first axis in random order."""
    return _internal._shuffle(data, **kwargs)


uniform_like = _internal._random_uniform_like
normal_like = _internal._random_normal_like
exponential_like = _internal._random_exponential_like
gamma_like = _internal._random_gamma_like
poisson_like = _internal._random_poisson_like
negative_binomial_like = _internal._random_negative_binomial_like
generalized_negative_binomial_like = _internal._random_generalized_negative_binomial_like
