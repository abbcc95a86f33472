"""References for mxnet/_ops/patches.py."""

from __future__ import annotations

import itertools
import math

import numpy as np

from . import bad, integers, normal, reference, sample

IMAGE = normal(2, 2, 4, 5)
COUNT = np.arange(20, dtype="float32").reshape(1, 1, 4, 5)
ONES = np.ones((1, 1, 2, 2), "float32")
SINGLE = "1.9.1 takes float32 only"


def _windows(size, kernel, stride, dilate, pad):
    """Defaults filled in, and the number of windows along each axis."""
    stride, dilate, pad = stride or (1, 1), dilate or (1, 1), pad or (0, 0)
    counts = [len(range(0, n + 2 * p - d * (k - 1), s)) for n, k, s, d, p in zip(size, kernel, stride, dilate, pad)]
    return stride, dilate, pad, counts


@reference(
    "im2col",
    samples=[
        sample(COUNT, kernel=(2, 2)),
        sample(IMAGE, kernel="(2, 3)", stride=(2, 1), pad=(1, 0), dilate=(1, 2)),
        sample(IMAGE, kernel=(3, 3), stride=(2, 2), pad=(1, 2)),
        sample(IMAGE, kernel=(1, 1)),
        sample(IMAGE, kernel=(4, 5)),
        sample(normal(1, 1, 2, 2), kernel=(2, 2), pad=(3, 3), stride=(4, 4)),
        sample(normal(1, 3, 1, 1), kernel=(1, 1)),
        sample(normal(1, 2, 3, 3, dtype="float64"), kernel=(2, 2), dilate=(2, 2)),
        sample(normal(1, 2, 3, 3, dtype="float16"), kernel=(2, 2), differentiable=False),
    ],
    bad=[
        bad(IMAGE, kernel=(5, 3), match=r"kernel is \(5, 3\).*expected at most the padded image, \(4, 5\)"),
        bad(IMAGE, kernel=3, match=r"kernel is \(3,\); expected two numbers of at least 1"),
        bad(IMAGE, kernel=(2, 2), stride=(0, 1), match=r"stride is \(0, 1\); expected two numbers of at least 1"),
        bad(IMAGE, kernel=(2, 2), dilate=(1,), match=r"dilate is \(1,\); expected two numbers"),
        bad(IMAGE, kernel=(2, 2), pad=(-1, 0), match=r"pad is \(-1, 0\); expected two numbers of at least 0"),
        bad(IMAGE[0], kernel=(2, 2), match=r"data has shape \(2, 4, 5\); expected four axes"),
        bad(integers(1, 1, 3, 3), kernel=(2, 2), match="data is int32; expected a floating dtype"),
        bad(IMAGE, match="required attribute 'kernel'"),
    ],
    benchmark=lambda: sample(normal(4, 16, 56, 56), kernel=(3, 3), pad=(1, 1)),
)
def im2col(data, *, kernel, stride=(), dilate=(), pad=()):
    stride, dilate, pad, counts = _windows(data.shape[2:], kernel, stride, dilate, pad)
    x = np.pad(data, [(0, 0), (0, 0), (pad[0],) * 2, (pad[1],) * 2])
    out = np.zeros((*data.shape[:2], *kernel, *counts))
    for i, j, row, column in itertools.product(*map(range, (*kernel, *counts))):
        place = row * stride[0] + i * dilate[0], column * stride[1] + j * dilate[1]
        out[:, :, i, j, row, column] = x[:, :, place[0], place[1]]
    return out.reshape(len(data), -1, math.prod(counts))


