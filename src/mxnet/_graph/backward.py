"""Prints the backward half of a step, and says whose memory may be written again.

The rules run from the last node to the first. Each line knows which gradients it reads and makes, and whose memory the
new ones have: see ``gradient_memory`` in the registry. A gradient is dropped after its last use, and where nobody needs
its memory any more, the rule that reads it last may write to it.

The first letters of names tell what they hold, in both halves of a step (code asks for some of them):
a argument, b memory into which a gradient may be written, d detached value, g gradient, h head gradient, l leaf of a
region, s shape, t result of a node. Those in a, b and h belong to the caller.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import step
from .node import Entry, Node
from .printing import Value, rule_of, tuple_of, unpacked, value_of

if TYPE_CHECKING:
    from .lowering import Forward, Lowering


@dataclass
class _Line:
    """One line of the backward half."""

    text: str
    targets: Sequence[str]
    reads: Sequence[str]  # names of gradients
    saved: Sequence[str] = ()  # names of what the forward half saved
    memory: str | None = None  # of the targets, as ``gradient_memory`` of the registry says
    reusing: Mapping[str, str] = field(default_factory=dict)  # by a name that it reads: the text that overwrites that


class BackwardPrinter:
    """Prints the backward half."""

    def __init__(self, lowering: Lowering, forward: Forward, wanted: Sequence[int], put_off: Sequence[int]) -> None:
        self.lowering, self.forward, self.wanted = lowering, forward, wanted
        plan = lowering.plan
        self.gradient: dict[Value, str] = {}
        self.body: list[_Line] = []
        self.count = itertools.count()
        uses: dict[Value, int] = {}
        for node in lowering.order:
            if id(node) in lowering.needs:
                for entry in node.inputs:
                    uses[value_of(entry)] = uses.get(value_of(entry), 0) + 1
        for entry in lowering.heads:
            uses[value_of(entry)] = uses.get(value_of(entry), 0) + 1
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
                self.flow(value_of(entry), f"h{n}")
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
        found += [name for _, _, name in self.noted]
        may_reuse = "reuse" not in plan.without and not lowering.apart
        start = [
            f"{unpacked(list(self.forward.saved), 'saved')}; saved.clear()",
            unpacked([f"h{n}" for n in range(len(lowering.heads))], "heads"),
            unpacked([f"b{n}" for n in range(len(self.wanted))], "into"),
        ]
        return [*start, *_finished(self.body, found, may_reuse), f"return {tuple_of(found)}"]

    def flow(self, value: Value, name: str) -> None:
        """Add the gradient called `name` to what flows into `value`."""
        if value in self.gradient:
            total = f"g{next(self.count)}"
            one = self.gradient[value]
            either = {first: f"{total} = add_to({first}, {second})" for first, second in ((one, name), (name, one))}
            self.body.append(_Line(f"{total} = add({one}, {name})", [total], [one, name], (), "own", either))
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
        inputs = [forward.read(node, name, entry) for name, entry in zip(node.input_names(), node.inputs)]
        outputs = [forward.read(node, name, Entry(node, i)) for i, name in enumerate(operator.outputs(node.values))]
        wanted = [id(entry.node) in lowering.needs for entry in node.inputs]
        if present:
            self.put_off(node, heads, inputs, outputs, wanted)
        if not any(wanted):
            return
        into = [self.target.get(value_of(entry), "None") if w else "None" for entry, w in zip(node.inputs, wanted)]
        rule = lowering.constant(rule_of(node), operator.function.__name__ + "_gradient_")
        attributes = lowering.constant(lowering.rule_attributes(node))
        names = [f"g{next(self.count)}" if w else "_" for w in wanted]
        loss = operator.is_loss(node.values)
        if len(wanted) == len(heads) == 1 and into == ["None"] and not loss:
            start, end = f"{names[0]} = through({', '.join([rule, *heads, *inputs, *outputs, attributes])}", ")"
        else:
            parts = [tuple_of(heads), tuple_of(inputs), tuple_of(outputs), attributes, repr(tuple(wanted))]
            test = "" if loss else " or ".join(f"{head} is not None" for head in present)
            start = f"{tuple_of(names)} = {rule}(Backward({', '.join([*parts, tuple_of(into)])}"
            end = f")) if {test} else {tuple_of(['None'] * len(names))}" if test else "))"

        lowering.nodes["backward"][len(self.body) + 5] = node  # three lines unpack the parameters
        targets = [name for name in names if name != "_"]
        reusing = {heads[0]: f"{start}, True{end}"} if heads[0] != "None" else {}
        self.body.append(_Line(start + end, targets, present, [*inputs, *outputs], operator.gradient_memory, reusing))
        self.note(node, {value_of(entry): name for entry, name in zip(node.inputs, names) if name != "_"})
        for entry, name in zip(node.inputs, names):
            if name != "_":
                self.flow(value_of(entry), name)

    def note(self, node: Node, names: Mapping[Value, str]) -> None:
        """Return what flows back from a node into its inputs to who watches."""
        if self.lowering.apart:
            found = ((index, names.get(value_of(entry))) for index, entry in enumerate(node.inputs))
            self.noted += [(node, index, name) for index, name in found if name is not None]

    def put_off(self, node: Node, heads: list[str], inputs: list[str], outputs: list[str], wanted: list[bool]) -> None:
        """Print a `Later` for an input whose gradient may wait, and take it out of `wanted`."""
        lowering, operator = self.lowering, node.operator
        assert operator is not None
        for position, entry in enumerate(node.inputs):
            value = value_of(entry)
            names = node.input_names()
            if value not in self.may_wait or names[position] not in operator.linear_in:
                continue
            reads = operator.linear_in[names[position]]
            self.deferred.append(self.may_wait[value])
            wanted[position] = False
            # what the gradient reads and a user may write to until it is asked for is copied
            kept = [self.copied(value) if name in reads else value for name, value in zip(names, inputs)]
            rule = lowering.constant(rule_of(node), operator.function.__name__ + "_gradient_")
            only = tuple(i == position for i in range(len(inputs)))
            nothing = tuple_of(["None"] * len(inputs))
            later = f"g{next(self.count)}"
            parts = [tuple_of([self.copied(head) for head in heads]), tuple_of(kept), tuple_of(outputs)]
            parts += [lowering.constant(node.values), repr(only), nothing]
            present = [head for head in heads if head != "None"]
            self.body.append(
                _Line(f"{later} = Later({rule}, Backward({', '.join(parts)}))", [later], present, [*inputs, *outputs])
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
        heads = [gradient for _, gradient in pairs]
        call = f"region({tuple_of([output for output, _ in pairs])}, {tuple_of(heads)}, {tuple_of(sources)})"
        saved = [*(output for output, _ in pairs), *sources]
        self.body.append(_Line(f"{tuple_of(list(names.values()))} = {call}", list(names.values()), heads, saved))
        for node in nodes:
            self.note(node, names)
        for value, name in names.items():
            self.flow(value, name)


def _finished(lines: Sequence[_Line], returned: Sequence[str], may_reuse: bool) -> list[str]:
    """Return the lines' texts, which reuse and drop gradients."""
    last = {name: number for number, line in enumerate(lines) for name in (*line.targets, *line.reads, *line.saved)}
    last.update(dict.fromkeys(returned, len(lines)))
    last.pop("None", None)
    sharing = _Sharing(lines)
    sharing.outside.update(name for line in lines for name in line.reads if name[0] == "h")  # the caller's
    free_after = sharing.free_after(last)
    texts: list[str] = []
    for number, line in enumerate(lines):
        text = line.text
        for name, reusing in line.reusing.items() if may_reuse else ():
            alone = [sharing.of(other) for other in line.reads].count(sharing.of(name)) == 1
            if alone and free_after.get(sharing.of(name)) == number:
                text = reusing
                break
        names = dict.fromkeys((*line.saved, *line.reads, *line.targets))
        gone = [name for name in names if last.get(name) == number and name[0] not in "ahb"]
        texts.append(f"{text}; del {', '.join(gone)}" if gone else text)
    return texts


class _Sharing:
    """Which gradients may share memory: a union-find over their names."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        self._parent: dict[str, str] = {}
        self.outside: set[str] = set()  # names whose memory others may know
        for line in lines:
            if line.memory == "own":
                continue
            names = [*line.targets, *line.reads]
            for name in names[1:]:
                one, other = self.of(name), self.of(names[0])
                if one != other:
                    self._parent[one] = other
            if line.memory is None:
                self.outside.update(names)

    def of(self, name: str) -> str:
        """Return the name that stands for everything that may share memory with `name`."""
        while name in self._parent:
            name = self._parent[name]
        return name

    def free_after(self, last: Mapping[str, int]) -> dict[str, int]:
        """Return the number of the line after which each memory is not needed; without memory known outside."""
        found: dict[str, int] = {}
        for name, number in last.items():
            found[self.of(name)] = max(found.get(self.of(name), 0), number)
        for name in self.outside:
            found.pop(self.of(name), None)
        return found
