"""References for mxnet/_ops/image.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample, uniform, without_reference

HALF = "1.9.1 divides in float16 and then makes float32 of it"
DEFAULT = "1.9.1 refuses its own default, which has four numbers"
CHANNELS = "1.9.1 takes 1 or 3 channels"
MIDDLE = "1.9.1 does not write the middle of an odd length"
FLIPPED = "1.9.1 passes the head gradient on as it is, not flipped back"


def photo(*shape, dtype="uint8", low=0, high=256, seed=0):
    """Pixels of any dtype."""
    if np.dtype(dtype).kind == "f":
        return uniform(*shape, low=low, high=high, seed=seed, dtype=dtype)
    return integers(*shape, low=low, high=high, seed=seed, dtype=dtype)


@reference(
    "_image_to_tensor",
    samples=[
        sample(photo(2, 3, 3)),
        sample(photo(2, 2, 3, 3)),
        sample(photo(1, 1, 1)),
        sample(photo(2, 3, 5, dtype="int32")),
        sample(photo(2, 3, 1, dtype="int8", low=-128, high=128)),
        sample(photo(2, 2, 3, dtype="int64", high=10**6)),
        # The result is float32 whatever comes in: too coarse for differences.
        sample(photo(2, 3, 3, dtype="float32"), differentiable=False),
        sample(photo(2, 1, 3, 3, dtype="float64"), differentiable=False),
        sample(photo(2, 3, 3, dtype="float16"), differentiable=False, golden=False, why=HALF),
        sample(photo(2, 0, 3), golden=False, why="1.9.1 has no arrays without elements"),
    ],
    bad=[
        bad(photo(2, 3), match=r"data has shape \(2, 3\); expected \(H, W, C\) or \(N, H, W, C\)"),
        bad(photo(2, 3, 3).astype(bool), match="data is bool; expected floats or integers"),
    ],
    benchmark=lambda: sample(photo(512, 512, 3)),
)
def to_tensor(data):
    return np.stack([data[..., c] for c in range(data.shape[-1])], axis=-3).astype("float64") / 255.0


@reference(
    "_image_normalize",
    samples=[
        sample(photo(3, 2, 2, dtype="float32", high=1), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        sample(photo(2, 3, 2, 2, dtype="float32", high=1), mean=(0.4, 0.5, 0.6), std=0.25),
        sample(photo(3, 2, 2, dtype="float32", high=1), mean=0.5, std=(1, 2, 4)),
        sample(photo(1, 2, 3, dtype="float32", high=1), mean=0.5, std=(0.25,)),
        sample(photo(2, 1, 2, 3, dtype="float32", high=1), mean="(0.5,)", std="(0.25,)"),
        sample(photo(3, 2, 1, dtype="float64", high=1), mean=(0.5, 0.25, 1), std=(0.5, 2, 4)),
        sample(photo(3, 1, 2, dtype="float16", high=1), mean=(0.5, 0.25, 1), std=(0.5, 2, 4)),
        sample(photo(3, 1, 2, dtype="float32"), mean=3, std=0, differentiable=False),
        sample(photo(3, 2, 2), mean=(100, 20, 30.5), std=(2, 3, 0.75)),
        sample(photo(3, 2, 2, dtype="int32"), mean=(100, 20, 30.5), std=(2, 3, 0.75)),
        sample(photo(3, 2, 2, dtype="float32"), golden=False, why=DEFAULT),
        sample(photo(1, 2, 2, dtype="float32"), mean=2, golden=False, why=DEFAULT),
        sample(photo(2, 2, 2, dtype="float32"), mean=(1, 2), std=(3, 4), golden=False, why=CHANNELS),
    ],
    bad=[
        bad(normal(3, 2), mean=1, std=1, match=r"data has shape \(3, 2\); expected \(C, H, W\) or \(N, C, H, W\)"),
        bad(normal(3, 2, 2), mean=(1, 2), std=1, match=r"mean is \(1.0, 2.0\); expected one number, or 3"),
        bad(normal(1, 2, 2), mean=1, std=(1, 2, 3), match=r"std is \(1.0, 2.0, 3.0\); expected one number, or 1"),
        bad(normal(3, 2, 2).astype(bool), mean=1, std=1, match="data is bool"),
    ],
    benchmark=lambda: sample(normal(3, 512, 512), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
)
def normalize(data, *, mean=0.0, std=1.0):
    channels = data.shape[-3]
    mean, std = (np.broadcast_to(np.asarray(v, "float64"), channels) for v in (mean, std))
    out = np.empty(data.shape)
    with np.errstate(divide="ignore"):
        for c in range(channels):
            out[..., c, :, :] = (data[..., c, :, :].astype("float64") - mean[c]) / std[c]
    return out if data.dtype.kind == "f" else np.trunc(out).astype("int64").astype(data.dtype)


FLIPS = [
    sample(photo(2, 4, 3)),
    sample(photo(4, 2, 3, dtype="int32")),
    sample(photo(2, 2, 1, dtype="int8", high=128)),
    sample(photo(2, 2, 3, dtype="int64")),
    sample(normal(4, 2, 3), golden_gradient=False, why=FLIPPED),
    sample(normal(2, 2, 3, dtype="float64"), golden_gradient=False, why=FLIPPED),
    sample(normal(2, 2, 5), golden=False, why=CHANNELS),
    sample(normal(2, 2, 3, dtype="float16"), golden_gradient=False, why=FLIPPED),
    sample(normal(3, 5, 3), golden=False, why=MIDDLE),
    sample(normal(1, 1, 1), golden=False, why=MIDDLE),
    sample(normal(0, 2, 3), golden=False, why="1.9.1 has no arrays without elements"),
]
BAD_FLIPS = [
    bad(normal(2, 3), match=r"data has shape \(2, 3\); expected \(H, W, C\)"),
    bad(normal(2, 3, 4, 3), match=r"data has shape \(2, 3, 4, 3\); expected \(H, W, C\)"),
    bad(normal(2, 3, 3).astype(bool), match="data is bool"),
]


@reference("_image_flip_left_right", samples=FLIPS, bad=BAD_FLIPS, benchmark=lambda: sample(photo(512, 512, 3)))
def flip_left_right(data):
    return data[:, ::-1]


@reference("_image_flip_top_bottom", samples=FLIPS, bad=BAD_FLIPS, benchmark=lambda: sample(photo(512, 512, 3)))
def flip_top_bottom(data):
    return data[::-1]


without_reference(
    "_image_random_flip_left_right",
    "_image_random_flip_top_bottom",
    samples=FLIPS,
    bad=BAD_FLIPS,
    benchmark=lambda: sample(photo(512, 512, 3)),
)


@reference(
    "_image_crop",
    samples=[
        sample(photo(4, 5, 3), x=1, y=2, width=3, height=1),
        sample(photo(2, 4, 5, 3), x=0, y=1, width=2, height=3),
        sample(normal(4, 5, 3), x=4, y=0, width=1, height=4),
        sample(normal(3, 2, 2), x=0, y=1, width=2, height=2, golden=False, why=CHANNELS),
        sample(normal(2, 3, 2, 1), x=1, y=1, width=1, height=1),
        sample(normal(3, 2, 3, dtype="float64"), x=0, y=0, width=2, height=3),
        sample(normal(3, 2, 3, dtype="float16"), x="1", y="0", width="1", height="2"),
        sample(photo(3, 4, 3, dtype="int32"), x=1, y=1, width=2, height=2),
        sample(photo(3, 4, 3, dtype="int64"), x=1, y=1, width=2, height=2),
        sample(photo(3, 4, 3, dtype="int8", high=128), x=1, y=1, width=2, height=2),
        sample(photo(3, 4, 3).astype(bool), x=1, y=1, width=2, height=2, golden=False, why="1.9.1 takes no bool"),
        sample(normal(1, 1, 1), x=0, y=0, width=1, height=1),
    ],
    bad=[
        bad(normal(4, 5, 3), x=4, y=2, width=2, height=1, match="x=4 and width=2 end at 6; expected at most W = 5"),
        bad(normal(4, 5, 3), x=0, y=2, width=2, height=3, match="y=2 and height=3 end at 5; expected at most H = 4"),
        bad(normal(4, 5, 3), x=-1, y=2, width=2, height=1, match="'x': expected int of at least 0, got -1"),
        bad(normal(4, 5, 3), x=0, y=0, width=0, height=1, match="'width': expected int of at least 1, got 0"),
        bad(normal(4, 5), x=0, y=0, width=1, height=1, match=r"data has shape \(4, 5\)"),
        bad(normal(4, 5, 3), x=0, y=0, width=1, match="required attribute 'height'"),
    ],
    benchmark=lambda: sample(photo(16, 256, 256, 3), x=16, y=16, width=224, height=224),
)
def crop(data, *, x, y, width, height):
    rows = np.take(data, range(y, y + height), axis=-3)
    return np.take(rows, range(x, x + width), axis=-2)
