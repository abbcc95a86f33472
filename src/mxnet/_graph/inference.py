"""Shapes and dtypes of a graph, found in both directions.

A shape is a tuple; 0 stands for an unknown length and None for a shape of which nothing is known. Forward, an
operator's outputs come from its ``shape=`` rule or from running its function on torch's meta device (cached).
Backward, ``complete=`` fills input shapes, and elementwise operators carry what is known of any operand to all others.
Nodes that are not decided yet are visited again until nothing new is learned.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .._ops.attributes import DTYPES, TYPE_FLAGS
from .._ops.registry import Operator, Shape
from ..base import MXNetError
from .collector import held_back
from .node import Entry, Node, topological_order
from .passes import has_open_shape

#: Lengths put in for an unknown one to see which lengths of the output depend on it; they have many divisors.
_TRIAL_LENGTHS = (1, 60, 5040)

_FLAG_OF = {dtype: flag for flag, dtype in TYPE_FLAGS.items()}


def dtype_code(dtype: torch.dtype) -> int:
    """Return MXNet's number of a dtype."""
    return _FLAG_OF[dtype]


class Conflict(ValueError):
    """Two things that are known of one shape or dtype do not fit together."""


class Inferred:
    """What is known of every entry of a graph.

    Parameters
    ----------
    heads : entries
        The graph.
    shapes, dtypes : mapping from variable name
        What is given; variables' own ``__shape__`` and ``__dtype__`` count too.
    zeros_are_sizes : bool
        The given shapes come from arrays: a 0 is a length, not an unknown.
    """

    def __init__(
        self,
        heads: Sequence[Entry],
        shapes: Mapping[str, Shape] | None = None,
        dtypes: Mapping[str, torch.dtype] | None = None,
        *,
        zeros_are_sizes: bool = False,
    ) -> None:
        self.order = topological_order(heads)
        self._zeros_are_sizes = zeros_are_sizes
        self._shapes: dict[int, list[Shape | None]] = {}
        self._dtypes: dict[int, list[torch.dtype | None]] = {}
        self._inner: dict[int, list[Inferred]] = {}
        with held_back(len(self.order)):
            self._note_what_is_given(shapes or {}, dtypes or {})

    def _note_what_is_given(self, shapes: Mapping[str, Shape], dtypes: Mapping[str, torch.dtype]) -> None:
        for node in self.order:
            if node.operator is None:
                self._shapes[id(node)] = [shapes.get(node.name, _own_shape(node))]
                self._dtypes[id(node)] = [dtypes.get(node.name, own_dtype(node))]
            else:
                count = len(node.operator.outputs(node.values))
                self._shapes[id(node)] = [None] * count
                self._dtypes[id(node)] = [None] * count

    # -- results -------------------------------------------------------------------------------------------------

    def shape(self, entry: Entry) -> Shape | None:
        """Return what is known of the shape of one entry."""
        return self._shapes[id(entry.node)][entry.index]

    def dtype(self, entry: Entry) -> torch.dtype | None:
        """Return the dtype of one entry, None when unknown."""
        return self._dtypes[id(entry.node)][entry.index]

    # -- dtypes --------------------------------------------------------------------------------------------------

    def infer_dtypes(self, default: torch.dtype | None = None) -> None:
        """Find dtypes; variables that stay unknown take `default`, one after another, when there is one."""
        with held_back(len(self.order)):
            self._infer_dtypes(default)

    def _infer_dtypes(self, default: torch.dtype | None) -> None:
        pending = [node for node in self.order if node.operator is not None]
        if any(self._dtypes[id(n)][0] is not None if n.operator is None else not n.inputs for n in self.order):
            pending = self._sweep(pending, self._infer_node_dtypes, self._dtypes_settled)
        if default is None:
            return
        for node in self.order:
            for entry in node.inputs:  # what one default tells of the node's other inputs comes before their own
                if entry.node.operator is None and self.dtype(entry) is None:
                    self._dtypes[id(entry.node)][0] = default
                    self._sweep([node], self._infer_node_dtypes, self._dtypes_settled)
            if node.operator is not None and not self._dtypes_settled(node):
                self._sweep([node], self._infer_node_dtypes, self._dtypes_settled)
        for node in self.order:  # variables that no operator reads
            if node.operator is None and self._dtypes[id(node)][0] is None:
                self._dtypes[id(node)][0] = default
        self._sweep([n for n in pending if not self._dtypes_settled(n)], self._infer_node_dtypes, self._dtypes_settled)

    def _dtypes_settled(self, node: Node) -> bool:
        """Return whether all dtypes at a node are known; visited once more, it could tell nothing new."""
        return None not in self._dtypes[id(node)] and all(
            self._dtypes[id(entry.node)][entry.index] is not None for entry in node.inputs
        )

    def _infer_node_dtypes(self, node: Node) -> bool:
        operator, values = node.operator, node.values
        assert operator is not None
        if operator.subgraphs:
            return self._infer_inside(node, of_dtypes=True)
        inputs = [self.dtype(entry) for entry in node.inputs]
        outputs = self._dtypes[id(node)]
        before = (list(inputs), list(outputs))
        one_dtype = operator.elementwise and operator.output_dtypes is None
        if one_dtype:
            known = next((d for d in (*inputs, *outputs) if d is not None), None)
            if known is not None:
                inputs = [d or known for d in inputs]
                outputs[:] = [known] * len(outputs)
                for position, dtype in enumerate(inputs):
                    if dtype is not known:
                        raise Conflict(self._dtype_clash(node, position, known))
        elif operator.complete_dtypes is not None:
            inputs = list(operator.complete_dtypes(list(inputs), values))
        else:
            known = next((d for d in inputs if d is not None), None)
            inputs = [d or known for d in inputs]
        said = operator.output_dtypes is None and values.get("dtype") is not None
        if not one_dtype and (said or None not in inputs):
            found = self._output_dtypes(operator, inputs, values)
            outputs[:] = found * len(outputs) if len(found) == 1 else found
        for entry, dtype in zip(node.inputs, inputs):
            if self.dtype(entry) is None:
                self._dtypes[id(entry.node)][entry.index] = dtype
        return (inputs, outputs) != before

    @staticmethod
    def _output_dtypes(
        operator: Operator, inputs: Sequence[torch.dtype | None], values: Mapping[str, Any]
    ) -> list[torch.dtype | None]:
        if operator.output_dtypes is not None:
            return list(operator.output_dtypes(list(inputs), values))
        if values.get("dtype") is not None:
            return [values["dtype"]]
        return [inputs[0] if inputs else torch.float32]

    def _dtype_clash(self, node: Node, position: int, known: torch.dtype) -> str:
        names = self._input_names(node)
        found = self.dtype(node.inputs[position])
        return (
            f"{_where(node)}: input {names[position]!r} is {str(found)[6:]}, but {str(known)[6:]} is expected from the "
            "other inputs: give all of them one dtype"
        )

    # -- shapes --------------------------------------------------------------------------------------------------

    def infer_shapes(self) -> None:
        """Find shapes as far as they can be known. Conflict names the node where two do not fit."""
        pending = [node for node in self.order if node.operator is not None]
        with held_back(len(self.order)):
            self._sweep(pending, self._infer_node_shapes, self._shapes_settled)

    def _shapes_settled(self, node: Node) -> bool:
        """Return whether all shapes at a node are known."""
        return all(map(self._known, self._shapes[id(node)])) and all(
            self._known(self._shapes[id(entry.node)][entry.index]) for entry in node.inputs
        )

    def _infer_node_shapes(self, node: Node) -> bool:
        operator, values = node.operator, node.values
        assert operator is not None
        if operator.subgraphs:
            return self._infer_inside(node, of_dtypes=False)
        inputs = [self.shape(entry) for entry in node.inputs]
        outputs = self._shapes[id(node)]
        changed = False
        if operator.elementwise:
            merged: Shape | None = None
            for position, shape in enumerate((*inputs, *outputs)):
                try:
                    merged = _merge(merged, shape)
                except ValueError:
                    raise Conflict(self._shape_clash(node, position, merged)) from None
            for position, shape in enumerate(inputs):
                if shape != merged:
                    changed |= self._set_input(node, position, merged)
            for index, shape in enumerate(outputs):
                if shape != merged:
                    outputs[index] = merged
                    changed = True
            return changed
        if operator.pairwise:
            for position, (shape, output) in enumerate(zip(inputs, outputs)):
                if shape != output:
                    changed |= self._set_input(node, position, output)
                    merged = self.shape(node.inputs[position])
                    changed |= merged != output
                    outputs[position] = merged
            return changed
        if operator.complete is not None:
            for position, shape in enumerate(operator.complete(list(inputs), values)):
                if shape != inputs[position]:
                    changed |= self._set_input(node, position, shape)
            inputs = [self.shape(entry) for entry in node.inputs]
        if operator.dynamic:
            return changed
        if all(self._known(shape) for shape in inputs) and not all(self._known(shape) for shape in outputs):
            found = self._run(node, [shape for shape in inputs if shape is not None])
            found = found and [_agreeing(shape, known) for shape, known in zip(found, outputs)]
            if found is not None and found != outputs:
                outputs[:] = found
                changed = True
        elif None not in inputs and not all(self._known(shape) for shape in (*inputs, *outputs)):
            shapes = [shape for shape in inputs if shape is not None]
            trials = self._run_partly(node, shapes)
            for index, shape in enumerate(_same_in_all(list(trials.values()))):
                merged = _agreeing(outputs[index], shape)
                changed |= merged != outputs[index]
                outputs[index] = merged
            changed |= self._trace_back(node, shapes, trials)
        return changed

    # -- graphs inside a node ------------------------------------------------------------------------------------

    def inner(self, node: Node) -> list[Inferred]:
        """Return what is known of a node's subgraphs."""
        if id(node) not in self._inner:
            made = [Inferred(graph, zeros_are_sizes=self._zeros_are_sizes) for graph in node.subgraphs]
            self._inner[id(node)] = made
        return self._inner[id(node)]

    def _infer_inside(self, node: Node, of_dtypes: bool) -> bool:
        """Carry shapes or dtypes into a node's subgraphs, find what follows there, and carry it out again."""
        operator = node.operator
        assert operator is not None
        assert operator.wiring is not None
        changed = False
        for inside, graph, wiring in zip(self.inner(node), node.subgraphs, operator.wiring(node.values)):
            variables = [Entry(below, 0) for below in inside.order if below.operator is None]
            hung = [
                (variable, node.inputs[number], pieces) for variable, (number, pieces) in zip(variables, wiring.inputs)
            ]
            makes = [(head, Entry(node, number), rows) for head, (number, rows) in zip(graph, wiring.outputs)]
            if of_dtypes:
                for variable, entry, _ in hung:
                    _learn_dtype(inside, variable, self.dtype(entry))
                inside.infer_dtypes()
                for one, entry, _ in (*hung, *makes):
                    changed |= _learn_dtype(self, entry, inside.dtype(one))
                continue
            steps = 0  # length of the axis that is taken piece by piece
            for variable, entry, pieces in hung:
                shape = self.shape(entry)
                if pieces and shape is not None:
                    steps, shape = steps or shape[0], shape[1:]
                _learn_shape(inside, variable, shape, node)
            inside.infer_shapes()
            for one, entry, rows in [(v, e, 0 if pieces else None) for v, e, pieces in hung] + makes:
                shape = inside.shape(one)
                if shape is not None:
                    changed |= _learn_shape(self, entry, shape if rows is None else (rows or steps, *shape), node)
        return changed

    def _known(self, shape: Shape | None) -> bool:
        return shape is not None and (self._zeros_are_sizes or 0 not in shape)

    def _set_input(self, node: Node, position: int, shape: Shape | None) -> bool:
        entry = node.inputs[position]
        before = self._shapes[id(entry.node)][entry.index]
        is_size = self._zeros_are_sizes and before is not None and not has_open_shape(entry.node)
        try:
            merged = before if is_size else _merge(before, shape)
            if is_size and shape is not None and before != shape:
                _merge(before, shape)
        except ValueError:
            raise Conflict(self._shape_clash(node, position, shape)) from None
        self._shapes[id(entry.node)][entry.index] = merged
        return merged != before

    def _run(self, node: Node, shapes: list[Shape]) -> list[Shape | None] | None:
        operator = node.operator
        assert operator is not None
        dtypes = [self.dtype(entry) or torch.float32 for entry in node.inputs]
        try:
            return [shape for shape, _ in output_shapes(operator, shapes, dtypes, node.values)]
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            raise Conflict(f"{_where(node)}: {error}; {self._described(node)}") from None

    def _run_partly(self, node: Node, shapes: list[Shape]) -> dict[int, list[Shape]]:
        """Return the outputs' shapes for several lengths in place of the unknown ones, where they can be computed."""
        operator = node.operator
        assert operator is not None
        dtypes = [self.dtype(entry) or torch.float32 for entry in node.inputs]
        found: dict[int, list[Shape]] = {}
        for length in _trial_lengths(shapes, node.values):
            trial = [tuple(n or length for n in shape) for shape in shapes]
            try:
                found[length] = [shape for shape, _ in output_shapes(operator, trial, dtypes, node.values)]
            except (RuntimeError, ValueError, TypeError, IndexError, ArithmeticError):
                continue  # not a length that the operator takes here
        return found if len(found) > 1 else {}

    def _trace_back(self, node: Node, shapes: list[Shape], trials: Mapping[int, list[Shape]]) -> bool:
        """Find the unknown length of the inputs from a known length of an output that depends on it, as the batch does.

        The parameters of recurrent layers have one unknown length for each direction, and these are equal.
        """
        unknown = [(i, axis) for i, shape in enumerate(shapes) for axis, n in enumerate(shape) if not n]
        several = node.operator is not None and node.operator.name == "_rnn_param_concat"
        if not trials or not (len(unknown) == 1 or several):
            return False
        for index, known in enumerate(self._shapes[id(node)]):
            for out_axis, length in enumerate(known or ()):
                found = _solved(trials, index, out_axis, length) if length else None
                if found is None:
                    continue
                changed = False
                for position, axis in unknown:
                    shape = shapes[position]
                    changed |= self._set_input(node, position, (*shape[:axis], found, *shape[axis + 1 :]))
                return changed
        return False

    def carries_gradient(self, node: Node, above: Sequence[bool]) -> list[bool]:
        """Return, for each output of a node, whether its gradient flows on to the inputs marked in `above`."""
        operator = node.operator
        assert operator is not None
        count = len(operator.outputs(node.values))
        if not operator.differentiable:
            return [False] * count
        if operator.subgraphs:
            return [dtype is None or dtype.is_floating_point for dtype in self._dtypes[id(node)]]
        if operator.gradient is not None or operator.plan_gradient is not None:
            return [True] * count
        tensors = [
            torch.empty(self.shape(entry) or (), dtype=self.dtype(entry) or torch.float32, device="meta")
            for entry in node.inputs
        ]
        for tensor, marked in zip(tensors, above):
            tensor.requires_grad_(marked and tensor.is_floating_point())
        try:
            with torch.enable_grad():
                return [output.requires_grad for output in _call_on_meta(operator, tensors, node.values)]
        except (RuntimeError, ValueError, TypeError, IndexError):  # its outputs' shapes depend on data
            return [True] * count

    def _shape_clash(self, node: Node, position: int, expected: Shape | None) -> str:
        names = self._input_names(node)
        if position >= len(names):
            return f"{_where(node)}: the output is known to have another shape than {expected}; {self._described(node)}"
        found = self.shape(node.inputs[position])
        return (
            f"{_where(node)}: input {names[position]!r} (from {node.inputs[position].node.name!r}) has shape {found}, "
            f"expected {expected}; {self._described(node)}"
        )

    def _described(self, node: Node) -> str:
        names = self._input_names(node)
        return "inputs: " + (
            ", ".join(f"{name} {self.shape(entry) or 'unknown'}" for name, entry in zip(names, node.inputs)) or "none"
        )

    @staticmethod
    def _input_names(node: Node) -> tuple[str, ...]:
        return node.input_names()

    @staticmethod
    def _sweep(pending: list[Node], step: Callable[[Node], bool], settled: Callable[[Node], bool]) -> list[Node]:
        """Visit the pending nodes forwards, backwards and so on until nothing changes; return those not settled."""
        while pending:
            progressed = False
            left: list[Node] = []
            for node in pending:
                try:
                    progressed |= step(node)
                except Conflict:
                    raise
                except (ValueError, TypeError, IndexError) as error:  # what an operator's rules say
                    raise Conflict(f"{_where(node)}: {error}") from None
                if not settled(node):
                    left.append(node)
            pending = left[::-1]
            if not progressed:
                break
        return pending


