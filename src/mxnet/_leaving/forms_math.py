"""Plain forms of elementwise operators, reductions, products and sorting."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from .._ops.registry import get
from . import helpers
from .forms import FORMS, Call, NotPlain, arguments, axes_text, expression, form, text, unless

_UNARY: Mapping[str, str] = {
    "abs": "{0}.abs()", "arccos": "{0}.acos()", "arccosh": "{0}.acosh()", "arcsin": "{0}.asin()",
    "arcsinh": "{0}.asinh()", "arctan": "{0}.atan()", "arctanh": "{0}.atanh()", "ceil": "{0}.ceil()",
    "cos": "{0}.cos()", "cosh": "{0}.cosh()", "degrees": "{0}.rad2deg()", "erf": "{0}.erf()", "erfinv": "{0}.erfinv()",
    "exp": "{0}.exp()", "expm1": "{0}.expm1()", "fix": "{0}.trunc()", "floor": "{0}.floor()",
    "gammaln": "torch.lgamma({0})", "log": "{0}.log()", "log10": "{0}.log10()", "log1p": "{0}.log1p()",
    "log2": "{0}.log2()", "logical_not": "({0} == 0).to({0}.dtype)", "negative": "-{0}", "radians": "{0}.deg2rad()",
    "reciprocal": "1 / {0}", "relu": "F.relu({0})", "rsqrt": "{0}.rsqrt()", "sigmoid": "torch.sigmoid({0})",
    "sign": "{0}.sign()", "sin": "{0}.sin()", "sinh": "{0}.sinh()", "softsign": "F.softsign({0})",
    "sqrt": "{0}.sqrt()", "square": "{0}.square()", "tan": "{0}.tan()", "tanh": "torch.tanh({0})",
    "trunc": "{0}.trunc()", "hard_sigmoid": "({alpha} * {0} + {beta}).clamp(0, 1)",
    "_contrib_quadratic": "({a} * {0} + {b}) * {0} + {c}",
}  # fmt: skip
_BINARY: Mapping[str, str] = {
    "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}", "power": "{0} ** {1}",
    "maximum": "torch.maximum({0}, {1})", "minimum": "torch.minimum({0}, {1})", "hypot": "torch.hypot({0}, {1})",
    "equal": "({0} == {1}).to({0}.dtype)", "not_equal": "({0} != {1}).to({0}.dtype)",
    "greater": "({0} > {1}).to({0}.dtype)", "greater_equal": "({0} >= {1}).to({0}.dtype)",
    "lesser": "({0} < {1}).to({0}.dtype)", "lesser_equal": "({0} <= {1}).to({0}.dtype)",
    "logical_and": "torch.logical_and({0}, {1}).to({0}.dtype)",
    "logical_or": "torch.logical_or({0}, {1}).to({0}.dtype)",
    "logical_xor": "torch.logical_xor({0}, {1}).to({0}.dtype)",
}  # fmt: skip
_SCALAR: Mapping[str, str] = {
    "plus": "{0} + {scalar}", "minus": "{0} - {scalar}", "rminus": "{scalar} - {0}", "mul": "{0} * {scalar}",
    "div": "{0} / {scalar}", "rdiv": "{scalar} / {0}", "power": "{0} ** {scalar}",
    "rpower": "torch.pow({scalar}, {0})", "maximum": "{0}.clamp(min={scalar})", "minimum": "{0}.clamp(max={scalar})",
    "hypot": "torch.hypot({0}, torch.full_like({0}, {scalar}))",
    "equal": "({0} == {scalar}).to({0}.dtype)", "not_equal": "({0} != {scalar}).to({0}.dtype)",
    "greater": "({0} > {scalar}).to({0}.dtype)", "greater_equal": "({0} >= {scalar}).to({0}.dtype)",
    "lesser": "({0} < {scalar}).to({0}.dtype)", "lesser_equal": "({0} <= {scalar}).to({0}.dtype)",
    "logical_and": "({0} != 0).to({0}.dtype) * ({scalar} != 0)",
    "logical_or": "(({0} != 0) | ({scalar} != 0)).to({0}.dtype)",
    "logical_xor": "(({0} != 0) ^ ({scalar} != 0)).to({0}.dtype)",
}  # fmt: skip
#: These keep the dtype of integers in torch, too.
_OF_INTEGERS = frozenset({
    "abs", "logical_not", "negative", "sign", "square", "add", "sub", "mul", "equal", "not_equal", "greater",
    "greater_equal", "lesser", "lesser_equal", "maximum", "minimum", "logical_and", "logical_or", "logical_xor",
})  # fmt: skip

for _name, _template in _UNARY.items():
    FORMS[_name] = expression(_template, integers=_name in _OF_INTEGERS)
for _name, _template in _BINARY.items():
    for _spelled in (f"elemwise_{_name}", f"_{_name}", f"broadcast_{_name}"):
        try:
            FORMS[get(_spelled).name] = expression(_template, integers=_name in _OF_INTEGERS)
        except KeyError:
            continue
for _name, _template in _SCALAR.items():
    FORMS[get(f"_{_name}_scalar").name] = expression(_template)

FORMS["_grad_add"] = FORMS["elemwise_add"]
FORMS["_copy"] = expression("{0}", integers=True)
FORMS["_identity_with_attr_like_rhs"] = expression("{0}", integers=True)
FORMS["BlockGrad"] = expression("{0}.detach()", integers=True)
FORMS["zeros_like"] = expression("torch.zeros_like({0})", integers=True)
FORMS["ones_like"] = expression("torch.ones_like({0})", integers=True)
FORMS["clip"] = expression("{0}.clamp({a_min}, {a_max})")


@form("cbrt")
def cbrt(call: Call) -> str:
    call.floating()
    return f"{call.helper(helpers.cube_root)}({call.x})"


@form("rcbrt")
def rcbrt(call: Call) -> str:
    call.floating()
    return f"1 / {call.helper(helpers.cube_root)}({call.x})"


@form("gamma")
def gamma(call: Call) -> str:
    call.floating()
    return f"{call.helper(helpers.gamma_function)}({call.x})"


@form("rint")
def rint(call: Call) -> str:
    call.floating()
    return f"{call.helper(helpers.round_half_down)}({call.x})"


@form("round")
def round_(call: Call) -> str:
    call.floating()
    return f"{call.helper(helpers.round_half_away)}({call.x})"


@form("smooth_l1")
def smooth_l1(call: Call) -> str:
    call.floating()
    if not call["scalar"]:
        raise NotPlain("scalar is 0")
    beta = text(1 / call["scalar"] ** 2)
    return f'F.smooth_l1_loss({call.x}, torch.zeros_like({call.x}), reduction="none", beta={beta})'


@form("_contrib_sign_ste")
def sign_ste(call: Call) -> str:
    return f"{call.helper(helpers.straight_through)}({call.x}, {call.x}.sign())"


@form("_contrib_round_ste")
def round_ste(call: Call) -> str:
    call.floating()
    away = call.helper(helpers.round_half_away)
    return f"{call.helper(helpers.straight_through)}({call.x}, {away}({call.x}))"


@form("_contrib_gradientmultiplier")
def gradient_multiplier(call: Call) -> str:
    return f"{call.helper(helpers.gradient_times)}({call.x}, {text(call['scalar'])})"


@form("_mod", "broadcast_mod")
def mod(call: Call) -> str:
    call.floating()
    return f"{call.helper(helpers.modulo)}({call.x}, {call.inputs[1]})"


@form("_mod_scalar")
def mod_scalar(call: Call) -> str:
    call.floating()
    return f"{call.helper(helpers.modulo)}({call.x}, {text(call['scalar'])})"


@form("Cast", "amp_cast")
def cast(call: Call) -> str:
    assert call.node.operator is not None
    if call.node.operator.name == "amp_cast" and (call.dtype() is torch.float64 or not call.dtype().is_floating_point):
        return call.x
    return f"{call.x}.to({call['dtype']})"


@form("add_n")
def add_n(call: Call) -> str:
    return " + ".join(call.inputs)


@form("where")
def where(call: Call) -> str:
    if call.rank(0) != call.rank(1) or call.rank(0) is None:
        raise NotPlain("the shape of its condition is not known; give the shapes of inputs")
    return f"torch.where({call.x} != 0, {call.inputs[1]}, {call.inputs[2]})"


# -- reductions ----------------------------------------------------------------------------------------------------


def _axes(call: Call) -> str | None:
    """Return the axes as source, None for all."""
    axis, exclude = call["axis"], call.node.values.get("exclude", False)
    axis = (axis,) if isinstance(axis, int) else axis
    if not axis:
        return None
    if not exclude:
        return axes_text(axis)
    rank = call.rank()
    if rank is None:
        raise NotPlain("exclude=True, and the number of axes is not known; give the shapes of inputs")
    left = tuple(a for a in range(rank) if a not in {b % rank for b in axis})
    if not left:
        raise NotPlain("all axes are excluded")
    return axes_text(left)


def _whole(call: Call, found: str, axes: str | None) -> str:
    """MXNet 1.9.1 has no arrays without axes: a sum of everything has one of length 1."""
    if call["keepdims"]:
        return found
    if axes is None:
        return f"{found}.reshape(1)"
    count = 1 if axes[0] != "(" else axes.count(",") + 1
    rank = call.rank()
    return found if rank is not None and rank > count else f"torch.atleast_1d({found})"


def _reduction(function: str, *, keep_dtype: bool = False) -> None:
    def reduce(call: Call) -> str:
        call.floating()
        if call["exclude"] and call["axis"] and call.rank() is None:
            inside = arguments(f"torch.{function}", call.x, text(call["axis"]), keep=unless(call["keepdims"], False))
            return f"{call.helper(helpers.over_others)}({inside})"
        axes, keep = _axes(call), call["keepdims"]
        if axes is None and keep:
            axes = f"tuple(range({call.x}.dim()))"
        inside = arguments(*([] if axes is None else [axes]), keepdim="True" if keep else None)
        return _whole(call, f"{call.x}.{function}({inside})", axes)

    name = {"amax": "max", "amin": "min"}.get(function, function)
    FORMS[get(name).name] = reduce


for _function in ("sum", "mean", "nansum", "amax", "amin"):
    _reduction(_function)


@form("prod")
def prod(call: Call) -> str:
    call.floating()
    axes = _axes(call) or f"tuple(range({call.x}.dim()))"
    axes = axes if axes[0] in "(t" else f"({axes},)"
    found = f"{call.helper(helpers.product_over_axes)}({call.x}, {axes}, {call['keepdims']})"
    return found if call["keepdims"] else f"torch.atleast_1d({found})"


@form("norm")
def norm(call: Call) -> str:
    call.floating()
    if call["out_dtype"] is not None or call["ord"] not in (1, 2):
        raise NotPlain(f"ord is {call['ord']}, out_dtype {call['out_dtype']}")
    axes, keep = _axes(call), call["keepdims"]
    if axes is None and keep:
        axes = f"tuple(range({call.x}.dim()))"
    inside = arguments(*([] if axes is None else [axes]), keepdim="True" if keep else None)
    if call["ord"] == 1:
        return _whole(call, f"{call.x}.abs().sum({inside})", axes)
    inside = arguments(call.x, dim=axes, keepdim="True" if keep else None)
    return _whole(call, f"torch.linalg.vector_norm({inside})", axes)


@form("argmax", "argmin")
def argmax(call: Call) -> str:
    assert call.node.operator is not None
    axis, keep, name = call["axis"], call["keepdims"], call.node.operator.name
    if axis is None:
        if keep:
            raise NotPlain("keepdims=True without an axis")
        return f"{call.x}.{name}().reshape(1).to({_number(call)})"
    found = f"{call.x}.{name}({arguments(repr(axis), keepdim=unless(keep, False))})"
    return f"{_whole(call, found, repr(axis))}.to({_number(call)})"


@form("argmax_channel")
def argmax_channel(call: Call) -> str:
    return f"{call.x}.argmax(1).to({call.x}.dtype)"


def _number(call: Call) -> str:
    """MXNet's indices are of the dtype of the data, float32 for those of a graph."""
    return f"{call.x}.dtype"


