"""Convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .joining import padded
from .registry import reads

Pads = list[tuple[int, int]]


def same_pads(call: Call, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> Pads:
    """Return what to put before and after each axis, from ``pads`` or ``auto_pad``."""
    rule = call.text("auto_pad", "NOTSET")
    count = len(kernel)
    if rule == "VALID":
        return [(0, 0)] * count
    if rule not in ("SAME_UPPER", "SAME_LOWER"):
        pads = call.attribute("pads", [0] * 2 * count)
        return list(zip(pads[:count], pads[count:]))
    found: Pads = []
    for axis in range(count):
        span = dilation[axis] * (kernel[axis] - 1) + 1
        if stride[axis] == 1:
            total = span - 1
        else:
            length = call.length(axis + 2)
            total = max(0, (-(-length // stride[axis]) - 1) * stride[axis] + span - length)
        less, more = total // 2, total - total // 2
        found.append((less, more) if rule == "SAME_UPPER" else (more, less))
    return found


def _kernel(call: Call, index: int = 1) -> list[int]:
    return list(call.attribute("kernel_shape", None) or call.static(index)[2:])


def _spatial(call: Call, name: str, count: int) -> list[int]:
    return list(call.attribute(name, None) or [1] * count)


def convolved(call: Call, data: Symbol, weight: Symbol, bias: Symbol | None) -> Symbol:
    """Return the convolution that a node's attributes describe."""
    kernel = _kernel(call)
    count = len(kernel)
    if count not in (1, 2, 3):
        call.refuse(f"convolves {count} axes; 1 to 3 can be")
    stride, dilation = _spatial(call, "strides", count), _spatial(call, "dilations", count)
    pads = same_pads(call, kernel, stride, dilation)
    if any(before != after for before, after in pads):
        data = padded(data, [(0, 0), (0, 0), *pads], 0.0)
        pads = [(0, 0)] * count
    return sym.Convolution(
        data, weight, bias, kernel=kernel, stride=stride, dilate=dilation, pad=[before for before, _ in pads],
        num_filter=call.static(1)[0], num_group=call.attribute("group", 1), no_bias=bias is None,
    )  # fmt: skip


@reads("Conv")
def convolution(call: Call) -> Symbol:
    """Read a convolution over 1 to 3 axes."""
    return convolved(call, call[0], call[1], call[2] if call.has(2) else None)


@reads("ConvInteger")
def integer_convolution(call: Call) -> Symbol:
    """Read a convolution of 8-bit integers less their zero points; exact in float64."""
    sides: list[Symbol] = []
    for index in (0, 1):
        side = sym.Cast(call[index], dtype="float64")
        if call.has(index + 2):
            zero = sym.Cast(call[index + 2], dtype="float64")
            if index == 1 and not call.value(3).is_number and call.shape(3) != (1,):
                zero = sym.reshape(zero, shape=(-1,) + (1,) * (call.rank(1) - 1))
            side = sym.broadcast_sub(side, zero)
        sides.append(side)
    return sym.Cast(convolved(call, sides[0], sides[1], None), dtype="int32")


