"""Pooling of regions of interest (ROI): every box of a list becomes a grid of the same size, whatever its own size.

A box comes as a row of `rois`: the number of its image, then its corners in the image that the network was given;
`spatial_scale` maps these to the data. Boxes get no gradient. A box of an image that is not there gives zeros.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch

from .activation import check_floating
from .attributes import NonNegativeInt, PositiveInt, Shape, UnitFloat, single
from .families import dtype_name
from .gathering import MOST, Planes, Reads, averages, between, dense_samples, exact, pixel_rows, samples, weighted_sums
from .registry import operator

Tensor = torch.Tensor

#: Numbers of the tables of maxima, and of bins, that are worked on at once: as many as stay near the processor.
_CACHED, _BLOCK = 1 << 22, 1 << 18


def check_boxes(data: Tensor, rois: Tensor, columns: int = 5) -> None:
    """Raise unless `data` holds images and `rois` rows of `columns` numbers, both of one floating dtype."""
    check_floating(data)
    _check_axes(data.shape)
    if rois.dtype is not data.dtype:
        raise TypeError(
            f"rois is {dtype_name(rois.dtype)}; expected {dtype_name(data.dtype)}, the dtype of data: "
            "cast one of them with .astype"
        )
    if rois.dim() != 2 or rois.shape[1] != columns:
        row = "image, x1, y1, x2, y2" if columns == 5 else "image, x, y, width, height, angle"
        raise ValueError(f"rois has shape {tuple(rois.shape)}; expected (R, {columns}): rows of {row}")


def _check_axes(data: Sequence[int]) -> None:
    if len(data) != 4:
        raise ValueError(f"data has shape {tuple(data)}; expected four axes (N, C, H, W)")


def _grid(pooled_size: tuple[int, ...]) -> tuple[int, int]:
    if len(pooled_size) != 2 or min(pooled_size) < 1:
        raise ValueError(f"pooled_size is {pooled_size}; expected (height, width), both of at least 1")
    return pooled_size[0], pooled_size[1]


def _grid_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    _check_axes(shapes[0])
    channels, boxes = shapes[0][1], shapes[1][0]
    height, width = _grid(attributes["pooled_size"])
    if attributes.get("position_sensitive"):
        channels //= height * width
    return [((boxes, channels, height, width), dtypes[0])]


def images_of(rois: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the number of each box's image and whether there is such an image (the number is 0 where not)."""
    number = rois[:, 0].trunc()
    known = (number >= 0) & (number < count)
    return torch.where(known, number, 0).int(), known


def rounded(value: Tensor) -> Tensor:
    """Round halves away from zero, as C does."""
    whole = value.trunc()
    return whole + torch.where((value - whole).abs() >= 0.5, value.sign(), 0)


def _edges(low: Tensor, high: Tensor, length: int, dtype: torch.dtype = torch.int32) -> tuple[Tensor, Tensor]:
    """Return begin and end of bins on an axis, within the data; NaN becomes 0."""
    begin, end = (edge.double().nan_to_num(0).clamp(0, length).to(dtype) for edge in (low, high))
    return begin, end


def _whole_bins(low: Tensor, high: Tensor, bins: int, length: int) -> tuple[Tensor, Tensor]:
    """Return begin and end (R, bins) of the bins of ``ROIPooling`` for boxes that go from `low` to `high` included."""
    size = (high - low + 1).clamp(min=1) / bins
    number = torch.arange(bins, dtype=low.dtype, device=low.device)
    begin, end = (number * size[:, None]).floor(), ((number + 1) * size[:, None]).ceil()
    # in float64, because 16-bit numbers would round the sums
    return _edges(begin.double() + low[:, None].double(), end.double() + low[:, None].double(), length, torch.int64)


class _Bins(NamedTuple):
    """Where the bins of an axis begin and end, (R, bins); none is empty. They are shorter than ``3 ** levels``."""

    begin: Tensor
    end: Tensor
    levels: int


