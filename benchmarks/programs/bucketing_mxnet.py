"""A language model of two LSTM layers in buckets. remx and MXNet 1.9.1 both run this file."""

import time
import warnings

import numpy as np
from worker import serve

import mxnet as mx

BATCH, WORDS, SIZE, LENGTHS = 32, 10000, 200, (10, 20, 40)
warnings.simplefilter("ignore")
modules = {}
starts = {}


def cell(kind):
    fused = mx.rnn.FusedRNNCell(SIZE, num_layers=2, mode="lstm", prefix="lstm_")
    return fused if kind == "fused" else fused.unfuse()


def generate(kind):
    def network(length):
        label = mx.sym.Reshape(mx.sym.Variable("softmax_label"), shape=(-1,))
        embedded = mx.sym.Embedding(mx.sym.Variable("data"), input_dim=WORDS, output_dim=SIZE, name="embed")
        outputs, _ = cell(kind).unroll(length, inputs=embedded, layout="TNC", merge_outputs=True)
        scores = mx.sym.FullyConnected(mx.sym.Reshape(outputs, shape=(-1, SIZE)), num_hidden=WORDS, name="scores")
        return mx.sym.SoftmaxOutput(scores, label, name="softmax"), ("data",), ("softmax_label",)

    return network


def batch(length):
    generator = np.random.RandomState(length)
    data, label = (mx.nd.array(generator.randint(1, WORDS, (length, BATCH))) for _ in range(2))
    descs = [mx.io.DataDesc(name, (length, BATCH), layout="TN") for name in ("data", "softmax_label")]
    return mx.io.DataBatch([data], [label], bucket_key=length, provide_data=descs[:1], provide_label=descs[1:])


def module(kind):
    if kind not in modules:
        made = modules[kind] = mx.mod.BucketingModule(generate(kind), default_bucket_key=max(LENGTHS))
        longest = batch(max(LENGTHS))
        made.bind(longest.provide_data, longest.provide_label)
        made.init_params(mx.init.Xavier())
        made.init_optimizer(optimizer="sgd", optimizer_params={"learning_rate": 0.01})
    return modules[kind]


batches = {length: batch(length) for length in LENGTHS}


def step(kind, length):
    trained = module(kind)
    trained.forward_backward(batches[length])
    trained.update()


def start(kind, length):
    """Return the seconds for unrolling, binding and the first step, each time for a new graph."""
    begun = time.perf_counter()
    symbol, _, _ = generate(kind)(length)
    built = time.perf_counter()
    inputs = {"data": (length, BATCH), "softmax_label": (length, BATCH)}
    requests = {name: "null" if name in inputs else "write" for name in symbol.list_arguments()}
    executor = symbol.simple_bind(ctx=mx.cpu(), grad_req=requests, **inputs)
    bound = time.perf_counter()
    executor.forward(is_train=True)
    executor.backward()
    mx.nd.waitall()
    return {"unroll": built - begun, "bind": bound - built, "first run": time.perf_counter() - bound}


cases = {
    f"{kind} {length}": (lambda kind=kind, length=length: step(kind, length))
    for kind in ("fused", "single")
    for length in LENGTHS
}
if __name__ == "__main__":
    serve(cases, {"start": start}, finish=mx.nd.waitall)
