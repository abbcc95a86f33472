"""``mx.sym.contrib.foreach``, ``while_loop`` and ``cond``: loops and branches as nodes that hold graphs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from .. import base
from .._frontend.nested import Form, flatten, restore
from .._graph.node import Entry, Node, topological_order
from .._ops import registry
from ..attribute import AttrScope
from ..name import NameManager
from . import op
from .construction import var
from .symbol import Symbol

__all__ = ["cond", "foreach", "while_loop"]

#: The attribute that MXNet gives to everything made for a subgraph.
_MARK = "__subgraph_name__"


class _Counters(threading.local):
    """How many subgraphs of each name this thread has made."""

    def __init__(self) -> None:
        self.next: dict[str, int] = {}


_counters = _Counters()


@contextmanager
def _subgraph(name: str) -> Generator[str]:
    """Mark what is made in the block as part of a new subgraph, and yield the mark."""
    outer = AttrScope.current.get(None).get(_MARK)
    full = f"{outer}${name}" if outer else name
    number = _counters.next.get(full, 0)
    _counters.next[full] = number + 1
    mark = f"{full}{number}"
    with AttrScope(**{_MARK: mark}):
        yield mark


class _Graph:
    """One subgraph being made: its heads, and what it takes from outside."""

    def __init__(self, heads: Sequence[Symbol], mark: str, states: Sequence[Symbol] = ()) -> None:
        self.heads: list[Entry] = []
        self.taken: dict[tuple[int, int], tuple[Entry, Entry]] = {}  # output made outside -> (it, the variable for it)
        self._mark = mark
        outputs = {id(head._entries[0].node) for head in heads}
        for number, head in enumerate((*heads, *states)):
            entry = head._entries[0]
            # A head that is not made here gets a node of its own, and so does a state that is an output, too.
            if not self._is_inside(entry.node) or (number >= len(heads) and id(entry.node) in outputs):
                with AttrScope(**{_MARK: mark}):
                    entry = op.identity(head)._entries[0]
            self.heads.append(entry)
        self._cut()

    def _is_inside(self, node: Node) -> bool:
        return node.operator is not None and node.attributes.get(_MARK) == self._mark

    def _cut(self) -> None:
        """Put variables in the place of what operators outside compute."""
        copies: dict[int, Node] = {}

        def inside(entry: Entry) -> Entry:
            node = entry.node
            if node.operator is None:
                return entry
            if self._is_inside(node):
                return Entry(copies[id(node)], entry.index)
            key = (id(node), entry.index)
            if key not in self.taken:
                self.taken[key] = (entry, Entry(Node(None, node.output_name(entry.index), {}), 0))
            return self.taken[key][1]

        for node in self._inner_nodes():
            copies[id(node)] = node.copy([inside(entry) for entry in node.inputs])
        self.heads = [inside(entry) for entry in self.heads]

    def _inner_nodes(self) -> list[Node]:
        """Return the operators made here, inputs first, without a look at what lies outside."""
        order: list[Node] = []
        seen: set[int] = set()
        for head in self.heads:
            stack: list[tuple[Node, int]] = [(head.node, 0)]
            seen.add(id(head.node))
            while stack:
                node, position = stack.pop()
                while position < len(node.inputs):
                    below = node.inputs[position].node
                    position += 1
                    if id(below) not in seen and self._is_inside(below):
                        seen.add(id(below))
                        stack += [(node, position), (below, 0)]
                        break
                else:
                    order.append(node)
        return order

    def variables(self) -> list[Node]:
        return [node for node in topological_order(self.heads) if node.operator is None]

    def outside(self, variable: Node) -> Entry:
        """Return what a variable of the subgraph stands for outside, itself unless it was put in."""
        for entry, stand_in in self.taken.values():
            if stand_in.node is variable:
                return entry
        return Entry(variable, 0)


def _node(operator: str, inputs: list[Entry], graphs: Sequence[_Graph], outputs: int, attributes: Any) -> list[Symbol]:
    """Return the outputs of a new node that holds `graphs`."""
    given = AttrScope.current.get(None)
    given |= {key: str(value) for key, value in attributes.items()}
    given |= {"num_args": str(len(inputs) + len(graphs)), "num_outputs": str(outputs)}
    name = NameManager.current.get(None, operator)
    node = Node(registry.get(operator), name, given, inputs, [graph.heads for graph in graphs])
    return [Symbol([Entry(node, index)]) for index in range(outputs)]


def _placeholders(symbols: Sequence[Symbol]) -> list[Symbol]:
    return [var(f"{symbol.name}-{symbol._entries[0].index}") for symbol in symbols]


def _locations(wanted: Sequence[Symbol], variables: Sequence[Node], what: str) -> list[int]:
    """Return where in the subgraph's variables each of some placeholders is."""
    numbers = {id(node): number for number, node in enumerate(variables)}
    found = [numbers.get(id(symbol._entries[0].node)) for symbol in wanted]
    if None in found:
        raise AssertionError(f"the {what} arrays have to be used in the loop body")
    return [number for number in found if number is not None]


