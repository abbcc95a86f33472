"""Functions of one array, and arithmetic, comparisons and logic of two arrays or of an array and a number.

MXNet's results keep the operands' dtype: comparisons give 0 and 1 in it, and functions of integers are cut to integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .._translating import Applied, translates
from .._writing import Graph, Value, wrapped

One = Callable[[Graph, Value], Value]
Two = Callable[[Graph, Value, Value], Value]


def _in_floats(function: One) -> One:
    """Compute integers as floats and cut the result; 16-bit floats stay as they are."""

    def translated(graph: Graph, data: Value) -> Value:
        if data.is_float:
            return function(graph, data)
        return function(graph, data.cast(np.float64)).cast(data.dtype)

    return translated


def _node(kind: str) -> One:
    return lambda graph, data: graph.op(kind, data)


for _name, _kind in {
    "arccos": "Acos", "arccosh": "Acosh", "arcsin": "Asin", "arcsinh": "Asinh", "arctan": "Atan", "arctanh": "Atanh",
    "cos": "Cos", "cosh": "Cosh", "erf": "Erf", "exp": "Exp", "log": "Log", "reciprocal": "Reciprocal",
    "sigmoid": "Sigmoid", "sin": "Sin", "sinh": "Sinh", "softsign": "Softsign", "sqrt": "Sqrt", "tan": "Tan",
    "tanh": "Tanh",
}.items():  # fmt: skip
    translates(_name)(_in_floats(_node(_kind)))

for _name, _kind in {"abs": "Abs", "sign": "Sign"}.items():
    translates(_name)(_node(_kind))

for _name, _number in {"degrees": 180 / math.pi, "radians": math.pi / 180}.items():
    translates(_name)(_in_floats(lambda graph, data, _number=_number: data * _number))


def _logarithm(base: float) -> One:
    def translated(graph: Graph, data: Value) -> Value:
        if data.is_float:
            return graph.op("Log", data) * (1 / math.log(base))
        wide = graph.op("Log", data.cast(np.float64)) * (1 / math.log(base))
        return (wide * (1 + 1e-6)).cast(data.dtype)  # the logarithm of 1000 is just below 3

    return translated


for _name, _base in {"log10": 10.0, "log2": 2.0}.items():
    translates(_name)(_logarithm(_base))


@translates("negative")
def negative(graph: Graph, data: Value) -> Value:
    if data.dtype.kind == "u":
        return (-data.cast(np.int32)).cast(data.dtype)
    return -data


@translates("relu")
def relu(graph: Graph, data: Value) -> Value:
    return data if data.dtype.kind == "u" else graph.op("Relu", data)


@translates("square")
def square(graph: Graph, data: Value) -> Value:
    return data * data


@translates("rsqrt")
def rsqrt(graph: Graph, data: Value) -> Value:
    return _in_floats(lambda graph, data: graph.op("Reciprocal", graph.op("Sqrt", data)))(graph, data)


@translates("log1p")
def log1p(graph: Graph, data: Value) -> Value:
    """Logarithm of 1 + x without loss for small x: ``x * log(u) / (u - 1)`` with u = 1 + x rounded."""

    def precise(graph: Graph, data: Value) -> Value:
        above = data + 1
        small = above.compare("Equal", 1)
        large = above.compare("Greater", float(np.finfo(np.float16).max) / 2)
        beside = small.where_true(1, above - 1)
        found = graph.op("Log", above) * (large.where_true(1, data) / large.where_true(1, beside))
        return small.where_true(data, found)

    return _in_floats(precise)(graph, data)


@translates("expm1")
def expm1(graph: Graph, data: Value) -> Value:
    """``exp(x) - 1`` without loss for small x: ``2 * sinh(x / 2) * exp(x / 2)``."""

    def precise(graph: Graph, data: Value) -> Value:
        half = data * 0.5
        small = graph.op("Abs", data).compare("Less", 1)
        inside = small.where_true(half, 0)
        near = graph.op("Sinh", inside) * graph.op("Exp", inside) * 2
        return small.where_true(near, graph.op("Exp", data) - 1)

    return _in_floats(precise)(graph, data)


def _cube_root(graph: Graph, data: Value) -> Value:
    return graph.op("Sign", data) * graph.op("Pow", graph.op("Abs", data), 1 / 3)


@translates("cbrt")
def cbrt(graph: Graph, data: Value) -> Value:
    if not data.is_float:  # 64 ** (1 / 3) is just below 4
        return (_cube_root(graph, data.cast(np.float64)) * (1 + 1e-6)).cast(data.dtype)
    return _cube_root(graph, data)


@translates("rcbrt")
def rcbrt(graph: Graph, data: Value) -> Value:
    return _in_floats(lambda graph, data: graph.op("Reciprocal", _cube_root(graph, data)))(graph, data)


@translates("ceil", "floor")
def rounded_one_way(graph: Graph, data: Value, *, node: Applied) -> Value:
    if not data.is_float:
        return graph.op("Identity", data)
    return graph.op("Ceil" if _operator(node) == "ceil" else "Floor", data)


@translates("fix", "trunc")
def fix(graph: Graph, data: Value) -> Value:
    """Towards zero."""
    if not data.is_float:
        return graph.op("Identity", data)
    return graph.op("Sign", data) * graph.op("Floor", graph.op("Abs", data))


@translates("round")
def round_(graph: Graph, data: Value) -> Value:
    """Halves away from zero; ONNX's Round goes to even."""
    if not data.is_float:
        return graph.op("Identity", data)
    size = graph.op("Abs", data)
    whole = graph.op("Floor", size)
    return graph.op("Sign", data) * (whole + (size - whole).compare("GreaterOrEqual", 0.5).cast(data.dtype))


