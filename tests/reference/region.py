"""References for mxnet/_ops/region.py."""

from __future__ import annotations

import itertools
import math

import numpy as np

from . import Sample, bad, integers, normal, reference, sample, uniform

OUTSIDE = "1.9.1 reads other memory, or leaves the output as it was, when there is no such image"
ABORTS = "1.9.1 ends the process when a box has no area"

DATA = normal(2, 2, 6, 5)
#: usual, halves to round, without a pixel's area, reversed, partly outside, around everything, outside
BOXES = np.array(
    [[0, 0, 0, 3, 3], [1, 0.5, 1.5, 3.4, 4.5], [1, 1.25, 1.25, 1.5, 1.5], [0, 4, 4, 2, 2], [0, -2, 3, 2, 9],
     [1, -3, -2, 9, 8], [0, 10, 10, 12, 12]],
    "float32",
)  # fmt: skip
#: An image is found by the whole part of its number.
NUMBERS = np.array([[-0.5, 0, 0, 3, 3], [0.9, 0, 1, 3, 4], [1.9, 1, 1, 3, 3]], "float32")
STRANGERS = np.array([[-1, 0, 0, 3, 3], [2, 0, 0, 3, 3], [1, 1, 0, 3, 3]], "float32")
SPECIAL = np.array([np.nan, -np.inf, np.inf, 1, -1] * 6, "float32").reshape(1, 1, 6, 5)
SPECIAL[:, :, 3:] = [np.nan, -np.inf, -np.inf, -1, -2]


def scaled(boxes, factor, dtype="float32"):
    """Boxes with their coordinates multiplied."""
    return (boxes * np.array([1, factor, factor, factor, factor])).astype(dtype)


def many_boxes(count: int, images: int, height: int, width: int) -> np.ndarray:
    """Boxes of many sizes within an image of this size, for benchmarks."""
    size = np.exp(uniform(count, 2, low=math.log(2.0), high=math.log(min(height, width)), dtype="float64"))
    corner = uniform(count, 2, seed=1) * (np.array([width, height]) - size)
    image = integers(count, 1, high=images)
    return np.concatenate([image, corner, corner + size], 1).astype("float32")


def _benchmark(channels: int, **attributes: object) -> Sample:
    boxes = many_boxes(128, 1, 608, 800)
    return sample(normal(1, channels, 38, 50), boxes, spatial_scale=1 / 16, **attributes)


def rounded(value):
    """To the next integer, halves away from zero."""
    return np.sign(value) * np.floor(np.abs(np.float64(value)) + 0.5)


def bilinear(image, y, x):
    """The value of an image (C, H, W) between its pixels; beyond the outermost ones it stays as it is there."""
    height, width = image.shape[1:]
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = math.floor(y), math.floor(x)
    bottom, right = math.ceil(y), math.ceil(x)
    upper = (1 - x + left) * image[:, top, left] + (x - left) * image[:, top, right]
    lower = (1 - x + left) * image[:, bottom, left] + (x - left) * image[:, bottom, right]
    return (1 - y + top) * upper + (y - top) * lower


