"""Augmenters for object detection that cut pieces out of images, or put images into larger ones."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import base
from .._warning import warn
from ..ndarray import NDArray
from ._crops import fixed_crop
from ._det_augmenters import Boxes, DetAugmenter, DetRandomSelectAug
from ._sizes import copyMakeBorder

__all__ = ["CreateMultiRandCropAugmenter", "DetRandomCropAug", "DetRandomPadAug"]

Range = tuple[float, float]

#: What keeps a length that is rounded afterwards within a bound.
_HALF = 0.4999999


def _range(owner: DetAugmenter, name: str, words: str, value: Any) -> Range:
    """Return (smallest, largest), where one number stands for both."""
    if isinstance(value, (int, float, np.generic)):
        logging.info("Using fixed %s: %s in %s", words, value, type(owner).__name__)
        return value, value  # type: ignore[return-value]
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise base.AssertionError(f"{type(owner).__name__}: {name} is {value!r}; expected two numbers, or one")
    return tuple(value)  # type: ignore[return-value]


def _usable(owner: DetAugmenter, area_range: Range, aspect_ratio_range: Range, least: float) -> bool:
    """Return whether images can be changed at all; warn where they cannot."""
    name = type(owner).__name__
    if area_range[1] <= least or area_range[0] > area_range[1]:
        warn(f"Skip {name} due to invalid area_range: {area_range}")
        return False
    if aspect_ratio_range[0] > aspect_ratio_range[1] or aspect_ratio_range[0] <= 0:
        warn(f"Skip {name} due to invalid aspect_ratio_range: {aspect_ratio_range}")
        return False
    return True


class DetRandomCropAug(DetAugmenter):
    """Cut a rectangle of random size, shape and place that covers enough of the objects in it.

    Boxes are cut at its borders. Those of which too little remains are left out. Where no such rectangle is found,
    image and boxes stay as they are.

    Parameters
    ----------
    min_object_covered : float from 0 to 1
        More than this share of each object that the rectangle touches must lie in it.
    aspect_ratio_range : (float, float) or float
        Smallest and largest width / height of the rectangle.
    area_range : (float, float) or float
        Smallest and largest share of the image's area.
    min_eject_coverage : float from 0 to 1
        Boxes of which no more than this share remains are left out.
    max_attempts : int
        How many rectangles are tried.

    References
    ----------
    Liu et al.: SSD: single shot multibox detector (2016), section 2.2.

    Examples
    --------
    >>> crop = mx.image.DetRandomCropAug(min_object_covered=0.5, area_range=(0.5, 1.0))
    >>> image, boxes = crop(mx.nd.ones((40, 60, 3)), np.array([[0, 0.25, 0.25, 0.75, 0.75]]))
    >>> image.shape[0] <= 40, boxes.shape
    (True, (1, 5))
    """

    def __init__(
        self,
        min_object_covered: float = 0.1,
        aspect_ratio_range: Any = (0.75, 1.33),
        area_range: Any = (0.05, 1.0),
        min_eject_coverage: float = 0.3,
        max_attempts: int = 50,
    ) -> None:
        aspect_ratio_range = _range(self, "aspect_ratio_range", "aspect ratio", aspect_ratio_range)
        area_range = _range(self, "area_range", "area range", area_range)
        super().__init__(
            min_object_covered=min_object_covered,
            aspect_ratio_range=aspect_ratio_range,
            area_range=area_range,
            min_eject_coverage=min_eject_coverage,
            max_attempts=max_attempts,
        )
        self.min_object_covered = min_object_covered
        self.min_eject_coverage = min_eject_coverage
        self.max_attempts = max_attempts
        self.aspect_ratio_range: Range = aspect_ratio_range
        self.area_range: Range = area_range
        self.enabled = _usable(self, area_range, aspect_ratio_range, 0)

    def __call__(self, src: NDArray, label: Boxes) -> tuple[NDArray, Boxes]:
        """Return a piece of the image and its boxes."""
        found = self._random_crop_proposal(label, src.shape[0], src.shape[1])
        if not found:
            return src, label
        x, y, width, height, boxes = found
        return fixed_crop(src, x, y, width, height), boxes

    def _calculate_areas(self, label: Boxes) -> Boxes:
        """Return the areas of boxes (N, 4): 0 where a side is negative."""
        return np.maximum(0, label[:, 3] - label[:, 1]) * np.maximum(0, label[:, 2] - label[:, 0])

    def _intersect(self, label: Boxes, xmin: float, ymin: float, xmax: float, ymax: float) -> Boxes:
        """Return what of boxes (N, 4) lies in a rectangle: zeros for those outside."""
        left, right = np.maximum(label[:, 0], xmin), np.minimum(label[:, 2], xmax)
        top, bottom = np.maximum(label[:, 1], ymin), np.minimum(label[:, 3], ymax)
        inside = (left < right) & (top < bottom)
        return np.stack((left, top, right, bottom), axis=1) * inside[:, None]

    def _check_satisfy_constraints(
        self, label: Boxes, xmin: int, ymin: int, xmax: int, ymax: int, width: int, height: int
    ) -> bool:
        """Return whether a rectangle in pixels covers enough of every object that it touches."""
        if (xmax - xmin) * (ymax - ymin) < 2:
            return False
        areas = self._calculate_areas(label[:, 1:5])
        seen = areas * width * height > 2  # smaller ones do not count
        if not seen.any():
            return False
        rectangle = (xmin / width, ymin / height, xmax / width, ymax / height)
        inside = self._intersect(label[seen, 1:5], *rectangle)
        covered = self._calculate_areas(inside) / areas[seen]
        covered = covered[covered > 0]
        return covered.size > 0 and bool(covered.min() > self.min_object_covered)

    def _update_labels(self, label: Boxes, crop_box: Sequence[int], height: int, width: int) -> Boxes | None:
        """Return the boxes that remain in a rectangle, in its coordinates; None where there are none."""
        x, y, w, h = (float(a) / b for a, b in zip(crop_box, (width, height, width, height)))
        out = label.copy()
        out[:, (1, 3)] = np.clip((out[:, (1, 3)] - x) / w, 0, 1)
        out[:, (2, 4)] = np.clip((out[:, (2, 4)] - y) / h, 0, 1)
        areas = self._calculate_areas(label[:, 1:5])
        remaining = self._calculate_areas(out[:, 1:5]) * w * h
        share = np.divide(remaining, areas, out=np.zeros_like(remaining), where=areas > 0)
        kept = (out[:, 3] > out[:, 1]) & (out[:, 4] > out[:, 2]) & (share > self.min_eject_coverage)
        return out[kept] if kept.any() else None

    def _random_crop_proposal(self, label: Boxes, height: int, width: int) -> tuple[Any, ...]:
        """Return left, top, width and height of a rectangle and the boxes in it; () where none was found."""
        if not self.enabled or height <= 0 or width <= 0:
            return ()
        least, most = self.area_range[0] * height * width, self.area_range[1] * height * width
        for _ in range(self.max_attempts):
            ratio = random.uniform(*self.aspect_ratio_range)
            h, w = _size(ratio, least, most, height, width)
            if not (least <= w * h <= most and 0 < w <= width and 0 < h <= height):
                continue
            y, x = random.randint(0, height - h), random.randint(0, width - w)
            if self._check_satisfy_constraints(label, x, y, x + w, y + h, width, height):
                boxes = self._update_labels(label, (x, y, w, h), height, width)
                if boxes is not None:
                    return x, y, w, h, boxes
        return ()


def _size(ratio: float, least: float, most: float, height: int, width: int) -> tuple[int, int]:
    """Draw height and width of a rectangle of given width / height and bounds of its area."""
    low, high = round(math.sqrt(least / ratio)), round(math.sqrt(most / ratio))
    if round(high * ratio) > width:
        high = int((width + _HALF) / ratio)
    high = min(high, height)
    h = min(low, high)
    if h < high:
        h = random.randint(h, high)
    w = round(h * ratio)
    # Rounding may have left the bounds of the area.
    if w * h < least:
        h += 1
    elif w * h > most:
        h -= 1
    return h, round(h * ratio)


class DetRandomPadAug(DetAugmenter):
    """Put the image at a random place of a larger one, so that objects become smaller.

    Parameters
    ----------
    aspect_ratio_range : (float, float) or float
        Smallest and largest width / height of the result.
    area_range : (float, float) or float
        Smallest and largest area of the result, as multiples of the image's.
    max_attempts : int
        How many sizes are tried; where none is large enough, the image stays as it is.
    pad_val : number or three numbers
        Colour of the border.

    References
    ----------
    Liu et al.: SSD: single shot multibox detector (2016), section 3.6.

    Examples
    --------
    >>> pad = mx.image.DetRandomPadAug(area_range=(2.0, 4.0))
    >>> image, boxes = pad(mx.nd.ones((40, 60, 3)), np.array([[0, 0.25, 0.25, 0.75, 0.75]]))
    >>> image.shape[0] >= 40, boxes.shape
    (True, (1, 5))
    """

    def __init__(
        self,
        aspect_ratio_range: Any = (0.75, 1.33),
        area_range: Any = (1.0, 3.0),
        max_attempts: int = 50,
        pad_val: Any = (128, 128, 128),
    ) -> None:
        aspect_ratio_range = _range(self, "aspect_ratio_range", "aspect ratio", aspect_ratio_range)
        area_range = _range(self, "area_range", "area range", area_range)
        super().__init__(
            aspect_ratio_range=aspect_ratio_range, area_range=area_range, max_attempts=max_attempts, pad_val=pad_val
        )
        self.pad_val = pad_val
        self.aspect_ratio_range: Range = aspect_ratio_range
        self.area_range: Range = area_range
        self.max_attempts = max_attempts
        self.enabled = _usable(self, area_range, aspect_ratio_range, 1.0)

    def __call__(self, src: NDArray, label: Boxes) -> tuple[NDArray, Boxes]:
        """Return the image in a larger one, and its boxes there."""
        height, width, channels = src.shape
        found = self._random_pad_proposal(label, height, width)
        if not found:
            return src, label
        x, y, w, h, boxes = found
        colour = np.broadcast_to(np.asarray(self.pad_val, dtype=float), (channels,)).tolist()
        return copyMakeBorder(src, y, h - y - height, x, w - x - width, 16, values=colour), boxes

    def _update_labels(self, label: Boxes, pad_box: Sequence[int], height: int, width: int) -> Boxes:
        """Return boxes in the coordinates of a larger image: left, top, width and height in pixels of this one."""
        out = label.copy()
        out[:, (1, 3)] = (out[:, (1, 3)] * width + pad_box[0]) / pad_box[2]
        out[:, (2, 4)] = (out[:, (2, 4)] * height + pad_box[1]) / pad_box[3]
        return out

    def _random_pad_proposal(self, label: Boxes, height: int, width: int) -> tuple[Any, ...]:
        """Return the image's place in a larger one, its width and height, and the boxes there; () for none."""
        if not self.enabled or height <= 0 or width <= 0:
            return ()
        least, most = self.area_range[0] * height * width, self.area_range[1] * height * width
        for _ in range(self.max_attempts):
            ratio = random.uniform(*self.aspect_ratio_range)
            low, high = round(math.sqrt(least / ratio)), round(math.sqrt(most / ratio))
            if round(low * ratio) < width:
                low = int((width + _HALF) / ratio)
            low = min(max(low, height), high)
            h = random.randint(low, high) if low < high else low
            w = round(h * ratio)
            if h - height < 2 or w - width < 2:
                continue
            y, x = random.randint(0, max(0, h - height)), random.randint(0, max(0, w - width))
            return x, y, w, h, self._update_labels(label, (x, y, w, h), height, width)
        return ()


