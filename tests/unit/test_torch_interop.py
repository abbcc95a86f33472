"""torch modules inside Gluon networks, and Gluon networks as torch modules."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet import gluon
from mxnet.gluon import nn


def torch_network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.ReLU(), torch.nn.Linear(6, 2))


def mixed(module):
    net = nn.HybridSequential()
    net.add(nn.Dense(4, in_units=3), gluon.TorchBlock(module))
    net.initialize(mx.init.One())
    return net


def data(shape=(5, 3)):
    return mx.nd.array(np.random.default_rng(1).normal(size=shape))


@pytest.mark.parametrize("hybridized", [False, True])
def test_a_torch_module_in_a_network_computes_and_learns_as_in_torch(hybridized):
    module = torch_network()
    alone = copy.deepcopy(module)
    net, x = mixed(module), data()
    net.hybridize(hybridized)
    for _ in range(2):
        with mx.autograd.record():
            loss = (net(x) ** 2).sum()
        loss.backward()
    first = torch.nn.Linear(3, 4)
    torch.nn.init.ones_(first.weight)
    torch.nn.init.zeros_(first.bias)
    for _ in range(2):
        alone.zero_grad()
        expected = (alone(first(torch.from_numpy(x.asnumpy()))) ** 2).sum()
        expected.backward()
    np.testing.assert_allclose(loss.asscalar(), expected.item(), 1e-5)
    names = dict(alone.named_parameters())
    for name, parameter in net[1]._reg_params.items():
        if parameter.grad_req == "write":
            np.testing.assert_allclose(parameter.grad().asnumpy(), names[name].grad.numpy(), 1e-4, 1e-5, err_msg=name)
    for name, buffer in alone.named_buffers():  # running statistics moved in the same way
        np.testing.assert_allclose(dict(module.named_buffers())[name].numpy(), buffer.numpy(), 1e-5, err_msg=name)
    np.testing.assert_allclose(
        net(x).asnumpy(), alone.eval()(first(torch.from_numpy(x.asnumpy()))).detach(), 1e-4, 1e-5
    )


def test_memory_is_shared_with_the_torch_module():
    module = torch_network()
    net, x = mixed(module), data()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    before = module[0].weight.detach().clone()
    with mx.autograd.record():
        loss = (net(x) ** 2).sum()
    loss.backward()
    trainer.step(1)
    assert not torch.equal(module[0].weight, before)
    with torch.no_grad():
        module[3].bias.fill_(7)
    assert net[1]._reg_params["3.bias"].data().asnumpy().tolist() == [7, 7]


def test_a_torch_module_with_several_inputs_and_outputs():
    class Two(torch.nn.Module):
        def forward(self, pair, c):
            a, b = pair
            return a + b, a * c

    block = gluon.TorchBlock(Two(), outputs=2)
    arrays = [data((2, 2)) for _ in range(3)]
    plain = block(arrays[:2], arrays[2])
    block.hybridize()
    for one, other in zip(block(arrays[:2], arrays[2]), plain):
        np.testing.assert_array_equal(one.asnumpy(), other.asnumpy())


def test_initialize_keeps_the_modules_values_and_cast_goes_to_the_module():
    module = torch_network()
    before = module[0].weight.detach().clone()
    net = mixed(module)
    assert torch.equal(module[0].weight, before)
    net.cast("float64")
    assert module[0].weight.dtype is torch.float64
    assert net(data().astype("float64")).dtype is np.float64
    assert module[0].weight.data_ptr() == net[1]._reg_params["0.weight"].data()._data.data_ptr()


def test_parameters_of_a_torch_module_are_saved_and_loaded(tmp_path):
    path = str(tmp_path / "net.params")
    net = mixed(torch_network())
    net.save_parameters(path)
    other = mixed(torch.nn.Sequential(*(copy.deepcopy(part) for part in torch_network())))
    for parameter in other[1].collect_params().values():
        parameter.data()[:] = 0
    other.load_parameters(path)
    np.testing.assert_array_equal(other(data()).asnumpy(), net(data()).asnumpy())


def test_a_graph_with_a_torch_module_cannot_be_written(tmp_path):
    net = mixed(torch_network())
    net.hybridize()
    net(data())
    with pytest.raises(mx.MXNetError, match=r"torch_module.*this process"):
        net.export(str(tmp_path / "net"))
    assert not list(tmp_path.iterdir())


def gluon_network():
    net = nn.HybridSequential()
    net.add(nn.Dense(4, activation="tanh", in_units=3), nn.BatchNorm(in_channels=4), nn.Dense(2, in_units=4))
    net.initialize(mx.init.Xavier())
    return net


@pytest.mark.parametrize("hybridized", [False, True])
def test_a_network_as_a_torch_module_learns_with_a_torch_optimizer(hybridized):
    mx.random.seed(3)
    net, x = gluon_network(), data()
    again = copy.deepcopy(net)
    net.hybridize(hybridized)
    module = gluon.TorchModule(net)
    assert list(module.state_dict()) == list(net._collect_params_with_prefix())
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9)
    trainer = gluon.Trainer(again.collect_params(), "sgd", {"learning_rate": 0.01, "momentum": 0.9})
    tensor = torch.from_numpy(x.asnumpy()).requires_grad_()
    x.attach_grad()
    for _ in range(4):
        optimizer.zero_grad()
        loss = (module(tensor) ** 2).sum()
        loss.backward()
        optimizer.step()
        with mx.autograd.record():
            expected = (again(x) ** 2).sum()
        expected.backward()
        trainer.step(1)
        np.testing.assert_allclose(loss.item(), expected.asscalar(), 1e-5)
    np.testing.assert_allclose(net[0].weight.data().asnumpy(), again[0].weight.data().asnumpy(), 1e-4, 1e-6)
    module.eval()
    np.testing.assert_allclose(module(tensor).detach().numpy(), again(x).asnumpy(), 1e-4, 1e-5)
    tensor.grad = None
    module(tensor).sum().backward()
    assert tensor.grad.abs().sum() > 0


def test_a_network_is_as_before_after_its_torch_module_ran():
    net, x = gluon_network(), data()
    module = gluon.TorchModule(net)
    module(torch.from_numpy(x.asnumpy())).sum().backward()
    with mx.autograd.record():
        loss = net(x).sum()
    loss.backward()
    assert np.abs(net[2].weight.grad().asnumpy()).sum() > 0
    with torch.no_grad():
        assert not module(torch.ones(2, 3)).requires_grad


def test_state_dicts_go_both_ways():
    one, other = gluon.TorchModule(gluon_network()), gluon.TorchModule(gluon_network())
    other.load_state_dict(one.state_dict())
    np.testing.assert_array_equal(one.block(data()).asnumpy(), other.block(data()).asnumpy())


def test_a_module_that_was_cast_leads():
    net = gluon_network()
    module = gluon.TorchModule(net).double()
    found = module(torch.ones(2, 3, dtype=torch.float64))
    assert found.dtype is torch.float64
    assert net[0].weight.data().dtype is np.float64


def test_wrong_things_are_told():
    with pytest.raises(TypeError, match=r"torch\.nn\.Module, got int"):
        gluon.TorchBlock(3)
    with pytest.raises(TypeError, match="Block, got int"):
        gluon.TorchModule(3)
    waiting = nn.Dense(3)
    waiting.initialize()
    with pytest.raises(gluon.DeferredInitializationError, match="Pass one batch"):
        gluon.TorchModule(waiting)
