"""Affine maps and products of matrices."""

from __future__ import annotations

import math

import numpy as np

from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value


@translates("FullyConnected")
def fully_connected(graph: Graph, data: Value, weight: Value, bias: Value | None = None, *, flatten: bool) -> Value:
    rank = len(data.axes)
    if flatten and rank != 2:
        data = graph.op("Flatten", data, axis=1)
    if flatten or rank == 2:
        return graph.op("Gemm", data, weight, bias, transB=1)
    product = graph.op("MatMul", data, weight.transpose(1, 0))
    return product if bias is None else product + bias


def swapped(data: Value) -> Value:
    """Return a stack of matrices with rows and columns exchanged."""
    rank = len(data.axes)
    return data.graph.op("Transpose", data, perm=[*range(rank - 2), rank - 1, rank - 2])


@translates("batch_dot")
def batch_dot(graph: Graph, lhs: Value, rhs: Value, *, transpose_a: bool, transpose_b: bool) -> Value:
    return graph.op("MatMul", swapped(lhs) if transpose_a else lhs, swapped(rhs) if transpose_b else rhs)


@translates("dot")
def dot(graph: Graph, lhs: Value, rhs: Value, *, transpose_a: bool, transpose_b: bool, node: Applied) -> Value:
    """The last axis of `lhs` with the first of `rhs`; a transposed one has its first or last axis moved there."""
    left, right = len(lhs.axes), len(rhs.axes)
    if transpose_a and left > 1:
        lhs = lhs.transpose(*range(1, left), 0)
    if transpose_b and right > 1:
        rhs = rhs.transpose(right - 1, *range(right - 1))
    if left == right == 1:
        return graph.op("MatMul", lhs, rhs).reshape(1)
    if right == 1:
        return graph.op("MatMul", lhs, rhs.unsqueeze(1)).squeeze(-1)
    if right == 2:
        return graph.op("MatMul", lhs, rhs)
    columns = graph.op("Flatten", rhs, axis=1)
    return graph.op("Reshape", graph.op("MatMul", lhs, columns), graph.shape_like(node.shape))


@translates("_linalg_gemm2")
def gemm2(
    graph: Graph, lhs: Value, rhs: Value, *, transpose_a: bool, transpose_b: bool, alpha: float, axis: int
) -> Value:
    order = _rows_last(lhs, axis)
    return _back(_product(graph, lhs, rhs, transpose_a, transpose_b, alpha, order), order)


@translates("_linalg_gemm")
def gemm(
    graph: Graph,
    lhs: Value,
    rhs: Value,
    added: Value,
    *,
    transpose_a: bool,
    transpose_b: bool,
    alpha: float,
    beta: float,
    axis: int,
) -> Value:
    order = _rows_last(lhs, axis)
    product = _product(graph, lhs, rhs, transpose_a, transpose_b, alpha, order)
    return _back(product + _scaled(added.transpose(*order), beta) if beta else product, order)


def _product(
    graph: Graph, lhs: Value, rhs: Value, flip_lhs: bool, flip_rhs: bool, alpha: float, order: list[int]
) -> Value:
    """Return a scaled product of matrices whose rows `order` puts last but one."""
    flipped = [*order[:-2], order[-1], order[-2]]
    left = lhs.transpose(*(flipped if flip_lhs else order))
    right = rhs.transpose(*(flipped if flip_rhs else order))
    return _scaled(graph.op("MatMul", left, right), alpha)


def _rows_last(data: Value, axis: int) -> list[int]:
    """Return the order of axes that puts the rows, which are at `axis`, before the columns."""
    rank = len(data.axes)
    axis %= rank
    return [*(number for number in range(rank) if number not in (axis, rank - 1)), axis, rank - 1]


def _back(data: Value, order: list[int]) -> Value:
    """Undo an order of axes."""
    return data.transpose(*(order.index(axis) for axis in range(len(order))))


def _scaled(data: Value, factor: float) -> Value:
    return data if factor == 1 else data * factor


@translates("_linalg_syrk")
def syrk(graph: Graph, A: Value, *, transpose: bool, alpha: float) -> Value:
    other = swapped(A)
    return _scaled(graph.op("MatMul", other, A) if transpose else graph.op("MatMul", A, other), alpha)


def _triangle(graph: Graph, data: Value, lower: bool) -> Value:
    return graph.op("Trilu", data, np.array(0, np.int64), upper=int(not lower))


@translates("_linalg_trmm")
def trmm(
    graph: Graph, A: Value, B: Value, *, transpose: bool, rightside: bool, lower: bool, alpha: float
) -> Value:  # fmt: skip
    rank = len(A.axes)
    factor = _triangle(graph, A, lower)
    if transpose:
        factor = factor.transpose(*range(rank - 2), rank - 1, rank - 2)
    return _scaled(graph.op("MatMul", B, factor) if rightside else graph.op("MatMul", factor, B), alpha)


@translates("_linalg_det")
def det(graph: Graph, A: Value) -> Value:
    found = graph.op("Det", A)
    return found.reshape(1) if len(A.axes) == 2 else found


@translates("_linalg_slogdet")
def slogdet(graph: Graph, A: Value) -> list[Value]:
    found = det(graph, A)
    return [graph.op("Sign", found), graph.op("Log", graph.op("Abs", found))]


