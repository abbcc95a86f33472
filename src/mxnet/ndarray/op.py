"""Every operator with a plain name, as a function of arrays. Generated from the registry; see ``op.pyi``."""

from __future__ import annotations

from ._generate import fill

__all__ = fill(globals(), "op")
