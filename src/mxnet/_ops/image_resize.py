"""Images of another size: interpolation along rows and columns.

An image is (H, W, C), a batch (N, H, W, C). On the CPU the work is OpenCV's, as in MXNet, so that bytes agree exactly.
Where OpenCV does not reach (other devices, float64, half precision, more than four channels, arrays whose gradient is
recorded), every output is a weighted sum of the inputs under it, first along H and then along W, with the same weights.
For bytes the two differ by at most 1, because OpenCV computes with rounded weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import torch

from .attributes import IntType, PositiveInt
from .attributes import Shape as ShapeAttribute
from .families import dtype_name
from .registry import Shape, operator

Tensor = torch.Tensor
Known = Sequence[tuple[Shape, torch.dtype]]

#: How pixels are interpolated, by OpenCV's numbers.
Interpolation = Annotated[int, IntType(minimum=0, maximum=5)]
_NEAREST, _CUBIC, _AREA, _LANCZOS = 0, 2, 3, 4  # 1 and 5 are linear


def suits_opencv(data: Tensor) -> bool:
    """Return whether OpenCV is to work on images: pixels of its dtypes, on the CPU, with no gradient to record."""
    return (
        data.device.type == "cpu"
        and data.dtype in (torch.uint8, torch.float32)
        and data.shape[-1] in (1, 2, 3, 4)
        and not (data.requires_grad and torch.is_grad_enabled())
    )


# -- weights ---------------------------------------------------------------------------------------------------------
def _cubic(offset: Tensor) -> Tensor:
    """Keys' cubic kernel with a = -0.75."""
    a, x = -0.75, offset.abs()
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return torch.where(x <= 1, near, torch.where(x < 2, far, 0.0))


def _lanczos(offset: Tensor) -> Tensor:
    """Lanczos' kernel with four lobes on each side."""
    return torch.where(offset.abs() < 4, offset.sinc() * (offset / 4).sinc(), 0.0)


