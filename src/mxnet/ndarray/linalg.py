"""The operators of ``mx.nd.linalg``. Generated from the registry."""

from __future__ import annotations

from ._generate import fill

__all__ = fill(globals(), "linalg")
