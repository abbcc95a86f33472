"""Sums, means, extremes and norms over axes.

Reducing every axis gives shape (1,), as in all of MXNet's classic interface, and results keep the input's dtype. Sums
of 16-bit floats are accumulated in float32.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .attributes import DType
from .attributes import Shape as ShapeAttribute
from .families import check_same_dtype, dtype_name, index_dtype
from .registry import Backward, GradientRule, Shape, operator

Tensor = torch.Tensor
Reduce = Callable[[Tensor, Shape, bool], Tensor]
ShapesAndDtypes = list[tuple[Shape, torch.dtype]]


@functools.lru_cache(maxsize=4096)
def reduced_axes(ndim: int, axis: Shape | None, exclude: bool = False) -> Shape:
    """Return the axes to reduce, sorted and not negative: `axis`, or all the others; no axis means all of them."""
    if not axis:
        return tuple(range(ndim))
    for number in axis:
        if not -ndim <= number < ndim:
            raise IndexError(f"axis {number} is outside of data, which has {ndim} axes")
    found = {number % ndim for number in axis}
    if len(found) != len(axis):
        raise ValueError(f"axis is {axis}; expected each axis once")
    return tuple(number for number in range(ndim) if (number in found) is not exclude)


def reduced_shape(shape: Shape, axes: Shape, keepdims: bool) -> Shape:
    """Return the shape that is left of `shape` after reducing `axes`."""
    if keepdims:
        return tuple(1 if i in axes else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in axes) or (1,)


def _result(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> ShapesAndDtypes:
    axes = reduced_axes(len(shapes[0]), attributes["axis"], attributes.get("exclude", False))
    return [(reduced_shape(shapes[0], axes, attributes["keepdims"]), dtypes[0])]


def _apply(function: Reduce, data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
    if not axes:  # all excluded: every element is a group of its own
        data, axes, keepdims = data.unsqueeze(-1), (data.dim(),), False
    result = function(data, axes, keepdims)
    return result if result.dim() else result.reshape(1)


def reduction(
    name: str,
    function: Reduce,
    summary: str,
    *,
    aliases: Sequence[str] = (),
    gradient: GradientRule | None = None,
) -> None:
    """Register ``name(data, axis=None, keepdims=False, exclude=False)``; `function` gets at least one axis."""

    def call(
        data: Tensor, *, axis: ShapeAttribute | None = None, keepdims: bool = False, exclude: bool = False
    ) -> Tensor:
        return _apply(function, data, reduced_axes(data.dim(), axis, exclude), keepdims)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"{summary}\n{_SECTIONS}"
    operator(name, aliases=aliases, gradient=gradient, shape=_result)(call)


_SECTIONS = """
Parameters
----------
data : any shape
    Input.
axis : int or tuple of int, optional
    The axes to reduce; negative ones count from the last. All of them if left out or empty.
keepdims : bool
    Leave the reduced axes in, with length 1.
exclude : bool
    Reduce all axes but those in `axis`.

