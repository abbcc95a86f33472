"""Call an operator's function on torch tensors directly: outputs and the gradients of its floating inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from mxnet._ops.registry import Backward, Operator


def head_gradient(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """The head gradient of the goldens: (1 + arange(size)) / size."""
    size = int(np.prod(shape))
    return ((1.0 + np.arange(size)) / max(size, 1)).reshape(shape).astype(dtype)


def run_kernel(
    operator: Operator, inputs: Sequence[np.ndarray], given: Mapping[str, Any], training: bool = True
) -> tuple[list[np.ndarray], list[np.ndarray | None], list[torch.Tensor]]:
    """Return visible outputs, gradients of the inputs (None for integers) and the input tensors after the call."""
    if operator.variadic is not None:
        given = {operator.variadic: len(inputs), **given}
    attributes = operator.parse(given)
    call = {name: value for name, value in attributes.items() if name != operator.variadic}
    if operator.training:
        call["training"] = training
        attributes = {**attributes, "training": training}
    if operator.random:
        call["generator"] = torch.Generator().manual_seed(7)
    if operator.creates:
        call["device"] = torch.device("cpu")
    tensors = [torch.from_numpy(np.array(x, copy=True)) for x in inputs]
    leaves = [t.detach().requires_grad_() if t.is_floating_point() else t for t in tensors]
    result = operator.function(*(tensors if operator.gradient else leaves), **call)
    outputs = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    visible = outputs[: operator.visible_outputs(attributes)]
    values = [o.detach().clone().numpy() for o in visible]
    heads = [torch.from_numpy(head_gradient(o.shape, v.dtype)) if o.is_floating_point() else None
             for o, v in zip(visible, values)]  # fmt: skip
    wanted = tuple(t.is_floating_point() for t in tensors)
    if operator.gradient:
        padded = tuple(heads) + (None,) * (len(outputs) - len(visible))
        rule = Backward(padded, tuple(tensors), outputs, attributes, wanted, (None,) * len(tensors))
        found = list(operator.gradient(rule))
    else:
        pairs = [(o, h) for o, h in zip(visible, heads) if h is not None and o.requires_grad]
        sources = [leaf for leaf, w in zip(leaves, wanted) if w]
        got = (
            torch.autograd.grad([o for o, _ in pairs], sources, [h for _, h in pairs], allow_unused=True)
            if pairs and sources
            else [None] * len(sources)
        )
        queue = list(got)
        found = [queue.pop(0) if w else None for w in wanted]
    gradients = [None if g is None else g.detach().numpy() for g in found]
    return values, gradients, tensors