@translates("rint")
def rint(graph: Graph, data: Value) -> Value:
    """Halves down."""
    if not data.is_float:
        return graph.op("Identity", data)
    whole = graph.op("Round", data)  # halves go to the even one
    return whole - (whole - data).compare("Equal", 0.5).cast(data.dtype)


@translates("logical_not")
def logical_not(graph: Graph, data: Value) -> Value:
    return data.compare("Equal", 0).cast(data.dtype)


@translates("BlockGrad", "_copy", "_copyto", "make_loss", "_identity_with_attr_like_rhs", "cast_storage",
            "_CrossDeviceCopy", "_contrib_gradientmultiplier", "IdentityAttachKLSparseReg")  # fmt: skip
def nothing(graph: Graph, data: Value, *others: Value) -> Value:
    """Nothing happens in prediction: the value itself goes on."""
    return data


@translates("_contrib_round_ste", "_contrib_sign_ste")
def straight_through(graph: Graph, data: Value, *, node: Applied) -> Value:
    return round_(graph, data) if _operator(node) == "_contrib_round_ste" else graph.op("Sign", data)


@translates("Cast", "amp_cast")
def cast(graph: Graph, data: Value, *, node: Applied) -> Value:
    if data.dtype.kind == "f" and node.dtype == np.uint8:
        return data.cast(np.int32).cast(np.uint8)  # negative numbers wrap around
    return data.cast(node.dtype)


@translates("amp_multicast")
def amp_multicast(graph: Graph, *data: Value, node: Applied) -> list[Value]:
    return [value.cast(dtype) for value, dtype in zip(data, node.dtypes)]


@translates("clip")
def clip(graph: Graph, data: Value, *, a_min: float, a_max: float) -> Value:
    low, high = graph.of(a_min, data.dtype), graph.of(a_max, data.dtype)
    if data.dtype.name in ("int16", "bfloat16"):
        return graph.op("Min", graph.op("Max", data, low), high)
    return graph.op("Clip", data, low, high)


@translates("hard_sigmoid")
def hard_sigmoid(graph: Graph, data: Value, *, alpha: float, beta: float) -> Value:
    return graph.op("HardSigmoid", data, alpha=alpha, beta=beta)


@translates("smooth_l1")
def smooth_l1(graph: Graph, data: Value, *, scalar: float) -> Value:
    """``(s x)^2 / 2`` within ``1 / s^2`` of 0, and ``|x| - 1 / (2 s^2)`` further away."""
    if not data.is_float:
        wide = data.cast(np.float64)
        return smooth_l1(graph, wide, scalar=int(scalar)).cast(data.dtype)
    size = graph.op("Abs", data)
    square = scalar * scalar
    near = data * data * (0.5 * square)
    if not square:
        return near
    return size.compare("Less", 1 / square).where_true(near, size - 0.5 / square)


