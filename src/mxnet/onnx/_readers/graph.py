"""Reading an ONNX graph node by node into symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ... import name
from ... import symbol as sym
from ..._ops.attributes import DTYPES
from ...attribute import AttrScope
from ...base import MXNetError
from ...symbol import Symbol
from .call import Call
from .folding import folded
from .registry import READERS, Unsupported
from .values import DTYPE_OF, WORLDS, Facts, Shapes, Value, open_length, storable

#: What a reader raises for a node that does not make sense.
_MISTAKES = (Unsupported, MXNetError, ValueError, TypeError, LookupError, ArithmeticError, AssertionError)


_FLOATS = ("float32", "float64", "float16", "bfloat16")


class Scope:
    """The tensors of a graph, and those of the graphs around it."""

    def __init__(self, outer: Scope | None = None, read: frozenset[str] = frozenset()) -> None:
        self.values: dict[str, Value | None] = {}
        self._outer = outer
        self._read = read

    def find(self, name: str) -> Value | None:
        """Return a tensor, None for one that could not be read; KeyError for one that nobody makes."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope._outer
        raise KeyError(name)

    def is_read(self, name: str) -> bool:
        """Return whether a node or an output of the graph reads a tensor."""
        return name in self._read


class GraphReader:
    """Reads the graphs of one model.

    Parameters
    ----------
    opset : int
        Version of ONNX's operator set.
    declared : mapping
        What ONNX's inference says of tensors: name -> (element type or 0, number of axes or None).
    scale : int
        Factor of the lengths that stand for open ones.
    """

    def __init__(self, opset: int, declared: Mapping[str, tuple[int, int | None]], scale: int) -> None:
        self.opset = opset
        self.depth = 0  # how many graphs inside nodes surround what is read
        self.facts = Facts()
        self.params: dict[str, np.ndarray] = {}
        self.untrained: set[str] = set()
        self.problems: list[tuple[str, str, str]] = []
        self.reserved: set[str] = set()  # names of parameters, which keep them
        self.inputs: list[Value] = []
        self.open_values: list[Value] = []
        self._scale = scale
        self._declared = declared
        self._names: set[str] = set()
        self._transposed: dict[str, Symbol] = {}
        self._lengths: dict[str, tuple[int, ...]] = {}

    @property
    def has_open_lengths(self) -> bool:
        """Whether an input has an axis whose length is not given."""
        return bool(self._lengths)

    def declared_element(self, name: str) -> int:
        """Return the number of the element type that ONNX gives a tensor, 0 if it is not known."""
        return self._declared.get(name, (0, None))[0]

    # -- variables -----------------------------------------------------------------------------------------------

    def unique(self, wanted: str) -> str:
        """Return `wanted`, or with a number behind it if that name is taken."""
        found, number = wanted, 0
        while found in self._names:
            number += 1
            found = f"{wanted}_{number}"
        self._names.add(found)
        return found

    def input(self, name: str, element: int, shape: Sequence[int | str | None] | None) -> Value:
        """Return an input of the model; lengths are numbers, names of open lengths, or None."""
        dtype = DTYPE_OF.get(element)
        if dtype is None:
            raise Unsupported(f"input {name!r} holds elements that arrays cannot hold (type {element})")
        self._names.add(name)
        shapes: Shapes = (None,) * WORLDS
        if shape is not None:
            lengths = [self._length(length, axis) for axis, length in enumerate(shape)]
            shapes = tuple(tuple(length[world] for length in lengths) for world in range(WORLDS))
        variable = sym.var(name, dtype=None if dtype == "float32" else dtype)
        self.facts.declare(variable, tuple((1,) if found == () else found for found in shapes), dtype)
        value = Value(name, shapes, make=lambda: variable)
        self.inputs.append(value)
        return value

    def _length(self, length: int | str | None, axis: int) -> tuple[int, ...]:
        if isinstance(length, int):
            return (length,) * WORLDS
        key = length or f"axis {axis}"
        if key not in self._lengths:
            self._lengths[key] = open_length(len(self._lengths), self._scale)
        return self._lengths[key]

    def parameter(self, wanted: str, array: np.ndarray, *, trainable: bool) -> Symbol:
        """Return what reads a variable that holds `array`; one that is not trained passes no gradient on.

        Integers and booleans are kept as floats and cast when they are read, since parameters have gradients.
        """
        array = storable(array)
        wanted_dtype = array.dtype.name
        found = self.unique(wanted)
        array = _as_floats(array.reshape(array.shape or (1,)))
        dtype = array.dtype.name
        trainable = trainable and dtype == wanted_dtype and dtype in _FLOATS
        with AttrScope(**{} if trainable else {"__lr_mult__": "0.0", "__wd_mult__": "0.0"}):
            variable = sym.var(found, shape=array.shape, dtype=None if dtype == "float32" else dtype)
        self.params[found] = array
        self.facts.declare(variable, (array.shape,) * WORLDS, dtype)
        if trainable:
            return variable
        self.untrained.add(found)
        if dtype != wanted_dtype:
            return sym.Cast(variable, dtype=wanted_dtype, name=self.unique(f"{found}_cast"))
        return sym.BlockGrad(variable, name=self.unique(f"{found}_fixed"))

    def transposed(self, value: Value) -> Symbol:
        """Return the variable of a matrix that is kept with its axes exchanged."""
        if value.name not in self._transposed:
            array = value.constant
            assert array is not None
            self._transposed[value.name] = self.parameter(value.name, array.T, trainable=value.trainable)
        return self._transposed[value.name]

    def constant(self, name: str, array: np.ndarray, *, trainable: bool = False) -> Value:
        """Return a tensor whose elements are known."""
        return self.known(name, (array,) * WORLDS, trainable=trainable)

    def known(
        self,
        name: str,
        contents: tuple[np.ndarray, ...],
        make: Callable[[], Symbol] | None = None,
        trainable: bool = False,
    ) -> Value:
        """Return a tensor whose elements are known in each world; `make` computes it where they differ."""
        shapes = tuple(array.shape for array in contents)
        value = Value(name, shapes, contents=contents, make=make, trainable=trainable)
        if value.constant is not None:
            value._make = lambda: self.parameter(name, contents[0], trainable=trainable)
        return value

    # -- nodes ---------------------------------------------------------------------------------------------------

    def read(self, nodes: Iterator[Any] | Sequence[Any], scope: Scope) -> None:
        """Read nodes in order; those that cannot be read are noted in `problems`."""
        for node in nodes:
            try:
                inputs = [scope.find(name) if name else None for name in node.input]
            except KeyError as error:
                self._note(node, f"reads {error.args[0]!r}, which no node before it makes")
                inputs = [None]
            if any(value is None for value, name in zip(inputs, node.input) if name):
                scope.values.update(dict.fromkeys(filter(None, node.output)))  # follows from an earlier problem
                continue
            try:
                found = self._read_node(node, inputs, scope)
            except _MISTAKES as error:
                self._note(node, str(error))
                scope.values.update(dict.fromkeys(filter(None, node.output)))
                continue
            for output, value in zip(node.output, found):
                if output:
                    scope.values[output] = value

    def _note(self, node: Any, reason: str) -> None:
        operator = f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type
        self.problems.append((node.name or (node.output[0] if node.output else ""), operator, reason))

    def _read_node(self, node: Any, inputs: Sequence[Value | None], scope: Scope) -> Sequence[Value | None]:
        reader = READERS.get(node.op_type) if node.domain in ("", "ai.onnx") else None
        if reader is None:
            raise Unsupported("no operator expresses it")
        call = self._call(node, inputs, scope)
        if node.op_type in ("Shape", "Size") and inputs[0] is not None and inputs[0].items is None:
            contents = _counted(call)
        else:
            known = [None if value is None else value.contents for value in inputs]
            contents = folded(node, self.opset, known, WORLDS)
        if contents is None:
            return self._run(call, reader)
        trainable = any(value is not None and value.trainable for value in inputs)
        return [
            self.known(output, arrays, self._later(call, reader, index), trainable)
            for index, (output, arrays) in enumerate(zip(node.output, contents))
        ]

    def _run(self, call: Call, reader: Callable[[Call], Any]) -> list[Value | None]:
        with name.Prefix(f"{call.name}_"):
            return self._finish(call, reader(call))

    def _later(self, call: Call, reader: Callable[[Call], Any], index: int) -> Callable[[], Symbol]:
        """Return what makes the symbol of a tensor that is known in each world, and differs among them."""

        def make() -> Symbol:
            found = self._run(call, reader)[index]
            assert found is not None
            return found.symbol

        return make

    def _call(self, node: Any, inputs: Sequence[Value | None], scope: Scope) -> Call:
        from onnx import helper

        attributes = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        wanted = node.name or next(filter(None, node.output), node.op_type.lower())
        if wanted in self.reserved:
            wanted = f"{wanted}_{node.op_type.lower()}"
        return Call(node.op_type, self.unique(wanted), self.opset, inputs, attributes, list(node.output), self, scope)

    def call(self, operator: str, inputs: Sequence[Value | None], around: Call, **attributes: Any) -> Any:
        """Return what the reader of another operator makes, for readers that need it."""
        call = Call(operator, around.name, self.opset, inputs, attributes, around.outputs, self, around.scope)
        return READERS[operator](call)

    # -- results -------------------------------------------------------------------------------------------------

    def _finish(self, call: Call, result: Any) -> list[Value | None]:
        """Bring what a reader returns into the dtype and number of axes that ONNX gives the outputs."""
        made: list[Any] = [result] if isinstance(result, (Symbol, Value)) or result is None else list(result)
        unread = [name for name in call.outputs[len(made) :] if name and call.scope.is_read(name)]
        if unread:
            raise Unsupported(f"its output {unread[0]!r} cannot be computed")
        found: list[Value | None] = []
        for index, item in enumerate(made):
            if isinstance(item, Symbol):
                output = call.outputs[index] if index < len(call.outputs) else ""
                item = self._value(call, output, item[0] if len(item) > 1 else item, index)
            found.append(item)
        return found

    def _value(self, call: Call, output: str, symbol: Symbol, index: int) -> Value:
        element, rank = self._declared.get(output, (0, None))
        wanted = DTYPE_OF.get(element)
        shapes, dtype = self.facts.of(symbol)
        if wanted is not None and dtype is not DTYPES[wanted]:
            symbol = sym.Cast(symbol, dtype=wanted)
        if rank is None and call.inputs and all(v is None or v.is_number for v in call.inputs):
            rank = 0 if all(shape == (1,) for shape in shapes) else None
        if rank == 0 and any(shape != (1,) for shape in shapes):
            symbol = sym.reshape(symbol, shape=(1,))
        shapes, _ = self.facts.of(symbol)
        if index == 0:
            self._take_name(symbol, call)
        value = Value(output, ((),) * WORLDS if rank == 0 else shapes, make=lambda: symbol)
        if not self.depth and value.shape is not None and None in value.shape:
            self.open_values.append(value)
        return value

    def _take_name(self, symbol: Symbol, call: Call) -> None:
        """Give the last node that a reader made the name of ONNX's node."""
        node = symbol._entries[0].node
        if node.operator is not None and node.name.startswith(f"{call.name}_") and node.name not in self._names:
            node.name = call.name


