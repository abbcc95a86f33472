"""Images from files and bytes, and borders around them.

OpenCV decodes. Its images have blue first; red comes first here unless asked otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import torch

from .attributes import Floats, IntType, NonNegativeInt
from .image_resize import check_axes, suits_opencv
from .registry import Shape, operator

Tensor = torch.Tensor
Known = Sequence[tuple[Shape, torch.dtype]]

_Flag = Annotated[int, IntType(minimum=0, maximum=2**31 - 1)]
_REDUCED = 16 | 32 | 64  # OpenCV's flags for smaller images: MXNet decodes them at full size


def _uint8(dtypes: Sequence[torch.dtype | None], attributes: Mapping[str, Any]) -> Sequence[torch.dtype | None]:
    return [torch.uint8]


def _decoded(content: np.ndarray[Any, Any], flag: int, to_rgb: bool, what: str) -> Tensor:
    """Return the image that the bytes `content` hold; `what` names them in messages."""
    import cv2

    start = f"{content.size} bytes that start with {content[:8].tobytes()!r}"
    try:
        image = cv2.imdecode(content, flag & ~_REDUCED) if content.size else None
    except cv2.error as error:
        why = " ".join(str(error).split())
        raise ValueError(f"OpenCV cannot decode {what}, {start}, with flag={flag}: {why}") from None
    if image is None:
        raise ValueError(
            f"{what} holds no image that can be decoded; expected a whole file of PNG, JPEG ..., got {start}"
        )
    if image.dtype != np.uint8:
        raise ValueError(
            f"flag={flag} gives an image of {image.dtype}; expected a flag that gives uint8, such as 0 or 1"
        )
    if image.ndim == 2:
        return torch.from_numpy(image).unsqueeze(2)
    if to_rgb:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)
    return torch.from_numpy(image)


@operator("_cvimdecode", aliases=("_npi_cvimdecode",), dynamic=True)
def imdecode(buf: Tensor, *, flag: _Flag = 1, to_rgb: bool = True) -> Tensor:
    """Image that the bytes of a file hold: PNG, JPEG and whatever else OpenCV reads.

    Parameters
    ----------
    buf : any shape, uint8
        The bytes, on the CPU.
    flag : int of at least 0
        0: one channel of grey; 1: three channels.
    to_rgb : bool
        Red, green, blue; otherwise blue, green, red.

    Returns
    -------
    (H, W, 1) or (H, W, 3), uint8

    Raises
    ------
    ValueError
        If the bytes are no image.

    Examples
    --------
    >>> file = np.frombuffer(b"P6 2 1 255 " + bytes([10, 20, 30, 40, 50, 60]), "uint8")  # a portable pixmap
    >>> mx.nd._internal._cvimdecode(mx.nd.array(file, dtype="uint8")).asnumpy().tolist()
    [[[10, 20, 30], [40, 50, 60]]]
    """
    if buf.dtype is not torch.uint8:
        raise TypeError(f"buf is {str(buf.dtype)[6:]}; expected uint8, the bytes of a file")
    if buf.device.type != "cpu":
        raise ValueError(f"buf lies on {buf.device}; expected the CPU: copy it with .as_in_context(mx.cpu())")
    return _decoded(buf.reshape(-1).numpy(), flag, to_rgb, "buf")


@operator("_cvimread", aliases=("_npi_cvimread",), dynamic=True, creates=True, output_dtypes=_uint8)
def imread(*, filename: str, flag: _Flag = 1, to_rgb: bool = True, device: torch.device) -> Tensor:
    """Image that a file holds: PNG, JPEG and whatever else OpenCV reads.

    Parameters
    ----------
    filename : str
        Path of the file.
    flag : int of at least 0
        0: one channel of grey; 1: three channels.
    to_rgb : bool
        Red, green, blue; otherwise blue, green, red.

    Returns
    -------
    (H, W, 1) or (H, W, 3), uint8

    Raises
    ------
    ValueError
        If the file cannot be read, or holds no image.

    Examples
    --------
    >>> mx.nd._internal._cvimread(filename="no such file.png")
    Traceback (most recent call last):
    mxnet.base.ValueError: operator _cvimread: filename 'no such file.png' cannot be read: No such file or directory ...
    """
    try:
        content = np.fromfile(filename, dtype=np.uint8)
    except OSError as error:
        raise ValueError(f"filename {filename!r} cannot be read: {error.strerror or error}") from None
    return _decoded(content, flag, to_rgb, f"filename {filename!r}").to(device)


# -- borders ---------------------------------------------------------------------------------------------------------
_CONSTANT, _REPLICATE, _REFLECT, _WRAP, _REFLECT_101 = range(5)
_ISOLATED = 16  # may be added to the type in OpenCV, and means nothing for whole images


def _outside(before: int, size: int, after: int, kind: int, device: torch.device) -> Tensor:
    """Return which of `size` elements stands at each place from `before` in front of them to `after` behind."""
    place = torch.arange(-before, size + after, device=device)
    if kind == _REPLICATE or size == 1:
        return place.clamp(0, size - 1)
    if kind == _WRAP:
        return place % size
    period = 2 * size - (2 if kind == _REFLECT_101 else 0)
    place = place % period
    return torch.minimum(place, period - (1 if kind == _REFLECT else 0) - place)


def _colour(value: float, values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """Return the numbers of a constant border: four, or one for each of more channels."""
    colour = (*values, 0.0, 0.0, 0.0, 0.0)[:4] if values else (value, value, value, 0.0)
    if channels <= 4:
        return colour
    if len(set(colour)) > 1:
        raise ValueError(f"the border is {colour} and src has {channels} channels; expected at most 4, or equal values")
    return colour[:1] * channels


def _filler(colour: tuple[float, ...], src: Tensor) -> Tensor:
    """Return the numbers of a constant border in the dtype of `src`."""
    filler = torch.tensor(colour[: src.shape[2]], dtype=torch.float64, device=src.device)
    if not src.is_floating_point() and src.dtype is not torch.bool:
        limits = torch.iinfo(src.dtype)
        filler = filler.round().clamp(limits.min, limits.max)
    return filler.to(src.dtype)


def _border_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    check_axes(shapes[0], (3,), "src")
    height, width, channels = shapes[0]
    grown = (
        height + attributes["top"] + attributes["bot"],
        width + attributes["left"] + attributes["right"],
        channels,
    )
    return [(grown, dtypes[0])]


@operator("_cvcopyMakeBorder", shape=_border_shape)
def copy_make_border(
    src: Tensor,
    *,
    top: NonNegativeInt,
    bot: NonNegativeInt,
    left: NonNegativeInt,
    right: NonNegativeInt,
    type: Annotated[int, IntType(minimum=0, maximum=_ISOLATED + _REFLECT_101)] = 0,
    value: float = 0.0,
    values: Floats = (),
) -> Tensor:
    """Image with a border around it.

    Parameters
    ----------
    src : (H, W, C)
        Image.
    top, bot, left, right : int of at least 0
        Widths of the border in pixels.
    type : int
        What the border holds, for pixels ``abcd``: 0: a constant; 1: the last pixel, ``aaa|abcd|ddd``; 2: the image
        mirrored, ``cba|abcd|dcb``; 3: the image again, ``bcd|abcd|abc``; 4: the image mirrored in its last pixel,
        ``dcb|abcd|cba``. 16 may be added.
    value : float
        The constant of the first three channels; a fourth one is 0.
    values : tuple of float
        The constants of up to four channels, used instead of `value`. Missing ones are 0. Integers are rounded and kept
        within their dtype.

    Returns
    -------
    (top + H + bot, left + W + right, C), in the dtype of `src`

    Examples
    --------
    >>> x = mx.nd.array([[[1], [2], [3]]])
    >>> mx.nd._internal._cvcopyMakeBorder(x, top=0, bot=0, left=2, right=2, type=4).reshape(-1).asnumpy().tolist()
    [3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]
    """
    check_axes(tuple(src.shape), (3,), "src")
    height, width, channels = src.shape
    kind = type & ~_ISOLATED
    if kind > _REFLECT_101:
        raise ValueError(f"type={type}; expected 0, 1, 2, 3 or 4, or one of these plus 16")
    if kind != _CONSTANT and 0 in (height, width):
        raise ValueError(f"src has shape {tuple(src.shape)}; expected an image of at least one pixel with type={type}")
    colour = _colour(value, values, channels) if kind == _CONSTANT else ()
    shape = (top + height + bot, left + width + right, channels)
    if suits_opencv(src) and src.numel():
        return _by_opencv(src, shape, top, left, kind, colour)
    if kind == _CONSTANT:
        out = _filler(colour, src).expand(shape).clone()
        out[top : top + height, left : left + width] = src
        return out
    # What is inside is copied as a whole, which is far quicker than to look up every pixel.
    out = src.new_empty(shape)
    out[top : top + height, left : left + width] = src
    _fill(out[top : top + height], src, 1, left, right, kind)
    _fill(out, out[top : top + height], 0, top, bot, kind)
    return out


def _by_opencv(src: Tensor, shape: Shape, top: int, left: int, kind: int, colour: tuple[float, ...]) -> Tensor:
    import cv2

    out = torch.empty(shape, dtype=src.dtype)
    flat = slice(None) if shape[2] > 1 else 0  # OpenCV has no third axis of length 1
    bot, right = shape[0] - top - src.shape[0], shape[1] - left - src.shape[1]
    image, target = src.detach().contiguous().numpy()[..., flat], out.numpy()[..., flat]
    cv2.copyMakeBorder(image, top, bot, left, right, kind, dst=target, value=colour)
    return out


def _fill(out: Tensor, inner: Tensor, axis: int, before: int, after: int, kind: int) -> None:
    """Write `before` and `after` places along one axis of `out` from `inner`, which stands between them."""
    size = inner.shape[axis]
    index = _outside(before, size, after, kind, inner.device)
    for start, length in ((0, before), (before + size, after)):
        if length:
            border = inner.index_select(axis, index.narrow(0, start, length))
            out.narrow(axis, start, length).copy_(border)
