"""A quadratic function, and a test of equality up to rounding."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .families import check_arithmetic, cut
from .registry import Backward, operator

Tensor = torch.Tensor


def _quadratic(data: Tensor, a: float, b: float, c: float) -> Tensor:
    inner = torch.add(data.new_full((), b), data, alpha=a)
    return torch.addcmul(data.new_full((), c), inner, data)


def _quadratic_gradient(backward: Backward) -> Sequence[Tensor | None]:
    (head,), data, attributes = backward.head_gradients, backward.inputs[0], backward.attributes
    assert head is not None
    slope = torch.add(data.new_full((), attributes["b"]), data, alpha=2 * attributes["a"])
    return (slope.mul_(head),)


@operator("_contrib_quadratic", gradient=_quadratic_gradient, elementwise=True)
def quadratic(data: Tensor, *, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> Tensor:
    """Quadratic function ``a * data**2 + b * data + c``.

    Parameters
    ----------
    data : any shape
        Input, of a floating or integer dtype. Integers are computed with fractions; the result is cut.
    a, b, c : float
        Coefficients.

    Returns
    -------
    the shape and dtype of `data`

    Examples
    --------
    >>> mx.nd.contrib.quadratic(mx.nd.array([1, 2, 3]), a=1, b=2, c=3).asnumpy().tolist()
    [6.0, 11.0, 18.0]
    """
    if data.is_floating_point():
        return _quadratic(data, a, b, c)
    check_arithmetic(data, data)
    return cut(_quadratic)(data, a, b, c)


@operator(
    "_contrib_allclose",
    shape=lambda shapes, dtypes, attributes: [((), torch.uint8)],
    output_dtypes=lambda dtypes, attributes: [torch.uint8],
)
def allclose(a: Tensor, b: Tensor, *, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = True) -> Tensor:
    """1 if all elements satisfy ``abs(a - b) <= atol + rtol * abs(b)``, else 0.

    Infinities are close to infinities of the same sign only.

    Parameters
    ----------
    a, b : one shape
        What to compare, of one dtype.
    rtol, atol : float
        Relative and absolute tolerance.
    equal_nan : bool
        Count two NaNs as close.

    Returns
    -------
    an array without axes, of dtype uint8

    Examples
    --------
    >>> x = mx.nd.array([1, 2])
    >>> int(mx.nd.contrib.allclose(x, mx.nd.array([1, 2.001])).asscalar())
    0
    >>> int(mx.nd.contrib.allclose(x, mx.nd.array([1, 2.001]), rtol=0.01).asscalar())
    1
    """
    check_arithmetic(a, b)
    if a.shape != b.shape:
        raise ValueError(f"a has shape {tuple(a.shape)} and b {tuple(b.shape)}; expected equal shapes")
    a, b = a.detach(), b.detach()
    if not a.is_floating_point():
        a, b = a.double(), b.double()
    elif a.element_size() < 4:
        a, b = a.float(), b.float()
    if a.is_cpu and a.numel():
        # One number settles it, unless infinities or NaN make it NaN. This is several times faster.
        worst = (a - b).abs_().sub_(b.abs(), alpha=rtol).amax()
        if worst == worst:
            return (worst <= atol).to(torch.uint8)
    return torch.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan).all().to(torch.uint8)