def _filled(begin: Tensor, end: Tensor, length: int) -> tuple[_Bins, Tensor]:
    """Return the bins of an axis, a pixel in place of each empty one, and which were not empty."""
    filled = end > begin
    begin = begin.clamp(max=length - 1)
    end = torch.maximum(end, begin + 1)
    # Looking at the lengths costs nothing on a CPU. Elsewhere one would wait, so the bound is the length of the axis.
    longest = int((end - begin).amax()) if begin.is_cpu else length
    levels = 1
    while 3**levels <= longest:
        levels += 1
    return _Bins(begin, end, levels), filled


def _box_maxima(table: Tensor, image: Tensor, rows: _Bins, columns: _Bins) -> Tensor:
    """Return the maxima (R, P, Q, C) over bins of `table` (N, H, W, C).

    ``level[a, b]`` holds the maximum over 3**a rows and 3**b columns from each pixel on, as far as these are inside.
    Three by three such rectangles, which may overlap, cover a bin, so the work does not depend on the sizes of boxes.
    """
    images, height, width, channels = table.shape
    level = table.new_empty(rows.levels, columns.levels, *table.shape)
    level[0, 0] = table
    for a in range(1, rows.levels):
        _widen(level[a - 1, 0], level[a, 0], 3 ** (a - 1), 1)
    for b in range(1, columns.levels):
        _widen(level[:, b - 1], level[:, b], 3 ** (b - 1), 3)
    flat = level.view(-1, channels)
    (tops, deep), (lefts, wide) = _covers(rows), _covers(columns)
    plane = (deep[:, :, None] * columns.levels + wide[:, None, :]) * images + image[:, None, None]  # (R, P, Q)
    places = [
        ((plane * height + top[:, :, None]) * width + left[:, None, :]).flatten() for top in tops for left in lefts
    ]
    largest, some = table.new_empty(plane.numel(), channels), max(_BLOCK // channels, 1)
    memory = torch.empty_like(largest[:some])
    for begin in range(0, plane.numel(), some):
        part = slice(begin, begin + some)
        block = torch.index_select(flat, 0, places[0][part], out=largest[part])
        for place in places[1:]:
            found = torch.index_select(flat, 0, place[part], out=memory[: block.shape[0]])
            torch.maximum(block, found, out=block)
    return largest.view(*plane.shape, channels)


def _widen(before: Tensor, after: Tensor, step: int, axis: int) -> None:
    """Set `after` to the maximum of three values of `before` that are `step` apart, as far as there are three."""
    count = before.shape[axis] - 3 * step + 1
    first, second, third = (before.narrow(axis, start, count) for start in (0, step, 2 * step))
    target = after.narrow(axis, 0, count)
    torch.maximum(torch.maximum(first, second, out=target), third, out=target)


def _covers(bins: _Bins) -> tuple[list[Tensor], Tensor]:
    """Return the places from which three pieces of 3**a pixels cover a bin, and a, its level."""
    length, level, size = bins.end - bins.begin, torch.zeros_like(bins.begin), torch.ones_like(bins.begin)
    for a in range(1, bins.levels):
        level += length >= 3**a
        size = torch.where(length >= 3**a, 3**a, size)
    return [bins.begin + torch.minimum(size * number, length - size) for number in range(3)], level


def _ordered(data: Tensor) -> Tensor:
    """Return int64 keys of pixels (N, C, H, W) in the order of their values; the first of equal ones is the largest.

    The lower half of a key says where the pixel is, as the distance from the last one.
    """
    places = data.shape[2] * data.shape[3]
    place = torch.arange(places - 1, -1, -1, device=data.device)
    if data.dtype is torch.float64:  # there is no room for value and place: take the rank in the image for the value
        order = data.flatten(2).sort(dim=2, stable=True, descending=True).indices
        value = torch.empty_like(order).scatter_(2, order, place.expand_as(order))
    else:
        bits = (data.float() + 0.0).flatten(2).view(torch.int32)  # the sum turns -0 into 0
        value = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).long()  # ordered as the numbers are
    return ((value << 32) | place).view(data.shape)


