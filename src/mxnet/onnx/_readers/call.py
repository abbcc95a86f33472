"""`Call`: one ONNX node as its reader sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .registry import Unsupported
from .values import DTYPE_OF, WORLDS, Shape, Value

if TYPE_CHECKING:
    from .graph import GraphReader, Scope

_REQUIRED: Any = object()


class Call:
    """One ONNX node: its inputs, its attributes, and what readers do with them.

    Parameters
    ----------
    operator : str
        ONNX's name of the operator.
    name : str
        Name that the result gets.
    opset : int
        Version of the operator set.
    inputs : list of Value or None
        Inputs; None for one that is left out.
    attributes : mapping
        Attributes as Python values.
    outputs : list of str
        Names of the outputs, "" for one that nobody wants.
    """

    def __init__(
        self,
        operator: str,
        name: str,
        opset: int,
        inputs: Sequence[Value | None],
        attributes: Mapping[str, Any],
        outputs: Sequence[str],
        graph: GraphReader,
        scope: Scope,
    ) -> None:
        self.operator = operator
        self.name = name
        self.opset = opset
        self.inputs = list(inputs)
        self.attributes = attributes
        self.outputs = list(outputs)
        self.graph = graph
        self.scope = scope
        self._literals = 0

    # -- what the node says --------------------------------------------------------------------------------------

    def attribute(self, name: str, default: Any = _REQUIRED) -> Any:
        """Return an attribute; Unsupported if it is left out and has no default."""
        found = self.attributes.get(name, default)
        if found is _REQUIRED:
            raise Unsupported(f"has no attribute {name!r}")
        return found

    def text(self, name: str, default: str) -> str:
        """Return an attribute that is a string."""
        found = self.attributes.get(name, default)
        return found.decode() if isinstance(found, bytes) else found

    def has(self, index: int) -> bool:
        """Return whether an input is given."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def wants(self, index: int) -> bool:
        """Return whether somebody reads an output."""
        return index < len(self.outputs) and bool(self.outputs[index]) and self.scope.is_read(self.outputs[index])

    def value(self, index: int) -> Value:
        """Return an input that has to be there."""
        found = self.inputs[index] if index < len(self.inputs) else None
        if found is None:
            raise Unsupported(f"lacks input {index}")
        return found

    def __getitem__(self, index: int) -> Symbol:
        """Return the symbol of an input; a number has shape (1,)."""
        return self.value(index).symbol

    def constant(self, index: int) -> np.ndarray:
        """Return the elements of an input that has to be known while the graph is read."""
        found = self.value(index).constant
        if found is None:
            raise Unsupported(
                f"input {index} ({self.value(index).name!r}) has to be a constant, and is computed while the model runs"
            )
        return found

    def setting(self, name: str, index: int, default: Any = None) -> Any:
        """Return what older versions give as an attribute and newer ones as a constant input, which becomes a list."""
        if name in self.attributes:
            return self.attributes[name]
        return self.constant(index).reshape(-1).tolist() if self.has(index) else default

    def lengths(self, index: int) -> tuple[Shape, ...]:
        """Return the elements of an input that holds lengths, in each world."""
        contents = self.value(index).contents
        if contents is None:
            raise Unsupported(
                f"input {index} ({self.value(index).name!r}) holds lengths that are computed from data, not from shapes"
            )
        return tuple(tuple(int(n) for n in world.reshape(-1)) for world in contents)

    def rank(self, index: int = 0) -> int:
        """Return the number of axes of an input."""
        shape = self.value(index).shape
        if shape is None:
            raise Unsupported(f"the number of axes of input {index} ({self.value(index).name!r}) is not known")
        return len(shape)

    def shape(self, index: int = 0) -> tuple[int | None, ...]:
        """Return the shape of an input, with None for open lengths."""
        self.rank(index)
        return self.value(index).shape or ()

    def static(self, index: int = 0) -> Shape:
        """Return the shape of an input that must not have open lengths."""
        shape = self.shape(index)
        if None in shape:
            raise Unsupported(
                f"needs the shape of input {index} ({self.value(index).name!r}), which is {_shown(shape)}; give the "
                "model fixed input shapes (onnx.tools.update_model_dims)"
            )
        return tuple(n for n in shape if n is not None)

    def length(self, axis: int, index: int = 0) -> int:
        """Return the length of one axis, which must not be open."""
        found = self.shape(index)[axis]
        if found is None:
            raise Unsupported(
                f"needs the length of axis {axis} of input {index} ({self.value(index).name!r}), which is open; give "
                "the model fixed input shapes (onnx.tools.update_model_dims)"
            )
        return found

    def worlds(self, index: int = 0) -> tuple[Shape, ...]:
        """Return the shape of an input in each world."""
        self.rank(index)
        return tuple(shape for shape in self.value(index).shapes if shape is not None)

    def axis(self, default: Any = _REQUIRED, index: int = 0, name: str = "axis") -> int:
        """Return the attribute ``axis``, counted from the front."""
        axis = self.attribute(name, default)
        return axis % self.rank(index) if axis < 0 else axis

    def axes(self, axes: Sequence[int], index: int = 0) -> tuple[int, ...]:
        """Return axes counted from the front."""
        rank = self.rank(index)
        for axis in axes:
            if not -rank <= axis < rank:
                raise Unsupported(f"has axis {axis}, and its input {rank} axes")
        return tuple(axis % rank for axis in axes)

    def refuse(self, reason: str) -> NoReturn:
        """Say that the node cannot be expressed."""
        raise Unsupported(reason)

    # -- what readers make ---------------------------------------------------------------------------------------

    def literal(self, array: np.ndarray) -> Symbol:
        """Return a variable for numbers that belong to a formula: they are not trained."""
        self._literals += 1
        suffix = "constant" if self._literals == 1 else f"constant{self._literals}"
        return self.graph.parameter(f"{self.name}_{suffix}", array, trainable=False)

    def empty(self, axis: int) -> Value:
        """Return the first input cut down to length 0 along one axis; only Concat takes such a tensor."""
        dtype = np.dtype(self.dtype() if self.dtype() != "bfloat16" else "float32")
        shapes = [(*shape[:axis], 0, *shape[axis + 1 :]) for shape in self.worlds()]
        contents = tuple(np.empty(shape, dtype) for shape in shapes)
        return Value(self.outputs[0], tuple(shapes), contents=contents)

    def parameter(self, suffix: str, array: np.ndarray) -> Symbol:
        """Return a variable for a parameter that is made of the node's own ones."""
        return self.graph.parameter(f"{self.name}_{suffix}", array, trainable=True)

    def facts(self, symbol: Symbol) -> tuple[int | None, ...] | None:
        """Return the shape of a symbol with None for open lengths; None if it is not known."""
        return Value("", self.graph.facts.of(symbol)[0]).shape

    def worlds_of(self, symbol: Symbol) -> tuple[Shape, ...]:
        """Return the shape of a symbol in each world."""
        shapes = self.graph.facts.of(symbol)[0]
        known = tuple(shape for shape in shapes if shape is not None)
        if len(known) < WORLDS:
            raise Unsupported("needs a shape that is known only while the model runs")
        return known

    def dtype(self, index: int = 0) -> str:
        """Return the dtype of an input, in the form of an attribute."""
        value = self.value(index)
        if value.contents is not None:
            return value.contents[0].dtype.name
        dtype = self.graph.facts.of(value.symbol)[1]
        return "float32" if dtype is None else str(dtype)[6:]

    def onnx_dtype(self, index: int = 0) -> str:
        """Return the element type that an input has in the ONNX file, where arrays may hold a wider one."""
        element = self.graph.declared_element(self.value(index).name)
        return type_name(element) if element else self.dtype(index)

    def element_type(self, number: int) -> str:
        """Return the dtype of an ONNX element type."""
        found = DTYPE_OF.get(number)
        if found is None:
            raise Unsupported(f"asks for elements of type {type_name(number)}, which arrays cannot hold")
        return found

    def ranked(self, index: int, rank: int) -> Symbol:
        """Return an input with axes of length 1 put in front, up to `rank`."""
        return with_rank(self[index], 1 if self.value(index).is_number else self.rank(index), rank)


def with_rank(symbol: Symbol, rank: int, wanted: int) -> Symbol:
    """Return `symbol` with axes of length 1 put in front."""
    for _ in range(wanted - rank):
        symbol = sym.expand_dims(symbol, axis=0)
    return symbol


def _shown(shape: Sequence[int | None]) -> str:
    return "(" + ", ".join("?" if n is None else str(n) for n in shape) + ")"


def type_name(number: int) -> str:
    """Return the name of an ONNX element type."""
    from onnx import TensorProto

    try:
        found = TensorProto.DataType.Name(number).lower()  # type: ignore[arg-type]
    except ValueError:
        return str(number)
    return {"float": "float32", "double": "float64"}.get(found, found)
