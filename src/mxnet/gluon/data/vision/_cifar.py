"""CIFAR: tiny pictures of things in ten or a hundred classes."""

from __future__ import annotations

import contextlib
import os
import shutil
import tarfile
from collections.abc import Callable
from typing import Any

import numpy as np

from .... import base
from ...._runtime.files import replacing
from ....ndarray import array
from ...utils import check_sha1
from ..dataset import _DownloadedDataset
from ._fetching import fetched

_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE


class CIFAR10(_DownloadedDataset):
    """Pictures of things in ten classes: 50,000 for training and 10,000 for tests.

    An item is an image, an NDArray of shape (32, 32, 3) and dtype uint8, and its class, an int32.

    Parameters
    ----------
    root : str
        Folder of ``data_batch_1.bin`` and the other files. What is missing there is taken out of
        ``cifar-10-binary.tar.gz`` in the same folder, which is downloaded if necessary.
    train : bool
        Whether to load the images for training, or those for tests.
    transform : callable, optional
        Function of image and label that returns what an item shall be.

    Raises
    ------
    MXNetError
        If a file is missing and cannot be downloaded.

    References
    ----------
    Krizhevsky: Learning multiple layers of features from tiny images (2009).

    Examples
    --------
    >>> pictures = mx.gluon.data.vision.CIFAR10(train=False)  # doctest: +SKIP
    >>> len(pictures), pictures[0][0].shape  # doctest: +SKIP
    (10000, (32, 32, 3))
    """

    def __init__(
        self,
        root: str = os.path.join(base.data_dir(), "datasets", "cifar10"),
        train: bool = True,
        transform: Callable[..., Any] | None = None,
    ) -> None:
        self._train = train
        self._archive_file = ("cifar-10-binary.tar.gz", "fab780a1e191a7eda0f345501ccd62d20f7ed891")
        self._train_data = [
            ("data_batch_1.bin", "aadd24acce27caa71bf4b10992e9e7b2d74c2540"),
            ("data_batch_2.bin", "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795"),
            ("data_batch_3.bin", "1dd00a74ab1d17a6e7d73e185b69dbf31242f295"),
            ("data_batch_4.bin", "aab85764eb3584312d3c7f65fd2fd016e36a258e"),
            ("data_batch_5.bin", "26e2849e66a845b7f1e4614ae70f4889ae604628"),
        ]
        self._test_data = [("test_batch.bin", "67eb016db431130d61cd03c7ad570b013799c88c")]
        self._namespace = "cifar10"
        super().__init__(root, transform)

    def _read_batch(self, filename: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return images (N, 32, 32, 3) and labels of a file."""
        return _images(filename, 1, 0)

    def _get_data(self) -> None:
        files = [*self._train_data, *self._test_data]
        if not all(_is_there(self._root, file) for file in files):
            self._unpack(files)
        chosen = self._train_data if self._train else self._test_data
        batches = [self._read_batch(os.path.join(self._root, name)) for name, _ in chosen]
        self._data = array(np.concatenate([images for images, _ in batches]), dtype=np.uint8)
        self._label = np.concatenate([labels for _, labels in batches])

    def _unpack(self, files: list[tuple[str, str]]) -> None:
        """Take the data set's files out of its archive, which is downloaded unless one with good files is there."""
        name, sha1 = self._archive_file
        path = os.path.join(self._root, name)
        if os.path.exists(path) and not check_sha1(path, sha1):  # another archive of the same files will do
            with contextlib.suppress(base.MXNetError):
                _extract(path, self._root, files)
            if all(_is_there(self._root, file) for file in files):
                return
        path = fetched(type(self).__name__, self._root, self._namespace, name, sha1)
        _extract(path, self._root, files)


def _is_there(root: str, file: tuple[str, str]) -> bool:
    path = os.path.join(root, file[0])
    return os.path.exists(path) and check_sha1(path, file[1])


def _extract(archive: str, root: str, files: list[tuple[str, str]]) -> None:
    """Write some files of an archive into a folder, wherever they lie in the archive."""
    missing = {name for name, _ in files}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = os.path.basename(member.name)
                content = tar.extractfile(member) if name in missing and member.isfile() else None
                if content is not None:
                    missing.remove(name)
                    with replacing(os.path.join(root, name)) as target:
                        shutil.copyfileobj(content, target)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise base.MXNetError(f"{archive} cannot be unpacked: {error}") from error
    if missing:
        raise base.MXNetError(
            f"{archive} does not contain {', '.join(sorted(missing))}: it is not the data set's archive"
        )


def _images(filename: str, labels: int, chosen: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Read records of `labels` bytes, the labels, and an image of three planes."""
    content = np.fromfile(filename, dtype=np.uint8)
    size = labels + _PIXELS
    if content.size % size:
        raise base.ValueError(
            f"{filename} has {content.size} bytes; expected a multiple of {size}: it is cut or no CIFAR"
        )
    records = content.reshape(-1, size)
    images = records[:, labels:].reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1)
    return images, records[:, chosen].astype(np.int32)


class CIFAR100(CIFAR10):
    """Pictures of things in a hundred classes: 50,000 for training and 10,000 for tests.

    An item is an image, an NDArray of shape (32, 32, 3) and dtype uint8, and its class, an int32.

    Parameters
    ----------
    root : str
        Folder of ``train.bin`` and ``test.bin``. What is missing there is taken out of ``cifar-100-binary.tar.gz`` in
        the same folder, which is downloaded if necessary.
    fine_label : bool
        Whether labels are the hundred classes, or the twenty groups of classes.
    train : bool
        Whether to load the images for training, or those for tests.
    transform : callable, optional
        Function of image and label that returns what an item shall be.

    Raises
    ------
    MXNetError
        If a file is missing and cannot be downloaded.

    References
    ----------
    Krizhevsky: Learning multiple layers of features from tiny images (2009).

    Examples
    --------
    >>> pictures = mx.gluon.data.vision.CIFAR100(fine_label=True, train=False)  # doctest: +SKIP
    >>> len(pictures), pictures[0][0].shape  # doctest: +SKIP
    (10000, (32, 32, 3))
    """

    def __init__(
        self,
        root: str = os.path.join(base.data_dir(), "datasets", "cifar100"),
        fine_label: bool = False,
        train: bool = True,
        transform: Callable[..., Any] | None = None,
    ) -> None:
        self._train = train
        self._archive_file = ("cifar-100-binary.tar.gz", "a0bb982c76b83111308126cc779a992fa506b90b")
        self._train_data = [("train.bin", "e207cd2e05b73b1393c74c7f5e7bea451d63e08e")]
        self._test_data = [("test.bin", "8fb6623e830365ff53cf14adec797474f5478006")]
        self._fine_label = fine_label
        self._namespace = "cifar100"
        super(CIFAR10, self).__init__(root, transform)

    def _read_batch(self, filename: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return images (N, 32, 32, 3) and labels of a file: first the group, then the class."""
        return _images(filename, 2, 1 if self._fine_label else 0)
