"""The captured CUDA graphs of a plan: whether there are any, and how the halves of a step go together.

`static_functions` says how one function is captured and replayed. See decision 25.
"""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from .._graph.node import Node, topological_order
from .._graph.plan import Plan
from .._graph.step import Training
from ..base import ValueError as MXNetValueError
from . import captures
from .captures import Recorder, memory
from .static_functions import Captured, Static

Tensor = torch.Tensor
Function = Callable[..., Any]

_log = logging.getLogger(__name__)


def enabled() -> bool:
    """Return whether ``MXNET_ENABLE_CUDA_GRAPHS`` asks for CUDA graphs: 1 does, 0 (the default) does not.

    Raises
    ------
    ValueError
        If it is something else.
    """
    value = os.environ.get("MXNET_ENABLE_CUDA_GRAPHS", "0").strip()
    if value.lower() not in ("0", "1", "", "false", "true"):
        raise MXNetValueError(f"MXNET_ENABLE_CUDA_GRAPHS={value}; expected 1 (CUDA graphs) or 0 (none)")
    return value.lower() in ("1", "true")


def graphs_for(what: str, plan: Plan, devices: Iterable[torch.device]) -> Graphs | None:
    """Return what captures the functions of one plan, or None where nothing is to be captured.

    Parameters
    ----------
    what : str
        Whose functions they are, for the log.
    plan : Plan
    devices : iterable of torch.device
        Where its nodes run.
    """
    places = set(devices)
    if not any(place.type in captures.KINDS for place in places) or not enabled():
        return None
    draws = [node for node in plan.order if node.operator is not None and (node.operator.random or node.subgraphs)]
    graphs = Graphs(what, captures.recorder(next(iter(places))), {plan.generator(node) for node in draws})
    if len(places) > 1:
        graphs.refuse(f"it runs on several devices ({', '.join(sorted(map(str, places)))})")
    else:
        graphs.refuse(refusal(plan.order))
    return None if graphs.refused else graphs


#: Operators that draw on the host from the state of a device's generator.
_DRAWS_ON_HOST = frozenset({"_image_random_color_jitter"})
_DEPENDS_ON_VALUES = frozenset({"_while_loop", "_cond"})


def refusal(nodes: Iterable[Node]) -> str | None:
    """Return why a graph with these nodes cannot be captured, or None if nothing is known against it."""
    for node in nodes:
        operator = node.operator
        if operator is None:
            continue
        where = f"operator {operator.name}, node {node.name!r}:"
        if operator.dynamic:
            return f"{where} the shape of its result depends on values"
        if operator.name in _DEPENDS_ON_VALUES:
            return f"{where} what it runs depends on values"
        if operator.name in _DRAWS_ON_HOST:
            return f"{where} it draws random numbers on the host"
        if operator.keeps:
            return f"{where} it runs Python at each call"
        for graph in node.subgraphs:
            found = refusal(topological_order(graph))
            if found is not None:
                return found
    return None


class Graphs:
    """The captured graphs of one plan: they share memory, and the reason why there are none.

    Attributes
    ----------
    refused : str or None
        Why functions run as they are.
    """

    def __init__(self, what: str, recorder: Recorder | None, generators: Iterable[torch.Generator]) -> None:
        self.what, self.generators = what, list(generators)
        self.refused: str | None = None
        self.recorder: Any = recorder
        self._pool: Any = None

    @property
    def pool(self) -> Any:
        if self._pool is None:
            self._pool = self.recorder.pool()
        return self._pool

    def refuse(self, reason: str | None) -> None:
        """Go on without graphs and log the reason, once; None changes nothing."""
        if reason is not None and self.refused is None:
            self.refused = reason
            _log.warning("CUDA graphs: %s runs as it is: %s", self.what, reason)

    def function(self, function: Function) -> Function:
        """Return a function of a list of tensors that does what `function` does."""
        return Static(self, function).call

    def step(self, step: Training, own: Sequence[Tensor] = ()) -> StaticStep:
        """Return a step that does what `step` does.

        Parameters
        ----------
        step : Training
            The halves as they are. The backward half is always called with the same last argument.
        own : list of Tensor
            Memory of the caller's, into which the backward half writes and which it returns: it is not copied.
        """
        return StaticStep(self, step, own)


# -- steps -------------------------------------------------------------------------------------------------------------


class StaticStep:
    """Both halves of a step, as captured graphs once they are warm.

    It is used as a `Training`. What `forward` returns for the backward half is a `Lease` if it was replayed.
    """

    def __init__(self, graphs: Graphs, step: Training, own: Sequence[Tensor]) -> None:
        self._graphs, self._step, self._own = graphs, step, own
        self.deferred, self.shapes, self.noted = step.deferred, step.shapes, step.noted
        self._forward = Static(graphs, step.forward, lends=Lease)

    def forward(self, arguments: Sequence[Tensor]) -> Any:
        """Return outputs, what `backward` needs, and what is watched."""
        outputs, saved, watched = self._forward.call(arguments)
        if saved.__class__ is Lease:
            saved.step = self
        return outputs, saved, watched

    def backward(self, saved: Any, heads: Sequence[Tensor | None], into: Sequence[Tensor | None]) -> Any:
        """Return the gradients."""
        return (saved if saved.__class__ is Lease else self._step).backward(saved, heads, into)

    def backward_of(self, captured: Captured, saved: Any, heads: Sequence[Tensor | None], into: Any) -> Any:
        """Return the gradients of a replayed forward pass."""
        present = tuple(number for number, head in enumerate(heads) if head is not None)
        static = captured.backward.get(present)
        if static is None:
            step, count = self._step, len(heads)

            def function(tensors: Sequence[Tensor]) -> Any:
                given: list[Tensor | None] = [None] * count
                for number, tensor in zip(present, tensors):
                    given[number] = tensor
                return step.backward(list(saved), given, into)  # the graph's memory stays

            static = captured.backward[present] = Static(self._graphs, function, strict=False, own=self._own)
        return static.call([heads[number] for number in present])  # type: ignore[misc]


class Lease:
    """A replayed forward pass whose values a backward pass still needs; its graph is not replayed meanwhile."""

    __slots__ = ("__weakref__", "_captured", "_saved", "step")

    step: StaticStep
    shapes: frozenset[int] = frozenset()  # among what `tied` returns

    def __init__(self, captured: Captured, saved: Any) -> None:
        self._captured, self._saved = captured, saved
        captured.user = weakref.ref(self)

    def tied(self) -> tuple[Tensor, ...]:
        """End the lease when torch lets go of the tensors returned here, as it does after a backward pass.

        They are to be saved for it. Among them are those inputs that it reads in place, so that torch notices when one
        of them is overwritten.
        """
        captured, token = self._captured, torch.empty(0)
        captured.user = weakref.ref(token)
        if captured.guarded is None:
            tensors = [tensor for tensor in self._saved if isinstance(tensor, Tensor)]
            reads = {memory(tensor) for tensor in tensors}
            traced = any(tensor.requires_grad for tensor in tensors)  # what those follow from shows nowhere
            captured.guarded = [tensor for tensor in captured.in_place if traced or memory(tensor) in reads]
        return token, *captured.guarded

    def backward(self, saved: Any, heads: Sequence[Tensor | None], into: Sequence[Tensor | None]) -> Any:
        """Return the gradients; `saved` has done its work."""
        return self.step.backward_of(self._captured, self._saved, heads, into)
