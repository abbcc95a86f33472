"""What only a CUDA device can show."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(mx.context.num_gpus() == 0, reason="this machine has no CUDA device"),
]


def network() -> mx.sym.Symbol:
    data = mx.sym.var("data")
    with mx.AttrScope(ctx_group="first"):
        hidden = mx.sym.FullyConnected(data, num_hidden=8, name="fc1")
        hidden = mx.sym.BatchNorm(mx.sym.Activation(hidden, act_type="relu"), fix_gamma=False, name="bn")
    with mx.AttrScope(ctx_group="second"):
        hidden = mx.sym.FullyConnected(hidden, num_hidden=3, name="fc2")
        return mx.sym.SoftmaxOutput(hidden, name="softmax")


def gradients(context: mx.Context, **options: object) -> dict[str, np.ndarray]:
    executor = network().simple_bind(context, data=(16, 5), softmax_label=(16,), **options)
    generator = np.random.default_rng(0)
    for name, array in executor.arg_dict.items():
        array[:] = (
            generator.integers(0, 3, array.shape) if name == "softmax_label" else generator.normal(size=array.shape)
        )
    executor.forward(is_train=True)
    executor.backward()
    found = {name: array.asnumpy() for name, array in executor.grad_dict.items()}
    return {**found, "output": executor.outputs[0].asnumpy(), **{n: a.asnumpy() for n, a in executor.aux_dict.items()}}


def test_a_network_computes_what_it_computes_on_the_cpu():
    expected, found = gradients(mx.cpu()), gradients(mx.gpu(0))
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-4, err_msg=name)


def test_groups_on_two_devices():
    expected = gradients(mx.cpu())
    found = gradients(mx.cpu(), group2ctx={"first": mx.gpu(0), "second": mx.cpu()})
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-3, atol=1e-4, err_msg=name)


def test_arrays_move_and_stay():
    x = mx.nd.array([[1, 2], [3, 4]], ctx=mx.gpu(0))
    assert x.context == mx.gpu(0)
    assert (x * 2).context == mx.gpu(0)
    assert x.as_in_context(mx.cpu()).context == mx.cpu()
    with mx.gpu(0):
        assert mx.nd.zeros((2,)).context == mx.gpu(0)
    x[0] = np.array([7, 8])
    assert x.asnumpy().tolist() == [[7, 8], [3, 4]]
    with pytest.raises(mx.MXNetError, match="device"):
        x + mx.nd.ones((2, 2))


def test_recording():
    x = mx.nd.array([1.0, 2.0], ctx=mx.gpu(0))
    x.attach_grad()
    with mx.autograd.record():
        y = (x * x).sum()
    y.backward()
    assert x.grad.context == mx.gpu(0)
    assert x.grad.asnumpy().tolist() == [2.0, 4.0]


def test_seeds():
    drawn = []
    for _ in range(2):
        mx.random.seed(3, ctx=mx.gpu(0))
        drawn.append(mx.nd.random.normal(shape=(100,), ctx=mx.gpu(0)).asnumpy())
    np.testing.assert_array_equal(*drawn)


def test_indices_out_of_range_are_refused_not_crashed():
    x = mx.nd.zeros((3, 2), ctx=mx.gpu(0))
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        x[mx.nd.array([0, 5], ctx=mx.gpu(0))]
    assert x.asnumpy().sum() == 0


def test_memory_info():
    free, total = mx.context.gpu_memory_info(0)
    assert 0 < free <= total
    mx.gpu(0).empty_cache()
