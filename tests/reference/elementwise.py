"""References for mxnet/_ops/elementwise.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample, uniform

SPECIAL = np.array([np.nan, np.inf, -np.inf, 0, 1, -1, 0.5, 2.5, -2.5, 100.7, -1.7], "float32")
FINITE = SPECIAL[3:]
BOOL = np.array([True, False])
KINDS = ("int32", "int8", "uint8", "int64")


@reference(
    "hard_sigmoid",
    samples=[
        sample(uniform(2, 3, low=-2, high=2)),
        sample(uniform(3, low=-0.8, high=0.8, dtype="float64"), alpha=0.5, beta=0.375),
        sample(normal(3, dtype="float16"), alpha=-0.1),
        sample(np.array([-2.5, 2.5, 0, -4, 4], "float32"), differentiable=False),
        sample(SPECIAL[1:], differentiable=False),
        sample(np.array([0.0], "float32"), alpha="0.3"),
    ],
    bad=[bad(np.array([1, 2], "int32"), match="data is int32; expected a floating dtype")],
    benchmark=lambda: sample(uniform(1000, 1000, low=-4, high=4)),
)
def hard_sigmoid(data, *, alpha=0.2, beta=0.5):
    return np.minimum(np.maximum(data.astype("float64") * alpha + beta, 0), 1)


@reference(
    "smooth_l1",
    samples=[
        sample(uniform(2, 3, low=-3, high=3)),
        sample(uniform(2, 3, low=-3, high=3), scalar=2.0),
        sample(uniform(4, low=-3, high=3, dtype="float64"), scalar=0.7),
        sample(uniform(4, low=-3, high=3, dtype="float16"), scalar="1.5"),
        sample(np.array([0.25, -0.25, 0.1, 0], "float32"), scalar=2.0, differentiable=False),
        sample(FINITE, scalar=0.0, differentiable=False),
        sample(SPECIAL[1:], scalar=0.5, differentiable=False),
        sample(np.array([3, 1, 0, -3], "int32"), scalar=1.7),
        sample(np.array([3, 1, 0, -3], "int8"), scalar=0.5),
        sample(np.array([3, 1, 0], "uint8")),
    ],
    bad=[bad(BOOL, match="data is bool")],
    benchmark=lambda: sample(uniform(1000, 1000, low=-3, high=3)),
)
def smooth_l1(data, *, scalar=1.0):
    if data.dtype.kind != "f":
        scalar = int(scalar)
    x = np.abs(data.astype("float64"))
    square = scalar * scalar
    with np.errstate(all="ignore"):
        return np.where(x * square < 1, 0.5 * square * x * x, x - 0.5 / np.float64(square))


@reference(
    "clip",
    samples=[
        sample(uniform(2, 3, low=-3, high=3), a_min=-1, a_max=1),
        sample(uniform(4, low=-3, high=3, dtype="float64"), a_min=-1.5, a_max="0.5"),
        sample(uniform(4, low=-3, high=3, dtype="float16"), a_min=0.0, a_max=6.0),
        sample(SPECIAL[1:], a_min=-1, a_max=1, differentiable=False),
        sample(SPECIAL[:1], a_min=-1, a_max=1, differentiable=False, golden_gradient=False, why="NaN has no gradient"),
        sample(FINITE, a_min=float("-inf"), a_max=1.0, differentiable=False),
        sample(uniform(4, low=-3, high=3, dtype="float16"), a_min=-1e10, a_max=1),
        sample(uniform(4, low=-3, high=3), a_min=0, a_max=1e300, golden=False, why="1.9.1 refuses the number"),
        sample(FINITE, a_min=1, a_max=-1, differentiable=False, golden=False, why="1.9.1 swaps what is outside"),
        *(sample(integers(5, low=0, high=9, dtype=kind), a_min=2.5, a_max=6.5) for kind in KINDS),
        sample(np.array([1, 5, -7], "int32"), a_min=-2.5, a_max=2.5),
        sample(np.array([1, 5, 200], "uint8"), a_min=-2.5, a_max=100),
        sample(np.array([1, 5], "int32"), a_min=0, a_max=np.inf, golden=False, why="a cast of infinity in C"),
    ],
    bad=[bad(normal(2), a_min=0, match="'a_max'.*missing"), bad(BOOL, a_min=0, a_max=1, match="data is bool")],
    benchmark=lambda: sample(uniform(1000, 1000, low=-3, high=3), a_min=-1, a_max=1),
)
def clip(data, *, a_min, a_max):
    if data.dtype.kind == "f":
        return np.minimum(np.maximum(data.astype("float64"), float(a_min)), float(a_max)).astype(data.dtype)
    low, high = (int(np.clip(x, -(2**40), 2**40)) for x in (a_min, a_max))
    return np.clip(data.astype("int64"), low, high).astype(data.dtype)


NUMPY = {"torch.float16": "float16", "torch.float32": "float32", "torch.float64": "float64", "torch.bool": "bool"}


def numpy_dtype(dtype):
    return str(dtype).removeprefix("torch.")


@reference(
    "Cast",
    samples=[
        *(sample(FINITE, dtype=kind, differentiable=False) for kind in ("float64", "float16", *KINDS, "bool")),
        sample(SPECIAL, dtype="float32", differentiable=False),
        sample(SPECIAL, dtype="bool"),
        sample(normal(2, 3, dtype="float64"), dtype="float32"),
        sample(normal(2, 3, dtype="float16"), dtype="float64"),
        sample(BOOL, dtype="float32"),
        sample(np.array([300, -1], "int32"), dtype="uint8"),
        sample(np.array([[1, 2]], "uint8"), dtype="int64"),
    ],
    bad=[bad(normal(2), dtype="float33", match="attribute 'dtype'"), bad(normal(2), match="'dtype'.*missing")],
    benchmark=lambda: sample(normal(1000, 1000), dtype="float16"),
)
def cast(data, *, dtype):
    name = numpy_dtype(dtype)
    if data.dtype.kind == "f" and name in KINDS:
        return np.trunc(data).astype("int64").astype(name)
    return data.astype(name)


@reference(
    "amp_cast",
    samples=[
        sample(SPECIAL, dtype="float16", differentiable=False),
        sample(normal(2, 3, dtype="float16"), dtype="float32"),
        sample(normal(2, 3), dtype="float32"),
        sample(
            normal(2, 3, dtype="float64"), dtype="float16", golden=False, why="1.9.1 fails; its inference says float64"
        ),
        sample(np.array([1, 2], "int32"), dtype="float16"),
        sample(FINITE, dtype="int32", golden=False, why="1.9.1 rounds here and cuts in Cast"),
    ],
    benchmark=lambda: sample(normal(1000, 1000), dtype="float16"),
)
def amp_cast(data, *, dtype):
    return data.astype(numpy_dtype(dtype)) if data.dtype in ("float32", "float16") else data


SAME = [
    sample(normal(2, 3)),
    sample(normal(1, dtype="float64")),
    sample(normal(2, dtype="float16")),
    sample(np.zeros((0, 2), "float32")),
    *(sample(integers(4, dtype=kind)) for kind in KINDS),
    sample(BOOL),
    sample(SPECIAL, differentiable=False),
]
NO_GRADIENT = [sample(*x.inputs, differentiable=False) for x in SAME]  # the derivative is not what finite steps say


def _matrix():
    return sample(normal(1000, 1000))


@reference("_copy", samples=SAME, benchmark=_matrix)
@reference("BlockGrad", samples=NO_GRADIENT, benchmark=_matrix)
def identity(data):
    return data


@reference("zeros_like", samples=SAME, benchmark=_matrix)
def zeros_like(data):
    return data != data if data.dtype.kind == "b" else np.full(data.shape, 0, data.dtype)


@reference("ones_like", samples=SAME, benchmark=_matrix)
def ones_like(data):
    return np.full(data.shape, 1, data.dtype)


@reference(
    "_identity_with_attr_like_rhs",
    samples=[
        sample(normal(2, 3), normal(2, 3, seed=1)),
        sample(normal(2, dtype="float64"), normal(2, dtype="float64", seed=1)),
    ],
    bad=[
        bad(normal(2, 2), normal(3, 2), match=r"lhs has shape \(2, 2\) and rhs \(3, 2\); expected equal shapes"),
        bad(normal(2), normal(2, dtype="float64"), match="expected one dtype"),
    ],
    benchmark=lambda: sample(normal(1000, 1000), normal(1000, 1000, seed=1)),
)
def identity_with_attr_like_rhs(lhs, rhs):
    return lhs


@reference(
    "shape_array",
    samples=[sample(normal(2, 3)), sample(np.zeros((2, 0, 3), "float32")), sample(BOOL)],
    benchmark=_matrix,
)
def shape_array(data):
    return np.array(data.shape)


@reference(
    "size_array",
    samples=[sample(normal(2, 3)), sample(integers(4)), sample(np.zeros((2, 0), "float32"))],
    benchmark=_matrix,
)
def size_array(data):
    return np.array([data.size])


BIG = np.array([60000, 1], "float16")


@reference(
    "add_n",
    samples=[
        sample(normal(2, 3)),
        sample(normal(2, 3), normal(2, 3, seed=1)),
        sample(*(normal(2, 1, seed=i, dtype="float64") for i in range(5))),
        sample(BIG, BIG, -BIG),
        *(sample(integers(3, dtype=kind), integers(3, dtype=kind, seed=1)) for kind in KINDS),
    ],
    bad=[
        bad(normal(2, 2), normal(2), match=r"input 1 is \(2,\) float32 and the first is \(2, 2\)"),
        bad(normal(2), normal(2, dtype="float64"), match="expected one shape and dtype"),
        bad(BOOL, BOOL, match="bool, which has no sum"),
    ],
    benchmark=lambda: sample(*(normal(1000, 1000, seed=i) for i in range(4))),
)
def add_n(*args):
    return np.sum(np.stack(args).astype("float64"), axis=0)


@reference(
    "all_finite",
    samples=[
        sample(normal(2, 3), differentiable=False),
        sample(SPECIAL, differentiable=False),
        sample(SPECIAL[:1], differentiable=False),
        sample(np.array([60000], "float16"), differentiable=False),
        sample(np.array([1e300, np.inf]), differentiable=False),
        sample(normal(2), init_output=True, differentiable=False),
    ],
    bad=[
        bad(np.array([1, 2], "int32"), match="data is int32; expected a floating dtype"),
        bad(normal(2), init_output=False, match="init_output is False"),
    ],
    benchmark=_matrix,
)
def all_finite(data, *, init_output=True):
    return np.array([not np.isinf(data).any() and not np.isnan(data).any()])
