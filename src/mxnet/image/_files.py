"""Images from files and from bytes."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .. import base
from ..ndarray import NDArray, _internal, array

__all__ = ["imdecode", "imread"]


def imread(filename: str | os.PathLike[str], flag: int = 1, to_rgb: bool = True, out: NDArray | None = None) -> NDArray:
    """Read and decode the image that a file holds.

    Parameters
    ----------
    filename : str or path
        File of a format that OpenCV reads: JPEG, PNG, BMP, TIFF, WebP ...
    flag : {1, 0}
        1: three channels of colour; 0: one channel of grey.
    to_rgb : bool
        Whether red comes first; otherwise blue does.
    out : NDArray, optional
        Where to write the image.

    Returns
    -------
    NDArray, (H, W, 3) or (H, W, 1), uint8

    Raises
    ------
    ValueError
        If the file cannot be read, or holds no image.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(os.path.join(folder, "two.ppm"), "wb") as file:
    ...         _ = file.write(b"P6 2 1 255 " + bytes([10, 20, 30, 40, 50, 60]))
    ...     mx.image.imread(os.path.join(folder, "two.ppm")).asnumpy().tolist()
    [[[10, 20, 30], [40, 50, 60]]]
    """
    return _internal._cvimread(filename=os.fspath(filename), flag=flag, to_rgb=to_rgb, out=out)


def imdecode(buf: Any, flag: int = 1, to_rgb: bool = True, out: NDArray | None = None) -> NDArray:
    """Decode an image from the bytes of a file.

    Parameters
    ----------
    buf : bytes, bytearray, memoryview, numpy.ndarray or NDArray of uint8
        The content of a file of a format that OpenCV reads: JPEG, PNG, BMP, TIFF, WebP ...
    flag : {1, 0}
        1: three channels of colour; 0: one channel of grey.
    to_rgb : bool
        Whether red comes first; otherwise blue does.
    out : NDArray, optional
        Where to write the image.

    Returns
    -------
    NDArray, (H, W, 3) or (H, W, 1), uint8

    Raises
    ------
    ValueError
        If `buf` is no bytes, or the bytes are no image.

    Examples
    --------
    >>> content = b"P6 2 1 255 " + bytes([10, 20, 30, 40, 50, 60])  # a portable pixmap
    >>> mx.image.imdecode(content, to_rgb=False).asnumpy().tolist()
    [[[30, 20, 10], [60, 50, 40]]]
    """
    if not isinstance(buf, NDArray):
        if isinstance(buf, (bytes, bytearray, memoryview)):
            buf = np.frombuffer(buf, dtype=np.uint8)
        elif not isinstance(buf, np.ndarray):
            raise base.ValueError(
                f"imdecode: buf is {type(buf).__name__}; expected bytes, bytearray, numpy.ndarray or NDArray with the "
                "content of a file: open it with mode 'rb', or encode a str"
            )
        buf = array(buf, dtype=np.uint8)
    return _internal._cvimdecode(buf, flag=flag, to_rgb=to_rgb, out=out)
