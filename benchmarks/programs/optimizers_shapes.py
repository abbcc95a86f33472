"""Shapes of the parameters of two networks."""


def resnet18():
    """Return the shapes of the 62 parameters of ResNet-18 for 1,000 classes: 11.7 million numbers."""
    shapes = [(64, 3, 7, 7), (64,), (64,)]
    before = 64
    for width in (64, 128, 256, 512):
        for _ in range(2):
            shapes += [(width, before, 3, 3), (width,), (width,), (width, width, 3, 3), (width,), (width,)]
            if before != width:
                shapes += [(width, before, 1, 1), (width,), (width,)]
            before = width
    return [*shapes, (1000, 512), (1000,)]


def lenet():
    """Return the shapes of the 8 parameters of the LeNet of MXNet's tutorials: 431,080 numbers."""
    return [(20, 1, 5, 5), (20,), (50, 20, 5, 5), (50,), (500, 800), (500,), (10, 500), (10,)]


NETWORKS = {"ResNet-18": resnet18(), "LeNet": lenet()}
