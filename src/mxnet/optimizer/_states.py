"""The arrays that optimizers begin with."""

from __future__ import annotations

import numpy as np
import torch

from ..context import Context
from ..ndarray import NDArray, zeros
from ..ndarray.dispatch import wrap


def zeros_like(weight: NDArray, sparse: bool = False) -> NDArray:
    """Return zeros in the shape and dtype and on the device of a weight.

    With `sparse` they are row_sparse where the weight is.
    """
    if sparse and weight.stype == "row_sparse":
        return zeros(weight.shape, weight._context, weight.dtype, "row_sparse")
    return wrap(NDArray, torch.zeros_like(weight._data), weight._context)


def single_zeros(weight: NDArray, sparse: bool = False) -> NDArray:
    """Return zeros in the shape of a weight: float64 for one of float64, float32 for all others.

    With `sparse` they are row_sparse where the weight is.
    """
    wide = weight.dtype is np.float64
    if sparse and weight.stype == "row_sparse":
        return zeros(weight.shape, weight._context, "float64" if wide else "float32", "row_sparse")
    dtype = torch.float64 if wide else torch.float32
    return wrap(NDArray, torch.zeros_like(weight._data, dtype=dtype), weight._context)


def context_of(tensor: torch.Tensor) -> Context:
    """Return the context of a tensor's device."""
    return Context("gpu", tensor.device.index or 0) if tensor.is_cuda else Context("cpu", 0)
