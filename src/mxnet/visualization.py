"""Pictures of networks: a table of layers, and a drawing by graphviz."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import base
from ._graph.node import Entry, Node, auxiliary_nodes, topological_order
from ._warning import warn
from .symbol import Symbol

__all__ = ["plot_network", "print_summary"]

Shape = tuple[int, ...]


def print_summary(
    symbol: Symbol,
    shape: Mapping[str, Shape] | None = None,
    line_length: int = 120,
    positions: Sequence[float] = [0.44, 0.64, 0.74, 1.0],
) -> None:
    """Print a table of the layers: shape of the output, number of parameters, layers before.

    Parameters
    ----------
    symbol : Symbol
        The network.
    shape : dict of str to tuple of int, optional
        Shapes of its inputs. Without them, shapes are left out, and only parameters of known shapes are counted.
    line_length : int
        Characters in a line.
    positions : list of float
        Where the four columns end: fractions of the line where the last is at most 1, else characters.

    Raises
    ------
    TypeError
        If `symbol` is no symbol, or `shape` no dict.
    ValueError
        If `shape` is not enough to infer the others.

    Notes
    -----
    Shapes are shown without their first axis, the batch. A parameter is what an initializer initializes: a variable
    with a name such as ``fc_weight``, one that an operator takes as its weight or bias, or one with an own initializer.
    Where several layers share it, it counts for the first.

    Examples
    --------
    >>> net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=10, name="fc")
    >>> mx.viz.print_summary(net, {"data": (1, 20)}, line_length=50)
    __________________________________________________
    Layer (type)          Output ShaParamPrevious Laye
    ==================================================
    data(null)            20        0
    __________________________________________________
    fc(FullyConnected)    10        210  data
    ==================================================
    Total params: 210
    __________________________________________________
    """
    _check(symbol, shape, "print_summary")
    ends = [int(line_length * end) if positions[-1] <= 1 else int(end) for end in positions]

    def show(fields: Iterable[Any]) -> None:
        line = ""
        for field, end in zip(fields, ends):
            line = (line + str(field))[:end].ljust(end)
        print(line)

    order = topological_order(symbol._entries)
    counts = _parameter_counts(order, _variable_shapes(symbol, shape))
    shapes = {} if shape is None else _output_shapes(symbol, shape, "print_summary")
    inputs = _shown_inputs(order, shape or {})
    shown = [node for node in order if node.operator is not None or id(node) in inputs]
    print("_" * line_length)
    show(["Layer (type)", "Output Shape", "Param #", "Previous Layer"])
    print("=" * line_length)
    for node in shown:
        before = [e.node.name for e in node.inputs if e.node.operator is not None or id(e.node) in inputs]
        kind = node.operator.name if node.operator else "null"
        size = _without_batch(shapes.get((id(node), 0), ()))
        show([f"{node.name}({kind})", size, counts.get(id(node), 0), before[0] if before else ""])
        for name in before[1:]:
            show(["", "", "", name])
        print(("=" if node is shown[-1] else "_") * line_length)
    print(f"Total params: {sum(counts.values())}")
    print("_" * line_length)


def _check(symbol: Any, shape: Any, function: str) -> None:
    if not isinstance(symbol, Symbol):
        raise base.TypeError(f"{function}: symbol must be a Symbol, got {type(symbol).__name__}")
    if shape is not None and not isinstance(shape, Mapping):
        raise base.TypeError(f"{function}: shape is {shape!r}, expected a dict such as {{'data': (1, 3, 224, 224)}}")


def _output_shapes(symbol: Symbol, shape: Mapping[str, Shape], function: str) -> dict[tuple[int, int], Shape]:
    """Return the shape of each output inside the network, by its node's id and index."""
    internals = symbol.get_internals()
    _, found, _ = internals.infer_shape(**shape)
    if found is None:
        raise base.ValueError(
            f"{function}: Input shape is incomplete: {dict(shape)} does not tell the shapes of all outputs; give those "
            f"of more of {', '.join(symbol.list_arguments())}"
        )
    return {(id(entry.node), entry.index): size for entry, size in zip(internals._entries, found)}


