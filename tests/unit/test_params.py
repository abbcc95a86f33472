"""The .params format: bytes equal MXNet 1.9.1's, every version is read, and a bad file is an MXNetError."""

from __future__ import annotations

import io
import os
import pathlib
import struct
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mxnet._ops.creation import TYPE_FLAGS
from mxnet._runtime import npz, params, params_reading
from mxnet.base import MXNetError

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "params"
NAMED = ("float32", "float64", "float16", "uint8", "int32", "int8", "int64")
V1, V2, V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
CONTEXT = struct.pack("<ii", 1, 0)


def values(dtype):
    return torch.tensor([[0, 1, 2], [3, 4, 100]]).to(getattr(torch, dtype))


def sparse(storage, shape, data, indices, indptr=None, dtype=torch.float32):
    indptr = None if indptr is None else torch.tensor(indptr)
    return params.Sparse(storage, shape, torch.tensor(data, dtype=dtype), torch.tensor(indices).long(), indptr)


ROWS = sparse("row_sparse", (5, 2), [[1, 2], [3, 4]], [0, 3])
CUBE = sparse("row_sparse", (3, 2, 2), [[[1, 1], [1, 1]]], [2], dtype=torch.float16)
NO_ROWS = params.Sparse("row_sparse", (5, 2), torch.empty(0, 2), torch.empty(0).long())
MATRIX = sparse("csr", (3, 4), [1, 2, 3], [0, 2, 1], [0, 2, 2, 3], torch.float64)
NO_VALUES = sparse("csr", (3, 4), [], [], [0, 0, 0, 0])

#: file -> arrays, names, and whether it was written under NumPy shape semantics (see tests/golden/params/record.py).
EXPECTED = {
    "version_2": ([values(name) for name in NAMED], [f"arg:{name}" for name in NAMED], False),
    "list": ([torch.arange(3.0), torch.ones(1, 2, 1, dtype=torch.int32)], [], False),
    "empty": ([], [], False),
    "name": ([torch.tensor([True, False])], ["aux:größe_é"], False),
    "bfloat16": ([torch.tensor([1.0, -2.0, float("inf")]).bfloat16()], ["b"], False),
    "version_3": ([torch.tensor(2.5), torch.zeros(2, 0), torch.arange(3)], ["scalar", "none", "row"], True),
    "sparse": ([torch.ones(1), MATRIX, ROWS], ["arg:dense", "arg:csr", "aux:rows"], False),
    "sparse_list": ([CUBE, NO_ROWS], [], False),
    "sparse_empty": ([NO_VALUES], [], False),
}


def same(one, other):
    """Equal in dtype, shape and every bit."""
    if isinstance(one, params.Sparse):
        assert type(other) is params.Sparse
        pairs = zip(one[2:], other[2:])
        return one[:2] == other[:2] and all(x is y is None or same(x, y) for x, y in pairs)
    return one.dtype is other.dtype and one.shape == other.shape and bits(one) == bits(other)


def bits(tensor):
    return tensor.reshape(-1).view(torch.uint8).numpy().tobytes()


@pytest.mark.parametrize("name", EXPECTED)
class TestGoldens:
    def test_read(self, name):
        tensors, names, _ = EXPECTED[name]
        found, found_names = params.load(GOLDEN / f"{name}.params")
        assert found_names == names
        assert len(found) == len(tensors)
        assert all(map(same, found, tensors))

    def test_written_byte_for_byte(self, name, tmp_path):
        tensors, names, np_shape = EXPECTED[name]
        wanted = (GOLDEN / f"{name}.params").read_bytes()
        params.save(tmp_path / "file", tensors, names, np_shape=np_shape)
        assert (tmp_path / "file").read_bytes() == wanted
        assert params.dumps(tensors, names, np_shape=np_shape) == wanted
        assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["version_0", "version_1"])
def test_older_versions_are_read(name):
    (tensor,), names = params.load(GOLDEN / f"{name}.params")
    assert names == ["a"]
    assert same(tensor, values("float32"))


# -- files put together here -----------------------------------------------------------------------------------------
def file(*records, names=(), count=None, name_count=None):
    count = len(records) if count is None else count
    name_count = len(names) if name_count is None else name_count
    text = b"".join(struct.pack("<Q", len(name)) + name for name in names)
    return struct.pack("<QQQ", 0x112, 0, count) + b"".join(records) + struct.pack("<Q", name_count) + text


