"""Normalizations."""

from __future__ import annotations

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .registry import reads


@reads("BatchNormalization")
def batch_normalization(call: Call) -> object:
    """Read batch normalization; its mean and variance become auxiliary states."""
    eps, momentum = call.attribute("epsilon", 1e-5), call.attribute("momentum", 0.9)
    if call.opset < 9 and not call.attribute("spatial", 1):
        call.refuse("normalizes each element by itself (spatial=0)")
    if call.attribute("training_mode", 0):
        return _of_the_batch(call, eps, momentum)
    x = call[0]
    if call.rank() == 1:
        call.refuse("normalizes a tensor of one axis")
    fixed = all(call.value(k).constant is not None for k in (3, 4))
    if fixed:
        return sym.BatchNorm(
            x, call[1], call[2], call[3], call[4], eps=eps, momentum=momentum, fix_gamma=False, name=None
        )
    scale = sym.broadcast_div(call[1], sym.sqrt(call[4] + eps))
    offset = sym.broadcast_sub(call[2], sym.broadcast_mul(call[3], scale))
    shape = (1, -1) + (1,) * (call.rank() - 2)
    scaled = sym.broadcast_mul(x, sym.reshape(scale, shape=shape))
    return sym.broadcast_add(scaled, sym.reshape(offset, shape=shape))


def _of_the_batch(call: Call, eps: float, momentum: float) -> list[Symbol]:
    """Normalize by mean and variance of the data themselves, and return the new averages too."""
    x = call[0]
    axes = tuple(axis for axis in range(call.rank()) if axis != 1)
    mean = sym.mean(x, axis=axes, keepdims=True)
    centred = sym.broadcast_sub(x, mean)
    variance = sym.mean(sym.square(centred), axis=axes, keepdims=True)
    shape = (1, -1) + (1,) * (call.rank() - 2)
    found = sym.broadcast_mul(centred, sym.rsqrt(variance + eps))
    found = sym.broadcast_mul(found, sym.reshape(call[1], shape=shape))
    found = sym.broadcast_add(found, sym.reshape(call[2], shape=shape))
    averages = [
        call[index] * momentum + sym.reshape(now, shape=(-1,)) * (1 - momentum)
        for index, now in ((3, mean), (4, variance))
    ]
    return [found, *averages]


@reads("InstanceNormalization")
def instance_normalization(call: Call) -> Symbol:
    """Read normalization over all axes but the first two."""
    return sym.InstanceNorm(call[0], call[1], call[2], eps=call.attribute("epsilon", 1e-5))


@reads("GroupNormalization")
def group_normalization(call: Call) -> Symbol:
    """Read normalization of groups of channels; scale and offset are one for each group before version 21."""
    groups, eps = call.attribute("num_groups"), call.attribute("epsilon", 1e-5)
    if call.opset < 21:
        return sym.GroupNorm(call[0], call[1], call[2], num_groups=groups, eps=eps)
    ones = call.literal(np.ones(groups, np.dtype(call.dtype())))
    zeros = call.literal(np.zeros(groups, np.dtype(call.dtype())))
    found = sym.GroupNorm(call[0], ones, zeros, num_groups=groups, eps=eps)
    shape = (1, -1) + (1,) * (call.rank() - 2)
    found = sym.broadcast_mul(found, sym.reshape(call[1], shape=shape))
    return sym.broadcast_add(found, sym.reshape(call[2], shape=shape))


@reads("LayerNormalization")
def layer_normalization(call: Call) -> object:
    """Read normalization over the last axes."""
    rank = call.rank()
    axis, eps = call.axis(-1), call.attribute("epsilon", 1e-5)
    x = call[0]
    wants_more = call.wants(1) or call.wants(2)
    simple = axis == rank - 1 and call.rank(1) == 1 and (not call.has(2) or call.rank(2) == 1) and not wants_more
    if simple and call.length(rank - 1) == call.shape(1)[0]:
        offset = call[2] if call.has(2) else sym.zeros_like(call[1])
        return sym.LayerNorm(x, call[1], offset, axis=-1, eps=eps)
    axes = tuple(range(axis, rank))
    mean = sym.mean(x, axis=axes, keepdims=True)
    centred = sym.broadcast_sub(x, mean)
    deviation = sym.rsqrt(sym.mean(sym.square(centred), axis=axes, keepdims=True) + eps)
    found = sym.broadcast_mul(sym.broadcast_mul(centred, deviation), call[1])
    if call.has(2):
        found = sym.broadcast_add(found, call[2])
    return [found, mean, deviation]


@reads("RMSNormalization")
def rms_normalization(call: Call) -> Symbol:
    """Read division by the root of the mean square over the last axes."""
    axes = tuple(range(call.axis(-1), call.rank()))
    mean = sym.mean(sym.square(call[0]), axis=axes, keepdims=True)
    return sym.broadcast_mul(sym.broadcast_mul(call[0], sym.rsqrt(mean + call.attribute("epsilon", 1e-5))), call[1])


@reads("LRN")
def local_response(call: Call) -> Symbol:
    """Read local response normalization across channels."""
    size = call.attribute("size")
    if size % 2 == 0:
        call.refuse(f"normalizes over {size} channels; only odd numbers can be")
    return sym.LRN(
        call[0], nsize=size, alpha=call.attribute("alpha", 1e-4), beta=call.attribute("beta", 0.75),
        knorm=call.attribute("bias", 1.0),
    )  # fmt: skip


@reads("LpNormalization")
def norm_normalization(call: Call) -> Symbol:
    """Read division by the 1- or 2-norm along one axis; 0 stays 0."""
    axis = call.axis(-1)
    norm = sym.norm(call[0], ord=call.attribute("p", 2), axis=axis, keepdims=True)
    return sym.broadcast_div(call[0], sym.where(sym._internal._equal_scalar(norm, scalar=0), sym.ones_like(norm), norm))


@reads("MeanVarianceNormalization")
def mean_variance(call: Call) -> Symbol:
    """Read (x - mean) / deviation over some axes."""
    axes = tuple(call.attribute("axes", [0, 2, 3]))
    centred = sym.broadcast_sub(call[0], sym.mean(call[0], axis=axes, keepdims=True))
    deviation = sym.sqrt(sym.mean(sym.square(centred), axis=axes, keepdims=True))
    return sym.broadcast_div(centred, deviation + 1e-9)
