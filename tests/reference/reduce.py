"""References for mxnet/_ops/reduce.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample, uniform

CUBE = uniform(2, 3, 2, low=0.5, high=2)
TIES = np.array([[1, 5, 5], [2, -1, 2]], "float32")
WITH_NAN = np.array([[1, np.nan, 2], [np.nan, np.nan, 4]], "float32")
ZEROS = np.array([[0, 3, 2], [0, 0, 5]], "float32")
OVERFLOW = "1.9.1 overflows on the way"


def axes_of(data, axis, exclude=False):
    """The axes as a tuple without negative numbers."""
    if not axis:
        return tuple(range(data.ndim))
    chosen = {int(a) % data.ndim for a in axis}
    return tuple(a for a in range(data.ndim) if (a in chosen) != exclude)


def groups(data, axes):
    """A view with the reduced axes last, joined, and the shape with ones in their place."""
    kept = [a for a in range(data.ndim) if a not in axes]
    rows = np.transpose(data, [*kept, *axes]).reshape([*(data.shape[a] for a in kept), -1 if data.size else 0])
    return rows, [1 if a in axes else n for a, n in enumerate(data.shape)]


def reduced(function, data, axes, keepdims):
    with np.errstate(all="ignore"):
        rows, ones = groups(data, axes)
        result = np.asarray(function(rows))
        return result.reshape(ones) if keepdims else np.atleast_1d(result)


def reduction(name, function, *, extra=(), floats_only=False, golden=True, bools=True, axis=1):
    """Register ``function(rows)``, which reduces the last axis, with samples of every attribute.

    The benchmark call reduces `axis` of images.
    """

    def call(data, *, axis=None, keepdims=False, exclude=False):
        return reduced(function, data, axes_of(data, axis, exclude), keepdims)

    given = {"golden": golden, "why": "" if golden else "1.9.1 has it for sparse arrays only"}
    samples = [
        sample(CUBE, **given),
        sample(CUBE, axis=1, **given),
        sample(CUBE, axis="(0, 2)", **given),
        sample(CUBE, axis=(2, 0), keepdims=True, **given),
        sample(CUBE, axis=-1, exclude=True, **given),
        sample(CUBE, axis=(), **given),
        sample(CUBE, axis=(0, 1, 2), exclude=True, **given),
        sample(CUBE, axis=(0, -1), exclude=True, keepdims=True, **given),
        sample(CUBE, exclude=True, **given),
        sample(CUBE, keepdims="True", **given),
        sample(normal(3, dtype="float64"), **given),
        sample(normal(1), axis=0, **given),
        sample(normal(2, 3, dtype="float16"), axis=1, **given),
        *(
            sample(integers(2, 3, low=1, high=4, dtype=kind), axis=1, **given)
            for kind in ("int32", "int8", "uint8", "int64")
        ),
        *extra,
    ]
    if bools:
        samples.append(sample(np.array([[True, False], [False, False]]), axis=1, **given))
    errors = [
        bad(CUBE, axis=3, match="axis 3 is outside of data, which has 3 axes"),
        bad(CUBE, axis=(0, -3), match="expected each axis once"),
        bad(CUBE, axis="one", match="attribute 'axis'"),
    ]
    reference(name, samples=samples, bad=errors, benchmark=lambda: sample(normal(16, 64, 56, 56), axis=axis))(call)


def nan_as(value):
    return lambda rows: np.where(np.isnan(rows), np.array(value, rows.dtype), rows)


def mean(rows):
    return rows.astype("float64").mean(-1)


EMPTY = sample(np.zeros((0, 3), "float32"), axis=0)
NAN = {"differentiable": False}
PROD_WHY = "1.9.1's gradient of a product with zeros is NaN"
reduction(
    "sum",
    lambda rows: rows.sum(-1, dtype=rows.dtype),
    axis=(0, 2, 3),
    extra=[
        EMPTY,
        sample(np.zeros((0, 3), "float32")),
        sample(WITH_NAN, axis=1, **NAN),
        sample(np.full(5000, 1, "float16")),
        sample(np.array([[100, 101, 7]], "int8"), axis=1),
    ],
)
reduction(
    "mean",
    mean,
    axis=(2, 3),
    extra=[
        sample(np.array([-1, -2, 5, -9], "int32")),
        sample(np.array([7, -1], "int64")),
        sample(np.full(3000, 60, "float16"), golden=False, why=OVERFLOW),
        sample(np.array([100, 100, 100], "int8"), golden=False, why=OVERFLOW),
        sample(WITH_NAN, axis=1, **NAN),
    ],
)
reduction(
    "prod",
    lambda rows: rows.prod(-1, dtype=rows.dtype),
    extra=[
        EMPTY,
        sample(ZEROS, axis=1, golden_gradient=False, why=PROD_WHY),
        sample(ZEROS, golden_gradient=False, why=PROD_WHY),
        sample(np.array([[100, 101, 7]], "int8"), axis=1),
    ],
)
reduction(
    "nansum",
    lambda rows: nan_as(0)(rows).sum(-1, dtype=rows.dtype),
    extra=[EMPTY, sample(WITH_NAN, axis=1, **NAN), sample(WITH_NAN, axis=(0, 1), exclude=True, **NAN)],
)
reduction(
    "nanprod",
    lambda rows: nan_as(1)(rows).prod(-1, dtype=rows.dtype),
    extra=[EMPTY, sample(WITH_NAN, axis=1, **NAN), sample(ZEROS, axis=0, golden_gradient=False, why=PROD_WHY)],
)
EXTREMES = [
    sample(TIES, axis=1, **NAN),
    sample(TIES, **NAN),
    sample(TIES, axis=0, keepdims=True, **NAN),
    sample(WITH_NAN, axis=1, **NAN),
    sample(WITH_NAN, axis=0, **NAN),
    sample(np.array([[np.inf, -np.inf]], "float32"), axis=0, **NAN),
]
reduction("max", lambda rows: np.max(rows, -1), extra=EXTREMES)
reduction("min", lambda rows: np.min(rows, -1), extra=EXTREMES)
reduction("_square_sum", lambda rows: (rows * rows).sum(-1, dtype=rows.dtype), golden=False, bools=False)

SIGNED = normal(2, 3, 2)


@reference(
    "norm",
    samples=[
        sample(SIGNED),
        sample(SIGNED, ord=1),
        sample(SIGNED, axis=1),
        sample(SIGNED, axis="(0, 2)", ord="1"),
        sample(SIGNED, axis=(0, 2), keepdims=True),
        sample(SIGNED, axis=-1, keepdims=True, ord=1),
        sample(SIGNED, axis=(0, 1, 2)),
        sample(SIGNED, axis=()),
        sample(SIGNED, keepdims=True),
        sample(normal(4, dtype="float64")),
        sample(np.array([[300, 400], [3, 4]], "float16"), axis=1, differentiable=False, golden_gradient=True),
        sample(np.zeros((2, 2), "float32"), axis=1, ord=1, differentiable=False),
        sample(
            np.array([[0, 0], [3, 4]], "float32"),
            axis=1,
            differentiable=False,
            golden_gradient=False,
            why="1.9.1's gradient of a norm that is 0 is NaN",
        ),
        sample(np.array([[1, 2], [3, 5]], "int32"), golden=False, why="1.9.1 cuts halfway and answers 5, not 6"),
        sample(np.array([[3, 4]], "int32"), golden=False, why="1.9.1 cuts halfway and answers 4"),
        sample(np.array([[1, 2], [3, 5]], "int64"), axis=0, ord=1),
        sample(np.array([200, 200], "uint8"), golden=False, why=OVERFLOW),
        sample(SIGNED, out_dtype="float64", golden=False, why="1.9.1 fails unless it accumulates safely"),
        sample(SIGNED, out_dtype="int32", axis=1, golden=False, why="1.9.1 fails unless it accumulates safely"),
        sample(np.array([1e15], "float32"), differentiable=False),
        sample(np.array([[3e20, 4e20], [3e-30, 4e-30]], "float32"), axis=1, differentiable=False),
        sample(np.array([1e38, -2e38], "float32"), differentiable=False),
    ],
    bad=[
        bad(SIGNED, ord=3, match="ord is 3; expected 1 or 2"),
        bad(SIGNED, axis=3, match="axis 3 is outside of data"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), axis=1),
)
def norm(data, *, ord=2, axis=None, out_dtype=None, keepdims=False):
    wide = np.abs(data.astype("float64"))
    function = (lambda x: x.sum(-1)) if ord == 1 else (lambda x: np.sqrt((x * x).sum(-1)))
    return reduced(function, wide, axes_of(data, axis), keepdims)


ODD = np.array([[1, 3, 3], [np.nan, 1, np.nan], [2, np.nan, 5], [np.inf, -np.inf, np.inf]], "float32")
SEARCHES = [
    sample(ODD, differentiable=False),
    sample(ODD, axis=1, differentiable=False),
    sample(ODD, axis="0", differentiable=False),
    sample(ODD, axis=-1, keepdims=True, differentiable=False),
    sample(ODD, keepdims=True, differentiable=False),
    sample(TIES, axis=1, differentiable=False),
    sample(SIGNED, axis=1),
    sample(SIGNED),
    sample(normal(4, dtype="float64"), axis=0),
    sample(normal(2, 3, dtype="float16"), axis=0),
    sample(normal(1), axis=0),
    sample(np.zeros((0, 3), "float32"), axis=1),
    *(sample(integers(2, 5, dtype=kind), axis=1) for kind in ("int32", "int8", "uint8", "int64")),
]
SEARCH_ERRORS = [
    bad(SIGNED, axis=3, match="axis 3 is outside of data"),
    bad(SIGNED, axis=(0, 1), match="attribute 'axis'"),
]


def search(wins):
    """A plain search: the first element that wins against all before it, or the first NaN."""

    def first(row):
        best = 0
        for i, x in enumerate(row):
            if np.isnan(row[best]):
                break
            if np.isnan(x) or wins(x, row[best]):
                best = i
        return best

    def call(data, *, axis=None, keepdims=False):
        axes = axes_of(data, None if axis is None else (axis,))
        return reduced(lambda rows: np.apply_along_axis(first, -1, rows) if rows.size else rows[..., 0:0].sum(-1),
                       data, axes, keepdims)  # fmt: skip

    return call


def _scores():
    """Of 21 classes for every pixel."""
    return sample(normal(8, 21, 128, 128), axis=1)


reference("argmax", samples=SEARCHES, bad=SEARCH_ERRORS, benchmark=_scores)(search(lambda x, best: x > best))
reference("argmin", samples=SEARCHES, bad=SEARCH_ERRORS, benchmark=_scores)(search(lambda x, best: x < best))


@reference(
    "argmax_channel",
    samples=[sample(SIGNED), sample(ODD, differentiable=False), sample(integers(2, 5)), sample(normal(2, 1))],
    bad=[bad(normal(3), match="axis 1 is outside of data, which has 1 axes")],
    benchmark=lambda: sample(normal(256, 1000)),
)
def argmax_channel(data):
    return np.argmax(data, axis=1)


@reference(
    "moments",
    samples=[
        sample(SIGNED, axes=1),
        sample(SIGNED, axes="(0, 2)"),
        sample(SIGNED, axes=(-1,), keepdims=True),
        sample(SIGNED, axes=(0, 1, 2)),
        sample(normal(2, 3, dtype="float64"), axes=0),
        sample(normal(2, 3, dtype="float16"), axes=1),
        sample(np.array([[1, 5, 5], [2, -1, 0]], "int32"), axes=0),
        sample(normal(1, 3), axes=0),
    ],
    bad=[
        bad(SIGNED, match="axes is empty; expected at least one axis"),
        bad(SIGNED, axes=4, match="axis 4 is outside of data"),
    ],
    benchmark=lambda: sample(normal(16, 64, 56, 56), axes=(0, 2, 3)),
)
def moments(data, *, axes=None, keepdims=False):
    wide, chosen = data.astype("float64"), axes_of(data, axes)
    mean = reduced(lambda x: x.mean(-1), wide, chosen, keepdims)
    squares = reduced(lambda x: (x * x).mean(-1), wide, chosen, keepdims)
    exact = reduced(lambda x: x.mean(-1), wide, chosen, keepdims) ** 2
    return mean, np.maximum(squares - exact, 0)


SCORES = np.array([[1, 5, 5], [2, -1, 0]], "float32")


def labels(*values, dtype="float32"):
    return np.array(values, dtype)


@reference(
    "softmax_cross_entropy",
    samples=[
        sample(SCORES, labels(0.5, 2.5)),  # cut to 0 and 2; small steps of the label change nothing
        sample(SCORES, labels(0, 2), differentiable=False),
        sample(SCORES, labels(0, 1.7), differentiable=False),
        sample(SCORES.astype("float64"), labels(1.5, 1.5, dtype="float64")),
        sample(SCORES.astype("float16"), labels(1.5, 0.5, dtype="float16")),
        sample(labels(0, 100).reshape(1, 2), labels(0), differentiable=False),
        sample(SCORES, labels(0, 5), differentiable=False, golden=False, why="1.9.1 reads outside of the array"),
        sample(normal(1, 4), labels(3.5)),
    ],
    bad=[
        bad(SCORES, labels(0, 2, dtype="float64"), match="expected one dtype"),
        bad(SCORES, labels(0), match=r"label \(1,\); expected \(N, C\) scores and \(N,\) labels"),
        bad(SCORES, labels(0, 1).reshape(2, 1), match="expected"),
    ],
    benchmark=lambda: sample(normal(256, 1000), integers(256, high=1000, dtype="float32")),
)
def softmax_cross_entropy(data, label):
    total = 0.0
    for row, wanted in zip(data.astype("float64"), label.astype(int)):
        weights = np.exp(row - row.max())
        if wanted < row.size:
            total -= np.log(max(weights[wanted] / weights.sum(), 1e-8))
    return np.array([total])
