"""Named arrays: what `NDArrayIter` makes of its arguments, and how it takes examples out of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from .. import base
from ..ndarray import NDArray, array
from ..ndarray._sparse_base import from_parts
from ..ndarray.dispatch import wrap
from ..ndarray.sparse import CSRNDArray

__all__: list[str] = []

#: A pair of an array's name and the array: NDArray, sparse array, or a data set of h5py.
Named = tuple[str, Any]


def _is_file_array(value: Any) -> bool:
    """Is this a data set of h5py, to be read piece by piece? Without a loaded h5py nothing is."""
    h5py = sys.modules.get("h5py")
    return h5py is not None and isinstance(value, h5py.Dataset)


def _has_instance(data: Sequence[Named], dtype: Any) -> bool:
    """Return whether one of the named arrays is of class `dtype`."""
    return any(isinstance(value, dtype) for _, value in data)


def _init_data(data: Any, allow_empty: bool, default_name: str) -> list[Named]:
    """Return named arrays of what a user gave.

    Parameters
    ----------
    data : array, list of arrays, dict of arrays, or None
        Arrays are NDArrays, sparse arrays, NumPy arrays and data sets of h5py. NumPy arrays become float32.
    allow_empty : bool
        Whether there may be none.
    default_name : str
        Name of a single array; ``_0_name``, ``_1_name`` ... where there are several in a list.

    Raises
    ------
    TypeError, ValueError
        If it is something else, or nothing where something is needed.
    """
    if data is None:
        data = []
    if isinstance(data, (np.ndarray, NDArray)) or _is_file_array(data):
        data = [data]
    if isinstance(data, list):
        if not allow_empty and not data:
            raise base.ValueError(f"{default_name}: no array was given; expected at least one")
        names = [default_name] if len(data) == 1 else [f"_{i}_{default_name}" for i in range(len(data))]
        data = dict(zip(names, data))
    if not isinstance(data, Mapping):
        raise base.TypeError(
            f"{default_name} is a {type(data).__name__}; expected an NDArray, a NumPy array, a data set of h5py, "
            "or a list or a dict of them"
        )
    return [(name, _as_array(name, data[name])) for name in sorted(data)]


def _as_array(name: str, value: Any) -> Any:
    if isinstance(value, NDArray) or _is_file_array(value):
        return value
    try:
        return array(value)
    except (base.MXNetError, TypeError, ValueError):
        raise base.TypeError(
            f"array {name!r} is a {type(value).__name__} that does not become a float32 array; expected an NDArray, "
            "a NumPy array of numbers, or a data set of h5py"
        ) from None


def _getdata_by_idx(data: Sequence[Named], idx: np.ndarray) -> list[Named]:
    """Return named arrays with the examples `idx`, in that order."""
    rows = torch.from_numpy(np.asarray(idx, dtype=np.int64))
    return [(name, _take(value, rows, 0)) for name, value in data]


def _slice_along_batch_axis(data: Any, s: slice, batch_axis: int) -> Any:
    """Return a copy of the examples in slice `s` of one array."""
    begin, end, step = s.indices(data.shape[batch_axis])
    if step != 1:
        return _take(data, torch.arange(begin, end, step), batch_axis)
    return _range(data, begin, max(begin, end), batch_axis)


def _range(source: Any, begin: int, end: int, axis: int) -> NDArray:
    """Return a copy of examples ``begin`` to ``end - 1`` of one array."""
    if _is_file_array(source):
        return array(source[(slice(None),) * axis + (slice(begin, end),)])
    if isinstance(source, CSRNDArray):
        return _csr_rows(source, torch.arange(begin, end))
    data = source._data.narrow(axis, begin, end - begin)
    if _in_numpy(data):
        return wrap(NDArray, torch.from_numpy(data.numpy().copy()), source.context)
    return wrap(NDArray, data.clone(memory_format=torch.contiguous_format), source.context)


def _take(source: Any, rows: torch.Tensor, axis: int) -> NDArray:
    """Return the examples `rows` of one array, in that order."""
    if _is_file_array(source):
        # h5py reads increasing indices, each of them once
        ordered, back = np.unique(rows.numpy(), return_inverse=True)
        return array(np.take(source[(slice(None),) * axis + (ordered,)], back, axis))
    if isinstance(source, CSRNDArray):
        return _csr_rows(source, rows)
    data = source._data
    if _in_numpy(data):
        return wrap(NDArray, torch.from_numpy(data.numpy().take(rows.numpy(), axis)), source.context)
    return wrap(NDArray, data.index_select(axis, rows.to(data.device)), source.context)


def _in_numpy(data: torch.Tensor) -> bool:
    """Shall NumPy copy it? It asks for huge pages, which makes large batches many times faster than torch's."""
    return data.device.type == "cpu" and data.dtype is not torch.bfloat16


def _csr_rows(source: CSRNDArray, rows: torch.Tensor) -> CSRNDArray:
    """Return a csr array with some rows of another."""
    values, (starts, columns) = source._compressed()
    rows = rows.to(starts.device)
    counts = starts[rows + 1] - starts[rows]
    indptr = torch.zeros(len(rows) + 1, dtype=starts.dtype, device=starts.device)
    torch.cumsum(counts, 0, out=indptr[1:])
    # element k of the result stands in the source at: start of its row + its place in the row
    places = torch.arange(int(indptr[-1]), device=starts.device)
    places += torch.repeat_interleave(starts[rows] - indptr[:-1], counts)
    return from_parts(
        CSRNDArray, values[places], (indptr, columns[places]), (len(rows), *source.shape[1:]), source.context
    )
