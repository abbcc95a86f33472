"""``mx.sym``: symbols, and every operator as a function of symbols."""

from __future__ import annotations

from .symbol import Group, Symbol, Variable, load, load_json, var  # isort: skip - the class comes first

from . import _internal, arithmetic, contrib, functions, image, linalg, op, random, sparse
from .functions import *  # noqa: F403
from .op import *  # noqa: F403

# These names are functions of two operands here, not the operators of the same name.
globals().update(arithmetic.functions())

__all__ = ["Group", "Symbol", "Variable", "load", "load_json", "var", *op.__all__, *functions.__all__,
           *arithmetic.functions()]  # fmt: skip
_ = (_internal, contrib, image, linalg, random, sparse)
