"""References for mxnet/_ops/ctc.py."""

from __future__ import annotations

import itertools

import numpy as np

from . import bad, integers, normal, reference, sample

BLANKS = "1.9.1 has a wrong gradient where a label contains the blank"
UNSET = "1.9.1 does not set the gradient where the loss is 0"
FLOAT32 = "1.9.1 takes float32 only"
FIRST = np.array([[1, 2, 0], [3, 3, 0]], "float32")
LAST = np.array([[0, 1, -1], [2, 2, -1]], "float32")


def _row(*values, dtype="float32"):
    return np.array(values, dtype)


def _without(data, *dropped):
    """`data` with scores of minus infinity at (step, sequence, class)."""
    data = data.copy()
    for place in dropped:
        data[place] = -np.inf
    return data


@reference(
    "CTCLoss",
    samples=[
        sample(normal(5, 2, 4), FIRST),
        sample(normal(5, 2, 4), LAST, blank_label="last"),
        *(sample(normal(5, 2, 4), FIRST.astype(dtype)) for dtype in ("int32", "uint8", "float64", "int64")),
        sample(normal(5, 2, 4), FIRST, _row(3, 5), use_data_lengths=True),
        sample(normal(5, 2, 4), LAST, _row(5, 4), use_data_lengths="True", blank_label="last"),
        sample(normal(5, 2, 4), np.array([[1, 2, 7], [3, 3, -1]], "float32"), _row(5, 4), _row(2, 2),
               use_data_lengths=True, use_label_lengths=True),
        sample(normal(6, 3, 5), integers(3, 4, low=0, high=4, dtype="float32"), _row(6, 5, 4), _row(1, 0, 2),
               use_data_lengths=True, use_label_lengths=True, blank_label="last"),
        sample(normal(1, 1, 3), np.array([[2]], "float32")),
        sample(normal(4, 2, 3), np.array([[1, 0, 0], [0, 0, 0]], "float32"), label="one empty label"),
        sample(normal(4, 2, 3), np.zeros((2, 2), "float32"), golden=False, label="empty labels only",
               why="1.9.1 returns what is in its memory"),
        sample(normal(4, 2, 3), np.zeros((2, 0), "float32"), golden=False, label="no place for labels",
               why="1.9.1 knows no arrays of size zero here"),
        sample(normal(4, 2, 3), np.array([[1, 0, 2], [0, 2, 2]], "float32"), label="ended by the first padding"),
        sample(normal(3, 2, 4), FIRST, label="exactly enough steps"),
        sample(normal(3, 2, 4), np.array([[2, 2, 2], [1, 2, 1]], "float32"), golden_gradient=False,
               label="too few steps", why=UNSET),
        sample(normal(4, 3, 4), np.array([[1, 2, 1]] * 3, "float32"), _row(0, 2, 3), use_data_lengths=True,
               golden_gradient=False, label="too few steps by length", why=UNSET),
        sample(normal(5, 2, 4), np.array([[1, 0, 2], [3, 3, 0]], "float32"), _row(5, 5), _row(3, 2),
               use_data_lengths=True, use_label_lengths=True, golden_gradient=False, label="blank in label",
               why=BLANKS),
        sample(normal(5, 1, 6), np.array([[1.3, 2.6, 3.6]], "float32"), _row(4.4), _row(2.4), use_data_lengths=True,
               use_label_lengths=True, label="rounded"),
        sample(_without(normal(5, 2, 4), (1, 0, 1), (2, 1, 0)), FIRST, label="zero probabilities"),
        sample(_without(normal(5, 1, 3), (2, 0, 0), (2, 0, 1)), np.array([[1, 0]], "float32"), label="no path"),
        sample(normal(3, 2, 3), np.array([[1, 9], [-2, 0]], "float32"), golden=False, label="no such class",
               why="1.9.1 reads outside its arrays"),
        sample(normal(6, 2, 4, scale=50), FIRST, differentiable=False, label="sure"),
        sample(normal(5, 2, 4, dtype="float64"), FIRST.astype("float64"), golden=False, why=FLOAT32),
        sample(normal(5, 2, 4, dtype="float16"), FIRST.astype("float16"), golden=False, why=FLOAT32),
    ],
    bad=[
        bad(normal(5, 2), FIRST, match=r"data has shape \(5, 2\); expected \(T, N, C\)"),
        bad(normal(5, 2, 4), FIRST[0], match=r"label has shape \(3,\); expected \(2, L\)"),
        bad(normal(5, 3, 4), FIRST, match=r"label has shape \(2, 3\); expected \(3, L\)"),
        bad(normal(5, 2, 4), FIRST, _row(5), use_data_lengths=True,
            match=r"data_lengths has shape \(1,\); expected \(2,\)"),
        bad(normal(5, 2, 4), FIRST, _row(5, 5), _row(2), use_data_lengths=True, use_label_lengths=True,
            match=r"label_lengths has shape \(1,\); expected \(2,\)"),
        bad(normal(5, 2, 4), FIRST, use_data_lengths=True, match="'data_lengths' is missing"),
        bad(integers(5, 2, 4), FIRST, match="data is int32; expected a floating dtype"),
        bad(normal(5, 2, 4), FIRST, blank_label="middle", match="expected one of 'first', 'last'"),
    ],
    benchmark=lambda: sample(normal(100, 32, 80), integers(32, 20, low=1, high=80, dtype="float32")),
)  # fmt: skip
def ctc_loss(
    data, label, data_lengths=None, label_lengths=None, *, use_data_lengths=False, use_label_lengths=False,
    blank_label="first",
):  # fmt: skip
    steps, batch, classes = data.shape
    blank = 0 if blank_label == "first" else classes - 1
    losses = []
    for n in range(batch):
        used = steps if data_lengths is None else _nearest(data_lengths[n])
        spelled = [_nearest(x) for x in label[n]]
        if label_lengths is not None:
            spelled = spelled[: _nearest(label_lengths[n])]
        else:
            padding = 0 if blank_label == "first" else -1
            spelled = spelled[: spelled.index(padding)] if padding in spelled else spelled
        repeats = sum(a == b for a, b in itertools.pairwise(spelled))
        enough = used >= len(spelled) + repeats
        losses.append(_loss(data[:used, n].astype("float64"), spelled, blank) if enough else 0.0)
    return np.array(losses)


def _nearest(x):
    return int(np.sign(x) * np.floor(abs(float(x)) + 0.5))


def _loss(scores, spelled, blank):
    """Probabilities of prefixes of the label: of paths that end in a blank, and of those that end in its last class."""
    shifted = np.exp(scores - scores.max(1, keepdims=True))
    probability = shifted / shifted.sum(1, keepdims=True)
    count = len(spelled)
    with_blank, with_class = [1.0] + [0.0] * count, [0.0] * (count + 1)
    for row in probability:
        old_blank, old_class = with_blank, with_class
        with_blank = [(old_blank[k] + old_class[k]) * row[blank] for k in range(count + 1)]
        with_class = [0.0] * (count + 1)
        for k in range(1, count + 1):
            label = spelled[k - 1]
            if not 0 <= label < len(row):
                continue
            new = old_blank[k - 1] + old_class[k]
            if label != blank and (k < 2 or label != spelled[k - 2]):
                new += old_class[k - 1]
            with_class[k] = new * row[label]
    with np.errstate(divide="ignore"):
        return -np.log(with_blank[count] + with_class[count])
