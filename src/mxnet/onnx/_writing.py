"""An ONNX graph under construction: values, the nodes that make them, and constants.

A translation computes with `Value` objects as one computes with arrays: ``data * 2 + bias``, or
``graph.op("Gemm", data, weight, transB=1)``. Numbers, lists of int and NumPy arrays among the inputs become constants.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._lengths import Axes, Length, product_of, static

if TYPE_CHECKING:
    import onnx


class CannotTranslate(Exception):
    """ONNX has nothing for an operator with these attributes or inputs."""


class Value:
    """One tensor of an ONNX graph.

    `shape` is None where nobody needed to know it; `array` holds the numbers of a constant or a parameter.
    """

    __slots__ = ("_array", "dtype", "graph", "is_parameter", "made_by", "name", "shape")

    def __init__(
        self,
        graph: Graph,
        name: str,
        dtype: np.dtype[Any],
        shape: Axes | None = None,
        array: Any = None,
        made_by: NodeDraft | None = None,
        is_parameter: bool = False,
    ) -> None:
        self.graph = graph
        self.name = name
        self.dtype = np.dtype(dtype)
        self.shape = shape
        self.made_by = made_by
        self.is_parameter = is_parameter
        self._array = array

    @property
    def array(self) -> np.ndarray | None:
        """The numbers, if they are known."""
        if self._array is not None and not isinstance(self._array, np.ndarray):
            self._array = self._array()  # a parameter is copied from the device when it is needed
        return self._array

    def read(self) -> np.ndarray:
        """Return the numbers of a constant or a parameter without keeping a copy of what is on a device."""
        return self._array if isinstance(self._array, np.ndarray) else self._array()

    @property
    def is_known(self) -> bool:
        """Whether this is a constant or a parameter."""
        return self._array is not None

    @property
    def axes(self) -> Axes:
        """The shape, for a value whose shape is known."""
        if self.shape is None:
            raise CannotTranslate(f"the shape of {self.name!r} is only known when the model runs")
        return self.shape

    @property
    def is_float(self) -> bool:
        return self.dtype.kind == "f" or self.dtype.name == "bfloat16"

    def seen_from(self, graph: Graph) -> Value:
        """Return this for the nodes of a graph inside, which may read it."""
        if self.graph is graph:
            return self
        return Value(graph, self.name, self.dtype, self.shape, self._array, None, self.is_parameter)

    def replaced_by(self, array: np.ndarray) -> Value:
        """Give a parameter other numbers of the same shape."""
        self._array = array
        return self

    def cast(self, dtype: Any) -> Value:
        """Return this in another dtype; itself if it has that one."""
        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return self
        return self.graph.op("Cast", self, to=tensor_type(dtype), dtype=dtype, shape=self.shape)

    def reshape(self, *lengths: int) -> Value:
        """Return this with other axes: 0 keeps the axis of that number, -1 takes what is left."""
        return self.graph.op("Reshape", self, list(lengths))

    def unsqueeze(self, *axes: int) -> Value:
        return self.graph.op("Unsqueeze", self, list(axes))

    def squeeze(self, *axes: int) -> Value:
        return self.graph.op("Squeeze", self, list(axes))

    def transpose(self, *axes: int) -> Value:
        return self if list(axes) == sorted(axes) else self.graph.op("Transpose", self, perm=list(axes))

    def part(self, axis: int, begin: int, end: int, step: int = 1) -> Value:
        """Return a slice of one axis."""
        return self.graph.op("Slice", self, [begin], [end], [axis], [step])

    def where_true(self, yes: Any, no: Any) -> Value:
        """Return `yes` where this (of bool) is true, else `no`."""
        kind = yes.dtype if isinstance(yes, Value) else no.dtype
        return self.graph.op("Where", self, self.graph.of(yes, kind), self.graph.of(no, kind), dtype=kind)

    def compare(self, kind: str, other: Any) -> Value:
        """Return a comparison, of bool."""
        return self.graph.op(kind, self, other, dtype=bool)

    def __add__(self, other: Any) -> Value:
        return self.graph.op("Add", self, other)

    def __radd__(self, other: Any) -> Value:
        return self.graph.op("Add", self.graph.of(other, self.dtype), self)

    def __sub__(self, other: Any) -> Value:
        return self.graph.op("Sub", self, other)

    def __rsub__(self, other: Any) -> Value:
        return self.graph.op("Sub", self.graph.of(other, self.dtype), self)

    def __mul__(self, other: Any) -> Value:
        return self.graph.op("Mul", self, other)

    def __rmul__(self, other: Any) -> Value:
        return self.graph.op("Mul", self.graph.of(other, self.dtype), self)

    def __truediv__(self, other: Any) -> Value:
        return self.graph.op("Div", self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return self.graph.op("Div", self.graph.of(other, self.dtype), self)

    def __neg__(self) -> Value:
        return self.graph.op("Neg", self)

    def __repr__(self) -> str:
        return f"<Value {self.name}: {self.dtype} {self.shape}>"


class NodeDraft:
    """An ONNX node that is still to be written."""

    __slots__ = ("attributes", "inputs", "kind", "name", "outputs")

    def __init__(self, kind: str, inputs: list[Value | None], attributes: dict[str, Any], name: str) -> None:
        self.kind = kind
        self.inputs = inputs
        self.outputs: list[Value] = []
        self.attributes = attributes
        self.name = name


class Graph:
    """An ONNX graph under construction.

    Parameters
    ----------
    opset : int
        Version of ONNX's operators that the nodes are written in.
    parent : Graph
        The graph around this one, for the body of a loop or a branch: names are shared, and its values may be read.
    """

    def __init__(self, opset: int, parent: Graph | None = None) -> None:
        self.opset = opset
        self.parent = parent
        self.nodes: list[NodeDraft] = []
        self.inputs: list[Value] = []
        self.constants: dict[str, Value] = {}
        self.scope = ""  # name of the MXNet node that is being translated
        self._names: set[str] = set() if parent is None else parent._names
        self._same: dict[tuple[str, tuple[int, ...], bytes], Value] = {}

    # -- names ---------------------------------------------------------------------------------------------------

    def unused_name(self, wanted: str) -> str:
        """Return a name that nothing has yet, and take it."""
        name, number = wanted, 0
        while name in self._names:
            number += 1
            name = f"{wanted}_{number}"
        self._names.add(name)
        return name

    # -- values --------------------------------------------------------------------------------------------------

    def input(self, name: str, dtype: Any, shape: Axes | None) -> Value:
        """Add an input of the graph."""
        value = Value(self, self.unused_name(name), np.dtype(dtype), shape)
        self.inputs.append(value)
        return value

    def constant(self, array: Any, dtype: Any = None, name: str | None = None) -> Value:
        """Return a constant; small ones that are equal are kept once."""
        array = np.asarray(array, dtype=dtype)
        key = (array.dtype.name, array.shape, array.tobytes()) if array.nbytes <= 4096 and name is None else None
        if key is not None and key in self._same:
            return self._same[key]
        wanted = name or (f"{self.scope}_constant" if array.ndim else f"scalar_{array.dtype.name}")
        value = Value(self, self.unused_name(wanted), array.dtype, array.shape, array)
        self.constants[value.name] = value
        if key is not None:
            self._same[key] = value
        return value

    def of(self, given: Any, dtype: Any) -> Value:
        """Return what was given as a value; a number becomes a constant of `dtype`."""
        if isinstance(given, Value):
            return given
        if isinstance(given, numbers.Real):
            return self.constant(_number(given, np.dtype(dtype)))
        if isinstance(given, np.ndarray):
            return self.constant(given)
        return self.constant(given, np.int64)

    def op(self, kind: str, *inputs: Any, dtype: Any = None, shape: Axes | None = None, **attributes: Any) -> Value:
        """Add a node with one output, of the dtype of its first input unless said."""
        return self.ops(kind, *inputs, outputs=1, dtype=dtype, shape=shape, **attributes)[0]

    def ops(
        self,
        kind: str,
        *inputs: Any,
        outputs: int,
        dtype: Any = None,
        shape: Axes | None = None,
        **attributes: Any,
    ) -> list[Value]:
        """Add a node with several outputs."""
        first = next((value for value in inputs if isinstance(value, Value)), None)
        like = np.dtype(dtype or np.float32) if first is None else first.dtype
        given = [None if value is None else self.of(value, like) for value in inputs]
        while given and given[-1] is None:
            given.pop()
        attributes = {name: value for name, value in attributes.items() if value is not None}
        draft = NodeDraft(kind, given, attributes, self.unused_name(f"{self.scope}_{kind.lower()}"))
        found = like if dtype is None else np.dtype(dtype)
        for number in range(outputs):
            name = draft.name + "_out" + (str(number) if outputs > 1 else "")
            draft.outputs.append(Value(self, self.unused_name(name), found, shape, made_by=draft))
        self.nodes.append(draft)
        return draft.outputs

    def draw(self, kind: str, dtype: np.dtype[Any], *inputs: Value, **attributes: Any) -> Value:
        """Add a node that draws random numbers of a dtype, which is an attribute of such nodes."""
        made = self.op(kind, *inputs, dtype=dtype)
        assert made.made_by is not None
        made.made_by.attributes.update(attributes, dtype=tensor_type(dtype))
        return made

    def reduce(
        self, kind: str, data: Value, axes: Sequence[int] | None, keepdims: bool = False, dtype: Any = None
    ) -> Value:
        """Add ``ReduceMax`` or another reduction; None are all axes."""
        by_input = self.opset >= 18 or kind == "ReduceSum"
        if axes is None:
            return self.op(kind, data, keepdims=int(keepdims), dtype=dtype)
        if by_input:
            if not axes:
                return self.op(kind, data, [], keepdims=int(keepdims), noop_with_empty_axes=1, dtype=dtype)
            return self.op(kind, data, list(axes), keepdims=int(keepdims), dtype=dtype)
        return self.op(kind, data, axes=list(axes), keepdims=int(keepdims), dtype=dtype)

    # -- lengths -------------------------------------------------------------------------------------------------

    def lengths(self, data: Value, begin: int = 0, end: int | None = None) -> Value:
        """Return the lengths of some axes of a value as a vector of int64."""
        return self.op("Shape", data, start=begin, end=end, dtype=np.int64)

    def vector(self, parts: Sequence[int | Value]) -> Value:
        """Return a vector of int64 from numbers and vectors."""
        if all(isinstance(part, int) for part in parts):
            return self.constant(list(parts), np.int64)
        joined: list[Value] = []
        run: list[int] = []
        for part in (*parts, None):
            if isinstance(part, int):
                run.append(part)
                continue
            if run:
                joined.append(self.constant(run, np.int64))
                run = []
            if part is not None:
                joined.append(part)
        return joined[0] if len(joined) == 1 else self.op("Concat", *joined, axis=0)

    def length(self, wanted: int | Length, *sources: Value) -> int | Value:
        """Return a length: itself if it is known, else a vector of one that reads it off a source or an input."""
        if isinstance(wanted, int):
            return wanted
        values = [*sources, *self._all_inputs()]
        for value in values:
            for axis, length in enumerate(value.shape or ()):
                if length == wanted:
                    return self.lengths(value, axis, axis + 1)
        for value in values:  # a product of axes, as reshaping makes it
            found = product_of(wanted, value.shape or ())
            if found is not None:
                axes, factor = found
                lengths = [self.lengths(value, axis, axis + 1) for axis in axes]
                total = lengths[0]
                for more in lengths[1:]:
                    total = total * more
                return total if factor == 1 else total * factor
        raise CannotTranslate(
            "a length that changes with the inputs cannot be computed from their shapes: export with dynamic=False"
        )

    def shape_like(self, shape: Axes, *sources: Value) -> Value:
        """Return a shape as a vector of int64."""
        return self.vector([self.length(n, *sources) for n in shape])

    def _all_inputs(self) -> Iterator[Value]:
        graph: Graph | None = self
        while graph is not None:
            yield from graph.inputs
            graph = graph.parent

    def filled(self, number: float, dtype: Any, shape: Axes, *sources: Value) -> Value:
        """Return an array of one number."""
        lengths = static(shape)
        if lengths is not None and math.prod(lengths) <= 1024:
            return self.constant(np.full(lengths, number, dtype))
        value = tensor(np.full((1,), number, dtype))
        return self.op("ConstantOfShape", self.shape_like(shape, *sources), value=value, dtype=dtype, shape=shape)

    # -- writing -------------------------------------------------------------------------------------------------

    def proto_nodes(self) -> list[onnx.NodeProto]:
        """Return the nodes as ONNX's own objects."""
        from onnx import helper

        written: list[onnx.NodeProto] = []
        for draft in self.nodes:
            inputs = ["" if value is None else value.name for value in draft.inputs]
            outputs = [value.name for value in draft.outputs]
            written.append(helper.make_node(draft.kind, inputs, outputs, name=draft.name, **draft.attributes))
        return written

    def body(self, name: str, outputs: Sequence[Value]) -> onnx.GraphProto:
        """Return this graph as the body of a node of control flow."""
        from onnx import helper

        return helper.make_graph(
            self.proto_nodes(),
            name,
            [value_info(value) for value in self.inputs],
            [helper.make_tensor_value_info(value.name, tensor_type(value.dtype), None) for value in outputs],
            [tensor(value.array, value.name) for value in self.constants.values()],
        )


