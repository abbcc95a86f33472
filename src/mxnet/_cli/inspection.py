"""``remx inspect``: what is in a model."""

from __future__ import annotations

import argparse
import math
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from .._graph.inference import Inferred
from .._graph.node import Entry
from . import tables
from .layers import Layer, layers, total
from .main import GOOD, fail
from .models import Model, open_model
from .shapes import Shape, Variables, find_shapes, infer, misfits, parse_shapes
from .unusual import remarks


def run(options: argparse.Namespace) -> int:
    """Print what a model holds; draw it where ``--graph`` says so."""
    if options.graph is not None:
        check_drawing(options.graph)
    model = open_model(options)
    variables = Variables(model)
    shapes, guessed = find_shapes(model, variables, parse_shapes(options.input, variables))
    inferred = infer(model, shapes)
    rows = layers(inferred, model.parameters)
    said = [*model.notes, *remarks(model, variables, inferred, shapes, misfits(model, inferred))]
    if options.json:
        tables.print_json(_as_json(model, variables, shapes, guessed, rows, inferred, said))
    else:
        print(*_text(model, variables, shapes, guessed, rows, inferred, said), sep="\n")
    if options.graph is not None:
        draw(model, rows, inferred, options.graph)
        if not options.json:
            print(f"\nDrawn to {options.graph}")
    return GOOD


# -- as text ---------------------------------------------------------------------------------------------------------


def _text(
    model: Model,
    variables: Variables,
    shapes: dict[str, Shape],
    guessed: Sequence[str],
    rows: Sequence[Layer],
    inferred: Inferred,
    said: Sequence[str],
) -> list[str]:
    heading = tables.facts(_heading(model, variables, shapes, guessed, rows, inferred))
    cells = [
        (
            row.name,
            row.operator or "input",
            _shapes(row),
            row.parameters or "",
            tables.count(row.work) if row.work else "",
        )
        for row in rows
        if row.operator or row.name in variables.inputs or row.name in variables.labels
    ]
    titles = ("Layer", "Operator", "Output", "Parameters", "Mult-adds")
    lines = [*heading, "", *tables.table(titles, cells, right="lllrr"), ""]
    kinds = Counter(row.operator for row in rows if row.operator)
    lines.append("Operators")
    lines += _columns([f"{count} {name}" for name, count in kinds.most_common()])
    if said:
        lines += ["", "Worth knowing", *tables.bullets(said)]
    return lines


def _heading(
    model: Model,
    variables: Variables,
    shapes: dict[str, Shape],
    guessed: Sequence[str],
    rows: Sequence[Layer],
    inferred: Inferred,
) -> list[tuple[str, Any]]:
    parameters, work = total(rows)
    files = "\n".join(f"{path} ({tables.size(os.path.getsize(path))})" for path in model.files)
    name = model.name if model.epoch is None else f"{model.name}, epoch {model.epoch}"
    states = sum(math.prod(array.shape) for array in model.aux_params.values())
    size = sum(array._data.nbytes for array in model.parameters.values() if not array.is_sparse)
    counts = f"{parameters:,} in {len(model.arg_params)} arrays"
    if states:
        counts += f", and {states:,} in {len(model.aux_params)} auxiliary states"
    batch = next((shape[0] for shape in shapes.values() if shape), 1)
    return [
        ("Model", name),
        ("Files", files),
        ("Saved by", model.saved_by),
        ("Inputs", _described(variables.inputs, shapes, guessed, inferred)),
        ("Labels", _described(variables.labels, shapes, (), inferred)),
        ("Outputs", _outputs(model, inferred)),
        ("Parameters", f"{counts} ({tables.size(size)})" if model.parameters else "none are given"),
        ("Mult-adds", f"{tables.count(work)} for the shapes above" if batch != 1 else f"{tables.count(work)}"),
    ]


def _described(names: Sequence[str], shapes: dict[str, Shape], guessed: Sequence[str], inferred: Inferred) -> str:
    lines: list[str] = []
    for node in inferred.order:
        if node.operator is None and node.name in names:
            dtype = inferred.dtype(Entry(node, 0))
            text = f"{node.name} {tables.shape(shapes.get(node.name))}"
            text += f" {str(dtype)[6:]}" if dtype is not None and str(dtype) != "torch.float32" else ""
            lines.append(f"{text} (a guess that fits; --input says another)" if node.name in guessed else text)
    return "\n".join(lines)


