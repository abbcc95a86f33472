"""Python's cyclic garbage collector, held back while a large graph is worked on."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Generator

_LARGE = 1000  # nodes


@contextlib.contextmanager
def held_back(nodes: int = _LARGE) -> Generator[None, None, None]:
    """Hold the collector back for work on a graph of so many nodes, or an import; small graphs leave it alone.

    Inference and lowering make some dozens of lasting objects for a node and no cycles. Each few thousand of them would
    make the collector look through everything that torch and the program hold: a fifth of the time for 20,000 nodes.
    """
    if nodes < _LARGE or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
