"""What every iterator speaks: descriptions of arrays, batches, and the base class of iterators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import base
from ..ndarray import NDArray

__all__ = ["DataBatch", "DataDesc", "DataIter"]


class DataDesc(NamedTuple("DataDesc", [("name", str), ("shape", Sequence[int])])):
    """Name, shape, dtype and layout of one array of a batch; it compares as the tuple ``(name, shape)``.

    Parameters
    ----------
    name : str
        Name of the variable that takes the array.
    shape : tuple of int
        Shape of a batch.
    dtype : str or numpy type, default numpy.float32
        Dtype of the array.
    layout : str, default 'NCHW'
        One letter for each axis; 'N' is the axis of the batch.

    Examples
    --------
    >>> mx.io.DataDesc("data", (32, 3, 8, 8))
    DataDesc[data,(32, 3, 8, 8),<class 'numpy.float32'>,NCHW]
    >>> mx.io.DataDesc("data", (32, 10), dtype="float16") == ("data", (32, 10))
    True
    """

    __module__ = "mxnet.io.io"

    dtype: Any
    layout: str | None

    def __new__(cls, name: str, shape: Sequence[int], dtype: Any = np.float32, layout: str | None = "NCHW") -> DataDesc:
        made = super().__new__(cls, name, shape)
        made.dtype = dtype
        made.layout = layout
        return made

    def __repr__(self) -> str:
        return f"DataDesc[{self.name},{self.shape},{self.dtype},{self.layout}]"

    def _replace(self, **changes: Any) -> DataDesc:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return a copy with other values of some of name, shape, dtype and layout."""
        kept: dict[str, Any] = {"name": self.name, "shape": self.shape, "dtype": self.dtype, "layout": self.layout}
        return type(self)(**{**kept, **changes})

    @staticmethod
    def get_batch_axis(layout: str | None) -> int:
        """Return the axis of the batch in a layout: 0 where there is no layout, -1 where it has no 'N'.

        Examples
        --------
        >>> mx.io.DataDesc.get_batch_axis("TNC")
        1
        """
        return 0 if layout is None else layout.find("N")

    @staticmethod
    def get_list(
        shapes: Sequence[tuple[str, Sequence[int]]], types: Sequence[tuple[str, Any]] | None
    ) -> list[DataDesc]:
        """Return descriptions of arrays from their names, shapes and dtypes.

        Parameters
        ----------
        shapes : list of (str, tuple of int)
            Names and shapes.
        types : list of (str, dtype), or None
            Dtype of each name; float32 for all if None.

        Raises
        ------
        KeyError
            If `types` lacks a name.

        Examples
        --------
        >>> mx.io.DataDesc.get_list([("data", (2, 3))], [("data", "int32")])
        [DataDesc[data,(2, 3),int32,NCHW]]
        """
        if types is None:
            return [DataDesc(name, shape) for name, shape in shapes]
        known = dict(types)
        return [DataDesc(name, shape, known[name]) for name, shape in shapes]


