"""Operators about how arrays are stored. They see dense tensors; one stands for its own csr form where that counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from .attributes import DType, PositiveInt
from .encoding import embedding
from .registry import Shape, get, operator

Tensor = torch.Tensor
Dtypes = Sequence[torch.dtype | None]
Outputs = list[tuple[Shape, torch.dtype]]


@operator("cast_storage", aliases=("_sparse_cast_storage",), elementwise=True, view=True)
def cast_storage(data: Tensor, *, stype: Literal["csr", "default", "row_sparse"]) -> Tensor:
    """Convert an array to another storage type.

    Parameters
    ----------
    data : any shape and dtype
        The array.
    stype : {'csr', 'default', 'row_sparse'}
        The storage type. Inside of graphs all arrays are dense: this is a copy there.

    Returns
    -------
    the shape and dtype of `data`

    Examples
    --------
    >>> mx.nd.cast_storage(mx.nd.array([1, 0]), stype='default').asnumpy().tolist()
    [1.0, 0.0]
    """
    return data


@operator("_copyto", aliases=("_npi_copyto",), fills=True)
def copyto(data: Tensor) -> Tensor:
    """Copy an array into the one given as ``out=``, which may have another dtype or be on another device.

    Parameters
    ----------
    data : any shape and dtype
        What is copied.

    Returns
    -------
    the array given as ``out=``

    Examples
    --------
    >>> x = mx.nd.zeros((2,), dtype="int32")
    >>> mx.nd._internal._copyto(mx.nd.array([1.5, 2]), out=x).asnumpy().tolist()
    [1, 2]
    """
    return data


@operator("_set_value", creates=True, fills=True)
def set_value(*, src: float, device: torch.device) -> Tensor:
    """Fill the array given as ``out=`` with a number.

    Parameters
    ----------
    src : float
        The number; an array of integers gets it cut towards zero.

    Returns
    -------
    the array given as ``out=``

    Examples
    --------
    >>> mx.nd._internal._set_value(3.7, out=mx.nd.zeros((2,), dtype="int32")).asnumpy().tolist()
    [3, 3]
    """
    return torch.tensor(src, dtype=torch.float64, device=device)


_embedding = get("Embedding")


@operator(
    "_contrib_SparseEmbedding",
    complete=_embedding.complete,
    complete_dtypes=_embedding.complete_dtypes,
    output_dtypes=_embedding.output_dtypes,
    shape=_embedding.shape,
)
def sparse_embedding(
    data: Tensor,
    weight: Tensor,
    *,
    input_dim: PositiveInt,
    output_dim: PositiveInt,
    dtype: DType = torch.float32,
    deterministic: bool = False,
) -> Tensor:
    """A row of `weight` for each index: ``out[..., :] = weight[data[...], :]``, as `Embedding` does.

    Parameters
    ----------
    data : any shape and dtype
        Indices; those outside are moved to 0 or ``input_dim - 1``.
    weight : (input_dim, output_dim)
        Rows, and the dtype of the result. Its gradient is dense.
    input_dim : int of at least 1
        Number of rows.
    output_dim : int of at least 1
        Length of a row.
    dtype : dtype
        Of `weight`, where it is not known otherwise.
    deterministic : bool
        No effect.

    Returns
    -------
    ``data.shape + (output_dim,)``

    Examples
    --------
    >>> weight = mx.nd.array([[1, 2], [3, 4], [5, 6]])
    >>> mx.nd.contrib.SparseEmbedding(mx.nd.array([2, 0]), weight, input_dim=3, output_dim=2).asnumpy().tolist()
    [[5.0, 6.0], [1.0, 2.0]]
    """
    return embedding(data, weight, input_dim=input_dim, output_dim=output_dim)


def _numbers(values: Tensor, count: int, name: str, kind: str) -> Tensor:
    """Return `values` as int64; IndexError for one that is not from 0 to ``count - 1``."""
    numbers = values.long()
    captured = numbers.is_cuda and torch.cuda.is_current_stream_capturing()
    if not (numbers.is_meta or captured or not numbers.numel()):
        wrong = numbers[(numbers < 0) | (numbers >= count)]
        if wrong.numel():
            raise IndexError(f"{name}: {kind} {int(wrong[0])} is out of bounds; expected 0 to {count - 1}")
    return numbers


def _retained_dtypes(dtypes: list[torch.dtype | None], attributes: Mapping[str, Any]) -> Dtypes:
    return dtypes


def _retained_output(dtypes: Dtypes, attributes: Mapping[str, Any]) -> Dtypes:
    return dtypes[:1]


@operator("_sparse_retain", complete_dtypes=_retained_dtypes, output_dtypes=_retained_output)
def sparse_retain(data: Tensor, indices: Tensor) -> Tensor:
    """Keep only some rows of an array; all others become zero.

    Parameters
    ----------
    data : (N, ...)
        The array, of any dtype.
    indices : (K,)
        Numbers of the rows to keep, of any dtype; fractions are cut off.

    Returns
    -------
    the shape and dtype of `data`

    Raises
    ------
    IndexError
        If a row is negative or beyond the array.

    Examples
    --------
    >>> x = mx.nd.array([[1, 2], [3, 4], [5, 6]]).tostype('row_sparse')
    >>> mx.nd.sparse.retain(x, mx.nd.array([2])).asnumpy().tolist()
    [[0.0, 0.0], [0.0, 0.0], [5.0, 6.0]]
    """
    if not data.dim() or indices.dim() != 1:
        raise ValueError(
            f"data has shape {tuple(data.shape)} and indices {tuple(indices.shape)}; expected (N, ...) and (K,)"
        )
    rows = _numbers(indices, data.shape[0], "indices", "row")
    return torch.zeros_like(data).index_copy(0, rows, data[rows])


def _check_matrix(shape: Sequence[int]) -> None:
    if len(shape) != 2:
        raise ValueError(f"data has shape {tuple(shape)}; expected two axes")


def _getnnz_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Outputs:
    _check_matrix(shapes[0])
    axis = attributes["axis"]
    if axis not in (None, 0, 1):
        raise ValueError(f"axis={axis}; expected None, 0 or 1")
    return [((1,) if axis is None else (shapes[0][1 - axis],), torch.int64)]


@operator("_contrib_getnnz", shape=_getnnz_shape, output_dtypes=lambda dtypes, attributes: [torch.int64])
def getnnz(data: Tensor, *, axis: int | None = None) -> Tensor:
    """How many elements the csr form of a matrix stores: those that are not 0.

    Parameters
    ----------
    data : (rows, columns)
        The matrix, of any dtype.
    axis : int, optional
        0 counts in each column, 1 in each row; without it all are counted.

    Returns
    -------
    (1,), (columns,) or (rows,), of dtype int64

    Examples
    --------
    >>> x = mx.nd.array([[1, 0, 2], [0, 0, 3]])
    >>> mx.nd.contrib.getnnz(x).asnumpy().tolist()
    [3]
    >>> mx.nd.contrib.getnnz(x, axis=1).asnumpy().tolist()
    [2, 1]
    """
    _getnnz_shape((data.shape,), (data.dtype,), {"axis": axis})
    if axis is None:
        return torch.count_nonzero(data).view(1)
    return torch.count_nonzero(data, axis)


def _edge_dtypes(dtypes: list[torch.dtype | None], attributes: Mapping[str, Any]) -> Dtypes:
    return dtypes


def _edge_output(dtypes: Dtypes, attributes: Mapping[str, Any]) -> Dtypes:
    return dtypes[:1]


@operator("_contrib_edge_id", complete_dtypes=_edge_dtypes, output_dtypes=_edge_output)
def edge_id(data: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Numbers of the edges from `u` to `v` in a graph, -1 where there is no edge.

    Parameters
    ----------
    data : (vertices, vertices)
        The graph's adjacency matrix: ``data[u, v]`` is the number of the edge from u to v, and 0 where there is none.
        Its gradient is zero.
    u, v : (K,)
        Vertices, of any dtype; fractions are cut off.

    Returns
    -------
    (K,), of the dtype of `data`

    Raises
    ------
    IndexError
        If a vertex is negative or beyond the matrix.

    Examples
    --------
    >>> graph = mx.nd.array([[1, 0], [2, 3]])
    >>> mx.nd.contrib.edge_id(graph, mx.nd.array([0, 0, 1]), mx.nd.array([0, 1, 1])).asnumpy().tolist()
    [1.0, -1.0, 3.0]
    """
    _check_matrix(data.shape)
    if u.dim() != 1 or u.shape != v.shape:
        raise ValueError(f"u has shape {tuple(u.shape)} and v {tuple(v.shape)}; expected (K,) for both")
    found = data.detach()[_numbers(u, data.shape[0], "u", "vertex"), _numbers(v, data.shape[1], "v", "vertex")]
    return found.masked_fill_(found == 0, -1)
