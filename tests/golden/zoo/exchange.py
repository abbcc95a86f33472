#!/usr/bin/env python3
"""Exchange files with MXNet 1.9.1: what one library saves and exports, the other one loads and computes the same.

    python tests/golden/zoo/exchange.py PYTHON [MODEL ...]

PYTHON is an interpreter that has ``mxnet==1.9.1`` and ``numpy<1.24`` (Python 3.8). Each model of the zoo goes both
ways: `save_parameters` and `load_parameters`, `export` and `SymbolBlock.imports`, `export` and `Module.load`. The
files of one model may have 1 GB together; they are deleted before the next one. The tests need none of this: they
compare the files' SHA-1 (tests/models/test_zoo.py).
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[3]
RELATIVE = 1e-4


def write(name: str, folder: str) -> None:
    """Save and export a network, and what it computes."""
    import mxnet as mx
    from tests.golden import zoo

    net = zoo.build(mx, name)
    x = mx.nd.array(zoo.image(name))
    np.save(os.path.join(folder, "output.npy"), net(x).asnumpy())
    zoo.save(net, folder)


def read(name: str, folder: str) -> None:
    """Load a network in three ways, and compare what it computes with what the other library did."""
    import mxnet as mx
    from tests.golden import zoo

    expected = np.load(os.path.join(folder, "output.npy"))
    images = zoo.image(name)
    x = mx.nd.array(images)
    net = mx.gluon.model_zoo.vision.get_model(name)
    net.load_parameters(os.path.join(folder, "saved.params"))
    prefix = os.path.join(folder, "exported")
    imported = mx.gluon.SymbolBlock.imports(f"{prefix}-symbol.json", ["data"], f"{prefix}-0007.params")
    module = mx.mod.Module.load(prefix, 7, label_names=None)
    module.bind([("data", images.shape)], for_training=False)
    module.forward(mx.io.DataBatch([x]), is_train=False)
    found = {"load_parameters": net(x), "imports": imported(x), "Module": module.get_outputs()[0]}
    for way, output in found.items():
        difference = np.abs(output.asnumpy() - expected).max() / np.abs(expected).max()
        print(f"    mxnet {mx.__version__:12} {way:16} {difference:.1e}", flush=True)
        assert difference < RELATIVE, f"{name}: {way} in mxnet {mx.__version__} differs by {difference:.1e}"


def run(python: str, part: str, name: str, folder: str) -> None:
    """Run `write` or `read` in an interpreter of its own."""
    environment = {**os.environ, "MXNET_SUBGRAPH_BACKEND": "NONE", "PYTHONPATH": str(ROOT)}
    command = [python, __file__, f"--{part}", name, folder]
    subprocess.run(command, env=environment, cwd=folder, check=True, stderr=subprocess.PIPE, text=True)


def main() -> None:
    if sys.argv[1] in ("--write", "--read"):
        {"--write": write, "--read": read}[sys.argv[1]](*sys.argv[2:])
        return
    sys.path.insert(0, str(ROOT))
    from tests.golden import zoo

    theirs, ours = sys.argv[1], sys.executable
    failed = []
    for name in sys.argv[2:] or sorted(zoo.SIZES):
        print(name, flush=True)
        for writer, reader in ((theirs, ours), (ours, theirs)):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    run(writer, "write", name, folder)
                    run(reader, "read", name, folder)
                except subprocess.CalledProcessError as error:
                    reason = (error.stderr.strip() or str(error)).splitlines()[-1]
                    failed.append(f"{name}: {' '.join(error.cmd[:3])}: {reason}")
    print("\n".join(["failed:", *failed]) if failed else "all files were exchanged")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
