#!/usr/bin/env python3
"""Record what MXNet 1.9.1 answers for every sample in ``tests/reference`` (run it again after adding samples).

    python tests/golden/record.py PYTHON [--only NAME ...]

PYTHON is an interpreter that has ``mxnet==1.9.1`` and ``numpy<1.24`` (Python 3.8). It is run as a separate process
with MXNET_SUBGRAPH_BACKEND=NONE, because 1.9.1's default backend keeps stale weights. One file for each operator,
``operators/NAME.npz``, holds the inputs, attributes, outputs and gradients of its samples: a golden stands alone.
Head gradients are ``(1 + arange(size)) / size`` in the output's shape, so that every element counts differently.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import pickle
import select
import subprocess
import sys
from typing import Any

import numpy as np

from mxnet._ops.registry import get

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "operators"
TIMEOUT = 120  # seconds for one sample; 1.9.1 can deadlock

#: What the other interpreter runs: calls come as (name, [(dtype, shape, bytes)], attributes, training).
SERVER = r"""
import pickle, sys, os
out = os.fdopen(os.dup(1), "wb"); os.dup2(2, 1)
import numpy as np, mxnet as mx
def array(packed):
    return np.frombuffer(packed[2], packed[0]).reshape(packed[1])
def pack(value):
    value = value.asnumpy()
    return (value.dtype.str, value.shape, value.tobytes())
def head(o):
    return ((1.0 + np.arange(o.size)) / max(o.size, 1)).reshape(o.shape).astype(o.dtype)
def answer(name, inputs, attributes, training, updated):
    with mx.util.np_shape(any(0 in x[1] for x in inputs)):
        arrays = [mx.nd.array(array(x), dtype=x[0]) for x in inputs]
        floats = [np.dtype(x[0]).kind == "f" for x in inputs]
        for a, f in zip(arrays, floats):
            if f: a.attach_grad()
        function = None
        for space in (mx.nd, mx.nd._internal, mx.nd.op):
            function = function or getattr(space, name, None)
        for prefix, space in (("_contrib_", mx.nd.contrib), ("_linalg_", mx.nd.linalg), ("_image_", mx.nd.image)):
            if function is None and name.startswith(prefix): function = getattr(space, name[len(prefix):])
        given = {"out": [mx.nd.zeros(arrays[i].shape, dtype=arrays[i].dtype) for i in updated]} if updated else {}
        with mx.autograd.record(train_mode=training):
            outs = function(*arrays, **attributes, **given)
        outs = list(outs) if isinstance(outs, (list, tuple)) else [outs]
        packed = [pack(o) for o in outs]
        try:
            heads = [o for o in outs if np.dtype(o.dtype).kind == "f"]
            mx.autograd.backward(heads, [mx.nd.array(head(o), dtype=o.dtype) for o in heads], train_mode=training)
            gradients = [pack(a.grad) if f else None for a, f in zip(arrays, floats)]
        except Exception as error:
            gradients = None
        after = [pack(a) for a in arrays]
        return packed, gradients, after
while True:
    try:
        request = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    try:
        reply = (True, answer(*request))
    except Exception as error:
        reply = (False, str(error)[-500:])
    pickle.dump(reply, out, protocol=4); out.flush()
"""


class MXNet191:
    """A running MXNet 1.9.1; started again when a call takes it down."""

    def __init__(self, python: str) -> None:
        self.python = python
        self.start()

    def start(self) -> None:
        environment = {**os.environ, "MXNET_SUBGRAPH_BACKEND": "NONE"}
        environment.pop("PYTHONPATH", None)
        self.process = subprocess.Popen(
            [self.python, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )

    def call(self, *request: object) -> tuple[bool, object]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(pickle.dumps(request, protocol=4))
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], TIMEOUT)[0]:
            self.process.kill()
            self.process.wait()
            self.start()
            return False, f"MXNet 1.9.1 gave no answer for {TIMEOUT} s"
        try:
            return pickle.load(self.process.stdout)
        except EOFError:
            self.start()
            return False, "MXNet 1.9.1 crashed"


def updated(name: str, sample: Any) -> list[int]:
    """Return the numbers of the inputs that an update of many weights overwrites; none for other operators.

    1.9.1 runs these updates only where it is given arrays for the results.
    """
    operator = get(name)
    if not callable(operator.updates):
        return []
    return list(operator.updates(operator.parse(sample.attributes)))


def packed(value: np.ndarray) -> tuple[str, tuple[int, ...], bytes]:
    return value.dtype.str, value.shape, value.tobytes()


def unpacked(value: tuple[str, tuple[int, ...], bytes]) -> np.ndarray:
    return np.frombuffer(value[2], value[0]).reshape(value[1])


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("python")
    cli.add_argument("--only", nargs="*", help="operator names")
    options = cli.parse_args()
    sys.path.insert(0, str(HERE.parent.parent))
    from tests.reference import load_all

    FOLDER.mkdir(exist_ok=True)
    mxnet = MXNet191(options.python)
    failures = 0
    for name, entry in sorted(load_all().items()):
        if options.only and name not in options.only:
            continue
        arrays: dict[str, np.ndarray] = {}
        calls = []
        for number, sample in enumerate(entry.samples):
            if not sample.golden or not entry.deterministic:
                continue
            text = dict(sample.attributes)
            ok, answer = mxnet.call(
                name, [packed(x) for x in sample.inputs], text, sample.training, updated(name, sample)
            )
            if not ok:
                failures += 1
                print(f"{name} {sample}: {answer}")
                continue
            outputs, gradients, after = answer
            for i, x in enumerate(sample.inputs):
                arrays[f"{number}.input.{i}"] = x
                if unpacked(after[i]).tobytes() != x.tobytes():
                    arrays[f"{number}.after.{i}"] = unpacked(after[i])
            for i, x in enumerate(outputs):
                arrays[f"{number}.output.{i}"] = unpacked(x)
            for i, x in enumerate(gradients or []):
                if x is not None and sample.golden_gradient:
                    arrays[f"{number}.gradient.{i}"] = unpacked(x)
            calls.append(
                {"number": number, "attributes": {k: repr(v) if not isinstance(v, str) else v for k, v in text.items()}}
                | {"training": sample.training, "inputs": len(sample.inputs), "outputs": len(outputs)}
            )
        if calls:
            path = FOLDER / f"{name}.npz"
            np.savez_compressed(path, calls=np.array(json.dumps(calls)), **arrays)
    print(f"{failures} samples failed in MXNet 1.9.1")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
