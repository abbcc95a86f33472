"""Prints the functions of a plan: `mxnet._graph.plan` says what they are."""

from __future__ import annotations

import itertools
import linecache
import math
import traceback
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from .._ops.registry import Backward, GradientRule
from . import step
from .node import Entry, Node
from .rule import run_repeatedly
from .step import Later, Training

if TYPE_CHECKING:
    from .plan import Plan

Tensor = torch.Tensor
_numbers = itertools.count()

Value = tuple[int, int]  # id of a node and number of its output


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
        self.training = training
        self.watch = list(watch)
        self.constants: dict[str, Any] = {
            "leaf": step.leaf,
            "add": step.add,
            "region": step.region,
            "only": step.only,
            "copied": step.copied,
            "repeatedly": run_repeatedly,
            "Backward": Backward,
            "Later": Later,
        }
        self.interned: dict[Any, str] = {}
        self.needs: set[int] = {id(plan.variables[i]) for i in wanted}  # nodes with a wanted variable above them
        self.level: dict[int, int] = {}
        for position, node in enumerate(self.order):
            above = [entry.node for entry in node.inputs if id(entry.node) in self.needs]
            if node.operator is not None and above and node.operator.differentiable:
                self.needs.add(id(node))
                levels = [self.level.get(id(n), 0) + self.is_explicit(n) for n in above]
                self.level[id(node)] = position if apart else max(levels)

    def is_explicit(self, node: Node) -> bool:
        return node.operator is not None and id(node) in self.needs and _rule(node) is not None

    def is_traced(self, node: Node) -> bool:
        return node.operator is not None and id(node) in self.needs and _rule(node) is None

    # -- pieces of source ----------------------------------------------------------------------------------------

    def constant(self, value: Any, prefix: str = "c") -> str:
        """Return an expression for a constant: its literal, or a global name bound to it."""
        literal = _literal(value)
        if literal is not None:
            return literal
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
            return f"repeatedly({self.constant(operator, 'operator')}, {_tuple(list(inputs))}, {call}, {values})"
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
            elif name != operator.variadic and not (
                name in operator.defaults and _same(value, operator.defaults[name])
            ):
                parts.append(f"{name}={self.constant(value)}")
        if operator.training:
            parts.append(f"training={self.training}")
        if operator.random:
            parts.append(f"generator={self.constant(self.plan.generator(node), 'generator')}")
        if operator.creates:
            parts.append(f"device={self.constant(self.plan.device(node), 'device')}")
        if operator.planned and "channels_last" not in self.plan.without:
            parts.append("planned=True")
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
        outputs = [self.own(entry, place[_value(entry)]) for entry in self.heads]
        watched = [place[_value(entry)] for entry in self.watch]
        lines.append(f"return {_tuple(outputs)}, {_tuple(watched)}")
        return _compile("inference", ["arguments"], lines, self.constants, self.nodes)

    def body(self, live: bool) -> Callable[..., Any]:
        """Print a function for a graph that another one runs."""
        lines, place = self.straight(live)
        lines.append(f"return {_tuple([place[_value(entry)] for entry in self.heads])}")
        return _compile("inference", ["arguments"], lines, self.constants, self.nodes)

    def straight(self, live: bool) -> tuple[list[str], dict[Value, str]]:
        """Print all nodes so that every value is dropped after its last use; return where the heads are."""
        plan = self.plan
        last: dict[Value, int] = {}
        for position, node in enumerate(self.order):
            for entry in node.inputs:
                last[_value(entry)] = position
        for entry in (*self.heads, *self.watch):
            last[_value(entry)] = len(self.order)
        registers = _Registers()
        place: dict[Value, str] = {}
        lines = [_unpack([f"a{i}" for i in range(len(plan.variables))], "arguments")]
        for i, node in enumerate(plan.variables):
            place[(id(node), 0)] = f"a{i}"
        for position, node in enumerate(self.order):
            operator = node.operator
            if operator is None:
                continue
            expression = self.call(node, [place[_value(entry)] for entry in node.inputs], live)
            for entry in dict.fromkeys(node.inputs):
                if last[_value(entry)] == position and place[_value(entry)].startswith("t"):
                    registers.free(place[_value(entry)])
            count = len(operator.outputs(node.values))
            targets: list[str] = []
            for index in range(count):
                used = last.get((id(node), index), -1) > position
                targets.append(registers.take() if used else "_")
                place[(id(node), index)] = targets[-1]
            self.nodes["inference"][len(lines) + 2] = node
            lines.append(self.outcome(node, expression, targets))
        return lines, place

    def own(self, entry: Entry, expression: str) -> str:
        """Make an output own its memory and contiguous: a variable or a view is copied, as MXNet's outputs are."""
        if entry.node.operator is None or entry.node.operator.view:
            return f"copied({expression})"
        return f"{expression}.contiguous()"

    # -- training ------------------------------------------------------------------------------------------------

    def training_step(self, wanted: Sequence[int], put_off: Sequence[int]) -> Training:
        forward = _Forward(self)
        for node in self.order:
            if node.operator is not None:
                forward.node(node)
        backward = _BackwardPrinter(self, forward, wanted, put_off)
        backward_lines = backward.lines()
        forward_lines = forward.finish()
        return Training(
            _compile("forward", ["arguments"], forward_lines, self.constants, self.nodes),
            _compile("backward", ["saved", "heads", "into"], backward_lines, self.constants, self.nodes),
            frozenset(backward.deferred),
            tuple((node, index) for node, index, _ in backward.noted),
        )


