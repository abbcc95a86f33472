"""`export_model`: from a symbol and parameters, as objects or files, to an ONNX model."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import base
from .._ops.attributes import torch_dtype
from ..base import MXNetError
from ._draft import Draft
from ._export import Exporter, checked_opset
from ._lengths import Length, changeable, infer
from ._loading import onnx_package
from ._writing import Graph, NodeDraft, Value, value_info

if TYPE_CHECKING:
    import onnx

    from ..gluon import Block, HybridBlock
    from ..ndarray import NDArray
    from ..symbol import Symbol

Shape = Sequence[int]
Params = "Mapping[str, NDArray] | Sequence[Mapping[str, NDArray]] | str"


def draft_of(
    sym: Symbol | str | HybridBlock,
    params: Any,
    in_shapes: Sequence[Shape] | None = None,
    in_types: Any = np.float32,
    dynamic: bool = False,
    dynamic_input_shapes: Sequence[Sequence[int | str | None]] | None = None,
    opset: int | None = None,
) -> Draft:
    """Return what `mxnet.onnx.export_model` writes, with its parameters where they are."""
    number = checked_opset(opset)
    symbol, arrays = _loaded(sym, params)
    exporter = Exporter(symbol._entries, arrays, number)
    data, labels = exporter.inputs()
    shapes = _named_shapes(in_shapes, data, labels, symbol, dynamic_input_shapes if dynamic else None)
    dtypes = _named_dtypes(in_types, data, labels, exporter)
    names = _axis_names(shapes, data, dynamic, dynamic_input_shapes)
    _check_params(symbol, arrays, shapes)
    fixed = {node.name: tuple(arrays[node.name].shape) for node in exporter.variables if node.name in arrays}
    known = {name: torch_dtype(array.dtype) for name, array in arrays.items()} | dtypes
    if dynamic and dynamic_input_shapes is None:
        names = changeable(symbol._entries, shapes, names, fixed, known)
    inferred = infer(symbol._entries, shapes, names, fixed, known)
    outputs = exporter.translate(inferred)
    return _assembled(exporter.graph, outputs, names, number)


def _assembled(graph: Graph, outputs: Sequence[Value], names: Mapping[str, Sequence[str | None]], opset: int) -> Draft:
    helper = onnx_package().helper
    called: dict[Length, str] = {}
    for value in graph.inputs:
        for axis, (n, label) in enumerate(zip(value.shape or (), names.get(value.name, ()))):
            if isinstance(n, Length) and label is not None:
                called.setdefault(n, f"{value.name}_{axis}" if label.startswith("?") else label)
    graph.nodes = _needed(graph.nodes, outputs)
    nodes = graph.proto_nodes()
    used = _names_read(nodes)
    constants = [value for value in graph.constants.values() if value.name in used]
    middle = [
        value_info(value, called)
        for draft in graph.nodes
        for value in draft.outputs
        if value.shape is not None and value not in outputs
    ]
    made = helper.make_graph(
        nodes,
        "remx",
        [value_info(value, called) for value in graph.inputs],
        [value_info(value, called) for value in outputs],
        value_info=middle,
    )
    from .._version import __version__

    versions = [helper.make_opsetid("", opset)]
    oldest = helper.find_min_ir_version_for(versions)
    model = helper.make_model(
        made, opset_imports=versions, ir_version=oldest, producer_name="remx", producer_version=__version__
    )
    return Draft(model, constants)


def _needed(drafts: Sequence[NodeDraft], outputs: Sequence[Value]) -> list[NodeDraft]:
    """Return the nodes that the outputs depend on."""
    wanted = {value.name for value in outputs}
    kept: list[NodeDraft] = []
    for draft in reversed(drafts):
        if any(value.name in wanted for value in draft.outputs):
            kept.append(draft)
            wanted.update(value.name for value in draft.inputs if value is not None)
            for attribute in draft.attributes.values():
                if hasattr(attribute, "node"):  # the body of a loop
                    wanted |= _names_read(attribute.node) | {output.name for output in attribute.output}
    return kept[::-1]


def _names_read(nodes: Iterable[onnx.NodeProto]) -> set[str]:
    """Return the names of all values that nodes read, in the bodies of loops too."""
    found: set[str] = set()
    for node in nodes:
        found.update(node.input)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                found |= _names_read(attribute.g.node) | {output.name for output in attribute.g.output}
    return found


def _loaded(sym: Any, params: Any) -> tuple[Symbol, dict[str, NDArray]]:
    """Return a symbol and its parameters by name, without ``arg:`` and ``aux:``."""
    from .. import gluon, ndarray, symbol

    own: dict[str, NDArray] = {}
    if isinstance(sym, (str, os.PathLike)):
        sym = symbol.load(os.fspath(sym))
    if isinstance(sym, gluon.Block):
        sym, own = _block(sym)
        params = {} if params is None else params
    if not isinstance(sym, symbol.Symbol):
        raise base.TypeError(
            f"export_model: sym is {type(sym).__name__}; expected a Symbol, a hybridized block or the path of a "
            "-symbol.json file"
        )
    if isinstance(params, (str, os.PathLike)):
        params = ndarray.load(os.fspath(params))
    tables = params if isinstance(params, (list, tuple)) else [params]
    arrays = own
    for table in tables:
        if not isinstance(table, (Mapping, gluon.ParameterDict)):
            raise base.TypeError(
                f"export_model: params is {type(params).__name__}; expected a dict from names to arrays, a list of two "
                "(arg_params and aux_params), or the path of a .params file"
            )
        for name, array in table.items():
            arrays[name.removeprefix("arg:").removeprefix("aux:")] = (
                array.data() if isinstance(array, gluon.Parameter) else array
            )
    wanted = set(sym.list_inputs())
    return sym, {name: array for name, array in arrays.items() if name in wanted}


def _block(block: Block) -> tuple[Symbol, dict[str, NDArray]]:
    """Return the graph that a Gluon block used last, and its parameters."""
    graph = getattr(block, "_cached_graph", None)
    kind = type(block).__name__
    if graph is None:
        raise base.TypeError(
            f"export_model: {kind} {block.name!r} is no HybridBlock, so it has no graph; build it of HybridBlocks "
            "(HybridSequential for Sequential)"
        )
    if not graph:
        raise MXNetError(
            f"export_model: {kind} {block.name!r} has no graph yet; call hybridize() on it and pass one batch through "
            "it, then export"
        )
    return graph[1], {
        parameter.name: parameter.data() if len(parameter.list_ctx()) == 1 else parameter.list_data()[0]
        for parameter in block.collect_params().values()
    }


def _named_shapes(
    in_shapes: Any, data: Sequence[str], labels: Sequence[str], symbol: Symbol, dynamic: Any
) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the inputs by name."""
    everything = [name for name in symbol.list_inputs() if name in data or name in labels]
    if isinstance(in_shapes, tuple) and in_shapes and all(isinstance(n, int) for n in in_shapes):
        in_shapes = [in_shapes]  # one shape, not a list of one
    if in_shapes is None:
        in_shapes = _own_shapes(symbol, data)
    if isinstance(in_shapes, Mapping):
        names: Sequence[str] = [name for name in everything if name in in_shapes]
        in_shapes = [in_shapes[name] for name in names]
        missing = [name for name in data if name not in names]
    else:
        names = everything if len(in_shapes) == len(everything) else data
        missing = [] if len(in_shapes) == len(names) else list(data)
    if missing:
        raise base.ValueError(
            f"export_model: in_shapes has {len(in_shapes)} shapes; expected {len(data)}, one for each of the inputs "
            f"{', '.join(data)} (every variable without a parameter is one: is its parameter missing in params?)"
        )
    shapes: dict[str, tuple[int, ...]] = {}
    for name, shape in zip(names, in_shapes):
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        if not all(isinstance(n, (int, np.integer)) and n > 0 for n in shape):
            raise base.ValueError(
                f"export_model: the shape of {name!r} is {shape}; expected lengths of at least 1. For an axis that may "
                "change give an example here, and dynamic=True"
            )
        shapes[name] = tuple(int(n) for n in shape)
    return shapes


