"""Helpers of data-parallel training that programs of MXNet's early years import from here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import base

if TYPE_CHECKING:
    from .symbol import Symbol


def _split_input_slice(batch_size: int, work_load_list: Sequence[float]) -> list[slice]:
    """Return each device's part of a batch, in proportion to its work load.

    Parameters
    ----------
    batch_size : int
        Samples in the batch.
    work_load_list : sequence of float
        How much each device takes, in any unit.

    Returns
    -------
    list of slice

    Raises
    ------
    ValueError
        If a device would get nothing.

    Examples
    --------
    >>> mx.executor_manager._split_input_slice(8, [1, 3])
    [slice(0, 2, None), slice(2, 8, None)]
    """
    total = sum(work_load_list)
    counts = [round(load * batch_size / total) for load in work_load_list]
    missing = batch_size - sum(counts)
    if missing > 0:  # rounding left some over
        counts[-1] += missing
    found: list[slice] = []
    end = 0
    for count in counts:
        begin, end = min(end, batch_size), min(end + count, batch_size)
        if begin >= end:
            raise base.ValueError(
                f"Too many slices. Some splits are empty: a batch of {batch_size} for {len(counts)} devices with work "
                f"loads {list(work_load_list)}; use fewer devices or a larger batch"
            )
        found.append(slice(begin, end))
    return found


def _check_arguments(symbol: Symbol) -> None:
    """Refuse a symbol in which two arguments, or two auxiliary states, have one name."""
    for names, what in (
        (symbol.list_arguments(), "argument"),
        (symbol.list_auxiliary_states(), "auxiliary state"),
    ):
        for position, name in enumerate(names):
            if name in names[:position]:
                raise base.ValueError(
                    f'Find duplicated {what} name "{name}", please make the names non-duplicated; they are: {names}'
                )
