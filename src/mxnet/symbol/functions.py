"""Functions of ``mx.sym`` that are written in terms of operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _internal

if TYPE_CHECKING:
    from .symbol import Symbol

__all__ = ["arange", "eye", "full", "histogram", "linspace", "ones", "split_v2", "zeros"]


def zeros(shape: Any, dtype: Any = None, **kwargs: Any) -> Symbol:
    """Return a symbol of zeros; a 0 in `shape` is a length to be inferred.

    Examples
    --------
    >>> mx.sym.zeros((2,)).eval()[0].asnumpy().tolist()
    [0.0, 0.0]
    """
    return _internal._zeros(shape=shape, dtype=np.float32 if dtype is None else dtype, **kwargs)


def ones(shape: Any, dtype: Any = None, **kwargs: Any) -> Symbol:
    """Return a symbol of ones; a 0 in `shape` is a length to be inferred."""
    return _internal._ones(shape=shape, dtype=np.float32 if dtype is None else dtype, **kwargs)


def full(shape: Any, val: float, dtype: Any = None, **kwargs: Any) -> Symbol:
    """Return a symbol in which every element is `val`."""
    return _internal._full(shape=shape, dtype=np.float32 if dtype is None else dtype, value=float(val), **kwargs)


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1.0,
    repeat: int = 1,
    infer_range: bool = False,
    name: str | None = None,
    dtype: Any = None,
) -> Symbol:
    """Return a symbol of evenly spaced numbers; see `mx.nd.arange`.

    Examples
    --------
    >>> mx.sym.arange(3).eval()[0].asnumpy().tolist()
    [0.0, 1.0, 2.0]
    """
    return _internal._arange(
        start=start, stop=stop, step=step, repeat=repeat, infer_range=infer_range, name=name,
        dtype=np.float32 if dtype is None else dtype,
    )  # fmt: skip


def linspace(
    start: float, stop: float, num: int, endpoint: bool = True, name: str | None = None, dtype: Any = None
) -> Symbol:
    """Return a symbol of `num` evenly spaced numbers; see `mx.nd.linspace`."""
    return _internal._linspace(
        start=start, stop=stop, num=num, endpoint=endpoint, name=name, dtype=np.float32 if dtype is None else dtype
    )


def eye(N: int, M: int = 0, k: int = 0, dtype: Any = None, **kwargs: Any) -> Symbol:
    """Return the symbol of a matrix with ones on its `k`-th diagonal; see `mx.nd.eye`."""
    return _internal._eye(N, M, k, dtype=np.float32 if dtype is None else dtype, **kwargs)


def split_v2(ary: Symbol, indices_or_sections: Any, axis: int = 0, squeeze_axis: bool = False) -> Symbol:
    """Split along an axis, into equal sections or at indices; see `mx.nd.split_v2`.

    Examples
    --------
    >>> len(mx.sym.split_v2(mx.sym.var("x"), (1, 3)))
    3
    """
    if isinstance(indices_or_sections, int):
        return _internal._split_v2(ary, indices=[], axis=axis, squeeze_axis=squeeze_axis, sections=indices_or_sections)
    return _internal._split_v2(ary, indices=[0, *indices_or_sections], axis=axis, squeeze_axis=squeeze_axis)


def histogram(a: Symbol, bins: Any = 10, range: tuple[float, float] | None = None, **kwargs: Any) -> Symbol:
    """Return counts and edges; see `mx.nd.histogram`. A number of bins needs `range`."""
    from .symbol import Symbol

    if isinstance(bins, Symbol):
        return _internal._histogram(a, bins, **kwargs)
    if range is None:
        raise ValueError("histogram: range is needed with a number of bins; a symbol's own bounds are not known")
    return _internal._histogram(a, bin_cnt=bins, range=range, **kwargs)
