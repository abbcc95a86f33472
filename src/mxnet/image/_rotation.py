"""Images turned around their middle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch

from .. import base, ndarray
from ..ndarray import NDArray
from ..ndarray.dispatch import wrap

__all__ = ["imrotate", "random_rotate"]


def imrotate(src: NDArray, rotation_degrees: Any, zoom_in: bool = False, zoom_out: bool = False) -> NDArray:
    """Turn images counterclockwise around their middle; what comes from outside of an image is 0.

    Parameters
    ----------
    src : NDArray, (C, H, W) or (N, C, H, W), float32
        Image or images.
    rotation_degrees : float, or NDArray or sequence of N floats
        Angles in degrees. Images of a batch may have one each.
    zoom_in : bool
        Whether to enlarge the turned image until no place is empty.
    zoom_out : bool
        Whether to shrink the turned image until all of it is seen.

    Returns
    -------
    NDArray
        The shape and dtype of `src`.

    Raises
    ------
    TypeError
        If `src` is not float32, or one image has several angles.
    ValueError
        If the shapes do not fit, or both `zoom_in` and `zoom_out` are asked for.

    Examples
    --------
    >>> x = mx.nd.array([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]])
    >>> mx.image.imrotate(x, 90).round()[0].asnumpy().tolist()
    [[3.0, 6.0, 9.0], [2.0, 5.0, 8.0], [1.0, 4.0, 7.0]]
    """
    if zoom_in and zoom_out:
        raise base.ValueError("imrotate: `zoom_in` and `zoom_out` cannot be both True")
    if not isinstance(src, NDArray) or src.dtype is not np.float32:
        given = src.dtype.__name__ if isinstance(src, NDArray) else type(src).__name__
        raise base.TypeError(
            f"imrotate: src is {given}; only float32 images are supported: cast with .astype('float32')"
        )
    if src.ndim not in (3, 4):
        raise base.ValueError(
            f"imrotate: src has shape {src.shape}; only 3D and 4D are supported, with channels before H"
        )
    if src.ndim == 3:
        if not np.isscalar(rotation_degrees) or isinstance(rotation_degrees, str):
            raise base.TypeError(
                f"imrotate: rotation_degrees is {type(rotation_degrees).__name__}; when a single image is passed the "
                "rotation angle is required to be a scalar"
            )
        turned = imrotate(src.expand_dims(0), rotation_degrees, zoom_in, zoom_out)
        return turned.reshape(src.shape)
    angles = _angles(rotation_degrees, src)
    grid = _grid(angles, cast("tuple[int, int]", src.shape[2:]), zoom_in, zoom_out)
    return ndarray.BilinearSampler(src, wrap(NDArray, grid, src.context))


def _angles(degrees: Any, src: NDArray) -> torch.Tensor:
    """Return one angle for each image of a batch, in radians and float64."""
    count = src.shape[0]
    values = degrees._data if isinstance(degrees, NDArray) else np.asarray(degrees)
    if isinstance(values, np.ndarray) and values.dtype.kind not in "fiub":
        raise base.TypeError(f"imrotate: rotation_degrees is {degrees!r}; expected numbers")
    angles = torch.as_tensor(values, dtype=torch.float64, device=src._data.device)
    if angles.dim() > 1 or (angles.dim() == 1 and len(angles) != count):
        raise base.ValueError(
            f"imrotate: rotation_degrees has shape {tuple(angles.shape)} for {count} images; the number of images must "
            "be equal to the number of rotation angles"
        )
    return (angles * (math.pi / 180)).expand(count)


def _grid(angles: torch.Tensor, size: tuple[int, int], zoom_in: bool, zoom_out: bool) -> torch.Tensor:
    """Return where each pixel comes from, (N, 2, H, W): x and y from -1 to 1, as BilinearSampler reads them."""
    height, width = size
    cosine, sine = angles.cos(), angles.sin()
    if zoom_in or zoom_out:
        # How much larger the frame around the turned image is.
        long, wide = cosine.abs(), sine.abs()
        grown = torch.maximum(long + wide * (height / width), long + wide * (width / height))
        factor = grown if zoom_out else 1 / grown
        cosine, sine = cosine * factor, sine * factor
    x = torch.arange(width, dtype=torch.float64, device=angles.device) - (width - 1) / 2
    y = (torch.arange(height, dtype=torch.float64, device=angles.device) - (height - 1) / 2)[:, None]
    cosine, sine = cosine[:, None, None], sine[:, None, None]
    # A single row or column lies in the middle, at 0.
    from_x = (x * cosine - y * sine) * (2 / max(width - 1, 1))
    from_y = (x * sine + y * cosine) * (2 / max(height - 1, 1))
    return torch.stack((from_x, from_y), 1).float()


def random_rotate(
    src: NDArray, angle_limits: Sequence[float], zoom_in: bool = False, zoom_out: bool = False
) -> NDArray:
    """Turn images counterclockwise by random angles around their middle.

    The angles come from NumPy's global generator, as in MXNet: ``np.random.seed`` makes them repeatable.

    Parameters
    ----------
    src : NDArray, (C, H, W) or (N, C, H, W), float32
        Image or images.
    angle_limits : (float, float)
        Smallest and largest angle in degrees; each image has its own.
    zoom_in : bool
        Whether to enlarge the turned image until no place is empty.
    zoom_out : bool
        Whether to shrink the turned image until all of it is seen.

    Returns
    -------
    NDArray
        The shape and dtype of `src`.

    Examples
    --------
    >>> mx.image.random_rotate(mx.nd.ones((2, 3, 4, 5)), (-10, 10)).shape
    (2, 3, 4, 5)
    """
    if src.ndim == 3:
        return imrotate(src, _drawn(angle_limits), zoom_in, zoom_out)
    return imrotate(src, _drawn(angle_limits, src.shape[0]), zoom_in, zoom_out)


def _drawn(limits: Sequence[float], count: int | None = None) -> Any:
    try:
        low, high = limits
    except (TypeError, ValueError):
        raise base.TypeError(f"random_rotate: angle_limits is {limits!r}; expected two angles in degrees") from None
    return np.random.uniform(low, high, count)
