"""Boxes: anchors, offsets from them, overlaps, and non-maximum suppression."""

from __future__ import annotations

from . import helpers_detection as helpers
from .forms import Call, NotPlain, arguments, form, text, unless


@form("_contrib_MultiBoxPrior")
def anchors(call: Call) -> str:
    options = ", ".join(text(call[name]) for name in ("sizes", "ratios", "clip", "steps", "offsets"))
    return f"{call.helper(helpers.anchor_boxes)}({call.x}, {options})"


@form("_contrib_box_decode")
def box_decode(call: Call) -> str:
    offsets, given = (f"{value}.detach()" for value in call.inputs)
    if call["format"] == "corner":
        given = f"{call.helper(helpers.centers_of)}({given})"
    factors = text(tuple(call[f"std{i}"] for i in range(4)))
    options = arguments(offsets, given, factors, clip=unless(call["clip"], -1.0))
    return f"{call.helper(helpers.decoded)}({options})"


@form("_contrib_box_iou")
def box_iou(call: Call) -> str:
    ranks = [call.rank(position) for position in (0, 1)]
    if None in ranks:
        raise NotPlain("how many axes its inputs have is not known")
    boxes = [f"{value}.detach()" for value in call.inputs]
    if call["format"] == "center":
        boxes = [f"{call.helper(helpers.corners_of)}({value})" for value in boxes]
    first = f"{boxes[0]}[{'..., ' + 'None, ' * (ranks[1] - 1)}:]" if ranks[1] else boxes[0]
    return f"{call.helper(helpers.overlap)}({first}, {boxes[1]})"


@form("_contrib_box_nms")
def box_nms(call: Call) -> str:
    call.only_output()
    if call["topk"] == 0:
        return call.x
    into = out = "None"
    if call["in_format"] == "center":
        into = call.helper(helpers.corners_of)
    if call["in_format"] != call["out_format"]:
        out = call.helper(helpers.corners_of if call["in_format"] == "center" else helpers.centers_of)
    names = ("overlap_thresh", "valid_thresh", "topk", "coord_start", "score_index", "id_index", "background_id",
             "force_suppress")  # fmt: skip
    options = ", ".join(text(call[name]) for name in names)
    return f"{call.helper(helpers.suppressed)}({call.x}, {options}, {into}, {out})"


@form("_contrib_MultiBoxDetection")
def multibox_detection(call: Call) -> str:
    names = ("clip", "threshold", "nms_threshold", "force_suppress", "variances", "nms_topk")
    options = ", ".join(text(call[name]) for name in names)
    return f"{call.helper(helpers.detections)}({', '.join(call.inputs)}, {options})"
