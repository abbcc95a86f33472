"""Steps of optimizers over all parameters of a network. remx and MXNet 1.9.1 both run this file."""

import numpy as np
from optimizers_shapes import NETWORKS
from worker import serve

import mxnet as mx

SETTINGS = {
    "SGD": ("sgd", {"learning_rate": 1e-4, "momentum": 0.9, "wd": 1e-4}),
    "SGD scaled": ("sgd", {"learning_rate": 1e-4, "momentum": 0.9, "wd": 1e-4, "rescale_grad": 1 / 64}),
    "Adam": ("adam", {"learning_rate": 1e-6}),
    "Adam scaled": ("adam", {"learning_rate": 1e-6, "rescale_grad": 1 / 64}),
    "NAG": ("nag", {"learning_rate": 1e-4, "momentum": 0.9, "wd": 1e-4}),
    "RMSProp": ("rmsprop", {"learning_rate": 1e-6}),
    "AdaGrad": ("adagrad", {"learning_rate": 1e-6}),
    "LAMB": ("lamb", {"learning_rate": 1e-6}),
}


def stepper(setting, shapes):
    name, options = setting
    generator = np.random.RandomState(0)
    weights = [mx.nd.array(generator.normal(size=shape)) for shape in shapes]
    grads = [mx.nd.array(generator.normal(size=shape) * 0.01) for shape in shapes]
    update = mx.optimizer.get_updater(mx.optimizer.create(name, **options))
    indices = list(range(len(shapes)))
    return lambda: update(indices, grads, weights)


if __name__ == "__main__":
    cases = {f"{o} {n}": stepper(SETTINGS[o], shapes) for o in SETTINGS for n, shapes in NETWORKS.items()}
    serve(cases, finish=mx.nd.waitall)
