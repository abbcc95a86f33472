"""References for mxnet/_ops/hawkes.py."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample, uniform

NAMES = ("lda", "alpha", "beta", "state", "lags", "marks", "valid_length", "max_time")
#: MXNet 1.9.1 has gradients of these only, and refuses to compute them while lags and the rest have gradient arrays.
GRADIENT = {"golden_gradient": False, "why": "1.9.1 refuses gradients of lags, valid_length and max_time"}


def process(rows, kinds, length, dtype="float32", **other):
    """Inputs of a sample; `other` replaces some of them. Lengths are fractions: small steps do not change the count."""
    given = {
        "lda": uniform(rows, kinds, low=0.5, high=2),
        "alpha": uniform(kinds, low=0.2, high=0.9),
        "beta": uniform(kinds, low=0.5, high=2, seed=1),
        "state": uniform(rows, kinds, seed=2),
        "lags": uniform(rows, length, low=0.1, high=0.9),
        "marks": integers(rows, length, high=kinds),
        "valid_length": np.floor(np.linspace(length, length // 2, rows)) - 0.5,
        "max_time": uniform(rows, low=length, high=length + 1),
        **other,
    }
    return [np.asarray(given[name], "int32" if name == "marks" else dtype) for name in NAMES]


def events(*sizes, dtype="float32", differentiable=True, **other):
    return sample(*process(*sizes, dtype=dtype, **other), differentiable=differentiable, **GRADIENT)


def wrong(match, **other):
    return bad(*process(2, 3, 4, **other), match=match)


def other_dtype():
    inputs = process(2, 3, 4)
    return bad(*inputs[:4], inputs[4].astype("float64"), *inputs[5:], match="lags is float64 and lda is float32")


def floating_marks():
    inputs = process(2, 3, 4)
    return bad(*inputs[:5], inputs[5].astype("float32"), *inputs[6:], match="marks is float32; expected int32")


@reference(
    "_contrib_hawkesll",
    samples=[
        events(2, 3, 5),
        sample(*process(3, 2, 9, dtype="float64"), golden=False, why="1.9.1 computes parts of it in float32"),
        events(1, 1, 1),
        events(2, 1, 17),
        events(2, 3, 4, dtype="float16"),
        events(2, 3, 5, valid_length=[5, 3], differentiable=False),
        events(2, 3, 5, valid_length=[-0.5, -1.5]),
        events(2, 3, 5, max_time=[1, 0]),
        events(2, 3, 5, marks=[[0, 1, 2, 2, 2], [1, 1, 0, 0, 0]], valid_length=[2.5, 1.5]),
        events(2, 3, 5, state=np.zeros((2, 3)), alpha=[0, 0.5, 0]),
        events(2, 3, 5, lda=-uniform(2, 3, low=2, high=3), differentiable=False),
        events(1, 2, 3, beta=[40.0, 60.0], lags=[[5, 0.1, 3]], max_time=[10]),
        events(2, 3, 0),
        sample(*process(0, 3, 4), golden=False, why="1.9.1 refuses it"),
        sample(
            *process(2, 3, 5, valid_length=[8, np.inf], marks=integers(2, 5, high=3)),
            differentiable=False,
            golden=False,
            why="1.9.1 reads outside of the arrays",
        ),
        events(2, 3, 5, marks=[[0, 2, 9, 9, 9], [2, 1, 0, -1, -1]], valid_length=[1.5, 2.5]),
    ],
    bad=[
        wrong(r"alpha has shape \(2,\); expected \(3,\)", alpha=[0.5, 0.5]),
        wrong(r"state has shape \(1, 3\); expected \(2, 3\)", state=normal(1, 3)),
        wrong(r"lags has shape \(1, 4\); expected \(2, 4\)", lags=uniform(1, 4)),
        wrong(r"marks has shape \(2, 3\); expected \(2, 4\)", marks=integers(2, 3, high=2)),
        wrong(r"valid_length has shape \(2, 1\); expected \(2,\)", valid_length=normal(2, 1)),
        wrong(r"lda has shape \(3,\)", lda=normal(3)),
        wrong("marks: mark 3 is out of bounds; expected 0 to 2", marks=np.full((2, 4), 3)),
        wrong("marks: mark -1 is out of bounds; expected 0 to 2", marks=np.full((2, 4), -1)),
        other_dtype(),
        floating_marks(),
    ],
    benchmark=lambda: sample(*process(512, 8, 100)),
)
def hawkesll(lda, alpha, beta, state, lags, marks, valid_length, max_time):
    lda, alpha, beta, state, lags, max_time = (x.astype("float64") for x in (lda, alpha, beta, state, lags, max_time))
    rows, kinds = lda.shape
    likelihood, final = np.zeros(rows), state.copy()
    for n in range(rows):
        count = int(min(max(np.ceil(float(valid_length[n])), 0), lags.shape[1]))
        times, kind = np.cumsum(lags[n, :count]), marks[n, :count]

        def memory(k, time, n=n, times=times, kind=kind):
            """What the events of kind k before `time`, and the state, have left at `time`."""
            earlier = times[:time] if isinstance(time, int) else times
            now = times[time] if isinstance(time, int) else time
            ages = now - earlier[kind[: len(earlier)] == k]
            return state[n, k] * np.exp(-beta[k] * now) + np.exp(-beta[k] * ages).sum()

        for i, k in enumerate(kind):
            with np.errstate(invalid="ignore"):
                likelihood[n] += np.log(lda[n, k] + alpha[k] * beta[k] * memory(k, i))
        for k in range(kinds):
            # The memory's integral: every event and the state bring 1 / beta, less what is left at the end.
            final[n, k] = memory(k, max_time[n])
            brought = state[n, k] + np.sum(kind == k) - final[n, k]
            likelihood[n] -= lda[n, k] * max_time[n] + alpha[k] * brought
    return likelihood, final
