"""Trains a language model of LSTM layers on sentences of different lengths, in buckets.

    python examples/bucketing/train.py            # layers of single cells, unrolled
    python examples/bucketing/train.py --fused    # the same layers as one operator

The sentences come from a small grammar in sentences.py. The program also runs with MXNet 1.9.1 on Python 3.8. See the
README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import time
import zlib

import numpy as np
from sentences import END, PAD, START, corpus

import mxnet as mx

PAD_LABEL = 0
BUCKETS = [6, 9, 12, 16, 24, 40]


# -- data -----------------------------------------------------------------------------------------------------------


def read(options):
    """Return two iterators (to train on, held out), the vocabulary, and the best perplexity on what is held out."""
    texts, _ = corpus(options.sentences, seed=options.seed)
    held_out, best = corpus(max(options.sentences // 5, 100), seed=options.seed + 1)
    encode = mx.rnn.encode_sentences
    encoded, words = encode(texts, invalid_label=PAD_LABEL, invalid_key=PAD, start_label=1)
    encoded_held_out, _ = encode(held_out, vocab=words)

    def batches(sentences):
        return mx.rnn.BucketSentenceIter(
            sentences, options.batch_size, buckets=list(BUCKETS), invalid_label=PAD_LABEL, layout="TN"
        )

    return batches(encoded), batches(encoded_held_out), words, best


# -- network --------------------------------------------------------------------------------------------------------


def recurrent(options):
    """Return the cell of all layers, as one operator or as a stack of single cells."""
    fused = mx.rnn.FusedRNNCell(
        options.hidden, num_layers=options.layers, mode=options.mode, dropout=options.dropout, prefix="layers_"
    )
    return fused if options.fused else fused.unfuse()


def network(cell, options, vocabulary):
    """Return what `BucketingModule` wants: a function from the length of a sentence to a network."""

    def generate(length):
        data, label = mx.sym.Variable("data"), mx.sym.Variable("softmax_label")  # (T, N)
        embedded = mx.sym.Embedding(data, input_dim=vocabulary, output_dim=options.embed, name="embed")  # (T, N, E)
        cell.reset()
        outputs, _ = cell.unroll(length, inputs=embedded, layout="TNC", merge_outputs=True)  # (T, N, H)
        rows = mx.sym.Reshape(outputs, shape=(-1, options.hidden))  # (T N, H)
        scores = mx.sym.FullyConnected(rows, num_hidden=vocabulary, name="scores")
        found = mx.sym.SoftmaxOutput(
            scores, mx.sym.Reshape(label, shape=(-1,)), use_ignore=True, ignore_label=PAD_LABEL, name="softmax"
        )
        return found, ("data",), ("softmax_label",)

    return generate


def first_weights(cell, symbol, shapes, seed):
    """Return weights to start from that are the same in every library, for single cells and for the operator.

    They are made gate by gate, each from a seed that its name gives.
    """
    found = dict(zip(symbol.list_arguments(), symbol.infer_shape(**shapes)[0]))
    weights = cell.unpack_weights({name: mx.nd.zeros(shape) for name, shape in found.items() if name not in shapes})
    for name, array in weights.items():
        if name.endswith("weight"):
            generator = np.random.RandomState(zlib.crc32(name.encode()) + seed)
            array[:] = generator.uniform(-0.1, 0.1, array.shape)
        elif name.endswith("i2h_f_bias"):
            array[:] = 1  # remember at first
    return cell.pack_weights(weights)


# -- training -------------------------------------------------------------------------------------------------------


class Progress:
    """Shows how training goes: a moving line on a terminal, and one line for each epoch that stays."""

    def __init__(self, metric, batches, epochs, best):
        self.metric, self.batches, self.epochs, self.best = metric, batches, epochs, best
        self.train, self.held_out, self.seconds = [], [], []
        self._begun = time.time()

    def batch(self, param):
        """After a batch: move the line on."""
        if sys.stderr.isatty() and param.nbatch % 5 == 0:
            done = (param.nbatch + 1) / self.batches
            bar = ("#" * int(30 * done)).ljust(30, ".")
            value = self.metric.get()[1]
            line = f"\repoch {param.epoch + 1:2d}/{self.epochs} [{bar}] perplexity {value:8.3f} "
            print(line, end="", file=sys.stderr, flush=True)

    def epoch(self, epoch, symbol, arg_params, aux_params):
        """After all batches: the metric still has the values of training."""
        self.train.append(float(self.metric.get()[1]))
        self.seconds.append(time.time() - self._begun)

    def scored(self, param):
        """After the held-out sentences: one line, and a bar on a logarithmic scale whose end is the best possible."""
        value = float(param.eval_metric.get()[1])
        self.held_out.append(value)
        first = np.log(self.train[0] / self.best)
        left = round(40 * max(0.0, min(1.0, np.log(value / self.best) / first))) if first > 0 else 0
        if sys.stderr.isatty():
            print("\r" + " " * 78, end="\r", file=sys.stderr, flush=True)
        print(
            f"epoch {param.epoch + 1:2d}  train {self.train[-1]:8.4f}  held out {value:8.4f}  "
            f"{self.seconds[-1]:6.2f} s  |{'=' * left}",
            flush=True,
        )
        self._begun = time.time()


def train(options):
    """Train, show how it goes, and return the curve."""
    random.seed(options.seed)
    np.random.seed(options.seed)
    mx.random.seed(options.seed)
    batches, held_out, words, best = read(options)
    cell = recurrent(options)
    generate = network(cell, options, len(words))
    context = mx.gpu(options.gpu) if options.gpu is not None else mx.cpu()
    module = mx.mod.BucketingModule(generate, default_bucket_key=batches.default_bucket_key, context=context)
    shapes = {desc.name: desc.shape for desc in batches.provide_data + batches.provide_label}
    start = first_weights(cell, generate(batches.default_bucket_key)[0], shapes, options.seed)

    metric = mx.metric.Perplexity(ignore_label=PAD_LABEL)
    progress = Progress(metric, len(batches.idx), options.epochs, best)
    print(
        f"{options.sentences} sentences, {len(words)} words, {len(batches.idx)} batches of {options.batch_size} in "
        f"buckets {batches.buckets}; the best perplexity possible is {best:.4f}"
    )
    module.fit(
        batches,
        eval_data=held_out,
        eval_metric=metric,
        optimizer=options.optimizer,
        optimizer_params={"learning_rate": options.learning_rate, "wd": 0.0},
        arg_params=start,
        aux_params={},
        num_epoch=options.epochs,
        batch_end_callback=progress.batch,
        epoch_end_callback=progress.epoch,
        eval_end_callback=progress.scored,
    )
    arg_params, aux_params = module.get_params()
    if options.save:
        symbol = generate(batches.default_bucket_key)[0]
        mx.rnn.save_rnn_checkpoint(cell, options.save, options.epochs, symbol, arg_params, aux_params)
    for sentence in write(cell, options, arg_params, words, options.write):
        print("  " + " ".join(sentence))
    return {"train": progress.train, "held_out": progress.held_out, "best": best, "seconds": progress.seconds}


# -- writing sentences ----------------------------------------------------------------------------------------------


def write(cell, options, arg_params, words, count):
    """Return sentences that the model makes, word by word, with single cells that keep their states."""
    stack = cell.unfuse() if options.fused else cell
    weights = stack.pack_weights(cell.unpack_weights(arg_params))
    stack.reset()
    data = mx.sym.Variable("data")  # (N,)
    before = stack.begin_state(func=mx.sym.Variable)
    embedded = mx.sym.Embedding(data, input_dim=len(words), output_dim=options.embed, name="embed")
    output, states = stack(embedded, before)
    scores = mx.sym.FullyConnected(output, num_hidden=len(words), name="scores")
    step = mx.sym.Group([mx.sym.softmax(scores), *states])
    shapes = {state.name: (1, options.hidden) for state in before}
    executor = step.simple_bind(mx.cpu(), grad_req="null", data=(1,), **shapes)
    executor.copy_params_from(weights, allow_extra_params=True)
    names = {number: word for word, number in words.items()}
    generator = np.random.RandomState(options.seed)
    sentences = []
    for _ in range(count):
        sentence = [START]
        for name in shapes:
            executor.arg_dict[name][:] = 0
        while sentence[-1] != END and len(sentence) < 40:
            executor.arg_dict["data"][:] = words[sentence[-1]]
            found = [array.copy() for array in executor.forward()]
            for name, state in zip(shapes, found[1:]):
                executor.arg_dict[name][:] = state
            chances = found[0].asnumpy()[0].astype("float64")
            sentence.append(names[int(generator.choice(len(chances), p=chances / chances.sum()))])
        sentences.append(sentence[1:-1])
    return sentences


def parse(arguments=None):
    """Return the options."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--fused", action="store_true", help="all layers as one operator")
    parser.add_argument("--mode", default="lstm", choices=("lstm", "gru", "rnn_tanh", "rnn_relu"), help="kind of cells")
    parser.add_argument("--sentences", type=int, default=4000, help="sentences to train on")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--hidden", type=int, default=64, help="length of the layers' outputs")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--embed", type=int, default=32, help="length of the words' vectors")
    parser.add_argument("--dropout", type=float, default=0.0, help="between the layers")
    parser.add_argument("--optimizer", default="adam")
    parser.add_argument("--learning-rate", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gpu", type=int, metavar="N", help="use this GPU")
    parser.add_argument("--write", type=int, default=5, metavar="N", help="sentences to make in the end")
    parser.add_argument("--save", metavar="PREFIX", help="write a checkpoint, gate by gate")
    parser.add_argument("--output", metavar="FILE", help="write the curve as JSON")
    parser.add_argument("--quick", action="store_true", help="a small network and few sentences, for a first look")
    options = parser.parse_args(arguments)
    if options.quick:
        options.sentences, options.batch_size, options.epochs = 1000, 16, 4
        options.hidden, options.embed, options.learning_rate = 32, 16, 0.02
    return options


def main(arguments=None):
    """Run the program."""
    logging.getLogger().setLevel(logging.WARNING)
    options = parse(arguments)
    curve = train(options)
    if options.output:
        with open(options.output, "w") as file:
            json.dump(curve, file)


if __name__ == "__main__":
    main()