def record(shape, flag=0, data=b"", *, magic=V2, storage=0, rank=None, context=CONTEXT):
    head = struct.pack("<Ii", magic, storage) if magic in (V2, V3) else struct.pack("<I", magic)
    rank = len(shape) if rank is None else rank
    return head + struct.pack(f"<I{len(shape)}q", rank, *shape) + context + struct.pack("<i", flag) + data


def shape_of(sizes, rank=None):
    return struct.pack(f"<I{len(sizes)}q", len(sizes) if rank is None else rank, *sizes)


def rows(indices, *, shape=(5, 2), kept=(2, 2), flag=6, rank=1, count=None, dtype=0, kept_rank=None, magic=V2):
    """A row_sparse record of two rows."""
    head = struct.pack("<Ii", magic, 1) + shape_of(kept, kept_rank) + shape_of(shape) + CONTEXT
    part = struct.pack("<iiIq", dtype, flag, rank, len(indices) if count is None else count)
    numbers = np.array(indices, {4: "int32"}.get(flag, "int64")).tobytes()
    return head + part + np.arange(4, dtype="float32").tobytes() + numbers


def matrix(indptr, indices, *, shape=(2, 4), flags=(6, 6)):
    """A csr record."""
    head = struct.pack("<Ii", V2, 2) + shape_of((len(indices),)) + shape_of(shape) + CONTEXT + struct.pack("<i", 0)
    head += b"".join(struct.pack("<iIq", flag, 1, len(part)) for flag, part in zip(flags, (indptr, indices)))
    parts = (np.array(p, {4: "int32", 6: "int64"}[flag]).tobytes() for flag, p in zip(flags, (indptr, indices)))
    return head + np.ones(len(indices), "float32").tobytes() + b"".join(parts)


ONE = record([1], data=b"\0\0\x80?")


def test_versions_may_be_mixed_and_bytes_may_follow():
    oldest = struct.pack("<II", 1, 1) + CONTEXT + b"\0\0\0\0" + b"\0\0\x80?"
    scalar = record([], data=b"\0\0\x80?", magic=V3)
    tensors, _ = params.loads(file(ONE, oldest, scalar, record([1], data=b"\0\0\x80?", magic=V1)) + b"more")
    assert [t.tolist() for t in tensors] == [[1.0], [1.0], 1.0, [1.0]]


def test_arrays_of_other_devices_and_sizes_of_zero():
    gpu = record([1], data=b"\0\0\x80?", context=struct.pack("<ii", 2, 3))
    tensors, names = params.loads(file(gpu, record([2, 0, 2**40]), names=[b"x", b"x"]))
    assert [t.shape for t in tensors] == [(1,), (2, 0, 2**40)]
    assert names == ["x", "x"]


def test_any_byte_but_0_is_true():
    (tensor,), _ = params.loads(file(record([3], 7, b"\5\0\xff")))
    assert tensor.tolist() == [True, False, True]
    assert bits(tensor) == b"\1\0\1"


def test_sparse_arrays_as_no_version_of_mxnet_writes_them():
    for data in (rows([3, 0]), rows([3, 0], flag=4), rows([3, 0], magic=V3)):
        (found,), _ = params.loads(file(data))
        assert (found.indices.tolist(), found.data.tolist()) == ([0, 3], [[2, 3], [0, 1]])
        assert found.indices.dtype is torch.int64
    (found,), _ = params.loads(file(matrix([0, 2, 2], [3, 0], flags=(4, 6))))
    assert (found.indptr.tolist(), found.indices.tolist()) == ([0, 2, 2], [3, 0])
    (found,), _ = params.loads(file(matrix([0], [], shape=(0, 4))))
    assert found.shape == (0, 4)


def test_one_record():
    for array in (torch.arange(3), ROWS, MATRIX, torch.tensor(2.5)):
        assert same(params.loads_one(params.dumps_one(array)), array)
    with pytest.raises(MXNetError, match=r"^mine at byte 32: the data of array 0, .* takes 24 bytes and 23 are left"):
        params.loads_one(params.dumps_one(torch.arange(3))[:-1], "mine")


