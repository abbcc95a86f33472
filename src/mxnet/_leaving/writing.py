"""Writes a graph as the source of a torch module: see `mxnet._leaving.forms` for how each node is said."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from .. import base
from .._graph.inference import Inferred
from .._graph.node import Entry, Node, auxiliary_nodes, topological_order
from . import forms_detection as _detection
from . import forms_layers as _layers
from . import forms_loops as _loops
from . import forms_math as _math
from . import forms_recurrent as _recurrent
from . import forms_shapes as _shapes
from .bodies import Body, bodies_of
from .forms import FORMS, Call, NotPlain
from .source import HELPERS, INDENT, common_prefix, declared, identifiers, module_source, needed, renamed, same_values

Tensor = torch.Tensor
Value = tuple[int, int]  # id of a node and number of its output
_REGISTERED = (_detection, _layers, _loops, _math, _recurrent, _shapes)  # importing them fills FORMS

#: How names of parameters end; what is before names a layer.
_ENDINGS = re.compile(
    r"_(weight|bias|gamma|beta|running_mean|running_var|moving_mean|moving_var|alpha|parameters|"
    r"[lr]\d+_[ih]2[hr]_(weight|bias))$"
)
_KEEP_RANK = ("Activation", "BatchNorm", "Dropout", "FullyConnected", "LayerNorm", "LeakyReLU", "Pooling", "softmax")
#: Operators that hand on their input and make their own gradient.
_LOSSES = ("IdentityAttachKLSparseReg", "MakeLoss", "make_loss")
_RESERVED = {*keyword.kwlist, *dir(builtins), *dir(torch.nn.Module), "F", "math", "nn", "self", "torch", "training"}


@dataclass
class Line:
    """One node in the forward pass: ``pattern = expression``."""

    node: Node
    targets: list[str]
    pattern: str
    expression: str
    problem: str = ""  # why there is no plain form
    layers: frozenset[str] = frozenset()
    helpers: frozenset[str] = frozenset()
    used: set[str] = field(default_factory=set)


@dataclass
class Written:
    """A written module.

    Attributes
    ----------
    source : str
        Python source with one class.
    name : str
        Name of the class.
    state : dict of str to Tensor
        The values of its parameters and buffers.
    origins : dict of str to str
        For each of these ``arg:name`` or ``aux:name``, MXNet's name.
    inputs : list of str
        MXNet's names of what `forward` takes.
    operators : dict of str to Node
        What stands in the source for operators without a plain form.
    """

    source: str
    name: str
    state: dict[str, Tensor]
    origins: dict[str, str]
    inputs: list[str]
    operators: dict[str, Node]


class ModuleWriter:
    """Writes one module.

    Parameters
    ----------
    heads : entries
        The outputs.
    values : mapping from name to Tensor
        Parameters and auxiliary states.
    name : str
        Name of the class.
    inputs : sequence of str
        Variables in the order of `forward`; others that have no value follow.
    output : str or None
        How the outputs are returned, with ``{0}``, ``{1}`` ...; a tuple of several unless given.
    shapes : mapping from name to shape
        Shapes of inputs, where the graph needs them.
    standalone : bool
        Whether every node must have a plain form.
    copies : bool
        Whether to copy values; those that came from a file just now are nobody else's.
    """

    def __init__(
        self,
        heads: Sequence[Entry],
        values: Mapping[str, Tensor],
        name: str,
        *,
        inputs: Sequence[str] = (),
        output: str | None = None,
        shapes: Mapping[str, tuple[int, ...]] | None = None,
        standalone: bool = True,
        copies: bool = True,
    ) -> None:
        self.heads, self.values, self.output = list(heads), values, output
        self.name = f"{name}Network" if name in HELPERS else name
        self.standalone, self.copies = standalone, copies
        self.order = topological_order(heads)
        variables = [node for node in self.order if node.operator is None]
        self.parameters = {node.name: node for node in variables if node.name in values}
        self.states = auxiliary_nodes(self.order)
        self.bodies: dict[int, list[Body]] = {}
        self.originals: dict[int, Node] = {}  # of nodes in bodies, whose variables are the parameters themselves
        self.outputs_used: set[Value] = {(id(entry.node), entry.index) for entry in heads}
        self.consumers: dict[Value, list[tuple[Node, int]]] = {}
        self._register(self.order)
        free = [node for node in variables if node.name not in values]
        place = {given: number for number, given in enumerate(inputs)}
        free.sort(key=lambda node: (place.get(node.name, len(place)), self._is_label(node)))
        self.inputs = [node.name for node in free]
        self.labels = {node.name for node in free if self._is_label(node)}
        self.inferred = self._infer(dict(shapes or {}))
        self.chain = "y" if "x" in self.inputs else "x"  # what a value is called that only the next line reads
        self.locals: set[str] = {*_RESERVED, *HELPERS, self.chain}
        self.taken: set[str] = set(_RESERVED)  # attributes of the module
        self.prefix = common_prefix([node.name for node in self.order if node.operator is not None], self.parameters)
        self.names: dict[Value, str] = {}
        self.layers: dict[str, tuple[str, dict[str, Entry | Tensor]]] = {}
        self.attributes: dict[str, str] = {}  # of the module: name of a parameter by what stands for it in lines
        self.operators: dict[str, Node] = {}
        self.fixed: set[str] = set()
        self.methods: dict[str, str] = {}  # the bodies of loops and branches
        self.inner_lines: list[Line] = []
        self._now: Line | None = None

    def _register(self, order: Sequence[Node]) -> None:
        """Note who reads each value, in bodies of loops and branches too."""
        for node in order:
            if node.subgraphs:
                self.bodies[id(node)] = bodies_of(node, self.parameters)
                for body in self.bodies[id(node)]:
                    self.originals |= body.originals
                    self.states |= auxiliary_nodes(body.order)
                    self.outputs_used |= {(id(entry.node), entry.index) for entry in body.heads}
                    self._register(body.order)
            for position, entry in enumerate(node.inputs):
                self.outputs_used.add((id(entry.node), entry.index))
                if not (node.subgraphs and entry.node.name in self.parameters):
                    self.consumers.setdefault((id(entry.node), entry.index), []).append((node, position))

    # -- what is known of the graph --------------------------------------------------------------------------------

    def _infer(self, shapes: dict[str, tuple[int, ...]]) -> Inferred:
        known = {name: tuple(self.values[name].shape) for name in self.parameters}
        dtypes = {name: self.values[name].dtype for name in self.parameters}
        inferred = Inferred(self.heads, {**known, **shapes}, dtypes)
        inferred.infer_dtypes(torch.float32)
        inferred.infer_shapes()
        self.inside: dict[int, Inferred] = {}
        self._infer_inside(self.order, inferred)
        return inferred

    def _infer_inside(self, order: Sequence[Node], inferred: Inferred) -> None:
        for node in order:
            if node.subgraphs:
                original = self.originals.get(id(node), node)
                for body, inner in zip(self.bodies[id(node)], inferred.inner(original)):
                    self.inside |= dict.fromkeys(body.originals, inner)
                    self._infer_inside(body.order, inner)

    def _known(self, entry: Entry) -> tuple[Inferred, Entry]:
        """Return who knows a value's shape, and under which entry."""
        node = self.originals.get(id(entry.node))
        return (self.inferred, entry) if node is None else (self.inside[id(entry.node)], Entry(node, entry.index))

    def _is_label(self, node: Node) -> bool:
        """Whether a variable is read by loss layers only, which do not need it to predict."""
        uses = self.consumers.get((id(node), 0), [])
        return bool(uses) and all(
            user.operator is not None
            and user.operator.is_loss(user.values)
            and user.input_names()[position] == "label"
            and user.operator.name in FORMS
            for user, position in uses
        )

    def shape(self, entry: Entry) -> tuple[int, ...] | None:
        inferred, known = self._known(entry)
        return inferred.shape(known)

    def rank(self, entry: Entry) -> int | None:
        """Return how many axes a value has; some operators tell without the shapes of the inputs."""
        while (shape := self.shape(entry)) is None:
            node = entry.node
            if node.operator is None:
                return None
            name, values = node.operator.name, node.values
            if name == "Flatten" or (name == "FullyConnected" and values["flatten"]):
                return 2
            if name in ("Convolution", "Deconvolution") or (name == "Pooling" and values["kernel"]):
                return len(values["kernel"]) + 2
            if not (node.operator.elementwise or name in _KEEP_RANK) or not node.inputs or entry.index:
                return None
            entry = node.inputs[0]
        return len(shape)

    def dtype(self, entry: Entry) -> torch.dtype:
        inferred, known = self._known(entry)
        return inferred.dtype(known) or torch.float32

    def is_used(self, node: Node, index: int) -> bool:
        return (id(node), index) in self.outputs_used

    def is_label(self, entry: Entry) -> bool:
        return entry.node.name in self.labels

    def fix(self, entry: Entry) -> None:
        """Let a parameter be ones, whatever its value: what MXNet makes of a fixed gamma."""
        self.fixed.add(entry.node.name)

    def only_broadcasts(self, node: Node) -> bool:
        """Whether an array meets others only where an axis of length 1 is as good as a long one."""
        good = (
            "elemwise_",
            "broadcast_",
            "FullyConnected",
            "Activation",
            "_mul_scalar",
            "_plus_scalar",
            "SliceChannel",
        )
        users = [user for user, _ in self.consumers.get((id(node), 0), [])]
        return bool(users) and all(user.operator is not None and user.operator.name.startswith(good) for user in users)

    def device(self) -> str:
        """Return an expression for the device of the module."""
        if self.parameters:
            return "next(self.parameters()).device"
        if not self.inputs:
            return '"cpu"'
        return f"{self.names[self._first_input()]}.device"

    def _first_input(self) -> Value:
        return next((id(node), 0) for node in self.order if node.name == self.inputs[0])

    # -- what forms ask for ----------------------------------------------------------------------------------------

    def held(self, entry: Entry) -> Tensor | None:
        """Return a parameter that layers may take over: every use of it is one and the same."""
        node = entry.node
        if node.name not in self.parameters or self.parameters[node.name] is not node:
            return None
        uses = self.consumers.get((id(node), 0), [])
        kinds = {
            (
                user.operator,
                position,
                tuple(id(e.node) for e in user.inputs[1:]),
                tuple(sorted(user.attributes.items())),
            )
            for user, position in uses
        }
        return self.values[node.name] if len(kinds) == 1 else None

    def layer(self, wanted: str, text: str, tensors: Mapping[str, Entry | Tensor]) -> str:
        """Add a layer, or return the one that has these parameters."""
        for name, (other, found) in self.layers.items():
            if other == text and same_values(found, tensors):
                return self._note_layer(name)
        first = next((value for value in tensors.values() if isinstance(value, Entry)), None)
        stem = wanted if first is None else _ENDINGS.sub("", first.node.name)
        name = self._free(stem, self.taken)
        self.layers[name] = (text, dict(tensors))
        return self._note_layer(name)

    def local(self, wanted: str) -> str:
        """Return a name that nothing in the module's methods has yet."""
        return self._free(wanted, self.locals)

    def _note_layer(self, name: str) -> str:
        assert self._now is not None
        self._now.layers |= {name}
        return f"self.{name}"

    def helper(self, function: Any) -> str:
        assert self._now is not None
        self._now.helpers |= {function.__name__}
        return function.__name__

    def _free(self, wanted: str, taken: set[str]) -> str:
        """Return a name like the wanted one that nothing has yet."""
        name = wanted.removeprefix(self.prefix) or wanted
        name = re.sub(r"\W", "_", name).strip("_") or "value"
        name = f"_{name}" if name[0].isdigit() else name
        found, number = name, 2
        while found in taken:
            found, number = f"{name}_{number}", number + 1
        taken.add(found)
        return found

    # -- writing ---------------------------------------------------------------------------------------------------

    def write(self) -> Written:
        """Return the module; MXNetError lists the nodes that have no plain form."""
        for node in self.order:
            if node.operator is None and node.name not in self.parameters:
                self.names[(id(node), 0)] = self._free(node.name, self.locals)
        lines = [self._line(node) for node in self.order if node.operator is not None]
        lines = self._living(lines, self.heads)
        self._refuse([*lines, *self.inner_lines])
        body = self._forward(lines, self.heads, self.output)
        return self._module(lines, body)

    def method(self, node: Node, number: int) -> str:
        """Write the body of a loop or a branch as a method of the module; return ``self.name``."""
        assert self._now is not None
        outer, body = self._now, self.bodies[id(node)][number]
        arguments: list[str] = []
        for variable in body.variables:
            if variable is None:  # a parameter, which the method reads off the module
                continue
            self.names[(id(variable), 0)] = name = self._free(variable.name, self.locals)
            arguments.append(name)
        lines = [self._line(inner) for inner in body.order if inner.operator is not None]
        lines = self._living(lines, body.heads)
        self.inner_lines += lines
        results = ", ".join(f"{{{i}}}" for i in range(len(body.heads)))
        text = self._forward(lines, body.heads, f"({results},)" if len(body.heads) == 1 else results)
        name = self._free(f"{node.name}_{body.kind}", self.taken)
        signature = f"def {name}({', '.join(['self', *arguments])}):"
        self.methods[name] = "\n".join([signature, *(f"{INDENT}{line}" for line in text)])
        outer.layers |= {layer for line in lines for layer in line.layers}
        outer.helpers |= {helper for line in lines for helper in line.helpers}
        self._now = outer
        return f"self.{name}"

    def passed(self, node: Node, number: int) -> list[int | None]:
        """Return for each variable of a body the place of its argument; None for parameters, which are not passed."""
        variables = self.bodies[id(node)][number].variables
        places = iter(range(len(variables)))
        return [None if variable is None else next(places) for variable in variables]

    def _line(self, node: Node) -> Line:
        assert node.operator is not None
        line = self._now = Line(node, [], "", "")
        inputs = [self._reading(entry) for entry in node.inputs]
        count = len(node.operator.outputs(node.values))
        for index in range(count):
            name = self._free(f"{node.name}_{index}" if index else node.name.removesuffix("_fwd"), self.locals)
            self.names[(id(node), index)] = name
            line.targets.append(name if self.is_used(node, index) else "_")
        call = Call(node, inputs, self)
        try:
            written = FORMS.get(node.operator.name)
            if written is None:
                raise NotPlain("")
            line.expression = written(call)
            line.pattern = call.pattern or ", ".join(f"{{{i}}}" for i in range(count))
            if not self.standalone:
                self._with_own_gradient(line, inputs)
        except NotPlain as problem:
            line.problem = str(problem) or "torch has nothing like it"
            line.layers, line.helpers = frozenset(), frozenset()
            line.expression = self._operator(node, inputs)
            line.pattern = ", ".join(f"{{{i}}}" for i in range(count))
        line.used = identifiers(line.expression)
        return line

    def _with_own_gradient(self, line: Line, inputs: Sequence[str]) -> None:
        """Let a loss layer itself run where a label came, or while training: it has MXNet's gradient."""
        node = line.node
        label = next((text for entry, text in zip(node.inputs, inputs) if entry.node.name in self.labels), None)
        if label is not None:
            line.expression = f"{line.expression} if {label} is None else {self._operator(node, inputs)}"
        elif node.operator is not None and node.operator.name in _LOSSES:
            line.expression = f"{self._operator(node, inputs)} if self.training else {line.expression}"

    def _operator(self, node: Node, inputs: Sequence[str]) -> str:
        """Return a call of the operator itself."""
        assert node.operator is not None
        name = self._free(f"run_{node.name.removeprefix(self.prefix)}", self.locals)
        self.operators[name] = node
        given = f"{', '.join(inputs)}{',' if len(inputs) == 1 else ''}"
        device = f", device={self.device()}" if node.operator.creates else ""
        return f"{name}(({given}), self.training{device})"

    def _reading(self, entry: Entry) -> str:
        """Return how a line reads a value."""
        node = entry.node
        if node.operator is None and self.parameters.get(node.name) is node:
            if node.name not in self.attributes:
                self.attributes[node.name] = self._free(node.name, self.taken)
            return f"self.{self.attributes[node.name]}"
        return self.names[(id(node), entry.index)]

    def _living(self, lines: Sequence[Line], heads: Sequence[Entry]) -> list[Line]:
        """Drop lines whose results nobody reads: parameters that a layer has taken over were reshaped there."""
        wanted = {self._reading(entry) for entry in heads}
        kept: list[Line] = []
        for line in reversed(lines):
            if wanted.intersection(line.targets):
                kept.append(line)
                wanted |= line.used
        return kept[::-1]

    def _refuse(self, lines: Sequence[Line]) -> None:
        wrong = [line for line in lines if line.problem]
        if wrong and self.standalone:
            what = "; ".join(_said(line) for line in wrong)
            raise base.MXNetError(
                f"to_torch: {len(wrong)} nodes cannot be written as plain torch: {what}. Without source=, the module "
                "runs remx's own functions for them"
            )

    def _forward(self, lines: Sequence[Line], entries: Sequence[Entry], output: str | None) -> list[str]:
        """Return the lines of `forward` or of a body; a value that only the next line reads is called x."""
        readers: dict[str, list[int]] = {}
        for number, line in enumerate(lines):
            for name in line.used:
                readers.setdefault(name, []).append(number)
        heads = [self._reading(entry) for entry in entries]
        for name in heads:
            readers.setdefault(name, []).append(len(lines))
        called: dict[str, str] = {}
        body: list[str] = []
        for number, line in enumerate(lines):
            expression = renamed(line.expression, called)
            shown = [t for t in line.targets if t != "_"]
            if len(shown) == 1 and readers.get(shown[0]) == [number + 1]:
                called[shown[0]] = self.chain
            targets = [called.get(target, target) for target in line.targets]
            target = line.pattern.format(*targets)
            if target != expression:
                body.append(f"{target} = {expression}")
        if body and len(heads) == 1 and output in (None, "{0}"):
            target, _, expression = body[-1].partition(" = ")
            if target == renamed(heads[0], called):
                return [*body[:-1], f"return {expression}"]
        result = output or (", ".join(f"{{{i}}}" for i in range(len(heads))))
        body.append("return " + result.format(*(renamed(name, called) for name in heads)))
        return body

    def _module(self, lines: Sequence[Line], body: Sequence[str]) -> Written:
        text = "\n".join([*body, *self.methods.values()])
        used_layers = {name for line in lines for name in line.layers}
        read = identifiers(text)
        state: dict[str, Tensor] = {}
        origins: dict[str, str] = {}
        made: list[str] = []
        for name, (constructor, tensors) in self.layers.items():
            if name in used_layers:
                made.append(f"self.{name} = {constructor}")
                for key, value in tensors.items():
                    self._note(f"{name}.{key}", value, state, origins)
        for variable, name in self.attributes.items():
            if f"self.{name}" in read:
                node, value = self.parameters[variable], self.values[variable]
                made.append(declared(name, value, id(node) in self.states))
                self._note(name, Entry(node, 0), state, origins)
        operators = {name: node for name, node in self.operators.items() if name in read}
        arguments = [f"{self.names[(id(n), 0)]}{'=None' if n.name in self.labels else ''}" for n in self._inputs()]
        arguments = [a for a in arguments if not (a.endswith("=None") and self.standalone)]
        functions = needed({helper for line in lines for helper in line.helpers})
        methods = [text for name, text in self.methods.items() if f"self.{name}" in read]
        source = module_source(self.name, arguments, made, body, functions, bool(operators), methods)
        given = [name for name in self.inputs if not (self.standalone and name in self.labels)]
        return Written(source, self.name, state, origins, given, operators)

    def _inputs(self) -> list[Node]:
        by_name = {node.name: node for node in self.order if node.operator is None}
        return [by_name[name] for name in self.inputs]

    def _note(self, key: str, value: Entry | Tensor, state: dict[str, Tensor], origins: dict[str, str]) -> None:
        if isinstance(value, Tensor):
            state[key] = value.detach().clone()
            return
        name = value.node.name
        tensor = self.values[name].detach()
        state[key] = torch.ones_like(tensor) if name in self.fixed else tensor.clone() if self.copies else tensor
        origins[key] = f"{'aux' if id(value.node) in self.states else 'arg'}:{name}"


def _said(line: Line) -> str:
    assert line.node.operator is not None
    return f"{line.node.operator.name} {line.node.name!r} ({line.problem})"
