"""Tiny operators on 4x4 arrays. remx and MXNet 1.9.1 both run this file."""

from worker import serve

import mxnet as mx

nd, autograd = mx.nd, mx.autograd
a, b = nd.ones((4, 4)), nd.ones((4, 4))
x = nd.ones((4, 4))
x.attach_grad()


def add():
    return a + b


def relu():
    return nd.relu(a)


def assign():
    a[:] = b


def recorded():
    with autograd.record():
        y = (nd.relu(x) * x).sum()
    y.backward()


if __name__ == "__main__":
    serve({"add": add, "relu": relu, "assign": assign, "recorded": recorded}, finish=nd.waitall)
