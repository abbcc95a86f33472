#!/usr/bin/env python3
"""Record what MXNet 1.9.1 says about its model zoo, and how it trains: see __init__.py and training.py.

    MXNET_SUBGRAPH_BACKEND=NONE PYTHON tests/golden/zoo/record.py [facts] [outputs] [training] [MODEL ...]

PYTHON is an interpreter that has ``mxnet==1.9.1`` and ``numpy<1.24`` (Python 3.8). With names of models, only those
are recorded again. Without MNIST, what was recorded of it stays.
"""

from __future__ import annotations

import json
import lzma
import pathlib
import sys
import tempfile

PARTS = ("facts", "outputs", "training")
ROOT = pathlib.Path(__file__).resolve().parents[3]


def main() -> None:
    sys.path.insert(0, str(ROOT))
    import mxnet as mx
    from tests.golden import zoo
    from tests.golden.zoo import training

    assert mx.__version__ == "1.9.1", f"this is mxnet {mx.__version__}, expected 1.9.1"
    parts = [word for word in sys.argv[1:] if word in PARTS] or PARTS
    names = [word for word in sys.argv[1:] if word not in PARTS] or sorted(zoo.SIZES)
    if "facts" in parts:
        file = zoo.FOLDER / "facts.json.xz"
        found = zoo.facts() if file.exists() else {}
        for name in names:
            found[name] = zoo.describe(mx, name)
            print(name, flush=True)
        file.write_bytes(lzma.compress(json.dumps(found, sort_keys=True).encode(), preset=9))
    if "outputs" in parts:
        file = zoo.FOLDER / "outputs.json"
        found = zoo.outputs() if file.exists() else {}
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                found[name] = zoo.measure(mx, name, folder)
            print(name, found[name]["output"]["norm"], flush=True)
        write(file, found)
    if "training" in parts:
        file = zoo.FOLDER / "training.json"
        found = training.answers() if file.exists() else {}
        for name, program in training.PROGRAMS.items():
            if name == "resnet_mnist" and training.mnist_folder() is None:
                print("resnet_mnist: there is no MNIST")
                continue
            found[name] = program(mx, False)
            print(name, found[name]["losses"][-1], flush=True)
        write(file, found)


def write(file: pathlib.Path, found: dict) -> None:
    """Write one line for each entry."""
    lines = [f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found)]
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
