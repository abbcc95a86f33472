"""Record files: what is promised beyond MXNet 1.9.1's answers, which test_gluon_data.py compares."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import struct
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet import recordio

MAGIC = struct.pack("<I", 0xCED7230A)
#: Records that hold the magic number often, at multiples of four and elsewhere.
records = st.lists(
    st.one_of(
        st.binary(max_size=40), st.lists(st.sampled_from([MAGIC, MAGIC[:2], b"a", b"abcd"]), max_size=9).map(b"".join)
    ),
    max_size=8,
)


def part(kind, content, length=None):
    code = kind << 29 | (len(content) if length is None else length)
    return MAGIC + struct.pack("<I", code) + content + bytes(-len(content) % 4)


def write(path, *contents):
    writer = recordio.MXRecordIO(path, "w")
    for content in contents:
        writer.write(content)
    writer.close()


def reader(path, content):
    path.write_bytes(content)
    return recordio.MXRecordIO(path, "r")


def close(*files):
    for file in files:
        file.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some.rec"


@pytest.fixture
def indexed(tmp_path):
    """A reader of records 0 to 9, each its number a hundred times."""
    names = str(tmp_path / "a.idx"), str(tmp_path / "a.rec")
    writer = recordio.MXIndexedRecordIO(*names, "w")
    for key in range(10):
        writer.write_idx(key, b"%d" % key * 100)
    writer.close()
    found = recordio.MXIndexedRecordIO(*names, "r")
    yield found
    found.close()


# -- the format -----------------------------------------------------------------------------------------------------


@given(records)
def test_what_is_written_is_read(tmp_path_factory, contents):
    path = tmp_path_factory.mktemp("records") / "a.rec"
    write(path, *contents)
    file = recordio.MXRecordIO(path, "r")
    assert list(iter(file.read, None)) == contents
    file.close()


@given(records)
def test_the_magic_number_only_begins_parts(tmp_path_factory, contents):
    """So that a reader can find the next record from any place in a file, as those of other libraries do."""
    path = tmp_path_factory.mktemp("records") / "a.rec"
    write(path, *contents)
    content = path.read_bytes()
    assert len(content) % 4 == 0
    place, starts = 0, []
    while place < len(content):
        starts.append(place)
        length = struct.unpack_from("<I", content, place + 4)[0] & (2**29 - 1)
        place += 8 + length + -length % 4
    found = [i for i in range(0, len(content), 4) if content[i : i + 4] == MAGIC]
    assert found == starts


@settings(max_examples=300)
@given(records, st.data())
def test_a_damaged_file_is_told_or_read(tmp_path_factory, contents, data):
    """Never a crash, a hang or a huge allocation: MXNetError with the place, or records."""
    path = tmp_path_factory.mktemp("records") / "a.rec"
    write(path, *contents)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    file = reader(path, bytes(content))
    said = ""
    try:
        assert all(isinstance(found, bytes) for found in iter(file.read, None))
    except mx.MXNetError as error:
        said = str(error)
    finally:
        file.close()
    assert not said or "offset" in said


@pytest.mark.parametrize(
    ("content", "offset", "words"),
    [
        (b"x" * 20, 0, "no record starts here: found 0x78787878"),
        (part(0, b"abcd")[:5], 0, "ends after 5 of the 8 bytes"),
        (part(0, b"abcd") + part(0, b"abcdef")[:-3], 12, "a part of 6 bytes, where the file has 5 more"),
        (part(0, b"abc", 2**29 - 1), 0, "a part of 536,870,911 bytes, where the file has 4 more"),
        (part(2, b"abcd"), 0, "a part that goes on with a record (kind 2)"),
        (part(3, b"abcd"), 0, "a part that goes on with a record (kind 3)"),
        (part(7, b"abcd"), 0, "(kind 7)"),
        (part(1, b"abcd"), 12, "the file ends after 0 of the 8 bytes"),
        (part(1, b"abcd") + part(0, b"abcd"), 12, "the start of another record (kind 0)"),
        (part(1, b"abcd") + part(2, b"abcd") + part(1, b"abcd"), 24, "the start of another record (kind 1)"),
    ],
)
def test_where_a_file_is_damaged(path, content, offset, words):
    file = reader(path, content)
    with pytest.raises(mx.MXNetError) as caught:
        list(iter(file.read, None))
    close(file)
    assert f"offset {offset}: " in str(caught.value)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_large_records(path):
    contents = [bytes(100_000), os.urandom(300_001)]
    write(path, *contents)
    file = recordio.MXRecordIO(path, "r")
    assert list(iter(file.read, None)) == contents
    close(file)


# -- files ----------------------------------------------------------------------------------------------------------


def test_what_is_written_is_in_the_file_at_once(path):
    """A worker process that is forked must not write again what its parent has buffered."""
    writer = recordio.MXRecordIO(path, "w")
    writer.write(b"abcd")
    assert path.read_bytes() == part(0, b"abcd")
    close(writer)


@pytest.mark.parametrize("content", [bytearray(b"abc"), memoryview(b"abc")])
def test_bytes_of_other_types(path, content):
    write(path, content)
    assert path.read_bytes() == part(0, b"abc")


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda path: recordio.MXRecordIO(path, "a"), ["flag is 'a'", "'r'", "'w'"]),
        (lambda path: recordio.MXRecordIO(path / "x", "r"), ["cannot be read", "No such file"]),
        (lambda path: recordio.MXRecordIO(path / "x" / "y", "w"), ["cannot be written", "No such file"]),
        (lambda path: recordio.MXRecordIO(path, "r"), ["cannot be read", "Is a directory"]),
        (lambda path: recordio.MXIndexedRecordIO(path / "x.idx", path / "x", "r"), ["'", "x'"]),
        (lambda path: recordio.MXRecordIO(path / "x", "w").read(), ["open for writing"]),
        (lambda path: recordio.MXIndexedRecordIO(path / "i", path / "x", "w").read_idx(1), ["read_idx", "writing"]),
        (lambda path: recordio.MXIndexedRecordIO(path / "i", path / "x", "w").seek(1), ["seek", "writing"]),
        (lambda path: recordio.MXRecordIO(path / "x", "w").write("abc"), ["buf is str", "bytes"]),
        (lambda path: recordio.MXRecordIO(path / "x", "w").write(bytes(2**29)), ["536,870,912 bytes"]),
    ],
)
def test_wrong_uses(tmp_path, use, words):
    with pytest.raises(mx.MXNetError) as caught:
        use(tmp_path)
    for word in words:
        assert word in str(caught.value)


def test_files_of_a_failed_reader_are_closed(indexed):
    os.remove(indexed.idx_path)
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    with pytest.raises(FileNotFoundError, match="index"):
        recordio.MXIndexedRecordIO(indexed.idx_path, indexed.uri, "r")
    after = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    assert after == before


def test_reading_a_file_that_is_open_for_reading_only(path):
    write(path, b"abc")
    file = recordio.MXRecordIO(path, "r")
    with pytest.raises(mx.MXNetError, match="open for reading"):
        file.write(b"abc")
    close(file)


def test_a_closed_file_says_so(path):
    write(path, b"abc")
    file = recordio.MXRecordIO(path, "r")
    file.close()
    with pytest.raises(mx.MXNetError, match="is closed"):
        file.read()
    file.reset()
    assert file.read() == b"abc"
    close(file)


def test_a_pickled_reader_leaves_the_reader_alone(path):
    """MXNet 1.9.1 closes it."""
    write(path, b"one", b"two")
    file = recordio.MXRecordIO(path, "r")
    file.read()
    other = copy.deepcopy(file)
    assert (other.read(), file.read()) == (b"one", b"two")
    close(file, other)


def test_a_writer_is_not_pickled(path):
    """MXNet 1.9.1 empties its file when the pickle is loaded."""
    writer = recordio.MXRecordIO(path, "w")
    with pytest.raises(mx.MXNetError, match="is being written"):
        pickle.dumps(writer)
    close(writer)


# -- indices --------------------------------------------------------------------------------------------------------


def test_tell_while_reading(indexed):
    indexed.read_idx(3)
    assert indexed.tell() == indexed.idx[4]
    indexed.seek(7)
    assert indexed.tell() == indexed.idx[7]


def test_a_missing_key_names_the_index(indexed):
    with pytest.raises(KeyError) as caught:
        indexed.read_idx("3")
    assert isinstance(caught.value, mx.MXNetError)
    assert str(caught.value) == f"{indexed.idx_path!r} has no key '3' among 10 of type int"


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ("0\t0\n1 108\n", ["line 2", "'1 108\\n'"]),
        ("x\t0\n", ["line 1", "int"]),
        ("0\tx\n", ["line 1"]),
        ("0\t\n", ["line 1"]),
    ],
)
def test_a_damaged_index(indexed, index, words):
    with open(indexed.idx_path, "w") as file:
        file.write(index)
    with pytest.raises(ValueError) as caught:
        recordio.MXIndexedRecordIO(indexed.idx_path, indexed.uri, "r")
    assert isinstance(caught.value, mx.MXNetError)
    for word in (*words, indexed.idx_path, "a tab and an offset"):
        assert word in str(caught.value)


@pytest.mark.parametrize(("place", "words"), [(-4, "offset -4"), (4, "offset 4"), (10**6, "has ended")])
def test_an_index_of_another_file(indexed, place, words):
    indexed.idx[0] = place
    with pytest.raises(mx.MXNetError, match=words):
        indexed.read_idx(0)


def test_threads_share_a_reader(indexed):
    """Going to a record and reading it is one step."""

    class Slow:
        """A file that lets other threads go on after each step."""

        def __init__(self, file):
            self._file = file

        def __getattr__(self, name):
            found = getattr(self._file, name)

            def call(*args):
                result = found(*args)
                time.sleep(0.0002)
                return result

            return call

    indexed.handle = Slow(indexed.handle)
    wrong = []

    def read():
        wrong.extend(key for key in range(10) for _ in range(3) if indexed.read_idx(key) != b"%d" % key * 100)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
def test_a_forked_process_opens_its_own_file(indexed):
    """A position that is shared with the parent would let both read each other's records."""
    indexed.read_idx(1)
    plain = recordio.MXRecordIO(indexed.uri, "r")
    plain.read()

    def child(connection):
        found = [indexed.read_idx(0)[:1], indexed.read()[:1]]
        try:
            plain.read()
        except mx.MXNetError as error:
            found.append("another process" in str(error))
        plain.reset()
        connection.send([*found, plain.read()[:1]])

    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=child, args=(theirs,))
    process.start()
    assert ours.recv() == [b"0", b"1", True, b"0"]
    process.join()
    assert (indexed.read()[:1], plain.read()[:1]) == (b"2", b"1")
    close(plain, ours, theirs)


