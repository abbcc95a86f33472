"""The matrix products of multi-head attention, on projections that lie side by side in one array.

Sequences come first: (T, N, ...), as recurrent layers have them. In the last axis every head has its query, key and
value next to each other, so one product with one weight makes all of them.
"""

from __future__ import annotations

import math

import torch

from .attributes import PositiveInt
from .families import check_same_dtype, dtype_name
from .registry import operator

Tensor = torch.Tensor


def parts_of(data: Tensor, heads: int, parts: int, name: str) -> tuple[Tensor, ...]:
    """Return the `parts` projections in `data` (T, N, heads * parts * D), each (N * heads, T, D)."""
    if not data.is_floating_point():
        raise TypeError(f"{name} is {dtype_name(data.dtype)}; expected floats: cast it with .astype")
    unit = f"{parts} * heads" if parts > 1 else "heads"
    if data.dim() != 3:
        raise ValueError(f"{name} has shape {tuple(data.shape)}; expected (T, N, {unit} * D)")
    length, batch, width = data.shape
    if width % (heads * parts):
        raise ValueError(
            f"{name} has shape {tuple(data.shape)}; expected a last axis that {unit}={heads * parts} divides"
        )
    split = data.reshape(length, batch * heads, parts, width // (heads * parts))
    return tuple(part.transpose(0, 1) for part in split.unbind(2))


def _check_equal(name: str, axis: int, found: int, expected: int, source: str) -> None:
    if found != expected:
        raise ValueError(f"{name} has length {found} on axis {axis}; expected {expected} from {source}")


def _scores(queries: Tensor, keys: Tensor) -> Tensor:
    """Return ``queries @ keys.T / sqrt(D)`` of two arrays (N * heads, T, D)."""
    scale = 1 / math.sqrt(max(queries.shape[-1], 1))
    nothing = queries.new_empty((1, 1, 1))
    return torch.baddbmm(nothing, queries, keys.transpose(1, 2), beta=0, alpha=scale)


def _weighted(attention: Tensor, values: Tensor, heads: int, name: str) -> Tensor:
    """Return ``attention @ values`` as (T, N, heads * D) for values (N * heads, S, D)."""
    rows, length, width = values.shape
    if attention.dim() != 3 or attention.shape[0] != rows or attention.shape[2] != length:
        raise ValueError(
            f"attention has shape {tuple(attention.shape)}; expected ({rows}, T, {length}) "
            f"from heads={heads} and {name}"
        )
    check_same_dtype(values, attention)
    return torch.bmm(attention, values).transpose(0, 1).reshape(-1, rows // heads, heads * width)


@operator("_contrib_interleaved_matmul_selfatt_qk")
def interleaved_matmul_selfatt_qk(queries_keys_values: Tensor, *, heads: PositiveInt) -> Tensor:
    """Scores of self-attention: each query times each key of its head and sequence, divided by ``sqrt(D)``.

    For head h of sequence n: ``out[n * heads + h] = Q @ K.T / sqrt(D)`` with Q and K of shape (T, D).

    Parameters
    ----------
    queries_keys_values : (T, N, heads * 3 * D)
        The projections, floating; for each head D elements of its query, D of its key and D of its value. The
        values are not used, their gradient is 0.
    heads : int of at least 1
        Number of heads.

    Returns
    -------
    (N * heads, T, T)
        The second axis counts queries, the third keys.

    References
    ----------
    Vaswani et al., Attention is all you need, 2017, section 3.2.

    Examples
    --------
    >>> qkv = mx.nd.array([1, 2, 10, 20, 0, 0]).reshape((1, 1, 6))  # one head, D = 2
    >>> scores = mx.nd.contrib.interleaved_matmul_selfatt_qk(qkv, heads=1)
    >>> scores.shape, round(float(scores.asscalar() * 2**0.5))
    ((1, 1, 1), 50)
    """
    queries, keys, _ = parts_of(queries_keys_values, heads, 3, "queries_keys_values")
    return _scores(queries, keys)


@operator("_contrib_interleaved_matmul_selfatt_valatt")
def interleaved_matmul_selfatt_valatt(queries_keys_values: Tensor, attention: Tensor, *, heads: PositiveInt) -> Tensor:
    """Result of self-attention: the values of each head and sequence, weighted by `attention`.

    For head h of sequence n: ``out[:, n, h * D:(h + 1) * D] = attention[n * heads + h] @ V`` with V of shape (T, D).

    Parameters
    ----------
    queries_keys_values : (T, N, heads * 3 * D)
        The projections, floating; for each head D elements of its query, D of its key and D of its value. Queries and
        keys are not used, their gradient is 0.
    attention : (N * heads, T, T)
        Weights of the values, of the same dtype.
    heads : int of at least 1
        Number of heads.

    Returns
    -------
    (T, N, heads * D)

    References
    ----------
    Vaswani et al., Attention is all you need, 2017, section 3.2.

    Examples
    --------
    >>> qkv = mx.nd.array([0, 0, 0, 0, 3, 4]).reshape((1, 1, 6))  # one head, D = 2
    >>> weights = mx.nd.array([[[0.5]]])
    >>> mx.nd.contrib.interleaved_matmul_selfatt_valatt(qkv, weights, heads=1).asnumpy().tolist()
    [[[1.5, 2.0]]]
    """
    _, _, values = parts_of(queries_keys_values, heads, 3, "queries_keys_values")
    if attention.dim() == 3:
        _check_equal("attention", 1, attention.shape[1], queries_keys_values.shape[0], "queries_keys_values")
    return _weighted(attention, values, heads, "queries_keys_values")


@operator("_contrib_interleaved_matmul_encdec_qk")
def interleaved_matmul_encdec_qk(queries: Tensor, keys_values: Tensor, *, heads: PositiveInt) -> Tensor:
    """Scores of attention to another sequence: each query times each key of its head, divided by ``sqrt(D)``.

    For head h of sequence n: ``out[n * heads + h] = Q @ K.T / sqrt(D)`` with Q of shape (T, D) and K (S, D).

    Parameters
    ----------
    queries : (T, N, heads * D)
        Projections of the decoder, floating; for each head D elements.
    keys_values : (S, N, heads * 2 * D)
        Projections of the encoder, of the same dtype; for each head D elements of its key and D of its value. The
        values are not used, their gradient is 0.
    heads : int of at least 1
        Number of heads.

    Returns
    -------
    (N * heads, T, S)

    References
    ----------
    Vaswani et al., Attention is all you need, 2017, section 3.2.

    Examples
    --------
    >>> queries, keys_values = mx.nd.ones((5, 2, 12)), mx.nd.ones((7, 2, 24))
    >>> mx.nd.contrib.interleaved_matmul_encdec_qk(queries, keys_values, heads=3).shape
    (6, 5, 7)
    """
    (rows,) = parts_of(queries, heads, 1, "queries")
    keys, _ = parts_of(keys_values, heads, 2, "keys_values")
    check_same_dtype(queries, keys_values)
    _check_equal("keys_values", 1, keys_values.shape[1], queries.shape[1], "queries")
    _check_equal("keys_values", 2, keys_values.shape[2], 2 * queries.shape[2], "queries (a key and a value for each)")
    return _scores(rows, keys)


@operator("_contrib_interleaved_matmul_encdec_valatt")
def interleaved_matmul_encdec_valatt(keys_values: Tensor, attention: Tensor, *, heads: PositiveInt) -> Tensor:
    """Result of attention to another sequence: its values, weighted by `attention`.

    For head h of sequence n: ``out[:, n, h * D:(h + 1) * D] = attention[n * heads + h] @ V`` with V of shape (S, D).

    Parameters
    ----------
    keys_values : (S, N, heads * 2 * D)
        Projections of the encoder, floating; for each head D elements of its key and D of its value. The keys are not
        used, their gradient is 0.
    attention : (N * heads, T, S)
        Weights of the values, of the same dtype.
    heads : int of at least 1
        Number of heads.

    Returns
    -------
    (T, N, heads * D)

    References
    ----------
    Vaswani et al., Attention is all you need, 2017, section 3.2.

    Examples
    --------
    >>> keys_values, weights = mx.nd.ones((7, 2, 24)), mx.nd.ones((6, 5, 7))
    >>> mx.nd.contrib.interleaved_matmul_encdec_valatt(keys_values, weights, heads=3).shape
    (5, 2, 12)
    """
    _, values = parts_of(keys_values, heads, 2, "keys_values")
    return _weighted(attention, values, heads, "keys_values")


@operator("_contrib_div_sqrt_dim", elementwise=True)
def div_sqrt_dim(data: Tensor) -> Tensor:
    """Divide by the square root of the last axis' length: ``data / sqrt(data.shape[-1])``.

    Parameters
    ----------
    data : at least one axis
        Input. Integers are divided by the root without its fraction, and the quotient is cut towards zero.

    Returns
    -------
    the shape and dtype of `data`

    Examples
    --------
    >>> mx.nd.contrib.div_sqrt_dim(mx.nd.array([[2, 4, 6, 8]])).asnumpy().tolist()
    [[1.0, 2.0, 3.0, 4.0]]
    """
    if not data.dim():
        raise ValueError("data has no axes; expected at least one, whose length is divided by")
    length = data.shape[-1]
    if data.is_floating_point():
        return data / math.sqrt(length)
    if data.dtype is torch.bool:
        raise TypeError("data is bool, which has no arithmetic; expected floats or integers: cast it with .astype")
    return torch.div(data, max(math.isqrt(length), 1), rounding_mode="trunc")
