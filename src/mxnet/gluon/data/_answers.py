"""What a task of a worker will give: a result or an exception."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

from ...base import MXNetError


class Answer(Future):  # type: ignore[type-arg]
    """What a task will give."""

    def get(self, timeout: float | None = None) -> Any:
        """Return it, or raise what the task raised; multiprocessing.TimeoutError if it takes longer than `timeout`."""
        try:
            return self.result(timeout)
        except FutureTimeout:
            if self.done():  # the task's own
                raise
            raise multiprocessing.TimeoutError from None
        finally:
            del self  # else what was raised would refer to itself, and keep all that its traceback sees


class WorkerTraceback(Exception):
    """Where in a worker an exception was raised; the cause of the exception that the main process raises."""

    def __init__(self, text: str) -> None:
        super().__init__(text)

    def __str__(self) -> str:
        return "\n" + str(self.args[0])


def presentable(error: BaseException) -> BaseException:
    """Return an exception that can be raised inside of an iterator: StopIteration would end it silently."""
    if isinstance(error, Exception) and not isinstance(error, (StopIteration, StopAsyncIteration)):
        return error
    changed = MXNetError(f"DataLoader: the dataset or batchify_fn raised {error!r}")
    changed.__cause__ = error
    return changed