class _Forward:
    """Prints the forward half and remembers the names that the backward half asks for."""

    def __init__(self, lowering: Lowering) -> None:
        self.lowering, plan = lowering, lowering.plan
        self.raw: dict[Value, str] = {(id(node), 0): f"a{i}" for i, node in enumerate(plan.variables)}
        self.live: dict[Value, str] = {}  # traced outputs, with their autograd history
        self.leaves: dict[int, dict[Value, str]] = {}  # region -> value -> leaf
        self.saved: dict[str, None] = {}
        self.lines = [_unpack([f"a{i}" for i in range(len(plan.variables))], "arguments")]
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
        value = _value(entry)
        if value not in self.raw:
            name = self.raw[value] = f"d{next(self.count)}"
            self.emit(f"{name} = {self.live[value]}.detach()", [self.live[value]])
        return self.raw[value]

    def traced(self, entry: Entry, region: int) -> str:
        """Return the name of a value as a traced node of `region` sees it."""
        lowering, value = self.lowering, _value(entry)
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

    def finish(self) -> list[str]:
        lowering = self.lowering
        outputs = [lowering.own(entry, self.plain(entry)) for entry in lowering.heads]
        watched = [self.plain(entry) for entry in lowering.watch]
        self.emit(f"return {_tuple(outputs)}, {_tuple(list(self.saved))}, {_tuple(watched)}", [])
        returned = {*map(_name_in, outputs), *self.saved, *watched}
        for name, position in self.last_use.items():  # give memory back as soon as it is not needed
            if name not in returned and not name.startswith("a"):
                self.lines[position] += f"; del {name}"
        return self.lines


