"""Images read at computed places, regions of images, and simple transformations of images."""

from __future__ import annotations

import numpy as np

from .._lengths import static
from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value


def _regular(length: int) -> np.ndarray:
    """Return places from -1 to 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.arange(length) * (np.float64(2.0) / (length - 1)) - 1


def _affine(graph: Graph, theta: Value, target: tuple[int, ...]) -> Value:
    """Return the grid (N, 2, H, W) of affine maps (N, 6)."""
    height, width = target
    y, x = np.meshgrid(_regular(height), _regular(width), indexing="ij")
    base = np.stack((x, y, np.ones_like(x))).reshape(3, -1).astype(theta.dtype)
    return graph.op("MatMul", theta.reshape(-1, 2, 3), base).reshape(-1, 2, height, width)


@translates("GridGenerator")
def grid_generator(graph: Graph, data: Value, *, transform_type: str, target_shape: tuple[int, ...]) -> Value:
    if transform_type == "affine":
        return _affine(graph, data, target_shape)
    size = static(data.axes[2:])
    if size is None:
        raise CannotTranslate("the size of the flow changes with the inputs")
    height, width = size
    y, x = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    half = np.array([(width - 1) / 2, (height - 1) / 2]).reshape(2, 1, 1)
    return (data + np.stack((x, y)).astype(data.dtype)) / half.astype(data.dtype) - 1


def _sampled(graph: Graph, data: Value, grid: Value) -> Value:
    places = grid.transpose(0, 2, 3, 1)
    mode = "linear" if graph.opset >= 20 else "bilinear"
    return graph.op("GridSample", data, places, mode=mode, padding_mode="zeros", align_corners=1)


@translates("BilinearSampler")
def bilinear_sampler(graph: Graph, data: Value, grid: Value) -> Value:
    return _sampled(graph, data, grid)


@translates("SpatialTransformer")
def spatial_transformer(graph: Graph, data: Value, loc: Value, *, target_shape: tuple[int, ...]) -> Value:
    return _sampled(graph, data, _affine(graph, loc, target_shape))


@translates("ROIPooling")
def roi_pooling(graph: Graph, data: Value, rois: Value, *, pooled_size: tuple[int, ...], spatial_scale: float) -> Value:
    return graph.op("MaxRoiPool", data, rois, pooled_shape=list(pooled_size), spatial_scale=spatial_scale)


@translates("_contrib_ROIAlign")
def roi_align(
    graph: Graph,
    data: Value,
    rois: Value,
    *,
    pooled_size: tuple[int, ...],
    spatial_scale: float,
    sample_ratio: int,
    position_sensitive: bool,
    aligned: bool,
) -> Value:
    image = rois.part(1, 0, 1).squeeze(1).cast(np.int64)
    known = _known(graph, image, data)
    image = known.where_true(image, 0)
    height, width = pooled_size
    found = graph.op(
        "RoiAlign", data, rois.part(1, 1, 5), image, mode="avg", output_height=height, output_width=width,
        sampling_ratio=max(0, sample_ratio), spatial_scale=spatial_scale,
        coordinate_transformation_mode="half_pixel" if aligned else "output_half_pixel",
    )  # fmt: skip
    if position_sensitive:
        found = _of_own_channels(graph, found, height, width)
    return known.unsqueeze(1, 2, 3).where_true(found, 0)


def _known(graph: Graph, image: Value, data: Value) -> Value:
    """Return which regions are of an image that is there; all others are 0."""
    below = image.compare("Less", graph.lengths(data, 0, 1))
    return graph.op("And", image.compare("GreaterOrEqual", 0), below)


def _of_own_channels(graph: Graph, data: Value, height: int, width: int) -> Value:
    """Return (R, K, H, W) of (R, K * H * W, H, W), where each place has a channel of its own."""
    places = height * width
    apart = graph.op("Reshape", data, [0, -1, places * places])
    return graph.op("Gather", apart, np.arange(places) * (places + 1), axis=2).reshape(0, 0, height, width)


@translates("_image_to_tensor")
def to_tensor(graph: Graph, data: Value) -> Value:
    rank = len(data.axes)
    moved = data.transpose(*range(rank - 3), rank - 1, rank - 3, rank - 2)
    return moved.cast(np.float32) / 255


@translates("_image_normalize")
def normalize(graph: Graph, data: Value, *, mean: tuple[float, ...], std: tuple[float, ...]) -> Value:
    channels = data.axes[-3]
    if not isinstance(channels, int):
        raise CannotTranslate("the number of channels changes with the inputs")
    if not data.is_float:
        return normalize(graph, data.cast(np.float32), mean=mean, std=std).cast(data.dtype)
    shift, scale = (np.array((list(v) * channels)[:channels] if len(v) == 1 else v[:channels], data.dtype)
                    for v in (mean, std))  # fmt: skip
    return (data - shift.reshape(-1, 1, 1)) / scale.reshape(-1, 1, 1)


@translates("_image_flip_left_right", "_image_flip_top_bottom")
def flip(graph: Graph, data: Value, *, node: Applied) -> Value:
    assert node.node.operator is not None
    axis = -2 if node.node.operator.name == "_image_flip_left_right" else -3
    return graph.op("Slice", data, [-1], [int(np.iinfo(np.int64).min) + 1], [axis], [-1])


@translates("_image_crop")
def crop(graph: Graph, data: Value, *, x: int, y: int, width: int, height: int) -> Value:
    return graph.op("Slice", data, [y, x], [y + height, x + width], [-3, -2])
