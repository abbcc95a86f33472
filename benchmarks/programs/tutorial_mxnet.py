"""The tutorial's training step, as written there. remx and MXNet 1.9.1 both run this file."""

import os

import numpy as np
from worker import serve

import mxnet as mx

BATCH = 128
INPUTS = ["data", "softmax_label"]


def network():
    data, label = mx.sym.Variable("data"), mx.sym.Variable("softmax_label")
    weight, bias = mx.sym.Variable("weight1"), mx.sym.Variable("bias1")
    layer1 = mx.sym.FullyConnected(data=data, num_hidden=128, name="layer1", weight=weight, bias=bias)
    active = mx.sym.Activation(data=layer1, act_type="relu", name="act1")
    layer2 = mx.sym.FullyConnected(data=active, num_hidden=10, name="layer2")
    return mx.sym.SoftmaxOutput(data=layer2, label=label)


np.random.seed(0)
pictures = np.random.randint(0, 256, (BATCH, 784)).astype("uint8")  # as MNIST's files have them
pictures_float = pictures.astype("float32")
batch_y = np.random.randint(0, 10, BATCH).astype("uint8")
cost = network()


def bound():
    """Return an executor with small random weights."""
    made = cost.simple_bind(ctx=mx.cpu(), grad_req="write", data=(BATCH, 784), softmax_label=(BATCH,))
    for array in made.arg_arrays:
        array[:] = np.random.randn(*array.shape) * 0.02
    return made


executor = bound()
reading = bound()  # of which somebody reads the gradient of the data


def copy(batch_x=pictures, executor=executor):
    executor.arg_dict["data"][:] = batch_x / 255.0
    executor.arg_dict["softmax_label"][:] = batch_y


def forward_backward(executor=executor):
    executor.forward()
    executor.backward()


def update(executor=executor):
    for name, weight, gradient in zip(cost.list_arguments(), executor.arg_arrays, executor.grad_arrays):
        if name in INPUTS:
            continue
        weight[:] = weight - gradient * 0.001


def step(batch_x=pictures):
    copy(batch_x)
    forward_backward()
    update()


def step_float():
    step(pictures_float)


def step_reading():
    copy(executor=reading)
    forward_backward(reading)
    reading.grad_dict["data"].asnumpy()
    update(reading)


def forward_backward_reading():
    forward_backward(reading)
    reading.grad_dict["data"].asnumpy()


def where(repetitions):
    """Return where the time of forward and backward goes: (what, seconds) for each line of the plan. remx only."""
    from lines import timed_lines

    for _ in range(200):
        step()
    plan = executor._steps[False]
    targets = [target.tensor for target in executor._targets]
    arguments = [array._data for array in executor._variables]
    forward, (_, saved, _) = timed_lines(plan.forward, repetitions, arguments)
    backward, _ = timed_lines(plan.backward, repetitions, saved, [None], targets)
    return [["forward", *line] for line in forward] + [["backward", *line] for line in backward]


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def train(steps):
    """Run some steps; return the resident memory after them."""
    for _ in range(steps):
        step()
    mx.nd.waitall()
    return resident()


if __name__ == "__main__":
    serve(
        {
            "step": step,
            "step_float": step_float,
            "step_reading": step_reading,
            "copy": copy,
            "forward_backward": forward_backward,
            "forward_backward_reading": forward_backward_reading,
            "update": update,
        },
        {"train": train, "where": where},
        finish=mx.nd.waitall,
        facts={"version": mx.__version__},
    )
