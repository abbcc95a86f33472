"""What is known of an ONNX tensor while a graph is read.

Lengths may be open, such as that of the batch. So every shape is followed in two worlds, which give open lengths
different numbers. A length or a number of a shape computation is fixed if it is the same in both worlds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ..._graph.inference import Conflict, Inferred, output_shapes
from ..._graph.node import Entry, Node
from ..._ops.attributes import DTYPES
from ...symbol import Symbol
from .registry import Unsupported

Shape = tuple[int, ...]
#: One shape for each world; None where nothing is known.
Shapes = tuple[Shape | None, ...]

WORLDS = 2
#: Lengths that stand for open ones are a scale times one of these primes, so that sums of them do not coincide.
_PRIMES = ((5, 7), (7, 11), (11, 13), (13, 19), (17, 29), (23, 31), (37, 41), (43, 53), (47, 61), (59, 67))
#: Networks halve images, and look up positions in short tables: a graph is read with the first scale that suits it.
SCALES = (96, 8, 1)

#: ONNX's element types that arrays can hold, by their numbers in TensorProto; wider ones where there is no equal.
DTYPE_OF = {1: "float32", 2: "uint8", 3: "int8", 4: "int32", 5: "int32", 6: "int32", 7: "int64", 9: "bool",
            10: "float16", 11: "float64", 12: "int64", 13: "int64", 16: "bfloat16"}  # fmt: skip
_WIDER = {"uint16": "int32", "int16": "int32", "uint32": "int64", "uint64": "int64"}


def open_length(number: int, scale: int) -> tuple[int, ...]:
    """Return the lengths, one for each world, of the open length with this number."""
    rounds, place = divmod(number, len(_PRIMES))
    return tuple(scale * prime * (1 + 100 * rounds) for prime in _PRIMES[place])


def storable(array: np.ndarray) -> np.ndarray:
    """Return an array of a dtype that NDArrays have."""
    name = array.dtype.name
    if name in _WIDER:
        if name == "uint64" and array.size and int(array.max()) > np.iinfo(np.int64).max:
            raise Unsupported("holds uint64 numbers beyond int64")
        return array.astype(_WIDER[name])
    if name not in DTYPES:
        raise Unsupported(f"holds elements of type {name}, which arrays cannot hold")
    return array


class Value:
    """One tensor: a number known while reading, or a symbol, or both.

    Parameters
    ----------
    name : str
        Its name in the ONNX graph.
    shapes : tuple of shapes, one for each world
        As ONNX counts axes: () is a number. The symbol of a number has shape (1,).
    contents : tuple of numpy.ndarray, one for each world, optional
        Its elements, where they follow from constants and shapes.
    make : function, optional
        Makes the symbol when it is first asked for.
    trainable : bool
        The contents are a parameter of the model, not a number in a formula.
    items : list of Value, optional
        The tensors, where this is a sequence.
    """

    def __init__(
        self,
        name: str,
        shapes: Shapes,
        *,
        contents: tuple[np.ndarray, ...] | None = None,
        make: Callable[[], Symbol] | None = None,
        trainable: bool = False,
        items: list[Value] | None = None,
    ) -> None:
        self.name = name
        self.shapes = shapes
        self.contents = contents
        self.trainable = trainable
        self.items = items
        self._make = make
        self._symbol: Symbol | None = None

    @property
    def symbol(self) -> Symbol:
        """The symbol that computes it, with shape (1,) for a number."""
        if self._symbol is None:
            if self._make is None:
                what = "a sequence, not a tensor" if self.items is not None else "a tensor without elements"
                raise Unsupported(f"{self.name or 'an input'} is {what}")
            self._symbol = self._make()
        return self._symbol

    @property
    def constant(self) -> np.ndarray | None:
        """The elements if they are known and the same in all worlds."""
        if self.contents is None:
            return None
        first = self.contents[0]
        if all(other is first or same(other, first) for other in self.contents[1:]):
            return first
        return None

    @property
    def shape(self) -> tuple[int | None, ...] | None:
        """The shape, with None for open lengths; None if not even the number of axes is known."""
        known = [shape for shape in self.shapes if shape is not None]
        if len(known) < WORLDS or len({len(shape) for shape in known}) > 1:
            return None
        return tuple(lengths[0] if len(set(lengths)) == 1 else None for lengths in zip(*known))

    @property
    def is_number(self) -> bool:
        """Whether it has no axes."""
        return self.shape == ()


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether arrays agree in dtype, shape and elements, NaN included."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


class Facts:
    """Shapes in all worlds, and dtypes, of what symbols compute; found node by node as a graph grows."""

    def __init__(self) -> None:
        self.failures: dict[str, None] = {}  # nodes that do not accept the lengths that stand for open ones
        self._known: dict[int, tuple[Node, list[tuple[Shapes, torch.dtype | None]]]] = {}

    def declare(self, variable: Symbol, shapes: Shapes, dtype: str | None) -> None:
        """Say what a variable is."""
        node = variable._entries[0].node
        self._known[id(node)] = (node, [(shapes, DTYPES[dtype] if dtype else None)])

    def of(self, symbol: Symbol) -> tuple[Shapes, torch.dtype | None]:
        """Return shapes and dtype of the first output of `symbol`."""
        entry = symbol._entries[0]
        stack = [entry.node]
        while stack:
            node = stack[-1]
            if id(node) in self._known:
                stack.pop()
                continue
            below = [item.node for item in node.inputs if id(item.node) not in self._known]
            if below:
                stack.extend(below)
                continue
            self._known[id(stack.pop())] = (node, self._find(node))
        return self._known[id(entry.node)][1][entry.index]

    def _find(self, node: Node) -> list[tuple[Shapes, torch.dtype | None]]:
        unknown: Shapes = (None,) * WORLDS
        if node.operator is None:
            return [(unknown, None)]
        inputs = [self._known[id(entry.node)][1][entry.index] for entry in node.inputs]
        count = len(node.operator.outputs(node.values))
        dtypes = [dtype for _, dtype in inputs]
        worlds: list[Sequence[tuple[Shape | None, torch.dtype | None]]] = []
        for world in range(WORLDS):
            shapes = [found[world] for found, _ in inputs]
            worlds.append(_outputs(node, shapes, dtypes, count))
            found = all(shape is not None for shape, _ in worlds[-1])
            if None not in shapes and not found and not node.operator.dynamic:
                self.failures[node.name] = None
        return [
            (tuple(outputs[index][0] for outputs in worlds), worlds[0][index][1] or worlds[-1][index][1])
            for index in range(count)
        ]


def _outputs(
    node: Node, shapes: list[Shape | None], dtypes: list[torch.dtype | None], count: int
) -> Sequence[tuple[Shape | None, torch.dtype | None]]:
    """Return shape and dtype of every output of one node in one world."""
    operator = node.operator
    assert operator is not None
    if not operator.subgraphs and not operator.dynamic and None not in shapes and None not in dtypes:
        try:
            found: Any = output_shapes(operator, shapes, dtypes, node.values)  # type: ignore[arg-type]
            return found
        except (RuntimeError, ValueError, TypeError, IndexError, ArithmeticError):
            pass
    variables = [Entry(Node(None, f"input{number}", {}), 0) for number in range(len(node.inputs))]
    alone = node.copy(list(variables))
    heads = [Entry(alone, index) for index in range(count)]
    named = {entry.node.name: (shape, dtype) for entry, shape, dtype in zip(variables, shapes, dtypes)}
    inferred = Inferred(
        heads,
        {name: shape for name, (shape, _) in named.items() if shape is not None},
        {name: dtype for name, (_, dtype) in named.items() if dtype is not None},
        zeros_are_sizes=True,
    )
    try:
        inferred.infer_dtypes()
        inferred.infer_shapes()
    except Conflict:
        return [(None, None)] * count
    return [(inferred.shape(head), inferred.dtype(head)) for head in heads]
