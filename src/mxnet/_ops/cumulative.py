"""Running sums."""

from __future__ import annotations

import torch

from .attributes import DType
from .registry import operator

Tensor = torch.Tensor


@operator("_np_cumsum", aliases=("cumsum",))
def cumsum(a: Tensor, *, axis: int | None = None, dtype: DType | None = None) -> Tensor:
    """Running sum along an axis: ``out[i] = a[0] + ... + a[i]``.

    Parameters
    ----------
    a : any shape and dtype
        Input.
    axis : int, optional
        Axis to sum along; without it the array counts as one row.
    dtype : dtype, optional
        Of the result and of the sum; that of `a` when left out.

    Returns
    -------
    the shape of `a`, or (size,) without `axis`

    Examples
    --------
    >>> mx.nd.cumsum(mx.nd.array([[1, 2], [3, 4]]), axis=0).asnumpy().tolist()
    [[1.0, 2.0], [4.0, 6.0]]
    """
    if axis is None:
        a, axis = a.reshape(-1), 0
    elif not -a.dim() <= axis < a.dim():
        raise ValueError(f"axis={axis} is out of range; expected {-a.dim()} to {a.dim() - 1} from a {tuple(a.shape)}")
    kind = dtype or a.dtype
    wide = torch.float32 if kind in (torch.float16, torch.bfloat16) else kind
    return torch.cumsum(a, axis, dtype=wide).to(kind)