def _number(given: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """Return a number as an array without axes; one that the dtype does not hold is held to its limits."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return np.array(
            int(given) if limits.min <= given <= limits.max else limits.max if given > 0 else limits.min, dtype
        )
    with np.errstate(over="ignore"):
        return np.array(given, dtype)


def wrapped(number: float, dtype: np.dtype[Any]) -> float:
    """Return a number as a cast to the dtype makes it: for integers it is cut and wraps around."""
    if dtype.kind not in "iu":
        return number
    limits = np.iinfo(dtype)
    return (int(number) - int(limits.min)) % (int(limits.max) - int(limits.min) + 1) + int(limits.min)


def tensor_type(dtype: Any) -> int:
    """Return ONNX's number of a dtype."""
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def tensor(array: np.ndarray | None, name: str = "") -> onnx.TensorProto:
    from onnx import numpy_helper

    assert array is not None
    return numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)


def value_info(value: Value, named: dict[Length, str] | None = None) -> onnx.ValueInfoProto:
    """Return the description of an input or output; `named` gives names to lengths that change."""
    from onnx import helper

    if value.shape is None:
        return helper.make_tensor_value_info(value.name, tensor_type(value.dtype), None)
    shape = [n if isinstance(n, int) else (named or {}).get(n) for n in value.shape]
    return helper.make_tensor_value_info(value.name, tensor_type(value.dtype), shape)
