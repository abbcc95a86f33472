"""Region proposals: from scores and offsets at the anchors of a feature map to regions of the image, in pixels."""

from __future__ import annotations

import numpy as np

from ..._ops.proposal import base_anchors
from .._lengths import static
from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value
from .detection import columns, kept, numbers, rows_at
from .reduce import ordered


@translates("_contrib_Proposal", "_contrib_MultiProposal")
def proposal(
    graph: Graph,
    cls_prob: Value,
    bbox_pred: Value,
    im_info: Value,
    *,
    rpn_pre_nms_top_n: int,
    rpn_post_nms_top_n: int,
    threshold: float,
    rpn_min_size: int,
    scales: tuple[float, ...],
    ratios: tuple[float, ...],
    feature_stride: int,
    iou_loss: bool,
    node: Applied,
) -> list[Value]:
    size = static(cls_prob.axes[2:])
    if size is None:
        raise CannotTranslate("the size of the feature map changes with the inputs")
    if not rpn_post_nms_top_n:
        raise CannotTranslate("rpn_post_nms_top_n is 0")
    base = np.array(base_anchors(feature_stride, ratios, scales), np.float32)
    anchors, places = _all_anchors(base, size, feature_stride)
    info = im_info.cast(np.float32)
    apart = graph.op("Reshape", bbox_pred.cast(np.float32), [0, len(base), 4, *size]).transpose(0, 3, 4, 1, 2)
    boxes = _regions(graph, graph.op("Reshape", apart, [0, -1, 4]), anchors, iou_loss)
    edge = graph.op("Gather", info, np.array([1, 0, 1, 0]), axis=1).unsqueeze(1) - 1  # width, height, width, height
    boxes = graph.op("Max", graph.op("Min", boxes, edge), 0.0)
    least = info.part(1, 2, 3) * float(rpn_min_size)
    sides = columns(boxes, 2, 4) - columns(boxes, 0, 2) + 1
    small = graph.reduce("ReduceMin", sides, [2]).compare("Less", least)  # (B, N)
    grown = small.where_true(least * 0.5, 0.0).unsqueeze(2)
    boxes = boxes + grown * np.array([-1, -1, 1, 1], np.float32)
    inside = graph.op("Floor", columns(info, 0, 2) / float(feature_stride)).unsqueeze(1)  # rows and columns that count
    beyond = graph.reduce("ReduceMax", inside.compare("LessOrEqual", places).cast(np.float32), [2]).cast(bool)
    first = cls_prob.cast(np.float32).part(1, len(base), 2 * len(base)).transpose(0, 2, 3, 1)
    scores = graph.op("Reshape", first, [0, -1])
    scores = graph.op("Or", beyond, small).where_true(-1.0, scores)
    most = min(rpn_pre_nms_top_n, len(anchors)) if rpn_pre_nms_top_n > 0 else len(anchors)
    scores, order = ordered(graph, scores, 1, most, True)
    boxes = rows_at(graph, boxes, order)
    falling = graph.constant(1 / np.arange(1, most + 1, dtype=np.float32)) + scores * 0
    pixels = boxes + np.array([0, 0, 1, 1], np.float32)  # a box from 3 to 5 is three pixels wide
    stay = kept(graph, pixels, falling.unsqueeze(1), threshold)
    chosen = _filled(graph, stay, most, rpn_post_nms_top_n)
    boxes = rows_at(graph, boxes, chosen)
    image = numbers(graph, graph.lengths(cls_prob, 0, 1)).cast(np.float32).reshape(-1, 1, 1)
    rows = graph.op("Concat", image + columns(boxes, 0, 1) * 0, boxes, axis=2)
    found = graph.op("GatherElements", scores, chosen, axis=1)
    return [rows.reshape(-1, 5).cast(node.dtype), found.reshape(-1, 1).cast(node.dtype)]


def _all_anchors(base: np.ndarray, size: tuple[int, ...], stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the anchors of all places, (N, 4), and the row and column that each belongs to, (1, N, 2)."""
    rows, cols = (grid.reshape(-1) for grid in np.meshgrid(np.arange(size[0]), np.arange(size[1]), indexing="ij"))
    shift = np.stack((cols, rows, cols, rows), 1).astype(np.float32) * stride
    places = np.repeat(np.stack((rows, cols), 1), len(base), 0).astype(np.float32)
    return (shift[:, None] + base).reshape(-1, 4).astype(np.float32), places[None]


def _regions(graph: Graph, offsets: Value, anchors: np.ndarray, iou_loss: bool) -> Value:
    """Return the corners that offsets (B, N, 4) from anchors stand for, in pixels."""
    if iou_loss:
        return offsets + anchors
    size = anchors[:, 2:] - anchors[:, :2] + 1
    middle = columns(offsets, 0, 2) * size + (anchors[:, :2] + (size - 1) * np.float32(0.5))
    reach = (graph.op("Exp", columns(offsets, 2, 4)) * size - 1) * 0.5
    return graph.op("Concat", middle - reach, middle + reach, axis=2)


def _filled(graph: Graph, stay: Value, most: int, wanted: int) -> Value:
    """Return which boxes to show, (B, wanted): those that stay, in order, and from the start again."""
    _, order = ordered(graph, stay.cast(np.float32), 1, most, True)
    found = graph.reduce("ReduceSum", stay.cast(np.int64), [1], keepdims=True)
    found = graph.op("Min", found, np.array([[min(wanted, most)]]))
    turn = graph.op("Mod", graph.constant(np.arange(wanted, dtype=np.int64)[None]), found)
    return graph.op("GatherElements", order, turn, axis=1)
