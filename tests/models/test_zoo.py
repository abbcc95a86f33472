"""The networks of the model zoo compute what those of MXNet 1.9.1 do, and write its files, byte by byte.

Both libraries fill the parameters with the same numbers (see tests/golden/zoo). A file of the same SHA-1 as MXNet's is
MXNet's file, so what is loaded here from files is what MXNet 1.9.1 saved and exported.
"""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from tests.golden import zoo

#: Small ones, each of another family; all others take their time.
QUICK = ("mobilenet0.25", "mobilenetv2_0.25", "resnet18_v1", "resnet18_v2", "resnet50_v1", "squeezenet1.1", "vgg11_bn")
NAMES = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in sorted(zoo.SIZES)]


@pytest.mark.parametrize("name", NAMES)
def test_outputs_and_files_are_mxnets(name, tmp_path):
    expected = zoo.outputs()[name]
    found = zoo.measure(mx, name, str(tmp_path))
    for part in ("features", "output", "hybridized"):
        zoo.compare(found[part], expected[part], f"{name}: {part}")
    assert found["files"] == expected["files"]

    x = mx.nd.array(zoo.image(name))
    again = mx.gluon.model_zoo.vision.get_model(name)
    again.load_parameters(str(tmp_path / "saved.params"))
    zoo.compare(zoo.sample(again(x).asnumpy()), expected["output"], f"{name}: loaded")

    files = str(tmp_path / "exported-symbol.json"), str(tmp_path / "exported-0007.params")
    imported = mx.gluon.SymbolBlock.imports(files[0], ["data"], files[1])
    zoo.compare(zoo.sample(imported(x).asnumpy()), expected["hybridized"], f"{name}: imported")


@pytest.mark.parametrize("name", ["resnet18_v1", "mobilenetv2_0.25"])
def test_exported_networks_run_in_module(name, tmp_path):
    net = zoo.build(mx, name)
    x = zoo.image(name)
    net(mx.nd.array(x))
    prefix = str(tmp_path / "net")
    net.export(prefix)
    module = mx.mod.Module.load(prefix, 0, label_names=None)
    module.bind([("data", x.shape)], for_training=False)
    out = module.predict(mx.io.NDArrayIter(x, batch_size=len(x)))
    zoo.compare(zoo.sample(out.asnumpy()), zoo.outputs()[name]["output"], name)


@pytest.mark.parametrize("name", ["mobilenet0.25", "resnet18_v2"])
def test_half_precision_is_near(name):
    net = zoo.build(mx, name)
    net.cast("float16")
    out = net(mx.nd.array(zoo.image(name), dtype="float16"))
    assert out.dtype == np.float16
    expected = zoo.outputs()[name]["output"]
    np.testing.assert_allclose(np.linalg.norm(out.asnumpy().astype("float64")), expected["norm"], 0.02)


@pytest.mark.parametrize("static", [False, True])
def test_static_memory_changes_nothing(static):
    name = "squeezenet1.1"
    net = zoo.build(mx, name)
    net.hybridize(static_alloc=True, static_shape=static)
    for _ in range(2):
        zoo.compare(zoo.sample(net(mx.nd.array(zoo.image(name))).asnumpy()), zoo.outputs()[name]["output"], name)


def test_a_backbone_from_internals(tmp_path):
    """Feature maps of several stages by name, as detectors take them."""
    name = "resnet18_v1"
    net = zoo.build(mx, name)
    x = mx.nd.array(zoo.image(name))
    data = mx.sym.var("data")
    internals = net(data).get_internals()
    chosen = [one for one in internals.list_outputs() if "stage" in one and one.endswith("activation1_output")]
    assert len(chosen) == 4
    backbone = mx.gluon.SymbolBlock([internals[one] for one in chosen], data, params=net.collect_params())
    maps = backbone(x)
    assert [one.shape for one in maps] == [(2, 64, 16, 16), (2, 128, 8, 8), (2, 256, 4, 4), (2, 512, 2, 2)]
    pooled = maps[-1].mean(axis=(2, 3))
    np.testing.assert_allclose(net.output(pooled).asnumpy(), net(x).asnumpy(), 1e-3, 1e-2)


def test_fine_tuning_changes_the_new_layer_only():
    """Features taken over from another network and frozen, with a new output."""
    name = "mobilenet0.25"
    net = zoo.build(mx, name)
    tuned = mx.gluon.model_zoo.vision.get_model(name, classes=3)
    tuned.features = net.features
    tuned.output.initialize(mx.init.Xavier())
    tuned.features.collect_params().setattr("grad_req", "null")
    before = {key: one.data().asnumpy() for key, one in tuned.features.collect_params().items()}
    trainer = mx.gluon.Trainer(tuned.output.collect_params(), "sgd", {"learning_rate": 1})
    x, y = mx.nd.array(zoo.image(name)), mx.nd.array([0, 2])
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    losses = []
    for _ in range(20):
        with mx.autograd.record(train_mode=False):
            value = loss(tuned(x), y)
        value.backward()
        trainer.step(2)
        losses.append(float(value.mean().asscalar()))
    assert losses[-1] < 0.8 * losses[0]
    for key, one in tuned.features.collect_params().items():
        np.testing.assert_array_equal(one.data().asnumpy(), before[key], err_msg=key)
