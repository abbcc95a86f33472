"""References for mxnet/_ops/spatial.py."""

from __future__ import annotations

import math

import numpy as np

from . import bad, integers, normal, reference, sample, uniform

SINGLE = "1.9.1 takes float32 only"
HALF = "1.9.1 has no float16 matrix product on the CPU"
IMAGE = normal(2, 3, 3, 4)
PLACES = normal(2, 2, 2, 3, scale=0.6)
SMALL = np.arange(1, 13, dtype="float32").reshape(1, 1, 3, 4)
IDENTITY = np.array([[1, 0, 0, 0, 1, 0]], "float32")


def _maps(n, dtype="float32"):
    """Affine maps not far from the identity."""
    return (IDENTITY + normal(n, 6, scale=0.3)).astype(dtype)


def _places(*columns_and_rows, size=(3, 4), dtype="float32"):
    """A grid of one row with places given in pixels."""
    pixels = np.array(columns_and_rows, "float64")
    return (2 * pixels / (np.array(size[::-1]) - 1) - 1).T.reshape(1, 2, 1, -1).astype(dtype)


CORNERS = _places((0, 0), (3, 0), (0, 2), (3, 2))
BORDER = _places(
    (-0.5, 0.25), (3.25, 1.75), (1.25, -0.75), (0.75, 2.5), (-0.25, 2.25), (-1.5, 1.25), (4.25, 0.5), (1.25, 9)
)


@reference(
    "GridGenerator",
    samples=[
        sample(IDENTITY, transform_type="affine", target_shape=(2, 3)),
        sample(_maps(3), transform_type="affine", target_shape=(4, 3)),
        sample(_maps(1), transform_type="affine", target_shape="(5, 7)"),
        sample(_maps(1), transform_type="affine", target_shape=(2, 1), differentiable=False),
        sample(_maps(1), transform_type="affine", target_shape=(1, 1), differentiable=False),
        sample(normal(2, 2, 3, 4, scale=2), transform_type="warp"),
        sample(normal(1, 2, 2, 3, scale=2), transform_type="warp", target_shape=(7, 7)),
        sample(np.zeros((1, 2, 2, 5), "float32"), transform_type="warp"),
        sample(normal(1, 2, 3, 1) + 3, transform_type="warp", differentiable=False),
        sample(_maps(2, "float64"), transform_type="affine", target_shape=(2, 3), golden=False, why=SINGLE),
        sample(_maps(2, "float16"), transform_type="affine", target_shape=(2, 3), golden=False, why=SINGLE,
               differentiable=False),
        sample(normal(1, 2, 2, 3, dtype="float64"), transform_type="warp", golden=False, why=SINGLE),
        sample(normal(1, 2, 2, 3, dtype="float16"), transform_type="warp", golden=False, why=SINGLE,
               differentiable=False),
    ],
    bad=[
        bad(_maps(1), transform_type="affine", match=r"target_shape is \(0, 0\); expected \(height, width\)"),
        bad(_maps(1), transform_type="affine", target_shape=(2,), match=r"target_shape is \(2,\)"),
        bad(normal(1, 5), transform_type="affine", target_shape=(2, 2), match=r"data has shape \(1, 5\)"),
        bad(normal(1, 3, 2, 2), transform_type="warp", match=r"data has shape \(1, 3, 2, 2\); expected \(N, 2, H, W\)"),
        bad(integers(1, 6), transform_type="affine", target_shape=(2, 2), match="data is int32"),
        bad(_maps(1), transform_type="bend", match="expected one of 'affine', 'warp'"),
        bad(_maps(1), match="required attribute 'transform_type'"),
    ],
    benchmark=lambda: sample(normal(64, 6), transform_type="affine", target_shape=(128, 128)),
)  # fmt: skip
def grid_generator(data, *, transform_type, target_shape=(0, 0)):
    data = data.astype("float64")
    height, width = target_shape if transform_type == "affine" else data.shape[2:]
    out = np.zeros((len(data), 2, height, width))
    with np.errstate(divide="ignore", invalid="ignore"):
        for row in range(height):
            for column in range(width):
                place = np.array([column, row])
                if transform_type == "warp":
                    place = place + data[:, :, row, column]
                scale = np.float64(2) / (np.array([width, height]) - 1)
                if transform_type == "warp":
                    out[:, :, row, column] = np.where(np.isinf(scale), place / 0.0, place * scale) - 1
                else:
                    out[:, :, row, column] = data.reshape(-1, 2, 3) @ np.append(place * scale - 1, 1)
    return out


