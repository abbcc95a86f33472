"""A symbol of an operator does what the array function does; its shapes, dtypes and JSON agree."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from tests.laws.calls import array, bound, eager, executed, function, head_gradient, listed, operator_of, symbol
from tests.laws.cases import REFERENCES, samples
from tests.tolerances import GRADIENT, OPERATOR, assert_close

#: Operators whose result is drawn: only shapes and dtypes are compared.
RANDOM = {name for name in REFERENCES if operator_of(name).random}
#: A symbol has outputs, so an operator without any has none.
FRONT_ENDS = [p for p in samples() if operator_of(p.values[0].name).output_names != ()]


@pytest.mark.parametrize(("entry", "sample"), FRONT_ENDS)
def test_executor_equals_eager(entry, sample):
    expected = eager(entry.name, sample.inputs, sample.attributes, sample.training)
    result = executed(entry.name, sample)
    for i, (value, wanted) in enumerate(zip(result.outputs, expected.outputs, strict=True)):
        if entry.name in RANDOM:
            assert (value.shape, value.dtype) == (wanted.shape, wanted.dtype)
        else:
            assert_close(value, wanted, OPERATOR, f"{entry.name} output {i}")
    if entry.name in RANDOM:
        return
    for i, (value, wanted) in enumerate(zip(result.gradients, expected.gradients, strict=True)):
        if value is not None and wanted is not None:
            assert_close(value, wanted, GRADIENT, f"{entry.name} gradient {i}")
    for i, (value, wanted) in enumerate(zip(result.after, expected.after, strict=True)):
        assert_close(value, wanted, OPERATOR, f"{entry.name} input {i} afterwards")


@pytest.mark.parametrize(("entry", "sample"), FRONT_ENDS)
def test_inferred_equals_real(entry, sample):
    net, names = symbol(entry.name, sample.inputs, sample.attributes)
    arrays = [array(x) for x in sample.inputs]
    with mx.autograd.train_mode() if sample.training else mx.autograd.predict_mode():
        outputs = listed(function(mx.nd, entry.name)(*arrays, **sample.attributes))
    types = net.infer_type(**{n: x.dtype for n, x in zip(names, sample.inputs)})
    assert [np.dtype(t) for t in types[1]] == [np.dtype(o.dtype) for o in outputs]
    if any(0 in x.shape for x in sample.inputs) or any(0 in o.shape for o in outputs):
        return  # 0 means unknown in a symbol's shape
    if operator_of(entry.name).dynamic:
        return
    shapes = net.infer_shape(**{n: x.shape for n, x in zip(names, sample.inputs)})
    assert shapes[1] == [o.shape for o in outputs]


@pytest.mark.parametrize(("entry", "sample"), FRONT_ENDS)
def test_json_round_trip(entry, sample):
    net, _ = symbol(entry.name, sample.inputs, sample.attributes)
    text = net.tojson(remove_amp_cast=False)
    again = mx.sym.load_json(text)
    assert again.tojson(remove_amp_cast=False) == text
    assert again.list_outputs() == net.list_outputs()
    node, other = net._entries[0].node, again._entries[0].node
    assert repr(sorted(node.values.items())) == repr(sorted(other.values.items()))  # nan is not equal to itself


@pytest.mark.parametrize(("entry", "sample"), FRONT_ENDS)
def test_out_and_own_memory(entry, sample):
    arrays = [array(x) for x in sample.inputs]
    call = function(mx.nd, entry.name)
    mx.random.seed(3)
    results = listed(call(*arrays, **sample.attributes))
    for result in results:
        assert result._data.is_contiguous(), f"{entry.name}: views of its result would be copies"
        for given in arrays:
            same = result.size and result._data.untyped_storage().data_ptr() == given._data.untyped_storage().data_ptr()
            assert not same, f"{entry.name} gives memory of its input back"
    targets = [mx.nd.zeros(r.shape, dtype=r.dtype) for r in results]
    mx.random.seed(3)
    back = call(
        *(array(x) for x in sample.inputs), **sample.attributes, out=targets if len(targets) > 1 else targets[0]
    )
    assert listed(back)[0] is targets[0]
    for target, result in zip(targets, results):
        np.testing.assert_array_equal(target.asnumpy(), result.asnumpy())


@pytest.mark.parametrize(("entry", "sample"), FRONT_ENDS)
def test_grad_req(entry, sample):
    once = eager(entry.name, sample.inputs, sample.attributes, sample.training)
    nothing = eager(entry.name, sample.inputs, sample.attributes, sample.training, grad_req="null")
    for gradient in nothing.gradients:
        assert gradient is None or not gradient.any()
    if entry.name in RANDOM or not any(g is not None for g in once.gradients):
        return
    executor, _, _ = bound(entry.name, sample, grad_req="add")
    for _ in range(2):
        executor.forward(is_train=sample.training)
        executor.backward([array(head_gradient(o.shape, o.dtype)) for o in executor.outputs])
    for i, gradient in enumerate(once.gradients):
        if gradient is not None and executor.grad_dict.get(f"in{i}") is not None and not executor.aux_dict:
            twice = executor.grad_dict[f"in{i}"].asnumpy()
            assert_close(twice, (gradient * 2).astype(gradient.dtype), GRADIENT, f"{entry.name} gradient {i}")
