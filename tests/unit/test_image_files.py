"""Reading images from files."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from tests.reference.image import photo
from tests.reference.image_files import COLOUR, JPEG, png

PIXELS = photo(5, 4, 3)
read = mx.nd._internal._cvimread


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "ein Bild.png"
    path.write_bytes(png(PIXELS).tobytes())
    return str(path)


def test_colours_and_their_order(file):
    assert (read(filename=file).asnumpy() == PIXELS).all()
    assert (read(filename=file, to_rgb=False).asnumpy() == PIXELS[..., ::-1]).all()
    image = read(filename=file)
    assert image.dtype == np.uint8
    assert image.context == mx.cpu()


def test_grey(file):
    bytes_ = mx.nd.array(np.fromfile(file, "uint8"), dtype="uint8")
    expected = mx.nd._internal._cvimdecode(bytes_, flag=0).asnumpy()
    assert expected.shape == (5, 4, 1)
    assert (read(filename=file, flag=0).asnumpy() == expected).all()


def test_as_a_symbol(file):
    net = mx.sym._internal._cvimread(filename=file)
    (image,) = net.bind(mx.cpu(), {}).forward()
    assert (image.asnumpy() == PIXELS).all()


def test_jpeg(tmp_path):
    (tmp_path / "a.jpg").write_bytes(JPEG.tobytes())
    assert (read(filename=str(tmp_path / "a.jpg")).asnumpy() == np.broadcast_to(COLOUR, (8, 8, 3))).all()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"hello", "bad.png' holds no image that can be decoded; .* got 5 bytes that start with b'hello'"),
        (b"", "bad.png' holds no image .* got 0 bytes"),
        (png(PIXELS).tobytes()[:40], "bad.png' holds no image"),
    ],
)
def test_what_is_no_image(tmp_path, content, match):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(mx.MXNetError, match=match):
        read(filename=str(path))


def test_what_is_no_file(tmp_path):
    with pytest.raises(mx.MXNetError, match="cannot be read: Is a directory"):
        read(filename=str(tmp_path))
    with pytest.raises(mx.MXNetError, match=r"none.png' cannot be read: No such file"):
        read(filename=str(tmp_path / "none.png"))