class _BackwardPrinter:
    """Prints the backward half."""

    def __init__(self, lowering: Lowering, forward: _Forward, wanted: Sequence[int], put_off: Sequence[int]) -> None:
        self.lowering, self.forward, self.wanted = lowering, forward, wanted
        plan = lowering.plan
        self.gradient: dict[Value, str] = {}
        self.body: list[str] = []
        self.count = itertools.count()
        uses: dict[Value, int] = {}
        for node in lowering.order:
            if id(node) in lowering.needs:
                for entry in node.inputs:
                    uses[_value(entry)] = uses.get(_value(entry), 0) + 1
        for entry in lowering.heads:
            uses[_value(entry)] = uses.get(_value(entry), 0) + 1
        # a variable used once can have its gradient written in place, or put off
        once = {(id(plan.variables[i]), 0): (n, i) for n, i in enumerate(wanted)}
        once = {value: numbers for value, numbers in once.items() if uses.get(value, 0) == 1}
        self.target = {value: f"b{n}" for value, (n, _) in once.items()}
        self.may_wait = {value: i for value, (_, i) in once.items() if i in put_off}
        self.deferred: list[int] = []
        self.noted: list[tuple[Node, int, str]] = []  # node, number of its input, name of what flows back into it

    def lines(self) -> list[str]:
        lowering, plan = self.lowering, self.lowering.plan
        for n, entry in enumerate(lowering.heads):
            if id(entry.node) in lowering.needs:
                self.flow(_value(entry), f"h{n}")
        levels: dict[int, list[Node]] = {}
        for node in lowering.order:
            if node.operator is not None and id(node) in lowering.needs:
                levels.setdefault(lowering.level[id(node)], []).append(node)
        for level in sorted(levels, reverse=True):
            for node in reversed(levels[level]):
                if lowering.is_explicit(node):
                    self.explicit(node)
            self.region(level, [node for node in levels[level] if lowering.is_traced(node)])
        found = [self.gradient.get((id(plan.variables[i]), 0), "None") for i in self.wanted]
        start = [
            _unpack(list(self.forward.saved), "saved"),
            _unpack([f"h{n}" for n in range(len(lowering.heads))], "heads"),
            _unpack([f"b{n}" for n in range(len(self.wanted))], "into"),
        ]
        return [*start, *self.body, f"return {_tuple([*found, *(name for _, _, name in self.noted)])}"]

    def flow(self, value: Value, name: str) -> None:
        """Add the gradient called `name` to what flows into `value`."""
        if value in self.gradient:
            total = f"g{next(self.count)}"
            self.body.append(f"{total} = add({self.gradient[value]}, {name})")
            self.gradient[value] = total
        else:
            self.gradient[value] = name

    def explicit(self, node: Node) -> None:
        lowering, forward, operator = self.lowering, self.forward, node.operator
        assert operator is not None
        heads = [self.gradient.get((id(node), i), "None") for i in range(len(operator.outputs(node.values)))]
        present = [head for head in heads if head != "None"]
        if not present and not operator.is_loss(node.values):
            return
        inputs = [forward.keep(forward.plain(entry)) for entry in node.inputs]
        outputs = [forward.keep(forward.raw[(id(node), i)]) for i in range(len(heads))]
        wanted = [id(entry.node) in lowering.needs for entry in node.inputs]
        if present:
            self.put_off(node, heads, inputs, outputs, wanted)
        if not any(wanted):
            return
        into = [self.target.get(_value(entry), "None") if w else "None" for entry, w in zip(node.inputs, wanted)]
        rule = lowering.constant(_rule(node), operator.function.__name__ + "_gradient_")
        call = (
            f"{rule}(Backward({_tuple(heads)}, {_tuple(inputs)}, {_tuple(outputs)}, "
            f"{lowering.constant(lowering.rule_attributes(node))}, {tuple(wanted)!r}, {_tuple(into)}))"
        )
        names = [f"g{next(self.count)}" if w else "_" for w in wanted]
        lowering.nodes["backward"][len(self.body) + 5] = node  # three lines unpack the parameters
        if operator.is_loss(node.values):
            self.body.append(f"{_tuple(names)} = {call}")
        else:
            test = " or ".join(f"{head} is not None" for head in present)
            self.body.append(f"{_tuple(names)} = {call} if {test} else {_tuple(['None'] * len(names))}")
        self.note(node, {_value(entry): name for entry, name in zip(node.inputs, names) if name != "_"})
        for entry, name in zip(node.inputs, names):
            if name != "_":
                self.flow(_value(entry), name)

    def note(self, node: Node, names: Mapping[Value, str]) -> None:
        """Return what flows back from a node into its inputs to who watches."""
        if self.lowering.apart:
            found = ((index, names.get(_value(entry))) for index, entry in enumerate(node.inputs))
            self.noted += [(node, index, name) for index, name in found if name is not None]

    def put_off(self, node: Node, heads: list[str], inputs: list[str], outputs: list[str], wanted: list[bool]) -> None:
        """Print a `Later` for an input whose gradient may wait, and take it out of `wanted`."""
        lowering, operator = self.lowering, node.operator
        assert operator is not None
        for position, entry in enumerate(node.inputs):
            value = _value(entry)
            names = node.input_names()
            if value not in self.may_wait or names[position] not in operator.linear_in:
                continue
            reads = operator.linear_in[names[position]]
            self.deferred.append(self.may_wait[value])
            wanted[position] = False
            # what the gradient reads and a user may write to until it is asked for is copied
            kept = [self.copied(value) if name in reads else value for name, value in zip(names, inputs)]
            rule = lowering.constant(_rule(node), operator.function.__name__ + "_gradient_")
            only = tuple(i == position for i in range(len(inputs)))
            nothing = _tuple(["None"] * len(inputs))
            later = f"g{next(self.count)}"
            self.body.append(
                f"{later} = Later({rule}, Backward({_tuple([self.copied(head) for head in heads])}, {_tuple(kept)}, "
                f"{_tuple(outputs)}, {lowering.constant(node.values)}, {only!r}, {nothing}))"
            )
            self.flow(value, later)

    def copied(self, name: str) -> str:
        """Return an expression for a copy of a value that a user may overwrite; each has memory of its own."""
        if name[0] not in "ah":
            return name
        memory = self.lowering.constant(step.Memory(), "memory")
        return f"{memory}.copy({name})"

    def region(self, level: int, nodes: list[Node]) -> None:
        forward = self.forward
        pairs: list[tuple[str, str]] = []
        for node in nodes:
            assert node.operator is not None
            for index in range(len(node.operator.outputs(node.values))):
                value = (id(node), index)
                if value in self.gradient:
                    pairs.append((forward.keep(forward.live[value]), self.gradient[value]))
        leaves = forward.leaves.get(level, {})
        if not pairs or not leaves:
            return
        names = {value: f"g{next(self.count)}" for value in leaves}
        sources = [forward.keep(leaf) for leaf in leaves.values()]
        self.body.append(
            f"{_tuple(list(names.values()))} = region({_tuple([o for o, _ in pairs])}, "
            f"{_tuple([g for _, g in pairs])}, {_tuple(sources)})"
        )
        for node in nodes:
            self.note(node, names)
        for value, name in names.items():
            self.flow(value, name)


