"""Names that MXNet registers but never lets a program call."""

from __future__ import annotations

import pytest

import mxnet as mx
from mxnet._ops import registry

NAMES = sorted(entry.name for entry in registry.operators() if entry.module == "mxnet._ops.refused")


@pytest.mark.parametrize("name", NAMES)
def test_refused_with_what_to_do_instead(name):
    submodule, public = ("contrib", name[9:]) if name.startswith("_contrib_") else ("_internal", name)
    entry = registry.get(name)
    attributes = dict.fromkeys(entry.attributes, 1)
    with pytest.raises(mx.MXNetError, match=f"{name}: no program can call this, in MXNet 1.9.1 either; .+"):
        getattr(getattr(mx.nd, submodule), public)(*[mx.nd.ones((1,))] * len(entry.inputs), **attributes)
