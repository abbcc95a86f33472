"""Deformable convolution and pooling: layers that read their input at places which another layer computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch.utils.checkpoint import checkpoint

from .activation import check_floating
from .attributes import NonNegativeInt, PositiveInt, Shape, UnitFloat, single
from .convolution import _convolution_size, _steps
from .families import documented, dtype_name
from .gathering import MOST, exact, pixel_rows, weighted_sums
from .products import linear
from .region import (
    check_boxes,
    group_planes,
    images_of,
    rounded,
)
from .registry import Function, operator

Tensor = torch.Tensor
Pair = tuple[int, int]


def _inputs(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    return lambda attributes: (*names,) if attributes["no_bias"] else (*names, "bias")


def _complete(shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]) -> Sequence[tuple[int, ...] | None]:
    data, filters = shapes[0], attributes["num_filter"]
    weight = len(shapes) - (1 if attributes["no_bias"] else 2)
    channels = data[1] if data is not None and len(data) == 4 else 0  # 0 while it is unknown
    if channels or shapes[weight] is None:
        shapes[weight] = (filters, channels // attributes["num_group"], *attributes["kernel"])
    if not attributes["no_bias"]:
        shapes[-1] = (filters,)
    return shapes


def _geometry(data: Sequence[int], attributes: Mapping[str, Any]) -> tuple[tuple[Pair, Pair, Pair, Pair], Pair]:
    """Return kernel, stride, dilate and pad, each (height, width), and the output's size."""
    kernel, layout = attributes["kernel"], attributes["layout"]
    if len(kernel) != 2:
        raise ValueError(f"kernel is {kernel}; expected (height, width)")
    stride, dilate, pad, _ = _steps(kernel, attributes["stride"], attributes["dilate"], attributes["pad"], (), layout)
    if len(data) != 4:
        raise ValueError(f"data has shape {tuple(data)}; expected four axes (N, C, H, W)")
    size = [_convolution_size(*along) for along in zip(data[2:], kernel, stride, dilate, pad)]
    if min(size) < 1:
        raise ValueError(
            f"kernel is {kernel} with dilate {dilate}; expected at most the padded data, {tuple(data[2:])} with "
            f"pad {pad}"
        )
    return (kernel, stride, dilate, pad), (size[0], size[1])  # type: ignore[return-value]


def _convolution_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    _, size = _geometry(shapes[0], attributes)
    return [((shapes[0][0], attributes["num_filter"], *size), dtypes[0])]


