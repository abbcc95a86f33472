"""Fourier transforms, as products with matrices of sines and cosines."""

from __future__ import annotations

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .registry import reads


@reads("DFT")
def dft(call: Call) -> Symbol:
    """Read the transform of one axis; the last axis holds real and imaginary parts, or real ones alone."""
    rank = call.rank()
    if call.opset >= 20:
        axis = int(call.constant(2).reshape(-1)[0]) if call.has(2) else -2
    else:
        axis = call.attribute("axis", 1)
    (axis,) = call.axes([axis])
    inverse, one_sided = bool(call.attribute("inverse", 0)), bool(call.attribute("onesided", 0))
    given, parts = call.length(axis), call.length(rank - 1)
    to_real = inverse and one_sided
    length = 2 * (given - 1) if to_real else given
    if call.has(1):
        length = int(call.constant(1).reshape(-1)[0])
    bins = length // 2 + 1 if one_sided else length
    used = min(given, bins if to_real else length)
    matrix = _to_real(used, length, parts) if to_real else _matrix(used, length, bins, parts, inverse)
    order = (*(i for i in range(rank - 1) if i != axis), axis, rank - 1)
    x = call[0] if used == given else sym.slice_axis(call[0], axis=axis, begin=0, end=used)
    x = sym.transpose(x, axes=order) if order != tuple(range(rank)) else x
    found = _product(call, x, matrix, rank, 1 if to_real else 2)
    back = tuple(int(i) for i in np.argsort(order))
    return sym.transpose(found, axes=back) if back != tuple(range(rank)) else found


def _product(call: Call, x: Symbol, matrix: np.ndarray, rank: int, parts: int) -> Symbol:
    """Multiply the last two axes, as one, with a matrix, and take the result apart again."""
    flat = sym.reshape(x, shape=(*[0] * (rank - 2), -3))
    found = sym.dot(flat, call.literal(matrix.astype(call.dtype())))
    return sym.reshape(found, shape=(*[0] * (rank - 2), -4, matrix.shape[1] // parts, parts))


def _matrix(used: int, length: int, bins: int, parts: int, inverse: bool) -> np.ndarray:
    """Return the matrix from (element, part) to (frequency, part)."""
    turns = np.outer(np.arange(used), np.arange(bins)) % length / length
    wave = np.exp((2j if inverse else -2j) * np.pi * turns) / (length if inverse else 1)
    of_real = np.stack((wave.real, wave.imag), -1)
    both = np.stack((of_real, np.stack((-wave.imag, wave.real), -1)), 1) if parts == 2 else of_real[:, None]
    return both.reshape(used * parts, bins * 2)


def _to_real(used: int, length: int, parts: int) -> np.ndarray:
    """Return the matrix from (frequency, part) to numbers, where the other frequencies mirror the given ones."""
    frequency = np.arange(used)
    turns = np.outer(frequency, np.arange(length)) % length / length
    weight = np.where((frequency == 0) | (2 * frequency == length), 1, 2)[:, None] / length
    wave = np.exp(2j * np.pi * turns) * weight
    both = np.stack((wave.real, -wave.imag), 1)[:, :parts]
    return both.reshape(used * parts, length)


@reads("STFT")
def stft(call: Call) -> Symbol:
    """Read the transforms of parts of a signal, each multiplied with a window."""
    step = int(call.constant(1).reshape(-1)[0])
    window = call.has(2)
    if call.has(3):
        size = int(call.constant(3).reshape(-1)[0])
    elif window:
        size = call.length(0, 2)
    else:
        call.refuse("has neither a window nor a length of its frames")
    count, parts = call.length(1), call.length(2) if call.rank() == 3 else 1
    if step < 1 or not 1 <= size <= count:
        call.refuse(f"takes frames of {size} elements every {step} from a signal of {count}")
    places = np.arange((count - size) // step + 1)[:, None] * step + np.arange(size)
    signal = sym.take(call[0], call.literal(places.astype("int64")), axis=1)
    signal = signal if call.rank() == 3 else sym.expand_dims(signal, axis=3)
    if window:
        signal = sym.broadcast_mul(signal, sym.reshape(call[2], shape=(1, 1, size, 1)))
    bins = size // 2 + 1 if call.attribute("onesided", 1) else size
    return _product(call, signal, _matrix(size, size, bins, parts, inverse=False), 4, 2)


@reads("MelWeightMatrix")
def mel_weight_matrix(call: Call) -> Symbol:
    """Say what is missing: of constants, it is computed while the graph is read."""
    for number in range(5):
        call.constant(number)
    call.refuse("would be too large")