@reference(
    "ROIPooling",
    samples=[
        sample(DATA, BOXES, pooled_size=(2, 2), spatial_scale=1),
        sample(DATA, scaled(BOXES, 2), pooled_size="(3, 4)", spatial_scale="0.5"),
        sample(DATA, NUMBERS, pooled_size=(2, 3), spatial_scale=1),
        sample(DATA, STRANGERS, pooled_size=(2, 1), spatial_scale=1),
        sample(DATA.astype("float64"), scaled(BOXES, 3, "float64"), pooled_size=(2, 3), spatial_scale=0.3),
        sample(DATA.astype("float16"), BOXES.astype("float16"), pooled_size=(3, 2), spatial_scale=0.75),
        sample(DATA, BOXES, pooled_size=(7, 7), spatial_scale=1),
        sample(DATA, BOXES, pooled_size=(1, 1), spatial_scale=0),
        sample(integers(2, 1, 6, 5, high=2, dtype="float32"), BOXES, pooled_size=(2, 2), spatial_scale=1,
               differentiable=False),
        sample(integers(2, 1, 6, 5, low=-1, high=1, dtype="float64"), BOXES.astype("float64"), pooled_size=(2, 2),
               spatial_scale=1, differentiable=False),
        sample(SPECIAL, BOXES[[0, 3]], pooled_size=(2, 2), spatial_scale=1, differentiable=False),
        sample(SPECIAL[:, :, 3:], np.array([[0, 0, 0, 2, 2]], "float32"), pooled_size=(3, 3), spatial_scale=1,
               differentiable=False),
        sample(normal(1, 1, 1, 1), np.zeros((1, 5), "float32"), pooled_size=(1, 1), spatial_scale=1),
        sample(DATA, np.zeros((0, 5), "float32"), pooled_size=(2, 2), spatial_scale=1),
    ],
    bad=[
        bad(DATA, BOXES, pooled_size=(0, 2), spatial_scale=1, match=r"pooled_size is \(0, 2\); expected"),
        bad(DATA, BOXES, pooled_size=(2,), spatial_scale=1, match=r"pooled_size is \(2,\)"),
        bad(DATA, BOXES, pooled_size=(2, 2), spatial_scale=2, match="float from 0.0 to 1.0"),
        bad(DATA, BOXES[:, :4], pooled_size=(2, 2), spatial_scale=1, match=r"rois has shape \(7, 4\); expected"),
        bad(DATA[0], BOXES, pooled_size=(2, 2), spatial_scale=1, match="data has shape .* expected four axes"),
        bad(DATA, BOXES.astype("float64"), pooled_size=(2, 2), spatial_scale=1, match="rois is float64; expected"),
        bad(integers(1, 1, 4, 4), BOXES, pooled_size=(2, 2), spatial_scale=1, match="data is int32; expected"),
        bad(DATA, BOXES, pooled_size=(2, 2), match="required attribute 'spatial_scale'"),
    ],
    benchmark=lambda: _benchmark(256, pooled_size=(7, 7)),
    constant=("rois",),
)  # fmt: skip
def roi_pooling(data, rois, *, pooled_size, spatial_scale):
    kind = data.dtype.type
    out = np.zeros((len(rois), data.shape[1], *pooled_size))
    for r, (image, *box) in enumerate(rois):
        if not 0 <= int(image) < len(data):
            continue
        low, high = np.array([rounded(kind(x * np.float32(spatial_scale))) for x in box]).reshape(2, 2)[:, ::-1]
        size = np.maximum(high - low + 1, 1).astype(kind) / np.array(pooled_size, kind)
        for bin in np.ndindex(*pooled_size):
            begin, end = np.floor(kind(bin) * size) + low, np.ceil((kind(bin) + kind(1)) * size) + low
            begin, end = (np.clip(edge, 0, data.shape[2:]).astype(int) for edge in (begin, end))
            pixels = data[int(image), :, begin[0] : end[0], begin[1] : end[1]].reshape(data.shape[1], -1)
            if pixels.size:
                out[(r, slice(None), *bin)] = np.fmax(np.fmax.reduce(pixels, 1), np.finfo(kind).min)
    return out


