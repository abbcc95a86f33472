"""Import as a block."""

from __future__ import annotations

from ....onnx import import_to_gluon
from .import_onnx import GraphProto

__all__ = ["GraphProto", "import_to_gluon"]
