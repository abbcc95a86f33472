"""What records a function's work on a device, and what looks whether that is possible.

A captured CUDA graph launches the kernels of a whole function at once, on the addresses that it was recorded with. It
runs no Python: what a function reads back from the device, draws on the host or copies from there would be frozen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

T = TypeVar("T")
Tensor = torch.Tensor


class CannotCaptureError(Exception):
    """A function cannot be captured; the message says why."""


class Recording(Protocol):
    """The recorded work of one call."""

    def replay(self) -> None:
        """Do the work again, on the memory that it was recorded with."""
        ...


class Pool(Protocol):
    """Memory that the recordings of one executor share; they run one after the other."""

    def enter(self) -> None:
        """Let what is queued now wait for the last use of this memory."""
        ...


class Recorder(Protocol):
    """What captures on one device."""

    def pool(self) -> Pool:
        """Return memory for recordings that never run at the same time."""
        ...

    def aside(self, function: Callable[[], T]) -> T:
        """Run a function where recordings are made, as a warm-up, and let the caller's stream wait for it."""
        ...

    def record(
        self, function: Callable[[], T], pool: Any, generators: Iterable[torch.Generator]
    ) -> tuple[Recording, T]:
        """Record a function and return what it returned: tensors that hold values after the first replay."""
        ...


#: Held while a device records; who finds it taken goes on without. Waiting could not end: a backward pass under record
#: needs torch's backward thread, which could be the one that waits.
recording = threading.Lock()


# -- CUDA --------------------------------------------------------------------------------------------------------------


class _CudaPool:
    """A memory pool of torch's allocator, and the stream that used it last."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.handle: Any = torch.cuda.graph_pool_handle()
        self._last: torch.cuda.Stream | None = None

    def enter(self) -> None:
        stream = torch.cuda.current_stream(self.device)
        if self._last is not None and self._last != stream:
            stream.wait_stream(self._last)
        self._last = stream


class Cuda:
    """Records CUDA graphs, all on one stream of a device, which warms up what they use (handles, workspaces)."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.stream = torch.cuda.Stream(device)

    def pool(self) -> _CudaPool:
        return _CudaPool(self.device)

    def aside(self, function: Callable[[], T]) -> T:
        # Blocks that are freed here and were read by the caller's stream are used again only after the first wait.
        outside = torch.cuda.current_stream(self.device)
        self.stream.wait_stream(outside)
        with torch.cuda.stream(self.stream):
            found = function()
        outside.wait_stream(self.stream)
        return found

    def record(
        self, function: Callable[[], T], pool: _CudaPool, generators: Iterable[torch.Generator]
    ) -> tuple[Recording, T]:
        graph = torch.cuda.CUDAGraph()
        for generator in generators:
            graph.register_generator_state(generator)
        # Other threads may go on pinning memory and loading batches: their calls are not this capture's business.
        mode = "thread_local"
        with (
            torch.cuda.device(self.device),
            torch.cuda.graph(graph, pool=pool.handle, stream=self.stream, capture_error_mode=mode),
        ):
            found = function()
        return graph, found


#: What makes a device's recorder, by the kind of the device.
KINDS: dict[str, Callable[[torch.device], Recorder]] = {"cuda": Cuda}
_recorders: dict[torch.device, Recorder] = {}


def recorder(device: torch.device) -> Recorder | None:
    """Return the recorder of a device, the same for everybody; None for devices without."""
    make = KINDS.get(device.type)
    if make is None:
        return None
    found = _recorders.get(device)
    if found is None:
        found = _recorders[device] = make(device)
    return found


# -- looking -----------------------------------------------------------------------------------------------------------

