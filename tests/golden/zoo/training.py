"""Twenty updates of the networks in examples/gluon, the same in MXNet 1.9.1 and here.

Parameters begin with the values of `tests.golden.zoo.value`. Training of a residual network magnifies every rounding
error, so it is done in float64, and in float32 with small steps. Losses of every update, and samples of the
parameters in the end, are kept in ``training.json``; ``record.py training`` writes it. The digits are the first 320
images of scikit-learn's set, and of MNIST where it is found. Keeps to Python 3.8.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import pathlib

import numpy as np

from . import FOLDER, sample, value

ROOT = FOLDER.parents[2]
STEPS = 20
MNIST = (
    pathlib.Path(os.environ.get("MXNET_HOME", "~/.mxnet")).expanduser() / "datasets" / "mnist",
    ROOT.parent / "shared" / "data" / "mnist",
)


@functools.lru_cache(maxsize=None)  # noqa: UP033 (Python 3.8 has no cache)
def answers():
    """Return what was recorded: name of a program -> what it returned."""
    return json.loads((FOLDER / "training.json").read_text())


@functools.lru_cache(maxsize=None)  # noqa: UP033 (Python 3.8 has no cache)
def example(name):
    """Return the module examples/gluon/NAME.py."""
    spec = importlib.util.spec_from_file_location(f"gluon_{name}", ROOT / "examples" / "gluon" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def mnist_folder():
    """Return the folder with MNIST, or None."""
    return next((one for one in MNIST if list(one.glob("train-images-idx3-ubyte*"))), None)


def start(mx, net, hybridize, dtype="float32"):
    """Initialize a network; it is filled when its shapes are known."""
    net.initialize(mx.init.Zero())
    net.cast(dtype)
    if hybridize:
        net.hybridize()


def fill(mx, net):
    """Give every parameter its value, and BatchNorm the state of a new network."""
    for name, parameter in net._collect_params_with_prefix().items():
        kind = name.rpartition(".")[2]
        if kind in ("gamma", "running_var"):
            found = np.ones(parameter.shape, "float32")
        elif kind == "running_mean":
            found = np.zeros(parameter.shape, "float32")
        else:
            found = value(name.replace("_i2h_", ".i2h_").replace("_h2h_", ".h2h_"), parameter.shape)
        parameter.set_data(mx.nd.array(found, dtype=parameter.dtype))


def finish(net, losses):
    """Return the losses, and samples of the parameters in the end."""
    parameters = {name: sample(one.data().asnumpy()) for name, one in net._collect_params_with_prefix().items()}
    return {"losses": losses, "parameters": parameters}


def resnet(mx, hybridize, dtype, images, labels, width, learning_rate):
    """SGD with momentum on digits, (N, H, W) uint8."""
    module = example("resnet_mnist")
    net = module.network(width)
    start(mx, net, hybridize, dtype)
    pairs = [module.to_tensor(*pair) for pair in zip(images[:320], labels[:320])]
    images = np.stack([image for image, _ in pairs])
    labels = np.array([label for _, label in pairs])
    net(mx.nd.array(images[:2], dtype=dtype))  # finds the shapes; outside of training BatchNorm keeps its state
    fill(mx, net)
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    parameters = {"learning_rate": learning_rate, "momentum": 0.9, "wd": 1e-4}
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", parameters)
    losses = []
    for step in range(STEPS):
        part = slice(16 * step, 16 * step + 16)
        x, y = (mx.nd.array(one[part], dtype=dtype) for one in (images, labels))
        found, _ = module.train_step(net, loss, trainer, x, y)
        losses.append(float(found.mean().asscalar()))
    return finish(net, losses)


def digits():
    """Return scikit-learn's first 320 digits."""
    found = np.load(str(FOLDER / "digits.npz"))
    return found["images"], found["labels"]


def resnet_digits(mx, hybridize):
    """ResNet-18 on 8 x 8 digits, float64."""
    return resnet(mx, hybridize, "float64", *digits(), width=16, learning_rate=0.002)


def resnet_mnist(mx, hybridize):
    """ResNet-18 with a quarter of the channels on MNIST, float64."""
    images, labels = example("resnet_mnist").load_mnist(mnist_folder())[0]
    return resnet(mx, hybridize, "float64", images, labels, width=16, learning_rate=0.01)


def resnet_float32(mx, hybridize):
    """ResNet-18 on 8 x 8 digits, float32; noise, because BatchNorm magnifies rounding where images are constant."""
    images, labels = digits()
    noise = np.random.RandomState(3).uniform(0, 100, images.shape)
    return resnet(mx, hybridize, "float32", images * 0.6 + noise, labels, width=16, learning_rate=1e-5)


def word_lm(mx, hybridize):
    """Adam on the nursery rhyme; states are carried on, gradients clipped."""
    module = example("word_lm")
    numbers, words = module.encode(module.rhyme())
    columns = module.batchify(numbers, 4)
    net = module.LanguageModel(len(words), embed=16, hidden=24)
    start(mx, net, hybridize)
    fill(mx, net)
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = mx.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
    losses = []
    while len(losses) < STEPS:
        states = net.rnn.begin_state(batch_size=4)
        for x, y in module.pieces(columns, 12):
            found, states = module.train_step(net, loss, trainer, mx.nd.array(x), mx.nd.array(y), states)
            losses.append(float(found.mean().asscalar()))
    return finish(net, losses[:STEPS])


def transformer(mx, hybridize, attention):
    """Adam on sequences to sort."""
    module = example("transformer")
    net = module.Encoder(10, 8, units=16, hidden=32, heads=4, attention=module.ATTENTIONS[attention])
    start(mx, net, hybridize)
    fill(mx, net)
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = mx.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.002})
    random = np.random.RandomState(5)
    losses = []
    for _ in range(STEPS):
        x, y = (mx.nd.array(part) for part in module.batch(random, 8, 8, 10))
        found, _ = module.train_step(net, loss, trainer, x, y)
        losses.append(float(found.mean().asscalar()))
    return finish(net, losses)


def transformer_batch_dot(mx, hybridize):
    """Attention with batch_dot."""
    return transformer(mx, hybridize, "batch_dot")


def transformer_interleaved(mx, hybridize):
    """Attention with the interleaved operators."""
    return transformer(mx, hybridize, "interleaved")


PROGRAMS = {
    one.__name__: one
    for one in (resnet_digits, resnet_mnist, resnet_float32, word_lm, transformer_batch_dot, transformer_interleaved)
}
