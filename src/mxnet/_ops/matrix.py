"""Matrix products and diagonals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from .families import check_same_dtype
from .products import matmul
from .registry import Shape, operator

Tensor = torch.Tensor
Attributes = Mapping[str, Any]
Outputs = list[tuple[Shape, torch.dtype]]
StorageType = Literal["csr", "default", "row_sparse"]


def check_floating(*factors: Tensor) -> None:
    for factor in factors:
        if not factor.is_floating_point():
            raise TypeError(f"got {str(factor.dtype)[6:]}; expected a floating dtype: cast with .astype")


def _dot_rest(lhs: Sequence[int], rhs: Sequence[int], transpose_a: bool, transpose_b: bool) -> Shape:
    """Return the shape of the product; ValueError where the contracted axes differ."""
    if not lhs or not rhs:
        raise ValueError(f"lhs has shape {tuple(lhs)} and rhs {tuple(rhs)}; expected at least one axis each")
    if len(lhs) == len(rhs) == 1 and (transpose_a or transpose_b):
        raise ValueError("transpose_a and transpose_b have no meaning for two vectors")
    first = transpose_a and len(lhs) > 1
    last = len(rhs) > 1 and transpose_b
    left, right = (0 if first else -1), (-1 if last else 0)
    if lhs[left] != rhs[right]:
        raise ValueError(
            f"axis {left} of lhs {tuple(lhs)} has length {lhs[left]}, and axis {right} of rhs {tuple(rhs)} has "
            f"{rhs[right]}; expected equal lengths (transpose_a={transpose_a}, transpose_b={transpose_b})"
        )
    return (*(lhs[1:] if first else lhs[:-1]), *(rhs[:-1] if last else rhs[1:])) or (1,)


def _dot_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    return [(_dot_rest(shapes[0], shapes[1], attributes["transpose_a"], attributes["transpose_b"]), dtypes[0])]


def _matrix(factor: Tensor, transpose: bool, first: bool) -> Tensor:
    """Flatten all axes but the one that is summed over, and put that last (for the first factor) or first."""
    if transpose is first:
        flat = factor.reshape(factor.shape[0], factor.shape[1:].numel())
    else:
        flat = factor.reshape(factor.shape[:-1].numel(), factor.shape[-1])
    return flat.t() if transpose else flat


@operator("dot", aliases=("_sparse_dot",), shape=_dot_shape)
def dot(
    lhs: Tensor,
    rhs: Tensor,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    forward_stype: StorageType | None = None,
) -> Tensor:
    """Sum of products over the last axis of `lhs` and the first axis of `rhs`.

    ``out[i, ..., j, ...] = sum_k lhs[i, ..., k] * rhs[k, j, ...]``: the inner product of vectors, the product of
    matrices, and the same for more axes. `transpose_a` sums over the first axis of `lhs` instead, ``lhs[k, i, ...]``,
    `transpose_b` over the last axis of `rhs`, ``rhs[j, ..., k]``. Both leave a vector as it is.

    Parameters
    ----------
    lhs : (..., K), floating
        Left factor; (K, ...) with `transpose_a`.
    rhs : (K, ...), of the dtype of `lhs`
        Right factor; (..., K) with `transpose_b`.
    transpose_a, transpose_b : bool
        Which axis is summed over.
    forward_stype : {None, 'csr', 'default', 'row_sparse'}
        Storage type wanted for the result.

    Returns
    -------
    the remaining axes of `lhs`, then those of `rhs`; (1,) for two vectors

    Examples
    --------
    >>> x, y = mx.nd.array([[1, 2], [3, 4]]), mx.nd.array([1, 1])
    >>> mx.nd.dot(x, y).asnumpy().tolist()
    [3.0, 7.0]
    >>> mx.nd.dot(x, x, transpose_b=True).asnumpy().tolist()
    [[5.0, 11.0], [11.0, 25.0]]
    >>> mx.nd.dot(y, y).asnumpy().tolist()
    [2.0]
    """
    check_same_dtype(lhs, rhs)
    check_floating(lhs)
    if lhs.dim() == 2 and rhs.dim() == 2:
        try:
            return matmul(lhs.t() if transpose_a else lhs, rhs.t() if transpose_b else rhs)
        except RuntimeError:
            _dot_rest(lhs.shape, rhs.shape, transpose_a, transpose_b)
            raise
    shape = _dot_rest(lhs.shape, rhs.shape, transpose_a, transpose_b)
    left = lhs if lhs.dim() == 1 else _matrix(lhs, transpose_a, first=True)
    right = rhs if rhs.dim() == 1 else _matrix(rhs, transpose_b, first=False)
    return torch.matmul(left, right).reshape(shape)


def batch_dot_size(lhs: Sequence[int], rhs: Sequence[int], transpose_a: bool, transpose_b: bool) -> Shape:
    if len(lhs) < 3 or len(lhs) != len(rhs) or tuple(lhs[:-2]) != tuple(rhs[:-2]):
        raise ValueError(
            f"lhs has shape {tuple(lhs)} and rhs {tuple(rhs)}; expected batches of matrices, three axes or more, "
            "with equal batch axes"
        )
    rows, inner = (lhs[-1], lhs[-2]) if transpose_a else (lhs[-2], lhs[-1])
    other, columns = (rhs[-1], rhs[-2]) if transpose_b else (rhs[-2], rhs[-1])
    if inner != other:
        raise ValueError(
            f"lhs {tuple(lhs)} and rhs {tuple(rhs)} are summed over axes of lengths {inner} and {other}; expected "
            f"equal lengths (transpose_a={transpose_a}, transpose_b={transpose_b})"
        )
    return (*lhs[:-2], rows, columns)


def _batch_dot_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Attributes) -> Outputs:
    size = batch_dot_size(shapes[0], shapes[1], attributes["transpose_a"], attributes["transpose_b"])
    return [(size, dtypes[0])]


@operator("batch_dot", aliases=("_npx_batch_dot",), shape=_batch_dot_shape)
def batch_dot(
    lhs: Tensor,
    rhs: Tensor,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    forward_stype: StorageType | None = None,
) -> Tensor:
    """Product of each pair of matrices in two batches.

    Parameters
    ----------
    lhs : (..., M, K), floating, three axes or more
        Left factors; (..., K, M) with `transpose_a`.
    rhs : (..., K, L), of the dtype and batch axes of `lhs`
        Right factors; (..., L, K) with `transpose_b`.
    transpose_a, transpose_b : bool
        Transpose each matrix first.
    forward_stype : {None, 'csr', 'default', 'row_sparse'}
        Storage type wanted for the result.

    Returns
    -------
    (..., M, L)

    Examples
    --------
    >>> mx.nd.batch_dot(mx.nd.ones((2, 1, 3)), mx.nd.ones((2, 3, 2))).asnumpy().tolist()
    [[[3.0, 3.0]], [[3.0, 3.0]]]
    """
    check_same_dtype(lhs, rhs)
    check_floating(lhs)
    ndim = lhs.dim()
    if ndim != 3 or rhs.dim() != 3:  # where torch would broadcast
        batch_dot_size(lhs.shape, rhs.shape, transpose_a, transpose_b)
    left, right = lhs.mT if transpose_a else lhs, rhs.mT if transpose_b else rhs
    try:
        return torch.bmm(left, right) if ndim == 3 else torch.matmul(left, right)
    except RuntimeError:
        batch_dot_size(lhs.shape, rhs.shape, transpose_a, transpose_b)
        raise


@operator("khatri_rao")
def khatri_rao(*args: Tensor) -> Tensor:
    """Kronecker product of the matrices column by column.

    Column ``k`` of the result is the Kronecker product of the columns ``k`` of all inputs.

    Parameters
    ----------
    args : one or more of (M_i, K), floating
        Matrices of one dtype with the same number of columns.
    num_args : int
        Number of inputs.

    Returns
    -------
    (M_1 * M_2 * ..., K)

    Examples
    --------
    >>> x, y = mx.nd.array([[1, 2], [3, 4]]), mx.nd.array([[5, 6]])
    >>> mx.nd.khatri_rao(x, y).asnumpy().tolist()
    [[5.0, 12.0], [15.0, 24.0]]
    """
    if not args:
        raise ValueError("no input; expected at least one matrix")
    check_floating(*args)
    first = args[0]
    for number, factor in enumerate(args):
        if factor.dim() != 2 or factor.shape[1] != first.shape[-1]:
            raise ValueError(
                f"arg{number} has shape {tuple(factor.shape)}; expected a matrix with as many columns as "
                f"arg0 {tuple(first.shape)}"
            )
        if factor.dtype is not first.dtype:
            raise TypeError(
                f"arg0 is {str(first.dtype)[6:]} and arg{number} is {str(factor.dtype)[6:]}; expected one dtype for all"
            )
    product = first if len(args) > 1 else first.clone()
    for factor in args[1:]:
        product = (product.unsqueeze(1) * factor.unsqueeze(0)).reshape(-1, first.shape[1])
    return product


@operator("diag", view=True)
def diag(data: Tensor, *, k: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The diagonal of a matrix, or of each matrix that two axes span; or a matrix with a given diagonal.

    Parameters
    ----------
    data : any shape and dtype
        With one axis: the diagonal of the result, which is zero elsewhere. With more: where diagonals are taken.
    k : int
        Which diagonal: above the main one when positive, below it when negative.
    axis1, axis2 : int
        Row and column axis of the matrices; not used for data of one axis.

    Returns
    -------
    (N + abs(k), N + abs(k)) for data (N,); otherwise the remaining axes followed by the diagonal

    Examples
    --------
    >>> mx.nd.diag(mx.nd.array([[1, 2], [3, 4]])).asnumpy().tolist()
    [1.0, 4.0]
    >>> mx.nd.diag(mx.nd.array([1, 2])).asnumpy().tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    if data.dim() == 1:
        return torch.diag_embed(data, k)
    try:
        return torch.diagonal(data, k, axis1, axis2)
    except (RuntimeError, IndexError):
        raise ValueError(
            f"axis1={axis1}, axis2={axis2}; expected two different axes of data {tuple(data.shape)}"
        ) from None
