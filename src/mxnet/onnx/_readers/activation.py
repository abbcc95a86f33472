"""Activation functions, softmax and dropout."""

from __future__ import annotations

import math

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .registry import reads


@reads("Relu")
def relu(call: Call) -> Symbol:
    """Read max(x, 0)."""
    return sym.relu(call[0])


@reads("Sigmoid")
def sigmoid(call: Call) -> Symbol:
    """Read 1 / (1 + exp(-x))."""
    return sym.sigmoid(call[0])


@reads("Tanh")
def tanh(call: Call) -> Symbol:
    """Read the hyperbolic tangent."""
    return sym.tanh(call[0])


@reads("Softplus")
def softplus(call: Call) -> Symbol:
    """Read log(1 + exp(x))."""
    return sym.Activation(call[0], act_type="softrelu")


@reads("Softsign")
def softsign(call: Call) -> Symbol:
    """Read x / (1 + abs(x))."""
    return sym.softsign(call[0])


@reads("HardSigmoid")
def hard_sigmoid(call: Call) -> Symbol:
    """Read max(0, min(1, alpha x + beta))."""
    return sym.hard_sigmoid(call[0], alpha=call.attribute("alpha", 0.2), beta=call.attribute("beta", 0.5))


@reads("HardSwish")
def hard_swish(call: Call) -> Symbol:
    """Read x times a hard sigmoid."""
    return call[0] * sym.hard_sigmoid(call[0], alpha=1 / 6, beta=0.5)


@reads("Elu")
def elu(call: Call) -> Symbol:
    """Read alpha (exp(x) - 1) below 0, x above."""
    return sym.LeakyReLU(call[0], act_type="elu", slope=call.attribute("alpha", 1.0))


@reads("Selu")
def selu(call: Call) -> Symbol:
    """Read a scaled ELU."""
    alpha = call.attribute("alpha", 1.67326319217681884765625)
    gamma = call.attribute("gamma", 1.05070102214813232421875)
    if math.isclose(alpha, 1.6732632, rel_tol=1e-6) and math.isclose(gamma, 1.050701, rel_tol=1e-6):
        return sym.LeakyReLU(call[0], act_type="selu")
    return gamma * sym.LeakyReLU(call[0], act_type="elu", slope=alpha)


@reads("Celu")
def celu(call: Call) -> Symbol:
    """Read max(0, x) + min(0, alpha (exp(x / alpha) - 1))."""
    alpha = call.attribute("alpha", 1.0)
    return alpha * sym.LeakyReLU(call[0] / alpha, act_type="elu", slope=1.0)


@reads("LeakyRelu")
def leaky_relu(call: Call) -> Symbol:
    """Read alpha x below 0, x above."""
    return sym.LeakyReLU(call[0], act_type="leaky", slope=call.attribute("alpha", 0.01))


@reads("PRelu")
def prelu(call: Call) -> Symbol:
    """Read a leaky ReLU whose slopes are parameters: one for all, or one for each channel, where possible as such."""
    x, slope = call.value(0).shape, call.value(1).shape
    slopes, known = call[1], call.value(1).constant
    if x is None or slope is None or len(x) < 2:
        return sym.relu(call[0]) - sym.broadcast_mul(sym.relu(-call[0]), slopes)
    channels = (1,) * (len(x) - len(slope)) + slope
    if len(slope) == 1 and slope[0] not in (1, x[-1]) and slope[0] == x[1]:  # as old exporters wrote them
        channels = (1, slope[0], *(1 for _ in x[2:]))
        slopes = sym.reshape(slopes, shape=(-1,) + (1,) * (len(x) - 2))
    by_channel = channels[0] == 1 and channels[1] in (1, x[1]) and all(n == 1 for n in channels[2:])
    if known is None or not by_channel:
        return sym.relu(call[0]) - sym.broadcast_mul(sym.relu(-call[0]), slopes)
    if len(slope) == 1 and slope[0] in (1, channels[1]):
        return sym.LeakyReLU(call[0], call[1], act_type="prelu")
    gamma = call.graph.parameter(call.value(1).name, known.reshape(-1), trainable=call.value(1).trainable)
    return sym.LeakyReLU(call[0], gamma, act_type="prelu")


@reads("ThresholdedRelu")
def thresholded_relu(call: Call) -> Symbol:
    """Read x above alpha, 0 below."""
    return sym.where(call[0] > call.attribute("alpha", 1.0), call[0], sym.zeros_like(call[0]))


@reads("Gelu")
def gelu(call: Call) -> Symbol:
    """Read x times the normal distribution function, or its approximation by tanh."""
    x = call[0]
    if call.text("approximate", "none") == "none":
        return sym.LeakyReLU(x, act_type="gelu")
    return 0.5 * x * (1 + sym.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


@reads("Mish")
def mish(call: Call) -> Symbol:
    """Read x tanh(softplus(x))."""
    return call[0] * sym.tanh(sym.Activation(call[0], act_type="softrelu"))


@reads("Swish")
def swish(call: Call) -> Symbol:
    """Read x sigmoid(alpha x)."""
    alpha = call.attribute("alpha", 1.0)
    return call[0] * sym.sigmoid(call[0] if alpha == 1 else alpha * call[0])


@reads("Shrink")
def shrink(call: Call) -> Symbol:
    """Read x moved towards 0 by `bias` beyond +-lambd, 0 in between."""
    x, limit, bias = call[0], call.attribute("lambd", 0.5), call.attribute("bias", 0.0)
    beyond = sym.where(x < -limit, x + bias, sym.zeros_like(x))
    return sym.where(x > limit, x - bias, beyond)


@reads("Softmax", "LogSoftmax")
def softmax(call: Call) -> Symbol:
    """Read softmax along one axis; before version 13, over all axes from that one on."""
    function = sym.softmax if call.operator == "Softmax" else sym.log_softmax
    if call.opset >= 13 or call.axis(1) == call.rank() - 1:
        return function(call[0], axis=call.attribute("axis", -1))
    axis = call.axis(1)
    flat = sym.reshape(call[0], shape=(0,) * axis + (-1,))
    return sym.reshape_like(function(flat, axis=axis), call[0])


@reads("Hardmax")
def hardmax(call: Call) -> Symbol:
    """Read 1 at the first largest element along an axis, 0 elsewhere; over more axes before version 13."""
    if call.opset >= 13 or call.axis(1) == call.rank() - 1:
        axis = call.axis(-1)
        hot = sym.one_hot(sym.argmax(call[0], axis=axis, keepdims=True), depth=call.length(axis), dtype=call.dtype())
        return sym.squeeze(sym.swapaxes(hot, dim1=axis, dim2=call.rank()), axis=call.rank())
    axis = call.axis(1)
    depth = math.prod(call.length(number) for number in range(axis, call.rank()))
    flat = sym.reshape(call[0], shape=(0,) * axis + (-1,))
    return sym.reshape_like(sym.one_hot(sym.argmax(flat, axis=axis), depth=depth, dtype=call.dtype()), call[0])


@reads("Dropout")
def dropout(call: Call) -> object:
    """Read dropout, which is active while the imported model is trained."""
    ratio = float(np.ravel(call.setting("ratio", 1, 0.5))[0])
    training = bool(call.constant(2).any()) if call.has(2) else False
    if ratio == 0:
        kept = sym.identity(call[0])
    else:
        kept = sym.Dropout(call[0], p=ratio, mode="always" if training else "training")
    if not call.wants(1):
        return kept
    if training and ratio:
        call.refuse("the mask of dropout in training cannot be had")
    return kept, sym.Cast(sym.ones_like(call[0]), dtype="bool")
