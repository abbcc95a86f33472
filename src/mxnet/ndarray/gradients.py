"""Backward passes from arrays: what `mxnet.autograd` and ``NDArray.backward`` share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from .._runtime import tape
from ..base import MXNetError
from .dispatch import wrap, wrap_live

if TYPE_CHECKING:
    from .ndarray import NDArray


def _live(what: str, array: NDArray) -> torch.Tensor:
    trace = array._trace
    live = None if trace is None else trace.current()
    if live is None or not live.requires_grad:
        raise MXNetError(
            f"{what}: the array of shape {array.shape} is not part of a recorded graph that leads to attached arrays. "
            "Compute it inside autograd.record() from arrays with attach_grad(); "
            "a graph is freed by backward unless retain_graph=True"
        )
    return live


def _head_gradients(heads: Sequence[NDArray], given: Sequence[NDArray | None] | None) -> list[torch.Tensor]:
    if given is None:
        return [torch.ones_like(head._data) for head in heads]
    if len(given) != len(heads):
        raise MXNetError(f"backward: {len(heads)} heads but {len(given)} head gradients")
    found: list[torch.Tensor] = []
    for head, gradient in zip(heads, given):
        if gradient is None:
            found.append(torch.ones_like(head._data))
            continue
        if gradient.shape != head.shape:
            raise MXNetError(
                f"backward: head gradient has shape {gradient.shape}, its head {head.shape}; expected equal"
            )
        found.append(gradient._data.to(head._data.dtype))
    return found


def backward(
    heads: Sequence[NDArray],
    head_gradients: Sequence[NDArray | None] | None = None,
    retain_graph: bool = False,
    train_mode: bool = True,
) -> None:
    """Deliver the gradients of the heads into the arrays that were attached."""
    del train_mode  # the operators ran in the recording's mode, and so do their gradients
    live = [_live("backward", head) for head in heads]
    tape.backward(live, _head_gradients(heads, head_gradients), retain_graph)
    if not retain_graph:
        _leave_graph(heads)


def _leave_graph(heads: Sequence[NDArray]) -> None:
    for head in heads:
        if head._trace is not None and head._trace.gradient is None:
            head._trace = None


def grad(
    heads: Sequence[NDArray],
    variables: Sequence[NDArray],
    head_gradients: Sequence[NDArray | None] | None,
    retain_graph: bool,
    create_graph: bool,
) -> list[NDArray]:
    """Return the gradients of the heads with respect to `variables`."""
    live = [_live("grad", head) for head in heads]
    sources = [_live("grad", variable) for variable in variables]
    found = tape.gradients(live, sources, _head_gradients(heads, head_gradients), retain_graph, create_graph)
    results: list[NDArray] = []
    for number, (variable, gradient) in enumerate(zip(variables, found)):
        if gradient is None:
            raise MXNetError(f"grad: variable number {number} (shape {variable.shape}) does not reach any of the heads")
        if create_graph:
            results.append(wrap_live(type(variable), gradient, variable._context))
        else:
            results.append(wrap(type(variable), gradient, variable._context))
    if not retain_graph:
        _leave_graph(heads)
    return results