def foreach(body: Callable[..., Any], data: Any, init_states: Any, name: str = "foreach") -> tuple[Any, Any]:
    """Run a body on each piece of the data's first axis, with states from step to step.

    Parameters
    ----------
    body : function of (piece, states)
        Returns (outputs, new states), each a symbol or a nested list of symbols. It is called once, to make the graph
        of one step; it must use all of the data and all states.
    data : Symbol or nested list of Symbol
        What is cut into pieces along the first axis.
    init_states : Symbol or nested list of Symbol
        The states of the first step.
    name : str
        Start of the subgraph's name.

    Returns
    -------
    outputs : the body's outputs, stacked along a new first axis
    states : the last states

    Raises
    ------
    AssertionError
        If data or states are no symbols, the body leaves one unused, or the states change their number.

    Examples
    --------
    >>> x, total = mx.sym.var("x"), mx.sym.var("total")
    >>> sums, last = mx.sym.contrib.foreach(lambda row, state: (state + row, state + row), x, total)
    >>> sums.eval(x=mx.nd.array([[1], [2], [3]]), total=mx.nd.array([0]))[0].asnumpy().tolist()
    [[1.0], [3.0], [6.0]]
    """
    cut, data_form = flatten(data, Symbol, "foreach input")
    states, state_form = flatten(init_states, Symbol, "foreach states")
    with _subgraph(name) as mark:
        pieces, inner = _placeholders(cut), _placeholders(states)
        outputs, new_states = body(restore(pieces, data_form), restore(inner, state_form))
    made, output_form = flatten(outputs, Symbol, "foreach output")
    kept, new_form = flatten(new_states, Symbol, "foreach loop_vars")
    if new_form != state_form:
        raise AssertionError("The input and output loop_vars have different format")
    graph = _Graph(made, mark, kept)
    variables = graph.variables()
    own = {id(symbol._entries[0].node) for symbol in (*pieces, *inner)}
    remaining = [node for node in variables if id(node) not in own]
    inputs = [*(s._entries[0] for s in (*cut, *states)), *(graph.outside(node) for node in remaining)]
    numbers = {id(node): number for number, node in enumerate(variables)}
    attributes = {
        "num_out_data": len(made),
        "in_state_locs": _locations(inner, variables, "state"),
        "in_data_locs": _locations(pieces, variables, "data"),
        "remain_locs": [numbers[id(node)] for node in remaining],
    }
    found = _node("_foreach", inputs, [graph], len(made) + len(kept), attributes)
    return restore(found[: len(made)], output_form), restore(found[len(made) :], state_form)


def _joined(graphs: Sequence[_Graph], stand_ins: dict[int, Entry]) -> tuple[list[Entry], list[list[int]]]:
    """Return the inputs of a node that holds several graphs, and for each graph which of them its variables are."""
    inputs: list[Entry] = []
    known: dict[tuple[int, int], int] = {}
    locations: list[list[int]] = []
    for graph in graphs:
        numbers: list[int] = []
        for variable in graph.variables():
            entry = stand_ins.get(id(variable)) or graph.outside(variable)
            key = (id(entry.node), entry.index)
            if key not in known:
                known[key] = len(inputs)
                inputs.append(entry)
            numbers.append(known[key])
        locations.append(numbers)
    return inputs, locations


