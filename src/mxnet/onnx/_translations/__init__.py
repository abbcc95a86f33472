"""Translations of MXNet's operators to ONNX, by subject."""
