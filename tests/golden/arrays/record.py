#!/usr/bin/env python3
"""Record what MXNet 1.9.1 answers to ``snippets.py``. Run with an interpreter that has ``mxnet==1.9.1``.

    MXNET_SUBGRAPH_BACKEND=NONE python3.8 tests/golden/arrays/record.py

Writes ``answers.json`` and the pickles ``*.pickle``.
"""

import json
import pathlib
import pickle
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:] = [p for p in sys.path if p not in ("", str(HERE))] + [str(HERE)]

import snippets  # noqa: E402

import mxnet as mx  # noqa: E402

assert mx.__version__ == "1.9.1"
answers = {}
for table, programs in snippets.TABLES.items():
    answers[table] = {}
    for name, code in programs.items():
        print(table, name, flush=True)
        answers[table][name] = snippets.answer(mx, code)
lines = [
    '"{}": {{\n{}\n}}'.format(
        table, ",\n".join(json.dumps(name) + ": " + json.dumps(found) for name, found in programs.items())
    )
    for table, programs in answers.items()
]
(HERE / "answers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
arrays = {
    "float32": mx.nd.array([[0, 1, 2], [3, 4, 5]]),
    "int8": mx.nd.array([-1, 2], dtype="int8"),
    "bool": mx.nd.array([1, 0], dtype="bool"),
    "cpu1": mx.nd.array([1.5], ctx=mx.cpu(1)),
}
for name, array in arrays.items():
    (HERE / (name + ".pickle")).write_bytes(pickle.dumps(array, protocol=2))
(HERE / "state.pickle").write_bytes(pickle.dumps({"w": arrays["float32"], "ctx": mx.cpu(1), "n": 3}, protocol=4))
