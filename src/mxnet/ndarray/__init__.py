"""``mx.nd``: arrays, and every operator as a function of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .ndarray import _DTYPE_MX_TO_NP, _DTYPE_NP_TO_MX, _GRAD_REQ_MAP, NDArray  # isort: skip - the class comes first

from .._frontend.modules import delegate
from . import _internal, arithmetic, contrib, creation, files, functions, image, linalg, op, random, sparse
from .creation import *  # noqa: F403
from .files import *  # noqa: F403
from .functions import *  # noqa: F403

if TYPE_CHECKING:
    from .op import *  # noqa: F403

# These names are functions of two operands here, not the operators of the same name.
globals().update(arithmetic.functions())
__all__ = delegate(
    globals(), op, ["NDArray", *creation.__all__, *files.__all__, *functions.__all__, *arithmetic.functions()]
)
_ = (_internal, contrib, image, linalg, random, sparse, _DTYPE_MX_TO_NP, _DTYPE_NP_TO_MX, _GRAD_REQ_MAP)