@form("_np_cumsum")
def cumsum(call: Call) -> str:
    call.floating()
    if call["axis"] is None or call["dtype"] is not None:
        raise NotPlain(f"axis is {call['axis']}, dtype {call['dtype']}")
    return f"{call.x}.cumsum({call['axis']})"


# -- sorting -------------------------------------------------------------------------------------------------------


@form("sort")
def sort(call: Call) -> str:
    call.only_output()
    if call["axis"] is None:
        raise NotPlain("axis is None")
    return f"{call.helper(helpers.ordered)}({call.x}, {call['axis']}, {call['is_ascend']})[0]"


@form("argsort")
def argsort(call: Call) -> str:
    if call["axis"] is None:
        raise NotPlain("axis is None")
    return f"{call.helper(helpers.ordered)}({call.x}, {call['axis']}, {call['is_ascend']})[1].to({call['dtype']})"


@form("topk")
def topk(call: Call) -> str:
    axis, count, kind = call["axis"], call["k"], call["ret_typ"]
    if axis is None or kind == "mask" or count < 1:
        raise NotPlain(f"axis is {axis}, k {count}, ret_typ {kind}")
    found = f"{call.helper(helpers.largest)}({call.x}, {count}, {axis}, {call['is_ascend']}, {call['dtype']})"
    if kind == "both":
        return found
    call.only_output()
    return f"{found}[{0 if kind == 'value' else 1}]"