@reference(
    "_contrib_ROIAlign",
    samples=[
        sample(DATA, BOXES, pooled_size=(2, 2), spatial_scale=1),
        sample(DATA, BOXES, pooled_size=(2, 3), spatial_scale="0.75", sample_ratio="2"),
        sample(DATA, BOXES, pooled_size=(3, 1), spatial_scale=1, sample_ratio=0),
        sample(DATA, BOXES[[0, 1, 2, 4, 5, 6]], pooled_size=(2, 2), spatial_scale=1, aligned=True),
        sample(DATA, BOXES[[0, 1, 2, 4, 5, 6]], pooled_size=(2, 3), spatial_scale=0.5, aligned=True, sample_ratio=3),
        sample(DATA, BOXES[[3]], pooled_size=(2, 2), spatial_scale=1, aligned=True, golden=False, why=ABORTS),
        sample(DATA, BOXES[[3]], pooled_size=(2, 2), spatial_scale=1, aligned=True, sample_ratio=2, golden=False,
               why=ABORTS),
        sample(normal(1, 12, 3, 3), BOXES[[0, 3, 4, 5]] * np.float32([0, 1, 1, 1, 1]), pooled_size=(2, 3),
               spatial_scale=1, position_sensitive=True),
        sample(normal(1, 4, 3, 3), BOXES[[0, 3, 4, 5]] * np.float32([0, 1, 1, 1, 1]), pooled_size=(2, 2),
               spatial_scale=1, position_sensitive="True", sample_ratio=2),
        sample(DATA, NUMBERS, pooled_size=(2, 2), spatial_scale=1),
        sample(DATA, STRANGERS, pooled_size=(2, 2), spatial_scale=1, sample_ratio=1, golden=False, why=OUTSIDE),
        sample(DATA, STRANGERS, pooled_size=(2, 2), spatial_scale=1, golden=False, why=OUTSIDE),
        sample(DATA, np.array([[1, -40, -1, 40, 9]], "float32"), pooled_size=(2, 2), spatial_scale=1),
        sample(DATA.astype("float64"), scaled(BOXES, 3, "float64"), pooled_size=(2, 3), spatial_scale=0.3),
        sample(DATA.astype("float64"), BOXES.astype("float64"), pooled_size=(1, 2), spatial_scale=0.3, sample_ratio=1),
        sample(DATA.astype("float16"), BOXES[[0, 3, 4]].astype("float16"), pooled_size=(2, 2), spatial_scale=0.5),
        sample(normal(1, 1, 1, 1), np.zeros((1, 5), "float32"), pooled_size=(1, 1), spatial_scale=1),
        sample(DATA, np.zeros((0, 5), "float32"), pooled_size=(2, 2), spatial_scale=1),
    ],
    bad=[
        bad(DATA, BOXES, pooled_size=(2, 2), spatial_scale=1, position_sensitive=True,
            match="data has 2 channels, .* expected a multiple of 4"),
        bad(DATA, BOXES, pooled_size=(2, 0), spatial_scale=1, match=r"pooled_size is \(2, 0\)"),
        bad(DATA, BOXES, pooled_size=(2, 2), spatial_scale=-1, match="float from 0.0 to 1.0"),
        bad(DATA, normal(3, 6), pooled_size=(2, 2), spatial_scale=1, match=r"rois has shape \(3, 6\); expected"),
        bad(DATA, BOXES.astype("float16"), pooled_size=(2, 2), spatial_scale=1, match="rois is float16"),
    ],
    benchmark=lambda: _benchmark(256, pooled_size=(7, 7), sample_ratio=2),
    constant=("rois",),
)  # fmt: skip
def roi_align(
    data, rois, *, pooled_size, spatial_scale, sample_ratio=-1, position_sensitive=False, aligned=False
):  # fmt: skip
    maps = data.astype("float64")[:, :, None, None] + np.zeros((*pooled_size, 1, 1))
    if position_sensitive:
        maps = data.astype("float64").reshape(len(data), -1, *pooled_size, *data.shape[2:])
    out = np.zeros((len(rois), maps.shape[1], *pooled_size))
    for r, (image, *box) in enumerate(rois.astype("float64")):
        left, top, right, bottom = np.array(box) * np.float64(np.float32(spatial_scale)) - 0.5 * aligned
        size = np.array([bottom - top, right - left])
        if not aligned:
            size = np.maximum(size, 1)
        if not 0 <= int(image) < len(data) or min(size) <= 0:
            continue
        step = size / pooled_size
        count = [sample_ratio] * 2 if sample_ratio > 0 else np.ceil(step).astype(int)
        for bin in np.ndindex(*pooled_size):
            for number in np.ndindex(*count):
                y, x = (top, left) + step * (bin + (np.array(number) + 0.5) / count)
                if -1 <= y <= data.shape[2] and -1 <= x <= data.shape[3]:
                    value = bilinear(maps[(int(image), slice(None), *bin)], y, x)
                    out[(r, slice(None), *bin)] += value / np.prod(count)
    return out


