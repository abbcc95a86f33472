"""Factorizations, inverses and determinants of matrices, and of batches of them.

A failed factorization is an error where finding out costs nothing, on the CPU. On other devices it would stop the
program until the result is there, so NaN mark the matrices that failed.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .linalg import check_precise, check_square
from .registry import Backward, operator

Tensor = torch.Tensor
LinAlgError: type[RuntimeError] = torch.linalg.LinAlgError  # pyright: ignore[reportPrivateImportUsage]

#: How far apart eigenvalues are taken to be at least, where a gradient divides by their distance.
_TINIEST = {torch.float32: 1e-30, torch.float64: 1e-100}


def _confirmed(result: Tensor, info: Tensor, problem: str) -> Tensor:
    """Return the result of a factorization whose `info` is nonzero where it failed; see the top of this module."""
    if not info.is_cpu:
        return result.masked_fill(info.ne(0)[..., None, None], torch.nan)
    if bool(info.any()):
        number = int(info.flatten().ne(0).int().argmax())
        which = f"matrix {number} of the {info.numel()} in A" if info.numel() > 1 else "A"
        raise ValueError(f"{which} {problem}")
    return result


@operator("_linalg_potrf", aliases=("linalg_potrf",), elementwise=True)
def potrf(A: Tensor) -> Tensor:
    """Cholesky factor of a symmetric, positive definite matrix: the lower triangular L with ``L @ L.T = A``.

    Parameters
    ----------
    A : (..., N, N), float32 or float64
        Symmetric, positive definite matrices. Only the lower triangle is read; the gradient is symmetric, as if both
        triangles were.

    Returns
    -------
    the shape of `A`, zero above the diagonal

    Raises
    ------
    ValueError
        On the CPU, if a matrix is not positive definite. Elsewhere its factor is NaN.

    Examples
    --------
    >>> mx.nd.linalg.potrf(mx.nd.array([[4, 2], [2, 10]])).asnumpy().tolist()
    [[2.0, 0.0], [1.0, 3.0]]
    """
    check_square(A)
    factor, info = torch.linalg.cholesky_ex(A)
    return _confirmed(factor, info, "is not positive definite; expected symmetric, positive definite matrices")


@operator("_linalg_potri", aliases=("linalg_potri",), elementwise=True)
def potri(A: Tensor) -> Tensor:
    """Inverse of a matrix from its Cholesky factor: ``inverse(A @ A.T)`` for a lower triangular `A`.

    Parameters
    ----------
    A : (..., N, N), float32 or float64
        Lower triangular matrices without zeros on the diagonal, such as `potrf` gives. What stands above the diagonal
        is not read, and its gradient is zero.

    Returns
    -------
    the shape of `A`, symmetric

    Raises
    ------
    ValueError
        If there is a zero on a diagonal.

    Examples
    --------
    >>> mx.nd.linalg.potri(mx.nd.array([[1, 0], [1, 0.5]])).asnumpy().tolist()
    [[5.0, -4.0], [-4.0, 4.0]]
    """
    check_square(A)
    try:
        return torch.cholesky_inverse(A.tril())
    except LinAlgError:
        raise ValueError("A has a zero on a diagonal, so it is no Cholesky factor; expected what potrf gives") from None


@operator("_linalg_gelqf", aliases=("linalg_gelqf",), outputs=("output0", "output1"))
def gelqf(A: Tensor) -> tuple[Tensor, Tensor]:
    """LQ factorization: ``A = L @ Q`` with a lower triangular L and orthonormal rows in Q.

    L may have negative numbers on its diagonal: Householder's reflections decide. The gradient takes the rows of `A`
    to be linearly independent.

    Parameters
    ----------
    A : (..., M, N), float32 or float64
        Matrices with at least as many columns as rows, ``M <= N``.

    Returns
    -------
    Q (..., M, N) and L (..., M, M), in this order

    Examples
    --------
    >>> q, l = mx.nd.linalg.gelqf(mx.nd.array([[3, 4]]))
    >>> mx.nd.linalg.gemm2(l, q).asnumpy().round(4).tolist()
    [[3.0, 4.0]]
    """
    check_precise(A=A)
    if A.dim() < 2 or A.shape[-2] > A.shape[-1]:
        raise ValueError(
            f"A has shape {tuple(A.shape)}; expected matrices with at least as many columns (the last axis) as rows"
        )
    q, r = torch.linalg.qr(A.mT)
    return q.mT, r.mT


def _syevd_gradient(backward: Backward) -> Sequence[Tensor | None]:
    # With rows u_i: du_i = sum over j != i of u_j (u_j dA u_i) / (l_i - l_j), and dl_i = u_i dA u_i. Eigenvalues that
    # coincide are taken to be a tiny distance apart.
    vectors, values = backward.outputs
    head_vectors, head_values = backward.head_gradients
    inner = torch.zeros_like(vectors)
    if head_vectors is not None:
        distance = (values.unsqueeze(-1) - values.unsqueeze(-2)).triu(1).clamp(max=-_TINIEST[values.dtype])
        inner = ((head_vectors @ vectors.mT).triu(1) - (vectors @ head_vectors.mT).triu(1)) / distance / 2
        inner = inner.triu(1)
        inner = inner + inner.mT
    if head_values is not None:
        inner = inner + torch.diag_embed(head_values)
    return (vectors.mT @ inner @ vectors,)


@operator("_linalg_syevd", outputs=("output0", "output1"), gradient=_syevd_gradient)
def syevd(A: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvectors and eigenvalues of a symmetric matrix: ``A = U.T @ diag(L) @ U``.

    Of the two directions of an eigenvector, the one is taken whose component of the largest size (the first of these)
    is positive. The gradient is symmetric. Where eigenvalues coincide, that of the eigenvectors is not defined: it
    becomes huge.

    Parameters
    ----------
    A : (..., N, N), float32 or float64
        Symmetric matrices. Only the lower triangle is read.

    Returns
    -------
    U (..., N, N), an eigenvector in each row, and L (..., N), the eigenvalues in ascending order

    Examples
    --------
    >>> u, l = mx.nd.linalg.syevd(mx.nd.array([[3, 0], [0, 2]]))
    >>> u.asnumpy().tolist(), l.asnumpy().tolist()
    ([[0.0, 1.0], [1.0, 0.0]], [2.0, 3.0])
    """
    check_square(A)
    try:
        values, columns = torch.linalg.eigh(A)
    except LinAlgError:
        raise ValueError("no eigenvalues were found; expected symmetric matrices of finite numbers in A") from None
    if not A.shape[-1]:
        return columns, values
    largest = columns.gather(-2, columns.abs().argmax(-2, keepdim=True))
    return torch.where(largest < 0, -columns, columns).mT, values


