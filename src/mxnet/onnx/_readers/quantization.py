"""Quantized tensors: computed as what their numbers stand for."""

from __future__ import annotations

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call, type_name
from .convolution import convolved
from .dense import product
from .registry import reads
from .unary import to_even

_RANGES = {
    "uint8": (0, 2**8 - 1),
    "int8": (-(2**7), 2**7 - 1),
    "uint16": (0, 2**16 - 1),
    "int16": (-(2**15), 2**15 - 1),
}
_STORED = {"uint16": "int32", "int16": "int32"}


def _along(call: Call, x: Symbol, index: int, rank: int, axis: int) -> Symbol:
    """Return scales or zero points in a shape that broadcasts along one axis of a tensor."""
    if call.value(index).is_number or call.shape(index) == (1,):
        return sym.reshape(x, shape=(1,) * rank)
    if call.attribute("block_size", 0):
        for side, length in enumerate(call.static(index)):
            if side == axis and length != call.length(axis):
                x = sym.repeat(x, repeats=call.attribute("block_size"), axis=axis)
        if call.attribute("block_size") * call.length(axis, index) != call.length(axis):
            return sym.slice_axis(x, axis=axis, begin=0, end=call.length(axis))
        return x
    return sym.reshape(x, shape=(1,) * axis + (-1,) + (1,) * (rank - axis - 1))


@reads("DequantizeLinear")
def dequantize(call: Call) -> Symbol:
    """Read (x - zero point) times scale."""
    rank = max(1, call.rank())
    axis = call.attribute("axis", 1)
    axis = axis % rank if rank > 1 else 0
    x = sym.Cast(call[0], dtype=call.dtype(1))
    if call.has(2):
        x = sym.broadcast_sub(x, _along(call, sym.Cast(call[2], dtype=call.dtype(1)), 2, rank, axis))
    return sym.broadcast_mul(x, _along(call, call[1], 1, rank, axis))


def _quantized(x: Symbol, dtype: str) -> Symbol:
    low, high = _RANGES[dtype]
    return sym.Cast(sym.clip(x, a_min=low, a_max=high), dtype=_STORED.get(dtype, dtype))


def _dtype_of(call: Call, index: int) -> str:
    """Return the type to quantize to, as ONNX has it."""
    dtype = "uint8"
    if call.has(index):
        dtype = call.onnx_dtype(index)
    elif call.attribute("output_dtype", 0):
        dtype = type_name(call.attribute("output_dtype"))
    if dtype not in _RANGES:
        call.refuse(f"quantizes to {dtype}; only 8 and 16 bits can be")
    return dtype


@reads("QuantizeLinear")
def quantize(call: Call) -> Symbol:
    """Read x / scale + zero point, rounded and limited to the type's numbers."""
    dtype = _dtype_of(call, 2)
    rank = max(1, call.rank())
    axis = call.attribute("axis", 1)
    axis = axis % rank if rank > 1 else 0
    found = to_even(sym.broadcast_div(call[0], _along(call, sym.Cast(call[1], dtype=call.dtype()), 1, rank, axis)))
    if call.has(2):
        found = sym.broadcast_add(found, _along(call, sym.Cast(call[2], dtype=call.dtype()), 2, rank, axis))
    return _quantized(found, dtype)


@reads("DynamicQuantizeLinear")
def quantize_dynamically(call: Call) -> list[Symbol]:
    """Read quantization to uint8 by the smallest and largest element."""
    rank = max(1, call.rank())
    axes = tuple(range(rank))
    low = sym.clip(sym.min(call[0], axis=axes), a_min=-np.inf, a_max=0)
    high = sym.clip(sym.max(call[0], axis=axes), a_min=0, a_max=np.inf)
    scale = (high - low) / 255
    zero = to_even(sym.clip(-low / scale, a_min=0, a_max=255))
    found = sym.broadcast_add(to_even(sym.broadcast_div(call[0], scale)), zero)
    return [_quantized(found, "uint8"), scale, sym.Cast(zero, dtype="uint8")]


def _real(call: Call, index: int, scale: int, zero: int, rank: int, axis: int) -> Symbol:
    """Return what a quantized input stands for, without its scale."""
    x = sym.Cast(call[index], dtype="float64")
    found = sym.broadcast_sub(x, _along(call, sym.Cast(call[zero], dtype="float64"), zero, rank, axis))
    return sym.broadcast_mul(found, _along(call, sym.Cast(call[scale], dtype="float64"), scale, rank, axis))


@reads("QLinearMatMul")
def quantized_matmul(call: Call) -> Symbol:
    """Read the product of quantized matrices, quantized again."""
    a = _real(call, 0, 1, 2, call.rank(0), call.rank(0) - 2)
    b = _real(call, 3, 4, 5, call.rank(3), call.rank(3) - 1)
    return _again(call, product(call, a, b, call.worlds(0), call.worlds(3)))


@reads("QLinearConv")
def quantized_convolution(call: Call) -> Symbol:
    """Read the convolution of quantized tensors, quantized again."""
    x = _real(call, 0, 1, 2, call.rank(0), 1)
    weight = _real(call, 3, 4, 5, call.rank(3), 0)
    kernel = Call(
        call.operator, call.name, call.opset, [call.value(0), call.value(3)], call.attributes, call.outputs, call.graph,
        call.scope,
    )  # fmt: skip
    found = convolved(kernel, x, weight, None)
    if call.has(8):
        unit = sym.broadcast_mul(
            sym.reshape(sym.Cast(call[1], dtype="float64"), shape=(1,)),
            sym.reshape(sym.Cast(call[4], dtype="float64"), shape=(-1,)),
        )
        bias = sym.broadcast_mul(sym.Cast(call[8], dtype="float64"), unit)
        found = sym.broadcast_add(found, sym.reshape(bias, shape=(1, -1) + (1,) * (call.rank() - 2)))
    return _again(call, found)


def _again(call: Call, x: Symbol) -> Symbol:
    scale = sym.reshape(sym.Cast(call[6], dtype="float64"), shape=(1,))
    zero = sym.reshape(sym.Cast(call[7], dtype="float64"), shape=(1,))
    return _quantized(sym.broadcast_add(to_even(sym.broadcast_div(x, scale)), zero), call.onnx_dtype(7))