def _counted(call: Call) -> list[tuple[np.ndarray, ...]] | None:
    """Return what Shape and Size give, in each world."""
    shapes = call.value(0).shapes
    if any(shape is None for shape in shapes):
        return None
    if call.operator == "Size":
        return [tuple(np.array(np.prod(shape, dtype=np.int64)) for shape in shapes if shape is not None)]
    part = slice(call.attribute("start", 0), call.attribute("end", None))
    found = tuple(np.array(shape, dtype=np.int64)[part] for shape in shapes if shape is not None)
    return [(found[0],) * WORLDS if all(np.array_equal(found[0], other) for other in found[1:]) else found]


def _as_floats(array: np.ndarray) -> np.ndarray:
    """Return integers and booleans as floats that hold them exactly, if there are such."""
    if array.dtype.name in _FLOATS:
        return array
    largest = int(np.abs(array.astype(np.float64)).max()) if array.size else 0
    if largest > 2**53:
        return array
    return array.astype(np.float32 if largest <= 2**24 else np.float64)


def refusal(source: str, problems: Sequence[tuple[str, str, str]], failures: Sequence[str] = ()) -> MXNetError:
    """Return the error that lists all nodes that cannot be read, and those that do not accept open lengths."""
    lines = [f"  node {node!r}, operator {operator}: {reason}" for node, operator, reason in problems[:50]]
    if len(problems) > len(lines):
        lines.append(f"  and {len(problems) - len(lines)} more")
    if failures:
        lines.append(
            f"  Besides, {failures[0]!r} does not accept every length: some open axis of an input has to have the one "
            "length that the model was made for; give the model fixed input shapes (onnx.tools.update_model_dims)"
        )
    count = f"{len(problems)} nodes" if len(problems) > 1 else "a node"
    return MXNetError(f"{source}: {count} of this ONNX model cannot be imported:\n" + "\n".join(lines))


def read_names(graph: Any) -> frozenset[str]:
    """Return the names that the nodes and outputs of a graph read, those of graphs inside its nodes included."""
    found = {item.name for item in graph.output}
    stack = [graph]
    while stack:
        for node in stack.pop().node:
            found.update(node.input)
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    stack.append(attribute.g)
                    found.update(item.name for item in attribute.g.output)
    return frozenset(found)
