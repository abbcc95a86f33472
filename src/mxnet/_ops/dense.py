"""Affine layers and matrix products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .attributes import PositiveInt
from .families import check_same_dtype
from .products import linear, matmul
from .registry import Backward, Shape, operator

Tensor = torch.Tensor


def _flat_width(shape: Shape, flatten: bool) -> int:
    if not flatten:
        return shape[-1]
    width = 1
    for size in shape[1:]:
        width *= size
    return width


def _dense_inputs(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    return ("data", "weight") if attributes["no_bias"] else ("data", "weight", "bias")


def _dense_complete(shapes: list[Shape | None], attributes: Mapping[str, Any]) -> Sequence[Shape | None]:
    data, units = shapes[0], attributes["num_hidden"]
    width = _flat_width(data, attributes["flatten"]) if data else 0  # 0 while a length in it is unknown
    if width or shapes[1] is None:
        shapes[1] = (units, width)
    if len(shapes) == 3:
        shapes[2] = (units,)
    return shapes


def _dense_shape(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[Shape, torch.dtype]]:
    """A rule, as torch needs a second for its first product on the meta device."""
    data, flatten, units = shapes[0], attributes["flatten"], attributes["num_hidden"]
    _check_shapes(data, shapes[1], None if attributes["no_bias"] else shapes[2], units, flatten)
    return [((data[0], units) if flatten else (*data[:-1], units), dtypes[0])]


def _check_shapes(data: Shape, weight: Shape, bias: Shape | None, units: int, flatten: bool) -> None:
    if not data:
        raise ValueError("data has no axes; expected at least one")
    width = _flat_width(data, flatten)
    if tuple(weight) != (units, width):
        raise ValueError(
            f"weight has shape {tuple(weight)}; expected ({units}, {width}) from num_hidden={units} and data "
            f"{tuple(data)}"
        )
    if bias is not None and tuple(bias) != (units,):
        raise ValueError(f"bias has shape {tuple(bias)}; expected ({units},)")


def _dense_gradient(backward: Backward) -> tuple[Tensor | None, ...]:
    (head,) = backward.head_gradients
    data, weight = backward.inputs[:2]
    into, wanted = backward.into, backward.wanted
    assert head is not None
    rows = head.reshape(-1, head.shape[-1])  # (N, units)
    columns = data.reshape(rows.shape[0], weight.shape[1])  # (N, width)
    gradients: list[Tensor | None] = [None] * len(wanted)
    if wanted[0]:
        target = None if into[0] is None else into[0].view(columns.shape)
        product = matmul(rows, weight, target)
        gradients[0] = product.view(data.shape) if target is None else into[0]
    if wanted[1]:
        gradients[1] = matmul(rows.t(), columns, into[1])
    if len(wanted) == 3 and wanted[2]:
        gradients[2] = torch.sum(rows, 0, out=into[2]) if into[2] is not None else rows.sum(0)
    return gradients  # type: ignore[return-value]


@operator(
    "FullyConnected",
    aliases=("_npx_fully_connected", "_sparse_FullyConnected"),
    inputs=_dense_inputs,
    complete=_dense_complete,
    shape=_dense_shape,
    plan_gradient=_dense_gradient,
    gradient_reads=("data", "weight"),
    gradient_memory="own",
    linear_in={"data": ("weight",)},
)
def fully_connected(
    data: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    num_hidden: PositiveInt,
    no_bias: bool = False,
    flatten: bool = True,
) -> Tensor:
    """Affine map of the last axis: ``data @ weight.T + bias``.

    Parameters
    ----------
    data : (N, ...) or (..., width)
        Input. With `flatten`, all axes but the first count as one of length ``width``.
    weight : (num_hidden, width)
        Weights, of the same dtype as `data`.
    bias : (num_hidden,), optional
        Added to every row; absent with `no_bias`.
    num_hidden : int of at least 1
        Length of the output's last axis.
    no_bias : bool
        Leave `bias` out.
    flatten : bool
        Treat `data` as a matrix (N, width); otherwise only its last axis is mapped.

    Returns
    -------
    (N, num_hidden), or (..., num_hidden) without `flatten`

    Examples
    --------
    >>> x, w, b = mx.nd.ones((2, 3)), mx.nd.ones((4, 3)), mx.nd.zeros((4,))
    >>> mx.nd.FullyConnected(x, w, b, num_hidden=4).shape
    (2, 4)
    """
    bias = None if no_bias else bias
    check_same_dtype(data, weight)
    _check_shapes(data.shape, weight.shape, None if bias is None else bias.shape, num_hidden, flatten)
    if flatten and data.dim() != 2:
        data = data.reshape(data.shape[0], -1)
    return linear(data, weight) if bias is None else linear(data, weight, bias)
