"""Export, under the name that it has in MXNet 1.9."""

from __future__ import annotations

from . import export_model, get_operator_support

__all__ = ["export_model", "get_operator_support"]
