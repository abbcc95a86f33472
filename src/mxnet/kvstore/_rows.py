"""Rows of row_sparse values."""

from __future__ import annotations

import torch

from .. import base
from ..ndarray._sparse_creation import row_sparse_array
from ..ndarray.dispatch import wrap
from ..ndarray.ndarray import NDArray


def pull_rows(key: int | str, stored: NDArray, target: NDArray, ids: NDArray) -> None:
    for name, array in (("the value", stored), ("the array in out", target)):
        if array.stype != "row_sparse":
            raise base.MXNetError(
                f"KVStore.row_sparse_pull: key {key!r}: {name} is {array.stype!r}, expected 'row_sparse'; pull is for "
                "dense ones"
            )
    rows = ids.as_in_context(stored.context)._data.reshape(-1).long().unique()
    if rows.numel() and not 0 <= int(rows[0]) <= int(rows[-1]) < stored.shape[0]:
        raise base.IndexError(
            f"KVStore.row_sparse_pull: key {key!r} has rows 0 to {stored.shape[0] - 1}, but row_ids has {int(rows[0])} "
            f"to {int(rows[-1])}"
        )
    values, places = stored.data._data, stored.indices._data  # type: ignore[attr-defined] - it is sparse
    picked = values.new_zeros((rows.numel(), *values.shape[1:]))
    if places.numel():
        where = torch.searchsorted(places, rows).clamp_(max=places.numel() - 1)
        there = places[where] == rows
        picked[there] = values[where[there]]
    wanted = (wrap(NDArray, picked, stored._context), wrap(NDArray, rows, stored._context))
    row_sparse_array(wanted, shape=stored.shape, ctx=target.context, dtype=target.dtype).copyto(target)