@translates("_contrib_quadratic")
def quadratic(graph: Graph, data: Value, *, a: float, b: float, c: float) -> Value:
    return _in_floats(lambda graph, data: (data * a + b) * data + c)(graph, data)


@translates("_contrib_div_sqrt_dim")
def div_sqrt_dim(graph: Graph, data: Value) -> Value:
    last = data.axes[-1]
    if isinstance(last, int):
        return data / math.sqrt(last)
    length = graph.lengths(data, len(data.axes) - 1)
    return data / graph.op("Sqrt", length.cast(np.float32)).cast(data.dtype)


# -- two operands ----------------------------------------------------------------------------------------------------


def _operator(node: Applied) -> str:
    assert node.node.operator is not None
    return node.node.operator.name


def _divide(graph: Graph, lhs: Value, rhs: Value) -> Value:
    if lhs.is_float:
        return lhs / rhs
    special = _traps(graph, rhs)  # x / 0 is 0 here: for both, the quotient is x * rhs
    return special.where_true(lhs * rhs, lhs / special.where_true(1, rhs))


def _traps(graph: Graph, rhs: Value) -> Value:
    """Return where processors trap on an integer division: by 0, and of the smallest integer by -1."""
    zero = rhs.compare("Equal", 0)
    return zero if rhs.dtype.kind == "u" else graph.op("Or", zero, rhs.compare("Equal", -1))


def _modulo(graph: Graph, lhs: Value, rhs: Value) -> Value:
    """Remainder with the sign of the divisor; 0 for the divisor 0."""
    zero = rhs.compare("Equal", 0) if lhs.is_float else _traps(graph, rhs)  # x mod -1 is 0, too
    divisor = zero.where_true(1, rhs)
    if lhs.is_float:
        found = graph.op("Mod", lhs, divisor, fmod=1)
        other_sign = graph.op("Xor", found.compare("Less", 0), divisor.compare("Less", 0))
        crosses = graph.op("And", other_sign, graph.op("Not", found.compare("Equal", 0)))
        found = crosses.where_true(found + divisor, found)
    else:
        found = graph.op("Mod", lhs, divisor)
    return zero.where_true(0, found)


def _power(graph: Graph, lhs: Value, rhs: Value) -> Value:
    if lhs.is_float:
        return graph.op("Pow", lhs, rhs)
    return graph.op("Pow", lhs.cast(np.float64), rhs.cast(np.float64)).cast(lhs.dtype)


def _hypotenuse(graph: Graph, lhs: Value, rhs: Value) -> Value:
    if not lhs.is_float:
        return _hypotenuse(graph, lhs.cast(np.float64), rhs.cast(np.float64)).cast(lhs.dtype)
    size = graph.op("Max", graph.op("Abs", lhs), graph.op("Abs", rhs))
    scale = size.compare("Equal", 0).where_true(1, size)
    one, other = lhs / scale, rhs / scale
    return graph.op("Sqrt", one * one + other * other) * size


def _compared(kind: str, negated: bool = False) -> Two:
    def function(graph: Graph, lhs: Value, rhs: Value) -> Value:
        found = graph.op(kind, lhs, rhs, dtype=bool)
        return (graph.op("Not", found) if negated else found).cast(lhs.dtype)

    return function


def _logical(kind: str) -> Two:
    def function(graph: Graph, lhs: Value, rhs: Value) -> Value:
        truths = [value.cast(bool) for value in (lhs, rhs)]
        return graph.op(kind, *truths).cast(lhs.dtype)

    return function


