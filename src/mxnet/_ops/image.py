"""Images as tensors: scaling, normalizing, flipping and cutting.

An image is (H, W, C), as files hold it, until ``to_tensor`` makes (C, H, W) of it; batches have N in front.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .attributes import Floats, NonNegativeInt, PositiveInt
from .families import documented
from .registry import Shape, operator

Tensor = torch.Tensor
Known = Sequence[tuple[Shape, torch.dtype]]


def check_image(data: Tensor, axes: tuple[int, ...] = (3,), letters: str = "(H, W, C)") -> None:
    """Raise ValueError unless data has the axes of an image, TypeError where it holds bool."""
    if data.dim() not in axes:
        raise ValueError(f"data has shape {tuple(data.shape)}; expected {letters}")
    if data.dtype is torch.bool:
        raise TypeError("data is bool; expected floats or integers: cast it with .astype")


# -- to_tensor and normalize -----------------------------------------------------------------------------------------
_BATCHES = "(H, W, C) or (N, H, W, C)"


def _float32(dtypes: Sequence[torch.dtype | None], attributes: Mapping[str, Any]) -> Sequence[torch.dtype | None]:
    return [torch.float32]


@operator("_image_to_tensor", aliases=("_npx__image_to_tensor",), output_dtypes=_float32)
def to_tensor(data: Tensor) -> Tensor:
    """Image with channels last and values up to 255, as float32 with channels first and values up to 1.

    Parameters
    ----------
    data : (H, W, C) or (N, H, W, C)
        Images of any dtype but bool.

    Returns
    -------
    (C, H, W) or (N, C, H, W), float32 : ``data / 255``

    Examples
    --------
    >>> x = mx.nd.array([[[0, 255], [51, 102]]], dtype="uint8")
    >>> mx.nd.image.to_tensor(x).asnumpy().tolist()
    [[[0.0, 0.20000000298023224]], [[1.0, 0.4000000059604645]]]
    """
    check_image(data, (3, 4), _BATCHES)
    return data.movedim(-1, -3).contiguous().float() / 255


def _per_channel(values: tuple[float, ...], name: str, default: float, data: Tensor) -> Tensor:
    """Return `values`, one for each channel or one for all, as (C, 1, 1) or (1, 1, 1)."""
    channels = data.shape[-3]
    if len(values) not in (1, channels):
        if values != (default,) * 4:  # the default has four numbers, but suits any image
            raise ValueError(f"{name} is {values}; expected one number, or {channels}: one for each channel of data")
        values = (default,)
    work = torch.float64 if data.dtype is torch.float64 else torch.float32
    return torch.tensor(values, dtype=work, device=data.device).view(-1, 1, 1)


@operator("_image_normalize", aliases=("_npx__image_normalize",), elementwise=True)
def normalize(data: Tensor, *, mean: Floats = (0.0, 0.0, 0.0, 0.0), std: Floats = (1.0, 1.0, 1.0, 1.0)) -> Tensor:
    """Channels shifted and scaled: ``(data - mean) / std``.

    Parameters
    ----------
    data : (C, H, W) or (N, C, H, W)
        Images of any dtype but bool, channels first, as `to_tensor` gives them. Integers are computed in float32 and
        cut back to their dtype.
    mean : tuple of float
        What is subtracted, one number for each channel or one for all; nothing unless given.
    std : tuple of float
        What the difference is divided by, one number for each channel or one for all; 1 unless given.

    Returns
    -------
    the shape and dtype of `data`

    Examples
    --------
    >>> x = mx.nd.ones((3, 1, 1))
    >>> mx.nd.image.normalize(x, mean=(0, 1, 2), std=2).reshape(-1).asnumpy().tolist()
    [0.5, 0.0, -0.5]
    """
    check_image(data, (3, 4), "(C, H, W) or (N, C, H, W)")
    shift, scale = _per_channel(mean, "mean", 0.0, data), _per_channel(std, "std", 1.0, data)
    result = (data - shift) / scale
    if data.is_floating_point():
        return result.to(data.dtype)
    if data.dtype.itemsize == 1:
        result = result.int()  # so that what is out of range wraps around
    return result.to(data.dtype)


# -- flips -----------------------------------------------------------------------------------------------------------
def _flip(name: str, axis: int, summary: str, example: str) -> None:
    """Register ``_image_flip_{name}`` and ``_image_random_flip_{name}``, which reverse one axis of (H, W, C)."""

    def flip(data: Tensor) -> Tensor:
        check_image(data)
        return data.flip(axis)

    def random_flip(data: Tensor, *, generator: torch.Generator) -> Tensor:
        check_image(data)
        chosen = torch.randint(2, (1,), generator=generator, device=data.device)
        return torch.stack((data, data.flip(axis))).index_select(0, chosen)[0]  # torch.where takes four times as long

    _register(flip, f"flip_{name}", f"{summary}.", example)
    _register(random_flip, f"random_flip_{name}", f"{summary}, or as it is: either in half of the calls.", _SHAPE)


_SECTIONS = """
Parameters
----------
data : (H, W, C)
    Image of any dtype but bool.

