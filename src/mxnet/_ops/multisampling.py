"""Random arrays whose parameters are arrays, draws from rows of probabilities, and shuffling.

``_sample_X`` gives each element of its parameter arrays a block of draws: for parameters of shape (N, ...) the result
has shape (N, ..., *shape). Parameters are not checked, as that would wait for the device. No gradient flows to them.
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
from .families import check_same_dtype, documented
from .registry import Function, Shape, operator
from .sampling import float_dtype, parameters_of, present, work_dtype

Tensor = torch.Tensor
Known = Sequence[tuple[Shape, torch.dtype]]

_TORCH_LIMIT = 2**24  # classes in torch.multinomial


def _sample_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    _check_same_shape(*shapes)
    return [((*shapes[0], *check_shape(attributes["shape"])), float_dtype(attributes["dtype"]))]


def _same_shapes(shapes: list[Shape | None], attributes: Mapping[str, Any]) -> Sequence[Shape | None]:
    known = next((shape for shape in shapes if shape is not None and 0 not in shape), None)
    if known is None:
        return shapes
    return [known if s is None or (0 in s and len(s) == len(known)) else s for s in shapes]


def _sample_dtypes(dtypes: list[torch.dtype | None], attributes: Mapping[str, Any]) -> Sequence[torch.dtype]:
    return [float_dtype(attributes["dtype"])]


def _check_same_shape(*shapes: Shape) -> None:
    if shapes[0] != shapes[-1]:
        raise ValueError(f"parameters have shapes {tuple(shapes[0])} and {tuple(shapes[-1])}; expected equal shapes")


def _spread(parameters: Sequence[Tensor], shape: Shape, dtype: torch.dtype | None) -> list[Tensor]:
    """Return the parameters, each repeated over a block of draws, in the dtype to draw in."""
    first, last = parameters[0], parameters[-1]
    if first is not last:
        check_same_dtype(first, last)
        _check_same_shape(first.shape, last.shape)
    out_shape = (*first.shape, *check_shape(shape))
    ones = (1,) * len(shape)
    work = work_dtype(float_dtype(dtype))
    return [p.detach().to(work).reshape(*p.shape, *ones).expand(out_shape) for p in parameters]


_DRAWN = """\
shape : tuple of int
    Shape of each block; one value unless given.
dtype : dtype, optional
    float16, float32 (unless given, whatever the parameters are) or float64.

