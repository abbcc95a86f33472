"""Object detection: anchors, boxes, and non-maximum suppression."""

from __future__ import annotations

import math

import numpy as np

from .._lengths import Length
from .._translating import Applied, CannotTranslate, translates
from .._writing import Graph, Value
from .reduce import ordered


def count_of(graph: Graph, data: Value, axis: int) -> Value:
    """Return the length of an axis as a vector of one."""
    length = graph.length(data.axes[axis], data)
    return graph.constant([length], np.int64) if isinstance(length, int) else length


def numbers(graph: Graph, count: Value) -> Value:
    """Return 0, 1, 2 ... below a count."""
    if count.array is not None:
        return graph.constant(np.arange(int(count.array[0]), dtype=np.int64))
    return graph.op("Range", np.int64(0), count.squeeze(0), np.int64(1), dtype=np.int64)


def rows_at(graph: Graph, data: Value, order: Value) -> Value:
    """Return rows (B, K, ...) of data (B, N, ...) in an order (B, K)."""
    return graph.op("GatherND", data, order.unsqueeze(2), batch_dims=1)


def columns(data: Value, begin: int, end: int) -> Value:
    return data.part(-1, begin, end)


def corners(graph: Graph, boxes: Value) -> Value:
    """Return left, top, right, bottom of boxes given by their centers and sizes."""
    middle, half = columns(boxes, 0, 2), columns(boxes, 2, 4) * 0.5
    return graph.op("Concat", middle - half, middle + half, axis=-1)


def centers(graph: Graph, boxes: Value) -> Value:
    low, high = columns(boxes, 0, 2), columns(boxes, 2, 4)
    return graph.op("Concat", (low + high) * 0.5, high - low, axis=-1)


def kept(graph: Graph, boxes: Value, scores: Value, threshold: float) -> Value:
    """Return which boxes stay, (B, N) of bool, for boxes (B, N, 4) and scores (B, classes, N), -1 for none."""
    batch_and_count = graph.lengths(boxes, 0, 2)
    most = graph.lengths(boxes, 1, 2)
    chosen = graph.op(
        "NonMaxSuppression", boxes, scores, most, np.array([threshold], np.float32), np.array([-0.5], np.float32),
        dtype=np.int64,
    )  # fmt: skip
    # It selects (image, class, box).
    places = graph.op("Gather", chosen, np.array([0, 2]), axis=1)
    ones = graph.op("Expand", graph.constant([1], np.int32), graph.lengths(chosen, 0, 1))
    zeros = graph.op("Expand", graph.constant([0], np.int32), batch_and_count)
    return graph.op("ScatterND", zeros, places, ones).cast(bool)


@translates("_contrib_MultiBoxPrior")
def multibox_prior(
    graph: Graph,
    data: Value,
    *,
    sizes: tuple[float, ...],
    ratios: tuple[float, ...],
    clip: bool,
    steps: tuple[float, ...],
    offsets: tuple[float, ...],
) -> Value:
    """For images whose size changes; all other anchors are constants."""
    kind = data.dtype
    lengths = [graph.lengths(data, axis, axis + 1) for axis in (2, 3)]
    height, width = (length.cast(np.float64) for length in lengths)
    given = min(steps) > 0
    places = []
    for length, size, offset, step in zip(lengths, (height, width), offsets, steps):
        place = numbers(graph, length).cast(kind) + offset
        places.append(place * step if given else place * (1 / size).cast(kind))
    roots = [math.sqrt(ratio) for ratio in ratios]
    each = [(size, roots[0]) for size in sizes] + [(sizes[0], root) for root in roots[1:]]
    wide = (graph.constant(np.array([s * r / 2 for s, r in each])) * (height / width)).cast(kind)
    high = graph.constant(np.array([s / r / 2 for s, r in each]), kind)
    rows, cols = places[0].reshape(-1, 1, 1), places[1].reshape(1, -1, 1)
    zero = (rows + cols + wide) * 0  # (H, W, anchors at a place)
    sides = [cols - wide + zero, rows - high + zero, cols + wide + zero, rows + high + zero]
    found = graph.op("Concat", *(side.unsqueeze(3) for side in sides), axis=3).reshape(1, -1, 4)
    return graph.op("Clip", found, 0.0, 1.0) if clip else found


@translates("_contrib_box_decode")
def box_decode(
    graph: Graph,
    data: Value,
    anchors: Value,
    *,
    std0: float,
    std1: float,
    std2: float,
    std3: float,
    clip: float,
    format: str,
) -> Value:
    if format == "corner":
        anchors = centers(graph, anchors)
    return _decoded(graph, data, anchors, (std0, std1, std2, std3), clip)


