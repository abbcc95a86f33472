"""References for mxnet/_ops/creation.py."""

from __future__ import annotations

import itertools

import numpy as np

from . import bad, integers, normal, reference, sample

UNKNOWN = "1.9.1 takes a shape with no axes, or with 0 in it, for one still to be found"
TYPED = "1.9.1's front end refuses every number for dtype"
CUT = "1.9.1 cuts start and step to integers for float16"

DTYPE = {0: "float32", 1: "float64", 2: "float16", 3: "uint8", 4: "int32", 5: "int8", 6: "int64", 7: "bool"}


def name(dtype):
    """NumPy's dtype for an attribute value (parsed attributes print as ``torch.int32``)."""
    return str(dtype).split(".")[-1]


FILLED = [
    sample(shape=(2, 3)),
    sample(shape=3, dtype="int32"),
    sample(shape="(1, 2, 1)", dtype="float64"),
    sample(shape=(2, 2), dtype="bool"),
    sample(shape=(4,), dtype="float16", ctx="cpu(0)"),
    sample(shape=(2,), dtype="uint8"),
    sample(shape=(2,), dtype="int8"),
    sample(shape=(2,), dtype="int64"),
    sample(shape=(), golden=False, why=UNKNOWN),
    sample(shape=(2, 0), golden=False, why=UNKNOWN),
]
BAD_SHAPE = bad(shape=(2, -1), match=r"shape=\(2, -1\) has a negative length")


@reference("_zeros", samples=FILLED, bad=[BAD_SHAPE], benchmark=lambda: sample(shape=(1000, 1000)))
def zeros(*, shape=(), ctx="", dtype="float32"):
    return np.array([0] * int(np.prod(shape))).reshape(shape).astype(name(dtype))


@reference("_ones", samples=FILLED, bad=[BAD_SHAPE], benchmark=lambda: sample(shape=(1000, 1000)))
def ones(*, shape=(), ctx="", dtype="float32"):
    return np.array([1] * int(np.prod(shape))).reshape(shape).astype(name(dtype))


@reference(
    "_full",
    samples=[
        sample(shape=(2, 3), value=3.7),
        sample(shape=(2,), value=3.7, dtype="int32"),
        sample(shape=(2,), value=-3.7, dtype="int64"),
        sample(shape=(2,), value=300, dtype="uint8"),
        sample(shape=(2,), value=-1, dtype="uint8"),
        sample(shape=(2,), value=200, dtype="int8"),
        sample(shape=(2,), value=3.7, dtype="bool"),
        sample(shape=(2,), value=0, dtype="bool"),
        sample(shape=(2,), value=1e6, dtype="float16"),
        sample(shape=(2,), value=65519, dtype="float16"),
        sample(shape=(2,), value=1e39),
        sample(shape=(2,), value=float("-inf")),
        sample(shape=(2,), value=float("nan"), dtype="float64", ctx="cpu(0)"),
        sample(shape=(1,), value="1e300", dtype="float64"),
        sample(value=2, golden=False, why=UNKNOWN),
        sample(shape=(0, 2), value=2, golden=False, why=UNKNOWN),
    ],
    bad=[
        bad(shape=(-2,), value=1.0, match=r"shape=\(-2,\) has a negative length"),
        bad(shape=(2,), match="required attribute 'value'"),
        bad(shape=(2,), value=float("nan"), dtype="int32", match="value=nan does not fit int32"),
        bad(shape=(2,), value=1e30, dtype="int64", match="does not fit int64"),
    ],
    benchmark=lambda: sample(shape=(1000, 1000), value=3.5),
)
def full(*, shape=(), ctx="", dtype="float32", value):
    if name(dtype) in ("uint8", "int8", "int32", "int64"):
        value = np.int64(value)
    with np.errstate(over="ignore"):
        return np.broadcast_to(np.asarray(value).astype(name(dtype)), shape)


@reference(
    "_zeros_without_dtype",
    samples=[
        sample(shape=(2, 3), golden=False, why=TYPED),
        *[sample(shape=(2,), dtype=flag, golden=False, why=TYPED) for flag in DTYPE],
        sample(shape=(2, 0), ctx="cpu(0)", golden=False, why=UNKNOWN),
        sample(golden=False, why=UNKNOWN),
    ],
    bad=[
        bad(shape=(2,), dtype=99, match="dtype=99 is no type flag"),
        bad(shape=(-1,), match="negative length"),
    ],
    benchmark=lambda: sample(shape=(1000, 1000)),
)
def zeros_without_dtype(*, shape=(), ctx="", dtype=0):
    return np.ones(shape, DTYPE[max(dtype, 0)]) * 0


