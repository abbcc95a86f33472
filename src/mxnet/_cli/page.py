"""The drawing of a network as one page: boxes and lines in SVG, which a script on the page moves and searches."""

from __future__ import annotations

import html
import importlib.resources
import json
from collections.abc import Mapping, Sequence
from typing import Any

from .._graph.inference import Inferred
from .._graph.node import Node
from . import tables
from .layers import Layer, total
from .layout import Placed, place
from .models import Model

_HEIGHT, _STEP = 42, 74  # of a box, and from layer to layer
_NAME, _LETTER = 7.4, 6.2  # widths of letters of the first and second line
_MOST_LETTERS = 34

#: What kind of work an operator does, for its colour; what is not here is arithmetic.
_KINDS = {
    "weights": ("Convolution", "Deconvolution", "FullyConnected", "Embedding", "RNN", "dot", "batch_dot",
                "Convolution_v1", "_contrib_DeformableConvolution"),
    "activation": ("Activation", "LeakyReLU", "relu", "sigmoid", "tanh", "softmax", "log_softmax", "clip",
                   "SoftmaxActivation", "hard_sigmoid", "softsign"),
    "normalization": ("BatchNorm", "LayerNorm", "InstanceNorm", "GroupNorm", "L2Normalization", "LRN", "Dropout",
                      "_contrib_SyncBatchNorm", "BatchNorm_v1"),
    "pooling": ("Pooling", "Pooling_v1", "UpSampling", "_contrib_AdaptiveAvgPooling2D", "_contrib_BilinearResize2D",
                "ROIPooling", "_contrib_ROIAlign", "mean", "max", "sum"),
    "shape": ("Concat", "Flatten", "Reshape", "transpose", "SwapAxis", "SliceChannel", "slice", "slice_axis", "Pad",
              "expand_dims", "squeeze", "slice_like", "stack", "tile", "repeat", "Cast", "Crop"),
    "loss": ("SoftmaxOutput", "LogisticRegressionOutput", "LinearRegressionOutput", "MAERegressionOutput", "MakeLoss",
             "make_loss", "CTCLoss", "SVMOutput"),
}  # fmt: skip
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}


def page(model: Model, rows: Sequence[Layer], inferred: Inferred) -> str:
    """Return the text of a page that draws a network; it needs nothing from elsewhere.

    Parameters
    ----------
    model : Model
        The network.
    rows : sequence of Layer
        Its layers; each becomes a box.
    inferred : Inferred
        The shapes of all that flows.
    """
    number = {id(row.node): i for i, row in enumerate(rows)}
    edges = [
        (number[id(entry.node)], i)
        for i, row in enumerate(rows)
        for entry in row.node.inputs
        if id(entry.node) in number
    ]
    short = _without_shared(rows)
    lines = [_lines(row, name) for row, name in zip(rows, short)]
    widths = [max(len(one) * _NAME, len(other) * _LETTER) + 22 for one, other in lines]
    placed = place(widths, edges, step=_STEP)
    details = [_details(row, model, inferred, number) for row in rows]
    template = importlib.resources.files("mxnet._cli").joinpath("page.html").read_text(encoding="utf-8")
    parameters, work = total(rows)
    summary = f"{len(rows)} nodes, {tables.count(parameters)} parameters, {tables.count(work)} multiply-adds"
    parts = {
        "title": html.escape(model.name),
        "summary": html.escape(summary),
        "view": f"{-40} {-60} {placed.width + 80:.0f} {placed.height + 120:.0f}",
        "lines": "".join(_line(points, edge) for points, edge in zip(placed.edges, edges)),
        "boxes": "".join(_box(i, row, text, widths[i], placed) for i, (row, text) in enumerate(zip(rows, lines))),
        "details": json.dumps(details).replace("<", "\\u003c"),
    }
    for name, text in parts.items():
        template = template.replace(f"<!--{name}-->", text)
    return template


