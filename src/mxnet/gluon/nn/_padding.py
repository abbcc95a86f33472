"""Padding of images."""

from __future__ import annotations

from typing import Any

from ... import base
from ..block import HybridBlock
from ._checks import ArgumentError


class ReflectionPad2D(HybridBlock):
    """Continues images beyond their borders as if these were mirrors; the outermost elements are not repeated.

    Parameters
    ----------
    padding : int or tuple of int
        How many elements are added on each side, fewer than the image has; or 8 numbers, two for each axis of NCHW,
        of which the first four are 0.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If `padding` is neither.

    Examples
    --------
    >>> mx.gluon.nn.ReflectionPad2D(1)(mx.nd.array([[1, 2], [3, 4]]).reshape((1, 1, 2, 2))).asnumpy()[0, 0]
    array([[4., 3., 4., 3.],
           [2., 1., 2., 1.],
           [4., 3., 4., 3.],
           [2., 1., 2., 1.]], dtype=float32)
    """

    def __init__(self, padding: Any = 0, **kwargs: Any) -> None:
        if isinstance(padding, base.numeric_types):
            padding = (0, 0, 0, 0, padding, padding, padding, padding)
        elif not isinstance(padding, (tuple, list)) or len(padding) != 8:
            name = type(self).__name__
            raise ArgumentError(f"{name}: padding must be an int, or 8 of them, two for each axis, but is {padding!r}")
        super().__init__(**kwargs)
        self._padding = padding

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the larger images."""
        return F.pad(x, mode="reflect", pad_width=self._padding)
