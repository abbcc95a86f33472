"""Batches of images from record files, lists of files, or both."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import base, ndarray, recordio
from ..io import DataBatch, DataIter
from ..ndarray import NDArray, array
from ._create import CreateAugmenter
from ._files import imdecode

__all__ = ["ImageIter"]

_LAST_BATCHES = ("pad", "discard", "roll_over")
_DTYPES = ("int32", "float32", "int64", "float64")


class ImageIter(DataIter):
    """Batches of images and labels, with augmentation.

    Images come from a record file (`path_imgrec`), from files that a list names (`path_imglist` or `imglist`), or from
    a record file with the labels of a list. Where there is an index or a list, they may be shuffled and divided into
    parts. Python's `random` shuffles.

    Parameters
    ----------
    batch_size : int of at least 1
        Number of images in a batch.
    data_shape : (int, int, int)
        Shape of an image in a batch: 3 channels, height, width.
    label_width : int of at least 1
        How many numbers a label has.
    path_imgrec : str, optional
        Record file.
    path_imglist : str, optional
        File with a line for each image: number, label or labels, path, divided by tabs.
    path_root : str, optional
        Folder that the paths in a list start from.
    path_imgidx : str, optional
        Index of the record file.
    shuffle : bool
        Whether every epoch has another order; needs an index or a list.
    part_index, num_parts : int
        Of `num_parts` equal parts of the images, only part `part_index` is used; needs an index or a list.
    aug_list : list of callable, optional
        What each image goes through; `CreateAugmenter` makes it of `data_shape` and `kwargs` unless given.
    imglist : list, optional
        An item for each image: ``[label, path]``, ``[label, label, path]`` or ``[[label, label], path]``.
    data_name, label_name : str
        Names of the arrays.
    dtype : {'float32', 'float64', 'int32', 'int64'}
        Dtype of labels.
    last_batch_handle : {'pad', 'discard', 'roll_over'}
        What happens to images that do not fill a batch: images from the beginning fill it, they are left out, or they
        begin the next epoch.
    **kwargs
        What `CreateAugmenter` takes, such as ``rand_crop=True``.

    Raises
    ------
    AssertionError
        If there is no source of images, or one that cannot be shuffled or divided.
    ValueError
        If `data_shape`, `dtype` or `last_batch_handle` is not one of those above.

    Examples
    --------
    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> for name in ("a.ppm", "b.ppm"):
    ...     with open(os.path.join(folder.name, name), "wb") as file:
    ...         _ = file.write(b"P6 2 1 255 " + bytes([10, 20, 30, 40, 50, 60]))
    >>> batches = mx.image.ImageIter(2, (3, 4, 5), imglist=[[0, "a.ppm"], [7, "b.ppm"]], path_root=folder.name)
    >>> batch = batches.next()
    >>> batch.data[0].shape, batch.label[0].asnumpy().tolist()
    ((2, 3, 4, 5), [0.0, 7.0])
    >>> folder.cleanup()
    """

    def __init__(
        self,
        batch_size: int,
        data_shape: Sequence[int],
        label_width: int = 1,
        path_imgrec: str | None = None,
        path_imglist: str | None = None,
        path_root: str | None = None,
        path_imgidx: str | None = None,
        shuffle: bool = False,
        part_index: int = 0,
        num_parts: int = 1,
        aug_list: list[Any] | None = None,
        imglist: Sequence[Sequence[Any]] | None = None,
        data_name: str = "data",
        label_name: str = "softmax_label",
        dtype: str = "float32",
        last_batch_handle: str = "pad",
        **kwargs: Any,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if not path_imgrec and not path_imglist and not isinstance(imglist, list):
            raise base.AssertionError(f"{name}: no images; expected path_imgrec, path_imglist or imglist (a list)")
        if np.dtype(dtype).name not in _DTYPES:
            raise base.AssertionError(f"{name}: {dtype} label not supported; expected one of {', '.join(_DTYPES)}")
        if last_batch_handle not in _LAST_BATCHES:
            raise base.ValueError(
                f"{name}: last_batch_handle is {last_batch_handle!r}; expected one of {', '.join(_LAST_BATCHES)}"
            )
        if batch_size < 1:
            raise base.ValueError(f"{name}: batch_size is {batch_size}; expected at least 1")
        self.batch_size = batch_size
        self.path_root = path_root
        self.label_width = label_width
        self.shuffle = shuffle
        self._label_dtype = np.dtype(dtype).name
        self._open(name, path_imgrec, path_imgidx)
        keys = self._list(name, path_imglist, imglist)
        if self.imgrec is not None and self.imgidx is None:
            self.seq: list[Any] | None = None
            if shuffle or num_parts > 1:
                raise base.AssertionError(
                    f"{name}: shuffle and num_parts need path_imgidx, the index of {path_imgrec}, or a list of files"
                )
        else:
            self.seq = self.imgidx if keys is None else keys
        self.check_data_shape(data_shape)
        data_shape = tuple(data_shape)
        self.data_shape = data_shape
        self.provide_data = [(data_name, (batch_size, *data_shape))]
        self.provide_label = [(label_name, (batch_size, label_width) if label_width > 1 else (batch_size,))]
        if num_parts > 1:
            self._take_part(name, part_index, num_parts)
        self.auglist = CreateAugmenter(data_shape, **kwargs) if aug_list is None else aug_list
        self.num_image = None if self.seq is None else len(self.seq)
        self.last_batch_handle = last_batch_handle
        self.cur = 0
        self._allow_read = True
        self._cache_data: NDArray | None = None
        self._cache_label: NDArray | None = None
        self._cache_idx: int | None = None
        self.reset()

    def _open(self, name: str, path_imgrec: str | None, path_imgidx: str | None) -> None:
        self.imgrec: Any = None
        self.imgidx: list[Any] | None = None
        if not path_imgrec:
            return
        logging.info("%s: loading recordio %s...", name, path_imgrec)
        if path_imgidx:
            self.imgrec = recordio.MXIndexedRecordIO(path_imgidx, path_imgrec, "r")
            self.imgidx = list(self.imgrec.keys)
        else:
            self.imgrec = recordio.MXRecordIO(path_imgrec, "r")

    def _list(self, name: str, path: str | None, given: Any) -> list[Any] | None:
        """Fill `imglist`, image -> (label, path), and return its keys in order."""
        self.imglist: dict[Any, tuple[NDArray, str]] | None = None
        if not path and not isinstance(given, list):
            return None
        self.imglist = {}
        if path:
            logging.info("%s: loading image list %s...", name, path)
            for key, label, file in _lines(name, path):
                self.imglist[key] = (array(label, dtype=self._label_dtype), file)
        else:
            logging.info("%s: loading image list...", name)
            for number, item in enumerate(given, 1):
                label = item[:-1] if len(item) > 2 else np.atleast_1d(np.asarray(item[0]))
                self.imglist[str(number)] = (array(np.asarray(label), dtype=self._label_dtype), item[-1])
        return list(self.imglist)

    def _take_part(self, name: str, part_index: int, num_parts: int) -> None:
        if not 0 <= part_index < num_parts:
            raise base.AssertionError(f"{name}: part_index is {part_index}; expected 0 to {num_parts - 1}")
        assert self.seq is not None
        size = len(self.seq) // num_parts
        self.seq = self.seq[part_index * size : (part_index + 1) * size]

    # -- epochs ------------------------------------------------------------------------------------------------------
    def reset(self) -> None:
        """Go back to the beginning, in another order if images are shuffled."""
        if self.seq is not None and self.shuffle:
            random.shuffle(self.seq)
        self._rewind()
        self._allow_read = True

    def hard_reset(self) -> None:
        """Go back to the beginning, and forget images that were to begin the next epoch."""
        self._cache_data = self._cache_label = self._cache_idx = None
        self.reset()

    def _rewind(self) -> None:
        if self.imgrec is not None:
            self.imgrec.reset()
        self.cur = 0

    def next_sample(self) -> tuple[Any, bytes]:
        """Return label and content of the next image; StopIteration at the end."""
        if not self._allow_read:
            raise StopIteration
        if self.seq is None:
            record = self.imgrec.read()
            if record is None:
                raise StopIteration
            header, content = recordio.unpack(record)
            return header.label, content
        if self.cur >= len(self.seq):
            raise StopIteration
        index = self.seq[self.cur]
        self.cur += 1
        if self.imgrec is None:
            assert self.imglist is not None
            label, file = self.imglist[index]
            return label, self.read_image(file)
        header, content = recordio.unpack(self.imgrec.read_idx(index))
        return (header.label if self.imglist is None else self.imglist[index][0]), content

    def next(self) -> DataBatch:
        """Return the next batch; StopIteration at the end of an epoch."""
        data, label, filled = self._cache_data, self._cache_label, self._cache_idx
        if data is not None and label is not None and filled is not None:
            self._cache_data = self._cache_label = self._cache_idx = None
            filled = self._batchify(data, label, filled)
        else:
            data = ndarray.zeros((self.batch_size, *self.data_shape))
            label = self._new_label()
            filled = self._batchify(data, label)
        pad = self.batch_size - filled
        if pad:
            self._complete(data, label, filled)
        return DataBatch([data], [label], pad=pad)

    def _new_label(self) -> NDArray:
        return ndarray.zeros(self.provide_label[0][1], dtype=self._label_dtype)

    def _complete(self, data: NDArray, label: NDArray, filled: int) -> None:
        """Deal with a batch that the images do not fill."""
        if self.last_batch_handle == "discard":
            raise StopIteration
        if self.last_batch_handle == "roll_over":
            self._cache_data, self._cache_label, self._cache_idx = data, label, filled
            raise StopIteration
        while filled < self.batch_size:  # more than once where there are fewer images than a batch has
            self._rewind()
            filled = self._batchify(data, label, filled)
        self._allow_read = False

    def _batchify(self, batch_data: NDArray, batch_label: NDArray, start: int = 0) -> int:
        """Write images into a batch from position `start` on, and return where they end."""
        i = start
        try:
            while i < self.batch_size:
                label, content = self.next_sample()
                data = self.imdecode(content)
                try:
                    self.check_valid_image(data)
                except RuntimeError as error:
                    logging.debug("Invalid image, skipping:  %s", str(error))
                    continue
                datum = self.postprocess_data(self.augmentation_transform(data))
                self._store(batch_data, batch_label, i, datum, label)
                i += 1
        except StopIteration:
            if not i:
                raise
        return i

    def _store(self, batch_data: NDArray, batch_label: NDArray, i: int, datum: NDArray, label: Any) -> None:
        self._check_size(datum)
        values = label.asnumpy() if isinstance(label, NDArray) else np.asarray(label, dtype=self._label_dtype)
        if values.size not in (1, self.label_width):
            raise base.ValueError(
                f"{type(self).__name__}: a label has {values.size} numbers; expected label_width={self.label_width}"
            )
        batch_data[i] = datum
        batch_label[i] = values.reshape(-1) if self.label_width > 1 else values.item()

    def _check_size(self, datum: NDArray) -> None:
        if datum.shape != self.data_shape:
            raise base.ValueError(
                f"{type(self).__name__}: an image has shape {datum.shape} after its augmenters; expected data_shape "
                f"{self.data_shape}: add CenterCropAug, ForceResizeAug or another augmenter that gives this size"
            )

    # -- what a subclass may change ----------------------------------------------------------------------------------
    def check_data_shape(self, data_shape: Sequence[int]) -> None:
        """Raise ValueError unless `data_shape` is (3, height, width)."""
        if len(data_shape) != 3:
            raise base.ValueError(
                f"{type(self).__name__}: data_shape should have length 3, with dimensions CxHxW; got {data_shape}"
            )
        if data_shape[0] != 3:
            raise base.ValueError(
                f"{type(self).__name__}: data_shape is {data_shape}; this iterator expects inputs to have 3 channels"
            )

    def check_valid_image(self, data: Any) -> None:
        """Raise RuntimeError unless `data` is an image; such images are left out."""
        if len(data[0].shape) == 0:
            raise RuntimeError("Data shape is wrong")

    def imdecode(self, s: bytes) -> NDArray:
        """Return the image that a file's content holds; RuntimeError names the image that is broken."""
        try:
            return imdecode(s)
        except base.MXNetError as error:
            raise base.MXNetError(f"Broken image {self._place()}, {error}") from error

    def _place(self) -> str:
        """Return words for the image that was read last."""
        if self.seq is None:
            return "in a record file without an index"
        index = self.seq[self.cur - 1]
        if self.imglist is not None and self.imgrec is None:
            return f"filename: {self.imglist[index][1]}"
        return f"index: {index}"

    def read_image(self, fname: str) -> bytes:
        """Return the content of a file that a list names."""
        with open(os.path.join(self.path_root or "", fname), "rb") as file:
            return file.read()

    def augmentation_transform(self, data: NDArray) -> NDArray:
        """Return an image after all augmenters."""
        for change in self.auglist:
            data = change(data)
        return data

    def postprocess_data(self, datum: NDArray) -> NDArray:
        """Return an image as batches hold it: channels first."""
        return ndarray.transpose(datum, axes=(2, 0, 1))


def _lines(name: str, path: str) -> list[tuple[int, list[Any], str]]:
    """Return number, labels and path of each line of a list."""
    found: list[tuple[int, list[Any], str]] = []
    with open(path) as file:
        for count, line in enumerate(file, 1):
            parts = line.strip().split("\t")
            if parts == [""]:
                continue
            try:
                found.append((int(parts[0]), [_number(part) for part in parts[1:-1]], parts[-1]))
            except ValueError as error:
                raise base.ValueError(
                    f"{name}: {path}, line {count}: {error}; expected number, labels and path, divided by tabs"
                ) from None
    return found


def _number(text: str) -> float:
    """Return an integer as such: it may be larger than what floats hold exactly."""
    try:
        return int(text)
    except ValueError:
        return float(text)
