"""`mx.to_torch`: modules on torch alone that compute, train and are written as MXNet's networks are."""

from __future__ import annotations

import copy
import inspect
import subprocess
import sys

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet._leaving import to_torch as implementation
from mxnet._leaving.forms import FORMS
from tests.laws.calls import array, bound, executed, head_gradient, listed, operator_of, symbol
from tests.laws.cases import REFERENCES
from tests.tolerances import GRADIENT, OPERATOR, assert_close

assert implementation  # importing it registers the forms

#: Samples that the plain form gives other answers to, by operator and a part of their label; the reason.
EDGES = {
    ("Dropout", "mode=always"): "it draws",
    ("GroupNorm", "1_2_3x1x1"): "the data spans more than float32 resolves; torch computes it narrowly",
    ("IdentityAttachKLSparseReg", ""): "its own gradient is in the module without source= only",
    ("InstanceNorm", "1_2_3x2x2"): "as GroupNorm",
    ("InstanceNorm", "2_2_3x2x2"): "squares overflow",
    ("L2Normalization", "2_3[]"): "squares overflow",
    ("LayerNorm", "3_1x1x1[]"): "rounding of a gradient that is 0",
    ("LayerNorm", "2_3x3x3[]"): "squares overflow",
    ("MakeLoss", ""): "as IdentityAttachKLSparseReg",
    ("make_loss", ""): "as IdentityAttachKLSparseReg",
    ("Pooling_v1", ""): "several equal maxima of a window: all get the gradient in MXNet, one in torch",
    ("RNN", "0_2_2x"): "torch refuses sequences without steps",
    ("RNN", "3_0_2x"): "torch refuses a batch without sequences",
    ("SoftmaxOutput", "out_grad=True"): "its own gradient is in the module without source= only",
    ("_full", "value="): "numbers that the dtype cannot hold",
    ("_maximum", ""): "equal operands: MXNet gives the gradient to the first, torch to both",
    ("_minimum", ""): "as _maximum",
    ("amp_cast", "dtype=float16"): "the input's dtype is not known to be float64",
    ("broadcast_maximum", ""): "as _maximum",
    ("broadcast_minimum", ""): "as _maximum",
    ("cbrt", "13[]"): "gradients at 0 and infinity",
    ("clip", "1[a_min=-1,a_max=1]"): "the gradient at NaN: it passes in MXNet",
    ("clip", "1e+300"): "a limit that float32 cannot hold",
    ("hard_sigmoid", ""): "the gradient at the ends",
    ("max", ""): "several equal maxima",
    ("min", ""): "several equal minima",
    ("norm", ""): "the gradient at 0 and at infinity",
    ("rcbrt", "6[]"): "gradients at 0 and infinity",
    ("reverse", "axis=(0,0)"): "an axis named twice",
    ("softmax", "temperature"): "differences of infinities",
    ("softsign", "13[]"): "gradients at infinity",
}


def _samples():
    for name, entry in sorted(REFERENCES.items()):
        if operator_of(name).name not in FORMS:
            continue
        for sample in entry.samples:
            if sample.inputs and (sample.inputs[0].dtype.kind != "f" or sample.inputs[0].dtype.itemsize == 2):
                continue  # integers have their own rules, and of 16-bit floats torch has fewer kernels
            if not any(name == one and part in str(sample) for one, part in EDGES):
                yield name, sample


def _cases():
    """Two samples of each operator in the quick run, all in the other."""
    seen: dict[str, int] = {}
    for name, sample in _samples():
        seen[name] = seen.get(name, 0) + 1
        marks = () if seen[name] <= 2 else pytest.mark.slow
        yield pytest.param(name, sample, id=f"{name}-{seen[name]}-{sample}", marks=marks)


