"""Training and inference of networks written in Gluon. remx and MXNet 1.9.1 both run this file.

--inductor     graphs go through torch.compile (remx)
--amp          mixed precision in bfloat16 by mx.contrib.amp, as MXNet 1.9.1 has it
"""

import logging
import sys

import language_mxnet
import numpy as np
import vision_mxnet
from later import Made, later
from worker import serve
from workloads import LANGUAGE, VISION, classes, objects, pictures, tokens

import mxnet as mx
from mxnet import autograd, gluon
from mxnet.gluon import nn


def refuse(record):
    """End the program: remx says in the log that it could not compile, and goes on without."""
    raise SystemExit(record.getMessage())


FLAGS = {"static_alloc": True, "static_shape": True}
if "--inductor" in sys.argv:
    FLAGS["backend"] = "inductor"
    logging.getLogger().addFilter(refuse)
if "--amp" in sys.argv:
    from mxnet.contrib import amp

    amp.init(target_dtype="bfloat16")
mx.random.seed(0)


def parameters(net):
    """Return how many numbers are trained; shapes are known after the first call."""
    return sum(int(np.prod(p.shape)) for p in net.collect_params().values() if p.grad_req != "null")


def trained(net, inputs, labels, loss, **options):
    """Return a step: forward, loss, backward, SGD with momentum."""
    net.hybridize(**FLAGS)
    loss.hybridize(**FLAGS)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.01, "momentum": 0.9, **options})

    def step():
        with autograd.record():
            found = net(inputs)
            value = loss(*found, labels) if isinstance(found, (list, tuple)) else loss(found, labels)
        value.backward()
        trainer.step(inputs.shape[0])

    return step


def training(name):
    kind, count, _ = VISION[name]
    net, images = vision_mxnet.network(kind), mx.nd.array(pictures(name))
    net(images[:1])
    if kind == "ssd":
        labels, loss = mx.nd.array(objects(count)), vision_mxnet.DetectionLoss()
    else:
        labels, loss = mx.nd.array(classes(count)), gluon.loss.SoftmaxCrossEntropyLoss()
    return Made(trained(net, images, labels, loss), parameters(net))


def inference(name, narrow=False):
    net, images = vision_mxnet.network(VISION[name][0]), mx.nd.array(pictures(name))
    net(images[:1])
    count = parameters(net)
    if narrow:
        net = converted(net, images[:1])
    net.hybridize(**FLAGS)

    def infer():
        found = net(images)
        for output in found if isinstance(found, (list, tuple)) else [found]:
            output.wait_to_read()

    return Made(infer, count)


def converted(net, images):
    """Return a network in bfloat16, its weights, too."""
    from mxnet.contrib import amp

    net.hybridize()
    net(images)
    return amp.convert_hybrid_block(net, target_dtype="bfloat16", ctx=mx.cpu(), cast_optional_params=True)


def language_training(name):
    net, (words, following) = language_mxnet.network(name), (mx.nd.array(x) for x in tokens(LANGUAGE[name]))
    step = trained(net, words, following, gluon.loss.SoftmaxCrossEntropyLoss(batch_axis=1))
    return Made(step, parameters(net))


# -- bfloat16 -------------------------------------------------------------------------------------------------------


class Narrow(gluon.HybridBlock):
    """A network in bfloat16 between float32 images and float32 scores."""

    def __init__(self, net, **kwargs):
        super().__init__(**kwargs)
        self.net = net

    def hybrid_forward(self, F, x):
        return F.cast(self.net(F.cast(x, dtype="bfloat16")), dtype="float32")


def bfloat16_training():
    """Cast the network, and update float32 copies of its weights."""
    name = "resnet18_training"
    net, images = vision_mxnet.network("resnet18"), mx.nd.array(pictures(name))
    net(images[:1])
    net.cast("bfloat16")
    labels, loss = mx.nd.array(classes(len(images))), gluon.loss.SoftmaxCrossEntropyLoss()
    return Made(trained(Narrow(net), images, labels, loss, multi_precision=True), parameters(net))


# -- one layer ------------------------------------------------------------------------------------------------------


def dense_call(hybridized):
    layer, x = nn.Dense(4, in_units=4), mx.nd.ones((1, 4))
    layer.initialize()
    if hybridized:
        layer.hybridize()
    return Made(lambda: layer(x), 20)


MAKERS = {
    **{name: (lambda name=name: (training if "training" in name else inference)(name)) for name in VISION},
    **{name: (lambda name=name: language_training(name)) for name in LANGUAGE},
    "resnet18_bfloat16": bfloat16_training,
    **{f"{name}_bfloat16": (lambda name=name: inference(name, narrow=True)) for name in VISION if "inference" in name},
    "dense_hybridized": lambda: dense_call(True),
    "dense": lambda: dense_call(False),
}

if __name__ == "__main__":
    cases, measures = later(MAKERS, mx.nd.waitall)
    serve(cases, measures, finish=mx.nd.waitall, facts={"version": mx.__version__})
