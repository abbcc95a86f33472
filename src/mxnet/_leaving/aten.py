"""Reads the graph of ``torch.export`` as a symbol. `aten_operators` says how each operation is written in MXNet's."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

import torch

from .. import base
from .. import symbol as sym
from ..ndarray import NDArray
from ..symbol import Group, Symbol

Tensor = torch.Tensor
Reader = Callable[["Operation"], Any]
READERS: dict[str, Reader] = {}


class Unsupported(Exception):
    """MXNet has nothing for this operation; the message says why."""


def reads(*names: str) -> Callable[[Reader], Reader]:
    """Register how operations of torch, such as ``conv2d.default``, are read."""

    def register(function: Reader) -> Reader:
        READERS.update(dict.fromkeys(names, function))
        return function

    return register


class Operation:
    """One operation: its arguments by torch's names, where tensors are symbols.

    Attributes
    ----------
    node : torch.fx.Node
        The operation in torch's graph.
    name : str
        A name for the symbol that stands for it.
    """

    def __init__(self, node: torch.fx.Node, graph: Graph) -> None:
        self.node, self.graph, self.name = node, graph, node.name
        self.raw: dict[str, Any] = {}
        arguments = node.target._schema.arguments  # type: ignore[union-attr]
        for position, argument in enumerate(arguments):
            if position < len(node.args):
                self.raw[argument.name] = node.args[position]
            else:
                self.raw[argument.name] = node.kwargs.get(argument.name, argument.default_value)

    def __getitem__(self, name: str) -> Any:
        """Return an argument: a symbol, a list of symbols, or a number."""
        return self.graph.value(self.raw[name])

    def get(self, name: str, default: Any = None) -> Any:
        """Return an argument that some forms of the operation do not have."""
        return self.graph.value(self.raw[name]) if name in self.raw else default

    def example(self, name: str | None = None) -> Tensor:
        """Return a tensor without values that has the shape and dtype of an argument, or of the result."""
        node = self.node if name is None else self.raw[name]
        return node.meta["val"]

    def rank(self, name: str) -> int:
        """Return how many axes an argument has."""
        return self.example(name).dim()

    def axis(self, name: str, of: str) -> int:
        """Return an axis of the argument `of`, counted from the front."""
        return self.raw[name] % max(self.rank(of), 1)

    def sizes(self, name: str) -> list[Any]:
        """Return lengths, of which some may be symbolic."""
        return [one.meta["val"] if isinstance(one, torch.fx.Node) else one for one in self.raw[name]]

    def constant(self, name: str, value: Tensor) -> Symbol:
        """Return a new parameter that holds a value."""
        return self.graph.constant(f"{self.name}_{name}", value)

    def number(self, name: str) -> float | int:
        """Return an argument that must be a number."""
        value = self.raw[name]
        if not isinstance(value, (int, float, bool)):
            raise Unsupported(f"{name} is computed")
        return value


def lifted(data: Symbol, rank: int, most: int) -> Symbol:
    """Put axes of length 1 before a tensor's own: MXNet's broadcasting wants equal ranks."""
    if not rank:
        return sym.reshape(data, shape=(1,) * most)
    for _ in range(most - rank):
        data = sym.expand_dims(data, axis=0)
    return data


class Graph:
    """The symbols that stand for the nodes of one exported program."""

    def __init__(self, program: torch.export.ExportedProgram, names: Sequence[str]) -> None:
        self.program, self.names = program, list(names)
        self.values: dict[str, Any] = {}
        self.arg_params: dict[str, NDArray] = {}
        self.aux_params: dict[str, NDArray] = {}
        self.held: dict[str, Tensor] = {}  # values of parameters and buffers, by MXNet's name
        self.known: dict[str, Tensor] = {}  # values that depend on no input, by torch's name
        self.renamed = self._normalizations()

    def _normalizations(self) -> dict[str, str]:
        """Return better names for parameters: initializers and optimizers know gamma and beta by their names."""
        found: dict[str, str] = {}
        for node in self.program.graph.nodes:
            if node.op == "call_function" and re.match(r"(batch|layer|instance|group)_norm", _spelled(node)):
                for one in node.args:
                    if isinstance(one, torch.fx.Node) and one.op == "placeholder":
                        kind = one.name.rpartition("_")[2]
                        found[one.name] = {"weight": "gamma", "bias": "beta"}.get(kind, kind)
        return found

    def value(self, raw: Any) -> Any:
        """Return what stands for an argument."""
        if isinstance(raw, torch.fx.Node):
            if raw.name in self.values:
                return self.values[raw.name]
            if raw.name in self.known:
                value = self.known[raw.name]
                found = self.constant(raw.name, value if value.dim() else value.reshape(1))
                self.values[raw.name] = found
                return found
            value = raw.meta.get("val")
            if isinstance(value, (int, float, torch.SymInt)):
                raise Unsupported(f"it computes with the length {value}")
            raise Unsupported("it follows from something unsupported")
        if isinstance(raw, (list, tuple)):
            return [self.value(one) for one in raw]
        return raw

    def constant(self, name: str, value: Tensor) -> Symbol:
        self.arg_params[name] = NDArray(value.detach().clone().contiguous())
        return sym.var(name)

    def inputs(self) -> None:
        """Make the variables."""
        signature = self.program.graph_signature
        parameters = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        constants = signature.inputs_to_lifted_tensor_constants
        names = iter(self.names)
        for node in self.program.graph.nodes:
            if node.op != "placeholder":
                continue
            if node.name in parameters:
                path = parameters[node.name]
                values = self.program.state_dict if path in self.program.state_dict else self.program.constants
                self._parameter(node, path, values[path])
            elif node.name in constants:
                value: Any = self.program.constants[constants[node.name]]
                self.known[node.name] = value
            else:
                name = next(names, None)
                if name is None:
                    raise base.MXNetError(f"from_torch: the graph takes more inputs than {', '.join(self.names)}")
                self.values[node.name] = sym.var(name)

    def _parameter(self, node: torch.fx.Node, path: str, value: Any) -> None:
        name = re.sub(r"\W", "_", path)
        if node.name in self.renamed:
            name = f"{name.rpartition('_')[0]}_{self.renamed[node.name]}".lstrip("_")
            name = re.sub(r"_mean$", "_running_mean", name) if name.endswith("running_running_mean") else name
            if path.endswith(("running_mean", "running_var")):
                name = re.sub(r"\W", "_", path)
        self.held[name] = value
        self.values[node.name] = sym.var(name)

    def fold(self, node: torch.fx.Node) -> bool:
        """Compute an operation that depends on no input, such as a mask, and return whether it is one."""
        value = node.meta["val"]
        if not isinstance(value, Tensor) or any(isinstance(n, torch.SymInt) for n in value.shape):
            return False
        if any(one.name not in self.known for one in node.all_input_nodes) or "rand" in str(node.target):
            return False
        keywords = {key: one for key, one in node.kwargs.items() if key != "device"}
        arguments, keywords = torch.fx.map_arg((node.args, keywords), lambda one: self.known[one.name])
        self.known[node.name] = node.target(*arguments, **keywords)  # type: ignore[operator]
        return True

    def outputs(self) -> Symbol:
        """Return the graph's outputs."""
        (raw,) = (node.args[0] for node in self.program.graph.nodes if node.op == "output")
        found = self.value([one for one in raw if one is not None])  # type: ignore[union-attr]
        return found[0] if len(found) == 1 else Group(found)


