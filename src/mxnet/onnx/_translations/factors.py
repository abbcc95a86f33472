"""Factors, inverses and solutions of matrices: one column or row in each step of a loop.

Where a matrix has none of these, numbers that are infinite or NaN come out: a graph cannot raise.
"""

from __future__ import annotations

import numpy as np

from .._lengths import static
from .._translating import CannotTranslate, translates
from .._writing import Graph, Value
from .loops import repeated


def _size(data: Value, axis: int = -1) -> int:
    size = data.axes[axis]
    if not isinstance(size, int):
        raise CannotTranslate("the size of the matrices changes with the inputs")
    return size


def _at(graph: Graph, data: Value, number: Value, axis: int) -> Value:
    """Return one row or column, or one element of each, without its axis."""
    return graph.op("Gather", data, number, axis=axis)


def _zeros(graph: Graph, like: Value) -> Value:
    return graph.filled(0, like.dtype, like.axes, like)


def _identity(graph: Graph, data: Value, size: int) -> Value:
    """Return an identity matrix for each matrix of data."""
    eye = graph.constant(np.eye(size, dtype=data.dtype))
    if len(data.axes) == 2:
        return eye
    batch = graph.shape_like(data.axes[:-2], data)
    return graph.op("Expand", eye, graph.vector([batch, size, size]))


@translates("_linalg_potrf")
def potrf(graph: Graph, A: Value) -> Value:
    """Cholesky's factor, column by column: what a column explains is taken off the rest."""
    size = _size(A)

    def step(body: Graph, number: Value, states: list[Value]) -> tuple[list[Value], None]:
        rest, factor = states
        places = body.constant(np.arange(size))
        column = _at(body, rest, number, -1)
        root = body.op("Sqrt", _at(body, column, number, -1)).unsqueeze(-1)
        column = places.compare("GreaterOrEqual", number).where_true(column / root, 0)
        outer = column.unsqueeze(-1) * column.unsqueeze(-2)
        here = places.compare("Equal", number)
        return [rest - outer, here.where_true(column.unsqueeze(-1), factor)], None

    return repeated(graph, size, [A, _zeros(graph, A)], step)[1]


def _solved(graph: Graph, matrix: Value, right: Value, size: int, lower: bool) -> Value:
    """Solve a triangular system for each column of `right`, of which only one triangle is read."""

    def step(body: Graph, number: Value, states: list[Value]) -> tuple[list[Value], None]:
        rest, found = states
        inside = matrix.seen_from(body)
        at = number if lower else size - 1 - number
        column = _at(body, inside, at, -1)
        row = _at(body, rest, at, -2) / _at(body, column, at, -1).unsqueeze(-1)
        here = body.constant(np.arange(size)).compare("Equal", at).unsqueeze(-1)
        rest = rest - column.unsqueeze(-1) * row.unsqueeze(-2)
        return [rest, here.where_true(row.unsqueeze(-2), found)], None

    return repeated(graph, size, [right, _zeros(graph, right)], step)[1]


@translates("_linalg_trsm")
def trsm(graph: Graph, A: Value, B: Value, *, transpose: bool, rightside: bool, lower: bool, alpha: float) -> Value:
    """Solve ``op(A) X = alpha B``; ``X op(A) = alpha B`` is the transposed problem."""
    size = _size(A)
    turned = transpose != rightside
    matrix, right = _turned(A) if turned else A, _turned(B) if rightside else B
    found = _solved(graph, matrix, right, size, lower != turned)
    found = _turned(found) if rightside else found
    return found if alpha == 1 else found * alpha


def _turned(data: Value) -> Value:
    """Return matrices transposed."""
    rank, axes = len(data.axes), data.axes
    found = data.transpose(*range(rank - 2), rank - 1, rank - 2)
    found.shape = (*axes[:-2], axes[-1], axes[-2])
    return found


@translates("_linalg_potri")
def potri(graph: Graph, A: Value) -> Value:
    """Inverse of ``A A'`` for a lower triangular A."""
    size = _size(A)
    eye = _identity(graph, A, size)
    eye.shape = A.shape
    found = _solved(graph, A, eye, size, lower=True)
    return graph.op("MatMul", _turned(found), found)


@translates("_linalg_inverse")
def inverse(graph: Graph, A: Value) -> Value:
    """Gauss and Jordan's elimination, with the largest element of a column as its pivot."""
    size = _size(A)

    def step(body: Graph, number: Value, states: list[Value]) -> tuple[list[Value], None]:
        (both,) = states
        places = body.constant(np.arange(size))
        column = body.op("Abs", _at(body, both, number, -1))
        free = places.compare("GreaterOrEqual", number).where_true(column, -1.0)
        pivot = body.op("ArgMax", free, axis=-1, keepdims=1, dtype=np.int64)
        chosen = pivot.compare("Equal", places).unsqueeze(-1)
        row = body.reduce("ReduceSum", chosen.where_true(both, 0), [-2])
        both = chosen.where_true(_at(body, both, number, -2).unsqueeze(-2), both)
        row = (row / _at(body, row, number, -1).unsqueeze(-1)).unsqueeze(-2)
        rest = both - _at(body, both, number, -1).unsqueeze(-1) * row
        return [places.compare("Equal", number).unsqueeze(-1).where_true(row, rest)], None

    both = graph.op("Concat", A, _identity(graph, A, size), axis=-1)
    return repeated(graph, size, [both], step)[0].part(-1, size, 2 * size)


@translates("_linalg_gelqf")
def gelqf(graph: Graph, A: Value) -> list[Value]:
    """Reflections of Householder, which make the transposed matrix upper triangular."""
    if static(A.axes[-2:]) is None:
        raise CannotTranslate("the size of the matrices changes with the inputs")
    rows, columns = _size(A, -2), _size(A)

    def step(body: Graph, number: Value, states: list[Value]) -> tuple[list[Value], None]:
        left, product = states
        places = body.constant(np.arange(columns))
        column = places.compare("GreaterOrEqual", number).where_true(_at(body, left, number, -1), 0)
        first = _at(body, column, number, -1).unsqueeze(-1)
        below = body.reduce("ReduceSumSquare", places.compare("Equal", number).where_true(0, column), [-1], True)
        length = body.op("Sqrt", below + first * first)
        onto = first.compare("GreaterOrEqual", 0).where_true(-length, length)
        across = places.compare("Equal", number).where_true(column - onto, column)
        size = body.reduce("ReduceSumSquare", across, [-1], True)
        flat = below.compare("Equal", 0)  # then there is nothing to reflect
        factor = flat.where_true(0, 2 / flat.where_true(1, size)).unsqueeze(-1)
        upright, lying = across.unsqueeze(-1), across.unsqueeze(-2)
        left = left - upright * body.op("MatMul", lying, left) * factor
        product = product - body.op("MatMul", product, upright) * lying * factor
        return [left, product], None

    left, product = repeated(graph, rows, [_turned(A), _identity(graph, A, columns)], step)
    triangle = graph.op("Trilu", _swapped(graph, left, A).part(-1, 0, rows), upper=0)
    return [_swapped(graph, product, A).part(-2, 0, rows), triangle]


def _swapped(graph: Graph, data: Value, like: Value) -> Value:
    rank = len(like.axes)
    return data.transpose(*range(rank - 2), rank - 1, rank - 2)