def _same_in_all(trials: Sequence[Sequence[Shape]]) -> list[Shape]:
    """Return shapes with the lengths that do not depend on the trial, and 0 for the others; nothing if ranks differ."""
    if not all(len({len(shape) for shape in output}) == 1 for output in zip(*trials)):
        return []
    return [tuple(n[0] if len(set(n)) == 1 else 0 for n in zip(*output)) for output in zip(*trials)]


def _solved(trials: Mapping[int, list[Shape]], index: int, axis: int, wanted: int) -> int | None:
    """Return the unknown length x that makes a length of an output what is wanted, if that is always ``a x + b``."""
    points = [(x, outputs[index][axis]) for x, outputs in trials.items() if len(outputs[index]) > axis]
    if len(points) < len(trials):
        return None
    (x, y), (further, above) = points[:2]
    rise, rest = divmod(above - y, further - x)
    if rest or rise < 1 or any(n - y != rise * (m - x) for m, n in points):
        return None
    steps, rest = divmod(wanted - y, rise)
    return None if rest or x + steps < 1 else x + steps


def _trial_lengths(shapes: Sequence[Shape], values: Mapping[str, Any]) -> Sequence[int]:
    """Return lengths to put in for an unknown one.

    Besides the usual ones these are lengths that stand at the node, as an unknown one may have to equal one of them,
    and those around numbers among the attributes, to which a length may be clipped.
    """
    known = [n for shape in shapes for n in shape if n]
    numbers = [n for value in values.values() for n in (value if isinstance(value, tuple) else (value,))]
    around = [abs(n) + step for n in numbers if type(n) is int and abs(n) < 100_000 for step in (-1, 0, 1)]
    return list(dict.fromkeys((*_TRIAL_LENGTHS, *known, *(n for n in around if n > 0))))