BAD = {
    "magic number of the file": (b"\x13" + file(ONE)[1:], r"at byte 0: magic number 0x113, expected 0x112"),
    "count of arrays": (file(ONE, count=2**60), r"at byte 24: a list of \d+ arrays takes \d+ bytes and 44"),
    "count of names": (file(ONE, name_count=2**60), r"at byte 60: \d+ names for 1 arrays; expected 1 or none"),
    "length of a name": (file(ONE, name_count=1) + struct.pack("<Q", 2**60), r"at byte 76: name 0 takes 1152\d+ bytes"),
    "names that are not there": (file(ONE, name_count=1), r"at byte 68: a list of 1 names takes 8 bytes and 0"),
    "one name for two": (file(ONE, ONE, names=[b"a"]), r"1 names for 2 arrays; expected 2 or none"),
    "name of other text": (file(ONE, names=[b"ab\xff"]), r"at byte 78: name 0 is not UTF-8"),
    "storage": (file(record([1], storage=-1)), r"at byte 28: array 0 has storage type -1; expected 0"),
    "storage 3": (file(record([1], storage=3)), r"at byte 28: array 0 has storage type 3; expected 0"),
    "row out of range": (file(rows([0, 5])), r"at byte 116: array 0 is row_sparse .* an index outside of 0 to 4"),
    "negative row": (file(rows([-1, 2])), r"row_sparse of shape \(5, 2\) and has an index outside of 0 to 4"),
    "a row twice": (file(rows([3, 3])), r"array 0 is row_sparse and holds a row twice"),
    "too many indices": (file(rows([0, 1, 2])), r"kept values \(2, 2\), indices \[3\]"),
    "rows of another length": (file(rows([0, 1], shape=(5, 3))), r"shape \(5, 3\): kept values \(2, 2\)"),
    "rows of no axis": (file(rows([0, 1], shape=())), r"shape \(\): kept values \(2, 2\)"),
    "float indices": (file(rows([0, 1], flag=0)), r"indices of array 0: dtype number 0; expected 6"),
    "indices of two axes": (file(rows([0, 1], rank=2)), r"indices of array 0: rank 2; expected 1"),
    "sparse size": (file(rows([0, 1], shape=(2**62, 2))), r"has shape \(4611686018427387904, 2\); expected sizes"),
    "many rows": (file(rows([], kept=(2**60, 2), count=2**60)), r"the kept values of array 0, .* takes 9223\d+ bytes"),
    "sparse rank": (file(rows([0], kept_rank=2**31)), r"the kept values of array 0 has rank 2147483648; expected"),
    "sparse dtype": (file(rows([0, 1], dtype=9)), r"array 0 has dtype number 9"),
    "column out of range": (file(matrix([0, 1, 2], [0, 4])), r"array 0 is csr of shape .* an index outside"),
    "negative column": (file(matrix([0, 1, 2], [0, -4])), r"array 0 is csr .* an index outside of 0 to 3"),
    "pointers that fall": (file(matrix([0, 3, 2], [0, 1])), r"row pointers of array 0 do not rise from 0 to 2"),
    "pointers that start late": (file(matrix([1, 1, 2], [0, 1])), r"row pointers of array 0 do not rise"),
    "pointers that end early": (file(matrix([0, 1, 1], [0, 1])), r"row pointers of array 0 do not rise"),
    "pointers too few": (file(matrix([0, 2], [0, 1])), r"array 0 is csr .*: kept values \(2,\), indices \[2, 2\]"),
    "csr of one axis": (file(matrix([0, 2], [0, 1], shape=(1,))), r"array 0 is csr of shape \(1,\)"),
    "csr without columns": (file(matrix([0, 1, 2], [0, 0], shape=(2, 0))), r"outside of 0 to -1"),
    "no shape": (file(ONE, record([])), r"at byte 60: array 1 has no shape"),
    "rank": (file(record([1], rank=0x7FFFFFFF)), r"at byte 32: array 0 has rank 2147483647; expected"),
    "rank of 65": (file(record([1] * 65, data=b"1234")), r"array 0 has rank 65; expected"),
    "rank of the oldest form": (file(record([1], magic=V3 + 1)), r"at byte 24: array 0 has rank 4187224779; expected"),
    "negative size": (file(record([2, -1])), r"array 0 has shape \(2, -1\); expected sizes"),
    "large size": (file(record([2**62])), r"array 0 has shape \(4611686018427387904,\); expected sizes"),
    "sizes that overflow": (file(record([2**32, 2**32])), r"the data of array 0, float32 of shape .* takes 7\d+ bytes"),
    "sizes beside a zero": (file(record([2**40, 2**40, 0])), r"array 0 has shape .*, whose strides are too large"),
    "size": (file(record([2**33], 3)), r"the data of array 0, uint8 of shape \(8589934592,\), takes 8589934592 bytes"),
    "dtype 8": (file(record([1], 8)), r"at byte 52: array 0 has dtype number 8; expected one of \[0, 1"),
    "dtype -1": (file(record([1], -1)), r"array 0 has dtype number -1"),
    "empty file": (b"", r"at byte 0: the file's magic number takes 8 bytes and 0 are left"),
    "text": (b"hello, this is a text file", r"magic number 0x[0-9a-f]+, expected 0x112; this is no .params file"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_files(case, tmp_path):
    data, match = BAD[case]
    (tmp_path / "net.params").write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(MXNetError, match=match) as from_bytes:
            params.loads(data)
        with pytest.raises(MXNetError, match=match) as from_file:
            params.load(tmp_path / "net.params")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert str(from_bytes.value).startswith("buffer at byte")
    assert str(from_file.value).startswith(f"{tmp_path / 'net.params'} at byte")


ALL = [(GOLDEN / f"{name}.params").read_bytes() for name in (*EXPECTED, "version_0", "version_1")]


@pytest.mark.parametrize("data", ALL)
def test_cut_off_anywhere(data):
    for length in range(len(data)):
        with pytest.raises(MXNetError, match=r"cut off|no \.params file"):
            params.loads(data[:length])


def loads_or_refuses(data):
    try:
        tensors, names = params.loads(data)
    except MXNetError:
        return
    assert len(names) in (0, len(tensors))
    for array in tensors:
        tensors = [part for part in array[2:] if part is not None] if isinstance(array, params.Sparse) else [array]
        assert sum(tensor.numel() * tensor.element_size() for tensor in tensors) <= 2 * len(data)  # int32 indices
        assert params.dumps([array], np_shape=True)


@pytest.mark.parametrize("data", ALL)
def test_every_flipped_bit(data):
    for position in range(len(data)):
        for bit in range(8):
            loads_or_refuses(data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ALL), st.data())
def test_overwritten_words(data, draw):
    for _ in range(draw.draw(st.integers(1, 3))):
        position = draw.draw(st.integers(0, max(len(data) - 8, 0)))
        word = draw.draw(st.sampled_from([0, 1, 2**31 - 1, 2**32 - 1, 2**61, 2**62, 2**63 - 1, 2**64 - 1, V1, V2, V3]))
        width = draw.draw(st.sampled_from([4, 8]))
        data = data[:position] + (word % 2 ** (8 * width)).to_bytes(width, "little") + data[position + width :]
    loads_or_refuses(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data):
    loads_or_refuses(data)
    loads_or_refuses(file()[:24] + data)


# -- round trips -----------------------------------------------------------------------------------------------------
shapes = st.lists(st.integers(0, 4), max_size=5).map(tuple)
arrays = st.tuples(shapes, st.sampled_from([*TYPE_FLAGS.values()]), st.randoms(use_true_random=False))


def made(shape, dtype, source):
    """A tensor of arbitrary bits (0 and 1 for bool)."""
    size = int(np.prod(shape)) * dtype.itemsize
    raw = bytes(source.randrange(2 if dtype is torch.bool else 256) for _ in range(size))
    return torch.frombuffer(bytearray(raw), dtype=dtype).reshape(shape) if raw else torch.empty(shape, dtype=dtype)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(arrays, st.text(st.characters(codec="utf-8"), max_size=8)), max_size=5),
    st.booleans(),
    st.booleans(),
)
@example([(((), torch.float32, None), "")], False, True)
def test_round_trip(tmp_path_factory, items, np_shape, named):
    tensors = [torch.ones(()) if source is None else made(shape, dtype, source) for (shape, dtype, source), _ in items]
    names = [name for _, name in items] if named else []
    data = params.dumps(tensors, names, np_shape=np_shape)
    path = tmp_path_factory.getbasetemp() / "round_trip.params"
    params.save(path, tensors, names, np_shape=np_shape)
    assert path.read_bytes() == data
    for found, found_names in (params.loads(data), params.load(path)):
        assert found_names == names
        assert len(found) == len(tensors)
        assert all(map(same, found, tensors))


