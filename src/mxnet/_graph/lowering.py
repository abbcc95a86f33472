"""Prints the functions of a plan: `mxnet._graph.plan` says what they are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from .._ops.registry import Backward
from . import step
from .backward import BackwardPrinter
from .node import Entry, Node
from .pieces import Line, in_pieces
from .printing import Registers, Value, compiled, literal, rule_of, same, tuple_of, unpacked, value_of
from .rule import run_repeatedly
from .step import Later, Training

if TYPE_CHECKING:
    from .plan import Plan

Tensor = torch.Tensor


class Lowering:
    """One lowering of one plan: what is known of its nodes, and the source being printed."""

    def __init__(
        self,
        plan: Plan,
        training: bool,
        wanted: frozenset[int],
        watch: Sequence[Entry],
        apart: bool = False,
        predicts: bool = False,
    ) -> None:
        self.plan, self.apart = plan, apart  # `apart`: each node has a level of its own, so that its gradients show
        improved = plan.predicting if predicts else plan.improved
        self.heads, self.order = (plan.heads, plan.order) if watch or apart else improved
        self.nodes: dict[str, dict[int, Node]] = {"inference": {}, "forward": {}, "backward": {}}  # by line of source
        self.training, self.predicts = training, predicts
        self.watch = list(watch)
        self.constants: dict[str, Any] = {
            "leaf": step.leaf,
            "add": step.add,
            "add_to": step.add_to,
            "region": step.region,
            "through": step.through,
            "only": step.only,
            "copied": step.copied,
            "repeatedly": run_repeatedly,
            "Backward": Backward,
            "Later": Later,
        }
        self.interned: dict[Any, str] = {}
        self.trail: list[Line] = []  # what `straight` has printed
        self.needs: set[int] = {id(plan.variables[i]) for i in wanted}  # nodes with a wanted variable above them
        self.level: dict[int, int] = {}
        self.readers: dict[Value, list[Node]] = {}  # in their order
        for node in self.order:
            for entry in node.inputs:
                self.readers.setdefault(value_of(entry), []).append(node)
        self.given: set[Value] = {value_of(entry) for entry in (*self.heads, *self.watch)}  # out of the function
        for position, node in enumerate(self.order):
            above = [entry.node for entry in node.inputs if id(entry.node) in self.needs]
            if node.operator is not None and above and node.operator.differentiable:
                self.needs.add(id(node))
                levels = [self.level.get(id(n), 0) + self.is_explicit(n) for n in above]
                self.level[id(node)] = position if apart else max(levels)

    def is_explicit(self, node: Node) -> bool:
        return node.operator is not None and id(node) in self.needs and rule_of(node) is not None

    def is_traced(self, node: Node) -> bool:
        return node.operator is not None and id(node) in self.needs and rule_of(node) is None

    def reusable(self, node: Node) -> str | None:
        """Return the name of an input that nobody needs after a node, if it may write its result there."""
        if node.operator is None or not node.operator.reuses or "reuse" in self.plan.without:
            return None
        pairs = zip(node.input_names(), node.inputs)
        return next((n for n, entry in pairs if n in node.operator.reuses and self._is_spare(node, n, entry)), None)

    def _is_spare(self, node: Node, name: str, entry: Entry) -> bool:
        """Return whether nobody needs the memory of an input after a node, which is the last to read it."""
        value, made = value_of(entry), entry.node
        *others, last = self.readers[value]
        if last is not node or value in self.given or made.operator is None:
            return False
        if any(other is node or _may_hold(other) for other in others) or _may_hold(made):
            return False
        if any(self.is_traced(one) for one in (made, *others, node)):
            return False
        if self._is_read(node, name) or self._is_read(made, entry.index):
            return False
        return not any(
            self._is_read(other, its)
            for other in others
            for its, one in zip(other.input_names(), other.inputs)
            if value_of(one) == value
        )

    def _is_read(self, node: Node, which: str | int) -> bool:
        """Return whether a node's gradient rule reads an input or an output of it."""
        assert node.operator is not None
        if not self.is_explicit(node):
            return False
        reads = node.operator.reads(node.values)
        name = node.operator.outputs(node.values)[which] if isinstance(which, int) else which
        return reads is None or name in reads

    # -- pieces of source ----------------------------------------------------------------------------------------

    def constant(self, value: Any, prefix: str = "c") -> str:
        """Return an expression for a constant: its literal, or a global name bound to it."""
        text = literal(value)
        if text is not None:
            return text
        name = self.interned.get(id(value))
        if name is None:
            name = self.interned[id(value)] = f"{prefix}{len(self.constants)}"
            self.constants[name] = value
        return name

    def call(self, node: Node, inputs: Sequence[str], live: bool = False) -> str:
        """Return the expression that computes a node; with `live`, on tensors that carry autograd history."""
        operator = node.operator
        assert operator is not None
        keywords = self.keywords(node, live)
        if live and operator.gradient is not None:
            values = self.constant(self.rule_attributes(node, live))
            call = f"dict({', '.join(keywords)})"
            return f"repeatedly({self.constant(operator, 'operator')}, {tuple_of(list(inputs))}, {call}, {values})"
        function = self.constant(operator.function, operator.function.__name__ + "_")
        return f"{function}({', '.join([*inputs, *keywords])})"

    def rule_attributes(self, node: Node, live: bool = False) -> Mapping[str, Any]:
        """Return the attributes that a node's gradient rule is given."""
        assert node.operator is not None
        further: dict[str, Any] = {}
        if node.operator.training:
            further["training"] = self.training
        if node.operator.keeps and not live:
            further["kept"] = self.plan.kept(node)
        return {**node.values, **further} if further else node.values

    def keywords(self, node: Node, live: bool) -> list[str]:
        operator = node.operator
        assert operator is not None
        parts: list[str] = []
        for name, value in node.values.items():
            if name not in operator.attributes:
                parts.append(f"**{self.constant({name: value}, 'further')}")
            elif name != operator.variadic and not (name in operator.defaults and same(value, operator.defaults[name])):
                parts.append(f"{name}={self.constant(value)}")
        if operator.training:
            parts.append(f"training={self.training}")
        if operator.random:
            parts.append(f"generator={self.constant(self.plan.generator(node), 'generator')}")
        if operator.creates:
            parts.append(f"device={self.constant(self.plan.device(node), 'device')}")
        if operator.planned and "channels_last" not in self.plan.without:
            parts.append("planned=True")
        if not live and (spare := self.reusable(node)) is not None:
            parts.append(f"reuse={spare!r}")
        if operator.keeps and not (live and operator.gradient is not None):
            parts.append(f"kept={self.constant(self.plan.kept(node), 'kept')}")
        if operator.subgraphs:
            bodies = tuple(plan.body(self.training, live) for plan in self.plan.inner(node))
            parts.append(f"subgraphs={self.constant(bodies, 'subgraphs')}")
        return parts

    # -- inference -----------------------------------------------------------------------------------------------

    def outcome(self, node: Node, expression: str, targets: Sequence[str]) -> str:
        """Assign what `expression` gives; an operator with a varying number of outputs may give a tuple of one."""
        assert node.operator is not None
        if len(targets) == 1 and callable(node.operator.output_names):
            return f"{targets[0]} = only({expression})"
        return f"{', '.join(targets)} = {expression}"

    def inference(self) -> Callable[..., Any]:
        """Print a function that keeps nothing for a backward pass."""
        lines, place = self.straight(live=False)
        if self.predicts and not self.watch and "pieces" not in self.plan.without:
            shorter, nodes = in_pieces(self.trail, self.constants, self.constant)
            lines[1:] = shorter
            self.nodes["inference"] = {number + 3: node for number, node in nodes.items()}
        outputs = [self.own(entry, place[value_of(entry)]) for entry in self.heads]
        watched = [place[value_of(entry)] for entry in self.watch]
        lines.append(f"return {tuple_of(outputs)}, {tuple_of(watched)}")
        return compiled("inference", ["arguments"], lines, self.constants, self.nodes)

    def body(self, live: bool) -> Callable[..., Any]:
        """Print a function for a graph that another one runs."""
        lines, place = self.straight(live)
        lines.append(f"return {tuple_of([place[value_of(entry)] for entry in self.heads])}")
        return compiled("inference", ["arguments"], lines, self.constants, self.nodes)

    def straight(self, live: bool) -> tuple[list[str], dict[Value, str]]:
        """Print all nodes so that every value is dropped after its last use; return where the heads are."""
        plan = self.plan
        last: dict[Value, int] = {}
        for position, node in enumerate(self.order):
            for entry in node.inputs:
                last[value_of(entry)] = position
        for entry in (*self.heads, *self.watch):
            last[value_of(entry)] = len(self.order)
        registers = Registers()
        alive: set[str] = set()
        place: dict[Value, str] = {}
        lines = [unpacked([f"a{i}" for i in range(len(plan.variables))], "arguments")]
        for i, node in enumerate(plan.variables):
            place[(id(node), 0)] = f"a{i}"
        for position, node in enumerate(self.order):
            operator = node.operator
            if operator is None:
                continue
            inputs = [place[value_of(entry)] for entry in node.inputs]
            expression = self.call(node, inputs, live)
            for entry in dict.fromkeys(node.inputs):
                if last[value_of(entry)] == position and place[value_of(entry)].startswith("t"):
                    registers.free(place[value_of(entry)])
                    alive.discard(place[value_of(entry)])
            count = len(operator.outputs(node.values))
            targets: list[str] = []
            for index in range(count):
                used = last.get((id(node), index), -1) > position
                targets.append(registers.take() if used else "_")
                place[(id(node), index)] = targets[-1]
            self.nodes["inference"][len(lines) + 2] = node
            lines.append(self.outcome(node, expression, targets))
            alive.update(name for name in targets if name != "_")
            alone = None if len(alive) > 1 else "".join(alive)
            self.trail.append(Line(node, lines[-1], tuple(inputs), alone))
        return lines, place

    def own(self, entry: Entry, expression: str) -> str:
        """Make an output own its memory and contiguous: a variable or a view is copied, as MXNet's outputs are."""
        if entry.node.operator is None or entry.node.operator.view:
            return f"copied({expression})"
        return f"{expression}.contiguous()"

    # -- training ------------------------------------------------------------------------------------------------

    def training_step(self, wanted: Sequence[int], put_off: Sequence[int]) -> Training:
        forward = Forward(self)
        for node in self.order:
            if node.operator is not None:
                forward.node(node)
        backward = BackwardPrinter(self, forward, wanted, put_off)
        backward_lines = backward.lines()
        forward_lines = forward.finish()
        return Training(
            compiled("forward", ["arguments"], forward_lines, self.constants, self.nodes),
            compiled("backward", ["saved", "heads", "into"], backward_lines, self.constants, self.nodes),
            frozenset(backward.deferred),
            frozenset(number for number, name in enumerate(forward.saved) if name.startswith("s")),
            bool(forward.saved),
            tuple((node, index) for node, index, _ in backward.noted),
        )


