"""Pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .convolution import same_pads
from .joining import padded
from .registry import reads

_LOWEST = -3.4028234663852886e38


class _Windows:
    """Where the windows of a pooling node lie."""

    def __init__(self, call: Call) -> None:
        self.kernel = list(call.attribute("kernel_shape"))
        count = len(self.kernel)
        if count not in (1, 2, 3):
            call.refuse(f"pools over {count} axes; 1 to 3 can be")
        self.stride = list(call.attribute("strides", None) or [1] * count)
        self.dilation = list(call.attribute("dilations", None) or [1] * count)
        self.pads = same_pads(call, self.kernel, self.stride, self.dilation)
        self.ceil = bool(call.attribute("ceil_mode", 0))
        self.spans = [d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel)]
        self.is_dilated = any(d != 1 and k != 1 for d, k in zip(self.dilation, self.kernel))
        self.is_symmetric = all(before == after for before, after in self.pads)

    def lengths(self, call: Call) -> list[tuple[int, int]]:
        """Return for each axis the output's length, and how far beyond the input the last window ends."""
        found: list[tuple[int, int]] = []
        for axis, ((before, after), span, stride) in enumerate(zip(self.pads, self.spans, self.stride)):
            length = call.length(axis + 2)
            room = length + before + after - span
            count = (-(-room // stride) if self.ceil else room // stride) + 1
            if self.ceil and (count - 1) * stride >= length + before:
                count -= 1  # a window that starts in the padding is left out
            found.append((count, (count - 1) * stride + span - before - length))
        return found

    def full_is_same(self, call: Call) -> bool:
        """Return whether MXNet's own convention "full" gives this many windows."""
        shape = call.shape()
        for axis, ((before, after), span, stride) in enumerate(zip(self.pads, self.spans, self.stride)):
            length = shape[axis + 2]
            if length is None:
                # only a window that starts in the padding would differ, and needs a stride beyond the kernel
                if span < stride + before:
                    return False
                continue
            room = length + before + after - span
            if (-(-room // stride)) * stride >= length + before:
                return False
        return True

    @property
    def before(self) -> list[int]:
        """Padding in front of each axis."""
        return [before for before, _ in self.pads]


@reads("MaxPool")
def max_pool(call: Call) -> object:
    """Read the largest element of each window."""
    windows = _Windows(call)
    if call.wants(1):
        return _with_indices(call, windows)
    if "int" in call.dtype():
        x = sym.Cast(call[0], dtype="float32")
        return sym.Cast(_max_pooled(call, windows, x, -256.0), dtype=call.dtype())
    return _max_pooled(call, windows, call[0], _LOWEST)


def _max_pooled(call: Call, windows: _Windows, x: Symbol, lowest: float) -> Symbol:
    full = windows.ceil and windows.is_symmetric and not windows.is_dilated and windows.full_is_same(call)
    if windows.is_symmetric and not windows.is_dilated and (full or not windows.ceil):
        return sym.Pooling(
            x, kernel=windows.kernel, stride=windows.stride, pad=windows.before, pool_type="max",
            pooling_convention="full" if full else "valid",
        )  # fmt: skip
    x = padded(x, [(0, 0), (0, 0), *_explicit(call, windows)], lowest)
    if windows.is_dilated:
        return _by_axis(call, windows, x, sym._internal._maximum)
    return sym.Pooling(x, kernel=windows.kernel, stride=windows.stride, pool_type="max")


def _explicit(call: Call, windows: _Windows) -> list[tuple[int, int]]:
    """Return padding that makes the windows those that fit exactly."""
    if not windows.ceil:
        return list(windows.pads)
    return [(before, end) for (before, _), (_, end) in zip(windows.pads, windows.lengths(call))]


def _by_axis(call: Call, windows: _Windows, x: Symbol, function: Any) -> Symbol:
    """Combine the elements of every window by a function of two tensors, along one axis after another."""
    for place, (count, _) in enumerate(windows.lengths(call)):
        stride, dilation = windows.stride[place], windows.dilation[place]
        before: list[int | None] = [None] * (place + 2)
        found: Symbol | None = None
        for number in range(windows.kernel[place]):
            first = number * dilation
            last = first + (count - 1) * stride + 1
            part = sym.slice(x, begin=(*before, first), end=(*before, last), step=(*(1 for _ in before), stride))
            found = part if found is None else function(found, part)
        assert found is not None
        x = found
    return x


def _patches(call: Call, windows: _Windows, x: Symbol) -> Symbol:
    """Return the elements of every window: (N, C, elements of a window, windows)."""
    if len(windows.kernel) > 2:
        call.refuse("gives indices of windows over 3 axes")
    flat = len(windows.kernel) == 1
    x = sym.expand_dims(x, axis=2) if flat else x
    one = [1] if flat else []
    columns = sym.im2col(
        x, kernel=one + windows.kernel, stride=one + windows.stride, dilate=one + windows.dilation, pad=(0, 0)
    )
    return sym.reshape(columns, shape=(0, -4, -1, int(np.prod(windows.kernel)), 0))


def _with_indices(call: Call, windows: _Windows) -> list[Symbol]:
    """Return the largest elements and where they stood in the whole tensor, counted along all axes."""
    shape = call.static()
    if call.attribute("storage_order", 0) and len(shape) != 4:
        call.refuse("counts indices by columns in other than images")
    spatial = np.arange(int(np.prod(shape[2:]))).reshape(shape[2:])
    if call.attribute("storage_order", 0):
        spatial = np.arange(spatial.size).reshape(shape[2:][::-1]).T
    explicit = [(0, 0), (0, 0), *_explicit(call, windows)]
    places = call.literal(spatial.reshape(1, 1, *shape[2:]).astype(np.float64))
    values = padded(sym.Cast(call[0], dtype="float64"), explicit, -1e300)
    patches = [_patches(call, windows, x) for x in (values, padded(places, explicit, -1.0))]
    best = sym.argmax(patches[0], axis=2, keepdims=True)
    index = sym.pick(sym.broadcast_like(patches[1], patches[0]), best, axis=2, keepdims=True)
    block = int(np.prod(shape[2:]))
    offsets = call.literal(
        (np.arange(shape[0] * shape[1]) * block).reshape(shape[0], shape[1], 1, 1).astype(np.float64)
    )
    out = (0, 0, *(count for count, _ in windows.lengths(call)))
    largest = sym.Cast(sym.reshape(sym.max(patches[0], axis=2), shape=out), dtype=call.dtype())
    places = sym.reshape(sym.squeeze(sym.broadcast_add(index, offsets), axis=2), shape=out)
    return [largest, sym.Cast(places, dtype="int64")]


@reads("AveragePool")
def average_pool(call: Call) -> Symbol:
    """Read the mean of each window; padding counts if ``count_include_pad`` says so."""
    windows = _Windows(call)
    include = bool(call.attribute("count_include_pad", 0))
    full = windows.ceil and windows.is_symmetric and not windows.is_dilated and windows.full_is_same(call)
    if windows.is_symmetric and not windows.is_dilated and (full or not windows.ceil):
        return sym.Pooling(
            call[0], kernel=windows.kernel, stride=windows.stride, pad=windows.before, pool_type="avg",
            count_include_pad=include, pooling_convention="full" if full else "valid",
        )  # fmt: skip
    if not windows.ceil and (include or not any(map(any, windows.pads))) and not windows.is_dilated:
        x = padded(call[0], [(0, 0), (0, 0), *windows.pads], 0.0)
        return sym.Pooling(x, kernel=windows.kernel, stride=windows.stride, pool_type="avg", count_include_pad=True)
    explicit = [(0, 0), (0, 0), *_explicit(call, windows)]
    total = _summed(call, windows, padded(call[0], explicit, 0.0))
    counted = [(before if include else 0, after if include else 0) for before, after in windows.pads]
    ones = np.ones([call.length(axis + 2) + sum(counted[axis]) for axis in range(len(counted))], np.float32)
    rest = [(a - c, b - d) for (a, b), (c, d) in zip(explicit[2:], counted)]
    weights = np.pad(ones, [(max(0, a), max(0, b)) for a, b in rest])
    weights = weights[tuple(slice(max(0, -a), n - max(0, -b)) for (a, b), n in zip(rest, weights.shape))]
    count = _window_sums(weights, windows)[None, None]
    return sym.broadcast_div(total, call.literal(count.astype(call.dtype())))


def _summed(call: Call, windows: _Windows, x: Symbol) -> Symbol:
    if windows.is_dilated:
        return _by_axis(call, windows, x, sym.elemwise_add)
    return sym.Pooling(x, kernel=windows.kernel, stride=windows.stride, pool_type="sum")


def _window_sums(array: np.ndarray, windows: _Windows) -> np.ndarray:
    """Return the sum of each window of an array over its axes."""
    for axis in range(array.ndim):
        count = (array.shape[axis] - windows.spans[axis]) // windows.stride[axis] + 1
        starts = np.arange(count) * windows.stride[axis]
        steps = np.arange(windows.kernel[axis]) * windows.dilation[axis]
        array = np.take(array, starts[:, None] + steps, axis=axis).sum(axis + 1)
    return array


@reads("LpPool")
def norm_pool(call: Call) -> Symbol:
    """Read the p-norm of each window."""
    windows = _Windows(call)
    power = int(call.attribute("p", 2))
    x = padded(call[0], [(0, 0), (0, 0), *_explicit(call, windows)], 0.0)
    return _summed(call, windows, sym.abs(x) ** power) ** (1 / power)


@reads("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(call: Call) -> Symbol:
    """Read the mean, the largest element or the norm over all axes but the first two."""
    rank = call.rank()
    axes = tuple(range(2, rank))
    if call.operator == "GlobalLpPool":
        power = call.attribute("p", 2)
        return sym.sum(sym.abs(call[0]) ** power, axis=axes, keepdims=True) ** (1 / power)
    if rank not in (3, 4, 5):
        function = sym.max if call.operator == "GlobalMaxPool" else sym.mean
        return function(call[0], axis=axes, keepdims=True)
    kind = "max" if call.operator == "GlobalMaxPool" else "avg"
    return sym.Pooling(call[0], kernel=(1,) * (rank - 2), global_pool=True, pool_type=kind)


@reads("MaxUnpool")
def max_unpool(call: Call) -> Symbol:
    """Read the inverse of max pooling: values go back to where they stood, the rest is 0."""
    kernel = call.attribute("kernel_shape")
    stride = call.attribute("strides", None) or [1] * len(kernel)
    pads: Sequence[int] = call.attribute("pads", [0] * 2 * len(kernel))
    lead = call.static()[:2]
    smallest = [
        (length - 1) * stride[axis] - pads[axis] - pads[axis + len(kernel)] + kernel[axis]
        for axis, length in enumerate(call.static()[2:])
    ]
    shape = tuple(call.lengths(2)[0]) if call.has(2) else (*lead, *smallest)
    flat = sym.reshape(call[1], shape=(1, -1))
    if shape[2:] != tuple(smallest):  # indices count in the smallest output
        places = sym.unravel_index(sym.reshape(call[1], shape=(-1,)), shape=(*lead, *smallest))
        return sym.scatter_nd(sym.reshape(call[0], shape=(-1,)), places, shape=shape)
    found = sym.scatter_nd(sym.reshape(call[0], shape=(-1,)), flat, shape=(int(np.prod(shape)),))
    return sym.reshape(found, shape=shape)


@reads("MaxRoiPool")
def region_pool(call: Call) -> Symbol:
    """Read max pooling of regions."""
    return sym.ROIPooling(
        call[0], call[1], pooled_size=call.attribute("pooled_shape"), spatial_scale=call.attribute("spatial_scale", 1.0)
    )
