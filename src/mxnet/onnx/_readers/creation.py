"""Tensors made of nothing: constants, ranges, masks, random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .lengths import counting, expanded, is_open
from .registry import reads
from .values import Value, storable


@reads("Constant")
def constant(call: Call) -> Value:
    """Read a constant."""
    from onnx import numpy_helper

    from .._loading import dense

    kinds = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64, "value_ints": np.int64}
    for key, kind in kinds.items():
        if key in call.attributes:
            return call.graph.constant(call.outputs[0], np.array(call.attributes[key], dtype=kind))
    if "sparse_value" in call.attributes:
        return call.graph.constant(call.outputs[0], dense(call.attributes["sparse_value"]))
    if "value" not in call.attributes:
        call.refuse("holds text")
    return call.graph.constant(call.outputs[0], numpy_helper.to_array(call.attributes["value"]))


@reads("ConstantOfShape")
def constant_of_shape(call: Call) -> Symbol:
    """Read a tensor that holds one number everywhere; its shape may be open."""
    from onnx import numpy_helper

    value = np.zeros(1, np.float32)
    if "value" in call.attributes:
        value = numpy_helper.to_array(call.attributes["value"])
    wanted = call.lengths(0)
    one = sym.full((1,) * max(1, len(wanted[0])), float(value.reshape(-1)[0]), dtype=_known_name(value))
    return expanded(call, one, tuple((1,) * len(shape) for shape in wanted), wanted)


def _known_name(array: np.ndarray) -> str:

    return storable(array[:0]).dtype.name


@reads("Range")
def arange(call: Call) -> Symbol:
    """Read numbers with equal steps; how many there are may be open."""
    start, step = call.constant(0), call.constant(2)
    ends = call.value(1).contents
    if ends is None:
        call.refuse(f"counts to input 1 ({call.value(1).name!r}), which is computed from data")
    first, gap = start.reshape(-1)[0], step.reshape(-1)[0]
    counts = tuple(max(0, int(np.ceil((float(end.reshape(-1)[0]) - float(first)) / float(gap)))) for end in ends)
    if not is_open(counts):
        return call.literal(np.arange(counts[0]).astype(start.dtype) * gap + first)
    return sym.Cast(counting(call, counts, float(first), float(gap)), dtype=start.dtype.name)


@reads("EyeLike")
def eye_like(call: Call) -> Symbol:
    """Read ones on a diagonal, with another tensor's shape."""
    rows, columns = call.static()
    dtype = call.element_type(call.attribute("dtype")) if "dtype" in call.attributes else call.dtype()
    return sym.eye(rows, columns, k=call.attribute("k", 0), dtype=dtype)


@reads("Trilu")
def triangle(call: Call) -> Symbol:
    """Read the upper or lower triangle of matrices; the rest is 0."""
    offset = int(call.constant(1).reshape(-1)[0]) if call.has(1) else 0
    upper = call.attribute("upper", 1)
    rank, shape = call.rank(), call.shape()
    if None not in shape[-2:]:
        kept = np.triu(np.ones(shape[-2:]), offset) if upper else np.tril(np.ones(shape[-2:]), offset)  # type: ignore[arg-type]
        mask = call.literal(kept.astype(bool).reshape((1,) * (rank - 2) + kept.shape))
    else:
        index = sym.contrib.index_array(call[0], axes=(rank - 2, rank - 1))
        parts = [sym.squeeze(part, axis=rank) for part in sym.split(index, num_outputs=2, axis=rank)]
        ahead = parts[1] - parts[0]
        mask = ahead >= offset if upper else ahead <= offset
    zeros = sym.zeros_like(call[0])
    return sym.where(sym.broadcast_like(mask, zeros), call[0], zeros)


@reads("RandomNormal", "RandomUniform")
def random_tensor(call: Call) -> Symbol:
    """Read random numbers of a fixed shape."""
    return _random(call, call.element_type(call.attribute("dtype", 1)), shape=tuple(call.attribute("shape")))


@reads("RandomNormalLike", "RandomUniformLike")
def random_like(call: Call) -> Symbol:
    """Read random numbers with another tensor's shape."""
    dtype = call.element_type(call.attribute("dtype")) if "dtype" in call.attributes else call.dtype()
    return sym.Cast(_random(call, dtype, data=sym.Cast(call[0], dtype="float32")), dtype=dtype)


def _random(call: Call, dtype: str, **where: Any) -> Symbol:
    like = "data" in where
    where |= {} if like else {"dtype": dtype}
    if "Normal" in call.operator:
        function = sym._internal._random_normal_like if like else sym._internal._random_normal
        return function(loc=call.attribute("mean", 0.0), scale=call.attribute("scale", 1.0), **where)
    function = sym._internal._random_uniform_like if like else sym._internal._random_uniform
    return function(low=call.attribute("low", 0.0), high=call.attribute("high", 1.0), **where)


@reads("Multinomial")
def multinomial(call: Call) -> Symbol:
    """Read draws from classes whose log probabilities are given."""
    dtype = call.element_type(call.attribute("dtype", 6))
    return sym._internal._sample_multinomial(
        sym.softmax(call[0]), shape=(call.attribute("sample_size", 1),), dtype=dtype
    )


@reads("OneHot")
def one_hot(call: Call) -> Symbol:
    """Read vectors that hold one number at an index and another elsewhere; negative indices count from the end."""
    depth = int(call.constant(1).reshape(-1)[0])
    index = sym.Cast(call[0], dtype="float64")
    index = sym.where(index < 0, index + depth, index)
    rank = call.rank()
    axis = call.attribute("axis", -1)
    axis = axis + rank + 1 if axis < 0 else axis
    values = call.value(2).constant
    if values is not None:
        off, on = (float(n) for n in values)
        dtype = call.dtype(2)
        hot = sym.one_hot(index, depth=depth, on_value=on, off_value=off, dtype="float64" if "int" in dtype else dtype)
        hot = sym.Cast(hot, dtype=dtype)
    else:
        hot = sym.take(call[2], sym.one_hot(index, depth=depth, dtype="int32"))
    if call.value(0).is_number:
        return sym.reshape(hot, shape=(-1,))
    order = [*range(axis), rank, *range(axis, rank)]
    return hot if axis == rank else sym.transpose(hot, axes=tuple(order))
