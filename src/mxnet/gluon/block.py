"""Blocks: parts of networks."""

from __future__ import annotations

from ._block import Block, _BlockScope
from ._hybrid_block import HybridBlock
from ._symbol_block import SymbolBlock

__all__ = ["Block", "HybridBlock", "SymbolBlock"]