def _own_shapes(symbol: Symbol, data: Sequence[str]) -> list[tuple[int, ...]]:
    """Return the shapes that the variables themselves were given."""
    from .._graph.inference import parse_shape

    own = {name: attributes.get("__shape__") for name, attributes in symbol.attr_dict().items()}
    missing = [name for name in data if not own.get(name)]
    if missing:
        raise base.ValueError(
            f"export_model: in_shapes is None; expected one shape for each of the inputs {', '.join(data)}"
        )
    return [parse_shape(own[name] or "", name) for name in data]


def _named_dtypes(in_types: Any, data: Sequence[str], labels: Sequence[str], exporter: Exporter) -> dict[str, Any]:
    """Return the dtypes of the inputs by name."""
    if isinstance(in_types, (list, tuple)):
        order = [node.name for node in exporter.free]
        names = order if len(in_types) == len(order) else data
        if len(in_types) != len(names):
            raise base.ValueError(
                f"export_model: in_types has {len(in_types)} dtypes; expected one, or {len(data)} for {', '.join(data)}"
            )
        kinds = dict(zip(names, in_types))
    else:
        kinds = dict.fromkeys(data, in_types)
    try:
        return {name: torch_dtype(kind) for name, kind in kinds.items()}
    except TypeError as error:
        raise base.TypeError(f"export_model: in_types: {error}") from None