def _taps(size: int, wanted: int, interp: int, shrinks: bool, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return which of `size` elements each of `wanted` ones is made from, and with which weights: (wanted, K) both."""
    scale = 1.0 / (wanted / size)  # rounded as OpenCV's
    place = torch.arange(wanted, dtype=torch.float64, device=device)
    if interp == _AREA and shrinks:  # shares of the elements that a new one covers
        start = place * scale
        end = (start + scale).clamp(max=size)
        first = start.floor()
        index = first[:, None] + torch.arange(math.ceil(scale) + 1, dtype=torch.float64, device=device)
        shares = torch.minimum(end[:, None], index + 1) - torch.maximum(start[:, None], index)
        return index.long().clamp(0, size - 1), shares.clamp(min=0) / (end - start)[:, None]
    if interp == _AREA:
        low = (place * scale).floor()
        part = place + 1 - (low + 1) / scale
        whole = part.float().floor()  # in float32 as in OpenCV: what is nearly 1 counts as 1
        part = torch.where(part <= 0, 0.0, (part - whole).clamp(min=0))
    else:
        centre = (place + 0.5) * scale - 0.5
        low = centre.floor()
        part = centre - low
    reach = {_CUBIC: 2, _LANCZOS: 4}.get(interp, 1)
    steps = torch.arange(1 - reach, reach + 1, dtype=torch.float64, device=device)
    offset = part[:, None] - steps
    if interp == _CUBIC:
        weight = _cubic(offset)
    elif interp == _LANCZOS:
        weight = _lanczos(offset)
        weight = weight / weight.sum(1, keepdim=True)
    else:
        weight = 1 - offset.abs()
    return (low[:, None] + steps).long().clamp(0, size - 1), weight


def _nearest(size: int, wanted: int, device: torch.device) -> Tensor:
    scale = 1.0 / (wanted / size)
    place = torch.arange(wanted, dtype=torch.float64, device=device)
    return (place * scale).floor().long().clamp(max=size - 1)


# -- the two ways ----------------------------------------------------------------------------------------------------
def _by_weights(data: Tensor, height: int, width: int, interp: int) -> Tensor:
    rows, columns = data.shape[1:3]
    if interp == _NEAREST:
        data = data.index_select(1, _nearest(rows, height, data.device))
        return data.index_select(2, _nearest(columns, width, data.device))
    work = torch.float64 if data.dtype is torch.float64 else torch.float32
    shrinks = height <= rows and width <= columns
    result = data
    for axis, size, wanted in ((1, rows, height), (2, columns, width)):
        index, weight = _taps(size, wanted, interp, shrinks, data.device)
        # Elements are taken out before they are weighed: zeros in a matrix would spread NaN and infinity.
        taken = result.index_select(axis, index.flatten()).to(work).unflatten(axis, index.shape)
        result = (taken * weight.to(work).view(*index.shape, *(1,) * (3 - axis))).sum(axis + 1)
    if data.dtype is torch.uint8:
        result = (result + 0.5).floor().clamp(0, 255)
    return result.to(data.dtype)


def _by_opencv(data: Tensor, height: int, width: int, interp: int) -> Tensor:
    import cv2

    out = torch.empty((data.shape[0], height, width, data.shape[3]), dtype=data.dtype)
    flat = slice(None) if data.shape[3] > 1 else 0  # OpenCV has no third axis of length 1
    for image, target in zip(data.detach().contiguous().numpy(), out.numpy()):
        cv2.resize(image, (width, height), dst=target[..., flat], interpolation=interp)
    return out


def _resized(data: Tensor, height: int, width: int, interp: int) -> Tensor:
    """Resize (H, W, C) or (N, H, W, C)."""
    if data.dim() == 3:
        return _resized(data[None], height, width, interp)[0]
    if 0 in data.shape[1:3]:
        raise ValueError(f"data has shape {tuple(data.shape)}; expected images of at least one pixel")
    if interp != _NEAREST and not data.is_floating_point() and data.dtype is not torch.uint8:
        raise TypeError(
            f"data is {dtype_name(data.dtype)}; expected uint8 or floats with interp={interp} (interp=0 takes any "
            "dtype): cast it with .astype"
        )
    if suits_opencv(data):
        return _by_opencv(data, height, width, interp)
    return _by_weights(data, height, width, interp)


# -- operators -------------------------------------------------------------------------------------------------------
def check_axes(shape: Shape, axes: tuple[int, ...], name: str) -> None:
    """Raise ValueError unless an image has one of these numbers of axes."""
    if len(shape) not in axes:
        expected = "(H, W, C) or (N, H, W, C)" if 4 in axes else "(H, W, C)"
        raise ValueError(f"{name} has shape {tuple(shape)}; expected {expected}")


def _wanted(shape: Shape, size: Shape, keep_ratio: bool) -> tuple[int, int]:
    """Return the new height and width; ValueError where `size` cannot be read."""
    check_axes(shape, (3, 4), "data")
    if len(size) not in (1, 2) or min(size) < 1:
        raise ValueError(f"size is {size}; expected one positive number, or two: (width, height)")
    if len(size) == 2:
        return size[1], size[0]
    (short,) = size
    height, width = shape[-3:-1]
    if not keep_ratio or 0 in (height, width):
        return short, short
    return (short * height // width, short) if height > width else (short, short * width // height)


def _resize_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    shape = shapes[0]
    height, width = _wanted(shape, attributes["size"], attributes["keep_ratio"])
    return [((*shape[:-3], height, width, shape[-1]), dtypes[0])]


@operator("_image_resize", aliases=("_npx__image_resize",), shape=_resize_shape)
def image_resize(
    data: Tensor, *, size: ShapeAttribute = (), keep_ratio: bool = False, interp: Interpolation = 1
) -> Tensor:
    """Image or batch of images of another size.

    Parameters
    ----------
    data : (H, W, C) or (N, H, W, C)
        Images, uint8 or floating; with ``interp=0`` of any dtype.
    size : int or (int, int)
        New width and height. One number stands for both.
    keep_ratio : bool
        With one number as `size`, make the shorter side that long and keep the shape of the image; the longer side
        is rounded down.
    interp : int
        0: the nearest pixel; 1: linear; 2: cubic, over 4 x 4 pixels; 3: mean over the area that a new pixel covers
        (where an axis grows: linear between the areas' centres); 4: Lanczos over 8 x 8 pixels; 5: linear.

    Returns
    -------
    (H', W', C) or (N, H', W', C), in the dtype of `data`; uint8 is rounded and kept within 0 and 255

    Examples
    --------
    >>> x = mx.nd.array([[[0], [10]], [[20], [30]]])
    >>> mx.nd.image.resize(x, size=1)[0, 0].asnumpy().tolist()
    [15.0]
    >>> mx.nd.image.resize(mx.nd.ones((30, 20, 3)), size=10, keep_ratio=True).shape
    (15, 10, 3)
    """
    height, width = _wanted(tuple(data.shape), size, keep_ratio)
    return _resized(data, height, width, interp)


def _imresize_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    check_axes(shapes[0], (3,), "src")
    return [((attributes["h"], attributes["w"], shapes[0][2]), dtypes[0])]


@operator("_cvimresize", aliases=("_npi_cvimresize",), shape=_imresize_shape)
def imresize(src: Tensor, *, w: PositiveInt, h: PositiveInt, interp: Interpolation = 1) -> Tensor:
    """Image of another size; ``mx.nd.image.resize`` also takes batches.

    Parameters
    ----------
    src : (H, W, C)
        Image, uint8 or floating; with ``interp=0`` of any dtype.
    w, h : int of at least 1
        New width and height.
    interp : int
        0: the nearest pixel; 1: linear; 2: cubic, over 4 x 4 pixels; 3: mean over the area that a new pixel covers
        (where an axis grows: linear between the areas' centres); 4: Lanczos over 8 x 8 pixels; 5: linear.

    Returns
    -------
    (h, w, C), in the dtype of `src`; uint8 is rounded and kept within 0 and 255

    Examples
    --------
    >>> mx.nd._internal._cvimresize(mx.nd.ones((4, 6, 3)), w=3, h=2).shape
    (2, 3, 3)
    """
    check_axes(tuple(src.shape), (3,), "src")
    return _resized(src, h, w, interp)
