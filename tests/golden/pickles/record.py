#!/usr/bin/env python3
"""Record pickles as MXNet 1.9.1 writes them. Run with an interpreter that has ``mxnet==1.9.1``.

    python3.8 tests/golden/pickles/record.py

What each file holds is in ``tests/unit/test_pickles.py``.
"""

import collections
import pathlib
import pickle

import numpy as np

import mxnet as mx

HERE = pathlib.Path(__file__).parent


def arrays():
    row_sparse = mx.nd.sparse.row_sparse_array(([[1, 2], [3, 4]], [0, 3]), shape=(5, 2))
    csr = mx.nd.sparse.csr_matrix(([1, 2, 3], [0, 2, 1], [0, 2, 2, 3]), shape=(3, 4), dtype="float64")
    return {0: mx.nd.array([[1, 2, 3]]), "half": mx.nd.array([1, 2], dtype="float16"), (1, "s"): [row_sparse, csr]}


def numpy_values():
    return {
        "arrays": [np.arange(6.0).reshape(2, 3), np.asfortranarray([[1, 2], [3, 4]]), np.array([[]]), np.array(True)],
        "big": np.arange(3).astype(">i2"),
        "text": np.array(["a", "bcd"]),
        "scalars": (np.float32(0.1), np.int64(-5), np.bool_(True)),
        "types": [np.float32, np.dtype("float16"), float],
        "set": {1, 2},
        "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
        "default": collections.defaultdict(list, {1: [2]}),
        "numbers": [2**70, -1, 255, 65536, 1 + 2j, None, True],
        "bytes": [b"\x00\xff", bytearray(b"ab"), "ü"],
    }


def updater(optimizer):
    found = mx.optimizer.get_updater(optimizer)
    for index in (0, "fc_bias"):
        found(index, mx.nd.ones((2, 3)), mx.nd.ones((2, 3)) * 2)
    return found


for protocol in range(5):
    for name, value in (("arrays", arrays()), ("numpy", numpy_values())):
        (HERE / f"{name}_{protocol}.pickle").write_bytes(pickle.dumps(value, protocol))
schedule = mx.lr_scheduler.MultiFactorScheduler([2, 5], factor=0.5, base_lr=0.2)
sgd = mx.optimizer.SGD(momentum=0.9, learning_rate=0.2, lr_scheduler=schedule, param_idx2name={0: "fc_weight"})
adam = mx.optimizer.Adam(learning_rate=0.01, sym=mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=2))
for name, optimizer in (("sgd", sgd), ("adam", adam)):
    found = updater(optimizer)
    (HERE / f"{name}_states.pickle").write_bytes(found.get_states())
    (HERE / f"{name}_optimizer.pickle").write_bytes(found.get_states(dump_optimizer=True))
    (HERE / f"{name}_alone.pickle").write_bytes(pickle.dumps(optimizer, 0))
