"""References for mxnet/_ops/image_color.py: pixel by pixel.

Factors come from an interval of one point, so that results can be told. What is drawn is tested in
``tests/unit/test_images.py``. Integers are cut, so references compute in float32 as the operators do.
"""

from __future__ import annotations

import numpy as np

from . import bad, normal, reference, sample, without_reference
from .image import photo

HALF = "1.9.1 rounds the mean to float16"
WIDE = "1.9.1 computes in float32"
GRADIENT = "1.9.1 passes the head gradient on as it is"
UNWRITTEN = "1.9.1 does not write its output"
BLUE = "1.9.1 takes 0.114 blue for the brightness"


def like(data, result):
    """`result` in the dtype of data, as C casts it; bytes are limited."""
    if data.dtype == np.uint8:
        return np.trunc(np.clip(result, 0, 255))
    return np.trunc(result).astype("int64").astype(data.dtype) if data.dtype.kind == "i" else result


def working(data):
    return data if data.dtype == np.float64 else data.astype("float32")


def grey(pixels):
    if pixels.shape[-1] == 1:
        return pixels
    shares = np.array([0.299, 0.587, 0.114], pixels.dtype)
    return (pixels[..., :1] * shares[0] + pixels[..., 1:2] * shares[1]) + pixels[..., 2:] * shares[2]


def factors(value):
    return {"min_factor": value, "max_factor": value}


def images(why="", half=""):
    """Images of all dtypes for one operator, as (input, options of the sample).

    `why` says why no golden of 1.9.1 is right, `half` why none in float16 is.
    """
    options = {"golden": False, "why": why} if why else {}
    floats = {"golden_gradient": False, "why": GRADIENT, **options}
    return [
        (photo(3, 4, 3), options),
        (photo(3, 4, 3, dtype="int32"), options),
        (photo(2, 4, 3, dtype="int8", low=-128, high=128), options),
        (photo(2, 4, 3, dtype="int64"), options),
        (photo(3, 4, 3, dtype="float32"), floats),
        (photo(2, 3, 3, dtype="float16"), {"golden": False, "why": half} if half else floats),
        (photo(2, 3, 3, dtype="float64"), {"golden": False, "why": WIDE}),
    ]


BAD_IMAGES = [
    (normal(2, 3), r"data has shape \(2, 3\); expected \(H, W, C\)"),
    (normal(1, 2, 3, 3), r"data has shape \(1, 2, 3, 3\); expected \(H, W, C\)"),
    (normal(2, 3, 4), r"data has shape \(2, 3, 4\); expected 1 or 3 channels"),
    (normal(2, 3, 3).astype(bool), "data is bool"),
]
BAD_FACTORS = [
    *[bad(image, match=match, **factors(1)) for image, match in BAD_IMAGES],
    bad(normal(2, 3, 3), min_factor=-0.5, max_factor=1, match=r"min_factor=-0.5; expected a number of at least 0"),
    bad(normal(2, 3, 3), min_factor=0.5, max_factor="nan", match=r"max_factor=nan; expected a number of at least 0"),
    bad(normal(2, 3, 3), min_factor=0.5, match="required attribute 'max_factor'"),
]


@reference(
    "_image_random_brightness",
    samples=[
        *[sample(image, **factors(f), **options) for f in (0.75, 1.5) for image, options in images()],
        sample(photo(2, 2, 1), **factors("0")),
        sample(photo(1, 1, 3), **factors(1)),
    ],
    bad=BAD_FACTORS,
    benchmark=lambda: sample(photo(512, 512, 3), min_factor=0.5, max_factor=1.5),
)
def random_brightness(data, *, min_factor, max_factor):
    return like(data, working(data) * np.float32(min_factor))


@reference(
    "_image_random_contrast",
    samples=[
        *[sample(image, **factors(f), **options) for f in (0.75, 1.5) for image, options in images(half=HALF)],
        sample(photo(2, 2, 1), **factors(0.5)),
        sample(photo(2, 2, 1, dtype="float32"), golden_gradient=False, why=GRADIENT, **factors(2)),
        sample(photo(2, 3, 3), **factors(1)),
        sample(photo(1, 1, 3), **factors(0)),
    ],
    bad=BAD_FACTORS,
    benchmark=lambda: sample(photo(512, 512, 3), min_factor=0.5, max_factor=1.5),
)
def random_contrast(data, *, min_factor, max_factor):
    pixels, factor = working(data), working(data).dtype.type(min_factor)
    mean = grey(pixels).mean(dtype=pixels.dtype)
    return like(data, pixels * factor + (1 - factor) * mean)


@reference(
    "_image_random_saturation",
    samples=[
        *[sample(image, **factors(f), **options) for f in (0.75, 1.5) for image, options in images(BLUE)],
        *[sample(image, **factors(1), **options) for image, options in images()],
        sample(photo(2, 2, 1), **factors(0.5)),
        sample(photo(2, 2, 3), golden=False, why=BLUE, **factors(0)),
    ],
    bad=BAD_FACTORS,
    benchmark=lambda: sample(photo(512, 512, 3), min_factor=0.5, max_factor=1.5),
)
def random_saturation(data, *, min_factor, max_factor):
    pixels, factor = working(data), np.float32(min_factor)
    if data.shape[2] == 1:
        return data
    return like(data, pixels * factor + (1 - factor) * grey(pixels))