# -- headers and images ---------------------------------------------------------------------------------------------
floats = st.floats(width=32, allow_nan=False)


@given(
    st.one_of(floats, st.lists(floats, min_size=1, max_size=5)),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=20),
)
def test_what_is_packed_is_unpacked(label, one, two, content):
    header, found = recordio.unpack(recordio.pack(recordio.IRHeader(0, label, one, two), content))
    assert (header.id, header.id2, found) == (one, two, content)
    assert header.flag == (len(label) if isinstance(label, list) else 0)
    np.testing.assert_array_equal(header.label, np.float32(label))


def test_labels_of_an_ndarray():
    record = recordio.pack(recordio.IRHeader(0, mx.nd.array([1, 2]), 3, 4), b"")
    assert recordio.unpack(record)[0].label.tolist() == [1, 2]


def test_a_header_travels():
    header = recordio.IRHeader(0, 1.0, 2, 3)
    assert pickle.loads(pickle.dumps(header)) == header


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: recordio.pack((0, "a", 1, 0), b""), ValueError, ["header", "'a'", "numbers"]),
        (lambda: recordio.pack((0, 1, -1, 0), b""), ValueError, ["-1", "2**64"]),
        (lambda: recordio.pack((0, 1, 1.5, 0), b""), ValueError, ["1.5"]),
        (lambda: recordio.pack((0, 1, 1, 0), "text"), TypeError, ["s is str"]),
        (lambda: recordio.unpack(b"abc"), ValueError, ["3 bytes", "24"]),
        (lambda: recordio.unpack(struct.pack("<IfQQ", 9, 0, 0, 0) + bytes(8)), ValueError, ["9 labels", "8 bytes"]),
        (lambda: recordio.pack_img((0, 1, 1, 0), np.zeros((2, 2), "uint8"), img_fmt=".no"), ValueError, ["'.no'"]),
        (lambda: recordio.pack_img((0, 1, 1, 0), np.zeros((2, 2, 7), "uint8")), ValueError, ["(2, 2, 7)", "(H, W, 3)"]),
        (lambda: recordio.pack_img((0, 1, 1, 0), None), ValueError, ["NoneType"]),
    ],
)
def test_wrong_headers_and_images(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert isinstance(caught.value, mx.MXNetError)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3)])
@pytest.mark.parametrize("quality", [95, 3])
def test_images_without_loss(shape, quality):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype="uint8")
    record = recordio.pack_img(recordio.IRHeader(0, [1, 2], 3, 4), image, quality, ".png")
    header, found = recordio.unpack_img(record)
    assert header.label.tolist() == [1, 2]
    np.testing.assert_array_equal(found, image)
    assert recordio.unpack_img(record, iscolor=0)[1].shape == (5, 4)
    assert recordio.unpack_img(record, 1)[1].shape == (5, 4, 3)


def test_quality_of_jpeg():
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype="uint8")
    small, large = (recordio.pack_img((0, 1, 1, 0), image, quality, ".JPG") for quality in (20, 95))
    assert len(small) < len(large)
    assert recordio.unpack(small)[1][:2] == b"\xff\xd8"
    assert recordio.unpack_img(recordio.pack_img((0, 1, 1, 0), mx.nd.array(image, dtype="uint8")))[1].shape == (
        40,
        40,
        3,
    )


def test_what_is_no_image_gives_none():
    """As in MXNet 1.9.1: scripts look for it."""
    for content in (b"", b"no image"):
        header, image = recordio.unpack_img(recordio.pack((0, 5, 1, 0), content))
        assert (header.label, image) == (5, None)
