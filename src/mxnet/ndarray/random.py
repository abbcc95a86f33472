"""``mx.nd.random``: numbers from distributions whose parameters are numbers or arrays."""

from __future__ import annotations

from typing import Any, cast

from .. import base
from .._ops.attributes import DTYPE_NAMES
from ..context import Context
from . import _internal
from .arithmetic import NUMBERS
from .dispatch import NDArrayBase
from .ndarray import NDArray

__all__ = ["exponential", "exponential_like", "gamma", "gamma_like", "generalized_negative_binomial",
           "generalized_negative_binomial_like", "multinomial", "negative_binomial", "negative_binomial_like", "normal",
           "normal_like", "poisson", "poisson_like", "randint", "randn", "shuffle", "uniform",
           "uniform_like"]  # fmt: skip

Parameter = Any  # NDArray | float


def _draw(
    name: str, parameters: dict[str, Parameter], shape: Any, dtype: Any, ctx: Context | None, out: NDArray | None,
    further: dict[str, Any],
) -> NDArray:  # fmt: skip
    """Draw one block for numbers, or one for every element of parameter arrays.

    `further` are ``name`` and remarks such as ``__layout__``: functions that make states are called with them.
    """
    arrays = [isinstance(value, NDArrayBase) for value in parameters.values()]
    if all(arrays):
        function = getattr(_internal, f"_sample_{name}")
        if shape is None:
            shape = ()
        return function(*parameters.values(), shape=shape, dtype=dtype, out=out, **further)
    if any(arrays):
        kinds = ", ".join(f"{key}: {type(value).__name__}" for key, value in parameters.items())
        raise base.TypeError(f"random.{name}: parameters must be all arrays or all numbers, got {kinds}")
    if shape is None:
        shape = (1,) if out is None else out.shape
    if dtype is None and out is not None:
        dtype = DTYPE_NAMES[out._data.dtype]
    return getattr(_internal, f"_random_{name}")(**parameters, shape=shape, dtype=dtype, ctx=ctx, out=out, **further)


def uniform(
    low: Parameter = 0, high: Parameter = 1, shape: Any = None, dtype: Any = None, ctx: Context | None = None,
    out: NDArray | None = None, **kwargs: Any,
) -> NDArray:  # fmt: skip
    """Draw from the uniform distribution on [low, high).

    Parameters
    ----------
    low, high : float or NDArray
        Bounds. With arrays, `shape` numbers are drawn for each of their elements.
    shape : int or tuple of int, optional
        Shape of the result (after the parameters' own); (1,) when left out.
    dtype : str or numpy type, optional
        A floating dtype; float32 when left out.
    ctx : Context, optional
        Device; the current context when left out.
    out : NDArray, optional
        Array to fill.

    Examples
    --------
    >>> mx.nd.random.uniform(0, 1, shape=(2, 3)).shape
    (2, 3)
    """
    return _draw("uniform", {"low": low, "high": high}, shape, dtype, ctx, out, kwargs)


def normal(
    loc: Parameter = 0, scale: Parameter = 1, shape: Any = None, dtype: Any = None, ctx: Context | None = None,
    out: NDArray | None = None, **kwargs: Any,
) -> NDArray:  # fmt: skip
    """Draw from the normal distribution with mean `loc` and standard deviation `scale`; otherwise as `uniform`.

    Examples
    --------
    >>> mx.nd.random.normal(mx.nd.array([0, 10]), mx.nd.array([1, 1]), shape=3).shape
    (2, 3)
    """
    names = ("mu", "sigma") if isinstance(loc, NDArrayBase) else ("loc", "scale")
    return _draw("normal", dict(zip(names, (loc, scale))), shape, dtype, ctx, out, kwargs)


def randn(*shape: int, **kwargs: Any) -> NDArray:
    """Draw from the normal distribution: ``randn(2, 3, loc=0, scale=1)``.

    Examples
    --------
    >>> mx.nd.random.randn(2, 3).shape
    (2, 3)
    """
    loc, scale = kwargs.pop("loc", 0), kwargs.pop("scale", 1)
    dtype, ctx, out = kwargs.pop("dtype", None), kwargs.pop("ctx", None), kwargs.pop("out", None)
    if kwargs:
        raise base.TypeError(f"randn: unknown arguments {', '.join(kwargs)}")
    return normal(loc, scale, shape or None, dtype, ctx, out)


