#!/usr/bin/env python3
"""Record what MXNet 1.9.1 answers to the programs here (run it again after adding some).

    python tests/golden/programs/record.py PYTHON [GROUP ...]

PYTHON is an interpreter that has ``mxnet==1.9.1`` and ``numpy<1.24`` (Python 3.8). It runs as a separate process with
MXNET_SUBGRAPH_BACKEND=NONE, because 1.9.1's default backend keeps stale weights; it is started again for each group,
and when a program takes it down, which is listed and not recorded.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = pathlib.Path(__file__).resolve().parent
GROUPS = (
    "amp_bfloat16",
    "amp_convert",
    "amp_float16",
    "amp_training",
    "callbacks",
    "contrib_text",
    "control_flow",
    "custom",
    "executors",
    "feedforward",
    "gluon_core",
    "gluon_data",
    "gluon_estimator",
    "gluon_files",
    "gluon_loss",
    "gluon_nn",
    "gluon_parameters",
    "gluon_rnn",
    "gluon_scripts",
    "gluon_symbol_blocks",
    "gluon_trainer",
    "gluon_vision",
    "gluon_zoo",
    "initializers",
    "iterators",
    "kvstore",
    "lr_schedulers",
    "metrics",
    "modules",
    "monitor",
    "networks",
    "old_symbols",
    "optimizers",
    "rnn_cells",
    "sparse",
    "symbol_json",
    "symbols",
    "visualization",
)

SERVER = """
import json, os, sys, warnings
warnings.simplefilter("ignore")
out = os.fdopen(os.dup(1), "w"); os.dup2(2, 1)
import mxnet as mx
sys.path.insert(0, sys.argv[1])
from tests.golden import programs
for line in sys.stdin:
    print(json.dumps(programs.run(json.loads(line), mx)), file=out, flush=True)
"""


def start(python: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "MXNET_SUBGRAPH_BACKEND": "NONE"}
    environment.pop("PYTHONPATH", None)
    command = [python, "-c", SERVER, str(ROOT)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )


def main() -> int:
    python, groups = sys.argv[1], sys.argv[2:] or GROUPS
    sys.path.insert(0, str(ROOT))
    from tests.golden import programs

    crashed = 0
    for group in groups:
        process = start(python)  # what amp.init does cannot be taken back
        recorded = {}
        for name, source in sorted(programs.table(group).items()):
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(source) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line:
                crashed += 1
                print(f"{group}: {name}: MXNet 1.9.1 crashed")
                process = start(python)
                continue
            recorded[name] = json.loads(line)
            recorded[name].pop("also", None)
            if "raises" in recorded[name]:
                print(f"{group}: {name}: raises {recorded[name]['raises']}")
        lines = [f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in recorded.items()]
        (FOLDER / f"{group}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
        process.communicate()
    return 1 if crashed else 0


if __name__ == "__main__":
    sys.exit(main())
