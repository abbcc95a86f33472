"""Trains a language model of words with Gluon: an embedding, LSTM layers, a dense layer.

    python examples/gluon/word_lm.py                    # "This is the house that Jack built"
    python examples/gluon/word_lm.py --text FILE        # any text, words between spaces

States go on from one piece of the text to the next, and gradients stop between them. Everything but the progress bar
also runs with MXNet 1.9.1.
"""

from __future__ import annotations

import argparse
import math

import numpy as np

import mxnet as mx
from mxnet import autograd, gluon

#: Each verse of the rhyme adds one line in front of those before.
RHYME = (
    ("the house", "that Jack built"),
    ("the malt", "that lay in"),
    ("the rat", "that ate"),
    ("the cat", "that killed"),
    ("the dog", "that worried"),
    ("the cow with the crumpled horn", "that tossed"),
    ("the maiden all forlorn", "that milked"),
    ("the man all tattered and torn", "that kissed"),
    ("the priest all shaven and shorn", "that married"),
    ("the cock that crowed in the morn", "that woke"),
    ("the farmer sowing his corn", "that kept"),
    ("the horse and the hound and the horn", "that belonged to"),
)


def rhyme():
    """Return the nursery rhyme, one verse in a line."""
    verses = []
    for last in range(len(RHYME)):
        parts = [f"{who} {does}" for who, does in reversed(RHYME[: last + 1])]
        verses.append(f"this is {' '.join(parts)} .")
    return "\n".join(verses)


def encode(text):
    """Return the numbers of a text's words, int32 (words,), and the words by number."""
    found = text.split()
    words = sorted(set(found))
    number = {word: i for i, word in enumerate(words)}
    return np.array([number[word] for word in found], "int32"), words


def batchify(numbers, batch_size):
    """Return the text in `batch_size` columns, (length, batch_size); words that do not fill a row are left out."""
    length = len(numbers) // batch_size
    return numbers[: length * batch_size].reshape(batch_size, length).T


def pieces(columns, steps):
    """Yield words and the words that follow them, each (steps, batch_size); the last piece may be shorter."""
    for start in range(0, len(columns) - 1, steps):
        stop = min(start + steps, len(columns) - 1)
        yield columns[start:stop], columns[start + 1 : stop + 1]


class LanguageModel(gluon.HybridBlock):
    """Scores of the next word, from the words so far.

    Takes words (steps, batch_size) and the LSTM's states; returns scores (steps, batch_size, words) and new states.
    """

    def __init__(self, words, embed=32, hidden=64, layers=2, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.embedding = gluon.nn.Embedding(words, embed)
            self.rnn = gluon.rnn.LSTM(hidden, layers, dropout=dropout, input_size=embed)
            self.decoder = gluon.nn.Dense(words, flatten=False, in_units=hidden)

    def hybrid_forward(self, F, x, states):
        output, states = self.rnn(self.embedding(x), states)
        return self.decoder(output), states


def train_step(net, loss, trainer, words, following, states, clip=0.25):
    """Update the parameters once; return the loss of each word, and the states after these words."""
    states = [state.detach() for state in states]
    with autograd.record():
        scores, states = net(words, states)
        losses = loss(scores, following)
    losses.backward()
    gradients = [one.grad(words.context) for one in net.collect_params().values()]
    count = words.shape[0] * words.shape[1]
    gluon.utils.clip_global_norm(gradients, clip * count)  # the gradients are sums over the words
    trainer.step(count)
    return losses, states


# -- the program ----------------------------------------------------------------------------------------------------


def write(net, words, context, count, seed=0):
    """Return `count` words that the model makes up, each drawn as probable as the model finds it."""
    random = np.random.RandomState(seed)
    states = net.rnn.begin_state(batch_size=1, ctx=context)
    word, text = words.index("this") if "this" in words else 0, []
    for _ in range(count):
        scores, states = net(mx.nd.array([[word]], ctx=context), states)
        odds = mx.nd.softmax(scores).asnumpy().reshape(-1).astype("float64")
        word = random.choice(len(words), p=odds / odds.sum())
        text.append(words[word])
    return " ".join(text)


def main():
    """Read the options, train, and print the perplexity and some words of the model's own."""
    from tqdm import tqdm

    parser = argparse.ArgumentParser(description="Train a language model of words.")
    parser.add_argument("--text", help="a text file; without: a nursery rhyme")
    parser.add_argument("--epochs", type=int, default=40, help="times through the text (40)")
    parser.add_argument("--batch-size", type=int, default=4, help="places of the text that are read at once (4)")
    parser.add_argument("--steps", type=int, default=16, help="words between two updates (16)")
    parser.add_argument("--embed", type=int, default=32, help="size of a word's vector (32)")
    parser.add_argument("--hidden", type=int, default=64, help="units of an LSTM layer (64)")
    parser.add_argument("--layers", type=int, default=2, help="LSTM layers (2)")
    parser.add_argument("--dropout", type=float, default=0.0, help="dropout between LSTM layers (0)")
    parser.add_argument("--learning-rate", type=float, default=0.01, help="step size of Adam (0.01)")
    parser.add_argument("--gpu", type=int, help="number of a GPU (without: the CPU)")
    parser.add_argument("--eager", action="store_true", help="do not hybridize")
    parser.add_argument("--write", type=int, default=30, help="words to make up in the end (30)")
    options = parser.parse_args()

    mx.random.seed(0)
    context = mx.cpu() if options.gpu is None else mx.gpu(options.gpu)
    if options.text:
        with open(options.text, encoding="utf-8") as file:
            text = file.read()
    else:
        text = rhyme()
    numbers, words = encode(text)
    columns = batchify(numbers, options.batch_size)
    print(f"{len(numbers)} words, {len(words)} different ones")

    net = LanguageModel(len(words), options.embed, options.hidden, options.layers, options.dropout)
    net.initialize(mx.init.Xavier(), ctx=context)
    if not options.eager:
        net.hybridize()
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": options.learning_rate})
    bar = tqdm(range(options.epochs), "perplexity    ", unit="epoch")
    perplexity = math.inf
    for _ in bar:
        states = net.rnn.begin_state(batch_size=options.batch_size, ctx=context)
        metric = mx.metric.Loss()
        for piece in pieces(columns, options.steps):
            x, y = (mx.nd.array(part, ctx=context) for part in piece)
            losses, states = train_step(net, loss, trainer, x, y, states)
            metric.update(None, [losses])
        perplexity = math.exp(metric.get()[1])
        bar.set_description(f"perplexity {perplexity:8.3f}")
    print(f"perplexity: {perplexity:.3f}")
    print(write(net, words, context, options.write))


if __name__ == "__main__":
    main()
