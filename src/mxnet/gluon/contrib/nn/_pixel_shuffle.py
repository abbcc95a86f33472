"""Upsampling that takes new places from channels."""

from __future__ import annotations

from typing import Any

from .... import base
from ...block import HybridBlock
from ...nn._checks import ArgumentError


def _factors(layer: str, value: Any, axes: int) -> tuple[int, ...]:
    """Return one positive factor for each axis, cut to integers as MXNet does."""
    try:
        factors = (int(value),) * axes
    except TypeError:
        if axes == 1:
            message = f"{layer}: factor must be an integer, but is {value!r}"
            raise base.TypeError(message) from None
        factors = tuple(int(one) for one in value)
    if len(factors) != axes or min(factors) < 1:
        raise ArgumentError(f"{layer}: factor must be a positive integer, or {axes} of them, but is {value!r}")
    return factors


class PixelShuffle1D(HybridBlock):
    """Makes (N, C, W * f) of (N, C * f, W).

    Parameters
    ----------
    factor : int
        How much longer the last axis becomes.

    Raises
    ------
    TypeError, ValueError
        If `factor` is not a positive integer.

    References
    ----------
    Shi et al.: Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural
    Network. arXiv:1609.05158.

    Examples
    --------
    >>> mx.gluon.contrib.nn.PixelShuffle1D(2)(mx.nd.array([[[1, 2], [3, 4]]])).asnumpy()
    array([[[1., 3., 2., 4.]]], dtype=float32)
    """

    def __init__(self, factor: int) -> None:
        (factor,) = _factors(type(self).__name__, factor, 1)
        super().__init__()
        self._factor = factor

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the longer data."""
        x = F.reshape(x, (0, -4, -1, self._factor, 0))  # (N, C, f, W)
        x = F.transpose(x, (0, 1, 3, 2))
        return F.reshape(x, (0, 0, -3))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._factor})"


class PixelShuffle2D(HybridBlock):
    """Makes (N, C, H * f1, W * f2) of (N, C * f1 * f2, H, W).

    Parameters
    ----------
    factor : int or tuple of int
        How much larger height and width become.

    Raises
    ------
    TypeError, ValueError
        If `factor` is neither a positive integer nor two of them.

    References
    ----------
    Shi et al.: Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural
    Network. arXiv:1609.05158.

    Examples
    --------
    >>> mx.gluon.contrib.nn.PixelShuffle2D((2, 3))(mx.nd.ones((1, 12, 3, 5))).shape
    (1, 2, 6, 15)
    """

    def __init__(self, factor: int | tuple[int, int]) -> None:
        factors = _factors(type(self).__name__, factor, 2)
        super().__init__()
        self._factors = factors

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the larger images."""
        f1, f2 = self._factors
        x = F.reshape(x, (0, -4, -1, f1 * f2, 0, 0))  # (N, C, f1 * f2, H, W)
        x = F.reshape(x, (0, 0, -4, f1, f2, 0, 0))
        x = F.transpose(x, (0, 1, 4, 2, 5, 3))  # (N, C, H, f1, W, f2)
        return F.reshape(x, (0, 0, -3, -3))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._factors})"


class PixelShuffle3D(HybridBlock):
    """Makes (N, C, D * f1, H * f2, W * f3) of (N, C * f1 * f2 * f3, D, H, W).

    Parameters
    ----------
    factor : int or tuple of int
        How much larger depth, height and width become.

    Raises
    ------
    TypeError, ValueError
        If `factor` is neither a positive integer nor three of them.

    References
    ----------
    Shi et al.: Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural
    Network. arXiv:1609.05158.

    Examples
    --------
    >>> mx.gluon.contrib.nn.PixelShuffle3D((2, 3, 4))(mx.nd.ones((1, 48, 3, 5, 7))).shape
    (1, 2, 6, 15, 28)
    """

    def __init__(self, factor: int | tuple[int, int, int]) -> None:
        factors = _factors(type(self).__name__, factor, 3)
        super().__init__()
        self._factors = factors

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the larger volumes."""
        f1, f2, f3 = self._factors  # one axis after the other, as MXNet transposes six axes at most
        x = F.reshape(x, (0, -4, -1, f1 * f2 * f3, 0, 0, 0))  # (N, C, f1 * f2 * f3, D, H, W)
        x = F.swapaxes(x, 2, 3)
        x = F.reshape(x, (0, 0, 0, -4, f1, f2 * f3, 0, 0))  # (N, C, D, f1, f2 * f3, H, W)
        x = F.reshape(x, (0, 0, -3, 0, 0, 0))
        x = F.swapaxes(x, 3, 4)
        x = F.reshape(x, (0, 0, 0, 0, -4, f2, f3, 0))  # (N, C, D * f1, H, f2, f3, W)
        x = F.reshape(x, (0, 0, 0, -3, 0, 0))
        x = F.swapaxes(x, 4, 5)
        return F.reshape(x, (0, 0, 0, 0, -3))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._factors})"
