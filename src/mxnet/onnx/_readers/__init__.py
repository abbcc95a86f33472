"""Readers: one function for each ONNX operator, by subject."""

from . import (
    activation,
    arithmetic,
    control_flow,
    convolution,
    creation,
    dense,
    detection,
    gathering,
    joining,
    normalization,
    pooling,
    quantization,
    recurrent,
    reduction,
    resizing,
    sequences,
    shapes,
    transforms,
    unary,
)
from .graph import GraphReader, Scope, read_names, refusal
from .registry import READERS, Unsupported, reads
from .values import SCALES

__all__ = ["READERS", "SCALES", "GraphReader", "Scope", "Unsupported", "read_names", "reads", "refusal"]
