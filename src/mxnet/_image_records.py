"""Labelled images as records: a header of 24 bytes, labels, and the bytes of an image file."""

from __future__ import annotations

import numbers
import struct
from typing import Any, NamedTuple

import numpy as np

from . import base


class HEADER(NamedTuple):
    """What stands before the bytes of an image.

    Parameters
    ----------
    flag : int
        Number of labels; 0 for one that is a number. `pack` sets it.
    label : float or array of float32
        One number, or several.
    id, id2 : int
        The image's own numbers, from 0 to 2**64 - 1.

    Examples
    --------
    >>> mx.recordio.IRHeader(0, 4, 2574, 0)
    HEADER(flag=0, label=4, id=2574, id2=0)
    """

    flag: int
    label: Any
    id: int
    id2: int


HEADER.__qualname__ = "IRHeader"  # where pickle finds it; its repr is MXNet's
IRHeader = HEADER
_IR_FORMAT = "<IfQQ"
_IR_SIZE = struct.calcsize(_IR_FORMAT)


def pack(header: IRHeader | tuple[Any, ...], s: bytes) -> bytes:
    """Return a header and bytes as one record.

    Parameters
    ----------
    header : IRHeader
        Its `flag` is not used: it follows from `label`, a number or an array, list or tuple of them.
    s : bytes
        For instance a JPEG file.

    Raises
    ------
    ValueError
        If a label is no number, or an id is out of range.

    Examples
    --------
    >>> record = mx.recordio.pack(mx.recordio.IRHeader(0, [1, 2], 7, 0), b"bytes")
    >>> mx.recordio.unpack(record)
    (HEADER(flag=2, label=array([1., 2.], dtype=float32), id=7, id2=0), b'bytes')
    """
    if not isinstance(s, (bytes, bytearray, memoryview)):
        raise base.TypeError(f"pack: s is {type(s).__name__}; expected bytes")
    found = IRHeader(*header)
    label, several = found.label, b""
    try:
        if isinstance(label, numbers.Number):
            found = found._replace(flag=0)
        else:
            if hasattr(label, "asnumpy"):
                label = label.asnumpy()
            values = np.asarray(label, dtype="<f4")
            found = found._replace(flag=values.size, label=0)
            several = values.tobytes()
        return struct.pack(_IR_FORMAT, *found) + several + bytes(s)
    except (ValueError, TypeError, OverflowError, struct.error) as error:
        raise base.ValueError(
            f"pack: header {header!r}: {error}; expected a label of one or more numbers, and ids from 0 to 2**64 - 1"
        ) from None


def unpack(s: bytes) -> tuple[IRHeader, bytes]:
    """Return the header and the bytes of a record that `pack` made.

    Raises
    ------
    ValueError
        If `s` is too short.

    Examples
    --------
    >>> header, content = mx.recordio.unpack(mx.recordio.pack(mx.recordio.IRHeader(0, 3.0, 7, 0), b"bytes"))
    >>> header.label, content
    (3.0, b'bytes')
    """
    if len(s) < _IR_SIZE:
        raise base.ValueError(f"unpack: a record of {len(s)} bytes; expected a header of {_IR_SIZE}, and content")
    header = IRHeader(*struct.unpack_from(_IR_FORMAT, s))
    s = s[_IR_SIZE:]
    if header.flag > 0:
        if len(s) < 4 * header.flag:
            raise base.ValueError(f"unpack: the header has {header.flag:,} labels, where {len(s):,} bytes are left")
        header = header._replace(label=np.frombuffer(s, np.dtype("<f4"), header.flag))
        s = s[4 * header.flag :]
    return header, s


def pack_img(
    header: IRHeader | tuple[Any, ...], img: np.ndarray[Any, Any], quality: int = 95, img_fmt: str = ".jpg"
) -> bytes:
    """Return a header and an image, encoded, as one record.

    Parameters
    ----------
    header : IRHeader
        See `pack`.
    img : (H, W) or (H, W, C), uint8
        Image, its channels in OpenCV's order: blue, green, red.
    quality : int
        Of JPEG: 1 to 100. Of PNG: effort of compression, 0 to 9; more counts as 9.
    img_fmt : str
        '.jpg', '.png' or another ending that OpenCV knows.

    Raises
    ------
    ValueError
        If OpenCV cannot encode the image.

    Examples
    --------
    >>> image = np.full((2, 2, 3), 200, "uint8")
    >>> record = mx.recordio.pack_img(mx.recordio.IRHeader(0, 3.0, 7, 0), image, img_fmt=".png")
    >>> header, decoded = mx.recordio.unpack_img(record)
    >>> decoded.shape, int(decoded.min())
    ((2, 2, 3), 200)
    """
    import cv2

    if hasattr(img, "asnumpy"):
        img = img.asnumpy()  # type: ignore[attr-defined]
    ending = img_fmt.lower()
    settings: list[int] = []
    if ending in (".jpg", ".jpeg"):
        settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
    elif ending == ".png":
        settings = [cv2.IMWRITE_PNG_COMPRESSION, min(quality, 9)]
    content, why = None, ""
    try:
        done, encoded = cv2.imencode(img_fmt, img, settings)
        content = encoded if done else None
    except cv2.error as error:
        why = ": " + " ".join(str(error).split())
    if content is None:
        what = f"{getattr(img, 'dtype', type(img).__name__)} of shape {getattr(img, 'shape', '?')}"
        raise base.ValueError(
            f"pack_img: OpenCV cannot encode {what} as img_fmt={img_fmt!r}; expected uint8 of shape (H, W) or "
            f"(H, W, 3), and an ending such as '.jpg'{why}"
        )
    return pack(header, content.tobytes())


def unpack_img(s: bytes, iscolor: int = -1) -> tuple[IRHeader, np.ndarray[Any, Any] | None]:
    """Return the header and the decoded image of a record that `pack_img` made.

    Parameters
    ----------
    s : bytes
        The record.
    iscolor : int
        OpenCV's flag: -1: as in the file; 0: grey; 1: three channels.

    Returns
    -------
    header : IRHeader
        See `unpack`.
    img : (H, W) or (H, W, C), uint8
        Image, its channels in OpenCV's order: blue, green, red. None if OpenCV cannot decode it, as in MXNet.
    """
    import cv2

    header, content = unpack(s)
    if not content:
        return header, None
    return header, cv2.imdecode(np.frombuffer(content, dtype=np.uint8), iscolor)