@reference(
    "_eye",
    samples=[
        sample(N=3),
        sample(N=1, ctx="cpu(0)"),
        sample(N=3, M=2),
        sample(N=2, M=4, k=1),
        sample(N=3, k=-1),
        sample(N=4, M=2, k=-3),
        sample(N=3, k=3),
        sample(N=3, k=5),
        sample(N=3, k=-7),
        sample(N=3, M=-1),
        sample(N=3, M=5, k=4, dtype="float16"),
        sample(N="2", M="0", dtype="int32"),
        sample(N=2, k=-1, dtype="uint8"),
        sample(N=2, dtype="float64"),
        sample(N=0),
    ],
    bad=[
        bad(N=-2, match="N=-2; expected the number of rows"),
        bad(M=2, match="required attribute 'N'"),
    ],
    benchmark=lambda: sample(N=1000),
)
def eye(*, N, M=0, k=0, ctx="", dtype="float32"):
    rows, columns = np.ogrid[:N, : (M if M > 0 else N)]
    return (columns - rows == k).astype(name(dtype))


@reference(
    "_arange",
    samples=[
        sample(start=5),
        sample(start=0, stop=5),
        sample(start=1, stop=2, step=0.3),
        sample(start=5, stop=0, step=-2),
        sample(start=0, stop=3, repeat=2),
        sample(start=2, stop=-1.5, step=-0.5, repeat=3, dtype="float64"),
        sample(start=0, stop=1, step=0.1),
        sample(start=0.1, stop=0.8, step=0.1),
        sample(start=0, stop=0.3, step=0.1, dtype="float64"),
        sample(start=16777215, stop=16777220),
        sample(start="0", stop="5", dtype="int32", ctx="cpu(0)"),
        sample(start=0.5, stop=3, dtype="int32"),
        sample(start=-0.5, stop=2.5, dtype="int32"),
        sample(start=2.9, stop=9, step=1.9, dtype="int32"),
        sample(start=-2.9, stop=9, step=1.9, dtype="int64"),
        sample(start=0, stop=3, step=0.5, dtype="int32"),
        sample(start=1e12, stop=1e12 + 3, dtype="int64"),
        sample(start=250, stop=260, dtype="uint8"),
        sample(start=125, stop=131, dtype="int8"),
        sample(start=2047, stop=2053, dtype="float16"),
        sample(start=2.5, stop=9, step=1.5, dtype="float16", golden=False, why=CUT),
        sample(start=0, stop=4, infer_range=True),
    ],
    bad=[
        bad(start=0, stop=0, match="give no value; expected start below stop for a positive step"),
        bad(start=0, stop=3, step=-1, match="expected start above stop for a negative step"),
        bad(start=0, stop=3, step=0, match="step=0"),
        bad(start=0, stop=3, repeat=0, match="repeat=0; expected at least 1"),
        bad(start=0, infer_range=True, match="infer_range=True without stop"),
        bad(stop=3, match="required attribute 'start'"),
    ],
    benchmark=lambda: sample(start=0, stop=1000000),
)
def arange(*, start, stop=None, step=1.0, repeat=1, infer_range=False, ctx="", dtype="float32"):
    first, last = (0.0, start) if stop is None else (start, stop)
    inside = (lambda x: x < last) if step > 0 else (lambda x: x > last)
    count = sum(1 for _ in itertools.takewhile(inside, (first + i * step for i in itertools.count())))
    if name(dtype) in ("uint8", "int8", "int32", "int64"):
        first, step = int(first), int(step)
    values = [first + i * step for i in range(count) for _ in range(repeat)]
    return np.array(values).astype(name(dtype))


