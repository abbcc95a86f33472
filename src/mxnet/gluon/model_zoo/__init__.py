"""Well-known networks, with the parameters that the MXNet project trained: ``mx.gluon.model_zoo.vision``."""

from __future__ import annotations

from . import model_store, vision

__all__ = ["model_store", "vision"]
