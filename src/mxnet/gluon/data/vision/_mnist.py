"""MNIST and the data sets with its format."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .... import base
from ....ndarray import array
from ...utils import check_sha1
from ..dataset import _DownloadedDataset
from ._fetching import fetched

#: SHA-1 of what the files of MNIST hold: copies of these files are often compressed anew.
_MNIST_CONTENTS = {
    "train-images-idx3-ubyte.gz": "c3557c10f29b266e19b3eeee1553c85e0ef4a8ea",
    "train-labels-idx1-ubyte.gz": "adbf52269f5d842899f287c269e2883e40b4f6e2",
    "t10k-images-idx3-ubyte.gz": "65e11ec1fd220343092a5070b58418b5c2644e26",
    "t10k-labels-idx1-ubyte.gz": "a6d52cc628797e845885543326e9f10abb8a6f89",
}

_IMAGES, _LABELS = 2051, 2049  # the first numbers of the two kinds of files


class MNIST(_DownloadedDataset):
    """Handwritten digits: 60,000 images for training and 10,000 for tests.

    An item is an image, an NDArray of shape (28, 28, 1) and dtype uint8, and its digit, an int32.

    Parameters
    ----------
    root : str
        Folder of the four files, such as ``train-images-idx3-ubyte.gz``. What is missing there is downloaded.
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
    LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition (1998).

    Examples
    --------
    >>> digits = mx.gluon.data.vision.MNIST(train=False)  # doctest: +SKIP
    >>> len(digits), digits[0][0].shape, digits[0][1]  # doctest: +SKIP
    (10000, (28, 28, 1), 7)
    """

    _contents = _MNIST_CONTENTS

    def __init__(
        self,
        root: str = os.path.join(base.data_dir(), "datasets", "mnist"),
        train: bool = True,
        transform: Callable[..., Any] | None = None,
    ) -> None:
        self._train = train
        self._train_data = ("train-images-idx3-ubyte.gz", "6c95f4b05d2bf285e1bfb0e7960c31bd3b3f8a7d")
        self._train_label = ("train-labels-idx1-ubyte.gz", "2a80914081dc54586dbdf242f9805a6b8d2a15fc")
        self._test_data = ("t10k-images-idx3-ubyte.gz", "c3a25af1f52dad7f726cce8cacb138654b760d48")
        self._test_label = ("t10k-labels-idx1-ubyte.gz", "763e7fa3757d93b0cdec073cef058b2004252c17")
        self._namespace = "mnist"
        super().__init__(root, transform)

    def _get_data(self) -> None:
        data, label = (self._train_data, self._train_label) if self._train else (self._test_data, self._test_label)
        images, labels = self._read(data, _IMAGES, 3), self._read(label, _LABELS, 1)
        if len(images) != len(labels):
            raise base.MXNetError(
                f"{type(self).__name__}: {data[0]} in {self._root} has {len(images)} images, {label[0]} {len(labels)} "
                "labels; expected as many"
            )
        self._label = labels.astype(np.int32)
        self._data = array(images[..., None], dtype=np.uint8)

    def _read(self, file: tuple[str, str], magic: int, axes: int) -> np.ndarray[Any, Any]:
        """Return what an IDX file of unsigned bytes holds, which is fetched first where necessary."""
        name, sha1 = file
        path = os.path.join(self._root, name)
        if not _holds(path, sha1, self._contents.get(name)):
            path = fetched(type(self).__name__, self._root, self._namespace, name, sha1)
        try:
            with gzip.open(path) as stream:
                content = stream.read()
        except (OSError, EOFError, zlib.error) as error:
            raise base.MXNetError(f"{type(self).__name__}: {path} cannot be read: {error}") from error
        header = np.frombuffer(content[: 4 * (axes + 1)], dtype=">i4") if len(content) >= 4 * (axes + 1) else []
        values = np.frombuffer(content, dtype=np.uint8)[4 * (axes + 1) :]
        shape = [int(length) for length in header[1:]]
        if not len(header) or header[0] != magic or len(values) != np.prod(shape):
            raise base.MXNetError(
                f"{type(self).__name__}: {path} is no IDX file of unsigned bytes with {axes} axes (first "
                f"number {magic}): delete it, so that it is downloaded again"
            )
        return values.reshape(shape)


def _holds(path: str, sha1: str, content: str | None) -> bool:
    """Return whether a file is there and has one of two SHA-1s: of its bytes, or of what they hold uncompressed."""
    if not os.path.exists(path) or check_sha1(path, sha1):
        return os.path.exists(path)
    if content is None:
        return False
    try:
        with gzip.open(path) as stream:
            return hashlib.sha1(stream.read()).hexdigest() == content
    except (OSError, EOFError, zlib.error):
        return False


class FashionMNIST(MNIST):
    """Pictures of clothes in ten classes, in the format of MNIST: 60,000 for training and 10,000 for tests.

    An item is an image, an NDArray of shape (28, 28, 1) and dtype uint8, and its class, an int32.

    Parameters
    ----------
    root : str
        Folder of the four files, such as ``train-images-idx3-ubyte.gz``. What is missing there is downloaded.
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
    Xiao, Rasul, Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms (2017).

    Examples
    --------
    >>> clothes = mx.gluon.data.vision.FashionMNIST(train=False)  # doctest: +SKIP
    >>> len(clothes), clothes[0][0].shape  # doctest: +SKIP
    (10000, (28, 28, 1))
    """

    _contents: dict[str, str] = {}  # noqa: RUF012 (read only)

    def __init__(
        self,
        root: str = os.path.join(base.data_dir(), "datasets", "fashion-mnist"),
        train: bool = True,
        transform: Callable[..., Any] | None = None,
    ) -> None:
        self._train = train
        self._train_data = ("train-images-idx3-ubyte.gz", "0cf37b0d40ed5169c6b3aba31069a9770ac9043d")
        self._train_label = ("train-labels-idx1-ubyte.gz", "236021d52f1e40852b06a4c3008d8de8aef1e40b")
        self._test_data = ("t10k-images-idx3-ubyte.gz", "626ed6a7c06dd17c0eec72fa3be1740f146a2863")
        self._test_label = ("t10k-labels-idx1-ubyte.gz", "17f9ab60e7257a1620f4ad76bbbaf857c3920701")
        self._namespace = "fashion-mnist"
        super(MNIST, self).__init__(root, transform)