def _check(attributes: Mapping[str, Any], size: Pair, **inputs: Tensor | None) -> None:
    """Raise unless all inputs of a deformable convolution fit together."""
    data = inputs["data"]
    assert data is not None
    check_floating(data)
    images, channels = data.shape[:2]
    kernel, filters = attributes["kernel"], attributes["num_filter"]
    groups, places = attributes["num_group"], attributes["num_deformable_group"] * kernel[0] * kernel[1]
    for name, counted in (("num_group", groups), ("num_deformable_group", attributes["num_deformable_group"])):
        if channels % counted or (name == "num_group" and filters % counted):
            also = f" and of num_filter={filters}" if name == "num_group" else ""
            raise ValueError(
                f"{name} is {counted}; expected a divisor of the {channels} channels of data {tuple(data.shape)}{also}"
            )
    expected = {
        "offset": (images, 2 * places, *size),
        "mask": (images, places, *size),
        "weight": (filters, channels // groups, *kernel),
        "bias": (filters,),
    }
    for name, shape in expected.items():
        given = inputs.get(name)
        if given is None:
            continue
        if given.dtype is not data.dtype:
            raise TypeError(
                f"{name} is {dtype_name(given.dtype)}; expected {dtype_name(data.dtype)}, the dtype of data: "
                "cast one of them with .astype"
            )
        if given.shape != shape:
            raise ValueError(
                f"{name} has shape {tuple(given.shape)}; expected {shape} for data {tuple(data.shape)}, "
                f"kernel={kernel}, num_filter={filters}, num_group={groups}, "
                f"num_deformable_group={attributes['num_deformable_group']}"
            )


def _columns(
    data: Tensor, offset: Tensor, mask: Tensor | None, geometry: tuple[Pair, Pair, Pair, Pair], groups: int, fades: bool
) -> Tensor:
    """Return what every position of the kernel reads, (N * H' * W', kernel * C).

    Beyond the outermost pixels the data `fades` to zero within one pixel. Otherwise these pixels count up to the edge,
    which is at 0 on one side but a whole pixel away on the other, and everything beyond is zero.
    """
    (images, channels, height, width), (kernel, stride, dilate, pad) = data.shape, geometry
    size, device = offset.shape[2:], data.device
    rows = pixel_rows(data).view(-1, channels // groups)  # of each pixel, one for each deformable group
    moves = exact(offset).view(images, groups, kernel[0] * kernel[1], 2, -1)
    moves = moves.permute(3, 0, 4, 2, 1).contiguous()  # 2 N P K G
    corners: list[tuple[Tensor, Tensor]] = []
    inside = None
    for axis, length in ((0, height), (1, width)):
        output = torch.arange(size[axis], device=device) * stride[axis] - pad[axis]
        taps = torch.arange(kernel[axis], device=device) * dilate[axis]
        shape = (-1, 1, 1, 1) if axis == 0 else (1, -1, 1, 1)
        grid = output.view(shape) + (taps.view(1, 1, -1, 1) if axis == 0 else taps.view(1, 1, 1, -1))
        grid = grid.expand(*size, *kernel).reshape(-1, kernel[0] * kernel[1], 1)  # P K 1
        place = grid + moves[axis]  # N P K G
        near = (place > -1) & (place < length) if fades else (place >= 0) & (place < length)
        inside = near if inside is None else inside & near
        place = torch.where(near, place, 0)
        low = place.detach().floor()
        part = place - low
        pair = torch.stack((low, low + 1), -1)
        weight = torch.stack((1 - part, part), -1)
        if fades:
            weight = torch.where((pair >= 0) & (pair < length), weight, 0)
        corners.append((pair.clamp(0, length - 1).int(), weight))
    assert inside is not None
    (y, by_row), (x, by_column) = corners
    share = inside.to(by_row.dtype)
    if mask is not None:
        share = share * exact(mask).view(images, groups, kernel[0] * kernel[1], -1).permute(0, 3, 2, 1).contiguous()
    by_row = by_row * share.unsqueeze(-1)
    base = torch.arange(images, dtype=y.dtype, device=device).view(-1, 1, 1, 1, 1) * (height * width)
    index = (base + y * width).unsqueeze(-1) + x.unsqueeze(-2)
    index = index * groups + torch.arange(groups, dtype=y.dtype, device=device).view(-1, 1, 1)
    weights = by_row.unsqueeze(-1) * by_column.unsqueeze(-2)
    read = weighted_sums(rows, index.view(-1, 4), weights.view(-1, 4))
    return read.view(-1, kernel[0] * kernel[1] * channels)


def _filtered(columns: Tensor, weight: Tensor, groups: int) -> Tensor:
    """Return the products (positions, filters) of columns with filters (filters, C / groups, *kernel)."""
    filters, inner = weight.shape[:2]
    flat = exact(weight).flatten(2).transpose(1, 2)  # filters, kernel, C / groups
    if groups == 1:
        return linear(columns, flat.reshape(filters, -1))
    split = columns.view(columns.shape[0], -1, groups, inner).permute(2, 0, 1, 3).reshape(groups, columns.shape[0], -1)
    product = split @ flat.reshape(groups, filters // groups, -1).transpose(1, 2)
    return product.transpose(0, 1).reshape(-1, filters)


def _convolved(
    data: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    weight: Tensor,
    bias: Tensor | None,
    attributes: Mapping[str, Any],
    fades: bool,
) -> Tensor:
    geometry, size = _geometry(data.shape, attributes)
    _check(attributes, size, data=data, offset=offset, mask=mask, weight=weight, bias=bias)
    groups = attributes["num_deformable_group"]

    def part(data: Tensor, offset: Tensor, mask: Tensor | None, weight: Tensor) -> Tensor:
        columns = _columns(data, offset, mask, geometry, groups, fades)
        product = _filtered(columns, weight, attributes["num_group"])
        return product.view(data.shape[0], size[0] * size[1], -1).transpose(1, 2)

    if not (data.shape[0] and data.shape[1]):
        output = exact(data).new_zeros(data.shape[0], weight.shape[0], size[0] * size[1])
    else:
        piece = max(2 * MOST // (size[0] * size[1] * geometry[0][0] * geometry[0][1] * data.shape[1]), 1)
        if piece >= data.shape[0]:
            output = part(data, offset, mask, weight)
        else:
            masks = [None] * data.shape[0] if mask is None else mask.split(piece)
            pieces: list[Tensor] = []
            for few in zip(data.split(piece), offset.split(piece), masks):
                # the columns of all pieces would take too much memory: backward computes them again
                found: Any = (
                    checkpoint(part, *few, weight, use_reentrant=False, preserve_rng_state=False)
                    if torch.is_grad_enabled()
                    else part(*few, weight)
                )
                pieces.append(found)
            output = torch.cat(pieces)
    if bias is not None:
        output = output + exact(bias).unsqueeze(1)
    return output.reshape(data.shape[0], weight.shape[0], *size).to(data.dtype).contiguous()


def deforming(name: str, *names: str, source: str, hidden: Sequence[str] = ()) -> Callable[[Function], Function]:
    """Register a deformable convolution on `names` and bias; its docstring goes on with `_DEFORMING` and the source."""

    def register(function: Function) -> Function:
        ignored = ("workspace", *hidden)
        sections = _DEFORMING.format(hidden=", ".join(ignored), source=source)
        function.__doc__ = documented(function, sections)
        return operator(name, inputs=_inputs(names), complete=_complete, shape=_convolution_shape, hidden=ignored)(
            function
        )

    return register


_DEFORMING = """\
weight : (num_filter, C / num_group, *kernel)
    Filters.
bias : (num_filter,), optional
    Added to every position; absent with `no_bias`.
kernel : (int, int)
    Height and width of a filter.
stride, dilate, pad : (int, int)
    Step between positions (1 unless given), step between the elements that a filter meets (1), places added on both
    sides (0).
num_filter : int of at least 1
    Channels of the output.
num_group : int of at least 1
    Channels and filters fall into so many groups that do not see each other.
num_deformable_group : int of at least 1
    Channels fall into so many groups that are read at places of their own.
{hidden}
    No effect.
no_bias : bool
    Leave `bias` out.
layout : str, optional
    ``NCHW``, the only one.

Returns
-------
(N, num_filter, H', W')

References
----------
{source}
"""


@deforming(
    "_contrib_DeformableConvolution",
    "data",
    "offset",
    "weight",
    source="Dai et al., Deformable Convolutional Networks, 2017.",
)
def deformable_convolution(
    data: Tensor,
    offset: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    kernel: Shape,
    stride: Shape = (),
    dilate: Shape = (),
    pad: Shape = (),
    num_filter: PositiveInt,
    num_group: PositiveInt = 1,
    num_deformable_group: PositiveInt = 1,
    workspace: NonNegativeInt = 1024,
    no_bias: bool = False,
    layout: Literal["NCDHW", "NCHW", "NCW"] | None = None,
) -> Tensor:
    """Convolution whose filters read the data at places that are moved by offsets.

    ``output[n, f, y, x] = bias[f] + sum over c, i, j of weight[f, c, i, j] * data[n, c, Y, X]`` with the place
    ``Y = y * stride - pad + i * dilate + dy``, ``X`` alike, where (dy, dx) is the offset for (n, i, j, y, x). Between
    pixels the data are interpolated bilinearly. Outside ``0 <= Y < H``, ``0 <= X < W`` they are zero; beyond the centre
    of the last pixel, but still inside, they stay as they are there.

    Parameters
    ----------
    data : (N, C, H, W)
        Input, of a floating dtype, which all inputs share.
    offset : (N, 2 * num_deformable_group * kernel height * kernel width, H', W')
        Offsets in pixels, for each group, element of the kernel and position: first dy, then dx.

    Examples
    --------
    >>> data = mx.nd.arange(4).reshape((1, 1, 2, 2))
    >>> offset = mx.nd.full((1, 2, 2, 2), 0.5)
    >>> weight = mx.nd.ones((1, 1, 1, 1))
    >>> options = {"kernel": (1, 1), "num_filter": 1, "no_bias": True}
    >>> mx.nd.contrib.DeformableConvolution(data, offset, weight, **options).asnumpy().tolist()
    [[[[1.5, 2.0], [2.5, 3.0]]]]
    """
    if no_bias:
        bias = None
    attributes = {
        "kernel": kernel,
        "stride": stride,
        "dilate": dilate,
        "pad": pad,
        "num_filter": num_filter,
        "num_group": num_group,
        "num_deformable_group": num_deformable_group,
        "layout": layout,
    }
    return _convolved(data, offset, None, weight, bias, attributes, False)


@deforming(
    "_contrib_ModulatedDeformableConvolution",
    "data",
    "offset",
    "mask",
    "weight",
    source="Zhu et al., Deformable ConvNets v2: More Deformable, Better Results, 2019.",
    hidden=("im2col_step",),
)
def modulated_deformable_convolution(
    data: Tensor,
    offset: Tensor,
    mask: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    kernel: Shape,
    stride: Shape = (),
    dilate: Shape = (),
    pad: Shape = (),
    num_filter: PositiveInt,
    num_group: PositiveInt = 1,
    num_deformable_group: PositiveInt = 1,
    workspace: NonNegativeInt = 1024,
    no_bias: bool = False,
    im2col_step: PositiveInt = 64,
    layout: Literal["NCDHW", "NCHW", "NCW"] | None = None,
) -> Tensor:
    """Convolution whose filters read the data at places that are moved by offsets, and weigh what they read by a mask.

    ``output[n, f, y, x] = bias[f] + sum over c, i, j of weight[f, c, i, j] * m * data[n, c, Y, X]`` with the place
    ``Y = y * stride - pad + i * dilate + dy``, ``X`` alike, where (dy, dx) and m are the offset and the mask for
    (n, i, j, y, x). Between pixels the data are interpolated bilinearly; all pixels around them count as zero, so the
    data fade to zero within a pixel.

    Parameters
    ----------
    data : (N, C, H, W)
        Input, of a floating dtype, which all inputs share.
    offset : (N, 2 * num_deformable_group * kernel height * kernel width, H', W')
        Offsets in pixels, for each group, element of the kernel and position: first dy, then dx.
    mask : (N, num_deformable_group * kernel height * kernel width, H', W')
        Factors, for each group, element of the kernel and position.

    Examples
    --------
    >>> data = mx.nd.arange(4).reshape((1, 1, 2, 2))
    >>> offset, mask = mx.nd.full((1, 2, 2, 2), 0.5), mx.nd.full((1, 1, 2, 2), 2)
    >>> weight = mx.nd.ones((1, 1, 1, 1))
    >>> options = {"kernel": (1, 1), "num_filter": 1, "no_bias": True}
    >>> mx.nd.contrib.ModulatedDeformableConvolution(data, offset, mask, weight, **options).asnumpy().tolist()
    [[[[3.0, 2.0], [2.5, 1.5]]]]
    """
    if no_bias:
        bias = None
    attributes = {
        "kernel": kernel,
        "stride": stride,
        "dilate": dilate,
        "pad": pad,
        "num_filter": num_filter,
        "num_group": num_group,
        "num_deformable_group": num_deformable_group,
        "layout": layout,
    }
    return _convolved(data, offset, mask, weight, bias, attributes, True)


def _pooling_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    size = attributes["pooled_size"]
    return [((shapes[1][0], attributes["output_dim"], size, size), dtypes[0])]


def _check_moves(trans: Tensor, rois: Tensor, output_dim: int, part: int) -> int:
    """Return the number of classes that have moves of their own."""
    if trans.dtype is not rois.dtype:
        raise TypeError(
            f"trans is {dtype_name(trans.dtype)}; expected {dtype_name(rois.dtype)}, the dtype of data: "
            "cast one of them with .astype"
        )
    shape = tuple(trans.shape)
    if len(shape) != 4 or shape[1] % 2 or shape[1] < 2 or shape != (rois.shape[0], shape[1], part, part):
        raise ValueError(
            f"trans has shape {shape}; expected ({rois.shape[0]}, 2 * classes, {part}, {part}) for rois "
            f"{tuple(rois.shape)} and parts of {part} x {part}"
        )
    if output_dim % (shape[1] // 2):
        raise ValueError(f"trans has moves for {shape[1] // 2} classes; expected a divisor of output_dim={output_dim}")
    return shape[1] // 2


@operator(
    "_contrib_DeformablePSROIPooling",
    inputs=lambda attributes: ("data", "rois") if attributes["no_trans"] else ("data", "rois", "trans"),
    shape=_pooling_shape,
)
def deformable_psroi_pooling(
    data: Tensor,
    rois: Tensor,
    trans: Tensor | None = None,
    *,
    spatial_scale: UnitFloat,
    output_dim: PositiveInt,
    group_size: PositiveInt,
    pooled_size: PositiveInt,
    part_size: NonNegativeInt = 0,
    sample_per_part: int = 1,
    trans_std: UnitFloat = 0.0,
    no_trans: bool = False,
) -> Tensor:
    """Mean of samples in each bin of a grid over every box, where every bin is moved and reads its own channels.

    Corners of boxes are rounded to pixels, halves away from zero; both pixels belong to the box. Then it is scaled,
    divided into P x P equal bins, and the bin is moved by ``trans * trans_std`` times the size of the box. Its S x S
    samples start at its corner and are taken by bilinear interpolation; those more than half a pixel outside the data
    do not count. Bin (p, q) of output channel c reads channel ``(c * G + p * G // P) * G + q * G // P``.

    Parameters
    ----------
    data : (N, output_dim * G * G, H, W)
        Score maps, of a floating dtype, which all inputs share. Further channels are not read.
    rois : (R, 5)
        Boxes (image, x1, y1, x2, y2). The number of the image is cut to an int.
    trans : (R, 2 * classes, part_size, part_size), optional
        Moves, for each class first dx, then dy. The channels of the output fall into so many classes. Absent with
        `no_trans`.
    spatial_scale : float from 0 to 1
        Size of the score maps as a part of the image that the boxes are given for.
    output_dim : int of at least 1
        Channels of the output.
    group_size : int of at least 1
        G, rows and columns of the grid of channels.
    pooled_size : int of at least 1
        P, rows and columns of the grid of bins.
    part_size : int of at least 0
        Rows and columns of the grid of moves; P if 0.
    sample_per_part : int
        S. Without samples the output is 0.
    trans_std : float from 0 to 1
        Factor of all moves.
    no_trans : bool
        Leave `trans` out: bins stay where they are.

    Returns
    -------
    (R, output_dim, P, P)

    References
    ----------
    Dai et al., Deformable Convolutional Networks, 2017.

    Examples
    --------
    >>> data = mx.nd.arange(16).reshape((1, 1, 4, 4))
    >>> boxes, moves = mx.nd.array([[0, 1, 1, 2, 2]]), mx.nd.ones((1, 2, 1, 1))
    >>> options = {"spatial_scale": 1, "output_dim": 1, "group_size": 1, "pooled_size": 1, "trans_std": 0.5}
    >>> mx.nd.contrib.DeformablePSROIPooling(data, boxes, moves, **options).asnumpy().tolist()
    [[[[7.5]]]]
    """
    check_boxes(data, rois)
    bins, part, samples = pooled_size, part_size or pooled_size, max(sample_per_part, 0)
    if no_trans:
        trans = None
    classes = 1 if trans is None else _check_moves(trans, rois, output_dim, part)
    layers, planes = group_planes(data, output_dim, group_size, bins)
    if not (data.numel() and rois.shape[0] and samples):
        return data.new_zeros(rois.shape[0], output_dim, bins, bins)
    images, _, groups, height, width = layers.shape
    image, known = images_of(rois, images)
    corner, device = exact(rounded(rois[:, 1:].detach())), data.device
    number, step = torch.arange(bins, device=device), torch.arange(samples, device=device)
    moved = torch.arange(bins, device=device) * part // bins
    reads: list[tuple[Tensor, Tensor]] = []
    counts: list[Tensor] = []
    for axis, length in ((1, height), (0, width)):
        start = corner[:, axis] * single(spatial_scale) - 0.5
        extent = ((corner[:, axis + 2] + 1) * single(spatial_scale) - 0.5 - start).clamp(min=0.1)
        size = extent / bins
        place = start[:, None] + number * size[:, None]  # R P
        place = (place[:, None, :, None] if axis == 1 else place[:, None, None, :]).expand(-1, classes, bins, bins)
        if trans is not None:
            moves = exact(trans)[:, axis == 1 :: 2, moved[:, None], moved] * single(trans_std)  # R classes P P
            place = place + moves * extent[:, None, None, None]
        place = place.unsqueeze(-1) + step * (size / samples).view(-1, 1, 1, 1, 1)
        inside = (place >= -0.5) & (place <= length - 0.5) & known.view(-1, 1, 1, 1, 1)
        place = torch.where(inside, place, 0).clamp(0, length - 1)
        low = place.detach().floor()
        fraction = place - low
        weight = torch.stack((1 - fraction, fraction), -1) * inside.unsqueeze(-1)
        # on a pixel both neighbours are this pixel: no gradient for the place
        reads.append((torch.stack((low, place.detach().ceil()), -1).int().flatten(4), weight.flatten(4)))
        counts.append(inside.sum(-1))
    (y, by_row), (x, by_column) = reads
    share = 1 / (counts[0] * counts[1]).clamp(min=1).to(by_row.dtype)
    table = pixel_rows(layers.reshape(images * classes, output_dim // classes, groups, height, width))
    first = image[:, None] * classes + torch.arange(classes, dtype=torch.int32, device=device)  # R classes
    base = (first[:, :, None, None] * groups + planes[0][:, None] + planes[1]) * (height * width)
    index = (base.unsqueeze(-1) + y * width).unsqueeze(-1) + x.unsqueeze(-2)
    weights = (by_row * share.unsqueeze(-1)).unsqueeze(-1) * by_column.unsqueeze(-2)
    bags = base.numel()
    pooled = weighted_sums(table, index.view(bags, -1), weights.view(bags, -1))
    pooled = pooled.view(rois.shape[0], classes, bins * bins, -1).transpose(2, 3)
    return pooled.reshape(rois.shape[0], output_dim, bins, bins).to(data.dtype).contiguous()
