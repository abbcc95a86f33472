"""From lists of operators to the rules that front ends and graphs follow."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import torch

from ... import base
from ..._graph.autocast import FLOAT32, Rule
from ..._ops import registry
from ..._ops.attributes import DTYPE_NAMES, torch_dtype
from . import _lists

Names = Sequence[str] | None
Conditions = Sequence[tuple[str, str, Sequence[str]]] | None

#: 1.9.1 lets bfloat16 and float32 come to one Concat, which then fails.
_WIDEST_TOO = ("Concat",)


def target_of(what: str, target_dtype: Any) -> torch.dtype:
    """Return the dtype that `target_dtype` means: float16 or bfloat16, in any spelling."""
    try:
        found = torch_dtype(target_dtype)
    except (TypeError, KeyError):
        found = None
    if found not in (torch.float16, torch.bfloat16):
        raise base.AssertionError(f"{what}: target_dtype is {target_dtype!r}; expected 'float16' or 'bfloat16'")
    return found


def rules_of(
    what: str, target: torch.dtype, target_ops: tuple[str, Names], fp32_ops: Names, conditional: Conditions
) -> dict[str, Rule]:
    """Return the rules by operator name.

    `target_ops` comes with the name of its argument. A list of the user's takes the place of the one that 1.9.1 has; an
    operator in it follows it, whatever the other lists of 1.9.1 say.
    """
    argument, low = target_ops
    text = DTYPE_NAMES[target]
    own: dict[str, Rule | None] = {}
    by_alias: dict[str, Rule | None] = {}
    kinds = (
        (_lists.LOW, Rule(target), low),
        (_lists.FLOAT32, FLOAT32, fp32_ops),
        (_lists.WIDEST, Rule(), None),
        (_lists.ANY, None, None),
    )
    for kind, rule, given in kinds:
        for name in () if given is not None else _lists.names(kind, text):
            operator = _find(name)
            if operator is not None:
                (own if operator.name == name else by_alias).setdefault(operator.name, rule)
    always = {**dict.fromkeys(_WIDEST_TOO, Rule()), **dict.fromkeys(_lists.LOSSES, FLOAT32)}
    chosen = {**by_alias, **own, **always}
    given_low, given_float32 = _given(what, argument, low), _given(what, "fp32_ops", fp32_ops)
    both = sorted(set(given_low) & set(given_float32))
    if both:
        raise base.AssertionError(f"{what}: {both[0]!r} is in {argument} and in fp32_ops; expected one of them")
    chosen.update(dict.fromkeys(given_low, Rule(target)))
    chosen.update(dict.fromkeys(given_float32, FLOAT32))
    rules = {name: rule for name, rule in chosen.items() if rule is not None}
    for name, attribute, values in _conditions(what, conditional):
        rule = rules.get(name, Rule(casts=False))
        rules[name] = rule._replace(conditions=(*rule.conditions, (attribute, values)))
    for name in _lists.LOSSES:
        rules[name] = rules[name]._replace(is_loss=True)
    return rules


def _find(name: str) -> registry.Operator | None:
    try:
        return registry.get(name)
    except KeyError:
        return None


def _given(what: str, argument: str, names: Any) -> list[str]:
    """Return the operators that a user's list names."""
    if names is None:
        return []
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise base.AssertionError(f"{what}: {argument} is {names!r}; expected a list of names of operators")
    found: list[str] = []
    for name in names:
        operator = _find(name)
        if operator is not None:
            found.append(operator.name)
        elif name not in _lists.everything():
            close = difflib.get_close_matches(name, registry.names(), n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise base.ValueError(f"{what}: {argument} has {name!r}, which is no operator{hint}")
    return found


def _conditions(what: str, conditional: Any) -> list[tuple[str, str, frozenset[str]]]:
    found: list[tuple[str, str, frozenset[str]]] = []
    for item in _lists.CONDITIONAL if conditional is None else conditional:
        if not isinstance(item, (tuple, list)) or len(item) != 3 or isinstance(item[2], str):
            raise base.ValueError(
                f"{what}: conditional_fp32_ops has {item!r}; expected (operator, attribute, list of values)"
            )
        name, attribute, values = item
        for known in _given(what, "conditional_fp32_ops", [name]):
            operator = registry.get(known)
            if attribute not in operator.attributes:
                raise base.ValueError(
                    f"{what}: conditional_fp32_ops has {item!r}: {known} has {operator.unknown_attribute(attribute)}"
                )
            found.append((known, attribute, frozenset(str(value) for value in values)))
    return found
