"""Images of another size, cut, turned and mirrored.

Images are (height, width, channels), as files hold them, except where a class says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..... import image
from .....base import TypeError as MXNetTypeError
from .....base import ValueError as MXNetValueError
from ....block import Block, HybridBlock

__all__ = ["CenterCrop", "CropResize", "RandomFlipLeftRight", "RandomFlipTopBottom", "RandomResizedCrop",
           "RandomRotation", "Resize", "Rotate"]  # fmt: skip

Size = int | Sequence[int]


def _both(size: Any) -> Any:
    """Return (width, height), where one number stands for both."""
    return (size, size) if isinstance(size, (int, float, np.generic)) else size


class Resize(HybridBlock):
    """Give images another size.

    Its input is (H, W, C) or (N, H, W, C), uint8 or floating.

    Parameters
    ----------
    size : int or (int, int)
        New width and height in pixels; one number stands for both.
    keep_ratio : bool
        With one number as `size`, make the shorter side that long and keep the shape of the image.
    interpolation : int
        0: the nearest pixel; 1: bilinear; 2: bicubic; 3: mean over the area that a new pixel covers; 4: Lanczos.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.Resize((50, 30))(mx.nd.ones((60, 80, 3))).shape
    (30, 50, 3)
    >>> transforms.Resize(30, keep_ratio=True)(mx.nd.ones((60, 80, 3))).shape
    (30, 40, 3)
    """

    def __init__(self, size: Size, keep_ratio: bool = False, interpolation: int = 1) -> None:
        super().__init__()
        self._keep = keep_ratio
        self._size = size
        self._interpolation = interpolation

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the image in its new size."""
        return F.image.resize(x, self._size, self._keep, self._interpolation)


