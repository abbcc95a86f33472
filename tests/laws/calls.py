"""Call operators as users do: through ``mx.nd`` with recording, and through ``mx.sym`` with an executor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import mxnet as mx
from mxnet._frontend.namespaces import place
from mxnet._ops.registry import Operator, get
from tests.reference import Sample


@dataclass
class Result:
    """What one call gave: outputs, the gradient of every input (None for integers), and the inputs afterwards."""

    outputs: list[np.ndarray]
    gradients: list[np.ndarray | None]
    after: list[np.ndarray]


def function(module: Any, name: str) -> Any:
    """Return the front-end function of a registered name in ``mx.nd`` or ``mx.sym``."""
    found = place(name)
    assert found is not None, f"{name} belongs to the NumPy front end"
    return getattr(getattr(module, found[0]), found[1])


def head_gradient(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """The head gradient of the goldens: (1 + arange(size)) / size."""
    size = int(np.prod(shape))
    return ((1.0 + np.arange(size)) / max(size, 1)).reshape(shape).astype(dtype)


def array(value: np.ndarray) -> mx.nd.NDArray:
    return mx.nd.array(value, dtype=value.dtype)


def is_float(value: np.ndarray) -> bool:
    return value.dtype.kind == "f"


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def eager(
    name: str,
    inputs: Sequence[np.ndarray],
    attributes: Mapping[str, Any],
    training: bool = True,
    grad_req: str = "write",
) -> Result:
    """Record one operator on arrays and run backward from all its floating outputs."""
    arrays = [array(x) for x in inputs]
    for a, x in zip(arrays, inputs):
        if is_float(x):
            a.attach_grad(grad_req)
    mx.random.seed(7)
    with mx.autograd.record(train_mode=training):
        outputs = listed(function(mx.nd, name)(*arrays, **attributes))
    values = [o.asnumpy() for o in outputs]
    heads = [o for o in outputs if o._trace is not None]
    if heads:
        mx.autograd.backward(heads, [array(head_gradient(o.shape, o.dtype)) for o in heads])
    gradients = [None if a.grad is None else a.grad.asnumpy() for a in arrays]
    return Result(values, gradients, [a.asnumpy() for a in arrays])


def symbol(name: str, inputs: Sequence[np.ndarray], attributes: Mapping[str, Any]) -> tuple[mx.sym.Symbol, list[str]]:
    """Return the symbol of one operator on variables in0, in1 ... and the variables' names."""
    names = [f"in{i}" for i in range(len(inputs))]
    return function(mx.sym, name)(*(mx.sym.var(n) for n in names), **attributes), names


def bound(name: str, sample: Sample, grad_req: str = "write") -> tuple[Any, mx.sym.Symbol, list[mx.nd.NDArray]]:
    """Return an executor of one operator, its symbol, and the bound arrays in the order of the inputs."""
    net, names = symbol(name, sample.inputs, sample.attributes)
    table = {n: array(x) for n, x in zip(names, sample.inputs)}
    arguments = {n: table[n] for n in net.list_arguments()}
    states = {n: table[n] for n in net.list_auxiliary_states()}
    gradients = {n: mx.nd.zeros(a.shape, dtype=a.dtype) for n, a in arguments.items() if is_float(a.asnumpy())}
    here = mx.current_context()
    executor = net.bind(here, arguments, args_grad=gradients, grad_req=grad_req, aux_states=states)
    return executor, net, [table[n] for n in names]


def executed(name: str, sample: Sample) -> Result:
    """Run one operator as a symbol through an executor."""
    executor, _, arrays = bound(name, sample)
    mx.random.seed(7)
    outputs = [o.asnumpy() for o in executor.forward(is_train=sample.training)]
    if any(g is not None for g in executor.grad_arrays):
        executor.backward([array(head_gradient(o.shape, o.dtype)) for o in outputs])
    gradients = [
        None if executor.grad_dict.get(f"in{i}") is None else executor.grad_dict[f"in{i}"].asnumpy()
        for i in range(len(arrays))
    ]
    return Result(outputs, gradients, [a.asnumpy() for a in arrays])


def operator_of(name: str) -> Operator:
    return get(name)
