"""The errors that are both an MXNetError and the Python error of the same name."""

from __future__ import annotations

from .base import IndexError, MXNetError, NotImplementedForSymbol, TypeError, ValueError

__all__ = ["IndexError", "MXNetError", "NotImplementedForSymbol", "TypeError", "ValueError"]