def _outputs(model: Model, inferred: Inferred) -> str:
    names = model.symbol.list_outputs()
    return "\n".join(
        f"{name} {tables.shape(inferred.shape(entry))}" for name, entry in zip(names, model.symbol._entries)
    )


def _shapes(row: Layer) -> str:
    first = tables.shape(row.shapes[0])
    return first if len(row.shapes) == 1 else f"{first} +{len(row.shapes) - 1}"


def _columns(items: Sequence[str]) -> list[str]:
    """Return items side by side, as many as fit."""
    if not items:
        return ["  none"]
    wide = max(map(len, items)) + 2
    across = max(1, (tables.WIDTH - 2) // wide)
    return [
        "  " + "".join(item.ljust(wide) for item in items[i : i + across]).rstrip()
        for i in range(0, len(items), across)
    ]


# -- as JSON ---------------------------------------------------------------------------------------------------------


def _as_json(
    model: Model,
    variables: Variables,
    shapes: dict[str, Shape],
    guessed: Sequence[str],
    rows: Sequence[Layer],
    inferred: Inferred,
    said: Sequence[str],
) -> dict[str, Any]:
    parameters, work = total(rows)
    return {
        "model": model.name,
        "form": model.form,
        "files": model.files,
        "epoch": model.epoch,
        "saved_by": model.saved_by or None,
        "inputs": {name: shapes.get(name) for name in variables.inputs},
        "guessed": list(guessed),
        "labels": {name: shapes.get(name) for name in variables.labels},
        "outputs": {
            name: inferred.shape(entry) for name, entry in zip(model.symbol.list_outputs(), model.symbol._entries)
        },
        "parameters": parameters,
        "auxiliary": sum(math.prod(array.shape) for array in model.aux_params.values()),
        "multiply_adds": work,
        "operators": dict(Counter(row.operator for row in rows if row.operator).most_common()),
        "layers": [
            {
                "name": row.name,
                "operator": row.operator or None,
                "outputs": row.shapes,
                "parameters": row.parameters,
                "multiply_adds": row.work,
                "inputs": [entry.node.name for entry in row.node.inputs],
                "attributes": row.node.attributes,
            }
            for row in rows
        ],
        "arrays": {
            name: {
                "shape": array.shape,
                "dtype": str(array._data.dtype)[6:],
                "kind": "aux" if name in model.aux_params else "arg",
            }
            for name, array in model.parameters.items()
        },
        "missing": variables.missing,
        "unused": variables.unused,
        "misfits": [
            {"name": name, "in_file": found, "in_graph": wanted} for name, found, wanted in misfits(model, inferred)
        ],
        "remarks": list(said),
    }


# -- drawings --------------------------------------------------------------------------------------------------------

_GRAPHVIZ = ("svg", "png", "pdf")


def check_drawing(path: str) -> None:
    """Refuse a name of a drawing that nobody can make, before any work is done."""
    kind = os.path.splitext(path)[1][1:].lower()
    if kind not in ("html", *_GRAPHVIZ):
        fail(f"--graph {path}: the name has to end in .html, .svg, .png or .pdf")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        fail(f"--graph {path}: there is no folder {folder!r}")
    if kind in _GRAPHVIZ:
        check_graphviz(path)


def check_graphviz(path: str) -> None:
    """Refuse where the package or the program is missing that draws."""
    import importlib.util
    import shutil

    instead = "or take --graph FILE.html, which needs nothing"
    if importlib.util.find_spec("graphviz") is None:
        fail(f'--graph {path}: needs the Python package graphviz (pip install "remx[viz]"), {instead}')
    if shutil.which("dot") is None:
        fail(f"--graph {path}: needs the program dot of Graphviz (https://graphviz.org/download), {instead}")


def draw(model: Model, rows: Sequence[Layer], inferred: Inferred, path: str) -> None:
    """Write a drawing of the network to a file."""
    from .._runtime.files import replacing

    if path.lower().endswith(".html"):
        from .page import page

        data = page(model, rows, inferred).encode()
    else:
        from ..visualization import plot_network

        shapes = {row.name: row.shapes[0] for row in rows if not row.operator and row.shapes[0] is not None}
        drawing = plot_network(model.symbol, shape=shapes, node_attrs={"fixedsize": "false"})
        data = drawing.pipe(format=os.path.splitext(path)[1][1:].lower())
    with replacing(path) as file:
        rest = memoryview(data)
        while len(rest):
            rest = rest[file.write(rest) :]