Returns
-------
the shape of `data` without the reduced axes, or (1,); the dtype of `data`
"""


def _sum(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
    if not data.is_floating_point():
        return torch.sum(data, axes, keepdims, dtype=data.dtype)
    if len(axes) == data.dim() and not keepdims:
        return torch.sum(data)  # a third faster than naming all axes, forwards and backwards
    return torch.sum(data, axes, keepdims)


def _nansum(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
    if not data.is_floating_point():
        return _sum(data, axes, keepdims)
    return torch.nansum(data, axes, keepdims)


def _mean(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
    if data.is_floating_point():
        return torch.mean(data, axes, keepdims)
    count = math.prod(data.shape[axis] for axis in axes)
    if data.dtype is torch.bool or not count:
        return torch.any(data, axes, keepdims).to(data.dtype)
    return torch.div(torch.sum(data, axes, keepdims), count, rounding_mode="trunc").to(data.dtype)


def _prod(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
    if len(axes) == 1:
        if data.itemsize == 2 and data.is_floating_point():
            return torch.prod(data, axes[0], keepdims, dtype=torch.float32).to(data.dtype)
        return torch.prod(data, axes[0], keepdims, dtype=data.dtype)
    # torch multiplies along one axis: make the reduced ones one.
    kept = [axis for axis in range(data.dim()) if axis not in axes]
    count = math.prod(data.shape[axis] for axis in axes)
    rows = data.permute(*kept, *axes).reshape([*(data.shape[axis] for axis in kept), count])
    result = _prod(rows, (len(kept),), False)
    return result.reshape(reduced_shape(tuple(data.shape), axes, True)) if keepdims else result


def _nanprod(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
    return _prod(data.masked_fill(data.isnan(), 1) if data.is_floating_point() else data, axes, keepdims)


def _extreme(function: Callable[..., Tensor]) -> Reduce:
    def reduce(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
        if not data.numel():
            raise ValueError(f"data has shape {tuple(data.shape)}, so no elements; expected at least one")
        return function(data, axes, keepdims)

    return reduce


def _extreme_gradient(backward: Backward) -> list[Tensor | None]:
    """Every element that equals the extreme gets the whole gradient; torch would share it among them."""
    (head,), (data,), (output,) = backward.head_gradients, backward.inputs, backward.outputs
    if head is None:
        return [None]
    attributes = backward.attributes
    axes = reduced_axes(data.dim(), attributes["axis"], attributes["exclude"])
    shape = reduced_shape(tuple(data.shape), axes, True)
    return [torch.mul(head.reshape(shape), data == output.reshape(shape), out=backward.into[0])]


def _square_sum(data: Tensor, axes: Shape, keepdims: bool) -> Tensor:
    if data.itemsize == 2 and data.is_floating_point():
        return data.float().square().sum(axes, keepdims).to(data.dtype)
    return torch.sum(data.square(), axes, keepdims, dtype=data.dtype)


reduction("sum", _sum, "Sum over axes.", aliases=("_sparse_sum", "sum_axis"))
reduction("mean", _mean, "Mean over axes; of integers, cut towards 0.", aliases=("_sparse_mean",))
reduction("prod", _prod, "Product over axes.")
reduction("nansum", _nansum, "Sum over axes that counts NaN as 0.")
reduction("nanprod", _nanprod, "Product over axes that counts NaN as 1.")
reduction(
    "max",
    _extreme(torch.amax),
    "Largest element over axes; NaN if there is one. Each element that equals it gets the whole gradient.",
    aliases=("max_axis",),
    gradient=_extreme_gradient,
)
reduction(
    "min",
    _extreme(torch.amin),
    "Smallest element over axes; NaN if there is one. Each element that equals it gets the whole gradient.",
    aliases=("min_axis",),
    gradient=_extreme_gradient,
)
reduction("_square_sum", _square_sum, "Sum of squares over axes.")


def _norm_result(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> ShapesAndDtypes:
    ((shape, dtype),) = _result(shapes, dtypes, attributes)
    return [(shape, attributes["out_dtype"] or dtype)]


def _norm_dtypes(dtypes: Sequence[torch.dtype | None], attributes: Mapping[str, Any]) -> list[torch.dtype | None]:
    return [attributes["out_dtype"] or dtypes[0]]


#: Norms between these come from squares that neither overflowed nor vanished.
_SAFE_NORMS = {torch.float32: (1e-15, 1e18), torch.float64: (1e-150, 1e150)}


def _vector_norm(data: Tensor, order: int, axes: Shape, keepdims: bool) -> Tensor:
    result = torch.linalg.vector_norm(data, order, axes, keepdims)
    safe = _SAFE_NORMS.get(data.dtype)
    if order != 2 or safe is None or data.device.type != "cpu" or not result.numel():
        return result
    found = result.detach()
    least, most = (found, found) if found.numel() == 1 else (found.amin(), found.amax())
    if safe[0] < float(least) and float(most) < safe[1]:
        return result
    scale = torch.linalg.vector_norm(data.detach(), math.inf, axes, True)
    scale = torch.where((scale > 0) & scale.isfinite(), scale, 1)
    return torch.linalg.vector_norm(data / scale, order, axes, keepdims) * scale.reshape(result.shape)


@operator("norm", aliases=("_sparse_norm",), shape=_norm_result, output_dtypes=_norm_dtypes)
def norm(
    data: Tensor,
    *,
    ord: int = 2,
    axis: ShapeAttribute | None = None,
    out_dtype: DType | None = None,
    keepdims: bool = False,
) -> Tensor:
    """Norm over axes: ``sqrt(sum(data**2))``, or ``sum(abs(data))`` for order 1.

    Several axes count as one long vector. The gradient of a norm that is 0 is 0.

    Parameters
    ----------
    data : any shape
        Input. 16-bit floats are accumulated in float32.
    ord : int
        Order of the norm: 1 or 2.
    axis : int or tuple of int, optional
        The axes to reduce; negative ones count from the last. All of them if left out or empty.
    out_dtype : dtype, optional
        The output's dtype; that of `data` if left out.
    keepdims : bool
        Leave the reduced axes in, with length 1.

    Returns
    -------
    the shape of `data` without the reduced axes, or (1,)

    Examples
    --------
    >>> mx.nd.norm(mx.nd.array([[3, 4], [6, 8]]), axis=1).asnumpy().tolist()
    [5.0, 10.0]
    """
    if ord not in (1, 2):
        raise ValueError(f"ord is {ord}; expected 1 or 2")
    axes = reduced_axes(data.dim(), axis)
    dtype = out_dtype or data.dtype
    if not (data.is_floating_point() and dtype.is_floating_point):
        data = data.double()
    elif out_dtype is not None:
        data = data.to(torch.promote_types(data.dtype, dtype))
    result = _vector_norm(data, ord, axes, keepdims)
    result = result if result.dim() else result.reshape(1)
    return result if result.dtype is dtype else result.to(dtype)


Search = Callable[[Tensor, int, bool], Tensor]


# torch.argmax and torch.argmin are several times as slow along any but the last axis.
def _first_largest(data: Tensor, axis: int, keepdims: bool) -> Tensor:
    return torch.max(data, axis, keepdim=keepdims).indices


def _first_smallest(data: Tensor, axis: int, keepdims: bool) -> Tensor:
    return torch.min(data, axis, keepdim=keepdims).indices


def _search(function: Search, data: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    if axis is None:
        shape = (1,) * data.dim() if keepdims and data.dim() else (1,)
        data, axis, keepdims = data.reshape(-1), 0, True
    else:
        reduced_axes(data.dim(), (axis,))  # checks it
        shape = None
    length = data.shape[axis]
    if not length:
        raise ValueError(f"data has shape {tuple(data.shape)}; expected at least one element to search")
    result = function(data, axis, keepdims)
    result = result if result.dim() else result.reshape(1)
    return (result if shape is None else result.reshape(shape)).to(index_dtype(data.dtype, length))


def _search_result(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> ShapesAndDtypes:
    axis = attributes["axis"]
    return _result(shapes, dtypes, {**attributes, "axis": None if axis is None else (axis,)})


def search(name: str, function: Search, which: str, shown: str) -> None:
    """Register ``name(data, axis=None, keepdims=False)``: where the `which` element is. `shown` ends an example."""

    def call(data: Tensor, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
        return _search(function, data, axis, keepdims)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = _SEARCH.format(name=name, which=which, shown=shown)
    operator(name, shape=_search_result)(call)


_SEARCH = """\
Index of the {which} element along an axis: the first one of several, or of the first NaN.