Returns
-------
(..., *shape)
"""


def sample(name: str) -> Callable[[Function], Function]:
    """Register `name` from ``draw(*parameters, generator)``, which gives one value for each element of its parameters.

    It gets them already repeated over the blocks. The operator also takes `shape` and `dtype`; the docstring is that of
    `draw` and `_DRAWN`.
    """

    def register(draw: Function) -> Function:
        def call(
            *parameters: Tensor, shape: ShapeAttribute = (), dtype: DType | None = None, generator: torch.Generator
        ) -> Tensor:
            drawn = draw(*_spread(parameters, shape, dtype), generator=generator)
            return drawn if dtype is None else drawn.to(dtype)

        inputs = parameters_of(draw, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        own = parameters_of(call, inspect.Parameter.KEYWORD_ONLY)
        present(call, draw.__name__, documented(draw, _DRAWN), inputs + own)
        operator(
            name,
            aliases=(name[1:],),
            random=True,
            shape=_sample_shape,
            complete=_same_shapes,
            output_dtypes=_sample_dtypes,
        )(call)
        return draw

    return register


def _poisson(mean: Tensor, generator: torch.Generator) -> Tensor:
    # A negative or undefined mean would stop a GPU for good; 1.9.1 gives 0 for it.
    return torch.poisson(torch.where(mean > 0, mean, 0), generator=generator)


@sample("_sample_uniform")
def sample_uniform(low: Tensor, high: Tensor, *, generator: torch.Generator) -> Tensor:
    """Uniform values in [low, high), a block of them for each pair of bounds.

    Parameters
    ----------
    low, high : (...)
        Bounds, of one shape and dtype.

    Examples
    --------
    >>> mx.nd.sample_uniform(mx.nd.array([0, 5]), mx.nd.array([1, 6]), shape=3).shape
    (2, 3)
    """
    drawn = torch.rand(low.shape, generator=generator, dtype=low.dtype, device=low.device)
    return drawn.mul_(high - low).add_(low)


@sample("_sample_normal")
def sample_normal(mu: Tensor, sigma: Tensor, *, generator: torch.Generator) -> Tensor:
    """Normal values, a block of them for each mean and standard deviation.

    Parameters
    ----------
    mu, sigma : (...)
        Means and standard deviations, of one shape and dtype.

    Examples
    --------
    >>> mx.nd.sample_normal(mx.nd.array([0, 5]), mx.nd.array([1, 2]), shape=(3, 4)).shape
    (2, 3, 4)
    """
    drawn = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)
    return drawn.mul_(sigma).add_(mu)


@sample("_sample_gamma")
def sample_gamma(alpha: Tensor, beta: Tensor, *, generator: torch.Generator) -> Tensor:
    """Gamma values, a block of them for each shape parameter `alpha` and scale `beta`.

    Parameters
    ----------
    alpha, beta : (...)
        Shape and scale parameters, positive, of one shape and dtype.

    Examples
    --------
    >>> mx.nd.sample_gamma(mx.nd.array([1, 9]), mx.nd.array([1, 2]), shape=3).shape
    (2, 3)
    """
    return draws.gamma(alpha, generator).mul_(beta)


@sample("_sample_exponential")
def sample_exponential(lam: Tensor, *, generator: torch.Generator) -> Tensor:
    """Exponential values, a block of them for each rate.

    Parameters
    ----------
    lam : (...)
        Rates, positive.

    Examples
    --------
    >>> mx.nd.sample_exponential(mx.nd.array([1, 9]), shape=3).shape
    (2, 3)
    """
    return draws.exponential(torch.empty_like(lam, memory_format=torch.contiguous_format), generator).div_(lam)


@sample("_sample_poisson")
def sample_poisson(lam: Tensor, *, generator: torch.Generator) -> Tensor:
    """Poisson counts, stored as floats, a block of them for each mean.

    Parameters
    ----------
    lam : (...)
        Means, at least 0.

    Examples
    --------
    >>> mx.nd.sample_poisson(mx.nd.array([0, 0]), shape=2).asnumpy().tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    return _poisson(lam, generator)


@sample("_sample_negative_binomial")
def sample_negative_binomial(k: Tensor, p: Tensor, *, generator: torch.Generator) -> Tensor:
    """Failures before the `k`-th success of probability `p`, a block of counts for each pair.

    Parameters
    ----------
    k, p : (...)
        Numbers of successes (need not be whole) and probabilities of success in (0, 1], of one shape and dtype.

    Examples
    --------
    >>> mx.nd.sample_negative_binomial(mx.nd.array([1, 9]), mx.nd.array([1, 1]), shape=2).asnumpy().tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    return _poisson(draws.gamma(k, generator) * ((1 - p) / p), generator)


@sample("_sample_generalized_negative_binomial")
def sample_generalized_negative_binomial(mu: Tensor, alpha: Tensor, *, generator: torch.Generator) -> Tensor:
    """Negative binomial counts by mean `mu` and dispersion `alpha`, a block of them for each pair.

    Parameters
    ----------
    mu, alpha : (...)
        Means and dispersions, at least 0, of one shape and dtype; the variance is ``mu + alpha * mu**2``.

    Examples
    --------
    >>> mu, alpha = mx.nd.array([0, 0]), mx.nd.array([1, 0])
    >>> mx.nd.sample_generalized_negative_binomial(mu, alpha, shape=2).asnumpy().tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    some = alpha > 0  # without dispersion the counts are Poisson
    mean = draws.gamma(torch.where(some, 1 / alpha, 1), generator) * (mu * alpha)
    return _poisson(torch.where(some, mean, mu), generator)


