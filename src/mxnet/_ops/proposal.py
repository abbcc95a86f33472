"""Region proposals: from scores and offsets at the anchors of a feature map to regions of the image.

Coordinates are pixels, and a box from x1 to x2 is ``x2 - x1 + 1`` wide. Nothing here has a gradient.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch

from .attributes import Floats, PositiveInt, single
from .boxes import check_dtypes
from .families import documented
from .registry import Shape, operator
from .suppression import (
    descending,
    greedy,
    plain,
    with_areas,
)

Tensor = torch.Tensor
Attributes = Mapping[str, Any]


@lru_cache(maxsize=256)
def base_anchors(stride: int, ratios: tuple[float, ...], scales: tuple[float, ...]) -> list[tuple[float, ...]]:
    """Return the anchors at the first place: around a square of `stride` pixels, every ratio with every scale.

    The sides of the square are changed to the ratio, height by width, and rounded before they are scaled. Everything is
    in float32, as in MXNet: the rounding depends on it.
    """
    middle, anchors = (stride - 1) / 2, list[tuple[float, ...]]()
    for ratio in ratios:
        width = math.floor(math.sqrt(math.floor(single(stride * stride / single(ratio)))) + 0.5)
        height = math.floor(single(single(width * single(ratio)) + 0.5))
        for scale in scales:
            x, y = (width * scale - 1) / 2, (height * scale - 1) / 2
            anchors.append((middle - x, middle - y, middle + x, middle + y))
    return anchors


def _visible(attributes: Attributes) -> int:
    return 2 if attributes["output_score"] else 1


def _complete(shapes: list[Shape | None], attributes: Attributes) -> Sequence[Shape | None]:
    cls_prob = shapes[0]
    if cls_prob is not None and len(cls_prob) == 4:
        batch, channels, height, width = cls_prob
        return [cls_prob, (batch, channels * 2, height, width), (batch, 3)]
    return shapes


def _shape(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Attributes
) -> list[tuple[Shape, torch.dtype]]:
    cls_prob, bbox_pred, im_info = shapes
    anchors = len(attributes["scales"]) * len(attributes["ratios"])
    if len(cls_prob) != 4 or cls_prob[1] != 2 * anchors or not anchors:
        raise ValueError(
            f"cls_prob has shape {tuple(cls_prob)}; expected (B, {2 * anchors}, H, W): two for each of "
            f"{len(attributes['scales'])} scales and {len(attributes['ratios'])} ratios"
        )
    batch, _, height, width = cls_prob
    for name, shape, wanted in (
        ("bbox_pred", bbox_pred, (batch, 4 * anchors, height, width)),
        ("im_info", im_info, (batch, 3)),
    ):
        if tuple(shape) != wanted:
            raise ValueError(f"{name} has shape {tuple(shape)}; expected {wanted} for cls_prob {tuple(cls_prob)}")
    count = attributes["rpn_post_nms_top_n"]
    if count < 0:
        raise ValueError(f"rpn_post_nms_top_n is {count}; expected 0 or more")
    return [((batch * count, 5), dtypes[0]), ((batch * count, 1), dtypes[0])]


def _regions(deltas: Tensor, anchors: Tensor, iou_loss: bool) -> Tensor:
    """Return the corners (4, ...) that `deltas` (4, ...) from `anchors` (4, ...) stand for."""
    if iou_loss:
        return anchors + deltas
    size = anchors[2:] - anchors[:2] + 1
    middle = anchors[:2] + (size - 1) * 0.5
    middle = middle + deltas[:2] * size
    reach = (deltas[2:].exp().mul_(size) - 1).mul_(0.5)
    return torch.cat((middle - reach, middle + reach))


def _inside(boxes: Tensor, size: Tensor) -> None:
    """Cut `boxes` (4, B, T) to images of `size` (2, B, 1), width and height, in place."""
    for corner in (boxes[:2], boxes[2:]):
        torch.minimum(corner, size - 1, out=corner).clamp_(min=0)


def _proposals(cls_prob: Tensor, bbox_pred: Tensor, im_info: Tensor, attributes: Attributes) -> tuple[Tensor, Tensor]:
    """Return regions (B * K, 5) and their scores (B * K, 1)."""
    check_dtypes({"cls_prob": cls_prob, "bbox_pred": bbox_pred, "im_info": im_info})
    dtype, device = cls_prob.dtype, cls_prob.device
    shapes = [tuple(x.shape) for x in (cls_prob, bbox_pred, im_info)]
    (shape, _), (score_shape, _) = _shape(shapes, [dtype] * 3, attributes)
    wanted, stride = attributes["rpn_post_nms_top_n"], attributes["feature_stride"]
    if 0 in shape or not cls_prob.numel():
        return cls_prob.new_zeros(shape), cls_prob.new_zeros(score_shape)
    cls_prob, bbox_pred, im_info = plain(cls_prob), plain(bbox_pred), plain(im_info)
    batch, _, height, width = cls_prob.shape
    base = cls_prob.new_tensor(base_anchors(stride, attributes["ratios"], attributes["scales"])).t()  # (4, A)
    count = base.shape[1]
    rows = torch.arange(height, device=device, dtype=base.dtype)
    columns = torch.arange(width, device=device, dtype=base.dtype)
    shift = torch.stack(torch.meshgrid(columns, rows, indexing="xy")).mul_(stride)  # (2, H, W): x and y
    anchors = (shift.repeat(2, 1, 1).unsqueeze(3) + base.view(4, 1, 1, count)).view(4, 1, -1)
    deltas = bbox_pred.view(batch, count, 4, height, width).permute(2, 0, 3, 4, 1).reshape(4, batch, -1)
    boxes = _regions(deltas, anchors, attributes["iou_loss"])
    _inside(boxes, im_info[:, :2].flip(1).t().unsqueeze(2))
    scores = cls_prob[:, count:].permute(0, 2, 3, 1).clone(memory_format=torch.contiguous_format)
    places = (im_info[:, :2] / stride).trunc_()
    beyond = (rows >= places[:, :1]).unsqueeze(2) | (columns >= places[:, 1:]).unsqueeze(1)  # (B, H, W)
    least = im_info[:, 2:] * attributes["rpn_min_size"]
    small = ((boxes[2:] - boxes[:2] + 1) < least).any(0)
    grown = small * (least * 0.5)
    boxes[:2] -= grown
    boxes[2:] += grown
    scores = scores.masked_fill_(beyond.unsqueeze(3), -1).view(batch, -1).masked_fill_(small, -1)
    order = descending(scores)
    if attributes["rpn_pre_nms_top_n"] > 0:
        order = order[:, : attributes["rpn_pre_nms_top_n"]]
    most = order.shape[1]
    boxes = boxes.gather(2, order.expand(4, -1, -1))
    needed = min(wanted, most)
    lengths = torch.full((batch,), most, device=device)
    candidates = with_areas(boxes, 1.0).view(5, -1)
    keep = greedy(candidates, lengths, attributes["threshold"], extra=1.0, limit=needed).view(batch, most)
    # Ranks of those that stay, in order; what is missing is filled by starting over.
    place = keep.cumsum(1) - 1
    found = keep.sum(1, keepdim=True).clamp_(max=needed)
    place.masked_fill_(~keep | (place >= needed), needed)
    ranks = place.new_zeros((batch, needed + 1)).scatter_(1, place, torch.arange(most, device=device).expand_as(place))
    chosen = ranks.gather(1, torch.arange(wanted, device=device) % found)
    output = torch.empty((batch, wanted, 5), dtype=dtype, device=device)
    output[:, :, 0] = torch.arange(batch, device=device).unsqueeze(1)
    output[:, :, 1:] = boxes.gather(2, chosen.expand(4, -1, -1)).permute(1, 2, 0)
    scores = scores.gather(1, order.gather(1, chosen)).to(dtype)
    return output.view(shape), scores.view(score_shape)


def _register(name: str, summary: str, one_image: bool, example: str) -> None:
    def call(
        cls_prob: Tensor,
        bbox_pred: Tensor,
        im_info: Tensor,
        *,
        rpn_pre_nms_top_n: int = 6000,
        rpn_post_nms_top_n: int = 300,
        threshold: float = 0.7,
        rpn_min_size: int = 16,
        scales: Floats = (4.0, 8.0, 16.0, 32.0),
        ratios: Floats = (0.5, 1.0, 2.0),
        feature_stride: PositiveInt = 16,
        output_score: bool = False,
        iou_loss: bool = False,
    ) -> tuple[Tensor, Tensor]:
        if one_image and cls_prob.shape[:1] != (1,):
            raise ValueError(
                f"cls_prob has shape {tuple(cls_prob.shape)}; expected one image: use MultiProposal for a batch"
            )
        attributes = {
            "rpn_pre_nms_top_n": rpn_pre_nms_top_n,
            "rpn_post_nms_top_n": rpn_post_nms_top_n,
            "threshold": threshold,
            "rpn_min_size": rpn_min_size,
            "scales": scales,
            "ratios": ratios,
            "feature_stride": feature_stride,
            "iou_loss": iou_loss,
        }
        return _proposals(cls_prob, bbox_pred, im_info, attributes)

    call.__name__ = call.__qualname__ = name.lower()
    call.__doc__ = f"{summary}\n\nExamples\n--------\n{example}"
    call.__doc__ = documented(call, _SECTIONS)
    operator(
        f"_contrib_{name}",
        outputs=("output", "score"),
        visible_outputs=_visible,
        complete=_complete,
        shape=_shape,
    )(call)


_SECTIONS = """
Every place of the feature map has an anchor for each scale and ratio. The box of an anchor with center (x, y), width w
and height h has its center at ``(x + d_0 w, y + d_1 h)`` and the size ``(w exp(d_2), h exp(d_3))``, cut to the image.
Boxes of places beyond the image, and those with a side below the least one, get the score -1; the latter also grow by
half the least side on all sides. The best boxes by score go through non-maximum suppression. The gradient is 0.

