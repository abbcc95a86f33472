"""What an operator computes in a plan does not depend on the strides of its inputs: see `planned` in the registry."""

from __future__ import annotations

import pytest
import torch

import mxnet as mx
from mxnet._graph.node import Entry, Node
from mxnet._ops import registry
from tests.laws.calls import array, executed, function, head_gradient, is_float, operator_of
from tests.laws.cases import samples
from tests.tolerances import GRADIENT, OPERATOR, assert_close

ORDERS = {4: torch.channels_last, 5: torch.channels_last_3d}


def takes_images(entry, sample):
    """Whether a sample has a floating input with four or five axes that is no auxiliary state."""
    operator = operator_of(entry.name)
    if operator.output_names == () or operator.random or operator.dynamic or operator.keeps:
        return False
    return any(x.ndim in ORDERS and is_float(x) and 0 not in x.shape for x in sample.inputs)


CASES = [p for p in samples() if takes_images(*p.values)]


@pytest.fixture(scope="module")
def interleaved():
    """A symbol function whose result has its channels last in memory."""
    before = dict(registry._OPERATORS)

    @registry.operator("_test_interleaved")
    def test_interleaved(data: torch.Tensor) -> torch.Tensor:
        """Return `data` with its channels last in memory."""
        return data.contiguous(memory_format=ORDERS[data.dim()])

    def call(symbol):
        node = Node(registry.get("_test_interleaved"), f"{symbol.name}_last", {}, list(symbol._entries))
        return mx.sym.Symbol([Entry(node, 0)])

    yield call
    registry._OPERATORS.clear()
    registry._OPERATORS.update(before)


@pytest.mark.parametrize(("entry", "sample"), CASES)
def test_channels_last_inputs(entry, sample, interleaved):
    expected = executed(entry.name, sample)
    variables = [mx.sym.var(f"in{i}") for i in range(len(sample.inputs))]
    given = [interleaved(v) if x.ndim in ORDERS and is_float(x) else v for v, x in zip(variables, sample.inputs)]
    net = function(mx.sym, entry.name)(*given, **sample.attributes)
    table = {f"in{i}": array(x) for i, x in enumerate(sample.inputs)}
    arguments = {n: table[n] for n in net.list_arguments()}
    gradients = {n: mx.nd.zeros(a.shape, dtype=a.dtype) for n, a in arguments.items() if is_float(a.asnumpy())}
    executor = net.bind(
        mx.cpu(), arguments, args_grad=gradients, aux_states={n: table[n] for n in net.list_auxiliary_states()}
    )
    outputs = [o.asnumpy() for o in executor.forward(is_train=sample.training)]
    executor.backward([array(head_gradient(o.shape, o.dtype)) for o in outputs])
    for i, (value, wanted) in enumerate(zip(outputs, expected.outputs, strict=True)):
        assert_close(value, wanted, OPERATOR, f"{entry.name} output {i}")
    for i, wanted in enumerate(expected.gradients):
        if wanted is not None and f"in{i}" in gradients:
            assert_close(gradients[f"in{i}"].asnumpy(), wanted, GRADIENT, f"{entry.name} gradient {i}")


def test_there_are_such_samples():
    assert len(CASES) > 300
