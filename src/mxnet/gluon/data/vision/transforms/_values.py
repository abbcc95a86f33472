"""Images as tensors for networks: dtypes, the order of axes, ranges of values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....block import HybridBlock

__all__ = ["Cast", "Normalize", "ToTensor"]


class Cast(HybridBlock):
    """Give an array another dtype.

    Parameters
    ----------
    dtype : str or dtype
        What to cast to.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.Cast("float16")(mx.nd.ones((2, 2))).dtype.__name__
    'float16'
    """

    def __init__(self, dtype: Any = "float32") -> None:
        super().__init__()
        self._dtype = dtype

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the array in the dtype."""
        return F.cast(x, self._dtype)


class ToTensor(HybridBlock):
    """Turn images with channels last and values up to 255 into float32 with channels first and values up to 1.

    Its input is (H, W, C) or (N, H, W, C), of any dtype but bool; its result (C, H, W) or (N, C, H, W), float32.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> x = mx.nd.array([[[0, 255], [51, 102]]], dtype="uint8")
    >>> transforms.ToTensor()(x).asnumpy().round(3).tolist()
    [[[0.0, 0.20000000298023224]], [[1.0, 0.4000000059604645]]]
    """

    def __init__(self) -> None:
        super().__init__()

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the image as a tensor."""
        return F.image.to_tensor(x)


class Normalize(HybridBlock):
    """Shift and scale each channel: ``(x - mean) / std``.

    Its input is (C, H, W) or (N, C, H, W), as `ToTensor` gives it; its result has the same shape and dtype.

    Parameters
    ----------
    mean : float or sequence of float
        What is subtracted, one number for all channels or one for each.
    std : float or sequence of float
        What the difference is divided by, one number for all channels or one for each.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> x = mx.nd.ones((3, 1, 1))
    >>> transforms.Normalize(mean=(0, 1, 2), std=2)(x).reshape(-1).asnumpy().tolist()
    [0.5, 0.0, -0.5]
    """

    def __init__(self, mean: float | Sequence[float] = 0.0, std: float | Sequence[float] = 1.0) -> None:
        super().__init__()
        self._mean = mean
        self._std = std

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the image with channels shifted and scaled."""
        return F.image.normalize(x, self._mean, self._std)
