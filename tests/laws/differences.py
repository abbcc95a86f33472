"""Compare gradients with central differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tests.laws.calls import Result, head_gradient, is_float

STEP = 1e-5
RELATIVE, ABSOLUTE = 2e-4, 2e-6
MOST = 24  # elements of one input that are varied


def _weighted(result: Result) -> float:
    """The number whose gradient `eager` computes: outputs times head gradients."""
    with np.errstate(over="ignore", invalid="ignore"):
        return sum(float((o * head_gradient(o.shape, o.dtype)).sum()) for o in result.outputs if is_float(o))


def check_gradient(
    call: Callable[[list[np.ndarray]], Result], inputs: Sequence[np.ndarray], what: str, fixed: set[int] = frozenset()
) -> None:
    """Fail unless every gradient of ``call(inputs)`` is the derivative of its outputs."""
    result = call(list(inputs))
    if not any(is_float(o) for o in result.outputs):
        return
    generator = np.random.default_rng()
    for number, (x, gradient) in enumerate(zip(inputs, result.gradients)):
        if gradient is None or number in fixed:
            continue
        places = [np.unravel_index(i, x.shape) for i in generator.permutation(x.size)[:MOST]]
        for place in places:
            values = []
            for step in (STEP, -STEP):
                moved = [np.array(y, copy=True) for y in inputs]
                moved[number][place] += step
                values.append(_weighted(call(moved)))
            if not all(map(np.isfinite, values)):
                continue  # an output is infinite here
            expected = (values[0] - values[1]) / (2 * STEP)
            found = float(gradient[place])
            rounding = 1e-15 * max(abs(v) for v in values) / STEP  # of the two sums that are subtracted
            limit = ABSOLUTE + RELATIVE * max(abs(expected), abs(found), 1.0) + rounding
            where = f"{what}: gradient of input {number} at {tuple(map(int, place))}"
            assert abs(found - expected) <= limit, f"{where} is {found}, differences give {expected}"