@pytest.mark.filterwarnings("ignore:LSTM with projections")  # which oneDNN does not have
@pytest.mark.parametrize("held", [False, True], ids=["inputs", "parameters"])
@pytest.mark.parametrize(("name", "sample"), list(_cases()))
def test_plain_forms_compute_what_the_operator_does(name, sample, held, tmp_path):
    """With the other inputs as inputs of the module, and as its parameters."""
    net, names = symbol(name, sample.inputs, sample.attributes)
    states = net.list_auxiliary_states()
    values = dict(zip(names, sample.inputs))
    params = {n: array(x) for n, x in values.items() if n in states or (held and n != "in0")}
    free = [n for n in names if n not in params]
    shapes = {n: values[n].shape for n in free}
    try:
        module = mx.to_torch(net, params, inputs=free, shapes=shapes, source=tmp_path / "model.py")
    except mx.MXNetError as error:
        assert "cannot be written as plain torch" in str(error)  # noqa: PT017
        return
    executor, _, _ = bound(name, sample)
    expected = [output.asnumpy() for output in executor.forward(is_train=False)]
    count = len(inspect.signature(module.forward).parameters)
    given = [torch.tensor(values[n]) for n in free][:count]
    found = listed(module(*given))
    for one, wanted in zip(found, expected, strict=True):
        assert str(one.dtype)[6:] == wanted.dtype.name
        assert_close(one.detach().numpy(), wanted, OPERATOR, name)
    operator = operator_of(name)
    if operator.random or operator.is_loss(net._entries[0].node.values):
        return
    _check_gradients(name, sample, module, names, dict(zip(free, given)), states)


def _check_gradients(name, sample, module, names, given, states):
    expected = executed(name, sample)
    module.train(sample.training)
    live = {n: x.clone().requires_grad_() if x.is_floating_point() else x for n, x in given.items()}
    outputs = [one for one in listed(module(*live.values())) if one.requires_grad]
    heads = [torch.tensor(head_gradient(tuple(one.shape), np.float64)).to(one.dtype) for one in outputs]
    if outputs:
        torch.autograd.backward(outputs, heads)
    own = {module.mxnet_names.get(key, "")[4:]: one for key, one in module.named_parameters()}
    for number, variable in enumerate(names):
        wanted, tensor = expected.gradients[number], live.get(variable, own.get(variable))
        if wanted is not None and tensor is not None:
            found = np.zeros_like(wanted) if tensor.grad is None else tensor.grad.numpy()
            assert_close(found, wanted, GRADIENT, f"{name}: gradient of {variable}")
    moved = {module.mxnet_names.get(key, "")[4:]: one for key, one in module.named_buffers()}
    for number, variable in enumerate(names):
        if variable in states and variable in moved:
            assert_close(moved[variable].numpy(), expected.after[number], OPERATOR, f"{name}: state {variable}")


def test_most_operators_of_networks_have_a_plain_form():
    assert len(FORMS) > 180
    assert {"Convolution", "BatchNorm", "RNN", "LayerNorm", "SoftmaxOutput", "take", "topk"} <= FORMS.keys()


# -- modules -------------------------------------------------------------------------------------------------------


def _convolutional():
    net = mx.gluon.nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(mx.gluon.nn.Conv2D(6, 3, in_channels=3, padding=1, use_bias=False))
        net.add(mx.gluon.nn.BatchNorm(in_channels=6))
        net.add(mx.gluon.nn.Activation("relu"), mx.gluon.nn.MaxPool2D(), mx.gluon.nn.Flatten())
        net.add(mx.gluon.nn.Dense(4, in_units=96))
    net.initialize(mx.init.Xavier())
    net[1].gamma.set_data(mx.nd.array([1, 2, 3, 1, 2, 3]))
    return net


def _image(n=3):
    return np.random.default_rng(0).normal(size=(n, 3, 8, 8)).astype("float32")


def test_source_reads_as_a_person_would_write_it(tmp_path):
    module = mx.to_torch(_convolutional(), source=tmp_path / "net.py", name="Net")
    source = (tmp_path / "net.py").read_text()
    assert source == module.source
    assert source.endswith(
        """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv0 = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.batchnorm0 = BatchNorm(6, eps=1e-05)
        self.dense0 = nn.Linear(96, 4)

    def forward(self, data):
        x = self.conv0(data)
        x = self.batchnorm0(x)
        x = F.relu(x)
        x = F.max_pool2d(x, 2)
        x = x.flatten(1)
        return self.dense0(x)
"""
    )
    assert type(module).__name__ == "Net"
    assert "self.conv0(data)" in inspect.getsource(type(module).forward)


def test_names_tell_where_values_come_from():
    module = mx.to_torch(_convolutional())
    assert list(module.state_dict()) == [*module.mxnet_names]
    assert module.mxnet_names == {
        "conv0.weight": "arg:net_conv0_weight",
        "batchnorm0.weight": "arg:net_batchnorm0_gamma",
        "batchnorm0.bias": "arg:net_batchnorm0_beta",
        "batchnorm0.running_mean": "aux:net_batchnorm0_running_mean",
        "batchnorm0.running_var": "aux:net_batchnorm0_running_var",
        "dense0.weight": "arg:net_dense0_weight",
        "dense0.bias": "arg:net_dense0_bias",
    }
    assert {key for key, _ in module.named_buffers()} == {"batchnorm0.running_mean", "batchnorm0.running_var"}
    assert not module.training


