"""Boxes: overlap, non-maximum suppression, the offsets that networks predict, and matching.

A box is four numbers: ``corner`` means left, top, right and bottom, ``center`` means x and y of the center, width and
height. Dtypes are floating; overlaps of 16-bit floats are computed in float32, where MXNet's would be infinite for
pixels. Nothing but `box_nms` has a gradient.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from .activation import check_floating
from .attributes import single
from .families import dtype_name
from .registry import Backward, Shape, operator
from .suppression import (
    corners,
    descending,
    greedy,
    groups_of,
    inverted,
    match,
    overlaps,
    pairs_at_once,
    plain,
)

Tensor = torch.Tensor
Attributes = Mapping[str, Any]
Shapes = Sequence[Shape]
Dtypes = Sequence[torch.dtype]
Outputs = list[tuple[Shape, torch.dtype]]
Format = Literal["center", "corner"]


def check_dtypes(inputs: Mapping[str, Tensor]) -> None:
    """Raise TypeError unless all have one floating dtype: MXNet never promotes."""
    (first, data), *others = inputs.items()
    check_floating(data)
    for name, other in others:
        if other.dtype is not data.dtype:
            raise TypeError(
                f"{name} is {dtype_name(other.dtype)} and {first} is {dtype_name(data.dtype)}; expected one dtype for "
                "all inputs: cast with .astype"
            )


def _check_boxes(name: str, shape: Sequence[int]) -> None:
    if len(shape) != 3 or shape[2] != 4:
        raise ValueError(f"{name} has shape {tuple(shape)}; expected (B, N, 4): four numbers for each box")


def _check_iou(lhs: Sequence[int], rhs: Sequence[int]) -> None:
    for name, shape in (("lhs", lhs), ("rhs", rhs)):
        if len(shape) < 2 or shape[-1] != 4:
            raise ValueError(f"{name} has shape {tuple(shape)}; expected (..., N, 4): four numbers for each box")


def _iou_shape(shapes: Shapes, dtypes: Dtypes, attributes: Attributes) -> Outputs:
    _check_iou(*shapes)
    return [((*shapes[0][:-1], *shapes[1][:-1]), dtypes[0])]


@operator("_contrib_box_iou", shape=_iou_shape)
def box_iou(lhs: Tensor, rhs: Tensor, *, format: Format = "corner") -> Tensor:
    """Intersection over union of each box of `lhs` with each box of `rhs`.

    It is 0 where boxes do not overlap, and where a side of one is negative or 0. The gradient is 0.

    Parameters
    ----------
    lhs : (..., N, 4)
        Boxes, of a floating dtype.
    rhs : (..., M, 4)
        Boxes, of the same dtype.
    format : {'center', 'corner'}
        What the four numbers of a box are.

    Returns
    -------
    (..., N, ..., M)
        The shape of `lhs` and then the shape of `rhs`, both without their last axis.

    Examples
    --------
    >>> x, y = mx.nd.array([[0, 0, 2, 2], [1, 0, 3, 2]]), mx.nd.array([[0, 0, 1, 2], [1, 0, 2, 2]])
    >>> mx.nd.contrib.box_iou(x, y).asnumpy().tolist()
    [[0.5, 0.5], [0.0, 0.5]]
    """
    check_dtypes({"lhs": lhs, "rhs": rhs})
    _check_iou(lhs.shape, rhs.shape)
    rows = corners(plain(lhs).reshape(-1, 4), format == "center").unsqueeze(1)
    columns = corners(plain(rhs).reshape(-1, 4), format == "center").unsqueeze(1)
    output = torch.empty((rows.shape[2], columns.shape[2]), dtype=lhs.dtype, device=lhs.device)
    part = max(1, pairs_at_once(lhs) // max(columns.shape[2], 1))
    work: list[Tensor] = []
    for i in range(0, len(output), part):
        found = overlaps(rows[:, :, i : i + part], columns, work)[0]
        output[i : i + part] = found.masked_fill_(work[2][: found.numel()].view(found.shape) <= 0, 0)
    return output.view(*lhs.shape[:-1], *rhs.shape[:-1])


def _nms_gradient(backward: Backward) -> list[Tensor | None]:
    head, order = backward.head_gradients[0], backward.outputs[1]
    if head is None or not backward.wanted[0]:
        return [None]
    *batch, count, width = head.shape
    rows = order.reshape(math.prod(batch), count, 1)
    gradient = head.new_zeros((len(rows), count + 1, width))  # rows that show nothing end in the one too many
    rows = rows.masked_fill(rows < 0, count).expand(-1, -1, width)
    gradient.scatter_(1, rows, head.reshape(rows.shape))
    return [gradient[:, :count].reshape(head.shape)]


def _check_nms(shape: Sequence[int], attributes: Attributes) -> None:
    if len(shape) < 2:
        raise ValueError(f"data has shape {tuple(shape)}; expected (..., N, width): a row for each box")
    start, score, identity = (attributes[name] for name in ("coord_start", "score_index", "id_index"))
    width = shape[-1]
    if start < 0 or start + 4 > width:
        raise ValueError(f"coord_start is {start}; expected 0 to {width - 4}: four of the {width} numbers of a row")
    for name, place in (("score_index", score), ("id_index", identity)):
        if name == "id_index" and place < 0:
            continue
        if not 0 <= place < width or start <= place < start + 4:
            raise ValueError(
                f"{name} is {place}; expected a place in the {width} numbers of a row other than those of the box, "
                f"{start} to {start + 3}"
            )
    if identity == score:
        raise ValueError(f"id_index and score_index are both {score}; expected two places")


def _nms_shape(shapes: Shapes, dtypes: Dtypes, attributes: Attributes) -> Outputs:
    _check_nms(shapes[0], attributes)
    return [(shapes[0], dtypes[0]), (shapes[0][:-1], torch.int64)]


def _nms_dtypes(dtypes: Sequence[torch.dtype | None], attributes: Attributes) -> list[torch.dtype | None]:
    return [dtypes[0], torch.int64]


def _converted(boxes: Tensor, to: str) -> Tensor:
    """Return boxes (..., 4) that are in the other format."""
    low, high = boxes.split(2, -1)
    if to == "center":
        return torch.cat(((low + high) * 0.5, high - low), -1)
    half = high * 0.5
    return torch.cat((low - half, low + half), -1)


@operator(
    "_contrib_box_nms",
    aliases=("_contrib_box_non_maximum_suppression",),
    outputs=("output0", "output1"),
    visible_outputs=1,
    shape=_nms_shape,
    output_dtypes=_nms_dtypes,
    gradient=_nms_gradient,
)
def box_nms(
    data: Tensor,
    *,
    overlap_thresh: float = 0.5,
    valid_thresh: float = 0.0,
    topk: int = -1,
    coord_start: int = 2,
    score_index: int = 1,
    id_index: int = -1,
    background_id: int = -1,
    force_suppress: bool = False,
    in_format: Format = "corner",
    out_format: Format = "corner",
) -> tuple[Tensor, Tensor]:
    """Non-maximum suppression: keep the best of boxes that overlap.

    The best box stays and removes the boxes that it overlaps, the best of the rest does the same, and so on. Those that
    stay come first, best first; all numbers of the other rows are -1. The gradient of a row goes to the row that
    it was, as it is, also where the format changes.

    Parameters
    ----------
    data : (..., N, width)
        Rows of one box each, of a floating dtype; all axes before are batches.
    overlap_thresh : float
        A box is removed where its intersection over union with a better one is above this.
    valid_thresh : float
        Boxes whose score is not above this do not take part.
    topk : int
        How many of the best boxes of a batch take part; all when negative. With 0 the data come back as they are.
    coord_start : int
        Where the box is in a row, four numbers.
    score_index : int
        Where the score is.
    id_index : int
        Where the class is; negative for none.
    background_id : int
        Boxes of this class do not take part.
    force_suppress : bool
        Boxes remove those of other classes too. Otherwise only those of their own, if rows have a class; classes are
        cut to whole numbers for this.
    in_format, out_format : {'center', 'corner'}
        What the four numbers of a box are, in `data` and in the output.

    Returns
    -------
    the shape of `data`

    Examples
    --------
    >>> x = mx.nd.array([[0, 0.4, 0, 0, 2, 2], [0, 0.9, 0, 0, 2, 3], [1, 0.5, 5, 5, 6, 6]])
    >>> mx.nd.contrib.box_nms(x).asnumpy()[:, 1].round(1).tolist()
    [0.8999999761581421, 0.5, -1.0]
    """
    check_floating(data)
    _check_nms(data.shape, {"coord_start": coord_start, "score_index": score_index, "id_index": id_index})
    count, width = data.shape[-2:]
    rows = data.detach().reshape(math.prod(data.shape[:-2]), count, width)
    every = torch.arange(count, device=data.device)
    if topk == 0:
        return data.detach().clone(), every.expand(data.shape[:-1]).contiguous()
    scores = plain(rows[:, :, score_index])
    valid = scores > single(valid_thresh)
    if id_index >= 0:
        valid &= rows[:, :, id_index] != background_id
    order = descending(scores.masked_fill(~valid, -torch.inf))
    counts = valid.sum(1)
    if 0 < topk < count:
        order, counts = order[:, :topk], counts.clamp_(max=topk)
    there = every[: order.shape[1]] < counts.unsqueeze(1)
    image, rank = there.nonzero(as_tuple=True)
    candidates = rows[image, order[image, rank]]
    boxes = corners(plain(candidates[:, coord_start : coord_start + 4]), in_format == "center")
    if id_index >= 0 and not force_suppress:
        classes = plain(candidates[:, id_index]).clamp(-(2.0**31), 2.0**31).long()
        back, lengths = groups_of(image, classes)
        keep = torch.zeros_like(image, dtype=torch.bool)
        keep[back] = greedy(boxes[:, back], lengths, overlap_thresh)
    else:
        keep = greedy(boxes, counts, overlap_thresh)
    candidates, image, rank = candidates[keep], image[keep], rank[keep]
    there = torch.zeros_like(there)
    there[image, rank] = True
    place = there.cumsum(1)[image, rank] - 1
    if in_format != out_format:
        box = slice(coord_start, coord_start + 4)
        candidates[:, box] = _converted(candidates[:, box], out_format)
    output, index = torch.full_like(rows, -1), rows.new_full(rows.shape[:2], -1, dtype=torch.int64)
    output[image, place] = candidates
    index[image, place] = order[image, rank]
    return output.view(data.shape), index.view(data.shape[:-1])


def _check_encode(shapes: Shapes) -> None:
    samples, matches, anchors, refs, means, stds = shapes
    if len(samples) != 2:
        raise ValueError(f"samples has shape {tuple(samples)}; expected (B, N)")
    _check_boxes("anchors", anchors)
    _check_boxes("refs", refs)
    if matches != samples or anchors[:2] != samples or refs[0] != samples[0]:
        raise ValueError(
            f"matches is {tuple(matches)}, anchors {tuple(anchors)} and refs {tuple(refs)}; expected "
            f"{tuple(samples)}, {(*samples, 4)} and ({samples[0]}, M, 4) for samples {tuple(samples)}"
        )
    for name, shape in (("means", means), ("stds", stds)):
        if tuple(shape) != (4,):
            raise ValueError(f"{name} has shape {tuple(shape)}; expected (4,)")


def _encode_shape(shapes: Shapes, dtypes: Dtypes, attributes: Attributes) -> Outputs:
    _check_encode(shapes)
    return [(shapes[2], dtypes[0])] * 2


def _encode_complete(shapes: list[Shape | None], attributes: Attributes) -> Sequence[Shape | None]:
    return [*shapes[:4], (4,), (4,)]


@operator("_contrib_box_encode", outputs=("output0", "output1"), complete=_encode_complete, shape=_encode_shape)
def box_encode(
    samples: Tensor, matches: Tensor, anchors: Tensor, refs: Tensor, means: Tensor, stds: Tensor
) -> tuple[Tensor, Tensor]:
    """Offsets from anchors to the boxes that they are matched with: what a detector learns to predict.

    With x, y, w, h of the anchor a and of its box r, an offset is ``((r_x - a_x) / a_w, (r_y - a_y) / a_h,
    log(r_w / a_w), log(r_h / a_h))``, from which `means` are taken before `stds` divide it. The gradient is 0.

    Parameters
    ----------
    samples : (B, N)
        Above 0.5 for anchors that have a box; all others get 0.
    matches : (B, N)
        Which box, a number below M.
    anchors : (B, N, 4)
        Anchors, as corners.
    refs : (B, M, 4)
        Boxes, as corners.
    means, stds : (4,)
        Mean and standard deviation of each offset.

    Returns
    -------
    two of (B, N, 4): offsets, and 1 where there is one

    References
    ----------
    R. Girshick et al., "Rich feature hierarchies for accurate object detection and semantic segmentation", CVPR 2014.

    Examples
    --------
    >>> anchors, refs = mx.nd.array([[[0, 0, 2, 2], [4, 4, 5, 5]]]), mx.nd.array([[[1, 0, 3, 2]]])
    >>> offsets, mask = mx.nd.contrib.box_encode(
    ...     mx.nd.array([[1, -1]]), mx.nd.zeros((1, 2)), anchors, refs, mx.nd.zeros((4,)), mx.nd.ones((4,)))
    >>> offsets.asnumpy().tolist(), mask.asnumpy()[0, :, 0].tolist()
    ([[[0.5, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]], [1.0, 0.0])
    """
    inputs = {"samples": samples, "matches": matches, "anchors": anchors, "refs": refs, "means": means, "stds": stds}
    check_dtypes(inputs)
    _check_encode([tuple(x.shape) for x in inputs.values()])
    samples, matches, anchors, refs, means, stds = (x.detach() for x in inputs.values())
    output, mask = anchors.new_zeros(anchors.shape), anchors.new_zeros(anchors.shape)
    # Most anchors have no box: only those that do are looked at.
    place = (samples.reshape(-1) > 0.5).nonzero().squeeze(1)
    mask.view(-1, 4).index_fill_(0, place, 1)
    if not refs.numel():
        return output, mask
    objects = refs.shape[1]
    number = matches.reshape(-1).index_select(0, place).long().clamp_(0, objects - 1)
    number += place.div(samples.shape[1], rounding_mode="floor").mul_(objects)
    low, high = anchors.reshape(-1, 4).index_select(0, place).t().contiguous().split(2)  # (2, P) each
    offsets = refs.reshape(-1, 4).index_select(0, number).t().contiguous()
    shift, growth = offsets.split(2)
    growth.sub_(shift)
    shift.add_(growth * 0.5)
    high.sub_(low)
    shift.sub_(low.add_(high * 0.5)).div_(high)
    growth.div_(high).log_()
    offsets.sub_(means.unsqueeze(1)).div_(stds.unsqueeze(1))
    output.view(-1, 4).index_copy_(0, place, offsets.t())
    return output, mask


def decoded(
    data: Tensor, anchors: Tensor, factors: Sequence[float], clip: float = -1.0, center: bool = False
) -> Tensor:
    """Return the corners (4, B, N) that offsets (B, N, 4) from anchors (1, N, 4) stand for."""
    low, high = anchors.detach()[0].t().contiguous().split(2)  # (2, N) each
    size = high if center else high - low
    middle = low if center else (low + high) * 0.5
    offsets = data.detach().permute(2, 0, 1).clone(memory_format=torch.contiguous_format)
    scale = torch.tensor(factors, dtype=data.dtype, device=data.device).view(4, 1, 1)
    offsets.mul_(scale)
    shift, growth = offsets[:2], offsets[2:]
    shift.mul_(size.unsqueeze(1)).add_(middle.unsqueeze(1))
    if clip > 0:
        torch.fmin(growth, torch.tensor(clip, dtype=data.dtype, device=data.device), out=growth)
    growth.exp_().mul_((size * 0.5).unsqueeze(1))
    return torch.cat((shift - growth, shift + growth))


def _decode_shape(shapes: Shapes, dtypes: Dtypes, attributes: Attributes) -> Outputs:
    _check_decode(*shapes)
    return [(shapes[0], dtypes[0])]


def _check_decode(data: Sequence[int], anchors: Sequence[int]) -> None:
    _check_boxes("data", data)
    if tuple(anchors) != (1, *data[1:]):
        raise ValueError(f"anchors has shape {tuple(anchors)}; expected {(1, *data[1:])} for data {tuple(data)}")


@operator("_contrib_box_decode", shape=_decode_shape)
def box_decode(
    data: Tensor,
    anchors: Tensor,
    *,
    std0: float = 1.0,
    std1: float = 1.0,
    std2: float = 1.0,
    std3: float = 1.0,
    clip: float = -1.0,
    format: Format = "center",
) -> Tensor:
    """Boxes from anchors and the offsets that a detector predicts: the inverse of `box_encode`.

    With x, y, w, h of the anchor and an offset d, the box has its center at ``(d_0 std0 w + x, d_1 std1 h + y)`` and
    the size ``(exp(d_2 std2) w, exp(d_3 std3) h)``. The gradient is 0.

    Parameters
    ----------
    data : (B, N, 4)
        Offsets.
    anchors : (1, N, 4)
        Anchors, the same for the whole batch.
    std0, std1, std2, std3 : float
        Factors for the offsets.
    clip : float
        Largest ``d_2 std2`` and ``d_3 std3``; none unless positive.
    format : {'center', 'corner'}
        What the four numbers of an anchor are.

    Returns
    -------
    (B, N, 4): boxes, as corners

    Examples
    --------
    >>> anchors = mx.nd.array([[[0, 0, 2, 2]]])
    >>> mx.nd.contrib.box_decode(mx.nd.array([[[0.5, 0, 0, 0]]]), anchors, format="corner").asnumpy().tolist()
    [[[1.0, 0.0, 3.0, 2.0]]]
    """
    check_dtypes({"data": data, "anchors": anchors})
    _check_decode(data.shape, anchors.shape)
    factors = [single(factor) for factor in (std0, std1, std2, std3)]
    boxes = decoded(data, anchors, factors, single(clip), format == "center")
    return torch.empty_like(data).copy_(boxes.permute(1, 2, 0))


def _matching_shape(shapes: Shapes, dtypes: Dtypes, attributes: Attributes) -> Outputs:
    (shape,) = shapes
    if len(shape) < 2:
        raise ValueError(f"data has shape {tuple(shape)}; expected (..., N, M): a score for each row and column")
    return [(shape[:-1], dtypes[0]), ((*shape[:-2], shape[-1]), dtypes[0])]


@operator("_contrib_bipartite_matching", outputs=("output0", "output1"), shape=_matching_shape)
def bipartite_matching(
    data: Tensor, *, is_ascend: bool = False, threshold: float, topk: int = -1
) -> tuple[Tensor, Tensor]:
    """Pair rows with columns greedily: the best score first, each row and each column once.

    Of equal scores, the one of the lower row comes first, then that of the lower column. The gradient is 0.

    Parameters
    ----------
    data : (..., N, M)
        Scores of pairs, of a floating dtype; all axes before are batches.
    is_ascend : bool
        Low scores are good.
    threshold : float
        Pairs must be above it, or below it with `is_ascend`.
    topk : int
        When positive, only the `topk` + 1 best pairs are made, as in MXNet 1.9.1.

    Returns
    -------
    (..., N) and (..., M), in the dtype of `data`
        The column that each row is paired with, and the row of each column; -1 for none.

    Examples
    --------
    >>> x = mx.nd.array([[0.5, 0.6], [0.1, 0.2], [0.3, 0.4]])
    >>> rows, columns = mx.nd.contrib.bipartite_matching(x, threshold=0.01)
    >>> rows.asnumpy().tolist(), columns.asnumpy().tolist()
    ([1.0, -1.0, 0.0], [2.0, 0.0])
    """
    check_floating(data)
    (rows, _), (columns, _) = _matching_shape([tuple(data.shape)], [data.dtype], {})
    count, width = data.shape[-2:]
    scores = plain(data).reshape(math.prod(data.shape[:-2]), count, width)
    limit = single(threshold)
    scores = torch.where(scores < limit, -scores, -torch.inf) if is_ascend else scores.where(scores > limit, -torch.inf)
    pairs = match(scores.clone())
    if topk > 0 and topk + 1 < min(count, width):
        best = scores.gather(2, pairs.clamp(min=0).unsqueeze(2)).squeeze(2).masked_fill(pairs < 0, -torch.inf)
        pairs = pairs.scatter(1, descending(best)[:, topk + 1 :], -1)
    back = inverted(pairs, width)
    return pairs.view(rows).to(data.dtype), back.reshape(columns).to(data.dtype)
