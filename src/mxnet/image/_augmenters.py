"""Augmenters: changes of images, given or random, as objects that can be listed and written down.

They work on images (height, width, channels). Python's `random` draws, and NumPy's global generator where it says so.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import base, ndarray
from ..ndarray import NDArray, array
from ._crops import center_crop, color_normalize, random_crop, random_size_crop
from ._sizes import _get_interp_method, imresize, resize_short

__all__ = ["Augmenter", "CastAug", "CenterCropAug", "ColorNormalizeAug", "ForceResizeAug", "HorizontalFlipAug",
           "RandomCropAug", "RandomOrderAug", "RandomSizedCropAug", "ResizeAug", "SequentialAug"]  # fmt: skip


def plain(value: Any) -> Any:
    """Return a value that JSON can hold: lists for arrays, names for dtypes."""
    if isinstance(value, NDArray):
        value = value.asnumpy()
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (np.dtype, type)):
        return np.dtype(value).name
    return value


class Augmenter:
    """A change of images: what `CreateAugmenter` lists, and what to derive from for changes of your own.

    Parameters
    ----------
    **kwargs
        What `dumps` shall show: numbers, strings, lists and arrays.

    Examples
    --------
    >>> class Darker(mx.image.Augmenter):
    ...     def __init__(self, share):
    ...         super().__init__(share=share)
    ...         self.share = share
    ...
    ...     def __call__(self, src):
    ...         return src * self.share
    >>> Darker(0.5).dumps()
    '["darker", {"share": 0.5}]'
    """

    def __init__(self, **kwargs: Any) -> None:
        self._kwargs = {name: plain(value) for name, value in kwargs.items()}

    def dumps(self) -> Any:
        """Return the class and its parameters as JSON.

        Returns
        -------
        str, or a list where augmenters hold others
        """
        return json.dumps([type(self).__name__.lower(), self._kwargs])

    def __call__(self, src: NDArray) -> NDArray:
        """Return the changed image; subclasses say how."""
        raise NotImplementedError("Must override implementation.")


# -- several ---------------------------------------------------------------------------------------------------------
class SequentialAug(Augmenter):
    """Augmenters one after another.

    Parameters
    ----------
    ts : list of Augmenter
        What to apply, in this order.

    Examples
    --------
    >>> mx.image.SequentialAug([mx.image.ResizeAug(4), mx.image.CastAug()])(mx.nd.ones((8, 6, 3))).shape
    (5, 4, 3)
    """

    def __init__(self, ts: Sequence[Callable[[NDArray], NDArray]]) -> None:
        super().__init__()
        self.ts = ts

    def dumps(self) -> list[Any]:
        """Return the class and what the augmenters inside say."""
        return [type(self).__name__.lower(), [member.dumps() for member in self.ts]]  # type: ignore[attr-defined]

    def __call__(self, src: NDArray) -> NDArray:
        """Return the image after all changes."""
        for member in self.ts:
            src = member(src)
        return src


class RandomOrderAug(Augmenter):
    """Augmenters one after another, in an order that Python's `random` draws for each image.

    Parameters
    ----------
    ts : list of Augmenter
        What to apply; the list is shuffled in place.

    Examples
    --------
    >>> mx.image.RandomOrderAug([mx.image.CastAug(), mx.image.HorizontalFlipAug(0.5)])(mx.nd.ones((8, 6, 3))).shape
    (8, 6, 3)
    """

    def __init__(self, ts: list[Any]) -> None:
        super().__init__()
        self.ts = ts

    def dumps(self) -> list[Any]:
        """Return the class and what the augmenters inside say."""
        return [type(self).__name__.lower(), [member.dumps() for member in self.ts]]

    def __call__(self, src: NDArray) -> NDArray:
        """Return the image after all changes."""
        random.shuffle(self.ts)
        for member in self.ts:
            src = member(src)
        return src


# -- sizes and places ------------------------------------------------------------------------------------------------
class ResizeAug(Augmenter):
    """Resize so that the shorter side has a given length, and keep the shape; see `resize_short`.

    Parameters
    ----------
    size : int
        New length of the shorter side in pixels.
    interp : int
        Interpolation, see `imresize`.

    Examples
    --------
    >>> mx.image.ResizeAug(20)(mx.nd.ones((40, 60, 3))).shape
    (20, 30, 3)
    """

    def __init__(self, size: int, interp: int = 2) -> None:
        super().__init__(size=size, interp=interp)
        self.size = size
        self.interp = interp

    def __call__(self, src: NDArray) -> NDArray:
        """Return the resized image."""
        return resize_short(src, self.size, self.interp)


class ForceResizeAug(Augmenter):
    """Resize to a given size, whatever the shape was.

    Parameters
    ----------
    size : (int, int)
        New width and height in pixels.
    interp : int
        Interpolation, see `imresize`.

    Examples
    --------
    >>> mx.image.ForceResizeAug((20, 10))(mx.nd.ones((40, 60, 3))).shape
    (10, 20, 3)
    """

    def __init__(self, size: Sequence[int], interp: int = 2) -> None:
        super().__init__(size=size, interp=interp)
        self.size = size
        self.interp = interp

    def __call__(self, src: NDArray) -> NDArray:
        """Return the resized image."""
        sizes = (src.shape[0], src.shape[1], self.size[1], self.size[0])
        return imresize(src, *self.size, interp=_get_interp_method(self.interp, sizes))


class RandomCropAug(Augmenter):
    """Cut a rectangle of given size at a random place; see `random_crop`.

    Parameters
    ----------
    size : (int, int)
        Width and height of the result in pixels.
    interp : int
        Interpolation, see `imresize`.

    Examples
    --------
    >>> mx.image.RandomCropAug((20, 10))(mx.nd.ones((40, 60, 3))).shape
    (10, 20, 3)
    """

    def __init__(self, size: Sequence[int], interp: int = 2) -> None:
        super().__init__(size=size, interp=interp)
        self.size = size
        self.interp = interp

    def __call__(self, src: NDArray) -> NDArray:
        """Return a random piece of the image."""
        return random_crop(src, self.size, self.interp)[0]


class RandomSizedCropAug(Augmenter):
    """Cut a rectangle of random size, shape and place, and resize it; see `random_size_crop`.

    Parameters
    ----------
    size : (int, int)
        Width and height of the result in pixels.
    area : float in (0, 1] or (float, float)
        Smallest and largest share of the image's area; one number is the smallest, and 1 the largest.
    ratio : (float, float)
        Smallest and largest width / height.
    interp : int
        Interpolation, see `imresize`.
    **kwargs
        ``min_area``, an old name of `area` that overrides it.

    Examples
    --------
    >>> mx.image.RandomSizedCropAug((20, 10), 0.1, (0.75, 1.33))(mx.nd.ones((40, 60, 3))).shape
    (10, 20, 3)
    """

    def __init__(
        self,
        size: Sequence[int],
        area: float | tuple[float, float],
        ratio: tuple[float, float],
        interp: int = 2,
        **kwargs: Any,
    ) -> None:
        super().__init__(size=size, area=area, ratio=ratio, interp=interp)
        self.size = size
        self.area = kwargs.pop("min_area", area)
        if kwargs:
            raise base.AssertionError(f"RandomSizedCropAug: unexpected keyword arguments {', '.join(kwargs)}")
        self.ratio = ratio
        self.interp = interp

    def __call__(self, src: NDArray) -> NDArray:
        """Return a random piece of the image."""
        return random_size_crop(src, self.size, self.area, self.ratio, self.interp)[0]


class CenterCropAug(Augmenter):
    """Cut the middle out; see `center_crop`.

    Parameters
    ----------
    size : (int, int)
        Width and height of the result in pixels.
    interp : int
        Interpolation, see `imresize`.

    Examples
    --------
    >>> mx.image.CenterCropAug((20, 10))(mx.nd.ones((40, 60, 3))).shape
    (10, 20, 3)
    """

    def __init__(self, size: Sequence[int], interp: int = 2) -> None:
        super().__init__(size=size, interp=interp)
        self.size = size
        self.interp = interp

    def __call__(self, src: NDArray) -> NDArray:
        """Return the middle of the image."""
        return center_crop(src, self.size, self.interp)[0]


class HorizontalFlipAug(Augmenter):
    """Mirror some images from left to right.

    Parameters
    ----------
    p : float from 0 to 1
        Probability of mirroring an image.

    Examples
    --------
    >>> mx.image.HorizontalFlipAug(1)(mx.nd.array([[[1], [2]]])).reshape(-1).asnumpy().tolist()
    [2.0, 1.0]
    """

    def __init__(self, p: float) -> None:
        super().__init__(p=p)
        self.p = p

    def __call__(self, src: NDArray) -> NDArray:
        """Return the image, mirrored or not."""
        if random.random() < self.p:
            src = ndarray.flip(src, axis=1)
        return src


# -- values ----------------------------------------------------------------------------------------------------------
class CastAug(Augmenter):
    """Give images another dtype.

    Parameters
    ----------
    typ : str or dtype
        What to cast to.

    Examples
    --------
    >>> mx.image.CastAug()(mx.nd.ones((4, 6, 3), dtype="uint8")).dtype.__name__
    'float32'
    """

    def __init__(self, typ: Any = "float32") -> None:
        super().__init__(type=typ)
        self.typ = typ

    def __call__(self, src: NDArray) -> NDArray:
        """Return the image in the dtype."""
        return src.astype(self.typ)


class ColorNormalizeAug(Augmenter):
    """Shift and scale colours: ``(src - mean) / std``, in place; see `color_normalize`.

    Parameters
    ----------
    mean : array or sequence of float, optional
        What to subtract, one number for each channel or one for all.
    std : array or sequence of float, optional
        What to divide by, one number for each channel or one for all.

    Examples
    --------
    >>> x = mx.nd.ones((1, 1, 3)) * 6
    >>> mx.image.ColorNormalizeAug([0, 2, 4], [1, 2, 1])(x).reshape(-1).asnumpy().tolist()
    [6.0, 2.0, 2.0]
    """

    def __init__(self, mean: Any, std: Any) -> None:
        super().__init__(mean=mean, std=std)
        self.mean = mean if mean is None or isinstance(mean, NDArray) else array(mean)
        self.std = std if std is None or isinstance(std, NDArray) else array(std)

    def __call__(self, src: NDArray) -> NDArray:
        """Return `src`, changed."""
        mean, std = (None if value is None else value.as_in_context(src.context) for value in (self.mean, self.std))
        return color_normalize(src, mean, std)
