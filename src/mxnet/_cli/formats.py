"""Writing a model in other formats, and running what was written."""

from __future__ import annotations

import contextlib
import importlib.util
import keyword
import logging
import os
import re
import warnings
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._graph.node import Entry, Node, copy_graph, topological_order
from ..base import MXNetError
from .main import fail
from .models import Model
from .shapes import Shape, Variables, label_of

if TYPE_CHECKING:
    from ..ndarray import NDArray
    from ..symbol import Symbol

Arrays = Mapping[str, np.ndarray]


def require(package: str, extra: str, purpose: str) -> None:
    """Refuse where an optional package is missing."""
    if importlib.util.find_spec(package) is None:
        fail(f'{purpose} needs the package {package}: pip install "remx[{extra}]"')


# -- ONNX ------------------------------------------------------------------------------------------------------------


def write_onnx(
    model: Model, variables: Variables, path: str, shapes: Mapping[str, Shape], open_batch: bool, opset: int | None
) -> list[str]:
    """Write an ONNX file; return what there is to say of it."""
    from ..onnx import export_model
    from .executing import dtypes_of
    from .shapes import infer

    names = [name for name in model.symbol.list_inputs() if name in variables.inputs]
    dtypes = dtypes_of(names, infer(model, shapes))
    dynamic: list[tuple[int | str | None, ...]] = [("N", *shapes[name][1:]) for name in names]
    export_model(
        model.symbol,
        [model.arg_params, model.aux_params],
        [shapes[name] for name in names],
        [np.dtype(str(dtypes[name])[6:]) for name in names],
        path,
        dynamic=open_batch,
        dynamic_input_shapes=dynamic if open_batch else None,
        opset=opset,
    )
    batch = "any batch size" if open_batch else "a fixed batch size"
    return [f"inputs {', '.join(f'{name} {shapes[name]}' for name in names)}, for {batch}"]


def run_onnx(path: str, values: Arrays) -> list[np.ndarray]:
    """Return the outputs of an ONNX file, as onnxruntime computes them."""
    require("onnxruntime", "onnx", "--check")
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    wanted: dict[str, np.ndarray] = {}
    for item in session.get_inputs():
        kind = _ONNX_DTYPES.get(item.type, "float32")
        if item.name not in values:
            fail(f"--check: the ONNX file has the input {item.name!r}, which the model does not have")
        wanted[item.name] = values[item.name].astype(kind)
    return session.run(None, wanted)  # type: ignore[no-any-return]


_ONNX_DTYPES = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16",
                "tensor(int64)": "int64", "tensor(int32)": "int32", "tensor(int8)": "int8", "tensor(uint8)": "uint8",
                "tensor(bool)": "bool"}  # fmt: skip


# -- torch -----------------------------------------------------------------------------------------------------------


def class_name(model: Model) -> str:
    """Return a name for the class of a model: ``resnet-50`` becomes Resnet50."""
    words = re.findall(r"[A-Za-z0-9]+", os.path.basename(model.name).split("-symbol")[0])
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Network"
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"Network{name}"


def write_torch(
    model: Model, variables: Variables, prefix: str, shapes: Mapping[str, Shape], open_batch: bool
) -> tuple[list[str], list[str]]:
    """Write PREFIX.pt2, PREFIX-state_dict.pt and, where possible, PREFIX.py; return the files and remarks."""
    import torch

    from .._leaving.to_torch import to_torch

    names = [name for name in model.symbol.list_inputs() if name in variables.inputs]
    said: list[str] = []
    given: dict[str, Any] = {"inputs": names, "name": class_name(model), "copy": False}  # nobody trains either
    source: str | None = f"{prefix}.py"
    try:
        module = to_torch(model.symbol, model.arg_params, model.aux_params, source=source, **given)
    except MXNetError as error:
        module = to_torch(model.symbol, model.arg_params, model.aux_params, **given)
        source = None
        said.append(f"no Python source was written: {error}")
    module.eval()
    torch.save(module.state_dict(), f"{prefix}-state_dict.pt")
    try:
        program, is_open = _exported(module, model, names, shapes, open_batch)
    except Exception as error:  # torch.export has errors of many classes
        why = f"torch.export cannot take this network: {str(error).strip().splitlines()[0]}"
        if source is None:
            raise MXNetError(f"{why} (mx.to_torch gives a torch module, which runs it all the same)") from error
        said.append(f"no .pt2 was written, as {why}; the source and the state_dict are complete without it")
        return [source, f"{prefix}-state_dict.pt"], said
    batch = "any batch size" if is_open else "this batch size only"
    said.append(f"the program takes {batch}: {', '.join(f'{name} {shapes[name]}' for name in names)}")
    torch.export.save(program, f"{prefix}.pt2")
    return [f"{prefix}.pt2", f"{prefix}-state_dict.pt"], said