def _turned(boxes, angle):
    """Boxes with corners as boxes with centres and angles."""
    low, high = boxes[:, 1:3], boxes[:, 3:]
    angles = np.full((len(boxes), 1), angle)
    return np.concatenate([boxes[:, :1], (low + high) / 2, high - low, angles], 1).astype(boxes.dtype)


@reference(
    "_contrib_RROIAlign",
    samples=[
        sample(DATA, _turned(BOXES, 0), pooled_size=(2, 2), spatial_scale=1),
        sample(DATA, _turned(BOXES, 30), pooled_size=(2, 3), spatial_scale="0.75"),
        sample(DATA, _turned(BOXES, -100), pooled_size=(3, 1), spatial_scale=1, sampling_ratio=2),
        sample(DATA, _turned(BOXES, 400), pooled_size=(2, 2), spatial_scale=1, sampling_ratio="1"),
        sample(DATA, _turned(NUMBERS, 20), pooled_size=(1, 2), spatial_scale=1),
        sample(DATA, _turned(STRANGERS, 20), pooled_size=(1, 2), spatial_scale=1, golden=False, why=OUTSIDE),
        sample(DATA, _turned(STRANGERS, 20), pooled_size=(1, 2), spatial_scale=1, sampling_ratio=2, golden=False,
               why=OUTSIDE),
        sample(DATA.astype("float64"), _turned(scaled(BOXES, 2, "float64"), 70), pooled_size=(2, 2), spatial_scale=0.3),
        sample(DATA.astype("float16"), _turned(BOXES[[0, 3, 4]].astype("float16"), 0), pooled_size=(2, 2),
               spatial_scale=0.5),
        sample(normal(1, 1, 1, 1), np.zeros((1, 6), "float32"), pooled_size=(1, 1), spatial_scale=1),
        sample(DATA, np.zeros((0, 6), "float32"), pooled_size=(2, 2), spatial_scale=1),
    ],
    bad=[
        bad(DATA, BOXES, pooled_size=(2, 2), spatial_scale=1, match=r"rois has shape \(7, 5\); expected \(R, 6\)"),
        bad(DATA, normal(2, 6), pooled_size=(2, 2, 2), spatial_scale=1, match=r"pooled_size is \(2, 2, 2\)"),
    ],
    benchmark=lambda: sample(normal(1, 256, 38, 50), _turned(many_boxes(128, 1, 608, 800), 30), pooled_size=(7, 7),
                             spatial_scale=1 / 16),
    constant=("rois",),
)  # fmt: skip
def rroi_align(data, rois, *, pooled_size, spatial_scale, sampling_ratio=-1):
    out = np.zeros((len(rois), data.shape[1], *pooled_size))
    for r, (image, *box, angle) in enumerate(rois.astype("float64")):
        if not 0 <= int(image) < len(data):
            continue
        x, y, width, height = np.array(box) * np.float64(np.float32(spatial_scale))
        size = np.maximum([height, width], 1)
        step = size / pooled_size
        count = [sampling_ratio] * 2 if sampling_ratio > 0 else np.ceil(step).astype(int)
        turn = np.exp(1j * np.deg2rad(angle))  # rotates v + u * i, the place from the centre
        for bin in np.ndindex(*pooled_size):
            for number in np.ndindex(*count):
                v, u = step * (bin + (np.array(number) + 0.5) / count) - size / 2
                place = complex(v, u) * turn
                row, column = y + place.real, x + place.imag
                if -1 <= row <= data.shape[2] and -1 <= column <= data.shape[3]:
                    value = bilinear(data[int(image)].astype("float64"), row, column)
                    out[(r, slice(None), *bin)] += value / np.prod(count)
    return out


