"""References for mxnet/_ops/proposal.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample, uniform
from .boxes import overlap


def _inputs(
    batch: int,
    anchors: int,
    height: int,
    width: int,
    *,
    scale: float = 1.0,
    spread: float = 0.3,
    margin: int = 5,
    stride: int = 16,
    dtype: str = "float32",
    steps: int = 0,
) -> list[np.ndarray]:
    """Scores, offsets, and images that end `margin` pixels before the feature map does."""
    scores = uniform(batch, 2 * anchors, height, width)
    scores = np.round(scores * steps) / steps if steps else scores
    info = [[height * stride - margin, width * stride - 2 * margin, scale]] * batch
    arrays = [scores, normal(batch, 4 * anchors, height, width, scale=spread), np.array(info).reshape(batch, 3)]
    return [x.astype(dtype) for x in arrays]


def _samples(batch: int):
    small = {"scales": (1, 2), "ratios": (0.5, 1), "rpn_post_nms_top_n": 8, "differentiable": False}
    one = {"scales": (2,), "ratios": (1,), "rpn_post_nms_top_n": 6, "rpn_min_size": 4, "differentiable": False}
    return [
        sample(*_inputs(batch, 4, 3, 4), **small),
        sample(*_inputs(batch, 4, 3, 4), **small, output_score=True, threshold=0.3),
        sample(*_inputs(batch, 4, 3, 4), **small, output_score=True, rpn_pre_nms_top_n=5, threshold=0.5),
        sample(*_inputs(batch, 4, 3, 4), **small, rpn_pre_nms_top_n=-1),
        sample(*_inputs(batch, 12, 2, 2), rpn_post_nms_top_n=5, differentiable=False),
        sample(*_inputs(batch, 1, 3, 3, scale=1.6, margin=20), **{**one, "rpn_min_size": 40}, output_score=True),
        sample(*_inputs(batch, 1, 3, 3, margin=-1), **one),
        sample(*_inputs(batch, 1, 3, 3, stride=8), **one, feature_stride=8),
        sample(*_inputs(batch, 1, 3, 3, spread=6.0), **one, iou_loss=True),
        sample(*_inputs(batch, 1, 4, 4, spread=0, steps=4), **one, threshold=0.25, output_score=True, label="ties"),
        sample(*_inputs(batch, 3, 2, 2), scales=(1.5,), ratios=(0.3, 0.7, 3.52), rpn_post_nms_top_n=4, threshold=1,
               differentiable=False),
        sample(*_inputs(batch, 1, 1, 1), **one),
        sample(*_inputs(batch, 1, 2, 2), **{**one, "rpn_post_nms_top_n": 0}),
        sample(*_inputs(batch, 2, 14, 16, spread=0, steps=64), scales=(1, 1.5), ratios=(1,), threshold=0.3,
               rpn_post_nms_top_n=140, differentiable=False, label="several blocks"),
        sample(*_inputs(batch, 1, 2, 2, dtype="float64"), **one, golden=False, why="MXNet 1.9.1 has float32 only"),
        sample(*_inputs(batch, 1, 2, 2, dtype="float16"), **one, golden=False, why="MXNet 1.9.1 has float32 only"),
        sample(*_inputs(batch, 1, 0, 2), **one, golden=False, why="MXNet 1.9.1 refuses it or crashes"),
    ]  # fmt: skip


def _bad(batch: int):
    one = {"scales": (2,), "ratios": (1,), "rpn_post_nms_top_n": 6}
    scores, offsets, info = _inputs(batch, 1, 2, 2)
    return [
        bad(scores[0], offsets, info, **one, match=r"cls_prob has shape .*; expected"),
        bad(scores, offsets, info, match=r"expected \(B, 24, H, W\): two for each of 4 scales and 3 ratios"),
        bad(scores, offsets[:, :3], info, **one, match=r"bbox_pred has shape .* expected \(., 4, 2, 2\)"),
        bad(scores, offsets, info[:, :2], **one, match=r"im_info has shape .* expected \(., 3\)"),
        bad(scores, offsets, info, **{**one, "rpn_post_nms_top_n": -1}, match="rpn_post_nms_top_n is -1; expected 0"),
        bad(scores, offsets, info, **one, feature_stride=0, match="feature_stride.* at least 1, got 0"),
        bad(scores, offsets.astype("float64"), info, **one, match="bbox_pred is float64 and cls_prob is float32"),
        bad(integers(*scores.shape), offsets, info, **one, match="cls_prob is int32|data is int32"),
    ]


def _proposal(
    cls_prob,
    bbox_pred,
    im_info,
    *,
    rpn_pre_nms_top_n=6000,
    rpn_post_nms_top_n=300,
    threshold=0.7,
    rpn_min_size=16,
    scales=(4, 8, 16, 32),
    ratios=(0.5, 1, 2),
    feature_stride=16,
    output_score=False,
    iou_loss=False,
):
    batch, _, height, width = cls_prob.shape
    kinds = [(r, s) for r in ratios for s in scales]
    regions, scores = [], []
    for b in range(batch):
        image_height, image_width, factor = im_info[b].astype("float64")
        found = []
        for y, x, k in np.ndindex(height, width, len(kinds)):
            ratio, scale = kinds[k]
            w = np.floor(np.sqrt(np.floor(feature_stride**2 / ratio)) + 0.5)
            h = np.floor(w * ratio + 0.5) * scale
            w = w * scale
            middle = np.array([x, y]) * feature_stride + (feature_stride - 1) / 2
            size = np.array([w, h])
            offset = bbox_pred[b, 4 * k : 4 * k + 4, y, x].astype("float64")
            if iou_loss:
                low, high = middle - (size - 1) / 2 + offset[:2], middle + (size - 1) / 2 + offset[2:]
            else:
                middle, size = middle + offset[:2] * size, size * np.exp(offset[2:])
                low, high = middle - (size - 1) / 2, middle + (size - 1) / 2
            end = np.array([image_width, image_height]) - 1
            low, high = np.clip(low, 0, end), np.clip(high, 0, end)
            score = cls_prob[b, len(kinds) + k, y, x]
            if y >= int(image_height / feature_stride) or x >= int(image_width / feature_stride):
                score = -1
            least = rpn_min_size * factor
            if min(high - low + 1) < least:
                low, high, score = low - least / 2, high + least / 2, -1
            found.append((score, np.concatenate([low, high])))
        order = np.argsort([-score for score, _ in found], kind="stable")
        order = order[:rpn_pre_nms_top_n] if rpn_pre_nms_top_n > 0 else order
        stay: list[int] = []
        for i in order:
            if all(overlap(found[i][1], found[j][1], 1.0) <= threshold for j in stay):
                stay.append(i)
        for n in range(rpn_post_nms_top_n):
            score, box = found[stay[n % min(len(stay), rpn_post_nms_top_n)]] if stay else (0, np.zeros(4))
            regions.append([b if stay else 0, *box])
            scores.append([score])
    regions, scores = np.array(regions).reshape(-1, 5), np.array(scores).reshape(-1, 1)
    return (regions, scores) if output_score else regions


reference(
    "_contrib_Proposal",
    samples=_samples(1),
    bad=[
        *_bad(1),
        bad(*_inputs(2, 1, 2, 2), scales=(2,), ratios=(1,), match="expected one image: use MultiProposal for a batch"),
    ],
    benchmark=lambda: sample(*_inputs(1, 12, 38, 50)),
)(_proposal)
reference(
    "_contrib_MultiProposal",
    samples=_samples(2),
    bad=_bad(2),
    benchmark=lambda: sample(*_inputs(4, 12, 38, 50)),
)(_proposal)
