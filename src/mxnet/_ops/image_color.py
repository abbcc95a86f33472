"""Colours of images: brightness, contrast, saturation, hue and lighting, by random amounts.

An image is (H, W, C) of one channel (grey) or three (red, green, blue). Work is done in float32, or in float64 where
data is; integers are cut back to their dtype, after uint8 was limited to 0 to 255. Values of floats are not limited.
Amounts are drawn on the device of the image, so that nothing waits for them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import torch

from .attributes import Floats
from .families import documented
from .image import check_image
from .registry import operator

Tensor = torch.Tensor

#: Shares of red, green and blue in the brightness that is seen (ITU-R BT.601).
_GREY = (0.299, 0.587, 0.114)


def _check(data: Tensor) -> None:
    check_image(data)
    if data.shape[2] not in (1, 3):
        raise ValueError(f"data has shape {tuple(data.shape)}; expected 1 or 3 channels on the last axis")


def _work(data: Tensor) -> Tensor:
    """Return data in the dtype to compute in."""
    return data if data.dtype is torch.float64 else data.float()


def _stored(result: Tensor, dtype: torch.dtype) -> Tensor:
    """Return `result`, which nobody else needs, in the image's dtype: uint8 is limited, other integers wrap around."""
    if dtype is torch.uint8:
        result = result.clamp_(0, 255).to(torch.int16)  # straight to uint8 takes three times as long
    elif dtype is torch.int8:
        result = result.int()
    return result.to(dtype)


def _scaled(data: Tensor, work: Tensor, factor: Tensor | float, shift: Tensor | float) -> Tensor:
    """Return ``work * factor + shift`` as an image like `data`, where `work` is `_work(data)`."""
    if data.is_floating_point():
        return _stored(work * factor + shift, data.dtype)
    return _stored(work.mul_(factor).add_(shift), data.dtype)  # no gradient, and a copy of our own


def _grey(red: Tensor, green: Tensor, blue: Tensor) -> Tensor:
    """Return the brightness of pixels."""
    return red * _GREY[0] + green * _GREY[1] + blue * _GREY[2]


# -- by a given amount -----------------------------------------------------------------------------------------------
def _brightness(data: Tensor, factor: Tensor) -> Tensor:
    return _scaled(data, _work(data), factor, 0.0)


def _contrast(data: Tensor, factor: Tensor) -> Tensor:
    work = _work(data)
    grey = work if data.shape[2] == 1 else _grey(*work.unbind(2))
    return _scaled(data, work, factor, (1 - factor) * grey.mean())


def _saturation(data: Tensor, factor: Tensor) -> Tensor:
    if data.shape[2] == 1:
        return data.clone()
    work = _work(data)
    grey = _grey(*work.unbind(2)).unsqueeze(2)
    return _scaled(data, work, factor, (1 - factor) * grey)


def _holds(compare: Callable[..., Tensor], left: Tensor, right: Tensor | float) -> Tensor:
    """Return 1 where a comparison holds, else 0, in the dtype of `left`: factors are far quicker than torch.where."""
    left = left.detach()
    return compare(left, right.detach() if isinstance(right, Tensor) else right, out=torch.empty_like(left))


def _hue(data: Tensor, turn: Tensor) -> Tensor:
    """Turn all hues by `turn` of a full circle: from RGB to hue, lightness and saturation (HLS), and back."""
    if data.shape[2] == 1:
        return data.clone()
    # Each colour is a plane of its own until the end.
    red, green, blue = (_work(data.movedim(2, 0).contiguous()) / 255).unbind(0)
    largest, smallest = torch.maximum(torch.maximum(red, green), blue), torch.minimum(torch.minimum(red, green), blue)
    spread, total = largest - smallest, largest + smallest
    lightness = total * 0.5
    below = _holds(torch.lt, lightness, 0.5)
    scale = total * below + (2 - largest - smallest) * (1 - below)
    saturation = spread / (scale + _holds(torch.eq, scale, 0.0))  # black and white have none

    of_red = _holds(torch.eq, largest, red)
    of_green = _holds(torch.eq, largest, green) * (1 - of_red)
    of_blue = 1 - of_red - of_green
    degrees = 60 / spread.clamp(min=torch.finfo(torch.float32).eps)
    hue = ((green - blue) * of_red + (blue - red) * of_green + (red - green) * of_blue) * degrees
    hue = hue + of_green * 120 + of_blue * 240
    hue = hue + _holds(torch.lt, hue, 0.0) * 360
    sixth = (hue + turn * 360) * (1 / 60)
    sixth = sixth - 6 * (sixth / 6).floor()
    number = sixth.detach().floor()
    along = sixth - number

    dark = _holds(torch.le, lightness, 0.5)
    product = lightness * saturation
    top = lightness * (1 + saturation) * dark + (lightness + saturation - product) * (1 - dark)
    bottom = 2 * lightness - top
    rest = top - (bottom + (top - bottom))  # of rounding, where a colour is at the top
    # Around the circle each colour rises for one sixth, is at the top for two, falls for one, is at the bottom for two.
    heights = (
        torch.maximum((2 - number) - along, (number - 4) + along),
        torch.minimum(number + along, (4 - number) - along),
        torch.minimum((number - 2) + along, (6 - number) - along),
    )
    planes: list[Tensor] = []
    for height in heights:
        share = height.clamp(0, 1)
        planes.append(bottom + (top - bottom) * share + _holds(torch.eq, share, 1.0) * rest)
    return _stored(torch.stack(planes) * 255, data.dtype).movedim(0, 2).contiguous()


