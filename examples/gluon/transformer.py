"""Trains a small transformer encoder with Gluon: it learns to sort.

    python examples/gluon/transformer.py
    python examples/gluon/transformer.py --attention interleaved

Attention is written in two ways that compute the same: with `batch_dot`, and with the operators that take queries,
keys and values interleaved in one projection. Everything but the progress bar also runs with MXNet 1.9.1.

References
----------
A. Vaswani et al., Attention is all you need, https://arxiv.org/abs/1706.03762.
"""

from __future__ import annotations

import argparse
import math

import numpy as np

import mxnet as mx
from mxnet import autograd, gluon
from mxnet.gluon import nn


class SelfAttention(gluon.HybridBlock):
    """Multi-head self-attention: (N, T, units) to (N, T, units)."""

    def __init__(self, units, heads, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self._units = units
        self._heads = heads
        with self.name_scope():
            self.query_key_value = nn.Dense(3 * units, flatten=False, in_units=units)
            self.dropout = nn.Dropout(dropout)
            self.proj = nn.Dense(units, flatten=False, in_units=units)

    def hybrid_forward(self, F, x):
        size = self._units // self._heads
        # (N, T, heads * 3 * size): for each head its queries, keys and values
        parts = F.reshape(self.query_key_value(x), shape=(0, 0, self._heads, 3, size))
        parts = F.transpose(parts, axes=(3, 0, 2, 1, 4))  # (3, N, heads, T, size)
        parts = F.reshape(parts, shape=(3, -3, 0, 0))  # (3, N * heads, T, size)
        query, key, value = (F.squeeze(part, axis=0) for part in F.split(parts, num_outputs=3, axis=0))
        scores = F.batch_dot(query, key, transpose_b=True) / math.sqrt(size)
        weights = self.dropout(F.softmax(scores, axis=-1))  # (N * heads, T, T)
        out = F.batch_dot(weights, value)
        out = F.reshape(out, shape=(-4, -1, self._heads, 0, 0))  # (N, heads, T, size)
        out = F.reshape(F.transpose(out, axes=(0, 2, 1, 3)), shape=(0, 0, -3))
        return self.proj(out)


class InterleavedSelfAttention(SelfAttention):
    """The same with fewer copies: the operators read queries, keys and values where the projection wrote them."""

    def hybrid_forward(self, F, x):
        projected = self.query_key_value(F.transpose(x, axes=(1, 0, 2)))  # (T, N, heads * 3 * size)
        scores = F.contrib.interleaved_matmul_selfatt_qk(projected, heads=self._heads)  # scaled by 1 / sqrt(size)
        weights = self.dropout(F.softmax(scores, axis=-1))  # (N * heads, T, T)
        out = F.contrib.interleaved_matmul_selfatt_valatt(projected, weights, heads=self._heads)  # (T, N, units)
        return self.proj(F.transpose(out, axes=(1, 0, 2)))


class EncoderLayer(gluon.HybridBlock):
    """Self-attention and two dense layers, each beside a shortcut and normalized after."""

    def __init__(self, units, hidden, heads, attention=SelfAttention, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.attention = attention(units, heads, dropout)
            self.norm1 = nn.LayerNorm(in_channels=units)
            self.ffn1 = nn.Dense(hidden, flatten=False, in_units=units)
            self.gelu = nn.GELU()
            self.ffn2 = nn.Dense(units, flatten=False, in_units=hidden)
            self.norm2 = nn.LayerNorm(in_channels=units)
            self.dropout = nn.Dropout(dropout)

    def hybrid_forward(self, F, x):
        x = self.norm1(x + self.dropout(self.attention(x)))
        return self.norm2(x + self.dropout(self.ffn2(self.gelu(self.ffn1(x)))))


class Encoder(gluon.HybridBlock):
    """Tokens (N, T) to scores (N, T, tokens)."""

    def __init__(
        self, tokens, length, units=32, hidden=64, heads=4, layers=2, attention=SelfAttention, dropout=0.0, **kwargs
    ):
        super().__init__(**kwargs)
        with self.name_scope():
            self.embedding = nn.Embedding(tokens, units)
            self.position_weight = self.params.get("position_weight", shape=(length, units))
            self.layers = nn.HybridSequential()
            for _ in range(layers):
                self.layers.add(EncoderLayer(units, hidden, heads, attention, dropout))
            self.decoder = nn.Dense(tokens, flatten=False, in_units=units)

    def hybrid_forward(self, F, x, position_weight):
        x = F.broadcast_add(self.embedding(x), F.expand_dims(position_weight, axis=0))
        return self.decoder(self.layers(x))


ATTENTIONS = {"batch_dot": SelfAttention, "interleaved": InterleavedSelfAttention}


def batch(random, size, length, tokens):
    """Return random sequences (size, length) and the same ones sorted."""
    found = random.randint(0, tokens, (size, length))
    return found.astype("float32"), np.sort(found, axis=1).astype("float32")


def train_step(net, loss, trainer, sequences, wanted):
    """Update the parameters once; return the loss of each sequence and the scores."""
    with autograd.record():
        scores = net(sequences)
        losses = loss(scores, wanted)
    losses.backward()
    trainer.step(sequences.shape[0])
    return losses, scores


def main():
    """Read the options, train, and print how many places of new sequences are right."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(description="Train a transformer to sort.")
    parser.add_argument("--attention", choices=sorted(ATTENTIONS), default="batch_dot", help="how it is computed")
    parser.add_argument("--epochs", type=int, default=5, help="rounds of --batches updates (5)")
    parser.add_argument("--batches", type=int, default=200, help="updates in an epoch (200)")
    parser.add_argument("--batch-size", type=int, default=32, help="sequences in a batch (32)")
    parser.add_argument("--length", type=int, default=10, help="numbers in a sequence (10)")
    parser.add_argument("--tokens", type=int, default=10, help="different numbers (10)")
    parser.add_argument("--units", type=int, default=32, help="size of a token's vector (32)")
    parser.add_argument("--heads", type=int, default=4, help="heads of the attention (4)")
    parser.add_argument("--layers", type=int, default=2, help="layers of the encoder (2)")
    parser.add_argument("--dropout", type=float, default=0.0, help="dropout (0)")
    parser.add_argument("--learning-rate", type=float, default=0.002, help="step size of Adam (0.002)")
    parser.add_argument("--gpu", type=int, help="number of a GPU (without: the CPU)")
    parser.add_argument("--eager", action="store_true", help="do not hybridize")
    options = parser.parse_args()

    mx.random.seed(0)
    random = np.random.RandomState(0)
    context = mx.cpu() if options.gpu is None else mx.gpu(options.gpu)
    net = Encoder(
        options.tokens,
        options.length,
        options.units,
        2 * options.units,
        options.heads,
        options.layers,
        ATTENTIONS[options.attention],
        options.dropout,
    )
    net.initialize(mx.init.Xavier(), ctx=context)
    if not options.eager:
        net.hybridize()
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": options.learning_rate})

    def arrays(size):
        return (mx.nd.array(part, ctx=context) for part in batch(random, size, options.length, options.tokens))

    for epoch in range(options.epochs):
        metric = mx.metric.Loss()
        for _ in tqdm(range(options.batches), f"epoch {epoch + 1}", unit="batch", leave=False):
            losses, _ = train_step(net, loss, trainer, *arrays(options.batch_size))
            metric.update(None, [losses])
        accuracy = mx.metric.Accuracy(axis=-1)
        sequences, wanted = arrays(500)
        accuracy.update([wanted], [net(sequences)])
        print(f"epoch {epoch + 1:2}  loss {metric.get()[1]:.4f}  places right {accuracy.get()[1]:.4f}")
    example, _ = arrays(1)
    print(f"{example.asnumpy()[0].astype(int)} -> {net(example).asnumpy()[0].argmax(axis=-1)}")


if __name__ == "__main__":
    main()
