"""Which variables of a network are its inputs, and what shapes they have when nobody says so."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from .._graph.inference import Conflict, Inferred, parse_shape
from .._graph.node import Entry, Node, auxiliary_nodes, topological_order
from ..base import MXNetError
from .main import fail
from .models import Model

Shape = tuple[int, ...]

#: Names of operators' inputs that an initializer fills.
_PARAMETERS = ("weight", "bias", "gamma", "beta", "parameters")

#: Heights and widths of images to try, the commonest first.
_IMAGES = ((224, 224), (299, 299), (32, 32), (28, 28), (112, 112), (112, 96), (227, 227), (64, 64), (96, 96),
           (128, 128), (256, 256), (300, 300), (416, 416), (512, 512))  # fmt: skip
_SEQUENCES = (10, 16, 20, 25, 30, 32, 35, 50, 60, 64, 100, 128, 256, 512)


class Variables:
    """The variables of a network by what they are for.

    Attributes
    ----------
    inputs, labels : list of str
        What comes with each call; labels have no effect on the results.
    missing : list of str
        Parameters and auxiliary states that the file does not have.
    unused : list of str
        Arrays of the file that the network does not have.
    """

    def __init__(self, model: Model) -> None:
        order = topological_order(model.symbol._entries)
        states = auxiliary_nodes(order)
        uses = _uses(order)
        needed = _needed(model.symbol._entries)
        known = model.parameters
        self.inputs: list[str] = []
        self.labels: list[str] = []
        self.missing: list[str] = []
        for node in order:
            if node.operator is not None or node.name in known:
                continue
            names = [name for name, _ in uses.get(id(node), ())]
            if id(node) in states or _is_parameter(node, names):
                self.missing.append(node.name)
            elif id(node) not in needed or "label" in names or node.name.endswith("label"):
                self.labels.append(node.name)
            else:
                self.inputs.append(node.name)
        there = {node.name for node in order if node.operator is None}
        self.unused = [name for name in known if name not in there]


#: Operators whose labels have no effect on what they put out.
LOSSES = ("SoftmaxOutput", "LogisticRegressionOutput", "LinearRegressionOutput", "MAERegressionOutput", "SVMOutput")


def label_of(node: Node) -> int | None:
    """Return which input of a node is a label that has no effect on its output, None if there is none."""
    return 1 if node.operator is not None and node.operator.name in LOSSES else None


def _needed(heads: Sequence[Entry]) -> set[int]:
    """Return the ids of the nodes that have an effect on the outputs: those behind labels have none."""
    found: set[int] = set()
    waiting = [entry.node for entry in heads]
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found.add(id(node))
            waiting += [entry.node for i, entry in enumerate(node.inputs) if i != label_of(node)]
    return found


def _uses(order: Iterable[Node]) -> dict[int, list[tuple[str, Node]]]:
    """Return the operators that read each variable, with the names of the inputs that it is."""
    found: dict[int, list[tuple[str, Node]]] = {}
    for node in order:
        if node.operator is not None:
            for name, entry in zip(node.input_names(), node.inputs):
                found.setdefault(id(entry.node), []).append((name, node))
    return found


def _is_parameter(node: Node, used_as: Sequence[str]) -> bool:
    own = "__init__" in node.attributes and "state" not in node.name
    return (
        own or node.name.endswith(tuple(f"_{name}" for name in _PARAMETERS)) or any(n in _PARAMETERS for n in used_as)
    )


# -- shapes that a user gives ----------------------------------------------------------------------------------------


#: The largest length of an axis.
_LONGEST = 2**31 - 1


def parse_shapes(given: Sequence[str], variables: Variables) -> dict[str, Shape]:
    """Return the shapes of ``--input data:1,3,224,224``; a shape alone belongs to the only input."""
    found: dict[str, Shape] = {}
    for text in given:
        name, colon, sizes = text.rpartition(":")
        if not colon:
            if len(variables.inputs) != 1:
                fail(f"--input {text}: say for which input, as in {(variables.inputs or ['data'])[0]}:{text}")
            name = variables.inputs[0]
        try:
            shape = tuple(int(part) for part in sizes.replace("x", ",").strip("()[] ,").split(",") if part.strip())
        except ValueError:
            shape = ()
        if not shape or min(shape) < 1 or max(shape) > _LONGEST:
            fail(f"--input {text}: expected NAME:SHAPE with lengths from 1 to {_LONGEST}, as in data:1,3,224,224")
        if name not in (*variables.inputs, *variables.labels):
            there = ", ".join((*variables.inputs, *variables.labels)) or "none"
            fail(f"--input {text}: the network has no input {name!r}; its inputs: {there}")
        if found.get(name, shape) != shape:
            fail(f"--input {text}: {name!r} was given the shape {found[name]} before")
        found[name] = shape
    return found


# -- shapes that nobody gives ----------------------------------------------------------------------------------------


def infer(model: Model, shapes: Mapping[str, Shape], *, with_parameters: bool = False) -> Inferred:
    """Return what is known of all shapes and dtypes of a network; Conflict where they do not fit."""
    known = model.parameters
    dtypes = {name: array._data.dtype for name, array in known.items()}
    own = {name: array.shape for name, array in known.items()} if with_parameters else {}
    inferred = Inferred(model.symbol._entries, {**own, **shapes}, dtypes)
    inferred.infer_dtypes()
    inferred.infer_shapes()
    return inferred


def misfits(model: Model, inferred: Inferred) -> list[tuple[str, Shape, Shape]]:
    """Return the parameters whose shape is not what the inputs imply: name, shape in the file, shape in the graph."""
    known = model.parameters
    found: dict[str, tuple[str, Shape, Shape]] = {}
    for node in inferred.order:
        if node.operator is None and node.name in known:
            wanted = inferred.shape(Entry(node, 0))
            shape = known[node.name].shape
            if wanted is not None and not _agree(wanted, shape):
                found[node.name] = (node.name, shape, wanted)
    return list(found.values())


def _agree(one: Shape, other: Shape) -> bool:
    return len(one) == len(other) and all(a == b or not a or not b for a, b in zip(one, other))


def _axes_apart(one: Shape, other: Shape) -> int:
    """Return in how many axes two shapes differ."""
    return sum(a != b for a, b in zip_longest(one, other))


def find_shapes(model: Model, variables: Variables, given: Mapping[str, Shape]) -> tuple[dict[str, Shape], list[str]]:
    """Return the shapes of all inputs and labels, and those inputs whose shapes are a guess.

    A guess is a shape under which everything can be inferred and every parameter fits, or as many as possible.

    Raises
    ------
    MXNetError
        If no shape was found, naming the inputs; or if the shapes do not fit the network.
    """
    start = {**_written(model, variables), **given}
    unknown = [name for name in variables.inputs if name not in start]
    first: MXNetError | None = None
    best: tuple[int, dict[str, Shape]] | None = None
    for guess in _guesses(model, unknown) if unknown else ({},):
        try:
            inferred = infer(model, {**start, **guess})
        except Conflict as error:
            first = first or MXNetError(f"the shapes do not fit: {error}")
            continue
        found = _completed(model, variables, {**start, **guess}, inferred)
        if found is not None:
            wrong = sum(_axes_apart(shape, wanted) for _, shape, wanted in misfits(model, inferred))
            if not wrong:
                return found, unknown
            best = min(best or (wrong, found), (wrong, found), key=lambda pair: pair[0])
    if best is not None:
        return best[1], unknown
    if not unknown and first is not None:
        raise first
    known = f" (given: {', '.join(f'{name} {shape}' for name, shape in start.items())})" if start else ""
    asked = unknown or [*variables.inputs, *variables.labels]
    return fail(
        f"no shapes were found for the inputs {', '.join(asked)}{known}: say them, as in --input "
        + " ".join(f"{name}:1,3,224,224" for name in asked[:2])
    )


def batch_is_open(model: Model, shapes: Mapping[str, Shape]) -> bool:
    """Return whether a network takes any batch size: all inputs begin with it, and it is written nowhere."""
    firsts = {shape[0] if shape else None for shape in shapes.values()}
    batch = firsts.pop() if len(firsts) == 1 else None
    if batch is None or _reads_steps(model):
        return False
    try:
        found = [
            infer(model, {name: (size, *shape[1:]) for name, shape in shapes.items()}) for size in (batch, batch + 1)
        ]
    except (Conflict, ValueError, TypeError, IndexError):
        return False
    for entry in model.symbol._entries:
        one, other = (inferred.shape(entry) for inferred in found)
        if one and one == other and one[0] == batch > 1:
            return False
    return True


def _reads_steps(model: Model) -> bool:
    """Return whether a recurrent layer reads an input directly: that input begins with time steps."""
    order = topological_order(model.symbol._entries)
    return any(
        node.operator is not None and node.operator.name == "RNN" and node.inputs[0].node.operator is None
        for node in order
    )


def _written(model: Model, variables: Variables) -> dict[str, Shape]:
    """Return the shapes that the file says of its inputs, with a batch of 1 where that is open."""
    found = {name: shape for name, shape in model.shapes.items() if name in variables.inputs}
    for node in topological_order(model.symbol._entries):
        text = node.attributes.get("__shape__")
        if node.operator is None and text is not None and node.name in variables.inputs:
            shape = parse_shape(text, node.name)
            shape = (1, *shape[1:]) if shape and shape[0] in (0, -1) else shape
            if shape and min(shape) > 0:
                found[node.name] = shape
    return found


def _completed(
    model: Model, variables: Variables, shapes: Mapping[str, Shape], inferred: Inferred
) -> dict[str, Shape] | None:
    """Return the shapes of all inputs and labels that follow from some; None if anything stays unknown."""
    found = dict(shapes)
    for node in inferred.order:
        if node.operator is None and node.name in (*variables.inputs, *variables.labels) and node.name not in found:
            shape = inferred.shape(Entry(node, 0))
            if not _is_known(shape) and node.name in variables.labels:
                shape = _label_shape(node, inferred, list(shapes.values()))
            if shape is None or 0 in shape:
                return None
            found[node.name] = shape
    complete = all(_is_known(inferred.shape(entry)) or _is_dynamic(inferred.order) for entry in model.symbol._entries)
    return found if complete else None


def _label_shape(node: Node, inferred: Inferred, data: Sequence[Shape]) -> Shape | None:
    """Return a shape for a label that the network only reshapes: as many elements as come out of that."""
    for _, reader in _uses(inferred.order).get(id(node), ()):
        shape = inferred.shape(Entry(reader, 0))
        if shape is not None and 0 not in shape:
            elements = math.prod(shape)
            return next((other for other in data if math.prod(other) == elements), (elements,))
    return data[0][:1] if data else None


def _is_known(shape: Shape | None) -> bool:
    return shape is not None and 0 not in shape


def _is_dynamic(order: Sequence[Node]) -> bool:
    return any(node.operator is not None and node.operator.dynamic for node in order)


def _guesses(model: Model, unknown: Sequence[str]) -> Iterable[dict[str, Shape]]:
    """Yield shapes of the unknown inputs to try: of the first alone, then of the first two.

    Those of states and labels follow from the shapes of the data.
    """
    order = topological_order(model.symbol._entries)
    uses = _uses(order)
    nodes = [node for node in order if node.operator is None and node.name in unknown]
    batches = [1, *_fixed_batches(order)]
    candidates = {node.name: list(dict.fromkeys(_candidates(node, uses, model, order, batches))) for node in nodes}
    for node in nodes[:3]:
        for shape in candidates[node.name]:
            yield {node.name: shape}
    if len(nodes) > 1:
        for one, other in itertools.islice(itertools.product(*(candidates[n.name][:8] for n in nodes[:2])), 40):
            yield {nodes[0].name: one, nodes[1].name: other}


def _fixed_batches(order: Sequence[Node]) -> list[int]:
    """Return first lengths that stand in Reshape: a graph may be made for one batch size."""
    found: list[int] = []
    for node in order:
        if node.operator is not None and node.operator.name == "Reshape":
            shape = node.values.get("shape") or ()
            if shape and shape[0] > 1 and shape[0] not in found:
                found.append(shape[0])
    return found[:3]


def _candidates(
    node: Node, uses: Mapping[int, list[tuple[str, Node]]], model: Model, order: Sequence[Node], batches: Sequence[int]
) -> Iterable[Shape]:
    """Yield shapes of one input that the first operator with parameters takes."""
    reader = _first_with_parameters(node, uses)
    if reader is None:
        return
    assert reader.operator is not None
    kind, values = reader.operator.name, reader.values
    weight = model.parameters.get(next((e.node.name for e in reader.inputs[1:] if e.node.operator is None), ""))
    for batch in batches:
        if kind.startswith("Convolution") or kind == "Deconvolution":
            yield from _for_convolution(values, weight, batch)
        elif kind == "FullyConnected":
            if weight is not None:
                yield (batch, weight.shape[1])
                yield from ((batch, length, weight.shape[1]) for length in _SEQUENCES[:2])
            yield from ((batch, 3, *size) for size in _IMAGES[:4])
        elif kind == "Embedding":
            cuts = [
                n.values["num_outputs"] for n in order if n.operator is not None and n.operator.name == "SliceChannel"
            ]
            lengths = list(dict.fromkeys((*(n for n in cuts if n > 4), *_SEQUENCES)))
            yield from ((batch, length) for length in lengths)
            yield (batch,)
        elif kind == "RNN":
            size = _rnn_input(reader, weight)
            yield from ((length, batch, size) for length in _SEQUENCES[:3] if size)
        else:
            yield from ((batch, 3, *size) for size in _IMAGES)


def _for_convolution(values: Mapping[str, Any], weight: Any, batch: int) -> Iterable[Shape]:
    axes = len(values["kernel"])
    channels = weight.shape[1] * values["num_group"] if weight is not None else 3
    last = str(values.get("layout") or "").endswith("C")
    if weight is not None and last:
        channels = weight.shape[-1] * values["num_group"]
    sizes: Iterable[Shape] = _IMAGES
    if axes == 1:
        sizes = ((n,) for n in (100, 1000, 16000))
    elif axes == 3:
        sizes = ((16, 112, 112), (32, 224, 224), (16, 32, 32))
    for size in sizes:
        yield (batch, *size, channels) if last else (batch, channels, *size)


def _rnn_input(node: Node, parameters: Any) -> int:
    """Return the width of a fused recurrent layer's input, from the number of its parameters."""
    if parameters is None:
        return 0
    values = node.values
    gates = {"lstm": 4, "gru": 3}.get(values["mode"], 1)
    hidden, ways = values["state_size"], 2 if values["bidirectional"] else 1
    later = (values["num_layers"] - 1) * gates * hidden * (hidden * ways + hidden) * ways
    biases = values["num_layers"] * ways * gates * hidden * 2
    first = parameters.shape[0] - later - biases
    return max(0, first // (gates * hidden * ways) - hidden)


#: Operators that lead from the input to the first with parameters, and keep its shape.
_THROUGH = ("BatchNorm", "Cast", "_copy", "identity", "Dropout", "Activation", "LeakyReLU", "BlockGrad")


def _first_with_parameters(node: Node, uses: Mapping[int, list[tuple[str, Node]]]) -> Node | None:
    """Return the first operator with a weight that reads a variable, perhaps through operators that keep its shape."""
    last: Node | None = None
    for _ in range(10):
        readers = [reader for name, reader in uses.get(id(node), ()) if name not in _PARAMETERS]
        if not readers:
            return last
        last = readers[0]
        assert last.operator is not None
        if not (last.operator.elementwise or last.operator.name in _THROUGH):
            return last
        node = last
    return last
