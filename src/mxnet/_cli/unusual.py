"""What is unusual in a model, or good to know before one takes it elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import torch

from .._graph.inference import Inferred
from .._graph.node import Node
from . import tables
from .models import Model
from .shapes import Shape, Variables, batch_is_open

#: Operators that are a loss in training; what comes out of them at inference.
_LOSSES = {
    "SoftmaxOutput": "gives probabilities",
    "LogisticRegressionOutput": "gives probabilities",
    "LinearRegressionOutput": "gives its input",
    "MAERegressionOutput": "gives its input",
    "SVMOutput": "gives its input",
    "MakeLoss": "gives the loss",
    "make_loss": "gives the loss",
    "CTCLoss": "gives the loss",
}


def remarks(
    model: Model,
    variables: Variables,
    inferred: Inferred,
    shapes: Mapping[str, Shape],
    wrong: Sequence[tuple[str, Shape, Shape]],
) -> list[str]:
    """Return one sentence for each thing that is unusual."""
    nodes = [node for node in inferred.order if node.operator is not None]
    return [
        *_about_files(model, variables, wrong),
        *_about_operators(nodes, variables),
        *_about_batch(model, variables, shapes),
        *_about_values(model),
        *_about_names(inferred.order),
    ]


def _some(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def misfit_lines(wrong: Sequence[tuple[str, Shape, Shape]]) -> list[str]:
    """Return a text for each parameter that does not fit the graph."""
    return [f"{name} is {found} in the file and {wanted} in the graph" for name, found, wanted in wrong]


def _about_files(model: Model, variables: Variables, wrong: Sequence[tuple[str, Shape, Shape]]) -> Iterator[str]:
    if model.parameters and variables.missing:
        yield f"the file lacks {len(variables.missing)} parameters: {_some(variables.missing)}"
    if variables.unused:
        yield f"the network does not use {len(variables.unused)} arrays of the file: {_some(variables.unused)}"
    if wrong:
        yield f"{len(wrong)} parameters have other shapes than the graph says: {'; '.join(misfit_lines(wrong)[:5])}"


def _about_operators(nodes: Sequence[Node], variables: Variables) -> Iterator[str]:
    kinds = Counter(node.operator.name for node in nodes if node.operator is not None)
    for name, at_inference in _LOSSES.items():
        if kinds[name]:
            label = f"; its label ({_some(variables.labels)}) has no effect then" if variables.labels else ""
            yield f"{name} is a loss in training; at inference it {at_inference}{label}"
    custom = sorted(
        {str(node.values.get("op_type")) for node in nodes if node.operator and node.operator.name == "Custom"}
    )
    if custom:
        yield f"custom operators, written in Python: {_some(custom)}"
    refused = [name for node in nodes if (name := node.operator.name if node.operator else "") and _is_refused(node)]
    if refused:
        yield f"operators that can be stored and not run, in MXNet 1.9.1 either: {_some(sorted(set(refused)))}"
    random = sorted(
        {node.operator.name for node in nodes if node.operator and node.operator.random} - {"Dropout", "RNN"}
    )
    if random:
        yield f"random operators: {_some(random)}"
    dynamic = sorted({node.operator.name for node in nodes if node.operator and node.operator.dynamic})
    if dynamic:
        yield f"shapes that depend on values: {_some(dynamic)}"
    groups = sorted({node.attributes["__ctx_group__"] for node in nodes if "__ctx_group__" in node.attributes})
    if groups:
        yield f"parts for several devices (ctx_group): {_some(groups)}"
    states = Counter(
        node.operator.name
        for node in nodes
        if node.operator and node.operator.auxiliary and node.operator.name != "Custom"
    )
    if states:
        listed = ", ".join(f"{count} {name}" for name, count in states.items())
        yield f"auxiliary states, which training changes without gradients, belong to {listed}"


def _is_refused(node: Node) -> bool:
    return node.operator is not None and node.operator.module.endswith("_ops.refused")


def _about_batch(model: Model, variables: Variables, shapes: Mapping[str, Shape]) -> Iterator[str]:
    data = {name: shapes[name] for name in variables.inputs if name in shapes}
    first = next(iter(data.values()), None)
    if first and len({shape[:1] for shape in data.values()}) == 1 and not batch_is_open(model, data):
        yield f"the batch size is fixed: {first[0]}"


def _about_values(model: Model) -> Iterator[str]:
    dtypes = Counter(str(array._data.dtype)[6:] for array in model.parameters.values())
    if dtypes and set(dtypes) != {"float32"}:
        yield "dtypes of parameters: " + ", ".join(f"{count} {name}" for name, count in dtypes.most_common())
    broken = [name for name, array in model.parameters.items() if _has_nan(array._data)]
    if broken:
        yield f"not a number or infinite values in {len(broken)} parameters: {_some(broken)}"
    sparse = [name for name, array in model.parameters.items() if array.is_sparse]
    if sparse:
        yield f"sparse parameters: {_some(sparse)}"
    empty = [f"{name} {tables.shape(a.shape)}" for name, a in model.parameters.items() if 0 in a.shape]
    if empty:
        yield f"parameters without elements: {_some(empty)}"


def _has_nan(tensor: torch.Tensor) -> bool:
    if not tensor.is_floating_point() or not tensor.numel():
        return False
    return not all(bool(torch.isfinite(end)) for end in torch.aminmax(tensor))  # makes no array of its size


def _about_names(order: Sequence[Node]) -> Iterator[str]:
    repeated = [name for name, count in Counter(node.name for node in order).items() if count > 1]
    if repeated:
        yield f"names that several nodes have: {_some(repeated)}"