@reference(
    "col2im",
    samples=[
        sample(normal(1, 4, 4), output_size=(3, 3), kernel=(2, 2)),
        sample(normal(2, 8, 4), output_size=(3, 3), kernel=(2, 2)),
        sample(normal(1, 4, 4), output_size="(4, 4)", kernel="(2, 2)", stride="(2, 2)"),
        sample(normal(1, 4, 4), output_size=(3, 3), kernel=(2, 2), stride=(2, 2), pad=(1, 1)),
        sample(normal(1, 4, 4), output_size=(5, 5), kernel=(2, 2), stride=(2, 2)),
        sample(normal(2, 6, 12), output_size=(3, 7), kernel=(3, 2), pad=(1, 0), dilate=(1, 3)),
        sample(normal(1, 2, 1), output_size=(1, 1), kernel=(1, 1)),
        sample(normal(1, 4, 4, dtype="float64"), output_size=(4, 4), kernel=(2, 2), dilate=(2, 2)),
        sample(normal(1, 4, 4, dtype="float16"), output_size=(3, 3), kernel=(2, 2), differentiable=False),
    ],
    bad=[
        bad(normal(1, 4, 4), output_size=(4, 4), kernel=(2, 2), match=r"data has shape \(1, 4, 4\); expected .* 9\)"),
        bad(normal(1, 3, 4), output_size=(3, 3), kernel=(2, 2), match=r"expected \(N, a multiple of 4, 4\)"),
        bad(normal(1, 4, 4), output_size=(3,), kernel=(2, 2), match=r"output_size is \(3,\); expected two numbers"),
        bad(normal(1, 4, 4), output_size=(0, 3), kernel=(2, 2), match=r"output_size is \(0, 3\); expected two numbers"),
        bad(integers(1, 4, 4), output_size=(3, 3), kernel=(2, 2), match="data is int32; expected a floating dtype"),
        bad(normal(1, 4, 4), kernel=(2, 2), match="required attribute 'output_size'"),
    ],
    benchmark=lambda: sample(normal(4, 144, 3136), output_size=(56, 56), kernel=(3, 3), pad=(1, 1)),
)
def col2im(data, *, output_size, kernel, stride=(), dilate=(), pad=()):
    stride, dilate, pad, counts = _windows(output_size, kernel, stride, dilate, pad)
    columns = data.astype("float64").reshape(len(data), -1, *kernel, *counts)
    out = np.zeros((*columns.shape[:2], *output_size))
    for i, j, row, column in itertools.product(*map(range, (*kernel, *counts))):
        y = row * stride[0] + i * dilate[0] - pad[0]
        x = column * stride[1] + j * dilate[1] - pad[1]
        if 0 <= y < output_size[0] and 0 <= x < output_size[1]:
            out[:, :, y, x] += columns[:, :, i, j, row, column]
    return out


@reference(
    "Crop",
    samples=[
        sample(COUNT, num_args=1, h_w=(2, 3)),
        sample(IMAGE, num_args=1, h_w="(2, 3)", offset="(1, 2)"),
        sample(IMAGE, num_args=1, h_w=(4, 5)),
        sample(IMAGE, num_args=1, h_w=(1, 1), offset=(3, 4)),
        sample(COUNT, num_args=1, h_w=(2, 2), center_crop=True),
        sample(COUNT, num_args=1, h_w=(3, 4), center_crop="True", offset=(9, 9)),
        sample(IMAGE, normal(1, 3, 2, 3), num_args=2),
        sample(IMAGE, normal(1, 3, 2, 3), num_args=2, h_w=(1, 1), offset=(2, 1)),
        sample(IMAGE, normal(2, 1, 3, 3), num_args=2, center_crop=True),
        sample(normal(1, 1, 3, 3, dtype="float64"), num_args=1, h_w=(2, 2), golden=False, why=SINGLE),
        sample(normal(1, 1, 3, 3, dtype="float16"), num_args=1, h_w=(2, 2), golden=False, why=SINGLE,
               differentiable=False),
        sample(integers(1, 1, 3, 3), integers(1, 1, 2, 2), num_args=2, center_crop=True, golden=False, why=SINGLE),
    ],
    bad=[
        bad(COUNT, num_args=1, match=r"h_w is \(0, 0\); expected two numbers of at least 1 and at most \(4, 5\)"),
        bad(COUNT, num_args=1, h_w=(5, 3), match=r"h_w is \(5, 3\); expected .* at most \(4, 5\)"),
        bad(COUNT, num_args=1, h_w=(2,), match=r"h_w is \(2,\); expected two numbers"),
        bad(COUNT, num_args=1, h_w=(2, 3), offset=(3, 0), match=r"offset is \(3, 0\); expected .* at most \(2, 2\)"),
        bad(COUNT, num_args=1, h_w=(2, 3), offset=(-1, 0), match=r"offset is \(-1, 0\)"),
        bad(ONES, COUNT, num_args=2, match=r"the size of the second input is \(4, 5\); expected .* at most \(2, 2\)"),
        bad(COUNT, ONES[0], num_args=2, match=r"the second input has shape \(1, 2, 2\); expected four axes"),
        bad(COUNT, ONES.astype("float64"), num_args=2, match="the second input is float64; expected float32"),
        bad(COUNT, ONES, ONES, num_args=3, match="3 inputs came"),
    ],
    benchmark=lambda: sample(normal(16, 64, 64, 64), num_args=1, h_w=(56, 56), center_crop=True),
)  # fmt: skip
def crop(data, like=None, *, num_args=1, offset=(0, 0), h_w=(0, 0), center_crop=False):
    height, width = h_w if like is None else like.shape[2:]
    if center_crop:
        offset = (data.shape[2] - height) // 2, (data.shape[3] - width) // 2
    rows, columns = np.arange(height) + offset[0], np.arange(width) + offset[1]
    return data[:, :, rows[:, None], columns]


