"""References for mxnet/_ops/image_resize.py: pixel by pixel, in float64.

Samples of bytes have sizes whose weights are short binary fractions: OpenCV rounds weights, and results would be off by
one. For the same reason float64, for which 1.9.1 has weights in float32.
"""

from __future__ import annotations

import math

import numpy as np

from . import bad, normal, reference, sample
from .image import photo

WEIGHTS = "1.9.1 has weights in float32"
BEYOND = "1.9.1 takes the pixels for ones of another size"
REFUSED = "OpenCV, and with it 1.9.1, does not do this"


def kernel(x, interp):
    x = abs(x)
    if interp == 2:
        if x <= 1:
            return 1.25 * x**3 - 2.25 * x**2 + 1
        return -0.75 * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0
    if interp == 4:
        return 1.0 if x == 0 else 4 * math.sin(math.pi * x) * math.sin(math.pi * x / 4) / (math.pi * x) ** 2
    return max(0.0, 1 - x)


def along(size, wanted, interp, shrinks):
    """The matrix (wanted, size) of weights along one axis."""
    out = np.zeros((wanted, size))
    for new in range(wanted):
        start, end = new * size / wanted, (new + 1) * size / wanted
        if interp == 0:
            out[new, min(int(start), size - 1)] = 1
        elif interp == 3 and shrinks:
            for old in range(size):
                out[new, old] = max(0.0, min(end, old + 1) - max(start, old)) * wanted / size
        elif interp == 3:  # the new pixel's end tells how far it reaches into the next old one
            low = int(start)
            part = max(0.0, (new + 1) - (low + 1) * wanted / size)
            out[new, low] += 1 - part % 1
            out[new, min(low + 1, size - 1)] += part % 1
        else:
            reach = {2: 2, 4: 4}.get(interp, 1)
            centre = (start + end - 1) / 2
            olds = range(math.floor(centre) + 1 - reach, math.floor(centre) + reach + 1)
            weights = [kernel(centre - old, interp) for old in olds]
            for old, weight in zip(olds, weights):
                out[new, min(max(old, 0), size - 1)] += weight / sum(weights)
    return out


def resized(data, height, width, interp):
    rows, columns = data.shape[-3:-1]
    shrinks = height <= rows and width <= columns
    out = np.einsum(
        "yh,xw,...hwc->...yxc",
        along(rows, height, interp, shrinks),
        along(columns, width, interp, shrinks),
        data.astype("float64"),
    )
    return np.clip(np.floor(out + 0.5), 0, 255) if data.dtype == np.uint8 else out


def bright(*shape, dtype="float32", seed=0):
    """Pixels far from 0: errors are relative to the whole image."""
    return photo(*shape, dtype=dtype, low=100, high=200, seed=seed)


