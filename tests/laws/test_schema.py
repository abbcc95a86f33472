"""Every operator has the inputs, attributes, defaults and aliases of MXNet 1.9.1 (``golden/operators.json``)."""

from __future__ import annotations

import ast
import json
import pathlib
import re

import pytest
import torch

import mxnet as mx
from mxnet._ops.attributes import (
    REQUIRED,
    AttributeType,
    BoolType,
    DTypeType,
    EnumType,
    FloatTupleType,
    FloatType,
    IntTupleType,
    IntType,
    OptionalType,
    StringType,
)
from mxnet._ops.registry import operators

FACTS = json.loads((pathlib.Path(__file__).parent.parent / "golden" / "operators.json").read_text())
KNOWN = [operator for operator in operators() if operator.name in FACTS]


#: Where the list of facts is not what 1.9.1 takes: it was read off descriptions, which are wrong here.
WRONG_ATTRIBUTES = {"_linspace": "takes start, stop and num as required", "_histogram": "takes data, bins, range",
                    "_contrib_SparseEmbedding": "takes deterministic, not sparse_grad"}  # fmt: skip
WRONG_INPUTS = {"IdentityAttachKLSparseReg": "has a moving average", "_CrossDeviceCopy": "takes what it copies",
                "BatchNorm_v1": "has moving averages"}  # fmt: skip


def test_every_operator_is_one_of_mxnet():
    ours = [operator.name for operator in operators() if operator.name not in FACTS]
    assert [name for name in ours if not name.startswith("docs_")] == []


@pytest.mark.parametrize("operator", KNOWN, ids=lambda o: o.name)
def test_inputs_and_aliases(operator):
    facts = FACTS[operator.name]
    if operator.name not in WRONG_INPUTS:
        names = [*operator.subgraphs, *(item.name for item in operator.inputs)]
        assert names == [name for name, _ in facts["inputs"]]
    assert set(operator.aliases) == set(facts.get("aliases") or [])
    assert set(operator.aliases) <= set(mx.operator.get_all_registered_operators())


@pytest.mark.parametrize("operator", KNOWN, ids=lambda o: o.name)
def test_attributes(operator):
    if operator.name in WRONG_ATTRIBUTES:
        pytest.skip(f"in 1.9.1 {operator.name} {WRONG_ATTRIBUTES[operator.name]}")
    facts = {name: text for name, text in FACTS[operator.name]["params"] if name != operator.variadic}
    ours = [name for name in operator.attributes if name != operator.variadic]
    assert ours == list(facts)
    for name, text in facts.items():
        attribute = operator.attributes[name]
        assert (attribute.default is REQUIRED) == (text.endswith("required") or text in ("string", "real_t", "int")), (
            f"{name}: {text}"
        )
        assert _kind(attribute.type) == _kind_in(text), f"{name}: {text}"
        if attribute.default is not REQUIRED and "default=" in text:
            assert _same(attribute.default, text.split("default=")[1], attribute.type), f"{name}: {text}"


def _kind(kind: AttributeType) -> str:
    table = {IntType: "int", FloatType: "float", BoolType: "boolean", StringType: "string", DTypeType: "enum",
             EnumType: "enum", IntTupleType: "shape", FloatTupleType: "floats"}  # fmt: skip
    return _kind(kind.inner) if isinstance(kind, OptionalType) else table[type(kind)]


def _kind_in(text: str) -> str:
    if text.startswith("{"):
        return "enum"
    head = re.split(r",| or ", text)[0].strip()
    head = head.replace(" (non-negative)", "")
    return {
        "int": "int",
        "long": "int",
        "float": "float",
        "double": "float",
        "real_t": "float",
        "boolean": "boolean",
        "string": "string",
        "ptr": "string",
        "Shape(tuple)": "shape",
        "Shape": "shape",
        "tuple of <float>": "floats",
        "tuple of <double>": "floats",
        "tuple of <int>": "shape",
        "tuple of <long>": "shape",
    }.get(head, head)


def _same(default: object, text: str, kind: AttributeType) -> bool:
    text = text.strip("'")
    if default is None or text in ("None", ""):
        return (text in ("None", "", "[]") and default in (None, (), "")) or default == torch.float32
    if isinstance(default, bool):
        return default == (text in ("1", "True"))
    if isinstance(default, (int, float)):
        return float(text) == pytest.approx(float(default), rel=1e-6)
    if isinstance(default, tuple):
        return tuple(float(n) for n in default) == tuple(float(n) for n in ast.literal_eval(text))
    return kind.print(default) == text
