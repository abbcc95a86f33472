"""References for mxnet/_ops/binary.py, used by those of broadcast.py and scalar.py too."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample, uniform

NAN, INF = np.nan, np.inf
LEFT = np.array([1, 1, -1, 3, -3, 3, -3, NAN, 1, NAN, INF, INF, -2, 5.5, 0, 0], "float32")
RIGHT = np.array([1, 2, -1, 2, 2, -2, -2, 1, NAN, NAN, INF, 2, 0.5, -2, 1, -1], "float32")


def silent(function):
    """The function without NumPy's warnings, for one dtype in and out."""

    def call(lhs, rhs):
        with np.errstate(all="ignore"):
            return np.asarray(function(lhs, rhs)).astype(lhs.dtype)

    return call


def divide(lhs, rhs):
    if lhs.dtype.kind == "f":
        return lhs / rhs
    quotient = np.abs(lhs.astype("int64")) // np.maximum(np.abs(rhs.astype("int64")), 1)
    return np.where(rhs == 0, 0, quotient * np.sign(lhs.astype("int64")) * np.sign(rhs.astype("int64")))


def modulo(lhs, rhs):
    return np.where(rhs == 0, np.zeros_like(lhs), np.mod(lhs, np.where(rhs == 0, np.ones_like(rhs), rhs)))


def power(lhs, rhs):
    return np.power(lhs.astype("float64"), rhs.astype("float64"))


def hypotenuse(lhs, rhs):
    return np.hypot(lhs.astype("float64"), rhs.astype("float64"))


FUNCTIONS = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": divide,
    "mod": modulo,
    "power": power,
    "hypot": hypotenuse,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "equal": lambda lhs, rhs: ~(lhs != rhs),
    "not_equal": lambda lhs, rhs: ~(lhs == rhs),
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "lesser": np.less,
    "lesser_equal": np.less_equal,
    "logical_and": lambda lhs, rhs: (lhs != 0) & (rhs != 0),
    "logical_or": lambda lhs, rhs: (lhs != 0) | (rhs != 0),
    "logical_xor": lambda lhs, rhs: (lhs != 0) ^ (rhs != 0),
}
ARITHMETIC = ("add", "sub", "mul", "div", "mod", "power", "hypot", "maximum", "minimum")
#: Of two equal numbers the left one gets the gradient; none of these has a gradient that is NaN.
TIES = (np.array([1, 2, -3, 0, 5], "float32"), np.array([1, -2, -3, 0, 6], "float32"))
AT_ZERO = "1.9.1 gives NaN, or 1, as the gradient of a remainder that is 0 by definition"
EDGES = "the sign of infinite and NaN gradients is an accident of the formula"


def operands(name, *shape, dtype="float32", seed=0):
    """Two arrays that keep `name` smooth and defined."""
    low, high = (0.4, 3.0) if name in ("power", "mod", "div") else (-3.0, 3.0)
    if name == "mod":  # quotients in (2, 3): far from where the remainder jumps
        rhs = uniform(*shape, low=1, high=2, seed=seed, dtype=dtype)
        return (rhs * uniform(*shape, low=2.2, high=2.8, seed=seed + 1, dtype=dtype)).astype(dtype), rhs
    return uniform(*shape, low=low, high=high, seed=seed, dtype=dtype), uniform(
        *shape, low=low, high=high, seed=seed + 1, dtype=dtype
    )


def whole(*shape, dtype, low=-7, seed=0):
    """Integers without 0."""
    values = integers(*shape, low=max(low, 1 if dtype == "uint8" else low), high=8, seed=seed, dtype=dtype)
    return np.where(values == 0, 3, values).astype(dtype)


MIXED = [
    bad(normal(2), normal(2, dtype="float64"), match="lhs is float32 and rhs is float64; expected one dtype"),
    bad(np.array([True]), np.array([True]), match="bool, which has no arithmetic"),
]
SHAPES = bad(normal(2, 3), normal(3), match=r"lhs has shape \(2, 3\) and rhs \(3,\); expected equal shapes")

for name, function in FUNCTIONS.items():
    smooth = {"differentiable": name in ARITHMETIC}
    samples = [
        sample(*operands(name, 2, 3), **smooth),
        sample(*operands(name, 2, 1, 2, dtype="float64"), **smooth),
        sample(*operands(name, 4, dtype="float16"), **smooth),
        sample(*operands(name, 1), **smooth),
        sample(np.zeros((0, 2), "float32"), np.zeros((0, 2), "float32")),
        sample(
            LEFT, RIGHT, differentiable=False, golden_gradient=name not in ("power", "hypot", "div", "mod"), why=EDGES
        ),
        *(
            sample(whole(6, dtype=kind), whole(6, dtype=kind, seed=1, low=1 if name == "power" else -7))
            for kind in ("int32", "int8", "uint8", "int64")
            if (name, kind) != ("power", "int8")
        ),
    ]
    if name in ("maximum", "minimum"):
        samples.append(sample(*TIES, differentiable=False))
    if name == "mod":
        zero = np.array([3, -3, 0], "float32"), np.zeros(3, "float32")
        infinite = np.array([-1, 1], "float32"), np.array([INF, INF], "float32")
        samples.append(sample(*zero, differentiable=False, golden_gradient=False, why=AT_ZERO))
        samples.append(sample(np.array([5, -7], "int32"), np.zeros(2, "int32")))
        samples.append(sample(*infinite, differentiable=False, golden_gradient=False, why=EDGES))
    if name == "div":
        special = np.array([5, -7, 0, -(2**31), -(2**31)], "int32"), np.array([0, 0, 0, -1, 1], "int32")
        samples.append(sample(*special, golden=False, why="1.9.1 dies of integer division by zero"))
        samples.append(sample(np.array([100, 3, 255, 7], "uint8"), np.array([255, 255, 255, 2], "uint8")))
    if name == "power":
        samples.append(
            sample(
                np.array([0, 0, -2, -2], "float32"),
                np.array([0, 2, 2, 3], "float32"),
                differentiable=False,
                golden_gradient=False,
                why="1.9.1's gradient of 0 ** 2 by the exponent is NaN, here 0",
            )
        )
    if name == "hypot":
        samples.append(sample(np.array([1e30], "float32"), np.array([1e30], "float32"), differentiable=False))
    spelled = f"elemwise_{name}" if name in ("add", "sub", "mul", "div") else f"_{name}"
    reference(
        spelled,
        samples=samples,
        bad=[*MIXED, SHAPES],
        benchmark=lambda name=name: sample(*operands(name, 1000, 1000)),
    )(silent(function))

reference(
    "_grad_add",
    samples=[sample(normal(2, 3), normal(2, 3, seed=1))],
    bad=MIXED,
    benchmark=lambda: sample(*operands("add", 1000, 1000)),
)(silent(np.add))
