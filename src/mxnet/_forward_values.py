"""What an executor's forward pass leaves for its backward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from ._graph.plan import Plan, Training
from ._ops.sharing import is_shared_outside
from ._runtime import memory
from .base import MXNetError

Tensor = torch.Tensor


class ForwardValues:
    """Values that a backward pass uses up, so that each gives its memory back after its last use.

    For a second backward pass they are computed again, as long as nobody has written to an argument; from then on that
    executor keeps them.

    Parameters
    ----------
    plan : Plan
        The graph.
    states : set of int
        Numbers of the plan's variables that are auxiliary states: a backward pass itself writes to them.
    """

    def __init__(self, plan: Plan, states: set[int]) -> None:
        operators = [node.operator for node in plan.order if node.operator is not None]
        self._random = [node for node in plan.order if node.operator is not None and node.operator.random]
        # what nodes keep from call to call, or draw inside of loops, could not be the same again
        self._keeps = any(operator.keeps or operator.subgraphs for operator in operators)
        self._plan, self._states = plan, states
        self._arguments: Sequence[Tensor] = ()
        self._versions: list[int] = []
        self._drawn: list[tuple[torch.Generator, Tensor]] = []
        self._values: Any = None

    def begin(self, arguments: Sequence[Tensor]) -> None:
        """Note what the forward pass starts from; the values of the last one give their memory back."""
        self._values = None
        self._arguments = arguments
        if not self._keeps:
            self._versions = self._present_versions()
            generators = dict.fromkeys(self._plan.generator(node) for node in self._random)
            self._drawn = [(generator, generator.get_state()) for generator in generators]

    def keep(self, values: Any) -> None:
        self._values = values

    def take(self, step: Training, run: Callable[..., Any]) -> Any:
        """Return the values for a backward pass."""
        if self._values is None:
            self._compute_again(step, run)
        if not isinstance(self._values, list):  # of a captured graph or a compiled function, which keep theirs
            return self._values
        if memory.holes is not None:
            memory.holes.look(self._values)
        if self._keeps or is_shared_outside(self._arguments):  # nobody counts the writes of others
            return list(self._values)
        values, self._values = self._values, None
        return values

    def _compute_again(self, step: Training, run: Callable[..., Any]) -> None:
        if self._versions != self._present_versions():
            raise MXNetError(
                "backward: a second backward pass needs the arguments as they were in forward, but one was written to "
                "since; call forward first, or both backward passes before the update"
            )
        self._keeps = True
        now = [(generator, generator.get_state()) for generator, _ in self._drawn]
        for generator, state in self._drawn:
            generator.set_state(state)
        _, self._values, _ = run(step.forward, self._arguments)
        for generator, state in now:
            generator.set_state(state)

    def _present_versions(self) -> list[int]:
        return [tensor._version for i, tensor in enumerate(self._arguments) if i not in self._states]
