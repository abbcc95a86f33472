"""Trains a network of two layers on handwritten digits with symbols and executors.

    python examples/tutorial/train.py --data FOLDER_WITH_MNIST

Without MNIST it takes the small digits that scikit-learn brings along. See the README.md beside this file.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import time
from dataclasses import dataclass, field

import numpy as np
from curves import draw
from digits import CLASSES, FILES, DataError, Digits, default_folder, is_there, load_bundled, load_mnist
from tqdm import tqdm

import mxnet as mx

INPUTS = ["data", "softmax_label"]
#: Batch size and learning rate. A step adds up the gradients of its batch, so the rate belongs to the batch size. The
#: small set has a fortieth of MNIST's images: smaller batches give it enough steps in ten epochs.
BATCH_SIZE = {"MNIST": 128, "8x8 digits": 16}
LEARNING_RATE = {"MNIST": 0.001, "8x8 digits": 0.01}


def network() -> mx.sym.Symbol:
    """Return the symbol: 128 hidden units, ten classes. One layer's parameters are named by hand."""
    data, label = mx.sym.Variable("data"), mx.sym.Variable("softmax_label")
    weight, bias = mx.sym.Variable("weight1"), mx.sym.Variable("bias1")
    layer1 = mx.sym.FullyConnected(data=data, num_hidden=128, name="layer1", weight=weight, bias=bias)
    active = mx.sym.Activation(data=layer1, act_type="relu", name="act1")
    layer2 = mx.sym.FullyConnected(data=active, num_hidden=CLASSES, name="layer2")  # layer2_weight, layer2_bias
    return mx.sym.SoftmaxOutput(data=layer2, label=label, name="softmax")


def losses(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the cross entropy of each image: the negative logarithm of its label's probability."""
    return -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-10))


@dataclass
class History:
    """What the picture shows: one value for each epoch."""

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)


class Trainer:
    """The network bound twice to the same arrays: once with gradients, once for evaluation."""

    def __init__(self, digits: Digits, batch_size: int, context: mx.Context) -> None:
        self.digits, self.batch_size = digits, batch_size
        self.symbol = network()
        shapes = {"data": (batch_size, digits.train_x.shape[1]), "softmax_label": (batch_size,)}
        self.executor = self.symbol.simple_bind(ctx=context, grad_req="write", **shapes)
        self.executor_test = self.symbol.bind(ctx=context, grad_req="null", args=self.executor.arg_arrays)
        for array in self.executor.arg_arrays:
            array[:] = np.random.randn(*array.shape) * 0.02

    def step(self, batch_x: np.ndarray, batch_y: np.ndarray, learning_rate: float) -> np.ndarray:
        """Train on one batch; return the probabilities, (batch, classes), that the old weights gave."""
        executor = self.executor
        executor.arg_dict["data"][:] = batch_x / self.digits.largest
        executor.arg_dict["softmax_label"][:] = batch_y
        executor.forward()
        executor.backward()
        for name, weight, gradient in zip(self.symbol.list_arguments(), executor.arg_arrays, executor.grad_arrays):
            if name in INPUTS:
                continue
            weight[:] = weight - gradient * learning_rate
        return executor.outputs[0].asnumpy()

    def epoch(self, learning_rate: float, description: str) -> tuple[float, float]:
        """Train on all full batches in a new order; return the mean loss and the accuracy."""
        digits, size = self.digits, self.batch_size
        order = np.random.permutation(len(digits.train_x))
        batches = len(order) // size
        loss = correct = 0.0
        with tqdm(total=batches, desc=description, unit="batch", leave=False, mininterval=0.2) as bar:
            for number in range(batches):
                chosen = order[number * size : (number + 1) * size]
                labels = digits.train_y[chosen]
                probabilities = self.step(digits.train_x[chosen], labels, learning_rate)
                loss += losses(probabilities, labels).sum()
                correct += (np.argmax(probabilities, axis=1) == labels).sum()
                seen = (number + 1) * size
                bar.set_postfix(loss=f"{loss / seen:.4f}", accuracy=f"{correct / seen:.4f}", refresh=False)
                bar.update()
        return loss / (batches * size), correct / (batches * size)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the probabilities for any number of images, through the executor that shares the weights."""
        return predict(self.executor_test, images / self.digits.largest)

    def parameters(self) -> dict[str, mx.nd.NDArray]:
        """Return what a checkpoint holds: every argument but the inputs."""
        return {f"arg:{name}": array for name, array in self.executor.arg_dict.items() if name not in INPUTS}


def predict(executor: mx.executor.Executor, inputs: np.ndarray) -> np.ndarray:
    """Return the executor's first output for each row of `inputs`; the last batch is filled up with zeros."""
    data = executor.arg_dict["data"]
    found = []
    for start in range(0, len(inputs), data.shape[0]):
        rows = inputs[start : start + data.shape[0]]
        data[:] = np.pad(rows, ((0, data.shape[0] - len(rows)), (0, 0)))
        executor.forward()
        found.append(executor.outputs[0].asnumpy()[: len(rows)])
    return np.concatenate(found)