def convert(
    program: torch.export.ExportedProgram, names: Sequence[str]
) -> tuple[Symbol, dict[str, NDArray], dict[str, NDArray]]:
    """Return symbol, parameters and auxiliary states; MXNetError lists all operations that MXNet has nothing for."""
    from . import aten_operators as _operators  # fills READERS
    from . import aten_shapes as _shapes

    assert _operators, _shapes
    graph = Graph(program, names)
    graph.inputs()
    wrong: dict[str, list[str]] = {}
    for node in program.graph.nodes:
        if node.op != "call_function" or not _is_computed(node):
            continue
        if node.target is operator.getitem:
            source, index = node.args
            if source.name in graph.values:
                graph.values[node.name] = _listed(graph.values[source.name])[index]
            continue
        if graph.fold(node):
            continue
        reader = READERS.get(_spelled(node))
        problem = "MXNet has nothing like it"
        if reader is not None:
            try:
                graph.values[node.name] = reader(Operation(node, graph))
                continue
            except Unsupported as error:
                problem = str(error)
        if "follows from something" not in problem:
            wrong.setdefault(f"{_spelled(node)} ({problem})", []).append(node.name)
    if wrong:
        listed = "; ".join(f"{kind}: {', '.join(nodes[:5])}" for kind, nodes in wrong.items())
        raise base.MXNetError(
            f"from_torch: {sum(map(len, wrong.values()))} operations cannot be written with MXNet's operators: "
            f"{listed}. Without symbol=True, a block runs the module as it is"
        )
    output = graph.outputs()
    return output, *_held(graph, output)


def _held(graph: Graph, output: Symbol) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
    """Return the parameters and states that a symbol uses."""
    arguments, states = output.list_arguments(), output.list_auxiliary_states()
    arrays = {name: NDArray(value.detach().clone().contiguous()) for name, value in graph.held.items()
              if name in arguments or name in states}  # fmt: skip
    arrays.update(graph.arg_params)
    return ({name: arrays[name] for name in arguments if name in arrays},
            {name: arrays[name] for name in states if name in arrays})  # fmt: skip


def _is_computed(node: torch.fx.Node) -> bool:
    """Whether a node gives tensors: lengths are looked up where they are needed, and assertions are left out."""
    value = node.meta.get("val")
    return isinstance(value, (Tensor, list, tuple))


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, Symbol) else value


def _spelled(node: torch.fx.Node) -> str:
    return str(node.target).removeprefix("aten.")
