"""Augmenters for object detection: they change an image together with the boxes in it.

Boxes are the rows of an array: class, left, top, right, bottom and perhaps more, with places from 0 to 1. Python's
`random` draws.
"""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np

from .. import base, ndarray
from ..ndarray import NDArray
from ._augmenters import Augmenter, plain

__all__ = ["DetAugmenter", "DetBorrowAug", "DetHorizontalFlipAug", "DetRandomSelectAug"]

Boxes = np.ndarray[Any, Any]


class DetAugmenter:
    """A change of images and boxes: what `CreateDetAugmenter` lists, and what to derive from for your own.

    Parameters
    ----------
    **kwargs
        What `dumps` shall show: numbers, strings, lists and arrays.

    Examples
    --------
    >>> class Keep(mx.image.DetAugmenter):
    ...     def __call__(self, src, label):
    ...         return src, label
    >>> Keep().dumps()
    '["keep", {}]'
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

    def __call__(self, src: NDArray, label: Boxes) -> tuple[NDArray, Boxes]:
        """Return the changed image and boxes; subclasses say how."""
        raise NotImplementedError("Must override implementation.")


class DetBorrowAug(DetAugmenter):
    """Use an augmenter of images that moves nothing; boxes stay as they are.

    Parameters
    ----------
    augmenter : Augmenter
        What changes the image.

    Raises
    ------
    TypeError
        If it is no Augmenter.

    Examples
    --------
    >>> flat, boxes = mx.image.DetBorrowAug(mx.image.CastAug())(mx.nd.ones((4, 6, 3)), np.zeros((1, 5)))
    >>> flat.shape, boxes.shape
    ((4, 6, 3), (1, 5))
    """

    def __init__(self, augmenter: Augmenter) -> None:
        if not isinstance(augmenter, Augmenter):
            raise base.TypeError(f"DetBorrowAug: Borrowing from invalid Augmenter {augmenter!r}; expected an Augmenter")
        super().__init__(augmenter=augmenter.dumps())
        self.augmenter = augmenter

    def dumps(self) -> list[Any]:
        """Return the class and what the augmenter says."""
        return [type(self).__name__.lower(), self.augmenter.dumps()]

    def __call__(self, src: NDArray, label: Boxes) -> tuple[NDArray, Boxes]:
        """Return the changed image, and the boxes."""
        return self.augmenter(src), label


class DetRandomSelectAug(DetAugmenter):
    """Use one of several augmenters, chosen for each image, or none.

    Parameters
    ----------
    aug_list : DetAugmenter or list of DetAugmenter
        What to choose from; the list is shuffled in place.
    skip_prob : float from 0 to 1
        Probability of leaving an image as it is.

    Raises
    ------
    ValueError
        If the list has something else in it.

    Examples
    --------
    >>> select = mx.image.DetRandomSelectAug([mx.image.DetHorizontalFlipAug(1)], skip_prob=0)
    >>> select(mx.nd.ones((4, 6, 3)), np.array([[0, 0, 0, 0.25, 1]]))[1].tolist()
    [[0.0, 0.75, 0.0, 1.0, 1.0]]
    """

    def __init__(self, aug_list: DetAugmenter | list[DetAugmenter], skip_prob: float = 0) -> None:
        super().__init__(skip_prob=skip_prob)
        members = list(aug_list) if isinstance(aug_list, (list, tuple)) else [aug_list]
        for member in members:
            if not isinstance(member, DetAugmenter):
                raise base.ValueError(f"DetRandomSelectAug: Allow DetAugmenter in list only, got {member!r}")
        self.aug_list = members
        self.skip_prob = skip_prob if members else 1

    def dumps(self) -> list[Any]:
        """Return the class and what the augmenters inside say."""
        return [type(self).__name__.lower(), [member.dumps() for member in self.aug_list]]

    def __call__(self, src: NDArray, label: Boxes) -> tuple[NDArray, Boxes]:
        """Return image and boxes, changed or not."""
        if random.random() < self.skip_prob:
            return src, label
        random.shuffle(self.aug_list)
        return self.aug_list[0](src, label)


class DetHorizontalFlipAug(DetAugmenter):
    """Mirror some images and their boxes from left to right; boxes are changed in place.

    Parameters
    ----------
    p : float from 0 to 1
        Probability of mirroring an image.

    Examples
    --------
    >>> mx.image.DetHorizontalFlipAug(1)(mx.nd.ones((4, 6, 3)), np.array([[0, 0, 0, 0.25, 1]]))[1].tolist()
    [[0.0, 0.75, 0.0, 1.0, 1.0]]
    """

    def __init__(self, p: float) -> None:
        super().__init__(p=p)
        self.p = p

    def __call__(self, src: NDArray, label: Boxes) -> tuple[NDArray, Boxes]:
        """Return image and boxes, mirrored or not."""
        if random.random() < self.p:
            src = ndarray.flip(src, axis=1)
            self._flip_label(label)
        return src, label

    def _flip_label(self, label: Boxes) -> None:
        """Mirror boxes in place."""
        left = 1.0 - label[:, 3]
        label[:, 3] = 1.0 - label[:, 1]
        label[:, 1] = left
