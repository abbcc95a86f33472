"""Data sets of a user's own images: in folders, or in record files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .... import base, image, recordio
from ...._warning import warn
from ....ndarray import NDArray
from ..dataset import Dataset, RecordFileDataset


class ImageRecordDataset(RecordFileDataset):
    """Images in a record file, as ``im2rec`` and `mxnet.recordio.pack_img` write them.

    An item is an image, an NDArray of shape (H, W, C) and dtype uint8, and its label: a float, or a float32 array where
    the record has several.

    Parameters
    ----------
    filename : str
        The record file, with its index beside it: ``train.rec`` and ``train.idx``.
    flag : {1, 0}
        1: three channels of colour; 0: one channel of grey.
    transform : callable, optional
        Function of image and label that returns what an item shall be.

    Examples
    --------
    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = os.path.join(folder.name, "one")
    >>> file = mx.recordio.MXIndexedRecordIO(path + ".idx", path + ".rec", "w")
    >>> header = mx.recordio.IRHeader(flag=0, label=7, id=0, id2=0)
    >>> file.write_idx(0, mx.recordio.pack_img(header, np.zeros((4, 5, 3), "uint8"), img_fmt=".png"))
    >>> file.close()
    >>> item = mx.gluon.data.vision.ImageRecordDataset(path + ".rec")[0]
    >>> item[0].shape, item[1]
    ((4, 5, 3), 7.0)
    >>> folder.cleanup()
    """

    def __init__(self, filename: str, flag: int = 1, transform: Callable[..., Any] | None = None) -> None:
        super().__init__(filename)
        self._flag = flag
        self._transform = transform

    def __getitem__(self, idx: int) -> Any:
        header, content = recordio.unpack(super().__getitem__(idx))
        picture = image.imdecode(content, self._flag)
        if self._transform is not None:
            return self._transform(picture, header.label)
        return picture, header.label


class ImageFolderDataset(Dataset):
    """Images in folders, one for each class: ``root/cat/001.jpg``, ``root/dog/001.jpg`` ...

    An item is an image, an NDArray of shape (H, W, C) and dtype uint8, and its class, an int: the position of the
    folder among the sorted folders. Read are files that end in .jpg, .jpeg or .png.

    Parameters
    ----------
    root : str
        The folder of folders.
    flag : {1, 0}
        1: three channels of colour; 0: one channel of grey.
    transform : callable, optional
        Function of image and label that returns what an item shall be.

    Attributes
    ----------
    synsets : list of str
        Names of the folders: ``synsets[label]`` is a class's.
    items : list of (str, int)
        Path and class of each image.

    Examples
    --------
    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> for name in ("cat", "dog"):
    ...     os.mkdir(os.path.join(folder.name, name))
    >>> mx.gluon.data.vision.ImageFolderDataset(folder.name).synsets
    ['cat', 'dog']
    >>> folder.cleanup()
    """

    def __init__(self, root: str, flag: int = 1, transform: Callable[..., Any] | None = None) -> None:
        self._root = os.path.expanduser(root)
        self._flag = flag
        self._transform = transform
        self._exts = [".jpg", ".jpeg", ".png"]
        self._list_images(self._root)

    def _list_images(self, root: str) -> None:
        self.synsets: list[str] = []
        self.items: list[tuple[str, int]] = []
        for folder in sorted(os.listdir(root)):
            path = os.path.join(root, folder)
            if not os.path.isdir(path):
                warn(f"Ignoring {path}, which is not a directory.")
                continue
            label = len(self.synsets)
            self.synsets.append(folder)
            for name in sorted(os.listdir(path)):
                filename = os.path.join(path, name)
                ending = os.path.splitext(name)[1]
                if ending.lower() not in self._exts:
                    warn(f"Ignoring {filename} of type {ending}. Only support {', '.join(self._exts)}")
                    continue
                self.items.append((filename, label))

    def __getitem__(self, idx: int) -> Any:
        path, label = self.items[idx]
        picture: NDArray = image.imread(path, self._flag)
        if self._transform is not None:
            return self._transform(picture, label)
        return picture, label

    def __len__(self) -> int:
        return len(self.items)


class ImageListDataset(Dataset):
    """Images in a list, with their labels.

    An item is an image, an NDArray of shape (H, W, C) and dtype uint8, and its label: the number as it stands in the
    list, or a NumPy array where there are several. MXNet 2 has this data set, MXNet 1.9.1 does not.

    Parameters
    ----------
    root : str
        The folder that paths begin in.
    imglist : str or list
        A ``.lst`` file, whose lines are a number, labels and a path with tabs between them; or a list of lists
        ``[label, ..., path]`` or ``[[label, ...], path]``.
    flag : {1, 0}
        1: three channels of colour; 0: one channel of grey.

    Attributes
    ----------
    items : list of (str, label)
        Path and label of each image.

    Raises
    ------
    ValueError
        If a line or an entry is no list of labels and a path.

    Examples
    --------
    >>> data = mx.gluon.data.vision.ImageListDataset("photos", [[0, "a.jpg"], [1, 2, "b.jpg"]])
    >>> len(data), data.items[0][1], data.items[1][1].tolist()
    (2, 0, [1, 2])
    """

    def __init__(self, root: str = ".", imglist: str | Sequence[Sequence[Any]] | None = None, flag: int = 1) -> None:
        self._root = os.path.expanduser(root)
        self._flag = flag
        if imglist is None:
            raise base.ValueError("ImageListDataset: imglist is missing, expected a .lst file or a list")
        entries = self._read(os.path.join(self._root, imglist)) if isinstance(imglist, str) else imglist
        self.items: list[tuple[str, Any]] = [self._item(number, entry) for number, entry in enumerate(entries)]

    @staticmethod
    def _read(path: str) -> list[list[Any]]:
        entries: list[list[Any]] = []
        try:
            with open(path, encoding="utf-8") as file:
                lines = [line.strip() for line in file]
        except OSError as error:
            raise base.MXNetError(f"ImageListDataset: cannot read {path!r}: {error}") from None
        for number, line in enumerate(lines, 1):
            parts = line.split("\t")
            if not line:
                continue
            try:
                entries.append([*map(_number, parts[1:-1]), parts[-1]])
            except ValueError:
                raise base.ValueError(
                    f"ImageListDataset: {path!r}, line {number}: a label is no number: {line[:80]!r}"
                ) from None
        return entries

    def _item(self, number: int, entry: Sequence[Any]) -> tuple[str, Any]:
        if not isinstance(entry, (list, tuple)) or len(entry) < 2 or not isinstance(entry[-1], str):
            raise base.ValueError(f"ImageListDataset: entry {number} is {entry!r}, expected [label, ..., path]")
        labels = entry[0] if len(entry) == 2 else list(entry[:-1])
        label = np.asarray(labels) if isinstance(labels, (list, tuple)) else labels
        return os.path.join(self._root, entry[-1]), label

    def __getitem__(self, idx: int) -> Any:
        path, label = self.items[idx]
        return image.imread(path, self._flag), label

    def __len__(self) -> int:
        return len(self.items)


def _number(text: str) -> int | float:
    """Return a label as it was written: whole numbers stay exact."""
    try:
        return int(text)
    except ValueError:
        return float(text)
