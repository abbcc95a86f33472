"""Loaders: batches from a dataset, made by this process, by threads or by worker processes."""

from __future__ import annotations

import functools
import multiprocessing
import operator
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch

from ... import base
from ...base import MXNetError
from ...context import cpu_pinned
from . import sampler as _sampler
from ._batches import Batchify, default_batchify_fn, default_mp_batchify_fn
from ._batches import as_in_context as _as_in_context
from ._processes import Processes
from ._sharing import packed, rebuild_ndarray, reduce_ndarray
from ._threads import Threads

__all__ = ["DataLoader"]

for _function in (default_batchify_fn, default_mp_batchify_fn, reduce_ndarray, rebuild_ndarray):
    _function.__module__ = __name__  # where MXNet has them


# -- what workers call ------------------------------------------------------------------------------------------------

_worker_dataset: Any = None  # in a worker of ``multiprocessing.Pool``


def _worker_initializer(dataset: Any, active_shape: bool = False, active_array: bool = False) -> None:
    """Prepare a process of a ``multiprocessing.Pool`` for `_worker_fn`: for loaders of other authors."""
    global _worker_dataset
    _worker_dataset = dataset


def _worker_fn(samples: Sequence[Any], batchify_fn: Batchify, dataset: Any = None) -> bytes:
    """Return a batch as bytes for another process."""
    found = _worker_dataset if dataset is None else dataset
    return packed(batchify_fn([found[i] for i in samples]))


def _thread_worker_fn(samples: Sequence[Any], batchify_fn: Batchify, dataset: Any) -> Any:
    """Return a batch."""
    return batchify_fn([dataset[i] for i in samples])


class _MultiWorkerIter:
    """Batches in the sampler's order from a pool of workers, some of them ahead of time.

    `worker_pool` is anything that has the ``apply_async`` of ``multiprocessing.Pool``. Without a `dataset`, its results
    are taken for pickled batches.
    """

    def __init__(
        self,
        worker_pool: Any,
        batchify_fn: Batchify,
        batch_sampler: Iterable[Any],
        pin_memory: bool = False,
        pin_device_id: int = 0,
        worker_fn: Callable[..., Any] = _worker_fn,
        prefetch: int = 0,
        dataset: Any = None,
        data_loader: DataLoader | None = None,
        timeout: float = 120,
    ) -> None:
        self._worker_pool = worker_pool
        self._batchify_fn = batchify_fn
        self._batch_sampler = batch_sampler
        self._data_buffer: dict[int, Any] = {}
        self._rcvd_idx = 0
        self._sent_idx = 0
        self._iter = iter(batch_sampler)
        self._worker_fn = worker_fn
        self._pin_memory = pin_memory
        self._pin_device_id = pin_device_id
        self._dataset = dataset
        self._data_loader = data_loader
        self._timeout = timeout
        for _ in range(prefetch):
            self._push_next()

    def __len__(self) -> int:
        return len(self._batch_sampler)  # type: ignore[arg-type]

    def _push_next(self) -> None:
        """Give the pool one more task, if there is one."""
        samples = next(self._iter, None)
        if samples is None:
            return
        arguments = (samples, self._batchify_fn, self._dataset)
        self._data_buffer[self._sent_idx] = self._worker_pool.apply_async(self._worker_fn, arguments)
        self._sent_idx += 1

    def __next__(self) -> Any:
        self._push_next()
        if self._rcvd_idx == self._sent_idx:
            raise StopIteration
        number = self._rcvd_idx
        self._rcvd_idx += 1
        try:
            batch = self._data_buffer.pop(number).get(self._timeout)
        except multiprocessing.TimeoutError:
            raise _Timeout(
                f"DataLoader: batch {number} was not there after {self._timeout} seconds; if its samples take "
                "so long, give a larger timeout or more num_workers; if they do not, look for a lock or a network in "
                "the dataset's code that a worker waits for"
            ) from None
        if self._dataset is None:
            batch = pickle.loads(batch)
        return _as_in_context(batch, cpu_pinned(self._pin_device_id)) if self._pin_memory else batch

    def next(self) -> Any:
        """Return the next batch."""
        return self.__next__()

    def __iter__(self) -> _MultiWorkerIter:
        return self


