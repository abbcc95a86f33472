"""Functions of ``mx.nd.sparse`` that are not generated from the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import base
from . import _internal, op
from .arithmetic import NUMBERS
from .dispatch import NDArrayBase
from .functions import cast_storage
from .ndarray import NDArray

__all__ = ["add", "cast_storage", "divide", "multiply", "subtract"]

Operand = NDArray | float


def _combine(
    name: str, lhs: Any, rhs: Any, same: Any, other: Any, scalar: Any, reflected: Any, numbers: Callable[..., Any]
) -> Any:
    """Combine two arrays of one shape by `same`, of others by `other`, and numbers as their own functions do."""
    left, right = isinstance(lhs, NDArrayBase), isinstance(rhs, NDArrayBase)
    if left and right:
        return same(lhs, rhs) if lhs.shape == rhs.shape else other(lhs, rhs)  # type: ignore[attr-defined]
    if left and isinstance(rhs, NUMBERS):
        return scalar(lhs, float(rhs))
    if right and isinstance(lhs, NUMBERS):
        return reflected(rhs, float(lhs))
    if isinstance(lhs, NUMBERS) and isinstance(rhs, NUMBERS):
        return numbers(lhs, rhs)
    wrong = rhs if left or isinstance(lhs, NUMBERS) else lhs
    raise base.TypeError(f"{name}: type {type(wrong)} not supported, expected an NDArray or a number")


def add(lhs: Operand, rhs: Operand) -> Any:
    """Sum, element by element.

    Parameters
    ----------
    lhs, rhs : NDArray or number
        Arrays of one dtype whose shapes broadcast, or numbers.

    Returns
    -------
    NDArray
        Sparse where both are sparse arrays of one storage type and shape, else dense.

    Examples
    --------
    >>> x = mx.nd.array([[0, 1], [0, 0]]).tostype('row_sparse')
    >>> mx.nd.sparse.add(x, x)
    <BLANKLINE>
    <RowSparseNDArray 2x2 @cpu(0)>
    """
    plus = _internal._plus_scalar
    return _combine("add", lhs, rhs, op.elemwise_add, op.broadcast_add, plus, plus, lambda a, b: a + b)


def subtract(lhs: Operand, rhs: Operand) -> Any:
    """Difference, element by element; parameters and storage type of the result are those of `add`.

    Examples
    --------
    >>> x = mx.nd.array([[0, 1], [0, 0]]).tostype('csr')
    >>> mx.nd.sparse.subtract(x, x).data.shape
    (0,)
    """
    minus, reflected = _internal._minus_scalar, _internal._rminus_scalar
    return _combine("subtract", lhs, rhs, op.elemwise_sub, op.broadcast_sub, minus, reflected, lambda a, b: a - b)


def multiply(lhs: Operand, rhs: Operand) -> Any:
    """Product, element by element; the parameters are those of `add`.

    Returns
    -------
    NDArray
        Sparse where one is sparse and the other a dense array of its shape, a sparse one of its storage type, or a
        number; and where a csr matrix is multiplied by something that broadcasts to it. Else dense.

    Examples
    --------
    >>> x = mx.nd.array([[0, 1], [0, 0]]).tostype('csr')
    >>> mx.nd.sparse.multiply(x, 3).data.asnumpy().tolist()
    [3.0]
    """
    times = _internal._mul_scalar
    return _combine("multiply", lhs, rhs, op.elemwise_mul, op.broadcast_mul, times, times, lambda a, b: a * b)


def divide(lhs: Operand, rhs: Operand) -> Any:
    """Quotient, element by element; the parameters are those of `add`.

    Returns
    -------
    NDArray
        Sparse where a sparse array is divided by a number, or a csr matrix by something that broadcasts to it and is
        not of its shape. Else dense.

    Examples
    --------
    >>> x = mx.nd.array([[0, 1], [0, 0]]).tostype('csr')
    >>> mx.nd.sparse.divide(x, 2).data.asnumpy().tolist()
    [0.5]
    """
    by, reflected = _internal._div_scalar, _internal._rdiv_scalar
    return _combine("divide", lhs, rhs, op.elemwise_div, op.broadcast_div, by, reflected, lambda a, b: a / b)