Parameters
----------
cls_prob : (B, 2 * A, H, W)
    Probabilities for A anchors, of which the latter A are those of being an object. A is the number of scales
    times that of ratios; anchors of one ratio lie side by side.
bbox_pred : (B, 4 * A, H, W)
    Four offsets d for each anchor.
im_info : (B, 3)
    Height and width of the image, and the factor by which it was scaled.
rpn_pre_nms_top_n : int
    How many of the best boxes take part in suppression; all unless positive.
rpn_post_nms_top_n : int
    K, how many boxes are returned. If fewer are left, they are repeated from the first.
threshold : float
    A box is removed where its intersection over union with a better one is above this.
rpn_min_size : int
    The least side of a box in the image before it was scaled.
scales : tuple of float
    Sides of anchors, in strides.
ratios : tuple of float
    Height by width.
feature_stride : int of at least 1
    Pixels between places.
output_score : bool
    Return the scores too.
iou_loss : bool
    The offsets are added to the corners of the anchor.

Returns
-------
output : (B * K, 5)
    The image's number in the batch, then left, top, right and bottom.
score : (B * K, 1)
    With `output_score`.

References
----------
S. Ren et al., "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks", NeurIPS 2015.
"""

_EXAMPLE = """\
>>> prob, offsets, info = mx.nd.zeros(({count}, 2, 1, 2)), mx.nd.zeros(({count}, 4, 1, 2)), mx.nd.array([{info}])
>>> regions = mx.nd.contrib.{name}(prob, offsets, info, scales=(1,), ratios=(1,), rpn_post_nms_top_n=2)
>>> regions.asnumpy().tolist()
{found}
"""

_register(
    "Proposal",
    "Regions of one image that may hold an object, from scores and offsets at anchors.",
    True,
    _EXAMPLE.format(
        name="Proposal",
        count=1,
        info="[16, 32, 1]",
        found="[[0.0, 0.0, 0.0, 15.0, 15.0], [0.0, 16.0, 0.0, 31.0, 15.0]]",
    ),
)
_register(
    "MultiProposal",
    "Regions of each image of a batch that may hold an object, from scores and offsets at anchors.",
    False,
    _EXAMPLE.format(
        name="MultiProposal",
        count=2,
        info="[16, 32, 1], [16, 32, 1]",
        found="[[0.0, 0.0, 0.0, 15.0, 15.0], [0.0, 16.0, 0.0, 31.0, 15.0], [1.0, 0.0, 0.0, 15.0, 15.0], "
        "[1.0, 16.0, 0.0, 31.0, 15.0]]",
    ),
)
