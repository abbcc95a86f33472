"""Resizing and sampling at places.

Every kind of Resize is separable: along each axis an output is a sum of inputs with weights that depend on the lengths
only. So it is a selection (nearest) or a product with a matrix, unless MXNet has an operator for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .lengths import image_of
from .registry import reads
from .unary import to_even


@dataclass
class _Rule:
    """How places and weights are computed."""

    mode: str = "nearest"
    place: str = "half_pixel"
    nearest: str = "round_prefer_floor"
    cubic: float = -0.75
    outside: float | None = None  # value beyond the ends, for tf_crop_and_resize
    exclude: bool = False
    smooth: bool = False  # antialias

    def places(self, length: int, count: int, scale: float, region: tuple[float, float]) -> np.ndarray:
        """Return where in the input each output lies."""
        x = np.arange(count, dtype=np.float64)
        if self.place == "asymmetric":
            return x / scale
        if self.place == "align_corners":
            return x * (length - 1) / (count - 1) if count > 1 else np.zeros(count)
        if self.place == "pytorch_half_pixel" and count <= 1:
            return np.zeros(count)
        if self.place == "tf_half_pixel_for_nn":
            return (x + 0.5) / scale
        if self.place == "tf_crop_and_resize":
            start, end = region
            if count == 1:
                return np.array([0.5 * (start + end) * (length - 1)])
            return start * (length - 1) + x * (end - start) * (length - 1) / (count - 1)
        found = (x + 0.5) / scale - 0.5
        if self.place == "half_pixel_symmetric":
            found += length / 2 * (1 - count / (scale * length))
        return found

    def selected(self, places: np.ndarray, length: int) -> np.ndarray:
        """Return the index that is nearest to each place."""
        index = {
            "floor": np.floor, "ceil": np.ceil, "round_prefer_ceil": lambda x: np.floor(x + 0.5),
            "round_prefer_floor": lambda x: np.ceil(x - 0.5),
        }[self.nearest](places)  # fmt: skip
        return np.clip(index, 0, length - 1).astype(np.int64)

    def weights(self, places: np.ndarray, length: int, scale: float) -> np.ndarray:
        """Return the matrix (length, outputs) of linear or cubic interpolation."""
        scale = min(scale, 1.0) if self.smooth else 1.0
        reach = 1 if self.mode == "linear" else 2
        found = np.zeros((length, len(places)))
        for column, place in enumerate(places):
            first = math.floor(place)
            span = math.ceil(reach / scale) + 1
            index = np.arange(first - span, first + span + 2)
            near = self._kernel(np.abs(index - place) * scale)
            if self.exclude:
                near[(index < 0) | (index >= length)] = 0
            total = near.sum()
            np.add.at(found[:, column], np.clip(index, 0, length - 1), near / (total if total else 1))
        return found

    def _kernel(self, distance: np.ndarray) -> np.ndarray:
        if self.mode == "linear":
            return np.maximum(0, 1 - distance)
        a = self.cubic  # Keys, Cubic convolution interpolation for digital image processing (1981)
        inner = (a + 2) * distance**3 - (a + 3) * distance**2 + 1
        outer = a * distance**3 - 5 * a * distance**2 + 8 * a * distance - 4 * a
        return np.where(distance <= 1, inner, np.where(distance < 2, outer, 0.0))


@reads("Resize", "Upsample")
def resize(call: Call) -> Symbol:
    """Read a change of lengths by interpolation."""
    rule = _rule(call)
    rank = call.rank()
    axes = list(call.axes(call.attribute("axes", list(range(rank)))))
    worlds = call.worlds()
    scales, sizes = _wanted(call, axes, worlds)
    region = (
        [float(n) for n in call.constant(1)] if call.operator == "Resize" and call.opset > 10 and call.has(1) else []
    )
    touched = [k for k, axis in enumerate(axes) if any(size[k] != shape[axis] for size, shape in zip(sizes, worlds))]
    if rule.place == "tf_crop_and_resize":
        touched = list(range(len(axes)))
    direct = _operator(call, rule, [axes[k] for k in touched], [[w[k] for w in scales] for k in touched],
                       [[w[k] for w in sizes] for k in touched])  # fmt: skip
    if direct is not None:
        return direct
    found = call[0]
    inside = np.ones((1,) * rank, bool)
    for k in touched:
        axis = axes[k]
        length, count = call.length(axis), sizes[0][k]
        if any(size[k] != count for size in sizes):
            call.refuse("resizes to an open length in a way that MXNet has no operator for")
        ends = (region[k], region[k + len(axes)]) if region else (0.0, 1.0)
        places = rule.places(length, count, scales[0][k], ends)
        if rule.outside is not None:
            within = (places >= 0) & (places <= length - 1)
            inside = inside & within.reshape([-1 if a == axis else 1 for a in range(rank)])
        found = _along(call, rule, found, axis, rank, length, scales[0][k], places)
    if rule.outside is not None and not inside.all():
        mask = sym.broadcast_like(call.literal(inside), found)
        found = sym.where(mask, found, sym.zeros_like(found) + rule.outside)
    return found if touched else sym.identity(found)


def _along(
    call: Call, rule: _Rule, x: Symbol, axis: int, rank: int, length: int, scale: float, places: np.ndarray
) -> Symbol:
    """Return `x` resized along one axis."""
    if rule.mode == "nearest":
        index = rule.selected(places, length)
        times = len(index) // length if length else 0
        if times and np.array_equal(index, np.repeat(np.arange(length), times)):
            return sym.repeat(x, repeats=times, axis=axis)
        return sym.take(x, call.literal(index), axis=axis)
    matrix = call.literal(rule.weights(places, length, scale).astype(np.dtype(call.dtype())))
    if axis == rank - 1:
        return sym.dot(x, matrix)
    return sym.swapaxes(sym.dot(sym.swapaxes(x, dim1=axis, dim2=rank - 1), matrix), dim1=axis, dim2=rank - 1)


def _rule(call: Call) -> _Rule:
    mode = {"bilinear": "linear", "trilinear": "linear"}.get(call.text("mode", "nearest"), call.text("mode", "nearest"))
    if mode not in ("nearest", "linear", "cubic"):
        call.refuse(f"resizes in mode {mode!r}")
    if call.operator == "Upsample" or call.opset < 11:
        return _Rule(mode, "asymmetric", "floor")
    place = call.text("coordinate_transformation_mode", "half_pixel")
    outside = call.attribute("extrapolation_value", 0.0) if place == "tf_crop_and_resize" else None
    return _Rule(
        mode, place, call.text("nearest_mode", "round_prefer_floor"), call.attribute("cubic_coeff_a", -0.75), outside,
        bool(call.attribute("exclude_outside", 0)), bool(call.attribute("antialias", 0)),
    )  # fmt: skip


def _wanted(
    call: Call, axes: list[int], worlds: tuple[tuple[int, ...], ...]
) -> tuple[list[list[float]], list[list[int]]]:
    """Return scales and lengths of the axes, in each world."""
    number = 1 if call.operator == "Upsample" or call.opset == 10 else 2
    given = call.attribute("scales", None)
    if given is None and call.has(number) and (call.value(number).shape or (1,))[0] != 0:
        given = [float(n) for n in call.constant(number)]
    if given is not None:
        lengths = [[math.floor(shape[axis] * scale) for axis, scale in zip(axes, given)] for shape in worlds]
        return [list(given)] * len(worlds), lengths
    scales: list[list[float]] = []
    lengths = []
    policy = call.text("keep_aspect_ratio_policy", "stretch")
    for shape, sizes in zip(worlds, call.lengths(3)):
        factors = [size / shape[axis] for axis, size in zip(axes, sizes)]
        found = list(sizes)
        if policy != "stretch":
            factor = min(factors) if policy == "not_larger" else max(factors)
            factors = [factor] * len(axes)
            found = [math.floor(factor * shape[axis] + 0.5) for axis in axes]
        scales.append(factors)
        lengths.append(found)
    return scales, lengths


def _operator(
    call: Call, rule: _Rule, axes: list[int], scales: list[list[float]], sizes: list[list[int]]
) -> Symbol | None:
    """Return MXNet's own operator for images, where it computes the same."""
    fixed = all(len(set(scale)) == 1 for scale in scales)
    if call.rank() != 4 or axes != [2, 3] or rule.smooth or rule.exclude or "int" in call.dtype():
        return None
    if rule.mode == "nearest" and fixed and scales[0][0] == scales[1][0] == int(scales[0][0]):
        times = int(scales[0][0])
        for axis in (2, 3):
            length = call.worlds()[0][axis]
            index = rule.selected(rule.places(length, length * times, times, (0.0, 1.0)), length)
            if not np.array_equal(index, np.repeat(np.arange(length), times)):
                return None
        return sym.UpSampling(call[0], scale=times, sample_type="nearest")
    if rule.mode != "linear" or rule.place not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        return None
    corners = rule.place == "align_corners"
    if any(len(set(size)) > 1 for size in sizes):
        like = image_of(call, *(tuple(size) for size in sizes))
        exact = corners or all(
            scale[world] * shape[axis] == size[world]
            for axis, scale, size in zip(axes, scales, sizes)
            for world, shape in enumerate(call.worlds())
        )
        if like is None or not exact:
            return None
        return sym.contrib.BilinearResize2D(call[0], like, mode="like", align_corners=corners)
    height, width = sizes[0][0], sizes[1][0]
    exact = None not in call.shape()[2:] and all(
        abs(scale[0] * call.length(axis) - size[0]) < 1e-6 for axis, scale, size in zip(axes, scales, sizes)
    )
    if not (corners or exact) or 1 in (height, width):
        return None
    return sym.contrib.BilinearResize2D(call[0], height=height, width=width, align_corners=corners)


