"""References for mxnet/_ops/multibox.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample
from .boxes import as_center, as_corners, boxes, overlap

_MAP = np.zeros((1, 2, 2, 3), "float32")


@reference(
    "_contrib_MultiBoxPrior",
    samples=[
        sample(_MAP, differentiable=False),
        sample(_MAP, sizes=(0.5, 0.25), ratios=(1, 2, 0.5), differentiable=False),
        sample(_MAP, sizes=(0.7, 0.9), ratios=(3, 1), clip=True, differentiable=False),
        sample(_MAP, steps=(0.1, 0.2), offsets=(0, 1), sizes=0.3, differentiable=False),
        sample(_MAP, steps=(0, 0.2), differentiable=False),
        sample(np.zeros((2, 1, 1, 1), "float32"), sizes="(0.2, 0.4)", differentiable=False),
        sample(np.zeros((1, 1, 2, 2), "float64"), sizes=(0.1,), differentiable=False, golden=False,
               why="MXNet 1.9.1 has float32 only"),
        sample(np.zeros((1, 1, 2, 2), "float16"), sizes=(0.1,), differentiable=False, golden=False,
               why="MXNet 1.9.1 has float32 only"),
    ],
    bad=[
        bad(normal(2, 3, 4), match=r"data has shape \(2, 3, 4\); expected \(B, C, H, W\)"),
        bad(normal(1, 1, 0, 2), match="with H and W of at least 1"),
        bad(_MAP, sizes=(), match=r"sizes is \(\) and ratios is \(1.0,\); expected at least one number in each"),
        bad(_MAP, steps=(0.1,), match=r"steps is \(0.1,\); expected 2 numbers"),
        bad(_MAP, steps=(-1, 0.1), match="expected two positive numbers, or two that are not"),
        bad(_MAP, offsets=(0.5, 2), match="offsets is .*; expected two numbers from 0 to 1"),
        bad(integers(1, 1, 2, 2), match="data is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(np.zeros((1, 8, 128, 128), "float32"), sizes=(0.1, 0.14), ratios=(1, 2, 0.5)),
)  # fmt: skip
def multibox_prior(data, *, sizes=(1.0,), ratios=(1.0,), clip=False, steps=(-1.0, -1.0), offsets=(0.5, 0.5)):
    height, width = data.shape[2:4]
    if steps[0] <= 0 or steps[1] <= 0:
        steps = (1 / height, 1 / width)
    anchors = []
    for i in range(height):
        for j in range(width):
            for k in range(len(sizes) + len(ratios) - 1):
                size = sizes[k] if k < len(sizes) else sizes[0]
                root = np.sqrt(ratios[0] if k < len(sizes) else ratios[k - len(sizes) + 1])
                x, y = (j + offsets[1]) * steps[1], (i + offsets[0]) * steps[0]
                anchors.append([x, y, size * height / width * root, size / root])
    output = as_corners(np.array([anchors]))
    return np.clip(output, 0, 1) if clip else output


def _labels(*counts: int, objects: int = 4, seed: int = 0, grid: int = 0) -> np.ndarray:
    """Labels with so many objects in each example, and rows of -1 after them."""
    label = np.full((len(counts), objects, 5), -1, "float32")
    for i, n in enumerate(counts):
        label[i, :n, 0] = integers(n, high=3, seed=seed + i)
        label[i, :n, 1:] = boxes(n, seed=seed + 10 * i, grid=grid)
    return label


_ANCHORS, _LABEL, _SCORES = boxes(1, 12, seed=100), _labels(2, 4, 0), normal(3, 4, 12)
_TIED = boxes(1, 16, seed=100, grid=4), _labels(3, 4, grid=4), normal(2, 3, 16)
_STOPPED = np.concatenate(
    [_labels(2, 2)[:, [0, 2, 1, 3]], normal(2, 4, 1)], -1
)  # an object after the end, and a number


def _benchmark_target():
    return sample(boxes(1, 8732), _labels(*[10] * 8, objects=20), normal(8, 21, 8732), negative_mining_ratio=3)


@reference(
    "_contrib_MultiBoxTarget",
    samples=[
        sample(_ANCHORS, _LABEL, _SCORES, differentiable=False),
        sample(_ANCHORS, _LABEL, _SCORES, overlap_threshold=0.2, variances=(0.1, 0.2, 0.3, 0.4), differentiable=False),
        sample(_ANCHORS, _LABEL, _SCORES, overlap_threshold=0, ignore_label=-3, differentiable=False),
        sample(_ANCHORS, _LABEL, _SCORES, negative_mining_ratio=1, ignore_label=-2, differentiable=False),
        sample(_ANCHORS, _LABEL, _SCORES, negative_mining_ratio=1.5, negative_mining_thresh=0.2, differentiable=False),
        sample(_ANCHORS, _LABEL, _SCORES, negative_mining_ratio=0.5, minimum_negative_samples=4, differentiable=False),
        sample(_ANCHORS, _LABEL, _SCORES, negative_mining_ratio=9, negative_mining_thresh=0.1, differentiable=False,
               golden=False, why="MXNet 1.9.1 refuses to find fewer than it looks for"),
        sample(*_TIED, overlap_threshold=0.25, differentiable=False, label="ties"),
        sample(_ANCHORS, _STOPPED[:, :2], _SCORES[:2], differentiable=False, label="a wider label"),
        sample(_ANCHORS, _STOPPED, _SCORES[:2], differentiable=False, golden=False, label="objects after the end",
               why="MXNet 1.9.1 refuses them"),
        sample(boxes(1, 1), _labels(1, objects=1), normal(1, 2, 1), differentiable=False),
        sample(*(x[:1].astype("float64") for x in (_ANCHORS, _LABEL, _SCORES)), differentiable=False, golden=False,
               why="MXNet 1.9.1 has float32 only"),
        sample(*(x[:1].astype("float16") for x in (_ANCHORS, _LABEL, _SCORES)), differentiable=False, golden=False,
               why="MXNet 1.9.1 has float32 only"),
        sample(_ANCHORS, _LABEL[:, :0], _SCORES, differentiable=False, golden=False, why="MXNet 1.9.1 refuses it"),
        sample(_ANCHORS[:, :0], _LABEL, _SCORES[..., :0], differentiable=False, golden=False,
               why="MXNet 1.9.1 refuses it"),
    ],
    bad=[
        bad(boxes(2, 12), _LABEL, _SCORES, match=r"anchor has shape \(2, 12, 4\); expected \(1, N, 4\)"),
        bad(_ANCHORS, _LABEL, _SCORES[..., :5], match=r"cls_pred has shape \(3, 4, 5\); expected \(B, C, 12\)"),
        bad(_ANCHORS, _LABEL[:2], _SCORES, match=r"label has shape \(2, 4, 5\); expected \(3, M, at least 5\)"),
        bad(_ANCHORS, _LABEL[..., :4], _SCORES, match=r"label has shape \(3, 4, 4\)"),
        bad(_ANCHORS, _LABEL, _SCORES, variances=(0.1, 0.1), match=r"variances is \(0.1, 0.1\); expected 4 numbers"),
        bad(_ANCHORS, _LABEL, _SCORES, negative_mining_ratio=1, negative_mining_thresh=0, match="expected a positive"),
        bad(_ANCHORS, _LABEL.astype("float64"), _SCORES, match="label is float64 and anchor is float32"),
    ],
    benchmark=_benchmark_target,
)  # fmt: skip
def multibox_target(
    anchor,
    label,
    cls_pred,
    *,
    overlap_threshold=0.5,
    ignore_label=-1.0,
    negative_mining_ratio=-1.0,
    negative_mining_thresh=0.5,
    minimum_negative_samples=0,
    variances=(0.1, 0.1, 0.2, 0.2),
):
    batch, count = len(label), anchor.shape[1]
    offsets, mask = np.zeros((batch, count, 4)), np.zeros((batch, count, 4))
    classes = np.full((batch, count), ignore_label, "float64")
    anchors = anchor[0].astype("float64")
    for b in range(batch):
        ends = np.flatnonzero(label[b, :, 0] == -1)
        objects = label[b, : ends[0] if len(ends) else None].astype("float64")
        if not len(objects) or not count:
            continue
        found = np.array([[overlap(a, o[1:5]) for o in objects] for a in anchors])
        owner = np.full(count, -1)
        for i in np.argsort(-found, axis=None, kind="stable"):
            a, o = np.unravel_index(i, found.shape)
            if found[a, o] > 1e-6 and owner[a] < 0 and o not in owner:
                owner[a] = o
        for a in np.flatnonzero(owner < 0):
            if 0 < overlap_threshold < found[a].max():
                owner[a] = found[a].argmax()
        positive = owner >= 0
        background = np.flatnonzero(~positive)
        if negative_mining_ratio > 0:
            scores = cls_pred[b].astype("float64")
            exponents = np.exp(scores - scores.max(0))
            background = [a for a in background if found[a].max() < negative_mining_thresh]
            background = sorted(background, key=lambda a: exponents[0, a] / exponents[:, a].sum())
            background = background[: int(positive.sum() * negative_mining_ratio)]
        classes[b, background] = 0
        for a in np.flatnonzero(positive):
            mine, wanted = as_center(anchors[a]), as_center(objects[owner[a], 1:5])
            offset = np.concatenate([(wanted[:2] - mine[:2]) / mine[2:], np.log(wanted[2:] / mine[2:])])
            offsets[b, a], mask[b, a], classes[b, a] = offset / variances, 1, objects[owner[a], 0] + 1
    return offsets.reshape(batch, -1), mask.reshape(batch, -1), classes


def _probabilities(batch: int, classes: int, count: int, steps: int = 0, dtype: str = "float32") -> np.ndarray:
    scores = np.exp(normal(batch, classes, count, dtype="float64"))
    scores /= scores.sum(1, keepdims=True)
    return (np.round(scores * steps) / steps if steps else scores).astype(dtype)


def _detection(batch: int = 2, classes: int = 4, count: int = 12, dtype: str = "float32") -> list[np.ndarray]:
    anchors = boxes(1, count, seed=100, dtype=dtype)
    return [_probabilities(batch, classes, count, 0, dtype), normal(batch, count * 4, dtype=dtype), anchors]


_DETECTION = _detection()
_EQUAL = [_probabilities(2, 3, 16, 4), np.zeros((2, 64), "float32"), boxes(1, 16, seed=100, grid=4)]


@reference(
    "_contrib_MultiBoxDetection",
    samples=[
        sample(*_DETECTION, differentiable=False),
        sample(*_DETECTION, clip=False, variances=(0.2, 0.3, 0.4, 0.5), differentiable=False),
        sample(*_DETECTION, threshold=0.4, nms_threshold=0.2, differentiable=False),
        sample(*_DETECTION, force_suppress=True, nms_threshold=0.3, background_id=1, differentiable=False),
        sample(*_DETECTION, nms_topk=4, nms_threshold=0.2, differentiable=False),
        sample(*_DETECTION, nms_topk=4, threshold=0.4, force_suppress=True, differentiable=False),
        sample(*_DETECTION, nms_threshold=0, threshold=0.3, differentiable=False),
        sample(*_EQUAL, nms_threshold=0.25, differentiable=False, label="ties"),
        sample(*_EQUAL, nms_threshold=0.25, force_suppress=True, nms_topk=6, differentiable=False, label="best"),
        sample(*_detection(1, 2, 1), differentiable=False),
        sample(*_detection(1, 1, 3), differentiable=False),
        sample(*_DETECTION, threshold=2, differentiable=False),
        sample(*_detection(dtype="float64"), differentiable=False, golden=False, why="MXNet 1.9.1 has float32 only"),
        sample(*_detection(1, 3, 6, "float16"), differentiable=False, golden=False, why="MXNet 1.9.1 has float32 only"),
        sample(*_detection(1, 3, 0), differentiable=False, golden=False, why="MXNet 1.9.1 refuses it"),
        sample(*_detection(0, 3, 2), differentiable=False),
    ],
    bad=[
        bad(_DETECTION[0], _DETECTION[1], boxes(2, 12), match=r"anchor has shape \(2, 12, 4\); expected \(1, N, 4\)"),
        bad(_DETECTION[0][..., :3], *_DETECTION[1:], match=r"cls_prob has shape \(2, 4, 3\); expected \(B, C, 12\)"),
        bad(_DETECTION[0], normal(2, 12), _DETECTION[2], match=r"loc_pred has shape \(2, 12\); expected \(2, 48\)"),
        bad(*_DETECTION, variances=(0.1,), match="expected 4 numbers"),
        bad(*_DETECTION[:2], boxes(1, 12, dtype="float64"), match="anchor is float64 and cls_prob is float32"),
    ],
    benchmark=lambda: sample(*_detection(8, 21, 8732), nms_topk=400),
)  # fmt: skip
def multibox_detection(
    cls_prob,
    loc_pred,
    anchor,
    *,
    clip=True,
    threshold=0.01,
    background_id=0,
    nms_threshold=0.5,
    force_suppress=False,
    variances=(0.1, 0.1, 0.2, 0.2),
    nms_topk=-1,
):
    batch, _, count = cls_prob.shape
    output = np.full((batch, count, 6), -1.0)
    if cls_prob.shape[1] < 2 or not count:
        return output
    anchors = as_center(anchor[0].astype("float64"))
    offsets = loc_pred.reshape(batch, count, 4) * np.float64(variances)
    center = offsets[..., :2] * anchors[:, 2:] + anchors[:, :2]
    found = as_corners(np.concatenate([center, np.exp(offsets[..., 2:]) * anchors[:, 2:]], -1))
    found = np.clip(found, 0, 1) if clip else found
    for b in range(batch):
        score, kind = cls_prob[b, 1:].max(0), cls_prob[b, 1:].argmax(0)
        rows = np.array([[kind[n], score[n], *found[b, n]] for n in range(count) if score[n] >= threshold])
        if len(rows) and 0 < nms_threshold <= 1:
            best = rows[np.argsort(-rows[:, 1], kind="stable")]
            most = min(nms_topk, len(rows)) if nms_topk > 0 else len(rows)
            rows[:most] = best[:most]
            rows[most:, 0] = -1
            for i in range(most):
                rivals = [r for r in rows[:i] if r[0] >= 0 and (force_suppress or r[0] == rows[i, 0])]
                if any(overlap(rows[i, 2:], r[2:]) >= nms_threshold for r in rivals):
                    rows[i, 0] = -1
        if len(rows):
            output[b, : len(rows)] = rows
    return output
