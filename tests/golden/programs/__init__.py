"""Programs that MXNet 1.9.1 and this library both run, and what MXNet answered.

A module here holds one table, ``PROGRAMS``: name -> source, or a tuple of pieces of source. A program finds ``mx`` and
``np``, and leaves its result in ``answer``. ``record.py`` runs the tables in MXNet 1.9.1 and writes ``NAME.json``
beside them; tests run them here and call `check`. This file and the tables keep to Python 3.8, the newest that MXNet
1.9.1 runs on.
"""

from __future__ import annotations

import functools
import importlib
import json
import pathlib
import textwrap

import numpy as np

FOLDER = pathlib.Path(__file__).parent


@functools.lru_cache(maxsize=None)  # noqa: UP033 (Python 3.8 has no cache)
def table(group):
    """Return the programs of one module by name."""
    programs = importlib.import_module(f"{__name__}.{group}").PROGRAMS
    pieces = {name: (source,) if isinstance(source, str) else source for name, source in programs.items()}
    return {name: "\n".join(textwrap.dedent(piece).strip() for piece in found) for name, found in pieces.items()}


@functools.lru_cache(maxsize=None)  # noqa: UP033 (Python 3.8 has no cache)
def answers(group):
    """Return the recorded answers of one module by name."""
    return json.loads((FOLDER / f"{group}.json").read_text())


def encode(value):
    """Return `value` in a form that JSON keeps apart: arrays with dtype and shape, tuples, types, bytes."""
    if hasattr(value, "asnumpy"):
        value = value.asnumpy()
    if isinstance(value, np.ndarray):
        data = value.reshape(-1).tolist()
        if value.dtype.kind == "f":
            data = [float(f"{x:.8g}") for x in data]
        return {"dtype": value.dtype.name, "shape": list(value.shape), "data": data}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, type):
        return {"type": value.__name__}
    if isinstance(value, bytes):
        return {"bytes": value.decode()}
    if isinstance(value, tuple):
        return {"tuple": [encode(item) for item in value]}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[key, encode(value[key])] for key in sorted(value)]}
    assert value is None or isinstance(value, (bool, int, float, str)), type(value)
    return value


def run(source, mx):
    """Return what a program answers: its encoded result, or the class of what it raised."""
    scope = {"mx": mx, "np": np}
    try:
        with mx.name.NameManager():
            exec(source, scope)
    except Exception as error:
        return {"raises": type(error).__name__, "also": [kind.__name__ for kind in type(error).__mro__]}
    return {"answer": encode(scope.get("answer", "no error"))}


def check(group, name, mx, relative=1e-4, absolute=1e-5):
    """Run one program here and compare it with the recorded answer."""
    expected = answers(group)[name]
    actual = run(table(group)[name], mx)
    if "raises" in expected:
        assert "raises" in actual, f"expected {expected['raises']}, got {actual}"
        assert expected["raises"] in actual["also"], f"expected {expected['raises']}, got {actual['also']}"
        return
    assert "answer" in actual, f"expected {expected}, got {actual}"
    _compare(actual["answer"], expected["answer"], "answer", relative, absolute)


def _compare(actual, expected, where, relative, absolute):
    if isinstance(expected, dict) and "data" in expected:
        assert isinstance(actual, dict), f"{where}: {actual!r}, expected an array"
        for key in ("dtype", "shape"):
            assert actual[key] == expected[key], f"{where}: {key} {actual[key]}, expected {expected[key]}"
        np.testing.assert_allclose(actual["data"], expected["data"], relative, absolute, equal_nan=True, err_msg=where)
    elif isinstance(expected, dict):
        assert isinstance(actual, dict), f"{where}: {actual!r}, expected {expected!r}"
        assert actual.keys() == expected.keys(), f"{where}: {actual!r}, expected {expected!r}"
        for key in expected:
            _compare(actual[key], expected[key], f"{where}.{key}", relative, absolute)
    elif isinstance(expected, list):
        assert isinstance(actual, list), f"{where}: {actual!r}, expected {expected!r}"
        assert len(actual) == len(expected), f"{where}: {actual!r}, expected {expected!r}"
        for i, (one, other) in enumerate(zip(actual, expected)):
            _compare(one, other, f"{where}[{i}]", relative, absolute)
    elif isinstance(expected, float):
        np.testing.assert_allclose(actual, expected, relative, absolute, equal_nan=True, err_msg=where)
    else:
        assert (type(actual), actual) == (type(expected), expected), f"{where}: {actual!r}, expected {expected!r}"
