"""Operators that sort, rank and count elements.

Equal elements come in the order of their indices, except where `topk` asks for a part of a long axis. NaN counts as
larger than every number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from .attributes import DType, Floats
from .families import index_dtype
from .registry import Shape as Sizes
from .registry import operator
from .shape import normal_axis

Tensor = torch.Tensor
Attributes = Mapping[str, Any]
Dtypes = Sequence[torch.dtype | None]
Outputs = list[tuple[Sizes, torch.dtype]]

#: Up to this length an axis is sorted whole, which keeps the order of equal elements and costs no more.
_SHORT = 16


def _line(data: Tensor, axis: int | None) -> tuple[Tensor, int]:
    """Return `data` (flat without an axis) and the axis counted from the front."""
    if axis is None:
        return data.reshape(-1), 0
    return data, normal_axis(axis, data.dim())


def _topk_outputs(attributes: Attributes) -> tuple[str, ...]:
    return ("output",) if attributes["ret_typ"] in ("indices", "mask") else ("output0", "output1")


def _topk_visible(attributes: Attributes) -> int:
    return 2 if attributes["ret_typ"] == "both" else 1


def _topk_dtypes(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    if attributes["ret_typ"] == "indices":
        return [attributes["dtype"]]
    return [dtypes[0]] if attributes["ret_typ"] == "mask" else [dtypes[0], attributes["dtype"]]


@operator(
    "topk",
    aliases=("_npx_topk",),
    outputs=_topk_outputs,
    visible_outputs=_topk_visible,
    output_dtypes=_topk_dtypes,
)
def topk(
    data: Tensor,
    *,
    axis: int | None = -1,
    k: int = 1,
    ret_typ: Literal["both", "indices", "mask", "value"] = "indices",
    is_ascend: bool = False,
    dtype: DType = torch.float32,
) -> Tensor | tuple[Tensor, Tensor]:
    """The `k` largest or smallest elements along an axis, in order.

    Of equal elements the one with the lower index comes first; on an axis of more than 16 elements that holds only when
    all are asked for.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    axis : int or None
        The axis; a negative one counts from the end. None for all elements of the flat array.
    k : int
        How many; all when less than 1.
    ret_typ : {'both', 'indices', 'mask', 'value'}
        What is returned: values and indices, one of them, or an array of the shape of `data` that is 1 where an
        element is among the `k` and 0 elsewhere.
    is_ascend : bool
        The smallest in ascending order, instead of the largest in descending order.
    dtype : dtype
        Of the indices; float32 or float64 where it does not hold all of them exactly (float32 does up to 2**24).

    Returns
    -------
    one array or two, with length `k` along `axis`; gradients flow through the values only

    Examples
    --------
    >>> x = mx.nd.array([[3, 1, 2], [0, 5, 4]])
    >>> mx.nd.topk(x, k=2).asnumpy().tolist()
    [[0.0, 2.0], [1.0, 2.0]]
    >>> mx.nd.topk(x, k=2, ret_typ='value', is_ascend=True).asnumpy().tolist()
    [[1.0, 2.0], [0.0, 4.0]]
    >>> mx.nd.topk(x, ret_typ='mask').asnumpy().tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    line, where = _line(data, axis)
    length = line.shape[where]
    if k > length:
        raise ValueError(f"k={k} is more than the {length} elements along axis={axis} of data {tuple(data.shape)}")
    if k < 1:
        k = length
    if length <= _SHORT or k == length:
        values, indices = torch.sort(line, dim=where, descending=not is_ascend, stable=True)
        if k < length:
            values, indices = values.narrow(where, 0, k), indices.narrow(where, 0, k)
    else:
        values, indices = torch.topk(line, k, where, not is_ascend, True)
    if ret_typ == "indices":
        return indices.to(index_dtype(dtype, length))
    if ret_typ == "mask":
        return torch.zeros_like(line).scatter_(where, indices, 1).reshape(data.shape)
    return values, indices.to(index_dtype(dtype, length))