@reads("ConvTranspose")
def transposed_convolution(call: Call) -> Symbol:
    """Read a transposed convolution; what its padding takes away is cut off where it is not symmetric."""
    kernel = _kernel(call)
    count = len(kernel)
    if count not in (1, 2, 3):
        call.refuse(f"convolves {count} axes; 1 to 3 can be")
    stride, dilation = _spatial(call, "strides", count), _spatial(call, "dilations", count)
    extra = list(call.attribute("output_padding", None) or [0] * count)
    groups = call.attribute("group", 1)
    spans = [dilation[k] * (kernel[k] - 1) + 1 for k in range(count)]
    pads = _transposed_pads(call, spans, stride, extra)
    symmetric = all(before == after and before >= 0 for before, after in pads)
    symmetric = symmetric and all(extra[k] < stride[k] for k in range(count))
    bias = call[2] if call.has(2) else None
    found = sym.Deconvolution(
        call[0], call[1], bias, kernel=kernel, stride=stride, dilate=dilation, num_filter=call.static(1)[1] * groups,
        num_group=groups, no_bias=bias is None, pad=[before for before, _ in pads] if symmetric else [0] * count,
        adj=extra if symmetric else [0] * count,
    )  # fmt: skip
    if symmetric:
        return found
    if bias is not None and any(after < extra[k] for k, (_, after) in enumerate(pads)):
        call.refuse("its output_padding reaches beyond what the kernel covers")
    for axis, (before, after) in enumerate(pads):
        cut = after - extra[axis]
        if before < 0 or cut < 0:
            width = [(0, 0)] * (count + 2)
            width[axis + 2] = (max(0, -before), max(0, -cut))
            found = padded(found, width, 0.0)
        if before > 0 or cut > 0:
            found = sym.slice_axis(found, axis=axis + 2, begin=max(0, before), end=-cut if cut > 0 else None)
    return found


def _transposed_pads(call: Call, spans: list[int], stride: list[int], extra: list[int]) -> Pads:
    """Return what is taken away before and after each axis of a transposed convolution's full result."""
    count = len(spans)
    shape = call.attribute("output_shape", None)
    rule = call.text("auto_pad", "NOTSET")
    if shape is None and rule not in ("SAME_UPPER", "SAME_LOWER"):
        return same_pads(call, spans, stride, [1] * count)
    found: Pads = []
    for axis in range(count):
        if shape is None:  # as long as the input, times the stride
            total = spans[axis] + extra[axis] - stride[axis]
        else:
            wanted = shape[-count:][axis]
            total = stride[axis] * (call.length(axis + 2) - 1) + extra[axis] + spans[axis] - wanted
        half = total // 2
        found.append((half, total - half) if rule == "SAME_UPPER" else (total - half, half))
    return found


@reads("DeformConv")
def deformable_convolution(call: Call) -> Symbol:
    """Read a deformable convolution, with or without a mask."""
    kernel = _kernel(call)
    if len(kernel) != 2:
        call.refuse("deforms a convolution over other than 2 axes")
    stride, dilation = _spatial(call, "strides", 2), _spatial(call, "dilations", 2)
    data = call[0]
    pads = same_pads(call, kernel, stride, dilation)
    if any(before != after for before, after in pads):
        data, pads = padded(data, [(0, 0), (0, 0), *pads], 0.0), [(0, 0)] * 2
    bias = call[3] if call.has(3) else None
    common: dict[str, Any] = {
        "kernel": kernel, "stride": stride, "dilate": dilation, "pad": [before for before, _ in pads],
        "num_filter": call.static(1)[0], "num_group": call.attribute("group", 1), "no_bias": bias is None,
        "num_deformable_group": call.attribute("offset_group", 1),
    }  # fmt: skip
    if call.has(4):
        return sym.contrib.ModulatedDeformableConvolution(data, call[2], call[4], call[1], bias, **common)
    return sym.contrib.DeformableConvolution(data, call[2], call[1], bias, **common)


@reads("Col2Im")
def column_to_image(call: Call) -> Symbol:
    """Read the sum of overlapping patches into an image of two axes."""
    shape, block = call.constant(1).tolist(), call.constant(2).tolist()
    count = len(shape)
    if count != 2:
        call.refuse(f"makes images of {count} axes; only 2 can be")
    pads = call.attribute("pads", [0] * 2 * count)
    before, after = np.array(pads[:count]), np.array(pads[count:])
    stride, dilation = _spatial(call, "strides", count), _spatial(call, "dilations", count)
    found = sym.col2im(
        call[0], output_size=tuple((np.array(shape) + before + after).tolist()), kernel=block, stride=stride,
        dilate=dilation, pad=(0, 0),
    )  # fmt: skip
    for axis in range(count):
        if pads[axis] or pads[axis + count]:
            found = sym.slice_axis(found, axis=axis + 2, begin=pads[axis], end=pads[axis] + shape[axis])
    return found
