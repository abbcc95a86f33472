"""A chain of N operators with a scalar. remx and MXNet 1.9.1 both run this file.

--inductor     executors go through torch.compile (remx)
"""

import gc
import sys
import time

import numpy as np
from worker import serve

import mxnet as mx

SIZE = 10
bound = {}
head = mx.nd.ones((SIZE,))


def build(n):
    """Compose ((x * 0.999) + 0.001) * 0.999 ..., n operators."""
    symbol = mx.sym.Variable("x")
    for _ in range(n // 2):
        symbol = symbol * 0.999 + 0.001
    return symbol.optimize_for("inductor") if "--inductor" in sys.argv else symbol


def run(executor):
    executor.forward(is_train=True)
    executor.backward(head)


def start(n):
    """Return the seconds for building, binding and the first step; the executor stays for the steps."""
    bound.clear()
    gc.collect()
    begun = time.perf_counter()
    symbol = build(n)
    built = time.perf_counter()
    executor = symbol.simple_bind(ctx=mx.cpu(), grad_req="write", x=(SIZE,))
    ready = time.perf_counter()
    run(executor)
    mx.nd.waitall()
    ran = time.perf_counter()
    executor.arg_dict["x"][:] = np.arange(SIZE)
    bound["executor"] = executor
    return {"build": built - begun, "bind": ready - built, "first run": ran - ready}


def step():
    run(bound["executor"])


if __name__ == "__main__":
    serve({"step": step}, {"start": start}, finish=mx.nd.waitall)
