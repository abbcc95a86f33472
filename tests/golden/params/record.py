#!/usr/bin/env python3
"""Record .params files as MXNet 1.9.1 writes them. Run with an interpreter that has ``mxnet==1.9.1``.

    python3.8 tests/golden/params/record.py

Each file holds the arrays that ``expected`` in ``tests/unit/test_params.py`` makes again. ``version_1`` and
``version_0`` are of forms that only older versions write: they are put together here and kept only if 1.9.1 loads them.
"""

import pathlib
import struct

import numpy as np

import mxnet as mx

HERE = pathlib.Path(__file__).parent


def values(dtype):
    return np.array([[0, 1, 2], [3, 4, 100]]).astype(dtype)


def array(value, dtype):
    return mx.nd.array(value.astype(dtype), dtype=dtype)


mx.nd.save(
    str(HERE / "version_2.params"),
    {
        f"arg:{name}": array(values(name), name)
        for name in ("float32", "float64", "float16", "uint8", "int32", "int8", "int64")
    },
)
mx.nd.save(str(HERE / "list.params"), [array(np.arange(3), "float32"), array(np.ones((1, 2, 1)), "int32")])
mx.nd.save(str(HERE / "empty.params"), [])
mx.nd.save(str(HERE / "name.params"), {"aux:größe_é": array(np.array([True, False]), "int8").astype("bool")})
half = np.dtype([("bfloat16", np.uint16)])
bits = np.array([0x3F80, 0xC000, 0x7F80], "uint16")
header = struct.pack("<QQQ", 0x112, 0, 1)
record = struct.pack("<IiIqiii", 0xF993FAC9, 0, 1, 3, 1, 0, 12) + bits.tobytes()
path = str(HERE / "bfloat16.params")
pathlib.Path(path).write_bytes(header + record + struct.pack("<QQ", 1, 1) + b"b")
mx.nd.save(path, mx.nd.load(path))
with mx.util.np_shape(True):
    mx.nd.save(
        str(HERE / "version_3.params"),
        {"scalar": mx.nd.array(2.5), "none": mx.nd.zeros((2, 0)), "row": array(np.arange(3), "int64")},
    )
data = values("float32").tobytes()
context = struct.pack("<iii", 1, 0, 0)
old = {
    "version_1": struct.pack("<IIqq", 0xF993FAC8, 2, 2, 3) + context + data,
    "version_0": struct.pack("<III", 2, 2, 3) + context + data,
}
for name, record in old.items():
    path = str(HERE / (name + ".params"))
    pathlib.Path(path).write_bytes(header + record + struct.pack("<QQ", 1, 1) + b"a")
    assert (mx.nd.load(path)["a"].asnumpy() == values("float32")).all()
row_sparse = mx.nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [0, 3]), shape=(5, 2))
csr = mx.nd.sparse.csr_matrix(([1, 2, 3], [0, 2, 1], [0, 2, 2, 3]), shape=(3, 4), dtype="float64")
cube = mx.nd.sparse.row_sparse_array((np.ones((1, 2, 2)), [2]), shape=(3, 2, 2), dtype="float16")
mx.nd.save(str(HERE / "sparse.params"), {"arg:dense": mx.nd.ones((1,)), "arg:csr": csr, "aux:rows": row_sparse})
mx.nd.save(str(HERE / "sparse_list.params"), [cube, mx.nd.sparse.zeros("row_sparse", (5, 2))])
mx.nd.save(str(HERE / "sparse_empty.params"), [mx.nd.sparse.zeros("csr", (3, 4))])
