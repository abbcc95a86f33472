"""``mx.sym.contrib``: operators, generated from the registry, and functions made of them."""

from __future__ import annotations

from . import contrib_functions, control_flow
from ._generate import fill
from .contrib_functions import *  # noqa: F403
from .control_flow import *  # noqa: F403

__all__ = [*control_flow.__all__, *contrib_functions.__all__, *fill(globals(), "contrib")]
