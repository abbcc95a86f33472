"""Gradients equal finite differences in float64, and a rule written for plans equals torch's derivative."""

from __future__ import annotations

import pytest

from tests.laws.calls import eager, is_float, operator_of
from tests.laws.cases import REFERENCES, samples
from tests.laws.differences import check_gradient

#: Loss layers and the like: their gradient is not the derivative of their output, by design. Goldens hold them.
NOT_DERIVATIVES = {
    name
    for name in REFERENCES
    if (operator_of(name).gradient is not None and operator_of(name).loss is not False) or name in ("BlockGrad",)
}

#: Inputs that select elements: what they select does not change with a small step, or jumps.
SELECTING = {"indices", "index", "sequence_length", "length", "condition"}
#: Operators whose outputs are such selections.
SELECTIONS = {"argsort", "one_hot", "_shuffle"}


def _smooth(parameter) -> bool:
    entry, sample = parameter.values
    return (
        sample.differentiable
        and sample.training
        and entry.deterministic
        and not operator_of(entry.name).random
        and entry.name not in SELECTIONS
        and not sample.attributes.get("output_mean_var")  # the statistics are for looking at, no gradient enters there
        and not (entry.name == "topk" and sample.attributes.get("ret_typ") != "value")
        and entry.name not in NOT_DERIVATIVES
        and any(is_float(x) and x.size for x in sample.inputs)
    )


@pytest.mark.parametrize(("entry", "sample"), [p for p in samples() if _smooth(p)])
def test_gradient_is_the_derivative(entry, sample):
    inputs = [x.astype("float64") if is_float(x) else x for x in sample.inputs]
    attributes = {
        k: "float64" if v in ("float16", "float32") and k == "dtype" else v for k, v in sample.attributes.items()
    }
    states = operator_of(entry.name).auxiliary
    names = operator_of(entry.name).inputs
    fixed = {i for i, item in enumerate(names) if item.name in {*states, *SELECTING, *entry.constant}}
    check_gradient(lambda values: eager(entry.name, values, attributes, sample.training), inputs, entry.name, fixed)
