"""Handwritten digits: MNIST from its IDX files, or the small set that scikit-learn brings along."""

from __future__ import annotations

import gzip
import math
import os
import pathlib
import struct
import zlib
from dataclasses import dataclass

import numpy as np

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
CLASSES = 10


class DataError(Exception):
    """The data files are missing or cannot be read; the message says which one and why."""


@dataclass(frozen=True)
class Digits:
    """Images, one row each, and their labels; `largest` is the value of a fully inked pixel."""

    train_x: np.ndarray  # (images, pixels) uint8
    train_y: np.ndarray  # (images,) uint8
    test_x: np.ndarray
    test_y: np.ndarray
    size: tuple[int, int]  # height and width of an image
    largest: float


def default_folder() -> pathlib.Path:
    """Return where MNIST is looked for without ``--data``: ``MXNET_HOME/datasets/mnist``."""
    home = os.environ.get("MXNET_HOME") or pathlib.Path.home() / ".mxnet"
    return pathlib.Path(home).expanduser() / "datasets" / "mnist"


def find(folder: pathlib.Path, name: str) -> pathlib.Path | None:
    """Return the path of an IDX file in `folder`, compressed or not, or None."""
    candidates = (folder / name, folder / f"{name}.gz")
    return next((path for path in candidates if path.is_file()), None)


def is_there(folder: pathlib.Path) -> bool:
    """Return whether `folder` holds at least one of MNIST's four files."""
    return any(find(folder, name) for name in FILES)


def read_idx(path: pathlib.Path) -> np.ndarray:
    """Read an IDX file of unsigned bytes.

    The format: two zero bytes, the type (8 for uint8), the number of dimensions, the dimensions as big-endian
    32-bit integers, then the values in row-major order.

    Raises
    ------
    DataError
        If the file is no such file, is damaged, or is shorter or longer than its header says.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
            start = stream.read(4)
            if len(start) < 4 or start[:2] != b"\0\0":
                raise DataError(f"{path}: not an IDX file, it starts with {start.hex(' ') or 'nothing'}")
            if start[2] != 8:
                raise DataError(f"{path}: values of type 0x{start[2]:02x}, expected 0x08 (unsigned bytes)")
            dimensions = stream.read(4 * start[3])
            if not start[3] or len(dimensions) < 4 * start[3]:
                raise DataError(f"{path}: the file ends within its header of {start[3]} dimensions")
            shape = struct.unpack(f">{start[3]}I", dimensions)
            expected = math.prod(shape)
            values = _read(stream, expected)
            if len(values) < expected or stream.read(1):
                found = f"only {len(values)}" if len(values) < expected else "more"
                raise DataError(f"{path}: the header says {shape}, {expected} values; the file holds {found}")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path}: a damaged gzip file: {error}") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None
    return np.frombuffer(values, np.uint8).reshape(shape)


def _read(stream, size: int) -> bytes:
    """Read up to `size` bytes in pieces: memory grows with the file, not with what its header claims."""
    pieces = []
    while size > 0 and (piece := stream.read(min(size, 1 << 20))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def write_idx(path: pathlib.Path, values: np.ndarray) -> None:
    """Write an array of uint8 as an IDX file, compressed if the name ends in ``.gz``."""
    header = struct.pack(f">2xBB{values.ndim}I", 8, values.ndim, *values.shape)
    with gzip.open(path, "wb") if path.suffix == ".gz" else open(path, "wb") as stream:
        stream.write(header + values.astype(np.uint8).tobytes())


def load_mnist(folder: pathlib.Path) -> Digits:
    """Read MNIST's four files from `folder`.

    Raises
    ------
    DataError
        If a file is missing or damaged, or the files do not fit each other.
    """
    paths = {name: find(folder, name) for name in FILES}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        raise DataError(f"{folder}: not found: {', '.join(missing)} (each may end in .gz)")
    arrays = [read_idx(path) for path in paths.values() if path is not None]
    for images, labels, name in ((arrays[0], arrays[1], FILES[0]), (arrays[2], arrays[3], FILES[2])):
        if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
            raise DataError(f"{folder}: {name} has shape {images.shape}, its labels {labels.shape}")
        if not len(images):
            raise DataError(f"{folder}: {name} holds no images")
        if labels.max() >= CLASSES:
            raise DataError(f"{folder}: a label of {name} is {labels.max()}, expected 0 to {CLASSES - 1}")
    if arrays[0].shape[1:] != arrays[2].shape[1:]:
        raise DataError(f"{folder}: training images are {arrays[0].shape[1:]}, test images {arrays[2].shape[1:]}")
    train_x, test_x = (images.reshape(len(images), -1) for images in (arrays[0], arrays[2]))
    return Digits(train_x, arrays[1], test_x, arrays[3], arrays[0].shape[1:], largest=255.0)


def load_bundled() -> Digits:
    """Return scikit-learn's 1,797 scanned digits of 8x8 pixels; every fifth is held out."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DataError(
            "no MNIST, and scikit-learn, which brings small digits, is not installed: pip install 'remx[demo]'"
        ) from None
    found = load_digits()
    images, labels = found.data.astype(np.uint8), found.target.astype(np.uint8)
    held_out = np.arange(len(images)) % 5 == 4
    return Digits(images[~held_out], labels[~held_out], images[held_out], labels[held_out], (8, 8), largest=16.0)