@translates("_linalg_sumlogdiag")
def sumlogdiag(graph: Graph, A: Value) -> Value:
    size = A.axes[-1]
    if not isinstance(size, int):
        raise CannotTranslate("the size of the matrices changes with the inputs")
    logarithms = graph.op("Log", _diagonal_of(graph, A, size))
    found = graph.reduce("ReduceSum", logarithms, [-1])
    return found.reshape(1) if len(A.axes) == 2 else found


def _diagonal_of(graph: Graph, data: Value, size: int) -> Value:
    flat = graph.op("Reshape", data, [*[0] * (len(data.axes) - 2), -1])
    return graph.op("Gather", flat, np.arange(size) * (size + 1), axis=-1)


@translates("_linalg_extractdiag", "_linalg_extracttrian")
def extract(graph: Graph, A: Value, *, offset: int, node: Applied) -> Value:
    size = A.axes[-1]
    if not isinstance(size, int):
        raise CannotTranslate("the size of the matrices changes with the inputs")
    rows, columns = _places(node, size, offset)
    flat = graph.op("Reshape", A, [*[0] * (len(A.axes) - 2), -1])
    return graph.op("Gather", flat, rows * size + columns, axis=-1)


@translates("_linalg_makediag", "_linalg_maketrian")
def make(graph: Graph, A: Value, *, offset: int, node: Applied) -> Value:
    """Gather from the data with a zero put behind it."""
    if not A.axes:
        raise CannotTranslate("data has no axes")
    size, length = node.shape[-1], A.axes[-1]
    if not isinstance(size, int) or not isinstance(length, int):
        raise CannotTranslate("the size of the matrices changes with the inputs")
    rows, columns = _places(node, size, offset)
    source = np.full(size * size, length)
    source[rows * size + columns] = np.arange(length)
    leading = len(A.axes) - 1
    padded = graph.op("Pad", A, [*[0] * (2 * leading + 1), 1])
    return graph.op("Reshape", graph.op("Gather", padded, source, axis=-1), [*[0] * leading, size, size])


def _places(node: Applied, size: int, offset: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of what is taken out of a square matrix, in its order."""
    assert node.node.operator is not None
    if node.node.operator.name.endswith("diag"):
        steps = np.arange(size - abs(offset))
        return steps + max(0, -offset), steps + max(0, offset)
    lower = node.node.values["lower"]
    if offset > 0 or (offset == 0 and not lower):  # column by column
        columns, rows = np.tril_indices(size, -offset)
        return rows, columns
    return np.tril_indices(size, offset)


@translates("khatri_rao")
def khatri_rao(graph: Graph, *args: Value) -> Value:
    """Products of all pairs of rows, column by column."""
    product = args[0]
    for other in args[1:]:
        columns = other.axes[1]
        if not isinstance(columns, int):
            raise CannotTranslate("the number of columns changes with the inputs")
        product = (product.unsqueeze(1) * other.unsqueeze(0)).reshape(-1, columns)
    return product


# -- attention -------------------------------------------------------------------------------------------------------


def _parts(graph: Graph, data: Value, heads: int, count: int) -> list[Value]:
    """Split (L, N, heads * count * d) into `count` values (N * heads, L, d)."""
    width = data.axes[2]
    if not isinstance(width, int):
        raise CannotTranslate("the number of features changes with the inputs")
    each = width // heads // count
    apart = graph.op("Reshape", data, graph.vector([0, -1, count, each]))  # (L, N * heads, count, d)
    parts = []
    for number in range(count):
        part = graph.op("Gather", apart, np.array(number), axis=2)
        parts.append(part.transpose(1, 0, 2))
    return parts


def _attended(graph: Graph, attention: Value, values: Value, heads: int, width: int) -> Value:
    """Return (L, N, heads * d) from attention (N * heads, L, L') and values (N * heads, L', d)."""
    found = graph.op("MatMul", attention, values).transpose(1, 0, 2)  # (L, N * heads, d)
    return graph.op("Reshape", found, [0, -1, width])


@translates("_contrib_interleaved_matmul_selfatt_qk")
def selfatt_qk(graph: Graph, queries_keys_values: Value, *, heads: int) -> Value:
    queries, keys, _ = _parts(graph, queries_keys_values, heads, 3)
    return _scores(graph, queries, keys, queries_keys_values, heads * 3)


@translates("_contrib_interleaved_matmul_selfatt_valatt")
def selfatt_valatt(graph: Graph, queries_keys_values: Value, attention: Value, *, heads: int, node: Applied) -> Value:
    values = _parts(graph, queries_keys_values, heads, 3)[2]
    return _attended(graph, attention, values, heads, _width(node))


@translates("_contrib_interleaved_matmul_encdec_qk")
def encdec_qk(graph: Graph, queries: Value, keys_values: Value, *, heads: int) -> Value:
    (own,) = _parts(graph, queries, heads, 1)
    keys, _ = _parts(graph, keys_values, heads, 2)
    return _scores(graph, own, keys, queries, heads)


@translates("_contrib_interleaved_matmul_encdec_valatt")
def encdec_valatt(graph: Graph, keys_values: Value, attention: Value, *, heads: int, node: Applied) -> Value:
    values = _parts(graph, keys_values, heads, 2)[1]
    return _attended(graph, attention, values, heads, _width(node))


def _scores(graph: Graph, queries: Value, keys: Value, data: Value, pieces: int) -> Value:
    width = data.axes[2]
    assert isinstance(width, int)
    return graph.op("MatMul", queries * (1 / math.sqrt(width // pieces)), keys.transpose(0, 2, 1))


def _width(node: Applied) -> int:
    width = node.shape[2]
    assert isinstance(width, int)
    return width