def _sort_dtypes(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    return [dtypes[0], torch.int32]


def _sort_shape(shapes: Sequence[Sizes], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    shape = _argsort_size(shapes[0], attributes["axis"])
    return [(shape, dtypes[0]), (shape, torch.int32)]


def _argsort_shape(shapes: Sequence[Sizes], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    axis = attributes["axis"]
    shape = _argsort_size(shapes[0], axis)
    length = shape[0 if axis is None else axis] if shape else 1
    return [(shape, index_dtype(attributes["dtype"], length))]


def _argsort_size(shape: Sizes, axis: int | None) -> Sizes:
    if axis is not None:
        normal_axis(axis, len(shape))
        return shape
    size = 1
    for length in shape:
        size *= length
    return (size,)


@operator(
    "sort",
    aliases=("_npi_sort",),
    outputs=("output0", "output1"),
    visible_outputs=1,
    output_dtypes=_sort_dtypes,
    shape=_sort_shape,
)
def sort(data: Tensor, *, axis: int | None = -1, is_ascend: bool = True) -> tuple[Tensor, Tensor]:
    """The elements along an axis in ascending or descending order.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    axis : int or None
        The axis; a negative one counts from the end. None sorts the flat array.
    is_ascend : bool
        Ascending instead of descending.

    Returns
    -------
    array of the shape of `data`, or flat without an axis

    Examples
    --------
    >>> mx.nd.sort(mx.nd.array([[3, 1, 2], [0, 5, 4]])).asnumpy().tolist()
    [[1.0, 2.0, 3.0], [0.0, 4.0, 5.0]]
    >>> mx.nd.sort(mx.nd.array([3, 1, 2]), is_ascend=False).asnumpy().tolist()
    [3.0, 2.0, 1.0]
    """
    line, where = _line(data, axis)
    values, indices = torch.sort(line, dim=where, descending=not is_ascend, stable=True)
    return values, indices.int()


@operator("argsort", aliases=("_npi_argsort",), shape=_argsort_shape)
def argsort(data: Tensor, *, axis: int | None = -1, is_ascend: bool = True, dtype: DType = torch.float32) -> Tensor:
    """The indices that put the elements along an axis in order.

    Parameters
    ----------
    data : any shape and dtype
        Input. Its gradient is zero.
    axis : int or None
        The axis; a negative one counts from the end. None sorts the flat array.
    is_ascend : bool
        Ascending instead of descending.
    dtype : dtype
        Of the indices; float32 or float64 where it does not hold all of them exactly (float32 does up to 2**24).

    Returns
    -------
    array of the shape of `data`, or flat without an axis

    Examples
    --------
    >>> mx.nd.argsort(mx.nd.array([[3, 1, 2], [0, 5, 4]])).asnumpy().tolist()
    [[1.0, 2.0, 0.0], [0.0, 2.0, 1.0]]
    """
    line, where = _line(data, axis)
    indices = torch.sort(line, dim=where, descending=not is_ascend, stable=True)[1]
    return indices.to(index_dtype(dtype, line.shape[where]))


def _histogram_inputs(attributes: Attributes) -> tuple[str, ...]:
    return ("data", "bins") if attributes["bin_cnt"] is None else ("data",)


def _histogram_dtypes(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    return [torch.int64, dtypes[0]]


def _histogram_shape(shapes: Sequence[Sizes], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    count = attributes["bin_cnt"]
    edges = shapes[1][0] if count is None else count + 1
    return [((edges - 1,), torch.int64), ((edges,), dtypes[0])]


def _uniform_edges(count: int, bounds: Sequence[float] | None, data: Tensor) -> Tensor:
    if bounds is None or len(bounds) != 2 or count < 1:
        raise ValueError(
            f"bin_cnt={count}, range={bounds}; expected a positive bin_cnt together with range=(low, high)"
        )
    low, high = bounds
    if low > high:
        raise ValueError(f"range={tuple(bounds)}; expected low <= high")
    if low == high:
        low, high = low - 0.5, high + 0.5
    steps = torch.arange(count + 1, dtype=torch.float64, device=data.device)
    edges = steps * ((high - low) / count) + low
    edges[count] = high
    return edges.to(data.dtype)


def _is_even(dtype: torch.dtype, count: int, bounds: Sequence[float]) -> bool:
    """Whether bins are so wide that arithmetic in `dtype` misses the right one by one at most."""
    if dtype not in (torch.float32, torch.float64):
        return False
    low, high = bounds
    return (high - low) / count > 64 * torch.finfo(dtype).eps * max(abs(low), abs(high))


def _even_place(flat: Tensor, edges: Tensor, low: float, bins_per_unit: float) -> Tensor:
    """Return how many edges lie at or below each element, for edges of one distance; below it for the last edge."""
    last = edges.shape[0] - 2
    ends = edges[1:].clone()
    ends[last:].nextafter_(torch.full_like(ends[last:], math.inf))
    guess = flat.sub(low).mul_(bins_per_unit).clamp_(0, last).int().clamp_(0, last)  # NaN becomes any int
    place = torch.ge(flat, edges.index_select(0, guess)).int().add_(guess)
    return place.add_(torch.ge(flat, ends.index_select(0, guess)).int())


@operator(
    "_histogram",
    aliases=("_npi_histogram",),
    inputs=_histogram_inputs,
    outputs=("output0", "output1"),
    output_dtypes=_histogram_dtypes,
    shape=_histogram_shape,
)
def histogram(
    data: Tensor, bins: Tensor | None = None, *, bin_cnt: int | None = None, range: Floats | None = None
) -> tuple[Tensor, Tensor]:
    """How many elements lie between consecutive edges.

    A bin holds its left edge; the last one holds its right edge too. Elements outside all bins and NaN do not count.

    Parameters
    ----------
    data : any shape and dtype
        Elements to count.
    bins : (K + 1,), optional
        Edges in increasing order, of the dtype of `data`; absent with `bin_cnt`.
    bin_cnt : int of at least 1 or None
        Number of bins of one width; needs `range`.
    range : (low, high) or None
        First and last edge with `bin_cnt`. Where they are equal, the edges reach half a unit to both sides.

    Returns
    -------
    counts, (K,) of int64, and edges, (K + 1,) of the dtype of `data`

    Examples
    --------
    >>> counts, edges = mx.nd.histogram(mx.nd.array([0, 1, 1, 3]), bins=mx.nd.array([0, 1, 3]))
    >>> counts.asnumpy().tolist()
    [1, 3]
    """
    if bin_cnt is not None:
        edges = _uniform_edges(bin_cnt, range, data)
    elif bins is None or range is not None:
        raise ValueError("expected either edges in bins, or both bin_cnt and range")
    elif bins.dim() != 1 or bins.shape[0] < 2:
        raise ValueError(f"bins has shape {tuple(bins.shape)}; expected at least two edges on one axis")
    elif bins.dtype is not data.dtype:
        raise TypeError(f"data is {str(data.dtype)[6:]} and bins is {str(bins.dtype)[6:]}; expected one dtype for both")
    else:
        edges = bins
    count = edges.shape[0] - 1
    flat = data.detach().reshape(-1)
    if bin_cnt is not None and range is not None and _is_even(data.dtype, bin_cnt, range):
        place = _even_place(flat, edges, range[0], bin_cnt / (range[1] - range[0]))
    else:
        place = torch.searchsorted(edges.detach(), flat, right=True)
        place -= (flat == edges.detach()[count]).long()
    # Now 0 left of all edges, count + 1 right of them, and one or the other for NaN.
    if place.is_cpu:
        counts = torch.bincount(place, minlength=count + 2)
    else:  # where bincount would wait for the device
        counts = torch.zeros(count + 2, dtype=torch.int64, device=data.device)
        counts.index_add_(0, place, torch.ones_like(place, dtype=torch.int64))
    return counts[1 : count + 1], edges.clone() if edges is bins else edges
