"""Operators written in Python: what MXNet 1.9.1 answers, and what is promised besides."""

from __future__ import annotations

import traceback

import numpy as np
import pytest

import mxnet as mx
from tests.golden import programs


@pytest.mark.parametrize("name", sorted(programs.table("custom")))
def test_answers_as_mxnet(name):
    programs.check("custom", name, mx)


class Scale(mx.operator.CustomOp):
    """Multiplies by a factor; made to fail on demand."""

    def __init__(self, factor, fails):
        self.factor, self.fails = factor, fails

    def forward(self, is_train, req, in_data, out_data, aux):
        if self.fails == "forward":
            raise KeyError("lost")
        self.assign(out_data[0], req[0], in_data[0] * self.factor)

    def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
        if self.fails == "backward":
            raise KeyError("lost")
        self.assign(in_grad[0], req[0], out_grad[0] * self.factor)


@mx.operator.register("test_scale")
class ScaleProp(mx.operator.CustomOpProp):
    def __init__(self, factor="2", fails=""):
        super().__init__()
        self.factor, self.fails = float(factor), fails

    def infer_shape(self, in_shape):
        if self.fails == "infer_shape":
            raise KeyError("lost")
        return in_shape, [in_shape[0]] * (2 if self.fails == "count" else 1)

    def create_operator(self, ctx, in_shapes, in_dtypes):
        assert all(isinstance(kind, (type, str)) for kind in in_dtypes)
        return Scale(self.factor, self.fails)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int32"])
def test_dtypes(dtype):
    x = mx.nd.array([1, 2], dtype=dtype)
    y = mx.nd.Custom(x, op_type="test_scale", factor=3)
    assert y.dtype == x.dtype
    assert y.asnumpy().tolist() == [3, 6]


def test_inside_a_network_trains():
    x, w = mx.sym.var("x"), mx.sym.var("w")
    net = mx.sym.sum(mx.sym.tanh(mx.sym.Custom(x * w, op_type="test_scale", factor=0.5)) * x)
    plain = mx.sym.sum(mx.sym.tanh(x * w * 0.5) * x)
    gradients = []
    for symbol in (net, plain):
        values = {"x": mx.nd.array([1, -2, 3]), "w": mx.nd.array([0.3, 0.2, 0.1])}
        executor = symbol.bind(mx.cpu(), values, {n: mx.nd.zeros(3) for n in values})
        executor.forward(is_train=True)
        executor.backward(mx.nd.ones((1,)))
        gradients.append([executor.grad_dict[n].asnumpy() for n in "xw"])
    np.testing.assert_allclose(gradients[0], gradients[1], 1e-5)


def test_inside_a_loop():
    x = mx.nd.array([[1, 2], [3, 4]])
    gradient = mx.nd.zeros((2, 2))
    outputs, _ = mx.sym.contrib.foreach(
        lambda d, s: (mx.sym.Custom(d * d, op_type="test_scale", factor=2), s + 1), mx.sym.var("x"), mx.sym.var("s")
    )
    executor = outputs.bind(mx.cpu(), {"x": x, "s": mx.nd.zeros((1,))}, {"x": gradient})
    assert executor.forward(is_train=True)[0].asnumpy().tolist() == [[2, 8], [18, 32]]
    executor.backward(mx.nd.ones((2, 2)))
    assert gradient.asnumpy().tolist() == [[4, 8], [12, 16]]


@pytest.mark.parametrize("where", ["forward", "backward", "infer_shape"])
@pytest.mark.parametrize("front", ["arrays", "symbols"])
def test_users_errors_arrive_with_their_traceback(where, front):
    def run():
        if front == "arrays":
            x = mx.nd.ones((2,))
            x.attach_grad()
            with mx.autograd.record():
                y = mx.nd.Custom(x, op_type="test_scale", fails=where)
            y.backward()
            return
        net = mx.sym.Custom(mx.sym.var("x"), op_type="test_scale", fails=where)
        executor = net.simple_bind(mx.cpu(), x=(2,))
        executor.forward(is_train=True)
        executor.backward(mx.nd.ones((2,)))

    with pytest.raises(mx.MXNetError, match=f"test_scale.*{where} raised KeyError: 'lost'") as caught:
        run()
    cause = caught.value.__cause__
    assert isinstance(cause, KeyError)
    assert where in "".join(traceback.format_tb(cause.__traceback__))


def test_wrong_number_of_shapes():
    with pytest.raises(mx.MXNetError, match="infer_shape returned 2 outputs; expected 1: output"):
        mx.nd.Custom(mx.nd.ones((2,)), op_type="test_scale", fails="count")


def test_arrays_by_keyword_are_refused():
    with pytest.raises(TypeError, match="Custom: data is an array; expected inputs by position"):
        mx.nd.Custom(data=mx.nd.ones((2,)), op_type="test_scale")


def test_registered_again_takes_the_place():
    for factor in (2, 5):

        class Prop(ScaleProp):
            def create_operator(self, ctx, in_shapes, in_dtypes, factor=factor):
                return Scale(factor, "")

        mx.operator.register("test_replaced")(Prop)
        assert mx.nd.Custom(mx.nd.ones((1,)), op_type="test_replaced").asscalar() == factor


@pytest.mark.filterwarnings("ignore:.*PythonOp is deprecated")
class TestOlderForms:
    def test_numpy(self):
        class Loss(mx.operator.NumpyOp):
            def __init__(self):
                super().__init__(need_top_grad=False)

            def list_arguments(self):
                return ["data", "label"]

            def infer_shape(self, in_shape):
                return [in_shape[0], (in_shape[0][0],)], [in_shape[0]]

            def forward(self, in_data, out_data):
                assert isinstance(in_data[0], np.ndarray)
                out_data[0][:] = in_data[0] * 2

            def backward(self, out_grad, in_data, out_data, in_grad):
                in_grad[0][:] = out_data[0] - in_data[1].reshape(-1, 1)

        net = Loss()(data=mx.sym.var("x"), name="loss")
        assert net.list_arguments() == ["x", "loss_label"]
        executor = net.simple_bind(mx.cpu(), x=(2, 2))
        executor.arg_dict["x"][:] = 1
        executor.arg_dict["loss_label"][:] = 3
        assert (executor.forward(is_train=True)[0].asnumpy() == 2).all()
        executor.backward()
        assert (executor.grad_dict["x"].asnumpy() == -1).all()

    def test_arrays(self):
        class Twice(mx.operator.NDArrayOp):
            def forward(self, in_data, out_data):
                out_data[0][:] = in_data[0] * 2

            def backward(self, out_grad, in_data, out_data, in_grad):
                in_grad[0][:] = out_grad[0] * 2

        executor = Twice()(mx.sym.var("x")).simple_bind(mx.cpu(), x=(2,))
        executor.arg_dict["x"][:] = 3
        assert (executor.forward(is_train=True)[0].asnumpy() == 6).all()
        executor.backward(mx.nd.ones((2,)))
        assert (executor.grad_dict["x"].asnumpy() == 2).all()

    def test_of_another_process(self):
        with pytest.raises(mx.MXNetError, match="lives in the program that made it"):
            mx.sym.load_json(
                '{"nodes": [{"op": "null", "name": "x", "inputs": []}, {"op": "_NDArray", "name": "n", '
                '"attrs": {"info": "7f00"}, "inputs": [[0, 0, 0]]}], "arg_nodes": [0], "heads": [[1, 0, 0]]}'
            )
