"""Small networks as a whole: they learn, agree with recorded eager code, and with MXNet 1.9.1."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mxnet as mx
from tests.golden import programs
from tests.golden.programs.networks import FILL, NETWORKS
from tests.tolerances import GRADIENT, OPERATOR, assert_close

GROUP = "networks"


def build(name):
    """Return the symbol of a network, the shapes to bind, and the function that fills an executor."""
    scope = {"mx": mx, "np": np}
    with mx.name.NameManager():
        exec(NETWORKS[name] + FILL, scope)
    return scope["net"], scope["shapes"], scope["fill"]


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_outputs_gradients_and_states_are_mxnets(name):
    programs.check(GROUP, name, mx)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_networks_learn_a_small_task(name):
    """Three draws of data and weights: about one in a thousand has no living unit in the small hidden layer."""
    entropy = np.random.SeedSequence().entropy
    found = []
    for seed in np.random.SeedSequence(entropy).spawn(3):
        found.append(losses(name, np.random.default_rng(seed)))
        if found[-1][-1] < 0.6 * found[-1][0]:
            return
    pytest.fail(f"seed {entropy}: {', '.join(f'{one[0]:.3f} -> {one[-1]:.3f}' for one in found)}")


def losses(name, random):
    """Return the losses of 60 steps on three patterns with noise."""
    net, shapes, _ = build(name)
    shapes = {key: (24, *shape[1:]) for key, shape in shapes.items()}
    executor = net.simple_bind(mx.cpu(), **shapes)
    labels = random.integers(0, 3, 24)
    patterns = random.normal(size=(3, *shapes["data"][1:]))
    executor.arg_dict["data"][:] = patterns[labels] + random.normal(size=shapes["data"]) * 0.1
    executor.arg_dict["softmax_label"][:] = labels
    for key, array in executor.arg_dict.items():
        if key.endswith("weight"):
            array[:] = random.normal(size=array.shape) * np.sqrt(2 / np.prod(array.shape[1:]))
        elif key.endswith("gamma"):
            array[:] = 1
    found = []
    for _ in range(60):
        executor.forward(is_train=True)
        executor.backward()
        chosen = executor.outputs[0].asnumpy()[np.arange(24), labels]
        found.append(-np.log(np.maximum(chosen, 1e-9)).mean())
        for key, array in executor.arg_dict.items():
            if key not in shapes:
                array[:] = array - executor.grad_dict[key] * (0.5 if name == "mlp" else 0.01)
    return found


def eager(entries, arrays):
    """Compute a symbol's outputs with array functions, node by node, from what its JSON says."""
    graph = json.loads(entries.tojson())
    values = []
    for node in graph["nodes"]:
        if node["op"] == "null":
            values.append([arrays[node["name"]]])
            continue
        space = mx.nd if hasattr(mx.nd, node["op"]) else mx.nd._internal
        found = getattr(space, node["op"])(*(values[i][o] for i, o, _ in node["inputs"]), **node.get("attrs", {}))
        values.append(found if isinstance(found, (list, tuple)) else [found])
    return [values[i][o] for i, o, _ in graph["heads"]]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_gradients_equal_those_of_recorded_eager_code(name, training):
    net, shapes, fill = build(name)
    executor = net.simple_bind(mx.cpu(), **shapes)
    fill(executor)
    arrays = {key: array.copy() for key, array in {**executor.arg_dict, **executor.aux_dict}.items()}
    for key in executor.arg_dict:
        arrays[key].attach_grad()
    with mx.autograd.record(train_mode=training):
        outputs = eager(net, arrays)
    mx.autograd.backward(outputs)
    executor.forward(is_train=training)
    executor.backward()
    for output, expected in zip(executor.outputs, outputs):
        assert_close(output.asnumpy(), expected.asnumpy(), OPERATOR, "output")
    for key, gradient in executor.grad_dict.items():
        assert_close(gradient.asnumpy(), arrays[key].grad.asnumpy(), GRADIENT, f"gradient of {key}")
    for key, state in executor.aux_dict.items():
        assert_close(state.asnumpy(), arrays[key].asnumpy(), OPERATOR, f"state {key}")


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_networks_survive_a_round_trip_through_json(name):
    net, shapes, fill = build(name)
    outputs = []
    for symbol in (net, mx.sym.load_json(net.tojson())):
        executor = symbol.simple_bind(mx.cpu(), grad_req="null", **shapes)
        fill(executor)
        outputs.append(executor.forward()[0].asnumpy())
    np.testing.assert_array_equal(*outputs)