def exponential(
    scale: Parameter = 1, shape: Any = None, dtype: Any = None, ctx: Context | None = None,
    out: NDArray | None = None, **kwargs: Any,
) -> NDArray:  # fmt: skip
    """Draw from the exponential distribution with mean `scale`; otherwise as `uniform`."""
    if not isinstance(scale, (NDArray, *NUMBERS)):
        raise base.TypeError(f"random.exponential: scale is {scale!r}, expected a number or an NDArray")
    return _draw("exponential", {"lam": 1.0 / cast("Any", scale)}, shape, dtype, ctx, out, kwargs)


def gamma(
    alpha: Parameter = 1, beta: Parameter = 1, shape: Any = None, dtype: Any = None, ctx: Context | None = None,
    out: NDArray | None = None, **kwargs: Any,
) -> NDArray:  # fmt: skip
    """Draw from the gamma distribution with shape `alpha` and scale `beta`; otherwise as `uniform`."""
    return _draw("gamma", {"alpha": alpha, "beta": beta}, shape, dtype, ctx, out, kwargs)


def poisson(
    lam: Parameter = 1, shape: Any = None, dtype: Any = None, ctx: Context | None = None,
    out: NDArray | None = None, **kwargs: Any,
) -> NDArray:  # fmt: skip
    """Draw from the Poisson distribution with mean `lam`; otherwise as `uniform`."""
    return _draw("poisson", {"lam": lam}, shape, dtype, ctx, out, kwargs)


def negative_binomial(
    k: Parameter = 1, p: Parameter = 1, shape: Any = None, dtype: Any = None, ctx: Context | None = None,
    out: NDArray | None = None, **kwargs: Any,
) -> NDArray:  # fmt: skip
    """Draw the number of failures before `k` successes of probability `p`; otherwise as `uniform`."""
    return _draw("negative_binomial", {"k": k, "p": p}, shape, dtype, ctx, out, kwargs)


def generalized_negative_binomial(
    mu: Parameter = 1, alpha: Parameter = 1, shape: Any = None, dtype: Any = None, ctx: Context | None = None,
    out: NDArray | None = None, **kwargs: Any,
) -> NDArray:  # fmt: skip
    """Draw from the negative binomial distribution with mean `mu` and dispersion `alpha`; otherwise as `uniform`."""
    return _draw("generalized_negative_binomial", {"mu": mu, "alpha": alpha}, shape, dtype, ctx, out, kwargs)


def randint(
    low: int, high: int, shape: Any = None, dtype: Any = None, ctx: Context | None = None,
    out: NDArray | None = None, **kwargs: Any,
) -> NDArray:  # fmt: skip
    """Draw integers from [low, high); the dtype is int32 unless said.

    Examples
    --------
    >>> mx.nd.random.randint(0, 10, shape=(3,)).dtype
    <class 'numpy.int32'>
    """
    return _draw("randint", {"low": low, "high": high}, shape, dtype, ctx, out, kwargs)


def multinomial(
    data: NDArray, shape: Any = None, get_prob: bool = False, out: NDArray | None = None, dtype: Any = "int32"
) -> Any:
    """Draw indices with the probabilities in the last axis of `data`.

    Parameters
    ----------
    data : NDArray
        Probabilities; each row sums to one.
    shape : int or tuple of int, optional
        How many to draw from each row.
    get_prob : bool
        Return the logarithms of the drawn probabilities, too.
    dtype : str
        Dtype of the indices.
    """
    return _internal._sample_multinomial(
        data, shape=() if shape is None else shape, get_prob=get_prob, dtype=dtype, out=out
    )


def shuffle(data: NDArray, **kwargs: Any) -> NDArray:
    """Return the array with its first axis in random order."""
    return _internal._shuffle(data, **kwargs)


uniform_like = _internal._random_uniform_like
normal_like = _internal._random_normal_like
exponential_like = _internal._random_exponential_like
gamma_like = _internal._random_gamma_like
poisson_like = _internal._random_poisson_like
negative_binomial_like = _internal._random_negative_binomial_like
generalized_negative_binomial_like = _internal._random_generalized_negative_binomial_like
