"""Pieces of images, at given or random places, and colours shifted and scaled.

Random places come from Python's `random`, as in MXNet: ``random.seed`` makes them repeatable.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

from .. import base
from ..ndarray import NDArray
from ._sizes import _get_interp_method, image_size, imresize, pair, scale_down

__all__ = ["center_crop", "color_normalize", "fixed_crop", "random_crop", "random_size_crop"]

Box = tuple[int, int, int, int]

_ATTEMPTS = 10  # to find a random rectangle that lies within the image


def fixed_crop(
    src: NDArray, x0: int, y0: int, w: int, h: int, size: Sequence[int] | None = None, interp: int = 2
) -> NDArray:
    """Cut a rectangle out of an image, and resize it if asked to.

    Parameters
    ----------
    src : NDArray, (H, W, C)
        Image.
    x0, y0 : int of at least 0
        Left column and top row.
    w, h : int of at least 1
        Size of the rectangle in pixels; what lies outside of the image is left out.
    size : (int, int), optional
        Width and height of the result.
    interp : int
        Interpolation, see `imresize`.

    Returns
    -------
    NDArray, (h, w, C) or (size[1], size[0], C), in the dtype of `src`

    Examples
    --------
    >>> x = mx.nd.arange(12).reshape((3, 4, 1))
    >>> mx.image.fixed_crop(x, 1, 0, 2, 2)[:, :, 0].asnumpy().tolist()
    [[1.0, 2.0], [5.0, 6.0]]
    """
    height, width = image_size("fixed_crop", src)
    if min(x0, y0) < 0 or min(w, h) < 1 or x0 >= width or y0 >= height:
        raise base.ValueError(
            f"fixed_crop: x0={x0}, y0={y0}, w={w}, h={h} and an image {width} wide and {height} high; expected at "
            "least one pixel that begins within the image"
        )
    out = src[y0 : y0 + h, x0 : x0 + w]
    if size is None:
        return out
    wide, high = pair("fixed_crop", size)
    if (wide, high) == (w, h):
        return out
    return imresize(out, wide, high, interp=_get_interp_method(interp, (h, w, high, wide)))


def center_crop(src: NDArray, size: Sequence[int], interp: int = 2) -> tuple[NDArray, Box]:
    """Cut the middle out of an image; it is enlarged where the image is too small.

    Parameters
    ----------
    src : NDArray, (H, W, C)
        Image.
    size : (int, int)
        Width and height of the result in pixels.
    interp : int
        Interpolation, see `imresize`.

    Returns
    -------
    NDArray, (size[1], size[0], C)
        The piece, in the dtype of `src`.
    (int, int, int, int)
        Where it was: left column, top row, width, height.

    Examples
    --------
    >>> cropped, box = mx.image.center_crop(mx.nd.ones((40, 60, 3)), (20, 30))
    >>> cropped.shape, box
    ((30, 20, 3), (20, 5, 20, 30))
    """
    height, width = image_size("center_crop", src)
    wide, high = scale_down((width, height), pair("center_crop", size))
    x0, y0 = int((width - wide) / 2), int((height - high) / 2)
    return fixed_crop(src, x0, y0, wide, high, size, interp), (x0, y0, wide, high)


def random_crop(src: NDArray, size: Sequence[int], interp: int = 2) -> tuple[NDArray, Box]:
    """Cut a rectangle out of an image at a random place; it is enlarged where the image is too small.

    Parameters
    ----------
    src : NDArray, (H, W, C)
        Image.
    size : (int, int)
        Width and height of the result in pixels.
    interp : int
        Interpolation, see `imresize`.

    Returns
    -------
    NDArray, (size[1], size[0], C)
        The piece, in the dtype of `src`.
    (int, int, int, int)
        Where it was: left column, top row, width, height.

    Examples
    --------
    >>> cropped, (x0, y0, w, h) = mx.image.random_crop(mx.nd.ones((40, 60, 3)), (20, 30))
    >>> cropped.shape, 0 <= x0 <= 40, (w, h)
    ((30, 20, 3), True, (20, 30))
    """
    height, width = image_size("random_crop", src)
    wide, high = scale_down((width, height), pair("random_crop", size))
    x0, y0 = random.randint(0, width - wide), random.randint(0, height - high)
    return fixed_crop(src, x0, y0, wide, high, size, interp), (x0, y0, wide, high)


def random_size_crop(
    src: NDArray,
    size: Sequence[int],
    area: float | tuple[float, float],
    ratio: tuple[float, float],
    interp: int = 2,
    **kwargs: Any,
) -> tuple[NDArray, Box]:
    """Cut a rectangle of random size, shape and place out of an image, and resize it.

    After ten rectangles that do not fit into the image, it is cut from the middle.

    Parameters
    ----------
    src : NDArray, (H, W, C)
        Image.
    size : (int, int)
        Width and height of the result in pixels.
    area : float in (0, 1] or (float, float)
        Smallest and largest share of the image's area; one number is the smallest, and 1 the largest.
    ratio : (float, float)
        Smallest and largest width / height, drawn uniformly by its logarithm.
    interp : int
        Interpolation, see `imresize`.
    **kwargs
        ``min_area``, an old name of `area` that overrides it.

    Returns
    -------
    NDArray, (size[1], size[0], C)
        The piece, in the dtype of `src`.
    (int, int, int, int)
        Where it was: left column, top row, width, height.

    References
    ----------
    Szegedy et al.: Going deeper with convolutions (2015), section 6.

    Examples
    --------
    >>> cropped, box = mx.image.random_size_crop(mx.nd.ones((40, 60, 3)), (20, 30), (0.5, 1), (0.75, 1.33))
    >>> cropped.shape
    (30, 20, 3)
    """
    height, width = image_size("random_size_crop", src)
    area = kwargs.pop("min_area", area)
    if kwargs:
        raise base.AssertionError(f"random_size_crop: unexpected keyword arguments {', '.join(kwargs)}")
    smallest, largest = (area, 1.0) if isinstance(area, (int, float)) else area
    for _ in range(_ATTEMPTS):
        wanted = random.uniform(smallest, largest) * (height * width)
        shape = math.exp(random.uniform(math.log(ratio[0]), math.log(ratio[1])))
        wide, high = round(math.sqrt(wanted * shape)), round(math.sqrt(wanted / shape))
        if 1 <= wide <= width and 1 <= high <= height:
            x0, y0 = random.randint(0, width - wide), random.randint(0, height - high)
            return fixed_crop(src, x0, y0, wide, high, size, interp), (x0, y0, wide, high)
    return center_crop(src, size, interp)


def color_normalize(src: NDArray, mean: NDArray | float | None, std: NDArray | float | None = None) -> NDArray:
    """Shift and scale colours: ``(src - mean) / std``, in place.

    Parameters
    ----------
    src : NDArray, (H, W, C)
        Image of floats, which is changed.
    mean : NDArray or float, optional
        What to subtract, one number for each channel or one for all.
    std : NDArray or float, optional
        What to divide by, one number for each channel or one for all.

    Returns
    -------
    NDArray
        `src`.

    Examples
    --------
    >>> x = mx.nd.ones((1, 1, 3)) * 6
    >>> mx.image.color_normalize(x, mx.nd.array([0, 2, 4]), mx.nd.array([1, 2, 1])).reshape(-1).asnumpy().tolist()
    [6.0, 2.0, 2.0]
    """
    if mean is not None:
        src -= mean
    if std is not None:
        src /= std
    return src
