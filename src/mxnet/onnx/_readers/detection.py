"""Regions and boxes."""

from __future__ import annotations

import numpy as np

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .registry import reads


@reads("RoiAlign")
def region_align(call: Call) -> Symbol:
    """Read average pooling of regions at exact places."""
    if call.text("mode", "avg") != "avg":
        call.refuse("takes the largest sample of each bin; only averages can be had")
    usual = "half_pixel" if call.opset >= 16 else "output_half_pixel"
    aligned = call.text("coordinate_transformation_mode", usual) == "half_pixel"
    number = sym.expand_dims(sym.Cast(call[2], dtype=call.dtype(1)), axis=1)
    ratio = call.attribute("sampling_ratio", 0)
    return sym.contrib.ROIAlign(
        call[0], sym.concat(number, call[1], dim=1), spatial_scale=call.attribute("spatial_scale", 1.0),
        pooled_size=(call.attribute("output_height", 1), call.attribute("output_width", 1)),
        sample_ratio=ratio if ratio > 0 else -1, aligned=aligned,
    )  # fmt: skip


@reads("NonMaxSuppression")
def suppression(call: Call) -> Symbol:
    """Read the choice of boxes: rows (image, class, box) in the order of images, classes and scores."""
    batch, boxes, _ = call.static(0)
    classes = call.length(1, 1)
    most = int(call.constant(2).reshape(-1)[0]) if call.has(2) else 0
    overlap = float(call.constant(3).reshape(-1)[0]) if call.has(3) else 0.0
    lowest = float(call.constant(4).reshape(-1)[0]) if call.has(4) else -3e38
    corners = _corners(call)
    scores = sym.reshape(call[1], shape=(batch * classes, boxes, 1))
    every = sym.reshape(sym.broadcast_axis(sym.expand_dims(corners, axis=1), axis=1, size=classes),
                        shape=(batch * classes, boxes, 4))  # fmt: skip
    numbers = call.literal(np.tile(np.arange(boxes, dtype=np.float32)[:, None], (batch * classes, 1, 1)))
    kept = sym.contrib.box_nms(
        sym.concat(scores, every, numbers, dim=2), overlap_thresh=overlap, valid_thresh=lowest, coord_start=1,
        score_index=0, force_suppress=True,
    )  # fmt: skip
    index = sym.squeeze(sym.slice_axis(kept, axis=2, begin=5, end=6), axis=2)
    valid = index >= 0
    chosen = valid * (sym.cumsum(valid, axis=1) <= most)
    image = np.repeat(np.arange(batch * classes) // classes, boxes).reshape(batch * classes, boxes)
    kind = np.repeat(np.arange(batch * classes) % classes, boxes).reshape(batch * classes, boxes)
    rows = sym.stack(*(call.literal(n.astype(np.float32)) for n in (image, kind)), index, axis=2)
    found = sym.contrib.boolean_mask(sym.reshape(rows, shape=(-1, 3)), sym.reshape(chosen, shape=(-1,)))
    return sym.Cast(found, dtype="int64")


def _corners(call: Call) -> Symbol:
    """Return boxes as (x1, y1, x2, y2) with the smaller numbers first."""
    parts = [sym.slice_axis(call[0], axis=2, begin=k, end=k + 1) for k in range(4)]
    if call.attribute("center_point_box", 0):
        x, y, width, height = parts
        return sym.concat(x - width / 2, y - height / 2, x + width / 2, y + height / 2, dim=2)
    y1, x1, y2, x2 = parts
    low, high = sym._internal._minimum, sym._internal._maximum
    return sym.concat(low(x1, x2), low(y1, y2), high(x1, x2), high(y1, y2), dim=2)
