"""Draws from standard distributions, for the random operators. On CPUs many at once are drawn by vector arithmetic.

torch draws gamma values and counts one after the other on a CPU; the functions here take a third of the time or less.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch

Tensor = torch.Tensor

_MANY = 10_000  # draws from which on vectors pay
_WIDEST = 4096  # counts in a table
_NEGLIGIBLE = -41.0  # logarithm of a probability that no run will see


def exponential(out: Tensor, generator: torch.Generator) -> Tensor:
    """Fill `out` with exponential values of rate 1."""
    if out.is_cpu:  # by inversion, in vectors: several times as fast there
        return out.uniform_(generator=generator).neg_().log1p_().neg_()
    return out.exponential_(generator=generator)


def gamma(shape: Tensor, generator: torch.Generator) -> Tensor:
    """Draw gamma values of scale 1, one for each shape parameter.

    References
    ----------
    Marsaglia and Tsang, A Simple Method for Generating Gamma Variables, 2000.
    """
    shape = shape.contiguous()
    if not shape.is_cpu or shape.numel() < _MANY or shape.dtype != torch.float32:
        return _gamma_by_torch(shape, generator)
    lowest, highest = (float(bound) for bound in shape.aminmax())
    if not (lowest >= 0.02 and highest <= 1000):  # beyond, float32 is not fine enough for the test below
        return _gamma_by_torch(shape, generator)
    if lowest < 1:
        power = torch.empty_like(shape).uniform_(generator=generator).log_().div_(shape).exp_()
        return gamma(shape + 1, generator).mul_(power)
    d = shape - 1 / 3
    normal = torch.empty_like(shape).normal_(generator=generator)
    v = normal / (9 * d).sqrt_() + 1
    v = v * v * v
    uniform = torch.empty_like(shape).uniform_(generator=generator)
    accepted = uniform.log_() < normal.square_().mul_(0.5) + d * (1 - v + v.log())  # NaN, from v < 0, is refused
    out = v.mul_(d).view(-1)
    again = accepted.logical_not_().view(-1).nonzero().squeeze(1)
    out[again] = _gamma_by_torch(shape.view(-1)[again], generator)
    return out.view(shape.shape)


def _gamma_by_torch(shape: Tensor, generator: torch.Generator) -> Tensor:
    draw: Any = torch._standard_gamma  # type: ignore[reportPrivateImportUsage]  # all that takes a generator
    return draw(shape, generator=generator)


def poisson(out: Tensor, generator: torch.Generator, mean: float) -> Tensor:
    """Fill `out` with Poisson counts, or return another tensor that has them."""
    table = _poisson_table(mean) if out.is_cpu and out.numel() >= _MANY else None
    if table is None:
        return torch.poisson(out.fill_(mean), generator=generator)
    return _from_table(out, generator, *table)


def negative_binomial(out: Tensor, generator: torch.Generator, successes: float, odds: float) -> Tensor:
    """Fill `out` with Poisson counts whose means are gamma values of shape `successes` and scale `odds`."""
    table = _negative_binomial_table(successes, odds) if out.is_cpu and out.numel() >= _MANY else None
    if table is None:
        return torch.poisson(gamma(out.fill_(successes), generator).mul_(odds), generator=generator)
    return _from_table(out, generator, *table)


# -- counts from a table ---------------------------------------------------------------------------------------------
Table = tuple[int, Tensor, Tensor]  # the first count; for each count a threshold, and the count that is drawn above it


def _from_table(out: Tensor, generator: torch.Generator, first: int, thresholds: Tensor, others: Tensor) -> Tensor:
    """Draw counts with one uniform number each.

    References
    ----------
    Walker, An Efficient Method for Generating Discrete Random Variables with General Distributions, 1977.
    """
    place = torch.empty(out.shape, dtype=torch.float64).uniform_(generator=generator).mul_(len(thresholds))
    cell = place.to(torch.int32)
    above = place.sub_(cell) >= thresholds[cell]
    return torch.where(above, others[cell], cell).add_(first).to(out.dtype)


@functools.lru_cache(maxsize=64)
def _poisson_table(mean: float) -> Table | None:
    spread = mean**0.5
    first, last = int(max(mean - 10 * spread, 0)), int(mean + 10 * spread + 40)
    if last - first >= _WIDEST or mean == 0:
        return None
    count = torch.arange(first, last, dtype=torch.float64)
    return first, *_alias(count * np.log(mean) - mean - torch.lgamma(count + 1))


@functools.lru_cache(maxsize=64)
def _negative_binomial_table(successes: float, odds: float) -> Table | None:
    count = torch.arange(_WIDEST, dtype=torch.float64)
    log = (
        torch.lgamma(count + successes)
        - torch.lgamma(count + 1)
        - torch.lgamma(torch.tensor(float(successes)).double())
    )
    log = log + count * np.log(odds / (1 + odds)) - successes * np.log1p(odds)
    if not log[-1] < _NEGLIGIBLE:
        return None
    last = int((log > _NEGLIGIBLE).nonzero().max()) + 1
    return 0, *_alias(log[:last])


def _alias(log: Tensor) -> tuple[Tensor, Tensor]:
    """Return thresholds and other counts for `_from_table` from the logarithms of probabilities."""
    mass = torch.softmax(log, 0).numpy() * len(log)
    threshold, other = np.ones(len(mass)), np.arange(len(mass), dtype=np.int32)
    small, large = [*np.flatnonzero(mass < 1)], [*np.flatnonzero(mass >= 1)]
    while small and large:  # a cell with too little mass is filled up by one that has too much
        poor, rich = small.pop(), large[-1]
        threshold[poor], other[poor] = mass[poor], rich
        mass[rich] -= 1 - mass[poor]
        if mass[rich] < 1:
            small.append(large.pop())
    return torch.from_numpy(threshold), torch.from_numpy(other)
