"""Boxes on torch alone, that written modules need: their source is copied into the file.

Nothing here reads a number off the device but `survivors`, which torch.export takes as a loop of its own.
"""

# pyright: basic, reportMissingParameterType=false, reportArgumentType=false, reportCallIssue=false
from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 - as torch's users write it

from .helpers import straight_through


def anchor_boxes(x, sizes, ratios, clip, steps, offsets):
    """Boxes of several sizes and shapes around each place of a feature map."""
    height, width = x.shape[2:]
    steps = (1 / height, 1 / width) if min(steps) <= 0 else steps
    rows, columns = (
        ((torch.arange(n, device=x.device).to(x.dtype) + offset) * step)
        for n, offset, step in zip((height, width), offsets, steps)
    )
    roots = [math.sqrt(ratio) for ratio in ratios]
    each = [(size, roots[0]) for size in sizes] + [(sizes[0], root) for root in roots[1:]]
    wide = torch.tensor([s * r * height / width / 2 for s, r in each], dtype=x.dtype, device=x.device)
    high = torch.tensor([s / r / 2 for s, r in each], dtype=x.dtype, device=x.device)
    rows, columns = rows.view(-1, 1, 1), columns.view(1, -1, 1)
    sides = torch.broadcast_tensors(columns - wide, rows - high, columns + wide, rows + high)
    found = torch.stack(sides, -1).reshape(1, -1, 4)
    return found.clamp(0, 1) if clip else found


def corners_of(boxes):
    """Left, top, right and bottom of boxes given by their centers and sizes."""
    middle, half = boxes[..., :2], boxes[..., 2:] * 0.5
    return torch.cat((middle - half, middle + half), -1)


def centers_of(boxes):
    low, high = boxes[..., :2], boxes[..., 2:]
    return torch.cat(((low + high) * 0.5, high - low), -1)


def decoded(offsets, anchors, factors, clip=-1.0):
    """Corners of the boxes that offsets from anchors, given by center and size, stand for."""
    middle, size = anchors[..., :2], anchors[..., 2:]
    shift, growth = (offsets * torch.tensor(factors, dtype=offsets.dtype, device=offsets.device)).split(2, -1)
    middle = shift * size + middle
    half = (growth.clamp(max=clip) if clip > 0 else growth).exp() * (size * 0.5)
    return torch.cat((middle - half, middle + half), -1)


def overlap(one, other):
    """Intersection over union of boxes given by their corners."""
    low, high = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    union = (one[..., 2:] - one[..., :2]).prod(-1) + (other[..., 2:] - other[..., :2]).prod(-1) - shared
    return torch.where(union <= 0, 0, shared / union)


def survivors(boxes, alive, classes, threshold, inclusive=False):
    """Which boxes no better one of their class overlaps. (B, N, 4) has the best first; alive is (B, N)."""
    count = boxes.shape[1]
    place = torch.arange(count, device=boxes.device).expand(alive.shape)

    def first(alive):
        return place.masked_fill(~alive, count).amin(1, keepdim=True)

    def goes_on(now, alive):
        return (now < count).any()

    def remove(now, alive):
        here = now.clamp(max=count - 1)
        near = overlap(boxes.gather(1, here.unsqueeze(2).expand(-1, -1, 4)), boxes)
        gone = (near >= threshold if inclusive else near > threshold) & (place > now)
        if classes is not None:
            gone = gone & (classes == classes.gather(1, here))
        alive = alive & ~gone
        return first(alive & (place > now)), alive

    if not count:
        return alive
    now = first(alive)
    if torch.compiler.is_exporting():
        from torch._higher_order_ops.while_loop import while_loop

        return while_loop(goes_on, remove, (now, alive))[1]
    while goes_on(now, alive):
        now, alive = remove(now, alive)
    return alive


def rows_of(x, order):
    """Rows (B, K, ...) of x (B, N, ...) in an order (B, K)."""
    return x.gather(1, order.unsqueeze(2).expand(-1, -1, x.shape[2]))


def suppressed(x, overlap_thresh, valid_thresh, topk, start, score, label, background, force, convert_in, convert_out):
    """Non-maximum suppression of rows (..., N, width): those that stay come first, all others are -1."""
    shape = x.shape
    x = x.reshape(math.prod(shape[:-2]), *shape[-2:])
    wide = x.detach().to(torch.promote_types(x.dtype, torch.float32))
    alive = wide[..., score] > valid_thresh
    if label >= 0:
        alive = alive & (wide[..., label] != background)
    scores = wide[..., score].masked_fill(~alive, -torch.inf)
    order = scores.sort(dim=1, descending=True, stable=True).indices
    order = order[:, : min(topk, shape[-2])] if topk > 0 else order
    wide, alive = rows_of(wide, order), alive.gather(1, order)
    boxes = wide[..., start : start + 4]
    boxes = boxes if convert_in is None else convert_in(boxes)
    classes = None if force or label < 0 else wide[..., label].long()
    alive = survivors(boxes, alive, classes, overlap_thresh)
    back = alive.int().sort(dim=1, descending=True, stable=True).indices
    found, alive = rows_of(x, order.gather(1, back)), alive.gather(1, back)
    if convert_out is not None:
        parts = found[..., :start], convert_out(found[..., start : start + 4]), found[..., start + 4 :]
        found = straight_through(found, torch.cat(parts, -1))
    found = torch.where(alive.unsqueeze(2), found, -1)
    return F.pad(found, (0, 0, 0, shape[-2] - found.shape[1]), value=-1).reshape(shape)


def detections(scores, offsets, anchors, clip, threshold, nms_threshold, force, factors, topk):
    """Rows (class, score, box) of what a detector of single shots found; -1 for the class of what is suppressed."""
    dtype = scores.dtype
    scores, offsets, anchors = (
        x.detach().to(torch.promote_types(dtype, torch.float32)) for x in (scores, offsets, anchors)
    )
    if scores.shape[1] == 1:  # background only
        return scores.new_full((scores.shape[0], scores.shape[2], 6), -1).to(dtype)
    score, classes = scores[:, 1:].max(1)
    alive = score >= threshold
    boxes = decoded(offsets.reshape(*score.shape, 4), centers_of(anchors), factors)
    boxes = boxes.clamp(0, 1) if clip else boxes
    place = torch.arange(score.shape[1], device=score.device)
    suppresses = 0 < nms_threshold <= 1
    order = unsorted = alive.int().sort(dim=1, descending=True, stable=True).indices
    if suppresses:
        order = score.masked_fill(~alive, -torch.inf).sort(dim=1, descending=True, stable=True).indices
        if topk > 0:
            order = torch.where(place < topk, order, unsorted)
    boxes, score, classes, alive = (
        rows_of(boxes, order),
        score.gather(1, order),
        classes.gather(1, order),
        alive.gather(1, order),
    )
    label = classes.to(score.dtype)
    if suppresses:
        takes_part = alive & (place < topk) if topk > 0 else alive
        kept = survivors(boxes, takes_part, None if force else classes, nms_threshold, inclusive=True)
        label = torch.where(kept, label, -1)
    rows = torch.cat((label.unsqueeze(2), score.unsqueeze(2), boxes), 2)
    return torch.where(alive.unsqueeze(2), rows, -1).to(dtype)