def test_values_are_copies():
    net = _convolutional()
    module = mx.to_torch(net)
    net[-1].weight.set_data(mx.nd.zeros((4, 96)))
    assert module.dense0.weight.abs().sum() > 0


def test_a_training_step_is_mxnets():
    net, x = _convolutional(), _image()
    module = mx.to_torch(net).train()
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.01, "momentum": 0.9})
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9)
    for _ in range(3):
        with mx.autograd.record():
            loss = (net(mx.nd.array(x)) ** 2).mean()
        loss.backward()
        trainer.step(1)
        optimizer.zero_grad()
        module(torch.tensor(x)).square().mean().backward()
        optimizer.step()
    values = net.collect_params()
    for key, tensor in module.state_dict().items():
        assert_close(tensor.numpy(), values[module.mxnet_names[key][4:]].data().asnumpy(), GRADIENT, key)


def test_frozen_parameters_stay_frozen():
    net = _convolutional()
    net[0].weight.grad_req = "null"
    module = mx.to_torch(net)
    assert {key for key, one in module.named_parameters() if not one.requires_grad} == {"conv0.weight"}


def test_fixed_scales_are_one_and_frozen():
    data = mx.sym.var("data")
    net = mx.sym.BatchNorm(data, fix_gamma=True, name="bn")
    ones, mixed = mx.nd.ones((2,)), mx.nd.array([3, 4])
    module = mx.to_torch(net, {"bn_gamma": mixed, "bn_beta": mixed}, {"bn_moving_mean": mixed, "bn_moving_var": ones})
    assert module.bn.weight.tolist() == [1, 1]
    assert not module.bn.weight.requires_grad


def test_copies_and_dtypes():
    net, x = _convolutional(), torch.tensor(_image())
    module = mx.to_torch(net)
    expected = module(x)
    for other in (copy.deepcopy(module), copy.deepcopy(module).to(torch.float64), copy.deepcopy(module).bfloat16()):
        dtype = next(other.parameters()).dtype
        found = other(x.to(dtype))
        assert found.dtype is dtype
        torch.testing.assert_close(
            found.float(), expected, **({"rtol": 0.05, "atol": 0.05} if dtype.itemsize == 2 else {})
        )
    again = type(module)()
    again.load_state_dict(module.state_dict())
    assert torch.equal(again.eval()(x), expected)


@pytest.mark.parametrize("dynamic", [False, True])
def test_exported_programs(dynamic, tmp_path):
    net, x = _convolutional(), torch.tensor(_image())
    module = mx.to_torch(net)
    shapes = ({0: torch.export.Dim("batch")},) if dynamic else None
    program = torch.export.export(module, (x,), dynamic_shapes=shapes)
    assert torch.equal(program.module()(x), module(x))
    if dynamic:
        assert torch.allclose(program.module()(x[:2]), module(x[:2]), atol=1e-6)


@pytest.mark.filterwarnings("ignore")  # torch remarks on what it meets while it loads its compiler
@pytest.mark.parametrize("training", [False, True])
def test_compiled(training):
    net, x = _convolutional(), torch.tensor(_image())
    module = mx.to_torch(net).train(training)
    compiled = torch.compile(copy.deepcopy(module), backend="aot_eager")
    torch.testing.assert_close(compiled(x), module(x))


STANDALONE = """\
import importlib.util, sys
sys.modules["mxnet"] = None  # importing it fails
import torch
spec = importlib.util.spec_from_file_location("model", "model.py")
model = importlib.util.module_from_spec(spec)
spec.loader.exec_module(model)
net = model.Net()
net.load_state_dict(torch.load("state.pt"))
net.eval()
x = torch.load("x.pt")
torch.save([net(x), torch.export.load("net.pt2").module()(x)], "y.pt")
"""


def test_what_is_written_needs_torch_only(tmp_path):
    module = mx.to_torch(_convolutional(), source=tmp_path / "model.py", name="Net")
    x = torch.tensor(_image())
    torch.save(module.state_dict(), tmp_path / "state.pt")
    torch.save(x, tmp_path / "x.pt")
    torch.export.save(torch.export.export(module, (x,)), tmp_path / "net.pt2")
    subprocess.run([sys.executable, "-c", STANDALONE], cwd=tmp_path, check=True)
    expected = module(x)
    for found in torch.load(tmp_path / "y.pt"):
        assert torch.equal(found, expected)


