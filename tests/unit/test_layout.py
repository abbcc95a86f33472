"""The package is where its own words say it is."""

from __future__ import annotations

import pathlib
import re

from mxnet import _ops

FRAME = {"registry", "attributes", "families"}


def test_every_module_of_operators_is_in_the_overview():
    text = _ops.__doc__ or ""
    table = text[text.index("=====") :]
    named = set(re.findall(r"[a-z_]+", table)) | FRAME | set(re.findall(r"``(\w+)``", text))
    modules = {path.stem for path in pathlib.Path(_ops.__file__).parent.glob("[!_]*.py")}
    assert modules - named == set()
