"""Functions of tensors that run as captured graphs: on what memory, and for which calls.

A function is called as it is twice: a first time to warm up, a second time under a `Watch`, which finds what a graph
could not repeat. The third call is captured and replayed. Each of these calls is the user's own, so nothing runs that
was not asked for. From then on a call copies what varies into static buffers and replays.

What a graph reads in place are tensors that were the same objects in the last two of these calls, such as parameters.
If one of them is replaced by another tensor, its graph is captured anew, and from the second time on that input is
copied, too. Results are copies: nothing that a user can reach lies in a graph's memory.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from operator import is_, itemgetter
from typing import TYPE_CHECKING, Any

import torch

from . import captures
from .captures import Recorder, Watch, memory

if TYPE_CHECKING:
    from .cuda_graphs import Graphs

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


class Captured:
    """One recording of a function, and the memory that it works on."""

    def __init__(self, arguments: Sequence[Tensor], stays: Sequence[bool]) -> None:
        places = [number for number, stay in enumerate(stays) if stay]
        self.in_place = [arguments[number] for number in places]
        self.buffers = [(n, torch.empty_like(arguments[n])) for n, stay in enumerate(stays) if not stay]
        self.stays = stays
        self._addresses = [tensor.data_ptr() for tensor in self.in_place]
        self._pick = _picker(places)
        self.recording: Any = None
        self.result: Any = None
        self.changed: list[Tensor] = []  # memory of others that a replay writes to
        self.guarded: list[Tensor] | None = (
            None  # those read in place that the backward half reads, once they are known
        )
        self.backward: dict[Any, Static] = {}  # by the numbers of the head gradients that there are
        self.user: Callable[[], Any] | None = None  # a weak reference to who still needs the memory

    @property
    def busy(self) -> bool:
        return self.user is not None and self.user() is not None

    def fits(self, arguments: Sequence[Tensor]) -> bool:
        """Return whether a replay computes with these tensors once the buffers are filled."""
        for number, buffer in self.buffers:
            tensor = arguments[number]
            if tensor.shape != buffer.shape or tensor.dtype is not buffer.dtype:
                return False
        picked = self._pick(arguments)
        return all(map(is_, picked, self.in_place)) and list(map(_address, picked)) == self._addresses

    def inputs(self, arguments: Sequence[Tensor]) -> list[Tensor]:
        """Return what the function is recorded with.

        All are aliases whose version stays: torch's autograd may keep one as an input of the backward half, and does
        not have to know that it holds another batch at each replay.
        """
        found = list(arguments)
        for number, buffer in self.buffers:
            found[number] = buffer
        return [tensor.data for tensor in found]


_address = Tensor.data_ptr


def _picker(places: Sequence[int]) -> Callable[[Sequence[Tensor]], Sequence[Tensor]]:
    if len(places) > 1:
        return itemgetter(*places)
    return (lambda arguments: (arguments[places[0]],)) if places else (lambda arguments: ())


class _Entry:
    """What is known of a function for inputs of one shape."""

    def __init__(self) -> None:
        self.calls = 0
        self.copies: list[Captured] = []
        self.last: list[weakref.ref[Tensor]] = []  # the tensors of the last call, which tell what stays
        self.replaced: dict[int, int] = {}
        self.written: list[int] = []  # numbers of the inputs that the function writes to

    def forget(self, arguments: Sequence[Tensor]) -> None:
        """Drop all recordings: something that they read in place is another tensor now."""
        captured = self.copies[0]
        places = [number for number, stay in enumerate(captured.stays) if stay]
        for number, tensor, address in zip(places, captured.in_place, captured._addresses):
            if arguments[number] is not tensor or tensor.data_ptr() != address:
                self.replaced[number] = self.replaced.get(number, 0) + 1
        self.copies, self.last, self.calls = [], [], 0

    def stays(self, arguments: Sequence[Tensor]) -> Sequence[bool]:
        """Return which inputs can be read in place."""
        if self.copies:
            return self.copies[0].stays
        return [
            tensor is last() and self.replaced.get(number, 0) < _REPLACED
            for number, (tensor, last) in enumerate(zip(arguments, self.last))
        ]

    def loses_a_write(self, arguments: Sequence[Tensor], stays: Sequence[bool]) -> bool:
        """Return whether the function writes to memory of which it would get a copy."""
        written = {memory(arguments[number]) for number in self.written}
        return any(memory(tensor) in written for tensor, stay in zip(arguments, stays) if not stay)


class Static:
    """A function of tensors that runs as captured graphs once it is warm.

    Parameters
    ----------
    graphs : Graphs
        Those of its plan.
    function : function of a list of Tensor
        What to run. It returns nested tuples of tensors and anything else.
    strict : bool
        Whether it reads nothing but its arguments.
    lends : function of (Captured, object), optional
        For the forward half of a step: makes what a replay returns in the place of the second result.
    own : list of Tensor
        Results that are returned as they are, not copied.
    """

    def __init__(
        self,
        graphs: Graphs,
        function: Function,
        strict: bool = True,
        lends: Callable[[Captured, Any], Any] | None = None,
        own: Sequence[Tensor] = (),
    ) -> None:
        self.graphs, self.function, self.strict, self.lends, self.own = graphs, function, strict, lends, own
        self._recent: Captured | None = None
        self._entries: dict[Any, _Entry] = {}
        self._lock = threading.Lock()

    def call(self, arguments: Sequence[Tensor]) -> Any:
        """Return what the function returns."""
        if self.graphs.refused is not None:
            return self.function(arguments)
        entry: _Entry | None = None
        with self._lock:
            captured = self._recent
            if captured is None or captured.busy or not captured.fits(arguments):
                entry = self._entry(arguments)
                captured = self._recent = None if entry is None else self._captured(entry, arguments)
            if captured is not None:
                return self._replay(captured, arguments)
        if entry is None or entry.calls >= WARM_UPS or not captures.recording.acquire(blocking=False):
            return self.function(arguments)
        try:
            return self._warm_up(entry, arguments)
        finally:
            captures.recording.release()

    def _entry(self, arguments: Sequence[Tensor]) -> _Entry | None:
        """Return what is known for these shapes; None if there are too many."""
        key = tuple((tensor.shape, tensor.dtype) for tensor in arguments)
        entry = self._entries.get(key)
        if entry is None and len(self._entries) < SHAPES:
            entry = self._entries[key] = _Entry()
        return entry

    def _captured(self, entry: _Entry, arguments: Sequence[Tensor]) -> Captured | None:
        """Return a recording for these tensors that nobody needs, made now if it is time; None if there is none."""
        if entry.copies and not entry.copies[0].fits(arguments):
            entry.forget(arguments)
        free = next((captured for captured in entry.copies if not captured.busy), None)
        if free is not None or entry.calls < WARM_UPS or len(entry.copies) >= COPIES:
            return free
        stays = entry.stays(arguments)
        if entry.loses_a_write(arguments, stays):
            self.graphs.refuse("it writes to an array that is another one at each call")
        elif captures.recording.acquire(blocking=False):
            try:
                return self._capture(entry, arguments, stays)
            finally:
                captures.recording.release()
        return None

    # -- running -------------------------------------------------------------------------------------------------------

    def _warm_up(self, entry: _Entry, arguments: Sequence[Tensor]) -> Any:
        """Run the function as it is, where it will be captured; the last time, look at what it does."""
        recorder: Recorder = self.graphs.recorder
        if entry.calls + 1 < WARM_UPS:
            found = recorder.aside(lambda: self.function(arguments))
        else:
            with Watch([*arguments, *self.own], self.strict) as watch:
                found = recorder.aside(lambda: self.function(arguments))
            self.graphs.refuse(watch.reason)
            entry.written = [number for number, tensor in enumerate(arguments) if watch.writes_to(tensor)]
        entry.last = [weakref.ref(tensor) for tensor in arguments]
        entry.calls += 1  # only now: a call that fails warms nothing up
        return found

    def _capture(self, entry: _Entry, arguments: Sequence[Tensor], stays: Sequence[bool]) -> Captured | None:
        """Record the function; None if that fails."""
        captured = Captured(arguments, stays)
        inputs = captured.inputs(arguments)
        try:
            captured.recording, captured.result = self.graphs.recorder.record(
                lambda: self.function(inputs), self.graphs.pool, self.graphs.generators
            )
        except Exception as error:
            first = error.__context__ or error  # to end a capture that is invalid fails, too
            text = str(first).splitlines()
            self.graphs.refuse(f"capturing failed: {text[0] if text else type(first).__name__}")
            self._entries.clear()
            return None
        captured.changed = [*(arguments[number] for number in entry.written), *self.own]
        entry.copies.append(captured)
        return captured

    def _replay(self, captured: Captured, arguments: Sequence[Tensor]) -> Any:
        self.graphs.pool.enter()
        for number, buffer in captured.buffers:
            buffer.copy_(arguments[number])
        captured.recording.replay()
        if captured.changed:
            torch.autograd.graph.increment_version(captured.changed)  # as operators do that write to memory
        if self.lends is None:
            return self._copies(captured.result)
        outputs, saved, watched = captured.result
        return self._copies(outputs), self.lends(captured, saved), self._copies(watched)

    def _copies(self, result: Any) -> Any:
        """Return results in memory of their own."""
        if isinstance(result, Tensor):
            return result if any(result is tensor for tensor in self.own) else result.detach().clone()
        return tuple(map(self._copies, result)) if isinstance(result, (tuple, list)) else result
