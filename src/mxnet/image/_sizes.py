"""Images of another size: interpolation, borders, and the arithmetic of sizes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from .. import base
from ..ndarray import NDArray, _internal

__all__ = ["copyMakeBorder", "imresize", "resize_short", "scale_down"]

_NEAREST, _BILINEAR, _CUBIC, _AREA, _LANCZOS = range(5)
_BY_SIZE, _ANY = 9, 10


def _get_interp_method(interp: int, sizes: Sequence[int] = ()) -> int:
    """Return OpenCV's number of an interpolation, where 9 depends on `sizes`: (height, width) before and after."""
    if interp == _BY_SIZE:
        if not sizes:
            return _CUBIC
        if len(sizes) != 4:
            raise base.AssertionError(
                f"interp=9: sizes is {tuple(sizes)}; expected old height and width, then the new ones"
            )
        old_height, old_width, height, width = sizes
        if height > old_height and width > old_width:
            return _CUBIC
        return _AREA if height < old_height and width < old_width else _BILINEAR
    if interp == _ANY:
        return random.randint(_NEAREST, _LANCZOS)
    if interp not in range(5):
        raise base.ValueError(
            f"Unknown interp method {interp}; expected 0 (nearest), 1 (bilinear), 2 (cubic), 3 (area), 4 (Lanczos), "
            "9 (by the sizes) or 10 (random)"
        )
    return interp


def pair(function: str, size: Any) -> tuple[int, int]:
    """Return (width, height); TypeError names the function that was given something else."""
    try:
        width, height = size
    except TypeError:
        raise base.TypeError(f"{function}: size is {size!r}; expected two numbers, (width, height)") from None
    return width, height


def image_size(function: str, src: NDArray) -> tuple[int, int]:
    """Return height and width of an image (H, W, C)."""
    shape = src.shape
    if len(shape) != 3:
        raise base.ValueError(f"{function}: src has shape {shape}; expected one image, (height, width, channels)")
    return shape[0], shape[1]


def scale_down(src_size: Sequence[int], size: Sequence[int]) -> tuple[int, int]:
    """Return the largest size of the shape of `size` that fits into an image, or `size` if it does.

    Parameters
    ----------
    src_size : (int, int)
        Width and height of the image.
    size : (int, int)
        Wanted width and height.

    Returns
    -------
    (int, int)
        Width and height, at least 1.

    Examples
    --------
    >>> mx.image.scale_down((640, 480), (720, 120))
    (640, 106)
    """
    width, height = pair("scale_down", size)
    most_wide, most_high = pair("scale_down", src_size)
    if most_high < height:
        width, height = width * most_high / height, most_high
    if most_wide < width:
        width, height = most_wide, height * most_wide / width
    return max(int(width), 1), max(int(height), 1)


def imresize(src: NDArray, w: int, h: int, interp: int = 1, out: NDArray | None = None) -> NDArray:
    """Resize an image.

    Parameters
    ----------
    src : NDArray, (H, W, C)
        Image, uint8 or floating.
    w, h : int of at least 1
        New width and height in pixels.
    interp : int
        0: the nearest pixel; 1: bilinear; 2: bicubic; 3: mean over the area that a new pixel covers; 4: Lanczos over
        8 x 8 pixels; 9: cubic to enlarge, area to shrink, bilinear otherwise; 10: one of the first five by chance.
    out : NDArray, optional
        Where to write the image.

    Returns
    -------
    NDArray, (h, w, C), in the dtype of `src`

    Raises
    ------
    ValueError
        If `interp` is none of these numbers.

    Examples
    --------
    >>> mx.image.imresize(mx.nd.ones((40, 60, 3)), 30, 20).shape
    (20, 30, 3)
    """
    if interp in (_BY_SIZE, _ANY):
        interp = _get_interp_method(interp, (*image_size("imresize", src), h, w))
    return _internal._cvimresize(src, w=w, h=h, interp=interp, out=out)


def resize_short(src: NDArray, size: int, interp: int = 2) -> NDArray:
    """Resize an image so that its shorter side has a given length, and keep its shape.

    Parameters
    ----------
    src : NDArray, (H, W, C)
        Image, uint8 or floating.
    size : int of at least 1
        New length of the shorter side in pixels; the longer one is rounded down.
    interp : int
        Interpolation, see `imresize`.

    Returns
    -------
    NDArray, (H', W', C), in the dtype of `src`

    Examples
    --------
    >>> mx.image.resize_short(mx.nd.ones((40, 60, 3)), 20).shape
    (20, 30, 3)
    """
    height, width = image_size("resize_short", src)
    if not isinstance(size, (int, float)) and not hasattr(size, "__index__"):
        raise base.TypeError(f"resize_short: size is {size!r}; expected one number, the length of the shorter side")
    if height > width:
        new_height, new_width = size * height // width, size
    else:
        new_height, new_width = size, size * width // height
    method = _get_interp_method(interp, (height, width, new_height, new_width))
    return _internal._cvimresize(src, w=new_width, h=new_height, interp=method)


def copyMakeBorder(
    src: NDArray,
    top: int,
    bot: int,
    left: int,
    right: int,
    type: int = 0,
    value: float = 0.0,
    values: Sequence[float] = (),
    out: NDArray | None = None,
) -> NDArray:
    """Put a border around an image.

    Parameters
    ----------
    src : NDArray, (H, W, C)
        Image.
    top, bot, left, right : int of at least 0
        Widths of the border in pixels.
    type : int
        What the border holds, for pixels ``abcd``: 0: a constant; 1: the last pixel, ``aaa|abcd|ddd``; 2: the image
        mirrored, ``cba|abcd|dcb``; 3: the image again, ``bcd|abcd|abc``; 4: the image mirrored in its last pixel,
        ``dcb|abcd|cba``.
    value : float
        The constant, for the first three channels.
    values : sequence of float
        The constant of each channel; overrides `value`.
    out : NDArray, optional
        Where to write the image.

    Returns
    -------
    NDArray, (top + H + bot, left + W + right, C), in the dtype of `src`

    Examples
    --------
    >>> mx.image.copyMakeBorder(mx.nd.ones((2, 2, 1)), 1, 0, 0, 1, value=5)[:, :, 0].asnumpy().tolist()
    [[5.0, 5.0, 5.0], [1.0, 1.0, 5.0], [1.0, 1.0, 5.0]]
    """
    return _internal._cvcopyMakeBorder(
        src, top=top, bot=bot, left=left, right=right, type=type, value=value, values=tuple(values), out=out
    )