@reads("GridSample")
def grid_sample(call: Call) -> Symbol:
    """Read sampling of images at places."""
    if call.rank() != 4:
        call.refuse("samples volumes; only images can be")
    mode = call.text("mode", "linear")
    corners = bool(call.attribute("align_corners", 0))
    if mode in ("cubic", "bicubic"):
        call.refuse("samples by cubic interpolation")
    border = call.text("padding_mode", "zeros")
    places: list[Symbol] = []
    for number, axis in ((0, 3), (1, 2)):
        length = call.length(axis)
        at = sym.slice_axis(call[1], axis=3, begin=number, end=number + 1)
        pixel = (at + 1) * ((length - 1) / 2) if corners else ((at + 1) * length - 1) / 2
        if border == "border":
            pixel = sym.clip(pixel, a_min=0, a_max=length - 1)
        elif border == "reflection":
            low, high = (0.0, length - 1.0) if corners else (-0.5, length - 0.5)
            span = max(high - low, 1e-6)
            folded = sym.broadcast_mod(pixel - low, sym.full((1,), 2 * span, dtype=call.dtype(1)))
            pixel = sym.clip(span - sym.abs(folded - span) + low, a_min=0, a_max=length - 1)
        if mode == "nearest":
            pixel = to_even(pixel)
        places.append(pixel * (2 / max(length - 1, 1)) - 1)
    grid = sym.transpose(sym.concat(*places, dim=3), axes=(0, 3, 1, 2))
    return sym.BilinearSampler(call[0], grid)
