"""The usual list of augmenters for object detection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._augmenters import CastAug, ColorNormalizeAug, ForceResizeAug, ResizeAug
from ._color_augmenters import RandomGrayAug
from ._create import MEAN, STD, colour_augmenters, colours
from ._det_augmenters import DetAugmenter, DetBorrowAug, DetHorizontalFlipAug, DetRandomSelectAug
from ._det_crops import CreateMultiRandCropAugmenter, DetRandomPadAug

__all__ = ["CreateDetAugmenter"]


def CreateDetAugmenter(
    data_shape: Sequence[int],
    resize: int = 0,
    rand_crop: float = 0,
    rand_pad: float = 0,
    rand_gray: float = 0,
    rand_mirror: bool = False,
    mean: Any = None,
    std: Any = None,
    brightness: float = 0,
    contrast: float = 0,
    saturation: float = 0,
    pca_noise: float = 0,
    hue: float = 0,
    inter_method: int = 2,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = (0.75, 1.33),
    area_range: Any = (0.05, 3.0),
    min_eject_coverage: Any = 0.3,
    max_attempts: Any = 50,
    pad_val: Any = (127, 127, 127),
) -> list[DetAugmenter]:
    """List the augmenters that are usual for object detection.

    Parameters
    ----------
    data_shape : (int, int, int)
        Shape of the results: channels, height, width.
    resize : int
        Length of the shorter side before anything is cut; 0 leaves the size.
    rand_crop : float from 0 to 1
        Probability of cutting a random rectangle.
    rand_pad : float from 0 to 1
        Probability of putting the image into a larger one.
    rand_gray : float from 0 to 1
        Probability of making an image grey.
    rand_mirror : bool
        Whether to mirror half of the images from left to right.
    mean, std : array of one or three numbers, or True
        Mean and standard deviation of the colours; True means ImageNet's.
    brightness, contrast, saturation : float
        See `ColorJitterAug`.
    pca_noise : float
        Standard deviation of light along the axes of ImageNet's colours, see `LightingAug`.
    hue : float
        See `HueJitterAug`.
    inter_method : int
        Interpolation, see `imresize`.
    min_object_covered, aspect_ratio_range, area_range, min_eject_coverage, max_attempts
        See `CreateMultiRandCropAugmenter`; the upper end of `area_range` also holds for what images are put into.
    pad_val : number or three numbers
        Colour around an image that is put into a larger one.

    Returns
    -------
    list of DetAugmenter

    Raises
    ------
    AssertionError
        If `mean` or `std` is something else.

    Examples
    --------
    >>> [type(aug).__name__ for aug in mx.image.CreateDetAugmenter((3, 300, 300), rand_crop=0.5, rand_mirror=True)]
    ['DetRandomSelectAug', 'DetHorizontalFlipAug', 'DetBorrowAug', 'DetBorrowAug']
    """
    mean = colours("CreateDetAugmenter", "mean", mean, MEAN, np.array)
    std = colours("CreateDetAugmenter", "std", std, STD, np.array)
    found: list[DetAugmenter] = [DetBorrowAug(ResizeAug(resize, inter_method))] if resize > 0 else []
    if rand_crop > 0:
        crop = CreateMultiRandCropAugmenter(
            min_object_covered, aspect_ratio_range, area_range, min_eject_coverage, max_attempts, 1 - rand_crop
        )
        found.append(crop)
    if rand_mirror:
        found.append(DetHorizontalFlipAug(0.5))
    if rand_pad > 0:
        pad = DetRandomPadAug(aspect_ratio_range, (1.0, area_range[1]), max_attempts, pad_val)
        found.append(DetRandomSelectAug([pad], 1 - rand_pad))
    found.append(DetBorrowAug(ForceResizeAug((data_shape[2], data_shape[1]), inter_method)))
    found.append(DetBorrowAug(CastAug()))
    found += [DetBorrowAug(change) for change in colour_augmenters(brightness, contrast, saturation, hue, pca_noise)]
    if rand_gray > 0:
        found.append(DetBorrowAug(RandomGrayAug(rand_gray)))
    if mean is not None or std is not None:
        found.append(DetBorrowAug(ColorNormalizeAug(mean, std)))
    return found
