"""Running a model on arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from .._graph.inference import Inferred
from .._graph.node import Entry, topological_order
from ..context import Context, cpu, gpu
from ..executor import Executor
from ..ndarray import NDArray
from ..ndarray import array as nd_array
from ..ndarray import zeros as nd_zeros
from ..ndarray.ndarray import NUMPY_TYPES
from .main import fail
from .models import Model
from .shapes import Shape, Variables, infer, misfits
from .unusual import misfit_lines

#: How many names a message lists.
_MOST = 8


def context_of(device: str) -> Context:
    """Return the context of ``cpu``, ``gpu`` or ``gpu:1``."""
    kind, _, number = device.partition(":")
    if kind not in ("cpu", "gpu", "cuda") or not (number.isdigit() or not number):
        fail(f"--device {device}: expected cpu, gpu or gpu:1")
    context = (cpu if kind == "cpu" else gpu)(int(number or 0))
    from .._runtime.device import torch_device

    torch_device(context)  # says so if there is no such device
    return context


def require_parameters(model: Model, variables: Variables, inferred: Inferred) -> None:
    """Refuse a model whose parameters are missing or do not fit; the message lists them."""
    said: list[str] = []
    for what, items in (
        ("missing", variables.missing),
        ("of other shapes", misfit_lines(misfits(model, inferred))),
    ):
        if items:
            said.append(f"{len(items)} are {what}: {'; '.join(items[:_MOST])}{' ...' if len(items) > _MOST else ''}")
    if said:
        files = " and ".join(model.files) or model.name
        fail(f"the parameters of {files} do not fit the graph: {'. '.join(said)}. `remx inspect` shows all")


def computable(model: Model) -> Model:
    """Return the model with parameters in dtypes that its operators take.

    Files are often cast to float16 as a whole, to save space; BatchNorm and the like take float32 only, and MXNet
    casts what it loads. A network that was made for float16 has these in float32.
    """
    halves = (torch.float16, torch.bfloat16)
    whole = any(
        entry.node.name in model.parameters and model.parameters[entry.node.name]._data.dtype in halves
        for node in topological_order(model.symbol._entries)
        if node.operator is not None and node.operator.auxiliary
        for entry in node.inputs[1:]
    )
    if not whole:
        return model

    def single(arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
        return {
            name: array.astype("float32") if array._data.dtype in halves else array for name, array in arrays.items()
        }

    notes = [*model.notes, "the file is stored in half precision and computed in float32"]
    return replace(model, arg_params=single(model.arg_params), aux_params=single(model.aux_params), notes=notes)


def dtypes_of(names: Sequence[str], inferred: Inferred) -> dict[str, torch.dtype]:
    """Return the dtypes of inputs: float32 where nothing says otherwise."""
    found = {node.name: inferred.dtype(Entry(node, 0)) for node in inferred.order if node.operator is None}
    return {name: found.get(name) or torch.float32 for name in names}


def bound(model: Model, variables: Variables, shapes: Mapping[str, Shape], context: Context) -> Executor:
    """Return an executor with the model's parameters, and zeros for inputs and labels."""
    inferred = infer(model, shapes)
    require_parameters(model, variables, inferred)
    dtypes = dtypes_of([*variables.inputs, *variables.labels], inferred)
    arrays = {name: array.as_in_context(context) for name, array in model.parameters.items()}
    for name, dtype in dtypes.items():
        arrays[name] = nd_zeros(shapes[name], ctx=context, dtype=NUMPY_TYPES[dtype])
    symbol = model.symbol
    arguments = {name: arrays[name] for name in symbol.list_arguments()}
    states = {name: arrays[name] for name in symbol.list_auxiliary_states()}
    return symbol.bind(context, arguments, grad_req="null", aux_states=states)


def outputs(executor: Executor, values: Mapping[str, np.ndarray]) -> list[NDArray]:
    """Return the outputs for values of inputs."""
    for name, value in values.items():
        executor.arg_dict[name][:] = nd_array(value, ctx=executor.arg_dict[name].context, dtype=value.dtype)
    return executor.forward(is_train=False)


def random_inputs(
    model: Model, variables: Variables, shapes: Mapping[str, Shape], seed: int = 0
) -> dict[str, np.ndarray]:
    """Return random values for all inputs: numbers of words for an Embedding, else from the normal distribution.

    Labels and states get zeros.
    """
    generator = np.random.default_rng(seed)
    inferred = infer(model, shapes)
    dtypes = dtypes_of([*variables.inputs, *variables.labels], inferred)
    limits = _numbers_of_words(inferred)
    found: dict[str, np.ndarray] = {}
    for name in (*variables.inputs, *variables.labels):
        kind = np.dtype(NUMPY_TYPES[dtypes[name]])
        if name in limits:
            found[name] = generator.integers(0, limits[name], shapes[name]).astype(kind)
        elif name in variables.labels or "state" in name:
            found[name] = np.zeros(shapes[name], kind)
        elif np.issubdtype(kind, np.floating) or kind.kind == "V":
            found[name] = generator.normal(size=shapes[name]).astype(kind)
        else:
            found[name] = generator.integers(0, 2, shapes[name]).astype(kind)
    return found


def _numbers_of_words(inferred: Inferred) -> dict[str, int]:
    """Return how many words there are for each input that an Embedding or a one_hot reads."""
    found: dict[str, int] = {}
    for node in inferred.order:
        if node.operator is None or node.operator.name not in ("Embedding", "_contrib_SparseEmbedding", "one_hot"):
            continue
        below = node.inputs[0].node
        while below.operator is not None and len(below.inputs) == 1:  # through Cast, transpose, Reshape
            below = below.inputs[0].node
        if below.operator is None:
            found[below.name] = node.values.get("input_dim") or node.values.get("depth") or 2
    return found
