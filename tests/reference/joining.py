"""References for mxnet/_ops/joining.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample

_EMPTY = "1.9.1 spoils its memory with results without elements"


@reference(
    "Concat",
    samples=[
        sample(normal(2, 3), normal(2, 2)),
        sample(normal(2, 3), normal(1, 3), dim=0),
        sample(normal(2, 3), normal(2, 1), normal(2, 2, seed=1), dim="-1"),
        sample(normal(2, 3)),
        sample(normal(2), normal(3), dim=0),
        sample(normal(2, 1, 2), normal(2, 3, 2), dim=1),
        sample(normal(2, 3, 2), normal(2, 3, 1), dim=2),
        sample(integers(2, 3), integers(2, 3, seed=1)),
        sample(normal(2, 3, dtype="float64"), normal(2, 3, seed=1, dtype="float64"), dim=-2),
        sample(normal(2, 3, dtype="float16"), normal(2, 3, seed=1, dtype="float16")),
        sample(normal(1, 1), normal(1, 1, seed=1)),
        sample(normal(0, 3), normal(2, 3), dim=0),
    ],
    bad=[
        bad(normal(2, 3), normal(3, 3), match=r"arg1 has shape \(3, 3\) and arg0 \(2, 3\); expected equal shapes"),
        bad(normal(2, 3), normal(2), match=r"arg1 has shape \(2,\)"),
        bad(normal(2, 3), integers(2, 3), match="arg0 is float32 and arg1 is int32"),
        bad(normal(2, 3), normal(2, 3), dim=2, match="dim=2 is out of range"),
    ],
    benchmark=lambda: sample(*(normal(32, 64, 28, 28, seed=i) for i in range(4))),
)
def concat(*data, dim=1):
    return np.concatenate(data, dim)


@reference(
    "stack",
    samples=[
        sample(normal(2, 3), normal(2, 3, seed=1)),
        sample(normal(2, 3), normal(2, 3, seed=1), axis=1),
        sample(normal(2, 3), normal(2, 3, seed=1), axis=-1),
        sample(normal(2, 3), normal(2, 3, seed=1), normal(2, 3, seed=2), axis="-3"),
        sample(normal(2, 3)),
        sample(normal(1), normal(1, seed=1)),
        sample(integers(2), integers(2, seed=1), axis=1),
        sample(normal(0, 3), normal(0, 3), axis=1),
    ],
    bad=[
        bad(normal(2, 3), normal(2, 2), match=r"arg1 has shape \(2, 2\) and arg0 \(2, 3\)"),
        bad(normal(2, 3), normal(2, 3), axis=3, match="axis=3 is out of range"),
        bad(normal(2, 3), normal(2, 3, dtype="float64"), match="arg0 is float32 and arg1 is float64"),
    ],
    benchmark=lambda: sample(*(normal(256, 512, seed=i) for i in range(8)), axis=1),
)
def stack(*data, axis=0):
    return np.stack(data, axis)


@reference(
    "SliceChannel",
    samples=[
        sample(normal(2, 4), num_outputs=2),
        sample(normal(2, 4), num_outputs=4, squeeze_axis=True),
        sample(normal(2, 4), num_outputs=4),
        sample(normal(4, 2), num_outputs=2, axis=0),
        sample(normal(2, 4), num_outputs="2", axis="-2", squeeze_axis="True"),
        sample(normal(2, 4), num_outputs=1),
        sample(normal(2, 6, 2), num_outputs=3),
        sample(integers(2, 4), num_outputs=2, axis=-1),
        sample(normal(1, 1, dtype="float64"), num_outputs=1, squeeze_axis=True),
    ],
    bad=[
        bad(normal(2, 4), num_outputs=3, match="has length 4; expected a multiple of num_outputs=3"),
        bad(normal(2, 4), num_outputs=2, squeeze_axis=True, match="with squeeze_axis expected num_outputs=2"),
        bad(normal(2, 4), num_outputs=2, axis=2, match="axis=2 is out of range"),
        bad(normal(2, 4), num_outputs=0, match="at least 1, got 0"),
    ],
    benchmark=lambda: sample(normal(32, 128, 28, 28), num_outputs=4),
)
def slice_channel(data, *, num_outputs, axis=1, squeeze_axis=False):
    parts = np.split(data, num_outputs, axis)
    return [np.squeeze(part, axis) for part in parts] if squeeze_axis else parts


@reference(
    "_split_v2",
    samples=[
        sample(normal(2, 6), indices=(0, 2, 4)),
        sample(normal(2, 6), indices=(0, 1, 5)),
        sample(normal(2, 6), indices=(0,)),
        sample(normal(2, 6), indices="[0, 2, 4]", axis="1", sections="0", squeeze_axis="False"),
        sample(normal(2, 6), indices=(), sections=3),
        sample(normal(2, 6), indices=(0,), sections=4),
        sample(normal(2, 6), indices=(), sections=6, squeeze_axis=True),
        sample(normal(2, 6), indices=(0, 1), axis=0, squeeze_axis=True),
        sample(normal(2, 6), indices=(0, 1), axis=-2),
        sample(normal(2, 6), indices=(0, 2, 6), golden=False, why=_EMPTY),
        sample(normal(2, 6), indices=(0, 2, 2, 4), golden=False, why=_EMPTY),
        sample(integers(2, 6), indices=(0, 3)),
    ],
    bad=[
        bad(normal(2, 6), indices=(2, 4), match="expected a first part at 0"),
        bad(normal(2, 6), indices=(), match="expected a first part at 0"),
        bad(normal(2, 6), indices=(0, 4, 2), match="expected increasing ones of at most 6"),
        bad(normal(2, 6), indices=(0, 9), match="expected increasing ones of at most 6"),
        bad(normal(2, 6), indices=(0, 3), squeeze_axis=True, match="with squeeze_axis expected parts of length 1"),
    ],
    benchmark=lambda: sample(normal(32, 128, 28, 28), indices=(0, 32, 96)),
)
def split_v2(data, *, indices, axis=1, squeeze_axis=False, sections=0):
    parts = np.array_split(data, sections or list(indices[1:]), axis)
    return [part.squeeze(axis) for part in parts] if squeeze_axis else parts


@reference(
    "tile",
    samples=[
        sample(normal(2, 2), reps=(2, 3)),
        sample(normal(2, 2), reps=(2,)),
        sample(normal(2, 2), reps=2),
        sample(normal(2, 2), reps=(2, 1, 1)),
        sample(normal(3), reps="(2, 2)"),
        sample(normal(2, 2), reps=()),
        sample(normal(1), reps=(3,)),
        sample(normal(2, 3), reps=(1, 1)),
        sample(integers(2, 2, dtype="uint8"), reps=(1, 2)),
        sample(normal(2, 2), reps=(0, 1), golden=False, why=_EMPTY),
    ],
    bad=[bad(normal(2, 2), reps=(-1, 2), match="expected numbers of at least 0")],
    benchmark=lambda: sample(normal(64, 1, 256), reps=(1, 64, 1)),
)
def tile(data, *, reps):
    return np.tile(data, reps)


@reference(
    "repeat",
    samples=[
        sample(normal(2, 2), repeats=2),
        sample(normal(2, 2), repeats=3, axis=1),
        sample(normal(2, 3), repeats="2", axis="-2"),
        sample(normal(2, 2), repeats=1, axis="None"),
        sample(normal(2, 2, 2), repeats=2, axis=1),
        sample(integers(2, 2), repeats=2, axis=0),
        sample(normal(1), repeats=3, axis=0),
        sample(normal(2, 2), repeats=0, golden=False, why=_EMPTY),
        sample(normal(2, 2), repeats=0, axis=0, golden=False, why="1.9.1 loses the other axes"),
    ],
    bad=[
        bad(normal(2, 2), repeats=-1, match="repeats=-1; expected at least 0"),
        bad(normal(2, 2), repeats=2, axis=2, match="axis=2 is out of range"),
    ],
    benchmark=lambda: sample(normal(32, 64, 28, 28), repeats=2, axis=1),
)
def repeat(data, *, repeats, axis=None):
    return np.repeat(data, repeats, axis)


@reference(
    "reverse",
    samples=[
        sample(normal(2, 3), axis=0),
        sample(normal(2, 3), axis=(0, 1)),
        sample(normal(2, 3, 2), axis="(1,)"),
        sample(normal(2, 3), axis=()),
        sample(normal(2, 3), axis=(0, 0)),
        sample(normal(2, 3), axis=-1, golden=False, why="1.9.1 refuses negative axes"),
        sample(integers(2, 3), axis=1),
        sample(normal(1, dtype="float64"), axis=0),
        sample(normal(0, 3), axis=0),
    ],
    bad=[
        bad(normal(2, 3), axis=2, match="axis=2 is out of range"),
        bad(normal(2, 3), match="required attribute 'axis'"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), axis=3),
)
def reverse(data, *, axis):
    for one in axis:
        data = np.flip(data, one)
    return data


@reference(
    "Pad",
    samples=[
        sample(normal(1, 1, 2, 3), mode="constant", pad_width=(0, 0, 0, 0, 1, 1, 1, 2), constant_value=9),
        sample(normal(2, 2, 2, 1), mode="constant", pad_width=(0, 0, 0, 0, 0, 1, 2, 0)),
        sample(normal(1, 2, 2, 3), mode="edge", pad_width=(0, 0, 0, 0, 1, 1, 1, 2)),
        sample(normal(1, 2, 2, 3), mode="reflect", pad_width=(0, 0, 0, 0, 1, 1, 1, 2)),
        sample(normal(1, 1, 3, 3), mode="reflect", pad_width="(0, 0, 0, 0, 2, 0, 0, 2)"),
        sample(normal(1, 1, 1, 2, 2), mode="edge", pad_width=(0, 0, 0, 0, 1, 0, 0, 1, 1, 0)),
        sample(normal(1, 1, 2, 2, 2), mode="reflect", pad_width=(0, 0, 0, 0, 1, 0, 0, 1, 1, 0)),
        sample(normal(1, 1, 2, 2, 2), mode="constant", pad_width=(0, 0, 0, 0, 1, 0, 0, 1, 1, 0), constant_value="1.5"),
        sample(normal(1, 1, 2, 3, dtype="float64"), mode="edge", pad_width=(0, 0, 0, 0, 1, 1, 0, 0)),
        sample(normal(1, 1, 2, 3, dtype="float16"), mode="reflect", pad_width=(0, 0, 0, 0, 1, 1, 0, 0)),
        sample(
            normal(1, 1, 1, 2, dtype="float16"),
            mode="constant",
            pad_width=(0, 0, 0, 0, 0, 0, 1, 0),
            constant_value=-1e9,
            differentiable=False,
        ),
        sample(normal(1, 1, 2, 3), mode="edge", pad_width=(0, 0, 0, 0, 0, 0, 0, 0)),
        sample(
            normal(1, 1, 1, 1),
            mode="constant",
            pad_width=(0, 0, 0, 0, 1, 1, 1, 1),
            constant_value="nan",
            differentiable=False,
        ),
    ],
    bad=[
        bad(normal(2, 3), mode="constant", pad_width=(0, 0, 1, 1), match="expected .N, C, H, W. or"),
        bad(normal(1, 1, 2, 3), mode="constant", pad_width=(1, 0, 0, 0, 1, 1, 1, 2), match="the first four 0"),
        bad(normal(1, 1, 2, 3), mode="edge", pad_width=(0, 0, 0, 0, 1, 1), match="expected 8 numbers"),
        bad(normal(1, 1, 2, 3), mode="reflect", pad_width=(0, 0, 0, 0, 2, 1, 1, 2), match="numbers below the lengths"),
        bad(integers(1, 1, 2, 3), mode="edge", pad_width=(0,) * 8, match="expected a floating dtype"),
        bad(normal(1, 1, 2, 3), mode="wrap", pad_width=(0,) * 8, match="one of 'constant', 'edge', 'reflect'"),
    ],
    benchmark=lambda: sample(normal(32, 64, 28, 28), mode="constant", pad_width=(0, 0, 0, 0, 1, 1, 1, 1)),
)
def pad(data, *, mode, pad_width, constant_value=0.0):
    widths = list(zip(pad_width[::2], pad_width[1::2]))
    if mode != "constant":
        return np.pad(data, widths, mode)
    with np.errstate(over="ignore"):
        return np.pad(data, widths, constant_values=np.float64(constant_value).astype(data.dtype))
