"""Operators whose gradient is, by design, not the derivative of their output."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .families import scalar_binary, unary
from .registry import Backward, operator

Tensor = torch.Tensor


def _pass(backward: Backward) -> Sequence[Tensor | None]:
    return (backward.head_gradients[0],)


def _round(data: Tensor) -> Tensor:
    # Halves away from 0. Half itself would take the number before 0.5 to 1: the sum is rounded. torch.trunc is slow.
    below_half = 0.5 * (1 - torch.finfo(data.dtype).eps / 2)
    return data.abs().add_(below_half).floor_().mul_(data.sign())


unary(
    "_contrib_round_ste",
    _round,
    "Nearest integer, halves away from 0; the gradient passes unchanged (a straight-through estimator).",
    aliases=("_sparse__contrib_round_ste",),
    gradient=_pass,
    integers=torch.clone,
)
unary(
    "_contrib_sign_ste",
    torch.sign,
    "-1, 0 or 1 with the sign of each element; the gradient passes unchanged (a straight-through estimator).",
    aliases=("_sparse__contrib_sign_ste",),
    gradient=_pass,
    integers=True,
)
scalar_binary(
    "_contrib_backward_gradientmultiplier",
    torch.mul,
    "Product ``data * scalar``: the gradient of `gradientmultiplier`.",
)


def _multiplied(backward: Backward) -> Sequence[Tensor | None]:
    (head,) = backward.head_gradients
    assert head is not None
    return (head * backward.attributes["scalar"],)


@operator("_contrib_gradientmultiplier", gradient=_multiplied, elementwise=True, view=True)
def gradient_multiplier(data: Tensor, *, scalar: float = 1.0, is_int: bool = True) -> Tensor:
    """Return the input, and multiply its gradient by `scalar`.

    With a negative `scalar` this reverses the gradient: what comes before is trained against the loss.

    Parameters
    ----------
    data : any shape and dtype
        Input.
    scalar : float
        Factor of the gradient.
    is_int : bool
        Whether the scalar was written as an integer; no effect on floating gradients.

    Returns
    -------
    the shape and dtype of `data`

    References
    ----------
    Ganin and Lempitsky, Unsupervised domain adaptation by backpropagation, 2015.

    Examples
    --------
    >>> x = mx.nd.array([1, 2])
    >>> x.attach_grad()
    >>> with mx.autograd.record():
    ...     y = mx.nd.contrib.gradientmultiplier(x, scalar=-0.5)
    >>> y.backward()
    >>> y.asnumpy().tolist(), x.grad.asnumpy().tolist()
    ([1.0, 2.0], [-0.5, -0.5])
    """
    return data