@reference(
    "_image_random_hue",
    samples=[
        *[sample(image, **factors(f), **options) for f in (1.1, 0.4, 1.75) for image, options in images()],
        sample(photo(2, 2, 1), golden=False, why=UNWRITTEN, **factors(0.5)),
        sample(np.uint8([[[0, 0, 0], [255, 255, 255], [7, 7, 7], [255, 0, 0], [0, 0, 255]]]), **factors(0.5)),
        sample(np.uint8([[[9, 90, 9], [90, 90, 9], [9, 90, 90], [90, 9, 90], [90, 9, 9]]]), **factors(0.3)),
        sample(photo(2, 2, 3), **factors(0)),
        sample(photo(2, 2, 3), **factors(3)),
    ],
    bad=BAD_FACTORS,
    benchmark=lambda: sample(photo(512, 512, 3), min_factor=0.5, max_factor=1.5),
)
def random_hue(data, *, min_factor, max_factor):
    if data.shape[2] == 1:
        return data
    pixels = working(data)
    kind = pixels.dtype.type
    turned = [turn(kind, pixel, kind(min_factor)) for pixel in pixels.reshape(-1, 3)]
    return like(data, np.array(turned, pixels.dtype).reshape(data.shape))


def turn(kind, pixel, amount):
    """One colour with its hue turned: to hue, lightness and saturation (HLS) and back."""
    red, green, blue = pixel / kind(255)
    high, low = max(red, green, blue), min(red, green, blue)
    spread = kind(high - low)
    lightness = (high + low) * kind(0.5)
    hue = saturation = kind(0)
    if spread > np.finfo("float32").eps:
        saturation = spread / (high + low if lightness < 0.5 else kind(2) - high - low)
        degrees = kind(60) / spread
        if high == red:
            hue = (green - blue) * degrees
        elif high == green:
            hue = (blue - red) * degrees + kind(120)
        else:
            hue = (red - green) * degrees + kind(240)
        if hue < 0:
            hue = hue + kind(360)
    sixth = (hue + amount * kind(360)) * kind(1 / 60)
    while sixth >= 6:
        sixth = sixth - kind(6)
    top = lightness * (1 + saturation) if lightness <= 0.5 else lightness + saturation - lightness * saturation
    bottom = 2 * lightness - top
    along = sixth - np.floor(sixth)
    falling, rising = bottom + (top - bottom) * (1 - along), bottom + (top - bottom) * along
    orders = [
        (top, rising, bottom),
        (falling, top, bottom),
        (bottom, top, rising),
        (bottom, falling, top),
        (rising, bottom, top),
        (top, bottom, falling),
    ]
    return [kind(value) * kind(255) for value in orders[int(sixth)]]


@reference(
    "_image_adjust_lighting",
    samples=[
        *[sample(image, alpha=(0.1, -0.2, 0.3), **options) for image, options in images()],
        sample(photo(2, 2, 3), alpha=(5, 5, 5)),
        sample(photo(2, 2, 3), alpha="(-5, 0, 1)"),
        sample(photo(1, 1, 3), alpha=(0, 0, 0)),
        sample(photo(2, 2, 1), alpha=(1, 2, 3), golden=False, why=UNWRITTEN),
    ],
    bad=[
        *[bad(image, alpha=(1, 2, 3), match=match) for image, match in BAD_IMAGES],
        bad(normal(2, 3, 3), alpha=(1, 2), match=r"alpha is \(1.0, 2.0\); expected three numbers"),
        bad(normal(2, 3, 3), alpha=1, match=r"alpha is \(1.0,\); expected three numbers"),
        bad(normal(2, 3, 3), match="required attribute 'alpha'"),
    ],
    benchmark=lambda: sample(photo(512, 512, 3), alpha=(0.1, -0.2, 0.3)),
)
def adjust_lighting(data, *, alpha):
    if data.shape[2] == 1:
        return data
    vectors = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])
    light = vectors @ (np.array([55.46, 4.794, 1.148]) * alpha)
    return like(data, working(data) + light.astype(working(data).dtype))


IMAGES = [*images(), (photo(2, 3, 1), {}), (photo(1, 1, 3), {})]

without_reference(
    "_image_random_lighting",
    samples=[
        *[sample(image) for image, _ in IMAGES],
        *[sample(image, alpha_std=std) for image, _ in IMAGES[:2] for std in (0, 0.5, "1")],
    ],
    bad=[bad(image, match=match) for image, match in BAD_IMAGES],
    benchmark=lambda: sample(photo(512, 512, 3)),
)

JITTER = ("brightness", "contrast", "saturation", "hue")

without_reference(
    "_image_random_color_jitter",
    samples=[
        *[sample(image, **dict.fromkeys(JITTER, 0.3)) for image, _ in IMAGES],
        *[sample(photo(2, 3, 3), **{**dict.fromkeys(JITTER, 0), name: 0.4}) for name in JITTER],
        sample(photo(2, 3, 3), **dict.fromkeys(JITTER, 0)),
        sample(photo(2, 3, 3), **dict.fromkeys(JITTER, -1)),
        sample(photo(2, 3, 3, dtype="float32"), **dict.fromkeys(JITTER, "2")),
    ],
    bad=[
        *[bad(image, match=match, **dict.fromkeys(JITTER, 0.1)) for image, match in BAD_IMAGES],
        bad(normal(2, 3, 3), brightness=1, contrast=1, saturation=1, match="required attribute 'hue'"),
    ],
    benchmark=lambda: sample(photo(512, 512, 3), **dict.fromkeys(JITTER, 0.3)),
)
