"""Learning rate schedulers: against MXNet 1.9.1, and what is promised beyond it."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mxnet as mx
from tests.golden import programs

GROUP = "lr_schedulers"
schedulers = mx.lr_scheduler


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx, relative=1e-6, absolute=1e-12)


@given(
    kind=st.sampled_from([schedulers.PolyScheduler, schedulers.CosineScheduler]),
    end=st.integers(1, 50),
    warmup=st.integers(0, 60),
    base=st.floats(0.1, 1),
    final=st.floats(0, 0.1),
)
def test_rates_stay_between_the_ends(kind, end, warmup, base, final):
    schedule = kind(end, base_lr=base, final_lr=final, warmup_steps=warmup)
    found = [schedule(n) for n in range(70)]
    assert all(-1e-9 <= rate <= base + 1e-9 for rate in found)
    falling = found[warmup:]
    assert all(after <= before + 1e-9 for before, after in itertools.pairwise(falling))
    if warmup < end:
        assert found[-1] == pytest.approx(final)


def test_a_warm_up_until_the_end():
    """MXNet divides by 0."""
    for kind in (schedulers.PolyScheduler, schedulers.CosineScheduler):
        assert [kind(2, 0.5, warmup_steps=2)(n) for n in range(4)] == [0, 0.25, 0.5, 0.5]


def test_integers_of_numpy():
    assert schedulers.PolyScheduler(np.int64(4), 1.0, warmup_steps=np.int64(2))(1) == 0.5
    assert schedulers.MultiFactorScheduler(list(np.array([2, 3])), 0.5, base_lr=1)(9) == 0.25


@pytest.mark.parametrize("make", [
    lambda: schedulers.FactorScheduler(3, 0.5, base_lr=0.4),
    lambda: schedulers.MultiFactorScheduler([3, 5], 0.5, base_lr=0.4),
    lambda: schedulers.CosineScheduler(9, 0.4),
])  # fmt: skip
def test_pickles_go_on(make):
    schedule = make()
    schedule(4)
    copy = pickle.loads(pickle.dumps(schedule))
    assert [copy(n) for n in range(5, 12)] == [schedule(n) for n in range(5, 12)]


ERRORS = {
    "warm-up of a wrong type": (
        lambda: schedulers.FactorScheduler(2, warmup_steps=1.5),
        TypeError,
        "warmup_steps is 1.5",
    ),
    "after the warm-up": (lambda: schedulers.LRScheduler(1, 3).get_warmup_lr(3), ValueError, "expected less than .* 3"),
    "mode": (lambda: schedulers.FactorScheduler(2, warmup_mode="no"), ValueError, "only linear and constant .*'no'"),
    "steps in a tuple": (lambda: schedulers.MultiFactorScheduler((1, 2)), TypeError, r"step is \(1, 2\) of type tuple"),
    "no steps": (lambda: schedulers.MultiFactorScheduler([]), ValueError, "step is an empty list"),
    "falling steps": (lambda: schedulers.MultiFactorScheduler([3, 2]), ValueError, r"increasing .* \[3, 2\]"),
    "step": (lambda: schedulers.FactorScheduler(0), ValueError, "greater or equal than 1 round: step is 0"),
    "factor": (lambda: schedulers.FactorScheduler(2, 1.5), ValueError, "no more than 1 .* factor is 1.5"),
    "length": (lambda: schedulers.PolyScheduler(2.5), TypeError, "max_update is 2.5 of type float; expected an int"),
    "no length": (lambda: schedulers.CosineScheduler(0), ValueError, "strictly positive: max_update is 0"),
    "begin": (lambda: schedulers.PolyScheduler(9, 0.1, warmup_begin_lr=0.5), ValueError, "higher than warmup_begin_lr"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, mx.MXNetError)
    assert "Scheduler" in str(caught.value)