def _learn_dtype(where: Inferred, entry: Entry, dtype: torch.dtype | None) -> bool:
    known = where._dtypes[id(entry.node)]
    if dtype is None or known[entry.index] is not None:
        return False
    known[entry.index] = dtype
    return True


def _learn_shape(where: Inferred, entry: Entry, shape: Shape | None, node: Node) -> bool:
    """Add to what is known of one shape; Conflict names the node of control flow."""
    known = where._shapes[id(entry.node)]
    before = known[entry.index]
    if shape == before or (where._zeros_are_sizes and before is not None and shape is None):
        return False
    try:
        known[entry.index] = _merge(before, shape)
    except ValueError:
        raise Conflict(
            f"{_where(node)}: {entry.node.name!r} has shape {before}, but inside the graph of the node or from step to "
            f"step it is {shape}"
        ) from None
    return known[entry.index] != before


def _where(node: Node) -> str:
    assert node.operator is not None
    return f"operator {node.operator.name}, node {node.name!r}"


def _merge(one: Shape | None, other: Shape | None) -> Shape | None:
    """Unite what is known of one shape; ValueError when it does not fit."""
    if one is None or one == other:
        return other
    if other is None:
        return one
    if len(one) != len(other):
        raise ValueError
    merged: list[int] = []
    for a, b in zip(one, other):
        if a and b and a != b:
            raise ValueError
        merged.append(a or b)
    return tuple(merged)