@reference(
    "BilinearSampler",
    samples=[
        sample(IMAGE, PLACES),
        sample(SMALL, BORDER),
        sample(SMALL, CORNERS, differentiable=False),
        sample(SMALL, _places((1, 1), (2, 1), (1.5, 1), (1, 0.5), (3, 0.5), (0, 1.5), (0.5, 2), (1.5, 0)),
               differentiable=False),
        sample(SMALL, np.array([[[[1e9, -1e9]], [[0.25, 0.25]]]], "float32"), cudnn_off=True),
        sample(normal(1, 2, 1, 1), uniform(1, 2, 2, 2, low=-2, high=2), differentiable=False),
        sample(normal(1, 1, 1, 4), normal(1, 2, 1, 3, scale=0.6), differentiable=False),
        sample(SMALL.astype("float64"), BORDER.astype("float64")),
        sample(normal(1, 2, 4, 4, dtype="float16"), normal(1, 2, 2, 2, dtype="float16", scale=0.6),
               differentiable=False, golden=False, why="1.9.1 rounds every step to float16"),
    ],
    bad=[
        bad(IMAGE[0], PLACES, match=r"data has shape \(3, 3, 4\); expected four axes"),
        bad(IMAGE, PLACES[:1], match=r"grid has shape \(1, 2, 2, 3\); expected 2 examples"),
        bad(IMAGE, normal(2, 3, 2, 2), match=r"grid has shape \(2, 3, 2, 2\); expected \(N, 2, height, width\)"),
        bad(IMAGE, PLACES.astype("float64"), match="grid is float64; expected float32"),
        bad(integers(1, 1, 2, 2), integers(1, 2, 2, 2), match="data is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(normal(8, 32, 64, 64), normal(8, 2, 64, 64, scale=0.5)),
)  # fmt: skip
def bilinear_sampler(data, grid, *, cudnn_off=None):
    n, c, height, width = data.shape
    out = np.zeros((n, c, *grid.shape[2:]))
    x, y = ((np.float64(g) + 1) * (m - 1) / 2 for g, m in zip(np.moveaxis(grid, 1, 0), (width, height)))
    for row in range(height):  # a hat function stands on every pixel
        for column in range(width):
            hat = np.maximum(1 - np.abs(x - column), 0) * np.maximum(1 - np.abs(y - row), 0)
            out += data[:, :, row, column, None, None] * hat[:, None]
    return out


AFFINE = {"transform_type": "affine", "sampler_type": "bilinear"}


@reference(
    "SpatialTransformer",
    samples=[
        sample(IMAGE, _maps(2), target_shape=(3, 2), **AFFINE),
        sample(SMALL, _maps(1), target_shape="(2, 2)", cudnn_off=True, **AFFINE),
        sample(SMALL, IDENTITY, target_shape=(3, 4), differentiable=False, **AFFINE),
        sample(normal(1, 1, 8, 11), IDENTITY, target_shape=(8, 11), differentiable=False, **AFFINE),
        sample(IMAGE.astype("float64"), _maps(2, "float64"), target_shape=(3, 3), **AFFINE),
        sample(normal(1, 2, 4, 4, dtype="float16"), _maps(1, "float16"), target_shape=(2, 2), golden=False, why=HALF,
               differentiable=False, **AFFINE),
    ],
    bad=[
        bad(SMALL, IDENTITY, match=r"target_shape is \(0, 0\); expected \(height, width\)", **AFFINE),
        bad(SMALL, normal(1, 2, 3), target_shape=(2, 2), match=r"loc has shape \(1, 2, 3\)", **AFFINE),
        bad(SMALL, _maps(2), target_shape=(2, 2), match=r"loc has shape \(2, 6\); expected 1 examples", **AFFINE),
        bad(SMALL, _maps(1, "float64"), target_shape=(2, 2), match="loc is float64; expected float32", **AFFINE),
        bad(SMALL[0], _maps(1), target_shape=(2, 2), match=r"data has shape \(1, 3, 4\); expected four axes", **AFFINE),
        bad(SMALL, _maps(1), target_shape=(2, 2), match="required attribute 'transform_type'"),
    ],
    benchmark=lambda: sample(normal(16, 16, 64, 64), _maps(16), target_shape=(64, 64), **AFFINE),
)  # fmt: skip
def spatial_transformer(data, loc, *, target_shape, transform_type, sampler_type, cudnn_off=None):
    return bilinear_sampler(data, grid_generator(loc, transform_type=transform_type, target_shape=target_shape))


@reference(
    "_contrib_BilinearResize2D",
    samples=[
        *(
            sample(IMAGE[:1], height=h, width=w, align_corners=corners)
            for h, w in [(5, 7), (2, 2), (1, 1), (1, 3), (5, 1), (3, 4), (6, 3)]
            for corners in (True, False)
        ),
        sample(IMAGE[:1]),
        sample(IMAGE[:1], scale_height=2.0, scale_width=1.5),
        sample(IMAGE[:1], scale_height="0.7", scale_width="0.5", height=9, align_corners="False"),
        sample(IMAGE[:1], height=2, width=3, scale_width=2.0),
        *(
            sample(normal(1, 1, *size), mode="odd_scale", scale_height=2.0, scale_width=1.5, align_corners=corners)
            for size, corners in [((3, 4), True), ((2, 5), False)]
        ),
        *(
            sample(normal(1, 1, *size), mode=mode)
            for mode in ("to_even_down", "to_even_up", "to_odd_down", "to_odd_up")
            for size in [(3, 4), (2, 3)]
        ),
        sample(IMAGE[:1], normal(3, 1, 5, 2), mode="like"),
        sample(IMAGE[:1], normal(1, 2, 2, 6), mode="like", align_corners=False, height=9, scale_width=7.0),
        sample(normal(1, 2, 1, 1), height=2, width=3),
        sample(normal(2, 1, 3, 2, dtype="float64"), height=4, width=5, golden=False,
               why="1.9.1 finds places in float32"),
        sample(normal(1, 1, 3, 4, dtype="float16"), height=2, width=3, differentiable=False),
    ],
    bad=[
        bad(IMAGE, height=0, match="expected int of at least 1, got 0"),
        bad(IMAGE, scale_height=2.0, match="scale_width is None; expected two numbers with mode='size'"),
        bad(IMAGE, mode="odd_scale", scale_width=2.0, match="scale_height is None and scale_width is 2.0"),
        bad(IMAGE, scale_height=0.1, scale_width=1.0, match="the output would be 0 x 4; expected at least 1 x 1"),
        bad(normal(1, 1, 1, 2), mode="to_even_down", match="the output would be 0 x 2"),
        bad(IMAGE, IMAGE[0], mode="like", match=r"like has shape \(3, 3, 4\); expected four axes"),
        bad(IMAGE[0], height=2, width=2, match=r"data has shape \(3, 3, 4\); expected four axes"),
        bad(integers(1, 1, 2, 2), height=2, width=2, match="data is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(normal(4, 32, 32, 32), height=64, width=64),
)  # fmt: skip
def bilinear_resize_2d(
    data, like=None, *, height=1, width=1, scale_height=None, scale_width=None, mode="size", align_corners=True
):
    def new(n, size, scale):
        if mode == "odd_scale" and n % 2 == 1:
            return math.floor((n - 1) * scale) + 1
        if mode == "odd_scale" or (mode == "size" and scale_height is not None):
            return math.floor(n * scale)
        if mode == "size":
            return size
        step = 1 if mode.endswith("up") else -1
        return n if n % 2 == ("odd" in mode) else n + step

    def weights(n, m):
        """The matrix (m, n) that resizes one axis."""
        matrix = np.zeros((m, n))
        for i in range(m):
            place = i * (n - 1) / max(m - 1, 1) if align_corners else min(max((i + 0.5) * n / m - 0.5, 0), n - 1)
            place *= m > 1
            first = min(math.floor(place), n - 1)
            matrix[i, first] += 1 - (place - first)
            matrix[i, min(first + 1, n - 1)] += place - first
        return matrix

    h, w = data.shape[2:]
    size = like.shape[2:] if mode == "like" else (new(h, height, scale_height), new(w, width, scale_width))
    return weights(h, size[0]) @ data.astype("float64") @ weights(w, size[1]).T