@operator("_linalg_inverse", aliases=("linalg_inverse", "_npi_inv"), elementwise=True)
def inverse(A: Tensor) -> Tensor:
    """Inverse of a matrix.

    Parameters
    ----------
    A : (..., N, N), float32 or float64
        Regular matrices.

    Returns
    -------
    the shape of `A`

    Raises
    ------
    ValueError
        On the CPU, if a matrix is singular. Elsewhere its inverse is NaN.

    Examples
    --------
    >>> mx.nd.linalg.inverse(mx.nd.array([[2, 0], [0, 4]])).asnumpy().tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    check_square(A)
    found, info = torch.linalg.inv_ex(A)
    return _confirmed(found, info, "is singular, it has no inverse; expected regular matrices")


def _at_least_1d(values: Tensor) -> Tensor:
    """MXNet has no arrays without axes here: one matrix gives an array of one number."""
    return values if values.dim() else values.reshape(1)


def _times_inverse(A: Tensor, factor: Tensor, regular: Tensor) -> Tensor:
    """Return the transposed inverse of each matrix times its number in `factor`, zero where it is not `regular`."""
    batch = (*A.shape[:-2], 1, 1)
    found, _ = torch.linalg.inv_ex(A)
    return torch.where(regular.reshape(batch), found.mT * factor.reshape(batch), 0)


def _det_gradient(backward: Backward) -> Sequence[Tensor | None]:
    (head,), (A,), (value,) = backward.head_gradients, backward.inputs, backward.outputs
    assert head is not None
    return (_times_inverse(A, head * value, value != 0),)


def _slogdet_gradient(backward: Backward) -> Sequence[Tensor | None]:
    head = backward.head_gradients[1]
    if head is None:  # the sign has no slope
        return (torch.zeros_like(backward.inputs[0]),)
    return (_times_inverse(backward.inputs[0], head, backward.outputs[0] != 0),)


@operator("_linalg_det", aliases=("linalg_det", "_npi_det"), outputs=("output0",), gradient=_det_gradient)
def det(A: Tensor) -> Tensor:
    """Determinant of a matrix.

    The gradient of a singular matrix is taken to be zero, though its adjugate may not be.

    Parameters
    ----------
    A : (..., N, N), float32 or float64
        Matrices.

    Returns
    -------
    the batch axes of `A`; (1,) for one matrix

    Examples
    --------
    >>> mx.nd.linalg.det(mx.nd.array([[1, 2], [3, 4]])).asnumpy().round(4).tolist()
    [-2.0]
    """
    check_square(A)
    return _at_least_1d(torch.linalg.det(A))


@operator(
    "_linalg_slogdet",
    aliases=("linalg_slogdet", "_npi_slogdet"),
    outputs=("output0", "output1"),
    gradient=_slogdet_gradient,
)
def slogdet(A: Tensor) -> tuple[Tensor, Tensor]:
    """Sign and logarithm of the determinant: ``det(A) = sign * exp(logabsdet)``.

    It stays finite where the determinant itself would overflow or vanish. A singular matrix has the sign 0, the
    logarithm -inf and the gradient zero. No gradient enters through the sign.

    Parameters
    ----------
    A : (..., N, N), float32 or float64
        Matrices.

    Returns
    -------
    sign and logarithm, each with the batch axes of `A`; (1,) for one matrix

    Examples
    --------
    >>> sign, logarithm = mx.nd.linalg.slogdet(mx.nd.array([[0, 1], [1, 0]]))
    >>> sign.asnumpy().tolist(), logarithm.asnumpy().tolist()
    ([-1.0], [0.0])
    """
    check_square(A)
    sign, logarithm = torch.linalg.slogdet(A)
    return _at_least_1d(sign), _at_least_1d(logarithm)
