"""An operator on tensors that carry autograd history, under the gradient that the operator defines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .._ops.registry import Backward, Operator

Tensor = torch.Tensor


def run_recorded(
    operator: Operator, tensors: Sequence[Tensor | None], call: Mapping[str, Any], values: Mapping[str, Any]
) -> Any:
    """Run an operator's function on live tensors, under the gradient that the operator defines.

    `call` holds the keyword arguments of the function, `values` the attributes for the gradient rule.
    """
    if torch.is_grad_enabled():
        return _run_live(operator, tensors, call, values)
    with torch.enable_grad():
        return _run_live(operator, tensors, call, values)


def _run_live(
    operator: Operator, tensors: Sequence[Tensor | None], call: Mapping[str, Any], values: Mapping[str, Any]
) -> Any:
    if operator.gradient is None:
        return operator.function(*tensors, **call)
    return _Rule.apply(operator, call, values, *tensors)


def run_repeatedly(
    operator: Operator, tensors: Sequence[Tensor | None], call: Mapping[str, Any], values: Mapping[str, Any]
) -> Any:
    """Run an operator as one of many calls of the same node, in a loop: what it keeps, it keeps for each call."""
    if operator.keeps:
        kept: dict[str, Any] = {}
        call, values = {**call, "kept": kept}, {**values, "kept": kept}
    return _run_live(operator, tensors, call, values)


class _Rule(torch.autograd.Function):
    """Runs an operator that has a gradient rule of its own."""

    @staticmethod
    def forward(
        ctx: Any, operator: Operator, call: Mapping[str, Any], values: Mapping[str, Any], *tensors: Tensor
    ) -> Any:
        result = operator.function(*tensors, **call)
        outputs = tuple(result) if isinstance(result, (tuple, list)) else (result,)
        outputs = tuple(o.view_as(o) if any(o is t for t in tensors) else o for o in outputs)
        ctx.operator, ctx.values, ctx.count = operator, values, len(tensors)
        # States are written by the rule itself; torch must not call that a lost value.
        states = operator.auxiliary_names(values)
        names = operator.input_names(values) if states else ()
        ctx.states = {i: tensors[i] for i, name in enumerate(names) if name in states}
        saved = [*(None if i in ctx.states else t for i, t in enumerate(tensors)), *outputs]
        ctx.shapes = {}
        if operator.gradient_reads is not None:
            saved = _read(operator, values, saved, ctx.shapes)
        ctx.save_for_backward(*saved)
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*(o for o in outputs if not o.is_floating_point()))
        return outputs if isinstance(result, (tuple, list)) else outputs[0]

    @staticmethod
    def backward(ctx: Any, *heads: Tensor | None) -> Any:
        saved: tuple[Any, ...] = ctx.saved_tensors
        if ctx.shapes:
            saved = tuple(ctx.shapes.get(i, t) for i, t in enumerate(saved))
        inputs = tuple(ctx.states.get(i, t) for i, t in enumerate(saved[: ctx.count]))
        wanted: tuple[bool, ...] = ctx.needs_input_grad[3:]
        if all(head is None for head in heads) and not ctx.operator.is_loss(ctx.values):
            return (None,) * (3 + ctx.count)
        rule = Backward(heads, inputs, saved[ctx.count :], ctx.values, wanted, (None,) * ctx.count)
        return (None, None, None, *ctx.operator.gradient(rule))


def _read(
    operator: Operator, values: Mapping[str, Any], tensors: Sequence[Tensor | None], shapes: dict[int, torch.Size]
) -> list[Tensor | None]:
    """Return what the gradient rule reads of its inputs and outputs, and note what it reads only the shapes of."""
    reads = operator.reads(values) or ()
    names = (*operator.input_names(values), *operator.outputs(values))
    for i, (name, tensor) in enumerate(zip(names, tensors)):
        if f"{name}.shape" in reads and tensor is not None:
            shapes[i] = tensor.shape
    return [tensor if name in reads else None for name, tensor in zip(names, tensors)]