def _variable_shapes(symbol: Symbol, shape: Mapping[str, Shape] | None) -> dict[str, Shape]:
    found, _, _ = symbol.infer_shape_partial(**(shape or {}))
    return dict(zip(symbol.list_arguments(), found or ()))


def _shown_inputs(order: Sequence[Node], given: Mapping[str, Shape]) -> set[int]:
    """Return the ids of the variables that have a line: the first, and those given by the user that are no labels."""
    labels = {
        id(entry.node)
        for node in order
        if node.operator is not None
        for name, entry in zip(node.input_names(), node.inputs)
        if name == "label" or entry.node.name.endswith("label")
    }
    named = [node for node in order if node.operator is None and node.name in given and id(node) not in labels]
    return {id(node) for node in (order[0], *named) if node.operator is None}


_PARAMETERS = ("weight", "bias", "gamma", "beta", "parameters")


def _parameter_counts(order: Sequence[Node], shapes: Mapping[str, Shape]) -> dict[int, int]:
    """Return the number of parameters by the id of the first node that uses them."""
    done = auxiliary_nodes(order)
    found: Counter[int] = Counter()
    for node in order:
        if node.operator is None:
            continue
        for name, entry in zip(node.input_names(), node.inputs):
            variable = entry.node
            if variable.operator is not None or id(variable) in done:
                continue
            named = name in _PARAMETERS or variable.name.endswith(_PARAMETERS)
            if named or "__init__" in variable.attributes:
                done.add(id(variable))
                size = shapes.get(variable.name)
                found[id(node)] += math.prod(size) if size else 0
    return found


def _without_batch(shape: Shape) -> str:
    return "x".join(map(str, shape[1:]))


# -- drawing ---------------------------------------------------------------------------------------------------------

_COLORS = {
    "null": "#8dd3c7",
    "Convolution": "#fb8072",
    "FullyConnected": "#fb8072",
    "Activation": "#ffffb3",
    "LeakyReLU": "#ffffb3",
    "BatchNorm": "#bebada",
    "Pooling": "#80b1d3",
    "Concat": "#fdb462",
    "Flatten": "#fdb462",
    "Reshape": "#fdb462",
}
_OTHER = "#fccde5"
_WEIGHTS = ("_weight", "_bias", "_beta", "_gamma", "_moving_var", "_moving_mean", "_running_var", "_running_mean")


