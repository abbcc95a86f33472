"""Operators that turn indices into rows, and positions in an array into indices and back.

Indices may have any dtype (float32 in most programs); fractions are cut off. No gradient flows into them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .attributes import DType, NonNegativeInt, PositiveInt, Shape
from .registry import Shape as Sizes
from .registry import operator
from .slicing import scalar_in

Tensor = torch.Tensor
Attributes = Mapping[str, Any]
Dtypes = Sequence[torch.dtype | None]
Outputs = list[tuple[Sizes, torch.dtype]]
_NARROW = (torch.uint8, torch.int8, torch.int16, torch.int32)


def _first_dtype(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    return dtypes[:1]


def _place(indices: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Return positions in rows of `length`, with an axis of length 1 at the end, and where they lie inside.

    One that does not lie inside becomes an end of the row.
    """
    indices = indices.long().unsqueeze(-1)
    place = indices.clamp(0, length - 1)
    return place, place == indices


def _one_hot_shape(shapes: Sequence[Sizes], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    return [((*shapes[0], attributes["depth"]), attributes["dtype"])]


@operator("one_hot", aliases=("_npx_one_hot",), shape=_one_hot_shape)
def one_hot(
    indices: Tensor,
    *,
    depth: NonNegativeInt,
    on_value: float = 1.0,
    off_value: float = 0.0,
    dtype: DType = torch.float32,
) -> Tensor:
    """A row for each index: `on_value` at the index, `off_value` elsewhere.

    Parameters
    ----------
    indices : any shape and dtype
        Positions; outside 0 to ``depth - 1`` the whole row is `off_value`. Its gradient is zero.
    depth : int of at least 0
        Length of a row.
    on_value, off_value : float
        The two values, cut to `dtype`.
    dtype : dtype
        Of the result.

    Returns
    -------
    ``indices.shape + (depth,)``

    Examples
    --------
    >>> mx.nd.one_hot(mx.nd.array([1, 0]), depth=3).asnumpy().tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    on, off = scalar_in(on_value, dtype), scalar_in(off_value, dtype)
    rows = torch.full((*indices.shape, depth), off, dtype=dtype, device=indices.device)
    if not depth:
        return rows
    place, inside = _place(indices, depth)
    values = torch.full_like(place, off, dtype=dtype).masked_fill_(inside, on)
    return rows.scatter_(-1, place, values)


def _embedding_complete(shapes: list[Sizes | None], attributes: Attributes) -> Sequence[Sizes | None]:
    shapes[1] = (attributes["input_dim"], attributes["output_dim"])
    return shapes


def _embedding_dtypes(dtypes: list[torch.dtype | None], attributes: Attributes) -> Dtypes:
    return [dtypes[0], dtypes[1] or attributes["dtype"]]


def _embedding_output(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    return [dtypes[1] or attributes["dtype"]]


def _embedding_shape(shapes: Sequence[Sizes], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    _check_embedding(shapes[1], attributes["input_dim"], attributes["output_dim"])
    return [((*shapes[0], attributes["output_dim"]), dtypes[1])]


def _check_embedding(weight: Sequence[int], input_dim: int, output_dim: int) -> None:
    if tuple(weight) != (input_dim, output_dim):
        raise ValueError(f"weight has shape {tuple(weight)}; expected (input_dim, output_dim)={input_dim, output_dim}")


@operator(
    "Embedding",
    aliases=("_npx_embedding", "_sparse_Embedding"),
    complete=_embedding_complete,
    complete_dtypes=_embedding_dtypes,
    output_dtypes=_embedding_output,
    shape=_embedding_shape,
)
def embedding(
    data: Tensor,
    weight: Tensor,
    *,
    input_dim: PositiveInt,
    output_dim: PositiveInt,
    dtype: DType = torch.float32,
    sparse_grad: bool = False,
) -> Tensor:
    """A row of `weight` for each index: ``out[..., :] = weight[data[...], :]``.

    The gradient of a row is the sum over all places where its index stands.

    Parameters
    ----------
    data : any shape and dtype
        Indices; those outside are moved to 0 or ``input_dim - 1``.
    weight : (input_dim, output_dim)
        Rows, and the dtype of the result.
    input_dim : int of at least 1
        Number of rows.
    output_dim : int of at least 1
        Length of a row.
    dtype : dtype
        Of `weight`, where it is not known otherwise.
    sparse_grad : bool
        Ask for a gradient of storage type row_sparse; its values are the same.

    Returns
    -------
    ``data.shape + (output_dim,)``

    Examples
    --------
    >>> weight = mx.nd.array([[1, 2], [3, 4], [5, 6]])
    >>> mx.nd.Embedding(mx.nd.array([2, 0]), weight, input_dim=3, output_dim=2).asnumpy().tolist()
    [[5.0, 6.0], [1.0, 2.0]]
    """
    _check_embedding(weight.shape, input_dim, output_dim)
    where = data.long().clamp(0, input_dim - 1)
    if weight.is_cpu and weight.dtype.itemsize >= 4:  # the gradient of a selection is the faster one there
        return weight.index_select(0, where.reshape(-1)).view(*where.shape, output_dim)
    return torch.nn.functional.embedding(where, weight)


def _need_shape(shape: Sizes | None) -> Sizes:
    if not shape:
        raise ValueError("shape is missing: give the shape of the array that the indices point into")
    return shape


@operator("_ravel_multi_index", aliases=("ravel_multi_index",))
def ravel_multi_index(data: Tensor, *, shape: Shape | None = None) -> Tensor:
    """Positions in an array of shape `shape` as positions in the flat array.

    Parameters
    ----------
    data : (number of axes, K)
        Each column is one position; not checked against `shape`. Its gradient is zero.
    shape : tuple of int
        Shape that the positions refer to; its first length does not matter.

    Returns
    -------
    (K,), of the dtype of `data`

    Examples
    --------
    >>> mx.nd.ravel_multi_index(mx.nd.array([[3, 6], [4, 5]]), shape=(7, 6)).asnumpy().tolist()
    [22.0, 41.0]
    """
    shape = _need_shape(shape)
    if data.dim() != 2 or data.shape[0] != len(shape):
        raise ValueError(
            f"data has shape {tuple(data.shape)}; expected ({len(shape)}, K): a row for each axis of shape={shape}"
        )
    flat, *rows = data.long().unbind(0)
    for length, row in zip(shape[1:], rows):
        flat = flat * length + row
    return flat.to(data.dtype)


@operator("_unravel_index", aliases=("unravel_index",))
def unravel_index(data: Tensor, *, shape: Shape | None = None) -> Tensor:
    """Positions in the flat array as positions in an array of shape `shape`.

    Parameters
    ----------
    data : (K,)
        Positions; not checked against `shape`. Its gradient is zero.
    shape : tuple of int
        Shape that the positions refer to; its first length does not matter.

    Returns
    -------
    (number of axes, K), of the dtype of `data`

    Examples
    --------
    >>> mx.nd.unravel_index(mx.nd.array([22, 41]), shape=(7, 6)).asnumpy().tolist()
    [[3.0, 6.0], [4.0, 5.0]]
    """
    shape = _need_shape(shape)
    if data.dim() == 0 or data.shape[0] != data.numel():
        raise ValueError(f"data has shape {tuple(data.shape)}; expected (K,)")
    # int32 divides twice as fast as int64, but holds lengths below 2**31 only.
    narrow = data.dtype in _NARROW and all(-(2**31) <= length < 2**31 for length in shape)
    rest = data.to(torch.int32 if narrow else torch.int64).reshape(-1)
    rows: list[Tensor] = []
    for length in reversed(shape[1:]):
        whole = rest.div(length, rounding_mode="trunc")
        rows.append(rest - whole * length)
        rest = whole
    return torch.stack([rest, *reversed(rows)]).to(data.dtype)


@operator("fill_element_0index", output_dtypes=_first_dtype)
def fill_element_0index(lhs: Tensor, mhs: Tensor, rhs: Tensor) -> Tensor:
    """A copy of `lhs` with one element of each row replaced: ``out[i, rhs[i]] = mhs[i]``.

    Parameters
    ----------
    lhs : (N, K)
        What the rest of the result is.
    mhs : (N,), of the dtype of `lhs`
        Values.
    rhs : (N,)
        Positions; a row whose position lies outside stays as it is.

    Returns
    -------
    (N, K), of the dtype of `lhs`

    Examples
    --------
    >>> x = mx.nd.zeros((2, 2))
    >>> mx.nd.fill_element_0index(x, mx.nd.array([7, 8]), mx.nd.array([1, 0])).asnumpy().tolist()
    [[0.0, 7.0], [8.0, 0.0]]
    """
    if lhs.dim() != 2 or mhs.shape != lhs.shape[:1] or rhs.shape != lhs.shape[:1]:
        raise ValueError(
            f"lhs, mhs and rhs have shapes {tuple(lhs.shape)}, {tuple(mhs.shape)}, {tuple(rhs.shape)}; "
            "expected (N, K), (N,), (N,)"
        )
    if mhs.dtype is not lhs.dtype:
        raise TypeError(f"lhs is {str(lhs.dtype)[6:]} and mhs is {str(mhs.dtype)[6:]}; expected one dtype for both")
    if not lhs.shape[1]:
        return lhs.clone()
    place, inside = _place(rhs, lhs.shape[1])
    return lhs.scatter(1, place, torch.where(inside, mhs.unsqueeze(1), lhs.gather(1, place)))


def _second_dtype(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    return dtypes[1:2]


@operator("_onehot_encode", output_dtypes=_second_dtype)
def onehot_encode(lhs: Tensor, rhs: Tensor) -> Tensor:
    """A row for each index in `lhs`: 1 at the index, 0 elsewhere.

    Parameters
    ----------
    lhs : (N,)
        Indices; where one lies outside the whole row is 0.
    rhs : (N, K)
        Only its shape and dtype count.

    Returns
    -------
    (N, K), of the dtype of `rhs`

    Examples
    --------
    >>> mx.nd.onehot_encode(mx.nd.array([1, 0]), mx.nd.zeros((2, 3))).asnumpy().tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    if rhs.dim() != 2 or lhs.shape != rhs.shape[:1]:
        raise ValueError(f"lhs and rhs have shapes {tuple(lhs.shape)} and {tuple(rhs.shape)}; expected (N,) and (N, K)")
    rows = torch.zeros_like(rhs)
    if not rhs.shape[1]:
        return rows
    place, inside = _place(lhs, rhs.shape[1])
    return rows.scatter_(1, place, inside.to(rhs.dtype))