def reload(prefix: pathlib.Path, epochs: int, shape: tuple[int, int], context: mx.Context) -> mx.executor.Executor:
    """Bind the saved symbol to the saved parameters, as a program that only predicts does."""
    symbol = mx.sym.load(f"{prefix}-symbol.json")
    executor = symbol.simple_bind(ctx=context, grad_req="null", data=shape)
    parameters = mx.nd.load(f"{prefix}-{epochs:04d}.params")
    executor.copy_params_from({name.removeprefix("arg:"): array for name, array in parameters.items()})
    return executor


def positive_int(text: str) -> int:
    """Parse an option's value."""
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def _defaults(table: dict[str, float]) -> str:
    return ", ".join(f"{value} for {name}" for name, value in table.items())


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Trains a network of two layers on handwritten digits.")
    parser.add_argument("--data", type=pathlib.Path, metavar="FOLDER", help="MNIST's four IDX files, .gz or not")
    parser.add_argument("--epochs", type=positive_int, default=10, help="passes over the data (10)")
    parser.add_argument("--batch-size", type=positive_int, help=f"images in a step ({_defaults(BATCH_SIZE)})")
    parser.add_argument("--learning-rate", type=float, help=f"step size ({_defaults(LEARNING_RATE)})")
    parser.add_argument("--seed", type=int, default=0, help="of the first weights and the order (0)")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("output"), help="where files go (output)")
    parser.add_argument("--gpu", type=int, metavar="N", help="train on GPU number N instead of the CPU")
    return parser.parse_args(arguments)


def load(folder: pathlib.Path | None) -> tuple[str, Digits]:
    """Read the data and say which it is."""
    searched = folder or default_folder()
    if folder is not None or is_there(searched):
        digits = load_mnist(searched)
        name = "MNIST"
        print(f"MNIST from {searched}: ", end="")
    else:
        digits = load_bundled()
        name = "8x8 digits"
        print(f"No MNIST in {searched}. To train on it, put these four files there, or name their folder with --data:")
        print("".join(f"  {file}.gz\n" for file in FILES), end="")
        print("Using scikit-learn's bundled digits instead: ", end="")
    height, width = digits.size
    print(f"{len(digits.train_x)} images to train, {len(digits.test_x)} held out, {height}x{width} pixels")
    return name, digits


def main(arguments: list[str] | None = None) -> None:
    """Train, draw, save, reload."""
    options = parse(arguments)
    started = time.perf_counter()
    name, digits = load(options.data)
    batch_size = options.batch_size or BATCH_SIZE[name]
    if batch_size > len(digits.train_x):
        raise DataError(f"--batch-size {batch_size} is more than the {len(digits.train_x)} images to train on")
    np.random.seed(options.seed)
    context = mx.cpu() if options.gpu is None else mx.gpu(options.gpu)
    rate = LEARNING_RATE[name] if options.learning_rate is None else options.learning_rate
    print(f"Training on {context}: {options.epochs} epochs, batches of {batch_size}, learning rate {rate:g}")

    trainer = Trainer(digits, batch_size, context)
    history = History()
    for number in range(1, options.epochs + 1):
        begun = time.perf_counter()
        loss, accuracy = trainer.epoch(rate, f"epoch {number:2d}")
        probabilities = trainer.predict(digits.test_x)
        history.train_loss.append(loss)
        history.train_accuracy.append(accuracy)
        history.test_loss.append(losses(probabilities, digits.test_y).mean())
        history.test_accuracy.append((np.argmax(probabilities, axis=1) == digits.test_y).mean())
        print(
            f"epoch {number:2d}: loss {loss:.4f}, held out: loss {history.test_loss[-1]:.4f}, "
            f"accuracy {history.test_accuracy[-1]:.4f}, {time.perf_counter() - begun:.2f} s",
            flush=True,
        )
    print(f"Accuracy on {len(digits.test_x)} held-out images: {history.test_accuracy[-1]:.4f}")

    options.output.mkdir(parents=True, exist_ok=True)
    prefix = options.output / "digits"
    draw(options.output / "curves.png", history, trainer.predict, digits, name)
    trainer.symbol.save(f"{prefix}-symbol.json")
    mx.nd.save(f"{prefix}-{options.epochs:04d}.params", trainer.parameters())
    print(f"Saved {options.output}/curves.png, {prefix}-symbol.json, {prefix}-{options.epochs:04d}.params")

    fresh = reload(prefix, options.epochs, (batch_size, digits.train_x.shape[1]), context)
    before, after = trainer.predict(digits.test_x), predict(fresh, digits.test_x / digits.largest)
    difference = float(np.abs(before - after).max())
    same = (np.argmax(before, axis=1) == np.argmax(after, axis=1)).sum()
    print(f"Reloaded: {same} of {len(before)} predictions are the same, largest difference {difference:g}")
    if difference > 1e-6:
        raise DataError("the reloaded model does not predict what the trained one did")
    print(f"Done in {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    try:
        main()
    except (DataError, mx.MXNetError, OSError) as problem:
        sys.exit(f"train.py: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