def while_loop(
    cond: Callable[..., Any],
    func: Callable[..., Any],
    loop_vars: Any,
    max_iterations: int | None = None,
    name: str = "while_loop",
) -> tuple[Any, Any]:
    """Run a function again and again while a condition holds.

    Parameters
    ----------
    cond : function of the loop variables
        Returns a symbol of one element; 0 ends the loop.
    func : function of the loop variables
        Returns (outputs, new loop variables), each a symbol or a nested list of symbols.
    loop_vars : Symbol or nested list of Symbol
        The loop variables of the first step.
    max_iterations : int of at least 1
        The most steps; it is the length of the outputs' first axis. Rows of steps that were not taken are 0.
    name : str
        Start of the subgraphs' names.

    Returns
    -------
    outputs : the function's outputs, stacked along a new first axis
    loop_vars : the last loop variables

    Raises
    ------
    ValueError
        Without `max_iterations` or loop variables.
    AssertionError
        If something is no symbol, a loop variable is not used, or their number changes.

    Examples
    --------
    >>> i = mx.sym.var("i")
    >>> squares, last = mx.sym.contrib.while_loop(lambda i: i < 3, lambda i: (i * i, i + 1), i, max_iterations=4)
    >>> squares.eval(i=mx.nd.array([0]))[0].asnumpy().tolist()
    [[0.0], [1.0], [4.0], [0.0]]
    """
    if max_iterations is None:
        raise ValueError("max_iterations should be specified")
    try:
        most = int(max_iterations)
    except (TypeError, ValueError):
        raise ValueError(f"max_iterations should be an int, got {max_iterations!r}") from None
    first, form = flatten(loop_vars, Symbol, "while_loop loop_vars")
    if not first:
        raise ValueError("loop_vars should contain at least one element")

    def call(function: Callable[..., Any], values: list[Symbol]) -> Any:
        return function(values[0]) if form is None else function(*restore(values, form))

    with _subgraph(f"{name}_cond") as mark:
        inner_of_cond = _placeholders(first)
        test = _Graph(flatten(call(cond, inner_of_cond), Symbol, "while_loop cond")[0], mark)
    with _subgraph(f"{name}_func") as mark:
        inner = _placeholders(first)
        outputs, new_vars = call(func, inner)
        made, output_form = flatten([] if outputs is None else outputs, Symbol, "while_loop output")
        kept, new_form = flatten(new_vars, Symbol, "while_loop loop_vars")
        if len(kept) != len(first) and new_form != form:
            raise AssertionError("The input and output loop_vars have different format")
        body = _Graph([*made, *kept], mark)
    stand_ins = {
        id(symbol._entries[0].node): outer._entries[0]
        for symbols in (inner_of_cond, inner)
        for symbol, outer in zip(symbols, first)
    }
    inputs, (cond_locations, func_locations) = _joined([test, body], stand_ins)
    attributes = {
        "num_out_data": len(made),
        "max_iterations": most,
        "cond_input_locs": cond_locations,
        "func_input_locs": func_locations,
        "func_var_locs": _locations(inner, body.variables(), "state"),
    }
    found = _node("_while_loop", inputs, [test, body], len(made) + len(kept), attributes)
    return restore(found[: len(made)], output_form), restore(found[len(made) :], form)


def cond(
    pred: Symbol, then_func: Callable[[], Any], else_func: Callable[[], Any], name: str = "cond"
) -> Symbol | list[Symbol]:
    """Compute one of two branches.

    Parameters
    ----------
    pred : Symbol
        A symbol of one element; 0 chooses `else_func`.
    then_func, else_func : function without arguments
        Return a symbol or a nested list of symbols, as many in either branch and of the same shapes and dtypes.
    name : str
        Start of the subgraphs' names.

    Returns
    -------
    Symbol or list of Symbol
        The outputs of the branch that is taken.

    Raises
    ------
    ValueError
        If the branches have different numbers of outputs.
    AssertionError
        If something is no symbol.

    Examples
    --------
    >>> x = mx.sym.var("x")
    >>> y = mx.sym.contrib.cond(mx.sym.sum(x) > 0, lambda: x * 2, lambda: x * 3)
    >>> y.eval(x=mx.nd.array([-1]))[0].asscalar()
    np.float32(-3.0)
    """
    graphs: list[_Graph] = []
    forms: list[Form] = []
    for part, make in (("pred", lambda: pred), ("then", then_func), ("else", else_func)):
        with _subgraph(f"{name}_{part}") as mark:
            heads, form = flatten(make(), Symbol, "cond outputs")
            graphs.append(_Graph(heads, mark))
            forms.append(form)
    if len(graphs[0].heads) != 1:
        raise ValueError(f"pred should be a single Symbol, got {len(graphs[0].heads)}")
    if len(graphs[1].heads) != len(graphs[2].heads):
        raise ValueError("Number of outputs differs between then-branch and else-branch")
    if not graphs[1].heads:
        raise base.MXNetError("cond: the branches have no outputs; there is nothing to compute")
    inputs, (tests, then, otherwise) = _joined(graphs, {})
    attributes = {"cond_input_locs": tests, "then_input_locs": then, "else_input_locs": otherwise}
    found = _node("_cond", inputs, graphs, len(graphs[1].heads), attributes)
    return restore(found, forms[1])