def _exported(
    module: Any, model: Model, names: Sequence[str], shapes: Mapping[str, Shape], open_batch: bool
) -> tuple[Any, bool]:
    """Return the torch.export program of a module, and whether it takes any batch size."""
    import torch

    from .executing import dtypes_of
    from .shapes import infer

    dtypes = dtypes_of(names, infer(model, shapes))

    def example(batch: int | None) -> tuple[Any, ...]:
        sizes = [shapes[name] if batch is None else (batch, *shapes[name][1:]) for name in names]
        return tuple(torch.zeros(size, dtype=dtypes[name]) for name, size in zip(names, sizes))

    with _quiet(), torch.no_grad():
        if open_batch:
            batch = torch.export.Dim("batch", min=1)
            dynamic = tuple({0: batch} for _ in names)
            try:
                return torch.export.export(module, example(2), dynamic_shapes=dynamic), True
            except Exception:
                pass  # something in the graph depends on the batch
        return torch.export.export(module, example(None)), False


@contextlib.contextmanager
def _quiet() -> Generator[None, None, None]:
    """Keep torch's remarks on how it traces, and the graphs that it prints, from the user."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.ExitStack() as stack:
            nowhere = stack.enter_context(open(os.devnull, "w"))
            stack.enter_context(contextlib.redirect_stdout(nowhere))
            stack.enter_context(contextlib.redirect_stderr(nowhere))
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def run_torch(path: str, model: Model, variables: Variables, values: Arrays) -> list[np.ndarray]:
    """Return the outputs of a torch.export program, or of written source and its state_dict."""
    import torch

    names = [name for name in model.symbol.list_inputs() if name in variables.inputs]
    with _quiet(), torch.no_grad():
        module = _from_source(path, class_name(model)) if path.endswith(".py") else torch.export.load(path).module()
        found = module(*(torch.from_numpy(values[name]) for name in names))
    return [tensor.float().numpy() if tensor.dtype is torch.bfloat16 else tensor.numpy()
            for tensor in (found if isinstance(found, (tuple, list)) else [found])]  # fmt: skip


def _from_source(path: str, name: str) -> Any:
    """Return the module of source that `write_torch` wrote."""
    import torch

    space: dict[str, Any] = {"__name__": name}
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), space)  # importing it would leave compiled files behind
    module = space[name]()
    module.load_state_dict(torch.load(f"{path.removesuffix('.py')}-state_dict.pt"))
    return module.eval()


# -- safetensors and MXNet's own files -------------------------------------------------------------------------------


def write_safetensors(model: Model, path: str) -> None:
    """Write parameters and the symbol to a safetensors file."""
    from .._leaving.safetensors_files import save_safetensors

    save_safetensors(path, model.arg_params, model.aux_params, symbol=model.symbol)


def read_safetensors(path: str) -> tuple[dict[str, NDArray], dict[str, NDArray], Symbol | None]:
    """Return arguments, auxiliary states and the symbol, if there is one, of a safetensors file."""
    from .._leaving.safetensors_files import load_safetensors

    found = load_safetensors(path)
    symbol, arg_params, aux_params = found
    return arg_params, aux_params, symbol


def write_mxnet(model: Model, prefix: str) -> list[str]:
    """Write PREFIX-symbol.json and PREFIX-0000.params as MXNet 1.9.1 does; return the files."""
    from .._checkpoint import save_checkpoint

    save_checkpoint(prefix, 0, model.symbol, model.arg_params, model.aux_params)
    return [f"{prefix}-symbol.json", f"{prefix}-0000.params"]


def without_labels(model: Model) -> Model:
    """Return the model with a plain variable for every label: what is computed from labels has no effect."""
    heads = copy_graph(model.symbol._entries)
    changed = False
    for node in topological_order(heads):
        number = label_of(node)
        if number is not None and node.inputs[number].node.operator is not None:
            node.inputs[number] = Entry(Node(None, f"{node.name}_label", {}), 0)
            changed = True
    return replace(model, symbol=type(model.symbol)(heads)) if changed else model


def used_only(model: Model, variables: Variables) -> Model:
    """Return the model without arrays that the network does not use."""
    if not variables.unused:
        return model
    left_out = set(variables.unused)
    arg_params = {name: array for name, array in model.arg_params.items() if name not in left_out}
    aux_params = {name: array for name, array in model.aux_params.items() if name not in left_out}
    dropped = ", ".join(variables.unused[:5]) + (" ..." if len(variables.unused) > 5 else "")
    notes = [*model.notes, f"left out, as the network does not use them: {dropped}"]
    return replace(model, arg_params=arg_params, aux_params=aux_params, notes=notes)
