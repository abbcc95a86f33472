"""Where ONNX was before it became `mxnet.onnx`; everything here is what is there."""

from __future__ import annotations

from ...onnx import export_model, get_model_metadata, import_model, import_to_gluon
from . import mx2onnx, onnx2mx

__all__ = ["export_model", "export_model_", "get_model_metadata", "get_model_metadata_", "import_model",
           "import_model_", "import_to_gluon", "import_to_gluon_", "mx2onnx", "onnx2mx"]  # fmt: skip

#: The names under which MXNet 1.9.1 has the functions behind those that print that they will go.
export_model_ = export_model
import_model_ = import_model
import_to_gluon_ = import_to_gluon
get_model_metadata_ = get_model_metadata
