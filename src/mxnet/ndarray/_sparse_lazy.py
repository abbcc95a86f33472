"""Optimizer updates that touch only those rows that a row_sparse gradient holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .._ops.registry import Operator
from .dispatch import ERRORS, _is_in_place, check_writable, failed

#: Updates that have such a form in MXNet 1.9.1. They work row by row, so some rows are updated as any array is.
LAZY = ("sgd_update", "sgd_mom_update", "adam_update", "ftrl_update", "_sparse_adagrad_update",
        "_contrib_group_adagrad_update")  # fmt: skip


def lazy_update(operator: Operator, arrays: Sequence[Any], values: Mapping[str, Any], out: Any) -> Any:
    """Update only the gradient's rows and return the weights; None where all rows are to be updated.

    All rows are updated too where a state has another storage type than the weights, with ``lazy_update=False``, and
    by FTRL for dense weights: as in MXNet 1.9.1.
    """
    if operator.name not in LAZY or arrays[1].stype != "row_sparse" or not values.get("lazy_update", True):
        return None
    weight, grad, *states = arrays
    if any(s.stype != weight.stype for s in states) or weight.stype == "csr":
        return None
    if operator.name == "ftrl_update" and weight.stype == "default":
        return None
    if weight.shape != grad.shape or weight.dtype is not grad.dtype or weight._context != grad._context:
        return None  # the operator says what is wrong
    in_place = _is_in_place(operator, arrays, values, out)
    for state in states:
        check_writable(operator.name, state)
    if out is not None and not in_place:
        return None
    target = weight if in_place else weight.copy()
    stored, (rows,) = grad._compressed()
    if rows.numel():
        whole = [target._data, *(s._data for s in states)]
        parts = [tensor[rows] for tensor in whole]
        call = {**operator.keywords(values), "inplace": True}
        try:
            operator.function(parts[0], stored.clone(), *parts[1:], **call)
        except ERRORS as error:
            raise failed(operator, arrays, values, error) from None
        for tensor, part in zip(whole, parts):
            with torch.no_grad():
                tensor.index_copy_(0, rows, part)
    return target