#: Principal axes of the colours of ImageNet's pixels, each times its standard deviation: a row for each colour.
_LIGHTS = (
    (55.46 * -0.5675, 4.794 * 0.7192, 1.148 * 0.4009),
    (55.46 * -0.5808, 4.794 * -0.0045, 1.148 * -0.8140),
    (55.46 * -0.5836, 4.794 * -0.6948, 1.148 * 0.4203),
)


def _lighting(data: Tensor, amounts: Tensor) -> Tensor:
    if data.shape[2] == 1:
        return data.clone()
    work = _work(data)
    lights = torch.tensor(_LIGHTS, dtype=work.dtype, device=data.device)
    light = (lights * amounts.to(work.dtype)).sum(1)
    # Added row by row: three numbers at a time are slow.
    return _stored(work.flatten(1) + light.repeat(data.shape[1]), data.dtype).view(data.shape)


@operator("_image_adjust_lighting", aliases=("_npx__image_adjust_lighting",), elementwise=True)
def adjust_lighting(data: Tensor, *, alpha: Floats) -> Tensor:
    """Light of given amounts along the principal axes of natural colours.

    To each pixel is added ``sum_i alpha_i * s_i * v_i``, with the axes v and standard deviations s of the colours in
    ImageNet. Grey images stay as they are.

    Parameters
    ----------
    data : (H, W, C)
        Image with values up to 255, of one channel or three, of any dtype but bool.
    alpha : three floats
        The amounts.

    Returns
    -------
    the shape and dtype of `data`

    References
    ----------
    Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks (2012), section 4.1.

    Examples
    --------
    >>> x = mx.nd.ones((1, 1, 3), dtype="uint8") * 100
    >>> mx.nd.image.adjust_lighting(x, alpha=(0.5, 0, 0)).reshape(-1).asnumpy().tolist()
    [84, 83, 83]
    """
    _check(data)
    if len(alpha) != 3:
        raise ValueError(f"alpha is {alpha}; expected three numbers")
    return _lighting(data, torch.tensor(alpha, dtype=torch.float64, device=data.device))


# -- by random amounts -----------------------------------------------------------------------------------------------
def _uniform(low: float, high: float, data: Tensor, generator: torch.Generator) -> Tensor:
    """Draw one number between `low` and `high`, in the dtype to compute in."""
    dtype = torch.float64 if data.dtype is torch.float64 else torch.float32
    return low + (high - low) * torch.rand((), dtype=dtype, generator=generator, device=data.device)


def _random(name: str, change: Callable[[Tensor, Tensor], Tensor], text: str) -> None:
    """Register ``_image_random_{name}``, which does `change` by a factor from an interval."""

    def call(data: Tensor, *, min_factor: float, max_factor: float, generator: torch.Generator) -> Tensor:
        _check(data)
        for bound, value in (("min_factor", min_factor), ("max_factor", max_factor)):
            if not 0 <= value < math.inf:
                raise ValueError(f"{bound}={value}; expected a number of at least 0")
        return change(data, _uniform(min_factor, max_factor, data, generator))

    call.__name__ = call.__qualname__ = f"random_{name}"
    call.__doc__ = text
    call.__doc__ = documented(call, _FACTORS)
    operator(f"_image_random_{name}", aliases=(f"_npx__image_random_{name}",), elementwise=True, random=True)(call)


_FACTORS = """
Parameters
----------
data : (H, W, C)
    Image of one channel or three, of any dtype but bool.
min_factor, max_factor : float of at least 0
    Bounds of the factor, which is drawn uniformly.

Returns
-------
the shape and dtype of `data`
"""