def plot_network(
    symbol: Symbol,
    title: str = "plot",
    save_format: str = "pdf",
    shape: Mapping[str, Shape] | None = None,
    dtype: Mapping[str, Any] | None = None,
    node_attrs: Mapping[str, str] = {},
    hide_weights: bool = True,
) -> Any:
    """Return a drawing of the network, which notebooks show and whose `render` writes a file.

    Parameters
    ----------
    symbol : Symbol
        The network.
    title : str
        Name of the drawing and of its file.
    save_format : str
        Format of the file: ``'pdf'``, ``'png'``, ``'svg'`` ...
    shape : dict of str to tuple of int, optional
        Shapes of its inputs: then edges tell the shapes of what flows, without the first axis.
    dtype : dict of str to dtype, optional
        Dtypes of its inputs: then edges tell the dtypes, too.
    node_attrs : dict of str to str
        Attributes of graphviz for all nodes: ``{"fixedsize": "false"}``.
    hide_weights : bool
        Leave parameters and moving averages out.

    Returns
    -------
    graphviz.Digraph

    Raises
    ------
    ImportError
        If the Python package graphviz is not installed.
    TypeError
        If `symbol` is no symbol, or `shape` no dict.
    ValueError
        If `shape` is not enough to infer the others.

    Examples
    --------
    >>> net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=10, name="fc")
    >>> drawing = mx.viz.plot_network(net, shape={"data": (1, 20)}, save_format="png")
    >>> print(drawing.source.replace("\t", ""))
    digraph plot {
    data [...]
    fc [...]
    fc -> data [label=20 arrowtail=open dir=back]
    }
    """
    try:
        from graphviz import Digraph  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ImportError(
            "plot_network: Draw network requires graphviz library: pip install graphviz. To render a file, the "
            "program dot is needed, too: https://graphviz.org/download"
        ) from None
    _check(symbol, shape, "plot_network")
    internals = symbol.get_internals()
    shapes = {} if shape is None else _output_shapes(symbol, shape, "plot_network")
    dtypes = {} if dtype is None else _output_dtypes(internals, dtype)
    order = topological_order(symbol._entries)
    _warn_of_repeated_names(order)
    drawn = [node for node in order if not (hide_weights and node.operator is None and node.name.endswith(_WEIGHTS))]
    common = {"shape": "box", "fixedsize": "true", "width": "1.3", "height": "0.8034", "style": "filled"}
    common.update(node_attrs)
    drawing: Any = Digraph(name=title, format=save_format)
    for node in drawn:
        kind = node.operator.name if node.operator else "null"
        special = {"fillcolor": _COLORS.get(kind, _OTHER), "label": _label(node)}
        if node.operator is None:
            special["shape"] = "oval"
        drawing.node(name=node.name, **{key: str(value) for key, value in {**common, **special}.items()})
    ids = {id(node) for node in drawn}
    for node in drawn:
        for entry in node.inputs:
            if id(entry.node) in ids:
                text = _edge_label(entry, shapes, dtypes)
                drawing.edge(tail_name=node.name, head_name=entry.node.name, dir="back", arrowtail="open", label=text)
    return drawing


def _output_dtypes(internals: Symbol, dtype: Mapping[str, Any]) -> dict[tuple[int, int], str]:
    if not isinstance(dtype, Mapping):
        raise base.TypeError(f"plot_network: dtype is {dtype!r}, expected a dict such as {{'data': 'float32'}}")
    _, found, _ = internals.infer_type(**dtype)
    if found is None:
        raise base.ValueError(
            f"plot_network: Input type is incomplete: {dict(dtype)} does not tell those of all outputs"
        )
    return {(id(entry.node), entry.index): kind.__name__ for entry, kind in zip(internals._entries, found)}


def _warn_of_repeated_names(order: Sequence[Node]) -> None:
    repeated = [name for name, count in Counter(node.name for node in order).items() if count > 1]
    if repeated:
        warn(
            "There are multiple variables with the same name in your graph, this may result in cyclic graph. "
            f"Repeated names: {','.join(repeated)}",
            RuntimeWarning,
        )


def _label(node: Node) -> str:
    """Return what stands in a node of the drawing."""
    if node.operator is None:
        return node.name
    kind, values = node.operator.name, node.values
    if kind == "Custom":
        return values["op_type"]
    if kind == "Convolution":
        return f"Convolution\n{_sizes(values['kernel'])}/{_sizes(values['stride'])}, {values['num_filter']}"
    if kind == "FullyConnected":
        return f"FullyConnected\n{values['num_hidden']}"
    if kind in ("Activation", "LeakyReLU"):
        return f"{kind}\n{values['act_type']}"
    if kind == "Pooling":
        kernel = _sizes(values["kernel"]) if values["kernel"] else "global"
        return f"Pooling\n{values['pool_type']}, {kernel}/{_sizes(values['stride'])}"
    return node.name


def _sizes(values: Sequence[int]) -> str:
    return "x".join(map(str, values)) or "1"


def _edge_label(entry: Entry, shapes: Mapping[tuple[int, int], Shape], dtypes: Mapping[tuple[int, int], str]) -> str:
    key = (id(entry.node), entry.index)
    return _without_batch(shapes.get(key, ())) + (f"({dtypes[key]})" if key in dtypes else "")
