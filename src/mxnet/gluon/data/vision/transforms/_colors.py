"""Random changes of an image's colours.

Images are (height, width, channels) with one channel or three, of any dtype but bool. `mx.random.seed` makes what is
drawn repeatable.
"""

from __future__ import annotations

import numbers
from typing import Any

from .....base import TypeError as MXNetTypeError
from ....block import HybridBlock

__all__ = ["RandomBrightness", "RandomColorJitter", "RandomContrast", "RandomHue", "RandomLighting", "RandomSaturation"]


def _factors(block: HybridBlock, name: str, amount: Any) -> tuple[float, float]:
    """Return the bounds of a factor that differs from 1 by at most `amount`, and is not negative."""
    if not isinstance(amount, numbers.Real):
        raise MXNetTypeError(f"{type(block).__name__}: {name} is {amount!r}; expected a number")
    value: Any = amount
    return max(0, 1 - value), 1 + value


class RandomBrightness(HybridBlock):
    """Make images brighter or darker: ``factor * x``.

    Parameters
    ----------
    brightness : float
        The factor is drawn from ``[max(0, 1 - brightness), 1 + brightness]``.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> bright = transforms.RandomBrightness(0.5)(mx.nd.ones((1, 1, 3)))
    >>> bool(0.5 <= bright[0, 0, 0].asscalar() <= 1.5)
    True
    """

    def __init__(self, brightness: float) -> None:
        super().__init__()
        self._args = _factors(self, "brightness", brightness)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the changed image."""
        return F.image.random_brightness(x, *self._args)


class RandomContrast(HybridBlock):
    """Give images more or less contrast: ``factor * x + (1 - factor) * m``, m the mean brightness of all pixels.

    Parameters
    ----------
    contrast : float
        The factor is drawn from ``[max(0, 1 - contrast), 1 + contrast]``.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.RandomContrast(0.5)(mx.nd.ones((1, 1, 3))).shape
    (1, 1, 3)
    """

    def __init__(self, contrast: float) -> None:
        super().__init__()
        self._args = _factors(self, "contrast", contrast)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the changed image."""
        return F.image.random_contrast(x, *self._args)


class RandomSaturation(HybridBlock):
    """Make colours stronger or weaker: ``factor * x + (1 - factor) * b``, b the brightness of each pixel.

    Parameters
    ----------
    saturation : float
        The factor is drawn from ``[max(0, 1 - saturation), 1 + saturation]``.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.RandomSaturation(0.5)(mx.nd.ones((1, 1, 3))).shape
    (1, 1, 3)
    """

    def __init__(self, saturation: float) -> None:
        super().__init__()
        self._args = _factors(self, "saturation", saturation)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the changed image."""
        return F.image.random_saturation(x, *self._args)


class RandomHue(HybridBlock):
    """Turn all hues by ``factor`` full circles, where a factor of 1 changes nothing.

    Parameters
    ----------
    hue : float
        The factor is drawn from ``[max(0, 1 - hue), 1 + hue]``.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.RandomHue(0.1)(mx.nd.ones((1, 1, 3))).shape
    (1, 1, 3)
    """

    def __init__(self, hue: float) -> None:
        super().__init__()
        self._args = _factors(self, "hue", hue)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the changed image."""
        return F.image.random_hue(x, *self._args)


class RandomColorJitter(HybridBlock):
    """Change brightness, contrast, saturation and hue in random order.

    Parameters
    ----------
    brightness, contrast, saturation : float
        Each factor is drawn from ``[1 - b, 1 + b]``; nothing is done where the number is not positive.
    hue : float
        Hues are turned by ``[-hue, hue]`` of a full circle.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> jitter = transforms.RandomColorJitter(brightness=0.1, contrast=0.1, saturation=0.1, hue=0.05)
    >>> jitter(mx.nd.ones((4, 5, 3))).shape
    (4, 5, 3)
    """

    def __init__(self, brightness: float = 0, contrast: float = 0, saturation: float = 0, hue: float = 0) -> None:
        super().__init__()
        self._args = (brightness, contrast, saturation, hue)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the changed image."""
        return F.image.random_color_jitter(x, *self._args)


class RandomLighting(HybridBlock):
    """Add light of random amounts along the principal axes of natural colours.

    Parameters
    ----------
    alpha : float
        Standard deviation of the three amounts, which are normally distributed around 0.

    References
    ----------
    Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks (2012), section 4.1.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.RandomLighting(0.1)(mx.nd.ones((4, 5, 3))).shape
    (4, 5, 3)
    """

    def __init__(self, alpha: float) -> None:
        super().__init__()
        self._alpha = alpha

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the changed image."""
        return F.image.random_lighting(x, self._alpha)
