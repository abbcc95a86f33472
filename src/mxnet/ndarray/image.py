"""The operators of ``mx.nd.image``. Generated from the registry."""

from __future__ import annotations

from ._generate import fill

__all__ = fill(globals(), "image")
