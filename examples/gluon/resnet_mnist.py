"""Trains a residual network on handwritten digits with Gluon.

    python examples/gluon/resnet_mnist.py --data FOLDER_WITH_MNIST
    python examples/gluon/resnet_mnist.py                            # the 8 x 8 digits of scikit-learn

The network is ResNet-18 for small images, with a quarter of the channels unless ``--width 64`` is given. Everything
but the progress bar also runs with MXNet 1.9.1.
"""

from __future__ import annotations

import argparse
import gzip
import pathlib

import numpy as np

import mxnet as mx
from mxnet import autograd, gluon

FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def network(width=16, classes=10):
    """Return an untrained ResNet-18 for small images; ``width=64`` is that of the paper."""
    zoo = gluon.model_zoo.vision
    channels = [width, width, 2 * width, 4 * width, 8 * width]
    return zoo.ResNetV1(zoo.BasicBlockV1, [2, 2, 2, 2], channels, classes=classes, thumbnail=True)


def train_step(net, loss, trainer, images, labels):
    """Update the parameters once; return the loss of each image and the scores."""
    with autograd.record():
        scores = net(images)
        losses = loss(scores, labels)
    losses.backward()
    trainer.step(images.shape[0])
    return losses, scores


# -- data -----------------------------------------------------------------------------------------------------------


def read(folder, name, offset):
    """Return the bytes of one IDX file behind its header, from `name` or ``name.gz``."""
    packed = folder / f"{name}.gz"
    content = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / name).read_bytes()
    return np.frombuffer(content, np.uint8, offset=offset)


def load_mnist(folder):
    """Return MNIST's training and test set: images (N, 28, 28) and labels (N,), uint8."""
    return [
        (read(folder, images, 16).reshape(-1, 28, 28), read(folder, labels, 8)) for images, labels in FILES.values()
    ]


def load_small():
    """Return scikit-learn's digits: images (N, 8, 8) of uint8 up to 255, and labels; every fifth is for the test."""
    from sklearn.datasets import load_digits

    found = load_digits()
    images = (found.images * (255 / 16)).astype(np.uint8)
    held_out = np.arange(len(images)) % 5 == 4
    return [(images[part], found.target[part].astype(np.uint8)) for part in (~held_out, held_out)]


def to_tensor(image, label):
    """Return an image as float32 (1, H, W) from 0 to 1, and its label as float32."""
    return image[np.newaxis].astype("float32") / 255, np.float32(label)


def loader(images, labels, batch_size, shuffle):
    """Return batches of images (N, 1, H, W) and labels (N,)."""
    dataset = gluon.data.ArrayDataset(images, labels).transform(to_tensor)
    return gluon.data.DataLoader(dataset, batch_size, shuffle=shuffle)


# -- the program ----------------------------------------------------------------------------------------------------


def accuracy(net, batches, context):
    """Return the share of images that the network gets right."""
    metric = mx.metric.Accuracy()
    for images, labels in batches:
        metric.update([labels.as_in_context(context)], [net(images.as_in_context(context))])
    return metric.get()[1]


def main():
    """Read the options, train, and print the accuracy on the test images."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(description="Train a residual network on handwritten digits.")
    parser.add_argument("--data", type=pathlib.Path, help="folder with MNIST's four files, .gz or not")
    parser.add_argument("--epochs", type=int, default=3, help="times through the training images (3)")
    parser.add_argument("--batch-size", type=int, default=64, help="images in a batch (64)")
    parser.add_argument("--learning-rate", type=float, default=0.05, help="step size of SGD with momentum 0.9 (0.05)")
    parser.add_argument("--width", type=int, default=16, help="channels of the first stage (16; the paper has 64)")
    parser.add_argument("--images", type=int, help="train on the first so many images only")
    parser.add_argument("--gpu", type=int, help="number of a GPU (without: the CPU)")
    parser.add_argument("--eager", action="store_true", help="do not hybridize")
    parser.add_argument("--save", help="write the parameters to this file in the end")
    options = parser.parse_args()

    mx.random.seed(0)
    np.random.seed(0)
    context = mx.cpu() if options.gpu is None else mx.gpu(options.gpu)
    (images, labels), test = load_mnist(options.data) if options.data else load_small()
    training = loader(images[: options.images], labels[: options.images], options.batch_size, shuffle=True)
    held_out = loader(*test, 256, shuffle=False)

    net = network(options.width)
    net.initialize(mx.init.Xavier(magnitude=2.24), ctx=context)
    if not options.eager:
        net.hybridize()
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    parameters = {"learning_rate": options.learning_rate, "momentum": 0.9, "wd": 1e-4}
    trainer = gluon.Trainer(net.collect_params(), "sgd", parameters)
    for epoch in range(options.epochs):
        seen, total = mx.metric.Accuracy(), mx.metric.Loss()
        bar = tqdm(training, f"epoch {epoch + 1}", unit="batch", leave=False)
        for batch in bar:
            pictures, wanted = (part.as_in_context(context) for part in batch)
            losses, scores = train_step(net, loss, trainer, pictures, wanted)
            seen.update([wanted], [scores])
            total.update(None, [losses])
            if bar.n % 20 == 0:  # reading a metric waits for the device
                bar.set_postfix(loss=f"{total.get()[1]:.4f}")
        print(
            f"epoch {epoch + 1:2}  loss {total.get()[1]:.4f}  accuracy {seen.get()[1]:.4f}  "
            f"test accuracy {accuracy(net, held_out, context):.4f}"
        )
    if options.save:
        net.save_parameters(options.save)


if __name__ == "__main__":
    main()