Returns
-------
the shape and dtype of `data`
"""

_SHAPE = """\
>>> mx.nd.image.{name}(mx.nd.ones((4, 2, 3))).shape
(4, 2, 3)
"""


def _register(function: Callable[..., Tensor], name: str, summary: str, example: str) -> None:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{summary}\n\nExamples\n--------\n{example.format(name=name)}"
    function.__doc__ = documented(function, _SECTIONS)
    aliases, random = (f"_npx__image_{name}",), name.startswith("random")
    operator(f"_image_{name}", aliases=aliases, elementwise=True, random=random)(function)


_flip(
    "left_right",
    1,
    "Image mirrored from left to right",
    """\
>>> mx.nd.image.{name}(mx.nd.array([[[1], [2], [3]]])).reshape(-1).asnumpy().tolist()
[3.0, 2.0, 1.0]
""",
)
_flip(
    "top_bottom",
    0,
    "Image turned upside down",
    """\
>>> mx.nd.image.{name}(mx.nd.array([[[1]], [[2]]])).reshape(-1).asnumpy().tolist()
[2.0, 1.0]
""",
)


# -- crop ------------------------------------------------------------------------------------------------------------
def _crop_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    shape = shapes[0]
    if len(shape) not in (3, 4):
        raise ValueError(f"data has shape {shape}; expected {_BATCHES}")
    for start, length, size, axis in (("x", "width", shape[-2], "W"), ("y", "height", shape[-3], "H")):
        begin, end = attributes[start], attributes[start] + attributes[length]
        if end > size:
            raise ValueError(
                f"{start}={begin} and {length}={attributes[length]} end at {end}; expected at most {axis} = {size}"
            )
    return [((*shape[:-3], attributes["height"], attributes["width"], shape[-1]), dtypes[0])]


@operator("_image_crop", aliases=("_npx__image_crop",), shape=_crop_shape, view=True)
def crop(data: Tensor, *, x: NonNegativeInt, y: NonNegativeInt, width: PositiveInt, height: PositiveInt) -> Tensor:
    """Rectangle of an image or of a batch of images: ``data[..., y : y + height, x : x + width, :]``.

    Parameters
    ----------
    data : (H, W, C) or (N, H, W, C)
        Images.
    x, y : int of at least 0
        Left column and top row.
    width, height : int of at least 1
        Size of the rectangle, which must lie within the image.

    Returns
    -------
    (height, width, C) or (N, height, width, C), in the dtype of `data`

    Examples
    --------
    >>> x = mx.nd.arange(12).reshape((3, 4, 1))
    >>> mx.nd.image.crop(x, x=1, y=0, width=2, height=2).reshape(-1).asnumpy().tolist()
    [1.0, 2.0, 5.0, 6.0]
    """
    _crop_shape([tuple(data.shape)], [data.dtype], {"x": x, "y": y, "width": width, "height": height})
    return data[..., y : y + height, x : x + width, :]
