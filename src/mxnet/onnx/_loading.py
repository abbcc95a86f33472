"""ONNX files, made ready to be read: checked, with functions written out and with what ONNX infers."""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import base
from .._runtime.kinds import looks_like
from ..base import MXNetError
from ._readers.registry import READERS
from ._wire import WHOLE, Damaged, Stored, read_array, without_arrays

if TYPE_CHECKING:
    import onnx

#: The oldest operator set that is read as it is; older models are converted by the onnx package.
OLDEST = 7
#: Initializers of more bytes are kept apart while the graph is prepared.
LARGE = 4096
#: What the onnx package calls the usual form of its files; None is a name that says nothing.
_BINARY = ("protobuf", None)


class Loaded(NamedTuple):
    """A model as it is in its file, but for the elements of large initializers."""

    source: str
    model: Any
    arrays: Mapping[int, np.ndarray]  # by the number of the initializer


class Prepared(NamedTuple):
    """A model whose graph can be read."""

    source: str
    graph: Any
    opset: int
    initializers: Mapping[str, Any]
    inputs: list[Any]
    declared: Mapping[str, tuple[int, int | None]]


def onnx_package() -> Any:
    """Return the onnx package; MXNetError if it is not installed."""
    try:
        import onnx
        import onnx.inliner
        import onnx.shape_inference
        import onnx.version_converter
    except ImportError:
        raise MXNetError(
            'reading and writing ONNX files needs the onnx package, which is not installed: pip install "remx[onnx]"'
        ) from None
    return onnx


def load(model_file: Any, values: bool = True) -> Loaded:
    """Return the content of an ONNX file; large initializers are read straight into arrays.

    Parameters
    ----------
    model_file : str, path or ModelProto
    values : bool
        Whether to read them.

    Raises
    ------
    MXNetError
        If the file is missing, is no ONNX model, or lacks data.
    """
    package = onnx_package()
    if isinstance(model_file, package.ModelProto):
        model = package.ModelProto()
        model.CopyFrom(model_file)
        return Loaded("the model", model, {})
    if not isinstance(model_file, (str, os.PathLike)):
        raise base.TypeError(
            f"import_model: model_file is a {type(model_file).__name__}; expected the path of an .onnx file"
        )
    path = os.fspath(model_file)
    if not os.path.isfile(path):
        what = "a folder, not a file" if os.path.isdir(path) else "no such file"
        raise MXNetError(f"cannot read {path!r}: {what}; expected the path of an .onnx file")
    try:
        model, arrays = _read_file(package, path, values)
    except OSError as error:
        raise MXNetError(f"cannot read {path!r}: {error.strerror}") from None
    except Exception as error:  # protocol buffers raise their own errors, which are not in one family
        raise MXNetError(f"{path!r} is no ONNX model, or is damaged: {_first_line(error)}{_seen(path)}") from None
    if not model.HasField("graph"):
        raise MXNetError(f"{path!r} is no ONNX model: it holds no graph{_seen(path)}")
    if values:
        folder = os.path.dirname(os.path.abspath(path))
        try:
            _read_external(model, folder, arrays)
            package.load_external_data_for_model(model, folder)
        except Exception as error:  # missing files, places outside of the folder, wrong lengths
            raise MXNetError(f"{path!r}: the data of its parameters cannot be read: {_first_line(error)}") from None
    return Loaded(repr(path), model, arrays)


def _seen(path: str) -> str:
    """Return what else a file may be."""
    kind = looks_like(path)
    return "" if "ONNX" in kind or "unknown" in kind else f"; it looks like {kind}"


def _read_file(package: Any, path: str, values: bool) -> tuple[onnx.ModelProto, dict[int, np.ndarray]]:
    """Return the model in a file without the elements of large initializers, and these by the initializers' numbers."""
    if package.serialization.registry.get_format_from_file_extension(os.path.splitext(path)[1]) not in _BINARY:
        return package.load(path, load_external_data=False), {}  # a form of text
    with open(path, "rb", buffering=0) as file:
        if not os.fstat(file.fileno()).st_size:
            return package.ModelProto(), {}
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # closed with the last view of it
        rest, places = without_arrays(data, LARGE)
        model = package.ModelProto.FromString(rest)
        if not values:
            return model, {}
        return model, {
            number: _read_one(file, model.graph.initializer[number], place) for number, place in places.items()
        }


