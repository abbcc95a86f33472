#!/usr/bin/env python3
"""Write small networks and what MXNet 1.9.1 computes with them: what the tests of the remx command open.

    python tests/golden/cli/record.py MXNET_PYTHON    # a Python that has MXNet 1.9.1

``words`` is a language model with a fused LSTM, ``faces`` a network as InsightFace makes them, which normalizes its
input and ends in features, ``digits`` a classifier with a loss layer, and ``old`` the same as MXNet 0.8 wrote it.
"""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent


def record(folder: str) -> None:
    import numpy as np

    import mxnet as mx

    np.random.seed(0)
    mx.random.seed(0)

    def write(name, symbol, data, labels, epoch):
        module = mx.mod.Module(symbol, label_names=[label for label, _ in labels] or None)
        module.bind([("data", data.shape)], labels or None, for_training=False)
        module.init_params(mx.init.Mixed([".*moving_var|.*gamma", ".*"], [mx.init.One(), mx.init.Uniform(0.5)]))
        arg_params, aux_params = module.get_params()
        arg_params = {
            key: mx.nd.array(np.random.uniform(-0.5, 0.5, a.shape) + ("gamma" in key)) for key, a in arg_params.items()
        }
        aux_params = {key: mx.nd.array(np.random.uniform(0.5, 1.5, a.shape)) for key, a in aux_params.items()}
        module.set_params(arg_params, aux_params)
        module.save_checkpoint(f"{folder}/{name}", epoch)
        module.forward(mx.io.DataBatch([mx.nd.array(data)], [mx.nd.zeros(shape) for _, shape in labels]))
        np.save(f"{folder}/{name}-input.npy", data.astype("uint8") if name == "faces" else data)
        np.save(f"{folder}/{name}-output.npy", module.get_outputs()[0].asnumpy())

    x = mx.sym.Convolution(mx.sym.Variable("data"), kernel=(3, 3), num_filter=4, name="conv1")
    x = mx.sym.Activation(mx.sym.BatchNorm(x, name="bn1"), act_type="relu", name="relu1")
    x = mx.sym.Flatten(mx.sym.Pooling(x, kernel=(2, 2), stride=(2, 2), pool_type="max", name="pool1"), name="flat")
    x = mx.sym.FullyConnected(x, num_hidden=10, name="fc1")
    digits = mx.sym.SoftmaxOutput(x, name="softmax")
    write("digits", digits, np.random.uniform(size=(2, 1, 28, 28)).astype("f"), [("softmax_label", (2,))], 7)

    x = (mx.sym.identity(mx.sym.Variable("data"), name="id") - 127.5) * 0.0078125
    x = mx.sym.Convolution(x, kernel=(3, 3), stride=(8, 8), num_filter=4, no_bias=True, name="conv0")
    x = mx.sym.LeakyReLU(mx.sym.BatchNorm(x, fix_gamma=False, eps=2e-5, name="bn0"), act_type="prelu", name="relu0")
    x = mx.sym.FullyConnected(x, num_hidden=8, name="pre_fc1")
    x = mx.sym.BatchNorm(x, fix_gamma=True, name="fc1")
    write("faces", x, np.random.uniform(0, 255, size=(1, 3, 112, 112)).round().astype("f"), [], 0)

    x = mx.sym.Embedding(mx.sym.Variable("data"), input_dim=20, output_dim=4, name="embed")
    x, _ = mx.rnn.FusedRNNCell(5, mode="lstm", prefix="lstm_").unroll(6, x, merge_outputs=True, layout="NTC")
    x = mx.sym.FullyConnected(mx.sym.Reshape(x, shape=(-1, 5), name="rows"), num_hidden=20, name="pred")
    label = mx.sym.Reshape(mx.sym.Variable("softmax_label"), shape=(-1,), name="labels")
    words = mx.sym.SoftmaxOutput(x, label, name="softmax")
    write("words", words, np.random.randint(0, 20, size=(3, 6)).astype("f"), [("softmax_label", (3, 6))], 0)

    graph = as_old(json.loads(digits.tojson()))
    with open(f"{folder}/old-symbol.json", "w") as file:
        json.dump(graph, file, indent=2)


def as_old(graph):
    """Return a graph in the spelling of MXNet 0.8, which wrote no auxiliary states and no version."""
    kept = [i for i, node in enumerate(graph["nodes"]) if not node["name"].endswith(("moving_mean", "moving_var"))]
    number = {old: new for new, old in enumerate(kept)}
    nodes = [graph["nodes"][i] for i in kept]
    for node in nodes:
        node["param"] = node.pop("attrs", {})
        node["inputs"] = [[number[i], index] for i, index, _ in node["inputs"] if i in number]
        node["backward_source_id"] = -1
    return {
        "nodes": nodes,
        "arg_nodes": [i for i, node in enumerate(nodes) if node["op"] == "null"],
        "heads": [[number[i], index] for i, index, _ in graph["heads"]],
    }


def main() -> int:
    if len(sys.argv) == 3 and sys.argv[1] == "--here":
        record(sys.argv[2])
        return 0
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    return subprocess.run([sys.argv[1], __file__, "--here", str(FOLDER)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
