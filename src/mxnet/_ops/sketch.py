"""Count sketch and Fourier transforms of the last axis: the parts of compact bilinear pooling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .attributes import PositiveInt
from .families import check_same_dtype, dtype_name
from .registry import Shape, operator

Tensor = torch.Tensor


def _check(data: Tensor) -> None:
    if not data.is_floating_point():
        raise TypeError(f"data is {dtype_name(data.dtype)}; expected floats: cast it with .astype")
    if data.dim() not in (2, 4):
        raise ValueError(f"data has shape {tuple(data.shape)}; expected two axes (N, D) or four (N, C, H, D)")


def _wide(data: Tensor) -> Tensor:
    """Return `data` in a dtype that torch transforms on every device."""
    return data.float() if data.element_size() < 4 else data


def _sketch_complete(shapes: list[Shape | None], attributes: Mapping[str, Any]) -> Sequence[Shape | None]:
    data = shapes[0]
    if data:
        shapes[1:] = [shape or (1, data[-1]) for shape in shapes[1:]]
    return shapes


@operator("_contrib_count_sketch", complete=_sketch_complete, hidden=("processing_batch_size",))
def count_sketch(
    data: Tensor, h: Tensor, s: Tensor, *, out_dim: PositiveInt, processing_batch_size: int = 32
) -> Tensor:
    """Count sketch of the last axis: elements with random signs, added up at random places.

    ``out[..., j]`` is the sum of ``s[i] * data[..., i]`` over all i with ``h[i] == j``.

    Parameters
    ----------
    data : (N, D) or (N, C, H, D)
        Input, floating.
    h : (1, D)
        Where each element goes, from 0 to ``out_dim - 1``; of the dtype of `data`, fractions are cut off. Its gradient
        is zero.
    s : (1, D)
        Sign of each element, 1 or -1, of the same dtype. Its gradient is zero.
    out_dim : int of at least 1
        Length of the output's last axis.
    processing_batch_size : int
        No effect.

    Returns
    -------
    (N, out_dim) or (N, C, H, out_dim)

    Raises
    ------
    IndexError
        If an element of `h` is not below `out_dim`.

    References
    ----------
    Charikar, Chen and Farach-Colton, Finding frequent items in data streams, 2002.
    Gao et al., Compact bilinear pooling, 2016.

    Examples
    --------
    >>> x, h, s = mx.nd.array([[1, 2, 3]]), mx.nd.array([[0, 1, 0]]), mx.nd.array([[1, -1, -1]])
    >>> mx.nd.contrib.count_sketch(x, h, s, out_dim=2).asnumpy().tolist()
    [[-2.0, -2.0]]
    """
    _check(data)
    width = data.shape[-1]
    for name, one in (("h", h), ("s", s)):
        if one.shape != (1, width):
            raise ValueError(
                f"{name} has shape {tuple(one.shape)}; expected (1, {width}) from data {tuple(data.shape)}"
            )
        check_same_dtype(data, one)
    where = h.detach().view(width).long()
    _check_range(where, out_dim)
    rows = _wide(data * s.detach().view(width)).reshape(-1, width)
    result = rows.new_zeros((out_dim, rows.shape[0])).index_add(0, where, rows.t())
    return result.t().to(data.dtype).reshape(*data.shape[:-1], out_dim)


def _check_range(where: Tensor, length: int) -> None:
    """Refuse positions outside of the output. Not looked at where that would interrupt a CUDA graph."""
    if where.is_meta or not where.numel() or (where.is_cuda and torch.cuda.is_current_stream_capturing()):
        return
    wrong = where[(where < 0) | (where >= length)]
    if wrong.numel():
        raise IndexError(f"h: position {int(wrong[0])} is out of bounds; expected 0 to {length - 1} from out_dim")


@operator("_contrib_fft", hidden=("compute_size",))
def fft(data: Tensor, *, compute_size: int = 128) -> Tensor:
    """Discrete Fourier transform of the last axis, real and imaginary parts in turn.

    ``out[2 * k] + i * out[2 * k + 1]`` is the sum of ``data[n] * exp(-2 * pi * i * k * n / D)`` over n.

    Parameters
    ----------
    data : (N, D) or (N, C, H, D)
        Real input, floating.
    compute_size : int
        No effect.

    Returns
    -------
    (N, 2 * D) or (N, C, H, 2 * D)

    Examples
    --------
    >>> mx.nd.contrib.fft(mx.nd.array([[1, 2, 3, 4]])).asnumpy().tolist()
    [[10.0, 0.0, -2.0, 2.0, -2.0, 0.0, -2.0, -2.0]]
    """
    _check(data)
    if not data.numel():
        return data.new_zeros((*data.shape[:-1], 2 * data.shape[-1]))
    return torch.view_as_real(torch.fft.fft(_wide(data))).to(data.dtype).flatten(-2)


@operator("_contrib_ifft", hidden=("compute_size",))
def ifft(data: Tensor, *, compute_size: int = 128) -> Tensor:
    """Real part of the inverse Fourier transform of the last axis, not divided by its length.

    With ``X[k] = data[2 * k] + i * data[2 * k + 1]``, ``out[n]`` is the real part of the sum of
    ``X[k] * exp(2 * pi * i * k * n / D)`` over k: ``ifft(fft(x))`` is ``D * x``.

    Parameters
    ----------
    data : (N, 2 * D) or (N, C, H, 2 * D)
        Complex input, floating: real and imaginary parts in turn.
    compute_size : int
        No effect.

    Returns
    -------
    (N, D) or (N, C, H, D)

    Examples
    --------
    >>> mx.nd.contrib.ifft(mx.nd.array([[10, 0, -2, 2, -2, 0, -2, -2]])).asnumpy().tolist()
    [[4.0, 8.0, 12.0, 16.0]]
    """
    _check(data)
    length, odd = divmod(data.shape[-1], 2)
    if odd:
        raise ValueError(
            f"data has shape {tuple(data.shape)}; expected an even length of the last axis: pairs of a real and an "
            "imaginary part"
        )
    if not data.numel():
        return data.new_zeros((*data.shape[:-1], length))
    pairs = torch.view_as_complex(_wide(data).contiguous().view(*data.shape[:-1], length, 2))
    return torch.fft.ifft(pairs, norm="forward").real.to(data.dtype)
