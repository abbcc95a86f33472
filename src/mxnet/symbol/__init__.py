"""``mx.sym``: symbols, and every operator as a function of symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .symbol import Symbol  # isort: skip - the class comes first

from .._frontend.modules import delegate
from . import _internal, arithmetic, construction, contrib, functions, image, linalg, op, random, sparse
from .construction import *  # noqa: F403
from .functions import *  # noqa: F403

if TYPE_CHECKING:
    from .op import *  # noqa: F403

# These names are functions of two operands here, not the operators of the same name.
globals().update(arithmetic.functions())
__all__ = delegate(
    globals(),
    op,
    ["Symbol", *construction.__all__, *functions.__all__, *arithmetic.functions()],
)
_ = (_internal, contrib, image, linalg, random, sparse)
