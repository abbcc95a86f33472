"""Iterators around other iterators."""

from __future__ import annotations

import atexit
import queue
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from .. import base
from ._protocol import DataBatch, DataDesc, DataIter, described

__all__ = ["PrefetchingIter", "ResizeIter"]


class ResizeIter(DataIter):
    """Makes epochs of `size` batches out of an iterator with another number of them.

    Parameters
    ----------
    data_iter : DataIter
        Where the batches come from; it begins again whenever it ends.
    size : int
        Number of batches in an epoch.
    reset_internal : bool, default True
        Whether `reset` also resets `data_iter`. If not, an epoch goes on where the last one ended.

    Examples
    --------
    >>> inner = mx.io.NDArrayIter(np.arange(4), batch_size=2)
    >>> [batch.data[0].asnumpy().tolist() for batch in mx.io.ResizeIter(inner, 3)]
    [[0.0, 1.0], [2.0, 3.0], [0.0, 1.0]]
    """

    __module__ = "mxnet.io.io"

    def __init__(self, data_iter: Any, size: int, reset_internal: bool = True) -> None:
        super().__init__()
        self.data_iter = data_iter
        self.size = size
        self.reset_internal = reset_internal
        self.cur = 0
        self.current_batch: DataBatch | None = None
        self.provide_data = data_iter.provide_data
        self.provide_label = data_iter.provide_label
        self.batch_size = data_iter.batch_size
        if hasattr(data_iter, "default_bucket_key"):
            self.default_bucket_key = data_iter.default_bucket_key

    def reset(self) -> None:
        """Begin the next epoch."""
        self.cur = 0
        if self.reset_internal:
            self.data_iter.reset()

    def iter_next(self) -> bool:
        """Go on to the next batch and return whether there is one."""
        if self.cur == self.size:
            return False
        try:
            self.current_batch = self.data_iter.next()
        except StopIteration:
            self.data_iter.reset()
            self.current_batch = self.data_iter.next()
        self.cur += 1
        return True

    def next(self) -> DataBatch:
        """Return the next batch, as the inner iterator made it.

        Raises
        ------
        StopIteration
            If the epoch has ended, or the inner iterator has no batch at all.
        """
        if not self.iter_next():
            raise StopIteration
        return _present(self.current_batch, "ResizeIter")

    def getdata(self) -> Any:
        """Return the input arrays of the present batch."""
        return _present(self.current_batch, "ResizeIter").data

    def getlabel(self) -> Any:
        """Return the label arrays of the present batch."""
        return _present(self.current_batch, "ResizeIter").label

    def getindex(self) -> Any:
        """Return the numbers of the examples of the present batch, or None."""
        return _present(self.current_batch, "ResizeIter").index

    def getpad(self) -> int | None:
        """Return how many examples at the end of the present batch only fill it up."""
        return _present(self.current_batch, "ResizeIter").pad


def _present(batch: DataBatch | None, name: str) -> DataBatch:
    if batch is None:
        raise base.MXNetError(f"{name}: there is no batch: call iter_next() or next() first")
    return batch


class _Worker(threading.Thread):
    """A thread that takes one batch after the other out of an iterator, when asked.

    It does not know who asks, so that one can be collected, and ends it. As a daemon, it does not keep the interpreter
    from ending where its iterator never returns.
    """

    def __init__(self, iterator: Any, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._iterator = iterator
        self._asked: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[DataBatch | None, BaseException | None]] = queue.SimpleQueue()
        #: Whether an answer is under way; only the asking side uses it.
        self._busy = False
        _workers.add(self)
        self.start()

    def run(self) -> None:
        """Answer until told to end."""
        while self._asked.get():
            try:
                self._answers.put((self._iterator.next(), None))
            except StopIteration:
                self._answers.put((None, None))
            except BaseException as error:  # whatever it is, the one who asks gets it
                self._answers.put((None, error))

    def ask(self) -> None:
        """Have the next batch fetched; at most one is under way."""
        if not self._busy:
            self._busy = True
            self._asked.put(True)

    def answer(self) -> DataBatch | None:
        """Return the batch that was asked for, None at the end of the epoch; raise what the iterator raised."""
        self.ask()
        batch, error = self._answers.get()
        self._busy = False
        if error is not None:
            raise error
        return batch

    def settle(self) -> None:
        """Wait for the batch that is under way, if one is, and forget it."""
        if self._busy:
            self._answers.get()
            self._busy = False

    def end(self) -> None:
        """Let the thread end, after the batch that is under way."""
        self._asked.put(False)


_workers: weakref.WeakSet[_Worker] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    """End the threads with the interpreter: one that is within a kernel then would take the process down."""
    living = [worker for worker in list(_workers) if worker.is_alive()]
    for worker in living:
        worker.end()
    for worker in living:
        worker.join(timeout=10)


