"""Datasets: samples by index, and functions applied to them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from ... import base, recordio
from ...ndarray import NDArray
from . import sampler as _samplers

__all__ = ["ArrayDataset", "Dataset", "RecordFileDataset", "SimpleDataset"]


class Dataset:
    """Samples by index. Subclasses define ``__getitem__`` and ``__len__``.

    Examples
    --------
    >>> class Squares(mx.gluon.data.Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, idx):
    ...         return idx**2
    >>> list(Squares().filter(lambda x: x > 0).transform(lambda x: -x))
    [-1, -4, -9]
    """

    def __getitem__(self, idx: int) -> Any:
        """Return one sample: anything, or a tuple such as (data, label)."""
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__: a dataset must define it")

    def __len__(self) -> int:
        """Return how many samples there are."""
        raise NotImplementedError(f"{type(self).__name__} has no __len__: a dataset must define it")

    def filter(self, fn: Callable[[Any], Any]) -> Dataset:
        """Return the samples for which `fn` is true. It is called at once, with each sample as one argument.

        Examples
        --------
        >>> list(mx.gluon.data.SimpleDataset([4, 5, 6, 7]).filter(lambda x: x % 2))
        [5, 7]
        """
        return _SampledDataset(self, _samplers.FilterSampler(fn, self))

    def shard(self, num_shards: int, index: int) -> Dataset:
        """Return one of several parts, whose sizes differ by one sample at most; the first ones are the larger ones.

        Parameters
        ----------
        num_shards : int of at least 1
            Number of parts.
        index : int
            Which part, from 0 on.

        Raises
        ------
        ValueError
            If there is no such part.

        Examples
        --------
        >>> data = mx.gluon.data.SimpleDataset([1, 2, 3, 4, 5])
        >>> [list(data.shard(2, i)) for i in range(2)]
        [[1, 2, 3], [4, 5]]
        """
        if not 0 <= index < num_shards:
            raise base.ValueError(
                f"{type(self).__name__}.shard: index is {index} of num_shards={num_shards}; expected 0 up to, and "
                "without, num_shards"
            )
        size, larger = divmod(len(self), num_shards)
        start = size * index + min(index, larger)
        return _SampledDataset(self, _samplers.SequentialSampler(size + (index < larger), start))

    def take(self, count: int | None) -> Dataset:
        """Return the first `count` samples: all if there are fewer, or with None.

        Examples
        --------
        >>> list(mx.gluon.data.SimpleDataset([1, 2, 3]).take(2))
        [1, 2]
        """
        if count is None or count > len(self):
            count = len(self)
        if count < 0:
            raise base.ValueError(f"{type(self).__name__}.take: count is {count}; expected at least 0, or None")
        return _SampledDataset(self, _samplers.SequentialSampler(count))

    def sample(self, sampler: _samplers.Sampler) -> Dataset:
        """Return the samples that a sampler chooses, once for all, in its order.

        Raises
        ------
        TypeError
            If `sampler` is no Sampler.

        Examples
        --------
        >>> list(mx.gluon.data.SimpleDataset([1, 2, 3]).sample(mx.gluon.data.SequentialSampler(2, start=1)))
        [2, 3]
        """
        if not isinstance(sampler, _samplers.Sampler):
            raise base.TypeError(
                f"{type(self).__name__}.sample: sampler is {type(sampler).__name__}; expected a gluon.data.Sampler"
            )
        return _SampledDataset(self, sampler)

    def transform(self, fn: Callable[..., Any], lazy: bool = True) -> Dataset:
        """Return a dataset that applies a function to each sample.

        Parameters
        ----------
        fn : callable
            Is given a sample; if that is a tuple, its elements as separate arguments.
        lazy : bool
            Call it each time a sample is asked for. Otherwise it is called for all samples at once.

        Examples
        --------
        >>> pairs = mx.gluon.data.ArrayDataset([1, 2], [10, 20])
        >>> list(pairs.transform(lambda x, y: x + y))
        [11, 22]
        """
        found = _LazyTransformDataset(self, fn)
        return found if lazy else SimpleDataset([found[i] for i in range(len(found))])

    def transform_first(self, fn: Callable[[Any], Any], lazy: bool = True) -> Dataset:
        """Return a dataset that applies a function to the first element of each sample: to data, and not to labels.

        Parameters
        ----------
        fn : callable
            Is given the first element of a sample that is a tuple, else the sample.
        lazy : bool
            Call it each time a sample is asked for. Otherwise it is called for all samples at once.

        Examples
        --------
        >>> pairs = mx.gluon.data.ArrayDataset([1, 2], [10, 20])
        >>> list(pairs.transform_first(lambda x: -x))
        [(-1, 10), (-2, 20)]
        """
        return self.transform(_TransformFirstClosure(fn), lazy)


class SimpleDataset(Dataset):
    """Samples of anything that has indices and a length, such as a list.

    Parameters
    ----------
    data : list or the like

    Examples
    --------
    >>> mx.gluon.data.SimpleDataset(["a", "b"])[1]
    'b'
    """

    def __init__(self, data: Any) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, idx: int) -> Any:
        return self._data[idx]


class ArrayDataset(Dataset):
    """Tuples of what several arrays, lists or datasets hold at one place; with only one of them no tuples.

    Parameters
    ----------
    args : arrays, lists or datasets
        All of one length. An array with one axis becomes one of NumPy, which has quicker single elements.

    Raises
    ------
    ValueError
        If there are none, or their lengths differ.

    Examples
    --------
    >>> images, labels = np.zeros((3, 2)), [5, 6, 7]
    >>> mx.gluon.data.ArrayDataset(images, labels)[2]
    (array([0., 0.]), 7)
    """

    def __init__(self, *args: Any) -> None:
        if not args:
            raise base.ValueError("ArrayDataset: no arrays; expected at least one")
        self._length = len(args[0])
        self._data: list[Any] = []
        for number, data in enumerate(args):
            if len(data) != self._length:
                raise base.ValueError(
                    f"ArrayDataset: argument 0 has {self._length} elements and argument {number} has {len(data)}; "
                    "expected the same number"
                )
            self._data.append(data.asnumpy() if isinstance(data, NDArray) and data.ndim == 1 else data)

    def __getitem__(self, idx: int) -> Any:
        if len(self._data) == 1:
            return self._data[0][idx]
        return tuple(data[idx] for data in self._data)

    def __len__(self) -> int:
        return self._length


class RecordFileDataset(Dataset):
    """Samples that are the byte strings of a record file, in the order of its index.

    Parameters
    ----------
    filename : str
        Path of the record file. The index stands beside it, with the ending ``.idx``.

    Raises
    ------
    MXNetError
        If one of the files cannot be read; also FileNotFoundError if it is not there.

    Examples
    --------
    >>> import os, tempfile
    >>> prefix = os.path.join(tempfile.mkdtemp(), "some")
    >>> writer = mx.recordio.MXIndexedRecordIO(prefix + ".idx", prefix + ".rec", "w")
    >>> writer.write_idx(0, b"first")
    >>> writer.close()
    >>> mx.gluon.data.RecordFileDataset(prefix + ".rec")[0]
    b'first'
    """

    def __init__(self, filename: str | os.PathLike[str]) -> None:
        self.idx_file = os.path.splitext(filename)[0] + ".idx"
        self.filename = filename
        self._record = recordio.MXIndexedRecordIO(self.idx_file, self.filename, "r")

    def __getitem__(self, idx: int) -> Any:
        return self._record.read_idx(self._record.keys[idx])

    def __len__(self) -> int:
        return len(self._record.keys)


class _LazyTransformDataset(Dataset):
    """A function applied to each sample when it is asked for."""

    def __init__(self, data: Any, fn: Callable[..., Any]) -> None:
        self._data = data
        self._fn = fn

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, idx: int) -> Any:
        item = self._data[idx]
        if isinstance(item, tuple):
            return self._fn(*item)
        return self._fn(item)


class _TransformFirstClosure:
    """A function applied to the first argument; a class, because lambdas do not pickle."""

    def __init__(self, fn: Callable[[Any], Any]) -> None:
        self._fn = fn

    def __call__(self, x: Any, *args: Any) -> Any:
        if args:
            return (self._fn(x), *args)
        return self._fn(x)


class _SampledDataset(Dataset):
    """The samples that a sampler chose when this was made."""

    def __init__(self, dataset: Any, sampler: Iterable[int]) -> None:
        self._dataset = dataset
        self._sampler = sampler
        self._indices = list(sampler)

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, idx: int) -> Any:
        return self._dataset[self._indices[idx]]


class _FilteredDataset(Dataset):  # pyright: ignore[reportUnusedClass]
    """The samples for which a function is true."""

    def __init__(self, dataset: Any, fn: Callable[[Any], Any]) -> None:
        self._dataset = dataset
        self._indices = [i for i in range(len(dataset)) if fn(dataset[i])]

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, idx: int) -> Any:
        return self._dataset[self._indices[idx]]


class _DownloadedDataset(Dataset):  # pyright: ignore[reportUnusedClass]
    """Data and labels from files under `root`; subclasses fill ``_data`` and ``_label`` in ``_get_data``."""

    def __init__(self, root: str, transform: Callable[..., Any] | None) -> None:
        self._transform = transform
        self._data: Any = None
        self._label: Any = None
        self._root = os.path.expanduser(root)
        os.makedirs(self._root, exist_ok=True)
        self._get_data()

    def __getitem__(self, idx: int) -> Any:
        if self._transform is not None:
            return self._transform(self._data[idx], self._label[idx])
        return self._data[idx], self._label[idx]

    def __len__(self) -> int:
        return len(self._label)

    def _get_data(self) -> None:
        raise NotImplementedError(f"{type(self).__name__} has no _get_data: a downloaded dataset must define it")
