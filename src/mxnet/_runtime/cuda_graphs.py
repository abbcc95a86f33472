"""Lowered functions that run as captured CUDA graphs: when to capture, on what memory, and when not.

A function is called as it is twice: a first time to warm up, a second time under a `Watch`, which finds what a graph
could not repeat. The third call is captured and replayed. Each of these calls is the user's own, so nothing runs that
was not asked for. From then on a call copies what varies into static buffers and replays.

What a graph reads in place are tensors that were the same objects in all calls, such as parameters. If one of them is
replaced by another tensor, its graph is captured anew, and from the second time on that input is copied, too.

Results are copies: nothing that a user can reach lies in a graph's memory. See decision 25.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from .._graph.node import Node
from .._graph.step import Training
from ..base import ValueError as MXNetValueError
from . import captures
from .captures import Recorder, Watch, memory

Tensor = torch.Tensor
Function = Callable[..., Any]

#: Graphs for so many different shapes of one function's inputs; others run as they are.
SHAPES = 8
#: Graphs of one function for the same shapes, where several calls wait for their backward pass at a time.
COPIES = 4
#: Calls as it is before a function is captured. The last one is watched.
WARM_UPS = 2
#: How often an input may be replaced before it is copied at each call.
_REPLACED = 2

_log = logging.getLogger(__name__)


def enabled() -> bool:
    """Return whether ``MXNET_ENABLE_CUDA_GRAPHS`` asks for CUDA graphs: 1 does, 0 (the default) does not.

    Raises
    ------
    ValueError
        If it is something else.
    """
    value = os.environ.get("MXNET_ENABLE_CUDA_GRAPHS", "0").strip()
    if value not in ("0", "1", ""):
        raise MXNetValueError(f"MXNET_ENABLE_CUDA_GRAPHS={value}; expected 1 (CUDA graphs) or 0 (none)")
    return value == "1"


def graphs_for(what: str, devices: Iterable[torch.device], nodes: Sequence[Node]) -> Graphs | None:
    """Return what captures the functions of one plan, or None where nothing is to be captured.

    Parameters
    ----------
    what : str
        Whose functions they are, for the log.
    devices : iterable of torch.device
        Where the nodes run.
    nodes : list of Node
        The plan's nodes.
    """
    places = set(devices)
    if not any(place.type in captures.KINDS for place in places) or not enabled():
        return None
    graphs = Graphs(what, captures.recorder(next(iter(places))))
    if len(places) > 1:
        graphs.refuse(f"it runs on several devices ({', '.join(sorted(map(str, places)))})")
    else:
        graphs.refuse(refusal(nodes, next(iter(places))))
    return None if graphs.refused else graphs


#: Operators that draw on the host from the state of a device's generator.
_DRAWS_ON_HOST = frozenset({"_image_random_color_jitter"})
_DEPENDS_ON_VALUES = frozenset({"_while_loop", "_cond"})


def refusal(nodes: Iterable[Node], device: torch.device) -> str | None:
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
        if operator.keeps and (device.type == "cpu" or operator.name != "_fused_convolution"):
            return f"{where} it runs Python at each call"  # that fused operator keeps something on CPUs only
        for graph in node.subgraphs:
            found = refusal(_nodes_of(graph), device)
            if found is not None:
                return found
    return None


def _nodes_of(heads: Any) -> list[Node]:
    from .._graph.node import topological_order

    return topological_order(heads)


class Graphs:
    """The captured graphs of one plan: they share memory, and the reason why there are none.

    Attributes
    ----------
    refused : str or None
        Why functions run as they are.
    """

    def __init__(self, what: str, recorder: Recorder | None) -> None:
        self.what = what
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

    def step(self, step: Training, into: Sequence[Tensor | None] = (), own: Sequence[Tensor] = ()) -> StaticStep:
        """Return a step that does what `step` does.

        Parameters
        ----------
        step : Training
            The halves as they are.
        into : list of Tensor or None
            What the backward half is called with at each call.
        own : list of Tensor
            Memory of the caller's that the backward half writes its results to: those are returned as they are.
        """
        return StaticStep(self, step, into, own)


class _Captured:
    """One recording of a function and the memory that it works on."""

    __slots__ = ("addresses", "buffers", "held", "in_place", "recording", "result", "returned", "user")

    def __init__(self, in_place: list[tuple[int, Tensor]], buffers: list[tuple[int, Tensor]]) -> None:
        self.in_place, self.buffers = in_place, buffers
        self.addresses = [tensor.data_ptr() for _, tensor in in_place]
        self.recording: Any = None
        self.result: Any = None
        self.held: Any = None  # what a backward half works with
        self.user: Callable[[], Any] | None = None  # a weak reference to who still needs the memory

    @property
    def busy(self) -> bool:
        return self.user is not None and self.user() is not None

    def fits(self, arguments: Sequence[Tensor]) -> bool:
        """Return whether a replay would compute with these tensors, once the buffers are filled."""
        return all(
            arguments[n].shape == buffer.shape and arguments[n].dtype is buffer.dtype for n, buffer in self.buffers
        ) and all(
            arguments[n] is tensor and tensor.data_ptr() == address
            for (n, tensor), address in zip(self.in_place, self.addresses)
        )


class _Entry:
    """What is known of a function for inputs of one shape."""

    __slots__ = ("calls", "copies", "generators", "last", "replaced", "written")

    def __init__(self) -> None:
        self.calls = 0
        self.copies: list[_Captured] = []
        self.last: list[Tensor] = []  # the tensors of the last call, and so which of them stay
        self.replaced: dict[int, int] = {}
        self.generators: list[torch.Generator] = []
        self.written: list[int] = []  # numbers of inputs that the function writes to


class Static:
    """A function of tensors that runs as captured graphs once it is warm.

    Parameters
    ----------
    graphs : Graphs
        Where it belongs.
    function : function of a list of Tensor
        What to run. What it returns are nested tuples of tensors and anything else.
    strict : bool
        Whether it reads nothing but its arguments.
    own : list of Tensor
        Results that are returned as they are, not copied.
    """

    def __init__(
        self, graphs: Graphs, function: Function, strict: bool = True, own: Sequence[Tensor] = (), lends: bool = False
    ) -> None:
        self.graphs, self.function, self.strict, self.own, self.lends = graphs, function, strict, own, lends
        self._recent: _Captured | None = None
        self._entries: dict[Any, _Entry] = {}
        self._lock = threading.Lock()

    def call(self, arguments: Sequence[Tensor]) -> Any:
        """Return what the function returns; with `lends`, a captured call returns its first part and a `Lease`."""
        if self.graphs.refused is not None:
            return self.function(arguments)
        with self._lock:
            captured = self._recent
            if captured is None or captured.busy or not captured.fits(arguments):
                captured = self._find(arguments)
                if captured is not None and captured.recording is None:
                    captured = self._capture(captured, arguments)
            if captured is not None:
                self._recent = captured
                return self._replay(captured, arguments)
            entry = self._entries.get(_signature(arguments))
            if entry is None or self.graphs.refused is not None or not captures.recording.acquire(blocking=False):
                return self.function(arguments)
            try:
                return self._warm_up(entry, arguments)
            finally:
                captures.recording.release()

    # -- finding a graph -----------------------------------------------------------------------------------------------

    def _find(self, arguments: Sequence[Tensor]) -> _Captured | None:
        """Return a recording for these tensors, or one that is to be made; None to run the function as it is."""
        key = _signature(arguments)
        entry = self._entries.get(key)
        if entry is None:
            if len(self._entries) < SHAPES:
                self._entries[key] = _Entry()
            return None
        for captured in entry.copies:
            if captured.fits(arguments):
                if not captured.busy:
                    return captured
            else:
                self._forget(entry, captured, arguments)
                return None
        if entry.calls < WARM_UPS or len(entry.copies) >= COPIES:
            return None
        return self._prepared(entry, arguments)

    def _forget(self, entry: _Entry, captured: _Captured, arguments: Sequence[Tensor]) -> None:
        """Drop the recordings of an entry: a tensor that they read in place is another one now."""
        for number, tensor in captured.in_place:
            if arguments[number] is not tensor or tensor.data_ptr() != captured.addresses[number_of(captured, number)]:
                entry.replaced[number] = entry.replaced.get(number, 0) + 1
        entry.copies.clear()
        entry.last, entry.calls = [], 0
        self._recent = None

    def _prepared(self, entry: _Entry, arguments: Sequence[Tensor]) -> _Captured | None:
        """Return a recording that is still to be made, with its buffers; None if there cannot be one."""
        stays = [
            tensor is last and entry.replaced.get(number, 0) < _REPLACED
            for number, (tensor, last) in enumerate(zip(arguments, entry.last))
        ]
        written = {memory(entry.last[number]) for number in entry.written}
        for number, tensor in enumerate(arguments):
            if not stays[number] and (number in entry.written or memory(tensor) in written):
                self.graphs.refuse("it writes to an array that is another one at each call")
                return None
        return _Captured(
            [(number, tensor) for number, tensor in enumerate(arguments) if stays[number]],
            [(number, torch.empty_like(tensor)) for number, tensor in enumerate(arguments) if not stays[number]],
        )

    # -- running -------------------------------------------------------------------------------------------------------

    def _warm_up(self, entry: _Entry, arguments: Sequence[Tensor]) -> Any:
        """Run the function as it is, where it will be captured; the last time, look at what it does."""
        recorder: Recorder = self.graphs.recorder
        entry.calls += 1
        entry.last = list(arguments)
        if entry.calls != WARM_UPS:
            return recorder.aside(lambda: self.function(arguments))
        watch = Watch([*arguments, *self.own], self.strict)
        with watch:
            found = recorder.aside(lambda: self.function(arguments))
        self.graphs.refuse(watch.reason)
        entry.generators = watch.generators
        entry.written = [number for number, tensor in enumerate(arguments) if watch.writes_to(tensor)]
        return found

    def _capture(self, captured: _Captured, arguments: Sequence[Tensor]) -> _Captured | None:
        """Record the function on the buffers; None if that failed, or another thread is recording."""
        if not captures.recording.acquire(blocking=False):
            return None
        entry = self._entries[_signature(arguments)]
        mixed = list(arguments)
        for number, buffer in captured.buffers:
            mixed[number] = buffer
        try:
            captured.recording, captured.result = self.graphs.recorder.record(
                lambda: self.function(mixed), self.graphs.pool, entry.generators
            )
        except Exception as error:
            # What failed first is the cause: ending a capture that is invalid fails, too.
            first = error.__context__ or error
            self.graphs.refuse(
                f"capturing failed: {str(first).splitlines()[0] if str(first) else type(first).__name__}"
            )
            self._entries.clear()
            return None
        finally:
            captures.recording.release()
        entry.copies.append(captured)
        entry.last = list(arguments) if len(entry.copies) < COPIES and self.lends else []
        return captured

    def _replay(self, captured: _Captured, arguments: Sequence[Tensor]) -> Any:
        self.graphs.pool.enter()
        for number, buffer in captured.buffers:
            buffer.copy_(arguments[number])
        captured.recording.replay()
        if not self.lends:
            return self._copies(captured.result)
        outputs, saved, watched = captured.result
        return self._copies(outputs), Lease(self, captured, saved), self._copies(watched)

    def _copies(self, result: Any) -> Any:
        """Return results in memory of their own."""
        if isinstance(result, Tensor):
            return result if any(result is tensor for tensor in self.own) else result.detach().clone()
        return tuple(map(self._copies, result)) if isinstance(result, (tuple, list)) else result
