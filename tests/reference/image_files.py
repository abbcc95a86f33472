"""References for mxnet/_ops/image_files.py, with a writer and a reader of simple PNG files.

Files are read in ``tests/unit/test_image_files.py``.
"""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from . import bad, normal, reference, sample, without_reference
from .image import photo

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> PNG's number


def png(image):
    """The bytes of a PNG file without filters."""
    height, width, channels = image.shape
    head = struct.pack(">IIBBBBB", width, height, image.itemsize * 8, COLOUR_TYPES[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(image.dtype.newbyteorder(">")).tobytes() for row in image)
    out = SIGNATURE
    for name, content in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        out += struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    return np.frombuffer(out, "uint8")


def read_png(content):
    content = content.tobytes()
    width, height, bits, colours = struct.unpack(">IIBB", content[16:26])
    channels = {number: count for count, number in COLOUR_TYPES.items()}[colours]
    start = content.index(b"IDAT") + 4
    pixels = np.frombuffer(zlib.decompress(content[start:]), "uint8").reshape(height, -1)[:, 1:]
    return pixels.reshape(height, width, channels, bits // 8)[..., 0]  # of two bytes the first one counts more


#: A JPEG file of 8 x 8 equal pixels, which are COLOUR.
JPEG = np.frombuffer(
    base64.b64decode(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGB"
        "YUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAI"
        "AAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAX/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAABwj/xA"
        "AUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCmAnI+v//Z"
    ),
    "uint8",
)
COLOUR = np.uint8([201, 120, 41])

PNG = png(photo(2, 3, 3))
BAD_FILES = [
    (
        np.frombuffer(b"hello", "uint8"),
        r"buf holds no image that can be decoded; .* got 5 bytes that start with b'hello'",
    ),
    (PNG[:40], "buf holds no image that can be decoded"),
    (PNG.astype("int32"), "buf is int32; expected uint8, the bytes of a file"),
    (PNG.astype("float32"), "buf is float32; expected uint8, the bytes of a file"),
]


@reference(
    "_cvimdecode",
    samples=[
        sample(PNG),
        sample(PNG, to_rgb=False),
        sample(PNG, flag=0),
        sample(PNG, flag=0, to_rgb="0"),
        sample(PNG, flag="1", to_rgb="True"),
        sample(PNG, flag=4),
        sample(PNG, flag=17),
        sample(PNG.reshape(1, -1)),
        sample(png(photo(2, 3, 1))),
        sample(png(photo(2, 3, 1)), flag=0),
        sample(png(photo(2, 3, 4)), flag=1),
        sample(png(photo(2, 3, 2)), flag=1),
        sample(png(photo(2, 2, 3, dtype="uint16", high=65536))),
        sample(JPEG),
        sample(JPEG, to_rgb=False),
        sample(JPEG, flag=0),
        sample(PNG, flag=16, golden=False, why="1.9.1 fails"),
    ],
    bad=[
        *[bad(content, match=match) for content, match in BAD_FILES],
        bad(PNG, flag=-1, match="'flag': expected int from 0 to 2147483647, got -1"),
        bad(PNG, flag=2**40, match="'flag': expected int from 0 to 2147483647, got 1099511627776"),
        bad(png(photo(2, 2, 3, dtype="uint16", high=65536)), flag=2, match="flag=2 gives an image of uint16"),
    ],
    benchmark=lambda: sample(png(photo(256, 256, 3, high=16))),
)
def imdecode(buf, *, flag=1, to_rgb=True):
    buf = buf.reshape(-1)
    if buf[0] == 0xFF:  # JPEG
        image = np.broadcast_to(COLOUR, (8, 8, 3))
    else:
        image = read_png(buf)
        image = image[..., :1] if image.shape[2] < 3 else image[..., :3]
    if flag in (0, 16):
        if image.shape[2] == 1:
            return image
        return np.floor(image @ np.array([9798, 19235, 3735]) / 32768 + (0.5 if buf[0] == 0xFF else 0))[..., None]
    image = np.repeat(image, 3 // image.shape[2], axis=2)
    return image if to_rgb else image[..., ::-1]


without_reference(
    "_cvimread",
    samples=[],
    bad=[
        bad(filename="no/such/file.png", match="filename 'no/such/file.png' cannot be read: No such file or directory"),
        bad(filename="", match="filename '' cannot be read"),
        bad(filename="x.png", flag=-1, match="'flag': expected int from 0 to 2147483647, got -1"),
        bad(match="required attribute 'filename'"),
    ],
)


BEYOND = "1.9.1 takes the pixels for ones of another size, and may crash"


def border(top, bot, left, right, **options):
    return {"top": top, "bot": bot, "left": left, "right": right, **options}


@reference(
    "_cvcopyMakeBorder",
    samples=[
        sample(photo(2, 3, 3), **border(1, 2, 3, 1)),
        sample(photo(2, 3, 3), **border(0, 0, 0, 0)),
        *[sample(photo(2, 2, 3), **border(1, 0, 1, 0), value=value) for value in (7, 7.5, 6.5, 300, -3)],
        *[sample(photo(2, 2, 3), **border(1, 0, 1, 0), values=values) for values in ((7, 8), (7, 8, 9), (1, 2, 3, 4))],
        sample(photo(2, 2, 3), **border(1, 0, 1, 0), value=5, values="(7, 8, 9.6)"),
        sample(photo(2, 2, 4), **border(1, 0, 1, 0), value=5),
        sample(photo(2, 2, 4), **border(1, 0, 1, 0), values=(5, 6, 7, 8)),
        sample(photo(2, 2, 1), **border(1, 0, 1, 0), values=(5, 6)),
        sample(photo(2, 2, 5), **border(1, 0, 1, 0)),
        sample(photo(2, 2, 5), **border(1, 0, 1, 0), values=(3, 3, 3, 3)),
        *[sample(photo(1, 4, 1), **border(0, 0, 6, 6, type=kind)) for kind in (0, 1, 2, 3, 4, 16, 18)],
        *[sample(normal(3, 2, 2), **border(7, 3, 2, 5, type=kind)) for kind in range(5)],
        sample(photo(1, 1, 1), **border(1, 1, 2, 2, type=4)),
        sample(photo(1, 2, 3, dtype="int32"), **border("1", "0", "0", "1"), value="-7.5"),
        sample(photo(1, 2, 3, dtype="int8", high=99), **border(1, 0, 0, 1), value=-7.5, golden=False, why=BEYOND),
        sample(normal(1, 2, 3, dtype="float64"), **border(1, 0, 0, 1), value=0.1),
        sample(normal(1, 2, 3, dtype="float16"), **border(1, 0, 0, 1), value=0.1, golden=False, why="1.9.1 refuses"),
        sample(photo(1, 2, 3, dtype="int64"), **border(1, 0, 0, 1, type=2), golden=False, why=BEYOND),
        sample(photo(0, 2, 3), **border(1, 0, 0, 1), value=2, golden=False, why="1.9.1 has no arrays without elements"),
    ],
    bad=[
        bad(normal(2, 2), **border(1, 1, 1, 1), match=r"src has shape \(2, 2\); expected \(H, W, C\)"),
        bad(normal(2, 2, 3), **border(-1, 1, 1, 1), match="'top': expected int of at least 0, got -1"),
        bad(normal(2, 2, 3), **border(1, 1, 1, 1, type=5), match="type=5; expected 0, 1, 2, 3 or 4"),
        bad(normal(2, 2, 3), **border(1, 1, 1, 1, type=-1), match="'type': expected int from 0 to 20, got -1"),
        bad(normal(2, 2, 5), **border(1, 1, 1, 1), value=3, match="src has 5 channels; expected at most 4"),
        bad(normal(2, 2, 3), top=1, match="required attribute 'bot'"),
    ],
    benchmark=lambda: sample(photo(1080, 1920, 3), **border(20, 20, 20, 20, type=2)),
)
def copy_make_border(src, *, top, bot, left, right, type=0, value=0.0, values=()):
    height, width, channels = src.shape
    colour = np.zeros(max(4, channels))
    if values:
        colour[: len(values)] = values
        colour[4:] = colour[0]
    else:
        colour[:3] = value
    if src.dtype.kind in "iu":
        colour = np.clip(np.rint(colour), np.iinfo(src.dtype).min, np.iinfo(src.dtype).max)
    out = np.empty((top + height + bot, left + width + right, channels), src.dtype)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            row, column = place(y - top, height, type % 16), place(x - left, width, type % 16)
            out[y, x] = colour[:channels] if row is None or column is None else src[row, column]
    return out


def place(number, size, kind):
    """Which element stands at a place that may lie outside: None for the constant."""
    while not 0 <= number < size:
        if kind == 0:
            return None
        if kind == 1 or size == 1:
            return 0 if number < 0 else size - 1
        if kind == 3:
            number += size if number < 0 else -size
        elif kind == 2:
            number = -1 - number if number < 0 else 2 * size - 1 - number
        else:
            number = -number if number < 0 else 2 * size - 2 - number
    return number