def test_views_are_saved_by_value():
    base = torch.arange(12.0).view(3, 4)
    leaf = torch.ones(2, requires_grad=True)
    for tensor in (base.t(), base[:, 1:3], base[1].expand(2, 4), base[::2], leaf):
        (found,), _ = params.loads(params.dumps([tensor]))
        assert torch.equal(found, tensor)
        assert found.is_contiguous()


def test_loaded_arrays_are_copies():
    data = bytearray(params.dumps([torch.ones(2)]))
    (found,), _ = params.loads(data)
    data[:] = bytes(len(data))
    assert found.tolist() == [1, 1]
    found += 1


# -- files -----------------------------------------------------------------------------------------------------------
def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "net.params"
    params.save(path, [torch.ones(2)], ["old"])
    before = path.read_bytes()

    class Full:
        """A disk that is full after 50 bytes."""

        def __init__(self, handle, *arguments, **options):
            self.handle, self.left = handle, 50

        def __enter__(self):
            return self

        def __exit__(self, *error):
            os.close(self.handle)

        def fileno(self):
            return self.handle

        def write(self, view):
            if self.left < len(view):
                raise OSError(28, "No space left on device")
            self.left -= len(view)
            return os.write(self.handle, view)

    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", Full)
        with pytest.raises(OSError, match="No space left"):
            params.save(path, [torch.zeros(100)], ["new"])
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(PermissionError("no")))
        with pytest.raises(PermissionError):
            params.save(path, [torch.zeros(100)], ["new"])
    with pytest.raises(MXNetError, match="2 arrays and 1 names to save"):
        params.save(path, [torch.ones(1)] * 2, ["a"])
    with pytest.raises(MXNetError, match=r"array 'a' is complex64; \.params files hold float32"):
        params.save(path, [torch.ones(1, dtype=torch.complex64)], ["a"])
    with pytest.raises(MXNetError, match="array number 0 is a sparse tensor of torch"):
        params.save(path, [torch.eye(2).to_sparse()])
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["net.params"]