class _Maxima(torch.autograd.Function):
    """The maxima of bins, for a gradient: it goes to the first largest pixel of each."""

    @staticmethod
    def forward(ctx: Any, data: Tensor, image: Tensor, rows: Any, columns: Any) -> Tensor:
        channels, height, width = data.shape[1:]
        keys = _box_maxima(_ordered(data).permute(0, 2, 3, 1), image, rows, columns)
        place = height * width - 1 - (keys.permute(0, 3, 1, 2).contiguous() & 0xFFFFFFFF)
        plane = image[:, None] * channels + torch.arange(channels, device=data.device)
        place += (plane * (height * width))[:, :, None, None]
        ctx.save_for_backward(place)
        ctx.shape = data.shape
        return data.flatten().index_select(0, place.flatten()).view(place.shape)

    @staticmethod
    def backward(ctx: Any, *heads: Tensor) -> Any:
        (place,) = ctx.saved_tensors
        head = exact(heads[0])
        gradient = head.new_zeros(ctx.shape.numel()).index_add_(0, place.flatten(), head.flatten())
        return gradient.view(ctx.shape).to(heads[0].dtype), None, None, None


@operator("ROIPooling", aliases=("_npx_roi_pooling",), shape=_grid_shape)
def roi_pooling(data: Tensor, rois: Tensor, *, pooled_size: Shape, spatial_scale: UnitFloat) -> Tensor:
    """Largest value in each bin of a grid over every box.

    The corners of a box are scaled and rounded to pixels, halves away from zero; both belong to the box, which is at
    least one pixel. A box of height h has bins of h / P rows: bin p goes from ``floor(p * h / P)`` up to, but not
    including, ``ceil((p + 1) * h / P)``. Bins may overlap. What lies outside the data is left out, and an empty bin
    gives 0. NaN is passed over, and no value counts as less than the least finite number. The gradient of a bin goes to
    its largest pixel, to the first of several.

    Parameters
    ----------
    data : (N, C, H, W)
        Feature maps, of a floating dtype.
    rois : (R, 5)
        Boxes (image, x1, y1, x2, y2), of the same dtype. The number of the image is cut to an int.
    pooled_size : (int, int)
        Rows P and columns Q of the grid.
    spatial_scale : float from 0 to 1
        Size of the feature maps as a part of the image that the boxes are given for.

    Returns
    -------
    (R, C, P, Q)

    References
    ----------
    Girshick, Fast R-CNN, 2015.

    Examples
    --------
    >>> data = mx.nd.arange(16).reshape((1, 1, 4, 4))
    >>> boxes = mx.nd.array([[0, 0, 0, 2, 2]])
    >>> mx.nd.ROIPooling(data, boxes, pooled_size=(2, 2), spatial_scale=1).asnumpy().tolist()
    [[[[5.0, 6.0], [9.0, 10.0]]]]
    """
    check_boxes(data, rois)
    bins, (height, width) = _grid(pooled_size), data.shape[2:]
    if not (data.numel() and rois.shape[0]):
        return data.new_zeros(rois.shape[0], data.shape[1], *bins)
    image, known = images_of(rois, data.shape[0])
    x1, y1, x2, y2 = rounded(rois[:, 1:].detach() * single(spatial_scale)).unbind(1)
    rows, rows_filled = _filled(*_whole_bins(y1, y2, bins[0], height), height)
    columns, columns_filled = _filled(*_whole_bins(x1, x2, bins[1], width), width)
    filled = rows_filled[:, None, :, None] & columns_filled[:, None, None, :] & known[:, None, None, None]
    least = torch.finfo(data.dtype).min
    data = torch.where(data > least, data, least)  # NaN too; what is replaced gets no gradient
    recorded = torch.is_grad_enabled() and data.requires_grad
    piece = max(_CACHED // (rows.levels * columns.levels * data.shape[0] * height * width), 1)
    found: list[Tensor] = []
    for part in data.split(piece, 1):
        if recorded:
            maxima: Any = _Maxima.apply(part, image, rows, columns)
        else:
            maxima = _box_maxima(part.permute(0, 2, 3, 1), image, rows, columns).permute(0, 3, 1, 2)
        found.append(maxima)
    return torch.where(filled, torch.cat(found, 1) if len(found) > 1 else found[0], 0).contiguous()


@operator("_contrib_ROIAlign", shape=_grid_shape)
def roi_align(
    data: Tensor,
    rois: Tensor,
    *,
    pooled_size: Shape,
    spatial_scale: UnitFloat,
    sample_ratio: int = -1,
    position_sensitive: bool = False,
    aligned: bool = False,
) -> Tensor:
    """Mean of samples in each bin of a grid over every box, with nothing rounded.

    A box is scaled and divided into P x Q equal bins. In each bin samples are taken at the centres of an S x S grid,
    between pixels by bilinear interpolation. Samples more than a pixel outside the data count as 0.

    Parameters
    ----------
    data : (N, C, H, W)
        Feature maps, of a floating dtype.
    rois : (R, 5)
        Boxes (image, x1, y1, x2, y2), of the same dtype. The number of the image is cut to an int.
    pooled_size : (int, int)
        Rows P and columns Q of the grid.
    spatial_scale : float from 0 to 1
        Size of the feature maps as a part of the image that the boxes are given for.
    sample_ratio : int
        S. If it is not positive, a bin of h x w pixels has ``ceil(h) * ceil(w)`` samples.
    position_sensitive : bool
        Every bin reads its own channels: bin (p, q) of output channel c reads channel ``(c * P + p) * Q + q``.
    aligned : bool
        Move boxes by half a pixel, so that a pixel's centre is where its number says. A box without area gives zeros.
        Otherwise boxes are at least one pixel high and wide.

    Returns
    -------
    (R, C, P, Q); ``C / (P * Q)`` channels with `position_sensitive`

    References
    ----------
    He et al., Mask R-CNN, 2017. Li et al., Light-Head R-CNN, 2017 (`position_sensitive`).

    Examples
    --------
    >>> data = mx.nd.arange(16).reshape((1, 1, 4, 4))
    >>> boxes = mx.nd.array([[0, 0, 0, 2, 2]])
    >>> mx.nd.contrib.ROIAlign(data, boxes, pooled_size=(2, 2), spatial_scale=1).asnumpy().tolist()
    [[[[2.5, 3.5], [6.5, 7.5]]]]
    """
    check_boxes(data, rois)
    bins = _grid(pooled_size)
    images, channels, height, width = data.shape
    planes, count = None, 1
    if position_sensitive:
        count = bins[0] * bins[1]
        if channels % count:
            raise ValueError(
                f"data has {channels} channels, shape {tuple(data.shape)}; expected a multiple of {count}, the number "
                f"of bins of pooled_size={pooled_size}, with position_sensitive"
            )
        row, column = (torch.arange(length, dtype=torch.int32, device=data.device) for length in bins)
        planes = (row * bins[1], column)
    image, known = images_of(rois, images)
    box = exact(rois[:, 1:].detach()) * single(spatial_scale) - (0.5 if aligned else 0.0)
    if not (data.numel() and rois.shape[0]):
        return data.new_zeros(rois.shape[0], channels // count, *bins)
    axes: list[Reads | Tensor] = []
    for start, end, number, length in ((box[:, 1], box[:, 3], bins[0], height), (box[:, 0], box[:, 2], bins[1], width)):
        size = end - start if aligned else (end - start).clamp(min=1)
        size = torch.where(known, size, 0)  # boxes without size have no samples
        axes.append(
            samples(start, size, number, sample_ratio, length)
            if sample_ratio > 0
            else dense_samples(start, size, number, length)
        )
    layers = data.reshape(images, channels // count, count, height, width)
    return averages(layers, image, planes, axes[0], axes[1]).to(data.dtype)


@operator("_contrib_RROIAlign", shape=_grid_shape)
def rroi_align(
    data: Tensor, rois: Tensor, *, pooled_size: Shape, spatial_scale: UnitFloat, sampling_ratio: int = -1
) -> Tensor:
    """Mean of samples in each bin of a grid over every rotated box: `ROIAlign` for boxes with an angle.

    The place (u, v) of a box, from its centre, lies at ``(x + u * cos(a) + v * sin(a), y + v * cos(a) - u * sin(a))``.

    Parameters
    ----------
    data : (N, C, H, W)
        Feature maps, of a floating dtype.
    rois : (R, 6)
        Boxes (image, x, y, width, height, a), of the same dtype: centre, size (at least one pixel, once scaled), and
        angle in degrees. The number of the image is cut to an int.
    pooled_size : (int, int)
        Rows P and columns Q of the grid.
    spatial_scale : float from 0 to 1
        Size of the feature maps as a part of the image that the boxes are given for.
    sampling_ratio : int
        Samples of a bin along each axis, S. If it is not positive, a bin of h x w pixels has ``ceil(h) * ceil(w)``.

    Returns
    -------
    (R, C, P, Q)

    References
    ----------
    Ma et al., Arbitrary-Oriented Scene Text Detection via Rotation Proposals, 2018.

    Examples
    --------
    >>> data = mx.nd.arange(16).reshape((1, 1, 4, 4))
    >>> box = mx.nd.array([[0, 1.5, 1.5, 2, 2, 90]])
    >>> mx.nd.contrib.RROIAlign(data, box, pooled_size=(2, 2), spatial_scale=1).asnumpy().round(3).tolist()
    [[[[9.0, 5.0], [10.0, 6.0]]]]
    """
    check_boxes(data, rois, 6)
    bins, (images, channels, height, width) = _grid(pooled_size), data.shape
    if not (data.numel() and rois.shape[0]):
        return data.new_zeros(rois.shape[0], channels, *bins)
    image, known = images_of(rois, images)
    numbers = exact(rois[:, 1:].detach())
    x, y, across, down = (numbers[:, :4] * single(spatial_scale)).unbind(1)
    sizes, turn = (down.clamp(min=1), across.clamp(min=1)), torch.deg2rad(numbers[:, 4])
    steps = [size / count for size, count in zip(sizes, bins)]
    if sampling_ratio > 0:
        counts, most = [torch.full_like(x, sampling_ratio)] * 2, [sampling_ratio] * 2
    else:  # only the largest box bounds their number, and so a GPU has to be waited for here
        counts = [step.ceil() for step in steps]
        most = [int(count.nan_to_num(1, 1).amax()) for count in counts]
    places: list[Tensor] = []  # v (R, P, S, 1, 1) and u (R, 1, 1, Q, S), NaN where a box has fewer samples
    for size, step, count, length, bound in zip(sizes, steps, counts, bins, most):
        sample = (torch.arange(bound, device=data.device) + 0.5) / count[:, None]
        sample = torch.where(sample < 1, sample, torch.nan)
        bin = torch.arange(length, device=data.device)[:, None]
        places.append((bin + sample[:, None]) * step[:, None, None] - size[:, None, None] / 2)
    weight = torch.where(known, 1 / (counts[0] * counts[1]), 0)
    table, found = pixel_rows(data), list[Tensor]()
    base, sine, cosine = image * (height * width), turn.sin(), turn.cos()
    piece = max(MOST // (bins[0] * bins[1] * most[0] * most[1] * 4), 1)
    for begin in range(0, rois.shape[0], piece):
        part = slice(begin, begin + piece)
        v, u = places[0][part, :, None, :, None], places[1][part, None, :, None, :]
        own = [value[part].view(-1, 1, 1, 1, 1) for value in (x, y, sine, cosine)]
        column = u * own[3] + v * own[2] + own[0]  # (R, P, Q, S, S)
        row = v * own[3] - u * own[2] + own[1]
        inside = (row >= -1) & (row <= height) & (column >= -1) & (column <= width)
        share = torch.where(inside, weight[part].view(-1, 1, 1, 1, 1), 0).flatten()
        row, column = (torch.where(inside, place, 0).flatten() for place in (row, column))
        start, offsets = base[part].view(-1, 1, 1, 1, 1).expand(inside.shape).flatten(), None
        if sampling_ratio <= 0:  # most of the places are not there if boxes have different sizes
            picked = inside.flatten().nonzero().squeeze(1)
            row, column, share, start = (values.index_select(0, picked) for values in (row, column, share, start))
            number = inside.sum((3, 4)).flatten() * 4
            offsets = (number.cumsum(0) - number).int()
        rows, by_row = between(row, height)
        columns, by_column = between(column, width)
        index = (rows * width + start.unsqueeze(1)).unsqueeze(2) + columns.unsqueeze(1)
        share = (by_row * share.unsqueeze(1)).unsqueeze(2) * by_column.unsqueeze(1)
        bags = (-1,) if sampling_ratio <= 0 else (inside.shape[:3].numel(), -1)
        found.append(weighted_sums(table, index.view(bags), share.view(bags), offsets))
    pooled = torch.cat(found) if len(found) > 1 else found[0]
    return pooled.view(rois.shape[0], -1, channels).transpose(1, 2).reshape(-1, channels, *bins).to(data.dtype)


def _sensitive_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    size = attributes["pooled_size"]
    return [((shapes[1][0], attributes["output_dim"], size, size), dtypes[0])]


def group_planes(data: Tensor, output_dim: int, groups: int, bins: int) -> tuple[Tensor, Planes]:
    """Return data as (N, output_dim, groups * groups, H, W), and the planes that bins read."""
    needed = output_dim * groups * groups
    if data.shape[1] < needed:
        raise ValueError(
            f"data has shape {tuple(data.shape)}; expected at least {needed} channels for output_dim={output_dim} and "
            f"groups of {groups} x {groups}"
        )
    group = torch.arange(bins, dtype=torch.int32, device=data.device) * groups // bins
    layers = data[:, :needed].reshape(data.shape[0], output_dim, groups * groups, *data.shape[2:])
    return layers, (group * groups, group)


@operator("_contrib_PSROIPooling", shape=_sensitive_shape)
def psroi_pooling(
    data: Tensor,
    rois: Tensor,
    *,
    spatial_scale: UnitFloat,
    output_dim: PositiveInt,
    pooled_size: PositiveInt,
    group_size: NonNegativeInt = 0,
) -> Tensor:
    """Mean of each bin of a grid over every box, where every bin reads its own channels.

    Corners of boxes are rounded to pixels, halves away from zero; both belong to the box. Then it is scaled and divided
    into P x P equal bins; a bin has all pixels that it touches. What lies outside the data is left out, and an empty
    bin gives 0. Bin (p, q) of output channel c reads channel ``(c * G + p * G // P) * G + q * G // P``.

    Parameters
    ----------
    data : (N, output_dim * G * G, H, W)
        Score maps, of a floating dtype. Further channels are not read.
    rois : (R, 5)
        Boxes (image, x1, y1, x2, y2), of the same dtype. The number of the image is cut to an int.
    spatial_scale : float from 0 to 1
        Size of the score maps as a part of the image that the boxes are given for.
    output_dim : int of at least 1
        Channels of the output.
    pooled_size : int of at least 1
        P, rows and columns of the grid.
    group_size : int of at least 0
        G, rows and columns of the grid of channels; P if 0.

    Returns
    -------
    (R, output_dim, P, P)

    References
    ----------
    Dai et al., R-FCN: Object Detection via Region-based Fully Convolutional Networks, 2016.

    Examples
    --------
    >>> data = mx.nd.arange(16).reshape((1, 4, 2, 2))
    >>> boxes = mx.nd.array([[0, 0, 0, 1, 1]])
    >>> options = {"spatial_scale": 1, "output_dim": 1, "pooled_size": 2}
    >>> mx.nd.contrib.PSROIPooling(data, boxes, **options).asnumpy().tolist()
    [[[[0.0, 5.0], [10.0, 15.0]]]]
    """
    check_boxes(data, rois)
    layers, planes = group_planes(data, output_dim, group_size or pooled_size, pooled_size)
    if not (data.numel() and rois.shape[0]):
        return data.new_zeros(rois.shape[0], output_dim, pooled_size, pooled_size)
    image, known = images_of(rois, data.shape[0])
    corner, scale = rounded(rois[:, 1:].detach()), rois.new_full((), single(spatial_scale))
    number = torch.arange(pooled_size, dtype=rois.dtype, device=rois.device)
    axes: list[Tensor] = []
    for i, length in ((1, data.shape[2]), (0, data.shape[3])):
        start, end = corner[:, i : i + 1] * scale, (corner[:, i + 2 : i + 3] + 1) * scale
        step = (end - start).clamp(min=0.1) / pooled_size
        begin, stop = _edges((number * step + start).floor(), ((number + 1) * step + start).ceil(), length)
        pixel = torch.arange(length, dtype=begin.dtype, device=rois.device)
        inside = (pixel >= begin.unsqueeze(-1)) & (pixel < stop.unsqueeze(-1)) & known[:, None, None]
        axes.append(inside.to(exact(rois).dtype) / (stop - begin).clamp(min=1).unsqueeze(-1))
    return averages(layers, image, planes, axes[0], axes[1]).to(data.dtype)
