"""torch's backward engine, called without the checks of ``torch.autograd.backward`` and ``torch.autograd.grad``.

Those spend about 5 µs on each call to make and check head gradients, as much as the engine needs for a small graph.
Here heads and head gradients are always given and always fit. Where a torch has no such engine object, the public
functions do the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

Tensor = torch.Tensor
_run: Any = getattr(getattr(torch.autograd.Variable, "_execution_engine", None), "run_backward", None)


def accumulate(heads: tuple[Tensor, ...], head_gradients: tuple[Tensor, ...], keep_graph: bool) -> None:
    """Run the backward pass of `heads` and accumulate into the leaves."""
    if _run is None:
        torch.autograd.backward(heads, head_gradients, retain_graph=keep_graph)
    else:
        _run(heads, head_gradients, keep_graph, False, (), allow_unreachable=True, accumulate_grad=True)


def gradients(
    heads: tuple[Tensor, ...],
    variables: tuple[Tensor, ...],
    head_gradients: tuple[Tensor, ...],
    keep_graph: bool,
    create_graph: bool = False,
) -> Sequence[Tensor | None]:
    """Return the gradients of `variables`; None for one that no head depends on."""
    if _run is None:
        return torch.autograd.grad(
            heads, variables, head_gradients, retain_graph=keep_graph, create_graph=create_graph, allow_unused=True
        )
    return _run(
        heads, head_gradients, keep_graph, create_graph, variables, allow_unreachable=True, accumulate_grad=False
    )