def _read_one(file: Any, tensor: Any, place: Stored) -> np.ndarray:
    dtype = onnx_package().helper.tensor_dtype_to_np_dtype(tensor.data_type)
    try:
        return read_array(file, place, dtype, tensor.dims)
    except Damaged as error:
        raise Damaged(f"parameter {tensor.name!r}: {error}") from None


def _read_external(model: onnx.ModelProto, folder: str, arrays: dict[int, np.ndarray]) -> None:
    """Read large initializers that lie in other files; what is left is read by the onnx package."""
    package = onnx_package()
    for number, tensor in enumerate(model.graph.initializer):
        if tensor.data_location != package.TensorProto.EXTERNAL or tensor.data_type not in WHOLE:
            continue
        said = {item.key: item.value for item in tensor.external_data}
        path = os.path.join(folder, said.get("location", ""))
        plain = os.path.basename(path) == said.get("location") and not os.path.islink(path) and os.path.isfile(path)
        if not plain or not {"offset", "length"} <= said.keys() or int(said["length"]) < LARGE:
            continue  # it looks at where the file is, and has the words for what is wrong
        with open(path, "rb", buffering=0) as file:
            arrays[number] = _read_one(file, tensor, Stored(int(said["offset"]), int(said["length"])))
        del tensor.external_data[:]
        tensor.ClearField("data_location")


def prepare(loaded: Loaded) -> Prepared:
    """Return a model with functions written out, its initializers apart, and what ONNX infers of its tensors."""
    package = onnx_package()
    source, model, arrays = loaded
    _refuse_newer(source, model)
    large = _take_large(source, model.graph, arrays)
    model = _typed(model, large)  # from here on they are inputs with a dtype and a shape
    _check(source, model)
    model = _of_known_opset(source, model)
    initializers = _initializers(source, model.graph, large)
    inputs = [item for item in model.graph.input if item.name not in initializers]
    model = _without_functions(model)
    inferred = model
    with contextlib.suppress(Exception):  # what ONNX cannot infer is found here, or asked for where it is needed
        inferred = package.shape_inference.infer_shapes(_typed(model, initializers), data_prop=True)
    declared: dict[str, tuple[int, int | None]] = {}
    _collect(inferred.graph, declared)
    return Prepared(source, model.graph, _opset(model), initializers, inputs, declared)


def _opset(model: onnx.ModelProto) -> int:
    found = [item.version for item in model.opset_import if item.domain in ("", "ai.onnx")]
    return found[0] if found else onnx_package().defs.onnx_opset_version()


def _refuse_newer(source: str, model: onnx.ModelProto) -> None:
    package = onnx_package()
    newest = package.defs.onnx_opset_version()
    if _opset(model) > newest:
        raise MXNetError(
            f"{source} uses operator set {_opset(model)}, and the installed onnx {package.__version__} knows those up "
            f"to {newest}: install a newer one (pip install --upgrade onnx)"
        )


def _of_known_opset(source: str, model: onnx.ModelProto) -> onnx.ModelProto:
    package = onnx_package()
    if _opset(model) >= OLDEST:
        return model
    try:
        return package.version_converter.convert_version(model, OLDEST)
    except Exception as error:  # the converter is not Python, and has errors of its own
        raise MXNetError(
            f"{source} uses operator set {_opset(model)}; {OLDEST} to {package.defs.onnx_opset_version()} are read, "
            f"and the onnx package cannot convert it: {_first_line(error)}"
        ) from None


def _check(source: str, model: onnx.ModelProto) -> None:
    package = onnx_package()
    try:
        package.checker.check_model(model)
    except Exception as error:  # what is not valid, and text that is no text
        raise MXNetError(f"{source} is not a valid ONNX model: {_first_line(error)}") from None


@contextlib.contextmanager
def readable_names(model_file: Any) -> Generator[None, None, None]:
    """Refuse a model whose names are no text, which shows wherever one is looked at first."""
    try:
        yield
    except UnicodeDecodeError:
        source = repr(os.fspath(model_file)) if isinstance(model_file, (str, os.PathLike)) else "the model"
        raise MXNetError(f"{source} is damaged: a name in it is no text") from None


