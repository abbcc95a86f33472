"""Recording and differentiating, on torch's autograd but without a trace of it outside.

An array's own tensor never requires gradients. While `state.recording` is on, an operator sees *live* tensors instead:
for an attached array a leaf alias of its memory, for the result of a recorded operator the tensor that carries its
history. Both hang on the array's `Trace`. Backward passes go through ``torch.autograd``; every leaf has a hook
that delivers its gradient into the attached gradient array as ``grad_req`` says.

torch's own grad mode is only touched while a recorded operator runs inside a user's ``torch.no_grad()``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from sys import getrefcount
from typing import Any, Protocol

import torch

from .._graph import engine
from ..base import MXNetError

Tensor = torch.Tensor


class State(threading.local):
    """What this thread is doing; the class attributes are what a new thread starts with."""

    recording: bool = False
    training: bool = False


state = State()


class HasData(Protocol):
    """What a gradient array looks like from here."""

    _data: Tensor


class Trace:
    """An array's place in recorded graphs.

    `live` is what recorded operators see. `gradient`, `grad_req` and `fresh` are set for attached arrays only.
    """

    __slots__ = ("epoch", "fresh", "grad_req", "gradient", "live")

    #: One element: whether a gradient was delivered since it was last set to False.
    fresh: list[bool]

    def __init__(self, live: Tensor, gradient: HasData | None = None, grad_req: str = "null") -> None:
        self.live = live
        self.gradient = gradient
        self.grad_req = grad_req
        self.epoch = backward_passes.freeing

    def current(self) -> Tensor | None:
        """Return the live tensor, or None when a backward pass has used its graph up: a constant from then on."""
        if self.epoch != backward_passes.freeing and self.gradient is None and self.live.grad_fn is not None:
            if _is_used_up(self.live):
                return None
            self.epoch = backward_passes.freeing
        return self.live


class _BackwardPasses:
    """How many backward passes have freed a graph: a trace made since the last one is surely whole."""

    __slots__ = ("freeing",)

    def __init__(self) -> None:
        self.freeing = 0


backward_passes = _BackwardPasses()


def attach(data: Tensor, gradient: HasData, grad_req: str) -> Trace:
    """Return the trace of an array whose gradient shall be delivered into `gradient`."""
    leaf = data.detach()
    trace = Trace(leaf, gradient, grad_req)
    trace.fresh = [False]
    if grad_req != "null":
        leaf.requires_grad_()
        leaf.register_post_accumulate_grad_hook(_delivery(gradient, grad_req, trace.fresh))
    return trace


def _delivery(gradient: HasData, grad_req: str, fresh: list[bool]) -> Callable[[Tensor], None]:
    def deliver(leaf: Tensor) -> None:
        fresh[0] = True
        found, leaf.grad = leaf.grad, None
        old = gradient._data
        if found is None:  # a rule that gives this input no gradient, such as a loss layer's label
            if grad_req == "write":
                old.zero_()
        elif grad_req == "add":
            old.add_(found)
        elif found.numel() >= _WORTH_TAKING and _is_alone(found) and getrefcount(old) == 3 and _is_alone(old):
            gradient._data = found  # nobody can tell the two memories apart
        else:
            old.copy_(found)

    return deliver


_WORTH_TAKING = 4096  # elements: copying fewer costs less than asking
_use_count: Callable[[int], int] | None = getattr(torch._C, "_storage_Use_Count", None)


def _is_alone(tensor: Tensor) -> bool:
    """Return whether no other tensor shares the memory of this one, which fills it."""
    storage: Any = tensor.untyped_storage()
    return (
        _use_count is not None
        and _use_count(storage._cdata) == 2  # `tensor` and `storage`
        and storage.nbytes() == tensor.nbytes
        and tensor.is_contiguous()
    )


def grad_mode() -> AbstractContextManager[Any]:
    """Return a ``with`` block for work on live tensors, inside a user's ``torch.no_grad()`` too."""
    return _nothing if torch.is_grad_enabled() else torch.enable_grad()


_nothing = nullcontext()


def backward(heads: Sequence[Tensor], head_gradients: Sequence[Tensor], retain_graph: bool) -> None:
    """Run the backward pass; gradients arrive in the attached arrays. MXNetError when torch cannot."""
    try:
        engine.accumulate(tuple(heads), tuple(head_gradients), retain_graph)
    except MXNetError:
        raise  # of user's code inside, already told
    except RuntimeError as error:
        raise explain(error) from None
    finally:
        if not retain_graph:
            backward_passes.freeing += 1


def gradients(
    heads: Sequence[Tensor],
    variables: Sequence[Tensor],
    head_gradients: Sequence[Tensor],
    retain_graph: bool,
    create_graph: bool,
) -> Sequence[Tensor | None]:
    """Return the gradients of `variables`, None for one that no head depends on."""
    try:
        return engine.gradients(tuple(heads), tuple(variables), tuple(head_gradients), retain_graph, create_graph)
    except MXNetError:
        raise  # of user's code inside, already told
    except RuntimeError as error:
        raise explain(error) from None
    finally:
        if not retain_graph:
            backward_passes.freeing += 1


def explain(error: RuntimeError) -> MXNetError:
    """Say in MXNet's terms what torch's autograd could not do."""
    text = str(error)
    if "modified by an inplace operation" in text:
        return MXNetError(
            "backward: an array that the recorded graph still needs was written to after it was used (by +=, [:] =, "
            f"out= or an optimizer step). Call backward first, or write to a copy. torch says: {text.splitlines()[0]}"
        )
    if "backward through the graph a second time" in text or "Saved intermediate values" in text:
        return MXNetError(
            "backward: the recorded graph was freed by an earlier backward. "
            "Pass retain_graph=True to that call, or record again."
        )
    return MXNetError(f"backward: {text}")


def _is_used_up(live: Tensor) -> bool:
    """Return whether a backward pass has freed a part of the graph behind `live`."""
    stack: list[Any] = [live.grad_fn]
    seen: set[Any] = set()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if _is_freed(node):
            return True
        stack.extend(following for following, _ in node.next_functions)
    return False


_saved_names: dict[type, list[str]] = {}


def _is_freed(node: Any) -> bool:
    """torch does not say so; reading something that the node saved fails once it is freed."""
    kind: type[Any] = type(node)
    names = _saved_names.get(kind)
    if names is None:
        names = [name for name in dir(kind) if name.startswith("_saved_")]
        names += ["saved_tensors"] if isinstance(node, torch.autograd.function.BackwardCFunction) else []
        _saved_names[kind] = names
    try:
        for name in names:
            getattr(node, name)
    except RuntimeError:
        return True
    return False
