"""Every example in a docstring runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import sys

import numpy as np
import pytest

import mxnet as mx
from mxnet._frontend.stubs import NAMESPACES
from mxnet._ops.registry import operators
from mxnet.contrib.amp import _init

#: Generated modules: their docstrings are the operators'.
GENERATED = {f"mxnet.{package}.{name}" for package in ("ndarray", "symbol") for name in NAMESPACES}
MODULES = ["mxnet"] + [
    found.name
    for found in pkgutil.walk_packages(mx.__path__, "mxnet.")
    if not found.name.startswith("mxnet._ops.") and found.name not in GENERATED
]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def run(examples: list[doctest.DocTest]) -> None:
    for test in examples:
        runner = doctest.DocTestRunner(optionflags=FLAGS)
        said: list[str] = []
        try:
            runner.run(test, out=said.append)
        finally:
            _init._off()  # an example may call amp.init
        assert runner.failures == 0, "".join(said)


@pytest.mark.parametrize("name", MODULES)
def test_module(name):
    module = importlib.import_module(name)
    found = doctest.DocTestFinder(exclude_empty=True).find(module, name, extraglobs={"mx": mx, "np": np})
    run([test for test in found if test.examples])


@pytest.mark.parametrize("operator", list(operators()), ids=lambda o: o.name)
def test_operator(operator):
    text = operator.function.__doc__
    assert text, f"{operator.name} has no docstring"
    names = {"mx": mx, "np": np}
    run([doctest.DocTestParser().get_doctest(text, names, operator.name, None, None)])


def test_python_version_is_supported():
    assert sys.version_info >= (3, 10)