def _first_line(error: BaseException) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "a name in it is no text"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _take_large(source: str, graph: Any, arrays: Mapping[int, np.ndarray]) -> dict[str, np.ndarray]:
    """Take large initializers out of a graph, which makes all that follows quicker; return them by name."""
    package = onnx_package()
    found: dict[str, np.ndarray] = {}
    kept: list[Any] = []
    for number, tensor in enumerate(graph.initializer):
        array = arrays.get(number)
        if array is None and tensor.ByteSize() > LARGE:
            array = _elements(source, tensor.name, tensor, package.numpy_helper.to_array)
        if array is None:
            kept.append(tensor)
        elif tensor.name in found:
            raise MXNetError(f"{source} is not a valid ONNX model: two parameters are called {tensor.name!r}")
        else:
            found[tensor.name] = array
    twice = next((tensor.name for tensor in kept if tensor.name in found), None)
    if twice is not None:
        raise MXNetError(f"{source} is not a valid ONNX model: two parameters are called {twice!r}")
    del graph.initializer[:]
    graph.initializer.extend(kept)
    return found


def _initializers(source: str, graph: Any, large: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return all arrays of a graph; sparse ones are removed from it."""
    found = dict(large)
    for tensor in graph.initializer:
        found[tensor.name] = _elements(source, tensor.name, tensor, onnx_package().numpy_helper.to_array)
    for tensor in graph.sparse_initializer:
        found[tensor.values.name] = _elements(source, tensor.values.name, tensor, dense)
    del graph.sparse_initializer[:]
    return found


def _elements(source: str, name: str, tensor: Any, read: Callable[[Any], np.ndarray]) -> np.ndarray:
    try:
        return read(tensor)
    except Exception as error:  # the elements do not fit the shape, or a type is not known
        raise MXNetError(f"{source}: parameter {name!r} cannot be read: {_first_line(error)}") from None


def dense(tensor: Any) -> np.ndarray:
    """Return a sparse tensor of ONNX as an array; MXNetError if that would be very large."""
    values = onnx_package().numpy_helper.to_array(tensor.values)
    indices = onnx_package().numpy_helper.to_array(tensor.indices)
    shape = tuple(tensor.dims)
    if np.prod(shape, dtype=np.float64) > 1 << 28:
        raise MXNetError(f"a sparse tensor of shape {shape} is too large to be written out")
    array = np.zeros(shape, dtype=values.dtype)
    if indices.ndim == 1:
        array.reshape(-1)[indices] = values
    else:
        array[tuple(indices.T)] = values
    return array


def _typed(model: onnx.ModelProto, initializers: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """Return a copy of the model in which initializers that were taken out are inputs with their shapes."""
    package = onnx_package()
    copy = package.ModelProto()
    copy.CopyFrom(model)
    present = {tensor.name for tensor in copy.graph.initializer}
    present |= {item.name for item in copy.graph.input}
    for name, array in initializers.items():
        if name not in present:
            element = package.helper.np_dtype_to_tensor_dtype(array.dtype)
            copy.graph.input.append(package.helper.make_tensor_value_info(name, element, array.shape))
    return copy


def _without_functions(model: onnx.ModelProto) -> onnx.ModelProto:
    """Write out the model's own functions, and operators that ONNX defines by others and that have no reader."""
    package = onnx_package()
    if model.functions:
        model = package.inliner.inline_local_functions(model)
    for _ in range(10):  # what is written out may contain further ones
        if all(is_read(node) for node in all_nodes(model.graph)):
            break
        defined, count = _with_definitions(model)
        if not count:
            break
        model = package.inliner.inline_local_functions(defined)
    return model


def is_read(node: Any) -> bool:
    """Return whether a node has a reader."""
    return node.domain in ("", "ai.onnx") and node.op_type in READERS


def _schema(node: Any, model: onnx.ModelProto) -> Any:
    """Return the schema of a node's operator if it defines it by other operators."""
    defs = onnx_package().defs
    versions = {item.domain: item.version for item in model.opset_import}
    try:
        schema = defs.get_schema(node.op_type, versions.get(node.domain, 1), node.domain)
    except defs.SchemaError:
        return None
    return schema if schema.has_function or schema.has_context_dependent_function else None


def _with_definitions(model: onnx.ModelProto) -> tuple[onnx.ModelProto, int]:
    """Return the model with a function of its own for each node whose operator ONNX defines by others; and how many."""
    package = onnx_package()
    types = _types(model)
    copy = package.ModelProto()
    copy.CopyFrom(model)
    for number, node in enumerate(all_nodes(copy.graph)):
        schema = None if is_read(node) else _schema(node, copy)
        if schema is None:
            continue
        definition = _definition(schema, node, types, _opset(copy))
        if definition is None:
            continue
        definition.domain, definition.name = "mxnet.written_out", f"{node.op_type}_{number}"
        del definition.attribute[:], definition.attribute_proto[:]
        copy.functions.append(definition)
        node.domain, node.op_type = definition.domain, definition.name
        del node.attribute[:]
    copy.opset_import.append(package.helper.make_opsetid("mxnet.written_out", 1))
    return copy, len(copy.functions)


def _types(model: onnx.ModelProto) -> dict[str, bytes]:
    """Return the types of all tensors that ONNX can infer."""
    package = onnx_package()
    try:
        inferred = package.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:  # what it cannot infer is left out
        inferred = model
    graphs, found = [inferred.graph], {}
    for tensor in inferred.graph.initializer:
        kind = package.helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims))
        found[tensor.name] = kind.SerializeToString()
    while graphs:
        graph = graphs.pop()
        for item in (*graph.input, *graph.value_info, *graph.output):
            found[item.name] = item.type.SerializeToString()
        graphs += [attribute.g for node in graph.node for attribute in node.attribute if attribute.HasField("g")]
    return found


