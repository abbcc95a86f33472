"""Batches of images with boxes, for object detection."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np

from .. import base, ndarray
from ..ndarray import NDArray
from ._create import MEAN, STD, colours
from ._det_augmenters import Boxes
from ._det_create import CreateDetAugmenter
from ._iterator import ImageIter

__all__ = ["ImageDetIter"]


class ImageDetIter(ImageIter):
    """Batches of images and the boxes in them, with augmentation.

    The label of an image is a row of numbers: how many numbers stand in front of the boxes (at least 2), how many a box
    has (at least 5), perhaps more in front, and the boxes: class, left, top, right, bottom and perhaps more, with
    places from 0 to 1. In a batch, labels have shape (batch_size, largest number of boxes, numbers of a box),
    filled with -1.

    Parameters
    ----------
    batch_size : int of at least 1
        Number of images in a batch.
    data_shape : (int, int, int)
        Shape of an image in a batch: 3 channels, height, width.
    path_imgrec, path_imglist, path_root, path_imgidx, shuffle, part_index, num_parts, imglist
        Where images come from, see `ImageIter`.
    aug_list : list of callable, optional
        What each image goes through with its boxes; `CreateDetAugmenter` makes it of `data_shape` and `kwargs` unless
        given.
    data_name, label_name : str
        Names of the arrays.
    last_batch_handle : {'pad', 'discard', 'roll_over'}
        What happens to images that do not fill a batch, see `ImageIter`.
    **kwargs
        What `CreateDetAugmenter` takes, such as ``rand_crop=0.5``.

    Examples
    --------
    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with open(os.path.join(folder.name, "a.ppm"), "wb") as file:
    ...     _ = file.write(b"P6 2 1 255 " + bytes([10, 20, 30, 40, 50, 60]))
    >>> label = [2, 5, 0, 0.0, 0.0, 0.5, 1.0]  # the left half is of class 0
    >>> batches = mx.image.ImageDetIter(1, (3, 4, 4), imglist=[[label, "a.ppm"]], path_root=folder.name)
    >>> batches.next().label[0].asnumpy().tolist()
    [[[0.0, 0.0, 0.0, 0.5, 1.0]]]
    >>> folder.cleanup()
    """

    def __init__(
        self,
        batch_size: int,
        data_shape: Sequence[int],
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
        label_name: str = "label",
        last_batch_handle: str = "pad",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            batch_size=batch_size,
            data_shape=data_shape,
            path_imgrec=path_imgrec,
            path_imglist=path_imglist,
            path_root=path_root,
            path_imgidx=path_imgidx,
            shuffle=shuffle,
            part_index=part_index,
            num_parts=num_parts,
            aug_list=[],
            imglist=imglist,
            data_name=data_name,
            label_name=label_name,
            last_batch_handle=last_batch_handle,
        )
        self.auglist = CreateDetAugmenter(self.data_shape, **kwargs) if aug_list is None else aug_list
        self.label_shape = self._estimate_label_shape()
        self.provide_label = [(label_name, (self.batch_size, *self.label_shape))]

    # -- labels ------------------------------------------------------------------------------------------------------
    def _parse_label(self, label: Any) -> Boxes:
        """Return the boxes in an image's label; those without area are left out."""
        raw = (label.asnumpy() if isinstance(label, NDArray) else np.asarray(label)).ravel()
        if raw.size < 7:
            raise base.MXNetError(f"Label shape is invalid: {raw.shape}; expected at least 7 numbers, with one box")
        before, width = int(raw[0]), int(raw[1])
        if width < 5 or before < 2 or (raw.size - before) % width:
            raise base.MXNetError(
                f"Label shape {raw.shape} inconsistent with annotation width {width} and {before} numbers before the "
                "boxes; expected at least 5, at least 2, and a whole number of boxes"
            )
        boxes = raw[before:].reshape(-1, width)
        boxes = boxes[(boxes[:, 3] > boxes[:, 1]) & (boxes[:, 4] > boxes[:, 2])]
        if not len(boxes):
            raise base.MXNetError("Encounter sample with no valid label: no box has a width and a height")
        return boxes

    def _check_valid_label(self, label: Boxes) -> None:
        """Raise MXNetError unless `label` has a box of some class."""
        if label.ndim != 2 or label.shape[1] < 5:
            raise base.MXNetError(f"Label with shape (1+, 5+) required, {label} received.")
        if not ((label[:, 0] >= 0) & (label[:, 3] > label[:, 1]) & (label[:, 4] > label[:, 2])).any():
            raise base.MXNetError("Invalid label occurs: no box has a class, a width and a height")

    def _estimate_label_shape(self) -> tuple[int, int]:
        """Return the largest number of boxes, and how many numbers a box has, from reading all labels."""
        count, width = 0, 0
        self.reset()
        try:
            while True:
                boxes = self._parse_label(self.next_sample()[0])
                count, width = max(count, boxes.shape[0]), boxes.shape[1]
        except StopIteration:
            pass
        self.reset()
        return count, width

    def check_label_shape(self, label_shape: Sequence[int]) -> None:
        """Raise ValueError unless labels fit into arrays of `label_shape`: (number of boxes, numbers of a box)."""
        if len(label_shape) != 2:
            raise base.ValueError(f"label_shape should have length 2, got {label_shape}")
        count, width = self.label_shape
        if label_shape[0] < count:
            raise base.ValueError(f"Attempts to reduce label count from {count} to {label_shape[0]}, not allowed.")
        if label_shape[1] != width:
            raise base.ValueError(f"label_shape object width inconsistent: {width} vs {label_shape[1]}.")

    def reshape(self, data_shape: Sequence[int] | None = None, label_shape: Sequence[int] | None = None) -> None:
        """Give batches another shape.

        Parameters
        ----------
        data_shape : (int, int, int), optional
            Shape of an image in a batch; augmenters must give this size.
        label_shape : (int, int), optional
            Number of boxes, which may only grow, and numbers of a box, which must stay.
        """
        if data_shape is not None:
            self.check_data_shape(data_shape)
            self.data_shape = tuple(data_shape)
            self.provide_data = [(self.provide_data[0][0], (self.batch_size, *self.data_shape))]
        if label_shape is not None:
            self.check_label_shape(label_shape)
            self.label_shape = (label_shape[0], label_shape[1])
            self.provide_label = [(self.provide_label[0][0], (self.batch_size, *self.label_shape))]

    def sync_label_shape(self, it: ImageDetIter, verbose: bool = False) -> ImageDetIter:
        """Give this iterator and another one labels of the same shape, such as those for training and validation.

        Parameters
        ----------
        it : ImageDetIter
            The other iterator.
        verbose : bool
            Whether to log a new shape.

        Returns
        -------
        ImageDetIter
            `it`.
        """
        if not isinstance(it, ImageDetIter):
            raise base.AssertionError(f"Synchronize with invalid iterator. {type(it).__name__} is no ImageDetIter")
        old, other = self.label_shape, it.label_shape
        if old[1] != other[1]:
            raise base.AssertionError(f"object width mismatch: boxes have {old[1]} numbers here and {other[1]} there")
        shape = (max(old[0], other[0]), old[1])
        if shape[0] > old[0]:
            self.reshape(None, shape)
        if shape[0] > other[0]:
            it.reshape(None, shape)
        if verbose and shape[0] > min(old[0], other[0]):
            logging.info("Resized label_shape to (%d, %d).", *shape)
        return it

    # -- batches -----------------------------------------------------------------------------------------------------
    def _new_label(self) -> NDArray:
        return ndarray.full(self.provide_label[0][1], -1.0)

    def _batchify(self, batch_data: NDArray, batch_label: NDArray, start: int = 0) -> int:
        """Write images and boxes into a batch from position `start` on, and return where they end."""
        i = start
        try:
            while i < self.batch_size:
                found = self._next_valid()
                if found is None:
                    continue
                image, boxes = found
                datum = self.postprocess_data(image)
                self._check_size(datum)
                batch_data[i] = datum
                row = np.full(batch_label.shape[1:], -1, dtype=np.float32)
                row[: len(boxes)] = boxes
                batch_label[i] = row
                i += 1
        except StopIteration:
            if not i:
                raise
        return i

    def _next_valid(self) -> tuple[NDArray, Boxes] | None:
        """Return the next image and its boxes after all augmenters; None where nothing valid remains."""
        label, content = self.next_sample()
        data = self.imdecode(content)
        try:
            self.check_valid_image([data])
            data, boxes = self.augmentation_transform(data, self._parse_label(label))
            self._check_valid_label(boxes)
        except RuntimeError as error:
            logging.debug("Invalid image, skipping:  %s", str(error))
            return None
        return data, boxes

    def augmentation_transform(self, data: NDArray, label: Boxes) -> tuple[NDArray, Boxes]:  # type: ignore[override]
        """Return an image and its boxes after all augmenters."""
        for change in self.auglist:
            data, label = change(data, label)
        return data, label

    def draw_next(
        self,
        color: tuple[int, int, int] | None = None,
        thickness: int = 2,
        mean: Any = None,
        std: Any = None,
        clip: bool = True,
        waitKey: int | None = None,
        window_name: str = "draw_next",
        id2labels: Mapping[int, str] | None = None,
    ) -> Generator[np.ndarray[Any, Any], None, None]:
        """Draw the boxes into the images of an epoch, one image after another.

        Parameters
        ----------
        color : (int, int, int), optional
            Blue, green and red of the boxes, from 0 to 255; each box has another one unless given.
        thickness : int
            Width of lines in pixels.
        mean, std : array of one or three numbers, or True
            What was subtracted from the colours, and what they were divided by; True means ImageNet's.
        clip : bool
            Whether to keep colours within 0 and 255.
        waitKey : int, optional
            Show each image in a window and wait so many milliseconds for a key, 0 without end. Needs an OpenCV with
            windows.
        window_name : str
            Title of the window.
        id2labels : dict of int to str, optional
            Names of the classes, written beside the boxes.

        Yields
        ------
        numpy.ndarray, (height, width, 3), uint8
            An image with boxes, blue first, as OpenCV has it.
        """
        mean, std = colours("draw_next", "mean", mean, MEAN, np.array), colours("draw_next", "std", std, STD, np.array)
        while True:
            try:
                found = self._next_valid()
            except StopIteration:
                return
            if found is None:
                continue
            picture = found[0].asnumpy().astype(np.float32)
            picture = picture * (1 if std is None else _plain(std)) + (0 if mean is None else _plain(mean))
            if clip:
                picture = np.clip(picture, 0, 255)
            drawn = _drawn(picture, found[1], color, thickness, id2labels)
            if waitKey is not None:
                import cv2

                cv2.imshow(window_name, drawn)
                cv2.waitKey(waitKey)
            yield drawn


def _plain(value: Any) -> np.ndarray[Any, Any]:
    return value.asnumpy() if isinstance(value, NDArray) else np.asarray(value)


def _drawn(
    picture: np.ndarray[Any, Any], boxes: Boxes, color: Any, thickness: int, names: Mapping[int, str] | None
) -> np.ndarray[Any, Any]:
    """Return a picture with boxes and the names of their classes, blue first."""
    import cv2

    drawn = np.ascontiguousarray(picture.astype(np.uint8)[:, :, ::-1])
    height, width = drawn.shape[:2]
    for box in boxes:
        colour = color if color is not None else tuple(np.random.randint(0, 256, 3).tolist())
        left, top = int(box[1] * width), int(box[2] * height)
        cv2.rectangle(drawn, (left, top), (int(box[3] * width), int(box[4] * height)), colour, thickness)
        if names is not None:
            place = (left + 5, top + 20)
            cv2.putText(drawn, names.get(int(box[0]), ""), place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour)
    return drawn