# -- symbols, losses -----------------------------------------------------------------------------------------------


def _classifier():
    hidden = mx.sym.Activation(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=8, name="fc1"), act_type="relu")
    net = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(hidden, num_hidden=3, name="fc2"), name="softmax")
    executor = net.simple_bind(mx.cpu(), data=(5, 4), softmax_label=(5,))
    random = np.random.default_rng(0)
    for value in executor.arg_arrays:
        value[:] = random.normal(size=value.shape)
    executor.arg_dict["softmax_label"][:] = [0, 1, 2, 1, 0]
    return net, executor


def _params(executor):
    return {name: value for name, value in executor.arg_dict.items() if name.startswith("fc")}


def test_loss_layers_predict_without_a_label_and_train_with_one():
    net, executor = _classifier()
    module = mx.to_torch(net, _params(executor))
    data, label = (torch.tensor(executor.arg_dict[name].asnumpy()) for name in ("data", "softmax_label"))
    executor.forward(is_train=True)
    executor.backward()
    assert_close(module(data).detach().numpy(), executor.outputs[0].asnumpy(), OPERATOR, "prediction")
    module.train()(data, label).sum().backward()
    for name, parameter in (("fc1_weight", module.fc1.weight), ("fc2_bias", module.fc2.bias)):
        assert_close(parameter.grad.numpy(), executor.grad_dict[name].asnumpy(), GRADIENT, name)


@pytest.mark.filterwarnings("ignore")
def test_loss_layers_are_left_out_of_compiled_code():
    net, executor = _classifier()
    module = mx.to_torch(net, _params(executor)).train()
    data, label = (torch.tensor(executor.arg_dict[name].asnumpy()) for name in ("data", "softmax_label"))
    module(data, label).sum().backward()
    expected = module.fc1.weight.grad.clone()
    module.zero_grad()
    torch.compile(module, backend="aot_eager")(data, label).sum().backward()
    torch.testing.assert_close(module.fc1.weight.grad, expected)


def test_make_loss_has_mxnets_gradient():
    net = mx.sym.MakeLoss(mx.sym.square(mx.sym.var("w")), grad_scale=3)
    module = mx.to_torch(net, {"w": mx.nd.array([2.0])}).train()
    (module() * 100).backward()  # the head gradient does not matter
    assert module.w.grad.tolist() == [12.0]


def test_parameters_from_files_and_dicts(tmp_path):
    net, executor = _classifier()
    prefix = str(tmp_path / "net")
    mx.model.save_checkpoint(prefix, 3, net, _params(executor), {})
    data = torch.tensor(executor.arg_dict["data"].asnumpy())
    expected = mx.to_torch(net, _params(executor))(data)
    for params in (f"{prefix}-0003.params", {f"arg:{k}": v for k, v in _params(executor).items()}):
        assert torch.equal(mx.to_torch(f"{prefix}-symbol.json", params)(data), expected)
    block = mx.gluon.SymbolBlock.imports(f"{prefix}-symbol.json", ["data", "softmax_label"], f"{prefix}-0003.params")
    assert torch.allclose(mx.to_torch(block)(data), expected)


def test_shared_parameters_make_one_layer():
    weight = mx.sym.var("w_weight")
    both = [mx.sym.FullyConnected(mx.sym.var(n), weight=weight, num_hidden=2, no_bias=True) for n in ("a", "b")]
    module = mx.to_torch(both[0] - both[1], {"w_weight": mx.nd.array([[1, 2], [3, 4]])})
    assert list(module.state_dict()) == ["w.weight"]
    assert module(torch.ones(1, 2), torch.zeros(1, 2)).tolist() == [[3, 7]]


def test_inputs_keep_their_names_and_order():
    net = mx.sym.var("x") - mx.sym.var("self") * mx.sym.var("lambda")
    module = mx.to_torch(net, {}, inputs=["lambda", "x"])
    assert list(inspect.signature(module.forward).parameters) == ["lambda_2", "x", "self_2"]
    assert module(torch.tensor(2.0), torch.tensor(7.0), torch.tensor(3.0)) == 1