def _definition(schema: Any, node: Any, types: Mapping[str, bytes], opset: int) -> Any:
    """Return the function that defines a node, with the node's attributes put in; None if ONNX cannot give it."""
    package = onnx_package()
    given = {attribute.name: attribute for attribute in node.attribute}
    for name, attribute in schema.attributes.items():
        if name not in given and attribute.default_value.type:
            given[name] = attribute.default_value
    full = package.NodeProto()
    full.CopyFrom(node)
    del full.attribute[:]
    full.attribute.extend(given.values())
    function = package.FunctionProto()
    try:
        if schema.has_context_dependent_function:
            inputs = [types.get(name, b"") for name in node.input]
            versions = schema.context_dependent_function_opset_versions
            version = max((n for n in versions if n <= opset), default=None)
            if version is None:
                return None
            text = schema.get_context_dependent_function_with_opset_version(version, full.SerializeToString(), inputs)
        else:
            version = max((n for n in schema.function_opset_versions if n <= opset), default=None)
            if version is None:
                return None
            text = schema.get_function_with_opset_version(version)
        function.ParseFromString(text)
    except Exception:  # it needs to know more of the inputs
        return None
    _put_in(function.node, given)
    return function


def _put_in(nodes: Any, given: Mapping[str, Any]) -> None:
    """Put attributes in the place of references to them."""
    for node in nodes:
        for attribute in list(node.attribute):
            if attribute.ref_attr_name:
                name = attribute.name
                node.attribute.remove(attribute)
                if attribute.ref_attr_name in given:
                    node.attribute.add().CopyFrom(given[attribute.ref_attr_name])
                    node.attribute[-1].name = name
            elif attribute.HasField("g"):
                _put_in(attribute.g.node, given)


def all_nodes(graph: Any) -> Iterator[Any]:
    """Yield the nodes of a graph and of the graphs inside its nodes."""
    stack = [graph]
    while stack:
        for node in stack.pop().node:
            yield node
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    stack.append(attribute.g)
                stack.extend(attribute.graphs)


def _collect(graph: Any, declared: dict[str, tuple[int, int | None]]) -> None:
    for item in (*graph.value_info, *graph.output, *graph.input):
        kind = item.type.tensor_type
        if item.type.HasField("tensor_type"):
            declared[item.name] = (kind.elem_type, len(kind.shape.dim) if kind.HasField("shape") else None)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _collect(attribute.g, declared)