class _Timeout(MXNetError, multiprocessing.TimeoutError):
    """A batch takes longer than the loader's timeout."""


# -- loaders ----------------------------------------------------------------------------------------------------------


class DataLoader:
    """Batches of a dataset's samples.

    Parameters
    ----------
    dataset : Dataset, or anything that has indices and a length
        Gives samples.
    batch_size : int of at least 1
        Samples in a batch. Left out only with `batch_sampler`.
    shuffle : bool
        Take samples in an order drawn anew for every epoch.
    sampler : Sampler or iterable of int, optional
        Gives the order instead.
    last_batch : {'keep', 'discard', 'rollover'}, default 'keep'
        What becomes of samples that do not fill a batch: see BatchSampler.
    batch_sampler : Sampler or iterable of lists of int, optional
        Gives the samples of each batch, instead of all of the above.
    batchify_fn : callable, optional
        Makes a batch of a list of samples; `default_batchify_fn` when left out.
    num_workers : int
        Number of worker processes, or threads; 0: this process makes each batch when it is asked for. The processes
        are started when the first batch is asked for, and stay until the loader is gone.
    pin_memory : bool
        Copy batches to page-locked memory, from where copies to a GPU are faster.
    pin_device_id : int
        Of the ``cpu_pinned`` context.
    prefetch : int, optional
        Number of batches that workers prepare ahead; twice `num_workers` when left out.
    thread_pool : bool
        Threads instead of processes: for datasets that read files or wait for a network, or whose work releases
        Python's lock.
    timeout : float above 0
        Seconds after which a batch that is not there is an error. Only with workers.
    auto_reload : bool
        Let workers begin at once, and again when an epoch has ended.

    Raises
    ------
    ValueError
        If arguments exclude one another, or are out of range.

    Notes
    -----
    What a worker process draws from ``mx.random``, ``np.random``, ``random`` and ``torch`` differs for every batch and
    every epoch. It follows from the seeds in the main process, and not from the number of workers.

    Examples
    --------
    >>> data = mx.gluon.data.ArrayDataset(mx.nd.arange(10).reshape((5, 2)), [0, 1, 2, 3, 4])
    >>> for images, labels in mx.gluon.data.DataLoader(data, batch_size=2):
    ...     print(images.shape, labels.asnumpy().tolist())
    (2, 2) [0, 1]
    (2, 2) [2, 3]
    (1, 2) [4]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = None,
        shuffle: bool = False,
        sampler: Iterable[Any] | None = None,
        last_batch: str | None = None,
        batch_sampler: Iterable[Any] | None = None,
        batchify_fn: Batchify | None = None,
        num_workers: int = 0,
        pin_memory: bool = False,
        pin_device_id: int = 0,
        prefetch: int | None = None,
        thread_pool: bool = False,
        timeout: float = 120,
        auto_reload: bool = False,
    ) -> None:
        self._dataset = dataset
        self._pin_memory = pin_memory
        self._pin_device_id = pin_device_id
        self._thread_pool = thread_pool
        if timeout is None or isinstance(timeout, str):
            raise base.TypeError(f"DataLoader: timeout is {timeout!r}; expected a number of seconds above 0")
        if timeout <= 0:
            raise base.ValueError(f"DataLoader: timeout is {timeout!r}; expected a number of seconds above 0")
        self._timeout = timeout
        if batch_sampler is None:
            batch_sampler = _batches(dataset, batch_size, shuffle, sampler, last_batch)
        elif batch_size is not None or shuffle or sampler is not None or last_batch is not None:
            raise base.ValueError(
                "DataLoader: batch_size, shuffle, sampler and last_batch must not be given with batch_sampler, which "
                "decides on all of them"
            )
        self._batch_sampler = batch_sampler
        self._num_workers = max(0, _integer("num_workers", num_workers))
        self._prefetch = max(0, 2 * self._num_workers if prefetch is None else int(prefetch))
        if batchify_fn is None:
            in_processes = self._num_workers > 0 and not thread_pool
            batchify_fn = default_mp_batchify_fn if in_processes else default_batchify_fn
        self._batchify_fn = batchify_fn
        self._worker_pool: Any = None
        self.auto_reload = auto_reload
        self._iter: Iterator[Any] | None = None
        if auto_reload:
            self.refresh()

    def __iter__(self) -> Iterator[Any]:
        if self._iter is None:
            self.refresh()
        batches, self._iter = self._iter, None
        assert batches is not None
        try:
            yield from batches
        except _Timeout:
            self._end_workers()  # they are still busy with what takes so long
            raise
        if self.auto_reload:
            self.refresh()

    def __len__(self) -> int:
        return len(self._batch_sampler)  # type: ignore[arg-type]

    def __del__(self) -> None:
        pool = self.__dict__.get("_worker_pool")
        if pool is not None:
            pool.terminate()

    def refresh(self) -> None:
        """Begin an epoch: workers start with its first batches, and the next iteration takes it."""
        self._iter = self._prefetch_iter()

    def clean(self) -> None:
        """Forget an epoch that was begun by `refresh` or `auto_reload`."""
        self._iter = None

    def _prefetch_iter(self) -> Iterator[Any]:
        if self._num_workers == 0:
            return self._in_this_process()
        pool = self._pool()
        own = isinstance(pool, (Processes, Threads))  # subclasses may have put one of multiprocessing there
        if isinstance(pool, Processes):
            pool.new_epoch()
        return _MultiWorkerIter(
            pool,
            self._batchify_fn,
            self._batch_sampler,
            pin_memory=self._pin_memory,
            pin_device_id=self._pin_device_id,
            worker_fn=_thread_worker_fn if own else _worker_fn,
            prefetch=self._prefetch,
            dataset=self._dataset if own else None,
            timeout=self._timeout,
        )

    def _in_this_process(self) -> Iterator[Any]:
        for samples in self._batch_sampler:
            batch = self._batchify_fn([self._dataset[i] for i in samples])
            yield _as_in_context(batch, cpu_pinned(self._pin_device_id)) if self._pin_memory else batch

    def _pool(self) -> Any:
        """Return the workers, and new ones if one has died."""
        if isinstance(self._worker_pool, Processes) and self._worker_pool.failure:
            self._end_workers()
        if self._worker_pool is None and self._thread_pool:
            self._worker_pool = Threads(self._num_workers)
        elif self._worker_pool is None:
            pin = self._pin_memory and torch.cuda.is_available()
            arrived = functools.partial(_as_in_context, ctx=cpu_pinned(self._pin_device_id)) if pin else None
            self._worker_pool = Processes(self._num_workers, (self._dataset, self._batchify_fn), arrived)
        return self._worker_pool

    def _end_workers(self) -> None:
        if isinstance(self._worker_pool, (Processes, Threads)):
            self._worker_pool.terminate()
            self._worker_pool = None


def _batches(
    dataset: Any, batch_size: int | None, shuffle: bool, sampler: Iterable[Any] | None, last_batch: str | None
) -> _sampler.BatchSampler:
    """Return the batch sampler that the other arguments of a loader describe."""
    if batch_size is None:
        raise base.ValueError("DataLoader: batch_size is missing; expected an int, or a batch_sampler")
    if sampler is None:
        sampler = (_sampler.RandomSampler if shuffle else _sampler.SequentialSampler)(len(dataset))
    elif shuffle:
        raise base.ValueError("DataLoader: shuffle must not be given with sampler, which decides on the order")
    return _sampler.BatchSampler(sampler, batch_size, last_batch or "keep")


def _integer(name: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise base.TypeError(f"DataLoader: {name} is {value!r}; expected an int") from None


class DataLoaderV1(DataLoader):
    """The loader of MXNet before 1.4: a DataLoader without the later arguments."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = None,
        shuffle: bool = False,
        sampler: Iterable[Any] | None = None,
        last_batch: str | None = None,
        batch_sampler: Iterable[Any] | None = None,
        batchify_fn: Batchify | None = None,
        num_workers: int = 0,
        pin_memory: bool = False,
        pin_device_id: int = 0,
    ) -> None:
        super().__init__(
            dataset, batch_size, shuffle, sampler, last_batch, batch_sampler, batchify_fn, num_workers, pin_memory,
            pin_device_id
        )  # fmt: skip
