"""Nodes whose inputs are all known while a graph is read are computed then, by ONNX's reference implementation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

#: Operators that may be computed while reading: what shapes, indices and masks are made of.
FOLDED = frozenset((
    "Abs", "Add", "And", "ArgMax", "ArgMin", "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor",
    "BlackmanWindow", "Cast", "CastLike", "Ceil", "Clip", "Compress", "Concat", "ConstantOfShape", "Cos",
    "CumSum", "DequantizeLinear", "Div", "Equal", "Exp", "Expand", "EyeLike", "Flatten", "Floor", "Gather",
    "GatherElements", "GatherND", "Greater", "GreaterOrEqual", "HammingWindow", "HannWindow", "Identity",
    "IsInf", "IsNaN", "Less", "LessOrEqual", "Log", "Max", "Mean", "MelWeightMatrix", "Min", "Mod", "Mul",
    "Neg", "NonZero", "Not", "OneHot", "Or", "Pow", "Range", "Reciprocal", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "Reshape", "Round", "ScatterElements", "ScatterND", "Shape", "Sign",
    "Sin", "Size", "Slice", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tile", "Transpose", "Trilu", "Unsqueeze",
    "Where", "Xor",
))  # fmt: skip
#: Numbers that depend on open lengths are only followed this far; the graph computes larger ones.
_MOST_OPEN = 4096
#: Nothing larger is made out of less while reading.
_MOST = 1 << 26


def folded(
    node: Any, opset: int, inputs: Sequence[tuple[np.ndarray, ...] | None], worlds: int
) -> list[tuple[np.ndarray, ...]] | None:
    """Return the outputs' elements in each world, or None if they are not to be computed now."""
    if node.op_type not in FOLDED or any(item is None for item, name in zip(inputs, node.input) if name):
        return None
    given = [None if item is None else item for item in inputs]
    fixed = all(item is None or all(other is item[0] for other in item[1:]) for item in given)
    if not fixed and node.op_type == "Slice" and _is_cut_short(given):
        return None
    found: list[list[np.ndarray]] = []
    for world in range(1 if fixed else worlds):
        feeds = {name: item[world] for name, item in zip(node.input, given) if name and item is not None}
        if _grows(node, list(feeds.values()), _MOST if fixed else _MOST_OPEN):
            return None
        try:
            found.append(_evaluate(node, opset, feeds))
        except Exception:  # a reference implementation may raise anything; the node's reader then says what is wrong
            return None
        if any(not isinstance(array, np.ndarray) for array in found[-1]):
            return None
    if fixed:
        return [(array,) * worlds for array in found[0]]
    if any(array.size > _MOST_OPEN for outputs in found for array in outputs):
        return None
    return list(zip(*found))


def _is_cut_short(inputs: Sequence[tuple[np.ndarray, ...] | None]) -> bool:
    """Return whether an open end lies beyond the data: a table is taken to be long enough for any length."""
    data, _, ends = inputs[:3]
    assert data is not None
    assert ends is not None
    longest = max((max(array.shape, default=0) for array in data), default=0)
    return any(len(set(places)) > 1 and max(places) > longest for places in zip(*(end.tolist() for end in ends)))


def _evaluate(node: Any, opset: int, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    names = [name for name in node.output if name]
    function = helper.make_function("", "alone", list(feeds), names, [node], [helper.make_opsetid("", opset)])
    with np.errstate(all="ignore"):
        outputs: Any = ReferenceEvaluator(function).run(names, dict(feeds), attributes={})
    found = {name: np.asarray(value) for name, value in zip(names, outputs)}
    return [found.get(name, np.empty(0)) for name in node.output]


def _grows(node: Any, inputs: Sequence[np.ndarray], most: int) -> bool:
    """Return whether a node would make more than `most` numbers; small inputs may ask for very large results."""
    count = float(max((array.size for array in inputs), default=1) or 1)
    if node.op_type in ("ConstantOfShape", "Expand", "Tile"):
        with np.errstate(all="ignore"):
            lengths = inputs[-1].astype(np.float64)
            count = float(np.prod(np.maximum(lengths, 1))) * (count if node.op_type != "ConstantOfShape" else 1.0)
    elif node.op_type == "Range":
        start, limit, step = (float(array.reshape(-1)[0]) for array in inputs)
        count = abs((limit - start) / step) if step else 0.0
    elif node.op_type in ("OneHot", "EyeLike", "MelWeightMatrix", "HannWindow", "HammingWindow", "BlackmanWindow"):
        sizes = [float(np.max(np.abs(array.astype(np.float64)))) for array in inputs if array.size == 1]
        count *= max(1.0, *sizes, 1.0)
    else:
        shape = np.broadcast_shapes(*(array.shape for array in inputs)) if _broadcasts(inputs) else ()
        count = max(count, float(np.prod(shape, dtype=np.float64)))
    return count > most


def _broadcasts(inputs: Sequence[np.ndarray]) -> bool:
    try:
        np.broadcast_shapes(*(array.shape for array in inputs))
    except ValueError:
        return False
    return True
