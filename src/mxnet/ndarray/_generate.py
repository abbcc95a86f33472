"""Fills the generated submodules of ``mx.nd``."""

from __future__ import annotations

from typing import Any

import torch

from .. import _ops  # noqa: F401 - registers the operators
from .._frontend import modules
from .._frontend.casting import casts
from .._frontend.source import Functions, array_source
from .._runtime.tape import state
from .dispatch import ERRORS, failed, further, invoke, live_tensor, own, parse, unknown, wrap_live


def fill(module: dict[str, Any], namespace: str) -> list[str]:
    """Make the functions of one submodule attributes of it and return their names."""
    from .ndarray import NDArray

    environment = {
        "NDArray": NDArray,
        "new": NDArray.__new__,
        "state": state,
        "invoke": invoke,
        "failed": failed,
        "parse": parse,
        "unknown": unknown,
        "further": further,
        "own": own,
        "live": live_tensor,
        "wrap_live": wrap_live,
        "casts": casts,
        "grad_enabled": torch.is_grad_enabled,
        "ERRORS": ERRORS,
        "_torch_dtype": torch.dtype,
    }
    return modules.fill(module, Functions(namespace, module["__name__"], array_source, environment))