#: ATen operators whose results, or their shapes, come from values that the host has to wait for.
_READS_BACK = frozenset(
    {
        "_is_all_true",
        "_is_any_true",
        "_linalg_check_errors",
        "_local_scalar_dense",
        "_unique",
        "_unique2",
        "allclose",
        "argwhere",
        "bincount",
        "equal",
        "is_nonzero",
        "item",
        "masked_select",
        "nonzero",
        "nonzero_numpy",
        "repeat_interleave",
        "unique_consecutive",
        "unique_dim",
        "unique_dim_consecutive",
    }
)
_INDEXES = frozenset({"index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index", "_unsafe_index_put"})
_COPIES = frozenset({"_to_copy", "copy_", "copy", "_copy_from", "_foreach_copy_"})


def waits_for(function: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> str | None:
    """Return why a host that calls an ATen operator waits for the device, or None if it does not.

    Parameters
    ----------
    function : torch._ops.OpOverload
        What is called.
    arguments, keywords
        With what.
    """
    name = function.overloadpacket.__name__
    if name in _READS_BACK and not (name == "repeat_interleave" and keywords.get("output_size") is not None):
        return f"{name} reads values back from the device"
    if name in _INDEXES and any(_is_mask(index) for index in arguments[1] if index is not None):
        return "an index of true and false reads values back from the device"
    return None


def _is_mask(index: Any) -> bool:
    return isinstance(index, Tensor) and index.dtype in (torch.bool, torch.uint8)


def moves(function: Any, arguments: Sequence[Any], keywords: Mapping[str, Any], result: Any) -> str | None:
    """Return what an ATen operator copies between devices, or None."""
    name = function.overloadpacket.__name__
    kinds = {leaf.device for leaf in tree_leaves((arguments, keywords)) if isinstance(leaf, Tensor)}
    made = {leaf.device for leaf in tree_leaves(result) if isinstance(leaf, Tensor)}
    if name == "lift_fresh" and any(device.type != "cpu" for device in made):
        return "a constant is copied to the device"
    if name in _COPIES and len(kinds | made) > 1:
        return f"{name} copies from one device to another"
    return None


class Watch(TorchDispatchMode):
    """Looks at what a function does while it runs.

    Parameters
    ----------
    given : list of Tensor
        What the function may read.
    strict : bool
        Whether it may read nothing else but what it made itself.

    Attributes
    ----------
    reason : str or None
        Why the function cannot be captured.
    """

    def __init__(self, given: Sequence[Tensor], strict: bool) -> None:
        super().__init__()
        self.reason: str | None = None
        self._strict = strict
        self._written: set[int] = set()
        self._known = {memory(tensor) for tensor in given}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        keywords = kwargs or {}
        self._because(waits_for(func, args, keywords))
        name = func.overloadpacket.__name__
        if self._strict and name != "lift_fresh":  # what that is given is a constant that was made just now
            for leaf in tree_leaves((args, keywords)):
                if isinstance(leaf, Tensor) and memory(leaf) not in self._known:
                    self._because(f"{name} reads an array that was kept from an earlier call")
        self._written.update(memory(leaf) for leaf in _written(func, args, keywords))
        result = func(*args, **keywords)
        self._because(moves(func, args, keywords, result))
        self._known.update(memory(leaf) for leaf in tree_leaves(result) if isinstance(leaf, Tensor))
        return result

    def _because(self, reason: str | None) -> None:
        if self.reason is None:
            self.reason = reason

    def writes_to(self, tensor: Tensor) -> bool:
        """Return whether the function wrote to the memory of a tensor."""
        return memory(tensor) in self._written


def memory(tensor: Tensor) -> int:
    """Return what tells the memory of a tensor from other memory that exists; 0 for a tensor that has none."""
    try:
        return tensor.untyped_storage()._cdata
    except (NotImplementedError, RuntimeError):  # sparse, or without memory
        return 0


def _written(function: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> list[Tensor]:
    """Return the tensors that an ATen operator writes to."""
    found: list[Tensor] = []
    for position, argument in enumerate(function._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = arguments[position] if position < len(arguments) else keywords.get(argument.name)
            found += [leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor)]
    return found
