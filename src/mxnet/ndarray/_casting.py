"""Casts before an operator on arrays, under automatic mixed precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from .._frontend.casting import scaling
from .._graph.autocast import Rule
from .._ops.elementwise import AMP_DTYPES
from .._ops.registry import Operator, get
from .dispatch import invoke

if TYPE_CHECKING:
    from .ndarray import NDArray


def cast(
    operator: Operator, rule: Rule, arrays: list[NDArray | None], values: dict[str, Any]
) -> Sequence[NDArray | None]:
    """Return an operator's inputs in the dtypes that the rule asks for; the scale of a loss goes into `values`."""
    if rule.is_loss:
        values["grad_scale"] *= scaling.factor
    found = rule.under(operator, values)
    dtypes = {a._data.dtype for a in arrays if a is not None and a._data.dtype in AMP_DTYPES}
    if found is None or (found.dtype is None and len(dtypes) < 2):
        return arrays
    dtype = found.dtype or torch.float32  # the widest of two is float32
    if dtypes <= {dtype} or any(a is not None and a.is_sparse for a in arrays):
        return arrays
    states = len(operator.auxiliary_names(values)) if operator.auxiliary else 0
    count = len(arrays) - states
    return [*(_in_dtype(array, dtype) for array in arrays[:count]), *arrays[count:]]


def _in_dtype(array: NDArray | None, dtype: torch.dtype) -> NDArray | None:
    if array is None or array._data.dtype is dtype or array._data.dtype not in AMP_DTYPES:
        return array
    return invoke(get("amp_cast"), (array,), {"dtype": dtype})