def test_permissions_and_links(tmp_path):
    path, link = tmp_path / "net.params", tmp_path / "link"
    mask = os.umask(0o027)
    try:
        params.save(path, [torch.ones(2)])
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o604)
    link.symlink_to(path)
    params.save(link, [torch.ones(3)])
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o604
    assert params.load(path)[0][0].shape == (3,)


def test_devices_are_written_to_and_not_replaced(tmp_path):
    params.save(os.devnull, [torch.ones(2)])
    assert not os.path.isfile(os.devnull)
    with pytest.raises(OSError):
        params.save(tmp_path, [torch.ones(2)])
    assert tmp_path.is_dir()


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        params.load(tmp_path / "none.params")
    with pytest.raises(FileNotFoundError):
        params.save(tmp_path / "none" / "net.params", [])


def test_a_pipe_is_read_to_its_end():
    reading, writing = os.pipe()
    os.write(writing, file(ONE, names=[b"a"]))
    os.close(writing)
    tensors, names = params.load(f"/dev/fd/{reading}")
    os.close(reading)
    assert (tensors[0].tolist(), names) == ([1.0], ["a"])


def test_data_beyond_one_block(tmp_path, monkeypatch):
    monkeypatch.setattr(params, "_BLOCK", 7)
    monkeypatch.setattr(params_reading, "_BLOCK", 7)
    tensors = [torch.arange(100.0), torch.arange(5, dtype=torch.int8)]
    params.save(tmp_path / "net.params", tensors, ["a", "b"])
    found, names = params.load(tmp_path / "net.params")
    assert names == ["a", "b"]
    assert all(map(same, found, tensors))


# -- archives of NumPy -----------------------------------------------------------------------------------------------
def archive(save=np.savez, **arrays):
    target = io.BytesIO()
    save(target, **arrays)
    return target.getvalue()


ARRAYS = {
    **{name: np.array([[0, 1, 2], [3, 4, 100]]).astype(name) for name in NAMED},
    "flags": np.array([True, False]),
    "scalar": np.array(2.5),
    "none": np.zeros((2, 0), "float32"),
    "columns": np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)),
    "größe": np.ones(1),
}


