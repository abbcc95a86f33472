"""``mx.image``: images from files, changes of images, and batches of images."""

from __future__ import annotations

from . import detection, image
from . import detection as det
from .detection import *  # noqa: F403
from .image import *  # noqa: F403

__all__ = ["det", "detection", "image", *image.__all__, *detection.__all__]