def CreateMultiRandCropAugmenter(
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = (0.75, 1.33),
    area_range: Any = (0.05, 1.0),
    min_eject_coverage: Any = 0.3,
    max_attempts: Any = 50,
    skip_prob: float = 0,
) -> DetRandomSelectAug:
    """Choose one of several `DetRandomCropAug` for each image.

    Each of the parameters but the last may be a list with one item for each augmenter, or one item for all.

    Parameters
    ----------
    min_object_covered : float or list of float
        More than this share of each object that a rectangle touches must lie in it.
    aspect_ratio_range : (float, float) or list of (float, float)
        Smallest and largest width / height of the rectangles.
    area_range : (float, float) or list of (float, float)
        Smallest and largest share of the image's area.
    min_eject_coverage : float or list of float
        Boxes of which no more than this share remains are left out.
    max_attempts : int or list of int
        How many rectangles are tried.
    skip_prob : float from 0 to 1
        Probability of leaving an image as it is.

    Returns
    -------
    DetRandomSelectAug

    Raises
    ------
    AssertionError
        If lists have different lengths.

    Examples
    --------
    >>> len(mx.image.CreateMultiRandCropAugmenter(min_object_covered=[0.1, 0.5, 0.9]).aug_list)
    3
    """
    given = {
        "min_object_covered": min_object_covered,
        "aspect_ratio_range": aspect_ratio_range,
        "area_range": area_range,
        "min_eject_coverage": min_eject_coverage,
        "max_attempts": max_attempts,
    }
    lists = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
    count = max(len(items) for items in lists.values())
    for name, items in lists.items():
        if len(items) not in (1, count):
            raise base.AssertionError(
                f"CreateMultiRandCropAugmenter: {name} has {len(items)} items; expected 1 or {count}, as many as others"
            )
    crops: list[DetAugmenter] = [
        DetRandomCropAug(**{name: items[i if len(items) > 1 else 0] for name, items in lists.items()})
        for i in range(count)
    ]
    return DetRandomSelectAug(crops, skip_prob=skip_prob)