class CropResize(HybridBlock):
    """Cut a given rectangle out of images, and resize it if asked to.

    Its input is (H, W, C) or (N, H, W, C).

    Parameters
    ----------
    x, y : int of at least 0
        Left column and top row.
    width, height : int of at least 1
        Size of the rectangle, which must lie within the image.
    size : int or (int, int), optional
        Width and height of the result; one number stands for both.
    interpolation : int, optional
        How to resize, see `Resize`; bilinear unless given.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.CropResize(x=0, y=0, width=100, height=80, size=(50, 40))(mx.nd.ones((224, 224, 3))).shape
    (40, 50, 3)
    """

    def __init__(
        self, x: int, y: int, width: int, height: int, size: Size | None = None, interpolation: int | None = None
    ) -> None:
        super().__init__()
        self._x = x
        self._y = y
        self._width = width
        self._height = height
        self._size = size
        self._interpolation = interpolation

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the rectangle."""
        out = F.image.crop(x, self._x, self._y, self._width, self._height)
        if self._size:
            out = F.image.resize(out, self._size, False, 1 if self._interpolation is None else self._interpolation)
        return out


class CenterCrop(Block):
    """Cut the middle out of an image (H, W, C); it is enlarged where the image is too small.

    Parameters
    ----------
    size : int or (int, int)
        Width and height of the result in pixels; one number stands for both.
    interpolation : int
        How to enlarge, see `Resize`.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.CenterCrop((30, 20))(mx.nd.ones((60, 80, 3))).shape
    (20, 30, 3)
    """

    def __init__(self, size: Size, interpolation: int = 1) -> None:
        super().__init__()
        self._args = (_both(size), interpolation)

    def forward(self, x: Any) -> Any:  # type: ignore[override] - one image
        """Return the middle of the image."""
        return image.center_crop(x, *self._args)[0]


class RandomResizedCrop(Block):
    """Cut a rectangle of random size, shape and place out of an image (H, W, C), and resize it.

    Python's `random` draws.

    Parameters
    ----------
    size : int or (int, int)
        Width and height of the result in pixels; one number stands for both.
    scale : (float, float)
        Smallest and largest share of the image's area.
    ratio : (float, float)
        Smallest and largest width / height.
    interpolation : int
        How to resize, see `Resize`.

    References
    ----------
    Szegedy et al.: Going deeper with convolutions (2015), section 6.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.RandomResizedCrop(224)(mx.nd.ones((300, 400, 3))).shape
    (224, 224, 3)
    """

    def __init__(
        self,
        size: Size,
        scale: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: int = 1,
    ) -> None:
        super().__init__()
        self._args = (_both(size), scale, ratio, interpolation)

    def forward(self, x: Any) -> Any:  # type: ignore[override] - one image
        """Return a random piece of the image."""
        return image.random_size_crop(x, *self._args)[0]


# -- turned and mirrored ---------------------------------------------------------------------------------------------
def _check_float(name: str, x: Any) -> None:
    if x.dtype is not np.float32:
        raise MXNetTypeError(
            f"{name}: the image is {np.dtype(x.dtype).name}; this transformation only supports float32. Consider "
            "calling it after ToTensor"
        )


class Rotate(Block):
    """Turn images counterclockwise around their middle; what comes from outside is 0.

    Its input is (C, H, W) or (N, C, H, W), float32, as `ToTensor` gives it.

    Parameters
    ----------
    rotation_degrees : float
        Angle in degrees.
    zoom_in : bool
        Whether to enlarge the turned image until no place is empty.
    zoom_out : bool
        Whether to shrink the turned image until all of it is seen.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> x = mx.nd.array([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]])
    >>> transforms.Rotate(90)(x).round()[0].asnumpy().tolist()
    [[3.0, 6.0, 9.0], [2.0, 5.0, 8.0], [1.0, 4.0, 7.0]]
    """

    def __init__(self, rotation_degrees: float, zoom_in: bool = False, zoom_out: bool = False) -> None:
        super().__init__()
        self._args = (rotation_degrees, zoom_in, zoom_out)

    def forward(self, x: Any) -> Any:  # type: ignore[override] - one image
        """Return the turned image."""
        _check_float("Rotate", x)
        return image.imrotate(x, *self._args)


class RandomRotation(Block):
    """Turn images around their middle by random angles.

    Its input is (C, H, W) or (N, C, H, W), float32, as `ToTensor` gives it; images of a batch have an angle each.
    NumPy's global generator draws.

    Parameters
    ----------
    angle_limits : (float, float)
        Smallest and largest angle in degrees, counterclockwise.
    zoom_in : bool
        Whether to enlarge the turned image until no place is empty.
    zoom_out : bool
        Whether to shrink the turned image until all of it is seen.
    rotate_with_proba : float from 0 to 1
        Probability of turning the image, or the batch, at all.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.RandomRotation((-10, 10), zoom_in=True)(mx.nd.ones((3, 4, 5))).shape
    (3, 4, 5)
    """

    def __init__(
        self,
        angle_limits: Sequence[float],
        zoom_in: bool = False,
        zoom_out: bool = False,
        rotate_with_proba: float = 1.0,
    ) -> None:
        super().__init__()
        try:
            lower, upper = angle_limits
        except TypeError:
            raise MXNetTypeError(f"RandomRotation: angle_limits is {angle_limits!r}; expected two angles") from None
        if lower >= upper:
            raise MXNetValueError(f"RandomRotation: `angle_limits` must be an ordered tuple, got {angle_limits!r}")
        if not 0 <= rotate_with_proba <= 1:
            raise MXNetValueError(
                "RandomRotation: rotate_with_proba: Probability of rotating the image should be between 0 and 1, got "
                f"{rotate_with_proba!r}"
            )
        self._args = (angle_limits, zoom_in, zoom_out)
        self._rotate_with_proba = rotate_with_proba

    def forward(self, x: Any) -> Any:  # type: ignore[override] - one image
        """Return the image, turned or not."""
        if np.random.random() > self._rotate_with_proba:
            return x
        _check_float("RandomRotation", x)
        return image.random_rotate(x, *self._args)


class RandomFlipLeftRight(HybridBlock):
    """Mirror an image (H, W, C) from left to right in half of the calls.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.RandomFlipLeftRight()(mx.nd.ones((4, 5, 3))).shape
    (4, 5, 3)
    """

    def __init__(self) -> None:
        super().__init__()

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the image, mirrored or not."""
        return F.image.random_flip_left_right(x)


class RandomFlipTopBottom(HybridBlock):
    """Turn an image (H, W, C) upside down in half of the calls.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.RandomFlipTopBottom()(mx.nd.ones((4, 5, 3))).shape
    (4, 5, 3)
    """

    def __init__(self) -> None:
        super().__init__()

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the image, upside down or not."""
        return F.image.random_flip_top_bottom(x)
