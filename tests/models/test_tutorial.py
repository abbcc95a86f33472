"""The tutorial: each of its steps, and the whole training on MNIST."""

from __future__ import annotations

import gzip
import os
import pathlib

import numpy as np
import pytest

import mxnet as mx

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = (
    pathlib.Path(os.environ.get("MXNET_HOME", "~/.mxnet")).expanduser() / "datasets" / "mnist",
    ROOT.parent / "shared" / "data" / "mnist",
)
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@pytest.fixture
def names_from_zero():
    with mx.name.NameManager():
        yield


@pytest.fixture
def line(names_from_zero):
    a = mx.sym.Variable("A")
    b = mx.sym.Variable("B")
    c = (a + b) / 10
    return c + 1


def network():
    data = mx.sym.Variable("data")
    label = mx.sym.Variable("softmax_label")
    w1 = mx.sym.Variable("weight1")
    b1 = mx.sym.Variable("bias1")
    l1 = mx.sym.FullyConnected(data=data, num_hidden=128, name="layer1", weight=w1, bias=b1)
    a1 = mx.sym.Activation(data=l1, act_type="relu", name="act1")
    l2 = mx.sym.FullyConnected(data=a1, num_hidden=10, name="layer2")
    return mx.sym.SoftmaxOutput(data=l2, label=label)


def test_arrays(capsys):
    x = mx.nd.ones((2, 3))
    assert x.asnumpy().tolist() == [[1, 1, 1], [1, 1, 1]]
    assert isinstance(x.asnumpy(), np.ndarray)
    print(x)
    shown = capsys.readouterr().out
    assert "[[1. 1. 1.]" in shown
    assert "<NDArray 2x3 @cpu(0)>" in shown


def test_symbols(line):
    assert line.list_arguments() == ["A", "B"]
    assert line.list_outputs() == ["_plusscalar0_output"]
    arg_shapes, out_shapes, aux_shapes = line.infer_shape(A=(10,), B=(10,))
    assert (arg_shapes, out_shapes, aux_shapes) == ([(10,), (10,)], [(10,)], [])


@pytest.mark.parametrize("listed", [False, True])
def test_executor_without_gradients(line, listed):
    arguments = {"A": mx.nd.ones((10,), ctx=mx.cpu()), "B": mx.nd.ones((10,), ctx=mx.cpu())}
    executor = line.bind(ctx=mx.cpu(), args=list(arguments.values()) if listed else arguments, grad_req="null")
    assert sorted(executor.arg_dict) == ["A", "B"]
    a, b = np.random.rand(10), np.random.rand(10)
    executor.arg_dict["A"][:] = a
    executor.arg_dict["B"][:] = b
    executor.forward()
    np.testing.assert_allclose(executor.outputs[0].asnumpy(), (a + b) / 10 + 1, rtol=1e-6)


def test_replacing_without_brackets_is_not_seen(line):
    executor = line.bind(ctx=mx.cpu(), args={"A": mx.nd.ones((10,)), "B": mx.nd.ones((10,))}, grad_req="null")
    executor.arg_dict["A"] = mx.nd.zeros((10,))
    np.testing.assert_allclose(executor.forward()[0].asnumpy(), 1.2, rtol=1e-6)


def test_gradients(line):
    arguments = {"A": mx.nd.ones((10,)), "B": mx.nd.ones((10,))}
    gradients = {"A": mx.nd.ones((10,)), "B": mx.nd.ones((10,))}
    executor = line.bind(ctx=mx.cpu(), args=arguments, args_grad=gradients, grad_req="write")
    executor.forward(is_train=True)
    executor.backward([mx.nd.ones((10,))])
    for array in (*executor.grad_arrays, *gradients.values()):
        np.testing.assert_allclose(array.asnumpy(), 0.1, rtol=1e-6)


def test_simple_bind(line):
    executor = line.simple_bind(ctx=mx.cpu(), grad_req="write", A=(10,), B=(10,))
    executor.forward(is_train=True)
    executor.backward([mx.nd.ones((10,))])
    np.testing.assert_allclose(executor.outputs[0].asnumpy(), 1)
    np.testing.assert_allclose(executor.grad_dict["B"].asnumpy(), 0.1, rtol=1e-6)


def test_network(names_from_zero):
    cost = network()
    assert cost.list_arguments() == ["data", "weight1", "bias1", "layer2_weight", "layer2_bias", "softmax_label"]
    assert cost.list_outputs() == ["softmaxoutput0_output"]
    shapes = {"data": (128, 28 * 28), "softmax_label": (128,)}
    executor = cost.simple_bind(ctx=mx.cpu(), grad_req="write", **shapes)
    executor_test = cost.bind(ctx=mx.cpu(), grad_req="null", args=executor.arg_arrays)
    assert executor_test.arg_dict["weight1"] is executor.arg_dict["weight1"]
    assert executor.arg_dict["weight1"].shape == (128, 784)
    np.testing.assert_allclose(executor_test.forward()[0].asnumpy(), 0.1, rtol=1e-6)


def read_mnist():
    for folder in FOLDERS:
        paths = [folder / f"{name}.gz" for name in FILES]
        if all(path.exists() for path in paths):
            raw = [gzip.decompress(path.read_bytes()) for path in paths]
            images = [np.frombuffer(raw[i], np.uint8, offset=16).reshape(-1, 784).astype(np.float32) for i in (0, 2)]
            labels = [np.frombuffer(raw[i], np.uint8, offset=8).astype(np.float32) for i in (1, 3)]
            return images[0], labels[0], images[1], labels[1]
    pytest.skip(
        f"MNIST IS ABSENT, the training was not run: none of {', '.join(map(str, FOLDERS))} holds its four .gz files"
    )


def test_training_on_mnist_reaches_the_tutorials_accuracy():
    train_x, train_y, test_x, test_y = read_mnist()
    batch_size = 128
    cost = network()
    shapes = {"data": (batch_size, 28 * 28), "softmax_label": (batch_size,)}
    executor = cost.simple_bind(ctx=mx.cpu(), grad_req="write", **shapes)
    executor_test = cost.bind(ctx=mx.cpu(), grad_req="null", args=executor.arg_arrays)
    np.random.seed(0)  # the tutorial's figures are those of this seed
    for array in executor.arg_arrays:
        array[:] = np.random.randn(*array.shape) * 0.02

    def accuracy():
        correct = counted = 0
        for i in range(0, len(test_x) - batch_size + 1, batch_size):
            executor_test.arg_dict["data"][:] = test_x[i : i + batch_size] / 255.0
            executor_test.forward()
            found = np.argmax(executor_test.outputs[0].asnumpy(), axis=1)
            correct += (found == test_y[i : i + batch_size]).sum()
            counted += batch_size
        return correct / counted

    reached = []
    for _ in range(10):
        order = np.random.permutation(len(train_x))
        for i in range(0, len(order) - batch_size + 1, batch_size):
            batch = order[i : i + batch_size]
            executor.arg_dict["data"][:] = train_x[batch] / 255.0
            executor.arg_dict["softmax_label"][:] = train_y[batch]
            executor.forward()
            executor.backward()
            for name, weight, gradient in zip(cost.list_arguments(), executor.arg_arrays, executor.grad_arrays):
                if name in ["data", "softmax_label"]:
                    continue
                weight[:] = weight - gradient * 0.001
        reached.append(accuracy())
    assert reached[0] > 0.9, reached
    assert reached[-1] >= 0.965, reached
