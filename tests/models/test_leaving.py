"""Whole networks leave for torch and come back: the model zoo, a transformer, recurrent networks."""

from __future__ import annotations

import importlib.util
import pathlib
import sys

import numpy as np
import pytest
import torch

import mxnet as mx
from tests.golden import zoo

ROOT = pathlib.Path(__file__).parent.parent.parent
#: One of each family that is quick.
QUICK = ("mobilenet0.25", "mobilenetv2_0.25", "resnet18_v2", "squeezenet1.1")
NAMES = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in sorted(zoo.SIZES)]


def _loaded(path, name):
    """Return the class in a file that was written."""
    spec = importlib.util.spec_from_file_location(f"written_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


@pytest.mark.parametrize("name", NAMES)
def test_zoo_as_source(name, tmp_path):
    net, x = zoo.build(mx, name), torch.tensor(zoo.image(name))
    expected = net(mx.nd.NDArray(x)).asnumpy()
    module = mx.to_torch(net, source=tmp_path / "net.py", name="Net")
    again = _loaded(tmp_path / "net.py", "Net")()
    again.load_state_dict(module.state_dict())
    with torch.no_grad():
        for one in (module, again.eval()):
            scale = np.abs(expected).max()
            np.testing.assert_allclose(one(x).numpy(), expected, 1e-4, 1e-4 * scale)
    assert set(module.mxnet_names) == set(module.state_dict())
    text = (tmp_path / "net.py").read_text()
    assert "mxnet." not in text
    assert max(map(len, text.splitlines())) < 160


@pytest.mark.filterwarnings("ignore")  # torch remarks on how it traces
@pytest.mark.parametrize("name", ["mobilenet0.25", pytest.param("resnet18_v2", marks=pytest.mark.slow)])
def test_zoo_there_and_back(name, tmp_path):
    """To torch, through its exporter to a symbol, to MXNet's files, into Module."""
    net, x = zoo.build(mx, name), zoo.image(name)
    expected = net(mx.nd.array(x)).asnumpy()
    symbol, arg_params, aux_params = mx.from_torch(mx.to_torch(net), mx.nd.array(x), symbol=True)
    prefix = str(tmp_path / "back")
    mx.model.save_checkpoint(prefix, 0, symbol, arg_params, aux_params)
    module = mx.mod.Module.load(prefix, 0, label_names=None)
    module.bind([("data", x.shape)], for_training=False)
    found = module.predict(mx.io.NDArrayIter(x, batch_size=len(x))).asnumpy()
    np.testing.assert_allclose(found, expected, 1e-4, 1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("attention", ["batch_dot", "interleaved"])
def test_transformer(attention, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "gluon"))
    monkeypatch.delitem(sys.modules, "transformer", raising=False)
    import transformer

    net = transformer.Encoder(10, 6, attention=transformer.ATTENTIONS[attention])
    net.initialize(mx.init.Xavier())
    x = np.random.default_rng(0).integers(0, 10, (3, 6)).astype("float32")
    module = mx.to_torch(net, source=tmp_path / "net.py")
    again = _loaded(tmp_path / "net.py", "Encoder")()
    again.load_state_dict(module.state_dict())
    expected = net(mx.nd.array(x)).asnumpy()
    for given in (torch.tensor(x), torch.tensor(x).long()):
        np.testing.assert_allclose(again(given).detach().numpy(), expected, 1e-4, 1e-5)
    program = torch.export.export(module, (torch.tensor(x),), dynamic_shapes=({0: torch.export.Dim("batch")},))
    np.testing.assert_allclose(program.module()(torch.tensor(x[:2])).detach().numpy(), expected[:2], 1e-4, 1e-5)


def test_language_model_with_states(tmp_path):
    class Model(mx.gluon.HybridBlock):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            with self.name_scope():
                self.embedding = mx.gluon.nn.Embedding(20, 8)
                self.lstm = mx.gluon.rnn.LSTM(6, 2, input_size=8, dropout=0.2)
                self.decoder = mx.gluon.nn.Dense(20, in_units=6, flatten=False)

        def hybrid_forward(self, F, words, hidden, cell):
            out, states = self.lstm(self.embedding(words), [hidden, cell])
            return self.decoder(out), states

    net = Model()
    net.initialize(mx.init.Normal(0.5))
    random = np.random.default_rng(0)
    given = random.integers(0, 20, (5, 3)).astype("float32"), *random.normal(size=(2, 2, 3, 6)).astype("float32")
    expected, states = net(*(mx.nd.array(one) for one in given))
    module = mx.to_torch(net, source=tmp_path / "net.py")
    assert "lstm0_rnn0, (lstm0_rnn0_1, lstm0_rnn0_2) = self.lstm0(x, (hidden, cell))" in module.source
    found, (hidden, cell) = module(*map(torch.tensor, given))
    np.testing.assert_allclose(found.detach().numpy(), expected.asnumpy(), 1e-4, 1e-5)
    np.testing.assert_allclose(hidden.detach().numpy(), states[0].asnumpy(), 1e-4, 1e-5)
    np.testing.assert_allclose(cell.detach().numpy(), states[1].asnumpy(), 1e-4, 1e-5)


def test_safetensors_of_a_network(tmp_path):
    name = "squeezenet1.1"
    net, x = zoo.build(mx, name), mx.nd.array(zoo.image(name))
    expected = net(x).asnumpy()
    net.export(str(tmp_path / "net"))
    symbol, arg_params, aux_params = mx.model.load_checkpoint(str(tmp_path / "net"), 0)
    mx.save_safetensors(tmp_path / "net.safetensors", arg_params, aux_params, symbol)
    symbol, arg_params, aux_params = mx.load_safetensors(tmp_path / "net.safetensors")
    executor = symbol.bind(mx.cpu(), {**arg_params, "data": x}, aux_states=aux_params, grad_req="null")
    np.testing.assert_allclose(executor.forward()[0].asnumpy(), expected, 1e-5, 1e-6)
    torch.testing.assert_close(mx.to_torch(symbol, arg_params, aux_params)(x._data), torch.tensor(expected))
