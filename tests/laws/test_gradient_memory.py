"""What an operator says of its gradient rule is true: what it reads, whose memory it returns, what it may overwrite."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from mxnet._ops.registry import Backward, Operator
from tests.laws.calls import head_gradient, is_float, operator_of
from tests.laws.cases import samples
from tests.reference import Sample


def rule_of(operator: Operator) -> Any:
    return operator.gradient or operator.plan_gradient


def says_something(parameter: Any) -> bool:
    entry, sample = parameter.values
    operator = operator_of(entry.name)
    told = operator.gradient_reads is not None or operator.gradient_memory is not None
    return told and sample.differentiable and any(is_float(x) and x.size for x in sample.inputs)


CASES = [p for p in samples() if says_something(p)]
REUSING = [p for p in samples() if operator_of(p.values[0].name).reuses and p.values[1].inputs[0].dtype.kind == "f"]


def tensors(sample: Sample) -> list[torch.Tensor]:
    return [torch.from_numpy(x.copy()) for x in sample.inputs]


def computed(operator: Operator, inputs: list[torch.Tensor], sample: Sample, **further: Any) -> tuple[Any, Any]:
    """Return the (parsed) attributes for a rule and the outputs."""
    given = {"num_args": len(inputs), **sample.attributes} if operator.variadic == "num_args" else sample.attributes
    values = operator.parse(given)
    call = {k: v for k, v in values.items() if k != operator.variadic}
    if operator.training:
        call["training"] = sample.training
        values = {**values, "training": sample.training}
    found = operator.function(*inputs, **call, **further)
    return values, tuple(found) if isinstance(found, (tuple, list)) else (found,)


def heads_for(outputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor | None, ...]:
    floating = [o if o.is_floating_point() else None for o in outputs]
    return tuple(
        None if o is None else torch.from_numpy(head_gradient(o.shape, "float64")).to(o.dtype) for o in floating
    )


def backward_of(operator: Operator, sample: Sample) -> Backward:
    inputs = tensors(sample)
    values, outputs = computed(operator, inputs, sample)
    wanted = tuple(x.is_floating_point() for x in inputs)
    states = operator.auxiliary_names(values)
    wanted = tuple(w and name not in states for w, name in zip(wanted, operator.input_names(values)))
    outputs = tuple(o.clone() if any(shares(o, x) for x in inputs) else o for o in outputs)
    return Backward(heads_for(outputs), tuple(inputs), outputs, values, wanted, (None,) * len(inputs))


def shares(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.numel() > 0 and one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def same(found: Any, expected: Any) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert (one is None) == (other is None)
        if one is not None:
            assert torch.equal(torch.nan_to_num(one), torch.nan_to_num(other))


def seen(operator: Operator, backward: Backward, all_values: bool = False) -> Backward:
    """Return what a plan gives to the rule: what it does not read is None (but with `all_values`), or a shape."""
    reads = operator.reads(backward.attributes)
    if reads is None:
        return backward

    def shown(names: Any, values: Any) -> Any:
        return tuple(
            value.shape if f"{name}.shape" in reads else value if all_values or name in reads else None
            for name, value in zip(names, values)
        )

    inputs = shown(operator.input_names(backward.attributes), backward.inputs)
    return replace(backward, inputs=inputs, outputs=shown(operator.outputs(backward.attributes), backward.outputs))


@pytest.mark.parametrize(("entry", "sample"), CASES)
def test_a_rule_reads_what_it_says(entry, sample):
    operator = operator_of(entry.name)
    expected = rule_of(operator)(seen(operator, backward_of(operator, sample), all_values=True))
    same(rule_of(operator)(seen(operator, backward_of(operator, sample))), expected)
    for reads in operator.linear_in.values():
        assert set(reads) <= set(operator.reads(backward_of(operator, sample).attributes) or reads)


@pytest.mark.parametrize(("entry", "sample"), CASES)
def test_gradients_have_the_memory_that_the_operator_says(entry, sample):
    operator = operator_of(entry.name)
    backward = backward_of(operator, sample)
    given = [t for t in (*backward.head_gradients, *backward.inputs, *backward.outputs) if t is not None]
    gradients = [g for g in rule_of(operator)(seen(operator, backward)) if g is not None]
    if operator.gradient_memory == "own":
        for number, gradient in enumerate(gradients):
            assert not any(shares(gradient, other) for other in (*given, *gradients[:number]))
            assert all(length < 2 or stride for length, stride in zip(gradient.shape, gradient.stride()))
    elif operator.gradient_memory == "head":
        others = [*backward.head_gradients[1:], *backward.inputs, *backward.outputs]
        assert not any(shares(gradient, other) for gradient in gradients for other in others if other is not None)


@pytest.mark.parametrize(("entry", "sample"), CASES)
def test_a_rule_overwrites_nothing_but_what_it_may(entry, sample):
    operator = operator_of(entry.name)
    expected = rule_of(operator)(seen(operator, backward_of(operator, sample)))
    into = backward_of(operator, sample)
    into.into = tuple(torch.empty_like(x) if w else None for x, w in zip(into.inputs, into.wanted))
    for backward in (replace(backward_of(operator, sample), reuse=operator.gradient_memory is not None), into):
        values = operator.input_names(backward.attributes)
        states = operator.auxiliary_names(backward.attributes)
        kept = [x for name, x in zip(values, backward.inputs) if name not in states]
        kept += [*backward.outputs, *(h for h in backward.head_gradients[1:] if h is not None)]
        before = [x.clone() for x in kept]
        same([None if g is None else g.clone() for g in rule_of(operator)(seen(operator, backward))], expected)
        for now, then in zip(kept, before):
            assert torch.equal(torch.nan_to_num(now), torch.nan_to_num(then))


@pytest.mark.parametrize(("entry", "sample"), REUSING)
def test_a_result_written_over_an_input_is_the_same(entry, sample):
    operator = operator_of(entry.name)
    _, expected = computed(operator, tensors(sample), sample)
    for name in operator.reuses:
        inputs = tensors(sample)
        _, found = computed(operator, inputs, sample, reuse=name)
        same(found, expected)
        for other, x, before in zip(operator.inputs, inputs, tensors(sample)):
            assert other.name == name or torch.equal(torch.nan_to_num(x), torch.nan_to_num(before))
