"""Import, as MXNet 1.9.1 has it in modules."""

from __future__ import annotations

from . import import_model, import_onnx, import_to_gluon

__all__ = ["import_model", "import_onnx", "import_to_gluon"]
