"""From ONNX files to symbols and blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .. import base, gluon
from .. import symbol as sym
from ..base import MXNetError
from ..context import cpu, current_context
from ..ndarray import NDArray
from ..ndarray.dispatch import wrap
from ..symbol import Symbol
from ._loading import LARGE, Prepared, load, prepare, readable_names
from ._readers import SCALES, GraphReader, Scope, Unsupported, read_names, refusal

if TYPE_CHECKING:
    from ..context import Context


def import_model(model_file: Any) -> tuple[Symbol, dict[str, NDArray], dict[str, NDArray]]:
    """Read an ONNX file.

    Parameters
    ----------
    model_file : str or path
        The ``.onnx`` file. Operator sets from 7 to the newest that the onnx package knows are read.

    Returns
    -------
    sym : Symbol
        The model. Its inputs keep their names; so do parameters.
    arg_params, aux_params : dict of str to NDArray
        Parameters and auxiliary states.

    Raises
    ------
    MXNetError
        If the file is missing or damaged, or if nodes of the model cannot be expressed; all of them are listed.

    Notes
    -----
    Elements of type uint16, int16, uint32 and uint64 become int32 and int64. Numbers that belong to formulas, such as
    a mask or indices, are float parameters that take no gradient, with ``lr_mult`` and ``wd_mult`` 0. An ONNX tensor
    without axes has shape (1,).
    """
    found, arg_params, aux_params, _, _ = _read(model_file)
    return found, arg_params, aux_params


def import_to_gluon(model_file: Any, ctx: Context | list[Context]) -> gluon.SymbolBlock:
    """Read an ONNX file as a block.

    Parameters
    ----------
    model_file : str or path
        The ``.onnx`` file.
    ctx : Context or list of Context
        Where to put the parameters.

    Returns
    -------
    SymbolBlock
        The model; it is called with the model's inputs in their order, and can be trained further.

    Raises
    ------
    MXNetError
        As `import_model`.
    """
    found, arg_params, aux_params, inputs, untrained = _read(model_file)
    used = set(found.list_inputs())
    unread = [name for name in inputs if name not in used]
    if unread:
        raise MXNetError(
            f"import_to_gluon: input {unread[0]!r} of the model has no effect on its outputs, so a block cannot take "
            "it; import_model gives the symbol"
        )
    block = gluon.SymbolBlock(found, [sym.var(name) for name in inputs])
    parameters = block.collect_params()
    for name in [*arg_params, *aux_params]:
        parameter = parameters[name]
        array = arg_params.pop(name) if name in arg_params else aux_params.pop(name)  # so that none is there twice
        if name in untrained:
            parameter.grad_req = "null"
        parameter.shape = array.shape
        if ctx in (array.context, [array.context]) and parameter._data is None:
            parameter.cast(array.dtype)
            parameter._ctx_list, parameter._data, parameter._deferred_init = [array.context], [array], ()
            parameter._init_grad()  # the array itself is the value: it is nobody else's
        else:
            parameter._load_init(array, ctx=ctx, cast_dtype=True, dtype_source="saved")
    return block


def get_model_metadata(model_file: Any) -> dict[str, list[tuple[str, tuple[int, ...]]]]:
    """Return names and shapes of an ONNX file's inputs and outputs.

    Parameters
    ----------
    model_file : str or path
        The ``.onnx`` file.

    Returns
    -------
    dict
        ``input_tensor_data`` and ``output_tensor_data``: lists of (name, shape). An open length is 0.

    Raises
    ------
    MXNetError
        If the file is missing or damaged.
    """
    with readable_names(model_file):
        graph = load(model_file, values=False).model.graph
        fixed = {tensor.name for tensor in graph.initializer}
        fixed |= {tensor.values.name for tensor in graph.sparse_initializer}
        return {
            "input_tensor_data": [(item.name, _shape(item)) for item in graph.input if item.name not in fixed],
            "output_tensor_data": [(item.name, _shape(item)) for item in graph.output],
        }


def _shape(item: Any) -> tuple[int, ...]:
    return tuple(dimension.dim_value for dimension in item.type.tensor_type.shape.dim)


def _read(model_file: Any) -> tuple[Symbol, dict[str, NDArray], dict[str, NDArray], list[str], set[str]]:
    """Return symbol, parameters, auxiliary states, names of the inputs, and of parameters that are not trained."""
    found, reader = _symbol_and_reader(model_file)
    arguments, states = set(found.list_arguments()), set(found.list_auxiliary_states())
    arg_params: dict[str, NDArray] = {}
    aux_params: dict[str, NDArray] = {}
    taken: set[int] = set()
    while reader.params:  # each is let go of as its NDArray is made
        name, array = reader.params.popitem()
        if name in arguments or name in states:
            (arg_params if name in arguments else aux_params)[name] = _ndarray(array, taken)
        del array
    inputs = [value.name for value in reader.inputs]
    return found, _reversed(arg_params), _reversed(aux_params), inputs, reader.untrained


def _symbol_and_reader(model_file: Any) -> tuple[Symbol, GraphReader]:
    with readable_names(model_file):
        prepared = prepare(load(model_file))
        reader, outputs = _best_reading(prepared)
    return outputs[0] if len(outputs) == 1 else sym.Group(outputs), reader


def _reversed(params: dict[str, NDArray]) -> dict[str, NDArray]:
    return dict(reversed(params.items()))


def _ndarray(array: np.ndarray, taken: set[int]) -> NDArray:
    """Return an array as NDArray, in its own memory if no other has that (`taken`, by its address) and it is in order.

    Nobody else writes to the memory: it was read from the file for this.
    """
    owner: Any = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    place = owner.__array_interface__["data"][0]
    whole = array.flags.writeable and array.flags.c_contiguous and owner.nbytes == array.nbytes > LARGE
    if whole and place not in taken:
        taken.add(place)
    else:
        array = array.copy()
    is_bfloat16 = array.dtype.name == "bfloat16"
    tensor = torch.from_numpy(array.view(np.int16) if is_bfloat16 else array)
    return wrap(NDArray, tensor.view(torch.bfloat16) if is_bfloat16 else tensor, cpu()).as_in_context(current_context())


def _best_reading(prepared: Prepared) -> tuple[GraphReader, list[Symbol]]:
    """Read a graph with the first scale of open lengths that all nodes accept, or else that most of them do."""
    best: GraphReader | None = None
    outputs: list[Symbol] = []
    for scale in SCALES:
        reader = GraphReader(prepared.opset, prepared.declared, scale)
        found = _read_graph(prepared, reader)
        if best is None or _troubles(reader) < _troubles(best):
            best, outputs = reader, found
        if _troubles(best) == (0, 0) or not reader.has_open_lengths:
            break
    assert best is not None
    if best.problems:
        raise refusal(prepared.source, best.problems, list(best.facts.failures))
    return best, outputs


def _troubles(reader: GraphReader) -> tuple[int, int]:
    return len(reader.problems), len(reader.facts.failures)


def _read_graph(prepared: Prepared, reader: GraphReader) -> list[Symbol]:
    """Return the outputs of a graph; what cannot be read is noted in the reader."""
    graph = prepared.graph
    scope = Scope(read=read_names(graph))
    reader.reserved.update(prepared.initializers)
    for item in prepared.inputs:
        scope.values[item.name] = _input(prepared, reader, item)
    for name, array in prepared.initializers.items():
        scope.values[name] = reader.constant(name, array, trainable=True)
    reader.read(graph.node, scope)
    outputs: list[Symbol] = []
    for item in graph.output:
        if item.name not in scope.values:
            raise base.MXNetError(f"{prepared.source}: no node makes the output {item.name!r}")
        value = scope.values[item.name]
        if value is None:  # noted already
            continue
        try:
            symbol = value.symbol
        except Unsupported as error:
            reader.problems.append((item.name, "output", str(error)))
            continue
        outputs.append(
            sym.identity(symbol, name=reader.unique(f"{item.name}_copy")) if _is_variable(symbol) else symbol
        )
    return outputs


def _is_variable(symbol: Symbol) -> bool:
    return symbol._entries[0].node.operator is None


def _input(prepared: Prepared, reader: GraphReader, item: Any) -> Any:
    kind = item.type
    if not kind.HasField("tensor_type"):
        which = kind.WhichOneof("value") or "value"
        raise MXNetError(f"{prepared.source}: input {item.name!r} is a {which[:-5]}; only tensors can be inputs")
    shape = None
    if kind.tensor_type.HasField("shape"):
        shape = [
            d.dim_value if d.WhichOneof("value") == "dim_value" else d.dim_param or None
            for d in kind.tensor_type.shape.dim
        ]
    try:
        return reader.input(item.name, kind.tensor_type.elem_type, shape)
    except Unsupported as error:
        raise MXNetError(f"{prepared.source}: {error}") from None