# -- products ------------------------------------------------------------------------------------------------------


@form("dot")
def dot(call: Call) -> str:
    left, right = call.inputs
    ranks = call.rank(0), call.rank(1)
    transposed = call["transpose_a"], call["transpose_b"]
    if ranks == (2, 2):
        return f"{left}{'.t()' if transposed[0] else ''} @ {right}{'.t()' if transposed[1] else ''}"
    # A matrix on the right takes data of any rank, as here.
    if ranks[1] == 2 and not transposed[0] and ranks[0] != 1:
        return f"{left} @ {right}{'.t()' if transposed[1] else ''}"
    options = arguments(transpose_x=unless(transposed[0], False), transpose_y=unless(transposed[1], False))
    return f"{call.helper(helpers.matrix_dot)}({left}, {right}{', ' + options if options else ''})"


@form("batch_dot", "_linalg_gemm2")
def batch_dot(call: Call) -> str:
    if call.node.values.get("axis", -2) != -2:
        raise NotPlain(f"axis is {call['axis']}")
    left, right = call.inputs
    left = f"{left}.transpose(-2, -1)" if call["transpose_a"] else left
    right = f"{right}.transpose(-2, -1)" if call["transpose_b"] else right
    scale = call.node.values.get("alpha", 1.0)
    return f"{left} @ {right}" if scale == 1 else f"{text(scale)} * ({left} @ {right})"


@form("_contrib_arange_like")
def arange_like(call: Call) -> str:
    options = {name: call[name] for name in ("axis", "start", "step", "repeat")}
    defaults = {"axis": None, "start": 0.0, "step": 1.0, "repeat": 1}
    inside = arguments(call.x, **{name: unless(value, defaults[name]) for name, value in options.items()})
    return f"{call.helper(helpers.arange_like)}({inside})"