def _end(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.end()


class PrefetchingIter(DataIter):
    """Fetches the next batch of one or several iterators in threads, while the present one is used.

    The threads end with the iterator, or with the interpreter. What an inner iterator raises is raised by `next`.

    Parameters
    ----------
    iters : DataIter or list of DataIter
        Iterators with as many batches each; the arrays of their batches are put into one.
    rename_data, rename_label : list of dict of str to str, optional
        For each iterator, new names of its arrays.

    Raises
    ------
    ValueError
        If there is no iterator, a new name is missing, or one iterator ends before the others.

    Examples
    --------
    >>> first = mx.io.NDArrayIter(np.arange(4), batch_size=2)
    >>> second = mx.io.NDArrayIter(np.arange(4) * 10, batch_size=2)
    >>> both = mx.io.PrefetchingIter([first, second], rename_data=[{"data": "a"}, {"data": "b"}])
    >>> [desc.name for desc in both.provide_data]
    ['a', 'b']
    >>> [[array.asnumpy().tolist() for array in batch.data] for batch in both]
    [[[0.0, 1.0], [0.0, 10.0]], [[2.0, 3.0], [20.0, 30.0]]]
    """

    __module__ = "mxnet.io.io"

    def __init__(
        self,
        iters: Any,
        rename_data: Sequence[Mapping[str, str]] | None = None,
        rename_label: Sequence[Mapping[str, str]] | None = None,
    ) -> None:
        super().__init__()
        self.iters: list[Any] = iters if isinstance(iters, list) else [iters]
        self.n_iter = len(self.iters)
        if not self.iters:
            raise base.ValueError("PrefetchingIter: iters is empty; expected at least one iterator")
        self.rename_data = rename_data
        self.rename_label = rename_label
        _check_names("rename_data", rename_data, [it.provide_data for it in self.iters])
        _check_names("rename_label", rename_label, [it.provide_label for it in self.iters])
        self.batch_size = self.provide_data[0].shape[0]
        if hasattr(self.iters[0], "default_bucket_key"):
            self.default_bucket_key = self.iters[0].default_bucket_key
        self.current_batch: DataBatch | None = None
        self._ended = False
        self._workers = [_Worker(it, f"PrefetchingIter-{i}") for i, it in enumerate(self.iters)]
        weakref.finalize(self, _end, self._workers)
        #: Batches of some iterators, kept where another one failed.
        self._fetched: list[DataBatch | None] = []
        self._ask()

    @property
    def provide_data(self) -> list[DataDesc]:  # type: ignore[override]
        """Descriptions of the input arrays of all iterators."""
        return _joined(self.rename_data, [it.provide_data for it in self.iters])

    @property
    def provide_label(self) -> list[DataDesc]:  # type: ignore[override]
        """Descriptions of the label arrays of all iterators."""
        return _joined(self.rename_label, [it.provide_label for it in self.iters])

    def _ask(self) -> None:
        for worker in self._workers:
            worker.ask()

    def reset(self) -> None:
        """Begin the next epoch of every iterator."""
        for worker in self._workers:
            worker.settle()
        self._fetched = []
        self._ended = False
        for it in self.iters:
            it.reset()
        self._ask()

    def iter_next(self) -> bool:
        """Go on to the next batch and return whether there is one."""
        if self._ended:
            return False
        for worker in self._workers[len(self._fetched) :]:
            self._fetched.append(worker.answer())
        batches, self._fetched = self._fetched, []
        whole = [batch for batch in batches if batch is not None]
        if len(whole) < len(batches):
            self._ended = True
            if whole:
                ended = [i for i, batch in enumerate(batches) if batch is None]
                raise base.ValueError(
                    f"PrefetchingIter: iterators {ended} of {self.n_iter} have ended and the others have not; "
                    "expected as many batches of each"
                )
            return False
        pads = [batch.pad for batch in whole]
        if any(pad != pads[0] for pad in pads):
            raise base.ValueError(f"PrefetchingIter: the batches have pad {pads}; expected the same of each iterator")
        self.current_batch = self._join(whole)
        self._ask()
        return True

    def _join(self, batches: list[DataBatch]) -> DataBatch:
        """Return the arrays of all batches as one batch; in buckets, batches bring descriptions of their own."""
        data = [batch.provide_data or it.provide_data for batch, it in zip(batches, self.iters)]
        labels = [batch.provide_label or it.provide_label for batch, it in zip(batches, self.iters)]
        return DataBatch(
            data=[array for batch in batches for array in batch.data],
            label=[array for batch in batches for array in batch.label or ()],
            pad=batches[0].pad,
            index=batches[0].index,
            bucket_key=batches[0].bucket_key,
            provide_data=_joined(self.rename_data, data),
            provide_label=_joined(self.rename_label, labels),
        )

    def next(self) -> DataBatch:
        """Return the next batch.

        Raises
        ------
        StopIteration
            If the epoch has ended.
        """
        if not self.iter_next():
            raise StopIteration
        return _present(self.current_batch, "PrefetchingIter")

    def getdata(self) -> Any:
        """Return the input arrays of the present batch."""
        return _present(self.current_batch, "PrefetchingIter").data

    def getlabel(self) -> Any:
        """Return the label arrays of the present batch."""
        return _present(self.current_batch, "PrefetchingIter").label

    def getindex(self) -> Any:
        """Return the numbers of the examples of the present batch, or None."""
        return _present(self.current_batch, "PrefetchingIter").index

    def getpad(self) -> int | None:
        """Return how many examples at the end of the present batch only fill it up."""
        return _present(self.current_batch, "PrefetchingIter").pad


def _joined(names: Sequence[Mapping[str, str]] | None, provided: Sequence[Any]) -> list[DataDesc]:
    return [
        desc
        for i, descriptions in enumerate(provided)
        for desc in described(None if names is None else names[i], descriptions)
    ]


def _check_names(argument: str, names: Sequence[Mapping[str, str]] | None, provided: Sequence[Any]) -> None:
    """Refuse new names that do not cover the old ones."""
    if names is None:
        return
    if len(names) != len(provided):
        raise base.ValueError(
            f"PrefetchingIter: {argument} has {len(names)} dicts for {len(provided)} iterators; expected one for each"
        )
    for i, descriptions in enumerate(provided):
        for desc in descriptions:
            if desc[0] not in names[i]:
                raise base.ValueError(
                    f"PrefetchingIter: {argument}[{i}] has no new name for {desc[0]!r}; it has {sorted(names[i])}"
                )
