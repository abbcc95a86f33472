"""References for mxnet/_ops/deformable.py."""

from __future__ import annotations

import itertools

import numpy as np

from . import bad, integers, normal, reference, sample, uniform
from .region import BOXES, NUMBERS, OUTSIDE, SCORES, STRANGERS, bilinear, many_boxes, rounded

HALF = "1.9.1 has no float16 matrix product on the CPU"
EMPTY = "1.9.1 crashes on an empty batch"

DATA = normal(2, 4, 5, 4)
BIAS = normal(4)
#: Zeros, whole numbers, halves, and places at and beyond the border of a row of four pixels.
KINKS = np.array([0, 1, 0.5, -1.5, 2.5, -0.25, -3, 3.75, 3, -1, 4, 0.0], "float32").reshape(1, 1, 3, 4)
#: In each direction an offset that ends inside, one just outside, one far outside.
PROBES = np.array([[0.25, -0.3, -1.2, 8.7], [-1.1, 2.3, 1.1, 0.1], [0.4, 1.6, -0.7, -8.7]], "float32").reshape(
    1, 1, 3, 4
)


def _call(kernel, size, *, data=DATA, num_filter=4, num_group=1, num_deformable_group=1, bias=True, mask=False,
          dtype="float32", **attributes):  # fmt: skip
    """One sample; `size` is the height and width of its output."""
    places = num_deformable_group * kernel[0] * kernel[1]
    inputs = [data, normal(len(data), 2 * places, *size, scale=0.8)]
    if mask:
        inputs.append(uniform(len(data), places, *size))
    inputs.append(normal(num_filter, data.shape[1] // num_group, *kernel))
    inputs += [normal(num_filter)] if bias else []
    more = {"num_group": num_group} if num_group > 1 else {}
    more |= {"num_deformable_group": num_deformable_group} if num_deformable_group > 1 else {}
    more |= {} if bias else {"no_bias": True}
    return sample(
        *(x.astype(dtype) for x in inputs), kernel=kernel, num_filter=num_filter, **more, **attributes
    )  # fmt: skip


def _samples(mask):
    row = np.arange(1, 13, dtype="float32").reshape(1, 1, 3, 4)
    one = np.ones((1, 1, 1, 1), "float32")
    factor = [np.full((1, 1, 3, 4), 2, "float32")] if mask else []
    return [
        _call((3, 3), (3, 2), mask=mask),
        _call((3, 3), (3, 2), mask=mask, bias=False, layout="NCHW"),
        _call((2, 3), (3, 4), mask=mask, stride="(2, 1)", pad="(1, 1)", workspace=1),
        _call((3, 2), (3, 2), mask=mask, dilate=(1, 2)),
        _call((3, 3), (5, 4), mask=mask, pad=(1, 1), num_group=2),
        _call((2, 2), (4, 3), mask=mask, num_deformable_group=2),
        _call((1, 1), (5, 4), mask=mask, num_deformable_group=4, num_group=4),
        _call((3, 3), (3, 2), mask=mask, dtype="float64"),
        _call((2, 2), (4, 3), mask=mask, dtype="float64", num_group=2, num_deformable_group=2),
        _call((2, 2), (4, 3), mask=mask, dtype="float16", differentiable=False, golden=False, why=HALF),
        _call((1, 1), (1, 1), mask=mask, data=normal(1, 1, 1, 1), num_filter=1),
        _call((3, 3), (3, 2), mask=mask, data=DATA[:0], **({"golden": False, "why": EMPTY} if mask else {})),
        sample(row, np.concatenate([PROBES, PROBES[:, :, ::-1]], 1), *factor, one, kernel=(1, 1), num_filter=1,
               no_bias=True),
        sample(row, np.concatenate([KINKS, KINKS[:, :, ::-1]], 1), *factor, one, kernel=(1, 1), num_filter=1,
               no_bias=True, differentiable=False),
    ]  # fmt: skip


def _bad(mask):
    good = _call((3, 3), (3, 2), mask=mask)
    data, offset, *more = good.inputs
    masks, (weight, bias) = more[:-2], more[-2:]
    options = {"kernel": (3, 3), "num_filter": 4}
    return [
        bad(data, offset[:, :16], *masks, weight, bias, **options, match=r"offset has shape .*expected \(2, 18, 3"),
        bad(data, offset[:1], *masks, weight, bias, **options, match=r"offset has shape .*expected \(2, 18, 3"),
        bad(data, offset, *masks, weight[:3], bias, **options, match=r"weight has shape .*; expected \(4, 4, 3, 3\)"),
        bad(data, offset, *masks, weight, bias[:3], **options, match=r"bias has shape \(3,\); expected \(4,\)"),
        bad(data, offset, *masks, weight, bias, **options, num_deformable_group=3,
            match="num_deformable_group is 3; expected a divisor of the 4 channels"),
        bad(data, offset, *masks, weight, bias, **options, num_group=3, match="num_group is 3; expected a divisor"),
        bad(data, offset, *masks, weight, bias, kernel=(3,), num_filter=4, match=r"kernel is \(3,\); expected"),
        bad(data, offset, *masks, weight, bias, kernel=(9, 9), num_filter=4, match=r"kernel is \(9, 9\) .* at most"),
        bad(data, offset, *masks, weight, bias, **options, layout="NCW", match="layout is 'NCW'"),
        bad(data[0], offset, *masks, weight, bias, **options, match="expected four axes"),
        bad(data, offset.astype("float64"), *masks, weight, bias, **options, match="offset is float64; expected"),
        bad(integers(1, 2, 3, 3), offset, *masks, weight, bias, **options, match="data is int32; expected a floating"),
        *([bad(data, offset, masks[0][:, :8], weight, bias, **options, match=r"mask has shape .*; expected \(2, 9")]
          if mask else []),
    ]  # fmt: skip


def _benchmark(mask):
    return _call((3, 3), (56, 56), data=normal(2, 64, 56, 56), num_filter=64, pad=(1, 1), mask=mask)


@reference(
    "_contrib_DeformableConvolution", samples=_samples(False), bad=_bad(False), benchmark=lambda: _benchmark(False)
)
def deformable_convolution(
    data, offset, weight, bias=None, *, mask=None, fades=False, kernel, num_filter, stride=(), dilate=(), pad=(),
    num_group=1, num_deformable_group=1, no_bias=False, layout=None, workspace=0, im2col_step=0,
):  # fmt: skip
    images, channels, height, width = data.shape
    size, groups = offset.shape[2:], num_deformable_group
    stride, dilate, pad = stride or (1, 1), dilate or (1, 1), pad or (0, 0)
    moves = offset.astype("float64").reshape(images, groups, *kernel, 2, *size)
    factor = np.ones((images, groups, *kernel, *size)) if mask is None else mask.reshape(images, groups, *kernel, *size)
    framed = np.pad(data.astype("float64"), ((0, 0), (0, 0), (1, 1), (1, 1)))
    read = np.zeros((images, groups, channels // groups, *kernel, *size))
    for n, g, i, j, y, x in np.ndindex(images, groups, *kernel, *size):
        place = np.array([y, x]) * stride - pad + np.array([i, j]) * dilate + moves[n, g, i, j, :, y, x]
        own = slice(g * channels // groups, (g + 1) * channels // groups)
        if fades and (place > -1).all() and (place < (height, width)).all():
            value = bilinear(framed[n, own], *(place + 1))
        elif not fades and (place >= 0).all() and (place < (height, width)).all():
            value = bilinear(data[n, own].astype("float64"), *place)
        else:
            continue
        read[n, g, :, i, j, y, x] = factor[n, g, i, j, y, x] * value
    read = read.reshape(images, num_group, channels // num_group, *kernel, *size)
    filters = weight.astype("float64").reshape(num_group, num_filter // num_group, *weight.shape[1:])
    out = np.einsum("gfcij,ngcijyx->ngfyx", filters, read).reshape(images, num_filter, *size)
    return out if bias is None else out + bias[:, None, None]


@reference(
    "_contrib_ModulatedDeformableConvolution",
    samples=[*_samples(True), _call((3, 3), (3, 2), mask=True, im2col_step=1)],
    bad=_bad(True),
    benchmark=lambda: _benchmark(True),
)
def modulated_deformable_convolution(data, offset, mask, weight, bias=None, **attributes):
    return deformable_convolution(data, offset, weight, bias, mask=mask, fades=True, **attributes)


MOVES = normal(7, 2, 2, 2)


@reference(
    "_contrib_DeformablePSROIPooling",
    samples=[
        sample(SCORES, BOXES, MOVES, spatial_scale=1, output_dim=2, group_size=2, pooled_size=2, trans_std=0.1),
        sample(SCORES, BOXES, MOVES, spatial_scale="0.75", output_dim="2", group_size="2", pooled_size="3",
               part_size="2", sample_per_part="2", trans_std="0.3"),
        sample(SCORES, BOXES, normal(7, 4, 3, 3), spatial_scale=1, output_dim=2, group_size=1, pooled_size=2,
               part_size=3, sample_per_part=3, trans_std=0.1),
        sample(SCORES, BOXES, spatial_scale=1, output_dim=2, group_size=2, pooled_size=4, sample_per_part=2,
               no_trans=True),
        sample(SCORES, BOXES, MOVES, spatial_scale=1, output_dim=2, group_size=2, pooled_size=2),
        sample(SCORES, BOXES, MOVES * 0, spatial_scale=0.5, output_dim=2, group_size=2, pooled_size=2, trans_std=1,
               sample_per_part=2, differentiable=False),
        sample(SCORES, BOXES, MOVES, spatial_scale=1, output_dim=2, group_size=2, pooled_size=2, sample_per_part=0),
        sample(SCORES, NUMBERS, MOVES[:3], spatial_scale=1, output_dim=2, group_size=2, pooled_size=2, trans_std=0.1),
        sample(SCORES, STRANGERS, MOVES[:3], spatial_scale=1, output_dim=2, group_size=2, pooled_size=2, trans_std=0.1,
               golden=False, why=OUTSIDE),
        sample(SCORES.astype("float64"), BOXES.astype("float64"), MOVES.astype("float64"), spatial_scale=0.3,
               output_dim=2, group_size=2, pooled_size=2, sample_per_part=2, trans_std=0.1),
        sample(SCORES.astype("float16"), BOXES[:2].astype("float16"), MOVES[:2].astype("float16").round(),
               spatial_scale=0.5, output_dim=2, group_size=2, pooled_size=2, sample_per_part=2, trans_std=0.125,
               differentiable=False),
        sample(normal(1, 1, 1, 1), np.zeros((1, 5), "float32"), normal(1, 2, 1, 1), spatial_scale=1, output_dim=1,
               group_size=1, pooled_size=1, sample_per_part=2, trans_std=0.1),
        sample(SCORES, np.zeros((0, 5), "float32"), spatial_scale=1, output_dim=2, group_size=2, pooled_size=2,
               no_trans=True),
    ],
    bad=[
        bad(SCORES, BOXES, MOVES[:3], spatial_scale=1, output_dim=2, group_size=2, pooled_size=2,
            match=r"trans has shape \(3, 2, 2, 2\); expected \(7, 2 \* classes, 2, 2\)"),
        bad(SCORES, BOXES, MOVES, spatial_scale=1, output_dim=2, group_size=2, pooled_size=2, part_size=3,
            match=r"expected \(7, 2 \* classes, 3, 3\)"),
        bad(SCORES, BOXES, normal(7, 6, 2, 2), spatial_scale=1, output_dim=2, group_size=2, pooled_size=2,
            match="moves for 3 classes; expected a divisor of output_dim=2"),
        bad(SCORES, BOXES, MOVES.astype("float64"), spatial_scale=1, output_dim=2, group_size=2, pooled_size=2,
            match="trans is float64; expected float32"),
        bad(SCORES, BOXES, MOVES, spatial_scale=1, output_dim=3, group_size=2, pooled_size=2,
            match="expected at least 12 channels"),
        bad(SCORES, BOXES, MOVES, spatial_scale=1, output_dim=2, group_size=0, pooled_size=2, match="at least 1"),
        bad(SCORES, BOXES, MOVES, spatial_scale=1, output_dim=2, group_size=2, pooled_size=2, trans_std=2,
            match="float from 0.0 to 1.0"),
    ],
    benchmark=lambda: sample(normal(1, 21 * 49, 38, 50), many_boxes(128, 1, 608, 800), normal(128, 2, 7, 7),
                             spatial_scale=1 / 16, output_dim=21, group_size=7, pooled_size=7, sample_per_part=4,
                             trans_std=0.1),
    constant=("rois",),
)  # fmt: skip
def deformable_psroi_pooling(
    data, rois, trans=None, *, spatial_scale, output_dim, group_size, pooled_size, part_size=0, sample_per_part=1,
    trans_std=0.0, no_trans=False,
):  # fmt: skip
    maps = data[:, : output_dim * group_size**2].astype("float64")
    maps = maps.reshape(len(data), output_dim, group_size, group_size, *data.shape[2:])
    classes = 1 if no_trans else trans.shape[1] // 2
    each, part, samples = output_dim // classes, part_size or pooled_size, sample_per_part
    limit = np.array(data.shape[2:]) - 0.5
    out = np.zeros((len(rois), output_dim, pooled_size, pooled_size))
    for r, (image, *box) in enumerate(rois.astype("float64")):
        if not 0 <= int(image) < len(data):
            continue
        corner = np.array([rounded(x) for x in box]).reshape(2, 2)[:, ::-1]
        low, high = (edge * np.float64(np.float32(spatial_scale)) - 0.5 for edge in (corner[0], corner[1] + 1))
        size = np.maximum(high - low, 0.1)
        for k, p, q in itertools.product(range(classes), range(pooled_size), range(pooled_size)):
            own = slice(k * each, (k + 1) * each)
            move = np.zeros(2)
            if not no_trans:
                move = trans[r, 2 * k : 2 * k + 2, p * part // pooled_size, q * part // pooled_size][::-1]
                move = move.astype("float64") * np.float64(np.float32(trans_std))
            scores = maps[int(image), own, p * group_size // pooled_size, q * group_size // pooled_size]
            values = []
            for number in itertools.product(range(samples), repeat=2):
                place = low + size * (
                    np.array([p, q]) / pooled_size + move + np.array(number) / (pooled_size * samples)
                )
                if (place >= -0.5).all() and (place <= limit).all():
                    values.append(bilinear(scores, *place))
            if values:
                out[r, own, p, q] = np.mean(values, 0)
    return out
