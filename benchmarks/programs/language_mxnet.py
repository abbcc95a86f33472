"""Networks for words in Gluon: an LSTM language model and a transformer encoder. Words come as (time, batch)."""

from workloads import VOCABULARY

from mxnet import gluon, init
from mxnet.gluon import nn, rnn


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
            self.places = self.params.get("places", shape=(length, 1, width), init=init.Normal(0.02))
            self.layers = nn.HybridSequential()
            for _ in range(layers):
                self.layers.add(Layer(width, heads))
            self.scores = nn.Dense(VOCABULARY, flatten=False, in_units=width)

    def hybrid_forward(self, F, tokens, places):
        return self.scores(self.layers(F.broadcast_add(self.embedding(tokens), places)))


NETWORKS = {"lstm_training": LanguageModel, "transformer_training": Transformer}


def network(name):
    net = NETWORKS[name]()
    net.initialize(init.Xavier())
    return net