# -- helpers of printing ----------------------------------------------------------------------------------------


def _value(entry: Entry) -> Value:
    return (id(entry.node), entry.index)


def _rule(node: Node) -> GradientRule | None:
    assert node.operator is not None
    return node.operator.gradient or node.operator.plan_gradient


def _name_in(output: str) -> str:
    """Return the name that `Lowering.own` has wrapped."""
    return output.removeprefix("copied(").removesuffix(")").removesuffix(".contiguous(")


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def _unpack(names: Sequence[str], source: str) -> str:
    return f"{_tuple(names)} = {source}" if names else "pass"


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and value == default


def _literal(value: Any) -> str | None:
    if value is None or isinstance(value, (bool, int, str)):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else None
    if isinstance(value, tuple):
        items = [_literal(item) for item in value]
        return None if None in items else _tuple([item for item in items if item is not None])
    return None


class _Registers:
    """Names of temporaries, reused once free, so that a value's memory is given back."""

    def __init__(self) -> None:
        self._free: list[str] = []
        self._count = 0

    def take(self) -> str:
        if self._free:
            return self._free.pop()
        self._count += 1
        return f"t{self._count}"

    def free(self, name: str) -> None:
        self._free.append(name)


def _compile(
    name: str,
    parameters: list[str],
    lines: list[str],
    constants: Mapping[str, Any],
    nodes: Mapping[str, dict[int, Node]],
) -> Callable[..., Any]:
    """Compile a printed function; its source shows in tracebacks and to `inspect.getsource`."""
    while _unused:
        linecache.cache.pop(_unused.pop(), None)
    source = f"def {name}({', '.join(parameters)}):\n    " + "\n    ".join(lines) + "\n"
    filename = f"<mxnet plan {next(_numbers)}: {name}>"
    namespace = dict(constants)
    exec(compile(source, filename, "exec"), namespace)
    function = namespace[name]
    function.source, function.filename = source, filename
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    _nodes_by_file[filename] = nodes[name]
    weakref.finalize(function, _nodes_by_file.pop, filename, None)
    weakref.finalize(function, _unused.append, filename)
    return function


_nodes_by_file: dict[str, dict[int, Node]] = {}
#: Sources of functions that are gone. They leave linecache when the next one comes: the collector may run while
#: somebody walks through linecache, which fails when entries vanish.
_unused: list[str] = []


def node_of(error: BaseException) -> Node | None:
    """Return the innermost node in whose line of a printed function an error arose."""
    found: Node | None = None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.lineno is not None:
            found = _nodes_by_file.get(frame.filename, {}).get(frame.lineno, found)
    return found
