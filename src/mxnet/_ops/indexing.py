"""Operators that read or write elements by their indices.

Indices may have any dtype (float32 in most programs); fractions are cut off. No gradient flows into them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from .attributes import Shape
from .families import check_same_dtype
from .registry import Shape as Sizes
from .registry import operator
from .shape import normal_axis

Tensor = torch.Tensor
Attributes = Mapping[str, Any]
Dtypes = Sequence[torch.dtype | None]
Outputs = list[tuple[Sizes, torch.dtype]]


def _bounded(indices: Tensor, length: int, mode: str) -> Tensor:
    """Return int64 indices from 0 to ``length - 1``."""
    indices = indices.long()
    if mode == "clip":
        return indices.clamp(0, length - 1)
    if mode == "wrap":
        return indices.remainder(length)
    _check_range(indices, 0, length, "indices")
    return indices


def _can_look(indices: Tensor) -> bool:
    """Whether values may be read: not on the meta device, and not while a CUDA graph is captured."""
    return not (indices.is_meta or (indices.is_cuda and torch.cuda.is_current_stream_capturing()))


def _check_range(indices: Tensor, lowest: int, length: int, what: str) -> None:
    if not _can_look(indices) or not indices.numel():
        return
    wrong = indices[(indices < lowest) | (indices >= length)]
    if wrong.numel():
        raise IndexError(f"{what}: index {int(wrong[0])} is out of bounds; expected {lowest} to {length - 1}")


def _take_shape(shapes: Sequence[Sizes], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    data, indices = shapes
    axis = normal_axis(attributes["axis"], len(data))
    return [((*data[:axis], *indices, *data[axis + 1 :]), dtypes[0])]


def _first_dtype(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    return dtypes[:1]


@operator("take", aliases=("_npi_take",), shape=_take_shape, output_dtypes=_first_dtype)
def take(a: Tensor, indices: Tensor, *, axis: int = 0, mode: Literal["clip", "raise", "wrap"] = "clip") -> Tensor:
    """The slices of `a` along `axis` at `indices`.

    Parameters
    ----------
    a : any shape and dtype
        Where elements come from.
    indices : any shape and dtype
        Positions along `axis`.
    axis : int
        The axis; a negative one counts from the end.
    mode : {'clip', 'raise', 'wrap'}
        What happens to indices outside the axis: they are moved to its nearest end, refused, or taken modulo its
        length. A negative index counts from the end with 'wrap' only.

    Returns
    -------
    ``a.shape[:axis] + indices.shape + a.shape[axis + 1:]``, of the dtype of `a`

    Errors
    ------
    IndexError
        With ``mode='raise'``, if an index is negative or beyond the axis.

    Examples
    --------
    >>> x = mx.nd.array([[1, 2], [3, 4], [5, 6]])
    >>> mx.nd.take(x, mx.nd.array([0, 9])).asnumpy().tolist()
    [[1.0, 2.0], [5.0, 6.0]]
    >>> mx.nd.take(x, mx.nd.array([-1]), axis=1, mode='wrap').asnumpy().tolist()
    [[2.0], [4.0], [6.0]]
    """
    shape = a.shape
    axis = normal_axis(axis, len(shape))
    if not shape[axis] and indices.numel():
        raise IndexError(f"indices {tuple(indices.shape)} into axis {axis} of a {tuple(shape)}, which has length 0")
    where = _bounded(indices, shape[axis], mode)
    if where.dim() == 1:
        return a.index_select(axis, where)
    return a.index_select(axis, where.reshape(-1)).reshape(*shape[:axis], *where.shape, *shape[axis + 1 :])


def _batch_take_dtypes(dtypes: list[torch.dtype | None], attributes: Attributes) -> Dtypes:
    return [dtypes[0], dtypes[1] or torch.int32]


@operator("batch_take", complete_dtypes=_batch_take_dtypes, output_dtypes=_first_dtype)
def batch_take(a: Tensor, indices: Tensor) -> Tensor:
    """One element of each row: ``out[i] = a[i, indices[i]]``.

    Parameters
    ----------
    a : (..., K)
        Rows of K elements.
    indices : as many elements as `a` has rows
        Position in each row; moved to the nearest end when outside.

    Returns
    -------
    array of the shape of `indices` and the dtype of `a`

    Examples
    --------
    >>> x = mx.nd.array([[1, 2], [3, 4]])
    >>> mx.nd.batch_take(x, mx.nd.array([1, 0], dtype='int32')).asnumpy().tolist()
    [2.0, 3.0]
    """
    if a.dim() < 2:
        raise ValueError(f"a has shape {tuple(a.shape)}; expected at least two axes")
    width = a.shape[-1]
    if not width:
        raise ValueError(f"a has shape {tuple(a.shape)}; expected elements in its rows to take")
    if indices.numel() * width != a.numel():
        raise ValueError(
            f"indices has shape {tuple(indices.shape)}; expected {tuple(a.shape[:-1])}: one for each row of a"
        )
    where = _bounded(indices, width, "clip").reshape(-1, 1)
    return a.reshape(-1, width).gather(1, where).reshape(indices.shape)


def _pick_complete(shapes: list[Sizes | None], attributes: Attributes) -> Sequence[Sizes | None]:
    data, index = shapes
    if data is None or attributes["axis"] is None or not (index is None or 0 in index):
        return shapes
    axis = normal_axis(attributes["axis"], len(data))
    if index is not None and len(index) == len(data):
        shapes[1] = (*data[:axis], 1, *data[axis + 1 :])
    else:
        shapes[1] = (*data[:axis], *data[axis + 1 :]) or (1,)
    return shapes


@operator(
    "pick",
    aliases=("_npx_pick", "choose_element_0index"),
    complete=_pick_complete,
    output_dtypes=_first_dtype,
)
def pick(
    data: Tensor,
    index: Tensor,
    *,
    axis: int | None = -1,
    keepdims: bool = False,
    mode: Literal["clip", "wrap"] = "clip",
) -> Tensor:
    """One element of each line along `axis`: ``out[..., ...] = data[..., index[..., ...], ...]``.

    Parameters
    ----------
    data : any shape and dtype
        Where elements come from.
    index : shape of `data` without `axis`, or with length 1 there
        Position along `axis`.
    axis : int
        The axis; a negative one counts from the end.
    keepdims : bool
        Keep `axis` with length 1.
    mode : {'clip', 'wrap'}
        Indices outside the axis are moved to its nearest end, or taken modulo its length.

    Returns
    -------
    array of the dtype of `data`

    Examples
    --------
    >>> x = mx.nd.array([[1, 2], [3, 4], [5, 6]])
    >>> mx.nd.pick(x, mx.nd.array([0, 1, 0])).asnumpy().tolist()
    [1.0, 4.0, 5.0]
    """
    if axis is None:
        raise ValueError("axis=None; expected an int: flatten data first to pick from all of it")
    shape = data.shape
    axis = normal_axis(axis, len(shape))
    rest = shape[:axis] + shape[axis + 1 :]
    kept = (*shape[:axis], 1, *shape[axis + 1 :])
    if index.shape != kept:
        if index.shape != rest:
            raise ValueError(
                f"index has shape {tuple(index.shape)}; expected {tuple(rest) or (1,)} or {kept} "
                f"for axis {axis} of data {tuple(shape)}"
            )
        index = index.unsqueeze(axis)
    if not shape[axis] and index.numel():
        raise ValueError(f"data has shape {tuple(shape)}; expected elements along axis {axis} to pick from")
    result = data.gather(axis, _bounded(index, shape[axis], mode))
    return result if keepdims or not rest else result.squeeze(axis)


def _position(indices: Tensor, shape: Sequence[int]) -> tuple[Tensor, ...]:
    """Return one int64 tensor for each of the first axes of `shape`."""
    if indices.dim() < 2 or indices.shape[0] > len(shape):
        raise ValueError(
            f"indices has shape {tuple(indices.shape)}; expected two axes or more, "
            f"the first no longer than {len(shape)}, the number of axes of {tuple(shape)}"
        )
    position = indices.long().contiguous().unbind(0)
    if indices.is_cuda:  # where an index out of bounds would take the whole device down
        _check_position(position, shape)
    return position


def _check_position(position: Sequence[Tensor], shape: Sequence[int]) -> None:
    for axis, one in enumerate(position):
        _check_range(one, -shape[axis], shape[axis], f"indices, row {axis}")


@operator("gather_nd", aliases=("_npi_gather_nd", "_npx_gather_nd"), output_dtypes=_first_dtype)
def gather_nd(data: Tensor, indices: Tensor) -> Tensor:
    """The elements or slices of `data` at the positions that the columns of `indices` name.

    ``out[y] = data[indices[0, y], ..., indices[M - 1, y]]``, where ``y`` stands for all further axes of `indices`.

    Parameters
    ----------
    data : (X_0, ..., X_{N-1})
        Where elements come from.
    indices : (M, Y_0, ...), with M at most N
        Positions along the first M axes of `data`; negative ones count from the end.

    Returns
    -------
    (Y_0, ..., X_M, ..., X_{N-1}), of the dtype of `data`

    Errors
    ------
    IndexError
        If an index is out of bounds.

    Examples
    --------
    >>> x = mx.nd.array([[1, 2], [3, 4]])
    >>> mx.nd.gather_nd(x, mx.nd.array([[0, 1], [1, 0]])).asnumpy().tolist()
    [2.0, 3.0]
    """
    position = _position(indices, data.shape)
    if not position:  # every position is the whole of data
        return data.expand(*indices.shape[1:], *data.shape).clone()
    try:
        return data[position]
    except IndexError:
        _check_position(position, data.shape)
        raise


def _scatter(target: Tensor, data: Tensor, indices: Tensor) -> Tensor:
    position = _position(indices, target.shape)
    expected = (*indices.shape[1:], *target.shape[len(position) :])
    if data.shape != expected:
        raise ValueError(
            f"the values have shape {tuple(data.shape)}; expected {expected} "
            f"from indices {tuple(indices.shape)} and shape={tuple(target.shape)}"
        )
    try:
        return target.index_put_(position, data.contiguous())
    except IndexError:
        _check_position(position, target.shape)
        raise


def _scatter_nd_shape(shapes: Sequence[Sizes], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    return [(attributes["shape"], dtypes[0])]


@operator("scatter_nd", shape=_scatter_nd_shape, output_dtypes=_first_dtype)
def scatter_nd(data: Tensor, indices: Tensor, *, shape: Shape) -> Tensor:
    """Zeros with `data` written to the positions that the columns of `indices` name.

    ``out[indices[0, y], ..., indices[M - 1, y]] = data[y]``. Where a position stands twice, one of its values
    remains (the last one in a small array on the CPU).

    Parameters
    ----------
    data : (Y_0, ..., X_M, ..., X_{N-1})
        Values.
    indices : (M, Y_0, ...)
        Positions along the first M axes of the result; negative ones count from the end.
    shape : tuple of int
        Shape of the result, (X_0, ..., X_{N-1}).

    Returns
    -------
    array of shape `shape` and the dtype of `data`

    Errors
    ------
    IndexError
        If an index is out of bounds.

    Examples
    --------
    >>> positions = mx.nd.array([[0, 1], [1, 0]])
    >>> mx.nd.scatter_nd(mx.nd.array([5, 6]), positions, shape=(2, 2)).asnumpy().tolist()
    [[0.0, 5.0], [6.0, 0.0]]
    """
    if min(shape, default=0) < 0:
        raise ValueError(f"shape is {tuple(shape)}; expected lengths of at least 0")
    return _scatter(torch.zeros(shape, dtype=data.dtype, device=data.device), data, indices)


def _scatter_set_complete(shapes: list[Sizes | None], attributes: Attributes) -> Sequence[Sizes | None]:
    return [attributes["shape"], *shapes[1:]]


@operator(
    "_scatter_set_nd",
    aliases=("_npi_scatter_set_nd",),
    complete=_scatter_set_complete,
    output_dtypes=_first_dtype,
)
def scatter_set_nd(lhs: Tensor, rhs: Tensor, indices: Tensor, *, shape: Shape) -> Tensor:
    """A copy of `lhs` with `rhs` written to the positions that the columns of `indices` name.

    What assignment to ``array[positions]`` runs, with the array itself as ``out=``.

    Parameters
    ----------
    lhs : array of shape `shape`
        What the rest of the result is.
    rhs : (Y_0, ..., X_M, ..., X_{N-1}), of the dtype of `lhs`
        Values.
    indices : (M, Y_0, ...)
        Positions, as in `scatter_nd`.
    shape : tuple of int
        Shape of `lhs`.

    Returns
    -------
    array of the shape and dtype of `lhs`

    Errors
    ------
    IndexError
        If an index is out of bounds.

    Examples
    --------
    >>> x = mx.nd.zeros((2, 2))
    >>> positions = mx.nd.array([[0], [1]])
    >>> mx.nd._internal._scatter_set_nd(x, mx.nd.array([7]), positions, shape=(2, 2), out=x).asnumpy().tolist()
    [[0.0, 7.0], [0.0, 0.0]]
    """
    check_same_dtype(lhs, rhs)
    if lhs.shape != tuple(shape):
        raise ValueError(f"lhs has shape {tuple(lhs.shape)}; expected shape={tuple(shape)}")
    return _scatter(lhs.clone(), rhs, indices)


def _where_complete(shapes: list[Sizes | None], attributes: Attributes) -> Sequence[Sizes | None]:
    _, x, y = shapes
    if x is None or y is None:
        shapes[1] = shapes[2] = y if x is None else x
    elif len(x) == len(y):
        shapes[1] = shapes[2] = tuple(a or b for a, b in zip(x, y))
    return shapes


def _where_dtypes(dtypes: list[torch.dtype | None], attributes: Attributes) -> Dtypes:
    condition, x, y = dtypes
    return [condition or x or y, x or y or condition, y or x or condition]


def _where_shape(
    shapes: Sequence[Sizes], dtypes: Sequence[torch.dtype], attributes: Attributes
) -> list[tuple[Sizes, torch.dtype]]:
    """A rule, as torch needs a second before it chooses on the meta device for the first time."""
    _check_where(*shapes)
    return [(shapes[1], dtypes[1])]


def _check_where(condition: Sizes, x: Sizes, y: Sizes) -> None:
    if x != y:
        raise ValueError(f"x has shape {tuple(x)} and y {tuple(y)}; expected equal shapes")
    if condition not in (x, x[:1]):
        raise ValueError(
            f"condition has shape {tuple(condition)}; expected {tuple(x)} or {tuple(x[:1])}, from the shape of x"
        )


def _where_output(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    return dtypes[1:2]


@operator(
    "where",
    aliases=("_sparse_where",),
    complete=_where_complete,
    complete_dtypes=_where_dtypes,
    output_dtypes=_where_output,
    shape=_where_shape,
)
def where(condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Elements of `x` where `condition` is not zero, of `y` elsewhere.

    Parameters
    ----------
    condition : shape of `x`, or (N,), any dtype
        What is chosen; with one axis it chooses whole rows. Its gradient is zero.
    x, y : (N, ...)
        Of one shape and dtype.

    Returns
    -------
    array of the shape and dtype of `x`

    Examples
    --------
    >>> x, y = mx.nd.array([[1, 2], [3, 4]]), mx.nd.zeros((2, 2))
    >>> mx.nd.where(mx.nd.array([[0, 1], [1, 0]]), x, y).asnumpy().tolist()
    [[0.0, 2.0], [3.0, 0.0]]
    >>> mx.nd.where(mx.nd.array([0, 1]), x, y).asnumpy().tolist()
    [[0.0, 0.0], [3.0, 4.0]]
    """
    if x.dtype is not y.dtype:
        raise TypeError(f"x is {str(x.dtype)[6:]} and y is {str(y.dtype)[6:]}; expected one dtype for both")
    _check_where(condition.shape, x.shape, y.shape)
    if condition.shape != x.shape:
        condition = condition.reshape(-1, *(1,) * (x.dim() - 1))
    return torch.where(condition if condition.dtype is torch.bool else condition != 0, x, y)
