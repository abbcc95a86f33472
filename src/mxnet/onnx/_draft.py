"""An ONNX model whose parameters are still arrays, and how it becomes a file."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._runtime.files import replacing
from ..base import MXNetError
from ._lengths import static
from ._loading import onnx_package
from ._wire import Array, write_arrays, write_model
from ._writing import Value, tensor, tensor_type, value_info

if TYPE_CHECKING:
    import onnx

#: ONNX files are protocol buffers, which end at 2 GB; the parameters of larger models go into a file beside.
MOST_BYTES = 2_000_000_000
#: Constants of more bytes are left out of what ONNX checks, and those of less stay in the model's own file.
_LARGE = 1024
#: Where arrays begin in the file beside: at pages, so that they can be mapped.
_PAGE = 4096


@dataclass
class Draft:
    """A model without initializers, and the values that become them.

    The parameters of a network are by far the largest part of it. They are written out of the arrays' own memory, one
    after the other, and nothing else ever holds them.
    """

    model: onnx.ModelProto
    constants: list[Value]

    def complete(self) -> onnx.ModelProto:
        """Return the whole model."""
        whole = type(self.model)()
        whole.CopyFrom(self.model)
        whole.graph.initializer.extend(tensor(value.read(), value.name) for value in self.constants)
        return whole

    def typed(self) -> onnx.ModelProto:
        """Return the model with large constants as inputs, which have a dtype and a shape and no numbers."""
        typed = type(self.model)()
        typed.CopyFrom(self.model)
        for value in self.constants:
            if _bytes(value) > _LARGE:
                typed.graph.input.append(value_info(value))
            else:
                typed.graph.initializer.append(tensor(value.read(), value.name))
        return typed

    def infer(self) -> None:
        """Let ONNX infer shapes inside of the graph, and check them."""
        found = onnx_package().shape_inference.infer_shapes(self.typed(), check_type=True, strict_mode=True).graph
        for kind in ("output", "value_info"):
            items = getattr(self.model.graph, kind)
            del items[:]
            items.extend(getattr(found, kind))

    def arrays(self) -> list[Array]:
        """Return the constants as what is to be written."""
        return [
            Array(value.name, tensor_type(value.dtype), _shape(value), _bytes(value), value.read)
            for value in self.constants
        ]


def _bytes(value: Value) -> int:
    """Return how many bytes the numbers of a constant take."""
    return math.prod(_shape(value)) * value.dtype.itemsize


def _shape(value: Value) -> tuple[int, ...]:
    shape = static(value.shape)
    assert shape is not None
    return shape


def save(draft: Draft, path: str) -> list[str]:
    """Check and write a model; one beyond the limit of a protocol buffer gets a second file ``path + ".data"``.

    Returns
    -------
    list of str : the files

    Raises
    ------
    MXNetError
        The types of inputs and parameters do not go together, or the file cannot be written.
    """
    _check(onnx_package(), draft.typed())
    arrays = draft.arrays()
    size = draft.model.ByteSize() + sum(array.length + len(array.name) + 64 for array in arrays)
    try:
        if size < MOST_BYTES:
            with replacing(path) as file:
                write_model(file, draft.model, arrays)
            return [path]
        beside = f"{path}.data"
        large = [array for array in arrays if array.length > _LARGE]
        with replacing(beside) as data, replacing(path) as file:
            places = dict(zip([array.name for array in large], write_arrays(data, large, _PAGE)))
            write_model(file, _pointing(draft, places, os.path.basename(beside)), [])
        return [path, beside]
    except OSError as error:
        raise MXNetError(f"export_model: cannot write {path!r}: {error.strerror or error}") from None


def _pointing(draft: Draft, places: Mapping[str, int], location: str) -> onnx.ModelProto:
    """Return the model with initializers that say where in another file their elements are."""
    onnx = onnx_package()
    model = type(draft.model)()
    model.CopyFrom(draft.model)
    for value in draft.constants:
        if value.name not in places:
            model.graph.initializer.append(tensor(value.read(), value.name))
            continue
        made = model.graph.initializer.add(
            name=value.name,
            data_type=tensor_type(value.dtype),
            dims=_shape(value),
            data_location=onnx.TensorProto.EXTERNAL,
        )
        for key, said in (("location", location), ("offset", places[value.name]), ("length", _bytes(value))):
            made.external_data.add(key=key, value=str(said))
    return model


def _check(onnx: Any, model: onnx.ModelProto) -> None:
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise MXNetError(
            "export_model: ONNX refuses the model. Usually the dtypes of inputs (in_types) and parameters are not one: "
            f"{str(error).strip()}"
        ) from None
