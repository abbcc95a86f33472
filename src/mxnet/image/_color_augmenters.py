"""Augmenters of colours, by random amounts.

They take images (height, width, 3) of floats, and most change them in place.
Python's `random` draws, and NumPy's global generator in `LightingAug`.
"""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np

from .. import ndarray
from ..ndarray import NDArray, array
from ._augmenters import Augmenter, RandomOrderAug

__all__ = ["BrightnessJitterAug", "ColorJitterAug", "ContrastJitterAug", "HueJitterAug", "LightingAug", "RandomGrayAug",
           "SaturationJitterAug"]  # fmt: skip

#: Shares of red, green and blue in the brightness that is seen (ITU-R BT.601).
_GREY = (0.299, 0.587, 0.114)


class BrightnessJitterAug(Augmenter):
    """Make images brighter or darker, in place: ``factor * src``.

    Parameters
    ----------
    brightness : float
        The factor is drawn from ``[1 - brightness, 1 + brightness]``.

    Examples
    --------
    >>> mx.image.BrightnessJitterAug(0)(mx.nd.ones((1, 1, 3))).reshape(-1).asnumpy().tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(self, brightness: float) -> None:
        super().__init__(brightness=brightness)
        self.brightness = brightness

    def __call__(self, src: NDArray) -> NDArray:
        """Return `src`, changed."""
        src *= 1.0 + random.uniform(-self.brightness, self.brightness)
        return src


class ContrastJitterAug(Augmenter):
    """Give images more or less contrast, in place: ``factor * src + (1 - factor) * m``, m the mean brightness.

    Parameters
    ----------
    contrast : float
        The factor is drawn from ``[1 - contrast, 1 + contrast]``.

    Examples
    --------
    >>> mx.image.ContrastJitterAug(0)(mx.nd.ones((1, 1, 3))).reshape(-1).asnumpy().tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(self, contrast: float) -> None:
        super().__init__(contrast=contrast)
        self.contrast = contrast
        self.coef = array([[_GREY]])

    def __call__(self, src: NDArray) -> NDArray:
        """Return `src`, changed."""
        factor = 1.0 + random.uniform(-self.contrast, self.contrast)
        grey = src * self.coef.as_in_context(src.context)
        grey = (3.0 * (1.0 - factor) / grey.size) * ndarray.sum(grey)
        src *= factor
        src += grey
        return src


class SaturationJitterAug(Augmenter):
    """Make colours stronger or weaker, in place: ``factor * src + (1 - factor) * b``, b the brightness of each pixel.

    Parameters
    ----------
    saturation : float
        The factor is drawn from ``[1 - saturation, 1 + saturation]``.

    Examples
    --------
    >>> mx.image.SaturationJitterAug(0)(mx.nd.ones((1, 1, 3))).reshape(-1).asnumpy().tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(self, saturation: float) -> None:
        super().__init__(saturation=saturation)
        self.saturation = saturation
        self.coef = array([[_GREY]])

    def __call__(self, src: NDArray) -> NDArray:
        """Return `src`, changed."""
        factor = 1.0 + random.uniform(-self.saturation, self.saturation)
        grey = ndarray.sum(src * self.coef.as_in_context(src.context), axis=2, keepdims=True)
        grey *= 1.0 - factor
        src *= factor
        src += grey
        return src


class HueJitterAug(Augmenter):
    """Turn the hues of images, in the colour space YIQ of television.

    Parameters
    ----------
    hue : float
        Hues are turned by up to ``hue`` of half a circle, either way.

    Examples
    --------
    >>> mx.image.HueJitterAug(0)(mx.nd.ones((1, 1, 3))).reshape(-1).round().asnumpy().tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(self, hue: float) -> None:
        super().__init__(hue=hue)
        self.hue = hue
        self.tyiq = np.array([_GREY, (0.596, -0.274, -0.321), (0.211, -0.523, 0.311)])
        self.ityiq = np.array([(1.0, 0.956, 0.621), (1.0, -0.272, -0.647), (1.0, -1.107, 1.705)])

    def __call__(self, src: NDArray) -> NDArray:
        """Return the changed image."""
        angle = random.uniform(-self.hue, self.hue) * math.pi
        cosine, sine = math.cos(angle), math.sin(angle)
        turn = np.array([(1.0, 0.0, 0.0), (0.0, cosine, -sine), (0.0, sine, cosine)])
        matrix = (self.ityiq @ turn @ self.tyiq).T
        return ndarray.dot(src, array(matrix, ctx=src.context))


class ColorJitterAug(RandomOrderAug):
    """Change brightness, contrast and saturation by random amounts in random order.

    Parameters
    ----------
    brightness, contrast, saturation : float
        See `BrightnessJitterAug`, `ContrastJitterAug` and `SaturationJitterAug`; nothing is done where a number is not
        positive.

    Examples
    --------
    >>> mx.image.ColorJitterAug(0.1, 0.1, 0.1)(mx.nd.ones((4, 6, 3))).shape
    (4, 6, 3)
    """

    def __init__(self, brightness: float, contrast: float, saturation: float) -> None:
        ts: list[Any] = []
        if brightness > 0:
            ts.append(BrightnessJitterAug(brightness))
        if contrast > 0:
            ts.append(ContrastJitterAug(contrast))
        if saturation > 0:
            ts.append(SaturationJitterAug(saturation))
        super().__init__(ts)


class LightingAug(Augmenter):
    """Add light of random amounts along the principal axes of colours, in place.

    NumPy's global generator draws.

    Parameters
    ----------
    alphastd : float
        Standard deviation of the three amounts, which are normally distributed around 0.
    eigval : (3,) array
        Standard deviations of the colours along the axes.
    eigvec : (3, 3) array
        The axes, one in each column.

    References
    ----------
    Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks (2012), section 4.1.

    Examples
    --------
    >>> mx.image.LightingAug(0.1, np.array([55.46, 4.794, 1.148]), np.eye(3))(mx.nd.ones((4, 6, 3))).shape
    (4, 6, 3)
    """

    def __init__(self, alphastd: float, eigval: Any, eigvec: Any) -> None:
        super().__init__(alphastd=alphastd, eigval=eigval, eigvec=eigvec)
        self.alphastd = alphastd
        self.eigval = eigval
        self.eigvec = eigvec

    def __call__(self, src: NDArray) -> NDArray:
        """Return `src`, changed."""
        amounts = np.random.normal(0, self.alphastd, size=(3,))
        light = np.dot(np.asarray(self.eigvec) * amounts, np.asarray(self.eigval))
        src += array(light, ctx=src.context)
        return src


class RandomGrayAug(Augmenter):
    """Make some images grey; they keep three channels.

    Parameters
    ----------
    p : float from 0 to 1
        Probability of making an image grey.

    Examples
    --------
    >>> mx.image.RandomGrayAug(1)(mx.nd.array([[[100, 0, 0]]])).reshape(-1).asnumpy().tolist()
    [21.0, 21.0, 21.0]
    """

    def __init__(self, p: float) -> None:
        super().__init__(p=p)
        self.p = p
        self.mat = array([[0.21] * 3, [0.72] * 3, [0.07] * 3])

    def __call__(self, src: NDArray) -> NDArray:
        """Return the image, grey or not."""
        if random.random() < self.p:
            src = ndarray.dot(src, self.mat.as_in_context(src.context))
        return src
