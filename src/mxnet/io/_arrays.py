"""Batches of arrays that are in memory."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import torch

from .. import base
from ._protocol import DataBatch, DataDesc, DataIter
from .utils import Named, _init_data, _is_file_array, _range, _take

__all__ = ["NDArrayIter"]

_HANDLINGS = ("pad", "discard", "roll_over")


class NDArrayIter(DataIter):
    """Yields batches of arrays, in their order or shuffled.

    Parameters
    ----------
    data : array, list of arrays or dict of arrays
        Arrays of shape (num_data, ...): NDArray, NumPy array, CSRNDArray, or a data set of h5py, which is read batch by
        batch. NumPy arrays and what comes from h5py become float32; an NDArray keeps its dtype. Batches are copies.
    label : array, list of arrays or dict of arrays, optional
        The same for the labels.
    batch_size : int, default 1
        Number of examples in a batch.
    shuffle : bool, default False
        Whether to shuffle, with NumPy's global generator, now and at every `reset`.
    last_batch_handle : {'pad', 'discard', 'roll_over'}, default 'pad'
        What happens to examples that do not fill a batch: 'pad' fills it with the first examples and says how many in
        ``pad``; 'discard' leaves them out; 'roll_over' keeps them for the first batch of the next epoch, whose ``pad``
        is the number of examples that were kept.
    data_name, label_name : str
        Name of a single array; arrays of a list are ``_0_name``, ``_1_name`` ..., sorted as text.
    layout : str, default 'NCHW'
        Layout of the arrays, for ``provide_data``. 'N' is the axis that is cut into batches.

    Attributes
    ----------
    data, label : list of (str, array)
        Names and arrays in the order of this epoch.
    idx : numpy.ndarray
        The last permutation.
    cursor : int
        The first example of the present batch; minus ``batch_size`` before the first batch.
    num_data : int
        Number of examples.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> batches = mx.io.NDArrayIter(np.arange(10).reshape(5, 2), np.arange(5), batch_size=2)
    >>> for batch in batches:
    ...     print(batch.data[0].shape, batch.label[0].asnumpy(), batch.pad)
    (2, 2) [0. 1.] 0
    (2, 2) [2. 3.] 0
    (2, 2) [4. 0.] 1
    """

    __module__ = "mxnet.io.io"

    def __init__(
        self,
        data: Any,
        label: Any = None,
        batch_size: int = 1,
        shuffle: bool = False,
        last_batch_handle: str = "pad",
        data_name: str = "data",
        label_name: str = "softmax_label",
        layout: str | None = "NCHW",
    ) -> None:
        try:
            batch_size = operator.index(batch_size)
        except TypeError:
            raise base.TypeError(f"NDArrayIter: batch_size is {batch_size!r}; expected an integer") from None
        if batch_size < 1:
            raise base.ValueError(f"NDArrayIter: batch_size is {batch_size}; expected at least 1")
        if last_batch_handle not in _HANDLINGS:
            raise base.ValueError(
                f"NDArrayIter: last_batch_handle is {last_batch_handle!r}; expected one of {', '.join(_HANDLINGS)}"
            )
        super().__init__(batch_size)
        self.last_batch_handle = last_batch_handle
        self.shuffle = shuffle
        self.layout = layout
        self._axis = DataDesc.get_batch_axis(layout)
        if self._axis < 0:
            raise base.ValueError(f"NDArrayIter: layout {layout!r} has no 'N', the axis of the batch")
        self._data = _init_data(data, allow_empty=False, default_name=data_name)
        self._label = _init_data(label, allow_empty=True, default_name=label_name)
        self.num_data = self._count(data_name)
        self.num_source = len(self._data) + len(self._label)
        self.idx = np.arange(self.num_data)
        self.cursor = -batch_size
        #: Rows of the sources in the order of this epoch; None where that is their own order.
        self._order: torch.Tensor | None = None
        #: Rows that the last epoch left for this one, and the shuffled arrays if someone asked for them.
        self._carried: torch.Tensor | None = None
        self._shuffled: tuple[list[Named], list[Named]] | None = None
        if shuffle:
            self._shuffle_data()

    def _count(self, data_name: str) -> int:
        """Return the number of examples, after a look at every array's shape."""
        if not self._data:
            raise base.ValueError(f"NDArrayIter: {data_name}: no array was given; expected at least one")
        first, count = "", 0
        for position, (name, value) in enumerate(self._data + self._label):
            axis = self._axis_of(value)
            if len(value.shape) <= axis:
                raise base.ValueError(
                    f"NDArrayIter: array {name!r} has shape {tuple(value.shape)}; expected axis {axis} to hold examples"
                )
            found = value.shape[axis]
            if position == 0:
                first, count = name, found
            # examples beyond the number of the first array are not used, as in MXNet
            elif found < count:
                raise base.ValueError(
                    f"NDArrayIter: array {name!r} has {found} examples and {first!r} has {count}; "
                    "expected as many in every array"
                )
        return count

    def _axis_of(self, value: Any) -> int:
        """Return the axis of the examples: labels may have fewer axes than the layout has letters before the 'N'."""
        return self._axis if len(value.shape) > self._axis else 0

    # -- descriptions and sources -------------------------------------------------------------------------------------

    @property
    def data(self) -> list[Named]:
        """Names and arrays of the data, in the order of this epoch."""
        return self._in_order()[0]

    @data.setter
    def data(self, value: list[Named]) -> None:
        self._data, self._label = value, self.label
        self._order = self._shuffled = None

    @property
    def label(self) -> list[Named]:
        """Names and arrays of the labels, in the order of this epoch."""
        return self._in_order()[1]

    @label.setter
    def label(self, value: list[Named]) -> None:
        self._data, self._label = self.data, value
        self._order = self._shuffled = None

    @property
    def data_list(self) -> list[Any]:
        """The arrays of the data and of the labels, in the order of this epoch."""
        return [value for _, value in self.data + self.label]

    def _in_order(self) -> tuple[list[Named], list[Named]]:
        if self._order is None:
            return self._data, self._label
        if self._shuffled is None:
            order = self._order
            data, label = (
                [(name, _take(value, order, self._axis_of(value))) for name, value in source]
                for source in (self._data, self._label)
            )
            self._shuffled = data, label
        return self._shuffled

    @property
    def provide_data(self) -> list[DataDesc]:  # type: ignore[override]
        """Descriptions of the input arrays of a batch."""
        return [self._description(name, value) for name, value in self._data]

    @property
    def provide_label(self) -> list[DataDesc]:  # type: ignore[override]
        """Descriptions of the label arrays of a batch."""
        return [self._description(name, value) for name, value in self._label]

    def _description(self, name: str, value: Any) -> DataDesc:
        shape = list(value.shape)
        shape[self._axis_of(value)] = self.batch_size
        dtype = np.float32 if _is_file_array(value) else value.dtype
        return DataDesc(name, tuple(shape), dtype, self.layout)

    # -- epochs -------------------------------------------------------------------------------------------------------

    def hard_reset(self) -> None:
        """Begin again with the first example, also where examples were kept for the next epoch."""
        if self.shuffle:
            self._shuffle_data()
        self.cursor = -self.batch_size
        self._carried = None

    def reset(self) -> None:
        """Begin the next epoch: shuffle if asked for, and put examples that were kept before the others."""
        kept: torch.Tensor | None = None
        if self.last_batch_handle == "roll_over" and self.num_data - self.batch_size < self.cursor < self.num_data:
            kept = self._rows(self.cursor, self.num_data)
            self.cursor -= self.num_data + self.batch_size
        else:
            self.cursor = -self.batch_size
        self._carried = kept
        if self.shuffle:
            self._shuffle_data()

    def _shuffle_data(self) -> None:
        """Put what is in the order of the last epoch into a new one."""
        np.random.shuffle(self.idx)
        permutation = torch.from_numpy(self.idx.astype(np.int64))
        self._order = permutation if self._order is None else self._order[permutation]
        self._shuffled = None

    def iter_next(self) -> bool:
        """Go on to the next batch and return whether examples are left for it."""
        self.cursor += self.batch_size
        return self.cursor < self.num_data

    def next(self) -> DataBatch:
        """Return the next batch.

        Raises
        ------
        StopIteration
            If the epoch has ended.
        """
        if not self.iter_next():
            raise StopIteration
        if self.last_batch_handle != "pad" and self.cursor + self.batch_size > self.num_data:
            raise StopIteration  # left out, or kept for the next epoch
        return DataBatch(data=self.getdata(), label=self.getlabel(), pad=self.getpad(), index=None)

    # -- the present batch --------------------------------------------------------------------------------------------

    def getdata(self) -> list[Any]:
        """Return the input arrays of the present batch."""
        return self._batch(self._data)

    def getlabel(self) -> list[Any]:
        """Return the label arrays of the present batch."""
        return self._batch(self._label)

    def getpad(self) -> int:
        """Return how many examples fill the batch up: after the last one, or kept from the last epoch."""
        if self.last_batch_handle == "pad":
            return max(0, self.cursor + self.batch_size - self.num_data)
        if self.last_batch_handle == "roll_over" and -self.batch_size < self.cursor < 0:
            return -self.cursor
        return 0

    def _batch(self, source: list[Named]) -> list[Any]:
        begin, end = self.cursor, self.cursor + self.batch_size
        if not -self.batch_size < begin < self.num_data:
            state = "ended: call reset()" if begin >= 0 else "not begun: call iter_next() or next()"
            raise base.MXNetError(f"NDArrayIter: there is no batch, the epoch has {state} first")
        if begin >= 0 and self.last_batch_handle != "pad":
            end = min(end, self.num_data)
        if begin >= 0 and end <= self.num_data and self._order is None:
            return [_range(value, begin, end, self._axis_of(value)) for _, value in source]
        rows = self._rows(begin, end)
        return [_take(value, rows, self._axis_of(value)) for _, value in source]

    def _rows(self, begin: int, end: int) -> torch.Tensor:
        """Return which rows of the sources stand at places `begin` to `end` - 1 of this epoch.

        Places below 0 are those of kept examples; places past the last are the first ones again.
        """
        if begin < 0 and self._carried is not None:
            # fewer than a batch, where an epoch is shorter than a batch: they are kept together
            return torch.cat([self._carried, self._rows(0, min(end, self.num_data))])
        if end <= self.num_data:
            return torch.arange(begin, end) if self._order is None else self._order[begin:end]
        places = torch.arange(begin, end) % self.num_data
        return places if self._order is None else self._order[places]
