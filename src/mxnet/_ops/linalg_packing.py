"""Diagonals and triangles of matrices: taken out as vectors, and put back."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import torch

from .linalg import check_precise, check_square
from .registry import Backward, operator

Tensor = torch.Tensor


def _check_offset(matrices: Tensor, offset: int) -> None:
    size = matrices.shape[-1]
    if size and abs(offset) >= size:
        raise ValueError(
            f"offset={offset} and A has shape {tuple(matrices.shape)}; expected an offset from {1 - size} to {size - 1}"
        )


@operator("_linalg_sumlogdiag", aliases=("linalg_sumlogdiag",))
def sumlogdiag(A: Tensor) -> Tensor:
    """Sum of the logarithms of a matrix's diagonal: ``sum_i log(A[i, i])``.

    Of a Cholesky factor, it is half of the logarithm of the determinant.

    Parameters
    ----------
    A : (..., N, N), float32 or float64
        Matrices. A zero on the diagonal gives -inf, a negative number NaN.

    Returns
    -------
    the batch axes of `A`; (1,) for one matrix

    Examples
    --------
    >>> mx.nd.linalg.sumlogdiag(mx.nd.array([[1, 7], [7, 1]])).asnumpy().tolist()
    [0.0]
    """
    check_square(A)
    total = A.diagonal(0, -2, -1).log().sum(-1)
    return total if total.dim() else total.reshape(1)


@operator("_linalg_extractdiag", aliases=("linalg_extractdiag",), view=True)
def extractdiag(A: Tensor, *, offset: int = 0) -> Tensor:
    """A diagonal of a matrix, as a vector.

    Parameters
    ----------
    A : (..., N, N), float32 or float64
        Matrices.
    offset : int
        Which diagonal: above the main one when positive, below it when negative. Its size is less than N.

    Returns
    -------
    (..., N - abs(offset))

    Examples
    --------
    >>> mx.nd.linalg.extractdiag(mx.nd.array([[1, 2], [3, 4]])).asnumpy().tolist()
    [1.0, 4.0]
    >>> mx.nd.linalg.extractdiag(mx.nd.array([[1, 2], [3, 4]]), offset=1).asnumpy().tolist()
    [2.0]
    """
    check_square(A)
    _check_offset(A, offset)
    return A.diagonal(offset, -2, -1)


@operator("_linalg_makediag", aliases=("linalg_makediag",))
def makediag(A: Tensor, *, offset: int = 0) -> Tensor:
    """A matrix that has a vector as one of its diagonals and is zero elsewhere.

    Parameters
    ----------
    A : (..., N), float32 or float64
        Vectors; the last axis becomes a diagonal.
    offset : int
        Which diagonal: above the main one when positive, below it when negative.

    Returns
    -------
    (..., N + abs(offset), N + abs(offset))

    Examples
    --------
    >>> mx.nd.linalg.makediag(mx.nd.array([1, 2])).asnumpy().tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    >>> mx.nd.linalg.makediag(mx.nd.array([5]), offset=-1).asnumpy().tolist()
    [[0.0, 0.0], [5.0, 0.0]]
    """
    check_precise(A=A)
    return torch.diag_embed(A.reshape(1) if A.dim() == 0 else A, offset)


# A lower triangle is packed row by row. An upper one is packed column by column, as the lower one of the transpose.


def _is_lower(offset: int, lower: bool) -> bool:
    """Return which triangle is meant: `lower` decides only where the diagonal belongs to it."""
    return offset < 0 or (offset == 0 and lower)


def _places(size: int, offset: int, device: torch.device) -> Tensor:
    """Return where the elements of a packed triangle stand in a flattened (size, size) matrix."""
    rows, columns = torch.tril_indices(size, size, -abs(offset), device=device)
    return rows * size + columns


def _pack(matrices: Tensor, offset: int, lower: bool) -> Tensor:
    turned = matrices if _is_lower(offset, lower) else matrices.mT
    return turned.flatten(-2).index_select(-1, _places(matrices.shape[-1], offset, matrices.device))


def _unpack(packed: Tensor, size: int, offset: int, lower: bool) -> Tensor:
    flat = packed.new_zeros((*packed.shape[:-1], size * size))
    flat = flat.index_copy(-1, _places(size, offset, packed.device), packed)
    matrices = flat.unflatten(-1, (size, size))
    return matrices if _is_lower(offset, lower) else matrices.mT


def _extract_gradient(backward: Backward) -> Sequence[Tensor | None]:
    (head,), (matrices,) = backward.head_gradients, backward.inputs
    assert head is not None
    return (_unpack(head, matrices.shape[-1], backward.attributes["offset"], backward.attributes["lower"]),)


def _make_gradient(backward: Backward) -> Sequence[Tensor | None]:
    (head,), (packed,) = backward.head_gradients, backward.inputs
    assert head is not None
    found = _pack(head, backward.attributes["offset"], backward.attributes["lower"])
    return (found.reshape(packed.shape),)


@operator("_linalg_extracttrian", aliases=("linalg_extracttrian",), gradient=_extract_gradient)
def extracttrian(A: Tensor, *, offset: int = 0, lower: bool = True) -> Tensor:
    """A triangle of a matrix, as a vector: a lower one row by row, an upper one column by column.

    Parameters
    ----------
    A : (..., N, N), float32 or float64
        Matrices.
    offset : int
        The diagonal that the triangle begins with. A positive one gives an upper triangle, a negative one a lower
        triangle. Its size is less than N.
    lower : bool
        Which triangle the offset 0 gives; no effect with others.

    Returns
    -------
    (..., n * (n + 1) / 2) with ``n = N - abs(offset)``

    Examples
    --------
    >>> x = mx.nd.array([[1, 2], [3, 4]])
    >>> mx.nd.linalg.extracttrian(x).asnumpy().tolist()
    [1.0, 3.0, 4.0]
    >>> mx.nd.linalg.extracttrian(x, lower=False).asnumpy().tolist()
    [1.0, 2.0, 4.0]
    """
    check_square(A)
    _check_offset(A, offset)
    return _pack(A, offset, lower)


@operator("_linalg_maketrian", aliases=("linalg_maketrian",), gradient=_make_gradient)
def maketrian(A: Tensor, *, offset: int = 0, lower: bool = True) -> Tensor:
    """A triangular matrix from a vector: what `extracttrian` took out is put back, zeros elsewhere.

    Parameters
    ----------
    A : (..., n * (n + 1) / 2), float32 or float64
        Vectors that hold a lower triangle row by row, or an upper one column by column.
    offset : int
        The diagonal that the triangle begins with. A positive one makes an upper triangle, a negative one a lower
        triangle.
    lower : bool
        Which triangle the offset 0 makes; no effect with others.

    Returns
    -------
    (..., N, N) with ``N = n + abs(offset)``

    Examples
    --------
    >>> mx.nd.linalg.maketrian(mx.nd.array([1, 2, 3])).asnumpy().tolist()
    [[1.0, 0.0], [2.0, 3.0]]
    >>> mx.nd.linalg.maketrian(mx.nd.array([5]), offset=1).asnumpy().tolist()
    [[0.0, 5.0], [0.0, 0.0]]
    """
    check_precise(A=A)
    packed = A.reshape(1) if A.dim() == 0 else A
    count = packed.shape[-1]
    rows = (isqrt(8 * count + 1) - 1) // 2
    if rows * (rows + 1) // 2 != count:
        raise ValueError(
            f"A has shape {tuple(A.shape)}; expected a last axis that holds a triangle, of length 1, 3, 6, 10, ... "
            "n * (n + 1) / 2"
        )
    return _unpack(packed, rows + abs(offset), offset, lower)
