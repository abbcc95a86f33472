"""References for mxnet/_ops/boxes.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample, uniform


def boxes(*shape: int, seed: int = 0, dtype: str = "float32", grid: int = 0) -> np.ndarray:
    """Boxes of moderate size in the unit square, as corners; with `grid`, on so many lines, so that overlaps tie."""
    low = uniform(*shape, 2, high=0.7, seed=seed)
    size = uniform(*shape, 2, low=0.1, high=0.5, seed=seed + 1)
    if grid:
        low, size = np.floor(low * grid) / grid, np.ceil(size * grid) / grid
    return np.concatenate([low, low + size], -1).astype(dtype)


def overlap(first: np.ndarray, second: np.ndarray, extra: float = 0.0) -> float:
    """Intersection over union of two boxes given as corners; 0 where there is no union."""
    width, height = (min(first[i + 2], second[i + 2]) - max(first[i], second[i]) + extra for i in (0, 1))
    shared = max(width, 0) * max(height, 0)
    one, two = ((b[2] - b[0] + extra) * (b[3] - b[1] + extra) for b in (first, second))
    union = one + two - shared
    return shared / union if union > 0 else 0.0


def as_corners(box: np.ndarray) -> np.ndarray:
    """Corners of boxes that are x, y, width, height."""
    return np.concatenate([box[..., :2] - box[..., 2:] / 2, box[..., :2] + box[..., 2:] / 2], -1)


def as_center(box: np.ndarray) -> np.ndarray:
    """x, y, width, height of boxes that are corners."""
    return np.concatenate([(box[..., :2] + box[..., 2:]) / 2, box[..., 2:] - box[..., :2]], -1)


@reference(
    "_contrib_box_iou",
    samples=[
        sample(boxes(3), boxes(4, seed=5), differentiable=False),
        sample(boxes(2, 2), boxes(3, seed=5), differentiable=False),
        sample(boxes(2), boxes(2, 3, seed=5), format="center", differentiable=False),
        sample(boxes(1, dtype="float64"), boxes(2, dtype="float64"), differentiable=False),
        sample(boxes(3, dtype="float16"), boxes(3, seed=5, dtype="float16"), differentiable=False),
        sample(np.float32([[0, 0, 0, 0], [2, 2, 0, 0], [0, 0, 2, 2]]), np.float32([[0, 0, 0, 0], [0, 0, 2, 2]]),
               differentiable=False, label="no area"),
        sample(boxes(0), boxes(2), differentiable=False),
    ],
    bad=[
        bad(normal(4), normal(2, 4), match=r"lhs has shape \(4,\); expected \(\.\.\., N, 4\)"),
        bad(normal(2, 4), normal(2, 5), match=r"rhs has shape \(2, 5\)"),
        bad(normal(2, 4), normal(2, 4, dtype="float64"), match="rhs is float64 and lhs is float32"),
        bad(integers(2, 4), integers(2, 4), match="lhs is int32|data is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(boxes(8732), boxes(200, seed=5)),
)  # fmt: skip
def box_iou(lhs, rhs, *, format="corner"):
    change = as_corners if format == "center" else np.asarray
    pairs = [
        overlap(a, b)
        for a in change(lhs.astype("float64")).reshape(-1, 4)
        for b in change(rhs.astype("float64")).reshape(-1, 4)
    ]
    return np.array(pairs).reshape(*lhs.shape[:-1], *rhs.shape[:-1])


def rows(*shape: int, width: int = 6, seed: int = 0, dtype: str = "float32", grid: int = 0) -> np.ndarray:
    """Rows of class, score, box and more: as `box_nms` takes them."""
    first = [integers(*shape, 1, low=-1, high=3, seed=seed), uniform(*shape, 1, low=-0.2, seed=seed)]
    rest = [normal(*shape, width - 6, seed=seed)] if width > 6 else []
    return np.concatenate([*first, boxes(*shape, seed=seed, grid=grid), *rest], -1).astype(dtype)


def _tied(x: np.ndarray) -> np.ndarray:
    x[..., 1] = np.round(x[..., 1] * 2) / 2
    return x


def _many() -> np.ndarray:
    """Two examples of more boxes than are settled at once, on a coarse grid: small in a file."""
    x = np.stack([rows(330, grid=16, seed=3), rows(330, grid=16, seed=4)])
    x[..., 0], x[..., 1] = 0, np.round(x[..., 1] * 64) / 64
    x[0, :6, 0] = 1
    return x


_ONE = np.float32([[[0, 0.9, 0, 0, 1, 2], [1, 0.8, 0, 0, 1, 1], [0, 0.8, 0, 0, 1, 2], [0, 0.7, 3, 3, 4, 4]]])


@reference(
    "_contrib_box_nms",
    samples=[
        sample(rows(12)),
        sample(rows(2, 10), id_index=0, overlap_thresh=0.3, differentiable=False),  # a class is cut
        sample(rows(2, 10), id_index=0, overlap_thresh=0.3, force_suppress=True, differentiable=False),
        sample(rows(2, 1, 8), id_index=0, background_id=0, overlap_thresh=0.2, topk=4, differentiable=False),
        sample(_tied(rows(16, grid=4)), overlap_thresh=0.25, differentiable=False, label="ties"),
        sample(_tied(rows(16, grid=4)), topk=5, valid_thresh=-1, differentiable=False, label="best of ties"),
        sample(_ONE, overlap_thresh=0.5, id_index=0, differentiable=False, label="threshold met exactly"),
        sample(rows(6), topk=0),
        sample(rows(6), valid_thresh=5),
        sample(rows(1)),
        sample(rows(8), in_format="center", out_format="corner", overlap_thresh=0.2, differentiable=False),
        sample(rows(8), in_format="corner", out_format="center", overlap_thresh=0.2, differentiable=False),
        sample(rows(6, width=8)[:, [6, 2, 3, 4, 5, 1, 7, 0]], coord_start=1, score_index=5, id_index=7,
               differentiable=False),
        sample(rows(8, dtype="float64"), overlap_thresh=0.1),
        sample(rows(8, dtype="float16"), overlap_thresh=0.4, id_index=0, valid_thresh=0.1, differentiable=False),
        sample(_many(), overlap_thresh=0.3, differentiable=False, label="several blocks"),
        sample(_many(), overlap_thresh=0.3, id_index=0, differentiable=False, label="several blocks with classes"),
        sample(rows(0), golden=False, why="MXNet 1.9.1 fails for no boxes, after the call"),
    ],
    bad=[
        bad(normal(6), match=r"data has shape \(6,\); expected \(\.\.\., N, width\)"),
        bad(normal(2, 5), match="coord_start is 2; expected 0 to 1"),
        bad(normal(2, 6), coord_start=-1, match="coord_start is -1"),
        bad(normal(2, 6), score_index=3, match="score_index is 3; expected a place in the 6 numbers of a row"),
        bad(normal(2, 6), score_index=6, match="score_index is 6"),
        bad(normal(2, 6), id_index=6, match="id_index is 6"),
        bad(integers(2, 6), match="data is int32; expected a floating dtype"),
        bad(normal(2, 6), in_format="corners", match="in_format.*corners"),
    ],
    benchmark=lambda: sample(rows(8, 2000), id_index=0, overlap_thresh=0.45, valid_thresh=0.01, topk=400),
)  # fmt: skip
def box_nms(
    data,
    *,
    overlap_thresh=0.5,
    valid_thresh=0.0,
    topk=-1,
    coord_start=2,
    score_index=1,
    id_index=-1,
    background_id=-1,
    force_suppress=False,
    in_format="corner",
    out_format="corner",
):
    if topk == 0 or not data.size:
        return data
    output = np.full_like(data, -1)
    place = slice(coord_start, coord_start + 4)
    for example, shown in zip(data.reshape(-1, *data.shape[-2:]), output.reshape(-1, *data.shape[-2:])):
        best = [
            i for i in np.argsort(-example[:, score_index], kind="stable") if example[i, score_index] > valid_thresh
        ]
        if id_index >= 0:
            best = [i for i in best if example[i, id_index] != background_id]
        best = best if topk < 0 else best[:topk]
        box = example[:, place].astype("float64")
        box = as_corners(box) if in_format == "center" else box
        stay: list[int] = []
        for i in best:
            rivals = stay
            if id_index >= 0 and not force_suppress:
                rivals = [j for j in stay if int(example[j, id_index]) == int(example[i, id_index])]
            if all(overlap(box[i], box[j]) <= overlap_thresh for j in rivals):
                stay.append(i)
        shown[: len(stay)] = example[stay]
        if in_format != out_format:
            shown[: len(stay), place] = (as_center if out_format == "center" else as_corners)(example[stay, place])
    return output


_MEANS, _STDS = np.float32([0.1, -0.1, 0.05, 0.2]), np.float32([0.1, 0.2, 0.3, 0.5])


def _encoding(batch: int, count: int, objects: int, dtype: str = "float32", low: float = -1) -> list[np.ndarray]:
    arrays = [
        uniform(batch, count, low=low, seed=1),
        integers(batch, count, high=objects, seed=2),
        boxes(batch, count, seed=3),
        boxes(batch, objects, seed=4),
        _MEANS,
        _STDS,
    ]
    return [x.astype(dtype) for x in arrays]


def _with(arrays: list[np.ndarray], number: int, value: np.ndarray) -> list[np.ndarray]:
    return [value if i == number else x for i, x in enumerate(arrays)]


@reference(
    "_contrib_box_encode",
    samples=[
        sample(*_encoding(2, 6, 3), differentiable=False),
        sample(*_encoding(1, 1, 1), differentiable=False),
        sample(*_encoding(2, 3, 2, "float64"), differentiable=False),
        sample(*_encoding(2, 3, 2, "float16"), differentiable=False),
        sample(*_with(_encoding(1, 3, 2), 0, np.float32([[0.5, 0.51, -1]])), differentiable=False, label="half"),
        sample(*_with(_encoding(1, 3, 2), 1, np.float32([[0.9, 1.0, 1.9]])), differentiable=False, label="cut"),
        sample(*_encoding(2, 0, 2), differentiable=False),
        sample(*_with(_encoding(1, 2, 1), 3, np.zeros((1, 0, 4), "float32")), differentiable=False, golden=False,
               why="MXNet 1.9.1 crashes without boxes"),
    ],
    bad=[
        bad(*_with(_encoding(2, 3, 2), 0, normal(3)), match=r"samples has shape \(3,\); expected \(B, N\)"),
        bad(*_with(_encoding(2, 3, 2), 1, normal(2, 4)), match=r"matches is \(2, 4\).* expected \(2, 3\)"),
        bad(*_with(_encoding(2, 3, 2), 2, normal(2, 3, 5)), match=r"anchors has shape \(2, 3, 5\); expected"),
        bad(*_with(_encoding(2, 3, 2), 5, normal(2)), match=r"stds has shape \(2,\); expected \(4,\)"),
        bad(*_with(_encoding(2, 3, 2), 5, normal(4, dtype="float64")), match="stds is float64 and samples is float32"),
    ],
    benchmark=lambda: sample(*_encoding(8, 8732, 20, low=-10))  # one anchor in 22 has a box,
)  # fmt: skip
def box_encode(samples, matches, anchors, refs, means, stds):
    offsets, mask = np.zeros(anchors.shape), np.zeros(anchors.shape)
    for b, n in np.argwhere(samples > 0.5) if refs.size else []:
        anchor = as_center(anchors[b, n].astype("float64"))
        box = as_center(refs[b, int(matches[b, n])].astype("float64"))
        offset = np.concatenate([(box[:2] - anchor[:2]) / anchor[2:], np.log(box[2:] / anchor[2:])])
        offsets[b, n] = (offset - means.astype("float64")) / stds
    mask[samples > 0.5] = 1
    return offsets, mask


@reference(
    "_contrib_box_decode",
    samples=[
        sample(normal(2, 5, 4), boxes(1, 5), differentiable=False),
        sample(normal(2, 5, 4), boxes(1, 5), format="corner", std0=0.1, std1=0.3, std2=0.2, std3=0.5,
               differentiable=False),
        sample(normal(2, 5, 4), boxes(1, 5), format="corner", clip=0.5, differentiable=False),
        sample(normal(2, 5, 4), boxes(1, 5), clip=0, differentiable=False),
        sample(normal(1, 1, 4, dtype="float64"), boxes(1, 1, dtype="float64"), clip=-2, differentiable=False),
        sample(normal(1, 3, 4, dtype="float16"), boxes(1, 3, dtype="float16"), differentiable=False),
        sample(np.float32([[[0, 0, np.inf, 1], [1, 1, -np.inf, 2]]]), boxes(1, 2), clip=1, differentiable=False),
        sample(normal(2, 0, 4), boxes(1, 0), differentiable=False),
    ],
    bad=[
        bad(normal(3, 4), boxes(1, 3), match=r"data has shape \(3, 4\); expected \(B, N, 4\)"),
        bad(normal(2, 3, 4), boxes(2, 3), match=r"anchors has shape \(2, 3, 4\); expected \(1, 3, 4\)"),
        bad(normal(2, 3, 4), boxes(1, 3, dtype="float64"), match="anchors is float64 and data is float32"),
    ],
    benchmark=lambda: sample(normal(8, 8732, 4), boxes(1, 8732), format="corner"),
)  # fmt: skip
def box_decode(data, anchors, *, std0=1.0, std1=1.0, std2=1.0, std3=1.0, clip=-1.0, format="center"):
    anchors = anchors.astype("float64")
    anchors = as_center(anchors) if format == "corner" else anchors
    offsets = data * np.float64([std0, std1, std2, std3])
    growth = np.minimum(offsets[..., 2:], clip) if clip > 0 else offsets[..., 2:]
    center = offsets[..., :2] * anchors[..., 2:] + anchors[..., :2]
    return as_corners(np.concatenate([center, np.exp(growth) * anchors[..., 2:]], -1))


@reference(
    "_contrib_bipartite_matching",
    samples=[
        sample(uniform(4, 3), threshold=1e-12, differentiable=False),
        sample(uniform(2, 3, 5), threshold=0.4, differentiable=False),
        sample(uniform(2, 2, 3, 2), threshold=0.6, is_ascend=True, differentiable=False),
        sample(uniform(5, 5), threshold=1e-12, topk=1, differentiable=False),
        sample(uniform(5, 5), threshold=1e-12, topk=3, differentiable=False),
        sample(uniform(5, 5), threshold=1e-12, topk=0, differentiable=False),
        sample(integers(4, 5, high=4, dtype="float32"), threshold=1, differentiable=False, label="ties"),
        sample(integers(2, 4, 5, high=3, dtype="float32"), threshold=1, is_ascend=True, topk=2, differentiable=False,
               label="ties ascending"),
        sample(uniform(4, 3, dtype="float64"), threshold=0.1, differentiable=False),
        sample(uniform(4, 3, dtype="float16"), threshold=0.1, differentiable=False),
        sample(uniform(1, 1), threshold=2.0, differentiable=False),
        sample(np.float32([[np.inf, -np.inf], [0.2, 0.3]]), threshold=-3.0, differentiable=False),
        sample(uniform(2, 0, 3), threshold=0.1, differentiable=False, golden=False, why="MXNet 1.9.1 crashes"),
    ],
    bad=[
        bad(normal(3), threshold=0.1, match=r"data has shape \(3,\); expected \(\.\.\., N, M\)"),
        bad(normal(3, 3), match="required attribute 'threshold'"),
        bad(integers(3, 3), threshold=0.1, match="data is int32; expected a floating dtype"),
    ],
    benchmark=lambda: sample(uniform(8, 1000, 20), threshold=0.1),
)  # fmt: skip
def bipartite_matching(data, *, is_ascend=False, threshold, topk=-1):
    row, column = np.full(data.shape[:-1], -1.0), np.full((*data.shape[:-2], data.shape[-1]), -1.0)
    for place in np.ndindex(*data.shape[:-2]):
        scores = data[place].astype("float64") * (-1 if is_ascend else 1)
        left = topk + 1 if topk > 0 else scores.size
        for i in np.argsort(-scores, axis=None, kind="stable"):
            r, c = np.unravel_index(i, scores.shape)
            if not left or not scores[r, c] > (-threshold if is_ascend else threshold):
                break
            if row[place][r] < 0 and column[place][c] < 0:
                row[place][r], column[place][c] = c, r
                left -= 1
    return row, column
