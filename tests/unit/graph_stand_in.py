"""A stand-in for CUDA graphs on the CPU: it records what ATen operators do, and does that again without any Python.

As on a device, a replay works on the addresses of the recording, with the numbers that Python had then; recording does
not compute; memory that nobody holds is somebody else's after each replay. All of these show as NaN or as old values
where something goes wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from mxnet._runtime import captures

Tensor = torch.Tensor


def spoil(tensor: Tensor) -> None:
    tensor.fill_(float("nan") if tensor.is_floating_point() else 1)


def users(tensor: Tensor) -> int:
    """Return how many tensors share this one's memory, without it."""
    storage = tensor.untyped_storage()
    return torch._C._storage_Use_Count(storage._cdata) - 2


class Pool:
    def __init__(self) -> None:
        self.entered = 0
        self.made: set[int] = set()  # memory of recordings

    def enter(self) -> None:
        self.entered += 1


class Recording(TorchDispatchMode):
    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self.pool = pool
        self.steps: list[Any] = []
        self.made: dict[int, Tensor] = {}
        self.aliases: dict[int, int] = {}  # how many of the tensors that share memory are ours
        self.before: dict[int, tuple[Tensor, Tensor]] = {}  # memory of others that was written to, and its content
        self.outside: list[Tensor] = []  # memory of others that was read or written to
        self.replays = 0

    def alias(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        self.aliases[captures.memory(value)] = self.aliases.get(captures.memory(value), 0) + 1
        return value.data  # with a version of its own: a replay is nothing that torch's autograd notices

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        keywords = kwargs or {}
        reason = captures.waits_for(func, args, keywords)
        if reason is not None:
            raise RuntimeError(f"operation not permitted when stream is capturing: {reason}")
        for tensor in tree_leaves((args, keywords)):
            if isinstance(tensor, Tensor) and captures.memory(tensor) not in self.pool.made:
                self.outside.append(tensor.detach())
        for tensor in captures._written(func, args, keywords):
            key = captures.memory(tensor)
            if key not in self.pool.made and key not in self.before:
                whole = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())
                self.before[key] = whole, whole.clone()
        result = func(*args, **keywords)
        given = {captures.memory(tensor) for tensor in tree_leaves((args, keywords)) if isinstance(tensor, Tensor)}
        for tensor in tree_leaves(result):
            key = captures.memory(tensor) if isinstance(tensor, Tensor) else 0
            if key and key not in given and key not in self.made:
                self.made[key] = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())
                self.aliases[key] = 1
                self.pool.made.add(key)
        self.steps.append(
            (torch.is_grad_enabled(), func, *(tree_map(self.alias, part) for part in (args, keywords, result)))
        )
        return result

    def end(self) -> None:
        for whole, content in self.before.values():
            whole.copy_(content)
        self.before.clear()
        for tensor in self.made.values():
            spoil(tensor)

    def replay(self) -> None:
        self.replays += 1
        for grad_mode, func, args, keywords, result in self.steps:
            with torch.set_grad_enabled(grad_mode):  # some operators look at it
                found = func(*args, **keywords)
            for old, new in zip(tree_leaves(result), tree_leaves(found)):
                if isinstance(old, Tensor) and captures.memory(old) != captures.memory(new):
                    given = {captures.memory(t) for t in tree_leaves((args, keywords)) if isinstance(t, Tensor)}
                    assert captures.memory(new) not in given, f"{func} gave a view once and not the other time"
                    old.copy_(new)
        for key, tensor in self.made.items():
            if users(tensor) == self.aliases[key] - 1:
                spoil(tensor)


class StandIn:
    """Records on the CPU.

    Attributes
    ----------
    recordings : list of Recording
    asides : int
        How many warm-ups there were.
    attempts : int
        How often recording was begun.
    fails : str or None
        What recording fails with.
    """

    def __init__(self, device: torch.device) -> None:
        self.recordings: list[Recording] = []
        self.asides = self.attempts = 0
        self.fails: str | None = None

    def pool(self) -> Pool:
        return Pool()

    def aside(self, function: Callable[[], Any]) -> Any:
        self.asides += 1
        return function()

    def record(self, function: Callable[[], Any], pool: Any, generators: Iterable[torch.Generator]) -> Any:
        self.attempts += 1
        states = [(generator, generator.get_state()) for generator in generators]
        recording = Recording(pool)
        try:
            with recording:
                found = function()
                if self.fails is not None:
                    raise RuntimeError(self.fails)
        finally:
            recording.end()
            for generator, state in states:
                generator.set_state(state)
        self.recordings.append(recording)
        return recording, found

    @property
    def replays(self) -> int:
        return sum(recording.replays for recording in self.recordings)
