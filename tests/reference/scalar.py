"""References for mxnet/_ops/scalar.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, reference, sample, uniform
from .binary import ARITHMETIC, FUNCTIONS, silent

#: Operator -> the function in FUNCTIONS, and whether the scalar is its left operand.
OPERATORS = {
    **{name: (name, False) for name in FUNCTIONS if name not in ("add", "sub")},
    "plus": ("add", False),
    "minus": ("sub", False),
    "rminus": ("sub", True),
    "rdiv": ("div", True),
    "rmod": ("mod", True),
    "rpower": ("power", True),
}
EDGES = np.array([0, 1, -1, 2, -2, 1.5, -1.5, -3.5, np.nan, np.inf, -np.inf], "float32")
FRACTION = np.array([1, 2, 5], "int32")
DIVISIONS = "div mod power rdiv rmod rpower"


def with_scalar(function, reverse):
    def call(data, *, scalar=1.0, is_int=True):
        if data.dtype.kind != "f" and not is_int:
            data = data.astype("float64")
        elif data.dtype.kind == "b":
            data = data.astype("int64")
        number = np.array(scalar).astype("int64" if data.dtype.kind in "iu" else data.dtype).astype(data.dtype)
        other = np.full_like(data, number)
        return silent(function)(other, data) if reverse else silent(function)(data, other)

    return call


def smooth_data(name, *shape, dtype="float32"):
    if name == "mod":  # far from the jumps at multiples of 1.5 and 2
        return uniform(*shape, low=3.2, high=3.8, dtype=dtype)
    if name == "rmod":  # and 1.5 / x in (1, 2)
        return uniform(*shape, low=0.8, high=1.4, dtype=dtype)
    return uniform(*shape, low=0.3, high=1.4, dtype=dtype)


for name, (plain, reverse) in OPERATORS.items():
    smooth = {"differentiable": plain in ARITHMETIC}
    kinds = ("int32", "int8", "uint8", "int64")
    odd = name in ("rpower", "power", "hypot", "rmod", "mod", "div", "rdiv")
    samples = [
        sample(smooth_data(name, 2, 3), scalar=1.5, **smooth),
        sample(smooth_data(name, 2, 3), scalar=2, **smooth),
        sample(smooth_data(name, 1), scalar="1.5", **smooth),
        sample(smooth_data(name, 2, 1, 2, dtype="float64"), scalar=1.5, is_int=False, **smooth),
        sample(smooth_data(name, 3, dtype="float16"), scalar=1.5, **smooth),
        sample(smooth_data(name, 3), differentiable=False),
        sample(np.zeros((0, 2), "float32"), scalar=2.0),
        sample(EDGES, scalar=2.0, differentiable=False, golden_gradient=not odd, why="infinite and NaN gradients"),
        sample(EDGES, scalar=-1.5, differentiable=False, golden_gradient=not odd, why="infinite and NaN gradients"),
        sample(EDGES, scalar=0.0, differentiable=False, golden_gradient=not odd, why="gradients at 0"),
        *(sample(integers(5, low=1, high=5, dtype=kind), scalar=2) for kind in kinds),
        sample(integers(5, low=1, high=5), scalar=1.7),
        sample(FRACTION, scalar=1.5, is_int=False),
        sample(np.array([True, True]), scalar=2),
        sample(np.array([True, True]), scalar=1.5, is_int="False"),
    ]
    if name not in DIVISIONS.split():
        samples.append(sample(integers(5, low=-4, high=5), scalar=-3))
        samples.append(sample(np.array([0, 1, 200], "uint8"), scalar=300))
    if name in ("div", "mod"):
        samples.append(sample(np.array([7, -7, 0, -8], "int32"), scalar=-3))
        zero = np.array([7, -7, -(2**31)], "int32")
        samples.append(sample(zero, scalar=0, golden=name == "mod", why="1.9.1 dies of integer division by zero"))
        samples.append(sample(zero[:2], scalar=-1))
    if name in ("rdiv", "rmod"):
        samples.append(sample(np.array([7, -7, 2], "int32"), scalar=-3))
        samples.append(
            sample(np.array([0, 2], "int32"), scalar=5, golden=name == "rmod", why="1.9.1 dies of division by zero")
        )
    if name == "power":
        samples.append(sample(np.array([1, 2, -1, -3], "int32"), scalar=-1))
        samples.append(sample(np.array([1, 2, -1, -3], "int32"), scalar=3))
    if name == "rpower":
        samples.append(sample(np.array([0, 2, -1, -3], "int32"), scalar=2))
    infinite = bad(FRACTION, scalar=float("inf"), match="scalar is inf; expected a finite number for int32")
    words = bad(FRACTION, scalar="two", match="attribute 'scalar'")
    reference(
        f"_{name}_scalar",
        samples=samples,
        bad=[infinite, words],
        benchmark=lambda name=name: sample(smooth_data(name, 1000, 1000), scalar=1.5),
    )(with_scalar(FUNCTIONS[plain], reverse))
