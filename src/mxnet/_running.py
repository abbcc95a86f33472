"""What executors and cached graphs share: where a plan's nodes run, and running it so that failures name the node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from ._graph.node import Node
from ._graph.plan import Placement
from ._graph.printing import node_of
from ._runtime import random
from ._runtime.device import torch_device
from ._runtime.tape import explain
from .base import MXNetError, translated
from .context import Context
from .ndarray.dispatch import ERRORS, NDArrayBase, describe


def placement(context_of: Callable[[Node], Context]) -> Placement:
    """Return where nodes run, from their contexts."""
    return Placement(
        device=lambda node: torch_device(context_of(node)), generator=lambda node: random.generator(context_of(node))
    )


def run(
    what: str, variables: Sequence[Node], arrays: Sequence[NDArrayBase], function: Callable[..., Any], *arguments: Any
) -> Any:
    """Call a lowered function of a plan; what goes wrong in it names the node.

    Parameters
    ----------
    what : str
        Who runs it, for messages.
    variables, arrays
        The plan's variables and what stands for them, for messages.
    """
    try:
        if torch.is_grad_enabled():
            return function(*arguments)
        with torch.enable_grad():
            return function(*arguments)
    except MXNetError:
        raise
    except ERRORS as error:
        raise _failed(what, variables, arrays, error) from None


def _failed(what: str, variables: Sequence[Node], arrays: Sequence[NDArrayBase], error: BaseException) -> MXNetError:
    node = node_of(error)
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "modified by an inplace operation" in text or "second time" in text:
        return explain(error)  # type: ignore[arg-type]
    if node is None or node.operator is None:
        return translated(error, f"{what}: {text}")
    by_node = dict(zip(map(id, variables), arrays))
    inputs = ", ".join(
        f"{name} from {e.node.name!r}" + (f" {describe(by_node[id(e.node)])}" if id(e.node) in by_node else "")
        for name, e in zip(node.input_names(), node.inputs)
    )
    return translated(error, f"operator {node.operator.name}, node {node.name!r}: {text} [inputs: {inputs}]")