SCORES = normal(2, 8, 4, 3)


@reference(
    "_contrib_PSROIPooling",
    samples=[
        sample(SCORES, BOXES, spatial_scale=1, output_dim=2, pooled_size=2),
        sample(SCORES, BOXES, spatial_scale="0.5", output_dim="8", pooled_size="3", group_size="1"),
        sample(SCORES, BOXES, spatial_scale=0.75, output_dim=2, pooled_size=3, group_size=2),
        sample(normal(2, 9, 4, 3), BOXES, spatial_scale=1, output_dim=1, pooled_size=2, group_size=3),
        sample(SCORES, BOXES, spatial_scale=1, output_dim=1, pooled_size=2),  # four channels are not read
        sample(SCORES, BOXES, spatial_scale=0, output_dim=2, pooled_size=1, group_size=2),
        sample(SCORES, NUMBERS, spatial_scale=1, output_dim=2, pooled_size=2),
        sample(SCORES, STRANGERS, spatial_scale=1, output_dim=2, pooled_size=2, golden=False, why=OUTSIDE),
        sample(SCORES.astype("float64"), BOXES.astype("float64"), spatial_scale=0.3, output_dim=2, pooled_size=2),
        sample(SCORES.astype("float16"), BOXES.astype("float16"), spatial_scale=0.3, output_dim=2, pooled_size=2),
        sample(normal(1, 1, 1, 1), np.zeros((1, 5), "float32"), spatial_scale=1, output_dim=1, pooled_size=1),
        sample(SCORES, np.zeros((0, 5), "float32"), spatial_scale=1, output_dim=2, pooled_size=2),
    ],
    bad=[
        bad(SCORES, BOXES, spatial_scale=1, output_dim=3, pooled_size=2,
            match=r"data has shape \(2, 8, 4, 3\); expected at least 12 channels for output_dim=3 and groups of 2 x 2"),
        bad(SCORES, BOXES, spatial_scale=1, output_dim=2, pooled_size=0, match="at least 1, got 0"),
        bad(SCORES, BOXES, spatial_scale=1, output_dim=2, pooled_size=2, group_size=-1, match="at least 0, got -1"),
        bad(SCORES, BOXES.astype("float64"), spatial_scale=1, output_dim=2, pooled_size=2, match="rois is float64"),
    ],
    benchmark=lambda: _benchmark(21 * 49, output_dim=21, pooled_size=7),
    constant=("rois",),
)  # fmt: skip
def psroi_pooling(data, rois, *, spatial_scale, output_dim, pooled_size, group_size=0):
    kind, groups = data.dtype.type, group_size or pooled_size
    scale, size = kind(np.float32(spatial_scale)), kind(pooled_size)
    maps = data[:, : output_dim * groups**2].astype("float64").reshape(len(data), output_dim, groups, groups, -1)
    maps = maps.reshape(*maps.shape[:4], *data.shape[2:])
    out = np.zeros((len(rois), output_dim, pooled_size, pooled_size))
    for r, (image, *box) in enumerate(rois):
        if not 0 <= int(image) < len(data):
            continue
        corner = np.array([rounded(x) for x in box]).astype(kind).reshape(2, 2)[:, ::-1]
        low, high = corner[0] * scale, (corner[1] + kind(1)) * scale
        step = np.maximum(high - low, kind(0.1)) / size
        for p, q in itertools.product(range(pooled_size), repeat=2):
            begin = np.floor(np.array([p, q], kind) * step + low)
            end = np.ceil(np.array([p + 1, q + 1], kind) * step + low)
            begin, end = (np.clip(edge, 0, data.shape[2:]).astype(int) for edge in (begin, end))
            scores = maps[int(image), :, p * groups // pooled_size, q * groups // pooled_size]
            pixels = scores[:, begin[0] : end[0], begin[1] : end[1]].reshape(output_dim, -1)
            if pixels.size:
                out[r, :, p, q] = pixels.mean(1)
    return out