def _agreeing(known: Shape | None, guess: Shape | None) -> Shape | None:
    """Add a partial guess to what is known where both fit."""
    try:
        return _merge(known, guess)
    except ValueError:
        return known


def _own_shape(node: Node) -> Shape | None:
    text = node.attributes.get("__shape__")
    return None if text is None else parse_shape(text, node.name)


def parse_shape(text: str, name: str) -> Shape:
    """Read a ``__shape__`` attribute."""
    try:
        value = ast.literal_eval(text)
        return tuple(int(n) for n in (value if isinstance(value, (tuple, list)) else (value,)))
    except (ValueError, SyntaxError, TypeError):
        raise MXNetError(f"variable {name!r}: __shape__ is {text!r}; expected a tuple of int") from None


def own_dtype(node: Node) -> torch.dtype | None:
    """Return the dtype that stands at a variable."""
    text = node.attributes.get("__dtype__")
    if text is None:
        return None
    if text.lstrip("-").isdigit():
        return TYPE_FLAGS.get(int(text))
    if text not in DTYPES:
        raise MXNetError(f"variable {node.name!r}: __dtype__ is {text!r}; expected one of {', '.join(DTYPES)}")
    return DTYPES[text]


_cache: dict[Any, list[tuple[Shape, torch.dtype]]] = {}


