"""Import as a symbol."""

from __future__ import annotations

from ....onnx import get_model_metadata, import_model
from .import_onnx import GraphProto

__all__ = ["GraphProto", "get_model_metadata", "import_model"]
