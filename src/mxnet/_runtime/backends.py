"""Who runs lowered graphs: the printed functions as they are, or a compiler that takes them."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import torch

from .._graph import engine
from .._graph.plan import Plan
from .._graph.step import Training, copied
from ..base import MXNetError

#: Makes a faster function of a lowered one, which takes a list of tensors.
Backend = Callable[[Callable[..., Any]], Callable[..., Any]]

Tensor = torch.Tensor

#: Names that MXNet 1.9.1 has for what plans do anyway.
_BUILT_IN = frozenset({"MKLDNN", "ONEDNN", "default"})


def _that_can_change(guards: Sequence[Any]) -> list[bool]:
    """Return which of a compiler's guards to keep: what lowered functions find outside of themselves never changes.

    That is what printed functions read as globals, and what hangs on `step`, the variable that `_apart` closes over.
    """
    return [not (guard.is_global or guard.name.startswith("step")) for guard in guards]


def backend_named(name: str | None) -> Backend | None:
    """Return the backend of a name, None for plans as they are; MXNetError if there is none."""
    if name is None or name in _BUILT_IN:
        return None
    if name == "inductor":
        return inductor
    raise MXNetError(
        f"backend {name!r} is not known; there are 'inductor' (torch.compile) and None (remx's own plans, which do "
        f"what MXNet calls {', '.join(sorted(_BUILT_IN))}, too)"
    )


def inductor(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function`, on a list of tensors, compiled by ``torch.compile`` for each set of shapes that comes.

    Where torch cannot compile it, the reason is logged once and the function runs as it is.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # loading the compiler meets what torch itself deprecates
        compiled = torch.compile(function, dynamic=False, options={"guard_filter_fn": _that_can_change})
    known: set[Any] = set()
    plain = False

    def run(arguments: Sequence[Tensor | None]) -> Any:
        nonlocal plain
        if plain:
            return function(arguments)
        key = tuple(t if t is None else (t.shape, t.dtype, t.requires_grad) for t in arguments)
        if key in known:
            return compiled(arguments)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch remarks on how it traces
                found = compiled(arguments)
        except Exception as error:
            found = function(arguments)  # if the call itself is wrong, this says so
            plain = True
            logging.warning("inductor: running as it is, torch.compile failed: %s", str(error).strip().splitlines()[0])
            return found
        known.add(key)
        return found

    return run


def training(plan: Plan, backend: Backend, mode: bool, wanted: Sequence[int]) -> Training:
    """Return both halves of a step whose forward half a compiler makes, and torch's autograd the other.

    Parameters
    ----------
    plan : Plan
    backend : Backend
    mode : bool
        Training mode.
    wanted : list of int
        Numbers of the plan's variables that need a gradient.
    """
    step = plan.training(mode, wanted)
    if not step.saves:
        return _apart(step, backend, len(wanted))
    body = backend(plan.body(mode, live=True))
    nodes = [entry.node for entry in plan.heads]
    losses = [node.operator is not None and node.operator.is_loss(node.values) for node in nodes]

    def forward(arguments: Sequence[Tensor]) -> Any:
        live = list(arguments)
        for number in wanted:
            live[number] = arguments[number].detach().requires_grad_()
        found = body(live)
        results = tuple(copied(o.detach()) if any(o is t for t in live) else o.detach().contiguous() for o in found)
        return results, (live, found), ()

    def backward(saved: Any, heads: Sequence[Tensor | None], into: Sequence[Tensor | None]) -> Any:
        live, found = saved
        pairs = [
            (output, torch.ones_like(output) if head is None else head)
            for output, head, is_loss in zip(found, heads, losses)
            if output.requires_grad and (is_loss or head is not None)
        ]
        sources = [live[number] for number in wanted]
        if not pairs:
            return (None,) * len(sources)
        outputs, gradients = zip(*pairs)
        return engine.gradients(outputs, tuple(sources), gradients, keep_graph=True)

    return Training(forward, backward)


def _apart(step: Training, backend: Backend, wanted: int) -> Training:
    """Compile the halves of a step apart, as its gradients need nothing of the forward half: no autograd in between."""
    # (the compiler is handed frames of few variables: each of a printed function's thousands would cost it time)
    forward = backend(_with_own_code(lambda arguments: step.forward(arguments)))
    backward = backend(_with_own_code(lambda heads: step.backward([], heads, (None,) * wanted)))
    return Training(forward, lambda saved, heads, into: backward(heads))


def _with_own_code(function: FunctionType) -> FunctionType:
    """Return the same function on a code object of its own, by which torch keeps what it compiled."""
    code, name = function.__code__.replace(), function.__name__
    return FunctionType(code, function.__globals__, name, function.__defaults__, function.__closure__)
