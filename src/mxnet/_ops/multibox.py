"""Single-shot detection: anchors, what to learn at each of them, and boxes from what was learned.

Coordinates are fractions of the image, boxes are (left, top, right, bottom), anchors are the same for a whole batch.
Nothing here has a gradient.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .activation import check_floating
from .attributes import Floats, single
from .boxes import check_dtypes, decoded
from .registry import Shape, operator
from .suppression import (
    corners,
    descending,
    greedy,
    groups_of,
    inverted,
    match,
    overlaps,
    plain,
    with_areas,
    zero_unless_,
)

Tensor = torch.Tensor
Attributes = Mapping[str, Any]
Shapes = Sequence[Shape]
Dtypes = Sequence[torch.dtype]
Outputs = list[tuple[Shape, torch.dtype]]

#: Overlaps no larger than this are none.
_TOUCH = 1e-6


def _numbers(name: str, values: Sequence[float], count: int) -> None:
    if len(values) != count:
        raise ValueError(f"{name} is {tuple(values)}; expected {count} numbers")


def _prior_shape(shapes: Shapes, dtypes: Dtypes, attributes: Attributes) -> Outputs:
    (shape,) = shapes
    sizes, ratios = attributes["sizes"], attributes["ratios"]
    if len(shape) < 4 or 0 in shape[2:4]:
        raise ValueError(f"data has shape {tuple(shape)}; expected (B, C, H, W), with H and W of at least 1")
    if not sizes or not ratios:
        raise ValueError(f"sizes is {sizes} and ratios is {ratios}; expected at least one number in each")
    return [((1, shape[2] * shape[3] * (len(sizes) + len(ratios) - 1), 4), dtypes[0])]


@operator("_contrib_MultiBoxPrior", aliases=("_npx_multibox_prior",), shape=_prior_shape)
def multibox_prior(
    data: Tensor,
    *,
    sizes: Floats = (1.0,),
    ratios: Floats = (1.0,),
    clip: bool = False,
    steps: Floats = (-1.0, -1.0),
    offsets: Floats = (0.5, 0.5),
) -> Tensor:
    """Anchors around every place of a feature map.

    The anchor of size s and ratio r at row i and column j has its center at ``(j + offsets[1]) * steps[1]``,
    ``(i + offsets[0]) * steps[0]``, the width ``s * H / W * sqrt(r)`` and the height ``s / sqrt(r)``: the image is
    taken to be a square stretched to H by W. There are ``len(sizes) + len(ratios) - 1`` anchors at a place: every size
    with the first ratio, then the first size with the other ratios. The gradient is 0.

    Parameters
    ----------
    data : (B, C, H, W)
        The feature map; only H, W and the dtype count.
    sizes : tuple of float
        Sizes, as fractions of the image's height.
    ratios : tuple of float
        Width by height.
    clip : bool
        Cut anchors to the image.
    steps : (float, float)
        Distance between places, vertical and horizontal; ``1 / H`` and ``1 / W`` unless both are positive.
    offsets : (float, float)
        Where in its place an anchor is, vertical and horizontal, from 0 to 1.

    Returns
    -------
    (1, H * W * (len(sizes) + len(ratios) - 1), 4)

    References
    ----------
    W. Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016.

    Examples
    --------
    >>> x = mx.nd.zeros((1, 3, 1, 2))
    >>> mx.nd.contrib.MultiBoxPrior(x, sizes=(0.5,), ratios=(1, 4)).asnumpy()[0, :2].tolist()
    [[0.125, 0.25, 0.375, 0.75], [0.0, 0.375, 0.5, 0.625]]
    """
    check_floating(data)
    ((shape, dtype),) = _prior_shape([tuple(data.shape)], [data.dtype], {"sizes": sizes, "ratios": ratios})
    _numbers("steps", steps, 2)
    _numbers("offsets", offsets, 2)
    if any(not 0 <= offset <= 1 for offset in offsets):
        raise ValueError(f"offsets is {offsets}; expected two numbers from 0 to 1")
    if steps[0] * steps[1] < 0:
        raise ValueError(f"steps is {steps}; expected two positive numbers, or two that are not")
    height, width = data.shape[2:4]
    if min(steps) <= 0:
        steps = (1 / height, 1 / width)
    roots = [math.sqrt(ratio) if ratio >= 0 else math.nan for ratio in ratios]
    each = [(size, roots[0]) for size in sizes] + [(sizes[0], root) for root in roots[1:]]
    halves = [(s * height / width * r / 2, s / r / 2 if r else math.copysign(math.inf, s)) for s, r in each]
    kind = torch.float64 if dtype is torch.float64 else torch.float32
    half = torch.tensor(halves, dtype=kind, device=data.device)
    output = torch.empty((height, width, len(each), 4), dtype=kind, device=data.device)
    rows, columns = (
        torch.arange(count, dtype=kind, device=data.device).add_(offset).mul_(step)
        for count, offset, step in zip((height, width), offsets, steps)
    )
    for axis, places in enumerate((columns.view(1, -1, 1), rows.view(-1, 1, 1))):
        output[..., axis] = places - half[:, axis]
        output[..., axis + 2] = places + half[:, axis]
    if clip:
        output.clamp_(0, 1)
    return output.view(shape).to(dtype)


def _check_anchors(shape: Sequence[int], name: str, other: Sequence[int]) -> None:
    if len(shape) != 3 or shape[0] != 1 or shape[2] != 4:
        raise ValueError(f"anchor has shape {tuple(shape)}; expected (1, N, 4)")
    if len(other) != 3 or other[2] != shape[1]:
        raise ValueError(f"{name} has shape {tuple(other)}; expected (B, C, {shape[1]}) for {shape[1]} anchors")


def _target_shape(shapes: Shapes, dtypes: Dtypes, attributes: Attributes) -> Outputs:
    anchor, label, cls_pred = shapes
    _check_anchors(anchor, "cls_pred", cls_pred)
    if len(label) != 3 or label[0] != cls_pred[0] or label[2] < 5:
        raise ValueError(
            f"label has shape {tuple(label)}; expected ({cls_pred[0]}, M, at least 5): class, left, top, right, bottom"
        )
    batch, count = label[0], anchor[1]
    return [((batch, count * 4), dtypes[0])] * 2 + [((batch, count), dtypes[0])]


def _hardest(cls_pred: Tensor, candidates: Tensor, count: Tensor) -> Tensor:
    """Return (B, N): the `count` candidates of each example that are least sure to be background."""
    background = torch.softmax(plain(cls_pred), 1)[:, 0]
    order = descending((-background).masked_fill(~candidates, -torch.inf))
    first = torch.arange(order.shape[1], device=order.device) < count.unsqueeze(1)
    return torch.zeros_like(candidates).scatter_(1, order, first) & candidates


@operator(
    "_contrib_MultiBoxTarget",
    aliases=("_npx_multibox_target",),
    outputs=("loc_target", "loc_mask", "cls_target"),
    shape=_target_shape,
    hidden=("minimum_negative_samples",),
)
def multibox_target(
    anchor: Tensor,
    label: Tensor,
    cls_pred: Tensor,
    *,
    overlap_threshold: float = 0.5,
    ignore_label: float = -1.0,
    negative_mining_ratio: float = -1.0,
    negative_mining_thresh: float = 0.5,
    minimum_negative_samples: int = 0,
    variances: Floats = (0.1, 0.1, 0.2, 0.2),
) -> tuple[Tensor, Tensor, Tensor]:
    """What a detector is to learn at each anchor: an offset to a box, and a class.

    Boxes and anchors are paired greedily: the two that overlap most, then the two that overlap most of the others, and
    so on. Then anchors without a box take the one that they overlap most, if by more than `overlap_threshold`. All
    other anchors are background, or with `negative_mining_ratio` only the hardest of them, and the rest is ignored. The
    offset from the anchor a to its box r is ``((r_x - a_x) / a_w, (r_y - a_y) / a_h, log(r_w / a_w), log(r_h / a_h))``
    divided by `variances`. The gradient is 0.

    Parameters
    ----------
    anchor : (1, N, 4)
        Anchors.
    label : (B, M, 5 or more)
        Class and box of each object; after the first class of -1 there are no more.
    cls_pred : (B, C, N)
        Scores of classes, before softmax; class 0 is background. Used for mining only.
    overlap_threshold : float
        See above; 0 or less for no such anchors.
    ignore_label : float
        The class of ignored anchors, and of all where an example has no object.
    negative_mining_ratio : float
        How many anchors are background for each that has a box; all unless positive. Those whose predicted probability
        of background is lowest are taken.
    negative_mining_thresh : float
        Only anchors that overlap all boxes by less than this can be background, with mining.
    minimum_negative_samples : int
        No effect, as on processors in MXNet 1.9.1.
    variances : four floats
        Divisors of the offsets.

    Returns
    -------
    loc_target : (B, N * 4)
        Offsets, 0 for anchors without a box.
    loc_mask : (B, N * 4)
        1 for anchors with a box, 0 for others.
    cls_target : (B, N)
        Class + 1 for anchors with a box, 0 for background, or `ignore_label`.

    References
    ----------
    W. Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016.

    Examples
    --------
    >>> anchors = mx.nd.array([[[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]]])
    >>> label = mx.nd.array([[[1, 0.5, 0.5, 1, 1]]])
    >>> offset, mask, cls = mx.nd.contrib.MultiBoxTarget(anchors, label, mx.nd.zeros((1, 3, 2)))
    >>> mask.asnumpy().tolist(), cls.asnumpy().tolist()
    ([[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]], [[0.0, 2.0]])
    """
    check_dtypes({"anchor": anchor, "label": label, "cls_pred": cls_pred})
    shapes = [tuple(x.shape) for x in (anchor, label, cls_pred)]
    (shape, _), _, _ = _target_shape(shapes, [anchor.dtype] * 3, {})
    _numbers("variances", variances, 4)
    mining = negative_mining_ratio > 0
    if mining and negative_mining_thresh <= 0:
        raise ValueError(f"negative_mining_thresh is {negative_mining_thresh}; expected a positive number with mining")
    batch, objects, _ = label.shape
    count = anchor.shape[1]
    labels, anchors = plain(label), plain(anchor)
    valid = (labels[:, :, 0] != -1).cumprod(1, dtype=torch.uint8).bool()
    if not objects or not anchors.numel():
        zeros = anchor.new_zeros(shape)
        return zeros, zeros.clone(), anchor.new_full((batch, count), ignore_label)
    boxes, planes = corners(labels[:, :, 1:5]), corners(anchors)
    work: list[Tensor] = []
    found = overlaps(boxes, planes.expand(-1, batch, -1), work)  # (B, M, N)
    found.masked_fill_((work[2].view(found.shape) <= 0) | ~valid.unsqueeze(2), 0)
    most, best = found.max(1)
    paired = match(found.masked_fill_(found <= _TOUCH, -torch.inf))  # the anchor of each object
    number = inverted(paired, count)  # the object of each anchor
    if overlap_threshold > 0:
        number = torch.where((number < 0) & (most > single(overlap_threshold)), best, number)
    positive = number >= 0
    background = ~positive
    if mining:
        wanted = (positive.sum(1).to(torch.float32) * single(negative_mining_ratio)).long()
        background = _hardest(cls_pred, background & (most < single(negative_mining_thresh)), wanted)
    number.clamp_(min=0)
    classes = labels[:, :, 0].gather(1, number) + 1
    ignored = torch.full_like(classes, ignore_label).masked_fill_(background & valid[:, :1], 0)
    classes = torch.where(positive, classes, ignored)
    chosen = boxes[:4].gather(2, number.expand(4, -1, -1)).view(2, 2, batch, count)
    low, high = planes[:4].view(2, 2, 1, count)
    size, wanted = high - low, chosen[1] - chosen[0]
    shift = ((chosen[0] + chosen[1]) * 0.5).sub_((low + high) * 0.5).div_(size)
    offsets = torch.cat((shift, wanted.div_(size).log_()))
    offsets.div_(offsets.new_tensor(variances).view(4, 1, 1))
    target = torch.empty((batch, count, 4), dtype=anchor.dtype, device=anchor.device)
    target.copy_(zero_unless_(offsets, positive).permute(1, 2, 0))
    mask = positive.to(anchor.dtype).unsqueeze(2).repeat(1, 1, 4)
    return target.view(shape), mask.view(shape), classes.to(anchor.dtype)


def _detection_shape(shapes: Shapes, dtypes: Dtypes, attributes: Attributes) -> Outputs:
    cls_prob, loc_pred, anchor = shapes
    _check_anchors(anchor, "cls_prob", cls_prob)
    batch, count = cls_prob[0], anchor[1]
    if loc_pred != (batch, count * 4):
        raise ValueError(f"loc_pred has shape {tuple(loc_pred)}; expected {(batch, count * 4)} for {count} anchors")
    return [((batch, count, 6), dtypes[0])]


def _best_class(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Return the highest of the scores (B, C, N) and its class, the first of equal ones."""
    score, count = scores.amax(1), scores.shape[1]
    if scores.device.type != "cpu":
        return score, scores.argmax(1)
    # On a processor, argmax along this axis is many times slower than a few passes.
    back = torch.arange(count, 0, -1, dtype=scores.dtype).view(-1, 1)
    best = torch.eq(scores, score.unsqueeze(1), out=torch.empty_like(scores)).mul_(back).amax(1)
    return score, (count - best).long()