_ARITHMETIC: dict[str, Two] = {
    "add": lambda graph, lhs, rhs: lhs + rhs,
    "sub": lambda graph, lhs, rhs: lhs - rhs,
    "mul": lambda graph, lhs, rhs: lhs * rhs,
    "div": _divide,
    "mod": _modulo,
    "power": _power,
    "hypot": _hypotenuse,
    "maximum": lambda graph, lhs, rhs: graph.op("Max", lhs, rhs),
    "minimum": lambda graph, lhs, rhs: graph.op("Min", lhs, rhs),
    "equal": _compared("Equal"),
    "not_equal": _compared("Equal", negated=True),
    "greater": _compared("Greater"),
    "greater_equal": _compared("GreaterOrEqual"),
    "lesser": _compared("Less"),
    "lesser_equal": _compared("LessOrEqual"),
    "logical_and": _logical("And"),
    "logical_or": _logical("Or"),
    "logical_xor": _logical("Xor"),
}
_SPELLED = {"plus": "add", "minus": "sub"}


def _on_arrays(function: Two) -> Callable[..., Value]:
    def translated(graph: Graph, lhs: Value, rhs: Value) -> Value:
        return function(graph, lhs, rhs)

    return translated


def _on_numbers(function: Two, swapped: bool) -> Callable[..., Value]:
    def translated(graph: Graph, data: Value, *, scalar: float, is_int: bool, node: Applied) -> Value:
        data = data.cast(node.dtype)
        number = graph.of(wrapped(scalar, data.dtype), data.dtype)
        return function(graph, number, data) if swapped else function(graph, data, number)

    return translated


for _name, _function in _ARITHMETIC.items():
    if _name in ("add", "sub", "mul", "div"):
        translates(f"elemwise_{_name}")(_on_arrays(_function))
    else:
        translates(f"_{_name}")(_on_arrays(_function))
    translates(f"broadcast_{_name}")(_on_arrays(_function))
    _called = {other: name for name, other in _SPELLED.items()}.get(_name, _name)
    translates(f"_{_called}_scalar")(_on_numbers(_function, swapped=False))
    if _name in ("sub", "div", "mod", "power"):
        translates(f"_r{_called}_scalar")(_on_numbers(_function, swapped=True))

translates("_grad_add")(_on_arrays(_ARITHMETIC["add"]))
translates("_scatter_elemwise_div")(_on_arrays(_divide))
translates("_scatter_plus_scalar")(_on_numbers(_ARITHMETIC["add"], swapped=False))
translates("_scatter_minus_scalar")(_on_numbers(_ARITHMETIC["sub"], swapped=False))


@translates("add_n")
def add_n(graph: Graph, *data: Value) -> Value:
    if len(data) == 1 or data[0].is_float:
        return graph.op("Sum", *data)
    total = data[0]
    for other in data[1:]:
        total = total + other
    return total


@translates("where")
def where(graph: Graph, condition: Value, x: Value, y: Value) -> Value:
    truth = condition.cast(bool)
    missing = len(x.axes) - len(condition.axes)
    if missing:  # a condition of one axis chooses whole rows
        truth = truth.unsqueeze(*range(len(condition.axes), len(x.axes)))
    return truth.where_true(x, y)


@translates("_contrib_allclose")
def allclose(graph: Graph, a: Value, b: Value, *, rtol: float, atol: float, equal_nan: bool, node: Applied) -> Value:
    if not a.is_float:
        a, b = a.cast(np.float64), b.cast(np.float64)
    distance = graph.op("Abs", a - b)
    near = distance.compare("LessOrEqual", graph.op("Abs", b) * rtol + atol)
    near = graph.op("Or", near, a.compare("Equal", b))  # infinity less infinity is no number
    if equal_nan:
        both = graph.op("And", graph.op("IsNaN", a, dtype=bool), graph.op("IsNaN", b, dtype=bool))
        near = graph.op("Or", near, both)
    return graph.reduce("ReduceMin", near.cast(np.float32), None).cast(node.dtype)


@translates("all_finite", "multi_all_finite")
def all_finite(graph: Graph, *data: Value) -> Value:
    found: list[Value] = []
    for value in data:
        wide = value.cast(np.float32) if value.dtype.itemsize == 2 else value
        special = graph.op("Or", graph.op("IsNaN", wide, dtype=bool), graph.op("IsInf", wide, dtype=bool))
        worst = graph.reduce("ReduceMax", special.cast(np.float32), None)
        found.append((1 - worst).reshape(1))
    return found[0] if len(found) == 1 else graph.op("Min", *found)
