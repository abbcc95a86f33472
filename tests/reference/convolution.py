"""References for mxnet/_ops/convolution.py."""

from __future__ import annotations

import itertools

import numpy as np

from . import bad, integers, normal, reference, sample

HALF = "1.9.1 has no float16 convolution on the CPU"
LAYOUT = "1.9.1 has no channels-last convolution on the CPU"
ONEDNN = "1.9.1 fails in float32 where target_shape disagrees with pad"


def _f64(*shape, **more):
    return normal(*shape, dtype="float64", **more)


@reference(
    "Convolution",
    samples=[
        sample(normal(1, 2, 5, 5), normal(3, 2, 3, 3), normal(3), kernel=(3, 3), num_filter=3),
        sample(normal(2, 2, 4, 5), normal(3, 2, 2, 3), kernel="(2, 3)", num_filter="3", no_bias="True"),
        sample(normal(1, 2, 6, 5), normal(2, 2, 3, 3), normal(2), kernel=(3, 3), num_filter=2, stride=(2, 1),
               pad=(1, 2)),
        sample(normal(1, 1, 7, 7), normal(2, 1, 3, 3), normal(2), kernel=(3, 3), num_filter=2, dilate=(2, 3)),
        sample(normal(1, 4, 4, 4), normal(6, 2, 3, 3), normal(6), kernel=(3, 3), num_filter=6, num_group=2),
        sample(normal(1, 3, 4, 4), normal(3, 1, 2, 2), normal(3), kernel=(2, 2), num_filter=3, num_group=3,
               stride=(2, 2)),
        sample(normal(2, 2, 6), normal(3, 2, 3), normal(3), kernel=3, num_filter=3),
        sample(normal(2, 2, 7), normal(3, 2, 3), normal(3), kernel=(3,), num_filter=3, stride=(2,), pad=(2,),
               dilate=(2,)),
        sample(normal(1, 2, 3, 4, 3), normal(2, 2, 2, 3, 2), normal(2), kernel=(2, 3, 2), num_filter=2,
               stride=(1, 1, 2), pad=(1, 0, 1)),
        sample(normal(1, 3, 2, 2), normal(2, 3, 1, 1), normal(2), kernel=(1, 1), num_filter=2, workspace=256,
               cudnn_tune="off", cudnn_off=True, layout="NCHW"),
        sample(normal(1, 1, 1, 1), normal(1, 1, 1, 1), normal(1), kernel=(1, 1), num_filter=1),
        sample(normal(1, 2, 4), normal(2, 2, 2), normal(2), kernel=(2,), num_filter=2, layout="NCW"),
        sample(_f64(1, 2, 4, 4), _f64(2, 2, 3, 3), _f64(2), kernel=(3, 3), num_filter=2, pad=(1, 1)),
        sample(normal(1, 2, 4, 4, dtype="float16"), normal(2, 2, 3, 3, dtype="float16"), kernel=(3, 3), num_filter=2,
               no_bias=True, differentiable=False, golden=False, why=HALF),
        sample(normal(1, 5, 4, 2), normal(3, 3, 2, 2), normal(3), kernel=(3, 2), num_filter=3, layout="NHWC",
               golden=False, why=LAYOUT),
        sample(normal(1, 4, 4, 4), normal(2, 2, 2, 2), normal(2), kernel=(2, 2), num_filter=2, num_group=2,
               layout="NHWC", golden=False, why=LAYOUT),
        sample(normal(1, 3, 3, 3, 2), normal(2, 2, 2, 2, 2), kernel=(2, 2, 2), num_filter=2, layout="NDHWC",
               no_bias=True, golden=False, why=LAYOUT),
    ],
    bad=[
        bad(normal(1, 4, 5, 5), normal(6, 2, 3, 3), normal(6), kernel=(3, 3), num_filter=6,
            match=r"weight has shape \(6, 2, 3, 3\); expected \(6, 4, 3, 3\)"),
        bad(normal(1, 2, 5, 5), normal(6, 2, 3, 3), normal(5), kernel=(3, 3), num_filter=6,
            match=r"bias has shape \(5,\); expected \(6,\)"),
        bad(normal(1, 2, 5, 5), normal(6, 2, 7, 7), normal(6), kernel=(7, 7), num_filter=6,
            match=r"kernel is \(7, 7\).*expected at most the padded data, \(5, 5\)"),
        bad(normal(1, 2, 5, 5), normal(6, 2, 3, 3), normal(6), kernel=(3, 3), num_filter=6, stride=2,
            match=r"stride is \(2,\); expected 2 numbers"),
        bad(normal(1, 2, 5, 5), normal(6, 2, 3, 3), normal(6), kernel=(3, 3), num_filter=6, num_group=4,
            match="num_group is 4; expected a divisor"),
        bad(normal(1, 2, 5), normal(6, 2, 3, 3), normal(6), kernel=(3, 3), num_filter=6,
            match=r"data has shape \(1, 2, 5\); expected 4 axes \(NCHW\)"),
        bad(normal(1, 2, 5), normal(6, 2, 3), normal(6), kernel=(3,), num_filter=6, layout="NCHW",
            match="layout is 'NCHW'; expected one with 1 spatial axes"),
        bad(normal(1, 2, 5), normal(6, 2, 3, dtype="float16"), normal(6), kernel=(3,), num_filter=6,
            match="weight is float16; expected float32"),
        bad(integers(1, 2, 5), integers(6, 2, 3), integers(6), kernel=(3,), num_filter=6,
            match="data is int32; expected a floating dtype"),
        bad(normal(1, 2, 5), normal(6, 2, 3), normal(6), kernel=(3,), num_filter=0, match="at least 1, got 0"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), normal(64, 64, 3, 3), normal(64), kernel=(3, 3), num_filter=64,
                             pad=(1, 1)),
)  # fmt: skip
def convolution(
    data, weight, bias=None, *, kernel, num_filter, stride=(), dilate=(), pad=(), num_group=1, no_bias=False,
    layout=None, workspace=0, cudnn_tune=None, cudnn_off=False,
):  # fmt: skip
    last = layout is not None and layout.endswith("C")
    x, w = ((np.moveaxis(a, -1, 1) if last else a).astype("float64") for a in (data, weight))
    axes = len(kernel)
    stride, dilate, pad = stride or (1,) * axes, dilate or (1,) * axes, pad or (0,) * axes
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in pad)])
    size = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, dilate)]
    out = np.zeros((x.shape[0], num_filter, *size))
    inside, outside = x.shape[1] // num_group, num_filter // num_group
    for group in range(num_group):
        channels, filters = slice(group * inside, (group + 1) * inside), slice(group * outside, (group + 1) * outside)
        for place in itertools.product(*map(range, kernel)):  # one shifted product for each element of the kernel
            met = tuple(slice(i * d, i * d + (m - 1) * s + 1, s) for i, d, m, s in zip(place, dilate, size, stride))
            part = x[(slice(None), channels, *met)]
            out[:, filters] += np.moveaxis(np.tensordot(part, w[(filters, slice(None), *place)], (1, 1)), -1, 1)
    if bias is not None:
        out += bias.reshape(-1, *(1,) * axes)
    return np.moveaxis(out, 1, -1) if last else out


