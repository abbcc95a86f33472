"""The networks of the model zoo in MXNet 1.9.1: what they look like, and what they compute.

Parameters are not kept: `fill` makes them from their names and shapes, so MXNet 1.9.1 and this library have the same
ones. ``record.py`` writes what MXNet 1.9.1 says to ``facts.json.xz`` (names, shapes, texts, graphs) and to
``outputs.json`` (some numbers of each output, and the SHA-1 of the files that it writes). This file and ``record.py``
keep to Python 3.8, the newest that MXNet 1.9.1 runs on.
"""

from __future__ import annotations

import functools
import hashlib
import json
import lzma
import math
import os
import pathlib
import zlib

import numpy as np

FOLDER = pathlib.Path(__file__).parent

#: Model -> height and width of the smallest image that it takes with ease.
SIZES = {
    "alexnet": 64,
    "densenet121": 224,
    "densenet161": 224,
    "densenet169": 224,
    "densenet201": 224,
    "inceptionv3": 299,
    "mobilenet0.25": 64,
    "mobilenet0.5": 64,
    "mobilenet0.75": 64,
    "mobilenet1.0": 64,
    "mobilenetv2_0.25": 64,
    "mobilenetv2_0.5": 64,
    "mobilenetv2_0.75": 64,
    "mobilenetv2_1.0": 64,
    "resnet101_v1": 64,
    "resnet101_v2": 64,
    "resnet152_v1": 64,
    "resnet152_v2": 64,
    "resnet18_v1": 64,
    "resnet18_v2": 64,
    "resnet34_v1": 64,
    "resnet34_v2": 64,
    "resnet50_v1": 64,
    "resnet50_v2": 64,
    "squeezenet1.0": 224,
    "squeezenet1.1": 224,
    "vgg11": 32,
    "vgg11_bn": 32,
    "vgg13": 32,
    "vgg13_bn": 32,
    "vgg16": 32,
    "vgg16_bn": 32,
    "vgg19": 32,
    "vgg19_bn": 32,
}


@functools.lru_cache(maxsize=None)  # noqa: UP033 (Python 3.8 has no cache)
def facts():
    """Return what was recorded of the networks themselves: model -> what `describe` gives."""
    return json.loads(lzma.decompress((FOLDER / "facts.json.xz").read_bytes()))


@functools.lru_cache(maxsize=None)  # noqa: UP033 (Python 3.8 has no cache)
def outputs():
    """Return what was recorded of their outputs and files: model -> what `measure` gives."""
    return json.loads((FOLDER / "outputs.json").read_text())


def numbers(name, shape, low, high):
    """Return an array that depends on its name and shape only, float32, from `low` to `high`."""
    stream = np.random.RandomState(zlib.crc32(name.encode()))
    some = stream.uniform(low, high, 65537).astype("float32")  # a prime number: rows do not repeat each other
    return np.resize(some, shape)


def value(name, shape):
    """Return what a parameter is filled with; `name` is its place in the network, as "features.0.weight"."""
    kind = name.rpartition(".")[2]
    if kind in ("gamma", "running_var"):
        return numbers(name, shape, 0.5, 1.5)
    if kind in ("weight", "i2h_weight", "h2h_weight"):
        fan_in = math.prod(shape[1:])
        bound = math.sqrt(4.5 / fan_in)
        return numbers(name, shape, -bound, bound)
    return numbers(name, shape, -0.1, 0.1)


def image(name, count=2):
    """Return images for a model, float32 (count, 3, H, W)."""
    return numbers(f"image of {name}", (count, 3, SIZES[name], SIZES[name]), -2, 2)


def fill(mx, net):
    """Give every parameter of a network its value; shapes must be known."""
    for name, parameter in net._collect_params_with_prefix().items():
        found = value(name, parameter.shape)
        if name.endswith("gamma") and parameter.grad_req == "null":
            found[:] = 1  # BatchNorm(scale=False) may or may not write this itself
        parameter.set_data(mx.nd.array(found))


def build(mx, name, **options):
    """Return a network of the zoo, hybridized and filled, with names as in a new process."""
    with mx.name.NameManager():
        net = mx.gluon.model_zoo.vision.get_model(name, **options)
    net.initialize(mx.init.Zero())
    net.hybridize()
    net(mx.nd.zeros((1, 3, SIZES[name], SIZES[name])))  # finds the shapes
    fill(mx, net)
    return net


def describe(mx, name):
    """Return what a network looks like before and after its shapes are known."""
    with mx.name.NameManager():
        net = mx.gluon.model_zoo.vision.get_model(name)
        found = {"repr": repr(net), "prefixes": _prefixes(net), "parameters": _parameters(net)}
        found["structure"] = list(net._collect_params_with_prefix())
        found["symbol"] = json.loads(net(mx.sym.var("data")).tojson())
    net.infer_shape(mx.nd.zeros((1, 3, SIZES[name], SIZES[name])))
    found["shapes"] = [list(parameter.shape) for parameter in net.collect_params().values()]
    found["repr after"] = repr(net)
    return found


def _prefixes(block):
    return [block.prefix, [[key, _prefixes(child)] for key, child in block._children.items()]]


def _parameters(net):
    rows = []
    for name, one in net.collect_params().items():
        init = one.init if one.init is None or isinstance(one.init, str) else one.init.dumps()
        rows.append([name, list(one.shape), np.dtype(one.dtype).name, one.grad_req, init, one.lr_mult, one.wd_mult])
    return rows


def sample(array):
    """Return some numbers that tell an array from others."""
    array = array.astype("float64")
    flat = array.reshape(-1)
    at = np.linspace(0, flat.size - 1, 12).astype(int)
    return {
        "shape": list(array.shape),
        "norm": float(np.sqrt((flat**2).sum())),
        "mean": float(flat.mean()),
        "largest": int(flat.argmax()),
        "values": [float(f"{x:.9g}") for x in flat[at]],
    }


def compare(actual, expected, what):
    """Compare two samples: 1e-4 relative, against the size of the values."""
    assert actual["shape"] == expected["shape"], f"{what}: shape {actual['shape']}, expected {expected['shape']}"
    scale = expected["norm"] / math.sqrt(math.prod(expected["shape"]))
    for key in ("norm", "mean", "values"):
        tolerance = 1e-4 * (expected["norm"] if key == "norm" else scale)
        np.testing.assert_allclose(actual[key], expected[key], 1e-4, tolerance, err_msg=f"{what}: {key}")


def measure(mx, name, folder):
    """Return samples of what a filled network computes, and what files it writes into `folder`."""
    net = build(mx, name)
    x = mx.nd.array(image(name))
    found = {"hybridized": sample(net(x).asnumpy()), "files": save(net, folder)}
    net.hybridize(False)
    found["features"] = sample(net.features(x).asnumpy())
    found["output"] = sample(net(x).asnumpy())
    return found


def save(net, folder):
    """Save and export a network that has run hybridized; return size and SHA-1 of each file."""
    net.save_parameters(os.path.join(folder, "saved.params"))
    net.export(os.path.join(folder, "exported"), epoch=7)
    found = {}
    for name in ("saved.params", "exported-0007.params", "exported-symbol.json"):
        content = pathlib.Path(folder, name).read_bytes()
        found[name] = [len(content), hashlib.sha1(content).hexdigest()]
    return found