def _axis_names(
    shapes: Mapping[str, tuple[int, ...]], data: Sequence[str], dynamic: bool, given: Any
) -> dict[str, list[str | None]]:
    """Return, for each input, a name for each axis that may change; one that begins with ``?`` is nobody's choice."""
    if not dynamic:
        return {name: [None] * len(shape) for name, shape in shapes.items()}
    if given is not None and len(given) not in (len(data), len(shapes)):
        raise base.ValueError(
            f"export_model: dynamic_input_shapes has {len(given)} shapes; expected {len(data)}, one for each of the "
            f"inputs {', '.join(data)}"
        )
    names: dict[str, list[str | None]] = {}
    order = list(shapes) if given is not None and len(given) == len(shapes) else list(data)
    for number, name in enumerate(order):
        shape = shapes[name]
        said = [None] * len(shape) if given is None else list(given[number])
        if len(said) != len(shape):
            raise base.ValueError(
                f"export_model: dynamic_input_shapes says {tuple(said)} for {name!r}, in_shapes {shape}; expected as "
                "many axes"
            )
        names[name] = []
        for axis, (n, label) in enumerate(zip(shape, said)):
            if isinstance(label, int) and label > 0 and label != n:
                raise base.ValueError(
                    f"export_model: axis {axis} of {name!r} is {label} in dynamic_input_shapes and {n} in in_shapes; "
                    "expected one number, or None where the length may change"
                )
            fixed = isinstance(label, int) and label > 0
            names[name].append(None if fixed else label if isinstance(label, str) else "?")
    for name, shape in shapes.items():
        names.setdefault(name, ["?" for _ in shape])
    return names


def _check_params(symbol: Symbol, arrays: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise if parameters do not fit the graph: all that do not."""
    try:
        arguments, _, states = symbol.infer_shape_partial(**shapes)
    except MXNetError:
        return  # the inference with the parameters says it better
    names = [*symbol.list_arguments(), *symbol.list_auxiliary_states()]
    wrong = [
        f"{name} is {tuple(arrays[name].shape)}, expected {expected}"
        for name, expected in zip(names, [*(arguments or ()), *(states or ())])
        if name in arrays and expected and 0 not in expected and tuple(arrays[name].shape) != tuple(expected)
    ]
    if wrong:
        raise MXNetError(
            f"export_model: parameters do not fit the graph for inputs of {dict(shapes)}: " + "; ".join(wrong)
        )
