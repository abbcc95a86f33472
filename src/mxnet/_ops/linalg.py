"""Products and triangular systems of matrices, and of batches of them.

All `linalg` operators take the last two axes as matrices (`axis` of the products moves the rows elsewhere) and any
number of batch axes before them, equal in all inputs. They compute in float32 and float64 only, as in MXNet.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .families import dtype_name
from .products import matmul
from .registry import Backward, operator

Tensor = torch.Tensor


def check_precise(**inputs: Tensor) -> None:
    """Raise TypeError unless all inputs are of one dtype, float32 or float64."""
    (first_name, first), *others = inputs.items()
    if first.dtype not in (torch.float32, torch.float64):
        raise TypeError(f"{first_name} is {dtype_name(first.dtype)}; expected float32 or float64: cast with .astype")
    for name, other in others:
        if other.dtype is not first.dtype:
            raise TypeError(
                f"{first_name} is {dtype_name(first.dtype)} and {name} is {dtype_name(other.dtype)}; expected one "
                "dtype for all inputs: cast with .astype"
            )


def check_square(matrices: Tensor, name: str = "A") -> None:
    """Raise ValueError unless the last two axes are square matrices, TypeError unless they are float32 or float64."""
    check_precise(**{name: matrices})
    if matrices.dim() < 2 or matrices.shape[-1] != matrices.shape[-2]:
        raise ValueError(
            f"{name} has shape {tuple(matrices.shape)}; expected square matrices in the last two axes, (..., N, N)"
        )


def _product(left: Tensor, right: Tensor, alpha: float) -> Tensor:
    if left.dim() == 2:
        product = matmul(left, right)
    else:
        product = torch.bmm(left, right) if left.dim() == 3 else torch.matmul(left, right)
    return product if alpha == 1 else product.mul_(alpha)


def _product_over(A: Tensor, B: Tensor, transpose_a: bool, transpose_b: bool, alpha: float, axis: int) -> Tensor:
    """Return ``alpha * op(A) @ op(B)`` of matrices whose rows are at `axis`; ValueError where they do not fit."""
    ndim, first, second = A.dim(), tuple(A.shape), tuple(B.shape)
    if ndim != B.dim() or ndim < 2:
        raise ValueError(
            f"A has shape {first} and B {second}; expected equally many axes, at least two: no batch axis is repeated"
        )
    place = axis + ndim if axis < 0 else axis
    if not 0 <= place < ndim - 1:
        raise ValueError(
            f"axis={axis}; expected 0 to {ndim - 2} or {-ndim} to -2 for A of shape {first}: rows may be on any axis "
            "but the last"
        )
    left, right = (A, B) if place == ndim - 2 else (A.movedim(place, -2), B.movedim(place, -2))
    left, right = left.mT if transpose_a else left, right.mT if transpose_b else right
    if left.shape[:-2] != right.shape[:-2] or left.shape[-1] != right.shape[-2]:
        raise ValueError(
            f"A has shape {first} and B {second}; expected equal batch axes, and as many columns in the first factor "
            f"as rows in the second (axis={axis}, transpose_a={transpose_a}, transpose_b={transpose_b})"
        )
    product = _product(left, right, alpha)
    return product if place == ndim - 2 else product.movedim(-2, place)


def _gemm_gradient(backward: Backward) -> Sequence[Tensor | None]:
    # Torch's derivative too, but with the products of `matmul`.
    (head,), (A, B, *_), of = backward.head_gradients, backward.inputs, backward.attributes
    assert head is not None
    a, b, alpha, axis = of["transpose_a"], of["transpose_b"], of["alpha"], of["axis"]
    gradients: list[Tensor | None] = [None] * len(backward.wanted)
    if backward.wanted[0]:
        first, second = (B, head) if a else (head, B)
        gradients[0] = _product_over(first, second, a and b, a or not b, alpha, axis)
    if backward.wanted[1]:
        first, second = (head, A) if b else (A, head)
        gradients[1] = _product_over(first, second, b or not a, a and b, alpha, axis)
    if len(gradients) == 3 and backward.wanted[2]:
        gradients[2] = head * of["beta"]
    return gradients


@operator("_linalg_gemm", aliases=("linalg_gemm",), gradient=_gemm_gradient)
def gemm(
    A: Tensor,
    B: Tensor,
    C: Tensor,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    beta: float = 1.0,
    axis: int = -2,
) -> Tensor:
    """Matrix product and sum: ``alpha * op(A) @ op(B) + beta * C``, where ``op`` transposes or not.

    Parameters
    ----------
    A : (..., M, K), float32 or float64
        Left factors; (..., K, M) with `transpose_a`.
    B : (..., K, L), of the dtype and batch axes of `A`
        Right factors; (..., L, K) with `transpose_b`.
    C : (..., M, L), of the dtype and batch axes of `A`
        Added to the products. With ``beta=0`` its values do not matter.
    transpose_a, transpose_b : bool
        Transpose each matrix first.
    alpha, beta : float
        Factors of the product and of `C`.
    axis : int
        Which axis of all inputs and of the output holds the rows. The last one holds the columns.

    Returns
    -------
    the shape of `C`

    Examples
    --------
    >>> x, y = mx.nd.array([[1, 2], [3, 4]]), mx.nd.ones((2, 2))
    >>> mx.nd.linalg.gemm(x, x, y, alpha=2, beta=10).asnumpy().tolist()
    [[24.0, 30.0], [40.0, 54.0]]
    """
    check_precise(A=A, B=B, C=C)
    product = _product_over(A, B, transpose_a, transpose_b, alpha, axis)
    if product.shape != C.shape:
        raise ValueError(f"C has shape {tuple(C.shape)}; expected {tuple(product.shape)}, that of the product")
    return product.add_(C, alpha=beta) if beta else product


@operator("_linalg_gemm2", aliases=("linalg_gemm2",), gradient=_gemm_gradient)
def gemm2(
    A: Tensor,
    B: Tensor,
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    axis: int = -2,
) -> Tensor:
    """Matrix product: ``alpha * op(A) @ op(B)``, where ``op`` transposes or not.

    Parameters
    ----------
    A : (..., M, K), float32 or float64
        Left factors; (..., K, M) with `transpose_a`.
    B : (..., K, L), of the dtype and batch axes of `A`
        Right factors; (..., L, K) with `transpose_b`.
    transpose_a, transpose_b : bool
        Transpose each matrix first.
    alpha : float
        Factor of the product.
    axis : int
        Which axis of the inputs and of the output holds the rows. The last one holds the columns.

    Returns
    -------
    (..., M, L), the rows at `axis`

    Examples
    --------
    >>> x = mx.nd.array([[1, 2], [3, 4]])
    >>> mx.nd.linalg.gemm2(x, x, transpose_b=True).asnumpy().tolist()
    [[5.0, 11.0], [11.0, 25.0]]
    >>> mx.nd.linalg.gemm2(mx.nd.ones((3, 5, 4)), mx.nd.ones((4, 5, 2)), axis=0).shape
    (3, 5, 2)
    """
    check_precise(A=A, B=B)
    return _product_over(A, B, transpose_a, transpose_b, alpha, axis)


def _syrk_gradient(backward: Backward) -> Sequence[Tensor | None]:
    # The two gradients of the two factors are one product of a symmetric matrix.
    (head,), (A,), of = backward.head_gradients, backward.inputs, backward.attributes
    assert head is not None
    both = head + head.mT
    return (_product(A, both, of["alpha"]) if of["transpose"] else _product(both, A, of["alpha"]),)


@operator("_linalg_syrk", aliases=("linalg_syrk",), gradient=_syrk_gradient)
def syrk(A: Tensor, *, transpose: bool = False, alpha: float = 1.0) -> Tensor:
    """Product of a matrix with its transpose: ``alpha * A @ A.T``, or ``alpha * A.T @ A``.

    Parameters
    ----------
    A : (..., M, K), float32 or float64
        Matrices.
    transpose : bool
        Compute ``A.T @ A``.
    alpha : float
        Factor of the product.

    Returns
    -------
    (..., M, M), or (..., K, K) with `transpose`

    Examples
    --------
    >>> mx.nd.linalg.syrk(mx.nd.array([[1, 2], [3, 4]]), alpha=2).asnumpy().tolist()
    [[10.0, 22.0], [22.0, 50.0]]
    """
    check_precise(A=A)
    if A.dim() < 2:
        raise ValueError(f"A has shape {tuple(A.shape)}; expected matrices in the last two axes")
    return _product(A.mT, A, alpha) if transpose else _product(A, A.mT, alpha)


def _check_sides(A: Tensor, B: Tensor, rightside: bool) -> None:
    """Raise unless the square matrices in `A` can stand before, or after, those in `B`."""
    check_precise(A=A, B=B)
    check_square(A)
    if A.shape[:-2] != B.shape[:-2] or B.dim() != A.dim() or B.shape[-1 if rightside else -2] != A.shape[-1]:
        axis, name = (-1, "columns") if rightside else (-2, "rows")
        raise ValueError(
            f"A has shape {tuple(A.shape)} and B {tuple(B.shape)}; expected equal batch axes, and {A.shape[-1]} {name} "
            f"(axis {axis}) in B with rightside={rightside}"
        )


@operator("_linalg_trmm", aliases=("linalg_trmm",))
def trmm(
    A: Tensor,
    B: Tensor,
    *,
    transpose: bool = False,
    rightside: bool = False,
    lower: bool = True,
    alpha: float = 1.0,
) -> Tensor:
    """Product with a triangular matrix: ``alpha * op(A) @ B``, or ``alpha * B @ op(A)`` with `rightside`.

    Parameters
    ----------
    A : (..., N, N), float32 or float64
        Triangular matrices. What stands in the other triangle is not read, and its gradient is zero.
    B : (..., N, M), of the dtype and batch axes of `A`
        The other factors; (..., M, N) with `rightside`.
    transpose : bool
        Transpose `A` first.
    rightside : bool
        Put `A` on the right.
    lower : bool
        Which triangle `A` has, before it is transposed.
    alpha : float
        Factor of the product.

    Returns
    -------
    the shape of `B`

    Examples
    --------
    >>> x = mx.nd.array([[1, 7], [2, 3]])
    >>> mx.nd.linalg.trmm(x, mx.nd.ones((2, 2))).asnumpy().tolist()
    [[1.0, 1.0], [5.0, 5.0]]
    """
    _check_sides(A, B, rightside)
    triangle = A.tril() if lower else A.triu()
    if transpose:
        triangle = triangle.mT
    return _product(B, triangle, alpha) if rightside else _product(triangle, B, alpha)


def _solve(A: Tensor, B: Tensor, transpose: bool, rightside: bool, lower: bool) -> Tensor:
    # Turned around, `B` needs no copy in the column order of LAPACK.
    turned = A if transpose else A.mT
    return torch.linalg.solve_triangular(turned, B.mT, upper=lower is not transpose, left=rightside).mT


def _trsm_gradient(backward: Backward) -> Sequence[Tensor | None]:
    # Of op(A) X = B: the gradient of B is S, solving op(A).T S = head, and that of op(A) is -S X.T.
    (head,), (A, _), (solution,) = backward.head_gradients, backward.inputs, backward.outputs
    of = backward.attributes
    assert head is not None
    transpose, rightside, lower = of["transpose"], of["rightside"], of["lower"]
    slope = _solve(A, head, not transpose, rightside, lower)
    gradient = None
    if backward.wanted[0]:
        left, right = (slope, solution) if rightside is transpose else (solution, slope)
        product = _product(left.mT, right, -1) if rightside else _product(left, right.mT, -1)
        gradient = product.tril() if lower else product.triu()
    return gradient, slope if of["alpha"] == 1 else slope * of["alpha"]


@operator("_linalg_trsm", aliases=("linalg_trsm",), gradient=_trsm_gradient)
def trsm(
    A: Tensor,
    B: Tensor,
    *,
    transpose: bool = False,
    rightside: bool = False,
    lower: bool = True,
    alpha: float = 1.0,
) -> Tensor:
    """Solve a triangular system: ``op(A) @ X = alpha * B``, or ``X @ op(A) = alpha * B`` with `rightside`.

    Parameters
    ----------
    A : (..., N, N), float32 or float64
        Triangular matrices. What stands in the other triangle is not read, and its gradient is zero. A zero on the
        diagonal gives infinities and NaN.
    B : (..., N, M), of the dtype and batch axes of `A`
        Right-hand sides; (..., M, N) with `rightside`.
    transpose : bool
        Transpose `A` first.
    rightside : bool
        Put `A` on the right of the unknowns.
    lower : bool
        Which triangle `A` has, before it is transposed.
    alpha : float
        Factor of `B`.

    Returns
    -------
    the shape of `B`

    Examples
    --------
    >>> x = mx.nd.array([[1, 7], [2, 4]])
    >>> mx.nd.linalg.trsm(x, mx.nd.array([[1], [6]])).asnumpy().tolist()
    [[1.0], [1.0]]
    """
    _check_sides(A, B, rightside)
    solution = _solve(A, B, transpose, rightside, lower)
    return solution if alpha == 1 else solution * alpha
