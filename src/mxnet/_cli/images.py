"""Images as inputs of a network: read, scaled, cut and normalized."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Sequence

import numpy as np

from .._graph.node import topological_order
from .main import fail
from .models import Model
from .shapes import Shape

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")

#: Mean and standard deviation of ImageNet's red, green and blue, as parts of 1: what Gluon's models are trained with.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Preparing:
    """How images become an input; `said` tells it in words.

    Parameters
    ----------
    options : argparse.Namespace
        ``mean``, ``std``, ``scale``, ``raw``, ``resize`` and ``bgr``.
    model : Model
        The network: one that normalizes its input itself gets values from 0 to 255.
    shape : tuple of int
        The shape of its input, (N, C, H, W) or (N, H, W, C).
    """

    def __init__(self, options: argparse.Namespace, model: Model, shape: Shape) -> None:
        if len(shape) != 4 or not (shape[1] in (1, 3) or shape[3] in (1, 3)):
            fail(f"the network's input has shape {shape}, which is none of an image: give an array (.npy)")
        self.last = shape[1] not in (1, 3)
        self.channels = shape[3] if self.last else shape[1]
        self.height, self.width = shape[1:3] if self.last else shape[2:]
        self.bgr = options.bgr
        self.exact = options.resize == "exact"
        self.short = self._shorter_side(options.resize)
        self.mean, self.std, self.said_values = self._normalization(options, model)

    def _shorter_side(self, resize: str | None) -> int:
        least = max(self.height, self.width)
        if resize is None or resize == "exact":
            return least if least < 64 else math.ceil(least * 8 / 7)
        if not resize.isdigit() or int(resize) < least:
            fail(f"--resize {resize}: expected 'exact', or at least {least} pixels, the size of the network's input")
        return int(resize)

    def _normalization(self, options: argparse.Namespace, model: Model) -> tuple[np.ndarray, np.ndarray, str]:
        given = options.mean is not None or options.std is not None
        if options.raw and given:
            fail("--raw means no --mean and no --std")
        zero, one = np.zeros(self.channels, np.float32), np.ones(self.channels, np.float32)
        if options.raw:
            return zero, one, "values from 0 to 255"
        if given:
            mean = self._per_channel("--mean", options.mean, 0.0)
            std = self._per_channel("--std", options.std, 1.0)
            if not std.all():
                fail("--std: 0 cannot be divided by")
            scale = options.scale or (255.0 if max(abs(mean).max(), abs(std).max()) > 1.5 else 1.0)
            parts = "values from 0 to 255" if scale == 255 else "values from 0 to 1"
            said = f"{parts}, less mean {_listed(mean)}, divided by {_listed(std)}"
            return (mean, std, said) if scale == 255 else (mean * 255, std * 255, said)
        own = normalizes_itself(model)
        if own:
            return zero, one, f"values from 0 to 255, because {own}"
        if self.channels == 1:
            return zero, one * 255, "values from 0 to 1"
        said = "ImageNet's normalization, as Gluon's models want it (--mean and --std say another, --raw none)"
        return np.array(MEAN, np.float32) * 255, np.array(STD, np.float32) * 255, said

    def _per_channel(self, name: str, values: Sequence[float] | None, default: float) -> np.ndarray:
        values = [default] if values is None else values
        if len(values) not in (1, self.channels):
            fail(f"{name}: {len(values)} numbers came; expected 1 or {self.channels}, one for each channel")
        return np.broadcast_to(np.array(values, np.float32), (self.channels,))

    @property
    def said(self) -> str:
        """What is done to images."""
        how = f"{self.height}x{self.width}"
        resized = f"scaled to {how}" if self.exact else f"shorter side scaled to {self.short}, middle {how} cut out"
        order = "gray" if self.channels == 1 else "blue, green, red" if self.bgr else "red, green, blue"
        return f"{resized}; {order}; {self.said_values}"

    def __call__(self, path: str) -> np.ndarray:
        """Return an image file as (C, H, W) or (H, W, C), float32."""
        import cv2

        if not os.path.isfile(path):
            fail(f"--input: there is no file {path!r}")
        encoded = np.fromfile(path, np.uint8)
        flag = cv2.IMREAD_GRAYSCALE if self.channels == 1 else cv2.IMREAD_COLOR
        try:
            pixels = cv2.imdecode(encoded, flag) if len(encoded) else None
        except cv2.error:
            pixels = None
        if pixels is None:
            fail(f"--input: {path!r} cannot be read as an image")
        values = self._sized(pixels).astype(np.float32).reshape(self.height, self.width, self.channels)
        if self.channels == 3 and not self.bgr:
            values = values[:, :, ::-1]
        values = (values - self.mean) / self.std
        return np.ascontiguousarray(values if self.last else values.transpose(2, 0, 1))

    def _sized(self, pixels: np.ndarray) -> np.ndarray:
        height, width = pixels.shape[:2]
        if self.exact:
            return _scaled(pixels, self.height, self.width)
        factor = max(self.short / min(height, width), self.height / height, self.width / width)
        pixels = _scaled(pixels, max(round(height * factor), self.height), max(round(width * factor), self.width))
        top, left = (pixels.shape[0] - self.height) // 2, (pixels.shape[1] - self.width) // 2
        return pixels[top : top + self.height, left : left + self.width]


def _scaled(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    import cv2

    if pixels.shape[:2] == (height, width):
        return pixels
    way = cv2.INTER_AREA if height < pixels.shape[0] else cv2.INTER_CUBIC
    return cv2.resize(pixels, (width, height), interpolation=way)


def _listed(values: np.ndarray) -> str:
    kept = values[:1] if (values == values[0]).all() else values
    return " ".join(f"{value:.6g}" for value in kept)


def normalizes_itself(model: Model) -> str | None:
    """Return how a network normalizes its input, None if it does not."""
    order = topological_order(model.symbol._entries)
    reached = {id(node) for node in order if node.operator is None and node.name not in model.parameters}
    for node in order:
        if node.operator is None or not node.inputs or id(node.inputs[0].node) not in reached:
            continue
        name = node.operator.name
        if name == "BatchNorm":
            return f"the network begins with a BatchNorm ({node.name})"
        if name in ("_minus_scalar", "_mul_scalar", "_plus_scalar", "_div_scalar", "broadcast_sub", "broadcast_mul"):
            return f"the network normalizes by itself ({node.name})"
        if name not in ("_copy", "Cast", "identity", "transpose"):
            return None
        reached.add(id(node))
    return None
