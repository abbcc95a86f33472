"""Blocks: parts of networks."""

from __future__ import annotations

from ._block import Block
from ._block import _BlockScope as _BlockScope
from ._hybrid_block import HybridBlock
from ._symbol_block import SymbolBlock

__all__ = ["Block", "HybridBlock", "SymbolBlock"]

for _kind in (Block, HybridBlock, SymbolBlock):
    _kind.__module__ = __name__  # where MXNet has them, and where pickles look for them