@reference(
    "_image_resize",
    samples=[
        *[sample(bright(4, 6, 3), size=(3, 3), interp=interp) for interp in range(6)],
        *[sample(bright(4, 5, 2), size=(9, 7), interp=interp) for interp in range(6)],
        *[sample(photo(4, 8, 3), size=(4, 2), interp=interp) for interp in (0, 1, 2, 3, 5)],
        *[sample(photo(3, 2, 1), size=(4, 3), interp=interp) for interp in (0, 1, 2, 5)],
        sample(photo(4, 4, 4), size=2),
        sample(photo(2, 4, 6, 3), size=(3, 2)),
        sample(bright(2, 5, 3, 3), size=4, interp=2),
        sample(bright(4, 6, 3), size=3, keep_ratio=True),
        sample(bright(7, 4, 3), size=(3,), keep_ratio=True),
        sample(bright(5, 5, 1), size=3, keep_ratio=True),
        sample(bright(4, 7, 3), size=(3, 2), keep_ratio="True"),
        sample(bright(4, 6, 3), size="(3,)", interp="1"),
        sample(bright(4, 5, 3), size=(3, 7), interp=3),
        sample(bright(1, 1, 3), size=3),
        sample(bright(3, 2, 3), size=(2, 3)),
        sample(bright(2, 2, 3), size=1, interp=3),
        *[sample(bright(2, 4, 3, dtype="float64"), size=(2, 1), interp=interp) for interp in (0, 1, 2, 3)],
        *[
            sample(bright(4, 5, 2, dtype="float64"), size=(3, 7), interp=interp, golden=False, why=WEIGHTS)
            for interp in range(6)
        ],
        sample(photo(4, 5, 3, dtype="int32"), size=3, interp=0),
        sample(photo(4, 5, 3, dtype="int8", low=-128, high=128), size=3, interp=0, golden=False, why=BEYOND),
        sample(photo(4, 5, 3, dtype="int64"), size=3, interp=0, golden=False, why=BEYOND),
        sample(bright(4, 6, 3, dtype="float16"), size=3, golden=False, why=REFUSED),
        sample(bright(4, 6, 3, dtype="float16"), size=7, interp=0, golden=False, why=REFUSED),
        sample(bright(4, 6, 5), size=3, interp=3, golden=False, why=REFUSED),
        sample(bright(0, 4, 6, 3), size=3, golden=False, why="1.9.1 has no arrays without elements"),
    ],
    bad=[
        bad(normal(4, 7), size=3, match=r"data has shape \(4, 7\); expected \(H, W, C\) or \(N, H, W, C\)"),
        bad(normal(4, 7, 3), match=r"size is \(\); expected one positive number, or two"),
        bad(normal(4, 7, 3), size=(3, 2, 1), match=r"size is \(3, 2, 1\)"),
        bad(normal(4, 7, 3), size=(0, 2), match=r"size is \(0, 2\)"),
        bad(normal(4, 7, 3), size=3, interp=9, match="'interp': expected int from 0 to 5, got 9"),
        bad(photo(4, 7, 3, dtype="int32"), size=3, match="data is int32; expected uint8 or floats with interp=1"),
    ],
    benchmark=lambda: sample(photo(16, 375, 500, 3), size=(224, 224)),
)
def resize(data, *, size, keep_ratio=False, interp=1):
    size = (size,) if isinstance(size, int) else size
    height, width = data.shape[-3:-1]
    if len(size) == 2:
        wanted = size[::-1]
    elif keep_ratio:
        wanted = [size[0] * side // min(height, width) for side in (height, width)]
    else:
        wanted = (*size, *size)
    return resized(data, *wanted, interp)


@reference(
    "_cvimresize",
    samples=[
        *[sample(bright(4, 6, 3), w=3, h=5, interp=interp) for interp in range(6)],
        sample(photo(4, 8, 3), w=4, h=2),
        sample(photo(4, 8, 1), w=4, h=2, interp=3),
        sample(photo(4, 4, 5), w=2, h=8, interp=2),
        sample(bright(2, 4, 3, dtype="float64"), w="2", h="1"),
        sample(photo(4, 5, 3, dtype="int32"), w=3, h=3, interp=0),
        sample(bright(1, 1, 1), w=2, h=3),
    ],
    bad=[
        bad(normal(4, 7), w=2, h=3, match=r"src has shape \(4, 7\); expected \(H, W, C\)"),
        bad(normal(1, 4, 7, 3), w=2, h=3, match=r"src has shape \(1, 4, 7, 3\)"),
        bad(normal(4, 7, 3), w=0, h=3, match="'w': expected int of at least 1, got 0"),
        bad(normal(4, 7, 3), w=3, h=3, interp=10, match="'interp': expected int from 0 to 5, got 10"),
        bad(photo(4, 7, 3, dtype="int8", high=99), w=3, h=3, match="data is int8; expected uint8 or floats"),
    ],
    benchmark=lambda: sample(photo(1080, 1920, 3), w=480, h=270, interp=3),
)
def imresize(src, *, w, h, interp=1):
    return resized(src, h, w, interp)