def _may_hold(node: Node) -> bool:
    """Return whether a node's results may lie in the memory of its inputs, or itself keep either."""
    operator = node.operator
    assert operator is not None
    return operator.view or operator.subgraphs != () or (operator.keeps and not operator.reuses)


class Forward:
    """Prints the forward half and remembers the names that the backward half asks for."""

    def __init__(self, lowering: Lowering) -> None:
        self.lowering, plan = lowering, lowering.plan
        self.raw: dict[Value, str] = {(id(node), 0): f"a{i}" for i, node in enumerate(plan.variables)}
        self.live: dict[Value, str] = {}  # traced outputs, with their autograd history
        self.leaves: dict[int, dict[Value, str]] = {}  # region -> value -> leaf
        self.shapes: dict[Value, str] = {}  # of values of which a gradient rule reads nothing else
        self.saved: dict[str, None] = {}
        self.lines = [unpacked([f"a{i}" for i in range(len(plan.variables))], "arguments")]
        self.last_use: dict[str, int] = {}  # name -> number of the last line that reads it
        self.count = itertools.count()

    def emit(self, line: str, used: Sequence[str]) -> None:
        for name in used:
            self.last_use[name] = len(self.lines)
        self.lines.append(line)

    def keep(self, name: str) -> str:
        """Hand `name` to the backward half."""
        self.saved[name] = None
        return name

    def plain(self, entry: Entry) -> str:
        """Return the name of a value without autograd history."""
        value = value_of(entry)
        if value not in self.raw:
            name = self.raw[value] = f"d{next(self.count)}"
            self.emit(f"{name} = {self.live[value]}.detach()", [self.live[value]])
        return self.raw[value]

    def traced(self, entry: Entry, region: int) -> str:
        """Return the name of a value as a traced node of `region` sees it."""
        lowering, value = self.lowering, value_of(entry)
        if id(entry.node) not in lowering.needs:
            return self.raw[value]
        if lowering.is_traced(entry.node) and lowering.level[id(entry.node)] == region:
            return self.live[value]
        leaves = self.leaves.setdefault(region, {})
        if value not in leaves:
            leaves[value] = f"l{next(self.count)}"
            source = self.live[value] if lowering.is_traced(entry.node) else self.raw[value]
            self.emit(f"{leaves[value]} = leaf({source})", [source])
        return leaves[value]

    def read(self, node: Node, name: str, entry: Entry) -> str:
        """Return the name of what a node's gradient rule gets for one input or output: see ``gradient_reads``."""
        assert node.operator is not None
        reads = node.operator.reads(node.values)
        if reads is None or name in reads:
            return self.keep(self.plain(entry))
        return self.keep(self.shapes[value_of(entry)]) if f"{name}.shape" in reads else "None"

    def note_shapes(self, node: Node) -> None:
        """Keep the shapes that a node's gradient rule reads."""
        assert node.operator is not None
        reads = node.operator.reads(node.values)
        if not reads:
            return
        entries = [*node.inputs, *(Entry(node, i) for i in range(len(node.operator.outputs(node.values))))]
        names = [*node.input_names(), *node.operator.outputs(node.values)]
        for name, entry in zip(names, entries):
            if f"{name}.shape" in reads and value_of(entry) not in self.shapes:
                self.shapes[value_of(entry)] = f"s{next(self.count)}"
                source = self.raw.get(value_of(entry)) or self.live[value_of(entry)]
                self.emit(f"{self.shapes[value_of(entry)]} = {source}.shape", [source])

    def node(self, node: Node) -> None:
        lowering = self.lowering
        assert node.operator is not None
        if lowering.is_traced(node):
            inputs = [self.traced(entry, lowering.level[id(node)]) for entry in node.inputs]
            names = self.live
        else:
            inputs = [self.plain(entry) for entry in node.inputs]
            names = self.raw
        targets = [f"t{next(self.count)}" for _ in node.operator.outputs(node.values)]
        for index, target in enumerate(targets):
            names[(id(node), index)] = target
        lowering.nodes["forward"][len(self.lines) + 2] = node
        live = lowering.is_traced(node) and bool(node.operator.subgraphs)
        self.emit(lowering.outcome(node, lowering.call(node, inputs, live), targets), inputs)
        if lowering.is_explicit(node):
            self.note_shapes(node)

    def finish(self) -> list[str]:
        lowering = self.lowering
        outputs = [lowering.own(entry, self.plain(entry)) for entry in lowering.heads]
        watched = [self.plain(entry) for entry in lowering.watch]
        self.emit(f"return {tuple_of(outputs)}, [{', '.join(self.saved)}], {tuple_of(watched)}", [])
        returned = {*map(_name_in, outputs), *self.saved, *watched}
        for name, position in self.last_use.items():  # give memory back as soon as it is not needed
            if name not in returned and not name.startswith("a"):
                self.lines[position] += f"; del {name}"
        return self.lines


def _name_in(output: str) -> str:
    """Return the name that `Lowering.own` has wrapped."""
    return output.removeprefix("copied(").removesuffix(")").removesuffix(".contiguous(")
