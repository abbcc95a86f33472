"""The table that `Block.summary` prints."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import base
from ..ndarray.ndarray import NDArray

if TYPE_CHECKING:
    from ._block import Block
    from .parameter import Parameter

_LINE = "{:>20}  {:>42} {:>15}"
_WIDTH = 80


class _Row:
    """One call of one block."""

    def __init__(self, shape: str, parameters: list[Parameter]) -> None:
        self.shape = shape
        self.parameters = parameters

    def count(self) -> int:
        return sum(map(_size, self.parameters))


def _size(parameter: Parameter) -> int:
    return int(np.prod(parameter.shape or ()))


def _shapes(value: Any) -> str:
    """Return shapes in a nested list; the outermost has no brackets."""
    return ", ".join(map(_shape, value)) if isinstance(value, (list, tuple)) else _shape(value)


def _shape(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{_shapes(value)}]"
    return str(value.shape) if isinstance(value, NDArray) else str(value)


def summarize(block: Block, inputs: tuple[Any, ...]) -> None:
    """Run `block` on `inputs` and print one row for each call of a block that is no container."""
    from .nn import HybridSequential, Sequential

    rows: OrderedDict[str, _Row] = OrderedDict({"Input": _Row(_shapes(inputs), [])})
    hooks: list[Any] = []
    hooked: set[int] = set()

    def note(called: Block, _: Any, outputs: Any) -> None:
        rows[f"{type(called).__name__}-{len(rows)}"] = _Row(_shapes(outputs), list(called._reg_params.values()))

    def hook(part: Block) -> None:
        if getattr(part, "_active", False):
            raise base.AssertionError(f'"{part.name}" must not be hybridized to print summary.')
        if id(part) not in hooked and not isinstance(part, (Sequential, HybridSequential)):
            hooked.add(id(part))
            hooks.append(part.register_forward_hook(note))

    try:
        block.apply(hook)
        block(*inputs)
    finally:
        for handle in hooks:
            handle.detach()
    print("\n".join(_table(rows)))


def _table(rows: OrderedDict[str, _Row]) -> list[str]:
    used = [parameter for row in rows.values() for parameter in row.parameters]
    unique = list({id(parameter): parameter for parameter in used}.values())
    total = sum(map(_size, used))
    trainable = sum(_size(parameter) for parameter in used if parameter.grad_req != "null")
    once = sum(map(_size, unique))
    return [
        "-" * _WIDTH,
        _LINE.format("Layer (type)", "Output Shape", "Param #"),
        "=" * _WIDTH,
        *(_LINE.format(name, row.shape, row.count()) for name, row in rows.items()),
        "=" * _WIDTH,
        "Parameters in forward computation graph, duplicate included",
        f"   Total params: {total}",
        f"   Trainable params: {trainable}",
        f"   Non-trainable params: {total - trainable}",
        f"Shared params in forward computation graph: {total - once}",
        f"Unique parameters in model: {once}",
        "-" * _WIDTH,
    ]