@reference(
    "_linspace",
    samples=[
        sample(start=0, stop=5, num=5),
        sample(start=0, stop=1, num=7),
        sample(start=5, stop=-1, num=4),
        sample(start=0, stop=5, num=4, endpoint=False),
        sample(start=0, stop=5, num=2),
        sample(start=0, stop=5, num=1),
        sample(start=3, stop=5, num=1, endpoint=False),
        sample(start=0, stop=5, num=0),
        sample(start=0, stop=5, num=0, endpoint=False),
        sample(start=2, stop=2, num=3),
        sample(start="0.1", stop="0.7", num="7", dtype="float64", ctx="cpu(0)"),
        sample(start=0, stop=1, num=7, dtype="float16"),
        sample(start=0, stop=5, num=4, dtype="int32"),
        sample(start=-2.5, stop=2.5, num=6, dtype="int32"),
        sample(start=0, stop=6, num=19, dtype="int32"),
        sample(start=0, stop=49, num=50, dtype="int64"),
        sample(start=250, stop=260, num=3, dtype="uint8"),
        sample(start=-2.5, stop=2.5, num=6, dtype="int8"),
    ],
    bad=[
        bad(start=0, stop=5, num=-1, match="num=-1; expected at least 0"),
        bad(start=0, stop=5, match="required attribute 'num'"),
    ],
    benchmark=lambda: sample(start=0, stop=1, num=1000000),
)
def linspace(*, start, stop, num, endpoint=True, ctx="", dtype="float32"):
    values = np.linspace(start, stop, num, endpoint)
    return (values.astype("int64") if name(dtype)[0] in "iu" else values).astype(name(dtype))


@reference(
    "_contrib_arange_like",
    samples=[
        sample(normal(2, 3)),
        sample(normal(2, 3), axis=0),
        sample(normal(2, 3), axis=-1),
        sample(normal(2, 3), start=2, step=0.5),
        sample(normal(2, 3), step=-1.5, start=0.25),
        sample(normal(2, 3), step=0),
        sample(normal(2, 3), repeat=4),
        sample(normal(2, 3), repeat=3, axis=1),
        sample(normal(2, 3), repeat=7),
        sample(normal(2, 3), start=1.5, step=-2, axis=1, repeat=2, ctx="cpu(0)"),
        sample(normal(1)),
        sample(normal(2, 1, 2, 2), start=1),
        sample(normal(2, 3, dtype="float64"), start=0.5, step=0.5),
        sample(normal(2, 3, dtype="float16"), start=2, step=3),
        sample(normal(2, 3, dtype="float16"), start=0.5, step=0.5, golden=False, why=CUT),
        sample(integers(2, 3), start=0.5, step=1.9),
        sample(integers(3, dtype="int64"), start=-1.5, step=2),
        sample(integers(3, dtype="uint8"), start=254),
        sample(integers(3, dtype="int8"), start=126, axis=0),
        sample(normal(2, 0)),
        sample(normal(2, 0), axis=0),
        sample(normal(2, 0), axis=1),
    ],
    bad=[
        bad(normal(2, 3), axis=2, match="axis=2 is out of range for data with 2 axes; expected -2 to 1"),
        bad(normal(2, 3), axis=-3, match="axis=-3 is out of range"),
        bad(normal(2, 3), repeat=0, match="repeat=0; expected at least 1"),
    ],
    benchmark=lambda: sample(normal(1000, 1000)),
)
def arange_like(data, *, start=0.0, step=1.0, repeat=1, ctx="", axis=None):
    shape = data.shape if axis is None else (data.shape[axis],)
    if data.dtype.kind in "iu":
        start, step = int(start), int(step)
    values = start + step * np.floor_divide(np.arange(np.prod(shape, dtype=int)), repeat)
    return (
        np.asarray(values).astype("int64" if data.dtype.kind in "iu" else data.dtype).astype(data.dtype).reshape(shape)
    )


@reference(
    "_contrib_index_array",
    samples=[
        sample(normal(2, 3)),
        sample(normal(3)),
        sample(normal(1, 1)),
        sample(normal(2, 3), axes=(1,)),
        sample(normal(2, 3), axes=1),
        sample(normal(2, 3), axes=(1, 0)),
        sample(normal(2, 3), axes="(-1,)"),
        sample(normal(2, 3), axes=(0, 0)),
        sample(normal(2, 3), axes=()),
        sample(normal(2, 1, 2), axes=(2, 0)),
        sample(normal(1, 2, dtype="float64")),
        sample(integers(1, 2, dtype="int8")),
        sample(normal(2, 0)),
    ],
    bad=[
        bad(normal(2, 3), axes=(2,), match="axes=2 is out of range for data with 2 axes"),
        bad(normal(2, 3), axes=(0, -3), match="axes=-3 is out of range"),
    ],
    benchmark=lambda: sample(normal(1000, 500)),
)
def index_array(data, *, axes=None):
    grid = np.indices(data.shape)
    grid = grid if axes is None else grid[list(axes)]
    return np.moveaxis(grid, 0, -1).astype("int64")