def _two(*shape, dtype="float32"):
    return normal(*shape, dtype=dtype), normal(*shape, dtype=dtype, seed=1)


TIES = integers(1, 2, 2, 3, high=2, dtype="float32"), integers(1, 2, 2, 3, high=2, seed=1, dtype="float32")


@reference(
    "Correlation",
    samples=[
        sample(*_two(1, 2, 3, 3)),
        sample(*_two(1, 2, 3, 3), pad_size=1),
        sample(*_two(1, 2, 3, 3), pad_size=1, is_multiply=False),
        sample(*_two(2, 2, 2, 3), max_displacement=0),
        sample(*_two(1, 2, 5, 4), pad_size=2, kernel_size=3),
        sample(*_two(1, 1, 5, 4), pad_size="2", kernel_size="3", is_multiply="False"),
        sample(*_two(1, 2, 5, 6), pad_size=1, stride1=2),
        sample(*_two(1, 1, 4, 4), pad_size=3, max_displacement=3, stride2=2),
        sample(*_two(1, 1, 3, 4), pad_size=2, max_displacement=2, stride2=2, is_multiply=False),
        sample(*_two(1, 1, 4, 3), pad_size=1, stride2=2),
        sample(*_two(1, 2, 6, 5), pad_size=2, kernel_size=3, max_displacement=1, stride1=2),
        sample(*_two(1, 1, 6, 6), pad_size=3, kernel_size=3, max_displacement=2, stride1=3, stride2=2,
               is_multiply=False),
        sample(*_two(1, 1, 1, 1), max_displacement=0),
        sample(*TIES, pad_size=1, is_multiply=False, differentiable=False),
        sample(*_two(1, 2, 3, 3, dtype="float64"), pad_size=1),
        sample(*_two(1, 2, 3, 3, dtype="float16"), pad_size=1, differentiable=False),
        sample(*_two(1, 2, 3, 3, dtype="float16"), pad_size=1, is_multiply=False, differentiable=False),
    ],
    bad=[
        bad(*_two(1, 1, 3, 3), kernel_size=2, match="kernel_size is 2; expected an odd number"),
        bad(*_two(1, 1, 3, 3), kernel_size=-1, match="expected int of at least 0, got -1"),
        bad(*_two(1, 1, 3, 3), stride1=0, match="stride1 is 0; expected at least 1"),
        bad(*_two(1, 1, 3, 3), stride2=0, match="stride2 is 0; expected at least 1"),
        bad(*_two(1, 1, 3, 3), max_displacement=2, match="max_displacement is 2 and kernel_size 1"),
        bad(*_two(1, 3, 3), match=r"data1 has shape \(1, 3, 3\); expected four axes"),
        bad(normal(1, 1, 3, 3), normal(1, 1, 3, 4), match=r"data2 has shape \(1, 1, 3, 4\); expected that of data1"),
        bad(normal(1, 1, 3, 3), normal(1, 1, 3, 3, dtype="float64"), match="lhs is float32 and rhs is float64"),
        bad(*[integers(1, 1, 3, 3)] * 2, match="data1 is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(*_two(2, 32, 64, 112), max_displacement=4, pad_size=4),
)  # fmt: skip
def correlation(data1, data2, *, kernel_size=1, max_displacement=1, stride1=1, stride2=1, pad_size=0, is_multiply=True):
    border = [(0, 0), (0, 0), (pad_size, pad_size), (pad_size, pad_size)]
    one, two = (np.pad(x.astype("float64"), border) for x in (data1, data2))
    far = max_displacement // stride2
    moves = [step * stride2 for step in range(-far, far + 1)]
    rows, columns = (range(max_displacement, n - max_displacement - kernel_size + 1, stride1) for n in one.shape[2:])
    out = np.zeros((len(one), len(moves) ** 2, len(rows), len(columns)))
    for (i, y), (j, x) in itertools.product(enumerate(rows), enumerate(columns)):
        patch = one[:, :, y : y + kernel_size, x : x + kernel_size]
        for channel, (down, right) in enumerate(itertools.product(moves, moves)):
            other = two[:, :, y + down : y + down + kernel_size, x + right : x + right + kernel_size]
            pairs = patch * other if is_multiply else np.abs(patch - other)
            out[:, channel, i, j] = pairs.mean((1, 2, 3))
    return out