# -- rows of probabilities -------------------------------------------------------------------------------------------
def _multinomial_outputs(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    return ("output0", "output1") if attributes["get_prob"] else ("output",)


def _multinomial_dtypes(
    dtypes: list[torch.dtype | None], attributes: Mapping[str, Any]
) -> Sequence[torch.dtype | None]:
    return [attributes["dtype"], dtypes[0]] if attributes["get_prob"] else [attributes["dtype"]]


def _multinomial_size(data: Shape, shape: Shape) -> Shape:
    if not data or data[-1] == 0:
        raise ValueError(f"data has shape {tuple(data)}; expected (..., K) with K probabilities in each row")
    return (*data[:-1], *check_shape(shape)) or (1,)


def _multinomial_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    size = _multinomial_size(shapes[0], attributes["shape"])
    return [(size, dtype) for dtype in (attributes["dtype"], dtypes[0])][: 1 + attributes["get_prob"]]


@operator(
    "_sample_multinomial",
    aliases=("sample_multinomial",),
    outputs=_multinomial_outputs,
    shape=_multinomial_shape,
    output_dtypes=_multinomial_dtypes,
    random=True,
)
def sample_multinomial(
    data: Tensor,
    *,
    shape: ShapeAttribute = (),
    get_prob: bool = False,
    dtype: DType = torch.int32,
    generator: torch.Generator,
) -> Tensor | tuple[Tensor, Tensor]:
    """Positions 0 to K - 1, drawn with replacement and with the probabilities in each row of `data`.

    Parameters
    ----------
    data : (..., K)
        Probabilities, at least 0. A row that does not sum to 1 is scaled.
    shape : tuple of int
        Shape of the block of draws from each row; one draw unless given.
    get_prob : bool
        Also return the logarithm of the probability of each draw. Its gradient flows to `data`, as REINFORCE needs.
    dtype : dtype
        Dtype of the positions.

    Returns
    -------
    positions : (..., *shape), or (1,) for one draw from one row
    logarithms : the same shape, the dtype of `data`; only with `get_prob`, of `data` as it is, not scaled

    Errors
    ------
    On a CPU, a row that holds no distribution (a negative or undefined probability, only zeros) is an error. A GPU is
    not asked, as that would make it wait: such a row gives positions without a meaning.

    Examples
    --------
    >>> mx.nd.sample_multinomial(mx.nd.array([[0, 1, 0], [1, 0, 0]]), shape=2).asnumpy().tolist()
    [[1, 1], [0, 0]]
    """
    if not data.is_floating_point():
        raise TypeError(f"data is {str(data.dtype)[6:]}; expected float16, float32 or float64")
    size, K = _multinomial_size(data.shape, shape), data.shape[-1]
    rows = data.reshape(-1, K)
    count = math.prod(shape)
    if data.device.type == "cpu" and K <= _TORCH_LIMIT and count > 0 and rows.numel() > 0:
        try:
            weights = rows.detach().to(work_dtype(rows.dtype))
            positions = torch.multinomial(weights, count, replacement=True, generator=generator)
        except RuntimeError as error:
            raise ValueError(
                f"data holds a row that is no distribution: {error}; expected numbers of at least 0"
            ) from None
    else:
        positions = by_inverse(rows.detach(), count, generator)
    out = positions.reshape(size).to(dtype)
    if not get_prob:
        return out
    return out, rows.gather(1, positions).log().reshape(size)


def by_inverse(rows: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Draw `count` positions from each row by inverting its distribution function, which asks nothing of the device.

    In float64, and with what is left of each step open, so that a position of probability 0 never comes up.
    """
    steps = rows.cumsum(1, dtype=torch.float64)  # (N, K)
    draws = torch.rand((rows.shape[0], count), generator=generator, dtype=torch.float64, device=rows.device)
    return torch.searchsorted(steps, draws.mul_(steps[:, -1:]), right=True).clamp_max_(rows.shape[1] - 1)


@operator("_shuffle", aliases=("_npi_shuffle", "shuffle"), random=True, elementwise=True)
def shuffle(data: Tensor, *, generator: torch.Generator) -> Tensor:
    """`data` with the entries of its first axis in a random order; each entry stays as it is.

    Parameters
    ----------
    data : (N, ...)
        What to shuffle, of any dtype.

    Returns
    -------
    (N, ...)

    Examples
    --------
    >>> sorted(mx.nd.shuffle(mx.nd.array([3, 1, 2])).asnumpy().tolist())
    [1.0, 2.0, 3.0]
    """
    if data.dim() == 0:
        return data.clone()
    return data.index_select(0, torch.randperm(data.shape[0], generator=generator, device=data.device))


def _zipfian_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    shape = _zipfian_size(attributes["range_max"], attributes["shape"])
    return [(shape, torch.int64), (shape[:1], torch.int64)]


def _zipfian_size(range_max: int, shape: Shape | None) -> Shape:
    if shape is None or len(shape) != 2:
        raise ValueError(f"shape={shape}; expected two lengths: rows and draws in each row")
    if range_max < 1 or check_shape(shape)[1] > range_max:
        raise ValueError(
            f"range_max={range_max} and shape={shape}; expected range_max of at least 1 and of at least {shape[1]}, "
            "as the draws of a row are distinct"
        )
    return shape


@operator(
    "_sample_unique_zipfian",
    outputs=("output0", "output1"),
    shape=_zipfian_shape,
    output_dtypes=lambda dtypes, attributes: [torch.int64, torch.int64],
    creates=True,
    random=True,
)
def sample_unique_zipfian(
    *, range_max: int, shape: ShapeAttribute | None = None, generator: torch.Generator, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Distinct classes of [0, range_max), drawn from an approximately Zipfian distribution until there are enough.

    A draw is ``round(range_max ** u) - 1`` for `u` uniform in [0, 1), so that class c comes up with a probability of
    about ``1 / ((c + 1) log(range_max))``: candidates for sampled softmax over classes in order of frequency.

    Parameters
    ----------
    range_max : int of at least 1
        Number of classes.
    shape : (N, M)
        N rows of M distinct classes, `M` of at most `range_max`.

    Returns
    -------
    classes : (N, M), int64
        In the order in which they first came up.
    tries : (N,), int64
        How many draws each row took.

    Examples
    --------
    >>> classes, tries = mx.nd._internal._sample_unique_zipfian(range_max=4, shape=(1, 4))
    >>> sorted(classes.asnumpy()[0].tolist())
    [0, 1, 2, 3]
    """
    rows, count = _zipfian_size(range_max, shape)
    draws = torch.empty((rows, 0), dtype=torch.int64, device=device)
    if rows == 0 or count == 0:
        return draws.new_empty((rows, count)), draws.new_zeros(rows)
    scale, block = math.log(range_max), 2 * count + 8
    while True:
        more = torch.rand((rows, block), generator=generator, dtype=torch.float64, device=device)
        draws = torch.cat((draws, more.mul_(scale).exp_().round_().long().sub_(1)), 1)  # (N, T)
        # A draw counts where no equal one stands before it: the first of its kind after a stable sort.
        ordered, places = draws.sort(dim=1, stable=True)
        first = torch.ones_like(ordered, dtype=torch.bool)
        first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
        fresh = torch.empty_like(first).scatter_(1, places, first)
        found = fresh.cumsum(1)
        if int(found[:, -1].min()) >= count:
            break
        block = draws.shape[1]
    chosen = fresh & (found <= count)
    tries = (found < count).sum(1) + 1
    return draws[chosen].view(rows, count), tries