def _without_shared(rows: Sequence[Layer]) -> list[str]:
    """Return the names of layers without what nearly all begin with, such as ``resnetv10_``."""
    firsts = [row.name.split("_", 1)[0] for row in rows if row.operator and "_" in row.name]
    common = max(set(firsts), key=firsts.count, default="")
    if firsts.count(common) < 0.8 * sum(bool(row.operator) for row in rows):
        return [row.name for row in rows]
    return [row.name.removeprefix(f"{common}_") for row in rows]


def _lines(row: Layer, name: str) -> tuple[str, str]:
    """Return the two lines of text in a box."""
    shape = tables.shape(row.shapes[0]) + (f" +{len(row.shapes) - 1}" if len(row.shapes) > 1 else "")
    about = (
        f"{tables.shortened(row.operator + _settings(row.node), _MOST_LETTERS)} \N{RIGHTWARDS ARROW} "
        if row.operator
        else ""
    )
    return tables.shortened(name, _MOST_LETTERS), f"{about}{shape}"


def _settings(node: Node) -> str:
    """Return the settings by which one tells layers of a kind apart."""
    assert node.operator is not None
    values = node.values
    kernel, stride = values.get("kernel"), values.get("stride")
    if node.operator.name.startswith("Pooling") and values.get("global_pool"):
        return f" {values['pool_type']}, global"
    if kernel:
        steps = f"/{max(stride)}" if stride and max(stride) > 1 else ""
        kind = f" {values['pool_type']}" if "pool_type" in values else ""
        return f"{kind} {'x'.join(map(str, kernel))}{steps}"
    if "act_type" in values:
        return f" {values['act_type']}"
    if "scalar" in values:
        return f" {values['scalar']:g}"
    return ""


def _details(row: Layer, model: Model, inferred: Inferred, number: Mapping[int, int]) -> dict[str, Any]:
    """Return what the page shows of a box that is clicked on."""
    inputs: list[dict[str, Any]] = []
    for entry in row.node.inputs:
        item: dict[str, Any] = {"name": entry.node.name, "shape": tables.shape(inferred.shape(entry))}
        if id(entry.node) in number:
            item["box"] = number[id(entry.node)]
        elif entry.node.name in model.parameters:
            item["dtype"] = str(model.parameters[entry.node.name]._data.dtype)[6:]
        inputs.append(item)
    return {
        "name": row.name,
        "operator": row.operator or "input",
        "attributes": dict(sorted(row.node.attributes.items())),
        "inputs": inputs,
        "outputs": [tables.shape(shape) for shape in row.shapes],
        "parameters": f"{row.parameters:,}" if row.parameters else "",
        "work": tables.count(row.work) if row.work else "",
    }


def _box(number: int, row: Layer, text: tuple[str, str], width: float, placed: Placed) -> str:
    left, top = placed.x[number] - width / 2, placed.y[number] - _HEIGHT / 2
    kind = _KIND_OF.get(row.operator, "arithmetic") if row.operator else "input"
    corner = _HEIGHT / 2 if not row.operator else 5
    return (
        f'<g class="box {kind}" data-n="{number}" tabindex="0" transform="translate({left:.1f} {top:.1f})">'
        f'<rect width="{width:.1f}" height="{_HEIGHT}" rx="{corner}"/>'
        f'<text x="{width / 2:.1f}" y="17" class="name">{html.escape(text[0])}</text>'
        f'<text x="{width / 2:.1f}" y="33">{html.escape(text[1])}</text></g>\n'
    )


def _line(points: Sequence[tuple[float, float]], edge: tuple[int, int]) -> str:
    """Return an edge: from the lower side of a box through points to the upper side of another."""
    (x, y), half = points[0], _HEIGHT / 2
    parts = [f"M{x:.1f} {y + half:.1f}"]
    for i, (to_x, to_y) in enumerate(points[1:], start=1):
        start = y + half
        end = to_y - half
        middle = (start + end) / 2
        if abs(to_x - x) < 0.5:
            parts.append(f"V{end:.1f}")
        else:
            parts.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {end:.1f}")
        if i < len(points) - 1:
            parts.append(f"V{to_y + half:.1f}")
        x, y = to_x, to_y
    return f'<path d="{"".join(parts)}" data-e="{edge[0]} {edge[1]}"/>\n'