def _decoded(graph: Graph, offsets: Value, anchors: Value, factors: tuple[float, ...], clip: float = -1) -> Value:
    """Return corners of the boxes that offsets from anchors (center and size) stand for."""
    middle, size = columns(anchors, 0, 2), columns(anchors, 2, 4)
    kind = offsets.dtype
    moved = columns(offsets, 0, 2) * np.array(factors[:2], kind) * size + middle
    grown = columns(offsets, 2, 4) * np.array(factors[2:], kind)
    if clip > 0:
        grown = graph.op("Min", grown, clip)
    half = graph.op("Exp", grown) * size * 0.5
    return graph.op("Concat", moved - half, moved + half, axis=-1)


@translates("_contrib_box_iou")
def box_iou(graph: Graph, lhs: Value, rhs: Value, *, format: str, node: Applied) -> Value:
    if format == "center":
        lhs, rhs = (_with_axes(corners(graph, value), value) for value in (lhs, rhs))
    rows = graph.op("Reshape", lhs, [-1, 1, 4])
    others = graph.op("Reshape", rhs, [1, -1, 4])
    low = graph.op("Max", columns(rows, 0, 2), columns(others, 0, 2))
    high = graph.op("Min", columns(rows, 2, 4), columns(others, 2, 4))
    sides = graph.op("Max", high - low, 0.0)
    shared = graph.reduce("ReduceProd", sides, [-1])
    areas = [graph.reduce("ReduceProd", columns(v, 2, 4) - columns(v, 0, 2), [-1]) for v in (rows, others)]
    union = areas[0] + areas[1] - shared
    empty = union.compare("LessOrEqual", 0)
    found = empty.where_true(0, shared / empty.where_true(1, union))
    return graph.op("Reshape", found, graph.shape_like(node.shape, lhs, rhs))


def _with_axes(value: Value, like: Value) -> Value:
    value.shape = like.shape
    return value


@translates("_contrib_box_nms")
def box_nms(
    graph: Graph,
    data: Value,
    *,
    overlap_thresh: float,
    valid_thresh: float,
    topk: int,
    coord_start: int,
    score_index: int,
    id_index: int,
    background_id: int,
    force_suppress: bool,
    in_format: str,
    out_format: str,
) -> Value:
    if topk == 0:
        return data
    kind, width = data.dtype, data.axes[-1]
    if not isinstance(width, int):
        raise CannotTranslate("the length of the rows changes with the inputs")
    rows = graph.op("Reshape", data, graph.vector([-1, count_of(graph, data, len(data.axes) - 2), width]))
    rows.shape = (Length((-1,)), data.axes[-2], width)
    wide = rows.cast(np.float32)

    def column(number: int) -> Value:
        return wide.part(2, number, number + 1).squeeze(2)

    scores = column(score_index)
    valid = scores.compare("Greater", valid_thresh)
    if id_index >= 0:
        other = graph.op("Not", column(id_index).compare("Equal", float(background_id)))
        valid = graph.op("And", valid, other)
    count = count_of(graph, rows, 1)
    most = count if topk < 0 else graph.op("Min", count, graph.constant([topk], np.int64))
    _, order = ordered(graph, valid.where_true(scores, -np.inf), 1, most, True)
    wide, rows = rows_at(graph, wide, order), rows_at(graph, rows, order)
    valid = graph.op("GatherElements", valid.cast(np.int32), order, axis=1).cast(bool)
    boxes = wide.part(2, coord_start, coord_start + 4)
    classes = None if id_index < 0 or force_suppress else column(id_index)
    # Which class a box has does not matter to its score: 1 for a box that takes part, less for the later ones.
    ranks = numbers(graph, most).cast(np.float32)
    falling = valid.where_true(1 / (ranks + 1), -1)
    stay = kept(graph, boxes if in_format == "corner" else corners(graph, boxes), _by_class(graph, falling, classes),
                overlap_thresh)  # fmt: skip
    _, back = ordered(graph, stay.cast(np.float32), 1, most, True)
    rows = rows_at(graph, rows, back)
    there = graph.op("GatherElements", stay.cast(np.int32), back, axis=1).cast(bool).unsqueeze(2)
    if in_format != out_format:
        boxes = rows.part(2, coord_start, coord_start + 4)
        boxes = centers(graph, boxes) if out_format == "center" else corners(graph, boxes)
        parts = [rows.part(2, 0, coord_start)] if coord_start else []
        parts += [boxes] + ([rows.part(2, coord_start + 4, width)] if coord_start + 4 < width else [])
        rows = graph.op("Concat", *parts, axis=2) if len(parts) > 1 else boxes
    found = there.where_true(rows, graph.of(-1, kind))
    if topk > 0:
        missing = count - most
        found = graph.op("Pad", found, graph.vector([0, 0, 0, 0, missing, 0]), graph.of(-1, kind))
    return graph.op("Reshape", found, graph.lengths(data))


