"""A pool of processes that make batches, with the one method of ``multiprocessing.Pool`` that is needed.

A worker process has a pipe for tasks and a socket for answers. Nothing is shared between workers, so one that dies, at
whatever point, leaves no lock held and no half of an answer in another one's way: its socket ends, and that is seen at
once. A thread of the main process takes the answers in, so that workers never wait for the training loop.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import multiprocessing
import os
import pickle
import signal
import socket
import struct
import sys
import threading
import time
import traceback
import warnings
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

import torch

from ... import autograd
from ..._runtime import random as _random
from ...base import MXNetError
from ...context import Context
from ._answers import Answer, WorkerTraceback, presentable
from ._seeds import Seeds
from ._sharing import opened_outbox, packed_answer, unpacked_answer

#: A forked worker takes datasets over as they are: lambdas, open files and all, without a copy.
_METHOD = "fork" if sys.platform == "linux" else "spawn"
_PATIENCE = 5.0  # seconds after which an idle worker looks whether the main process is still there


# -- processes, as the main process sees them -------------------------------------------------------------------------


@dataclass
class _Worker:
    """A worker process, and the answers that it owes."""

    process: Any
    tasks: Connection
    answers: socket.socket
    owed: dict[int, Answer] = field(default_factory=dict)
    failure: str = ""

    def fail(self, failure: str) -> None:
        """Let all that is owed, and all that may still be asked, raise an error that says `failure`."""
        self.failure = failure
        for key in list(self.owed):
            self.settle(key)

    def settle(self, key: int) -> None:
        """Let one answer raise the failure, unless it has come in the meantime."""
        if (answer := self.owed.pop(key, None)) is not None:
            answer.set_exception(MXNetError(self.failure))


class Processes:
    """A pool of worker processes.

    Parameters
    ----------
    count : int
        How many.
    inherited : sequence of objects
        What tasks refer to and workers have from the beginning, so that it is not sent: a dataset, a function.
    arrived : callable, optional
        Applied to every result in the thread that takes results in: it copies arrays to page-locked memory.
    """

    def __init__(self, count: int, inherited: Sequence[Any] = (), arrived: Callable[[Any], Any] | None = None) -> None:
        if multiprocessing.current_process().daemon:
            raise MXNetError(
                "DataLoader: a worker process of another loader cannot have workers of its own; expected num_workers=0 "
                "in a loader that a dataset uses"
            )
        self._inherited = tuple(inherited)
        self._epochs = itertools.count()
        self._numbers = itertools.count()
        self._keys = itertools.count()
        self._seeds: Seeds | None = None
        self._sending = threading.Lock()
        self._workers: list[_Worker] = []
        woken, wake = multiprocessing.Pipe(duplex=False)
        _main_ends.update((woken, wake))
        receiver = threading.Thread(
            target=_receive, args=(self._workers, woken, arrived), name="DataLoader-receiver", daemon=True
        )
        self._end = weakref.finalize(self, _end, self._workers, wake, receiver, os.getpid())
        for number in range(count):
            self._workers.append(_started(number, self._inherited))
        receiver.start()

    @property
    def failure(self) -> str:
        """What has become of a worker that died; empty if all live."""
        return next((worker.failure for worker in self._workers if worker.failure), "")

    def new_epoch(self) -> None:
        """Draw new seeds: the random numbers of a task follow from them and from its number in the epoch."""
        self._seeds = Seeds.of_epoch(next(self._epochs))
        self._numbers = itertools.count()

    def apply_async(self, function: Callable[..., Any], args: Sequence[Any] = ()) -> Answer:
        """Call ``function(*args)`` in the worker that has least to do."""
        number, key, answer = next(self._numbers), next(self._keys), Answer()
        seeds = self._seeds and self._seeds.of_batch(number)
        content = _packed_task((key, number, seeds, function, tuple(args)), self._inherited)
        with self._sending:
            worker = min(self._workers, key=lambda worker: (worker.failure != "", len(worker.owed)))
            worker.owed[key] = answer
            with contextlib.suppress(OSError):  # a dead worker; the receiver tells what became of it
                worker.tasks.send_bytes(content)
        if worker.failure:
            worker.settle(key)
        return answer

    def terminate(self) -> None:
        """End the processes; those that are busy are given a moment."""
        self._end()


#: The main process's ends of all pipes. A forked worker closes them, so that a pipe ends when the main process is gone.
_main_ends: weakref.WeakSet[Connection | socket.socket] = weakref.WeakSet()


def _started(number: int, inherited: tuple[Any, ...]) -> _Worker:
    context = multiprocessing.get_context(_METHOD)
    tasks_end, tasks = context.Pipe(duplex=False)
    answers, answers_end = socket.socketpair()
    _main_ends.update((tasks, answers))
    process = context.Process(  # type: ignore[attr-defined]  # of every context
        target=_work,
        args=(number, os.getpid(), tasks_end, answers_end, inherited),
        name=f"DataLoader-{number}",
        daemon=True,
    )
    with warnings.catch_warnings():
        # Python 3.12 and later warn of any fork beside threads. `_prepare` does what makes it safe.
        warnings.filterwarnings("ignore", message=".*fork", category=DeprecationWarning)
        process.start()
    tasks_end.close()
    answers_end.close()
    return _Worker(process, tasks, answers)


def _receive(workers: list[_Worker], woken: Connection, arrived: Callable[[Any], Any] | None) -> None:
    """Take answers in until woken."""
    by_pipe = {worker.answers: worker for worker in workers}
    while True:
        ready = wait([woken, *by_pipe])
        if woken in ready:
            break
        for pipe in ready:
            worker = by_pipe[pipe]  # type: ignore[index]
            try:
                key, content, descriptors = _received(worker.answers)
            except (EOFError, OSError):
                del by_pipe[worker.answers]
                worker.fail(_obituary(worker.process))
            else:
                _deliver(worker.owed.pop(key), content, descriptors, arrived)
                del content
    for worker in workers:
        worker.fail("DataLoader: its workers have been ended")
        worker.answers.close()
    woken.close()


def _deliver(answer: Answer, content: bytes, descriptors: Sequence[int], arrived: Callable[[Any], Any] | None) -> None:
    try:
        done, value = unpacked_answer(content, descriptors)
        if done:
            answer.set_result(arrived(value) if arrived else value)
        else:
            error, trace = value
            error.__cause__ = WorkerTraceback(trace)
            answer.set_exception(error)
    except Exception as error:
        answer.set_exception(MXNetError(f"DataLoader: a batch could not be received: {error!r}"))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _obituary(process: Any) -> str:
    """Return what became of a process whose pipe has ended."""
    process.join(_PATIENCE)
    code = process.exitcode
    if code is None:
        what = "closed its pipe"
    elif code >= 0:
        what = f"exited with {code}"
    else:
        what = f"was killed by {signal.Signals(-code).name}"
    why = {
        -signal.SIGKILL: ": perhaps the system had no memory left; try fewer workers or smaller batches",
        -getattr(signal, "SIGBUS", 0): ": perhaps no shared memory was left; enlarge /dev/shm, or try fewer workers",
    }.get(code, "; with num_workers=0 the same code runs in the main process, where a debugger can see it")
    return f"DataLoader: worker process {process.name.rpartition('-')[2]} (pid {process.pid}) {what}{why}"


def _end(workers: list[_Worker], wake: Connection, receiver: threading.Thread, owner: int) -> None:
    """End workers: idle ones by closing their pipes, others by SIGTERM, and by SIGKILL if that is not enough."""
    if os.getpid() != owner:  # a forked copy of the pool
        return
    wake.send_bytes(b"end")
    wake.close()
    if receiver.is_alive() and receiver is not threading.current_thread():
        receiver.join(_PATIENCE)
    for worker in workers:
        worker.tasks.close()
    processes = [worker.process for worker in workers]
    for stop, patience in (("", 0.2), ("terminate", 1.0), ("kill", 5.0)):
        deadline = time.monotonic() + patience
        for process in processes:
            if stop:
                getattr(process, stop)()
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
        processes = [process for process in processes if process.is_alive()]


# -- processes, as they see themselves --------------------------------------------------------------------------------


def _work(number: int, parent: int, tasks: Connection, answers: socket.socket, inherited: tuple[Any, ...]) -> None:
    """Do tasks until there are no more, or the main process is gone."""
    _prepare()
    with contextlib.suppress(EOFError, OSError):
        while True:
            while not tasks.poll(_PATIENCE):
                if os.getppid() != parent:
                    return
            _do(number, tasks.recv_bytes(), inherited, answers)


def _prepare() -> None:
    """Make a forked copy of the main process fit for work."""
    for end in list(_main_ends):
        end.close()
    # Ctrl-C reaches the whole group of processes; the main process decides what becomes of its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # The threads of OpenMP and OpenCV are not copied by a fork, and their libraries would wait for them.
    torch.set_num_threads(1)
    os.environ["OPENCV_FOR_THREADS_NUM"] = "1"
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(0)
    _random._generators.clear()  # those of GPUs cannot be used here
    Context.default_ctx = Context("cpu", 0)
    autograd.set_recording(False)
    autograd.set_training(False)


def _do(worker: int, content: bytes, inherited: tuple[Any, ...], answers: socket.socket) -> None:
    """Do a task, and send what it gave or raised."""
    key, number, seeds, function, args = _unpacked_task(content, inherited)
    with opened_outbox() as outbox:
        descriptors: Sequence[int] = ()
        try:
            if seeds:
                seeds.apply()
            answer = packed_answer((True, function(*args)), outbox)
            descriptors = outbox.descriptors if outbox else ()
        except BaseException as error:
            place = f"In worker process {worker} (pid {os.getpid()}), task {number}:\n"
            answer = pickle.dumps((False, (_portable(presentable(error)), place + traceback.format_exc())))
        _send(answers, key, answer, descriptors)


def _portable(error: BaseException) -> BaseException:
    """Return an exception that can be pickled: those with parameters of their own often cannot."""
    with contextlib.suppress(Exception):
        if type(pickle.loads(pickle.dumps(error))) is type(error):
            return error
    return MXNetError(f"DataLoader: the dataset or batchify_fn raised {type(error).__qualname__}: {error}")


# -- answers on their way ---------------------------------------------------------------------------------------------
_HEAD = struct.Struct("<QQQ")  # which task, how many bytes, how many descriptors
_AT_ONCE = 200  # descriptors in one message; Linux allows 253


def _send(answers: socket.socket, key: int, content: bytes, descriptors: Sequence[int]) -> None:
    answers.sendall(_HEAD.pack(key, len(content), len(descriptors)) + content)
    for start in range(0, len(descriptors), _AT_ONCE):
        socket.send_fds(answers, [b"d"], descriptors[start : start + _AT_ONCE])


def _received(answers: socket.socket) -> tuple[int, bytes, list[int]]:
    key, length, count = _HEAD.unpack(_read(answers, _HEAD.size))
    content = _read(answers, length)
    descriptors: list[int] = []
    while len(descriptors) < count:
        byte, some, _, _ = socket.recv_fds(answers, 1, _AT_ONCE)
        if not byte:
            raise EOFError
        descriptors += some
    return key, content, descriptors


def _read(answers: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        piece = answers.recv(length - len(found))
        if not piece:
            raise EOFError
        found += piece
    return bytes(found)


# -- tasks on their way -----------------------------------------------------------------------------------------------


class _TaskPickler(pickle.Pickler):
    """Writes what workers have inherited as its number."""

    def __init__(self, file: io.BytesIO, inherited: tuple[Any, ...]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._places = {id(item): place for place, item in enumerate(inherited)}

    def persistent_id(self, obj: Any) -> int | None:
        return self._places.get(id(obj))


class _TaskUnpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, inherited: tuple[Any, ...]) -> None:
        super().__init__(file)
        self._inherited = inherited

    def persistent_load(self, pid: int) -> Any:
        return self._inherited[pid]


def _packed_task(task: tuple[Any, ...], inherited: tuple[Any, ...]) -> bytes:
    buffer = io.BytesIO()
    _TaskPickler(buffer, inherited).dump(task)
    return buffer.getvalue()


def _unpacked_task(content: bytes, inherited: tuple[Any, ...]) -> Any:
    return _TaskUnpickler(io.BytesIO(content), inherited).load()
