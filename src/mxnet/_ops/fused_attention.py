"""Attention in one node: scores, softmax and weighted values, with one gradient rule for all three.

In no registry: a pass puts these operators into plans. They compute what the operators that they stand for compute, but
keep only the weights for the gradient, which goes into one array where queries, keys and values lie in one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from .attention import parts_of
from .attributes import attribute_type
from .families import check_same_dtype
from .matrix import batch_dot_size, check_floating
from .registry import Attribute, Backward, Input, Operator, get

Tensor = torch.Tensor

_LONG = 256  # words from which on torch's own attention is faster on a CPU


def _attended(queries: Tensor, keys: Tensor, values: Tensor, scale: float, weighs: bool) -> tuple[Tensor, Tensor]:
    """Return output (B, T, E) and weights (B, T, S) for queries (B, T, D), keys (B, S, D) and values (B, S, E).

    Where nobody asks for the weights, torch need not have all of them in memory at once, and none are returned.
    """
    long = queries.is_cuda or min(queries.shape[1], keys.shape[1]) >= _LONG
    if not weighs and long and queries.shape[-1] == values.shape[-1] and queries.numel():
        one, two, three = (part.unsqueeze(1) for part in (queries, keys, values))  # each has one head
        output = torch.nn.functional.scaled_dot_product_attention(one, two, three, scale=scale)
        return output.squeeze(1), queries.new_empty(0)
    scores = torch.baddbmm(queries.new_empty((1, 1, 1)), queries, keys.mT, beta=0, alpha=scale)
    if scores.requires_grad or torch.compiler.is_compiling():
        weights = torch.softmax(scores, -1)
    else:
        weights = torch.ops.aten._softmax.out(scores, -1, False, out=scores)
    return torch.bmm(weights, values), weights


def _gradients(
    head: Tensor,
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    weights: Tensor,
    scale: float,
    wanted: Sequence[bool] = (True, True, True),
) -> list[Tensor | None]:
    """Return what flows back into those of queries, keys and values that are wanted."""
    found: list[Tensor | None] = [None, None, None]
    if wanted[0] or wanted[1]:
        nothing, flow = head.new_empty((1, 1, 1)), torch.bmm(head, values.mT)  # into the weights, then the scores
        torch.ops.aten._softmax_backward_data.out(flow, weights, -1, head.dtype, grad_input=flow)
        if wanted[0]:
            found[0] = torch.baddbmm(nothing, flow, keys, beta=0, alpha=scale)
        if wanted[1]:
            found[1] = torch.baddbmm(nothing, flow.mT, queries, beta=0, alpha=scale)
    if wanted[2]:
        found[2] = torch.bmm(weights.mT, head)
    return found


_WEIGHS = Attribute("weighs", attribute_type(bool), True)

# -- queries, keys and values in one array ----------------------------------------------------------------------------


def _scale(queries: Tensor) -> float:
    return 1 / math.sqrt(max(queries.shape[-1], 1))


def self_attention(queries_keys_values: Tensor, *, heads: int, weighs: bool = True) -> tuple[Tensor, Tensor]:
    """Return the output (T, N, heads * D) and, if it `weighs`, the weights (N * heads, T, T)."""
    queries, keys, values = parts_of(queries_keys_values, heads, 3, "queries_keys_values")
    output, weights = _attended(queries, keys, values, _scale(queries), weighs)
    length, batch, width = queries_keys_values.shape
    return output.transpose(0, 1).reshape(length, batch, width // 3), weights


def _self_attention_gradient(backward: Backward) -> list[Tensor | None]:
    head, (data,), weights = backward.head_gradients[0], backward.inputs, backward.outputs[1]
    assert head is not None
    heads = backward.attributes["heads"]
    queries, keys, values = parts_of(data, heads, 3, "queries_keys_values")
    (of_output,) = parts_of(head, heads, 1, "head gradient")
    gradient = torch.empty(data.shape, dtype=data.dtype, device=data.device)
    found = _gradients(of_output, queries, keys, values, weights, _scale(queries))
    for into, part in zip(parts_of(gradient, heads, 3, "gradient"), found):
        assert part is not None
        into.copy_(part)
    return [gradient]


#: `_contrib_interleaved_matmul_selfatt_qk`, `softmax` and `_contrib_interleaved_matmul_selfatt_valatt`.
SELF = replace(
    get("_contrib_interleaved_matmul_selfatt_qk"),
    attributes={**get("_contrib_interleaved_matmul_selfatt_qk").attributes, "weighs": _WEIGHS},
    function=self_attention,
    aliases=(),
    output_names=("output", "weights"),
    plan_gradient=_self_attention_gradient,
    gradient_reads=("queries_keys_values", "weights"),
    gradient_memory="own",
)


# -- three arrays -----------------------------------------------------------------------------------------------------


def attention(
    queries: Tensor, keys: Tensor, values: Tensor, *, scale: float, weighs: bool = True
) -> tuple[Tensor, Tensor]:
    """Return the output (..., T, E) and, if it `weighs`, the weights (B, T, S), with all axes of the batch in one."""
    check_floating(queries)
    check_same_dtype(queries, keys)
    check_same_dtype(keys, values)
    scores = batch_dot_size(queries.shape, keys.shape, False, True)
    size = batch_dot_size(scores, values.shape, False, False)
    output, weights = _attended(_batch(queries), _batch(keys), _batch(values), scale, weighs)
    return output.reshape(size), weights


def _batch(matrices: Tensor) -> Tensor:
    return matrices.flatten(0, -3)


def _attention_gradient(backward: Backward) -> list[Tensor | None]:
    head, weights = backward.head_gradients[0], backward.outputs[1]
    assert head is not None
    queries, keys, values = (_batch(data) for data in backward.inputs)
    found = _gradients(_batch(head), queries, keys, values, weights, backward.attributes["scale"], backward.wanted)
    return [None if part is None else part.view(data.shape) for part, data in zip(found, backward.inputs)]


#: `batch_dot` of queries and keys, perhaps times a number, `softmax`, and `batch_dot` with values.
SEPARATE = Operator(
    name="batch_dot",
    function=attention,
    inputs=tuple(Input(name, False) for name in ("queries", "keys", "values")),
    attributes={"scale": Attribute("scale", attribute_type(float), 1.0), "weighs": _WEIGHS},
    module=__name__,
    output_names=("output", "weights"),
    plan_gradient=_attention_gradient,
    gradient_reads=("queries", "keys", "values", "weights"),
    gradient_memory="own",
)
