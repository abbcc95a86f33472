"""Functions of ``mx.sym.contrib`` that are made of several operators."""

from __future__ import annotations

import math

from . import op, random
from .symbol import Symbol

__all__ = ["rand_zipfian"]


def rand_zipfian(true_classes: Symbol, num_sampled: int, range_max: int) -> tuple[Symbol, Symbol, Symbol]:
    """Draw classes with a log-uniform distribution, as `mx.nd.contrib.rand_zipfian`.

    Parameters
    ----------
    true_classes : Symbol
        The classes of a batch, from 0 to ``range_max - 1``.
    num_sampled : int
        How many classes to draw, with replacement.
    range_max : int
        Number of classes.

    Returns
    -------
    samples, expected_count_true, expected_count_sampled : Symbol

    Examples
    --------
    >>> samples, _, _ = mx.sym.contrib.rand_zipfian(mx.sym.var("classes"), 4, 5)
    >>> samples.eval(ctx=mx.cpu())[0].shape
    (4,)
    """
    log_range = math.log(range_max + 1)
    drawn = random.uniform(0, log_range, shape=(num_sampled,), dtype="float64")
    samples = op.cast(op.exp(drawn) - 1, dtype="int64") % range_max

    def expected(classes: Symbol) -> Symbol:
        classes = op.cast(classes, dtype="float64")
        return op.log((classes + 2) / (classes + 1)) / log_range * num_sampled

    return samples, expected(true_classes), expected(samples)