@reference(
    "Deconvolution",
    samples=[
        sample(normal(1, 2, 3, 3), normal(2, 3, 3, 3), kernel=(3, 3), num_filter=3),
        sample(normal(1, 2, 3, 3), normal(2, 3, 3, 3), normal(3), kernel=(3, 3), num_filter=3, no_bias=False),
        sample(normal(1, 2, 3, 2), normal(2, 1, 3, 2), kernel="(3, 2)", num_filter="1", stride=(2, 3), pad=(1, 0)),
        sample(normal(1, 2, 3, 3), normal(2, 1, 3, 3), kernel=(3, 3), num_filter=1, stride=(2, 2), pad=(1, 1),
               adj=(1, 1)),
        sample(normal(1, 2, 3, 3), normal(2, 1, 3, 3), kernel=(3, 3), num_filter=1, dilate=(2, 2)),
        sample(normal(1, 4, 3, 3), normal(4, 2, 2, 2), normal(4), kernel=(2, 2), num_filter=4, num_group=2,
               no_bias=False),
        sample(normal(1, 2, 4), normal(2, 2, 3), kernel=(3,), num_filter=2, stride=(2,), adj=(1,)),
        sample(normal(1, 2, 2, 2, 2), normal(2, 1, 2, 2, 2), kernel=(2, 2, 2), num_filter=1, stride=(2, 2, 2)),
        sample(normal(1, 2, 3), normal(2, 1, 3), kernel=(3,), num_filter=1, target_shape=(5,)),
        sample(normal(1, 2, 3), normal(2, 1, 3), kernel=(3,), num_filter=1, stride=(2,), target_shape=(0,),
               workspace=1, cudnn_tune="fastest", cudnn_off=True, layout="NCW"),
        sample(normal(1, 2, 3, 3), normal(2, 1, 3, 3), kernel=(3, 3), num_filter=1, stride=(2, 2), pad=(1, 1),
               target_shape=(6, 6)),
        *(
            sample(_f64(1, 2, 3), _f64(2, 1, 3), kernel=(3,), num_filter=1, stride=(s,), target_shape=(t,))
            for s, t in [(2, 7), (2, 6), (2, 5), (2, 4), (2, 3), (1, 3), (1, 1)]
        ),
        sample(_f64(1, 2, 3, 3), _f64(2, 1, 3, 3), kernel=(3, 3), num_filter=1, target_shape=(5, 3)),
        sample(normal(1, 2, 3), normal(2, 1, 3), kernel=(3,), num_filter=1, stride=(2,), target_shape=(6,),
               golden=False, why=ONEDNN),
        sample(normal(1, 2, 3, dtype="float16"), normal(2, 1, 3, dtype="float16"), kernel=(3,), num_filter=1,
               differentiable=False, golden=False, why=HALF),
        sample(normal(1, 3, 2, 2), normal(2, 3, 2, 4), kernel=(3, 2), num_filter=4, layout="NHWC", golden=False,
               why=LAYOUT),
    ],
    bad=[
        bad(normal(1, 2, 3, 3), normal(3, 2, 3, 3), kernel=(3, 3), num_filter=3,
            match=r"weight has shape \(3, 2, 3, 3\); expected \(2, 3, 3, 3\)"),
        bad(normal(1, 2, 3), normal(2, 1, 3), kernel=(3,), num_filter=1, stride=(2,), adj=(2,),
            match=r"adj is \(2,\); expected numbers smaller than stride \(2,\)"),
        bad(normal(1, 2, 3), normal(2, 1, 3), kernel=(3,), num_filter=1, target_shape=(4,),
            match=r"adj is \(1,\) \(it follows from target_shape=\(4,\)\)"),
        bad(normal(1, 2, 3), normal(2, 1, 3), kernel=(3,), num_filter=1, stride=(2,), target_shape=(8,),
            match=r"target_shape is \(8,\); expected at most \(7,\)"),
    ],
    benchmark=lambda: sample(normal(8, 64, 28, 28), normal(64, 32, 4, 4), kernel=(4, 4), num_filter=32, stride=(2, 2),
                             pad=(1, 1)),
)  # fmt: skip
def deconvolution(
    data, weight, bias=None, *, kernel, num_filter, stride=(), dilate=(), pad=(), adj=(), target_shape=(), num_group=1,
    no_bias=True, layout=None, workspace=0, cudnn_tune=None, cudnn_off=False,
):  # fmt: skip
    last = layout is not None and layout.endswith("C")
    x, w = ((np.moveaxis(a, -1, 1) if last else a).astype("float64") for a in (data, weight))
    axes = len(kernel)
    stride, dilate = stride or (1,) * axes, dilate or (1,) * axes
    pad, adj = pad or (0,) * axes, adj or (0,) * axes
    reach = [s * (n - 1) + d * (k - 1) + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, dilate)]
    if any(target_shape):
        pad = [-(-(r - t) // 2) for r, t in zip(reach, target_shape)]
        size = target_shape
    else:
        size = [r - 2 * p + a for r, p, a in zip(reach, pad, adj)]
    full = np.zeros((x.shape[0], num_filter, *(max(r, p + m) for r, p, m in zip(reach, pad, size))))
    inside, outside = x.shape[1] // num_group, num_filter // num_group
    for group in range(num_group):
        channels, filters = slice(group * inside, (group + 1) * inside), slice(group * outside, (group + 1) * outside)
        for place in itertools.product(*map(range, kernel)):
            hit = tuple(slice(i * d, i * d + (n - 1) * s + 1, s)
                        for i, d, n, s in zip(place, dilate, x.shape[2:], stride))  # fmt: skip
            product = np.tensordot(x[:, channels], w[(channels, slice(None), *place)], (1, 0))
            full[(slice(None), filters, *hit)] += np.moveaxis(product, -1, 1)
    out = full[(slice(None), slice(None), *(slice(p, p + m) for p, m in zip(pad, size)))]
    if bias is not None:
        out = out + bias.reshape(-1, *(1,) * axes)
    return np.moveaxis(out, 1, -1) if last else out


@reference(
    "UpSampling",
    samples=[
        sample(normal(1, 2, 2, 3), scale=2, sample_type="nearest"),
        sample(normal(1, 2, 2, 3), scale=1, sample_type="nearest"),
        sample(normal(2, 1, 1, 2, dtype="float64"), scale="3", sample_type="nearest", workspace=1),
        sample(normal(1, 2, 2, 2), normal(1, 1, 4, 4), normal(1, 1, 1, 1), scale=2, sample_type="nearest"),
        sample(normal(1, 2, 2, 2), normal(1, 2, 1, 1), scale=2, sample_type="nearest", multi_input_mode="sum"),
        sample(integers(1, 1, 2, 2), scale=2, sample_type="nearest", golden=False, why="1.9.1 refuses integers"),
        *(
            sample(normal(1, 2, 2, 3), normal(2, 1, k, k), scale=s, sample_type="bilinear", num_filter=2)
            for s, k in [(1, 1), (2, 4), (3, 5), (4, 8)]
        ),
    ],
    bad=[
        bad(normal(1, 2, 3), scale=2, sample_type="nearest", match=r"data has shapes \(1, 2, 3\)"),
        bad(normal(1, 2, 2, 2), normal(1, 2, 3, 3), scale=2, sample_type="nearest", match="expected a whole fraction"),
        bad(normal(1, 2, 2, 2), normal(1, 1, 4, 4), scale=2, sample_type="bilinear", num_filter=2,
            match=r"weight has shape \(1, 1, 4, 4\); expected 2"),
    ],
    benchmark=lambda: sample(normal(16, 64, 28, 28), scale=2, sample_type="nearest"),
)  # fmt: skip
def up_sampling(*data, scale, sample_type, num_filter=0, multi_input_mode="concat", workspace=0):
    if sample_type == "bilinear":
        kernel = data[1].shape[2:]
        pad = (-(-(scale - 1) // 2),) * 2
        return deconvolution(*data, kernel=kernel, num_filter=num_filter, stride=(scale, scale), pad=pad,
                             num_group=num_filter)  # fmt: skip
    height = data[0].shape[2] * scale
    images = [x.repeat(height // x.shape[2], 2).repeat(height // x.shape[2], 3) for x in data]
    return np.concatenate(images, 1) if multi_input_mode == "concat" else sum(images)
