"""Answers of MXNet 1.9.1 to the programs in ``snippets``, and how the tests compare with them."""

from __future__ import annotations

import builtins
import json
import pathlib

import numpy as np
import pytest

import mxnet as mx
from tests.golden.arrays import snippets
from tests.tolerances import OPERATOR, assert_close

FOLDER = pathlib.Path(__file__).parent
ANSWERS = json.loads((FOLDER / "answers.json").read_text())


def programs(*tables):
    """Parametrize a test over the programs of some tables."""
    cases = [pytest.param(table, name, id=f"{table}: {name}") for table in tables for name in snippets.TABLES[table]]
    return pytest.mark.parametrize(("table", "name"), cases)


def check(table, name, tolerances=OPERATOR):
    """Run a program here and compare its answer with MXNet's."""
    expected = ANSWERS[table][name]
    code = snippets.TABLES[table][name]
    if "error" in expected:
        with pytest.raises(error_class(expected["error"])):
            snippets.run(mx, code)
        return
    compare(snippets.encode(mx, snippets.run(mx, code)), expected["value"], tolerances, name)


def check_error(table, name, match, kind=None):
    """Run a program that MXNet refuses."""
    expected = ANSWERS[table][name]["error"]
    with pytest.raises(kind or error_class(expected), match=match) as caught:
        snippets.run(mx, snippets.TABLES[table][name])
    return caught.value


def error_class(name):
    """The class to expect where MXNet raises the class of this name."""
    return mx.MXNetError if name in ("MXNetError", "AssertionError") else getattr(builtins, name)


def compare(found, expected, tolerances, what):
    """Compare two values that ``snippets.encode`` made."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), what
        assert found.keys() == expected.keys(), what
        for kind in ("array", "scalar"):
            if kind in expected:
                assert_close(decoded(found[kind], found), decoded(expected[kind], expected), tolerances, what)
                return
        for key in expected:
            compare(found[key], expected[key], tolerances, what)
    elif isinstance(expected, list):
        assert isinstance(found, list), what
        assert len(found) == len(expected), what
        for one, other in zip(found, expected):
            compare(one, other, tolerances, what)
    else:
        assert found == expected, what


def decoded(values, parts):
    return (
        np.array([float(v) if isinstance(v, str) else v for v in values]).astype(parts["dtype"]).reshape(parts["shape"])
    )
