"""The usual list of augmenters for classification."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import base
from ..ndarray import NDArray, array
from ._augmenters import (
    Augmenter,
    CastAug,
    CenterCropAug,
    ColorNormalizeAug,
    HorizontalFlipAug,
    RandomCropAug,
    RandomSizedCropAug,
    ResizeAug,
)
from ._color_augmenters import ColorJitterAug, HueJitterAug, LightingAug, RandomGrayAug

__all__ = ["CreateAugmenter"]

#: Mean and standard deviation of the colours in ImageNet.
MEAN, STD = (123.68, 116.28, 103.53), (58.395, 57.12, 57.375)

#: Standard deviations of ImageNet's colours along their principal axes, and the axes.
EIGVAL = np.array([55.46, 4.794, 1.148])
EIGVEC = np.array([(-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140), (-0.5836, -0.6948, 0.4203)])


def colours(function: str, name: str, value: Any, default: tuple[float, ...], kind: Callable[[Any], Any]) -> Any:
    """Return `value`, or ImageNet's where it is True; it must be an array of one or three numbers, or None."""
    if value is True:
        return kind(default)
    numbers = isinstance(value, (np.ndarray, NDArray)) and len(value.shape) > 0 and value.shape[0] in (1, 3)
    if value is None or numbers:
        return value
    raise base.AssertionError(
        f"{function}: {name} is {value!r}; expected an array of one or three numbers, True for ImageNet's, or None"
    )


def colour_augmenters(
    brightness: float, contrast: float, saturation: float, hue: float, pca_noise: float
) -> list[Augmenter]:
    """Return the augmenters for amounts that are positive."""
    found: list[Augmenter] = []
    if brightness or contrast or saturation:
        found.append(ColorJitterAug(brightness, contrast, saturation))
    if hue:
        found.append(HueJitterAug(hue))
    if pca_noise > 0:
        found.append(LightingAug(pca_noise, EIGVAL, EIGVEC))
    return found


def CreateAugmenter(
    data_shape: Sequence[int],
    resize: int = 0,
    rand_crop: bool = False,
    rand_resize: bool = False,
    rand_mirror: bool = False,
    mean: Any = None,
    std: Any = None,
    brightness: float = 0,
    contrast: float = 0,
    saturation: float = 0,
    hue: float = 0,
    pca_noise: float = 0,
    rand_gray: float = 0,
    inter_method: int = 2,
) -> list[Augmenter]:
    """List the augmenters that are usual for classification.

    Parameters
    ----------
    data_shape : (int, int, int)
        Shape of the results: channels, height, width.
    resize : int
        Length of the shorter side before anything is cut; 0 leaves the size.
    rand_crop : bool
        Whether to cut at random places; otherwise the middle is cut.
    rand_resize : bool
        Whether pieces that are cut at random have random size and shape; needs `rand_crop`.
    rand_mirror : bool
        Whether to mirror half of the images from left to right.
    mean, std : array of one or three numbers, or True
        Mean and standard deviation of the colours; True means ImageNet's.
    brightness, contrast, saturation : float
        See `ColorJitterAug`.
    hue : float
        See `HueJitterAug`.
    pca_noise : float
        Standard deviation of light along the axes of ImageNet's colours, see `LightingAug`.
    rand_gray : float from 0 to 1
        Probability of making an image grey.
    inter_method : int
        Interpolation, see `imresize`.

    Returns
    -------
    list of Augmenter

    Raises
    ------
    AssertionError
        If `mean` or `std` is something else, or `rand_resize` comes without `rand_crop`.

    Examples
    --------
    >>> [type(aug).__name__ for aug in mx.image.CreateAugmenter((3, 224, 224), resize=256, rand_mirror=True)]
    ['ResizeAug', 'CenterCropAug', 'HorizontalFlipAug', 'CastAug']
    """
    mean = colours("CreateAugmenter", "mean", mean, MEAN, array)
    std = colours("CreateAugmenter", "std", std, STD, array)
    found: list[Augmenter] = [ResizeAug(resize, inter_method)] if resize > 0 else []
    size = (data_shape[2], data_shape[1])
    if rand_resize:
        if not rand_crop:
            raise base.AssertionError("CreateAugmenter: rand_resize=True needs rand_crop=True")
        found.append(RandomSizedCropAug(size, 0.08, (3.0 / 4.0, 4.0 / 3.0), inter_method))
    else:
        found.append(RandomCropAug(size, inter_method) if rand_crop else CenterCropAug(size, inter_method))
    if rand_mirror:
        found.append(HorizontalFlipAug(0.5))
    found.append(CastAug())
    found += colour_augmenters(brightness, contrast, saturation, hue, pca_noise)
    if rand_gray > 0:
        found.append(RandomGrayAug(rand_gray))
    if mean is not None or std is not None:
        found.append(ColorNormalizeAug(mean, std))
    return found