def _by_class(graph: Graph, scores: Value, classes: Value | None) -> Value:
    """Return scores (B, classes, N), -1 where a box has another class."""
    if classes is None:
        return scores.unsqueeze(1)
    whole = classes.cast(np.int64)
    least = graph.reduce("ReduceMin", whole, None)
    largest = graph.reduce("ReduceMax", whole, None)
    every = graph.op("Range", least, largest + 1, np.int64(1), dtype=np.int64).reshape(1, -1, 1)
    return whole.unsqueeze(1).compare("Equal", every).where_true(scores.unsqueeze(1), -1.0)


@translates("_contrib_MultiBoxDetection")
def multibox_detection(
    graph: Graph,
    cls_prob: Value,
    loc_pred: Value,
    anchor: Value,
    *,
    clip: bool,
    threshold: float,
    nms_threshold: float,
    force_suppress: bool,
    variances: tuple[float, ...],
    nms_topk: int,
    node: Applied,
) -> Value:
    kind = cls_prob.dtype
    if cls_prob.axes[1] == 1:  # background only
        return graph.filled(-1, kind, node.shape, cls_prob)
    objects = cls_prob.cast(np.float32).part(1, 1, int(np.iinfo(np.int64).max))
    score = graph.reduce("ReduceMax", objects, [1])  # (B, N)
    classes = graph.op("ArgMax", objects, axis=1, keepdims=0, dtype=np.int64)
    valid = score.compare("GreaterOrEqual", threshold)
    offsets = graph.op("Reshape", loc_pred.cast(np.float32), [0, -1, 4])
    boxes = _decoded(graph, offsets, centers(graph, anchor.cast(np.float32)), variances)
    if clip:
        boxes = graph.op("Clip", boxes, 0.0, 1.0)
    count = count_of(graph, cls_prob, 2)
    every = numbers(graph, count)
    suppress = 0 < nms_threshold <= 1
    order = _order(graph, valid, score, count, every, nms_topk if suppress else None)
    valid, score, classes = (
        graph.op("GatherElements", value, order, axis=1) for value in (valid.cast(np.int32), score, classes)
    )
    valid, boxes = valid.cast(bool), rows_at(graph, boxes, order)
    label = classes.cast(np.float32)
    takes_part = valid
    if suppress and nms_topk > 0:
        takes_part = graph.op("And", valid, every.compare("Less", nms_topk))
    if suppress:
        falling = takes_part.where_true(1 / (every.cast(np.float32) + 1), -1)
        # Here a box is suppressed at the threshold itself, too.
        below = float(np.nextafter(np.float32(nms_threshold), np.float32(-1)))
        stay = kept(graph, boxes, _by_class(graph, falling, None if force_suppress else classes), below)
        label = stay.where_true(label, -1.0)
    rows = graph.op("Concat", label.unsqueeze(2), score.unsqueeze(2), boxes, axis=2)
    return valid.unsqueeze(2).where_true(rows, -1.0).cast(kind)


def _order(graph: Graph, valid: Value, score: Value, count: Value, every: Value, most: int | None) -> Value:
    """Return the anchor that each row shows, (B, N): by score, or unsorted where nothing is suppressed."""
    unsorted = None
    if most is None or most > 0:
        _, unsorted = ordered(graph, valid.cast(np.float32), 1, count, True)
    if most is None:
        assert unsorted is not None
        return unsorted
    _, order = ordered(graph, valid.where_true(score, -np.inf), 1, count, True)
    if unsorted is None:
        return order
    return every.compare("Less", most).where_true(order, unsorted)


@translates("_contrib_box_encode")
def box_encode(
    graph: Graph, samples: Value, matches: Value, anchors: Value, refs: Value, means: Value, stds: Value
) -> list[Value]:
    """Offsets from anchors to the boxes that they were matched with, and where there are any."""
    wanted = samples.compare("Greater", 0.5).unsqueeze(2)
    objects = refs.axes[1]
    if not isinstance(objects, int):
        raise CannotTranslate("the number of boxes changes with the inputs")
    number = graph.op("Clip", matches.cast(np.int64), np.array(0), np.array(objects - 1))
    own, box = centers(graph, anchors), centers(graph, rows_at(graph, refs, number))
    shift = (columns(box, 0, 2) - columns(own, 0, 2)) / columns(own, 2, 4)
    growth = graph.op("Log", columns(box, 2, 4) / columns(own, 2, 4))
    offsets = (graph.op("Concat", shift, growth, axis=2) - means) / stds
    mask = graph.op("Expand", wanted.cast(anchors.dtype), graph.lengths(anchors))
    return [wanted.where_true(offsets, 0), mask]