Parameters
----------
data : any shape
    Input.
axis : int, optional
    The axis to search. Without it the index counts the elements of the whole array.
keepdims : bool
    Leave the searched axis in, with length 1.

Returns
-------
the shape of `data` without `axis`, or (1,); in the dtype of `data`, or in float32 or float64 if that dtype does not
hold all indices exactly (float16 does up to 2048)

Examples
--------
>>> mx.nd.{name}(mx.nd.array([[1, 3, 3], [5, 4, 4]]), axis=1).asnumpy().tolist()
{shown}
"""


search("argmax", _first_largest, "largest", "[1.0, 0.0]")
search("argmin", _first_smallest, "smallest", "[0.0, 1.0]")


def _channel_result(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> ShapesAndDtypes:
    return _result(shapes, dtypes, {"axis": (1,), "keepdims": False})


@operator("argmax_channel", shape=_channel_result)
def argmax_channel(data: Tensor) -> Tensor:
    """Index of the largest element along axis 1, the first one of several: the class of each row of scores.

    Parameters
    ----------
    data : (N, C, ...)
        Input.

    Returns
    -------
    (N, ...), in the dtype of `data`

    Examples
    --------
    >>> mx.nd.argmax_channel(mx.nd.array([[1, 3, 2], [5, 4, 5]])).asnumpy().tolist()
    [1.0, 0.0]
    """
    return _search(_first_largest, data, 1, False)


def _moments_result(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> ShapesAndDtypes:
    return _result(shapes, dtypes, {**attributes, "axis": attributes["axes"]}) * 2


@operator("moments", outputs=("output0", "output1"), shape=_moments_result)
def moments(data: Tensor, *, axes: ShapeAttribute | None = None, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """Mean and variance over axes. The variance is that of the elements themselves: divided by their number.

    Parameters
    ----------
    data : any shape
        Input. 16-bit floats are computed in float32, integers in float64 and cut.
    axes : int or tuple of int
        The axes to reduce, at least one; negative ones count from the last.
    keepdims : bool
        Leave the reduced axes in, with length 1.

    Returns
    -------
    mean, variance : the shape of `data` without the reduced axes, or (1,); the dtype of `data`

    Examples
    --------
    >>> mean, variance = mx.nd.moments(mx.nd.array([[1, 3], [2, 6]]), axes=1)
    >>> mean.asnumpy().tolist(), variance.asnumpy().tolist()
    ([2.0, 4.0], [1.0, 4.0])
    """
    if not axes:
        raise ValueError("axes is empty; expected at least one axis: name all of them to reduce everything")
    reduced = reduced_axes(data.dim(), axes)
    dtype = data.dtype
    if not dtype.is_floating_point:
        data = data.double()
    elif dtype.itemsize == 2:
        data = data.float()
    variance, mean = torch.var_mean(data, reduced, correction=0, keepdim=keepdims)
    if not mean.dim():
        mean, variance = mean.reshape(1), variance.reshape(1)
    return mean.to(dtype), variance.to(dtype)


def _label_complete(shapes: list[Shape | None], attributes: Mapping[str, Any]) -> list[Shape | None]:
    data = shapes[0]
    if data is not None and shapes[1] is None:
        shapes[1] = data[:1]
    return shapes


def _hits(data: Tensor, label: Tensor) -> Tensor:
    """True where the class (the column) is the label of its row."""
    return label.to(torch.int64).unsqueeze(1) == torch.arange(data.shape[1], device=data.device)  # (N, C)


def _cross_entropy_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), (data, label) = backward.head_gradients, backward.inputs
    if head is None:
        return [None, None]
    hits = _hits(data, label)
    gradient = torch.softmax(data, 1) - hits.to(data.dtype)
    return [gradient.masked_fill(~hits.any(1, keepdim=True), 0) * head, None]


@operator(
    "softmax_cross_entropy",
    complete=_label_complete,
    shape=lambda shapes, dtypes, attributes: [((1,), dtypes[0])],
    gradient=_cross_entropy_gradient,
)
def softmax_cross_entropy(data: Tensor, label: Tensor) -> Tensor:
    """Sum over the rows of ``-log(softmax(data)[label])``.

    Probabilities count as at least 1e-8, so a row adds at most 18.42. The gradient, ``softmax(data) - onehot(label)``,
    does not have this limit.

    Parameters
    ----------
    data : (N, C)
        Scores of C classes.
    label : (N,)
        Class numbers from 0 to C - 1, stored in the dtype of `data`. A row with any other label adds nothing.

    Returns
    -------
    (1,), the dtype of `data`

    Examples
    --------
    >>> loss = mx.nd.softmax_cross_entropy(mx.nd.array([[1, 1], [9, 9]]), mx.nd.array([0, 1]))
    >>> round(float(loss) / 2, 4)
    0.6931
    """
    check_same_dtype(data, label)
    if data.dim() != 2 or label.shape != data.shape[:1]:
        raise ValueError(
            f"data has shape {tuple(data.shape)} and label {tuple(label.shape)}; expected (N, C) scores and (N,) labels"
        )
    if not data.is_floating_point():
        raise TypeError(f"data is {dtype_name(data.dtype)}; expected a floating dtype")
    dtype = data.dtype
    scores = torch.log_softmax(data, 1, dtype=torch.float32 if dtype.itemsize == 2 else dtype)
    losses = scores.clamp_min(math.log(1e-8)).neg().masked_fill(~_hits(data, label), 0)
    return losses.sum().reshape(1).to(dtype)
