"""A pool of threads that make batches, with the one method of ``multiprocessing.Pool`` that is needed."""

from __future__ import annotations

import atexit
import contextlib
import queue
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from ...base import MXNetError
from ._answers import Answer, presentable

_PATIENCE = 5.0  # seconds that the end of a program waits for threads


class Threads:
    """A pool of threads. They never keep a program from ending."""

    def __init__(self, count: int) -> None:
        self._tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=_serve, args=(self._tasks,), name=f"DataLoader-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()
        _threaded.add(self)

    def apply_async(self, function: Callable[..., Any], args: Sequence[Any] = ()) -> Answer:
        """Call ``function(*args)`` in one of the threads."""
        answer = Answer()
        self._tasks.put((answer, function, args))
        return answer

    def terminate(self) -> None:
        """Let the threads end after what they are doing now."""
        with contextlib.suppress(queue.Empty):
            while task := self._tasks.get_nowait():
                task[0].set_exception(MXNetError("DataLoader: its threads have been ended"))
        for _ in self._threads:
            self._tasks.put(None)

    def join(self, deadline: float) -> None:
        """Wait for the threads' ends, but not after `deadline` on the clock of ``time.monotonic``."""
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))


_threaded: weakref.WeakSet[Threads] = weakref.WeakSet()


@atexit.register
def _end_threads() -> None:
    """Let threads end before Python does: it would break them off in the middle of C++ code, which is an abort."""
    deadline = time.monotonic() + _PATIENCE
    for pool in list(_threaded):
        pool.terminate()
        pool.join(deadline)


def _serve(tasks: queue.SimpleQueue[Any]) -> None:
    while (task := tasks.get()) is not None:
        answer, function, args = task
        try:
            answer.set_result(function(*args))
        except BaseException as error:
            answer.set_exception(presentable(error))
        del task, answer, function, args  # a batch must not outlive its use