def test_archives(tmp_path):
    data = archive(**ARRAYS)
    (tmp_path / "net.params").write_bytes(data)
    for found, names in (params.loads(data), params.load(tmp_path / "net.params")):
        assert names == list(ARRAYS)
        for tensor, array in zip(found, ARRAYS.values()):
            assert tensor.is_contiguous()
            assert tensor.numpy().dtype == array.dtype
            np.testing.assert_array_equal(tensor.numpy(), array, strict=True)


def test_archives_of_lists_and_bfloat16():
    target = io.BytesIO()
    np.savez(target, np.ones(2), np.zeros(1))
    found, names = params.loads(target.getvalue())
    assert (len(found), names) == (2, [])
    half = np.array([0x3F80, 0xC000], "uint16").view([("bfloat16", "<u2")])
    (found,), _ = params.loads(archive(w=half))
    assert same(found, torch.tensor([1, -2]).bfloat16())
    assert params.loads(archive()) == ([], [])


def header(text, data=b"", version=b"\1\0"):
    """An archive with one array that begins as said."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        form = "<H" if version[:1] == b"\1" else "<I"
        made.writestr("w.npy", b"\x93NUMPY" + version + struct.pack(form, len(text)) + text.encode() + data)
    return target.getvalue()


def described(descr="'<f4'", order="False", shape="(2,)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"


def twice():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(2):
            made.writestr("w.npy", b"")
    return target.getvalue()


BAD_ARCHIVES = {
    "compressed": (archive(np.savez_compressed, w=np.zeros(10**6)), "holds more than the file; arrays may not be comp"),
    "compressed a little": (archive(np.savez_compressed, w=np.ones(1)), "array 'w': it is compressed or encrypted"),
    "objects": (header(described("'|O'"), bytes(16)), "array 'w': its dtype is .O; expected one of float16"),
    "other integers": (archive(w=np.ones(2, "uint16")), "its dtype is <u2"),
    "other order": (archive(w=np.ones(2, ">f4")), "its dtype is >f4"),
    "fields": (archive(w=np.zeros(2, [("a", "<f4"), ("b", "<f4")])), "its dtype is"),
    "text": (archive(w=np.array("abc")), "its dtype is <U3"),
    "too short": (header(described(), bytes(7)), r"float32 of shape \(2,\) takes 8 bytes and 7 are left"),
    "too long": (header(described(), bytes(9)), r"takes 8 bytes and 9 are left"),
    "large": (header(described(shape="(4611686018427387904, 4)")), "its shape is"),
    "large beside zero": (header(described(shape=f"(0, {2**40}, {2**40})")), "its shape is"),
    "negative": (header(described(shape="(-1,)")), r"its shape is \(-1,\)"),
    "not a number": (header(described(shape="('a',)")), "its shape is"),
    "no shape": (header(described(shape="3")), "its shape is 3"),
    "no header": (header("hello"), "its header is damaged"),
    "code": (header("__import__('os').abort()"), "its header is damaged"),
    "deep header": (header("(" * 5000), "its header is damaged"),
    "other keys": (header("{'a': 1}"), "its header is damaged"),
    "long header": (header(" " * 20_000), "a header of 20000 bytes"),
    "no array": (archive()[:0] + header("", version=b"\7\0"), "expected a NumPy array, found"),
    "one name twice": (twice(), "two arrays have one name"),
    "cut off": (archive(w=np.ones(100))[:-30], "a damaged archive"),
    "no directory": (b"PK\3\4", "a damaged archive"),
    "a changed byte": (archive(w=np.ones(100)).replace(np.ones(1).tobytes(), np.zeros(1).tobytes(), 1), "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_bad_archives(case, tmp_path):
    data, match = BAD_ARCHIVES[case]
    (tmp_path / "net.params").write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(MXNetError, match=match):
            params.loads(data)
        with pytest.raises(MXNetError, match=f"net.params.*{match}"):
            params.load(tmp_path / "net.params")
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_every_changed_byte_of_an_archive():
    data = archive(w=np.arange(3.0), b=np.ones((1, 2), "int8"))
    for position in range(len(data)):
        for change in (1, 0x80, 0xFF):
            loads_or_refuses(data[:position] + bytes([data[position] ^ change]) + data[position + 1 :])
        with pytest.raises(MXNetError):
            npz.load(io.BytesIO(data[:position]), "x", position)
