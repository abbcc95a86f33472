"""Functions of ``mx.nd.contrib`` that are made of several operators."""

from __future__ import annotations

import math
from typing import cast

from ..context import Context, current_context
from . import op, random
from .ndarray import NDArray

__all__ = ["isfinite", "isinf", "isnan", "rand_zipfian"]


def isfinite(data: NDArray) -> NDArray:
    """Return 1 where an element is neither infinite nor nan, in the dtype of `data`.

    Examples
    --------
    >>> mx.nd.contrib.isfinite(mx.nd.array([1, float("inf"), float("nan")])).asnumpy().tolist()
    [1.0, 0.0, 0.0]
    """
    return cast(NDArray, data == data) * cast(NDArray, abs(data) != math.inf)


def isinf(data: NDArray) -> NDArray:
    """Return 1 where an element is infinite, in the dtype of `data`.

    Examples
    --------
    >>> mx.nd.contrib.isinf(mx.nd.array([1, float("-inf"), float("nan")])).asnumpy().tolist()
    [0.0, 1.0, 0.0]
    """
    return cast(NDArray, abs(data) == math.inf)


def isnan(data: NDArray) -> NDArray:
    """Return 1 where an element is nan, in the dtype of `data`.

    Examples
    --------
    >>> mx.nd.contrib.isnan(mx.nd.array([1, float("inf"), float("nan")])).asnumpy().tolist()
    [0.0, 0.0, 1.0]
    """
    return cast(NDArray, data != data)


def rand_zipfian(
    true_classes: NDArray, num_sampled: int, range_max: int, ctx: Context | None = None
) -> tuple[NDArray, NDArray, NDArray]:
    """Draw classes with a log-uniform distribution: ``P(c) = log((c + 2) / (c + 1)) / log(range_max + 1)``.

    Parameters
    ----------
    true_classes : NDArray
        The classes of a batch, from 0 to ``range_max - 1``.
    num_sampled : int
        How many classes to draw, with replacement.
    range_max : int
        Number of classes.
    ctx : Context, optional
        Device; the current context when left out.

    Returns
    -------
    samples : (num_sampled,) int64
    expected_count_true : float64, as `true_classes`
        How often each true class is expected among the samples.
    expected_count_sampled : (num_sampled,) float64
        The same for each sample.

    Examples
    --------
    >>> samples, _, _ = mx.nd.contrib.rand_zipfian(mx.nd.array([3]), 4, 5)
    >>> samples.shape
    (4,)
    """
    log_range = math.log(range_max + 1)
    drawn = random.uniform(0, log_range, shape=(num_sampled,), dtype="float64", ctx=ctx or current_context())
    samples = (op.exp(drawn) - 1).astype("int64") % range_max

    def expected(classes: NDArray) -> NDArray:
        classes = classes.astype("float64")
        return op.log((classes + 2) / (classes + 1)) / log_range * num_sampled

    return samples, expected(true_classes.as_in_context(samples.context)), expected(samples)
