"""Where export was in MXNet 1.3 to 1.8."""

from __future__ import annotations

from ...onnx import export_model, get_operator_support

__all__ = ["export_model", "get_operator_support"]
