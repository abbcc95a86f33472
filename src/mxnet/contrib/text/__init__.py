"""Text: counting tokens, vocabularies, and vectors of tokens that others have trained."""

from __future__ import annotations

from . import embedding, utils, vocab

__all__ = ["embedding", "utils", "vocab"]
