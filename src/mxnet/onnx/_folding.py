"""Nodes that are computed when the graph is exported: nothing that they read changes later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from ._lengths import count, static

if TYPE_CHECKING:
    from .._graph.node import Node
    from .._ops.registry import Operator
    from ._translating import Applied
    from ._writing import Graph, Value

#: Operators that only look at the shape of their input, and at which of its axes (None: at all).
_SHAPES_ONLY: dict[str, tuple[int, ...] | None] = {
    "_contrib_MultiBoxPrior": (2, 3),
    "_contrib_arange_like": None,
    "_contrib_index_array": None,
    "ones_like": None,
    "shape_array": None,
    "size_array": None,
    "zeros_like": None,
}

#: Results that have more elements than this, and than what they are made of, are left to be computed by ONNX.
_MOST = 1 << 18


def foldable(operator: Operator) -> bool:
    """Return whether an operator always gives the same for the same inputs."""
    return not (operator.random or operator.subgraphs or operator.mutates or operator.keeps or operator.fills)


def folded(graph: Graph, node: Node, inputs: Sequence[Value], applied: Applied, needed: bool) -> list[Value] | None:
    """Return the outputs of a node as constants; None if they depend on the graph's inputs.

    `needed` says that there is no other way to translate the node.
    """
    operator = node.operator
    assert operator is not None
    shapes = [static(shape) for shape in applied.shapes]
    if not foldable(operator) or any(shape is None for shape in shapes):
        return None
    if operator.name in _SHAPES_ONLY:
        stand_in = _stand_in(inputs[0], _SHAPES_ONLY[operator.name])
        if stand_in is None:
            return None
        tensors = [stand_in]
    elif all(value.is_known and value.dtype.name != "bfloat16" for value in inputs):
        tensors = [_tensor(value.array) for value in inputs]
    else:
        return None
    size = max((count(shape) for shape in shapes if shape is not None), default=0)
    if not needed and size > max(_MOST, sum(tensor.numel() for tensor in tensors)):
        return None
    call = operator.keywords(node.values)
    if operator.creates:
        call["device"] = torch.device("cpu")
        if applied.shapes[0] is not None and "shape" in call:
            call["shape"] = shapes[0]
    if operator.training:
        call["training"] = False
    with torch.no_grad():
        found = operator.function(*tensors, **call)
    found = found if isinstance(found, (tuple, list)) else (found,)
    if any(array.dtype is torch.bfloat16 for array in found):
        return None
    return [graph.constant(array.cpu().numpy(), name=f"{node.name}_value") for array in found]


def _stand_in(value: Value, axes: tuple[int, ...] | None) -> torch.Tensor | None:
    """Return a tensor of a value's shape, if the lengths of these axes are known."""
    shape = value.shape
    if shape is None or static(shape if axes is None else tuple(shape[axis] for axis in axes)) is None:
        return None
    lengths = [n if isinstance(n, int) else 1 for n in shape]
    return torch.zeros((), dtype=_torch_dtype(value.dtype)).expand(lengths)


def _tensor(array: np.ndarray | None) -> torch.Tensor:
    assert array is not None
    shared = array.flags.writeable and array.flags.c_contiguous  # nothing that is folded writes to its inputs
    return torch.from_numpy(array if shared else array.copy())


def _torch_dtype(dtype: np.dtype) -> torch.dtype:
    return torch.bfloat16 if dtype.name == "bfloat16" else getattr(torch, dtype.name)
