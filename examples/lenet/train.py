"""Trains LeNet on MNIST with Module.fit, writes checkpoints, and goes on from one.

    python examples/lenet/train.py --data FOLDER_WITH_MNIST
    python examples/lenet/train.py --data FOLDER_WITH_MNIST --epochs 6 --resume 3

Training that goes on from a checkpoint gives exactly the numbers of training that never stopped: the optimizer's
momenta are in the checkpoint, and the images come in the same order in every epoch.
"""

from __future__ import annotations

import argparse
import gzip
import logging
import pathlib

import numpy as np

import mxnet as mx

#: Images and labels of MNIST, for training and for the test.
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def read(folder: pathlib.Path, name: str, offset: int) -> np.ndarray:
    """Return the bytes of one file behind its header, from `name` or ``name.gz``."""
    packed = folder / f"{name}.gz"
    content = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / name).read_bytes()
    return np.frombuffer(content, np.uint8, offset=offset)


def load(folder: pathlib.Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return images (N, 1, 28, 28) from 0 to 1, and labels (N,), in an order that is mixed once and for all."""
    images, labels = FILES[part]
    pictures = read(folder, images, 16).reshape(-1, 1, 28, 28).astype("float32") / 255
    digits = read(folder, labels, 8).astype("float32")
    order = np.random.default_rng(0).permutation(len(digits))
    return pictures[order], digits[order]


def network() -> mx.sym.Symbol:
    """Return LeNet: two convolutions, each with pooling, and two dense layers (LeCun et al., 1998)."""
    layer = mx.sym.Variable("data")  # (N, 1, 28, 28)
    for number, channels in ((1, 20), (2, 50)):
        layer = mx.sym.Convolution(layer, kernel=(5, 5), num_filter=channels, name=f"conv{number}")
        layer = mx.sym.Activation(layer, act_type="tanh", name=f"tanh{number}")
        layer = mx.sym.Pooling(layer, pool_type="max", kernel=(2, 2), stride=(2, 2), name=f"pool{number}")
    layer = mx.sym.FullyConnected(mx.sym.Flatten(layer), num_hidden=500, name="fc1")  # (N, 500)
    layer = mx.sym.Activation(layer, act_type="tanh", name="tanh3")
    layer = mx.sym.FullyConnected(layer, num_hidden=10, name="fc2")  # (N, 10)
    return mx.sym.SoftmaxOutput(layer, name="softmax")


def train(
    training: mx.io.DataIter,
    test: mx.io.DataIter,
    *,
    epochs: int,
    prefix: str,
    resume: int | None = None,
    context: mx.Context | list[mx.Context] | None = None,
    learning_rate: float = 0.05,
) -> mx.mod.Module:
    """Train up to `epochs` epochs in all, and write a checkpoint after each."""
    context = mx.cpu() if context is None else context
    if resume is None:
        module = mx.mod.Module(network(), context=context)
    else:
        # fit keeps the parameters that are loaded, and warns that it initializes nothing
        module = mx.mod.Module.load(prefix, resume, load_optimizer_states=True, context=context)
    module.fit(
        training,
        eval_data=test,
        eval_metric=["acc", "ce"],
        begin_epoch=resume or 0,
        num_epoch=epochs,
        optimizer="sgd",
        optimizer_params={"learning_rate": learning_rate, "momentum": 0.9},
        initializer=mx.init.Xavier(),
        batch_end_callback=mx.callback.Speedometer(training.batch_size, 100),
        epoch_end_callback=mx.callback.module_checkpoint(module, prefix, save_optimizer_states=True),
    )
    return module


def main() -> None:
    """Read the options, train, and print the accuracy on the test images."""
    parser = argparse.ArgumentParser(description="Train LeNet on MNIST.")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with MNIST's four files, .gz or not")
    parser.add_argument("--epochs", type=int, default=3, help="epochs in all (3)")
    parser.add_argument("--batch-size", type=int, default=128, help="images in a batch (128)")
    parser.add_argument("--prefix", default="output/lenet", help="beginning of the checkpoints' names (output/lenet)")
    parser.add_argument("--resume", type=int, metavar="EPOCH", help="go on from the checkpoint of this epoch")
    parser.add_argument("--gpus", type=int, default=0, help="number of GPUs (0: the CPU)")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    mx.random.seed(0)
    np.random.seed(0)
    training = mx.io.NDArrayIter(*load(options.data, "train"), options.batch_size)
    test = mx.io.NDArrayIter(*load(options.data, "test"), options.batch_size)
    context = [mx.gpu(i) for i in range(options.gpus)] or mx.cpu()
    pathlib.Path(options.prefix).parent.mkdir(parents=True, exist_ok=True)
    module = train(training, test, epochs=options.epochs, prefix=options.prefix, resume=options.resume, context=context)
    print(f"test accuracy: {module.score(test, 'acc')[0][1]:.4f}")


if __name__ == "__main__":
    main()
