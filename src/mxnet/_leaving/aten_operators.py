"""Layers, activations, arithmetic and reductions of torch in MXNet's operators."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from .. import symbol as sym
from ..symbol import Symbol
from .aten import Operation, Unsupported, lifted, reads

# -- layers with parameters ----------------------------------------------------------------------------------------


def _several(value: Any, axes: int) -> tuple[int, ...]:
    listed = [value] if isinstance(value, int) else list(value)
    return tuple(listed * axes if len(listed) == 1 else listed)


def _padded(op: Operation, axes: int) -> tuple[int, ...]:
    """Return what a convolution adds on both sides."""
    padding = op.raw["padding"]
    if isinstance(padding, str):
        if padding == "valid":
            return (0,) * axes
        kernel, dilation = op.example("weight").shape[2:], _several(op.raw["dilation"], axes)
        totals = [d * (k - 1) for k, d in zip(kernel, dilation)]
        if any(total % 2 for total in totals):
            raise Unsupported("padding 'same' with an even kernel")
        return tuple(total // 2 for total in totals)
    return _several(padding, axes)


@reads("conv1d.default", "conv2d.default", "conv3d.default", "conv1d.padding", "conv2d.padding", "conv3d.padding")
def convolution(op: Operation) -> Symbol:
    weight = op.example("weight")
    axes = weight.dim() - 2
    inputs = [op["input"], op["weight"], *([] if op["bias"] is None else [op["bias"]])]
    return sym.Convolution(
        *inputs,
        kernel=tuple(weight.shape[2:]),
        stride=_several(op.raw["stride"], axes),
        pad=_padded(op, axes),
        dilate=_several(op.raw["dilation"], axes),
        num_filter=weight.shape[0],
        num_group=op.raw["groups"],
        no_bias=op["bias"] is None,
        name=op.name,
    )


@reads("conv_transpose1d.default", "conv_transpose2d.input", "conv_transpose3d.input")
def transposed_convolution(op: Operation) -> Symbol:
    weight, groups = op.example("weight"), op.raw["groups"]
    axes = weight.dim() - 2
    inputs = [op["input"], op["weight"], *([] if op["bias"] is None else [op["bias"]])]
    return sym.Deconvolution(
        *inputs,
        kernel=tuple(weight.shape[2:]),
        stride=_several(op.raw["stride"], axes),
        pad=_several(op.raw["padding"], axes),
        adj=_several(op.raw["output_padding"], axes),
        dilate=_several(op.raw["dilation"], axes),
        num_filter=weight.shape[1] * groups,
        num_group=groups,
        no_bias=op["bias"] is None,
        name=op.name,
    )


@reads("linear.default")
def linear(op: Operation) -> Symbol:
    weight = op.example("weight")
    if weight.dim() != 2:
        raise Unsupported("its weight is no matrix")
    inputs = [op["input"], op["weight"], *([] if op["bias"] is None else [op["bias"]])]
    return sym.FullyConnected(
        *inputs, num_hidden=weight.shape[0], no_bias=op["bias"] is None, flatten=False, name=op.name
    )


@reads("embedding.default")
def embedding(op: Operation) -> Symbol:
    rows, width = op.example("weight").shape
    return sym.Embedding(op["indices"], op["weight"], input_dim=rows, output_dim=width, name=op.name)


def _scale_and_shift(op: Operation, length: int) -> tuple[Symbol, Symbol]:
    gamma, beta = op["weight"], op["bias"]
    return (
        op.constant("gamma", torch.ones(length)) if gamma is None else gamma,
        op.constant("beta", torch.zeros(length)) if beta is None else beta,
    )


@reads("batch_norm.default")
def batch_norm(op: Operation) -> Symbol:
    if op["running_mean"] is None:
        raise Unsupported("it keeps no running statistics")
    gamma, beta = _scale_and_shift(op, op.example("input").shape[1])
    momentum = op.raw["momentum"]
    return sym.BatchNorm(
        op["input"], gamma, beta, op["running_mean"], op["running_var"], eps=op.raw["eps"], momentum=1 - momentum,
        fix_gamma=op["weight"] is None, name=op.name,
    )  # fmt: skip


@reads("layer_norm.default")
def layer_norm(op: Operation) -> Symbol:
    shape = op.sizes("normalized_shape")
    if len(shape) != 1:
        raise Unsupported("it normalizes several axes")
    gamma, beta = _scale_and_shift(op, shape[0])
    return sym.LayerNorm(op["input"], gamma, beta, axis=-1, eps=op.raw["eps"], name=op.name)


@reads("group_norm.default")
def group_norm(op: Operation) -> Symbol:
    """MXNet scales groups, torch channels: so normalize first, then scale."""
    channels, groups = op.example("input").shape[1], op.raw["num_groups"]
    one, zero = op.constant("ones", torch.ones(groups)), op.constant("zeros", torch.zeros(groups))
    found = sym.GroupNorm(op["input"], one, zero, num_groups=groups, eps=op.raw["eps"], name=op.name)
    return _per_channel(op, found, channels)


def _per_channel(op: Operation, data: Symbol, channels: int) -> Symbol:
    shape = (1, channels, *(1,) * (op.rank("input") - 2))
    if op["weight"] is not None:
        data = sym.broadcast_mul(data, sym.reshape(op["weight"], shape=shape), name=f"{op.name}_scale")
    if op["bias"] is not None:
        data = sym.broadcast_add(data, sym.reshape(op["bias"], shape=shape), name=f"{op.name}_shift")
    return data


@reads("instance_norm.default")
def instance_norm(op: Operation) -> Symbol:
    if not op.raw["use_input_stats"]:
        raise Unsupported("it uses running statistics")
    gamma, beta = _scale_and_shift(op, op.example("input").shape[1])
    return sym.InstanceNorm(op["input"], gamma, beta, eps=op.raw["eps"], name=op.name)


@reads("dropout.default", "dropout_.default", "feature_dropout.default", "alpha_dropout.default")
def dropout(op: Operation) -> Symbol:
    if "feature" in op.name:
        return sym.Dropout(op["input"], p=op.raw["p"], axes=tuple(range(2, op.rank("input"))), name=op.name)
    return sym.Dropout(op["input"], p=op.raw["p"], name=op.name)


# -- recurrent layers ----------------------------------------------------------------------------------------------


def _recurrent(op: Operation, mode: Any) -> list[Symbol]:
    states = op["hx"] if isinstance(op["hx"], list) else [op["hx"]]
    width = 4 if op.raw["has_biases"] else 2
    given = op.graph.value(op.raw["params"])
    shapes = [one.meta["val"].shape for one in op.raw["params"]]
    sides, layers = 2 if op.raw["bidirectional"] else 1, op.raw["num_layers"]
    if len(given) != width * sides * layers:
        raise Unsupported("it has a projection")
    weights: list[Symbol] = []
    biases: list[Symbol] = []
    for start in range(0, len(given), width):
        weights += given[start : start + 2]
        if width == 4:
            biases += given[start + 2 : start + 4]
        else:
            rows = shapes[start][0]
            biases += [op.constant(f"bias{start + i}", torch.zeros(rows)) for i in range(2)]
    vectors = [sym.reshape(one, shape=(-1,)) for one in (*weights, *biases)]
    data = sym.swapaxes(op["input"], dim1=0, dim2=1) if op.raw["batch_first"] else op["input"]
    found = sym.RNN(
        data, sym._internal._rnn_param_concat(*vectors, dim=0), *states, state_size=shapes[1][1], num_layers=layers,
        bidirectional=sides == 2, mode=mode, p=op.raw["dropout"], state_outputs=True, name=op.name,
    )  # fmt: skip
    out, *after = list(found)
    return [sym.swapaxes(out, dim1=0, dim2=1) if op.raw["batch_first"] else out, *after]


for _name, _mode in {"lstm": "lstm", "gru": "gru", "rnn_tanh": "rnn_tanh", "rnn_relu": "rnn_relu"}.items():
    reads(f"{_name}.input")(lambda op, mode=_mode: _recurrent(op, mode))


# -- pooling and resizing ------------------------------------------------------------------------------------------


@reads("max_pool1d.default", "max_pool2d.default", "max_pool3d.default")
def max_pool(op: Operation) -> Symbol:
    axes = len(op.raw["kernel_size"])
    if any(d != 1 for d in op.raw["dilation"]):
        raise Unsupported("it is dilated")
    return _pooled(op, axes, "max")


@reads("avg_pool1d.default", "avg_pool2d.default", "avg_pool3d.default")
def average_pool(op: Operation) -> Symbol:
    if op.get("divisor_override") is not None:
        raise Unsupported("it has a divisor")
    return _pooled(op, len(op.raw["kernel_size"]), "avg", count_include_pad=op.raw["count_include_pad"])


def _pooled(op: Operation, axes: int, kind: Any, **options: Any) -> Symbol:
    kernel = _several(op.raw["kernel_size"], axes)
    stride, pad = op.raw["stride"], _several(op.raw["padding"], axes)
    stride = _several(stride, axes) if stride else kernel
    full = op.raw["ceil_mode"]
    if full and kind == "avg" and any(s > 1 for s in stride):
        sizes = op.example(next(iter(op.raw))).shape[2:]
        if any((n + 2 * p - k) % s for n, p, k, s in zip(sizes, pad, kernel, stride)):
            raise Unsupported("ceil_mode: torch counts the last windows in another way")
    convention = "full" if full else "valid"
    return sym.Pooling(
        op[next(iter(op.raw))], kernel=kernel, stride=stride, pad=pad, pool_type=kind, pooling_convention=convention,
        name=op.name, **options,
    )  # fmt: skip


@reads("adaptive_avg_pool2d.default")
def adaptive_average_pool(op: Operation) -> Symbol:
    size = tuple(op.raw["output_size"])
    if size == (1, 1):
        return sym.Pooling(op[next(iter(op.raw))], kernel=(1, 1), global_pool=True, pool_type="avg", name=op.name)
    return sym.contrib.AdaptiveAvgPooling2D(op[next(iter(op.raw))], output_size=size, name=op.name)


@reads("adaptive_avg_pool1d.default")
def adaptive_average_pool_of_rows(op: Operation) -> Symbol:
    if op.raw["output_size"] != [1]:
        raise Unsupported("output_size is not 1")
    return sym.mean(op[next(iter(op.raw))], axis=-1, keepdims=True, name=op.name)


@reads("upsample_nearest2d.vec")
def upsample_nearest(op: Operation) -> Symbol:
    before, after = op.example("input").shape, op.example().shape
    scale = after[2] // before[2]
    if (scale * before[2], scale * before[3]) != tuple(after[2:]):
        raise Unsupported("its scale is no whole number, or not one for both axes")
    return sym.UpSampling(op["input"], scale=scale, sample_type="nearest", name=op.name)


@reads("upsample_bilinear2d.vec")
def upsample_bilinear(op: Operation) -> Symbol:
    height, width = op.example().shape[2:]
    return sym.contrib.BilinearResize2D(
        op["input"], height=height, width=width, align_corners=op.raw["align_corners"], name=op.name
    )


# -- elementwise ---------------------------------------------------------------------------------------------------

_UNARY: dict[str, Callable[..., Any]] = {
    "relu": sym.relu, "sigmoid": sym.sigmoid, "tanh": sym.tanh, "exp": sym.exp, "log": sym.log, "sqrt": sym.sqrt,
    "rsqrt": sym.rsqrt, "abs": sym.abs, "neg": sym.negative, "sin": sym.sin, "cos": sym.cos, "erf": sym.erf,
    "floor": sym.floor, "ceil": sym.ceil, "square": sym.square, "reciprocal": sym.reciprocal, "log1p": sym.log1p,
    "expm1": sym.expm1, "sign": sym.sign, "atan": sym.arctan, "asin": sym.arcsin, "acos": sym.arccos, "tan": sym.tan,
    "log2": sym.log2, "log10": sym.log10, "trunc": sym.trunc, "zeros_like": sym.zeros_like, "ones_like": sym.ones_like,
    "logical_not": sym.logical_not, "detach": sym.BlockGrad, "sinh": sym.sinh, "cosh": sym.cosh,
}  # fmt: skip

for _name, _function in _UNARY.items():
    for _form in (f"{_name}.default", f"{_name}_.default"):
        reads(_form)(lambda op, function=_function: function(op[next(iter(op.raw))], name=op.name))


@reads("clone.default", "contiguous.default", "alias.default", "lift_fresh_copy.default", "type_as.default",
       "detach_.default")  # fmt: skip
def same(op: Operation) -> Symbol:
    return op[next(iter(op.raw))]


@reads("to.dtype", "to.dtype_layout", "to.device", "_to_copy.default", "to.prim_Device", "to.prim_dtype")
def cast(op: Operation) -> Symbol:
    dtype, before = op.example().dtype, op.example(next(iter(op.raw))).dtype
    if dtype is before or dtype is torch.bool or (before is torch.bool and not dtype.is_floating_point):
        return op[next(iter(op.raw))]
    names = {torch.float32: "float32", torch.float64: "float64", torch.float16: "float16", torch.int64: "int64",
             torch.int32: "int32", torch.int8: "int8", torch.uint8: "uint8"}  # fmt: skip
    if dtype not in names:
        raise Unsupported(f"dtype {dtype}")
    return sym.Cast(op[next(iter(op.raw))], dtype=names[dtype], name=op.name)


@reads("silu.default", "silu_.default")
def silu(op: Operation) -> Symbol:
    return sym.elemwise_mul(op["self"], sym.sigmoid(op["self"]), name=op.name)


@reads("gelu.default")
def gelu(op: Operation) -> Symbol:
    x = op["self"]
    if op.raw["approximate"] == "none":
        return sym.LeakyReLU(x, act_type="gelu", name=op.name)
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)
    return sym.elemwise_mul(0.5 * x, 1 + sym.tanh(inner), name=op.name)


@reads("relu6.default", "relu6_.default", "hardtanh.default", "hardtanh_.default", "clamp.default", "clamp_.default",
       "clamp_min.default", "clamp_max.default")  # fmt: skip
def clamp(op: Operation) -> Symbol:
    limits = {"relu6": (0, 6)}.get(op.name.split("_")[0], ())
    low, high = limits or (op.get("min", op.get("min_val")), op.get("max", op.get("max_val")))
    low, high = -np.inf if low is None else low, np.inf if high is None else high
    largest = float(np.finfo(np.float32).max)
    return sym.clip(op[next(iter(op.raw))], a_min=max(low, -largest), a_max=min(high, largest), name=op.name)


@reads("hardsigmoid.default", "hardsigmoid_.default")
def hard_sigmoid(op: Operation) -> Symbol:
    return sym.hard_sigmoid(op["self"], alpha=1 / 6, beta=0.5, name=op.name)


@reads("hardswish.default", "hardswish_.default")
def hard_swish(op: Operation) -> Symbol:
    return sym.elemwise_mul(op["self"], sym.hard_sigmoid(op["self"], alpha=1 / 6, beta=0.5), name=op.name)


@reads("leaky_relu.default", "leaky_relu_.default")
def leaky_relu(op: Operation) -> Symbol:
    return sym.LeakyReLU(op["self"], act_type="leaky", slope=op.raw["negative_slope"], name=op.name)


@reads("prelu.default")
def prelu(op: Operation) -> Symbol:
    return sym.LeakyReLU(op["self"], op["weight"], act_type="prelu", name=op.name)


@reads("elu.default", "elu_.default")
def elu(op: Operation) -> Symbol:
    if op.raw["scale"] != 1 or op.raw["input_scale"] != 1:
        raise Unsupported("it is scaled")
    return sym.LeakyReLU(op["self"], act_type="elu", slope=op.raw["alpha"], name=op.name)


@reads("selu.default")
def selu(op: Operation) -> Symbol:
    return sym.LeakyReLU(op["self"], act_type="selu", name=op.name)


@reads("softplus.default")
def softplus(op: Operation) -> Symbol:
    if op.raw["beta"] != 1:
        raise Unsupported("beta is not 1")
    return sym.Activation(op["self"], act_type="softrelu", name=op.name)


@reads("softmax.int", "_softmax.default", "_safe_softmax.default")
def softmax(op: Operation) -> Symbol:
    return sym.softmax(op["self"], axis=op.raw["dim"], name=op.name)


@reads("log_softmax.int", "_log_softmax.default")
def log_softmax(op: Operation) -> Symbol:
    return sym.log_softmax(op["self"], axis=op.raw["dim"], name=op.name)


_BINARY: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "add": (sym.broadcast_add, sym._internal._plus_scalar), "sub": (sym.broadcast_sub, sym._internal._minus_scalar),
    "mul": (sym.broadcast_mul, sym._internal._mul_scalar), "div": (sym.broadcast_div, sym._internal._div_scalar),
    "eq": (sym.broadcast_equal, sym._internal._equal_scalar),
    "ne": (sym.broadcast_not_equal, sym._internal._not_equal_scalar),
    "gt": (sym.broadcast_greater, sym._internal._greater_scalar),
    "ge": (sym.broadcast_greater_equal, sym._internal._greater_equal_scalar),
    "lt": (sym.broadcast_lesser, sym._internal._lesser_scalar),
    "le": (sym.broadcast_lesser_equal, sym._internal._lesser_equal_scalar),
    "maximum": (sym.broadcast_maximum, sym._internal._maximum_scalar),
    "minimum": (sym.broadcast_minimum, sym._internal._minimum_scalar),
    "logical_and": (sym.broadcast_logical_and, sym._internal._logical_and_scalar),
    "logical_or": (sym.broadcast_logical_or, sym._internal._logical_or_scalar),
    "remainder": (sym.broadcast_mod, sym._internal._mod_scalar),
}  # fmt: skip


def _arithmetic(op: Operation, functions: tuple[Callable[..., Any], Callable[..., Any]]) -> Symbol:
    left, right = op["self"], op["other"]
    alpha = op.get("alpha", 1)
    if not isinstance(right, Symbol):
        return functions[1](left, scalar=float(right * alpha), name=op.name)
    if alpha != 1:
        right = right * float(alpha)
    ranks = op.rank("self"), op.rank("other")
    pair = (lifted(one, rank, max(ranks)) for one, rank in zip((left, right), ranks))
    return functions[0](*pair, name=op.name)


for _name, _pair in _BINARY.items():
    for _form in ("Tensor", "Scalar", "default"):
        reads(f"{_name}.{_form}", f"{_name}_.{_form}")(lambda op, pair=_pair: _arithmetic(op, pair))


@reads("rsub.Scalar", "rsub.Tensor")
def reversed_difference(op: Operation) -> Symbol:
    return op["other"] - op["self"]


@reads("pow.Tensor_Scalar", "pow.Scalar", "pow.Tensor_Tensor")
def power(op: Operation) -> Symbol:
    left, right = op["self"], op["exponent"]
    return left**right if isinstance(left, Symbol) else sym._internal._rpower_scalar(right, scalar=float(left))


@reads("where.self", "where.ScalarOther", "where.ScalarSelf")
def where(op: Operation) -> Symbol:
    shape = op.example().shape
    for name in ("condition", "self", "other"):
        if not isinstance(op[name], Symbol) or op.example(name).shape != shape:
            raise Unsupported("its operands have different shapes")
    return sym.where(op["condition"], op["self"], op["other"], name=op.name)


@reads("masked_fill.Scalar", "masked_fill_.Scalar", "masked_fill.Tensor")
def masked_fill(op: Operation) -> Symbol:
    """Products with the mask, and a sum: infinities, which a product cannot take, become the lowest number."""
    value = op.number("value")
    largest = float(np.finfo(np.float32).max)
    value = min(max(float(value), -largest), largest)
    mask, data = op["mask"], op["self"]
    mask = sym.Cast(lifted(mask, op.rank("mask"), op.rank("self")), dtype="float32")
    kept = sym.broadcast_mul(data, 1 - mask)
    return sym.broadcast_add(kept, mask * value, name=op.name)


# -- reductions ----------------------------------------------------------------------------------------------------

_REDUCTIONS = {
    "mean.dim": sym.mean, "sum.dim_IntList": sym.sum, "amax.default": sym.max, "amin.default": sym.min,
    "mean.default": sym.mean, "sum.default": sym.sum,
}  # fmt: skip


def _reduced(op: Operation, function: Callable[..., Any]) -> Symbol:
    axes, keep = op.get("dim"), op.get("keepdim", False)
    if not keep and (not axes or len(axes) == op.rank("self")):
        raise Unsupported("its result has no axes, and MXNet's arrays have one")
    return function(op["self"], axis=tuple(axes) if axes else None, keepdims=keep, name=op.name)


for _name, _function in _REDUCTIONS.items():
    reads(_name)(lambda op, function=_function: _reduced(op, function))


@reads("argmax.default", "argmin.default")
def argmax(op: Operation) -> Symbol:
    if op.raw["dim"] is None or (op.rank("self") == 1 and not op.raw["keepdim"]):
        raise Unsupported("its result has no axes, and MXNet's arrays have one")
    function = sym.argmax if op.name.startswith("argmax") else sym.argmin
    return function(op["self"], axis=op.raw["dim"], keepdims=op.raw["keepdim"], name=op.name)


@reads("linalg_vector_norm.default", "norm.ScalarOpt_dim")
def norm(op: Operation) -> Symbol:
    order = op.get("ord", op.get("p", 2))
    if order not in (1, 2):
        raise Unsupported(f"order {order}")
    axes = op["dim"]
    return sym.norm(op["self"], ord=order, axis=tuple(axes), keepdims=op.raw["keepdim"], name=op.name)


@reads("cumsum.default")
def cumsum(op: Operation) -> Symbol:
    return sym.cumsum(op["self"], axis=op.raw["dim"], name=op.name)


# -- products ------------------------------------------------------------------------------------------------------


@reads("matmul.default", "bmm.default", "mm.default")
def matmul(op: Operation) -> Symbol:
    names = list(op.raw)[:2]
    left, right = (op[name] for name in names)
    shapes = [op.example(name).shape for name in names]
    ranks = [len(shape) for shape in shapes]
    if ranks[1] == 2 and ranks[0] >= 2:
        return sym.dot(left, right, name=op.name)
    if ranks[0] == ranks[1] and shapes[0][:-2] == shapes[1][:-2]:
        return (sym.batch_dot if ranks[0] == 3 else sym.linalg.gemm2)(left, right, name=op.name)
    raise Unsupported(f"shapes {tuple(shapes[0])} and {tuple(shapes[1])} broadcast")


@reads("addmm.default")
def addmm(op: Operation) -> Symbol:
    if op.raw["alpha"] != 1 or op.raw["beta"] != 1:
        raise Unsupported("it is scaled")
    product = sym.dot(op["mat1"], op["mat2"])
    own = op["self"] if op.rank("self") == 2 else sym.expand_dims(op["self"], axis=0)
    return sym.broadcast_add(product, own, name=op.name)


@reads("scaled_dot_product_attention.default")
def attention(op: Operation) -> Symbol:
    if op.get("enable_gqa"):
        raise Unsupported("its heads are grouped")
    query, key, value = op["query"], op["key"], op["value"]
    sizes = op.example("query").shape
    scale = op.raw["scale"] or 1 / math.sqrt(sizes[-1])
    product = sym.batch_dot if len(sizes) == 3 else sym.linalg.gemm2
    scores = product(query, key, transpose_b=True) * float(scale)
    if op.raw["is_causal"]:
        length, other = int(sizes[-2]), int(op.example("key").shape[-2])
        hidden = torch.full((length, other), -1e30).triu(1)
        scores = sym.broadcast_add(scores, op.constant("mask", hidden.view(*(1,) * (len(sizes) - 2), length, other)))
    if op["attn_mask"] is not None:
        mask = op["attn_mask"]
        if op.example("attn_mask").dtype is torch.bool:
            mask = (sym.Cast(mask, dtype="float32") - 1) * 1e30
        scores = sym.broadcast_add(scores, lifted(mask, op.rank("attn_mask"), len(sizes)))
    weights = sym.softmax(scores, axis=-1)
    if op.raw["dropout_p"]:
        weights = sym.Dropout(weights, p=op.raw["dropout_p"])
    return product(weights, value, name=op.name)
