"""Batches of images in the format of MNIST (IDX files)."""

from __future__ import annotations

import gzip
import os
import sys
from typing import Any

import numpy as np

from .. import base
from .._ops.attributes import BoolType, IntType
from ._files import Loaded, MXDataIter, ignore, local, on_cpu, parsed, part_of

__all__ = ["MNISTIter"]

_IMAGES, _LABELS = 2051, 2049


def MNISTIter(
    *,
    image: Any = "./train-images-idx3-ubyte",
    label: Any = "./train-labels-idx1-ubyte",
    batch_size: Any = 128,
    shuffle: Any = True,
    flat: Any = False,
    seed: Any = 0,
    silent: Any = False,
    num_parts: Any = 1,
    part_index: Any = 0,
    prefetch_buffer: Any = 4,
    ctx: Any = "gpu",
    dtype: Any = "float32",
    data_name: str = "data",
    label_name: str = "softmax_label",
    **kwargs: Any,
) -> MXDataIter:
    """Return an iterator over images in the format of MNIST, with pixels from 0 to 255/256.

    Examples that do not fill a batch are left out.

    Parameters
    ----------
    image, label : str
        IDX files of images (unsigned bytes, three axes) and labels (unsigned bytes, one axis); they may be compressed
        by gzip.
    batch_size : int, default 128
        Number of examples in a batch.
    shuffle : bool, default True
        Whether to shuffle the examples once, in an order that `seed` decides; all epochs have it.
    flat : bool, default False
        Whether an image is a row of pixels; if not, batches have shape (batch_size, 1, height, width).
    seed : int, default 0
        Which order `shuffle` makes.
    silent : bool, default False
        Whether not to print what was read, to stderr.
    num_parts, part_index : int
        Of `num_parts` parts with about as many examples, only part `part_index` is used.
    prefetch_buffer, ctx
        Without effect: batches are made when they are asked for, on the CPU.
    dtype : {'float32'}
        Dtype of images and labels.
    data_name, label_name : str
        Names of the arrays.

    Returns
    -------
    MXDataIter

    Raises
    ------
    MXNetError
        If a file is missing or is not what it should be; the message names the file and the place in it.

    References
    ----------
    Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database of handwritten digits (the IDX file format).

    Examples
    --------
    >>> import tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     image, label = os.path.join(folder, "image"), os.path.join(folder, "label")
    ...     with open(image, "wb") as file:
    ...         _ = file.write(np.array([2051, 2, 1, 2], ">i4").tobytes() + bytes([0, 64, 128, 255]))
    ...     with open(label, "wb") as file:
    ...         _ = file.write(np.array([2049, 2], ">i4").tobytes() + bytes([7, 3]))
    ...     digits = mx.io.MNISTIter(image=image, label=label, batch_size=2, shuffle=False, flat=True, silent=True)
    >>> batch = digits.next()
    >>> batch.data[0].asnumpy().tolist(), batch.label[0].asnumpy().tolist()
    ([[0.0, 0.25], [0.5, 0.99609375]], [7.0, 3.0])
    """
    name = "MNISTIter"
    ignore(name, kwargs, MNISTIter.__kwdefaults__ or ())
    del prefetch_buffer, ctx
    size = parsed(name, "batch_size", IntType(minimum=1), batch_size)
    parts = parsed(name, "num_parts", IntType(), num_parts)
    part = parsed(name, "part_index", IntType(), part_index)
    part_of(name, parts, part)
    shuffled = parsed(name, "shuffle", BoolType(), shuffle)
    start = parsed(name, "seed", IntType(), seed)
    flattened = parsed(name, "flat", BoolType(), flat)
    if dtype is not None and str(np.dtype(dtype)) != "float32":
        raise base.ValueError(f"{name}: dtype is {dtype!r}; expected 'float32'")
    images = _read_idx("image", image, _IMAGES, 3)
    labels = _read_idx("label", label, _LABELS, 1)
    if len(labels) < len(images):
        raise base.MXNetError(f"{name}: {label} has {len(labels)} labels for the {len(images)} images of {image}")
    share = slice(*(len(images) * k // parts for k in (part, part + 1)))
    reader = _MNISTReader(images[share], labels[: len(images)][share], size, flattened, start if shuffled else None)
    if not parsed(name, "silent", BoolType(), silent):
        shape = ",".join(map(str, reader.shape))
        print(f"MNISTIter: load {len(images[share])} images, shuffle={int(shuffled)}, shape=[{shape}]", file=sys.stderr)
    return MXDataIter(reader, data_name=data_name, label_name=label_name)


def _read_idx(argument: str, path: Any, magic: int, axes: int) -> np.ndarray:
    """Return the content of an IDX file of unsigned bytes."""
    text = local("MNISTIter", argument, path)
    try:
        with open(text, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            content = bytearray(gzip.GzipFile(fileobj=file).read() if packed else file.read())
    except FileNotFoundError:
        raise base.MXNetError(f"MNISTIter: {argument}: there is no file {os.path.abspath(text)!r}") from None
    except (OSError, EOFError) as error:
        raise base.MXNetError(f"MNISTIter: {argument}: cannot read {text!r}: {error}") from error
    if len(content) < 4 * (1 + axes):
        raise base.MXNetError(
            f"MNISTIter: {text}: {len(content)} bytes; expected a header of {4 * (1 + axes)} (is it an IDX file?)"
        )
    header = np.frombuffer(content, ">u4", 1 + axes)
    if header[0] != magic:
        raise base.MXNetError(
            f"MNISTIter: {text}, byte 0: magic number {header[0]}; expected {magic}, an IDX file of bytes with "
            f"{axes} {'axis' if axes == 1 else 'axes'}"
        )
    shape = tuple(int(length) for length in header[1:])
    wanted, found = int(np.prod(shape, dtype=object)), len(content) - header.nbytes
    if found < wanted:
        raise base.MXNetError(
            f"MNISTIter: {text}, byte {header.nbytes}: {found} bytes follow; expected {wanted}, "
            f"as the header gives the lengths {shape}"
        )
    return np.frombuffer(content, np.uint8, wanted, header.nbytes).reshape(shape)


class _MNISTReader:
    """Batches of images that are in memory as bytes."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, size: int, flat: bool, seed: int | None) -> None:
        count, height, width = images.shape
        if count < size:
            raise base.ValueError(f"MNISTIter: batch_size is {size}; expected at most the number of images, {count}")
        self.shape = (size, height * width) if flat else (size, 1, height, width)
        self._numbers = np.arange(count, dtype=np.uint64)
        self._images, self._labels = images, labels
        if seed is not None:
            order = np.random.default_rng(abs(seed)).permutation(count)
            self._numbers, self._images, self._labels = self._numbers[order], images[order], labels[order]
        self._size = size
        self._batches = count // size
        self._number = 0

    def read(self) -> Loaded | None:
        """Return the next batch, or None at the end of the epoch."""
        if self._number == self._batches:
            return None
        batch = slice(self._number * self._size, (self._number + 1) * self._size)
        self._number += 1
        data = np.multiply(self._images[batch], np.float32(1 / 256), dtype=np.float32)
        label = self._labels[batch].astype(np.float32)
        return Loaded(on_cpu(data.reshape(self.shape)), on_cpu(label), 0, self._numbers[batch].copy())

    def rewind(self) -> None:
        """Begin the next epoch."""
        self._number = 0
