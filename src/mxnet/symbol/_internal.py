"""Every operator whose name starts with an underscore, as a function of symbols. Generated from the registry."""

from __future__ import annotations

from ._generate import fill

__all__ = fill(globals(), "_internal")
