"""The operators of ``mx.nd.contrib``. Generated from the registry."""

from __future__ import annotations

from ._generate import fill

__all__ = fill(globals(), "contrib")