@operator(
    "_contrib_MultiBoxDetection",
    aliases=("_npx_multibox_detection",),
    shape=_detection_shape,
    hidden=("background_id",),
)
def multibox_detection(
    cls_prob: Tensor,
    loc_pred: Tensor,
    anchor: Tensor,
    *,
    clip: bool = True,
    threshold: float = 0.01,
    background_id: int = 0,
    nms_threshold: float = 0.5,
    force_suppress: bool = False,
    variances: Floats = (0.1, 0.1, 0.2, 0.2),
    nms_topk: int = -1,
) -> Tensor:
    """Boxes, classes and scores from what a detector predicts at its anchors, after non-maximum suppression.

    An anchor has the most probable class other than background. Its box has the center
    ``(d_0 v_0 w + x, d_1 v_1 h + y)`` and the size ``(exp(d_2 v_2) w, exp(d_3 v_3) h)``, with the offset d, the
    variances v and x, y, w, h of the anchor. Boxes come best first. One that a better one of its class overlaps is
    marked with the class -1. The gradient is 0.

    Parameters
    ----------
    cls_prob : (B, C, N)
        Probabilities; class 0 is background.
    loc_pred : (B, N * 4)
        Offsets.
    anchor : (1, N, 4)
        Anchors.
    clip : bool
        Cut boxes to the image.
    threshold : float
        Anchors whose probability is below this are left out.
    background_id : int
        No effect, as on processors in MXNet 1.9.1: background is class 0.
    nms_threshold : float
        A box is suppressed where its intersection over union with a better one is no less. Outside of (0, 1], nothing
        is suppressed and boxes come in the order of the anchors.
    force_suppress : bool
        Boxes suppress those of other classes too.
    variances : four floats
        Factors for the offsets.
    nms_topk : int
        When positive, how many of the best boxes take part. The rows after those are marked with -1; as in
        MXNet 1.9.1, they are what stood there before sorting.

    Returns
    -------
    (B, N, 6)
        Class without background (so 0 is class 1 of `cls_prob`), probability, left, top, right, bottom. Rows that are
        left over are -1.

    References
    ----------
    W. Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016.

    Examples
    --------
    >>> anchors = mx.nd.array([[[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.625], [0.5, 0.5, 1, 1]]])
    >>> prob = mx.nd.array([[[0.5, 0.25, 0.5], [0.5, 0.75, 0.25], [0, 0, 0.25]]])
    >>> found = mx.nd.contrib.MultiBoxDetection(prob, mx.nd.zeros((1, 12)), anchors)
    >>> found.asnumpy()[0, :, :2].tolist()
    [[0.0, 0.75], [-1.0, 0.5], [0.0, 0.25]]
    """
    check_dtypes({"cls_prob": cls_prob, "loc_pred": loc_pred, "anchor": anchor})
    shapes = [tuple(x.shape) for x in (cls_prob, loc_pred, anchor)]
    ((shape, dtype),) = _detection_shape(shapes, [cls_prob.dtype] * 3, {})
    _numbers("variances", variances, 4)
    batch, count, _ = shape
    if 0 in shape or cls_prob.shape[1] < 2:
        return torch.full(shape, -1, dtype=dtype, device=cls_prob.device)
    score, classes = _best_class(plain(cls_prob)[:, 1:])
    valid = (score >= single(threshold)) & (score > -1)
    boxes = decoded(plain(loc_pred).view(batch, count, 4), plain(anchor), variances)
    if clip:
        boxes.clamp_(0, 1)
    every = torch.arange(count, device=score.device)
    total = valid.sum(1)
    suppress = 0 < nms_threshold <= 1
    most = min(nms_topk, count) if suppress and nms_topk > 0 else count
    # The anchor that each row shows: unsorted where there is no suppression, or where it does not reach.
    order = descending(score.masked_fill(~valid, -torch.inf)) if suppress else every.expand(batch, -1)
    if not suppress or most < count:
        place = (valid.cumsum(1) - 1).masked_fill_(~valid, count)
        unsorted = place.new_zeros((batch, count + 1)).scatter_(1, place, every.expand(batch, -1))[:, :count]
        order = torch.cat((order[:, :most], unsorted[:, most:]), 1) if suppress else unsorted
    there = every < total.unsqueeze(1)
    rows = torch.empty((6, batch, count), dtype=boxes.dtype, device=boxes.device)
    torch.gather(boxes, 2, order.expand(4, -1, -1), out=rows[2:])
    torch.gather(score, 1, order, out=rows[1])
    classes = classes.gather(1, order)
    rows[0] = classes.masked_fill(every >= most, -1)
    if suppress:
        image, rank = there[:, :most].nonzero(as_tuple=True)
        candidates = with_areas(rows[2:, image, rank])
        if force_suppress:
            stays = greedy(candidates, total.clamp(max=most), nms_threshold, inclusive=True)
        else:
            back, lengths = groups_of(image, classes[image, rank])
            stays = torch.empty_like(image, dtype=torch.bool)
            stays[back] = greedy(candidates[:, back], lengths, nms_threshold, inclusive=True)
        rows[0, image[~stays], rank[~stays]] = -1
    rows.masked_fill_(~there, -1)
    return torch.empty(shape, dtype=dtype, device=rows.device).copy_(rows.permute(1, 2, 0))