def test_several_outputs_keep_their_structure():
    class Pair(mx.gluon.HybridBlock):
        def hybrid_forward(self, F, x, y):
            return x + y, [x * 2, (y,)]

    found = mx.to_torch(Pair())(torch.ones(1), torch.zeros(1))
    assert isinstance(found, tuple)
    assert [found[0].item(), found[1][0].item(), found[1][1][0].item()] == [1, 2, 0]


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_recurrent_layers_become_torchs(kind, bidirectional, tmp_path):
    net = getattr(mx.gluon.rnn, kind)(5, 2, bidirectional=bidirectional, input_size=3, layout="NTC")
    net.initialize(mx.init.Normal(1))
    x = np.random.default_rng(1).normal(size=(4, 6, 3)).astype("float32")
    module = mx.to_torch(net, source=tmp_path / "net.py")
    assert f"nn.{kind}(3, 5, num_layers=2" in module.source
    assert_close(module(torch.tensor(x)).detach().numpy(), net(mx.nd.array(x)).asnumpy(), OPERATOR, kind)


def test_fused_parameters_are_taken_apart():
    cell = mx.rnn.FusedRNNCell(4, num_layers=2, mode="lstm", prefix="lstm_", bidirectional=True)
    net, _ = cell.unroll(3, mx.sym.var("data"), layout="TNC", merge_outputs=True)
    executor = net.simple_bind(mx.cpu(), data=(3, 2, 5))
    random = np.random.default_rng(0)
    for value in executor.arg_arrays:
        value[:] = random.normal(size=value.shape)
    params = {name: value for name, value in executor.arg_dict.items() if name == "lstm_parameters"}
    module = mx.to_torch(net, params)
    data = torch.tensor(executor.arg_dict["data"].asnumpy())
    assert_close(module(data).detach().numpy(), executor.forward()[0].asnumpy(), OPERATOR, "lstm")


def test_cells_that_begin_with_zeros():
    cell = mx.rnn.LSTMCell(4, prefix="lstm_")
    outputs, _ = cell.unroll(3, mx.sym.var("data"), layout="NTC", merge_outputs=True)
    executor = outputs.simple_bind(mx.cpu(), data=(2, 3, 5))
    random = np.random.default_rng(0)
    for value in executor.arg_arrays:
        value[:] = random.normal(size=value.shape)
    params = {name: value for name, value in executor.arg_dict.items() if name.startswith("lstm_")}
    module = mx.to_torch(outputs, params)
    data = torch.tensor(executor.arg_dict["data"].asnumpy())
    assert_close(module(data).detach().numpy(), executor.forward()[0].asnumpy(), OPERATOR, "lstm")


def test_long_graphs():
    net = mx.sym.var("data")
    for _ in range(3000):
        net = net + 1
    assert mx.to_torch(net, {})(torch.zeros(1)).item() == 3000


# -- operators without a plain form --------------------------------------------------------------------------------


def _unusual():
    columns = mx.sym.contrib.count_sketch(
        mx.sym.var("data"), mx.sym.var("h"), mx.sym.var("s"), out_dim=4, name="sketch"
    )
    return mx.sym.contrib.fft(columns, name="transform")


def test_operators_without_a_plain_form_run_as_they_are():
    net = _unusual()
    random = np.random.default_rng(0)
    values = {"data": random.normal(size=(2, 6)), "h": random.integers(0, 4, (1, 6)), "s": [[1, -1, 1, 1, -1, 1]]}
    values = {name: np.asarray(value, "float32") for name, value in values.items()}
    module = mx.to_torch(net, {}, inputs=["data", "h", "s"], shapes={n: x.shape for n, x in values.items()})
    executor = net.bind(mx.cpu(), {name: mx.nd.array(value) for name, value in values.items()})
    given = [torch.tensor(value) for value in values.values()]
    found = module(*given)
    assert_close(found.numpy(), executor.forward()[0].asnumpy(), OPERATOR, "transform")
    assert copy.deepcopy(module)(*given).equal(found)


def test_all_operators_without_a_plain_form_are_listed(tmp_path):
    with pytest.raises(mx.MXNetError, match=r"2 nodes .*count_sketch 'sketch'.*fft 'transform'") as caught:
        mx.to_torch(_unusual(), {}, source=tmp_path / "net.py")
    assert "Without source=" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_they_are_listed_inside_of_loops_too(tmp_path):
    outputs, _ = mx.sym.contrib.foreach(
        lambda x, s: (mx.sym.contrib.fft(x, name="inside"), s), mx.sym.var("x"), mx.sym.var("s")
    )
    with pytest.raises(mx.MXNetError, match=r"1 nodes .*fft 'inside'"):
        mx.to_torch(outputs, {}, source=tmp_path / "net.py")


# -- loops and branches ----------------------------------------------------------------------------------------------