class DataBatch:
    """One batch: what an iterator yields and a module takes.

    Parameters
    ----------
    data : list of NDArray
        Input arrays, in the order of ``provide_data``.
    label : list of NDArray, optional
        Label arrays, in the order of ``provide_label``.
    pad : int, optional
        How many examples at the end only fill the batch up. Prediction drops them.
    index : numpy.ndarray, optional
        Numbers of the examples.
    bucket_key : object, optional
        Which network of a `BucketingModule` takes the batch.
    provide_data, provide_label : list of DataDesc, optional
        Descriptions of the arrays, where they are not those of the iterator (buckets).

    Raises
    ------
    TypeError
        If `data` or `label` is an array where a list of arrays is expected.

    Examples
    --------
    >>> batch = mx.io.DataBatch(data=[mx.nd.ones((2, 3))], label=[mx.nd.ones((2,))])
    >>> print(batch)
    DataBatch: data shapes: [(2, 3)] label shapes: [(2,)]
    """

    __module__ = "mxnet.io.io"

    def __init__(
        self,
        data: Sequence[NDArray] | None,
        label: Sequence[NDArray] | None = None,
        pad: int | None = None,
        index: Any = None,
        bucket_key: Any = None,
        provide_data: Sequence[Any] | None = None,
        provide_label: Sequence[Any] | None = None,
    ) -> None:
        _check_arrays("data", data)
        _check_arrays("label", label)
        self.data: Any = data
        self.label: Any = label
        self.pad = pad
        self.index = index
        self.bucket_key = bucket_key
        self.provide_data = provide_data
        self.provide_label = provide_label

    def __str__(self) -> str:
        shapes = [array.shape for array in self.data] if self.data is not None else None
        labels = [array.shape for array in self.label] if self.label else None
        return f"{type(self).__name__}: data shapes: {shapes} label shapes: {labels}"


def _check_arrays(name: str, arrays: Any) -> None:
    if arrays is not None and not isinstance(arrays, (list, tuple)):
        raise base.TypeError(f"DataBatch: {name} is a {type(arrays).__name__}; expected a list of NDArrays or None")


class DataIter:
    """The base class of iterators over batches.

    A subclass sets ``batch_size`` and has ``provide_data`` and ``provide_label``, the lists of `DataDesc` of its
    batches. It either has its own `next`, or `iter_next` with `getdata`, `getlabel`, `getpad` and `getindex`. `reset`
    starts the next epoch.

    Parameters
    ----------
    batch_size : int, default 0
        Number of examples in a batch.

    Examples
    --------
    >>> class Ones(mx.io.DataIter):
    ...     left = 2
    ...     def iter_next(self):
    ...         self.left -= 1
    ...         return self.left >= 0
    ...     def getdata(self):
    ...         return [mx.nd.ones((self.batch_size, 3))]
    ...     def getlabel(self):
    ...         return [mx.nd.zeros((self.batch_size,))]
    ...     def getpad(self):
    ...         return 0
    >>> for batch in Ones(4):
    ...     print(batch)
    DataBatch: data shapes: [(4, 3)] label shapes: [(4,)]
    DataBatch: data shapes: [(4, 3)] label shapes: [(4,)]
    """

    __module__ = "mxnet.io.io"

    provide_data: Any
    provide_label: Any

    def __init__(self, batch_size: int = 0) -> None:
        self.batch_size = batch_size

    def __iter__(self) -> DataIter:
        return self

    def reset(self) -> None:
        """Begin again, with the first batch of the next epoch."""

    def next(self) -> DataBatch:
        """Return the next batch.

        Raises
        ------
        StopIteration
            If the epoch has ended.
        """
        if not self.iter_next():
            raise StopIteration
        return DataBatch(data=self.getdata(), label=self.getlabel(), pad=self.getpad(), index=self.getindex())

    def __next__(self) -> DataBatch:
        return self.next()

    def iter_next(self) -> bool:
        """Go on to the next batch and return whether there is one."""
        return None  # type: ignore[return-value]  # as MXNet's: a subclass with `next` alone has no batch here

    def getdata(self) -> Any:
        """Return the input arrays of the present batch."""

    def getlabel(self) -> Any:
        """Return the label arrays of the present batch."""

    def getindex(self) -> Any:
        """Return the numbers of the examples of the present batch, or None."""

    def getpad(self) -> int | None:
        """Return how many examples at the end of the present batch only fill it up."""


def described(names: Mapping[str, str] | None, descriptions: Sequence[Any]) -> list[DataDesc]:
    """Return `DataDesc`s, renamed, of descriptions that may be plain tuples."""
    found = []
    for item in descriptions:
        desc = item if isinstance(item, DataDesc) else DataDesc(*item)
        found.append(desc if names is None else desc._replace(name=names[desc.name]))
    return found
