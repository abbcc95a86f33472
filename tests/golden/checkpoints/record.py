"""Write checkpoints with optimizer states, and what training becomes that goes on from them.

    cd /tmp && python .../tests/golden/checkpoints/record.py

Python is one that has ``mxnet==1.9.1`` (Python 3.8). For each case it writes ``CASE-symbol.json``, ``CASE-0003.params``
and ``CASE-0003.states``, and ``CASE-after.params``: the parameters after three more steps of a module that loaded them.
"""

import os
import sys

import numpy as np

import mxnet as mx

FOLDER = os.path.dirname(os.path.abspath(__file__))
#: Name -> devices, optimizer, its arguments.
CASES = {
    "momentum": ([mx.cpu()], "sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 0.01}),
    "adam": ([mx.cpu()], "adam", {"learning_rate": 0.05}),
    "store": ([mx.cpu(0), mx.cpu(1)], "sgd", {"learning_rate": 0.1, "momentum": 0.9}),
}
DATA, LABEL = [("data", (4, 5))], [("softmax_label", (4,))]


def network():
    """Return a network with a convolution and auxiliary states."""
    net = mx.sym.Reshape(mx.sym.var("data"), shape=(0, 1, -1))
    net = mx.sym.Convolution(net, kernel=(3,), num_filter=2, no_bias=True, name="conv")
    net = mx.sym.BatchNorm(net, fix_gamma=False, name="bn")
    net = mx.sym.FullyConnected(mx.sym.Activation(net, act_type="tanh", name="act"), num_hidden=3, name="fc")
    return mx.sym.SoftmaxOutput(net, name="softmax")


def train(module, begin, end):
    """Train with some batches that are the same everywhere."""
    for number in range(begin, end):
        random = np.random.RandomState(number)
        data, label = mx.nd.array(random.randn(4, 5)), mx.nd.array(random.randint(0, 3, 4))
        module.forward_backward(mx.io.DataBatch([data], [label]))
        module.update()


def prepared(case, module):
    """Bind a module and give it the optimizer of a case."""
    module.bind(DATA, LABEL)
    if not module.params_initialized:
        module.init_params(mx.init.Uniform(0.5))
    module.init_optimizer(optimizer=CASES[case][1], optimizer_params=CASES[case][2])
    return module


def write(case, folder):
    """Write a checkpoint after three steps."""
    module = prepared(case, mx.mod.Module(network(), context=CASES[case][0]))
    train(module, 0, 3)
    module.save_checkpoint(os.path.join(folder, case), 3, save_optimizer_states=True)


def go_on(case, folder):
    """Return the parameters after three more steps from a checkpoint."""
    module = mx.mod.Module.load(os.path.join(folder, case), 3, load_optimizer_states=True, context=CASES[case][0])
    train(prepared(case, module), 3, 6)
    return module


if __name__ == "__main__":
    folder = sys.argv[1] if len(sys.argv) > 1 else FOLDER
    mx.random.seed(1)
    for case in CASES:
        if folder == FOLDER:
            write(case, folder)
        go_on(case, folder).save_params(os.path.join(folder, case + "-after.params"))