_random(
    "brightness",
    _brightness,
    """Image that is brighter or darker: ``factor * data``.

    Examples
    --------
    >>> x = mx.nd.array([[[10, 100, 200]]], dtype="uint8")
    >>> mx.nd.image.random_brightness(x, min_factor=1.5, max_factor=1.5).reshape(-1).asnumpy().tolist()
    [15, 150, 255]
    """,
)
_random(
    "contrast",
    _contrast,
    """Image of more or less contrast: ``factor * data + (1 - factor) * m``, m the mean brightness of all pixels.

    The brightness of a pixel is ``0.299 red + 0.587 green + 0.114 blue``.

    Examples
    --------
    >>> x = mx.nd.array([[[10], [30]]])
    >>> mx.nd.image.random_contrast(x, min_factor=2, max_factor=2).reshape(-1).asnumpy().tolist()
    [0.0, 40.0]
    """,
)
_random(
    "saturation",
    _saturation,
    """Image of stronger or weaker colours: ``factor * data + (1 - factor) * b``, b the brightness of each pixel.

    The brightness is ``0.299 red + 0.587 green + 0.114 blue``. Grey images stay as they are.

    Examples
    --------
    >>> x = mx.nd.array([[[10, 20, 60]]])
    >>> mx.nd.image.random_saturation(x, min_factor=0, max_factor=0).reshape(-1).astype("int32").asnumpy().tolist()
    [21, 21, 21]
    """,
)
_random(
    "hue",
    _hue,
    """Image whose hues are turned by ``factor`` full circles: a factor of 1 changes nothing.

    Colours become hue, lightness and saturation, and colours again. Values up to 255 are expected. Grey images stay as
    they are.

    Examples
    --------
    >>> x = mx.nd.array([[[255, 0, 0]]])
    >>> mx.nd.image.random_hue(x, min_factor=0.5, max_factor=0.5).reshape(-1).round().asnumpy().tolist()
    [0.0, 255.0, 255.0]
    """,
)


def _order(count: int, generator: torch.Generator) -> list[int]:
    """Draw an order of `count` things. To read what a device drew would mean to wait for it."""
    if generator.device.type == "cpu":
        return torch.randperm(count, generator=generator).tolist()
    # The state of a device's generator lies on the host, and differs after each draw.
    state = bytes(generator.get_state().tolist())
    return random.Random(state).sample(range(count), count)


@operator("_image_random_color_jitter", aliases=("_npx__image_random_color_jitter",), elementwise=True, random=True)
def random_color_jitter(
    data: Tensor,
    *,
    brightness: float,
    contrast: float,
    saturation: float,
    hue: float,
    generator: torch.Generator,
) -> Tensor:
    """Image of another brightness, contrast, saturation and hue, changed in random order.

    Parameters
    ----------
    data : (H, W, C)
        Image of one channel or three, of any dtype but bool.
    brightness, contrast, saturation : float
        Each factor is drawn from ``[1 - b, 1 + b)``, see `random_brightness` and its neighbours. Nothing is done where
        the number is not positive.
    hue : float
        Hues are turned by ``[-hue, hue)`` of a full circle, unless the number is not positive.

    Returns
    -------
    the shape and dtype of `data`

    Examples
    --------
    >>> x = mx.nd.ones((4, 4, 3))
    >>> mx.nd.image.random_color_jitter(x, brightness=0.1, contrast=0.1, saturation=0.1, hue=0.05).shape
    (4, 4, 3)
    """
    _check(data)
    steps = [
        (change, middle, reach)
        for change, middle, reach in (
            (_brightness, 1.0, brightness),
            (_contrast, 1.0, contrast),
            (_saturation, 1.0, saturation),
            (_hue, 0.0, hue),
        )
        if reach > 0
    ]
    result = data
    for number in _order(len(steps), generator):
        change, middle, reach = steps[number]
        result = change(result, _uniform(middle - reach, middle + reach, data, generator))
    return result if steps else data.clone()


@operator("_image_random_lighting", aliases=("_npx__image_random_lighting",), elementwise=True, random=True)
def random_lighting(data: Tensor, *, alpha_std: float = 0.05, generator: torch.Generator) -> Tensor:
    """Light of random amounts along the principal axes of natural colours, see `adjust_lighting`.

    Parameters
    ----------
    data : (H, W, C)
        Image with values up to 255, of one channel or three, of any dtype but bool.
    alpha_std : float
        Standard deviation of the three amounts, which are drawn from normal distributions around 0.

    Returns
    -------
    the shape and dtype of `data`

    References
    ----------
    Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks (2012), section 4.1.

    Examples
    --------
    >>> mx.nd.image.random_lighting(mx.nd.ones((4, 4, 3))).shape
    (4, 4, 3)
    """
    _check(data)
    return _lighting(data, alpha_std * torch.randn(3, generator=generator, device=data.device))
