"""What the programs of networks have in common: sizes, batches and boxes. Python 3.8, and nothing but NumPy."""

import numpy as np

VOCABULARY = 10_000
CLASSES = 20  # of objects; class 0 of the scores is the background
RATIOS = (1, 2, 0.5)
#: Two sizes of boxes for each of the detector's four grids; with the ratios, four boxes at each place.
SIZES = ((0.2, 0.272), (0.37, 0.447), (0.54, 0.619), (0.71, 0.79))
BOXES = len(RATIOS) + 1

#: case: network, batch, height and width of the pictures
VISION = {
    "resnet18_training": ("resnet18", 16, 224),
    "resnet18_inference_16": ("resnet18", 16, 224),
    "resnet18_inference_1": ("resnet18", 1, 224),
    "resnet50_training": ("resnet50", 8, 224),
    "resnet50_inference": ("resnet50", 8, 224),
    "mobilenet_training": ("mobilenet", 16, 224),
    "mobilenet_inference": ("mobilenet", 16, 224),
    "ssd_training": ("ssd", 8, 256),
    "ssd_inference": ("ssd", 8, 256),
}
#: case: length, batch
LANGUAGE = {"lstm_training": (35, 32), "transformer_training": (128, 8)}

#: Of MobileNetV2: channels after a block, factor of the channels inside, stride.
BOTTLENECKS = [
    (channels, factor, stride if first else 1)
    for channels, factor, count, stride in (
        (16, 1, 1, 1), (24, 6, 2, 2), (32, 6, 3, 2), (64, 6, 4, 2), (96, 6, 3, 1), (160, 6, 3, 2), (320, 6, 1, 1)
    )
    for first in [True] + [False] * (count - 1)
]  # fmt: skip


def pictures(name):
    """Return the batch of a case of `VISION`, (count, 3, size, size) in float32."""
    _, count, size = VISION[name]
    return np.random.RandomState(0).rand(count, 3, size, size).astype("float32")


def classes(count):
    """Return a class below 1,000 for each picture."""
    return np.random.RandomState(1).randint(0, 1000, count)


def tokens(shape):
    """Return words and the words that are to be predicted, two arrays of integers."""
    generator = np.random.RandomState(0)
    return generator.randint(0, VOCABULARY, shape), generator.randint(0, VOCABULARY, shape)


def objects(count, each=3):
    """Return the objects of pictures, (count, each, 5) in float32: class, left, top, right, bottom, from 0 to 1."""
    generator = np.random.RandomState(2)
    corner, extent = generator.rand(count, each, 2) * 0.6, 0.15 + generator.rand(count, each, 2) * 0.25
    kind = generator.randint(0, CLASSES, (count, each, 1))
    return np.concatenate([kind, corner, corner + extent], axis=2).astype("float32")


def anchors(grids):
    """Return the boxes of the detector, (boxes, 4) in float32: left, top, right, bottom, grid by grid."""
    found = []
    for cells, sizes in zip(grids, SIZES):
        shapes = [(size, size) for size in sizes]
        shapes += [(sizes[0] * ratio**0.5, sizes[0] / ratio**0.5) for ratio in RATIOS[1:]]
        half = np.array(shapes) / 2
        y, x = np.meshgrid(*2 * [(np.arange(cells) + 0.5) / cells], indexing="ij")
        centers = np.stack([x, y], axis=-1)[:, :, None]
        found.append(np.concatenate([centers - half, centers + half], axis=-1).reshape(-1, 4))
    return np.concatenate(found).astype("float32")


def language_operations(name):
    """Return the floating point operations of the matrix products of a training step of `LANGUAGE`."""
    length, batch = LANGUAGE[name]
    if name == "lstm_training":
        width, layers = 512, 2 * 8 * 512**2  # in each layer four products with the input and four with the state
    else:
        width, layers = 256, 4 * (12 * 256**2 + 2 * length * 256)  # dense layers; scores and their mixtures
    forward = length * batch * (layers + width * VOCABULARY)
    return 3 * 2 * forward  # backward there are two products for each; a multiplication and an addition
