"""Selecting rows by a mask, and overwriting rows at indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .families import check_same_dtype
from .registry import Backward, operator
from .shape import normal_axis

Tensor = torch.Tensor
Dtypes = Sequence[torch.dtype | None]


def _mask_dtypes(dtypes: list[torch.dtype | None], attributes: Mapping[str, Any]) -> Dtypes:
    return dtypes  # any dtype can be a mask: none follows from the other


def _first_dtype(dtypes: Dtypes, attributes: Mapping[str, Any]) -> Dtypes:
    return dtypes[:1]


@operator(
    "_contrib_boolean_mask",
    aliases=("_npi_boolean_mask",),
    complete_dtypes=_mask_dtypes,
    output_dtypes=_first_dtype,
    dynamic=True,
)
def boolean_mask(data: Tensor, index: Tensor, *, axis: int = 0) -> Tensor:
    """The slices of `data` along `axis` where `index` is not 0, in their order.

    Parameters
    ----------
    data : at least one axis, any dtype
        Where slices come from. Those that are not selected get a zero gradient.
    index : (data.shape[axis],)
        The mask, of any dtype; NaN selects. Its gradient is zero.
    axis : int
        The axis; a negative one counts from the end.

    Returns
    -------
    `data` with as many slices on `axis` as `index` selects, possibly none

    Examples
    --------
    >>> x = mx.nd.array([[1, 2], [3, 4], [5, 6]])
    >>> mx.nd.contrib.boolean_mask(x, mx.nd.array([1, 0, 1])).asnumpy().tolist()
    [[1.0, 2.0], [5.0, 6.0]]
    """
    if not data.dim():
        raise ValueError("data has no axes; expected at least one")
    axis = normal_axis(axis, data.dim())
    if index.shape != data.shape[axis : axis + 1]:
        raise ValueError(
            f"index has shape {tuple(index.shape)}; expected ({data.shape[axis]},) for axis {axis} "
            f"of data {tuple(data.shape)}"
        )
    return data.index_select(axis, index.detach().nonzero().view(-1))


def _check_rows(index: Tensor, length: int) -> None:
    """Refuse indices outside of an array. Not looked at where that would interrupt a CUDA graph."""
    if index.is_meta or not index.numel() or (index.is_cuda and torch.cuda.is_current_stream_capturing()):
        return
    for wrong in torch.stack(torch.aminmax(index)).tolist():
        if not 0 <= wrong < length:
            raise IndexError(f"index_vector: index {wrong} is out of bounds; expected 0 to {length - 1}")


def _index_copy_gradient(backward: Backward) -> Sequence[Tensor | None]:
    (head,) = backward.head_gradients
    assert head is not None
    index = backward.inputs[1].long()
    old, _, new = backward.wanted
    return (
        head.index_fill(0, index, 0) if old else None,
        None,
        head.index_select(0, index) if new else None,
    )


@operator(
    "_contrib_index_copy",
    complete_dtypes=lambda dtypes, attributes: [dtypes[0] or dtypes[2], dtypes[1], dtypes[2] or dtypes[0]],
    output_dtypes=_first_dtype,
    gradient=_index_copy_gradient,
)
def index_copy(old_tensor: Tensor, index_vector: Tensor, new_tensor: Tensor) -> Tensor:
    """Copy of `old_tensor` with rows of `new_tensor`: row ``index_vector[i]`` of the result is ``new_tensor[i]``.

    Where an index stands twice, its last row counts; the gradient goes to all of its rows.

    Parameters
    ----------
    old_tensor : (L, ...)
        What is copied.
    index_vector : (K,)
        Row numbers from 0 to L - 1, of any dtype; fractions are cut off.
    new_tensor : (K, ...)
        The new rows, in shape and dtype as those of `old_tensor`.

    Returns
    -------
    the shape and dtype of `old_tensor`

    Raises
    ------
    IndexError
        If an index is negative or beyond the last row.

    Examples
    --------
    >>> old, new = mx.nd.zeros((3, 2)), mx.nd.array([[1, 2], [3, 4]])
    >>> mx.nd.contrib.index_copy(old, mx.nd.array([2, 0]), new).asnumpy().tolist()
    [[3.0, 4.0], [0.0, 0.0], [1.0, 2.0]]
    """
    check_same_dtype(old_tensor, new_tensor)
    if not old_tensor.dim() or index_vector.dim() != 1:
        raise ValueError(
            f"index_vector has shape {tuple(index_vector.shape)} and old_tensor {tuple(old_tensor.shape)}; "
            "expected (K,) and at least one axis"
        )
    rows = (index_vector.shape[0], *old_tensor.shape[1:])
    if new_tensor.shape != rows:
        raise ValueError(
            f"new_tensor has shape {tuple(new_tensor.shape)}; expected {rows} from index_vector "
            f"{tuple(index_vector.shape)} and old_tensor {tuple(old_tensor.shape)}"
        )
    index, length = index_vector.long(), old_tensor.shape[0]
    _check_rows(index, length)
    if not new_tensor.numel():
        return old_tensor.clone()
    # The last of the rows with one index is written for all of them: the order of writing does not matter then.
    order = torch.arange(rows[0], device=index.device)
    last = order.new_zeros(length).scatter_reduce_(0, index, order, "amax").index_select(0, index)
    if not (last.is_cpu and last.equal(order)):  # on other devices, copying is cheaper than asking
        new_tensor = new_tensor.index_select(0, last)
    return old_tensor.index_copy(0, index, new_tensor)