def output_shapes(
    operator: Operator, shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], values: Mapping[str, Any]
) -> Sequence[tuple[Shape, torch.dtype]]:
    """Return shape and dtype of every output for known inputs and parsed attributes.

    Raises
    ------
    ValueError, TypeError, IndexError, RuntimeError
        What the operator's function says about inputs that do not fit.
    """
    if operator.shape is not None:
        return operator.shape(shapes, dtypes, values)
    if operator.elementwise:
        return [(shapes[0], dtypes[0])] * len(operator.outputs(values))
    key = (operator, tuple(shapes), tuple(dtypes), tuple(values.items()))
    found = _cache.get(key)
    if found is None:
        if len(_cache) > 20_000:
            _cache.clear()
        found = _cache[key] = _run_on_meta(operator, shapes, dtypes, values)
    return found


def _run_on_meta(
    operator: Operator, shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], values: Mapping[str, Any]
) -> list[tuple[Shape, torch.dtype]]:
    tensors = [torch.empty(shape, dtype=dtype, device="meta") for shape, dtype in zip(shapes, dtypes)]
    return [(tuple(output.shape), output.dtype) for output in _call_on_meta(operator, tensors, values)]


def _call_on_meta(
    operator: Operator, tensors: Sequence[torch.Tensor], values: Mapping[str, Any]
) -> Sequence[torch.Tensor]:
    call = operator.keywords(values)
    if operator.training:
        call["training"] = False
    if operator.random:
        call["generator"] = None
    if operator.creates:
        call["device"] = torch.device("meta")
    result = operator.function(*tensors, **call)
    return result if isinstance(result, (tuple, list)) else (result,)