def _draws(**shapes):
    random = np.random.default_rng(0)
    return {name: random.normal(size=shape).astype("float32") for name, shape in shapes.items()}


def _as_in_mxnet(net, data, params, tmp_path):
    """Compare outputs and all gradients with an executor; return the module."""
    module = mx.to_torch(net, {n: array(x) for n, x in params.items()}, inputs=list(data), source=tmp_path / "net.py")
    given = [torch.tensor(x, requires_grad=True) for x in data.values()]
    found = listed(module(*given))
    values = {n: array(x) for n, x in {**data, **params}.items()}
    gradients = {n: mx.nd.zeros(x.shape) for n, x in values.items()}
    executor = net.bind(mx.cpu(), values, gradients)
    expected = executor.forward(is_train=True)
    executor.backward([mx.nd.ones(x.shape) for x in expected])
    for one, wanted in zip(found, expected, strict=True):
        assert_close(one.detach().numpy(), wanted.asnumpy(), OPERATOR, "output")
    sum(one.sum() for one in found).backward()
    own = {module.mxnet_names[key][4:]: one for key, one in module.named_parameters()}
    for name, tensor in {**dict(zip(data, given)), **own}.items():
        gradient = torch.zeros_like(tensor) if tensor.grad is None else tensor.grad
        assert_close(gradient.numpy(), gradients[name].asnumpy(), GRADIENT, f"gradient of {name}")
    return module


def _exports(module, *examples, among=()):
    """Compare the program of torch.export with the module, on inputs that take other ways too."""
    program = torch.export.export(module, tuple(map(torch.tensor, examples)))
    for given in (examples, *among):
        tensors = [torch.tensor(x) for x in given]
        for one, wanted in zip(listed(program.module()(*tensors)), listed(module(*tensors)), strict=True):
            torch.testing.assert_close(one, wanted)


def _recurrent():
    def step(row, states):
        state = mx.sym.FullyConnected(row, num_hidden=4, name="i2h")
        state = mx.sym.tanh(state + mx.sym.FullyConnected(states[0], num_hidden=4, name="h2h"))
        return [mx.sym.broadcast_mul(state, mx.sym.var("scale")), row], [state]

    outputs, states = mx.sym.contrib.foreach(step, mx.sym.var("data"), [mx.sym.var("state")])
    return mx.sym.Group([*outputs, *states])


def test_foreach(tmp_path):
    params = _draws(i2h_weight=(4, 3), i2h_bias=(4,), h2h_weight=(4, 4), h2h_bias=(4,), scale=(4,))
    data = _draws(data=(5, 2, 3), state=(2, 4))
    module = _as_in_mxnet(_recurrent(), data, params, tmp_path)
    assert isinstance(module.i2h, torch.nn.Linear)  # a layer, though the loop reads its parameters
    assert module(torch.zeros(7, 2, 3), torch.zeros(2, 4))[0].shape == (7, 2, 4)
    _exports(module, *data.values())


def test_loops_inside_of_loops_and_names_that_meet(tmp_path):
    def outer(row, states):
        inside, last = mx.sym.contrib.foreach(
            lambda r, q: (r * q * mx.sym.var("inner"), q + r), row, states[0] * mx.sym.var("state")
        )
        return inside + mx.sym.var("row"), [last]

    outputs, states = mx.sym.contrib.foreach(outer, mx.sym.var("data"), [mx.sym.var("begin")])
    data = _draws(data=(3, 4, 2), begin=(2,), state=(2,), row=(4, 2))
    _as_in_mxnet(mx.sym.Group([outputs, *states]), data, _draws(inner=(2,)), tmp_path)


@pytest.mark.parametrize("start", [0.0, 3.0, 20.0])
def test_while_loop(start, tmp_path):
    outputs, states = mx.sym.contrib.while_loop(
        lambda count, total: count < 6,
        lambda count, total: ([total * count], [count + 1, total + count * mx.sym.var("weight")]),
        [mx.sym.var("count"), mx.sym.var("total")],
        max_iterations=8,
    )
    data = {"count": np.array([start], "float32"), "total": np.array([1], "float32")}
    module = _as_in_mxnet(mx.sym.Group([*outputs, *states]), data, _draws(weight=(1,)), tmp_path)
    others = [(np.array([n], "float32"), data["total"]) for n in (1, 5, 9)]
    _exports(module, *data.values(), among=others)


