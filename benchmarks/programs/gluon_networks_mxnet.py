"""Training and inference of networks written in Gluon. remx and MXNet 1.9.1 both run this file."""

import numpy as np
from worker import serve

import mxnet as mx
from mxnet import autograd, gluon
from mxnet.gluon import nn, rnn

VOCABULARY = 10_000
np.random.seed(0)
mx.random.seed(0)


def trained(net, inputs, labels, loss, rate=0.01):
    """Return a step: forward, loss, backward, SGD with momentum."""
    net.hybridize(static_alloc=True, static_shape=True)
    loss.hybridize(static_alloc=True, static_shape=True)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": rate, "momentum": 0.9})

    def step():
        with autograd.record():
            value = loss(net(inputs), labels)
        value.backward()
        trainer.step(inputs.shape[0])

    return step


# -- ResNet-18 ------------------------------------------------------------------------------------------------------


def resnet():
    net = gluon.model_zoo.vision.resnet18_v1()
    net.initialize(mx.init.Xavier())
    return net


def pictures(count):
    return mx.nd.array(np.random.rand(count, 3, 224, 224))


def resnet_training():
    labels = mx.nd.array(np.random.randint(0, 1000, 16))
    return trained(resnet(), pictures(16), labels, gluon.loss.SoftmaxCrossEntropyLoss())


def resnet_inference(count):
    net, images = resnet(), pictures(count)
    net.hybridize(static_alloc=True, static_shape=True)
    return lambda: net(images).wait_to_read()


# -- language models ------------------------------------------------------------------------------------------------


class LanguageModel(gluon.HybridBlock):
    """Embedding, two LSTM layers, and a dense layer over the vocabulary; tokens come as (time, batch)."""

    def __init__(self, width=512, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.embedding = nn.Embedding(VOCABULARY, width)
            self.lstm = rnn.LSTM(width, num_layers=2, input_size=width)
            self.scores = nn.Dense(VOCABULARY, flatten=False, in_units=width)

    def hybrid_forward(self, F, tokens):
        return self.scores(self.lstm(self.embedding(tokens)))


class Layer(gluon.HybridBlock):
    """Self-attention and two dense layers, each added to its input and normalized; (time, batch, width)."""

    def __init__(self, width, heads, **kwargs):
        super().__init__(**kwargs)
        self._heads = heads
        with self.name_scope():
            self.projections = nn.Dense(3 * width, flatten=False, in_units=width)
            self.output = nn.Dense(width, flatten=False, in_units=width)
            self.norm1 = nn.LayerNorm(in_channels=width)
            self.wide = nn.Dense(4 * width, flatten=False, in_units=width)
            self.gelu = nn.GELU()
            self.narrow = nn.Dense(width, flatten=False, in_units=4 * width)
            self.norm2 = nn.LayerNorm(in_channels=width)

    def hybrid_forward(self, F, x):
        together = self.projections(x)
        scores = F.contrib.interleaved_matmul_selfatt_qk(together, heads=self._heads)
        mixed = F.contrib.interleaved_matmul_selfatt_valatt(together, F.softmax(scores), heads=self._heads)
        x = self.norm1(x + self.output(mixed))
        return self.norm2(x + self.narrow(self.gelu(self.wide(x))))


class Transformer(gluon.HybridBlock):
    """Embedding, encoder layers, and a dense layer over the vocabulary; tokens come as (time, batch)."""

    def __init__(self, layers=4, width=256, heads=8, length=128, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.embedding = nn.Embedding(VOCABULARY, width)
            self.places = self.params.get("places", shape=(length, 1, width), init=mx.init.Normal(0.02))
            self.layers = nn.HybridSequential()
            for _ in range(layers):
                self.layers.add(Layer(width, heads))
            self.scores = nn.Dense(VOCABULARY, flatten=False, in_units=width)

    def hybrid_forward(self, F, tokens, places):
        return self.scores(self.layers(F.broadcast_add(self.embedding(tokens), places)))


def language_training(net, length, batch):
    net.initialize(mx.init.Xavier())
    tokens = mx.nd.array(np.random.randint(0, VOCABULARY, (length, batch)))
    labels = mx.nd.array(np.random.randint(0, VOCABULARY, (length, batch)))
    return trained(net, tokens, labels, gluon.loss.SoftmaxCrossEntropyLoss(batch_axis=1))


# -- one layer ------------------------------------------------------------------------------------------------------


def dense_call(hybridized):
    layer, x = nn.Dense(4, in_units=4), mx.nd.ones((1, 4))
    layer.initialize()
    if hybridized:
        layer.hybridize()
    return lambda: layer(x)


MAKERS = {
    "resnet_training": resnet_training,
    "resnet_inference_16": lambda: resnet_inference(16),
    "resnet_inference_1": lambda: resnet_inference(1),
    "lstm_training": lambda: language_training(LanguageModel(), 35, 32),
    "transformer_training": lambda: language_training(Transformer(), 128, 8),
    "dense_hybridized": lambda: dense_call(True),
    "dense": lambda: dense_call(False),
}


def later(name, made={}):  # noqa: B006 - one for the whole program
    """Return a case that is made when it is first called; a new one takes the place of the last."""

    def case():
        if name not in made:
            made.clear()
            made[name] = MAKERS[name]()
        made[name]()

    return case


if __name__ == "__main__":
    serve({name: later(name) for name in MAKERS}, finish=mx.nd.waitall, facts={"version": mx.__version__})
