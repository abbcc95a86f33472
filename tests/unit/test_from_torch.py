"""`mx.from_torch`: torch modules as blocks, and as symbols of MXNet's operators."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import mxnet as mx

pytestmark = pytest.mark.filterwarnings("ignore")  # torch remarks on how it traces


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, stride=2, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(6)
        self.conv = nn.Conv2d(6, 6, 3, padding="same", groups=2)
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn(self.stem(x)), inplace=True), 2)
        x = x + self.conv(x)
        return self.fc(self.drop(F.adaptive_avg_pool2d(x, 1).flatten(1)))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out, self.norm = nn.Linear(8, 24), nn.Linear(8, 8), nn.LayerNorm(8)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = self.qkv(x).view(n, t, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        hidden = torch.full((t, t), -1e9).triu(1)
        weights = (q @ k.transpose(-2, -1) / 2 + hidden).softmax(-1)
        return self.norm(x + self.out((weights @ v).transpose(1, 2).reshape(n, t, c))), x.mean(1)


class Recurrent(nn.Module):
    def __init__(self, kind, batch_first, bias=True):
        super().__init__()
        self.embedding = nn.Embedding(20, 5)
        self.layer = kind(5, 4, 2, batch_first=batch_first, bidirectional=True, bias=bias)
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        return self.out(self.layer(self.embedding(x))[0])


class Many(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.up = nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(8, 4, 2, 2)
        self.group, self.instance = nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True)
        self.prelu = nn.PReLU(4)

    def forward(self, x):
        x = F.avg_pool2d(F.hardswish(self.conv(x)), 2)
        x = self.instance(F.leaky_relu(self.group(self.up(F.silu(x)))))
        x = self.prelu(F.pad(F.interpolate(x, scale_factor=2, mode="nearest"), (1, 1, 2, 0)))
        y = torch.cat([x.clamp(0, 1), x[:, ::2] * 2 - 1], 1).amax(2)
        return y, F.gelu(x, approximate="tanh").chunk(2, 1)[1], torch.where(x > 0, x, -x), x.masked_fill(x > 1, 5)


def _transformer():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu")
    return nn.Sequential(nn.Embedding(20, 8), nn.TransformerEncoder(layer, 2, enable_nested_tensor=False))


IMAGE, WORDS = lambda n: torch.randn(n, 3, 12, 12), lambda n: torch.randint(0, 20, (n, 6))
MODULES = {
    "residual": (Residual, IMAGE),
    "attention": (Attention, lambda n: torch.randn(n, 5, 8)),
    "lstm": (lambda: Recurrent(nn.LSTM, True), WORDS),
    "gru, time first": (lambda: Recurrent(nn.GRU, False), WORDS),
    "rnn without bias": (lambda: Recurrent(nn.RNN, True, bias=False), WORDS),
    "many": (Many, IMAGE),
    "transformer": (_transformer, WORDS),
}


def _listed(found):
    return [found] if isinstance(found, torch.Tensor) else list(found)


def _bound(symbol, arg_params, aux_params, data, **options):
    arguments = {**arg_params, "data": mx.nd.NDArray(data)}
    return symbol.bind(mx.cpu(), arguments, aux_states=aux_params, **options)


@pytest.mark.parametrize("name", MODULES)
def test_symbols_compute_what_the_module_does(name, tmp_path):
    make, sample = MODULES[name]
    torch.manual_seed(0)
    module = make().eval()
    symbol, arg_params, aux_params = mx.from_torch(module, sample(3), symbol=True)
    prefix = str(tmp_path / "net")
    mx.model.save_checkpoint(prefix, 0, symbol, arg_params, aux_params)
    symbol, arg_params, aux_params = mx.model.load_checkpoint(prefix, 0)
    for count in (3, 4):  # any batch
        data = sample(count)
        expected = _listed(module(data))
        found = _bound(symbol, arg_params, aux_params, data, grad_req="null").forward()
        for one, wanted in zip(found, expected, strict=True):
            torch.testing.assert_close(one._data, wanted.detach(), rtol=1e-4, atol=1e-5)


def test_symbols_train_as_the_module_does():
    torch.manual_seed(0)
    module = Residual()
    module.drop.p = 0.0
    data = torch.randn(4, 3, 12, 12)
    symbol, arg_params, aux_params = mx.from_torch(module, data, symbol=True)
    assert list(aux_params) == ["bn_running_mean", "bn_running_var"]
    assert "bn_gamma" in arg_params
    gradients = {name: mx.nd.zeros(value.shape) for name, value in arg_params.items()}
    executor = _bound(symbol, arg_params, aux_params, data, args_grad=gradients)
    out = executor.forward(is_train=True)[0]
    executor.backward(out)
    found = module.train()(data)
    found.backward(found.detach())
    torch.testing.assert_close(gradients["stem_weight"]._data, module.stem.weight.grad, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(gradients["bn_gamma"]._data, module.bn.weight.grad, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(executor.aux_dict["bn_running_mean"]._data, module.bn.running_mean)


def test_round_trip_through_torch():
    net = mx.gluon.nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(mx.gluon.nn.Conv2D(4, 3, in_channels=2), mx.gluon.nn.BatchNorm(in_channels=4), mx.gluon.nn.GELU())
        net.add(mx.gluon.nn.GlobalAvgPool2D(), mx.gluon.nn.Dense(3, in_units=4))
    net.initialize()
    x = mx.nd.random.normal(shape=(2, 2, 6, 6))
    symbol, arg_params, aux_params = mx.from_torch(mx.to_torch(net), x, symbol=True)
    found = _bound(symbol, arg_params, aux_params, x._data, grad_req="null").forward()[0]
    np.testing.assert_allclose(found.asnumpy(), net(x).asnumpy(), 1e-5, 1e-6)
    assert sorted(arg_params) == ["batchnorm0_beta", "batchnorm0_gamma", "conv0_bias", "conv0_weight", "dense0_bias",
                                  "dense0_weight"]  # fmt: skip


def test_one_image_is_enough_for_any_batch():
    module = Residual().eval()
    symbol, arg_params, aux_params = mx.from_torch(module, torch.randn(1, 3, 12, 12), symbol=True)
    data = torch.randn(5, 3, 12, 12)
    found = _bound(symbol, arg_params, aux_params, data, grad_req="null").forward()[0]
    torch.testing.assert_close(found._data, module(data).detach(), rtol=1e-4, atol=1e-5)


def test_inputs_are_named():
    class Two(nn.Module):
        def forward(self, a, b):
            return a @ b.t()

    example = torch.ones(2, 3), torch.ones(2, 3)
    assert mx.from_torch(Two(), example, symbol=True)[0].list_arguments() == ["data0", "data1"]
    symbol = mx.from_torch(Two(), example, symbol=True, input_names=["left", "right"])[0]
    assert symbol.list_arguments() == ["left", "right"]


def test_the_module_is_left_as_it_was():
    module = Residual().train()
    module.bn.eval()
    mx.from_torch(module, torch.randn(2, 3, 12, 12), symbol=True)
    assert module.training
    assert not module.bn.training


def test_blocks_share_parameters():
    module = nn.Linear(3, 2)
    block = mx.from_torch(module)
    x = mx.nd.ones((4, 3))
    np.testing.assert_allclose(block(x).asnumpy(), module(torch.ones(4, 3)).detach().numpy(), 1e-6)
    with torch.no_grad():
        module.weight.zero_()
        module.bias.fill_(2)
    assert block(x).asnumpy().tolist() == [[2, 2]] * 4


def test_blocks_with_several_outputs():
    block = mx.from_torch(Attention(), mx.nd.ones((1, 5, 8)))
    out, mean = block(mx.nd.ones((2, 5, 8)))
    assert (out.shape, mean.shape) == ((2, 5, 8), (2, 8))
    block.hybridize()
    assert [one.shape for one in block(mx.nd.ones((2, 5, 8)))] == [(2, 5, 8), (2, 8)]


# -- what cannot be done -------------------------------------------------------------------------------------------


def test_all_unsupported_operations_are_listed():
    class Odd(nn.Module):
        def forward(self, x):
            return torch.fft.fft(torch.linalg.qr(x)[0]).abs() + torch.bincount(x.long().flatten()).sum()

    with pytest.raises(mx.MXNetError, match="cannot be written with MXNet's operators") as caught:
        mx.from_torch(Odd(), torch.ones(3, 3), symbol=True)
    for name in ("linalg_qr", "bincount"):
        assert name in str(caught.value)


def test_modules_that_cannot_be_traced():
    class Branch(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(mx.MXNetError, match=r"torch\.export cannot trace Branch"):
        mx.from_torch(Branch(), torch.ones(3), symbol=True)


def test_wrong_calls():
    with pytest.raises(TypeError, match=r"expected a torch.nn.Module, got int"):
        mx.from_torch(3)
    with pytest.raises(ValueError, match="symbol=True needs example_inputs"):
        mx.from_torch(nn.Linear(2, 2), symbol=True)
    with pytest.raises(ValueError, match="2 input_names for 1 example_inputs"):
        mx.from_torch(nn.Linear(2, 2), torch.ones(1, 2), symbol=True, input_names=["a", "b"])
    with pytest.raises(TypeError, match="example input 0 is a ndarray"):
        mx.from_torch(nn.Linear(2, 2), np.ones((1, 2)), symbol=True)