@pytest.mark.parametrize("first", [1.0, 5.0])
def test_cond(first, tmp_path):
    a, b = mx.sym.var("a"), mx.sym.var("b")
    net = mx.sym.contrib.cond(a.sum() < 4, lambda: a + b * mx.sym.var("w"), lambda: a * b - 1)
    net = net if isinstance(net, mx.sym.Symbol) else net[0]
    data = {"a": np.array([first, 1], "float32"), **_draws(b=(2,))}
    module = _as_in_mxnet(net, data, _draws(w=(2,)), tmp_path)
    others = [(np.array([n, 1], "float32"), data["b"]) for n in (0, 8)]
    _exports(module, *data.values(), among=others)


def test_blocks_with_loops(tmp_path):
    class Net(mx.gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            with self.name_scope():
                self.cell = mx.gluon.rnn.LSTMCell(4, input_size=3)
                self.norm = mx.gluon.nn.BatchNorm(in_channels=4)

        def hybrid_forward(self, F, x, h, c):
            outputs, states = F.contrib.foreach(self.cell, x, [h, c])
            outputs = F.contrib.cond(F.sum(x) > 0, lambda: outputs * 2, lambda: outputs - 1)
            return self.norm(states[0]), outputs

    net = Net()
    net.initialize(mx.init.Normal(0.3))
    data = _draws(x=(5, 2, 3), h=(2, 4), c=(2, 4))
    module = mx.to_torch(net, source=tmp_path / "net.py")
    for sign in (1, -1):
        values = [sign * x for x in data.values()]
        for one, wanted in zip(module(*map(torch.tensor, values)), net(*map(mx.nd.array, values)), strict=True):
            assert_close(one.detach().numpy(), wanted.asnumpy(), OPERATOR, "output")


# -- detection -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"nms_topk": 9}, {"force_suppress": True}, {"nms_threshold": 0}])
def test_detectors_are_exported_for_any_batch(options, tmp_path):
    data = mx.sym.var("data")
    scores = mx.sym.reshape(mx.sym.slice_axis(data, axis=1, begin=0, end=12), shape=(0, 3, -1))
    boxes = mx.sym.contrib.MultiBoxPrior(data, sizes=(0.4, 0.3), ratios=(1, 2, 0.5))  # 4 at each place
    offsets = mx.sym.Flatten(data) * 0.1
    scores = mx.sym.softmax(scores, axis=1)
    net = mx.sym.contrib.MultiBoxDetection(scores, offsets, boxes, threshold=0.3, **options)
    images = np.random.default_rng(0).normal(size=(3, 16, 4, 4)).astype("float32")
    module = mx.to_torch(net, {}, source=tmp_path / "net.py")
    program = torch.export.export(module, (torch.tensor(images),), dynamic_shapes=({0: torch.export.Dim("batch")},))
    for part in (images, images[:1]):
        wanted = net.bind(mx.cpu(), {"data": mx.nd.array(part)}).forward()[0].asnumpy()
        for run in (module, program.module()):
            assert_close(run(torch.tensor(part)).numpy(), wanted, OPERATOR, "detections")


def test_boxes_that_overlap_by_the_threshold_itself(tmp_path):
    """MultiBoxDetection removes them, box_nms keeps them, as in MXNet."""
    anchors = np.array([[[0, 0, 0.5, 1], [0, 0, 1, 1]]], "float32")
    values = {"scores": np.array([[[0.2, 0.4], [0.8, 0.6]]], "float32"), "offsets": np.zeros((1, 8), "float32"),
              "anchors": anchors}  # fmt: skip
    rows = mx.sym.contrib.MultiBoxDetection(*map(mx.sym.var, values), nms_threshold=0.5, clip=False)
    found = mx.to_torch(rows, {}, inputs=list(values), source=tmp_path / "a.py")(*map(torch.tensor, values.values()))
    assert found[0, :, 0].tolist() == [0, -1]
    boxes = np.array([[[0, 0.8, 0, 0, 0.5, 1], [0, 0.6, 0, 0, 1, 1]]], "float32")
    kept = mx.to_torch(mx.sym.contrib.box_nms(mx.sym.var("data")), {}, source=tmp_path / "b.py")(torch.tensor(boxes))
    assert kept[0, :, 0].tolist() == [0, 0]
    assert mx.nd.contrib.MultiBoxDetection(*map(mx.nd.array, values.values()))[0, :, 0].asnumpy().tolist() == [0, -1]


# -- what torch.export refuses ---------------------------------------------------------------------------------------


def test_source_and_state_are_written_where_the_program_cannot(tmp_path, monkeypatch, capsys):
    """The command says so, and checks the source in place of the program."""
    from mxnet._cli.main import main

    monkeypatch.chdir(tmp_path)
    begin = mx.sym.zeros((1, 2, 4))
    net = mx.sym.RNN(mx.sym.var("data"), mx.sym.var("rnn_parameters"), begin, begin, mx.sym.var("lengths"),
                     state_size=4, num_layers=1, mode="lstm", use_sequence_length=True)  # fmt: skip
    shapes, _, _ = net.infer_shape(data=(5, 2, 3), lengths=(2,))
    size = dict(zip(net.list_arguments(), shapes))["rnn_parameters"]
    mx.model.save_checkpoint("net", 0, net, {"rnn_parameters": mx.nd.random.normal(shape=size)}, {})
    command = ["convert", "net", "--to", "torch", "-o", "out", "--input", "data:5,2,3", "lengths:2", "--check"]
    assert main(command) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "no .pt2 was written, as torch.export cannot take this network" in said
    assert "the source and the state_dict are complete without it" in said
    assert "Check on random input passed" in said
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out-state_dict.pt", "out.py"]


# -- wrong calls ---------------------------------------------------------------------------------------------------


def test_missing_parameters_are_listed():
    net, _ = _classifier()
    with pytest.raises(mx.MXNetError, match="4 parameters are missing: fc1_weight, fc1_bias, fc2_weight, fc2_bias"):
        mx.to_torch(net)


def test_parameters_that_do_not_fit():
    net, executor = _classifier()
    params = {**_params(executor), "fc1_bias": mx.nd.ones((7,))}
    with pytest.raises(mx.MXNetError, match=r"do not fit the network: .*fc1.*\(7,\)"):
        mx.to_torch(net, params)


def test_states_must_be_there():
    net = mx.sym.BatchNorm(mx.sym.var("data"), name="bn")
    with pytest.raises(mx.MXNetError, match="2 parameters are missing: bn_moving_mean, bn_moving_var"):
        mx.to_torch(net, {"bn_gamma": mx.nd.ones((1,)), "bn_beta": mx.nd.ones((1,))})


def test_blocks_need_values():
    net = mx.gluon.nn.Dense(3, prefix="fc_")
    with pytest.raises(mx.MXNetError, match=r"2 parameters of Dense 'fc_?' have no values: fc_weight, fc_bias"):
        mx.to_torch(net)
    net.initialize()
    with pytest.raises(mx.MXNetError, match="pass one batch"):
        mx.to_torch(net)


def test_other_things_are_refused(tmp_path):
    with pytest.raises(TypeError, match="expected a Symbol, a HybridBlock or the path"):
        mx.to_torch(3)
    with pytest.raises(TypeError, match="is no HybridBlock"):
        mx.to_torch(mx.gluon.Block())
    with pytest.raises(ValueError, match="params came with a block"):
        mx.to_torch(mx.gluon.nn.Dense(2), {})
    with pytest.raises(ValueError, match="the network has no input 'dta'; its variables: x"):
        mx.to_torch(mx.sym.var("x") + 1, {}, inputs=["dta"])
    with pytest.raises(TypeError, match="inputs is 2; expected names"):
        mx.to_torch(mx.sym.var("x") + 1, {}, inputs=2)
    with pytest.raises(mx.MXNetError, match=r"w is row_sparse; make it dense"):
        mx.to_torch(mx.sym.var("x") + mx.sym.var("w"), {"w": mx.nd.ones((2, 2)).tostype("row_sparse")})
    with pytest.raises(mx.MXNetError):
        mx.to_torch(str(tmp_path / "no-symbol.json"), {})


def test_modules_are_pickled_with_their_source(tmp_path):
    module, x = mx.to_torch(_convolutional()), torch.tensor(_image())
    torch.save(module, tmp_path / "net.pt")
    again = torch.load(tmp_path / "net.pt", weights_only=False)
    assert torch.equal(again(x), module(x))
    assert again.source == module.source


def test_inputs_of_blocks_are_called_as_in_their_code():
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    module = mx.to_torch(loss)
    assert list(inspect.signature(module.forward).parameters) == ["pred", "label"]
    scores, label = np.random.default_rng(0).normal(size=(4, 3)).astype("float32"), np.float32([0, 1, 2, 1])
    expected = loss(mx.nd.array(scores), mx.nd.array(label)).asnumpy()
    assert_close(module(torch.tensor(scores), torch.tensor(label)).numpy(), expected, OPERATOR, "loss")
